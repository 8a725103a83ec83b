// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build linux

package drill_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
)

// The whole of aist-2018 needs so much room, and may use so much memory.
const (
	fullRoom   = 30 << 30
	fullMemory = 512 << 20
)

// TestFull renders aist-2018 with its 8,000 accounts and 385 days into a folder below $SEKISHO_DRILL_FULL, reads all of it
// back with the project's parsers, and says how long both took; make drill-full runs it. A record that no parser takes, a
// line more or less than the truth counts, or more memory than allowed fails it.
func TestFull(t *testing.T) {
	below := os.Getenv("SEKISHO_DRILL_FULL")
	if below == "" {
		t.Skip("set SEKISHO_DRILL_FULL to a folder with 30 GB to spare; it takes half an hour")
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(below, &disk); err != nil {
		t.Fatal(err)
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < fullRoom {
		t.Fatalf("%s has %d GiB to spare, %d are needed", below, free>>30, int64(fullRoom)>>30)
	}
	dir, err := os.MkdirTemp(below, "aist-2018-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	begun := time.Now()
	truth, err := drill.Generate(t.Context(), filepath.Join(dir, "drill"), drill.Options{Name: "aist-2018"})
	if err != nil {
		t.Fatal(err)
	}
	took, peak := time.Since(begun), peakMemory(t)
	t.Logf("made: %d lines in %d files, %.1f GB, in %.0f s: %.0f k lines/s; at most %d MiB resident", truth.Lines, len(truth.Files), float64(sizeOf(t, dir))/1e9,
		took.Seconds(), float64(truth.Lines)/took.Seconds()/1000, peak>>20)
	if peak > fullMemory {
		t.Errorf("%d MiB resident, more than %d", peak>>20, fullMemory>>20)
	}
	begun = time.Now()
	events := readAll(t, filepath.Join(dir, "drill", "logs"), truth.Files)
	took = time.Since(begun)
	t.Logf("read back: %d events, in %.0f s: %.0f k lines/s", events, took.Seconds(), float64(truth.Lines)/took.Seconds()/1000)
}

// readAll reads files with two readers at once and returns how many events they hold.
func readAll(t *testing.T, logs string, files []drill.File) (events int64) {
	work := make(chan drill.File)
	var mu sync.Mutex
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for f := range work {
				n, err := readFile(filepath.Join(logs, f.Path), f.Lines)
				mu.Lock()
				events += n
				mu.Unlock()
				if err != nil {
					t.Errorf("%s: %v", f.Path, err)
				}
			}
		})
	}
	for _, f := range files {
		work <- f
	}
	close(work)
	wait.Wait()
	return events
}

// readFile reads one file line by line; arrays of JSON have one element a line.
func readFile(path string, lines int64) (events int64, err error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			return 0, err
		}
	}
	all := formats.All()
	order := make([]*formats.Format, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	reader := formats.NewReader(order, &formats.Env{Clock: &formats.Clock{Zone: time.FixedZone("JST", 9*3600), Year: 2017}, Intern: formats.NewInterner()})
	s := bufio.NewScanner(in)
	s.Buffer(make([]byte, 1<<16), 1<<20)
	var out event.Batch
	var seen, left int64
	array := strings.HasSuffix(path, ".json")
	for s.Scan() {
		line := s.Bytes()
		if line = bytes.TrimSuffix(line, []byte(",")); array && (string(line) == "[" || string(line) == "]") {
			continue
		}
		seen++
		if e := reader.Read(&event.Record{Part: event.Part{Line: seen}, Data: line}, &out); e != nil {
			if left++; left == 1 {
				err = fmt.Errorf("line %d: %w: %s", seen, e, line)
			}
		}
		if len(out.Events) > 4096 {
			events += int64(len(out.Events))
			out.Reset()
		}
	}
	reader.Flush(&out)
	if left > 0 {
		err = fmt.Errorf("%d records that no parser takes: %w", left, err)
	}
	if seen != lines {
		err = errors.Join(err, fmt.Errorf("%d lines, the truth counts %d", seen, lines))
	}
	return events + int64(len(out.Events)), errors.Join(err, s.Err())
}

// peakMemory returns the most that was resident so far.
func peakMemory(t *testing.T) (bytes int64) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			_, err = fmt.Sscanf(rest, "%d kB", &bytes)
			return bytes << 10
		}
	}
	t.Fatal("no VmHWM in /proc/self/status")
	return 0
}

func sizeOf(t *testing.T, dir string) (size int64) {
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}
