// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "time"

// Times are microseconds since 1970 in UTC; the institute's clocks show Japan Standard Time, nine hours ahead all year.
const (
	millisecond int64 = 1000
	second            = 1000 * millisecond
	minute            = 60 * second
	hour              = 60 * minute
	day               = 24 * hour
	jst               = 9 * hour
)

// calendar counts the institute's days from the first one, day 0.
type calendar struct {
	start int64 // midnight in Japan
	days  int
	shift int64 // how much later the story is told than it is dated; the start has it, weekdays and holidays do not
}

func newCalendar(start time.Time, days int) calendar {
	t := start.UnixMicro() + jst
	return calendar{start: t - t%day - jst, days: days}
}

// told returns the calendar of the same days, told so much later.
func (c calendar) told(later time.Duration) calendar {
	c.shift = later.Microseconds()
	c.start += c.shift
	return c
}

// date returns the days since 1970 of day d by the story's own dates.
func (c calendar) date(d int) int64 { return (c.start-c.shift+jst)/day + int64(d) }

func (c calendar) end() int64 { return c.start + int64(c.days)*day }

// at returns the time of day d at that many minutes after midnight; minutes past 1440 are in the small hours that follow.
func (c calendar) at(d int, minutes float64) int64 {
	return c.start + int64(d)*day + int64(minutes*float64(minute))
}

func (c calendar) dayOf(t int64) int { return int((t - c.start) / day) }

// weekday returns 0 for Sunday.
func (c calendar) weekday(d int) int {
	return int((c.date(d) + 4) % 7)
}

// works says whether the institute is at work on day d: not at weekends, on national holidays, or over the New Year.
func (c calendar) works(d int) bool {
	wd := c.weekday(d)
	return wd != 0 && wd != 6 && !c.holiday(d)
}

// holiday says whether day d is a national holiday in Japan, a Monday in the place of one on a Sunday, or between 29 December
// and 3 January. The moved holidays of 2019 to 2021 are left out.
func (c calendar) holiday(d int) bool {
	year, month, dom := civil(c.date(d))
	wd := c.weekday(d)
	if month == 12 && dom >= 29 || month == 1 && dom <= 3 || national(year, month, dom, wd) {
		return true
	}
	return wd == 1 && c.nationalBefore(d, 1) || month == 5 && dom == 6 && (wd == 2 || wd == 3) // Golden Week's Sunday moves to its end
}

func (c calendar) nationalBefore(d, n int) bool {
	year, month, dom := civil(c.date(d - n))
	return national(year, month, dom, c.weekday(d-n))
}

func national(year, month, dom, wd int) bool {
	monday := func(from int) bool { return wd == 1 && dom >= from && dom < from+7 }
	switch month {
	case 1:
		return dom == 1 || monday(8) // Coming of Age
	case 2:
		return dom == 11 || dom == 23 && year >= 2020
	case 3:
		return dom == equinox(20.8431, year)
	case 4:
		return dom == 29
	case 5:
		return dom >= 3 && dom <= 5
	case 7:
		return monday(15) // Marine Day
	case 8:
		return dom == 11 // Mountain Day
	case 9:
		return monday(15) || dom == equinox(23.2488, year) // Respect for the Aged
	case 10:
		return monday(8) // Sports Day
	case 11:
		return dom == 3 || dom == 23
	case 12:
		return dom == 23 && year <= 2018
	}
	return false
}

// equinox returns the day of the month of an equinox, from 1980 to 2099.
func equinox(in1980 float64, year int) int {
	return int(in1980 + 0.242194*float64(year-1980) - float64((year-1980)/4))
}

// obon says whether most people are away: 12 to 15 August.
func (c calendar) obon(d int) bool {
	_, month, dom := civil(c.date(d))
	return month == 8 && dom >= 12 && dom <= 15
}

// civil returns the date of a count of days since 1970 (Howard Hinnant's algorithm).
func civil(z int64) (year, month, dom int) {
	z += 719468
	era := z / 146097
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	month = int(mp + 3)
	if month > 12 {
		month -= 12
	}
	year = int(yoe + era*400)
	if month <= 2 {
		year++
	}
	return year, month, int(doy - (153*mp+2)/5 + 1)
}

// stamp breaks a time into its fields and remembers the last second, since logs ask for the same one again and again.
type stamp struct {
	host               hostClock // of the host that writes
	second             int64
	date               int64
	year, month, dom   int
	hour, minute, secs int
}

// set moves the stamp to what the host's clock shows at time t, in a zone that many microseconds ahead of UTC.
func (s *stamp) set(t, zone int64) {
	sec := (s.host.shows(t) + zone) / second
	if sec == s.second {
		return
	}
	s.second = sec
	if d := sec / 86400; d != s.date {
		s.date = d
		s.year, s.month, s.dom = civil(d)
	}
	r := int(sec % 86400)
	s.hour, s.minute, s.secs = r/3600, r/60%60, r%60
}

const monthNames = "JanFebMarAprMayJunJulAugSepOctNovDec"

func month3(m int) string { return monthNames[3*m-3 : 3*m] }

// syslog appends "Jun  1 09:00:00" in Japan's time.
func (s *stamp) syslog(b []byte, t int64) []byte {
	s.set(t, jst)
	b = append(b, month3(s.month)...)
	b = append(b, ' ')
	if s.dom < 10 {
		b = append(b, ' ', byte('0'+s.dom))
	} else {
		b = two(b, s.dom)
	}
	b = append(b, ' ')
	return s.clock(b)
}

// web appends "02/Jun/2025:09:13:22 +0900".
func (s *stamp) web(b []byte, t int64) []byte {
	s.set(t, jst)
	b = append(two(b, s.dom), '/')
	b = append(append(b, month3(s.month)...), '/')
	b = append(four(b, s.year), ':')
	return append(s.clock(b), " +0900"...)
}

// named appends "02-Jun-2025 09:13:22.123", BIND's own form.
func (s *stamp) named(b []byte, t int64) []byte {
	s.set(t, jst)
	b = append(two(b, s.dom), '-')
	b = append(append(b, month3(s.month)...), '-')
	b = append(four(b, s.year), ' ')
	b = append(s.clock(b), '.')
	return three(b, int(t/millisecond%1000))
}

// local appends "2025-06-02 09:13:22" with that byte between date and time, in Japan's time.
func (s *stamp) local(b []byte, t int64, between byte) []byte {
	s.set(t, jst)
	return s.clock(append(s.dashed(b), between))
}

// utc appends "2025-06-02T00:13:22".
func (s *stamp) utc(b []byte, t int64) []byte {
	s.set(t, 0)
	return s.clock(append(s.dashed(b), 'T'))
}

func (s *stamp) dashed(b []byte) []byte {
	b = append(four(b, s.year), '-')
	b = append(two(b, s.month), '-')
	return two(b, s.dom)
}

func (s *stamp) clock(b []byte) []byte {
	b = append(two(b, s.hour), ':')
	b = append(two(b, s.minute), ':')
	return two(b, s.secs)
}

func two(b []byte, n int) []byte { return append(b, byte('0'+n/10%10), byte('0'+n%10)) }

func three(b []byte, n int) []byte { return two(append(b, byte('0'+n/100%10)), n%100) }

func four(b []byte, n int) []byte { return two(two(b, n/100), n%100) }

// six appends a fraction's six digits.
func six(b []byte, n int) []byte { return three(three(b, n/1000%1000), n%1000) }
