// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// splitLines joins lines that a container's runtime has split, as CRI-O and containerd do above 16 KiB: "time stdout P beginning",
// "time stdout P more", "time stdout F end". Those of a container's two streams may lie between each other.
type splitLines struct {
	held  [2]piece
	whole event.Record
}

// piece is the beginning of a line.
type piece struct {
	line  []byte // with the head of the first piece, but F; empty: nothing is held
	parts []event.Part
}

// What is kept of one line: what goes beyond is left out.
const (
	maxPieced = 1 << 20
	maxPieces = 1024
)

// take takes a record in. It returns the record to be read, if there is one yet, and the parts before its own. What it returns
// holds until the next call.
func (p *splitLines) take(rec *event.Record) (read *event.Record, before []event.Part) {
	at, stream, more := pieceOf(rec.Data)
	if at == 0 {
		return rec, nil
	}
	h := &p.held[stream]
	if len(h.line) == 0 {
		if !more {
			return rec, nil
		}
		h.line = append(append(h.line, rec.Data[:at-2]...), "F "...)
	}
	text := rec.Data[at:]
	h.line = append(h.line, text[:min(len(text), maxPieced-len(h.line))]...)
	if more {
		if len(h.parts) < maxPieces {
			h.parts = append(h.parts, rec.Part)
		}
		return nil, nil
	}
	return p.end(h, rec.Part, slices.Clone(h.parts))
}

// rest returns what is held of a stream whose end has not come, as a record; nil if nothing is.
func (p *splitLines) rest(stream int) (read *event.Record, before []event.Part) {
	h := &p.held[stream]
	n := len(h.parts)
	if n == 0 {
		return nil, nil
	}
	return p.end(h, h.parts[n-1], slices.Clone(h.parts[:n-1]))
}

func (p *splitLines) end(h *piece, last event.Part, before []event.Part) (*event.Record, []event.Part) {
	p.whole = event.Record{Part: last, Data: h.line}
	h.line, h.parts = h.line[:0], h.parts[:0]
	return &p.whole, before
}

// nextInput says that what follows stands in another file: a reference leads into one.
func (p *splitLines) nextInput() {
	for i := range p.held {
		p.held[i].parts = nil
	}
}

// pieceOf returns where the text of a runtime's line begins, of which of the two streams it is, and whether more of it follows; at is 0 for
// any other record.
func pieceOf(b []byte) (at, stream int, more bool) {
	if len(b) < 30 || b[10] != 'T' {
		return 0, 0, false
	}
	n := bytes.IndexByte(b[:min(len(b), 40)], ' ')
	if n < 20 || len(b) < n+10 || b[n+7] != ' ' || b[n+9] != ' ' || b[n+8] != 'P' && b[n+8] != 'F' {
		return 0, 0, false
	}
	switch string(b[n+1 : n+7]) {
	case "stdout":
	case "stderr":
		stream = 1
	default:
		return 0, 0, false
	}
	if t, k := parseISOStamp(b); k != n || !t.HasZone {
		return 0, 0, false
	}
	return n + 10, stream, b[n+8] == 'P'
}
