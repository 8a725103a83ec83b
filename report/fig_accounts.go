// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"image"
	"slices"

	"github.com/sekisho/sekisho/cases"
)

// numbered returns the accounts that were harmed, or may have been, in the order of their first harm: compromised ones
// first. The place in the slice plus one is the account's number in figures and tables.
func numbered(c *cases.Case) []*cases.Account {
	var list []*cases.Account
	for i := range c.Accounts {
		if v := c.Accounts[i].Verdict; v == cases.AccountCompromised || v == cases.AccountSuspected {
			list = append(list, &c.Accounts[i])
		}
	}
	slices.SortStableFunc(list, func(a, b *cases.Account) int {
		return cmp.Or(cmp.Compare(a.Verdict.Rank(), b.Verdict.Rank()), unknownLast(a.First, b.First), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// unknownLast compares times; the unknown one comes last.
func unknownLast(a, b cases.Time) int {
	switch {
	case a == b:
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return cmp.Compare(a, b)
}

// maxRuns is how many runs of marks are drawn as lines; beyond it they are painted into a raster.
const maxRuns = 4000

// drawAccounts draws which account was used when by the intruder (figure 2 of the AIST report).
func drawAccounts(d *Data, a axis, lang Lang, style string) ([]byte, error) {
	const top = 34.0
	rows := map[string]int{}
	for i, x := range numbered(d.Case) {
		rows[x.ID] = i
	}
	n := max(len(rows), 1)
	height := min(max(float64(n)*7, 110), 430)
	c := newCanvas("accounts", lang, top+height+24)
	a.weekends(c, top, top+height)
	a.ticks(c, top, top+height)
	for _, v := range nice(float64(n)) {
		c.text(plotLeft-6, top+(float64(v)-0.5)/float64(n)*height+4, "tick end", same(comma(v)))
	}
	h := min(n, 2*int(height))
	w := int(plotWidth / 2) // a mark is two units wide, to be seen
	logins, folders := newRaster(w, h), newRaster(w, h)
	for _, m := range d.Logins {
		row, ok := rows[m.Account]
		if !ok || a.day(m.At) < a.from || a.day(m.At) >= a.to {
			continue
		}
		x, y := min(int((a.moment(m.At)-plotLeft)/2), w-1), row*h/n
		if m.Kind == MarkFolder {
			folders.add(x, y, 1)
		} else {
			logins.add(x, y, 1)
		}
	}
	// Folder accesses lie over logins: there are fewer of them and they weigh more.
	if runs(logins)+runs(folders) <= maxRuns {
		c.path(marks(logins, top, height), "mark login")
		c.path(marks(folders, top, height), "mark folder")
	} else {
		m := image.NewPaletted(image.Rect(0, 0, w, h), palette(redInk(), blueInk()))
		logins.paint(m, 1)
		folders.paint(m, 1+shades)
		if err := c.image(plotLeft, top, plotWidth, height, m); err != nil {
			return nil, err
		}
	}
	a.hatch(c, a.gaps(covered(a, d.Logged, func(yield func(int32) bool) {
		for _, x := range d.Logins {
			if !yield(a.day(x.At)) {
				return
			}
		}
	})), top, top+height)
	stageMarks(c, a, d.Case, top+height)
	c.rect(plotLeft, 10, 10, 10, "swatch login")
	c.text(plotLeft+15, 19, "note", text("mark-login"))
	c.rect(plotLeft+220, 10, 10, 10, "swatch folder")
	c.text(plotLeft+235, 19, "note", text("mark-folder"))
	c.text(6, 19, "note dim", text("account-number"))
	return c.finish(text("fig-accounts"), style), nil
}

// stageMarks draws each stage's number where it begins, leaving out those that would lie on another.
func stageMarks(c *canvas, a axis, k *cases.Case, bottom float64) {
	end := -100.0 // of the last mark that was drawn
	for i := range k.Stages {
		s := &k.Stages[i]
		if !a.within(cases.Span{From: s.From, To: s.To}) {
			continue
		}
		x := a.moment(s.From)
		n := circled(s.Number)
		half := max(7.5, 4.5*float64(columns(n)))
		if x-half < end {
			continue
		}
		end = x + half
		c.text(x, bottom-4, "stage-number middle halo", same(n))
	}
}

// circled returns n in a circle, as the AIST report numbers its stages.
func circled(n int) string {
	switch { // Unicode has them in three places
	case n >= 1 && n <= 20:
		return string(rune('①' + n - 1))
	case n >= 21 && n <= 35:
		return string(rune('㉑' + n - 21))
	case n >= 36 && n <= 50:
		return string(rune('㊱' + n - 36))
	}
	return comma(n)
}

// runs counts the stretches of neighbouring cells in the rows of r.
func runs(r *raster) int {
	n := 0
	for i := range r.count {
		if r.count[i] > 0 && (i%r.w == 0 || r.count[i-1] == 0) {
			n++
		}
	}
	return n
}

// marks returns one path through all stretches of cells that are two units wide.
func marks(r *raster, top, height float64) []byte {
	p := newCanvas("", "", 0)
	for y := range r.h {
		at := top + (float64(y)+0.5)/float64(r.h)*height
		for x := 0; x < r.w; x++ {
			if r.count[y*r.w+x] == 0 {
				continue
			}
			from := x
			for x+1 < r.w && r.count[y*r.w+x+1] > 0 {
				x++
			}
			p.raw("M").num(plotLeft + 2*float64(from)).raw(" ").num(at).raw("h").num(2*float64(x-from) + 2.4)
		}
	}
	return p.b
}
