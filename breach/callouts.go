// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Bounds of what a condemned machine may say of the places that it called.
const (
	calloutPlaces = 8 // places of one finding: many at once are somebody's service, not one intruder's
	calloutShared = 1 // machines of the institute that used the place: others' use speaks for it
)

// callout is what findings say of one place that a condemned machine called.
type callout struct {
	detectors   map[string]bool
	callers     int // condemned machines, where nobody else calls it
	sev         event.Severity
	first, last event.Micros
	findings    []string
	confidence  float64
}

// withCallouts adds the places outside that condemned machines called as findings tell: an intruder's program talks to somebody. Who is
// named by one finding of medium severity alone is suspected.
func (s *scoping) withCallouts(addresses []cases.Address, all []*machine) []cases.Address {
	places := s.callouts(all)
	for i := range addresses {
		a := &addresses[i]
		c := places[a.IP]
		if c == nil {
			continue
		}
		delete(places, a.IP)
		a.Findings = append(a.Findings, c.findings...)
		if c.certain() && a.Verdict == cases.AddressSuspected {
			a.Verdict, a.Why = cases.AddressAttacker, whyCalled
			a.Confidence = max(a.Confidence, c.confidence)
		}
		if a.Verdict == cases.AddressAttacker || a.Verdict == cases.AddressSuspected {
			a.First, a.Last = min(a.First, cases.Time(c.first)), max(a.Last, cases.Time(c.last))
			a.Intervals = mergeSpans(append(a.Intervals, cases.Span{From: cases.Time(c.first), To: cases.Time(c.last)}))
		}
	}
	for ip, c := range places {
		a := cases.Address{IP: ip, Verdict: cases.AddressSuspected, Kind: cases.AddressKind(event.KindUnknown.String()), Confidence: c.confidence,
			First: cases.Time(c.first), Last: cases.Time(c.last), DecidedBy: "machine", Why: whyCalled, Findings: c.findings,
			Intervals: []cases.Span{{From: cases.Time(c.first), To: cases.Time(c.last)}}}
		if c.certain() {
			a.Verdict = cases.AddressAttacker
		}
		if s.in.Place != nil {
			p := s.in.Place(ip, c.first)
			a.Kind, a.Country, a.ASN = cases.AddressKind(p.Kind.String()), p.Country, p.ASN
		}
		addresses = append(addresses, a)
	}
	slices.SortFunc(addresses, func(a, b cases.Address) int { return a.IP.Compare(b.IP) })
	return addresses
}

var whyCalled = event.Words{Ja: "侵入されたサーバ・機器が、この相手と通信していた", En: "a compromised host talked to it"}

func (c *callout) certain() bool {
	return c.sev >= event.High || len(c.detectors) >= 2 || c.callers >= 2
}

func (s *scoping) callouts(all []*machine) map[netip.Addr]*callout {
	held := map[string]*machine{}
	for _, h := range all {
		if h.verdict == cases.HostCompromised {
			for _, id := range h.findings {
				held[id] = h
			}
		}
	}
	out := map[netip.Addr]*callout{}
	callers := condemnedCallers(s.in.Findings, held)
	for i := range s.in.Findings {
		f := &s.in.Findings[i]
		h := held[f.ID()]
		if h == nil || !callsOut(f) || f.Last < h.first || len(f.Addresses) > calloutPlaces {
			continue
		}
		for _, ip := range f.Addresses {
			n, most := callers[ip], calloutShared
			if n >= 2 { // one is its own, two are a pattern
				most = placeUsers
			}
			if s.ownPlace(ip, f.First) || usedBy(f) > most {
				continue
			}
			c := out[ip]
			if c == nil {
				c = &callout{detectors: map[string]bool{}, first: f.First}
				out[ip] = c
			}
			if usedBy(f) <= n {
				c.callers = n
			}
			c.detectors[base(f.Detector)] = true
			c.sev, c.first, c.last = max(c.sev, f.Severity), min(c.first, f.First), max(c.last, f.Last)
			c.findings = append(c.findings, f.ID())
			c.confidence = max(c.confidence, probability(h.nats)*0.95)
		}
	}
	return out
}

// condemnedCallers counts by place how many condemned machines call it.
func condemnedCallers(findings []event.Finding, held map[string]*machine) map[netip.Addr]int {
	who := map[netip.Addr][]*machine{}
	for i := range findings {
		f := &findings[i]
		h := held[f.ID()]
		if h == nil || !callsOut(f) || f.Last < h.first || len(f.Addresses) > calloutPlaces {
			continue
		}
		for _, ip := range f.Addresses {
			if !slices.Contains(who[ip], h) {
				who[ip] = append(who[ip], h)
			}
		}
	}
	out := make(map[netip.Addr]int, len(who))
	for ip, list := range who {
		out[ip] = len(list)
	}
	return out
}

func (s *scoping) ownPlace(ip netip.Addr, at event.Micros) bool {
	if s.in.Place != nil {
		return s.in.Place(ip, at).Own
	}
	return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast()
}

// callsOut says whether a finding is of a kind that names the far end of an intruder's program.
func callsOut(f *event.Finding) bool {
	if f.Severity < event.Low {
		return false
	}
	switch base(f.Detector) {
	case "appliance-outbound", "beacon", "long-connection", "tunnel", "upload":
		return true
	}
	return false
}

// usedBy returns how many machines of the institute used the place, where the finding tells it.
func usedBy(f *event.Finding) int {
	for _, n := range f.Numbers {
		if n.Name == "machines_using_it" {
			return int(n.Value)
		}
	}
	return 0
}
