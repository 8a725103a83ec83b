// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// TestListNamed: an account that woke after a long time is cleared by its logins where nothing was compromised, and waits for its owner where
// something was. A finding of high severity leaves it open either way.
func TestListNamed(t *testing.T) {
	for _, x := range []struct {
		detector string
		severity cases.Severity
		host     cases.HostVerdict
		want     cases.AccountVerdict
	}{
		{"dormant-account", cases.Medium, cases.HostReached, cases.AccountCleared},
		{"dormant-account", cases.Medium, cases.HostCompromised, cases.AccountUndetermined},
		{"dormant-account", cases.Low, cases.HostCompromised, cases.AccountCleared},
		{"impossible-travel", cases.Medium, cases.HostCompromised, cases.AccountCleared},
		{"success-after-guessing", cases.High, cases.HostReached, cases.AccountUndetermined},
	} {
		v := &investigation{covered: true, know: &knower{people: []*event.Account{nil, {Handle: 1, ID: "A-1", Name: "u1@lab.example"}}}}
		c := &cases.Case{Hosts: []cases.Host{{Name: "srv1", Verdict: x.host}}, Findings: []cases.Finding{{ID: "F-1", Detector: x.detector, Severity: x.severity,
			Subjects: cases.Subjects{Accounts: []string{"A-1"}}}}}
		v.listNamed(c)
		if len(c.Accounts) != 1 || c.Accounts[0].Verdict != x.want {
			t.Errorf("%+v: got %+v", x, c.Accounts)
		}
	}
}
