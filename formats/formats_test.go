// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/internal/golden"
)

// TestGolden reads every sample in testdata (NAME*.log by lines, NAME*.json by objects, NAME*.csv by rows) and compares what
// was recognised, every event and every refusal with the golden file beside it.
func TestGolden(t *testing.T) {
	for _, path := range samples(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, strings.TrimSuffix(path, filepath.Ext(path))+".golden", render(path, data))
		})
	}
}

// TestAll holds the list, the files and the samples together.
func TestAll(t *testing.T) {
	listed := map[string]bool{}
	for _, f := range All() {
		listed[f.Name] = true
		if f.Sniff == nil || f.New == nil || f.Source == "" {
			t.Errorf("format %s: Sniff, New and Source must be set", f.Name)
		}
		for word, text := range map[string]string{"What": f.About.What, "Export": f.About.Export, "Takes": f.About.Takes, "Leaves": f.About.Leaves} {
			if text == "" {
				t.Errorf("format %s: About.%s is empty: its page is made of it", f.Name, word)
			}
		}
		if m, _ := filepath.Glob(filepath.Join("testdata", f.Name+"*.golden")); len(m) == 0 {
			t.Errorf("format %s has no sample: write testdata/%s.log, then go test -run TestGolden -update", f.Name, f.Name)
		}
	}
	files, _ := filepath.Glob("*.go")
	for _, file := range files {
		src, _ := os.ReadFile(file)
		_, decl, ok := bytes.Cut(src, []byte("= Format{"))
		if !ok || strings.HasSuffix(file, "_test.go") {
			continue
		}
		_, name, _ := bytes.Cut(decl, []byte("\""))
		name, _, _ = bytes.Cut(name, []byte("\""))
		if !listed[string(name)] {
			t.Errorf("%s declares the format %q: add it to All in all.go", file, name)
		}
	}
}

// FuzzParse feeds every parser arbitrary records: none may panic, keep the record, write into it, or answer differently a second time.
//
// With SEKISHO_FUZZ_FORMAT=NAME it asks that format alone and begins with the samples of that one: .ci/run asks one after another so.
// SEKISHO_FUZZ_SEEDS=N says with how many of them, since each takes some 20 ms before the first new input is tried.
func FuzzParse(f *testing.F) {
	all := All()
	seeds := make([][]byte, 0, 4096)
	name := os.Getenv("SEKISHO_FUZZ_FORMAT")
	if name != "" {
		one, ok := Named(all, name)
		if !ok {
			f.Fatalf("there is no format %q", name)
		}
		all = []Format{*one}
	}
	for _, path := range samples(f) {
		if !strings.HasPrefix(filepath.Base(path), name) {
			continue
		}
		data, _ := os.ReadFile(path)
		for _, rec := range cut(path, data) {
			seeds = append(seeds, rec.Data)
		}
	}
	step := 1
	if n, err := strconv.Atoi(os.Getenv("SEKISHO_FUZZ_SEEDS")); err == nil && n > 0 {
		step = (len(seeds) + n - 1) / n
	}
	for i := 0; i < len(seeds); i += step {
		f.Add(seeds[i])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for i := range all {
			a, b := fuzzOnce(&all[i], data), fuzzOnce(&all[i], data)
			if a != b {
				t.Fatalf("%s is not repeatable:\n%s\n%s", all[i].Name, a, b)
			}
		}
	})
}

// fuzzOnce cuts data into lines and returns what one parser makes of them, with the records overwritten after each use.
func fuzzOnce(f *Format, data []byte) string {
	env := testEnv()
	p := f.New(env)
	var out event.Batch
	for i, line := range bytes.Split(data, []byte("\n")) {
		own := bytes.Clone(line)
		rec := event.Record{Part: event.Part{Line: int64(i + 1), Length: int64(len(own))}, Data: own}
		f.Sniff(own)
		n := len(out.Events)
		if p.Parse(&rec, &out) != nil {
			out.Events = out.Events[:n]
		}
		if !bytes.Equal(own, line) {
			panic(f.Name + " wrote into the record")
		}
		for j := range own {
			own[j] = 'X'
		}
	}
	p.Flush(&out)
	var b []byte
	for i := range out.Events {
		b = append(out.Events[i].AppendJSON(b), '\n')
	}
	return string(b)
}

func testEnv() *Env {
	tokyo := time.FixedZone("JST", 9*3600)
	return &Env{Clock: &Clock{Zone: tokyo, Year: 2025}, Intern: NewInterner()}
}

func samples(t testing.TB) []string {
	var out []string
	for _, ext := range []string{"log", "json", "csv"} {
		m, err := filepath.Glob(filepath.Join("testdata", "*."+ext))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, m...)
	}
	return out
}

// render returns what is recognised in data, then a line for each event and each refused record.
func render(path string, data []byte) []byte {
	all := All()
	recs := cut(path, data)
	var sample [][]byte
	for _, r := range recs[:min(len(recs), 200)] {
		sample = append(sample, r.Data)
	}
	var b bytes.Buffer
	var order []*Format
	listed := map[string]bool{}
	for _, g := range Recognise(all, sample) {
		fmt.Fprintf(&b, "# %s %.2f of %d records\n", g.Format.Name, g.Confidence, g.Records)
		order = append(order, g.Format)
		listed[g.Format.Name] = true
	}
	for i := range all {
		if !listed[all[i].Name] {
			order = append(order, &all[i])
		}
	}
	var out event.Batch
	r := NewReader(order, testEnv())
	for i := range recs {
		if err := r.Read(&recs[i], &out); err != nil {
			fmt.Fprintf(&b, "! line %d: %v\n", recs[i].Line, err)
		}
	}
	r.Flush(&out)
	for i := range out.Events {
		b.Write(append(out.Events[i].AppendJSON(nil), '\n'))
	}
	return b.Bytes()
}

// cut cuts a sample into records: objects of a .json file, rows of a .csv file, lines of the others.
func cut(path string, data []byte) []event.Record {
	var recs []event.Record
	if filepath.Ext(path) == ".json" {
		objs, err := objects(data)
		if err == nil {
			for i, o := range objs {
				recs = append(recs, event.Record{Part: event.Part{Line: int64(i + 1), Offset: int64(bytes.Index(data, o)), Length: int64(len(o))}, Data: o})
			}
			return recs
		}
	}
	off := int64(0)
	lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	if filepath.Ext(path) == ".csv" {
		lines = wholeCSV(lines)
	}
	for i, line := range lines {
		text := bytes.TrimSuffix(line, []byte("\r"))
		recs = append(recs, event.Record{Part: event.Part{Line: int64(i + 1), Offset: off, Length: int64(len(text))}, Data: text})
		off += int64(len(line)) + 1
	}
	return recs
}

// wholeCSV joins the lines of rows in which a quoted cell holds a line end.
func wholeCSV(lines [][]byte) [][]byte {
	var rows [][]byte
	open := false
	for _, line := range lines {
		if open {
			last := len(rows) - 1
			rows[last] = append(append(bytes.Clone(rows[last]), '\n'), line...)
		} else {
			rows = append(rows, line)
		}
		if bytes.Count(line, []byte(`"`))%2 == 1 {
			open = !open
		}
	}
	return rows
}

func objects(data []byte) ([]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	var out []json.RawMessage
	for {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		var arr []json.RawMessage
		if json.Unmarshal(raw, &arr) == nil {
			out = append(out, arr...)
			continue
		}
		var graph struct{ Value []json.RawMessage }
		if json.Unmarshal(raw, &graph) == nil && graph.Value != nil {
			out = append(out, graph.Value...)
			continue
		}
		out = append(out, raw)
	}
}
