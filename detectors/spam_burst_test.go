// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// handIn is a letter that an account gives to the submission server.
func (s *story) handIn(day, minute, second int, who *event.Account, from event.Place) {
	e := event.Event{Class: event.ClassMail, Activity: event.ActSend, Outcome: event.OutcomeSuccess, Account: who.Name, SrcIP: from.IP, Service: "smtp", Count: event.Some(1)}
	s.tell(day, minute, second, e, func(g *event.Sighting) { g.Who, g.Src = who, from })
}

func sendingLife(s *story, days int) {
	for d := range days {
		for i := range 20 {
			for k := range 1 + (d+i)%7 {
				s.handIn(d, 540+40*k, i, s.person(fmt.Sprintf("user%d", i)), outside(fmt.Sprintf("126.10.%d.7", i), event.KindResidential, "JP"))
			}
		}
	}
}

func TestSpamBurst(t *testing.T) {
	s := newStory(30)
	sendingLife(s, 40)
	for i := range 5 {
		for k := range 290 {
			s.handIn(30, 5*k, i, s.person(fmt.Sprintf("user%d", i)), outside(fmt.Sprintf("102.89.33.%d", 10+k%7), event.KindUnknown, "NG"))
		}
	}
	all := s.run(t, spamBurst)
	f := wants(t, all, "spam-burst", event.High)
	if len(all) != 5 || number(f, "accounts_together") != 5 {
		t.Errorf("%s", brief(all))
	}
	if late := float64(f.Alerted-f.First) / 3600e6; late > 3 {
		t.Errorf("told of %.1f hours after it began", late)
	}
}

// A newsletter from the usual place is low; a new phone from which three letters are sent is silent.
func TestSpamBurstNearMiss(t *testing.T) {
	s := newStory(30)
	sendingLife(s, 40)
	for k := range 60 {
		s.handIn(30, 600, k, s.person("user2"), outside("126.10.2.7", event.KindResidential, "JP"))
	}
	for i := range 20 {
		for k := range 3 {
			s.handIn(31, 700, k, s.person(fmt.Sprintf("user%d", i)), outside("49.98.132.7", event.KindMobile, "JP"))
		}
	}
	quiet(t, s.run(t, spamBurst), int(event.Low))
}
