// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

// jsonPick takes from a JSON object the members that a format asks for, by their paths: "user", or "meta.user" for a member of
// a member as well as for one that is so named itself.
type jsonPick struct {
	scan  jsonScan
	slot  func(path []byte) int // where the value of a path goes; below zero: nowhere
	v     []jsonValue
	path  []byte
	buf   []byte
	again [8][]byte // decoded texts that are needed side by side
}

func newJSONPick(slots int, slot func(path []byte) int) *jsonPick {
	return &jsonPick{slot: slot, v: make([]jsonValue, slots)}
}

// jsonPickDepth bounds how deep a path may lead.
const jsonPickDepth = 4

// read takes the members of the object that b is, and says whether it is one.
func (p *jsonPick) read(b []byte) bool {
	clear(p.v)
	p.scan.reset(b)
	p.path = p.path[:0]
	p.object(0)
	return p.scan.end()
}

func (p *jsonPick) object(depth int) {
	s, from := &p.scan, len(p.path)
	for ok := s.enter('{'); ok && s.member(); p.path = p.path[:from] {
		if len(s.key) > 64 {
			s.skip()
			continue
		}
		p.path = append(p.path, s.key...)
		if i := p.slot(p.path); i >= 0 {
			if v := s.value(); p.v[i].empty() {
				p.v[i] = v
			}
			continue
		}
		if s.peek() == '{' && depth < jsonPickDepth {
			p.path = append(p.path, '.')
			p.object(depth + 1)
			continue
		}
		s.skip()
	}
}

// bytes returns a member's text, to be used before the next one is asked for.
func (p *jsonPick) bytes(i int) []byte { return p.v[i].text(&p.buf) }

// keep returns a member's text, which holds until the next record. k names the place in which it is kept.
func (p *jsonPick) keep(i, k int) []byte { return p.v[i].text(&p.again[k]) }

// text returns a member's text as a string of its own.
func (p *jsonPick) text(e *Env, i int) string { return e.Intern.Bytes(p.bytes(i)) }
