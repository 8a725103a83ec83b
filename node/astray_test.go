// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"slices"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestSettle: a few records of a clock that is decades off do not stretch the window; an old log of some size does.
func TestSettle(t *testing.T) {
	day := func(d int32) event.Micros { return event.Micros(d) * oneDay }
	watchedOf := func(add ...map[int32]int64) *watched {
		w := &watched{sources: map[sourceKey]*sourceSpan{}}
		for i, days := range add {
			s := &sourceSpan{days: map[int32]*daySpan{}}
			for d, n := range days {
				s.days[d] = &daySpan{first: day(d) + 1, last: day(d) + 2, events: n}
				s.events += n
				w.events += n
			}
			list := make([]int32, 0, len(days))
			for d := range days {
				list = append(list, d)
			}
			slices.Sort(list)
			s.first, s.last = day(list[0])+1, day(list[len(list)-1])+2
			w.sources[sourceKey{"host", string(rune('a' + i))}] = s
		}
		w.first, w.last = 1, 1<<62
		return w
	}
	const some = 20000 // a day in 2024
	for _, c := range []struct {
		name        string
		w           *watched
		astray      int64
		first, last int32 // 0: untouched
		sources     int
	}{
		{"nothing astray", watchedOf(map[int32]int64{some: 500, some + 400: 500}), 0, 0, 0, 1},
		{"1970 and 2106", watchedOf(map[int32]int64{0: 1, some: 2000, some + 30: 2000, 49700: 2}), 3, some, some + 30, 1},
		{"in a short log", watchedOf(map[int32]int64{some: 300, 49700: 1}), 1, some, some, 1},
		{"in a log too short to tell", watchedOf(map[int32]int64{some: 50, 49700: 1}), 0, 0, 0, 1},
		{"a source that has nothing else", watchedOf(map[int32]int64{some: 5000}, map[int32]int64{1: 1}), 1, some, some, 1},
		{"one source has its days between", watchedOf(map[int32]int64{some: 1, some + 400: 5000}, map[int32]int64{some + 200: 1}), 0, 0, 0, 2},
		{"an old log", watchedOf(map[int32]int64{some - 2000: 100, some: 5000}), 0, 0, 0, 1},
	} {
		c.w.settle()
		if c.w.astray.events != c.astray || len(c.w.sources) != c.sources {
			t.Errorf("%s: %d astray, %d sources; want %d, %d", c.name, c.w.astray.events, len(c.w.sources), c.astray, c.sources)
		}
		first, last := event.Micros(1), event.Micros(1<<62)
		if c.first != 0 {
			first, last = day(c.first)+1, day(c.last)+2
		}
		if c.w.first != first || c.w.last != last {
			t.Errorf("%s: window %d to %d, want %d to %d", c.name, c.w.first, c.w.last, first, last)
		}
	}
}
