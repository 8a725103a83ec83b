// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"slices"
	"strconv"
	"strings"
)

// plot is an incident being written and then performed: who, from where, in what order.
type plot struct {
	r    *run
	w    *world
	g    *ledger
	d    dice
	base int // the calendar's day that is day 0 of the script, a Sunday

	group1, group2 []int32 // victims, in the order in which they fall
	it             []int32 // the department that runs the computers
	tor, vpn       []int32 // addresses of the intruder
	rented         []int32
	university     int32   // a partner's proxy, which honest members use too
	hongkong       int32   // rented, used for group 2 alone
	unlisted       []int32 // rented where no list names it, used for two accounts alone
	relay          int32   // in Singapore

	fell    []int64 // for each member, when a guess was lucky; 0: never
	leaves  []bool  // whether a fallen account leaves the list of targets
	moments []moment
	steps   []step
	waves   []wave
	probes  []probing
	known   map[string]bool // login IDs that exist
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

// probing is a time of trying IDs, on the working days of the intruder.
type probing struct {
	act      int
	from, to int // days of the script
	daily    float64
	at       []int32
}

func newPlot(r *run) *plot {
	p := &plot{r: r, w: r.w, g: r.g, d: roll(r.w.seed, streamPlot), known: map[string]bool{}}
	p.base = r.w.cal.days - leastDays
	for p.base > 0 && r.w.cal.weekday(p.base) != 0 {
		p.base--
	}
	for p.base < 0 || r.w.cal.weekday(p.base) != 0 {
		p.base++
	}
	n := len(r.w.people)
	p.fell, p.leaves = make([]int64, n), make([]bool, n)
	for i := range p.leaves {
		d := roll(r.w.seed, streamPlot, uint64(i))
		p.leaves[i] = d.chance(r.o.DropOut)
	}
	for i := range r.w.people {
		p.known[r.w.people[i].uid] = true
	}
	p.castVictims()
	p.castAddresses()
	return p
}

// scale returns how many of the report's things this drill has: in proportion to the accounts, but a fifth at least, and all
// at the report's own size of 8,000.
func (p *plot) scale(whole int) int {
	f := min(1, max(0.2, float64(len(p.w.people))/8000))
	return max(1, int(f*float64(whole)+0.5))
}

// castVictims chooses the victims: group 1 over the departments, group 2 mostly from the one that runs the computers.
func (p *plot) castVictims() {
	var others []int32
	for i := range p.w.people {
		m := &p.w.people[i]
		switch {
		case m.disabled || m.left <= p.w.cal.days || m.anon != nil || m.mfa || len(m.away) > 0 && m.away[0].at == p.w.conference:
		case m.department == itDepartment:
			p.it = append(p.it, int32(i))
		case m.joined < 60:
			others = append(others, int32(i))
		}
	}
	for i := len(others) - 1; i > 0; i-- {
		j := p.d.n(i + 1)
		others[i], others[j] = others[j], others[i]
	}
	one, two := p.scale(100), p.scale(43)
	p.group1 = others[:one]
	fromIT := min(two*3/4, len(p.it))
	p.group2 = slices.Concat(p.it[:fromIT], others[one:one+two-fromIT])
	for i := len(p.group2) - 1; i > 0; i-- {
		j := p.d.n(i + 1)
		p.group2[i], p.group2[j] = p.group2[j], p.group2[i]
	}
}

// castAddresses draws the intruder's addresses. The proportions are the report's: 120 Tor exits, 7 of one VPN, 28 rented, and
// a university's proxy that is not his.
func (p *plot) castAddresses() {
	k := &p.w.book
	two := func(n int) int { return min(n, max(2, p.scale(n)*2)) } // twice the scale of the accounts: about 60 in the demo
	if p.r.o.Residential {
		p.tor = k.several(&p.d, kindResidential, residentialBlocks(), two(120))
		p.vpn = slices.Clone(p.w.carriers[0][:3])
	} else {
		p.tor = k.several(&p.d, kindTor, torBlocks(), two(120))
		p.vpn = k.several(&p.d, kindVPN, vpnBlocks()[1:2], two(7))
	}
	for _, b := range hostingBlocks() {
		for range max(1, (rentals(b.country)*two(28)+14)/28) {
			id := k.fresh(&p.d, kindHosting, []block{b})
			switch {
			case b.country == "SG" && p.relay == 0:
				p.relay = id
			case b.country == "HK" && p.hongkong == 0:
				p.hongkong = id
				continue
			case unlistedHosting(b):
				p.unlisted = append(p.unlisted, id)
				continue
			}
			p.rented = append(p.rented, id)
		}
	}
	for len(p.unlisted) < 2 {
		p.unlisted = append(p.unlisted, k.fresh(&p.d, kindHosting, []block{hostingBlocks()[9]}))
	}
	p.university = p.w.partners[0]
	for _, id := range slices.Concat(p.tor, p.vpn, p.rented, p.unlisted, []int32{p.hongkong}) {
		a := &k.all[id]
		a.hostile = a.kind != kindMobile
		a.listed = a.kind == kindTor || a.kind == kindVPN || a.kind == kindHosting && a.country != "HK" && a.country != "CA"
	}
}

// rentals is how many rented servers the report counts in a country.
func rentals(country string) int {
	switch country {
	case "US", "DE":
		return 5
	case "SG":
		return 3
	case "FR", "NL", "CH", "CN", "HK":
		return 2
	}
	return 1
}

// on returns the time of a clock on a day of the script; hours go on to 26 for the small hours after.
func (p *plot) on(d int, clock string) int64 {
	h, m, _ := strings.Cut(clock, ":")
	hours, _ := strconv.Atoi(h)
	minutes, _ := strconv.Atoi(m)
	return p.w.cal.at(p.base+d, float64(hours*60+minutes))
}

// act begins an act of the incident. detectors are those that should see it.
func (p *plot) act(name, attack string, stage int, note string, detectors ...string) int {
	if detectors == nil {
		detectors = []string{}
	}
	a := &actTally{Act: Act{Name: name, Attack: attack, Stage: stage, Note: note, Detectors: detectors}, who: map[int32]bool{}, at: map[int32]bool{}, host: map[string]bool{}}
	p.g.acts = append(p.g.acts, a)
	return len(p.g.acts) - 1
}

// move puts a step of the script at t.
func (p *plot) move(act int, t int64, do func(t int64, d *dice)) {
	p.moments = append(p.moments, moment{t: t, x: p.d.next(), do: deedPlot, who: int32(len(p.steps))})
	p.steps = append(p.steps, step{act, do})
}

// evening returns a moment within the intruder's hours of a day, 16:30 to 02:00.
func (p *plot) evening(d int) int64 { return p.d.span(p.on(d, "16:35"), p.on(d, "25:40")) }

// seal sorts the script's moments.
func (p *plot) seal() { sortMoments(p.moments) }

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
	d := roll(p.w.seed, streamWave, uint64(index), uint64(from))
	span := v.to - v.from
	first := (max(from, v.from) - v.from) * int64(v.tries) / span
	last := (min(until, v.to) - v.from) * int64(v.tries) / span
	for k := first; k < last; k++ {
		who := v.targets[int(k)%len(v.targets)]
		t := v.from + k/parallel*parallel*span/int64(v.tries) + d.span(0, 25*millisecond)
		if p.w.people[who].joined > p.w.cal.dayOf(t) || p.fell[who] != 0 && t >= p.fell[who] && p.leaves[who] {
			continue
		}
		at := v.at[int(k/43)%len(v.at)]
		out = append(out, moment{t: min(max(t, from), until-1), x: d.next(), do: deedGuess, who: who, at: at, n: int16(v.act), with: client(at % 3)})
	}
	return out
}

// slot appends the tries of one slot of probing. The list of IDs grows by the day, and old ones come again.
func (v *probing) slot(p *plot, index int, out []moment, from, until int64) []moment {
	d := p.w.cal.dayOf(from) - p.base
	minutes := float64(from-p.w.cal.at(p.base+d, 0)) / float64(minute)
	if minutes < 120 { // the small hours belong to the evening before
		d, minutes = d-1, minutes+1440
	}
	if d < v.from || d > v.to || minutes < 16*60 || minutes >= 26*60 || !weekday(p.w.cal.weekday(p.base+d)) {
		return out
	}
	dd := roll(p.w.seed, streamProbe, uint64(index), uint64(from))
	known := 40 + (d-15)*int(max(2, v.daily/40)) // of the list, so far
	for range dd.times(v.daily * float64(len(p.w.people)) / 400 / (10 * slots)) {
		m := moment{t: dd.span(from, until), x: dd.next(), do: deedProbe, at: v.at[dd.n(len(v.at))], n: int16(v.act)}
		m.with = client(m.at % 3)
		m.who = int32(dd.n(known))
		if dd.chance(0.05) { // it exists
			m.who = -1 - int32(dd.n(len(p.w.people)))
		}
		out = append(out, m)
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
