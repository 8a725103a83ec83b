// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// What the formats whose records are JSON objects or CSV rows share.

// jsonBody returns the JSON object that the record is: all of it, or the message of a syslog line that begins with one;
// nil if it is neither.
func (e *Env) jsonBody(rec *event.Record) []byte {
	b := trimJSON(rec.Data)
	if len(b) > 0 && b[0] == '{' {
		return b
	}
	if len(b) == 0 || b[0] == '[' || b[0] == '"' || b[len(b)-1] != '}' {
		return nil
	}
	if s, ok := e.Syslog(rec); ok && len(s.Message) > 0 && s.Message[0] == '{' {
		return s.Message
	}
	return nil
}

// sniffJSON is jsonBody for sniffing.
func sniffJSON(rec []byte) []byte {
	b := trimJSON(rec)
	if len(b) > 0 && b[0] == '{' {
		return b
	}
	if len(b) == 0 || b[0] == '[' || b[0] == '"' || b[len(b)-1] != '}' {
		return nil
	}
	if s, ok := sniffSyslog(b); ok && len(s.Message) > 0 && s.Message[0] == '{' {
		return s.Message
	}
	return nil
}

// trimJSON takes off a byte order mark, white space around, and the comma behind an object that stands alone on a line of a
// larger array.
func trimJSON(b []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	for len(b) > 0 && b[0] <= ' ' {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] <= ' ' {
		b = b[:len(b)-1]
	}
	if n := len(b); n > 1 && b[n-1] == ',' && b[0] == '{' {
		b = bytes.TrimRight(b[:n-1], " \t")
	}
	return b
}

// cell returns a CSV cell as a value.
func cell(b []byte) jsonValue { return jsonValue{raw: b, kind: '"'} }

// once gathers the texts of one record that rarely repeat, so that all of them cost one allocation and none fills the
// interner. Take the texts only after all have been added.
type once struct {
	buf  []byte
	text string
}

type span struct{ from, to int }

func (o *once) reset() { o.buf, o.text = o.buf[:0], "" }

// add keeps the text of v and returns where it is.
func (o *once) add(v jsonValue) span {
	from := len(o.buf)
	switch {
	case v.kind == '"' && v.odd:
		o.buf = appendJSONText(o.buf, v.raw)
	case v.kind == '"', v.kind == '0', v.kind == 't', v.kind == 'f':
		o.buf = append(o.buf, v.raw...)
	}
	return span{from, len(o.buf)}
}

// take returns the text that was kept at s.
func (o *once) take(s span) string {
	if s.from == s.to {
		return ""
	}
	if o.text == "" {
		o.text = string(o.buf)
	}
	return o.text[s.from:s.to]
}

// timeUTC reads the times of Microsoft's exports, which are in UTC whether or not they say so: ISO 8601 with up to nine
// digits behind the second; "2025/03/12 7:22:01" as a Japanese PowerShell writes it; "3/12/2025, 7:22:01.123 AM" as an American one does, or with the
// day first where the first number cannot be a month; Unix milliseconds in PowerShell's /Date(…)/.
func (e *Env) timeUTC(b []byte) (event.Micros, bool) {
	b = bytes.Trim(b, " ")
	t, n := parseISOStamp(b)
	if n == 0 {
		if ms, ok := dotNetDate(b); ok {
			return e.Clock.Absolute(event.Micros(ms * 1000)), true
		}
		if t, n = parseSlashDate(b); n == 0 {
			return 0, false
		}
	}
	if n != len(b) && string(b[n:]) != " UTC" && string(b[n:]) != " Z" {
		return 0, false
	}
	if !t.HasZone {
		t.HasZone, t.East = true, 0
	}
	return e.Clock.Moment(t), true
}

// dotNetDate reads the milliseconds of "/Date(1718000000123)/", with or without a zone behind, which says nothing about the
// moment; also as "\/Date(…)\/" before decoding.
func dotNetDate(b []byte) (int64, bool) {
	i := bytes.Index(b, []byte("/Date("))
	if i < 0 || i > 1 {
		return 0, false
	}
	b = b[i+6:]
	n := 0
	for n < len(b) && (isDigit(b[n]) || n == 0 && b[n] == '-') {
		n++
	}
	if n < len(b) && b[n] != ')' && b[n] != '+' && b[n] != '-' {
		return 0, false
	}
	ms, ok := wholeNumber(b[:n])
	return ms, ok && ms > -1<<46 && ms < 1<<46
}

// parseSlashDate reads "2025/03/12 7:22:01" and "3/12/2025, 7:22:01.123 AM".
func parseSlashDate(b []byte) (Civil, int) {
	var v, n [3]int
	i := 0
	for k := range v {
		v[k], n[k] = digits(b[i:], 4)
		if n[k] == 0 {
			return Civil{}, 0
		}
		i += n[k]
		if k < 2 {
			if i >= len(b) || b[i] != '/' {
				return Civil{}, 0
			}
			i++
		}
	}
	t := Civil{Year: v[0], Month: v[1], Day: v[2]}
	if n[0] != 4 {
		t = Civil{Year: v[2], Month: v[0], Day: v[1]}
		if n[2] != 4 {
			return Civil{}, 0
		}
		if t.Month > 12 {
			t.Month, t.Day = t.Day, t.Month
		}
	}
	for i < len(b) && (b[i] == ' ' || b[i] == ',') {
		i++
	}
	m := parseClock(b[i:], &t)
	if m == 0 || !t.Valid() {
		return Civil{}, 0
	}
	return t, i + m
}

// parseClock reads "7:22", "7:22:01" or "07:22:01.123 AM".
func parseClock(b []byte, t *Civil) int {
	h, n := digits(b, 2)
	if n == 0 || n >= len(b) || b[n] != ':' {
		return 0
	}
	i := n + 1
	if t.Minute, n = digits(b[i:], 2); n != 2 {
		return 0
	}
	i += 2
	if i < len(b) && b[i] == ':' {
		if t.Second, n = digits(b[i+1:], 2); n != 2 {
			return 0
		}
		i += 3
		if i+1 < len(b) && b[i] == '.' && isDigit(b[i+1]) {
			i++
			for scale := 100000; i < len(b) && isDigit(b[i]); i++ {
				t.Micro += int(b[i]-'0') * scale
				scale /= 10
			}
		}
	}
	t.Hour = h
	rest := b[i:]
	space := 0
	for space < len(rest) && space < 3 && (rest[space] == ' ' || rest[space] == 0xe2 || rest[space] == 0x80 || rest[space] == 0xaf) {
		space++ // a blank, or the narrow no-break space U+202F of newer ICU
	}
	if len(rest) >= space+2 && (rest[space+1] == 'M' || rest[space+1] == 'm') && h >= 1 && h <= 12 {
		switch rest[space] | 0x20 {
		case 'a':
			t.Hour = h % 12
			return i + space + 2
		case 'p':
			t.Hour = h%12 + 12
			return i + space + 2
		}
	}
	return i
}
