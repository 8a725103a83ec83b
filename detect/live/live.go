// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package live runs detectors on records as they come: in batches, in any order, some of them days late. What it concludes in the end
// is what one replay of the same records in order concludes.
//
// A Watch holds records back, for as long as nearly all of them take to come and for ten minutes at most, sorts them, and shows them to the
// engine of package detect. It keeps the sightings of the last two days on disk, and the state of all detectors at some moments of these
// days. A record that comes later, but within the two days, takes the detectors that read its class back to the last such moment before it,
// and shows them everything since again. What comes later still is counted, named and kept apart for a whole replay; it is never dropped
// in silence, and never changes what was final.
//
// Each finding has an identity and numbered revisions: when it was first issued, what changed, whether it was taken back, and whether
// it is final, which is when all records that it rests on are older than the two days.
//
//	w, position, err := live.Open(live.Options{Dir: dir, Detectors: detectors.All(), Site: site, Build: build})
//	err = w.Add(sightings)             // in any order
//	revisions, err := w.Advance(now)   // every second or so
//	err = w.Save(position)             // every few minutes: after a kill, records from position on are added again
package live

import (
	"fmt"
	"math"
	"os"
	"time"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// Options says how to watch. Dir and Detectors must be set. Only Late, Ahead and Build may change what is found.
type Options struct {
	Dir       string // of its own, mode 0700: sightings, states and revisions
	Detectors []detect.Spec
	Site      detect.Site
	// Build names everything besides the records that findings depend on: program, detectors, the institute's description. A folder of
	// another build is not taken up.
	Build string

	Window time.Duration // that records are held back at most to be put in order; default 10 minutes
	Hold   time.Duration // that they are held back at least, where they come sooner; default Window
	Late   time.Duration // that a record may be late; default 48 hours
	Ahead  time.Duration // that a record may be dated later than the moment; default 48 hours
	Revise time.Duration // between two replays because of late records, at least; default 10 minutes
	Issue  time.Duration // between two looks at what was found; default one minute
	Growth time.Duration // between two revisions of a finding that only grew; default one hour
	Memory int64         // bytes of records that wait in memory; default 64 MiB
	Cores  int           // default 1
}

func (o *Options) defaults() {
	for _, d := range []struct {
		at  *time.Duration
		own time.Duration
	}{{&o.Window, 10 * time.Minute}, {&o.Late, 48 * time.Hour}, {&o.Ahead, 48 * time.Hour}, {&o.Revise, 10 * time.Minute}, {&o.Issue, time.Minute}, {&o.Growth, time.Hour}} {
		if *d.at == 0 {
			*d.at = d.own
		}
	}
	if o.Hold == 0 {
		o.Hold = o.Window
	}
	if o.Memory <= 0 {
		o.Memory = 64 << 20
	}
	o.Cores = max(o.Cores, 1)
}

// Counts says what became of the records.
type Counts struct {
	Added      int64
	Seen       int64 // shown to the detectors, each once
	Duplicates int64 // the same event, exported more than once
	Late       int64 // later than the window, and put in their place
	Beyond     int64 // later than Late, or dated further ahead than Ahead: kept apart
	BeyondBy   []Beyond
	Replays    int64 // because of late records
	Replayed   int64 // sightings shown again
	Snapshots  int64
}

// Beyond counts the records of one format that came too late to be watched, or too early.
type Beyond struct {
	Format      string
	Records     int64
	First, Last event.Micros
}

// Watch is a live watch. It is owned by one goroutine.
type Watch struct {
	o      Options
	engine *detect.Engine
	files  files

	accounts table
	pending  pending
	slots    slots
	delays   delays
	late     []*waiting
	lateSize int64
	lateFrom event.Micros // the earliest of them
	snaps    []snapshot   // in order of time; the first is as old as the oldest record that may still come
	slot     int64        // of the last sighting
	since    int64        // sightings since the last snapshot
	cost     int64        // bytes of the last snapshot

	mark    event.Micros // everything before it was shown
	now     event.Micros
	revised event.Micros
	pause   time.Duration // that the last replay asks for before the next
	looked  event.Micros
	issued  issues
	beyond  tail
	counts  Counts
	room    []event.Sighting
}

const never event.Micros = math.MinInt64

// start returns a watch that has seen nothing.
func start(o Options) (*Watch, error) {
	o.defaults()
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("live: make the folder: %w", err)
	}
	f, err := newFiles(o.Dir)
	if err != nil {
		return nil, err
	}
	w := &Watch{o: o, engine: detect.NewEngine(o.Detectors, o.Site), files: f, accounts: newTable(), slots: slots{by: map[int64]*slot{}}, issued: newIssues(), mark: never, now: never, revised: never, looked: never,
		slot: math.MinInt64, lateFrom: math.MaxInt64, snaps: []snapshot{{At: never}}}
	return w, nil
}

// Add takes records in any order. What is no longer to be watched is counted and kept apart.
func (w *Watch) Add(batch []event.Sighting) error {
	for i := range batch {
		s := &batch[i]
		w.counts.Added++
		switch {
		case w.mark == never:
		case s.Time < w.final(), w.now != never && s.Time >= w.now.Add(w.o.Ahead):
			if err := w.apart(s); err != nil {
				return err
			}
			continue
		case s.Time < w.mark:
			x := w.waiting(s)
			w.delays.count(w.now, x, w.o.Window)
			w.late = append(w.late, x)
			w.lateSize += x.size()
			w.lateFrom = min(w.lateFrom, s.Time)
			continue
		}
		x := w.waiting(s)
		if w.now != never {
			w.delays.count(w.now, x, w.o.Window)
		}
		if err := w.pending.add(w, x); err != nil {
			return err
		}
	}
	if w.lateSize > w.o.Memory {
		return w.revise()
	}
	return nil
}

// final returns the moment before which nothing is taken any more.
func (w *Watch) final() event.Micros {
	if w.mark < never+event.Micros(w.o.Late/time.Microsecond) {
		return never
	}
	return w.mark.Add(-w.o.Late)
}

// apart keeps a record that came too late, or is dated too far ahead.
func (w *Watch) apart(s *event.Sighting) error {
	w.counts.Beyond++
	const most = 256 // formats that are named
	var b *Beyond
	for i := range w.counts.BeyondBy {
		if w.counts.BeyondBy[i].Format == s.Format {
			b = &w.counts.BeyondBy[i]
		}
	}
	if b == nil && len(w.counts.BeyondBy) < most {
		w.counts.BeyondBy = append(w.counts.BeyondBy, Beyond{Format: s.Format, First: s.Time, Last: s.Time})
		b = &w.counts.BeyondBy[len(w.counts.BeyondBy)-1]
	}
	if b != nil {
		b.Records++
		b.First, b.Last = min(b.First, s.Time), max(b.Last, s.Time)
	}
	return w.beyond.add(&w.files, w.waiting(s).kept)
}

// Advance says what time it is: records dated before now less the time that they are held back are put in order and shown to the detectors.
// It returns the revisions of findings that this gave. A moment before the last one changes nothing.
func (w *Watch) Advance(now event.Micros) ([]Revision, error) {
	if now < w.now {
		return nil, nil
	}
	w.now = now
	if len(w.late) > 0 && (w.revised == never || now.Sub(w.revised) >= max(w.o.Revise, w.pause)) {
		if err := w.revise(); err != nil {
			return nil, err
		}
	}
	hold := w.o.Window
	if w.o.Hold < w.o.Window {
		hold = w.delays.hold(now, &w.o)
	}
	if mark := now.Add(-hold); mark > w.mark {
		if err := w.pending.take(w, mark); err != nil {
			return nil, err
		}
		w.mark = mark
		w.prune()
	}
	if w.looked != never && now.Sub(w.looked) < w.o.Issue {
		return nil, nil
	}
	return w.Look()
}

// Look returns the revisions that what was shown by the last moment gave, without waiting for the next time to look: for those who want to know
// at once, and know what a look costs.
func (w *Watch) Look() ([]Revision, error) {
	if w.now == never {
		return nil, nil
	}
	w.looked = w.now
	return w.issue(w.now)
}

// Finish shows the detectors everything that waits and returns what a replay of all records would conclude at their end, without those
// that were kept apart. The watch goes on afterwards from the last record: it is for the end of a test, or of an input.
func (w *Watch) Finish() ([]event.Finding, error) {
	if err := w.revise(); err != nil {
		return nil, err
	}
	if err := w.pending.take(w, math.MaxInt64); err != nil {
		return nil, err
	}
	w.mark = max(w.mark, w.engine.Last()+1)
	return w.engine.Findings(), nil
}

// Counts returns what became of the records so far.
func (w *Watch) Counts() Counts {
	c := w.counts
	c.BeyondBy = append([]Beyond(nil), c.BeyondBy...)
	return c
}

// Health returns how each detector fares.
func (w *Watch) Health() []detect.Health { return w.engine.Health() }

// show gives sightings in canonical order, all later than those before, to the slots and to the detectors.
func (w *Watch) show(batch []*kept) error {
	for len(batch) > 0 {
		h := slotOf(batch[0].Event.Time)
		if h != w.slot {
			if err := w.boundary(h); err != nil {
				return err
			}
			w.slot = h
		}
		n := 1
		for n < len(batch) && slotOf(batch[n].Event.Time) == h {
			n++
		}
		if err := w.slots.add(&w.files, h, batch[:n]); err != nil {
			return err
		}
		if err := w.engine.ObserveAll(w.sightings(batch[:n]), w.o.Cores); err != nil {
			return err
		}
		w.since += int64(n)
		w.counts.Seen += int64(n)
		batch = batch[n:]
	}
	return nil
}

// sightings makes of kept ones what detectors look at; they are valid until the next call.
func (w *Watch) sightings(batch []*kept) []event.Sighting {
	w.room = w.room[:0]
	for _, k := range batch {
		w.room = append(w.room, k.sighting())
	}
	return w.room
}
