// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"slices"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestTried holds that the few tries from where the intruder got in are told as his, and nobody's slips at a hotel.
func TestTried(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	w.place("45.76.101.17", event.KindHosting, "SG", 20473)
	w.place("192.0.2.201", event.KindHotel, "JP", 2518)
	for i := range 3 {
		w.login(name(10+i), "45.76.101.17", strange, 48, 17+i, event.OutcomeFailure)
		w.login(name(10+i), "192.0.2.201", strange, 48, 17+i, event.OutcomeFailure)
		w.login(name(20+i), "192.0.2.201", strange, 48, 17+i, event.OutcomeSuccess)
	}
	for i := range 5 {
		w.login(name(i), "45.76.101.17", strange, 50+i%3, 18, event.OutcomeSuccess)
	}
	all := w.scope(Inputs{}).Findings
	i := slices.IndexFunc(all, func(f event.Finding) bool { return f.Detector == "credential-stuffing" })
	if i < 0 {
		t.Fatal("nothing is told of the tries")
	}
	f := all[i]
	if len(f.Accounts) != 3 || len(f.Addresses) != 1 || len(f.Evidence) != 1 || f.Severity != event.Low || f.Alerted < f.First || f.Alerted-day0 < 48*day {
		t.Errorf("got %+v", f)
	}
	if slices.ContainsFunc(all[i+1:], func(f event.Finding) bool { return f.Detector == "credential-stuffing" }) {
		t.Error("told twice")
	}
}
