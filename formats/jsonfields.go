// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"strings"

	"github.com/sekisho/sekisho/event"
)

// jsonFields picks named members out of JSON objects: what most formats of cloud services need. It is told once which paths
// matter, walks each record once, passes over all else, and allocates for nothing it has seen before.
//
// A path is names with points between, "actor.alternateId"; several paths of one field stand with a bar between, and the
// first that holds something is taken. Arrays on the way are walked through: "target.alternateId" is that of the first
// element that has one. A point within a name is written "·". Letters match in either case, since stores of logs often make them small.
type jsonFields struct {
	env  *Env
	root jsonNode
	f    []jsonValue // by slot: the index of the path in the list that was given
	rank []uint8     // of the path that f was taken by
	last []string    // what a field said last: most say the same again and again
	scan jsonScan
	buf  []byte
	list []byte
	// through are members of the record itself, in small letters, that hold the record or more of it: the envelopes of
	// search engines and of event buses.
	through []string
}

// jsonNode is a member that matters, or one on the way to such.
type jsonNode struct {
	name string // in small letters
	slot int    // -1: none
	rank uint8  // of its path among the alternatives
	kids []jsonNode
}

func newJSONFields(env *Env, paths ...string) jsonFields {
	p := jsonFields{env: env, root: jsonNode{slot: -1}, f: make([]jsonValue, len(paths)), rank: make([]uint8, len(paths)), last: make([]string, len(paths))}
	for slot, alternatives := range paths {
		for rank, path := range strings.Split(alternatives, "|") {
			at := &p.root
			for name := range strings.SplitSeq(strings.ToLower(path), ".") {
				at = at.kid(strings.ReplaceAll(name, "·", "."))
			}
			at.slot, at.rank = slot, uint8(rank)
		}
	}
	return p
}

// kid returns the member of that name below n, made where there is none.
func (n *jsonNode) kid(name string) *jsonNode {
	for i := range n.kids {
		if n.kids[i].name == name {
			return &n.kids[i]
		}
	}
	n.kids = append(n.kids, jsonNode{name: name, slot: -1})
	return &n.kids[len(n.kids)-1]
}

// find returns the member of that name below n, nil if it does not matter.
func (n *jsonNode) find(key []byte) *jsonNode {
	for i := range n.kids {
		if k := &n.kids[i]; len(k.name) == len(key) && sameFold(key, k.name) {
			return k
		}
	}
	return nil
}

// sameFold says whether b is the text small, which is in small letters, in whatever case.
func sameFold(b []byte, small string) bool {
	if len(b) != len(small) {
		return false
	}
	for i := len(b) - 1; i >= 0; i-- { // names differ at their end more often than at their beginning
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != small[i] {
			return false
		}
	}
	return true
}

// read picks the fields of the object that b is, and says whether b is one whole JSON object.
func (p *jsonFields) read(b []byte) bool {
	clear(p.f)
	p.scan.reset(b)
	p.walk(&p.scan, &p.root, 0)
	return p.scan.end()
}

func (p *jsonFields) walk(s *jsonScan, n *jsonNode, depth int) {
	for ok := s.enter('{'); ok && s.member(); {
		k := n.find(s.key)
		switch {
		case k != nil:
			p.take(s, k, depth+1)
		case depth == 0 && p.envelope(s.key) && s.peek() == '{':
			p.walk(s, n, 1)
		default:
			s.skip()
		}
	}
}

// envelope says whether a member of the record holds the record.
func (p *jsonFields) envelope(key []byte) bool {
	if sameFold(key, "_source") || sameFold(key, "result") {
		return true
	}
	for _, name := range p.through {
		if sameFold(key, name) {
			return true
		}
	}
	return false
}

// take takes the value that is next for the member k, and goes on into it where members below matter.
func (p *jsonFields) take(s *jsonScan, k *jsonNode, depth int) {
	if k.slot >= 0 {
		v := s.value()
		if len(k.kids) > 0 && (v.kind == '{' || v.kind == '[') && depth < 16 { // what stands within goes before the whole
			inner := jsonScan{b: v.raw}
			p.into(&inner, k, depth)
		}
		if !v.empty() && (p.f[k.slot].kind == 0 || k.rank < p.rank[k.slot]) {
			p.f[k.slot], p.rank[k.slot] = v, k.rank
		}
		return
	}
	p.into(s, k, depth)
}

func (p *jsonFields) into(s *jsonScan, k *jsonNode, depth int) {
	switch s.peek() {
	case '{':
		p.walk(s, k, depth)
	case '[':
		for ok := s.enter('['); ok && s.element(); {
			if s.peek() == '{' {
				p.walk(s, k, depth)
			} else {
				s.skip()
			}
		}
	default:
		s.skip()
	}
}

// within reads the object that field slot holds, or holds as text, with the members below the path given: for exports that
// write an object as text.
func (p *jsonFields) within(slot int, path string) {
	v := p.f[slot]
	if v.kind != '"' || len(v.raw) < 2 || v.raw[0] != '{' && v.raw[0] != '[' {
		return
	}
	text := v.raw
	if v.odd {
		text = appendJSONText(nil, v.raw)
	}
	at := &p.root
	for name := range strings.SplitSeq(path, ".") {
		if at = at.find([]byte(name)); at == nil {
			return
		}
	}
	if inner := (jsonScan{b: text}); text[0] == '{' || text[0] == '[' {
		p.into(&inner, at, 1)
	}
}

// has says whether the record has the field.
func (p *jsonFields) has(slot int) bool { return p.f[slot].kind != 0 }

// bytes returns a field's text, to be used at once.
func (p *jsonFields) bytes(slot int) []byte { return p.f[slot].text(&p.buf) }

// str returns a field's text; the texts of an array with blanks between.
func (p *jsonFields) str(slot int) string {
	v := p.f[slot]
	switch v.kind {
	case 0:
		return ""
	case '[':
		p.list = appendJSONTexts(p.list[:0], v.raw)
		return p.env.Intern.Bytes(p.list[:min(len(p.list), listed)])
	}
	b := v.text(&p.buf)
	if string(b) != p.last[slot] {
		p.last[slot] = p.env.Intern.Bytes(b)
	}
	return p.last[slot]
}

// own returns a field's text where it hardly ever repeats, as identifiers do: it is not interned.
func (p *jsonFields) own(slot int) string {
	if p.f[slot].kind == 0 {
		return ""
	}
	return string(p.f[slot].text(&p.buf))
}

// first returns the text of the first of the fields that the record has.
func (p *jsonFields) first(slots ...int) string {
	for _, slot := range slots {
		if p.f[slot].kind != 0 {
			if s := p.str(slot); s != "" {
				return s
			}
		}
	}
	return ""
}

// time reads the first of the fields that is a time, in UTC where it does not say.
func (p *jsonFields) time(slots ...int) (event.Micros, bool) {
	for _, slot := range slots {
		v := p.f[slot]
		if v.kind == '0' {
			if m, ok := epochMicros(v.raw); ok {
				return p.env.Clock.Absolute(m), true
			}
			continue
		}
		if v.kind == '"' {
			b := v.text(&p.buf)
			if m, ok := p.env.timeUTC(b); ok {
				return m, true
			}
			if m, ok := epochMicros(b); ok {
				return p.env.Clock.Absolute(m), true
			}
		}
	}
	return 0, false
}

// epochMicros reads the time since 1970 as seconds, with or without a fraction, or as milli-, micro- or nanoseconds, told
// apart by their size: each is read as of a time between 1973 and 2200.
func epochMicros(b []byte) (event.Micros, bool) {
	whole := behindDigits(b, 0)
	if whole < 9 || whole > 19 {
		return 0, false
	}
	var n uint64
	for _, c := range b[:whole] {
		n = n*10 + uint64(c-'0')
	}
	frac, scale := int64(0), int64(100000)
	if whole < len(b) {
		if b[whole] != '.' || behindDigits(b, whole+1) != len(b) {
			return 0, false
		}
		for _, c := range b[whole+1:] {
			frac += int64(c-'0') * scale
			scale /= 10
		}
	}
	switch {
	case n < 1e10:
		return event.Micros(int64(n)*1e6 + frac), true
	case n < 1e13:
		return event.Micros(int64(n)*1e3 + frac/1e3), true
	case n < 1e16:
		return event.Micros(n), true
	default:
		return event.Micros(n / 1e3), true
	}
}

// source sets where the event came from by the first of the fields that is an address, with or without a port.
func (p *jsonFields) source(ev *event.Event, slots ...int) {
	for _, slot := range slots {
		if a, port, ok := p.env.addrPort(p.bytes(slot)); ok {
			ev.SrcIP, ev.SrcPort = a, port
			return
		}
	}
}

// remainder gathers what goes to an event's Rest.
type remainder struct {
	f [48]event.Field
	n int
}

func (r *remainder) text(name, value string) {
	if value != "" && r.n < len(r.f) {
		r.f[r.n] = event.Text(name, value)
		r.n++
	}
}

func (r *remainder) number(name string, n int64) {
	if r.n < len(r.f) {
		r.f[r.n] = event.Number(name, n)
		r.n++
	}
}

func (r *remainder) flag(name string, yes bool) {
	if r.n < len(r.f) {
		r.f[r.n] = event.Flag(name, yes)
		r.n++
	}
}

// rest moves what was gathered into the batch.
func (r *remainder) rest(out *event.Batch) []event.Field { return out.Rest(r.f[:r.n]...) }

// restField names a field that goes to the remainder as it stands.
type restField struct {
	name string
	slot int
}

// fields adds the fields as they stand, leaving out what the event says already.
func (r *remainder) fields(p *jsonFields, ev *event.Event, list []restField) {
	for i := range list {
		slot := list[i].slot
		switch p.f[slot].kind {
		case 0:
		case 't', 'f':
			r.flag(list[i].name, p.f[slot].kind == 't')
		case '{':
			r.text(list[i].name, clip(string(p.f[slot].raw[:min(len(p.f[slot].raw), 1024)]), 1024))
		default:
			if v := p.str(slot); v != ev.Account && v != ev.Object && v != ev.Client && v != ev.Target && v != ev.Service {
				r.text(list[i].name, clip(v, 512))
			}
		}
	}
}

// actionRow says what kind of thing an action of a service is. A name that ends in a star stands for all that begin so, one
// that begins with a star for all that end so.
type actionRow struct {
	name     string
	class    event.Class
	activity event.Activity
}

// actionOf returns the kind of the action: that of the first row that fits.
func actionOf(rows []actionRow, name string) (event.Class, event.Activity, bool) {
	for i := range rows {
		r := rows[i].name
		n := len(r) - 1
		switch {
		case r == name,
			n > 0 && r[n] == '*' && len(name) >= n && name[:n] == r[:n],
			n > 0 && r[0] == '*' && len(name) >= n && name[len(name)-n:] == r[1:]:
			return rows[i].class, rows[i].activity, true
		}
	}
	return event.ClassOther, event.ActOther, false
}
