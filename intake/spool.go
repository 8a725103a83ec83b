// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/zstd"
)

// errSpoolFull: what was unpacked needs more of the disk than it may have.
var errSpoolFull = errors.New("too much to unpack")

// spool keeps what can be read only once, in one file that has no name where the system allows that. Members are packed
// again, each by itself, so that every one can be read from its beginning.
type spool struct {
	f     *os.File
	dir   string
	end   int64
	limit int64
	enc   *zstd.Encoder
	buf   []byte
}

func (s *spool) begin() error {
	if s.f != nil {
		return nil
	}
	f, err := os.CreateTemp(s.dir, "sekisho-archive-*")
	if err != nil {
		return err
	}
	_ = os.Remove(f.Name()) // where the system allows it, nothing is left behind whatever happens
	s.f, s.buf = f, make([]byte, 128<<10)
	return nil
}

// Write implements io.Writer: it adds to the end.
func (s *spool) Write(p []byte) (int, error) {
	if s.end+int64(len(p)) > s.limit {
		return 0, errSpoolFull
	}
	n, err := s.f.WriteAt(p, s.end)
	s.end += int64(n)
	return n, err
}

// ReadAt implements io.ReaderAt.
func (s *spool) ReadAt(p []byte, at int64) (int, error) { return s.f.ReadAt(p, at) }

// keep takes all of from in. broken is why from ended early; err is what ends the search: no room, or a cancelled context.
func (s *spool) keep(ctx context.Context, from io.Reader, pack bool) (m *member, broken, err error) {
	if err := s.begin(); err != nil {
		return nil, nil, fmt.Errorf("intake: unpack: %w", err)
	}
	start := s.end
	defer func() {
		if err != nil {
			s.end = start
		}
	}()
	var to io.Writer = s
	m = &member{base: s, from: start}
	if pack {
		m.method = byZstd
		if s.enc == nil {
			s.enc, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true),
				zstd.WithWindowSize(1<<20))
			if err != nil {
				return nil, nil, fmt.Errorf("intake: unpack: %w", err)
			}
		}
		s.enc.Reset(s)
		to = s.enc
	}
	for broken == nil {
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		var n int
		n, broken = fill(from, s.buf)
		m.size += int64(n)
		if _, err = to.Write(s.buf[:n]); err != nil {
			break
		}
	}
	if pack && err == nil {
		err = s.enc.Close()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("intake: unpack: %w", err)
	}
	m.packed = s.end - start
	if broken == io.EOF {
		broken = nil
	}
	m.broken = broken != nil
	return m, broken, nil
}

// forget gives back what was taken in since the spool was that long.
func (s *spool) forget(end int64) { s.end = end }
