// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"math"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// customersOf lets 24 of a world's people come from its fourth day on through the exits of one commercial VPN, strangers to one another there, with
// the browsers that they have at home, of which there are three kinds.
func (w *world) customersOf() {
	for i := range 24 {
		for d := 4 + i%3; d < 40; d += 3 {
			ip := fmt.Sprintf("146.70.31.%d", 1+(i*7+d)%9)
			w.place(ip, event.KindVPN, "JP", 9009)
			w.login(name(i), ip, kindOf(i), d, 21, event.OutcomeSuccess)
			w.login(name(i), ip, "", d, 22, event.OutcomeSuccess)
		}
	}
}

func kindOf(i int) string { return browser(i % 3) }

// house gives everybody of a world a home with the browser of customersOf.
func (w *world) house(days int) {
	for i := range 60 {
		home := fmt.Sprintf("133.200.%d.9", i)
		w.place(home, event.KindResidential, "JP", 2518)
		for d := i % 2; d < days; d += 2 {
			c := kindOf(i)
			if i >= 24 {
				c = browser(3 + i%20)
			}
			w.login(name(i), home, c, d, 20, event.OutcomeSuccess)
		}
	}
}

// TestCustomers: where dozens have a commercial VPN and the records are young, nobody is accused for having met the others. Who comes through the
// same exits with a browser of his own, to accounts that have none like it at home, is found among them.
func TestCustomers(t *testing.T) {
	for _, intruder := range []bool{false, true} {
		w := newWorld(t)
		w.house(40)
		w.customersOf()
		if intruder {
			for i := 40; i < 46; i++ {
				for d := 30; d < 34; d++ {
					w.login(name(i), "146.70.31.3", strange, d, 3, event.OutcomeSuccess)
				}
			}
		}
		r := w.scope(Inputs{})
		for i := range 60 {
			switch v := verdicts(r)[name(i)]; {
			case i >= 40 && i < 46 && intruder:
				if v != cases.AccountCompromised && v != cases.AccountSuspected {
					t.Errorf("he is there: %v, and %s is %q", intruder, name(i), v)
				}
			case v == cases.AccountCompromised:
				t.Errorf("he is there: %v, and %s is accused", intruder, name(i))
			}
		}
	}
}

// What is beyond chance is taken, and nothing where it may be chance: few accounts, or a browser that everybody has.
func TestCustomersBeyondChance(t *testing.T) {
	for _, c := range []struct {
		home, n     int
		share, want float64
	}{
		{2, 2, 0.01, 0}, {3, 3, 0.5, 0}, {12, 24, 0.5, 0}, {24, 24, 1, 0}, {20, 20, 0.1, 1}, {15, 30, 0.1, 0.4 / 0.9}, {0, 0, 0, 0}, {5, 5, 0, 1},
	} {
		if got := customers(c.home, c.n, c.share); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%d of %d, %.2f of all: %.3f, want %.3f", c.home, c.n, c.share, got, c.want)
		}
	}
}

// TestTor: who comes through Tor with Tor Browser, as all do there, is not accused for being like the others, though they meet at its exits; one
// client that is not Tor Browser's stays a doubt.
func TestTor(t *testing.T) {
	const torBrowser = "Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0"
	for _, client := range []string{torBrowser, strange} {
		w := newWorld(t)
		w.house(40)
		for i := range 5 {
			for d := 10 + i; d < 38; d += 5 {
				exit := fmt.Sprintf("185.220.101.%d", 1+(i*5+d*3)%12)
				w.place(exit, event.KindTor, "DE", 60729)
				w.login(name(30+i), exit, client, d, 22, event.OutcomeSuccess)
			}
		}
		accused, doubted, r := 0, 0, w.scope(Inputs{})
		for i := range 60 {
			switch verdicts(r)[name(i)] {
			case cases.AccountCompromised:
				accused++
			case cases.AccountSuspected:
				doubted++
			}
		}
		if client == torBrowser && accused != 0 || client == strange && accused+doubted != 5 {
			t.Errorf("%d are accused and %d in doubt of coming through Tor with %q", accused, doubted, client)
		}
	}
}

func TestUniformClients(t *testing.T) {
	for name, want := range map[string]bool{
		"": false, strange: false, "Mozilla/5.0 (": false,
		"Mozilla/5.0 (Windows NT 6.1; rv:52.0) Gecko/20100101 Firefox/52.0":                       true,
		"Mozilla/5.0 (Windows NT 10.0; rv:128.0) Gecko/20100101 Firefox/128.0":                    true,
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0":    true,
		"Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:115.0) Gecko/20100101 Firefox/115.0":         false,
		"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":          false,
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/137.0 Safari/537.36": false,
	} {
		if got := uniformClients([]string{name})[0]; got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
