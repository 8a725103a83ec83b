// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"math"
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// What detectors of networks and machines share.

// machineName returns how a finding calls a machine: its name if the institute gave it one, else its address.
func machineName(p event.Place, ip netip.Addr) string {
	if p.Host != "" {
		return p.Host
	}
	return ip.String()
}

// server says whether a place has a role that people's own machines do not have: what it does by itself is then narrow.
func server(p event.Place) bool {
	switch p.Role {
	case "", "admin", "workstation", "desktop", "laptop", "client", "pc", "terminal", "printer", "egress", "nat", "proxy", "gateway", "firewall", "router", "wifi":
		return false
	}
	return true
}

// frontEnd says whether a place speaks for people who are elsewhere.
func frontEnd(p event.Place) bool {
	switch p.Role {
	case "auth-server", "web", "mail", "vpn", "proxy", "gateway", "portal":
		return true
	}
	return false
}

// openConnection says whether the event is a connection that came about, told once.
func openConnection(s *event.Sighting) bool {
	return s.Class == event.ClassNetwork && s.Outcome != event.OutcomeFailure && s.Activity != event.ActRefuse && s.Count.Or(1) != 0
}

// goesOut says whether the event is a connection from inside to outside.
func goesOut(s *event.Sighting) bool {
	return openConnection(s) && s.Src.Own && s.SrcIP.IsValid() && s.DstIP.IsValid() && !s.Dst.Own && routable(s.DstIP)
}

// routable says whether an address can stand for one far end: multicast, loopback and private ones cannot.
func routable(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate()
}

// hashWay hashes who reached whom through which port.
func hashWay(a, b netip.Addr, port uint16) uint64 {
	x, y := a.As16(), b.As16()
	h := uint64(port) + 0x9e3779b97f4a7c15
	for _, c := range x {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	for _, c := range y {
		h = (h ^ uint64(c)) * 0x100000001b3
	}
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}

// remembered is a set of hashes that never grows: a Bloom filter in two generations. What is remembered is kept for at least one
// generation after it was last seen. It errs by knowing what it never saw, which costs a detector a first contact, never by
// forgetting.
type remembered struct {
	now, before []uint64
	from        int32
	days        int32 // of a generation
}

const rememberedBits = 1 << 24 // 2 MiB a generation; four probes: about 1 % wrong at 1.8 million entries

// new says whether h was not seen before, and remembers it.
func (r *remembered) new(h uint64, day int32) bool {
	if r.now == nil {
		r.now, r.before, r.from = make([]uint64, rememberedBits/64), make([]uint64, rememberedBits/64), day
	}
	for n := 0; day-r.from >= r.days && n < 2; n++ {
		r.now, r.before = r.before, r.now
		clear(r.now)
		r.from += r.days
	}
	if day-r.from >= r.days {
		r.from = day
	}
	fresh, old := false, true
	for i := range 4 {
		bit := r.bit(h, i)
		word, mask := bit/64, uint64(1)<<(bit%64)
		if r.now[word]&mask == 0 {
			fresh = true
			r.now[word] |= mask
		}
		if r.before[word]&mask == 0 {
			old = false
		}
	}
	return fresh && !old
}

// ofNet returns the network that far ends are put together by: rented addresses change within one provider's network.
func ofNet(ip netip.Addr) netip.Prefix { return network(ip) }

// few is a small set of hashes: up to eight, then "many".
type few struct {
	h [8]uint32
	n uint8
}

// add returns how many different hashes there were, at most nine.
func (f *few) add(h uint32) int {
	for i := range f.n {
		if f.h[i] == h {
			return int(f.n)
		}
	}
	if int(f.n) < len(f.h) {
		f.h[f.n] = h
		f.n++
		return int(f.n)
	}
	return len(f.h) + 1
}

// audience counts how many inside machines use a far network, up to nine. It is bounded by two generations: when one is full, the networks
// of the one before that nobody used since are forgotten. Whoever fills it makes a network look as if few used it, which hides nothing.
type audience struct{ by, before map[netip.Prefix]few }

const maxAudience = 1 << 15 // networks of a generation

func (a *audience) meet(far netip.Prefix, src netip.Addr) int {
	return a.count(far, hashPrefix(netip.PrefixFrom(src, src.BitLen())))
}

// count returns how many different hashes a network was met with.
func (a *audience) count(net netip.Prefix, h uint32) int {
	f, ok := a.by[net]
	if ok && f.has(h) {
		return int(f.n)
	}
	if !ok {
		f = a.before[net]
		if len(a.by) >= maxAudience {
			a.by, a.before = nil, a.by
		}
		if a.by == nil {
			a.by = map[netip.Prefix]few{}
		}
	}
	n := f.add(h)
	a.by[net] = f
	return n
}

// of returns how many hashes a network was met with, up to eight.
func (a *audience) of(net netip.Prefix) int {
	if f, ok := a.by[net]; ok {
		return int(f.n)
	}
	return int(a.before[net].n)
}

// handles is a small set of accounts, by handle.
type handles []uint32

func (s handles) has(h uint32) bool { return slices.Contains(s, h) }

// add adds h unless there are so many already.
func (s *handles) add(h uint32, most int) {
	if len(*s) < most && !s.has(h) {
		*s = append(*s, h)
	}
}

// median returns the median of v, which it sorts; 0 for none.
func median(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	if n := len(v); n%2 == 1 {
		return v[n/2]
	} else {
		return (v[n/2-1] + v[n/2]) / 2
	}
}

// spreadOf returns the median of v and the median distance from it. It reorders v.
func spreadOf(v []float64) (mid, mad float64) {
	mid = median(v)
	d := make([]float64, len(v))
	for i, x := range v {
		d[i] = max(x-mid, mid-x)
	}
	return mid, median(d)
}

// hoursApart returns how far two minutes of the day are from each other, around midnight.
func hoursApart(a, b int16) float64 {
	d := int(a) - int(b)
	if d < 0 {
		d = -d
	}
	return float64(min(d, 1440-d)) / 60
}

// sortedFindings puts what came out of maps in order.
func sortedFindings(f []event.Finding) []event.Finding {
	slices.SortFunc(f, func(a, b event.Finding) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.First, b.First)) })
	return f
}

func figure(name string, v float64) event.Figure { return event.Figure{Name: name, Value: v} }

// linearCount estimates how many different things set so many of m bits.
func linearCount(set, m int) float64 {
	if set >= m {
		set = m - 1
	}
	return -float64(m) * math.Log(1-float64(set)/float64(m))
}

// has says whether h was added.
func (f *few) has(h uint32) bool {
	for i := range f.n {
		if f.h[i] == h {
			return true
		}
	}
	return false
}

// has says whether h was seen, without remembering it.
func (r *remembered) has(h uint64) bool {
	if r.now == nil {
		return false
	}
	now, before := true, true
	for i := range 4 {
		bit := r.bit(h, i)
		word, mask := bit/64, uint64(1)<<(bit%64)
		now = now && r.now[word]&mask != 0
		before = before && r.before[word]&mask != 0
	}
	return now || before
}

// bit returns the i-th probe of h.
func (r *remembered) bit(h uint64, i int) uint64 {
	return (h + uint64(i)*(h>>32|1)) % rememberedBits
}
