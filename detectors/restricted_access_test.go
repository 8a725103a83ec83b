// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func restrictedPlace(addr, host string, allowed bool) event.Place {
	p := inside(addr, host, "monitor")
	p.Network, p.Restricted, p.Allowed = "management", true, allowed
	return p
}

// managementLife is thirty days of those who may enter, and of a way that has always been there though it should not.
func managementLife(s *story) {
	for day := range 30 {
		s.connect(day, 600, 0, inside("10.1.1.250", "admin-pc", "admin"), restrictedPlace("10.99.0.77", "mon1", true), link{port: 3389, out: 1 << 20, in: 9 << 20, duration: 1200000})
		s.connect(day, 60, 0, restrictedPlace("10.99.0.51", "nms", true), restrictedPlace("10.99.0.77", "mon1", true), link{port: 445, out: 900, in: 9000, duration: 900})
		s.connect(day, 61, 0, inside("10.1.0.7", "old-backup", "backup"), restrictedPlace("10.99.0.77", "mon1", false), link{port: 22, out: 9000, in: 90000, duration: 90000})
	}
}

func TestRestrictedAccess(t *testing.T) {
	s := newStory(10)
	managementLife(s)
	s.connect(20, 1030, 0, inside("10.4.0.21", "vm1", "build"), restrictedPlace("10.99.0.77", "mon1", false), link{port: 3389, out: 1 << 20, in: 30 << 20, duration: 3600000})
	s.connect(21, 1030, 0, restrictedPlace("10.99.0.77", "mon1", true), restrictedPlace("10.99.0.30", "vcon", true), link{port: 443, out: 9000, in: 900000, duration: 600000})
	all := s.run(t, restrictedAccess)
	f := wants(t, all, "restricted-access", event.High)
	if fmt.Sprint(f.Hosts) != "[mon1 vm1]" {
		t.Errorf("hosts %v", f.Hosts)
	}
	if f := wants(t, all, "restricted-access", event.Medium); fmt.Sprint(f.Hosts) != "[mon1 vcon]" {
		t.Errorf("onward: hosts %v", f.Hosts)
	}
	wants(t, all, "restricted-access", event.Low) // the standing way
}

func TestRestrictedAccessNearMiss(t *testing.T) {
	s := newStory(10)
	managementLife(s)
	for i := range 60 { // a scan that is refused or gets no more than an answer
		s.connect(20, 1030+i/60, i%60, inside("10.4.0.21", "vm1", "build"), restrictedPlace(fmt.Sprintf("10.99.0.%d", 1+i), "", false), link{port: 22, refused: i%2 == 0, out: 180, in: 400, duration: 1000})
	}
	all := s.run(t, restrictedAccess)
	quiet(t, all, int(event.Low))
	if len(all) != 2 {
		t.Errorf("a sweep is told of once, the standing way once: %s", brief(all))
	}
}
