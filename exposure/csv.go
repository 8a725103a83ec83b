// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strings"
	"unicode/utf8"
)

// Bounds of a worksheet that is read.
const (
	// MaxSheet bounds a worksheet's file, in bytes.
	MaxSheet = 32 << 20
	maxRows  = 200_000
	maxCols  = 256
)

const bom = "\ufeff"

// CSV returns a worksheet as RFC 4180 with a byte order mark, without which Excel takes it for the encoding of the country. A text that a
// spreadsheet would take for a formula gets an apostrophe before it: names come from whoever wrote the logs.
func (s *Sheet) CSV() []byte {
	b := bytes.NewBufferString(bom)
	w := csv.NewWriter(b)
	w.UseCRLF = true
	for _, row := range s.Rows {
		out := make([]string, len(row))
		for i, cell := range row {
			out[i] = defuse(cell)
		}
		_ = w.Write(out) // a buffer takes all
	}
	w.Flush()
	return b.Bytes()
}

// signs are those at which spreadsheets begin a formula. Full-width ones count too: some take these for the others.
const signs = "=+-@\t\r\n|%＝＋－＠"

func defuse(s string) string {
	if begins(s) {
		return "'" + s
	}
	return s
}

func begins(s string) bool {
	t := strings.TrimLeft(s, " \u3000")
	r, _ := utf8.DecodeRuneInString(t)
	return t != "" && strings.ContainsRune(signs, r) && s != "-"
}

// fused takes the apostrophe of defuse away again.
func fused(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && begins(rest) {
		return rest
	}
	return s
}

// readCSV reads the cells of a CSV file as Excel and others save it: UTF-8 with or without a byte order mark, or Shift_JIS, which is what Excel
// in Japan writes unless it is told otherwise, with a decoder of that.
func readCSV(text []byte, decode Decoder) ([][]string, error) {
	text = bytes.TrimPrefix(text, []byte(bom))
	if !utf8.Valid(text) {
		ok := decode != nil
		if ok {
			text, ok = decode(text)
		}
		if !ok {
			return nil, refuse("文字コードが UTF-8 でも Shift_JIS でもありません：Excel では「CSV UTF-8（コンマ区切り）」か「Excel ブック（.xlsx）」で保存してください", "it is neither UTF-8 nor Shift_JIS: in Excel, save it as \"CSV UTF-8 (Comma delimited)\" or as a workbook (.xlsx)")
		}
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	head, _, _ := bytes.Cut(text, []byte("\n"))
	for _, c := range []string{"\t", ";"} {
		if bytes.Count(head, []byte(c)) > bytes.Count(head, []byte(",")) {
			r.Comma = rune(c[0])
		}
	}
	var out [][]string
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, refuse("CSV として読めません（%v）：Excel で開いて保存し直してください", "it cannot be read as CSV (%v): open it in Excel and save it again", err.Error())
		}
		if len(row) > maxCols {
			return nil, tooLarge()
		}
		if len(out) >= maxRows {
			return nil, tooLarge()
		}
		out = append(out, row)
	}
}
