// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/intake/listen"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

// TestStatus holds that both languages show the same numbers, in columns that stand under their heads, and that nothing that came from outside
// reaches the terminal as a control.
func TestStatus(t *testing.T) {
	s := &node.ServeStatus{Healthy: true, Ready: true, Since: time.Date(2026, 11, 23, 9, 0, 0, 0, time.Local), Version: "1"}
	s.Vault.Records, s.Watch.Events = 12345, 678
	s.Asked = []node.AskedStatus{{Source: "m365", Content: "Audit.Exchange", Problem: "a\x1bb", Gaps: 4711, Owed: 4712}}
	s.Replicas = []node.ReplicaStatus{{Name: "nas\x1b", Path: "/mnt/nas", Blocks: 8642, Behind: 97531, Problem: "c\x1bd", Since: s.Since}, {Name: "other", Path: "/mnt/o", Other: true, Problem: "e", Shrank: 2, SameDisk: true}}
	s.Sources = []listen.Count{{Source: "mail1", Offered: 1234567, Sealed: 1234560, Rejected: map[string]int64{"malformed": 7}}, {Source: "evil\x1b[2J", Offered: 1, Sealed: 1}}
	s.Rules = &node.RulesStatus{Refused: []node.RefusedRule{{File: "a\x1b.yml", Line: 3, Reason: "r"}}, Unusable: 1}
	for _, lang := range []report.Lang{report.Ja, report.En} {
		var b strings.Builder
		(&statusPrinter{&b, lang}).print(s)
		out := b.String()
		for _, want := range []string{"12345", "678", "1234567", "mail1", "Audit.Exchange", "4711", "4712", "8642", "97531", "/mnt/nas"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s is not in\n%s", want, out)
			}
		}
		if strings.ContainsRune(out, 0x1b) {
			t.Errorf("a control goes to the terminal:\n%q", out)
		}
		lines := strings.Split(strings.TrimSpace(out), "\n")
		end := func(line, word string) int { return width(line[:strings.Index(line, word)]) }
		head, row := lines[len(lines)-3], lines[len(lines)-2]
		word := map[report.Lang]string{report.Ja: "送信元", report.En: "source"}[lang]
		if end(head, word) != end(row, "mail1") {
			t.Errorf("columns do not stand under each other:\n%s\n%s", head, row)
		}
	}
}
