// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package triage makes findings into work for people: it puts those of one campaign, account, address or host into one story, hides what
// a person said to be ordinary until a date, and keeps what asks for attention within a budget a day. It deletes nothing and
// decides nothing about harm: that is the work of breach, which weighs hidden findings like all others.
//
// Everything here is a function of the set of findings and of what the case says of whom they name: not of their order.
package triage

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Exception says that what one detector finds about one account, host or range of addresses is ordinary. One of Account, Host and
// Ranges is set.
type Exception struct {
	Detector string // of cases.Detectors
	Account  string // identity (A-…)
	Host     string
	Ranges   []netip.Prefix
	From     event.Micros // what was found before is not hidden; 0: everything
	Until    event.Micros // what goes on at or after this moment is not hidden
	By, Why  string
}

// Hide returns by which exceptions findings are hidden, by their identity. A finding is hidden where its detector's exceptions cover all
// accounts, or all hosts, or all addresses that it names, for the whole time of what was found: one that also speaks of
// somebody else stands.
func Hide(findings []event.Finding, exceptions []Exception) map[string]cases.Hidden {
	out := map[string]cases.Hidden{}
	if len(exceptions) == 0 {
		return out
	}
	for i := range findings {
		f := &findings[i]
		var fit []Exception
		for _, x := range exceptions {
			if cases.DetectorName(f.Detector) == x.Detector && (x.From == 0 || f.First >= x.From) && f.Last < x.Until {
				fit = append(fit, x)
			}
		}
		if h, ok := covered(f, fit); ok {
			out[f.ID()] = h
		}
	}
	return out
}

// covered says whether exceptions cover all that a finding names of one kind. Where it takes several, the one that ends first is named.
func covered(f *event.Finding, list []Exception) (cases.Hidden, bool) {
	if len(list) == 0 {
		return cases.Hidden{}, false
	}
	if h, ok := all(f.Accounts, list, func(x *Exception, id string) bool { return x.Account != "" && x.Account == id }); ok {
		return h, true
	}
	if h, ok := all(f.Hosts, list, func(x *Exception, name string) bool { return x.Host != "" && strings.EqualFold(x.Host, name) }); ok {
		return h, true
	}
	return all(f.Addresses, list, func(x *Exception, ip netip.Addr) bool {
		return slices.ContainsFunc(x.Ranges, func(p netip.Prefix) bool { return p.Contains(ip) })
	})
}

func all[S any](subjects []S, list []Exception, covers func(*Exception, S) bool) (cases.Hidden, bool) {
	var soonest *Exception
	for _, s := range subjects {
		var by *Exception // of those that cover this one, the one that lasts longest
		for i := range list {
			if x := &list[i]; covers(x, s) && (by == nil || longer(x, by)) {
				by = x
			}
		}
		if by == nil {
			return cases.Hidden{}, false
		}
		if soonest == nil || longer(soonest, by) {
			soonest = by
		}
	}
	if soonest == nil {
		return cases.Hidden{}, false
	}
	return cases.Hidden{By: soonest.By, Until: cases.Time(soonest.Until), Why: soonest.Why}, true
}

// longer says whether a lasts longer than b; of two that end together, an order of words decides.
func longer(a, b *Exception) bool {
	if a.Until != b.Until {
		return a.Until > b.Until
	}
	if a.By != b.By {
		return a.By < b.By
	}
	return a.Why < b.Why
}

// Mark puts into the case by which exceptions its findings are hidden. A finding about an account or host that the case calls compromised,
// or about an attacker's address, is not hidden: what was ordinary of it is so no more. It returns how many stand for that reason.
func Mark(c *cases.Case, hidden map[string]cases.Hidden) (stand int) {
	if len(hidden) == 0 {
		return 0
	}
	g := guiltOf(c)
	for i := range c.Findings {
		f := &c.Findings[i]
		h, ok := hidden[f.ID]
		if !ok {
			continue
		}
		if g.condemns(&f.Subjects) {
			stand++
			continue
		}
		f.Hidden = &h
	}
	return stand
}

// guilt is what the case says of whom findings name.
type guilt struct {
	accounts  map[string]cases.AccountVerdict // by identity
	addresses map[netip.Addr]cases.AddressVerdict
	hosts     map[string]cases.HostVerdict
	sure      map[string]float64 // confidence, by key
}

func guiltOf(c *cases.Case) *guilt {
	g := &guilt{map[string]cases.AccountVerdict{}, map[netip.Addr]cases.AddressVerdict{}, map[string]cases.HostVerdict{}, map[string]float64{}}
	for i := range c.Accounts {
		g.accounts[c.Accounts[i].ID] = c.Accounts[i].Verdict
		g.sure["account "+c.Accounts[i].ID] = c.Accounts[i].Confidence
	}
	for i := range c.Addresses {
		g.addresses[c.Addresses[i].IP] = c.Addresses[i].Verdict
		g.sure["address "+c.Addresses[i].IP.String()] = c.Addresses[i].Confidence
	}
	for i := range c.Hosts {
		g.hosts[c.Hosts[i].Name] = c.Hosts[i].Verdict
		g.sure["host "+c.Hosts[i].Name] = c.Hosts[i].Confidence
	}
	return g
}

func (g *guilt) condemns(s *cases.Subjects) bool {
	return slices.ContainsFunc(s.Accounts, func(id string) bool { return g.accounts[id] == cases.AccountCompromised }) ||
		slices.ContainsFunc(s.Addresses, func(ip netip.Addr) bool { return g.addresses[ip] == cases.AddressAttacker }) ||
		slices.ContainsFunc(s.Hosts, func(name string) bool { return g.hosts[name] == cases.HostCompromised })
}
