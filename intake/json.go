// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import "bytes"

const (
	// lookahead is how much of an object is looked at to tell whether it only wraps an array of records.
	lookahead = 1 << 20
	// tailLimit is how much may stand behind the wrapped array before it is delivered as a record, to be counted.
	tailLimit = 64 << 10
)

// splitter frames JSON: one record an object, wherever the objects stand; what is not JSON comes as lines.
//
// A value that breaks off is given up at the line where the grammar first fails, and framing begins anew with that line, so
// that one truncated record costs itself alone. Every byte is scanned a bounded number of times.
type splitter struct {
	f       *framer
	pos     int  // next byte of f.w.buf
	arrays  int  // arrays that are open around it
	wrapped bool // the outermost of them is that of a wrapper
	outer   int  // arrays that are open around the wrapper
	deep    int  // objects that are open within the wrapper
	fresh   bool // a value may stand here: after [ or a comma
	sc      scan
}

// json frames JSON.
func (f *framer) json() error {
	s := splitter{f: f}
	if !f.w.more(0) {
		return nil
	}
	for {
		if s.pos >= len(f.w.buf) {
			if !f.w.more(s.pos) {
				if s.arrays > 0 { // the bracket that closes it is missing
					f.stats.Cut = 1
				}
				return nil
			}
			s.pos = 0
		}
		if err := s.step(); err != nil {
			return err
		}
	}
}

// step takes what stands at pos, between values.
func (s *splitter) step() error {
	switch c := s.f.w.buf[s.pos]; c {
	case '\n':
		s.f.line++
		s.pos++
	case ' ', '\t', '\r', 0x1e: // RFC 7464 puts a record separator before each
		s.pos++
	case ',':
		s.fresh = true
		s.pos++
	case bom[0]: // files with a mark, joined
		var ok bool
		if s.pos, ok = s.f.skipBOM(s.pos); !ok {
			return s.text()
		}
	case ']':
		return s.close()
	case '[':
		return s.open()
	case '{':
		if s.arrays > 0 && !s.fresh { // the array broke off, and something new begins
			s.reset()
		}
		return s.value()
	default:
		if s.arrays > 0 && s.fresh {
			return s.value()
		}
		return s.text()
	}
	return nil
}

func (s *splitter) reset() { s.arrays, s.wrapped, s.outer, s.fresh = 0, false, 0, false }

// open takes a bracket: an array of objects is structure, anything else that begins so is a value or text.
func (s *splitter) open() error {
	w := &s.f.w
	i := s.pos + 1
	for {
		i = skipSpace(w.buf, i)
		if i < len(w.buf) || i-s.pos > headroom {
			break
		}
		n := i - s.pos
		if !w.more(s.pos) {
			s.pos, i = 0, n
			break
		}
		s.pos, i = 0, n
	}
	if i < len(w.buf) {
		switch w.buf[i] {
		case '{', '[', ']':
		default:
			if s.arrays > 0 && s.fresh {
				return s.value()
			}
			return s.text()
		}
	}
	if !s.fresh {
		s.reset()
	}
	s.arrays++
	s.fresh = true
	s.pos++
	return nil
}

// close takes a closing bracket.
func (s *splitter) close() error {
	s.pos++
	s.fresh = false
	if s.arrays > 0 {
		s.arrays--
	}
	if !s.wrapped || s.arrays > 0 {
		return nil
	}
	s.wrapped, s.arrays = false, s.outer
	return s.tail()
}

// advance moves on to the position to, counting lines.
func (s *splitter) advance(to int) {
	s.f.line += int64(bytes.Count(s.f.w.buf[s.pos:to], newline))
	s.pos = to
}

var newline = []byte{'\n'}

// value takes the value at pos.
func (s *splitter) value() error {
	w := &s.f.w
	s.sc = scan{}
	tried := s.wrapped // what is wrapped is a record, whatever it looks like
	for {
		v := s.sc.run(w.buf[s.pos:], w.end)
		n := s.sc.i
		if !tried && s.sc.marked && (n >= lookahead || v != unfinished || w.end) {
			tried = true
			if at, deep, ok := unwrap(w.buf[s.pos : s.pos+min(n, lookahead)]); ok {
				s.f.stats.Envelope += int64(at)
				s.advance(s.pos + at)
				s.outer, s.arrays, s.wrapped, s.fresh, s.deep = s.arrays, 1, true, true, deep
				return nil
			}
		}
		switch {
		case n > s.f.maxObject:
			return s.long(v)
		case v == complete:
			err := s.f.emit(w.off+int64(s.pos), int64(n), w.buf[s.pos:s.pos+n], s.f.maxObject)
			s.advance(s.pos + n)
			s.fresh = false
			return err
		case v == broken:
			return s.recover()
		}
		if !w.more(s.pos) {
			s.pos = 0
			if tried || !s.sc.marked {
				return s.cutOff()
			}
			continue // the last look, for a wrapper that broke off
		}
		s.pos = 0
	}
}

// cutOff delivers the value at pos, which the stream's end cuts off, as one record; as lines where another object begins within it, which it
// would swallow.
func (s *splitter) cutOff() error {
	w := &s.f.w
	rest := bytes.TrimRight(w.buf[s.pos:], " \t\r\n")
	s.f.stats.Cut = 1
	if bytes.Contains(rest, []byte("\n{")) || len(rest) == 0 {
		return s.asLines(len(w.buf))
	}
	s.reset()
	before := s.f.stats.Records
	err := s.f.emit(w.off+int64(s.pos), int64(len(rest)), rest, s.f.maxObject)
	s.f.stats.Text += s.f.stats.Records - before
	s.advance(len(w.buf))
	return err
}

// recover gives up a value in which the byte at sc.i cannot stand.
func (s *splitter) recover() error {
	s.reset()
	i := bytes.LastIndexByte(s.f.w.buf[s.pos:s.pos+s.sc.i], '\n')
	if i < 0 {
		return s.text()
	}
	return s.asLines(s.pos + i + 1)
}

// asLines delivers buf[pos:end] line by line.
func (s *splitter) asLines(end int) error {
	s.reset()
	for s.pos < end {
		lf := bytes.IndexByte(s.f.w.buf[s.pos:end], '\n')
		stop := s.pos + lf
		if lf < 0 {
			stop = end
		}
		before := s.f.stats.Records
		if err := s.f.emitLine(s.pos, stop); err != nil {
			return err
		}
		s.f.stats.Text += s.f.stats.Records - before
		s.pos = stop
		if lf >= 0 {
			s.f.line++
			s.pos++
		}
	}
	return nil
}

// text delivers the rest of the line.
func (s *splitter) text() (err error) {
	s.reset()
	before := s.f.stats.Records
	s.pos, err = s.f.oneLine(s.pos)
	s.f.stats.Text += s.f.stats.Records - before
	return err
}

// long delivers a value that is longer than is held, cut, with its true length. v is the verdict so far.
func (s *splitter) long(v verdict) error {
	w := &s.f.w
	s.f.keep(s.pos)
	line, at := s.f.line, w.off+int64(s.pos)
	for v == unfinished {
		s.advance(s.pos + s.sc.i)
		more := w.more(s.pos)
		s.pos, s.sc.i = 0, 0
		v = s.sc.run(w.buf, w.end)
		if !more && v == unfinished {
			s.sc.i = len(w.buf)
			break
		}
	}
	s.advance(s.pos + s.sc.i)
	if v == broken {
		s.reset()
		s.skipLine()
	}
	now := s.f.line
	s.f.line = line
	err := s.f.emit(at, w.off+int64(s.pos)-at, s.f.head, s.f.maxObject)
	s.f.line = now
	s.f.drop()
	s.fresh = false
	return err
}

// skipLine moves on to the next line end.
func (s *splitter) skipLine() {
	w := &s.f.w
	for {
		if i := bytes.IndexByte(w.buf[s.pos:], '\n'); i >= 0 {
			s.pos += i
			return
		}
		s.pos = 0
		if !w.more(len(w.buf)) {
			return
		}
	}
}

// tail takes what stands between a wrapped array and the end of its wrapper.
func (s *splitter) tail() error {
	w := &s.f.w
	s.sc = scan{depth: s.deep, state: wantMore}
	s.sc.object[0] = 1<<1 | 1<<2
	line, at := s.f.line, w.off+int64(s.pos)
	s.f.head = s.f.head[:0]
	for {
		v := s.sc.run(w.buf[s.pos:], w.end)
		next := s.pos + s.sc.i
		if room := s.f.maxLine - len(s.f.head); room > 0 {
			s.f.head = append(s.f.head, w.buf[s.pos:min(next, s.pos+room)]...)
		}
		s.advance(next)
		if v != unfinished {
			break // where it broke off, something new begins
		}
		if !w.more(s.pos) {
			s.pos = 0
			s.advance(len(w.buf))
			break
		}
		s.pos, s.sc.i = 0, 0
	}
	length := w.off + int64(s.pos) - at
	if length <= tailLimit {
		s.f.stats.Envelope += length
		return nil
	}
	now := s.f.line
	s.f.line = line
	err := s.f.emit(at, length, s.f.head, s.f.maxLine)
	s.f.line = now
	s.f.drop()
	return err
}
