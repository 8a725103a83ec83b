// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package sigma reads rules written in Sigma (specification 2.1: rules, correlations, filters) and says which records they
// match. It opens no log and knows no parser: whoever uses it hands it records as names and values.
//
//	files ──► Read ──► Rule ──► Set (filters, names, correlations joined) ──► Compile ──► Engine ──► Matches
//
// A rule is a tree of tests over fields. The engine does not walk the trees one by one: literals of all rules stand in one
// automaton for each field, which is run over the field's value once, and only rules that a literal woke are evaluated.
//
// Regular expressions are those of RE2: they run in linear time, and what RE2 does not have is refused when a rule is read.
package sigma

import (
	"fmt"

	"github.com/sekisho/sekisho/event"
)

// Rule is one document of a rule file: a detection, a correlation, or a filter.
type Rule struct {
	File string // as given
	Line int    // of the document's first line

	ID          string
	Name        string
	Title       string
	Status      string
	Description string
	Author      string
	Level       string // informational, low, medium, high, critical; empty where the rule says none
	Tags        []string
	References  []string
	Falsehoods  []string // falsepositives
	Fields      []string // that the author would show an analyst

	Source      LogSource
	Match       *Expr        // of a detection
	Correlation *Correlation // of a correlation
	Filter      *Filter      // of a filter
	Cases       []Case       // under the key "tests", by which rules of this project are tested

	// Needs are the placeholders (%name%) that the rule has and nobody gave values for. It matches nothing until somebody does.
	Needs []string
	// Quiet says that the rule only serves a correlation, which does not ask for its matches to be told.
	Quiet bool
}

// Label returns what people call the rule: its id, or its name or title where it has none.
func (r *Rule) Label() string {
	switch {
	case r.ID != "":
		return r.ID
	case r.Name != "":
		return r.Name
	}
	return r.Title
}

// LogSource says which logs a rule is for. An empty part means any.
type LogSource struct {
	Category string
	Product  string
	Service  string
}

// Expr is a tree of tests.
type Expr struct {
	Op   Op
	Kids []*Expr // of And, Or and Not
	Test *Test   // of Leaf
}

// Op is what a node of a tree does.
type Op uint8

// The operations. And of nothing is true, Or of nothing is false.
const (
	Leaf Op = iota
	And
	Or
	Not
)

// Kind is the kind of a test.
type Kind uint8

// The kinds of test.
const (
	KindPattern  Kind = iota // the value is like a text with wildcards
	KindRegexp               // the value is matched by a regular expression
	KindCIDR                 // the value is an address within a network
	KindLess                 // numbers: <, <=, >, >=
	KindAtMost               //
	KindMore                 //
	KindAtLeast              //
	KindExists               // the record has the field
	KindNull                 // the record has no such field, or nothing in it
	KindFieldRef             // the value is like that of another field
)

// Part is a part of a moment that a test looks at instead of the value.
type Part uint8

// The parts of a moment.
const (
	PartNone Part = iota
	PartMinute
	PartHour
	PartDay
	PartWeek
	PartMonth
	PartYear
)

// Test is one test of one field. An empty Field means the whole record: a keyword.
type Test struct {
	Field   string
	Kind    Kind
	Part    Part
	Cased   bool
	Pattern Pattern // of KindPattern
	Text    string  // of a regular expression as written with its flags, of a network, of another field's name
	Number  float64 // of a comparison
	Yes     bool    // of KindExists: whether the field must be there
	Where   Where   // of KindFieldRef

	compiled compiled
}

// Where says where in a value a text must stand.
type Where uint8

// The places.
const (
	Whole Where = iota
	Contains
	StartsWith
	EndsWith
)

// Filter takes matches away from rules.
type Filter struct {
	Rules []string // ids, names or titles; nil: any rule
	Match *Expr    // what is taken away
}

// Error is what is wrong with one document of a rule file.
type Error struct {
	File string
	Line int
	ID   string
	Text string
}

// Error names the place.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// Severity returns the urgency of the rule's level. A rule without a level is of medium urgency.
func (r *Rule) Severity() event.Severity {
	switch r.Level {
	case "informational":
		return event.Info
	case "low":
		return event.Low
	case "high":
		return event.High
	case "critical":
		return event.Critical
	}
	return event.Medium
}

func and(kids ...*Expr) *Expr { return join(And, kids) }
func or(kids ...*Expr) *Expr  { return join(Or, kids) }

func join(op Op, kids []*Expr) *Expr {
	if len(kids) == 1 {
		return kids[0]
	}
	return &Expr{Op: op, Kids: kids}
}

func not(e *Expr) *Expr { return &Expr{Op: Not, Kids: []*Expr{e}} }

// Tests calls do for every test of the tree.
func (e *Expr) Tests(do func(*Test)) {
	if e == nil {
		return
	}
	if e.Op == Leaf {
		do(e.Test)
	}
	for _, k := range e.Kids {
		k.Tests(do)
	}
}
