// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"errors"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// readDated reads lines as those of one file that begins in year, in Japan, and returns the time of the event of each; "" for none, and the
// error of those that nobody took.
func readDated(t *testing.T, year, latest int, lines ...string) (times []string, errs []error) {
	t.Helper()
	all := All()
	var order []*Format
	for i := range all {
		order = append(order, &all[i])
	}
	clock := &Clock{Latest: latest}
	clock.Begin(time.FixedZone("JST", 9*3600), year, 0)
	rd := NewReader(order, &Env{Clock: clock, Intern: NewInterner()})
	var out event.Batch
	for i, l := range lines {
		n := len(out.Events)
		err := rd.Read(&event.Record{Part: event.Part{Line: int64(i + 1)}, Data: []byte(l)}, &out)
		at := ""
		if len(out.Events) > n {
			at = out.Events[n].Time.Time().Format(time.RFC3339)
		}
		times, errs = append(times, at), append(errs, err)
	}
	return times, errs
}

// TestDates reads the heads that machines write in Japan.
func TestDates(t *testing.T) {
	const said = "Accepted password for taro from 203.0.113.9 port 5 ssh2"
	for _, c := range []struct{ line, at string }{
		{"Tue 2025-06-03 09:00:00 JST web1 sshd[5]: " + said, "2025-06-03T00:00:00Z"},
		{"Tue 2025-06-03 09:00:00 UTC web1 sshd[5]: " + said, "2025-06-03T09:00:00Z"},
		{"Tue 2025-06-03 09:00:00 GMT web1 sshd[5]: " + said, "2025-06-03T09:00:00Z"},
		{"Tue 2025-06-03 09:00:00 +03 web1 sshd[5]: " + said, "2025-06-03T06:00:00Z"},
		{"Tue 2025-06-03 09:00:00 CST web1 sshd[5]: " + said, "2025-06-03T00:00:00Z"}, // of three zones: the file's is taken
		{"Tue 2025-06-03 09:00:00 XYZT web1 sshd[5]: " + said, "2025-06-03T00:00:00Z"},
		{"2025/06/03 09:00:00 web1 sshd[1209]: " + said, "2025-06-03T00:00:00Z"},
		{"Feb 28 09:00:00 web1 sshd[1]: " + said, "2025-02-28T00:00:00Z"},
		{"<166>:Jun 03 09:00:02 JST: %ASA-6-605005: Login permitted from 203.0.113.12/5000 to inside:10.0.0.1/ssh for user \"taro\"", "2025-06-03T00:00:02Z"},
		{"<166>:Jun 03 2025 09:00:02 UTC: %ASA-6-605005: Login permitted from 203.0.113.12/5000 to inside:10.0.0.1/ssh for user \"taro\"", "2025-06-03T09:00:02Z"},
		{"Jun  3 09:00:04 relay1 Jun 03 09:00:02 JST: %ASA-6-605005: Login permitted from 203.0.113.12/5000 to inside:10.0.0.1/ssh for user \"taro\"", "2025-06-03T00:00:02Z"},
	} {
		if at, errs := readDated(t, 2025, 0, c.line); at[0] != c.at {
			t.Errorf("%s: %q, want %s; %v", c.line, at[0], c.at, errs[0])
		}
	}
}

// TestLeapDay: a day that the year does not have is no other day.
func TestLeapDay(t *testing.T) {
	line := "Feb 29 09:00:00 web1 sshd[1]: Accepted password for taro from 203.0.113.9 port 5 ssh2"
	if at, errs := readDated(t, 2024, 0, line); at[0] != "2024-02-29T00:00:00Z" || errs[0] != nil {
		t.Errorf("2024: %q, %v", at, errs)
	}
	if at, errs := readDated(t, 2025, 0, line); at[0] != "" || !errors.Is(errs[0], ErrNoSuchDay) {
		t.Errorf("2025: %q, %v", at, errs)
	}
}

// TestFollowedYear: lines that write their year tell that of the lines after them.
func TestFollowedYear(t *testing.T) {
	const said = " web1 sshd[1]: Accepted password for taro from 203.0.113.9 port 5 ssh2"
	lines := []string{"2021-12-30T09:00:00+09:00" + said, "Dec 31 09:00:00" + said, "Jan  1 09:00:00" + said, "2022-01-02T09:00:00+09:00" + said, "Dec 31 10:00:00" + said,
		"2052-06-03T09:00:00+09:00" + said, "Jan  3 09:00:00" + said}
	want := []string{"2021-12-30T00:00:00Z", "2021-12-31T00:00:00Z", "2022-01-01T00:00:00Z", "2022-01-02T00:00:00Z", "2021-12-31T01:00:00Z", "2052-06-03T00:00:00Z", "2022-01-03T00:00:00Z"}
	at, errs := readDated(t, 2021, 2025, lines...)
	for i := range want {
		if at[i] != want[i] {
			t.Errorf("%s: %q, want %s; %v", lines[i], at[i], want[i], errs[i])
		}
	}
}

// TestNoTime: a row whose time is none is not understood, event or not.
func TestNoTime(t *testing.T) {
	_, errs := readDated(t, 2025, 0, "ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name", "10,13/06/25,09:00:00,Assign,10.1.1.1,PC,AABBCCDDEEFF,", "10,06/31/25,09:00:00,Assign,10.1.1.1,PC,AABBCCDDEEFF,")
	if errs[0] != nil || !errors.Is(errs[1], ErrNoTime) || !errors.Is(errs[2], ErrNoTime) {
		t.Error(errs)
	}
}
