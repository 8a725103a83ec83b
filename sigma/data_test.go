// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// shared returns a folder of data that others wrote and that is not kept here; the test is skipped where there is none.
func shared(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir = filepath.Dir(dir); dir == filepath.Dir(dir) {
			t.Skip("no go.mod above")
		}
	}
	dir = filepath.Join(filepath.Dir(dir), "shared", "data", name)
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no %s here: these are rules and records of others, which are not part of the project", name)
	}
	return dir
}

// TestCorpus reads the whole public collection of rules: all of it is within the specification.
func TestCorpus(t *testing.T) {
	begin := time.Now()
	s := Load(ReadOptions{}, Root{FS: os.DirFS(shared(t, "sigma-rules"))})
	t.Logf("%d files, %d rules in %v", s.Files, len(s.Rules), time.Since(begin))
	for _, e := range s.Errors {
		t.Error(e)
	}
	needs := 0
	for _, r := range s.Rules {
		if len(r.Needs) > 0 {
			needs++
			t.Logf("%s needs %v", r.File, r.Needs)
		}
	}
	if len(s.Rules) < 3700 || needs > 5 {
		t.Errorf("%d rules, of which %d need values", len(s.Rules), needs)
	}
}

func scalar(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }
