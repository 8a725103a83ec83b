// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"net/netip"
	"testing"
)

func TestLineOf(t *testing.T) {
	same := func(a, b string, want bool) {
		t.Helper()
		if got := LineOf(netip.MustParseAddr(a)) == LineOf(netip.MustParseAddr(b)); got != want {
			t.Errorf("%s and %s are one line: %v, want %v", a, b, got, want)
		}
	}
	same("2001:db8:1:2:a::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true) // privacy addresses of one home
	same("2001:db8:1:2::1", "2001:db8:1:3::1", false)
	same("192.0.2.1", "192.0.2.2", false)
	same("::ffff:192.0.2.1", "192.0.2.1", true)
	same("64:ff9b::192.0.2.1", "64:ff9b::192.0.2.2", false)                 // NAT64: two homes
	same("2001:0:1:2:3:4:5:6", "2001:0:1:2:3:4:5:7", false)                 // Teredo: the /64 is the server's
	same("fd00::1", "fd00::2", false)                                       // machines inside
	same("fe80::1%eth0", "fe80::2%eth0", false)                             // likewise
	same("2001:db8:1:2::1%eth0", "2001:db8:1:2::2%eth1", true)              // a zone is the recording machine's own word
	same("2001:db8:1:2:a::1", "2001:db8:1:2:b::1", true)                    // and the other way round
	own := &Place{IP: netip.MustParseAddr("2001:db8:1:2:a::1"), Own: true}  // the institute's own machines are told apart
	own2 := &Place{IP: netip.MustParseAddr("2001:db8:1:2:b::1"), Own: true} // in one /64
	if own.Line() == own2.Line() {
		t.Error("two machines inside are one line")
	}
}

func TestLineString(t *testing.T) {
	set := &Place{IP: netip.MustParseAddr("192.0.2.1"), Set: 18}
	for want, l := range map[string]Line{
		"192.0.2.1":          LineOf(netip.MustParseAddr("192.0.2.1")),
		"192.0.2.1 ports 17": set.Line(),
		"2001:db8:1:2::/64":  LineOf(netip.MustParseAddr("2001:db8:1:2:a::1")),
		"fd00::1":            LineOf(netip.MustParseAddr("fd00::1")),
	} {
		if got := l.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
