// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestAgain holds what of a visit counts as use after its account was shut: events within the stretch, with the records that lie in it.
func TestAgain(t *testing.T) {
	const day = event.Micros(86400e6)
	ref := func(line int64) event.Ref { return event.Ref{Part: event.Part{Line: line}} }
	v := &visit{addr: &address{place: event.Place{IP: netip.MustParseAddr("203.0.113.9")}}, first: 10 * day, last: 30 * day, ref: ref(1), lastRef: ref(9),
		runs: []run{{10 * day, 11 * day, 3}, {20 * day, 21 * day, 4}, {30 * day, 30 * day, 1}}}
	for what, c := range map[string]struct {
		shut        Shut
		times       int64
		first, last event.Micros
		lines       []int64
	}{
		"after all of it":          {Shut{31 * day, 0}, 0, 0, 0, nil},
		"at its last moment":       {Shut{30 * day, 0}, 0, 0, 0, nil},
		"before the last":          {Shut{25 * day, 0}, 1, 30 * day, 30 * day, []int64{9}},
		"within a run":             {Shut{20*day + 1, 0}, 2, 21 * day, 30 * day, []int64{9}},
		"before all of it":         {Shut{9 * day, 0}, 8, 10 * day, 30 * day, []int64{1, 9}},
		"opened again before it":   {Shut{12 * day, 19 * day}, 0, 0, 0, nil},
		"opened again in between":  {Shut{12 * day, 25 * day}, 4, 20 * day, 21 * day, []int64{9}},
		"opened before its second": {Shut{9 * day, 15 * day}, 3, 10 * day, 11 * day, []int64{1, 9}},
	} {
		var a Again
		a.add(v, c.shut)
		if a.Times != c.times || a.First != c.first || a.Last != c.last || len(a.Evidence) != len(c.lines) || (c.times > 0) != (len(a.Addresses) == 1) {
			t.Errorf("%s: %+v", what, a)
			continue
		}
		for i, n := range c.lines {
			if a.Evidence[i].Line != n {
				t.Errorf("%s: record %d is of line %d, not %d", what, i, a.Evidence[i].Line, n)
			}
		}
	}
}
