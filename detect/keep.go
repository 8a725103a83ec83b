// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"

	"github.com/sekisho/sekisho/event"
)

// ErrOtherBuild is returned for a state that was written by detectors of other types: it must be built anew from the records.
var ErrOtherBuild = errors.New("detect: the state is that of another build")

// Len returns how many detectors there are.
func (e *Engine) Len() int { return len(e.running) }

// Reads returns which classes of events the i-th detector reads.
func (e *Engine) Reads(i int) ClassSet { return e.running[i].classes }

// Last returns the time of the last sighting; the least of all times before the first.
func (e *Engine) Last() event.Micros { return e.last }

// Resume says that everything up to that moment was seen: after Load.
func (e *Engine) Resume(last event.Micros) { e.last = last }

// Save returns the state of the i-th detector: a hash of its name and types, what it saw, its fault, and what it remembers.
func (e *Engine) Save(i int) ([]byte, error) {
	r := e.running[i]
	if err := r.planned(); err != nil {
		return nil, err
	}
	shape := r.shape()
	b := append([]byte(nil), shape[:]...)
	b = binary.AppendVarint(b, r.seen)
	b = binary.AppendUvarint(b, uint64(len(r.fault)))
	b = append(b, r.fault...)
	if r.fault != "" {
		return b, nil // what it remembers may be half written
	}
	return r.plan.Append(b, stateOf(r.det))
}

// Keeper is a detector of which only a part is state: beside it stands what is the same in every run of a build and cannot be kept, such as
// rules that were read and compiled.
type Keeper interface {
	Detector
	// State returns a pointer to the state, of a type that PlanOf takes. What it leads to is the detector's own.
	State() any
	// With returns a detector like this one that has the state, of the type that State returns, and makes it its own. Of what cannot be
	// the state of a detector like this one it returns an error; it never panics.
	With(state any) (Detector, error)
}

// stateOf returns a pointer to what is kept of a detector.
func stateOf(d Detector) any {
	if k, ok := d.(Keeper); ok {
		return k.State()
	}
	return d
}

// Load takes the i-th detector to a state that Save returned. account says which of the accounts of now one of the state is. After an
// error the detector is as it was. It never panics, whatever the bytes.
func (e *Engine) Load(i int, b []byte, account func(*event.Account) *event.Account) error {
	r := e.running[i]
	if err := r.planned(); err != nil {
		return err
	}
	shape := r.shape()
	if len(b) < len(shape) || [sha256.Size]byte(b) != shape {
		return fmt.Errorf("%w: %s", ErrOtherBuild, r.spec.Name)
	}
	b = b[len(shape):]
	seen, n := binary.Varint(b)
	if n <= 0 {
		return fmt.Errorf("%w: %s", errState, r.spec.Name)
	}
	b = b[n:]
	size, n := binary.Uvarint(b)
	if n <= 0 || size > uint64(len(b)-n) {
		return fmt.Errorf("%w: %s", errState, r.spec.Name)
	}
	fault, b := string(b[n:n+int(size)]), b[n+int(size):]
	if fault == "" {
		state := reflect.New(reflect.TypeOf(stateOf(r.det)).Elem()).Interface()
		if err := r.plan.Read(b, state, account); err != nil {
			return fmt.Errorf("%w: %s", err, r.spec.Name)
		}
		det, err := r.with(state)
		if err != nil {
			return fmt.Errorf("%w: %s: %w", errState, r.spec.Name, err)
		}
		r.det = det
	}
	r.seen, r.fault = seen, fault
	return nil
}

// Renew takes the i-th detector to the state in which it began.
func (e *Engine) Renew(i int, site Site) {
	r := e.running[i]
	r.det, r.seen, r.fault = r.spec.New(site), 0, ""
}

// with returns the detector with another state.
func (r *running) with(state any) (Detector, error) {
	if k, ok := r.det.(Keeper); ok {
		return k.With(state)
	}
	return state.(Detector), nil
}

func (r *running) planned() (err error) {
	if r.plan == nil {
		r.plan, err = PlanOf(stateOf(r.det))
	}
	return err
}

func (r *running) shape() [sha256.Size]byte {
	s := r.plan.Shape()
	return sha256.Sum256(append(s[:], r.spec.Name...))
}
