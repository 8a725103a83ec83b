// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/contain"
)

// TestUseAfterContainment closes everything that a rehearsal's case proposes to close, in the middle of the attack and behind its end. What is
// told as used again are the accounts and addresses of which the case knows bad use after that moment, and no others; nothing else of the case
// changes.
func TestUseAfterContainment(t *testing.T) {
	oneMore(t)
	dir := rehearsal(t)
	home := t.TempDir()
	out := filepath.Join(t.TempDir(), "case")
	again := func() *cases.Case {
		return run(t, dir, func(o *Options) { o.Out, o.Add, o.Profile, o.Home = out, true, &config.Profile{}, home })
	}
	before := run(t, dir, func(o *Options) { o.Out, o.Home = out, home }, "logs")
	mark := func(act contain.Act, at cases.Time) {
		var marks []contain.Mark
		for _, k := range before.Containment {
			switch k.Kind {
			case cases.BlockAddress, cases.ResetPassword, cases.RevokeSessions:
				marks = append(marks, contain.Mark{ID: k.ID, Act: act, By: "suzuki", At: at})
			}
		}
		if len(marks) < 10 {
			t.Fatalf("only %d items", len(marks))
		}
		if _, err := MarkContainment(t.Context(), out, home, "test", time.Now(), marks); err != nil {
			t.Fatal(err)
		}
	}
	check := func(c *cases.Case, from cases.Time) (used int) {
		t.Helper()
		var want, got []string
		for i := range c.Accounts {
			a := &c.Accounts[i]
			if a.Verdict == cases.AccountCompromised && slices.ContainsFunc(a.Sessions, func(s cases.Session) bool { return s.To > from }) {
				want = append(want, a.ID)
			}
		}
		for i := range c.Findings {
			f := &c.Findings[i]
			if f.Detector != contain.Detector {
				continue
			}
			if f.Severity != cases.Critical || len(f.Evidence) == 0 || f.First <= from || f.Evidence[0].SHA256 == "" {
				t.Errorf("%s: %s with %d records, from %s", f.ID, f.Severity, len(f.Evidence), f.First)
			}
			if f.Attack[0] == "T1078" {
				got = append(got, f.Subjects.Accounts...)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("closed at %s: used again %v, bad use after it %v", from, got, want)
		}
		for i := range c.Containment {
			if k, was := &c.Containment[i], &before.Containment[i]; k.ID != was.ID || k.Order != was.Order {
				t.Errorf("item %d is %s and was %s", i, k.ID, was.ID)
			}
		}
		for i := range c.Accounts {
			if i >= len(before.Accounts) || c.Accounts[i].ID != before.Accounts[i].ID || c.Accounts[i].Verdict != before.Accounts[i].Verdict {
				t.Errorf("what people did changed the verdict on %s", c.Accounts[i].Name)
			}
		}
		return len(got)
	}
	var bad []cases.Time
	for i := range before.Accounts {
		if a := &before.Accounts[i]; a.Verdict == cases.AccountCompromised {
			bad = append(bad, a.Last)
		}
	}
	slices.Sort(bad)
	middle := bad[len(bad)/2] - 1
	mark(contain.MarkDone, middle)
	if n := check(again(), middle); n == 0 || n == len(bad) {
		t.Errorf("%d of %d accounts are used again: the moment tells nothing", n, len(bad))
	}
	mark(contain.MarkReopened, middle+1000)
	mark(contain.MarkDone, max(before.LastActivity, bad[len(bad)-1])+1000)
	if n := check(again(), max(before.LastActivity, bad[len(bad)-1])+1000); n != 0 {
		t.Errorf("%d accounts are used again after the end", n)
	}
}
