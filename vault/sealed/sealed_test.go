// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// testKey is the same for each test: its bytes come from a fixed stream.
func testKey(t testing.TB) vault.Key {
	t.Helper()
	key, err := vault.NewKey(rand.NewChaCha8([32]byte{1}))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func otherKey(t testing.TB) vault.Key {
	t.Helper()
	key, err := vault.NewKey(rand.NewChaCha8([32]byte{2}))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// line is the n-th record of a test: what it holds can be told from its number.
func line(n int) event.Received {
	text := fmt.Sprintf("<38>Nov 22 10:%02d:%02d gate sshd[%d]: Failed password for user%d from 192.0.2.%d port %d ssh2", n/60%60, n%60, n, n%997, n%250, 1024+n%60000)
	return event.Received{Record: event.Record{Part: event.Part{Line: int64(n + 1), Offset: int64(n) * 100, Length: int64(len(text))}, Data: []byte(text)},
		Source: "gate", From: "192.0.2.7:514", At: event.Micros(1_763_800_000_000_000 + int64(n))}
}

func lines(from, n int) []event.Received {
	r := make([]event.Received, n)
	for i := range r {
		r[i] = line(from + i)
	}
	return r
}

func open(t testing.TB, dir string, o Options) (*Log, *Opened) {
	t.Helper()
	o.Key = testKey(t)
	l, opened, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return l, opened
}

func appendLines(t testing.TB, l *Log, records []event.Received) event.Position {
	t.Helper()
	first, err := l.Append(context.Background(), records)
	if err != nil {
		t.Fatal(err)
	}
	return first
}

func closeLog(t testing.TB, l *Log) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// readAll reads what a folder holds from a position on.
func readAll(t testing.TB, dir string, from event.Position) []event.Received {
	t.Helper()
	r, err := NewReader(dir, from)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var all []event.Received
	for {
		first, records, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if first != from+event.Position(len(all)) {
			t.Fatalf("a block begins with record %d, not %d", first, from+event.Position(len(all)))
		}
		for _, x := range records {
			x.Data = bytes.Clone(x.Data)
			all = append(all, x)
		}
	}
}

func same(a, b event.Received) bool {
	return a.Part == b.Part && bytes.Equal(a.Data, b.Data) && a.Source == b.Source && a.From == b.From && a.At == b.At && bytes.Equal(a.Around, b.Around) && a.Within == b.Within
}

// TestAppend appends, reads back, and goes on after a restart, over many segments.
func TestAppend(t *testing.T) {
	dir := t.TempDir()
	o := Options{MaxSegment: 8 << 10}
	n := 0
	for restart := range 4 {
		l, opened := open(t, dir, o)
		if opened.Made != (restart == 0) || int(opened.Next) != n || opened.Cut != nil || opened.Healed != 0 || opened.Rebuilt {
			t.Fatalf("start %d: %+v", restart, opened)
		}
		for i := range 100 {
			if first := appendLines(t, l, lines(n, 1+i%7)); int(first) != n {
				t.Fatalf("record %d stands at %d", n, first)
			}
			n += 1 + i%7
		}
		closeLog(t, l)
	}
	all := readAll(t, dir, 0)
	if len(all) != n {
		t.Fatalf("%d records of %d", len(all), n)
	}
	for i := range all {
		if !same(all[i], line(i)) {
			t.Fatalf("record %d is %+v", i, all[i])
		}
	}
	for _, from := range []int{1, 7, n / 2, n - 1} {
		if got := readAll(t, dir, event.Position(from)); len(got) != n-from || !same(got[0], line(from)) {
			t.Fatalf("from %d: %d records", from, len(got))
		}
	}
	if segments, err := listSegments(dir); err != nil || len(segments) < 5 {
		t.Fatalf("%d segments: %v", len(segments), err)
	}
}

// TestRecords checks that each kind of record comes back as it went in, and what cannot be taken.
func TestRecords(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{})
	in := []event.Received{
		{},
		{Record: event.Record{Data: []byte{0, 0xff, '\n', 0}}, Source: "ソース", At: -1},
		{Record: event.Record{Data: []byte("x"), Around: bytes.Repeat([]byte("chunk"), 13000), Within: 512}},
		{Record: event.Record{Data: bytes.Repeat([]byte{'a'}, 3<<20)}},
		{Record: event.Record{Data: []byte("after")}},
	}
	appendLines(t, l, in)
	for _, bad := range []event.Received{{Record: event.Record{Data: make([]byte, MaxRecord+1)}}, {Source: strings.Repeat("s", maxName+1)}, {Record: event.Record{Within: -1}}} {
		if _, err := l.Append(context.Background(), []event.Received{bad}); err == nil {
			t.Errorf("a record that cannot be kept is taken")
		}
	}
	closeLog(t, l)
	if _, err := l.Append(context.Background(), in); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed vault says %v", err)
	}
	out := readAll(t, dir, 0)
	if len(out) != len(in) {
		t.Fatalf("%d records", len(out))
	}
	for i := range in {
		if !same(in[i], out[i]) {
			t.Errorf("record %d came back otherwise", i)
		}
	}
}

// TestManyWriters checks that records of one call stay together, and that the order of calls of one writer is kept.
func TestManyWriters(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{MaxSegment: 64 << 10, MaxPending: 64 << 10})
	var all sync.WaitGroup
	for w := range 16 {
		all.Go(func() {
			last := event.Position(-1)
			for i := range 20 {
				records := lines(i*3, 3)
				for k := range records {
					records[k].Source = fmt.Sprint("w", w)
				}
				first, err := l.Append(context.Background(), records)
				if err != nil || first <= last {
					t.Errorf("%d after %d: %v", first, last, err)
				}
				last = first
			}
		})
	}
	all.Wait()
	closeLog(t, l)
	next := map[string]int{}
	for i, r := range readAll(t, dir, 0) {
		if want := line(next[r.Source]); !bytes.Equal(r.Data, want.Data) {
			t.Fatalf("record %d of %s is not its %d-th", i, r.Source, next[r.Source])
		}
		next[r.Source]++
	}
	for w, n := range next {
		if n != 60 {
			t.Errorf("%s has %d records", w, n)
		}
	}
}

// TestFollow reads while it is written.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{MaxSegment: 4 << 10})
	r, err := l.Follow(0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	go func() {
		for i := range 200 {
			if _, err := l.Append(context.Background(), lines(i, 1)); err != nil {
				t.Error(err)
			}
		}
	}()
	for n := 0; n < 200; {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		first, records, err := r.Next(ctx)
		cancel()
		if err != nil || int(first) != n {
			t.Fatalf("at %d: %d, %v", n, first, err)
		}
		for i := range records {
			if !same(records[i], line(n)) {
				t.Fatalf("record %d is another", n)
			}
			n++
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := r.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("at the end it says %v", err)
	}
	closeLog(t, l)
	if _, _, err := r.Next(context.Background()); !errors.Is(err, io.EOF) {
		t.Errorf("after the end it says %v", err)
	}
}

// TestOneWriter checks that a folder has one writer, and one key.
func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{})
	if _, _, err := Open(dir, Options{Key: testKey(t)}); !errors.Is(err, ErrLocked) {
		t.Errorf("a second writer: %v", err)
	}
	closeLog(t, l)
	if _, _, err := Open(dir, Options{Key: otherKey(t)}); err == nil || !strings.Contains(err.Error(), "signed by the key") {
		t.Errorf("another key: %v", err)
	}
	l, _ = open(t, dir, Options{})
	closeLog(t, l)
}

// TestTorn cuts the last segment at every byte of its last write: what was acknowledged before it stays, the rest is said.
func TestTorn(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{Every: time.Hour})
	appendLines(t, l, lines(0, 10))
	path := segment{}.path(dir)
	before := sizeOf(t, path)
	// The state on disk before the last write, as a crash leaves it: tiles and checkpoint of before.
	appendLines(t, l, lines(10, 5))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	checkpoint, err := os.ReadFile(filepath.Join(dir, checkpointName))
	if err != nil {
		t.Fatal(err)
	}
	vkey, _ := os.ReadFile(filepath.Join(dir, logName))
	closeLog(t, l)
	for cut := before; cut < int64(len(whole)); cut += 29 {
		for _, junk := range []string{"", strings.Repeat("\x00", 64)} {
			crashed := t.TempDir()
			os.MkdirAll(filepath.Join(crashed, segmentFolder), 0o700)
			os.WriteFile(segment{}.path(crashed), append(bytes.Clone(whole[:cut]), junk...), 0o600)
			os.WriteFile(filepath.Join(crashed, checkpointName), checkpoint, 0o600)
			os.WriteFile(filepath.Join(crashed, logName), vkey, 0o600)
			l, opened := open(t, crashed, Options{})
			torn := cut - before + int64(len(junk))
			if opened.Next != 10 || opened.Healed != 1 || (opened.Cut != nil) != (torn > 0) || torn > 0 && opened.Cut.Bytes != torn {
				t.Fatalf("cut at %d: %+v %+v", cut, opened, opened.Cut)
			}
			appendLines(t, l, lines(10, 1))
			closeLog(t, l)
			if got := readAll(t, crashed, 0); len(got) != 11 || !same(got[10], line(10)) {
				t.Fatalf("%d records after it", len(got))
			}
		}
	}
}

// TestDamage checks that damage to what was acknowledged is not taken for a torn tail.
func TestDamage(t *testing.T) {
	for name, harm := range map[string]func(dir string, b []byte) []byte{
		"flip in a block that later ones follow": func(_ string, b []byte) []byte { b[segmentHead+leadSize+5] ^= 1; return b },
		"truncated below the checkpoint":         func(_ string, b []byte) []byte { return b[:len(b)/2] },
		"first bytes":                            func(_ string, b []byte) []byte { b[3] ^= 1; return b },
		"segment gone":                           func(string, []byte) []byte { return nil },
		"checkpoint gone":                        func(dir string, b []byte) []byte { os.Remove(filepath.Join(dir, checkpointName)); return b },
		"name gone":                              func(dir string, b []byte) []byte { os.Remove(filepath.Join(dir, logName)); return b },
	} {
		dir := t.TempDir()
		l, _ := open(t, dir, Options{})
		for i := range 10 {
			appendLines(t, l, lines(i, 1))
		}
		closeLog(t, l)
		path := segment{}.path(dir)
		b, _ := os.ReadFile(path)
		if b = harm(dir, b); b == nil {
			os.Remove(path)
		} else {
			os.WriteFile(path, b, 0o600)
		}
		if _, _, err := Open(dir, Options{Key: testKey(t)}); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		after, _ := os.ReadFile(path)
		if !bytes.Equal(after, b) {
			t.Errorf("%s: the segment was changed", name)
		}
	}
}

// TestRebuild removes all that can be made again.
func TestRebuild(t *testing.T) {
	dir := t.TempDir()
	l, _ := open(t, dir, Options{MaxSegment: 20 << 10})
	for i := range 700 {
		appendLines(t, l, lines(i, 1))
	}
	closeLog(t, l)
	before, _ := os.ReadFile(filepath.Join(dir, checkpointName))
	tiles := tree2map(t, dir)
	os.RemoveAll(filepath.Join(dir, tileRoot))
	l, opened := open(t, dir, Options{})
	if !opened.Rebuilt || opened.Next != 700 {
		t.Fatalf("%+v", opened)
	}
	closeLog(t, l)
	after, _ := os.ReadFile(filepath.Join(dir, checkpointName))
	if !bytes.Equal(before, after) {
		t.Errorf("another checkpoint:\n%s%s", before, after)
	}
	again := tree2map(t, dir)
	if len(again) != len(tiles) {
		t.Errorf("%d tiles, then %d", len(tiles), len(again))
	}
	for name, b := range tiles {
		if !bytes.Equal(b, again[name]) {
			t.Errorf("tile %s is another", name)
		}
	}
}

// TestClock steps the clock back a day, and on by a year, while records come in.
func TestClock(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	l, _ := open(t, dir, Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	for i, step := range []time.Duration{0, time.Second, -24 * time.Hour, time.Minute, 365 * 24 * time.Hour, -time.Hour} {
		mu.Lock()
		now = now.Add(step)
		mu.Unlock()
		appendLines(t, l, lines(i*10, 10))
	}
	closeLog(t, l)
	if r := verify(t, dir); !r.OK || r.Records != 60 {
		t.Errorf("%s", describe(r))
	}
	if got := readAll(t, dir, 0); len(got) != 60 || !same(got[59], line(59)) {
		t.Errorf("%d records", len(got))
	}
}

func tree2map(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	m := map[string][]byte{}
	filepath.WalkDir(filepath.Join(dir, tileRoot), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			m[path], _ = os.ReadFile(path)
		}
		return err
	})
	return m
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return fi.Size()
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 64} {
		for _, per := range []int{1, 100} {
			b.Run(fmt.Sprintf("writers=%d/records=%d", writers, per), func(b *testing.B) {
				l, _ := open(b, b.TempDir(), Options{})
				var all sync.WaitGroup
				next := make(chan int, 1024)
				bytes := 0
				for _, r := range lines(0, per) {
					bytes += len(r.Data)
				}
				b.SetBytes(int64(bytes))
				b.ResetTimer()
				for range writers {
					all.Go(func() {
						for n := range next {
							if _, err := l.Append(context.Background(), lines(n*per, per)); err != nil {
								b.Error(err)
							}
						}
					})
				}
				for i := range b.N {
					next <- i
				}
				close(next)
				all.Wait()
				b.ReportMetric(float64(b.N*per)/b.Elapsed().Seconds(), "records/s")
				b.ReportMetric(float64(b.N)/float64(l.Status().Blocks), "appends/fsync")
				closeLog(b, l)
			})
		}
	}
}
