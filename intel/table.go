// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"cmp"
	"hash/maphash"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// table finds entries by their value. Values are hashed under a seed of this process; entries stand in 256 buckets by the
// first byte of the hash, each sorted, behind a bit map that turns away nearly all that is not listed.
type table struct {
	seeds   [6]maphash.Seed // by kind
	buckets [256][]entry
	n       int
	bits    []uint64
	mask    uint64
	// The lengths of prefixes that are listed, longest first.
	len4, len6 []int
	has4, has6 [129]bool
	kinds      [6]bool
}

// entry is one indicator: 24 bytes.
type entry struct {
	key         uint64
	meta        uint32
	line        uint32
	from, until period
}

func newTable() table {
	var t table
	for i := range t.seeds {
		t.seeds[i] = maphash.MakeSeed()
	}
	return t
}

func (t *table) add(o observable, e entry) {
	if o.kind == event.ListedNetwork || o.kind == event.ListedAddress {
		e.key = t.network(o.net)
		if o.net.Addr().Is4() {
			t.has4[o.net.Bits()] = true
		} else {
			t.has6[o.net.Bits()] = true
		}
		t.kinds[event.ListedNetwork] = true
	} else {
		e.key = maphash.String(t.seeds[o.kind], o.text)
	}
	t.kinds[o.kind] = true
	b := &t.buckets[e.key>>56]
	*b = append(*b, e)
	t.n++
}

// network hashes a masked prefix.
func (t *table) network(p netip.Prefix) uint64 {
	var b [18]byte
	a := p.Addr().As16()
	copy(b[:], a[:])
	b[16] = byte(p.Bits())
	if p.Addr().Is4() {
		b[17] = 4
	}
	return maphash.Bytes(t.seeds[event.ListedNetwork], b[:])
}

// finish sorts the buckets, joins what says the same of overlapping times, and makes the bit map.
func (t *table) finish() {
	t.n = 0
	for i := range t.buckets {
		b := t.buckets[i]
		slices.SortFunc(b, func(a, b entry) int {
			return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.meta, b.meta), cmp.Compare(a.from, b.from), cmp.Compare(a.line, b.line), cmp.Compare(a.until, b.until))
		})
		b = joinTimes(b)
		t.buckets[i] = slices.Clone(b)
		t.n += len(b)
	}
	size := uint64(1 << 10)
	for size < uint64(t.n)*16 && size < 1<<28 {
		size *= 2
	}
	t.bits, t.mask = make([]uint64, size/64), size-1
	for i := range t.buckets {
		for _, e := range t.buckets[i] {
			t.bits[(e.key&t.mask)/64] |= 1 << (e.key & 63)
		}
	}
	for n := 128; n >= 0; n-- {
		if t.has4[n] {
			t.len4 = append(t.len4, n)
		}
		if t.has6[n] {
			t.len6 = append(t.len6, n)
		}
	}
}

// joinTimes makes one entry of those of one value and one list whose times touch, in place. More periods of one value than
// anybody could mean are cut off, so that one value cannot make every question about it slow.
func joinTimes(b []entry) []entry {
	out, same := b[:0], 0
	for _, e := range b {
		if n := len(out); n > 0 && out[n-1].key == e.key {
			last := &out[n-1]
			if last.meta == e.meta && (last.until == 0 || e.from <= last.until) {
				if last.until != 0 && (e.until == 0 || e.until > last.until) {
					last.until = e.until
				}
				continue
			}
			if same++; same >= mostPeriods {
				continue
			}
		} else {
			same = 0
		}
		out = append(out, e)
	}
	return out
}

// find returns the entries of a key.
func (t *table) find(key uint64) []entry {
	if t.bits[(key&t.mask)/64]&(1<<(key&63)) == 0 {
		return nil
	}
	b := t.buckets[key>>56]
	lo, ok := slices.BinarySearchFunc(b, key, func(e entry, key uint64) int { return cmp.Compare(e.key, key) })
	if !ok {
		return nil
	}
	hi := lo + 1
	for hi < len(b) && b[hi].key == key {
		hi++
	}
	return b[lo:hi]
}
