// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

const everybodys = "Common/120.0 (Windows NT 10.0)"

// alike lets thirty people work from home and the office, all with one browser: no visit's client tells whose it is.
func (w *world) alike(days int) {
	w.ordinary(days)
	for i := range w.pending {
		w.pending[i].Client = everybodys
	}
}

// rent makes an address of a rented machine.
func (w *world) rent(k, host int) string {
	ip := fmt.Sprintf("45.77.%d.%d", 3+k, host)
	w.place(ip, event.KindHosting, "", 0)
	return ip
}

// TestCircle: five accounts of a site are used from six rented networks over two months, each time from another address of them, weeks apart, with
// everybody's browser; one account besides from six lines somewhere. Nobody's owner has a server.
func TestCircle(t *testing.T) {
	w := newWorld(t)
	w.alike(120)
	for k := range 6 {
		for i := range 5 {
			if (i+k)%3 != 0 {
				w.request(name(i), w.rent(k, 9+i), everybodys, 45+9*k+4*i%37, 15)
			}
		}
	}
	for k := range 6 {
		line := fmt.Sprintf("203.0.%d.7", 20+k)
		w.place(line, event.KindUnknown, "JP", 0)
		w.request(name(0), line, everybodys, 50+2*k, 13)
	}
	r := w.scope(Inputs{})
	for i := range 30 {
		switch v := verdicts(r)[name(i)]; {
		case i < 5 && v != cases.AccountCompromised:
			t.Errorf("%s is %q", name(i), v)
		case i >= 5 && (v == cases.AccountCompromised || v == cases.AccountSuspected):
			t.Errorf("%s is %q", name(i), v)
		}
	}
}

// TestNoCircle: what looks like one and is none. Two people each have a server of their own; a department goes through a proxy in the cloud from
// a Monday on, by another of its networks every day; colleagues go on a tour of six places with everybody's browser.
func TestNoCircle(t *testing.T) {
	t.Run("servers", func(t *testing.T) {
		w := newWorld(t)
		w.alike(120)
		for d := range 30 {
			w.request(name(0), w.rent(0, 9), everybodys, 60+d, 15)
			w.request(name(1), w.rent(1, 9), everybodys, 70+d, 15)
		}
		w.request(name(0), w.rent(1, 9), everybodys, 80, 16)
		w.request(name(1), w.rent(0, 9), everybodys, 80, 17)
		noneAccused(t, w, false)
	})
	t.Run("proxy", func(t *testing.T) {
		w := newWorld(t)
		w.alike(120)
		for d := range 40 {
			for i := range 4 {
				w.request(name(i), w.rent((d+i)%5, 30), everybodys, 60+d, 9+i)
			}
		}
		noneAccused(t, w, false)
	})
	t.Run("pool", func(t *testing.T) { // no address of it comes twice
		w := newWorld(t)
		w.alike(120)
		for d := range 40 {
			for i := range 4 {
				w.request(name(i), w.rent((d+i)%5, 30+d), everybodys, 60+d, 9+i)
			}
		}
		noneAccused(t, w, false)
	})
	t.Run("tour", func(t *testing.T) {
		w := newWorld(t)
		w.alike(120)
		for k := range 6 {
			stop := fmt.Sprintf("203.0.%d.7", 20+k)
			w.place(stop, event.KindUnknown, "JP", 0)
			for i := range 3 {
				w.request(name(i), stop, everybodys, 60+2*k, 20+i)
			}
		}
		noneAccused(t, w, true)
	})
}

// noneAccused fails where somebody is; to be asked is no accusation where doubt is allowed.
func noneAccused(t *testing.T, w *world, doubt bool) {
	t.Helper()
	for who, v := range verdicts(w.scope(Inputs{})) {
		if v == cases.AccountCompromised || v == cases.AccountSuspected && !doubt {
			t.Errorf("%s is %q", who, v)
		}
	}
}

// TestHomeless: three accounts are used from lines all over the country, each time another, with a browser that nobody has at home; two of them
// from the same lines. A fourth person's new machine, used at home too, is its owner's.
func TestHomeless(t *testing.T) {
	w := newWorld(t)
	w.ordinary(120)
	line := func(k int) string {
		ip := fmt.Sprintf("203.0.%d.7", 20+k)
		w.place(ip, event.KindUnknown, "JP", 0)
		return ip
	}
	for k := range 4 {
		w.request(name(0), line(k), strange, 60+2*k, 14)
		w.request(name(1), line(k), strange, 61+2*k, 14)
	}
	w.request(name(2), line(9), strange, 70, 14)
	for d := range 10 {
		w.request(name(7), "126.10.7.9", "New/1.0 (Machine)", 80+d, 21)
		w.request(name(7), line(40+d), "New/1.0 (Machine)", 80+d, 12)
	}
	v := verdicts(w.scope(Inputs{}))
	for i := range 2 {
		if v[name(i)] != cases.AccountCompromised {
			t.Errorf("%s is %q", name(i), v[name(i)])
		}
	}
	if v[name(7)] == cases.AccountCompromised || v[name(7)] == cases.AccountSuspected {
		t.Errorf("who bought a machine is %q", v[name(7)])
	}
}

// TestCirclesOf: the closed ways between accounts and places, counted by hand.
func TestCirclesOf(t *testing.T) {
	at := func(k uint32) place { return place{at: k} }
	ties, homes := map[tie]struct{}{}, make([]bool, 22)
	homes[20] = true
	for _, u := range []tie{
		{1, at(1)}, {1, at(2)}, {2, at(1)}, {2, at(2)}, {2, at(3)}, {3, at(3)}, {3, at(1)}, // three accounts, three places, seven ties: two closed ways
		{4, at(3)}, {4, at(9)}, // hangs on by one
		{5, at(11)}, {5, at(12)}, {6, at(11)}, {6, at(12)}, // another web
		{7, at(20)}, {8, at(20)}, {7, at(21)}, {8, at(21)}, // at 20 somebody is at home
	} {
		ties[u] = struct{}{}
	}
	got := circlesOf(ties, homes)
	if c := got[tie{1, at(1)}]; c == nil || c.accounts != 3 || c.rank != 2 || c != got[tie{3, at(3)}] {
		t.Errorf("the first circle is %+v", c)
	}
	if c := got[tie{5, at(11)}]; c == nil || c.accounts != 2 || c.rank != 1 {
		t.Errorf("the second is %+v", c)
	}
	if len(got) != 11 {
		t.Errorf("%d ties are in circles, want 11", len(got))
	}
}

// TestTelephones: in the first weeks of the records, while the intruder is at work, telephones that nobody has seen yet meet behind a carrier's
// gateways whose kind nobody knows, and are never used anywhere else.
func TestTelephones(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	for k := range 8 {
		gateway := fmt.Sprintf("203.0.113.%d", 10+k)
		w.place(gateway, event.KindUnknown, "JP", 0)
		for i := range 9 {
			w.request(name(10+i), gateway, fmt.Sprintf("Mail%c (Telephone)", 'A'+i%2), 9+(5*k+3*i)%50, 8)
		}
	}
	for k := range 5 {
		for i := range 4 {
			w.login(name(i), w.rent(k, 9), strange, 8+3*k+i, 15, event.OutcomeSuccess)
		}
	}
	v := verdicts(w.scope(Inputs{}))
	for i := range 30 {
		if bad := v[name(i)] == cases.AccountCompromised || v[name(i)] == cases.AccountSuspected; bad != (i < 4) {
			t.Errorf("%s is %q", name(i), v[name(i)])
		}
	}
}

// TestYoungTelephones: two weeks of records, in which four people's new telephones are seen behind gateways only, each a few times.
func TestYoungTelephones(t *testing.T) {
	w := newWorld(t)
	w.ordinary(14)
	for i := range 4 {
		for k := range 3 {
			gateway := fmt.Sprintf("203.0.%d.%d", 113+k, 10+i%2)
			w.place(gateway, event.KindUnknown, "JP", 0)
			w.request(name(i), gateway, "Mail (Telephone)", 8+k+i%3, 8)
		}
	}
	noneAccused(t, w, false)
}

// TestConference: colleagues stay at the hotel that others of the institute stayed at a quarter before, all with a telephone that they have with
// them on travels only, while somebody guesses at passwords.
func TestConference(t *testing.T) {
	w := newWorld(t)
	w.ordinary(150)
	w.place("202.82.41.130", event.KindUnknown, "HK", 0)
	for i := range 15 {
		for d := range 4 {
			w.login(name(i), "202.82.41.130", "Mail (Telephone)", 30+d+20*(i/5)+60*(i/10), 13, event.OutcomeSuccess)
		}
	}
	r := w.scope(Inputs{Findings: []event.Finding{{Detector: "id-probing", Severity: event.Medium, First: day0 + 100*day, Last: day0 + 140*day}}})
	for who, v := range verdicts(r) {
		if v == cases.AccountCompromised {
			t.Errorf("%s is %q", who, v)
		}
	}
}
