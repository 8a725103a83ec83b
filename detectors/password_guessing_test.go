// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// guessWave is one evening's guessing at everybody from many addresses, but for those that are spared.
func guessWave(s *story, day, people, each int, spared map[int]bool) {
	n := 0
	for k := range each {
		for i := range people {
			if spared[i] {
				continue
			}
			n++
			s.login(day, 1000+(k*people+i)*300/(each*people), n%60, s.person(fmt.Sprintf("user%d", i)), outside(fmt.Sprintf("203.0.113.%d", n%40), event.KindTor, "DE"), firefox, event.ReasonBadPassword)
		}
	}
}

func TestPasswordGuessing(t *testing.T) {
	s := newStory(200)
	loginLife(s, 50, 120)
	for _, day := range []int{35, 36, 38} {
		guessWave(s, day, 200, 3, nil)
	}
	f := wants(t, s.run(t, passwordGuessing), "password-spray", event.High)
	if f.Alerted.Day(0) != monday+35 {
		t.Errorf("alerted on day %d", f.Alerted.Day(0)-monday)
	}
}

func TestPasswordGuessingFromTheStart(t *testing.T) {
	s := newStory(200)
	for day := range 3 {
		guessWave(s, day, 200, 2, nil)
	}
	all := s.run(t, passwordGuessing)
	if len(all) != 1 || all[0].Alerted.Day(0) != monday {
		t.Errorf("logs that begin under attack: %s", brief(all))
	}
}

func TestPasswordGuessingNearMiss(t *testing.T) {
	s := newStory(600)
	loginLife(s, 60, 120)
	phone := outside("192.0.2.5", event.KindMobile, "JP")
	for i := range 5000 { // a telephone with an old password
		s.login(30, 300+i/6, i%60, s.person("user5"), phone, "Phone", event.ReasonBadPassword)
	}
	for i := range 300 { // the semester begins: new students, half of whom mistype, and get it right
		who := s.person(fmt.Sprintf("user%d", 200+i))
		from := outside(fmt.Sprintf("192.0.2.%d", 1+i%250), event.KindMobile, "JP")
		if i%2 == 0 {
			s.login(42, 540+i, 0, who, from, chrome, event.ReasonBadPassword)
			s.login(42, 540+i, 30, who, from, chrome, event.ReasonBadPassword)
		}
		s.login(42, 541+i, 10, who, from, chrome, event.ReasonNone)
	}
	for i := range 120 { // passwords lapse; the login fails as a whole
		s.login(49, 540+i, 0, s.person(fmt.Sprintf("user%d", i)), phone, chrome, event.ReasonExpired)
		s.login(50, 540+i, 0, s.person(fmt.Sprintf("user%d", i)), phone, chrome, event.ReasonUnavailable)
	}
	quiet(t, s.run(t, passwordGuessing), -1)
}
