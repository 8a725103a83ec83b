// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"slices"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// RulesStatus is which Sigma rules a live system runs.
type RulesStatus struct {
	Rules    int           `json:"rules"` // that tell of what they find
	Files    int           `json:"files"`
	Refused  []RefusedRule `json:"refused"`  // at most 1000 of them
	Unusable int           `json:"unusable"` // all that were refused
	Needs    int           `json:"needs"`    // rules that match nothing, for want of values for placeholders
	Timeless int64         `json:"timeless"` // matches of records without a time, since the start
	Fault    string        `json:"fault,omitempty"`
}

// RefusedRule is a rule that could not be used.
type RefusedRule struct {
	File   string `json:"file"`
	Line   int    `json:"line"`
	ID     string `json:"id,omitempty"`
	Reason string `json:"reason"`
}

// maxRefused bounds the refused rules that a status names, and loggedRefused those that the log names.
const (
	maxRefused    = 1000
	loggedRefused = 50
)

// readRules reads the rules that the configuration names; nil where it names none. Rules that are wrong are told, and the rest are used: the watch
// goes on even without any.
func (s *server) readRules() (*ruleBook, error) {
	if len(s.o.Config.Rules) == 0 {
		return nil, nil
	}
	set, err := LoadRules(s.o.Config.Rules, s.o.Config.Values)
	if err != nil {
		return nil, err
	}
	b := newRuleBook(set)
	for i, e := range set.Errors {
		if i == loggedRefused {
			s.log.Warn("more rules are refused: sekisho status --json names them", "rules", len(set.Errors)-i)
			break
		}
		s.log.Warn("a rule is refused", "file", e.File, "line", e.Line, "id", e.ID, "reason", e.Text)
	}
	at := b.status()
	if at.Rules == 0 {
		s.log.Error("there is no Sigma rule that can be used: nothing is matched with rules", "named", s.o.Config.Rules, "files", at.Files, "refused", at.Unusable)
		return b, nil
	}
	s.log.Info("Sigma rules are read", "rules", at.Rules, "files", at.Files, "refused", at.Unusable, "without values", at.Needs)
	return b, nil
}

// status returns what is known of the rules.
func (b *ruleBook) status() *RulesStatus {
	if b == nil {
		return nil
	}
	o := &RulesStatus{Files: b.set.Files, Unusable: len(b.set.Errors), Timeless: b.timeless.Load(), Refused: []RefusedRule{}}
	for _, r := range b.set.Rules {
		if !r.Quiet {
			o.Rules++
		}
		if len(r.Needs) > 0 {
			o.Needs++
		}
	}
	for _, e := range b.set.Errors[:min(len(b.set.Errors), maxRefused)] {
		o.Refused = append(o.Refused, RefusedRule{e.File, e.Line, e.ID, e.Text})
	}
	if fault := b.fault.Load(); fault != nil {
		o.Fault = *fault
	}
	return o
}

// specs returns the detectors with that of the rules behind them, if there is one.
func (b *ruleBook) specs(all []detect.Spec) []detect.Spec {
	if b == nil || b.native == nil && b.own == nil {
		return all
	}
	return append(slices.Clip(all), b.spec())
}

// rule shows a record of a source to rules, and puts what matches behind the events that were made of it.
func (w *watcher) rule(in *liveInput, rec *event.Record, unread error, from int) {
	if w.rules == nil {
		return
	}
	if in.view == nil {
		in.view = w.rules.viewer(in.env, in.reader, nil, w.rules.v)
	}
	w.rules.v = in.view
	// What matches is appended to the batch only when the record was shown: until then its events stay where they are.
	w.hits = w.hits[:0]
	_ = w.rules.record(rec, in.reader, unread, w.part.batch.Events[min(from, len(w.part.batch.Events)):]) // only giving could fail, and does not
	w.part.batch.Events = append(w.part.batch.Events, w.hits...)
}

// give takes a match.
func (w *watcher) give(hit *event.Event) error {
	one := *hit
	one.Rest = w.part.batch.Rest(hit.Rest...)
	w.hits = append(w.hits, one)
	return nil
}

// lookFaults notes when the rules were taken out because they fell over.
func (w *watcher) lookFaults() {
	b := w.s.rules
	if b == nil || b.fault.Load() != nil {
		return
	}
	for _, h := range w.watch.Health() {
		if h.Detector == ruleDetector && h.Fault != "" {
			b.fault.Store(&h.Fault)
			w.s.log.Error("the Sigma rules were taken out: what they told stands, and nothing more is matched", "fault", h.Fault)
		}
	}
}
