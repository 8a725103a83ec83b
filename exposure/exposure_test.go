// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/internal/golden"
)

// sample is a case with rows of every kind: names that a log may have chosen among them.
func sample() *cases.Case {
	row := func(id string, class cases.ExposureClass, account, object string, level cases.Level, n cases.Count) cases.Exposure {
		return cases.Exposure{ID: id, Class: class, Account: account, Object: object, Level: level, Basis: cases.Recorded, Count: n, First: 1_735_689_600_000_000, Last: 1_735_776_000_000_000,
			Evidence: []cases.Evidence{{Input: "logs/m365.json", Parts: []cases.Part{{Line: 12, Offset: 100, Length: 20}}}}}
	}
	return &cases.Case{Institute: cases.Institute{Timezone: "Asia/Tokyo"},
		Accounts: []cases.Account{{ID: "A-1", Name: "taro@lab.example", Department: "研究企画部"}, {ID: "A-2", Name: "=cmd|' /C calc'!A0", Department: "総務部"}, {ID: "A-3", Name: "0012"}},
		Exposure: []cases.Exposure{
			row("E-mail", cases.ClassMail, "taro@lab.example", "mailbox", cases.LeakPresumed, cases.Count{Confirmed: 208, Estimated: 208, Upper: 208}),
			row("E-dark", cases.ClassMail, "=cmd|' /C calc'!A0", "mailbox", cases.LevelUndetermined, cases.Count{Undetermined: 1}),
			row("E-file", cases.ClassFile, "taro@lab.example", "files\u202e\x07", cases.Viewed, cases.Count{Confirmed: 3, Estimated: 3, Upper: 9}),
			row("E-pass", cases.ClassCredential, "0012", "", cases.LeakPresumed, cases.Count{Estimated: 1, Upper: 1}),
			row("E-dir", cases.ClassDirectory, "", "directory", cases.LeakPresumed, cases.Count{Confirmed: 4337, Estimated: 4337, Upper: 4337}),
		}}
}

var suzuki = Said{By: "suzuki", At: 1_736_000_000_000_000, Recorded: 1_736_000_000_000_000}

func blankSheet(t *testing.T) *Sheet {
	t.Helper()
	s, err := Make(sample(), Options{Japanese: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fill fills in the row of an identity, below its titles; values by place of the column.
func fill(t *testing.T, s *Sheet, id string, parts ...map[int]string) {
	t.Helper()
	i := slices.IndexFunc(s.Rows, func(r []string) bool { return r[colID] == id })
	if i < 0 {
		t.Fatalf("no row %s", id)
	}
	plain, rows := s.Rows[i], [][]string(nil)
	for _, p := range parts {
		row := slices.Clone(plain)
		for col, v := range p {
			row[col] = v
		}
		rows = append(rows, row)
	}
	s.Rows = slices.Replace(s.Rows, i, i+1, rows...)
}

func filled(t *testing.T) *Sheet {
	s := blankSheet(t)
	fill(t, s, "E-mail", map[int]string{colClass: "共同研究契約", colItems: "185", colPersons: "0", colGrade: "２"},
		map[int]string{colClass: "個人情報（採用）", colItems: "20", colPersons: "18", colMost: "25", colGrade: "機密性2", colRemark: "=1+1"})
	fill(t, s, "E-dark", map[int]string{colClass: "個人情報（採用）", colItems: "4", colPersons: "30", colMost: "？"})
	fill(t, s, "E-dir", map[int]string{colClass: "個人情報（名簿）", colPersons: "４，３３７人", colGrade: "1"})
	return s
}

// TestWorksheet: what is written is read back, as CSV and as a workbook, to the same entries; untouched rows are no review.
func TestWorksheet(t *testing.T) {
	s := filled(t)
	golden.Compare(t, "testdata/filled.csv", s.CSV())
	book, err := s.XLSX()
	if err != nil {
		t.Fatal(err)
	}
	var first []Entry
	for name, text := range map[string][]byte{"a.csv": s.CSV(), "a.xlsx": book} {
		got, err := Read(name, text, sample(), suzuki, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range got {
			got[i].File, got[i].SHA256 = "", ""
		}
		if first != nil && !reflect.DeepEqual(first, got) {
			t.Errorf("%s:\n%+v\n%+v", name, first, got)
		}
		first = got
	}
	if len(first) != 3 {
		t.Fatalf("%d entries: %+v", len(first), first)
	}
	c := sample()
	Apply(c, first)
	table := c.Classify()
	if table.Reviewed != 3 || table.Rows != 5 || len(table.Classes) != 3 {
		t.Fatalf("%+v", table)
	}
	people := table.Classes[slices.IndexFunc(table.Classes, func(k cases.ClassTally) bool { return k.Class == "個人情報（採用）" })]
	if people.Mail != (cases.Leaving{Leaked: 20, Undetermined: 4}) || people.PersonsLower != 30 || people.PersonsUpper != 25 || people.PersonsOpen != 4 || people.Grades != (cases.Grade{Two: 20, None: 4}) || people.Rows != 2 {
		t.Errorf("%+v", people)
	}
	if u := table.Unreviewed; u.Mail.Leaked != 3 || u.Inside.Seen != 3 || u.Credentials.Leaked != 1 || u.Total != 7 || u.Rows != 3 {
		t.Errorf("unreviewed %+v", u)
	}
	for i := range c.Exposure {
		if e := &c.Exposure[i]; (e.Basis == cases.Reviewed) != (e.Review != nil) || e.Review != nil && e.Review.Was != cases.Recorded {
			t.Errorf("%s: %s %+v", e.ID, e.Basis, e.Review)
		}
	}
	again, err := Make(c, Options{Japanese: true}) // a sheet of a case that was reviewed says what was said
	if err != nil {
		t.Fatal(err)
	}
	second, err := Read("b.csv", again.CSV(), c, suzuki, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out, same := Add(first, second); same != 3 || len(out) != 3 {
		t.Errorf("reading back what is known adds %d entries, %d the same", len(out), same)
	}
}

// TestNoFormulas: no cell of the CSV begins a formula, no cell of the workbook is one.
func TestNoFormulas(t *testing.T) {
	s := filled(t)
	cells, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(s.CSV(), []byte(bom)))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range cells {
		for _, cell := range row {
			if begins(cell) {
				t.Errorf("%q begins a formula", cell)
			}
			if strings.ContainsAny(cell, "\u202e\x07") {
				t.Errorf("%q acts on who reads it", cell)
			}
		}
	}
	if x := s.sheetXML(); bytes.Contains(x, []byte("<f")) || !bytes.Contains(x, []byte(`t="inlineStr"><is><t xml:space="preserve">=cmd|&#39; /C calc&#39;!A0<`)) {
		t.Error("the workbook's cells are not inline strings")
	}
}

// TestRefused: what is wrong is refused with row, column and what to write, and nothing of the sheet is taken.
func TestRefused(t *testing.T) {
	for want, p := range map[string]map[int]string{
		`row 2, "ID": this case's ledger has no row "E-none"`:          {colID: "E-none", colClass: "x"},
		`row 2, "ID": the row is filled in and has no ID`:              {colID: "", colClass: "x"},
		`row 2, "Account": ID E-dir is the row of "", and here stands`: {colAccount: "hanako", colClass: "x"},
		`row 2, "Class (fill in)": the class is missing: write -`:      {colItems: "3"},
		`row 2, "Items (fill in)": "some" is no number of items`:       {colClass: "x", colItems: "some"},
		`"-4" is no number of items`:                                   {colClass: "x", colItems: "-4"},
		`"9999999999" is no number`:                                    {colClass: "x", colItems: "9999999999"},
		`"10-15" is no number of persons`:                              {colClass: "x", colPersons: "10-15"},
		`"3" is no upper bound`:                                        {colClass: "x", colPersons: "4", colMost: "3"},
		`"4" is no confidentiality: write 1, 2 or 3`:                   {colClass: "x", colGrade: "4"},
		`at most 1000 characters`:                                      {colClass: "x", colRemark: strings.Repeat("あ", 1001)},
	} {
		s, err := Make(sample(), Options{})
		if err != nil {
			t.Fatal(err)
		}
		fill(t, s, "E-mail", map[int]string{colClass: "good"})
		i := slices.IndexFunc(s.Rows, func(r []string) bool { return r[colID] == "E-dir" })
		s.Rows[1], s.Rows[i] = s.Rows[i], s.Rows[1]
		fill(t, s, "E-dir", p)
		got, err := Read("a.csv", s.CSV(), sample(), suzuki, nil)
		var refused *Refused
		if w := event.Telling(err); !errors.As(err, &refused) || !strings.Contains(w.En, want) || w.Ja == w.En || got != nil {
			t.Errorf("%s: %v", want, w.En)
		}
	}
	s := blankSheet(t)
	fill(t, s, "E-dark", map[int]string{colClass: "x"})
	if _, err := Read("a.csv", s.CSV(), sample(), suzuki, nil); err == nil || !strings.Contains(event.Telling(err).En, "no record says how many items E-dark holds") {
		t.Errorf("a number that nobody knows: %v", err)
	}
	s = blankSheet(t)
	fill(t, s, "E-mail", map[int]string{colClass: "x", colItems: "4"}, map[int]string{colClass: "y"})
	if _, err := Read("a.csv", s.CSV(), sample(), suzuki, nil); err == nil || !strings.Contains(event.Telling(err).En, "is split into classes") {
		t.Errorf("a split without numbers: %v", err)
	}
	for want, text := range map[string]string{"neither UTF-8 nor": "\x94\xd4\x8d\x86,\x95\x94\x8f\x90\n", "no row of titles": "a,b\n1,2\n", "cannot be read as a workbook": "PK\x03\x04rubbish", "there is no column": "ID,Class (fill in)\nE-mail,x\n"} {
		if _, err := Read("a", []byte(text), sample(), suzuki, nil); err == nil || !strings.Contains(event.Telling(err).En, want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	for _, said := range []Said{{By: " "}, {By: "suzuki", At: 2, Recorded: 1}} {
		if _, err := Read("a.csv", filled(t).CSV(), sample(), said, nil); err == nil {
			t.Errorf("%+v is taken", said)
		}
	}
}

// TestHistory: a second review of a row stands beside the first; what a later case has no longer is told.
func TestHistory(t *testing.T) {
	c := sample()
	first, err := Read("a.csv", filled(t).CSV(), c, suzuki, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := blankSheet(t)
	fill(t, s, "E-mail", map[int]string{colClass: "-"})
	second, err := Read("b.csv", s.CSV(), c, Said{By: "sato", At: suzuki.At + 1000, Recorded: suzuki.At + 1000}, nil)
	if err != nil {
		t.Fatal(err)
	}
	book, same := Add(first, second)
	if len(book) != 4 || same != 0 {
		t.Fatalf("%d entries, %d the same", len(book), same)
	}
	text, err := Encode(book)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := Decode(text); err != nil || !reflect.DeepEqual(back, book) {
		t.Errorf("the book is not read back: %v", err)
	}
	Apply(c, book)
	Apply(c, book)
	if r := c.Exposure[0].Review; r == nil || r.By != "sato" || r.Earlier != 1 || r.Was != cases.Recorded || r.Parts[0].Items != 208 {
		t.Errorf("%+v", r)
	}
	if d := Decisions(book); len(d) != 2 || d[0].By != "suzuki" || !strings.Contains(d[0].What, "rows 3") {
		t.Errorf("%+v", d)
	}
	c.Exposure = c.Exposure[1:]
	if o := Orphans(c, book); len(o) != 1 || o[0].ID != "E-mail" || o[0].By != "sato" || len(Limits(c, book)) != 1 {
		t.Errorf("%+v", o)
	}
}

// TestDepartment: a worksheet of one department has its rows alone, and says how many it leaves.
func TestDepartment(t *testing.T) {
	s, err := Make(sample(), Options{Department: "研究企画部"})
	if err != nil || len(s.Rows) != 3 || s.Left != 3 {
		t.Errorf("%v %+v", err, s)
	}
	c := sample()
	c.Exposure[0].ID = ""
	if _, err := Make(c, Options{}); err == nil {
		t.Error("rows without identities are exported")
	}
}

// TestForeignWorkbook reads a workbook as spreadsheets save it: shared strings with readings, rows and cells left out, a formula's value.
func TestForeignWorkbook(t *testing.T) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	head := []string{"番号", "分類（記入）", "件数（記入）", "人数（記入）", "人数の上限（幅があれば記入）", "機密性（記入）"}
	var shared, cells strings.Builder
	for i, h := range head {
		fmt.Fprintf(&shared, `<si><r><t>%s</t></r><rPh sb="0" eb="1"><t>ヨミ</t></rPh></si>`, h)
		fmt.Fprintf(&cells, `<c r="%s1" t="s"><v>%d</v></c>`, columnName(i), i)
	}
	for name, text := range map[string]string{
		"_rels/.rels":                `<Relationships><Relationship Id="a" Type="http://purl.oclc.org/ooxml/officeDocument/relationships/officeDocument" Target="/xl/workbook.xml"/></Relationships>`,
		"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="x" sheetId="1" r:id="rId9"/><sheet name="y" sheetId="2" r:id="rId8"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId9" Type="…/worksheet" Target="worksheets/s.xml"/><Relationship Id="rId1" Type="…/sharedStrings" Target="sharedStrings.xml"/></Relationships>`,
		"xl/sharedStrings.xml":       `<sst>` + shared.String() + `</sst>`,
		"xl/worksheets/s.xml": `<worksheet><sheetData><row r="1">` + cells.String() + `</row><row r="4"><c r="A4" t="inlineStr"><is><t>E-mail</t></is></c><c r="B4" t="str"><f>A1</f><v>契約</v></c><c r="C4"><v>7</v></c><c r="F4"><v>3</v></c></row>` +
			`<row r="6"><c r="A6" t="inlineStr"><is><t>E-gone</t></is></c><c r="B6" t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>`} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(text))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	c := sample()
	if _, err := Read("a.xlsx", b.Bytes(), c, suzuki, nil); err == nil || !strings.Contains(event.Telling(err).En, "row 6,") {
		t.Errorf("a row that is not in the ledger: %v", err)
	}
	c.Exposure = append(c.Exposure, cases.Exposure{ID: "E-gone", Count: cases.Count{Estimated: 1, Upper: 1}})
	got, err := Read("a.xlsx", b.Bytes(), c, suzuki, nil)
	if err != nil || len(got) != 2 || got[0].Row != 4 || got[0].Parts[0].Class != "契約" || got[0].Parts[0].Items != 7 || got[0].Parts[0].Confidentiality != 3 {
		t.Errorf("%v %+v", err, got)
	}
}

// TestBomb: a small workbook that unpacks to more than any worksheet is refused before it does.
func TestBomb(t *testing.T) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range map[string]string{"_rels/.rels": packageRels, "xl/workbook.xml": workbook, "xl/_rels/workbook.xml.rels": workbookRels, "xl/worksheets/sheet1.xml": strings.Repeat(" ", maxUnpacked)} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil || out.Len() > 1<<20 {
		t.Fatalf("%v, %d bytes", err, out.Len())
	}
	b := out.Bytes()
	if _, err := Read("bomb.xlsx", b, sample(), suzuki, nil); err == nil || !strings.Contains(event.Telling(err).En, "too large") {
		t.Errorf("%v", err)
	}
}

// FuzzRead: whatever is given as a worksheet is read or refused, and what is read can be kept.
func FuzzRead(f *testing.F) {
	s, err := Make(sample(), Options{Japanese: true})
	if err != nil {
		f.Fatal(err)
	}
	book, err := s.XLSX()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(s.CSV())
	f.Add(book)
	f.Add([]byte("ID,Class (fill in),Items (fill in),Persons (fill in),Persons at most (fill in if not exact),Confidentiality (fill in)\nE-mail,x,1,2,3,1\nE-mail,y,1,,?,\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		c := sample()
		entries, err := Read("a", text, c, suzuki, nil)
		var refused *Refused
		if err != nil {
			if !errors.As(err, &refused) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		Apply(c, entries)
		c.Classify()
		b, err := Encode(entries)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(b); err != nil {
			t.Fatal(err)
		}
	})
}

// TestOldEncoding: a worksheet that is no UTF-8 is read as the decoder says, refused where the decoder does not know it, and recorded with the
// sum of the file as it is.
func TestOldEncoding(t *testing.T) {
	utf := filled(t).CSV()
	want, err := Read("a.csv", utf, sample(), suzuki, nil)
	if err != nil {
		t.Fatal(err)
	}
	old := append([]byte("\x94\xd4"), utf...) // stands for another encoding of the same
	got, err := Read("a.csv", old, sample(), suzuki, func(text []byte) ([]byte, bool) { return bytes.CutPrefix(text, []byte("\x94\xd4"+bom)) })
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if got[i].SHA256 != fmt.Sprintf("%x", sha256.Sum256(old)) {
			t.Errorf("the sum is not the file's: %s", got[i].SHA256)
		}
		got[i].SHA256 = want[i].SHA256
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v, want %+v", got, want)
	}
	if _, err := Read("a.csv", old, sample(), suzuki, func([]byte) ([]byte, bool) { return nil, false }); err == nil || !strings.Contains(event.Telling(err).En, "neither UTF-8 nor") {
		t.Errorf("what the decoder does not know: %v", err)
	}
}
