// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// sick is a disk that fails as it is told to.
type sick struct {
	system
	mu    sync.Mutex
	write func(path string, n int) (int, error) // how much of a write goes through, and what it says
	sync  func(path string) error
	slow  time.Duration
}

type sickFile struct {
	file
	d    *sick
	path string
}

func (d *sick) Create(path string) (file, error) {
	f, err := d.system.Create(path)
	return &sickFile{f, d, path}, err
}

func (d *sick) Open(path string) (file, error) {
	f, err := d.system.Open(path)
	return &sickFile{f, d, path}, err
}

func (f *sickFile) WriteAt(b []byte, at int64) (int, error) {
	f.d.mu.Lock()
	write := f.d.write
	f.d.mu.Unlock()
	if write != nil {
		if n, err := write(f.path, len(b)); err != nil {
			n, _ := f.file.WriteAt(b[:n], at)
			return n, err
		}
	}
	return f.file.WriteAt(b, at)
}

func (f *sickFile) Sync() error {
	f.d.mu.Lock()
	sync, slow := f.d.sync, f.d.slow
	f.d.mu.Unlock()
	time.Sleep(slow)
	if sync != nil {
		if err := sync(f.path); err != nil {
			return err
		}
	}
	return f.file.Sync()
}

func (d *sick) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

func isSegment(path string) bool { return strings.HasSuffix(path, segmentEnd) }

// TestFullDisk fills the disk in the middle of a write: nothing of it is taken, and when there is room again the vault goes on.
func TestFullDisk(t *testing.T) {
	dir, d := t.TempDir(), new(sick)
	l, _ := open(t, dir, Options{disk: d, MaxSegment: 4 << 10})
	n := 0
	for range 60 {
		appendLines(t, l, lines(n, 3))
		n += 3
		d.set(func() {
			// Writer and log both come by, at any time: the source of chance must bear that.
			d.write = func(_ string, n int) (int, error) { return rand.IntN(n + 1), syscall.ENOSPC }
		})
		if _, err := l.Append(context.Background(), lines(n, 3)); !errors.Is(err, vault.ErrNoSpace) || errors.Is(err, ErrBroken) {
			t.Fatalf("on a full disk: %v", err)
		}
		d.set(func() { d.write = nil })
	}
	closeLog(t, l)
	if got := readAll(t, dir, 0); len(got) != n || !same(got[n-1], line(n-1)) {
		t.Errorf("%d records of %d", len(got), n)
	}
	if r := verify(t, dir); !r.OK {
		t.Errorf("%s", describe(r))
	}
}

// TestFsync fails an fsync: from then on nothing is acknowledged; opened again, all that was acknowledged is there.
func TestFsync(t *testing.T) {
	for _, why := range []error{syscall.EIO, syscall.ENOSPC} {
		dir, d := t.TempDir(), new(sick)
		l, _ := open(t, dir, Options{disk: d})
		appendLines(t, l, lines(0, 10))
		d.set(func() {
			d.sync = func(path string) error {
				if isSegment(path) {
					return why
				}
				return nil
			}
		})
		if _, err := l.Append(context.Background(), lines(10, 1)); !errors.Is(err, ErrBroken) || !errors.Is(err, why) {
			t.Errorf("%v", err)
		}
		d.set(func() { d.sync = nil })
		if _, err := l.Append(context.Background(), lines(10, 1)); !errors.Is(err, ErrBroken) {
			t.Errorf("after it: %v", err)
		}
		if s := l.Status(); s.Error == "" || s.Next != 10 {
			t.Errorf("%+v", s)
		}
		if err := l.Close(); !errors.Is(err, ErrBroken) {
			t.Errorf("close: %v", err)
		}
		l, opened := open(t, dir, Options{})
		if opened.Next < 10 {
			t.Errorf("%+v", opened)
		}
		closeLog(t, l)
		if r := verify(t, dir); !r.OK {
			t.Errorf("%s", describe(r))
		}
	}
}

// TestSickDisk lets any write and any fsync fail at random, many times, and the process with it. What was acknowledged is always there, at its
// place; what is there and was not acknowledged was at least offered.
func TestSickDisk(t *testing.T) {
	dir, d := t.TempDir(), new(sick)
	random := rand.New(rand.NewPCG(11, 11))
	var mu sync.Mutex
	chance := func(n int) bool {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(n) == 0
	}
	type kept struct {
		at event.Position
		n  int
	}
	var acknowledged []kept
	n, broken := 0, 0
	for range 40 {
		d.set(func() { d.write, d.sync = nil, nil })
		l, _, err := Open(dir, Options{Key: testKey(t), MaxSegment: 4 << 10, Every: time.Millisecond, disk: d})
		if err != nil {
			t.Fatal(err)
		}
		d.set(func() {
			d.write = func(_ string, k int) (int, error) {
				switch {
				case chance(60):
					return k / 2, syscall.ENOSPC
				case chance(60):
					return k / 2, syscall.EIO
				}
				return 0, nil
			}
			d.sync = func(string) error {
				if chance(60) {
					return syscall.EIO
				}
				return nil
			}
		})
		for range 30 {
			first, err := l.Append(context.Background(), lines(n, 2))
			if err == nil {
				acknowledged = append(acknowledged, kept{first, n})
			}
			n += 2
			if errors.Is(err, ErrBroken) {
				broken++
				break
			}
		}
		l.Close()
	}
	d.set(func() { d.write, d.sync = nil, nil })
	l, _ := open(t, dir, Options{disk: d})
	closeLog(t, l)
	got := readAll(t, dir, 0)
	for _, k := range acknowledged {
		if int(k.at)+1 >= len(got) || !same(got[k.at], line(k.n)) || !same(got[k.at+1], line(k.n+1)) {
			t.Fatalf("record %d was acknowledged at %d and is not there", k.n, k.at)
		}
	}
	if r := verify(t, dir); !r.OK || r.Records != int64(len(got)) {
		t.Errorf("%s", describe(r))
	}
	t.Logf("broken %d times; %d records acknowledged, %d there", broken, 2*len(acknowledged), len(got))
}

// TestUnmarkedSegments: where the disk refuses what stands beside ended segments until the process ends, the next start writes it, and nothing is
// missing. One that was removed from between others is told.
func TestUnmarkedSegments(t *testing.T) {
	dir, d := t.TempDir(), new(sick)
	l, _ := open(t, dir, Options{MaxSegment: 4 << 10, Every: time.Millisecond, disk: d})
	refuse := func(what func(path string) bool) {
		d.set(func() {
			d.write = func(path string, k int) (int, error) {
				if what(path) {
					return 0, syscall.EIO
				}
				return 0, nil
			}
		})
	}
	for i := range 60 {
		switch i {
		case 20: // the log falls behind the segments
			refuse(func(path string) bool { return !isSegment(path) && !isSegment(strings.TrimSuffix(path, partial)) })
		case 50: // and catches up, but for what stands beside them
			refuse(func(path string) bool { return strings.Contains(path, segmentEnd+"."+checkpointName) })
		}
		appendLines(t, l, lines(i*10, 10))
		time.Sleep(3 * time.Millisecond)
	}
	l.Close()
	if r := verify(t, dir); r.OK {
		t.Fatal("the disk refused nothing")
	}
	d.set(func() { d.write = nil })
	l, _ = open(t, dir, Options{disk: d})
	closeLog(t, l)
	if r := verify(t, dir); !r.OK || r.Records != 600 {
		t.Errorf("%s", describe(r))
	}
	marks, _ := filepath.Glob(filepath.Join(dir, segmentFolder, "*.checkpoint"))
	if len(marks) < 3 {
		t.Fatalf("%d segments ended", len(marks))
	}
	if err := os.Remove(marks[1]); err != nil {
		t.Fatal(err)
	}
	l, _ = open(t, dir, Options{disk: d})
	closeLog(t, l)
	if r := verify(t, dir); r.OK {
		t.Error("what was removed from between others is made anew and not told")
	}
}

// TestSlowDisk checks that callers wait, are bounded in memory, and can give up.
func TestSlowDisk(t *testing.T) {
	d := &sick{}
	l, _ := open(t, t.TempDir(), Options{disk: d, MaxPending: 1 << 10})
	d.set(func() { d.slow = 100 * time.Millisecond })
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if _, err := l.Append(context.Background(), lines(i*5, 5)); err != nil {
				t.Error(err)
			}
		})
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if _, err := l.Append(ctx, lines(0, 5)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
	l.mu.Lock()
	if l.pending.bytes > 2<<10 {
		t.Errorf("%d bytes wait", l.pending.bytes)
	}
	l.mu.Unlock()
	all.Wait()
	d.set(func() { d.slow = 0 })
	closeLog(t, l)
}

// TestTilesFail checks that records are taken while the log cannot follow, that it is said, and that it catches up.
func TestTilesFail(t *testing.T) {
	dir, d := t.TempDir(), new(sick)
	l, _ := open(t, dir, Options{disk: d, Every: time.Millisecond})
	d.set(func() {
		d.write = func(path string, _ int) (int, error) {
			if strings.Contains(path, tileRoot+string(filepath.Separator)) {
				return 0, syscall.EIO
			}
			return 0, nil
		}
	})
	appendLines(t, l, lines(0, 3))
	for end := time.Now().Add(5 * time.Second); l.Status().Error == ""; {
		if time.Now().After(end) {
			t.Fatal("it is not said")
		}
		time.Sleep(time.Millisecond)
	}
	d.set(func() { d.write = nil })
	for end := time.Now().Add(5 * time.Second); l.Status().Checkpoint != 1; {
		if time.Now().After(end) {
			t.Fatal("it does not catch up")
		}
		time.Sleep(time.Millisecond)
	}
	closeLog(t, l)
	if _, err := os.Stat(filepath.Join(dir, checkpointName)); errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
