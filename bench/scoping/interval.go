// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package scoping

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Share is part of a whole.
type Share struct{ Part, Whole int }

// Value returns the share as a number; 1 where there is nothing.
func (s Share) Value() float64 {
	if s.Whole == 0 {
		return 1
	}
	return float64(s.Part) / float64(s.Whole)
}

// Wilson returns the score interval of Wilson (1927) for a share of independent things at 95 %. With nothing it is 0 to 1.
func Wilson(s Share) (low, high float64) {
	if s.Whole == 0 {
		return 0, 1
	}
	const z = 1.959963984540054
	n, p := float64(s.Whole), s.Value()
	middle, half := p+z*z/(2*n), z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, (middle-half)/(1+z*z/n)), min(1, (middle+half)/(1+z*z/n))
}

// Bootstrap returns the percentile interval at 95 % of the pooled share when worlds are drawn again with replacement, 2,000 times from
// one fixed seed: accounts of one world are not independent, worlds are. Where all worlds agree it has no width, and then it says
// nothing of worlds that were not made.
func Bootstrap(worlds []Share) (low, high float64) {
	if len(worlds) == 0 {
		return 0, 1
	}
	const times = 2000
	dice := rand.New(rand.NewPCG(1, 2))
	drawn := make([]float64, times)
	for i := range drawn {
		var all Share
		for range worlds {
			w := worlds[dice.IntN(len(worlds))]
			all.Part, all.Whole = all.Part+w.Part, all.Whole+w.Whole
		}
		drawn[i] = all.Value()
	}
	slices.Sort(drawn)
	return drawn[times*25/1000], drawn[times-1-times*25/1000]
}
