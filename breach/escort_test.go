// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

func asked(r *Result) (n int) {
	for _, v := range verdicts(r) {
		if v == cases.AccountSuspected || v == cases.AccountCompromised {
			n++
		}
	}
	return n
}

// TestEscort: eight people take to a commercial VPN and read their mail through its one exit abroad, with a browser and with a mail program that no
// record names. With their own browsers nobody is to be asked. Somebody who reads the mail of eight through it, with no client on record or with one
// browser that is none of theirs, is seen.
func TestEscort(t *testing.T) {
	story := func(client func(i int) string) int {
		w := newWorld(t)
		w.ordinary(60)
		w.place("193.138.218.99", event.KindVPN, "SE", 39351)
		for i := range 8 {
			for d := 40 + i%3; d < 60; d += 3 {
				if c := client(i); c != "" {
					w.login(name(i), "193.138.218.99", c, d, 20, event.OutcomeSuccess)
				}
				for range 3 {
					w.login(name(i), "193.138.218.99", "", d, 21, event.OutcomeSuccess)
				}
			}
		}
		return asked(w.scope(Inputs{}))
	}
	if n := story(browser); n != 0 {
		t.Errorf("%d people who read their mail through a VPN beside their own browsers are to be asked", n)
	}
	if n := story(func(int) string { return "" }); n < 8 {
		t.Errorf("who reads the mail of eight through a VPN, with no client on record, is asked about with %d", n)
	}
	if n := story(func(int) string { return strange }); n < 8 {
		t.Errorf("who reads the mail of eight through a VPN beside one strange browser is asked about with %d", n)
	}
}

// TestMailPrograms: four accounts are robbed from a carrier's gateway, where the mail programs of many are at home. That the
// records name no client of theirs makes nobody company; at an address where nobody is at home it does.
func TestMailPrograms(t *testing.T) {
	story := func(crowded bool) (others int) {
		w := newWorld(t)
		w.ordinary(60)
		w.place("1.75.210.30", event.KindUnknown, "JP", 9605)
		for i := range 12 {
			if crowded {
				for d := 2; d < 60; d += 4 {
					w.login(name(i), "1.75.210.30", browser(i), d, 12, event.OutcomeSuccess)
				}
			}
			w.login(name(12+i), "1.75.210.30", "", 50, 13, event.OutcomeSuccess)
		}
		var in Inputs
		robbed := map[string]bool{}
		for i := range 4 {
			robbed[name(12+i)] = true
			in.Answers = append(in.Answers, Answer{Account: w.who(name(12 + i)).ID, Address: w.places["1.75.210.30"].IP, By: "suzuki"})
		}
		for n, v := range verdicts(w.scope(in)) {
			if !robbed[n] && (v == cases.AccountSuspected || v == cases.AccountCompromised) {
				others++
			}
		}
		return others
	}
	if n := story(true); n != 0 {
		t.Errorf("%d people behind one carrier's gateway are to be asked because four were robbed from it", n)
	}
	if n := story(false); n == 0 {
		t.Error("who came to the robber's address, where nobody is at home, is not asked about")
	}
}
