// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// memory is all that a correlation remembers, and nothing that leads to a rule: it can be written and read by its types alone.
type memory struct {
	Groups [][]group    // in chunks of groupChunk
	More   []*groupMore // by group, of other kinds than a count
	Made   int32
	Rings  rings
	Free   []int32
	Sweep  int // at how many groups to look for those that are over
	Queue  []deadline
}

// deadline is when a span is over.
type deadline struct {
	group int32
	at    event.Micros
}

// held is a match that waits for the end of a span.
type held struct {
	Rule   int // its place in the correlation's list
	Time   event.Micros
	Fields []Field
	Input  string
	Number int64
	Event  *event.Event
	Who    string
}

// group is what is kept of one group. It holds no pointer, so that a million of them are no work for the collector.
type group struct {
	key   uint64
	last  event.Micros // of its records
	first event.Micros // of a span judged late; or the last record of a count of one
	row   uint32       // of the moments of a count
	n     int32        // how many moments there are
	at    int32        // where the oldest stands, once there are as many as are needed
	class uint8        // of the row
	fired bool
	dead  bool
}

// groupMore is what groups of other kinds than a count need beside.
type groupMore struct {
	times   []event.Micros // by rule when it matched last; or by rule when the best chain began
	seen    []seen         // values, the oldest first
	when    map[uint64]event.Micros
	samples []sample
	sorted  []float64
	count   int64
	last    held // of spans judged late
	cut     bool
}

type seen struct {
	value uint64
	at    event.Micros
}

type sample struct {
	at    event.Micros
	value float64
	text  uint64
}

// Memory is all that a correlator remembers. It leads to no rule, so that it can be kept and given to another correlator of the same rules.
type Memory struct{ Each []*memory } // by correlation

// Memory returns what the correlator remembers. It is the correlator's own, and changes with it.
func (c *Correlator) Memory() *Memory {
	m := &Memory{}
	for _, w := range c.all {
		m.Each = append(m.Each, w.memory)
	}
	return m
}

// Resume gives a correlator that has seen nothing what another one of the same rules remembered, and which is its own from now on. Of what
// cannot be the memory of one it returns an error.
func (c *Correlator) Resume(m *Memory) error {
	if len(m.Each) != len(c.all) {
		return fmt.Errorf("sigma: resume %d correlations: the memory is of %d", len(c.all), len(m.Each))
	}
	for i, w := range c.all {
		if err := w.resume(m.Each[i]); err != nil {
			return fmt.Errorf("sigma: resume the correlation %s: %w", w.rule.Label(), err)
		}
	}
	return nil
}

var errMemory = errors.New("the memory is none of a correlation like this")

func (w *correlating) resume(m *memory) error {
	if m == nil || m.Made < 0 || int(m.Made) > len(m.Groups)*groupChunk || len(m.More) > int(m.Made) || !m.Rings.right() ||
		slices.ContainsFunc(m.Groups, func(c []group) bool { return len(c) != groupChunk }) ||
		slices.ContainsFunc(m.Free, func(i int32) bool { return i < 0 || i >= m.Made }) ||
		slices.ContainsFunc(m.Queue, func(d deadline) bool { return d.group < 0 || d.group >= m.Made || int(d.group) >= len(m.More) }) ||
		slices.ContainsFunc(m.More, func(g *groupMore) bool { return g != nil && !w.right(g) }) {
		return errMemory
	}
	w.memory, w.table = m, newGroupTable()
	for i := range m.Made {
		g := w.at(i)
		if g.dead {
			continue
		}
		if _, twice := w.table.get(g.key); twice || g.n < 0 || g.at < 0 || g.n > 0 && (g.at >= g.n || !m.Rings.has(g.class, g.row, g.n)) {
			return errMemory
		}
		w.table.put(g.key, i)
	}
	return nil
}

// right says whether what is kept of a group has the shape that the correlation gives it.
func (w *correlating) right(g *groupMore) bool {
	steps, ranks := len(w.c.Rules), 0
	if w.c.Type == TemporalOrdered {
		steps, ranks = len(w.order), len(w.c.Rules)
	}
	return (g.times == nil || len(g.times) == steps && len(g.sorted) >= ranks) && g.last.Rule >= 0 && g.last.Rule < len(w.c.related) && (g.count > 0) == w.late &&
		(!w.late || w.c.Type <= ValueCount || len(g.samples) > 0)
}

// find returns the group of that key, a new one if there is none.
func (w *correlating) find(key uint64, now event.Micros, most int) (int32, bool) {
	if i, ok := w.table.get(key); ok {
		return i, false
	}
	if w.table.n >= w.Sweep {
		w.forget(now)
		w.Sweep = max(4096, 2*w.table.n)
	}
	coarse := w.table.n >= most
	if coarse {
		key &= coarseGroups - 1
		if i, ok := w.table.get(key); ok {
			return i, true
		}
	}
	i := w.Made
	if n := len(w.Free); n > 0 {
		i, w.Free = w.Free[n-1], w.Free[:n-1]
	} else {
		if int(i) == len(w.Groups)*groupChunk {
			w.Groups = append(w.Groups, make([]group, groupChunk))
		}
		w.Made++
	}
	*w.at(i) = group{key: key}
	w.table.put(key, i)
	return i, coarse
}

// groupChunk is how many groups are taken from the memory at once.
const groupChunk = 4096

func (w *correlating) at(i int32) *group { return &w.Groups[i/groupChunk][i%groupChunk] }

// forget gives up groups of which nothing lies within the span any more.
func (w *correlating) forget(now event.Micros) {
	if w.late {
		return // they are given up when they are judged
	}
	for i := range w.Made {
		if g := w.at(i); !g.dead && g.last < now-w.span {
			w.drop(i, g)
		}
	}
}

// drop gives up one group.
func (w *correlating) drop(i int32, g *group) {
	w.table.drop(g.key)
	if g.n > 0 {
		w.Rings.put(g.class, g.row)
	}
	if int(i) < len(w.More) {
		w.More[i] = nil
	}
	*g = group{dead: true}
	w.Free = append(w.Free, i)
}

func (w *correlating) further(i int32) *groupMore {
	for int(i) >= len(w.More) {
		w.More = append(w.More, nil)
	}
	if w.More[i] == nil {
		w.More[i] = &groupMore{}
	}
	return w.More[i]
}
