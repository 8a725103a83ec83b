// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"hash/fnv"
	"slices"
	"strings"
)

// Person is somebody of the drill's institute who is asked about a login: its owner, or whoever runs the network. He answers by
// the truth, but he is right only so often, and one time in ten he does not know. What he answers depends on the drill's
// seed and the question alone, not on what was asked before; and who is less often right errs wherever one errs who is
// right more often.
type Person struct {
	truth   *Truth
	right   float64
	victims map[string]*Account
	bad     map[string]bool // addresses that only the intruder used, and hosts that he controlled, by name and address
}

// doesNotKnow is how often a person does not know.
const doesNotKnow = 0.1

// Levels are how often the people are right who are asked for a score.
func Levels() []float64 { return []float64{1, 0.95, 0.9} }

// Person returns somebody who is right with that probability, when he knows.
func (t *Truth) Person(right float64) *Person {
	p := &Person{truth: t, right: right, victims: t.victims(), bad: map[string]bool{}}
	for _, a := range t.Addresses {
		p.bad[a.IP] = true
	}
	for _, h := range t.Hosts {
		if h.Verdict == "compromised" {
			p.bad[strings.ToLower(h.Name)], p.bad[h.IP] = true, true
		}
	}
	return p
}

// Question is what is asked: whether the use of an account from an address was legitimate, or of either, or of a host.
type Question struct {
	ID                     string // the same question has the same
	Account, Address, Host string // empty where it is not about one
}

// Answer returns yes, no or unknown, as the answers of people are written, and whether a yes or no is wrong.
func (p *Person) Answer(q Question) (answer string, wrong bool) {
	h := fnv.New64a()
	h.Write([]byte(q.ID))
	d := roll(p.truth.Seed, streamPerson, h.Sum64())
	knows, luck := !d.chance(doesNotKnow), d.unit()
	if !knows {
		return "unknown", false
	}
	legitimate := p.legitimate(q)
	if wrong = luck >= p.right; wrong {
		legitimate = !legitimate
	}
	if legitimate {
		return "yes", wrong
	}
	return "no", wrong
}

// legitimate says what is true. An account that the intruder was in was not its owner's at an address from which he got into it,
// whoever else uses that address, nor at an address that only he used or on a host that he controlled; an address by itself is bad
// only if nobody else used it.
func (p *Person) legitimate(q Question) bool {
	v := p.victims[plainName(q.Account)]
	switch {
	case q.Account != "" && q.Address != "":
		return v == nil || !slices.Contains(v.Addresses, q.Address) && !p.bad[q.Address]
	case q.Account != "":
		return v == nil
	case q.Address != "":
		return !p.bad[q.Address]
	}
	return !p.bad[strings.ToLower(q.Host)]
}

// Asking is what came of putting a case's questions, one after the other, to a simulated person.
type Asking struct {
	Right     float64 `json:"right"`        // how often the person is right
	Questions int     `json:"questions"`    // that were asked until it ended
	Unknown   int     `json:"did_not_know"` // of them
	Wrong     int     `json:"wrong_answers"`
	Rounds    int     `json:"rounds"` // how often the case was scoped again
	Ended     string  `json:"ended"`  // all-known, no-more-questions, bound

	Victims int `json:"victims"` // that some log shows
	Before  int `json:"found_before"`
	After   int `json:"found_after"`

	// Accused are honest accounts that were called compromised in the end and not in the beginning, Released those the other way
	// round, and Lost victims that were found in the beginning and not in the end.
	Accused  []string `json:"newly_accused"`
	Released []string `json:"released"`
	Lost     []string `json:"lost"`
}

// The ways in which asking ends.
const (
	AllKnown        = "all-known"
	NoMoreQuestions = "no-more-questions"
	AskedEnough     = "bound"
)

// Compare fills in what changed between the accounts before and after.
func (a *Asking) Compare(before, after *Tally) {
	minus := func(x, y []string) []string {
		out := []string{}
		for _, n := range x {
			if !slices.Contains(y, n) {
				out = append(out, n)
			}
		}
		return out
	}
	a.Victims, a.Before, a.After = max(before.Knowable, after.Knowable), before.Found, after.Found
	a.Accused, a.Released, a.Lost = minus(after.Wrong, before.Wrong), minus(before.Wrong, after.Wrong), minus(after.Missed, before.Missed)
}
