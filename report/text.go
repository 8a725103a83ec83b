// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is shown of one text, in columns and in characters.
const (
	maxTitle = 2000 // of a text that is shown on demand
	maxMarks = 3    // combining marks on one character: more only cover what stands near
)

// visible returns s with everything that cannot be seen, or that changes how its neighbours are seen, written out as
// ⟨U+202E⟩: control characters, bidirectional overrides, zero-width and private characters, line separators, bytes that are not UTF-8.
// Line feeds and tabs become spaces. At most limit characters of s are looked at.
func visible(s string, limit int) string {
	if plain(s, limit) {
		return s
	}
	var b strings.Builder
	marks, n := 0, 0
	for i, r := range s {
		if n++; n > limit {
			b.WriteRune('…')
			break
		}
		switch {
		case r == utf8.RuneError:
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				fmt.Fprintf(&b, "⟨%02X⟩", s[i])
			} else {
				b.WriteRune(r)
			}
		case r == '\n' || r == '\t' || r == '\r':
			b.WriteByte(' ')
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks <= maxMarks {
				b.WriteRune(r)
			}
			continue
		default:
			b.WriteRune(r)
		}
		marks = 0
	}
	return b.String()
}

// plain says whether s is short and of printable ASCII only.
func plain(s string, limit int) bool {
	if len(s) > limit {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// cut returns s, already visible, in at most width columns; an ellipsis stands for what was cut.
func cut(s string, width int) string {
	if columns(s) <= width {
		return s
	}
	n := 0
	for i, r := range s {
		if w := runeWidth(r); n+w > width-1 {
			return s[:i] + "…"
		} else {
			n += w
		}
	}
	return s
}

// columns returns how many columns of a terminal s takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// pad returns s followed by as many spaces as fill width columns.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-columns(s)))
}

// runeWidth returns the columns of one character: 0 for combining marks, 2 for East Asian wide and full-width ones
// (Unicode Standard Annex 11), else 1. Ambiguous ones count 1, as terminals do by default.
func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case r < 0x1100:
		return 1
	case r <= 0x115f, r == 0x2329, r == 0x232a,
		r >= 0x2e80 && r <= 0x303e, r >= 0x3041 && r <= 0x4dbf, r >= 0x4e00 && r <= 0xa4cf, r >= 0xa960 && r <= 0xa97c,
		r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff, r >= 0xfe10 && r <= 0xfe19, r >= 0xfe30 && r <= 0xfe6b,
		r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6, r >= 0x16fe0 && r <= 0x1b2ff, r >= 0x1f300 && r <= 0x1f64f,
		r >= 0x1f680 && r <= 0x1f6ff, r >= 0x1f900 && r <= 0x1f9ff, r >= 0x20000 && r <= 0x3fffd:
		return 2
	}
	return 1
}

// wrap breaks s into lines of at most width columns. Japanese may break anywhere, but not before closing punctuation;
// other text breaks at spaces where it can.
func wrap(s string, width int) []string {
	var lines []string
	var line []rune
	n, space := 0, -1 // columns of line; index in line after its last space
	flush := func(at int) {
		lines = append(lines, strings.TrimRight(string(line[:at]), " "))
		line = append([]rune(nil), line[at:]...)
		for len(line) > 0 && line[0] == ' ' {
			line = line[1:]
		}
		n, space = columns(string(line)), -1
	}
	for _, r := range s {
		w := runeWidth(r)
		if n+w > width && len(line) > 0 && !strings.ContainsRune("、。，．）」』】…", r) {
			if space > 0 && w == 1 && r != ' ' {
				flush(space)
			} else {
				flush(len(line))
			}
			if len(line) == 0 && r == ' ' {
				continue
			}
		}
		line = append(line, r)
		n += w
		if r == ' ' || w == 2 {
			space = len(line)
		}
	}
	if len(line) > 0 || len(lines) == 0 {
		lines = append(lines, strings.TrimRight(string(line), " "))
	}
	return lines
}

// Wrap breaks a text into lines of so many columns, at spaces where there are some and between characters of Japanese.
func Wrap(s string, width int) []string { return wrap(s, width) }

// Visible writes out what cannot be seen, or would act on what stands near; of long texts only the beginning is kept.
func Visible(s string) string { return visible(s, maxTitle) }
