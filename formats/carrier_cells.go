// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "bytes"

// cellsCarrier reads a line of "name=value" fields whose fields stand in the cells of a CSV row, as FortiAnalyzer and FortiGate export and send
// it: "date=2025-06-03","time=09:00:00","msg=""two words""", or date=2025-06-03,time=09:00:00,msg="two words". The line is the same with
// blanks between the fields.
var cellsCarrier = carrier{name: "cells", number: 3, unload: func(rec []byte, l *load) bool {
	l.reset()
	b := rec[priority(rec):]
	quoted := len(b) > 0 && b[0] == '"'
	if quoted {
		b = b[1:]
	}
	n := 0
	for n < len(b) && n < 32 && (b[n]|0x20 >= 'a' && b[n]|0x20 <= 'z' || b[n] == '_') {
		n++
	}
	if n == 0 || n >= len(b) || b[n] != '=' {
		return false
	}
	if quoted {
		return l.cells(rec[priority(rec):])
	}
	comma, blank := bytes.IndexByte(b, ','), bytes.IndexByte(b, ' ')
	if comma < 0 || blank >= 0 && blank < comma { // a line with blanks between its fields, as it should be
		return false
	}
	l.cellsBuf = l.cellsBuf[:0]
	inside := false
	for i, c := range b {
		switch {
		case c == '"' && (i == 0 || b[i-1] != '\\'):
			inside = !inside
		case c == ',' && !inside:
			c = ' '
		}
		l.cellsBuf = append(l.cellsBuf, c)
	}
	l.text, l.looks = l.cellsBuf, 4
	return !inside
}}

// cells puts the cells of a row into one line.
func (l *load) cells(row []byte) bool {
	if !l.row.split(row) || len(l.row.cells) < 3 {
		return false
	}
	l.cellsBuf = l.cellsBuf[:0]
	for _, c := range l.row.cells {
		eq := bytes.IndexByte(c, '=')
		if len(c) == 0 {
			continue
		}
		if eq <= 0 || bytes.IndexByte(c[:eq], ' ') >= 0 || bytes.IndexByte(c[:eq], '"') >= 0 {
			return false
		}
		value := c[eq+1:]
		if n := len(value); n > 1 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1]
		}
		if len(l.cellsBuf) > 0 {
			l.cellsBuf = append(l.cellsBuf, ' ')
		}
		l.cellsBuf = append(append(l.cellsBuf, c[:eq+1]...), '"')
		for i, ch := range value { // nothing within a cell ends its value
			if ch == '"' && (i == 0 || value[i-1] != '\\') {
				l.cellsBuf = append(l.cellsBuf, '\\')
			}
			l.cellsBuf = append(l.cellsBuf, ch)
		}
		if n := len(value); n > 0 && value[n-1] == '\\' {
			l.cellsBuf = append(l.cellsBuf, ' ')
		}
		l.cellsBuf = append(l.cellsBuf, '"')
	}
	l.text, l.looks = l.cellsBuf, 3
	return len(l.cellsBuf) > 0
}
