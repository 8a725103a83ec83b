// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// hiddenLife is forty days of a portal: people at home, some behind a VPN service who mistype, and strangers who try names that nobody has.
func hiddenLife(s *story) {
	for day := range 40 {
		for i := range 10 {
			s.login(day, 600+i, 0, s.person(fmt.Sprintf("user%d", i)), outside(fmt.Sprintf("198.51.100.%d", i), event.KindResidential, "JP"), chrome, event.ReasonNone)
		}
		vpn := outside(fmt.Sprintf("203.0.113.%d", day), event.KindVPN, "JP")
		s.login(day, 700, 0, s.person(fmt.Sprintf("user%d", day%20)), vpn, chrome, event.ReasonBadPassword)
		s.login(day, 701, 0, s.person(fmt.Sprintf("user%d", day%20)), vpn, chrome, event.ReasonNone)
		for i := range 20 {
			s.login(day, 100+i, 0, s.stranger(fmt.Sprintf("nobody%d", day*20+i)), outside(fmt.Sprintf("192.0.2.%d", i%7), event.KindTor, "DE"), firefox, event.ReasonNoSuchAccount)
		}
	}
}

func TestCredentialStuffing(t *testing.T) {
	s := newStory(60)
	hiddenLife(s)
	for i := range 9 {
		s.login(30+i/2, 660+i, 0, s.person(fmt.Sprintf("user%d", 30+i)), outside(fmt.Sprintf("192.0.2.%d", 100+i/2), event.KindTor, "DE"), firefox, event.ReasonBadCredentials)
	}
	all := s.run(t, credentialStuffing)
	f := wants(t, all, "credential-stuffing", event.Medium)
	if len(all) != 1 || number(f, "accounts") != 9 || len(f.Addresses) != 5 {
		t.Errorf("got %s %v", brief(all), f.Addresses)
	}
}

func TestCredentialStuffingNearMiss(t *testing.T) {
	s := newStory(60)
	hiddenLife(s)
	for i := range 4 { // too few
		s.login(30+i, 660, 0, s.person(fmt.Sprintf("user%d", 30+i)), outside(fmt.Sprintf("192.0.2.%d", 100+i), event.KindTor, "DE"), firefox, event.ReasonBadCredentials)
	}
	for i := range 9 { // people behind one service, one of whom gets in
		s.login(38, 660+i, 0, s.person(fmt.Sprintf("user%d", 40+i)), outside("203.0.113.200", event.KindVPN, "JP"), chrome, event.ReasonBadCredentials)
	}
	s.login(38, 700, 0, s.person("user49"), outside("203.0.113.200", event.KindVPN, "JP"), chrome, event.ReasonNone)
	for i := range 9 { // telephones of people
		s.login(20+i/2, 660+i, 0, s.person(fmt.Sprintf("user%d", 30+i)), outside(fmt.Sprintf("192.0.2.%d", 150+i), event.KindMobile, "JP"), chrome, event.ReasonBadCredentials)
	}
	quiet(t, s.run(t, credentialStuffing), -1)
}

// TestCredentialStuffingUsual holds that what has always been so is not told.
func TestCredentialStuffingUsual(t *testing.T) {
	s := newStory(60)
	hiddenLife(s)
	for i := range 80 {
		s.login(i/2, 660+i, 0, s.person(fmt.Sprintf("user%d", i%50)), outside(fmt.Sprintf("192.0.2.%d", 50+i), event.KindTor, "DE"), firefox, event.ReasonBadCredentials)
	}
	quiet(t, s.run(t, credentialStuffing), -1)
}
