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
	// goneMagic begins the header of a block whose payload was destroyed when it expired. Nothing follows it. Its leaf is what it was.
	goneMagic = "SKX1"
	eachMagic = "SK"

	packedNot  byte = 0
	packedZstd byte = 1

	formBare   byte = 0 // records as they are: their hashes can be guessed by who can guess them
	formSalted byte = 1 // a secret of seedSize before the records; each record's leaf is salted from it
	formGCM    byte = 2 // salted, packed, and encrypted under the era's key

	seedSize = 32
	saltSize = 16
	gcmExtra = 12 + 16 // nonce and tag

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
	Form   byte
	Held   uint16     // statements of holds that lay beside the log when it was sealed, or before; maxHeld: so many or more
	Era    uint32     // whose class and month it belongs to; 0: none
	Gone   bool       // the payload was destroyed; no part of the leaf
	Tag    tag        // of its segment
	Root   vault.Hash // of the tree over its records
	Sum    vault.Hash // SHA-256 of the payload on disk
}

// End returns the position after the block's last record.
func (h *header) End() event.Position { return h.First + event.Position(h.Count) }

// whole returns how many bytes the block is on disk.
func (h *header) whole() int64 {
	if h.Gone {
		return leadSize
	}
	return leadSize + int64(h.Stored)
}

// put writes the header and its checksum into b.
func (h *header) put(b []byte) {
	clear(b[:leadSize])
	copy(b, blockMagic)
	if h.Gone {
		copy(b, goneMagic)
	}
	b[4], b[5] = h.Packed, h.Form
	le := binary.LittleEndian
	le.PutUint16(b[6:], h.Held)
	le.PutUint64(b[8:], uint64(h.Number))
	le.PutUint64(b[16:], uint64(h.First))
	le.PutUint32(b[24:], uint32(h.Count))
	le.PutUint32(b[28:], uint32(h.Raw))
	le.PutUint32(b[32:], uint32(h.Stored))
	le.PutUint32(b[36:], h.Era)
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
	l := *h
	l.Gone = false
	l.put(b)
	return b[:headerSize:headerSize]
}

var (
	errHeader  = errors.New("not the beginning of a block")
	errPayload = errors.New("the payload is not the one that was sealed")
)

// parseLeaf reads a header. Only what put writes is one: the same header cannot be written in two ways.
func parseLeaf(b []byte) (h header, err error) {
	if len(b) != headerSize || string(b[:4]) != blockMagic {
		return h, errHeader
	}
	return parseHeader(b)
}

// parseHeader reads a header, also one of a block that has gone.
func parseHeader(b []byte) (h header, err error) {
	if m := string(b[:4]); m != blockMagic && m != goneMagic {
		return h, errHeader
	}
	le := binary.LittleEndian
	h = header{Number: int64(le.Uint64(b[8:])), First: event.Position(le.Uint64(b[16:])), Count: int(le.Uint32(b[24:])), Raw: int(le.Uint32(b[28:])),
		Stored: int(le.Uint32(b[32:])), Commit: int64(le.Uint64(b[40:])), Sealed: event.Micros(le.Uint64(b[48:])), Packed: b[4], Form: b[5], Held: le.Uint16(b[6:]), Era: le.Uint32(b[36:]),
		Gone: string(b[:4]) == goneMagic, Tag: le.Uint64(b[56:])}
	copy(h.Root[:], b[64:])
	copy(h.Sum[:], b[96:])
	var again [leadSize]byte
	h.put(again[:])
	if !bytes.Equal(again[:headerSize], b) || h.Number < 0 || h.Number > 1<<48 || h.First < 0 || h.First > 1<<60 || h.Count == 0 || h.Raw > maxRaw ||
		h.Count > h.Raw || h.Stored > maxRaw || h.Commit < 0 || h.Commit > h.Number || h.Packed > packedZstd ||
		h.Form > formGCM || (h.Form == formBare) != (h.Era == 0) {
		return h, errHeader
	}
	return h, nil
}

// parseLead reads a header and its checksum.
func parseLead(b []byte) (header, error) {
	if len(b) < leadSize {
		return header{}, errHeader
	}
	h, err := parseHeader(b[:headerSize])
	if err == nil && crc32.Checksum(b[:headerSize], crc32.MakeTable(crc32.Castagnoli)) != binary.LittleEndian.Uint32(b[headerSize:]) {
		err = errHeader
	}
	return h, err
}

// opener unfolds payloads; owned by one goroutine.
type opener struct {
	zstd   *zstd.Decoder
	keys   *keyring // nil: nothing that is encrypted is read
	raw    []byte
	plain  []byte
	salted []byte
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
		return nil, errPayload
	}
	raw := payload
	if h.Form == formGCM {
		aead, err := o.keys.aead(h.Era)
		if err != nil {
			return nil, err
		}
		if raw, err = aead.Open(o.plain[:0], nil, payload, h.bound()); err != nil {
			return nil, fmt.Errorf("decrypt: %w", err)
		}
		o.plain = raw
	}
	if h.Packed == packedZstd {
		var err error
		if raw, err = o.zstd.DecodeAll(raw, o.raw[:0]); err != nil {
			return nil, fmt.Errorf("unfold: %w", err)
		}
		o.raw = raw
	}
	if len(raw) != h.Raw || h.Form != formBare && h.Raw < seedSize {
		return nil, fmt.Errorf("the payload unfolds to %d bytes, not to %d", len(raw), h.Raw)
	}
	return raw, nil
}

// bound is what the encryption of a block is bound to beside its key: what is known of it before it has its place.
func (h *header) bound() []byte {
	b := make([]byte, 0, 16)
	le := binary.LittleEndian
	b = le.AppendUint32(append(b, blockMagic...), h.Era)
	b = le.AppendUint32(le.AppendUint32(b, uint32(h.Count)), uint32(h.Raw))
	return append(b, h.Packed)
}

// sealedForm returns a record's bytes of an unfolded payload as its leaf is the hash of: with its salt, where blocks have a seed. Valid until the next call.
func (o *opener) sealedForm(h *header, raw []byte, i int, record []byte) []byte {
	if h.Form == formBare || len(record) == 0 {
		return record
	}
	salt := saltOf(raw[:seedSize], i)
	o.salted = append(append(o.salted[:0], record[0]+kindSalted), salt[:]...)
	o.salted = append(o.salted, record[1:]...)
	return o.salted
}

// saltOf derives the salt of a record from its block's seed. One salt tells nothing of the others.
func saltOf(seed []byte, i int) (salt [saltSize]byte) {
	var b [seedSize + 4]byte
	copy(b[:], seed)
	binary.LittleEndian.PutUint32(b[seedSize:], uint32(i))
	sum := sha256.Sum256(b[:])
	copy(salt[:], sum[:])
	return salt
}

// each calls do for every record's bytes of an unfolded payload.
func each(h *header, raw []byte, do func(i int, record []byte) error) error {
	if h.Form != formBare {
		raw = raw[seedSize:]
	}
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
// until the next call. Of an encrypted block whose key is not given it checks that its bytes are those that were sealed, and returns no hashes.
func (o *opener) verify(h *header, payload []byte) ([]vault.Hash, error) {
	if h.Form == formGCM && o.keys == nil {
		if len(payload) != h.Stored || sha256.Sum256(payload) != h.Sum {
			return nil, errPayload
		}
		return nil, nil
	}
	raw, err := o.open(h, payload)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	o.leaves = o.leaves[:0]
	var r event.Received
	err = each(h, raw, func(_ int, record []byte) error {
		o.leaves = append(o.leaves, leafHash(sum, o.sealedForm(h, raw, len(o.leaves), record)))
		return decodeRecord(record, &r, &o.names)
	})
	if err == nil && vault.Root(o.leaves) != h.Root {
		err = errors.New("the records are not those that were sealed")
	}
	return o.leaves, err
}
