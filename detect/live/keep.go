// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// ErrOtherBuild is returned for a folder that another build wrote, or one with another description of the institute: what it holds must
// be made anew from the records, in an empty folder.
var ErrOtherBuild = errors.New("live: the folder is that of another build")

// checkpoint is everything that a watch is, with the files that hold the rest.
type checkpoint struct {
	Position []byte
	Made     int64

	Mark, Now, Revised, Looked, Last event.Micros
	Slot, Since, Cost                int64

	Accounts []*event.Account
	Slots    []savedTail
	Runs     []savedTail
	Late     savedTail
	Beyond   savedTail
	Snaps    []snapshot
	States   []stored
	Issued   []issued
	Log      int64
	Counts   Counts
}

// savedTail is a file of sightings, as far as it belongs to the checkpoint.
type savedTail struct {
	Slot        int64 // of the slots
	Name        string
	Size, Count int64
	Taken       int64 // of the runs
}

const (
	checkpointFile  = "checkpoint"
	checkpointMagic = "sekisho.live/1\n"
)

// own says whether a file of the folder is one that a watch makes and removes.
func own(name string) bool {
	return strings.HasPrefix(name, "sightings-") || strings.HasPrefix(name, "state-") || name == checkpointFile+".new"
}

// Save makes everything so far durable, together with the position in the input behind what was added. Revisions that were
// returned after the last Save and before a kill are made again, with the same identities and numbers.
func (w *Watch) Save(position []byte) error {
	c := checkpoint{Position: position, Mark: w.mark, Now: w.now, Revised: w.revised, Looked: w.looked, Last: w.engine.Last(), Slot: w.slot, Since: w.since, Cost: w.cost,
		Accounts: w.accounts.list, Snaps: w.snaps, Log: w.issued.size}
	if err := w.pending.spill(w); err != nil {
		return err
	}
	if err := w.slots.flush(&w.files); err != nil {
		return err
	}
	if err := w.beyond.flush(&w.files); err != nil {
		return err
	}
	var late tail
	order(w.late)
	for i := range w.late {
		if err := late.add(&w.files, w.late[i].kept); err != nil {
			return err
		}
	}
	if err := late.flush(&w.files); err != nil {
		return err
	}
	states, err := w.save(nil)
	if err != nil {
		return err
	}
	c.States, c.Late, c.Beyond = states, savedTail{Name: late.Name, Size: late.Size, Count: late.Count}, savedTail{Name: w.beyond.Name, Size: w.beyond.Size, Count: w.beyond.Count}
	for _, x := range w.slots.sorted() {
		c.Slots = append(c.Slots, savedTail{Slot: x.Slot, Name: x.Name, Size: x.Size, Count: x.Count})
	}
	for _, r := range w.pending.runs {
		c.Runs = append(c.Runs, savedTail{Name: r.Name, Size: r.Size, Taken: r.Taken})
	}
	for _, is := range w.issued.by {
		c.Issued = append(c.Issued, *is)
	}
	c.Counts, c.Made = w.counts, w.files.made
	used := c.files()
	for name := range used {
		if err := w.files.durable(name); err != nil {
			return err
		}
	}
	if err := w.files.sync(revisionsFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := w.files.checkpoint(&c, w.o.Build); err != nil {
		return err
	}
	return w.files.remove(used)
}

// files returns the names of the files that a checkpoint leans on.
func (c *checkpoint) files() map[string]bool {
	used := map[string]bool{c.Late.Name: true, c.Beyond.Name: true}
	for _, h := range c.Slots {
		used[h.Name] = true
	}
	for _, r := range c.Runs {
		used[r.Name] = true
	}
	for _, s := range c.States {
		used[s.Name] = true
	}
	for _, s := range c.Snaps {
		for _, st := range s.States {
			used[st.Name] = true
		}
	}
	delete(used, "")
	return used
}

// durable syncs a file that grew since it was synced last.
func (f *files) durable(name string) error {
	info, err := os.Stat(f.path(name))
	if err != nil {
		return fmt.Errorf("live: save: %w", err)
	}
	if size, ok := f.synced[name]; ok && size == info.Size() {
		return nil
	}
	if err := f.sync(name); err != nil {
		return err
	}
	f.synced[name] = info.Size()
	return nil
}

func (f *files) sync(name string) error {
	file, err := os.OpenFile(f.path(name), os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("live: save: %w", err)
	}
	defer file.Close()
	if err := file.Sync(); err != nil {
		return fmt.Errorf("live: save: %w", err)
	}
	return file.Close()
}

// checkpoint writes the file that all others hang on, beside the old one, and puts it in its place when it is durable.
func (f *files) checkpoint(c *checkpoint, build string) error {
	plan, err := detect.PlanOf(c)
	if err != nil {
		return err
	}
	head := header(plan, build)
	b, err := plan.Append(bytes.Clone(head), c)
	if err != nil {
		return err
	}
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	name := f.path(checkpointFile)
	if err := os.WriteFile(name+".new", b, 0o600); err != nil {
		return fmt.Errorf("live: save: %w", err)
	}
	if err := f.sync(checkpointFile + ".new"); err != nil {
		return err
	}
	if err := os.Rename(name+".new", name); err != nil {
		return fmt.Errorf("live: save: %w", err)
	}
	dir, err := os.Open(f.dir)
	if err != nil {
		return fmt.Errorf("live: save: %w", err)
	}
	defer dir.Close()
	_ = dir.Sync() // not every system can
	return nil
}

// header stands before a checkpoint: the format, the shape of what follows, and the build.
func header(plan *detect.Plan, build string) []byte {
	shape, b := plan.Shape(), sha256.Sum256([]byte(build))
	return append(append([]byte(checkpointMagic), shape[:]...), b[:]...)
}

// Open takes up the watch of a folder where it was saved last, and returns the position of the input from which records must be added
// again; nil for a folder without one, where the watch begins.
func Open(o Options) (*Watch, []byte, error) {
	w, err := start(o)
	if err != nil {
		return nil, nil, err
	}
	file, err := os.Open(w.files.path(checkpointFile))
	if errors.Is(err, os.ErrNotExist) {
		return w, nil, w.files.remove(nil)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("live: open: %w", err)
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, stateMost))
	if err != nil {
		return nil, nil, fmt.Errorf("live: open: %w", err)
	}
	var c checkpoint
	if err := readCheckpoint(b, o.Build, &c); err != nil {
		return nil, nil, err
	}
	if err := w.resume(&c); err != nil {
		return nil, nil, err
	}
	return w, c.Position, w.files.remove(c.files())
}

func readCheckpoint(b []byte, build string, c *checkpoint) error {
	plan, err := detect.PlanOf(c)
	if err != nil {
		return err
	}
	head := header(plan, build)
	if len(b) < len(head)+4 || !bytes.HasPrefix(b, []byte(checkpointMagic)) {
		return fmt.Errorf("%w: %s", ErrDamaged, checkpointFile)
	}
	body, sum := b[:len(b)-4], binary.BigEndian.Uint32(b[len(b)-4:])
	if crc32.Checksum(body, castagnoli) != sum {
		return fmt.Errorf("%w: %s: the sum is wrong", ErrDamaged, checkpointFile)
	}
	if !bytes.HasPrefix(b, head) {
		return ErrOtherBuild
	}
	if err := plan.Read(body[len(head):], c, nil); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrDamaged, checkpointFile, err)
	}
	return nil
}

// resume puts a checkpoint's content in place, as far as it can be right.
func (w *Watch) resume(c *checkpoint) error {
	for i, a := range c.Accounts {
		if a == nil || a.Handle != uint32(i+1) {
			return fmt.Errorf("%w: %s: the accounts", ErrDamaged, checkpointFile)
		}
		w.accounts.list = append(w.accounts.list, a)
		w.accounts.byID[a.ID] = a
		if !a.Listed {
			w.accounts.strangers++
		}
	}
	for name := range c.files() {
		if !own(name) || strings.ContainsAny(name, "/\\") {
			return fmt.Errorf("%w: %s: the file %q", ErrDamaged, checkpointFile, name)
		}
	}
	w.files.made = c.Made
	w.mark, w.now, w.revised, w.looked = c.Mark, c.Now, c.Revised, c.Looked
	w.slot, w.since, w.cost, w.counts = c.Slot, c.Since, c.Cost, c.Counts
	if len(c.States) != w.engine.Len() || len(c.Snaps) == 0 {
		return fmt.Errorf("%w: %s: the states", ErrDamaged, checkpointFile)
	}
	for i, s := range c.Snaps {
		if s.States != nil && len(s.States) != w.engine.Len() || s.States == nil && i > 0 {
			return fmt.Errorf("%w: %s: the snapshots", ErrDamaged, checkpointFile)
		}
	}
	w.snaps = c.Snaps
	for _, h := range c.Slots {
		w.slots.by[h.Slot] = &slot{h.Slot, tail{Name: h.Name, Size: h.Size, Count: h.Count}}
	}
	for _, r := range c.Runs {
		w.pending.runs = append(w.pending.runs, &run{Name: r.Name, Size: r.Size, Taken: r.Taken})
	}
	w.beyond = tail{Name: c.Beyond.Name, Size: c.Beyond.Size, Count: c.Beyond.Count}
	w.issued.size = c.Log
	for i := range c.Issued {
		w.issued.by[c.Issued[i].Last.ID] = &c.Issued[i]
	}
	for i, s := range c.States {
		if err := w.load(i, s); errors.Is(err, detect.ErrOtherBuild) {
			return fmt.Errorf("%w: %w", ErrOtherBuild, err)
		} else if err != nil {
			return err
		}
	}
	w.engine.Resume(c.Last)
	return w.lateAgain(c.Late)
}

// lateAgain takes up the late records that waited for their replay.
func (w *Watch) lateAgain(t savedTail) error {
	if t.Name == "" {
		return nil
	}
	b, err := w.files.read(t.Name, t.Size, w.accounts.find, everyClass)
	if err != nil {
		return err
	}
	defer b.close()
	for {
		k, err := b.next()
		if err != nil || k == nil {
			return err
		}
		s := k.sighting()
		x := w.waiting(&s)
		w.late = append(w.late, x)
		w.lateSize += x.size()
		w.lateFrom = min(w.lateFrom, k.Event.Time)
	}
}

// Close lets go of the folder. What was not saved is lost and must be added again.
func (w *Watch) Close() error {
	for _, r := range w.pending.runs {
		r.close()
	}
	return nil
}
