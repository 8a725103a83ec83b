// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"cmp"
	"slices"
)

// Leaving is how far things of one place went: what left, what may have been seen, and what no record tells of.
type Leaving struct {
	Leaked       int64 `json:"leaked"`       // leaked, or presumed to be
	Seen         int64 `json:"seen"`         // viewed, or may have been
	Undetermined int64 `json:"undetermined"` // no record tells
}

func (l *Leaving) add(v Level, n int64) {
	switch v {
	case Leaked, LeakPresumed:
		l.Leaked += n
	case Viewed, Possible:
		l.Seen += n
	default:
		l.Undetermined += n
	}
}

func (l *Leaving) sum() int64 { return l.Leaked + l.Seen + l.Undetermined }

// ClassTally counts the things of one kind by the institute's rules, by where they lay. Things are counted, not documents: what lay in two
// mailboxes counts twice.
type ClassTally struct {
	Class       string  `json:"class"` // the reviewers' word; empty for what nobody has reviewed
	Mail        Leaving `json:"mail"`
	Inside      Leaving `json:"inside"` // files and the directory
	Credentials Leaving `json:"credentials"`
	Total       int64   `json:"total"`
	// PersonsLower is the largest number of any one row, since the same persons may stand in all of them; PersonsUpper is the sum of all rows.
	PersonsLower int64 `json:"persons_lower"`
	PersonsUpper int64 `json:"persons_upper"`
	PersonsOpen  int64 `json:"persons_open"` // things of which nobody said how many persons are in them: PersonsUpper does not cover these
	Grades       Grade `json:"grades"`       // things by 機密性
	Rows         int   `json:"rows"`         // of the ledger that it counts things of
}

// Grade counts things by confidentiality (機密性).
type Grade struct {
	Three int64 `json:"3"`
	Two   int64 `json:"2"`
	One   int64 `json:"1"`
	None  int64 `json:"unsaid"`
}

// ExposureTable is the table of what leaked and what may have been seen, by the institute's own kinds (as in the report of a breach), reviewed
// and unreviewed apart.
type ExposureTable struct {
	Classes    []ClassTally `json:"classes"`    // reviewed, by class; "-" (nothing that matters) last
	Unreviewed ClassTally   `json:"unreviewed"` // by the machine's best guess
	Places     int64        `json:"places"`     // mailboxes and folders that nobody has reviewed and of whose content no record tells
	Rows       int          `json:"rows"`
	Reviewed   int          `json:"reviewed"` // rows that a person has looked at
}

// NothingThatMatters is the class of things that a person looked at and that no rule covers.
const NothingThatMatters = "-"

// Classify counts what was exposed by the classes that people gave it.
func (c *Case) Classify() *ExposureTable {
	t := &ExposureTable{Classes: []ClassTally{}, Rows: len(c.Exposure)}
	at := map[string]int{}
	for i := range c.Exposure {
		e := &c.Exposure[i]
		rest := e.Count.Estimated
		if e.Review == nil {
			t.Places += e.Count.Undetermined
		} else {
			t.Reviewed++
			seen := map[string]bool{}
			for k := range e.Review.Parts {
				p := &e.Review.Parts[k]
				n, ok := at[p.Class]
				if !ok {
					n = len(t.Classes)
					at[p.Class] = n
					t.Classes = append(t.Classes, ClassTally{Class: p.Class})
				}
				t.Classes[n].take(e, p)
				if !seen[p.Class] {
					t.Classes[n].Rows++
				}
				seen[p.Class] = true
				rest -= p.Items
			}
		}
		if e.Review == nil || rest > 0 {
			t.Unreviewed.count(e, max(0, rest))
			t.Unreviewed.Rows++
		}
	}
	slices.SortFunc(t.Classes, func(a, b ClassTally) int {
		return cmp.Or(last(a.Class)-last(b.Class), cmp.Compare(a.Class, b.Class))
	})
	return t
}

func last(class string) int {
	if class == NothingThatMatters {
		return 1
	}
	return 0
}

func (t *ClassTally) count(e *Exposure, n int64) {
	switch e.Class {
	case ClassMail:
		t.Mail.add(e.Level, n)
	case ClassCredential:
		t.Credentials.add(e.Level, n)
	default:
		t.Inside.add(e.Level, n)
	}
	t.Total = t.Mail.sum() + t.Inside.sum() + t.Credentials.sum()
}

func (t *ClassTally) take(e *Exposure, p *ReviewPart) {
	t.count(e, p.Items)
	if p.PersonsLower != nil {
		t.PersonsLower = max(t.PersonsLower, *p.PersonsLower)
	}
	if p.PersonsUpper != nil {
		t.PersonsUpper += *p.PersonsUpper
	} else {
		t.PersonsOpen += p.Items
	}
	switch p.Confidentiality {
	case 1:
		t.Grades.One += p.Items
	case 2:
		t.Grades.Two += p.Items
	case 3:
		t.Grades.Three += p.Items
	default:
		t.Grades.None += p.Items
	}
}
