// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"unsafe"

	"github.com/sekisho/sekisho/event"
)

// stateDepth is how far pointers may lead on: no state goes deeper than a handful, and a chain made up by somebody must not use up the
// stack.
const stateDepth = 1000

// stateWriter appends a state. Texts, accounts and what pointers lead to are written where they come first, and are numbers after that.
type stateWriter struct {
	b        []byte
	texts    map[string]uint64
	objects  []map[unsafe.Pointer]uint64 // by kind
	known    map[*event.Account]uint64
	accounts []*event.Account
	sorted   bool
	plain    bool // texts are written out: for keys, which are sorted by their bytes
	depth    int
	failed   bool
}

func (w *stateWriter) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

func (w *stateWriter) text(s string) {
	if !w.plain {
		if n, ok := w.texts[s]; ok {
			w.uint(n)
			return
		}
		n := uint64(len(w.texts))
		w.texts[s] = n
		w.uint(n)
	}
	w.uint(uint64(len(s)))
	w.b = append(w.b, s...)
}

func (w *stateWriter) pointer(at unsafe.Pointer, kind int, elem *codec) {
	if at == nil {
		w.uint(0)
		return
	}
	if w.objects[kind] == nil {
		w.objects[kind] = map[unsafe.Pointer]uint64{}
	}
	n, ok := w.objects[kind][at]
	if ok {
		w.uint(n)
		return
	}
	n = uint64(len(w.objects[kind])) + 1
	w.objects[kind][at] = n
	w.uint(n)
	if w.depth >= stateDepth {
		w.failed = true
		return
	}
	w.depth++
	elem.write(w, at)
	w.depth--
}

func (w *stateWriter) account(a *event.Account, c *codec) {
	if a == nil {
		w.uint(0)
		return
	}
	n, ok := w.known[a]
	if ok {
		w.uint(n)
		return
	}
	n = uint64(len(w.known)) + 1
	w.known[a] = n
	w.accounts = append(w.accounts, a)
	w.uint(n)
	c.write(w, unsafe.Pointer(a))
}

// mapped writes the entries of a map. Its entries lie where no pointer can lead to: they are copied out.
func (w *stateWriter) mapped(m reflect.Value, key, elem *codec) {
	k, v := reflect.New(key.typ), reflect.New(elem.typ)
	plain := w.plain
	if !w.sorted {
		for it := m.MapRange(); it.Next(); {
			k.Elem().SetIterKey(it)
			v.Elem().SetIterValue(it)
			w.plain = true
			key.write(w, k.UnsafePointer())
			w.plain = plain
			elem.write(w, v.UnsafePointer())
		}
		return
	}
	type entry struct {
		name []byte
		key  reflect.Value
	}
	list := make([]entry, 0, m.Len())
	for _, mk := range m.MapKeys() {
		k.Elem().Set(mk)
		at := len(w.b)
		w.plain = true
		key.write(w, k.UnsafePointer())
		w.plain = plain
		list = append(list, entry{slices.Clone(w.b[at:]), mk})
		w.b = w.b[:at]
	}
	slices.SortFunc(list, func(a, b entry) int { return bytes.Compare(a.name, b.name) })
	for _, e := range list {
		w.b = append(w.b, e.name...)
		v.Elem().Set(m.MapIndex(e.key))
		elem.write(w, v.UnsafePointer())
	}
}

// stateReader takes a state off bytes. After the first thing that cannot be, ok is false.
type stateReader struct {
	b       []byte
	ok      bool
	texts   []string
	objects [][]unsafe.Pointer // by kind
	known   []*event.Account
	resolve func(int, *event.Account) *event.Account
	plain   bool
	depth   int
}

func (r *stateReader) fail() { r.ok, r.b = false, nil }

func (r *stateReader) uint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.b = r.b[n:]
	return v
}

// length reads how many things of at least so many bytes follow; false for a nil slice or map, and for what cannot be.
func (r *stateReader) length(least int) (int, bool) {
	n := r.uint()
	if n == 0 {
		return 0, false
	}
	if n--; n > uint64(len(r.b)/max(least, 1)) {
		r.fail()
		return 0, false
	}
	return int(n), true
}

func (r *stateReader) text() string {
	if !r.plain {
		n := r.uint()
		if n < uint64(len(r.texts)) {
			return r.texts[n]
		}
		if n > uint64(len(r.texts)) {
			r.fail()
			return ""
		}
	}
	n := r.uint()
	if n > uint64(len(r.b)) {
		r.fail()
		return ""
	}
	s := string(r.b[:n])
	r.b = r.b[n:]
	if !r.plain && r.ok {
		r.texts = append(r.texts, s)
	}
	return s
}

func (r *stateReader) pointer(kind int, elem *codec) unsafe.Pointer {
	n := r.uint()
	if n == 0 {
		return nil
	}
	if n <= uint64(len(r.objects[kind])) {
		return r.objects[kind][n-1]
	}
	if n != uint64(len(r.objects[kind]))+1 || r.depth >= stateDepth || len(r.b) < elem.least {
		r.fail()
		return nil
	}
	at := reflect.New(elem.typ).UnsafePointer()
	r.objects[kind] = append(r.objects[kind], at)
	r.depth++
	elem.read(r, at)
	r.depth--
	return at
}

func (r *stateReader) account(c *codec) *event.Account {
	n := r.uint()
	if n == 0 {
		return nil
	}
	if n <= uint64(len(r.known)) {
		return r.known[n-1]
	}
	if n != uint64(len(r.known))+1 {
		r.fail()
		return nil
	}
	a := new(event.Account)
	c.read(r, unsafe.Pointer(a))
	if !r.ok {
		return nil
	}
	a = r.resolve(len(r.known), a)
	if a == nil {
		r.fail()
	}
	r.known = append(r.known, a)
	return a
}

func writeText(w *stateWriter, at unsafe.Pointer) { w.text(*(*string)(at)) }
func readText(r *stateReader, at unsafe.Pointer)  { *(*string)(at) = r.text() }

// writeAddr writes the length of the address, its bytes, and the zone of one of 16 bytes.
func writeAddr(w *stateWriter, at unsafe.Pointer) {
	a := *(*netip.Addr)(at)
	w.b = append(w.b, byte(a.BitLen()/8))
	switch {
	case a.Is4():
		x := a.As4()
		w.b = append(w.b, x[:]...)
	case a.Is6():
		x := a.As16()
		w.b = append(w.b, x[:]...)
		w.text(a.Zone())
	}
}

func readAddr(r *stateReader, at unsafe.Pointer) {
	n := 0
	if len(r.b) > 0 {
		n, r.b = int(r.b[0]), r.b[1:]
	} else {
		r.fail()
	}
	if n != 0 && n != 4 && n != 16 || n > len(r.b) {
		r.fail()
		return
	}
	out := (*netip.Addr)(at)
	switch n {
	case 4:
		*out = netip.AddrFrom4([4]byte(r.b))
	case 16:
		*out = netip.AddrFrom16([16]byte(r.b))
	}
	r.b = r.b[n:]
	if n == 16 {
		zone := r.text()
		if out.Is4In6() && zone != "" {
			r.fail()
			return
		}
		*out = out.WithZone(zone)
	}
}

func writePrefix(w *stateWriter, at unsafe.Pointer) {
	p := *(*netip.Prefix)(at)
	a := p.Addr()
	writeAddr(w, unsafe.Pointer(&a))
	w.b = append(w.b, byte(p.Bits()+1))
}

func readPrefix(r *stateReader, at unsafe.Pointer) {
	var a netip.Addr
	readAddr(r, unsafe.Pointer(&a))
	if !r.ok || len(r.b) == 0 {
		r.fail()
		return
	}
	bits := int(r.b[0]) - 1
	r.b = r.b[1:]
	if a.IsValid() || bits >= 0 {
		*(*netip.Prefix)(at) = netip.PrefixFrom(a, bits)
	}
}

// number makes the codec of a plain number: varints, but fixed bytes for floats and single bytes.
func (c *codec) number() {
	switch c.typ.Kind() {
	case reflect.Bool, reflect.Uint8, reflect.Int8:
		c.write = func(w *stateWriter, at unsafe.Pointer) { w.b = append(w.b, *(*byte)(at)) }
		truth := c.typ.Kind() == reflect.Bool
		c.read = func(r *stateReader, at unsafe.Pointer) {
			if len(r.b) == 0 || truth && r.b[0] > 1 {
				r.fail()
				return
			}
			*(*byte)(at) = r.b[0]
			r.b = r.b[1:]
		}
	case reflect.Int16:
		signed[int16](c)
	case reflect.Int32:
		signed[int32](c)
	case reflect.Int:
		signed[int](c)
	case reflect.Int64:
		signed[int64](c)
	case reflect.Uint16:
		unsigned[uint16](c)
	case reflect.Uint32:
		unsigned[uint32](c)
	case reflect.Uint:
		unsigned[uint](c)
	case reflect.Uint64:
		unsigned[uint64](c)
	case reflect.Float32:
		c.write = func(w *stateWriter, at unsafe.Pointer) { w.uint(uint64(math.Float32bits(*(*float32)(at)))) }
		c.read = func(r *stateReader, at unsafe.Pointer) { *(*float32)(at) = math.Float32frombits(uint32(r.uint())) }
	case reflect.Float64:
		// Turned around, whole numbers are short.
		c.write = func(w *stateWriter, at unsafe.Pointer) { w.uint(turned(math.Float64bits(*(*float64)(at)))) }
		c.read = func(r *stateReader, at unsafe.Pointer) { *(*float64)(at) = math.Float64frombits(turned(r.uint())) }
	}
}

// turned swaps the bytes of a number.
func turned(v uint64) uint64 {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], v)
	return binary.LittleEndian.Uint64(b[:])
}

func signed[T int | int16 | int32 | int64](c *codec) {
	c.write = func(w *stateWriter, at unsafe.Pointer) { w.b = binary.AppendVarint(w.b, int64(*(*T)(at))) }
	c.read = func(r *stateReader, at unsafe.Pointer) {
		u := r.uint()
		v := int64(u>>1) ^ -int64(u&1)
		if int64(T(v)) != v {
			r.fail()
			return
		}
		*(*T)(at) = T(v)
	}
}

func unsigned[T uint | uint16 | uint32 | uint64](c *codec) {
	c.write = func(w *stateWriter, at unsafe.Pointer) { w.uint(uint64(*(*T)(at))) }
	c.read = func(r *stateReader, at unsafe.Pointer) {
		v := r.uint()
		if uint64(T(v)) != v {
			r.fail()
			return
		}
		*(*T)(at) = T(v)
	}
}

// wide makes the codec of a slice of whole numbers that are as good as random, or nearly all nought: bits and hashes. They have fixed
// width, and what is nought is left to compression.
func wide[T uint32 | uint64](c *codec, size int) {
	c.write = func(w *stateWriter, at unsafe.Pointer) {
		v := *(*[]T)(at)
		if v == nil {
			w.uint(0)
			return
		}
		w.uint(uint64(len(v)) + 1)
		w.b = slices.Grow(w.b, size*len(v))
		for _, x := range v {
			if size == 4 {
				w.b = binary.LittleEndian.AppendUint32(w.b, uint32(x))
			} else {
				w.b = binary.LittleEndian.AppendUint64(w.b, uint64(x))
			}
		}
	}
	c.read = func(r *stateReader, at unsafe.Pointer) {
		n, ok := r.length(size)
		if !ok {
			return
		}
		v := make([]T, n)
		for i := range v {
			if size == 4 {
				v[i] = T(binary.LittleEndian.Uint32(r.b[4*i:]))
			} else {
				v[i] = T(binary.LittleEndian.Uint64(r.b[8*i:]))
			}
		}
		r.b = r.b[size*n:]
		*(*[]T)(at) = v
	}
}
