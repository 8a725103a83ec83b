// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

// Interner turns bytes into strings and gives the same string again for the same bytes, so that a log of millions of lines
// with thousands of names allocates thousands of strings. It is bounded: when full it starts anew.
type Interner struct {
	m     map[string]string
	bytes int
}

const (
	internMaxLen   = 256     // longer texts rarely repeat
	internMaxBytes = 8 << 20 // of text
)

// NewInterner returns an empty interner.
func NewInterner() *Interner { return &Interner{m: map[string]string{}} }

// Bytes returns b as a string. A nil interner remembers nothing.
func (in *Interner) Bytes(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if in == nil {
		return string(b)
	}
	if len(b) > internMaxLen {
		return string(b)
	}
	if s, ok := in.m[string(b)]; ok {
		return s
	}
	if in.bytes > internMaxBytes {
		clear(in.m)
		in.bytes = 0
	}
	s := string(b)
	in.m[s] = s
	in.bytes += len(s) + 48
	return s
}
