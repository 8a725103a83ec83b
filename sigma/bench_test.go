// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package sigma

import (
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// BenchmarkCorrelate counts failures of a million accounts, which come in turn: a million live groups.
func BenchmarkCorrelate(b *testing.B) {
	rules, _ := Read("b.yml", []byte(base+"title: t\ncorrelation: {type: event_count, rules: [failed], group-by: [account], timespan: 1h, condition: {gte: 100}}\n"), ReadOptions{})
	set := Join(rules)
	failed := set.Rules[0]
	const groups = 1_000_000
	names := make([]string, groups)
	for i := range names {
		names[i] = "user" + strconv.Itoa(i)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c := NewCorrelator(set, 0)
	r := Record{Fields: []Field{{Name: "outcome", Value: "failure"}, {Name: "account"}}}
	told := 0
	at := event.Micros(0)
	observe := func(i int) {
		at += 1000 // microseconds: each account comes every thousand seconds
		r.Time = at
		r.Fields[1].Value = names[i*7919%groups]
		c.Observe(&Hit{Rule: failed, Record: &r}, func(*Told) { told++ })
	}
	for i := range groups * 2 {
		observe(i)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ResetTimer()
	began := processor()
	for i := range b.N {
		observe(i)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
	b.ReportMetric(float64(b.N)/(processor()-began), "events/cpu-s")
	b.ReportMetric(float64(c.State()), "groups")
	b.ReportMetric(float64(after.Sys-before.Sys)/(1<<20), "MiB-system")
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB-live")
}

// processor returns the seconds of processor time that the process took: on a busy machine they say more than a clock.
func processor() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}
