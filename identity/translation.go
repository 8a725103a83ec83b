// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Attempt is something that was done from an outside address behind which many may stand.
type Attempt struct {
	At   event.Micros
	IP   netip.Addr // the outside address: of a NAT box, a home line that several share, a proxy
	Port uint16     // 0: the record has none
	Dst  netip.Addr // invalid: not recorded
	Host string     // reached, for requests through a proxy
	By   string     // the account with whose name it was made; empty: not known
	Fail bool       // it failed
}

// Inside is who stood behind an attempt.
type Inside struct {
	IP        netip.Addr // invalid: not known
	Port      uint16
	Account   string // that a proxy had authenticated; empty: none
	Input     uint32
	Ref       event.Ref
	Ambiguous bool // several inside addresses fit: the port would have told them apart
}

// clocks is how far the clocks of two sources may be apart.
const clocks = event.Micros(3 * 1e6)

// Translations finds, for attempts from outside addresses, the inside address that stood behind each: by the records of the box that
// translates (NAT), port and time counting, or of a proxy. Events may come in any order. It is owned by one goroutine.
type Translations struct {
	attempts []Attempt // in order of address and time
	inside   []Inside
}

// NewTranslations returns a table for these attempts.
func NewTranslations(attempts []Attempt) *Translations {
	t := &Translations{attempts: slices.Clone(attempts)}
	slices.SortStableFunc(t.attempts, func(a, b Attempt) int {
		if c := a.IP.Compare(b.IP); c != 0 {
			return c
		}
		switch {
		case a.At < b.At:
			return -1
		case a.At > b.At:
			return 1
		}
		return 0
	})
	t.inside = make([]Inside, len(t.attempts))
	return t
}

// Outside returns the address that an event says its source was seen with from outside, and the port: 0 where the translation keeps none.
func Outside(e *event.Event) (ip netip.Addr, port uint16, ok bool) {
	if e.Class != event.ClassNetwork {
		return ip, 0, false
	}
	v, has := e.Get("nat_src_ip")
	if !has {
		return ip, 0, false
	}
	ip, err := netip.ParseAddr(v.Text)
	if p, has := e.Get("nat_src_port"); has && p.Kind == event.KindInt && p.Num > 0 && p.Num < 1<<16 {
		port = uint16(p.Num)
	}
	return ip.Unmap(), port, err == nil && e.SrcIP.IsValid()
}

// Observe takes in an event about a translated connection. A connection lasts from its record's time on for at most a day, or ends with it:
// boxes differ in when they write, so the time that it took counts both ways where it is recorded, and ten minutes where not.
func (t *Translations) Observe(e *event.Event) {
	ip, port, ok := Outside(e)
	if !ok {
		return
	}
	const unknown = event.Micros(600 * 1e6)
	from, to := e.Time-unknown, e.Time+unknown
	if ms, known := e.Duration.Get(); known {
		from, to = e.Time-event.Micros(ms)*1000, e.Time+clocks
	}
	for i := t.first(ip, from-clocks); i < len(t.attempts) && t.attempts[i].IP == ip && t.attempts[i].At <= to+clocks; i++ {
		a := &t.attempts[i]
		switch {
		case a.Port != 0 && port != 0:
			if a.Port != port {
				continue
			}
		case a.Dst.IsValid() && e.DstIP.IsValid() && a.Dst != e.DstIP:
			continue
		}
		t.found(i, Inside{IP: e.SrcIP, Port: e.SrcPort, Input: e.Ref.Input, Ref: refOf(e)})
	}
}

// ObserveProxy takes in a request through a proxy whose outside addresses are proxy.
func (t *Translations) ObserveProxy(e *event.Event, proxy []netip.Addr) {
	if e.Class != event.ClassHTTP || e.Service != "proxy" || !e.SrcIP.IsValid() {
		return
	}
	ms := e.Duration.Or(0)
	for _, ip := range proxy {
		for i := t.first(ip, e.Time-event.Micros(ms)*1000-clocks); i < len(t.attempts) && t.attempts[i].IP == ip && t.attempts[i].At <= e.Time+clocks; i++ {
			a := &t.attempts[i]
			if a.Host != "" && e.DstHost != "" && !sameHost(a.Host, e.DstHost) || a.Host == "" && (!a.Dst.IsValid() || a.Dst != e.DstIP) {
				continue
			}
			t.found(i, Inside{IP: e.SrcIP, Port: e.SrcPort, Account: e.Account, Input: e.Ref.Input, Ref: refOf(e)})
		}
	}
}

// sameHost says whether two names are of one host, of which one may lack the domain.
func sameHost(a, b string) bool {
	a, b = fold(a), fold(b)
	if len(a) > len(b) {
		a, b = b, a
	}
	return a == b || len(b) > len(a) && b[:len(a)] == a && b[len(a)] == '.'
}

func (t *Translations) found(i int, in Inside) {
	have := &t.inside[i]
	switch {
	case have.Ambiguous:
	case !have.IP.IsValid():
		*have = in
	case have.IP != in.IP:
		*have = Inside{Ambiguous: true}
	}
}

// first returns the first attempt from ip at or after a moment.
func (t *Translations) first(ip netip.Addr, at event.Micros) int {
	i, _ := slices.BinarySearchFunc(t.attempts, at, func(a Attempt, at event.Micros) int {
		if c := a.IP.Compare(ip); c != 0 {
			return c
		}
		if a.At < at {
			return -1
		}
		return 1
	})
	return i
}

// All returns the attempts with who stood behind each, in order of address and time.
func (t *Translations) All() ([]Attempt, []Inside) { return t.attempts, t.inside }
