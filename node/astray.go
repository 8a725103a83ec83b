// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"slices"

	"github.com/sekisho/sekisho/event"
)

// astray is what was recorded by clocks that were years off.
type astray struct {
	events      int64
	first, last event.Micros
}

// A device that starts without a clock writes 1970, and anybody who can write into a log may write 2106. A handful of such
// records must not stretch the window by decades: every source would seem to end early, and what expires would seem to have time.
const (
	astrayGap   = 365  // days without any record between them and the others
	astrayShare = 1000 // of so many records at most one is astray; from a larger share on they are an old log, not a wrong clock
	astrayFew   = 3    // records may be astray in a short log too: one of at least a hundred for each
)

// settle takes the days that are astray out of the sources' spans, and the window with them. What is not known to be astray
// stays: where the records fall into parts of some size, the window spans them all.
func (w *watched) settle() {
	count := map[int32]int64{}
	for _, s := range w.sources {
		for day, d := range s.days {
			count[day] += d.events
		}
	}
	days := make([]int32, 0, len(count))
	for d := range count {
		days = append(days, d)
	}
	slices.Sort(days)
	from, to := kept(days, count, w.events)
	if from == 0 && to == len(days) {
		return
	}
	w.first, w.last = 0, 0
	for key, s := range w.sources {
		s.first, s.last, s.events = 0, 0, 0
		for day, d := range s.days {
			if day < days[from] || day > days[to-1] {
				w.astray.add(d)
				delete(s.days, day)
				continue
			}
			s.first, s.last, s.events = soonest(s.first, d.first), max(s.last, d.last), s.events+d.events
		}
		if len(s.days) == 0 {
			delete(w.sources, key)
			continue
		}
		w.first, w.last = soonest(w.first, s.first), max(w.last, s.last)
	}
}

// kept returns the range of days that are not astray, as indexes. days is sorted; total is the sum of count.
func kept(days []int32, count map[int32]int64, total int64) (from, to int) {
	to = len(days)
	most := max(total/astrayShare, min(astrayFew, total/100))
	var before, after int64
	for i := 0; i+1 < len(days); i++ {
		if before += count[days[i]]; before > most {
			break
		}
		if days[i+1]-days[i] > astrayGap {
			from = i + 1
		}
	}
	for i := len(days) - 1; i > from; i-- {
		if after += count[days[i]]; after > most {
			break
		}
		if days[i]-days[i-1] > astrayGap {
			to = i
		}
	}
	return from, to
}

func (a *astray) add(d *daySpan) {
	a.events += d.events
	a.first, a.last = soonest(a.first, d.first), max(a.last, d.last)
}

// soonest returns the earlier of two times; 0 is no time yet.
func soonest(a, b event.Micros) event.Micros {
	if a == 0 {
		return b
	}
	return min(a, b)
}
