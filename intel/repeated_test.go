// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"io"
	"strings"
	"testing"
)

// TestRepeated: a value counts once in each list, and a table with a Japanese header is one.
func TestRepeated(t *testing.T) {
	s := New()
	read := func(name, text string) *List {
		l, err := s.Read(Source{Path: name}, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	a := read("a.txt", "203.0.113.7\n203.0.113.7 # again\n198.51.100.1\n203.0.113.7\n")
	b := read("b.csv", "種別,値,備考\nIPアドレス,203.0.113.7,C2\nドメイン,evil.example.com,x\nIPアドレス,203.0.113.7,C2\n")
	s.Finish()
	if a.Indicators != 2 || a.Repeated != 2 {
		t.Errorf("a: %d indicators, %d repeated", a.Indicators, a.Repeated)
	}
	if b.Format != "csv" || b.Indicators != 2 || b.Repeated != 1 || len(b.LeftOut) != 0 {
		t.Errorf("b: %+v", b)
	}
}
