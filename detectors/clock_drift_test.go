// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// twice is a login that two logs tell of: the second's clock is ahead by so many seconds.
func (s *story) twice(day, minute, second int, who *event.Account, from event.Place, first, then string, ahead int) {
	for i, source := range []string{first, then} {
		format, host, _ := strings.Cut(source, " ")
		e := event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, Account: who.Name, SrcIP: from.IP, Format: format, DstHost: host}
		s.tell(day, minute, second+i*ahead, e, func(g *event.Sighting) { g.Who, g.Src = who, from })
	}
}

// clockLife is forty days of logins that the directory and a service tell of, and of people who use two services one after the other.
func clockLife(s *story, ahead func(day int) int) {
	for day := range 40 {
		for i := range 30 {
			who, from := s.person(fmt.Sprintf("user%d", i)), inside(fmt.Sprintf("10.11.1.%d", i), "", "")
			s.twice(day, 540+7*i, i, who, from, "openldap ldap1", "dovecot mail1", ahead(day))
			s.twice(day, 543+7*i, i, who, from, "openldap ldap1", "samba fs1", 0)
			s.twice(day, 900+7*i, (i*37+day*11)%60, who, from, "openvpn vpn1", "sshd gw1", (i*i*13+day*29)%400) // no login of the other
		}
	}
}

func TestClockDriftChanges(t *testing.T) {
	s := newStory(30)
	clockLife(s, func(day int) int {
		if day < 25 {
			return 1
		}
		return 45
	})
	all := s.run(t, clockDrift)
	f := wants(t, all, "clock-drift", event.Low)
	if len(all) != 1 || number(f, "seconds_apart") != 45 || number(f, "seconds_before") != 1 || !strings.Contains(f.Title.En, "dovecot mail1 is 45.0 seconds ahead") {
		t.Errorf("got %s", brief(all))
	}
	if day := f.Alerted.Day(0) - monday; day < 25+driftDays || day > 26+driftDays {
		t.Errorf("told on day %d", day)
	}
}

func TestClockDriftAlways(t *testing.T) {
	s := newStory(30)
	clockLife(s, func(int) int { return -250 })
	all := s.run(t, clockDrift)
	f := wants(t, all, "clock-drift", event.Low)
	if len(all) != 1 || number(f, "seconds_apart") < 200 || !strings.Contains(f.Title.En, "ldap1 is") {
		t.Errorf("got %s", brief(all))
	}
}

func TestClockDriftQuiet(t *testing.T) {
	for name, ahead := range map[string]func(int) int{
		"right":               func(int) int { return 1 },
		"a little off":        func(int) int { return 8 },
		"one day after start": func(day int) int { return map[bool]int{true: 50, false: 1}[day == 25] },
		"slow and small":      func(day int) int { return day / 10 },
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(30)
			clockLife(s, ahead)
			quiet(t, s.run(t, clockDrift), -1)
		})
	}
}
