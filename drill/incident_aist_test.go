// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "testing"

// composed returns a drill whose script is written down, and nothing performed.
func composed(t *testing.T, o Options) *run {
	t.Helper()
	o, err := o.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRun(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestAISTCast checks the sizes that the script promises, at the demo's scale and at the report's.
func TestAISTCast(t *testing.T) {
	for _, c := range []struct {
		accounts       int
		one, two       int
		tor, vpn, rent int
	}{{400, 20, 9, 48, 2, 16}, {8000, 100, 43, 120, 7, 28}} {
		p := newPlot(composed(t, Options{Accounts: c.accounts}))
		a := castAIST(p)
		if p.err != nil {
			t.Fatal(p.err)
		}
		if len(a.group1) != c.one || len(a.group2) != c.two {
			t.Errorf("%d accounts: groups of %d and %d, want %d and %d", c.accounts, len(a.group1), len(a.group2), c.one, c.two)
		}
		if len(a.tor) != c.tor || len(a.vpn) != c.vpn || len(a.rented)+len(a.unlisted)+1 != c.rent {
			t.Errorf("%d accounts: %d Tor, %d VPN, %d rented, want %d, %d, %d", c.accounts, len(a.tor), len(a.vpn), len(a.rented)+len(a.unlisted)+1, c.tor, c.vpn, c.rent)
		}
		s := a.sets()
		if got := [...]int{1, len(s.two), len(s.three), len(s.four), len(s.five), len(s.seven)}; c.accounts == 8000 && got != [...]int{1, 7, 50, 11, 24, 7} {
			t.Errorf("new accounts in the stages: %v", got)
		}
	}
}
