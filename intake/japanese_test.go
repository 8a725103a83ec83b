// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/sekisho/sekisho/event"
)

// The header and a row of a table in three encodings: 日時,ユーザー名,操作 / 2025/03/03 20:06:40,佐藤花子,ログイン失敗
const (
	tableUTF8 = "日時,ユーザー名,操作\r\n2025/03/03 20:06:40,佐藤花子,ログイン失敗\r\n"
	tableSJIS = "\x93\xfa\x8e\x9e,\x83\x86\x81[\x83U\x81[\x96\xbc,\x91\x80\x8d\xec\r\n2025/03/03 20:06:40,\x8d\xb2\x93\xa1\x89\xd4\x8eq,\x83\x8d\x83O\x83C\x83\x93\x8e\xb8\x94s\r\n"
	tableEUC  = "\xc6\xfc\xbb\xfe,\xa5\xe6\xa1\xbc\xa5\xb6\xa1\xbc\xcc\xbe,\xc1\xe0\xba\xee\r\n2025/03/03 20:06:40,\xba\xb4\xc6\xa3\xb2\xd6\xbb\xd2,\xa5\xed\xa5\xb0\xa5\xa4\xa5\xf3\xbc\xba\xc7\xd4\r\n"
)

func readText(t *testing.T, content string) (string, *Source) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Open(File{Path: path}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { src.Close() })
	var b bytes.Buffer
	if _, err := src.Content(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	return b.String(), src
}

func TestJapanese(t *testing.T) {
	for want, content := range map[Encoding]string{ShiftJIS: tableSJIS, EUCJP: tableEUC, Bytes: tableUTF8} {
		got, src := readText(t, content)
		if got != tableUTF8 || src.Encoding != want {
			t.Errorf("%v: read as %v: %q", want, src.Encoding, got)
		}
	}
	// Far behind the beginning, in a plain file.
	ascii := strings.Repeat("2025-03-03T20:06:40Z nothing but ASCII stands in this line, and in the next as well\n", 20_000)
	got, src := readText(t, ascii+strings.Repeat(tableSJIS, 8000))
	if src.Encoding != ShiftJIS || !strings.HasSuffix(got, tableUTF8) {
		t.Errorf("behind much ASCII it is read as %v", src.Encoding)
	}
}

// TestNotJapanese leaves alone what only has high bytes.
func TestNotJapanese(t *testing.T) {
	for _, content := range []string{
		"user M\xfcller logged in\nuser B\xe4r logged in\nuser Jos\xe9 logged in\n", // Latin-1
		"\x93quoted\x94 and \x91so\x92 on\n\x93again\x94 here\n",                    // Windows-1252
		"plain\n\xff\xfe\xfd garbage \x80\x81\x20\n",
		"binary \x00\x83\x8d\x83O\x83C\x83\x93\n",
		"\x83\n",
		"",
	} {
		if got, src := readText(t, content); src.Encoding != Bytes || got != content {
			t.Errorf("%q is read as %v", content, src.Encoding)
		}
	}
}

// TestMixedLines keeps lines of UTF-8 in a file of cp932, and shows half characters as such.
func TestMixedLines(t *testing.T) {
	got, src := readText(t, strings.Repeat(tableSJIS, 30)+"東京\n\x93\n\x83\x8d|\x83\\x\n")
	if src.Encoding != ShiftJIS || !strings.HasSuffix(got, "東京\n\ufffd\nロ|ソx\n") {
		t.Errorf("%v %q", src.Encoding, got[len(got)-40:])
	}
}

// TestJapaneseParts finds records again by the offsets that Records told.
func TestJapaneseParts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	if err := os.WriteFile(path, []byte(strings.Repeat(tableSJIS, 5000)), 0o600); err != nil {
		t.Fatal(err)
	}
	src, err := Open(File{Path: path}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var parts []event.Part
	var texts []string
	err = src.Records(t.Context(), event.FrameLines, func(r *event.Record) error {
		if r.Line%997 == 0 {
			parts, texts = append(parts, r.Part), append(texts, string(r.Data))
		}
		return nil
	})
	file := src.File
	src.Close()
	if err != nil || len(parts) == 0 {
		t.Fatal(len(parts), err)
	}
	got, err := Extract(t.Context(), file, parts)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got {
		if string(got[i]) != texts[i] {
			t.Errorf("part %d is %q, was %q", i, got[i], texts[i])
		}
	}
}

// FuzzJapanese holds the transcoder to valid output that does not depend on how the bytes arrive.
func FuzzJapanese(f *testing.F) {
	f.Add([]byte(tableSJIS), true)
	f.Add([]byte(tableEUC), false)
	f.Add([]byte("\x8f\xa1\xa1\x8e\xb1\x8e"), false)
	f.Fuzz(func(t *testing.T, data []byte, sjis bool) {
		e := EUCJP
		if sjis {
			e = ShiftJIS
		}
		a, err1 := io.ReadAll(newOldJapanese(bytes.NewReader(data), e))
		b, err2 := io.ReadAll(newOldJapanese(iotest.OneByteReader(bytes.NewReader(data)), e))
		if err1 != nil || err2 != nil || !bytes.Equal(a, b) || !utf8.Valid(a) {
			t.Errorf("%q %v, %q %v", a, err1, b, err2)
		}
		japanese(data)
	})
}

// TestFromShiftJIS: a whole text comes out as it was written, and anything that is not wholly of the encoding is refused.
func TestFromShiftJIS(t *testing.T) {
	if got, ok := FromShiftJIS([]byte(tableSJIS)); !ok || string(got) != tableUTF8 {
		t.Errorf("%q, %v", got, ok)
	}
	for name, text := range map[string]string{"ASCII": "a,b\n", "UTF-8": tableUTF8, "EUC-JP": tableEUC, "half a character": tableSJIS + "\x8d", "a byte that is none": tableSJIS + "\x8d\xb2\xff\n", "Latin-1": "Andr\xe9,M\xfcller\n", "zero": tableSJIS + "\x00", "nothing": ""} {
		if got, ok := FromShiftJIS([]byte(text)); ok {
			t.Errorf("%s is taken for Shift_JIS: %q", name, got)
		}
	}
}
