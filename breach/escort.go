// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"math"

	"github.com/sekisho/sekisho/event"
)

// A mail program's login says where it came from and not with what. Who reads mail through a commercial VPN does so beside the browser, though:
// minutes before, the account signed in at the same exit with the client that its owner has at home. Such a visit has an escort, and what the
// escort's client says is said of both.

// escortWithin is how far from one another two stretches of use may be to be one sitting.
const escortWithin = event.Micros(12 * 3600 * 1e6)

// escort finds, for every visit of a person whose records name no client, one with the owner's own client at the same address and time.
func (s *scoping) escort(p *person) {
	if !p.bare {
		return
	}
	for _, v := range p.visits {
		v.escorted, v.known = 0, false
		if v.client != 0 && v.judged != condemned && (v.addr.place.Own || v.past.address || v.past.network) {
			s.known.homes[v.is.pair] = true // whenever
		}
	}
	for _, v := range p.visits {
		if v.client != 0 || v.addr.place.Own {
			continue
		}
		for _, w := range s.numbers.beside[v.is.line] {
			if w.judged == condemned {
				continue
			}
			if n := s.vouches(w, s.known.homes[w.is.pair]); n < v.escorted && v.sits(w) {
				v.escorted, v.known = n, s.shareOf(w, true) < commonShare
			}
		}
	}
}

// vouches returns what the client of a visit says of its being the owner's, in nats, at most 0. One that comes home later says it too, a little less.
func (s *scoping) vouches(w *visit, home bool) float64 {
	if n := s.clientTerm(w, w.past); n < 0 || !home || w.past.contested || w.past.common {
		return min(n, 0)
	}
	if s.operatorShare(w) >= contestedShare || s.sameHand(w) > 0 {
		return 0
	}
	if share := s.shareOf(w, true); share >= commonShare {
		return min(0, math.Log(share/0.9))
	}
	return s.w.ClientFamily
}

// sits says whether another visit was there during most of this one.
func (v *visit) sits(w *visit) bool {
	var with, all int64
	for _, r := range v.runs {
		all += r.n
		for _, o := range w.runs {
			if r.from <= o.to+escortWithin && r.to >= o.from-escortWithin {
				with += r.n
				break
			}
		}
	}
	return all > 0 && 2*with > all
}
