// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Tunables of stories.
const (
	storyFor     = 24 * time.Hour // after its last message a story is closed: what comes then is told as another one
	storyFew     = 5              // accounts that a finding names at most to be about each of them
	storyMost    = 2000           // open stories; beyond it the one that was told longest ago is closed
	keysMost     = 200            // by which one story is known
	findingsMost = 2000
)

// story is what belongs together and is told once for each severity that it reaches.
type story struct {
	ID       string          `json:"id"`
	Keys     []string        `json:"keys"`
	Findings map[string]bool `json:"findings"` // by identity; false: withdrawn
	Severity event.Severity  `json:"severity"` // highest that was told
	Told     time.Time       `json:"told"`
	Over     bool            `json:"over,omitempty"` // it was told that all of it is withdrawn
	Last     Message         `json:"last"`
}

// keysOf returns what two findings of one story have in common: an account, where few are named; or the detector with an account, an
// address or a host. An address alone joins nothing: many people share one, and one of them may be another intruder.
func keysOf(f *Finding) []string {
	var keys []string
	kind, _, _ := strings.Cut(f.Detector, ":")
	add := func(what string, list []string) {
		for _, s := range list[:min(len(list), keysMost/4)] {
			keys = append(keys, sum(kind+"\x00"+what+"\x00"+s))
		}
	}
	if len(f.Accounts) <= storyFew {
		for _, s := range f.Accounts {
			keys = append(keys, sum("account\x00"+s))
		}
	}
	add("account", f.Accounts)
	add("address", f.Addresses)
	add("host", f.Hosts)
	if len(keys) == 0 {
		keys = append(keys, sum(kind+"\x00"+f.Contact))
	}
	return keys
}

// sum keeps what is stored of a name short, however long a log made it.
func sum(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:8])
}

// storyOf returns the open story that a finding belongs to, making one where there is none.
func (st *state) storyOf(f *Finding, now time.Time) *story {
	keys := keysOf(f)
	var found *story
	for _, s := range st.Stories {
		if _, in := s.Findings[f.ID]; in {
			found = s
			break
		}
		if found == nil && !s.Over && now.Sub(s.Told) < storyFor && slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(s.Keys, k) }) {
			found = s
		}
	}
	if found == nil {

		found = &story{ID: "S-" + strings.ToUpper(sum(f.ID + now.UTC().Format(time.RFC3339Nano))[:8]), Findings: map[string]bool{}}
		st.Stories = append(st.Stories, found)
	}
	for _, k := range keys {
		if len(found.Keys) < keysMost && !slices.Contains(found.Keys, k) {
			found.Keys = append(found.Keys, k)
		}
	}
	return found
}

// take counts a revision of a finding in, and returns what is to be told of it: nil for nothing.
func (st *state) take(f *Finding, now time.Time) *Message {
	severity, ok := event.ParseSeverity(f.Severity)
	if !ok {
		return nil
	}
	if f.Withdrawn {
		return st.withdraw(f, now)
	}
	s := st.storyOf(f, now)
	if len(s.Findings) < findingsMost {
		s.Findings[f.ID] = true
	}
	if !s.Told.IsZero() && !s.Over && severity <= s.Severity {
		return nil
	}
	s.Severity, s.Told, s.Over = severity, now, false
	s.Last = Message{Story: s.ID, Severity: severity, At: now, Since: f.First, Title: event.Words{Ja: clean(f.Title.Ja, maxTitle), En: clean(f.Title.En, maxTitle)}, Detector: clean(f.Detector, maxName),
		Findings: len(s.Findings), Accounts: few(f.Accounts), Addresses: few(f.Addresses), Hosts: few(f.Hosts)}
	m := s.Last
	st.close(now)
	return &m
}

// withdraw tells that a story is over once nothing of it stands.
func (st *state) withdraw(f *Finding, now time.Time) *Message {
	for _, s := range st.Stories {
		if _, in := s.Findings[f.ID]; !in {
			continue
		}
		s.Findings[f.ID] = false
		if s.Over || s.Told.IsZero() {
			return nil
		}
		for _, stands := range s.Findings {
			if stands {
				return nil
			}
		}
		s.Over = true
		m := s.Last
		m.Withdrawn, m.At, m.Findings = true, now, len(s.Findings)
		return &m
	}
	return nil
}

// close forgets stories that were told too long ago for anything to be withdrawn, and what is too many.
func (st *state) close(now time.Time) {
	const most = 72 * time.Hour // a record may be late by two days
	st.Stories = slices.DeleteFunc(st.Stories, func(s *story) bool { return now.Sub(s.Told) > most })
	for len(st.Stories) > storyMost {
		st.Stories = slices.Delete(st.Stories, 0, 1)
	}
}
