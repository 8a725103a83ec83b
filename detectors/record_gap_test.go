// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"testing"

	"github.com/sekisho/sekisho/event"
)

func (s *story) record(minute int, number int64, channel, host string) {
	s.tell(0, minute, 0, event.Event{Class: event.ClassAuthentication, Activity: event.ActLogoff, Format: "windows", DstHost: host,
		Rest: []event.Field{event.Number("event_id", 4634), event.Text("channel", channel), event.Number("record", number)}},
		func(g *event.Sighting) { g.Dst = inside("10.1.0.5", host, "file-server") })
}

func TestRecordGap(t *testing.T) {
	s := newStory(1)
	for i := range 1000 {
		if i < 600 || i >= 640 {
			s.record(i^1, int64(70000+i), "Security", "fs2") // neighbours change places
		}
		s.record(i, int64(100+i), "System", "fs2")
	}
	all := s.run(t, recordGap)
	f := wants(t, all, "record-gap", event.Medium)
	if len(all) != 1 || number(f, "missing") != 40 || f.Hosts[0] != "fs2" {
		t.Errorf("got %s", brief(all))
	}
	if got := (f.Last - f.First).Seconds() / 60; got < 38 || got > 44 {
		t.Errorf("the hole lasts %v minutes", got)
	}
}

func TestRecordGapNearMiss(t *testing.T) {
	s := newStory(1)
	for i := range 1200 {
		s.record(i, int64(500+i*7), "Security", "pc1") // chosen records
		if i%2 == 0 {
			s.record(i, int64(1+i/2), "ForwardedEvents", "collector")
			s.record(i, int64(1+i*i), "ForwardedEvents", "collector")
		}
		n := int64(5000 + i)
		if i >= 700 {
			n = int64(i - 700 + 1) // begun anew
		}
		s.record(i, n, "Security", "dc1")
		s.record(i, n, "Security", "dc1") // and exported twice
		if i < 900 || i > 902 {
			s.record(i, int64(90000+i), "Security", "app1") // three that could not be read
		}
	}
	for i := range 100 { // too few to say
		s.record(i, int64(i+i/50*500), "Security", "young")
	}
	quiet(t, s.run(t, recordGap), -1)
}
