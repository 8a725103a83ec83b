// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sorted

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/s2"

	"github.com/sekisho/sekisho/event"
)

// A run is a stretch of a temporary file: blocks of a header (length, compressed length, CRC-32C of what follows; four bytes
// each, big-endian) and S2-compressed records. A record is the time as a difference to the one before it in the block, the
// lengths of content and place, all varints, then content and place.
type run struct {
	file  io.ReaderAt
	start int64
	size  int64 // bytes
}

const (
	blockSize  = 64 << 10 // bytes from which on a block is written
	blockMost  = maxEvent + blockSize + 64
	headerSize = 12
)

// runCost is roughly the memory that an open run takes: a block and its compressed form.
const runCost = 3 * blockSize

type runWriter struct {
	file interface {
		WriteAt([]byte, int64) (int, error)
	}
	r    run
	last event.Micros
	raw  []byte
	out  []byte
}

type runFile interface {
	io.ReaderAt
	io.WriterAt
}

func newRunWriter(f runFile, at int64) *runWriter {
	return &runWriter{file: f, r: run{file: f, start: at}, raw: make([]byte, 0, blockSize+4096)}
}

func (w *runWriter) write(t event.Micros, content, ref []byte) error {
	w.raw = binary.AppendVarint(w.raw, int64(t-w.last)) // wraps around and back
	w.raw = binary.AppendUvarint(w.raw, uint64(len(content)))
	w.raw = binary.AppendUvarint(w.raw, uint64(len(ref)))
	w.raw = append(append(w.raw, content...), ref...)
	w.last = t
	if len(w.raw) >= blockSize {
		return w.flush()
	}
	return nil
}

func (w *runWriter) flush() error {
	if len(w.raw) == 0 {
		return nil
	}
	need := headerSize + s2.MaxEncodedLen(len(w.raw))
	if cap(w.out) < need {
		w.out = make([]byte, need)
	}
	packed := s2.Encode(w.out[headerSize:need], w.raw)
	head := w.out[:headerSize]
	binary.BigEndian.PutUint32(head, uint32(len(w.raw)))
	binary.BigEndian.PutUint32(head[4:], uint32(len(packed)))
	binary.BigEndian.PutUint32(head[8:], crc32.Checksum(packed, castagnoli()))
	if _, err := w.file.WriteAt(w.out[:headerSize+len(packed)], w.r.start+w.r.size); err != nil {
		return err
	}
	w.r.size += int64(headerSize + len(packed))
	w.raw, w.last = w.raw[:0], 0
	return nil
}

func (w *runWriter) finish() (run, error) {
	err := w.flush()
	return w.r, err
}

// castagnoli returns the CRC-32C table; the standard library keeps one.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// runReader reads a run record by record.
type runReader struct {
	r       run
	at      int64 // bytes of the run already read
	packed  []byte
	block   []byte
	rest    []byte // of block
	time    event.Micros
	content []byte
	ref     []byte
}

// next moves to the next record; io.EOF after the last.
func (r *runReader) next() error {
	if len(r.rest) == 0 {
		if err := r.load(); err != nil {
			return err
		}
	}
	x := reader{b: r.rest, ok: true}
	r.time += event.Micros(x.varint())
	n, m := x.uvarint(), x.uvarint()
	r.content, r.ref = x.take(n), x.take(m)
	if !x.ok {
		return r.damaged(errDamaged)
	}
	r.rest = x.b
	return nil
}

func (r *runReader) load() error {
	if r.at == r.r.size {
		return io.EOF
	}
	var head [headerSize]byte
	if _, err := r.r.file.ReadAt(head[:], r.r.start+r.at); err != nil {
		return r.damaged(err)
	}
	raw, packed := int(binary.BigEndian.Uint32(head[:])), int(binary.BigEndian.Uint32(head[4:]))
	if raw == 0 || raw > blockMost || packed > s2.MaxEncodedLen(raw) || int64(packed) > r.r.size-r.at-headerSize {
		return r.damaged(errors.New("a block has an impossible length"))
	}
	if cap(r.packed) < packed {
		r.packed = make([]byte, packed)
	}
	p := r.packed[:packed]
	if _, err := r.r.file.ReadAt(p, r.r.start+r.at+headerSize); err != nil {
		return r.damaged(err)
	}
	if crc32.Checksum(p, castagnoli()) != binary.BigEndian.Uint32(head[8:]) {
		return r.damaged(errors.New("a block's check sum is wrong"))
	}
	if n, err := s2.DecodedLen(p); err != nil || n != raw {
		return r.damaged(errors.New("a block has another length than it says"))
	}
	if cap(r.block) < raw {
		r.block = make([]byte, raw)
	}
	b, err := s2.Decode(r.block[:raw], p)
	if err != nil {
		return r.damaged(err)
	}
	r.at += int64(headerSize + packed)
	r.rest, r.time = b, 0
	return nil
}

func (r *runReader) damaged(err error) error {
	if errors.Is(err, io.EOF) { // the end of the file is not the end of the run
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("sorted: read sorted events back at byte %d: %w", r.r.start+r.at, err)
}

func (r *runReader) record() (event.Micros, []byte, []byte) { return r.time, r.content, r.ref }
