// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// request is a page that a web server gave to an account; what is told of it is what an access log has.
func (w *world) request(who, ip, client string, d, hour int) {
	w.login(who, ip, client, d, hour, event.OutcomeSuccess)
	s := &w.pending[len(w.pending)-1]
	s.Class, s.Activity = event.ClassHTTP, event.ActRead
}

// TestMetAgain: a site's members are used from one rented machine after another, a day each, with a browser like everybody's, and nobody was
// guessed at. There is no log of logins but the site's own.
func TestMetAgain(t *testing.T) {
	w := newWorld(t)
	w.ordinary(90)
	for i := range w.pending {
		if s := &w.pending[i]; s.Outcome == event.OutcomeSuccess {
			s.Class, s.Activity = event.ClassHTTP, event.ActRead
		}
	}
	for k := range 6 {
		ip := fmt.Sprintf("45.77.%d.9", 3+k)
		w.place(ip, event.KindHosting, "", 0)
		for i := range 4 {
			if i != k%4 {
				w.request(name(i), ip, "Common/120.0 (Windows NT 10.0)", 50+3*k+i%2, 15)
			}
		}
	}
	r := w.scope(Inputs{})
	for i := range 30 {
		bad := verdicts(r)[name(i)] == cases.AccountCompromised
		if bad != (i < 4) {
			t.Errorf("%s is %q", name(i), verdicts(r)[name(i)])
		}
	}
}

// TestMeetingIsInnocent: colleagues travel together from hotel to hotel with the machines they always have, and phones meet behind gateways
// whose kind nobody knows.
func TestMeetingIsInnocent(t *testing.T) {
	w := newWorld(t)
	w.ordinary(90)
	for k := range 5 {
		hotel := fmt.Sprintf("198.51.100.%d", 10+k)
		w.place(hotel, event.KindUnknown, "", 0)
		for i := range 3 {
			w.request(name(i), hotel, browser(i), 50+k, 21)
		}
		gateway := fmt.Sprintf("203.0.113.%d", 10+k)
		w.place(gateway, event.KindUnknown, "", 0)
		for i := range 20 {
			for d := range 20 {
				w.request(name(i), gateway, "Mail (Telephone)", 5*(d%18)+(i+k)%5, 8)
			}
		}
	}
	r := w.scope(Inputs{})
	for i := range 30 {
		if v := verdicts(r)[name(i)]; v == cases.AccountCompromised || v == cases.AccountSuspected {
			t.Errorf("%s is %q", name(i), v)
		}
	}
}

// TestOneUseIsNoHabit: an account that was used once from a rented machine is no customer of it.
func TestOneUseIsNoHabit(t *testing.T) {
	var k stretch
	k.add(&visit{first: day0, last: day0, days: 1})
	if k.habit() {
		t.Error("one day is called a habit")
	}
	k.add(&visit{first: day0 + 20*day, last: day0 + 22*day, days: 3})
	if !k.habit() {
		t.Error("four days over three weeks are not")
	}
}
