// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"maps"
	"math"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// What a machine in the intruder's hands says of others: that it entered them as it never had, that it held a session with them, that they
// call the same place outside; and what the people whose machines they are say by what became of their accounts.

const (
	burstMost    = 3.0      // nats for more new ways than the machine ever made
	burstRecords = 7 * day  // of records before, for its habits to be known
	samePlace    = 5.0      // calls the place outside that a condemned machine calls, and hardly any other
	placeUsers   = 3        // machines of the institute that use such a place, at most
	ownerTaken   = 2.0      // its owner's account was used by the intruder, about when the machine's own signs began
	ownerSigns   = 2.0      // nats that the machine's own signs must have
	ownerBefore  = 7 * day  // the account before the signs
	ownerAfter   = 90 * day // and after
	lentTo       = 0.75     // share of what speaks against the login that an address was lent to, for what was done from it
	lentToMost   = 4.0
)

// outWays are the first logins of each machine to each other one, in order of time; what programs do to many at once is left out.
func (m *machines) outWays(s *scoping) {
	type way struct{ from, to *machine }
	first := map[way]event.Micros{}
	s.findWaves()
	for _, e := range s.eorder {
		if from := m.byIP[e.from.ip]; from != nil && e.logins > 0 && e.src.Own && !s.onlyWaves(e) {
			earliest(first, way{from, m.at(e)}, e.loginAt)
		}
	}
	for w, at := range first {
		w.from.ways = append(w.from.ways, at)
	}
	for _, h := range m.order {
		slices.Sort(h.ways)
	}
}

// hand is an account as used from an address inside.
type hand struct {
	from netip.Addr
	who  uint32
}

// findWaves finds accounts that enter many machines within an hour from one: programs that install, look after or take stock do. So does
// an intruder who has taken such a program's place, which is why what he then does on those machines, and not the login, has to show it.
func (s *scoping) findWaves() {
	at := map[hand][]event.Micros{}
	for _, e := range s.eorder {
		for _, u := range e.entered {
			h := hand{e.key.from, u.who.Handle}
			at[h] = append(at[h], u.at)
		}
	}
	s.pushes = map[hand]bool{}
	for h, times := range at {
		slices.Sort(times)
		for i := waveSize - 1; i < len(times); i++ {
			if _, taken := s.taken.of(h.who); times[i]-times[i-waveSize+1] <= waveSpan && !taken {
				s.pushes[h] = true
				break
			}
		}
	}
}

const (
	waveSize = 8
	waveSpan = event.Micros(3600 * 1e6)
)

// onlyWaves says whether all logins over a way were of accounts that enter many machines at once.
func (s *scoping) onlyWaves(e *edge) bool {
	for _, u := range e.entered {
		if !s.pushes[hand{e.key.from, u.who.Handle}] {
			return false
		}
	}
	return len(e.entered) > 0
}

// burst compares how many machines one entered for the first time since it was in his hands with how many it did before.
func (h *machine) burst(recordsFrom event.Micros) float64 {
	known := h.first - recordsFrom
	if known < burstRecords {
		return 0
	}
	before, _ := slices.BinarySearch(h.ways, h.first-day)
	after := len(h.ways) - before
	if after == 0 {
		return 0
	}
	span := max(h.ways[len(h.ways)-1]-h.first, day)
	expected := (float64(before) + 0.5) / float64(known) * float64(span)
	return min(max(math.Log(float64(after)/expected), 0), burstMost)
}

// session says whether a connection was long and large enough that somebody must have been let in: a refused login by ssh or remote desktop
// ends after seconds and a few kilobytes.
func session(s *event.Sighting) bool {
	length, got := s.Duration.Or(0), s.BytesIn.Or(0)
	switch s.DstPort {
	case 22:
		return length >= 180_000 && got >= 8<<10 || length >= 30_000 && got >= 64<<10
	case 3389, 5900:
		return length >= 120_000 && got >= 512<<10
	}
	return false
}

// placesCalled returns the places outside that hardly any machine calls, by findings of any severity, with those that do.
func (m *machines) placesCalled(s *scoping) map[netip.Addr][]*machine {
	out := map[netip.Addr][]*machine{}
	for i := range s.in.Findings {
		f := &s.in.Findings[i]
		if !callsOut(f) || len(f.Addresses) > calloutPlaces || usedBy(f) > placeUsers {
			continue
		}
		for _, ip := range f.Addresses {
			for _, name := range f.Hosts {
				if h := m.get(name, netip.Addr{}, ""); !s.ownPlace(ip, f.First) && !slices.Contains(out[ip], h) {
					out[ip] = append(out[ip], h)
					h.calls = append(h.calls, span{f.First, f.Last})
				}
			}
		}
	}
	return out
}

// sharePlaces lets condemned machines speak of those that call the same place. It says whether anything changed.
func (m *machines) sharePlaces(places map[netip.Addr][]*machine, prior float64) bool {
	changed := false
	for _, ip := range slices.SortedFunc(maps.Keys(places), netip.Addr.Compare) {
		who := places[ip]
		for _, from := range who {
			if from.sum(prior) < condemnedAt {
				continue
			}
			for _, to := range who {
				if to != from && to.signs["same-place"] == 0 {
					to.add("same-place", samePlace, to.calls[0].from, to.calls[0].to)
					changed = true
				}
			}
		}
	}
	return changed
}

// askOwners notes machines with signs of their own whose owners' accounts the intruder used: passwords are taken where they are typed.
func (m *machines) askOwners(s *scoping) bool {
	changed := false
	for _, h := range m.order {
		if h.signs["owner-taken"] != 0 || h.first == 0 || h.sum(0) < ownerSigns {
			continue
		}
		who, ok := s.ownerOf(h)
		if at, taken := s.taken.of(who); ok && taken && at > h.first-ownerBefore && at < h.first+ownerAfter {
			h.add("owner-taken", ownerTaken, 0, 0)
			changed = true
		}
	}
	return changed
}

// askLenders notes what speaks against the login that a lent address was lent to when its first sign was left. Both together may condemn
// where neither does alone.
func (m *machines) askLenders(s *scoping) {
	for _, h := range m.order {
		if h.first == 0 || len(s.tunnels[h.ip]) == 0 {
			continue
		}
		if t, ok := s.lentAt(h.ip, h.first); ok && t != nil && t.outer.judged != condemned {
			if n := t.outer.nats - s.w.Prior; n > 0 {
				h.add("lent-to", min(lentTo*n, lentToMost), 0, 0)
			}
		}
	}
}

// echoes says whether a visit is a login through the VPN once more, as seen from the inside: by the same account, from the address that it
// had been lent.
func (s *scoping) echoes(v *visit) bool {
	if !v.addr.place.Own || len(s.tunnels[v.addr.place.IP]) == 0 {
		return false
	}
	t, ok := s.lentAt(v.addr.place.IP, v.first)
	return ok && t != nil && t.outer.who == v.who
}
