// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// number is an address as a number; IPv4 addresses use lo alone, in tables of their own.
type number struct{ hi, lo uint64 }

func numberOf(ip netip.Addr) number {
	if ip.Is4() {
		b := ip.As4()
		return number{0, uint64(binary.BigEndian.Uint32(b[:]))}
	}
	b := ip.As16()
	return number{binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])}
}

func (n number) compare(m number) int {
	if n.hi != m.hi {
		return cmp.Compare(n.hi, m.hi)
	}
	return cmp.Compare(n.lo, m.lo)
}

// next returns n+1, and whether there is one among numbers of that many bits.
func (n number) next(width int) (number, bool) {
	n.lo++
	if n.lo == 0 {
		n.hi++
		return n, n.hi != 0
	}
	return n, width == 128 || n.lo < 1<<32
}

// last returns the last address of a range.
func last(p netip.Prefix) number {
	n := numberOf(p.Addr())
	free := p.Addr().BitLen() - p.Bits()
	if free >= 64 {
		n.lo = ^uint64(0)
		n.hi |= 1<<(free-64) - 1
		return n
	}
	n.lo |= 1<<free - 1
	return n
}

// piece begins a stretch of addresses that have one value; it ends where the next piece begins.
type piece struct {
	start number
	value uint32
}

// table4and6 finds the value of an address: two sorted lists of pieces, the one for IPv4 with an index by the first 16 bits.
type table4and6 struct {
	first          []uint32 // index in starts4 of the first piece that begins at or after n<<16
	starts4        []uint32
	values4        []uint32
	pieces6        []piece
	empty4, empty6 bool
}

func newTable4and6(v4, v6 []piece) table4and6 {
	t := table4and6{pieces6: v6, empty4: len(v4) == 0, empty6: len(v6) == 0}
	if t.empty4 {
		return t
	}
	t.first = make([]uint32, 1<<16+1)
	t.starts4, t.values4 = make([]uint32, len(v4)), make([]uint32, len(v4))
	for i, p := range v4 {
		t.starts4[i], t.values4[i] = uint32(p.start.lo), p.value
	}
	i := 0
	for n := range t.first {
		for i < len(v4) && v4[i].start.lo < uint64(n)<<16 {
			i++
		}
		t.first[n] = uint32(i)
	}
	return t
}

// find returns the value of an address that is no 4-in-6 address; 0 where no piece holds it.
func (t *table4and6) find(ip netip.Addr) uint32 {
	if ip.Is4() {
		if t.empty4 {
			return 0
		}
		b := ip.As4()
		n := binary.BigEndian.Uint32(b[:])
		lo, hi := t.first[n>>16], t.first[n>>16+1]
		for lo < hi { // the first piece that begins after n
			mid := (lo + hi) / 2
			if t.starts4[mid] <= n {
				lo = mid + 1
			} else {
				hi = mid
			}
		}
		if lo == 0 {
			return 0
		}
		return t.values4[lo-1]
	}
	if t.empty6 {
		return 0
	}
	n := numberOf(ip)
	lo, hi := 0, len(t.pieces6)
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if s := &t.pieces6[mid].start; s.hi < n.hi || s.hi == n.hi && s.lo <= n.lo {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0
	}
	return t.pieces6[lo-1].value
}

// span is one range of a network, a host or a list.
type span struct {
	prefix        netip.Prefix
	network, host int32 // index + 1
	lists         uint64
}

// lay lays the ranges over one another. Prefixes are nested or apart, never crossing, so one walk with a stack will do.
// places[0] is the place of addresses in no range.
func lay(spans []span, networks []Network) (table4and6, []place) {
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(a.prefix.Addr().Compare(b.prefix.Addr()), cmp.Compare(a.prefix.Bits(), b.prefix.Bits()),
			cmp.Compare(b.network, a.network), cmp.Compare(b.host, a.host), cmp.Compare(a.lists, b.lists))
	})
	l := layer{networks: networks, places: []place{{}}, index: map[place]uint32{{}: 0}}
	first6 := len(spans)
	if i := slices.IndexFunc(spans, func(s span) bool { return !s.prefix.Addr().Is4() }); i >= 0 {
		first6 = i // netip orders IPv4 first
	}
	v4 := l.walk(spans[:first6], 32)
	v6 := l.walk(spans[first6:], 128)
	return newTable4and6(v4, v6), l.places
}

type layer struct {
	networks []Network
	places   []place
	index    map[place]uint32
}

func (l *layer) walk(spans []span, width int) []piece {
	type open struct {
		last  number
		place place
	}
	var stack []open
	var out []piece
	begin := func(at number, p place) {
		v, ok := l.index[p]
		if !ok {
			v = uint32(len(l.places))
			l.places = append(l.places, p)
			l.index[p] = v
		}
		if n := len(out); n > 0 && out[n-1].start == at {
			out[n-1].value = v
		} else if n == 0 || out[n-1].value != v {
			out = append(out, piece{at, v})
		}
	}
	around := func() place {
		if len(stack) == 0 {
			return place{}
		}
		return stack[len(stack)-1].place
	}
	// close ends the ranges that end before a number.
	closeUntil := func(until *number) {
		for len(stack) > 0 {
			top := stack[len(stack)-1]
			if until != nil && top.last.compare(*until) >= 0 {
				return
			}
			stack = stack[:len(stack)-1]
			if next, ok := top.last.next(width); ok {
				begin(next, around())
			}
		}
	}
	for i := range spans {
		start := numberOf(spans[i].prefix.Addr())
		closeUntil(&start)
		p := l.within(around(), &spans[i])
		stack = append(stack, open{last(spans[i].prefix), p})
		begin(start, p)
	}
	closeUntil(nil)
	return out
}

// within returns what is known inside a range that lies in a place.
func (l *layer) within(p place, s *span) place {
	p.lists |= s.lists
	if s.host > 0 {
		p.host = s.host
	}
	if s.network == 0 {
		return p
	}
	n := &l.networks[s.network-1]
	p.network = s.network
	switch {
	case n.Own == Yes || n.Kind == event.KindOwn:
		p.own, p.kind = Yes, event.KindUnknown
	case n.Own == No || n.Kind != event.KindUnknown:
		p.own, p.kind = No, n.Kind
	}
	if n.Restricted {
		p.restricted = s.network
	}
	p.shared = p.shared || n.Shared
	return p
}
