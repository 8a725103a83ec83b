// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

// Matches evaluates the rule as it is written, test by test. It is slow, and it is what the engine is held against.
func (r *Rule) Matches(rec *Record) bool {
	return r.Match != nil && len(r.Needs) == 0 && rec.Source.Has(r.Source) && r.Match.holds(rec)
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
