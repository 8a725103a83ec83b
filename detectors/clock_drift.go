// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var clockDrift = detect.Spec{Name: "clock-drift", Attack: []string{"T1070.006"}, New: newClockDrift}

// Tunables of clock-drift.
const (
	driftNear   = 600     // s within which two sources that name the same account from the same address may speak of the same login
	driftPairs  = 12      // such logins on one day, for the day to say something
	driftTight  = 2.0     // s of median distance from the day's median: wider ones do not belong together, and say nothing
	driftApart  = 30.0    // s between two clocks that are told of
	driftShift  = 10.0    // s by which a distance must change from what it was for weeks
	driftDays   = 3       // days in a row
	driftLearn  = 7       // days of a pair before a change means something
	driftWeeks  = 28      // days from which what a distance was is taken
	driftLast   = 1 << 16 // accounts at addresses that are followed within driftNear
	driftKept   = 64      // distances of one day that are looked at, of one pair of sources
	driftMost   = 1 << 10 // pairs of sources
	driftBetter = 2       // sources by which a clock must be off, for it to be said to be the wrong one
)

// clocks compares the clocks of sources by the logins that two of them tell of: the directory and the service that asked it, the domain
// controller and the file server. What they have between them is the same small distance every day; where it is a minute, or where it
// changes, one of the clocks is wrong, and a story told from both is out of order.
type clocks struct {
	detect.Trace
	last  map[clockKey]clockMark
	swept int32 // day on which marks of days ago were forgotten
	pairs map[clockPair]*clockGap
}

type clockKey struct {
	who uint32
	ip  netip.Addr
}

// clockMark is the last login of an account from an address, and the one before it if the two may be the same.
type clockMark struct {
	source string
	at     event.Micros
	ref    event.Ref

	other    string // the source of the one before; empty: none
	otherAt  event.Micros
	otherRef event.Ref
}

// clockPair are two sources, the first by name first.
type clockPair struct{ a, b string }

type clockGap struct {
	day      int32
	today    []float64           // s by which b says a later time than a
	past     [driftWeeks]float64 // of days that said something and were not told of
	npast    int
	off      int // days in a row, of the one kind or the other
	from     event.Micros
	evidence detect.Evidence
	open     *clockStory
	told     []*clockStory
}

type clockStory struct {
	first, last, alerted event.Micros
	gap, was             float64
	days                 int
	logins               int64
	shift                bool
	evidence             detect.Evidence
}

func newClockDrift(detect.Site) detect.Detector {
	return &clocks{last: map[clockKey]clockMark{}, pairs: map[clockPair]*clockGap{}}
}

func (d *clocks) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (d *clocks) Observe(s *event.Sighting) {
	if !s.LoggedIn() || s.Who.System || !s.SrcIP.IsValid() || s.SrcIsRelay || s.SrcIP.IsLoopback() {
		return
	}
	source := s.Format
	if s.DstHost != "" {
		source += " " + shortHost(s.DstHost)
	}
	if s.Day != d.swept {
		d.swept = s.Day
		for k, m := range d.last {
			if s.Time-m.at > 2*86400e6 {
				delete(d.last, k)
			}
		}
	}
	key := clockKey{s.Who.Handle, s.SrcIP}
	m, ok := d.last[key]
	if !ok && len(d.last) >= driftLast {
		return
	}
	ref := s.Ref
	ref.More = nil
	now := clockMark{source: source, at: s.Time, ref: ref}
	switch between := s.Time - m.at; {
	case !ok:
	case m.other != "" && (m.at-m.otherAt <= between || m.source == source): // the last two were nearer to each other than to this one
		d.compare(s, &m)
	case m.source != source && between <= driftNear*1e6:
		now.other, now.otherAt, now.otherRef = m.source, m.at, m.ref
	}
	d.last[key] = now
}

// compare takes two logins that are nearer to each other than to any other of the account from there.
func (d *clocks) compare(s *event.Sighting, m *clockMark) {
	pair, gap := clockPair{m.other, m.source}, (m.at - m.otherAt).Seconds()
	if pair.a > pair.b {
		pair, gap = clockPair{pair.b, pair.a}, -gap
	}
	g := d.pairs[pair]
	if g == nil {
		if len(d.pairs) >= driftMost {
			return
		}
		g = &clockGap{day: s.Day}
		d.pairs[pair] = g
	}
	if g.day != s.Day {
		g.close(s)
		if d.Asking() {
			d.tell(s, pair, g)
		}
		g.day, g.today = s.Day, g.today[:0]
		g.evidence = detect.Evidence{}
		g.from = m.otherAt
	}
	if len(g.today) < driftKept {
		g.today = append(g.today, gap)
		g.evidence.Add(&event.Event{Time: m.otherAt, Ref: m.otherRef})
		g.evidence.Add(&event.Event{Time: m.at, Ref: m.ref})
	}
}

// settled returns what the day says of the distance of the two clocks; false where it says nothing.
func (g *clockGap) settled() (float64, bool) {
	if len(g.today) < driftPairs {
		return 0, false
	}
	mid, mad := spreadOf(slices.Clone(g.today))
	return mid, mad <= driftTight
}

// was returns the distance of the weeks before.
func (g *clockGap) was() (float64, bool) {
	n := min(g.npast, len(g.past))
	if n < driftLearn {
		return 0, false
	}
	return median(slices.Clone(g.past[:n])), true
}

// close judges the day that ended. A day that is told of is not learnt: what is wrong for long does not become right.
func (g *clockGap) close(s *event.Sighting) {
	gap, ok := g.settled()
	if !ok {
		return
	}
	was, known := g.was()
	shifted := known && math.Abs(gap-was) >= driftShift
	apart := math.Abs(gap) >= driftApart
	if !shifted && !apart {
		g.learn(gap)
		g.off, g.open = 0, nil
		return
	}
	if apart && !shifted {
		g.learn(gap) // it was always so: told, and still the measure for a change
	}
	if g.off++; g.off < driftDays {
		return
	}
	st := g.open
	if st == nil {
		if len(g.told) >= 16 {
			return
		}
		st = &clockStory{first: g.from, alerted: s.Seen(), gap: gap, was: was, shift: shifted}
		g.open = st
		g.told = append(g.told, st)
	}
	st.last, st.gap = s.Time, gap
	st.days++
	st.logins += int64(len(g.today))
	st.evidence.Merge(&g.evidence)
}

func (g *clockGap) learn(gap float64) {
	g.past[g.npast%len(g.past)] = gap
	g.npast++
}

func (d *clocks) tell(s *event.Sighting, pair clockPair, g *clockGap) {
	mad := 1e6
	gap := 0.0
	if len(g.today) > 0 {
		gap, mad = spreadOf(slices.Clone(g.today))
	}
	was, known := g.was()
	shift := 0.0
	if known {
		shift = math.Abs(gap - was)
	}
	of := pair.a + " / " + pair.b
	belong := []detect.Condition{
		detect.Reach("一日に、両方に現れたログイン", "logins that both tell of on one day", float64(len(g.today)), driftPairs, "driftPairs"),
		detect.Within("その時刻の差のばらつき（秒）", "how far their distances scatter, in seconds", math.Round(mad*10)/10, driftTight, "driftTight")}
	d.LookedAt(of, s.Time, "二つの記録源の時計の差", "the distance between the clocks of two sources", append(belong,
		detect.Reach("差（秒）", "seconds between them", math.Round(math.Abs(gap)*10)/10, driftApart, "driftApart"))...)
	d.LookedAt(of, s.Time, "時計の差の変化", "a change of that distance", append(slices.Clone(belong),
		detect.Reach("それまでとの違い（秒）", "seconds by which it changed", math.Round(shift*10)/10, driftShift, "driftShift"))...)
}

func (d *clocks) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for pair, g := range d.pairs {
		for _, st := range g.told {
			out = append(out, st.finding(pair, d.wrong(pair)))
		}
	}
	return sortedFindings(out)
}

// wrong names the source of a pair whose clock more others contradict; empty where nobody can say.
func (d *clocks) wrong(pair clockPair) string {
	a, b := 0, 0
	for p, g := range d.pairs {
		if len(g.told) > 0 {
			a += btoi(p.a == pair.a || p.b == pair.a)
			b += btoi(p.a == pair.b || p.b == pair.b)
		}
	}
	switch {
	case a >= driftBetter && b == 1:
		return pair.a
	case b >= driftBetter && a == 1:
		return pair.b
	}
	return ""
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (st *clockStory) finding(pair clockPair, wrong string) event.Finding {
	gap, was := math.Round(math.Abs(st.gap)*10)/10, math.Round(st.was*10)/10
	if st.gap < 0 {
		was = -was
	}
	f := event.Finding{
		Key: fmt.Sprintf("%s %s %d", pair.a, pair.b, st.first), Severity: event.Low, First: st.first, Last: st.last, Alerted: max(st.alerted, st.first), Evidence: st.evidence.Refs(),
		Numbers: []event.Figure{figure("seconds_apart", gap), figure("seconds_before", was), figure("days", float64(st.days)), figure("logins", float64(st.logins))},
	}
	late, early := pair.b, pair.a // whose clock is ahead, as far as the two tell
	if st.gap < 0 {
		late, early = early, late
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s の時計が %s より %.1f 秒進んでいる", late, early, gap),
		En: fmt.Sprintf("the clock of %s is %.1f seconds ahead of that of %s", late, gap, early)}
	ja, en := "どちらが正しいかは、この二つだけからは分からない。", " Which of them is right the two cannot say."
	if wrong != "" {
		ja, en = wrong+" はほかの記録源ともずれているので、こちらが誤っていると考えられる。", " "+wrong+" differs from others as well, so its clock is the wrong one."
	}
	how := event.Words{Ja: "同じログインを記す二つの記録の時刻が、毎日ほぼ同じだけ離れている。", En: "Two logs tell of the same logins, and the times that they give are the same distance apart every day."}
	if st.shift {
		how = event.Words{Ja: fmt.Sprintf("同じログインを記す二つの記録の時刻の差が、%.1f 秒から %.1f 秒に変わった。", was, gap), En: fmt.Sprintf("Two logs tell of the same logins; the distance between the times that they give changed from %.1f to %.1f seconds.", was, gap)}
	}
	f.Explanation = event.Words{
		Ja: how.Ja + ja + "このまま並べると、出来事の順序が入れ替わる。組織の情報の clock_offset に書けば補正される。時刻同期の停止や仮想機の移動で起こることが多いが、時計が変えられたことのしるしでもありうる。",
		En: how.En + en + " Put side by side as they are, events stand in the wrong order: give the offset as clock_offset in the profile. Time synchronisation that stopped, or a virtual machine that was moved, is the usual cause; a clock that somebody set can look the same."}
	return f
}
