// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import "net/netip"

// guessersAround follows which neighbourhoods of IPv6 guess as a whole: whoever rents a /48 can try each name from another line. It is bounded by
// two generations: when one is full, the neighbourhoods of the one before that did not guess since are forgotten.
type guessersAround struct{ now, before map[netip.Prefix]*hood }

const maxHoods = 1 << 15 // of a generation

// hood is one neighbourhood. What accounts failed that are at home there is left out.
type hood struct {
	*guesser
	lines subnets
}

// of returns what is known of a neighbourhood; nil for nothing.
func (a *guessersAround) of(net netip.Prefix) *hood {
	if h := a.now[net]; h != nil {
		return h
	}
	return a.before[net]
}

// follow returns what is known of a neighbourhood in which somebody failed on a day.
func (a *guessersAround) follow(net netip.Prefix, day int32) *hood {
	h := a.now[net]
	if h == nil {
		if h = a.before[net]; h == nil {
			h = &hood{guesser: &guesser{first: day, last: day}}
		}
		if len(a.now) >= maxHoods {
			a.now, a.before = nil, a.now
		}
		if a.now == nil {
			a.now = map[netip.Prefix]*hood{}
		}
		delete(a.before, net)
		a.now[net] = h
	}
	if day-h.last > guesserDays {
		h.lines = subnets{}
	}
	h.touch(day)
	return h
}
