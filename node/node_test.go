// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/drill"
)

// made is one small drill for all tests, which only read it.
var made = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "sekisho-node-test-*")
	if err != nil {
		return "", err
	}
	_, err = drill.Generate(context.Background(), filepath.Join(dir, "drill"), drill.Options{Accounts: 100, PeakPerAccount: 2, Without: []string{"ci", "dns", "fortigate"},
		LogsFrom: time.Date(2025, 9, 10, 0, 0, 0, 0, time.UTC)})
	return filepath.Join(dir, "drill"), err
})

func TestMain(m *testing.M) {
	if dir := os.Getenv("SEKISHO_SERVED"); dir != "" { // the process that TestServeKilled kills
		fmt.Fprintln(os.Stderr, serveUntilKilled(dir, os.Getenv("SEKISHO_PORTS")))
		os.Exit(1)
	}
	code := m.Run()
	if dir, err := made(); err == nil {
		_ = os.RemoveAll(filepath.Dir(dir))
	}
	os.Exit(code)
}

// rehearsal returns the folder of a small drill.
func rehearsal(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("a drill takes some seconds")
	}
	dir, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// oneMore leaves out, under the race detector, a test that investigates the drill once more in one way or another: under it TestSameAnswer
// does so with three workers and with one, TestAnswersTakenBack with two cores. Without the detector all run.
func oneMore(t *testing.T) {
	t.Helper()
	if raced {
		t.Skip("TestSameAnswer investigates the same drill under the race detector")
	}
}

// copyOf returns a copy of the drill's folder in which a test may change files. The logs stand under the same relative paths.
func copyOfDrill(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "drill")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error { // years are guessed from the files' times
		if fi, err := os.Stat(path); err == nil {
			rel, _ := filepath.Rel(dir, path)
			_ = os.Chtimes(filepath.Join(to, rel), fi.ModTime(), fi.ModTime())
		}
		return nil
	})
	return to
}

var testNow = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// run investigates the logs below dir, as named relative to it, and returns the case.
func run(t *testing.T, dir string, change func(*Options), paths ...string) *cases.Case {
	t.Helper()
	out, err := try(t, dir, change, paths...)
	if err != nil {
		t.Fatal(err)
	}
	return out.Case
}

func try(t *testing.T, dir string, change func(*Options), paths ...string) (*Outcome, error) {
	t.Helper()
	t.Chdir(dir)
	o := Options{Paths: paths, Out: filepath.Join(t.TempDir(), "case"), Home: filepath.Join(t.TempDir(), "home"), Now: func() time.Time { return testNow }, Version: "test"}
	if _, err := os.Stat("org.yaml"); err == nil {
		p, err := config.ReadProfile("org.yaml")
		if err != nil {
			t.Fatal(err)
		}
		o.Profile = p
	}
	if change != nil {
		change(&o)
	}
	out, err := Investigate(t.Context(), o)
	if err != nil {
		return out, err
	}
	c, err := cases.Open(filepath.Join(out.Dir, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Errorf("the case does not hold together: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(out.Dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return out, nil
}

// text returns the case in its canonical bytes without what may differ: the moment of the run and what drop sets to nothing.
func text(t *testing.T, c *cases.Case, drop ...func(*cases.Case)) string {
	t.Helper()
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var copied cases.Case
	if err := json.Unmarshal(b, &copied); err != nil {
		t.Fatal(err)
	}
	copied.Generated = 0
	for _, f := range drop {
		f(&copied)
	}
	var w bytes.Buffer
	if err := cases.Write(&w, &copied); err != nil {
		t.Fatal(err)
	}
	return w.String()
}

// same fails with the first lines that differ.
func same(t *testing.T, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	shown := 0
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			k := 0
			for k < min(len(a[i]), len(b[i])) && a[i][k] == b[i][k] {
				k++
			}
			from := max(0, k-120)
			t.Errorf("line %d\n want …%.300s\n got  …%.300s", i+1, a[i][from:], b[i][from:])
			if shown++; shown == 4 {
				break
			}
		}
	}
	t.Errorf("the cases differ: %d and %d lines", len(a), len(b))
}

// noPlaces forgets where records stand, for inputs whose records were moved.
func noPlaces(c *cases.Case) {
	wipe := func(list []cases.Evidence) {
		for i := range list {
			for k := range list[i].Parts {
				list[i].Parts[k].Line, list[i].Parts[k].Offset = 0, 0
			}
		}
	}
	for i := range c.Findings {
		wipe(c.Findings[i].Evidence)
	}
	for i := range c.Exposure {
		wipe(c.Exposure[i].Evidence)
	}
	for i := range c.Questions {
		wipe(c.Questions[i].Evidence)
	}
	for i := range c.Inputs {
		c.Inputs[i].SHA256, c.Inputs[i].Bytes = "", 0
	}
	c.Totals.Bytes = 0
}

// noPaths forgets in which file records stand, for inputs that were cut or packed otherwise.
func noPaths(c *cases.Case) {
	noPlaces(c)
	c.Inputs, c.Limits = nil, nil
	for i := range c.Findings {
		for k := range c.Findings[i].Evidence {
			c.Findings[i].Evidence[k].Input = ""
		}
	}
	for i := range c.Exposure {
		for k := range c.Exposure[i].Evidence {
			c.Exposure[i].Evidence[k].Input = ""
		}
	}
}

func TestSameAnswer(t *testing.T) {
	dir := rehearsal(t)
	whole := run(t, dir, nil, "logs")
	if whole.Verdict != cases.Breach {
		t.Fatalf("verdict %s", whole.Verdict)
	}
	want := text(t, whole)
	for name, change := range map[string]func(*Options){
		"one core":                       func(o *Options) { o.Jobs = 1 },
		"three workers":                  func(o *Options) { o.Jobs = 3 },
		"small batches":                  func(o *Options) { o.Batch = 7 },
		"large batches":                  func(o *Options) { o.Batch = 50_000 },
		"256 MiB":                        func(o *Options) { o.Memory = 256 << 20 },
		"spilled to disk":                func(o *Options) { o.sorting, o.Memory = 1<<20, 128<<20 },
		"spilled, one core, odd batches": func(o *Options) { o.sorting, o.Jobs, o.Batch = 1<<20, 1, 333 },
	} {
		t.Run(name, func(t *testing.T) {
			if name != "three workers" && name != "spilled, one core, odd batches" {
				oneMore(t)
			}
			same(t, want, text(t, run(t, dir, change, "logs")))
		})
	}
	oneMore(t)
	t.Run("folders one by one, backwards", func(t *testing.T) {
		entries, err := os.ReadDir(filepath.Join(dir, "logs"))
		if err != nil {
			t.Fatal(err)
		}
		var paths []string
		for _, e := range entries {
			paths = append(paths, filepath.Join("logs", e.Name()))
		}
		slices.Reverse(paths)
		same(t, want, text(t, run(t, dir, nil, append(paths, paths[0])...)))
	})
}

func TestSameAnswerMoved(t *testing.T) {
	oneMore(t)
	dir := rehearsal(t)
	whole := run(t, dir, nil, "logs")
	t.Run("records of JSON files backwards", func(t *testing.T) {
		moved := copyOfDrill(t, dir)
		if n := reverseJSON(t, filepath.Join(moved, "logs")); n < 50 {
			t.Fatalf("only %d files turned", n)
		}
		same(t, text(t, whole, noPlaces), text(t, run(t, moved, nil, "logs"), noPlaces))
	})
	t.Run("rotated pieces joined", func(t *testing.T) {
		moved := copyOfDrill(t, dir)
		if n := joinPieces(t, filepath.Join(moved, "logs")); n < 5 {
			t.Fatalf("only %d logs joined", n)
		}
		same(t, text(t, whole, noPaths), text(t, run(t, moved, nil, "logs"), noPaths))
	})
	t.Run("logs packed with zstd", func(t *testing.T) {
		moved := copyOfDrill(t, dir)
		packAll(t, filepath.Join(moved, "logs"))
		same(t, text(t, whole, noPaths), text(t, run(t, moved, nil, "logs"), noPaths))
	})
}

// reverseJSON turns the records of all arrays of JSON below dir.
func reverseJSON(t *testing.T, dir string) (n int) {
	t.Helper()
	each(t, dir, func(path string) {
		if !strings.HasSuffix(path, ".json") {
			return
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		b = bytes.TrimSpace(b)
		var lines [][]byte
		if b[0] == '{' {
			lines = bytes.Split(b, []byte("\n"))
			slices.Reverse(lines)
			write(t, path, append(bytes.Join(lines, []byte("\n")), '\n'))
			n++
			return
		}
		var list []json.RawMessage
		if err := json.Unmarshal(b, &list); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, r := range list {
			lines = append(lines, r)
		}
		slices.Reverse(lines)
		write(t, path, append(append([]byte("["), bytes.Join(lines, []byte(",\n"))...), ']', '\n'))
		n++
	})
	return n
}

// joinPieces puts the pieces of each rotated log (name, name.1, name.2.gz …) into the file name.
func joinPieces(t *testing.T, dir string) int {
	t.Helper()
	pieces := map[string][]string{}
	each(t, dir, func(path string) {
		base := strings.TrimSuffix(path, ".gz")
		if i := strings.LastIndexByte(base, '.'); i > 0 && len(base)-i <= 4 && strings.Trim(base[i+1:], "0123456789") == "" {
			pieces[base[:i]] = append(pieces[base[:i]], path)
		}
	})
	for _, name := range slices.Sorted(maps.Keys(pieces)) {
		list := pieces[name]
		number := func(p string) string { // the highest number is the oldest
			p = strings.TrimSuffix(p, ".gz")
			p = p[strings.LastIndexByte(p, '.')+1:]
			return strings.Repeat("0", 4-len(p)) + p
		}
		slices.SortFunc(list, func(a, b string) int { return strings.Compare(number(b), number(a)) })
		var all []byte
		var at time.Time
		for _, p := range list {
			all = append(all, unpacked(t, p)...)
			at = modified(t, p)
			if err := os.Remove(p); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := os.Stat(name); err == nil {
			all = append(all, unpacked(t, name)...)
			at = modified(t, name)
		}
		write(t, name, all)
		_ = os.Chtimes(name, at, at)
	}
	return len(pieces)
}

func packAll(t *testing.T, dir string) {
	t.Helper()
	each(t, dir, func(path string) {
		if strings.HasSuffix(path, ".gz") || strings.HasSuffix(path, ".json") { // the profile's globs name those by their ends
			return
		}
		w, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		at := modified(t, path)
		write(t, path+".zst", w.EncodeAll(unpacked(t, path), nil))
		_ = os.Chtimes(path+".zst", at, at)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	})
}

func each(t *testing.T, dir string, do func(path string)) {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		do(p)
	}
}

func unpacked(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return b
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := out.ReadFrom(r); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	fi, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return fi.ModTime()
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	fi, err := os.Stat(path)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err == nil {
		_ = os.Chtimes(path, fi.ModTime(), fi.ModTime())
	}
}
