// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"math"
	"net/netip"
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
	clients, families map[uint32]bool // by number
	addresses         map[event.Line]bool
	networks          map[spot]bool
	sets              map[netip.Addr]bool // shared addresses of which the account's own port set is known
	asns              map[uint32]bool
	countries         map[string]bool
	kinds             [event.KindOwn + 1]stretch
	days              int32
	bulk              int64
	pending           []*visit // strange when they began, and not old enough yet to be a habit
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
	h := history{addresses: map[event.Line]bool{}, networks: map[spot]bool{}, sets: map[netip.Addr]bool{}, clients: map[uint32]bool{}, families: map[uint32]bool{},
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
		address: h.knows(v.addr.line), network: h.near(v.addr.line),
		as: a.ASN != 0 && !a.Kind.Anonymous() && h.asns[a.ASN], kind: a.Kind.Anonymous() && h.kinds[a.Kind].habit(),
		country: a.Country != "" && h.countries[a.Country], days: h.days, bulk: h.bulk, networks: len(h.networks),
	}
	if v.client != 0 {
		p.client = h.clients[v.client]
		p.family = !p.client && h.families[s.families[v.client]]
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
		h.clients[w.client] = true
		h.families[s.families[w.client]] = true
	}
	if w.first >= s.harmStart {
		return
	}
	a := &w.addr.place
	h.addresses[w.addr.line] = true
	h.networks[spotOf(w.addr.line)] = true
	if w.addr.line.Set != 0 {
		h.sets[w.addr.line.At] = true
	}
	h.asns[a.ASN] = true
	h.countries[a.Country] = true
}

// knows says whether the account used a line before. A shared address is known without the port where the record has none, or where none of
// those before had.
func (h *history) knows(l event.Line) bool {
	if h.addresses[l] {
		return true
	}
	if l.Set == 0 {
		return h.sets[l.At]
	}
	return !h.sets[l.At] && h.addresses[event.Line{At: l.At}]
}

// near says whether the account used the network around a line before. Who has one port set of an address is no neighbour of himself with
// another.
func (h *history) near(l event.Line) bool {
	if h.networks[spotOf(l)] {
		return true
	}
	return l.Set != 0 && !h.sets[l.At] && h.networks[spot{net: event.Neighbourhood(l.At)}]
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
		s.atLine, s.atPlace = make([]gathering, s.numbers.lines+1), make([]gathering, len(s.numbers.places))
	}
	disperse(s.atLine)
	disperse(s.atPlace)
	home := map[netip.Prefix]map[uint32]struct{}{}
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
		if v.regular {
			n := event.Neighbourhood(v.addr.place.IP)
			if home[n] == nil {
				home[n] = map[uint32]struct{}{}
			}
			home[n][v.who.Handle] = struct{}{}
		}
	}
	s.novelty.settle()
	s.popular = make(map[netip.Prefix]int, len(home))
	for n, who := range home {
		s.popular[n] = len(who)
	}
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
