// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// story is what happened, told by a test: events on days and hours, in any order. Day 0 is a Monday.
type story struct {
	site     detect.Site
	accounts map[string]*event.Account
	all      []event.Sighting
	input    int64
	sorted   bool
}

const monday = 20241

func newStory(accounts int) *story {
	s := &story{site: detect.Site{Accounts: accounts, Profile: true}, accounts: map[string]*event.Account{}}
	for i := range accounts {
		s.person(fmt.Sprintf("user%d", i))
	}
	return s
}

// person returns a listed account, stranger one that is not.
func (s *story) person(name string) *event.Account {
	a := s.accounts[name]
	if a == nil {
		a = &event.Account{Handle: uint32(len(s.accounts) + 1), ID: "A-" + name, Name: name, Listed: true}
		s.accounts[name] = a
	}
	return a
}

func (s *story) stranger(name string) *event.Account {
	a := s.person(name)
	a.Listed = false
	return a
}

// tell adds an event of a day at a minute of that day, and some seconds.
func (s *story) tell(day, minute, second int, e event.Event, know func(*event.Sighting)) {
	day, minute = day+minute/1440, minute%1440
	e.Time = event.Micros((int64(monday+day)*86400 + int64(minute)*60 + int64(second)) * 1e6)
	s.input++
	e.Ref = event.Ref{Part: event.Part{Line: s.input, Offset: s.input * 100, Length: 90}}
	g := event.Sighting{Event: &e, Day: int32(monday + day), Minute: int16(minute), Weekday: weekdayOf(int32(monday + day))}
	know(&g)
	s.all, s.sorted = append(s.all, g), false
}

// run gives the story to one detector, in order of time.
func (s *story) run(t *testing.T, spec detect.Spec) []event.Finding {
	t.Helper()
	if !s.sorted {
		slices.SortStableFunc(s.all, func(a, b event.Sighting) int { return cmp.Compare(a.Time, b.Time) })
		s.sorted = true
	}
	e := detect.NewEngine([]detect.Spec{spec}, s.site)
	for i := range s.all {
		if err := e.Observe(&s.all[i]); err != nil {
			t.Fatal(err)
		}
	}
	out := e.Findings()
	for i := range out {
		check(t, &out[i], spec)
	}
	return out
}

// check holds every finding of every test to what readers of findings rely on.
func check(t *testing.T, f *event.Finding, spec detect.Spec) {
	t.Helper()
	switch {
	case f.Key == "", f.Detector == "", len(f.Attack) == 0:
		t.Errorf("%s: no key, detector or technique: %+v", spec.Name, f)
	case f.First > f.Last, f.First == 0:
		t.Errorf("%s: first %d, last %d", spec.Name, f.First, f.Last)
	case f.Alerted < f.First:
		t.Errorf("%s: alerted at %s before it began at %s", spec.Name, f.Alerted.Time(), f.First.Time())
	case f.Title.Ja == "", f.Title.En == "", f.Explanation.Ja == "", f.Explanation.En == "":
		t.Errorf("%s: a text is missing", spec.Name)
	case len(f.Evidence) == 0:
		t.Errorf("%s: no evidence", spec.Name)
	case len(f.Numbers) == 0:
		t.Errorf("%s: no numbers", spec.Name)
	}
	for _, w := range []string{f.Title.Ja, f.Title.En, f.Explanation.Ja, f.Explanation.En} {
		if strings.Contains(w, "%!") {
			t.Errorf("%s: text %q", spec.Name, w)
		}
	}
}

func wants(t *testing.T, all []event.Finding, detector string, sev event.Severity) *event.Finding {
	t.Helper()
	for i := range all {
		if all[i].Detector == detector && all[i].Severity == sev {
			return &all[i]
		}
	}
	t.Fatalf("no %s finding of %s; there are %s", sev, detector, brief(all))
	return nil
}

// quiet holds that nothing above the severity was found.
func quiet(t *testing.T, all []event.Finding, most int) {
	t.Helper()
	for i := range all {
		if int(all[i].Severity) > most {
			t.Errorf("a near miss fired: %s", brief(all[i:i+1]))
		}
	}
}

func brief(all []event.Finding) string {
	var b strings.Builder
	for i := range all {
		fmt.Fprintf(&b, "[%s %s %s %v] ", all[i].Detector, all[i].Severity, all[i].Title.En, all[i].Numbers)
	}
	if b.Len() == 0 {
		return "none"
	}
	return b.String()
}

func number(f *event.Finding, name string) float64 {
	for _, n := range f.Numbers {
		if n.Name == name {
			return n.Value
		}
	}
	return -1
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// inside and outside make places; kind is that of an outside one.
func inside(addr, host, role string) event.Place {
	return event.Place{IP: ip(addr), Own: true, Kind: event.KindOwn, Host: host, Role: role, Network: "offices"}
}

func outside(addr string, kind event.Kind, country string) event.Place {
	return event.Place{IP: ip(addr), Kind: kind, Country: country}
}

// login is a try to log in.
func (s *story) login(day, minute, second int, who *event.Account, from event.Place, client string, reason event.Reason) {
	e := event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, Account: who.Name, SrcIP: from.IP, Client: client, Format: "openldap", Reason: reason}
	if reason != event.ReasonNone {
		e.Outcome = event.OutcomeFailure
	}
	s.tell(day, minute, second, e, func(g *event.Sighting) { g.Who, g.Src = who, from })
}

// read is a search of the directory.
func (s *story) read(day, minute, second int, who *event.Account, from event.Place, entries int64, object, attrs string) {
	e := event.Event{Class: event.ClassDirectory, Activity: event.ActSearch, Outcome: event.OutcomeSuccess, Account: who.Name, SrcIP: from.IP, Count: event.Some(entries), Object: object}
	if attrs != "" {
		e.Rest = []event.Field{event.Text("attrs", attrs)}
	}
	s.tell(day, minute, second, e, func(g *event.Sighting) { g.Who, g.Src = who, from })
}

// link is a connection. A refused one has no bytes.
type link struct {
	port     uint16
	refused  bool
	out, in  int64
	duration int64 // ms
}

func (s *story) connect(day, minute, second int, from, to event.Place, l link) {
	e := event.Event{Class: event.ClassNetwork, Activity: event.ActConnect, Outcome: event.OutcomeSuccess, SrcIP: from.IP, DstIP: to.IP, DstPort: l.port,
		BytesOut: event.Some(l.out), BytesIn: event.Some(l.in), Duration: event.Some(l.duration)}
	if l.refused {
		e.Activity, e.Outcome, e.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	s.tell(day, minute, second, e, func(g *event.Sighting) { g.Src, g.Dst = from, to })
}
