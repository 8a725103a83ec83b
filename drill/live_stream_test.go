// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"hash"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// oldestFirst sorts the files of one log by age, as their names tell.
func oldestFirst(files []File, how naming, stem string) {
	slices.SortFunc(files, func(a, b File) int {
		switch {
		case (a.Path == stem) != (b.Path == stem): // the one in use is the last
			return btoi(a.Path == stem) - btoi(b.Path == stem)
		case how == dated || how == suffixed:
			return cmp.Compare(a.Path, b.Path)
		}
		number := func(f File) int {
			n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(f.Path, stem+"."), ".gz"))
			return n
		}
		return cmp.Compare(number(b), number(a))
	})
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// filed reads all the lines of each log from a drill's files, oldest first, as digests.
func filed(t *testing.T, dir string, truth *Truth, of *run) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, s := range of.l.sheets {
		p := s.out
		var files []File
		for _, f := range truth.Files {
			stem, _, _ := strings.Cut(p.shape.path, "%s")
			if f.Kind == p.kind && strings.HasPrefix(f.Path, stem) {
				files = append(files, f)
			}
		}
		stem, _, _ := strings.Cut(p.shape.path, "%s")
		oldestFirst(files, p.shape.naming, stem)
		sum := sha256.New()
		for _, f := range files {
			lines := read(t, dir, f)
			if p.shape.array {
				lines = lines[1 : len(lines)-1]
				for i := range lines {
					lines[i] = bytes.TrimSuffix(lines[i], []byte(","))
				}
			}
			if p.shape.newest {
				slices.Reverse(lines)
			}
			for _, l := range lines {
				sum.Write(append(bytes.Clone(l), '\n'))
			}
		}
		if len(files) > 0 {
			out[p.log] = string(sum.Sum(nil))
		}
	}
	return out
}

// TestStreamEqualsFiles checks that the stream holds, log by log, the lines of the files in their order, and all of them in
// the order of time; and that its truth is the same but for the files.
func TestStreamEqualsFiles(t *testing.T) {
	dir, truth := shared(t, AIST)
	want := filed(t, dir, truth, composed(t, small()))
	sums, kinds := map[string]hash.Hash{}, map[string]string{}
	var last time.Time
	var lines int64
	streamed, err := Stream(context.Background(), small(), func(l Line) error {
		lines++
		if l.Time.Before(last) {
			t.Fatalf("%s: %s is before %s: %s", l.Log, l.Time, last, l.Text)
		}
		last = l.Time
		if sums[l.Log] == nil {
			sums[l.Log] = sha256.New()
		}
		sums[l.Log].Write(append(l.Text, '\n')) // must not reach the next line's text
		kinds[l.Log] = l.Kind
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(sums) != len(want) || lines != truth.Lines || streamed.Lines != truth.Lines {
		t.Errorf("%d logs and %d lines (%d by its truth), the files hold %d and %d", len(sums), lines, streamed.Lines, len(want), truth.Lines)
	}
	for log, sum := range want {
		if sums[log] == nil || string(sums[log].Sum(nil)) != sum {
			t.Errorf("%s differs between stream and files", log)
		}
	}
	streamed.Files, streamed.Lines, streamed.Seal = truth.Files, truth.Lines, truth.Seal
	if a, b := asJSON(t, streamed), asJSON(t, truth); a != b {
		t.Error("the stream's truth differs from that of the files")
	}
}

// TestStreamStops checks that an error of the reader and a context that ends stop the drill, and that no goroutine stays.
func TestStreamStops(t *testing.T) {
	before := runtime.NumGoroutine()
	enough := errors.New("enough")
	n := 0
	_, err := Stream(context.Background(), small(), func(Line) error {
		if n++; n == 1000 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || n != 1000 {
		t.Errorf("after %d lines: %v", n, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	if _, err := Stream(ctx, small(), func(Line) error { stop(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled stream: %v", err)
	}
	if _, err := Stream(context.Background(), Options{Name: "nothing"}, nil); err == nil {
		t.Error("a drill that there is not was streamed")
	}
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// BenchmarkStream reads the demo: see the lines a second.
func BenchmarkStream(b *testing.B) {
	var lines int64
	for range b.N {
		if _, err := Stream(context.Background(), Options{}, func(Line) error { lines++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "lines/s")
}
