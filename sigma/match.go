// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"slices"
	"strconv"
)

// Matcher says which rules match a record. It is owned by one goroutine.
type Matcher struct {
	e     *Engine
	turn  uint32
	held  []uint32 // by atom: the turn in which it was found
	asked []uint32 // by check: the turn in which it was made
	yes   []bool   // by check: what it gave
	woken []uint32 // by rule: the turn in which it was woken
	queue []int32
	out   []int32
	rules []*Rule

	values []value // of this record's known fields
	first  []int32 // by field: its first value in values, plus one, if seen says this turn
	last   []int32
	seen   []uint32
	lower  []byte
	dashes []byte
	class  *class
	record *Record

	known   map[*Source]*class // without the engine's lock
	layouts [layouts]layout
}

// layouts is how many layouts a matcher remembers.
const layouts = 256

// layout is what the fields of the last record of a class were called, in their order: the next record's are most often called the same,
// which is seen without looking the names up.
type layout struct {
	class *class
	slots []slot
}

type slot struct {
	name string
	id   int32 // of the field; 0: no rule of the class looks at it
}

// maxSlots bounds the fields that a layout remembers.
const maxSlots = 256

// layout returns the layout of the class at hand.
func (m *Matcher) layout() *layout {
	l := &m.layouts[m.class.number%layouts]
	if l.class != m.class {
		l.class, l.slots = m.class, l.slots[:0]
	}
	return l
}

// id returns the number of the field at place i, if a rule of the class looks at it.
func (m *Matcher) id(l *layout, i int, name string) int32 {
	if i < len(l.slots) && l.slots[i].name == name {
		return l.slots[i].id
	}
	id, known := m.e.field[name]
	if !known || !m.class.fields[id] {
		id = 0
	}
	switch {
	case i < len(l.slots):
		l.slots[i] = slot{name, id}
	case i == len(l.slots) && i < maxSlots:
		l.slots = append(l.slots, slot{name, id})
	}
	return id
}

// value is one value of a field. Its text in small letters is lower[from:to], once somebody asked for it.
type value struct {
	text     string
	from, to int32
	next     int32 // of the same field, plus one
	folded   bool
}

// NewMatcher returns a matcher.
func (e *Engine) NewMatcher() *Matcher {
	n := len(e.autos)
	return &Matcher{e: e, known: map[*Source]*class{}, held: make([]uint32, e.atoms), asked: make([]uint32, len(e.checks)), yes: make([]bool, len(e.checks)),
		woken: make([]uint32, len(e.rules)), first: make([]int32, n), last: make([]int32, n), seen: make([]uint32, n)}
}

// Rules returns how many rules the engine has.
func (e *Engine) Rules() int { return len(e.rules) }

// Has says whether any rule is for records of a source. Callers keep sources: what is known of each is remembered.
func (e *Engine) Has(s *Source) bool { return !e.classOf(s).none }

// classOf returns what is known of a source.
func (e *Engine) classOf(s *Source) *class {
	e.mu.RLock()
	c := e.classes[s]
	e.mu.RUnlock()
	if c != nil {
		return c
	}
	c = &class{has: make([]uint64, len(e.rules)/64+1), fields: make([]bool, len(e.autos)), none: true}
	var key []byte
	var rules []*engineRule
	for i := range e.rules {
		r := &e.rules[i]
		if !s.Wants(r.rule) {
			continue
		}
		c.none = false
		c.has[i>>6] |= 1 << (i & 63)
		if r.sleepless {
			c.always = append(c.always, int32(i))
		}
		keyword := false
		r.rule.Match.Tests(func(t *Test) {
			keyword = keyword || t.Field == ""
			c.fields[e.field[t.Field]] = true
			if t.Kind == KindFieldRef {
				c.fields[e.field[t.Text]] = true
			}
		})
		if keyword {
			key = strconv.AppendInt(append(key, ' '), int64(i), 36)
			rules = append(rules, r)
		}
	}
	e.mu.Lock()
	e.made++
	c.number = e.made
	if len(rules) > 0 {
		if c.words = e.words[string(key)]; c.words == nil {
			c.words = wordsOf(rules)
			e.words[string(key)] = c.words
		}
	}
	if len(e.classes) < maxClasses {
		e.classes[s] = c
	}
	e.mu.Unlock()
	return c
}

// classOf returns what is known of a source, from the matcher's own memory first: a lock that all take is dear.
func (m *Matcher) classOf(s *Source) *class {
	if c := m.known[s]; c != nil {
		return c
	}
	c := m.e.classOf(s)
	if len(m.known) < maxClasses {
		m.known[s] = c
	}
	return c
}

// Match returns the rules that match the record, in the order of the set. The slice is valid until the next call.
func (m *Matcher) Match(r *Record) []*Rule {
	m.rules = m.rules[:0]
	if m.class = m.classOf(r.Source); m.class.none {
		return nil
	}
	m.begin(r)
	m.queue = append(m.queue, m.class.always...)
	for _, n := range m.queue {
		if m.holds(m.e.rules[n].root) {
			m.out = append(m.out, n)
		}
	}
	slices.Sort(m.out)
	for _, n := range m.out {
		m.rules = append(m.rules, m.e.rules[n].rule)
	}
	return m.rules
}

// begin takes the record's fields and looks for all literals in them.
func (m *Matcher) begin(r *Record) {
	if m.turn++; m.turn == 0 { // after four thousand million records
		clear(m.held)
		clear(m.asked)
		clear(m.woken)
		clear(m.seen)
		m.turn = 1
	}
	m.queue, m.out, m.values, m.lower, m.record = m.queue[:0], m.out[:0], m.values[:0], m.lower[:0], r
	l := m.layout()
	for i := range r.Fields {
		f := &r.Fields[i]
		id := m.id(l, i, f.Name)
		if id == 0 && m.class.words == nil {
			continue
		}
		v := value{text: f.Value}
		if m.class.words != nil {
			m.look(m.class.words, &v)
		}
		if id == 0 {
			continue
		}
		m.look(&m.e.autos[id], &v)
		m.values = append(m.values, v)
		n := int32(len(m.values))
		if m.seen[id] == m.turn {
			m.values[m.last[id]-1].next = n
		} else {
			m.seen[id], m.first[id] = m.turn, n
		}
		m.last[id] = n
	}
	if m.class.words != nil && r.Text != "" {
		m.look(m.class.words, &value{text: r.Text})
	}
}

// small returns a value's text in small letters.
func (m *Matcher) small(v *value) []byte {
	if !v.folded {
		from := len(m.lower)
		m.lower = appendFold(m.lower, v.text)
		v.from, v.to, v.folded = int32(from), int32(len(m.lower)), true
	}
	return m.lower[v.from:v.to]
}

// look looks for literals in one value. The automata take capital letters of ASCII for small ones.
func (m *Matcher) look(l *literals, v *value) {
	switch {
	case *l == literals{}:
	case isASCII(v.text):
		scan(m, l, v.text)
	default:
		text := m.small(v)
		scan(m, l, text)
		if l.other != nil {
			inside(m, l.other, text)
		}
		if l.dashed != nil && rareDash(text) {
			m.dashes = oneDash(m.dashes[:0], string(text))
			inside(m, l.dashed, m.dashes)
		}
	}
}

// rareDash says whether a text has one of the dashes that are not ASCII: U+2013 to U+2015.
func rareDash(b []byte) bool {
	for i := 0; i+2 < len(b); i++ {
		if b[i] == 0xe2 && b[i+1] == 0x80 && b[i+2] >= 0x93 && b[i+2] <= 0x95 {
			return true
		}
	}
	return false
}

// oneDash appends a text with every dash and slash as a dash.
func oneDash(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '/':
			dst = append(dst, '-')
		case c == 0xe2 && i+2 < len(s) && s[i+1] == 0x80 && s[i+2] >= 0x93 && s[i+2] <= 0x95:
			dst = append(dst, '-')
			i += 2
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// inside looks for literals anywhere in a text.
func inside[T string | []byte](m *Matcher, a *automaton, text T) {
	if a.skim != nil {
		skimmed(m, a, text)
		return
	}
	state := uint32(0)
	for i := 0; i < len(text); i++ {
		state = a.next[state+uint32(a.column[text[i]])]
		if state&found != 0 {
			state &^= found
			m.hold(a, state, false)
		}
	}
}

// skimmed looks for long literals: only where four bytes are those of one, the automaton is run, from where that literal can have
// begun to where none is under way any more. What was run over is not looked at again.
func skimmed[T string | []byte](m *Matcher, a *automaton, text T) {
	stride, bits := a.skim.stride, &a.skim.bits
	for i := stride - 1; i+4 <= len(text); i += stride {
		h := four(text, i)
		if bits[h>>6&(1<<10-1)]&(1<<(h&63)) == 0 {
			continue
		}
		state := uint32(0)
		at := i - (stride - 1)
		for ; at < len(text) && (state != 0 || at < i+4); at++ {
			state = a.next[state+uint32(a.column[text[at]])]
			if state&found != 0 {
				state &^= found
				m.hold(a, state, false)
			}
		}
		i = at - 1
	}
}

func isASCII(s string) bool {
	for ; len(s) >= 8; s = s[8:] {
		if (uint64(s[0])|uint64(s[1])<<8|uint64(s[2])<<16|uint64(s[3])<<24|uint64(s[4])<<32|uint64(s[5])<<40|uint64(s[6])<<48|uint64(s[7])<<56)&0x8080808080808080 != 0 {
			return false
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// scan runs the automata over a text.
func scan[T string | []byte](m *Matcher, l *literals, text T) {
	if l.inside != nil {
		inside(m, l.inside, text)
	}
	if a := l.head; a != nil {
		state := uint32(0)
		for i := 0; i < len(text); i++ {
			if state = a.next[state+uint32(a.column[text[i]])]; state == 0 {
				break
			}
			if state&found != 0 {
				state &^= found
				m.hold(a, state, i+1 == len(text))
			}
		}
	}
	if a := l.tail; a != nil {
		state := uint32(0)
		for i := len(text) - 1; i >= 0; i-- {
			if state = a.next[state+uint32(a.column[text[i]])]; state == 0 {
				break
			}
			if state&found != 0 {
				state &^= found
				m.hold(a, state, false)
			}
		}
	}
}

// hold takes the literals that end at a state, and wakes the rules that wait for them.
func (m *Matcher) hold(a *automaton, state uint32, whole bool) {
	out := a.out[state/a.width]
	for _, h := range a.atoms[out.from:out.to] {
		if h.whole && !whole || m.held[h.atom] == m.turn {
			continue
		}
		m.held[h.atom] = m.turn
		for _, rule := range m.e.wakes[h.atom] {
			if m.woken[rule] != m.turn && m.class.wants(rule) {
				m.woken[rule] = m.turn
				m.queue = append(m.queue, rule)
			}
		}
	}
}

// holds evaluates a tree.
func (m *Matcher) holds(root int32) bool {
	n := &m.e.nodes[root]
	switch n.op {
	case nodeAtom:
		return m.held[n.from] == m.turn
	case nodeNot:
		return !m.holds(n.from)
	case nodeAnd:
		for _, k := range m.e.kids[n.from:n.to] {
			if !m.holds(k) {
				return false
			}
		}
		return true
	case nodeOr:
		for _, k := range m.e.kids[n.from:n.to] {
			if m.holds(k) {
				return true
			}
		}
		return false
	}
	if m.asked[n.from] != m.turn {
		m.asked[n.from] = m.turn
		m.yes[n.from] = m.check(&m.e.checks[n.from])
	}
	return m.yes[n.from]
}

// check makes a test that is not a literal.
func (m *Matcher) check(c *check) bool {
	t := c.test
	first := int32(0)
	if m.seen[c.field] == m.turn {
		first = m.first[c.field]
	}
	switch {
	case t.Kind == KindExists:
		return (first != 0) == t.Yes
	case t.Kind == KindNull:
		for n := first; n != 0; n = m.values[n-1].next {
			if m.values[n-1].text != "" {
				return false
			}
		}
		return true
	case t.Kind == KindFieldRef || t.Field == "":
		return t.of(m.record)
	}
	for n := first; n != 0; n = m.values[n-1].next {
		if v := &m.values[n-1]; t.holdsFolded(v.text, m.small(v)) {
			return true
		}
	}
	return false
}
