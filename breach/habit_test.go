// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"fmt"
	"net/netip"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// TestComesAgain: an intruder who phished four accounts, and guessed at nobody, comes back day after day to two addresses. His
// first visits must not make the others look like a habit.
func TestComesAgain(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	w.place("45.77.3.9", event.KindHosting, "NL", 20473)
	w.place("5.253.18.44", event.KindHosting, "FR", 212238)
	for i := range 4 {
		for k := range 6 {
			w.login(name(i), []string{"45.77.3.9", "5.253.18.44"}[(i+k)%2], strange, 40+i+2*k, 3, event.OutcomeSuccess)
		}
	}
	r := w.scope(Inputs{})
	for i := range 4 {
		if v := verdicts(r)[name(i)]; v != cases.AccountCompromised {
			t.Errorf("%s is %q, want compromised", name(i), v)
		}
	}
	for _, ip := range []string{"45.77.3.9", "5.253.18.44"} {
		if v := addressVerdict(r, ip); v != cases.AddressAttacker {
			t.Errorf("%s is %q, want attacker", ip, v)
		}
	}
}

// TestSlowList: forty accounts are tried over six weeks from each of a few addresses, a try or two a day, in a log that records no client. One
// password is found. People who mistype at a shared line get in from there too: that line is no guesser.
func TestSlowList(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	for i := range w.pending {
		w.pending[i].Client = ""
	}
	w.place("187.45.1.9", event.KindUnknown, "BR", 28573)
	w.place("210.131.4.4", event.KindUnknown, "JP", 2497)
	for d := 10; d < 55; d++ {
		w.login(name(d*7%30), "187.45.1.9", "", d, 4, event.OutcomeFailure)
		w.login(name(d*11%30), "187.45.1.9", "", d, 16, event.OutcomeFailure)
		w.login(name(d*7%30), "210.131.4.4", "", d, 20, event.OutcomeFailure)
		w.login(name(d*7%30), "210.131.4.4", "", d, 21, event.OutcomeSuccess)
	}
	w.login(name(5), "187.45.1.9", "", 55, 5, event.OutcomeSuccess)
	campaign := event.Finding{Detector: "password-spray", Severity: event.High, First: day0 + 10*day, Last: day0 + 55*day}
	r := w.scope(Inputs{Findings: []event.Finding{campaign}})
	v := verdicts(r)
	for i := range 30 {
		if got := v[name(i)]; i == 5 && got != cases.AccountCompromised && got != cases.AccountSuspected || i != 5 && (got == cases.AccountCompromised || got == cases.AccountSuspected) {
			t.Errorf("%s is %q", name(i), got)
		}
	}
	if got := addressVerdict(r, "210.131.4.4"); got == cases.AddressAttacker || got == cases.AddressSuspected {
		t.Errorf("a line where people mistype is %q", got)
	}
}

// TestCommonBrowser: the intruder has the browser that half of the house has. It must not speak for the owner.
func TestCommonBrowser(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	common := func(v int) string { return fmt.Sprintf("Common/%d.0 (Windows NT 10.0)", v) }
	for i := range w.pending {
		if w.pending[i].Who.Handle%2 == 0 {
			w.pending[i].Client = common(120)
		}
	}
	w.place("187.45.1.9", event.KindHosting, "BR", 28573)
	for i := range 30 {
		w.login(name(i), "187.45.1.9", common(120), 40, 4, event.OutcomeFailure)
	}
	w.login(name(1), "187.45.1.9", common(120), 41, 4, event.OutcomeSuccess)
	campaign := event.Finding{Detector: "password-spray", Severity: event.High, First: day0 + 40*day, Last: day0 + 41*day}
	r := w.scope(Inputs{Findings: []event.Finding{campaign}})
	if v := verdicts(r)[name(1)]; v != cases.AccountCompromised {
		t.Errorf("the account that fell to the guesser is %q, want compromised", v)
	}
}

// TestOneHand: the logs begin after the intruder. One rare client that serves five accounts from hosting addresses tells of him all the same; a
// rented desktop that two colleagues share does not.
func TestOneHand(t *testing.T) {
	w := newWorld(t)
	w.place("45.77.3.9", event.KindHosting, "NL", 20473)
	w.place("45.77.90.2", event.KindHosting, "JP", 20473)
	for i := range 4 {
		for d := i; d < 30; d += 3 {
			w.login(name(i), "45.77.3.9", strange, d, 3, event.OutcomeSuccess)
		}
	}
	for d := range 30 {
		w.login(name(10+d%2), "45.77.90.2", "Desktop/3.1 (Rented)", d, 11, event.OutcomeSuccess)
	}
	w.ordinary(30)
	r := w.scope(Inputs{})
	v := verdicts(r)
	for i := range 30 {
		bad := v[name(i)] == cases.AccountCompromised || v[name(i)] == cases.AccountSuspected
		if bad != (i < 4) {
			t.Errorf("%s is %q", name(i), v[name(i)])
		}
	}
	if r.Onset.Certain {
		t.Error("the onset is called certain though the logs begin with it")
	}
}

// TestUnseen: where no record shows from where an account was used, nobody is cleared, and leaving the attackers' list is enough to be asked.
func TestUnseen(t *testing.T) {
	w := newWorld(t)
	w.ordinary(30)
	gone := w.who("unseen@lab.example")
	e := &event.Event{Time: day0, Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeSuccess, Account: gone.Name, SrcIsRelay: true}
	w.pending = append(w.pending, event.Sighting{Event: e, Who: gone})
	f := event.Finding{Detector: "target-drop-out", Severity: event.High, First: day0 + 20*day, Last: day0 + 22*day, Accounts: []string{gone.ID}}
	if v := verdicts(w.scope(Inputs{Findings: []event.Finding{f}}))[gone.Name]; v != cases.AccountSuspected {
		t.Errorf("an account that left the attackers' list is %q, want suspected", v)
	}
}

// TestYoungLogsAtACarrier: the logs begin under an intruder who comes over hosting and, now and then, over the same carrier as everybody's
// telephones. Nobody has a past, all gateways are full of strangers: only his own visits may be condemned.
func TestYoungLogsAtACarrier(t *testing.T) {
	w := newWorld(t)
	w.place("45.77.3.9", event.KindHosting, "NL", 20473)
	w.place("45.77.90.2", event.KindHosting, "FR", 20473)
	telephones := []string{"Safari (Telephone)", "Chrome (Telephone)", "Mail (Telephone)"}
	for i := range 90 {
		who, home := fmt.Sprintf("member%02d@lab.example", i), fmt.Sprintf("126.10.%d.9", i)
		w.place(home, event.KindUnknown, "JP", 17676)
		for d := range 20 {
			if (d+i)%2 == 0 {
				w.login(who, home, browser(i), d, 20, event.OutcomeSuccess)
			}
			gateway := fmt.Sprintf("49.98.132.%d", (i+d*7)%6)
			w.place(gateway, event.KindUnknown, "JP", 9605)
			w.login(who, gateway, telephones[i%3], d, 8, event.OutcomeSuccess)
		}
	}
	for i := range 12 {
		who := fmt.Sprintf("member%02d@lab.example", i)
		w.login(who, []string{"45.77.3.9", "45.77.90.2"}[i%2], strange, 3+i%5, 18, event.OutcomeSuccess)
		w.login(who, "49.98.132.3", strange, 9, 18, event.OutcomeSuccess)
	}
	campaign := event.Finding{Detector: "password-spray", Severity: event.High, First: day0, Last: day0 + 3*day}
	r := w.scope(Inputs{Findings: []event.Finding{campaign}})
	v := verdicts(r)
	for i := range 90 {
		who := fmt.Sprintf("member%02d@lab.example", i)
		if bad := v[who] == cases.AccountCompromised; bad != (i < 12) {
			t.Errorf("%s is %q", who, v[who])
		}
	}
	for g := range 6 {
		if got := addressVerdict(r, fmt.Sprintf("49.98.132.%d", g)); got == cases.AddressAttacker {
			t.Errorf("the carrier's gateway %d is called an attacker's", g)
		}
	}
}

// TestUnreadIsNotClear: what could not be read might be a trace.
func TestUnreadIsNotClear(t *testing.T) {
	w := newWorld(t)
	w.ordinary(60)
	if r := w.scope(Inputs{}); r.Verdict != cases.Clear {
		t.Fatalf("an ordinary life is %q, want clear", r.Verdict)
	}
	r := w.scope(Inputs{Unread: 2})
	if r.Verdict != cases.CaseUndetermined || len(r.Reasons) != 1 {
		t.Errorf("with two inputs unread the verdict is %q, reasons %v; want undetermined and one reason", r.Verdict, r.Reasons)
	}
}

// TestStrayRecord: one line of long before does not prove that nothing happened until he came; an address that was named as bad is not honest.
func TestStrayRecord(t *testing.T) {
	for _, stray := range []bool{false, true} {
		w := newWorld(t)
		w.place("45.77.3.9", event.KindHosting, "NL", 20473)
		w.place("198.51.100.77", event.KindUnknown, "US", 7018)
		w.ordinary(60)
		if stray {
			w.login(name(29), "198.51.100.77", "", -200, 4, event.OutcomeFailure)
		}
		for i := range 4 {
			w.login(name(i), "45.77.3.9", strange, 10+i, 3, event.OutcomeSuccess)
			w.login(name(i), "198.51.100.77", strange, 30, 3, event.OutcomeFailure)
		}
		r := w.scope(Inputs{Seeds: []Seed{{Address: netip.MustParseAddr("198.51.100.77")}, {Account: w.who(name(0)).ID}}})
		if r.Verdict != cases.Breach || r.Onset.Certain {
			t.Errorf("stray %v: verdict %q, onset certain %v; want a breach of uncertain onset", stray, r.Verdict, r.Onset.Certain)
		}
		if got := addressVerdict(r, "198.51.100.77"); got != cases.AddressAttacker {
			t.Errorf("stray %v: the address named as bad is %q", stray, got)
		}
	}
}
