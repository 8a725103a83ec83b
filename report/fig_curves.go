// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// maxCurves bounds the lines of one panel: more would be one grey mass. They are taken evenly over the accounts' names.
const maxCurves = 80

// drawCurves draws the cumulative attempts against each account: those that were lost by guessing, a control sample,
// and the accounts of other causes (figure 5 of the AIST report). All panels share both axes, for what tells is that the first panel's
// lines stay flat where the second's rise.
func drawCurves(d *Data, a axis, lang Lang, style string) ([]byte, error) {
	const top, height, gap = 22.0, 126.0, 30.0
	panels := []struct {
		group CurveGroup
		class string
		title event.Words
	}{
		{CurveVictims, "curve existing", text("panel-victims")},
		{CurveControl, "curve control", text("panel-control")},
		{CurveSecond, "curve second", text("panel-second")},
	}
	by := map[CurveGroup][]*Curve{}
	var all []int64
	for i := range d.Curves {
		k := &d.Curves[i]
		by[k.Group] = append(by[k.Group], k)
		for _, p := range k.Points {
			all = append(all, p.Total)
		}
	}
	c := newCanvas("curves", lang, 3*(height+gap)+top)
	y := top
	for i, p := range panels {
		v := newValues(y, y+height, all)
		v.log = false // the slopes are compared, and only a linear axis keeps them
		a.weekends(c, y, y+height)
		v.ticks(c)
		a.ticks(c, y, y+height)
		lines := by[p.group]
		slices.SortStableFunc(lines, func(x, y *Curve) int { return cmp.Compare(x.Account, y.Account) })
		shown := min(len(lines), maxCurves)
		for j := range shown {
			c.path(course(a, v, lines[j*len(lines)/shown].Points), p.class)
		}
		a.hatch(c, a.gaps(attempted(d, a, func(yield func(int32) bool) {
			for _, k := range d.Curves {
				for _, q := range k.Points {
					if !yield(q.Day) {
						return
					}
				}
			}
		})), y, y+height)
		c.text(plotLeft+6, y+14, "note strong halo", say("(%s) %s（%s）", "(%s) %s (%s)", string(rune('a'+i)), p.title, comma(len(lines))))
		y += height + gap
	}
	c.text(6, 14, "note dim", text("attempts-total"))
	return c.finish(text("fig-curves"), style), nil
}

// course returns one curve as steps, cut to the axis and thinned to a step every second unit of width.
func course(a axis, v values, points []CurvePoint) []byte {
	p := newCanvas("", "", 0)
	points = slices.Clone(points)
	slices.SortStableFunc(points, func(x, y CurvePoint) int { return cmp.Compare(x.Day, y.Day) })
	x, y := plotLeft, v.bottom
	p.raw("M").num(x).raw(" ").num(y)
	var total int64
	for i, q := range points {
		if q.Day >= a.to {
			break
		}
		total = max(total, q.Total)
		if q.Day < a.from {
			continue
		}
		at, next := a.x(q.Day+1), v.y(float64(total))
		if at-x < 2 && i+1 < len(points) || y-next < 0.1 {
			continue
		}
		p.raw("H").num(at).raw("V").num(next)
		x, y = at, next
	}
	p.raw("V").num(v.y(float64(total))).raw("H").num(plotRight)
	return p.b
}
