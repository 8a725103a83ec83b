// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"time"
)

// fileHead reads the time that a line of a program's own file begins with, in whatever common form, and returns the text behind it.
func fileHead(b []byte) (t Civil, text []byte, ok bool) {
	open := false
	if len(b) > 0 && b[0] == '[' {
		open, b = true, b[1:]
	}
	t, n := parseAnyStamp(b)
	if n == 0 {
		return t, nil, false
	}
	b = b[n:]
	if z := 0; len(b) > 1 && b[0] == ' ' && !t.HasZone {
		if z = parseZone(b[1:], &t); z > 0 && (b[1] == '+' || b[1] == '-' || z == 1) && (len(b) == 1+z || b[1+z] == ' ' || b[1+z] == ']') {
			b = b[1+z:]
		} else if z > 0 {
			t.HasZone, t.East = false, 0
		}
		if rest, utc := cutPrefix(b, " UTC"); utc || isPrefix(b, " GMT") {
			if !utc {
				rest = b[4:]
			}
			t.HasZone, b = true, rest
		} else if len(b) > 1 && b[0] == ' ' && isUpper(b[1]) {
			if z := parseZoneWord(b[1:], &t); z > 0 && t.HasZone {
				b = b[1+z:]
			}
		}
	}
	if open {
		if b, ok = cutPrefix(b, "]"); !ok {
			return t, nil, false
		}
	}
	return t, bytes.TrimLeft(b, " :\t,"), t.Valid()
}

// parseAnyStamp reads the time at the start of b in one of the forms that programs' own log files have, and returns how many bytes it
// took; 0 for none.
func parseAnyStamp(b []byte) (Civil, int) {
	if t, n := parseISOStamp(b); n > 0 {
		return t, n
	}
	if t, n := parseBSDStamp(b); n > 0 {
		return t, n
	}
	if len(b) > 20 && b[3] == ' ' && monthOf(b[4:]) > 0 { // "Sun Jan  2 15:04:05 2006"
		if t, n := parseBSDStamp(b[4:]); n > 0 {
			return t, n + 4
		}
	}
	if t, n := parseCLFStamp(b); n > 0 {
		return t, n
	}
	if t, n := parseISOShort(b); n > 0 {
		return t, n
	}
	if t, n := parseDayFirst(b); n > 0 {
		return t, n
	}
	if t, n := parseMonthWord(b); n > 0 {
		return t, n
	}
	return parseEpochStamp(b)
}

// parseISOShort reads dates that begin with the year but are not of ISO's form: "2006/01/02 15:04:05", "2006.01.02 15:04:05",
// "2006:01:02-15:04:05", "2006-01-02  5:04:05", "060102  5:04:05" (MySQL before 5.7), "20060102 15:04:05".
func parseISOShort(b []byte) (Civil, int) {
	var t Civil
	i := 0
	if y, n := digits(b, 8); n == 6 || n == 8 {
		t.Year, t.Month, t.Day = y/10000, y/100%100, y%100
		if n == 6 {
			t.Year += 2000
		}
		i = n
	} else {
		if len(b) < 16 || !(b[4] == '/' || b[4] == '.' || b[4] == ':' || b[4] == '-') || b[7] != b[4] {
			return t, 0
		}
		var k [3]int
		t.Year, k[0] = digits(b, 4)
		t.Month, k[1] = digits(b[5:], 2)
		t.Day, k[2] = digits(b[8:], 2)
		if k[0] != 4 || k[1] != 2 || k[2] != 2 {
			return t, 0
		}
		i = 10
	}
	if i >= len(b) || b[i] != ' ' && b[i] != '-' && b[i] != 'T' && b[i] != ',' {
		return t, 0
	}
	n := looseTime(b[i+1:], &t)
	if n == 0 || t.Year < 1970 || !t.Valid() || i+1+n < len(b) && b[i+1+n] == '+' { // the zone of what parseISOStamp refuses
		return t, 0
	}
	return t, i + 1 + n
}

// parseDayFirst reads "02-01-2006 15:04:05", "02.01.2006 15:04:05", "02/01/2006 15:04:05" and "02-Jan-2006 15:04:05". Where the second number
// cannot be a month, the first one is: "01/22/2006".
func parseDayFirst(b []byte) (Civil, int) {
	if len(b) < 16 {
		return Civil{}, 0
	}
	var t Civil
	d, n := digits(b, 2)
	if n == 0 || n >= len(b) || b[n] != '-' && b[n] != '.' && b[n] != '/' && b[n] != ' ' {
		return t, 0
	}
	sep, i := b[n], n+1
	t.Day = d
	if t.Month = monthOf(b[i:]); t.Month > 0 {
		i += 3
	} else {
		if t.Month, n = digits(b[i:], 2); n != 2 || sep == ' ' {
			return t, 0
		}
		i += n
	}
	if t.Month > 12 {
		t.Month, t.Day = t.Day, t.Month
	}
	if i >= len(b) || b[i] != sep {
		return t, 0
	}
	i++
	if t.Year, n = digits(b[i:], 4); n == 2 {
		t.Year += 2000
	} else if n != 4 {
		return t, 0
	}
	i += n
	if rest, ok := cutPrefix(b[i:], " - "); ok { // Half-Life: "01/02/2006 - 15:04:05"
		i = len(b) - len(rest) - 1
	}
	if i >= len(b) || b[i] != ' ' && b[i] != ',' && b[i] != ':' && b[i] != '-' {
		return t, 0
	}
	i++
	if i < len(b) && b[i] == ' ' {
		i++
	}
	if n = looseTime(b[i:], &t); n == 0 || !t.Valid() {
		return t, 0
	}
	return t, i + n
}

// parseMonthWord reads "Jan-02-06 15:04:05" (ASSP), "Jan 02, 2006 3:04:05 PM" (Java), "Jan 2, 2006, 3:04:05 PM" and "Jan 2, 2006 @ 15:04:05.000".
func parseMonthWord(b []byte) (Civil, int) {
	var t Civil
	if len(b) < 18 {
		return t, 0
	}
	if t.Month = monthOf(b); t.Month == 0 {
		if c := b[0] - 'a' + 'A'; b[0] >= 'a' && b[0] <= 'z' {
			t.Month = monthOf([]byte{c, b[1], b[2]})
		}
		if t.Month == 0 {
			return t, 0
		}
	}
	if b[3] == '-' && b[6] == '-' {
		t.Day = exactly(b[4:], 2)
		t.Year = 2000 + exactly(b[7:], 2)
		if n := looseTime(b[10:], &t); b[9] == ' ' && n > 0 && t.Year >= 2000 && t.Valid() {
			return t, 10 + n
		}
		return t, 0
	}
	n := 0
	if t.Day, n = digits(b[4:], 2); n == 0 || b[3] != ' ' {
		return t, 0
	}
	i := 4 + n
	if i+6 >= len(b) || b[i] != ',' || b[i+1] != ' ' {
		return t, 0
	}
	if t.Year, n = digits(b[i+2:], 4); n != 4 {
		return t, 0
	}
	i += 6
	if rest := b[i:]; rest[0] == ',' { // Google: "Jan 2, 2006, 3:04:05 PM"
		i++
	} else if isPrefix(rest, " @ ") { // Kibana: "Jan 2, 2006 @ 15:04:05.000"
		i += 2
	}
	if i >= len(b) || b[i] != ' ' {
		return t, 0
	}
	i++
	if n = looseTime(b[i:], &t); n == 0 || !t.Valid() {
		return t, 0
	}
	return t, i + n
}

// looseTime reads a time of day whose hour may have one digit or a space before it, with AM or PM behind it or not.
func looseTime(b []byte, t *Civil) int {
	skip := 0
	for skip < len(b) && b[skip] == ' ' && skip < 2 {
		skip++
	}
	b = b[skip:]
	n := 0
	if len(b) > 2 && b[1] == ':' { // one digit
		var k [3]int
		t.Hour, k[0] = digits(b, 1)
		t.Minute, k[1] = digits(b[2:], 2)
		if k[0] != 1 || k[1] != 2 || len(b) < 7 || b[4] != ':' {
			return 0
		}
		t.Second, k[2] = digits(b[5:], 2)
		if k[2] != 2 {
			return 0
		}
		n = 7
	} else if n = parseTimeOfDay(b, t); n == 0 {
		return 0
	}
	sp := 0 // the blank before AM and PM, which browsers write as a narrow one
	switch {
	case hasPrefix(b[n:], " "):
		sp = 1
	case hasPrefix(b[n:], "\u202f"):
		sp = len("\u202f")
	}
	if rest := b[n+sp:]; sp > 0 && len(rest) >= 2 && rest[1] == 'M' && (rest[0] == 'A' || rest[0] == 'P') && (len(rest) == 2 || rest[2] == ' ' || rest[2] == ']') {
		if t.Hour > 12 {
			return 0
		}
		if t.Hour %= 12; rest[0] == 'P' {
			t.Hour += 12
		}
		n += sp + 2
	}
	return skip + n
}

// parseEpochStamp reads seconds since 1970, with a fraction or without, of this century.
func parseEpochStamp(b []byte) (Civil, int) {
	sec, n := digits(b, 10)
	if n != 10 || sec < 946684800 || len(b) > n && isDigit(b[n]) {
		return Civil{}, 0
	}
	micro := 0
	if n+1 < len(b) && b[n] == '.' && isDigit(b[n+1]) {
		n++
		for scale := 100000; n < len(b) && isDigit(b[n]); n++ {
			micro += int(b[n]-'0') * scale
			scale /= 10
		}
	}
	u := time.Unix(int64(sec), 0).UTC()
	return Civil{Year: u.Year(), Month: int(u.Month()), Day: u.Day(), Hour: u.Hour(), Minute: u.Minute(), Second: u.Second(), Micro: micro, HasZone: true}, n
}
