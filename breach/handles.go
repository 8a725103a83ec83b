// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import "github.com/sekisho/sekisho/event"

// handles is a set of accounts by handle that is emptied in one step, for what is counted anew for every visit. Its size is the number of
// accounts. The zero value is an empty set.
type handles struct {
	turn []uint32 // in which an account was put in
	now  uint32
	n    int
}

// clear empties the set.
func (h *handles) clear() {
	h.now++
	h.n = 0
	if h.now == 0 { // after four thousand million turns
		clear(h.turn)
		h.now = 1
	}
}

// add puts an account in and says whether it was not there.
func (h *handles) add(who uint32) bool {
	if int(who) >= len(h.turn) {
		h.turn = append(h.turn, make([]uint32, int(who)+1-len(h.turn))...)
	}
	if h.now == 0 {
		h.now = 1
	}
	if h.turn[who] == h.now {
		return false
	}
	h.turn[who] = h.now
	h.n++
	return true
}

// has says whether an account is in the set.
func (h *handles) has(who uint32) bool {
	return h.now != 0 && int(who) < len(h.turn) && h.turn[who] == h.now
}

// takings is when accounts were first used by the intruder, by handle.
type takings struct {
	at []event.Micros
	is []bool
	n  int
}

func newTakings(people int) takings {
	return takings{at: make([]event.Micros, people), is: make([]bool, people)}
}

// note notes that an account was used by him at a moment.
func (t *takings) note(who uint32, at event.Micros) {
	switch {
	case !t.is[who]:
		t.at[who], t.is[who] = at, true
		t.n++
	case at < t.at[who]:
		t.at[who] = at
	}
}

// of returns since when he has an account, and whether he does.
func (t *takings) of(who uint32) (event.Micros, bool) {
	if int(who) >= len(t.is) || !t.is[who] {
		return 0, false
	}
	return t.at[who], true
}
