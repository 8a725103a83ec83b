// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

// askedWorld scopes a case of three questions, of which the first raises a fourth when it is denied.
func askedWorld(given []config.Answer) *node.Scoped {
	s := &node.Scoped{Verdict: cases.Breach}
	open := []string{"Q-first", "Q-network", "Q-last"}
	suspects := 3
	for i := range given {
		if given[i].Question == "Q-first" && given[i].Value == "no" {
			open = append([]string{"Q-raised"}, open...)
			s.Accounts = append(s.Accounts, cases.Account{Name: "first", Verdict: cases.AccountCompromised})
			suspects--
		}
	}
	for range suspects {
		s.Accounts = append(s.Accounts, cases.Account{Verdict: cases.AccountSuspected})
	}
	for _, id := range open {
		q := cases.Question{ID: id, To: "owner", Subject: cases.Subject{Account: id[2:]}, Ask: event.Words{Ja: "確認します。 1) 朝 2) \x1b夜", En: "About: 1) this 2) \x1bthat"}}
		if id == "Q-network" {
			q.To, q.Subject = "network", cases.Subject{Address: "198.51.100.7"}
		}
		s.Questions = append(s.Questions, q)
	}
	return s
}

// sit holds one sitting with what is typed, and returns what was shown and what the file says then.
func sit(t *testing.T, path, typed string) (shown string, answers []config.Answer) {
	t.Helper()
	given, err := config.ReadAnswers(nil, path)
	if err != nil && !strings.Contains(err.Error(), "no such file") {
		t.Fatal(err)
	}
	var b strings.Builder
	a := &asking{askFlags: &askFlags{dir: "c", out: path, by: "suzuki", via: "phone"}, language: report.En, scope: askedWorld, given: given, in: bufio.NewReader(strings.NewReader(typed)), w: &b}
	if err := a.all(); err != nil {
		t.Fatal(err)
	}
	if answers, err = config.ReadAnswers(nil, path); err != nil {
		t.Fatal(err)
	}
	return b.String(), answers
}

// TestScopeAsk: what is answered is in the file at once and decides what is asked next; what is not understood is asked again; a sitting that
// was broken off goes on with what is open.
func TestScopeAsk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "answers.yaml")
	shown, answers := sit(t, path, "maybe\nN\nwas on a flight\ny\n\ns\nq\n")
	if got := brief(answers); got != "Q-first=no by=suzuki via=phone of=first why=was on a flight; Q-raised=yes by=suzuki via=phone of=raised why=" {
		t.Errorf("the file says %s", got)
	}
	order(t, shown, "Suspected (to be checked) 3", "Q-first", "Write y, n, u, s or q", "Compromised 0 → 1", "(to be checked) 3 → 2", "Q-raised", "Q-network", "network staff", "Q-last", "2 answers are in")
	if strings.Count(shown, "Write y, n, u, s or q") != 1 || strings.ContainsRune(shown, 0x1b) || !strings.Contains(shown, "\n    2) ") {
		t.Errorf("shown:\n%q", shown)
	}

	shown, answers = sit(t, path, "u\nasked twice\ns\n")
	if got := brief(answers[2:]); got != "Q-network=unknown by=suzuki via=phone of= why=asked twice" {
		t.Errorf("the second sitting adds %s", got)
	}
	if strings.Contains(shown, "Q-first") || strings.Contains(shown, "Q-raised") {
		t.Errorf("what was answered is asked again:\n%s", shown)
	}
	order(t, shown, "Compromised 1", "Q-network", "Q-last", "1 questions were put off", "3 answers are in")

	shown, answers = sit(t, path, "はい\nlast words without an end of line")
	if got := brief(answers[3:]); got != "Q-last=yes by=suzuki via=phone of=last why=last words without an end of line" {
		t.Errorf("the third sitting adds %s", got)
	}
	order(t, shown, "Q-last", "No question is left", "4 answers are in")
}

func brief(answers []config.Answer) string {
	var parts []string
	for _, a := range answers {
		parts = append(parts, fmt.Sprintf("%s=%s by=%s via=%s of=%s why=%s", a.Question, a.Value, a.By, a.Via, a.Respondent, a.Why))
	}
	return strings.Join(parts, "; ")
}

// order holds that words stand in a text one behind the other.
func order(t *testing.T, text string, words ...string) {
	t.Helper()
	rest := text
	for _, word := range words {
		_, after, found := strings.Cut(rest, word)
		if !found {
			t.Errorf("%q does not follow in\n%s", word, text)
			return
		}
		rest = after
	}
}
