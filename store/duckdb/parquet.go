// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// Parquet writes the rows of a Parquet file to w as JSON objects, one a line, in the order of the file. Times of columns
// are written as RFC 3339 in UTC. The file is read with nothing else in reach; memory is bounded as by ReadOptions.
func Parquet(ctx context.Context, path string, o ReadOptions, w io.Writer) error {
	if err := parquet(ctx, path, o, w); err != nil {
		return fmt.Errorf("duckdb: read %s: %w", filepath.Base(path), err)
	}
	return nil
}

func parquet(ctx context.Context, path string, o ReadOptions, w io.Writer) (err error) {
	if o.Memory <= 0 {
		o.Memory = 256 << 20
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp(o.Temp, "sekisho-parquet-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if temp, err = filepath.Abs(temp); err != nil {
		return err
	}
	link := filepath.Join(temp, "rows.parquet") // whatever signs its own name has, which DuckDB would take for a pattern
	if err := os.Symlink(whole, link); err != nil {
		return err
	}
	c := &connector{}
	if c.db, err = openDatabase(":memory:", tableSettings(temp, o)); err != nil {
		return err
	}
	if err := shut(c.db, temp); err != nil {
		return errors.Join(err, c.Close())
	}
	db := sql.OpenDB(c)
	defer func() { err = errors.Join(err, db.Close()) }()
	return writeRows(ctx, db, quote(link), w)
}

// tableSettings are those of reading a store, but for what shut makes.
func tableSettings(temp string, o ReadOptions) [][2]string {
	var s [][2]string
	for _, x := range readSettings(temp, o) {
		if x[0] != "access_mode" && x[0] != "enable_external_access" && x[0] != "lock_configuration" {
			s = append(s, x)
		}
	}
	return append(s, [2]string{"preserve_insertion_order", "true"})
}

// shut leaves one folder in reach of a database, and nothing to change that with.
func shut(db bindings.Database, folder string) error {
	var raw bindings.Connection
	if bindings.Connect(db, &raw) == bindings.StateError {
		return errors.New("no connection")
	}
	defer bindings.Disconnect(&raw)
	for _, set := range []string{"allowed_directories = [" + quote(folder+string(filepath.Separator)) + "]", "enable_external_access = false", "lock_configuration = true"} {
		var res bindings.Result
		state := bindings.Query(raw, "SET "+set, &res)
		msg := bindings.ResultError(&res)
		bindings.DestroyResult(&res)
		if state == bindings.StateError {
			return statementError(msg)
		}
	}
	return nil
}

func writeRows(ctx context.Context, db *sql.DB, file string, w io.Writer) error {
	list, err := columnsOf(ctx, db, file)
	if err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, "SELECT CAST(json_object("+list+") AS VARCHAR) FROM read_parquet("+file+")")
	if err != nil {
		return err
	}
	defer rows.Close()
	out := bufio.NewWriterSize(w, 64<<10)
	var line sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
		if err := out.WriteByte('\n'); err != nil {
			return err
		}
	}
	return errors.Join(rows.Err(), out.Flush())
}

// columnsOf returns the arguments that make an object of a row.
func columnsOf(ctx context.Context, db *sql.DB, file string) (string, error) {
	rows, err := db.QueryContext(ctx, "SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet("+file+"))")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var name, kind string
		if err := rows.Scan(&name, &kind); err != nil {
			return "", err
		}
		column := `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		switch {
		case kind == "TIMESTAMP WITH TIME ZONE":
			column = "strftime(" + column + " AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
		case strings.HasPrefix(kind, "TIMESTAMP"): // Parquet's local times are UTC in every export that was seen
			column = "strftime(" + column + "::TIMESTAMP, '%Y-%m-%dT%H:%M:%S.%fZ')"
		case kind == "BLOB":
			column = "CAST(" + column + " AS VARCHAR)"
		}
		list = append(list, quote(name)+", "+column)
	}
	return strings.Join(list, ", "), rows.Err()
}
