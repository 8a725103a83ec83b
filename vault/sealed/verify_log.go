// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/sekisho/sekisho/vault"
)

// choose takes the first witness that leads to the signed root.
func (v *verifier) choose() {
	entries, tiles := fromEntries(v.dir, v.signed.Size), fromTiles(v.dir, v.signed.Size)
	blocks := fromSegments(v.dir, v.r.Origin, v.all, v.signed.Size)
	whole := func(i int64) ([]byte, vault.Hash, bool) {
		if leaf, h, ok := entries(i); ok {
			return leaf, h, ok
		}
		return blocks(i)
	}
	v.leaves = whole
	for _, from := range []leafSource{entries, both(tiles, entries), blocks} {
		if leads(from, v.signed) {
			v.leaves, v.proven = from, true
			return
		}
	}
	if v.signed.Text != nil {
		v.fault(Fault{Kind: FaultRoot, File: checkpointName, Blocks: &Span{0, v.signed.Size}, Records: v.sinceLastGood(whole), Note: "neither the segments nor the log's tiles lead to the signed root"})
	}
}

// sinceLastGood narrows down what cannot be proven: what the checkpoint beside an ended segment proves is not among it.
func (v *verifier) sinceLastGood(from leafSource) *Span {
	all := v.everything()
	t := new(tree)
	for _, m := range v.marks {
		for t.size < m.Size {
			leaf, h, ok := from(t.size)
			if !ok {
				return all
			}
			t.addHash(h)
			t.full = t.full[:0]
			if l, err := parseLeaf(leaf); err == nil && t.size == m.Size && t.root() == m.Root {
				all.From = int64(l.End())
			}
		}
	}
	return all
}

// log passes the leaves and compares the tiles on disk, and the other checkpoints, with what they come to.
func (v *verifier) log(ctx context.Context) error {
	for n := int64(0); n < v.signed.Size; n++ {
		if n%4096 == 0 && ctx.Err() != nil {
			return fmt.Errorf("sealed: verify %s: %w", v.dir, ctx.Err())
		}
		leaf, h, ok := v.leaves(n)
		if !ok {
			break
		}
		v.held = max(v.held, int(leafHeld(leaf)))
		v.ofEra(leaf)
		v.tree.addHash(h)
		v.passed()
	}
	for _, w := range v.tree.partials() {
		v.sameTile(w)
	}
	if v.proven {
		v.entries()
	}
	return nil
}

// passed compares what the tree came to.
func (v *verifier) passed() {
	for _, w := range v.tree.full {
		v.sameTile(w)
	}
	v.tree.full = v.tree.full[:0]
	for len(v.marks) > 0 && v.marks[0].Size <= v.tree.size {
		m := v.marks[0]
		v.marks = v.marks[1:]
		switch {
		case m.Size < v.tree.size: // of no blocks
		case v.tree.root() != m.Root && m.file != "":
			v.fault(Fault{Kind: FaultChanged, File: m.file, Note: "it is over other blocks than these"})
		case v.tree.root() != m.Root:
			v.fault(v.forked(m))
		case m.file == "":
			v.r.Against = append(v.r.Against, m.from)
		}
	}
}

// sameTile compares a tile of hashes.
func (v *verifier) sameTile(w wholeTile) {
	path := filepath.ToSlash(w.path)
	v.known[path] = true
	if !v.proven {
		return // what it should be is not known
	}
	b := readTile(v.dir, w.level, w.n, len(w.content)/32, 32)
	switch {
	case b == nil:
		v.fault(Fault{Kind: FaultMissing, File: path, Note: "a tile of the log is not there, or not whole: it is made again from the segments"})
	case string(b) != string(w.content):
		v.fault(Fault{Kind: FaultChanged, File: path, Note: "a tile of the log: no record is touched by that"})
	}
}

// entries compares the bundles of entries with the leaves.
func (v *verifier) entries() {
	stored := fromEntries(v.dir, v.signed.Size)
	last := ""
	for i := range v.signed.Size {
		n := i / tileWidth
		path := filepath.ToSlash(tilePath(-1, n, int(min(tileWidth, v.signed.Size-n*tileWidth))))
		v.known[path] = true
		_, want, _ := v.leaves(i)
		if _, h, ok := stored(i); (!ok || h != want) && path != last {
			last = path
			v.fault(Fault{Kind: FaultChanged, File: path, Blocks: &Span{i, i + 1}, Note: "the log's list of blocks: missing, or not as it was; no record is touched by that"})
		}
	}
}

// forked says from where on a replica holds other blocks.
func (v *verifier) forked(m mark) Fault {
	f := Fault{Kind: FaultFork, Blocks: &Span{0, m.Size}, Records: v.everything(), Note: m.from + " was signed over other blocks: this history, or that one, was written anew"}
	if m.folder == "" {
		return f
	}
	ours, theirs := fromEntries(v.dir, v.signed.Size), fromEntries(m.folder, m.Size)
	for i := range min(m.Size, v.signed.Size) {
		leaf, a, ok := ours(i)
		if _, b, ok2 := theirs(i); !ok || !ok2 || a != b {
			if h, err := parseLeaf(leaf); err == nil {
				f.Blocks.From, f.Records.From = i, int64(h.First)
			}
			return f
		}
	}
	return f
}

// afterEnd says which checkpoints cover more than there is.
func (v *verifier) afterEnd() {
	for _, m := range v.marks {
		f := Fault{Kind: FaultRollback, Blocks: &Span{v.tree.size, m.Size}, Note: m.from + " covers blocks that are not here: the end was cut off, or the whole put back to an earlier state"}
		if m.file != "" {
			f.Kind, f.File = FaultStale, checkpointName
		}
		f.Records = &Span{v.unknown, v.unknown}
		if m.folder != "" {
			if leaf, _, ok := fromEntries(m.folder, m.Size)(m.Size - 1); ok {
				if h, err := parseLeaf(leaf); err == nil {
					f.Records.To = int64(h.End())
				}
			}
		}
		v.fault(f)
	}
}
