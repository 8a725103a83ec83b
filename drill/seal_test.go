// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestSeal checks that a truth that was altered is known to be, and that of another exercise too.
func TestSeal(t *testing.T) {
	truth, r := rehearsal()
	path := filepath.Join(t.TempDir(), "truth.json")
	if err := truth.write(path); err != nil {
		t.Fatal(err)
	}
	r.Truth = truth.Seal
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, from, to, doubt string }{
		{"as it was made", "", "", ""},
		{"a name", "kuro@lab.example", "shiro@lab.example", TruthAltered},
		{"the seal", truth.Seal, unsealed, TruthAltered},
		{"without the seal", ` "sha256": "` + truth.Seal + "\",\n", "", TruthAltered},
		{"a blank", "\n", "\n ", TruthAltered},
	} {
		if err := os.WriteFile(path, bytes.Replace(text, []byte(c.from), []byte(c.to), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		read, err := ReadTruth(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := read.Doubt(r); got != c.doubt {
			t.Errorf("%s: %q, want %q", c.name, got, c.doubt)
		}
		if got := read.Doubt(nil); c.name != "without the seal" && got != c.doubt {
			t.Errorf("%s, without a record: %q, want %q", c.name, got, c.doubt)
		}
	}
	r.Truth = unsealed
	if got := truth.Doubt(r); got != TruthOther {
		t.Errorf("another exercise's: %q", got)
	}
	d, err := NewDebrief(truth, r, &Answers{}, nil, nil)
	if err != nil || d.Doubt != TruthOther {
		t.Errorf("%+v, %v", d, err)
	}
	if hand, _ := rehearsal(); hand.Doubt(nil) != "" {
		t.Error("a truth made by hand is doubted")
	}
}
