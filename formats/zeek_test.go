// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestZeekForms writes every row of the tab-separated sample as Zeek's JSON writer does, with its path and without, and holds
// the events against each other: they are alike but for where they stand.
func TestZeekForms(t *testing.T) {
	data, err := os.ReadFile("testdata/zeek.log")
	if err != nil {
		t.Fatal(err)
	}
	compareZeek(t, data)
}

// TestPeerZeekForms does the same with the logs that Zeek itself is tested with.
func TestPeerZeekForms(t *testing.T) {
	rows := 0
	walkFiles(t, peerFolder(t, "zeek-btest-baseline"), ".log", func(_ string, data []byte) {
		if bytes.Contains(data, []byte("\n#fields\tts\tuid\t")) {
			rows += compareZeek(t, bytes.ReplaceAll(data, []byte("XXXXXXXXXX.XXXXXX"), []byte("1747010467.123456")))
		}
	})
	t.Logf("%d rows compared", rows)
	if rows < 1000 {
		t.Errorf("only %d rows compared", rows)
	}
}

func compareZeek(t *testing.T, data []byte) (rows int) {
	t.Helper()
	table := zeek.New(testEnv())
	var fields, types []string
	var path string
	for _, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		var a, b, c event.Batch
		errA := table.Parse(&event.Record{Data: []byte(line)}, &a)
		switch {
		case strings.HasPrefix(line, "#fields\t"):
			fields = strings.Split(line, "\t")[1:]
		case strings.HasPrefix(line, "#types\t"):
			types = strings.Split(line, "\t")[1:]
		case strings.HasPrefix(line, "#path\t"):
			path = line[len("#path\t"):]
		}
		if strings.HasPrefix(line, "#") || len(fields) != len(types) || path == "" || errA != nil || len(strings.Split(line, "\t")) != len(fields) {
			continue
		}
		rows++
		rec := zeekJSON(path, fields, types, strings.Split(line, "\t"))
		if err := zeek.New(testEnv()).Parse(&event.Record{Data: rec}, &b); err != nil {
			t.Errorf("%v: %s", err, rec)
			continue
		}
		if got, want := eventsText(&b), eventsText(&a); got != want {
			t.Errorf("%s\nas JSON  %s\nas table %s\nof %s", path, got, want, rec)
		}
		bare := bytes.Replace(rec, []byte(`"_path":`+strconv.Quote(path)+`,`), nil, 1)
		if sniffZeek(bare) > 0 && len(a.Events) > 0 {
			if err := zeek.New(testEnv()).Parse(&event.Record{Data: bare}, &c); err != nil {
				t.Errorf("without a path: %v: %s", err, bare)
			} else if got, want := eventsText(&c), eventsText(&a); got != want && len(c.Events) > 0 {
				t.Errorf("%s\nwithout a path %s\nas table       %s\nof %s", path, got, want, bare)
			}
		}
	}
	return rows
}

func eventsText(b *event.Batch) string {
	var out []byte
	for i := range b.Events {
		out = append(b.Events[i].AppendJSON(out), '\n')
	}
	return string(out)
}

// zeekJSON writes a row as Zeek's JSON writer does: numbers and truth by their types, containers as arrays, nothing for what
// is not set.
func zeekJSON(path string, fields, types, cells []string) []byte {
	out := []byte(`{"_path":` + strconv.Quote(path))
	for i, cell := range cells {
		if cell == "-" {
			continue
		}
		name, _ := json.Marshal(fields[i])
		out = append(append(append(out, ','), name...), ':')
		kind, list := strings.CutSuffix(types[i], "]")
		if list {
			_, kind, _ = strings.Cut(kind, "[")
			out = append(out, '[')
			for k, v := range strings.Split(cell, ",") {
				if cell == "(empty)" {
					break
				}
				if k > 0 {
					out = append(out, ',')
				}
				out = appendZeekValue(out, kind, v)
			}
			out = append(out, ']')
			continue
		}
		if cell == "(empty)" {
			cell = ""
		}
		out = appendZeekValue(out, kind, cell)
	}
	return append(out, '}')
}

func appendZeekValue(out []byte, kind, v string) []byte {
	switch kind {
	case "time", "interval", "count", "int", "port", "double":
		if _, err := strconv.ParseFloat(v, 64); err == nil {
			return append(out, v...)
		}
	case "bool":
		return strconv.AppendBool(out, v == "T")
	}
	text, _ := json.Marshal(string((&zeekParser{}).unescape([]byte(v))))
	return append(out, text...)
}
