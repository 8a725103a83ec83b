// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

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
