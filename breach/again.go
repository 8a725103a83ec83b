// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Shut is a stretch of time for which people said that an account's password or sessions are not those that the intruder had.
type Shut struct {
	From, To event.Micros // To 0: until now
}

func (x Shut) has(at event.Micros) bool { return at > x.From && (x.To == 0 || at < x.To) }

// Again is the condemned use of an account after it was shut.
type Again struct {
	Account, Name string
	Times         int64 // events of it, at least
	First, Last   event.Micros
	Addresses     []netip.Addr // sorted
	Evidence      []event.Ref
}

// mostAgain bounds the evidence of one account's use after it was shut.
const mostAgain = 16

// again returns the condemned use of accounts in stretches in which they were shut, in order of the accounts.
func (s *scoping) again(accounts []*judgedAccount) []Again {
	if len(s.in.Shut) == 0 {
		return nil
	}
	var out []Again
	for _, j := range accounts {
		a := Again{Account: j.p.who.ID, Name: j.p.who.Name}
		for _, x := range s.in.Shut[a.Account] {
			for _, v := range j.bad {
				a.add(v, x)
			}
		}
		if a.Times > 0 {
			slices.SortFunc(a.Addresses, netip.Addr.Compare)
			a.Addresses = slices.Compact(a.Addresses)
			out = append(out, a)
		}
	}
	return out
}

// add notes what of a visit lies in a stretch. Of a visit that began before it, the beginning proves nothing.
func (a *Again) add(v *visit, x Shut) {
	note := func(at event.Micros, n int64) {
		if a.Times == 0 || at < a.First {
			a.First = at
		}
		a.Last = max(a.Last, at)
		a.Times += n
	}
	before := a.Times
	for _, r := range v.runs {
		switch {
		case x.has(r.from) && x.has(r.to):
			note(r.from, r.n)
			note(r.to, 0)
		case x.has(r.from):
			note(r.from, 1)
		case x.has(r.to):
			note(r.to, 1)
		}
	}
	if a.Times == before {
		return
	}
	for _, u := range v.uses() {
		if u.to > x.From && (x.To == 0 || u.from < x.To) {
			a.Addresses = append(a.Addresses, u.ip)
		}
	}
	if len(a.Evidence) >= mostAgain {
		return
	}
	if x.has(v.first) {
		a.Evidence = append(a.Evidence, v.ref)
	}
	if v.last != v.first || !x.has(v.first) {
		a.Evidence = append(a.Evidence, v.lastRef)
	}
}
