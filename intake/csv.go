// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import "bytes"

// Where in a CSV record a scan is.
const (
	csvStart  = iota // at the start of a field: a quote opens here and nowhere else (RFC 4180, 2.5 to 2.7)
	csvPlain         // in a field without quotes, or behind its closing quote
	csvQuoted        // within quotes
	csvClosed        // behind a quote that closed: one more makes it a quote of the text
)

// csv frames CSV records. A quoted field may hold line ends. A quote that is not closed within f.maxLine bytes, or at all,
// is taken for a stray one: that stretch is framed line by line.
func (f *framer) csv() error {
	w := &f.w
	if !w.more(0) {
		return nil
	}
	pos, _ := f.skipBOM(0)
	pos, end := f.lineEnd(pos)
	if end < 0 || end-pos > f.maxLine {
		end = pos + f.maxLine
	}
	delimiter := delimiterOf(w.buf[pos:end])
	plain := int64(0) // up to this offset quotes mean nothing
	for {
		pos, end = f.lineEnd(pos)
		if end >= 0 && (w.off+int64(pos) < plain || bytes.IndexByte(w.buf[pos:end], '"') < 0) || end < 0 && w.off+int64(pos) < plain {
			next, err := f.oneLine(pos)
			if err != nil || next >= len(w.buf) && w.end {
				return err
			}
			pos = next
			continue
		}
		var closed bool
		pos, end, closed = f.csvEnd(pos, delimiter)
		if !closed || end-pos > f.maxLine {
			plain = w.off + int64(min(end, pos+f.maxLine))
			if plain == w.off+int64(pos) {
				return nil
			}
			continue
		}
		if err := f.emitLine(pos, end); err != nil {
			return err
		}
		f.line += int64(bytes.Count(w.buf[pos:end], newline))
		if end >= len(w.buf) {
			return nil
		}
		f.line++
		pos = end + 1
	}
}

// csvEnd finds the end of the record that begins at pos, which may move. closed is false where a quote stays open to the
// end of the stream or for more than f.maxLine bytes.
func (f *framer) csvEnd(pos int, delimiter byte) (start, end int, closed bool) {
	w := &f.w
	i, state := pos, csvStart
	for {
		var done bool
		if i, state, done = csvScan(w.buf, i, state, delimiter); done {
			return pos, i, true
		}
		n := i - pos
		if n > f.maxLine {
			return pos, i, false
		}
		if !w.more(pos) {
			return 0, n, state != csvQuoted
		}
		pos, i = 0, n
	}
}

// csvScan goes on from i until the LF that ends the record, or the end of b.
func csvScan(b []byte, i, state int, delimiter byte) (int, int, bool) {
	for i < len(b) {
		if state == csvQuoted {
			k := bytes.IndexByte(b[i:], '"')
			if k < 0 {
				return len(b), state, false
			}
			i += k + 1
			state = csvClosed
			continue
		}
		c := b[i]
		switch {
		case c == '\n':
			return i, state, true
		case c == delimiter:
			state = csvStart
		case c == '"' && state != csvPlain:
			state = csvQuoted
		default:
			state = csvPlain
			for i+1 < len(b) && b[i+1] != '\n' && b[i+1] != delimiter {
				i++
			}
		}
		i++
	}
	return i, state, false
}

// delimiterOf returns the separator that the header uses most, outside quotes; a comma where there is none.
func delimiterOf(header []byte) byte {
	var counts [4]int
	const separators = ",;\t|"
	quoted := false
	for _, c := range header {
		if c == '"' {
			quoted = !quoted
		}
		if i := bytes.IndexByte([]byte(separators), c); i >= 0 && !quoted {
			counts[i]++
		}
	}
	best := 0
	for i, n := range counts {
		if n > counts[best] {
			best = i
		}
	}
	return separators[best]
}
