// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	duckdbgo "github.com/duckdb/duckdb-go/v2"

	"github.com/sekisho/sekisho/store"
)

// ReadOptions bounds a Reader. The zero value works.
type ReadOptions struct {
	Memory  int64  // bytes for DuckDB's buffers; default 256 MiB
	Threads int    // default: all cores
	Temp    string // folder for what does not fit in memory; default: the system's. Nothing is left there
}

// Reader answers SQL over a finished store, and cannot do anything else; see store.Reader.
type Reader struct {
	db   *sql.DB
	temp string
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
	whole, err := filepath.Abs(path)
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
	// A link of a plain name: the path itself may have characters that mean something to the driver, and the driver takes
	// two readers of one path for one.
	link := filepath.Join(temp, "events.duckdb")
	if os.Symlink(whole, link) != nil {
		link = whole
	}
	settings := []string{
		"access_mode=READ_ONLY",
		"enable_external_access=false",
		"autoinstall_known_extensions=false",
		"autoload_known_extensions=false",
		"allow_community_extensions=false",
		"allow_unsigned_extensions=false",
		"memory_limit=" + strconv.FormatInt(o.Memory, 10) + "B",
		"temp_directory=" + filepath.Join(temp, "spill"),
		"lock_configuration=true",
	}
	if o.Threads > 0 {
		settings = append(settings, "threads="+strconv.Itoa(o.Threads))
	}
	connector, err := duckdbgo.NewConnector(link+"?"+strings.Join(settings, "&"), nil)
	if err != nil {
		return nil, errors.Join(failure(err.Error()), os.RemoveAll(temp))
	}
	r.db = sql.OpenDB(connector)
	if err := r.prepare(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// prepare checks that this is a store, and adds the functions that SQL lacks.
func (r *Reader) prepare() error {
	ctx := context.Background()
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var n int
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM duckdb_views() WHERE view_name = 'events'").Scan(&n); err != nil {
		return failure(err.Error())
	}
	if n == 0 {
		return errors.New("it has no events: not a store of Sekisho, or one that was not finished")
	}
	return duckdbgo.RegisterScalarUDF(conn, "in_network", inNetwork{})
}

// Query answers one statement that reads.
func (r *Reader) Query(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	conn, err := r.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if err := allowed(conn, query); err != nil {
		_ = conn.Close()
		return nil, err
	}
	rows, err := conn.QueryContext(ctx, query, args...)
	if err != nil {
		_ = conn.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	// The rows hold the connection; handing it back now makes it free once they are closed.
	go func() { _ = conn.Close() }()
	return rows, nil
}

// allowed parses the query and refuses it unless it is one statement of a kind that reads.
func allowed(conn *sql.Conn, query string) error {
	return conn.Raw(func(c any) error {
		stmt, err := c.(driver.Conn).Prepare(query)
		if err != nil {
			if strings.Contains(err.Error(), "PrepareContext") {
				return fmt.Errorf("%w: this is more than one statement", store.ErrRefused)
			}
			return err
		}
		defer stmt.Close()
		s, ok := stmt.(*duckdbgo.Stmt)
		if !ok {
			return store.ErrRefused
		}
		kind, err := s.StatementType()
		if err != nil {
			return err
		}
		switch kind {
		case duckdbgo.STATEMENT_TYPE_SELECT, duckdbgo.STATEMENT_TYPE_EXPLAIN:
			return nil
		}
		return store.ErrRefused
	})
}

// Close frees everything; the store's file is as it was.
func (r *Reader) Close() error {
	var err error
	if r.db != nil {
		err = r.db.Close()
	}
	return errors.Join(err, os.RemoveAll(r.temp))
}

// inNetwork is the function in_network(ip, cidr): whether the address lies in the network; false if either is not one.
type inNetwork struct{}

func (inNetwork) Config() duckdbgo.ScalarFuncConfig {
	text, _ := duckdbgo.NewTypeInfo(duckdbgo.TYPE_VARCHAR)
	truth, _ := duckdbgo.NewTypeInfo(duckdbgo.TYPE_BOOLEAN)
	return duckdbgo.ScalarFuncConfig{InputTypeInfos: []duckdbgo.TypeInfo{text, text}, ResultTypeInfo: truth}
}

func (inNetwork) Executor() duckdbgo.ScalarFuncExecutor {
	return duckdbgo.ScalarFuncExecutor{RowExecutor: func(args []driver.Value) (any, error) {
		a, _ := args[0].(string)
		n, _ := args[1].(string)
		ip, err := netip.ParseAddr(a)
		if err != nil {
			return false, nil
		}
		net, err := netip.ParsePrefix(n)
		return err == nil && net.Contains(ip), nil
	}}
}
