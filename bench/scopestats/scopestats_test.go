// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// tiny is the smallest world that there is: the attack takes one day.
var tiny = world{Drill: "aist", Variant: "hours", Seed: 101, Accounts: 100, Peak: 5, Most: 20}

// TestMeasure measures one tiny world, and then goes on where it was.
func TestMeasure(t *testing.T) {
	if testing.Short() {
		t.Skip("makes and investigates a drill")
	}
	dir := t.TempDir()
	m := measurement{rows: filepath.Join(dir, "rows"), dir: dir, jobs: 1}
	out := filepath.Join(dir, "out.md")
	if err := m.run(t.Context(), []world{tiny}, out); err != nil {
		t.Fatal(err)
	}
	r, err := m.row(t.Context(), tiny)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Methods) != 3+1+2*len(r.rankings()) || r.Graph[0] == 0 || r.Given == 0 {
		t.Errorf("not every method was measured: %+v", r)
	}
	for _, e := range r.Methods {
		if e.Victims == 0 || e.Victims != r.Methods[0].Victims || e.Found > e.Victims || e.Questions > tiny.Most || e.Wrong < 0 {
			t.Errorf("these cannot be: %+v", e)
		}
	}
	sum := 0
	for _, h := range r.Rungs {
		sum += h.True
	}
	if sum == 0 || sum > r.Methods[0].Victims {
		t.Errorf("%d of %d victims on the ladder: %v", sum, r.Methods[0].Victims, r.Rungs)
	}
	text, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(text), "| hours | 95 % | 1 |") || !strings.Contains(string(text), "belief propagation") {
		t.Errorf("the tables miss what was measured: %v\n%s", err, text)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.row(gone, tiny); err != nil {
		t.Errorf("a finished row is there after an interruption: %v", err)
	}
	other := tiny
	other.Seed++
	if err := m.run(gone, []world{tiny, other}, out); err == nil || !strings.Contains(err.Error(), "1 of 2 worlds") {
		t.Errorf("interrupted, it says %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "sekisho-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestList(t *testing.T) {
	got, err := list(tiny, "3-4", "plain,hours")
	if err != nil || len(got) != 4 || got[1].Variant != "hours" || got[1].Seed != 3 || got[2].Seed != 4 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, bad := range [][2]string{{"0", plain}, {"4-3", plain}, {"x", plain}, {"1-", plain}, {"1", "nothing"}, {"1", ""}} {
		if _, err := list(tiny, bad[0], bad[1]); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	if got := withoutPlaces([]string{"-rows", "/a", "-seeds", "1", "--out=/b", "-dir", "/c"}); !slices.Equal(got, []string{"-seeds", "1"}) {
		t.Errorf("places stand in the command: %v", got)
	}
}

// TestLine checks what a table says of two worlds, one of which misses the mark.
func TestLine(t *testing.T) {
	var b strings.Builder
	line(&b, "plain", "95 %", []effort{{Questions: 3, Victims: 10, Found: 10}, {Questions: 60, Victims: 10, Found: 8, Wrong: 1}})
	want := "| plain | 95 % | 2 | **0.900** (0.800–1.000), 18 of 20 | **0.947** (0.889–1.000), 18 of 19 | 60, 60 | 1 of 2 (0.09–0.91) | 1 of 2 (0.09–0.91) |\n"
	if b.String() != want {
		t.Errorf("got  %swant %s", b.String(), want)
	}
}
