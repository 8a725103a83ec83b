// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"cmp"
	"net/netip"
	"strconv"
)

// Line is one way into the Internet as far as its address tells: a home's, an office's, a rented machine's. Whoever is compared with
// himself or with others by where he comes from is compared by lines; verdicts name addresses.
//
// A home has a whole /64 of IPv6, and its machines change the rest every day (RFC 8981), so a line is the /64. An address of IPv4 is a line,
// unless it is known that several homes share it: then it is the address with the set of ports that the home has of it (MAP-E, RFC 7597).
type Line struct {
	At  netip.Addr // of IPv6 the first address of the /64
	Set uint16     // number of the port set, from 1; 0: there are none, or the record has no port
}

// LineOf returns the line of an address outside, of which no port set is known.
func LineOf(ip netip.Addr) Line {
	ip = ip.Unmap()
	if !splits(ip) {
		return Line{At: ip}
	}
	p, _ := ip.WithZone("").Prefix(64)
	return Line{At: p.Addr()}
}

// Line returns the line of a place. Inside, each address is a machine of its own.
func (p *Place) Line() Line {
	if p.Own {
		return Line{At: p.IP}
	}
	l := LineOf(p.IP)
	l.Set = p.Set
	return l
}

// Compare orders lines by address and port set.
func (l Line) Compare(m Line) int {
	return cmp.Or(l.At.Compare(m.At), cmp.Compare(l.Set, m.Set))
}

// Subnet says whether the line is a /64 of IPv6, of whose addresses whoever has it takes any.
func (l Line) Subnet() bool { return l.Set == 0 && splits(l.At) && LineOf(l.At) == l }

// splits says whether an address lies outside in a /64 that is a line.
func splits(ip netip.Addr) bool {
	return ip.Is6() && !carriesIPv4(ip) && !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast()
}

// Whole says whether the line is all of one address: no others are meant with it, and it has all of the address's ports.
func (l Line) Whole() bool { return l.Set == 0 && l.At.Is4() }

// String returns the address, with /64 or the number of the port set where these make the line.
func (l Line) String() string {
	switch {
	case l.Set != 0:
		return l.At.String() + " ports " + strconv.Itoa(int(l.Set)-1)
	case l.Subnet():
		return l.At.String() + "/64"
	}
	return l.At.String()
}

// Neighbourhood returns the network around an address in which the same home or provider is likely: /24 of IPv4, /48 of IPv6.
func Neighbourhood(ip netip.Addr) netip.Prefix {
	bits := 24
	if ip.Is6() {
		bits = 48
	}
	p, _ := ip.Prefix(bits)
	return p
}

// carriesIPv4 says whether an address of IPv6 stands for one of IPv4, so that a /64 of them is not one home: NAT64 (RFC 6052) and
// Teredo (RFC 4380).
func carriesIPv4(ip netip.Addr) bool {
	b := ip.As16()
	return b[0] == 0x00 && b[1] == 0x64 && b[2] == 0xff && b[3] == 0x9b || b[0] == 0x20 && b[1] == 0x01 && b[2] == 0 && b[3] == 0
}
