// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import "github.com/sekisho/sekisho/event"

// homes remembers at which lines accounts log in, to tell people who mistype at their own desks from somebody who guesses.
type homes struct {
	places map[event.Line]*homePlace
}

type homePlace struct {
	accounts handles // that logged in there, up to homeAccounts
	failed   handles // that failed there today, up to homeAccounts
	day      int32
}

const (
	homeAccounts = 256
	homeDesk     = 4 // accounts: a desk, a home or a laboratory's machine, where each is known
	homeShare    = 4 // at a larger place, a quarter of its accounts may fail on one day: more is a guesser behind the same front end
)

func (h *homes) login(s *event.Sighting) {
	if !s.SrcIP.IsValid() || s.SrcIsRelay {
		return
	}
	line := lineOf(s)
	h.live(line, s.Who.Handle)
	if line.Set != 0 { // a record without a port does not say which home of the address it speaks of
		h.live(event.Line{At: line.At}, s.Who.Handle)
	}
}

func (h *homes) live(at event.Line, who uint32) {
	p := h.places[at]
	if p == nil {
		if h.places == nil {
			h.places = map[event.Line]*homePlace{}
		}
		if len(h.places) >= maxSources {
			return
		}
		p = &homePlace{}
		h.places[at] = p
	}
	p.accounts.add(who, homeAccounts)
}

// failure notes a failure and says whether it happened where its account, or enough others, are at home.
func (h *homes) failure(s *event.Sighting) bool {
	p := h.places[lineOf(s)]
	if p == nil || !s.SrcIP.IsValid() || s.SrcIsRelay {
		return false
	}
	if p.day != s.Day {
		p.day = s.Day
		p.failed = p.failed[:0]
	}
	p.failed.add(s.Who.Handle, homeAccounts)
	if len(p.accounts) <= homeDesk {
		return p.accounts.has(s.Who.Handle)
	}
	return len(p.failed)*homeShare <= len(p.accounts)
}
