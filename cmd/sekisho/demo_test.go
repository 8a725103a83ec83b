// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/sekisho/sekisho/report"
)

// TestAgo checks how a time before or after something is said: never as minus nought, and one of a thing as one.
func TestAgo(t *testing.T) {
	for hours, want := range map[float64][2]string{-0.01: {"0 hours after", "0 時間後"}, 0: {"0 hours after", "0 時間後"}, -1: {"1 hour before", "1 時間前"}, 1.5: {"1.5 hours after", "1.5 時間後"}, -72: {"3 days before", "3 日前"}} {
		if got := ago(hours, report.En); got != want[0] {
			t.Errorf("%v: %s, want %s", hours, got, want[0])
		}
		if got := ago(hours, report.Ja); got != want[1] {
			t.Errorf("%v: %s, want %s", hours, got, want[1])
		}
	}
}
