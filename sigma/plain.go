// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Matches evaluates the rule as it is written, test by test. It is slow, and it is what the engine is held against.
func (r *Rule) Matches(rec *Record) bool {
	return len(r.Needs) == 0 && rec.Source.Wants(r) && r.Match.holds(rec)
}

func (e *Expr) holds(rec *Record) bool {
	switch e.Op {
	case And:
		for _, k := range e.Kids {
			if !k.holds(rec) {
				return false
			}
		}
		return true
	case Or:
		for _, k := range e.Kids {
			if k.holds(rec) {
				return true
			}
		}
		return false
	case Not:
		return !e.Kids[0].holds(rec)
	}
	return e.Test.of(rec)
}

// Base returns the detections that the rule stands on: itself, or those below a correlation.
func (r *Rule) Base() []*Rule {
	have := map[*Rule]bool{}
	r.below(have)
	var out []*Rule
	for k := range have {
		if k.Match != nil {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, func(a, b *Rule) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
	return out
}

// FieldNames returns the names of the fields that the rule asks for, and those that a correlation groups by and counts, sorted.
func (r *Rule) FieldNames() []string {
	names := map[string]bool{}
	var walk func(*Rule, int)
	walk = func(r *Rule, depth int) {
		r.Match.Tests(func(t *Test) {
			if t.Field != "" && t.Kind != KindNull && t.Kind != KindExists {
				names[t.Field] = true
			}
		})
		if c := r.Correlation; c != nil && depth <= maxChain {
			for i := range c.Rules {
				for _, by := range c.GroupBy {
					names[c.field(by, i)] = true
				}
			}
			for _, f := range c.Fields {
				names[f] = true
			}
			for _, to := range c.related {
				walk(to, depth+1)
			}
		}
	}
	walk(r, 0)
	return slices.Sorted(maps.Keys(names))
}

// Reason is one step of why a rule matches a record or does not.
type Reason struct {
	Depth int    `json:"depth"`
	Holds bool   `json:"holds"`
	What  string `json:"what"`            // and, or, not, or a test
	Value string `json:"value,omitempty"` // of the field, where it has one
}

// Explain says which tests of a rule hold for a record, from the outermost inwards.
func (r *Rule) Explain(rec *Record) []Reason {
	if r.Match == nil {
		return nil
	}
	out := []Reason{{0, rec.Source.Has(r.Source), fmt.Sprintf("logsource product=%s service=%s category=%s", r.Source.Product, r.Source.Service, r.Source.Category),
		fmt.Sprintf("product=%s service=%s category=%s", rec.Source.Product, strings.Join(rec.Source.Services, ","), strings.Join(rec.Source.Categories, ","))}}
	var walk func(*Expr, int)
	walk = func(e *Expr, depth int) {
		reason := Reason{Depth: depth, Holds: e.holds(rec)}
		switch e.Op {
		case And:
			reason.What = "and"
		case Or:
			reason.What = "or"
		case Not:
			reason.What = "not"
		default:
			reason.What = e.Test.String()
			reason.Value, _ = rec.Get(e.Test.Field)
		}
		out = append(out, reason)
		for _, k := range e.Kids {
			walk(k, depth+1)
		}
	}
	walk(r.Match, 0)
	return out
}

// String writes the test as a rule would.
func (t *Test) String() string {
	name := t.Field
	if name == "" {
		name = "(anywhere)"
	}
	switch t.Kind {
	case KindRegexp:
		return name + " ~ " + t.Text
	case KindCIDR:
		return name + " in " + t.Text
	case KindLess, KindAtMost, KindMore, KindAtLeast:
		return fmt.Sprintf("%s %s %g", name, [...]string{"<", "<=", ">", ">="}[t.Kind-KindLess], t.Number)
	case KindExists:
		return fmt.Sprintf("%s is there: %t", name, t.Yes)
	case KindNull:
		return name + " has nothing"
	case KindFieldRef:
		return name + " = the field " + t.Text
	}
	var b strings.Builder
	for _, c := range t.Pattern {
		b.WriteString([...]string{c.Text, "*", "?", "[-/–—―]", "%" + c.Text + "%"}[c.Kind])
	}
	return name + " = " + b.String()
}
