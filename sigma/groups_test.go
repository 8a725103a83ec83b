// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"math/rand/v2"
	"testing"
)

// TestGroupTable holds the table against a map, with keys that crowd together and with keys that do not.
func TestGroupTable(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	table := newGroupTable()
	want := map[uint64]int32{}
	for step := range 200_000 {
		key := dice.Uint64N(3000)
		if step%2 == 0 {
			key *= mix
		}
		_, have := want[key]
		switch {
		case !have && step%50_000 < 40_000:
			want[key] = int32(step)
			table.put(key, int32(step))
		case have:
			delete(want, key)
			table.drop(key)
		default:
			table.drop(key) // what is not there
		}
		probe := dice.Uint64N(3000)
		is, there := want[probe]
		if got, ok := table.get(probe); ok != there || ok && got != is {
			t.Fatalf("step %d: %d gives %d, %t and not %d, %t", step, probe, got, ok, is, there)
		}
	}
	for key, group := range want {
		if got, ok := table.get(key); !ok || got != group {
			t.Errorf("%d gives %d, %t and not %d", key, got, ok, group)
		}
	}
	if table.n != len(want) {
		t.Errorf("%d keys and not %d", table.n, len(want))
	}
}
