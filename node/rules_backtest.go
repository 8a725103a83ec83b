// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/sigma"
	"github.com/sekisho/sekisho/store/duckdb"
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

// backtest counts what rules would have told.
type backtest struct {
	out     []RuleHistory // in the order of the set
	index   map[*sigma.Rule]*RuleHistory
	sources map[*sigma.Source]*sourceHistory
	days    map[*sigma.Rule]map[int32]int64
}

func newBacktest(set *sigma.Set) *backtest {
	b := &backtest{out: make([]RuleHistory, len(set.Rules)), index: map[*sigma.Rule]*RuleHistory{}, sources: map[*sigma.Source]*sourceHistory{}, days: map[*sigma.Rule]map[int32]int64{}}
	for i, r := range set.Rules {
		b.out[i].Rule = r
		b.index[r] = &b.out[i]
	}
	return b
}

func (b *backtest) matched(r *sigma.Rule, at event.Micros) {
	h := b.index[r]
	h.Matches++
	if at == 0 {
		return
	}
	if h.First == 0 || at < h.First {
		h.First = at
	}
	h.Last = max(h.Last, at)
	if b.days[r] == nil {
		b.days[r] = map[int32]int64{}
	}
	b.days[r][at.Day(0)]++
}

func (b *backtest) settle() []RuleHistory {
	for i := range b.out {
		b.out[i].settle(b.sources, b.days[b.out[i].Rule])
	}
	return b.out
}

// BacktestRules shows the records of files to rules and returns what each would have told, in the order of the set.
func BacktestRules(ctx context.Context, set *sigma.Set, paths []string, o RulesOptions) ([]RuleHistory, *RulesRead, error) {
	m, c, b := sigma.Compile(set).NewMatcher(), sigma.NewCorrelator(set, 0), newBacktest(set)
	w := &hitList{wants: map[*sigma.Rule][]string{}}
	read, err := viewAll(ctx, paths, o, func(path string, v *viewed) error {
		b.sources[v.Source] = b.sources[v.Source].add(&v.Record)
		for _, r := range m.Match(&v.Record) {
			b.matched(r, v.Time)
			if c.Feeds(r) && v.Time != 0 {
				w.keep(c, r, path, v)
			}
		}
		return nil
	})
	if err != nil {
		return nil, read, err
	}
	w.joinAll(c, func(t *sigma.Told) { b.matched(t.Rule, t.Record.Time) })
	return b.settle(), read, nil
}

// ownKey tells the sources of our own events apart.
type ownKey struct {
	class  event.Class
	format string
}

// BacktestCase shows rules the events that a case has in its store, all at once in order of time, and returns what each would have told.
// The store has events under the columns of the event table: rules for records under the names of their product have no records there.
func BacktestCase(ctx context.Context, set *sigma.Set, dir string) ([]RuleHistory, *RulesRead, error) {
	r, err := duckdb.Open(filepath.Join(dir, storeName), duckdb.ReadOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("node: open the case's events: %w", err)
	}
	defer r.Close()
	m, c, b := sigma.Compile(set).NewMatcher(), sigma.NewCorrelator(set, 0), newBacktest(set)
	tell := func(t *sigma.Told) { b.matched(t.Rule, t.Record.Time) }
	sources, read := map[ownKey]*sigma.Source{}, &RulesRead{}
	var fields []sigma.Field
	err = storedEvents(ctx, r, "", nil, func(e *storedEvent) error {
		read.Records++
		key := ownKey{e.Class, e.Format}
		s := sources[key]
		if s == nil {
			s = sigma.OwnSource(&e.Event)
			sources[key] = s
		}
		fields = sigma.Columns(fields[:0], &e.Event)
		rec := sigma.Record{Time: e.Time, Source: s, Fields: fields}
		b.sources[s] = b.sources[s].add(&rec)
		for _, rule := range m.Match(&rec) {
			b.matched(rule, rec.Time)
			if c.Feeds(rule) && rec.Time != 0 {
				c.Observe(&sigma.Hit{Rule: rule, Record: &rec}, tell)
			}
		}
		return nil
	})
	if err != nil {
		return nil, read, err
	}
	c.Finish(tell)
	return b.settle(), read, nil
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
