// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"

	"github.com/sekisho/sekisho/event"
)

// inUTF16 writes text in UTF-16, with a byte-order mark where asked.
func inUTF16(text string, big, mark bool) string {
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	var b strings.Builder
	for _, u := range units {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

// linesOf reads a source's lines.
func linesOf(t *testing.T, s *Source) []string {
	t.Helper()
	var out []string
	if err := s.Records(t.Context(), event.FrameLines, func(r *event.Record) error { out = append(out, string(r.Data)); return nil }); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCharactersAtBorders: a character that is cut in two by the end of a chunk, of a buffer or of a read is one all the same.
func TestCharactersAtBorders(t *testing.T) {
	header, row, _ := strings.Cut(strings.TrimSuffix(tableUTF8, "\r\n"), "\r\n")
	for name, table := range map[string]string{"cp932": tableSJIS, "euc-jp": tableEUC, "utf-8": tableUTF8, "utf-16le": inUTF16(tableUTF8, false, false), "utf-16be": inUTF16(tableUTF8, true, false)} {
		for shift := range 4 { // buffers end at other places in a character
			start := strings.Repeat("x", shift) + "\n"
			switch name {
			case "utf-16le":
				start = inUTF16(start, false, true)
			case "utf-16be":
				start = inUTF16(start, true, true)
			}
			content := []byte(start + strings.Repeat(table, 2500)) // more than the buffers of 32 and 64 KiB
			for _, o := range []Options{{}, {chunk: 7}, {wrap: iotest.HalfReader}, {wrap: func(r io.Reader) io.Reader { return iotest.DataErrReader(r) }}} {
				for _, in := range [][]byte{content, gzipped(t, content, time.Time{})} {
					s := source(t, in, o)
					got := linesOf(t, s)
					if name != "utf-8" && s.Encoding.String() != name || len(got) != 5001 && shift > 0 {
						t.Fatalf("%s: read as %v, %d lines", name, s.Encoding, len(got))
					}
					for i, line := range got[len(got)-5000:] {
						if line != header && line != row {
							t.Fatalf("%s, shift %d: line %d is %q", name, shift, i, line)
						}
					}
				}
			}
		}
	}
	// One line without an end, longer than any buffer.
	long := strings.Repeat("\x8d\xb2\x93\xa1\x89\xd4\x8eq", 20_000)
	for shift := range 2 {
		s := source(t, []byte(tableSJIS+strings.Repeat("x", shift)+long), Options{})
		if got := linesOf(t, s); s.Encoding != ShiftJIS || got[2] != strings.Repeat("x", shift)+strings.Repeat("佐藤花子", 20_000) {
			t.Errorf("shift %d: %v, %d bytes", shift, s.Encoding, len(got[2]))
		}
	}
}

// TestWrongEncoding: what a file says of its encoding is not believed against its bytes, and half characters cost no others.
func TestWrongEncoding(t *testing.T) {
	const ascii = "2025-03-03T20:06:40Z sshd: failed password for taro\n2025-03-03T20:06:41Z sshd: failed password for hanako\n"
	tests := []struct {
		name, in, want string
		e              Encoding
	}{
		{"a mark of UTF-16 in front of ASCII", "\xff\xfe" + ascii, "\xff\xfe" + ascii, Bytes},
		{"the other mark", "\xfe\xff" + ascii, "\xfe\xff" + ascii, Bytes},
		{"UTF-16 without its mark", inUTF16(ascii, false, false), ascii, UTF16LE},
		{"the other UTF-16 without its mark", inUTF16(ascii+"佐藤", true, false), ascii + "佐藤", UTF16BE},
		{"UTF-16 that ends in half a unit", inUTF16(ascii, false, true) + "x", bom + ascii + "\ufffd", UTF16LE},
		{"UTF-16 that ends in half a pair", inUTF16(ascii, false, true) + "\x42\xd8", bom + ascii + "\ufffd", UTF16LE},
		{"XML that says Shift_JIS and is UTF-8", `<?xml version="1.0" encoding="Shift_JIS"?>` + "\n佐藤花子\n", `<?xml version="1.0" encoding="Shift_JIS"?>` + "\n佐藤花子\n", Bytes},
		{"XML that says UTF-8 and is cp932", `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + tableSJIS, `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + tableUTF8, ShiftJIS},
		{"cp932 that ends in half a character", tableSJIS + "\x8d\xb2\x93", tableUTF8 + "佐\ufffd", ShiftJIS},
		{"EUC-JP that ends in half a character", tableEUC + "\xba\xb4\xc6", tableUTF8 + "佐\ufffd", EUCJP},
		{"UTF-8 that is cut within a character", tableUTF8 + "佐\xe8\x97\n" + ascii, tableUTF8 + "佐\xe8\x97\n" + ascii, Bytes},
		{"the mark of UTF-8 in front of cp932", bom + tableSJIS, bom + tableUTF8, ShiftJIS},
		{"noughts in a log", ascii + "\x00\x00\x00\x00\n" + ascii, ascii + "\x00\x00\x00\x00\n" + ascii, Bytes},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := source(t, []byte(tt.in), Options{})
			var b bytes.Buffer
			if _, err := s.Content(t.Context(), &b); err != nil || b.String() != tt.want || s.Encoding != tt.e {
				t.Errorf("read as %v: %q, %v", s.Encoding, b.String(), err)
			}
		})
	}
}
