// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"fmt"
	"hash"
	"net/netip"
	"reflect"
	"unsafe"

	"github.com/sekisho/sekisho/event"
)

// codec writes and reads values of one type at the place that a pointer leads to.
type codec struct {
	typ   reflect.Type
	write func(*stateWriter, unsafe.Pointer)
	read  func(*stateReader, unsafe.Pointer)
	least int // bytes that a written value takes at least
}

type planner struct {
	codecs    map[reflect.Type]*codec
	byPointer map[reflect.Type]string // types that pointers lead to, and by which path
	byValue   map[reflect.Type]string // types that lie within slices, arrays and structs
	kinds     int
	hash      hash.Hash
}

var (
	addrType    = reflect.TypeFor[netip.Addr]()
	prefixType  = reflect.TypeFor[netip.Prefix]()
	accountType = reflect.TypeFor[event.Account]()
)

// codec returns the codec of a type; path says how it was reached, for errors.
func (p *planner) codec(t reflect.Type, path string) (*codec, error) {
	if c := p.codecs[t]; c != nil {
		fmt.Fprintf(p.hash, "again %s\n", t)
		return c, nil
	}
	fmt.Fprintf(p.hash, "%s %s %d\n", t, t.Kind(), t.Size())
	c := &codec{typ: t, least: 1}
	p.codecs[t] = c
	switch t {
	case addrType:
		c.write, c.read = writeAddr, readAddr
		return c, nil
	case prefixType:
		c.write, c.read, c.least = writePrefix, readPrefix, 2
		return c, nil
	}
	var err error
	switch t.Kind() {
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Float32, reflect.Float64:
		c.number()
	case reflect.String:
		c.write, c.read = writeText, readText
	case reflect.Array:
		err = p.array(c, path)
	case reflect.Slice:
		err = p.slice(c, path)
	case reflect.Map:
		err = p.mapping(c, path)
	case reflect.Pointer:
		err = p.pointer(c, path)
	case reflect.Struct:
		err = p.structure(c, path)
	default:
		err = fmt.Errorf("%s is a %s, which cannot be kept", path, t.Kind())
	}
	return c, err
}

// within is codec for what lies in something else, and could be pointed to there.
func (p *planner) within(t reflect.Type, path string) (*codec, error) {
	if t.Kind() == reflect.Struct {
		if _, ok := p.byValue[t]; !ok {
			p.byValue[t] = path
		}
	}
	return p.codec(t, path)
}

func (p *planner) array(c *codec, path string) error {
	n, size := c.typ.Len(), c.typ.Elem().Size()
	elem, err := p.within(c.typ.Elem(), path+"[]")
	if err != nil {
		return err
	}
	c.least = n * elem.least
	c.write = func(w *stateWriter, at unsafe.Pointer) {
		for i := range n {
			elem.write(w, unsafe.Add(at, uintptr(i)*size))
		}
	}
	c.read = func(r *stateReader, at unsafe.Pointer) {
		for i := 0; i < n && r.ok; i++ {
			elem.read(r, unsafe.Add(at, uintptr(i)*size))
		}
	}
	return nil
}

func (p *planner) slice(c *codec, path string) error {
	t, size := c.typ, c.typ.Elem().Size()
	elem, err := p.within(t.Elem(), path+"[]")
	if err != nil {
		return err
	}
	if size == 0 {
		return fmt.Errorf("%s is a slice of nothing, which cannot be kept", path)
	}
	switch t.Elem().Kind() {
	case reflect.Uint64:
		wide[uint64](c, 8)
		return nil
	case reflect.Uint32:
		wide[uint32](c, 4)
		return nil
	}
	c.write = func(w *stateWriter, at unsafe.Pointer) {
		v := reflect.NewAt(t, at).Elem()
		if v.IsNil() {
			w.uint(0)
			return
		}
		n := v.Len()
		w.uint(uint64(n) + 1)
		first := v.UnsafePointer()
		for i := range n {
			elem.write(w, unsafe.Add(first, uintptr(i)*size))
		}
	}
	c.read = func(r *stateReader, at unsafe.Pointer) {
		n, ok := r.length(elem.least)
		if !ok {
			return
		}
		v := reflect.MakeSlice(t, n, n)
		reflect.NewAt(t, at).Elem().Set(v)
		first := v.UnsafePointer()
		for i := 0; i < n && r.ok; i++ {
			elem.read(r, unsafe.Add(first, uintptr(i)*size))
		}
	}
	return nil
}

func (p *planner) mapping(c *codec, path string) error {
	t := c.typ
	key, err := p.codec(t.Key(), path+" (key)")
	if err != nil {
		return err
	}
	if leads(t.Key()) {
		return fmt.Errorf("%s has keys that are pointers, which cannot be kept", path)
	}
	elem, err := p.codec(t.Elem(), path+"[]")
	if err != nil {
		return err
	}
	c.write = func(w *stateWriter, at unsafe.Pointer) {
		m := reflect.NewAt(t, at).Elem()
		if m.IsNil() {
			w.uint(0)
			return
		}
		w.uint(uint64(m.Len()) + 1)
		w.mapped(m, key, elem)
	}
	c.read = func(r *stateReader, at unsafe.Pointer) {
		n, ok := r.length(key.least + elem.least)
		if !ok {
			return
		}
		m := reflect.MakeMapWithSize(t, n)
		reflect.NewAt(t, at).Elem().Set(m)
		k, v := reflect.New(key.typ), reflect.New(elem.typ)
		for i := 0; i < n && r.ok; i++ {
			k.Elem().SetZero()
			v.Elem().SetZero()
			plain := r.plain
			r.plain = true
			key.read(r, k.UnsafePointer())
			r.plain = plain
			elem.read(r, v.UnsafePointer())
			if r.ok {
				m.SetMapIndex(k.Elem(), v.Elem())
			}
		}
		if r.ok && m.Len() != n {
			r.fail() // a key stands twice
		}
	}
	return nil
}

// leads says whether values of the type hold pointers that have an identity of their own.
func leads(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Chan:
		return true
	case reflect.Array:
		return leads(t.Elem())
	case reflect.Struct:
		if t == addrType || t == prefixType {
			return false
		}
		for i := range t.NumField() {
			if leads(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

func (p *planner) pointer(c *codec, path string) error {
	t := c.typ.Elem()
	if t == accountType {
		account, err := p.codec(t, path)
		c.write = func(w *stateWriter, at unsafe.Pointer) { w.account(*(**event.Account)(at), account) }
		c.read = func(r *stateReader, at unsafe.Pointer) { *(**event.Account)(at) = r.account(account) }
		return err
	}
	if _, ok := p.byPointer[t]; !ok {
		p.byPointer[t] = path
	}
	kind := p.kinds
	p.kinds++
	elem, err := p.codec(t, path)
	if err != nil {
		return err
	}
	if t.Size() == 0 {
		return fmt.Errorf("%s points to nothing, which has no identity", path)
	}
	c.write = func(w *stateWriter, at unsafe.Pointer) { w.pointer(*(*unsafe.Pointer)(at), kind, elem) }
	c.read = func(r *stateReader, at unsafe.Pointer) { *(*unsafe.Pointer)(at) = r.pointer(kind, elem) }
	return nil
}

func (p *planner) structure(c *codec, path string) error {
	type part struct {
		offset uintptr
		codec  *codec
	}
	t := c.typ
	parts := make([]part, t.NumField())
	c.least = 0
	for i := range parts {
		f := t.Field(i)
		fmt.Fprintf(p.hash, ".%s ", f.Name)
		inner, err := p.within(f.Type, path+"."+f.Name)
		if err != nil {
			return err
		}
		parts[i] = part{f.Offset, inner}
		c.least += inner.least
	}
	c.write = func(w *stateWriter, at unsafe.Pointer) {
		for i := range parts {
			parts[i].codec.write(w, unsafe.Add(at, parts[i].offset))
		}
	}
	c.read = func(r *stateReader, at unsafe.Pointer) {
		for i := 0; i < len(parts) && r.ok; i++ {
			parts[i].codec.read(r, unsafe.Add(at, parts[i].offset))
		}
	}
	return nil
}
