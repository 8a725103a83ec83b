// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"os"
	"reflect"
	"runtime"
	"slices"
	"syscall"
	"testing"
)

// asNobody runs do on a thread that may read what everybody may and nothing else, also where the test is run by root.
func asNobody(t *testing.T, do func()) {
	t.Helper()
	if os.Getuid() != 0 {
		do()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		if err := syscall.Setfsuid(65534); err != nil {
			t.Error(err)
			return
		}
		do()
	}()
	<-done
}

func TestNoPermission(t *testing.T) {
	dir := lay(t, "logs/open.log", "logs/closed.log", "logs/locked/in.log")
	// The folders above must let everybody through for the test to be about what it names.
	for _, d := range []string{dir, dir + "/.."} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod("logs/closed.log", 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod("logs/locked", 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod("logs/locked", 0o700) })
	asNobody(t, func() {
		in, err := Discover([]string{"logs"}, Search{})
		if err != nil {
			t.Error(err)
			return
		}
		paths, problems := found(in)
		if !reflect.DeepEqual(paths, []string{"logs/closed.log", "logs/open.log"}) || !reflect.DeepEqual(problems, []string{"logs/locked no-permission"}) {
			t.Errorf("got %q, %q", paths, problems)
		}
		if _, err := Open(in.Files[0], Options{}); err == nil {
			t.Error("the closed file was opened")
		} else if p := ProblemOf(in.Files[0].Path, err); p.Kind != NoPermission || p.Do.Ja == "" {
			t.Errorf("got %+v", p)
		}
	})
}

func TestPipe(t *testing.T) {
	dir := lay(t, "logs/a.log")
	if err := syscall.Mkfifo("logs/pipe", 0o600); err != nil {
		t.Skip("no pipe can be made here: ", err)
	}
	in, err := Discover([]string{"logs"}, Search{})
	if _, problems := found(in); err != nil || !slices.Equal(problems, []string{"logs/pipe not-regular"}) {
		t.Errorf("got %q, %v", problems, err)
	}
	if _, err := Open(File{Path: dir + "/logs/pipe"}, Options{}); err == nil {
		t.Error("a pipe was opened")
	}
}
