// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"math"
	"testing"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// Baselines learn only from what was not condemned, and freeze while an alarm stands: what an intruder does for a month is not what is usual
// after it. Each case is ordinary life, an act that goes on day after day, and what the detector must still say of it at the end.
func TestBaselinesAreNotTaught(t *testing.T) {
	const days, later = 30, 75 // the act begins, and is looked at again
	t.Run("id-probing", func(t *testing.T) {
		s := newStory(200)
		loginLife(s, later, 120)
		groping(s, days, later)
		f := wants(t, s.run(t, idProbing), "id-probing", event.High)
		if d := f.Last.Day(0) - monday; int(d) < later-2 {
			t.Errorf("the rise is told of until day %d only: it has become what is usual", d)
		}
	})
	t.Run("internal-scan", func(t *testing.T) {
		s := newStory(10)
		networkLife(s, later)
		vm := inside("10.4.0.21", "vm1", "build")
		for d := days; d < later; d += 3 {
			for i := range 90 { // ever other ports, so that each is a first contact
				s.connect(d, 1100, i/2, vm, inside(fmt.Sprintf("10.11.%d.%d", 1+i/60, 1+i%60), "", ""), link{port: uint16(2000 + d), out: 10, in: 10, duration: 5})
			}
		}
		all := s.run(t, internalScan)
		last := event.Micros(0)
		for _, f := range all {
			if fmt.Sprint(f.Hosts) == "[vm1]" {
				last = max(last, f.First)
			}
		}
		if d := int(last.Day(0) - monday); d < later-4 {
			t.Errorf("the last scan that is told of is that of day %d", d)
		}
	})
	t.Run("upload", func(t *testing.T) {
		s := newStory(10)
		uploadLife(s, later)
		vm, far := inside("10.4.0.21", "vm1", "build"), outside("203.0.113.9", event.KindHosting, "SG")
		for d := days; d < later; d++ {
			s.connect(d, 100, 0, vm, far, link{port: 443, out: 3 << 30, in: 1 << 20, duration: 9 * hours})
		}
		f := wants(t, s.run(t, upload), "upload", event.High)
		if n := number(f, "days"); n < later-days-1 {
			t.Errorf("told of on %v days of %d: the rest have become what is usual", n, later-days)
		}
	})
	t.Run("ci-remote-control", func(t *testing.T) {
		s := newStory(10)
		ciLife(s)
		for d := days; d < later; d++ {
			s.request(d, 1000, outside("2001:db8:77::1", event.KindTor, "DE"), firefox, "POST", "/computer/vm1/script")
		}
		f := wants(t, s.run(t, ciRemoteControl), "ci-remote-control", event.High)
		if n := number(f, "orders"); n < later-days {
			t.Errorf("%v orders of %d: the stranger has become a developer", n, later-days)
		}
	})
	t.Run("admin-misuse", func(t *testing.T) {
		s := newStory(5)
		adminLife(s)
		for d := days; d < later; d++ {
			s.desktop(d, 600, s.person("admin1"), outside("203.0.113.31", event.KindTor, "DE"), adminServer)
		}
		f := wants(t, s.run(t, adminMisuse), "admin-misuse", event.High)
		if n := number(f, "times"); n < later-days {
			t.Errorf("%v sessions of %d: the strange network has become the administrator's own", n, later-days)
		}
	})
	t.Run("clock-drift", func(t *testing.T) {
		s := newStory(30)
		clockLife(s, func(day int) int {
			if day < 15 {
				return 1
			}
			return 20
		})
		f := wants(t, s.run(t, clockDrift), "clock-drift", event.Low)
		if n := number(f, "days"); n < 20 {
			t.Errorf("told of on %v days: the wrong clock has become the right one", n)
		}
	})
}

// TestChangeFreezes holds the measure of daily counts to it: while a rise stands nothing of it is learnt, however long it lasts and although
// it never grows; and when it is over, what was usual before still is.
func TestChangeFreezes(t *testing.T) {
	c := &detect.Change{Floor: 4}
	day := int32(monday)
	feed := func(n int, count float64) (v detect.Verdict) {
		for range n {
			v = c.Day(day, workday(weekdayOf(day)), count)
			day++
		}
		return v
	}
	before := feed(40, 10).Expected
	v := feed(200, 60)
	if !v.Alarm || v.Expected > before+1 {
		t.Errorf("after 200 days at six times the usual: alarm %t, %.1f expected, %.1f before", v.Alarm, v.Expected, before)
	}
	if v = feed(30, 10); v.Alarm || v.Expected > before+1 {
		t.Errorf("after it: alarm %t, %.1f expected, %.1f before", v.Alarm, v.Expected, before)
	}
}

// TestChangeIsNotPushed raises a count ever so slowly: what is usual must not follow it wherever it goes. Growth that an institute has, and a
// summer in which fewer are there, are no change.
func TestChangeIsNotPushed(t *testing.T) {
	for _, a := range []struct {
		name  string
		count func(day int) float64
		alarm bool
	}{
		{"a hundredth more each day", func(day int) float64 { return 10 * math.Pow(1.01, float64(max(0, day-60))) }, true},
		{"three hundredths more each day", func(day int) float64 { return 10 * math.Pow(1.03, float64(max(0, day-60))) }, true},
		{"half as much again in a year", func(day int) float64 { return 20 * (1 + 0.5*float64(day)/365) }, false},
		{"a summer with fewer people", func(day int) float64 {
			if day%365 > 120 && day%365 < 180 {
				return 14
			}
			return 20
		}, false},
	} {
		c := &detect.Change{Floor: 4}
		raised, least := -1, 0.0
		for day := range 400 {
			n := math.Round(a.count(day) * (1 + 0.2*math.Sin(float64(day)*2.3)))
			v := c.Day(int32(monday+day), workday(weekdayOf(int32(monday+day))), n)
			if v.Alarm && raised < 0 {
				raised, least = day, n
			}
		}
		switch {
		case !a.alarm && raised >= 0:
			t.Errorf("%s: an alarm on day %d at %g", a.name, raised, least)
		case a.alarm && (raised < 0 || least > 60):
			t.Errorf("%s: pushed to %g before an alarm (day %d)", a.name, least, raised)
		}
	}
}
