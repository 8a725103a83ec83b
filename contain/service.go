// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package contain

import (
	"github.com/sekisho/sekisho/cases"
)

// Service is how far one host has come from being cut off to being back in service, as people recorded it. A null time: not, or not any more.
type Service struct {
	Host     string     `json:"host"`
	Imaged   cases.Time `json:"imaged"`       // its memory and disks were taken
	Isolated cases.Time `json:"isolated"`     // it was taken off the network
	Rotated  cases.Time `json:"keys_changed"` // the credentials that it held were changed
	Returned cases.Time `json:"returned"`     // it was given back to service
	By       string     `json:"returned_by"`  // who recorded that; empty where it was not
	Why      string     `json:"why,omitempty"`
	Used     []string   `json:"used,omitempty"` // findings of use while it was cut off, F-…
	Lacking  []string   `json:"lacking"`        // what was not done when it was given back: image-host, rotate-host-keys
}

// Ledger returns the hosts that are to be taken off the network, in the order of the list, and how far each has come. The case's list must have
// the marks applied.
func Ledger(c *cases.Case, marks []Mark) []Service {
	out := []Service{}
	at := map[string]int{}
	for i := range c.Containment {
		if k := &c.Containment[i]; k.Kind == cases.IsolateHost {
			at[k.Subject.Host] = len(out)
			out = append(out, Service{Host: k.Subject.Host, Used: k.Findings, Lacking: []string{}})
		}
	}
	for i := range marks {
		m := &marks[i]
		n, ok := at[m.Subject.Host]
		if !ok || m.Subject.Host == "" || m.Act == MarkVerified {
			continue
		}
		s := &out[n]
		when := m.At
		if m.Act == MarkReopened {
			when = 0
		}
		switch m.Kind {
		case cases.ImageHost:
			s.Imaged = when
		case cases.RotateHostKeys:
			s.Rotated = when
		case cases.IsolateHost:
			if s.Isolated, s.Returned, s.By, s.Why, s.Lacking = when, 0, "", "", []string{}; m.Act == MarkReopened {
				s.Returned, s.By, s.Why = m.At, m.By, m.Why
			}
		}
	}
	for i := range out {
		if s := &out[i]; !s.Returned.IsZero() {
			if s.Imaged.IsZero() || s.Imaged > s.Returned {
				s.Lacking = append(s.Lacking, string(cases.ImageHost))
			}
			if s.Rotated.IsZero() || s.Rotated > s.Returned {
				s.Lacking = append(s.Lacking, string(cases.RotateHostKeys))
			}
		}
	}
	return out
}
