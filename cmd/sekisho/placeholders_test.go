// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestPlaceholdersThatAreNone: a file that is no YAML is told of, by its name, in both languages.
func TestPlaceholdersThatAreNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(path, []byte("admins: [a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := readPlaceholders(path)
	w := event.Telling(err)
	if err == nil || !strings.Contains(w.En, path+": this is no YAML") || !strings.Contains(w.Ja, path+"：YAML") {
		t.Errorf("got %q, %q", w.Ja, w.En)
	}
}
