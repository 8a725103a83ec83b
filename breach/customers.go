// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import "github.com/sekisho/sekisho/event"

// A commercial VPN is a service with customers. Where few of the people have one, two who come to one exit as strangers, or with one browser, hardly do
// so by chance. Where dozens have it they do so every day, and it says as little as meeting on a train. A customer is known by coming back for weeks
// with the client that is at home elsewhere too; whom an intruder enters through such a service are no customers, and as long as they are as many, nothing
// is taken from what speaks against them.

// Bounds of a customer.
const (
	customerDays = 4        // of use of exits
	customerSpan = 14 * day // from the first to the last
	customerHome = 3        // days on which the same client was used at one place that hides nobody
	fewCustomers = 5        // make no crowd
)

// countCustomers sets by how much of the accounts that ever came from a commercial VPN its customers outnumber the others, from 0 to 1.
func (s *scoping) countCustomers() {
	visitors, customers := 0, 0
	for _, p := range s.people {
		came, custom := s.customer(p)
		if came {
			visitors++
		}
		if custom {
			customers++
		}
	}
	s.custom = 0
	if customers >= fewCustomers {
		s.custom = max(0, float64(2*customers-visitors)/float64(visitors))
	}
}

// customer says whether an account came from a commercial VPN, and whether its owner is a customer of one.
func (s *scoping) customer(p *person) (came, custom bool) {
	days, from, to := int32(0), event.Micros(0), event.Micros(0)
	for _, v := range p.visits {
		if v.addr.place.Kind != event.KindVPN || v.logins == 0 {
			continue
		}
		came = true
		if v.judged == condemned || v.client == 0 || !p.lives(v.client) {
			continue
		}
		if days == 0 {
			from = v.first
		}
		days, to = days+v.days, max(to, v.last)
	}
	return came, days >= customerDays && to-from >= customerSpan
}

// lives says whether a client is at home where a person is: at the institute, or at one place that hides nobody.
func (p *person) lives(client uint32) bool {
	for _, v := range p.visits {
		k := v.addr.place.Kind
		if v.client == client && v.judged != condemned && v.logins > 0 && (v.addr.place.Own || !k.Anonymous() && k != event.KindHosting && v.days >= customerHome) {
			return true
		}
	}
	return false
}

// chance is what is left, from 0 to 1, of what meeting at a visit's address says.
func (s *scoping) chance(v *visit) float64 {
	if v.addr.place.Kind == event.KindVPN {
		return 1 - s.custom
	}
	return 1
}
