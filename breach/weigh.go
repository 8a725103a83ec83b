// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

const day = event.Micros(86400 * 1e6)

// past is what an account's own earlier, uncondemned use says about one of its visits.
type past struct {
	address, network, as, kind bool
	country                    bool
	client, family             bool
	days                       int32 // of use before the visit
	networks                   int   // different ones before the visit
	bulk                       int64 // the most mail and files a day of one earlier visit
	again                      bool  // the same new client came from another new place lately: it is new once only
	common                     bool  // the client is known from the past, but so many others have it that it tells nobody apart
	contested                  bool  // the client is known from the past, and the intruder has it too
}

// history gathers an account's uncondemned use in order of time, so that the past of all its visits takes one pass.
type history struct {
	clients, families map[string]bool
	addresses         map[netip.Addr]bool
	networks          map[netip.Prefix]bool
	asns              map[uint32]bool
	countries         map[string]bool
	kinds             [event.KindOwn + 1]bool
	days              int32
	bulk              int64
	pending           []*visit // strange when they began, and not old enough yet to be a habit
}

const (
	commonShare  = 0.15     // of the other accounts that have a client: from here on it tells nobody apart
	deepDays     = 5        // of use before which everything is new and nothing is strange
	habitAfter   = 21 * day // what was strange vouches for nothing sooner: the intruder's first visit would excuse his second
	youngRecords = 30 * day // until then nobody's habits are known
	selfHabit    = 14 * day // a visit speaks for itself if it began so long before the harm
)

// recall sets the past of every visit of an account. Use that began after the harm did counts for clients only: a habit
// learnt under the intruder excuses nobody's address.
func (s *scoping) recall(p *person) {
	h := history{addresses: map[netip.Addr]bool{}, networks: map[netip.Prefix]bool{}, clients: map[string]bool{}, families: map[string]bool{},
		asns: map[uint32]bool{}, countries: map[string]bool{}}
	var same []*visit // visits that began at the same moment do not speak for one another
	for i, v := range p.visits {
		if len(same) > 0 && same[0].first != v.first {
			s.remember(&h, same)
			same = same[:0]
		}
		v.past = s.look(&h, v)
		same = append(same, p.visits[i])
	}
}

func (s *scoping) look(h *history, v *visit) past {
	for len(h.pending) > 0 && h.pending[0].first+habitAfter <= v.first {
		s.learn(h, h.pending[0])
		h.pending = h.pending[1:]
	}
	a := &v.addr.place
	p := past{
		address: h.addresses[a.IP], network: h.networks[network(a.IP)],
		as: a.ASN != 0 && !a.Kind.Anonymous() && h.asns[a.ASN], kind: a.Kind.Anonymous() && h.kinds[a.Kind],
		country: a.Country != "" && h.countries[a.Country], days: h.days, bulk: h.bulk, networks: len(h.networks),
	}
	if v.client != 0 {
		p.client = h.clients[s.names[v.client]]
		p.family = !p.client && h.families[s.families[v.client]]
		if (p.client || p.family) && s.shareOf(v, p.client) >= commonShare {
			p.client, p.family, p.common = false, false, true
		}
		if (p.client || p.family) && s.operatorShare(v) >= 0.3 {
			p.client, p.family, p.contested = false, false, true
		}
		if s.sameHand(v) > 0 { // it is nobody's own
			p.client, p.family, p.common, p.contested = false, false, false, false
		}
		p.again = slices.ContainsFunc(h.pending, func(w *visit) bool { return s.families[w.client] == s.families[v.client] })
	}
	// Its own use counts too where it became a habit before the harm.
	if s.harmStart != math.MaxInt64 && v.first < s.harmStart-selfHabit && v.daysBefore(s.harmStart) >= 3 {
		p.address = true
	}
	return p
}

// shareOf returns which share of the other accounts has the client of a visit, to the letter or in any version.
func (s *scoping) shareOf(v *visit, exact bool) float64 {
	n := s.familyAll[s.families[v.client]]
	if exact {
		n = s.clientAll[v.client]
	}
	return float64(max(n-1, 0)) / float64(max(s.withClient-1, 1))
}

func (s *scoping) remember(h *history, visits []*visit) {
	for _, w := range visits {
		if w.judged == condemned {
			continue
		}
		h.days += w.days
		if w.strangerNow(w.past) && w.past.days >= deepDays && !w.addr.place.Own {
			h.pending = append(h.pending, w)
			continue
		}
		s.learn(h, w)
	}
}

// learn makes a visit part of what the account is known to use.
func (s *scoping) learn(h *history, w *visit) {
	h.bulk = max(h.bulk, w.daily())
	if w.client != 0 {
		h.clients[s.names[w.client]] = true
		h.families[s.families[w.client]] = true
	}
	if w.first >= s.harmStart {
		return
	}
	a := &w.addr.place
	h.addresses[a.IP] = true
	h.networks[network(a.IP)] = true
	h.asns[a.ASN] = true
	h.countries[a.Country] = true
	h.kinds[min(a.Kind, event.KindOwn)] = true
}

// daily returns how many messages and files a day the visit took.
func (v *visit) daily() int64 { return (v.mail + v.files) / int64(max(v.days, 1)) }

// daysBefore estimates on how many days the visit was seen before t, from its runs.
func (v *visit) daysBefore(t event.Micros) int32 {
	if v.last < t {
		return v.days
	}
	var before, all int64
	for _, r := range v.runs {
		all += r.n
		if r.to < t {
			before += r.n
		} else if r.from < t && r.to > r.from {
			before += r.n * int64(t-r.from) / int64(r.to-r.from+1)
		}
	}
	if all == 0 {
		return 0
	}
	return int32(int64(v.days) * before / all)
}

// network returns the neighbourhood of an address: /24 of IPv4, /48 of IPv6.
func network(ip netip.Addr) netip.Prefix {
	bits := 24
	if ip.Is6() {
		bits = 48
	}
	p, _ := ip.Prefix(bits)
	return p
}

// weigh sums the evidence on one visit.
func (s *scoping) weigh(v *visit) {
	terms := s.terms[:0]
	v.nats = 0
	add := func(name string, nats float64) {
		if nats != 0 {
			terms = append(terms, term{name, nats})
			v.nats += nats
		}
	}
	add("prior", s.w.Prior)
	if s.campaign.has(v.first) {
		add("campaign", s.w.PriorCampaign)
	}
	if s.allBad > 1 && v.first >= s.harmStart-30*day {
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
		add("abroad", s.w.Abroad)
	}
	if n := s.popular[network(a.place.IP)]; !a.place.Kind.Anonymous() && n >= max(5, len(s.people)/33) && !p.address {
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
	if _, ok := s.guessed[pairKey{v.who.ID, a.place.IP}]; ok && !p.address {
		add("after-guessing", s.w.AfterGuessing)
	}
	if at, ok := s.dropped[v.who.ID]; ok && !p.address && v.last > at-14*day {
		add("drop-out", s.w.DropOut)
	}
	if v.mail+v.files >= 100 && v.daily() >= 5*max(p.bulk, 1) && p.days >= deepDays && !p.address {
		w := s.w.Bulk
		if v.daily() >= 20*max(p.bulk, 1) {
			w *= 1.5
		}
		add("bulk", w)
	}
	if v.half > 0 && v.logins == 0 && v.acts == 0 {
		add("half-only", s.w.HalfOnly)
	}
	if !p.address {
		add("same-hand", s.sameHand(v))
	}
	// Drop-out and exposure say the same, that somebody else has the password: it counts once.
	told := func(t term) bool { return t.name == "drop-out" || t.name == "exposed" }
	if at, ok := s.taken[v.who.Handle]; ok && v.strangerNow(p) && v.last > at && !slices.ContainsFunc(terms, told) {
		add("stolen", s.w.Stolen*s.tellingOf(v, p))
	}
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
		return 0
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
	if s.allBad < 5 || s.heldBy[s.families[v.client]] >= commonShare {
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
	if v.client == 0 || s.allBad == 0 || v.past.contested {
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
	if v.judged != condemned && v.days >= s.habitDays() && good > 0 {
		good--
	}
	r := math.Log((float64(bad)+0.5)/(float64(total)+1)) - math.Log((float64(good)+0.5)/(float64(len(s.people))+1))
	return min(max(r, 0), s.w.OperatorMax)
}

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
	tries := a.failures + a.unknown
	if a.triedAll < 5 || tries < 10 || tries <= 3*logins {
		return false
	}
	if a.triedAll >= 3*int64(max(a.failDays, 1)) || a.triedAll >= maxTried {
		return true
	}
	return a.real >= slowTried && a.real >= slowRatio*a.entered() // a list worked through over weeks
}

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
	switch n := v.addr.tried[v.who.Handle]; {
	case p.family:
	case v.addr.guesser():
		w := s.w.GuessSource
		if g := s.gathered[sessionKey{v.addr.place.IP, noClient}]; g == nil || len(g.familiar) == 0 {
			w += s.w.GuessOnly
		}
		add("guess-source", w)
	case n >= 20 && n >= 5*v.addr.failDays && v.addr.failAt <= v.first+day && !v.addr.place.Own: // at this account alone, far beyond slips of the finger and what a device does with an old password
		add("guess-source", s.w.GuessSource*math.Min(1, 0.7+0.1*math.Log10(float64(n))))
	}
	if v.client == 0 && !p.network && !p.as && p.days >= 15 && p.networks <= 2 {
		add("own-habit", s.w.OwnHabit)
	}
}

// gathering is what weighs on a visit from the others at its address, gathered once a round: who is new there, who is bad or
// in doubt, and who is at home.
type gathering struct {
	strangers []*visit            // in order of time
	bad       []*visit            // condemned, or in doubt by what speaks against them alone; in order of time
	familiar  map[uint32]struct{} // accounts at home, up to maxFamiliar
}

const (
	maxFamiliar = 32
	maxNear     = 128 // strangers or bad visits that are looked at for one visit: more say no more
)

// sessionKey is an address, or an address as seen with one client.
type sessionKey struct {
	addr   netip.Addr
	client uint32 // noClient for all of them
}

const noClient = ^uint32(0)

func (s *scoping) gather(v *visit) {
	for _, key := range [...]sessionKey{{v.addr.place.IP, noClient}, {v.addr.place.IP, v.client}} {
		g := s.gathered[key]
		if g == nil {
			g = &gathering{}
			s.gathered[key] = g
		}
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
	g := s.gathered[sessionKey{a.place.IP, noClient}]
	if g != nil && v.client != 0 && len(g.familiar) > 0 {
		g = s.gathered[sessionKey{a.place.IP, v.client}]
	}
	if g == nil {
		return
	}
	seen := map[uint32]bool{v.who.Handle: true}
	company := 0.0
	for _, w := range near(g.bad, v) {
		like := s.alike(v, w)
		switch {
		case seen[w.who.Handle] || like == 0:
			continue
		case w.judged == condemned:
			company += like
		default:
			company += like * probability(w.alone)
		}
		seen[w.who.Handle] = true
	}
	if !p.network && v.strangerNow(p) {
		s.weighStrangers(v, g, seen, add)
	}
	if _, taken := s.taken[v.who.Handle]; taken && !p.network && v.strangerNow(p) {
		add("stolen-together", s.stolenTogether(g, v)*s.tellingOf(v, p))
	}
	if company > 0 && !p.network {
		add("company", min(company*s.w.Company, s.w.CompanyMax))
	}
}

// stolenTogether weighs that other accounts which the intruder had used met this one at an address new to them all.
func (s *scoping) stolenTogether(g *gathering, v *visit) float64 {
	met := map[uint32]bool{v.who.Handle: true}
	for _, w := range near(g.strangers, v) {
		if _, taken := s.taken[w.who.Handle]; taken {
			met[w.who.Handle] = true
		}
	}
	if len(met) < 2 {
		return 0
	}
	return min(s.w.StolenTogether+float64(len(met)-2), s.w.CompanyMax)
}

func (s *scoping) weighStrangers(v *visit, g *gathering, seen map[uint32]bool, add func(string, float64)) {
	strangers, same, strange := 0, 0, 0.0
	for _, w := range near(g.strangers, v) {
		if seen[w.who.Handle] {
			continue
		}
		seen[w.who.Handle] = true
		strangers++
		if s.families[w.client] == s.families[v.client] {
			same++
		}
		if n := s.novelty.stranger(w.past.days); n >= tellingFrom || v.addr.place.Kind.Anonymous() {
			strange += n
		}
	}
	if strangers == 0 {
		return
	}
	strange = max(strange, s.oneClient(v, same, strangers))
	familiar := len(g.familiar)
	if _, self := g.familiar[v.who.Handle]; self {
		familiar--
	}
	r := math.Min(strange, float64(strangers)*s.w.Stranger) + float64(familiar)*s.w.Familiar
	if v.client == 0 { // without a client to compare, only kinds of address that few share say something
		r = float64(strangers) * 0.4 * s.w.Stranger
		if k := v.addr.place.Kind; !k.Anonymous() && k != event.KindResidential {
			r = 0
		}
	}
	add("co-use", min(max(r, s.w.CoUseMin), s.w.CoUseMax))
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
	if v.addr.place.Kind.Anonymous() || v.client == 0 || w.client == 0 {
		return 1
	}
	share := s.heldBy[s.families[v.client]]
	if s.families[v.client] != s.families[w.client] || share >= commonShare {
		return 0
	}
	return min(1, math.Log(commonShare/max(share, 1e-3)))
}

// oneClient weighs that more strangers at an address have the same client than would by chance: that is one operator's. A client that many
// have says nothing: behind a carrier's gateway everybody has one of three telephones.
func (s *scoping) oneClient(v *visit, same, strangers int) float64 {
	share := s.heldBy[s.families[v.client]]
	if v.client == 0 || share >= commonShare {
		return 0
	}
	return max(0, float64(same)-float64(strangers)*share) * s.w.Stranger
}

// hold counts who has a client, and who has it at one address.
func (s *scoping) hold(v *visit) {
	if v.client == 0 {
		return
	}
	s.hands[sessionKey{v.addr.place.IP, v.client}]++
	if s.holders[v.client] == nil {
		s.holders[v.client] = map[uint32]struct{}{}
	}
	s.holders[v.client][v.who.Handle] = struct{}{}
}

// hide counts by client who used it at addresses that hide their users, and how many people come from such addresses at all. Whoever does so
// for weeks has it as a habit and is not counted.
func (s *scoping) hide() {
	type use struct {
		days        int32
		first, last event.Micros
	}
	type kin struct{ client, who uint32 }
	uses, people := map[kin]use{}, map[uint32]bool{}
	for _, v := range s.ordered {
		if v.client == 0 || !v.addr.place.Kind.Anonymous() {
			continue
		}
		people[v.who.Handle] = true
		u, ok := uses[kin{v.client, v.who.Handle}]
		if !ok {
			u.first = v.first
		}
		u.days, u.last = u.days+v.days, max(u.last, v.last)
		uses[kin{v.client, v.who.Handle}] = u
	}
	s.masked, s.maskedAll = map[uint32]map[uint32]bool{}, len(people)
	for k, u := range uses {
		if u.days >= 8 && u.last-u.first >= habitAfter {
			continue
		}
		if s.masked[k.client] == nil {
			s.masked[k.client] = map[uint32]bool{}
		}
		s.masked[k.client][k.who] = true
	}
}

// sameHand weighs that one client, which hardly anybody else has, serves several accounts at an address that hides its user, or, while the
// records are too young to know anybody's habits, at any such addresses. It needs no past: it is what is left to see where the logs begin
// after the intruder.
func (s *scoping) sameHand(v *visit) float64 {
	all := len(s.holders[v.client])
	if v.client == 0 || !v.addr.place.Kind.Anonymous() || float64(all) >= commonShare*float64(len(s.people)) {
		return 0
	}
	nats := 0.0
	if n := s.hands[sessionKey{v.addr.place.IP, v.client}]; n >= 3 && 2*n >= all {
		nats = min(float64(n-1)*s.w.SameHand, s.w.SameHandMax)
	}
	if m := s.masked[v.client]; m[v.who.Handle] && v.first < s.first+youngRecords {
		excess := float64(len(m)) - float64(s.maskedAll)*s.heldBy[s.families[v.client]]
		nats = max(nats, min((excess-1)*s.w.SameHand/2, s.w.MaskedMax))
	}
	return nats
}

// strangerNow says whether this visit itself is unfamiliar: neither its address nor its client is known from the past.
func (v *visit) strangerNow(p past) bool {
	return !p.address && !p.network && !p.client && !p.family && !p.kind
}

// markStrangers notes for each visit whether its account came to the address for the first time with a client unlike its own,
// or is at home there; and, over all of them, how often that happens to honest people and where they are at home.
func (s *scoping) markStrangers() {
	s.novelty = novelty{}
	s.gathered = map[sessionKey]*gathering{}
	home := map[netip.Prefix]map[uint32]struct{}{}
	for _, v := range s.ordered {
		if v.judged == condemned {
			s.gather(v)
			continue
		}
		p := v.past
		v.stranger = v.strangerNow(p) && !p.common && !p.contested && (v.client != 0 || !p.as)
		v.regular = p.address || p.client || p.family || v.days >= 5 && (!v.stranger || p.days < deepDays || v.last-v.first >= habitAfter)
		if v.client != 0 && !p.address && !p.network && !p.again && !v.addr.place.Kind.Anonymous() { // an intruder's own logins are no measure
			s.novelty.count(p)
		}
		if !v.addr.place.Own {
			s.gather(v)
		}
		if v.regular {
			n := network(v.addr.place.IP)
			if home[n] == nil {
				home[n] = map[uint32]struct{}{}
			}
			home[n][v.who.Handle] = struct{}{}
		}
	}
	s.popular = make(map[netip.Prefix]int, len(home))
	for n, who := range home {
		s.popular[n] = len(who)
	}
}

// novelty counts how often people come to a new network with a client that is new too, by how many days they had been seen
// before. At the beginning of the logs everything is new, and says nothing.
type novelty struct {
	all, strange [6]int
}

func depth(days int32) int {
	for i, d := range [...]int32{3, 6, 11, 21, 41} {
		if days < d {
			return i
		}
	}
	return 5
}

func (n *novelty) count(p past) {
	d := depth(p.days)
	n.all[d]++
	if !p.client && !p.family && !p.common && !p.contested {
		n.strange[d]++
	}
}

// stranger returns what an unfamiliar client at a new network is worth after so many days, in nats: an intruder nearly always
// has one, an honest person as often as was counted.
func (n *novelty) stranger(days int32) float64 {
	d := depth(days)
	f := (float64(n.strange[d]) + 0.15*20) / (float64(n.all[d]) + 20) // as if twenty had been seen before, three of them strange
	return math.Max(0, math.Log(0.9/f))
}

// weighWords adds seeds and answers.
func (s *scoping) weighWords(v *visit, p past, add func(string, float64)) {
	v.pinned = false
	for i := range s.in.Seeds {
		sd := &s.in.Seeds[i]
		near := sd.Around == 0 || v.first < sd.Around+30*day && v.last > sd.Around-30*day
		if !near {
			continue
		}
		if sd.Address.IsValid() && sd.Address == v.addr.place.IP && !p.address && !p.client {
			add("seed", s.w.Seed)
		}
		if sd.Account != "" && sd.Account == v.who.ID && !p.address && !p.network {
			add("seed", s.w.Seed/2)
		}
	}
	for i := range s.in.Answers {
		an := &s.in.Answers[i]
		if an.Unknown || an.Weightless || an.Account == "" && !an.Address.IsValid() {
			continue
		}
		if an.Account != "" && an.Account != v.who.ID || an.Address.IsValid() && an.Address != v.addr.place.IP {
			continue
		}
		if an.From != 0 && v.last < an.From || an.To != 0 && v.first > an.To {
			continue
		}
		v.pinned = true
		if an.Legitimate { // who was asked decides, whatever the sum was
			add("answer", min(-12, -8-v.nats))
		} else {
			add("answer", max(12, 8-v.nats))
		}
	}
}
