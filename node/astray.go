// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// A device that starts without a clock writes 1970, and anybody who can write into a log may write 2106. Such records are astray: they stay
// evidence, but must not stretch the window by decades, for then every source would seem to cover it, and what expires to have time.
const (
	astrayGap   = 365  // days without any record between them and the others
	astrayShare = 1000 // of so many records at most one is astray; from a larger share on they are an old log, not a wrong clock
	astrayFew   = 3    // records may be astray in a short log too: one of at least a hundred for each
	astrayLoose = 10   // one of at least ten, in a file whose other records stand elsewhere
	astrayShown = 3    // records that the case names of each file, each of another day
	astrayFiles = 10   // files that the limits name
)

// clockSlack is how far ahead of its collection a record may stand: a zone taken for another, and a clock that runs fast.
const clockSlack = 48 * time.Hour

// Keys of the days on which no record can have been made: before earliestDay, and after the run.
const (
	earlyKey    = -3_000_000 // some 8,000 years from 1970
	lateKey     = 3_000_000
	earliestDay = 7305 // 1 January 1990: no log that is read is older
)

// dayTally is what one input holds of one day of UTC.
type dayTally struct {
	events int64
	named  int64 // those that name an account
	first  event.Micros
	last   event.Micros
	line   int64 // of the first
}

// dayTallies are the days of one input. It holds no more than there are days since 1990, whatever the input says.
type dayTallies struct {
	by      map[int32]*dayTally
	current *dayTally
	key     int32
}

func dayOf(t event.Micros) int32 {
	d := t / oneDay
	if t%oneDay < 0 {
		d--
	}
	return int32(min(max(d, earlyKey), lateKey))
}

// add counts an event. After latest, no record can have been made.
func (d *dayTallies) add(e *event.Event, latest int32) {
	key := dayOf(e.Time)
	switch {
	case key < earliestDay:
		key = earlyKey
	case key > latest:
		key = lateKey
	}
	if d.current == nil || d.key != key {
		if d.by == nil {
			d.by = map[int32]*dayTally{}
		}
		d.current, d.key = d.by[key], key
		if d.current == nil {
			d.current = &dayTally{first: e.Time, last: e.Time, line: e.Ref.Line}
			d.by[key] = d.current
		}
	}
	t := d.current
	t.events++
	if e.Account != "" {
		t.named++
	}
	t.first, t.last = min(t.first, e.Time), max(t.last, e.Time)
}

// bounds are the moments between which the records stand that are not astray.
type bounds struct{ from, to event.Micros }

func (b bounds) has(t event.Micros) bool { return t >= b.from && t <= b.to }

// latestDay is the last day on which a record can have been made, by the clock of the run.
func latestDay(now time.Time) int32 { return dayOf(event.Of(now.Add(clockSlack))) }

// settle finds out which records are astray. What is not known to be astray stays: where the records fall into parts of some size, the
// window spans them all.
func (p *plan) settle() {
	p.bounds = bounds{math.MinInt64, math.MaxInt64}
	count := map[int32]int64{}
	var total int64
	for _, in := range p.inputs {
		for key, d := range in.tally.days.by {
			count[key] += d.events
			total += d.events
		}
	}
	var days []int32
	for key := range count {
		days = append(days, key)
	}
	slices.Sort(days)
	left, right := p.kept(days, count, total)
	if left > 0 {
		p.bounds.from = event.Micros(days[left]) * oneDay
	}
	if right < len(days) {
		p.bounds.to = (event.Micros(days[right-1])+1)*oneDay - 1
	}
	for _, in := range p.inputs {
		in.tally.settle(p.bounds)
	}
}

// kept returns the range of days that are not astray, as indexes. days is sorted; total is the sum of count.
func (p *plan) kept(days []int32, count map[int32]int64, total int64) (from, to int) {
	to = len(days)
	if to == 0 {
		return 0, 0
	}
	if days[0] == earlyKey && count[earlyKey]*2 < total {
		from = 1
	}
	if days[to-1] == lateKey && count[lateKey]*2 < total {
		to--
	}
	if days[from] == lateKey || to <= from {
		return 0, len(days) // nothing stands where it could
	}
	if written, ok := p.written(); ok {
		i, later := to, int64(0)
		for i > from && days[i-1] > written {
			i--
			later += count[days[i]]
		}
		if i > from && later*astrayLoose <= total {
			to = i
		}
	}
	most, loose := max(total/astrayShare, min(astrayFew, total/100)), total/astrayLoose
	astray := func(part []int32, n int64) bool {
		if n <= most {
			return true
		}
		return (n <= astrayFew || newYear(part[0])) && n <= loose && p.strangers(part)
	}
	var before, after int64
	for i, first := from, from; i+1 < to && before <= max(most, loose); i++ {
		before += count[days[i]]
		if int64(days[i+1])-int64(days[i]) > astrayGap && astray(days[first:i+1], before) {
			from = i + 1
		}
	}
	for i, end := to-1, to; i > from && after <= max(most, loose); i-- {
		after += count[days[i]]
		if int64(days[i])-int64(days[i-1]) > astrayGap && astray(days[i:end], after) {
			to = i
		}
	}
	return from, to
}

// newYear says whether a day is one on which clocks start that were never set: 1 January of any year, in any zone.
func newYear(day int32) bool {
	t := event.Micros(int64(day) * int64(oneDay)).Time()
	return t.Month() == time.January && t.Day() <= 2 || t.Month() == time.December && t.Day() == 31
}

// strangers says whether each file that has records of these days has more of others.
func (p *plan) strangers(part []int32) bool {
	for _, in := range p.inputs {
		var here int64
		for _, day := range part {
			if d := in.tally.days.by[day]; d != nil {
				here += d.events
			}
		}
		if here*2 >= in.tally.events && here > 0 {
			return false
		}
	}
	return true
}

// written returns the last day on which any of the files was written; not where one does not say.
func (p *plan) written() (int32, bool) {
	var newest time.Time
	for _, in := range p.inputs {
		m := in.file.Modified
		if m.Year() < 1990 {
			return 0, false
		}
		if m.After(newest) {
			newest = m
		}
	}
	return latestDay(newest), !newest.IsZero()
}

// settle parts the days of one input.
func (t *tally) settle(b bounds) {
	t.first, t.last = 0, 0
	keys := make([]int32, 0, len(t.days.by))
	for key := range t.days.by {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		d := t.days.by[key]
		if b.has(d.first) && b.has(d.last) {
			t.first, t.last = soonest(t.first, d.first), max(t.last, d.last)
			continue
		}
		if t.astray == nil {
			t.astray = &cases.Astray{First: stated(d.first)}
		}
		a := t.astray
		a.Events, a.Named = a.Events+d.events, a.Named+d.named
		a.Last = stated(d.last)
		if len(a.Samples) < astrayShown {
			a.Samples = append(a.Samples, cases.AstraySample{Line: d.line, At: stated(d.first)})
		}
	}
}

// stated is a record's time in the case, where the very first moment of 1970 would be no time at all.
func stated(t event.Micros) cases.Time {
	if t == 0 {
		return 1
	}
	return cases.Time(t)
}

// soonest returns the earlier of two times; 0 is no time yet.
func soonest(a, b event.Micros) event.Micros {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// astrayLimits names the records that are astray, file by file.
func (v *investigation) astrayLimits() []event.Words {
	var out []event.Words
	files := 0
	for _, in := range v.plan.inputs {
		a := in.tally.astray
		if a == nil {
			continue
		}
		if files++; files > astrayFiles {
			continue
		}
		var ja, en []string
		for _, s := range a.Samples {
			at := s.At.Time().In(v.zone()).Format("2006-01-02 15:04:05 -07:00")
			ja, en = append(ja, fmt.Sprintf("%d 行目 %s", s.Line, at)), append(en, fmt.Sprintf("line %d: %s", s.Line, at))
		}
		if a.Events > int64(len(a.Samples)) {
			ja, en = append(ja, "など"), append(en, "and others")
		}
		out = append(out, event.Words{
			Ja: fmt.Sprintf("%s：時刻が未来、またはほかの記録から大きく離れた記録が %d 件ある（%s）。時計の誤りか、作られた記録とみて、調査期間・記録の範囲・保存期限には数えていない。証拠としては残し、検知・検索の対象としている。", in.file.Path, a.Events, strings.Join(ja, "、")),
			En: fmt.Sprintf("%s: the times of %s lie in the future, or far from all others (%s): taken for a wrong clock, or made up, they do not count for the window, the coverage and what expires when. They remain evidence, are searched for and weighed.", in.file.Path, counted(a.Events, "record", "records"), strings.Join(en, ", "))})
	}
	if n := files - astrayFiles; n > 0 {
		out = append(out, event.Words{Ja: fmt.Sprintf("時刻が正しいとは考えにくい記録は、ほか %d ファイルにもある（case.json の inputs[].astray）。", n),
			En: fmt.Sprintf("Such records are in %s too (inputs[].astray in case.json).", counted(int64(n), "other file", "other files"))})
	}
	return out
}

// counted is a number of things in English.
func counted(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}

// undated says why records that are astray keep a case from being clear: what accounts did at a time that nobody knows was held against
// a past and a place that may not be theirs. It is empty where no such record names an account.
func (v *investigation) undated() event.Words {
	var n int64
	where := ""
	for _, in := range v.plan.inputs {
		if a := in.tally.astray; a != nil && a.Named > 0 {
			if where == "" {
				where = fmt.Sprintf("%s:%d", in.file.Path, a.Samples[0].Line)
			}
			n += a.Named
		}
	}
	if n == 0 {
		return event.Words{}
	}
	return event.Words{
		Ja: fmt.Sprintf("アカウントの利用を示す記録のうち %d 件は、時刻が正しいとは考えにくい（%s から）。いつのことか分からないため、痕跡がないとは言えない。", n, where),
		En: fmt.Sprintf("%s of what accounts did cannot have the right time (from %s on): as nobody knows when that was, it cannot be said that there is no trace.", counted(n, "record", "records"), where)}
}
