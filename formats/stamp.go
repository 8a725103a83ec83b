// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"strconv"
	"time"
)

// Readers of the times that log lines begin with. Each takes the time at the start of b and returns how many bytes it took;
// 0 means that b does not begin with such a time.

// parseBSDStamp reads "Jan  2 15:04:05", also with a year behind the day or behind the time ("Jan 02 2006 15:04:05",
// "Jan  2 15:04:05 2006") and a fraction of a second.
func parseBSDStamp(b []byte) (Civil, int) {
	if len(b) < 15 || b[3] != ' ' {
		return Civil{}, 0
	}
	var t Civil
	if t.Month = monthOf(b); t.Month == 0 {
		return Civil{}, 0
	}
	i := 4
	for i < 6 && b[i] == ' ' {
		i++
	}
	n := 0
	if t.Day, n = digits(b[i:], 2); n == 0 {
		return Civil{}, 0
	}
	i += n
	if i >= len(b) || b[i] != ' ' {
		return Civil{}, 0
	}
	i++
	if y, n := digits(b[i:], 4); n == 4 && i+4 < len(b) && b[i+4] == ' ' {
		t.Year = y
		i += 5
	}
	n = parseTimeOfDay(b[i:], &t)
	if n == 0 {
		return Civil{}, 0
	}
	i += n
	if t.Year == 0 && i+5 <= len(b) && b[i] == ' ' {
		if y, n := digits(b[i+1:], 4); n == 4 && y >= 1990 && y < 2100 && (i+5 == len(b) || b[i+5] == ' ') {
			t.Year = y
			i += 5
		}
	}
	if !t.Valid() {
		return Civil{}, 0
	}
	return t, i
}

// parseISOStamp reads "2006-01-02T15:04:05", with a space or T between, an optional fraction (point or comma), and an
// optional zone (Z, +09:00, +0900, +09).
func parseISOStamp(b []byte) (Civil, int) {
	if len(b) < 19 || b[4] != '-' || b[7] != '-' || b[10] != 'T' && b[10] != ' ' && b[10] != 't' {
		return Civil{}, 0
	}
	var t Civil
	var n [3]int
	t.Year, n[0] = digits(b, 4)
	t.Month, n[1] = digits(b[5:], 2)
	t.Day, n[2] = digits(b[8:], 2)
	if n[0] != 4 || n[1] != 2 || n[2] != 2 || t.Year == 0 {
		return Civil{}, 0
	}
	m := parseTimeOfDay(b[11:], &t)
	if m == 0 {
		return Civil{}, 0
	}
	i := 11 + m
	z := parseZone(b[i:], &t)
	if z == 0 && zoneBegins(b[i:]) || !t.Valid() {
		return Civil{}, 0
	}
	return t, i + z
}

// parseCLFStamp reads "02/Jan/2006:15:04:05 -0700", with an optional fraction, as between the brackets of web logs.
func parseCLFStamp(b []byte) (Civil, int) {
	if len(b) < 20 || b[2] != '/' || b[6] != '/' || b[11] != ':' {
		return Civil{}, 0
	}
	var t Civil
	var n [2]int
	t.Day, n[0] = digits(b, 2)
	t.Month = monthOf(b[3:])
	t.Year, n[1] = digits(b[7:], 4)
	if n[0] != 2 || n[1] != 4 || t.Month == 0 || t.Year == 0 {
		return Civil{}, 0
	}
	m := parseTimeOfDay(b[12:], &t)
	if m == 0 {
		return Civil{}, 0
	}
	i := 12 + m
	gap := 0
	if i < len(b) && b[i] == ' ' {
		gap = 1
	}
	z := parseZone(b[i+gap:], &t)
	if z > 0 {
		i += gap + z
	}
	if z == 0 && zoneBegins(b[i+gap:]) || !t.Valid() {
		return Civil{}, 0
	}
	return t, i
}

// parseTAI64Stamp reads multilog's "@4000000037c219bf2ef02e94": seconds since 1970 plus 2^62 and ten, and nanoseconds, in
// hexadecimal digits. The difference between TAI and UTC is taken as the ten seconds that multilog assumes.
func parseTAI64Stamp(b []byte) (Civil, int) {
	if len(b) < 25 || b[0] != '@' {
		return Civil{}, 0
	}
	sec, err1 := strconv.ParseUint(string(b[1:17]), 16, 64)
	nano, err2 := strconv.ParseUint(string(b[17:25]), 16, 32)
	sec -= 1<<62 + 10
	if err1 != nil || err2 != nil || nano >= 1e9 || sec > 1<<36 {
		return Civil{}, 0
	}
	u := time.Unix(int64(sec), 0).UTC()
	return Civil{Year: u.Year(), Month: int(u.Month()), Day: u.Day(), Hour: u.Hour(), Minute: u.Minute(), Second: u.Second(),
		Micro: int(nano / 1000), HasZone: true}, 25
}

// parseTimeOfDay reads "15:04:05" with an optional fraction of up to nine digits, of which microseconds are kept.
func parseTimeOfDay(b []byte, t *Civil) int {
	if len(b) < 8 || b[2] != ':' || b[5] != ':' {
		return 0
	}
	var n [3]int
	t.Hour, n[0] = digits(b, 2)
	t.Minute, n[1] = digits(b[3:], 2)
	t.Second, n[2] = digits(b[6:], 2)
	if n[0] != 2 || n[1] != 2 || n[2] != 2 {
		return 0
	}
	i := 8
	if i+1 < len(b) && (b[i] == '.' || b[i] == ',') && isDigit(b[i+1]) {
		i++
		scale := 100000
		for i < len(b) && isDigit(b[i]) {
			t.Micro += int(b[i]-'0') * scale
			scale /= 10
			i++
		}
	}
	return i
}

// parseZone reads Z, +09:00, +0900 or +09 and returns the bytes taken; 0 if there is none. An offset that no zone has makes t invalid.
func parseZone(b []byte, t *Civil) int {
	if len(b) == 0 {
		return 0
	}
	if b[0] == 'Z' || b[0] == 'z' {
		t.HasZone = true
		return 1
	}
	if b[0] != '+' && b[0] != '-' {
		return 0
	}
	h, n := digits(b[1:], 2)
	if n != 2 {
		return 0
	}
	i, m := 3, 0
	if i < len(b) && b[i] == ':' {
		if v, n := digits(b[i+1:], 2); n == 2 {
			m, i = v, i+3
		}
	} else if v, n := digits(b[i:], 2); n == 2 {
		m, i = v, i+2
	}
	t.HasZone = true
	if t.East = h*3600 + m*60; h > 15 || m > 59 || i == 3 && i < len(b) && isDigit(b[i]) {
		t.East = noZone
	}
	if b[0] == '-' {
		t.East = -t.East
	}
	return i
}

// noZone is an offset that Valid refuses.
const noZone = 86400

// zoneBegins says whether an offset begins there: one that parseZone cannot read is broken, which does not make the time a local one.
func zoneBegins(b []byte) bool {
	return len(b) > 0 && (b[0] == '+' || b[0] == '-' && len(b) > 1 && isDigit(b[1]))
}

// wholeZone reads an offset that stands in a field of its own. One that cannot be read makes t invalid.
func wholeZone(b []byte, t *Civil) {
	if n := parseZone(b, t); n == 0 && zoneBegins(b) {
		t.HasZone, t.East = true, noZone
	}
}

// exactly reads n decimal digits; -1, which no date has, where there are fewer.
func exactly(b []byte, n int) int {
	v, k := digits(b, n)
	if k < n {
		return -1
	}
	return v
}

// digits reads up to most decimal digits and returns their value and how many there were.
func digits(b []byte, most int) (v, n int) {
	for n < most && n < len(b) && isDigit(b[n]) {
		v = v*10 + int(b[n]-'0')
		n++
	}
	return v, n
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// monthOf returns the month that b begins with in English short form, 1 to 12; 0 for none.
func monthOf(b []byte) int {
	if len(b) < 3 {
		return 0
	}
	switch string(b[:3]) {
	case "Jan":
		return 1
	case "Feb":
		return 2
	case "Mar":
		return 3
	case "Apr":
		return 4
	case "May":
		return 5
	case "Jun":
		return 6
	case "Jul":
		return 7
	case "Aug":
		return 8
	case "Sep":
		return 9
	case "Oct":
		return 10
	case "Nov":
		return 11
	case "Dec":
		return 12
	}
	return 0
}

// Glance returns the time that a record begins with or, failing that, the first date that it writes out: to see, before anything
// is read, which years and zones the files themselves speak of.
func Glance(rec []byte) (Civil, bool) {
	b := rec[priority(rec):]
	if len(b) > 2 && isDigit(b[0]) && b[1] == ' ' {
		b = b[2:]
	}
	if t, n := parseBSDStamp(b); n > 0 {
		return t, true
	}
	if t, n := parseISOStamp(b); n > 0 {
		return t, true
	}
	if t, n := parseNginxStamp(b); n > 0 && t.Valid() {
		return t, true
	}
	for i := 0; i < len(b) && i < 200; i++ {
		if b[i] == '[' {
			if t, n := parseCLFStamp(b[i+1:]); n > 0 {
				return t, true
			}
			break
		}
	}
	return writtenDate(b[:min(len(b), 4096)])
}

// writtenDate returns the first "2006-01-02" of a year that logs are of, with its time where one follows.
func writtenDate(b []byte) (Civil, bool) {
	for i := 0; i+10 <= len(b); i++ {
		if b[i+4] != '-' || b[i+7] != '-' || i > 0 && isDigit(b[i-1]) {
			continue
		}
		y, n := digits(b[i:], 4)
		m, k := digits(b[i+5:], 2)
		d, l := digits(b[i+8:], 2)
		if n != 4 || k != 2 || l != 2 || y < 1990 || y > 2100 {
			continue
		}
		if t, n := parseISOStamp(b[i:]); n > 0 {
			return t, true
		}
		if t := (Civil{Year: y, Month: m, Day: d}); t.Valid() {
			return t, true
		}
	}
	return Civil{}, false
}

// parseDateAndTime reads "2025-06-02" and "09:00:00" that stand in fields of their own.
func parseDateAndTime(date, clock []byte) (t Civil, ok bool) {
	if len(date) != 10 || date[4] != '-' || date[7] != '-' {
		return t, false
	}
	t.Year = exactly(date, 4)
	t.Month = exactly(date[5:], 2)
	t.Day = exactly(date[8:], 2)
	n := parseTimeOfDay(clock, &t)
	return t, n > 0 && t.Year > 0 && t.Valid()
}
