// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"errors"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/sigma"
)

// ruleWatch is the detector that rules are: it sees events in canonical order, and behind those of a moment the matches of records of that
// moment, so that correlations see all of it in one order, whatever the order of arrival. An investigation and the live watch run the same.
type ruleWatch struct {
	book       *ruleBook
	matcher    *sigma.Matcher // of our own events; nil: no rule is for them
	sources    [detect.ClassMatch][]ownSource
	fields     []sigma.Field
	correlator *sigma.Correlator
	told       ruleFindings
}

// ownSource is what rules are told of the source of our own events of one class and format.
type ownSource struct {
	format string
	source *sigma.Source
	wanted bool
}

// ruleState is what a ruleWatch remembers.
type ruleState struct {
	Memory *sigma.Memory
	Told   ruleFindings
}

// watch returns a detector that has seen nothing.
func (b *ruleBook) watch() *ruleWatch {
	w := &ruleWatch{book: b, correlator: sigma.NewCorrelator(b.set, maxRuleGroups), told: ruleFindings{By: map[int32]map[string]*ruleMatches{}}}
	if b.own != nil {
		w.matcher = b.own.NewMatcher()
	}
	return w
}

// Classes implements detect.Detector.
func (w *ruleWatch) Classes() detect.ClassSet {
	set := w.book.classes
	if w.book.native != nil {
		set |= detect.Classes(detect.ClassMatch)
	}
	return set
}

// Observe implements detect.Detector.
func (w *ruleWatch) Observe(s *event.Sighting) {
	if s.Class == detect.ClassMatch {
		w.match(s)
		return
	}
	src := w.source(s.Event)
	if !src.wanted {
		return
	}
	w.fields = w.book.columns.Append(w.fields[:0], s.Event)
	rec := sigma.Record{Time: s.Time, Source: src.source, Fields: w.fields}
	for _, rule := range w.matcher.Match(&rec) {
		w.matched(rule, &rec, s)
	}
}

// match takes a match of a record, as ruleReader hands it on.
func (w *ruleWatch) match(s *event.Sighting) {
	if len(s.Rest) == 0 || s.Rest[0].Value.Num < 0 || s.Rest[0].Value.Num >= int64(len(w.book.set.Rules)) {
		return
	}
	w.fields = w.fields[:0]
	for i := range s.Rest[1:] {
		w.fields = append(w.fields, sigma.Field{Name: s.Rest[1+i].Name, Value: s.Rest[1+i].Value.Text})
	}
	w.matched(w.book.set.Rules[s.Rest[0].Value.Num], &sigma.Record{Time: s.Time, Fields: w.fields}, s)
}

// source returns what is known of the source of an event. There are as many as formats, which are not many, and one text is mostly the same
// as the one before.
func (w *ruleWatch) source(e *event.Event) *ownSource {
	if int(e.Class) >= len(w.sources) || w.book.own == nil {
		return &ownSource{}
	}
	list := w.sources[e.Class]
	for i := range list {
		if list[i].format == e.Format {
			return &list[i]
		}
	}
	s := sigma.OwnSource(e)
	w.sources[e.Class] = append(list, ownSource{e.Format, s, w.book.own.Has(s)})
	return &w.sources[e.Class][len(list)]
}

// matched takes one match.
func (w *ruleWatch) matched(rule *sigma.Rule, rec *sigma.Record, s *event.Sighting) {
	who := ""
	if s.Who != nil {
		who = s.Who.ID
	}
	if !rule.Quiet {
		w.told.add(w.book.number[rule], about(rule, s.Event), who, s.Event, 0)
	}
	if w.correlator.Feeds(rule) {
		w.correlator.Observe(&sigma.Hit{Rule: rule, Record: rec, Event: s.Event, Who: who}, w.tell)
	}
}

// tell takes a correlation that came true.
func (w *ruleWatch) tell(t *sigma.Told) {
	if t.Rule.Quiet || t.Event == nil {
		return
	}
	var group []string
	for _, f := range t.Group {
		group = append(group, f.Name+"="+f.Value)
	}
	w.told.add(w.book.number[t.Rule], cmp.Or(strings.Join(group, " "), about(t.Rule, t.Event)), t.Who, t.Event, t.Value)
	if t.Coarse {
		w.told.Coarse++
	}
}

// Findings implements detect.Detector. Spans that are over and that no match has closed yet are closed in a copy: what follows is the same
// whether anybody asked or not.
func (w *ruleWatch) Findings(asOf event.Micros) []event.Finding {
	if !w.correlator.Waits(asOf) {
		return w.found()
	}
	copied, err := w.with(detect.Clone(w.state()))
	if err != nil {
		panic(err) // it is its own state
	}
	return copied.finish(asOf)
}

// finish closes what is over before a moment, and returns what was told.
func (w *ruleWatch) finish(asOf event.Micros) []event.Finding {
	w.correlator.CloseBefore(asOf, w.tell)
	return w.found()
}

func (w *ruleWatch) state() *ruleState { return &ruleState{w.correlator.Memory(), w.told} }

// State implements detect.Keeper.
func (w *ruleWatch) State() any { return w.state() }

// With implements detect.Keeper.
func (w *ruleWatch) With(state any) (detect.Detector, error) {
	s, ok := state.(*ruleState)
	if !ok {
		return nil, errRuleState
	}
	return w.with(s)
}

var errRuleState = errors.New("node: the state is not one of these rules")

func (w *ruleWatch) with(s *ruleState) (*ruleWatch, error) {
	out := w.book.watch()
	if s.Memory == nil || s.Told.By == nil {
		return nil, errRuleState
	}
	if err := out.correlator.Resume(s.Memory); err != nil {
		return nil, err
	}
	for i, all := range s.Told.By {
		if i < 0 || int(i) >= len(w.book.set.Rules) || all == nil {
			return nil, errRuleState
		}
		for _, g := range all {
			if g == nil || g.Accounts == nil || g.Hosts == nil || g.Addresses == nil {
				return nil, errRuleState
			}
		}
	}
	out.told = s.Told
	return out, nil
}

// about names whom a match is about: the machine, where the rule is for the logs of machines; else who acted, from where, or where.
func about(rule *sigma.Rule, e *event.Event) string {
	src := ""
	if e.SrcIP.IsValid() {
		src = e.SrcIP.String()
	}
	switch rule.Source.Product {
	case "windows", "linux", "macos":
		return cmp.Or(e.DstHost, e.Account, src)
	}
	return cmp.Or(e.Account, src, e.DstHost)
}
