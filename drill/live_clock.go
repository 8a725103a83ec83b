// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"container/heap"
	"hash/fnv"
	"slices"
	"time"
)

// storyClock tells when a moment of the story is due. It goes on while the receiver is away: what is late then follows as fast
// as the receiver takes it.
type storyClock struct {
	speed  float64
	story  time.Time // the story's time at began
	began  time.Time
	record *Record
	last   Mark
}

// start starts the clock: now, or when the story is to begin if that is later. At speed 1 the lines of a story that was to
// begin by now are true only if it began then: the first ones come late, while it was being prepared, and all at once.
func (c *storyClock) start(begin, now time.Time) {
	c.began = now
	if begin.After(now) || c.speed == 1 && !begin.IsZero() {
		c.began = begin
	}
}

func (c *storyClock) due(t time.Time) time.Time {
	if c.speed == 0 {
		return c.began
	}
	return c.began.Add(time.Duration(float64(t.Sub(c.story)) / c.speed))
}

// at returns the story's time.
func (c *storyClock) at(now time.Time) time.Time {
	if now.Before(c.began) {
		return c.story
	}
	return c.story.Add(time.Duration(float64(now.Sub(c.began)) * c.speed))
}

// pass notes that the line of t was handed over now: a mark for each hour of the story, and where a line came a second or
// more after it was due, or after the line before.
func (c *storyClock) pass(t, now time.Time) {
	m := Mark{Story: t, Real: now}
	if n := len(c.record.Clock); n == 0 || t.Truncate(time.Hour).After(c.record.Clock[n-1].Story) || now.Sub(c.due(t)) > time.Second && now.Sub(c.record.Clock[n-1].Real) > time.Second {
		if n > 0 && c.last.Real.After(c.record.Clock[n-1].Real) && now.Sub(c.last.Real) > time.Second {
			c.record.Clock = append(c.record.Clock, c.last)
		}
		c.record.Clock = append(c.record.Clock, m)
	}
	c.last = m
}

// actClock notes when each act is played.
type actClock struct {
	record   *Record
	from, to []int // of the record's acts, by their beginnings and ends
	next     time.Time
}

func newActClock(s *staged, r *Record) actClock {
	c := actClock{record: r}
	for i, a := range r.Acts {
		if a.To.Before(s.begin) && !s.history {
			continue // it was over before what is played
		}
		c.from, c.to = append(c.from, i), append(c.to, i)
	}
	slices.SortStableFunc(c.from, func(a, b int) int { return r.Acts[a].From.Compare(r.Acts[b].From) })
	slices.SortStableFunc(c.to, func(a, b int) int { return r.Acts[a].To.Compare(r.Acts[b].To) })
	c.look()
	return c
}

// look finds the next moment at which something is to be noted.
func (c *actClock) look() {
	c.next = endOfTime
	if len(c.from) > 0 {
		c.next = c.record.Acts[c.from[0]].From
	}
	if len(c.to) > 0 {
		if to := c.record.Acts[c.to[0]].To; to.Before(c.next) {
			c.next = to
		}
	}
}

// due says whether something is to be noted at t of the story.
func (c *actClock) due(t time.Time) bool { return !t.Before(c.next) }

// pass notes what begins and ends by t, and says whether anything did.
func (c *actClock) pass(t, now time.Time, tell func(Progress)) bool {
	if !c.due(t) {
		return false
	}
	for ; len(c.from) > 0 && !c.record.Acts[c.from[0]].From.After(t); c.from = c.from[1:] {
		a := &c.record.Acts[c.from[0]]
		a.PlayedFrom = &now
		tell(Progress{Act: a})
	}
	for ; len(c.to) > 0 && !c.record.Acts[c.to[0]].To.After(t); c.to = c.to[1:] {
		c.record.Acts[c.to[0]].PlayedTo = &now
	}
	c.look()
	return true
}

// lateRecords keeps the records of logs that a service delivers some time after the event.
type lateRecords struct {
	seed uint64
	heap lateHeap
	n    int
}

// keep keeps a record until it comes: most within some minutes, one in fifty after up to two hours.
func (k *lateRecords) keep(l Line) {
	sum := fnv.New64a()
	sum.Write(l.Text)
	d := roll(k.seed, streamLate, sum.Sum64())
	after := d.span(90*second, 8*minute)
	if d.chance(0.02) {
		after = d.span(8*minute, 2*hour)
	}
	l.Text = slices.Clone(l.Text)
	l.made = l.Time
	l.Time = l.Time.Add(time.Duration(after) * time.Microsecond)
	k.n++
	heap.Push(&k.heap, lateLine{l, k.n})
}

// streamLate is a stream of dice of its own, far from those of the story.
const streamLate uint64 = 1 << 32

// upTo hands on what has come by t, in the order of coming.
func (k *lateRecords) upTo(t time.Time, each func(Line) error) error {
	for len(k.heap) > 0 && !k.heap[0].Time.After(t) {
		if err := each(heap.Pop(&k.heap).(lateLine).Line); err != nil {
			return err
		}
	}
	return nil
}

type lateLine struct {
	Line
	n int
}

// lateHeap implements heap.Interface.
type lateHeap []lateLine

// Len implements sort.Interface.
func (h lateHeap) Len() int { return len(h) }

// Less implements sort.Interface.
func (h lateHeap) Less(i, j int) bool {
	return cmp.Or(h[i].Time.Compare(h[j].Time), cmp.Compare(h[i].n, h[j].n)) < 0
}

// Swap implements sort.Interface.
func (h lateHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *lateHeap) Push(x any) { *h = append(*h, x.(lateLine)) }

// Pop implements heap.Interface.
func (h *lateHeap) Pop() any {
	last := (*h)[len(*h)-1]
	(*h)[len(*h)-1] = lateLine{}
	*h = (*h)[:len(*h)-1]
	return last
}
