// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"os"
	"os/exec"
	"testing"
)

// Tests whose names begin with TestDaemon start a real daemon of Debian on loopback, let real clients succeed and fail at it, and hold
// the events of its log to what the clients did. Where a daemon is not installed they skip and say so. Where it is installed and does
// not start they skip, too, unless SEKISHO_DAEMONS is "required", as .ci/run sets it: then that is a fault.

// unable says that a daemon, though installed, cannot be asked here.
func unable(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("SEKISHO_DAEMONS") == "required" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// installed returns the path of a daemon or of a client, or skips the test. Under the race detector all of these are skipped: one goroutine
// reads what a daemon wrote, and most of their time is waiting for it.
func installed(t *testing.T, program, pkg string) string {
	t.Helper()
	if raced {
		t.Skip("a daemon's log is read by one goroutine")
	}
	for _, path := range []string{program, "/usr/sbin/" + program} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	t.Skipf("%s is not installed: apt-get install %s", program, pkg)
	return ""
}
