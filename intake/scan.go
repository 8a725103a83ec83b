// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"encoding/binary"
	"math/bits"
)

// maxDepth bounds the nesting of JSON. RFC 8259, 9 lets a reader set a limit.
const maxDepth = 512

// What a scan expects next.
const (
	wantValue    = iota // a value, after a colon, or after a comma in an array, or at the start
	wantFirst           // a value or ], after [
	wantKey             // a key, after a comma in an object
	wantFirstKey        // a key or }, after {
	wantColon
	wantMore // a comma or a closing bracket, after a value
)

type verdict uint8

const (
	unfinished verdict = iota // the bytes so far are the beginning of a value
	complete                  // the value ends before scan.i
	broken                    // the byte at scan.i cannot stand there
)

// scan walks over one JSON value without building anything. It can be fed a growing slice: it goes on where it stopped.
// It holds to the grammar as far as that finds where a value was broken off: brackets, commas, colons, keys, and no line
// end within a string. Numbers and words are taken loosely.
type scan struct {
	i      int // the next byte to look at
	depth  int
	state  uint8
	in     bool // within a string
	word   bool // within a number or a word
	key    bool // the string is a key
	keyAt  int  // where the string that is being read, or was read last, begins
	marked bool // a key of depth 1 was that of a wrapper, and an array began behind it
	hot    bool // the last key, of depth 1 or within an outer object, was that of a wrapper
	outer  bool // the last key of depth 1 was that of an object that may hold the wrapper
	object [maxDepth/64 + 1]uint64
}

// jsonClass sorts the bytes that may stand outside a string.
var jsonClass = [256]uint8{
	' ': clsSpace, '\t': clsSpace, '\r': clsSpace, '\n': clsSpace,
	'"': clsQuote, '{': clsOpenObject, '[': clsOpenArray, '}': clsCloseObject, ']': clsCloseArray, ',': clsComma, ':': clsColon,
	'-': clsWord, '+': clsWord, '.': clsWord,
	'0': clsWord, '1': clsWord, '2': clsWord, '3': clsWord, '4': clsWord, '5': clsWord, '6': clsWord, '7': clsWord, '8': clsWord, '9': clsWord,
	'a': clsWord, 'b': clsWord, 'c': clsWord, 'd': clsWord, 'e': clsWord, 'f': clsWord, 'g': clsWord, 'h': clsWord, 'i': clsWord,
	'j': clsWord, 'k': clsWord, 'l': clsWord, 'm': clsWord, 'n': clsWord, 'o': clsWord, 'p': clsWord, 'q': clsWord, 'r': clsWord,
	's': clsWord, 't': clsWord, 'u': clsWord, 'v': clsWord, 'w': clsWord, 'x': clsWord, 'y': clsWord, 'z': clsWord,
	'A': clsWord, 'B': clsWord, 'C': clsWord, 'D': clsWord, 'E': clsWord, 'F': clsWord, 'G': clsWord, 'H': clsWord, 'I': clsWord,
	'J': clsWord, 'K': clsWord, 'L': clsWord, 'M': clsWord, 'N': clsWord, 'O': clsWord, 'P': clsWord, 'Q': clsWord, 'R': clsWord,
	'S': clsWord, 'T': clsWord, 'U': clsWord, 'V': clsWord, 'W': clsWord, 'X': clsWord, 'Y': clsWord, 'Z': clsWord,
}

const (
	clsBad = iota
	clsSpace
	clsQuote
	clsOpenObject
	clsOpenArray
	clsCloseObject
	clsCloseArray
	clsComma
	clsColon
	clsWord
)

// run goes on over b, which begins where the value begins. last says that nothing will follow b.
func (s *scan) run(b []byte, last bool) verdict {
	if s.in {
		if v := s.text(b); v != complete {
			return v
		}
	}
	i, state := s.i, s.state
	for i < len(b) {
		switch jsonClass[b[i]] {
		case clsSpace:
			if s.word {
				s.word = false
				state = wantMore
				if s.depth == 0 {
					return s.stop(i, state, complete)
				}
			}
			i++
			for i < len(b) && b[i] == ' ' { // indentation
				i++
			}
			continue
		case clsWord:
			if !s.word && state > wantFirst {
				return s.stop(i, state, broken)
			}
			s.word = true
			for i++; i < len(b) && jsonClass[b[i]] == clsWord; i++ {
			}
			continue
		}
		if s.word {
			s.word = false
			state = wantMore
			if s.depth == 0 {
				return s.stop(i, state, complete)
			}
		}
		switch c := b[i]; c {
		case '"':
			s.key = state == wantKey || state == wantFirstKey
			if !s.key && state > wantFirst || s.depth == 0 { // a string alone is no record; its line is taken as text
				return s.stop(i, state, broken)
			}
			s.keyAt = i + 1
			s.i, s.in = i+1, true
			if v := s.text(b); v != complete {
				s.state = state
				return v
			}
			i, state = s.i, s.state
			if state == wantColon && i < len(b) && b[i] == ':' {
				state = wantValue
				i++
			}
			continue
		case ',':
			if state != wantMore || s.depth == 0 {
				return s.stop(i, state, broken)
			}
			state = wantValue
			if s.inObject() {
				state = wantKey
			}
		case ':':
			if state != wantColon {
				return s.stop(i, state, broken)
			}
			state = wantValue
		case '{', '[':
			if s.state = state; !s.push(c == '{') {
				return s.stop(i, state, broken)
			}
			state = s.state
		case '}', ']':
			if s.state = state; !s.pop(c == '}') {
				return s.stop(i, state, broken)
			}
			state = wantMore
			if s.depth == 0 {
				return s.stop(i+1, state, complete)
			}
		default:
			return s.stop(i, state, broken)
		}
		i++
	}
	if last && s.word && s.depth == 0 {
		return s.stop(i, state, complete)
	}
	return s.stop(i, state, unfinished)
}

// stop keeps where run is.
func (s *scan) stop(i int, state uint8, v verdict) verdict {
	s.i, s.state = i, state
	return v
}

// text goes on within a string. complete means that the string has ended, not the value.
func (s *scan) text(b []byte) verdict {
	for {
		i := stringStop(b, s.i)
		s.i = i
		if i >= len(b) {
			return unfinished
		}
		switch b[i] {
		case '"':
			s.i, s.in = i+1, false
			s.state = wantMore
			if s.key {
				s.state = wantColon
				switch {
				case s.depth == 1:
					s.hot = s.keyAt <= i && wrapperKey(b[s.keyAt:i]) != notWrapper
					s.outer = s.keyAt <= i && outerKey(b[s.keyAt:i])
				case s.depth == 2 && s.outer:
					s.hot = s.keyAt <= i && innerKey(b[s.keyAt:i])
				}
			}
			return complete
		case '\\':
			if i+1 >= len(b) { // look at it again when there is more
				return unfinished
			}
			if b[i+1] == '\n' {
				s.i = i + 1
				return broken
			}
			s.i = i + 2
		case '\n':
			return broken
		default:
			s.i = i + 1 // other control characters are not JSON either, but they break nothing
		}
	}
}

func (s *scan) push(object bool) bool {
	if s.state > wantFirst || s.depth >= maxDepth {
		return false
	}
	if s.hot && !object && (s.depth == 1 || s.depth == 2 && s.outer) && s.inObject() {
		s.marked = true
	}
	s.depth++
	bit := uint64(1) << (s.depth % 64)
	if object {
		s.object[s.depth/64] |= bit
		s.state = wantFirstKey
	} else {
		s.object[s.depth/64] &^= bit
		s.state = wantFirst
	}
	return true
}

func (s *scan) pop(object bool) bool {
	if s.depth == 0 || s.inObject() != object {
		return false
	}
	if s.state != wantMore && (object && s.state != wantFirstKey || !object && s.state != wantFirst) {
		return false
	}
	s.depth--
	s.state = wantMore
	return true
}

func (s *scan) inObject() bool { return s.object[s.depth/64]&(1<<(s.depth%64)) != 0 }

// stringStop returns the position of the first quote, backslash or control character of b at or after i; len(b) if there
// is none. It looks at eight bytes at a time.
func stringStop(b []byte, i int) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x8080808080808080
	)
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote := w ^ ('"' * ones)
		slash := w ^ ('\\' * ones)
		// A byte of zero, or one below 0x20, borrows into its high bit; false hits lie behind a true one only.
		hit := ((quote - ones) &^ quote) | ((slash - ones) &^ slash) | ((w - 0x20*ones) &^ w)
		if hit &= highs; hit != 0 {
			return i + bits.TrailingZeros64(hit)/8
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c == '"' || c == '\\' || c < 0x20 {
			return i
		}
	}
	return i
}
