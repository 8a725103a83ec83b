// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var intelMatch = detect.Spec{Name: "intel-match", Attack: []string{"T1071", "T1078", "T1110", "T1204", "T1566"}, New: newIntelMatch}

// Tunables of intel-match.
const (
	intelGroups = 65536 // lists, ways and entities that are told apart; what comes later is counted with the list as a whole
	intelTold   = 200   // entities of one list and way that have a finding each, gravest first; the rest share one
	intelValues = 64    // listed values, accounts and hosts that one finding names
	intelWide4  = 24    // the shortest IPv4 prefix that says as much as an address
	intelWide6  = 48    // of IPv6
)

// intelWay is what was done with what is listed.
type intelWay uint8

const (
	intelLogin      intelWay = iota // an account was used from there
	intelOut                        // somebody inside went there, or asked for it
	intelOutRefused                 // and was turned away
	intelFile                       // a listed file was here
	intelMail                       // a mail came from a listed sender
	intelIn                         // it came to us and was answered
	intelInRefused                  // it came to us and was turned away
	intelOwn                        // the list names one of our own addresses
)

var intelWays = [...]string{"login", "out", "out-refused", "file", "mail", "in", "in-refused", "own"}

// intelKey is one finding: a list, what was done, and by or with whom; no entity is the list as a whole.
type intelKey struct {
	list   string
	way    intelWay
	entity string
}

// intelDetector joins what lists say with what was done. One finding stands for a list, a way and an entity, not for a record.
type intelDetector struct {
	detect.Trace
	groups map[intelKey]*intelGroup
}

// intelGroup is what one finding will tell.
type intelGroup struct {
	way                        intelWay
	label, who                 string
	first, last, alerted       event.Micros
	records, values            int64
	shared, wider, below, anon int64 // records of these kinds
	severity                   event.Severity
	listed                     map[string]int64 // value → records, up to intelValues
	accounts, hosts            map[string]struct{}
	addresses                  map[netip.Addr]struct{}
	lines                      map[string]uint32 // value → where it stands in the list
	evidence                   detect.Evidence
	folded                     int // entities that share it
}

func newIntelMatch(detect.Site) detect.Detector {
	return &intelDetector{groups: map[intelKey]*intelGroup{}}
}

func (d *intelDetector) Classes() detect.ClassSet {
	var all []event.Class
	for c := range event.Classes() {
		all = append(all, event.Class(c))
	}
	return detect.Classes(all...)
}

func (d *intelDetector) Observe(s *event.Sighting) {
	if d.Asked(s.Who) {
		d.tell(s)
	}
	if len(s.Listed) == 0 || s.Class == event.ClassLease {
		return
	}
	if _, repeat := s.Get("repeat"); repeat {
		return
	}
	for _, h := range s.Listed {
		way, entity := intelJudge(s, &h)
		key := intelKey{h.Name, way, entity}
		g := d.groups[key]
		if g == nil && entity != "" && len(d.groups) >= intelGroups {
			key.entity = ""
			g = d.groups[key]
		}
		if g == nil {
			g = &intelGroup{way: way, label: h.Label, who: entity, first: s.Time, alerted: s.Seen(), listed: map[string]int64{}, lines: map[string]uint32{}, accounts: map[string]struct{}{},
				hosts: map[string]struct{}{}, addresses: map[netip.Addr]struct{}{}}
			if way == intelLogin {
				g.who = s.Who.Name
			}
			d.groups[key] = g
		}
		g.add(s, &h)
	}
}

// intelJudge says what was done, and by or with whom.
func intelJudge(s *event.Sighting, h *event.Listed) (intelWay, string) {
	refused := s.Outcome == event.OutcomeFailure || s.Activity == event.ActRefuse
	address := h.Kind == event.ListedAddress || h.Kind == event.ListedNetwork
	switch h.Field {
	case event.FieldSource:
		switch {
		case address && s.Src.Own:
			return intelOwn, ""
		case (s.LoggedIn() || s.Admitted()) && !s.SrcIsRelay:
			return intelLogin, s.Who.ID
		case refused:
			return intelInRefused, ""
		}
		return intelIn, ""
	case event.FieldDestination:
		switch {
		case address && s.Dst.Own:
			return intelOwn, ""
		case s.SrcIP.IsValid() && !s.Src.Own && s.Who == nil: // what a stranger wrote into a request
			if refused {
				return intelInRefused, ""
			}
			return intelIn, ""
		case refused:
			return intelOutRefused, intelInside(s)
		}
		return intelOut, intelInside(s)
	}
	switch h.Kind {
	case event.ListedHash:
		return intelFile, cmp.Or(s.Dst.Host, s.DstHost, s.SrcHost, intelInside(s))
	case event.ListedMail, event.ListedDomain:
		if s.Class == event.ClassMail {
			if refused {
				return intelInRefused, ""
			}
			return intelMail, ""
		}
	}
	return intelIn, ""
}

// intelInside names who went out: the machine, by name or address, or the account.
func intelInside(s *event.Sighting) string {
	switch {
	case s.SrcIP.IsValid() && (s.Src.Own || s.Who == nil):
		return machineName(s.Src, s.SrcIP)
	case s.SrcHost != "":
		return s.SrcHost
	case s.Who != nil:
		return s.Who.Name
	}
	return s.DstHost
}

// intelSeverity is what a hit weighs: the list's own word, less where the list or the way says less.
func intelSeverity(way intelWay, h *event.Listed) event.Severity {
	sev := h.Severity
	if h.Wider || h.Kind == event.ListedNetwork && intelWide(h.Value) {
		sev = max(sev, 1) - 1
	}
	if h.Anon || h.Shared {
		sev = min(sev, event.Low)
	}
	switch way {
	case intelLogin, intelOut, intelFile:
		return max(sev, event.Low)
	case intelOutRefused, intelMail:
		return max(max(sev, 1)-1, event.Low)
	case intelOwn:
		return event.Info
	}
	if h.Anon || h.Shared {
		return event.Info
	}
	return event.Low
}

func intelWide(value string) bool {
	p, err := netip.ParsePrefix(value)
	return err == nil && (p.Addr().Is4() && p.Bits() < intelWide4 || p.Addr().Is6() && p.Bits() < intelWide6)
}

func (g *intelGroup) add(s *event.Sighting, h *event.Listed) {
	g.first, g.last = min(g.first, s.Time), max(g.last, s.Time)
	n := s.Times()
	g.records += n
	g.severity = max(g.severity, intelSeverity(g.way, h))
	for to, yes := range map[*int64]bool{&g.shared: h.Shared, &g.wider: h.Wider, &g.below: h.Below, &g.anon: h.Anon} {
		if yes {
			*to += n
		}
	}
	if _, ok := g.listed[h.Value]; ok || len(g.listed) < intelValues {
		if !ok {
			g.values++
			g.lines[h.Value] = h.Line
		}
		g.listed[h.Value] += n
	}
	if h.Label != "" && g.label == "" {
		g.label = h.Label
	}
	ip := s.SrcIP
	if h.Field != event.FieldSource {
		ip = s.DstIP
	}
	if ip.IsValid() && (h.Kind == event.ListedAddress || h.Kind == event.ListedNetwork) && len(g.addresses) < intelValues {
		g.addresses[ip] = struct{}{}
	}
	if s.Who != nil && g.way <= intelFile && len(g.accounts) < intelValues {
		g.accounts[s.Who.ID] = struct{}{}
	}
	if host := intelHost(g.way, s); host != "" && len(g.hosts) < intelValues {
		g.hosts[host] = struct{}{}
	}
	g.evidence.Add(s.Event)
}

// intelHost names the machine of ours that a finding is about.
func intelHost(way intelWay, s *event.Sighting) string {
	switch way {
	case intelOut, intelOutRefused:
		if s.SrcIP.IsValid() && s.Src.Own {
			return machineName(s.Src, s.SrcIP)
		}
		return s.SrcHost
	case intelFile:
		return cmp.Or(s.Dst.Host, s.DstHost, s.SrcHost)
	}
	return ""
}

func (d *intelDetector) Findings(event.Micros) []event.Finding {
	type heap struct {
		list string
		way  intelWay
	}
	by := map[heap][]intelKey{}
	for k := range d.groups {
		h := heap{k.list, k.way}
		by[h] = append(by[h], k)
	}
	var out []event.Finding
	for h, keys := range by {
		slices.SortFunc(keys, func(a, b intelKey) int {
			x, y := d.groups[a], d.groups[b]
			return cmp.Or(cmp.Compare(y.severity, x.severity), cmp.Compare(x.first, y.first), cmp.Compare(a.entity, b.entity))
		})
		for _, k := range keys[:min(len(keys), intelTold)] {
			out = append(out, d.groups[k].finding(k))
		}
		if len(keys) > intelTold {
			rest := &intelGroup{way: h.way}
			for _, k := range keys[intelTold:] {
				rest.join(d.groups[k])
			}
			out = append(out, rest.finding(intelKey{h.list, h.way, "the rest"}))
		}
	}
	return sortedFindings(out)
}

// join takes what another group has: one finding for those beyond the bound.
func (g *intelGroup) join(o *intelGroup) {
	if g.folded++; g.folded == 1 {
		g.label, g.first, g.alerted, g.listed, g.lines = o.label, o.first, o.alerted, map[string]int64{}, o.lines
		g.accounts, g.hosts, g.addresses = map[string]struct{}{}, map[string]struct{}{}, map[netip.Addr]struct{}{}
	}
	g.first, g.last, g.alerted = min(g.first, o.first), max(g.last, o.last), min(g.alerted, o.alerted)
	g.records += o.records
	g.shared, g.wider, g.below, g.anon = g.shared+o.shared, g.wider+o.wider, g.below+o.below, g.anon+o.anon
	g.severity = max(g.severity, o.severity)
	for v, n := range o.listed {
		g.listed[v] += n
	}
	joinKeys(g.accounts, o.accounts)
	joinKeys(g.hosts, o.hosts)
	joinKeys(g.addresses, o.addresses)
	g.values = int64(len(g.listed))
	g.evidence.Merge(&o.evidence)
}

func joinKeys[K comparable](to, from map[K]struct{}) {
	for k := range from {
		to[k] = struct{}{}
	}
}
