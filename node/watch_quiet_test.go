// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/detectors"
	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
)

// What a watch may say of ordinary life: the bars are those of an institute of 8,000.
const (
	quietHigh   = 1.0 // high findings in a month
	quietMedium = 2.0 // medium ones in a day
)

// TestWatchQuiet counts what detectors say of a year, or of the days in SEKISHO_DAYS, in which nothing happens, by severity and detector.
// With SEKISHO_NOISY the life is a noisy one, of which twice as much may be said.
func TestWatchQuiet(t *testing.T) {
	n := watchAccounts(t)
	days, _ := strconv.Atoi(os.Getenv("SEKISHO_DAYS"))
	noisy := os.Getenv("SEKISHO_NOISY") != ""
	mostHigh, mostMedium := quietHigh, quietMedium
	if noisy {
		mostHigh, mostMedium = 2*quietHigh, 2*quietMedium
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed+1), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "drill")
			truth, err := drill.Generate(context.Background(), dir, drill.Options{Name: "quiet", Accounts: n, Days: days, Seed: seed + 1, Noisy: noisy})
			if err != nil {
				t.Fatal(err)
			}
			var e *detect.Engine
			readSightings(t, dir, func(site detect.Site) { e = detect.NewEngine(detectors.All(), site) }, func(s *event.Sighting) {
				if err := e.Observe(s); err != nil {
					t.Fatal(err)
				}
			})
			span := truth.End.Sub(truth.LogsFrom).Hours() / 24
			by, all := map[string]int{}, map[event.Severity]int{}
			for _, f := range e.Findings() {
				by[fmt.Sprintf("%s %s", f.Severity, f.Detector)]++
				if all[f.Severity]++; f.Severity >= event.Medium {
					t.Logf("%s %s: %s", f.Severity, f.Detector, f.Title.En)
				}
			}
			t.Logf("%d accounts, %.0f days, %d lines", n, span, truth.Lines)
			for _, k := range slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) }) {
				t.Logf("%5d %s", by[k], k)
			}
			if high := float64(all[event.High]+all[event.Critical]) / span * 30; high > mostHigh {
				t.Errorf("%.1f high findings a month", high)
			}
			if medium := float64(all[event.Medium]) / span; medium > mostMedium {
				t.Errorf("%.1f medium findings a day", medium)
			}
		})
	}
}
