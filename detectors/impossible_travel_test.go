// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func travelLife(s *story) {
	for day := range 20 {
		for i := range 6 {
			who := s.person(fmt.Sprintf("user%d", i))
			s.login(day, 540, i, who, outside(fmt.Sprintf("198.51.%d.7", i), event.KindResidential, "JP"), chrome, event.ReasonNone)
			s.login(day, 800, i, who, outside("203.0.113.200", event.KindUniversity, "US"), chrome, event.ReasonNone) // a gateway abroad
		}
	}
}

func TestImpossibleTravel(t *testing.T) {
	s := newStory(6)
	travelLife(s)
	bad := outside("192.0.2.9", event.KindTor, "DE")
	s.login(15, 550, 0, s.person("user2"), bad, firefox, event.ReasonNone)
	all := s.run(t, impossibleTravel)
	f := wants(t, all, "impossible-travel", event.Low)
	if len(all) != 1 || f.Accounts[0] != "A-user2" || f.Addresses[0] != bad.IP || number(f, "km") < 5000 {
		t.Errorf("got %s", brief(all))
	}
}

func TestImpossibleTravelNearMiss(t *testing.T) {
	s := newStory(6)
	travelLife(s)
	s.login(15, 550, 0, s.person("user1"), outside("192.0.2.20", event.KindResidential, "KR"), chrome, event.ReasonNone) // Korea is near
	s.login(16, 550, 0, s.person("user3"), outside("192.0.2.30", event.KindMobile, "FR"), chrome, event.ReasonNone)      // a telephone
	s.login(16, 1400, 0, s.person("user4"), outside("192.0.2.40", event.KindHotel, "TH"), chrome, event.ReasonNone)      // after a flight
	s.login(16, 550, 0, s.person("user5"), inside("10.1.0.1", "", ""), chrome, event.ReasonNone)                         // the office
	s.login(16, 552, 0, s.person("user5"), outside("192.0.2.50", event.KindResidential, ""), chrome, event.ReasonNone)   // nobody knows where
	s.login(16, 553, 0, s.person("user5"), outside("192.0.2.51", event.KindResidential, "XX"), chrome, event.ReasonNone) // a country that is none
	quiet(t, s.run(t, impossibleTravel), -1)
	s.login(17, 550, 0, s.person("user0"), outside("192.0.2.60", event.KindHotel, "FR"), chrome, event.ReasonNone) // the computer at home goes on
	quiet(t, s.run(t, impossibleTravel), int(event.Low))
}

func TestApart(t *testing.T) {
	for i := 1; i < len(countries); i++ {
		if countries[i-1].code >= countries[i].code {
			t.Errorf("%s stands before %s", countries[i-1].code, countries[i].code)
		}
	}
	for _, c := range []struct {
		a, b     string
		from, to float64
	}{{"JP", "JP", 0, 0}, {"JP", "DE", 6500, 9500}, {"FR", "DE", 0, 0}, {"JP", "KR", 0, 0}, {"JP", "HK", 500, 2500}, {"US", "GB", 2500, 7500}} {
		if km, ok := apart(c.a, c.b); !ok || km < c.from || km > c.to {
			t.Errorf("%s and %s: %v km", c.a, c.b, km)
		}
	}
	if _, ok := apart("JP", "??"); ok {
		t.Error("an unknown country has a place")
	}
}
