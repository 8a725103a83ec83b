// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"fmt"
	"io"
)

// Digest reads the bytes as they are stored, without unpacking them, and feeds them to Options.Raw.
func (s *Source) Digest(ctx context.Context) error {
	c := *s
	c.Compression, c.Encoding = Plain, Bytes
	err := c.run(ctx, c.o.Raw, c.o.Progress, func(fr *framer) error {
		for fr.w.more(len(fr.w.buf)) {
		}
		return nil
	})
	s.stats = c.stats
	return err
}

// Content writes the decompressed stream to w, as Records would read it, and returns how many bytes that were. It feeds
// Options.Raw as Records does. Where the content ends early, everything before is written first and a BrokenError is returned.
func (s *Source) Content(ctx context.Context, w io.Writer) (int64, error) {
	err := s.run(ctx, s.o.Raw, s.o.Progress, func(fr *framer) error {
		for fr.w.more(len(fr.w.buf)) {
			if _, err := w.Write(fr.w.buf); err != nil {
				return fmt.Errorf("intake: copy the content of %s: %w", s.Path, err)
			}
		}
		return nil
	})
	return s.stats.Bytes, err
}
