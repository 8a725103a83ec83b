// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Values reads what a record holds under the names that its product gives it, for rules that are written with these names. It
// says nothing of what a value means: that is what events are for. It is owned by one goroutine.
type Values struct {
	env  *Env
	win  windowsParser
	scan jsonScan
	path []byte
	buf  []byte
	left int
}

// Bounds on the values of one object: no record comes near them.
const (
	valuesMost = 4096
	valuesPath = 1024
)

// NewValues returns a reader of values.
func NewValues(env *Env) *Values {
	return &Values{env: env, win: windowsParser{env: env, asIs: true}}
}

// Value takes one value. The text is valid until it returns; null says that the record has the name and nothing under it.
type Value func(name string, text []byte, null bool)

// Windows hands on the head and the named values of a Windows event, in whichever of its shapes it comes; false if the record
// is none. The head has the names that rules use: EventID, Channel, Provider_Name, Computer, EventRecordID, Level, Keywords.
// Values that an event has without a name come under Data too.
func (v *Values) Windows(rec *event.Record, do Value) bool {
	p := &v.win
	p.begin()
	if p.gather(rec) != nil {
		return false
	}
	id, ok := p.head[whID].int()
	if !ok || p.head[whChannel].empty() && p.head[whProvider].empty() && p.head[whComputer].empty() {
		return false
	}
	p.settle(id)
	for _, h := range [...]struct {
		name string
		slot int
	}{{"EventID", whID}, {"Channel", whChannel}, {"Provider_Name", whProvider}, {"Computer", whComputer}, {"EventRecordID", whRecord},
		{"Level", whLevel}, {"Keywords", whKeywords}, {"Security_UserID", whUserSID}, {"Message", whMessage}} {
		if !p.head[h.slot].empty() {
			v.give(h.name, p.head[h.slot], do)
		}
	}
	for i := range p.data[:p.n] {
		v.give(p.data[i].name, p.data[i].value, do)
	}
	for _, d := range p.positional[:p.posN] {
		v.give("Data", d, do)
	}
	return true
}

func (v *Values) give(name string, value jsonValue, do Value) {
	switch value.kind {
	case 0:
	case 'n':
		do(name, nil, true)
	case '[', '{':
		do(name, value.raw, false)
	default:
		do(name, value.text(&v.buf), false)
	}
}

// Object hands on the values of a record that is a JSON object, or a syslog line that carries one: the members of an object
// within it under both names with a dot between, the elements of a list under the name of the list. False if it is no object.
func (v *Values) Object(rec *event.Record, do Value) bool {
	b := v.env.jsonBody(rec)
	if b == nil {
		return false
	}
	v.scan.reset(bytes.TrimRight(b, " \t\r\n"))
	v.path, v.left = v.path[:0], valuesMost
	v.walk(do)
	return v.scan.end()
}

func (v *Values) walk(do Value) {
	s := &v.scan
	switch s.peek() {
	case '{':
		at := len(v.path)
		for ok := s.enter('{'); ok && s.member(); {
			if len(v.path)+len(s.key) > valuesPath || v.left <= 0 {
				s.skip()
				continue
			}
			if at > 0 {
				v.path = append(v.path, '.')
			}
			v.path = append(v.path, s.key...)
			v.walk(do)
			v.path = v.path[:at]
		}
	case '[':
		for ok := s.enter('['); ok && s.element(); {
			v.walk(do)
		}
	default:
		if v.left--; v.left < 0 {
			s.skip()
			return
		}
		v.give(v.env.Intern.Bytes(v.path), s.value(), do)
	}
}
