// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// A revision compared with itself tells nothing; the order in which things stand tells nothing either.
func TestCompareEqual(t *testing.T) {
	was, is := sample(), sample()
	is.Accounts[0], is.Accounts[1] = is.Accounts[1], is.Accounts[0]
	x := Compare(was, is)
	if len(x.Numbers)+len(x.Members) > 0 || len(x.Between) != 1 {
		t.Fatalf("equal revisions differ: %+v", x)
	}
	if b, _ := json.Marshal(x); strings.Contains(string(b), "null") {
		t.Errorf("no change is told as null: %s", b)
	}
}

// Every number that differs is told, with who moved it; whom a person decided on is told to be decided by that person.
func TestCompare(t *testing.T) {
	was, is := sample(), sample()
	is.Revision = was.Revision + 1
	for i := range is.Accounts {
		a := &is.Accounts[i]
		if a.ID == "A-a" { // suspected: a person says that it was the intruder
			a.Verdict, a.DecidedBy, a.Why = AccountCompromised, "suzuki", event.Words{Ja: "本人が否定", En: "the owner denies it"}
		}
	}
	is.Addresses = append(is.Addresses, Address{IP: netip.MustParseAddr("198.51.100.9"), Verdict: AddressAttacker, Why: event.Words{Ja: "理由", En: "reason"}})
	is.Hosts = nil
	is.Inputs = append(is.Inputs, Input{Path: "new.log", Records: 5, Parsed: 5, SHA256: "00"})
	is.Decisions = append(is.Decisions, Decision{By: "suzuki", What: "A-a", Why: "phone"})
	x := Compare(was, is)
	told := map[string]NumberChange{}
	for _, n := range x.Numbers {
		told[n.Key] = n
	}
	if n := told["accounts.compromised"]; n.Was.En != "1" || n.Is.En != "2" || n.Why.En != "new: a@lab.example" {
		t.Errorf("accounts.compromised: %+v", n)
	}
	if n := told["accounts.suspected"]; n.Was.En != "1" || n.Is.En != "0" || n.Why.En != "no more: a@lab.example" {
		t.Errorf("accounts.suspected: %+v", n)
	}
	if n := told["addresses.attacker"]; !strings.Contains(n.Why.En, "198.51.100.9") {
		t.Errorf("addresses.attacker: %+v", n)
	}
	if n := told["records"]; n.Was.En != "3" || n.Is.En != "8" || !strings.Contains(n.Why.En, "new.log") {
		t.Errorf("records: %+v", n)
	}
	members := map[string]VerdictChange{}
	for _, m := range x.Members {
		members[m.ID] = m
	}
	if m := members["A-a"]; m.Was != "suspected" || m.Is != "compromised" || !strings.HasPrefix(m.Why.En, "decided by suzuki") {
		t.Errorf("A-a: %+v", m)
	}
	for i := range was.Hosts {
		if m, ok := members[was.Hosts[i].Name]; !ok || m.Is != "" || m.Was == "" {
			t.Errorf("host %s is gone, and told so: %+v", was.Hosts[i].Name, m)
		}
	}
	a, _ := json.Marshal(x)
	b, _ := json.Marshal(Compare(was, is))
	if string(a) != string(b) {
		t.Error("the same revisions give other changes")
	}
}

// The terms that moved a verdict are named, the one that moved most first.
func TestCompareTerms(t *testing.T) {
	was, is := sample(), sample()
	for i := range was.Accounts {
		if was.Accounts[i].ID == "A-a" {
			was.Accounts[i].Terms = []Term{{Name: "own-history", Nats: -3}, {Name: "hours", Nats: 0.5}}
			is.Accounts[i].Terms = []Term{{Name: "hours", Nats: 0.7}, {Name: "own-history", Nats: 0.2}, {Name: "kind", Nats: 0.05}}
			is.Accounts[i].Verdict = AccountCompromised
		}
	}
	x := Compare(was, is)
	if len(x.Members) != 1 || !strings.Contains(x.Members[0].Why.En, "own-history -3.0 → +0.2, hours +0.5 → +0.7)") {
		t.Fatalf("%+v", x.Members)
	}
}
