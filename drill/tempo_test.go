// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"fmt"
	"testing"
	"time"
)

// TestTempo checks, for every incident and for drills of a day to two years, that nothing of the script changes its order, that
// working days stay working days, and that the drill as long as its script has the script's own dates.
func TestTempo(t *testing.T) {
	for _, s := range incidents() {
		if s.write == nil {
			continue
		}
		for _, days := range []int{1, 3, 6, 7, 13, 20, 28, 60, 100, 140, 200, 300, s.weeks * 7, 400, 731} {
			for offset := range 3 {
				cal := newCalendar(time.Date(2025, 6, 1+2*offset, 0, 0, 0, 0, time.FixedZone("", 9*3600)), days)
				t.Run(fmt.Sprintf("%s/%d/%d", s.name, days, offset), func(t *testing.T) { checkTempo(t, s, cal) })
			}
		}
		own := newTempo(s, newCalendar(time.Unix(dayOfDate(s.first)*86400-9*3600, 0), s.weeks*7), 0, s.weeks*7, "")
		for i, d := range own.dates {
			if d.day != i || !d.whole {
				t.Fatalf("%s: day %d of its own calendar is day %d", s.name, i, d.day)
			}
		}
	}
}

func checkTempo(t *testing.T, s incident, cal calendar) {
	o := Options{Start: time.UnixMicro(cal.start), Days: cal.days}
	if err := o.lay(s); err != nil {
		t.Fatal(err)
	}
	tempo := newTempo(s, cal, o.lead, o.span, "")
	last, working := cal.start, 0
	for i, d := range tempo.dates {
		if d.open < last || d.shut < d.open || d.shut > cal.end()+2*hour && d.whole == false {
			t.Fatalf("day %d lies from %v to %v, after %v", i, utc(d.open), utc(d.shut), utc(last))
		}
		last = d.shut
		if wd := i % 7; cal.days >= 14 && !d.gone && wd != 0 && wd != 6 && !weekday(cal.weekday(d.day)) {
			t.Fatalf("day %d, a working day, is on day %d, a weekend", i, d.day)
		}
		working += btoi(!d.gone)
	}
	if working < s.weeks {
		t.Fatalf("only %d days are left", working)
	}
	seen := map[int]bool{}
	from, to := dateOf(tempo.first+14), dateOf(tempo.first+int64(len(tempo.dates))-15)
	for _, d := range tempo.stretch(from, to, true) {
		if cal.days >= 14 && seen[d.day] {
			t.Fatalf("day %d comes twice in a stretch", d.day)
		}
		seen[d.day] = true
	}
}

func dateOf(days int64) string { return time.Unix(days*86400, 0).UTC().Format(time.DateOnly) }
