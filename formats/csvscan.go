// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"unicode/utf8"
)

// csvRow cuts one CSV record into its cells (RFC 4180). It is reused from record to record; the cells are valid until the
// next split. Cells are UTF-8: bytes that are not become U+FFFD.
type csvRow struct {
	cells [][]byte
	buf   []byte // decoded cells; never grown while a record is cut
}

// csvColumns bounds the cells of one record.
const csvColumns = 512

// split cuts rec and says whether it is whole: a quote that is opened must be closed, and behind it stands a comma or the end.
func (r *csvRow) split(rec []byte) bool { return r.splitAt(rec, ',') }

// splitAt cuts a record whose cells stand between other signs than commas.
func (r *csvRow) splitAt(rec []byte, sep byte) bool {
	rec = bytes.TrimPrefix(rec, []byte("\xef\xbb\xbf"))
	r.cells = r.cells[:0]
	if need := 3 * len(rec); cap(r.buf) < need { // a bad byte becomes three
		r.buf = make([]byte, 0, need)
	}
	r.buf = r.buf[:0]
	for i := 0; ; {
		if len(r.cells) == csvColumns {
			return false
		}
		if i < len(rec) && rec[i] == '"' {
			from := len(r.buf)
			end := r.quoted(rec[i+1:])
			if end < 0 {
				return false
			}
			i += 1 + end
			r.cells = append(r.cells, r.buf[from:len(r.buf):len(r.buf)])
			if i < len(rec) && rec[i] != sep {
				return false
			}
		} else {
			n := bytes.IndexByte(rec[i:], sep)
			if n < 0 {
				n = len(rec) - i
			}
			r.cells = append(r.cells, r.valid(rec[i:i+n]))
			i += n
		}
		if i >= len(rec) {
			return true
		}
		i++
	}
}

// quoted decodes the cell behind an opening quote into buf and returns the index behind its closing quote; -1 if there is none.
func (r *csvRow) quoted(b []byte) int {
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return -1
		}
		r.buf = appendValid(r.buf, b[i:i+n])
		i += n + 1
		if i >= len(b) || b[i] != '"' {
			return i
		}
		r.buf = append(r.buf, '"')
		i++
	}
}

// valid returns b if it is UTF-8, otherwise a repaired copy.
func (r *csvRow) valid(b []byte) []byte {
	if utf8.Valid(b) {
		return b
	}
	from := len(r.buf)
	r.buf = appendValid(r.buf, b)
	return r.buf[from:len(r.buf):len(r.buf)]
}

func appendValid(dst, b []byte) []byte {
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		dst = utf8.AppendRune(dst, c)
		b = b[n:]
	}
	return dst
}

// csvTable reads rows by the names of their columns, which the header row tells. It is for formats whose fields are numbered.
type csvTable struct {
	row      csvRow
	columns  []uint8 // the field of each column; none for those that are not asked for
	first    []byte  // the header's first cell, by which it is known again where files were joined
	name     []byte
	none     uint8
	field    func(name []byte) uint8 // of a column, by its columnName
	isHeader func(rec []byte) bool
}

// read puts a row's cells into f and says whether it was a row: the header is none. Of several columns of one field the first that holds
// something counts.
func (t *csvTable) read(rec []byte, f []jsonValue) (row bool, err error) {
	if t.columns == nil && !t.isHeader(rec) {
		return false, ErrOtherFormat
	}
	if !t.row.split(rec) {
		return false, ErrBroken
	}
	cells := t.row.cells
	if t.columns == nil || bytes.Equal(cells[0], t.first) {
		t.columns = t.columns[:0]
		for _, c := range cells {
			t.name = columnName(t.name[:0], c)
			t.columns = append(t.columns, t.field(t.name))
		}
		t.first = append(t.first[:0], cells[0]...)
		return false, nil
	}
	if len(cells) < 3 || len(cells) > len(t.columns)+1 {
		return false, ErrOtherFormat
	}
	clear(f)
	for i, c := range cells[:min(len(cells), len(t.columns))] {
		if slot := t.columns[i]; slot != t.none && len(c) > 0 && f[slot].kind == 0 {
			f[slot] = cell(c)
		}
	}
	return true, nil
}

// columnName appends the name of a column in one spelling: letters and digits, ASCII ones small; spaces, brackets and other
// signs left out. "IP address" and "IPAddress" are one column, and so are "TimeGenerated [UTC]" and "timeGeneratedUTC".
func columnName(dst, cell []byte) []byte {
	for i := 0; i < len(cell); {
		c := cell[i]
		switch {
		case c >= utf8.RuneSelf:
			_, n := utf8.DecodeRune(cell[i:])
			if string(cell[i:i+n]) != "\u3000" && string(cell[i:i+n]) != "\u00a0" {
				dst = append(dst, cell[i:i+n]...)
			}
			i += n
			continue
		case c >= 'A' && c <= 'Z':
			dst = append(dst, c|0x20)
		case c >= 'a' && c <= 'z' || isDigit(c):
			dst = append(dst, c)
		}
		i++
	}
	return dst
}
