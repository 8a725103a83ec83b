// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"time"

	"github.com/sekisho/sekisho/event"
)

// Quiet is a stretch of the day in which only what is critical is told; everything else waits for its end.
type Quiet struct {
	From, To int     // minutes after midnight; To at or before From: of the next day; 1440: midnight
	Days     [7]bool // on which it begins, Sunday first
}

// until returns when somebody may be told who is to be told at t. What is critical never waits.
func (s *Settings) until(t time.Time, severity event.Severity) time.Time {
	if severity >= event.Critical {
		return t
	}
	for range 16 { // a night may follow a quiet day; hours that never end are told after a week
		end := t
		for i := range s.Quiet {
			if e, in := s.Quiet[i].end(t.In(s.zone())); in && e.After(end) {
				end = e
			}
		}
		if !end.After(t) {
			return t
		}
		t = end
	}
	return t
}

// end returns when the stretch that t lies in ends, and whether it lies in one.
func (q *Quiet) end(t time.Time) (time.Time, bool) {
	for back := range 2 {
		day := time.Date(t.Year(), t.Month(), t.Day()-back, 0, 0, 0, 0, t.Location())
		if !q.Days[day.Weekday()] {
			continue
		}
		at := func(minutes int) time.Time {
			return time.Date(day.Year(), day.Month(), day.Day(), 0, minutes, 0, 0, t.Location())
		}
		to := q.To
		if to <= q.From {
			to += 24 * 60
		}
		if begin, end := at(q.From), at(to); !t.Before(begin) && t.Before(end) {
			return end, true
		}
	}
	return t, false
}
