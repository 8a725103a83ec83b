// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/sekisho/sekisho/formats"
)

// TestWhyUnread has Japanese for every reason that the formats give.
func TestWhyUnread(t *testing.T) {
	for _, err := range formats.Reasons() {
		if w := whyUnread(err.Error()); w.Ja == w.En {
			t.Errorf("no Japanese for %q", err)
		}
	}
	if w := whyUnread("x"); w.Ja != "x" {
		t.Errorf("%+v", w)
	}
}
