// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// ownParser reads records as a definition says.
type ownParser struct {
	m    *ownMatcher
	env  *Env
	n    named
	row  csvRow
	flat flatScan
	take func([]byte, jsonValue)
	took func(field, []byte)
	cols []field // of the table at hand; nil before its row of names
	head []byte
	day  []byte
	buf  []byte
	tmp  []byte
}

func newOwnParser(m *ownMatcher, env *Env) *ownParser {
	p := &ownParser{m: m, env: env}
	p.take, p.took = p.key, p.put
	return p
}

// Flush implements Parser.
func (p *ownParser) Flush(*event.Batch) {}

// Parse reads one record.
func (p *ownParser) Parse(rec *event.Record, out *event.Batch) error {
	for _, c := range p.m.d.Contains {
		if !has(rec.Data, c) {
			return ErrOtherFormat
		}
	}
	p.n.reset(p.env)
	p.day = nil
	switch {
	case len(p.m.patterns) > 0:
		return p.line(rec, out)
	case len(p.m.keys) > 0:
		b := p.env.jsonBody(rec)
		if b == nil {
			return ErrOtherFormat
		}
		if !p.flat.walk(b, p.take) {
			return ErrBroken
		}
		if !p.n.has(sTime) {
			return ErrOtherFormat
		}
		return p.emit(rec, out, nil)
	}
	return p.table(rec, out)
}

// line reads a line by the first pattern that fits.
func (p *ownParser) line(rec *event.Record, out *event.Batch) error {
	b := bytes.TrimRight(bytes.TrimPrefix(rec.Data, []byte(bomText)), "\r")
	if want := p.m.d.Program; want != "" {
		s, ok := p.env.Syslog(rec)
		if !ok || string(s.Program) != want {
			return ErrOtherFormat
		}
		b = s.Message
	}
	for i := range p.m.patterns {
		pt := &p.m.patterns[i]
		if pt.match(b, p.took) {
			return p.emit(rec, out, pt.set)
		}
		p.n.reset(p.env)
		p.day = nil
	}
	if p.m.d.Program != "" {
		return ErrUnknownKind
	}
	return ErrOtherFormat
}

const bomText = "\xef\xbb\xbf"

// put takes a field's value.
func (p *ownParser) put(f field, v []byte) {
	switch {
	case f.skip:
	case f.day:
		p.day = v
	case f.slot != sNone:
		p.n.set(f.slot, cell(v))
	case len(v) > 0 && len(p.n.rest) < 64:
		p.n.rest = append(p.n.rest, event.Text(f.rest, p.env.Intern.Bytes(v)))
	}
}

// key takes a value of an object.
func (p *ownParser) key(path []byte, v jsonValue) {
	i := slices.Index(p.m.keys, string(path))
	if i < 0 || v.empty() {
		return
	}
	f := p.m.keyFields[i]
	switch {
	case f.skip:
	case f.day:
		p.day = bytes.Clone(v.text(&p.tmp))
	case f.slot != sNone:
		p.n.set(f.slot, v)
	case len(p.n.rest) < 64:
		p.n.rest = append(p.n.rest, event.Text(f.rest, p.env.Intern.Bytes(v.text(&p.tmp))))
	}
}

// table reads one row.
func (p *ownParser) table(rec *event.Record, out *event.Batch) error {
	if !p.cut(rec.Data) {
		return ErrOtherFormat
	}
	cells := p.row.cells
	if p.m.d.Positions {
		if len(cells) != len(p.m.fields) {
			return ErrOtherFormat
		}
		p.cols = p.m.fields
	} else {
		if p.cols != nil && bytes.Equal(rec.Data, p.head) {
			return nil
		}
		if cols := p.header(); cols != nil {
			p.cols, p.head = cols, bytes.Clone(rec.Data)
			return nil
		}
		if p.cols == nil || len(cells) != len(p.cols) {
			return ErrOtherFormat
		}
	}
	for i, c := range cells {
		p.put(p.cols[i], c)
	}
	if !p.n.has(sTime) && p.day == nil {
		return ErrNoTime
	}
	return p.emit(rec, out, nil)
}

// cut cuts a row into cells.
func (p *ownParser) cut(rec []byte) bool {
	if s := p.m.d.Separator; s != 0 && s != ',' {
		rec = bytes.TrimPrefix(rec, []byte(bomText))
		p.row.cells = p.row.cells[:0]
		for len(p.row.cells) < csvColumns {
			i := bytes.IndexByte(rec, s)
			if i < 0 {
				p.row.cells = append(p.row.cells, bytes.Trim(rec, "\"\r"))
				return true
			}
			p.row.cells = append(p.row.cells, bytes.Trim(rec[:i], `"`))
			rec = rec[i+1:]
		}
		return false
	}
	return p.row.split(rec)
}

// header returns what the cells are, if the row is one of names: all of the definition's columns stand in it.
func (p *ownParser) header() []field {
	cells := p.row.cells
	if len(cells) < len(p.m.columns) {
		return nil
	}
	cols := make([]field, len(cells))
	found := 0
	for i, c := range cells {
		cols[i] = field{skip: true}
		if k := p.m.placeOf(c[:min(len(c), 200)]); k >= 0 {
			cols[i] = p.m.fields[k]
			found++
		}
	}
	if found < len(p.m.columns) {
		return nil
	}
	return cols
}

// emit makes the event of the fields that were taken.
func (p *ownParser) emit(rec *event.Record, out *event.Batch, set *Setting) error {
	n := &p.n
	when, ok := p.moment(rec)
	if !ok {
		return ErrNoTime
	}
	n.known = true
	ev := n.emit(when, rec, out)
	p.m.d.Set.apply(ev)
	if set != nil {
		set.apply(ev)
	}
	for i := range p.m.d.When {
		r := &p.m.d.When[i]
		if v, ok := p.value(r.Field, ev); ok && r.fits(v) {
			r.Set.apply(ev)
		}
	}
	if ev.Outcome == event.OutcomeFailure && ev.Class == event.ClassAuthentication && ev.Reason == event.ReasonNone {
		ev.Reason = event.ReasonBadCredentials
	}
	return nil
}

// value returns the text of a field that was taken.
func (p *ownParser) value(name string, ev *event.Event) (string, bool) {
	if f := fieldOf(name); f.slot != sNone {
		return p.n.text(f.slot), p.n.has(f.slot)
	}
	v, ok := ev.Get(name)
	return v.Text, ok
}

func (r *Rule) fits(v string) bool {
	if slices.Contains(r.Is, v) {
		return true
	}
	for _, c := range r.Contains {
		if strings.Contains(v, c) {
			return true
		}
	}
	return false
}

// moment returns the record's time: by the definition's layouts, or in one of the usual ways; for syslog lines without a time of
// their own, that of the head.
func (p *ownParser) moment(rec *event.Record) (event.Micros, bool) {
	n := &p.n
	if !n.has(sTime) && p.day == nil {
		if s, ok := p.env.Syslog(rec); ok && p.m.d.Program != "" {
			return s.Time, true
		}
		return 0, false
	}
	if p.day != nil {
		b := append(append(p.buf[:0], p.day...), ' ')
		b = append(b, n.v[sTime].text(&p.tmp)...)
		p.buf = b
		n.v[sTime] = cell(bytes.TrimSpace(b))
	}
	if len(p.m.d.Layouts) == 0 && p.m.d.Zone == nil {
		return n.moment(sTime)
	}
	text := bytes.TrimSpace(n.v[sTime].text(&p.tmp))
	for i := range p.m.d.Layouts {
		if t, ok := p.m.d.Layouts[i].read(text); ok {
			return p.env.Clock.Moment(p.zoned(t)), true
		}
	}
	if len(p.m.d.Layouts) > 0 {
		return 0, false
	}
	t, k := parseISOStamp(text)
	if k == 0 {
		if t, k = parseSlashDate(text); k == 0 || len(text) < 4 || !isDigit(text[2]) || !isDigit(text[3]) {
			return n.moment(sTime)
		}
	}
	return p.env.Clock.Moment(p.zoned(t)), true
}

// zoned gives a time without a zone that of the definition.
func (p *ownParser) zoned(t Civil) Civil {
	if z := p.m.d.Zone; z != nil && !t.HasZone && t.Year > 0 {
		_, t.East = time.Date(t.Year, time.Month(t.Month), t.Day, t.Hour, t.Minute, t.Second, 0, z).Zone()
		t.HasZone = true
	}
	return t
}

// TimeLayout is a layout of times in the letters of strftime.
type TimeLayout struct{ steps []layoutStep }

type layoutStep struct {
	letter  byte // 0: a constant byte
	literal byte
}

// NewTimeLayout reads a layout: %Y %y %m %d %e %b %H %I %M %S %f %p %z %s and constant text. ok is false for other letters.
func NewTimeLayout(text string) (l TimeLayout, ok bool) {
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			l.steps = append(l.steps, layoutStep{literal: text[i]})
			continue
		}
		if i++; i >= len(text) {
			return l, false
		}
		switch c := text[i]; c {
		case 'Y', 'y', 'm', 'd', 'e', 'b', 'H', 'I', 'M', 'S', 'f', 'p', 'z', 's':
			l.steps = append(l.steps, layoutStep{letter: c})
		case '%':
			l.steps = append(l.steps, layoutStep{literal: c})
		default:
			return l, false
		}
	}
	return l, len(l.steps) > 0
}

// read reads a whole text by the layout.
func (l *TimeLayout) read(b []byte) (t Civil, ok bool) {
	half, pm := false, false
	for _, s := range l.steps {
		n := 0
		switch s.letter {
		case 0:
			if len(b) > 0 && b[0] == s.literal {
				n = 1
			}
		case 'Y':
			t.Year, n = digits(b, 4)
		case 'y':
			t.Year, n = digits(b, 2)
			t.Year += 2000
		case 'm':
			t.Month, n = digits(b, 2)
		case 'd', 'e':
			blank := 0
			if len(b) > 0 && b[0] == ' ' {
				blank = 1
			}
			if t.Day, n = digits(b[blank:], 2); n > 0 {
				n += blank
			}
		case 'b':
			if t.Month = monthOf(b); t.Month > 0 {
				n = 3
			}
		case 'H', 'I':
			t.Hour, n = digits(b, 2)
			half = half || s.letter == 'I'
		case 'M':
			t.Minute, n = digits(b, 2)
		case 'S':
			t.Second, n = digits(b, 2)
		case 'f':
			for scale := 100000; n < len(b) && isDigit(b[n]); n++ {
				t.Micro += int(b[n]-'0') * scale
				scale /= 10
			}
		case 'p':
			if len(b) > 1 && b[1]|0x20 == 'm' && (b[0]|0x20 == 'a' || b[0]|0x20 == 'p') {
				pm, n = b[0]|0x20 == 'p', 2
			}
		case 'z':
			n = parseZone(b, &t)
		case 's':
			for n < len(b) && isDigit(b[n]) {
				n++
			}
			v, good := wholeNumber(b[:n])
			if t, ok = epochCivil(v, 0); !good || !ok {
				return t, false
			}
		}
		if n == 0 {
			return t, false
		}
		b = b[n:]
	}
	if half {
		if t.Hour < 1 || t.Hour > 12 {
			return t, false
		}
		if t.Hour %= 12; pm {
			t.Hour += 12
		}
	}
	return t, len(b) == 0 && t.Valid()
}
