// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"math"
	"slices"

	"github.com/sekisho/sekisho/cases"
)

// maxSources bounds the rows of the timeline.
const maxSources = 16

// drawTimeline draws one row a source: what it recorded by day, and hatched the time for which it has no records; below them the
// stages of the incident.
func drawTimeline(d *Data, a axis, lang Lang, style string) ([]byte, error) {
	const top, row, foot = 34.0, 27.0, 24.0
	sources, spans := sourcesOf(d)
	more := len(sources) - maxSources
	sources = sources[:min(len(sources), maxSources)]
	bottom := top + row*float64(len(sources))
	stages := 0.0
	if len(d.Case.Stages) > 0 {
		stages = 30
	}
	c := newCanvas("timeline", lang, bottom+stages+foot)
	a.weekends(c, top, bottom+stages)
	a.ticks(c, top, bottom+stages)
	days := map[string][]int64{}
	for _, s := range sources {
		days[s] = make([]int64, max(a.to-a.from, 1))
	}
	for _, x := range d.Activity {
		if list := days[x.Source]; list != nil && x.Day >= a.from && x.Day < a.to {
			list[x.Day-a.from] += x.Events
		}
	}
	for i, s := range sources {
		y := top + row*float64(i)
		c.text(plotLeft-8, y+row/2+4, "tick end name", same(cut(visible(s, 100), 17)))
		sourceRow(c, a, spans[s], days[s], y+3, y+row-2)
		c.line(plotLeft, y+row, plotRight, y+row, "grid")
	}
	if stages > 0 {
		c.text(plotLeft-8, bottom+stages/2+4, "tick end name", text("stages"))
		for i := range d.Case.Stages {
			s := &d.Case.Stages[i]
			if a.within(cases.Span{From: s.From, To: s.To}) {
				x := a.moment(s.From)
				c.rect(x, bottom+stages-8, max(a.moment(s.To)-x, 3), 4, "stage")
			}
		}
		stageMarks(c, a, d.Case, bottom+stages-6)
	}
	onset(c, a, d.Case, top, bottom+stages, false)
	c.text(plotLeft, 19, "note", say("活動（対数）", "activity (log)"))
	c.rect(plotLeft+100, 9, 26, 12, "cover")
	c.hatched(plotLeft+230, 9, 26, 12, "absent", text("no-record"))
	c.text(plotLeft+131, 19, "note", say("記録あり", "records exist"))
	c.text(plotLeft+261, 19, "note", say("記録なし（何も言えない）", "no records: nothing can be said"))
	c.line(plotLeft+520, 9, plotLeft+520, 21, "onset")
	c.text(plotLeft+526, 19, "note", say("最も古い痕跡と直近の活動", "oldest trace and last activity"))
	if more > 0 {
		c.text(6, 19, "note dim", say("ほか %d", "%d more", more))
	}
	return c.finish(text("fig-timeline"), style), nil
}

// sourcesOf returns the sources of the case in order of their names, with their coverage.
func sourcesOf(d *Data) ([]string, map[string][]*cases.Coverage) {
	spans := map[string][]*cases.Coverage{}
	var names []string
	add := func(s string) {
		if _, ok := spans[s]; !ok {
			spans[s] = nil
			names = append(names, s)
		}
	}
	for i := range d.Case.Coverage {
		v := &d.Case.Coverage[i]
		add(v.Source)
		spans[v.Source] = append(spans[v.Source], v)
	}
	for i := range d.Activity {
		add(d.Activity[i].Source)
	}
	slices.Sort(names)
	return names, spans
}

// sourceRow draws one source: its coverage, what it lacks, and its events a day with a height by logarithm.
func sourceRow(c *canvas, a axis, spans []*cases.Coverage, days []int64, top, bottom float64) {
	var have []cases.Span
	for _, v := range spans {
		s := cases.Span{From: v.From, To: v.To}
		if (v.State == cases.Complete || v.State == cases.PartialCoverage) && a.within(s) {
			have = append(have, s)
		}
	}
	for i, n := range days { // what recorded something covers that day at least
		if n > 0 && len(spans) == 0 {
			t := cases.At(a.midnight(a.from + int32(i)))
			have = append(have, cases.Span{From: t, To: t})
		}
	}
	for _, s := range have {
		x := a.moment(s.From)
		c.rect(x, top, a.moment(s.To)-x, bottom-top, "cover")
	}
	for _, g := range a.gaps(have) {
		c.hatched(a.x(g[0]), top, a.x(g[1])-a.x(g[0]), bottom-top, "absent", text("no-record"))
	}
	for _, v := range spans {
		s := cases.Span{From: v.From, To: v.To}
		if v.State == cases.Complete || !a.within(s) {
			continue
		}
		pattern := "absent"
		if v.State == cases.Erased {
			pattern = "erased"
		}
		x := a.moment(s.From)
		y := top
		if v.State == cases.PartialCoverage { // records exist, but not all
			y = (top + bottom) / 2
		}
		c.hatched(x, y, max(a.moment(s.To)-x, 2), bottom-y, pattern, v.State.Words())
	}
	most := int64(1)
	for _, n := range days {
		most = max(most, n)
	}
	p := newCanvas("", "", 0)
	for i, n := range days {
		if n <= 0 {
			continue
		}
		h := (bottom - top) * math.Log1p(float64(n)) / math.Log1p(float64(most))
		x := a.x(a.from + int32(i))
		w := max(a.x(a.from+int32(i)+1)-x-0.4, 0.6)
		p.raw("M").num(x).raw(" ").num(bottom).raw("v").num(-h).raw("h").num(w).raw("v").num(h).raw("z")
	}
	if len(p.b) > 0 {
		c.path(p.b, "activity")
	}
}
