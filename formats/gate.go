// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// gate tells which of many formats a record can be of, from what the formats declare of themselves: one look at a record
// instead of one by each format.
type gate struct {
	shapes    [shapes]formatSet
	all       formatSet
	free      formatSet // declares no programs
	byProgram map[string]formatSet
	keyless   formatSet // declares no keys
	byKey     map[string]formatSet
	keyLens   [64]bool // lengths of declared keys
	marks     *markIndex
	ranks     [ranks]formatSet
	beyond    []int // formats beyond the size of a set
	order     []*Format
	scan      jsonScan

	texts    bool // a key of the object that is looked at may be that of a line
	textless bool // the record that open saw last is an object without a key under which a line may stand
}

// formatSet is a set of indexes. Formats beyond its size are always shown every record.
type formatSet [4]uint64

const gated = len(formatSet{}) * 64

func (s *formatSet) add(i int) {
	if i < gated {
		s[i/64] |= 1 << (i % 64)
	}
}

func (s *formatSet) has(i int) bool { return i >= gated || s[i/64]&(1<<(i%64)) != 0 }

func (s *formatSet) join(o *formatSet) {
	for k := range s {
		s[k] |= o[k]
	}
}

func (s *formatSet) meet(o *formatSet) {
	for k := range s {
		s[k] &= o[k]
	}
}

func newGate(order []*Format) *gate {
	g := &gate{byProgram: map[string]formatSet{}, byKey: map[string]formatSet{}, marks: newMarkIndex(order), order: order}
	for i, f := range order {
		g.ranks[f.Rank].add(i)
		if i >= gated {
			g.beyond = append(g.beyond, i)
		}
		g.all.add(i)
		for s := range shapes {
			if f.Shapes == 0 || f.Shapes&(1<<s) != 0 {
				g.shapes[s].add(i)
			}
		}
		if len(f.Programs) == 0 {
			g.free.add(i)
		}
		for _, p := range f.Programs {
			set := g.byProgram[p]
			set.add(i)
			g.byProgram[p] = set
		}
		if len(f.Keys) == 0 {
			g.keyless.add(i)
		}
		for _, k := range f.Keys {
			set := g.byKey[k]
			set.add(i)
			g.byKey[k] = set
			g.keyLens[min(len(k), len(g.keyLens)-1)] = true
		}
	}
	return g
}

// open returns the formats that the record may be of.
func (g *gate) open(env *Env, rec *event.Record) (set formatSet) {
	b := trimJSONFront(rec.Data)
	g.textless = false
	if len(b) > 0 && b[0] == '{' {
		set = g.object(b)
		g.textless = !g.texts && !g.scan.bad
		return set
	}
	if s, ok := env.splitSyslog(rec); ok {
		set = g.shapes[0]
		if len(s.Program) > 0 {
			may := g.free
			var word [24]byte
			if more, ok := g.byProgram[string(firstWord(s.Program, word[:0]))]; ok {
				may.join(&more)
			}
			set.meet(&may)
		}
		if len(s.Message) > 0 && s.Message[0] == '{' {
			more := g.object(s.Message)
			set.join(&more)
		}
		return set
	}
	if len(b) > 0 && b[0] == '<' && priority(b) == 0 {
		return g.shapes[2]
	}
	return g.shapes[3]
}

// keepMarked leaves in set the formats that may claim the record by the marks that they declare.
func (g *gate) keepMarked(rec []byte, set *formatSet) {
	g.marks.keep(rec, set)
}

// eachOf calls f with the formats of one rank in set, in order.
func (g *gate) eachOf(rank Rank, set *formatSet, f func(i int)) {
	of := g.ranks[rank]
	of.meet(set)
	of.each(f)
	for _, i := range g.beyond {
		if g.order[i].Rank == rank {
			f(i)
		}
	}
}

// object returns the formats that the JSON object which b begins with may be of. An object that breaks off may be of any
// that reads objects: which keys it would have had is not known.
func (g *gate) object(b []byte) formatSet {
	set := g.shapes[1]
	may := g.keyless
	g.texts = false
	g.scan.reset(b)
	g.keys(&may)
	if g.scan.bad {
		return set
	}
	set.meet(&may)
	return set
}

// keys adds the formats that a key speaks for, at any depth, in the value that is next.
func (g *gate) keys(may *formatSet) {
	s := &g.scan
	switch s.peek() {
	case '{':
		for ok := s.enter('{'); ok && s.member(); g.keys(may) {
			if !g.texts {
				part, _ := carriedPart(s.key)
				g.texts = part == partText
			}
			if n := len(s.key); !g.keyLens[min(n, len(g.keyLens)-1)] {
				continue
			}
			if more, ok := g.byKey[string(s.key)]; ok {
				may.join(&more)
			}
		}
	case '[':
		for ok := s.enter('['); ok && s.element(); g.keys(may) {
		}
	default:
		s.skip()
	}
}

// trimJSONFront takes off what may stand before an object.
func trimJSONFront(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	return b
}

// firstWord returns the letters, digits and underscores that a program's name begins with, in small letters, in buf.
func firstWord(program, buf []byte) []byte {
	for _, c := range program {
		switch {
		case c >= 'A' && c <= 'Z':
			c |= 0x20
		case c >= 'a' && c <= 'z', isDigit(c), c == '_', c >= 0x80:
		default:
			return buf
		}
		if len(buf) == cap(buf) {
			return buf
		}
		buf = append(buf, c)
	}
	return buf
}
