// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Compression says how a file is packed, or what else must be unmade before its records can be read. It is recognised from the content,
// never from the name.
type Compression uint8

// The compressions. Those from LZ4 on, but Zip and Parquet, are recognised only to be refused with the right words.
const (
	Plain Compression = iota
	Gzip
	Zstd
	Bzip2
	XZ
	LZ4
	Zip
	SevenZip
	RAR
	Parquet
	LZH
	Cabinet
	Compress
	Lzip
	Lzma
	Lzop
	Sealed      // encrypted as a whole
	Journal     // of systemd
	Capture     // of packets
	Flows       // of nfdump
	SQLite      // a database
	Document    // of an office, not packed as newer ones are
	OldEventLog // .evt
)

var compressionNames = [...]string{"plain", "gzip", "zstd", "bzip2", "xz", "lz4", "zip", "7z", "rar", "parquet",
	"lzh", "cab", "compress", "lzip", "lzma", "lzop", "encrypted", "journal", "pcap", "nfdump", "sqlite", "document", "evt"}

// String returns the compression's word.
func (c Compression) String() string {
	if int(c) < len(compressionNames) {
		return compressionNames[c]
	}
	return "unknown"
}

// maxWindow bounds what a zstd frame may make its reader hold: what `zstd --long` (27 bits) needs. RFC 8878, 3.1.1.1.2
// recommends 8 MiB at least and lets a reader refuse more.
const maxWindow = 128 << 20

// recognise tells the compression from the first bytes of a file.
func recognise(head []byte) Compression {
	has := func(magic string) bool { return bytes.HasPrefix(head, []byte(magic)) }
	switch {
	case has("\x1f\x8b\x08"): // RFC 1952, 2.3.1
		return Gzip
	case has("\x28\xb5\x2f\xfd"): // RFC 8878, 3.1.1
		return Zstd
	case len(head) >= 4 && head[0]&0xf0 == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18: // a skippable frame, 3.1.2
		return Zstd
	case len(head) >= 10 && has("BZh") && head[3] >= '1' && head[3] <= '9' && string(head[4:10]) == "\x31\x41\x59\x26\x53\x59":
		return Bzip2
	case has("\xfd7zXZ\x00"):
		return XZ
	case has("PK\x03\x04"), has("PK\x05\x06"), has("PK\x07\x08PK\x03\x04"), has("PK00PK\x03\x04"): // the latter made to be split
		return Zip
	case has("PAR1") && len(head) > 12:
		return Parquet
	}
	return kindAtHead(head)
}

// unpack returns the decompressed stream of raw and what must be called when it is no longer needed.
func unpack(c Compression, raw io.Reader) (io.Reader, func(), error) {
	none := func() {}
	switch c {
	case Plain:
		return raw, none, nil
	case Gzip:
		r, err := gzip.NewReader(raw)
		if err != nil {
			return nil, none, err
		}
		return r, none, nil
	case Zstd:
		r, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, none, err
		}
		return r, r.Close, nil
	case Bzip2:
		return bzip2.NewReader(raw), none, nil
	}
	if c == XZ {
		r, err := newXZ(raw)
		return r, none, err
	}
	if _, _, ok := c.refusal(); ok {
		return nil, none, &foreignError{c}
	}
	return nil, none, fmt.Errorf("%w: %v", ErrUnsupported, c)
}

// why sorts a decoder's error into truncated, corrupt, unsupported, or an error of the medium (nil).
func why(err error) error {
	var damaged bzip2.StructuralError
	switch {
	case errors.Is(err, ErrUnsupported), errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrUnknownDictionary):
		return ErrUnsupported
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return ErrTruncated
	case errors.As(err, &damaged):
		return ErrCorrupt
	case isMedium(err):
		return nil
	}
	return ErrCorrupt
}

// packedAt returns the modification time that a gzip header carries; zero where there is none.
func packedAt(head []byte) time.Time {
	if recognise(head) != Gzip || len(head) < 8 {
		return time.Time{}
	}
	sec := int64(head[4]) | int64(head[5])<<8 | int64(head[6])<<16 | int64(head[7])<<24
	if sec == 0 {
		return time.Time{}
	}
	return time.Unix(sec, 0).UTC()
}
