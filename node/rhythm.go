// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import "github.com/sekisho/sekisho/event"

// Where nobody says in which zone the institute lies, office hours are told from its own rhythm: for each of 24 offsets it is
// counted how many logins would fall into office hours. Only the guess of own networks rests on it; no record is read by it.
type rhythm struct {
	open  [7 * 24]uint32 // by hour of the week in UTC: the offsets at which offices are open then, as bits
	total [24]int64
}

// eastOf returns the offset of a place in the lists, in hours east of UTC: 0 first, since it wins where several are as good.
func eastOf(i int) int {
	if i > 12 {
		return i - 24
	}
	return i
}

func newRhythm() *rhythm {
	r := &rhythm{}
	for hour := range r.open {
		for i := range r.total {
			local := (hour + eastOf(i) + 7*24) % (7 * 24)
			if d, h := local/24, local%24; d < 5 && h >= 8 && h < 19 {
				r.open[hour] |= 1 << i
			}
		}
	}
	return r
}

// at returns the offsets at which it was office hours, as bits.
func (r *rhythm) at(t event.Micros) uint32 {
	const hour = 3600 * 1e6
	// 1970-01-01 was a Thursday, the fourth day of a week that begins on Monday.
	h := (int64(t)/hour + 3*24) % (7 * 24)
	if h < 0 {
		h += 7 * 24
	}
	return r.open[h]
}

// best returns the offset at which most logins fall into office hours, as its place in the lists.
func (r *rhythm) best() int {
	best := 0
	for i, n := range r.total {
		if n > r.total[best] {
			best = i
		}
	}
	return best
}

// count adds n logins at the offsets.
func count(to *[24]int64, offsets uint32, n int64) {
	for i := range to {
		if offsets&(1<<i) != 0 {
			to[i] += n
		}
	}
}
