// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// next returns the number of the block that comes next at the earliest.
func (l *Log) next() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.blocks
}

// Three goroutines stand behind Append. The builder takes all that waits and makes blocks of it; the writer puts them into the segment and waits
// for the disk, while the builder makes the next ones; the log follows with leaves and checkpoints. Many callers share one fsync.

// encoded is what one Append brings.
type encoded struct {
	bytes  []byte // records, each behind its length
	ends   []int  // in bytes
	leaves []vault.Hash
	class  string         // of all of them; empty where there are no classes
	at     event.Position // of the first among those of its batch; set before the batch is done
}

// encodeAll writes records as they are sealed, those of each class by themselves and in their order.
func (l *Log) encodeAll(records []event.Received) ([]*encoded, error) {
	r := l.o.Retention
	if r == nil {
		e, err := encode(records)
		return []*encoded{e}, err
	}
	classes := r.classes(records)
	var all []*encoded
	for len(records) > 0 {
		class := classes[0]
		some, rest, left := records, records[:0:0], classes[:0:0]
		if slices.ContainsFunc(classes, func(c string) bool { return c != class }) {
			some = nil
			for i := range records {
				if classes[i] == class {
					some = append(some, records[i])
				} else {
					rest, left = append(rest, records[i]), append(left, classes[i])
				}
			}
		}
		e, err := encode(some)
		if err != nil {
			return nil, err
		}
		e.class = class
		all, records, classes = append(all, e), rest, left
	}
	return all, nil
}

// encode writes records as they are sealed. It runs in the callers, so that hashing uses all cores.
func encode(records []event.Received) (*encoded, error) {
	n := 0
	for i := range records {
		if err := check(&records[i]); err != nil {
			return nil, err
		}
		n += size(&records[i])
	}
	e := &encoded{bytes: make([]byte, 0, n), ends: make([]int, len(records)), leaves: make([]vault.Hash, len(records))}
	sum := sha256.New()
	var one []byte
	for i := range records {
		one = appendRecord(one[:0], &records[i])
		e.leaves[i] = leafHash(sum, one)
		e.bytes = binary.AppendUvarint(e.bytes, uint64(len(one)))
		e.bytes = append(e.bytes, one...)
		e.ends[i] = len(e.bytes)
	}
	return e, nil
}

// batch is what becomes durable together.
type batch struct {
	parts []*encoded
	count int // of records
	bytes int

	out     []byte // the blocks, as they are written; the writer completes their headers
	headers []header
	held    uint16 // of each of them

	first event.Position // set before done is closed
	err   error
	done  chan struct{}
}

func newBatch() *batch { return &batch{done: make(chan struct{})} }

func (b *batch) add(e *encoded) {
	b.parts = append(b.parts, e)
	b.count += len(e.ends)
	b.bytes += len(e.bytes)
}

// eager is how much must wait for it to be made into blocks while the disk is still busy with what went before. Less waits and grows: so
// that many small records share an fsync.
const eager = 512 << 10

// take returns what waits, and makes room; nil where nothing does, or where it is better to wait.
func (l *Log) take(all bool) *batch {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending.count == 0 || l.busy > 0 && l.pending.bytes < eager && !all {
		return nil
	}
	b := l.pending
	l.pending = newBatch()
	l.busy++
	close(l.room)
	l.room = make(chan struct{})
	return b
}

// answer tells those who wait for a batch what became of it.
func (l *Log) answer(b *batch) {
	l.mu.Lock()
	l.busy--
	l.mu.Unlock()
	close(b.done)
	l.nudge()
}

// nudge has the builder look.
func (l *Log) nudge() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *Log) build() {
	defer l.done.Done()
	defer close(l.built)
	pack := newPacker()
	pack.eras = l.eras
	for {
		closing := false
		select {
		case <-l.wake:
		case <-l.closing:
			closing = true
		}
		for b := l.take(closing); b != nil; b = l.take(closing) {
			b.held = l.held.now()
			b.err = pack.build(b)
			l.built <- b
		}
		if closing {
			return
		}
	}
}

// packer makes blocks.
type packer struct {
	zstd   *zstd.Encoder
	eras   *eras
	era    *era // of the block at hand; nil: none
	raw    []byte
	packed []byte
	salted []byte
	sum    hash.Hash
	leaves []vault.Hash
}

func newPacker() *packer {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(false), zstd.WithWindowSize(1<<20))
	if err != nil {
		panic(err) // the options are constants
	}
	return &packer{zstd: z, sum: sha256.New()}
}

// build cuts a batch into blocks, those of one class after those of another.
func (p *packer) build(b *batch) error {
	p.raw, p.leaves = p.raw[:0], p.leaves[:0]
	slices.SortStableFunc(b.parts, func(x, y *encoded) int { return strings.Compare(x.class, y.class) })
	at := event.Position(0)
	for k, e := range b.parts {
		if k == 0 || e.class != b.parts[k-1].class {
			p.block(b)
			var err error
			if p.era, err = p.eras.current(e.class); err != nil {
				if isFull(err) {
					err = fmt.Errorf("%w: %w", vault.ErrNoSpace, err)
				}
				return fmt.Errorf("begin the month of class %s: %w", e.class, err)
			}
		}
		e.at = at
		at += event.Position(len(e.ends))
		from := 0
		for i, end := range e.ends {
			p.record(e.bytes[from:end], e.leaves[i])
			from = end
			if len(p.raw) >= blockTarget {
				p.block(b)
			}
		}
	}
	p.block(b)
	b.parts = nil
	return nil
}

// record puts a record behind its length into the block at hand.
func (p *packer) record(b []byte, leaf vault.Hash) {
	if p.era != nil {
		if len(p.raw) == 0 {
			p.raw = append(p.raw, newKey()...) // the seed
		}
		_, k := binary.Uvarint(b)
		salt := saltOf(p.raw[:seedSize], len(p.leaves))
		p.salted = append(append(p.salted[:0], b[k]+kindSalted), salt[:]...)
		p.salted = append(p.salted, b[k+1:]...)
		leaf = leafHash(p.sum, p.salted)
	}
	p.raw = append(p.raw, b...)
	p.leaves = append(p.leaves, leaf)
}

func (p *packer) block(b *batch) {
	if len(p.leaves) == 0 {
		return
	}
	lead := len(b.out)
	b.out = append(b.out, make([]byte, leadSize)...)
	h := header{Count: len(p.leaves), Raw: len(p.raw), Packed: packedZstd, Root: vault.Root(p.leaves)}
	if p.era != nil {
		h.Era, h.Form = p.era.Number, formSalted
	}
	if p.era != nil && p.era.aead != nil {
		h.Form = formGCM
		p.packed = p.zstd.EncodeAll(p.raw, p.packed[:0])
		what := p.packed
		if len(what) >= len(p.raw) {
			h.Packed, what = packedNot, p.raw
		}
		b.out = p.era.aead.Seal(b.out, nil, what, h.bound())
	} else if b.out = p.zstd.EncodeAll(p.raw, b.out); len(b.out)-lead-leadSize >= len(p.raw) {
		h.Packed = packedNot
		b.out = append(b.out[:lead+leadSize], p.raw...)
	}
	payload := b.out[lead+leadSize:]
	h.Stored, h.Sum = len(payload), sha256.Sum256(payload)
	b.headers = append(b.headers, h)
	p.raw, p.leaves = p.raw[:0], p.leaves[:0]
	if cap(p.raw) > 4*blockTarget {
		p.raw = nil
	}
}

// writer is the segment that is being written. Owned by the writer's goroutine.
type writer struct {
	segment segment
	tag     tag
	file    file
	offset  int64
	next    segment // the number and position of the block that comes next
	begun   time.Time
}

// sealing is what the log is told: leaves that are durable, and then perhaps that a segment has ended.
type sealing struct {
	leaves [][]byte
	ended  *segment
}

func (l *Log) write(w *writer) {
	defer l.done.Done()
	defer close(l.sealed)
	defer func() { w.file.Close() }()
	tick := time.NewTicker(min(l.o.MaxAge, time.Minute))
	defer tick.Stop()
	for {
		select {
		case b, ok := <-l.built:
			if !ok {
				return
			}
			var leaves [][]byte
			if err := l.failed(); err != nil {
				b.err = err
			}
			if b.err == nil {
				leaves, b.err = l.commit(w, b)
			}
			failed := b.err != nil
			l.answer(b)
			if !failed {
				l.sealed <- sealing{leaves: leaves}
			}
		case <-tick.C:
			if l.failed() == nil {
				l.rotate(w, 0)
			}
		}
	}
}

// failed returns what broke the vault.
func (l *Log) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.broken == ErrClosed { //nolint:errorlint // what waits is still written
		return nil
	}
	return l.broken
}

// breakDown closes the vault to writing.
func (l *Log) breakDown(why error) error {
	err := fmt.Errorf("%w: %w", ErrBroken, why)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.broken = err
	close(l.grown) // who follows looks again
	l.grown = make(chan struct{})
	return err
}

// commit makes a batch durable, and returns its leaves.
func (l *Log) commit(w *writer, b *batch) ([][]byte, error) {
	if err := l.rotate(w, int64(len(b.out))); err != nil {
		return nil, err
	}
	leaves := w.complete(b, event.Of(l.o.Now()))
	if _, err := w.file.WriteAt(b.out, w.offset); err != nil {
		return nil, l.takeBack(w, err)
	}
	if err := w.file.Sync(); err != nil {
		// What the disk has now cannot be known: the system may call the pages clean though they were never written.
		return nil, l.breakDown(fmt.Errorf("fsync %s: %w", w.segment.name(), err))
	}
	b.first = w.next.First
	last := &b.headers[len(b.headers)-1]
	w.next = segment{last.Number + 1, last.End()}
	w.offset += int64(len(b.out))
	b.out = nil
	l.mu.Lock()
	l.durable, l.blocks = w.next.First, w.next.Block
	close(l.grown)
	l.grown = make(chan struct{})
	l.mu.Unlock()
	return leaves, nil
}

// complete gives the blocks of a batch their numbers.
func (w *writer) complete(b *batch, now event.Micros) (leaves [][]byte) {
	next, offset := w.next, 0
	for i := range b.headers {
		h := &b.headers[i]
		h.Number, h.First, h.Commit, h.Sealed, h.Tag, h.Held = next.Block, next.First, w.next.Block, now, w.tag, b.held
		h.put(b.out[offset:])
		leaves = append(leaves, slices.Clone(b.out[offset:offset+headerSize]))
		offset += int(h.whole())
		next = segment{h.Number + 1, h.End()}
	}
	return leaves
}

// takeBack removes a write that did not succeed. On a disk that is full that is all, and the next may succeed.
func (l *Log) takeBack(w *writer, why error) error {
	if !isFull(why) {
		return l.breakDown(fmt.Errorf("write %s: %w", w.segment.name(), why))
	}
	if err := w.file.Truncate(w.offset); err != nil {
		return l.breakDown(errors.Join(why, err))
	}
	return fmt.Errorf("%w: %w", vault.ErrNoSpace, why)
}

// rotate ends the segment if it is full with so many bytes more, or old.
func (l *Log) rotate(w *writer, more int64) error {
	if w.next == w.segment {
		return nil // it is empty
	}
	if w.offset+more <= l.o.MaxSegment && l.o.Now().Sub(w.begun).Abs() < l.o.MaxAge {
		return nil
	}
	next, err := createSegment(l.o.disk, l.dir, l.origin, w.next, l.o.Now())
	if err != nil {
		// What was begun of it must not stand beside the one that goes on.
		if e := l.o.disk.Remove(w.next.path(l.dir)); e != nil && !errors.Is(e, fs.ErrNotExist) || !isFull(err) {
			return l.breakDown(fmt.Errorf("begin a segment: %w", err))
		}
		return fmt.Errorf("begin a segment: %w: %w", vault.ErrNoSpace, err)
	}
	ended := w.segment
	if err := w.file.Close(); err != nil {
		next.file.Close()
		return l.breakDown(fmt.Errorf("end a segment: %w", err))
	}
	*w = *next
	l.sealed <- sealing{ended: &ended}
	return nil
}

// createSegment begins a segment, durable with its name.
func createSegment(d disk, dir, origin string, s segment, now time.Time) (*writer, error) {
	w := &writer{segment: s, tag: newTag(), next: s, offset: segmentHead, begun: now}
	if err := writeWhole(d, s.path(dir), putSegmentHead(s, origin, w.tag), true); err != nil {
		return nil, err
	}
	f, err := d.Open(s.path(dir))
	if err != nil {
		return nil, err
	}
	w.file = f
	return w, nil
}
