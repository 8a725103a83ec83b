// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// A block on disk is its header, the header's CRC-32C, and the payload. The header is also the block's leaf in the log: it
// names the payload's hash and the root of the tree over its records, so that nothing of a block is outside the leaf.
const (
	headerSize = 128
	leadSize   = headerSize + 4 // header and checksum

	blockMagic = "SKB1"

	packedNot  byte = 0
	packedZstd byte = 1

	// blockTarget is where a block ends: small enough that one record is read quickly, large enough to compress well.
	blockTarget = 1 << 20
	// maxRaw bounds what a block may unfold to: the target and one record more.
	maxRaw = blockTarget + MaxRecord + 64<<10
)

// header says what a block holds.
type header struct {
	Number int64          // of the block: its leaf's index
	First  event.Position // of its first record
	Count  int            // of records, never 0
	Raw    int            // bytes of the payload, unfolded
	Stored int            // bytes of the payload on disk
	Commit int64          // number of the first block that was made durable together with this one
	Sealed event.Micros   // when, by this machine's clock
	Packed byte
	Tag    tag        // of its segment
	Root   vault.Hash // of the tree over its records
	Sum    vault.Hash // SHA-256 of the payload on disk
}

// End returns the position after the block's last record.
func (h *header) End() event.Position { return h.First + event.Position(h.Count) }

// whole returns how many bytes the block is on disk.
func (h *header) whole() int64 { return leadSize + int64(h.Stored) }

// put writes the header and its checksum into b.
func (h *header) put(b []byte) {
	clear(b[:leadSize])
	copy(b, blockMagic)
	b[4] = h.Packed
	le := binary.LittleEndian
	le.PutUint64(b[8:], uint64(h.Number))
	le.PutUint64(b[16:], uint64(h.First))
	le.PutUint32(b[24:], uint32(h.Count))
	le.PutUint32(b[28:], uint32(h.Raw))
	le.PutUint32(b[32:], uint32(h.Stored))
	le.PutUint64(b[40:], uint64(h.Commit))
	le.PutUint64(b[48:], uint64(h.Sealed))
	le.PutUint64(b[56:], h.Tag)
	copy(b[64:], h.Root[:])
	copy(b[96:], h.Sum[:])
	le.PutUint32(b[headerSize:], crc32.Checksum(b[:headerSize], crc32.MakeTable(crc32.Castagnoli)))
}

// leaf returns the header's bytes without the checksum.
func (h *header) leaf() []byte {
	b := make([]byte, leadSize)
	h.put(b)
	return b[:headerSize:headerSize]
}

var errHeader = errors.New("not the beginning of a block")

// parseLeaf reads a header. Only what put writes is one: the same header cannot be written in two ways.
func parseLeaf(b []byte) (h header, err error) {
	if len(b) != headerSize || string(b[:4]) != blockMagic {
		return h, errHeader
	}
	le := binary.LittleEndian
	h = header{Number: int64(le.Uint64(b[8:])), First: event.Position(le.Uint64(b[16:])), Count: int(le.Uint32(b[24:])), Raw: int(le.Uint32(b[28:])),
		Stored: int(le.Uint32(b[32:])), Commit: int64(le.Uint64(b[40:])), Sealed: event.Micros(le.Uint64(b[48:])), Packed: b[4], Tag: le.Uint64(b[56:])}
	copy(h.Root[:], b[64:])
	copy(h.Sum[:], b[96:])
	var again [leadSize]byte
	h.put(again[:])
	if !bytes.Equal(again[:headerSize], b) || h.Number < 0 || h.Number > 1<<48 || h.First < 0 || h.First > 1<<60 || h.Count == 0 || h.Raw > maxRaw ||
		h.Count > h.Raw || h.Stored > maxRaw || h.Commit < 0 || h.Commit > h.Number || h.Packed > packedZstd {
		return h, errHeader
	}
	return h, nil
}

// parseLead reads a header and its checksum.
func parseLead(b []byte) (header, error) {
	if len(b) < leadSize {
		return header{}, errHeader
	}
	h, err := parseLeaf(b[:headerSize])
	if err == nil && crc32.Checksum(b[:headerSize], crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(b[headerSize:]) {
		err = errHeader
	}
	return h, err
}

// opener unfolds payloads; owned by one goroutine.
type opener struct {
	zstd   *zstd.Decoder
	raw    []byte
	leaves []vault.Hash
	names  names
}

func newOpener() (*opener, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxRaw+1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, fmt.Errorf("sealed: %w", err)
	}
	return &opener{zstd: z}, nil
}

func (o *opener) close() {
	if o != nil && o.zstd != nil {
		o.zstd.Close()
	}
}

// open unfolds a payload and checks that it is the one that the header names. The bytes are valid until the next call.
func (o *opener) open(h *header, payload []byte) ([]byte, error) {
	if len(payload) != h.Stored || sha256.Sum256(payload) != h.Sum {
		return nil, errors.New("the payload is not the one that was sealed")
	}
	raw := payload
	if h.Packed == packedZstd {
		var err error
		if raw, err = o.zstd.DecodeAll(payload, o.raw[:0]); err != nil {
			return nil, fmt.Errorf("unfold: %w", err)
		}
		o.raw = raw
	}
	if len(raw) != h.Raw {
		return nil, fmt.Errorf("the payload unfolds to %d bytes, not to %d", len(raw), h.Raw)
	}
	return raw, nil
}

// each calls do for every record's bytes of an unfolded payload.
func each(h *header, raw []byte, do func(i int, record []byte) error) error {
	for i := range h.Count {
		n, k := binary.Uvarint(raw)
		if k <= 0 || n > uint64(len(raw)-k) {
			return errRecord
		}
		if err := do(i, raw[k:k+int(n):k+int(n)]); err != nil {
			return err
		}
		raw = raw[k+int(n):]
	}
	if len(raw) > 0 {
		return errRecord
	}
	return nil
}

// records decodes a block.
func (o *opener) records(h *header, payload []byte, into []event.Received) ([]event.Received, error) {
	raw, err := o.open(h, payload)
	if err != nil {
		return nil, err
	}
	err = each(h, raw, func(_ int, record []byte) error {
		into = append(into, event.Received{})
		return decodeRecord(record, &into[len(into)-1], &o.names)
	})
	return into, err
}

// verify checks a block down to its records: the tree over them must have the header's root. The hashes of the records are valid
// until the next call.
func (o *opener) verify(h *header, payload []byte) ([]vault.Hash, error) {
	raw, err := o.open(h, payload)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	o.leaves = o.leaves[:0]
	var r event.Received
	err = each(h, raw, func(_ int, record []byte) error {
		o.leaves = append(o.leaves, leafHash(sum, record))
		return decodeRecord(record, &r, &o.names)
	})
	if err == nil && vault.Root(o.leaves) != h.Root {
		err = errors.New("the records are not those that were sealed")
	}
	return o.leaves, err
}
