// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

func (d *document) wrongLine(line int, where, format string, args ...any) {
	d.wrong(&yaml.Node{Line: line}, where, format, args...)
}

func (d *document) zone(n *yaml.Node, where string) (string, *time.Location) {
	s := d.text(n, where)
	if s == "" {
		return "", nil
	}
	zone, err := Zone(s)
	if err != nil {
		d.wrong(n, where, "%v", err)
		return "", nil
	}
	return s, zone
}

func (d *document) duration(n *yaml.Node, where string, mayBeNegative bool) time.Duration {
	const most = 30 * 24 * time.Hour
	s := d.text(n, where)
	if s == "" {
		return 0
	}
	v, err := time.ParseDuration(s)
	switch {
	case err != nil:
		d.wrong(n, where, "%q is no length of time: write it like 2s, 1m30s or 48h", cut(s, 40))
	case v < 0 && !mayBeNegative:
		d.wrong(n, where, "cannot be negative")
	case v > most || v < -most:
		d.wrong(n, where, "%s is more than 30 days", s)
	default:
		return v
	}
	return 0
}

func (d *document) choice(n *yaml.Node, where string) Choice {
	v, ok := d.truth(n, where)
	switch {
	case !ok:
		return Unsaid
	case v:
		return Yes
	default:
		return No
	}
}

func (d *document) oneOf(n *yaml.Node, where string, words []string) string {
	s := strings.ToLower(d.text(n, where))
	if s != "" && !slices.Contains(words, s) {
		d.wrong(n, where, "%q is none of %s", cut(s, 40), strings.Join(words, ", "))
		return ""
	}
	return s
}

func (d *document) addresses(n *yaml.Node, where string) []netip.Addr {
	var out []netip.Addr
	for _, s := range d.texts(n, where) {
		ip, err := netip.ParseAddr(s)
		if err != nil || ip.Zone() != "" {
			d.wrong(n, where, "%q is no address: write it like 172.16.5.10", cut(s, 60))
			continue
		}
		out = append(out, ip.Unmap())
	}
	return out
}

// prefixes reads ranges; an address alone is a range of one, and bits set beyond the length are dropped with a warning.
func (d *document) prefixes(n *yaml.Node, where string) []netip.Prefix {
	var out []netip.Prefix
	for _, s := range d.texts(n, where) {
		if ip, err := netip.ParseAddr(s); err == nil && ip.Zone() == "" {
			ip = ip.Unmap()
			out = append(out, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil || p.Addr().Is4In6() {
			d.wrong(n, where, "%q is no range of addresses: write it like 10.99.0.0/24", cut(s, 60))
			continue
		}
		if p != p.Masked() {
			d.warn(n, where, "%s is read as %s", s, p.Masked())
		}
		out = append(out, p.Masked())
	}
	return out
}

// moment reads RFC 3339, or a date in the zone (nil: UTC). A date as an end means the whole day, so the moment returned
// is the first one after it.
func (d *document) moment(n *yaml.Node, where string, zone *time.Location, end bool) time.Time {
	s := d.text(n, where)
	if s == "" {
		return time.Time{}
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t
	}
	if zone == nil {
		zone = time.UTC
	}
	t, err := time.ParseInLocation(time.DateOnly, s, zone)
	if err != nil {
		d.wrong(n, where, "%q is no time: write 2025-07-01T10:00:00+09:00, or 2025-07-01 for a whole day", cut(s, 60))
		return time.Time{}
	}
	if end {
		t = t.AddDate(0, 0, 1)
	}
	return t
}
