// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/event"
)

var gatePlace = inside("10.1.0.1", "gate1", "vpn")

// health is a record of the device about itself.
func (s *story) health(day, minute int, what, msg, by string) {
	s.tell(day, minute, 0, event.Event{Class: event.ClassOther, Format: "fortigate", Object: what, DstHost: "gate1", Account: by, Rest: []event.Field{event.Text("devid", "FG1"), event.Text("msg", msg)}},
		func(g *event.Sighting) { g.Dst = gatePlace })
}

// rules is something that an administrator does on the device.
func (s *story) rules(day, minute int, from event.Place, class event.Class, act event.Activity) {
	s.tell(day, minute, 0, event.Event{Class: class, Activity: act, Outcome: event.OutcomeSuccess, Format: "fortigate", Account: "fwadmin", SrcIP: from.IP, DstHost: "gate1",
		Rest: []event.Field{event.Text("devid", "FG1"), event.Text("profile", "super_admin")}}, func(g *event.Sighting) { g.Src, g.Dst, g.Who = from, gatePlace, s.person("fwadmin") })
}

// gateLife is forty days of a device: its maker's servers, its administrators, its updates, and a weak program.
func gateLife(s *story) {
	for day := range 40 {
		s.connect(day, 60, 0, gatePlace, outside("198.51.100.7", event.KindUnknown, "US"), link{port: 443, out: 3000, in: 90000, duration: 3000})
		s.connect(day, 61, 0, gatePlace, inside("10.1.0.9", "ldap1", "directory"), link{port: 389, out: 3000, in: 9000, duration: 3000})
		s.connect(day, 62, 0, gatePlace, inside("10.1.0.8", "backup1", "backup"), link{port: 22, out: 9000, in: 9000, duration: 9000})
		s.rules(day, 600, inside("10.1.1.250", "admin-pc", "admin"), event.ClassAuthentication, event.ActLogon)
		if day%5 == 0 {
			s.rules(day, 640, outside("203.0.113.77", event.KindUnknown, "JP"), event.ClassAuthentication, event.ActLogon) // who maintains it
			s.health(day, 900, "Application crashed", "Pid: 77, application: ipsengine, Signal 11 received", "")
		}
		if day == 20 {
			s.health(day, 130, "Image restored", "User fwadmin restored the image", "fwadmin")
			s.health(day, 132, "Virtual cluster member dead", "", "")
			s.health(day, 135, "Application crashed", "Pid: 78, application: sslvpnd, Signal 6 received", "") // stopped for it
			s.health(day, 136, "FortiGate started", "Fortigate started", "")
		}
	}
}

func TestEdgeDevice(t *testing.T) {
	s := newStory(10)
	gateLife(s)
	bad := outside("192.0.2.66", event.KindHosting, "SG")
	for i := range 2 {
		s.tell(30, 800+9*i, -3, event.Event{Class: event.ClassNetwork, Activity: event.ActConnect, SrcIP: bad.IP, DstHost: "gate1", Service: "ssl-vpn"}, func(g *event.Sighting) { g.Src, g.Dst = bad, gatePlace })
		s.health(30, 800+9*i, "Application crashed", "Pid: 79, application: sslvpnd, Signal 11 received", "")
	}
	s.health(30, 812, "FortiGate started", "Fortigate started", "")
	for i := range 14 {
		s.connect(30, 815+6*i, 0, gatePlace, outside("192.0.2.200", event.KindHosting, "CA"), link{port: 443, out: 2000, in: 3000, duration: 3000})
	}
	f := wants(t, s.run(t, edgeDevice), "edge-device", event.High)
	if fmt.Sprint(f.Hosts) != "[gate1]" || number(f, "crashes") != 2 || number(f, "downs") != 1 || !slices.Contains(f.Addresses, bad.IP) || !slices.Contains(f.Addresses, ip("192.0.2.200")) {
		t.Errorf("got %+v", f)
	}
}

// TestEdgeDeviceAdministrator holds that a stranger at the administrators' pages days later makes a fault graver.
func TestEdgeDeviceAdministrator(t *testing.T) {
	s := newStory(10)
	gateLife(s)
	for i := range 3 {
		s.health(25, 640+20*i, "Application crashed", "Pid: 79, application: sslvpnd, Signal 11 received", "")
	}
	wants(t, s.run(t, edgeDevice), "edge-device", event.Medium)
	bad := outside("192.0.2.66", event.KindHosting, "SG")
	s.rules(31, 787, bad, event.ClassAuthentication, event.ActLogon)
	s.rules(31, 791, bad, event.ClassFile, event.ActDownload)
	f := wants(t, s.run(t, edgeDevice), "edge-device", event.High)
	if fmt.Sprint(f.Addresses) != "[192.0.2.66]" || number(f, "strange_administrators") != 1 {
		t.Errorf("got %+v", f)
	}
}

// mistypes is a wrong password, or a wrong name, at the administrators' pages.
func (s *story) mistypes(day, minute int, from event.Place, name string, reason event.Reason) {
	s.tell(day, minute, 0, event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeFailure, Reason: reason, Format: "fortigate", Account: name, SrcIP: from.IP, DstHost: "gate1", Service: "https",
		Rest: []event.Field{event.Text("devid", "FG1")}}, func(g *event.Sighting) { g.Src, g.Dst, g.Who = from, gatePlace, s.person(name) })
}

func TestEdgeDeviceGuessed(t *testing.T) {
	s := newStory(10)
	gateLife(s)
	for day := range 3 {
		for i := range 18 {
			s.mistypes(30+day, 720+5*i, outside(fmt.Sprintf("192.0.2.%d", 60+day), event.KindHosting, "SG"), "fwadmin", event.ReasonBadPassword)
		}
	}
	f := wants(t, s.run(t, edgeDevice), "edge-device", event.Medium)
	if number(f, "failures") != 54 || len(f.Addresses) != 3 {
		t.Errorf("got %+v", f)
	}
}

func TestEdgeDeviceInside(t *testing.T) {
	s := newStory(10)
	gateLife(s)
	for i := range 3 {
		s.connect(30, 900+i, 0, gatePlace, inside(fmt.Sprintf("10.1.0.%d", 40+i), fmt.Sprintf("srv%d", i), "app"), link{port: 445, out: 90000, in: 900000, duration: 90000})
	}
	f := wants(t, s.run(t, edgeDevice), "edge-device", event.Medium)
	if number(f, "machines") != 3 {
		t.Errorf("got %+v", f)
	}
}

func TestEdgeDeviceNearMiss(t *testing.T) {
	s := newStory(10)
	gateLife(s)
	s.health(30, 800, "Application crashed", "Pid: 79, application: httpsd, Signal 11 received", "") // once, and nothing came of it
	s.health(33, 800, "FortiGate started", "Fortigate started", "")                                  // the power failed
	s.health(34, 800, "Application crashed", "Pid: 79, application: ipsengine, Signal 11 received", "")
	s.health(34, 801, "Application crashed", "Pid: 79, application: ipsengine, Signal 11 received", "") // weak as ever
	s.health(34, 805, "FortiGate started", "Fortigate started", "")
	s.connect(34, 900, 0, gatePlace, outside("198.51.200.7", event.KindUnknown, "US"), link{port: 443, out: 3000, in: 90000, duration: 3000})
	s.connect(34, 901, 0, gatePlace, inside("10.1.0.60", "srv9", "app"), link{port: 445, out: 60, in: 60, duration: 10}) // a knock
	for i := range 60 {                                                                                                  // strangers, the maintenance firm, an administrator inside
		s.mistypes(36, 600+i, outside("192.0.2.61", event.KindHosting, "SG"), "admin", event.ReasonNoSuchAccount)
		s.mistypes(36, 600+i, outside("203.0.113.77", event.KindUnknown, "JP"), "netvendor", event.ReasonBadPassword)
		s.mistypes(36, 600+i, inside("10.1.1.250", "admin-pc", "admin"), "fwadmin", event.ReasonBadPassword)
	}
	s.rules(35, 700, outside("192.0.2.9", event.KindResidential, "JP"), event.ClassAuthentication, event.ActLogon) // work at home
	quiet(t, s.run(t, edgeDevice), -1)
}

// TestEdgeDeviceForged holds that words which others can write into a record are not taken for the device's own.
func TestEdgeDeviceForged(t *testing.T) {
	s := newStory(10)
	gateLife(s)
	for i := range 5 {
		s.health(30, 800+i, "SSL VPN login fail", "user application: sslvpnd crashed", "application crashed")
	}
	quiet(t, s.run(t, edgeDevice), -1)
}

// breaksOff is a connection to the portal that ends without a login.
func (s *story) breaksOff(day, minute, second int, from event.Place) {
	s.tell(day, minute, second, event.Event{Class: event.ClassNetwork, Activity: event.ActConnect, Outcome: event.OutcomeFailure, Reason: event.ReasonProtocol, Format: "fortigate", SrcIP: from.IP, DstHost: "gate1",
		Rest: []event.Field{event.Text("devid", "FG1")}}, func(g *event.Sighting) { g.Src, g.Dst = from, gatePlace })
}

// TestEdgeDeviceProbed holds that connections which ask for nothing are kept as information, and told of once.
func TestEdgeDeviceProbed(t *testing.T) {
	s := newStory(10)
	gateLife(s)
	home := outside("203.0.113.9", event.KindResidential, "JP")
	for day := range 40 { // scanners come and go, and somebody at home has a client that breaks off
		for i := range 20 {
			s.breaksOff(day, 60*i, 7, outside(fmt.Sprintf("198.18.%d.%d", day, i), event.KindHosting, "US"))
			s.breaksOff(day, 600, i, home)
		}
		s.tell(day, 599, 0, event.Event{Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, Format: "fortigate", Account: "user1", SrcIP: home.IP, DstHost: "gate1"},
			func(g *event.Sighting) { g.Src, g.Dst, g.Who = home, gatePlace, s.person("user1") })
	}
	quiet(t, s.run(t, edgeDevice), -1)
	for i := range 9 {
		s.breaksOff(30, 630, 5*i, outside("192.0.2.66", event.KindHosting, "SG"))
		s.breaksOff(31, 690, 5*i, outside("192.0.2.67", event.KindHosting, "SG"))
	}
	all := s.run(t, edgeDevice)
	f := wants(t, all, "edge-device", event.Info)
	if len(all) != 1 || number(f, "connections") != 18 || fmt.Sprint(f.Addresses) != "[192.0.2.66 192.0.2.67]" {
		t.Errorf("got %s, %+v", brief(all), f)
	}
}
