// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"time"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/detect/live"
	"github.com/sekisho/sekisho/event"
)

// portion is what the reader of the vault hands to the watch: what some records in a row say, and what is to be done when it was shown.
type portion struct {
	batch  event.Batch
	inputs []*input       // sources that were not known before
	next   event.Position // behind the records
	now    event.Micros   // the time that it is then; 0: not said
	place  []byte         // to save with; nil: not now
	names  []string       // of sources, by number
}

// lane carries portions to the watch, which goes on in a goroutine of its own while the next ones are read.
type lane struct {
	to   chan *portion
	free chan *portion // whose memory can be used again
	done chan struct{}
	err  error // after done
}

const laneLong = 2 // portions that wait

// begin lets the watch go on beside the reader until end.
func (w *watcher) begin() {
	l := &lane{to: make(chan *portion, laneLong), free: make(chan *portion, laneLong+2), done: make(chan struct{})}
	w.lane = l
	go func() {
		defer close(l.done)
		for p := range l.to {
			if l.err = w.look(p); l.err != nil {
				return
			}
			select {
			case l.free <- p:
			default:
			}
		}
	}()
}

// end waits until the watch has looked at everything that was handed on.
func (w *watcher) end() error {
	l := w.lane
	w.lane = nil
	close(l.to)
	<-l.done
	return l.err
}

// hand hands on what was read, with what is to be done then.
func (w *watcher) hand(now event.Micros, place []byte) error {
	p := w.part
	p.next, p.now, p.place, p.names = w.next, now, place, w.names
	l := w.lane
	if l == nil {
		return w.look(p)
	}
	select {
	case <-l.done:
		return l.err
	case l.to <- p:
	}
	select {
	case w.part = <-l.free:
	default:
		w.part = &portion{}
	}
	return nil
}

// look shows the watch a portion and does what is to be done then. It owns what knows of accounts and of lists, and the watch.
func (w *watcher) look(p *portion) error {
	w.know.follow(p.inputs)
	p.inputs = p.inputs[:0]
	if err := w.add(p); err != nil {
		return err
	}
	w.at.Store(int64(p.next))
	if p.now != 0 {
		if err := w.advanceTo(p.now, p.names); err != nil {
			return err
		}
	}
	if p.place != nil {
		return w.watch.Save(p.place)
	}
	return nil
}

// add hands the events of a portion to the watch.
func (w *watcher) add(p *portion) error {
	if len(p.batch.Events) == 0 {
		return nil
	}
	w.room = w.room[:0]
	matches := 0
	for i := range p.batch.Events {
		s := w.know.see(&p.batch.Events[i])
		if s.Class == detect.ClassMatch {
			matches++
		} else {
			s.Listed = w.intel.look(&p.batch.Events[i])
		}
		w.room = append(w.room, s)
	}
	err := w.watch.Add(w.room)
	w.events.Add(int64(len(p.batch.Events) - matches))
	w.matches.Add(int64(matches))
	p.batch.Reset()
	return err
}

// advanceTo says what time it is, and tells what that gave.
func (w *watcher) advanceTo(now event.Micros, names []string) error {
	revisions, err := w.watch.Advance(now)
	if err != nil {
		return err
	}
	more, err := w.early(now)
	if err != nil {
		return err
	}
	counts := w.watch.Counts()
	w.beyond.Store(counts.Beyond)
	w.twice.Store(counts.Duplicates)
	w.lookFaults()
	for _, list := range [][]live.Revision{revisions, more} {
		for i := range list {
			if err := w.tell(&list[i], names); err != nil {
				return err
			}
		}
	}
	return nil
}

// early looks at what was found as often as it costs little, while what comes is of the moment: whoever must act should not wait for the
// next minute. While the watch catches up it is looked at by the records' time alone, so that a watch made anew says what the first one said.
func (w *watcher) early(now event.Micros) ([]live.Revision, error) {
	begun := time.Now()
	if w.s.teller == nil || begun.Sub(now.Time()) > liveWhile || begun.Sub(w.looked) < max(tickEvery, lookShare*w.cost) {
		return nil, nil
	}
	revisions, err := w.watch.Look()
	w.looked = time.Now()
	w.cost = w.looked.Sub(begun)
	return revisions, err
}
