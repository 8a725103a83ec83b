// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Ledger is what was exposed of a case, as people are told it.
type Ledger struct{ Data *Data }

// Text returns the ledger as plain text in one language: each row with its identity, then the table by class.
func (x *Ledger) Text(l Lang) []byte {
	var b bytes.Buffer
	c, cl := x.Data.Case, clock{x.Data.zone()}
	fmt.Fprintf(&b, "%s\n", l.of(say("漏えい・閲覧の台帳（版 %s、時刻は %s）", "Ledger of exposure (revision %s, times in %s)", comma(c.Revision), zoneName(cl.zone))))
	if len(c.Exposure) == 0 {
		fmt.Fprintf(&b, "\n%s\n", l.of(say("件数を示す記録なし。記録がないことは漏えいがないことを意味しない。", "No record counts it; this does not mean that nothing leaked.")))
		return b.Bytes()
	}
	list := ranked(c.Exposure, func(e *cases.Exposure) (int, string) {
		return e.Level.Rank(), e.Account + "\x00" + e.Object + "\x00" + e.ID
	})
	for _, e := range list[:min(len(list), mostRows)] {
		head := fmt.Sprintf("%s  %s  %s  %s", visible(e.ID, maxTitle), l.of(e.Class.Words()), visible(e.Account, maxTitle), visible(e.Object, maxTitle))
		fmt.Fprintf(&b, "\n%s\n", strings.TrimRight(head, " "))
		fmt.Fprintf(&b, "   %s\n", l.words(say("%s（根拠：%s）　確認 %s　推定 %s　上限 %s　判断不能 %s か所　%s", "%s (basis: %s), confirmed %s, estimated %s, at most %s, places undeterminable %s, %s", e.Level.Words(), e.Basis.Words(),
			comma(e.Count.Confirmed), comma(e.Count.Estimated), comma(e.Count.Upper), comma(e.Count.Undetermined), cl.dates(e.First, e.Last))))
		if e.Review == nil {
			continue
		}
		for i := range e.Review.Parts {
			p := &e.Review.Parts[i]
			fmt.Fprintf(&b, "   %s\n", l.words(say("確認済み：%s　%s 件　人数 %s　機密性 %s　%s（%s）", "reviewed: %s, items %s, persons %s, confidentiality %s, %s (%s)", className(p.Class), comma(p.Items), partPersons(p), grade(p.Confidentiality),
				cl.minute(e.Review.At), e.Review.By)))
		}
	}
	if n := len(list) - mostRows; n > 0 {
		fmt.Fprintf(&b, "\n%s\n", l.of(say("ほか %s 件（case.json にすべてあります）。", "%s more are in case.json.", comma(n))))
	}
	t := c.Classify()
	fmt.Fprintf(&b, "\n%s\n", l.of(classNote(t)))
	head := classHead()
	for _, row := range classRows(t) {
		var cells []string
		for i, cell := range row {
			cells = append(cells, l.of(head[i])+": "+visible(l.of(cell), maxTitle))
		}
		fmt.Fprintf(&b, "   %s\n", strings.Join(cells, "; "))
	}
	return b.Bytes()
}

func className(class string) event.Words {
	if class == cases.NothingThatMatters {
		return say("該当なし", "nothing that matters")
	}
	return same(class)
}

func grade(n int) event.Words {
	if n == 0 {
		return say("記入なし", "not said")
	}
	return same(comma(n))
}

func partPersons(p *cases.ReviewPart) event.Words {
	t := cases.ClassTally{PersonsOpen: 1}
	if p.PersonsLower != nil {
		t.PersonsLower = *p.PersonsLower
	}
	if p.PersonsUpper != nil {
		t.PersonsUpper, t.PersonsOpen = *p.PersonsUpper, 0
	}
	return personsOf(&t)
}

// personsOf tells a number of distinct persons with its bounds. Where a reviewer did not say how many, there is no upper bound.
func personsOf(t *cases.ClassTally) event.Words {
	switch {
	case t.PersonsOpen > 0 && t.PersonsLower == 0:
		return say("不明", "not known")
	case t.PersonsOpen > 0:
		return say("%s 以上（上限不明）", "%s or more, upper bound not known", comma(t.PersonsLower))
	case t.PersonsLower == t.PersonsUpper:
		return same(comma(t.PersonsUpper))
	}
	return say("%s〜%s", "%s to %s", comma(t.PersonsLower), comma(t.PersonsUpper))
}

// classHead are the titles of the table of what leaked and what may have been seen, by the institute's own classes.
func classHead() []event.Words {
	return []event.Words{say("分類", "class"), say("メール 漏えい", "mail, leaked"), say("メール 閲覧の可能性", "mail, may have been seen"), say("内部 漏えい", "inside, leaked"), say("内部 閲覧の可能性", "inside, may have been seen"),
		say("認証情報 漏えい", "credentials, leaked"), say("認証情報 閲覧の可能性", "credentials, may have been seen"), say("判断不能", "undeterminable"), say("計", "total"), say("人数", "persons"), say("うち機密性3", "of confidentiality 3")}
}

// classRows are its rows: what people reviewed by class, then what nobody has.
func classRows(t *cases.ExposureTable) [][]event.Words {
	row := func(name event.Words, k *cases.ClassTally, persons, three event.Words) []event.Words {
		out := []event.Words{name}
		for _, n := range []int64{k.Mail.Leaked, k.Mail.Seen, k.Inside.Leaked, k.Inside.Seen, k.Credentials.Leaked, k.Credentials.Seen, k.Mail.Undetermined + k.Inside.Undetermined + k.Credentials.Undetermined, k.Total} {
			out = append(out, same(comma(n)))
		}
		return append(out, persons, three)
	}
	var out [][]event.Words
	for i := range t.Classes {
		k := &t.Classes[i]
		out = append(out, row(className(k.Class), k, personsOf(k), same(comma(k.Grades.Three))))
	}
	if t.Unreviewed.Rows > 0 {
		out = append(out, row(say("未確認", "not reviewed"), &t.Unreviewed, say("不明", "not known"), say("不明", "not known")))
	}
	return out
}

// classNote says what the table rests on.
func classNote(t *cases.ExposureTable) event.Words {
	return say("人が確認した行：%s 行中 %s 行。未確認の行は推定の件数で、ほかに内容を示す記録がなく未確認の場所が %s か所。件数はのべ数。人数の下限は一行の最大、上限は各行の和。漏えいには推定を、閲覧の可能性には閲覧の確認を含む。",
		"Rows reviewed by people: %[2]s of %[1]s. What is not reviewed is counted as estimated; besides, places of whose content no record tells and that nobody reviewed: %[3]s. Things in two places count twice. Persons: at least the largest number of one row, at most the sum of all. Leaked includes presumed, may have been seen includes viewed.",
		comma(t.Rows), comma(t.Reviewed), comma(t.Places))
}

// classes adds the table to the whole case, once anybody has reviewed a row.
func (w *whole) classes(c *cases.Case) {
	t := c.Classify()
	if t.Reviewed == 0 {
		return
	}
	rows := classRows(t)
	w.table(say("漏えい・閲覧（分類別）", "Exposure by class"), classHead(), len(rows), func(i int) []string {
		var out []string
		for _, cell := range rows[i] {
			out = append(out, w.t(cell))
		}
		return out
	})
	fmt.Fprintf(&w.b, "\n%s\n", w.t(classNote(t)))
}
