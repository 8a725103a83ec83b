// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/detect/live"
	"github.com/sekisho/sekisho/detectors"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
	"github.com/sekisho/sekisho/intake/listen"
	"github.com/sekisho/sekisho/vault/sealed"
)

// watcher follows the vault, reads its records and shows them to the live watch. Only what was shown moves its place; a restart begins where
// it was saved last, and reads what came shortly before once more, so that lines that belong together find each other.
type watcher struct {
	s       *server
	o       *Options
	know    *knower
	intel   *intelligence
	all     []formats.Format
	order   []*formats.Format
	watch   *live.Watch
	inputs  map[string]*liveInput
	names   []string                    // of sources, by number
	follows map[string]listen.FileState // how far followed files are sealed
	rules   *ruleReader                 // nil: no rule is for records under the names of their product
	part    *portion                    // that is being filled
	lane    *lane                       // nil: what is read is looked at before more is
	hits    []event.Event               // what rules match of the record at hand
	tell    func(r *live.Revision, names []string) error
	mark    func(o *overlap)  // nil: nobody is told of what was sent again
	numbers map[string]uint32 // of sources that were known before this start
	room    []event.Sighting
	repeats *repeats

	from, next event.Position // records before from are read, and not shown again
	warm       []savedAt      // where earlier saves stood
	clock      event.Micros
	saved      time.Time
	looked     time.Time     // when what was found was looked at last, besides when it must be
	cost       time.Duration // of that look

	at       atomic.Int64 // next, for others
	parsed   atomic.Int64
	unparsed atomic.Int64
	events   atomic.Int64
	matches  atomic.Int64
	beyond   atomic.Int64
	repeated atomic.Int64
	twice    atomic.Int64
	alive    atomic.Int64 // when it went on last, in Unix seconds
}

// liveInput is what is known of one source.
type liveInput struct {
	number uint32
	clock  *formats.Clock
	env    *formats.Env
	reader *formats.Reader
	view   *viewer // for rules
}

// savedAt is a place in the vault and when what stood there was received.
type savedAt struct {
	Next event.Position `json:"next"`
	At   event.Micros   `json:"at"`
}

// watchPlace is what a save keeps of the reader.
type watchPlace struct {
	Next event.Position `json:"next"`
	Warm []savedAt      `json:"warm,omitempty"`
	// Sources are the names of sources by their number: evidence that was kept before a restart names them by it.
	Sources []string `json:"sources,omitempty"`
	// Follows is how far followed files were sealed by then.
	Follows map[string]listen.FileState `json:"follows,omitempty"`
}

const (
	saveEvery   = time.Minute
	warmFor     = 10 * time.Minute // of received records that are read again after a restart
	tickEvery   = 200 * time.Millisecond
	holdLeast   = 250 * time.Millisecond // that records are held back, where they come sooner
	heldMemory  = 160 << 20              // bytes of them
	reviseEvery = 10 * time.Second       // where a replay takes little
	liveWhile   = 5 * time.Second
	lookShare   = 10 // of the time, one part for looking at what was found
)

func newWatcher(s *server) (*watcher, error) {
	p := s.o.Profile
	w := &watcher{s: s, o: &Options{Profile: p}, inputs: map[string]*liveInput{}, follows: map[string]listen.FileState{}, numbers: map[string]uint32{}, repeats: newRepeats(), part: &portion{}}
	if s.teller != nil {
		w.tell = s.teller.tell
		w.mark = func(o *overlap) { s.sealOwn("overlap", o) }
	}
	var err error
	if w.all, err = knownFormats(p, ""); err != nil {
		return nil, err
	}
	w.order = pointers(w.all)
	if err := CheckExceptions(p); err != nil {
		return nil, err
	}
	if w.know, err = newKnower(w.o, nil); err != nil {
		return nil, err
	}
	if w.intel, err = readIntel(context.Background(), profileIntel(w.o), w.o.zone()); err != nil {
		return nil, err
	}
	build, err := s.build()
	if err != nil {
		return nil, fmt.Errorf("node: what findings depend on: %w", err)
	}
	dir := filepath.Join(s.o.Config.Data, "watch")
	w.rules = s.rules.reader(w.give)
	lo := live.Options{Dir: dir, Detectors: s.rules.specs(detectors.All()), Site: siteOf(w.know, w.o), Build: build, Hold: holdLeast, Memory: heldMemory, Revise: reviseEvery, Issue: s.o.issue}
	var place []byte
	w.watch, place, err = live.Open(lo)
	if errors.Is(err, live.ErrOtherBuild) {
		aside := dir + "-" + time.Now().UTC().Format("20060102-150405")
		if err = os.Rename(dir, aside); err != nil {
			return nil, fmt.Errorf("node: put the watch of another build aside: %w", err)
		}
		s.log.Info("the program or the description of the institute changed: everything in the vault is watched anew", "before", aside)
		w.watch, place, err = live.Open(lo)
	}
	if err != nil {
		return nil, err
	}
	if len(place) > 0 {
		var at watchPlace
		if err := json.Unmarshal(place, &at); err != nil {
			return nil, fmt.Errorf("node: the watch's place in the vault: %w", err)
		}
		if end := s.vault.Status().Next; at.Next > end {
			return nil, fmt.Errorf("node: the watch stands at record %d, and the vault ends before %d: it is not the vault that was watched, or lost its end; verify it, and move %s away to watch it from its beginning", at.Next, end, dir)
		}
		w.from, w.next, w.warm = at.Next, at.Next, at.Warm
		maps.Copy(w.follows, at.Follows)
		w.names = at.Sources
		for i, name := range w.names {
			w.numbers[name] = uint32(i)
		}
		if len(w.warm) > 0 {
			w.next = w.warm[0].Next
		}
	}
	if len(w.warm) == 0 {
		w.warm = []savedAt{{w.next, event.Of(time.Now())}}
	}
	w.at.Store(int64(w.next))
	if len(s.o.Config.Follow) == 0 || s.ready.Load() { // files are followed already
		return w, nil
	}
	return w, w.followed(w.from)
}

// followed takes how far files are sealed from what stands in the vault from a position on.
func (w *watcher) followed(from event.Position) error {
	r, err := w.s.vault.Reader(from)
	if err != nil {
		return err
	}
	defer r.Close()
	for {
		_, records, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("node: how far files were followed: %w", err)
		}
		for i := range records {
			if err := w.ours(&records[i]); err != nil {
				return err
			}
		}
	}
}

// ours looks at a record that the live system sealed for itself.
func (w *watcher) ours(rec *event.Received) error {
	if rec.Source != ourSource || rec.From != listen.FollowFrom {
		return nil
	}
	var one struct {
		Follow listen.FileState `json:"follow"`
	}
	if err := json.Unmarshal(rec.Data, &one); err != nil {
		return fmt.Errorf("node: how far a file was followed: %w", err)
	}
	w.follows[one.Follow.Path] = one.Follow
	return nil
}

// run follows the vault until ctx ends.
func (w *watcher) run(ctx context.Context) error {
	r, err := w.s.vault.Follow(w.next)
	if err != nil {
		return err
	}
	defer r.Close()
	w.begin()
	err = w.follow(ctx, r)
	if ended := w.end(); err == nil {
		err = ended
	}
	return err
}

// follow reads what stands in the vault and what comes, until ctx ends.
func (w *watcher) follow(ctx context.Context, r *sealed.Reader) error {
	w.saved = time.Now()
	for {
		some, cancel := context.WithTimeout(ctx, tickEvery)
		first, records, err := r.Next(some)
		cancel()
		w.alive.Store(time.Now().Unix())
		switch {
		case err == nil:
			if err := w.take(first, records); err != nil {
				return err
			}
		case ctx.Err() != nil, errors.Is(err, io.EOF):
			return w.save()
		case errors.Is(err, context.DeadlineExceeded): // nothing came: time goes on
			if err := w.advance(event.Of(time.Now())); err != nil {
				return err
			}
		default:
			return err
		}
		if time.Since(w.saved) >= saveEvery {
			if err := w.save(); err != nil {
				return err
			}
		}
	}
}

// take reads records that stand in the vault from first on. While it catches up, the time is that at which they were received, so that a
// watch made anew concludes what the first one did.
func (w *watcher) take(first event.Position, records []event.Received) error {
	for i := range records {
		rec := &records[i]
		at := first + event.Position(i)
		if at < w.next {
			continue
		}
		w.next = at + 1
		if rec.Source == ourSource {
			if err := w.ours(rec); err != nil {
				return err
			}
			continue
		}
		now := w.repeats.pass(rec, at)
		if err := w.late(rec.At, repeatPatient, at); err != nil {
			return err
		}
		if now {
			if err := w.one(rec, at, at); err != nil {
				return err
			}
		}
		if at < w.from {
			continue
		}
		if w.clock == 0 {
			w.clock = rec.At
		}
		if rec.At.Sub(w.clock) >= tickEvery {
			if err := w.advance(rec.At); err != nil {
				return err
			}
		}
	}
	return w.hand(0, nil)
}

// one reads a record, and shows what it says unless the record at hand was shown before the restart.
func (w *watcher) one(rec *event.Received, at, hand event.Position) error {
	w.read(rec, at)
	if hand < w.from {
		w.part.batch.Reset()
		return nil
	}
	if len(w.part.batch.Events) >= batchEvents {
		return w.show()
	}
	return nil
}

// late reads what was held back and is not sent again, and tells of what was. A repetition that was found before the restart is not told once more.
func (w *watcher) late(now, patience event.Micros, hand event.Position) error {
	for _, h := range w.repeats.due(now, patience) {
		if err := w.one(&h.rec, h.pos, hand); err != nil {
			return err
		}
	}
	for i := range w.repeats.found {
		if o := &w.repeats.found[i]; hand >= w.from {
			w.repeated.Add(int64(o.Records))
			if w.mark != nil {
				w.mark(o)
			}
		}
	}
	w.repeats.found = w.repeats.found[:0]
	return nil
}

// read makes events of one record.
func (w *watcher) read(rec *event.Received, at event.Position) {
	in := w.input(rec)
	in.reader.SetInput(in.number)
	one := rec.Record
	one.Line, one.Offset = int64(at)+1, 0 // the record's place in the vault, counted from one
	n, assumed := len(w.part.batch.Events), in.clock.AssumedYear
	err := in.reader.Read(&one, &w.part.batch)
	if err != nil {
		w.unparsed.Add(1)
	} else {
		w.parsed.Add(1)
		if in.clock.AssumedYear != assumed {
			w.rightYear(in, w.part.batch.Events[n:], rec.At)
		}
	}
	w.rule(in, &one, err, n)
}

// rightYear puts events without a year of their own into the one that is nearest to when they were received.
func (w *watcher) rightYear(in *liveInput, events []event.Event, at event.Micros) {
	const half = 183 * 24 * time.Hour
	for i := range events {
		by := 0
		switch d := events[i].Time.Sub(at); {
		case d > half:
			by = -1
		case d < -half:
			by = 1
		default:
			continue
		}
		events[i].Time = event.Of(events[i].Time.Time().AddDate(by, 0, 0))
		in.clock.Begin(in.clock.Zone, at.Time().Year(), in.clock.Offset)
	}
}

// input returns what is known of a record's source.
func (w *watcher) input(rec *event.Received) *liveInput {
	in := w.inputs[rec.Source]
	if in != nil {
		return in
	}
	settings := w.o.Profile.Settings(rec.Source)
	zone := settings.Zone
	if zone == nil {
		zone = w.o.zone()
	}
	number, known := w.numbers[rec.Source]
	if !known {
		number = uint32(len(w.names))
		w.names = append(w.names, rec.Source)
	}
	in = &liveInput{number: number, clock: &formats.Clock{}}
	in.clock.Begin(zone, rec.At.Time().Year(), settings.ClockOffset)
	order := w.order
	if f, ok := formats.Named(w.all, settings.Format); ok {
		order = append([]*formats.Format{f}, order...)
		for i := 1; i < len(order); i++ {
			if order[i] == f {
				order = append(order[:i:i], order[i+1:]...)
			}
		}
	}
	in.env = &formats.Env{Clock: in.clock, Intern: formats.NewInterner(), Host: settings.Host}
	in.reader = formats.NewReader(order, in.env)
	w.inputs[rec.Source] = in
	w.part.inputs = append(w.part.inputs, &input{number: in.number, settings: settings})
	return in
}

// show hands what was read to the watch.
func (w *watcher) show() error {
	if len(w.part.batch.Events) == 0 {
		return nil
	}
	return w.hand(0, nil)
}

// advance says what time it is, and tells what that gave.
func (w *watcher) advance(now event.Micros) error {
	if w.next < w.from {
		return nil
	}
	if err := w.late(now, repeatTicking, w.next); err != nil {
		return err
	}
	w.clock = max(w.clock, now)
	return w.hand(w.clock, nil)
}

// save makes everything that was shown durable.
func (w *watcher) save() error {
	w.saved = time.Now()
	if w.next < w.from {
		return nil // still reading what is known
	}
	w.warm = append(w.warm, savedAt{w.next, event.Of(w.saved)})
	for len(w.warm) > 1 && w.warm[len(w.warm)-1].At.Sub(w.warm[1].At) >= warmFor {
		w.warm = w.warm[1:]
	}
	place, err := json.Marshal(watchPlace{w.next, w.warm, w.names, w.follows})
	if err != nil {
		return err
	}
	return w.hand(0, place)
}

func (w *watcher) close() error { return w.watch.Close() }
