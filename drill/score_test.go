// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/golden"
)

// perfect writes the case that a flawless investigation of the truth would give.
func perfect(truth *Truth) map[string]any {
	var accounts, addresses, hosts, findings []map[string]any
	for i, a := range truth.Accounts {
		accounts = append(accounts, map[string]any{"id": fmt.Sprint("A-", i), "name": strings.ToUpper(a.key()), "aliases": []string{a.UID}, "verdict": "compromised", "group": a.Group, "cause": a.Cause})
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
	if f := r.Failures("en"); len(f) > 0 {
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
	for sev, k := range r.Noise.Severities {
		if k.False+k.Beside > 0 {
			t.Errorf("%s findings of a perfect case: %+v, false %v", sev, k, r.Noise.False)
		}
	}
	if n := r.ActCount; n.Seen != n.Expected || n.Knowable+len(n.InNoLog) != n.All || n.All != len(truth.Acts) || *n.Median != 1 {
		t.Errorf("acts of a perfect case: %+v", n)
	}
	if *r.FirstAlarmAct != 1 || *r.FirstAlarm >= 0 {
		t.Errorf("first alarm %v hours from the first act, %v from the first login", *r.FirstAlarmAct, *r.FirstAlarm)
	}
}

// TestScoreOneVictimLess checks that a victim who is not found lowers the recall of accounts and nothing else.
func TestScoreOneVictimLess(t *testing.T) {
	_, truth := shared(t, AIST)
	c := perfect(truth)
	whole := score(t, truth, c)
	accounts := c["accounts"].([]map[string]any)
	for i := range accounts {
		c["accounts"] = slices.Concat(accounts[:i:i], accounts[i+1:])
		r := score(t, truth, c)
		if r.Accounts.Recall >= whole.Accounts.Recall || len(r.Accounts.Missed) != 1 || r.Accounts.Found != whole.Accounts.Found-1 {
			t.Fatalf("without victim %d: %+v", i, r.Accounts)
		}
		r.Accounts = whole.Accounts
		r.GroupsRight, r.CausesRight = r.GroupsRight+1, r.CausesRight+1
		a, _ := json.Marshal(r)
		if b, _ := json.Marshal(whole); string(a) != string(b) {
			t.Fatalf("without victim %d more changed than the recall of accounts:\n%s\n%s", i, a, b)
		}
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
	if len(r.Failures("en")) != 3 {
		t.Errorf("failures: %q", r.Failures("en"))
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
	if r := score(t, truth, c); len(r.Failures("en")) > 0 || r.Accounts.Precision != 1 {
		t.Errorf("a quiet case fails: %v", r.Failures("en"))
	}
	c["verdict"] = "suspicious"
	c["findings"] = []map[string]any{{"id": "F-1", "detector": "upload", "severity": "high"}}
	if r := score(t, truth, c); len(r.Failures("en")) != 2 {
		t.Errorf("failures: %q", r.Failures("en"))
	}
}

// TestScoreGolden scores a small case, written by hand, whose every number can be counted by hand.
func TestScoreGolden(t *testing.T) {
	truth, c := byHand(t)
	r, err := Score(truth, c)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, filepath.Join("testdata", "score", "score.json"), append(got, '\n'))
}

func byHand(t *testing.T) (*Truth, []byte) {
	t.Helper()
	truth, err := ReadTruth(filepath.Join("testdata", "score", "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := os.ReadFile(filepath.Join("testdata", "score", "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	return truth, c
}

// TestScoreOtherDrill checks that a case of other logs is refused, and one of fewer or renamed logs is not.
func TestScoreOtherDrill(t *testing.T) {
	truth, text := byHand(t)
	for _, c := range []struct{ from, to, says string }{
		{`"records": 100`, `"records": 100`, ""},
		{`"records": 100`, `"records": 101`, "have another number of records"},
		{`in/logs/vpn/`, `in/records/vpn/`, ""},
		{`"to": "2025-06-29T00`, `"to": "2024-06-29T00`, "of 2025-06-09 to 2024-06-29"},
		{`sekisho.case/1`, `sekisho.drill-truth/1`, "its schema is"},
		{`"verdict": "breach"`, `"verdict": 7`, "read case"},
	} {
		_, err := Score(truth, []byte(strings.Replace(string(text), c.from, c.to, 1)))
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s → %s: %v", c.from, c.to, err)
		}
	}
	for _, bad := range []string{"", "{}", `{"schema":"sekisho.case/1"}`} {
		path := filepath.Join(t.TempDir(), "truth.json")
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadTruth(path); err == nil {
			t.Errorf("%q was read as a truth", bad)
		}
	}
}

// TestPerson checks who answers what, and that they err and do not know as often as they should.
func TestPerson(t *testing.T) {
	truth, _ := byHand(t)
	for _, c := range []struct {
		q    Question
		want string
	}{
		{Question{Account: "hana@lab.example", Address: "203.0.113.7"}, "no"}, {Question{Account: "HANA@lab.example", Address: "198.51.100.1"}, "yes"},
		{Question{Account: `LAB\h0`, Address: "133.11.204.66"}, "no"}, {Question{Account: "h0", Address: "10.0.0.1"}, "no"}, {Question{Account: "honest@lab.example", Address: "203.0.113.7"}, "yes"},
		{Question{Account: "hana@lab.example"}, "no"}, {Question{Account: "honest@lab.example"}, "yes"}, {Question{Address: "203.0.113.7"}, "no"},
		{Question{Address: "133.11.204.66"}, "yes"}, {Question{Host: "VPN1"}, "no"}, {Question{Host: "fs1"}, "yes"},
	} {
		right, unknown := 0, 0
		for i := range 2000 {
			c.q.ID = fmt.Sprint("Q-", i)
			sure, _ := truth.Person(1).Answer(c.q)
			better, wrong := truth.Person(0.95).Answer(c.q)
			worse, also := truth.Person(0.9).Answer(c.q)
			right += btoi(worse == c.want)
			unknown += btoi(sure == "unknown")
			if sure != "unknown" && (sure != c.want || wrong != (better != sure) || also != (worse != sure) || wrong && !also) || sure == "unknown" && worse != sure {
				t.Fatalf("%+v: %s, %s (wrong %t), %s (wrong %t); want %s", c.q, sure, better, wrong, worse, also, c.want)
			}
		}
		if unknown < 150 || unknown > 250 || right < 1560 || right > 1680 { // 10 %, and 81 %
			t.Errorf("%+v: right %d and unknown %d of 2000", c.q, right, unknown)
		}
	}
}

func TestEntered(t *testing.T) {
	_, truth := shared(t, AIST)
	for i := range truth.Accounts {
		if a := &truth.Accounts[i]; len(a.Logs) > 0 && (!truth.Entered(a.UID) || !truth.Entered("nobody@elsewhere.example", strings.ToUpper(a.key()))) {
			t.Errorf("%s was entered", a.UID)
		}
	}
	if truth.Entered("nobody@elsewhere.example") || truth.Entered() {
		t.Error("an account that does not exist was entered")
	}
}
