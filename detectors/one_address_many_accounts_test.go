// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func TestOneAddressManyAccounts(t *testing.T) {
	s := newStory(200)
	loginLife(s, 40, 120)
	for i := range 6 {
		s.login(31, 1210+i, 0, s.person(fmt.Sprintf("user%d", i*7)), outside("203.0.113.50", event.KindHosting, "NL"), "EWS-client", event.ReasonNone)
	}
	f := wants(t, s.run(t, oneAddressManyAccounts), "one-address-many-accounts", event.High)
	if number(f, "strangers") != 6 || len(f.Accounts) != 6 {
		t.Errorf("got %+v", f)
	}
}

func TestOneAddressManyAccountsNearMiss(t *testing.T) {
	s := newStory(400)
	loginLife(s, 40, 120)
	for i := range 30 { // a conference hotel: everybody is new there, two with new machines
		client := chrome
		if i < 2 {
			client = "NewPad"
		}
		s.login(31, 600+i, 0, s.person(fmt.Sprintf("user%d", i)), outside("192.0.2.201", event.KindHotel, "JP"), client, event.ReasonNone)
	}
	for i := range 100 { // new students at their hall of residence: nobody knows their machines yet
		s.login(30, 600+i, 0, s.person(fmt.Sprintf("user%d", 250+i)), outside("192.0.2.99", event.KindResidential, "JP"), chrome, event.ReasonNone)
	}
	quiet(t, s.run(t, oneAddressManyAccounts), -1)
}
