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
	"fmt"
	"math"
	"sort"

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

// Engine hands each sighting to every detector that wants its class. It is owned by one goroutine.
type Engine struct {
	running []running
	byClass [32][]Detector
	last    event.Micros
	seen    int64
}

type running struct {
	spec Spec
	det  Detector
}

// NewEngine starts a detector of each spec.
func NewEngine(specs []Spec, site Site) *Engine {
	e := &Engine{last: math.MinInt64}
	for _, s := range specs {
		d := s.New(site)
		e.running = append(e.running, running{s, d})
		for c := range e.byClass {
			if d.Classes().Has(event.Class(c)) {
				e.byClass[c] = append(e.byClass[c], d)
			}
		}
	}
	return e
}

// Observe hands one sighting to the detectors. It returns an error if the sighting is out of order, which would make the
// findings depend on more than the set of events.
func (e *Engine) Observe(s *event.Sighting) error {
	if s.Time < e.last {
		return fmt.Errorf("detect: event at %s comes after one at %s", s.Time.Time(), e.last.Time())
	}
	e.last = s.Time
	e.seen++
	if int(s.Class) < len(e.byClass) {
		for _, d := range e.byClass[s.Class] {
			d.Observe(s)
		}
	}
	return nil
}

// Findings ends the watch and returns what all detectors concluded, sorted by first, detector and key.
func (e *Engine) Findings() []event.Finding {
	var out []event.Finding
	for _, r := range e.running {
		for _, f := range r.det.Findings(Over) {
			if f.Detector == "" {
				f.Detector = r.spec.Name
			}
			if f.Attack == nil {
				f.Attack = r.spec.Attack
			}
			f.Attack = sortedStrings(f.Attack)
			f.Accounts = sortedStrings(f.Accounts)
			f.Hosts = sortedStrings(f.Hosts)
			f.Addresses = sortedAddrs(f.Addresses)
			out = append(out, f)
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := &out[i], &out[j]
		switch {
		case a.First != b.First:
			return a.First < b.First
		case a.Detector != b.Detector:
			return a.Detector < b.Detector
		}
		return a.Key < b.Key
	})
	return out
}
