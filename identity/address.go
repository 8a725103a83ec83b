// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"fmt"
	"math/bits"
	"net/netip"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// byWeight are the kinds that lists give. Where several lists name an address, the first of these is meant.
func byWeight() []event.Kind {
	return []event.Kind{event.KindTor, event.KindVPN, event.KindHosting, event.KindUniversity, event.KindHotel, event.KindMobile, event.KindResidential}
}

// Network is a range of addresses with a name.
type Network struct {
	Name       string
	Ranges     []netip.Prefix
	Own        Truth      // Unknown: as the network around it, or as the address tells (private ones are inside)
	Kind       event.Kind // KindUnknown: not said
	Restricted bool       // only its own members and Allowed may reach into it; also its smaller networks
	Allowed    []netip.Prefix
	Shared     bool // many homes stand behind each of its addresses of IPv4

	Guessed bool        // found by GuessNetworks
	Why     event.Words // reason of the guess
}

// Host is a server with a name.
type Host struct {
	Name    string
	Aliases []string
	IPs     []netip.Addr
	Role    string // auth-server, directory, file-server, mail, vpn, …; empty: not said
}

// List is a list of addresses that the institute brought.
type List struct {
	Kind     event.Kind // KindUnknown for a list of bad addresses of no certain kind
	Bad      bool       // known to be used in attacks
	Source   string
	Prefixes []netip.Prefix
	ASNs     []uint32
	From, To event.Micros // when it held; 0: open; To is the first moment after
}

// MaxLists is how many lists one Knowledge takes.
const MaxLists = 64

// KnowledgeOptions say what is known of an institute's networks. With the zero value, private addresses are inside and
// nothing is known of others.
type KnowledgeOptions struct {
	Networks  []Network // where two name the same range, the first counts; else the smaller one
	Hosts     []Host
	Lists     []List // at most MaxLists
	Domains   []string
	Countries *Countries
}

// Knowledge says what is where. It is immutable and safe for concurrent use.
type Knowledge struct {
	o       KnowledgeOptions
	ranges  table4and6
	places  []place
	asns    map[uint32]uint64 // AS number → bits of lists
	listed  []ofKind
	bad     uint64
	limited uint64 // lists with a time of validity
	names   map[string]int32
}

// ofKind are the lists of one kind, as bits.
type ofKind struct {
	kind  event.Kind
	lists uint64
}

// place is what the ranges around an address say together. The zero place says nothing.
type place struct {
	network, restricted, host int32 // index + 1
	own                       Truth
	shared                    bool
	kind                      event.Kind
	lists                     uint64
}

// Address is what is known of an address at a moment.
type Address struct {
	Kind       event.Kind
	Own        bool   // the institute's own; private addresses are, unless the profile says otherwise
	Bad        bool   // on a list of addresses used in attacks
	Restricted bool   // in a network that few may reach into; see MayReach
	Shared     bool   // many homes stand behind it at a time
	Network    string // the smallest one of the profile around it
	Host, Role string // of the profile
	Country    string // ISO 3166-1 alpha-2: as recorded, else of the network's registration
	ASN        uint32 // as recorded
	Sources    uint64 // bits of the lists that name it; see Knowledge.Sources
}

// NewKnowledge joins networks, hosts and lists into one index. The error is for more than MaxLists lists.
func NewKnowledge(o KnowledgeOptions) (*Knowledge, error) {
	if len(o.Lists) > MaxLists {
		return nil, fmt.Errorf("identity: know addresses: %d lists where %d can be kept: join some files", len(o.Lists), MaxLists)
	}
	k := &Knowledge{o: o, names: map[string]int32{}, asns: map[uint32]uint64{}}
	var spans []span
	for i := range o.Networks {
		for _, p := range o.Networks[i].Ranges {
			spans = append(spans, span{prefix: p.Masked(), network: int32(i) + 1})
		}
	}
	for i := range o.Hosts {
		h := &o.Hosts[i]
		for _, ip := range h.IPs {
			ip = ip.Unmap()
			spans = append(spans, span{prefix: netip.PrefixFrom(ip, ip.BitLen()), host: int32(i) + 1})
		}
		for _, n := range append([]string{h.Name}, h.Aliases...) {
			if n = fold(n); k.names[n] == 0 {
				k.names[n] = int32(i) + 1
			}
		}
	}
	for i := range o.Lists {
		l := &o.Lists[i]
		bit := uint64(1) << i
		for _, p := range l.Prefixes {
			spans = append(spans, span{prefix: p.Masked(), lists: bit})
		}
		for _, n := range l.ASNs {
			k.asns[n] |= bit
		}
		if l.Bad {
			k.bad |= bit
		}
		if l.From != 0 || l.To != 0 {
			k.limited |= bit
		}
	}
	for _, kind := range byWeight() {
		of := ofKind{kind: kind}
		for i := range o.Lists {
			if o.Lists[i].Kind == kind {
				of.lists |= 1 << i
			}
		}
		if of.lists != 0 {
			k.listed = append(k.listed, of)
		}
	}
	k.ranges, k.places = lay(spans, o.Networks)
	return k, nil
}

// Address returns what is known of an address. country and asn are what the record itself says, empty and 0 for nothing;
// lists that held at another time than at do not count (0: the time is not known, all count).
func (k *Knowledge) Address(ip netip.Addr, country string, asn uint32, at event.Micros) Address {
	a := Address{Country: country, ASN: asn}
	if !ip.IsValid() {
		return a
	}
	ip = ip.Unmap()
	p := &k.places[k.ranges.find(ip)]
	lists := p.lists
	if asn != 0 && len(k.asns) > 0 {
		lists |= k.asns[asn]
	}
	if lists&k.limited != 0 && at != 0 {
		lists = k.inForce(lists, at)
	}
	a.Sources, a.Bad = lists, lists&k.bad != 0
	a.Own = p.own == Yes || p.own == Unknown && p.kind == event.KindUnknown && inside(ip)
	switch {
	case a.Own:
		a.Kind = event.KindOwn
	case p.kind != event.KindUnknown:
		a.Kind = p.kind
	case lists != 0:
		for _, of := range k.listed {
			if lists&of.lists != 0 {
				a.Kind = of.kind
				break
			}
		}
	}
	if a.Kind == event.KindUnknown {
		a.Kind = systemKind(asn)
	}
	if p.network > 0 {
		a.Network = k.o.Networks[p.network-1].Name
	}
	a.Restricted = p.restricted > 0
	if p.host > 0 {
		h := &k.o.Hosts[p.host-1]
		a.Host, a.Role = h.Name, h.Role
	}
	a.Shared = !a.Own && ip.Is4() && (p.shared || sharedSystem(asn))
	if a.Country == "" && k.o.Countries != nil && !a.Own {
		a.Country = k.o.Countries.Of(ip)
	}
	return a
}

func (k *Knowledge) inForce(lists uint64, at event.Micros) uint64 {
	for rest := lists & k.limited; rest != 0; rest &= rest - 1 {
		i := bits.TrailingZeros64(rest)
		if l := &k.o.Lists[i]; at < l.From || l.To != 0 && at >= l.To {
			lists &^= 1 << i
		}
	}
	return lists
}

// Sources returns the names of the lists of Address.Sources, in the order in which the lists were given.
func (k *Knowledge) Sources(set uint64) []string {
	var out []string
	for ; set != 0; set &= set - 1 {
		if i := bits.TrailingZeros64(set); i < len(k.o.Lists) {
			out = append(out, k.o.Lists[i].Source)
		}
	}
	return out
}

// MayReach reports whether src may open connections to dst: always, unless dst lies in a restricted network and src
// neither in it nor in what it allows.
func (k *Knowledge) MayReach(src, dst netip.Addr) bool {
	if !src.IsValid() || !dst.IsValid() {
		return true
	}
	src = src.Unmap()
	p := &k.places[k.ranges.find(dst.Unmap())]
	if p.restricted == 0 {
		return true
	}
	n := &k.o.Networks[p.restricted-1]
	for _, list := range [][]netip.Prefix{n.Ranges, n.Allowed} {
		for _, r := range list {
			if r.Contains(src) {
				return true
			}
		}
	}
	return false
}

// Host returns the host of that name in the profile: as it stands there, or within one of the institute's domains.
func (k *Knowledge) Host(name string) (Host, bool) {
	name = strings.TrimSuffix(fold(name), ".")
	i := k.names[name]
	if label, domain, ok := strings.Cut(name, "."); i == 0 && ok {
		for _, d := range k.o.Domains {
			if d = fold(d); domain == d || strings.HasSuffix(domain, "."+d) {
				i = k.names[label]
				break
			}
		}
	}
	if i == 0 {
		return Host{}, false
	}
	return k.o.Hosts[i-1], true
}

// inside reports whether an address can only be reached from within: private (RFC 1918, RFC 4193), loopback, link-local,
// and the range between carriers and their customers (RFC 6598), which institutes use within as well.
func inside(ip netip.Addr) bool {
	if ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return true
	}
	if ip.Is4() {
		b := ip.As4()
		return b[0] == 100 && b[1]&0xc0 == 64
	}
	return false
}
