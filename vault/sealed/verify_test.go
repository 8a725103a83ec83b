// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/sekisho/sekisho/vault"
)

// verify verifies a folder with the tests' key.
func verify(t testing.TB, dir string, against ...string) *Report {
	t.Helper()
	r, err := Verify(context.Background(), dir, VerifyOptions{Trust: testKey(t).Fingerprint(), Against: against})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func describe(r *Report) string {
	b, _ := json.MarshalIndent(r, "", " ")
	return string(b)
}

func copyFolder(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "vault")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// fill makes a vault of n appends of some records, and a copy of it as it was half way.
func fill(t testing.TB, n int) (dir, before string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "vault")
	at := 0
	for half := range 2 {
		l, _ := open(t, dir, Options{MaxSegment: 6 << 10, Origin: "vault.example.org/test"})
		for i := range n / 2 {
			appendLines(t, l, lines(at, 1+i%5))
			at += 1 + i%5
		}
		closeLog(t, l)
		if half == 0 {
			before = copyFolder(t, dir)
		}
	}
	return dir, before
}

func TestVerify(t *testing.T) {
	dir, before := fill(t, 600)
	r := verify(t, dir)
	if !r.OK || r.Blocks != 600 || r.Checkpoint != 600 || r.Signature != vault.SignatureTrusted || r.Unsigned != nil {
		t.Fatalf("%s", describe(r))
	}
	if r := verify(t, dir, before, filepath.Join(before, checkpointName)); !r.OK || len(r.Against) != 2 {
		t.Errorf("against an earlier state of itself: %s", describe(r))
	}
	// The whole put back to an earlier state is sound in itself; only what was kept elsewhere shows it.
	if r := verify(t, before); !r.OK {
		t.Errorf("an earlier state: %s", describe(r))
	}
	r = verify(t, before, dir)
	if r.OK || r.Faults[0].Kind != FaultRollback || r.Faults[0].Records.From != 900 || r.Faults[0].Records.To != 1800 {
		t.Errorf("a rollback: %s", describe(r))
	}
	if r := verify(t, before, filepath.Join(dir, checkpointName)); r.OK || r.Faults[0].Kind != FaultRollback {
		t.Errorf("a rollback, with a checkpoint alone: %s", describe(r))
	}
	// A history that went on otherwise from there.
	fork := copyFolder(t, before)
	l, _ := open(t, fork, Options{})
	for i := range 400 {
		appendLines(t, l, lines(10*i, 1))
	}
	closeLog(t, l)
	if r := verify(t, fork); !r.OK {
		t.Errorf("a fork alone: %s", describe(r))
	}
	r = verify(t, fork, dir)
	if r.OK || r.Faults[0].Kind != FaultFork || r.Faults[0].Blocks.From != 300 {
		t.Errorf("a fork: %s", describe(r))
	}
}

// TestVerifyRunning verifies while it is written, and after a crash.
func TestVerifyRunning(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{MaxSegment: 8 << 10, Every: 1})
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := l.Append(context.Background(), lines(i, 1)); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for range 20 {
		if r := verify(t, dir); !r.OK {
			t.Errorf("%s", describe(r))
			break
		}
	}
	close(stop)
	<-stopped
	closeLog(t, l)
}
