// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/sekisho/sekisho/event"
)

// Bounds on what one call of Extract returns.
const (
	maxPart  = 64 << 20
	maxParts = 256 << 20
)

// Extract returns the bytes of parts, in the order in which parts stand. A plain file is read at those places; a
// compressed or transcoded one is read once from the start to the last of them. Where the file's size or modification time is not
// that of file any more, nothing is returned but a BrokenError with ErrChanged: the offsets mean nothing then.
func Extract(ctx context.Context, file File, parts []event.Part) ([][]byte, error) {
	var sum int64
	for _, p := range parts {
		if p.Offset < 0 || p.Length < 0 || p.Length > maxPart || sum+p.Length > maxParts {
			return nil, fmt.Errorf("intake: extract from %s: bytes %d+%d: out of bounds", file.Path, p.Offset, p.Length)
		}
		sum += p.Length
	}
	s, err := Open(file, Options{})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if s.Size != file.Size || !s.Modified.Equal(file.Modified) {
		return nil, &BrokenError{Path: file.Path, Reason: ErrChanged, Size: s.Size}
	}
	out := make([][]byte, len(parts))
	order := make([]int, len(parts))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch d := parts[a].Offset - parts[b].Offset; {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	if s.Compression == Plain && s.Encoding == Bytes && s.at != nil {
		for _, i := range order {
			if parts[i].Offset+parts[i].Length > s.Size {
				return nil, fmt.Errorf("intake: extract from %s: bytes %d+%d: %w", file.Path, parts[i].Offset, parts[i].Length, io.ErrUnexpectedEOF)
			}
			out[i] = make([]byte, parts[i].Length)
			if _, err := s.at.ReadAt(out[i], parts[i].Offset); err != nil && err != io.EOF {
				return nil, fmt.Errorf("intake: extract from %s: %w", file.Path, err)
			}
		}
		return out, nil
	}
	whole := false
	err = s.run(ctx, nil, nil, func(fr *framer) error {
		err := fr.cut(parts, order, out)
		whole = err == nil
		return err
	})
	if whole { // that the file breaks off behind them does not matter
		return out, nil
	}
	return nil, err
}

// cut copies parts, which order sorts by offset, out of the stream.
func (f *framer) cut(parts []event.Part, order []int, out [][]byte) error {
	w := &f.w
	first := 0 // the parts before it are whole
	for w.more(len(w.buf)) {
		end := w.off + int64(len(w.buf))
		whole := true
		for k := first; k < len(order) && parts[order[k]].Offset < end; k++ {
			i := order[k]
			at := parts[i].Offset + int64(len(out[i]))
			if n := min(end-at, parts[i].Length-int64(len(out[i]))); n > 0 {
				out[i] = append(out[i], w.buf[at-w.off:at-w.off+n]...)
			}
			whole = whole && int64(len(out[i])) == parts[i].Length
			if whole {
				first = k + 1
			}
		}
		if first == len(order) {
			break
		}
	}
	for i, p := range parts {
		if int64(len(out[i])) < p.Length {
			return fmt.Errorf("intake: extract: bytes %d+%d: %w", p.Offset, p.Length, io.ErrUnexpectedEOF)
		}
	}
	return nil
}
