// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Whoever goes through a few accounts from a few homes abroad, with everybody's browser, looks at each visit like somebody on a journey. Two things
// tell: journeys go on from place to place, and he comes back to one after another, with account after account; and where he tried passwords, the
// accounts that he did not get into never got in from there at all.

// Bounds of what is seen abroad.
const (
	stuffedLeast  = 3       // accounts in use that failed at a place and never got in from there: guests who mistype get in in the end
	toAndFroSpan  = 5 * day // between the first and the last use of a place which others came between: a hotel and its conference are nearer
	toAndFroLeast = 2       // accounts that went to and fro
)

// abroad says whether a visit comes from a country other than that of nearly everybody. Where Tor comes out says nothing of that, and rented machines
// and VPN services are weighed by what they are.
func (s *scoping) abroad(v *visit) bool {
	p := &v.addr.place
	return p.Country != "" && s.home != "" && p.Country != s.home && !p.Own && !p.Kind.Anonymous()
}

// stuffed says whether passwords were tried at a visit's address, abroad or hidden: several accounts that are in use failed there and never got in, and
// no more did.
func (s *scoping) stuffed(v *visit) bool {
	a := v.addr
	return a.shutOut && !a.mixed() && (s.abroad(v) || a.place.Kind.Anonymous()) && s.popular[a.around] < crowdFrom
}

// shutsOut says whether more accounts in use failed at an address and never got in than did.
func (s *scoping) shutsOut(a *address) bool {
	entered := map[uint32]struct{}{}
	for _, w := range a.visits {
		if w.logins+w.half > 0 {
			entered[w.who.Handle] = struct{}{}
		}
	}
	outside := 0
	for h := range a.tried {
		if p := s.Ledger.people[h]; p != nil && p.success {
			if _, in := entered[h]; !in {
				outside++
			}
		}
	}
	return outside >= max(stuffedLeast, len(entered))
}

// passes says whether a visit is of somebody with a past elsewhere who was here on a few days, near each other or far between: whoever lives at a place
// is there on most days.
func (s *scoping) passes(v *visit) bool {
	return v.client != 0 && v.past.days >= deepDays && v.strangerNow(v.past) && (v.days <= wanderDays || event.Micros(v.days)*sparse <= v.last-v.first)
}

const sparse = 3 * day // of the time for each day of use

// sojourn is the first and the last use of one place abroad by one account.
type sojourn struct{ from, to event.Micros }

// journey finds the circles of places abroad in which accounts went to and fro. Somebody who is at home at a place is no traveller there; who is taken
// for at home only because he kept coming back is not.
func (s *scoping) journey() {
	stays, homes := map[tie]sojourn{}, make([]bool, s.numbers.spots)
	for _, v := range s.ordered {
		if !s.abroad(v) || v.client == 0 {
			continue
		}
		t := v.tieOf()
		at, been := stays[t]
		switch {
		case been:
			at.to = max(at.to, v.last)
			stays[t] = at
		case s.passes(v):
			stays[t] = sojourn{v.first, v.last}
		case v.judged != condemned && (v.regular || v.days > wanderDays):
			homes[t.at] = true
		}
	}
	ties := make(map[tie]struct{}, len(stays))
	for t := range stays {
		ties[t] = struct{}{}
	}
	s.journeys = circlesOf(ties, homes)
	places := map[uint32][]sojourn{} // by account; one is in one circle only, since its own places bind them
	for t := range s.journeys {
		places[t.who] = append(places[t.who], stays[t])
	}
	restless := map[*circle]map[uint32]bool{}
	for t, c := range s.journeys {
		if long := stays[t]; long.to-long.from >= toAndFroSpan && long.leftAndBack(places[t.who]) {
			if restless[c] == nil {
				restless[c] = map[uint32]bool{}
			}
			restless[c][t.who] = true
		}
	}
	for t, c := range s.journeys {
		if c.rank < tourRank || len(restless[c]) < toAndFroLeast {
			delete(s.journeys, t)
		}
	}
}

// leftAndBack says whether the use of another place began between the first and the last use of this one.
func (at sojourn) leftAndBack(others []sojourn) bool {
	return slices.ContainsFunc(others, func(o sojourn) bool { return o.from > at.from && o.from < at.to })
}
