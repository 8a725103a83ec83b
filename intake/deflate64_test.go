// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"testing"

	"github.com/klauspost/compress/flate"
)

// bitWriter writes a stream of deflate by hand.
type bitWriter struct {
	b    []byte
	bits uint
	have uint
}

func (w *bitWriter) put(v, n uint) {
	w.bits |= v << w.have
	for w.have += n; w.have >= 8; w.have -= 8 {
		w.b = append(w.b, byte(w.bits))
		w.bits >>= 8
	}
}

// code writes a code, whose highest bit goes first.
func (w *bitWriter) code(v, n uint) {
	for i := range n {
		w.put(v>>(n-1-i)&1, 1)
	}
}

// stored writes a block as it is.
func (w *bitWriter) stored(b []byte) {
	w.put(0, 3)
	w.put(0, (8-w.have)%8)
	w.put(uint(len(b)), 16)
	w.put(^uint(len(b))&0xffff, 16)
	w.b = append(w.b, b...)
}

// far is a stream with a match of a length and from a distance that only Deflate64 has, and the content.
func far() (packed, content []byte) {
	content = varied(60_000)[:60_000]
	var w bitWriter
	w.stored(content)
	w.put(1|1<<1, 3) // the last block, of the fixed codes
	w.code(0x30+'x', 8)
	w.code(0xc0+285-280, 8)
	w.put(70_000%65_536-3+0, 16)
	w.code(31, 5)
	w.put(60_000-49_153, 14)
	w.code(0, 7)
	w.put(0, 7)
	content = append(content, 'x')
	for range 70_000 % 65_536 {
		content = append(content, content[len(content)-60_000])
	}
	return w.b, content
}

func TestDeflate64(t *testing.T) {
	packed, want := far()
	got, err := io.ReadAll(newInflate64(bytes.NewReader(packed)))
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes of %d, %v", len(got), len(want), err)
	}
	archived(t, unpacked(t, "a.zip", rawZip(rawMember{name: "x.log", method: 9, data: packed, size: uint32(len(want)), sum: crc32.ChecksumIEEE(want), at: -1}), Search{}),
		map[string]string{"!/x.log": string(want)}, nil)
	got, err = io.ReadAll(newInflate64(bytes.NewReader(packed[:len(packed)-4])))
	if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix(want, got) || len(got) < 60_000 {
		t.Errorf("cut: %d bytes, %v", len(got), err)
	}
	t.Run("as 7-Zip packs it", func(t *testing.T) {
		text := append(varied(200_000), bytes.Repeat([]byte("again "), 100_000)...)
		text = append(text, text[:190_000]...)
		b := piped(t, text, "sh", "-c", `d=$(mktemp -d); cat > $d/x.log; $(command -v 7zz || command -v 7z) a -tzip -mm=Deflate64 -mx=9 $d/a.zip $d/x.log >/dev/null && cat $d/a.zip; rm -r $d`)
		if b[8] != 9 {
			t.Fatalf("packed with method %d", b[8])
		}
		archived(t, unpacked(t, "a.zip", b, Search{}), map[string]string{"!/x.log": string(text)}, nil)
	})
	// Where no length of 258 and no distance above 32 KiB occurs, it is Deflate.
	text := varied(200_000)
	for level := range 10 {
		var b bytes.Buffer
		w, err := flate.NewWriter(&b, level)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(text)
		w.Close()
		if got, err := io.ReadAll(newInflate64(&b)); err != nil || !bytes.Equal(got, text) {
			t.Errorf("level %d: %d bytes, %v", level, len(got), err)
		}
	}
}

func FuzzDeflate64(f *testing.F) {
	packed, _ := far()
	f.Add(packed[60_000:])
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, 9)
	w.Write(varied(2000))
	w.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = io.Copy(io.Discard, io.LimitReader(newInflate64(bytes.NewReader(b)), 16<<20))
	})
}
