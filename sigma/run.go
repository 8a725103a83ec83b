// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"slices"
)

// CaseResult is what came of one case of a rule.
type CaseResult struct {
	Rule  *Rule
	Case  *Case
	Fired int
	OK    bool
}

// RunCases runs the cases that stand beside the rules of the set. Every record of a case is shown to the rule, and to those that
// it stands on, whatever their log source.
func (s *Set) RunCases() []CaseResult {
	var out []CaseResult
	for _, r := range s.Rules {
		if len(r.Cases) == 0 {
			continue
		}
		below := map[*Rule]bool{}
		r.below(below)
		sub := &Set{Rules: slices.DeleteFunc(slices.Clone(s.Rules), func(o *Rule) bool { return !below[o] })}
		e := Compile(sub)
		for i := range r.Cases {
			c := &r.Cases[i]
			n := runCase(e, sub, r, c)
			out = append(out, CaseResult{r, c, n, n == c.Fires})
		}
	}
	return out
}

// below gathers the rule and those that it stands on.
func (r *Rule) below(have map[*Rule]bool) {
	if r == nil || have[r] {
		return
	}
	have[r] = true
	if r.Correlation != nil {
		for _, to := range r.Correlation.related {
			to.below(have)
		}
	}
}

func runCase(e *Engine, s *Set, r *Rule, c *Case) int {
	m, join := e.NewMatcher(), NewCorrelator(s, 0)
	fired := 0
	told := func(t *Told) {
		if t.Rule == r {
			fired++
		}
	}
	source := &Source{every: true}
	for i := range c.Records {
		rec := c.Records[i]
		rec.Source = source
		for _, hit := range slices.Clone(m.Match(&rec)) {
			if hit == r {
				fired++
			}
			join.Observe(&Hit{Rule: hit, Record: &rec, Number: int64(i + 1)}, told)
		}
	}
	join.Finish(told)
	return fired
}
