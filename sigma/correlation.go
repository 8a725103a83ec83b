// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Correlation joins the matches of other rules.
type Correlation struct {
	Type     CorrelationType
	Rules    []string // ids or names, as written
	GroupBy  []string
	Aliases  map[string]map[string]string // alias → rule → field
	Span     time.Duration
	Fields   []string // whose values are counted or computed
	Percent  float64  // of value_percentile; negative: the share of the newest value
	Bounds   []Bound
	Generate bool
	// Order is the condition of a temporal correlation over the names of its rules; nil: all of them.
	Order *Expr

	related []*Rule // in the order of Rules, once joined
}

// CorrelationType is the kind of a correlation.
type CorrelationType uint8

// The kinds of correlation.
const (
	EventCount CorrelationType = iota
	ValueCount
	Temporal
	TemporalOrdered
	ValueSum
	ValueAvg
	ValuePercentile
	ValueMedian
)

var correlationTypes = [...]string{"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile", "value_median"}

// String returns the word of the specification.
func (t CorrelationType) String() string { return correlationTypes[t] }

// Bound is one bound of a condition: gte 100.
type Bound struct {
	Op    string // gt, gte, lt, lte, eq, neq
	Value float64
}

func (b Bound) holds(v float64) bool {
	switch b.Op {
	case "gt":
		return v > b.Value
	case "gte":
		return v >= b.Value
	case "lt":
		return v < b.Value
	case "lte":
		return v <= b.Value
	case "eq":
		return v == b.Value
	}
	return v != b.Value
}

// rising says whether more records can only make the bound true.
func (b Bound) rising() bool { return b.Op == "gt" || b.Op == "gte" }

// longest is the longest span: an engine keeps what lies within it.
const longest = 400 * 24 * time.Hour

func readCorrelation(n *yaml.Node) (*Correlation, error) {
	if n.Kind != yaml.MappingNode {
		return nil, faultAt(n, "correlation is a mapping")
	}
	c := &Correlation{Percent: -1}
	keys := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		keys[n.Content[i].Value] = deref(n.Content[i+1])
	}
	kind := keys["type"]
	if kind == nil {
		return nil, faultAt(n, "the correlation has no type")
	}
	i := slices.Index(correlationTypes[:], kind.Value)
	if i < 0 {
		return nil, faultAt(kind, "there is no correlation of the type %q: %s", kind.Value, strings.Join(correlationTypes[:], ", "))
	}
	c.Type = CorrelationType(i)
	for _, t := range []struct {
		key  string
		to   *[]string
		must bool
	}{{"rules", &c.Rules, true}, {"group-by", &c.GroupBy, false}} {
		v := keys[t.key]
		if v == nil || v.Tag == "!!null" {
			if t.must {
				return nil, faultAt(n, "the correlation names no %s", t.key)
			}
			continue
		}
		list, err := texts(v)
		if err != nil || len(list) == 0 || len(list) > 64 {
			return nil, faultAt(v, "%s is a list of 1 to 64 texts", t.key)
		}
		if len(slices.Compact(slices.Sorted(slices.Values(list)))) < len(list) {
			return nil, faultAt(v, "%s names one thing twice", t.key)
		}
		*t.to = list
	}
	if err := c.span(n, keys); err != nil {
		return nil, err
	}
	if err := c.aliases(keys["aliases"]); err != nil {
		return nil, err
	}
	if g := keys["generate"]; g != nil {
		if err := g.Decode(&c.Generate); err != nil {
			return nil, faultAt(g, "generate is true or false")
		}
	}
	return c, c.condition(n, keys["condition"])
}

func (c *Correlation) span(n *yaml.Node, keys map[string]*yaml.Node) error {
	s := keys["timespan"]
	if s == nil {
		if s = keys["timeframe"]; s == nil {
			return faultAt(n, "the correlation has no timespan")
		}
	}
	if len(s.Value) > 1 {
		unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s.Value[len(s.Value)-1]]
		number, err := strconv.Atoi(s.Value[:len(s.Value)-1])
		if err == nil && number > 0 && unit > 0 {
			if time.Duration(number) > longest/unit {
				return faultAt(s, "the timespan %q is longer than 400 days", s.Value)
			}
			c.Span = time.Duration(number) * unit
			return nil
		}
	}
	return faultAt(s, "the timespan %q is no number with s, m, h or d: 90m", s.Value)
}

func (c *Correlation) aliases(n *yaml.Node) error {
	if n == nil {
		return nil
	}
	if err := n.Decode(&c.Aliases); err != nil {
		return faultAt(n, "aliases are a mapping of alias, rule and field")
	}
	for alias, fields := range c.Aliases {
		for rule := range fields {
			if !slices.Contains(c.Rules, rule) {
				return faultAt(n, "the alias %q names the rule %q, which the correlation does not", alias, rule)
			}
		}
	}
	return nil
}

// condition reads the bounds, or the condition over rules of a temporal correlation.
func (c *Correlation) condition(at, n *yaml.Node) error {
	temporal := c.Type == Temporal || c.Type == TemporalOrdered
	if n == nil {
		if temporal {
			return nil
		}
		return faultAt(at, "the correlation has no condition")
	}
	if n.Kind == yaml.ScalarNode && temporal {
		return c.order(n)
	}
	if n.Kind != yaml.MappingNode {
		return faultAt(n, "the condition of a correlation is a mapping such as gte: 10")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i].Value, deref(n.Content[i+1])
		switch key {
		case "gt", "gte", "lt", "lte", "eq", "neq":
			f, err := strconv.ParseFloat(v.Value, 64)
			if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
				return faultAt(v, "%s asks for a number, not for %q", key, v.Value)
			}
			c.Bounds = append(c.Bounds, Bound{key, f})
		case "field":
			list, err := texts(v)
			if err != nil || len(list) == 0 {
				return faultAt(v, "field is the name of a field, or a list of such")
			}
			c.Fields = list
		case "percentile":
			f, err := strconv.ParseFloat(v.Value, 64)
			if err != nil || !(f >= 0 && f <= 100) {
				return faultAt(v, "percentile is a number from 0 to 100, not %q", v.Value)
			}
			c.Percent = f
		default:
			return faultAt(n.Content[i], "the condition of a correlation has no %q: gt, gte, lt, lte, eq, neq, field", key)
		}
	}
	return c.check(n)
}

func (c *Correlation) check(n *yaml.Node) error {
	switch c.Type {
	case EventCount, Temporal, TemporalOrdered:
		if len(c.Fields) > 0 {
			return faultAt(n, "%s counts records, not values: it takes no field", c.Type)
		}
	case ValueCount:
		if len(c.Fields) == 0 {
			return faultAt(n, "value_count asks for a field")
		}
	default:
		if len(c.Fields) != 1 {
			return faultAt(n, "%s asks for one field", c.Type)
		}
	}
	if c.Percent >= 0 && c.Type != ValuePercentile {
		return faultAt(n, "percentile goes with value_percentile alone")
	}
	if len(c.Bounds) == 0 && c.Type != Temporal && c.Type != TemporalOrdered {
		return faultAt(n, "the condition has no bound: gt, gte, lt, lte, eq or neq")
	}
	if c.Type == TemporalOrdered && len(c.Bounds) > 0 && !c.holds(float64(len(c.Rules))) {
		return faultAt(n, "temporal_ordered asks for all of its rules in order: the condition is false of all %d", len(c.Rules))
	}
	if len(c.Bounds) > 0 && (c.Type == EventCount || c.Type == ValueCount) {
		for _, b := range c.Bounds {
			if b.Value > maxCount {
				return faultAt(n, "the condition counts to more than a million")
			}
		}
	}
	return nil
}

// order reads a condition over rules: rule_a and rule_b and not rule_c.
func (c *Correlation) order(n *yaml.Node) error {
	e, err := parseCondition(n.Value, c.Rules, func(name string) *Expr {
		if i := slices.Index(c.Rules, name); i >= 0 {
			return &Expr{Test: &Test{Number: float64(i)}}
		}
		return nil
	}, map[string]bool{})
	if err != nil {
		return faultAt(n, "%w", err)
	}
	if e.blank() {
		return faultAt(n, "the condition is true where nothing happened")
	}
	if e.depth() > maxDepth {
		return faultAt(n, "the condition is nested more than %d deep", maxDepth)
	}
	if c.Type == TemporalOrdered && e.hasOr() {
		return faultAt(n, "a condition of temporal_ordered joins rules with and, and not")
	}
	c.Order = e
	return nil
}

func (e *Expr) depth() int {
	d := 0
	for _, k := range e.Kids {
		d = max(d, k.depth())
	}
	return d + 1
}

// field returns the name under which a rule's records have what is grouped by.
func (c *Correlation) field(by string, rule int) string {
	if a, ok := c.Aliases[by]; ok {
		if f, ok := a[c.Rules[rule]]; ok {
			return f
		}
	}
	return by
}

// late says whether the condition can only be judged when the span is over: it has a bound from above.
func (c *Correlation) late() bool {
	if c.Type == Temporal || c.Type == TemporalOrdered {
		return false
	}
	for _, b := range c.Bounds {
		if !b.rising() {
			return true
		}
	}
	return false
}

func (c *Correlation) holds(v float64) bool {
	for _, b := range c.Bounds {
		if !b.holds(v) {
			return false
		}
	}
	return true
}

// String says what the correlation does, for people.
func (c *Correlation) String() string {
	return fmt.Sprintf("%s of %s within %s", c.Type, strings.Join(c.Rules, ", "), c.Span)
}

func (e *Expr) hasOr() bool { return e.Op == Or || slices.ContainsFunc(e.Kids, (*Expr).hasOr) }
