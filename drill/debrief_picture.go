// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"fmt"
	"html"
	"slices"
	"strings"
	"time"
)

// The geometry of the picture.
const (
	picWidth = 1000.0
	picLeft  = 290.0 // of the axis of time
	picRight = picWidth - 36
	picCurve = 96.0 // height of the accounts' panel
	picRow   = 19.0 // height of an act
	picBand  = 24.0 // height of a band of entries
	picTop   = 40.0
)

// picture is an SVG: above, how many accounts had been entered and how many of them the team knew; in the middle each act from
// when to when it was played, and when it was noticed; below, the team's entries. Both languages are in it.
type picture struct {
	d        *Debrief
	b        strings.Builder
	from, to time.Time
}

func (d *Debrief) picture() string {
	p := &picture{d: d, from: d.Began, to: d.Ended}
	for _, e := range d.Log { // what was written down after the end belongs on it too, within reason
		if e.At.After(p.to) && e.At.Sub(d.Ended) < d.Ended.Sub(d.Began)/2 {
			p.to = e.At
		}
	}
	bottom := picTop + picCurve + 16 + picRow*float64(len(d.Acts)) + 14
	height := bottom + picBand*float64(len(bands())) + 34
	title := phrase{"再生された行為と、チームの気付き", "What was played, and what the team noticed"}
	fmt.Fprintf(&p.b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" class="picture" role="img" aria-labelledby="picture-title"><title id="picture-title">%s / %s</title>`+"\n",
		picWidth, height, title.Ja, title.En)
	p.axis(picTop, height-30)
	if l := d.Light; l != nil && l.Played != nil {
		x := p.x(*l.Played)
		p.line(x, picTop-8, x, height-30, "light")
		p.text(x-4, picTop-5, "end small", phrase{"シナリオでの発覚", "came to light"})
	}
	p.curve(picTop, picTop+picCurve)
	p.acts(picTop + picCurve + 16)
	p.entries(bottom)
	p.b.WriteString("</svg>\n")
	return p.b.String()
}

// x is where a time lies; what is outside lies on the edge.
func (p *picture) x(t time.Time) float64 {
	whole := p.to.Sub(p.from)
	if whole <= 0 {
		return picLeft
	}
	share := float64(t.Sub(p.from)) / float64(whole)
	return picLeft + min(1, max(0, share))*(picRight-picLeft)
}

func (p *picture) text(x, y float64, class string, w phrase) {
	if w.Ja == w.En {
		fmt.Fprintf(&p.b, `<text x="%.1f" y="%.1f" class="%s">%s</text>`+"\n", x, y, class, html.EscapeString(w.Ja))
		return
	}
	for _, l := range []string{"ja", "en"} {
		fmt.Fprintf(&p.b, `<text x="%.1f" y="%.1f" class="%s" lang="%s">%s</text>`+"\n", x, y, class, l, html.EscapeString(w.in(l)))
	}
}

func (p *picture) line(x1, y1, x2, y2 float64, class string) {
	fmt.Fprintf(&p.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" class="%s"/>`+"\n", x1, y1, x2, y2, class)
}

func (p *picture) rect(x, y, w, h float64, class string, title phrase) {
	fmt.Fprintf(&p.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" class="%s"><title>%s / %s</title></rect>`+"\n", x, y, w, h, class, html.EscapeString(title.Ja), html.EscapeString(title.En))
}

// axis draws the real time above and the story's below.
func (p *picture) axis(top, bottom float64) {
	step := niceStep(p.to.Sub(p.from))
	local := p.from.In(p.d.Began.Location())
	_, offset := local.Zone()
	first := p.from.Add(time.Duration(offset) * time.Second).Truncate(step).Add(-time.Duration(offset) * time.Second)
	if first.Before(p.from) {
		first = first.Add(step)
	}
	p.text(picLeft-46, top-20, "end dim", phrase{"実際の時刻", "real time"})
	p.text(picLeft-46, bottom+22, "end dim", phrase{"シナリオの時刻", "time of the story"})
	for t := first; !t.After(p.to); t = t.Add(step) {
		x := p.x(t)
		p.line(x, top-14, x, bottom+6, "grid")
		p.text(x, top-20, "middle tick", sameWords(p.clock(t, step)))
		if !t.After(p.d.Ended) {
			p.text(x, bottom+22, "middle tick dim", sameWords(storyText(p.d.storyAt(t))))
		}
	}
}

func (p *picture) clock(t time.Time, step time.Duration) string {
	t = t.In(p.d.Began.Location())
	switch {
	case step < time.Minute:
		return t.Format("15:04:05")
	case step >= 24*time.Hour:
		return t.Format("01-02")
	case p.to.Sub(p.from) > 24*time.Hour:
		return t.Format("02 15:04")
	}
	return t.Format("15:04")
}

// niceStep returns a span between marks such that there are five to ten.
func niceStep(whole time.Duration) time.Duration {
	for _, s := range []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute,
		20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour} {
		if whole/s <= 9 {
			return s
		}
	}
	return max(time.Hour, (whole / 8).Truncate(24*time.Hour))
}

// curve draws two stairs: accounts entered, and of these known.
func (p *picture) curve(top, bottom float64) {
	s := &p.d.Accounts
	var entered, known []time.Time
	for _, list := range [][]Notice{s.Found, s.Missed} {
		for _, n := range list {
			entered = append(entered, n.Played)
		}
	}
	for _, n := range s.Found {
		at := *n.Noticed
		if at.Before(n.Played) {
			at = n.Played
		}
		known = append(known, at)
	}
	most := max(1, len(entered))
	p.text(12, top+14, "name", phrase{"被害アカウント", "stolen accounts"})
	p.rect(12, top+27, 14, 4, "entered-key", phrase{})
	p.text(32, top+33, "small", both("侵入された %d", "entered: %d", len(entered)))
	p.rect(12, top+47, 14, 4, "known-key", phrase{})
	p.text(32, top+53, "small", both("チームが把握 %d", "known to the team: %d", len(known)))
	p.line(picLeft, bottom, picRight, bottom, "base")
	p.text(picLeft-10, top+6, "end tick", sameWords(fmt.Sprint(most)))
	p.text(picLeft-10, bottom+4, "end tick", sameWords("0"))
	for _, c := range []struct {
		class string
		times []time.Time
	}{{"entered", entered}, {"known", known}} {
		slices.SortFunc(c.times, time.Time.Compare)
		fmt.Fprintf(&p.b, `<path class="%s" d="M%.1f %.1f`, c.class, picLeft, bottom)
		for i, t := range c.times {
			fmt.Fprintf(&p.b, "H%.1fV%.1f", p.x(t), bottom-(bottom-top)*float64(i+1)/float64(most))
		}
		fmt.Fprintf(&p.b, "H%.1f\"/>\n", p.x(p.to))
	}
}

// short shortens a name to the space before the picture's axis.
func short(name phrase) phrase {
	cut := func(s string, most int) string {
		if r := []rune(s); len(r) > most {
			return string(r[:most-1]) + "…"
		}
		return s
	}
	if name.Ja == name.En {
		return sameWords(cut(name.En, 46))
	}
	return phrase{cut(name.Ja, 24), cut(name.En, 46)}
}

// acts draws each act and when it was noticed.
func (p *picture) acts(top float64) {
	for i := range p.d.Acts {
		a := &p.d.Acts[i]
		y := top + picRow*float64(i)
		from, to := p.x(a.From), max(p.x(a.To), p.x(a.From)+4)
		class := "act"
		switch {
		case len(a.Logs) == 0:
			class = "act unseen"
		case a.Noticed == nil && !a.Known:
			class = "act missed"
		}
		name := a.words()
		p.text(picLeft-10, y+13, "end small", short(name))
		p.line(picLeft, y+picRow-1, picRight, y+picRow-1, "hair")
		words := p.d.actWords(a)
		p.rect(from, y+4, to-from, picRow-9, class, phrase{name.Ja + "：" + words.Ja, name.En + ": " + words.En})
		if a.Known {
			fmt.Fprintf(&p.b, `<path class="before" d="M%.1f %.1fl5 5-5 5-5-5z"/>`+"\n", from, y+picRow/2-5)
		}
		if a.Noticed != nil {
			x := p.x(*a.Noticed)
			if x > from+1 {
				p.line(from, y+picRow/2, x, y+picRow/2, "lead")
			}
			fmt.Fprintf(&p.b, `<path class="notice" d="M%.1f %.1fl5 5-5 5-5-5z"/>`+"\n", x, y+picRow/2-5)
		}
	}
}

// bands are the kinds of entries, each on a line of its own.
func bands() []string {
	return []string{whatAccount, whatAddress, whatHost, whatAct, whatDecision, whatVerdict}
}

// entries draws the team's entries: right ones filled, wrong ones crossed, others open.
func (p *picture) entries(top float64) {
	for i, what := range bands() {
		y := top + picBand*float64(i)
		p.text(picLeft-10, y+16, "end small", phrase{"チーム：" + whatWords(what).Ja, "team: " + whatWords(what).En})
		p.line(picLeft, y+picBand-1, picRight, y+picBand-1, "hair")
		for n, e := range p.d.Log {
			if e.What == what {
				p.entry(p.x(e.At), y+picBand/2, n+1, &e)
			}
		}
	}
}

func (p *picture) entry(x, y float64, n int, e *Entry) {
	title := html.EscapeString(fmt.Sprintf("%d  %s  %s", n, p.d.clockText(e.At), e.Text))
	switch {
	case e.What == whatDecision || e.What == whatVerdict:
		fmt.Fprintf(&p.b, `<g><title>%s</title><path class="decision" d="M%.1f %.1fl7 7-7 7-7-7z"/><text x="%.1f" y="%.1f" class="middle number">%d</text></g>`+"\n", title, x, y-7, x, y+3.5, n)
	case len(e.Wrong) > 0:
		fmt.Fprintf(&p.b, `<g><title>%s</title><path class="wrong" d="M%.1f %.1fl8 8m0-8l-8 8"/></g>`+"\n", title, x-4, y-4)
	case len(e.Right) > 0:
		fmt.Fprintf(&p.b, `<circle cx="%.1f" cy="%.1f" r="4.5" class="right"><title>%s</title></circle>`+"\n", x, y, title)
	default:
		fmt.Fprintf(&p.b, `<circle cx="%.1f" cy="%.1f" r="4" class="open"><title>%s</title></circle>`+"\n", x, y, title)
	}
}
