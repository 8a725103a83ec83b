// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// What is compared are lines; what is told are addresses. A line of IPv6 has one address today and another tomorrow: which of them were used,
// and when, is kept, so that a verdict can name them. An address of IPv4 that several homes share has several lines: which ports were
// used, and when, is kept too, since the provider asks for them.

// face is one address of a line that has several.
type face struct {
	ip    netip.Addr
	first event.Micros
	last  event.Micros
	fails int64 // failures from it
}

// stay is one visit's use of one address of a line that has several.
type stay struct {
	ip   netip.Addr
	from event.Micros
	to   event.Micros
	n    int64
}

// Bounds of what is kept of one line and one visit. Whoever takes a new address of his /64 for every attempt is not told by his
// addresses, and the line has them all; the first ones and the latest one are kept.
const (
	maxFaces = 256
	maxStays = 64
	maxKnock = 4 // first moments and ports of a visit
)

// ports is from which ports a visit came.
type ports struct {
	low, high int
	first     []cases.Knock // up to maxKnock
	last      cases.Knock
}

// show notes that an address of the line was seen.
func (a *address) show(ip netip.Addr, at event.Micros) {
	if a.line.At.Is4() || a.place.Own || !ip.IsValid() {
		return
	}
	if i := a.face(ip); i >= 0 {
		a.faces[i].last = max(a.faces[i].last, at)
		return
	}
	if len(a.faces) >= maxFaces {
		a.faces = a.faces[:maxFaces-1]
	}
	a.faces = append(a.faces, face{ip: ip, first: at, last: at})
}

// blame notes failures from an address of the line that was shown before.
func (a *address) blame(ip netip.Addr, n int64) {
	if i := a.face(ip); i >= 0 {
		a.faces[i].fails += n
	}
}

// face returns where an address stands among the line's, the latest first; -1 where it does not.
func (a *address) face(ip netip.Addr) int {
	for i := len(a.faces) - 1; i >= 0; i-- {
		if a.faces[i].ip == ip {
			return i
		}
	}
	return -1
}

// has says whether an address of the line was seen to be this one.
func (a *address) has(ip netip.Addr) bool {
	if len(a.faces) == 0 {
		return a.place.IP == ip
	}
	return a.face(ip) >= 0
}

// stay notes by which address of the line, and from which port, the visit came.
func (v *visit) stay(s *event.Sighting) {
	if s.Src.Own {
		return
	}
	if len(v.addr.faces) > 0 {
		v.stayAt(s.Src.IP, s.Time)
	}
	if s.SrcPort == 0 || !v.addr.line.At.Is4() { // an address of IPv6 is one machine's
		return
	}
	k := cases.Knock{At: cases.Time(s.Time), Port: int(s.SrcPort)}
	if v.ports == nil {
		v.ports = &ports{low: k.Port, high: k.Port}
	}
	p := v.ports
	p.low, p.high = min(p.low, k.Port), max(p.high, k.Port)
	if len(p.first) < maxKnock {
		p.first = append(p.first, k)
	}
	p.last = k
}

func (v *visit) stayAt(ip netip.Addr, at event.Micros) {
	for i := len(v.stays) - 1; i >= 0; i-- {
		if v.stays[i].ip == ip {
			v.stays[i].to = at
			v.stays[i].n++
			return
		}
	}
	if len(v.stays) >= maxStays {
		v.stays = v.stays[:maxStays-1]
	}
	v.stays = append(v.stays, stay{ip, at, at, 1})
}

// ip returns the address that a visit came from first.
func (v *visit) ip() netip.Addr {
	if len(v.stays) > 0 {
		return v.stays[0].ip
	}
	return v.addr.place.IP
}

// uses returns when a visit used which address.
func (v *visit) uses() []stay {
	if len(v.stays) > 0 {
		return v.stays
	}
	return []stay{{v.addr.place.IP, v.first, v.last, v.logins + v.acts + v.half}}
}

// knocks returns the range of ports that a visit came from, and the first and last moments and ports of it between two times.
func (p *ports) knocks(from, to cases.Time) (low, high int, list []cases.Knock) {
	if p == nil {
		return 0, 0, nil
	}
	list = slices.Clone(p.first)
	if !slices.Contains(list, p.last) {
		list = append(list, p.last)
	}
	list = slices.DeleteFunc(list, func(k cases.Knock) bool { return k.At < from || k.At > to })
	return p.low, p.high, list
}

// linesOf returns the lines that an address belongs to: more than one where several homes share it.
func (l *Ledger) linesOf(ip netip.Addr) []*address {
	out := l.split[ip.Unmap()]
	if a := l.lines[event.Line{At: ip}]; a != nil { // inside, each address is a line of its own
		return append(slices.Clip(out), a)
	}
	if a := l.lines[event.LineOf(ip)]; a != nil {
		return append(slices.Clip(out), a)
	}
	return out
}

// sourceCount returns how many addresses the ledger has seen.
func (l *Ledger) sourceCount() int64 {
	n := int64(0)
	for line, a := range l.lines {
		if line.Set == 0 {
			n += int64(max(len(a.faces), 1))
		}
	}
	for ip := range l.split {
		if l.lines[event.Line{At: ip}] == nil {
			n++
		}
	}
	return n
}

// spot is where a visit was, coarser than its line: a network, or the one port set of a shared address, whose other sets are other homes.
type spot struct {
	net netip.Prefix
	set uint16
}

// spotOf returns the neighbourhood of a line.
func spotOf(l event.Line) spot {
	if l.Set != 0 {
		return spot{netip.PrefixFrom(l.At, l.At.BitLen()), l.Set}
	}
	return spot{net: event.Neighbourhood(l.At)}
}

// spotAt returns the line alone.
func spotAt(l event.Line) spot { return spot{netip.PrefixFrom(l.At, l.At.BitLen()), l.Set} }

// named returns the line that findings, which name addresses only, mean with this one.
func (a *address) named() event.Line { return event.Line{At: a.line.At} }

// lineNamed returns the line under which what a finding says of an address is kept.
func (l *Ledger) lineNamed(ip netip.Addr) event.Line {
	if l.lines[event.Line{At: ip}] != nil {
		return event.Line{At: ip}
	}
	return event.LineOf(ip)
}

// meant says whether somebody who names an address means this line.
func (a *address) meant(ip netip.Addr) bool {
	return a.place.IP == ip || a.named() == event.LineOf(ip) && !a.place.Own
}

// mixed says whether a line stands for many homes that no port tells apart.
func (a *address) mixed() bool { return a.manifold() && a.line.Set == 0 }

// manifold says whether many homes stand behind the line's address.
func (a *address) manifold() bool { return a.place.Shared || a.place.Dealt }

// unfold returns the line's addresses, each with what came from it alone. Names that were tried are told of the line as a whole.
func (a *address) unfold() []*address {
	out := make([]*address, 0, len(a.faces))
	by := make(map[netip.Addr]*address, len(a.faces))
	for _, f := range a.faces {
		one := &address{line: a.line, place: a.place, first: f.first, last: f.last, failures: f.fails}
		one.place.IP = f.ip
		if f.fails > 0 {
			one.triedAll, one.failAt, one.failTo, one.failRef = min(a.triedAll, f.fails), max(a.failAt, f.first), min(a.failTo, f.last), a.failRef
		}
		by[f.ip] = one
		out = append(out, one)
	}
	for _, v := range a.visits {
		for _, t := range v.stays {
			if one := by[t.ip]; one != nil {
				one.visits = append(one.visits, v)
			}
		}
	}
	return out
}

// together returns the lines of one address as one.
func together(lines []*address) *address {
	out := *lines[0]
	out.visits, out.services = nil, nil
	out.line.Set, out.failures, out.unknown, out.triedAll = 0, 0, 0, 0
	for _, a := range lines {
		out.learn(&a.place)
		out.visits = append(out.visits, a.visits...)
		out.failures, out.unknown, out.triedAll = out.failures+a.failures, out.unknown+a.unknown, out.triedAll+a.triedAll
		out.first, out.last = min(out.first, a.first), max(out.last, a.last)
		if a.failAt != 0 && (out.failAt == 0 || a.failAt < out.failAt) {
			out.failAt, out.failRef = a.failAt, a.failRef
		}
		out.failTo = max(out.failTo, a.failTo)
	}
	return &out
}
