// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// noisyYear is a year in which nothing happens, and much does: a conference abroad, people who use VPN services, an appointed scanner, a
// re-organisation, a day on which everybody must change the password, and a log that is missing for two days.
func noisyYear(people int) *story {
	const days = 365
	s := newStory(people)
	loginLife(s, days, people)
	networkLife(s, days)
	uploadLife(s, days)
	mailLife(s, days, min(people, 60))
	for i := range people {
		s.person(fmt.Sprintf("user%d", i)).Department = fmt.Sprintf("department-%d", i%12)
	}
	conference(s, people)
	for i := range people / 10 { // who uses a VPN service does so every other day, from ever other exits, and mistypes now and then
		who := s.person(fmt.Sprintf("user%d", i*7%people))
		for d := i % 9; d < days; d += 2 {
			from := outside(fmt.Sprintf("203.0.113.%d", (d*13+i)%120), event.KindVPN, []string{"JP", "JP", "US", "NL"}[(d+i)%4])
			if (d+i)%23 == 0 {
				s.login(d, 1199, 0, who, from, firefox, event.ReasonBadPassword)
			}
			s.login(d, 1200, 0, who, from, firefox, event.ReasonNone)
		}
	}
	scanner := inside("10.6.0.9", "scan1", "scanner")
	for d := 10; d < days; d += 30 {
		sweep(s, d, 120, scanner, 150, []uint16{22, 443, 445}, 4)
	}
	for i := range people { // the day after the expiry: old passwords at one's own desk, then the new one
		who, home := s.person(fmt.Sprintf("user%d", i)), outside(fmt.Sprintf("198.51.%d.%d", i/200, 1+i%200), event.KindResidential, "JP")
		for k := range 1 + i%3 {
			s.login(154, 500+i%60, 10*k, who, home, chrome, event.ReasonBadPassword)
		}
		s.login(154, 505+i%60, 0, who, home, chrome, event.ReasonNone)
	}
	for i := range people / 3 { // the administrator who does it always gives groups
		s.account(210, 600+i/2, s.person("svc-idm"), event.ActAssign, fmt.Sprintf("department-%d", (i+3)%12), fmt.Sprintf(`LAB\user%d`, i))
	}
	for d := 0; d < days; d += 5 {
		s.account(d, 590, s.person("svc-idm"), event.ActAssign, "project", fmt.Sprintf(`LAB\user%d`, d%people))
	}
	keep := s.all[:0]
	for _, g := range s.all {
		if day := int(g.Day - monday); (day == 280 || day == 281) && g.Class == event.ClassNetwork {
			continue
		}
		keep = append(keep, g)
	}
	s.all = keep
	return s
}

// conference takes a tenth of the people abroad for four days: all from one hotel, at hours of another zone.
func conference(s *story, people int) {
	hotel := outside("192.0.2.200", event.KindHotel, "AT")
	for day := 99; day < 103; day++ {
		for i := range people / 10 {
			who := s.person(fmt.Sprintf("user%d", i*9%people))
			if i%11 == 0 {
				s.login(day, 1000+i, 30, who, hotel, chrome, event.ReasonBadPassword)
			}
			s.login(day, 1001+i, 0, who, hotel, chrome, event.ReasonNone)
			s.mail(day, 1010+i, 0, who, hotel, "Client=OWA", true, 5)
		}
	}
}

// TestNoisyYear holds all detectors to what a noisy year may cost: two high findings a month at most, and four medium ones a day.
func TestNoisyYear(t *testing.T) {
	s := noisyYear(300)
	by := map[event.Severity]int{}
	for _, spec := range All() {
		for _, f := range s.run(t, spec) {
			if by[f.Severity]++; f.Severity >= event.Medium {
				t.Logf("%s %s %s %s", f.Alerted.Time().Format("01-02"), f.Severity, f.Detector, f.Title.En)
			}
		}
	}
	t.Logf("%d sightings: %d high and graver, %d medium, %d low", len(s.all), by[event.High]+by[event.Critical], by[event.Medium], by[event.Low])
	if n := by[event.High] + by[event.Critical]; n > 24 {
		t.Errorf("%d high findings in a year", n)
	}
	if n := by[event.Medium]; n > 4*365 {
		t.Errorf("%d medium findings in a year", n)
	}
}
