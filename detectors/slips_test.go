// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Whose owner slipped and got in right after is let alone for that day, from where people are who they are; nobody else is.
func TestSlips(t *testing.T) {
	morning := time.Date(2025, 4, 7, 9, 0, 0, 0, time.UTC)
	at := func(handle uint32, minutes int, kind event.Kind) *event.Sighting {
		when := morning.Add(time.Duration(minutes) * time.Minute)
		return &event.Sighting{Event: &event.Event{Time: event.Of(when)}, Who: &event.Account{Handle: handle, Listed: true}, Src: event.Place{Kind: kind},
			Day: int32(when.Unix() / 86400)}
	}
	var l slips
	if l.fail(at(1, 0, event.KindMobile)); l.his(at(1, 1, event.KindMobile)) {
		t.Error("a failure alone is taken for its owner's")
	}
	if !l.login(at(1, 2, event.KindMobile)) || !l.his(at(1, 300, event.KindMobile)) {
		t.Error("a telephone that goes on with the old password is not known")
	}
	if l.his(at(1, 300, event.KindTor)) {
		t.Error("from a Tor exit somebody else may try it")
	}
	if l.his(at(1, 24*60, event.KindMobile)) {
		t.Error("it holds for a day only")
	}
	if l.login(at(1, 3, event.KindMobile)) {
		t.Error("a slip is mended once")
	}
	if l.fail(at(2, 0, event.KindMobile)); l.login(at(2, guessingSlip+1, event.KindMobile)) || l.his(at(2, guessingSlip+2, event.KindMobile)) {
		t.Error("a login long after a failure mends nothing")
	}
	if l.login(at(3, 0, event.KindMobile)) {
		t.Error("without a failure there is nothing to mend")
	}
}
