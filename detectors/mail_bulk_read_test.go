// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func (s *story) mail(day, minute, second int, who *event.Account, from event.Place, client string, sync bool, items int64) {
	e := event.Event{Class: event.ClassMail, Activity: event.ActRead, Outcome: event.OutcomeSuccess, Account: who.Name, SrcIP: from.IP, Client: client}
	access := "Bind"
	if sync {
		access = "Sync"
	} else {
		e.Count = event.Some(items)
	}
	e.Rest = []event.Field{event.Text("mail_access", access)}
	s.tell(day, minute, second, e, func(g *event.Sighting) { g.Who, g.Src = who, from })
}

func mailLife(s *story, days, people int) {
	for day := range days {
		for i := range people {
			home := outside(fmt.Sprintf("198.51.%d.9", i), event.KindResidential, "JP")
			for k := range 4 {
				s.mail(day, 480+k*180, i, s.person(fmt.Sprintf("user%d", i)), home, "Client=OWA", k == 0, 3)
			}
		}
	}
}

func TestMailBulkRead(t *testing.T) {
	s := newStory(20)
	mailLife(s, 30, 12)
	for i := range 6 {
		for folder := range 9 {
			s.mail(25, 1000+i*20+folder, 0, s.person(fmt.Sprintf("user%d", i)), outside("203.0.113.9", event.KindHosting, "SG"), "Client=WebServices", true, 0)
		}
	}
	f := wants(t, s.run(t, mailBulkRead), "mail-bulk-read", event.High)
	if len(f.Accounts) != 6 || number(f, "folders") != 54 || f.Addresses[0] != ip("203.0.113.9") {
		t.Errorf("got %+v", f)
	}
}

func TestMailBulkReadNearMiss(t *testing.T) {
	s := newStory(20)
	mailLife(s, 30, 12)
	for folder := range 20 { // a new telephone at home, one in a new flat, and a wave of them in the office
		s.mail(25, 1000+folder, 0, s.person("user3"), outside("198.51.3.9", event.KindResidential, "JP"), "Client=Phone", true, 0)
		s.mail(26, 1000+folder, 0, s.person("user4"), outside("192.0.2.7", event.KindResidential, "JP"), "Client=Phone", true, 0)
		for i := range 8 {
			s.mail(27, 600+folder, i, s.person(fmt.Sprintf("user%d", i)), inside("203.0.113.200", "", ""), "Client=Outlook", true, 0)
		}
	}
	quiet(t, s.run(t, mailBulkRead), -1)
}
