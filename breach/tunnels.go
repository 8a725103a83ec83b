// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// A VPN lends its users addresses inside. Who comes through it is one person under two addresses: what is concluded of the login from
// outside holds for the address inside while it was his, and what he did from there speaks of the login. The same address is somebody
// else's an hour later, so nothing is ever concluded beyond the time for which it was lent.

// tunnel is the loan of an inside address to an account that came from outside.
type tunnel struct {
	outer    *visit // the login from outside
	from, to event.Micros
}

const (
	maxTunnels   = 1 << 18 // loans that are remembered
	tunnelLength = event.Micros(24 * 3600 * 1e6)
	tunnelSlack  = event.Micros(120 * 1e6) // between the clocks of the VPN and of the machines behind it
)

// lend notes that an inside address was given to the account of a login, or given back.
func (l *Ledger) lend(s *event.Sighting) {
	inner, given, ok := event.LeaseOf(s.Event)
	if !ok || s.Who == nil || !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own || inner == s.SrcIP {
		return
	}
	list := l.tunnels[inner]
	if n := len(list); n > 0 && list[n-1].to > s.Time {
		last := &list[n-1]
		same := last.outer.who == s.Who && last.outer.addr.line == s.Src.Line()
		if same && given { // told again
			last.to = s.Time + tunnelLength
			return
		}
		if same || given {
			last.to = s.Time
		}
	}
	v := l.latest[visitKey{account: s.Who.Handle, line: s.Src.Line()}]
	if !given || v == nil || l.lent >= maxTunnels {
		return
	}
	l.lent++
	l.tunnels[inner] = append(list, tunnel{v, s.Time, s.Time + tunnelLength})
}

func (t *tunnel) has(at event.Micros) bool { return at >= t.from-tunnelSlack && at <= t.to+tunnelSlack }

// lentAt returns who had an inside address at a moment by a loan, and whether it is an address that is lent.
func (l *Ledger) lentAt(ip netip.Addr, at event.Micros) (*tunnel, bool) {
	list := l.tunnels[ip]
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].has(at) {
			return &list[i], true
		}
	}
	return nil, len(list) > 0
}

// throughTunnels notes the inside addresses that condemned logins were lent, for as long as they were.
func (m *machines) throughTunnels(s *scoping) {
	for _, ip := range slices.SortedFunc(maps.Keys(s.tunnels), netip.Addr.Compare) {
		for i := range s.tunnels[ip] {
			t := &s.tunnels[ip][i]
			if t.outer.judged != condemned {
				continue
			}
			h := m.get("", ip, "")
			h.add("tunnel-of", fromAttacker+withAttacker, t.from, t.to)
			h.spans = append(h.spans, span{t.from - tunnelSlack, t.to + tunnelSlack})
		}
	}
}

// heldAt says whether the intruder held a machine at a moment: one with an address that is lent only while it was lent to him.
func (h *machine) heldAt(at event.Micros) bool {
	if len(h.spans) == 0 {
		return true
	}
	for _, sp := range h.spans {
		if sp.has(at) {
			return true
		}
	}
	return false
}

// tunnelsOf returns the logins from outside that lent the addresses of condemned machines when their first trace was left.
func (s *scoping) tunnelsOf(all []*machine) map[*visit]bool {
	out := map[*visit]bool{}
	for _, h := range all {
		if h.verdict != cases.HostCompromised || h.first == 0 || len(s.tunnels[h.ip]) == 0 {
			continue
		}
		if t, ok := s.lentAt(h.ip, h.first); ok && t != nil {
			out[t.outer] = true
		}
	}
	return out
}
