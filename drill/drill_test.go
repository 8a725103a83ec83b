// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"context"
	"os"
	"testing"
	"time"
)

func TestTry(t *testing.T) {
	dir := os.Getenv("DRILL_OUT")
	if dir == "" {
		t.Skip("DRILL_OUT names no folder")
	}
	start := time.Now()
	truth, err := Generate(context.Background(), dir, Options{Name: os.Getenv("DRILL_NAME")})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d lines in %v", truth.Lines, time.Since(start))
}
