// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import "net/netip"

// Saw says whether any login or attempt, or anything done with an account, came from the address.
func (l *Ledger) Saw(ip netip.Addr) bool {
	for _, a := range l.linesOf(ip) {
		if a.has(ip) {
			return true
		}
	}
	return false
}
