// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/node"
)

// TestInterruptedSaysWhatTheCaseIs: an interrupt after the reading has ended leaves a whole case, and it is not called partial.
func TestInterruptedSaysWhatTheCaseIs(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	for partial, want := range map[bool]string{true: "is partial and says so", false: "is whole"} {
		err := (&investigateFlags{}).status(ctx, &node.Outcome{Understood: true, Dir: "c", Case: &cases.Case{Partial: partial}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("partial %v: %v, want %q", partial, err, want)
		}
	}
}
