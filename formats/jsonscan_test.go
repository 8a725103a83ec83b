// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestJSONScanAgrees compares the walker with encoding/json on texts that were chosen to be awkward.
func TestJSONScanAgrees(t *testing.T) {
	for _, text := range awkwardJSON() {
		compareJSON(t, []byte(text))
	}
}

// FuzzJSONScan compares the walker with encoding/json: the same texts are valid, and they say the same.
func FuzzJSONScan(f *testing.F) {
	for _, text := range awkwardJSON() {
		f.Add([]byte(text))
	}
	f.Fuzz(compareJSON)
}

func awkwardJSON() []string {
	return []string{
		`{}`, `[]`, `{"a":1}`, `{"a":1,}`, `{,}`, `[1,]`, `[,1]`, `[1 2]`, `{"a" 1}`, `{"a":}`, `{"a":1 "b":2}`, `{1:2}`, `"x"`, ``, ` `, `{} {}`, `{}x`,
		`[0,-0,0.5,1e9,1E-2,-1.25e+3]`, `[01]`, `[1.]`, `[.5]`, `[+1]`, `[1e]`, `[-]`, `[--1]`, `[0x1]`, `[NaN]`, `[true,false,null]`, `[tru]`, `[nulll]`,
		`"\u0041\ud83d\ude00\ud83d\u0041\ude00\\\"\/\b\f\n\r\t"`, `"\u00g0"`, `"\x41"`, `"\`, `"\u12`, "\"a\tb\"", "\"a\x00b\"", "\"\x7f\"", "\"abc\xff\xc3\x28def\"",
		`{"\u0061b":{"c":[{"d":"e"},[[]]]},"ab":2}`, "\xef\xbb\xbf{}", `{"日本":"語"}`, `"12345678\"901234567890"`, `"1234567`, `{"a":"b`, `[[[[`, `]]`, `}`,
		strings.Repeat("[", 63) + strings.Repeat("]", 63), strings.Repeat("[", 62) + strings.Repeat("]", 62), strings.Repeat(`{"a":`, 30) + "1" + strings.Repeat("}", 30),
		"{\r\n\t\"a\" : \"b\" ,\n\"c\":[ 1 , 2 ]}\n",
	}
}

func compareJSON(t *testing.T, text []byte) {
	s := jsonScan{b: text}
	var got bytes.Buffer
	writeScan(&got, &s)
	ok := s.end()
	if depthOf(text) >= jsonDepth-1 {
		return // bounded here, not there
	}
	if want := json.Valid(text); ok != want {
		t.Fatalf("valid: %v, encoding/json says %v: %q", ok, want, text)
	}
	skim := jsonScan{b: text}
	skim.skip()
	if skim.end() != ok {
		t.Fatalf("skip says %v, reading says %v: %q", skim.end(), ok, text)
	}
	if !ok {
		return
	}
	var want bytes.Buffer
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	writeTokens(t, &want, dec)
	if got.String() != want.String() {
		t.Fatalf("read %s\nencoding/json reads %s\nof %q", got.String(), want.String(), text)
	}
}

// writeScan writes what the walker reads; writeTokens writes the same from encoding/json.
func writeScan(w *bytes.Buffer, s *jsonScan) {
	switch s.peek() {
	case '{':
		w.WriteByte('{')
		for ok := s.enter('{'); ok && s.member(); {
			fmt.Fprintf(w, "%q:", s.key)
			writeScan(w, s)
		}
		w.WriteByte('}')
	case '[':
		w.WriteByte('[')
		for ok := s.enter('['); ok && s.element(); {
			writeScan(w, s)
		}
		w.WriteByte(']')
	default:
		var buf []byte
		v := s.value()
		if v.kind == '"' {
			fmt.Fprintf(w, "%q,", v.text(&buf))
		} else {
			fmt.Fprintf(w, "%s,", v.raw)
		}
	}
}

func writeTokens(t *testing.T, w *bytes.Buffer, dec *json.Decoder) {
	tok, err := dec.Token()
	if err != nil {
		t.Fatalf("encoding/json: %v", err)
	}
	switch v := tok.(type) {
	case json.Delim:
		w.WriteByte(byte(v))
		for dec.More() {
			if v == '{' {
				key, err := dec.Token()
				if err != nil {
					t.Fatalf("encoding/json: %v", err)
				}
				fmt.Fprintf(w, "%q:", key)
			}
			writeTokens(t, w, dec)
		}
		end, _ := dec.Token()
		w.WriteByte(byte(end.(json.Delim)))
	case string:
		fmt.Fprintf(w, "%q,", v)
	case nil:
		w.WriteString("null,")
	default:
		fmt.Fprintf(w, "%v,", v)
	}
}

func depthOf(text []byte) int {
	most, d := 0, 0
	for _, c := range text {
		if c == '[' || c == '{' {
			d++
			most = max(most, d)
		} else if c == ']' || c == '}' {
			d--
		}
	}
	return most
}

// TestJSONText holds what is decoded to be UTF-8 whatever was written.
func TestJSONText(t *testing.T) {
	got := appendJSONText(nil, []byte("a\xff\\ud800\\u0042\xe3\x81"))
	if want := "a\ufffd\ufffdB\ufffd\ufffd"; string(got) != want || !utf8.Valid(got) {
		t.Errorf("read %q, want %q", got, want)
	}
}
