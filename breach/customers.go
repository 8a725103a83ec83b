// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"math"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Services that hide their users have honest customers. In a large institute dozens meet at the same exits every day, strangers to one another there,
// and whatever is held against one of them would be held against all. What tells an intruder's company from a crowd of customers is the clients: he
// comes with his own, which his victims' accounts are not otherwise used with but by chance, and customers with those that they have at home. So of
// all accounts that came from such places with a client it is counted how many have it at home as well. Where these are more than chance would
// have it, what company says of such a visit shrinks by the share of them beyond chance. Nothing is taken from an account with a client that is not at
// home: an intruder among many customers stays what he is.

// Bounds of a crowd of customers.
const (
	leastCustomers = 3    // accounts
	customerChance = 1e-3 // that so many have the client at home if each had it as people in general do
)

// countCustomers notes at every visit from a place that hides its user how surely it is a customer's, from 0 to 1.
func (s *scoping) countCustomers() {
	lives, came := s.lodgers(), make([]bool, s.numbers.kins)
	type guests struct{ all, home int }
	by := map[uint32]guests{} // family
	for _, v := range s.ordered {
		v.custom = 0
		if f := s.families[v.client]; f != 0 && v.addr.place.Kind.Anonymous() && v.logins+v.acts > 0 && !came[v.is.kin] {
			came[v.is.kin] = true
			g := by[f]
			if g.all++; lives[v.is.kin] {
				g.home++
			}
			by[f] = g
		}
	}
	share := make(map[uint32]float64, len(by))
	for f, g := range by {
		share[f] = customers(g.home, g.all, s.heldBy[f])
	}
	clear(s.patrons)
	clear(s.maskedPatrons)
	for _, p := range s.people {
		s.customer(p, lives, share)
	}
}

// customer sets it for one account. A visit without a client takes it from one with a client at the same network: a mail program goes on
// beside the browser. So does one with a client that is not at home from one with a client that is, at the same address on the same day: the owner is there.
func (s *scoping) customer(p *person, lives []bool, share map[uint32]float64) {
	if !slices.ContainsFunc(p.visits, func(v *visit) bool { return v.addr.place.Kind.Anonymous() }) {
		return // not a customer of anybody
	}
	around, there := map[uint32]float64{}, map[*address][]*visit{}
	for _, v := range p.visits {
		if f := s.families[v.client]; v.addr.place.Kind.Anonymous() && lives[v.is.kin] {
			v.custom = share[f]
			around[v.addr.place.ASN] = max(around[v.addr.place.ASN], v.custom)
			there[v.addr] = append(there[v.addr], v)
		}
	}
	for _, v := range p.visits {
		switch {
		case !v.addr.place.Kind.Anonymous():
			continue
		case v.client == 0 && v.addr.place.ASN != 0:
			v.custom = around[v.addr.place.ASN]
		case v.custom == 0:
			v.custom = besides(there[v.addr], v)
		}
	}
	s.patronise(p)
}

// besides returns how surely the owner of an account was at the address of a visit on its days, by what other clients of his were there.
func besides(there []*visit, v *visit) (most float64) {
	for _, w := range there {
		if w.first < v.last+day && v.first < w.last+day {
			most = max(most, w.custom)
		}
	}
	return most
}

// patronise counts an account's visits as a customer by client, at each address and all together, so that they are not taken for one hand's.
func (s *scoping) patronise(p *person) {
	most := map[uint32]float64{}
	masked := map[uint32]bool{}
	for _, v := range p.visits {
		if v.custom > 0 && v.client != 0 {
			masked[v.client] = s.masked[v.is.pair]
			s.patrons[v.is.place] += v.custom
			most[v.client] = max(most[v.client], v.custom)
		}
	}
	for client, custom := range most {
		if masked[client] {
			s.maskedPatrons[client] += custom
		}
	}
}

// lodgers returns, by the number of kin, which accounts have which clients at home: in the institute, or day after day at one place that hides nobody and is nobody's
// rented machine. What is condemned is no home.
func (s *scoping) lodgers() []bool {
	days, lives, least := make([]int32, s.numbers.lodgings), make([]bool, s.numbers.kins), s.habitDays()
	for _, v := range s.ordered {
		k := v.addr.place.Kind
		if s.families[v.client] == 0 || v.judged == condemned || v.logins+v.acts == 0 || k.Anonymous() || k == event.KindHosting {
			continue
		}
		if days[v.is.lodging] += v.days; days[v.is.lodging] >= least {
			lives[v.is.kin] = true
		}
	}
	return lives
}

// customers returns which share of n accounts are customers, beyond chance, of whom home have the client at home as a share of all people has.
func customers(home, n int, share float64) float64 {
	if home < leastCustomers || share >= 1 || atLeast(home, n, share) > customerChance {
		return 0
	}
	return max(0, (float64(home)/float64(n)-share)/(1-share))
}

// atLeast returns the chance of k or more hits in n tries of chance p each.
func atLeast(k, n int, p float64) float64 {
	if p <= 0 {
		return 0
	}
	lg := func(x int) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	sum := 0.0
	for i := k; i <= n; i++ {
		sum += math.Exp(lg(n) - lg(i) - lg(n-i) + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return min(sum, 1)
}

// byCompany says whether a term rests on what others did at the same place or with the same client, or on what was condemned for that.
func byCompany(name string) bool {
	switch name {
	case "operator-client", "same-hand", "stolen", "stolen-together", "co-use", "met-again", "company":
		return true
	}
	return false
}
