// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"testing"

	"github.com/sekisho/sekisho/event"
)

func TestBeacon(t *testing.T) {
	s := newStory(10)
	vm := inside("10.4.0.21", "vm1", "build")
	for day := range 25 {
		s.connect(day, 100, 0, vm, outside("192.0.2.40", event.KindUnknown, "JP"), link{port: 443, out: 9000, in: 9000})
		if day >= 18 {
			for i := range 144 {
				s.connect(day, i*10, (i*37+day)%60, vm, outside("203.0.113.9", event.KindHosting, "SG"), link{port: 443, out: int64(700 + i*13%60), in: 1200})
			}
		}
	}
	f := wants(t, s.run(t, beacon), "beacon", event.High)
	if f.Hosts[0] != "vm1" || number(f, "every_s") < 560 || number(f, "every_s") > 640 {
		t.Errorf("got %+v", f)
	}
	if f.Alerted.Sub(f.First).Hours() > 24 {
		t.Errorf("alerted %v after the first", f.Alerted.Sub(f.First))
	}
}

func TestBeaconNearMiss(t *testing.T) {
	s := newStory(10)
	vm, d := inside("10.4.0.21", "vm1", "build"), uint32(7)
	for day := range 25 {
		for i := range 144 { // a program that has always called home
			s.connect(day, i*10, i%60, vm, outside("192.0.2.40", event.KindHosting, "JP"), link{port: 443, out: 700, in: 1200})
		}
		if day < 16 {
			continue
		}
		for i := range 90 { // a person at work: by bursts, in office hours, of all sizes
			d = d*1664525 + 1013904223
			s.connect(day, 540+int(d>>8)%500, i%60, inside("10.4.0.22", "ws", "research"), outside("203.0.113.9", event.KindHosting, "SG"), link{port: 443, out: int64(d >> 14), in: 90000})
		}
		for pc := range 6 { // what many use
			for i := range 144 {
				s.connect(day, i*10, pc, inside("10.1.0."+string(rune('1'+pc)), "", "web"), outside("198.51.100.7", event.KindHosting, "US"), link{port: 443, out: 700, in: 1200})
			}
		}
	}
	quiet(t, s.run(t, beacon), -1)
}
