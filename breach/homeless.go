// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

// Every honest client has a home: the office, the line at home, a place that its owner comes back to. One that several accounts are used with,
// and only ever from places new to them, is nobody's but the hand's that holds the accounts, from whatever kind of address it comes.

// lodge counts, for every client without a home, in any version, the accounts that were used with it.
func (s *scoping) lodge() {
	homes, guests := make([]bool, s.numbers.most+1), map[uint32]map[uint32]bool{}
	for _, v := range s.ordered {
		if v.client == 0 || s.everybodys(v) {
			continue
		}
		f := s.families[v.client]
		switch {
		case homes[f]:
		case v.judged != condemned && (v.atHome() || v.days > wanderDays || s.crowd(v)): // a telephone is at home behind its carrier's gateways
			homes[f] = true
		case v.judged == condemned || v.foreign:
			if guests[f] == nil {
				guests[f] = map[uint32]bool{}
			}
			guests[f][v.who.Handle] = true
		}
	}
	s.homeless = map[uint32]int{}
	for f, who := range guests {
		if !homes[f] && len(who) > 1 && float64(len(who)) < commonShare*float64(s.withClient) { // so many hands are nobody's
			s.homeless[f] = len(who)
		}
	}
}

// houseless returns how many accounts were used with the client of a visit, if it has no home and nobody comes back with it.
func (s *scoping) houseless(v *visit) int {
	if v.client == 0 || !v.foreign || s.everybodys(v) {
		return 0
	}
	return s.homeless[s.families[v.client]]
}
