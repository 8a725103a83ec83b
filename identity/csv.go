// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf16"
)

const (
	maxTable  = 256 << 20 // bytes of a directory or a table of countries
	maxRow    = 64 << 10  // bytes of one row
	maxBreaks = 16        // line breaks within the quotes of one row
)

var errRow = errors.New("a quote is never closed")

// readAll reads a file that fits the bound, without its byte order mark. UTF-16, which Excel calls Unicode text, is turned
// into UTF-8.
func readAll(r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxTable+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxTable {
		return nil, fmt.Errorf("larger than %d MiB", maxTable>>20)
	}
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
	}
	units := make([]uint16, len(data)/2-1)
	for i := range units {
		units[i] = order.Uint16(data[2*i+2:])
	}
	return []byte(string(utf16.Decode(units))), nil
}

// table reads rows of fields. A row that cannot be read costs that one line, not the rest of the file as with
// encoding/csv, where one open quote swallows everything behind it.
type table struct {
	data   []byte
	comma  byte
	line   int // of the row returned last
	next   int // line that data begins with
	fields []string
}

// newTable guesses the separator from the first line: comma, tab or semicolon.
func newTable(data []byte) *table {
	first, _, _ := bytes.Cut(data, []byte{'\n'})
	t := &table{data: data, comma: ',', next: 1}
	for _, c := range []byte{'\t', ';'} {
		if bytes.Count(first, []byte{c}) > bytes.Count(first, []byte{t.comma}) {
			t.comma = c
		}
	}
	return t
}

// row returns the fields of the next row that is not blank, valid until the next call; io.EOF at the end, and another
// error for a row that was skipped.
func (t *table) row() ([]string, error) {
	for len(t.data) > 0 {
		t.line = t.next
		n, breaks, err := t.split()
		if err != nil { // skip one line
			n, breaks = bytes.IndexByte(t.data, '\n')+1, 1
			if n == 0 {
				n = len(t.data)
			}
		}
		t.data, t.next = t.data[n:], t.next+breaks
		switch {
		case err != nil:
			return nil, err
		case len(t.fields) > 1 || t.fields[0] != "":
			return t.fields, nil
		}
	}
	return nil, io.EOF
}

// split cuts the row at the beginning of data into fields, and returns its length in bytes and its line breaks.
func (t *table) split() (n, breaks int, err error) {
	t.fields = t.fields[:0]
	for {
		var field string
		if n < len(t.data) && t.data[n] == '"' {
			var buf []byte
			for n++; ; n++ {
				if n >= len(t.data) || n > maxRow || breaks > maxBreaks {
					return 0, 0, errRow
				}
				c := t.data[n]
				if c == '"' {
					if n+1 >= len(t.data) || t.data[n+1] != '"' {
						n++
						break
					}
					n++
				} else if c == '\n' {
					breaks++
				}
				buf = append(buf, c)
			}
			field = string(buf)
		}
		// What stands outside of quotes, up to the separator or the end of the line.
		start := n
		for n < len(t.data) && t.data[n] != t.comma && t.data[n] != '\n' {
			n++
			if n > maxRow {
				return 0, 0, fmt.Errorf("a row longer than %d bytes", maxRow)
			}
		}
		t.fields = append(t.fields, field+string(bytes.TrimSuffix(t.data[start:n], []byte{'\r'})))
		if n == len(t.data) {
			return n, breaks + 1, nil
		}
		n++
		if t.data[n-1] == '\n' {
			return n, breaks + 1, nil
		}
	}
}
