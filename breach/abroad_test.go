// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// lands makes places abroad, each in a network of its own.
func (w *world) lands() [4]string {
	at := [4]string{"177.54.150.9", "191.96.227.9", "187.45.102.9", "203.0.113.9"}
	for i, country := range [...]string{"BR", "AR", "BR", "PE"} {
		w.place(at[i], event.KindUnknown, country, uint32(64500+i))
	}
	return at
}

// attacked tells that the institute's accounts were under attack at the time.
func attacked() Inputs {
	return Inputs{Findings: []event.Finding{{Detector: "id-probing", Severity: event.Medium, First: day0 + 50*day, Last: day0 + 110*day}}}
}

// TestToAndFro: passwords of three accounts are known from elsewhere; they are tried, with those of five others, from a line abroad, and then used from
// there and two more in turn, a night each, with everybody's browser, while their owners are at home.
func TestToAndFro(t *testing.T) {
	w := newWorld(t)
	w.alike(120)
	at := w.lands()
	for i := range 8 {
		for range 3 {
			w.login(name(i), at[0], everybodys, 60+i%3, 15, event.OutcomeFailure)
		}
	}
	for k := range 9 {
		for i := range 3 {
			w.login(name(i), at[(k+i)%3], everybodys, 60+2*k+i%2, 16, event.OutcomeSuccess)
		}
	}
	for who, v := range verdicts(w.scope(attacked())) {
		his := who == name(0) || who == name(1) || who == name(2)
		if bad := v == cases.AccountCompromised; bad != his {
			t.Errorf("%s is %q", who, v)
		}
	}
}

// TestJourneys: what looks like it and is none. Three colleagues travel through three countries together; others stay, one after another, at a laboratory
// and its guest house for a week each, with a mistyped password now and then; one department has a hotel and a meeting in two countries next to
// each other.
func TestJourneys(t *testing.T) {
	w := newWorld(t)
	w.alike(120)
	at := w.lands()
	for k, place := range at[:3] {
		for i := range 3 {
			for d := range 2 {
				w.login(name(i), place, everybodys, 60+2*k+d, 14, event.OutcomeSuccess)
			}
		}
	}
	w.place("193.0.2.9", event.KindUniversity, "DE", 680)
	w.place("193.0.9.9", event.KindUnknown, "DE", 3320)
	for i := range 6 {
		for d := range 5 {
			from := 50 + 8*i + d
			w.login(name(10+i), "193.0.2.9", everybodys, from, 10, event.OutcomeSuccess)
			if d%2 == 0 {
				w.login(name(10+i), "193.0.9.9", everybodys, from, 20, event.OutcomeFailure)
				w.login(name(10+i), "193.0.9.9", everybodys, from, 20, event.OutcomeSuccess)
			}
		}
	}
	w.place("194.0.2.9", event.KindUnknown, "CH", 3303)
	w.place("195.0.2.9", event.KindUnknown, "FR", 3215)
	w.place("195.0.3.9", event.KindUnknown, "FR", 3216)
	for d := range 4 {
		for i := range 3 {
			w.login(name(20+i), "194.0.2.9", everybodys, 70+d, 10, event.OutcomeSuccess)
			w.login(name(20+i), "195.0.2.9", everybodys, 70+d, 19, event.OutcomeSuccess)
			w.login(name(20+i), "195.0.3.9", everybodys, 70+d, 12, event.OutcomeSuccess)
		}
	}
	for who, v := range verdicts(w.scope(attacked())) {
		if v == cases.AccountCompromised || v == cases.AccountSuspected {
			t.Errorf("%s is %q", who, v)
		}
	}
}

// TestGuestsMistype: a hotel abroad at which five mistype; four of them get in in the end, and one gives up.
func TestGuestsMistype(t *testing.T) {
	w := newWorld(t)
	w.alike(120)
	at := w.lands()[0]
	for i := range 5 {
		for d := range 2 {
			w.login(name(i), at, everybodys, 60+d, 12, event.OutcomeFailure)
			if i < 4 {
				w.login(name(i), at, everybodys, 60+d, 12, event.OutcomeSuccess)
			}
		}
	}
	for who, v := range verdicts(w.scope(attacked())) {
		if v == cases.AccountCompromised || v == cases.AccountSuspected {
			t.Errorf("%s is %q", who, v)
		}
	}
}
