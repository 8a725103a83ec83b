// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"hash/crc64"
	"io"
)

// The xz file format, version 1.2.1: streams of blocks, each packed with LZMA2. The filters for programs' code are not
// read, and no more history is kept than `xz -9` asks for, twice.
const (
	xzMagic      = "\xfd7zXZ\x00"
	xzFooter     = "YZ"
	xzMostWindow = maxWindow
	lzma2        = 0x21
	lzmaChunk    = 2 << 20 // bytes that one chunk unpacks to, at most
)

var (
	errXZ      = errors.New("xz: damaged data")
	errXZCheck = errors.New("xz: the checksum is not that of the content")
)

// xzReader unpacks one xz stream after another.
type xzReader struct {
	r     *bufio.Reader
	win   lzmaWindow
	lz    *lzma
	check byte
	sum   hash.Hash // nil: the stream has no checks, or not any that is known
	read  int64     // of the block, for its padding
	in    []byte    // one packed chunk
	block bool      // within one
	fresh bool      // a chunk must begin with an empty history
	learn bool      // a chunk must bring properties
	reset bool      // a chunk must forget what was learned
	err   error
}

func newXZ(from io.Reader) (*xzReader, error) {
	x := &xzReader{r: bufio.NewReaderSize(from, 64<<10)}
	var magic [len(xzMagic)]byte
	if _, err := io.ReadFull(x.r, magic[:]); err != nil {
		return nil, short(err)
	}
	if string(magic[:]) != xzMagic {
		return nil, errXZ
	}
	return x, x.header()
}

// short makes an end where there should be none what it is.
func short(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// header reads the rest of a stream's header.
func (x *xzReader) header() error {
	var b [6]byte
	if _, err := io.ReadFull(x.r, b[:]); err != nil {
		return short(err)
	}
	if b[0] != 0 || b[1] > 15 || crc32.ChecksumIEEE(b[:2]) != binary.LittleEndian.Uint32(b[2:]) {
		return errXZ
	}
	x.check = b[1]
	switch x.check {
	case 1:
		x.sum = crc32.NewIEEE()
	case 4:
		x.sum = crc64.New(crc64.MakeTable(crc64.ECMA))
	case 10:
		x.sum = sha256.New()
	default:
		x.sum = nil
	}
	return nil
}

// Read implements io.Reader.
func (x *xzReader) Read(p []byte) (int, error) {
	w := &x.win
	for w.given == w.pos {
		if x.err != nil {
			return 0, x.err
		}
		if !x.block {
			x.err = x.begin()
			continue
		}
		if x.err = x.chunk(); x.sum != nil {
			x.sum.Write(w.buf[w.given:w.pos])
		}
		if x.err == nil && !x.block {
			x.err = x.end()
		}
	}
	n := copy(p, w.buf[w.given:w.pos])
	w.given += n
	return n, nil
}

// begin reads the header of the next block, or what stands behind the last one. io.EOF is the regular end.
func (x *xzReader) begin() error {
	size, err := x.r.ReadByte()
	if err != nil {
		return short(err)
	}
	if size == 0 {
		return x.index()
	}
	h := make([]byte, (int(size)+1)*4)
	h[0] = size
	if _, err := io.ReadFull(x.r, h[1:]); err != nil {
		return short(err)
	}
	body := h[:len(h)-4]
	if crc32.ChecksumIEEE(body) != binary.LittleEndian.Uint32(h[len(h)-4:]) {
		return errXZ
	}
	flags, b := body[1], bytes.NewReader(body[2:])
	for _, bit := range [...]byte{0x40, 0x80} { // sizes, which the chunks tell as well
		if flags&bit != 0 {
			if _, err := binary.ReadUvarint(b); err != nil {
				return errXZ
			}
		}
	}
	id, err1 := binary.ReadUvarint(b)
	props, err2 := binary.ReadUvarint(b)
	dict, err3 := b.ReadByte()
	switch {
	case err1 != nil || err2 != nil || err3 != nil:
		return errXZ
	case flags&3 != 0 || id != lzma2 || props != 1:
		return fmt.Errorf("%w: xz with a filter besides LZMA2", ErrUnsupported)
	case dict > 40:
		return errXZ
	}
	history := int64(1)<<32 - 1
	if dict < 40 {
		history = int64(2|dict&1) << (dict/2 + 11)
	}
	if history > xzMostWindow {
		return fmt.Errorf("%w: xz with %d MiB of history", ErrUnsupported, history>>20)
	}
	x.win.most = int(history)
	x.block, x.fresh, x.learn, x.reset, x.read = true, true, true, true, 0
	if x.sum != nil {
		x.sum.Reset()
	}
	return nil
}

// chunk unpacks one chunk of LZMA2.
func (x *xzReader) chunk() error {
	var h [6]byte
	control, err := x.r.ReadByte()
	if err != nil {
		return short(err)
	}
	x.read++
	if control == 0 {
		x.block = false
		return nil
	}
	n, learns := 2, false
	if control >= 0x80 {
		if n, learns = 4, control >= 0xc0; learns {
			n = 5
		}
	}
	if _, err := io.ReadFull(x.r, h[:n]); err != nil {
		return short(err)
	}
	x.read += int64(n)
	if control >= 0xe0 || control == 1 {
		x.win.total, x.fresh = 0, false
	} else if x.fresh || control > 2 && control < 0x80 {
		return errXZ
	}
	size := int(binary.BigEndian.Uint16(h[:])) + 1
	if control < 0x80 {
		x.win.room(size)
		k, err := io.ReadFull(x.r, x.win.buf[x.win.pos:x.win.pos+size])
		x.win.pos += k
		x.win.total += k
		x.read += int64(k)
		return short(truncated(err))
	}
	if x.lz == nil {
		x.lz = &lzma{}
	}
	if learns {
		if x.learn = false; !x.lz.properties(h[4]) {
			return errXZ
		}
	}
	if x.learn {
		return errXZ
	}
	if control >= 0xa0 {
		x.reset = false
		x.lz.reset()
	}
	if x.reset {
		return errXZ
	}
	return x.packed(size+int(control&0x1f)<<16, int(binary.BigEndian.Uint16(h[2:]))+1)
}

func truncated(err error) error {
	if err == io.ErrUnexpectedEOF {
		return io.EOF
	}
	return err
}

// packed unpacks n bytes of content from the next size bytes.
func (x *xzReader) packed(n, size int) error {
	if x.in == nil {
		x.in = make([]byte, 1<<16)
	}
	k, broken := io.ReadFull(x.r, x.in[:size])
	x.read += int64(k)
	x.win.room(n)
	err := x.lz.chunk(&x.win, x.in[:k], n)
	if broken != nil {
		return short(broken)
	}
	return err
}

// end reads what stands behind the chunks of a block.
func (x *xzReader) end() error {
	size := [16]int{0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64}[x.check]
	var b [3 + 64]byte
	pad := int(-x.read & 3)
	if _, err := io.ReadFull(x.r, b[:pad+size]); err != nil {
		return short(err)
	}
	if len(bytes.Trim(b[:pad], "\x00")) > 0 {
		return errXZ
	}
	if x.sum == nil {
		return nil
	}
	want, got := b[pad:pad+size], x.sum.Sum(nil)
	if x.check != 10 { // the checksums stand the other way round
		for i, j := 0, len(got)-1; i < j; i, j = i+1, j-1 {
			got[i], got[j] = got[j], got[i]
		}
	}
	if !bytes.Equal(got, want) {
		return errXZCheck
	}
	return nil
}

// index skips the list of blocks, checks that it and the footer are whole, and goes on to the next stream.
func (x *xzReader) index() error {
	c := &summed{r: x.r, sum: crc32.NewIEEE(), n: 1}
	c.sum.Write([]byte{0})
	count, err := binary.ReadUvarint(c)
	for i := uint64(0); err == nil && i < 2*count; i++ {
		_, err = binary.ReadUvarint(c)
	}
	for err == nil && c.n&3 != 0 {
		_, err = c.ReadByte()
	}
	var b [4 + 12]byte
	if err == nil {
		_, err = io.ReadFull(x.r, b[:])
	}
	if err != nil {
		return short(err)
	}
	if binary.LittleEndian.Uint32(b[:]) != c.sum.Sum32() || string(b[14:]) != xzFooter || crc32.ChecksumIEEE(b[8:14]) != binary.LittleEndian.Uint32(b[4:]) {
		return errXZ
	}
	for {
		var next [len(xzMagic)]byte
		n, err := io.ReadFull(x.r, next[:4])
		switch {
		case n == 0 && err == io.EOF:
			return io.EOF
		case err != nil:
			return short(err)
		case [4]byte(next[:4]) == [4]byte{}:
			continue // between streams
		}
		if _, err := io.ReadFull(x.r, next[4:]); err != nil {
			return short(err)
		}
		if string(next[:]) != xzMagic {
			return errXZ
		}
		return x.header()
	}
}

// summed reads byte by byte and keeps the checksum.
type summed struct {
	r   *bufio.Reader
	sum hash.Hash32
	n   int64
}

// ReadByte implements io.ByteReader.
func (s *summed) ReadByte() (byte, error) {
	b, err := s.r.ReadByte()
	if err == nil {
		s.sum.Write([]byte{b})
		s.n++
	}
	return b, err
}
