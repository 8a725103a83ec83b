// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// factorLife is people who are asked every morning and answer.
func factorLife(s *story) {
	for day := range 20 {
		for i := range 5 {
			home := outside(fmt.Sprintf("198.51.%d.7", i), event.KindResidential, "JP")
			for k := range 3 { // three programs ask, one after the other
				s.login(day, 540+k, 0, s.person(fmt.Sprintf("user%d", i)), home, chrome, event.ReasonSecondFactorNeeded)
			}
			s.login(day, 543, 0, s.person(fmt.Sprintf("user%d", i)), home, chrome, event.ReasonNone)
		}
	}
}

func TestSecondFactorFatigue(t *testing.T) {
	s := newStory(5)
	factorLife(s)
	bad := outside("203.0.113.7", event.KindResidential, "NL")
	for i := range 12 {
		s.login(15, 1380+i*2, 0, s.person("user2"), bad, firefox, event.ReasonSecondFactorFailed)
		s.login(15, 1380+i*2, 1, s.person("user2"), bad, firefox, event.ReasonSecondFactorFailed) // in another log
	}
	s.login(15, 1410, 0, s.person("user2"), bad, firefox, event.ReasonNone)
	tor := outside("192.0.2.7", event.KindTor, "DE")
	for i := range 11 {
		s.login(16, 100+i*4, 0, s.person("user3"), tor, firefox, event.ReasonSecondFactorNeeded)
	}
	all := s.run(t, secondFactorFatigue)
	f := wants(t, all, "second-factor-fatigue", event.High)
	if f.Accounts[0] != "A-user2" || number(f, "prompts") != 12 || f.Addresses[0] != bad.IP {
		t.Errorf("got %s", brief(all))
	}
	if f := wants(t, all, "second-factor-fatigue", event.Medium); f.Accounts[0] != "A-user3" {
		t.Errorf("got %s", brief(all))
	}
}

func TestSecondFactorFatigueNearMiss(t *testing.T) {
	s := newStory(5)
	factorLife(s)
	home := outside("198.51.1.7", event.KindResidential, "JP")
	for i := range 40 { // a program with an old token, at home
		s.login(12, 600+i*3, 0, s.person("user1"), home, "OldMail/1.0", event.ReasonSecondFactorNeeded)
	}
	hotel := outside("203.0.113.99", event.KindHotel, "FR")
	for i := range 4 { // abroad, with a bad connection
		s.login(14, 700+i, 0, s.person("user4"), hotel, chrome, event.ReasonSecondFactorFailed)
	}
	s.login(14, 710, 0, s.person("user4"), hotel, chrome, event.ReasonNone)
	quiet(t, s.run(t, secondFactorFatigue), -1)
}
