// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/sekisho/sekisho/event"
)

// segments reads every block and compares it with the leaf that the log has of it.
func (v *verifier) segments(ctx context.Context) error {
	for _, s := range v.all {
		if fi, err := os.Stat(s.path(v.dir)); err == nil {
			v.of += fi.Size()
		}
	}
	next := segment{}
	for i, s := range v.all {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("sealed: verify %s: %w", v.dir, err)
		}
		if s.Block > next.Block {
			v.missing(next.Block, s.Block, "", 0)
		}
		end := int64(-1)
		if i+1 < len(v.all) {
			end = v.all[i+1].Block
		}
		next = v.segment(s, end)
	}
	if next.Block < v.signed.Size {
		v.missing(next.Block, v.signed.Size, "", 0)
	}
	return nil
}

// want returns what the log says of a block; ok is false where it is after the checkpoint, or not known.
func (v *verifier) want(block int64) (header, bool) {
	if block >= v.signed.Size {
		return header{}, false
	}
	leaf, _, _ := v.leaves(block)
	h, err := parseLeaf(leaf)
	return h, err == nil && h.Number == block
}

// missing says that blocks are not there.
func (v *verifier) missing(from, to int64, file string, offset int64) {
	v.lost(FaultMissing, from, to, file, offset, "")
}

func (v *verifier) lost(kind FaultKind, from, to int64, file string, offset int64, note string) {
	f := Fault{Kind: kind, File: file, Offset: offset, Blocks: &Span{from, to}, Records: &Span{v.unknown, v.unknown}, Note: note}
	if h, ok := v.want(from); ok {
		f.Records.From = int64(h.First)
	}
	if h, ok := v.want(to - 1); ok {
		f.Records.To = int64(h.End())
		v.unknown = max(v.unknown, f.Records.To)
	} else {
		f.Note += "; how many records is not known"
		f.Records.To = f.Records.From
	}
	v.fault(f)
}

// segment reads one segment, whose blocks end before number end (-1: it is the last), and returns what should come next.
func (v *verifier) segment(s segment, end int64) segment {
	name := segmentFolder + "/" + s.name()
	b, err := readSmall(s.path(v.dir), maxSegment)
	if err != nil {
		v.fault(Fault{Kind: FaultMissing, File: name, Note: err.Error()})
		if end < 0 {
			end = max(s.Block, v.signed.Size)
		}
		if end > s.Block {
			v.missing(s.Block, end, name, 0)
		}
		return segment{Block: end}
	}
	c := &cursor{v: v, name: name, b: b, next: s, offset: segmentHead, budget: 32 * len(b)}
	if c.tag, err = parseSegmentHead(b, s, v.r.Origin); err != nil {
		h, known := v.want(s.Block)
		if !known && len(b) >= segmentHead+leadSize {
			h, _ = parseLead(b[segmentHead:])
		}
		c.tag = h.Tag
		v.fault(Fault{Kind: FaultChanged, File: name, Blocks: &Span{s.Block, s.Block}, Note: "its first bytes, before any record: " + err.Error()})
	}
	for (end < 0 || c.next.Block < end) && c.step(end) {
	}
	if v.done += int64(len(b)); v.o.Progress != nil {
		v.o.Progress(v.done, v.of)
	}
	return c.finish(end)
}

// cursor goes through one segment.
type cursor struct {
	v      *verifier
	name   string
	b      []byte
	tag    tag
	offset int
	next   segment // what should come
	budget int     // bytes that may still be searched for what is not in its place: so that no folder takes more than a few readings
}

// find returns where something lies in the bytes from an offset on; -1 where it does not, or where enough was searched.
func (c *cursor) find(what []byte, from int) int {
	rest := c.b[min(from, len(c.b)):]
	if bytes.HasPrefix(rest, what) {
		return 0
	}
	if c.budget <= 0 {
		return -1
	}
	k := bytes.Index(rest, what)
	if c.budget -= k; k < 0 {
		c.budget -= len(rest)
	}
	return k
}

// step checks the block that should come and moves on. It returns false where there is none any more.
func (c *cursor) step(end int64) bool {
	want, known := c.v.want(c.next.Block)
	if known {
		var lead [leadSize]byte
		want.put(lead[:])
		if c.gone(&want) {
			return true
		}
		k := c.find(lead[:], c.offset)
		if k == 0 {
			c.check(&want)
			return true
		}
		if k > 0 && !c.laterFirst(k) {
			c.v.fault(Fault{Kind: FaultAdded, File: c.name, Offset: int64(c.offset), Blocks: &Span{want.Number, want.Number + 1}, Records: &Span{int64(want.First), int64(want.End())},
				Note: fmt.Sprintf("%d bytes before these records are not the log's", k)})
			c.offset += k
			c.check(&want)
			return true
		}
		return c.resync(&want, end)
	}
	if c.offset >= len(c.b) {
		return false
	}
	h, err := parseLead(c.b[c.offset:])
	if err != nil || h.Number != c.next.Block || h.Tag != c.tag || h.Gone || c.offset+int(h.whole()) > len(c.b) || (c.next.First != 0 && h.First != c.next.First) {
		return c.resync(nil, end)
	}
	c.check(&h)
	return true
}

// laterFirst says whether a later block of the log lies before the place where the wanted one was found: then that one is out of its place.
func (c *cursor) laterFirst(k int) bool {
	next, known := c.v.want(c.next.Block + 1)
	if !known {
		return false
	}
	return c.begins(&next, c.offset)
}

// begins says whether a block, or what expiry left of it, begins at an offset.
func (c *cursor) begins(h *header, offset int) bool {
	var lead [leadSize]byte
	for _, gone := range []bool{false, true} {
		one := *h
		one.Gone = gone
		one.put(lead[:])
		if bytes.HasPrefix(c.b[min(offset, len(c.b)):], lead[:]) {
			return true
		}
	}
	return false
}

// gone passes the header of a block whose payload was destroyed, if one stands here. Without a tombstone it was somebody else who did it.
func (c *cursor) gone(want *header) bool {
	one := *want
	one.Gone = true
	var lead [leadSize]byte
	one.put(lead[:])
	if !bytes.HasPrefix(c.b[min(c.offset, len(c.b)):], lead[:]) {
		return false
	}
	if !c.v.excused(want) {
		c.v.fault(Fault{Kind: FaultMissing, File: c.name, Offset: int64(c.offset), Blocks: &Span{want.Number, want.Number + 1}, Records: &Span{int64(want.First), int64(want.End())},
			Note: "the records were taken out, and no tombstone signed by this log says that they have expired"})
	}
	c.v.unknown = max(c.v.unknown, int64(want.End()))
	c.offset += leadSize
	c.next = segment{want.Number + 1, want.End()}
	return true
}

// check compares a block whose header is right with that header.
func (c *cursor) check(h *header) {
	v := c.v
	end := min(len(c.b), c.offset+int(h.whole()))
	payload := c.b[c.offset+leadSize : end]
	switch _, err := v.open.verify(h, payload); {
	case err != nil:
		v.fault(Fault{Kind: FaultChanged, File: c.name, Offset: int64(c.offset), Blocks: &Span{h.Number, h.Number + 1}, Records: &Span{int64(h.First), int64(h.End())}, Note: err.Error()})
		if next, known := v.want(h.Number + 1); known {
			// Bytes may have been put in or taken out: what follows says where it is.
			if !c.begins(&next, end) {
				var lead [leadSize]byte
				next.put(lead[:])
				if k := c.find(lead[:], c.offset+leadSize); k >= 0 {
					end = c.offset + leadSize + k
				}
			}
		}
	case h.Tag != c.tag:
		v.fault(Fault{Kind: FaultChanged, File: c.name, Blocks: &Span{h.Number, h.Number + 1}, Note: "the segment's first bytes are not those of its blocks"})
		c.tag = h.Tag
	default:
		if t := v.book.covering(h); t != nil {
			v.left(t, h, c.name, int64(c.offset))
			break
		}
		v.r.Blocks++
		v.r.Records += int64(h.Count)
	}
	if h.Number >= v.signed.Size {
		if v.r.Unsigned == nil {
			v.r.Unsigned = &Span{From: int64(h.First)}
			v.tail[0] = h.Sealed
		}
		v.r.Unsigned.To, v.tail[1] = int64(h.End()), h.Sealed
		if h.Number == v.tree.size {
			proven := v.proven
			v.proven = false // there are no tiles of these yet
			v.tree.add(h.leaf())
			v.passed()
			v.proven = proven
		}
	}
	v.unknown = max(v.unknown, int64(h.End()))
	c.offset = end
	c.next = segment{h.Number + 1, h.End()}
}

// resync finds the next block that is whole, after one that is not there or not as it was.
func (c *cursor) resync(want *header, end int64) bool {
	from := c.next.Block
	for i := c.offset; i < len(c.b); i++ {
		k := bytes.Index(c.b[i:], []byte(eachMagic))
		if k < 0 {
			break
		}
		i += k
		h, err := parseLead(c.b[i:])
		if err != nil || h.Tag != c.tag || h.Number <= from || end >= 0 && h.Number >= end || i+int(h.whole()) > len(c.b) {
			continue
		}
		bare := h
		bare.Gone = false
		if w, known := c.v.want(h.Number); known && w != bare || !known && h.Gone {
			continue
		}
		to := h.Number
		if want != nil && i != c.offset+int(want.whole()) {
			to++ // that one is not in its place either
		}
		c.v.lost(FaultChanged, from, to, c.name, int64(c.offset), "what stands here is not what was sealed")
		c.offset, c.next = i, segment{h.Number, h.First}
		return true
	}
	if want == nil {
		return false
	}
	// None of the blocks that should follow in this segment is where it can be found.
	to := c.v.signed.Size
	if end >= 0 {
		to = min(to, end)
	}
	c.v.lost(FaultChanged, from, to, c.name, int64(c.offset), "changed, or not there")
	last, ok := c.v.want(to - 1)
	c.next = segment{Block: to}
	if ok {
		c.next.First = last.End()
	}
	c.offset = len(c.b)
	return false
}

// finish says what is wrong with a segment's end.
func (c *cursor) finish(end int64) segment {
	if end >= 0 && c.next.Block < end {
		c.v.missing(c.next.Block, end, c.name, int64(c.offset))
		c.next = segment{Block: end, First: event.Position(c.v.unknown)}
		return c.next
	}
	if c.offset < len(c.b) {
		kind, note := FaultAdded, fmt.Sprintf("%d bytes after the last block are not the log's", len(c.b)-c.offset)
		if end < 0 {
			kind = FaultTorn
			note = fmt.Sprintf("the last %d bytes are no whole block: a write that a crash tore, which the next start cuts off, or changed records that no checkpoint covers yet", len(c.b)-c.offset)
		}
		c.v.fault(Fault{Kind: kind, File: c.name, Offset: int64(c.offset), Records: &Span{int64(c.next.First), int64(c.next.First)}, Note: note})
	}
	return c.next
}
