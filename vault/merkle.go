// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"crypto/sha256"
	"hash"
	"time"
)

// BlockSize is how many bytes of a file one leaf of its Merkle tree covers.
const BlockSize = 1 << 20

// Hash is a SHA-256 sum.
type Hash = [sha256.Size]byte

// Digest takes the bytes of a file as it is stored, in order, and sums them up in two ways: the SHA-256 that every other
// tool computes too, and a Merkle tree over blocks of 1 MiB (RFC 6962, 2.1: leaves 0x00 || block, nodes 0x01 || left || right),
// by which a change is found to the block. It is an io.Writer that never fails; owned by one goroutine at a time.
type Digest struct {
	whole  hash.Hash
	block  hash.Hash
	in     int // bytes of the block that is being read
	size   int64
	leaves []Hash
}

// NewDigest returns an empty digest.
func NewDigest() *Digest {
	d := &Digest{whole: sha256.New(), block: sha256.New()}
	d.block.Write(leafPrefix)
	return d
}

var (
	leafPrefix = []byte{0}
	nodePrefix = []byte{1}
)

// Write implements io.Writer.
func (d *Digest) Write(p []byte) (int, error) {
	n := len(p)
	d.size += int64(n)
	for len(p) > 0 {
		k := min(len(p), BlockSize-d.in)
		// Piece by piece, while it is in the cache, for both sums.
		k = min(k, 32<<10)
		d.whole.Write(p[:k])
		d.block.Write(p[:k])
		p = p[k:]
		if d.in += k; d.in == BlockSize {
			d.leaf()
		}
	}
	return n, nil
}

func (d *Digest) leaf() {
	var h Hash
	d.block.Sum(h[:0])
	d.leaves = append(d.leaves, h)
	d.block.Reset()
	d.block.Write(leafPrefix)
	d.in = 0
}

// Sum is what a digest came to.
type Sum struct {
	Size   int64
	SHA256 Hash
	Root   Hash   // of the Merkle tree; of no bytes it is the SHA-256 of nothing
	Blocks []Hash // the tree's leaves
}

// Sum ends the digest.
func (d *Digest) Sum() Sum {
	if d.in > 0 {
		d.leaf()
	}
	s := Sum{Size: d.size, Blocks: d.leaves, Root: Root(d.leaves)}
	d.whole.Sum(s.SHA256[:0])
	return s
}

// Entry ends the digest and returns it as an entry of a manifest.
func (d *Digest) Entry(kind Kind, path string, modified time.Time) Entry {
	return d.Sum().Entry(kind, path, modified)
}

// Root returns the head of the Merkle tree over leaf hashes.
func Root(leaves []Hash) Hash {
	if len(leaves) == 0 {
		return sha256.Sum256(nil)
	}
	// The left parts of the tree are whole; each waits here for a right neighbour of its height.
	var waiting []Hash
	for i, leaf := range leaves {
		for n := i; n&1 == 1; n >>= 1 {
			leaf = node(waiting[len(waiting)-1], leaf)
			waiting = waiting[:len(waiting)-1]
		}
		waiting = append(waiting, leaf)
	}
	head := waiting[len(waiting)-1]
	for i := len(waiting) - 2; i >= 0; i-- {
		head = node(waiting[i], head)
	}
	return head
}

func node(left, right Hash) Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = nodePrefix[0]
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}
