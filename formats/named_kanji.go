// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "bytes"

// parseKanjiDate reads all of b as a time in Japanese: "2006年1月2日 15時4分5秒", "2006年01月02日(月) 15:04:05", "令和7年11月12日 5:14:07".
func parseKanjiDate(b []byte) (t Civil, ok bool) {
	era := 0
	if rest, reiwa := cutPrefix(b, "令和"); reiwa {
		era, b = 2018, rest
		if rest, first := cutPrefix(b, "元年"); first {
			b = append([]byte("1年"), rest...)
		}
	}
	if t.Year, b, ok = kanjiNumber(b, 4, "年"); !ok || era == 0 && t.Year < 1900 {
		return t, false
	}
	t.Year += era
	if t.Month, b, ok = kanjiNumber(b, 2, "月"); !ok {
		return t, false
	}
	if t.Day, b, ok = kanjiNumber(b, 2, "日"); !ok {
		return t, false
	}
	for _, brackets := range [...][2]string{{"(", ")"}, {"（", "）"}} { // the day of the week
		if rest, in := cutPrefix(b, brackets[0]); in {
			if _, b, ok = bytes.Cut(rest, []byte(brackets[1])); !ok {
				return t, false
			}
		}
	}
	b = bytes.TrimLeft(b, " ")
	if h, rest, is := kanjiNumber(b, 2, "時"); is {
		t.Hour = h
		if t.Minute, rest, ok = kanjiNumber(rest, 2, "分"); !ok {
			return t, false
		}
		if len(rest) > 0 {
			if t.Second, rest, ok = kanjiNumber(rest, 2, "秒"); !ok {
				return t, false
			}
		}
		return t, len(rest) == 0 && t.Valid()
	}
	n := parseClock(b, &t)
	return t, n > 0 && n == len(b) && t.Valid()
}

// kanjiNumber takes a number of so many digits and the word behind it.
func kanjiNumber(b []byte, most int, unit string) (v int, rest []byte, ok bool) {
	v, n := digits(b, most)
	if n == 0 {
		return 0, b, false
	}
	rest, ok = cutPrefix(b[n:], unit)
	return v, rest, ok
}
