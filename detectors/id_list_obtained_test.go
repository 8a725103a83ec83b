// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// groping is a week in which names are guessed: most do not exist.
func groping(s *story, from, to int) {
	for day := from; day < to; day++ {
		for i := range 60 {
			at := outside(fmt.Sprintf("203.0.113.%d", i), event.KindTor, "DE")
			s.login(day, 1000+i, 0, s.stranger(fmt.Sprintf("guess%d_%d", day, i)), at, firefox, event.ReasonNoSuchAccount)
			if i%4 == 0 {
				s.login(day, 1000+i, 30, s.person(fmt.Sprintf("user%d", i)), at, firefox, event.ReasonBadPassword)
			}
		}
	}
}

func TestIDListObtained(t *testing.T) {
	s := newStory(200)
	groping(s, 10, 20)
	guessWave(s, 20, 200, 3, nil)
	f := wants(t, s.run(t, idListObtained), "id-list-obtained", event.High)
	if f.Alerted.Day(0) != monday+20 {
		t.Errorf("alerted on day %d", f.Alerted.Day(0)-monday)
	}
}

func TestIDListObtainedNearMiss(t *testing.T) {
	s := newStory(200)
	groping(s, 10, 22)
	for i := range 9000 { // a client storms one account while the groping goes on, and forty people mistype
		s.login(20, 300+i/30, i%60, s.person("user5"), outside("192.0.2.5", event.KindMobile, "JP"), "Phone", event.ReasonBadPassword)
	}
	for i := range 40 {
		s.login(20, 540+i, 0, s.person(fmt.Sprintf("user%d", i)), outside("192.0.2.6", event.KindMobile, "JP"), chrome, event.ReasonBadPassword)
	}
	quiet(t, s.run(t, idListObtained), -1)
}

// lapse is a morning on which everybody's password has lapsed: the old one from an address where nobody is at home, the new one, and for every
// fifth a telephone that goes on with the old one.
func lapse(s *story, day, people int) {
	for i := range people {
		who, at := s.person(fmt.Sprintf("user%d", i)), outside(fmt.Sprintf("192.0.2.%d", i%40), event.KindMobile, "JP")
		for k := range 1 + i%4 {
			s.login(day, 500+i%90, 10*k, who, at, chrome, event.ReasonBadPassword)
		}
		s.login(day, 501+i%90, 0, who, at, chrome, event.ReasonNone)
		for k := range 20 * (1 - min(i%5, 1)) {
			s.login(day, 510+i%90+15*k, 0, who, at, "Phone", event.ReasonBadPassword)
		}
	}
}

// TestLapsedPasswords holds that such a morning is no list obtained and no guessing, and that a list of which a tenth gets in that day is.
func TestLapsedPasswords(t *testing.T) {
	s := newStory(200)
	loginLife(s, 30, 200)
	groping(s, 10, 23)
	lapse(s, 22, 200)
	quiet(t, s.run(t, idListObtained), -1)
	quiet(t, s.run(t, passwordGuessing), int(event.Medium)) // the groping has its own
	s = newStory(200)
	loginLife(s, 30, 200)
	groping(s, 10, 22)
	guessWave(s, 22, 200, 3, nil)
	for i := range 20 {
		s.login(22, 1019+i, 30, s.person(fmt.Sprintf("user%d", i)), outside("192.0.2.9", event.KindResidential, "JP"), chrome, event.ReasonNone)
	}
	wants(t, s.run(t, idListObtained), "id-list-obtained", event.High)
	if all := s.run(t, passwordGuessing); len(all) == 0 {
		t.Error("the guessing is not seen")
	}
}
