// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/sekisho/sekisho/breach"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store"
)

// Consultation is a case held in memory after its records were read, to be scoped again and again with what people answer.
// It says what the same answers, given with Options.Add, would make of the case; it writes nothing. It belongs to one
// goroutine.
type Consultation struct {
	v     *investigation
	kept  []config.Answer // that the case has already
	asked map[string]cases.Subject
}

// Scoped is what a case would say.
type Scoped struct {
	Verdict   cases.CaseVerdict
	Accounts  []cases.Account
	Questions []cases.Question // in the order in which they should be asked
}

// Consult holds the case in o.Out. It takes what the case keeps of its records, rolled up, where this program wrote and sealed that and the profile
// did not change; otherwise it reads once more what the case rests on, as Options.Add does, which takes about as long as the investigation did.
// Both say the same. The case is not changed; its inputs must lie where they lay.
func Consult(ctx context.Context, o Options) (_ *Consultation, err error) {
	o.Add = true
	if _, err := os.Stat(o.Out); err != nil {
		return nil, event.Tell("事案を参照できません：%v", "consult the case: %v", err)
	}
	if v, err := recall(o); err == nil {
		return newConsultation(v), nil
	}
	return consultInputs(ctx, o)
}

// consultInputs reads once more what the case rests on.
func consultInputs(ctx context.Context, o Options) (_ *Consultation, err error) {
	work, err := os.MkdirTemp("", "sekisho-consult-")
	if err != nil {
		return nil, event.Tell("事案を参照できません：%v", "consult the case: %v", err)
	}
	defer func() {
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			err = fmt.Errorf("node: consult the case: no room left in %s, where it is read: free some, or name another folder with TMPDIR: %w", os.TempDir(), syscall.ENOSPC)
		}
		err = errors.Join(err, os.RemoveAll(work))
	}()
	v := &investigation{o: &o, revision: 1, asked: map[string]cases.Subject{}, work: work}
	if err := v.prepare(); err != nil {
		return nil, err
	}
	if err := v.discover(ctx); err != nil {
		return nil, err
	}
	defer v.found.Close()
	if err := v.readAll(ctx); err != nil {
		return nil, err
	}
	defer v.sorter.Close()
	if err := ctx.Err(); err != nil {
		return nil, event.Tell("事案を参照できません：%v", "consult the case: %v", err)
	}
	if err := v.compareInputs(); err != nil {
		return nil, err
	}
	if err := v.guess(ctx); err != nil {
		return nil, err
	}
	if err := v.watchInto(ctx, nowhere{}); err != nil {
		return nil, err
	}
	return newConsultation(v), nil
}

// Consult holds the case that was just made, without reading anything again.
func (o *Outcome) Consult() *Consultation { return newConsultation(o.made) }

func newConsultation(v *investigation) *Consultation {
	c := &Consultation{v: v, kept: slices.Clone(v.o.Answers), asked: map[string]cases.Subject{}}
	for id, s := range v.asked {
		c.asked[id] = s
	}
	return c
}

// Scope says what the case would say with these answers beside those that it has. Index counts the answers from 1.
func (c *Consultation) Scope(answers []config.Answer) *Scoped {
	v := c.v
	v.o.Answers, v.asked, v.notes = gather(c.kept, answers), c.asked, nil
	r := v.scope(v.scopeInputs())
	v.noteAsked(r)
	return scoped(r)
}

// Preview is the case as it would be with the answers that the consultation was opened with: its verdicts, numbers of accounts and addresses,
// stages, what was exposed, and questions. Everything else, such as findings and the list of what to contain, is the case's as it is.
func (c *Consultation) Preview(was *cases.Case) *cases.Case {
	v := c.v
	r := v.scope(v.scopeInputs())
	is := *was
	is.Revision++
	is.Verdict, is.Reasons, is.Onset, is.LastActivity = r.Verdict, r.Reasons, r.Onset, r.LastActivity
	is.Accounts, is.Addresses, is.Hosts, is.Stages, is.Path, is.Operator = r.Accounts, r.Addresses, r.Hosts, r.Stages, r.Path, r.Operator
	is.Exposure, is.Questions, is.Decisions = r.Exposure, r.Questions, v.decisions()
	is.Limits = slices.Concat(was.Limits, v.notes)
	v.listNamed(&is)
	v.reviewExposure(&is)
	is.Totals = v.totals(&is, r)
	is.Totals.Events = was.Totals.Events
	is.Sort()
	return &is
}

// Logins returns every use of an account from an address that the case's records have.
func (c *Consultation) Logins() []breach.Login { return c.v.watched.ledger.Logins() }

func scoped(r *breach.Result) *Scoped {
	return &Scoped{Verdict: r.Verdict, Accounts: r.Accounts, Questions: r.Questions}
}

// Ask puts the case's questions to a simulated person of the drill that it was made of: the first open one, scope again with
// the answer, and so on until every victim that a log shows is compromised, no question is left that was not asked, or most
// were asked. A question that the person could not answer is put to somebody else, if the case does so. The consultation is as it was afterwards.
func (c *Consultation) Ask(ctx context.Context, truth *drill.Truth, right float64, most int) (*drill.Asking, error) {
	out := &drill.Asking{Right: right}
	person, done := truth.Person(right), map[string]bool{}
	var answers []config.Answer
	now := c.Scope(nil)
	before := truth.TallyAccounts(verdicts(now.Accounts))
	after := before
	for {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("node: ask: %w", err)
		}
		i := slices.IndexFunc(now.Questions, func(q cases.Question) bool { return !done[q.ID] })
		switch {
		case len(after.Missed) == 0:
			out.Ended = drill.AllKnown
		case i < 0:
			out.Ended = drill.NoMoreQuestions
		case out.Questions >= most:
			out.Ended = drill.AskedEnough
		}
		if out.Ended != "" {
			out.Compare(&before, &after)
			return out, nil
		}
		q := &now.Questions[i]
		done[q.ID] = true
		value, wrong := person.Answer(drill.Question{ID: q.ID, Account: q.Subject.Account, Address: q.Subject.Address, Host: q.Subject.Host})
		out.Questions++
		answers = append(answers, config.Answer{Index: len(answers) + 1, Question: q.ID, Value: value, Respondent: q.Subject.Account, Via: "in-person",
			By: "drill", At: truth.End.Add(time.Duration(len(answers)) * time.Minute), Why: "simulated"})
		if value == "unknown" { // it weighs nothing, but somebody else may be asked next
			out.Unknown++
		}
		if wrong {
			out.Wrong++
		}
		now = c.Scope(answers)
		out.Rounds++
		after = truth.TallyAccounts(verdicts(now.Accounts))
	}
}

// verdicts returns what is said of accounts as a score takes it.
func verdicts(accounts []cases.Account) []drill.AccountVerdict {
	out := make([]drill.AccountVerdict, 0, len(accounts))
	for i := range accounts {
		out = append(out, drill.AccountVerdict{Names: append([]string{accounts[i].Name}, accounts[i].Aliases...), Verdict: string(accounts[i].Verdict)})
	}
	return out
}

// nowhere is a store that keeps nothing.
type nowhere struct{}

func (nowhere) Append([]event.Event) error { return nil }

func (nowhere) Finish(context.Context, store.Resolve) error { return nil }

func (nowhere) Close() error { return nil }
