// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package breach goes from findings to the whole harm: which accounts, addresses and hosts an intruder used, since when, by
// what cause, in which stages, and what was exposed as far as the records say. It does by machine what the AIST report's
// investigators did by eye (attachment 3, footnote 1): a fixed point of bad addresses and bad logins in which every
// address is judged before anything is concluded from it.
//
//	sightings ──► Ledger (who was where, with what, when) ──► Scope: weigh ► condemn ► weigh again … ──► case
//
// It condemns on paper only and asks people where it cannot tell. It reads no log and raises no alarm.
package breach

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Ledger notes, while sightings pass by in event order, who was where with which client and what inside hosts did to one
// another. What it keeps grows with the number of accounts, addresses and hosts, not with the number of events. It is owned
// by one goroutine.
type Ledger struct {
	visits  map[visitKey]*visit
	latest  map[visitKey]*visit // the latest login of an account from an address
	ordered []*visit            // in order of first sight, which is canonical
	lines   map[event.Line]*address
	split   map[netip.Addr][]*address // the lines of addresses that several homes share, by their ports
	clients map[string]uint32
	names   []string // clients by number; 0 is "none or one of too many"
	people  map[uint32]*person
	edges   map[edgeKey]*edge
	eorder  []*edge
	tunnels map[netip.Addr][]tunnel // loans of inside addresses, in order of time
	lent    int
	first   event.Micros
	last    event.Micros
	called  map[nameKey]*seenDays
	dates   map[int32]event.Micros // the first record of each day
	made    []making
	numbers numbers
	heard   int64 // sightings
	ground  *ground
	roster  roster // of machines
	folded  int64  // visits that did not fit and were noted by account and address only
}

// Bounds of what an outsider can inflate. Beyond them things fall into coarser entries, never out.
const (
	maxClients = 1 << 16
	maxVisits  = 4 << 20
	maxEdges   = 1 << 20
	maxRuns    = 16
	maxTried   = 64
	runGap     = event.Micros(72 * 3600 * 1e6)
)

type visitKey struct {
	account uint32
	line    event.Line
	client  uint32
}

// visit is one account's use of one address with one client: the unit that is judged. A shared address falls apart into
// visits, so that what one of its users did says nothing about the others.
type visit struct {
	// What every round of scoping goes over comes first, so that it lies together in memory.
	who    *event.Account
	addr   *address
	first  event.Micros
	last   event.Micros
	client uint32
	days   int32
	is     serials

	judged   verdict
	stranger bool // new to the address, with a client unlike its own
	regular  bool // at home there
	fleeting bool // as no owner comes: see flee
	foreign  bool // and with a client that its account does not have at home
	barred   bool // was condemned and did not stand with everything known
	pinned   bool // by a person's answer
	disputed bool // one person's answer says the opposite of what the records show, or two people differ
	guessed  bool // a finding says that its account was entered after guessing from its address
	known    bool // its client's being the owner's, as escorted says, is hardly anybody else's
	past     past
	nats     float64
	alone    float64 // without the company of others in doubt, so that two doubts do not feed on one another
	escorted float64 // what the owner's own client, there at the same time, says of a visit without one; see escort.go
	custom   float64 // how surely it is that of a customer of a service that hides its users, from 0 to 1: see customers.go
	abused   float64 // what a finding says was done with its account from its address, in nats
	unsaid   float64 // the sum without what people said
	terms    []term
	fresh    int // from how many networks new to it its account came around that time; 0 where this one was not
	asked    int // questions about it that were answered, also with "don't know"
	logins   int64
	acts     int64 // what was done with the account besides logging in
	half     int64 // right password, second step not passed
	mail     int64 // messages opened or fetched
	files    int64 // files read or copied

	alerted event.Micros // when it could first have been condemned
	bytes   int64
	lastDay int32
	service string
	stays   []stay // by address, where the line has several; see lines.go
	ports   *ports // nil: no record had one
	runs    []run
	ref     event.Ref // of the first event
	lastRef event.Ref
	night   [24]uint16 // events by local hour
	week    [7]uint16
}

type run struct {
	from, to event.Micros
	n        int64
}

// address is what was seen of one line: of one source address, the /64 of one, or one's port set.
type address struct {
	line     event.Line
	number   uint32      // of those that were visited, from 1 on; 0: not yet. See numbers.go for this and the next two
	around   uint32      // of its neighbourhood
	spot     uint32      // of what its visits are tied to; see tieOf
	place    event.Place // of the address that was seen first
	faces    []face      // the addresses of the line, where it has several; see lines.go
	first    event.Micros
	last     event.Micros
	visits   []*visit
	failures int64            // on accounts that exist
	unknown  int64            // on names that do not
	tried    map[uint32]tried // existing accounts that failed from here; a sample of maxTried of them where there were more
	triedMax uint64           // the highest rank among them
	triedAll int64            // distinct ones, as far as maxTried counts
	real     int64            // those of tried that are in use; set when scoping
	homely   int64            // those of tried that came from around here before; set when scoping
	guesses  bool             // it tried many accounts and seldom got in; set when scoping
	shutOut  bool             // several accounts failed from here and never got in; set when scoping, see stuffed
	failDays int32
	failDay  int32
	failAt   event.Micros // first failure
	failTo   event.Micros
	failRef  event.Ref
	services map[string]int64 // failures by service, few

}

// tried is how often an account failed from an address, and when first.
type tried struct {
	n    int32
	at   event.Micros
	rank uint64 // of the account in a sample
}

// rankOf returns an account's place in an order that has nothing to do with who it is: FNV-1a of its identity, mixed as
// in MurmurHash3.
func rankOf(identity string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(identity) {
		h = (h ^ uint64(identity[i])) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// person is what was seen of one account as a whole.
type person struct {
	who      *event.Account
	visits   []*visit
	failures int64
	failAt   event.Micros
	failTo   event.Micros
	success  bool
	bare     bool // it was used from outside without a client that the records name; set when visits are numbered
	first    event.Micros
}

// NewLedger returns an empty ledger.
func NewLedger() *Ledger {
	return &Ledger{
		visits: map[visitKey]*visit{}, latest: map[visitKey]*visit{}, lines: map[event.Line]*address{}, split: map[netip.Addr][]*address{}, clients: map[string]uint32{"": 0}, names: []string{""},
		people: map[uint32]*person{}, edges: map[edgeKey]*edge{}, dates: map[int32]event.Micros{}, tunnels: map[netip.Addr][]tunnel{}, called: map[nameKey]*seenDays{}, roster: newRoster(),
	}
}

// Observe notes one sighting. Sightings come in canonical order.
func (l *Ledger) Observe(s *event.Sighting) {
	if l.first == 0 {
		l.first = s.Time
	}
	l.last = max(l.last, s.Time)
	l.heard++
	if _, ok := l.dates[s.Day]; !ok {
		l.dates[s.Day] = s.Time
	}
	l.nameOf(s)
	switch s.Class {
	case event.ClassAuthentication:
		switch {
		case s.Failed():
			l.fail(s)
		case s.LoggedIn():
			l.visit(s)
		}
		l.lend(s)
		l.between(s)
	case event.ClassLease:
		l.lend(s)
	case event.ClassMail, event.ClassFile, event.ClassHTTP, event.ClassAccountChange, event.ClassEntityChange:
		if s.Refused() {
			l.fail(s)
		}
		if s.Who != nil && !s.Who.System && s.Outcome != event.OutcomeFailure && s.SrcIP.IsValid() {
			l.visit(s)
		}
		switch s.Class {
		case event.ClassFile:
			l.between(s)
		case event.ClassAccountChange:
			l.make(s)
		}
	case event.ClassRemoteSession, event.ClassNetwork:
		l.between(s)
	}
}

// denseDays of denseSpan must hold records before the records are said to have begun.
const (
	denseDays = 4
	denseSpan = 14
)

// began returns when the records begin to tell what happened day by day. A stray line of long before does not prove that nothing happened
// since: whoever can write into a log could say so.
func (l *Ledger) began() event.Micros {
	days := slices.Sorted(maps.Keys(l.dates))
	for i := 0; i+denseDays <= len(days); i++ {
		if days[i+denseDays-1]-days[i] < denseSpan {
			return l.dates[days[i]]
		}
	}
	return l.last
}

func (l *Ledger) person(who *event.Account, at event.Micros) *person {
	p := l.people[who.Handle]
	if p == nil {
		p = &person{who: who, first: at}
		l.people[who.Handle] = p
	}
	return p
}

func (l *Ledger) address(p event.Place, at event.Micros) *address {
	line := p.Line()
	a := l.lines[line]
	if a == nil {
		a = &address{line: line, place: p, first: at, failDay: -1}
		l.lines[line] = a
		if line.Set != 0 {
			l.split[line.At] = append(l.split[line.At], a)
		}
	}
	a.learn(&p)
	a.last = max(a.last, at)
	a.show(p.IP, at)
	return a
}

// learn takes what one record knows of the address and others do not: some logs have no country.
func (a *address) learn(p *event.Place) {
	if a.place.Country == "" {
		a.place.Country = p.Country
	}
	if a.place.ASN == 0 {
		a.place.ASN = p.ASN
	}
	if a.place.Kind == event.KindUnknown {
		a.place.Kind = p.Kind
	}
	a.place.Shared, a.place.Dealt = a.place.Shared || p.Shared, a.place.Dealt || p.Dealt
}

// fail notes a failed login. A right password without its second step is also a visit: somebody knew it.
func (l *Ledger) fail(s *event.Sighting) {
	n := s.Times()
	exists := s.Reason != event.ReasonNoSuchAccount && !s.Who.System
	if exists {
		p := l.person(s.Who, s.Time)
		p.failures += n
		if p.failAt == 0 {
			p.failAt = s.Time
		}
		p.failTo = s.Time
	}
	if !s.SrcIP.IsValid() || s.SrcIsRelay {
		return
	}
	a := l.address(s.Src, s.Time)
	a.blame(s.Src.IP, n)
	if a.failAt == 0 {
		a.failAt = s.Time
		a.failRef = keepRef(s.Event)
	}
	a.failTo = s.Time
	if a.failDay != s.Day {
		a.failDay = s.Day
		a.failDays++
	}
	if a.services == nil {
		a.services = map[string]int64{}
	}
	if _, ok := a.services[s.Service]; ok || len(a.services) < 8 {
		a.services[s.Service] += n
	}
	if !exists {
		a.unknown += n
		return
	}
	a.failures += n
	a.try(s.Who, n, s.Time)
	if s.Reason == event.ReasonSecondFactorFailed || s.Reason == event.ReasonSecondFactorNeeded {
		l.visit(s)
	}
}

// try notes failures of an account. Of more accounts than it keeps an address keeps a fair sample, those whose identities have the lowest hashes,
// so that what many failed there before does not hide what comes after.
func (a *address) try(who *event.Account, n int64, at event.Micros) {
	if a.tried == nil {
		a.tried = map[uint32]tried{}
	}
	t, ok := a.tried[who.Handle]
	if !ok {
		t.at, t.rank = at, rankOf(who.ID)
		if len(a.tried) < maxTried {
			a.triedAll++
		} else if !a.displace(t.rank) {
			return
		}
		a.triedMax = max(a.triedMax, t.rank)
	}
	t.n += int32(min(n, 1000))
	a.tried[who.Handle] = t
}

// displace takes the account of the highest rank out of a full sample, for one of a lower; false if there is none higher.
func (a *address) displace(rank uint64) bool {
	if rank >= a.triedMax {
		return false
	}
	last, next := uint32(0), uint64(0)
	for h, t := range a.tried {
		if t.rank == a.triedMax {
			last = h
		} else {
			next = max(next, t.rank)
		}
	}
	delete(a.tried, last)
	a.triedMax = next
	return true
}

// visit notes that an account was used from an address.
func (l *Ledger) visit(s *event.Sighting) {
	p := l.person(s.Who, s.Time)
	if s.LoggedIn() {
		p.success = true
	}
	if !s.SrcIP.IsValid() || s.SrcIsRelay || s.Who.System {
		return
	}
	if v := l.visitOf(s, p); v != nil {
		v.note(s)
	}
}

// visitOf finds the visit that a sighting belongs to. Clients are compared between logins, and web requests under a name, only: what is
// done with the account afterwards is told by other logs in other words, and belongs to the latest login from the same address.
func (l *Ledger) visitOf(s *event.Sighting, p *person) *visit {
	line := s.Src.Line()
	pair := visitKey{account: s.Who.Handle, line: line}
	login := s.Class == event.ClassAuthentication || s.Admitted()
	if v := l.latest[pair]; !login && v != nil {
		return v
	}
	key := pair
	if login {
		key.client = l.client(s.Client)
	}
	v := l.visits[key]
	if v == nil {
		if len(l.visits) >= maxVisits {
			l.folded++
			return l.visits[pair]
		}
		v = &visit{who: s.Who, addr: l.address(s.Src, s.Time), client: key.client, first: s.Time, lastDay: -1, service: s.Service, ref: keepRef(s.Event)}
		l.visits[key] = v
		l.ordered = append(l.ordered, v)
		v.addr.visits = append(v.addr.visits, v)
		p.visits = append(p.visits, v)
	}
	if login || l.latest[pair] == nil {
		l.latest[pair] = v
	}
	return v
}

func (v *visit) note(s *event.Sighting) {
	v.last, v.addr.last = s.Time, s.Time
	v.addr.learn(&s.Src)
	v.addr.show(s.Src.IP, s.Time)
	v.stay(s)
	v.lastRef = s.Event.Ref
	v.lastRef.More = nil
	if v.lastDay != s.Day {
		v.lastDay = s.Day
		v.days++
	}
	switch {
	case s.LoggedIn():
		v.logins++
	case s.Class == event.ClassAuthentication:
		v.half++
	default:
		v.acts++
		n := max(s.Count.Or(1), 1)
		switch {
		case s.Class == event.ClassMail && (s.Activity == event.ActRead || s.Activity == event.ActDownload):
			v.mail += n
		case s.Class == event.ClassFile && (s.Activity == event.ActRead || s.Activity == event.ActDownload || s.Activity == event.ActCopy):
			v.files += n
			v.bytes += s.BytesIn.Or(0)
		}
	}
	if h := int(s.Minute) / 60; h >= 0 && h < 24 && v.night[h] < 65535 {
		v.night[h]++
	}
	if d := int(s.Weekday); d >= 0 && d < 7 && v.week[d] < 65535 {
		v.week[d]++
	}
	if n := len(v.runs); n > 0 && (s.Time-v.runs[n-1].to < runGap || n >= maxRuns) {
		v.runs[n-1].to = s.Time
		v.runs[n-1].n++
		return
	}
	v.runs = append(v.runs, run{s.Time, s.Time, 1})
}

func (l *Ledger) client(name string) uint32 {
	if n, ok := l.clients[name]; ok {
		return n
	}
	if len(l.names) >= maxClients {
		return 0
	}
	n := uint32(len(l.names))
	l.clients[name] = n
	l.names = append(l.names, name)
	return n
}

// keepRef copies a reference out of its batch.
func keepRef(e *event.Event) event.Ref {
	r := e.Ref
	r.More = append([]event.Part(nil), r.More...)
	return r
}
