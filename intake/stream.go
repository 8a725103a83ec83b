// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"syscall"
)

const (
	chunkSize = 256 << 10
	// headroom is what a chunk keeps free in front of its data, so that the piece of a record that the chunk before it
	// ended with can be put there: records stay in one piece and only that piece is copied.
	headroom   = 64 << 10
	chunkCount = 4
)

// chunk is a stretch of the decompressed stream.
type chunk struct {
	mem []byte // headroom, then data
	n   int    // bytes of data
}

// Buffers keeps memory from one source to the next. It is safe for concurrent use; the zero value works.
type Buffers struct {
	mu   sync.Mutex
	free []*chunk
}

func (b *Buffers) take(size int) *chunk {
	if b != nil && size == chunkSize {
		b.mu.Lock()
		defer b.mu.Unlock()
		if n := len(b.free); n > 0 {
			c := b.free[n-1]
			b.free = b.free[:n-1]
			return c
		}
	}
	return &chunk{mem: make([]byte, headroom+size)}
}

func (b *Buffers) give(c *chunk) {
	if b == nil || len(c.mem) != headroom+chunkSize {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.free) < 4*chunkCount {
		b.free = append(b.free, c)
	}
}

// stream is the reading side: one goroutine reads the file ahead, feeds its raw bytes to the digest and decompresses.
type stream struct {
	full    chan *chunk
	empty   chan *chunk
	done    chan struct{} // closed by the framing side when it wants no more
	ended   chan struct{} // closed by the reading side when it has stopped
	buffers *Buffers
	// Set before full is closed.
	err   error
	total int64 // bytes of the decompressed stream
	raw   int64 // bytes of the file as stored
}

// rawReader counts, digests and reports what is read of a file as it is stored.
type rawReader struct {
	from     io.Reader
	to       io.Writer // may be nil
	progress func(read, of int64)
	n, of    int64
	err      error // of the medium or of the digest, kept because decoders hide it
}

// Read implements io.Reader.
func (r *rawReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if n > 0 {
		r.n += int64(n)
		if r.to != nil {
			if _, werr := r.to.Write(p[:n]); werr != nil {
				r.err = werr
				return n, werr
			}
		}
		if r.progress != nil {
			r.progress(r.n, r.of)
		}
	}
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// isMedium reports whether err comes from the system rather than from a decoder.
func isMedium(err error) bool {
	var path *fs.PathError
	var no syscall.Errno
	return errors.As(err, &path) || errors.As(err, &no)
}

// start begins to read ahead. size is that of one chunk.
func start(ctx context.Context, open func() (io.Reader, func(), error), raw *rawReader, size int, buffers *Buffers) *stream {
	st := &stream{full: make(chan *chunk, chunkCount), empty: make(chan *chunk, chunkCount),
		done: make(chan struct{}), ended: make(chan struct{}), buffers: buffers}
	for range chunkCount {
		st.empty <- nil // made when first needed: a small file needs one
	}
	go st.run(ctx, open, raw, size)
	return st
}

func (st *stream) run(ctx context.Context, open func() (io.Reader, func(), error), raw *rawReader, size int) {
	defer close(st.ended)
	defer close(st.full)
	st.err = st.pump(ctx, open, size)
	if raw.to != nil && ctx.Err() == nil && !st.abandoned() {
		// What stands behind the end, or behind the break, belongs to the file as well.
		if _, err := io.Copy(io.Discard, raw); err != nil && st.err == nil {
			st.err = err
		}
	}
	if raw.err != nil {
		st.err = raw.err
	}
	st.raw = raw.n
}

// abandoned reports whether the framing side has given up.
func (st *stream) abandoned() bool {
	select {
	case <-st.done:
		return true
	default:
		return false
	}
}

func (st *stream) pump(ctx context.Context, open func() (io.Reader, func(), error), size int) (err error) {
	defer func() {
		if p := recover(); p != nil { // a decoder's bug on an attacker's file must cost that file alone
			err = fmt.Errorf("%w: %v", ErrCorrupt, p)
		}
	}()
	from, closer, err := open()
	if err != nil {
		return err
	}
	defer closer()
	for {
		var c *chunk
		select {
		case c = <-st.empty:
		case <-st.done:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
		if c == nil {
			c = st.buffers.take(size)
		}
		c.n, err = fill(from, c.mem[headroom:])
		st.total += int64(c.n)
		if c.n > 0 {
			st.full <- c // never blocks: there are no more chunks than places
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// fill reads until p is full or an error comes. io.ReadFull would make an end and a break look alike.
func fill(from io.Reader, p []byte) (int, error) {
	n, idle := 0, 0
	for n < len(p) {
		k, err := from.Read(p[n:])
		n += k
		if err != nil {
			return n, err
		}
		if k > 0 {
			idle = 0
		} else if idle++; idle > 100 {
			return n, io.ErrNoProgress
		}
	}
	return n, nil
}

// stop ends the reading side and waits for it.
func (st *stream) stop() {
	close(st.done)
	for c := range st.full {
		st.buffers.give(c)
	}
	<-st.ended
	for {
		select {
		case c := <-st.empty:
			if c != nil {
				st.buffers.give(c)
			}
		default:
			return
		}
	}
}

// window is the framing side's view of the stream.
type window struct {
	buf []byte // from the first byte that is still needed
	off int64  // of buf[0] in the stream
	st  *stream
	cur *chunk // whose memory buf lies in; nil where it lies in big
	big []byte // for what is longer than the headroom
	end bool
	// last is the last byte that was given up.
	last byte
}

// more gives up the first n bytes of buf and adds the next chunk behind the rest. It returns false at the end of the
// stream; the rest is in buf then.
func (w *window) more(n int) bool {
	rest := w.buf[n:]
	w.off += int64(n)
	if n > 0 {
		w.last = w.buf[n-1]
	}
	w.buf = rest
	if w.end {
		return false
	}
	if w.cur == nil || len(rest) > headroom {
		return w.grow(rest)
	}
	old := w.cur
	next := <-w.st.full
	if next == nil {
		w.end = true
		return false
	}
	copy(next.mem[headroom-len(rest):headroom], rest)
	w.buf = next.mem[headroom-len(rest) : headroom+next.n]
	w.cur = next
	w.st.empty <- old
	return true
}

// grow is more for a piece that does not fit the headroom, and for the first chunk.
func (w *window) grow(rest []byte) bool {
	next := <-w.st.full
	if next == nil {
		w.end = true
		return false
	}
	if len(rest) <= headroom {
		copy(next.mem[headroom-len(rest):headroom], rest)
		w.buf = next.mem[headroom-len(rest) : headroom+next.n]
		w.cur = next
		if cap(w.big) > 4*chunkSize {
			w.big = nil // one long record must not cost memory for the rest of the file
		}
		return true
	}
	if w.cur != nil { // rest lies in a chunk
		w.big = append(w.big[:0], rest...)
		w.st.empty <- w.cur
		w.cur = nil
	} else {
		w.big = w.big[:copy(w.big, rest)]
	}
	w.big = append(w.big, next.mem[headroom:headroom+next.n]...)
	w.st.empty <- next
	w.buf = w.big
	return true
}

// ragged reports whether the stream ends without a line end.
func (w *window) ragged() bool {
	last := w.last
	if len(w.buf) > 0 {
		last = w.buf[len(w.buf)-1]
	}
	return w.off+int64(len(w.buf)) > 0 && last != '\n'
}

// release gives back what the window holds, before the stream is stopped.
func (w *window) release() {
	if w.cur != nil {
		w.st.empty <- w.cur
		w.cur = nil
	}
	w.buf = nil
}
