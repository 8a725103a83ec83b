// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

const hours = 3600 * 1000

func TestLongConnection(t *testing.T) {
	s := newStory(10)
	vm := inside("10.4.0.21", "vm1", "build")
	for day := range 30 {
		s.connect(day, 100, 0, vm, outside("192.0.2.40", event.KindUnknown, "JP"), link{port: 443, out: 9000, in: 9000, duration: hours / 2})
	}
	for _, day := range []int{20, 21, 24} {
		s.connect(day, 1439, 0, vm, outside("203.0.113.9", event.KindHosting, "SG"), link{port: 8443, out: 90 << 20, in: 30 << 20, duration: 8*hours + 60000})
	}
	f := wants(t, s.run(t, longConnection), "long-connection", event.High)
	if f.Hosts[0] != "vm1" || f.Addresses[0] != ip("203.0.113.9") || number(f, "days") != 3 {
		t.Errorf("got %+v", f)
	}
}

func TestLongConnectionNearMiss(t *testing.T) {
	s := newStory(10)
	for day := range 40 {
		// a machine that has always held one; a service that many hold one to; a person's machine
		s.connect(day, 1400, 0, inside("10.1.0.7", "mon", "monitor"), outside("192.0.2.40", event.KindHosting, "US"), link{port: 443, duration: 23 * hours})
		for i := range 5 {
			if day > 20 {
				s.connect(day, 1400, i, inside(fmt.Sprintf("10.1.0.%d", 20+i), "", "web"), outside("198.51.100.7", event.KindHosting, "US"), link{port: 443, duration: 9 * hours})
			} else {
				s.connect(day, 1400, i, inside(fmt.Sprintf("10.1.0.%d", 20+i), "", "web"), outside("198.51.100.7", event.KindHosting, "US"), link{port: 443, duration: hours / 9})
			}
		}
		s.connect(day, 1400, 9, inside("10.2.0.7", "", ""), outside(fmt.Sprintf("203.0.113.%d", day), event.KindVPN, "US"), link{port: 443, duration: 9 * hours})
	}
	quiet(t, s.run(t, longConnection), -1)
}
