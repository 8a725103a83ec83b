// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// mostRows bounds a table of the report as text; case.json has all.
const mostRows = 2000

// whole writes a case as CommonMark.
type whole struct {
	b  bytes.Buffer
	l  Lang
	cl clock
}

// Markdown returns the whole case as CommonMark in one language: the first report, then the lists that it rests on.
func Markdown(d *Data, l Lang) []byte {
	w := &whole{l: l, cl: clock{d.zone()}}
	w.b.Write(NewFirst(d).Markdown(l))
	c := d.Case
	w.accounts(c)
	w.addresses(c)
	w.hosts(c)
	w.findings(c)
	w.exposure(c)
	w.classes(c)
	w.questions(c)
	w.containment(c)
	w.coverage(c)
	w.decisions(c)
	return w.b.Bytes()
}

func (w *whole) t(x event.Words) string { return w.s(w.l.of(x)) }

// s makes a text harmless: a log may have chosen it.
func (w *whole) s(text string) string { return escapeMarkdown(visible(text, maxTitle)) }

// table writes a heading and a table; where there is no row, a dash.
func (w *whole) table(title event.Words, head []event.Words, n int, row func(i int) []string) {
	fmt.Fprintf(&w.b, "\n## %s\n\n", w.t(title))
	if n == 0 {
		w.b.WriteString("—\n")
		return
	}
	w.b.WriteString("|")
	for _, h := range head {
		fmt.Fprintf(&w.b, " %s |", w.t(h))
	}
	w.b.WriteString("\n|" + strings.Repeat(" --- |", len(head)) + "\n")
	for i := range min(n, mostRows) {
		fmt.Fprintf(&w.b, "| %s |\n", strings.Join(row(i), " | "))
	}
	if n > mostRows {
		fmt.Fprintf(&w.b, "\n%s\n", w.t(say("ほか %s 件（case.json にすべてあります）。", "%s more are in case.json.", comma(n-mostRows))))
	}
}

func (w *whole) accounts(c *cases.Case) {
	list := ranked(c.Accounts, func(a *cases.Account) (int, string) { return a.Verdict.Rank(), a.Name })
	head := []event.Words{say("アカウント", "account"), say("判定", "verdict"), say("確度", "certainty"), say("最初", "first"), say("最後", "last"), say("原因", "cause"), say("理由", "why")}
	w.table(say("アカウント", "Accounts"), head, len(list), func(i int) []string {
		a := list[i]
		return []string{w.s(a.Name), w.t(a.Verdict.Words()), w.t(a.Rung().Words()), w.cl.minute(a.First), w.cl.minute(a.Last), w.t(a.Cause.Words()), w.t(a.Why)}
	})
}

func (w *whole) addresses(c *cases.Case) {
	list := ranked(c.Addresses, func(a *cases.Address) (int, string) { return a.Verdict.Rank(), a.IP.StringExpanded() })
	head := []event.Words{say("アドレス", "address"), say("判定", "verdict"), say("種類", "kind"), say("国", "country"), say("最初", "first"), say("最後", "last"), say("アカウント数", "accounts"), say("理由", "why")}
	w.table(say("アドレス", "Addresses"), head, len(list), func(i int) []string {
		a := list[i]
		return []string{w.s(a.IP.String()), w.t(a.Verdict.Words()), w.t(a.Kind.Words()), w.s(a.Country), w.cl.minute(a.First), w.cl.minute(a.Last), comma(a.Accounts), w.t(a.Why)}
	})
}

func (w *whole) hosts(c *cases.Case) {
	list := ranked(c.Hosts, func(h *cases.Host) (int, string) { return h.Verdict.Rank(), h.Name })
	head := []event.Words{say("ホスト", "host"), say("アドレス", "address"), say("判定", "verdict"), say("最初", "first"), say("最後", "last"), say("理由", "why")}
	w.table(say("ホスト", "Hosts"), head, len(list), func(i int) []string {
		h := list[i]
		ip := ""
		if h.IP.IsValid() {
			ip = h.IP.String()
		}
		return []string{w.s(h.Name), w.s(ip), w.t(h.Verdict.Words()), w.cl.minute(h.First), w.cl.minute(h.Last), w.t(h.Why)}
	})
}

func (w *whole) findings(c *cases.Case) {
	var list []*cases.Finding
	for i := range c.Findings {
		if c.Findings[i].Hidden == nil {
			list = append(list, &c.Findings[i])
		}
	}
	slices.SortFunc(list, func(a, b *cases.Finding) int {
		return cmp.Or(cmp.Compare(a.Severity.Rank(), b.Severity.Rank()), cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID))
	})
	head := []event.Words{say("番号", "ID"), say("深刻度", "severity"), say("検知", "finding"), say("最初", "first"), say("最後", "last"), say("説明", "explanation")}
	w.table(say("検知", "Findings"), head, len(list), func(i int) []string {
		f := list[i]
		return []string{w.s(f.ID), w.t(f.Severity.Words()), w.t(f.Title), w.cl.minute(f.First), w.cl.minute(f.Last), w.t(f.Explanation)}
	})
}

func (w *whole) exposure(c *cases.Case) {
	list := ranked(c.Exposure, func(e *cases.Exposure) (int, string) { return e.Level.Rank(), e.Account + "\x00" + e.Object })
	head := []event.Words{say("区分", "class"), say("アカウント", "account"), say("対象", "object"), say("程度", "level"), say("根拠", "basis"), say("確認", "confirmed"), say("推定", "estimated"), say("上限", "at most")}
	w.table(say("漏えい・閲覧", "Exposure"), head, len(list), func(i int) []string {
		e := list[i]
		return []string{w.t(e.Class.Words()), w.s(e.Account), w.s(e.Object), w.t(e.Level.Words()), w.t(e.Basis.Words()), comma(e.Count.Confirmed), comma(e.Count.Estimated), comma(e.Count.Upper)}
	})
}

func (w *whole) questions(c *cases.Case) {
	head := []event.Words{say("番号", "ID"), say("宛先", "to"), say("質問", "question")}
	w.table(say("確認する質問", "Questions"), head, len(c.Questions), func(i int) []string {
		q := &c.Questions[i]
		return []string{w.s(q.ID), w.s(cmp.Or(q.Person, q.To)), w.t(q.Ask)}
	})
}

func (w *whole) containment(c *cases.Case) {
	list := slices.Clone(c.Containment)
	slices.SortFunc(list, func(a, b cases.Containment) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.ID, b.ID))
	})
	head := []event.Words{say("順", "order"), say("番号", "ID"), say("対応", "what"), say("状態", "state")}
	w.table(say("封じ込め", "Containment"), head, len(list), func(i int) []string {
		k := &list[i]
		return []string{comma(k.Order), w.s(k.ID), w.t(k.What), w.t(k.State.Words())}
	})
}

func (w *whole) coverage(c *cases.Case) {
	head := []event.Words{say("記録", "source"), say("分かること", "question"), say("初め", "from"), say("終わり", "to"), say("状態", "state"), say("備考", "why")}
	w.table(say("記録の網羅性", "Coverage"), head, len(c.Coverage), func(i int) []string {
		v := &c.Coverage[i]
		asked := v.QuestionWords
		if asked == (event.Words{}) {
			asked = same(v.Question)
		}
		return []string{w.t(v.SourceWords()), w.t(asked), w.cl.minute(v.From), w.cl.minute(v.To), w.t(v.State.Words()), w.t(v.Why)}
	})
}

func (w *whole) decisions(c *cases.Case) {
	head := []event.Words{say("日時", "at"), say("決めた人", "by"), say("内容", "what"), say("理由", "why")}
	w.table(say("人の判断", "Decisions"), head, len(c.Decisions), func(i int) []string {
		d := &c.Decisions[i]
		return []string{w.cl.minute(d.At), w.s(d.By), w.s(d.What), w.s(d.Why)}
	})
}

// ranked returns pointers to the elements, the gravest first.
func ranked[T any](list []T, key func(*T) (rank int, name string)) []*T {
	out := make([]*T, len(list))
	for i := range out {
		out[i] = &list[i]
	}
	slices.SortFunc(out, func(a, b *T) int {
		ra, na := key(a)
		rb, nb := key(b)
		return cmp.Or(cmp.Compare(ra, rb), cmp.Compare(na, nb))
	})
	return out
}

// ChangesMarkdown returns what changed between two revisions as CommonMark.
func ChangesMarkdown(x *cases.Changes, l Lang) []byte {
	w := &whole{l: l}
	fmt.Fprintf(&w.b, "# %s\n", w.t(say("版 %d から版 %d までの変更", "What changed from revision %d to revision %d", x.Since, x.Until)))
	fmt.Fprintf(&w.b, "\n## %s\n\n", w.t(say("この間に加わったもの", "What came between")))
	for _, why := range x.Between {
		fmt.Fprintf(&w.b, "- %s\n", w.t(why))
	}
	head := []event.Words{say("項目", "number"), say("前", "was"), say("今", "is"), say("理由", "why")}
	w.table(say("変わった数値", "Numbers that changed"), head, len(x.Numbers), func(i int) []string {
		n := &x.Numbers[i]
		return []string{w.t(n.What), w.t(n.Was), w.t(n.Is), w.t(n.Why)}
	})
	head = []event.Words{say("対象", "what"), say("名前", "name"), say("前", "was"), say("今", "is"), say("理由", "why")}
	w.table(say("変わった判定", "Verdicts that changed"), head, len(x.Members), func(i int) []string {
		m := &x.Members[i]
		return []string{w.t(memberWords(m.Kind)), w.s(m.Name), w.t(VerdictWords(m.Kind, m.Was)), w.t(VerdictWords(m.Kind, m.Is)), w.t(m.Why)}
	})
	return w.b.Bytes()
}

func memberWords(kind string) event.Words {
	return map[string]event.Words{"account": say("アカウント", "account"), "address": say("アドレス", "address"), "host": say("ホスト", "host")}[kind]
}

// VerdictWords returns the words for a verdict of an account, an address or a host; a dash for none.
func VerdictWords(kind, verdict string) event.Words {
	switch {
	case verdict == "":
		return same("—")
	case kind == "account":
		return cases.AccountVerdict(verdict).Words()
	case kind == "address":
		return cases.AddressVerdict(verdict).Words()
	}
	return cases.HostVerdict(verdict).Words()
}
