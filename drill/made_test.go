// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// small is the least institute: everything is in it, and it is made in a second.
func small() Options { return Options{Accounts: leastAccounts, PeakPerAccount: 20} }

// shared returns the small drill, or its quiet twin, made once for all tests that only read it.
func shared(t *testing.T, name string) (string, *Truth) {
	t.Helper()
	made := map[string]func() (string, *Truth, error){AIST: loudOnce, AISTQuiet: quietOnce}[name]
	dir, truth, err := made()
	if err != nil {
		t.Fatal(err)
	}
	return dir, truth
}

var loudOnce, quietOnce = once(AIST), once(AISTQuiet)

func once(name string) func() (string, *Truth, error) {
	type drill struct {
		dir   string
		truth *Truth
	}
	get := sync.OnceValues(func() (drill, error) {
		o := small()
		o.Name = name
		dir := filepath.Join(scratch, name)
		truth, err := Generate(context.Background(), dir, o)
		return drill{dir, truth}, err
	})
	return func() (string, *Truth, error) {
		d, err := get()
		return d.dir, d.truth, err
	}
}

// scratch is the folder of the shared drills; TestMain makes and removes it.
var scratch string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "drill")
	if err != nil {
		panic(err)
	}
	scratch = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

func generate(t testing.TB, o Options) (string, *Truth) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "drill")
	truth, err := Generate(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return dir, truth
}

// sums returns the SHA-256 of every file below dir.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[rel] = fmt.Sprintf("%x", sha256.Sum256(data))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// read returns the lines of a log file.
func read(t *testing.T, dir string, f File) [][]byte {
	t.Helper()
	return readLines(t, filepath.Join(dir, "logs", f.Path))
}

func readLines(t *testing.T, path string) [][]byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var r io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
}

// WholeStory leaves out, under the race detector, a test that performs a story of months: one goroutine does so, and what it shares with the
// press, the stream and the players is raced by the tests of these on small drills. Without the detector all run.
func WholeStory(t *testing.T) {
	t.Helper()
	if raced {
		t.Skip("a whole story is performed by one goroutine; its neighbours are raced on small drills")
	}
}
