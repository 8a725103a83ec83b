// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

// homes remembers at which addresses accounts log in, to tell people who mistype at their own desks from somebody who guesses.
type homes struct {
	places map[netip.Addr]*homePlace
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
	p := h.places[s.SrcIP]
	if p == nil {
		if h.places == nil {
			h.places = map[netip.Addr]*homePlace{}
		}
		if len(h.places) >= maxSources {
			return
		}
		p = &homePlace{}
		h.places[s.SrcIP] = p
	}
	p.accounts.add(s.Who.Handle, homeAccounts)
}

// failure notes a failure and says whether it happened where its account, or enough others, are at home.
func (h *homes) failure(s *event.Sighting) bool {
	p := h.places[s.SrcIP]
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
