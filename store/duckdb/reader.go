// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ReadOptions bounds a Reader. The zero value works.
type ReadOptions struct {
	Memory  int64  // bytes for DuckDB's buffers; default 256 MiB
	Threads int    // default: all cores
	Temp    string // folder for what does not fit in memory; default: the system's. Nothing is left there
}

// Reader answers SQL over a finished store, and cannot do anything else; see store.Reader.
type Reader struct {
	db    *sql.DB
	temp  string
	guard guard
}

// Open opens the store at path for reading. The file is not changed.
//
// What is asked may come from anybody: the database is opened read-only with everything that reaches outside of it switched
// off and the switches locked, only one statement that reads is taken, and memory, threads and time (through the context) are
// bounded.
func Open(path string, o ReadOptions) (*Reader, error) {
	r, err := open(path, o)
	if err != nil {
		return nil, fmt.Errorf("duckdb: open %s: %w", path, err)
	}
	return r, nil
}

func open(path string, o ReadOptions) (*Reader, error) {
	if o.Memory <= 0 {
		o.Memory = 256 << 20
	}
	whole, err := filepath.Abs(path) // which DuckDB cannot take for something else than a file
	if err != nil {
		return nil, err
	}
	if st, err := os.Stat(whole); err != nil {
		return nil, err
	} else if !st.Mode().IsRegular() {
		return nil, errors.New("not a file")
	}
	temp, err := os.MkdirTemp(o.Temp, "sekisho-read-*") // mode 0700: what spills is as private as the store
	if err != nil {
		return nil, err
	}
	r := &Reader{temp: temp}
	if strings.Contains(whole, "?") { // what follows it would be settings to DuckDB
		link := filepath.Join(temp, "events.duckdb")
		if err := os.Symlink(whole, link); err != nil {
			return nil, errors.Join(err, r.Close())
		}
		whole = link
	}
	c := &connector{}
	if c.db, err = openDatabase(whole, readSettings(temp, o)); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	r.db = sql.OpenDB(c)
	if err := r.check(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func readSettings(temp string, o ReadOptions) [][2]string {
	s := [][2]string{
		{"access_mode", "READ_ONLY"},
		{"memory_limit", strconv.FormatInt(o.Memory, 10) + "B"},
		{"temp_directory", filepath.Join(temp, "spill")},
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
		{"allow_community_extensions", "false"},
		{"allow_unsigned_extensions", "false"},
		{"allow_persistent_secrets", "false"},
	}
	if o.Threads > 0 {
		s = append(s, [2]string{"threads", strconv.Itoa(o.Threads)})
	}
	return append(s, [2]string{"enable_external_access", "false"}, [2]string{"lock_configuration", "true"})
}

// check finds out whether the database is a store, and what functions there are to be refused.
func (r *Reader) check() error {
	var n int
	if err := r.db.QueryRow("SELECT count(*) FROM duckdb_views() WHERE view_name = 'events'").Scan(&n); err != nil {
		return err
	}
	if n == 0 {
		return errors.New("it has no events: not a store of Sekisho")
	}
	rows, err := r.db.Query(tableFunctions)
	if err != nil {
		return err
	}
	defer rows.Close()
	var functions []string
	for rows.Next() {
		var f string
		if err := rows.Scan(&f); err != nil {
			return err
		}
		functions = append(functions, f)
	}
	r.guard = newGuard(functions)
	return rows.Err()
}

// Query answers one statement that reads. Arguments stand for ? or $1, $2, … in it.
func (r *Reader) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := r.guard.check(query); err != nil {
		return nil, fmt.Errorf("duckdb: query: %w", err)
	}
	rows, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("duckdb: query: %w", err)
	}
	return rows, nil
}

// Close frees everything; the store's file is as it was.
func (r *Reader) Close() error {
	var err error
	if r.db != nil {
		err = r.db.Close()
	}
	return errors.Join(err, os.RemoveAll(r.temp))
}
