// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sorted

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

// Bits of the mask that says which fields an encoded event has. New fields take new bits at the end.
const (
	hasRelay uint32 = 1 << iota
	hasUnique
	hasAccount
	hasTarget
	hasSrcIP4
	hasSrcIP6
	hasSrcZone
	hasDstIP4
	hasDstIP6
	hasDstZone
	hasSrcPort
	hasDstPort
	hasSrcHost
	hasDstHost
	hasService
	hasClient
	hasObject
	hasBytesIn
	hasBytesOut
	hasCount
	hasDuration
	hasCountry
	hasASN
	hasFormat
	hasRest
	hasEnd // the first bit that means nothing
)

const fixed = 8 // bytes before the first optional field: class, activity, outcome, reason, mask

// AppendContent appends everything that an event says but its time and its place in the input: four bytes of vocabulary, a
// mask of four bytes, then the fields that the mask names. Equal events have equal bytes.
func AppendContent(b []byte, e *event.Event) []byte {
	start := len(b)
	b = append(b, byte(e.Class), byte(e.Activity), byte(e.Outcome), byte(e.Reason), 0, 0, 0, 0)
	var mask uint32
	if e.SrcIsRelay {
		mask |= hasRelay
	}
	if e.Unique {
		mask |= hasUnique
	}
	b = appendText(b, &mask, hasAccount, e.Account)
	b = appendText(b, &mask, hasTarget, e.Target)
	b = appendAddr(b, &mask, hasSrcIP4, e.SrcIP)
	b = appendAddr(b, &mask, hasDstIP4, e.DstIP)
	b = appendNumber(b, &mask, hasSrcPort, int64(e.SrcPort), e.SrcPort != 0)
	b = appendNumber(b, &mask, hasDstPort, int64(e.DstPort), e.DstPort != 0)
	b = appendText(b, &mask, hasSrcHost, e.SrcHost)
	b = appendText(b, &mask, hasDstHost, e.DstHost)
	b = appendText(b, &mask, hasService, e.Service)
	b = appendText(b, &mask, hasClient, e.Client)
	b = appendText(b, &mask, hasObject, e.Object)
	b = appendInt(b, &mask, hasBytesIn, e.BytesIn)
	b = appendInt(b, &mask, hasBytesOut, e.BytesOut)
	b = appendInt(b, &mask, hasCount, e.Count)
	b = appendInt(b, &mask, hasDuration, e.Duration)
	b = appendText(b, &mask, hasCountry, e.Country)
	b = appendNumber(b, &mask, hasASN, int64(e.ASN), e.ASN != 0)
	b = appendText(b, &mask, hasFormat, e.Format)
	b = appendRest(b, &mask, e.Rest)
	binary.BigEndian.PutUint32(b[start+4:], mask)
	return b
}

func appendText(b []byte, mask *uint32, bit uint32, s string) []byte {
	if s == "" {
		return b
	}
	*mask |= bit
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendNumber(b []byte, mask *uint32, bit uint32, n int64, there bool) []byte {
	if !there {
		return b
	}
	*mask |= bit
	return binary.AppendVarint(b, n)
}

func appendInt(b []byte, mask *uint32, bit uint32, i event.Int) []byte {
	n, ok := i.Get()
	return appendNumber(b, mask, bit, n, ok)
}

// appendAddr writes four or sixteen bytes, and the zone if there is one; ip4 is the first of three neighbouring bits.
func appendAddr(b []byte, mask *uint32, ip4 uint32, a netip.Addr) []byte {
	switch {
	case a.Is4():
		*mask |= ip4
		x := a.As4()
		return append(b, x[:]...)
	case a.Is6():
		*mask |= ip4 << 1
		x := a.As16()
		b = append(b, x[:]...)
		return appendText(b, mask, ip4<<2, a.Zone())
	}
	return b
}

// appendRest leaves out empty texts, as event.Batch does.
func appendRest(b []byte, mask *uint32, rest []event.Field) []byte {
	n := 0
	for i := range rest {
		if !empty(&rest[i]) {
			n++
		}
	}
	if n == 0 {
		return b
	}
	*mask |= hasRest
	b = binary.AppendUvarint(b, uint64(n))
	for i := range rest {
		f := &rest[i]
		if empty(f) {
			continue
		}
		b = append(binary.AppendUvarint(b, uint64(len(f.Name))), f.Name...)
		b = append(b, byte(f.Value.Kind))
		if f.Value.Kind == event.KindText {
			b = append(binary.AppendUvarint(b, uint64(len(f.Value.Text))), f.Value.Text...)
		} else {
			b = binary.AppendVarint(b, f.Value.Num)
		}
	}
	return b
}

func empty(f *event.Field) bool { return f.Value.Kind == event.KindText && f.Value.Text == "" }

// AppendPlace appends the event's place in the input. Behind what AppendContent appends it gives bytes whose order is the canonical
// order of events of one time.
func AppendPlace(b []byte, r *event.Ref) []byte { return appendRef(b, r) }

// appendRef appends the place in the input so that the order of the bytes is the order of the numbers.
func appendRef(b []byte, r *event.Ref) []byte {
	b = appendOrdered(b, uint64(r.Input))
	b = appendPart(b, r.Part)
	b = appendOrdered(b, uint64(len(r.More)))
	for _, p := range r.More {
		b = appendPart(b, p)
	}
	return b
}

func appendPart(b []byte, p event.Part) []byte {
	b = appendOrdered(b, uint64(p.Offset))
	b = appendOrdered(b, uint64(p.Line))
	return appendOrdered(b, uint64(p.Length))
}

// appendOrdered appends how many bytes follow, then the number's bytes, highest first.
func appendOrdered(b []byte, v uint64) []byte {
	n := (bits.Len64(v) + 7) / 8
	b = append(b, byte(n))
	for i := n - 1; i >= 0; i-- {
		b = append(b, byte(v>>(8*i)))
	}
	return b
}

// Compare gives the canonical order of two events: negative if a comes first, 0 only if they are equal and read from the
// same place.
func Compare(a, b *event.Event) int {
	if c := cmp.Compare(a.Time, b.Time); c != 0 {
		return c
	}
	if c := bytes.Compare(AppendContent(nil, a), AppendContent(nil, b)); c != 0 {
		return c
	}
	return bytes.Compare(appendRef(nil, &a.Ref), appendRef(nil, &b.Ref))
}
