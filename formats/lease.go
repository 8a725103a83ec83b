// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

// What the formats share that say who had an address.
//
// An event of class lease says of an address that somebody has it from this moment on (assign) or no longer (release). The
// address is Object where Src is where somebody came from (VPN), otherwise SrcIP. Who has it is told by Account, SrcHost and,
// in the remainder, "mac"; "lease_s" is for how many seconds, where the record says so.

// lease adds a lease event.
func (e *Env) lease(out *event.Batch, rec *event.Record, at event.Micros, a event.Activity, ip netip.Addr) *event.Event {
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = at, event.ClassLease, a, event.OutcomeSuccess
	ev.SrcIP, ev.Service, ev.Ref = ip, "dhcp", e.Ref(rec)
	return ev
}

// mac returns a hardware address in one spelling, aa:bb:cc:dd:ee:ff, whatever stood between its digits; what stands behind its
// twelve digits (":ssid" in a Called-Station-Id) is left out. Other texts are returned as they are.
func (e *Env) mac(b []byte) string {
	var out [17]byte
	n := 0
	for i := 0; i < len(b) && n < 17; i++ {
		switch c := b[i]; {
		case isHex(c):
			if n%3 == 2 {
				out[n] = ':'
				n++
			}
			if c >= 'A' && c <= 'F' {
				c |= 0x20
			}
			out[n] = c
			n++
		case (c == ':' || c == '-' || c == '.') && i > 0:
		default:
			return e.Intern.Bytes(b[:min(len(b), 64)])
		}
	}
	if n != 17 {
		return e.Intern.Bytes(b[:min(len(b), 64)])
	}
	return e.Intern.Bytes(out[:])
}

// isMAC says whether all of b is a hardware address of six bytes, with colons, hyphens or nothing between them.
func isMAC(b []byte) bool {
	switch len(b) {
	case 12:
		for _, c := range b {
			if !isHex(c) {
				return false
			}
		}
		return true
	case 17:
		for i, c := range b {
			if i%3 == 2 && c != ':' && c != '-' || i%3 != 2 && !isHex(c) {
				return false
			}
		}
		return true
	}
	return false
}

// leaseHost returns a client's own name for itself, cut to what a name can be; empty where it gave none.
func (e *Env) leaseHost(b []byte) string {
	if len(b) == 0 || len(b) > 255 || string(b) == "*" || string(b) == "-" || string(b) == "(none)" {
		return ""
	}
	return e.Intern.Bytes(b)
}
