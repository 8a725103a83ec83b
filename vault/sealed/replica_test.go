// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestKeepUpCutOff ends a run after this block and that: the next one goes on from the last whole segment, and then the replica is right.
func TestKeepUpCutOff(t *testing.T) {
	dir, o := filepath.Join(t.TempDir(), "vault"), Options{MaxSegment: 6 << 10, Origin: "vault.example.org/test", Every: 1}
	grow := func(from, n int) {
		l, _ := open(t, dir, o)
		for i := range n {
			appendLines(t, l, lines(2*(from+i), 2))
		}
		closeLog(t, l)
	}
	grow(0, 150)
	begun := filepath.Join(t.TempDir(), "begun")
	if _, err := Replicate(context.Background(), dir, begun); err != nil {
		t.Fatal(err)
	}
	grow(150, 200)
	resumed := 0
	for at := int64(150); at < 350; at += 7 {
		to := copyFolder(t, begun)
		ctx, cut := context.WithCancel(context.Background())
		_, err := KeepUp(ctx, dir, to, KeepUpOptions{Copied: func(n int64) {
			if n == at {
				cut()
			}
		}})
		cut()
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("cut off at block %d: %v", at, err)
		}
		done, err := KeepUp(context.Background(), dir, to, KeepUpOptions{})
		if err != nil || done.Size != 350 || done.Was > at+1 {
			t.Fatalf("after it was cut off at block %d: %+v %v", at, done, err)
		}
		if done.Was > 150 {
			resumed++
		}
		if r := verify(t, to, dir); !r.OK || r.Records != 700 {
			t.Fatalf("after it was cut off at block %d: %s", at, describe(r))
		}
	}
	// The machine stopped after the tiles of a larger tree took the place of the checkpoint's.
	to := copyFolder(t, begun)
	if err := os.RemoveAll(filepath.Join(to, tileRoot, "0", "000.p")); err != nil {
		t.Fatal(err)
	}
	if done, err := KeepUp(context.Background(), dir, to, KeepUpOptions{}); err != nil || done.Size != 350 {
		t.Errorf("without the tiles of its checkpoint: %+v %v", done, err)
	}
	if r := verify(t, to, dir); !r.OK || r.Records != 700 {
		t.Errorf("without the tiles of its checkpoint: %s", describe(r))
	}
	if resumed == 0 {
		t.Error("each run began where the first did: none goes on from the segments that were whole")
	}
}

// TestKeepUpWhere holds that nothing is written where no replica is: to a mount point that is empty, that is not there, or that was taken away meanwhile.
func TestKeepUpWhere(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "vault")
	l, _ := open(t, dir, Options{MaxSegment: 6 << 10})
	for i := range 100 {
		appendLines(t, l, lines(i, 1))
	}
	closeLog(t, l)
	ctx := context.Background()
	empty, none := t.TempDir(), filepath.Join(t.TempDir(), "none")
	for _, to := range []string{empty, none} {
		if _, err := KeepUp(ctx, dir, to, KeepUpOptions{}); !errors.Is(err, ErrNoReplica) {
			t.Errorf("%s: %v", to, err)
		}
	}
	if entries, _ := os.ReadDir(empty); len(entries) > 0 {
		t.Errorf("it wrote to an empty mount point: %v", entries)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("it made a folder")
	}
	// Unmounted in the middle: under the same name there is another folder now.
	to := filepath.Join(t.TempDir(), "replica")
	early := filepath.Join(t.TempDir(), "early")
	o, _ := open(t, early, Options{})
	closeLog(t, o)
	os.MkdirAll(filepath.Join(to, segmentFolder), 0o700)
	name, _ := os.ReadFile(filepath.Join(dir, logName))
	os.WriteFile(filepath.Join(to, logName), name, 0o600)
	_, err := KeepUp(ctx, dir, to, KeepUpOptions{Copied: func(n int64) {
		if n == 50 {
			if err := errors.Join(os.Rename(to, to+"-away"), os.Mkdir(to, 0o700)); err != nil {
				t.Error(err)
			}
		}
	}})
	if !errors.Is(err, ErrNoReplica) {
		t.Errorf("taken away meanwhile: %v", err)
	}
	if entries, _ := os.ReadDir(to); len(entries) > 0 {
		t.Errorf("it wrote to the bare mount point: %v", entries)
	}
	os.Remove(to)
	if err := os.Rename(to+"-away", to); err != nil {
		t.Fatal(err)
	}
	if done, err := KeepUp(ctx, dir, to, KeepUpOptions{}); err != nil || done.Size != 100 {
		t.Errorf("after it is back: %+v %v", done, err)
	}
	if r := verify(t, to, dir); !r.OK {
		t.Errorf("after it is back: %s", describe(r))
	}
}

// TestKeepUpRate holds that a run copies no faster than it may.
func TestKeepUpRate(t *testing.T) {
	dir, to := filepath.Join(t.TempDir(), "vault"), filepath.Join(t.TempDir(), "replica")
	l, _ := open(t, dir, Options{})
	if _, err := Replicate(context.Background(), dir, to); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		appendLines(t, l, lines(i*20, 20))
	}
	closeLog(t, l)
	size := sizeOf(t, segment{}.path(dir))
	begun := time.Now()
	if _, err := KeepUp(context.Background(), dir, to, KeepUpOptions{Rate: size * 2}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < 400*time.Millisecond || took > 10*time.Second {
		t.Errorf("%d bytes at %d a second took %v", size, size*2, took)
	}
}
