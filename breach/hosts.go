// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// hostSigns is what a finding of each detector says about a host that it names, in nats. Each kind of sign counts once.
func hostSigns(detector string, sev event.Severity) float64 {
	if sev < event.Medium {
		if b := base(detector); sev == event.Low && (b == "beacon" || b == "tunnel" || b == "long-connection") {
			return 0.5
		}
		return 0
	}
	half := 1.0
	if sev == event.Medium {
		half = 0.5
	}
	switch base(detector) {
	case "mass-encryption": // a hundred files and more of a kind that nobody ever had: nothing else does that
		if sev >= event.Critical {
			return 8
		}
		return 4 * half
	case "ci-remote-control", "internal-scan":
		return 4 * half
	case "appliance-outbound": // a box that talks to its maker alone began to talk to somebody else
		return 5 * half
	case "edge-device": // its program died, and it did what it never did
		return 4 * half
	case "log-cleared", "tunnel", "restricted-access", "upload", "hostile-command":
		return 2.5 * half
	case "beacon", "long-connection", "lateral-path", "admin-misuse", "directory-read":
		return 2 * half
	case "intel-match", "clock-drift", "lateral-path-switch": // what others say of an address is no trace of what was done here; ways between machines are judged by themselves
		return 0
	}
	return 0.5 * half
}

// The weights of ways between hosts.
const (
	hostPrior       = -5.0
	hostPriorBreach = 1.0 // once an account is condemned
	fromAttacker    = 5.0 // a login that succeeded from an attacker's address
	fromHost        = 5.0 // a login over a way never used before, from a host already condemned
	withAttacker    = 3.0 // a finding about it names an address that is an attacker's for other reasons
	withStolen      = 4.5 // a login with an account that the intruder had used before, and that was never there
	fromHostAgain   = 1.0 // over a way that was used before
	manyOutbound    = 1.0 // each further place that it began to talk to, up to outboundMost
	outboundMost    = 4
	afterScan       = 1.5 // each machine entered for the first time from one that had scanned the inside, from the second on, up to afterScanMost
	afterScanMost   = 4
	afterScanDays   = 21
	fromWave        = 2.5 // with an account that enters many machines at once from there
	fromSession     = 4.0 // a connection over a way never used before that was a session by its length and size
	reachedNew      = 0.7 // a first connection to an administrative port
)

// machine is one host as scoping sees it.
type machine struct {
	name     string
	ip       netip.Addr
	number   uint32       // of ip
	ips      []netip.Addr // those that it is steadily named with
	role     string
	nats     float64
	signs    map[string]float64
	summed   bool // signs were added up to total, from prior on
	prior    float64
	total    float64
	findings []string
	first    event.Micros
	last     event.Micros
	verdict  cases.HostVerdict
	steps    []cases.Step
	entries  []event.Ref    // the logins that led in
	out      bool           // it went on from here
	spans    []span         // when it was in his hands, where its address is lent to others at other times; nil: since first
	ways     []event.Micros // when it entered each other machine for the first time, in order
	calls    []span         // when it called places outside that hardly any other machine calls
	reached  []*edge        // first connections from it, once it was his, to machines that were not entered
}

// hosts judges the machines inside as a least fixed point: findings name some, attackers log in to some, and from a condemned
// one the ways lead on.
func (s *scoping) hosts(addresses []cases.Address, breached bool) []*machine {
	m := newMachines(s)
	prior := hostPrior
	if breached {
		prior += hostPriorBreach
	}
	bad := map[netip.Addr]*cases.Address{}
	for i := range addresses {
		if addresses[i].Verdict == cases.AddressAttacker {
			bad[addresses[i].IP] = &addresses[i]
		}
	}
	for i := range s.in.Findings {
		m.sign(&s.in.Findings[i], bad)
	}
	for _, sd := range s.in.Seeds {
		if sd.Host != "" {
			h := m.get(sd.Host, netip.Addr{}, "")
			h.add("seed", 8, sd.Around, sd.Around)
		}
	}
	for _, e := range s.eorder {
		if e.logins == 0 || e.src.Own {
			continue
		}
		if a := bad[e.key.from]; a != nil && event.Micros(a.First) <= e.last {
			h := m.at(e)
			h.add("login", fromAttacker, max(e.loginAt, event.Micros(a.First)), e.last)
			h.step(e.key.from.String(), max(e.loginAt, event.Micros(a.First)), "T1078", e)
		}
	}
	m.enterStolen(s)
	m.throughTunnels(s)
	m.goOnAfterScan(s)
	m.countOutbound(s)
	m.askLenders(s)
	m.outWays(s)
	places := m.placesCalled(s)
	for range 20 {
		changed := m.spread(s, prior)
		changed = m.sharePlaces(places, prior) || changed
		if changed = m.askOwners(s) || changed; !changed {
			break
		}
	}
	return m.settle(s, prior)
}

// enterStolen notes machines that an account entered for the first time after the intruder had used it. Over a VPN or through a
// relay the address is the institute's own, and only the account tells.
func (m *machines) enterStolen(s *scoping) {
	type way struct {
		who uint32
		to  *machine
	}
	before := map[way]bool{}
	for _, e := range s.eorder {
		for _, u := range e.entered {
			if at, ok := s.taken.of(u.who.Handle); ok && u.at < at {
				before[way{u.who.Handle, m.at(e)}] = true
			}
		}
	}
	for _, e := range s.eorder {
		if !e.src.Own {
			continue // an outer address is judged for itself
		}
		for _, u := range e.entered {
			at, ok := s.taken.of(u.who.Handle)
			if !ok || u.at < at || before[way{u.who.Handle, m.at(e)}] {
				continue
			}
			h := m.at(e)
			h.add("stolen-account", withStolen, u.at, e.last)
			h.step(e.key.from.String(), u.at, technique(e.key.port, e.service), e)
		}
	}
}

// goOnAfterScan notes machines that entered others for the first time after they had scanned the inside. Whoever keeps the network
// scans too, but goes on to machines that he knew.
func (m *machines) goOnAfterScan(s *scoping) {
	reached := map[*machine]map[*machine]bool{}
	known := map[*machine]map[*machine]bool{}
	for pass := range 2 {
		for _, e := range s.eorder {
			from := m.byIP[e.from.ip]
			if from == nil || e.logins == 0 || from.signs["internal-scan"] < 4 {
				continue
			}
			to := m.at(e)
			sets := known
			if pass == 1 {
				if e.loginAt < from.first-day || e.loginAt > from.first+afterScanDays*day || known[from][to] {
					continue
				}
				sets = reached
			} else if e.first >= from.first-day {
				continue
			}
			if sets[from] == nil {
				sets[from] = map[*machine]bool{}
			}
			sets[from][to] = true
		}
	}
	for _, h := range m.order {
		if n := len(reached[h]); n >= 2 {
			h.add("after-scan", afterScan*float64(min(n-1, afterScanMost)), 0, 0)
		}
	}
}

// countOutbound weighs how many places findings of high severity say that a machine calls: one may be a new service, one after another is somebody
// who moves on.
func (m *machines) countOutbound(s *scoping) {
	places := map[*machine]map[netip.Addr]bool{}
	for i := range s.in.Findings {
		f := &s.in.Findings[i]
		if f.Severity < event.High || !callsOut(f) || base(f.Detector) == "upload" || len(f.Addresses) > calloutPlaces {
			continue
		}
		for _, name := range f.Hosts {
			h := m.get(name, netip.Addr{}, "")
			if places[h] == nil {
				places[h] = map[netip.Addr]bool{}
			}
			for _, ip := range f.Addresses {
				places[h][ip] = true
			}
		}
	}
	for _, h := range m.order {
		if n := len(places[h]); n >= 2 {
			h.add("many-outbound", manyOutbound*float64(min(n-1, outboundMost)), 0, 0)
		}
	}
}

// machines are found by name and by address, both by their numbers.
type machines struct {
	roster *roster
	byName []*machine
	byIP   []*machine
	order  []*machine
}

func newMachines(s *scoping) *machines {
	m := &machines{roster: &s.roster, byName: make([]*machine, len(s.roster.names)), byIP: make([]*machine, len(s.roster.ips))}
	m.nameAll(s)
	// Names and addresses that stand together in any way seen join one machine.
	for _, e := range s.eorder {
		if e.src.Own && e.src.Host != "" {
			m.join(e.from, e.src.Role)
		}
		if e.dst.Host != "" && e.key.to.IsValid() {
			m.join(e.to, e.dst.Role)
		}
	}
	return m
}

// get returns the machine of a name and an address, of which either may be missing.
func (m *machines) get(name string, ip netip.Addr, role string) *machine {
	return m.join(m.call(name, ip), role)
}

// call numbers what a machine is called, and makes room for it.
func (m *machines) call(name string, ip netip.Addr) called {
	c := m.roster.call(name, ip)
	m.byName = append(m.byName, make([]*machine, len(m.roster.names)-len(m.byName))...)
	m.byIP = append(m.byIP, make([]*machine, len(m.roster.ips)-len(m.byIP))...)
	return c
}

// join returns the machine that is called so, and lets it have what it lacks: a name, an address, a role.
func (m *machines) join(c called, role string) *machine {
	h := m.byName[c.name]
	if h == nil { // nobody has no name
		h = m.byIP[c.ip]
	}
	if h == nil {
		h = &machine{}
		m.order = append(m.order, h)
	}
	if h.name == "" && c.name != 0 {
		h.name = m.roster.names[c.name]
		m.byName[c.name] = h
	}
	if !h.ip.IsValid() && c.ip != 0 {
		h.ip, h.number = m.roster.ips[c.ip], c.ip
		m.byIP[c.ip] = h
	}
	if h.role == "" {
		h.role = role
	}
	return h
}

// at returns the machine that an edge leads to.
func (m *machines) at(e *edge) *machine { return m.join(e.to, e.dst.Role) }

func (h *machine) label() string {
	if h.name != "" {
		return h.name
	}
	return h.ip.String()
}

func (h *machine) add(kind string, nats float64, first, last event.Micros) {
	if h.signs == nil {
		h.signs = map[string]float64{}
	}
	h.signs[kind] = max(h.signs[kind], nats)
	h.summed = false
	if first != 0 && (h.first == 0 || first < h.first) {
		h.first = first
	}
	h.last = max(h.last, last)
}

func (h *machine) step(from string, at event.Micros, technique string, e *edge) {
	for i := range h.steps {
		if h.steps[i].From == from && h.steps[i].Technique == technique {
			return
		}
	}
	st := cases.Step{From: from, To: h.label(), At: cases.Time(at), Technique: technique, Certainty: cases.Confirmed}
	if len(e.accounts) > 0 {
		st.Account = e.accounts[0].Name
	}
	h.steps = append(h.steps, st)
	if len(h.entries) < 16 {
		h.entries = append(h.entries, e.loginRef)
	}
}

func (m *machines) sign(f *event.Finding, bad map[netip.Addr]*cases.Address) {
	known := slices.ContainsFunc(f.Addresses, func(ip netip.Addr) bool { return bad[ip] != nil })
	for _, name := range f.Hosts {
		h := m.get(name, netip.Addr{}, "")
		if w := hostSigns(f.Detector, f.Severity); w > 0 {
			h.add(base(f.Detector), w, f.First, f.Last)
			h.findings = append(h.findings, f.ID())
			if known {
				h.add("attacker-there", withAttacker, f.First, f.Last)
			}
		}
	}
}

// sum adds up the signs, in one order. It is asked for every way between two machines, and changes seldom.
func (h *machine) sum(prior float64) float64 {
	switch {
	case len(h.signs) == 0:
		return prior
	case h.summed && h.prior == prior:
		return h.total
	}
	keys := make([]string, 0, len(h.signs))
	for k := range h.signs {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	n := prior
	for _, k := range keys {
		n += h.signs[k]
	}
	h.summed, h.prior, h.total = true, prior, n
	return n
}

// spread lets condemned machines speak about those that they went on to. It says whether anything changed.
func (m *machines) spread(s *scoping, prior float64) bool {
	changed := false
	for _, e := range s.eorder {
		from := m.byIP[e.from.ip]
		if from == nil || from.first == 0 || e.last < from.first || from.sum(prior) < condemnedAt {
			continue
		}
		to := m.at(e)
		if to == from || !from.heldAt(max(e.first, from.first)) {
			continue
		}
		fresh := e.first >= from.first-day
		w, kind := 0.0, "way"
		switch {
		case e.logins > 0 && s.onlyWaves(e):
			w = fromWave
		case e.logins > 0 && fresh:
			w = fromHost + from.burst(s.recordsFrom)
		case e.logins > 0 && e.last >= from.first:
			w = fromHostAgain
		case e.session > from.first-day && fresh:
			w = fromSession
		case e.accepted > 0 && fresh && administrative(e.key.port):
			w = reachedNew
		}
		if w == 0 || from.signs["infrastructure"] != 0 {
			continue
		}
		if to.signs[kind] < w {
			to.add(kind, w, max(e.first, from.first), e.last)
			changed = true
		}
		from.out = true
		if e.logins > 0 {
			to.step(from.label(), max(e.first, from.first), technique(e.key.port, e.service), e)
		}
	}
	return changed
}

// administrative says whether a port is one that a machine is ruled through.
func administrative(port uint16) bool {
	switch port {
	case 22, 135, 139, 445, 3389, 5900, 5985, 5986:
		return true
	}
	return false
}

func technique(port uint16, service string) string {
	switch {
	case port == 22 || strings.Contains(service, "ssh"):
		return "T1021.004"
	case port == 445 || port == 139 || strings.Contains(service, "smb"):
		return "T1021.002"
	case port == 3389 || strings.Contains(service, "rdp"):
		return "T1021.001"
	}
	return "T1021"
}

// settle gives the verdicts and adds the machines that condemned ones reached.
func (m *machines) settle(s *scoping, prior float64) []*machine {
	bad := make([]*machine, len(m.byIP)) // by number of the address; 0 is no machine's
	for _, h := range m.order {
		h.nats = h.sum(prior)
		switch {
		case h.nats >= condemnedAt:
			h.verdict = cases.HostCompromised
			if h.number != 0 {
				bad[h.number] = h
			}
		case h.nats >= doubtfulAt:
			h.verdict = cases.HostSuspected
		}
	}
	for _, e := range s.eorder {
		from := bad[e.from.ip]
		if from == nil || e.accepted+e.logins+e.files == 0 || e.last < from.first || !from.heldAt(max(e.first, from.first)) {
			continue
		}
		to := m.at(e)
		if to == from {
			continue
		}
		if to.verdict == "" {
			to.verdict = cases.HostReached
			to.first = max(e.first, from.first)
			to.last = max(to.last, e.last)
		}
		if to.verdict == cases.HostReached && e.first >= from.first && e.logins+e.files == 0 && administrative(e.key.port) && from.signs["infrastructure"] == 0 {
			from.reached = append(from.reached, e)
		}
	}
	var out []*machine
	for _, h := range m.order {
		if h.verdict != "" {
			out = append(out, h)
		}
	}
	return inOrder(out)
}

// inOrder sorts machines by what they are called.
func inOrder(all []*machine) []*machine {
	type labelled struct {
		*machine
		label string
	}
	by := make([]labelled, len(all))
	for i, h := range all {
		by[i] = labelled{h, h.label()}
	}
	slices.SortFunc(by, func(a, b labelled) int { return strings.Compare(a.label, b.label) })
	for i := range by {
		all[i] = by[i].machine
	}
	return all
}

// caseHosts turns machines into the case's hosts.
func caseHosts(all []*machine) []cases.Host {
	out := make([]cases.Host, 0, len(all))
	for _, h := range all {
		c := cases.Host{Name: h.label(), IP: h.ip, Verdict: h.verdict, Role: h.role, First: cases.Time(h.first), Last: cases.Time(h.last),
			Findings: h.findings, Confidence: probability(h.nats), DecidedBy: "machine", Lent: len(h.spans) > 0}
		if h.verdict == cases.HostCompromised && h.out {
			c.Role, c.OwnRole = "stepping-stone", h.role
		}
		if h.verdict == cases.HostCompromised || h.verdict == cases.HostSuspected {
			c.Why = h.why()
		}
		if h.verdict == cases.HostReached {
			c.Confidence = 1
			c.Why = event.Words{Ja: "侵入されたサーバからの接続が受け入れられた", En: "accepted a connection from a compromised host"}
		}
		out = append(out, c)
	}
	return out
}
