// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// A segment is a file of whole blocks behind a header of its own. Its name says what it begins with, so that a place is found by names:
// 000000000042-000000000012345.seg begins with block 42 and record 12345.
const (
	segmentFolder = "segments"
	segmentEnd    = ".seg"
	sidecarEnd    = ".checkpoint"
	segmentMagic  = "sekisho-sealed-1"
	segmentHead   = 64
	// maxSegment is the largest that is read; MaxSegment of Options stays well below.
	maxSegment = 1 << 30
)

// segment is one file's name, read.
type segment struct {
	Block int64
	First event.Position
}

func (s segment) name() string { return fmt.Sprintf("%012d-%015d%s", s.Block, s.First, segmentEnd) }

func (s segment) path(dir string) string { return filepath.Join(dir, segmentFolder, s.name()) }

// sidecar is where the checkpoint lies that ends with a segment.
func (s segment) sidecar(dir string) string { return s.path(dir) + sidecarEnd }

// parseSegment reads a name. Only a name that would be given is one.
func parseSegment(name string) (s segment, ok bool) {
	if !strings.HasSuffix(name, segmentEnd) || len(name) > 64 {
		return s, false
	}
	_, err := fmt.Sscanf(name, "%d-%d.seg", &s.Block, &s.First)
	return s, err == nil && s.Block >= 0 && s.First >= 0 && s.name() == name
}

// listSegments returns the segments in order.
func listSegments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(filepath.Join(dir, segmentFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("sealed: list segments: %w", err)
	}
	var all []segment
	for _, e := range entries {
		if s, ok := parseSegment(e.Name()); ok {
			all = append(all, s)
		}
	}
	sortSegments(all)
	return all, nil
}

func sortSegments(all []segment) {
	slices.SortFunc(all, func(a, b segment) int {
		if a.Block != b.Block {
			return int(max(-1, min(1, a.Block-b.Block)))
		}
		return int(max(-1, min(1, a.First-b.First)))
	})
}

// tag marks the blocks of one segment. It is random, so that whoever writes logs cannot write what looks like a block of it.
type tag = uint64

func newTag() tag {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// putSegmentHead returns the bytes that a segment begins with.
func putSegmentHead(s segment, origin string, t tag) []byte {
	b := make([]byte, segmentHead)
	copy(b, segmentMagic)
	le := binary.LittleEndian
	le.PutUint64(b[16:], uint64(s.Block))
	le.PutUint64(b[24:], uint64(s.First))
	le.PutUint64(b[32:], t)
	sum := sha256.Sum256([]byte(origin))
	copy(b[40:60], sum[:])
	le.PutUint32(b[60:], crc32.Checksum(b[:60], crc32.MakeTable(crc32.Castagnoli)))
	return b
}

var errSegmentHead = errors.New("is not a segment of this log, or its first bytes were changed")

// parseSegmentHead checks a segment's first bytes against its name.
func parseSegmentHead(b []byte, s segment, origin string) (tag, error) {
	if len(b) < segmentHead {
		return 0, errSegmentHead
	}
	t := binary.LittleEndian.Uint64(b[32:])
	if string(putSegmentHead(s, origin, t)) != string(b[:segmentHead]) {
		return 0, errSegmentHead
	}
	return t, nil
}

// at is a block and where it lies in its segment.
type at struct {
	header
	Offset int64
}

// walk calls do for each block of a segment from offset on, with its payload where payloads are wanted, up to the first place
// where there is no whole block that follows the one before. It returns that place. What do returns ends it, but for errStop, which is no error.
func walk(f io.ReaderAt, size, offset int64, next segment, t tag, payloads bool, do func(at, []byte) error) (int64, segment, error) {
	var lead [leadSize]byte
	var payload []byte
	var from io.Reader
	if payloads {
		from = bufio.NewReaderSize(io.NewSectionReader(f, offset, size-offset), 1<<20)
	}
	for offset+leadSize <= size {
		var err error
		if payloads {
			_, err = io.ReadFull(from, lead[:])
		} else {
			_, err = f.ReadAt(lead[:], offset)
		}
		if err != nil {
			return offset, next, err
		}
		h, err := parseLead(lead[:])
		if err != nil || h.Number != next.Block || h.First != next.First || h.Tag != t || offset+h.whole() > size {
			return offset, next, nil
		}
		if payloads && h.Gone {
			payload = nil
		} else if payloads {
			payload = slices.Grow(payload[:0], h.Stored)[:h.Stored]
			if _, err := io.ReadFull(from, payload); err != nil {
				return offset, next, err
			}
			if sha256.Sum256(payload) != h.Sum {
				return offset, next, nil
			}
		}
		if err := do(at{h, offset}, payload); err != nil {
			if errors.Is(err, errStop) {
				err = nil
			}
			return offset, next, err
		}
		offset += h.whole()
		next = segment{h.Number + 1, h.End()}
	}
	return offset, next, nil
}

var errStop = errors.New("stop")

// locate returns the segment that holds a block, by the first number of each; -1 where none does.
func locate(all []segment, block int64) int {
	i, found := slices.BinarySearchFunc(all, block, func(s segment, n int64) int { return int(max(-1, min(1, s.Block-n))) })
	if !found {
		i--
	}
	return i
}

// locateRecord returns the segment that holds a record.
func locateRecord(all []segment, p event.Position) int {
	i, found := slices.BinarySearchFunc(all, p, func(s segment, n event.Position) int { return int(max(-1, min(1, s.First-n))) })
	if !found {
		i--
	}
	return i
}

const endless = event.Position(math.MaxInt64)
