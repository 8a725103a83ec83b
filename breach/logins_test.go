// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestLogins checks that each account, address and client is there once, however often it came, and that failures are not.
func TestLogins(t *testing.T) {
	w := newWorld(t)
	w.place("126.10.1.9", event.KindUnknown, "JP", 17676)
	for d := range 3 {
		w.login(name(1), "126.10.1.9", browser(1), d, 9, event.OutcomeSuccess)
		w.login(name(2), "126.10.1.9", browser(2), d, 10, event.OutcomeFailure)
	}
	w.login(name(1), "126.10.1.9", strange, 3, 9, event.OutcomeSuccess)
	w.scope(Inputs{})
	ip := netip.MustParseAddr("126.10.1.9")
	if got, want := w.ledger.Logins(), []Login{{name(1), ip, browser(1)}, {name(1), ip, strange}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
