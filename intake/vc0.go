// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"encoding/binary"
)

// The log files of Ivanti and Pulse Connect Secure (log.access.vc0 and its like): 8192 bytes that begin with the numbers 5 and 1 and are
// nought otherwise, then rows of text. Of a row, the files that were published have either the length before it, in two bytes, or byte 5.
// Every row begins with its moment in hexadecimal, a point and six or eight digits more, and a tabulator.
const (
	vc0Magic  = "\x05\x00\x00\x00\x01\x00\x00\x00"
	vc0Header = 8192
	vc0Stamp  = 8 + 1 + 8 + 1 // the longest beginning of a row
)

// isVC0 says whether a file begins as those do.
func isVC0(head []byte) bool {
	if len(head) < 512 || string(head[:len(vc0Magic)]) != vc0Magic {
		return false
	}
	for _, c := range head[len(vc0Magic):min(len(head), vc0Header)] {
		if c != 0 {
			return false
		}
	}
	return true
}

// startsVC0 says whether a row begins b.
func startsVC0(b []byte) bool {
	if len(b) < 16 || b[8] != '.' || b[15] != '\t' && (len(b) < 18 || b[17] != '\t') {
		return false
	}
	for i, c := range b[:15] {
		if i != 8 && !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}

// vc0 frames such a file. Line counts the rows. A row whose end cannot be told from its length ends before the next one's beginning.
func (f *framer) vc0() error {
	w := &f.w
	pos, ok := f.ensure(0, vc0Header)
	if !isVC0(w.buf[pos:]) {
		return f.rest()
	}
	f.binary = true
	if !ok {
		f.stats.Envelope += int64(len(w.buf) - pos)
		return nil
	}
	pos += vc0Header
	f.stats.Envelope += vc0Header
	for {
		var whole bool
		pos, whole = f.ensure(pos, f.maxLine+2*vc0Stamp)
		b := w.buf[pos:]
		if len(b) == 0 {
			return nil
		}
		if n := noughts(b); n > 0 { // what was reserved and never written
			f.stats.Envelope += int64(n)
			pos += n
			continue
		}
		before, n := vc0Row(b[:min(len(b), f.maxLine+2*vc0Stamp)], !whole)
		f.stats.Envelope += int64(before)
		data := bytes.TrimRight(b[before:before+n], "\r\n\x00")
		if len(data) > 0 {
			if err := f.emit(w.off+int64(pos+before), int64(len(data)), data, f.maxLine); err != nil {
				return err
			}
			f.line++
		}
		f.stats.Envelope += int64(n - len(data))
		pos += before + n
	}
}

func noughts(b []byte) int {
	n := 0
	for n < len(b) && b[n] == 0 {
		n++
	}
	return n
}

// vc0Row returns how many bytes stand before the next row's text, and how long that is; what is no row is returned as one, to be
// counted as not understood. Together they are at least one byte. last says that nothing follows b.
func vc0Row(b []byte, last bool) (before, n int) {
	switch {
	case len(b) > 2 && startsVC0(b[2:]):
		return 2, vc0Length(b, last)
	case b[0] == 5: // up to the next such byte, and not into a row that has its length before it
		end := bytes.IndexByte(b[1:], 5)
		if end < 0 {
			end = len(b) - 1
		}
		return 1, nextVC0(b[:1+end], 2) - 1
	}
	return 0, nextVC0(b, 1)
}

// vc0Length returns the length of the row behind the two bytes that b begins with: what they say, if a row or the end follows there (the
// two bytes may be counted in), and else what stands before the next one's beginning.
func vc0Length(b []byte, last bool) int {
	said := int(binary.LittleEndian.Uint16(b))
	for _, n := range [...]int{said, said - 2} {
		switch end := 2 + n; {
		case n < 16 || end > len(b):
		case end == len(b) && last, end+2 < len(b) && startsVC0(b[end+2:]), end < len(b) && noughts(b[end:]) > 64:
			return n
		}
	}
	return nextVC0(b, 3) - 2
}

// nextVC0 returns where the next row's two bytes, or its byte 5, begin, looked for from a place on; the end of b if there is none.
func nextVC0(b []byte, from int) int {
	for i := from; ; i++ {
		k := bytes.IndexByte(b[min(i, len(b)):], '.')
		if k < 0 {
			return len(b)
		}
		i += k
		at := i - 8
		if at <= from || !startsVC0(b[at:]) {
			continue
		}
		if b[at-1] == 5 && (at < 2 || b[at-2] >= ' ') {
			return at - 1
		}
		if b[at-1] < ' ' && b[at-1] != '\t' && at-2 >= from {
			return at - 2
		}
	}
}
