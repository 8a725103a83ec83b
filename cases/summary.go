// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"encoding/json"
	"io"

	"github.com/sekisho/sekisho/event"
)

// SummarySchema is the name and version of what --json prints.
const SummarySchema = "sekisho.summary/1"

// Summary is what `investigate --json` prints: the case in one screen.
type Summary struct {
	Schema       string      `json:"schema"`
	Case         string      `json:"case"` // the case folder
	Revision     int         `json:"revision"`
	Generated    Time        `json:"generated"`
	Partial      bool        `json:"partial"`
	Verdict      CaseVerdict `json:"verdict"`
	VerdictWords event.Words `json:"verdict_words"`
	Reasons      []Reason    `json:"reasons"`
	Window       Span        `json:"window"`
	Onset        Onset       `json:"onset"`
	LastActivity Time        `json:"last_activity"`

	Accounts  AccountSummary         `json:"accounts"`
	Addresses map[AddressVerdict]int `json:"addresses"` // addresses by verdict
	Kinds     map[AddressKind]int    `json:"attacker_kinds"`
	Hosts     map[HostVerdict]int    `json:"hosts"`
	Findings  map[Severity]int       `json:"findings"`
	Exposure  Count                  `json:"exposure"`
	// Findings leaves out those that exceptions hide; Stories are the gravest three of so many.
	Stories      []Story       `json:"stories"`
	StoriesTotal int           `json:"stories_total"`
	Hidden       int           `json:"hidden"`
	BelowBudget  int           `json:"below_budget"`
	Records      RecordSummary `json:"records"`

	Questions   []Question    `json:"questions"`   // the next three
	Containment []Containment `json:"containment"` // the next three that are not done
}

// AccountSummary counts accounts; Confirmed and Presumed are the two parts of Compromised.
type AccountSummary struct {
	AccountTotals
	Confirmed int64 `json:"confirmed"`
	Presumed  int64 `json:"presumed"`
}

// RecordSummary closes the sum of what was given: Records = Parsed + Unparsed.
type RecordSummary struct {
	Inputs   int   `json:"inputs"`
	Bytes    int64 `json:"bytes"`
	Records  int64 `json:"records"`
	Parsed   int64 `json:"parsed"`
	Unparsed int64 `json:"unparsed"`
	Failed   int   `json:"failed"` // inputs that could not be read or understood to their end
}

// next is how many questions and acts a summary shows.
const next = 3

// Summarize returns the summary of c, whose folder is dir.
func Summarize(c *Case, dir string) *Summary {
	s := &Summary{
		Schema: SummarySchema, Case: dir, Revision: c.Revision, Generated: c.Generated, Partial: c.Partial, Verdict: c.Verdict,
		VerdictWords: c.Verdict.Words(), Reasons: c.Reasons, Window: c.Window, Onset: c.Onset, LastActivity: c.LastActivity,
		Accounts: c.Count(), Addresses: map[AddressVerdict]int{}, Kinds: map[AddressKind]int{}, Hosts: map[HostVerdict]int{},
		Findings: map[Severity]int{}, Exposure: c.Exposed(), Questions: c.Questions[:min(next, len(c.Questions))],
		Stories: c.Stories[:min(next, len(c.Stories))], StoriesTotal: len(c.Stories),
	}
	for i := range c.Addresses {
		s.Addresses[c.Addresses[i].Verdict]++
		if c.Addresses[i].Verdict == AddressAttacker {
			s.Kinds[c.Addresses[i].Kind]++
		}
	}
	for i := range c.Hosts {
		s.Hosts[c.Hosts[i].Verdict]++
	}
	for i := range c.Findings {
		switch f := &c.Findings[i]; {
		case f.Hidden != nil:
			s.Hidden++
		case f.BelowBudget:
			s.BelowBudget++
			s.Findings[f.Severity]++
		default:
			s.Findings[f.Severity]++
		}
	}
	for i := range c.Inputs {
		in := &c.Inputs[i]
		s.Records.Inputs++
		s.Records.Bytes += in.Bytes
		s.Records.Records += in.Records
		s.Records.Parsed += in.Parsed
		s.Records.Unparsed += in.Unparsed
		if in.Status != "" && in.Status != "archive" {
			s.Records.Failed++
		}
	}
	s.Containment = c.Open(next)
	return s
}

// Count returns the accounts by verdict and, for compromised ones, by rung. Where the case states no totals, those that
// are listed are counted.
func (c *Case) Count() AccountSummary {
	s := AccountSummary{AccountTotals: c.Totals.Accounts}
	stated := s.Known > 0
	for i := range c.Accounts {
		a := &c.Accounts[i]
		if a.Verdict == AccountCompromised {
			if a.Rung() == Confirmed {
				s.Confirmed++
			} else {
				s.Presumed++
			}
		}
		if stated {
			continue
		}
		s.Known++
		switch a.Verdict {
		case AccountCompromised:
			s.Compromised++
		case AccountSuspected:
			s.Suspected++
		case AccountCleared:
			s.Cleared++
		default:
			s.Undetermined++
		}
	}
	return s
}

// Exposed returns the sum of all exposures.
func (c *Case) Exposed() Count {
	var n Count
	for i := range c.Exposure {
		e := &c.Exposure[i].Count
		n.Confirmed += e.Confirmed
		n.Estimated += e.Estimated
		n.Upper += e.Upper
		n.Undetermined += e.Undetermined
	}
	return n
}

// Open returns the first n acts of containment that nobody has done yet.
func (c *Case) Open(n int) []Containment {
	out := []Containment{}
	for i := range c.Containment {
		if len(out) < n && c.Containment[i].State == Proposed {
			out = append(out, c.Containment[i])
		}
	}
	return out
}

// Write prints the summary as indented JSON with a line's end.
func (s *Summary) Write(w io.Writer) error {
	if s.Reasons == nil {
		s.Reasons = []Reason{}
	}
	if s.Stories == nil {
		s.Stories = []Story{}
	}
	if s.Questions == nil {
		s.Questions = []Question{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(s)
}
