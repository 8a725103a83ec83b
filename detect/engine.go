// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package detect runs detectors over sightings in event order and collects their findings. It holds what detectors share:
// counters by day, seasonal baselines, change detection, bounded sets and evidence. It knows no detector by name, reads no
// file and resolves no account; the detectors themselves stand in package detectors.
//
// Findings are a function of the set of events: sightings come in canonical order, each once, and detectors use no clock
// but the events'.
package detect

import (
	"math"

	"github.com/sekisho/sekisho/event"
)

// Detector watches sightings and says what it concluded. It is owned by one goroutine.
type Detector interface {
	// Classes returns which classes of events the detector wants to see.
	Classes() ClassSet
	// Observe looks at one sighting. Sightings come in canonical order; the pointer and what it points to are valid for the
	// call only, but for Who and Whom, which stay.
	Observe(s *event.Sighting)
	// Findings returns what can be concluded when everything up to asOf has been seen; Over says that nothing more will come. It
	// may be called at any time, and what follows is the same whether it was called or not.
	Findings(asOf event.Micros) []event.Finding
}

// Over stands for the moment after which nothing comes any more: what was left open is concluded.
const Over event.Micros = math.MaxInt64

// ClassSet is a set of event classes.
type ClassSet uint32

// Classes returns the set of the given classes.
func Classes(cs ...event.Class) ClassSet {
	var set ClassSet
	for _, c := range cs {
		set |= 1 << c
	}
	return set
}

// Has says whether c is in the set.
func (set ClassSet) Has(c event.Class) bool { return set&(1<<c) != 0 }

// ClassMatch is the class under which matches of rules are shown to the one detector that knows the rules. No event is of it: no store holds
// it, and no other detector reads it. It is the last there can be, so that matches come after the events of their moment.
const ClassMatch event.Class = 31

// Spec is what a detector's file declares: its name, its page's facts, and how to make one.
type Spec struct {
	Name   string   // of contracts.md
	Attack []string // ATT&CK technique IDs, version 17
	New    func(Site) Detector
}

// Site is what detectors are told of the institute as a whole.
type Site struct {
	Accounts int      // in the directory; 0 if it is not known
	Profile  bool     // networks and hosts come from a profile, not from a guess
	Servers  []string // names of hosts that have a role
}
