// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"math"
	"slices"

	"github.com/sekisho/sekisho/event"
)

const day = event.Micros(86400 * 1e6)

// weigh sums the evidence on one visit.
func (s *scoping) weigh(v *visit) {
	terms := s.terms[:0]
	v.nats = 0
	add := func(name string, nats float64) {
		if nats > 0 && v.custom > 0 && byCompany(name) {
			nats *= 1 - v.custom
		}
		if nats != 0 {
			terms = append(terms, term{name, nats})
			v.nats += nats
		}
	}
	add("prior", s.w.Prior)
	if s.campaign.has(v.first) {
		add("campaign", s.w.PriorCampaign)
	}
	if s.allBad > 1 && v.first >= s.harmStart-30*day || s.heldFrom != 0 && v.first >= s.heldFrom-30*day {
		add("campaign", s.w.PriorBreach)
	}
	a := v.addr
	p := v.past
	if f := s.foothold(v, p); f > 0 {
		add("foothold", f)
	} else {
		add("kind", s.w.Kind[a.place.Kind])
	}
	if c := a.place.Country; c != "" && c != s.home && !p.country && !a.place.Own {
		w := s.w.Abroad
		if a.place.Kind == event.KindTor { // where it comes out says nothing of where its user is
			w /= 2
		}
		add("abroad", w)
	}
	if n := s.popular[a.around]; !a.place.Kind.Anonymous() && n >= max(5, len(s.people)/33) && !p.address {
		add("population", s.w.Population)
	}
	if s.exposed != 0 && v.first >= s.exposed && v.first < s.exposed+120*day && !p.address && !p.client {
		add("exposed", s.w.Exposed)
	}
	add("own-history", s.ownHistory(v, p))
	add("client", s.clientTerm(v, p))
	if !p.client && !p.address {
		add("operator-client", s.operatorClient(v))
		s.weighSource(v, p, add)
	}
	if v.guessed && !p.address {
		add("after-guessing", s.w.AfterGuessing)
	}
	abused := 0.0
	if !p.address && !p.network {
		abused = v.abused
		add("abused", abused)
	}
	add("no-owner", s.w.NoOwner*s.ownerless(v))
	if len(s.made) > 0 && !p.address && !p.network && s.madeHis(v) {
		add("made-his", s.w.MadeHis)
	}
	if s.ails(v, p) {
		add("own-machine", s.w.Ailing)
	}
	if s.tunnelled[v] {
		add("tunnel", s.w.Tunnel)
	}
	if at, ok := s.dropped[v.who.ID]; ok && !p.address && v.last > at-14*day {
		add("drop-out", s.w.DropOut)
	}
	if v.mail+v.files >= 100 && v.daily() >= 5*max(p.bulk, 1) && p.days >= deepDays && !p.address {
		w := s.w.Bulk
		if v.daily() >= 20*max(p.bulk, 1) {
			w *= 1.5
		}
		if abused > 0 { // much of the same, told already
			w /= 2
		}
		add("bulk", w)
	}
	if v.half > 0 && v.logins == 0 && v.acts == 0 {
		add("half-only", s.w.HalfOnly)
	}
	if !p.address {
		add("same-hand", s.sameHand(v))
	}
	if a.place.Kind == event.KindHosting && !p.address && !p.kind && !p.client && p.days >= deepDays {
		add("wandering", s.wandering(v))
	}
	// Drop-out and exposure say the same, that somebody else has the password: it counts once.
	told := func(t term) bool { return t.name == "drop-out" || t.name == "exposed" }
	if at, ok := s.taken.of(v.who.Handle); ok && v.strangerNow(p) && v.last > at && !slices.ContainsFunc(terms, told) {
		w := s.w.Stolen * s.tellingOf(v, p)
		if near := v.first - at; a.place.Kind.Anonymous() && near < stolenNear && near > -stolenNear { // owners do not begin to hide on the day of the theft
			w += s.w.StolenNear
		}
		add("stolen", w)
	}
	s.weighRoaming(v, terms, add)
	v.alone = v.nats
	if !p.client && !p.address {
		s.weighCompany(v, p, add)
	}
	s.weighWords(v, p, add)
	s.terms = terms
	v.terms = nil
	if v.nats > s.w.Prior+2 { // what found nothing against it is not told
		v.terms = slices.Clone(terms)
	}
}

const stolenNear = 3 * day

// ownerless says how sure it is that an account has no owner: it appeared late, its first use ever was the intruder's, who made it or woke it,
// and nobody else is known to have used it. The longer the records told of others before, the surer, from 0 to 1.
func (s *scoping) ownerless(v *visit) float64 {
	if _, taken := s.taken.of(v.who.Handle); !taken {
		return 0
	}
	first := s.firstUse(v.who.Handle)
	if first == nil || first == v || first.judged != condemned {
		return 0
	}
	known := first.first - s.recordsFrom
	if known < ownerlessLeast {
		return 0
	}
	return min(1, float64(known)/float64(ownerlessAfter))
}

// Bounds of how long records must have told of others before an account that they do not tell of was not in use.
const (
	ownerlessLeast = 5 * day
	ownerlessAfter = 21 * day
)

func (s *scoping) ownHistory(v *visit, p past) float64 {
	switch {
	case p.address:
		return s.w.OwnAddress
	case p.kind:
		return s.w.OwnKind
	case p.network:
		return s.w.OwnNetwork
	case p.as: // an AS that nearly everybody comes from says little of this one
		return s.w.OwnAS * (1 - s.asShare[v.addr.place.ASN])
	}
	return 0
}

func (s *scoping) clientTerm(v *visit, p past) float64 {
	switch {
	case v.client == 0:
		return v.escorted
	case p.client:
		return s.w.ClientKnown
	case p.family:
		return s.w.ClientFamily
	case p.contested: // it fits the intruder, as it fits the owner
		return 0
	case p.common: // it fits the owner, as it would fit so many others
		return min(0, math.Log(max(s.shareOf(v, false), commonShare)/0.9))
	}
	return min(s.novelty.stranger(p.days), s.w.ClientNew)
}

// operatorShare returns which share of the condemned accounts has the client of a visit; 0 where they are too few to tell, or where the client
// is common anyway.
func (s *scoping) operatorShare(v *visit) float64 {
	if s.allBad < fewBad || s.heldBy[s.families[v.client]] >= commonShare {
		return 0
	}
	bad, total := s.clientBad[v.client], s.allBad
	if v.judged == condemned {
		bad, total = bad-1, total-1
	}
	return float64(bad) / float64(total)
}

// operatorClient compares how often condemned accounts and the others have this client: a rare one that the condemned share
// says much, the common browser says nothing.
func (s *scoping) operatorClient(v *visit) float64 {
	if v.client == 0 || s.allBad == 0 || v.past.contested || s.everybodys(v) {
		return 0
	}
	bad, total := s.clientBad[v.client], s.allBad
	if v.judged == condemned { // not its own witness
		bad, total = bad-1, total-1
	}
	if bad < 1 || total < 1 {
		return 0
	}
	good := s.clientAll[v.client]
	own := v.judged != condemned && v.days >= s.habitDays()
	if s.allBad < fewBad { // a few condemned may be a mistake, and whoever else was seen with it is a witness against that
		good, own = s.clientSeen[v.client], v.judged != condemned
	}
	if own && good > 0 {
		good--
	}
	r := math.Log((float64(bad)+0.5)/(float64(total)+1)) - math.Log((float64(good)+0.5)/(float64(s.withClient)+1))
	return min(max(r, 0), s.w.OperatorMax)
}

// fewBad is how many condemned accounts tell by themselves which client is the operator's.
const fewBad = 5

// guesser says whether an address tried many accounts and seldom got in: a source of guessing, not a place where people
// mistype.
func (a *address) guesser() bool {
	if a.place.Own {
		return false
	}
	var logins int64
	for _, v := range a.visits {
		logins += v.logins
	}
	tries, tried := a.failures+a.unknown, a.triedAll-a.homely
	if tried < 5 || tries < 10 || tries <= 3*logins {
		return false
	}
	if a.triedAll >= maxTried { // many more may have been: the sample says of what kind they are
		return 2*tried > a.triedAll
	}
	if tried >= 3*int64(max(a.failDays, 1)) {
		return true
	}
	real := a.real - a.homely
	return real >= slowTried && real >= slowRatio*a.entered() // a list worked through over weeks
}

// homelyAt counts the accounts that failed at an address and had come from its neighbourhood before they first did: on the day on which all
// passwords lapse, the telephones behind a carrier's address go on trying, and each is its owner's. Where the records are too young to know who came
// before, those count that came afterwards, if they are most of those in use: who guesses does not get in at most that he tries.
func (s *scoping) homelyAt(a *address) int64 {
	around := event.Neighbourhood(a.place.IP)
	var before, after, used int64
	for h, t := range a.tried {
		p := s.Ledger.people[h]
		if p == nil || !p.success {
			continue
		}
		used++
		came := func(v *visit) bool { return v.logins > 0 && event.Neighbourhood(v.addr.place.IP) == around }
		switch {
		case slices.ContainsFunc(p.visits, func(v *visit) bool { return came(v) && v.first < t.at }):
			before++
		case t.at < s.recordsFrom+youngRecords && slices.ContainsFunc(p.visits, came):
			after++
		}
	}
	if after >= leastHomely && 2*(before+after) > used {
		return before + after
	}
	return before
}

// leastHomely is how many accounts must have come from around an address after they failed there, for that to say something.
const leastHomely = 3

// Bounds of a slow guesser: where people are at home, those who mistype also get in.
const (
	slowTried = 10 // accounts that somebody uses: the Internet's noise tries names that nobody has, or hardly anybody
	slowRatio = 8  // times as many as ever logged in from there
)

// entered returns how many accounts logged in from the address.
func (a *address) entered() int64 {
	who := map[uint32]struct{}{}
	for _, v := range a.visits {
		if v.logins > 0 {
			who[v.who.Handle] = struct{}{}
		}
	}
	return int64(len(who))
}

// weighSource adds what the address did to other accounts. At an address that honest people use too, it says something
// only about clients that are not their owners'.
func (s *scoping) weighSource(v *visit, p past, add func(string, float64)) {
	switch n := v.addr.tried[v.who.Handle].n; {
	case p.family:
	case v.addr.guesses || s.guessedAmong(v.addr):
		w := s.w.GuessSource
		g := &s.atLine[v.addr.number]
		switch {
		case v.addr.mixed(): // it was one of many homes
			w /= 2
		case len(g.familiar) == 0:
			w += s.w.GuessOnly
		}
		add("guess-source", w)
	case s.stuffed(v):
		add("tried-here", s.w.Stuffed)
	case n >= 20 && n >= 5*v.addr.failDays && v.addr.failAt <= v.first+day && !v.addr.place.Own: // at this account alone, far beyond slips of the finger and what a device does with an old password
		add("guess-source", s.w.GuessSource*math.Min(1, 0.7+0.1*math.Log10(float64(n))))
	}
	if v.client == 0 && v.escorted == 0 && v.logins+v.half > 0 && !p.network && !p.as && p.days >= 15 && p.networks <= 2 {
		add("own-habit", s.w.OwnHabit)
	}
}

// guessedAmong says whether somebody guessed from an address that many homes share, whose people's logins hide it.
func (s *scoping) guessedAmong(a *address) bool {
	if !a.mixed() || a.triedAll < 5 {
		return false
	}
	_, named := s.sources[a.named()]
	return named && !s.ordinary(a)
}

// weighWords adds seeds and answers.
func (s *scoping) weighWords(v *visit, p past, add func(string, float64)) {
	for i := range s.in.Seeds {
		sd := &s.in.Seeds[i]
		near := sd.Around == 0 || v.first < sd.Around+30*day && v.last > sd.Around-30*day
		if !near {
			continue
		}
		if sd.Address.IsValid() && v.addr.meant(sd.Address) && !p.address && !p.client {
			w := s.w.Seed
			if v.addr.manifold() { // whoever named it named many homes
				w /= 2
			}
			add("seed", w)
		}
		if sd.Account != "" && sd.Account == v.who.ID && !p.address && !p.network {
			add("seed", s.w.Seed/2)
		}
	}
	s.weighAnswers(v, add)
}
