// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	_ "embed"
	"fmt"
	"iter"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

//go:embed page/figure.css
var figureStyle string

// figure is one drawing of the report.
type figure struct {
	name    string // of the file, without language and ending
	title   event.Words
	caption event.Words // how to read it
	draw    func(d *Data, a axis, lang Lang, style string) ([]byte, error)
	has     func(d *Data) bool
}

// figures returns all figures in the order of the report.
func figures() []figure {
	return []figure{
		{"timeline", text("fig-timeline"), text("fig-timeline-how"), drawTimeline, func(d *Data) bool { return len(d.Case.Coverage)+len(d.Case.Stages)+len(d.Activity) > 0 }},
		{"path", text("fig-path"), text("fig-path-how"), drawPath, func(d *Data) bool { return len(d.Case.Path) > 0 }},
		{"accounts", text("fig-accounts"), text("fig-accounts-how"), drawAccounts, func(d *Data) bool { return len(d.Logins) > 0 }},
		{"failures", text("fig-failures"), text("fig-failures-how"), drawFailures, func(d *Data) bool { return len(d.Daily) > 0 }},
		{"attempts", text("fig-attempts"), text("fig-attempts-how"), drawAttempts, func(d *Data) bool { return len(d.Attempts.Cells) > 0 }},
		{"curves", text("fig-curves"), text("fig-curves-how"), drawCurves, func(d *Data) bool { return len(d.Curves) > 0 }},
	}
}

// Figures returns the figures that d has data for, as SVG files of their own: NAME.LANG.svg.
func Figures(d *Data) ([]File, error) {
	var out []File
	a := newAxis(d)
	for _, f := range figures() {
		if !f.has(d) {
			continue
		}
		for _, l := range []Lang{En, Ja} {
			b, err := f.draw(d, a, l, figureStyle)
			if err != nil {
				return nil, fmt.Errorf("report: draw %s: %w", f.name, err)
			}
			out = append(out, File{Name: "figures/" + f.name + "." + string(l) + ".svg", Bytes: b})
		}
	}
	return out, nil
}

// onset marks the oldest trace and the last activity in a plot; with labels their dates stand above it.
func onset(c *canvas, a axis, k *cases.Case, top, bottom float64, labels bool) {
	const room = 170 // of a label
	end := plotLeft - room
	for i, t := range []cases.Time{k.Onset.At, k.LastActivity} {
		if t.IsZero() || a.day(t) < a.from || a.day(t) >= a.to || i == 1 && t == k.Onset.At {
			continue
		}
		x := a.moment(t)
		c.line(x, top-6, x, bottom, "onset")
		w := say("%s %s", "%s %s", text([]string{"onset", "last"}[i]), a.date(t))
		switch {
		case !labels:
		case x <= plotRight-room && x >= end:
			c.text(x+4, top-4, "note strong halo", w)
			end = x + room
		case x > plotRight-room && x-room >= end:
			c.text(x-4, top-4, "note strong halo end", w)
			end = x
		}
	}
}

// attempted returns the stretches that the sources of attempts cover: as stated, else the days of Daily, else those of
// the figure itself.
func attempted(d *Data, a axis, own iter.Seq[int32]) []cases.Span {
	if len(d.Daily) > 0 {
		own = func(yield func(int32) bool) {
			for _, x := range d.Daily {
				if !yield(x.Day) {
					return
				}
			}
		}
	}
	return covered(a, d.Attempted, own)
}

// covered returns spans, or where nobody stated any the days from first to last.
func covered(a axis, spans []cases.Span, days iter.Seq[int32]) []cases.Span {
	if spans != nil {
		return spans
	}
	first, last := int32(1<<30), int32(-1<<30)
	for d := range days {
		first, last = min(first, d), max(last, d)
	}
	if first > last {
		return nil
	}
	return []cases.Span{{From: cases.At(a.midnight(first)), To: cases.At(a.midnight(last))}}
}
