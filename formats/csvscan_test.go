// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCSVRow(t *testing.T) {
	for rec, want := range map[string]string{
		"a,b,c":                    "a|b|c",
		"":                         "",
		",":                        "|",
		`"a,b","c ""d""",`:         `a,b|c "d"|`,
		"\"two\r\nlines\",x":       "two\r\nlines|x",
		"\xef\xbb\xbf\"Date\",b":   "Date|b",
		"a\xff,\"\xfe\"":           "a\ufffd|\ufffd",
		`"open`:                    "!",
		`"a"b,c`:                   "!",
		strings.Repeat(",", 10000): "!",
		`plain "quote" inside,ok`:  `plain "quote" inside|ok`,
	} {
		var r csvRow
		got := "!"
		if r.split([]byte(rec)) {
			got = string(bytes.Join(r.cells, []byte("|")))
		}
		if got != want {
			t.Errorf("split %.40q: %q, want %q", rec, got, want)
		}
	}
}

// FuzzCSVRow compares the cutter with encoding/csv wherever that one takes the record.
func FuzzCSVRow(f *testing.F) {
	f.Add([]byte(`a,"b ""c""",,d`))
	f.Add([]byte("\"x\ny\",\"\""))
	f.Fuzz(func(t *testing.T, rec []byte) {
		var r csvRow
		ok := r.split(rec)
		if len(rec) == 0 || len(rec) > 400 || !utf8.Valid(rec) || bytes.ContainsAny(rec, "\r\n") || bytes.HasPrefix(rec, []byte("\xef\xbb\xbf")) {
			return
		}
		c := csv.NewReader(bytes.NewReader(rec))
		c.LazyQuotes = false
		want, err := c.Read()
		if err != nil {
			return
		}
		if !ok || len(want) != len(r.cells) {
			t.Fatalf("%q: %v %q, encoding/csv reads %q", rec, ok, r.cells, want)
		}
		for i := range want {
			if want[i] != string(r.cells[i]) {
				t.Fatalf("%q: cell %d is %q, encoding/csv reads %q", rec, i, r.cells[i], want[i])
			}
		}
	})
}

func TestColumnName(t *testing.T) {
	for cell, want := range map[string]string{"Date (UTC)": "dateutc", "Application ID ": "applicationid", "Autonomous system  number": "autonomoussystemnumber",
		"TimeGenerated [UTC]": "timegeneratedutc", "IP アドレス": "ipアドレス", "日付　(UTC)": "日付utc"} {
		if got := string(columnName(nil, []byte(cell))); got != want {
			t.Errorf("columnName(%q) = %q, want %q", cell, got, want)
		}
	}
}
