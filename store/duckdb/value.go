// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import (
	"database/sql/driver"
	"math"
	"math/big"
	"strings"
	"time"
	"unsafe"

	bindings "github.com/duckdb/duckdb-go-bindings"

	"github.com/sekisho/sekisho/event"
)

// resultColumn reads one column of a result's chunks.
type resultColumn struct {
	name  string
	shown string // the type's name
	kind  bindings.Type
	words []string // of an ENUM
	data  unsafe.Pointer
	mask  []uint64
	n     int
}

func newResultColumn(name string, t bindings.LogicalType) resultColumn {
	c := resultColumn{name: name, kind: bindings.GetTypeId(t)}
	c.shown = typeName(c.kind)
	if alias := bindings.LogicalTypeGetAlias(t); alias == "JSON" {
		c.shown = alias
	}
	if c.kind == bindings.TypeEnum {
		for i := range bindings.EnumDictionarySize(t) {
			c.words = append(c.words, bindings.EnumDictionaryValue(t, bindings.IdxT(i)))
		}
		c.kind = bindings.EnumInternalType(t)
	}
	return c
}

func typeName(k bindings.Type) string {
	switch k {
	case bindings.TypeBoolean:
		return "BOOLEAN"
	case bindings.TypeTinyInt, bindings.TypeSmallInt, bindings.TypeInteger, bindings.TypeUTinyInt, bindings.TypeUSmallInt:
		return "INTEGER"
	case bindings.TypeUInteger, bindings.TypeBigInt:
		return "BIGINT"
	case bindings.TypeUBigInt, bindings.TypeHugeInt, bindings.TypeUHugeInt:
		return "HUGEINT"
	case bindings.TypeFloat, bindings.TypeDouble:
		return "DOUBLE"
	case bindings.TypeTimestamp, bindings.TypeTimestampTZ:
		return "TIMESTAMP"
	case bindings.TypeDate:
		return "DATE"
	case bindings.TypeVarchar, bindings.TypeEnum, bindings.TypeSQLNull:
		return "VARCHAR"
	}
	return "JSON"
}

// odd says that the type has no counterpart here, so that the value is asked for as JSON.
func (c *resultColumn) odd() bool { return c.shown == "JSON" && c.kind != bindings.TypeVarchar }

// point moves the column to a vector of a chunk of n rows.
func (c *resultColumn) point(v bindings.Vector, n int) {
	c.n, c.mask = n, nil
	c.data = bindings.VectorGetData(v)
	if p := bindings.VectorGetValidity(v); p != nil {
		c.mask = unsafe.Slice((*uint64)(p), (n+63)/64)
	}
}

func at[T any](c *resultColumn, row int) T { return unsafe.Slice((*T)(c.data), c.n)[row] }

func (c *resultColumn) value(row int) driver.Value {
	if c.mask != nil && c.mask[row/64]>>(row%64)&1 == 0 {
		return nil
	}
	switch c.kind {
	case bindings.TypeBoolean:
		return at[bool](c, row)
	case bindings.TypeTinyInt:
		return int64(at[int8](c, row))
	case bindings.TypeSmallInt:
		return int64(at[int16](c, row))
	case bindings.TypeInteger:
		return int64(at[int32](c, row))
	case bindings.TypeBigInt:
		return at[int64](c, row)
	case bindings.TypeUTinyInt:
		return c.number(uint64(at[uint8](c, row)))
	case bindings.TypeUSmallInt:
		return c.number(uint64(at[uint16](c, row)))
	case bindings.TypeUInteger:
		return c.number(uint64(at[uint32](c, row)))
	case bindings.TypeUBigInt:
		return c.number(at[uint64](c, row))
	case bindings.TypeHugeInt:
		h := at[[2]uint64](c, row)
		return whole(new(big.Int).SetInt64(int64(h[1])), h[0])
	case bindings.TypeUHugeInt:
		h := at[[2]uint64](c, row)
		return whole(new(big.Int).SetUint64(h[1]), h[0])
	case bindings.TypeFloat:
		return float64(at[float32](c, row))
	case bindings.TypeDouble:
		return at[float64](c, row)
	case bindings.TypeTimestamp, bindings.TypeTimestampTZ:
		return moment(at[int64](c, row))
	case bindings.TypeDate:
		return time.Unix(int64(at[int32](c, row))*86400, 0).UTC().Format(time.DateOnly)
	case bindings.TypeVarchar:
		return at[stored](c, row).text()
	}
	return nil
}

// number is a whole number, or the word of an ENUM that it stands for.
func (c *resultColumn) number(n uint64) driver.Value {
	if c.words != nil && n < uint64(len(c.words)) {
		return c.words[n]
	}
	if n > math.MaxInt64 {
		return new(big.Int).SetUint64(n).String()
	}
	return int64(n)
}

// whole joins the halves of a number of 128 bits: int64 where it fits, else a text of digits.
func whole(high *big.Int, low uint64) driver.Value {
	n := high.Lsh(high, 64)
	n.Add(n, new(big.Int).SetUint64(low))
	if n.IsInt64() {
		return n.Int64()
	}
	return n.String()
}

// moment is a time, or the text that DuckDB shows for its infinities.
func moment(micros int64) driver.Value {
	switch micros {
	case math.MaxInt64:
		return "infinity"
	case -math.MaxInt64:
		return "-infinity"
	}
	return event.Micros(micros).Time()
}

// stored is duckdb_string_t as it comes from DuckDB.
type stored struct {
	n      uint32
	prefix [4]byte
	rest   unsafe.Pointer // the text, or eight more bytes of a short one
}

func (s stored) text() string {
	if int(s.n) <= inline {
		b := unsafe.Slice(&s.prefix[0], inline)
		return string(b[:s.n])
	}
	return strings.Clone(unsafe.String((*byte)(s.rest), int(s.n)))
}
