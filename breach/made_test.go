// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// makes lets one account make another on a day.
func (w *world) makes(by, whom string, d int) {
	w.login(by, "150.29.147.11", "", d, 11, event.OutcomeSuccess)
	s := &w.pending[len(w.pending)-1]
	s.Class, s.Activity, s.Target, s.Whom = event.ClassAccountChange, event.ActCreate, whom, w.who(whom)
}

// TestMade: an administrator's account falls on day 60. What it made before is nothing, what it made afterwards, however often, is asked about,
// and what it raised to an administrator at once is the intruder's. What others make meanwhile is theirs, and people have the last word.
func TestMade(t *testing.T) {
	story := func(in Inputs) map[string]cases.AccountVerdict {
		w := newWorld(t)
		w.ordinary(90)
		w.place("45.77.3.9", event.KindHosting, "", 0)
		w.login(name(0), "45.77.3.9", strange, 60, 3, event.OutcomeSuccess)
		w.makes(name(0), "before", 40)
		w.makes(name(0), "after", 65)
		w.makes(name(0), "twice", 65)
		w.makes(name(0), "raised", 66)
		w.makes(name(1), "another", 66)
		w.makes(name(0), "twice", 80)
		w.makes(name(0), "raised", 80)
		in.Answers = append(in.Answers, Answer{Account: w.who(name(0)).ID, Address: w.places["45.77.3.9"].IP})
		at := day0 + 66*day
		in.Findings = []event.Finding{{Detector: "admin-misuse", Severity: event.High, First: at, Last: at + day, Accounts: []string{w.who(name(0)).ID, w.who("raised").ID}}}
		return verdicts(w.scope(in))
	}
	got := story(Inputs{})
	for who, want := range map[string]cases.AccountVerdict{name(0): cases.AccountCompromised, "before": "", "after": cases.AccountSuspected, "twice": cases.AccountSuspected, "raised": cases.AccountCompromised, "another": ""} {
		if got[who] != want {
			t.Errorf("%s is %q, want %q", who, got[who], want)
		}
	}
	if got := story(Inputs{Answers: []Answer{{Account: event.Identity("A-", "", "raised"), Legitimate: true}}}); got["raised"] == cases.AccountCompromised {
		t.Error("an account that a person vouched for is condemned")
	}
}

// TestMadeHis: an account is made from a strange place outside, and the intruder is the first who uses it. Whoever made it from there is his as
// well; whoever made one from the office, which is stolen before its owner has it, is not.
func TestMadeHis(t *testing.T) {
	story := func(from string) cases.AccountVerdict {
		w := newWorld(t)
		w.ordinary(90)
		w.place("45.77.3.9", event.KindHosting, "", 0)
		w.place("45.77.4.10", event.KindHosting, "", 0)
		w.login(name(0), from, "", 60, 11, event.OutcomeSuccess)
		w.makes(name(0), "maint", 60)
		w.pending[len(w.pending)-1].SrcIP = w.places[from].IP
		w.pending[len(w.pending)-1].Src = w.places[from]
		w.login("maint", "45.77.4.10", strange, 62, 3, event.OutcomeSuccess)
		return verdicts(w.scope(Inputs{Answers: []Answer{{Account: w.who("maint").ID, Address: w.places["45.77.4.10"].IP}}}))[name(0)]
	}
	if got := story("45.77.3.9"); got != cases.AccountCompromised {
		t.Errorf("who made the account from outside is %q", got)
	}
	if got := story("150.29.147.11"); got == cases.AccountCompromised || got == cases.AccountSuspected {
		t.Errorf("who made the account from the office is %q", got)
	}
}
