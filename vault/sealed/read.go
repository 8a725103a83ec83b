// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Reader reads records in order, a block at a time. It needs no writer. It trusts the checksums; whether anything was changed is for Verify.
// Owned by one goroutine.
type Reader struct {
	dir    string
	from   event.Position
	limit  func(ctx context.Context, from event.Position) (event.Position, error) // how far may be read; nil: as far as there is
	all    []segment
	file   *os.File
	tag    tag
	offset int64
	next   segment // the block that comes next
	open   *opener
	buffer []byte
	out    []event.Received
}

// NewReader returns a reader of a folder from a position on. It ends, with io.EOF, where the last whole block ends. It passes over what has expired.
func NewReader(dir string, from event.Position) (*Reader, error) {
	return NewKeyReader(dir, from, nil)
}

// NewKeyReader is NewReader for a vault that is encrypted under kek.
func NewKeyReader(dir string, from event.Position, kek *KEK) (*Reader, error) {
	o, err := newOpener()
	if err != nil {
		return nil, err
	}
	o.keys = &keyring{dir: dir, kek: kek}
	return &Reader{dir: dir, from: max(from, 0), open: o}, nil
}

// Reader returns a reader from a position on that ends where the last whole block ends.
func (l *Log) Reader(from event.Position) (*Reader, error) {
	if l.o.Retention != nil {
		return NewKeyReader(l.dir, from, l.o.Retention.KEK)
	}
	return NewReader(l.dir, from)
}

// Follow returns a reader that waits at the end for what is appended, until ctx is done or the log is closed or broken.
func (l *Log) Follow(from event.Position) (*Reader, error) {
	r, err := l.Reader(from)
	if err != nil {
		return nil, err
	}
	r.limit = func(ctx context.Context, from event.Position) (event.Position, error) {
		for {
			l.mu.Lock()
			durable, grown, broken := l.durable, l.grown, l.broken
			l.mu.Unlock()
			switch {
			case from < durable:
				return durable, nil
			case errors.Is(broken, ErrClosed):
				return 0, io.EOF
			case broken != nil:
				return 0, broken
			}
			select {
			case <-grown:
			case <-l.closing:
			case <-ctx.Done():
				return 0, ctx.Err()
			}
			if err := ctx.Err(); err != nil {
				return 0, err
			}
		}
	}
	return r, nil
}

// Close ends reading.
func (r *Reader) Close() error {
	r.open.close()
	if r.file != nil {
		return r.file.Close()
	}
	return nil
}

// Next returns the records that come next, at least one, and the position of the first. They are valid until the next call.
func (r *Reader) Next(ctx context.Context) (event.Position, []event.Received, error) {
	limit := endless
	if r.limit != nil {
		var err error
		if limit, err = r.limit(ctx, r.from); err != nil {
			return 0, nil, err
		}
	}
	for {
		if err := ctx.Err(); err != nil {
			return 0, nil, err
		}
		h, err := r.block(limit)
		if err != nil {
			return 0, nil, r.wrap(err)
		}
		if h.End() <= r.from {
			continue
		}
		if gone, err := r.expired(&h); err != nil {
			return 0, nil, r.wrap(err)
		} else if gone {
			if r.from = h.End(); r.from >= limit { // what follows is not there yet
				return r.Next(ctx)
			}
			continue
		}
		payload, err := r.payload(&h)
		if err != nil {
			return 0, nil, r.wrap(err)
		}
		if r.out, err = r.open.records(&h, payload, r.out[:0]); err != nil {
			return 0, nil, r.wrap(fmt.Errorf("records %d to %d: %w: %w", h.First, h.End()-1, err, ErrDamaged))
		}
		skip := max(0, int(r.from-h.First))
		first := h.First + event.Position(skip)
		r.from = h.End()
		return first, r.out[skip:], nil
	}
}

// expired says whether a block was destroyed, or is about to be: its tombstone stands.
func (r *Reader) expired(h *header) (bool, error) {
	if !h.Gone && h.Form != formGCM {
		return false, nil
	}
	if !h.Gone && r.open.keys.has(h.Era) {
		return false, nil
	}
	t, err := r.open.keys.covering(h)
	if err != nil || t != nil {
		return t != nil, err
	}
	if h.Gone {
		return false, fmt.Errorf("records %d to %d are gone, and nothing signed says that they have expired: %w", h.First, h.End()-1, ErrDamaged)
	}
	return false, nil
}

func (r *Reader) wrap(err error) error {
	if errors.Is(err, io.EOF) {
		return io.EOF
	}
	return fmt.Errorf("sealed: read %s: %w", r.dir, err)
}

// block moves on to the next block below limit and returns its header.
func (r *Reader) block(limit event.Position) (header, error) {
	for {
		if r.file == nil {
			if err := r.seek(); err != nil {
				return header{}, err
			}
		}
		var lead [leadSize]byte
		_, err := r.file.ReadAt(lead[:], r.offset)
		if errors.Is(err, io.EOF) {
			err = nil
		}
		if err != nil {
			return header{}, err
		}
		h, err := parseLead(lead[:])
		if err == nil && h.Tag == r.tag && h.Number == r.next.Block && h.First == r.next.First && h.First < limit {
			r.offset += h.whole()
			r.next = segment{h.Number + 1, h.End()}
			return h, nil
		}
		if err := r.step(limit); err != nil {
			return header{}, err
		}
	}
}

// seek opens the segment that holds the wanted position, or that begins with the block wanted.
func (r *Reader) seek() (err error) {
	if r.all, err = listSegments(r.dir); err != nil {
		return err
	}
	i := locateRecord(r.all, r.from)
	if len(r.all) == 0 {
		return io.EOF
	}
	if i < 0 {
		return fmt.Errorf("record %d is before the first segment: %w", r.from, ErrDamaged)
	}
	return r.begin(r.all[i])
}

func (r *Reader) begin(s segment) error {
	if r.file != nil {
		r.file.Close()
	}
	var err error
	if r.file, err = os.Open(s.path(r.dir)); err != nil {
		r.file = nil
		return err
	}
	head := make([]byte, segmentHead)
	if _, err := io.ReadFull(r.file, head); err != nil {
		return fmt.Errorf("%s %w: %w", s.name(), errSegmentHead, ErrDamaged)
	}
	origin := ""
	if text, err := readSmall(filepath.Join(r.dir, logName), 4<<10); err == nil {
		origin, _, _ = parseVerifierKey(string(text))
	}
	if r.tag, err = parseSegmentHead(head, s, origin); err != nil {
		return fmt.Errorf("%s %w: %w", s.name(), err, ErrDamaged)
	}
	r.offset, r.next = segmentHead, s
	return nil
}

// step goes on where a segment has no further block: to the segment that follows, or it says that this is the end.
func (r *Reader) step(limit event.Position) (err error) {
	if r.all, err = listSegments(r.dir); err != nil {
		return err
	}
	i := slices.Index(r.all, r.next)
	fi, err := r.file.Stat()
	switch {
	case err != nil:
		return err
	case i >= 0 && r.offset == fi.Size() && r.offset > segmentHead:
		return r.begin(r.all[i])
	case i >= 0 && i == len(r.all)-1 && r.offset == segmentHead, i < 0 && limit == endless && len(r.all) > 0 && r.all[len(r.all)-1].Block < r.next.Block:
		return io.EOF // the last segment ends here, or in what is being written
	}
	return fmt.Errorf("at byte %d of a segment there is not the block %d with record %d: %w", r.offset, r.next.Block, r.next.First, ErrDamaged)
}

func (r *Reader) payload(h *header) ([]byte, error) {
	r.buffer = slices.Grow(r.buffer[:0], h.Stored)[:h.Stored]
	if _, err := r.file.ReadAt(r.buffer, r.offset-int64(h.Stored)); err != nil {
		if errors.Is(err, io.EOF) {
			// Only a reader without a writer sees the beginning of what is being written. The next call looks again.
			r.offset -= h.whole()
			r.next = segment{h.Number, h.First}
			return nil, io.EOF
		}
		return nil, err
	}
	return r.buffer, nil
}
