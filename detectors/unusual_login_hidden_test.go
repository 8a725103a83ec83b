// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// habitLife is a hundred days of forty people at their desks and at home; every tenth uses a service of VPNs from the first week on.
func habitLife(s *story) {
	vpn := outside("192.0.2.77", event.KindVPN, "NL")
	for day := range 100 {
		for i := range 40 {
			who := s.person(fmt.Sprintf("user%d", i))
			s.login(day, 540, i, who, inside("10.1.0.1", "", ""), chrome, event.ReasonNone)
			s.login(day, 1200, i, who, outside(fmt.Sprintf("198.51.%d.7", i), event.KindResidential, "JP"), "Phone", event.ReasonNone)
			if i%10 == 9 && day%3 == 2 {
				s.login(day, 1260, i, who, vpn, chrome, event.ReasonNone)
			}
		}
	}
}

// probe has an address fail on names that nobody has.
func probe(s *story, day, names int, from event.Place) {
	for i := range names {
		s.login(day, 1000, i, s.stranger(fmt.Sprintf("nobody%d", i)), from, "", event.ReasonNoSuchAccount)
	}
}

func TestUnusualLoginHidden(t *testing.T) {
	s := newStory(40)
	habitLife(s)
	tor := outside("203.0.113.7", event.KindTor, "DE")
	s.login(90, 1000, 0, s.person("user3"), tor, firefox, event.ReasonNone) // out of nothing, with a client it never had
	rented := outside("203.0.113.90", event.KindHosting, "US")
	s.login(90, 1010, 0, s.person("user3"), rented, chrome, event.ReasonNone) // and the mail is read from elsewhere
	all := s.run(t, unusualLoginHidden)
	f := wants(t, all, "unusual-login-hidden", event.Medium)
	if len(all) != 1 || f.Accounts[0] != "A-user3" || len(f.Addresses) != 2 || number(f, "logins") != 2 || f.Alerted.Time().Minute() != 40 {
		t.Errorf("got %s %v at %s", brief(all), f.Addresses, f.Alerted.Time())
	}
}

// TestUnusualLoginHiddenProbed holds that an address from which names were probed is remembered for months, and a home is not.
func TestUnusualLoginHiddenProbed(t *testing.T) {
	life := func(from event.Place, names int) *story {
		s := newStory(40)
		habitLife(s)
		probe(s, 3, names, from)
		s.login(20, 1000, 0, s.person("user4"), from, firefox, event.ReasonNone) // an account of which little is known
		s.login(95, 1000, 0, s.person("user3"), from, "Phone", event.ReasonNone) // with a client as the owner's
		return s
	}
	tor := outside("203.0.113.7", event.KindTor, "DE")
	all := life(tor, 12).run(t, unusualLoginHidden)
	if len(all) != 2 || all[0].Accounts[0] == all[1].Accounts[0] {
		t.Errorf("got %s", brief(all))
	}
	for i := range all {
		if !strings.Contains(all[i].Explanation.En, "had tried many IDs") {
			t.Errorf("the probing is not told: %s", all[i].Explanation.En)
		}
	}
	quiet(t, life(tor, 2).run(t, unusualLoginHidden), -1) // somebody mistyped there
	quiet(t, life(outside("203.0.113.7", event.KindResidential, "DE"), 12).run(t, unusualLoginHidden), -1)
}

func TestUnusualLoginHiddenNearMiss(t *testing.T) {
	s := newStory(40)
	habitLife(s)
	vpn := outside("192.0.2.78", event.KindVPN, "NL")
	tor := outside("203.0.113.9", event.KindTor, "DE")
	s.login(80, 1000, 0, s.person("user2"), tor, chrome, event.ReasonNone)        // begins with Tor, with the browser of always
	s.login(80, 1000, 0, s.person("user5"), vpn, firefox, event.ReasonNone)       // a new laptop and the VPN that colleagues use
	s.login(12, 1000, 0, s.person("user6"), tor, "Tor Browser", event.ReasonNone) // used Tor since he came
	for day := 15; day < 100; day += 4 {
		s.login(day, 1000, 0, s.person("user6"), tor, "Tor Browser", event.ReasonNone)
	}
	s.login(85, 1000, 0, s.person("user7"), outside("192.0.2.201", event.KindHotel, "FR"), firefox, event.ReasonNone) // a journey, a borrowed machine
	s.login(86, 1000, 0, s.person("user8"), outside("198.51.100.9", event.KindMobile, "JP"), "New phone", event.ReasonNone)
	s.login(87, 1000, 0, s.person("newcomer"), tor, firefox, event.ReasonNone) // nothing is known of him
	quiet(t, s.run(t, unusualLoginHidden), -1)
}

// TestUnusualLoginHiddenTeachesNothing holds that what is told of does not become a habit, and is one story while it goes on.
func TestUnusualLoginHiddenTeachesNothing(t *testing.T) {
	s := newStory(40)
	habitLife(s)
	tor := outside("203.0.113.7", event.KindTor, "DE")
	for day := 70; day < 98; day++ {
		s.login(day, 1000, 0, s.person("user3"), tor, firefox, event.ReasonNone)
	}
	s.login(98, 1000, 0, s.person("user4"), tor, firefox, event.ReasonNone)
	all := s.run(t, unusualLoginHidden)
	if len(all) != 2 || number(&all[0], "logins") != 28 || number(&all[1], "logins") != 1 {
		t.Errorf("got %s", brief(all))
	}
}
