// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"encoding/binary"
)

// isJournal says whether a stream begins as journalctl -o export writes the journal's entries.
func isJournal(head []byte) bool { return bytes.HasPrefix(head, []byte("__CURSOR=")) }

// journal frames the journal's export format: one record an entry, which ends with an empty line. A field is a line "KEY=value", or, where
// the value is no line, the key alone, eight bytes of length, and the value.
func (f *framer) journal() error {
	w := &f.w
	if !w.more(0) {
		return nil
	}
	pos, from := 0, 0 // where the entry begins, and how much of it has been looked at
	for {
		if from == 0 {
			for pos < len(w.buf) && (w.buf[pos] == '\n' || w.buf[pos] == '\r') {
				if w.buf[pos] == '\n' {
					f.line++
					f.stats.Blank++
				}
				pos++
			}
		}
		end, whole := journalEnd(w.buf[pos:], from, f.maxObject)
		switch {
		case whole && end <= f.maxObject:
		case len(w.buf)-pos > f.maxObject: // too long: it is cut at one place, however much of it has been read by now
			end = f.maxObject + 1
		default:
			from = end
			if w.more(pos) {
				pos = 0
				continue
			}
			if pos, end = 0, len(w.buf); end == 0 {
				return nil
			}
		}
		next, err := f.whole(pos, pos+end)
		if err != nil {
			return err
		}
		pos, from = next, 0
	}
}

// journalEnd goes on over the entry that begins b, of which so much has been seen. It returns where the entry ends, or, where that is not
// in b, where the field begins that b breaks off in.
func journalEnd(b []byte, i, longest int) (end int, whole bool) {
	for i < len(b) {
		if b[i] == '\n' {
			return i, true
		}
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			break
		}
		next := i + n + 1
		if bytes.IndexByte(b[i:i+n], '=') < 0 {
			if len(b) < next+8 {
				break
			}
			if size := binary.LittleEndian.Uint64(b[next:]); size < uint64(longest) { // else it is a broken line
				if next += 8 + int(size) + 1; next > len(b) {
					break
				}
			}
		}
		i = next
	}
	return i, false
}
