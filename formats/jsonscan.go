// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonScan walks one JSON text (RFC 8259) without allocating and without building anything. It checks all that it passes
// over, so that a text walked to its end is a valid one; at the first fault it stops, and every loop over it ends. Values
// are pieces of the text, decoded only when asked for.
//
//	s := jsonScan{b: text}
//	for ok := s.enter('{'); ok && s.member(); {
//		switch string(s.key) {
//		case "id":
//			id = s.value()
//		case "location":
//			for ok := s.enter('{'); ok && s.member(); { … }
//		default:
//			s.skip()
//		}
//	}
//	if !s.end() { … }
type jsonScan struct {
	b     []byte
	i     int
	depth int
	more  uint64 // bit d: the container at depth d has had a member
	key   []byte // of the last member, decoded
	bad   bool

	keyBuf [64]byte // for keys that are written with escapes
}

// jsonDepth bounds how deep containers may stand in one another.
const jsonDepth = 64

// jsonValue is one value as it stands in the text. The zero value is "no such member".
type jsonValue struct {
	raw  []byte // of a string what stands between the quotes, of a container all of it
	kind byte   // '"', '0' for a number, 't', 'f', 'n', '{', '['; 0: none
	odd  bool   // a string with escapes or bytes above 0x7f: decode before use
}

// reset begins a new text. A parser that keeps one walker and resets it allocates none.
func (s *jsonScan) reset(b []byte) {
	s.b, s.i, s.depth, s.more, s.key, s.bad = b, 0, 0, 0, nil, false
}

// enter goes into the object or array (c is '{' or '[') that is next. If the next value is of another kind it is passed
// over and enter returns false.
func (s *jsonScan) enter(c byte) bool {
	if s.peek() != c {
		s.skip()
		return false
	}
	if s.depth++; s.depth >= jsonDepth {
		return s.fail()
	}
	s.more &^= 1 << uint(s.depth)
	s.i++
	return true
}

// member goes to the next member of the object entered last, sets key and stands before its value; false at the end.
func (s *jsonScan) member() bool {
	if !s.step('}') {
		return false
	}
	if !s.at('"') && s.peek() != '"' {
		return s.fail()
	}
	k := s.str()
	if !s.at(':') && s.peek() != ':' {
		return s.fail()
	}
	s.i++
	s.key = k.raw
	if k.odd {
		s.key = appendJSONText(s.keyBuf[:0], k.raw)
	}
	return true
}

// element goes to the next element of the array entered last; false at the end.
func (s *jsonScan) element() bool { return s.step(']') }

func (s *jsonScan) step(closing byte) bool {
	bit := uint64(1) << uint(s.depth)
	if s.more&bit != 0 && (s.at(',') || s.peek() == ',') {
		s.i++
		return s.at('"') || s.peek() != 0 || s.i < len(s.b) || s.fail()
	}
	c := s.peek()
	if c == closing && s.depth > 0 {
		s.i++
		s.depth--
		return false
	}
	if s.more&bit != 0 || s.i >= len(s.b) {
		return s.fail()
	}
	s.more |= bit
	return true
}

// value returns the next value, whatever it is.
func (s *jsonScan) value() jsonValue {
	switch c := s.peek(); c {
	case '"':
		return s.str()
	case '{', '[':
		from := s.i
		s.skip()
		if s.bad {
			return jsonValue{}
		}
		return jsonValue{raw: s.b[from:s.i], kind: c}
	case 't', 'f', 'n':
		return s.word(c)
	default:
		return s.number()
	}
}

// skip passes over the next value.
func (s *jsonScan) skip() {
	switch s.peek() {
	case '"':
		s.str()
	case '{':
		for ok := s.enter('{'); ok; {
			if _, ok = s.nextKey(); ok {
				s.skip()
			}
		}
	case '[':
		for ok := s.enter('['); ok && s.element(); {
			s.skip()
		}
	case 't', 'f', 'n':
		s.word(s.b[s.i])
	default:
		s.number()
	}
}

// nextKey is member for who wants the key as it is written, or not at all: it keeps nothing in s, so that s need not be allocated.
func (s *jsonScan) nextKey() (k jsonValue, ok bool) {
	if !s.step('}') {
		return k, false
	}
	if !s.at('"') && s.peek() != '"' {
		return k, s.fail()
	}
	k = s.str()
	if !s.at(':') && s.peek() != ':' {
		return k, s.fail()
	}
	s.i++
	return k, !s.bad
}

// end says whether the text was walked to its end without a fault.
func (s *jsonScan) end() bool {
	return s.peek() == 0 && s.i == len(s.b) && !s.bad && s.depth == 0
}

// fail stops the walk.
func (s *jsonScan) fail() bool {
	s.bad = true
	s.i = len(s.b)
	return false
}

// peek passes over white space and returns the next byte; 0 at the end.
func (s *jsonScan) peek() byte {
	if s.i < len(s.b) && s.b[s.i] > ' ' {
		return s.b[s.i]
	}
	return s.space()
}

// at says whether the next byte is c, white space not passed over.
func (s *jsonScan) at(c byte) bool { return s.i < len(s.b) && s.b[s.i] == c }

// space is peek where there may be white space: records made for people have a line end and a row of blanks before every
// member. It stays out of peek, so that peek can be laid into its callers.
//
//go:noinline
func (s *jsonScan) space() byte {
	const blanks = 0x2020202020202020
	b, i := s.b, s.i
	for i < len(b) {
		switch c := b[i]; c {
		case ' ', '\t', '\n', '\r':
			i++
			for i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:]) == blanks {
				i += 8
			}
		default:
			s.i = i
			return c
		}
	}
	s.i = i
	return 0
}

// str reads the string whose opening quote is next.
func (s *jsonScan) str() jsonValue {
	b, from := s.b, s.i+1
	odd := false
	for i := from; ; {
		for i+8 <= len(b) { // eight bytes at a time, up to the first that is special
			m := specialBytes(binary.LittleEndian.Uint64(b[i:]))
			if m != 0 {
				i += bits.TrailingZeros64(m) >> 3
				break
			}
			i += 8
		}
		if i >= len(b) {
			break
		}
		switch c := b[i]; {
		case c == '"':
			s.i = i + 1
			return jsonValue{raw: b[from:i], kind: '"', odd: odd}
		case c == '\\':
			n := escapeLength(b[i:])
			if n == 0 {
				s.fail()
				return jsonValue{}
			}
			odd = true
			i += n
		case c < 0x20:
			s.fail()
			return jsonValue{}
		case c >= utf8.RuneSelf:
			odd = true
			for i < len(b) && b[i] >= utf8.RuneSelf {
				i++
			}
		default:
			i++
		}
	}
	s.fail()
	return jsonValue{}
}

// specialBytes returns a word whose lowest bit set stands in the first of the eight bytes of w that is special within a JSON
// string: a quote, a backslash, a control character, or above 0x7f. It is nought if there is none.
func specialBytes(w uint64) uint64 {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	q := w ^ ones*'"'
	e := w ^ ones*'\\'
	return (w | (w-ones*0x20)&^w | (q-ones)&^q | (e-ones)&^e) & highs
}

// escapeLength returns the length of the escape that b begins with, 0 if it is none.
func escapeLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if _, ok := hex4(b[2:]); ok {
			return 6
		}
	}
	return 0
}

func hex4(b []byte) (rune, bool) {
	if len(b) < 4 {
		return 0, false
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

// word reads true, false or null.
func (s *jsonScan) word(c byte) jsonValue {
	w := "null"
	switch c {
	case 't':
		w = "true"
	case 'f':
		w = "false"
	}
	if len(s.b)-s.i < len(w) || string(s.b[s.i:s.i+len(w)]) != w {
		s.fail()
		return jsonValue{}
	}
	v := jsonValue{raw: s.b[s.i : s.i+len(w)], kind: c}
	s.i += len(w)
	return v
}

// number reads a number as RFC 8259 has it: no leading noughts, digits on both sides of the point.
func (s *jsonScan) number() jsonValue {
	b, i := s.b, s.i
	if i < len(b) && b[i] == '-' {
		i++
	}
	from := i
	i = behindDigits(b, i)
	ok := i > from && (b[from] != '0' || i == from+1)
	if ok && i < len(b) && b[i] == '.' {
		from = i + 1
		i = behindDigits(b, from)
		ok = i > from
	}
	if ok && i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		from = i
		i = behindDigits(b, from)
		ok = i > from
	}
	if !ok {
		s.fail()
		return jsonValue{}
	}
	v := jsonValue{raw: b[s.i:i], kind: '0'}
	s.i = i
	return v
}

func behindDigits(b []byte, i int) int {
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	return i
}

// empty says whether the record has no value here: no member, null, or an empty text.
func (v jsonValue) empty() bool {
	return v.kind == 0 || v.kind == 'n' || v.kind == '"' && len(v.raw) == 0
}

// is says whether the value is the given text, which must be plain ASCII.
func (v jsonValue) is(text string) bool { return v.kind == '"' && string(v.raw) == text }

// yes says whether the value is true, or a text that says so.
func (v jsonValue) yes() bool {
	return v.kind == 't' || v.kind == '"' && (string(v.raw) == "true" || string(v.raw) == "True" || string(v.raw) == "TRUE" || string(v.raw) == "1")
}

// int returns the whole number that the value is, as a number or as a text of digits, also hexadecimal with 0x before it.
func (v jsonValue) int() (int64, bool) {
	if v.kind != '0' && v.kind != '"' {
		return 0, false
	}
	return wholeNumber(v.raw)
}

// text returns the value as bytes to be used at once: a string decoded, a number or truth value as written; nothing for
// null and containers. What needs decoding is written over buf.
func (v jsonValue) text(buf *[]byte) []byte {
	switch v.kind {
	case '"':
		if !v.odd {
			return v.raw
		}
		*buf = appendJSONText((*buf)[:0], v.raw)
		return *buf
	case '0', 't', 'f':
		return v.raw
	}
	return nil
}

// wholeNumber reads a decimal number, or a hexadecimal one behind 0x, that fits 64 bits; a sign may stand before the former.
func wholeNumber(b []byte) (int64, bool) {
	if len(b) > 2 && b[0] == '0' && b[1]|0x20 == 'x' {
		var v uint64
		for _, c := range b[2:] {
			d := uint64(0)
			switch {
			case isDigit(c):
				d = uint64(c - '0')
			case c|0x20 >= 'a' && c|0x20 <= 'f':
				d = uint64(c|0x20-'a') + 10
			default:
				return 0, false
			}
			if v>>60 != 0 {
				return 0, false
			}
			v = v<<4 | d
		}
		return int64(v), v>>63 == 0
	}
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var v int64
	for _, c := range b {
		if !isDigit(c) {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	if neg {
		v = -v
	}
	return v, true
}

// appendJSONText appends what the raw text of a checked string stands for. Half surrogates and bytes that are not UTF-8
// become U+FFFD.
func appendJSONText(dst, raw []byte) []byte {
	for i := 0; i < len(raw); {
		c := raw[i]
		switch {
		case c == '\\' && i+1 < len(raw):
			if raw[i+1] != 'u' {
				dst = append(dst, plainEscape(raw[i+1]))
				i += 2
				continue
			}
			r, _ := hex4(raw[i+2:])
			i += 6
			if utf16.IsSurrogate(r) {
				half := r
				r = utf8.RuneError
				if i+6 <= len(raw) && raw[i] == '\\' && raw[i+1] == 'u' {
					low, _ := hex4(raw[i+2:])
					if both := utf16.DecodeRune(half, low); both != utf8.RuneError {
						r = both
						i += 6
					}
				}
			}
			dst = utf8.AppendRune(dst, r)
		case c < utf8.RuneSelf:
			dst = append(dst, c)
			i++
		default:
			r, n := utf8.DecodeRune(raw[i:])
			dst = utf8.AppendRune(dst, r)
			i += n
		}
	}
	return dst
}

func plainEscape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
