// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import "net/netip"

// Login is that an account was used from an address with a client, at least once.
type Login struct {
	Account string // what people call it
	Address netip.Addr
	Client  string
}

// Logins returns every use of an account from an address that the ledger holds, in order of first sight: what other methods of scoping
// start from, when they are measured on the same records. An account that used an address with several clients stands in it once for each.
func (l *Ledger) Logins() []Login {
	var out []Login
	for _, v := range l.ordered {
		for _, u := range v.uses() {
			out = append(out, Login{v.who.Name, u.ip, l.names[v.client]})
		}
	}
	return out
}
