// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/internal/golden"
	"github.com/sekisho/sekisho/report"
)

// TestScoreText compares what people read of a score, in both languages.
func TestScoreText(t *testing.T) {
	from := filepath.Join("..", "..", "drill", "testdata", "score")
	truth, err := drill.ReadTruth(filepath.Join(from, "truth.json"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(from, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := drill.Score(truth, text)
	if err != nil {
		t.Fatal(err)
	}
	r.Asking = []drill.Asking{
		{Right: 1, Questions: 4, Unknown: 1, Rounds: 3, Ended: drill.AllKnown, Victims: 2, Before: 1, After: 2},
		{Right: 0.95, Questions: 9, Unknown: 1, Wrong: 1, Rounds: 8, Ended: drill.NoMoreQuestions, Victims: 2, Before: 1, After: 1, Accused: []string{"plain@lab.example"}},
		{Right: 0.9, Questions: 200, Wrong: 20, Rounds: 200, Ended: drill.AskedEnough, Victims: 2, Before: 1, After: 0, Lost: []string{"hana@lab.example"}},
	}
	for _, lang := range []report.Lang{report.Ja, report.En} {
		var b bytes.Buffer
		if err := tellScore(&b, r, lang); err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join("testdata", "golden", "score."+string(lang)), b.Bytes())
	}
}
