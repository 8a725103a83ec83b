// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Encoding says how a file's text is written.
type Encoding uint8

// The encodings. UTF-16 and the old Japanese ones are transcoded, so that offsets count the bytes of the transcoded stream;
// everything else passes as it is, valid UTF-8 or not.
const (
	Bytes Encoding = iota
	UTF16LE
	UTF16BE
	ShiftJIS // Microsoft's code page 932
	EUCJP
)

var encodingNames = [...]string{"bytes", "utf-16le", "utf-16be", "cp932", "euc-jp"}

// String returns the encoding's word.
func (e Encoding) String() string {
	if int(e) < len(encodingNames) {
		return encodingNames[e]
	}
	return "unknown"
}

// encodingOf tells UTF-16 by a byte-order mark, or by its noughts where a program left that out. FF FE 00 00 would be UTF-32,
// which no log is written in. A mark in front of what cannot be UTF-16 is not believed: it would hide all that follows.
func encodingOf(head []byte) Encoding {
	if len(head) < 2 {
		return Bytes
	}
	marked := Bytes
	switch {
	case head[0] == 0xff && head[1] == 0xfe && (len(head) < 4 || head[2] != 0 || head[3] != 0):
		marked = UTF16LE
	case head[0] == 0xfe && head[1] == 0xff:
		marked = UTF16BE
	}
	var noughts [2]int
	for i, c := range head {
		if c == 0 {
			noughts[i%2]++
		}
	}
	switch half := len(head) / 2; {
	case marked != Bytes && half >= 32 && noughts[0]+noughts[1] == 0: // not a digit, not a space, not a line's end
		return Bytes
	case marked != Bytes:
		return marked
	case half >= 8 && noughts[0] == 0 && noughts[1] > half*6/10: // mostly ASCII, as logs are
		return UTF16LE
	case half >= 8 && noughts[1] == 0 && noughts[0] > half*6/10:
		return UTF16BE
	}
	return Bytes
}

// transcoder turns UTF-16 into UTF-8. The byte-order mark becomes that of UTF-8, which the framers skip. What is not
// valid becomes U+FFFD, as does an odd byte at the end.
type transcoder struct {
	from  io.Reader
	big   bool
	in    [32 << 10]byte
	have  int // bytes of in that are filled
	out   []byte
	ready []byte // of out, not yet given
	high  uint16 // a high surrogate that waits for its low one; 0: none
	err   error
}

func newTranscoder(from io.Reader, e Encoding) *transcoder {
	return &transcoder{from: from, big: e == UTF16BE, out: make([]byte, 0, 64<<10)}
}

// Read implements io.Reader.
func (t *transcoder) Read(p []byte) (int, error) {
	for len(t.ready) == 0 {
		if t.err != nil {
			return 0, t.err
		}
		n, err := t.from.Read(t.in[t.have:])
		t.have += n
		t.err = err
		t.convert()
	}
	n := copy(p, t.ready)
	t.ready = t.ready[n:]
	return n, nil
}

func (t *transcoder) convert() {
	out := t.out[:0]
	in := t.in[:t.have]
	i := 0
	for ; i+1 < len(in); i += 2 {
		u := uint16(in[i]) | uint16(in[i+1])<<8
		if t.big {
			u = u<<8 | u>>8
		}
		if t.high == 0 && u < utf8.RuneSelf {
			out = append(out, byte(u))
			continue
		}
		out = t.unit(out, u)
	}
	t.have = copy(t.in[:], in[i:])
	if t.err != nil && (t.have > 0 || t.high != 0) {
		out = utf8.AppendRune(out, utf8.RuneError)
		t.have, t.high = 0, 0
	}
	t.out, t.ready = out, out
}

func (t *transcoder) unit(out []byte, u uint16) []byte {
	if t.high != 0 {
		high := t.high
		t.high = 0
		if r := utf16.DecodeRune(rune(high), rune(u)); r != utf8.RuneError {
			return utf8.AppendRune(out, r)
		}
		out = utf8.AppendRune(out, utf8.RuneError)
	}
	switch {
	case u >= 0xd800 && u < 0xdc00:
		t.high = u
		return out
	case u >= 0xdc00 && u < 0xe000:
		return utf8.AppendRune(out, utf8.RuneError)
	}
	return utf8.AppendRune(out, rune(u))
}
