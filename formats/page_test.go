// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/golden"
)

// TestPages holds docs/reference/formats against what the formats say of themselves. A page of a format that is gone must go too.
func TestPages(t *testing.T) {
	dir := filepath.Join("..", "docs", "reference", "formats")
	all := All()
	want := map[string]bool{"README.md": true}
	for i := range all {
		name := all[i].Name + ".md"
		want[name] = true
		golden.Compare(t, filepath.Join(dir, name), []byte(all[i].Page()))
	}
	golden.Compare(t, filepath.Join(dir, "README.md"), []byte(Index(all)))
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".md") && !want[e.Name()] {
			t.Errorf("%s is the page of no format: remove it", e.Name())
		}
	}
}
