// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"image"
	"image/color"
	"math"
)

// raster counts in cells of a plot and paints them: the darker, the more. However many points are added, its size is
// bounded by its cells.
type raster struct {
	w, h  int
	count []int64
}

func newRaster(w, h int) *raster { return &raster{w, h, make([]int64, w*h)} }

// add counts n at a cell; what lies outside is left out.
func (r *raster) add(x, y int, n int64) {
	if x >= 0 && x < r.w && y >= 0 && y < r.h {
		r.count[y*r.w+x] += n
	}
}

// shades is how many steps of opacity a raster has: few, so that it packs well.
const shades = 12

// paint adds the raster's cells to m in colour base, whose shades begin at the palette's index first. Opacity grows
// with the logarithm of the count.
func (r *raster) paint(m *image.Paletted, first uint8) {
	top := int64(1)
	for _, n := range r.count {
		top = max(top, n)
	}
	scale := float64(shades-1) / max(math.Log1p(float64(top)), 1e-9)
	for i, n := range r.count {
		if n > 0 {
			m.Pix[i] = first + uint8(min(math.Log1p(float64(n))*scale, shades-1))
		}
	}
}

// palette is nothing, then the shades of each colour from faint to full.
func palette(colors ...color.NRGBA) color.Palette {
	p := color.Palette{color.NRGBA{}}
	for _, c := range colors {
		for i := range shades {
			c.A = uint8(90 + 165*i/(shades-1))
			p = append(p, c)
		}
	}
	return p
}

// The colours of rasters; figure.css has the same for lines. They stand out on light and on dark ground.
func redInk() color.NRGBA  { return color.NRGBA{R: 0xd2, G: 0x4b, B: 0x36, A: 0xff} }
func blueInk() color.NRGBA { return color.NRGBA{R: 0x3f, G: 0x77, B: 0xc4, A: 0xff} }

// drawAttempts draws who was tried when: one row an ID in the order of appearance, existing IDs above the line and unknown ones below
// (figure 4 of the AIST report).
func drawAttempts(d *Data, a axis, lang Lang, style string) ([]byte, error) {
	const top, height = 50.0, 320.0
	c := newCanvas("attempts", lang, top+height+24)
	g := &d.Attempts
	up, down := idCount(g, 1), idCount(g, -1)
	if up+down == 0 {
		up = 1
	}
	// The height is shared by number; a side that has IDs at all keeps a fifth.
	share := float64(up) / float64(up+down)
	switch {
	case down == 0:
		share = 1
	case up == 0:
		share = 0
	default:
		share = min(max(share, 0.2), 0.8)
	}
	zero := top + height*share
	r := rasterOf(a, 2*int(height))
	red, blue := newRaster(r.w, r.h), newRaster(r.w, r.h)
	mid := int(math.Round(float64(r.h) * share))
	step := max(g.IDsPerRow, 1)
	for _, cell := range g.Cells {
		if cell.Rank == 0 || cell.Day < a.from || cell.Day >= a.to {
			continue
		}
		x0, x1 := column(a, r.w, cell.Day), column(a, r.w, cell.Day+1)
		dst, n, room, sign := red, up, mid, -1
		rank := int64(cell.Rank)
		if rank < 0 {
			dst, n, room, sign, rank = blue, down, r.h-mid, 1, -rank
		}
		// Row 0 lies next to the line. A row is at least one pixel high and grows where there are few IDs.
		lo := int((rank - 1) * int64(step) * int64(room) / max(n, 1))
		hi := max(int(rank*int64(step)*int64(room)/max(n, 1)), lo+1)
		for k := lo; k < min(hi, room); k++ {
			y := mid + k
			if sign < 0 {
				y = mid - 1 - k
			}
			for x := x0; x < max(x1, x0+1); x++ {
				dst.add(x, y, max(cell.Count, 1))
			}
		}
	}
	m := image.NewPaletted(image.Rect(0, 0, r.w, r.h), palette(redInk(), blueInk()))
	red.paint(m, 1)
	blue.paint(m, 1+shades)
	a.weekends(c, top, top+height)
	a.ticks(c, top, top+height)
	if err := c.image(plotLeft, top, plotWidth, height, m); err != nil {
		return nil, err
	}
	a.hatch(c, a.gaps(attempted(d, a, func(yield func(int32) bool) {
		for _, x := range g.Cells {
			if !yield(x.Day) {
				return
			}
		}
	})), top, top+height)
	c.line(plotLeft, zero, plotRight, zero, "axis")
	c.text(plotLeft-6, zero+4, "tick end", same("0"))
	if n := idCount(g, 1); n > 0 {
		c.text(plotLeft-6, top+10, "tick end", same(comma(n)))
	}
	if n := idCount(g, -1); n > 0 {
		c.text(plotLeft-6, top+height, "tick end", same("−"+comma(n)))
	}
	onset(c, a, d.Case, top, top+height, true)
	c.rect(plotLeft, 10, 10, 10, "swatch existing")
	c.text(plotLeft+15, 19, "note", text("existing-up"))
	c.rect(plotLeft+330, 10, 10, 10, "swatch unknown")
	c.text(plotLeft+345, 19, "note", text("unknown-down"))
	c.text(6, 19, "note dim", text("id-number"))
	return c.finish(text("fig-attempts"), style), nil
}

// idCount returns how many IDs stand on one side of the line.
func idCount(g *AttemptGrid, side int32) int64 {
	n := int64(g.Existing)
	if side < 0 {
		n = int64(g.Unknown)
	}
	step := int64(max(g.IDsPerRow, 1))
	for _, c := range g.Cells {
		if c.Rank*side > 0 {
			n = max(n, (int64(c.Rank*side)-1)*step+1)
		}
	}
	return n
}

// rasterOf returns the measure of a raster for the width of a plot: one column a day, at most two a unit of width. The
// picture is stretched without smoothing.
func rasterOf(a axis, h int) *raster {
	return &raster{w: min(max(int(a.days()), 1), int(2*plotWidth)), h: h}
}

// column returns the first column of a day.
func column(a axis, w int, day int32) int { return int(float64(day-a.from) / a.days() * float64(w)) }
