// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package exposure takes the ledger of what was exposed to the people who know what the things are, and back: it makes a worksheet of the rows
// of a case, reads what reviewers filled in, and keeps every review in a book beside the case. It decides nothing by itself: what a thing is by
// the institute's rules, and how many persons it concerns, is said by people.
package exposure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// FileName is the file of a case that keeps what reviewers said.
const FileName = "exposure.json"

// MaxFile bounds that file, in bytes.
const MaxFile = 256 << 20

const fileSchema = "sekisho.exposure-reviews/1"

// Entry is one person's review of one row. Entries are only ever added; the last one on a row holds.
type Entry struct {
	ID       string             `json:"id"` // E-…
	By       string             `json:"by"`
	At       cases.Time         `json:"at"`       // when it was looked at
	Recorded cases.Time         `json:"recorded"` // when it was written down
	File     string             `json:"file"`     // the worksheet that it came in
	SHA256   string             `json:"sha256"`   // of that file
	Row      int                `json:"row"`      // its first row there, from 1
	Parts    []cases.ReviewPart `json:"parts"`

	// What the row was when it was reviewed, so that it can be told also where a later revision has it no longer.
	Class   cases.ExposureClass `json:"class"`
	Account string              `json:"account"`
	Object  string              `json:"object"`
	Level   cases.Level         `json:"level"`
	Count   cases.Count         `json:"count"`
}

type file struct {
	Schema  string  `json:"schema"`
	Reviews []Entry `json:"reviews"` // in the order in which they were written down
}

// Decode reads the reviews of a case.
func Decode(text []byte) ([]Entry, error) {
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, event.Tell("%s を読めません：%v", "read %s: %v", FileName, err)
	}
	if f.Schema != fileSchema {
		return nil, event.Tell("%s を読めません：%q は %s ではありません", "read %s: its schema is %q and not %s", FileName, f.Schema, fileSchema)
	}
	for i := range f.Reviews {
		if e := &f.Reviews[i]; e.ID == "" || e.By == "" || e.At.IsZero() || len(e.Parts) == 0 {
			return nil, event.Tell("%s を読めません：%d 番目の記載に id、by、at、parts のいずれかがありません", "read %s: review %d lacks its id, by, at or parts", FileName, i+1)
		}
	}
	return f.Reviews, nil
}

// Encode writes the reviews of a case.
func Encode(book []Entry) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(file{fileSchema, book})
	return b.Bytes(), err
}

// standing returns the last entry on each row, and how many stand before it.
func standing(book []Entry) (map[string]*Entry, map[string]int) {
	last, earlier := map[string]*Entry{}, map[string]int{}
	for i := range book {
		id := book[i].ID
		if last[id] != nil {
			earlier[id]++
		}
		last[id] = &book[i]
	}
	return last, earlier
}

// Add adds entries to a book. One that says what its row's last review by the same person says already is no news, and is left out; its number
// is returned.
func Add(book, add []Entry) (out []Entry, same int) {
	out = slices.Clone(book)
	last, _ := standing(book)
	for _, e := range add {
		if was := last[e.ID]; was != nil && was.By == e.By && sameParts(was.Parts, e.Parts) {
			same++
			continue
		}
		out = append(out, e)
	}
	return out, same
}

func sameParts(a, b []cases.ReviewPart) bool {
	return slices.EqualFunc(a, b, func(x, y cases.ReviewPart) bool {
		lower, upper := sameNumber(x.PersonsLower, y.PersonsLower), sameNumber(x.PersonsUpper, y.PersonsUpper)
		x.PersonsLower, x.PersonsUpper, y.PersonsLower, y.PersonsUpper = nil, nil, nil, nil
		return lower && upper && x == y
	})
}

func sameNumber(a, b *int64) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// Apply puts into the rows of a case what people said of them. It may be called again: what a row rests on by itself is kept in its review.
func Apply(c *cases.Case, book []Entry) {
	last, earlier := standing(book)
	for i := range c.Exposure {
		e := &c.Exposure[i]
		r := last[e.ID]
		if r == nil || e.ID == "" {
			continue
		}
		was := e.Basis
		if e.Review != nil {
			was = e.Review.Was
		}
		e.Basis = cases.Reviewed
		e.Review = &cases.Review{By: r.By, At: r.At, Was: was, Earlier: earlier[e.ID], Parts: r.Parts}
	}
}

// Orphans returns the last reviews of rows that the case has no longer: more records or answers took away what they rest on. They are kept.
func Orphans(c *cases.Case, book []Entry) []Entry {
	has := map[string]bool{}
	for i := range c.Exposure {
		has[c.Exposure[i].ID] = true
	}
	last, _ := standing(book)
	var out []Entry
	for i := range book {
		if e := &book[i]; last[e.ID] == e && !has[e.ID] {
			out = append(out, *e)
		}
	}
	return out
}

// Decisions tells each worksheet that was read as one decision of a person.
func Decisions(book []Entry) []cases.Decision {
	type batch struct {
		by, file, sum string
		at, recorded  cases.Time
	}
	var order []batch
	rows := map[batch]int{}
	for i := range book {
		b := batch{book[i].By, book[i].File, book[i].SHA256, book[i].At, book[i].Recorded}
		if rows[b] == 0 {
			order = append(order, b)
		}
		rows[b]++
	}
	out := make([]cases.Decision, 0, len(order))
	for _, b := range order {
		out = append(out, cases.Decision{At: b.at, By: b.by, What: fmt.Sprintf("exposure review: rows %d, worksheet sha256 %.16s", rows[b], b.sum), Why: b.file})
	}
	return out
}

// Limits says what the case cannot show of the reviews.
func Limits(c *cases.Case, book []Entry) []event.Words {
	n := len(Orphans(c, book))
	if n == 0 {
		return nil
	}
	return []event.Words{{Ja: fmt.Sprintf("人が確認した %d 行は、この版の漏えい・閲覧の台帳にはない（根拠が変わった）。確認の結果は %s に残っている。", n, FileName),
		En: fmt.Sprintf("Rows that people reviewed and that this revision's ledger of exposure has no longer, since what they rest on changed: %d. The reviews are kept in %s.", n, FileName)}}
}
