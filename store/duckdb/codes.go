// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import "hash/maphash"

// codes numbers the spellings of accounts, by realm, in the order in which they come. It holds at most a given number of
// them: an intruder can try millions of IDs that do not exist.
type codes struct {
	most  int
	seed  maphash.Seed
	slots []uint32 // 1 + code; open addressing, at most half full
	hash  []uint32 // of each code
	realm []uint32
	ends  []uint64 // of each spelling in bytes
	bytes []byte
}

func newCodes(most int) *codes {
	return &codes{most: most, seed: maphash.MakeSeed(), slots: make([]uint32, 1024)}
}

func (c *codes) len() int { return len(c.realm) }

func (c *codes) spelling(code int) string { return string(c.view(code)) }

func (c *codes) view(code int) []byte {
	start := uint64(0)
	if code > 0 {
		start = c.ends[code-1]
	}
	return c.bytes[start:c.ends[code]]
}

// code returns the number of the spelling; false if it is new and there is no room.
func (c *codes) code(realm uint32, s string) (uint32, bool) {
	h := uint32(maphash.String(c.seed, s)) ^ realm*0x9e3779b1
	i := h & uint32(len(c.slots)-1)
	for ; c.slots[i] != 0; i = (i + 1) & uint32(len(c.slots)-1) {
		n := c.slots[i] - 1
		if c.hash[n] == h && c.realm[n] == realm && string(c.view(int(n))) == s {
			return n, true
		}
	}
	if len(c.realm) >= c.most {
		return 0, false
	}
	n := uint32(len(c.realm))
	c.slots[i] = n + 1
	c.hash, c.realm = append(c.hash, h), append(c.realm, realm)
	c.bytes = append(c.bytes, s...)
	c.ends = append(c.ends, uint64(len(c.bytes)))
	if 2*len(c.realm) > len(c.slots) {
		c.grow()
	}
	return n, true
}

func (c *codes) grow() {
	c.slots = make([]uint32, 2*len(c.slots))
	for n, h := range c.hash {
		i := h & uint32(len(c.slots)-1)
		for c.slots[i] != 0 {
			i = (i + 1) & uint32(len(c.slots)-1)
		}
		c.slots[i] = uint32(n) + 1
	}
}
