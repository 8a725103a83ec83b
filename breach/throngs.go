// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

// Who goes through a carrier has a telephone, whatever he has at home and at work. So how common a client is among strangers at one of its addresses
// is compared with how common it is among all who come through the same provider, not with the institute at large: in the first weeks of the
// records everybody is a stranger at a gateway, and half of them have the same telephone.

// throngs counts, by provider, the accounts that came through it with a client, and by client in any version.
type throngs struct {
	all  map[provider]int
	with map[throngKey]int
}

// provider is an autonomous system; where the records do not say which, the sixteen bits that an address begins with, of IPv6 thirty-two.
type provider struct {
	asn uint32
	net netip.Prefix
}

type throngKey struct {
	provider
	family uint32
}

// throngLeast is how many others must have come through a provider for their clients to be a measure.
const throngLeast = 30

// providerOf returns the provider of a visit. Where servers are rented, or users hidden, a throng is no measure of what people have.
func providerOf(v *visit) (provider, bool) {
	p := &v.addr.place
	if v.client == 0 || p.Own || p.Kind.Anonymous() || p.Kind == event.KindHosting {
		return provider{}, false
	}
	if p.ASN != 0 {
		return provider{asn: p.ASN}, true
	}
	bits := 16
	if p.IP.Is6() && !p.IP.Is4In6() {
		bits = 32
	}
	net, err := p.IP.Unmap().Prefix(bits)
	return provider{net: net}, err == nil
}

// count adds one account's visits.
func (t *throngs) count(p *person, families []uint32) {
	came, had := map[provider]bool{}, map[throngKey]bool{}
	for _, v := range p.visits {
		at, ok := providerOf(v)
		if !ok {
			continue
		}
		if !came[at] {
			came[at] = true
			t.all[at]++
		}
		if k := (throngKey{at, families[v.client]}); !had[k] {
			had[k] = true
			t.with[k]++
		}
	}
}

// share returns which share of those who came through the provider of a visit, but for the strangers at its own address of whom same have it, have a
// client; 0 where they are too few to say.
func (t *throngs) share(v *visit, family uint32, same, strangers float64) float64 {
	at, ok := providerOf(v)
	others := float64(t.all[at]) - strangers
	if !ok || others < throngLeast {
		return 0
	}
	return max(0, float64(t.with[throngKey{at, family}])-same) / others
}
