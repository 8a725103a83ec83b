// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/sekisho/sekisho/vault"
)

type copier struct {
	x    *history
	to   string
	o    KeepUpOptions
	disk disk
	lock *os.File   // of the replica, held
	was  Checkpoint // the replica's
	tree *tree
	done *Replicated
	book *book
	// beside are the files among the replica's segments, begun is when the run began, and bytes what was copied since.
	beside map[string]bool
	begun  time.Time
	bytes  int64
	// offset is where the next block goes in the replica's segment. It may differ from the vault's: there, payloads before it may have expired meanwhile.
	offset int64
}

// held returns where the blocks end, in the replica's segment, that the replica's checkpoint covers.
func (c *copier) held(s segment) (int64, error) {
	f, err := os.Open(s.path(c.to))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return 0, err
	}
	head := make([]byte, segmentHead)
	if _, err := io.ReadFull(f, head); err != nil {
		return 0, err
	}
	t, err := parseSegmentHead(head, s, c.x.signed.Origin)
	if err != nil {
		return 0, fmt.Errorf("%s %w: %w", s.name(), err, ErrDamaged)
	}
	end := int64(segmentHead)
	_, _, err = walk(f, fi.Size(), segmentHead, s, t, false, func(b at, _ []byte) error {
		if b.Number >= c.was.Size {
			return errStop
		}
		end = b.Offset + b.whole()
		return nil
	})
	return end, err
}

// statements copies descriptions of eras, their wrapped keys, tombstones and holds that the replica does not have. It removes none: what has expired in the vault stays in a
// replica until CarryOut.
func (c *copier) statements() error {
	for _, folder := range []string{eraFolder, holdFolder} {
		entries, err := os.ReadDir(filepath.Join(c.x.dir, folder))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(c.to, folder), 0o700); err != nil {
			return err
		}
		for _, e := range entries {
			to := filepath.Join(c.to, folder, e.Name())
			switch filepath.Ext(e.Name()) {
			case eraEnd, eraKeyEnd, tombstoneEnd, holdEnd, releaseEnd:
			default:
				continue
			}
			if exists(to) || filepath.Ext(e.Name()) == eraKeyEnd && c.carriedOut(e.Name()) {
				continue
			}
			text, err := readSmall(filepath.Join(c.x.dir, folder, e.Name()), maxStatement)
			if errors.Is(err, fs.ErrNotExist) {
				continue // its time was over just now
			}
			if err != nil {
				return err
			}
			if err := writeWhole(c.disk, to, text, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// carriedOut says whether the replica has destroyed the key of that name already.
func (c *copier) carriedOut(name string) bool {
	matches, _ := filepath.Glob(filepath.Join(c.to, eraFolder, strings.TrimSuffix(name, eraKeyEnd)+"-*"+doneEnd))
	return len(matches) > 0
}

// begin compares the two histories as far as the replica's goes.
func (c *copier) begin() error {
	entries, err := os.ReadDir(filepath.Join(c.to, segmentFolder))
	if err != nil {
		return err
	}
	c.beside = make(map[string]bool, len(entries))
	for _, e := range entries {
		c.beside[e.Name()] = true
	}
	text, err := readSmall(filepath.Join(c.to, logName), 4<<10)
	if errors.Is(err, fs.ErrNotExist) {
		if all, err := listSegments(c.to); err != nil || len(all) > 0 {
			return errors.Join(fmt.Errorf("there are segments without %s: %w", logName, ErrDamaged), err)
		}
		c.tree = new(tree)
		return writeWhole(c.disk, filepath.Join(c.to, logName), []byte(c.x.vkey+"\n"), true)
	}
	if err != nil {
		return err
	}
	if string(text) != c.x.vkey+"\n" {
		return fmt.Errorf("it is the replica of another log, or the vault was made anew: %w", ErrOther)
	}
	text, err = readSmall(filepath.Join(c.to, checkpointName), maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		c.tree = new(tree)
		return nil
	}
	if err != nil {
		return err
	}
	was, signed, err := readCheckpoint(text, c.x.public)
	if err != nil || !signed || was.Origin != c.x.signed.Origin {
		return fmt.Errorf("the replica's checkpoint is not signed by this log: %w", ErrDamaged)
	}
	c.was = was
	if was.Size > c.x.signed.Size {
		return fmt.Errorf("the replica holds %d blocks, the vault %d: the vault was rolled back: %w", was.Size, c.x.signed.Size, ErrOther)
	}
	if was.Size > 0 {
		proof, err := tlog.ProveTree(c.x.signed.Size, was.Size, c.x.hashes)
		if err != nil {
			return err
		}
		if tlog.CheckTree(proof, c.x.signed.Size, tlog.Hash(c.x.signed.Root), was.Size, tlog.Hash(was.Root)) != nil {
			return fmt.Errorf("the two differ within the first %d blocks: %w", was.Size, ErrOther)
		}
	}
	if c.tree, err = loadTree(c.to, was.Size, was.Root); err != nil {
		return c.again()
	}
	return nil
}

// again makes the tree of the replica's checkpoint from its segments: a run that was cut off has written tiles of a larger one.
func (c *copier) again() error {
	all, err := listSegments(c.to)
	if err != nil {
		return err
	}
	from := fromSegments(c.to, c.was.Origin, all, c.was.Size)
	for c.tree = new(tree); c.tree.size < c.was.Size; {
		leaf, _, ok := from(c.tree.size)
		if !ok {
			return fmt.Errorf("the replica's block %d is not there: verify it: %w", c.tree.size, ErrDamaged)
		}
		if c.tree.add(leaf); len(c.tree.full) >= manyTiles {
			if err := c.tree.write(c.disk, c.to); err != nil {
				return err
			}
		}
	}
	if c.tree.root() != c.was.Root {
		return fmt.Errorf("the replica's segments do not lead to its checkpoint's root: verify it: %w", ErrDamaged)
	}
	return nil
}

// manyTiles bounds how many wait to be written.
const manyTiles = 256

// segment copies what a segment has more than the replica's.
func (c *copier) segment(ctx context.Context, i int) error {
	s := c.x.all[i]
	if i+1 < len(c.x.all) && c.x.all[i+1].Block < c.was.Size {
		return c.sidecar(s) // whole, and covered by the replica's checkpoint, as is what follows it
	}
	from, err := os.Open(s.path(c.x.dir))
	if err != nil {
		return err
	}
	defer from.Close()
	fi, err := from.Stat()
	if err != nil {
		return err
	}
	head := make([]byte, segmentHead)
	if _, err := io.ReadFull(from, head); err != nil {
		return fmt.Errorf("%s %w: %w", s.name(), errSegmentHead, ErrDamaged)
	}
	t, err := parseSegmentHead(head, s, c.x.signed.Origin)
	if err != nil {
		return fmt.Errorf("%s %w: %w", s.name(), err, ErrDamaged)
	}
	to, err := c.openSegment(s, head)
	if err != nil {
		return err
	}
	defer to.Close()
	if c.offset, err = c.held(s); err != nil {
		return err
	}
	// What the replica's checkpoint covers is passed by its headers.
	first, next, err := walk(from, fi.Size(), segmentHead, s, t, false, func(b at, _ []byte) error {
		if b.Number >= c.was.Size {
			return errStop
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	_, next, err = walk(from, fi.Size(), first, next, t, true, func(b at, payload []byte) error {
		if b.Number >= c.x.signed.Size {
			return errStop
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.block(to, &b, payload); err != nil {
			return err
		}
		return c.wait(ctx, &b)
	})
	if err != nil {
		return err
	}
	if want := c.endOf(i); next.Block < want {
		return fmt.Errorf("%s: blocks from %d on are not there or not as they were sealed: %w", s.name(), next.Block, ErrDamaged)
	}
	if err := errors.Join(to.Truncate(c.offset), to.Sync(), c.still()); err != nil {
		return err
	}
	if err := c.tree.write(c.disk, c.to); err != nil {
		return err
	}
	if err := c.sidecar(s); err != nil {
		return err
	}
	return c.sofar(s)
}

// sofar makes the checkpoint that ends with a segment the replica's, so that a run that is cut off later begins after it.
func (c *copier) sofar(s segment) error {
	text, err := readSmall(s.sidecar(c.x.dir), maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	one, signed, err := readCheckpoint(text, c.x.public)
	if err != nil || !signed || one.Origin != c.x.signed.Origin || one.Size != c.tree.size || one.Size <= c.was.Size || one.Root != c.tree.root() {
		return nil // it is for Verify to say what is wrong with it
	}
	return writeWhole(c.disk, filepath.Join(c.to, checkpointName), text, true)
}

// sidecar copies the checkpoint that ends with a segment. Where it is not written yet, the next run does.
func (c *copier) sidecar(s segment) error {
	if c.beside[filepath.Base(s.sidecar(c.to))] {
		return nil
	}
	text, err := readSmall(s.sidecar(c.x.dir), maxCheckpoint)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return writeWhole(c.disk, s.sidecar(c.to), text, true)
}

// endOf returns the number behind a segment's last block that the checkpoint covers.
func (c *copier) endOf(i int) int64 {
	if i+1 < len(c.x.all) {
		return min(c.x.all[i+1].Block, c.x.signed.Size)
	}
	return c.x.signed.Size
}

func (c *copier) openSegment(s segment, head []byte) (file, error) {
	path := s.path(c.to)
	have := make([]byte, segmentHead)
	f, err := c.disk.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := writeWhole(c.disk, path, head, true); err != nil {
			return nil, err
		}
		return c.disk.Open(path)
	}
	if err != nil {
		return nil, err
	}
	if _, err := f.ReadAt(have, 0); err != nil || string(have) != string(head) {
		f.Close()
		return nil, fmt.Errorf("%s begins otherwise in the replica: %w", s.name(), ErrOther)
	}
	return f, nil
}

// block checks one block against the log and writes it.
func (c *copier) block(to file, b *at, payload []byte) error {
	want, err := c.x.leafHash(b.Number)
	if err != nil {
		return err
	}
	if leafHash(sha256.New(), b.leaf()) != want {
		return fmt.Errorf("block %d with the records %d to %d is not the one in the log: %w", b.Number, b.First, b.End()-1, ErrDamaged)
	}
	if b.Gone && c.book.covering(&b.header) == nil {
		return fmt.Errorf("records %d to %d are gone, and no tombstone says that they have expired: %w", b.First, b.End()-1, ErrDamaged)
	}
	out := make([]byte, leadSize, b.whole())
	b.put(out)
	if _, err := to.WriteAt(append(out, payload...), c.offset); err != nil {
		return err
	}
	c.offset += b.whole()
	c.tree.add(b.leaf())
	c.done.Blocks++
	return nil
}

// finish puts the checkpoint in its place: only now the replica says that it has these blocks.
func (c *copier) finish() error {
	if c.tree.size != c.x.signed.Size || c.tree.root() != vault.Hash(c.x.signed.Root) {
		return fmt.Errorf("the segments do not lead to the checkpoint's root: %w", ErrDamaged)
	}
	c.done.Size = c.x.signed.Size
	if err := c.still(); err != nil {
		return err
	}
	if err := writeWhole(c.disk, filepath.Join(c.to, checkpointName), c.x.signed.Text, true); err != nil {
		return err
	}
	return c.tree.tidy(c.to)
}

// still says whether the folder is the one that was begun with. One that was unmounted meanwhile leaves the bare mount point under the same name, and there nothing is to be written.
func (c *copier) still() error {
	held, err := c.lock.Stat()
	if err != nil {
		return err
	}
	now, err := os.Stat(filepath.Join(c.to, lockName))
	if err != nil || !os.SameFile(held, now) {
		return fmt.Errorf("%w: it was taken away while it was written to", ErrNoReplica)
	}
	return nil
}

// wait says that a block was copied, and holds the run to its rate.
func (c *copier) wait(ctx context.Context, b *at) error {
	if c.o.Copied != nil {
		c.o.Copied(b.Number)
	}
	if c.bytes += b.whole(); c.o.Rate <= 0 {
		return nil
	}
	ahead := time.Duration(float64(c.bytes)/float64(c.o.Rate)*float64(time.Second)) - time.Since(c.begun)
	if ahead < 10*time.Millisecond {
		return nil
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(ahead):
		return nil
	}
}
