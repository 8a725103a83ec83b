// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"slices"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// slots are the sightings that were shown, by slot of event time, as far back as detectors can be taken.
type slots struct {
	by map[int64]*slot
}

type slot struct {
	Slot int64
	tail
}

// slotLong is how much event time a slot holds. It is as long as records may be held back: a record that comes later than most takes
// the detectors back by little more than that.
const slotLong = event.Micros(600e6)

func slotOf(t event.Micros) int64 {
	h := int64(t / slotLong)
	if t%slotLong < 0 {
		h--
	}
	return h
}

func (hs *slots) add(f *files, h int64, batch []*kept) error {
	x := hs.by[h]
	if x == nil {
		x = &slot{Slot: h}
		hs.by[h] = x
	}
	for _, k := range batch {
		if err := x.add(f, *k); err != nil {
			return err
		}
	}
	return nil
}

// flush brings everything into the files.
func (hs *slots) flush(f *files) error {
	for _, x := range hs.by {
		if err := x.flush(f); err != nil {
			return err
		}
		x.open = nil // most slots are over: there are hundreds, and each would keep room for a block
	}
	return nil
}

func (hs *slots) sorted() []*slot {
	out := make([]*slot, 0, len(hs.by))
	for _, x := range hs.by {
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b *slot) int { return int(max(-1, min(1, a.Slot-b.Slot))) })
	return out
}

// snapshot is the state of all detectors when everything before At had been shown: nothing, for the beginning.
type snapshot struct {
	At     event.Micros
	States []stored // one a detector; nil at the beginning
}

// stored is a state in a file.
type stored struct {
	Name     string
	At, Size int64
	Unpacked int64
	Sum      uint32
}

// Snapshots are taken at most so often and so seldom. Between them lie at least as many sightings as cost what a snapshot costs.
const (
	snapBytes  = 64             // of a snapshot, for each sighting since the last one
	snapFine   = 36 * slotLong  // snapshots of the last six hours are all kept
	snapCoarse = int64(36)      // before that, one in six hours
	stateMost  = int64(4) << 30 // bytes of a state that are unpacked at most
)

// boundary is called before the first sighting of a slot.
func (w *Watch) boundary(h int64) error {
	if w.engine.Last() == never || w.since*snapBytes < w.cost {
		return nil
	}
	states, err := w.save(nil)
	if err != nil {
		return err
	}
	w.snaps = append(w.snaps, snapshot{event.Micros(h) * slotLong, states})
	w.counts.Snapshots++
	w.since = 0
	return nil
}

// save writes the states of some detectors, nil for all, into a new file.
func (w *Watch) save(which []int) ([]stored, error) {
	if which == nil {
		for i := range w.engine.Len() {
			which = append(which, i)
		}
	}
	name := w.files.name("state")
	file, err := os.OpenFile(w.files.path(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("live: write states: %w", err)
	}
	defer file.Close()
	var out []stored
	at := int64(0)
	for _, i := range which {
		raw, err := w.engine.Save(i)
		if err != nil {
			return nil, err
		}
		b := s2.Encode(nil, raw)
		if _, err := file.Write(b); err != nil {
			return nil, fmt.Errorf("live: write states: %w", err)
		}
		out = append(out, stored{name, at, int64(len(b)), int64(len(raw)), crc32.Checksum(b, castagnoli)})
		at += int64(len(b))
	}
	if len(which) == w.engine.Len() {
		w.cost = at
	}
	return out, file.Close()
}

// load takes the i-th detector to a stored state.
func (w *Watch) load(i int, s stored) error {
	file, err := os.Open(w.files.path(s.Name))
	if err != nil {
		return fmt.Errorf("live: read a state: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("live: read a state: %w", err)
	}
	if s.Size < 0 || s.At < 0 || s.Size > info.Size() || s.Unpacked > stateMost {
		return fmt.Errorf("%w: %s: a length that cannot be", ErrDamaged, s.Name)
	}
	b := make([]byte, s.Size)
	if _, err := file.ReadAt(b, s.At); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, s.Name, err)
	}
	if n, err := s2.DecodedLen(b); err != nil || int64(n) != s.Unpacked || crc32.Checksum(b, castagnoli) != s.Sum {
		return fmt.Errorf("%w: %s: the sum is wrong", ErrDamaged, s.Name)
	}
	raw, err := s2.Decode(nil, b)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, s.Name, err)
	}
	return w.engine.Load(i, raw, w.accounts.find)
}

// prune forgets what no record that may still come can need, and thins what is old.
func (w *Watch) prune() {
	final := min(w.final(), w.lateFrom)
	base := 0
	for i := range w.snaps {
		if w.snaps[i].At <= final {
			base = i
		}
	}
	w.snaps = slices.Delete(w.snaps, 0, base)
	left := w.snaps[:1]
	for _, s := range w.snaps[1:] {
		if s.At < w.mark-snapFine && slotOf(s.At)/snapCoarse == slotOf(left[len(left)-1].At)/snapCoarse {
			continue
		}
		left = append(left, s)
	}
	clear(w.snaps[len(left):])
	w.snaps = left
	if at := w.snaps[0].At; at != never {
		for h := range w.slots.by {
			if h < slotOf(at) {
				delete(w.slots.by, h)
			}
		}
	}
}

// replayPause is how long no other replay begins, for each sighting of the last one: by estimate some fifteen times what it takes, so that late
// records do not take more than a small part of the time.
const replayPause = 100 * time.Microsecond

// revise puts late records in their places, takes the detectors that read their classes back to before them, and shows these
// everything since again.
func (w *Watch) revise() error {
	w.revised = w.now
	if len(w.late) == 0 {
		return nil
	}
	if err := w.slots.flush(&w.files); err != nil {
		return err
	}
	order(w.late)
	late := w.late
	from, classes := event.Micros(0), detect.ClassSet(0)
	for len(late) > 0 {
		h, n := slotOf(late[0].Event.Time), 1
		for n < len(late) && slotOf(late[n].Event.Time) == h {
			n++
		}
		first, in, err := w.insert(h, late[:n])
		if err != nil {
			return err
		}
		if in != 0 && classes == 0 {
			from = first
		}
		classes |= in
		late = late[n:]
	}
	w.late, w.lateSize, w.lateFrom = nil, 0, math.MaxInt64
	if classes == 0 {
		return nil
	}
	var which []int
	for i := range w.engine.Len() {
		if w.engine.Reads(i)&classes != 0 {
			which = append(which, i)
		}
	}
	before := w.counts.Replayed
	err := w.again(from, which)
	w.pause = time.Duration(w.counts.Replayed-before) * replayPause
	return err
}

// insert puts late records of one slot among those that were shown. It returns the time of the first one that was not there yet, and the
// classes of all such.
func (w *Watch) insert(h int64, late []*waiting) (first event.Micros, classes detect.ClassSet, err error) {
	x := w.slots.by[h]
	if x == nil {
		x = &slot{Slot: h}
		w.slots.by[h] = x
	}
	all := &merged{}
	there := &counted{}
	if x.Name != "" {
		b, err := w.files.read(x.Name, x.Size, w.accounts.find, everyClass)
		if err != nil {
			return 0, 0, err
		}
		defer b.close()
		there.from = b
	}
	fresh := &counted{from: &memory{list: late}}
	all.from = []stream{there, fresh}
	var t tail
	for {
		// What of two equal ones is taken is the one with the earlier place: a late one may take the place of one that was shown.
		k, err := all.next()
		if err != nil {
			return 0, 0, err
		}
		if k == nil {
			break
		}
		if fresh.gave(k) {
			if classes == 0 {
				first = k.Event.Time
			}
			classes |= 1 << k.Event.Class
			w.counts.Late++
			if k.Event.Time > w.engine.Last() {
				w.engine.Resume(k.Event.Time)
			}
		}
		if err := t.add(&w.files, *k); err != nil {
			return 0, 0, err
		}
	}
	w.counts.Duplicates += all.twice
	w.counts.Seen += t.Count - x.Count
	if classes == 0 {
		return 0, 0, nil // what was written is removed with the next checkpoint
	}
	err = t.flush(&w.files)
	x.tail = t
	w.slot = max(w.slot, h) // it has begun: no snapshot can be taken before it any more
	return first, classes, err
}

// counted is a stream that knows what it gave.
type counted struct {
	from stream
	seen [2]*kept // its last two: the merging is one ahead
}

func (c *counted) next() (*kept, error) {
	if c.from == nil {
		return nil, nil
	}
	k, err := c.from.next()
	c.seen[0], c.seen[1] = c.seen[1], k
	return k, err
}

func (c *counted) gave(k *kept) bool { return k == c.seen[0] || k == c.seen[1] }

// again takes detectors back to the last snapshot that is not later than from, and shows them everything since. Later snapshots are made
// anew where they hold these detectors' states.
func (w *Watch) again(from event.Micros, which []int) error {
	w.counts.Replays++
	base := 0
	for i := range w.snaps {
		if w.snaps[i].At <= from {
			base = i
		}
	}
	for _, i := range which {
		if s := w.snaps[base]; s.States == nil {
			w.engine.Renew(i, w.o.Site)
		} else if err := w.load(i, s.States[i]); err != nil {
			return err
		}
	}
	next := base + 1
	for _, x := range w.slots.sorted() {
		if at := event.Micros(x.Slot) * slotLong; at < w.snaps[base].At {
			continue
		}
		for next < len(w.snaps) && slotOf(w.snaps[next].At) <= x.Slot {
			states, err := w.save(which)
			if err != nil {
				return err
			}
			old := slices.Clone(w.snaps[next].States)
			for k, i := range which {
				old[i] = states[k]
			}
			w.snaps[next].States = old
			next++
		}
		if err := w.replay(x, which); err != nil {
			return err
		}
	}
	return nil
}

func (w *Watch) replay(x *slot, which []int) error {
	var wanted detect.ClassSet
	for _, i := range which {
		wanted |= w.engine.Reads(i)
	}
	b, err := w.files.read(x.Name, x.Size, w.accounts.find, wanted)
	if err != nil {
		return err
	}
	defer b.close()
	for {
		more, err := b.load()
		if err != nil {
			return fmt.Errorf("%w: %s: %w", ErrDamaged, x.Name, err)
		}
		if !more {
			return nil
		}
		w.room = w.room[:0]
		for i := range b.all {
			w.room = append(w.room, b.all[i].sighting())
		}
		w.engine.Again(w.room, w.o.Cores, which)
		w.counts.Replayed += int64(len(b.all))
	}
}
