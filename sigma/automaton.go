// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

// automaton finds all of many literals in one pass over a text (Aho and Corasick, 1975). Bytes that no literal has share one
// column, so that the table stays small.
type automaton struct {
	column [256]uint8
	width  uint32
	next   []uint32 // by state times width plus column: the next state times width, with found set where it ends a literal
	out    []span   // by state: what ends there
	atoms  []hit
}

// found marks a state at which a literal ends.
const found = 1 << 31

type span struct{ from, to uint32 }

// hit is a literal that was found.
type hit struct {
	atom  int32
	size  int32
	place Where
}

// trie is what an automaton is made from.
type trie struct {
	edges []trieEdge
	nodes []trieNode
}

type trieNode struct {
	edge int32 // the first of its edges, plus one
	fail int32
	ends []hit
}

type trieEdge struct {
	to, next int32 // next: the next edge of the same node, plus one
	b        byte
}

func newTrie() *trie { return &trie{nodes: make([]trieNode, 1)} }

func (t *trie) step(from int32, b byte) (int32, bool) {
	for e := t.nodes[from].edge; e != 0; e = t.edges[e-1].next {
		if t.edges[e-1].b == b {
			return t.edges[e-1].to, true
		}
	}
	return 0, false
}

func (t *trie) add(literal string, h hit) {
	at := int32(0)
	for i := 0; i < len(literal); i++ {
		to, ok := t.step(at, literal[i])
		if !ok {
			to = int32(len(t.nodes))
			t.nodes = append(t.nodes, trieNode{})
			t.edges = append(t.edges, trieEdge{to, t.nodes[at].edge, literal[i]})
			t.nodes[at].edge = int32(len(t.edges))
		}
		at = to
	}
	h.size = int32(len(literal))
	t.nodes[at].ends = append(t.nodes[at].ends, h)
}

// build makes the table. States are numbered in order of depth, so that a state's failure stands before it.
func (t *trie) build() *automaton {
	a := &automaton{width: 1}
	for _, e := range t.edges {
		if a.column[e.b] == 0 && a.width < 256 {
			a.column[e.b] = uint8(a.width)
			a.width++
		}
	}
	n := len(t.nodes)
	order := make([]int32, 1, n) // by breadth
	number := make([]uint32, n)
	a.next = make([]uint32, uint32(n)*a.width)
	a.out = make([]span, n)
	for i := 0; i < len(order); i++ {
		node := order[i]
		state := uint32(i)
		number[node] = state
		fail := uint32(0)
		if i > 0 {
			fail = number[t.nodes[node].fail]
			copy(a.next[state*a.width:(state+1)*a.width], a.next[fail*a.width:(fail+1)*a.width])
		}
		from := uint32(len(a.atoms))
		a.atoms = append(a.atoms, t.nodes[node].ends...)
		if i > 0 {
			a.atoms = append(a.atoms, a.atoms[a.out[fail].from:a.out[fail].to]...)
		}
		a.out[state] = span{from, uint32(len(a.atoms))}
		for e := t.nodes[node].edge; e != 0; e = t.edges[e-1].next {
			edge := &t.edges[e-1]
			c := uint32(a.column[edge.b])
			if i > 0 {
				t.nodes[edge.to].fail = order[a.next[fail*a.width+c]/a.width]
			}
			order = append(order, edge.to)
			a.next[state*a.width+c] = uint32(len(order)-1) * a.width
		}
	}
	for i, to := range a.next {
		if o := a.out[to/a.width]; o.from != o.to {
			a.next[i] |= found
		}
	}
	return a
}
