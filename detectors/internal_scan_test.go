// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// networkLife is thirty days of machines inside: people's machines use a dozen services, now and then a new one.
func networkLife(s *story, days int) {
	for day := range days {
		for pc := range 20 {
			from := inside(fmt.Sprintf("10.2.0.%d", 10+pc), "", "")
			for i := range 12 {
				s.connect(day, 540+i*20, pc, from, inside(fmt.Sprintf("10.1.0.%d", 5+i), "", "web"), link{port: 443, out: 2000, in: 30000, duration: 5000})
			}
			s.connect(day, 800, pc, from, inside(fmt.Sprintf("10.3.0.%d", 1+(day*7+pc)%200), "", ""), link{port: 9100, refused: day%3 == 0})
		}
		s.connect(day, 60, 0, inside("10.4.0.21", "vm1", "build"), outside("192.0.2.40", event.KindUnknown, "JP"), link{port: 443, out: 9000, in: 9000, duration: 3600000})
	}
}

func sweep(s *story, day, minute int, from event.Place, machines int, ports []uint16, refusedOf10 int) {
	n := 0
	for m := range machines {
		for _, p := range ports {
			n++
			s.connect(day, minute+n/240, n/4%60, from, inside(fmt.Sprintf("10.5.%d.%d", m/250, 1+m%250), "", ""), link{port: p, refused: n%10 < refusedOf10, out: 180, in: 300, duration: 1000})
		}
	}
}

func TestInternalScanRefused(t *testing.T) {
	s := newStory(100)
	networkLife(s, 25)
	sweep(s, 20, 1110, inside("10.4.0.21", "vm1", "build"), 100, []uint16{445, 139}, 7)
	f := wants(t, s.run(t, internalScan), "internal-scan", event.High)
	if f.Hosts[0] != "vm1" || number(f, "refused") < 100 || number(f, "distinct") != 200 {
		t.Errorf("got %v %v", f.Hosts, f.Numbers)
	}
}

func TestInternalScanAccepted(t *testing.T) {
	s := newStory(100)
	networkLife(s, 25)
	sweep(s, 20, 1110, inside("10.4.0.21", "vm1", "build"), 100, []uint16{443}, 0)
	wants(t, s.run(t, internalScan), "internal-scan", event.High)
}

// TestInternalScanRound: a deployment server goes to every machine once a month. The first time that the records tell of it says little; the like
// after a month of records, or where it is refused, does.
func TestInternalScanRound(t *testing.T) {
	deploy := inside("10.4.0.31", "app1", "admin")
	for _, x := range []struct {
		day, refused int
		want         event.Severity
	}{{10, 0, event.Low}, {10, 7, event.High}, {40, 0, event.High}} {
		s := newStory(100)
		networkLife(s, 45)
		for day := range 45 {
			s.connect(day, 60, 0, deploy, inside("10.1.0.5", "", "web"), link{port: 443, out: 900, in: 900, duration: 900})
		}
		sweep(s, x.day, 600, deploy, 90, []uint16{445}, x.refused)
		wants(t, s.run(t, internalScan), "internal-scan", x.want)
	}
}

func TestInternalScanEachDay(t *testing.T) {
	s := newStory(100)
	networkLife(s, 25)
	for day := 17; day < 25; day++ { // a single new way on the days after is no scan
		s.connect(day, 1000, 0, inside("10.4.0.21", "vm1", "build"), inside(fmt.Sprintf("10.6.0.%d", day), "", ""), link{port: 443, out: 100, in: 900, duration: 900})
		s.connect(day, 1001, 0, inside("10.4.0.21", "vm1", "build"), inside(fmt.Sprintf("10.6.1.%d", day), "", ""), link{port: 443, refused: true})
	}
	for i, day := range []int{16, 18, 22} {
		sweep(s, day, 1100+20*i, inside("10.4.0.21", "vm1", "build"), 100, []uint16{uint16(80 + i)}, 2)
	}
	if all := s.run(t, internalScan); len(all) != 3 {
		t.Errorf("three days of scans, findings: %s", brief(all))
	}
}

func TestInternalScanNearMiss(t *testing.T) {
	s := newStory(100)
	networkLife(s, 30)
	// a machine that cannot find its printers, and a new one that is set up
	for i := range 9 {
		s.connect(12, 600+i, 0, inside("10.2.0.15", "", ""), inside(fmt.Sprintf("10.3.1.%d", i), "", ""), link{port: 9100, refused: true})
	}
	for i := range 40 {
		s.connect(20, 600+i, 0, inside("10.2.0.99", "", ""), inside(fmt.Sprintf("10.1.0.%d", 5+i), "", ""), link{port: 443, out: 100, in: 5000, duration: 3000})
	}
	quiet(t, s.run(t, internalScan), -1)
}

func TestInternalScanAppointed(t *testing.T) {
	scanner := inside("10.9.9.9", "scan1", "scanner")
	s := newStory(100)
	networkLife(s, 60)
	for week := range 8 {
		sweep(s, 2+7*week, 190, scanner, 40, []uint16{uint16(21 + week), 2222, 80, 443}, 7)
	}
	quiet(t, s.run(t, internalScan), -1)
	for i := range 60 { // its password was stolen: by day, elsewhere
		s.connect(33, 900, i, scanner, inside(fmt.Sprintf("10.77.0.%d", 1+i), "", ""), link{port: 22, refused: i%3 > 0})
	}
	wants(t, s.run(t, internalScan), "internal-scan", event.Medium)
}
