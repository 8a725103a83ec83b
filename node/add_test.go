// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
)

// noRevision forgets what must differ between revisions of equal content: their numbers, and what people said.
func noRevision(c *cases.Case) {
	c.Revision, c.Supersedes, c.Decisions, c.KnownAsOf = 0, nil, nil, 0
}

func readAnswers(t *testing.T, text string) []config.Answer {
	t.Helper()
	path := filepath.Join(t.TempDir(), "answers.yaml")
	write(t, path, []byte(text))
	list, err := config.ReadAnswers(nil, path)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestAnswersTakenBack answers a question of a case, and takes the answer back: what was is restored, and all is on record.
func TestAnswersTakenBack(t *testing.T) {
	dir := rehearsal(t)
	out := filepath.Join(t.TempDir(), "case")
	before := run(t, dir, func(o *Options) { o.Out = out }, "logs")
	if len(before.Questions) == 0 {
		t.Fatal("nothing to ask")
	}
	victim := slices.IndexFunc(before.Accounts, func(a cases.Account) bool { return a.Verdict == cases.AccountCompromised })
	name := before.Accounts[victim].Name
	yes := fmt.Sprintf("- {subject: {account: %q}, answer: yes, via: in-person, by: suzuki, at: 2025-11-01T10:00:00+09:00, why: was there}\n", name)
	extend := func(answers string) *cases.Case {
		return run(t, dir, func(o *Options) {
			o.Out, o.Add, o.Answers = out, true, readAnswers(t, answers)
			o.Profile = &config.Profile{} // what the case was made with is remembered
		})
	}
	asked := before.Questions[0].ID
	open := func(c *cases.Case) bool {
		return slices.ContainsFunc(c.Questions, func(q cases.Question) bool { return q.ID == asked })
	}
	unknown := fmt.Sprintf("- {question: %s, answer: unknown, by: suzuki, at: 2025-11-01T11:00:00+09:00}\n", asked)
	answered := extend(yes + unknown)
	if open(answered) {
		t.Error("who did not know is asked again")
	}
	if answered.Revision != 2 || *answered.Supersedes != 1 || len(answered.Decisions) != 2 {
		t.Errorf("revision %d supersedes %v with decisions %v", answered.Revision, answered.Supersedes, answered.Decisions)
	}
	if v := verdictOf(answered, before.Accounts[victim].ID); v == cases.AccountCompromised {
		t.Errorf("%s is %s after its owner explained it", name, v)
	}
	mailed := extend(strings.Replace(yes, "in-person", "mailbox", 1))
	if n := len(mailed.Decisions); n != 3 || mailed.Revision != 3 {
		t.Errorf("%d decisions in revision %d: answers must add up", n, mailed.Revision)
	}
	taken := extend(yes + unknown + "- {retracts: 1, by: suzuki, at: 2025-11-02T10:00:00+09:00, why: wrong person asked}\n- {retracts: 2, by: suzuki, at: 2025-11-02T11:00:00+09:00}\n")
	if v := verdictOf(taken, before.Accounts[victim].ID); v != cases.AccountCompromised {
		t.Errorf("%s is %s after the answer was taken back: one that came through its own mailbox must not clear it", name, v)
	}
	if len(taken.Decisions) != 5 {
		t.Errorf("decisions: %v", taken.Decisions)
	}
	same(t, text(t, before, noRevision), text(t, taken, noRevision))
}

func verdictOf(c *cases.Case, id string) cases.AccountVerdict {
	for i := range c.Accounts {
		if c.Accounts[i].ID == id {
			return c.Accounts[i].Verdict
		}
	}
	return ""
}

// TestAddInputs makes a case in two steps, which must give what one step gives.
func TestAddInputs(t *testing.T) {
	dir := t.TempDir()
	sshd(t, filepath.Join(dir, "a.log"), 0, 400)
	sshd(t, filepath.Join(dir, "b.log"), 400, 800)
	want := run(t, dir, nil, "a.log", "b.log")
	out := filepath.Join(t.TempDir(), "case")
	run(t, dir, func(o *Options) { o.Out = out }, "a.log")
	got := run(t, dir, func(o *Options) { o.Out, o.Add = out, true }, "b.log")
	same(t, text(t, want, noRevision), text(t, got, noRevision))

	old, err := os.ReadFile(filepath.Join(out, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	add := func(o *Options) { o.Out, o.Add = out, true }
	sshd(t, filepath.Join(dir, "c.log"), 800, 900)
	good, _ := os.ReadFile(filepath.Join(dir, "a.log"))
	for name, c := range map[string]struct {
		change func()
		say    string
	}{
		"grown": {func() { sshd(t, filepath.Join(dir, "a.log"), 0, 401) }, "a.log, which it rests on, has changed"},
		"touched": {func() {
			write(t, filepath.Join(dir, "a.log"), bytes.Replace(good, []byte("Failed"), []byte("failed"), 1))
		}, "its SHA-256 is"},
		"gone": {func() { os.Remove(filepath.Join(dir, "a.log")) }, "a.log, which it rests on, is gone: put it back"},
	} {
		c.change()
		if _, err := try(t, dir, add, "c.log"); err == nil || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v", name, err)
		}
		write(t, filepath.Join(dir, "a.log"), good)
	}
	if now, _ := os.ReadFile(filepath.Join(out, "case.json")); !bytes.Equal(old, now) {
		t.Error("the case did not outlive runs that failed")
	}
	if _, err := try(t, dir, func(o *Options) { o.Add = true }, "c.log"); err == nil || !strings.Contains(err.Error(), "no case in") {
		t.Errorf("--add without a case: %v", err)
	}
}

// sshd writes the lines from to to of an endless log: guesses from one address, logins from others.
func sshd(t *testing.T, path string, from, to int) {
	t.Helper()
	var b bytes.Buffer
	at := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
	for i := from; i < to; i++ {
		word, ip := "Failed", "203.0.113.9"
		if i%3 == 0 {
			word, ip = "Accepted", fmt.Sprintf("198.51.100.%d", i%20+1)
		}
		fmt.Fprintf(&b, "%s gw1 sshd[%d]: %s password for user%d from %s port %d ssh2\n", at.Add(time.Duration(i)*97*time.Second).Format(time.RFC3339), 1000+i, word, i%20, ip, 1024+i)
	}
	write(t, path, b.Bytes())
}
