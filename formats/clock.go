// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"time"

	"github.com/sekisho/sekisho/event"
)

// Clock turns the times that records carry into moments in UTC. It knows the zone and the year for records that carry none,
// follows the turn of the year through a stream, and takes off the source's declared clock offset. It counts what it had to
// assume, so that the case can say so. It is owned by one goroutine.
type Clock struct {
	// Zone is used for times that carry no offset; nil means UTC.
	Zone *time.Location
	// Year is the year of the stream's first record, for times that carry none.
	Year int
	// Offset is how far the source's clock is ahead; it is taken off every time.
	Offset time.Duration

	// Latest is the last year that is believed of a time which writes its year and so tells that of those after it which write none;
	// 0: none is believed. A stream whose first records write no year has Year from all of its records.
	Latest int

	// AssumedZone and AssumedYear count the times that needed Zone and Year; DoubtfulZone those that name their zone in letters which
	// stand for several.
	AssumedZone, AssumedYear, DoubtfulZone int64

	missed int64 // 29 Februaries in a year that has none

	rolled    int // turns of the year seen so far
	lastMonth int

	// The zone's offset is looked up once for each hour: cached for the last one.
	zoneHour   int64
	zoneOffset int64 // seconds east of UTC
	zoneKnown  bool
}

// Begin says that the following records are of another file: its zone, the year of its first record, its clock's offset.
func (c *Clock) Begin(zone *time.Location, year int, offset time.Duration) {
	c.Zone, c.Year, c.Offset = zone, year, offset
	c.rolled, c.lastMonth, c.zoneKnown = 0, 0, false
}

// Civil is a time as a record writes it.
type Civil struct {
	Year, Month, Day     int // Year 0: none; Month and Day from 1
	Hour, Minute, Second int
	Micro                int
	// HasZone says that East holds the offset that the record carries, in seconds east of UTC.
	HasZone bool
	East    int
	// Doubtful says that the record names its zone in letters that stand for several: it has none.
	Doubtful bool
}

// Valid says whether the fields can be a date and a time of day; a leap second (60) is let through.
func (c *Civil) Valid() bool {
	return c.Month >= 1 && c.Month <= 12 && c.Day >= 1 && c.Day <= daysIn(c.Month, c.Year) &&
		c.Hour >= 0 && c.Hour < 24 && c.Minute >= 0 && c.Minute < 60 && c.Second >= 0 && c.Second <= 60 &&
		c.Year >= 0 && c.Year < 10000 && c.East > -86400 && c.East < 86400
}

func daysIn(month, year int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year != 0 && (year%4 != 0 || year%100 == 0 && year%400 != 0) {
			return 28
		}
		return 29
	}
	return 31
}

// noSuchDay stands for the moment of a day that the year does not have. It is before all that a log can speak of, so that no event is
// made of it.
const noSuchDay = earliest - 366*86400*1e6

// noMoment stands likewise for what is no date and time of day: counting on from month 13 or hour 25 would be an invention, too.
const noMoment = noSuchDay - 1

// Moment returns the moment of t. Where t is not valid, and for a 29 February without a year that falls on a year without one, it is no
// moment that an event can have.
func (c *Clock) Moment(t Civil) event.Micros {
	if !t.Valid() {
		return noMoment
	}
	if t.Year == 0 {
		t.Year = c.yearFor(t.Month)
		c.AssumedYear++
		if t.Day == 29 && t.Month == 2 && daysIn(2, t.Year) == 28 {
			c.missed++
			return noSuchDay
		}
	} else if c.Latest > 0 {
		c.follow(&t)
	}
	sec := civilDays(t.Year, t.Month, t.Day)*86400 + int64(t.Hour)*3600 + int64(t.Minute)*60 + int64(t.Second)
	if t.HasZone {
		sec -= int64(t.East)
	} else {
		c.AssumedZone++
		if t.Doubtful {
			c.DoubtfulZone++
		}
		sec -= c.zoneAt(sec)
	}
	return c.Absolute(event.Micros(sec*1e6 + int64(t.Micro)))
}

// Absolute returns the moment m, which the record gave in UTC, on a true clock.
func (c *Clock) Absolute(m event.Micros) event.Micros {
	return m - event.Micros(c.Offset/time.Microsecond)
}

// yearFor follows the turn of the year: a jump back of more than half a year is a new year, a jump forward of more than half
// a year is a straggler from before it.
func (c *Clock) yearFor(month int) int {
	if c.lastMonth == 0 {
		c.lastMonth = month
	}
	switch d := month - c.lastMonth; {
	case d <= -6:
		c.rolled++
		c.lastMonth = month
	case d >= 6 && c.rolled > 0:
		return c.Year + c.rolled - 1
	default:
		c.lastMonth = month
	}
	return c.Year + c.rolled
}

// follow takes the year that a time writes for those after it that write none.
func (c *Clock) follow(t *Civil) {
	if t.Year < 1990 || t.Year > c.Latest {
		return
	}
	c.Year, c.rolled, c.lastMonth = t.Year-1, 1, t.Month // so that a straggler of the year before is known
}

// zoneAt returns the zone's offset in seconds at the local second sec. In the hour that a change of the clock repeats, the
// earlier reading is taken.
func (c *Clock) zoneAt(sec int64) int64 {
	if c.Zone == nil || c.Zone == time.UTC {
		return 0
	}
	hour := sec / 3600
	if c.zoneKnown && hour == c.zoneHour {
		return c.zoneOffset
	}
	t := time.Unix(sec, 0).UTC()
	_, off := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), 0, 0, 0, c.Zone).Zone()
	c.zoneHour, c.zoneOffset, c.zoneKnown = hour, int64(off), true
	return c.zoneOffset
}

// civilDays returns the days from 1970-01-01 to the date, by the arithmetic of Hinnant's days_from_civil.
func civilDays(y, m, d int) int64 {
	if m <= 2 {
		y--
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - era*400
	mp := (m + 9) % 12
	doy := (153*mp+2)/5 + d - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return int64(era)*146097 + int64(doe) - 719468
}
