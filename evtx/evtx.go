// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package evtx reads the event log files of Windows Vista and later: chunks, their records, and the binary XML that the
// records are written in. It knows nothing of what the events mean, and it opens no file: who uses it hands it bytes.
//
//	file ──► header (4 KiB) ──► chunk (64 KiB) ──► record ──► instance of a template, and its values
//
// A chunk stands for itself: the names and templates that its records use are in it. A file's header says little that can be
// relied on while Windows has the log open ("dirty"), so that the chunks are walked and the header's counts are not believed.
//
// The format is that of [MS-EVEN6] 2.2.12 and of Joachim Metz's "Windows XML Event Log (EVTX) format". Whatever the bytes
// are, nothing here panics, and the work for a chunk is bounded.
package evtx

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// Sizes of what a file is made of.
const (
	HeaderSize      = 4096    // of a file's header, unless it says otherwise
	ChunkSize       = 1 << 16 // of a chunk
	ChunkHeaderSize = 512     // of a chunk's header, with its tables of names and templates
	recordHead      = 24
	recordLeast     = recordHead + 4
)

// Errors about a chunk or a record.
var (
	ErrNotChunk  = errors.New("evtx: not a chunk")
	ErrNotRecord = errors.New("evtx: not a record")
	ErrBroken    = errors.New("evtx: broken binary XML")
	ErrTooMuch   = errors.New("evtx: more in one record than any event has")
)

// IsFile says whether a stream that begins so is an event log file.
func IsFile(head []byte) bool { return len(head) >= 8 && string(head[:8]) == "ElfFile\x00" }

// Header is what a file's first block says of it.
type Header struct {
	Size       int    // of the block that the first chunk stands behind
	Chunks     int    // how many there are; stale in a dirty file
	NextRecord uint64 // identifier of the next record; stale in a dirty file
	Dirty      bool   // Windows had the log open when it was copied
	Full       bool
	Sound      bool // the header's checksum is right
}

// ReadHeader reads a file's header. b is the first block, or as much of it as there is; ok is false where it is too short.
func ReadHeader(b []byte) (h Header, ok bool) {
	if !IsFile(b) || len(b) < 128 {
		return Header{Size: HeaderSize}, false
	}
	h.Size = int(binary.LittleEndian.Uint16(b[40:]))
	if h.Size < 128 || h.Size > ChunkSize {
		h.Size = HeaderSize
	}
	h.Chunks = int(binary.LittleEndian.Uint16(b[42:]))
	h.NextRecord = binary.LittleEndian.Uint64(b[24:])
	flags := binary.LittleEndian.Uint32(b[120:])
	h.Dirty, h.Full = flags&1 != 0, flags&2 != 0
	h.Sound = crc32.ChecksumIEEE(b[:120]) == binary.LittleEndian.Uint32(b[124:])
	return h, true
}

// ChunkAt returns where the chunk begins that holds the byte at offset of a file with a header of that size.
func ChunkAt(offset int64, header int) int64 {
	h := int64(header)
	if offset < h {
		return h
	}
	return h + (offset-h)/ChunkSize*ChunkSize
}

// State is what is to be thought of a chunk.
type State struct {
	Empty   bool // nothing was ever written: it has no magic, and holds no record
	Magic   bool // it begins as a chunk does
	Sound   bool // both checksums are right, or the file does not have them
	Free    int  // where its header says that the free space begins
	First   uint64
	Last    uint64 // identifiers of its first and last record, by its header
	hasSums bool
}

// Check looks at a chunk's header and its checksums. A chunk of a log that was open when it was copied often fails them,
// since its header is older than its records; its records are good all the same.
func Check(chunk []byte) State {
	var s State
	if len(chunk) < ChunkHeaderSize {
		return s
	}
	if s.Magic = string(chunk[:8]) == "ElfChnk\x00"; !s.Magic {
		s.Empty = allZero(chunk)
		return s
	}
	le := binary.LittleEndian
	s.First, s.Last = le.Uint64(chunk[24:]), le.Uint64(chunk[32:])
	s.Free = int(le.Uint32(chunk[48:]))
	head := crc32.Update(crc32.ChecksumIEEE(chunk[:120]), crc32.IEEETable, chunk[128:ChunkHeaderSize])
	headSum, dataSum := le.Uint32(chunk[124:]), le.Uint32(chunk[52:])
	s.hasSums = headSum != 0 || dataSum != 0
	s.Sound = !s.hasSums || head == headSum && s.Free >= ChunkHeaderSize && s.Free <= len(chunk) && crc32.ChecksumIEEE(chunk[ChunkHeaderSize:s.Free]) == dataSum
	if s.Free < ChunkHeaderSize || s.Free > ChunkSize {
		s.Free = ChunkSize
	}
	return s
}

func allZero(b []byte) bool {
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b) != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// Piece is a stretch of a chunk: a record, or bytes between records that are none.
type Piece struct {
	From, To int
	Record   bool
	ID       uint64 // of the record
}

// Walk goes over a chunk's records, in order.
//
// Beyond where the header says that the free space begins, what an older use of the chunk left is not taken; but records
// whose identifiers go on from the last one are: of those the header does not know yet.
type Walk struct {
	chunk []byte
	at    int
	free  int
	last  uint64
	any   bool
}

// NewWalk begins a walk over a chunk, of which less than ChunkSize may be there. Where a block has lost its magic its records
// are looked for all the same.
func NewWalk(chunk []byte) Walk {
	s := Check(chunk)
	w := Walk{chunk: chunk, at: ChunkHeaderSize, free: s.Free}
	if s.Empty {
		w.at = len(chunk)
	} else if !s.Magic {
		w.free = len(chunk)
	}
	return w
}

// Next returns the next record, or the next stretch of bytes that stands where a record should; false at the end.
func (w *Walk) Next() (Piece, bool) {
	if w.at+recordLeast > len(w.chunk) {
		return Piece{}, false
	}
	if size, id, ok := recordAt(w.chunk, w.at); ok {
		if w.at >= w.free && !(w.any && id == w.last+1) {
			return Piece{}, false
		}
		p := Piece{From: w.at, To: w.at + size, Record: true, ID: id}
		w.at, w.last, w.any = p.To, id, true
		return p, true
	}
	end := min(w.free, len(w.chunk))
	if w.at >= end || allZero(w.chunk[w.at:end]) {
		return Piece{}, false
	}
	// Where a record is broken the next one is found by its magic; each byte is looked at once.
	p := Piece{From: w.at, To: end}
	for i := w.at + 1; i+recordLeast <= end; i++ {
		if w.chunk[i] == '*' && w.chunk[i+1] == '*' {
			if _, _, ok := recordAt(w.chunk, i); ok {
				p.To = i
				break
			}
		}
	}
	w.at = p.To
	return p, true
}

// recordAt reads the head of the record at that place: its magic, and its size, which stands at both ends. Where the one at its
// end is not right, as in records that were being written, the beginning of binary XML behind the head is taken for proof.
func recordAt(b []byte, at int) (size int, id uint64, ok bool) {
	b = b[at:]
	if len(b) < recordLeast || b[0] != '*' || b[1] != '*' || b[2] != 0 || b[3] != 0 {
		return 0, 0, false
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if n < recordLeast || uint64(n) > uint64(len(b)) {
		return 0, 0, false
	}
	if binary.LittleEndian.Uint32(b[n-4:]) != n && (b[recordHead] != tokFragment || b[recordHead+1] != 1) {
		return 0, 0, false
	}
	return int(n), binary.LittleEndian.Uint64(b[8:]), true
}

// IsRecord says whether b is one whole record.
func IsRecord(b []byte) bool {
	size, _, ok := recordAt(b, 0)
	return ok && size == len(b)
}

// RecordHead returns a record's identifier within its file and the moment at which it was written, as a FILETIME. An
// exported file counts anew; the number that Windows shows is EventRecordID in the event itself.
func RecordHead(rec []byte) (id, written uint64) {
	if len(rec) < recordLeast {
		return 0, 0
	}
	return binary.LittleEndian.Uint64(rec[8:]), binary.LittleEndian.Uint64(rec[16:])
}

// Micros returns the microseconds since 1970 of a FILETIME, which counts tenths of a microsecond since 1601.
func Micros(filetime uint64) int64 { return int64(filetime/10) - 11644473600_000000 }
