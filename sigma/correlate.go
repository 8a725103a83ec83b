// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"math"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Correlator joins matches. They must come in order of time. It is owned by one goroutine.
//
// A correlation whose condition has bounds from below alone (gt, gte) is judged with every record, over the span that ends with
// it; it is told when it becomes true, and again only after it was false. One with a bound from above (lt, lte, eq, neq) can only
// be judged when a span is over, which begins with the first record of its group. Temporal correlations use up what they are told
// of. A record without one of the fields that are grouped by belongs to no group.
//
// State is bounded by Groups. Beyond it nothing is forgotten: new groups share coarse ones, and what is told of these says so.
type Correlator struct {
	feeds  map[*Rule][]feed
	all    []*correlating
	groups int
	depth  int // of correlations that are being told of
	steps  int // that the record at hand has made
}

// Hit is a match of a rule.
type Hit struct {
	Rule   *Rule
	Record *Record // with the fields that correlations ask for: see Wants
	Input  string
	Number int64
	Event  *event.Event // that was made of the record, for whoever is told; may be nil. Its remainder is not kept.
	Who    string       // whom the event is of, as whoever is told names him; may be empty
}

// Told is a correlation that came true.
type Told struct {
	Hit            // of the correlation, with the record that completed it
	Value  float64 // the count, or what was computed
	Group  []Field // what was grouped by
	Coarse bool    // there were more groups than are told apart: several may have been counted together
}

// feed is one place where the matches of a rule go.
type feed struct {
	to   *correlating
	rule int // its place in the correlation's list
}

// DefaultGroups is how many groups a correlation tells apart unless said otherwise.
const DefaultGroups = 4 << 20

// coarseGroups is how many groups there are for those beyond.
const coarseGroups = 1 << 16

// maxSteps bounds what one record sets going where many correlations stand on many.
const maxSteps = 1 << 16

// maxSamples bounds the values that one group keeps.
const maxSamples = 1 << 14

// correlating is one correlation at work.
type correlating struct {
	rule  *Rule
	c     *Correlation
	span  event.Micros
	by    [][]string // by rule: the fields that are grouped by
	need  int        // records or values that make it true; of those judged at once
	late  bool
	order []int // of temporal_ordered: the rules in their order
	table groupTable
	*memory
}

// NewCorrelator returns a correlator for the correlations of a set, of which each tells so many groups apart; 0: DefaultGroups.
func NewCorrelator(s *Set, groups int) *Correlator {
	if groups <= 0 {
		groups = DefaultGroups
	}
	c := &Correlator{feeds: map[*Rule][]feed{}, groups: groups}
	for _, r := range s.Rules {
		if r.Correlation == nil {
			continue
		}
		w := newCorrelating(r)
		c.all = append(c.all, w)
		for i, to := range r.Correlation.related {
			c.feeds[to] = append(c.feeds[to], feed{w, i})
		}
	}
	return c
}

func newCorrelating(r *Rule) *correlating {
	c := r.Correlation
	w := &correlating{rule: r, c: c, span: event.Micros(c.Span.Microseconds()), late: c.late(), table: newGroupTable(), memory: &memory{Sweep: 4096}}
	for i := range c.Rules {
		var by []string
		for _, f := range c.GroupBy {
			by = append(by, c.field(f, i))
		}
		w.by = append(w.by, by)
	}
	for _, b := range c.Bounds {
		n := int(math.Ceil(b.Value))
		if b.Op == "gt" && float64(n) == b.Value {
			n++
		}
		w.need = max(w.need, n)
	}
	w.need = max(w.need, 1)
	for i := range c.Rules {
		if c.Order == nil || c.Order.asks(i, false) {
			w.order = append(w.order, i)
		}
	}
	return w
}

// asks says whether the tree over rules has rule i other than under a not.
func (e *Expr) asks(i int, under bool) bool {
	if e.Op == Leaf {
		return !under && int(e.Test.Number) == i
	}
	for _, k := range e.Kids {
		if k.asks(i, under != (e.Op == Not)) {
			return true
		}
	}
	return false
}

// Feeds says whether correlations ask for the rule's matches.
func (c *Correlator) Feeds(r *Rule) bool { return len(c.feeds[r]) > 0 }

// Wants returns the names of the fields that correlations ask of the rule's matches.
func (c *Correlator) Wants(r *Rule) []string {
	names := map[string]bool{}
	seen := map[*Rule]bool{}
	var walk func(*Rule)
	walk = func(r *Rule) {
		if seen[r] {
			return
		}
		seen[r] = true
		for _, f := range c.feeds[r] {
			for _, n := range f.to.by[f.rule] {
				names[n] = true
			}
			for _, n := range f.to.c.Fields {
				names[n] = true
			}
			walk(f.to.rule)
		}
	}
	walk(r)
	out := make([]string, 0, len(names))
	for n := range names {
		out = append(out, n)
	}
	slices.Sort(out)
	return out
}

// Observe takes one match. What comes true by it is told at once.
func (c *Correlator) Observe(h *Hit, tell func(*Told)) {
	if c.depth == 0 {
		c.steps = 0
		for _, w := range c.all {
			if len(w.Queue) > 0 {
				c.close(w, h.Record.Time, tell)
			}
		}
	}
	if c.depth++; c.depth <= maxChain+1 && c.steps < maxSteps {
		feeds := c.feeds[h.Rule]
		for i := len(feeds) - 1; i >= 0; i-- { // so that one record is not two steps of one order
			c.steps++
			c.feed(feeds[i], h, tell)
		}
	}
	c.depth--
}

// Finish judges the spans that are still open: no more records will come.
func (c *Correlator) Finish(tell func(*Told)) { c.CloseBefore(math.MaxInt64, tell) }

// CloseBefore judges the spans that were over before a moment: all records up to it have come.
func (c *Correlator) CloseBefore(now event.Micros, tell func(*Told)) {
	for range maxChain {
		for _, w := range c.all {
			c.close(w, now, tell)
		}
	}
}

// Waits says whether there are spans that were over before a moment and are not judged yet.
func (c *Correlator) Waits(now event.Micros) bool {
	return slices.ContainsFunc(c.all, func(w *correlating) bool { return len(w.Queue) > 0 && w.Queue[0].at < now })
}

// State returns how many groups are kept.
func (c *Correlator) State() int {
	n := 0
	for _, w := range c.all {
		n += w.table.n
	}
	return n
}

// mix joins hashes of several values, so that their order counts.
const mix = 0x9e3779b97f4a7c15

// feed gives a match to one correlation.
func (c *Correlator) feed(f feed, h *Hit, tell func(*Told)) {
	w := f.to
	key := uint64(1)
	for _, name := range w.by[f.rule] {
		v, _ := h.Record.Get(name)
		if v == "" {
			return
		}
		key = key*mix ^ hashOf(v)
	}
	var value uint64
	var number float64
	if len(w.c.Fields) > 0 {
		var ok bool
		if value, number, ok = c.value(w, h.Record); !ok {
			return
		}
	}
	now := h.Record.Time
	i, coarse := w.find(key, now, c.groups)
	g := w.at(i)
	g.last = now
	var result float64
	var yes bool
	switch {
	case w.late:
		w.later(i, g, h, f.rule, value, number)
		return
	case w.c.Type == EventCount:
		result, yes = w.count(g, now)
	case w.c.Type == ValueCount:
		result, yes = w.distinct(g, w.further(i), value, now)
	case w.c.Type == Temporal:
		result, yes = w.together(w.further(i), f.rule, now)
	case w.c.Type == TemporalOrdered:
		result, yes = w.inOrder(w.further(i), f.rule, now)
	default:
		result = w.computed(g, w.further(i), value, number, now)
		yes = w.c.holds(result)
	}
	if w.c.Type == Temporal || w.c.Type == TemporalOrdered {
		g.fired = false
	}
	if yes && !g.fired {
		c.tell(w, h, result, coarse || int(i) < len(w.More) && w.More[i] != nil && w.More[i].cut, tell)
	}
	g.fired = yes
}

// tell tells of a correlation, and gives it to those that stand on it.
func (c *Correlator) tell(w *correlating, h *Hit, value float64, coarse bool, tell func(*Told)) {
	t := &Told{Hit: Hit{w.rule, h.Record, h.Input, h.Number, h.Event, h.Who}, Value: value, Coarse: coarse}
	if i := slices.Index(w.c.related, h.Rule); i >= 0 {
		for n, name := range w.by[i] {
			v, _ := h.Record.Get(name)
			t.Group = append(t.Group, Field{Name: w.c.GroupBy[n], Value: v})
		}
	}
	tell(t)
	if c.Feeds(w.rule) {
		c.Observe(&t.Hit, tell)
	}
}

// value returns what a correlation counts or computes with; false where the record does not have it.
func (c *Correlator) value(w *correlating, r *Record) (uint64, float64, bool) {
	key, number := uint64(1), 0.0
	for _, name := range w.c.Fields {
		v, _ := r.Get(name)
		if v == "" {
			return 0, 0, false
		}
		key = key*mix ^ hashOf(v)
		if w.c.Type != ValueCount && (w.c.Type != ValuePercentile || w.c.Percent >= 0) {
			n, ok := numberOf(v)
			if !ok {
				return 0, 0, false
			}
			number = n
		}
	}
	return key, number, true
}

// count counts records: whether the need-th last lies within the span.
func (w *correlating) count(g *group, now event.Micros) (float64, bool) {
	switch {
	case w.need == 1:
		g.fired = g.fired && now-g.first <= w.span
		g.first = now
		return 1, w.c.holds(1)
	case g.n == 0:
		g.class, g.row = 0, w.Rings.get(0)
	case int(g.n) == w.need:
		// Where the oldest left the span before this record came, the condition was false for a while.
		row := w.Rings.row(g.class, g.row)
		g.fired = g.fired && now-row[g.at] <= w.span
		row[g.at] = now
		g.at = (g.at + 1) % g.n
		return float64(w.need), now-row[g.at] <= w.span
	case int(g.n) == 2<<g.class:
		class := g.class + 1
		row := w.Rings.get(class)
		copy(w.Rings.row(class, row), w.Rings.row(g.class, g.row))
		w.Rings.put(g.class, g.row)
		g.class, g.row = class, row
	}
	row := w.Rings.row(g.class, g.row)
	row[g.n] = now
	g.n++
	return float64(g.n), int(g.n) == w.need && now-row[0] <= w.span
}

// distinct counts values: whether the need last ones lie within the span.
func (w *correlating) distinct(g *group, m *groupMore, value uint64, now event.Micros) (float64, bool) {
	if w.need > 256 {
		return w.distinctMany(g, m, value, now)
	}
	if len(m.seen) >= w.need && now-m.seen[0].at > w.span {
		g.fired = false
	}
	at := slices.IndexFunc(m.seen, func(s seen) bool { return s.value == value })
	switch {
	case at >= 0:
		m.seen = slices.Delete(m.seen, at, at+1)
	case len(m.seen) >= w.need:
		m.seen = slices.Delete(m.seen, 0, 1)
	}
	m.seen = append(m.seen, seen{value, now})
	return float64(len(m.seen)), len(m.seen) >= w.need && now-m.seen[0].at <= w.span
}

// distinctMany is distinct for counts that are too high to look through. The queue holds a value several times; only its last
// place counts.
func (w *correlating) distinctMany(g *group, m *groupMore, value uint64, now event.Micros) (float64, bool) {
	if m.when == nil {
		m.when = map[uint64]event.Micros{}
	}
	old := 0
	for old < len(m.seen) && (m.seen[old].at < now-w.span || m.when[m.seen[old].value] != m.seen[old].at) {
		if s := m.seen[old]; m.when[s.value] == s.at {
			delete(m.when, s.value)
		}
		old++
	}
	m.seen = m.seen[old:]
	g.fired = g.fired && len(m.when) >= w.need
	if was, ok := m.when[value]; !ok || was != now {
		m.when[value] = now
		m.seen = append(m.seen, seen{value, now})
	}
	if len(m.seen) > 4*w.need+1024 {
		kept := make([]seen, 0, len(m.when))
		for _, s := range m.seen {
			if m.when[s.value] == s.at {
				kept = append(kept, s)
			}
		}
		for len(kept) > 2*w.need {
			delete(m.when, kept[0].value)
			kept = kept[1:]
		}
		m.seen = kept
	}
	return float64(len(m.when)), len(m.when) >= w.need
}

// together says whether the rules matched within the span.
func (w *correlating) together(m *groupMore, rule int, now event.Micros) (float64, bool) {
	if m.times == nil {
		m.times = slices.Repeat([]event.Micros{math.MinInt64}, len(w.c.Rules))
	}
	m.times[rule] = now
	there := func(i int) bool { return m.times[i] != math.MinInt64 && now-m.times[i] <= w.span }
	n := 0
	for i := range m.times {
		if there(i) {
			n++
		}
	}
	yes := n == len(m.times)
	switch {
	case w.c.Order != nil:
		yes = w.c.Order.over(there)
	case len(w.c.Bounds) > 0:
		yes = w.c.holds(float64(n))
	}
	if yes {
		m.times = nil
	}
	return float64(n), yes
}

// over evaluates a tree over rules.
func (e *Expr) over(there func(int) bool) bool {
	switch e.Op {
	case And:
		return !slices.ContainsFunc(e.Kids, func(k *Expr) bool { return !k.over(there) })
	case Or:
		return slices.ContainsFunc(e.Kids, func(k *Expr) bool { return k.over(there) })
	case Not:
		return !e.Kids[0].over(there)
	}
	return there(int(e.Test.Number))
}

// inOrder says whether the rules matched in their order within the span. For each step it keeps the latest beginning of a chain
// that reaches it: no other chain can be shorter.
func (w *correlating) inOrder(m *groupMore, rule int, now event.Micros) (float64, bool) {
	if m.times == nil {
		m.times = slices.Repeat([]event.Micros{math.MinInt64}, len(w.order))
		m.sorted = slices.Repeat([]float64{math.Inf(-1)}, len(w.c.Rules))
	}
	m.sorted[rule] = float64(now)
	for step := len(w.order) - 1; step >= 0; step-- {
		if w.order[step] != rule {
			continue
		}
		if step == 0 {
			m.times[0] = now
		} else if m.times[step-1] != math.MinInt64 {
			m.times[step] = max(m.times[step], m.times[step-1])
		}
	}
	last := len(w.order) - 1
	began := m.times[last]
	yes := rule == w.order[last] && began != math.MinInt64 && now-began <= w.span
	if yes && w.c.Order != nil {
		yes = w.c.Order.over(func(i int) bool { return float64(now)-m.sorted[i] <= float64(w.span) })
	}
	if yes {
		m.times = nil
	}
	return float64(len(w.order)), yes
}
