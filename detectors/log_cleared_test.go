// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"testing"

	"github.com/sekisho/sekisho/event"
)

func (s *story) logAdmin(day, minute int, act event.Activity, log, host string) {
	who := s.person("admin")
	s.tell(day, minute, 0, event.Event{Class: event.ClassLogAdmin, Activity: act, Outcome: event.OutcomeSuccess, Account: "admin", DstHost: host, Object: log},
		func(g *event.Sighting) { g.Who, g.Dst = who, inside("10.99.0.77", host, "") })
}

func TestLogCleared(t *testing.T) {
	s := newStory(10)
	s.logAdmin(30, 1351, event.ActClear, "Security", "mon1")
	f := wants(t, s.run(t, logCleared), "log-cleared", event.High)
	if f.Hosts[0] != "mon1" || f.Accounts[0] != "A-admin" {
		t.Errorf("got %v %v", f.Hosts, f.Accounts)
	}
	s.logAdmin(31, 600, event.ActDisable, "Logon", "dc1")
	wants(t, s.run(t, logCleared), "log-cleared", event.Medium)
}

func TestLogClearedNearMiss(t *testing.T) {
	s := newStory(10)
	s.logAdmin(3, 60, event.ActStop, "Security", "mon1")     // a reboot
	s.logAdmin(4, 60, event.ActOther, "Security", "mon1")    // the log is full
	s.logAdmin(5, 60, event.ActChange, "Retention", "cloud") // a setting
	for week := range 6 {
		s.logAdmin(7*week, 30, event.ActClear, "Security", "lab-pc") // a task of a lab's machine
	}
	all := s.run(t, logCleared)
	quiet(t, all, int(event.Low))
	if len(all) != 1 {
		t.Errorf("got %s", brief(all))
	}
}
