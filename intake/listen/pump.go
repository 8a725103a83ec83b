// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"context"
	"sync"
	"time"

	"github.com/sekisho/sekisho/event"
)

// budget bounds the bytes of all records that wait to be sealed. Only whole records hold any of it, so that whoever waits
// for room waits for the sink alone, and not for a sender.
type budget struct {
	mu   sync.Mutex
	free *sync.Cond
	left int64
}

func newBudget(n int64) *budget {
	b := &budget{left: n}
	b.free = sync.NewCond(&b.mu)
	return b
}

// take takes n where anything is left: the last one may take more than there is.
func (b *budget) take(n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left <= 0 {
		return false
	}
	b.left -= n
	return true
}

// wait waits until something is left.
func (b *budget) wait() {
	b.mu.Lock()
	for b.left <= 0 {
		b.free.Wait()
	}
	b.mu.Unlock()
}

func (b *budget) give(n int64) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	b.left += n
	b.mu.Unlock()
	b.free.Broadcast()
}

// batch is records that are sealed together, with their bytes.
type batch struct {
	records []event.Received
	rows    []*row // where each is counted
	bytes   []byte // the chunk that is being filled
	size    int64  // of all chunks
	tags    []uint64
}

const (
	batchRecords = 8192
	batchBytes   = 512 << 10
	chunkBytes   = 64 << 10
	sinkRetry    = 5 * time.Second // the longest pause before a sink that failed is asked again
)

// room makes room for so many bytes; false if there is none now.
func (b *batch) room(size int, from *budget) bool {
	if cap(b.bytes)-len(b.bytes) >= size {
		return true
	}
	n := max(chunkBytes, size)
	if !from.take(int64(n)) {
		return false
	}
	b.bytes = make([]byte, 0, n)
	b.size += int64(n)
	return true
}

// keep copies a record's bytes into the batch, which has room for them.
func (b *batch) keep(data []byte) []byte {
	at := len(b.bytes)
	b.bytes = append(b.bytes, data...)
	return b.bytes[at:len(b.bytes):len(b.bytes)]
}

// empty makes the batch ready for other records.
func (b *batch) empty(from *budget) {
	clear(b.records)
	clear(b.rows)
	b.records, b.rows, b.tags = b.records[:0], b.rows[:0], b.tags[:0]
	from.give(b.size)
	b.bytes, b.size = nil, 0
}

// pump carries records from the one who reads a connection to the sink. While a batch is being sealed, the next is filled; when that is
// full, add waits.
type pump struct {
	r      *Receiver
	sealed func(b *batch, err error) // called when the sink has answered; may be nil
	retry  bool                      // the sender cannot be told: ask the sink until it takes the batch

	mu     sync.Mutex
	turn   *sync.Cond
	fill   *batch
	spare  *batch
	closed bool
	failed error
	done   chan struct{}
}

// newPump starts a pump. It ends when close is called and everything is settled, or when ctx ends.
func (r *Receiver) newPump(ctx context.Context, retry bool, sealed func(b *batch, err error)) *pump {
	p := &pump{r: r, retry: retry, sealed: sealed, fill: &batch{}, spare: &batch{}, done: make(chan struct{})}
	p.turn = sync.NewCond(&p.mu)
	go p.run(ctx)
	return p
}

// add takes one record, whose Data it copies. It returns the error with which the pump ended, if it has.
func (p *pump) add(rec event.Received, from *origin, tag uint64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		for p.failed == nil && (len(p.fill.records) >= batchRecords || p.fill.size >= batchBytes) {
			p.turn.Wait()
		}
		if p.failed != nil {
			return p.failed
		}
		if p.fill.room(len(rec.Data), p.r.budget) {
			break
		}
		p.mu.Unlock() // what is filled goes on meanwhile: otherwise all who wait would hold what they wait for
		p.r.budget.wait()
		p.mu.Lock()
	}
	rec.Data = p.fill.keep(rec.Data)
	p.fill.rows = append(p.fill.rows, p.r.ledger.offer(from.account, int64(rec.At)))
	p.fill.records = append(p.fill.records, rec)
	p.fill.tags = append(p.fill.tags, tag)
	if len(p.fill.records) == 1 {
		p.turn.Broadcast()
	}
	return nil
}

// close waits until everything that was added is settled.
func (p *pump) close() {
	p.mu.Lock()
	p.closed = true
	p.turn.Broadcast()
	p.mu.Unlock()
	<-p.done
}

func (p *pump) run(ctx context.Context) {
	defer close(p.done)
	for {
		p.mu.Lock()
		for len(p.fill.records) == 0 && !p.closed {
			p.turn.Wait()
		}
		b := p.fill
		if len(b.records) == 0 {
			p.mu.Unlock()
			return
		}
		p.fill, p.spare = p.spare, nil
		p.turn.Broadcast()
		p.mu.Unlock()

		err := p.seal(ctx, b.records)
		why := Unsealed
		if p.retry {
			why = gone // nobody can send it again
		}
		p.r.ledger.settle(b, err == nil, why)
		if p.sealed != nil {
			p.sealed(b, err)
		}
		b.empty(p.r.budget)
		p.mu.Lock()
		p.spare = b
		if err != nil {
			p.failed = err
			p.r.ledger.settle(p.fill, false, why)
			p.fill.empty(p.r.budget)
			p.turn.Broadcast()
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
	}
}

// seal hands a batch to the sink, again and again where nobody else can.
func (p *pump) seal(ctx context.Context, records []event.Received) error {
	pause := 50 * time.Millisecond
	for {
		_, err := p.r.sink.Append(ctx, records)
		if err == nil || !p.retry || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
		pause = min(2*pause, sinkRetry)
	}
}
