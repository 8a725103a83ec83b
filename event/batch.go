// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

// Batch collects events on the hot path and recycles their memory. It is owned by one goroutine at a time.
//
// Slices of parts and remainders are cut from the batch's own arenas, so an event taken from a batch is valid until Reset.
type Batch struct {
	Events []Event
	parts  []Part
	rest   []Field
}

// Add appends a zero event and returns it to be filled. The pointer is valid until the next Add.
func (b *Batch) Add() *Event {
	b.Events = append(b.Events, Event{})
	return &b.Events[len(b.Events)-1]
}

// Drop takes back the event added last.
func (b *Batch) Drop() { b.Events = b.Events[:len(b.Events)-1] }

// Parts returns a copy of p that lives as long as the batch; nil for none.
func (b *Batch) Parts(p ...Part) []Part {
	if len(p) == 0 {
		return nil
	}
	n := len(b.parts)
	b.parts = append(b.parts, p...)
	return b.parts[n:len(b.parts):len(b.parts)]
}

// Rest returns a copy of f, without its empty texts, that lives as long as the batch; nil for none.
func (b *Batch) Rest(f ...Field) []Field {
	n := len(b.rest)
	for i := range f {
		if f[i].Value.Kind == KindText && f[i].Value.Text == "" {
			continue
		}
		b.rest = append(b.rest, f[i])
	}
	if len(b.rest) == n {
		return nil
	}
	return b.rest[n:len(b.rest):len(b.rest)]
}

// Reset empties the batch and keeps its memory.
func (b *Batch) Reset() {
	clear(b.Events)
	clear(b.rest)
	b.Events, b.parts, b.rest = b.Events[:0], b.parts[:0], b.rest[:0]
}
