// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
)

// TestReadBack lets the project's own parsers read the logs of every system: no record may be left, and a year of nothing
// must hold what looks bad and is not.
func TestReadBack(t *testing.T) {
	drill.WholeStory(t)
	dir, truth := made(t, drill.Options{Name: "quiet", Accounts: 100, Days: 21, Start: time.Date(2023, 6, 10, 15, 0, 0, 0, time.UTC)})
	seen := map[string]int{}
	for _, f := range truth.Files {
		for _, e := range readBack(t, dir, f, 2023) {
			seen[f.Kind+" "+e.Class.String()+" "+e.Activity.String()+" "+e.Outcome.String()]++
		}
	}
	for what, least := range map[string]int{
		"submission authentication logon success": 300, "submission authentication logon failure": 2000, "submission mail send success": 2000, "submission mail receive failure": 40,
		"submission mail refuse failure": 500, "submission mail read success": 100, "webmail http read success": 50, "site http read success": 10_000, "site http read failure": 800,
		"site-errors authentication logon failure": 800,
	} {
		if seen[what] < least {
			t.Errorf("%s: %d events, want %d at least", what, seen[what], least)
		}
	}
}

// made makes a drill.
func made(t *testing.T, o drill.Options) (string, *drill.Truth) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "drill")
	truth, err := drill.Generate(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return dir, truth
}

// readBack reads one file of a drill and returns its events. A record that no parser takes fails the test.
func readBack(t *testing.T, dir string, f drill.File, year int) []event.Event {
	t.Helper()
	all := formats.All()
	order := make([]*formats.Format, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	r := formats.NewReader(order, &formats.Env{Clock: &formats.Clock{Zone: time.FixedZone("JST", 9*3600), Year: year}, Intern: formats.NewInterner()})
	var out event.Batch
	left := 0
	for i, rec := range records(t, dir, f) {
		if err := r.Read(&event.Record{Part: event.Part{Line: int64(i + 1)}, Data: rec}, &out); err != nil {
			if left++; left <= 3 {
				t.Errorf("%s:%d: %v: %s", f.Path, i+1, err, rec)
			}
		}
	}
	r.Flush(&out)
	if left > 0 {
		t.Errorf("%s: %d records that no parser takes", f.Path, left)
	}
	return out.Events
}

// records returns the lines of a file, or the elements of its JSON array.
func records(t *testing.T, dir string, f drill.File) [][]byte {
	t.Helper()
	file, err := os.Open(filepath.Join(dir, "logs", f.Path))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var r io.Reader = file
	if strings.HasSuffix(f.Path, ".gz") {
		if r, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) == 0 || data[0] != '[' {
		return bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(data, &elements); err != nil {
		t.Fatalf("%s: %v", f.Path, err)
	}
	out := make([][]byte, len(elements))
	for i, e := range elements {
		out[i] = e
	}
	return out
}
