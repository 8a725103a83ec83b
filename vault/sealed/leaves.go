// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/sekisho/sekisho/vault"
)

// What the leaves of a log are, three witnesses say: the entries, the lowest row of hashes, and the segments themselves. Where one was changed,
// the signed root says which of them still tells the truth.

// leafSource tells leaves in order. leaf is nil where only the hash is known; ok is false where nothing is.
type leafSource func(i int64) (leaf []byte, h vault.Hash, ok bool)

// readTile reads the first width entries of a tile, each of one size, be the file just that long, or longer by now. While it is read the log may grow: a
// wider tile takes its place then, and an even wider one that of this. A writer that is fast does so again and again, so what vanished is looked for longer
// than what is not there.
func readTile(dir string, level int, n int64, width, one int) []byte {
	vanished := false
	read := func(w int) []byte {
		b, err := readSmall(filepath.Join(dir, tilePath(level, n, w)), int64(tileWidth*one))
		if err != nil || len(b) != w*one {
			vanished = vanished || errors.Is(err, fs.ErrNotExist)
			return nil
		}
		return b[:width*one]
	}
	for try := range vanishedTries {
		if b := read(width); b != nil {
			return b
		}
		if width == tileWidth {
			return nil
		}
		if b := read(tileWidth); b != nil {
			return b
		}
		vanished = false
		entries, _ := os.ReadDir(filepath.Dir(filepath.Join(dir, tilePath(level, n, width))))
		for _, e := range entries {
			if w, err := strconv.Atoi(e.Name()); err == nil && w > width && w < tileWidth {
				if b := read(w); b != nil {
					return b
				}
			}
		}
		if !vanished && try >= missingTries {
			return nil
		}
		time.Sleep(time.Duration(min(try, 5)) * time.Millisecond)
	}
	return nil
}

// How often a tile is looked for that was listed and gone the next moment, and one that was not.
const (
	vanishedTries = 200
	missingTries  = 4
)

// fromEntries reads the bundles of entries of a log of that size.
func fromEntries(dir string, size int64) leafSource {
	at, sum := int64(-1), sha256.New()
	var bundle [][]byte
	return func(i int64) ([]byte, vault.Hash, bool) {
		if n := i / tileWidth; n != at {
			at = n
			bundle, _ = parseBundle(readTile(dir, -1, n, int(min(tileWidth, size-n*tileWidth)), 2+headerSize))
		}
		if k := int(i % tileWidth); k < len(bundle) {
			return bundle[k], leafHash(sum, bundle[k]), true
		}
		return nil, vault.Hash{}, false
	}
}

// fromTiles reads the lowest row of hashes.
func fromTiles(dir string, size int64) leafSource {
	at := int64(-1)
	var hashes []vault.Hash
	return func(i int64) ([]byte, vault.Hash, bool) {
		if n := i / tileWidth; n != at {
			at = n
			hashes = split(readTile(dir, 0, n, int(min(tileWidth, size-n*tileWidth)), len(vault.Hash{})))
		}
		if k := int(i % tileWidth); k < len(hashes) {
			return nil, hashes[k], true
		}
		return nil, vault.Hash{}, false
	}
}

// fromSegments reads the headers of blocks where they lie.
func fromSegments(dir, origin string, all []segment, size int64) leafSource {
	at, sum := -1, sha256.New()
	var leaves [][]byte
	return func(i int64) ([]byte, vault.Hash, bool) {
		k := locate(all, i)
		if k < 0 {
			return nil, vault.Hash{}, false
		}
		if k != at {
			at = k
			leaves, _ = readLeaves(dir, all[k], origin, 0, size)
		}
		if k := i - all[k].Block; k < int64(len(leaves)) {
			return leaves[k], leafHash(sum, leaves[k]), true
		}
		return nil, vault.Hash{}, false
	}
}

// leads says whether a source leads to the root of a checkpoint.
func leads(from leafSource, c Checkpoint) bool {
	t := new(tree)
	for i := range c.Size {
		_, h, ok := from(i)
		if !ok {
			return false
		}
		t.addHash(h)
		t.full = t.full[:0]
	}
	return t.root() == c.Root
}

// both takes hashes from one source and, where its hash is the same, the leaf from another.
func both(hashes, whole leafSource) leafSource {
	return func(i int64) ([]byte, vault.Hash, bool) {
		leaf, h, ok := hashes(i)
		if ok && leaf == nil {
			if l, h2, ok2 := whole(i); ok2 && h2 == h {
				leaf = l
			}
		}
		return slices.Clip(leaf), h, ok
	}
}
