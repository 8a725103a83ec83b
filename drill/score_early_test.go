// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"encoding/json"
	"testing"
	"time"
)

// TestScoreEarlyAlarm checks that an alarm counts for an act only if the act's own traces can have raised it. The act "logins" of the
// truth written by hand goes from 11 to 20 June and has Hana's account from its beginning; "guessing", from 10 to 12 June, has the
// addresses alone.
func TestScoreEarlyAlarm(t *testing.T) {
	const hana, tor = `"accounts": ["A-h"]`, `"addresses": ["203.0.113.7"]`
	at := func(day, hour int) time.Time { return time.Date(2025, 6, day, hour, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		name          string
		first, raised time.Time
		subject       string
		trace         time.Time // of the act; zero: its beginning
		seen, known   bool
		lead          float64
		about, beside int
		alarm         bool
	}{
		{"by the login itself", at(11, 0), at(11, 1), hana, time.Time{}, true, false, 1, 1, 0, true},
		{"by a clock four minutes slow", at(11, 0).Add(-4 * time.Minute), at(11, 0).Add(-4 * time.Minute), hana, time.Time{}, true, false, -0.07, 1, 0, true},
		{"by the owner, two days before", at(9, 0), at(9, 1), hana, time.Time{}, false, false, 0, 0, 1, false},
		{"by the owner, six minutes before", at(9, 0), at(11, 0).Add(-6 * time.Minute), hana, time.Time{}, false, false, 0, 0, 1, false},
		{"by the guessing, from the same address", at(10, 0), at(10, 2), tor, time.Time{}, false, true, 0, 1, 0, true},
		{"before the logs show the act", at(11, 0), at(11, 1), hana, at(11, 12), false, false, 0, 0, 1, false},
		{"after it", at(11, 0), at(11, 13), hana, at(11, 12), true, false, 13, 1, 0, true},
	} {
		truth, _ := byHand(t)
		if !c.trace.IsZero() {
			truth.Acts[2].Trace = &c.trace
		}
		var subjects map[string]any
		if err := json.Unmarshal([]byte("{"+c.subject+"}"), &subjects); err != nil {
			t.Fatal(err)
		}
		r := score(t, truth, map[string]any{"schema": "sekisho.case/1", "accounts": []map[string]any{{"id": "A-h", "name": "hana@lab.example"}},
			"findings": []map[string]any{{"id": "F-1", "detector": "unusual-login", "severity": "high", "first": c.first, "last": at(13, 0), "alerted": c.raised, "subjects": subjects}}})
		a := r.Acts[2]
		if a.Seen != c.seen || a.Known != c.known || c.seen && *a.Lead != c.lead || r.ActCount.Known != btoi(c.known) {
			t.Errorf("%s: the act is %+v", c.name, a)
		}
		if n := r.Noise.Severities["high"]; n.Acts != c.about || n.Beside != c.beside {
			t.Errorf("%s: findings %+v", c.name, n)
		}
		if (r.FirstAlarm != nil) != c.alarm {
			t.Errorf("%s: first alarm %v", c.name, r.FirstAlarm)
		}
	}
}

// TestFirstTrace checks what the truth of a drill says of the first trace of an act.
func TestFirstTrace(t *testing.T) {
	_, truth := shared(t, AIST)
	for _, a := range truth.Acts {
		if (a.Trace == nil) != (len(a.Logs) == 0) || a.Trace != nil && (a.Trace.Before(a.From) || a.Trace.After(a.To)) {
			t.Errorf("%s, of %s to %s in %v: first trace %v", a.Name, a.From, a.To, a.Logs, a.Trace)
		}
	}
}
