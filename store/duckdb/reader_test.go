// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store"
)

func answer(t testing.TB, r *Reader, query string, args ...any) string {
	t.Helper()
	rows, err := r.Query(context.Background(), query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	names, _ := rows.Columns()
	var out []string
	for rows.Next() {
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			t.Fatal(err)
		}
		out = append(out, strings.TrimSpace(fmt.Sprintln(values...)))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return strings.Join(out, "\n")
}

// outside are questions that would reach out of the store, or change the database.
func outside(dir string) []string {
	return []string{
		"SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM '/etc/passwd'", "SELECT * FROM read_text('/etc/passwd')", "SELECT * FROM read_blob('/proc/self/environ')",
		"SELECT * FROM read_json_auto('/etc/passwd')", "SELECT * FROM glob('/etc/*')", "SELECT * FROM sniff_csv('/etc/passwd')", "SELECT * FROM parquet_metadata('" + dir + "/x')",
		"COPY (SELECT 1) TO '" + dir + "/x.csv'", "COPY inputs_raw FROM '/etc/passwd'", "EXPLAIN ANALYZE COPY (SELECT 1) TO '" + dir + "/x.csv'", "EXPORT DATABASE '" + dir + "/x'",
		"ATTACH '" + dir + "/x.db'", "DETACH memory", "USE temp", "INSTALL httpfs", "LOAD httpfs", "LOAD '" + dir + "/x'",
		"PRAGMA database_list", "PRAGMA enable_profiling", "CALL pragma_version()", "SET threads = 1", "RESET memory_limit", "SET VARIABLE x = 1", "CHECKPOINT", "VACUUM", "ANALYZE",
		"SELECT getenv('HOME')", "SELECT * FROM enable_logging(storage = 'file', storage_path = '" + dir + "/log')", `SELECT * FROM "Enable_Logging" /* x */ ()`,
		"SELECT * FROM enable_logging\u00a0('QueryLog')", "SELECT * FROM main.enable_logging -- (\n ('QueryLog')", "FROM enable_logging/*/**/*/('QueryLog')",
		"SELECT * FROM disable_logging()", "SELECT * FROM truncate_duckdb_logs()", "SELECT * FROM force_checkpoint()", "SELECT * FROM checkpoint()",
		"SELECT * FROM query('SELECT * FROM enable_logging(''QueryLog'')')", "SELECT * FROM query('SELECT * FROM enable_' || 'logging()')", "SELECT * FROM query_table('inputs')",
		"SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))", "SELECT * FROM arrow_scan(1, 2, 3)", "SELECT * FROM seq_scan('inputs')",
		"CREATE TEMP TABLE x AS SELECT 1", "EXPLAIN ANALYZE CREATE TEMP TABLE x AS SELECT 1", "CREATE MACRO f(x) AS x", "CREATE SECRET (TYPE s3)", "BEGIN", "PREPARE p AS SELECT 1", "EXECUTE p", "DROP VIEW events",
		"WITH x AS (SELECT 1) INSERT INTO inputs_raw SELECT 1, 'a', 'b', 'c'", "SELECT 1; COPY (SELECT 1) TO '" + dir + "/x.csv'", "SELECT 1\x00; DROP VIEW events",
	}
}

func TestNothingOutsideTheStore(t *testing.T) {
	path := create(t, Options{Inputs: []store.Input{{Path: "x"}}}, attack(1000), nil)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	r := reader(t, path)
	dir := t.TempDir()
	for _, q := range outside(dir) {
		rows, err := r.Query(context.Background(), q)
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			rows.Close()
		}
		if err == nil {
			t.Errorf("%s is answered", q)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("the questions left %v", left)
	}
	if got := answer(t, r, "SELECT count(*) FROM events"); got != "1000" {
		t.Errorf("after the questions there are %s events", got)
	}
	for _, q := range []string{"(SELECT 1)", "-- why\nSELECT 1", "/* a /* b */ c */ select 1", "FROM events LIMIT 1", "VALUES (1)", "TABLE inputs", "WITH x AS (SELECT 1) FROM x",
		"DESCRIBE events", "SHOW TABLES", "SUMMARIZE inputs", "EXPLAIN SELECT 1", "EXPLAIN ANALYZE SELECT count(*) FROM events", "EXPLAIN (FORMAT json) SELECT 1", "SELECT * FROM range(3)",
		"SELECT unnest([1, 2])", "SELECT version()", "SELECT count(*) FROM events WHERE activity = 'query'", "SELECT 1;"} {
		if answer(t, r, q) == "" {
			t.Errorf("%s gives nothing", q)
		}
	}
	after, err := os.ReadFile(path)
	if err != nil || sha256.Sum256(before) != sha256.Sum256(after) {
		t.Error("reading changed the store")
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("beside the store there is %v", left)
	}
}

// FuzzGuard: whatever the text, no refused function gets through a different spelling, and DuckDB stays alive.
func FuzzGuard(f *testing.F) {
	for _, q := range outside("/nowhere") {
		f.Add(q)
	}
	g := newGuard([]string{"enable_logging", "query"})
	f.Fuzz(func(t *testing.T, q string) {
		if g.check(q) == nil && strings.Contains(strings.ToLower(strings.Join(strings.Fields(q), "")), "enable_logging(") &&
			!strings.Contains(strings.ToLower(q), "_enable_logging") {
			lower := strings.ToLower(strings.Join(strings.Fields(q), ""))
			if i := strings.Index(lower, "enable_logging("); i == 0 || !wordByte(lower[i-1]) {
				t.Errorf("%q gets through", q)
			}
		}
	})
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{"garbage": "this is not a database, it is text of some length that fills the header", "empty": ""} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path, ReadOptions{}); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("opening %s gives %v", name, err)
		}
	}
	if _, err := Open(filepath.Join(dir, "missing"), ReadOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("opening a missing store gives %v", err)
	}
	if _, err := Open(dir, ReadOptions{}); err == nil {
		t.Error("a folder is opened")
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("opening left %v", left)
	}
}

func TestOpenAPathWithAQuestionMark(t *testing.T) {
	path := create(t, Options{}, nil, nil)
	odd := filepath.Join(t.TempDir(), "what?.duckdb")
	if err := os.Rename(path, odd); err != nil {
		t.Skip("no such names here")
	}
	if got := answer(t, reader(t, odd), "SELECT count(*) FROM events"); got != "0" {
		t.Error(got)
	}
	if _, err := Create(odd, Options{}); err == nil {
		t.Error("DuckDB would take what follows the question mark for settings")
	}
}

func TestInNetwork(t *testing.T) {
	r := reader(t, create(t, Options{}, nil, nil))
	for _, c := range []struct{ ip, cidr, want string }{
		{"192.0.2.1", "192.0.2.0/24", "true"}, {"192.0.3.1", "192.0.2.0/24", "false"}, {"192.0.3.1", "192.0.2.0/23", "true"}, {"203.0.113.7", "0.0.0.0/0", "true"},
		{"203.0.113.7", "203.0.113.7", "true"}, {"203.0.113.7", "203.0.113.7/32", "true"}, {"2001:db8::1", "2001:db8::/32", "true"}, {"2001:db9::1", "2001:db8::/32", "false"},
		{"::1", "::/0", "true"}, {"2001:db8:0:8000::1", "2001:db8:0:8000::/49", "true"}, {"2001:db8::1", "2001:db8:0:8000::/49", "false"}, {"192.0.2.1", "::/0", "false"},
		{"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8/128", "true"}, {"192.0.2.1", "10.0.0.0/99", "<nil>"}, {"x", "10.0.0.0/8", "<nil>"},
	} {
		if got := answer(t, r, "SELECT in_network(?, ?)", c.ip, c.cidr); got != c.want {
			t.Errorf("in_network(%s, %s) is %s, want %s", c.ip, c.cidr, got, c.want)
		}
	}
}

// TestColumnsThatAreNotAskedForCostNothing holds the view to its promise: no join, and filters reach the scan.
func TestColumnsThatAreNotAskedForCostNothing(t *testing.T) {
	r := reader(t, create(t, Options{Inputs: []store.Input{{Path: "x"}}}, attack(1000), nil))
	plan := answer(t, r, "EXPLAIN SELECT count(*) FROM events WHERE time >= TIMESTAMP '2025-07-01 00:00:10' AND class = 'authentication' AND account = 'uid00001'")
	if strings.Contains(plan, "HASH_JOIN") || strings.Contains(plan, "account_ids") || strings.Contains(plan, "FILTER ") {
		t.Errorf("the plan joins or filters late:\n%s", plan)
	}
}

func TestManyReadersAndQueriesAtOnce(t *testing.T) {
	path := create(t, Options{Inputs: []store.Input{{Path: "x"}}}, attack(5000), nil)
	a, b := reader(t, path), reader(t, path)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 5 {
				if got := answer(t, []*Reader{a, b}[i%2], "SELECT count(DISTINCT account_id IS NULL) FROM events"); got != "1" {
					t.Error(got)
				}
			}
		})
	}
	wg.Wait()
}

func TestUnfinishedStoreLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.duckdb")
	w, err := Create(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Append(attack(5000)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Finish(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("finishing with a context that has ended gives %v", err)
	}
	if err := w.Append(attack(1)); err == nil {
		t.Error("events are taken after the end")
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) > 0 {
		t.Errorf("an unfinished store left %v", left)
	}
	if _, err := Create(filepath.Join(t.TempDir(), "no", "such", "folder"), Options{}); err == nil {
		t.Error("a store is made in a missing folder")
	}
}

// TestInventedNamesTakeNobodysPlace: beyond the bound spellings resolve as others, but known ones keep their account.
func TestInventedNamesTakeNobodysPlace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "events.duckdb")
	w, err := Create(path, Options{Inputs: []store.Input{{Path: "x"}}, Spellings: 100})
	if err != nil {
		t.Fatal(err)
	}
	w.Known("", "taro")
	w.Known("no such realm", "taro")
	var all []event.Event
	for i := range 1000 {
		all = append(all, event.Event{Time: event.Micros(i + 1), Account: fmt.Sprintf("invented%d", i)})
	}
	all = append(all, event.Event{Time: 2000, Account: "taro"})
	if err := w.Append(all); err != nil {
		t.Fatal(err)
	}
	if st := w.Stats(); st.Spellings != 100 || st.Unresolved != 901 || st.Events != 1001 {
		t.Errorf("%+v", st)
	}
	err = w.Finish(context.Background(), func(_, account string) []store.Period {
		if account == "" {
			return []store.Period{{ID: "A-others", Name: "(others)"}}
		}
		return []store.Period{{ID: "A-" + account, Name: account}}
	})
	if err != nil {
		t.Fatal(err)
	}
	got := answer(t, reader(t, path), "SELECT account_id = 'A-others', count(*), any_value(account_id) FILTER (account = 'taro') FROM events GROUP BY 1 ORDER BY 1")
	if want := "false 100 A-taro\ntrue 901 <nil>"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
