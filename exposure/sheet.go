// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Column is one column of the worksheet.
type Column struct {
	Key    string
	Title  event.Words
	Fill   bool // by the reviewer
	Number bool
	Width  int // in characters, for a spreadsheet
}

// The places of the columns. Readers find columns by their titles, in whatever order they stand.
const (
	colID = iota
	colDepartment
	colAccount
	colKind
	colObject
	colLevel
	colBasis
	colFirst
	colLast
	colConfirmed
	colEstimated
	colUpper
	colEvidence
	colClass
	colItems
	colPersons
	colMost
	colGrade
	colRemark
	columns
)

// Columns returns the columns of the worksheet in their order. Their keys stay.
func Columns() []Column {
	return []Column{
		colID:         {Key: "id", Title: event.Words{Ja: "番号", En: "ID"}, Width: 15},
		colDepartment: {Key: "department", Title: event.Words{Ja: "部署", En: "Department"}, Width: 16},
		colAccount:    {Key: "account", Title: event.Words{Ja: "アカウント", En: "Account"}, Width: 26},
		colKind:       {Key: "kind", Title: event.Words{Ja: "種類", En: "Kind"}, Width: 12},
		colObject:     {Key: "object", Title: event.Words{Ja: "対象", En: "Object"}, Width: 30},
		colLevel:      {Key: "level", Title: event.Words{Ja: "程度", En: "Level"}, Width: 18},
		colBasis:      {Key: "basis", Title: event.Words{Ja: "根拠", En: "Basis"}, Width: 12},
		colFirst:      {Key: "first", Title: event.Words{Ja: "最初", En: "First"}, Width: 17},
		colLast:       {Key: "last", Title: event.Words{Ja: "最後", En: "Last"}, Width: 17},
		colConfirmed:  {Key: "confirmed", Title: event.Words{Ja: "確認", En: "Confirmed"}, Number: true, Width: 9},
		colEstimated:  {Key: "estimated", Title: event.Words{Ja: "推定", En: "Estimated"}, Number: true, Width: 9},
		colUpper:      {Key: "upper", Title: event.Words{Ja: "上限", En: "At most"}, Number: true, Width: 9},
		colEvidence:   {Key: "evidence", Title: event.Words{Ja: "記録", En: "Evidence"}, Width: 36},
		colClass:      {Key: "class", Title: event.Words{Ja: "分類（記入）", En: "Class (fill in)"}, Fill: true, Width: 24},
		colItems:      {Key: "items", Title: event.Words{Ja: "件数（記入）", En: "Items (fill in)"}, Fill: true, Width: 13},
		colPersons:    {Key: "persons", Title: event.Words{Ja: "人数（記入）", En: "Persons (fill in)"}, Fill: true, Width: 13},
		colMost:       {Key: "persons_upper", Title: event.Words{Ja: "人数の上限（幅があれば記入）", En: "Persons at most (fill in if not exact)"}, Fill: true, Width: 16},
		colGrade:      {Key: "confidentiality", Title: event.Words{Ja: "機密性（記入）", En: "Confidentiality (fill in)"}, Fill: true, Width: 14},
		colRemark:     {Key: "remark", Title: event.Words{Ja: "備考（記入）", En: "Remark (fill in)"}, Fill: true, Width: 30},
	}
}

// Sheet is a worksheet: cells as text, the titles first.
type Sheet struct {
	Rows [][]string
	Left int // rows of the ledger that are not in it, since they are of other departments
}

// Options of a worksheet.
type Options struct {
	Department string // only its rows; empty: all
	Japanese   bool
}

// Make makes the worksheet of a case: a row for each row of the ledger, and for each part of it where it was reviewed before.
func Make(c *cases.Case, o Options) (*Sheet, error) {
	if i := slices.IndexFunc(c.Exposure, func(e cases.Exposure) bool { return e.ID == "" }); i >= 0 {
		return nil, refuse("この事案は行の番号を持たない以前の版で作られています：sekisho scope で新しい版を作ってから、もう一度実行してください",
			"the case was made by an earlier version, and its rows have no identities: make a new revision with sekisho scope, then try again")
	}
	say := func(w event.Words) string {
		if o.Japanese {
			return w.Ja
		}
		return w.En
	}
	s := &Sheet{}
	var head []string
	for _, col := range Columns() {
		head = append(head, say(col.Title))
	}
	s.Rows = append(s.Rows, head)
	departments := map[string]string{}
	for i := range c.Accounts {
		departments[c.Accounts[i].Name] = c.Accounts[i].Department
	}
	list := make([]*cases.Exposure, len(c.Exposure))
	for i := range list {
		list[i] = &c.Exposure[i]
	}
	slices.SortStableFunc(list, func(a, b *cases.Exposure) int {
		return cmp.Or(cmp.Compare(departments[a.Account], departments[b.Account]), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Class, b.Class), cmp.Compare(a.ID, b.ID))
	})
	zone := c.Institute.Zone()
	when := func(t cases.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.Time().In(zone).Format("2006-01-02 15:04")
	}
	for _, e := range list {
		if o.Department != "" && departments[e.Account] != o.Department {
			s.Left++
			continue
		}
		basis := e.Basis
		if e.Review != nil {
			basis = e.Review.Was
		}
		row := make([]string, columns)
		row[colID], row[colDepartment], row[colAccount], row[colObject] = e.ID, departments[e.Account], e.Account, e.Object
		row[colKind], row[colLevel], row[colBasis] = say(e.Class.Words()), say(e.Level.Words()), say(basis.Words())
		row[colFirst], row[colLast] = when(e.First), when(e.Last)
		row[colConfirmed], row[colEstimated], row[colUpper] = strconv.FormatInt(e.Count.Confirmed, 10), strconv.FormatInt(e.Count.Estimated, 10), upper(e.Count)
		row[colEvidence] = evidence(e.Evidence)
		for k := range row {
			row[k] = visible(row[k])
		}
		if e.Review == nil {
			s.Rows = append(s.Rows, row)
			continue
		}
		for _, p := range e.Review.Parts {
			again := slices.Clone(row)
			again[colClass], again[colItems], again[colRemark] = p.Class, strconv.FormatInt(p.Items, 10), p.Remark
			again[colPersons], again[colMost] = persons(p.PersonsLower, p.PersonsUpper)
			if p.Confidentiality > 0 {
				again[colGrade] = strconv.Itoa(p.Confidentiality)
			}
			s.Rows = append(s.Rows, again)
		}
	}
	return s, nil
}

// upper is empty where no record bounds the number: a reviewer must say it.
func upper(n cases.Count) string {
	if n.Undetermined > 0 || n.Upper == 0 {
		return ""
	}
	return strconv.FormatInt(n.Upper, 10)
}

// persons returns the cells of a number of persons and of its upper bound, as they are read.
func persons(lower, upper *int64) (string, string) {
	switch {
	case lower == nil:
		return "", ""
	case upper == nil:
		return strconv.FormatInt(*lower, 10), "?"
	case *lower == *upper:
		return strconv.FormatInt(*upper, 10), ""
	}
	return strconv.FormatInt(*lower, 10), strconv.FormatInt(*upper, 10)
}

// mostPlaces is how many records a cell names; case.json has all.
const mostPlaces = 3

func evidence(list []cases.Evidence) string {
	var out []string
	for i := range list {
		if len(out) == mostPlaces {
			out = append(out, fmt.Sprintf("+%d", len(list)-i))
			break
		}
		if e := &list[i]; len(e.Parts) > 0 {
			out = append(out, e.Input+":"+strconv.FormatInt(e.Parts[0].Line, 10))
		}
	}
	return strings.Join(out, "; ")
}

// maxCell bounds a cell, in characters. Excel takes 32,767.
const maxCell = 1000

// visible makes a cell of a text that a log may have chosen: no control characters, none that turn the direction of writing, bounded.
func visible(s string) string {
	plain := true
	for _, r := range s {
		plain = plain && shown(r)
	}
	if plain && len(s) <= maxCell {
		return s
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n++; n > maxCell {
			b.WriteString("…")
			break
		}
		if !shown(r) {
			fmt.Fprintf(&b, "<%04X>", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func shown(r rune) bool { return (unicode.IsPrint(r) || r == '\u3000') && r != utf8.RuneError }
