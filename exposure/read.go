// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Refused is the error of what is wrong in a worksheet, or in who is said to have filled it in: nothing was recorded.
type Refused struct{ err error }

func (e *Refused) Error() string { return e.err.Error() }

func (e *Refused) Unwrap() error { return e.err }

func refuse(ja, en string, args ...any) error { return &Refused{event.Tell(ja, en, args...)} }

func tooLarge() error {
	return refuse("大きすぎます（%d MiB、%d 行、%d 列まで）：部署ごとに分けてください", "it is too large (at most %d MiB, %d rows, %d columns): split it by department", MaxSheet>>20, maxRows, maxCols)
}

// Said is who filled in a worksheet, and when.
type Said struct {
	By       string
	At       cases.Time
	Recorded cases.Time
}

// Bounds of what a reviewer says.
const (
	maxName   = 200 // characters of a name or a class
	maxRemark = 1000
	maxNumber = 1_000_000_000 // items and persons
	maxWrong  = 20            // mistakes that are told at once
	maxParts  = 200           // of one row
)

// Decoder returns in UTF-8 a text that is in the country's old encoding; false where it is anything else.
type Decoder func(text []byte) ([]byte, bool)

// Read reads a worksheet that was filled in, CSV or XLSX, as entries for the book. CSV that is no UTF-8 is read with the decoder (nil: refused). Rows of which nothing is filled in are no review, and are
// left out. It refuses everything if anything is wrong, and says in which row and column, and what to write there.
func Read(name string, text []byte, c *cases.Case, said Said, decode Decoder) ([]Entry, error) {
	base := visible(filepath.Base(name))
	if strings.TrimSpace(said.By) == "" || utf8.RuneCountInString(said.By) > maxName {
		return nil, refuse("誰が確認したかを --by で指定してください（%d 文字まで）", "say with --by who reviewed it (at most %d characters)", maxName)
	}
	if said.At > said.Recorded {
		return nil, refuse("%s は未来の時刻です：確認してから記録してください", "%s lies in the future: record it once it is reviewed", said.At)
	}
	if len(text) > MaxSheet {
		return nil, &Refused{event.Tell("%s：%v", "%s: %v", base, tooLarge())}
	}
	var cells [][]string
	var err error
	if bytes.HasPrefix(text, []byte("PK\x03\x04")) {
		cells, err = readXLSX(text)
	} else {
		cells, err = readCSV(text, decode)
	}
	if err != nil {
		return nil, &Refused{event.Tell("%s：%v", "%s: %v", base, err)}
	}
	sum := sha256.Sum256(text)
	r := &reader{c: c, rows: map[string]*cases.Exposure{}, at: map[string]int{}, entry: Entry{By: said.By, At: said.At, Recorded: said.Recorded, File: base, SHA256: hex.EncodeToString(sum[:])}}
	for i := range c.Exposure {
		r.rows[c.Exposure[i].ID] = &c.Exposure[i]
	}
	if err := r.read(cells); err != nil {
		return nil, &Refused{event.Tell("%s：%v", "%s: %v", base, err)}
	}
	return r.out, nil
}

// reader makes entries of cells.
type reader struct {
	c     *cases.Case
	rows  map[string]*cases.Exposure
	at    map[string]int // where in out a row's entry is
	entry Entry
	out   []Entry
	wrong []error
}

// blank says of a part that its number of items was left out.
const blank = -1

func (r *reader) read(cells [][]string) error {
	head, places, err := columnsOf(cells)
	if err != nil {
		return err
	}
	for i := head + 1; i < len(cells) && len(r.wrong) < maxWrong; i++ {
		get := func(col int) string {
			if p := places[col]; p >= 0 && p < len(cells[i]) {
				return strings.Trim(fused(cells[i][p]), " \t\r\n\u3000")
			}
			return ""
		}
		r.row(i+1, get)
	}
	for i := range r.out {
		r.settle(&r.out[i])
	}
	if len(r.wrong) > 0 {
		return errors.Join(r.wrong[:min(len(r.wrong), maxWrong)]...)
	}
	return nil
}

// columnsOf finds the titles, in either language or as keys, and where each column stands; -1: nowhere.
func columnsOf(cells [][]string) (int, []int, error) {
	for i := range cells[:min(len(cells), 20)] {
		places := make([]int, columns)
		for k, col := range Columns() {
			places[k] = -1
			for p, cell := range cells[i] {
				if t := strings.TrimSpace(cell); places[k] < 0 && (strings.EqualFold(t, col.Key) || t == col.Title.Ja || strings.EqualFold(t, col.Title.En)) {
					places[k] = p
				}
			}
		}
		if places[colID] < 0 {
			continue
		}
		for _, k := range []int{colClass, colItems, colPersons, colMost, colGrade} {
			if places[k] < 0 {
				t := Columns()[k].Title
				return 0, nil, refuse("%d 行目の見出しに「%s」の列がありません：sekisho exposure worksheet の見出しのままにしてください", "row %d, the titles: there is no column %q: leave the titles as sekisho exposure worksheet writes them", i+1, t)
			}
		}
		return i, places, nil
	}
	return 0, nil, refuse("見出しの行がありません：「番号」または「ID」の列がある、sekisho exposure worksheet で作った表を渡してください", "no row of titles with a column \"ID\": give a sheet that sekisho exposure worksheet made")
}

// fail notes what is wrong in a cell.
func (r *reader) fail(row, col int, ja, en string, args ...any) {
	what := event.Tell(ja, en, args...)
	r.wrong = append(r.wrong, event.Tell("%d 行目「%s」：%v", "row %d, %q: %v", row, Columns()[col].Title, what))
}

func (r *reader) row(n int, get func(int) string) {
	class, items, people, most, grade, remark := get(colClass), get(colItems), get(colPersons), get(colMost), get(colGrade), get(colRemark)
	if class == "" && items == "" && people == "" && most == "" && grade == "" && remark == "" {
		return
	}
	id := get(colID)
	e := r.rows[id]
	switch {
	case id == "":
		r.fail(n, colID, "記入がありますが番号がありません。分類を分けるときは、元の行の番号を写してください", "the row is filled in and has no ID: to split a row into classes, copy the ID of the row")
		return
	case e == nil:
		r.fail(n, colID, "%q はこの事案の台帳にありません。sekisho exposure で番号を確かめてください", "this case's ledger has no row %q: sekisho exposure lists them", id)
		return
	}
	for _, k := range []struct {
		col int
		was string
	}{{colAccount, e.Account}, {colObject, e.Object}} {
		if got := get(k.col); got != "" && !alike(got, visible(k.was)) {
			r.fail(n, k.col, "番号 %s は %q の行ですが、%q と書かれています。一部の列だけを並べ替えていないか確かめてください", "ID %s is the row of %q, and here stands %q: were only some columns sorted?", id, visible(k.was), visible(got))
			return
		}
	}
	part := cases.ReviewPart{Class: class, Items: blank, Remark: remark}
	ok := true
	if part.Class == "" {
		r.fail(n, colClass, "分類がありません。該当するものがなければ - と書いてください", "the class is missing: write - where nothing in it matters")
		ok = false
	}
	if utf8.RuneCountInString(class) > maxName {
		r.fail(n, colClass, "%d 文字までです", "at most %d characters", maxName)
		ok = false
	}
	if utf8.RuneCountInString(remark) > maxRemark {
		r.fail(n, colRemark, "%d 文字までです", "at most %d characters", maxRemark)
		ok = false
	}
	var good bool
	if items != "" {
		if part.Items, good = numeral(items); !good {
			r.fail(n, colItems, "%q は件数ではありません。12 のような 0 以上の整数を書いてください", "%q is no number of items: write a whole number such as 12", visible(items))
			ok = false
		}
	}
	if people != "" {
		if lower, good := numeral(people); good {
			part.PersonsLower, part.PersonsUpper = &lower, &lower
		} else {
			r.fail(n, colPersons, "%q は人数ではありません。12 のような 0 以上の整数を書いてください", "%q is no number of persons: write a whole number such as 12", visible(people))
			ok = false
		}
	}
	if most != "" && ok {
		ok = r.most(n, most, &part)
	}
	if part.Confidentiality, good = gradeOf(grade); !good {
		r.fail(n, colGrade, "%q は機密性ではありません。1、2、3 のいずれかを書いてください", "%q is no confidentiality: write 1, 2 or 3", visible(grade))
		ok = false
	}
	if ok {
		r.add(n, id, e, part)
	}
}

func (r *reader) add(n int, id string, e *cases.Exposure, part cases.ReviewPart) {
	k, ok := r.at[id]
	if !ok {
		k = len(r.out)
		r.at[id] = k
		x := r.entry
		x.ID, x.Row, x.Class, x.Account, x.Object, x.Level, x.Count = id, n, e.Class, e.Account, e.Object, e.Level, e.Count
		r.out = append(r.out, x)
	}
	if len(r.out[k].Parts) == maxParts {
		r.fail(n, colID, "番号 %s の行は %d 行までです", "at most %[2]d rows for one ID: there are more for %[1]s", id, maxParts)
		return
	}
	r.out[k].Parts = append(r.out[k].Parts, part)
}

// settle gives an entry whose number of items was left out that of the ledger, where it is known and the row is not split.
func (r *reader) settle(e *Entry) {
	for i := range e.Parts {
		if e.Parts[i].Items != blank {
			continue
		}
		known := e.Count.Undetermined == 0 && e.Count.Upper > 0 && e.Count.Estimated == e.Count.Upper
		switch {
		case len(e.Parts) > 1:
			r.fail(e.Row, colItems, "番号 %s は分類を分けているため、それぞれの件数を書いてください", "ID %s is split into classes: write the number of items of each", e.ID)
			return
		case e.Parts[i].Class == cases.NothingThatMatters && !known:
			e.Parts[i].Items = e.Count.Estimated
		case !known:
			r.fail(e.Row, colItems, "番号 %s の件数は記録から分かりません。確認した件数を書いてください", "no record says how many items %s holds: write how many you found", e.ID)
			return
		default:
			e.Parts[i].Items = e.Count.Estimated
		}
	}
}

// alike compares a cell with what it was: spreadsheets turn a name such as 0012 into a number.
func alike(got, was string) bool {
	if was = strings.Trim(was, " \u3000"); got == was {
		return true
	}
	a, err := strconv.ParseFloat(got, 64)
	b, err2 := strconv.ParseFloat(was, 64)
	return err == nil && err2 == nil && (a == b || a-b < b*1e-9 && b-a < b*1e-9)
}

// narrow turns full-width digits and signs into plain ones.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == '，' || r == '、' || r == ',' || r == ' ' || r == '\u3000':
			return -1
		case r == '．':
			return '.'
		}
		return r
	}, s)
}

// numeral reads a whole number from 0.
func numeral(s string) (int64, bool) {
	s = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(narrow(s), "件"), "人"), "名")
	s = strings.TrimSuffix(s, ".0")
	n, err := strconv.ParseUint(s, 10, 62)
	if err != nil || n > maxNumber {
		return 0, false
	}
	return int64(n), true
}

// most takes the upper bound of a number of persons; ? says that there is none.
func (r *reader) most(n int, text string, part *cases.ReviewPart) bool {
	if t := narrow(text); t == "?" || t == "？" {
		part.PersonsUpper = nil
		return true
	}
	upper, good := numeral(text)
	if !good || part.PersonsLower != nil && upper < *part.PersonsLower {
		r.fail(n, colMost, "%q は人数の上限ではありません。「人数」以上の整数か、分からなければ ? を書いてください", "%q is no upper bound: write a whole number that is not below the persons, or ? where it is not known", visible(text))
		return false
	}
	if part.PersonsLower == nil {
		part.PersonsLower = new(int64)
	}
	part.PersonsUpper = &upper
	return true
}

func gradeOf(s string) (int, bool) {
	s = strings.TrimSuffix(strings.TrimPrefix(narrow(s), "機密性"), "情報")
	switch strings.TrimSuffix(s, ".0") {
	case "":
		return 0, true
	case "1":
		return 1, true
	case "2":
		return 2, true
	case "3":
		return 3, true
	}
	return 0, false
}
