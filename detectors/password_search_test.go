// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"testing"

	"github.com/sekisho/sekisho/event"
)

func (s *story) seek(day, minute int, who *event.Account, from event.Place, class event.Class, act event.Activity, what string) {
	s.tell(day, minute, 0, event.Event{Class: class, Activity: act, Outcome: event.OutcomeSuccess, Account: who.Name, SrcIP: from.IP, Object: what, Format: "m365-audit"},
		func(g *event.Sighting) { g.Who, g.Src = who, from })
}

func TestPasswordSearch(t *testing.T) {
	s := newStory(5)
	home, tor, away := outside("198.51.100.4", event.KindResidential, "JP"), outside("192.0.2.9", event.KindTor, "DE"), outside("203.0.113.4", event.KindUnknown, "HK")
	for day := range 20 {
		s.login(day, 600, 0, s.person("user1"), home, chrome, event.ReasonNone)
		s.login(day, 601, 0, s.person("user2"), home, chrome, event.ReasonNone)
	}
	s.seek(20, 1270, s.person("user1"), tor, event.ClassMail, event.ActSearch, "サーバ パスワード")
	s.seek(20, 1275, s.person("user1"), tor, event.ClassFile, event.ActRead, "https://lab.example/sites/it/Passwords 2024.xlsx")
	s.login(21, 600, 0, s.person("user2"), away, chrome, event.ReasonNone)
	s.seek(21, 610, s.person("user2"), away, event.ClassFile, event.ActSearch, "VPN password")
	all := s.run(t, passwordSearch)
	if f := wants(t, all, "password-search", event.Medium); f.Accounts[0] != "A-user1" || number(f, "searches") != 1 || number(f, "files") != 1 {
		t.Errorf("got %+v", f)
	}
	if f := wants(t, all, "password-search", event.Low); f.Accounts[0] != "A-user2" {
		t.Errorf("got %+v", f)
	}
}

func TestPasswordSearchNearMiss(t *testing.T) {
	s := newStory(5)
	home, tor := outside("198.51.100.4", event.KindResidential, "JP"), outside("192.0.2.9", event.KindTor, "DE")
	for day := range 20 {
		s.login(day, 600, 0, s.person("user1"), home, chrome, event.ReasonNone)
	}
	s.seek(20, 1270, s.person("user1"), home, event.ClassMail, event.ActSearch, "パスワード")                                 // at home
	s.seek(20, 1271, s.person("user1"), inside("10.1.0.4", "", ""), event.ClassMail, event.ActSearch, "password")        // at the office
	s.seek(20, 1272, s.person("user1"), tor, event.ClassMail, event.ActSearch, "忘年会")                                    // something else
	s.seek(20, 1273, s.person("user1"), tor, event.ClassFile, event.ActRead, "/sites/password-reset-guide/minutes.docx") // a folder's name
	s.seek(20, 1274, s.person("user1"), tor, event.ClassFile, event.ActWrite, "/sites/it/passwords.xlsx")
	s.login(21, 600, 0, s.person("user3"), outside("203.0.113.4", event.KindUnknown, "HK"), chrome, event.ReasonNone) // new here
	s.seek(21, 610, s.person("user3"), outside("203.0.113.4", event.KindUnknown, "HK"), event.ClassMail, event.ActSearch, "password")
	quiet(t, s.run(t, passwordSearch), -1)
}
