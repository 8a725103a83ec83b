// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// A record is sealed as these bytes, which are also what its leaf in the block's tree is the hash of:
//
//	kind      1 byte: 1 a record, 2 one that cannot be read alone; 3 and 4 the same with a salt
//	salt      16 bytes (kinds 3 and 4 only): so that whoever can guess a record cannot confirm it by a hash
//	at        8 bytes, little endian: microseconds since 1970, UTC
//	source    length as uvarint, bytes
//	from      length as uvarint, bytes
//	line      uvarint
//	offset    uvarint
//	length    uvarint
//	within    uvarint, around: length as uvarint, bytes (kind 2 only)
//	data      the rest
const (
	kindRecord byte = 1
	kindAround byte = 2
	kindSalted byte = 2 // is added to the two
)

// maxName bounds Source and From: names of people's own, not of senders.
const maxName = 4 << 10

var errRecord = errors.New("not a sealed record")

// size returns how many bytes a record is at most when encoded.
func size(r *event.Received) int {
	return 1 + 8 + 7*binary.MaxVarintLen64 + len(r.Source) + len(r.From) + len(r.Data) + len(r.Around)
}

func check(r *event.Received) error {
	switch {
	case len(r.Data)+len(r.Around) > MaxRecord:
		return fmt.Errorf("a record of %d bytes: %w", len(r.Data)+len(r.Around), ErrTooLarge)
	case len(r.Source) > maxName || len(r.From) > maxName:
		return fmt.Errorf("a source's name of %d bytes: %w", max(len(r.Source), len(r.From)), ErrTooLarge)
	case r.Line < 0 || r.Offset < 0 || r.Length < 0 || r.Within < 0:
		return fmt.Errorf("a record with a negative place: %w", errRecord)
	}
	return nil
}

// appendRecord encodes a record.
func appendRecord(b []byte, r *event.Received) []byte {
	kind := kindRecord
	if r.Around != nil {
		kind = kindAround
	}
	b = append(b, kind)
	b = binary.LittleEndian.AppendUint64(b, uint64(r.At))
	b = binary.AppendUvarint(b, uint64(len(r.Source)))
	b = append(b, r.Source...)
	b = binary.AppendUvarint(b, uint64(len(r.From)))
	b = append(b, r.From...)
	b = binary.AppendUvarint(b, uint64(r.Line))
	b = binary.AppendUvarint(b, uint64(r.Offset))
	b = binary.AppendUvarint(b, uint64(r.Length))
	if kind == kindAround {
		b = binary.AppendUvarint(b, uint64(r.Within))
		b = binary.AppendUvarint(b, uint64(len(r.Around)))
		b = append(b, r.Around...)
	}
	return append(b, r.Data...)
}

// decodeRecord reads an encoded record; Data and Around point into b. names keeps the texts that come again and again.
func decodeRecord(b []byte, r *event.Received, names *names) error {
	if len(b) < 9 || b[0] < kindRecord || b[0] > kindAround+kindSalted {
		return errRecord
	}
	kind := b[0]
	if kind > kindAround {
		if kind -= kindSalted; len(b) < 9+saltSize {
			return errRecord
		}
		b = b[saltSize:]
	}
	*r = event.Received{At: event.Micros(binary.LittleEndian.Uint64(b[1:]))}
	b = b[9:]
	ok := true
	number := func() uint64 {
		n, k := binary.Uvarint(b)
		if k <= 0 || n > 1<<62 {
			ok = false
			return 0
		}
		b = b[k:]
		return n
	}
	text := func() []byte {
		n := number()
		if n > uint64(len(b)) {
			ok = false
			return nil
		}
		t := b[:n:n]
		b = b[n:]
		return t
	}
	r.Source = names.text(text())
	r.From = names.text(text())
	r.Line, r.Offset, r.Length = int64(number()), int64(number()), int64(number())
	if kind == kindAround {
		within := number()
		if within > MaxRecord {
			return errRecord
		}
		r.Within, r.Around = int(within), text()
	}
	if !ok {
		return errRecord
	}
	r.Data = b
	return nil
}

// names keeps the last few texts, so that reading does not allocate the name of a source for each record.
type names struct {
	kept [8]string
	next int
}

func (n *names) text(b []byte) string {
	for i := range n.kept {
		if n.kept[i] == string(b) {
			return n.kept[i]
		}
	}
	s := string(b)
	n.kept[n.next] = s
	n.next = (n.next + 1) % len(n.kept)
	return s
}

// leafHash returns the hash of a leaf (RFC 6962, 2.1) with a hash that the caller keeps.
func leafHash(h hash.Hash, content []byte) (sum vault.Hash) {
	h.Reset()
	h.Write(leafPrefix)
	h.Write(content)
	h.Sum(sum[:0])
	return sum
}

var leafPrefix = []byte{0}

func nodeHash(left, right vault.Hash) vault.Hash {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}
