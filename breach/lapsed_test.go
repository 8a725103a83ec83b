// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// TestLapsedPasswords: on one day all passwords lapse, and the telephones behind a carrier's addresses, which change every day, go on trying for
// hours. Nobody is to be asked because of that. Somebody who tries the same people from a network that none of them knows is a guesser, and so is
// one behind the carrier who tries people that never came from there.
func TestLapsedPasswords(t *testing.T) {
	story := func(from func(i int) string, phones int) (suspected int) {
		w := newWorld(t)
		w.ordinary(12)
		for i := range 20 {
			w.place(fmt.Sprintf("1.75.210.%d", 30+i), event.KindUnknown, "JP", 9605)
		}
		w.place("45.77.3.9", event.KindHosting, "", 0)
		for i := range phones {
			for d := range 12 {
				w.login(name(i), fmt.Sprintf("1.75.210.%d", 30+(7*i+5*d)%20), fmt.Sprintf("Phone/%d", d/6), d, 12, event.OutcomeSuccess)
			}
		}
		for i := range 12 {
			for range 9 {
				w.login(name(i), from(i), "", 6, 8, event.OutcomeFailure)
			}
		}
		w.login(name(20), from(0), "", 7, 3, event.OutcomeSuccess)
		for _, v := range verdicts(w.scope(Inputs{})) {
			if v == cases.AccountSuspected || v == cases.AccountCompromised {
				suspected++
			}
		}
		return suspected
	}
	if n := story(func(i int) string { return fmt.Sprintf("1.75.210.%d", 30+i%2) }, 12); n != 0 {
		t.Errorf("%d people are to be asked because their telephones had an old password", n)
	}
	if n := story(func(int) string { return "45.77.3.9" }, 12); n == 0 {
		t.Error("who got in from where twelve people were guessed at is not asked about")
	}
	if n := story(func(int) string { return "1.75.210.30" }, 0); n == 0 {
		t.Error("who got in from a carrier's address, at which twelve strangers to it were guessed at, is not asked about")
	}
}
