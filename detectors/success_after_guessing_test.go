// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func TestSuccessAfterGuessing(t *testing.T) {
	s := newStory(200)
	loginLife(s, 40, 120)
	guessWave(s, 30, 200, 3, nil)
	tor := outside("203.0.113.7", event.KindTor, "DE")
	s.login(30, 1310, 0, s.person("user9"), tor, firefox, event.ReasonNone)
	vpn := outside("192.0.2.200", event.KindVPN, "NL")
	s.login(31, 1310, 0, s.person("user11"), vpn, firefox, event.ReasonNone)
	all := s.run(t, successAfterGuessing)
	if f := wants(t, all, "success-after-guessing", event.High); f.Accounts[0] != "A-user9" {
		t.Errorf("direct: %v", f.Accounts)
	}
	if f := wants(t, all, "success-after-guessing", event.Medium); f.Accounts[0] != "A-user11" {
		t.Errorf("indirect: %v", f.Accounts)
	}
}

func TestSuccessAfterGuessingNearMiss(t *testing.T) {
	s := newStory(200)
	loginLife(s, 40, 120)
	guessWave(s, 30, 200, 3, nil)
	for i := range 60 { // a conference hotel: some mistype, all get in, with their own machines
		hotel := outside("192.0.2.201", event.KindHotel, "JP")
		who := s.person(fmt.Sprintf("user%d", i))
		if i%8 == 3 {
			s.login(32, 500+i, 0, who, hotel, chrome, event.ReasonBadPassword)
		}
		s.login(32, 500+i, 30, who, hotel, chrome, event.ReasonNone)
	}
	// a journey with the machine of always; a new telephone at home
	s.login(33, 600, 0, s.person("user5"), outside("192.0.2.202", event.KindHotel, "FR"), chrome, event.ReasonNone)
	s.login(33, 700, 0, s.person("user6"), outside("198.51.0.7", event.KindResidential, "JP"), "Phone", event.ReasonNone)
	quiet(t, s.run(t, successAfterGuessing), -1)
}

// In the first days of the records nobody is known anywhere. Where all passwords lapse then, a carrier's gateway fails for many and succeeds for most of
// them: that is not as sure as a guesser who gets in at few.
func TestSuccessAfterGuessingYoung(t *testing.T) {
	gateway := outside("1.75.210.30", event.KindMobile, "JP")
	lapse := func(entered int) []event.Finding {
		s := newStory(200)
		for i := range 20 {
			who := s.person(fmt.Sprintf("user%d", i))
			for range 12 {
				s.login(1, 480+i, 0, who, gateway, "", event.ReasonBadPassword)
			}
		}
		for i := range entered {
			s.login(1+i%3, 700+i, 0, s.person(fmt.Sprintf("user%d", i)), gateway, "Phone", event.ReasonNone)
		}
		return s.run(t, successAfterGuessing)
	}
	wants(t, lapse(15), "success-after-guessing", event.Medium)
	wants(t, lapse(2), "success-after-guessing", event.High)
}

// At a conference's hotel most of those who mistype get in; a machine that somebody rents may have a list that is mostly right.
func TestSuccessAfterGuessingHotel(t *testing.T) {
	at := func(where event.Place) []event.Finding {
		s := newStory(200)
		loginLife(s, 80, 120)
		for i := range 16 {
			who := s.person(fmt.Sprintf("user%d", i))
			for k := range 5 {
				s.login(70, 480+5*i, k, who, where, "", event.ReasonBadPassword)
			}
		}
		for i := range 13 {
			s.login(70+i%2, 600+i, 0, s.person(fmt.Sprintf("user%d", i)), where, chrome, event.ReasonNone)
		}
		return s.run(t, successAfterGuessing)
	}
	wants(t, at(outside("202.82.41.130", event.KindHotel, "HK")), "success-after-guessing", event.Medium)
	wants(t, at(outside("202.82.41.130", event.KindHosting, "HK")), "success-after-guessing", event.High)
}
