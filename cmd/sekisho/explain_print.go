// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

// explainPrinter writes answers for people. All that comes from records goes through report.Visible.
type explainPrinter struct {
	w     *bufio.Writer
	lang  report.Lang
	width int
	zone  *time.Location
}

func newExplainPrinter(w io.Writer, lang report.Lang) *explainPrinter {
	columns, _ := terminalOf(w)
	if columns == 0 {
		columns = 100
	}
	return &explainPrinter{bufio.NewWriter(w), lang, min(max(columns, 60), 120), time.UTC}
}

func (p *explainPrinter) say(ja, en string) string { return pick(p.lang, event.Words{Ja: ja, En: en}) }

func (p *explainPrinter) head(ja, en string) { fmt.Fprintf(p.w, "\n%s\n", p.say(ja, en)) }

// text writes a text in lines, each behind the indent; of further lines the first is marked by another.
func (p *explainPrinter) text(first, rest, s string) {
	for i, l := range report.Wrap(report.Visible(s), max(p.width-width(rest), 20)) {
		if i == 0 {
			fmt.Fprintln(p.w, first+l)
		} else {
			fmt.Fprintln(p.w, rest+l)
		}
	}
}

func (p *explainPrinter) body(s string) { p.text("  ", "  ", s) }

func (p *explainPrinter) item(s string) { p.text("  - ", "    ", s) }

func (p *explainPrinter) moment(t cases.Time) string {
	if t.IsZero() {
		return "?"
	}
	return t.Time().In(p.zone).Format("2006-01-02 15:04")
}

// list writes one line for each finding.
func (p *explainPrinter) list(c *cases.Case) error {
	p.zone = c.Institute.Zone()
	if len(c.Findings) > 0 {
		fmt.Fprintf(p.w, p.say("（時刻は %s）\n", "(times in %s)\n"), p.zone)
	}
	for _, f := range gravest(c) {
		mark := ""
		switch {
		case f.Hidden != nil:
			mark = p.say("［例外により非表示］", "[hidden] ")
		case f.BelowBudget:
			mark = p.say("［上限超過］", "[below the budget] ")
		}
		fmt.Fprintf(p.w, "%s  %s  %s  %s%s\n", report.Visible(f.ID), pad(pick(p.lang, f.Severity.Words()), 8), p.moment(f.First), mark, report.Visible(pick(p.lang, f.Title)))
	}
	if len(c.Findings) == 0 {
		fmt.Fprintln(p.w, p.say("この事案に検知はない。", "The case has no finding."))
	}
	return p.w.Flush()
}

func pad(s string, n int) string { return s + strings.Repeat(" ", max(0, n-width(s))) }

// finding writes one finding in full.
func (p *explainPrinter) finding(v *node.FindingView) error {
	f := &v.Finding
	p.zone = v.Zone
	fmt.Fprintf(p.w, "%s  [%s]  %s  %s\n", report.Visible(f.ID), pick(p.lang, f.Severity.Words()), report.Visible(f.Detector), pick(p.lang, v.Kind))
	p.text("", "", pick(p.lang, f.Title))
	fmt.Fprintf(p.w, p.say("%s 〜 %s（%s）　最初の警報 %s\n", "%s to %s (%s), first raised %s\n"), p.moment(f.First), p.moment(f.Last), v.Zone, p.moment(f.Alerted))
	if h := f.Hidden; h != nil {
		p.text("", "", fmt.Sprintf(p.say("例外により非表示：登録者 %s、%s まで、理由 %s", "Hidden by an exception of %s, until %s: %s"), h.By, p.moment(h.Until), h.Why))
	}
	if f.BelowBudget {
		p.text("", "", p.say("その日の警報の上限を超えたため、下位に置かれている。", "It fell below the budget of alerts of its day."))
	}
	if s := v.Story; s != nil {
		p.text("", "", fmt.Sprintf(p.say("一連の出来事 %s（検知 %d 件）の一部：%s", "Part of the story %s (%d findings): %s"), s.ID, len(s.Findings), pick(p.lang, s.Title)))
	}
	p.head("何が見られたか", "What was seen")
	p.body(pick(p.lang, f.Explanation))
	p.subjects(p.say("アカウント", "accounts"), v.Accounts)
	p.subjects(p.say("アドレス", "addresses"), v.Addresses)
	p.subjects(p.say("ホスト", "hosts"), v.Hosts)
	p.numbers(v)
	p.quiet(v)
	p.evidence(v)
	p.advice(v)
	return p.w.Flush()
}

// mostSubjects is how many of a kind are named.
const mostSubjects = 20

func (p *explainPrinter) subjects(kind string, list []node.NamedSubject) {
	if len(list) == 0 {
		return
	}
	var names []string
	for _, s := range list[:min(len(list), mostSubjects)] {
		n := s.Name
		if s.Verdict != "" {
			n += p.say("（", " (") + pick(p.lang, s.Words) + p.say("）", ")")
		}
		names = append(names, n)
	}
	if n := len(list) - len(names); n > 0 {
		names = append(names, fmt.Sprintf(p.say("ほか %d", "%d more"), n))
	}
	p.text("  "+kind+": ", "    ", strings.Join(names, p.say("、", ", ")))
}

// numbers writes the figures that decided beside what they were held against, then the others.
func (p *explainPrinter) numbers(v *node.FindingView) {
	decided := false
	for i := range v.Numbers {
		n := &v.Numbers[i]
		if len(n.Limits) == 0 {
			continue
		}
		if !decided {
			p.head("判断した数値と、しきい値", "The figures that decided, and what they were held against")
			decided = true
		}
		fmt.Fprintf(p.w, "  %s  %s\n", pick(p.lang, n.Words), node.Number(n.Value))
		for _, l := range n.Limits {
			p.limit(n, &l)
		}
	}
	if !decided {
		p.head("判断した数値", "The figures that decided")
		p.body(p.say("この検知は数値のしきい値ではなく、行われたことそのものによる。", "None: what was done decided, not how much of it."))
	}
	var others []string
	for i := range v.Numbers {
		if n := &v.Numbers[i]; len(n.Limits) == 0 {
			others = append(others, pick(p.lang, n.Words)+" "+node.Number(n.Value))
		}
	}
	if len(others) > 0 {
		p.text("  "+p.say("その他の数値：", "other figures: "), "    ", strings.Join(others, p.say("、", ", ")))
	}
}

func (p *explainPrinter) limit(n *node.NumberView, l *node.LimitView) {
	mark, side := "+", p.say("%s 以上", "at least %s")
	if l.Most {
		side = p.say("%s 以下", "at most %s")
	}
	if !l.Met {
		mark = "-"
	}
	s := fmt.Sprintf(side, node.Number(l.Limit))
	if l.Grave {
		s += p.say("（重大度のみ）", " (severity only)")
	} else if l.Alone {
		s += p.say("（いずれか一つで足りる）", " (one of several is enough)")
	}
	if l.Tunable != "" {
		s += "  " + l.Tunable
		if l.What != "" && p.lang == report.En {
			s += ": " + l.What
		}
	}
	p.text("    "+mark+" ", "      ", s)
}

func (p *explainPrinter) quiet(v *node.FindingView) {
	if len(v.Quiet) == 0 && v.Example.Key == "" {
		return
	}
	p.head("次のいずれかなら検知しなかった", "It would have been quiet with any of")
	for _, q := range v.Quiet {
		p.item(pick(p.lang, q))
	}
	if x := v.Example; x.Key != "" {
		p.item(p.say("組織の情報（org.yaml）の例外。削除はされず、期限の後に再び示される：", "an exception in the profile (org.yaml), which deletes nothing and ends on its date:"))
		fmt.Fprintf(p.w, "      exceptions:\n        - {detector: %s, %s: %q, until: YYYY-MM-DD, by: NAME, why: REASON}\n", x.Detector, x.Key, report.Visible(x.Value))
	}
}

// mostEvidence is how many records are shown; --json has all.
const mostEvidence = 20

func (p *explainPrinter) evidence(v *node.FindingView) {
	p.head("根拠の記録", "The records that it rests on")
	if len(v.Evidence) == 0 {
		p.body(p.say("記録は挙げられていない。", "It names no record."))
	}
	for i := range v.Evidence[:min(len(v.Evidence), mostEvidence)] {
		e := &v.Evidence[i]
		state := map[string]string{
			node.EvidenceSame:      p.say("事案の記録と一致", "as in the case"),
			node.EvidencePreserved: p.say("保全した写しから、事案の記録と一致", "as in the case, from the preserved copy"),
			node.EvidenceChanged:   p.say("調査の後に変わっている", "CHANGED since"),
			node.EvidenceGone:      p.say("入力がもうない", "the input is no longer there"),
			node.EvidenceUnread:    p.say("読めない", "could not be read"),
		}[e.State]
		where := ""
		if len(e.Parts) > 0 {
			where = fmt.Sprintf(p.say("%d 行目、%d バイト目から %d バイト", "line %d, bytes %d+%d"), e.Parts[0].Line, e.Parts[0].Offset, e.Parts[0].Length)
		}
		p.text(fmt.Sprintf("  %d. ", i+1), "     ", fmt.Sprintf("%s  %s  [%s]", e.Input, where, state))
		if e.Why != "" && e.State != node.EvidenceGone {
			p.text("     ", "     ", e.Why)
		}
		for _, t := range e.Texts {
			p.text("     | ", "     | ", t)
		}
		if e.Cut {
			p.text("     ", "     ", p.say("（長いため途中まで）", "(cut: it is longer)"))
		}
		if e.Kept != "" {
			p.text("     "+p.say("事案に残る写し：", "kept in the case: "), "     ", e.Kept)
		}
	}
	if n := len(v.Evidence) - mostEvidence; n > 0 {
		p.body(fmt.Sprintf(p.say("ほか %d 件（--json で全件）", "%d more (--json shows all)"), n))
	}
}

func (p *explainPrinter) advice(v *node.FindingView) {
	if w := pick(p.lang, v.Wrong); w != "" {
		p.head("誤りとなる場合", "When it is wrong")
		p.body(w)
	}
	if w := pick(p.lang, v.Do); w != "" {
		p.head("すべきこと", "What to do")
		p.body(w)
	}
	if len(v.Attack) > 0 {
		p.head("MITRE ATT&CK（第 "+v.Attack[0].Version+" 版）", "MITRE ATT&CK, version "+v.Attack[0].Version)
		for _, t := range v.Attack {
			s := strings.TrimSpace(t.ID + " " + t.Name)
			if t.Alias != "" {
				s += fmt.Sprintf(p.say("（次の版では %s）", " (%s in the version after)"), t.Alias)
			}
			p.item(s)
		}
	}
}
