// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// intruded lets a stranger into five accounts from a rented machine, late in sixty ordinary days.
func intruded(t *testing.T) *world {
	w := newWorld(t)
	w.ordinary(60)
	w.place("45.76.101.17", event.KindHosting, "SG", 20473)
	for i := range 5 {
		w.login(name(i), "45.76.101.17", strange, 50, 18, event.OutcomeSuccess)
	}
	return w
}

// TestDisputedAnswers: one person's word against the records leaves a doubt and a question to somebody else; two people's word decides, and so does
// whoever decides without being asked.
func TestDisputedAnswers(t *testing.T) {
	w := intruded(t)
	office := netip.MustParseAddr("150.29.147.11")
	owner := Answer{Account: w.who(name(20)).ID, Address: office, Question: "Q-a", By: "suzuki"}
	second, chief := owner, owner
	second.Question, chief.Question = "Q-b", ""
	yes := second
	yes.Legitimate = true
	for _, c := range []struct {
		name string
		said []Answer
		want cases.AccountVerdict
	}{
		{"one", []Answer{owner}, cases.AccountSuspected},
		{"two", []Answer{owner, second}, cases.AccountCompromised},
		{"decided", []Answer{chief}, cases.AccountCompromised},
		{"they differ", []Answer{owner, yes}, cases.AccountSuspected},
		{"nobody", nil, ""},
	} {
		r := w.scope(Inputs{Answers: c.said})
		if got := verdicts(r)[name(20)]; got != c.want && c.want != "" || c.want == "" && got == cases.AccountCompromised {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		for i := 5; i < 30; i++ { // nobody else is accused for it, who came to the same office
			if v := verdicts(r)[name(i)]; i != 20 && (v == cases.AccountCompromised || v == cases.AccountSuspected) {
				t.Errorf("%s: %s is %s", c.name, name(i), v)
			}
		}
		next := slices.IndexFunc(r.Questions, func(q cases.Question) bool {
			return q.Subject == (cases.Subject{Account: name(20), Address: office.String()})
		})
		switch {
		case c.name == "one" && (next < 0 || r.Questions[next].To == "owner"):
			t.Error("nobody else is asked")
		case c.name == "two" && next >= 0:
			t.Error("what two people said is asked again")
		}
	}
}

// TestAnswersInAnyOrder: the case does not depend on the order in which people answered.
func TestAnswersInAnyOrder(t *testing.T) {
	w := intruded(t)
	stranger, office := netip.MustParseAddr("45.76.101.17"), netip.MustParseAddr("150.29.147.11")
	var said []Answer
	for i := range 8 {
		said = append(said, Answer{Account: w.who(name(i)).ID, Address: stranger, Question: "Q-a", Legitimate: i%3 == 0, By: "suzuki"},
			Answer{Account: w.who(name(i)).ID, Address: office, Question: "Q-b", Legitimate: i%2 == 0, Unknown: i%4 == 1, By: "suzuki"},
			Answer{Account: w.who(name(i)).ID, Question: "Q-c", Legitimate: i%3 != 1, By: "suzuki"})
	}
	said = append(said, Answer{Address: office, Legitimate: true, By: "suzuki"})
	want := w.scope(Inputs{Answers: said})
	for seed := range uint64(6) {
		mixed := slices.Clone(said)
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(mixed), func(i, k int) { mixed[i], mixed[k] = mixed[k], mixed[i] })
		if got := w.scope(Inputs{Answers: mixed}); !reflect.DeepEqual(got, want) {
			t.Fatalf("shuffle %d gives another case", seed)
		}
	}
}

// TestQuestionsGoWhereVerdictsAreOpen: who is settled is not asked first, whoever did not know is not asked again, and what was asked is not.
func TestQuestionsGoWhereVerdictsAreOpen(t *testing.T) {
	w := intruded(t)
	w.place("192.0.2.200", event.KindUnknown, "US", 7922)
	w.login(name(9), "192.0.2.200", strange, 55, 18, event.OutcomeSuccess)
	in := Inputs{Seeds: []Seed{{Account: w.who(name(9)).ID}}}
	r := w.scope(in)
	if v := verdicts(r); v[name(9)] != cases.AccountSuspected && v[name(9)] != cases.AccountCompromised {
		t.Fatalf("%s is %q: the story does not tell what it should", name(9), v[name(9)])
	}
	for len(in.Answers) < 100 {
		r = w.scope(in)
		if len(r.Questions) == 0 {
			return
		}
		q := r.Questions[0]
		for _, a := range in.Answers {
			if a.Question == q.ID {
				t.Fatalf("%s is asked twice: %s", q.ID, q.Ask.En)
			}
		}
		a := Answer{Account: event.Identity("A-", "", q.Subject.Account), Question: q.ID, Unknown: true}
		if q.Subject.Address != "" {
			a.Address = netip.MustParseAddr(q.Subject.Address)
		}
		in.Answers = append(in.Answers, a)
	}
	t.Error("people who do not know are asked without end")
}

// TestOwnerSeesTheList: of an account that left the attackers' list, and no record says when it was entered, the owner sees all logins at once; his
// no says that it was entered, and not by which login; his yes ends the doubt.
func TestOwnerSeesTheList(t *testing.T) {
	w := intruded(t)
	id := w.who(name(7)).ID
	in := Inputs{Findings: []event.Finding{{Detector: "target-drop-out", Key: "x", Severity: event.High, First: day0 + 40*day, Last: day0 + 41*day, Accounts: []string{id}}}}
	r := w.scope(in)
	at := slices.IndexFunc(r.Questions, func(q cases.Question) bool { return q.Subject.Account == name(7) })
	if at < 0 || r.Questions[at].Subject.Address != "" {
		t.Fatalf("no list for %s: %+v", name(7), r.Questions)
	}
	for legitimate, want := range map[bool]cases.AccountVerdict{true: cases.AccountCleared, false: cases.AccountCompromised} {
		in.Answers = []Answer{{Account: id, Question: r.Questions[at].ID, Legitimate: legitimate, By: "suzuki"}}
		after := w.scope(in)
		if got := verdicts(after)[name(7)]; got != want {
			t.Errorf("legitimate %v: %s, want %s", legitimate, got, want)
		}
		for i := range after.Accounts {
			if a := &after.Accounts[i]; a.Name == name(7) && (len(a.Sessions) != 0 || a.DecidedBy != "suzuki") {
				t.Errorf("sessions %v decided by %s: which login it was nobody has said", a.Sessions, a.DecidedBy)
			}
		}
	}
}
