// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Two accounts that meet once on a rented machine new to both may do so by chance. That the same two meet at one after another, neither with
// its own client, hardly any chance explains. It is what is
// left to see of an intruder who changes addresses with every visit and looks like everybody else.

// Bounds of a meeting place: where more strangers come than that, it is a place that people come to.
const (
	meetingStrangers = 24
	maxMeetings      = 1 << 20
)

// meet counts for every two accounts at how many addresses they were strangers, both with a past of their own.
func (s *scoping) meet() {
	s.meetings = map[[2]uint32]int{}
	for i := range s.atLine {
		g := &s.atLine[i]
		if !g.any || len(g.familiar) > 0 {
			continue
		}
		if len(s.meetings) >= maxMeetings { // so many strangers everywhere say nothing, and which came first must not matter
			clear(s.meetings)
			return
		}
		who := g.newcomers()
		for i, a := range who {
			for _, b := range who[:i] {
				s.meetings[pairOf(a, b)]++
			}
		}
	}
}

// newcomers returns the accounts with a past that came to a rented machine as strangers, each with a client that the record names. Elsewhere
// meeting again says nothing: colleagues go from the hotel to the conference, telephones meet behind their carrier's gateways.
func (g *gathering) newcomers() []uint32 {
	var who []uint32
	seen := map[uint32]bool{}
	for _, list := range [...][]*visit{g.bad, g.strangers} {
		for _, v := range list {
			if v.addr.place.Kind != event.KindHosting {
				return nil
			}
			if v.client != 0 && v.past.days >= deepDays && !seen[v.who.Handle] {
				seen[v.who.Handle] = true
				who = append(who, v.who.Handle)
			}
		}
	}
	if len(who) > meetingStrangers {
		return nil
	}
	return who
}

func pairOf(a, b uint32) [2]uint32 { return [2]uint32{min(a, b), max(a, b)} }

// metAgain weighs that one of the other strangers at this address was met at other such addresses too.
func (s *scoping) metAgain(v *visit, g *gathering) float64 {
	if v.client == 0 || v.past.days < deepDays || len(g.familiar) > 0 {
		return 0
	}
	most := 0
	for _, who := range g.newcomers() {
		if who != v.who.Handle {
			most = max(most, s.meetings[pairOf(who, v.who.Handle)])
		}
	}
	return min(float64(most-1)*s.w.MetAgain, s.w.MetAgainMax) * float64(min(most, 1))
}

// wandering weighs that an account which never hid where it was suddenly comes from one rented machine after another. Who takes to a
// commercial VPN comes from that, again and again.
func (s *scoping) wandering(v *visit) float64 {
	p := s.Ledger.people[v.who.Handle]
	rented := map[netip.Prefix]bool{}
	from, _ := slices.BinarySearchFunc(p.visits, v.first-wanderSpan, func(w *visit, at event.Micros) int { return cmp.Compare(w.first, at) })
	for _, w := range p.visits[from:] {
		if w.first > v.first+wanderSpan {
			break
		}
		if w.addr.place.Kind == event.KindHosting && w.days <= wanderDays && w.past.days >= deepDays && !w.past.kind && !w.past.address {
			rented[event.Neighbourhood(w.addr.place.IP)] = true
		}
	}
	return min(float64(len(rented)-1)*s.w.Wandering, s.w.WanderingMax)
}

// Bounds of wandering.
const (
	wanderSpan = 21 * day // before and after
	wanderDays = 2        // of use of one address with one client, at most
)
