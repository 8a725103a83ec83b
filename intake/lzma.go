// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import "errors"

var errLZMA = errors.New("lzma: damaged data")

// lzmaWindow is what has been unpacked: the history that later data refer to, and what is not yet given away.
type lzmaWindow struct {
	buf   []byte
	pos   int // where the next byte goes
	given int // what lies before it was given away
	most  int // how far back data may refer
	total int // bytes since the history was last forgotten
}

// room makes sure that n bytes can be added behind pos. It grows with what is there: a small file needs little.
func (w *lzmaWindow) room(n int) {
	if w.pos+n <= len(w.buf) {
		return
	}
	if full := w.most + max(w.most/4, 2*lzmaChunk); len(w.buf) < full {
		grown := make([]byte, min(max(2*len(w.buf), w.pos+n), full))
		if w.pos+n <= len(grown) {
			copy(grown, w.buf[:w.pos])
			w.buf = grown
			return
		}
		w.buf = append(grown[:0], w.buf[:w.pos]...)[:len(grown)]
	}
	keep := min(w.pos, w.most) // all of it was given away
	copy(w.buf, w.buf[w.pos-keep:w.pos])
	w.pos, w.given = keep, keep
}

// again copies n bytes from dist bytes back.
func (w *lzmaWindow) again(dist, n int) {
	from, to := w.pos-dist, w.pos
	w.pos += n
	w.total += n
	if dist >= n {
		copy(w.buf[to:to+n], w.buf[from:from+n])
		return
	}
	for ; n > 0; n-- { // it overlaps: the bytes repeat
		w.buf[to] = w.buf[from]
		to++
		from++
	}
}

// rangeDecoder reads the bits of one chunk.
type rangeDecoder struct {
	in   []byte
	ip   int
	rng  uint32
	code uint32
}

// begin reads the first five bytes.
func (r *rangeDecoder) begin(in []byte) bool {
	if len(in) < 5 || in[0] != 0 {
		return false
	}
	r.in, r.ip, r.rng = in, 5, 1<<32-1
	r.code = uint32(in[1])<<24 | uint32(in[2])<<16 | uint32(in[3])<<8 | uint32(in[4])
	return true
}

func (r *rangeDecoder) normalize() {
	if r.rng < 1<<24 {
		r.rng <<= 8
		r.code <<= 8
		if r.ip < len(r.in) {
			r.code |= uint32(r.in[r.ip])
		}
		r.ip++ // beyond the end, which over tells
	}
}

// over says that more was read than there is.
func (r *rangeDecoder) over() bool { return r.ip > len(r.in) }

func (r *rangeDecoder) bit(p *uint16) int {
	r.normalize()
	bound := (r.rng >> 11) * uint32(*p)
	if r.code < bound {
		r.rng = bound
		*p += (1<<11 - *p) >> 5
		return 0
	}
	r.rng -= bound
	r.code -= bound
	*p -= *p >> 5
	return 1
}

// tree reads bits from the highest on. The first is one of two, the second one of four.
func (r *rangeDecoder) tree(probs []uint16, bits int) int {
	s := 1
	for range bits {
		s = s<<1 | r.bit(&probs[s])
	}
	return s - 1<<bits
}

// reverse reads bits from the lowest on.
func (r *rangeDecoder) reverse(probs []uint16, bits int) int {
	s, v := 1, 0
	for i := range bits {
		b := r.bit(&probs[s])
		s = s<<1 | b
		v |= b << i
	}
	return v
}

// direct reads bits that are as likely as not.
func (r *rangeDecoder) direct(bits int) int {
	v := 0
	for range bits {
		r.normalize()
		r.rng >>= 1
		r.code -= r.rng
		mask := 0 - r.code>>31
		r.code += r.rng & mask
		v = v<<1 | int(mask+1)
	}
	return v
}

// lengths are the odds of the length of a match.
type lengths struct {
	choice [2]uint16
	low    [16][8]uint16
	mid    [16][8]uint16
	high   [256]uint16
}

func (l *lengths) decode(r *rangeDecoder, posState int) int {
	if r.bit(&l.choice[0]) == 0 {
		return r.tree(l.low[posState][:], 3)
	}
	if r.bit(&l.choice[1]) == 0 {
		return 8 + r.tree(l.mid[posState][:], 3)
	}
	return 16 + r.tree(l.high[:], 8)
}

// lzma is the state from one chunk to the next.
type lzma struct {
	r          rangeDecoder
	lc, lp, pb int
	state      int
	rep        [4]int
	odds       odds
	literal    [0x300 << 4]uint16
}

// odds are all adaptive ones but those of literals.
type odds struct {
	match    [12][16]uint16
	rep      [12]uint16
	rep0     [12]uint16
	rep1     [12]uint16
	rep2     [12]uint16
	rep0Long [12][16]uint16
	slot     [4][64]uint16
	special  [128]uint16
	align    [16]uint16
	len      lengths
	repLen   lengths
}

const evenOdds = 1 << 10

// properties takes the byte that says how literals and positions are told apart.
func (d *lzma) properties(b byte) bool {
	if b > (4*5+4)*9+8 {
		return false
	}
	d.lc, d.lp, d.pb = int(b%9), int(b/9%5), int(b/45)
	return d.lc+d.lp <= 4
}

// reset forgets what was learned.
func (d *lzma) reset() {
	d.state, d.rep = 0, [4]int{}
	o := &d.odds
	even := func(p []uint16) {
		for i := range p {
			p[i] = evenOdds
		}
	}
	for i := range o.match {
		even(o.match[i][:])
		even(o.rep0Long[i][:])
	}
	for _, p := range [][]uint16{o.rep[:], o.rep0[:], o.rep1[:], o.rep2[:], o.special[:], o.align[:]} {
		even(p)
	}
	for i := range o.slot {
		even(o.slot[i][:])
	}
	for _, l := range []*lengths{&o.len, &o.repLen} {
		even(l.choice[:])
		even(l.high[:])
		for i := range l.low {
			even(l.low[i][:])
			even(l.mid[i][:])
		}
	}
	even(d.literal[:0x300<<(d.lc+d.lp)])
}

// chunk unpacks n bytes from in, all of which belong to it. Of a chunk that breaks off, what can be told for sure is unpacked.
func (d *lzma) chunk(w *lzmaWindow, in []byte, n int) error {
	r := &d.r
	if !r.begin(in) {
		return errLZMA
	}
	end := w.pos + n
	o := &d.odds
	for w.pos < end {
		was := w.pos
		posState := w.total & (1<<d.pb - 1)
		if r.bit(&o.match[d.state][posState]) == 0 {
			d.literally(w)
		} else {
			length := d.matched(w, posState)
			dist := d.rep[0] + 1
			if dist > min(w.total, w.most, w.pos) || length > end-w.pos {
				return errLZMA
			}
			w.again(dist, length)
		}
		if r.over() {
			w.total -= w.pos - was
			w.pos = was
			return errLZMA
		}
	}
	r.normalize()
	if r.code != 0 || r.ip != len(r.in) {
		return errLZMA
	}
	return nil
}

// literally unpacks one byte that is no repetition.
func (d *lzma) literally(w *lzmaWindow) {
	r := &d.r
	var before byte
	if w.total > 0 {
		before = w.buf[w.pos-1]
	}
	i := (w.total&(1<<d.lp-1))<<d.lc + int(before)>>(8-d.lc)
	probs := d.literal[0x300*i : 0x300*i+0x300]
	s := 1
	if d.state < 7 {
		for s < 0x100 {
			s = s<<1 | r.bit(&probs[s])
		}
	} else {
		var likely int // what stands where the last match would have gone on
		if dist := d.rep[0] + 1; dist <= min(w.total, w.pos) {
			likely = int(w.buf[w.pos-dist])
		}
		offset := 0x100
		for s < 0x100 {
			likely <<= 1
			hint := likely & offset
			b := r.bit(&probs[offset+hint+s])
			s = s<<1 | b
			if b == 1 {
				offset &= hint
			} else {
				offset &^= hint
			}
		}
	}
	w.buf[w.pos] = byte(s)
	w.pos++
	w.total++
	switch {
	case d.state < 4:
		d.state = 0
	case d.state < 10:
		d.state -= 3
	default:
		d.state -= 6
	}
}

// matched reads what is repeated: the length is returned, the distance less one is rep[0] then.
func (d *lzma) matched(w *lzmaWindow, posState int) int {
	r, o := &d.r, &d.odds
	after := func(literal, other int) {
		if d.state < 7 {
			d.state = literal
		} else {
			d.state = other
		}
	}
	if r.bit(&o.rep[d.state]) == 0 {
		d.rep[1], d.rep[2], d.rep[3] = d.rep[0], d.rep[1], d.rep[2]
		after(7, 10)
		n := o.len.decode(r, posState)
		d.rep[0] = d.distance(n)
		return n + 2
	}
	if r.bit(&o.rep0[d.state]) == 0 {
		if r.bit(&o.rep0Long[d.state][posState]) == 0 {
			after(9, 11)
			return 1
		}
	} else {
		dist := d.rep[1]
		if r.bit(&o.rep1[d.state]) == 1 {
			dist = d.rep[2]
			if r.bit(&o.rep2[d.state]) == 1 {
				dist = d.rep[3]
				d.rep[3] = d.rep[2]
			}
			d.rep[2] = d.rep[1]
		}
		d.rep[1], d.rep[0] = d.rep[0], dist
	}
	after(8, 11)
	return o.repLen.decode(r, posState) + 2
}

// distance reads how far back a match of a length lies, less one.
func (d *lzma) distance(length int) int {
	r, o := &d.r, &d.odds
	slot := r.tree(o.slot[min(length, 3)][:], 6)
	if slot < 4 {
		return slot
	}
	bits := slot>>1 - 1
	dist := (2 | slot&1) << bits
	if slot < 14 {
		return dist + r.reverse(o.special[dist-slot:], bits)
	}
	return dist + r.direct(bits-4)<<4 + r.reverse(o.align[:], 4)
}
