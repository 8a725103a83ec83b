// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// days feeds a change with counts from a Monday on and returns the days on which the alarm stood.
func days(c *Change, counts []float64) (alarms []int, last Verdict) {
	for i, n := range counts {
		last = c.Day(int32(i), i%7 < 5, n)
		if last.Alarm {
			alarms = append(alarms, i)
		}
	}
	return alarms, last
}

// office is a count that sleeps on days off, with noise that is always the same.
func office(n int) []float64 {
	out, dice := make([]float64, n), uint32(5)
	for i := range out {
		dice = dice*1664525 + 1013904223
		out[i] = 20 + float64(dice>>8%9) - 4
		if i%7 >= 5 {
			out[i] = float64(dice >> 8 % 3)
		}
	}
	return out
}

func TestChangeQuiet(t *testing.T) {
	c := Change{Floor: 4}
	if alarms, _ := days(&c, office(365)); len(alarms) > 0 {
		t.Errorf("alarms on a year without change: %v", alarms)
	}
}

func TestChangeStep(t *testing.T) {
	counts := office(200)
	for i := 100; i < 120; i++ {
		counts[i] += 40
	}
	c := Change{Floor: 4}
	alarms, _ := days(&c, counts)
	if len(alarms) == 0 || alarms[0] < 100 || alarms[0] > 104 {
		t.Fatalf("alarms %v", alarms)
	}
	if last := alarms[len(alarms)-1]; last > 120+quietDays+1 {
		t.Errorf("the alarm stands until day %d, long after the rise ended on day 119", last)
	}
}

func TestChangeLearnsNothingFromAlarms(t *testing.T) {
	counts := office(100)
	for i := 50; i < 100; i++ {
		counts[i] += 60
	}
	c := Change{Floor: 4}
	alarms, last := days(&c, counts)
	if len(alarms) < 40 || last.Expected > 30 {
		t.Errorf("%d days of alarm, expected %v: the attack was learnt", len(alarms), last.Expected)
	}
}

func TestChangeFloorAndCrossing(t *testing.T) {
	c := Change{Floor: 5}
	if !math.IsInf(c.Crossing(true), 1) {
		t.Error("a count crosses without any history")
	}
	for i := range 40 {
		c.Day(int32(i), true, 0)
	}
	at := c.Crossing(true)
	if v := c.Day(40, true, 3); v.Alarm {
		t.Error("3 against 0 is an alarm under a floor of 5")
	}
	if v := c.Day(41, true, math.Ceil(at)+1); !v.Alarm {
		t.Errorf("a count above the crossing %v is no alarm: %+v", at, v)
	}
}

func refsOf(v *Evidence) string {
	var b strings.Builder
	for _, r := range v.Refs() {
		fmt.Fprintf(&b, "%d ", r.Line)
	}
	return b.String()
}

func some(i int) *event.Event {
	return &event.Event{Time: event.Micros(i * 1e6), Account: fmt.Sprint("a", i%17), Ref: event.Ref{Part: event.Part{Line: int64(i), Offset: int64(i * 80)}}}
}

func TestEvidence(t *testing.T) {
	var v Evidence
	for i := 1; i <= 1000; i++ {
		v.Add(some(i))
	}
	refs := v.Refs()
	if len(refs) != 2*evidenceEnds+evidenceSample || v.Count() != 1000 {
		t.Fatalf("%d of %d", len(refs), v.Count())
	}
	if refs[0].Line != 1 || refs[len(refs)-1].Line != 1000 || refs[len(refs)-4].Line != 997 {
		t.Errorf("first and last: %s", refsOf(&v))
	}
}

func TestEvidenceMerge(t *testing.T) {
	var whole, a, b Evidence
	for i := 1; i <= 200; i++ {
		whole.Add(some(i))
		if i <= 100 {
			a.Add(some(i))
		} else {
			b.Add(some(i))
		}
	}
	a.Merge(&b)
	first, last := a.Refs()[0].Line, a.Refs()[len(a.Refs())-1].Line
	if first != 1 || last != 200 || a.Count() != 200 {
		t.Errorf("merged: %s", refsOf(&a))
	}
	a.Add(some(201)) // what is oldest of the last ones gives way, not what is newest
	if s := refsOf(&a); !strings.HasSuffix(s, "198 199 200 201 ") {
		t.Errorf("after one more: %s", s)
	}
}

func TestEvidenceFew(t *testing.T) {
	var v Evidence
	if len(v.Refs()) != 0 {
		t.Error("evidence of nothing")
	}
	e := some(1)
	v.Add(e)
	v.Add(e)
	if len(v.Refs()) != 1 {
		t.Errorf("one record stands twice: %s", refsOf(&v))
	}
}

// teller is a detector that repeats what it is told to find.
type teller struct {
	out  []event.Finding
	seen *[]string
	name string
}

func (d *teller) Classes() ClassSet                     { return Classes(event.ClassDNS) }
func (d *teller) Observe(s *event.Sighting)             { *d.seen = append(*d.seen, d.name) }
func (d *teller) Findings(event.Micros) []event.Finding { return d.out }

func TestEngine(t *testing.T) {
	var seen []string
	spec := func(name string, out ...event.Finding) Spec {
		return Spec{Name: name, Attack: []string{"T2", "T1", "T2"}, New: func(Site) Detector { return &teller{out, &seen, name} }}
	}
	a, b := netip.MustParseAddr("192.0.2.9"), netip.MustParseAddr("192.0.2.1")
	e := NewEngine([]Spec{
		spec("late", event.Finding{Key: "k", First: 9}),
		spec("early", event.Finding{Key: "z", First: 5}, event.Finding{Key: "a", First: 5, Addresses: []netip.Addr{a, b, a}, Hosts: []string{"y", "x", "y"}, Accounts: []string{"2", "1"}}),
		spec("also", event.Finding{Key: "m", First: 5}, event.Finding{Key: "own", First: 5, Detector: "also-other", Attack: []string{"T9"}}),
	}, Site{})
	for _, ev := range []event.Event{{Time: 3, Class: event.ClassDNS}, {Time: 3, Class: event.ClassHTTP}, {Time: 4, Class: event.ClassDNS}} {
		if err := e.Observe(&event.Sighting{Event: &ev}); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(seen, " "); got != "late early also late early also" {
		t.Errorf("shown to %s", got)
	}
	if err := e.Observe(&event.Sighting{Event: &event.Event{Time: 2, Class: event.ClassDNS}}); err == nil {
		t.Error("an event out of order is taken")
	}
	var order []string
	all := e.Findings()
	for _, f := range all {
		order = append(order, f.Detector+"/"+f.Key)
	}
	if got := strings.Join(order, " "); got != "also/m also-other/own early/a early/z late/k" {
		t.Errorf("order %s", got)
	}
	f := all[2]
	if !slices.Equal(f.Attack, []string{"T1", "T2"}) || !slices.Equal(f.Hosts, []string{"x", "y"}) || !slices.Equal(f.Addresses, []netip.Addr{b, a}) || !slices.Equal(f.Accounts, []string{"1", "2"}) {
		t.Errorf("subjects %+v", f)
	}
	if !slices.Equal(all[1].Attack, []string{"T9"}) {
		t.Errorf("own techniques %v", all[1].Attack)
	}
}

func TestClasses(t *testing.T) {
	set := Classes(event.ClassMail, event.ClassOther)
	if !set.Has(event.ClassMail) || !set.Has(event.ClassOther) || set.Has(event.ClassDNS) {
		t.Errorf("set %b", set)
	}
}
