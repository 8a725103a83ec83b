// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/contain"
	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/vault"
)

// TestRollUp holds that a case scoped from its roll-up says what it says when its inputs are read again, whole: without answers and with them,
// and with seeds that come later. SEKISHO_DRILL names other drills than the one of the other tests, with commas.
func TestRollUp(t *testing.T) {
	oneMore(t)
	dirs := map[string]string{"rehearsal": ""}
	if names := os.Getenv("SEKISHO_DRILL"); names != "" {
		clear(dirs)
		for _, name := range strings.Split(names, ",") {
			dirs[name] = name
		}
	}
	for name, drilled := range dirs {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "drill")
			if drilled == "" {
				dir = rehearsal(t)
			} else if _, err := drill.Generate(t.Context(), dir, drill.Options{Name: drilled, Seed: 5, Accounts: 120, Days: 90}); err != nil {
				t.Fatal(err)
			}
			home, folder := filepath.Join(t.TempDir(), "home"), filepath.Join(t.TempDir(), "case")
			made := run(t, dir, func(o *Options) { o.Out, o.Home = folder, home }, "logs")
			o := Options{Out: folder, Home: home, Version: "test"}
			if len(made.Addresses) > 0 {
				o.Seeds = []Seed{{Value: made.Addresses[0].IP.String()}, {Value: "nobody-at-all"}}
			}
			o.Answers = answerSome(t, made)
			kept := recalled(t, o)
			read, err := consultInputs(t.Context(), readAgain(o))
			if err != nil {
				t.Fatal(err)
			}
			for _, which := range []string{"with answers", "without"} {
				a, b := result(kept.v), result(read.v)
				if !reflect.DeepEqual(a, b) {
					t.Errorf("%s: from the roll-up %s with %d accounts and %d questions, from the inputs %s with %d and %d", which, a.Verdict, len(a.Accounts), len(a.Questions), b.Verdict, len(b.Accounts), len(b.Questions))
				}
				if !reflect.DeepEqual(kept.v.notes, read.v.notes) || !kept.v.zoneIs(read.v) {
					t.Errorf("%s: notes %v and %v", which, kept.v.notes, read.v.notes)
				}
				kept.v.o.Answers, read.v.o.Answers = nil, nil
			}
		})
	}
}

// TestPreviewOfNothing: what would change with nothing new is nothing, named accounts included.
func TestPreviewOfNothing(t *testing.T) {
	oneMore(t)
	folder, home := filepath.Join(t.TempDir(), "case"), filepath.Join(t.TempDir(), "home")
	was := run(t, rehearsal(t), func(o *Options) { o.Out, o.Home = folder, home }, "logs")
	named := 0
	for i := range was.Accounts {
		if strings.HasPrefix(was.Accounts[i].Why.En, "named by a finding") {
			named++
		}
	}
	if named == 0 {
		t.Fatal("no account of this case is named by a finding alone: the test shows less than it should")
	}
	c, err := Consult(t.Context(), Options{Out: folder, Home: home, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	x := cases.Compare(was, c.Preview(was))
	if len(x.Numbers)+len(x.Members) > 0 {
		t.Errorf("numbers %+v, members %+v", x.Numbers, x.Members)
	}
}

func result(v *investigation) *breach.Result {
	v.notes = nil
	return v.scope(v.scopeInputs())
}

func (v *investigation) zoneIs(w *investigation) bool { return v.zone().String() == w.zone().String() }

func readAgain(o Options) Options {
	o.Add = true
	return o
}

// recalled holds a case by its roll-up alone.
func recalled(t *testing.T, o Options) *Consultation {
	t.Helper()
	v, err := recall(o)
	if err != nil {
		t.Fatal(err)
	}
	return newConsultation(v)
}

// answerSome answers the first questions of a case.
func answerSome(t *testing.T, c *cases.Case) []config.Answer {
	t.Helper()
	var text string
	for i, value := range []string{"no", "yes", "unknown", "no"} {
		if i < len(c.Questions) {
			text += "- {question: " + c.Questions[i].ID + ", answer: " + value + ", via: in-person, by: suzuki, at: 2025-11-01T10:00:00+09:00}\n"
		}
	}
	if text == "" {
		return nil
	}
	return readAnswers(t, text)
}

// TestRollUpNotOurs holds that a roll-up is taken only where this machine's key sealed it as it is, and for the same program and profile.
func TestRollUpNotOurs(t *testing.T) {
	oneMore(t)
	dir := copyOfDrill(t, rehearsal(t))
	home, folder := filepath.Join(t.TempDir(), "home"), filepath.Join(t.TempDir(), "case")
	run(t, dir, func(o *Options) { o.Out, o.Home = folder, home }, "logs")
	o := Options{Out: folder, Home: home, Version: "test"}
	begun := time.Now()
	if _, err := recall(o); err != nil {
		t.Fatal(err)
	}
	t.Logf("recalled in %v", time.Since(begun))
	other := o
	other.Version = "another"
	if _, err := recall(other); !errors.Is(err, errNoRollUp) {
		t.Errorf("another version: %v", err)
	}
	elsewhere := o
	elsewhere.Home = filepath.Join(t.TempDir(), "home")
	if _, err := recall(elsewhere); !errors.Is(err, vault.ErrNotOurs) {
		t.Errorf("another machine: %v", err)
	}
	path := filepath.Join(folder, rollUpName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := recall(o); !errors.Is(err, vault.ErrNotOurs) {
		t.Errorf("a changed roll-up: %v", err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	org := filepath.Join(dir, "org.yaml")
	text, err := os.ReadFile(org)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(org, append(text, "# changed\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := recall(o); !errors.Is(err, errNoRollUp) {
		t.Errorf("a changed profile: %v", err)
	}
}

// TestRollUpResealed holds that another machine's roll-up does not become one's own where what people did is recorded in its case, and that one's
// own stays.
func TestRollUpResealed(t *testing.T) {
	oneMore(t)
	dir, home, folder := rehearsal(t), filepath.Join(t.TempDir(), "home"), filepath.Join(t.TempDir(), "case")
	made := run(t, dir, func(o *Options) { o.Out, o.Home = folder, home }, "logs")
	mark := func(home string, i int) {
		t.Helper()
		m := contain.Mark{ID: made.Containment[i].ID, Act: contain.MarkDone, By: "suzuki", At: cases.At(testNow)}
		if _, err := MarkContainment(t.Context(), folder, home, "test", testNow, []contain.Mark{m}); err != nil {
			t.Fatal(err)
		}
	}
	mark(home, 0)
	if _, err := recall(Options{Out: folder, Home: home, Version: "test"}); err != nil {
		t.Errorf("one's own: %v", err)
	}
	other := filepath.Join(t.TempDir(), "home")
	mark(other, 1)
	if _, err := recall(Options{Out: folder, Home: other, Version: "test"}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another machine's: %v", err)
	}
	if r, err := vault.Verify(t.Context(), folder, vault.VerifyOptions{Home: other}); err != nil || !r.OK {
		t.Errorf("verify: %v, %+v", err, r)
	}
}

// TestAskedInTurn holds that answers to questions which only earlier answers raised are known when all are added to the case together.
func TestAskedInTurn(t *testing.T) {
	oneMore(t)
	dir, home, folder := rehearsal(t), filepath.Join(t.TempDir(), "home"), filepath.Join(t.TempDir(), "case")
	made := run(t, dir, func(o *Options) { o.Out, o.Home = folder, home }, "logs")
	o := Options{Out: folder, Home: home, Version: "test"}
	c := recalled(t, o)
	had, raised := map[string]bool{}, 0
	for i := range made.Questions {
		had[made.Questions[i].ID] = true
	}
	now := c.Scope(nil)
	for range 40 {
		var next *cases.Question
		for i := range now.Questions {
			q := &now.Questions[i]
			answered := slices.ContainsFunc(o.Answers, func(a config.Answer) bool { return a.Question == q.ID })
			if !answered && (next == nil || !had[q.ID] && had[next.ID]) {
				next = q
			}
		}
		if next == nil {
			break
		}
		if !had[next.ID] {
			raised++
		}
		o.Answers = append(o.Answers, config.Answer{Index: len(o.Answers) + 1, Question: next.ID, Value: "no", By: "suzuki", Via: "phone", At: testNow.Add(time.Duration(len(o.Answers)) * time.Minute)})
		now = c.Scope(o.Answers)
	}
	t.Logf("%d answers, %d of them to questions that others raised", len(o.Answers), raised)
	if raised == 0 {
		t.Error("no question was raised by an answer: this holds nothing")
	}
	p, err := CheckAnswers(o)
	if err != nil || len(p.Unknown) > 0 {
		t.Errorf("%v, %d answers to questions that are not known", err, len(p.Unknown))
	}
	added := run(t, dir, func(a *Options) {
		a.Out, a.Home, a.Add, a.Answers, a.Profile = folder, home, true, o.Answers, &config.Profile{}
	})
	agree(t, "all together", now, added)
}
