// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"crypto/ed25519"
	"encoding/binary"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Each block's header counts the holds and releases that lay beside the log when it was sealed. Holds are numbered, so one that is missing in the middle is told by
// that; the last one is told by the count, which the log's signature binds. The count never falls.

const (
	maxHeld = 1<<16 - 1
	// heldFresh is how long after a change the folder of holds is read again each time: a second change may bear the same time.
	heldFresh = time.Second
)

// heldCount follows how many statements of holds there are. It may be used by several goroutines.
type heldCount struct {
	dir, origin string
	public      ed25519.PublicKey

	mu      sync.Mutex
	count   uint16
	changed time.Time // when the folder was changed that was read last; zero: it is read again
}

// newHeldCount begins with what the log has counted.
func newHeldCount(dir, origin string, public ed25519.PublicKey) *heldCount {
	return &heldCount{dir: dir, origin: origin, public: public, count: heldInLog(dir, origin, public)}
}

// now returns the count. It looks at the folder once for each batch of records, and reads it only where it has changed.
func (c *heldCount) now() uint16 {
	fi, err := os.Lstat(filepath.Join(c.dir, holdFolder))
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || fi.ModTime().Equal(c.changed) {
		return c.count
	}
	b := &book{origin: c.origin, public: c.public, known: map[string]bool{}}
	b.readHolds(c.dir)
	c.count = max(c.count, uint16(min(b.statedHolds(), maxHeld)))
	c.changed = time.Time{}
	if time.Since(fi.ModTime()).Abs() > heldFresh {
		c.changed = fi.ModTime()
	}
	return c.count
}

// statedHolds returns how many holds and releases there are that the log has signed.
func (b *book) statedHolds() int {
	n := len(b.holds)
	for _, h := range b.holds {
		if h.Released != nil {
			n++
		}
	}
	return n
}

// holdsGone notes as bad that there are fewer holds and releases than the log has counted.
func (b *book) holdsGone(counted int) bool {
	if b.statedHolds() >= counted {
		return false
	}
	b.bad = append(b.bad, holdFolder)
	return true
}

// leafHeld returns what a block's header has counted.
func leafHeld(leaf []byte) uint16 {
	if len(leaf) != headerSize {
		return 0
	}
	return binary.LittleEndian.Uint16(leaf[6:])
}

// heldInLog returns what the last block under the checkpoint has counted; 0 where that cannot be read, which is for Verify to say.
func heldInLog(dir, origin string, public ed25519.PublicKey) uint16 {
	text, err := readSmall(filepath.Join(dir, checkpointName), maxCheckpoint)
	if err != nil {
		return 0
	}
	c, signed, err := readCheckpoint(text, public)
	if err != nil || !signed || c.Origin != origin || c.Size == 0 {
		return 0
	}
	leaf, _, ok := fromEntries(dir, c.Size)(c.Size - 1)
	if !ok {
		return 0
	}
	return leafHeld(leaf)
}
