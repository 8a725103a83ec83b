// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestCaseKeysAreDescribed: every key of a case.json as it is written stands in the page that describes it: also those that only some cases
// have, such as claims, stories, lists of indicators, and records that are astray.
func TestCaseKeysAreDescribed(t *testing.T) {
	page, err := os.ReadFile("../docs/reference/case.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var log strings.Builder
	for i := range 120 {
		at := time.Date(2025, 6, 2, 3, 0, 0, 0, time.UTC).Add(time.Duration(i) * 13 * time.Minute).Format(time.RFC3339)
		log.WriteString(at + " gw1 sshd[7]: Failed password for root from 203.0.113.7 port 4022 ssh2\n")
		if i%3 == 0 {
			log.WriteString(at + " gw1 sshd[7]: Accepted password for taro from 198.51.100.2 port 4023 ssh2\n")
		}
	}
	log.WriteString("2099-01-01T00:00:00Z gw1 sshd[7]: Accepted password for taro from 203.0.113.7 port 4024 ssh2\n")
	path, list := filepath.Join(dir, "auth.log"), filepath.Join(dir, "bad.txt")
	for p, text := range map[string]string{path: log.String(), filepath.Join(dir, "copy.log"): log.String(), list: "203.0.113.7\n203.0.113.7 # again\nnothing here\n"} {
		if err := os.WriteFile(p, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := Investigate(context.Background(), Options{Paths: []string{path, filepath.Join(dir, "copy.log")}, Out: filepath.Join(dir, "case"), Intel: []IntelFile{{Path: list}},
		Claims: []Claim{{Form: "no-login", Address: "203.0.113.7", By: "Example Cloud", At: time.Date(2025, 6, 9, 0, 0, 0, 0, time.UTC), Text: "all attempts failed"}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []bool{len(out.Case.Claims) > 0, len(out.Case.Intel) > 0, out.Case.Alerts != nil} {
		if !want {
			t.Errorf("the case lacks what it is made for: %d claims, %d lists, alerts %v", len(out.Case.Claims), len(out.Case.Intel), out.Case.Alerts)
		}
	}
	text, err := os.ReadFile(filepath.Join(out.Dir, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	var c any
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	missing := map[string]bool{}
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(at, x)
			}
		case map[string]any:
			for key, x := range v {
				if at == "numbers" || at == "below" { // what was counted: its keys are words of findings
					continue
				}
				if !strings.Contains(string(page), "`"+key+"`") {
					missing[at+"."+key] = true
				}
				walk(key, x)
			}
		}
	}
	walk("", c)
	if len(missing) > 0 {
		t.Errorf("docs/reference/case.md does not describe %v", missing)
	}
}
