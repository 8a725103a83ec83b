// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"os"
	"testing"
)

// TestPlainStamp holds the short way to read a head against the long one.
func TestPlainStamp(t *testing.T) {
	check := func(line []byte) {
		t.Helper()
		quick, ok1 := sniffSyslog(line)
		slow, _, ok2 := splitSyslog(line)
		if ok1 != ok2 || ok1 && (!bytes.Equal(quick.Host, slow.Host) || !bytes.Equal(quick.Program, slow.Program) || !bytes.Equal(quick.PID, slow.PID) || !bytes.Equal(quick.Message, slow.Message)) {
			t.Errorf("%q\nquick %v %q %q %q\nslow  %v %q %q %q", line, ok1, quick.Host, quick.Program, quick.Message, ok2, slow.Host, slow.Program, slow.Message)
		}
	}
	for _, l := range []string{"Jan  2 15:04:05 h sshd[1]: x", "Feb 29 15:04:05 h sshd: x", "Feb 30 15:04:05 h sshd: x", "Jan 02 24:04:05 h p: x", "Jan  2 15:04:60 h p: x",
		"<13>Jan  2 15:04:05 h p: x", "Jan 12 15:04:05 2025 h p: x", "Jan 12 15:04:05.123 h p: x", "Jan 12 15:04:05  h p: x", "Jan  0 15:04:05 h p: x", "Jan 32 15:04:05 h p: x",
		"Jan 12 15:04:05 9host p: x", "Jan 2  15:04:05 h p: x", "Jan 12 15:04:05 p: x", "Jan 12 15:04:05 h", "Jan 12 15:04:05 "} {
		check([]byte(l))
	}
	for _, path := range samples(t) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range bytes.Split(data, []byte("\n")) {
			check(l)
		}
	}
}
