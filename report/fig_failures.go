// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

// drawFailures draws failed authentications a day, of existing and of unknown IDs apart (figure 3 of the AIST report).
func drawFailures(d *Data, a axis, lang Lang, style string) ([]byte, error) {
	const top, bottom = 50.0, 252.0
	c := newCanvas("failures", lang, bottom+24)
	n := int(a.to - a.from)
	existing, unknown := make([]int64, n), make([]int64, n)
	unclear := make([]int64, n)
	some := false
	for _, x := range d.Daily {
		if i := int(x.Day - a.from); i >= 0 && i < n {
			existing[i] += x.Existing
			unknown[i] += x.Unknown
			unclear[i] += x.Unclear
			some = some || x.Unclear > 0
		}
	}
	v := newValues(top, bottom, append(append(append([]int64(nil), existing...), unknown...), unclear...))
	a.weekends(c, top, bottom)
	v.ticks(c)
	a.ticks(c, top, bottom)
	gaps := a.gaps(attempted(d, a, nil))
	if some {
		c.path(steps(a, v, unclear, false), "series unclear")
	}
	c.path(steps(a, v, existing, true), "area existing")
	c.path(steps(a, v, unknown, true), "area unknown")
	c.path(steps(a, v, existing, false), "series existing")
	c.path(steps(a, v, unknown, false), "series unknown")
	a.hatch(c, gaps, top, bottom)
	onset(c, a, d.Case, top, bottom, true)
	c.rect(plotLeft, 10, 10, 10, "swatch existing")
	c.text(plotLeft+15, 19, "note", text("existing"))
	c.rect(plotLeft+270, 10, 10, 10, "swatch unknown")
	c.text(plotLeft+285, 19, "note", text("unknown-id"))
	if some {
		c.rect(plotLeft+500, 10, 10, 10, "swatch unclear")
		c.text(plotLeft+515, 19, "note", text("unclear-id"))
	}
	scale := text("linear")
	if v.log {
		scale = text("log")
	}
	c.text(6, 19, "note dim", scale)
	return c.finish(text("fig-failures"), style), nil
}

// steps returns the outline of a series of days; closed down to the foot of the plot where it is filled.
func steps(a axis, v values, counts []int64, closed bool) []byte {
	p := newCanvas("", "", 0)
	if closed {
		p.raw("M").num(plotLeft).raw(" ").num(v.bottom)
	} else if len(counts) > 0 {
		p.raw("M").num(plotLeft).raw(" ").num(v.y(float64(counts[0])))
	}
	for i := 0; i < len(counts); {
		j := i + 1
		for j < len(counts) && counts[j] == counts[i] {
			j++
		}
		p.raw("V").num(v.y(float64(counts[i]))).raw("H").num(a.x(a.from + int32(j)))
		i = j
	}
	if closed {
		p.raw("V").num(v.bottom).raw("Z")
	}
	return p.b
}
