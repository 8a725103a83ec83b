// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Definition is a format that somebody wrote down without code: how a record is cut into fields, which columns of the event
// table they are, and what follows from their values. Package own reads it from YAML.
type Definition struct {
	Name       string
	Also       []string
	Source     string
	About      About
	Unverified string
	Framing    event.Framing
	Separator  byte           // between cells of a table; default a comma
	Program    string         // of syslog lines; the patterns are held against the message then
	Contains   []string       // texts that a record must have, all of them: a quick look before the patterns
	Patterns   []Pattern      // for lines; the first one that fits counts
	Columns    []Naming       // for tables: what the columns are, by name; with Positions by place
	Positions  bool           // the table has no row of names
	Keys       []Naming       // for objects: what the values are, by path
	Layouts    []TimeLayout   // of times; none: the usual ones
	Zone       *time.Location // of times that carry none; nil: as for other formats
	Set        Setting
	When       []Rule
}

// Naming says which field a column or a key is.
type Naming struct{ Name, Field string }

// Pattern cuts a line into fields.
type Pattern struct {
	Dissect string // "%{time} %{account} from %{src_ip}": fields between constant texts
	Regexp  *regexp.Regexp
	Set     Setting
}

// Rule sets what follows from a field's value.
type Rule struct {
	Field    string
	Is       []string // one of these
	Contains []string // or one of these within it
	Set      Setting
}

// Setting is what a definition says itself. The zero value says nothing.
type Setting struct {
	Class    event.Class
	Activity event.Activity
	Outcome  event.Outcome
	Reason   event.Reason
	Service  string
	has      uint8
}

// Bits of Setting.has.
const (
	setClass = 1 << iota
	setActivity
	setOutcome
	setReason
)

// Word sets one of class, activity, outcome, reason and service by its word, and says whether there is such a word.
func (s *Setting) Word(key, word string) bool {
	var ok bool
	switch key {
	case "class":
		s.Class, ok = event.ClassOf(word)
		s.has |= setClass
	case "activity":
		s.Activity, ok = event.ActivityOf(word)
		s.has |= setActivity
	case "outcome":
		s.Outcome, ok = event.OutcomeOf(word)
		s.has |= setOutcome
	case "reason":
		s.Reason, ok = event.ReasonOf(word)
		s.has |= setReason
	case "service":
		s.Service, ok = word, word != ""
	}
	return ok
}

// HasClass says whether the setting names a class.
func (s *Setting) HasClass() bool { return s.has&setClass != 0 }

func (s *Setting) apply(ev *event.Event) {
	if s.has&setClass != 0 {
		ev.Class = s.Class
	}
	if s.has&setActivity != 0 {
		ev.Activity = s.Activity
	}
	if s.has&setOutcome != 0 {
		ev.Outcome = s.Outcome
		if s.Outcome != event.OutcomeFailure {
			ev.Reason = event.ReasonNone
		}
	}
	if s.has&setReason != 0 {
		ev.Reason = s.Reason
	}
	if s.Service != "" {
		ev.Service = s.Service
	}
}

// field is where the value of a field goes.
type field struct {
	slot slot
	rest string // its name in the remainder, where slot is sNone
	day  bool   // the day of a time that stands in two fields
	skip bool
}

// FieldKnown says whether a definition may name a field so: a column of the event table, "date" for the day of a time in two
// fields, "_" for what is passed over, or a name of small letters, digits and underscores for the remainder.
func FieldKnown(name string) bool {
	if fieldOf(name).slot != sNone || name == "date" || name == "_" || name == "" {
		return true
	}
	for i, c := range name {
		if c != '_' && (c < 'a' || c > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return len(name) <= 40
}

func fieldOf(name string) field {
	s := sNone
	switch name {
	case "time":
		s = sTime
	case "date":
		return field{day: true}
	case "", "_":
		return field{skip: true}
	case "account":
		s = sAccount
	case "domain":
		s = sDomain
	case "target":
		s = sTarget
	case "src_ip":
		s = sSrcIP
	case "src_port":
		s = sSrcPort
	case "src_host":
		s = sSrcHost
	case "dst_ip":
		s = sDstIP
	case "dst_port":
		s = sDstPort
	case "dst_host":
		s = sDstHost
	case "host":
		s = sHost
	case "service":
		s = sService
	case "client":
		s = sClient
	case "object":
		s = sObject
	case "bytes_in":
		s = sBytesIn
	case "bytes_out":
		s = sBytesOut
	case "count":
		s = sCount
	case "duration_ms":
		s = sDuration
	case "country":
		s = sCountry
	case "outcome":
		s = sOutcome
	case "reason":
		s = sReason
	case "action":
		s = sAction
	case "id":
		s = sID
	}
	if s == sNone {
		return field{rest: name}
	}
	return field{slot: s}
}

// Format makes a format of the definition. It must have been checked by package own, which tells people what is wrong.
func (d *Definition) Format() (Format, error) {
	m := &ownMatcher{d: d}
	for i := range d.Patterns {
		p := &d.Patterns[i]
		op := ownPattern{set: &p.Set, re: p.Regexp}
		if p.Regexp == nil {
			var err error
			if op.pieces, err = parseDissect(p.Dissect); err != nil {
				return Format{}, err
			}
		} else {
			for _, n := range p.Regexp.SubexpNames() {
				op.groups = append(op.groups, fieldOf(n))
			}
		}
		m.patterns = append(m.patterns, op)
	}
	for _, c := range d.Columns {
		m.columns = append(m.columns, string(columnName(nil, []byte(c.Name))))
		m.fields = append(m.fields, fieldOf(c.Field))
	}
	for _, k := range d.Keys {
		m.keys = append(m.keys, k.Name)
		m.keyFields = append(m.keyFields, fieldOf(k.Field))
	}
	var f Format
	f.Name, f.Also, f.Source, f.About, f.Framing, f.Unverified = d.Name, d.Also, d.Source, d.About, d.Framing, d.Unverified
	f.Sniff, f.New = m.sniff, func(env *Env) Parser { return newOwnParser(m, env) }
	switch {
	case len(d.Keys) > 0:
		f.Shapes = ShapeObject
	case d.Program != "":
		f.Shapes = ShapeSyslog
		if word := firstWord([]byte(d.Program), make([]byte, 0, 24)); len(word) > 0 {
			f.Programs = []string{string(word)}
		}
	}
	return f, nil
}

// ownMatcher is what all parsers of a definition share. It is not changed once it is made.
type ownMatcher struct {
	d         *Definition
	patterns  []ownPattern
	columns   []string // names in columnName's spelling
	fields    []field  // what they are
	keys      []string
	keyFields []field
}

type ownPattern struct {
	pieces []ownPiece
	re     *regexp.Regexp
	groups []field
	set    *Setting
}

// ownPiece is a field of a dissect pattern and the constant text behind it. The first piece's field is before it.
type ownPiece struct {
	before string // constant text before the field
	field  field
	pad    bool // blanks behind the field are passed over
}

// parseDissect cuts a pattern. The last piece may have no field: a constant end.
func parseDissect(pattern string) ([]ownPiece, error) {
	var out []ownPiece
	rest, bare := pattern, false
	for {
		before, after, ok := strings.Cut(rest, "%{")
		if bare && ok && before == "" {
			return nil, fmt.Errorf("two fields with nothing between them: nothing tells where the first ends")
		}
		if !ok {
			out = append(out, ownPiece{before: before, field: field{skip: true}})
			return out, nil
		}
		name, more, closed := strings.Cut(after, "}")
		if !closed {
			return nil, fmt.Errorf("a field that is not closed: write %%{name}")
		}
		name, pad := strings.CutSuffix(name, "->")
		if !FieldKnown(name) {
			return nil, fmt.Errorf("no field can be called %q", name)
		}
		out = append(out, ownPiece{before: before, field: fieldOf(name), pad: pad})
		rest, bare = more, true
	}
}

// sniff says whether a record can be read.
func (m *ownMatcher) sniff(rec []byte) float64 {
	for _, c := range m.d.Contains {
		if !has(rec, c) {
			return 0
		}
	}
	switch {
	case len(m.keys) > 0:
		if b := sniffJSON(rec); b == nil || !has(b, `"`+m.keys[0][strings.LastIndexByte(m.keys[0], '.')+1:]+`"`) {
			return 0
		}
		fallthrough
	case len(m.patterns) > 0:
		env := &Env{Clock: &Clock{Year: 2020}}
		p := newOwnParser(m, env)
		var out event.Batch
		if p.Parse(&event.Record{Data: rec}, &out) == nil {
			return 0.9
		}
		return 0
	case m.d.Positions:
		var row csvRow
		var n named
		env := &Env{Clock: &Clock{Year: 2020}}
		p := &ownParser{m: m, env: env, row: row, n: n}
		var out event.Batch
		if p.Parse(&event.Record{Data: rec}, &out) == nil && len(out.Events) > 0 {
			return 0.7
		}
		return 0
	}
	if len(rec) > 64<<10 {
		return 0
	}
	p := &ownParser{m: m}
	if p.cut(rec) && p.header() != nil {
		return 0.95
	}
	return 0
}

// placeOf returns which of the definition's columns a header's cell is; -1 for none.
func (m *ownMatcher) placeOf(cell []byte) int {
	return slices.Index(m.columns, string(columnName(nil, cell)))
}

// match cuts b by a dissect pattern and tells each field; false if it does not fit.
func (p *ownPattern) match(b []byte, take func(field, []byte)) bool {
	if p.re != nil {
		at := p.re.FindSubmatchIndex(b)
		if at == nil {
			return false
		}
		for i := 1; i < len(p.groups); i++ {
			if at[2*i] >= 0 && !p.groups[i].skip {
				take(p.groups[i], b[at[2*i]:at[2*i+1]])
			}
		}
		return true
	}
	if !hasPrefix(b, p.pieces[0].before) {
		return false
	}
	b = b[len(p.pieces[0].before):]
	for i := 0; i+1 < len(p.pieces); i++ {
		piece, next := &p.pieces[i], p.pieces[i+1].before
		end := len(b)
		last := i+2 == len(p.pieces)
		switch {
		case last && next == "":
		case last: // the constant end
			if !bytes.HasSuffix(b, []byte(next)) {
				return false
			}
			end -= len(next)
		default:
			if end = bytes.Index(b, []byte(next)); end < 0 {
				return false
			}
		}
		if !piece.field.skip {
			take(piece.field, bytes.TrimRight(b[:end], " "))
		}
		b = b[min(end+len(next), len(b)):]
		if piece.pad {
			b = bytes.TrimLeft(b, " ")
		}
	}
	return true
}
