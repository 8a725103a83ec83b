// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"math"
	"slices"

	"github.com/sekisho/sekisho/event"
)

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
	*known
	kinds    [event.KindOwn + 1]stretch
	networks int
	days     int32
	bulk     int64
	pending  []*visit // strange when they began, and not old enough yet to be a habit
}

// known is what accounts are known to use, by the numbers that their visits have of it: see serials. The numbers are of one account each.
type known struct {
	clients, families  []bool
	addresses, spots   []bool
	sets               []bool // shared addresses of which the account's own port set is known
	systems, countries []bool
	homes              []bool // clients seen where the account is at home; see escort
}

// forget makes everything unknown again.
func (k *known) forget(n *numbers) {
	for _, f := range [...]struct {
		flags *[]bool
		n     int
	}{{&k.clients, n.pairs}, {&k.homes, n.pairs}, {&k.families, n.kins}, {&k.addresses, n.here}, {&k.spots, n.ties}, {&k.sets, n.wholes}, {&k.systems, n.systems}, {&k.countries, n.lands}} {
		if len(*f.flags) != f.n {
			*f.flags = make([]bool, f.n)
		} else {
			clear(*f.flags)
		}
	}
}

// stretch is how often, and over which time, an account used one kind of address. A single use of a VPN is no habit.
type stretch struct {
	days        int32
	first, last event.Micros
}

func (k *stretch) add(v *visit) {
	if k.days == 0 {
		k.first = v.first
	}
	k.days, k.last = k.days+v.days, max(k.last, v.last)
}

func (k *stretch) habit() bool { return k.days >= kindDays && k.last-k.first >= kindSpan }

const (
	kindDays = 3
	kindSpan = 14 * day
)

const (
	commonShare    = 0.15     // of the other accounts that have a client: from here on it tells nobody apart
	contestedShare = 0.3      // of the condemned accounts: from here on a client is the intruder's as well as its owner's
	deepDays       = 5        // of use before which everything is new and nothing is strange
	habitAfter     = 21 * day // what was strange vouches for nothing sooner: the intruder's first visit would excuse his second
	youngRecords   = 30 * day // until then nobody's habits are known
	selfHabit      = 14 * day // a visit speaks for itself if it began so long before the harm
)

// recall sets the past of every visit of an account. Use that began after the harm did counts for clients only: a habit
// learnt under the intruder excuses nobody's address.
func (s *scoping) recall(p *person) {
	h := history{known: &s.known}
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
		address: h.knows(v), network: h.near(v),
		as: a.ASN != 0 && !a.Kind.Anonymous() && h.systems[v.is.system], kind: a.Kind.Anonymous() && h.kinds[a.Kind].habit(),
		country: a.Country != "" && h.countries[v.is.country], days: h.days, bulk: h.bulk, networks: h.networks,
	}
	if v.client != 0 {
		p.client = h.clients[v.is.pair]
		p.family = !p.client && h.families[v.is.kin]
		if (p.client || p.family) && s.shareOf(v, p.client) >= commonShare {
			p.client, p.family, p.common = false, false, true
		}
		if (p.client || p.family) && s.operatorShare(v) >= contestedShare {
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
		if w.judged == condemned || s.echoes(w) {
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
	kind := &h.kinds[min(w.addr.place.Kind, event.KindOwn)]
	if w.first < s.harmStart {
		kind.add(w)
	}
	if w.addr.place.Kind.Anonymous() && w.past.days >= deepDays && !kind.habit() { // one visit from where nobody can be seen vouches for nothing
		return
	}
	if w.client != 0 {
		h.clients[w.is.pair], h.families[w.is.kin] = true, true
	}
	if w.first >= s.harmStart {
		return
	}
	h.addresses[w.is.line] = true
	if !h.spots[w.is.net] {
		h.spots[w.is.net] = true
		h.networks++
	}
	if w.addr.line.Set != 0 {
		h.sets[w.is.whole] = true
	}
	h.systems[w.is.system], h.countries[w.is.country] = true, true
}

// knows says whether the account used a visit's line before. A shared address is known without the port where the record has none, or where none of
// those before had.
func (h *history) knows(v *visit) bool {
	if h.addresses[v.is.line] {
		return true
	}
	if v.addr.line.Set == 0 {
		return h.sets[v.is.whole]
	}
	return !h.sets[v.is.whole] && h.addresses[v.is.bare]
}

// near says whether the account used the network around a visit's line before. Who has one port set of an address is no neighbour of himself with
// another.
func (h *history) near(v *visit) bool {
	if h.spots[v.is.net] {
		return true
	}
	return v.addr.line.Set != 0 && !h.sets[v.is.whole] && h.spots[v.is.wider]
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

// strangerNow says whether this visit itself is unfamiliar: neither its address nor its client is known from the past.
func (v *visit) strangerNow(p past) bool {
	return !p.address && !p.network && !p.client && !p.family && !p.kind && !v.known
}

// markStrangers notes for each visit whether its account came to the address for the first time with a client unlike its own,
// or is at home there; and, over all of them, how often that happens to honest people and where they are at home.
func (s *scoping) markStrangers() {
	s.novelty = novelty{}
	if s.atLine == nil {
		s.atLine, s.atPlace = make([]gathering, s.numbers.lines), make([]gathering, s.numbers.places)
	}
	disperse(s.atLine)
	disperse(s.atPlace)
	home := make([]bool, s.numbers.near)
	clear(s.popular)
	for _, v := range s.ordered {
		if v.judged == condemned {
			s.gather(v)
			continue
		}
		p := v.past
		v.stranger = v.strangerNow(p) && !p.common && !p.contested && (v.client != 0 || !p.as && v.escorted == 0)
		v.regular = p.address || p.client || p.family || v.days >= 5 && (!v.stranger || p.days < deepDays || v.last-v.first >= habitAfter)
		if v.client != 0 && !p.address && !p.network && !p.again && !v.addr.place.Kind.Anonymous() { // an intruder's own logins are no measure
			s.novelty.count(p)
		}
		if !v.addr.place.Own {
			s.gather(v)
		}
		if v.regular && !home[v.is.around] {
			home[v.is.around] = true
			s.popular[v.addr.around]++
		}
	}
	s.novelty.settle()
	s.meet()
	s.flee()
	s.roam()
	s.lodge()
	s.encircle()
	s.journey()
}

// novelty counts how often people come to a new network with a client that is new too, by how many days they had been seen
// before. At the beginning of the logs everything is new, and says nothing.
type novelty struct {
	all, strange [6]int
	worth        [6]float64 // set by settle
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

// settle works out what strangeness is worth at each depth, once all are counted.
func (n *novelty) settle() {
	for d := range n.worth {
		f := (float64(n.strange[d]) + 0.15*20) / (float64(n.all[d]) + 20) // as if twenty had been seen before, three of them strange
		n.worth[d] = math.Max(0, math.Log(0.9/f))
	}
}

// stranger returns what an unfamiliar client at a new network is worth after so many days, in nats: an intruder nearly always
// has one, an honest person as often as was counted.
func (n *novelty) stranger(days int32) float64 { return n.worth[depth(days)] }
