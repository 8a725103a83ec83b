// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"crypto/sha256"
	"encoding/base32"
	"net/netip"
	"strings"
)

// Severity says how urgent a finding is.
type Severity uint8

// The severities, lowest first.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"info", "low", "medium", "high", "critical"}

// String returns the word of case.json.
func (s Severity) String() string { return name(severityNames[:], int(s)) }

// ParseSeverity returns the severity of that word, and whether there is one.
func ParseSeverity(word string) (Severity, bool) {
	for i, n := range severityNames {
		if n == word {
			return Severity(i), true
		}
	}
	return 0, false
}

// Words is a text for people, in the two languages that Sekisho speaks.
type Words struct {
	Ja string `json:"ja"`
	En string `json:"en"`
}

// Figure is one number that a finding rests on. Figures that are not whole are rounded when the case is written.
type Figure struct {
	Name  string
	Value float64
}

// Finding is what a detector concluded from a set of events.
type Finding struct {
	Detector string   // a name of contracts.md
	Key      string   // what it is about, unique within the detector and independent of the order of input: makes the ID
	Attack   []string // ATT&CK technique IDs, sorted
	Severity Severity

	First, Last Micros // of the behaviour, by event time
	Alerted     Micros // when a live system would first have raised it

	Accounts  []string     // identities (identity.Account.ID), sorted, no duplicates
	Addresses []netip.Addr // sorted, no duplicates
	Hosts     []string     // names, sorted, no duplicates

	Numbers     []Figure // in the order in which they should be read
	Title       Words
	Explanation Words // what was seen, against what was expected, and what an innocent reason would be
	Evidence    []Ref // bounded: first, last and some between
}

// ID returns the identity that the finding keeps over revisions: F- and ten letters made from detector and key.
func (f *Finding) ID() string { return Identity("F-", f.Detector, f.Key) }

// Identity returns a short stable identity made from words: the prefix and ten letters of their hash (50 bits).
func Identity(prefix string, words ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(words, "\x00")))
	return prefix + strings.ToLower(base32.StdEncoding.EncodeToString(sum[:])[:10])
}
