// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestReach holds that what a condemned machine reached for the first time and did not enter is told with its records: each day by itself, nothing of
// before it fell, no way that was used before, and nothing of machines that nobody condemned.
func TestReach(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	vm, fair := inside("10.1.0.5", "vm"), inside("10.1.0.6", "fair")
	data := func(i int) event.Place { return inside(fmt.Sprintf("10.3.0.%d", i), fmt.Sprintf("data%d", i)) }
	w.way(vm, data(1), "", 30, 10, 445, 20_000, 6<<10)
	for i := 1; i <= 3; i++ {
		w.way(vm, data(i), "", 52, 20, 445, 20_000, 6<<10)
		w.way(fair, data(i), "", 53, 20, 445, 20_000, 6<<10)
	}
	w.way(vm, data(4), "", 56, 20, 445, 20_000, 6<<10)
	w.way(vm, data(5), "", 56, 21, 8080, 20_000, 6<<10) // a page
	in := Inputs{Findings: []event.Finding{about("ci-remote-control", "vm", event.High, 50), about("tunnel", "vm", event.High, 50), about("upload", "vm", event.High, 50)}}
	var got []string
	for _, f := range w.scope(in).Findings {
		if f.Detector == "lateral-path" && f.Severity == event.Low {
			got = append(got, fmt.Sprint(f.Attack, f.Hosts, len(f.Evidence), f.Alerted.Day(0)-day0.Day(0)))
		}
	}
	if want := "[[T1135] [vm data2 data3] 2 52 [T1135] [vm data4] 1 56]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
