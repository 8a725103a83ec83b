// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

var adminServer = inside("10.30.0.11", "app1", "app")

func within(addr, host, network string) event.Place {
	p := inside(addr, host, "")
	p.Network = network
	return p
}

func (s *story) desktop(day, minute int, who *event.Account, from, to event.Place) {
	s.tell(day, minute, 0, event.Event{Class: event.ClassRemoteSession, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, Format: "windows", Service: "rdp", Account: who.Name, SrcIP: from.IP, DstHost: to.Host},
		func(g *event.Sighting) { g.Who, g.Src, g.Dst = who, from, to })
	s.tell(day, minute, 1, event.Event{Class: event.ClassAuthentication, Activity: event.ActElevate, Outcome: event.OutcomeSuccess, Format: "windows", Account: who.Name, DstHost: to.Host},
		func(g *event.Sighting) { g.Who, g.Dst = who, to })
}

func (s *story) device(day, minute int, who *event.Account, from event.Place, class event.Class, act event.Activity, object, target string) {
	fw := inside("172.16.5.1", "edge1", "firewall")
	e := event.Event{Class: class, Activity: act, Outcome: event.OutcomeSuccess, Format: "fortigate", Service: "https", Account: who.Name, SrcIP: from.IP, DstHost: "edge1", Object: object, Target: target}
	if class == event.ClassAuthentication {
		e.Rest = []event.Field{event.Text("profile", "super_admin")}
	}
	s.tell(day, minute, 0, e, func(g *event.Sighting) {
		g.Who, g.Src, g.Dst = who, from, fw
		if target != "" {
			g.Whom = s.stranger(target)
		}
	})
}

func (s *story) account(day, minute int, who *event.Account, act event.Activity, group, target string) {
	s.tell(day, minute, 0, event.Event{Class: event.ClassAccountChange, Activity: act, Outcome: event.OutcomeSuccess, Format: "windows", Account: who.Name, DstHost: "dc1", Object: group, Target: target},
		func(g *event.Sighting) {
			g.Who, g.Whom, g.Dst = who, s.stranger(shortName(target)), inside("10.30.0.2", "dc1", "directory")
		})
}

func (s *story) service(day, minute int, host event.Place, id int64, object, content string) {
	e := event.Event{Class: event.ClassEntityChange, Activity: event.ActCreate, Outcome: event.OutcomeSuccess, Format: "windows", DstHost: host.Host, Object: object, Rest: []event.Field{event.Number("event_id", id)}}
	if content != "" {
		e.Rest = append(e.Rest, event.Text("TaskContent", content))
	}
	s.tell(day, minute, 0, e, func(g *event.Sighting) { g.Dst = host })
}

// adminLife is forty days of two administrators, one of whom is called at night, and of deployments.
func adminLife(s *story) {
	for day := range 40 {
		if day%7 > 4 {
			continue
		}
		s.desktop(day, 600+day, s.person("admin1"), within("10.11.1.39", "", "offices"), adminServer)
		s.device(day, 700, s.person("fwadmin"), within("10.11.1.250", "admin-pc", "offices"), event.ClassAuthentication, event.ActLogon, "", "")
		s.device(day, 705, s.person("fwadmin"), within("10.11.1.250", "admin-pc", "offices"), event.ClassEntityChange, event.ActChange, "firewall.policy", "")
		if day%10 == 0 {
			s.device(day, 1380, s.person("fwadmin"), within(fmt.Sprintf("10.200.%d.4", day), "", "vpn"), event.ClassAuthentication, event.ActLogon, "", "")
		}
		if day%3 == 0 {
			s.account(day, 800, s.person("svc-idm"), event.ActCreate, "", fmt.Sprintf(`LAB\new%d`, day))
			s.account(day, 801, s.person("admin1"), event.ActAssign, `Builtin\Administrators`, "CN=admin1,CN=Users")
		}
		for i := range 5 {
			s.service(day, 900, inside(fmt.Sprintf("10.12.0.%d", i+1), fmt.Sprintf("pc%d", i), ""), 7045, `PDQDeployRunner-1: %SystemRoot%\AdminArsenal\runner.exe`, "")
		}
	}
}

func TestAdminMisuse(t *testing.T) {
	s := newStory(5)
	adminLife(s)
	rented := outside("203.0.113.7", event.KindHosting, "NL")
	s.device(30, 780, s.person("fwadmin"), rented, event.ClassAuthentication, event.ActLogon, "", "")
	s.device(30, 790, s.person("fwadmin"), rented, event.ClassAccountChange, event.ActCreate, "user.local", "sslvpn-maint")
	for i := range 3 {
		s.desktop(31+i, 1265, s.person("admin1"), within("10.150.200.7", "sub-srv1", "subsidiary"), inside(fmt.Sprintf("10.30.0.%d", 11+i), fmt.Sprintf("app%d", 1+i), "app"))
	}
	all := s.run(t, adminMisuse)
	f := wants(t, all, "admin-misuse", event.High)
	if f.Hosts[0] != "edge1" || f.Addresses[0] != rented.IP {
		t.Errorf("got %s", brief(all))
	}
	if f := wants(t, all, "admin-misuse", event.Medium); len(f.Hosts) != 3 || f.Accounts[0] != "A-admin1" {
		t.Errorf("got %s", brief(all))
	}
}

func TestAdminMisuseWayBack(t *testing.T) {
	s := newStory(5)
	adminLife(s)
	s.account(30, 1293, s.person("admin1"), event.ActCreate, "", `LAB\svc-veeam2`)
	s.account(30, 1294, s.person("admin1"), event.ActAssign, `LAB\Domain Admins`, "CN=svc-veeam2,CN=Users,DC=lab")
	all := s.run(t, adminMisuse)
	if f := wants(t, all, "admin-misuse", event.High); len(f.Accounts) != 2 || len(f.Evidence) != 2 {
		t.Errorf("got %s %v", brief(all), f.Accounts)
	}
	s = newStory(5)
	adminLife(s)
	s.service(30, 100, adminServer, 4698, `\Microsoft\Windows\Update7`, `<Command>C:\Users\Public\u.exe</Command>`)
	wants(t, s.run(t, adminMisuse), "admin-misuse", event.Medium)
}

func TestAdminMisuseNearMiss(t *testing.T) {
	s := newStory(5)
	adminLife(s)
	quiet(t, s.run(t, adminMisuse), -1)
	s.desktop(31, 700, s.person("admin1"), within("10.200.4.4", "", "vpn"), adminServer)                                        // from home, by day
	s.desktop(31, 1290, s.person("admin1"), within("10.201.4.4", "", "pool"), adminServer)                                      // called at night
	s.device(31, 1385, s.person("fwadmin"), within("10.200.9.4", "", "vpn"), event.ClassAuthentication, event.ActLogon, "", "") // called at night
	s.account(32, 800, s.person("svc-idm"), event.ActCreate, "", `LAB\newadmin`)
	s.account(32, 801, s.person("svc-idm"), event.ActAssign, `LAB\Domain Admins`, "CN=newadmin,CN=Users")
	s.service(33, 100, adminServer, 7045, `Backup Agent: C:\Program Files\Backup\agent.exe`, "")
	s.service(33, 100, inside("10.12.0.9", "pc9", ""), 7045, `Odd: C:\Windows\Temp\x.exe`, "") // no server
	all := s.run(t, adminMisuse)
	quiet(t, all, int(event.Low))
	if len(all) != 3 { // the home, the night and the backup agent
		t.Errorf("got %s", brief(all))
	}
}
