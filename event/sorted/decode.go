// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sorted

import (
	"encoding/binary"
	"errors"
	"hash/maphash"
	"math/bits"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var errDamaged = errors.New("the bytes are not those of an event")

// decoder turns bytes back into events. It is owned by one goroutine.
type decoder struct {
	texts interner
	last  [32]string // of each field: the next is often the same
	names [16]string // of the remainder, by place: records of one format have the same ones
	words [16]string // its texts, by place
	rest  []event.Field
	parts []event.Part
}

func newDecoder() *decoder { return &decoder{texts: newInterner()} }

// decode appends the event to the batch; on an error the batch is as before. Never panics, whatever the bytes.
func (d *decoder) decode(batch *event.Batch, t event.Micros, content, ref []byte) error {
	e := batch.Add()
	e.Time = t
	if !d.content(e, batch, content) || !d.ref(e, batch, ref) {
		batch.Drop()
		return errDamaged
	}
	return nil
}

func (d *decoder) content(e *event.Event, batch *event.Batch, b []byte) bool {
	if len(b) < fixed {
		return false
	}
	e.Class, e.Activity, e.Outcome, e.Reason = event.Class(b[0]), event.Activity(b[1]), event.Outcome(b[2]), event.Reason(b[3])
	mask := binary.BigEndian.Uint32(b[4:])
	r := reader{b: b[fixed:], mask: mask, ok: mask < hasEnd}
	e.SrcIsRelay, e.Unique = mask&hasRelay != 0, mask&hasUnique != 0
	e.Account = d.text(&r, hasAccount)
	e.Target = d.text(&r, hasTarget)
	e.SrcIP = d.addr(&r, hasSrcIP4)
	e.DstIP = d.addr(&r, hasDstIP4)
	e.SrcPort = uint16(r.number(hasSrcPort, 1<<16-1))
	e.DstPort = uint16(r.number(hasDstPort, 1<<16-1))
	e.SrcHost = d.text(&r, hasSrcHost)
	e.DstHost = d.text(&r, hasDstHost)
	e.Service = d.text(&r, hasService)
	e.Client = d.text(&r, hasClient)
	e.Object = d.text(&r, hasObject)
	e.BytesIn = r.int(hasBytesIn)
	e.BytesOut = r.int(hasBytesOut)
	e.Count = r.int(hasCount)
	e.Duration = r.int(hasDuration)
	e.Country = d.text(&r, hasCountry)
	e.ASN = uint32(r.number(hasASN, 1<<32-1))
	e.Format = d.text(&r, hasFormat)
	if mask&hasRest != 0 {
		e.Rest = d.fields(&r, batch)
	}
	return r.ok && len(r.b) == 0
}

func (d *decoder) fields(r *reader, batch *event.Batch) []event.Field {
	n := r.uvarint()
	if n > uint64(len(r.b)) { // a field takes at least two bytes
		r.ok = false
		return nil
	}
	d.rest = d.rest[:0]
	for i := range n {
		at := i % uint64(len(d.names))
		f := event.Field{Name: d.again(&d.names[at], r.bytes())}
		f.Value.Kind = event.ValueKind(r.byte())
		switch f.Value.Kind {
		case event.KindText:
			f.Value.Text = d.again(&d.words[at], r.bytes())
			r.ok = r.ok && f.Value.Text != ""
		case event.KindInt, event.KindBool:
			f.Value.Num = r.varint()
		default:
			r.ok = false
		}
		if !r.ok {
			return nil
		}
		d.rest = append(d.rest, f)
	}
	return batch.Rest(d.rest...)
}

// again returns b as a string: the one before it in the same place, if it is the same.
func (d *decoder) again(last *string, b []byte) string {
	if *last != string(b) {
		*last = d.texts.get(b)
	}
	return *last
}

func (d *decoder) ref(e *event.Event, batch *event.Batch, b []byte) bool {
	r := reader{b: b, ok: true}
	input := r.ordered()
	e.Ref.Input = uint32(input)
	e.Ref.Part = r.part()
	more := r.ordered()
	if input > 1<<32-1 || more > uint64(len(r.b)/3) { // a part takes at least three bytes
		return false
	}
	if more > 0 {
		d.parts = d.parts[:0]
		for range more {
			d.parts = append(d.parts, r.part())
		}
		e.Ref.More = batch.Parts(d.parts...)
	}
	return r.ok && len(r.b) == 0
}

func (d *decoder) text(r *reader, bit uint32) string {
	if r.mask&bit == 0 {
		return ""
	}
	b := r.bytes()
	last := &d.last[bits.TrailingZeros32(bit)]
	if *last != string(b) || len(b) == 0 {
		r.ok = r.ok && len(b) > 0
		*last = d.texts.get(b)
	}
	return *last
}

func (d *decoder) addr(r *reader, ip4 uint32) netip.Addr {
	switch r.mask & (ip4 | ip4<<1 | ip4<<2) {
	case 0:
		return netip.Addr{}
	case ip4:
		if b := r.take(4); b != nil {
			return netip.AddrFrom4([4]byte(b))
		}
	case ip4 << 1, ip4<<1 | ip4<<2:
		b := r.take(16)
		if b == nil {
			return netip.Addr{}
		}
		return netip.AddrFrom16([16]byte(b)).WithZone(d.text(r, ip4<<2))
	default:
		r.ok = false
	}
	return netip.Addr{}
}

// reader takes pieces off encoded bytes; after the first piece that is not there, ok is false and everything is zero.
type reader struct {
	b    []byte
	mask uint32
	ok   bool
}

func (r *reader) take(n uint64) []byte {
	if !r.ok || n > uint64(len(r.b)) {
		r.ok, r.b = false, nil
		return nil
	}
	p := r.b[:n:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) byte() byte {
	if p := r.take(1); p != nil {
		return p[0]
	}
	return 0
}

func (r *reader) uvarint() uint64 {
	if len(r.b) > 0 && r.b[0] < 0x80 { // the usual case
		v := r.b[0]
		r.b = r.b[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.ok, r.b = false, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	u := r.uvarint()
	return int64(u>>1) ^ -int64(u&1)
}

func (r *reader) bytes() []byte { return r.take(r.uvarint()) }

func (r *reader) number(bit uint32, most int64) int64 {
	if r.mask&bit == 0 {
		return 0
	}
	n := r.varint()
	if n < 0 || n > most {
		r.ok = false
		return 0
	}
	return n
}

func (r *reader) int(bit uint32) event.Int {
	if r.mask&bit == 0 {
		return event.Int{}
	}
	return event.Some(r.varint())
}

func (r *reader) ordered() uint64 {
	var v uint64
	n := r.byte()
	if n > 8 {
		r.ok = false
		return 0
	}
	for _, c := range r.take(uint64(n)) {
		v = v<<8 | uint64(c)
	}
	return v
}

func (r *reader) part() event.Part {
	offset := r.ordered()
	line := r.ordered()
	return event.Part{Offset: int64(offset), Line: int64(line), Length: int64(r.ordered())}
}

// interner remembers texts that were seen lately, so that a text that comes often is allocated once. It has one place for
// each hash and forgets what stood there before: bounded, whatever comes.
type interner struct {
	seed  maphash.Seed
	slots []string
}

const (
	internSlots = 1 << 15
	internLen   = 128 // longer texts seldom come twice
)

func newInterner() interner {
	return interner{seed: maphash.MakeSeed(), slots: make([]string, internSlots)}
}

func (in *interner) get(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > internLen {
		return string(b)
	}
	slot := &in.slots[maphash.Bytes(in.seed, b)%internSlots]
	if *slot != string(b) {
		*slot = string(b)
	}
	return *slot
}
