// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"github.com/sekisho/sekisho/event"
)

// Record is one record of a log as rules see it. It is owned by who made it and not kept by the engine.
type Record struct {
	Time   event.Micros
	Source *Source
	Fields []Field
	Text   string // the whole record, which keywords are looked for in beside the fields; may be empty
}

// Field is a name and a value of a record. A name that comes several times has several values, and a test holds where it holds
// for one of them.
type Field struct {
	Name  string
	Value string
	Null  bool // the record has the name and says that there is nothing
}

// Source says which log a record is from, in the words of rules. A record is of one product and may be of several services and
// categories. One value stands for all records of a log; it must not change while engines use it.
type Source struct {
	Product    string
	Services   []string
	Categories []string

	every  bool // rules of any log source are for it,
	native bool // but for those of our own events
}

// AnySource returns the source of records that may be of any log: rules of every log source are for them, but for those that ask
// for our own events.
func AnySource() *Source { return &Source{every: true, native: true} }

// Wants says whether a rule is for records of this source. Where the log is not known, rules that an empty record meets are not:
// they say what must not be there, and count on their log source for the rest.
func (s *Source) Wants(r *Rule) bool {
	return r.Match != nil && s.Has(r.Source) && !(s.every && s.native && r.Match.holds(&Record{Source: s}))
}

// Has says whether rules for that log source are for records of this source. Our own events are for rules that name them.
func (s *Source) Has(l LogSource) bool {
	switch {
	case s.every:
		return !s.native || l.Product != OwnProduct
	case s.Product == OwnProduct && l.Product != OwnProduct:
		return false
	}
	return (l.Product == "" || l.Product == s.Product) && (l.Service == "" || contains(s.Services, l.Service)) &&
		(l.Category == "" || contains(s.Categories, l.Category))
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// Get returns the first value of that name that says something, and whether the record has the name.
func (r *Record) Get(name string) (string, bool) {
	found := false
	for i := range r.Fields {
		if r.Fields[i].Name == name {
			if !r.Fields[i].Null && r.Fields[i].Value != "" {
				return r.Fields[i].Value, true
			}
			found = true
		}
	}
	return "", found
}
