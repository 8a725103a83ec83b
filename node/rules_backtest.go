// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/sigma"
)

// RuleHistory is what a rule would have told over records of the past.
type RuleHistory struct {
	Rule    *sigma.Rule
	Records int64 // that its log source had; of a correlation those of the rules that it stands on
	Matches int64
	Days    float64 // that its records span, at least one
	PerDay  float64 // matches a day: the noise to expect
	Busiest int64   // matches of the worst day, in UTC
	Active  int     // days with a match
	First   event.Micros
	Last    event.Micros
	// Missing are fields that the rule asks for and that no record of its log source had. A condition on them is never met.
	Missing []string
}

// sourceHistory is what the records of one source had.
type sourceHistory struct {
	records     int64
	first, last event.Micros
	fields      map[string]bool
}

// maxFieldNames bounds the names that are remembered of one source.
const maxFieldNames = 1 << 14

// BacktestRules shows the records of files to rules and returns what each would have told, in the order of the set.
func BacktestRules(ctx context.Context, set *sigma.Set, paths []string, o RulesOptions) ([]RuleHistory, *RulesRead, error) {
	m, c := sigma.Compile(set).NewMatcher(), sigma.NewCorrelator(set, 0)
	sources := map[*sigma.Source]*sourceHistory{}
	days := map[*sigma.Rule]map[int32]int64{}
	out := make([]RuleHistory, len(set.Rules))
	index := map[*sigma.Rule]*RuleHistory{}
	for i, r := range set.Rules {
		out[i].Rule = r
		index[r] = &out[i]
	}
	matched := func(r *sigma.Rule, at event.Micros) {
		h := index[r]
		h.Matches++
		if at == 0 {
			return
		}
		if h.First == 0 || at < h.First {
			h.First = at
		}
		h.Last = max(h.Last, at)
		if days[r] == nil {
			days[r] = map[int32]int64{}
		}
		days[r][at.Day(0)]++
	}
	w := &hitList{wants: map[*sigma.Rule][]string{}}
	read, err := viewAll(ctx, paths, o, func(path string, v *viewed) error {
		sources[v.Source] = sources[v.Source].add(&v.Record)
		for _, r := range m.Match(&v.Record) {
			matched(r, v.Time)
			if c.Feeds(r) && v.Time != 0 {
				w.keep(c, r, path, v)
			}
		}
		return nil
	})
	if err != nil {
		return nil, read, err
	}
	w.joinAll(c, func(t *sigma.Told) { matched(t.Rule, t.Record.Time) })
	for i := range out {
		out[i].settle(sources, days[out[i].Rule])
	}
	return out, read, nil
}

func (h *sourceHistory) add(r *sigma.Record) *sourceHistory {
	if h == nil {
		h = &sourceHistory{fields: map[string]bool{}}
	}
	h.records++
	if r.Time != 0 {
		if h.first == 0 || r.Time < h.first {
			h.first = r.Time
		}
		h.last = max(h.last, r.Time)
	}
	for i := range r.Fields {
		if f := &r.Fields[i]; !h.fields[f.Name] && len(h.fields) < maxFieldNames {
			h.fields[f.Name] = true
		}
	}
	return h
}

// settle reckons what the counts mean.
func (h *RuleHistory) settle(sources map[*sigma.Source]*sourceHistory, days map[int32]int64) {
	var first, last event.Micros
	have := map[string]bool{}
	for s, of := range sources {
		if !slices.ContainsFunc(h.Rule.Base(), func(r *sigma.Rule) bool { return s.Has(r.Source) }) {
			continue
		}
		h.Records += of.records
		if of.first != 0 && (first == 0 || of.first < first) {
			first = of.first
		}
		last = max(last, of.last)
		maps.Copy(have, of.fields)
	}
	h.Days = max(last.Sub(first).Hours()/24, 1)
	h.PerDay = float64(h.Matches) / h.Days
	h.Active = len(days)
	for _, n := range days {
		h.Busiest = max(h.Busiest, n)
	}
	if h.Records == 0 {
		return
	}
	for _, name := range h.Rule.FieldNames() {
		if !have[name] {
			h.Missing = append(h.Missing, name)
		}
	}
}

// Technique is what rules and records say of one technique of ATT&CK.
type Technique struct {
	ID      string   `json:"technique"`
	Rules   int      `json:"rules"`             // that are about it
	Fed     int      `json:"fed,omitempty"`     // of these, those whose log source there are records of
	Blind   int      `json:"blind,omitempty"`   // of these, those that ask for a field that no record has
	Matched int      `json:"matched,omitempty"` // of these, those that matched
	Matches int64    `json:"matches,omitempty"`
	RuleIDs []string `json:"rule_ids"`
}

// RulesCoverage returns the techniques of ATT&CK that rules are about, by the tags that they carry, sorted by id.
func RulesCoverage(all []RuleHistory) []Technique {
	by := map[string]*Technique{}
	for i := range all {
		h := &all[i]
		for _, tag := range h.Rule.Tags {
			id, ok := strings.CutPrefix(strings.ToLower(tag), "attack.t")
			if !ok || len(id) < 4 || id[0] < '0' || id[0] > '9' {
				continue
			}
			t := by[id]
			if t == nil {
				t = &Technique{ID: "T" + id}
				by[id] = t
			}
			t.Rules++
			t.RuleIDs = append(t.RuleIDs, h.Rule.Label())
			t.Matches += h.Matches
			for n, yes := range map[*int]bool{&t.Fed: h.Records > 0, &t.Blind: len(h.Missing) > 0, &t.Matched: h.Matches > 0} {
				if yes {
					*n++
				}
			}
		}
	}
	var out []Technique
	for _, t := range by {
		slices.Sort(t.RuleIDs)
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b Technique) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// ExplainRule shows one record of a file to a rule, and returns which of its tests hold.
func ExplainRule(ctx context.Context, rule *sigma.Rule, path string, record int64, o RulesOptions) ([]sigma.Reason, bool, error) {
	var reasons []sigma.Reason
	seen := false
	_, err := viewAll(ctx, []string{path}, o, func(_ string, v *viewed) error {
		if v.number != record || v.own != (rule.Source.Product == sigma.OwnProduct) {
			return nil
		}
		seen = true
		reasons = append(reasons, rule.Explain(&v.Record)...)
		return nil
	})
	return reasons, seen, err
}
