// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/drill"
)

// TestConsult checks that a case held in memory says what the same answers make of it on disk, and that nothing on disk changes.
func TestConsult(t *testing.T) {
	oneMore(t)
	dir := rehearsal(t)
	folder := filepath.Join(t.TempDir(), "case")
	made, err := try(t, dir, func(o *Options) { o.Out = folder }, "logs")
	if err != nil {
		t.Fatal(err)
	}
	if len(made.Case.Questions) < 3 {
		t.Fatalf("%d questions", len(made.Case.Questions))
	}
	before, err := os.ReadFile(filepath.Join(folder, caseName))
	if err != nil {
		t.Fatal(err)
	}
	var text string
	for i, value := range []string{"no", "yes", "unknown"} {
		text += fmt.Sprintf("- {question: %s, answer: %s, via: in-person, by: suzuki, at: 2025-11-01T1%d:00:00+09:00}\n", made.Case.Questions[i].ID, value, i)
	}
	answers := readAnswers(t, text)
	reopened, err := Consult(t.Context(), Options{Out: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("ask", func(t *testing.T) { ask(t, made.Consult(), dir) })
	says := [2][2]*Scoped{}
	for i, c := range []*Consultation{reopened, made.Consult()} {
		says[i][1] = c.Scope(answers)
		says[i][0] = c.Scope(nil) // an answer that is not given again is gone
	}
	if !reflect.DeepEqual(says[0], says[1]) {
		t.Error("a case that was opened again says another thing than the one that was just made")
	}
	agree(t, "without answers", says[0][0], made.Case)
	if after, _ := os.ReadFile(filepath.Join(folder, caseName)); !bytes.Equal(before, after) {
		t.Error("the case changed")
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	added := run(t, dir, func(o *Options) {
		o.Out, o.Add, o.Answers, o.Profile = folder, true, answers, &config.Profile{}
	})
	agree(t, "with answers", says[0][1], added)
	if reflect.DeepEqual(says[0][0].Accounts, says[0][1].Accounts) {
		t.Error("the answers changed nothing")
	}
	if _, err := Consult(t.Context(), Options{Out: filepath.Join(t.TempDir(), "none")}); err == nil || !strings.Contains(err.Error(), "consult the case") {
		t.Errorf("no case: %v", err)
	}
}

func agree(t *testing.T, when string, s *Scoped, c *cases.Case) {
	t.Helper()
	if s.Verdict != c.Verdict {
		t.Errorf("%s: verdict %s, in the case %s", when, s.Verdict, c.Verdict)
	}
	for i := range s.Accounts {
		a := &s.Accounts[i]
		if v := verdictOf(c, a.ID); v != a.Verdict {
			t.Errorf("%s: %s is %s, in the case %s", when, a.Name, a.Verdict, v)
		}
	}
	if len(s.Questions) != len(c.Questions) {
		t.Fatalf("%s: %d questions, in the case %d", when, len(s.Questions), len(c.Questions))
	}
	for i := range s.Questions {
		if s.Questions[i].ID != c.Questions[i].ID {
			t.Errorf("%s: question %d is %s, in the case %s", when, i, s.Questions[i].ID, c.Questions[i].ID)
		}
	}
}

// ask has simulated people answer: twice the same, never to the harm of the innocent where they are right, and not for ever.
func ask(t *testing.T, c *Consultation, dir string) {
	truth, err := drill.ReadTruth(filepath.Join(dir, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, right := range drill.Levels() {
		a, err := c.Ask(t.Context(), truth, right, 60)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := c.Ask(t.Context(), truth, right, 60)
		if !reflect.DeepEqual(a, b) {
			t.Errorf("asked twice:\n%+v\n%+v", a, b)
		}
		if a.Questions > 60 || a.Rounds != a.Questions || a.Ended == "" || a.After+len(a.Lost) < a.Before {
			t.Errorf("%+v", a)
		}
		if a.Ended == drill.AllKnown && a.After != a.Victims {
			t.Errorf("all known? %+v", a)
		}
		if right == 1 && (a.Wrong != 0 || len(a.Accused) != 0 || len(a.Lost) != 0) {
			t.Errorf("who is always right did harm: %+v", a)
		}
		if none, err := c.Ask(t.Context(), truth, right, 0); err != nil || none.Questions != 0 || none.Ended == drill.AskedEnough && none.After == none.Victims {
			t.Errorf("asked nothing: %+v, %v", none, err)
		}
	}
}
