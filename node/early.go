// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/identity"
)

// early counts, while files are still being read, accounts that were logged in to from an address that tried at least five
// accounts in vain, or that a list says hides its user. It sees events in any order and knows no aliases, so it is a first
// look and is called that; nothing of it enters the case. It is safe for concurrent use.
type early struct {
	know *identity.Knowledge
	seed maphash.Seed

	mu       sync.Mutex
	sources  map[netip.Addr]*earlySource
	suspects map[uint64]struct{}
	pairs    int
	start    time.Time
	told     time.Time
}

// earlySource is what was seen of one address.
type earlySource struct {
	bad     bool
	tried   [guessedAt]uint64 // accounts that failed from here
	n       int
	entered map[uint64]struct{} // accounts that were logged in to, until it is known to be bad
}

// Bounds: beyond them addresses and accounts are not looked at.
const (
	guessedAt       = 5
	maxEarlySources = 100_000
	maxEarlyPairs   = 300_000
	earlyFirst      = 20 * time.Second // from the beginning to the first look
	earlyAgain      = 20 * time.Second
)

func newEarly(k *identity.Knowledge) *early {
	return &early{know: k, seed: maphash.MakeSeed(), sources: map[netip.Addr]*earlySource{}, suspects: map[uint64]struct{}{}, start: time.Now()}
}

// look takes a batch of events as they were read.
func (y *early) look(batch []event.Event) {
	y.mu.Lock()
	defer y.mu.Unlock()
	for i := range batch {
		e := &batch[i]
		if e.Class != event.ClassAuthentication || e.Activity != event.ActLogon || e.Account == "" || e.SrcIsRelay || !e.SrcIP.IsValid() {
			continue
		}
		y.note(e)
	}
}

func (y *early) note(e *event.Event) {
	s := y.sources[e.SrcIP]
	if s == nil {
		if len(y.sources) >= maxEarlySources {
			return
		}
		a := y.know.Address(e.SrcIP, e.Country, e.ASN, e.Time)
		s = &earlySource{bad: !a.Own && (a.Bad || a.Kind.Anonymous())}
		if a.Own {
			s.n = -1 // inside: a front end that is not known as one
		}
		y.sources[e.SrcIP] = s
	}
	if s.n < 0 {
		return
	}
	who := maphash.String(y.seed, e.Account)
	switch e.Outcome {
	case event.OutcomeFailure:
		s.fail(who)
		if s.n == guessedAt && !s.bad {
			s.bad = true
			for w := range s.entered {
				y.suspects[w] = struct{}{}
			}
			y.pairs -= len(s.entered)
			s.entered = nil
		}
	case event.OutcomeSuccess:
		switch {
		case s.bad && len(y.suspects) < maxEarlyPairs:
			y.suspects[who] = struct{}{}
		case !s.bad && y.pairs < maxEarlyPairs:
			if s.entered == nil {
				s.entered = map[uint64]struct{}{}
			}
			before := len(s.entered)
			s.entered[who] = struct{}{}
			y.pairs += len(s.entered) - before
		}
	}
}

func (s *earlySource) fail(who uint64) {
	if s.n >= guessedAt {
		return
	}
	for _, w := range s.tried[:s.n] {
		if w == who {
			return
		}
	}
	s.tried[s.n] = who
	s.n++
}

// due returns what can be said, every now and then; nil otherwise.
func (y *early) due(now time.Time) *Interim {
	y.mu.Lock()
	defer y.mu.Unlock()
	if now.Sub(y.start) < earlyFirst || now.Sub(y.told) < earlyAgain {
		return nil
	}
	y.told = now
	return &Interim{Suspects: len(y.suspects), Elapsed: now.Sub(y.start)}
}
