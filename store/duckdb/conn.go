// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	bindings "github.com/duckdb/duckdb-go-bindings"

	"github.com/sekisho/sekisho/store"
)

// connector lets database/sql open connections to one database. Results are streamed: what is asked for may be as large as
// the store.
type connector struct {
	once sync.Once
	db   bindings.Database
}

// openDatabase opens a file with settings that are made in their order: some lock those that follow.
func openDatabase(path string, settings [][2]string) (bindings.Database, error) {
	var db bindings.Database
	var config bindings.Config
	if bindings.CreateConfig(&config) == bindings.StateError {
		return db, errors.New("no memory for its configuration")
	}
	defer bindings.DestroyConfig(&config)
	for _, s := range settings {
		if bindings.SetConfig(config, s[0], s[1]) == bindings.StateError {
			return db, fmt.Errorf("DuckDB does not take %s=%s", s[0], s[1])
		}
	}
	var msg string
	if bindings.OpenExt(path, &db, config, &msg) == bindings.StateError {
		bindings.Close(&db)
		return db, failure(msg)
	}
	return db, nil
}

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	var conn conn
	if bindings.Connect(c.db, &conn.raw) == bindings.StateError {
		return nil, errors.New("duckdb: no connection")
	}
	return &conn, nil
}

func (c *connector) Driver() driver.Driver { return refuser{} }

func (c *connector) Close() error {
	c.once.Do(func() { bindings.Close(&c.db) })
	return nil
}

// refuser stands for a driver that cannot open anything by name.
type refuser struct{}

func (refuser) Open(string) (driver.Conn, error) {
	return nil, errors.New("duckdb: stores are opened with Open")
}

// conn is one connection, used by one query at a time.
type conn struct{ raw bindings.Connection }

func (c *conn) Prepare(string) (driver.Stmt, error) { return nil, store.ErrRefused }
func (c *conn) Begin() (driver.Tx, error)           { return nil, store.ErrRefused }

func (c *conn) Close() error {
	bindings.Disconnect(&c.raw)
	return nil
}

// QueryContext runs one statement that reads. Columns of types that have no counterpart in Go come as texts of JSON.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	r, err := c.query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	var odd bool
	list := make([]string, len(r.columns))
	for i := range r.columns {
		list[i] = fmt.Sprintf("#%d", i+1)
		if r.columns[i].odd() {
			odd = true
			list[i] = fmt.Sprintf("to_json(#%d)", i+1)
		}
	}
	if !odd {
		return r, nil
	}
	types := r.columns
	if err := r.Close(); err != nil {
		return nil, err
	}
	plain := strings.TrimRight(query, "; \t\r\n")
	r, err = c.query(ctx, "SELECT "+strings.Join(list, ", ")+" FROM ("+plain+"\n)", args)
	if err != nil {
		return nil, err
	}
	for i := range r.columns {
		r.columns[i].name = types[i].name
		if types[i].odd() && types[i].kind == bindings.TypeDecimal {
			r.columns[i].shown = "DECIMAL"
		}
	}
	return r, nil
}

func (c *conn) query(ctx context.Context, query string, args []driver.NamedValue) (r *rows, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r = &rows{ctx: ctx}
	r.watch(c.raw)
	defer func() {
		if err != nil {
			_ = r.Close()
			if ctx.Err() != nil {
				err = ctx.Err()
			}
		}
	}()
	if err := c.prepare(query, &r.stmt); err != nil {
		return r, err
	}
	for i, a := range args {
		if err := bind(r.stmt, bindings.IdxT(i+1), a.Value); err != nil {
			return r, err
		}
	}
	if bindings.PendingPreparedStreaming(r.stmt, &r.pending) == bindings.StateError {
		return r, statementError(bindings.PendingError(r.pending))
	}
	if bindings.ExecutePending(r.pending, &r.res) == bindings.StateError {
		return r, statementError(bindings.ResultError(&r.res))
	}
	r.open = true
	r.describe()
	return r, nil
}

// prepare parses the query and refuses it unless it is one statement of a kind that reads.
func (c *conn) prepare(query string, stmt *bindings.PreparedStatement) error {
	if strings.ContainsRune(query, 0) {
		return errors.New("a query cannot have a NUL character")
	}
	var all bindings.ExtractedStatements
	n := bindings.ExtractStatements(c.raw, query, &all)
	defer bindings.DestroyExtracted(&all)
	switch {
	case n == 0:
		if msg := bindings.ExtractStatementsError(all); msg != "" {
			return statementError(msg)
		}
		return errors.New("the query is empty")
	case n > 1:
		return fmt.Errorf("%w: these are %d statements", store.ErrRefused, n)
	}
	if bindings.PrepareExtractedStatement(c.raw, all, 0, stmt) == bindings.StateError {
		return statementError(bindings.PrepareError(*stmt))
	}
	switch bindings.PreparedStatementType(*stmt) {
	case bindings.StatementTypeSelect, bindings.StatementTypeExplain:
		return nil
	}
	return store.ErrRefused
}

func bind(stmt bindings.PreparedStatement, i bindings.IdxT, v driver.Value) error {
	state := bindings.StateError
	switch v := v.(type) {
	case nil:
		state = bindings.BindNull(stmt, i)
	case bool:
		state = bindings.BindBoolean(stmt, i, v)
	case int64:
		state = bindings.BindInt64(stmt, i, v)
	case float64:
		state = bindings.BindDouble(stmt, i, v)
	case string:
		state = bindings.BindVarcharLength(stmt, i, v, bindings.IdxT(len(v)))
	case []byte:
		state = bindings.BindBlob(stmt, i, v)
	case time.Time:
		state = bindings.BindTimestamp(stmt, i, bindings.NewTimestamp(v.UnixMicro()))
	}
	if state == bindings.StateError {
		return fmt.Errorf("argument %d does not fit: %s", i, bindings.PrepareError(stmt))
	}
	return nil
}

// statementError keeps the whole message: it shows the place in the query.
func statementError(msg string) error {
	if strings.Contains(msg, "Out of Memory") {
		return failure(msg)
	}
	return errors.New(strings.TrimSpace(msg))
}

// rows is one streamed result.
type rows struct {
	ctx     context.Context
	stmt    bindings.PreparedStatement
	pending bindings.PendingResult
	res     bindings.Result
	open    bool
	columns []resultColumn
	chunk   bindings.DataChunk
	row, n  int
	unwatch func()
}

// watch interrupts the connection again and again once the context has ended: a single interrupt may come too early.
func (r *rows) watch(c bindings.Connection) {
	done := make(chan struct{})
	ended := make(chan struct{})
	stop := context.AfterFunc(r.ctx, func() {
		defer close(ended)
		for tick := time.NewTicker(20 * time.Millisecond); ; {
			bindings.Interrupt(c)
			select {
			case <-done:
				tick.Stop()
				return
			case <-tick.C:
			}
		}
	})
	r.unwatch = sync.OnceFunc(func() {
		close(done)
		if !stop() {
			<-ended
		}
	})
}

func (r *rows) describe() {
	n := bindings.ColumnCount(&r.res)
	r.columns = make([]resultColumn, n)
	for i := range r.columns {
		t := bindings.ColumnLogicalType(&r.res, bindings.IdxT(i))
		r.columns[i] = newResultColumn(bindings.ColumnName(&r.res, bindings.IdxT(i)), t)
		bindings.DestroyLogicalType(&t)
	}
}

// Columns returns the names.
func (r *rows) Columns() []string {
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = c.name
	}
	return names
}

// ColumnTypeDatabaseTypeName returns the type's name in SQL; JSON for what has no counterpart in Go.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string { return r.columns[i].shown }

// Next reads a row; io.EOF after the last.
func (r *rows) Next(dest []driver.Value) error {
	for r.row == r.n {
		bindings.DestroyDataChunk(&r.chunk)
		r.chunk = bindings.FetchChunk(r.res)
		if r.chunk.Ptr == nil {
			if r.ctx.Err() != nil {
				return r.ctx.Err()
			}
			if msg := bindings.ResultError(&r.res); msg != "" {
				return statementError(msg)
			}
			return io.EOF
		}
		r.row, r.n = 0, int(bindings.DataChunkGetSize(r.chunk))
		for i := range r.columns {
			r.columns[i].point(bindings.DataChunkGetVector(r.chunk, bindings.IdxT(i)), r.n)
		}
		if r.n == 0 {
			return io.EOF
		}
	}
	for i := range r.columns {
		dest[i] = r.columns[i].value(r.row)
	}
	r.row++
	return nil
}

// Close ends the query.
func (r *rows) Close() error {
	r.unwatch()
	bindings.DestroyDataChunk(&r.chunk)
	if r.open {
		bindings.DestroyResult(&r.res)
		r.open = false
	}
	bindings.DestroyPending(&r.pending)
	bindings.DestroyPrepare(&r.stmt)
	return nil
}
