// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// One log names a machine and another its address, and what each tells of it belongs together. Records that have both teach which name
// goes with which address: a file server's, a domain controller's, a lease. A name is what its sender says, so one record proves nothing;
// a name joins an address only where the two were seen together on most days of either.

const (
	maxNames    = 1 << 17 // pairs of name and address that are counted
	namedDays   = 2       // on which a pair must have been seen
	namedOfName = 0.2     // share of the name's days at this address: it may have one at a desk and one in the VPN
	namedOfIP   = 0.8     // share of the address's days under this name
)

// nameKey is a name, as recorded, and the inside address that it was seen with.
type nameKey struct {
	name string
	ip   netip.Addr
}

// seenDays counts days.
type seenDays struct{ days, last int32 }

// nameOf notes under which name an inside address was seen.
func (l *Ledger) nameOf(s *event.Sighting) {
	if !s.Src.Own || s.SrcIsRelay || !s.SrcIP.IsValid() || s.SrcIP.IsLoopback() || s.SrcIP.IsLinkLocalUnicast() {
		return
	}
	name := s.SrcHost
	if s.Who != nil && s.Who.System && s.Class == event.ClassAuthentication && s.Outcome == event.OutcomeSuccess {
		name = machineAccount(s.Account)
	}
	if name == "" || sameHost(name, s.DstHost) { // of a remote desktop Windows tells the name of the machine that was entered
		return
	}
	k := nameKey{name, s.SrcIP}
	d := l.called[k]
	if d == nil {
		if len(l.called) >= maxNames {
			return
		}
		d = &seenDays{last: -1}
		l.called[k] = d
	}
	if d.last != s.Day {
		d.last = s.Day
		d.days++
	}
}

// machineAccount returns the name of the machine whose own account it is: PC1$, DOMAIN\PC1$, PC1$@REALM.
func machineAccount(account string) string {
	name, _, ok := strings.Cut(account, "$")
	if !ok {
		return ""
	}
	return name[strings.LastIndexByte(name, '\\')+1:]
}

// shortName returns a host's name as it is compared: without its domain, in small letters; empty for what is no name.
func shortName(name string) string {
	if _, err := netip.ParseAddr(name); err == nil {
		return ""
	}
	if i := strings.IndexByte(name, '.'); i > 0 {
		name = name[:i]
	}
	return strings.ToLower(name)
}

// sameHost says whether two names are one host's, whatever domain and letters they are written with.
func sameHost(a, b string) bool {
	a, _, _ = strings.Cut(a, ".")
	b, _, _ = strings.Cut(b, ".")
	return strings.EqualFold(a, b)
}

// HostName is a machine's name, short and in small letters, and an address that it has.
type HostName struct {
	Name string
	IP   netip.Addr
}

// steadyName is a machine's name and the address that it is seen with.
type steadyName struct {
	name string
	ip   netip.Addr
}

// steadyNames returns which names and addresses are the same machine's, of each name the address that it has most first. Addresses that a VPN
// lends now to this one and now to that are nobody's.
func (l *Ledger) steadyNames() []steadyName {
	pairs, ofName, ofIP := map[steadyName]int32{}, map[string]int32{}, map[netip.Addr]int32{}
	for k, d := range l.called {
		if n := shortName(k.name); n != "" && len(l.tunnels[k.ip]) == 0 {
			pairs[steadyName{n, k.ip}] += d.days
			ofName[n] += d.days
			ofIP[k.ip] += d.days
		}
	}
	var out []steadyName
	for p, days := range pairs {
		n := float64(days)
		if days >= namedDays && n > namedOfName*float64(ofName[p.name]) && n >= namedOfIP*float64(ofIP[p.ip]) {
			out = append(out, p)
		}
	}
	slices.SortFunc(out, func(a, b steadyName) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(pairs[b], pairs[a]), a.ip.Compare(b.ip))
	})
	return out
}

// nameAll joins names and addresses that are the same machine's.
func (m *machines) nameAll(s *scoping) {
	for _, p := range s.steady {
		c := m.call(p.name, p.ip)
		h := m.join(c, "")
		if m.byIP[c.ip] == nil {
			m.byIP[c.ip] = h
		}
		h.ips = append(h.ips, p.ip)
	}
}

// addresses returns those that a machine is known to have.
func (h *machine) addresses() []netip.Addr {
	if len(h.ips) > 0 || !h.ip.IsValid() {
		return h.ips
	}
	return []netip.Addr{h.ip}
}

// ownerOf returns the account of whom a machine mostly is: most of the days on which anybody used an account from it. Of servers and rooms
// for everybody it is nobody.
func (s *scoping) ownerOf(h *machine) (owner uint32, ok bool) {
	days, all := map[uint32]int32{}, int32(0)
	for _, ip := range h.addresses() {
		a := s.lines[event.Line{At: ip}]
		if a == nil || len(s.tunnels[ip]) > 0 {
			continue
		}
		for _, v := range a.visits {
			if !v.who.System && !v.who.Service {
				days[v.who.Handle] += v.days
				all += v.days
			}
		}
	}
	for _, who := range slices.Sorted(maps.Keys(days)) {
		if n := days[who]; n >= ownerDays && float64(n) >= ownerShare*float64(all) {
			return who, true
		}
	}
	return 0, false
}

const (
	ownerDays  = 3
	ownerShare = 0.6
)
