// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Reasoner is a detector that can say why it found nothing of an account. A detector becomes one by embedding a Trace and telling it,
// where it decides, what it looked at.
type Reasoner interface {
	Detector
	// Ask names the account, by the identities that it may have. It comes before the first sighting.
	Ask(identities ...string)
	// WhyNot returns the ways in which the detector would have found something, in the order in which they were first looked at, each
	// as of the moment at which it came nearest. It comes after Findings.
	WhyNot() []Way
}

// Way is one way in which a detector finds something of an account.
type Way struct {
	Name       event.Words  `json:"name"`
	Of         string       `json:"of,omitempty"` // the machine, source or log that came nearest, where the detector does not look at accounts
	Moments    int64        `json:"moments"`      // how often it was looked at
	At         event.Micros `json:"-"`            // of the moment that came nearest; 0: no single one
	Conditions []Condition  `json:"conditions"`
}

// Condition is one thing that must hold.
type Condition struct {
	What    event.Words `json:"what"`
	Value   float64     `json:"value"`
	Limit   float64     `json:"limit"`
	Kind    string      `json:"kind"` // least: Value must reach Limit; most: it must not pass it; holds: Value is 1 where it holds
	Met     bool        `json:"met"`
	Tunable string      `json:"tunable,omitempty"`
}

// Reach says that a figure must reach a limit.
func Reach(ja, en string, value, limit float64, tunable string) Condition {
	return Condition{event.Words{Ja: ja, En: en}, value, limit, "least", value >= limit, tunable}
}

// Within says that a figure must not pass a limit.
func Within(ja, en string, value, limit float64, tunable string) Condition {
	return Condition{event.Words{Ja: ja, En: en}, value, limit, "most", value <= limit, tunable}
}

// Holds says that something must be so.
func Holds(ja, en string, so bool) Condition {
	c := Condition{What: event.Words{Ja: ja, En: en}, Limit: 1, Kind: "holds", Met: so}
	if so {
		c.Value = 1
	}
	return c
}

// nearness counts the conditions that are met, and of the others how far they got.
func nearness(list []Condition) float64 {
	sum := 0.0
	for _, c := range list {
		switch {
		case c.Met:
			sum++
		case c.Kind == "least" && c.Limit > 0:
			sum += 0.9 * max(0, c.Value) / c.Limit
		case c.Kind == "most" && c.Value > 0:
			sum += 0.9 * max(0, c.Limit) / c.Value
		}
	}
	return sum / float64(max(len(list), 1))
}

// Trace notes, of the account that somebody asks about, what a detector looked at. The zero value asks about nobody and notes nothing.
type Trace struct {
	asked []string
	ways  []Way
}

// Ask implements Reasoner.
func (t *Trace) Ask(identities ...string) { t.asked = identities }

// WhyNot implements Reasoner.
func (t *Trace) WhyNot() []Way { return slices.Clone(t.ways) }

// Asked says whether somebody asks about this account.
func (t *Trace) Asked(who *event.Account) bool {
	return t.asked != nil && who != nil && slices.Contains(t.asked, who.ID)
}

// Asking says whether somebody asks at all: what a detector looks at where it does not look at accounts is told to whoever asks.
func (t *Trace) Asking() bool { return t.asked != nil }

// Looked notes that one way was looked at, and keeps the moment at which it came nearest; of equal ones the first.
func (t *Trace) Looked(at event.Micros, ja, en string, conditions ...Condition) {
	t.LookedAt("", at, ja, en, conditions...)
}

// LookedAt is Looked for what is not an account: of names it.
func (t *Trace) LookedAt(of string, at event.Micros, ja, en string, conditions ...Condition) {
	for i := range t.ways {
		w := &t.ways[i]
		if w.Name.En != en {
			continue
		}
		w.Moments++
		if nearness(conditions) > nearness(w.Conditions) {
			w.Of, w.At, w.Conditions = of, at, conditions
		}
		return
	}
	t.ways = append(t.ways, Way{event.Words{Ja: ja, En: en}, of, 1, at, conditions})
}
