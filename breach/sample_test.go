// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestSample: of a thousand accounts that failed from one address it keeps as many as it may, the same ones in whatever order they came, and neither
// the first nor the last.
func TestSample(t *testing.T) {
	who := make([]*event.Account, 1000)
	for i := range who {
		who[i] = &event.Account{ID: fmt.Sprintf("A-%010d", i), Handle: uint32(i + 1)}
	}
	var before *address
	for seed := range uint64(5) {
		a, r := &address{}, rand.New(rand.NewPCG(seed, 1))
		for range 3 {
			for _, i := range r.Perm(len(who)) {
				a.try(who[i], 1, 1)
			}
		}
		if len(a.tried) != maxTried || a.triedAll != maxTried {
			t.Fatalf("%d accounts, %d counted", len(a.tried), a.triedAll)
		}
		late := 0
		for h, tr := range a.tried {
			if tr.n != 3 {
				t.Errorf("an account of the sample failed %d times, not 3", tr.n)
			}
			if h > 500 {
				late++
			}
			if before != nil {
				if _, ok := before.tried[h]; !ok {
					t.Errorf("another order keeps account %d", h)
				}
			}
		}
		if late < 15 || late > 49 {
			t.Errorf("%d of %d are of the later half", late, maxTried)
		}
		before = a
	}
}
