// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "sync"

// room is where finished lines go while the next ones are performed: to files, or to whoever reads them as they come.
type room interface {
	// collect takes from each sheet what lies before upto; with all false it may leave it there for later.
	collect(sheets []*sheet, upto int64, all bool)
	// failed returns the error that ends the drill, if there is one.
	failed() error
	// stop waits for what is under way and returns the first error.
	stop() error
}

// pressRoom runs the presses in a goroutine of its own: it sorts, compresses and writes while the next hour is performed.
type pressRoom struct {
	jobs chan chunk
	done chan struct{}

	mu  sync.Mutex
	err error // the first one; after it chunks are thrown away
}

// startPress makes room for a few chunks: enough to keep both sides busy, little enough to bound memory.
func startPress() *pressRoom {
	p := &pressRoom{jobs: make(chan chunk, 4), done: make(chan struct{})}
	go p.work()
	return p
}

func (p *pressRoom) work() {
	defer close(p.done)
	for c := range p.jobs {
		if p.failed() == nil {
			if err := c.out.write(c); err != nil {
				p.mu.Lock()
				p.err = err
				p.mu.Unlock()
			}
		}
		c.giveBack()
	}
}

// fullSheet is the size at which a sheet goes to its press before the hour ends.
const fullSheet = 1 << 20

func (p *pressRoom) collect(sheets []*sheet, upto int64, all bool) {
	for _, s := range sheets {
		if !all && len(s.buf) <= fullSheet {
			continue
		}
		if c := s.take(upto); len(c.marks) > 0 {
			p.jobs <- c
		}
	}
}

func (p *pressRoom) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func (p *pressRoom) stop() error {
	close(p.jobs)
	<-p.done
	return p.failed()
}
