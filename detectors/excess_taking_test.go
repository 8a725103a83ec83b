// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// page is a page that a shared site gave to an account.
func (s *story) page(day, minute, second int, who *event.Account, from event.Place, path string) {
	e := event.Event{Class: event.ClassHTTP, Activity: event.ActRead, Outcome: event.OutcomeSuccess, Account: who.Name, SrcIP: from.IP, DstHost: "pj", Object: path, BytesIn: event.Some(40000),
		Rest: []event.Field{event.Text("status", "200")}}
	s.tell(day, minute, second, e, func(g *event.Sighting) { g.Who, g.Src = who, from })
}

func siteLife(s *story, days int) {
	for d := range days {
		for i := range 20 {
			who, from := s.person(fmt.Sprintf("user%d", i)), outside(fmt.Sprintf("61.213.147.%d", i), event.KindUnknown, "JP")
			for k := range 5 {
				s.page(d, 600+10*k, i, who, from, fmt.Sprintf("/pj/%d/doc%d.pdf", i, (3*d+k)%200))
				s.page(d, 600+10*k, i+20, who, from, fmt.Sprintf("/static/%d-%d.css", d, k))
			}
		}
	}
}

func TestExcessTaking(t *testing.T) {
	s := newStory(30)
	siteLife(s, 60)
	for k := range 220 {
		s.page(40+k/30, 1300+k%30*2, 0, s.person("user4"), outside("45.76.101.9", event.KindHosting, "US"), fmt.Sprintf("/workers/list.csv?month=%d", k))
	}
	all := s.run(t, excessTaking)
	f := wants(t, all, "excess-taking", event.High)
	if len(all) != 1 || number(f, "documents") != 220 || f.Accounts[0] != "A-user4" {
		t.Errorf("%s", brief(all))
	}
}

// Reading much from the usual place, a page or two from a journey, and everything in the account's first days are silent.
func TestExcessTakingNearMiss(t *testing.T) {
	s := newStory(30)
	siteLife(s, 60)
	for k := range 300 {
		s.page(40, 700+k/5, k%60, s.person("user4"), outside("61.213.147.4", event.KindUnknown, "JP"), fmt.Sprintf("/new/%d.pdf", k))
		s.page(2, 700+k/5, k%60, s.person("user5"), outside("45.76.101.9", event.KindHosting, "US"), fmt.Sprintf("/new/%d.pdf", k))
	}
	for k := range 12 {
		s.page(45, 700+k, 0, s.person("user6"), outside("45.76.101.9", event.KindHosting, "US"), fmt.Sprintf("/new/%d.pdf", k))
	}
	quiet(t, s.run(t, excessTaking), -1)
}

// TestExcessTakingNewClient holds that whoever sits behind the same way out, with a browser that the account never used, is no owner; and that the
// owner's new version is the owner.
func TestExcessTakingNewClient(t *testing.T) {
	s := newStory(30)
	siteLife(s, 60)
	home := outside("61.213.147.4", event.KindUnknown, "JP")
	with := func(d, minute int, client, path string) {
		e := event.Event{Class: event.ClassHTTP, Activity: event.ActRead, Outcome: event.OutcomeSuccess, Account: "user4", SrcIP: home.IP, DstHost: "pj", Object: path, Client: client, Rest: []event.Field{event.Text("status", "200")}}
		s.tell(d, minute, 0, e, func(g *event.Sighting) { g.Who, g.Src = s.person("user4"), home })
	}
	for d := range 60 {
		with(d, 700, fmt.Sprintf("Chrome/%d.0", 100+d/10), "/pj/index.html")
	}
	for k := range 60 {
		with(45, 800+k, "Chrome/104.0", fmt.Sprintf("/old/%d.pdf", k))
	}
	quiet(t, s.run(t, excessTaking), -1)
	for k := range 240 {
		with(52+k/120, 1200+k%120, "Firefox/52.0", fmt.Sprintf("/workers/list.csv?month=%d", k))
	}
	all := s.run(t, excessTaking)
	if f := wants(t, all, "excess-taking", event.Low); len(all) != 1 || number(f, "documents") < 200 || f.Accounts[0] != "A-user4" {
		t.Errorf("got %s", brief(all))
	}
}
