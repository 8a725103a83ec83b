// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
)

// AnswerProblems are what is wrong with answers that are to be added to a case.
type AnswerProblems struct {
	Unknown      []*config.Answer    // to questions that neither the case nor an earlier revision of it has asked, nor the answers before them raise
	Contradicted [][2]*config.Answer // yes and no about the same, for times that overlap, neither of them taken back
	Outside      []*config.Answer    // about a time of which the case has no records
}

// CheckAnswers holds o.Answers, before they are added to the case in o.Out, against the case and against the answers that it has.
func CheckAnswers(o Options) (*AnswerProblems, error) {
	dir, given := o.Out, o.Answers
	c, err := cases.Open(filepath.Join(dir, caseName))
	if err != nil {
		return nil, err
	}
	asked, err := askedOf(dir, c)
	if err != nil {
		return nil, err
	}
	kept, err := keptAnswers(dir)
	if err != nil {
		return nil, event.Tell("これまでの回答を読めません：%v", "read the answers that the case has: %v", err)
	}
	all := gather(kept, given)
	if slices.ContainsFunc(given, func(a config.Answer) bool { return a.Question != "" && asked[a.Question] == (cases.Subject{}) }) {
		if v, err := recall(o); err == nil {
			v.scopeInputs()
			for id, s := range v.asked {
				asked[id] = s
			}
		}
	}
	p := &AnswerProblems{}
	for i := range given {
		a := &given[i]
		if a.Question != "" && asked[a.Question] == (cases.Subject{}) {
			p.Unknown = append(p.Unknown, a)
		}
		if early, late := !a.To.IsZero() && !a.To.After(c.Window.From.Time()), !a.From.IsZero() && a.From.After(c.Window.To.Time()); a.Stands() && (early || late) {
			p.Outside = append(p.Outside, a)
		}
	}
	for i := range all {
		for k := i + 1; k < len(all) && len(p.Contradicted) < mostContradicted; k++ {
			if contradict(&all[i], &all[k], asked) {
				p.Contradicted = append(p.Contradicted, [2]*config.Answer{&all[i], &all[k]})
			}
		}
	}
	return p, nil
}

// mostContradicted bounds the pairs that are told; whoever has so many has to begin anew.
const mostContradicted = 100

// askedOf returns what the questions of a case and of its earlier revisions are about, by identity.
func askedOf(dir string, c *cases.Case) (map[string]cases.Subject, error) {
	asked := map[string]cases.Subject{}
	text, err := readBounded(filepath.Join(dir, givenName), maxGiven)
	if err == nil {
		var g given
		if err = json.Unmarshal(text, &g); err == nil {
			for id, s := range g.Asked {
				asked[id] = s
			}
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, event.Tell("%s を読めません：%v", "read %s: %v", givenName, err)
	}
	for i := range c.Questions {
		asked[c.Questions[i].ID] = c.Questions[i].Subject
	}
	for _, n := range Revisions(dir) {
		old, err := OpenRevision(dir, n)
		if err != nil {
			return nil, err
		}
		for i := range old.Questions {
			if q := &old.Questions[i]; asked[q.ID] == (cases.Subject{}) {
				asked[q.ID] = q.Subject
			}
		}
	}
	return asked, nil
}

// contradict says whether one answer says yes and the other no about the same subject, for times that overlap.
func contradict(a, b *config.Answer, asked map[string]cases.Subject) bool {
	if !a.Stands() || !b.Stands() || !slices.Contains([]string{"yes no", "no yes"}, a.Value+" "+b.Value) || aboutOf(a, asked) != aboutOf(b, asked) {
		return false
	}
	return before(a.From, b.To) && before(b.From, a.To)
}

// before says whether a stretch that begins at from begins before one ends at to; open ends are endless.
func before(from, to time.Time) bool { return from.IsZero() || to.IsZero() || from.Before(to) }

// aboutOf writes what an answer is about, the same for a question and for its subject.
func aboutOf(a *config.Answer, asked map[string]cases.Subject) string {
	if s, ok := asked[a.Question]; ok && a.Question != "" {
		return strings.ToLower(fmt.Sprintf("%s|%s|%s|%s", s.Account, s.Address, s.Host, s.Object))
	}
	if a.Question != "" {
		return a.Question
	}
	ip := ""
	if a.Subject.Address.IsValid() {
		ip = a.Subject.Address.String()
	}
	return strings.ToLower(fmt.Sprintf("%s|%s|%s|%s", a.Subject.Account, ip, a.Subject.Host, a.Subject.Finding))
}
