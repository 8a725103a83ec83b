// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"math"
	"os"
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// pending holds the records of the window: in memory, and in sorted runs on disk beyond the bound.
type pending struct {
	by   map[int64][]*waiting // by second of event time, each in the order in which they came
	size int64
	runs []*run
}

// secondOf returns the second of a moment, counted from 1970.
func secondOf(t event.Micros) int64 {
	s := int64(t / 1e6)
	if t%1e6 < 0 {
		s--
	}
	return s
}

// run is a sorted file of which some sightings were taken.
type run struct {
	Name  string
	Size  int64
	Taken int64

	from *blocks
	head *kept
}

const runsMost = 16 // more are put together

func (p *pending) add(w *Watch, x *waiting) error {
	if p.by == nil {
		p.by = map[int64][]*waiting{}
	}
	at := secondOf(x.Event.Time)
	p.by[at] = append(p.by[at], x)
	if p.size += x.size(); p.size <= w.o.Memory {
		return nil
	}
	return p.spill(w)
}

// ready takes what is dated before the mark and waits in memory, in canonical order.
func (p *pending) ready(mark event.Micros) []*waiting {
	var due []int64
	for at := range p.by {
		if event.Micros(at)*1e6 < mark {
			due = append(due, at)
		}
	}
	slices.Sort(due)
	var out []*waiting
	for _, at := range due {
		list := p.by[at]
		n := 0
		for i, x := range list { // those whose turn it is come first
			if x.Event.Time < mark {
				list[n], list[i] = x, list[n]
				p.size -= x.size()
				n++
			}
		}
		order(list[:n])
		if out == nil && len(due) == 1 && n == len(list) {
			out = list
		} else {
			out = append(out, list[:n]...)
		}
		if n == len(list) {
			delete(p.by, at)
		} else {
			p.by[at] = slices.Clone(list[n:])
		}
	}
	return out
}

// spill writes what waits in memory as a run.
func (p *pending) spill(w *Watch) error {
	list := p.ready(math.MaxInt64)
	if len(list) == 0 {
		return nil
	}
	if err := p.write(w, &memory{list: list}); err != nil {
		return err
	}
	p.size = 0
	if len(p.runs) <= runsMost {
		return nil
	}
	all := &merged{}
	for _, r := range p.runs {
		if err := r.open(w); err != nil {
			return err
		}
		all.from = append(all.from, r)
	}
	old := p.runs
	p.runs = nil
	if err := p.write(w, all); err != nil {
		return err
	}
	w.counts.Duplicates += all.twice
	for _, r := range old {
		r.close()
	}
	return nil
}

func (p *pending) write(w *Watch, from stream) error {
	var t tail
	for {
		k, err := from.next()
		if err != nil {
			return err
		}
		if k == nil {
			break
		}
		if err := t.add(&w.files, *k); err != nil {
			return err
		}
	}
	if err := t.flush(&w.files); err != nil || t.Name == "" {
		return err
	}
	p.runs = append(p.runs, &run{Name: t.Name, Size: t.Size})
	return nil
}

// open begins to read a run, behind what was taken.
func (r *run) open(w *Watch) (err error) {
	if r.from != nil {
		return nil
	}
	if r.from, err = w.files.read(r.Name, r.Size, w.accounts.find, detect.ClassSet(everyClass)); err != nil {
		return err
	}
	for range r.Taken {
		if k, err := r.from.next(); err != nil || k == nil {
			return err
		}
	}
	r.head, err = r.from.next()
	return err
}

// next takes the head of the run.
func (r *run) next() (*kept, error) {
	k := r.head
	if k == nil {
		return nil, nil
	}
	r.Taken++
	var err error
	r.head, err = r.from.next()
	return k, err
}

func (r *run) close() {
	if r.from != nil {
		_ = r.from.close() // it was only read
	}
}

// before gives of a stream what is dated before a moment.
type before struct {
	r    *run
	mark event.Micros
}

func (b before) next() (*kept, error) {
	if b.r.head == nil || b.r.head.Event.Time >= b.mark {
		return nil, nil
	}
	return b.r.next()
}

// take shows everything that is dated before the mark.
func (p *pending) take(w *Watch, mark event.Micros) error {
	all := &merged{from: []stream{&memory{list: p.ready(mark)}}}
	for _, r := range p.runs {
		if err := r.open(w); err != nil {
			return err
		}
		all.from = append(all.from, before{r, mark})
	}
	batch := make([]*kept, 0, blockMost)
	for {
		k, err := all.next()
		if err != nil {
			return err
		}
		if k != nil {
			batch = append(batch, k)
		}
		if len(batch) == cap(batch) || k == nil {
			if err := w.show(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
		if k == nil {
			break
		}
	}
	w.counts.Duplicates += all.twice
	left := 0
	for _, r := range p.runs {
		if r.head == nil {
			r.close()
			continue
		}
		p.runs[left] = r
		left++
	}
	p.runs = p.runs[:left]
	return nil
}

// remove deletes the folder's files that are not in use.
func (f *files) remove(used map[string]bool) error {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if own(e.Name()) && !used[e.Name()] {
			if err := os.Remove(f.path(e.Name())); err != nil {
				return err
			}
			delete(f.synced, e.Name())
		}
	}
	return nil
}
