// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

// Scoping goes over all visits some tens of times for every answer. What it counts by account and client it counts in slices: each pair of the two
// that any visit has is numbered once, when the records have been read.

// numbers are those of pairs, and what is known of clients by their names alone.
type numbers struct {
	visits   int               // of ordered, that are numbered
	pairs    map[uint64]uint32 // by account and client
	kins     map[uint64]uint32 // by account and family
	places   map[uint64]uint32 // by line and client
	lines    uint32            // how many lines were visited
	lodgings map[lodging]uint32
	families []uint32 // by client number: that of its name without versions; 0 for none
	uniform  []bool   // by client number: Tor Browser's, which all its users share
	most     uint32   // the highest family
}

// number numbers what came since it was called last.
func (l *Ledger) number() {
	n := &l.numbers
	if len(n.families) != len(l.names) {
		n.families, n.uniform = numberFamilies(l.names), uniformClients(l.names)
		for _, f := range n.families {
			n.most = max(n.most, f)
		}
	}
	if n.pairs == nil {
		n.pairs, n.kins, n.places, n.lodgings = map[uint64]uint32{}, map[uint64]uint32{}, map[uint64]uint32{}, map[lodging]uint32{}
	}
	for _, v := range l.ordered[n.visits:] {
		v.pair = numbered(n.pairs, v.who.Handle, v.client)
		v.kin = numbered(n.kins, v.who.Handle, n.families[v.client])
		if v.addr.number == 0 {
			n.lines++
			v.addr.number = n.lines
		}
		v.place = numbered(n.places, v.addr.number, v.client)
		at := lodging{v.kin, v.addr.number}
		if v.addr.place.Own {
			at.line = 0
		}
		var ok bool
		if v.lodging, ok = n.lodgings[at]; !ok {
			v.lodging = uint32(len(n.lodgings))
			n.lodgings[at] = v.lodging
		}
	}
	n.visits = len(l.ordered)
}

// lodging is where an account was with a client in any version: a line, or 0 for all that is the institute's own.
type lodging struct{ kin, line uint32 }

func numbered(all map[uint64]uint32, a, b uint32) uint32 {
	key := uint64(a)<<32 | uint64(b)
	n, ok := all[key]
	if !ok {
		n = uint32(len(all))
		all[key] = n
	}
	return n
}
