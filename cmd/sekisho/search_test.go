// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store"
	"github.com/sekisho/sekisho/store/duckdb"
	"github.com/sekisho/sekisho/store/storetest"
)

// sampleCase makes a case folder with the events of the conformance suite.
func sampleCase(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	w, err := duckdb.Create(filepath.Join(dir, "events.duckdb"), duckdb.Options{Inputs: []store.Input{{Path: "logs/a.log"}, {Path: "logs/b.log"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(storetest.Samples()); err != nil {
		t.Fatal(err)
	}
	err = w.Finish(context.Background(), func(_, account string) []store.Period {
		return []store.Period{{ID: "A-" + account, Name: account + "@lab.example"}}
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func search(t testing.TB, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	cmd := searchCommand()
	var out, bad strings.Builder
	cmd.SetOut(&out)
	cmd.SetErr(&bad)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(context.Background())
	return out.String(), bad.String(), err
}

func TestSearchKeepsEveryEventInEveryFormat(t *testing.T) {
	dir := sampleCase(t)
	want := storetest.Samples()
	t.Run("json", func(t *testing.T) {
		out, _, err := search(t, "--case", dir, "--format", "json", "SELECT * FROM events")
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if err != nil || len(lines) != len(want) {
			t.Fatalf("%d lines, %v; want %d", len(lines), err, len(want))
		}
		for i, l := range lines {
			var v struct {
				Object *string
				Count  *int64
				Bytes  *int64 `json:"bytes_out"`
				Rest   map[string]any
			}
			if err := json.Unmarshal([]byte(l), &v); err != nil {
				t.Fatalf("%v: %s", err, l)
			}
			n, ok := want[i].BytesOut.Get()
			if (v.Object == nil) != (want[i].Object == "") || (v.Bytes == nil) == ok || ok && *v.Bytes != n {
				t.Errorf("line %d is %s", i, l)
			}
		}
	})
	t.Run("csv", func(t *testing.T) {
		out, _, err := search(t, "--case", dir, "--format", "csv", "SELECT * FROM events")
		rows, bad := csv.NewReader(strings.NewReader(out)).ReadAll()
		if err != nil || bad != nil || len(rows) != len(want)+1 || len(rows[0]) != len(store.Tables()[0].Columns) {
			t.Errorf("%d rows, %v, %v; want %d", len(rows), err, bad, len(want)+1)
		}
	})
	t.Run("table", func(t *testing.T) {
		out, warning, err := search(t, "--case", dir, "--limit", "0", "SELECT * FROM events")
		if n := strings.Count(out, "\n"); err != nil || warning != "" || n != len(want)+2 {
			t.Errorf("%d lines, %q, %v; want %d", n, warning, err, len(want)+2)
		}
		for _, r := range out {
			if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 {
				t.Fatalf("the terminal gets %U", r)
			}
		}
	})
	t.Run("ocsf", func(t *testing.T) {
		out, _, err := search(t, "--case", dir, "--format", "ocsf", "SELECT * FROM events")
		lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
		if err != nil || len(lines) != len(want) {
			t.Fatalf("%d lines, %v; want %d", len(lines), err, len(want))
		}
		for i := range want { // made again from its row, the event is the same object
			e := want[i]
			e.Object = strings.ToValidUTF8(e.Object, "\uFFFD")
			input := []string{"logs/a.log", "logs/b.log"}[e.Ref.Input]
			if w := string(e.AppendOCSF(nil, input)); w != lines[i] {
				t.Errorf("event %d:\n%s\nwant\n%s", i, lines[i], w)
			}
		}
	})
}

func TestSearchLimit(t *testing.T) {
	dir := sampleCase(t)
	out, warning, err := search(t, "--case", dir, "--limit", "3", "--format", "csv", "SELECT line FROM events")
	if err != nil || strings.Count(out, "\n") != 4 || !strings.Contains(warning, "--limit 0") {
		t.Errorf("%q, %q, %v", out, warning, err)
	}
	if _, _, err := search(t, "--case", dir, "--limit", "-7", "SELECT line FROM events"); err == nil {
		t.Error("a limit below nothing is taken")
	}
	if _, warning, _ := search(t, "--case", dir, "--limit", "2", "SELECT * FROM inputs"); warning != "" {
		t.Errorf("a limit that is just enough says %q", warning)
	}
}

func TestSearchTellsSQLFromFilters(t *testing.T) {
	for query, want := range map[string]bool{
		"select 1": true, "SELECT*FROM events": true, "(select 1)": true, "from events": true, "WITH x AS (SELECT 1) FROM x": true, "-- why\nselect 1": true,
		"describe events": true, "DROP TABLE x": true, "drop table x": true, "COPY x TO 'y'": true, "PRAGMA x": true, "insert into x values (1)": true,
		"account:taro": false, "delete": false, "delete file": false, "drop": false, `"select 1"`: false, "taro": false, "-service:imap": false, "copy": false, "set:x y": false,
	} {
		if got := isSQL(query); got != want {
			t.Errorf("%s is SQL: %v, want %v", query, got, want)
		}
	}
	if got := strings.Join(quoted([]string{"object:a b", "c", "two words"}), " "); got != `object:"a b" c "two words"` {
		t.Error(got)
	}
	if got := strings.Join(quoted([]string{"SELECT", "1 + 1"}), " "); got != "SELECT 1 + 1" {
		t.Error(got)
	}
}

func TestTableFitsTheTerminal(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{{"abc", 3}, {"関所", 4}, {"ｶﾅ", 2}, {"é", 1}, {"e\u0301", 1}, {"한글", 4}, {"😀", 2}, {"─…", 2}} {
		if got := width(c.text); got != c.want {
			t.Errorf("%q takes %d columns, want %d", c.text, got, c.want)
		}
	}
	if got := shorten("関所abc", 4); got != "関…" || width(shorten("abcdef", 3)) != 3 {
		t.Error(got)
	}
	if got := visible("a\x1b[31mb\x07\u202ec\u200bd\n\u0085"); got != "a␛[31mb␇<U+202E>c<U+200B>d␊<U+0085>" {
		t.Error(got)
	}
	var b strings.Builder
	out := bufio.NewWriter(&b)
	p := &tablePrinter{out: out, width: 40, names: []string{"time", "account", "n"}, right: []bool{false, false, true}}
	for range 300 {
		if err := p.row([]any{"2025-07-01", strings.Repeat("長い名前", 20), int64(7)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	out.Flush()
	for _, l := range strings.Split(b.String(), "\n") {
		if width(l) > 40 {
			t.Errorf("a row takes %d columns: %s", width(l), l)
		}
	}
}

func TestCSVIsNoProgram(t *testing.T) {
	for s, want := range map[string]bool{"=cmd|' /C calc'!A0": true, "+1+2": true, "@SUM(A1)": true, "-2+3": true, "\t=1": true, "-1.5": false, "+49": false, "-": false, "": false, "a=b": false} {
		if got := formula(s); got != want {
			t.Errorf("%q is a formula: %v, want %v", s, got, want)
		}
	}
}

func FuzzRest(f *testing.F) {
	for _, e := range storetest.Samples() {
		f.Add(string(e.AppendRest(nil)))
	}
	f.Add(`{"parts":[[1,2],[1,2,"x"],null],"a":{"b":1},"n":1e99}`)
	f.Fuzz(func(t *testing.T, s string) {
		fields, parts := restOf(s)
		e := event.Event{Rest: fields, Ref: event.Ref{More: parts}}
		if b := e.AppendRest(nil); len(b) > 0 && !json.Valid(b) && utf8.ValidString(s) {
			t.Errorf("%q becomes %s", s, b)
		}
	})
}
