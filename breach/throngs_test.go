// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// TestThrongs: the records begin on the day before all passwords lapse. Nobody's past is known, everybody's telephone tries the old password behind the
// carrier's gateways, gets in later, and every other one is of the same make. Nobody is condemned or suspected for that. Somebody who tries the same
// people there and gets in at two of them with a client of his own is.
func TestThrongs(t *testing.T) {
	story := func(his bool) (bad int) {
		w := newWorld(t)
		const people, gateways = 160, 12
		for i := range gateways {
			w.place(fmt.Sprintf("1.75.210.%d", 30+i), event.KindUnknown, "JP", 9605)
		}
		w.place("203.0.113.77", event.KindResidential, "JP", 4713)
		gateway := func(i, d int) string { return fmt.Sprintf("1.75.210.%d", 30+(7*i+5*d)%gateways) }
		for d := range 12 {
			for i := range people {
				if d == 1 {
					for range 5 {
						w.login(name(i), gateway(i, d), "", d, 8, event.OutcomeFailure)
					}
				}
				phone := "Phone/18"
				if i%2 == 1 {
					phone = fmt.Sprintf("Telephone of make %c/5", 'A'+i%26)
				}
				if d > 1 && (i+d)%3 == 0 {
					w.login(name(i), gateway(i, d), phone, d, 12, event.OutcomeSuccess)
				}
			}
		}
		if his {
			for i := range 40 {
				w.login(name(i), "203.0.113.77", "", 4, 3, event.OutcomeFailure)
			}
			for i := range 2 {
				w.login(name(i), "203.0.113.77", "Tool/1", 5, 3, event.OutcomeSuccess)
			}
		}
		for _, v := range verdicts(w.scope(Inputs{})) {
			if v == cases.AccountSuspected || v == cases.AccountCompromised {
				bad++
			}
		}
		return bad
	}
	if n := story(false); n != 0 {
		t.Errorf("%d people are suspected because of their telephones", n)
	}
	if n := story(true); n != 2 {
		t.Errorf("%d people are suspected where he got in at two", n)
	}
}
