// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// TestHold holds that records are held back for as long as nearly all of them take to come, that it is found anew when that changes, and
// that the few that come later are put in their place.
func TestHold(t *testing.T) {
	w := begin(t, Options{Hold: time.Second / 4, Issue: time.Second})
	now := noon
	second := func(delay, lag time.Duration) {
		for i := range 100 {
			s := at(0, "mail")
			s.Time = now.Add(-delay)
			if i == 99 {
				s.Time = now.Add(-lag)
			}
			s.Time += event.Micros(i)
			add(t, w, s)
			now = now.Add(10 * time.Millisecond)
			if _, err := w.Advance(now); err != nil {
				t.Fatal(err)
			}
		}
	}
	held := func() time.Duration { return now.Sub(w.mark) }
	for range 10 {
		second(0, 0)
	}
	if held() != time.Second/4 {
		t.Errorf("held back for %s where all come at once", held())
	}
	for range 60 {
		second(3*time.Second, 3*time.Second)
	}
	if held() != 4*time.Second {
		t.Errorf("held back for %s where all come after three", held())
	}
	for range 20 * 60 {
		second(0, 90*time.Second)
	}
	if held() != time.Second/4 {
		t.Errorf("held back for %s where one in a hundred comes late", held())
	}
	if c := w.Counts(); c.Late < 20*60 || c.Replays == 0 || c.Replays > 4 {
		t.Errorf("%+v", c)
	}
}
