// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func TestPeerOpenLDAP(t *testing.T) {
	t.Run("wazuh", func(t *testing.T) {
		var lines []string
		for _, l := range strings.Split(string(peerFile(t, "wazuh-ruleset-tests/openldap.ini")), "\n") {
			if k, v, ok := strings.Cut(l, " = "); ok && strings.HasPrefix(k, "log ") {
				lines = append(lines, v)
			}
		}
		events, errs := readLines(lines)
		for i, err := range errs {
			if err != nil {
				t.Errorf("line %d: %v: %s", i+1, err, lines[i])
			}
		}
		failed := 0
		for i := range events {
			if events[i].Class == event.ClassAuthentication && events[i].Outcome == event.OutcomeFailure {
				failed++
			}
		}
		t.Logf("wazuh: %d lines, all understood, %d events, %d failed logins", len(lines), len(events), failed)
		if failed != 1 {
			t.Errorf("%d failed logins, want 1", failed)
		}
	})
}

func TestPeer389DS(t *testing.T) {
	for path, want := range map[string]struct{ logons, searches int }{
		"389ds/test-files/access-comprehensive.log": {5, 2},
		"389ds/tests/test.log":                      {1, 1},
	} {
		events := checkUnderstood(t, path)
		logons, searches := 0, 0
		for i := range events {
			switch {
			case events[i].Format != "389ds":
				t.Errorf("%s: event of format %s", path, events[i].Format)
			case events[i].Class == event.ClassAuthentication:
				logons++
			case events[i].Class == event.ClassDirectory:
				searches++
			}
		}
		if logons != want.logons || searches != want.searches {
			t.Errorf("%s: %d logins and %d searches, want %d and %d", path, logons, searches, want.logons, want.searches)
		}
	}
}
