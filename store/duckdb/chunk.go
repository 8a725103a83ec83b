// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"
)

// chunkRows is the number of rows that DuckDB takes at a time (its vector size, fixed when it is built).
const chunkRows = 2048

// chunkText is how many bytes of text a chunk gathers before it is handed over though it is not full.
const chunkText = 16 << 20

// chunksKept is how many chunks DuckDB keeps before they become rows of the table; its own bound of a hundred takes more
// memory and is no faster.
const chunksKept = 20

// appender fills one table column by column. Values are gathered in Go and copied to DuckDB a chunk at a time, with one
// call for each column instead of one for each value.
type appender struct {
	raw   bindings.Appender
	chunk bindings.DataChunk
	types []bindings.LogicalType
	cols  []column
	rows  int
	text  int // bytes gathered in text columns

	chunks int // handed over
}

// column gathers the values of a column. Which of the slices is used follows from its kind.
type column struct {
	kind  kind
	u8    []uint8
	u16   []uint16
	u32   []uint32
	i64   []int64
	texts []text
	blob  []byte // the bytes of texts that are too long to stand in text itself
	last  string // the text written last, and where: the next is often the same
	lastT text
	null  [chunkRows / 64]uint64 // bit set: there is a value
	nulls int
}

// text is duckdb_string_t: the length, then twelve bytes of text, or four and a pointer. Until the chunk is handed over,
// the pointer is an offset in blob.
type text struct {
	n    uint32
	data [12]byte
}

const inline = len(text{}.data)

func newAppender(conn bindings.Connection, table string, kinds []kind, words [][]string) (*appender, error) {
	a := &appender{cols: make([]column, len(kinds))}
	for i, k := range kinds {
		c := &a.cols[i]
		c.kind = k
		switch k {
		case kindWord:
			c.u8 = make([]uint8, chunkRows)
			a.types = append(a.types, bindings.CreateEnumType(words[i]))
			continue
		case kindBool:
			c.u8 = make([]uint8, chunkRows)
		case kindU16:
			c.u16 = make([]uint16, chunkRows)
		case kindU32:
			c.u32 = make([]uint32, chunkRows)
		case kindI64, kindTime:
			c.i64 = make([]int64, chunkRows)
		case kindText, kindJSON:
			c.texts = make([]text, chunkRows)
		}
		t := bindings.CreateLogicalType(logicalType(k))
		if k == kindJSON { // to DuckDB a VARCHAR by another name; with any other name it would parse every text
			bindings.LogicalTypeSetAlias(t, "JSON")
		}
		a.types = append(a.types, t)
	}
	if bindings.AppenderCreateExt(conn, "", "", table, &a.raw) == bindings.StateError {
		err := a.failure()
		a.close()
		return nil, err
	}
	a.chunk = bindings.CreateDataChunk(a.types)
	a.start()
	return a, nil
}

func logicalType(k kind) bindings.Type {
	switch k {
	case kindBool:
		return bindings.TypeBoolean
	case kindU16:
		return bindings.TypeUSmallInt
	case kindU32:
		return bindings.TypeUInteger
	case kindI64:
		return bindings.TypeBigInt
	case kindTime:
		return bindings.TypeTimestamp
	}
	return bindings.TypeVarchar
}

func (a *appender) start() {
	for i := range a.cols {
		c := &a.cols[i]
		c.null, c.nulls, c.blob, c.last, c.lastT = [chunkRows / 64]uint64{}, 0, c.blob[:0], "", text{}
	}
	a.rows, a.text = 0, 0
}

// next ends a row. Every column must have been set once.
func (a *appender) next() error {
	a.rows++
	if a.rows == chunkRows || a.text > chunkText {
		return a.flush()
	}
	return nil
}

func (c *column) there(row int) { c.null[row>>6] |= 1 << (row & 63) }

func (a *appender) noWord(col int) { a.cols[col].nulls++ }

func (a *appender) u8(col int, v uint8) {
	c := &a.cols[col]
	c.u8[a.rows] = v
	c.there(a.rows)
}

func (a *appender) u16(col int, v uint16, there bool) {
	c := &a.cols[col]
	if !there {
		c.nulls++
		return
	}
	c.u16[a.rows] = v
	c.there(a.rows)
}

func (a *appender) u32(col int, v uint32, there bool) {
	c := &a.cols[col]
	if !there {
		c.nulls++
		return
	}
	c.u32[a.rows] = v
	c.there(a.rows)
}

func (a *appender) i64(col int, v int64, there bool) {
	c := &a.cols[col]
	if !there {
		c.nulls++
		return
	}
	c.i64[a.rows] = v
	c.there(a.rows)
}

// str sets a text; the empty one is null. Bytes that are not UTF-8 become U+FFFD, as DuckDB takes nothing else.
func (a *appender) str(col int, s string) {
	c := &a.cols[col]
	if s == "" {
		c.texts[a.rows] = text{}
		c.nulls++
		return
	}
	if len(s) == len(c.last) && (unsafe.StringData(s) == unsafe.StringData(c.last) || s == c.last) {
		c.there(a.rows)
		c.texts[a.rows] = c.lastT
		return
	}
	valid := s
	if !utf8.ValidString(s) {
		valid = strings.ToValidUTF8(s, "\uFFFD")
	}
	a.bytes(col, unsafe.Slice(unsafe.StringData(valid), len(valid)))
	c.last, c.lastT = s, c.texts[a.rows]
}

// bytes sets a text that the caller will overwrite; it must be UTF-8. None is null.
func (a *appender) bytes(col int, b []byte) {
	c := &a.cols[col]
	if len(b) == 0 {
		c.texts[a.rows] = text{}
		c.nulls++
		return
	}
	c.there(a.rows)
	t := text{n: uint32(len(b))}
	copy(t.data[:], b[:min(len(b), inline)])
	if len(b) > inline {
		binary.NativeEndian.PutUint64(t.data[4:], uint64(len(c.blob)))
		c.blob = append(c.blob, b...)
		a.text += len(b)
	}
	c.texts[a.rows] = t
}

// flush hands the chunk over.
func (a *appender) flush() error {
	if a.rows == 0 {
		return nil
	}
	for i := range a.cols {
		c := &a.cols[i]
		v := bindings.DataChunkGetVector(a.chunk, bindings.IdxT(i))
		if c.nulls > 0 {
			bindings.VectorEnsureValidityWritable(v)
			mask := unsafe.Slice((*uint64)(bindings.VectorGetValidity(v)), chunkRows/64)
			copy(mask, c.null[:])
		}
		if len(c.blob) > 0 {
			c.place(v, a.rows)
		}
		data := bindings.VectorGetData(v)
		switch {
		case c.u8 != nil:
			copy(unsafe.Slice((*uint8)(data), a.rows), c.u8)
		case c.u16 != nil:
			copy(unsafe.Slice((*uint16)(data), a.rows), c.u16)
		case c.u32 != nil:
			copy(unsafe.Slice((*uint32)(data), a.rows), c.u32)
		case c.i64 != nil:
			copy(unsafe.Slice((*int64)(data), a.rows), c.i64)
		default:
			copy(unsafe.Slice((*text)(data), a.rows), c.texts)
		}
	}
	bindings.DataChunkSetSize(a.chunk, bindings.IdxT(a.rows))
	if bindings.AppendDataChunk(a.raw, a.chunk) == bindings.StateError {
		return a.failure()
	}
	if a.chunks++; a.chunks%chunksKept == 0 && bindings.AppenderFlush(a.raw) == bindings.StateError {
		return a.failure()
	}
	bindings.DataChunkReset(a.chunk)
	a.start()
	return nil
}

// place gives the blob to the vector, which copies it into memory of its own, and turns offsets into pointers to that copy.
// The vector's memory lives until the chunk is reset; DuckDB copies the texts when the chunk is appended.
func (c *column) place(v bindings.Vector, rows int) {
	bindings.VectorAssignStringElementLen(v, 0, c.blob)
	first := (*text)(bindings.VectorGetData(v))
	base := binary.NativeEndian.Uint64(first.data[4:])
	for i := range rows {
		t := &c.texts[i]
		if int(t.n) > inline && c.null[i>>6]&(1<<(i&63)) != 0 {
			at := binary.NativeEndian.Uint64(t.data[4:])
			binary.NativeEndian.PutUint64(t.data[4:], base+at)
		}
	}
}

// finish hands over what is left and makes it part of the transaction.
func (a *appender) finish() error {
	if err := a.flush(); err != nil {
		return err
	}
	if bindings.AppenderClose(a.raw) == bindings.StateError {
		return a.failure()
	}
	return nil
}

func (a *appender) failure() error {
	data := bindings.AppenderErrorData(a.raw)
	defer bindings.DestroyErrorData(&data)
	return failure(bindings.ErrorDataMessage(data))
}

func (a *appender) close() {
	bindings.AppenderDestroy(&a.raw)
	bindings.DestroyDataChunk(&a.chunk)
	for i := range a.types {
		bindings.DestroyLogicalType(&a.types[i])
	}
	a.types = nil
}
