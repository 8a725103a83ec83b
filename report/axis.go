// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/sekisho/sekisho/cases"
)

// maxDays bounds the time that a figure spans: a single record with a wrong year must not squeeze all else to nothing.
const maxDays = 1200

// farDay is a day that no record can truly have: some 2,700 years from 1970.
const farDay = 1_000_000

// axis maps time to the width of a plot. All figures of a report share one.
type axis struct {
	clock
	from, to int32 // first day, and the day after the last
}

// newAxis returns the axis over the range of d. Where that is unknown or longer than maxDays, the days with data decide.
func newAxis(d *Data) axis {
	a := axis{clock: clock{d.zone()}}
	r := d.Range
	if r.From.IsZero() || r.To.IsZero() {
		r = d.Case.Window
	}
	if !r.From.IsZero() && !r.To.IsZero() && r.To >= r.From {
		a.from, a.to = a.day(r.From), a.day(r.To)+1
	}
	if n := a.to - a.from; n > 0 && n <= maxDays {
		return a
	}
	var days []int32
	add := func(day int32) {
		if day > -farDay && day < farDay {
			days = append(days, day)
		}
	}
	for _, x := range d.Daily {
		add(x.Day)
	}
	for _, x := range d.Logins {
		add(a.day(x.At))
	}
	for _, x := range d.Activity {
		add(x.Day)
	}
	if len(days) == 0 {
		if a.to > a.from {
			a.from = a.to - maxDays
		} else {
			a.to = a.from + 1
		}
		return a
	}
	slices.Sort(days)
	a.from, a.to = days[0], days[len(days)-1]+1
	if a.to-a.from > maxDays { // what happened last matters most
		a.from = a.to - maxDays
	}
	return a
}

func (a axis) days() float64 { return float64(max(a.to-a.from, 1)) }

// x returns where a day begins.
func (a axis) x(day int32) float64 { return plotLeft + float64(day-a.from)/a.days()*plotWidth }

// moment returns where a moment stands, kept within the plot.
func (a axis) moment(t cases.Time) float64 {
	day := a.day(t)
	part := t.Time().Sub(a.midnight(day)).Hours() / 24
	return min(max(a.x(day)+min(max(part, 0), 1)*plotWidth/a.days(), plotLeft), plotRight)
}

// within says whether any of the span is on the axis.
func (a axis) within(s cases.Span) bool {
	return !s.From.IsZero() && !s.To.IsZero() && a.day(s.To) >= a.from && a.day(s.From) < a.to
}

// weekends shades Saturdays and Sundays; beyond a year of width they would be grey all over.
func (a axis) weekends(c *canvas, top, bottom float64) {
	if a.days() > 370 {
		return
	}
	for d := a.from; d < a.to; d++ {
		w := a.midnight(d).Weekday()
		if w == time.Saturday {
			n := min(2, a.to-d)
			c.rect(a.x(d), top, a.x(d+n)-a.x(d), bottom-top, "weekend")
		} else if w == time.Sunday && d == a.from {
			c.rect(a.x(d), top, a.x(d+1)-a.x(d), bottom-top, "weekend")
		}
	}
}

// ticks draws the months, or the weeks of a short window, below a plot, with lines through it.
func (a axis) ticks(c *canvas, top, bottom float64) {
	last, short := -100.0, a.days() <= 45
	for d := a.from; d < a.to; d++ {
		t := a.midnight(d)
		if !(t.Day() == 1 || short && t.Weekday() == time.Monday || a.days() <= 8) {
			continue
		}
		x := a.x(d)
		c.line(x, top, x, bottom, "grid")
		if x-last < 46 || x > plotRight-34 {
			continue
		}
		last = x
		form := "2006-01"
		if short {
			form = "01-02"
		}
		c.text(x+3, bottom+14, "tick", same(t.Format(form)))
	}
	c.line(plotLeft, bottom, plotRight, bottom, "axis")
}

// gaps returns the days of the axis that none of the spans covers, as pairs of first day and day after.
func (a axis) gaps(covered []cases.Span) [][2]int32 {
	spans := slices.Clone(covered)
	slices.SortFunc(spans, func(x, y cases.Span) int { return cmp.Compare(x.From, y.From) })
	var out [][2]int32
	at := a.from
	for _, s := range spans {
		if !a.within(s) {
			continue
		}
		if from := a.day(s.From); from > at {
			out = append(out, [2]int32{at, from})
		}
		at = max(at, a.day(s.To)+1)
	}
	if at < a.to {
		out = append(out, [2]int32{at, a.to})
	}
	return out
}

// hatch hatches the days without records, and says so.
func (a axis) hatch(c *canvas, gaps [][2]int32, top, bottom float64) {
	for _, g := range gaps {
		c.hatched(a.x(g[0]), top, a.x(g[1])-a.x(g[0]), bottom-top, "absent", text("no-record"))
		if a.x(g[1])-a.x(g[0]) > 60 {
			c.text((a.x(g[0])+a.x(g[1]))/2, (top+bottom)/2+4, "note middle halo", text("no-record"))
		}
	}
}

// values maps counts to heights: linear, or logarithmic where the small counts that begin an attack would drown in the
// large ones that end it. A logarithmic axis has nought at its foot and one a step above it.
type values struct {
	top, bottom float64
	max         float64
	log         bool
}

func newValues(top, bottom float64, counts []int64) values {
	v := values{top: top, bottom: bottom, max: 1}
	var some []int64
	for _, n := range counts {
		v.max = max(v.max, float64(n))
		if n > 0 {
			some = append(some, n)
		}
	}
	if len(some) > 0 {
		slices.Sort(some)
		v.log = v.max > 30*float64(some[len(some)/2])
	}
	return v
}

func (v values) y(n float64) float64 {
	h := v.bottom - v.top
	if v.log {
		return v.bottom - h*math.Log10(1+max(n, 0))/math.Log10(1+v.max)
	}
	return v.bottom - h*max(n, 0)/v.max
}

func (v values) ticks(c *canvas) {
	draw := func(n int64) {
		y := v.y(float64(n))
		c.line(plotLeft, y, plotRight, y, "grid")
		c.text(plotLeft-6, y+4, "tick end", same(comma(n)))
	}
	draw(0)
	if v.log {
		for n := int64(1); float64(n) <= v.max; n *= 10 {
			draw(n)
		}
		return
	}
	for _, n := range nice(v.max) {
		draw(n)
	}
}

// nice returns two to four round numbers up to max.
func nice(maximum float64) []int64 {
	step := math.Pow(10, math.Floor(math.Log10(max(maximum, 1))))
	for maximum/step > 4 {
		step *= 2.5
		if maximum/step > 4 {
			step *= 2
		}
	}
	if maximum/step < 2 && step >= 2 {
		step /= 2
	}
	var out []int64
	for n := step; n <= maximum; n += step {
		if i := int64(n); float64(i) == n {
			out = append(out, i)
		}
	}
	return out
}
