// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Sources are counted by line (event.Line): a home that takes a new address of IPv6 every day is one source, and the homes behind one shared
// address of IPv4 are several where the port tells them apart. What is told names addresses. Whoever rents a whole network of IPv6 has
// thousands of lines; where that could hide him, the lines of one neighbourhood are looked at together as well, with the care that strangers live
// side by side in it, too.

// lineOf returns the line that a sighting came from.
func lineOf(s *event.Sighting) event.Line {
	if s.Src.Own { // inside, each address is a machine
		return event.Line{At: s.SrcIP}
	}
	l := event.LineOf(s.SrcIP)
	l.Set = s.Src.Set
	return l
}

// origin is what counts as one source: a line, or all lines of one neighbourhood.
type origin struct {
	line event.Line
	wide bool // all of the neighbourhood whose first address line has
}

func (o origin) String() string {
	if o.wide {
		return event.Neighbourhood(o.line.At).String()
	}
	return o.line.String()
}

// hoodOf returns the neighbourhood of an address as one source.
func hoodOf(ip netip.Addr) origin {
	return origin{event.Line{At: event.Neighbourhood(ip).Addr()}, true}
}

// turns says whether whoever has a line may have those around it as well: a /64 of IPv6, unless a carrier lends one with each
// connection of a telephone.
func turns(s *event.Sighting, l event.Line) bool {
	return l.Subnet() && !s.Src.Own && s.Src.Kind != event.KindMobile
}

// mixed says whether a place stands for many homes that nothing in the record tells apart.
func mixed(p *event.Place) bool { return p.Set == 0 && (p.Shared || p.Dealt) }

// faces are the addresses under which a source was seen: none for an address of IPv4, which is its line.
type faces []netip.Addr

// How many addresses of a source are kept: the first ones and the latest.
const (
	lineFaces = 16 // of a line
	wideFaces = 64 // of a neighbourhood
)

func (f *faces) add(o origin, ip netip.Addr) {
	if ip.Is4() && !o.wide {
		return
	}
	most := lineFaces
	if o.wide {
		most = wideFaces
	}
	switch n := len(*f); {
	case n > 0 && (*f)[n-1] == ip || slices.Contains(*f, ip):
	case n >= most:
		(*f)[n-1] = ip
	default:
		*f = append(*f, ip)
	}
}

// of returns the addresses in order.
func (f faces) of(o origin) []netip.Addr {
	if len(f) == 0 {
		return []netip.Addr{o.line.At}
	}
	out := slices.Clone(f)
	slices.SortFunc(out, netip.Addr.Compare)
	return out
}

// subnets are how many lines of one neighbourhood were seen, up to eight; more are nine.
type subnets struct{ few }

func (n *subnets) see(l event.Line) int {
	p, _ := l.At.Prefix(64)
	return n.add(hashPrefix(p))
}
