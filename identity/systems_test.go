// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestSystemKind holds the borders of the table: a company may have one system that carries strangers and another through
// which honest people come.
func TestSystemKind(t *testing.T) {
	for asn, want := range map[uint32]event.Kind{
		0:      event.KindUnknown,
		24940:  event.KindHosting,
		63949:  event.KindHosting, // Akamai's rented servers
		36183:  event.KindUnknown, // Akamai's relay of Apple's customers
		20940:  event.KindUnknown,
		199218: event.KindVPN,     // Proton's VPN
		62371:  event.KindUnknown, // Proton's mail
		60729:  event.KindTor,
		8075:   event.KindUnknown,
	} {
		if got := systemKind(asn); got != want {
			t.Errorf("AS%d: %v, want %v", asn, got, want)
		}
	}
}
