// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// tempo is where a script's dates lie in a drill. It never changes an order: what is later in the script is never earlier.
//
//   - As long as the script, or longer: week for week, weekday for weekday; a longer drill has ordinary weeks between.
//   - Shorter: the dull stretches are pressed first, then everything, evenly. A working day becomes a working day; several of
//     the script's share the intruder's hours of one. A weekend between two of these shrinks to nothing.
//   - Shorter than a week: the intruder's working hours are laid end to end, around the clock.
type tempo struct {
	cal    calendar
	first  int64     // the script's day 0, in days since 1970
	hours  [2]int    // the intruder's day in the script, minutes after midnight
	shown  [2]int    // and in the drill
	dates  []date    // by the script's day
	linear [2]int64  // the drill's time that the story takes, if it takes less than a week
	spare  []float64 // by the script's working day: how far it is, in pressed working days
}

// date is a date of the script in the drill.
type date struct {
	day        int   // of the drill
	open, shut int64 // the drill's time of the intruder's working hours, or of the part of them that this date has
	whole      bool  // the clock of the date is a clock of the drill's day
	gone       bool  // pressed to nothing
}

// newTempo lays a script over the drill's days from lead on, span of them. From a week on they begin on a Sunday. If there is
// ordinary life before them anyway, that before the intruder's first act is left out.
func newTempo(s incident, cal calendar, lead, span int, hours string) *tempo {
	t := &tempo{cal: cal, first: dayOfDate(s.first), hours: [2]int{0, 24 * 60}, dates: make([]date, s.weeks*7)}
	if s.hours[0] != "" {
		t.hours = [2]int{minutesOf(s.hours[0]), minutesOf(s.hours[1])}
	}
	switch t.shown = t.hours; hours {
	case hoursOffice:
		t.shown = [2]int{9 * 60, 18 * 60}
	case hoursAny:
		t.shown = [2]int{0, 24 * 60}
	}
	t.lay(s, lead, span)
	return t
}

func (t *tempo) lay(s incident, lead, span int) {
	switch weeks := span / 7; {
	case weeks >= s.weeks:
		for i := range t.dates {
			t.dates[i] = t.wholeDay(lead + i/7*weeks/s.weeks*7 + i%7)
		}
	case weeks < 1:
		t.press(s, 1, lead >= 7)
		t.layLinear(s, lead, span)
	default:
		t.layDays(lead, weeks, t.press(s, weeks, lead >= 7))
	}
}

func (t *tempo) wholeDay(d int) date {
	return date{day: d, open: t.cal.at(d, float64(t.shown[0])), shut: t.cal.at(d, float64(t.shown[1])), whole: true}
}

// press counts how far each working day of the script is when the dull stretches are pressed towards a number of weeks, and
// returns how many weeks the whole is then: more than asked for, if that is not enough.
func (t *tempo) press(s incident, weeks int, atOnce bool) int {
	begins := 0 // weeks before this one are left out
	if atOnce {
		begins = max(0, int(dayOfDate(s.begins)-t.first)/7)
	}
	n := make([]int, s.weeks) // for each week, the dull stretch it is in, from 1
	long, least := make([]int, len(s.dull)+1), 0
	for k, d := range s.dull {
		from, to := int(dayOfDate(d.from)-t.first), int(dayOfDate(d.to)-t.first)
		if from%7 != 0 || to%7 != 6 || from < 0 || to >= len(t.dates) {
			panic(fmt.Sprintf("drill: %s: the dull stretch %s to %s is not whole weeks of it", s.name, d.from, d.to))
		}
		for w := from / 7; w <= to/7; w++ {
			n[w] = k + 1
		}
		long[k+1] = (to - from + 1) / 7
		least += d.weeks
	}
	sum := 0
	for _, l := range long {
		sum += l
	}
	lively := s.weeks - sum
	room, want := sum-least, max(0, weeks-lively-least)
	t.spare = make([]float64, s.weeks*5+1)
	at, given := 0.0, 0
	short := make([]int, len(long))
	for k, d := range s.dull {
		extra := 0
		if room > 0 {
			extra = (given+long[k+1]-d.weeks)*want/room - given*want/room
		}
		given += long[k+1] - d.weeks
		short[k+1] = d.weeks + extra
	}
	for q := range s.weeks * 5 {
		t.spare[q] = at
		if k := n[q/5]; q/5 < begins {
			continue
		} else if k > 0 {
			at += float64(short[k]) / float64(long[k])
		} else {
			at++
		}
	}
	t.spare[s.weeks*5] = at
	return max(1, int(at/5+0.5))
}

// layDays gives each working day of the script its drill's day, or its part of one, and each weekend what is between.
func (t *tempo) layDays(base, weeks, total int) {
	const tiny = 1e-6
	days := make([]int, len(t.spare)-1)
	shares := map[int]int{}
	gone := func(q int) bool { return t.spare[q+1]-t.spare[q] < tiny }
	for q := range days {
		days[q] = min(int(t.spare[q]*float64(weeks)/float64(total)+tiny), weeks*5-1)
		if !gone(q) {
			shares[days[q]]++
		}
	}
	part := 0
	for q, d := range days {
		whole := t.wholeDay(base + d/5*7 + d%5 + 1)
		if q == 0 || days[q-1] != d {
			part = 0
		}
		of := int64(max(1, shares[d]))
		span := whole.shut - whole.open
		day := date{day: whole.day, open: whole.open + span*int64(part)/of, shut: whole.open + span*int64(part+1)/of, whole: of == 1}
		if gone(q) {
			day = date{day: day.day, open: day.open, shut: day.open, gone: true}
		} else {
			part++
		}
		t.dates[q/5*7+q%5+1] = day
	}
	t.layWeekends()
}

// layWeekends puts Saturdays and Sundays between the Friday before and the Monday after. Where the drill has a weekend there,
// they are its days; else they are nothing.
func (t *tempo) layWeekends() {
	for sat := -1; sat < len(t.dates); sat += 7 {
		var fri, mon *date
		if sat > 0 {
			fri = &t.dates[sat-1]
		}
		if sat+2 < len(t.dates) {
			mon = &t.dates[sat+2]
		}
		for i := range 2 {
			d := sat + i
			if d < 0 || d >= len(t.dates) {
				continue
			}
			switch {
			case fri != nil && !fri.gone && t.cal.weekday(fri.day) == 5 && (mon == nil || mon.day == fri.day+3):
				t.dates[d] = t.wholeDay(fri.day + 1 + i)
			case fri != nil:
				t.dates[d] = date{day: fri.day, open: fri.shut, shut: fri.shut, gone: true}
			default:
				t.dates[d] = t.wholeDay(mon.day - 1) // the calendar's first Sunday
			}
		}
	}
}

// layLinear lays the intruder's hours end to end from the middle of the drill to a little before its end.
func (t *tempo) layLinear(s incident, lead, span int) {
	from, length := t.cal.at(lead, 0), int64(span)*day
	t.linear = [2]int64{from + length/4, from + length - length/50}
	begins := max(0, int(dayOfDate(s.begins)-t.first))
	q0 := begins/7*5 + min(4, max(0, begins%7-1))
	whole := t.spare[len(t.spare)-1] - t.spare[q0]
	at := func(q int) int64 {
		share := max(0, t.spare[q]-t.spare[q0]) / whole
		return t.linear[0] + int64(share*float64(t.linear[1]-t.linear[0]))
	}
	for q := range len(t.spare) - 1 {
		t.dates[q/5*7+q%5+1] = date{open: at(q), shut: at(q + 1), gone: at(q) == at(q+1)}
	}
	for d := range t.dates {
		switch {
		case d == 0:
			t.dates[d] = date{open: t.linear[0], shut: t.linear[0], gone: true}
		case d%7 == 6 || d%7 == 0:
			t.dates[d] = date{open: t.dates[d-1].shut, shut: t.dates[d-1].shut, gone: true}
		}
	}
}

// on returns the drill's time of a clock on a date, in minutes after midnight. A date that shares its day has the intruder's
// hours only: what is before them is at their beginning, what is after at their end.
func (t *tempo) on(d date, minutes int) int64 {
	if d.whole && t.shown == t.hours {
		return d.open + int64(minutes-t.hours[0])*minute
	}
	share := float64(minutes-t.hours[0]) / float64(t.hours[1]-t.hours[0])
	return d.open + int64(min(1, max(0, share))*float64(d.shut-d.open))
}

// date returns a date of the script.
func (t *tempo) date(text string) date {
	i := int(dayOfDate(text) - t.first)
	if i < 0 || i >= len(t.dates) {
		panic("drill: " + text + " is not in the script's calendar")
	}
	return t.dates[i]
}

// stretch returns the drill's days, each once, that the script's days from..to lie in; without the weekends if working is set.
func (t *tempo) stretch(from, to string, working bool) []date {
	a, b := int(dayOfDate(from)-t.first), int(dayOfDate(to)-t.first)
	if a < 0 || b < a || b >= len(t.dates) {
		panic("drill: from " + from + " to " + to + " is no stretch of the script's calendar")
	}
	for a <= b && t.dates[a].gone {
		a++
	}
	for b >= a && t.dates[b].gone {
		b--
	}
	if a > b {
		return nil
	}
	if t.linear[1] != 0 {
		return t.hourly(t.dates[a].open, t.dates[b].shut)
	}
	next := b + 1
	for next < len(t.dates) && t.dates[next].gone {
		next++
	}
	firstDay, lastDay := t.dates[a].day, t.dates[b].day
	if next < len(t.dates) { // a drill longer than its script has days between two of the script's
		lastDay = max(lastDay, t.dates[next].day-1)
	}
	var out []date
	for d := firstDay; d <= lastDay; d++ {
		if working && !weekday(t.cal.weekday(d)) {
			continue
		}
		day := t.wholeDay(d)
		if d == firstDay && t.dates[a].open > day.open {
			day.open, day.whole = t.dates[a].open, false
		}
		if d == t.dates[b].day && t.dates[b].shut < day.shut {
			day.shut, day.whole = t.dates[b].shut, false
		}
		out = append(out, day)
	}
	if len(out) == 0 && working { // pressed into a weekend: then it happens at the weekend
		return t.stretch(from, to, false)
	}
	return out
}

// hourly cuts a stretch of a drill of hours or a few days into pieces of an hour or more, which stand for its days.
func (t *tempo) hourly(from, to int64) []date {
	n := max(1, (to-from)/hour)
	var out []date
	for i := range n {
		out = append(out, date{open: from + (to-from)*i/n, shut: from + (to-from)*(i+1)/n})
	}
	return out
}

// dayOfDate returns the days since 1970 of "2017-10-27".
func dayOfDate(text string) int64 {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic("drill: " + text + " is no date")
	}
	return d.Unix() / 86400
}

// minutesOf returns the minutes after midnight of "16:52"; hours go on beyond 24 for the small hours after.
func minutesOf(clock string) int {
	h, m, ok := strings.Cut(clock, ":")
	hours, err := strconv.Atoi(h)
	minutes, err2 := strconv.Atoi(m)
	if !ok || err != nil || err2 != nil {
		panic("drill: " + clock + " is no clock time")
	}
	return hours*60 + minutes
}
