// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// deviceLife is what a mail gateway does: updates every few hours, mail to servers old and new.
func deviceLife(s *story, days int) event.Place {
	gw := inside("172.16.5.31", "mgw1", "mail")
	for d := range days {
		for h := range 8 {
			s.connect(d, 180*h+7, 0, gw, outside(fmt.Sprintf("151.139.128.%d", 43+h%2), event.KindUnknown, "US"), link{port: 443, out: 5000, in: 90000})
		}
		for k := range 4 {
			s.connect(d, 300+k, 0, gw, outside(fmt.Sprintf("52.%d.%d.4", d, k), event.KindUnknown, "US"), link{port: 25, out: 1 << 20, in: 4000})
		}
	}
	return gw
}

func TestApplianceOutbound(t *testing.T) {
	s := newStory(50)
	gw := deviceLife(s, 60)
	for d := 30; d < 50; d += 4 {
		s.connect(d, 700, 0, gw, outside("149.56.44.72", event.KindHosting, "CA"), link{port: 443, out: 3 << 20, in: 9000, duration: hours})
	}
	all := s.run(t, applianceOutbound)
	f := wants(t, all, "appliance-outbound", event.High)
	if number(f, "days") != 5 || len(all) != 1 {
		t.Errorf("%s", brief(all))
	}
}

// A device's ordinary life, one call to a new place, a machine that is no device, and mail to ever new servers are silent.
func TestApplianceOutboundNearMiss(t *testing.T) {
	s := newStory(50)
	gw := deviceLife(s, 60)
	s.connect(40, 700, 0, gw, outside("149.56.44.72", event.KindHosting, "CA"), link{port: 443, out: 3000, in: 9000})
	for d := 30; d < 50; d++ {
		s.connect(d, 700, 0, inside("10.11.2.3", "", ""), outside("149.56.44.72", event.KindHosting, "CA"), link{port: 443, out: 3 << 20, in: 9000})
	}
	quiet(t, s.run(t, applianceOutbound), -1)
}

// The maker's support comes two or three times, stays for hours and copies a few MiB: it is told, and nobody is woken for it.
func TestApplianceOutboundSupport(t *testing.T) {
	s := newStory(50)
	gw := deviceLife(s, 60)
	for _, d := range []int{25, 38, 46} {
		s.connect(d, 700, 0, gw, outside("199.250.200.45", event.KindUnknown, "US"), link{port: 443, out: 6 << 20, in: 3 << 20, duration: hours})
	}
	wants(t, s.run(t, applianceOutbound), "appliance-outbound", event.Medium)
}
