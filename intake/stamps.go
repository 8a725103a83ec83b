// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"

	"github.com/sekisho/sekisho/event"
)

// Stamp is a moment of a log that writes no year: "Jan _2 15:04:05" (RFC 3164, 4.1.2). The zero value is no moment.
type Stamp struct {
	Month, Day           uint8 // from 1
	Hour, Minute, Second uint8
}

// seconds returns the seconds since the start of a leap year.
func (s Stamp) seconds() int32 {
	return (int32(daysBefore[s.Month-1])+int32(s.Day)-1)*86400 + int32(s.Hour)*3600 + int32(s.Minute)*60 + int32(s.Second)
}

var (
	daysBefore = [12]int16{0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335}
	daysIn     = [12]uint8{31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
)

// Stamps is what a file's own order tells about its years.
type Stamps struct {
	First, Last Stamp
	// NewYears is how many times the year turned between First and Last.
	NewYears int
	// LeapDay says that a 29 February is in it, and in the how-manieth year, counted from that of First.
	LeapDay  bool
	LeapYear int
	// Year is the year of First as the file's other lines write theirs, most of them; 0: none writes one.
	Year    int
	Lines   int64 // lines that were looked at
	Stamped int64 // of these, with a stamp
}

const (
	halfYear = 180 * 86400
	// backAcross is how far a late line written after New Year seems to jump ahead: nearly a year. A gap in a quiet log
	// may be long too, but hardly eleven months.
	backAcross = 335 * 86400
)

// ScanStamps reads the stamps at the starts of the lines, also behind a <priority>, and counts the New Years. A jump
// back of more than 180 days is one; a smaller one is jitter, and a jump ahead of more than 335 days takes one back: a late
// line of December. Lines that write their year, among those that do not, tell the year of First. The content is neither digested nor reported as progress.
func ScanStamps(ctx context.Context, s *Source) (Stamps, error) {
	var st Stamps
	var last int32
	year := 0
	var written yearVotes
	err := s.run(ctx, nil, nil, func(fr *framer) error {
		fr.yield = func(r *event.Record) error {
			st.Lines++
			if y, at, ok := datedOf(r.Data); ok {
				written.dated(y, at.seconds(), last, year, st.Stamped > 0)
				return nil
			}
			stamp, ok := stampOf(r.Data)
			if !ok {
				return nil
			}
			st.Stamped++
			now := stamp.seconds()
			if st.Stamped == 1 {
				st.First, last = stamp, now
				written.first(now)
			}
			switch d := now - last; {
			case d < -halfYear:
				year++
			case d > backAcross:
				year--
			}
			last = now
			st.Last = stamp
			st.NewYears = max(year, 0)
			if stamp.Month == 2 && stamp.Day == 29 && !st.LeapDay {
				st.LeapDay, st.LeapYear = true, year
			}
			return nil
		}
		return fr.lines()
	})
	if st.Stamped > 0 {
		st.Year = written.most()
	}
	return st, err
}

// yearVotes gathers what the lines that write their year say of the year of the first line that does not.
type yearVotes struct {
	years  [8]int // of First; more than eight tell nothing
	counts [8]int64
	early  bool // the last dated line before First: its year and moment
	year   int
	at     int32
}

// dated takes in a line of that year and moment. last is the moment of the line without a year before it, so many New Years after First.
func (v *yearVotes) dated(year int, at, last int32, turns int, begun bool) {
	if !begun {
		v.early, v.year, v.at = true, year, at
		return
	}
	switch d := at - last; { // the dated line may stand on the other side of a New Year
	case d < -halfYear:
		turns++
	case d > halfYear:
		turns--
	}
	v.vote(year - turns)
}

// first takes in the moment of First.
func (v *yearVotes) first(now int32) {
	if !v.early {
		return
	}
	switch d := now - v.at; {
	case d < -halfYear:
		v.year++
	case d > halfYear:
		v.year--
	}
	v.vote(v.year)
}

func (v *yearVotes) vote(year int) {
	for i := range v.years {
		if v.years[i] == year || v.counts[i] == 0 {
			v.years[i] = year
			v.counts[i]++
			return
		}
	}
}

// most returns the year with the most votes, the latest of equals; 0 for none.
func (v *yearVotes) most() (year int) {
	var n int64
	for i, c := range v.counts {
		if c > n || c == n && c > 0 && v.years[i] > year {
			year, n = v.years[i], c
		}
	}
	return year
}

// datedOf reads the year, the month and the day of a line that begins with a date: "2006-01-02", "2006/01/02", "Jan _2 2006 15:04:05" or
// "Jan _2 15:04:05 2006", also behind a <priority>, the version of RFC 5424 or a bracket.
func datedOf(b []byte) (year int, at Stamp, ok bool) {
	b = behindPriority(b)
	if len(b) > 2 && b[0] == '1' && b[1] == ' ' {
		b = b[2:]
	}
	if len(b) > 0 && b[0] == '[' {
		b = b[1:]
	}
	if len(b) < 11 {
		return 0, at, false
	}
	var good [2]bool
	switch {
	case (b[4] == '-' || b[4] == '/') && b[7] == b[4] && (b[10] == ' ' || b[10] == 'T'):
		year = yearAt(b)
		at.Month, good[0] = twoDigits(b[5], b[6])
		at.Day, good[1] = twoDigits(b[8], b[9])
	case b[3] == ' ' && b[6] == ' ':
		if len(b) > 16 && b[11] == ' ' && b[14] == ':' {
			year = yearAt(b[7:])
		} else if len(b) > 20 && b[9] == ':' && b[12] == ':' && b[15] == ' ' && b[20] == ' ' {
			year = yearAt(b[16:])
		}
		at.Month = monthOf(b[0], b[1], b[2])
		tens := b[4]
		if tens == ' ' {
			tens = '0'
		}
		at.Day, good[1] = twoDigits(tens, b[5])
		good[0] = true
	}
	if year < 1990 || year > 2100 || good != [2]bool{true, true} || at.Month == 0 || at.Month > 12 || at.Day == 0 || at.Day > daysIn[at.Month-1] {
		return 0, Stamp{}, false
	}
	return year, at, true
}

// yearAt reads four digits; 0 if they are none.
func yearAt(b []byte) (year int) {
	for _, c := range b[:4] {
		if c < '0' || c > '9' {
			return 0
		}
		year = year*10 + int(c-'0')
	}
	return year
}

// behindPriority returns what stands behind "<165>".
func behindPriority(b []byte) []byte {
	if len(b) < 3 || b[0] != '<' {
		return b
	}
	i := 1
	for i < len(b) && i < 5 && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	if i >= len(b) || b[i] != '>' {
		return nil
	}
	return b[i+1:]
}

// stampOf reads the stamp at the start of a line.
func stampOf(b []byte) (Stamp, bool) {
	b = behindPriority(b)
	if len(b) < 15 || b[3] != ' ' || b[6] != ' ' || b[9] != ':' || b[12] != ':' {
		return Stamp{}, false
	}
	s := Stamp{Month: monthOf(b[0], b[1], b[2])}
	if s.Month == 0 {
		return Stamp{}, false
	}
	tens := b[4]
	if tens == ' ' {
		tens = '0'
	}
	var ok [4]bool
	s.Day, ok[0] = twoDigits(tens, b[5])
	s.Hour, ok[1] = twoDigits(b[7], b[8])
	s.Minute, ok[2] = twoDigits(b[10], b[11])
	s.Second, ok[3] = twoDigits(b[13], b[14])
	if ok != [4]bool{true, true, true, true} || s.Day == 0 || s.Day > daysIn[s.Month-1] || s.Hour > 23 || s.Minute > 59 || s.Second > 60 {
		return Stamp{}, false
	}
	return s, true
}

func twoDigits(a, b byte) (uint8, bool) {
	a, b = a-'0', b-'0'
	return a*10 + b, a <= 9 && b <= 9
}

// monthOf returns the month of an English abbreviation, 0 if it is none.
func monthOf(a, b, c byte) uint8 {
	switch uint32(a)<<16 | uint32(b)<<8 | uint32(c) {
	case 'J'<<16 | 'a'<<8 | 'n':
		return 1
	case 'F'<<16 | 'e'<<8 | 'b':
		return 2
	case 'M'<<16 | 'a'<<8 | 'r':
		return 3
	case 'A'<<16 | 'p'<<8 | 'r':
		return 4
	case 'M'<<16 | 'a'<<8 | 'y':
		return 5
	case 'J'<<16 | 'u'<<8 | 'n':
		return 6
	case 'J'<<16 | 'u'<<8 | 'l':
		return 7
	case 'A'<<16 | 'u'<<8 | 'g':
		return 8
	case 'S'<<16 | 'e'<<8 | 'p':
		return 9
	case 'O'<<16 | 'c'<<8 | 't':
		return 10
	case 'N'<<16 | 'o'<<8 | 'v':
		return 11
	case 'D'<<16 | 'e'<<8 | 'c':
		return 12
	}
	return 0
}
