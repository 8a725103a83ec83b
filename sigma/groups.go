// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"math/bits"
	"math/rand/v2"
)

// groupTable leads from the hash of a group to its number. Key and number lie side by side, so that a million groups cost one look into
// the memory each; Go's own map takes two or three. Where a key stands is by chance, other in each table: who chooses names cannot crowd them together.
// Nothing that is told depends on it.
type groupTable struct {
	slots []groupSlot // a power of two of them, at most three quarters taken
	n     int
	odd   uint64
}

func newGroupTable() groupTable { return groupTable{odd: rand.Uint64() | 1} }

type groupSlot struct {
	key   uint64
	group int32 // its number, plus one; 0: the slot is free
}

// home is where a key belongs. Keys are hashes, but those of coarse groups, which are small numbers.
func (t *groupTable) home(key uint64) int {
	return int(key * t.odd >> (64 - uint(bits.TrailingZeros(uint(len(t.slots))))))
}

// get returns the number of the group with that key, and whether there is one.
func (t *groupTable) get(key uint64) (int32, bool) {
	if len(t.slots) == 0 {
		return 0, false
	}
	for i := t.home(key); ; i = (i + 1) & (len(t.slots) - 1) {
		switch s := &t.slots[i]; {
		case s.group == 0:
			return 0, false
		case s.key == key:
			return s.group - 1, true
		}
	}
}

// put adds a key that the table does not have.
func (t *groupTable) put(key uint64, group int32) {
	if (t.n+1)*4 > len(t.slots)*3 {
		old := t.slots
		t.slots = make([]groupSlot, max(64, 2*len(old)))
		for _, s := range old {
			if s.group != 0 {
				t.place(s)
			}
		}
	}
	t.place(groupSlot{key, group + 1})
	t.n++
}

func (t *groupTable) place(s groupSlot) {
	i := t.home(s.key)
	for t.slots[i].group != 0 {
		i = (i + 1) & (len(t.slots) - 1)
	}
	t.slots[i] = s
}

// drop takes a key away. Those behind it that its slot kept from their home move up, so that no slot needs a mark.
func (t *groupTable) drop(key uint64) {
	if len(t.slots) == 0 {
		return
	}
	last := len(t.slots) - 1
	free := t.home(key)
	for ; t.slots[free].key != key || t.slots[free].group == 0; free = (free + 1) & last {
		if t.slots[free].group == 0 {
			return
		}
	}
	for i := (free + 1) & last; t.slots[i].group != 0; i = (i + 1) & last {
		if home := t.home(t.slots[i].key); (i-home)&last >= (i-free)&last {
			t.slots[free] = t.slots[i]
			free = i
		}
	}
	t.slots[free] = groupSlot{}
	t.n--
}
