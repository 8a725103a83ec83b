// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// enter is a session of an account from one machine on another.
func (s *story) enter(day, minute int, who *event.Account, service string, from, to event.Place) {
	e := event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, Format: "windows", Service: service, Account: who.Name, SrcIP: from.IP, DstHost: to.Host}
	s.tell(day, minute, 0, e, func(g *event.Sighting) { g.Who, g.Src, g.Dst = who, from, to })
}

func pc(i int) event.Place { return inside(fmt.Sprintf("10.11.1.%d", i), fmt.Sprintf("pc%d", i), "") }

func serverAt(i int) event.Place {
	return inside(fmt.Sprintf("10.30.0.%d", i), fmt.Sprintf("srv%d", i), "app")
}

// pathLife is forty days: people use the file server from their PCs, helpdesk comes to PCs and goes on with its second account, a
// jump host, a deployment server, a monitor and a backup reach for servers.
func pathLife(s *story) {
	files, jump := inside("10.30.0.200", "fs1", "file-server"), inside("10.30.0.201", "gw1", "bastion")
	deploy, monitor := inside("10.30.0.202", "deploy1", "deployment"), inside("10.30.0.203", "mon1", "monitor")
	for day := range 40 {
		for i := range 20 {
			s.enter(day, 540+i, s.person(fmt.Sprintf("user%d", i)), "smb", pc(i), files)
		}
		help := day * 7 % 20
		s.enter(day, 600, s.person("helpdesk"), "rdp", pc(99), pc(help))
		s.enter(day, 610, s.person("adm-helpdesk"), "smb", pc(help), serverAt(day%5))
		for i := range 6 {
			s.enter(day, 700+i, s.person(fmt.Sprintf("admin%d", i)), "ssh", pc(50+i), jump)
			s.enter(day, 720+i, s.person(fmt.Sprintf("root-admin%d", i)), "ssh", jump, serverAt((day*3+i)%40))
		}
		s.enter(day, 60, s.person("svc-deploy"), "winrm", deploy, serverAt(day%40))
		s.enter(day, 70, s.person("svc-mon"), "ssh", monitor, serverAt(day%6))
		s.enter(day, 800, s.person("admin1"), "rdp", pc(51), monitor)
	}
}

func TestLateralSwitch(t *testing.T) {
	s := newStory(20)
	pathLife(s)
	s.enter(45, 1200, s.person("user3"), "rdp", serverAt(7), serverAt(3)) // comes in over a new way,
	s.enter(45, 1230, s.person("oldadmin"), "rdp", serverAt(3), serverAt(11))
	f := wants(t, s.run(t, lateralSwitch), "lateral-path-switch", event.Medium)
	if fmt.Sprint(f.Accounts, f.Hosts) != "[A-oldadmin A-user3] [srv11 srv3]" {
		t.Errorf("got %v %v", f.Accounts, f.Hosts)
	}
	s.enter(46, 1230, s.person("oldadmin"), "smb", serverAt(3), serverAt(12)) // the day after
	s.enter(46, 1200, s.person("user3"), "rdp", serverAt(7), serverAt(3))
	s.enter(46, 1240, s.person("oldadmin"), "smb", serverAt(3), serverAt(13))
	all := s.run(t, lateralSwitch)
	if f := wants(t, all, "lateral-path-switch", event.Medium); number(f, "machines") < 2 || len(all) != 1 {
		t.Errorf("got %s", brief(all))
	}
}

// TestLateralSwitchOneHop is one step over a way in that was used before: it is told, and low.
func TestLateralSwitchOneHop(t *testing.T) {
	s := newStory(20)
	pathLife(s)
	s.enter(45, 700, s.person("admin1"), "rdp", pc(51), inside("10.30.0.203", "mon1", "monitor"))
	s.enter(45, 900, s.person("contractor"), "ssh", inside("10.30.0.203", "mon1", "monitor"), serverAt(30))
	f := wants(t, s.run(t, lateralSwitch), "lateral-path-switch", event.Low)
	if number(f, "machines") != 1 {
		t.Errorf("got %+v", f)
	}
}

func TestLateralSwitchQuiet(t *testing.T) {
	for name, then := range map[string]func(s *story){
		"ordinary life": func(*story) {},
		"helpdesk again": func(s *story) {
			s.enter(45, 600, s.person("helpdesk"), "rdp", pc(99), pc(4))
			s.enter(45, 610, s.person("adm-helpdesk"), "smb", pc(4), serverAt(30))
		},
		"a new server behind the jump host": func(s *story) {
			s.enter(45, 600, s.person("admin2"), "ssh", pc(52), inside("10.30.0.201", "gw1", "bastion"))
			s.enter(45, 610, s.person("root-new"), "ssh", inside("10.30.0.201", "gw1", "bastion"), serverAt(99))
		},
		"a new target of the deployment server": func(s *story) {
			s.enter(45, 600, s.person("admin2"), "rdp", pc(52), inside("10.30.0.202", "deploy1", "deployment"))
			s.enter(45, 610, s.person("svc-new"), "winrm", inside("10.30.0.202", "deploy1", "deployment"), serverAt(99))
		},
		"the monitor watches a new server after its administrator was there": func(s *story) {
			s.enter(45, 600, s.person("admin1"), "rdp", pc(51), inside("10.30.0.203", "mon1", "monitor"))
			s.enter(45, 610, s.person("svc-mon"), "ssh", inside("10.30.0.203", "mon1", "monitor"), serverAt(99))
		},
		"a new PC that helpdesk set up": func(s *story) {
			s.enter(45, 600, s.person("helpdesk"), "rdp", pc(99), pc(77))
			s.enter(45, 660, s.person("user3"), "smb", pc(77), inside("10.30.0.200", "fs1", "file-server"))
		},
		"the same account goes on": func(s *story) {
			s.enter(45, 600, s.person("user3"), "rdp", pc(3), serverAt(3))
			s.enter(45, 610, s.person("user3"), "ssh", serverAt(3), serverAt(11))
		},
		"hours later": func(s *story) {
			s.enter(45, 100, s.person("user3"), "rdp", pc(3), serverAt(3))
			s.enter(45, 100+60*lateralHours+1, s.person("oldadmin"), "rdp", serverAt(3), serverAt(11))
		},
		"in the first weeks": func(s *story) {
			s.enter(5, 600, s.person("user3"), "rdp", pc(3), serverAt(3))
			s.enter(5, 610, s.person("oldadmin"), "rdp", serverAt(3), serverAt(11))
		},
		"it asks the directory": func(s *story) {
			s.enter(45, 600, s.person("user3"), "rdp", pc(3), serverAt(3))
			s.enter(45, 610, s.person("oldadmin"), "kerberos", serverAt(3), inside("10.30.0.250", "dc1", "directory"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(20)
			pathLife(s)
			then(s)
			quiet(t, s.run(t, lateralSwitch), -1)
		})
	}
}
