// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// perfect writes the case that a flawless investigation of the truth would give.
func perfect(truth *Truth) map[string]any {
	var accounts, addresses, hosts, findings []map[string]any
	for i, a := range truth.Accounts {
		accounts = append(accounts, map[string]any{"id": fmt.Sprint("A-", i), "name": strings.ToUpper(a.Mail), "aliases": []string{a.UID}, "verdict": "compromised", "group": a.Group, "cause": a.Cause})
	}
	for _, a := range truth.Addresses {
		addresses = append(addresses, map[string]any{"ip": a.IP, "verdict": "attacker"})
	}
	for _, s := range truth.Shared {
		addresses = append(addresses, map[string]any{"ip": s.IP, "verdict": "shared"})
	}
	for _, h := range truth.Hosts {
		hosts = append(hosts, map[string]any{"name": h.Name, "ip": h.IP, "verdict": h.Verdict})
	}
	for i, a := range truth.Acts {
		if len(a.Detectors) > 0 {
			findings = append(findings, map[string]any{"id": fmt.Sprint("F-", i), "detector": a.Detectors[0], "severity": "high", "first": a.From, "last": a.To, "alerted": a.From.Add(time.Hour),
				"subjects": map[string]any{"addresses": a.Addresses, "hosts": a.Hosts}})
		}
	}
	return map[string]any{"schema": "sekisho.case/1", "verdict": truth.Verdict, "accounts": accounts, "addresses": addresses, "hosts": hosts, "findings": findings}
}

func score(t *testing.T, truth *Truth, c map[string]any) *Result {
	t.Helper()
	data, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Score(truth, data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestScorePerfect(t *testing.T) {
	_, truth := shared(t, AIST)
	r := score(t, truth, perfect(truth))
	if f := r.Failures(); len(f) > 0 {
		t.Errorf("a perfect case fails: %v", f)
	}
	if r.Accounts.Found != len(truth.Accounts) || r.Accounts.Precision != 1 || r.Addresses.Recall != 1 || r.Addresses.Precision != 1 || r.Hosts.Recall != 1 {
		t.Errorf("a perfect case scores %+v", r)
	}
	if r.GroupsRight != len(truth.Accounts) || r.CausesRight != len(truth.Accounts) {
		t.Errorf("groups %d, causes %d of %d", r.GroupsRight, r.CausesRight, len(truth.Accounts))
	}
	for i, a := range r.Acts {
		if want := len(truth.Acts[i].Detectors) > 0; a.Seen != want || a.Seen && *a.Lead > 1.001 {
			t.Errorf("act %+v, seen should be %t", a, want)
		}
	}
	var text strings.Builder
	if err := r.WriteText(&text); err != nil || !strings.Contains(text.String(), "recall 1.000") {
		t.Errorf("%v\n%s", err, text.String())
	}
}

func TestScoreFaults(t *testing.T) {
	_, truth := shared(t, AIST)
	c := perfect(truth)
	accounts := c["accounts"].([]map[string]any)
	accounts[0]["verdict"] = "suspected"
	accounts[1]["verdict"] = "cleared"
	c["accounts"] = append(accounts, map[string]any{"id": "A-x", "name": truth.Odd[0].Mail, "verdict": "compromised"})
	for _, a := range c["addresses"].([]map[string]any) {
		if a["ip"] == "130.54.101.9" {
			a["verdict"] = "attacker"
		}
	}
	c["findings"] = nil
	r := score(t, truth, c)
	if len(r.Accounts.Missed) != 2 || len(r.Accounts.Suspected) != 1 || len(r.Accounts.Wrong) != 1 || !strings.Contains(r.Accounts.Wrong[0], truth.Odd[0].Why) {
		t.Errorf("accounts: %+v", r.Accounts)
	}
	if len(r.SharedCalledAttacker) != 1 || len(r.Addresses.Wrong) != 1 || !strings.Contains(r.Addresses.Wrong[0], "university") {
		t.Errorf("addresses: %+v, shared %v", r.Addresses, r.SharedCalledAttacker)
	}
	if len(r.Failures()) != 3 {
		t.Errorf("failures: %q", r.Failures())
	}
	if r.FirstAlarm != nil {
		t.Error("an alarm out of nothing")
	}
	for _, bad := range []string{"", "{}", `{"schema":"other/1"}`, "[1]"} {
		if _, err := Score(truth, []byte(bad)); err == nil {
			t.Errorf("%q was scored", bad)
		}
	}
}

// TestScoreQuiet checks that a quiet drill asks for silence.
func TestScoreQuiet(t *testing.T) {
	_, truth := shared(t, AISTQuiet)
	c := perfect(truth)
	if r := score(t, truth, c); len(r.Failures()) > 0 || r.Accounts.Precision != 1 {
		t.Errorf("a quiet case fails: %v", r.Failures())
	}
	c["verdict"] = "suspicious"
	c["findings"] = []map[string]any{{"id": "F-1", "detector": "upload", "severity": "high"}}
	if r := score(t, truth, c); len(r.Failures()) != 2 {
		t.Errorf("failures: %q", r.Failures())
	}
}
