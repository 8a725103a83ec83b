// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

import "net/netip"

// LeaseOf returns the address that an event gives or takes away, and which of both: an event of class lease, or a login to a VPN whose
// record holds the address given ("assigned", "tunnelip" or "assigned_ip" in the remainder).
func LeaseOf(e *Event) (ip netip.Addr, given, ok bool) {
	switch e.Class {
	case ClassLease:
		if e.Activity != ActAssign && e.Activity != ActRelease || e.Outcome == OutcomeFailure {
			return ip, false, false
		}
		if e.Object != "" {
			if ip, err := netip.ParseAddr(e.Object); err == nil {
				return ip.Unmap(), e.Activity == ActAssign, true
			}
		}
		return e.SrcIP, e.Activity == ActAssign, e.SrcIP.IsValid()
	case ClassAuthentication:
		if e.Activity != ActLogon && e.Activity != ActLogoff || e.Outcome != OutcomeSuccess {
			return ip, false, false
		}
		v, has := e.Get("assigned")
		for _, name := range [...]string{"tunnelip", "assigned_ip"} {
			if !has {
				v, has = e.Get(name)
			}
		}
		if !has {
			return ip, false, false
		}
		ip, err := netip.ParseAddr(v.Text)
		return ip.Unmap(), e.Activity == ActLogon, err == nil && !ip.IsUnspecified()
	}
	return ip, false, false
}
