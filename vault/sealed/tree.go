// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/sekisho/sekisho/vault"
)

// The log over the blocks lies on disk as C2SP tlog-tiles: hashes in tile/LEVEL/N, the leaves themselves in tile/entries/N, 256 in each,
// and what is not full yet below N.p/COUNT.
const (
	tileWidth = 256
	tileRoot  = "tile"
)

func sum256(b []byte) vault.Hash { return sha256.Sum256(b) }

// tilePath returns the path of a tile below the folder: of hashes at a level, or of entries where the level is negative.
func tilePath(level int, n int64, width int) string {
	l := "entries"
	if level >= 0 {
		l = strconv.Itoa(level)
	}
	number := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		number = fmt.Sprintf("x%03d/%s", n%1000, number)
	}
	if width < tileWidth {
		number = fmt.Sprintf("%s.p/%d", number, width)
	}
	return filepath.Join(tileRoot, l, filepath.FromSlash(number))
}

// tree is the log's right edge: all that is needed to go on. Owned by one goroutine.
type tree struct {
	size   int64
	edge   [][]vault.Hash // of each level, the hashes of the tile that is not full
	bundle []byte         // the entries of the bundle that is not full
	full   []wholeTile    // full, and not on disk yet
	last   []string       // the tiles on disk that were not full when they were written
}

type wholeTile struct {
	level   int // -1: entries
	n       int64
	path    string
	content []byte
}

func newTile(level int, n int64, width int, content []byte) wholeTile {
	return wholeTile{level, n, tilePath(level, n, width), content}
}

// add appends a leaf.
func (t *tree) add(leaf []byte) {
	t.bundle = binary.BigEndian.AppendUint16(t.bundle, uint16(len(leaf)))
	t.bundle = append(t.bundle, leaf...)
	n := t.size / tileWidth
	t.addHash(leafHash(sha256.New(), leaf))
	if t.size%tileWidth == 0 {
		t.full = append(t.full, newTile(-1, n, tileWidth, t.bundle))
		t.bundle = nil
	}
}

// addHash appends a leaf's hash alone: for a tree that is only to be compared.
func (t *tree) addHash(h vault.Hash) {
	n := t.size / tileWidth
	t.size++
	for level := 0; ; level++ {
		if level == len(t.edge) {
			t.edge = append(t.edge, nil)
		}
		t.edge[level] = append(t.edge[level], h)
		if len(t.edge[level]) < tileWidth {
			return
		}
		t.full = append(t.full, newTile(level, n, tileWidth, joined(t.edge[level])))
		h = vault.Root(t.edge[level])
		t.edge[level] = nil
		n /= tileWidth
	}
}

func joined(hashes []vault.Hash) []byte {
	b := make([]byte, 0, len(hashes)*len(vault.Hash{}))
	for i := range hashes {
		b = append(b, hashes[i][:]...)
	}
	return b
}

func split(b []byte) []vault.Hash {
	hashes := make([]vault.Hash, len(b)/len(vault.Hash{}))
	for i := range hashes {
		copy(hashes[i][:], b[i*len(vault.Hash{}):])
	}
	return hashes
}

// root returns the tree's head. The hashes of an edge stand for equal parts of a power of two, the higher levels for the left ones.
func (t *tree) root() vault.Hash {
	if t.size == 0 {
		return sum256(nil)
	}
	var parts []vault.Hash // whole subtrees from the left, ever smaller
	for level := len(t.edge) - 1; level >= 0; level-- {
		e := t.edge[level]
		for width := tileWidth / 2; width > 0; width /= 2 {
			if len(e) >= width {
				parts = append(parts, vault.Root(e[:width]))
				e = e[width:]
			}
		}
	}
	head := parts[len(parts)-1]
	for i := len(parts) - 2; i >= 0; i-- {
		head = nodeHash(parts[i], head)
	}
	return head
}

// write puts the tiles on disk that a checkpoint of this size needs. Those that are full are durable then; those that are not are made
// again from the segments where a crash took them.
func (t *tree) write(d disk, dir string) error {
	for len(t.full) > 0 {
		w := t.full[0]
		path := filepath.Join(dir, w.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := writeWhole(d, path, w.content, true); err != nil {
			return err
		}
		os.RemoveAll(path + ".p")
		t.full = t.full[1:]
	}
	var now []string
	for _, w := range t.partials() {
		now = append(now, w.path)
		if slices.Contains(t.last, w.path) {
			continue
		}
		path := filepath.Join(dir, w.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := writeWhole(d, path, w.content, false); err != nil {
			return err
		}
		// Where the next one fails, another try is for a larger tree: this one is to go then.
		t.last = append(t.last, w.path)
	}
	for _, old := range t.last {
		if !slices.Contains(now, old) {
			d.Remove(filepath.Join(dir, old))
		}
	}
	t.last = now
	return nil
}

// partials returns the tiles that are not full: that of entries first, if there is one.
func (t *tree) partials() (all []wholeTile) {
	if n := int(t.size % tileWidth); n > 0 && len(t.bundle) > 0 {
		all = append(all, newTile(-1, t.size/tileWidth, n, t.bundle))
	}
	index := t.size
	for level := range t.edge {
		index /= tileWidth
		if n := len(t.edge[level]); n > 0 {
			all = append(all, newTile(level, index, n, joined(t.edge[level])))
		}
	}
	return all
}

var errTiles = errors.New("the tiles are not those of the checkpoint")

// loadTree reads the right edge of a tree of that size, which must have that root.
func loadTree(dir string, size int64, root vault.Hash) (*tree, error) {
	t := &tree{size: size}
	index := size
	for level := 0; index > 0; level++ {
		n := int(index % tileWidth)
		index /= tileWidth
		t.edge = append(t.edge, nil)
		if n == 0 {
			continue
		}
		path := tilePath(level, index, n)
		b, err := readSmall(filepath.Join(dir, path), tileWidth*32)
		if err != nil || len(b) != n*32 {
			return nil, errTiles
		}
		t.edge[level] = split(b)
		t.last = append(t.last, path)
	}
	if n := int(size % tileWidth); n > 0 {
		path := tilePath(-1, size/tileWidth, n)
		b, err := readSmall(filepath.Join(dir, path), maxBundle)
		if err != nil {
			return nil, errTiles
		}
		leaves, err := parseBundle(b)
		if err != nil || len(leaves) != n {
			return nil, errTiles
		}
		sum := sha256.New()
		for i := range leaves {
			if leafHash(sum, leaves[i]) != t.edge[0][i] {
				return nil, errTiles
			}
		}
		t.bundle, t.last = b, append(t.last, path)
	}
	if t.root() != root {
		return nil, errTiles
	}
	return t, nil
}

// maxBundle bounds a file of entries: ours are of one length.
const maxBundle = tileWidth * (2 + headerSize)

// parseBundle reads the entries of a bundle.
func parseBundle(b []byte) (leaves [][]byte, err error) {
	for len(b) > 0 {
		if len(b) < 2+headerSize || int(binary.BigEndian.Uint16(b)) != headerSize {
			return nil, errTiles
		}
		leaves = append(leaves, b[2:2+headerSize:2+headerSize])
		b = b[2+headerSize:]
	}
	return leaves, nil
}
