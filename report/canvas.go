// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"encoding/base64"
	"html"
	"image"
	"image/png"
	"strconv"

	"github.com/sekisho/sekisho/event"
)

// canvas builds one SVG. Classes and names are constants of this package; the only foreign texts go through text and
// title, which escape. An empty language writes both, each marked with its own: the page shows one of them.
type canvas struct {
	b    []byte
	name string // unique within a page: prefixes identities
	lang Lang
	h    float64
}

// The geometry that all figures over time share, so that equal times stand below each other.
const (
	figureWidth = 960.0
	plotLeft    = 118.0
	plotRight   = figureWidth - 14
	plotWidth   = plotRight - plotLeft
)

func newCanvas(name string, lang Lang, height float64) *canvas {
	return &canvas{name: name, lang: lang, h: height}
}

// num appends f with at most one digit after the point.
func (c *canvas) num(f float64) *canvas {
	s := strconv.FormatFloat(f, 'f', 1, 64)
	if n := len(s); s[n-1] == '0' {
		s = s[:n-2]
	}
	if s == "-0" {
		s = "0"
	}
	c.b = append(c.b, s...)
	return c
}

func (c *canvas) raw(s string) *canvas { c.b = append(c.b, s...); return c }

func (c *canvas) attr(name string, f float64) *canvas {
	return c.raw(" ").raw(name).raw(`="`).num(f).raw(`"`)
}

func (c *canvas) rect(x, y, w, h float64, class string) {
	c.raw("<rect").attr("x", x).attr("y", y).attr("width", max(w, 0)).attr("height", max(h, 0)).raw(` class="`).raw(class).raw("\"/>\n")
}

// hatched draws a rectangle of time without records, with what to say of it.
func (c *canvas) hatched(x, y, w, h float64, pattern string, why event.Words) {
	c.rect(x, y, w, h, "paper")
	c.raw("<rect").attr("x", x).attr("y", y).attr("width", max(w, 0)).attr("height", max(h, 0))
	c.raw(` fill="url(#`).raw(c.name).raw("-").raw(pattern).raw(`)"><title>`).both(why).raw("</title></rect>\n")
}

func (c *canvas) line(x1, y1, x2, y2 float64, class string) {
	c.raw("<line").attr("x1", x1).attr("y1", y1).attr("x2", x2).attr("y2", y2).raw(` class="`).raw(class).raw("\"/>\n")
}

func (c *canvas) path(d []byte, class string) {
	c.raw(`<path d="`)
	c.b = append(c.b, d...)
	c.raw(`" class="`).raw(class).raw("\"/>\n")
}

// text writes w at x, y. The class may hold several names.
func (c *canvas) text(x, y float64, class string, w event.Words) {
	write := func(l Lang, mark bool) {
		c.raw("<text").attr("x", x).attr("y", y).raw(` class="`).raw(class).raw(`"`)
		if mark {
			c.raw(` lang="`).raw(string(l)).raw(`"`)
		}
		c.raw(">").escaped(l.of(w)).raw("</text>\n")
	}
	switch {
	case c.lang != "":
		write(c.lang, false)
	case w.Ja == w.En:
		write(Ja, false)
	default:
		write(Ja, true)
		write(En, true)
	}
}

func (c *canvas) escaped(s string) *canvas { return c.raw(html.EscapeString(visible(s, maxTitle))) }

// both writes w where only one text can stand, as in a title.
func (c *canvas) both(w event.Words) *canvas {
	switch {
	case c.lang != "":
		return c.escaped(c.lang.of(w))
	case w.Ja == w.En:
		return c.escaped(w.Ja)
	}
	return c.escaped(w.Ja).raw(" / ").escaped(w.En)
}

// image lays a raster over a rectangle.
func (c *canvas) image(x, y, w, h float64, m image.Image) error {
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.DefaultCompression}).Encode(&b, m); err != nil {
		return err
	}
	c.raw("<image").attr("x", x).attr("y", y).attr("width", w).attr("height", h).raw(` preserveAspectRatio="none" class="pixels" href="data:image/png;base64,`)
	c.b = base64.StdEncoding.AppendEncode(c.b, b.Bytes())
	c.raw("\"/>\n")
	return nil
}

// finish wraps what was drawn into an SVG element with a title for those who cannot see it. A style makes it a file of
// its own.
func (c *canvas) finish(title event.Words, style string) []byte {
	body := c.b
	c.b = nil
	c.raw(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 `).num(figureWidth).raw(" ").num(c.h).raw(`" class="figure" role="img" aria-labelledby="`).raw(c.name).raw(`-title"`)
	if style != "" {
		c.attr("width", figureWidth).attr("height", c.h)
	}
	c.raw(">\n<title id=\"").raw(c.name).raw(`-title">`).both(title).raw("</title>\n")
	if style != "" {
		c.raw("<style>").raw(style).raw("</style>\n<rect width=\"100%\" height=\"100%\" class=\"paper\"/>\n")
	}
	c.raw("<defs>\n")
	c.pattern("absent", "M-2 2L2 -2M0 8L8 0M6 10L10 6", "hatch")
	c.pattern("erased", "M-2 2L2 -2M0 8L8 0M6 10L10 6M0 0L8 8", "hatch erased")
	c.raw("</defs>\n")
	c.b = append(c.b, body...)
	c.raw("</svg>\n")
	return c.b
}

func (c *canvas) pattern(name, d, class string) {
	c.raw(`<pattern id="`).raw(c.name).raw("-").raw(name).raw(`" width="8" height="8" patternUnits="userSpaceOnUse"><path d="`).raw(d).raw(`" class="`).raw(class).raw("\"/></pattern>\n")
}
