// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Bounds of stories that are shown.
const (
	topStories   = 100
	firstStories = 3 // in the first report and on the terminal
	storyRefs    = 60
)

// storyRow is one story with the findings that it is made of.
type storyRow struct {
	N        int
	S        *cases.Story
	When     string
	Subjects string
	Findings []findingRef
	More     int // findings that the page has no room for
}

// stories lays out the stories, gravest first, each with its findings in the order of the page.
func (p *page) stories(names map[string]string) {
	var n int
	n, p.StoriesLeft = bound(len(p.Case.Stories), topStories)
	for i := range p.Case.Stories[:n] {
		s := &p.Case.Stories[i]
		r := storyRow{N: i + 1, S: s, When: p.Clock.span(s.First, s.Last), Subjects: subjects(&cases.Subjects{Accounts: s.Accounts, Addresses: s.Addresses, Hosts: s.Hosts}, names)}
		for _, id := range s.Findings {
			if ref, ok := p.finding[id]; ok && len(r.Findings) < storyRefs {
				r.Findings = append(r.Findings, ref)
			}
		}
		r.More = len(s.Findings) - len(r.Findings)
		p.Stories = append(p.Stories, r)
	}
}

// storyLines are the gravest stories, one sentence each.
func storyLines(c *cases.Case, cl clock) []event.Words {
	var out []event.Words
	for i := range c.Stories[:min(firstStories, len(c.Stories))] {
		s := &c.Stories[i]
		out = append(out, say("［%s］%s　%s　検知 %s 件　%s", "[%s] %s, %s, %s, %s", s.Severity.Words(), s.Title, cl.dates(s.First, s.Last),
			several(len(s.Findings), "finding", "findings"), visible(s.ID, 40)))
	}
	if n := len(c.Stories) - len(out); n > 0 {
		out = append(out, say("ほか %s（report.html#stories）", "%s (report.html#stories)", several(n, "more story", "more stories")))
	}
	return out
}

// findingsLine counts the findings: in stories, by themselves, and those that were put aside, which are never left out silently.
func findingsLine(c *cases.Case) FirstLine {
	l := FirstLine{Label: say("検知", "Findings"), Anchor: "findings"}
	count := map[cases.Severity]int{}
	under := map[cases.Severity]int{}
	shown, told, hidden, below := 0, 0, 0, 0
	for i := range c.Findings {
		f := &c.Findings[i]
		if f.Hidden != nil {
			hidden++
			continue
		}
		shown++
		count[f.Severity]++
		if f.Story != "" {
			told++
		}
		if f.BelowBudget {
			below++
			under[f.Severity]++
		}
	}
	l.Value = say("なし", "none")
	if shown > 0 {
		l.Value = bySeverity(count)
	}
	if len(c.Stories) > 0 {
		l.Value = say("%s　── うち %s 件は一連の出来事 %s 件に属し、%s 件は単独", "%s — %s in %s, %s by themselves", l.Value, comma(told), several(len(c.Stories), "story", "stories"), comma(shown-told))
	}
	if hidden > 0 {
		l.Value = say("%s　例外により非表示 %s 件", "%s · %s hidden by exceptions", l.Value, comma(hidden))
	}
	if below > 0 {
		perDay := 0
		if c.Alerts != nil {
			perDay = c.Alerts.PerDay
		}
		l.Value = say("%s　うち一日の上限（%[3]s 件）を超えて下位に置いたもの %[2]s 件（%[4]s）", "%s · %s of them below the budget of %s a day (%s)", l.Value, comma(below), comma(perDay), bySeverity(under))
	}
	if count[cases.Critical]+count[cases.High] == 0 {
		l.Tone = "dim"
	}
	return l
}

// bySeverity writes counts, the gravest first.
func bySeverity(count map[cases.Severity]int) event.Words {
	var list []event.Words
	for _, s := range []cases.Severity{cases.Critical, cases.High, cases.Medium, cases.Low, cases.Info} {
		if count[s] > 0 {
			list = append(list, say("%s %s", "%s %s", s.Words(), comma(count[s])))
		}
	}
	return join(list)
}
