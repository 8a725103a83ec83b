// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func TestPasswordSpraySource(t *testing.T) {
	s := newStory(200)
	loginLife(s, 40, 60)
	for k := range 5 {
		for i := range 4 {
			s.login(20+k, 660+3*i, 0, s.person(fmt.Sprintf("user%d", 100+4*k+i)), outside(fmt.Sprintf("185.220.101.%d", 10+k), event.KindTor, "DE"), "", event.ReasonBadCredentials)
		}
	}
	all := s.run(t, passwordSpraySource)
	f := wants(t, all, "password-spray-source", event.Medium)
	if len(all) != 1 || number(f, "addresses") != 5 || number(f, "accounts") != 20 {
		t.Errorf("%s", brief(all))
	}
}

// The noise of the Internet, a hotel where three mistype and one gets in later, and one person who tries and tries are silent.
func TestPasswordSpraySourceNearMiss(t *testing.T) {
	s := newStory(200)
	loginLife(s, 40, 60)
	for k := range 200 {
		s.login(10+k/20, 600+k%20, 0, s.stranger(fmt.Sprintf("admin%d", k)), outside(fmt.Sprintf("45.148.10.%d", k%9), event.KindHosting, "NL"), "", event.ReasonBadCredentials)
	}
	for h := range 3 {
		hotel := outside(fmt.Sprintf("198.51.100.%d", 7+h), event.KindHotel, "US")
		for i := range 4 {
			s.login(25, 1200+i, 0, s.person(fmt.Sprintf("user%d", 10*h+i)), hotel, "", event.ReasonBadCredentials)
		}
		s.login(26, 1200, 0, s.person(fmt.Sprintf("user%d", 10*h)), hotel, "", event.ReasonNone)
	}
	for i := range 3 {
		for k := range 12 {
			s.login(30, 900+k, 0, s.person(fmt.Sprintf("user%d", 50+i)), outside("203.0.113.50", event.KindVPN, "JP"), "", event.ReasonBadCredentials)
		}
	}
	quiet(t, s.run(t, passwordSpraySource), -1)
}
