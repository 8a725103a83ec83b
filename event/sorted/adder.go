// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sorted

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/sekisho/sekisho/event"
)

const (
	chunkSize = 1 << 20  // bytes of the pieces in which memory is taken
	maxEvent  = 64 << 20 // bytes of an encoded event
)

// Adder is one goroutine's way into a Sorter. Encoded events wait in chunks; an index of their times and places is sorted
// and written out as a run when the adder's share of the memory is used.
type Adder struct {
	s       *Sorter
	chunks  [][]byte // all but the last are full; lengths differ only for events longer than a chunk
	free    [][]byte // chunks of chunkSize to be used again
	index   []entry
	used    int64 // bytes of chunks
	scratch []byte
	count   int64
	sealed  bool

	file *os.File
	end  int64 // where the next run begins
	runs []run
}

// entry leads to an encoded event: the lengths of content and place as varints, then both.
type entry struct {
	time  event.Micros
	chunk uint32
	at    uint32
}

const entrySize = 16

// Add takes a copy of the event. An error names the folder that has no room left; the Sorter is then of no more use.
func (a *Adder) Add(e *event.Event) error {
	if a.sealed {
		return errors.New("sorted: add an event: the events have already been asked for")
	}
	b := AppendContent(a.scratch[:0], e)
	n := len(b)
	b = appendRef(b, &e.Ref)
	a.scratch = b
	if len(b) > maxEvent {
		return fmt.Errorf("sorted: add the event at byte %d of input %d: longer than %d bytes", e.Ref.Offset, e.Ref.Input, maxEvent)
	}
	need := len(b) + 2*binary.MaxVarintLen32
	if a.full(need) {
		if a.used+int64(cap(a.index))*entrySize+chunkSize > a.s.share && len(a.index) > 0 {
			if err := a.spill(); err != nil {
				return err
			}
		}
		a.grow(need)
	}
	last := len(a.chunks) - 1
	c := a.chunks[last]
	a.index = append(a.index, entry{e.Time, uint32(last), uint32(len(c))})
	c = binary.AppendUvarint(c, uint64(n))
	c = binary.AppendUvarint(c, uint64(len(b)-n))
	a.chunks[last] = append(c, b...)
	a.count++
	return nil
}

// AddAll takes a copy of each event.
func (a *Adder) AddAll(events []event.Event) error {
	for i := range events {
		if err := a.Add(&events[i]); err != nil {
			return err
		}
	}
	return nil
}

func (a *Adder) full(need int) bool {
	if len(a.chunks) == 0 {
		return true
	}
	c := a.chunks[len(a.chunks)-1]
	return cap(c)-len(c) < need
}

func (a *Adder) grow(need int) {
	if n := len(a.free); n > 0 && need <= chunkSize {
		a.chunks = append(a.chunks, a.free[n-1])
		a.free = a.free[:n-1]
	} else {
		a.chunks = append(a.chunks, make([]byte, 0, max(chunkSize, need)))
	}
	a.used += int64(cap(a.chunks[len(a.chunks)-1]))
}

// at returns the content and the place of an entry.
func (a *Adder) at(i entry) (content, ref []byte) {
	b := a.chunks[i.chunk][i.at:]
	n, w := binary.Uvarint(b)
	b = b[w:]
	m, w := binary.Uvarint(b)
	b = b[w:]
	return b[:n], b[n : n+m]
}

func (a *Adder) sort() {
	slices.SortFunc(a.index, func(x, y entry) int {
		if c := cmp.Compare(x.time, y.time); c != 0 {
			return c
		}
		xc, xr := a.at(x)
		yc, yr := a.at(y)
		if c := bytes.Compare(xc, yc); c != 0 {
			return c
		}
		return bytes.Compare(xr, yr)
	})
}

// spill writes what waits as one sorted run and empties the memory.
func (a *Adder) spill() error {
	if len(a.index) == 0 {
		return nil
	}
	if a.file == nil {
		f, err := a.s.create()
		if err != nil {
			return err
		}
		a.file = f
	}
	a.sort()
	w := newRunWriter(a.file, a.end)
	for _, i := range a.index {
		content, ref := a.at(i)
		if err := w.write(i.time, content, ref); err != nil {
			return a.s.explain("write sorted events", err)
		}
	}
	r, err := w.finish()
	if err != nil {
		return a.s.explain("write sorted events", err)
	}
	a.end = r.start + r.size
	a.runs = append(a.runs, r)
	for _, c := range a.chunks {
		if cap(c) == chunkSize {
			a.free = append(a.free, c[:0])
		}
	}
	a.chunks, a.index, a.used = a.chunks[:0], a.index[:0], 0
	return nil
}

func (a *Adder) release() {
	a.chunks, a.free, a.index, a.scratch = nil, nil, nil, nil
}
