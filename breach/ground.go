// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import "github.com/sekisho/sekisho/event"

// ground is what scoping takes from the records alone. No answer changes it, so it is worked out once, and again when records have come.
type ground struct {
	asOf        int64 // sightings when it was worked out
	steady      []steadyName
	used        int                // accounts that ever logged in
	hands       []int              // accounts by number of the line with a client
	holders     []int              // accounts by client
	masked      []bool             // by number of an account with a client: it is at addresses that hide their users, without a habit of it
	maskedBy    []int              // such accounts by client
	maskedAll   int                // accounts seen at such addresses
	asShare     map[uint32]float64 // share of accounts that ever came from an AS
	throngs     throngs
	home        string    // the country that most accounts come from
	heldBy      []float64 // by client without versions: share of the accounts with any client that have this one, in any version, at an address that does not hide its user
	recordsFrom event.Micros
}

// stand works the ground out, unless that was done.
func (s *scoping) stand() {
	if s.ground = s.Ledger.ground; s.ground != nil && s.ground.asOf == s.heard {
		return
	}
	s.ground = &ground{asOf: s.heard, recordsFrom: s.began(), steady: s.steadyNames()}
	for _, p := range s.people {
		if p.success {
			s.used++
		}
	}
	s.home = s.homeCountry()
	s.shareSystems()
	s.hide()
	s.hold()
	s.throngs = throngs{all: map[provider]int{}, with: map[throngKey]int{}}
	for _, p := range s.people {
		s.throngs.count(p, s.families)
	}
	for _, a := range s.lines {
		a.real = 0
		for h := range a.tried {
			if p := s.Ledger.people[h]; p != nil && p.success {
				a.real++
			}
		}
		a.homely = 0
		if a.guesses = a.guesser(); a.guesses {
			a.homely = s.homelyAt(a)
			a.guesses = a.guesser()
		}
		a.shutOut = a.real >= stuffedLeast && s.shutsOut(a)
	}
	s.heldBy = s.shareClients()
	s.Ledger.ground = s.ground
}

// homeCountry returns the country from which most accounts come; the first in order of name where equal.
func (s *scoping) homeCountry() string {
	count := map[string]int{}
	for _, p := range s.people {
		seen := map[string]bool{}
		for _, v := range p.visits {
			if c := v.addr.place.Country; c != "" && !seen[c] {
				seen[c] = true
				count[c]++
			}
		}
	}
	best := ""
	for c, n := range count {
		if best == "" || n > count[best] || n == count[best] && c < best {
			best = c
		}
	}
	return best
}

// shareSystems counts which share of the accounts came from each autonomous system.
func (s *scoping) shareSystems() {
	count, used := map[uint32]int{}, 0
	for _, p := range s.people {
		seen := map[uint32]bool{}
		for _, v := range p.visits {
			if n := v.addr.place.ASN; n != 0 && !seen[n] {
				seen[n] = true
				count[n]++
			}
		}
		if len(p.visits) > 0 {
			used++
		}
	}
	s.asShare = make(map[uint32]float64, len(count))
	for n, k := range count {
		s.asShare[n] = float64(k) / float64(max(used, 1))
	}
}
