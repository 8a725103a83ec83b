// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

// Scoping goes over all visits some tens of times for every answer. What it counts by account and client, or by account and place, it counts in
// slices: each pair of the two that any visit has is numbered once, when records have come.

// serials are the numbers of what a visit has in common with others. All are of its account and something, but place.
type serials struct {
	pair    uint32 // with its client
	kin     uint32 // with that in any version
	lodging uint32 // that at its line; all that is the institute's own is one
	place   uint32 // of its line and client, whoever the account is
	line    uint32
	bare    uint32 // the line's address without the ports; 0: the account has no visit of which none are known
	whole   uint32 // the line's address, whatever the ports
	around  uint32 // the neighbourhood of its address
	tie     uint32 // what tieOf says
	net     uint32 // the spot of the line
	wider   uint32 // the neighbourhood of the line, as a spot
	system  uint32 // the autonomous system
	country uint32
}

// numbers are how many there are of each of the serials, counting 0, and what is known of clients by their names alone.
type numbers struct {
	heard    int64 // sightings when they were numbered
	people   int   // the highest handle and one more
	lines    int
	arounds  int // neighbourhoods
	spots    int
	pairs    int // of account and client
	kins     int
	lodgings int
	places   int
	here     int // of account and line
	wholes   int
	near     int // of account and neighbourhood
	ties     int // of account and spot
	systems  int
	lands    int        // of account and country
	beside   [][]*visit // by number of account and line outside, where a visit of the two has no client: those that have one, in order
	families []uint32   // by client number: that of its name without versions; 0 for none
	uniform  []bool     // by client number: Tor Browser's, which all its users share
	most     uint32     // the highest family
}

// number numbers everything anew if records came since it was called last: what is known of an address may have changed, too.
func (l *Ledger) number() {
	n := &l.numbers
	if n.heard == l.heard && n.families != nil {
		return
	}
	*n = numbers{heard: l.heard, families: numberFamilies(l.names), uniform: uniformClients(l.names)}
	for _, f := range n.families {
		n.most = max(n.most, f)
	}
	for h := range l.people {
		n.people = max(n.people, int(h)+1)
	}
	lines, arounds, spots := serially[event.Line]{}, serially[netip.Prefix]{}, serially[spot]{}
	for _, v := range l.ordered {
		a := v.addr
		a.number, a.around = lines.of(a.line), arounds.of(event.Neighbourhood(a.place.IP))
		a.spot = spots.of(a.spotTied())
	}
	at, countries := serially[netip.Addr]{}, serially[string]{}
	pairs, kins, places, lodgings, here, wholes := pairing{}, pairing{}, pairing{}, pairing{}, pairing{}, pairing{}
	near, ties, systems, lands := pairing{}, pairing{}, pairing{}, pairing{}
	for _, v := range l.ordered {
		who, a := v.who.Handle, v.addr
		lodged := a.number
		if a.place.Own {
			lodged = 0
		}
		v.is = serials{pair: pairs.of(who, v.client), kin: kins.of(who, n.families[v.client]), place: places.of(a.number, v.client),
			line: here.of(who, a.number), whole: wholes.of(who, at.of(a.line.At)), around: near.of(who, a.around), tie: ties.of(who, a.spot),
			net: ties.of(who, spots.of(spotOf(a.line))), wider: ties.of(who, spots.of(spot{net: event.Neighbourhood(a.line.At)})),
			system: systems.of(who, a.place.ASN), country: lands.of(who, countries.of(a.place.Country))}
		v.is.lodging = lodgings.of(v.is.kin, lodged)
	}
	for _, v := range l.ordered {
		if a := v.addr; a.line.Set != 0 {
			v.is.bare = here[join(v.who.Handle, lines[event.Line{At: a.line.At}])]
		}
	}
	n.lines, n.arounds, n.spots = len(lines)+1, len(arounds)+1, len(spots)+1
	n.pairs, n.kins, n.places, n.lodgings, n.here, n.wholes = len(pairs)+1, len(kins)+1, len(places)+1, len(lodgings)+1, len(here)+1, len(wholes)+1
	n.beside = l.besides(n.here)
	n.near, n.ties, n.systems, n.lands = len(near)+1, len(ties)+1, len(systems)+1, len(lands)+1
}

// besides gathers, for every account and line outside of which a visit names no client, those that do.
func (l *Ledger) besides(here int) [][]*visit {
	bare, out := make([]bool, here), make([][]*visit, here)
	for _, v := range l.ordered {
		if v.client == 0 && !v.addr.place.Own {
			bare[v.is.line], l.people[v.who.Handle].bare = true, true
		}
	}
	for _, v := range l.ordered {
		if v.client != 0 && bare[v.is.line] {
			out[v.is.line] = append(out[v.is.line], v)
		}
	}
	return out
}

// serially numbers what it is asked for in that order, from 1 on.
type serially[K comparable] map[K]uint32

func (s serially[K]) of(k K) uint32 {
	n, ok := s[k]
	if !ok {
		n = uint32(len(s)) + 1
		s[k] = n
	}
	return n
}

// pairing numbers pairs of numbers.
type pairing map[uint64]uint32

func (p pairing) of(a, b uint32) uint32 { return serially[uint64](p).of(join(a, b)) }

func join(a, b uint32) uint64 { return uint64(a)<<32 | uint64(b) }
