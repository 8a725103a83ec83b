// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// realm is where names are tried: one kind of log that says so. Counting by log keeps the Internet's noise at ssh apart from
// what happens at the institute's own login.
type realm string

func realmOf(s *event.Sighting) realm { return realm(s.Format) }

// unknownName says whether a failure was for a name that nobody has: the record says so, or the directory does not list it.
func unknownName(s *event.Sighting, site detect.Site) bool {
	if s.Reason == event.ReasonNoSuchAccount {
		return true
	}
	return s.Reason == event.ReasonBadCredentials && site.Accounts > 0 && !s.Who.Listed
}

// sources counts attempts and distinct accounts by source line over some days. It is bounded: lines beyond the cap
// are counted together.
type sources struct {
	by     map[event.Line]*source
	beyond int64
}

type source struct {
	tries    int64
	accounts handles // up to sourceAccounts
	faces    faces
}

const (
	maxSources     = 1 << 17
	keptSources    = 1 << 13 // of a day that is over, the busiest
	sourceAccounts = 64
	maxNames       = 1 << 16 // names of one day, or of one episode: beyond them there are "so many at least"
)

func (s *sources) add(sg *event.Sighting) {
	if !sg.SrcIP.IsValid() || sg.SrcIsRelay || sg.Src.Own {
		return
	}
	if s.by == nil {
		s.by = map[event.Line]*source{}
	}
	line := lineOf(sg)
	a := s.by[line]
	if a == nil {
		if len(s.by) >= maxSources {
			s.beyond += sg.Times()
			return
		}
		a = &source{}
		s.by[line] = a
	}
	a.tries += sg.Times()
	a.accounts.add(sg.Who.Handle, sourceAccounts)
	a.faces.add(origin{line: line}, sg.SrcIP)
}

// trim keeps the busiest lines of a day that is over; the others are counted together.
func (s *sources) trim() {
	if len(s.by) <= keptSources {
		return
	}
	all := make([]event.Line, 0, len(s.by))
	for line := range s.by {
		all = append(all, line)
	}
	slices.SortFunc(all, func(a, b event.Line) int {
		return cmp.Or(cmp.Compare(len(s.by[b].accounts), len(s.by[a].accounts)), cmp.Compare(s.by[b].tries, s.by[a].tries), a.Compare(b))
	})
	kept := make(map[event.Line]*source, keptSources)
	for i, line := range all {
		if i < keptSources {
			kept[line] = s.by[line]
		} else {
			s.beyond += s.by[line].tries
		}
	}
	s.by = kept
}

func (s *sources) merge(t *sources) {
	if s.by == nil {
		s.by = map[event.Line]*source{}
	}
	s.beyond += t.beyond
	for _, line := range t.order(s) {
		b := t.by[line]
		a := s.by[line]
		if a == nil {
			if len(s.by) >= maxSources {
				s.beyond += b.tries
				continue
			}
			a = &source{}
			s.by[line] = a
		}
		a.tries += b.tries
		for _, h := range b.accounts {
			a.accounts.add(h, sourceAccounts)
		}
		for _, ip := range b.faces {
			a.faces.add(origin{line: line}, ip)
		}
	}
}

// order returns the lines in the order in which they are merged into s. Which of them find room at the bound must not depend on
// the order of a map.
func (s *sources) order(into *sources) []event.Line {
	out := make([]event.Line, 0, len(s.by))
	for line := range s.by {
		out = append(out, line)
	}
	if len(into.by)+len(out) > maxSources {
		slices.SortFunc(out, event.Line.Compare)
	}
	return out
}

// broad returns the addresses of the lines that tried at least so many accounts, the busiest first, at most most.
func (s *sources) broad(accounts, most int) []netip.Addr {
	var lines []event.Line
	for line, a := range s.by {
		if len(a.accounts) >= accounts {
			lines = append(lines, line)
		}
	}
	slices.SortFunc(lines, func(a, b event.Line) int {
		return cmp.Or(cmp.Compare(s.by[b].tries, s.by[a].tries), a.Compare(b))
	})
	var out []netip.Addr
	had := map[netip.Addr]bool{}
	for _, line := range lines {
		for _, ip := range s.by[line].faces.of(origin{line: line}) {
			if len(out) < most && !had[ip] { // several port sets of one address
				had[ip] = true
				out = append(out, ip)
			}
		}
	}
	return out
}

// daily is what one realm saw of one kind of failure on one day.
type daily struct {
	day      int32
	weekday  int8
	tries    int64
	names    map[uint32]struct{} // distinct accounts
	odd      map[uint32]struct{} // those of them that failed at a place where they are not at home
	mended   map[uint32]struct{} // accounts whose owners got in right after they failed: what fails of them that day is theirs
	sources  sources
	evidence detect.Evidence
	first    event.Micros
	last     event.Micros
	seen     event.Micros // when the day's last record would have been had live
	crossed  event.Micros // when the count reached what raises the alarm; 0 if it did not
	rushed   event.Micros // when its names came too fast; 0 if they did not
	crossing float64      // the count that raises the alarm: what came before the day says it

	returns      map[uint32]returning // by name, where it counts how often they are come back to
	back         int                  // names that were
	returned     float64              // times that they were
	crossingBack float64              // the count of those that raises the alarm
}

// returning is how one name is come back to within a day.
type returning struct{ step, times uint8 }

// comeBack counts a try at a name that was tried in another ten minutes of the day already.
func (d *daily) comeBack(s *event.Sighting) {
	r, had := d.returns[s.Who.Handle]
	step := uint8(s.Minute / 10)
	switch {
	case !had && len(d.returns) >= maxNames || had && r.step == step:
		return
	case !had:
		if d.returns == nil {
			d.returns = map[uint32]returning{}
		}
	case r.times < probingReturns:
		if r.times++; r.times == 1 {
			d.back++
		}
		d.returned++
	}
	r.step = step
	d.returns[s.Who.Handle] = r
}

func newDaily(s *event.Sighting) *daily {
	return &daily{day: s.Day, weekday: s.Weekday, names: map[uint32]struct{}{}, odd: map[uint32]struct{}{}, first: s.Time}
}

func (d *daily) add(s *event.Sighting) {
	d.tries += s.Times()
	if len(d.names) < maxNames {
		d.names[s.Who.Handle] = struct{}{}
	}
	d.sources.add(s)
	d.evidence.Add(s.Event)
	d.last = s.Time
	d.seen = max(d.seen, s.Seen())
}

func workday(weekday int8) bool { return weekday >= 1 && weekday <= 5 }

// weekdayOf returns the weekday of a day number: 1970-01-01 was a Thursday.
func weekdayOf(day int32) int8 { return int8(((day+4)%7 + 7) % 7) }

// episode is a stretch of days in which a count stood above what was expected.
type episode struct {
	from, to  event.Micros
	alerted   event.Micros
	onset     int32
	days      int
	tries     int64
	names     map[uint32]struct{}
	odd       map[uint32]struct{}
	peak      int64
	peakNames int
	peakBack  float64
	expected  float64
	z         float64
	again     bool // by how often names are come back to; expected is of that
	sources   sources
	evidence  detect.Evidence
	closed    bool
	noHistory bool
	rushed    int32 // last day on which names came too fast; 0 if they never did
}

func (e *episode) add(d *daily) {
	if e.names == nil {
		e.names, e.odd = map[uint32]struct{}{}, map[uint32]struct{}{}
	}
	join(e.odd, d.odd)
	if e.from == 0 {
		e.from = d.first
	}
	e.to = d.last
	e.days++
	e.tries += d.tries
	join(e.names, d.names)
	e.peak = max(e.peak, d.tries)
	e.peakNames = max(e.peakNames, len(d.names))
	e.peakBack = max(e.peakBack, d.returned)
	e.sources.merge(&d.sources)
	e.evidence.Merge(&d.evidence)
}

// join puts names into a set up to maxNames. Which ones find room does not matter: they are counted.
func join(into, from map[uint32]struct{}) {
	for h := range from {
		if len(into) >= maxNames {
			return
		}
		into[h] = struct{}{}
	}
}

// watch follows one daily count of one realm: distinct names that failed. While the count is in doubt it keeps the days, so
// that an episode can begin before it was noticed.
type watch struct {
	change   detect.Change
	today    *daily
	lull     []*daily // days without excess while an alarm stands: part of the episode only if it goes on after them
	recent   []*daily // days since the sum was last nought, at most keepDays
	episodes []*episode
	// absolute is the count on one day that is an alarm without any history.
	absolute int
	rush     *rush         // nil where a fast search is no matter of its own
	again    detect.Change // of how often names are come back to, where that is a matter
	returns  bool          // it is
	usual    float64       // names that are come back to on a day without alarm, fading
	alarmed  bool          // an alarm stood for the number of names when the last day ended
	last     int32
	started  bool
}

const keepDays = 45

func (w *watch) observe(s *event.Sighting) { w.observeAt(s, false) }

// observeAt takes a failure; homely says that it happened where the account is at home.
func (w *watch) observeAt(s *event.Sighting, homely bool) {
	if w.today != nil && w.today.day != s.Day {
		w.closeDay(s.Day)
	}
	if w.today == nil {
		w.today = newDaily(s)
		w.today.crossing = w.change.Crossing(workday(s.Weekday))
		if w.returns {
			w.today.crossingBack = w.again.Crossing(workday(s.Weekday))
		}
	}
	if _, mended := w.today.mended[s.Who.Handle]; mended && !s.Src.Kind.Anonymous() { // from where users hide somebody else may try it on the same day
		return
	}
	w.today.add(s)
	if !homely && len(w.today.odd) < maxNames {
		w.today.odd[s.Who.Handle] = struct{}{}
	}
	if w.returns {
		w.today.comeBack(s)
	}
	if w.rush != nil && w.rush.observe(s) && w.today.rushed == 0 {
		w.today.rushed = s.Seen()
		if w.today.crossed == 0 {
			w.today.crossed = s.Seen()
		}
	}
	if w.today.crossed == 0 {
		n := float64(len(w.today.names))
		if n >= w.today.crossing || w.absolute > 0 && n >= float64(w.absolute) || w.returns && w.worked(w.today) && w.today.returned >= w.today.crossingBack {
			w.today.crossed = s.Seen()
		}
	}
}

// forgive takes an account off the count of the day: its owner logged in right after, so it was a slip, or a password that had lapsed, with which
// his telephone goes on.
func (w *watch) forgive(handle uint32, day int32) {
	d := w.today
	if d == nil || d.day != day {
		return
	}
	delete(d.names, handle)
	delete(d.odd, handle)
	if d.mended == nil {
		d.mended = map[uint32]struct{}{}
	}
	if len(d.mended) < maxNames {
		d.mended[handle] = struct{}{}
	}
}

// closeDay judges the day that ended and the empty ones up to next.
func (w *watch) closeDay(next int32) {
	d := w.today
	w.today = nil
	if d != nil {
		w.judge(d)
		w.last = d.day
		w.started = true
	}
	for day := w.last + 1; w.started && day < next && day < w.last+60; day++ {
		w.judge(&daily{day: day, weekday: weekdayOf(day), names: map[uint32]struct{}{}})
	}
}

func (w *watch) judge(d *daily) {
	d.sources.trim()
	rushed := d.rushed != 0
	v := w.weigh(d, rushed)
	alarm := v.Alarm
	noHistory := !v.Learned && w.absolute > 0 && len(d.names) >= w.absolute
	if w.rush != nil {
		w.rush.nextDay(workday(d.weekday), rushed || alarm || noHistory)
	}
	if v.Sum == 0 && !noHistory {
		w.recent = w.recent[:0]
	}
	if d.tries > 0 {
		w.recent = append(w.recent, d)
		if len(w.recent) > keepDays {
			w.recent = w.recent[1:]
		}
	}
	open := w.open()
	switch {
	case (alarm || noHistory || rushed) && open == nil:
		at := d.crossed
		if at == 0 {
			at = d.seen
		}
		onset := v.Onset
		if !alarm && !noHistory { // a rush on a day that does not stand out by its number: the days before are none of it
			onset, w.recent = d.day, append(w.recent[:0], d)
		}
		if n := len(w.episodes); n > 0 && w.episodes[n-1].onset >= onset { // a stretch broken in two is two episodes, with two names
			onset = d.day
		}
		open = &episode{alerted: at, onset: onset, expected: v.Expected, z: v.Z, noHistory: noHistory, again: v.again}
		if rushed {
			open.rushed = d.day
		}
		for _, r := range w.recent {
			open.add(r)
		}
		w.recent = w.recent[:0]
		w.episodes = append(w.episodes, open)
	case alarm && !noHistory && !rushed && !v.over:
		if d.tries > 0 && len(w.lull) < keepDays {
			w.lull = append(w.lull, d)
		}
		w.recent = w.recent[:0]
	case alarm || noHistory || rushed:
		for _, l := range w.lull {
			open.add(l)
		}
		w.lull = w.lull[:0]
		if d.tries > 0 {
			open.add(d)
		}
		if rushed {
			open.rushed = d.day
		}
		open.z = max(open.z, v.Z)
		w.recent = w.recent[:0]
	case open != nil && open.rushed != 0 && d.day-open.rushed <= probingRushApart: // another rush would be of the same story
		w.recent = w.recent[:0]
	case open != nil:
		open.closed = true
		w.lull = w.lull[:0]
	}
}

// worked says whether names are come back to that are too many for some clients that knock again and again.
func (w *watch) worked(d *daily) bool { return float64(d.back) >= w.usual+probingBroad }

// weighed is what the counts of one day say together.
type weighed struct {
	detect.Verdict
	over  bool // one of them stands above what is expected that day
	again bool // it is for how often names are come back to, and not for their number, that an alarm stands
}

// weigh judges a day by both counts. Neither learns from days on which an alarm stands for the other.
func (w *watch) weigh(d *daily, rushed bool) weighed {
	over := func(v *detect.Verdict, n float64, c *detect.Change) bool { return v.Z > 0.5 && n-v.Expected >= c.Floor }
	names := float64(len(d.names))
	if !w.returns {
		w.change.Apart = rushed
		v := w.change.Day(d.day, workday(d.weekday), names)
		return weighed{Verdict: v, over: over(&v, names, &w.change)}
	}
	w.again.Apart = rushed || w.alarmed
	b := w.again.Day(d.day, workday(d.weekday), d.returned)
	if !w.worked(d) && w.open() == nil {
		b.Alarm = false
	}
	w.change.Apart = rushed || b.Alarm
	v := w.change.Day(d.day, workday(d.weekday), names)
	if w.alarmed = v.Alarm; !rushed && !v.Alarm && !b.Alarm && workday(d.weekday) {
		w.usual += (float64(d.back) - w.usual) / 8
	}
	out := weighed{Verdict: v, over: over(&v, names, &w.change) || over(&b, d.returned, &w.again)}
	if b.Alarm && !v.Alarm {
		out.Verdict, out.again = b, true
	}
	if b.Alarm && v.Alarm {
		out.Onset = min(v.Onset, b.Onset)
	}
	out.Sum, out.Z, out.Learned = max(v.Sum, b.Sum), max(v.Z, b.Z), v.Learned
	return out
}

func (w *watch) open() *episode {
	if n := len(w.episodes); n > 0 && !w.episodes[n-1].closed {
		return w.episodes[n-1]
	}
	return nil
}

// finished returns the episodes as they would stand if today were over.
func (w *watch) finished() []*episode {
	if w.today != nil {
		w = detect.Clone(w)
		w.closeDay(w.today.day + 1)
	}
	return w.episodes
}

// sortedRealms returns the keys of a map by realm in order.
func sortedRealms[V any](m map[realm]V) []realm {
	out := make([]realm, 0, len(m))
	for r := range m {
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}
