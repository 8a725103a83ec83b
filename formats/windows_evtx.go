// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/evtx"
)

// Bounds on what a forged record may make of itself.
const (
	windowsText   = 4 << 20 // bytes of the values of one chunk's records
	windowsNested = 8       // pieces of binary XML within one another
)

// windowsFill is one text of a template: what it is, and the pieces that it is made of.
type windowsFill struct {
	place    windowsPlace
	element  int   // where its element begins
	from, to int   // its pieces
	within   uint8 // where binary XML stands that is put here
}

// windowsPlan is a template with its places found.
type windowsPlan struct {
	fills []windowsFill
	ready bool
}

// windowsBinary reads records of event log files. Plans are made once for each template of a chunk, and for each place where
// it is used.
type windowsBinary struct {
	chunk evtx.Chunk
	first *byte // of the chunk that it is at, and
	at    int64 // where that chunk lies
	input uint32
	plans []windowsPlan
	path  windowsPath
	text  []byte // of the record's values
	spent int    // bytes of those of the records before, in this chunk
	bad   bool
}

// isEvtx says whether b begins as a record of an event log file.
func isEvtx(b []byte) bool {
	return len(b) > 24 && b[0] == '*' && b[1] == '*' && b[2] == 0 && b[3] == 0
}

// binary gathers the values of a record of an event log file.
func (p *windowsParser) binary(rec *event.Record) error {
	if !evtx.IsRecord(rec.Data) || rec.Within < 0 || rec.Within+len(rec.Data) > len(rec.Around) {
		return ErrBroken
	}
	if p.bin == nil {
		p.bin = &windowsBinary{}
	}
	b := p.bin
	if at := rec.Offset - int64(rec.Within); b.first != &rec.Around[0] || b.at != at || b.input != p.env.Input {
		b.first, b.at, b.input = &rec.Around[0], at, p.env.Input
		b.chunk.Reset(rec.Around)
		b.spent, b.text = 0, b.text[:0]
		for i := range b.plans {
			b.plans[i].ready = false
		}
	}
	_, written := evtx.RecordHead(rec.Data)
	p.written = event.Micros(evtx.Micros(written))
	b.chunk.Begin()
	b.spent += len(b.text)
	b.text, b.bad = b.text[:0], false
	from, to := evtx.Body(rec.Within, rec.Within+len(rec.Data))
	p.binaryAt(from, to, withinNothing, 0)
	if b.bad {
		return ErrBroken
	}
	return nil
}

// binaryAt takes the values of the binary XML that stands there.
func (p *windowsParser) binaryAt(from, to int, within uint8, nested int) {
	b := p.bin
	for nested <= windowsNested && !b.bad {
		in, next, ok, err := b.chunk.Next(from, to)
		if err != nil {
			b.bad = true
			return
		}
		if !ok {
			return
		}
		plan := b.plan(in.Template, within)
		for i := range plan.fills {
			p.fill(&in, plan.fills[i], nested)
		}
		from = next
	}
}

// plan returns the template's places, where it is used within that.
func (b *windowsBinary) plan(t *evtx.Template, within uint8) *windowsPlan {
	if t.Number < 0 {
		var once windowsPlan
		b.find(&once, t, within)
		return &once
	}
	const uses = withinOther + 1
	n := t.Number*uses + int(within)
	for n >= len(b.plans) {
		b.plans = append(b.plans, windowsPlan{})
	}
	plan := &b.plans[n]
	if !plan.ready {
		plan.fills, plan.ready = plan.fills[:0], true
		b.find(plan, t, within)
	}
	return plan
}

// find goes over a template and keeps the places that matter.
func (b *windowsBinary) find(plan *windowsPlan, t *evtx.Template, within uint8) {
	w := &b.path
	w.begin(within)
	element, leaf := -1, false
	for i := 0; i < len(t.Ops); i++ {
		switch op := &t.Ops[i]; op.Kind {
		case evtx.Open:
			w.enter(op.Name)
			element, leaf = i, true
		case evtx.Attribute:
			from := i + 1
			for i+1 < len(t.Ops) && (t.Ops[i+1].Kind == evtx.Text || t.Ops[i+1].Kind == evtx.Value) {
				i++
			}
			b.attribute(plan, t, element, op.Name, from, i+1)
		case evtx.Content:
			if end := t.Ops[element].End; leaf && !holdsElement(t.Ops[i+1:end]) {
				plan.fills = append(plan.fills, windowsFill{w.place(), element, i + 1, end, w.within()})
				i = end - 1
			}
			leaf = false
		case evtx.Value: // beside elements: only binary XML can matter
			plan.fills = append(plan.fills, windowsFill{element: max(element, 0), from: i, to: i + 1, within: w.within()})
		case evtx.Close:
			w.leave()
		}
	}
}

func holdsElement(ops []evtx.Op) bool {
	for i := range ops {
		if ops[i].Kind == evtx.Open {
			return true
		}
	}
	return false
}

// attribute keeps an attribute that matters. The name of a value is part of the template, never a value itself.
func (b *windowsBinary) attribute(plan *windowsPlan, t *evtx.Template, element int, name string, from, to int) {
	if element < 0 {
		return
	}
	switch at := b.path.attribute(t.Ops[element].Name, name); at.kind {
	case placeNone:
	case placeName:
		if to == from+1 && t.Ops[from].Kind == evtx.Text {
			b.path.rename(t.Ops[from].Text)
		}
	default:
		plan.fills = append(plan.fills, windowsFill{at, element, from, to, withinOther})
	}
}

// fill takes one text of an event.
func (p *windowsParser) fill(in *evtx.Instance, f windowsFill, nested int) {
	b := p.bin
	if in.Left(&in.Ops[f.element]) {
		return
	}
	if f.to == f.from+1 && in.Ops[f.from].Kind == evtx.Value {
		n := int(in.Ops[f.from].Index)
		if n < len(in.Items) {
			p.fillOne(&in.Items[n], f, nested)
		}
		return
	}
	if f.place.kind == placeNone {
		return
	}
	from := len(b.text)
	for i := f.from; i < f.to; i++ {
		switch op := &in.Ops[i]; op.Kind {
		case evtx.Text:
			b.text = append(b.text, op.Text...)
		case evtx.Value:
			if n := int(op.Index); n < len(in.Items) {
				b.text = in.Items[n].Append(b.text, 6)
			}
		}
		if b.bad = b.bad || b.spent+len(b.text) > windowsText; b.bad {
			return
		}
	}
	p.set(f.place, jsonValue{raw: b.text[from:len(b.text):len(b.text)], kind: '"'})
}

// fillOne takes a text that is one value of the instance: a value, several, or binary XML.
func (p *windowsParser) fillOne(v *evtx.Item, f windowsFill, nested int) {
	b := p.bin
	switch {
	case v.Type == evtx.BinXML:
		p.binaryAt(v.At, v.At+len(v.Data), f.within, nested+1)
	case f.place.kind == placeNone:
	case f.place.kind == placeHead && f.place.slot == whTime:
		if n, ok := v.Filetime(); ok && n != 0 {
			p.moment, p.hasMoment = event.Micros(evtx.Micros(n)), true
			return
		}
		if v.Type != evtx.FileTime {
			p.set(f.place, b.value(v))
		}
	case v.Type&evtx.Array == 0:
		p.set(f.place, b.value(v))
	case f.place.kind == placeBare:
		v.Each(func(one evtx.Item) { p.set(f.place, b.value(&one)) })
	default:
		p.set(f.place, b.list(v))
	}
}

// value returns a value as JSON would have it.
func (b *windowsBinary) value(v *evtx.Item) jsonValue {
	if b.spent+len(b.text) > windowsText {
		b.bad = true
		return jsonValue{}
	}
	if v.Nothing() {
		return jsonValue{kind: 'n'}
	}
	from := len(b.text)
	b.text = v.Append(b.text, 6)
	raw := b.text[from:len(b.text):len(b.text)]
	if v.Type.Number() {
		return jsonValue{raw: raw, kind: '0'}
	}
	return jsonValue{raw: raw, kind: '"'}
}

// list returns several values as JSON would have them.
func (b *windowsBinary) list(v *evtx.Item) jsonValue {
	var out []byte
	out = append(out, '[')
	v.Each(func(one evtx.Item) {
		if b.bad = b.bad || len(out)+b.spent+len(b.text) > windowsText; b.bad {
			return
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		if one.Type.Number() {
			out = one.Append(out, 6)
		} else {
			out = event.AppendQuoted(out, string(one.Append(nil, 6)))
		}
	})
	return jsonValue{raw: append(out, ']'), kind: '['}
}

// sniffEvtx says how surely a record is one of an event log file.
func sniffEvtx(rec []byte) float64 {
	if evtx.IsRecord(rec) && bytes.Equal(rec[24:27], []byte{0x0f, 1, 1}) {
		return 1
	}
	return 0
}
