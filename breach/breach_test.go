// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// world tells a story of logins to a ledger.
type world struct {
	t       *testing.T
	ledger  *Ledger
	people  map[string]*event.Account
	places  map[string]event.Place
	pending []event.Sighting
}

func newWorld(t *testing.T) *world {
	return &world{t: t, ledger: NewLedger(), people: map[string]*event.Account{}, places: map[string]event.Place{}}
}

func (w *world) who(name string) *event.Account {
	a := w.people[name]
	if a == nil {
		a = &event.Account{Handle: uint32(len(w.people) + 1), ID: event.Identity("A-", "", name), Name: name, Listed: true}
		w.people[name] = a
	}
	return a
}

func (w *world) place(ip string, kind event.Kind, country string, asn uint32) {
	w.places[ip] = event.Place{IP: netip.MustParseAddr(ip), Kind: kind, Country: country, ASN: asn}
}

var day0 = event.Of(time.Date(2025, 6, 2, 0, 0, 0, 0, time.UTC))

// login adds one login on a day, at an hour.
func (w *world) login(name, ip, client string, d, hour int, outcome event.Outcome) {
	at := day0 + event.Micros(d)*day + event.Micros(hour)*3600*1e6 + event.Micros(len(w.pending)%3600)*1e6
	p, ok := w.places[ip]
	if !ok {
		w.t.Fatalf("no place %s", ip)
	}
	e := &event.Event{Time: at, Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: outcome, Account: name, SrcIP: p.IP, Client: client,
		Country: p.Country, ASN: p.ASN, Service: "mail", Format: "story", Ref: event.Ref{Part: event.Part{Line: int64(len(w.pending) + 1), Offset: int64(len(w.pending)) * 100, Length: 99}}}
	if outcome == event.OutcomeFailure {
		e.Reason = event.ReasonBadPassword
	}
	w.pending = append(w.pending, event.Sighting{Event: e, Who: w.who(name), Src: p, Day: at.Day(0), Minute: int16(hour * 60), Weekday: int8((d + 1) % 7)})
}

// ordinary lets thirty people work for some days from home and the office, each with a client of its own.
func (w *world) ordinary(days int) {
	w.place("150.29.147.11", event.KindOwn, "JP", 2907)
	office := w.places["150.29.147.11"]
	office.Own = true
	w.places["150.29.147.11"] = office
	for i := range 30 {
		home := fmt.Sprintf("126.10.%d.9", i)
		w.place(home, event.KindUnknown, "JP", 17676)
		for d := range days {
			if d%7 < 5 {
				w.login(name(i), "150.29.147.11", browser(i), d, 9, event.OutcomeSuccess)
			}
			if (d+i)%3 == 0 {
				w.login(name(i), home, browser(i), d, 21, event.OutcomeSuccess)
			}
		}
	}
}

func name(i int) string    { return fmt.Sprintf("person%02d@lab.example", i) }
func browser(i int) string { return fmt.Sprintf("Browser%c/%d.0 (Machine)", 'A'+i%26, 100+i) }

const strange = "Opera/9.80 (Windows NT 5.1; U; xx)"

// scope hands the story over in order of time and scopes.
func (w *world) scope(in Inputs) *Result {
	if w.pending != nil {
		sortSightings(w.pending)
		for i := range w.pending {
			w.ledger.Observe(&w.pending[i])
		}
		w.pending = nil
	}
	in.Covered = true
	return w.ledger.Scope(in)
}

func sortSightings(s []event.Sighting) {
	for i := 1; i < len(s); i++ {
		for k := i; k > 0 && s[k].Time < s[k-1].Time; k-- {
			s[k], s[k-1] = s[k-1], s[k]
		}
	}
}

func verdicts(r *Result) map[string]cases.AccountVerdict {
	out := map[string]cases.AccountVerdict{}
	for i := range r.Accounts {
		out[r.Accounts[i].Name] = r.Accounts[i].Verdict
	}
	return out
}

func addressVerdict(r *Result, ip string) cases.AddressVerdict {
	for i := range r.Addresses {
		if r.Addresses[i].IP.String() == ip {
			return r.Addresses[i].Verdict
		}
	}
	return ""
}

// TestIntruder: one hosting address, one client, several accounts that never had either.
func TestIntruder(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	w.place("45.76.101.17", event.KindHosting, "SG", 20473)
	for i := range 5 {
		w.login(name(i), "45.76.101.17", strange, 50+i%3, 18, event.OutcomeSuccess)
	}
	r := w.scope(Inputs{})
	if r.Verdict != cases.Breach || len(r.Victims) != 5 {
		t.Fatalf("verdict %s with %d victims, want breach with 5: %v", r.Verdict, len(r.Victims), verdicts(r))
	}
	if v := addressVerdict(r, "45.76.101.17"); v != cases.AddressAttacker {
		t.Errorf("the intruder's address is %q", v)
	}
	for _, f := range r.Findings {
		if len(f.Evidence) == 0 || f.Alerted < f.First {
			t.Errorf("finding %s: evidence %d, alerted %d before %d", f.Key, len(f.Evidence), f.Alerted, f.First)
		}
	}
	for i := range r.Accounts {
		if a := &r.Accounts[i]; a.Verdict == cases.AccountCompromised && len(a.Findings) == 0 {
			t.Errorf("%s is condemned without a finding that leads to bytes", a.Name)
		}
	}
}

// TestQuiet: ordinary life, a conference hotel with everybody's own machines, a journey, a person who uses a VPN, a new machine.
func TestQuiet(t *testing.T) {
	w := newWorld(t)
	w.ordinary(90)
	w.place("203.0.113.80", event.KindUnknown, "FR", 3215)
	for i := range 12 {
		w.login(name(i), "203.0.113.80", browser(i), 60+i%3, 20, event.OutcomeSuccess)
	}
	w.place("198.51.100.9", event.KindVPN, "NL", 9009)
	for d := range 80 {
		if d%4 == 0 {
			w.login(name(3), "198.51.100.9", browser(3), d, 23, event.OutcomeSuccess)
		}
	}
	for d := 70; d < 90; d++ {
		w.login(name(7), "126.10.7.9", "BrowserNew/1.0 (Laptop)", d, 22, event.OutcomeSuccess)
	}
	w.place("192.0.2.44", event.KindUnknown, "DE", 3320)
	w.login(name(9), "192.0.2.44", "PhoneNew/2.0", 77, 8, event.OutcomeSuccess)
	r := w.scope(Inputs{})
	if r.Verdict != cases.Clear {
		t.Fatalf("verdict %s, want clear: %v", r.Verdict, verdicts(r))
	}
}

// TestSharedProxy: an intruder comes through a proxy that honest people use every day. Only his sessions are condemned.
func TestSharedProxy(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	w.place("130.54.101.9", event.KindUniversity, "JP", 2907)
	for i := 10; i < 25; i++ {
		for d := i % 5; d < 60; d += 5 {
			w.login(name(i), "130.54.101.9", browser(i), d, 15, event.OutcomeSuccess)
		}
	}
	w.place("45.76.101.17", event.KindHosting, "SG", 20473)
	for i := range 6 {
		w.login(name(i), "45.76.101.17", strange, 45, 18, event.OutcomeSuccess)
	}
	for i := 4; i < 8; i++ {
		w.login(name(i), "130.54.101.9", strange, 47, 19, event.OutcomeSuccess)
	}
	r := w.scope(Inputs{})
	v := verdicts(r)
	for i := range 8 {
		if got := v[name(i)]; got != cases.AccountCompromised && (i < 6 || got != cases.AccountSuspected) {
			t.Errorf("%s is %q, want compromised, or at least suspected where it came through the proxy alone", name(i), got)
		}
	}
	for i := 10; i < 25; i++ {
		if v[name(i)] == cases.AccountCompromised || v[name(i)] == cases.AccountSuspected {
			t.Errorf("%s, who uses the proxy every week, is %s", name(i), v[name(i)])
		}
	}
	if got := addressVerdict(r, "130.54.101.9"); got != cases.AddressShared {
		t.Errorf("the proxy is %q, want shared", got)
	}
}

// TestLogsBeginUnderHim: the first week on record is his. Everything is new then, so nothing that is merely new may accuse.
func TestLogsBeginUnderHim(t *testing.T) {
	w := newWorld(t)
	w.place("45.76.101.17", event.KindHosting, "SG", 20473)
	for i := range 5 {
		for d := range 6 {
			w.login(name(i), "45.76.101.17", strange, d, 18, event.OutcomeSuccess)
		}
	}
	w.ordinary(30)
	r := w.scope(Inputs{})
	for name, v := range verdicts(r) {
		var i int
		if _, err := fmt.Sscanf(name, "person%02d", &i); err == nil && i >= 5 && v == cases.AccountCompromised {
			t.Errorf("%s was accused for being new", name)
		}
	}
	if (r.Verdict == cases.Breach || r.Verdict == cases.Suspicious) && r.Onset.Certain {
		t.Error("the onset is called certain though the logs begin with it")
	}
}

// TestAnswersAreTakenBack: an answer changes the case, and taking it back restores what was, to the byte.
func TestAnswersAreTakenBack(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	w.place("45.76.101.17", event.KindHosting, "SG", 20473)
	for i := range 4 {
		w.login(name(i), "45.76.101.17", strange, 50, 18, event.OutcomeSuccess)
	}
	before := w.scope(Inputs{})
	yes := Answer{Account: w.who(name(0)).ID, Address: netip.MustParseAddr("45.76.101.17"), Legitimate: true, By: "suzuki"}
	with := w.scope(Inputs{Answers: []Answer{yes}})
	if verdicts(with)[name(0)] == cases.AccountCompromised {
		t.Error("the owner said that it was him, and is condemned all the same")
	}
	yes.Weightless = true
	if without := w.scope(Inputs{Answers: []Answer{yes}}); verdicts(without)[name(0)] != cases.AccountCompromised {
		t.Error("an answer that came through a mailbox in doubt counted")
	}
	if after := w.scope(Inputs{}); !reflect.DeepEqual(before, after) {
		t.Error("taking the answer back did not restore what was")
	}
}

// TestSeed: a single login from an ordinary line in doubt becomes a victim when its address is known to be bad.
func TestSeed(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	w.place("192.0.2.200", event.KindUnknown, "US", 7922)
	w.login(name(2), "192.0.2.200", strange, 55, 18, event.OutcomeSuccess)
	if r := w.scope(Inputs{}); verdicts(r)[name(2)] == cases.AccountCompromised {
		t.Error("one login from abroad with a new client condemns")
	}
	seed := Seed{Address: netip.MustParseAddr("192.0.2.200")}
	if r := w.scope(Inputs{Seeds: []Seed{seed}}); verdicts(r)[name(2)] == cases.AccountCleared || verdicts(r)[name(2)] == "" {
		t.Error("a login from an address that is known to be bad is cleared")
	}
}

// TestWays: from a machine that is condemned the way leads on, and to one that was only reached it says no more than that.
func TestWays(t *testing.T) {
	w := newWorld(t)
	w.ordinary(30)
	in := func(ip, host string) event.Place {
		return event.Place{IP: netip.MustParseAddr(ip), Kind: event.KindOwn, Own: true, Host: host}
	}
	vm, mon, other := in("10.1.0.5", "vm"), in("10.99.0.7", "mon"), in("10.1.0.9", "other")
	at := day0 + 20*day
	way := func(from, to event.Place, class event.Class, service string) {
		e := &event.Event{Time: at, Class: class, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, SrcIP: from.IP, DstIP: to.IP, DstHost: to.Host, Service: service, Account: "admin"}
		if class == event.ClassNetwork {
			e.Activity, e.DstPort, e.BytesIn = event.ActConnect, 80, event.Some(500)
		}
		w.pending = append(w.pending, event.Sighting{Event: e, Who: w.who("admin"), Src: from, Dst: to, Day: at.Day(0)})
		at += 60 * 1e6
	}
	way(vm, mon, event.ClassAuthentication, "ssh")
	way(vm, other, event.ClassNetwork, "http")
	find := func(detector string) event.Finding {
		return event.Finding{Detector: detector, Key: "vm", Severity: event.High, First: at - 2*day, Last: at, Alerted: at, Hosts: []string{"vm"}}
	}
	r := w.scope(Inputs{Findings: []event.Finding{find("ci-remote-control"), find("internal-scan"), find("log-cleared")}})
	got := map[string]cases.HostVerdict{}
	for _, h := range r.Hosts {
		got[h.Name] = h.Verdict
	}
	if got["vm"] != cases.HostCompromised || got["other"] != cases.HostReached || got["mon"] == cases.HostReached || got["mon"] == "" {
		t.Errorf("hosts: %v, want vm compromised, mon at least suspected, other reached", got)
	}
}
