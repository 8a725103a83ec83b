// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"encoding/binary"
)

// journalCarrier reads entries of the journal as journalctl -o export writes them, cut so that a record is one entry.
var journalCarrier = carrier{name: "journal", number: 5, unload: func(rec []byte, l *load) bool {
	l.reset()
	if !journalEntry(rec) {
		return false
	}
	var sure [partInner]int
	for b := rec; len(b) > 0; {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		key, value, text := bytes.Cut(line, []byte("="))
		if b = rest; !text && len(rest) >= 8 { // the value is no line: its length stands before it
			if n := binary.LittleEndian.Uint64(rest); n <= uint64(len(rest)-8) {
				value, b = rest[8:8+n], bytes.TrimPrefix(rest[8+n:], []byte("\n"))
			}
		}
		part, n := carriedPart(key)
		if part == partNone || part == partInner || n <= sure[part] || len(value) == 0 {
			continue
		}
		sure[part] = n
		switch part {
		case partText:
			l.text = value
		case partTime:
			if l.time, l.timed = carriedTime(jsonValue{raw: value, kind: '0'}); !l.timed {
				sure[part] = 0
			}
		case partHost:
			l.host = value
		case partProgram:
			l.program = value
		case partPID:
			l.pid = value
		}
	}
	l.looks = 8
	return len(l.text) > 0 && l.timed
}}

func journalEntry(rec []byte) bool { return hasPrefix(rec, "__CURSOR=") }
