// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Containment is what is to be done about a case, as people and programs are told it.
type Containment struct {
	Data  *Data
	Hosts []HostService                           // those to take off the network, in the order of the list
	Open  []event.Words                           // what the list leaves open
	Steps func(step int) (title, why event.Words) // what a step is, and why it comes where it does
}

func (x *Containment) items() []cases.Containment {
	list := slices.Clone(x.Data.Case.Containment)
	slices.SortStableFunc(list, func(a, b cases.Containment) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// words joins texts of one language on one line, with what cannot be seen made visible.
func (l Lang) words(w event.Words) string { return visible(l.of(w), maxTitle) }

// Text returns the list as plain text in one language: by step, with why each comes where it does, and at the end what is left open.
func (x *Containment) Text(l Lang) []byte {
	var b bytes.Buffer
	cl := clock{x.Data.zone()}
	c := x.Data.Case
	fmt.Fprintf(&b, "%s\n", l.of(say("封じ込めの一覧（版 %s、%s 現在、時刻は %s）", "Containment (revision %s, as of %s, times in %s)", strconv.Itoa(c.Revision), cl.minute(c.KnownAsOf), zoneName(cl.zone))))
	list := x.items()
	if len(list) == 0 {
		fmt.Fprintf(&b, "\n%s\n", l.of(say("提案する項目はありません。安全であるという意味ではありません。", "There is nothing to propose. That does not say that all is well.")))
	} else {
		fmt.Fprintf(&b, "%s\n", l.of(say("実行するのは人です。Sekisho は何も実行しません。手順の順に、同じ手順の項目は同時に行ってください。", "People do these; Sekisho does none of them. Go by steps, and do what is of one step at one moment.")))
	}
	step := 0
	for i := range list {
		k := &list[i]
		if k.Step != step {
			if step = k.Step; step > 0 {
				title, why := x.Steps(step)
				fmt.Fprintf(&b, "\n%s\n   %s\n", l.of(say("手順 %s　%s", "Step %s  %s", strconv.Itoa(step), title)), l.of(why))
			}
		}
		x.item(&b, k, l, cl)
	}
	x.service(&b, l, cl)
	if len(x.Open) > 0 {
		fmt.Fprintf(&b, "\n%s\n", l.of(say("この一覧が残しているもの", "What this list leaves open")))
		for _, w := range x.Open {
			fmt.Fprintf(&b, "  - %s\n", l.words(w))
		}
	}
	return b.Bytes()
}

// HostService is how far one host has come from being cut off to being back in service. A null time: not, or not any more.
type HostService struct {
	Host                                string
	Imaged, Isolated, Rotated, Returned cases.Time
	By                                  string // who gave it back
}

// service tells how far hosts have come of which people recorded anything.
func (x *Containment) service(b *bytes.Buffer, l Lang, cl clock) {
	begun := false
	for _, s := range x.Hosts {
		if s.Imaged.IsZero() && s.Isolated.IsZero() && s.Rotated.IsZero() && s.Returned.IsZero() {
			continue
		}
		if !begun {
			begun = true
			fmt.Fprintf(b, "\n%s\n", l.of(say("ホストの復帰台帳", "Hosts on their way back to service")))
		}
		at := func(t cases.Time) event.Words {
			if t.IsZero() {
				return say("—", "—")
			}
			return same(cl.minute(t))
		}
		line := say("%s　取得 %s、切り離し %s、鍵の変更 %s、復帰 %s", "%s: imaged %s, cut off %s, keys changed %s, back in service %s", visible(s.Host, maxTitle), at(s.Imaged), at(s.Isolated), at(s.Rotated), at(s.Returned))
		if s.By != "" {
			line.Ja, line.En = line.Ja+"（"+visible(s.By, 100)+"）", line.En+" ("+visible(s.By, 100)+")"
		}
		fmt.Fprintf(b, "  - %s\n", l.of(line))
	}
}

// mostSpans is how many intervals of an address are written out.
const mostSpans = 3

func (x *Containment) item(b *bytes.Buffer, k *cases.Containment, l Lang, cl clock) {
	fmt.Fprintf(b, "%4d  %s  [%s] %s\n", k.Order, visible(k.ID, 40), x.state(k, l, cl), l.words(k.What))
	if w := l.words(k.Why); w != "" {
		fmt.Fprintf(b, "        %s\n", w)
	}
	if n := len(k.Intervals); n > 0 {
		var spans []string
		for _, s := range k.Intervals[:min(n, mostSpans)] {
			spans = append(spans, cl.span(s.From, s.To))
		}
		text := strings.Join(spans, l.of(say("、", ", ")))
		if n > mostSpans {
			text += l.of(say(" ほか %s", " and %s more", strconv.Itoa(n-mostSpans)))
		}
		fmt.Fprintf(b, "        %s\n", l.of(say("不正に使われた時間：%s", "in bad hands: %s", text)))
	}
	if len(k.Findings) > 0 {
		fmt.Fprintf(b, "        !! %s\n", l.of(say("実施後に使われている：%s", "used since: %s", strings.Join(k.Findings, ", "))))
	}
}

func (x *Containment) state(k *cases.Containment, l Lang, cl clock) string {
	s := l.of(k.State.Words())
	if k.By != nil {
		s += " " + visible(*k.By, 100) + " " + cl.minute(k.At)
	}
	return s
}

// containmentHead are the columns of the list as CSV. They stay.
var containmentHead = []string{"order", "id", "step", "kind", "state", "by", "at", "account", "address", "host", "object", "from", "to", "what", "why", "used_since"}

// CSV returns the list as RFC 4180 in one language, times in UTC. A text that a spreadsheet would take for a formula gets an apostrophe before
// it: names come from whoever wrote the logs.
func (x *Containment) CSV(l Lang) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.Write(containmentHead) // a buffer takes all
	for _, k := range x.items() {
		by, from, to := "", "", ""
		if k.By != nil {
			by = *k.By
		}
		if n := len(k.Intervals); n > 0 {
			from, to = csvTime(k.Intervals[0].From), csvTime(k.Intervals[n-1].To)
		}
		row := []string{strconv.Itoa(k.Order), k.ID, strconv.Itoa(k.Step), string(k.Kind), string(k.State), by, csvTime(k.At), k.Subject.Account, k.Subject.Address, k.Subject.Host, k.Subject.Object,
			from, to, l.of(k.What), l.of(k.Why), strings.Join(k.Findings, " ")}
		for i := range row {
			row[i] = noFormula(visible(row[i], maxTitle))
		}
		_ = w.Write(row)
	}
	w.Flush()
	return b.Bytes()
}

func csvTime(t cases.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.String()
}

// noFormula keeps a spreadsheet from taking a text for a formula. Full-width signs count too: some of them take these for the others.
func noFormula(s string) string {
	if strings.ContainsAny(firstRune(s), "=+-@\t\r\n|%＝＋－＠") {
		return "'" + s
	}
	return s
}

func firstRune(s string) string {
	for _, r := range s {
		if r != ' ' && r != '\u3000' {
			return string(r)
		}
	}
	return ""
}
