// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"math/bits"
	"slices"
	"strings"
)

// markIndex finds in one pass which of many texts stand in a record, and so which formats may claim it. Texts of three bytes and
// more are looked up by three bytes of theirs that are rare in logs; a filter of one bit for each hash turns nearly all places away.
type markIndex struct {
	unmarked formatSet // declares no marks
	filter   []uint64  // a bit for each hash of three bytes that a mark has
	heads    []uint16  // for each hash without its last bits: its first mark in marks, counted from 1
	marks    []mark
	short    []mark // of one or two bytes
}

// mark is a text and the formats that declare it.
type mark struct {
	text    string
	at      int // of the three bytes in it
	next    uint16
	formats formatSet
}

const (
	markBits = 14 // of a hash
	headBits = 10
)

func markHash(three uint32) uint32 { return three * 0x9e3779b1 >> (32 - markBits) }

// three returns the three bytes at b[i].
func three(text string, i int) uint32 {
	return uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16
}

func newMarkIndex(order []*Format) *markIndex {
	x := &markIndex{filter: make([]uint64, 1<<markBits/64), heads: make([]uint16, 1<<headBits)}
	known := map[string]int{} // index in marks; in short from -1 on downwards
	for i, f := range order {
		if len(f.Marks) == 0 || slices.Contains(f.Marks, "") {
			x.unmarked.add(i)
			continue
		}
		for _, text := range f.Marks {
			at, ok := known[text]
			if !ok {
				at = x.insert(text)
				known[text] = at
			}
			if at < 0 {
				x.short[-1-at].formats.add(i)
			} else {
				x.marks[at].formats.add(i)
			}
		}
	}
	return x
}

// insert adds a text that no format declared before and returns its place.
func (x *markIndex) insert(text string) int {
	if len(text) < 3 {
		x.short = append(x.short, mark{text: text})
		return -len(x.short)
	}
	at, least := 0, 255
	for k := 0; k+3 <= len(text); k++ {
		if c := int(commonness(text[k])) + int(commonness(text[k+1])) + int(commonness(text[k+2])); c < least {
			at, least = k, c
		}
	}
	h := markHash(three(text, at))
	x.filter[h/64] |= 1 << (h % 64)
	head := &x.heads[h>>(markBits-headBits)]
	x.marks = append(x.marks, mark{text: text, at: at, next: *head})
	*head = uint16(len(x.marks))
	return len(x.marks) - 1
}

// keep leaves in set the formats of which a mark stands in b, and those that declare none.
func (x *markIndex) keep(b []byte, set *formatSet) {
	sought := *set
	set.meet(&x.unmarked)
	sought.take(set)
	for i := range x.short {
		if m := &x.short[i]; sought.touches(&m.formats) && has(b, m.text) {
			sought.move(&m.formats, set)
		}
	}
	if len(b) < 3 || sought.empty() {
		return
	}
	filter := (*[1 << markBits / 64]uint64)(x.filter)
	v := uint32(b[0])<<8 | uint32(b[1])<<16
	for i, c := range b[2:] {
		v = v>>8 | uint32(c)<<16
		if h := markHash(v); filter[h/64]&(1<<(h%64)) != 0 {
			x.at(b, i, h, &sought, set)
		}
	}
}

// at adds the formats of the marks whose three bytes may stand at b[i].
func (x *markIndex) at(b []byte, i int, h uint32, sought, set *formatSet) {
	for k := x.heads[h>>(markBits-headBits)]; k > 0; {
		m := &x.marks[k-1]
		k = m.next
		if from := i - m.at; from >= 0 && len(b)-from >= len(m.text) && b[i] == m.text[m.at] && sought.touches(&m.formats) && string(b[from:from+len(m.text)]) == m.text {
			sought.move(&m.formats, set)
		}
	}
}

func (s *formatSet) empty() bool { return s[0]|s[1]|s[2]|s[3] == 0 }

// touches says whether s and o share a member.
func (s *formatSet) touches(o *formatSet) bool {
	for k := range s {
		if s[k]&o[k] != 0 {
			return true
		}
	}
	return false
}

// take takes the members of o out of s.
func (s *formatSet) take(o *formatSet) {
	for k := range s {
		s[k] &^= o[k]
	}
}

// move moves the members that s shares with o to another set.
func (s *formatSet) move(o, to *formatSet) {
	for k := range s {
		to[k] |= s[k] & o[k]
		s[k] &^= o[k]
	}
}

// each calls f with every member, in order.
func (s *formatSet) each(f func(i int)) {
	for k, w := range s {
		for ; w != 0; w &= w - 1 {
			f(k*64 + bits.TrailingZeros64(w))
		}
	}
}

// marks returns texts of which one stands in every line that sniff claims: the names that the program has in syslog, and of each
// phrase the longest words.
func (d *phrasedFormat) marks() []string {
	var out []string
	add := func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	for _, name := range d.programs {
		add(strings.TrimSuffix(name, "*"))
	}
	if d.file != nil {
		for i := range d.phrases {
			add(longestWords(d.phrases[i].text))
		}
	}
	return out
}

// longestWords returns the longest part of a phrase without a hole; of equal ones the first.
func longestWords(phrase string) string {
	longest := ""
	for phrase != "" {
		words, rest, _ := strings.Cut(phrase, "{")
		if len(words) > len(longest) {
			longest = words
		}
		_, phrase, _ = strings.Cut(rest, "}")
	}
	return longest
}
