// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

// pairs cuts the name=value pairs that firewalls write into the values that a format asks for. A value in quotes ends at the next
// quotation mark that no backslash stands before; another ends at the gap. Of several values of one name the first counts; that there
// were several different ones is kept, since a stranger who can write a quotation mark into a name can write such.
type pairs struct {
	slot        func(name []byte) int // where the value of a name goes; below zero: nowhere
	assign, gap byte                  // between name and value, and between pairs
	v           [][]byte
	twice       uint64 // the slots below 64 of which there were several
}

func newPairs(slots int, assign, gap byte, slot func(name []byte) int) pairs {
	return pairs{slot: slot, assign: assign, gap: gap, v: make([][]byte, slots)}
}

// scan cuts b.
func (p *pairs) scan(b []byte) {
	clear(p.v)
	p.twice = 0
	for len(b) > 0 {
		i := bytes.IndexByte(b, p.assign)
		if i < 0 {
			return
		}
		name := b[:i]
		if g := bytes.LastIndexByte(name, p.gap); g >= 0 {
			name = name[g+1:]
		}
		name = bytes.TrimLeft(name, " ")
		b = b[i+1:]
		for len(b) > 0 && b[0] == p.assign { // Check Point writes some colons twice
			b = b[1:]
		}
		var val []byte
		if len(b) > 0 && (b[0] == '"' || b[0] == '\'') {
			val, b = cutPairQuoted(b)
		} else {
			e := bytes.IndexByte(b, p.gap)
			if e < 0 {
				e = len(b)
			}
			val, b = b[:e], b[e:]
		}
		p.put(p.slot(name), val)
	}
}

func (p *pairs) put(s int, val []byte) {
	switch {
	case s < 0 || len(val) == 0:
	case p.v[s] == nil:
		p.v[s] = val
	case s < 64 && !bytes.Equal(p.v[s], val):
		p.twice |= 1 << s
	}
}

// cutPairQuoted cuts what stands between the quotation mark that b begins with and the next one without a backslash before it.
func cutPairQuoted(b []byte) (val, rest []byte) {
	quote := b[0]
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case quote:
			return b[1:i], b[i+1:]
		}
	}
	return bytes.TrimRight(b[1:], "\r\n"), nil
}

// several says whether one of the slots was written twice, with different values.
func (p *pairs) several(slots ...int) bool {
	for _, s := range slots {
		if p.twice&(1<<s) != 0 {
			return true
		}
	}
	return false
}

// text returns a value as a string; empty for the words that mean none.
func (p *pairs) text(e *Env, s int) string {
	switch string(p.v[s]) {
	case "N/A", "n/a", "None", "none", "-", "UNKNOWN", "unknown", "(null)":
		return ""
	}
	return e.Intern.Bytes(p.v[s])
}

// addrOf returns an address that is not just nought.
func (p *pairs) addrOf(e *Env, s int) netip.Addr {
	a, ok := e.addr(p.v[s])
	if !ok || a.IsUnspecified() {
		return netip.Addr{}
	}
	return a
}

func (p *pairs) port(s int) uint16 {
	n, _ := parsePort(p.v[s])
	return n
}

// pairRest names a value that goes to the remainder as it stands.
type pairRest struct {
	name string
	slot int
}

// fields adds the values as they stand.
func (r *remainder) pairs(p *pairs, e *Env, ev *event.Event, list []pairRest) {
	for i := range list {
		if list[i].name == "mac" && len(p.v[list[i].slot]) > 0 {
			r.text("mac", e.mac(p.v[list[i].slot]))
		} else if v := p.text(e, list[i].slot); v != ev.Account && v != ev.Object && v != ev.Service {
			r.text(list[i].name, clip(v, 512))
		}
	}
}

// deviceHost names the device that wrote a record, for what it says of itself: by the head of syslog, or else by its own field.
func (e *Env) deviceHost(rec *event.Record, field []byte) string {
	if s, ok := e.Syslog(rec); ok && len(s.Host) > 0 && isHostName(s.Host) {
		return e.Intern.Bytes(s.Host)
	}
	return e.Intern.Bytes(field)
}

// behindHead returns a record from a field on that begins within the first bytes, where a word begins: behind the head that a relay put
// before it; nil if it does not.
func behindHead(b []byte, within int, field string) []byte {
	i := index(b[:min(len(b), within)], field)
	if i < 0 || i > 0 && b[i-1] != ' ' && b[i-1] != '>' && b[i-1] != ':' {
		return nil
	}
	return b[i:]
}
