// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// Bounds of what a sender may announce. Beyond, it is taken to speak something else.
const (
	readerBytes  = 32 << 10
	maxAnnounced = 1 << 30 // bytes of one message
	maxDigits    = 10
)

var (
	errFraming = errors.New("listen: what came is not framed as the protocol wants")
	errHalf    = errors.New("listen: the connection ended in the middle of a message")
)

// slow is a connection whose reads can be given an end.
type slow interface{ SetReadDeadline(time.Time) error }

// frames cuts a stream into messages. What next returns is valid until it is called again.
type frames struct {
	in    *bufio.Reader
	conn  slow // may be nil
	most  int
	wait  time.Duration
	timed bool
	lines bool // a message ended by a line's end was seen
	long  []byte
}

func newFrames(r io.Reader, conn slow, limits *Limits) *frames {
	return &frames{in: bufio.NewReaderSize(r, readerBytes), conn: conn, most: limits.Message, wait: limits.Slow}
}

// hurry sets an end to what has begun. A message that trickles in must end in time as a whole.
func (f *frames) hurry() {
	if f.conn != nil && !f.timed {
		f.timed = true
		_ = f.conn.SetReadDeadline(time.Now().Add(f.wait))
	}
}

// idle waits for the beginning of the next message, for as long as that takes.
func (f *frames) idle() error {
	if f.conn != nil && f.timed {
		f.timed = false
		_ = f.conn.SetReadDeadline(time.Time{})
	}
	_, err := f.in.Peek(1)
	return err
}

// nextSyslog returns the next message of a syslog stream (RFC 6587), without what ends it, and the length that it had. Each message says by its
// beginning how it is framed: digits and a blank before "<", or anything else and a line's end. After one that a line's end has ended, digits are
// content: otherwise whoever can write the beginning of a line could swallow those of others that follow it.
//
// With errHalf comes what there was of a message that did not end.
func (f *frames) nextSyslog() ([]byte, int64, error) {
	for {
		if err := f.idle(); err != nil {
			return nil, 0, err
		}
		n, head, err := f.count()
		if err != nil {
			return nil, 0, err
		}
		if head > 0 {
			_, _ = f.in.Discard(head)
			b, err := f.take(n)
			return trimmed(b), max(n-int64(len(b)-len(trimmed(b))), 0), err
		}
		b, length, err := f.line()
		if cut := trimmed(b); int64(len(b)) == length {
			b, length = cut, int64(len(cut))
		}
		if len(b) > 0 || err != nil { // an empty line is no message
			f.lines = f.lines || len(b) > 0
			return b, length, err
		}
	}
}

// count returns the length that a message announces and how many bytes the announcement takes; none if it announces none.
func (f *frames) count() (n int64, head int, err error) {
	if f.lines {
		return 0, 0, nil
	}
	for i := 0; i <= maxDigits+1; i++ {
		b, err := f.peek(i + 1)
		if err != nil {
			return 0, 0, nil // what there is of it is a line
		}
		switch c := b[i]; {
		case c >= '0' && c <= '9' && i < maxDigits && (c != '0' || i > 0):
			n = n*10 + int64(c-'0')
		case c == ' ' && i > 0:
			if b, err = f.peek(i + 2); err != nil || b[i+1] != '<' {
				return 0, 0, nil
			}
			if n > maxAnnounced {
				return 0, 0, errFraming
			}
			return n, i + 1, nil
		default:
			return 0, 0, nil
		}
	}
	return 0, 0, nil
}

// peek returns n bytes that are to come; what is not there yet must come in time.
func (f *frames) peek(n int) ([]byte, error) {
	if f.in.Buffered() < n {
		f.hurry()
	}
	return f.in.Peek(n)
}

// take returns n bytes, cut at what is kept of a message.
func (f *frames) take(n int64) ([]byte, error) {
	if n <= int64(f.in.Buffered()) && n <= int64(f.most) {
		b, err := f.in.Peek(int(n))
		_, _ = f.in.Discard(int(n))
		return b, err
	}
	f.hurry()
	kept := min(n, int64(f.most))
	f.long = f.long[:0]
	for int64(len(f.long)) < kept { // what is announced is not yet there: it is not made room for
		if f.in.Buffered() == 0 {
			if _, err := f.in.Peek(1); err != nil {
				return f.long, half(err)
			}
		}
		b, _ := f.in.Peek(int(min(kept-int64(len(f.long)), int64(f.in.Buffered()))))
		f.long = append(f.long, b...)
		_, _ = f.in.Discard(len(b))
	}
	for rest := n - kept; rest > 0; {
		d, err := f.in.Discard(int(min(rest, 1<<20)))
		if rest -= int64(d); err != nil {
			return f.long, half(err)
		}
	}
	return f.long, nil
}

// line returns what comes before the next line's end, cut at what is kept of a message, and its whole length.
func (f *frames) line() ([]byte, int64, error) {
	if b, _ := f.in.Peek(f.in.Buffered()); len(b) > 0 {
		if i := bytes.IndexByte(b, '\n'); i >= 0 && i < f.most {
			_, _ = f.in.Discard(i + 1)
			return b[:i], int64(i), nil
		}
	}
	f.hurry()
	f.long = f.long[:0]
	var length int64
	for {
		b, err := f.in.ReadSlice('\n')
		ended := err == nil
		if ended {
			b = b[:len(b)-1]
		}
		length += int64(len(b))
		f.long = append(f.long, b[:min(len(b), f.most-len(f.long))]...)
		switch {
		case ended:
			return f.long, length, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return f.long, length, half(err)
		case length > maxAnnounced:
			return f.long, length, errFraming
		}
	}
}

func half(err error) error { return fmt.Errorf("%w: %w", errHalf, err) }
