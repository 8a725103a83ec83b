// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/evtx"
)

// strayShown is how much of bytes that stand where a record should is delivered; their length is the true one.
const strayShown = 256

// FramingOf tells how a stream is cut by what it begins with, where that alone is enough: event log files, logs from the disk of a
// Connect Secure, the journal's export format, and Windows events as XML.
func FramingOf(head []byte) (event.Framing, bool) {
	if evtx.IsFile(head) {
		return event.FrameEVTX, true
	}
	if isVC0(head) {
		return event.FrameVC0, true
	}
	if isJournal(head) {
		return event.FrameJournal, true
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte(bom)), " \t\r\n")
	if len(head) > lookahead {
		head = head[:lookahead]
	}
	switch {
	case eventTag(head), bytes.HasPrefix(head, []byte("<Events")):
		return event.FrameXML, true
	case bytes.HasPrefix(head, []byte("<?xml")), bytes.HasPrefix(head, []byte("Record ")): // before each event, too
		if i := bytes.Index(head, []byte("<Event")); i > 0 && i < 4096 && (eventTag(head[i:]) || bytes.HasPrefix(head[i:], []byte("<Events"))) {
			return event.FrameXML, true
		}
	}
	return event.FrameLines, false
}

// evtx frames an event log file: a header, and chunks of 64 KiB, each with its records. The header's counts are not believed:
// they are old where Windows had the log open. Line counts the records.
func (f *framer) evtx() error {
	w := &f.w
	pos, _ := f.ensure(0, evtx.HeaderSize)
	h, ok := evtx.ReadHeader(w.buf)
	if !ok {
		return f.rest() // said to be an event log, and none
	}
	f.binary = true
	f.ensure(pos, h.Size)
	pos = min(h.Size, len(w.buf))
	f.stats.Envelope += int64(pos)
	for {
		pos, _ = f.ensure(pos, evtx.ChunkSize)
		n := min(evtx.ChunkSize, len(w.buf)-pos)
		if n == 0 {
			return nil
		}
		if err := f.chunk(pos, n); err != nil {
			return err
		}
		pos += n
	}
}

// rest frames what is held, and all that follows, as lines.
func (f *framer) rest() error {
	for pos := 0; ; {
		var err error
		if pos, _ = f.ensure(pos, 1); pos == len(f.w.buf) {
			return nil
		}
		if pos, err = f.oneLine(pos); err != nil {
			return err
		}
	}
}

// ensure reads on until n bytes from pos on are held, or the stream ends. It returns where pos is then, and whether they are.
func (f *framer) ensure(pos, n int) (int, bool) {
	for len(f.w.buf)-pos < n {
		more := f.w.more(pos)
		pos = 0
		if !more {
			return 0, len(f.w.buf) >= n
		}
	}
	return pos, true
}

// chunk delivers the records of the chunk that lies at pos.
func (f *framer) chunk(pos, n int) error {
	chunk := f.w.buf[pos : pos+n : pos+n]
	s := evtx.Check(chunk)
	if s.Empty {
		f.stats.Envelope += int64(n)
		return nil
	}
	if f.stats.Chunks++; !s.Sound {
		f.stats.Damaged++
	}
	walk := evtx.NewWalk(chunk)
	inside := 0
	for {
		p, ok := walk.Next()
		if !ok {
			break
		}
		inside += p.To - p.From
		if !p.Record {
			if err := f.stray(pos+p.From, pos+p.To); err != nil {
				return err
			}
			continue
		}
		f.rec.Around, f.rec.Within = chunk, p.From
		err := f.emit(f.w.off+int64(pos+p.From), int64(p.To-p.From), chunk[p.From:p.To:p.To], f.maxLine)
		f.rec.Around, f.rec.Within = nil, 0
		if err != nil {
			return err
		}
		f.line++
	}
	f.stats.Envelope += int64(n - inside)
	return nil
}

// stray delivers bytes that stand where a record should, so that they are counted.
func (f *framer) stray(from, to int) error {
	if to == from {
		return nil
	}
	err := f.emit(f.w.off+int64(from), int64(to-from), f.w.buf[from:min(to, from+strayShown)], f.maxLine)
	if to-from > strayShown {
		f.stats.Oversized++
	}
	f.line++
	return err
}
