// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package sorted puts any number of events into one canonical order in bounded memory, so that what follows sees the same
// sequence whatever the order of files, the number of cores and the size of buffers. It does not look at what events mean.
//
// Canonical order is time, then the bytes of the encoded content (AppendContent), then the place in the input
// (Ref.Input, Ref.Offset, Ref.Line, Ref.Length, further parts). Events that are equal up to their place and carry an
// identifier of their own (Event.Unique) are one event that was exported twice: they come once.
//
//	s, err := sorted.New(sorted.Options{Dir: caseDir, Memory: 256 << 20, Adders: 2})
//	defer s.Close()
//	a := s.Adder()                                  // one for each goroutine that reads
//	err = a.Add(&e)
//	err = s.Events(ctx, func(batch []event.Event) error { … })   // may be called again
package sorted

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"

	"github.com/sekisho/sekisho/event"
)

// Options bounds a Sorter. The zero value works. No option changes the order or the events that come out.
type Options struct {
	Dir    string // folder for temporary files; default: the system's
	Memory int64  // bytes of events that wait in memory, all adders together; default 256 MiB, at least 1 MiB for each adder
	Adders int    // goroutines that add at the same time; default 1
	Batch  int    // events in a batch that Events hands out; default 1024
}

// Stats says what a Sorter has done so far.
type Stats struct {
	Events     int64    // added
	Duplicates int64    // held back by the last complete call of Events: the same event, exported more than once
	Repeats    []Repeat // of these, by input
	Runs       int      // sorted runs written to disk
	Spilled    int64    // bytes written to disk, compressed
}

// Repeat says how many events of an input were held back because they had come from the input First.
type Repeat struct {
	Input, First uint32
	Events       int64
}

// Sorter collects events and hands them out in canonical order. Adder, Events, Stats and Close are safe for concurrent use;
// each Adder is owned by one goroutine.
type Sorter struct {
	opt   Options
	share int64 // of memory, for each adder

	mu     sync.Mutex // guards what follows
	adders []*Adder
	runs   []run
	sealed bool
	closed bool
	failed error
	stats  Stats

	filesMu sync.Mutex // guards files; may be taken while mu is held
	files   []tempFile
}

// ErrClosed is returned by a Sorter that has been closed.
var ErrClosed = errors.New("sorted: closed")

// New returns an empty Sorter. Close it to remove its temporary files.
func New(o Options) *Sorter {
	if o.Memory <= 0 {
		o.Memory = 256 << 20
	}
	if o.Adders <= 0 {
		o.Adders = 1
	}
	if o.Batch <= 0 {
		o.Batch = 1024
	}
	if o.Dir == "" {
		o.Dir = os.TempDir()
	}
	return &Sorter{opt: o, share: min(max(o.Memory/int64(o.Adders), 1<<20), 2<<30)}
}

// Adder returns a new way in, for one goroutine. All adders must have finished adding before Events is called.
func (s *Sorter) Adder() *Adder {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &Adder{s: s}
	s.adders = append(s.adders, a)
	return a
}

// Events hands out all events in canonical order, in batches that are valid until yield returns; their strings stay valid.
// It may be called more than once and gives the same each time. After the first call nothing can be added.
func (s *Sorter) Events(ctx context.Context, yield func([]event.Event) error) error {
	return s.EventsOf(ctx, nil, yield)
}

// EventsOf is Events for those who want some classes only: the others are not even decoded. No classes stand for all.
func (s *Sorter) EventsOf(ctx context.Context, classes []event.Class, yield func([]event.Event) error) error {
	if err := s.seal(ctx); err != nil {
		return err
	}
	m, err := newMerger(s.sources())
	if err != nil {
		return err
	}
	dups, err := deliver(ctx, m, s.opt.Batch, wantedOf(classes), yield)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.stats.Duplicates, s.stats.Repeats = dups.n, dups.list()
	s.mu.Unlock()
	return nil
}

// Stats returns what was done so far. Call it when no adder is at work.
func (s *Sorter) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.stats
	if !s.sealed {
		for _, a := range s.adders {
			st.Events += a.count
		}
	}
	return st
}

// Close forgets all events and removes the temporary files.
func (s *Sorter) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	s.filesMu.Lock()
	defer s.filesMu.Unlock()
	for _, f := range s.files {
		errs = append(errs, f.remove())
	}
	for _, a := range s.adders {
		a.release()
	}
	s.files, s.runs = nil, nil
	return errors.Join(errs...)
}

// seal ends the adding: what waits in memory is sorted, or joins the runs on disk if there are any, so that the memory is
// free while the events are handed out.
func (s *Sorter) seal(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	if s.sealed {
		return s.failed
	}
	s.sealed = true
	spill := false
	for _, a := range s.adders {
		spill = spill || len(a.runs) > 0
	}
	var wg sync.WaitGroup
	errs := make([]error, len(s.adders))
	for i, a := range s.adders {
		a.sealed = true
		wg.Go(func() {
			if !spill {
				a.sort()
				return
			}
			errs[i] = a.spill()
			a.release()
		})
	}
	wg.Wait()
	for _, a := range s.adders {
		s.runs = append(s.runs, a.runs...)
		s.stats.Events += a.count
	}
	s.stats.Runs = len(s.runs)
	for _, r := range s.runs {
		s.stats.Spilled += r.size
	}
	s.failed = errors.Join(errs...)
	if s.failed == nil {
		s.failed = s.reduce(ctx)
	}
	return s.failed
}

// create makes a temporary file that is gone when it is closed, or when the process ends where the system allows that.
func (s *Sorter) create() (*os.File, error) {
	f, err := os.CreateTemp(s.opt.Dir, ".sekisho-sort-*")
	if err != nil {
		return nil, s.explain("make a temporary file", err)
	}
	s.filesMu.Lock()
	defer s.filesMu.Unlock()
	s.files = append(s.files, tempFile{f, os.Remove(f.Name()) == nil})
	return f, nil
}

// tempFile is a file of runs. Most systems let the name go while the file is open, so that nothing is left after a crash.
type tempFile struct {
	*os.File
	removed bool
}

func (t tempFile) remove() error {
	err := t.Close()
	if !t.removed {
		err = errors.Join(err, os.Remove(t.Name()))
	}
	return err
}

func (s *Sorter) explain(act string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("sorted: %s: no room left in %s: free some, or choose a folder on another disk: %w", act, s.opt.Dir, err)
	}
	return fmt.Errorf("sorted: %s in %s: %w", act, s.opt.Dir, err)
}
