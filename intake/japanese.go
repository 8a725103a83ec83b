// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	_ "embed"
	"io"
	"unicode/utf8"
)

// cp932Table holds the characters of Microsoft's code page 932 (Shift_JIS with the extensions of NEC and IBM): for each lead byte
// 81–9F and E0–FC, each trail byte 40–7E and 80–FC, sixteen bits of Unicode, big-endian; nought where there is none. Made with
// Python's codec cp932, leaving out the private use area. JIS X 0208 as EUC-JP has it stands in the same table.
//
//go:embed cp932.bin
var cp932Table string

// cp932 returns the character of two bytes; 0 for none.
func cp932(lead, trail byte) rune {
	row := int(lead) - 0x81
	switch {
	case lead >= 0xe0 && lead <= 0xfc:
		row -= 0x40
	case lead < 0x81 || lead > 0x9f:
		return 0
	}
	cell := int(trail) - 0x40
	switch {
	case trail >= 0x80 && trail <= 0xfc:
		cell--
	case trail < 0x40 || trail > 0x7e:
		return 0
	}
	i := 2 * (row*188 + cell)
	return rune(cp932Table[i])<<8 | rune(cp932Table[i+1])
}

// eucJP returns the character of two bytes of EUC-JP, both from A1 to FE; 0 for none.
func eucJP(lead, trail byte) rune {
	if lead < 0xa1 || lead > 0xfe || trail < 0xa1 || trail > 0xfe {
		return 0
	}
	row, cell := lead-0xa1, trail-0xa1 // from 0
	a := row/2 + 0x81
	if a > 0x9f {
		a += 0x40
	}
	b := cell + 0x40
	if row%2 == 1 {
		b = cell + 0x9f
	} else if b >= 0x7f {
		b++
	}
	return cp932(a, b)
}

// decodeOne reads the character that b begins with; ok is false where it is not one of the encoding. What breaks off counts as one byte.
func (e Encoding) decodeOne(b []byte) (r rune, n int, ok bool) {
	c := b[0]
	switch {
	case c < 0x80:
		return rune(c), 1, true
	case e == ShiftJIS && c >= 0xa1 && c <= 0xdf:
		return 0xff61 + rune(c-0xa1), 1, true
	case e == EUCJP && c == 0x8e:
		if len(b) > 1 && b[1] >= 0xa1 && b[1] <= 0xdf {
			return 0xff61 + rune(b[1]-0xa1), 2, true
		}
		return utf8.RuneError, 1, false
	case e == EUCJP && c == 0x8f: // JIS X 0212, of which there is no table here
		if len(b) > 2 && b[1] >= 0xa1 && b[2] >= 0xa1 {
			return utf8.RuneError, 3, true
		}
		return utf8.RuneError, 1, false
	}
	if len(b) > 1 {
		if e == ShiftJIS {
			r = cp932(c, b[1])
		} else {
			r = eucJP(c, b[1])
		}
		if r != 0 {
			return r, 2, true
		}
	}
	return utf8.RuneError, 1, false
}

// japanese tells whether a sample of a file that has no byte-order mark is written in one of the old Japanese encodings. It
// looks at the lines that are no UTF-8: nearly all of them must be text in the encoding, with the characters that Japanese is
// written with. Bytes for everything else: a wrong guess would change what the log says.
func japanese(sample []byte) Encoding {
	if utf8.Valid(sample) || bytes.IndexByte(sample, 0) >= 0 {
		return Bytes
	}
	sample = bytes.TrimPrefix(sample, []byte(bom)) // of an editor that took it for UTF-8
	var odd int
	var good, usual, rare [2]int
	for len(sample) > 0 {
		line, rest, whole := bytes.Cut(sample, []byte("\n"))
		if sample = rest; !whole { // it may break off in a character
			if odd > 0 {
				break
			}
			line = line[:max(0, len(line)-3)]
		}
		if utf8.Valid(line) {
			continue
		}
		odd++
		for i, e := range [2]Encoding{ShiftJIS, EUCJP} {
			u, r, ok := e.weigh(line)
			usual[i], rare[i] = usual[i]+u, rare[i]+r
			if ok {
				good[i]++
			}
		}
	}
	fits := func(i int) bool {
		return odd > 0 && good[i]*20 >= odd*19 && usual[i] >= 2 && usual[i] >= rare[i]
	}
	switch {
	case fits(1) && (!fits(0) || usual[1] >= usual[0]):
		return EUCJP
	case fits(0):
		return ShiftJIS
	}
	return Bytes
}

// FromShiftJIS returns a text that is written in cp932, as Excel in Japan writes a CSV file, in UTF-8. ok is false where it is anything else:
// every byte must be text of that encoding.
func FromShiftJIS(text []byte) (out []byte, ok bool) {
	if japanese(text) != ShiftJIS {
		return nil, false
	}
	out = make([]byte, 0, len(text)*3/2)
	for len(text) > 0 {
		r, n, ok := ShiftJIS.decodeOne(text)
		if !ok {
			return nil, false
		}
		out = utf8.AppendRune(out, r)
		text = text[n:]
	}
	return out, true
}

// weigh counts the characters of a line that are usual and rare in Japanese; ok says whether the line is whole text of the encoding.
func (e Encoding) weigh(line []byte) (usual, rare int, ok bool) {
	ok = true
	for i := 0; i < len(line); {
		if line[i] < 0x80 {
			i++
			continue
		}
		r, n, good := e.decodeOne(line[i:])
		switch {
		case !good:
			ok = false
		case r >= 0xff61 && r <= 0xff9f: // half-width kana: any byte may be one
			rare++
		case e == ShiftJIS && line[i] >= 0xe0: // rare kanji, or accented letters of Western text
			rare++
		default:
			usual++
		}
		i += n
	}
	return usual, rare, ok
}

// oldJapanese turns lines of cp932 or EUC-JP into UTF-8. A line that is UTF-8 already passes as it is: what one program writes
// into the log of another has its own encoding. What is neither becomes U+FFFD.
type oldJapanese struct {
	from  io.Reader
	e     Encoding
	in    []byte
	have  int
	out   []byte
	ready []byte
	begun bool
	err   error
}

func newOldJapanese(from io.Reader, e Encoding) *oldJapanese {
	return &oldJapanese{from: from, e: e, in: make([]byte, 64<<10)}
}

// Read implements io.Reader.
func (t *oldJapanese) Read(p []byte) (int, error) {
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

// convert turns the whole lines that are there; at the end, or where a line is longer than the buffer, all of it but what may
// break off in a character.
func (t *oldJapanese) convert() {
	in := t.in[:t.have]
	end := bytes.LastIndexByte(in, '\n') + 1
	if t.err != nil {
		end = len(in)
	} else if end == 0 && len(in) == len(t.in) {
		end = t.boundary(in)
	}
	out := t.out[:0]
	rest := in[:end]
	if !t.begun && len(rest) > 0 {
		if t.begun = true; bytes.HasPrefix(rest, []byte(bom)) {
			out, rest = append(out, bom...), rest[len(bom):]
		}
	}
	for len(rest) > 0 {
		line := rest
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			line = rest[:i+1]
		}
		rest = rest[len(line):]
		if utf8.Valid(line) {
			out = append(out, line...)
			continue
		}
		for len(line) > 0 {
			if line[0] < 0x80 {
				out = append(out, line[0])
				line = line[1:]
				continue
			}
			r, n, _ := t.e.decodeOne(line)
			out = utf8.AppendRune(out, r)
			line = line[n:]
		}
	}
	t.have = copy(t.in, in[end:])
	t.out, t.ready = out, out
}

// boundary returns where the last character of a full buffer without a line's end begins.
func (t *oldJapanese) boundary(in []byte) int {
	i := 0
	for i < len(in)-3 {
		_, n, _ := t.e.decodeOne(in[i:])
		i += n
	}
	return i
}
