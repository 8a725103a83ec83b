// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store"
	"github.com/sekisho/sekisho/store/storetest"
)

// attack makes events like those of a directory under guessing, n of them.
func attack(n int) []event.Event {
	r := rand.New(rand.NewPCG(5, 6))
	at := time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)
	all := make([]event.Event, n)
	for i := range all {
		id := fmt.Sprintf("uid%05d", r.IntN(8000))
		all[i] = event.Event{
			Time: event.Of(at.Add(time.Duration(i/40) * time.Second)), Class: event.ClassAuthentication, Activity: event.ActLogon,
			Outcome: event.OutcomeFailure, Reason: event.ReasonBadPassword, Account: id,
			SrcIP: netip.AddrFrom4([4]byte{198, 51, 100, byte(r.IntN(155))}), SrcPort: uint16(1024 + r.IntN(60000)), DstHost: "ldap1", Service: "ldap",
			Object: "uid=" + id + ",ou=people,dc=lab,dc=example", Format: "openldap", Country: "DE", ASN: 60729,
			Ref:  event.Ref{Input: 0, Part: event.Part{Line: int64(i) * 3, Offset: int64(i) * 300, Length: 110}, More: []event.Part{{Line: int64(i)*3 + 2, Offset: int64(i)*300 + 200, Length: 90}}},
			Rest: []event.Field{event.Number("conn", int64(i/3)), event.Number("op", int64(i%3))},
		}
	}
	return all
}

func create(t testing.TB, o Options, all []event.Event, resolve store.Resolve) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.duckdb")
	w, err := Create(path, o)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(all); err != nil {
		t.Fatal(err)
	}
	if err := w.Finish(context.Background(), resolve); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t testing.TB, g storetest.Given) store.Reader {
		path := filepath.Join(t.TempDir(), "events 100% of 'x'.duckdb")
		w, err := Create(path, Options{Inputs: g.Inputs})
		if err != nil {
			t.Fatal(err)
		}
		for events := g.Events; len(events) > 0; {
			n := min(g.Batch, len(events))
			if err := w.Append(events[:n]); err != nil {
				t.Fatal(err)
			}
			events = events[n:]
		}
		if err := w.Finish(context.Background(), g.Resolve); err != nil {
			t.Fatal(err)
		}
		return reader(t, path)
	})
}

func reader(t testing.TB, path string) *Reader {
	t.Helper()
	r, err := Open(path, ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// cpu returns the time that all threads have computed, which other work on the machine does not change.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkAppend(b *testing.B) {
	all := attack(1 << 18)
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "events.duckdb")
			w, err := Create(path, Options{Threads: threads, Inputs: []store.Input{{Path: "logs/ldap/slapd.log"}}})
			if err != nil {
				b.Fatal(err)
			}
			defer w.Close()
			b.ReportAllocs()
			b.ResetTimer()
			start := cpu()
			for n := b.N; n > 0; n -= len(all) {
				if err := w.Append(all[:min(n, len(all))]); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "append/s")
			if err := w.Finish(context.Background(), nil); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(b.N)/(cpu()-start).Seconds(), "rows/cpu-s")
			st, err := os.Stat(path)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(st.Size())/float64(b.N), "B/row")
		})
	}
}
