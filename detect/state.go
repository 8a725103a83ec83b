// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"github.com/sekisho/sekisho/event"
)

// The state of a detector is whatever its struct reaches: maps, slices, pointers and values. It is written and read here by the types
// alone, so that a detector needs no code of its own to be kept over a restart, to be taken back to an earlier moment, or to be
// copied. What cannot be kept (functions, channels, interfaces, maps with pointers as keys) is refused by PlanOf, which a test calls
// for every detector.
//
// Written state is bytes that only the same types can read: Shape is a hash over all of them and stands before the bytes wherever
// they are kept. Pointers that were equal are equal again; pointers into the middle of something else are not known as such and
// become pointers to copies, which PlanOf refuses where the types allow it to happen. Accounts are shared with whoever made the
// sightings: they are written once each, and the reader says which account they are now.

// Plan knows how the state of one type is written and read. It is safe for concurrent use.
type Plan struct {
	root  *codec
	kinds int // of things that pointers lead to
	shape [sha256.Size]byte
}

// PlanOf returns the plan for what the pointer v leads to, and an error that names the path to a field that cannot be kept.
func PlanOf(v any) (*Plan, error) {
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Pointer {
		return nil, fmt.Errorf("detect: plan the state of %T: not a pointer", v)
	}
	p := planner{codecs: map[reflect.Type]*codec{}, byPointer: map[reflect.Type]string{}, byValue: map[reflect.Type]string{}, hash: sha256.New()}
	root, err := p.codec(t.Elem(), t.Elem().Name())
	if err != nil {
		return nil, fmt.Errorf("detect: plan the state of %T: %w", v, err)
	}
	for inner, path := range p.byPointer {
		if at, both := p.byValue[inner]; both {
			return nil, fmt.Errorf("detect: plan the state of %T: %s is pointed to by %s and lies within %s: a pointer into the middle cannot be kept", v, inner, path, at)
		}
	}
	plan := &Plan{root: root, kinds: p.kinds}
	p.hash.Sum(plan.shape[:0])
	return plan, nil
}

// Shape returns a hash over the types: state can be read where it is the same.
func (p *Plan) Shape() [sha256.Size]byte { return p.shape }

// Append appends the state that v, a pointer of the type that the plan was made of, leads to.
func (p *Plan) Append(b []byte, v any) ([]byte, error) {
	b, _, err := p.write(b, v, false)
	return b, err
}

// AppendSorted is Append with maps in order of their keys: equal states have equal bytes. It is slower.
func (p *Plan) AppendSorted(b []byte, v any) ([]byte, error) {
	b, _, err := p.write(b, v, true)
	return b, err
}

func (p *Plan) write(b []byte, v any, sorted bool) ([]byte, []*event.Account, error) {
	w := stateWriter{b: b, texts: map[string]uint64{}, objects: make([]map[unsafe.Pointer]uint64, p.kinds), known: map[*event.Account]uint64{}, sorted: sorted}
	p.root.write(&w, reflect.ValueOf(v).UnsafePointer())
	if w.failed {
		return nil, nil, errors.New("detect: write a state: pointers lead on too deep")
	}
	return w.b, w.accounts, nil
}

// errState is what reading damaged or hostile bytes gives.
var errState = errors.New("detect: read a state: the bytes are not those of this state")

// Read puts the state in b, all of it, into what v leads to, which must be a zero value. account is asked for each account of the
// state which one it is now; nil leaves them as they were written. Whatever the bytes are, Read does not panic and does not take
// more memory than a small multiple of their length. After an error v is of no use.
func (p *Plan) Read(b []byte, v any, account func(*event.Account) *event.Account) error {
	return p.read(b, v, func(_ int, a *event.Account) *event.Account {
		if account == nil {
			return a
		}
		return account(a)
	})
}

func (p *Plan) read(b []byte, v any, account func(int, *event.Account) *event.Account) error {
	r := stateReader{b: b, ok: true, objects: make([][]unsafe.Pointer, p.kinds), resolve: account}
	p.root.read(&r, reflect.ValueOf(v).UnsafePointer())
	if !r.ok || len(r.b) != 0 {
		return errState
	}
	return nil
}

// Clone returns a copy of what v leads to that shares nothing with it but accounts and texts: for a detector that concludes by going
// on as if the watch were over. It panics for a type that PlanOf refuses, which the test of all detectors finds.
func Clone[T any](v *T) *T {
	plan, err := PlanOf(v)
	if err != nil {
		panic(err)
	}
	b, accounts, err := plan.write(nil, v, false)
	if err != nil {
		panic(err)
	}
	out := new(T)
	if err := plan.read(b, out, func(i int, _ *event.Account) *event.Account { return accounts[i] }); err != nil {
		panic(err)
	}
	return out
}
