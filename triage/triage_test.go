// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package triage

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

func at(days float64) cases.Time { return cases.Time(1748736000e6) + cases.Time(days*float64(day)) }

func find(id, detector string, sev cases.Severity, from, to float64, accounts ...string) cases.Finding {
	return cases.Finding{ID: id, Detector: detector, Severity: sev, First: at(from), Last: at(to), Alerted: at(from), Subjects: cases.Subjects{Accounts: accounts},
		Title: event.Words{Ja: "検知", En: "finding"}}
}

func from(f cases.Finding, ips ...string) cases.Finding {
	for _, ip := range ips {
		f.Subjects.Addresses = append(f.Subjects.Addresses, netip.MustParseAddr(ip))
	}
	return f
}

func on(f cases.Finding, hosts ...string) cases.Finding { f.Subjects.Hosts = hosts; return f }

// breach is a case with one intruder, noise beside him, and somebody's repeated alarms.
func breach() *cases.Case {
	c := &cases.Case{Revision: 1, Verdict: cases.Breach}
	for _, n := range []string{"taro", "hana", "ken"} {
		c.Accounts = append(c.Accounts, cases.Account{ID: "A-" + n, Name: n, Verdict: cases.AccountCompromised, DecidedBy: "machine", Confidence: 0.99, First: at(20), Last: at(30), Cause: cases.Guessing})
	}
	c.Accounts[0].Addresses = []netip.Addr{netip.MustParseAddr("203.0.113.7")}
	c.Accounts[2].Addresses = []netip.Addr{netip.MustParseAddr("203.0.113.7")}
	for i := range 40 {
		c.Accounts = append(c.Accounts, cases.Account{ID: fmt.Sprintf("A-x%02d", i), Name: fmt.Sprint("x", i), Verdict: cases.AccountCleared, DecidedBy: "machine", Cause: cases.CauseUnknown})
	}
	c.Addresses = []cases.Address{{IP: netip.MustParseAddr("203.0.113.7"), Verdict: cases.AddressAttacker, Kind: cases.Tor}, {IP: netip.MustParseAddr("198.51.100.1"), Verdict: cases.AddressShared, Kind: cases.Mobile}}
	c.Findings = []cases.Finding{
		find("F-guess", "password-guessing", cases.High, 5, 25), // of the institute as a whole
		from(find("F-in", "success-after-guessing", cases.High, 20, 21, "A-taro"), "203.0.113.7"),
		find("F-mail", "mail-bulk-read", cases.High, 26, 27, "A-taro"),
		find("F-ken", "mailbox-change", cases.Medium, 28, 28, "A-ken"),
		from(find("F-shared1", "one-address-many-accounts", cases.Medium, 26, 27, "A-x01"), "198.51.100.1"),
		from(find("F-shared2", "spam-burst", cases.Medium, 26, 27, "A-x02"), "198.51.100.1"),
		on(find("F-scan1", "internal-scan", cases.Low, 1, 1), "scanner"), on(find("F-scan2", "internal-scan", cases.Low, 15, 15), "scanner"),
		on(find("F-scan3", "internal-scan", cases.Low, 90, 90), "scanner"), on(find("F-gap", "record-gap", cases.Low, 15, 15), "scanner"),
		find("F-late", "dormant-account", cases.Medium, 200, 200, "A-hana"),
	}
	return c
}

func stories(c *cases.Case) string {
	out := ""
	for _, s := range c.Stories {
		out += fmt.Sprint(s.Severity, " ", s.Findings, "\n")
	}
	return out
}

func TestTell(t *testing.T) {
	c := breach()
	Tell(c, nil, nil)
	want := "high [F-guess F-in F-ken F-mail]\nlow [F-scan1 F-scan2]\n"
	if got := stories(c); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	s := c.Stories[0]
	if s.Title.En != "password guessing → success after guessing → mail read in bulk → a suspicious change of a mailbox (2 accounts, 1 address)" ||
		s.Title.Ja != "パスワードの推測 → 推測後のログイン成功 → メールの大量読み出し → メール設定の不審な変更（2 アカウント、1 アドレス）" {
		t.Errorf("titles %q, %q", s.Title.En, s.Title.Ja)
	}
	c.Schema = cases.Schema
	c.Totals.Accounts = cases.AccountTotals{}
	c.Sort()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

// random makes a case of many findings about few people.
func random(r *rand.Rand) *cases.Case {
	c := breach()
	names := cases.Detectors()
	for i := range 60 {
		f := find(fmt.Sprintf("F-r%02d", i), names[r.IntN(len(names))], []cases.Severity{cases.Critical, cases.High, cases.Medium, cases.Low, cases.Info}[r.IntN(5)], float64(r.IntN(300)), 0)
		f.Last = f.First + cases.Time(r.IntN(20))*day
		for range r.IntN(3) {
			f.Subjects.Accounts = append(f.Subjects.Accounts, c.Accounts[r.IntN(len(c.Accounts))].ID)
		}
		for range r.IntN(2) {
			f.Subjects.Addresses = append(f.Subjects.Addresses, netip.AddrFrom4([4]byte{203, 0, 113, byte(r.IntN(12))}))
		}
		for range r.IntN(2) {
			f.Subjects.Hosts = append(f.Subjects.Hosts, fmt.Sprint("host", r.IntN(5)))
		}
		c.Findings = append(c.Findings, f)
	}
	for i := range c.Accounts {
		for range r.IntN(3) {
			c.Accounts[i].Addresses = append(c.Accounts[i].Addresses, netip.AddrFrom4([4]byte{203, 0, 113, byte(r.IntN(12))}))
		}
	}
	return c
}

func written(t *testing.T, c *cases.Case) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := cases.Write(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func clone(t *testing.T, c *cases.Case) *cases.Case {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	out := new(cases.Case)
	if err := json.Unmarshal(b, out); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestOrderDoesNotMatter tells, hides and budgets the same set in many orders.
func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 1))
		c := random(r)
		before := clone(t, c)
		before.Findings = before.Findings[:len(before.Findings)-r.IntN(30)]
		Tell(before, nil, nil)
		var first []byte
		for range 6 {
			d := clone(t, c)
			for _, shuffle := range []func(){
				func() {
					r.Shuffle(len(d.Findings), func(i, j int) { d.Findings[i], d.Findings[j] = d.Findings[j], d.Findings[i] })
				},
				func() {
					r.Shuffle(len(d.Accounts), func(i, j int) { d.Accounts[i], d.Accounts[j] = d.Accounts[j], d.Accounts[i] })
				},
				func() {
					r.Shuffle(len(d.Addresses), func(i, j int) { d.Addresses[i], d.Addresses[j] = d.Addresses[j], d.Addresses[i] })
				},
				func() {
					r.Shuffle(len(before.Stories), func(i, j int) { before.Stories[i], before.Stories[j] = before.Stories[j], before.Stories[i] })
				},
			} {
				shuffle()
			}
			Mark(d, map[string]cases.Hidden{"F-r01": {By: "suzuki"}, "F-r02": {By: "suzuki"}})
			Tell(d, before.Stories, nil)
			Budget(d, 1, time.UTC)
			got := written(t, d)
			if first == nil {
				first = got
			} else if !bytes.Equal(first, got) {
				t.Fatalf("seed %d: another order gives another case", seed)
			}
		}
	}
}

// TestIdentitiesStay adds findings before and after a story, and lets two become one.
func TestIdentitiesStay(t *testing.T) {
	c := breach()
	c.Findings = append(c.Findings, find("F-b1", "dormant-account", cases.Medium, 100, 101, "A-x30"), find("F-b2", "mailbox-change", cases.Medium, 102, 103, "A-x30"))
	Tell(c, nil, nil)
	old := slices.Clone(c.Stories)
	ids := map[string]string{}
	for _, f := range c.Findings {
		ids[f.ID] = f.Story
	}
	c.Findings = append(c.Findings, find("F-a0", "impossible-travel", cases.Low, 1, 19, "A-taro"), find("F-z", "spam-burst", cases.Critical, 50, 90, "A-taro", "A-x30"))
	Tell(c, old, nil)
	for _, f := range c.Findings {
		if f.ID == "F-in" && f.Story != ids["F-in"] {
			t.Errorf("the story of F-in was %s and is %s", ids["F-in"], f.Story)
		}
	}
	if s := c.Stories[0]; s.Severity != cases.Critical || !slices.Equal(s.Joined, []string{ids["F-b1"]}) || s.ID != ids["F-in"] {
		t.Errorf("two stories became one: %+v", s)
	}
}

func TestHide(t *testing.T) {
	ex := Exception{Detector: "internal-scan", Host: "Scanner", Until: event.Micros(at(16)), By: "suzuki", Why: "the scanner of the IT department"}
	f := func(detector string, last float64, hosts ...string) event.Finding {
		return event.Finding{Detector: detector, Key: fmt.Sprint(last, hosts), First: event.Micros(at(0)), Last: event.Micros(at(last)), Hosts: hosts}
	}
	list := []event.Finding{f("internal-scan", 15, "scanner"), f("internal-scan", 16, "scanner"), f("internal-scan", 15, "scanner", "vm-p"), f("upload", 15, "scanner"), f("internal-scan-udp", 15, "scanner")}
	got := Hide(list, []Exception{ex})
	for i, want := range []bool{true, false, false, false, true} { // after its end, of somebody else too, of another detector
		if h, ok := got[list[i].ID()]; ok != want {
			t.Errorf("finding %d: hidden %v", i, ok)
		} else if ok && (h.By != "suzuki" || h.Why == "" || h.Until != at(16)) {
			t.Errorf("finding %d: %+v", i, h)
		}
	}
	net := Exception{Detector: "upload", Ranges: []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")}, From: event.Micros(at(1)), Until: event.Micros(at(99))}
	out := event.Finding{Detector: "upload", Key: "x", First: event.Micros(at(0)), Last: event.Micros(at(2)), Addresses: []netip.Addr{netip.MustParseAddr("198.51.100.9")}}
	if len(Hide([]event.Finding{out}, []Exception{net})) != 0 {
		t.Error("what was before the exception began is hidden")
	}
	out.First = event.Micros(at(1))
	if len(Hide([]event.Finding{out}, []Exception{net})) != 1 {
		t.Error("the range does not cover its address")
	}
	nobody := event.Finding{Detector: "upload", Key: "y", First: event.Micros(at(1)), Last: event.Micros(at(2))}
	if len(Hide([]event.Finding{nobody}, []Exception{net, {Detector: "upload", Until: event.Micros(at(99))}})) != 0 {
		t.Error("a finding about nobody is hidden")
	}
}

// TestCondemnedStand holds that nobody who was broken into is hidden.
func TestCondemnedStand(t *testing.T) {
	c := breach()
	h := cases.Hidden{By: "suzuki", Until: at(999), Why: "on leave"}
	if n := Mark(c, map[string]cases.Hidden{"F-mail": h, "F-scan1": h, "F-none": h}); n != 1 {
		t.Errorf("%d stand", n)
	}
	for _, f := range c.Findings {
		if (f.Hidden != nil) != (f.ID == "F-scan1") {
			t.Errorf("%s: hidden %v", f.ID, f.Hidden)
		}
	}
	Tell(c, nil, nil)
	if got := stories(c); got != "high [F-guess F-in F-ken F-mail]\n" {
		t.Errorf("what is hidden is told: %s", got)
	}
}

func TestBudget(t *testing.T) {
	c := breach()
	for i := range 30 {
		sev := cases.Low
		if i%10 == 0 {
			sev = cases.High
		}
		c.Findings = append(c.Findings, find(fmt.Sprintf("F-n%02d", i), "internal-scan", sev, 20.1, 20.2))
	}
	c.Findings = append(c.Findings, find("F-in2", "excess-taking", cases.High, 20.3, 20.4, "A-taro"), find("F-doubt", "dormant-account", cases.Low, 20.3, 20.4, "A-hana"))
	Tell(c, nil, nil)
	Budget(c, 5, time.UTC)
	below := map[string]bool{}
	for _, f := range c.Findings {
		below[f.ID] = f.BelowBudget
	}
	// Three singles and F-guess, the story's first, are spared (F-guess on another day); one place is left of five beside F-in and F-in2.
	for id, want := range map[string]bool{"F-n00": false, "F-n10": false, "F-n20": false, "F-in": false, "F-in2": false, "F-n01": true, "F-doubt": true, "F-guess": false, "F-mail": false} {
		if below[id] != want {
			t.Errorf("%s: below the budget %v", id, below[id])
		}
	}
	Budget(c, 3, time.UTC)
	for i := range c.Findings {
		if f := &c.Findings[i]; f.ID == "F-n20" && f.BelowBudget || f.ID == "F-in2" && f.BelowBudget {
			t.Errorf("with 3 a day: %s below %v", f.ID, f.BelowBudget)
		}
	}
	if c.Alerts.PerDay != 3 || c.Alerts.BelowBudget != 28 || len(c.Alerts.Below) != 1 || c.Alerts.Below[cases.Low] != 28 { // no high one: those left are of no story, or about taro
		t.Errorf("%+v", c.Alerts)
	}
	Budget(c, 6, time.UTC)
	for i := range c.Findings {
		if f := &c.Findings[i]; f.ID == "F-doubt" && f.BelowBudget {
			t.Error("of two low ones the less certain was kept")
		}
	}
}
