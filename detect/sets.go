// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

func sortedStrings(s []string) []string {
	s = slices.Clone(s)
	slices.Sort(s)
	return slices.Compact(s)
}

func sortedAddrs(a []netip.Addr) []netip.Addr {
	a = slices.Clone(a)
	slices.SortFunc(a, netip.Addr.Compare)
	return slices.Compact(a)
}

// Evidence keeps references to the events that a finding rests on: the first ones, the last ones, and between them a sample
// that depends on what the events say alone, not on where they stand. The zero value is ready.
type Evidence struct {
	first  []kept
	last   []kept // ring
	sample []kept // bottom-k by hash
	next   int
	n      int64
}

type kept struct {
	at   event.Micros
	hash uint64
	ref  event.Ref
}

const (
	evidenceEnds   = 4
	evidenceSample = 8
)

// Add notes one event.
func (v *Evidence) Add(e *event.Event) {
	v.n++
	h := contentHash(e)
	if len(v.first) < evidenceEnds {
		v.first = append(v.first, keep(e, h))
		return
	}
	if len(v.sample) < evidenceSample || h < v.sample[len(v.sample)-1].hash {
		i := 0
		for i < len(v.sample) && v.sample[i].hash < h {
			i++
		}
		if len(v.sample) < evidenceSample {
			v.sample = append(v.sample, kept{})
		}
		copy(v.sample[i+1:], v.sample[i:])
		v.sample[i] = keep(e, h)
	}
	if len(v.last) < evidenceEnds {
		v.last = append(v.last, keep(e, h))
		return
	}
	v.last[v.next] = keep(e, h)
	v.next = (v.next + 1) % evidenceEnds
}

// Count returns how many events were noted.
func (v *Evidence) Count() int64 { return v.n }

// Refs returns the kept references in order of time, each once.
func (v *Evidence) Refs() []event.Ref {
	all := slices.Concat(v.first, v.sample, v.last)
	slices.SortStableFunc(all, func(a, b kept) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.hash, b.hash), cmp.Compare(a.ref.Input, b.ref.Input), cmp.Compare(a.ref.Offset, b.ref.Offset))
	})
	var refs []event.Ref
	for i := range all {
		if i == 0 || all[i].ref.Input != all[i-1].ref.Input || all[i].ref.Offset != all[i-1].ref.Offset {
			refs = append(refs, all[i].ref)
		}
	}
	return refs
}

// Merge notes what w noted.
func (v *Evidence) Merge(w *Evidence) {
	v.n += w.n
	v.first = bottom(slices.Concat(v.first, w.first), evidenceEnds, func(k kept) uint64 { return uint64(k.at) })
	v.last = bottom(slices.Concat(v.last, w.last), evidenceEnds, func(k kept) uint64 { return ^uint64(k.at) })
	slices.Reverse(v.last) // a ring begins with what is oldest
	v.sample = bottom(slices.Concat(v.sample, w.sample), evidenceSample, func(k kept) uint64 { return k.hash })
	v.next = 0
}

func bottom(all []kept, n int, key func(kept) uint64) []kept {
	slices.SortStableFunc(all, func(a, b kept) int { return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(a.hash, b.hash)) })
	return all[:min(len(all), n)]
}

// keep copies what is needed of an event out of its batch.
func keep(e *event.Event, hash uint64) kept {
	ref := e.Ref
	ref.More = slices.Clone(ref.More)
	return kept{at: e.Time, hash: hash, ref: ref}
}

// contentHash depends on what the event says, not on where it stands.
func contentHash(e *event.Event) uint64 {
	h := uint64(e.Time) * 0x9e3779b97f4a7c15
	for _, s := range [...]string{e.Account, e.Object, e.Service} {
		for i := 0; i < len(s); i++ {
			h = (h ^ uint64(s[i])) * 0x100000001b3
		}
		h = mix(h)
	}
	if e.SrcIP.IsValid() {
		b := e.SrcIP.As16()
		for i := range b {
			h = (h ^ uint64(b[i])) * 0x100000001b3
		}
	}
	return mix(h)
}

// mix is the finaliser of SplitMix64.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
