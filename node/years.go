// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/intake"
)

// decideZones gives every input the zone for records that carry none: the profile's word for the file, the flag, the
// profile's zone, what neighbours write out, and UTC at last. The case says which.
func (p *plan) decideZones(o *Options) {
	neighbours, agreed := p.writtenZone()
	for _, in := range p.inputs {
		switch {
		case in.settings.Zone != nil:
			in.zone, in.zoneName, in.zoneFrom = in.settings.Zone, in.settings.ZoneName, "profile"
		case o.Zone != nil:
			in.zone, in.zoneName, in.zoneFrom = o.Zone, o.Zone.String(), "flag"
		case o.Profile.Zone != nil:
			in.zone, in.zoneName, in.zoneFrom = o.Profile.Zone, o.Profile.ZoneName, "profile"
		case agreed:
			in.zone, in.zoneFrom = time.FixedZone(zoneText(neighbours), neighbours), "neighbour"
			in.zoneName = zoneText(neighbours)
		default:
			in.zone, in.zoneName, in.zoneFrom = time.UTC, "UTC", "guess"
		}
	}
}

// writtenZone returns the offset that all records with an offset agree on, in seconds east. UTC is no evidence: cloud exports
// and many daemons write it wherever they stand.
func (p *plan) writtenZone() (east int, agreed bool) {
	for _, in := range p.inputs {
		if !in.glanced || !in.glance.HasZone || in.glance.East == 0 {
			continue
		}
		if agreed && in.glance.East != east {
			return 0, false
		}
		east, agreed = in.glance.East, true
	}
	return east, agreed
}

func zoneText(east int) string {
	sign := '+'
	if east < 0 {
		sign, east = '-', -east
	}
	return fmt.Sprintf("UTC%c%02d:%02d", sign, east/3600, east/60%60)
}

// decideYears gives every log without years the year of its first record. The pieces of a rotated log follow one another, so that such a
// series may be longer than a year. All series are laid on one ring of months; the widest gap on it is where the collection begins, so that
// files from both sides of a New Year fall into the right order. Where there is no gap, it begins with the longest series, and the others end
// as late as that one does. The year of the beginning is said by the flag or the profile; otherwise by neighbours that write their years, or
// by the files' own times.
func (p *plan) decideYears(o *Options) {
	ring := p.yearlessSeries()
	start := ringStart(ring)
	placeSeries(ring, start)
	begin, from := o.Year, "flag"
	if begin == 0 {
		begin, from = o.Profile.Year, "profile"
	}
	guessed := begin == 0
	if guessed && len(ring) > 0 {
		begin, from = p.guessYear(ring, o.Now())
		if y := leapBegin(ring, begin, o.Now()); y != begin {
			begin, from = y, "file"
		}
	}
	for _, s := range ring {
		first, from := begin+s.offset, from
		if y, ok := s.written(o.Now()); ok && guessed {
			first, from = y, "file"
		}
		for _, in := range s.pieces {
			in.year, in.yearFrom = first+in.turns, from
		}
	}
	for _, in := range p.inputs {
		if !in.yearless { // in case a record without a year stands where none was expected
			in.year, in.yearFrom = in.usualYear(o.Now()), "file"
			in.latest = o.Now().Year()
		}
		in.firstAt = in.firstMoment()
	}
}

// written returns the year of the series' first piece's first record that its own lines write, where some of them do.
func (s *series) written(now time.Time) (int, bool) {
	votes := map[int]int{}
	for _, in := range s.pieces {
		if y := in.stamps.Year; y != 0 && y <= now.Year() { // a clock that is wrong, or a line that was made up, is no witness
			votes[y-in.turns]++
		}
	}
	y, n := most(votes)
	return y, n > 0
}

// leapBegin returns the year, begin or the last one before it, that gives every 29 February a year which has one; begin where no year does.
func leapBegin(ring []*series, begin int, now time.Time) int {
	fits := func(begin int) bool {
		for _, s := range ring {
			if _, ok := s.written(now); ok {
				continue
			}
			for _, in := range s.pieces {
				if in.stamps.LeapDay && !isLeap(begin+s.offset+in.turns+in.stamps.LeapYear) {
					return false
				}
			}
		}
		return true
	}
	for y := begin; y > begin-9; y-- { // 1900 and 2100 have none, so that eight years may lie between two
		if fits(y) {
			return y
		}
	}
	return begin
}

func isLeap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// yearDay returns the day of a leap year, from 0.
func yearDay(s intake.Stamp) int {
	return int(time.Date(2024, time.Month(s.Month), int(s.Day), 0, 0, 0, 0, time.UTC).YearDay()) - 1
}

const ringDays = 366

// ringStart returns the day of the year after the widest stretch of days that no series covers; without one, the day on which the longest
// series begins.
func ringStart(ring []*series) int {
	var covered [ringDays]bool
	var longest *series
	for _, s := range ring {
		if longest == nil || s.days() > longest.days() {
			longest = s
		}
		first := yearDay(s.pieces[0].stamps.First)
		for n := range min(s.days(), ringDays) {
			covered[(first+n)%ringDays] = true
		}
	}
	best, length := 0, 0
	for d := range ringDays {
		if covered[d] {
			continue
		}
		n := 0
		for n < ringDays && !covered[(d+n)%ringDays] {
			n++
		}
		if n > length {
			best, length = (d+n)%ringDays, n
		}
	}
	if length == 0 && longest != nil {
		return yearDay(longest.pieces[0].stamps.First)
	}
	return best
}

// guessYear returns the year in which the collection begins and where it is from: the year in which the files were last written, where
// their times fit their last records; else the one in which the series overlap most with neighbours; else the latest that
// does not lie after the newest file.
func (p *plan) guessYear(ring []*series, now time.Time) (int, string) {
	votes, files := map[int]int{}, 0
	var newest time.Time
	for _, s := range ring {
		for _, in := range s.pieces {
			files++
			m := in.file.Modified
			if m.After(newest) {
				newest = m
			}
			last := time.Date(m.Year(), time.Month(in.stamps.Last.Month), int(in.stamps.Last.Day), int(in.stamps.Last.Hour), 0, 0, 0, time.UTC)
			if d := m.Sub(last); !m.IsZero() && d > -36*time.Hour && d < 60*time.Hour {
				votes[m.Year()-s.offset-in.turns-in.stamps.NewYears]++
			}
		}
	}
	if y, n := most(votes); n*2 > files {
		return y, "file"
	}
	if y, ok := p.neighbourYear(ring, now); ok {
		return y, "neighbour"
	}
	from := "file"
	if newest.Year() < 1990 { // a time that was never set, or standard input
		newest, from = now, "guess"
	}
	y := newest.Year()
	for _, s := range ring {
		last := s.last()
		end := time.Date(y+s.offset+s.newYears(), time.Month(last.Month), int(last.Day), 0, 0, 0, 0, time.UTC)
		for end.After(newest.Add(48 * time.Hour)) {
			end = end.AddDate(-1, 0, 0)
			y--
		}
	}
	return y, from
}

func most(votes map[int]int) (year, n int) {
	for y, k := range votes {
		if k > n || k == n && y > year {
			year, n = y, k
		}
	}
	return year, n
}

// neighbourYear returns the year for the collection's beginning that puts most of its files near a time that another file writes out.
// What a neighbour writes of the future says nothing.
func (p *plan) neighbourYear(ring []*series, now time.Time) (int, bool) {
	votes := map[int]int{}
	for _, s := range ring {
		if y, ok := s.written(now); ok {
			votes[y-s.offset] += 100
		}
	}
	for _, in := range p.inputs {
		if !in.glanced || in.glance.Year == 0 {
			continue
		}
		t := time.Date(in.glance.Year, time.Month(in.glance.Month), in.glance.Day, 0, 0, 0, 0, time.UTC)
		if t.After(now.Add(48 * time.Hour)) { // a clock that is wrong, or a line that was made up
			continue
		}
		for _, s := range ring {
			for _, r := range s.pieces {
				for y := t.Year() - 1; y <= t.Year()+1; y++ {
					at := time.Date(y, time.Month(r.stamps.First.Month), int(r.stamps.First.Day), 0, 0, 0, 0, time.UTC)
					if d := at.Sub(t).Abs(); d < 100*24*time.Hour {
						votes[y-s.offset-r.turns] += 100 - int(d/(24*time.Hour))
					}
				}
			}
		}
	}
	y, n := most(votes)
	return y, n > 0
}

// usualYear returns the year that the file itself writes, else that of its time, else this one.
func (in *input) usualYear(now time.Time) int {
	switch {
	case in.glanced && in.glance.Year != 0 && in.glance.Year <= now.Year():
		return in.glance.Year
	case in.file.Modified.Year() >= 1990:
		return in.file.Modified.Year()
	}
	return now.Year()
}

// firstMoment guesses the moment of the first record.
func (in *input) firstMoment() event.Micros {
	if !in.glanced {
		return event.Of(in.file.Modified)
	}
	t := in.glance
	if in.yearless {
		s := in.stamps.First
		t = formats.Civil{Year: in.year, Month: int(s.Month), Day: int(s.Day), Hour: int(s.Hour), Minute: int(s.Minute), Second: int(s.Second)}
	}
	c := formats.Clock{Zone: in.zone}
	if !t.Valid() {
		return 0
	}
	return c.Moment(t)
}
