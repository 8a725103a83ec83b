// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"
	"strings"
)

// roster numbers the names and the addresses that machines are called by, so that the machine at either end of a way is found without comparing
// texts: it is looked for tens of times for every way and answer. Number 0 is no name, and no address.
type roster struct {
	names  []string // as they are compared: short, in small letters
	ips    []netip.Addr
	byName map[string]uint32
	byIP   map[netip.Addr]uint32
}

// called is what a record calls a machine, by number.
type called struct{ name, ip uint32 }

func newRoster() roster {
	return roster{names: []string{""}, ips: []netip.Addr{{}}, byName: map[string]uint32{"": 0}, byIP: map[netip.Addr]uint32{{}: 0}}
}

// call numbers a name and an address, of which either may be missing. A name that is an address stands for one where there is none.
func (r *roster) call(name string, ip netip.Addr) called {
	if !ip.IsValid() && name != "" {
		if addr, err := netip.ParseAddr(name); err == nil {
			name, ip = "", addr
		}
	}
	short := strings.ToLower(name)
	if i := strings.IndexByte(short, '.'); i > 0 {
		short = short[:i]
	}
	c := called{r.byName[short], r.byIP[ip]}
	if c.name == 0 && short != "" {
		c.name = uint32(len(r.names))
		r.byName[strings.Clone(short)] = c.name
		r.names = append(r.names, strings.Clone(short))
	}
	if c.ip == 0 && ip.IsValid() {
		c.ip = uint32(len(r.ips))
		r.byIP[ip] = c.ip
		r.ips = append(r.ips, ip)
	}
	return c
}
