// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"slices"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/evtx"
	"github.com/sekisho/sekisho/intake"
)

// chunksHeld is how many chunks of an event log are held at once.
const chunksHeld = 128

// asXML returns records of an event log file, whose bytes say nothing to people, as XML on one line, by their offset. What
// cannot be read is left out.
func asXML(ctx context.Context, in *input, records []event.Part) map[int64]string {
	heads, err := intake.Extract(ctx, in.file, []event.Part{{Length: min(128, in.tally.stats.Bytes)}})
	if err != nil {
		return nil
	}
	h, _ := evtx.ReadHeader(heads[0])
	by := map[int64][]event.Part{} // records by where their chunk begins
	var order []int64
	for _, r := range records {
		at := evtx.ChunkAt(r.Offset, h.Size)
		if by[at] == nil {
			order = append(order, at)
		}
		by[at] = append(by[at], r)
	}
	slices.Sort(order)
	out := map[int64]string{}
	for some := range slices.Chunk(order, chunksHeld) {
		var parts []event.Part
		for _, at := range some {
			parts = append(parts, event.Part{Offset: at, Length: min(evtx.ChunkSize, in.tally.stats.Bytes-at)})
		}
		chunks, err := intake.Extract(ctx, in.file, parts)
		if err != nil {
			return out
		}
		var c evtx.Chunk
		for i, at := range some {
			c.Reset(chunks[i])
			for _, r := range by[at] {
				from := int(r.Offset - at)
				to := from + int(r.Length)
				if to > len(chunks[i]) {
					continue
				}
				if x, err := c.AppendXML(nil, from, to); err == nil {
					out[r.Offset] = string(oneLine(x))
				}
			}
		}
	}
	return out
}

// oneLine takes out the line ends between elements, and their indentation.
func oneLine(xml []byte) []byte {
	out := make([]byte, 0, len(xml))
	for _, line := range bytes.Split(xml, []byte("\n")) {
		if trimmed := bytes.TrimLeft(line, " "); bytes.HasPrefix(trimmed, []byte("<")) {
			line = trimmed
		} else if len(out) > 0 {
			out = append(out, ' ')
		}
		out = append(out, line...)
	}
	return bytes.TrimSpace(out)
}
