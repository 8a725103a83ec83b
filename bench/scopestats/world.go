// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/bench/scoping"
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/node"
)

// world is one drill to measure on.
type world struct {
	Drill    string `json:"drill"`
	Variant  string `json:"variant"` // as Vary names it; plain: none
	Seed     uint64 `json:"seed"`
	Accounts int    `json:"accounts"` // 0: the drill's own
	Days     int    `json:"days"`     // 0: the drill's own
	Peak     int    `json:"peak"`     // guesses at each account on the worst day; 0: the drill's own
	Most     int    `json:"most_questions"`
}

// plain is the drill without a variant.
const plain = "plain"

func (w *world) name() string {
	return fmt.Sprintf("%s-%s-%d-%d-%d-%d-%d", w.Drill, w.Variant, w.Seed, w.Accounts, w.Days, w.Peak, w.Most)
}

func (w *world) options() (drill.Options, error) {
	o := drill.Options{Name: w.Drill, Seed: w.Seed, Accounts: w.Accounts, Days: w.Days, PeakPerAccount: w.Peak}
	if w.Variant != plain {
		if err := o.Vary(w.Variant); err != nil {
			return o, err
		}
	}
	return o, o.Check()
}

// row is what came of one world; it is kept as a file, so that an interrupted measurement goes on where it was.
type row struct {
	world
	Build   string  `json:"build"`
	Took    float64 `json:"seconds"`
	Lines   int64   `json:"lines"`
	Graph   [2]int  `json:"graph"`        // accounts and addresses with a login
	Given   int     `json:"given"`        // accounts known on the first day, which the other methods start from
	Sources int     `json:"given_places"` // and addresses

	Methods []effort       `json:"methods"`
	Rungs   map[string]hit `json:"rungs"`  // accounts, before any answer, by the rung that they are spoken of with
	Wrong   []string       `json:"wrong"`  // honest accounts called compromised, before any answer
	Missed  []string       `json:"missed"` // victims, likewise
}

// hit counts accounts and those of them that the intruder got into.
type hit struct {
	Accounts int `json:"accounts"`
	True     int `json:"true"`
}

// effort is what one method came to with one person's answers.
type effort struct {
	Method    string  `json:"method"`
	Right     float64 `json:"right"` // how often the person is right; 0: nobody is asked
	Questions int     `json:"questions"`
	Ended     string  `json:"ended,omitempty"`
	Victims   int     `json:"victims"` // that some log shows
	Found     int     `json:"found"`
	Wrong     int     `json:"wrong"` // honest accounts that are condemned
}

func (e *effort) recall() scoping.Share { return scoping.Share{Part: e.Found, Whole: e.Victims} }
func (e *effort) precision() scoping.Share {
	return scoping.Share{Part: e.Found, Whole: e.Found + e.Wrong}
}

// sekisho is the method that is measured; the others are named by baselines.
const sekisho = "Sekisho"

// levels are how often the people are right who are asked.
func levels() []float64 { return []float64{1, 0.95} }

// measure makes a world in a folder below dir, which it removes, investigates it and asks.
func measure(ctx context.Context, dir string, w world) (_ *row, err error) {
	begun := time.Now()
	o, err := w.options()
	if err != nil {
		return nil, err
	}
	dir, err = os.MkdirTemp(dir, "sekisho-scope-")
	if err != nil {
		return nil, fmt.Errorf("make a folder to work in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	made, err := node.Rehearse(ctx, dir, o, node.Options{Version: version, Home: filepath.Join(dir, "key")})
	if err != nil {
		return nil, err
	}
	r := &row{world: w, Build: version, Lines: made.Truth.Lines, Rungs: map[string]hit{}, Wrong: made.Result.Accounts.Wrong, Missed: made.Result.Accounts.Missed}
	r.rungs(made)
	if err := r.own(ctx, made); err != nil {
		return nil, err
	}
	if err := r.baselines(ctx, made); err != nil {
		return nil, err
	}
	r.Took = float64(int(time.Since(begun).Seconds()*10)) / 10
	return r, nil
}

// rungs counts the accounts of the case by how surely their harm is spoken of; those that it cleared are a rung too.
func (r *row) rungs(made *node.Rehearsal) {
	for i := range made.Outcome.Case.Accounts {
		a := &made.Outcome.Case.Accounts[i]
		rung := string(a.Verdict)
		if a.Verdict == cases.AccountCompromised || a.Verdict == cases.AccountSuspected {
			rung += "/" + string(a.Rung())
		}
		h := r.Rungs[rung]
		h.Accounts++
		if made.Truth.Entered(append([]string{a.Name}, a.Aliases...)...) {
			h.True++
		}
		r.Rungs[rung] = h
	}
}

// own measures Sekisho: first without any answer, then with each person's.
func (r *row) own(ctx context.Context, made *node.Rehearsal) error {
	t := &made.Result.Accounts
	r.Methods = append(r.Methods, effort{Method: sekisho, Victims: t.Knowable, Found: t.Found, Wrong: len(t.Wrong)})
	c := made.Outcome.Consult()
	for _, right := range levels() {
		a, err := c.Ask(ctx, made.Truth, right, r.Most)
		if err != nil {
			return err
		}
		r.Methods = append(r.Methods, effort{Method: sekisho, Right: right, Questions: a.Questions, Ended: a.Ended, Victims: a.Victims, Found: a.After,
			Wrong: len(t.Wrong) + len(a.Accused) - len(a.Released)})
	}
	return nil
}

// ranking is a method of ordering the questions about addresses.
type ranking struct {
	name string
	rank scoping.Ranking
}

func (r *row) rankings() []ranking {
	return []ranking{{"most hits", scoping.MostHits}, {"PageRank", scoping.PageRank}, {"belief propagation", scoping.Belief}, {"random order", scoping.Random(r.Seed)}}
}

// closure is the method that asks nobody.
const closure = "plain closure"

// baselines measures the other methods on the logins of the same records. They start from what the story knew on the first day: its
// accounts, and its addresses, but for those that honest people share, which would condemn these at once. The person is asked whether
// an address was the intruder's alone. Closure takes the shared ones too: that is what it is.
func (r *row) baselines(ctx context.Context, made *node.Rehearsal) error {
	var edges []scoping.Edge
	for _, l := range made.Outcome.Consult().Logins() {
		edges = append(edges, scoping.Edge{Account: l.Account, Address: l.Address.String()})
	}
	g := scoping.NewGraph(edges)
	r.Graph[0], r.Graph[1] = g.Size()
	var start, all scoping.Start
	if f := made.Truth.Found; f != nil {
		all = scoping.Start{Accounts: f.Accounts, Addresses: f.Addresses}
		start.Accounts = f.Accounts
		for _, ip := range f.Addresses {
			if !slices.ContainsFunc(made.Truth.Shared, func(s drill.Shared) bool { return s.IP == ip }) {
				start.Addresses = append(start.Addresses, ip)
			}
		}
	}
	r.Given, r.Sources = len(all.Accounts), len(all.Addresses)
	condemned, _ := g.Closure(all)
	r.Methods = append(r.Methods, r.effort(made.Truth, closure, condemned))
	enough := func(condemned []string) bool { return len(tally(made.Truth, condemned).Missed) == 0 }
	for _, right := range levels() {
		person := made.Truth.Person(right)
		ask := func(ip string) scoping.Known {
			switch answer, _ := person.Answer(drill.Question{ID: ip, Address: ip}); answer {
			case "no":
				return scoping.Bad
			case "yes":
				return scoping.Good
			}
			return scoping.Asked
		}
		for _, m := range r.rankings() {
			if err := ctx.Err(); err != nil {
				return err
			}
			a := g.Adjudicate(start, m.rank, ask, enough, r.Most)
			e := r.effort(made.Truth, m.name, a.Accounts)
			e.Right, e.Questions, e.Ended = right, a.Questions, string(a.Ended)
			r.Methods = append(r.Methods, e)
		}
	}
	return nil
}

func (r *row) effort(truth *drill.Truth, method string, condemned []string) effort {
	t := tally(truth, condemned)
	return effort{Method: method, Victims: t.Knowable, Found: t.Found, Wrong: len(t.Wrong)}
}

func tally(truth *drill.Truth, condemned []string) drill.Tally {
	all := make([]drill.AccountVerdict, 0, len(condemned))
	for _, n := range condemned {
		all = append(all, drill.AccountVerdict{Names: []string{strings.ToLower(n)}, Verdict: "compromised"})
	}
	return truth.TallyAccounts(all)
}
