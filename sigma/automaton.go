// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import "slices"

// literals finds the literals of one field: those that stand anywhere in one pass over the text (Aho and Corasick, 1975), those that
// stand at an end by walking in from there, which stops where no literal goes on. Literals that are not ASCII have an automaton of
// their own, since most texts are, and so have those that are looked for where all dashes are one. Nil parts have none.
type literals struct {
	inside, head, tail, other, dashed *automaton
}

// automaton is a table of states. Bytes that no literal has share one column, so that the table stays small.
type automaton struct {
	column [256]uint8
	width  uint32
	next   []uint32 // by state times width plus column: the next state times width, with found set where it ends a literal
	out    []span   // by state: what ends there
	atoms  []hit
	skim   *skim // nil where each byte must be looked at
}

// skim lets a scan for few and long literals look at some places only: a literal that stands somewhere has four bytes in a row
// at one of any stride places in a row, and four bytes that no literal has there rule all literals out.
type skim struct {
	stride int
	bits   [1 << 10]uint64 // by hash of four bytes
}

// Bounds within which skimming is worth while.
const (
	skimLeast = 6    // bytes of the shortest literal
	skimMost  = 3000 // rows of four bytes
)

// four returns four bytes of a text as a number, without the bit that parts capital letters from small ones, hashed.
func four[T string | []byte](s T, i int) uint32 {
	n := uint32(s[i]) | uint32(s[i+1])<<8 | uint32(s[i+2])<<16 | uint32(s[i+3])<<24
	return (n | 0x20202020) * 0x9e3779b1 >> 16
}

// newSkim returns what is looked at for these literals; nil where they are too short or too many.
func newSkim(literals []string) *skim {
	k := &skim{stride: 16}
	for _, l := range literals {
		if len(l) < skimLeast {
			return nil
		}
		k.stride = min(k.stride, len(l)-3)
	}
	if len(literals)*k.stride > skimMost {
		return nil
	}
	for _, l := range literals {
		for i := range k.stride {
			h := four(l, i)
			k.bits[h>>6] |= 1 << (h & 63)
		}
	}
	return k
}

// found marks a state at which a literal ends.
const found = 1 << 31

type span struct{ from, to uint32 }

// hit is a literal that was found.
type hit struct {
	atom  int32
	whole bool // the value has nothing else
}

// trie is what an automaton is made from.
type trie struct {
	literals []string
	edges    []trieEdge
	nodes    []trieNode
	ends     []trieEnd
}

// trieNode holds no pointer, so that tens of thousands of them are no work for the collector while they grow.
type trieNode struct {
	edge int32 // the first of its edges, plus one
	fail int32
	end  int32 // the first of what ends there, plus one
}

type trieEnd struct {
	hit
	next int32 // of the same node, plus one
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

// add adds a literal, backwards if it is walked from the end.
func (t *trie) add(literal string, backwards bool, h hit) {
	t.literals = append(t.literals, literal)
	at := int32(0)
	for i := range len(literal) {
		b := literal[i]
		if backwards {
			b = literal[len(literal)-1-i]
		}
		to, ok := t.step(at, b)
		if !ok {
			to = int32(len(t.nodes))
			t.nodes = append(doubled(t.nodes), trieNode{})
			t.edges = append(doubled(t.edges), trieEdge{to, t.nodes[at].edge, b})
			t.nodes[at].edge = int32(len(t.edges))
		}
		at = to
	}
	t.ends = append(t.ends, trieEnd{h, t.nodes[at].end})
	t.nodes[at].end = int32(len(t.ends))
}

// doubled returns a list with room for one more. A full one is given room for as many again: append by itself would give a long one a
// quarter more, and copy it that much oftener.
func doubled[E any](list []E) []E {
	if len(list) == cap(list) {
		return slices.Grow(list, max(len(list), 8))
	}
	return list
}

// build makes the table. States are numbered in order of depth, so that a state's failure stands before it. Without links a
// state from which nothing goes on leads to the root, which nothing else does.
func (t *trie) build(links bool) *automaton {
	if t == nil {
		return nil
	}
	a := &automaton{width: 1}
	for _, e := range t.edges {
		if a.column[e.b] == 0 && a.width < 256 {
			a.column[e.b] = uint8(a.width)
			a.width++
		}
	}
	for c := byte('A'); c <= 'Z'; c++ { // a literal has none: it is in small letters
		a.column[c] = a.column[c|0x20]
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
		if i > 0 && links {
			fail = number[t.nodes[node].fail]
			copy(a.next[state*a.width:(state+1)*a.width], a.next[fail*a.width:(fail+1)*a.width])
		}
		from := uint32(len(a.atoms))
		for e := t.nodes[node].end; e != 0; e = t.ends[e-1].next {
			a.atoms = append(a.atoms, t.ends[e-1].hit)
		}
		if i > 0 && links {
			a.atoms = append(a.atoms, a.atoms[a.out[fail].from:a.out[fail].to]...)
		}
		a.out[state] = span{from, uint32(len(a.atoms))}
		for e := t.nodes[node].edge; e != 0; e = t.edges[e-1].next {
			edge := &t.edges[e-1]
			c := uint32(a.column[edge.b])
			if i > 0 && links {
				t.nodes[edge.to].fail = order[a.next[fail*a.width+c]/a.width]
			}
			order = append(order, edge.to)
			a.next[state*a.width+c] = uint32(len(order)-1) * a.width
		}
	}
	if links {
		a.skim = newSkim(t.literals)
	}
	for i, to := range a.next {
		if o := a.out[to/a.width]; o.from != o.to {
			a.next[i] |= found
		}
	}
	return a
}
