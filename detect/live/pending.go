// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"os"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// pending holds the records of the window: in memory, and in sorted runs on disk beyond the bound.
type pending struct {
	list []waiting
	size int64
	runs []*run
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

func (p *pending) add(w *Watch, x waiting) error {
	p.list = append(p.list, x)
	if p.size += x.size(); p.size <= w.o.Memory {
		return nil
	}
	return p.spill(w)
}

// spill writes what waits in memory as a run.
func (p *pending) spill(w *Watch) error {
	if len(p.list) == 0 {
		return nil
	}
	order(p.list)
	if err := p.write(w, &memory{list: p.list}); err != nil {
		return err
	}
	p.list, p.size = nil, 0
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
	n := 0
	for i := range p.list { // those whose turn it is come first
		if p.list[i].Event.Time < mark {
			p.list[n], p.list[i] = p.list[i], p.list[n]
			n++
		}
	}
	order(p.list[:n])
	all := &merged{from: []stream{&memory{list: p.list[:n]}}}
	for _, r := range p.runs {
		if err := r.open(w); err != nil {
			return err
		}
		all.from = append(all.from, before{r, mark})
	}
	batch := make([]kept, 0, blockMost)
	for {
		k, err := all.next()
		if err != nil {
			return err
		}
		if k != nil {
			batch = append(batch, *k)
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
	for i := range p.list[:n] {
		p.size -= p.list[i].size()
	}
	left := copy(p.list, p.list[n:])
	clear(p.list[left:])
	p.list = p.list[:left]
	left = 0
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
