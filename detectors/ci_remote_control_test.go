// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

var ciPlace = event.Place{IP: ip("198.51.100.40"), Host: "ci", Role: "ci"}

const firefox, chrome = "Mozilla/5.0 (X11; Linux) Firefox/52.0", "Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36"

func (s *story) request(day, minute int, from event.Place, client, method, path string) {
	act := event.ActRead
	if method == "POST" {
		act = event.ActSend
	}
	s.tell(day, minute, 0, event.Event{Class: event.ClassHTTP, Activity: act, Outcome: event.OutcomeSuccess, SrcIP: from.IP, Client: client, Object: path, DstHost: "ci"},
		func(g *event.Sighting) { g.Src, g.Dst = from, ciPlace })
}

// ciLife is forty days of developers, from the office and from home, and of build machines that ask for work.
func ciLife(s *story) {
	office := inside("203.0.113.10", "", "")
	for day := range 40 {
		s.request(day, 600, office, chrome, "GET", "/job/simulation/")
		s.request(day, 601, office, chrome, "POST", "/job/simulation/build?delay=0sec")
		s.request(day, 650, outside(fmt.Sprintf("192.0.2.%d", day), event.KindResidential, "JP"), chrome, "POST", "/job/simulation/build?delay=0sec")
		if day%5 == 0 {
			s.request(day, 700, office, chrome, "POST", "/job/simulation/configSubmit")
			s.request(day, 710, office, chrome, "POST", "/computer/vm1/script")
		}
		for h := range 24 {
			s.connect(day, h*60, 0, inside("10.4.0.21", "vm1", "build"), ciPlace, link{port: 443, out: 9000, in: 9000, duration: 3600000})
		}
		s.connect(day, 500, 0, inside("10.4.0.21", "vm1", "build"), inside("10.1.0.8", "git", "file-server"), link{port: 22, out: 9000, in: 90000, duration: 9000})
	}
}

func TestCIRemoteControl(t *testing.T) {
	s := newStory(10)
	ciLife(s)
	for i := range 6 {
		s.request(30, 1020+i, outside("2001:db8:7::1", event.KindTor, "DE"), firefox, "POST", "/computer/vm1/script")
	}
	for i := range 5 {
		s.connect(30, 1030, i, inside("10.4.0.21", "vm1", "build"), inside(fmt.Sprintf("10.5.0.%d", i), "", ""), link{port: 445, out: 900, in: 900, duration: 900})
	}
	all := s.run(t, ciRemoteControl)
	f := wants(t, all, "ci-remote-control", event.High)
	if number(f, "orders") != 6 || f.Addresses[0] != ip("2001:db8:7::1") {
		t.Errorf("got %+v", f)
	}
	hosts := map[string]bool{}
	for _, f := range all {
		hosts[f.Hosts[0]] = true
	}
	if !hosts["vm1"] || !hosts["ci"] {
		t.Errorf("hosts %v", hosts)
	}
	wants(t, all, "ci-remote-control", event.Medium) // what the build machine reached
}

func TestCIRemoteControlNearMiss(t *testing.T) {
	s := newStory(10)
	ciLife(s)
	s.request(33, 900, outside("192.0.2.200", event.KindMobile, "JP"), chrome, "POST", "/job/simulation/configSubmit")         // from a train
	s.request(33, 901, outside("2001:db8:7::1", event.KindTor, "DE"), firefox, "GET", "/computer/vm1/script")                  // a look, no order
	s.connect(33, 902, 0, inside("10.4.0.21", "vm1", "build"), inside("10.5.0.9", "", ""), link{port: 22, out: 900, in: 9000}) // a new target
	quiet(t, s.run(t, ciRemoteControl), -1)
}
