// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// sharedData returns the folder of recorded logs beside the repository, or skips the test.
func sharedData(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("go.mod is not above the test")
		}
		dir = up
	}
	data := filepath.Join(dir, "..", "shared", "data")
	if _, err := os.Stat(data); err != nil {
		t.Skip("there are no recorded logs in ../shared/data")
	}
	return data
}

// TestRecordedLogs frames recorded files in every way: no byte is lost, and files that are JSON throughout give nothing but
// JSON, each object that encoding/json finds at the top level or in a wrapper.
func TestRecordedLogs(t *testing.T) {
	inputs, err := Discover([]string{sharedData(t)}, Search{})
	if err != nil {
		t.Fatal(err)
	}
	files, jsons, objects := 0, 0, 0
	for i, f := range inputs.Files {
		isJSON := strings.HasSuffix(f.Path, ".json") || strings.HasSuffix(f.Path, ".jsonl")
		if f.Size > 4<<20 || !isJSON && i%20 != 0 {
			continue
		}
		content, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if recognise(content) != Plain || encodingOf(content) != Bytes {
			continue
		}
		files++
		for _, framing := range []event.Framing{event.FrameLines, event.FrameJSON, event.FrameCSV, event.FrameXML, event.FrameEVTX} {
			records, st, err := frame(t, content, framing, Options{})
			if err != nil {
				t.Fatalf("%s: %v", f.Path, err)
			}
			holds(t, content, records, st, framing)
			if framing != event.FrameJSON || !isJSON || !decodes(content) {
				continue
			}
			jsons++
			objects += len(records)
			if st.Text > 0 {
				t.Errorf("%s: %d lines of it were not taken for JSON", f.Path, st.Text)
			}
			for _, r := range records {
				if !json.Valid([]byte(r.data)) && st.Oversized == 0 {
					t.Errorf("%s: %v is not valid", f.Path, r)
				}
			}
		}
	}
	t.Logf("%d files in every framing; %d of them JSON, with %d objects", files, jsons, objects)
}

// decodes reports whether content is a series of JSON objects and arrays of objects.
func decodes(content []byte) bool {
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(content, []byte(bom))))
	for {
		var v json.RawMessage
		err := d.Decode(&v)
		if err == io.EOF {
			return true
		}
		if err != nil || v[0] != '{' && (v[0] != '[' || !ofObjects(v, 0)) {
			return false
		}
	}
}
