// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func dormantLife(s *story, days int) {
	for day := range days {
		for i := range 20 {
			s.login(day, 540+i, 0, s.person(fmt.Sprintf("user%d", i)), inside("10.1.0.5", "", ""), chrome, event.ReasonNone)
		}
	}
}

func TestDormantAccount(t *testing.T) {
	s := newStory(30)
	dormantLife(s, 80)
	for day := 66; day < 70; day++ { // he tries, and gets in at night
		s.login(day, 1270, 0, s.person("user25"), inside("10.150.0.1", "", ""), "", event.ReasonBadPassword)
	}
	s.login(70, 1421, 0, s.person("user25"), inside("10.150.0.1", "", ""), "", event.ReasonNone)
	all := s.run(t, dormantAccount)
	f := wants(t, all, "dormant-account", event.Medium)
	if len(all) != 1 || f.Accounts[0] != "A-user25" || number(f, "days_without_use") != 70 {
		t.Errorf("got %s", brief(all))
	}
}

func TestDormantDisabledAndHidden(t *testing.T) {
	s := newStory(30)
	dormantLife(s, 200)
	for day := range 60 {
		s.login(day, 600, 0, s.person("user26"), inside("10.1.0.6", "", ""), chrome, event.ReasonNone)
	}
	s.person("user27").Disabled = true
	s.login(50, 600, 0, s.person("user27"), outside("203.0.113.7", event.KindTor, "DE"), chrome, event.ReasonNone)
	s.login(150, 600, 0, s.person("user26"), outside("203.0.113.8", event.KindVPN, "NL"), chrome, event.ReasonNone)
	all := s.run(t, dormantAccount)
	if f := wants(t, all, "dormant-account", event.High); f.Accounts[0] != "A-user27" || len(f.Addresses) != 1 {
		t.Errorf("got %s", brief(all))
	}
	if f := wants(t, all, "dormant-account", event.Medium); f.Accounts[0] != "A-user26" || number(f, "days_without_use") != 91 {
		t.Errorf("got %s", brief(all))
	}
}

func TestDormantAccountNearMiss(t *testing.T) {
	s := newStory(60)
	dormantLife(s, 120)
	s.login(30, 600, 0, s.person("user21"), inside("10.1.0.6", "", ""), chrome, event.ReasonNone) // a newcomer, when the records are young
	s.login(90, 600, 0, s.person("user21"), inside("10.1.0.6", "", ""), chrome, event.ReasonBadPassword)
	s.login(90, 601, 0, s.person("user21"), inside("10.1.0.6", "", ""), chrome, event.ReasonNone) // back after two months, mistyping
	s.login(40, 600, 0, s.person("user22"), inside("10.1.0.6", "", ""), chrome, event.ReasonNone)
	s.login(95, 600, 0, s.person("user22"), inside("10.1.0.6", "", ""), chrome, event.ReasonNone) // 55 days
	for i := 30; i < 45; i++ {                                                                    // a term begins
		s.login(77, 600+i, 0, s.person(fmt.Sprintf("user%d", i)), inside("10.1.0.6", "", ""), chrome, event.ReasonNone)
	}
	all := s.run(t, dormantAccount)
	quiet(t, all, int(event.Low))
	if len(all) != 2 {
		t.Errorf("got %s", brief(all))
	}
}

func TestClosedAccountTried(t *testing.T) {
	s := newStory(30)
	dormantLife(s, 80)
	bad := outside("192.0.2.66", event.KindHosting, "SG")
	for day := range 5 {
		s.login(60+day, 800, 0, s.stranger("maint"), bad, "", event.ReasonNone)
	}
	for i := range 3 {
		s.login(70, 660+47*i, 0, s.person("maint"), bad, "", event.ReasonNoSuchAccount)
	}
	f := wants(t, s.run(t, dormantAccount), "dormant-account", event.Low)
	if number(f, "tries") != 3 || fmt.Sprint(f.Accounts, f.Addresses) != "[A-maint] [192.0.2.66]" {
		t.Errorf("got %+v", f)
	}
}

// A name that nobody had is no closed account; nor is one that is let in again, nor all of them where the directory does not answer; and what fails
// inside is the institute's own to mend.
func TestClosedAccountNearMiss(t *testing.T) {
	s := newStory(30)
	dormantLife(s, 80)
	far := outside("198.51.100.9", event.KindResidential, "JP")
	s.login(70, 600, 0, s.stranger("guess"), far, "", event.ReasonNoSuchAccount)
	s.login(70, 601, 0, s.person("user1"), far, "", event.ReasonDisabled) // until the office opens
	s.login(70, 602, 0, s.person("user2"), inside("10.1.0.7", "", ""), "", event.ReasonNoSuchAccount)
	s.login(70, 603, 0, s.person("user3"), far, "", event.ReasonBadPassword)
	for i := range 12 {
		s.login(75, 1200+i, 0, s.person(fmt.Sprintf("user%d", 4+i)), far, "", event.ReasonNoSuchAccount)
	}
	for i := 79; i < 90; i++ {
		s.login(i, 540, 0, s.person("user1"), far, "", event.ReasonBadPassword)
	}
	quiet(t, s.run(t, dormantAccount), -1)
}
