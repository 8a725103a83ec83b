// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"maps"
	"math"
	"net/netip"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Accounts lead to machines, and machines to accounts: whoever holds a machine uses from there the accounts that he has taken, and no
// outer address shows it. The two are judged in turn until nothing changes.

// footholdTurns bounds the turns. Each only adds footholds in practice; the bound keeps a case that swings from going on for ever.
const footholdTurns = 4

// settleAll judges accounts and machines in turn.
func (s *scoping) settleAll() (accounts []*judgedAccount, addresses []cases.Address, machines []*machine) {
	for range footholdTurns {
		s.settle()
		accounts = s.judgeAccounts()
		addresses = s.caseAddresses(accounts)
		breached := false
		for _, j := range accounts {
			breached = breached || j.verdict == cases.AccountCompromised
		}
		machines = s.hosts(addresses, breached)
		found, from, tunnels, ailing := s.footholdsOf(machines), heldFrom(machines), s.tunnelsOf(machines), s.ailingOf(machines)
		if maps.Equal(found, s.footholds) && from == s.heldFrom && maps.Equal(tunnels, s.tunnelled) && maps.Equal(ailing, s.ailing) {
			break
		}
		s.footholds, s.heldFrom, s.tunnelled, s.ailing = found, from, tunnels, ailing
		s.harmStart = math.MaxInt64
		s.forget()
		s.countClients()
	}
	return accounts, addresses, machines
}

// held is a machine that the intruder holds.
type held struct {
	since event.Micros
	home  int // accounts that were used from it before
}

// footholdsOf returns the condemned machines by address.
func (s *scoping) footholdsOf(machines []*machine) map[netip.Addr]held {
	out := map[netip.Addr]held{}
	for _, h := range machines {
		a := s.lines[event.Line{At: h.ip}]
		if h.verdict != cases.HostCompromised || h.first == 0 || a == nil {
			continue
		}
		before := map[uint32]struct{}{}
		for _, v := range a.visits {
			if v.first < h.first {
				before[v.who.Handle] = struct{}{}
			}
		}
		out[h.ip] = held{h.first, len(before)}
	}
	return out
}

// heldFrom returns since when the intruder holds a machine; 0: none is condemned.
func heldFrom(machines []*machine) event.Micros {
	from := event.Micros(0)
	for _, h := range machines {
		if h.verdict == cases.HostCompromised && h.first != 0 && (from == 0 || h.first < from) {
			from = h.first
		}
	}
	return from
}

// ailingOf returns the owners of machines inside that several grave signs speak against, with when the first of them was left: their passwords
// are typed there. What the accounts say of the machine is left out, so that the two do not feed on one another.
func (s *scoping) ailingOf(machines []*machine) map[uint32]event.Micros {
	out := map[uint32]event.Micros{}
	for _, h := range machines {
		if h.first == 0 || h.sum(0)-h.signs["owner-taken"] < ailingSigns {
			continue
		}
		if who, ok := s.ownerOf(h); ok {
			earliest(out, who, h.first)
		}
	}
	return out
}

const (
	ailingSigns  = 5.0      // nats: two signs of high severity
	ailingBefore = 21 * day // a strange login before the first sign
	ailingAfter  = 90 * day // and after
)

// ails says whether a strange login came about the time at which its owner's machine showed grave signs.
func (s *scoping) ails(v *visit, p past) bool {
	at, ok := s.ailing[v.who.Handle]
	return ok && !v.addr.place.Own && v.strangerNow(p) && v.first > at-ailingBefore && v.first < at+ailingAfter
}

// foothold weighs that an account was used from a machine that the intruder held by then and that it had never been used from. Where others
// are at home, a terminal server or a proxy, it may be one more of them.
func (s *scoping) foothold(v *visit, p past) float64 {
	if !v.addr.place.Own {
		return 0
	}
	f, ok := s.footholds[v.addr.place.IP]
	if !ok || v.first < f.since || p.address {
		return 0
	}
	if t, lent := s.lentAt(v.addr.place.IP, v.first); lent {
		if t == nil || t.outer.judged != condemned && !s.tunnelled[t.outer] {
			return 0 // somebody else's by then
		}
		return s.w.Foothold // one person's at a time: nobody else is at home there
	}
	return max(0, s.w.Foothold+float64(f.home)*s.w.Familiar)
}

// forget takes back what the last settling concluded of visits.
func (l *Ledger) forget() {
	for _, v := range l.ordered {
		v.judged, v.terms, v.nats, v.stranger, v.regular, v.pinned, v.alerted, v.barred, v.alone, v.past = unjudged, nil, 0, false, false, false, 0, false, -99, past{}
		v.disputed, v.asked, v.unsaid = false, 0, 0
	}
}
