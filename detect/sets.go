// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
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
// that depends on the events alone. The zero value is ready.
type Evidence struct {
	first  []event.Ref
	last   []event.Ref // ring
	sample []sampled   // bottom-k by hash
	next   int
	n      int64
}

type sampled struct {
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
	if len(v.first) < evidenceEnds {
		v.first = append(v.first, keep(&e.Ref))
		return
	}
	// The hash is of the event's own time and place in its input, so the sample does not depend on what else was read.
	h := mix(uint64(e.Time)*0x9e3779b97f4a7c15 ^ uint64(e.Ref.Line))
	if len(v.sample) < evidenceSample || h < v.sample[len(v.sample)-1].hash {
		i, _ := slices.BinarySearchFunc(v.sample, h, func(s sampled, h uint64) int {
			if s.hash < h {
				return -1
			}
			return 1
		})
		v.sample = slices.Insert(v.sample, i, sampled{h, keep(&e.Ref)})
		if len(v.sample) > evidenceSample {
			v.sample = v.sample[:evidenceSample]
		}
	}
	if len(v.last) < evidenceEnds {
		v.last = append(v.last, keep(&e.Ref))
		return
	}
	v.last[v.next] = keep(&e.Ref)
	v.next = (v.next + 1) % evidenceEnds
}

// Count returns how many events were noted.
func (v *Evidence) Count() int64 { return v.n }

// Refs returns the kept references in order of input and offset, each once.
func (v *Evidence) Refs() []event.Ref {
	refs := slices.Concat(v.first, v.last)
	for _, s := range v.sample {
		refs = append(refs, s.ref)
	}
	slices.SortFunc(refs, compareRef)
	return slices.CompactFunc(refs, func(a, b event.Ref) bool { return compareRef(a, b) == 0 })
}

func compareRef(a, b event.Ref) int {
	switch {
	case a.Input != b.Input:
		return int(a.Input) - int(b.Input)
	case a.Offset < b.Offset:
		return -1
	case a.Offset > b.Offset:
		return 1
	}
	return 0
}

// keep copies a reference out of its batch.
func keep(r *event.Ref) event.Ref {
	k := *r
	k.More = slices.Clone(r.More)
	return k
}

// mix is the finaliser of SplitMix64.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
