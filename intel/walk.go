// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"bufio"
	"errors"
	"io"
)

// walker goes through a stream of JSON of any length and hands out pieces of bounded size. What it does not hand out it does not
// keep.
type walker struct {
	r     *bufio.Reader
	line  uint32
	depth int
	buf   []byte
	do    visitor
}

// visitor says what to do with values, by the key that they stand under; elements of an array stand under the array's key.
type visitor interface {
	// enter is asked at the beginning of every value; first is its first byte.
	enter(key string, depth int, first byte) visit
	// leave is told of the end of an object or array that was walked into.
	leave(key string, depth int)
	// take is handed a value that was asked for; raw is nil if it is longer than maxPiece. It is valid for the call.
	take(key string, line uint32, raw []byte)
}

type visit uint8

const (
	visitWalk visit = iota
	visitTake
	visitSkip
)

const (
	maxPiece = 1 << 20
	maxDepth = 64
)

var errJSON = errors.New("not JSON from here on")

// run walks through all values of the stream.
func (w *walker) run() error {
	w.line = 1
	for {
		c, err := w.space()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if c == ',' || c == ':' || c == '}' || c == ']' {
			return errJSON
		}
		if err := w.value("", c); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
	}
}

// next returns the next byte.
func (w *walker) next() (byte, error) {
	c, err := w.r.ReadByte()
	if c == '\n' && err == nil {
		w.line++
	}
	return c, err
}

// space returns the next byte that is no space, without taking it.
func (w *walker) space() (byte, error) {
	for {
		c, err := w.next()
		if err != nil {
			return 0, err
		}
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c, w.r.UnreadByte()
		}
	}
}

func (w *walker) value(key string, first byte) error {
	switch w.do.enter(key, w.depth, first) {
	case visitTake:
		line := w.line
		w.buf = w.buf[:0]
		fits, err := w.raw(true)
		if err != nil {
			return err
		}
		if len(w.buf) == 0 {
			return errJSON
		}
		if fits {
			w.do.take(key, line, w.buf)
		} else {
			w.do.take(key, line, nil)
		}
		return nil
	case visitWalk:
		if first == '{' || first == '[' {
			return w.inside(key, first)
		}
	}
	_, err := w.raw(false)
	return err
}

// inside walks through an object or an array.
func (w *walker) inside(key string, open byte) error {
	if w.depth >= maxDepth {
		return errJSON
	}
	w.depth++
	defer func() { w.depth-- }()
	if _, err := w.next(); err != nil {
		return err
	}
	for n := 0; ; n++ {
		c, err := w.space()
		if err != nil {
			return err
		}
		if c == open+2 { // } and ] stand two behind { and [
			w.next()
			w.do.leave(key, w.depth-1)
			return nil
		}
		if n > 0 {
			if c != ',' {
				return errJSON
			}
			w.next()
			if c, err = w.space(); err != nil {
				return err
			}
		}
		name := key
		if open == '{' {
			if name, err = w.name(c); err != nil {
				return err
			}
			if c, err = w.space(); err != nil {
				return err
			}
		}
		if err := w.value(name, c); err != nil {
			return err
		}
	}
}

// name reads the key of a member and the colon behind it.
func (w *walker) name(c byte) (string, error) {
	if c != '"' {
		return "", errJSON
	}
	w.buf = w.buf[:0]
	if _, err := w.raw(true); err != nil {
		return "", err
	}
	name := ""
	if n := len(w.buf); n >= 2 && n < 128 {
		name = string(w.buf[1 : n-1])
	}
	c, err := w.space()
	if err != nil {
		return "", err
	}
	if c != ':' {
		return "", errJSON
	}
	w.next()
	return name, nil
}

// raw reads one value to its end, into buf where it is kept. It reports whether all of it fits.
func (w *walker) raw(keep bool) (fits bool, err error) {
	depth, text, escaped := 0, false, false
	fits = true
	for {
		c, err := w.next()
		if err != nil {
			if err == io.EOF && depth == 0 && !text {
				return fits, nil // a number at the end of the stream
			}
			return fits, err
		}
		scalar := depth == 0 && !text
		if scalar && (c == ',' || c == '}' || c == ']' || c == ':' || c <= ' ') {
			if c == '\n' {
				w.line--
			}
			return fits, w.r.UnreadByte()
		}
		if keep {
			if len(w.buf) < maxPiece {
				w.buf = append(w.buf, c)
			} else {
				fits = false
			}
		}
		switch {
		case escaped:
			escaped = false
		case text && c == '\\':
			escaped = true
		case c == '"':
			text = !text
			if !text && depth == 0 {
				return fits, nil
			}
		case text:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth == 0 {
				return fits, nil
			}
		}
	}
}
