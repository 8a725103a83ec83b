// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// parquetOf writes what a query answers as a Parquet file.
func parquetOf(t *testing.T, query string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "it's [1]*.parquet")
	c := &connector{}
	var err error
	if c.db, err = openDatabase(":memory:", nil); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	var raw bindings.Connection
	if bindings.Connect(c.db, &raw) == bindings.StateError {
		t.Fatal("no connection")
	}
	defer bindings.Disconnect(&raw)
	var res bindings.Result
	if bindings.Query(raw, "COPY ("+query+") TO "+quote(path)+" (FORMAT parquet)", &res) == bindings.StateError {
		t.Fatal(bindings.ResultError(&res))
	}
	bindings.DestroyResult(&res)
	return path
}

func TestParquet(t *testing.T) {
	path := parquetOf(t, `SELECT TIMESTAMP '2025-06-01 01:02:03.5' AS time, TIMESTAMPTZ '2025-06-01 01:02:03+09' AS zoned, 'ta"ro' AS "user ""x""", NULL::VARCHAR AS nothing,
		{'ip': '192.0.2.1', 'port': 22} AS src, [1, 2] AS list, 1234567890123::BIGINT AS n, true AS b, 1.5::DOUBLE AS d UNION ALL
		SELECT NULL, NULL, 'hanako', 'x', NULL, [], 2, false, NULL`)
	var b bytes.Buffer
	if err := Parquet(t.Context(), path, ReadOptions{Temp: t.TempDir(), Threads: 1}, &b); err != nil {
		t.Fatal(err)
	}
	want := `{"time":"2025-06-01T01:02:03.500000Z","zoned":"2025-05-31T16:02:03.000000Z","user \"x\"":"ta\"ro","nothing":null,"src":{"ip":"192.0.2.1","port":22},"list":[1,2],"n":1234567890123,"b":true,"d":1.5}
{"time":null,"zoned":null,"user \"x\"":"hanako","nothing":"x","src":null,"list":[],"n":2,"b":false,"d":null}
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// TestParquetOrder: rows come in the order of the file, and stop where nobody wants them.
func TestParquetOrder(t *testing.T) {
	path := parquetOf(t, "SELECT range AS n FROM range(300000)")
	var b bytes.Buffer
	if err := Parquet(t.Context(), path, ReadOptions{Temp: t.TempDir()}, &b); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(b.String(), "\n")
	if len(lines) != 300001 || lines[0] != `{"n":0}` || lines[150000] != `{"n":150000}` || lines[299999] != `{"n":299999}` {
		t.Errorf("%d lines, %s, %s", len(lines), lines[0], lines[150000])
	}
	enough := errors.New("enough")
	r, w := io.Pipe()
	r.CloseWithError(enough)
	if err := Parquet(t.Context(), path, ReadOptions{Temp: t.TempDir()}, w); !errors.Is(err, enough) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Parquet(ctx, path, ReadOptions{Temp: t.TempDir()}, io.Discard); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestParquetDamaged: damage is an error, or changes what is read, and does no more harm than that.
func TestParquetDamaged(t *testing.T) {
	good, err := os.ReadFile(parquetOf(t, `SELECT range AS n, 'user' || (range % 7) AS who, {'a': range, 'b': [range]} AS nested, TIMESTAMP '2025-06-01' + INTERVAL (range) SECOND AS at FROM range(500)`))
	if err != nil {
		t.Fatal(err)
	}
	path, temp := filepath.Join(t.TempDir(), "x"), t.TempDir()
	r := rand.New(rand.NewPCG(1, 2))
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	failed := 0
	for i := range rounds {
		b := bytes.Clone(good)
		switch i % 3 {
		case 0:
			b = b[:r.IntN(len(b))]
		case 1:
			b[r.IntN(len(b))] ^= byte(1 + r.IntN(255))
		default: // the footer, which says where everything is
			b[len(b)-1-r.IntN(min(len(b), 600))] ^= byte(1 + r.IntN(255))
		}
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Parquet(t.Context(), path, ReadOptions{Temp: temp, Threads: 1, Memory: 64 << 20}, &most{n: 64 << 20}); err != nil {
			failed++
		}
	}
	if failed < rounds/3 {
		t.Errorf("%d of %d failed", failed, rounds)
	}
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// most takes no more than n bytes.
type most struct{ n int }

// Write implements io.Writer.
func (m *most) Write(p []byte) (int, error) {
	if m.n -= len(p); m.n < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}
