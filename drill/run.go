// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"context"
	"slices"
)

// run is one drill being made. It belongs to one goroutine; the press on the other core sees finished chunks only.
type run struct {
	o       Options
	story   incident
	w       *world
	l       *logs
	g       *ledger
	plot    *plot // nil without an attack
	systems []system
	agents  [clients][256]string

	day      int
	changed  int // how many of the members' changes are made
	epochDay int // days since 1970
}

func newRun(dir string, o Options) (*run, error) {
	story, err := incidentOf(o.Name)
	if err != nil {
		return nil, err
	}
	w := newWorld(o, story.has)
	r := &run{o: o, story: story, w: w, g: newLedger(w, o), systems: systems()}
	if !o.Quiet {
		r.plot = newPlot(r)
		if err := r.plot.compose(); err != nil {
			return nil, enough(o, err)
		}
	}
	r.l = openLogs(w, dir, o)
	if o.Noisy {
		r.outages()
	}
	if o.Erased && r.plot != nil {
		if err := r.erase(); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// enough adds to an error of a cast that did not find its people how many accounts they are found in.
func enough(o Options, err error) error {
	o.Erased = false
	finds := func(n int) bool {
		o.Accounts = n
		story, _ := incidentOf(o.Name)
		w := newWorld(o, story.has)
		r := &run{o: o, story: story, w: w, g: newLedger(w, o)}
		return newPlot(r).compose() == nil
	}
	low, high := o.Accounts, o.Accounts*5/4+10
	for ; !finds(high); low, high = high, high*5/4 {
		if high > 4000 {
			return err
		}
	}
	for high-low > 10 {
		if n := (low + high) / 2; finds(n) {
			high = n
		} else {
			low = n
		}
	}
	return misuse("%s（アカウント %d 件なら足ります）", "%s (%d accounts are enough)", err.Error(), high)
}

// reach is how far before its moment a line may lie.
const reach = 30 * second

// slots is how many pieces an hour is performed in: what is rendered but not yet written is that much less.
const slots = 6

// generate performs the story into files.
func (r *run) generate(ctx context.Context) error {
	press := startPress()
	err := r.performAll(ctx, press)
	perr := press.stop()
	for _, s := range r.l.sheets {
		if err == nil && perr == nil {
			perr = s.out.finish()
		}
		s.out.abandon()
	}
	return cmp.Or(err, perr)
}

// performAll plans each day and performs it slot by slot. What a member does after midnight is carried into the next day.
func (r *run) performAll(ctx context.Context, to room) error {
	var today, hostile []moment
	total := int64(r.w.cal.days) * 24
	for d := range r.w.cal.days {
		r.day, r.epochDay = d, int((r.w.cal.start+jst)/day)+d
		r.change(d)
		today = r.planDay(today, d)
		sortMoments(today)
		next := 0
		for h := range 24 {
			for slot := range slots {
				from := r.w.cal.at(d, float64(h)*60) + int64(slot)*(hour/slots)
				until := from + hour/slots
				hostile = hostile[:0]
				if r.plot != nil {
					hostile = r.plot.slot(hostile, from, until)
				}
				next = r.performSlot(today, next, hostile, until, to)
				to.collect(r.l.sheets, until-reach, slot == slots-1)
			}
			if err := cmp.Or(ctx.Err(), to.failed()); err != nil {
				return err
			}
			if r.o.Progress != nil {
				r.o.Progress(int64(d)*24+int64(h)+1, total)
			}
		}
		today = append(today[:0], today[next:]...)
	}
	to.collect(r.l.sheets, 1<<62, true)
	return nil
}

// crowded is how many moments are performed before finished lines are handed on within a slot: on the worst evening of guessing
// ten minutes are more than may be held.
const crowded = 2048

// performSlot performs the ordinary moments from next on and the hostile ones, in order, until the slot ends.
func (r *run) performSlot(today []moment, next int, hostile []moment, until int64, to room) int {
	done := 0
	perform := func(m moment) {
		if done++; done%crowded == 0 {
			to.collect(r.l.sheets, m.t-reach, false)
		}
		r.perform(m)
	}
	for ; next < len(today) && today[next].t < until; next++ {
		for len(hostile) > 0 && hostile[0].t <= today[next].t {
			perform(hostile[0])
			hostile = hostile[1:]
		}
		perform(today[next])
	}
	for _, m := range hostile {
		perform(m)
	}
	return next
}

func sortMoments(ms []moment) {
	slices.SortFunc(ms, func(a, b moment) int { return cmp.Or(cmp.Compare(a.t, b.t), cmp.Compare(a.x, b.x)) })
}

// agent returns the user agent of a client on this day.
func (r *run) agent(c client, lag int) string {
	tr := c.traits()
	v := c.version(r.epochDay, lag)
	s := &r.agents[c][v&255]
	if *s == "" {
		*s = string(tr.appendAgent(nil, v))
	}
	return *s
}

func (r *run) truth() *Truth {
	t := &Truth{Schema: TruthSchema, Name: r.o.Name, Seed: r.o.Seed, Verdict: "clear", Start: utc(r.w.cal.start), End: utc(r.w.cal.end()), LogsFrom: utc(r.g.from), Zone: instituteZone, Standing: r.w.standing(),
		Without: append([]string{}, r.o.Without...), Total: len(r.w.people) + len(r.w.guests), Files: []File{}, Accounts: []Account{}, Addresses: []Address{}, Hosts: []Host{}, Acts: []Act{}, Clocks: r.clocks(), Exposure: []Exposure{}, Leaks: []Leak{}}
	if r.plot != nil {
		t.Verdict = r.story.verdict
		if r.o.SecondIntruder {
			t.Verdict = "breach"
		}
	}
	for _, s := range r.l.sheets {
		t.Files = append(t.Files, s.out.files...)
	}
	slices.SortFunc(t.Files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	for _, f := range t.Files {
		t.Lines += f.Lines
	}
	r.g.settle(t, r.w)
	return t
}
