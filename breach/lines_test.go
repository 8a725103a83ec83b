// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// home makes a place of one port set of a shared address, under a name of its own.
func (w *world) home(ip string, set uint16) string {
	key := fmt.Sprintf("%s#%d", ip, set)
	w.places[key] = event.Place{IP: netip.MustParseAddr(ip), Kind: event.KindUnknown, Country: "JP", ASN: 4713, Dealt: true, Set: set}
	return key
}

// temporary returns the address that a machine of a /64 has on a day.
func (w *world) temporary(net string, d int, kind event.Kind, country string, asn uint32) string {
	ip := fmt.Sprintf("%s:%x:%x::1", net, d*7919%65536, d*104729%65536)
	w.place(ip, kind, country, asn)
	return ip
}

// TestPrivacyAddresses: at home two people have another address of their /64 every day, one of them with a log that records no client. Neither is new each
// day, while the institute is under attack and others fall.
func TestPrivacyAddresses(t *testing.T) {
	w := newWorld(t)
	w.ordinary(90)
	for d := range 90 {
		w.login("hanako@lab.example", w.temporary("2001:db8:77:1", d, event.KindUnknown, "JP", 4713), "Firefox/140.0 (Macintosh)", d, 20, event.OutcomeSuccess)
		w.login("jiro@lab.example", w.temporary("2001:db8:78:1", d, event.KindUnknown, "JP", 4713), "", d, 20, event.OutcomeSuccess)
	}
	w.place("45.77.3.9", event.KindHosting, "NL", 20473)
	for i := range 25 {
		w.login(name(i), "45.77.3.9", strange, 60, 3, event.OutcomeFailure)
		w.login("hanako@lab.example", "45.77.3.9", strange, 60, 3, event.OutcomeFailure)
	}
	w.login(name(3), "45.77.3.9", strange, 61, 3, event.OutcomeSuccess)
	w.login(name(4), "45.77.3.9", strange, 62, 3, event.OutcomeSuccess)
	r := w.scope(Inputs{Findings: []event.Finding{{Detector: "password-spray", Severity: event.High, First: day0 + 60*day, Last: day0 + 62*day,
		Addresses: []netip.Addr{netip.MustParseAddr("45.77.3.9")}}}})
	v := verdicts(r)
	for _, who := range []string{"hanako@lab.example", "jiro@lab.example"} {
		if v[who] == cases.AccountCompromised || v[who] == cases.AccountSuspected {
			t.Errorf("%s is %q", who, v[who])
		}
		p := w.ledger.people[w.who(who).Handle]
		if len(p.visits) != 1 || p.visits[0].days != 90 || !p.visits[0].regular {
			t.Errorf("%s: %d visits, the first of %d days", who, len(p.visits), p.visits[0].days)
		}
	}
	if v[name(3)] != cases.AccountCompromised {
		t.Errorf("the victim is %q", v[name(3)])
	}
}

// TestOneIPv6Source: an intruder takes a new address of his /64 for every step: on one day he guesses, on others he comes in. It is the same source, and
// each address that he used is named.
func TestOneIPv6Source(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	const net = "2001:db8:bad:1"
	var used []netip.Addr
	at := func(d int) string {
		ip := w.temporary(net, d, event.KindUnknown, "NL", 64500)
		used = append(used, netip.MustParseAddr(ip))
		return ip
	}
	for i := range 28 {
		w.login(name(i), at(i), strange, 40, 3, event.OutcomeFailure)
	}
	for i := range 3 {
		w.login(name(10+i), at(100+i), strange, 43+i, 3, event.OutcomeSuccess)
	}
	r := w.scope(Inputs{Findings: []event.Finding{{Detector: "password-spray", Severity: event.High, First: day0 + 40*day, Last: day0 + 41*day, Addresses: used[:28]}}})
	v := verdicts(r)
	for i := range 3 {
		if v[name(10+i)] != cases.AccountCompromised {
			t.Errorf("%s is %q", name(10+i), v[name(10+i)])
		}
	}
	for _, ip := range used {
		if got := addressVerdict(r, ip.String()); got != cases.AddressAttacker {
			t.Errorf("%s is %q", ip, got)
		}
	}
	for i := range r.Accounts {
		a := &r.Accounts[i]
		if a.Name == name(11) && (len(a.Addresses) != 1 || a.Addresses[0] != used[29] || len(a.Sessions) != 1 || a.Sessions[0].Address != used[29]) {
			t.Errorf("%s: addresses %v, sessions %v", a.Name, a.Addresses, a.Sessions)
		}
	}
	if r.Sources != int64(len(used))+31 {
		t.Errorf("%d sources, want %d", r.Sources, len(used)+31)
	}
}

// neighbours tells of three homes behind one address: person00's, who has lived there all along; that of person05, who moved in lately with a
// new machine; and the intruder's, who guesses at everybody and comes in to three. ports says whether records have the port.
func neighbours(t *testing.T, ports bool) *Result {
	w := newWorld(t)
	w.ordinary(80)
	const ip = "126.10.0.9" // person00's home
	old, moved, bad := w.home(ip, 18), w.home(ip, 41), w.home(ip, 100)
	for i := range w.pending {
		if w.pending[i].SrcIP.String() == ip {
			w.pending[i].Src.Dealt, w.pending[i].Src.Set = true, 18
		}
	}
	for d := 60; d < 80; d++ {
		w.login(name(0), old, browser(0), d, 22, event.OutcomeSuccess)
		w.login(name(5), moved, "NewMachine/7.0 (Tablet)", d, 22, event.OutcomeSuccess)
	}
	for k := range 4 {
		for i := range 28 {
			w.login(name(i), bad, strange, 62+k, 3, event.OutcomeFailure)
		}
	}
	for i := range 3 {
		for k := range 3 {
			w.login(name(7+i), bad, strange, 65+i+k, 4, event.OutcomeSuccess)
		}
	}
	for i := range w.pending {
		s := &w.pending[i]
		if s.SrcIP.String() == ip {
			s.Event.SrcPort = 4096 + (s.Src.Set-1)*16
			if !ports {
				s.Event.SrcPort, s.Src.Set = 0, 0
			}
		}
	}
	return w.scope(Inputs{Findings: []event.Finding{{Detector: "password-spray", Severity: event.High, First: day0 + 62*day, Last: day0 + 66*day,
		Addresses: []netip.Addr{netip.MustParseAddr(ip)}}}})
}

// TestNeighbours: behind one address of IPv4 the intruder's port set tells him from his neighbours. Where no port is recorded nobody honest is
// condemned for what a neighbour did, and what the intruder entered is a question to its owner.
func TestNeighbours(t *testing.T) {
	for _, ports := range []bool{true, false} {
		t.Run(fmt.Sprintf("ports %v", ports), func(t *testing.T) {
			r := neighbours(t, ports)
			v := verdicts(r)
			for i := range 3 {
				if got := v[name(7+i)]; got != cases.AccountCompromised && (ports || got != cases.AccountSuspected) {
					t.Errorf("%s is %q", name(7+i), got)
				}
			}
			for _, i := range []int{0, 5} {
				if got := v[name(i)]; got == cases.AccountCompromised || ports && got == cases.AccountSuspected {
					t.Errorf("the neighbour %s is %q", name(i), got)
				}
			}
			if got := addressVerdict(r, "126.10.0.9"); got != cases.AddressShared {
				t.Errorf("the address is %q", got)
			}
			i := slices.IndexFunc(r.Accounts, func(a cases.Account) bool { return a.Name == name(7) })
			if s := r.Accounts[i].Sessions; ports && (len(s) == 0 || len(s[0].Ports) != 2 || s[0].Ports[0] != 4096+99*16 || len(s[0].Knocks) == 0 || s[0].Knocks[0].At != s[0].From) {
				t.Errorf("the session's ports: %+v", s)
			}
		})
	}
}

// TestNeighbourTakesAccount: the intruder has his victim's own address, being a neighbour behind it, and looks like him. The port set is not the
// victim's, so that his own past does not excuse it.
func TestNeighbourTakesAccount(t *testing.T) {
	w := newWorld(t)
	w.ordinary(80)
	const ip = "126.10.0.9"
	bad := w.home(ip, 100)
	for i := range w.pending {
		if w.pending[i].SrcIP.String() == ip {
			w.pending[i].Src.Dealt, w.pending[i].Src.Set = true, 18
		}
	}
	for k := range 4 {
		for i := range 28 {
			w.login(name(i), bad, strange, 62+k, 3, event.OutcomeFailure)
		}
	}
	w.login(name(0), bad, strange, 66, 4, event.OutcomeSuccess)
	r := w.scope(Inputs{Findings: []event.Finding{{Detector: "password-spray", Severity: event.High, First: day0 + 62*day, Last: day0 + 66*day,
		Addresses: []netip.Addr{netip.MustParseAddr(ip)}}}})
	for i := range r.Accounts {
		a := &r.Accounts[i]
		if a.Name == name(0) {
			if a.Verdict != cases.AccountCompromised || len(a.Sessions) != 1 || a.Sessions[0].Client != strange {
				t.Errorf("%s is %q with %d bad sessions", a.Name, a.Verdict, len(a.Sessions))
			}
			return
		}
	}
	t.Error("the victim is not told of")
}

// TestNobodyElseThere: three homes behind one address, and nobody honest was ever seen there: it is an attacker's, as any address is that he alone has shown.
// Where the institute says that the range is shared, nobody knows who the neighbours are.
func TestNobodyElseThere(t *testing.T) {
	for want, shared := range map[cases.AddressVerdict]bool{cases.AddressAttacker: false, cases.AddressShared: true} {
		w := newWorld(t)
		w.ordinary(60)
		for i := range 3 {
			home := w.home("192.0.2.66", uint16(1+i))
			p := w.places[home]
			p.Country, p.ASN, p.Shared = "NL", 64500, shared
			w.places[home] = p
			for k := range 40 {
				w.login(name(k%29), home, strange, 30+k/10, 3, event.OutcomeFailure)
			}
			for d := range 4 {
				w.login(name(10+i), home, strange, 34+d, 3, event.OutcomeSuccess)
			}
		}
		r := w.scope(Inputs{Findings: []event.Finding{{Detector: "password-spray", Severity: event.High, First: day0 + 30*day, Last: day0 + 34*day,
			Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.66")}}}})
		if got := addressVerdict(r, "192.0.2.66"); got != want {
			t.Errorf("the address is %q, want %q", got, want)
		}
		for i := range 3 {
			if got := verdicts(r)[name(10+i)]; got != cases.AccountCompromised {
				t.Errorf("%s is %q", name(10+i), got)
			}
		}
	}
}

// TestLinesAreBounded: whoever takes a new address of his /64 for each of a hundred thousand attempts fills no memory.
func TestLinesAreBounded(t *testing.T) {
	l := NewLedger()
	who := &event.Account{Handle: 1, ID: "A-x", Name: "x"}
	for i := range 100_000 {
		ip := netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, byte(i >> 16), byte(i >> 8), byte(i)})
		out := event.OutcomeFailure
		if i%2 == 0 {
			out = event.OutcomeSuccess
		}
		l.Observe(&event.Sighting{Event: &event.Event{Time: day0 + event.Micros(i), Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: out, Account: "x", SrcIP: ip},
			Who: who, Src: event.Place{IP: ip}})
	}
	if len(l.lines) != 1 || len(l.ordered) != 1 || len(l.ordered[0].stays) > maxStays || len(l.ordered[0].addr.faces) > maxFaces {
		t.Errorf("%d lines, %d visits", len(l.lines), len(l.ordered))
	}
	l.Scope(Inputs{})
}
