// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"time"

	"golang.org/x/sys/unix"
)

// monotonic returns the machine's clock that is never set, as systemd wants it of a reload: sd_notify(3).
func monotonic() time.Duration {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) != nil {
		return 0
	}
	return time.Duration(t.Nano())
}
