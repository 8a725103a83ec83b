// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"slices"
	"testing"
	"time"
)

// TestHolidays checks the days off that are not weekends against the Cabinet Office's list, with the New Year's days.
func TestHolidays(t *testing.T) {
	for year, want := range map[int][]string{
		2017: {"01-02", "01-03", "01-09", "03-20", "05-03", "05-04", "05-05", "07-17", "08-11", "09-18", "10-09", "11-03", "11-23", "12-29"},
		2018: {"01-01", "01-02", "01-03", "01-08", "02-12", "03-21", "04-30", "05-03", "05-04", "07-16", "09-17", "09-24", "10-08", "11-23", "12-24", "12-31"},
		2023: {"01-02", "01-03", "01-09", "02-23", "03-21", "05-03", "05-04", "05-05", "07-17", "08-11", "09-18", "10-09", "11-03", "11-23", "12-29"},
		2025: {"01-01", "01-02", "01-03", "01-13", "02-11", "02-24", "03-20", "04-29", "05-05", "05-06", "07-21", "08-11", "09-15", "09-23", "10-13", "11-03", "11-24", "12-29", "12-30", "12-31"},
	} {
		cal := newCalendar(time.Date(year, 1, 1, 0, 0, 0, 0, tokyo), 365)
		var got []string
		for d := range cal.days {
			if wd := cal.weekday(d); wd != 0 && wd != 6 && !cal.works(d) {
				got = append(got, utc(cal.at(d, 0)).In(tokyo).Format("01-02"))
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d:\n%v, want\n%v", year, got, want)
		}
	}
}
