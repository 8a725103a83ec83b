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
