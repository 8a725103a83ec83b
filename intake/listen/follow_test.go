// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// trail is a file that is written, rotated and followed.
type trail struct {
	*stand
	path   string
	want   []string
	n      int
	end    func()
	states map[string]FileState
}

func newTrail(t *testing.T, limits Limits) *trail {
	return &trail{stand: newStand(t, limits, true), path: filepath.Join(t.TempDir(), "app.log"), states: map[string]FileState{}}
}

func (f *trail) write(n int) {
	f.t.Helper()
	w, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Fatal(err)
	}
	defer w.Close()
	for range n {
		line := fmt.Sprintf("line %06d", f.n)
		f.n++
		f.want = append(f.want, line)
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *trail) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- f.Follow(ctx, context.Background(), FollowOptions{Patterns: []string{f.path}, States: f.states, Own: "(own)", Poll: 2 * time.Millisecond,
			Problem: func(path string, err error) { f.t.Logf("%s: %v", path, err) }})
	}()
	f.end = func() {
		cancel()
		if err := <-done; err != nil {
			f.t.Error(err)
		}
		f.states = map[string]FileState{}
		for _, r := range f.kept.all {
			if r.Source == "(own)" {
				var s struct{ Follow FileState }
				if err := json.Unmarshal(r.Data, &s); err != nil {
					f.t.Fatal(err)
				}
				f.states[s.Follow.Path] = s.Follow
			}
		}
	}
}

func (f *trail) read() (out []string) {
	f.kept.mu.Lock()
	defer f.kept.mu.Unlock()
	for _, r := range f.kept.all {
		if r.Source != "(own)" {
			out = append(out, string(r.Data))
		}
	}
	return out
}

func (f *trail) until() {
	f.t.Helper()
	for end := time.Now().Add(10 * time.Second); len(f.read()) < len(f.want) && time.Now().Before(end); {
		time.Sleep(2 * time.Millisecond)
	}
	if got := f.read(); !slices.Equal(got, f.want) {
		i := 0
		for i < min(len(got), len(f.want)) && got[i] == f.want[i] {
			i++
		}
		f.t.Fatalf("%d lines of %d, other from %d on: %.100q, want %.100q", len(got), len(f.want), i, got[i:min(len(got), i+3)], f.want[i:min(len(f.want), i+3)])
	}
}

// squeeze compresses a file as logrotate does.
func squeeze(t testing.TB, path string) {
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w, err := os.Create(path + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(w)
	_, _ = z.Write(b)
	z.Close()
	w.Close()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func rename(t testing.TB, from, to string) {
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}

// TestFollow rotates a file in every way while it is followed and while nobody does: every line is taken once, in order.
func TestFollow(t *testing.T) {
	f := newTrail(t, Limits{})
	f.write(1000)
	f.begin()
	f.until()
	f.write(10)
	rename(t, f.path, f.path+".1") // its writer goes on for a moment
	w, _ := os.OpenFile(f.path+".1", os.O_APPEND|os.O_WRONLY, 0)
	f.want = append(f.want, "the last words", "without an end")
	_, _ = io.WriteString(w, "the last words\nwithout an end")
	w.Close()
	f.write(20)
	f.until()
	f.end()

	f.write(5) // while nobody follows: rotated, compressed, rotated again
	rename(t, f.path+".1", f.path+".2")
	squeeze(t, f.path+".2")
	rename(t, f.path, f.path+".1")
	squeeze(t, f.path+".1")
	f.write(7)
	f.begin()
	f.until()
	f.end()
	f.begin() // nothing is new
	time.Sleep(20 * time.Millisecond)
	f.write(1)
	f.until()
	f.end()
	f.closes(int64(len(f.want)))
}

// TestFollowTruncated copies and cuts a file, as copytruncate does.
func TestFollowTruncated(t *testing.T) {
	f := newTrail(t, Limits{})
	f.write(100)
	f.begin()
	f.until()
	for range 3 {
		b, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(f.path+".1", b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(f.path, 0); err != nil {
			t.Fatal(err)
		}
		f.write(200)
		f.until()
	}
	f.end()
	f.closes(int64(len(f.want)))
}

func TestFollowHostile(t *testing.T) {
	f := newTrail(t, Limits{Message: 1000})
	long := strings.Repeat("x", 1<<20)
	if err := os.WriteFile(f.path, []byte("\x00\n\n"+long+"\r\nnext\nhalf"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(f.path+".1", 0o700); err != nil {
		t.Fatal(err)
	}
	f.want = []string{long[:1000], "next"}
	f.begin()
	f.until()
	for _, r := range f.kept.all {
		if len(r.Data) == 1000 && r.Length < 1<<20 {
			t.Errorf("its length is %d", r.Length)
		}
	}
	w, _ := os.OpenFile(f.path, os.O_APPEND|os.O_WRONLY, 0)
	_, _ = io.WriteString(w, " and half\n")
	w.Close()
	f.want = append(f.want, "half and half")
	f.until()
	f.end()
	f.closes(3)
}
