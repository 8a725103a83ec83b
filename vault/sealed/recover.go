// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// recover puts right what a crash left: it cuts a torn tail, makes what is not yet signed durable once more, and brings it into the log.
func (l *Log) recover(opened *Opened) (*writer, *follower, error) {
	all, err := listSegments(l.dir)
	if err != nil {
		return nil, nil, err
	}
	signed, err := l.lastCheckpoint(len(all) == 0)
	if err != nil {
		return nil, nil, err
	}
	if len(all) == 0 {
		if signed.Size > 0 {
			return nil, nil, fmt.Errorf("the checkpoint covers %d blocks and there is no segment: restore them from a replica: %w", signed.Size, ErrDamaged)
		}
		w, err := createSegment(l.o.disk, l.dir, l.origin, segment{}, l.o.Now())
		return w, &follower{tree: new(tree), signed: signed}, err
	}
	if err := removePartial(filepath.Join(l.dir, segmentFolder)); err != nil {
		return nil, nil, err
	}
	w, tail, err := l.openTail(all[len(all)-1], signed.Size, opened)
	if err != nil {
		return nil, nil, err
	}
	t, err := l.openTree(all, signed, opened)
	if err == nil {
		f := &follower{tree: t, signed: signed}
		if err = l.heal(f, all, tail, opened); err == nil {
			return w, f, nil
		}
	}
	w.file.Close()
	return nil, nil, err
}

// removePartial removes what was being written when the process died.
func removePartial(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), partial) {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// lastCheckpoint reads the last checkpoint. A new log begins with one of no blocks, so that one that is not there was removed.
func (l *Log) lastCheckpoint(empty bool) (Checkpoint, error) {
	path := filepath.Join(l.dir, checkpointName)
	text, err := readSmall(path, maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) && empty {
		c, err := signCheckpoint(l.o.Key, l.origin, 0, new(tree).root())
		if err == nil {
			err = writeWhole(l.o.disk, path, c.Text, true)
		}
		return c, err
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w: put back the checkpoint of a replica", ErrDamaged, err)
	}
	c, ok, err := readCheckpoint(text, l.o.Key.Public())
	if err != nil || !ok || c.Origin != l.origin {
		return Checkpoint{}, fmt.Errorf("%s is not signed by this log: put back the one of a replica: %w", path, ErrDamaged)
	}
	return c, nil
}

// openTail reads the last segment, cuts what a crash tore, and returns the leaves of blocks from number signed on.
func (l *Log) openTail(s segment, signed int64, opened *Opened) (*writer, [][]byte, error) {
	f, err := l.o.disk.Open(s.path(l.dir))
	if err != nil {
		return nil, nil, err
	}
	w := &writer{segment: s, file: f, begun: l.o.Now(), next: s}
	tail, err := l.readTail(w, signed, opened)
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%s: %w", s.name(), err)
	}
	return w, tail, nil
}

func (l *Log) readTail(w *writer, signed int64, opened *Opened) (tail [][]byte, err error) {
	fi, err := w.file.Stat()
	if err != nil {
		return nil, err
	}
	head := make([]byte, segmentHead)
	if _, err := w.file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if w.tag, err = parseSegmentHead(head, w.segment, l.origin); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrDamaged)
	}
	unsigned := int64(-1) // where blocks begin that no checkpoint covers
	w.offset, w.next, err = walk(w.file, fi.Size(), segmentHead, w.segment, w.tag, true, func(b at, _ []byte) error {
		if b.Number >= signed {
			if tail = append(tail, b.leaf()); unsigned < 0 {
				unsigned = b.Offset
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if w.next.Block < signed {
		return nil, fmt.Errorf("from byte %d on, records %d and later are not there or not as they were; the checkpoint covers blocks up to %d: restore the segment from a replica: %w",
			w.offset, w.next.First, signed-1, ErrDamaged)
	}
	if w.offset < fi.Size() {
		if err := l.cut(w, fi.Size(), opened); err != nil {
			return nil, err
		}
	}
	return tail, l.again(w, unsigned)
}

// cut removes a torn tail. A write is begun only when the one before is durable: so where a later one is there, this one was acknowledged, and
// is damaged, not torn.
func (l *Log) cut(w *writer, size int64, opened *Opened) error {
	if size-w.offset > maxSegment {
		return fmt.Errorf("%d bytes follow the last whole block: %w", size-w.offset, ErrDamaged)
	}
	rest := make([]byte, size-w.offset)
	if _, err := w.file.ReadAt(rest, w.offset); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for i := 0; ; i++ {
		k := bytes.Index(rest[i:], []byte(blockMagic))
		if k < 0 {
			break
		}
		i += k
		if h, err := parseLead(rest[i:]); err == nil && !h.Gone && h.Tag == w.tag && h.Commit > w.next.Block {
			return fmt.Errorf("at byte %d records from %d on are damaged, and later ones are there: restore the segment from a replica: %w", w.offset, w.next.First, ErrDamaged)
		}
	}
	if err := w.file.Truncate(w.offset); err != nil {
		return err
	}
	opened.Cut = &Cut{w.segment.name(), w.offset, size - w.offset}
	return w.file.Sync()
}

// again writes once more what no checkpoint covers yet, and waits for the disk. After an fsync that failed, the system may call pages
// clean that were never written: only writing them again makes it try.
func (l *Log) again(w *writer, from int64) error {
	if from < 0 {
		return nil
	}
	b := make([]byte, 1<<20)
	for ; from < w.offset; from += int64(len(b)) {
		b = b[:min(int64(len(b)), w.offset-from)]
		if _, err := w.file.ReadAt(b, from); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if _, err := w.file.WriteAt(b, from); err != nil {
			return err
		}
	}
	return w.file.Sync()
}

// openTree reads the log's right edge, or makes the log again from the segments where it is not whole.
func (l *Log) openTree(all []segment, signed Checkpoint, opened *Opened) (*tree, error) {
	t, err := loadTree(l.dir, signed.Size, signed.Root)
	if err == nil {
		return t, nil
	}
	opened.Rebuilt = true
	t = new(tree)
	for i, s := range all {
		if s.Block >= signed.Size {
			break
		}
		leaves, err := readLeaves(l.dir, s, l.origin, 0, signed.Size)
		if err != nil {
			return nil, err
		}
		if t.size != s.Block || i+1 < len(all) && all[i+1].Block <= signed.Size && s.Block+int64(len(leaves)) != all[i+1].Block {
			return nil, fmt.Errorf("segment %s does not follow the one before, or does not reach the one behind: %w", s.name(), ErrDamaged)
		}
		for _, leaf := range leaves {
			t.add(leaf)
		}
		if err := t.write(l.o.disk, l.dir); err != nil {
			return nil, err
		}
	}
	if t.size != signed.Size || t.root() != signed.Root {
		return nil, fmt.Errorf("the segments are not those that the checkpoint covers; sekisho vault verify says which: %w", ErrDamaged)
	}
	return t, nil
}

// readLeaves returns the leaves of a segment's blocks from number from to before to, reading their headers only.
func readLeaves(dir string, s segment, origin string, from, to int64) (leaves [][]byte, err error) {
	f, err := os.Open(s.path(dir))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, err
	}
	head := make([]byte, segmentHead)
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	t, err := parseSegmentHead(head, s, origin)
	if err != nil {
		return nil, fmt.Errorf("%s %w: %w", s.name(), err, ErrDamaged)
	}
	_, _, err = walk(f, fi.Size(), segmentHead, s, t, false, func(b at, _ []byte) error {
		if b.Number >= to {
			return errStop
		}
		if b.Number >= from {
			leaves = append(leaves, b.leaf())
		}
		return nil
	})
	return leaves, err
}

// heal brings into the log what was sealed and is not in it yet, and signs it.
func (l *Log) heal(f *follower, all []segment, tail [][]byte, opened *Opened) error {
	first := f.tree.size
	if err := l.remark(f, all); err != nil {
		return err
	}
	for i, s := range all {
		leaves := tail
		if i+1 < len(all) {
			if all[i+1].Block < first {
				continue // it had ended before the last checkpoint
			}
			var err error
			if leaves, err = readLeaves(l.dir, s, l.origin, f.tree.size, all[i+1].Block); err != nil {
				return err
			}
			if f.tree.size+int64(len(leaves)) != all[i+1].Block {
				return fmt.Errorf("%s ends before the next segment begins: restore it from a replica: %w", s.name(), ErrDamaged)
			}
		}
		for _, leaf := range leaves {
			f.tree.add(leaf)
		}
		if i+1 < len(all) {
			if err := l.endSegment(f, s); err != nil {
				return err
			}
		}
	}
	opened.Healed = f.tree.size - first
	if err := l.publish(f); err != nil {
		return err
	}
	return f.tree.tidy(l.dir)
}

// remark signs anew what stands beside the last ended segments, where the disk refused it and then the process ended: the last checkpoint may cover
// more by then. They are written in order, so that one which is missing before others was removed, and stays missing for verify to tell. What the tiles
// say must lead to the last checkpoint.
func (l *Log) remark(f *follower, all []segment) error {
	last := len(all) - 2
	for last >= 0 && all[last+1].Block >= f.signed.Size {
		last--
	}
	from := last + 1
	for ; from > 0; from-- {
		if _, err := os.Lstat(all[from-1].sidecar(l.dir)); err == nil {
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if from > last {
		return nil
	}
	hashes, t, marks := fromTiles(l.dir, f.signed.Size), new(tree), []sidecar(nil)
	for i := range f.signed.Size {
		for ; from <= last && all[from+1].Block == i; from++ {
			c, err := signCheckpoint(l.o.Key, l.origin, t.size, t.root())
			if err != nil {
				return err
			}
			marks = append(marks, sidecar{all[from].sidecar(l.dir), c.Size, c.Text})
		}
		_, h, ok := hashes(i)
		if !ok {
			return nil // verify tells
		}
		t.addHash(h)
		t.full = t.full[:0]
	}
	if t.root() == f.signed.Root {
		f.ended = append(f.ended, marks...)
	}
	return nil
}

// tidy removes what a crash left beside the tiles of the right edge, when they are those of the checkpoint.
func (t *tree) tidy(dir string) error {
	needed := map[string]bool{}
	for _, path := range t.last {
		needed[filepath.Join(dir, path)] = true
	}
	for level := -1; level < len(t.edge); level++ {
		index := t.size / tileWidth
		for range max(level, 0) {
			index /= tileWidth
		}
		folder := filepath.Dir(filepath.Join(dir, tilePath(level, index, 1)))
		entries, err := os.ReadDir(folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			if path := filepath.Join(folder, e.Name()); !needed[path] {
				if err := os.Remove(path); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
