// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import "github.com/sekisho/sekisho/event"

// slips knows whose owner mistyped, or had a password that lapsed, and got in right after, in whatever log either is recorded: the login page's
// directory sees the owner, the cloud the telephone that goes on with the old password for hours.
type slips struct {
	failed map[uint32]event.Micros // when an account failed last
	mended map[uint32]int32        // the day on which its owner got in right after
}

// fail notes a failure.
func (l *slips) fail(s *event.Sighting) {
	if l.failed == nil {
		l.failed = map[uint32]event.Micros{}
	}
	if _, ok := l.failed[s.Who.Handle]; ok || s.Who.Listed || len(l.failed) < guessingNames {
		l.failed[s.Who.Handle] = s.Time
	}
}

// login notes a success and says whether it mends a slip.
func (l *slips) login(s *event.Sighting) bool {
	at := l.failed[s.Who.Handle]
	if at == 0 || s.Time-at > guessingSlip*60*1e6 {
		return false
	}
	if l.mended == nil {
		l.mended = map[uint32]int32{}
	}
	l.mended[s.Who.Handle] = s.Day
	l.failed[s.Who.Handle] = 0
	return true
}

// his says whether a failure is of an account whose owner slipped and got in on the same day. From where users hide somebody else may try it.
func (l *slips) his(s *event.Sighting) bool {
	day, ok := l.mended[s.Who.Handle]
	return ok && day == s.Day && !s.Src.Kind.Anonymous()
}
