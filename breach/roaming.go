// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"math"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// An account that the intruder has used goes on being used by its owner, and where both have the commonest browser no single visit tells whose it
// is. Their number does: owners come to a new place now and then, who changes addresses with every visit comes from nothing else. Of ten
// new places in three weeks, where others have two at most, eight are his.

// Bounds of roaming.
const (
	roamSpan   = 21 * day // before and after
	roamBeyond = 2        // new networks more than nearly everybody has
)

// roams says whether a visit is of those that count: new to its account, and not where travellers, telephones and colleagues are.
func (s *scoping) roams(v *visit) bool {
	switch v.addr.place.Kind {
	case event.KindOwn, event.KindUniversity, event.KindMobile, event.KindHotel:
		return false
	}
	return v.foreign && !s.crowd(v)
}

// roam counts, for every visit that counts, from how many new networks its account came around that time, and how many nearly all the others
// ever do.
func (s *scoping) roam() {
	var most []int
	s.roaming = map[event.Line]map[uint32]bool{}
	for _, p := range s.people {
		n := s.countFresh(p)
		if _, taken := s.taken.of(p.who.Handle); !taken && len(p.visits) > 0 {
			most = append(most, n)
		}
	}
	slices.Sort(most)
	s.settled = 1
	if len(most) > 0 {
		s.settled = max(1, most[len(most)*95/100])
	}
	for _, v := range s.ordered {
		if _, taken := s.taken.of(v.who.Handle); taken && v.fresh >= s.settled+roamBeyond {
			at := v.addr.line
			if s.roaming[at] == nil {
				s.roaming[at] = map[uint32]bool{}
			}
			s.roaming[at][v.who.Handle] = true
		}
	}
}

// countFresh sets fresh of a person's visits and returns the most.
func (s *scoping) countFresh(p *person) int {
	most, from, to := 0, 0, 0
	nets := map[uint32]int{} // by number of the spot
	move := func(v *visit, by int) {
		if !s.roams(v) {
			return
		}
		n := v.is.net
		if nets[n] += by; nets[n] == 0 {
			delete(nets, n)
		}
	}
	for _, v := range p.visits {
		for ; to < len(p.visits) && p.visits[to].first <= v.first+roamSpan; to++ {
			move(p.visits[to], 1)
		}
		for ; p.visits[from].first < v.first-roamSpan; from++ {
			move(p.visits[from], -1)
		}
		v.fresh = 0
		if s.roams(v) {
			v.fresh = len(nets)
			most = max(most, v.fresh)
		}
	}
	return most
}

// weighRoaming adds what an account's coming and going says: that the intruder used it, or that it goes round with others, must be known besides.
// What else says that the account is his counts in it, not beside it: that is not what is in question.
func (s *scoping) weighRoaming(v *visit, terms []term, add func(string, float64)) {
	if v.fresh < s.settled+roamBeyond {
		return
	}
	beyond := math.Log(float64(v.fresh-s.settled) / float64(s.settled))
	if _, taken := s.taken.of(v.who.Handle); !taken {
		if c := s.tours[v.tieOf()]; c != nil && c.rank >= tourRank {
			add("roaming", s.w.RoamingTour+beyond)
		}
		return
	}
	told := 0.0
	for _, t := range terms {
		switch t.name {
		case "campaign", "drop-out", "exposed", "stolen":
			told += t.nats
		}
	}
	add("roaming", max(0, s.w.Roaming-told+beyond))
	if len(s.roaming[v.addr.line]) > 1 && v.past.common { // with a client that tells, the term is there already
		add("stolen-together", s.w.StolenTogether)
	}
}
