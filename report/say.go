// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Lang is one of the two languages.
type Lang string

// The languages.
const (
	Ja Lang = "ja"
	En Lang = "en"
)

// of returns the words in one language; in the other where one is missing.
func (l Lang) of(w event.Words) string {
	if l == Ja && w.Ja != "" || w.En == "" {
		return w.Ja
	}
	return w.En
}

// say returns one sentence in both languages. Arguments of type event.Words are put in the sentence's language; the verbs
// of fmt hold for all others, and %[2]v may bring arguments into another order.
func say(ja, en string, args ...any) event.Words {
	if len(args) == 0 {
		return event.Words{Ja: ja, En: en}
	}
	j, e := make([]any, len(args)), make([]any, len(args))
	for i, a := range args {
		if w, ok := a.(event.Words); ok {
			j[i], e[i] = Ja.of(w), En.of(w)
		} else {
			j[i], e[i] = a, a
		}
	}
	return event.Words{Ja: fmt.Sprintf(ja, j...), En: fmt.Sprintf(en, e...)}
}

// same returns the same text for both languages.
func same(s string) event.Words { return event.Words{Ja: s, En: s} }

// join puts words in a row, with the comma of each language.
func join(list []event.Words) event.Words {
	ja, en := make([]string, len(list)), make([]string, len(list))
	for i, w := range list {
		ja[i], en[i] = Ja.of(w), En.of(w)
	}
	return event.Words{Ja: strings.Join(ja, "、"), En: strings.Join(en, ", ")}
}

// comma writes n with a comma between thousands.
func comma[T int | int64](n T) string {
	s := strconv.FormatInt(int64(n), 10)
	from := 0
	if n < 0 {
		from = 1
	}
	for i := len(s) - 3; i > from; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// several counts things: with the English word for one where it is one, else with the one for more; Japanese has the number alone.
func several[T int | int64](n T, one, more string) event.Words {
	word := more
	if n == 1 {
		word = one
	}
	return event.Words{Ja: comma(n), En: comma(n) + " " + word}
}

// size writes n bytes in a unit that people read.
func size(n int64) string {
	f, unit := float64(n), 0
	for f >= 1000 && unit < 5 {
		f, unit = f/1000, unit+1
	}
	if unit == 0 {
		return strconv.FormatInt(n, 10) + " B"
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + []string{"B", "kB", "MB", "GB", "TB", "PB"}[unit]
}

// clock shows times in one zone.
type clock struct{ zone *time.Location }

// minute writes t to the minute; a dash for the unknown time.
func (c clock) minute(t cases.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.Time().In(c.zone).Format("2006-01-02 15:04")
}

// date writes the day of t.
func (c clock) date(t cases.Time) string {
	if t.IsZero() {
		return "—"
	}
	return t.Time().In(c.zone).Format("2006-01-02")
}

// span writes two times with a dash, the day only once where it is the same.
func (c clock) span(from, to cases.Time) string {
	a, b := c.minute(from), c.minute(to)
	switch {
	case a == b:
		return a
	case !from.IsZero() && !to.IsZero() && a[:10] == b[:10]:
		return a + "–" + b[11:]
	}
	return a + " – " + b
}

// knocks writes moments to the second with the source port of each, as a provider asks for them to say whose a shared address was.
func (c clock) knocks(list []cases.Knock) string {
	var out []string
	for _, k := range list[:min(len(list), 8)] {
		out = append(out, k.At.Time().In(c.zone).Format("2006-01-02 15:04:05 ")+strconv.Itoa(k.Port))
	}
	return strings.Join(out, ", ")
}

// dates writes the days of two times, only once where they are the same.
func (c clock) dates(from, to cases.Time) string {
	a, b := c.date(from), c.date(to)
	if a == b {
		return a
	}
	return a + " – " + b
}

// day returns the number of the day of t in the zone.
func (c clock) day(t cases.Time) int32 {
	_, offset := t.Time().In(c.zone).Zone()
	return event.Micros(t).Day(time.Duration(offset) * time.Second)
}

// midnight returns when the day begins in the zone.
func (c clock) midnight(day int32) time.Time {
	u := time.Unix(int64(day)*86400, 0).UTC()
	return time.Date(u.Year(), u.Month(), u.Day(), 0, 0, 0, 0, c.zone)
}

// long writes a stretch of time in its largest unit, rounded down.
func long(d time.Duration) event.Words {
	n, ja, en := int64(max(d, 0)/time.Minute), "分", "minute"
	if d >= time.Hour {
		n, ja, en = int64(d/time.Hour), "時間", "hour"
	}
	if d >= 48*time.Hour {
		n, ja, en = int64(d/(24*time.Hour)), "日", "day"
	}
	if n != 1 {
		en += "s"
	}
	return event.Words{Ja: fmt.Sprintf("%d %s", n, ja), En: fmt.Sprintf("%d %s", n, en)}
}
