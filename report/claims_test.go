// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// TestClaimsAreShown: what others stated stands in the report with what the records show of it, and can put nothing into the page.
func TestClaimsAreShown(t *testing.T) {
	at := cases.At(time.Date(2025, 6, 10, 0, 0, 0, 0, time.UTC))
	c := &cases.Case{Schema: cases.Schema, Revision: 1, Verdict: cases.CaseUndetermined, Generated: at, Window: cases.Span{From: at, To: at},
		Inputs: []cases.Input{{Path: "a.log", Status: "not-understood", TimezoneFrom: "neighbour", Timezone: "UTC+09:00", Astray: &cases.Astray{Events: 2, First: at, Last: at}}}}
	page := func() string {
		b, err := HTML(&Data{Case: c})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if strings.Contains(page(), `id="claims"`) {
		t.Error("a section of claims without any")
	}
	c.Claims = []cases.Claim{{ID: "L-1", Form: "no-login", By: "Example <b>Cloud</b>", Via: "mail", At: at, Text: "all attempts failed", Answer: "refuted", Subject: cases.Subject{Address: "203.0.113.7"},
		From: at, To: at + 2*86400*1e6, Why: event.Words{Ja: "反対を示す記録が 2 件ある", En: "2 records show the opposite"}, Evidence: []cases.Evidence{{Input: "a.log", Parts: []cases.Part{{Line: 7}}}}}}
	text := page()
	for _, want := range []string{`id="claims"`, `#claims`, "Example &lt;b&gt;Cloud&lt;/b&gt;", "記録と矛盾する", "refuted", "反対を示す記録が 2 件ある", "a.log:7", "2025-06-10 – 2025-06-11", "all attempts failed", "203.0.113.7",
		"どの記録も読み取れない", "ほかのファイルの記録による", "時刻が正しいとは考えにくい記録 2 件"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not have %q", want)
		}
	}
	for _, not := range []string{"<b>Cloud", `lang="ja">neighbour`, `lang="ja">not-understood`} {
		if strings.Contains(text, not) {
			t.Errorf("the report has %q", not)
		}
	}
}
