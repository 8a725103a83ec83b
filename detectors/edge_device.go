// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var edgeDevice = detect.Spec{Name: "edge-device", Attack: []string{"T1133", "T1190", "T1602.002"}, New: newEdgeDevice}

// Tunables of edge-device.
const (
	edgeLearn    = 14      // days of the device's own record before its crashes, far ends and administrators' networks are known
	edgeCrashes  = 2       // crashes of one program that did not crash before, within
	edgeWithin   = 24      // hours
	edgeMany     = 3       // crashes so, or the device going down, for medium severity
	edgeHabit    = 3       // days on which a program crashed before, from which it is known to be weak
	edgeDown     = 10      // minutes from a crash in which the device goes down because of it
	edgeAsked    = 30      // minutes from an administrator's order in which it goes down because of that
	edgeAfter    = 14      // days after a fault in which something else that the device never had counts with it
	edgeCalls    = 3       // connections of its own to a far network that it did not know
	edgeNew      = 2       // far networks a week that it comes to know: with more its world is open, and tells nothing
	edgeGuesses  = 10      // wrong passwords of administrators that there are, from outside, within edgeAfter days
	edgeWays     = 32      // ways to machines inside that a device has of its own: with more it speaks for others
	edgeJust     = 10      // seconds before a crash in which whoever knocked may have caused it
	edgeKnocks   = 5       // connections from one address on one day that end without a login, from which they are noted
	edgeNamed    = 64      // addresses that are named of those in one stretch
	edgeHomes    = 1 << 16 // networks from which people log in to one device
	edgeDevices  = 1 << 12 // devices that are followed
	edgePrograms = 64      // programs of one; networks and ways of it are bounded by edgeFar
	edgeFar      = 4096
)

// edges follows the devices of the edge by what they say of themselves. What runs on them after they were broken is in no log; that a
// program which faces the Internet dies again and again, takes the device down, and that it then does what it never did, is.
type edges struct {
	detect.Trace
	boxes map[string]*edgeBox
	first int32
	begun bool
}

type edgeBox struct {
	name     string
	begun    int32
	programs map[uint32]*weakness
	far      map[netip.Prefix]struct{}
	farNew   int32 // that it came to know after the learning
	admins   map[netip.Prefix]struct{}
	inside   map[insideWay]struct{}
	insideIn int32 // ways inside that it came to know in the second half of the learning
	asked    event.Micros
	last     weakCrash
	knocks   [16]knocked
	next     int
	faults   []*edgeFault
	guesses  *edgeGuess // under way
	guessed  []*edgeGuess
	entered  map[insideWay]*edgeEntry
	knockers map[netip.Addr]*edgeKnocker
	knockDay int32 // on which knockers of earlier days were forgotten, to make room
	homes    map[uint32]bool
	probings []*edgeProbing
}

type insideWay struct {
	to   netip.Addr
	port uint16
}

type knocked struct {
	from netip.Addr
	at   event.Micros
}

// weakness is what is known of one program's crashes.
type weakness struct {
	days   int32 // before this one
	day    int32
	recent [4]event.Micros
	n      int // crashes in recent that lie within edgeWithin
	held   detect.Evidence
}

type weakCrash struct {
	at      event.Micros
	program string
	habit   bool
	held    *weakness
}

func newEdgeDevice(detect.Site) detect.Detector { return &edges{boxes: map[string]*edgeBox{}} }

func (d *edges) Classes() detect.ClassSet {
	return detect.Classes(event.ClassOther, event.ClassNetwork, event.ClassAuthentication, event.ClassAccountChange, event.ClassEntityChange, event.ClassFile)
}

func (d *edges) Observe(s *event.Sighting) {
	if !d.begun {
		d.first, d.begun = s.Day, true
	}
	switch s.Class {
	case event.ClassNetwork:
		d.connection(s)
	case event.ClassOther:
		if b := d.box(s); b != nil {
			b.says(s)
			if d.Asking() && healthOf(s.Object) == healthCrash {
				b.tell(d, s)
			}
		}
	default:
		if s.Outcome == event.OutcomeFailure {
			d.refused(s)
			return
		}
		if s.Class == event.ClassAuthentication {
			if _, ok := s.Get("profile"); !ok || s.Activity != event.ActLogon {
				d.member(s)
				return // people log in to the VPN all day
			}
		}
		if b := d.box(s); b != nil {
			b.ruled(s)
		}
	}
}

// member notes where people log in from, at a device that is known.
func (d *edges) member(s *event.Sighting) {
	if b := d.boxes[shortHost(s.DstHost)]; b != nil && s.Activity == event.ActLogon {
		b.loggedIn(s)
	}
}

// refused looks at administrators' names that somebody outside knows, but not the password. Strangers try names that nobody has.
func (d *edges) refused(s *event.Sighting) {
	if s.Class != event.ClassAuthentication || s.Activity != event.ActLogon || s.Reason != event.ReasonBadPassword || !s.SrcIP.IsValid() || s.SrcIsRelay || s.Src.Own {
		return
	}
	switch s.Service {
	case "https", "http", "ssh", "telnet", "jsconsole", "api", "web", "gui":
	default:
		return
	}
	b := d.box(s)
	if b == nil {
		return
	}
	if _, known := b.admins[network(s.SrcIP)]; known {
		return
	}
	g := b.guesses
	if g == nil || s.Time-g.last > edgeAfter*86400e6 {
		g = &edgeGuess{first: s.Time, names: map[string]bool{}, from: map[event.Line]faces{}}
		b.guesses = g
	}
	g.add(s)
	if d.Asking() {
		d.tellGuess(s, b)
	}
	if g.times == edgeGuesses && len(b.guessed) < 64 {
		g.alerted = s.Seen()
		b.guessed = append(b.guessed, g)
	}
}

// edgeRole says whether a machine stands between inside and outside, with nobody's program on it but the maker's.
func edgeRole(role string) bool {
	switch role {
	case "vpn", "firewall", "router", "gateway", "mail-gateway", "load-balancer", "appliance", "edge":
		return true
	}
	return false
}

// box returns the device that writes of itself; nil for everything else.
func (d *edges) box(s *event.Sighting) *edgeBox {
	if s.DstHost == "" {
		return nil
	}
	if !edgeRole(s.Dst.Role) {
		if _, ok := s.Get("devid"); !ok {
			return nil
		}
	}
	return d.named(shortHost(s.DstHost), s.Day)
}

func (d *edges) named(name string, day int32) *edgeBox {
	b := d.boxes[name]
	if b == nil && len(d.boxes) < edgeDevices {
		b = &edgeBox{name: name, begun: day, programs: map[uint32]*weakness{}, far: map[netip.Prefix]struct{}{}, admins: map[netip.Prefix]struct{}{},
			inside: map[insideWay]struct{}{}, entered: map[insideWay]*edgeEntry{}}
		d.boxes[name] = b
	}
	return b
}

// says looks at what the device tells of its own health.
func (b *edgeBox) says(s *event.Sighting) {
	switch healthOf(s.Object) {
	case healthOrder:
		if s.Account != "" {
			b.asked = s.Time
		}
	case healthCrash:
		b.crash(s)
	case healthDown:
		b.down(s)
	}
}

func (b *edgeBox) crash(s *event.Sighting) {
	name := crashedProgram(s)
	key := hashText(name)
	w := b.programs[key]
	if w == nil {
		if len(b.programs) >= edgePrograms {
			return
		}
		w = &weakness{day: s.Day}
		b.programs[key] = w
	}
	if w.day != s.Day {
		w.day = s.Day
		w.days++
	}
	habit := w.days >= edgeHabit
	copy(w.recent[1:], w.recent[:])
	w.recent[0] = s.Time
	w.n = 0
	for _, at := range w.recent {
		if at != 0 && s.Time-at <= edgeWithin*3600e6 {
			w.n++
		}
	}
	if w.n == 1 {
		w.held = detect.Evidence{}
	}
	w.held.Add(s.Event)
	b.last = weakCrash{at: s.Time, program: name, habit: habit, held: w}
	if habit || s.Time-b.asked <= edgeAsked*60e6 && b.asked != 0 {
		return
	}
	if f := b.fault(s.Time); f != nil && f.program == name {
		f.crashed(s, b, w.n)
		return
	}
	if w.n >= edgeCrashes {
		b.open(s, name, w)
	}
}

// down looks at the device going down or coming back, which nobody asked for and a crash went before.
func (b *edgeBox) down(s *event.Sighting) {
	if b.asked != 0 && s.Time-b.asked <= edgeAsked*60e6 || b.last.at == 0 || s.Time-b.last.at > edgeDown*60e6 || b.last.habit {
		return
	}
	f := b.fault(s.Time)
	if f == nil || f.program != b.last.program {
		f = b.open(s, b.last.program, b.last.held)
	}
	f.went(s)
}

// fault returns the one that is being followed.
func (b *edgeBox) fault(at event.Micros) *edgeFault {
	if n := len(b.faults); n > 0 && at-b.faults[n-1].first <= edgeAfter*86400e6 {
		return b.faults[n-1]
	}
	return nil
}

func (b *edgeBox) open(s *event.Sighting, program string, w *weakness) *edgeFault {
	f := &edgeFault{box: b, program: program, young: s.Day-b.begun < edgeLearn, first: s.Time, alerted: s.Seen(), crashes: int64(w.n), evidence: w.held}
	for _, at := range w.recent[:min(w.n, len(w.recent))] {
		f.first = min(f.first, at)
		f.knocksBefore(b, at)
	}
	f.last = s.Time
	if len(b.faults) < 64 {
		b.faults = append(b.faults, f)
	}
	return f
}

// ruled looks at what administrators do on the device, and from where.
func (b *edgeBox) ruled(s *event.Sighting) {
	if !s.SrcIP.IsValid() || s.SrcIsRelay {
		return
	}
	net := network(s.SrcIP)
	_, known := b.admins[net]
	f := b.fault(s.Time)
	if known || s.Src.Own || f == nil || s.Day-b.begun < edgeLearn {
		if !known && len(b.admins) < edgeFar {
			b.admins[net] = struct{}{}
		}
		return
	}
	f.strangeAdmin(s)
}

// connection looks at what the device opens by itself, and notes who knocks at it.
func (d *edges) connection(s *event.Sighting) {
	if len(d.boxes) == 0 && !edgeRole(s.Src.Role) {
		return
	}
	switch {
	case s.Src.Own && edgeRole(s.Src.Role) && s.Dst.Own:
		d.goesIn(s)
	case goesOut(s):
		if name, ok := applianceName(s); ok {
			if b := d.named(shortHost(name), s.Day); b != nil {
				b.calls(s)
			}
		}
	case !s.Src.Own && s.SrcIP.IsValid() && s.DstHost != "":
		if b := d.boxes[shortHost(s.DstHost)]; b != nil {
			b.knocks[b.next%len(b.knocks)] = knocked{s.SrcIP, s.Time}
			b.next++
			if s.Outcome == event.OutcomeFailure && s.Reason == event.ReasonProtocol {
				b.brokeOff(s)
			}
		}
	}
}

// calls follows the far networks that the device knows.
func (b *edgeBox) calls(s *event.Sighting) {
	far := ofNet(s.DstIP)
	if _, ok := b.far[far]; ok {
		return
	}
	age := s.Day - b.begun
	f := b.fault(s.Time)
	if f != nil && age >= edgeLearn && b.farNew*7 <= edgeNew*(age-edgeLearn+7) {
		f.call(s, far)
		return
	}
	if len(b.far) < edgeFar {
		b.far[far] = struct{}{}
		if age >= edgeLearn {
			b.farNew++
		}
	}
}

// goesIn looks at machines inside that the device itself opens a way to.
func (d *edges) goesIn(s *event.Sighting) {
	if !openConnection(s) || knock(s) || pathOf(s) != wayAdmin || s.SrcIP == s.DstIP || !s.DstIP.IsValid() {
		return
	}
	b := d.named(shortHost(machineName(s.Src, s.SrcIP)), s.Day)
	if b == nil {
		return
	}
	way := insideWay{s.DstIP, s.DstPort}
	if _, ok := b.inside[way]; ok {
		return
	}
	age := s.Day - d.first
	if age < edgeLearn || len(b.inside) > edgeWays || b.insideIn > edgeNew {
		if len(b.inside) < edgeFar {
			b.inside[way] = struct{}{}
			if age >= edgeLearn/2 && age < edgeLearn {
				b.insideIn++
			}
		}
		return
	}
	e := b.entered[way]
	if e == nil {
		if len(b.entered) >= edgeFar {
			return
		}
		e = &edgeEntry{to: machineName(s.Dst, s.DstIP), port: s.DstPort, first: s.Time, alerted: s.Seen()}
		b.entered[way] = e
	}
	e.times++
	e.last = s.Time
	e.evidence.Add(s.Event)
}

func (d *edges) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, b := range d.boxes {
		for _, f := range b.faults {
			out = append(out, f.finding())
		}
		for _, g := range b.guessed {
			out = append(out, g.finding(b))
		}
		for _, p := range b.probings {
			out = append(out, p.finding(b))
		}
		if len(b.entered) > 0 {
			out = append(out, b.insideFinding())
		}
	}
	return sortedFindings(out)
}

// sortedWays returns the ways of a device in order.
func (b *edgeBox) sortedWays() []insideWay {
	ways := make([]insideWay, 0, len(b.entered))
	for w := range b.entered {
		ways = append(ways, w)
	}
	slices.SortFunc(ways, func(x, y insideWay) int {
		if c := x.to.Compare(y.to); c != 0 {
			return c
		}
		return int(x.port) - int(y.port)
	})
	return ways
}
