// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
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
