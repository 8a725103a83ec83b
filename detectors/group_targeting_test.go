// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"math"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// departments gives every account of a story a department of ten, and those of the first a group of the same people.
func departments(s *story, accounts int) {
	for i := range accounts {
		who := s.person(fmt.Sprintf("user%d", i))
		who.Department = fmt.Sprintf("dept%d", i/10)
		if i < 10 {
			who.Groups = []string{"it-staff"}
		}
	}
}

// relayed is a front end, behind which nobody is at home.
var relayed = event.Place{IP: ip("10.1.0.5"), Own: true, Host: "idp", Role: "auth-server"}

func (s *story) wrong(day, minute, second int, who *event.Account) {
	e := event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeFailure, Reason: event.ReasonBadPassword, Account: who.Name, SrcIP: relayed.IP, SrcIsRelay: true, Format: "openldap"}
	s.tell(day, minute, second, e, func(g *event.Sighting) { g.Who, g.Src = who, relayed })
}

// mistypers is thirty days on which somebody or other mistypes, now and then a few of one department.
func mistypers(s *story, accounts, days int) {
	for day := range days {
		for i := range 12 {
			who := s.person(fmt.Sprintf("user%d", (i*17+day*29)%accounts))
			s.wrong(day, 540+i*30, 0, who)
			if i%3 != 0 {
				s.login(day, 541+i*30, 0, who, outside("192.0.2.7", event.KindResidential, "JP"), chrome, event.ReasonNone)
			}
		}
	}
}

func TestGroupTargeting(t *testing.T) {
	s := newStory(200)
	departments(s, 200)
	mistypers(s, 200, 40)
	for round := range 8 {
		for i := range 10 {
			s.wrong(30, 1020+round*30+i, 0, s.person(fmt.Sprintf("user%d", i)))
		}
	}
	all := s.run(t, groupTargeting)
	f := wants(t, all, "group-targeting", event.High)
	if len(all) != 1 || number(f, "accounts") != 10 || number(f, "failures") < 70 {
		t.Errorf("got %s", brief(all))
	}
	if f.Alerted > f.First+2*3600e6 {
		t.Errorf("raised %s after it began", f.Alerted.Sub(f.First))
	}
}

// TestGroupTargetingAmongAll holds that guessing at everybody is nobody's group.
func TestGroupTargetingAmongAll(t *testing.T) {
	s := newStory(200)
	departments(s, 200)
	mistypers(s, 200, 40)
	for round := range 8 {
		for i := range 200 {
			s.wrong(30, 900+round*50+i/5, i%5, s.person(fmt.Sprintf("user%d", i)))
		}
	}
	quiet(t, s.run(t, groupTargeting), -1)
}

func TestGroupTargetingNearMiss(t *testing.T) {
	s := newStory(200)
	departments(s, 200)
	mistypers(s, 200, 40)
	for i := range 10 { // a department's first day: all mistype, and then get in
		who := s.person(fmt.Sprintf("user%d", 20+i))
		for k := range 4 {
			s.wrong(30, 540+i, k*5, who)
		}
		s.login(30, 543+i, 0, who, outside("192.0.2.7", event.KindResidential, "JP"), chrome, event.ReasonNone)
	}
	for i := range 10 { // a try each
		s.wrong(33, 540+i, 0, s.person(fmt.Sprintf("user%d", 40+i)))
	}
	for i := range 4 { // few
		for k := range 20 {
			s.wrong(35, 540+k, i, s.person(fmt.Sprintf("user%d", 60+i)))
		}
	}
	quiet(t, s.run(t, groupTargeting), -1)
}

func TestHypergeometricTail(t *testing.T) {
	for _, c := range []struct {
		k, n int
		size float64
		all  int
		want float64
	}{{0, 10, 5, 20, 1}, {1, 2, 5, 10, 1 - 10.0/45}, {5, 5, 10, 150, 252.0 / 591600030}, {3, 3, 0, 20, 0}, {3, 3, 20, 20, 1}, {4, 9, 3, 20, 0}, {3, 20, 3, 20, 1}, {2, 30, 2, 20, 1}} {
		if got := hypergeometricTail(c.k, c.n, c.size, c.all); math.Abs(got-c.want) > 1e-9*max(c.want, 1e-3) {
			t.Errorf("%d of %d from %v of %d: %v, want %v", c.k, c.n, c.size, c.all, got, c.want)
		}
	}
}

// TestGroupTargetingHalf holds that five of a department of ten that are worked at in an institute of 150 are enough, since accounts that fail are
// different ones; and that they are not if somebody else is worked at as well.
func TestGroupTargetingHalf(t *testing.T) {
	for _, tried := range [][]int{{0, 2, 3, 7, 8}, {0, 2, 3, 7, 8, 64}, {0, 2, 3, 7}} {
		s := newStory(150)
		departments(s, 150)
		mistypers(s, 150, 40)
		for round := range 30 {
			for i, u := range tried {
				s.wrong(33, 1020+round*10+i, 0, s.person(fmt.Sprintf("user%d", u)))
			}
		}
		all := s.run(t, groupTargeting)
		if want := len(tried) == 5; want != (len(all) == 1) || want && (all[0].Severity != event.Medium || number(&all[0], "most_within_the_span") != 5) {
			t.Errorf("%v: got %s", tried, brief(all))
		}
	}
}

// TestGroupTargetingNames holds that an attack on people who have several names in the directory is told of once, however often it is looked
// at, and that a list of which some are tried more often does not split it.
func TestGroupTargetingNames(t *testing.T) {
	s := newStory(300)
	departments(s, 300)
	for i := range 10 { // a wheel of nine of the ten, and a project that is somebody else's
		who := s.person(fmt.Sprintf("user%d", i))
		if i < 9 {
			who.Groups = append(who.Groups, "wheel")
		}
		s.person(fmt.Sprintf("user%d", 250+i)).Groups = []string{"project"}
	}
	mistypers(s, 300, 40)
	for day := 30; day < 33; day++ {
		for round := range 40 {
			for i := range 10 {
				if (round+i)%3 != 0 {
					s.wrong(day, 1020+round*8+i%7, 0, s.person(fmt.Sprintf("user%d", i)))
				}
			}
		}
	}
	all := s.run(t, groupTargeting)
	if f := wants(t, all, "group-targeting", event.High); len(all) != 1 || number(f, "accounts") != 10 {
		t.Errorf("got %s", brief(all))
	}
}

// TestGroupTargetingFew holds that a small group that is worked at stands out among mistypers and forgotten clients, and that the clients of a
// department, which fail every day, do not.
func TestGroupTargetingFew(t *testing.T) {
	clients := func(s *story, of ...int) {
		for day := range 40 {
			for k := range 60 {
				for i, u := range of {
					s.wrong(day, 480+k*10, i, s.person(fmt.Sprintf("user%d", u)))
				}
			}
		}
	}
	s := newStory(200)
	departments(s, 200)
	mistypers(s, 200, 40)
	clients(s, 55, 123)
	for round := range 30 {
		for i := range 7 {
			s.wrong(33, 1020+round*10+i, 0, s.person(fmt.Sprintf("user%d", i)))
		}
	}
	if all := s.run(t, groupTargeting); len(all) != 1 || number(&all[0], "accounts") != 7 {
		t.Errorf("got %s", brief(all))
	}
	s = newStory(200)
	departments(s, 200)
	mistypers(s, 200, 40)
	clients(s, 20, 21, 22, 23, 24, 25, 26) // of one department, from the first day on
	quiet(t, s.run(t, groupTargeting), -1)
}
