// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// machine returns an address of a home's /64: day by day, and try by try, another one.
func machine(subnet string, n int) string {
	return fmt.Sprintf("%s:%x:1:2:%x", subnet, 0xa000+n%4096, 1+n/4096)
}

// dealt returns one home's part of an address whose ports are dealt out to homes.
func dealt(addr string, set uint16) event.Place {
	p := outside(addr, event.KindResidential, "JP")
	p.Dealt, p.Set = true, set
	return p
}

// lineLife is forty days of ordinary logins.
func lineLife() *story {
	s := newStory(200)
	loginLife(s, 40, 120)
	return s
}

// A guesser who takes another address of his /64 for every attempt, and yet another one to log in, is one source.
func TestLineGuesses(t *testing.T) {
	s := lineLife()
	for i := range 8 {
		s.login(30, 1300+i, 0, s.person(fmt.Sprintf("user%d", i)), outside(machine("2001:db8:1:2", i), event.KindUnknown, "JP"), firefox, event.ReasonBadPassword)
	}
	s.login(30, 1320, 0, s.person("user3"), outside(machine("2001:db8:1:2", 99), event.KindUnknown, "JP"), firefox, event.ReasonNone)
	all := s.run(t, successAfterGuessing)
	f := wants(t, all, "success-after-guessing", event.High)
	if len(all) != 1 || number(f, "failures_from_address") != 8 || f.Key != "2001:db8:1:2::/64" || len(f.Addresses) != 1 || f.Addresses[0] != ip(machine("2001:db8:1:2", 99)) {
		t.Errorf("%s %v", brief(all), f.Addresses)
	}
}

// A guesser with a whole /48 takes another /64 for each account. His neighbourhood gives him away: as surely where nobody lives.
func TestNeighbourhoodGuesses(t *testing.T) {
	for kind, sev := range map[event.Kind]event.Severity{event.KindUnknown: event.Medium, event.KindHosting: event.High} {
		s := lineLife()
		for i := range 12 {
			s.login(30+i/6, 1300+i, 0, s.person(fmt.Sprintf("user%d", i)), outside(machine(fmt.Sprintf("2001:db8:1:%x", 256*i+7), i), kind, "JP"), firefox, event.ReasonBadPassword)
		}
		entered := outside("2001:db8:1:ffff::9", kind, "JP")
		s.login(31, 1330, 0, s.person("user3"), entered, firefox, event.ReasonNone)
		all := s.run(t, successAfterGuessing)
		f := wants(t, all, "success-after-guessing", sev)
		if len(all) != 1 || f.Key != "2001:db8:1::/48" || number(f, "failures_from_address") != 12 || len(f.Addresses) != 1 || f.Addresses[0] != entered.IP || f.Accounts[0] != "A-user3" {
			t.Errorf("%s %s %v", brief(all), f.Key, f.Addresses)
		}
	}
}

// Neighbours are told of no guesser: not those of one line that guessed, not those of homes that mistype and get in, not the newcomer among
// telephones with old passwords, nor among people who are at home there.
func TestNeighbourhoodGuessesNearMiss(t *testing.T) {
	s := lineLife()
	person := func(i int) *event.Account { return s.person(fmt.Sprintf("user%d", i)) }
	for i := range 20 { // one rented machine guesses; a newcomer has rented the one beside it
		s.login(30, 1200+i, 0, person(i), outside(machine("2001:db8:1:2", i), event.KindHosting, "DE"), firefox, event.ReasonBadPassword)
	}
	s.login(31, 700, 0, person(50), outside("2001:db8:1:3::5", event.KindHosting, "JP"), chrome, event.ReasonNone)
	for i := range 12 { // the homes of one street
		home := outside(machine(fmt.Sprintf("2001:db8:2:%x", 16*i), i), event.KindUnknown, "JP")
		s.login(32, 600+i, 0, person(i), home, chrome, event.ReasonBadPassword)
		s.login(32, 600+i, 30, person(i), home, chrome, event.ReasonNone)
	}
	s.login(33, 700, 0, person(51), outside("2001:db8:2:ff::5", event.KindUnknown, "JP"), chrome, event.ReasonNone)
	for i := range 60 { // telephones with old passwords, whose carrier lends another /64 each time
		s.login(34, 600+i, 0, person(i%6), outside(machine(fmt.Sprintf("2001:db8:3:%x", i), i), event.KindMobile, "JP"), "Phone", event.ReasonBadPassword)
	}
	s.login(34, 700, 0, person(52), outside("2001:db8:3:fff::5", event.KindMobile, "JP"), chrome, event.ReasonNone)
	for i := range 8 { // whoever is at home in a neighbourhood, and whose machine goes on with an old password
		s.login(20, 600+i, 0, person(i), outside(fmt.Sprintf("2001:db8:4:%x::1", i), event.KindUnknown, "JP"), chrome, event.ReasonNone)
		for k := range 20 {
			s.login(35, 600+i, k, person(i), outside(fmt.Sprintf("2001:db8:4:%x::1", i), event.KindUnknown, "JP"), chrome, event.ReasonBadPassword)
		}
	}
	s.login(35, 700, 0, person(53), outside("2001:db8:4:fff::5", event.KindUnknown, "JP"), chrome, event.ReasonNone)
	quiet(t, s.run(t, successAfterGuessing), -1)
}

// Behind one dealt-out address of IPv4 the port tells the homes apart: the guesser's own success is told, his neighbour's is not. Where records
// have no port it is told with care.
func TestSharedAddressGuesses(t *testing.T) {
	guess := func(set uint16) *story {
		s := lineLife()
		for i := range 12 {
			s.login(30, 1300+i, 0, s.person(fmt.Sprintf("user%d", i)), dealt("192.0.2.140", set), firefox, event.ReasonBadPassword)
		}
		return s
	}
	in := func(s *story, set uint16) []event.Finding {
		s.login(30, 1330, 0, s.person("user60"), dealt("192.0.2.140", set), chrome, event.ReasonNone)
		return s.run(t, successAfterGuessing)
	}
	quiet(t, in(guess(7), 3), -1)
	if f := wants(t, in(guess(7), 7), "success-after-guessing", event.High); f.Addresses[0] != ip("192.0.2.140") {
		t.Errorf("%v", f.Addresses)
	}
	for _, set := range []uint16{0, 3} {
		f := wants(t, in(guess(0), set), "success-after-guessing", event.Medium)
		if !strings.Contains(f.Explanation.En, "Many homes share this address") || !strings.Contains(f.Explanation.Ja, "共用") {
			t.Errorf("set %d: %q", set, f.Explanation.En)
		}
	}
}

// Strangers who meet at one /64, or in one rented neighbourhood, are met; the homes of one street and of one shared address are not.
func TestLinesManyAccounts(t *testing.T) {
	stranger := func(s *story, i int, from event.Place) {
		s.login(31, 1210+i, 0, s.person(fmt.Sprintf("user%d", i*7)), from, "EWS-client", event.ReasonNone)
	}
	for name, c := range map[string]struct {
		from func(i int) event.Place
		sev  event.Severity // Info: nothing
		key  string
	}{
		"one line": {func(i int) event.Place { return outside(machine("2001:db8:1:2", i), event.KindUnknown, "JP") }, event.Medium, "2001:db8:1:2::/64"},
		"rented neighbours": {func(i int) event.Place {
			return outside(fmt.Sprintf("2001:db8:1:%x::9", 77*i), event.KindHosting, "NL")
		}, event.Medium, "2001:db8:1::/48"},
		"one rented line": {func(i int) event.Place { return outside(machine("2001:db8:1:2", i), event.KindHosting, "NL") }, event.High, "2001:db8:1::/48"},
		"one street": {func(i int) event.Place {
			return outside(fmt.Sprintf("2001:db8:1:%x::9", 77*i), event.KindUnknown, "JP")
		}, event.Info, ""},
		"one dealt address":   {func(i int) event.Place { return dealt("192.0.2.140", uint16(i+1)) }, event.Info, ""},
		"one dealt home":      {func(i int) event.Place { return dealt("192.0.2.140", 5) }, event.Medium, "192.0.2.140 ports 4"},
		"a carrier's address": {func(i int) event.Place { p := dealt("192.0.2.140", 0); p.Shared = true; return p }, event.Low, "192.0.2.140"},
	} {
		s := lineLife()
		for i := range 4 {
			stranger(s, i, c.from(i))
		}
		all := s.run(t, oneAddressManyAccounts)
		switch {
		case c.key == "" && len(all) == 0:
		case len(all) != 1 || all[0].Key != c.key || all[0].Severity != c.sev:
			t.Errorf("%s: %s", name, brief(all))
		case len(all[0].Accounts) != 4 || all[0].Addresses[0] != c.from(0).IP:
			t.Errorf("%s: %v at %v", name, all[0].Accounts, all[0].Addresses)
		}
	}
}

// A list is tried from one /64, or from ever other ones of a neighbourhood where nobody is at home.
func TestLinesSpray(t *testing.T) {
	s := lineLife()
	try := func(day, i int, from event.Place) {
		s.login(day, 660+3*i, 0, s.person(fmt.Sprintf("user%d", 100+i)), from, "", event.ReasonBadCredentials)
	}
	for i := range 4 {
		try(20, i, outside(machine("2001:db8:1:2", i), event.KindUnknown, "DE"))
		try(21, 10+i, outside(fmt.Sprintf("2001:db8:2:%x::9", 77*i), event.KindUnknown, "DE"))
	}
	all := s.run(t, passwordSpraySource)
	f := wants(t, all, "password-spray-source", event.Medium)
	if len(all) != 1 || number(f, "addresses") != 2 || number(f, "accounts") != 8 || len(f.Addresses) != 8 {
		t.Errorf("%s %v", brief(all), f.Addresses)
	}
}

func TestLinesSprayNearMiss(t *testing.T) {
	s := lineLife()
	try := func(day, i int, from event.Place) {
		s.login(day, 660+3*i, 0, s.person(fmt.Sprintf("user%d", 100+i)), from, "", event.ReasonBadCredentials)
	}
	for street := range 3 { // homes of a street of which one gets in, days later
		for i := range 4 {
			try(20+street, 4*street+i, outside(fmt.Sprintf("2001:db8:%x:%x::9", street, 77*i), event.KindUnknown, "JP"))
		}
		s.login(26, 800+street, 0, s.person(fmt.Sprintf("user%d", 100+4*street)), outside(fmt.Sprintf("2001:db8:%x:ff::9", street), event.KindUnknown, "JP"), "", event.ReasonNone)
		for i := range 4 { // homes behind one dealt-out address
			try(30+street, 4*street+i, dealt(fmt.Sprintf("192.0.2.%d", 140+street), uint16(i+1)))
		}
		for i := range 4 { // and where only the login tells the port
			try(35+street, 4*street+i, dealt(fmt.Sprintf("192.0.2.%d", 150+street), 0))
		}
		s.login(38, 800+street, 0, s.person("user9"), dealt(fmt.Sprintf("192.0.2.%d", 150+street), 9), "", event.ReasonNone)
	}
	for i := range 4 { // one /64 alone is one source
		try(33, i, outside(machine("2001:db8:9:9", i), event.KindUnknown, "DE"))
	}
	quiet(t, s.run(t, passwordSpraySource), -1)
}

// A list that is tried over a VPN's /64 is tried; people who are at home in it mistype.
func TestLinesStuffing(t *testing.T) {
	run := func(home bool) []event.Finding {
		s := lineLife()
		for i := range 12 {
			s.login(30+i/6, 700+i, 0, s.person(fmt.Sprintf("user%d", i)), outside(machine("2001:db8:1:2", i), event.KindVPN, "NL"), "", event.ReasonBadPassword)
		}
		if home {
			s.login(32, 700, 0, s.person("user9"), outside(machine("2001:db8:1:2", 50), event.KindVPN, "NL"), "", event.ReasonNone)
		}
		return s.run(t, credentialStuffing)
	}
	if f := wants(t, run(false), "credential-stuffing", event.Medium); number(f, "addresses") != 1 || len(f.Addresses) != 12 {
		t.Errorf("%v at %v", f.Numbers, f.Addresses)
	}
	quiet(t, run(true), -1)
}

// Mail that is fetched with another address for each request is one session; so it is with another /64. A street of new telephones is none.
func TestLinesMail(t *testing.T) {
	fetch := func(from func(box, folder int) event.Place, boxes int) []event.Finding {
		s := newStory(20)
		mailLife(s, 30, 12)
		for box := range boxes {
			for folder := range 9 {
				s.mail(25+box%3, 1000+box*20+folder, 0, s.person(fmt.Sprintf("user%d", box)), from(box, folder), "Client=WebServices", true, 0)
			}
		}
		return s.run(t, mailBulkRead)
	}
	line := func(box, folder int) event.Place {
		return outside(machine("2001:db8:1:2", box*9+folder), event.KindUnknown, "JP")
	}
	if all := fetch(line, 4); len(all) != 1 || all[0].Severity != event.High || all[0].Key != "2001:db8:1:2::/64" || number(&all[0], "folders") != 36 || len(all[0].Accounts) != 4 {
		t.Errorf("one line: %s", brief(all))
	}
	hood := func(box, folder int) event.Place {
		return outside(fmt.Sprintf("2001:db8:1:%x::9", box*9+folder), event.KindUnknown, "JP")
	}
	if all := fetch(hood, 4); len(all) != 1 || all[0].Severity != event.Medium || all[0].Key != "2001:db8:1::/48" || number(&all[0], "folders") != 36 {
		t.Errorf("one neighbourhood: %s", brief(all))
	}
	quiet(t, fetch(func(box, folder int) event.Place {
		return outside(fmt.Sprintf("2001:db8:1:%x::9", box), event.KindUnknown, "JP")
	}, 2), -1)
	quiet(t, fetch(func(box, folder int) event.Place {
		return outside(fmt.Sprintf("2001:db8:1:%x::9", box), event.KindMobile, "JP")
	}, 5), -1)
	quiet(t, fetch(func(box, folder int) event.Place { return dealt("192.0.2.140", uint16(box+1)) }, 5), -1)
}

// Letters from ever other addresses of a /64 come from one source, and the owner's own are left out.
func TestLinesSpam(t *testing.T) {
	s := newStory(30)
	sendingLife(s, 40)
	who := s.person("user1")
	for k := range 200 {
		s.handIn(30, 5*k, 1, who, outside(machine("2001:db8:1:2", k), event.KindUnknown, "NG"))
	}
	s.handIn(30, 700, 2, who, outside("2001:db8:8:8::8", event.KindUnknown, "JP"))
	f := wants(t, s.run(t, spamBurst), "spam-burst", event.Medium)
	if number(f, "addresses") != 2 || len(f.Addresses) != lineFaces {
		t.Errorf("%v at %v", f.Numbers, f.Addresses)
	}
	for _, a := range f.Addresses {
		if !netip.MustParsePrefix("2001:db8:1:2::/64").Contains(a) {
			t.Errorf("the owner's %s is named", a)
		}
	}
}

// A home that takes a new address every day is where its people are at home: their slips are no guesses elsewhere. A list worked through from one
// /64 names it, one address of which the port tells the homes apart does not.
func TestLinesOfFailures(t *testing.T) {
	var h homes
	at := func(who uint32, p event.Place, day int32) *event.Sighting {
		return &event.Sighting{Event: &event.Event{SrcIP: p.IP}, Who: &event.Account{Handle: who}, Src: p, Day: day}
	}
	h.login(at(1, outside(machine("2001:db8:1:2", 1), event.KindUnknown, "JP"), 1))
	h.login(at(2, dealt("192.0.2.140", 5), 1))
	for _, c := range []struct {
		who  uint32
		from event.Place
		home bool
	}{
		{1, outside(machine("2001:db8:1:2", 2), event.KindUnknown, "JP"), true},
		{2, outside(machine("2001:db8:1:2", 2), event.KindUnknown, "JP"), false},
		{1, outside(machine("2001:db8:1:3", 1), event.KindUnknown, "JP"), false},
		{2, dealt("192.0.2.140", 5), true},
		{2, dealt("192.0.2.140", 6), false},
		{2, dealt("192.0.2.140", 0), true},
	} {
		if h.failure(at(c.who, c.from, 2)) != c.home {
			t.Errorf("account %d at %s: at home is not %t", c.who, c.from.IP, c.home)
		}
	}
	var all, later sources
	for i := range 6 {
		all.add(at(uint32(i), outside(machine("2001:db8:1:2", i), event.KindUnknown, "JP"), 1))
		all.add(at(uint32(i), dealt("192.0.2.140", uint16(i+1)), 1))
		later.add(at(uint32(i), dealt("192.0.2.141", uint16(1+i/3)), 1))
	}
	later.merge(&all)
	if got := later.broad(3, 100); len(got) != 7 || got[0] != ip(machine("2001:db8:1:2", 0)) || got[6] != ip("192.0.2.141") {
		t.Errorf("%v", got)
	}
	if got := later.broad(3, 4); len(got) != 4 {
		t.Errorf("%v", got)
	}
}

// A directory that is read page by page from ever other addresses of a /64 is read by one client.
func TestLinesDirectory(t *testing.T) {
	s := newStory(300)
	directoryLife(s)
	for page := range 15 {
		s.read(30, 22*60, page, s.person("user7"), outside(machine("2001:db8:1:2", page), event.KindUnknown, "JP"), 20, "ou=people sub (objectClass=person)", "")
	}
	f := wants(t, s.run(t, directoryRead), "directory-read", event.High)
	if number(f, "entries") != 300 || len(f.Addresses) != 15 || !strings.Contains(f.Key, "2001:db8:1:2::/64") {
		t.Errorf("%s %v %v", f.Key, f.Numbers, f.Addresses)
	}
}

func TestFaces(t *testing.T) {
	line := origin{line: event.LineOf(ip("2001:db8:1:2::"))}
	var f faces
	f.add(line, ip("2001:db8:1:2::"))
	for i := range 100 {
		f.add(line, ip(machine("2001:db8:1:2", i)))
		f.add(line, ip(machine("2001:db8:1:2", i/2)))
	}
	if got := f.of(line); len(got) > lineFaces || got[0] != ip("2001:db8:1:2::") {
		t.Errorf("%v", got)
	}
	var v4 faces
	v4.add(origin{line: event.LineOf(ip("192.0.2.1"))}, ip("192.0.2.1"))
	if v4 != nil || v4.of(origin{line: event.LineOf(ip("192.0.2.1"))})[0] != ip("192.0.2.1") {
		t.Error("an address of IPv4 is its line")
	}
}
