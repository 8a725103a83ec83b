// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package evtx

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// The tokens of binary XML. Bit 0x40 says that more follows: attributes of an element, further attributes, further values.
const (
	tokEnd          = 0x00
	tokOpen         = 0x01
	tokCloseStart   = 0x02
	tokCloseEmpty   = 0x03
	tokClose        = 0x04
	tokValue        = 0x05
	tokAttribute    = 0x06
	tokCData        = 0x07
	tokChar         = 0x08
	tokEntity       = 0x09
	tokTarget       = 0x0a
	tokInstruction  = 0x0b
	tokTemplate     = 0x0c
	tokSubstitution = 0x0d
	tokOptional     = 0x0e
	tokFragment     = 0x0f
	tokMore         = 0x40
)

// Bounds on one template and one chunk. What Windows writes is far below them.
const (
	maxOps    = 8192    // pieces of one template
	maxDepth  = 64      // elements within one another
	maxValues = 8192    // of one instance
	maxNested = 12      // instances within one another
	maxSteps  = 1 << 20 // pieces that the instances of a chunk's records have together
	maxNames  = 4096    // kept over all chunks, of up to
	longName  = 128     // characters
)

// Kind is what a piece of a template is.
type Kind uint8

// The kinds of Op.
const (
	Open      Kind = iota // an element begins; Name
	Attribute             // an attribute of it begins: the pieces up to the next Attribute, Content or Close are its value; Name
	Content               // the attributes end
	Close                 // the element ends
	Text                  // a text, decoded; Text
	Value                 // the instance's value of that Index stands here
)

// Op is one piece of a template, in the order in which XML would have it.
type Op struct {
	Kind     Kind
	Optional bool   // of a Value: an attribute that is made of it alone is left out where there is none
	Index    uint16 // of a Value
	Name     string // of an Open or Attribute
	Text     string // of a Text
	// Depends is the index of the value without which an Open's element is left out; -1: none.
	Depends int
	// Only is set in an Open whose content is one Value and nothing else: then it is that value's index, else -1. Where that
	// value is an array, the element stands once for each item.
	Only int
	End  int // of an Open: where its Close stands
}

// Template is a template of a chunk, taken apart.
type Template struct {
	Ops []Op
	// Number counts the chunk's templates, in the order in which its records need them, from 0. What has no template of its own
	// has -1: it is good for one record alone.
	Number int
}

// Item is one value of an instance: its type and its bytes, which lie in the chunk at At.
type Item struct {
	Type Type
	At   int
	Data []byte
}

// Instance is a template and the values that it is filled with.
type Instance struct {
	*Template
	Items []Item
}

// Left says whether the element that begins with op is left out, because the value that it depends on is not there.
func (in *Instance) Left(op *Op) bool {
	return op.Depends >= 0 && op.Depends < len(in.Items) && in.Items[op.Depends].Type == Null
}

// Chunk reads the binary XML of a chunk's records. One value serves one chunk after another, and keeps its memory.
type Chunk struct {
	data      []byte
	templates map[uint32]*Template
	spare     []*Template
	used      int
	names     map[string]string
	name      []byte
	items     []Item
	steps     int // pieces of the instances of the records so far
	shown     int // bytes of XML that were written of them
	taken     int // bytes of definitions that were taken apart in this chunk
}

// Reset begins another chunk. data must stay as it is while its records are read.
func (c *Chunk) Reset(data []byte) {
	if c.templates == nil {
		c.templates, c.names = map[uint32]*Template{}, map[string]string{}
	}
	clear(c.templates)
	c.data, c.used, c.taken, c.steps, c.shown, c.items = data, 0, 0, 0, 0, c.items[:0]
	if len(c.names) >= maxNames {
		clear(c.names)
	}
}

// Begin forgets the items of the record before.
func (c *Chunk) Begin() { c.items = c.items[:0] }

// Body returns where the binary XML of a record stands that lies at from to to of the chunk.
func Body(from, to int) (int, int) { return from + recordHead, to - 4 }

// Next reads the instance that begins at from and returns where the next one begins; ok is false where nothing follows. The
// instance's items stay until Begin.
func (c *Chunk) Next(from, to int) (in Instance, next int, ok bool, err error) {
	if from < 0 || to > len(c.data) || from > to {
		return in, to, false, ErrBroken
	}
	r := reader{c: c, at: from, end: to}
	for r.at < r.end && c.data[r.at] == tokFragment { // a header: version, and flags that are nought
		r.at += 4
	}
	if r.at >= r.end || c.data[r.at] == tokEnd {
		return in, to, false, nil
	}
	if c.data[r.at]&^tokMore == tokTemplate {
		in, err = r.instance()
	} else {
		r.loose = true
		in.Template = &Template{Number: -1}
		err = r.fragment(in.Template)
	}
	if err != nil {
		return in, to, false, err
	}
	// A template may hold one value many times, and a value that is binary XML may do so again: all of a chunk is counted.
	if c.steps += len(in.Ops) + len(in.Items) + 1; c.steps > maxSteps {
		return in, to, false, ErrTooMuch
	}
	return in, r.at, true, nil
}

// reader walks over binary XML. It reads nothing beyond end, but for names and templates, which it looks up in all of the chunk.
type reader struct {
	c     *Chunk
	at    int
	end   int
	loose bool // not within a template
}

func (r *reader) has(n int) bool { return n >= 0 && n <= r.end-r.at }

func (r *reader) u8() (byte, bool) {
	if !r.has(1) {
		return 0, false
	}
	r.at++
	return r.c.data[r.at-1], true
}

func (r *reader) u16() (uint16, bool) {
	if !r.has(2) {
		return 0, false
	}
	r.at += 2
	return binary.LittleEndian.Uint16(r.c.data[r.at-2:]), true
}

func (r *reader) u32() (uint32, bool) {
	if !r.has(4) {
		return 0, false
	}
	r.at += 4
	return binary.LittleEndian.Uint32(r.c.data[r.at-4:]), true
}

// instance reads a template instance: which template, and the values.
func (r *reader) instance() (in Instance, err error) {
	r.at += 2 // the token, and a byte that is always 1
	_, _ = r.u32()
	offset, ok := r.u32()
	if !ok {
		return in, ErrBroken
	}
	if in.Template, err = r.c.template(offset); err != nil {
		return in, err
	}
	if int(offset) == r.at { // it is defined here, where it is used for the first time
		size, ok := definition(r.c.data, int(offset))
		if !ok || !r.has(24+size) {
			return in, ErrBroken
		}
		r.at += 24 + size
	}
	n, ok := r.u32()
	if !ok || n > maxValues || !r.has(int(n)*4) {
		return in, ErrBroken
	}
	if len(r.c.items)+int(n) > 4*maxValues {
		return in, ErrTooMuch
	}
	from := len(r.c.items)
	specs, at := r.c.data[r.at:], r.at+int(n)*4
	for i := range int(n) {
		size := int(binary.LittleEndian.Uint16(specs[i*4:]))
		if at+size > r.end {
			return in, ErrBroken
		}
		r.c.items = append(r.c.items, Item{Type: Type(specs[i*4+2]), At: at, Data: r.c.data[at : at+size : at+size]})
		at += size
	}
	r.at = at
	in.Items = r.c.items[from:len(r.c.items):len(r.c.items)]
	return in, nil
}

// definition returns the size of the binary XML of the template that is defined at that place, behind 24 bytes: the place of
// another, its identity, and that size.
func definition(b []byte, at int) (size int, ok bool) {
	if at < ChunkHeaderSize || at > len(b)-24 {
		return 0, false
	}
	n := binary.LittleEndian.Uint32(b[at+20:])
	if uint64(n) > uint64(len(b)-at-24) {
		return 0, false
	}
	return int(n), true
}

// template returns the template that is defined at offset.
func (c *Chunk) template(offset uint32) (*Template, error) {
	if t, ok := c.templates[offset]; ok {
		if t == nil {
			return nil, ErrBroken
		}
		return t, nil
	}
	size, ok := definition(c.data, int(offset))
	if !ok {
		return nil, ErrBroken
	}
	// Definitions may overlap in a forged chunk; together they may not be longer than the chunk, so that the work is bounded.
	if c.taken += 24 + size; c.taken > ChunkSize {
		return nil, ErrTooMuch
	}
	if c.used == len(c.spare) {
		c.spare = append(c.spare, &Template{})
	}
	t := c.spare[c.used]
	t.Ops, t.Number = t.Ops[:0], c.used
	r := reader{c: c, at: int(offset) + 24, end: int(offset) + 24 + size}
	for r.has(4) && c.data[r.at] == tokFragment {
		r.at += 4
	}
	if err := r.fragment(t); err != nil {
		c.templates[offset] = nil
		return nil, err
	}
	c.used++
	c.templates[offset] = t
	return t, nil
}

// fragment takes an element and all that is in it apart.
func (r *reader) fragment(t *Template) error {
	var open [maxDepth]int
	depth := 0
	for {
		if len(t.Ops) >= maxOps {
			return ErrTooMuch
		}
		tok, ok := r.u8()
		if !ok {
			if depth == 0 && len(t.Ops) > 0 {
				return nil
			}
			return ErrBroken
		}
		switch tok &^ tokMore {
		case tokEnd:
			if depth > 0 || len(t.Ops) == 0 {
				return ErrBroken
			}
			r.at--
			return nil
		case tokOpen:
			if depth == maxDepth {
				return ErrTooMuch
			}
			open[depth] = len(t.Ops)
			depth++
			if err := r.open(t, tok&tokMore != 0); err != nil {
				return err
			}
		case tokCloseStart:
			t.Ops = append(t.Ops, Op{Kind: Content})
		case tokClose, tokCloseEmpty:
			if depth == 0 {
				return ErrBroken
			}
			if tok == tokCloseEmpty {
				t.Ops = append(t.Ops, Op{Kind: Content})
			}
			depth--
			t.close(open[depth])
			if depth == 0 && r.loose {
				return nil
			}
		case tokFragment:
			r.at += 3
		default:
			if err := r.text(t, tok); err != nil {
				return err
			}
		}
	}
}

// close ends the element that was opened at that place.
func (t *Template) close(at int) {
	end := len(t.Ops)
	t.Ops[at].End = end
	t.Ops[at].Only = -1
	if end > at+1 && t.Ops[end-1].Kind == Value && t.Ops[end-2].Kind == Content {
		t.Ops[at].Only = int(t.Ops[end-1].Index)
	}
	t.Ops = append(t.Ops, Op{Kind: Close})
}

// open reads the beginning of an element: the value that it depends on, its size, its name, and its attributes' size.
func (r *reader) open(t *Template, attributes bool) error {
	depends := -1
	if !r.loose || r.depends() {
		if n, ok := r.u16(); ok && n != 0xffff && !r.loose {
			depends = int(n)
		}
	}
	if _, ok := r.u32(); !ok {
		return ErrBroken
	}
	name, err := r.nameRef()
	if err != nil {
		return err
	}
	if attributes {
		if _, ok := r.u32(); !ok {
			return ErrBroken
		}
	}
	if len(t.Ops) == 0 {
		depends = -1 // an event whose data are missing is an event
	}
	t.Ops = append(t.Ops, Op{Kind: Open, Name: name, Depends: depends})
	return nil
}

// depends says whether an element outside a template carries the identifier that one within a template does: writers
// differ. What follows tells: the element's size reaches not beyond the text, and its name is here or before here.
func (r *reader) depends() bool {
	if !r.has(8) {
		return true
	}
	size, name := binary.LittleEndian.Uint32(r.c.data[r.at:]), int64(binary.LittleEndian.Uint32(r.c.data[r.at+4:]))
	return uint64(size) > uint64(r.end-r.at) || name > int64(r.at+8) || name < 128
}

// nameRef reads the place of a name, and passes over the name where it stands here.
func (r *reader) nameRef() (string, error) {
	offset, ok := r.u32()
	if !ok {
		return "", ErrBroken
	}
	name, size, ok := r.c.nameAt(int64(offset))
	if !ok {
		return "", ErrBroken
	}
	if int64(offset) == int64(r.at) {
		if !r.has(size) {
			return "", ErrBroken
		}
		r.at += size
	}
	return name, nil
}

// nameAt reads a name: the place of another with the same hash, the hash, the length, UTF-16, and a nought.
func (c *Chunk) nameAt(offset int64) (name string, size int, ok bool) {
	if offset < 0 || offset > int64(len(c.data))-10 {
		return "", 0, false
	}
	at := int(offset)
	n := int(binary.LittleEndian.Uint16(c.data[at+6:]))
	if n > 1024 || at+8+2*n+2 > len(c.data) {
		return "", 0, false
	}
	raw := c.data[at+8 : at+8+2*n]
	if s, ok := c.names[string(raw)]; ok {
		return s, 10 + 2*n, true
	}
	c.name = appendUTF16(c.name[:0], raw)
	s := string(c.name)
	if len(c.names) < maxNames && n <= longName {
		c.names[string(raw)] = s
	}
	return s, 10 + 2*n, true
}

// text reads what may stand in an attribute or between elements.
func (r *reader) text(t *Template, tok byte) error {
	switch tok &^ tokMore {
	case tokAttribute:
		name, err := r.nameRef()
		if err != nil {
			return err
		}
		t.Ops = append(t.Ops, Op{Kind: Attribute, Name: name})
		return nil
	case tokValue:
		kind, _ := r.u8()
		if kind != byte(String) {
			return r.fixed(t, Type(kind))
		}
		return r.counted(t)
	case tokCData:
		return r.counted(t)
	case tokChar:
		code, ok := r.u16()
		if !ok {
			return ErrBroken
		}
		t.Ops = append(t.Ops, Op{Kind: Text, Text: string(rune(code))})
		return nil
	case tokEntity:
		name, err := r.nameRef()
		if err != nil {
			return err
		}
		t.Ops = append(t.Ops, Op{Kind: Text, Text: entity(name)})
		return nil
	case tokTarget: // instructions to programs are passed over
		_, err := r.nameRef()
		return err
	case tokInstruction:
		n, ok := r.u16()
		if !ok || !r.has(2*int(n)) {
			return ErrBroken
		}
		r.at += 2 * int(n)
		return nil
	case tokSubstitution, tokOptional:
		index, _ := r.u16()
		if _, ok := r.u8(); !ok {
			return ErrBroken
		}
		t.Ops = append(t.Ops, Op{Kind: Value, Index: index, Optional: tok&^tokMore == tokOptional})
		return nil
	}
	return ErrBroken
}

// counted reads a text behind its length.
func (r *reader) counted(t *Template) error {
	n, ok := r.u16()
	if !ok || !r.has(2*int(n)) {
		return ErrBroken
	}
	r.c.name = appendUTF16(r.c.name[:0], r.c.data[r.at:r.at+2*int(n)])
	r.at += 2 * int(n)
	t.Ops = append(t.Ops, Op{Kind: Text, Text: string(r.c.name)})
	return nil
}

// fixed reads a value of another type that stands in the template itself.
func (r *reader) fixed(t *Template, kind Type) error {
	n := kind.width()
	if n == 0 || !r.has(n) {
		return ErrBroken
	}
	text := Item{Type: kind, Data: r.c.data[r.at : r.at+n]}.Append(nil, 6)
	r.at += n
	t.Ops = append(t.Ops, Op{Kind: Text, Text: string(text)})
	return nil
}

// entity returns the character that an entity stands for; one that is not XML's own stays as it is.
func entity(name string) string {
	switch name {
	case "lt":
		return "<"
	case "gt":
		return ">"
	case "amp":
		return "&"
	case "quot":
		return `"`
	case "apos":
		return "'"
	}
	return "&" + name + ";"
}

// appendUTF16 appends little-endian UTF-16 as UTF-8. Halves of pairs become U+FFFD.
func appendUTF16(dst, b []byte) []byte {
	for len(b) >= 8 { // four at a time, as long as they are ASCII
		w := binary.LittleEndian.Uint64(b)
		if w&0xff80ff80ff80ff80 != 0 {
			break
		}
		dst = append(dst, byte(w), byte(w>>16), byte(w>>32), byte(w>>48))
		b = b[8:]
	}
	for len(b) >= 2 {
		u := rune(b[0]) | rune(b[1])<<8
		b = b[2:]
		if u < utf8.RuneSelf {
			dst = append(dst, byte(u))
			continue
		}
		if utf16.IsSurrogate(u) {
			both := rune(utf8.RuneError)
			if len(b) >= 2 {
				both = utf16.DecodeRune(u, rune(b[0])|rune(b[1])<<8)
			}
			if u = both; both != utf8.RuneError {
				b = b[2:]
			}
		}
		dst = utf8.AppendRune(dst, u)
	}
	return dst
}
