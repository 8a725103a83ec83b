// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"net/netip"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// acquaintance remembers, for each account, what it has logged in with before: networks, kinds of address, countries and
// clients, as short hashes. It is bounded by the number of accounts, not by what they do.
type acquaintance struct {
	accounts map[uint32]*known
}

type known struct {
	networks  []uint32
	clients   []uint32
	countries []uint32
	kinds     uint16
	days      int32
	lastDay   int32
}

const (
	knownNetworks  = 64
	knownClients   = 24
	knownCountries = 12
)

// meeting says what of a login is new to its account.
type meeting struct {
	network, client, country, kind bool // true: new
	days                           int32
}

// meet returns what is new in the login s, then remembers it.
func (a *acquaintance) meet(s *event.Sighting) meeting {
	if a.accounts == nil {
		a.accounts = map[uint32]*known{}
	}
	k := a.accounts[s.Who.Handle]
	if k == nil {
		k = &known{lastDay: -1}
		a.accounts[s.Who.Handle] = k
	}
	m := meeting{days: k.days}
	m.network = remember(&k.networks, hashPrefix(network(s.SrcIP)), knownNetworks)
	if s.Client != "" {
		m.client = remember(&k.clients, hashFamily(s.Client), knownClients)
	}
	if s.Src.Country != "" {
		m.country = remember(&k.countries, hashText(s.Src.Country), knownCountries)
	}
	bit := uint16(1) << s.Src.Kind
	m.kind = k.kinds&bit == 0
	k.kinds |= bit
	if k.lastDay != s.Day {
		k.lastDay = s.Day
		k.days++
	}
	return m
}

// knows says whether an account logged in from a network.
func (a *acquaintance) knows(who uint32, net netip.Prefix) bool {
	k := a.accounts[who]
	return k != nil && slices.Contains(k.networks, hashPrefix(net))
}

// remember adds h to the list, the least recently used going out at the bound, and says whether it was new.
func remember(list *[]uint32, h uint32, most int) bool {
	l := *list
	for i, x := range l {
		if x == h {
			copy(l[1:i+1], l[:i])
			l[0] = h
			return false
		}
	}
	if len(l) < most {
		l = append(l, 0)
	}
	copy(l[1:], l)
	l[0] = h
	*list = l
	return true
}

// network returns the neighbourhood of an address: who is known there is no stranger.
func network(ip netip.Addr) netip.Prefix { return event.Neighbourhood(ip) }

func hashPrefix(p netip.Prefix) uint32 {
	b := p.Addr().As16()
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

func hashText(s string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// hashFamily hashes a client's name without digits and points, so that an update is no stranger.
func hashFamily(s string) uint32 {
	h := uint32(2166136261)
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && c != '.' {
			h = (h ^ uint32(c)) * 16777619
		}
	}
	return h
}
