// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

// flatScan walks over a JSON object and tells each value that is no container with the names above it, joined by
// points: {"user": {"name": "x"}} and {"user.name": "x"} are told alike. Elements of a list are told by the list's name.
type flatScan struct {
	scan jsonScan
	path []byte
}

const (
	flatDepth = 12
	flatPath  = 256 // longer ones are nobody's field
)

// walk tells every value to take and says whether b was one whole object.
func (f *flatScan) walk(b []byte, take func(path []byte, v jsonValue)) bool {
	f.scan.reset(b)
	f.path = f.path[:0]
	if f.scan.peek() != '{' {
		return false
	}
	f.value(take, 0)
	return f.scan.end()
}

func (f *flatScan) value(take func(path []byte, v jsonValue), depth int) {
	s := &f.scan
	switch c := s.peek(); {
	case depth >= flatDepth && (c == '{' || c == '['):
		s.skip()
	case c == '{':
		at := len(f.path)
		for ok := s.enter('{'); ok && s.member(); {
			if at+len(s.key)+1 > flatPath {
				s.skip()
				continue
			}
			if at > 0 {
				f.path = append(f.path, '.')
			}
			f.path = append(f.path, s.key...)
			f.value(take, depth+1)
			f.path = f.path[:at]
		}
	case c == '[':
		for ok := s.enter('['); ok && s.element(); {
			f.value(take, depth+1)
		}
	default:
		if v := s.value(); !s.bad {
			take(f.path, v)
		}
	}
}
