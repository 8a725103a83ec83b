// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import "bytes"

// eventTag says whether b begins with the tag that opens an <Event>: not with <Events>, nor with <EventData>.
func eventTag(b []byte) bool {
	const tag = "<Event"
	if len(b) <= len(tag) || string(b[:len(tag)]) != tag {
		return false
	}
	switch b[len(tag)] {
	case ' ', '>', '\t', '\r', '\n':
		return true
	}
	return false
}

var eventEnd = []byte("</Event>")

// xml frames Windows events as XML: one record an <Event> element. What Windows writes within is escaped, so that the closing tag
// can only be the element's own. An element that breaks off ends where the next one begins.
func (f *framer) xml() error {
	w := &f.w
	if !w.more(0) {
		return nil
	}
	pos, _ := f.skipBOM(0)
	for {
		if pos, _ = f.ensure(pos, 8); pos == len(w.buf) {
			return nil
		}
		var err error
		switch c := w.buf[pos]; {
		case c == '\n':
			f.line++
			pos++
		case c == ' ' || c == '\t' || c == '\r':
			pos++
		case eventTag(w.buf[pos:]):
			pos, err = f.element(pos)
		case wrapperTag(w.buf[pos:]):
			pos, err = f.tag(pos)
		default:
			before := f.stats.Records
			pos, err = f.textLine(pos)
			f.stats.Text += f.stats.Records - before
		}
		if err != nil {
			return err
		}
	}
}

// wrapperTag says whether b begins with what stands around events: a declaration, a comment, or <Events>.
func wrapperTag(b []byte) bool {
	for _, p := range [...]string{"<?", "<!", "<Events", "</Events"} {
		if bytes.HasPrefix(b, []byte(p)) {
			return true
		}
	}
	return false
}

// tag passes over one tag of the wrapper; where it does not end within its line's first kilobytes it is text.
func (f *framer) tag(pos int) (int, error) {
	pos, _ = f.ensure(pos, 4096)
	b := f.w.buf[pos:min(len(f.w.buf), pos+4096)]
	i := bytes.IndexByte(b, '>')
	if i < 0 {
		return f.oneLine(pos)
	}
	f.line += int64(bytes.Count(b[:i], newline))
	f.stats.Envelope += int64(i + 1)
	return pos + i + 1, nil
}

// textLine delivers what is no event up to the line's end, or to where an event begins.
func (f *framer) textLine(pos int) (int, error) {
	pos, end := f.lineEnd(pos)
	if end < 0 {
		end = min(len(f.w.buf), pos+f.maxLine)
	}
	line := f.w.buf[pos:end]
	for at := 1; ; {
		i := bytes.Index(line[at:], []byte("<Event"))
		if i < 0 {
			break
		}
		if at += i; eventTag(line[at:]) || bytes.HasPrefix(line[at:], []byte("<Events")) {
			return pos + at, f.emitLine(pos, pos+at)
		}
		at++
	}
	if end < len(f.w.buf) && f.w.buf[end] != '\n' { // of a line that is too long
		return end, f.emit(f.w.off+int64(pos), int64(end-pos), line, f.maxLine)
	}
	return f.oneLine(pos)
}

// element delivers the event that begins at pos.
func (f *framer) element(pos int) (int, error) {
	w := &f.w
	from := pos + 1
	for {
		b := w.buf[from:]
		end := bytes.Index(b, eventEnd)
		if end >= 0 {
			b = b[:end]
		}
		if next := nextEvent(b); next >= 0 { // this one broke off
			return f.whole(pos, from+next)
		}
		if end >= 0 {
			return f.whole(pos, from+end+len(eventEnd))
		}
		have := len(w.buf) - pos
		if have > f.maxObject {
			return f.whole(pos, len(w.buf))
		}
		seen := max(1, have-len(eventEnd))
		if !w.more(pos) {
			return f.whole(0, len(w.buf))
		}
		pos, from = 0, seen
	}
}

// nextEvent returns where in b an event begins; -1 if none does.
func nextEvent(b []byte) int {
	for at := 0; ; at++ {
		i := bytes.Index(b[at:], []byte("<Event"))
		if i < 0 {
			return -1
		}
		if at += i; eventTag(b[at:]) {
			return at
		}
	}
}

// whole delivers buf[pos:end] as one record.
func (f *framer) whole(pos, end int) (int, error) {
	b := f.w.buf[pos:end]
	err := f.emit(f.w.off+int64(pos), int64(len(b)), b, f.maxObject)
	f.line += int64(bytes.Count(b, newline))
	return end, err
}
