// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "sync"

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
		select {
		case c.out.spare <- c: // the sheet's next buffer
		default:
		}
	}
}

// cut hands a sheet's lines before upto to its press.
func (p *pressRoom) cut(s *sheet, upto int64) {
	if len(s.marks) == 0 {
		return
	}
	var spare chunk
	select {
	case spare = <-s.out.spare:
	default:
	}
	if c := s.cut(upto, spare); len(c.marks) > 0 {
		p.jobs <- c
	}
}

func (p *pressRoom) failed() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// stop waits for what is under way and returns the first error.
func (p *pressRoom) stop() error {
	close(p.jobs)
	<-p.done
	return p.failed()
}
