// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bufio"
	"errors"
	"io"
)

// Deflate64 is RFC 1951 with twice the history, two more distances, and lengths of up to 65538. Windows Explorer packs large
// files so, and no library at hand reads it.
const (
	inflateHistory = 1 << 16
	inflateRing    = 2 * inflateHistory
	inflateQuick   = 10 // bits of a code that are looked up at once
)

var errInflate = errors.New("deflate64: damaged data")

// code is a canonical Huffman code (RFC 1951, 3.2.2).
type code struct {
	quick  [1 << inflateQuick]uint16 // length in the lower four bits, symbol above; 0: a longer one, or none
	count  [16]int
	symbol [288]uint16
}

// build makes the code of symbols with these lengths.
func (c *code) build(lengths []uint8) error {
	c.count = [16]int{}
	for _, l := range lengths {
		c.count[l]++
	}
	left := 1
	for _, n := range c.count[1:] {
		if left = left<<1 - n; left < 0 {
			return errInflate
		}
	}
	var offset, next [16]int
	first := 0
	for l := 1; l < 15; l++ {
		offset[l+1] = offset[l] + c.count[l]
	}
	for l := 1; l < 16; l++ {
		next[l] = first
		first = (first + c.count[l]) << 1
	}
	clear(c.quick[:])
	for s, l := range lengths {
		if l == 0 {
			continue
		}
		c.symbol[offset[l]] = uint16(s)
		offset[l]++
		if l <= inflateQuick { // codes stand with their highest bit first, all else with its lowest
			turned := 0
			for i := range l {
				turned |= next[l] >> i & 1 << (l - 1 - i)
			}
			for i := turned; i < 1<<inflateQuick; i += 1 << l {
				c.quick[i] = uint16(s)<<4 | uint16(l)
			}
		}
		next[l]++
	}
	c.count[0] = 0
	return nil
}

// inflate64 unpacks a stream of Deflate64.
type inflate64 struct {
	r        *bufio.Reader
	bits     uint64
	have     uint
	out      [inflateRing]byte // history, and what is not yet given away
	pos      int               // bytes so far
	given    int
	copying  int // of a match that did not fit
	distance int
	raw      int // bytes left of a stored block
	inBlock  bool
	last     bool
	lit, far code
	err      error
}

func newInflate64(from io.Reader) *inflate64 {
	return &inflate64{r: bufio.NewReaderSize(from, 32<<10)}
}

// need makes sure that n bits, at most 32, are there.
func (f *inflate64) need(n uint) error {
	for f.have < n {
		b, err := f.r.ReadByte()
		if err != nil {
			return short(err)
		}
		f.bits |= uint64(b) << f.have
		f.have += 8
	}
	return nil
}

func (f *inflate64) take(n uint) (int, error) {
	if err := f.need(n); err != nil {
		return 0, err
	}
	v := int(f.bits & (1<<n - 1))
	f.bits >>= n
	f.have -= n
	return v, nil
}

func (f *inflate64) decode(c *code) (int, error) {
	for f.have < 15 { // there may be fewer at the end
		b, err := f.r.ReadByte()
		if err != nil {
			break
		}
		f.bits |= uint64(b) << f.have
		f.have += 8
	}
	if q := c.quick[f.bits&(1<<inflateQuick-1)]; q != 0 && uint(q&15) <= f.have {
		f.bits >>= q & 15
		f.have -= uint(q & 15)
		return int(q >> 4), nil
	}
	value, first, index := 0, 0, 0
	for l := uint(1); l < 16; l++ {
		if l > f.have {
			return 0, io.ErrUnexpectedEOF
		}
		value |= int(f.bits >> (l - 1) & 1)
		n := c.count[l]
		if value-first < n {
			f.bits >>= l
			f.have -= l
			return int(c.symbol[index+value-first]), nil
		}
		index += n
		first = (first + n) << 1
		value <<= 1
	}
	return 0, errInflate
}

// Read implements io.Reader.
func (f *inflate64) Read(p []byte) (int, error) {
	for f.given == f.pos {
		if f.err != nil {
			return 0, f.err
		}
		f.err = f.more()
	}
	n := 0
	for n < len(p) && f.given < f.pos {
		at := f.given % inflateRing
		k := copy(p[n:], f.out[at:min(len(f.out), at+f.pos-f.given)])
		n += k
		f.given += k
	}
	return n, nil
}

// full says that no more can be unpacked before some is given away.
func (f *inflate64) full() bool { return f.pos-f.given >= inflateHistory }

func (f *inflate64) put(b byte) {
	f.out[uint(f.pos)%inflateRing] = b
	f.pos++
}

// more unpacks until there is enough to give, or the end.
func (f *inflate64) more() error {
	for !f.full() {
		switch {
		case f.copying > 0:
			for f.copying > 0 && !f.full() {
				f.put(f.out[uint(f.pos-f.distance)%inflateRing])
				f.copying--
			}
		case f.raw > 0:
			for f.raw > 0 && !f.full() {
				b, err := f.take(8)
				if err != nil {
					return err
				}
				f.put(byte(b))
				f.raw--
			}
		case f.inBlock:
			if err := f.symbol(); err != nil {
				return err
			}
		case f.last:
			return io.EOF
		default:
			if err := f.block(); err != nil {
				return err
			}
		}
	}
	return nil
}

// block reads the head of a block.
func (f *inflate64) block() error {
	h, err := f.take(3)
	if err != nil {
		return err
	}
	f.last = h&1 != 0
	switch h >> 1 {
	case 0:
		f.bits >>= f.have % 8
		f.have -= f.have % 8
		n, err := f.take(32)
		if err != nil {
			return err
		}
		if n&0xffff != ^(n>>16)&0xffff {
			return errInflate
		}
		f.raw = n & 0xffff
		return nil
	case 1:
		var lengths [288]uint8
		for i := range lengths {
			switch {
			case i < 144, i >= 280:
				lengths[i] = 8
			case i < 256:
				lengths[i] = 9
			default:
				lengths[i] = 7
			}
		}
		var far [32]uint8
		for i := range far {
			far[i] = 5
		}
		f.inBlock = true
		return errors.Join(f.lit.build(lengths[:]), f.far.build(far[:]))
	case 2:
		f.inBlock = true
		return f.codes()
	}
	return errInflate
}

// codes reads the codes that a block brings along.
func (f *inflate64) codes() error {
	n, err := f.take(14)
	if err != nil {
		return err
	}
	literals, distances, of := n&31+257, n>>5&31+1, min(n>>10+4, 19)
	if literals > 286 {
		return errInflate
	}
	var lengths [320]uint8
	order := [...]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	for _, i := range order[:of] {
		l, err := f.take(3)
		if err != nil {
			return err
		}
		lengths[i] = uint8(l)
	}
	if err := f.lit.build(lengths[:19]); err != nil {
		return err
	}
	clear(lengths[:19])
	for i := 0; i < literals+distances; {
		s, err := f.decode(&f.lit)
		if err != nil {
			return err
		}
		if s < 16 {
			lengths[i] = uint8(s)
			i++
			continue
		}
		var again uint8
		if s == 16 {
			if i == 0 {
				return errInflate
			}
			again = lengths[i-1]
		}
		times, err := f.take([3]uint{2, 3, 7}[s-16])
		if err != nil {
			return err
		}
		times += [3]int{3, 3, 11}[s-16]
		if i+times > literals+distances {
			return errInflate
		}
		for range times {
			lengths[i] = again
			i++
		}
	}
	return errors.Join(f.lit.build(lengths[:literals]), f.far.build(lengths[literals:literals+distances]))
}

// symbol unpacks one byte, or begins a match.
func (f *inflate64) symbol() error {
	s, err := f.decode(&f.lit)
	switch {
	case err != nil:
		return err
	case s < 256:
		f.put(byte(s))
		return nil
	case s == 256:
		f.inBlock = false
		return nil
	case s > 285:
		return errInflate
	}
	length, extra := 3, uint(16) // 285: where Deflate has 258
	if s < 285 {
		if s -= 257; s < 8 {
			length, extra = s+3, 0
		} else {
			extra = uint(s)/4 - 1
			length = (4+s%4)<<extra + 3
		}
	}
	n, err := f.take(extra)
	if err != nil {
		return err
	}
	d, err := f.decode(&f.far)
	if err != nil {
		return err
	}
	distance, extra := d+1, uint(0)
	if d >= 4 {
		extra = uint(d)/2 - 1
		distance = (2+d%2)<<extra + 1
	}
	more, err := f.take(extra)
	if err != nil {
		return err
	}
	if f.distance = distance + more; f.distance > min(f.pos, inflateHistory) {
		return errInflate
	}
	f.copying = length + n
	return nil
}
