// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"math/bits"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Many homes stand behind one address of IPv4. Where the provider does it by MAP-E (RFC 7597; in Japan v6プラス, OCN バーチャルコネクト and
// others) each home has a set of the address's ports for as long as it has the line, and the port in a record tells the home. Where the
// provider's own box translates (DS-Lite, RFC 6333: transix, クロスパス; carrier-grade NAT) ports are lent by the connection, and only the
// provider knows whose one was, by address, port and second.
//
// SharedLearner finds MAP-E from the records: an account that came on several days from one address always with ports of one and the same
// set, though from many blocks of it, has only those. Any other way of choosing ports would soon leave the set. Days on which the address had
// already guessed at accounts do not count: who has an address for himself could choose his ports as if many stood behind it.

// portPlan is how a provider deals an address's ports out: a port's first bits choose a block, the next ones are the home's, the last ones
// are free.
type portPlan struct {
	block, home uint8 // bits
	least       int   // blocks in which a home's ports must have been seen, to believe
}

func portPlans() [2]portPlan {
	return [...]portPlan{
		{4, 8, 4}, // 15 blocks of 16 ports: 240 a home, 256 homes (v6プラス, BIGLOBE's IPv6 オプション and others)
		{6, 6, 5}, // 63 blocks of 16 ports: 1008 a home, 64 homes (OCN バーチャルコネクト)
	}
}

// split returns the block and the home that a port belongs to; false for ports that are nobody's.
func (p portPlan) split(port uint16) (block, home uint16, ok bool) {
	block = port >> (16 - p.block)
	home = port >> (16 - p.block - p.home) & (1<<p.home - 1)
	return block, home, block != 0
}

// Bounds of what is learnt, and of what it takes to believe.
const (
	maxSharedPlaces = 1 << 17 // addresses
	maxSharedHabits = 1 << 18 // accounts at addresses, all together
	setsOfAccount   = 3       // port sets of one account at one address: its own, and a neighbour's who took it; more are no sets
	sharedDays      = 5       // on which an account must have come from its set
	sharedGuessed   = 5       // accounts that failed from an address: from then on it proves nothing
)

// SharedLearner looks through logins, in order, for addresses of IPv4 whose ports tell the homes behind them. It is owned by one goroutine.
type SharedLearner struct {
	places map[netip.Addr]map[string]*portHabit
	habits int
	tried  map[netip.Addr]*triedNames
}

// portHabit is from which ports one account came, by plan.
type portHabit struct {
	sets [2][setsOfAccount]setHabit
	none [2]bool // the plan does not fit
}

type setHabit struct {
	home   uint16
	days   uint16
	day    int32
	blocks uint64 // seen
	early  bool   // days and blocks were enough before the address guessed
}

// triedNames are the first accounts that failed from an address.
type triedNames struct {
	names [sharedGuessed]string
	n     int
}

// NewSharedLearner returns a learner that has seen nothing.
func NewSharedLearner() *SharedLearner {
	return &SharedLearner{places: map[netip.Addr]map[string]*portHabit{}, tried: map[netip.Addr]*triedNames{}}
}

// SharedClasses returns the classes of the events that Observe learns from.
func SharedClasses() []event.Class { return []event.Class{event.ClassAuthentication} }

// Ported says whether an event tells from which port of an outside address of IPv4 an account logged in.
func Ported(e *event.Event) bool {
	return e.SrcPort != 0 && e.Class == event.ClassAuthentication && e.Outcome == event.OutcomeSuccess && e.Activity == event.ActLogon &&
		e.Account != "" && !e.SrcIsRelay && e.SrcIP.Is4() && !inside(e.SrcIP)
}

// Observe looks at one event. Failures show no habit: whoever guesses has everybody's names.
func (l *SharedLearner) Observe(e *event.Event) {
	if !Ported(e) {
		l.failed(e)
		return
	}
	at := l.places[e.SrcIP]
	if at == nil {
		if len(l.places) >= maxSharedPlaces {
			return
		}
		at = map[string]*portHabit{}
		l.places[e.SrcIP] = at
	}
	h := at[e.Account]
	if h == nil {
		if l.habits >= maxSharedHabits {
			return
		}
		l.habits++
		h = &portHabit{}
		at[e.Account] = h
	}
	day := e.Time.Day(0)
	for i, p := range portPlans() {
		h.note(i, p, e.SrcPort, day, !l.guessed(e.SrcIP))
	}
}

// failed notes which accounts failed from an address.
func (l *SharedLearner) failed(e *event.Event) {
	if e.Outcome != event.OutcomeFailure || e.Activity != event.ActLogon || e.Account == "" || e.SrcIsRelay || !e.SrcIP.Is4() || inside(e.SrcIP) {
		return
	}
	t := l.tried[e.SrcIP]
	if t == nil {
		if len(l.tried) >= maxSharedPlaces {
			return
		}
		t = &triedNames{}
		l.tried[e.SrcIP] = t
	}
	if t.n < sharedGuessed && !slices.Contains(t.names[:t.n], e.Account) {
		t.names[t.n] = e.Account
		t.n++
	}
}

func (l *SharedLearner) guessed(ip netip.Addr) bool {
	t := l.tried[ip]
	return t != nil && t.n >= sharedGuessed
}

func (h *portHabit) note(i int, p portPlan, port uint16, day int32, early bool) {
	block, home, ok := p.split(port)
	if !ok {
		h.none[i] = true
		return
	}
	for k := range h.sets[i] {
		s := &h.sets[i][k]
		if s.days != 0 && s.home != home {
			continue
		}
		if s.days == 0 || s.day != day {
			s.home, s.day = home, day
			s.days = min(s.days+1, 1<<15)
		}
		s.blocks |= 1 << block
		s.early = s.early || early && s.days >= sharedDays && bits.OnesCount64(s.blocks) >= p.least
		return
	}
	h.none[i] = true
}

// Shared ends the learning. declared says which addresses the institute, or their provider's AS, says are shared.
func (l *SharedLearner) Shared(declared func(netip.Addr) bool) *Shared {
	out := &Shared{plans: map[netip.Addr]uint8{}}
	for ip, accounts := range l.places {
		told := declared != nil && declared(ip)
		for i, p := range portPlans() {
			if fits(accounts, i, p, told) {
				out.plans[ip] = uint8(i)
				break // a set of the first plan lies within one of the second, not the other way round
			}
		}
	}
	return out
}

// fits says whether all accounts at an address keep to port sets of a plan, and one at least shows it; where the address is told to be shared, one
// day is enough for that.
func fits(accounts map[string]*portHabit, i int, p portPlan, told bool) bool {
	shown := false
	for _, h := range accounts {
		if h.none[i] {
			return false
		}
		for _, s := range h.sets[i] {
			shown = shown || s.early || told && bits.OnesCount64(s.blocks) >= p.least
		}
	}
	return shown
}

// Shared is which addresses of IPv4 are dealt out by port sets. It is immutable; nil knows none.
type Shared struct{ plans map[netip.Addr]uint8 }

// Set returns which port set of a shared address a port is of, from 1 (0: no port, or nobody's), and whether the address is known to be
// dealt out so.
func (s *Shared) Set(ip netip.Addr, port uint16) (set uint16, known bool) {
	if s == nil || len(s.plans) == 0 {
		return 0, false
	}
	i, known := s.plans[ip]
	if !known || port == 0 {
		return 0, known
	}
	_, home, ok := portPlans()[i].split(port)
	if !ok {
		return 0, true
	}
	return home + 1, true
}

// All returns the addresses, in order, with how many ports each home has.
func (s *Shared) All() ([]netip.Addr, []int) {
	if s == nil {
		return nil, nil
	}
	out := make([]netip.Addr, 0, len(s.plans))
	for ip := range s.plans {
		out = append(out, ip)
	}
	slices.SortFunc(out, netip.Addr.Compare)
	ports := make([]int, len(out))
	for i, ip := range out {
		p := portPlans()[s.plans[ip]]
		ports[i] = (1<<p.block - 1) << (16 - p.block - p.home)
	}
	return out, ports
}

// sharedSystem says whether all of an autonomous system's addresses of IPv4 are, as far as is known, shared by many homes at a time. Only
// those whose one business it is are here: providers like OCN (4713) or BIGLOBE (2518) share some of their addresses and give others out
// whole, so that nothing follows from the number. Compared in November 2026 with the holders' names in ip-location-db (asn
// 2.3.2026061719). A customer of these with an address of his own (固定 IP) is taken for one of many: that errs on the honest side.
func sharedSystem(asn uint32) bool {
	switch asn {
	case 55391, 55392: // Internet Multifeed, MF-NATIVE6: transix (DS-Lite)
		return true
	}
	return false
}
