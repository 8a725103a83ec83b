// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/internal/golden"
)

// TestTableRuns checks that every drill has a row, and every variant one for each drill with an attack, each of which can be made.
func TestTableRuns(t *testing.T) {
	runs := tableRuns(drill.Names(), variants(), defaultTableSize(), 3)
	want := 0
	for _, n := range drill.Names() {
		want++
		want += len(drill.VariantsOf(n))
	}
	names := map[string]bool{}
	for i := range runs {
		r := &runs[i]
		names[r.name()] = true
		if err := r.o.Check(); err != nil {
			t.Errorf("%s: %v", r.name(), err)
		}
		if r.o.Seed != 3 || r.o.Accounts == 0 || r.o.Accounts > 600 {
			t.Errorf("%s: %+v", r.name(), r.o)
		}
	}
	if len(runs) != want || len(names) != want {
		t.Errorf("%d runs with %d names, want %d", len(runs), len(names), want)
	}
	one, err := pickRuns(runs, []string{drill.AIST})
	if err != nil || len(one) != 1+len(drill.VariantsOf(drill.AIST)) {
		t.Errorf("%d runs of %s, %v", len(one), drill.AIST, err)
	}
	one, err = pickRuns(runs, []string{drill.AISTQuiet, "aist/residential"})
	if err != nil || len(one) != 2+len(drill.VariantsOf(drill.AISTQuiet)) || !slices.ContainsFunc(one, func(r tableRun) bool { return r.Variant == "residential" && r.o.Supply == "residential" }) {
		t.Errorf("%+v, %v", one, err)
	}
	for name, says := range map[string]string{"nothing": "no row is called so. Rows are DRILL or DRILL/VARIANT", "asit": "did you mean aist?", "asit/slow": "did you mean aist/slow?", "aist/slwo": "did you mean aist/slow?",
		"aist/nonsense": `there is no variant "nonsense"; aist has: hours,`, "quiet/slow": "quiet has no attack", "spam-2023/erased": "the variant erased changes nothing in spam-2023"} {
		if _, err := pickRuns(runs, []string{name}); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("--only %s: %v", name, err)
		}
	}
}

// TestTableShort checks that the line about a row counts whatever was wrongly accused.
func TestTableShort(t *testing.T) {
	r := tableRow{Result: &drill.Result{Accounts: drill.Tally{Found: 3, Knowable: 4}, Addresses: drill.Tally{Found: 2, Knowable: 2}}}
	r.Result.Verdict.Found, r.Result.Verdict.True = "breach", "breach"
	if got := r.short(); got != "breach (true: breach), accounts 3 of 4, addresses 2 of 2, nothing wrongly accused" {
		t.Error(got)
	}
	r.Result.Addresses.Wrong, r.Result.Hosts.Wrong = []string{"192.0.2.1", "192.0.2.2"}, []string{"mon1"}
	if got := r.short(); !strings.HasSuffix(got, "2 addresses, 1 host wrongly accused") {
		t.Error(got)
	}
}

// TestTableText compares the table that is written of a few rows.
func TestTableText(t *testing.T) {
	number := func(x float64) *float64 { return &x }
	noise := drill.Noise{Days: 112, Severities: map[string]drill.FindingsCount{"critical": {}, "high": {All: 9, Acts: 8, False: 1, PerDay: 0.01}, "medium": {All: 3, False: 3, PerDay: 0.03}, "low": {}, "info": {}}}
	asked := func(ended string, n int) []drill.Asking {
		return []drill.Asking{{Questions: n, Ended: drill.AllKnown, Victims: 9, After: 9}, {Questions: n, Ended: ended, Victims: 9, After: 8}, {Questions: n, Ended: ended, Victims: 9, After: 8, Accused: []string{"x"}, Lost: []string{"y"}}}
	}
	found := &drill.Result{Accounts: drill.Tally{Found: 8, Knowable: 9, Suspected: []string{"a"}, Wrong: []string{"b", "c"}, Unknown: []string{"d"}}, Addresses: drill.Tally{Found: 5, Knowable: 5},
		ActCount: drill.ActCount{All: 12, Knowable: 10, Seen: 7, Known: 2, InNoLog: []string{"e", "f"}}, Noise: noise, FirstAlarm: number(-30.5), FirstAlarmAct: number(4), Asking: asked(drill.NoMoreQuestions, 20)}
	found.Verdict.True, found.Verdict.Found = "breach", "breach"
	missed := &drill.Result{Accounts: drill.Tally{Knowable: 9}, ActCount: drill.ActCount{All: 12, Knowable: 10}, Noise: noise, FirstAlarmAct: number(96), Asking: asked(drill.AskedEnough, 100)}
	missed.Verdict.True, missed.Verdict.Found = "breach", "suspicious"
	quiet := &drill.Result{Noise: noise, Asking: []drill.Asking{{}, {}, {}}}
	quiet.Verdict.True, quiet.Verdict.Found = "clear", "clear"
	table := &scoreTable{all: 12, begun: time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC), took: 90 * time.Second, command: "sekisho drill table", build: "sekisho 1.0", cores: 2, size: defaultTableSize(),
		rows: []tableRow{
			{tableRun: tableRun{Drill: "one"}, Lines: 858039, Seconds: 12.3, Result: found}, {tableRun: tableRun{Drill: "one", Variant: "slow"}, Lines: 1000, Seconds: 12.5, Result: missed},
			{tableRun: tableRun{Drill: "two"}, Error: "no room | left\nat all"}, {tableRun: tableRun{Drill: "quiet"}, Lines: 12, Result: quiet},
		}}
	golden.Compare(t, filepath.Join("testdata", "golden", "drill-table.md"), []byte(table.markdown()))
	guess, entry, quietAct := drill.ActResult{Name: "guessing | all", Attack: "T1110", Expected: true}, drill.ActResult{Name: "a login", Attack: "T1078", Expected: true}, drill.ActResult{Name: "a page read", Attack: "T1213"}
	saw := func(a drill.ActResult, by string, lead float64, records int) drill.ActResult {
		a.Seen, a.Detector, a.Lead, a.Evidence = true, by, &lead, records
		return a
	}
	knew, hid := entry, entry
	knew.Known, hid.InNoLog = true, true
	found.Acts = []drill.ActResult{saw(guess, "slow-guessing", 0.005, 8), saw(guess, "stuffing", 30, 4), entry, entry, quietAct}
	missed.Acts = []drill.ActResult{saw(guess, "slow-guessing", 72, 6), guess, knew, hid, quietAct}
	golden.Compare(t, filepath.Join("testdata", "golden", "drill-acts.md"), []byte(table.actsMarkdown()))
}
