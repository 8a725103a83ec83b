// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// loginLife is a number of days of an institute's logins: each person on workdays from home and office, some slips of the finger,
// some IDs mistyped, one retired client that keeps knocking.
func loginLife(s *story, days, people int) {
	dice := uint32(11)
	roll := func(n uint32) uint32 { dice = dice*1664525 + 1013904223; return (dice >> 8) % n }
	for day := range days {
		if day%7 >= 5 {
			continue
		}
		for i := range people {
			who := s.person(fmt.Sprintf("user%d", i))
			home := outside(fmt.Sprintf("198.51.%d.%d", i/200, 1+i%200), event.KindResidential, "JP")
			at := 480 + int(roll(120))
			if roll(20) == 0 {
				s.login(day, at-1, 10, who, home, chrome, event.ReasonBadPassword)
			}
			if roll(60) == 0 {
				s.login(day, at-2, 10, s.stranger(fmt.Sprintf("usr%d_%d", i, roll(3))), home, chrome, event.ReasonNoSuchAccount)
			}
			s.login(day, at, 0, who, home, chrome, event.ReasonNone)
		}
		for k := range 8 {
			s.login(day, 400+k*100, 0, s.stranger("retired"), outside("192.0.2.77", event.KindResidential, "JP"), "Outlook", event.ReasonNoSuchAccount)
		}
	}
}

func TestIDProbing(t *testing.T) {
	s := newStory(200)
	loginLife(s, 60, 120)
	for day := 35; day < 50; day++ {
		for i := range 40 { // forty names a day, each from another address
			s.login(day, 1000+i*5, 0, s.stranger(fmt.Sprintf("guess%d_%d", day, i)), outside(fmt.Sprintf("203.0.113.%d", (day*40+i)%250), event.KindTor, "DE"), firefox, event.ReasonNoSuchAccount)
		}
	}
	f := wants(t, s.run(t, idProbing), "id-probing", event.High)
	if d := f.Alerted.Day(0) - (monday + 35); d < 0 || d > 1 {
		t.Errorf("alerted %d days after it began", d)
	}
	if f.First.Day(0) < monday+33 || f.Last.Day(0) > monday+52 {
		t.Errorf("from %s to %s", f.First.Time(), f.Last.Time())
	}
}

func TestIDProbingNearMiss(t *testing.T) {
	s := newStory(200)
	loginLife(s, 60, 120)
	for i := range 900 { // one forgotten client storms with one name
		s.login(40, 600+i/60, i%60, s.stranger("printer"), outside("192.0.2.78", event.KindResidential, "JP"), "scan2mail", event.ReasonNoSuchAccount)
	}
	quiet(t, s.run(t, idProbing), -1)
}

// TestIDProbingReturns holds that a list that is worked through again and again is seen among as many names that people mistype, the day it
// begins, and that some devices with old IDs, which try theirs all day, are none.
func TestIDProbingReturns(t *testing.T) {
	life := func(list, tries int) *story {
		s := newStory(2000)
		loginLife(s, 60, 2000)
		for day := 42; day < 47; day++ {
			for i := range list * tries { // the same names, some minutes apart, from a few addresses
				name := fmt.Sprintf("guess%d", i%list)
				s.login(day, 990+i*420/(list*tries), i%60, s.stranger(name), outside(fmt.Sprintf("203.0.113.%d", i%9), event.KindTor, "DE"), firefox, event.ReasonNoSuchAccount)
			}
		}
		return s
	}
	f := wants(t, life(30, 6).run(t, idProbing), "id-probing", event.High)
	if d := f.Alerted.Day(0) - (monday + 42); d < 0 || d > 1 {
		t.Errorf("alerted %d days after it began", d)
	}
	quiet(t, life(8, 30).run(t, idProbing), -1)
}

// TestIDProbingRush holds that a fast search is told of within the hour, and that strangers who come by with a short list, a morning on which
// many mistype, and a program with a wrong list of its own every night are none.
func TestIDProbingRush(t *testing.T) {
	s := newStory(200)
	loginLife(s, 60, 120)
	for i := range 70 { // thirty-five an hour, on a Saturday evening
		s.login(47, 990+i*2, 0, s.stranger(fmt.Sprintf("guess%d", i)), outside(fmt.Sprintf("203.0.113.%d", i), event.KindTor, "DE"), firefox, event.ReasonNoSuchAccount)
	}
	all := s.run(t, idProbing)
	f := wants(t, all, "id-probing", event.Medium)
	began := event.Micros((int64(monday+47)*86400 + 990*60) * 1e6)
	if late := f.Alerted.Sub(began); len(all) != 1 || late < 0 || late > 45*time.Minute {
		t.Errorf("%d findings, the first %s after it began", len(all), late)
	}

	s = newStory(200)
	loginLife(s, 90, 120)
	for day := range 90 {
		for i := range 8 + day%5 { // strangers
			s.login(day, 700+day, i*20, s.stranger(fmt.Sprintf("admin%d", i)), outside("203.0.113.9", event.KindHosting, "NL"), "", event.ReasonNoSuchAccount)
		}
		for i := range 3 { // who is new mistypes an ID that is still strange
			s.login(day, 540+i*3, 0, s.stranger(fmt.Sprintf("usr%d_%d", day, i)), outside(fmt.Sprintf("198.51.100.%d", i), event.KindResidential, "JP"), chrome, event.ReasonNoSuchAccount)
		}
	}
	quiet(t, s.run(t, idProbing), -1)
}
