// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
)

// answersName is the file of a case that keeps all answers, in the form in which people write them.
const answersName = "answers.json"

// gather joins the answers that the case has with those that were given now, and numbers all anew. One that stands in both,
// because a file was added to and given again, is one answer.
func gather(kept, given []config.Answer) []config.Answer {
	var out []config.Answer
	number := map[answerKey]int{}
	var file string
	var local map[int]int // of the current file: its numbers to ours
	for _, a := range append(slices.Clone(kept), given...) {
		if local == nil || a.File != file || a.Index == 1 {
			file, local = a.File, map[int]int{}
		}
		was := a.Index
		if a.Retracts != 0 {
			a.Retracts = local[a.Retracts]
		}
		key := keyOf(&a)
		n, again := number[key]
		if !again {
			n = len(out) + 1
			number[key] = n
			a.Index, a.RetractedBy = n, 0
			out = append(out, a)
		}
		local[was] = n
	}
	for i := len(out) - 1; i >= 0; i-- { // from the last on: a retraction that was itself taken back has no effect
		if a := &out[i]; a.Retracts > 0 && a.Retracts <= i && a.RetractedBy == 0 {
			out[a.Retracts-1].RetractedBy = a.Index
		}
	}
	return out
}

// answerKey is what makes two answers the same.
type answerKey struct {
	question, value, respondent, via, by, why string
	subject                                   config.Subject
	at, from, to                              int64
	retracts                                  int
}

func keyOf(a *config.Answer) answerKey {
	return answerKey{a.Question, a.Value, a.Respondent, a.Via, a.By, a.Why, a.Subject, a.At.UnixNano(), a.From.UnixNano(), a.To.UnixNano(), a.Retracts}
}

// writtenAnswer is an answer as people write it.
type writtenAnswer struct {
	Question   string          `json:"question,omitempty"`
	Subject    *writtenSubject `json:"subject,omitempty"`
	Answer     string          `json:"answer,omitempty"`
	Retracts   int             `json:"retracts,omitempty"`
	Respondent string          `json:"respondent,omitempty"`
	Via        string          `json:"via,omitempty"`
	By         string          `json:"by"`
	At         string          `json:"at"`
	Why        string          `json:"why,omitempty"`
	From       string          `json:"from,omitempty"`
	To         string          `json:"to,omitempty"`
}

type writtenSubject struct {
	Account string `json:"account,omitempty"`
	Address string `json:"address,omitempty"`
	Host    string `json:"host,omitempty"`
	Finding string `json:"finding,omitempty"`
}

// writeAnswers writes all answers into the case, where there are any.
func (v *investigation) writeAnswers() error {
	if len(v.o.Answers) == 0 {
		return nil
	}
	list := make([]writtenAnswer, 0, len(v.o.Answers))
	for i := range v.o.Answers {
		a := &v.o.Answers[i]
		w := writtenAnswer{Question: a.Question, Answer: a.Value, Retracts: a.Retracts, Respondent: a.Respondent, Via: a.Via, By: a.By,
			At: a.At.Format(time.RFC3339Nano), Why: a.Why, From: momentText(a.From), To: momentText(a.To)}
		if a.Subject != (config.Subject{}) {
			w.Subject = &writtenSubject{Account: a.Subject.Account, Host: a.Subject.Host, Finding: a.Subject.Finding}
			if a.Subject.Address.IsValid() {
				w.Subject.Address = a.Subject.Address.String()
			}
		}
		list = append(list, w)
	}
	b, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return event.Tell("%s を書けません：%v", "write %s: %v", answersName, err)
	}
	return putFile(filepath.Join(v.work, answersName), append(b, '\n'))
}

func momentText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// keptAnswers returns the answers that the case in dir has.
func keptAnswers(dir string) ([]config.Answer, error) {
	path := filepath.Join(dir, answersName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return config.ReadAnswers(nil, path)
}

// decisions tells every answer and every retraction in the case.
func (v *investigation) decisions() []cases.Decision {
	out := []cases.Decision{}
	for i := range v.o.Answers {
		a := &v.o.Answers[i]
		d := cases.Decision{At: cases.At(a.At), By: a.By, What: what(a), Why: a.Why, Via: a.Via, Retracted: a.RetractedBy != 0}
		if a.Retracts > 0 && a.Retracts <= len(v.o.Answers) {
			d.What = "takes back: " + what(&v.o.Answers[a.Retracts-1])
		}
		out = append(out, d)
	}
	return out
}

// what says in short what was answered.
func what(a *config.Answer) string {
	about := a.Question
	for _, s := range []string{a.Subject.Account, a.Subject.Host, a.Subject.Finding} {
		if about != "" && s != "" {
			about += " "
		}
		about += s
	}
	if a.Subject.Address.IsValid() {
		if about != "" {
			about += " "
		}
		about += a.Subject.Address.String()
	}
	return about + ": " + a.Value
}

// lastAnswer returns when the latest answer was given.
func (v *investigation) lastAnswer() event.Micros {
	var last event.Micros
	for i := range v.o.Answers {
		last = max(last, event.Of(v.o.Answers[i].At))
	}
	return last
}

// answer turns a person's answer into what scoping takes; false for one that does not stand or is about nothing that scoping
// judges. One that came through a mailbox is kept without weight: see weighty.
func (v *investigation) answer(i int) (breach.Answer, bool) {
	a := &v.o.Answers[i]
	if !a.Stands() {
		return breach.Answer{}, false
	}
	out := breach.Answer{Address: a.Subject.Address, Legitimate: a.Value == "yes", Unknown: a.Value == "unknown", By: a.By, Question: a.Question, Weightless: a.Via == "mailbox"}
	if !a.From.IsZero() {
		out.From = event.Of(a.From)
	}
	if !a.To.IsZero() {
		out.To = event.Of(a.To)
	}
	account := a.Subject.Account
	if a.Question != "" {
		q, ok := v.asked[a.Question]
		if !ok {
			return out, false
		}
		account = q.Account
		if ip, err := netip.ParseAddr(q.Address); err == nil {
			out.Address = ip
		}
	}
	if account != "" {
		id, known := v.accountID(account, 0)
		if !known { // what was said about one account must not be taken to be about all that used the address
			return out, false
		}
		out.Account = id
	}
	return out, out.Account != "" || out.Address.IsValid()
}

// scope scopes. Answers that came through a mailbox count only where the account of whoever answered is cleared without
// them: an intruder reads that mailbox too, and answers from it. So they are weighed in a second go.
func (v *investigation) scope(in breach.Inputs, mailed map[int]string) *breach.Result {
	r := v.watched.ledger.Scope(in)
	if len(mailed) == 0 {
		return r
	}
	verdicts := map[string]cases.AccountVerdict{}
	for i := range r.Accounts {
		verdicts[r.Accounts[i].ID] = r.Accounts[i].Verdict
	}
	changed := false
	for i, owner := range mailed {
		verdict, judged := verdicts[owner]
		if owner != "" && (verdict == cases.AccountCleared || !judged && v.covered) {
			in.Answers[i].Weightless = false
			changed = true
		}
	}
	if !changed {
		return r
	}
	return v.watched.ledger.Scope(in)
}
