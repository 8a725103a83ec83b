// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// bom is the byte-order mark of UTF-8, which exporters put before the first byte.
const bom = "\xef\xbb\xbf"

// framer cuts the stream into records. It is owned by one goroutine.
type framer struct {
	w         window
	yield     func(*event.Record) error
	rec       event.Record
	line      int64 // number of the physical line that the next byte not yet framed is on
	maxLine   int
	maxObject int
	stats     Stats
	head      []byte // the kept beginning of a record that is too long
	binary    bool   // there are no lines: line counts records
}

// lines frames physical lines.
func (f *framer) lines() error {
	w := &f.w
	if !w.more(0) {
		return nil
	}
	pos, _ := f.skipBOM(0)
	from := pos // where to look for the line's end
	for {
		if i := bytes.IndexByte(w.buf[from:], '\n'); i >= 0 {
			end := from + i
			if err := f.emitLine(pos, end); err != nil {
				return err
			}
			f.line++
			pos, from = end+1, end+1
			continue
		}
		have := len(w.buf) - pos
		if have > f.maxLine {
			next, err := f.longLine(pos)
			if err != nil {
				return err
			}
			pos, from = next, next
			continue
		}
		if !w.more(pos) {
			return f.emitLine(0, len(w.buf))
		}
		pos, from = 0, have
	}
}

// emitLine delivers buf[pos:end], a line without its LF. Empty lines are counted, not delivered.
func (f *framer) emitLine(pos, end int) error {
	data := f.w.buf[pos:end]
	if n := len(data); n > 0 && data[n-1] == '\r' {
		data = data[:n-1]
	}
	if len(data) == 0 {
		if end > pos || end < len(f.w.buf) {
			f.stats.Blank++
		}
		return nil
	}
	return f.emit(f.w.off+int64(pos), int64(len(data)), data, f.maxLine)
}

// emit delivers a record of that length which begins on line f.line, with what there is of its data up to f.maxLine
// bytes where it is longer than limit.
func (f *framer) emit(offset, length int64, data []byte, limit int) error {
	if length > int64(limit) {
		data = data[:min(len(data), f.maxLine)]
		f.stats.Oversized++
	}
	f.rec.Line, f.rec.Offset, f.rec.Length, f.rec.Data = f.line, offset, length, data
	f.stats.Records++
	return f.yield(&f.rec)
}

// longLine delivers the line that begins at pos and is longer than what is delivered of one, cut, with its true length,
// and returns where the next one begins. It holds no more than the part that is delivered.
func (f *framer) longLine(pos int) (int, error) {
	w := &f.w
	f.keep(pos)
	at := w.off + int64(pos)
	last := w.buf[len(w.buf)-1]
	i := -1
	for w.more(len(w.buf)) {
		if i = bytes.IndexByte(w.buf, '\n'); i >= 0 {
			if i > 0 {
				last = w.buf[i-1]
			}
			break
		}
		last = w.buf[len(w.buf)-1]
	}
	length := w.off + int64(max(i, 0)) - at
	if last == '\r' {
		length--
	}
	err := f.emit(at, length, f.head, f.maxLine)
	if i >= 0 {
		f.line++
	}
	f.drop()
	return i + 1, err
}

// keep copies the beginning of a record that is too long to be held.
func (f *framer) keep(pos int) {
	f.head = append(f.head[:0], f.w.buf[pos:min(pos+f.maxLine, len(f.w.buf))]...)
}

// drop gives up what keep copied: one long record must not cost memory for the rest of the file.
func (f *framer) drop() {
	if cap(f.head) > headroom {
		f.head = nil
	}
}

// skipBOM returns the position behind a byte-order mark at pos, and whether there was one. Reading on may move the position.
func (f *framer) skipBOM(pos int) (int, bool) {
	for len(f.w.buf)-pos < len(bom) && bytes.HasPrefix([]byte(bom), f.w.buf[pos:]) {
		more := f.w.more(pos)
		pos = 0
		if !more {
			return 0, false
		}
	}
	if bytes.HasPrefix(f.w.buf[pos:], []byte(bom)) {
		return pos + len(bom), true
	}
	return pos, false
}

// lineEnd finds the end of the line that begins at pos, reading on as needed. It returns where the line begins now, and
// where its LF is; end is len(buf) at the end of the stream, and -1 where the line is longer than f.maxLine.
func (f *framer) lineEnd(pos int) (start, end int) {
	w := &f.w
	from := pos
	for {
		if i := bytes.IndexByte(w.buf[from:], '\n'); i >= 0 {
			return pos, from + i
		}
		have := len(w.buf) - pos
		if have > f.maxLine {
			return pos, -1
		}
		if !w.more(pos) {
			return 0, len(w.buf)
		}
		pos, from = 0, have
	}
}

// oneLine delivers the line that begins at pos, whatever it holds, and returns where the next one begins.
func (f *framer) oneLine(pos int) (int, error) {
	pos, end := f.lineEnd(pos)
	if end < 0 {
		return f.longLine(pos)
	}
	err := f.emitLine(pos, end)
	if end == len(f.w.buf) {
		return end, err
	}
	f.line++
	return end + 1, err
}
