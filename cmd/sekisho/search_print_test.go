// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"encoding/json"
	"strings"
	"testing"
)

// TestCSVOnATerminal: what a log holds is written to a file as it is, and never speaks to a terminal.
func TestCSVOnATerminal(t *testing.T) {
	const text = "\x1b]0;x\x07\u202eroot"
	for seen, want := range map[bool]string{false: text + "\n", true: "␛]0;x␇<U+202E>root\n"} {
		var out strings.Builder
		w := bufio.NewWriter(&out)
		p, err := newCSVPrinter(w, nil, true, seen)
		if err != nil {
			t.Fatal(err)
		}
		p.cells, p.texts = make([]string, 1), []bool{true}
		if err := p.row([]any{text}); err != nil {
			t.Fatal(err)
		}
		if err := p.end(); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		if got := strings.TrimLeft(out.String(), "\n"); got != want {
			t.Errorf("at a terminal %v: %q, want %q", seen, got, want)
		}
	}
}

// TestJSONOnATerminal: what could turn or hide text is escaped in JSON, and means the same to who reads that.
func TestJSONOnATerminal(t *testing.T) {
	for text, want := range map[string]string{
		"花子 é\u3000x":                  `["花子 é　x"]`,
		"a\u009b31mb\u0085\u007f":      `["a\u009b31mb\u0085\u007f"]`,
		"\u202eroot\u2066\u200b\ufeff": `["\u202eroot\u2066\u200b\ufeff"]`,
		"\U000E0041x😀":                 `["\udb40\udc41x😀"]`,
	} {
		raw, _ := json.Marshal([]string{text})
		var out strings.Builder
		w := bufio.NewWriter(&out)
		if err := writeJSON(w, raw); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		var back []string
		if err := json.Unmarshal([]byte(out.String()), &back); err != nil || back[0] != text {
			t.Errorf("%q came back as %q: %v", text, back, err)
		}
		if out.String() != want {
			t.Errorf("%q: %s, want %s", text, out.String(), want)
		}
	}
}
