// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// Source says who may write under a name. Everything that it states must hold: a source with a token and a range of addresses is
// whoever has the token and comes from there.
type Source struct {
	Name         string
	From         []netip.Prefix
	Certificates []string // names in a client's certificate, or sha256: and the certificate's digest in hex
	Tokens       []string
	Rate         float64 // records a second, with as many at once; 0: not bounded
}

// Sources binds who sends to a name.
type Sources struct {
	byToken map[[sha256.Size]byte]*bound
	byCert  map[string]*bound
	byRange []*bound
	strange bool // those who are no source may write, under their address
	mu      sync.Mutex
	others  map[netip.Addr]*origin
}

type bound struct {
	source Source
	origin *origin
}

// origin is a source as a connection knows it.
type origin struct {
	name    string
	account *account
	bucket  *bucket
}

var errNoSource = errors.New("listen: no source may write from there with that")

// NewSources checks sources. Strange says whether those who are none of them may write too; their records stand under the address that they come
// from, which no source may have as its name.
func NewSources(list []Source, strange bool) (*Sources, error) {
	s := &Sources{byToken: map[[sha256.Size]byte]*bound{}, byCert: map[string]*bound{}, strange: strange, others: map[netip.Addr]*origin{}}
	names := map[string]bool{}
	for i := range list {
		b := &bound{source: list[i]}
		o := &b.source
		if _, err := netip.ParseAddr(o.Name); err == nil || o.Name == "" || o.Name[0] == '/' || strings.ContainsAny(o.Name, "()\"\\") || strings.ContainsFunc(o.Name, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
			return nil, fmt.Errorf("listen: %q cannot be the name of a source: letters, digits and -_./: only, no address and no path", o.Name)
		}
		if names[o.Name] {
			return nil, fmt.Errorf("listen: two sources have the name %s", o.Name)
		}
		names[o.Name] = true
		for _, t := range o.Tokens {
			if len(t) < 16 {
				return nil, fmt.Errorf("listen: a token of %s is shorter than 16 characters", o.Name)
			}
			if s.byToken[sha256.Sum256([]byte(t))] != nil {
				return nil, fmt.Errorf("listen: a token of %s is that of another source", o.Name)
			}
			s.byToken[sha256.Sum256([]byte(t))] = b
		}
		for _, c := range o.Certificates {
			if s.byCert[strings.ToLower(c)] != nil {
				return nil, fmt.Errorf("listen: the certificate %q of %s is that of another source", c, o.Name)
			}
			s.byCert[strings.ToLower(c)] = b
		}
		if len(o.Tokens) > 0 && len(o.Certificates) > 0 {
			return nil, fmt.Errorf("listen: %s states a token and a certificate: choose one", o.Name)
		}
		if len(o.Tokens) == 0 && len(o.Certificates) == 0 {
			if len(o.From) == 0 {
				return nil, fmt.Errorf("listen: %s says neither from where it writes nor with which token or certificate", o.Name)
			}
			s.byRange = append(s.byRange, b)
		}
	}
	return s, nil
}

// Certified says whether any source is told by its certificate.
func (s *Sources) Certified() bool { return len(s.byCert) > 0 }

// bind returns who sends. A token or a certificate that is nobody's is refused, whatever the address.
func (s *Sources) bind(l *Ledger, peer netip.Addr, certs []*x509.Certificate, token string) (*origin, error) {
	peer = peer.Unmap().WithZone("")
	switch {
	case token != "":
		b := s.byToken[sha256.Sum256([]byte(token))]
		if b == nil {
			return nil, errNoSource
		}
		return s.check(l, b, peer)
	case len(certs) > 0:
		for _, name := range namesOf(certs[0]) {
			if b := s.byCert[name]; b != nil {
				return s.check(l, b, peer)
			}
		}
		return nil, errNoSource
	}
	var best *bound
	bits := -1
	for _, b := range s.byRange {
		for _, p := range b.source.From {
			if p.Contains(peer) && p.Bits() > bits {
				best, bits = b, p.Bits()
			}
		}
	}
	if best != nil {
		return s.open(l, best), nil
	}
	if !s.strange {
		return nil, errNoSource
	}
	return s.stranger(l, peer), nil
}

func (s *Sources) check(l *Ledger, b *bound, peer netip.Addr) (*origin, error) {
	if len(b.source.From) == 0 {
		return s.open(l, b), nil
	}
	for _, p := range b.source.From {
		if p.Contains(peer) {
			return s.open(l, b), nil
		}
	}
	return nil, errNoSource
}

func (s *Sources) open(l *Ledger, b *bound) *origin {
	s.mu.Lock()
	defer s.mu.Unlock()
	if b.origin == nil {
		b.origin = &origin{name: b.source.Name, account: l.account(b.source.Name)}
		if b.source.Rate > 0 {
			b.origin.bucket = newBucket(b.source.Rate)
		}
	}
	return b.origin
}

// stranger returns the origin of an address that is no source. The address is the name.
func (s *Sources) stranger(l *Ledger, peer netip.Addr) *origin {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.others[peer]
	if o == nil {
		if len(s.others) >= maxAccounts {
			clear(s.others)
		}
		a := l.account(peer.String())
		o = &origin{name: a.name, account: a}
		s.others[peer] = o
	}
	return o
}

// namesOf returns what a certificate is known by, in small letters.
func namesOf(c *x509.Certificate) []string {
	sum := sha256.Sum256(c.Raw)
	names := []string{"sha256:" + hex.EncodeToString(sum[:])}
	for _, n := range c.DNSNames {
		names = append(names, strings.ToLower(n))
	}
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if c.Subject.CommonName != "" && len(c.DNSNames) == 0 {
		names = append(names, strings.ToLower(c.Subject.CommonName))
	}
	return names
}

// bucket lets through so many a second.
type bucket struct {
	mu   sync.Mutex
	rate float64
	has  float64
	last time.Time
}

func newBucket(rate float64) *bucket { return &bucket{rate: rate, has: max(rate, 1)} }

// take takes n and returns how long to wait before more is taken; with wait false it takes n or nothing.
func (b *bucket) take(now time.Time, n float64, wait bool) (time.Duration, bool) {
	if b == nil {
		return 0, true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.last.IsZero() && now.After(b.last) {
		b.has = min(b.has+b.rate*now.Sub(b.last).Seconds(), max(b.rate, 1))
	}
	b.last = now
	if !wait && b.has < n {
		return 0, false
	}
	if b.has -= n; b.has >= 0 {
		return 0, true
	}
	return time.Duration(-b.has / b.rate * float64(time.Second)), true
}
