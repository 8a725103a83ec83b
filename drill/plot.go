// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"slices"
	"strconv"
	"strings"
)

// plot is an incident being written and then performed: who, from where, in what order. A script speaks of time in its own
// dates and gets the drill's time for them:
//
//	p.at("2017-10-27 16:52")                the time of a date and clock
//	p.about("2018-01-22 22:40", hour)       up to so much later
//	p.days("2017-12-18", "2018-01-31")      the working days of a stretch, each once, however many the drill has for it
//	p.every("2017-12-18", "2018-01-31")     the same with the weekends
//	p.clock(day, "16:50")                   a clock on one of these days
//	p.evening(day)                          some moment of the intruder's hours on it
//	p.within("2017-11-08", "2017-12-26")    some moment of his hours in a stretch
//
// and puts moves there, which belong to acts: p.act begins one, p.move places a move, p.mail and p.lucky are moves.
type plot struct {
	r     *run
	w     *world
	g     *ledger
	d     dice
	story incident
	tempo *tempo
	err   error // the first reason why it cannot be told; see compose

	fell    []int64 // for each member, when the intruder had the password; 0: never
	leaves  []bool  // whether a fallen account leaves the list of targets
	cast    []bool  // whether a member has a part already
	moments []moment
	steps   []step
	waves   []wave
	probes  []probing
	known   map[string]bool // login IDs that exist
	guise   map[int32]int32 // what stands for a rented server when he logs in, with another supply of addresses

	failures []outage // when the portal dies or is closed, with every tunnel through it
	tap      [2]int64 // from when to when what passes the mail gateway is his to read
	swap     [2]int64 // from when to when there is no mail gateway; after it another one serves
}

// step is one move that the script makes by hand.
type step struct {
	act int
	do  func(t int64, d *dice)
}

// wave is guessing at a list of accounts from changing addresses, round after round over the whole list.
type wave struct {
	act      int
	from, to int64
	tries    int // in all
	targets  []int32
	at       []int32
}

// probing is a time of trying IDs from a list that grows by the day.
type probing struct {
	act   int
	days  []date
	daily float64 // at 400 accounts
	at    []int32
	known int // how long the list is on the first day
	grows int // and how much longer on each day after
}

func newPlot(r *run) *plot {
	n := len(r.w.people)
	p := &plot{r: r, w: r.w, g: r.g, d: roll(r.w.seed, streamPlot), story: r.story, tempo: newTempo(r.story, r.w.cal, r.o.lead, r.o.span, r.o.Hours), known: map[string]bool{}, guise: map[int32]int32{},
		fell: make([]int64, n), leaves: make([]bool, n), cast: make([]bool, n)}
	for i := range p.leaves {
		d := roll(r.w.seed, streamPlot, uint64(i))
		p.leaves[i] = d.chance(r.o.DropOut)
	}
	for i := range r.w.people {
		p.known[r.w.people[i].uid] = true
	}
	return p
}

// compose writes the script down, and says why it cannot be told in this institute, if it cannot.
func (p *plot) compose() error {
	p.story.write(p)
	if p.r.o.SecondIntruder {
		p.second()
	}
	sortMoments(p.moments)
	p.noteLeavers()
	return p.err
}

// noteLeavers notes of whom the guessing had when their password was found, and left out from then on.
func (p *plot) noteLeavers() {
	for who, y := range p.g.accounts {
		if int(who) >= len(p.leaves) || !p.leaves[who] {
			continue
		}
		had, goesOn := false, false
		for i := range p.waves {
			if v := &p.waves[i]; slices.Contains(v.targets, who) {
				had, goesOn = had || v.from < p.fell[who], goesOn || v.to > p.fell[who]
			}
		}
		y.left = had && goesOn && p.fell[who] != 0
	}
}

// at returns the drill's time of a date and clock of the script, "2017-10-27 16:52"; hours go on to 26 for the small hours after.
func (p *plot) at(when string) int64 {
	date, clock, _ := strings.Cut(when, " ")
	return p.clock(p.tempo.date(date), clock)
}

// about returns a time up to so much after a date and clock; less after it where a date has a part of a day only.
func (p *plot) about(when string, within int64) int64 {
	date, clock, _ := strings.Cut(when, " ")
	d := p.tempo.date(date)
	if !d.whole {
		within = within * (d.shut - d.open) / (int64(p.tempo.hours[1]-p.tempo.hours[0]) * minute)
	}
	return p.clock(d, clock) + p.d.span(0, within)
}

// day returns the drill's day of a date of the script.
func (p *plot) day(date string) date { return p.tempo.date(date) }

// days returns the drill's working days that a stretch of the script lies in, each once. In a drill shorter than a week they
// are pieces of an hour or more.
func (p *plot) days(from, to string) []date { return p.tempo.stretch(from, to, true) }

// every returns the drill's days that a stretch lies in, weekends too.
func (p *plot) every(from, to string) []date { return p.tempo.stretch(from, to, false) }

// clock returns the drill's time of a clock on a day.
func (p *plot) clock(d date, clock string) int64 { return p.tempo.on(d, minutesOf(clock)) }

// evening returns some moment of the intruder's hours on a day.
func (p *plot) evening(d date) int64 {
	edge := min(20*minute, (d.shut-d.open)/20)
	return p.d.span(d.open+edge/4, d.shut-edge)
}

// spread returns the moment of the i-th of n moves over the intruder's hours of a day, with some jitter.
func (p *plot) spread(d date, i, n int) int64 {
	span := d.shut - d.open
	return d.open + span/20 + span*9/10*int64(i)/int64(n) + p.d.span(0, max(1, span/int64(20*n)))
}

// office returns a clock of the institute's own, whatever his hours are.
func (p *plot) office(d date, clock string) int64 {
	if d.whole {
		return p.w.cal.at(d.day, float64(minutesOf(clock)))
	}
	return d.open
}

// probe tries IDs on these days, daily of them at 400 accounts, and goes on with the list that there is.
func (p *plot) probe(act int, daily float64, days []date, at []int32) {
	v := probing{act: act, days: days, daily: daily, at: p.fromAll(at), known: 40, grows: int(max(2, daily/40))}
	for _, before := range p.probes {
		v.known = max(v.known, before.known+len(before.days)*before.grows)
	}
	p.probes = append(p.probes, v)
}

// within returns some moment of the intruder's hours in a stretch.
func (p *plot) within(from, to string) int64 {
	days := p.days(from, to)
	if len(days) == 0 {
		return p.clock(p.day(from), p.story.hours[0])
	}
	return p.evening(days[p.d.n(len(days))])
}

// act begins an act of the incident, named in both languages. detectors are those that should see it.
func (p *plot) act(name phrase, attack string, stage int, note string, detectors ...string) int {
	if detectors == nil {
		detectors = []string{}
	}
	a := &actTally{Act: Act{Name: name.En, NameJa: name.Ja, Attack: attack, Stage: stage, Note: note, Detectors: detectors}, who: map[int32]bool{}, at: map[int32]bool{}, host: map[string]bool{}, local: map[string]bool{}}
	p.g.acts = append(p.g.acts, a)
	return len(p.g.acts) - 1
}

// move puts a step of the script at t.
func (p *plot) move(act int, t int64, do func(t int64, d *dice)) {
	p.moments = append(p.moments, moment{t: t, x: p.d.next(), do: deedPlot, who: int32(len(p.steps))})
	p.steps = append(p.steps, step{act, do})
}

// slot appends the hostile moments of a slot of time, in order.
func (p *plot) slot(out []moment, from, until int64) []moment {
	n := len(out)
	for len(p.moments) > 0 && p.moments[0].t < until {
		out = append(out, p.moments[0])
		p.moments = p.moments[1:]
	}
	for i := range p.waves {
		out = p.waves[i].slot(p, i, out, from, until)
	}
	for i := range p.probes {
		out = p.probes[i].slot(p, i, out, from, until)
	}
	sortMoments(out[n:])
	return out
}

// parallel is how many tries the guessing program has under way at once.
const parallel = 5

// slot appends a wave's tries of one slot. Try number k is at a fixed time, at a fixed target, from a fixed address: an address
// is given up after some tens of tries.
func (v *wave) slot(p *plot, index int, out []moment, from, until int64) []moment {
	if until <= v.from || from >= v.to {
		return out
	}
	d := roll(p.w.seed, streamWave, uint64(index), uint64(from-p.w.cal.shift))
	span := v.to - v.from
	first := (max(from, v.from) - v.from) * int64(v.tries) / span
	last := (min(until, v.to) - v.from) * int64(v.tries) / span
	for k := first; k < last; k++ {
		t := v.from + k/parallel*parallel*span/int64(v.tries) + d.span(0, 25*millisecond)
		who := p.target(v, int(k), t)
		if who < 0 {
			continue
		}
		at := v.at[int(k/43)%len(v.at)]
		out = append(out, moment{t: min(max(t, from), until-1), x: d.next(), do: deedGuess, who: who, at: at, n: int16(v.act), with: client(at % 3)})
	}
	return out
}

// target is whom try number k of a wave is at, round after round over its list. Somebody else, anywhere, is tried in the place of one
// who has left the list; -1 if nearly nobody is left on it.
func (p *plot) target(v *wave, k int, t int64) int32 {
	list := v.targets
	for i := range 50 {
		who := list[k%len(list)]
		if i > 0 {
			who = list[scramble(uint64(v.from)^uint64(k)<<8^uint64(i))%uint64(len(list))]
		}
		if p.fell[who] == 0 || t < p.fell[who] || !p.leaves[who] {
			return who
		}
	}
	return -1
}

// slot appends the tries of one slot of probing. The list of IDs grows by the day, and old ones come again.
func (v *probing) slot(p *plot, index int, out []moment, from, until int64) []moment {
	for i, day := range v.days {
		a, b := max(from, day.open), min(until, day.shut)
		if a >= b {
			continue
		}
		dd := roll(p.w.seed, streamProbe, uint64(index), uint64(from-p.w.cal.shift), uint64(i))
		known := v.known + i*v.grows // of the list, so far
		for range dd.times(v.daily * float64(len(p.w.people)) / 400 * float64(b-a) / float64(day.shut-day.open)) {
			m := moment{t: dd.span(a, b), x: dd.next(), do: deedProbe, at: v.at[dd.n(len(v.at))], n: int16(v.act)}
			m.with = client(m.at % 3)
			m.who = int32(dd.n(known))
			if dd.chance(0.05) { // it exists
				m.who = -1 - int32(dd.n(len(p.w.people)))
			}
			out = append(out, m)
		}
	}
	return out
}

func weekday(wd int) bool { return wd >= 1 && wd <= 5 }

// guessID returns the i-th ID of the prober's list, which does not exist.
func (p *plot) guessID(i int32) string {
	d := roll(p.w.seed, streamProbe, 1<<32, uint64(i))
	families, given, list := surnames(), givenNames(), words()
	var id string
	switch d.n(4) {
	case 0:
		id = families[d.n(len(families))]
	case 1:
		id = given[d.n(len(given))] + "." + families[d.n(len(families))]
	case 2:
		id = families[d.n(len(families))] + strconv.Itoa(d.n(100))
	default:
		id = list[d.n(len(list))] + strconv.Itoa(d.n(1000))
	}
	if p.known[id] {
		id += "x"
	}
	return id
}
