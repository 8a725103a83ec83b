// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"os"
	"testing"

	"github.com/sekisho/sekisho/event"
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

// TestSyslogHead reads lines one after another, with the last line's head at hand and without.
func TestSyslogHead(t *testing.T) {
	var e Env
	n, line, kept := 0, int64(0), 0
	check := func(b []byte) {
		t.Helper()
		line++
		before := e.syslogHead.n
		got, ok1 := e.splitSyslog(&event.Record{Part: event.Part{Line: line}, Data: b})
		want, when, ok2 := splitSyslog(b)
		n++
		if before > 0 && e.syslogHead.n == before {
			kept++
		}
		if ok1 != ok2 || ok1 && (!bytes.Equal(got.Host, want.Host) || !bytes.Equal(got.Program, want.Program) || !bytes.Equal(got.PID, want.PID) || !bytes.Equal(got.Message, want.Message) || e.syslogCivil != when) {
			t.Errorf("%q\nafter others %v %q %q %q %q %v\nalone        %v %q %q %q %q %v", b, ok1, got.Host, got.Program, got.PID, got.Message, e.syslogCivil, ok2, want.Host, want.Program, want.PID, want.Message, when)
		}
	}
	for _, l := range []string{"Jan  2 15:04:05 h sshd[1]: x", "Jan  2 15:04:05 h sshd[1]: [ID 800047 auth.info] y", "Jan  2 15:04:06 h sshd[1]:  z", "Jan  2 15:04:06 h sshd[1]: ", "Jan  2 15:04:06 h sshd[1]: a", "Feb 30 15:04:06 h sshd[1]: a",
		"Jan 12 15:04:06 h sshd[1]: a", "Jan 12 15:04:61 h sshd[1]: a", "<13>1 2025-01-02T03:04:05Z h p 7 - - m", "<13>1 2025-01-02T03:04:05Z h p 7 - - \xef\xbb\xbfm", "<13>1 2025-01-02T03:04:05Z h p 7 - - n", "Jan 12 15:04:06 2025 h sshd[1]: a", "Jan 13 15:04:06 2025 h sshd[1]: a"} {
		check([]byte(l))
		check([]byte(l + "!"))
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
	if kept < 100 { // of samples; of a log far more
		t.Errorf("of %d heads %d were kept", n, kept)
	}
}
