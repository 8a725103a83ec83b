// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"math"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// gathering is what weighs on a visit from the others at its address, gathered once a round: who is new there, who is bad or
// in doubt, and who is at home.
type gathering struct {
	any       bool                // somebody is in it
	strangers []*visit            // in order of time
	bad       []*visit            // condemned, or in doubt by what speaks against them alone; in order of time
	familiar  map[uint32]struct{} // accounts at home, up to maxFamiliar
}

const (
	maxFamiliar = 32
	maxNear     = 128 // strangers or bad visits that are looked at for one visit: more say no more
)

// disperse empties all gatherings.
func disperse(all []gathering) {
	for i := range all {
		g := &all[i]
		if g.any {
			clear(g.familiar)
			g.any, g.strangers, g.bad = false, g.strangers[:0], g.bad[:0]
		}
	}
}

func (s *scoping) gather(v *visit) {
	for _, g := range [...]*gathering{&s.atLine[v.addr.number], &s.atPlace[v.is.place]} {
		g.any = true
		switch {
		case v.judged == condemned || v.alone >= doubtfulAt && v.stranger:
			g.bad = append(g.bad, v)
		case v.stranger:
			g.strangers = append(g.strangers, v)
		}
		if v.judged != condemned && v.regular && len(g.familiar) < maxFamiliar {
			if g.familiar == nil {
				g.familiar = map[uint32]struct{}{}
			}
			g.familiar[v.who.Handle] = struct{}{}
		}
	}
}

// near returns those of a list, which is in order of first use, that came within two weeks of the visit.
func near(list []*visit, v *visit) []*visit {
	from, _ := slices.BinarySearchFunc(list, v.first-14*day, func(w *visit, at event.Micros) int { return cmp.Compare(w.first, at) })
	to, _ := slices.BinarySearchFunc(list, v.last+14*day, func(w *visit, at event.Micros) int { return cmp.Compare(w.first, at) })
	return list[from:max(from, min(to, from+maxNear))]
}

// weighCompany adds what other accounts say that came to the same address: strangers to it with clients unlike their own,
// and those condemned or in doubt. Where people are at home, only the same client is company.
func (s *scoping) weighCompany(v *visit, p past, add func(string, float64)) {
	a := v.addr
	if a.place.Own {
		return
	}
	circle, lair := s.encircled(v), s.inLair(v)
	g := &s.atLine[a.number]
	if g.any && v.client != 0 && (len(g.familiar) > 0 || a.mixed()) { // many homes' people meet there
		g = &s.atPlace[v.is.place]
	}
	if !g.any {
		add("met-again", circle)
		add("company", lair)
		return
	}
	seen := &s.seen
	seen.clear()
	seen.add(v.who.Handle)
	company := 0.0
	for _, w := range near(g.bad, v) {
		like := s.alike(v, w)
		switch {
		case like == 0 || seen.has(w.who.Handle):
			continue
		case w.judged == condemned:
			company += like
		default:
			company += like * (1 - w.custom) * probability(w.alone)
		}
		seen.add(w.who.Handle)
	}
	if !p.network && v.strangerNow(p) {
		add("met-again", max(circle, s.weighStrangers(v, p, g, add)))
	}
	// Without a login it may be the mail service itself that acts, from machines of its own where all of its users meet.
	if _, taken := s.taken.of(v.who.Handle); taken && v.logins+v.half > 0 && !p.network && v.strangerNow(p) {
		add("stolen-together", max(s.stolenTogether(g, v)*s.tellingOf(v, p), s.onlyStolen(v)))
	}
	if !p.network {
		add("company", max(lair, min(company*s.w.Company, s.w.CompanyMax)))
	}
}

// stolenTogether weighs that other accounts which the intruder had used met this one at an address new to them all.
func (s *scoping) stolenTogether(g *gathering, v *visit) float64 {
	s.met.clear()
	s.met.add(v.who.Handle)
	for _, w := range near(g.strangers, v) {
		if _, taken := s.taken.of(w.who.Handle); taken {
			s.met.add(w.who.Handle)
		}
	}
	if s.met.n < 2 {
		return 0
	}
	return min(s.w.StolenTogether+float64(s.met.n-2), s.w.CompanyMax)
}

// onlyStolen weighs that an address which hides its user was used with accounts that the intruder has, and with no others: the fewer accounts he
// has, the less it is chance. It needs no client that tells.
func (s *scoping) onlyStolen(v *visit) float64 {
	if !v.addr.place.Kind.Anonymous() || len(v.addr.visits) > maxElderVisits {
		return 0
	}
	s.met.clear()
	for _, w := range v.addr.visits {
		if w.who == v.who || w.logins+w.acts == 0 {
			continue
		}
		if _, taken := s.taken.of(w.who.Handle); !taken {
			return 0
		}
		s.met.add(w.who.Handle)
	}
	share := max(float64(s.taken.n)/float64(max(s.used, 1)), leastTaken)
	return min(float64(s.met.n)*onlyStolenEach*math.Log(1/share), s.w.CompanyMax)
}

const (
	leastTaken     = 0.02 // share of the accounts, as if he had that many at least
	onlyStolenEach = 0.6  // of the logarithm of that share, for each other account: they may belong together in other ways
)

// rented says whether accounts with a past meet on a rented machine where nobody is at home. Unlike the exits of a commercial VPN such a
// machine has no chance customers: who meets there comes by one hand, or through a service that is new to all, which then many use.
func (s *scoping) rented(v *visit, p past, deep float64, familiar int) bool {
	return v.addr.place.Kind == event.KindHosting && p.days >= deepDays && !p.kind && familiar == 0 && deep > 0 && deep+1 < commonShare*float64(len(s.people))
}

// elders counts the accounts that came to an address with a visit's client, in any version, a month or more before and were not condemned for it: the hotel of every year's
// conference is no meeting place of strangers.
func (s *scoping) elders(v *visit) int {
	s.met.clear()
	s.met.add(v.who.Handle)
	for _, w := range v.addr.visits[:min(len(v.addr.visits), maxElderVisits)] {
		if w.first >= v.first-elderAfter || s.met.n > maxFamiliar {
			break // they are in order of time
		}
		if w.judged != condemned && w.logins+w.acts > 0 && s.families[w.client] == s.families[v.client] {
			s.met.add(w.who.Handle)
		}
	}
	return min(s.met.n-1, maxFamiliar)
}

const (
	elderAfter     = 30 * day
	maxElderVisits = 512
)

// weighStrangers adds what other strangers at the address say, and returns what it says that some of them were met before.
func (s *scoping) weighStrangers(v *visit, p past, g *gathering, add func(string, float64)) (met float64) {
	strangers, same, deep, strange := 0.0, 0.0, 0.0, 0.0
	for _, w := range near(g.strangers, v) {
		if !s.seen.add(w.who.Handle) {
			continue
		}
		as := 1 - w.custom // a customer of a service is no company at its exits
		strangers += as
		if s.families[w.client] == s.families[v.client] {
			same += as
		}
		if w.past.days >= deepDays {
			deep += as
		}
		if n := s.novelty.stranger(w.past.days); n >= tellingFrom || v.addr.place.Kind.Anonymous() {
			strange += n * as
		}
	}
	if strangers == 0 {
		return 0
	}
	strange = max(strange, s.oneClient(v, same, strangers))
	familiar := len(g.familiar)
	if _, self := g.familiar[v.who.Handle]; self {
		familiar--
	}
	r := math.Min(strange, strangers*s.w.Stranger) + float64(familiar)*s.w.Familiar
	if !v.addr.place.Kind.Anonymous() {
		r = max(min(r, 0), r+float64(s.elders(v))*s.w.Elder) // it takes from what meeting says; what the client says of him stays
	}
	if s.rented(v, p, deep, familiar) {
		r = max(r, deep*s.w.Rented)
	}
	if v.client == 0 { // without a client to compare, only kinds of address that few share say something
		r = max(0, strangers*0.4*s.w.Stranger+min(0, float64(familiar)*s.w.Familiar)) // where customers are at home, it is their service's
		if k := v.addr.place.Kind; !k.Anonymous() && k != event.KindResidential {
			r = 0
		}
	}
	add("co-use", min(max(r, s.w.CoUseMin), s.w.CoUseMax))
	return s.metAgain(v, g)
}

// tellingFrom is what being strange must be worth, in nats, before many strangers at an address are more than a crowd: where
// nobody has a past, as at the beginning of the logs, a carrier's gateway is full of them.
const tellingFrom = 1.0

// tellingOf returns how much it says, from 0 to 1, that a visit is strange to its account: little where most honest visits of that depth
// of history are, and nothing of a client that fits the owner as it fits so many.
func (s *scoping) tellingOf(v *visit, p past) float64 {
	if v.addr.place.Kind.Anonymous() || v.client == 0 {
		return 1
	}
	if p.common {
		return 0
	}
	return min(1, s.novelty.stranger(p.days)/tellingFrom)
}

// alike returns how much company two visits to one address are for each other, from 0 to 1: where an address hides its users, all; elsewhere
// as far as they share a client that few have. Many people's phones meet behind one carrier's gateway.
func (s *scoping) alike(v, w *visit) float64 {
	if v.addr.place.Kind.Anonymous() {
		return 1
	}
	if v.client == 0 || w.client == 0 { // mail programs behind a carrier's gateway, or in a quarter of the town, are no company
		if v.addr.mixed() || s.crowd(v) {
			return 0
		}
		return 1
	}
	share := s.heldBy[s.families[v.client]]
	if s.families[v.client] != s.families[w.client] || share >= commonShare {
		return 0
	}
	return min(1, math.Log(commonShare/max(share, 1e-3)))
}

// oneClient weighs that more strangers at an address have the same client than would by chance: that is one operator's. A client that many
// have says nothing, nor one that many have who come through the same provider: behind a carrier's gateway everybody has one of three telephones.
func (s *scoping) oneClient(v *visit, same, strangers float64) float64 {
	share := max(s.heldBy[s.families[v.client]], s.throngs.share(v, s.families[v.client], same, strangers))
	if v.client == 0 || share >= commonShare || s.everybodys(v) {
		return 0
	}
	return max(0, same-strangers*share) * s.w.Stranger
}

// hold counts who has a client, and who has it at one address.
func (s *scoping) hold() {
	s.hands, s.holders = make([]int, s.numbers.places), make([]int, len(s.names))
	has := make([]bool, s.numbers.pairs)
	for _, v := range s.ordered {
		if v.client == 0 {
			continue
		}
		s.hands[v.is.place]++
		if !has[v.is.pair] {
			has[v.is.pair] = true
			s.holders[v.client]++
		}
	}
}

// hide counts by client who used it at addresses that hide their users, and how many people come from such addresses at all. Whoever does so
// for weeks has it as a habit and is not counted.
func (s *scoping) hide() {
	type use struct {
		days        int32
		first, last event.Micros
	}
	uses, people := make([]use, s.numbers.pairs), handles{}
	hidden := func(v *visit) bool { return v.client != 0 && v.addr.place.Kind.Anonymous() }
	for _, v := range s.ordered {
		if !hidden(v) {
			continue
		}
		people.add(v.who.Handle)
		u := &uses[v.is.pair]
		if u.days == 0 {
			u.first = v.first
		}
		u.days, u.last = u.days+v.days, max(u.last, v.last)
	}
	s.masked, s.maskedBy, s.maskedAll = make([]bool, s.numbers.pairs), make([]int, len(s.names)), people.n
	for _, v := range s.ordered {
		if u := &uses[v.is.pair]; hidden(v) && !s.masked[v.is.pair] && (u.days < 8 || u.last-u.first < habitAfter) {
			s.masked[v.is.pair] = true
			s.maskedBy[v.client]++
		}
	}
}

// sameHand weighs that one client, which hardly anybody else has, serves several accounts at an address that hides its user, or, while the
// records are too young to know anybody's habits, at any such addresses. It needs no past: it is what is left to see where the logs begin
// after the intruder. With a past to compare with, a client that has no home says it for any kind of address.
func (s *scoping) sameHand(v *visit) float64 {
	if s.everybodys(v) {
		return 0
	}
	if n := s.houseless(v); n > 2 {
		return min(float64(n-1)*s.w.Homeless, s.w.HomelessMax)
	}
	all := s.holders[v.client]
	if v.client == 0 || !v.addr.place.Kind.Anonymous() || float64(all) >= commonShare*float64(len(s.people)) {
		return 0
	}
	nats := 0.0
	if n := s.hands[v.is.place]; n >= 3 && 2*n >= all {
		nats = max(0, min((float64(n-1)-s.patrons[v.is.place])*s.w.SameHand, s.w.SameHandMax))
	}
	if s.masked[v.is.pair] && v.first < s.recordsFrom+youngRecords {
		excess := float64(s.maskedBy[v.client]) - s.maskedPatrons[v.client] - float64(s.maskedAll)*s.heldBy[s.families[v.client]]
		nats = max(nats, min((excess-1)*s.w.SameHand/2, s.w.MaskedMax))
	}
	return nats
}
