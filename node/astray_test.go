// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// TestSettle: a few records of a clock that is decades off do not stretch the window; an old log of some size does.
func TestSettle(t *testing.T) {
	const some = 20000 // a day in 2024
	const open = math.MaxInt32
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	type file map[int32]int64
	for _, c := range []struct {
		name        string
		files       []file
		astray      int64
		first, last int32 // of the window that is left; open: without an end
	}{
		{"nothing astray", []file{{some: 500, some + 400: 500}}, 0, -open, open},
		{"1970 and 2106", []file{{0: 1, some: 2000, some + 30: 2000, 49700: 2}}, 3, some, some + 30},
		{"1601 and a time beyond all calendars", []file{{-134774: 1, some: 50, lateKey: 1}}, 2, some, some},
		{"in a short log", []file{{some: 30, 49700: 1}}, 1, -open, some},
		{"an hour of 1970", []file{{0: 60, some: 80}}, 60, some, open},
		{"a device that has no clock", []file{{0: 80, some: 60}}, 0, -open, open},
		{"a clock that began in 2000", []file{{10957: 40, some: 800}}, 40, some, open},
		{"an old log that began in 2000", []file{{10957: 40}, {some: 800}}, 0, -open, open},
		{"one line of another year", []file{{some - 500: 1, some: 30}}, 1, some, open},
		{"a source that has nothing else", []file{{some: 5000}, {1: 1}}, 1, some, open},
		{"a small log of another year", []file{{some: 30}, {some - 500: 2}}, 0, -open, open},
		{"one source has its days between", []file{{some: 1, some + 400: 5000}, {some + 200: 1}}, 0, -open, open},
		{"an old log", []file{{some - 2000: 100, some: 5000}}, 0, -open, open},
		{"all of the future", []file{{some + 2000: 100}}, 0, -open, open},
		{"nothing at all", []file{{}}, 0, -open, open},
	} {
		p := &plan{}
		for _, f := range c.files {
			in := &input{}
			for _, day := range slices.Sorted(maps.Keys(f)) {
				for range f[day] {
					in.tally.days.add(&event.Event{Time: event.Micros(day)*oneDay + 1, Account: "taro"}, latestDay(now))
					in.tally.events++
				}
			}
			p.inputs = append(p.inputs, in)
		}
		p.settle()
		var astray int64
		for _, in := range p.inputs {
			if in.tally.astray != nil {
				astray += in.tally.astray.Events
			}
		}
		want := bounds{math.MinInt64, math.MaxInt64}
		if c.first != -open {
			want.from = event.Micros(c.first) * oneDay
		}
		if c.last != open {
			want.to = event.Micros(c.last+1)*oneDay - 1
		}
		if astray != c.astray || p.bounds != want {
			t.Errorf("%s: %d astray, window %v; want %d, %v", c.name, astray, p.bounds, c.astray, want)
		}
	}
}

// TestWrittenBounds: a record of after its collection is astray, even if by months only.
func TestWrittenBounds(t *testing.T) {
	p := &plan{}
	in := &input{}
	in.file.Modified = time.Date(2025, 6, 30, 0, 0, 0, 0, time.UTC)
	for i := range 40 {
		at := time.Date(2025, 6, 1+i%28, 9, 0, 0, 0, time.UTC)
		if i == 20 {
			at = at.AddDate(0, 4, 0)
		}
		in.tally.days.add(&event.Event{Time: event.Of(at)}, latestDay(time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)))
		in.tally.events++
	}
	p.inputs = append(p.inputs, in)
	p.settle()
	if a := in.tally.astray; a == nil || a.Events != 1 || a.Named != 0 {
		t.Errorf("astray: %+v", a)
	}
}

// TestAstrayIsNotClear: records of times that cannot be right stretch no window, keep the case from being clear, and are named.
func TestAstrayIsNotClear(t *testing.T) {
	var calm []string
	for i := range 400 {
		at := time.Date(2025, 6, 2, 9, 0, 0, 0, time.FixedZone("", 9*3600)).Add(time.Duration(i) * 40 * time.Minute)
		calm = append(calm, fmt.Sprintf("%s gw1 sshd[%d]: Accepted password for user%d from 198.51.100.%d port %d ssh2", at.Format(time.RFC3339), 1000+i, i%5, i%5+1, 2000+i))
	}
	investigate := func(lines []string) *cases.Case {
		dir := t.TempDir()
		log := filepath.Join(dir, "auth.log")
		if err := os.WriteFile(log, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := Investigate(context.Background(), Options{Paths: []string{log}, Out: filepath.Join(dir, "case")})
		if err != nil {
			t.Fatal(err)
		}
		return out.Case
	}
	want := investigate(calm)
	if want.Verdict != cases.Clear || want.Inputs[0].Astray != nil {
		t.Fatalf("without a stray record: %s %+v", want.Verdict, want.Inputs[0].Astray)
	}
	for _, at := range []string{"2099-01-01T10:00:00+09:00", "1970-01-01T00:00:01Z", "1970-01-01T00:10:00Z", "2000-01-01T00:10:00+09:00"} {
		c := investigate(slices.Insert(slices.Clone(calm), 200, at+" gw1 sshd[9]: Accepted password for user1 from 198.51.100.2 port 9 ssh2"))
		if c.Verdict != cases.CaseUndetermined || c.Window != want.Window {
			t.Errorf("%s: %s, window %v to %v", at, c.Verdict, c.Window.From, c.Window.To)
		}
		a := c.Inputs[0].Astray
		if a == nil || a.Events != 1 || len(a.Samples) != 1 || a.Samples[0].Line != 201 || c.Inputs[0].Last != want.Inputs[0].Last {
			t.Errorf("%s: astray %+v", at, a)
		}
		if !slices.ContainsFunc(c.Reasons, func(r cases.Reason) bool {
			return strings.Contains(r.En, "auth.log:201") && strings.Contains(r.Ja, "auth.log:201")
		}) {
			t.Errorf("%s: reasons %+v", at, c.Reasons)
		}
		if !slices.ContainsFunc(c.Limits, func(w event.Words) bool {
			return strings.Contains(w.En, "line 201: ") && strings.Contains(w.Ja, "201 行目")
		}) {
			t.Errorf("%s: limits %+v", at, c.Limits)
		}
		for i := range c.Coverage {
			if v := &c.Coverage[i]; v.From != 0 && (v.From < want.Window.From || v.To > want.Window.To) {
				t.Errorf("%s: coverage of %s from %v to %v", at, v.Source, v.From, v.To)
			}
		}
		if c.Totals.Events != want.Totals.Events+1 {
			t.Errorf("%s: %d events", at, c.Totals.Events)
		}
	}
}

// TestOneZone: where nobody says where the institute lies, all times of the case are told in the zone that its logs write, and it says so.
func TestOneZone(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "auth.log")
	line := "2025-06-02T23:30:00+09:00 gw1 sshd[9]: Accepted password for user1 from 198.51.100.2 port 9 ssh2\n"
	if err := os.WriteFile(log, []byte(line), 0o600); err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[string]string{"": "UTC+09:00", "Europe/Paris": "Europe/Paris"} {
		o := Options{Paths: []string{log}, Out: filepath.Join(dir, "case"+flag[:min(len(flag), 6)])}
		if flag != "" {
			zone, err := time.LoadLocation(flag)
			if err != nil {
				t.Fatal(err)
			}
			o.Zone = zone
		}
		out, err := Investigate(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		if got := out.Case.Institute.Timezone; got != want || out.Case.Institute.Zone().String() != want {
			t.Errorf("--timezone %q: the case's zone is %s, want %s", flag, got, want)
		}
	}
}
