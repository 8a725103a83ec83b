// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"slices"

	"github.com/sekisho/sekisho/event"
)

// An intruder who rents a dozen machines and goes through a dozen accounts leaves a web: accounts that came from several of the same rented
// networks, at each of which nobody is at home. Two people who each have a server somewhere share no such network, and two who once met on
// one share no second. So what tells is not any visit but the closed ways between accounts and networks, however common the browser and
// however far apart the visits. (In graph theory's words: the 2-core of accounts and networks, and its cycle rank.)

// circle is one web of accounts and places in which every account came from two of the places or more, and every place saw two of the
// accounts or more.
type circle struct {
	accounts int
	rank     int // closed ways: uses less what it takes to hold the web together
}

// place is a rented network, or a single address of any other kind; for a client that few have, the address as seen with it.
type place struct {
	at   uint32 // number of the spot
	hand uint32 // the client without its versions, by number; 0 for any
}

// tie is one account's use of one place.
type tie struct {
	who uint32
	place
}

// tieOf returns the tie that a visit makes.
func (v *visit) tieOf() tie { return tie{v.who.Handle, place{at: v.addr.spot}} }

// spotTied returns what visits of an address are tied to: its rented network, or itself.
func (a *address) spotTied() spot {
	if a.place.Kind == event.KindHosting {
		return spotOf(a.line)
	}
	return spotAt(a.line)
}

// handOf returns the tie that a visit makes with a client that is neither its account's nor a common one; false for others.
func (s *scoping) handOf(v *visit) (tie, bool) {
	t := v.tieOf()
	t.hand = s.families[v.client]
	return t, !v.past.common && !v.past.contested && t.hand != 0 && !s.everybodys(v)
}

// flee marks the visits that no owner makes twice: a day or two, from a place and with a client that its past does not know. A client that so
// many have is no excuse. It marks as foreign those of them whose client the account does not have at home at any time, later too, once the records
// are old enough to know anybody's habits.
func (s *scoping) flee() {
	own := make([]bool, s.numbers.kins)
	for _, v := range s.ordered {
		if v.client != 0 && v.judged != condemned && v.atHome() {
			own[v.is.kin] = true
		}
	}
	clear(s.kept)
	stays := make([]stayed, s.numbers.near)
	for _, v := range s.ordered {
		if k := v.addr.place.Kind; v.judged != condemned && !v.addr.place.Own && k != event.KindHosting && k != event.KindVPN {
			if v.comesBack(&stays[v.is.around]) {
				s.kept[v.addr.around] = true
			}
		}
		p := v.past
		v.foreign = false
		v.fleeting = v.client != 0 && v.days <= wanderDays && p.days >= deepDays && v.strangerNow(p)
		if v.fleeting && v.first >= s.recordsFrom+youngRecords {
			v.foreign = !own[v.is.kin] || p.common || p.contested
		}
	}
}

// atHome says whether a visit shows that its client is its owner's. An account's first days do, since nothing is known of where it was before.
func (v *visit) atHome() bool {
	p := v.past
	return v.addr.place.Own || p.days < deepDays || p.address || p.network
}

// crowd says whether people are at home in a visit's network, so that one more there says nothing: a carrier's gateways, a quarter of the town.
// Where the records are too young to know anybody's habits, coming back is enough.
func (s *scoping) crowd(v *visit) bool {
	return s.kept[v.addr.around] || s.popular[v.addr.around] >= crowdFrom
}

// crowdFrom is how many accounts at home in a network make a crowd.
const crowdFrom = 3

// encircle finds the circles: of rented networks and the exits of VPN services; of any addresses among accounts that roam or have a client
// without a home; and of any addresses as seen with one client that is foreign to all.
func (s *scoping) encircle() {
	rented, roamed, hands, homes := map[tie]struct{}{}, map[tie]struct{}{}, map[tie]struct{}{}, make([]bool, s.numbers.spots)
	s.lairs = map[uint32]map[uint32]bool{}
	stays := make([]stayed, s.numbers.ties)
	for _, v := range s.ordered {
		if v.addr.place.Own {
			continue
		}
		t, rents := v.tieOf(), v.addr.place.Kind == event.KindHosting || v.addr.place.Kind == event.KindVPN
		switch {
		case v.judged == condemned:
			if s.lairs[t.at] == nil {
				s.lairs[t.at] = map[uint32]bool{}
			}
			s.lairs[t.at][t.who] = true
		default: // a proxy in the cloud has many addresses, and whoever goes through it comes back to its networks
			if v.regular || v.days > wanderDays || rents && v.comesBack(&stays[v.is.tie]) {
				homes[t.at] = true
			}
		}
		if !v.fleeting {
			continue
		}
		if h, ok := s.handOf(v); ok && s.roams(v) {
			hands[h] = struct{}{}
		}
		switch {
		case rents:
			rented[t] = struct{}{}
		case v.fresh >= s.settled+roamBeyond || s.houseless(v) > 1:
			roamed[t] = struct{}{}
		}
	}
	for at := range s.lairs {
		if homes[at] {
			delete(s.lairs, at)
		}
	}
	s.circles, s.tours, s.hidden = circlesOf(rented, homes), circlesOf(roamed, homes), circlesOf(hands, homes)
}

// comesBack notes the days of a visit to a place and says whether its account has come back there on more of them than a guest does.
func (v *visit) comesBack(at *stayed) bool {
	if at.n <= stayDays {
		at.add(v.first.Day(0))
		at.add(v.last.Day(0))
	}
	return at.n > stayDays
}

// stayed are the first days on which an account was seen at a place.
type stayed struct {
	days [stayDays + 2]int32
	n    int32
}

func (s *stayed) add(day int32) {
	if !slices.Contains(s.days[:s.n], day) {
		s.days[s.n] = day
		s.n++
	}
}

// circlesOf returns the circle of each tie that belongs to one. Places where somebody is at home, or that more accounts came to than one
// intruder has, bind nobody.
func circlesOf(ties map[tie]struct{}, homes []bool) map[tie]*circle {
	guests := map[place]int{}
	for t := range ties {
		guests[t.place]++
	}
	for t := range ties {
		if homes[t.at] || guests[t.place] > meetingStrangers {
			delete(ties, t)
		}
	}
	prune(ties)
	return components(ties)
}

// prune takes away, until nothing changes, the accounts with one place and the places with one account.
func prune(ties map[tie]struct{}) {
	for changed := true; changed; {
		changed = false
		places, people := map[place]int{}, map[uint32]int{}
		for t := range ties {
			places[t.place]++
			people[t.who]++
		}
		for t := range ties {
			if places[t.place] < 2 || people[t.who] < 2 {
				delete(ties, t)
				changed = true
			}
		}
	}
}

// components parts the ties into webs that do not touch, and counts each.
func components(ties map[tie]struct{}) map[tie]*circle {
	byPlace, byWho := map[place][]tie{}, map[uint32][]tie{}
	for t := range ties {
		byPlace[t.place] = append(byPlace[t.place], t)
		byWho[t.who] = append(byWho[t.who], t)
	}
	out := make(map[tie]*circle, len(ties))
	for t := range ties {
		if out[t] != nil {
			continue
		}
		c, places, people := &circle{}, map[place]bool{}, map[uint32]bool{}
		out[t] = c
		for todo := []tie{t}; len(todo) > 0; {
			at := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			c.rank++
			var next []tie
			if !places[at.place] {
				places[at.place] = true
				next = append(next, byPlace[at.place]...)
			}
			if !people[at.who] {
				people[at.who] = true
				next = append(next, byWho[at.who]...)
			}
			for _, w := range next {
				if out[w] == nil {
					out[w] = c
					todo = append(todo, w)
				}
			}
		}
		c.accounts = len(people)
		c.rank += 1 - len(places) - len(people)
	}
	return out
}

// encircled weighs that a visit is part of a circle. Two may share the service of one provider, and colleagues may go on a tour together; more
// than two who share rented machines hardly do so by chance, nor do two with one client that neither had before.
func (s *scoping) encircled(v *visit) float64 {
	t, nats := v.tieOf(), 0.0
	if s.journeys[t] != nil && s.passes(v) {
		nats = s.w.CirclePair
	}
	if !v.fleeting {
		return nats
	}
	if c := s.circles[t]; c != nil && c.accounts > 2 {
		nats = max(nats, min(float64(c.rank)*s.w.MetAgain, s.w.CircleMax))
	} else if c != nil {
		nats = max(nats, min(float64(c.rank)*s.w.MetAgain, s.w.CirclePair))
	}
	if c := s.tours[t]; c != nil && c.rank >= tourRank {
		nats = max(nats, s.w.CirclePair)
	}
	if h, ok := s.handOf(v); ok {
		if c := s.hidden[h]; c != nil && c.rank >= tourRank {
			nats = max(nats, s.w.CircleHand)
		}
	}
	return nats
}

// stayDays is on how many days an account may have come from one place without having it as a habit.
const stayDays = 3

// tourRank is how many closed ways say more than that two went the same way once or twice.
const tourRank = 3

// inLair weighs the condemned accounts that came to the same rented network, or two at least to the same address of another kind, all as new there
// as this one. Nobody else's machines stand there.
func (s *scoping) inLair(v *visit) float64 {
	if !v.fleeting || v.addr.place.Own || !v.foreign && v.addr.place.Kind != event.KindHosting {
		return 0
	}
	n := 0
	for who := range s.lairs[v.tieOf().at] {
		if who != v.who.Handle {
			n++
		}
	}
	if v.addr.place.Kind != event.KindHosting && (n < 2 || s.crowd(v)) {
		return 0
	}
	return min(float64(n)*s.w.Lair, s.w.LairMax)
}
