// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/sekisho/sekisho/event"
)

// What systemd-journal-upload sends: the journal's export format (https://systemd.io/JOURNAL_EXPORT_FORMATS/), all that is new since what was last
// taken in one request, which may be the whole journal of a machine. So it is sealed entry by entry while it comes, and answered when all of it is
// durable; the sender keeps its cursor by that answer.

// Bounds of the journal itself (DATA_SIZE_MAX and ENTRY_SIZE_MAX of systemd's journal-importer.h), beyond which a length is not one.
const (
	maxJournalField = 768 << 20
	maxJournalEntry = 1 << 30
)

var errJournal = errors.New("not the journal's export format")

// entries reads the journal's export format from a stream, entry by entry. Of an entry most bytes are kept; the rest is counted.
type entries struct {
	in   *bufio.Reader
	most int
	data []byte
	size int64 // of the entry
}

// next returns the next entry, without the empty line that ends it, and how long it was. The bytes are the caller's. At the stream's end it is
// io.EOF, in the middle of an entry io.ErrUnexpectedEOF.
func (e *entries) next() ([]byte, int64, error) {
	e.data, e.size = nil, 0
	for {
		switch done, err := e.field(); {
		case errors.Is(err, io.EOF) && e.size > 0:
			return nil, 0, io.ErrUnexpectedEOF
		case err != nil:
			return nil, 0, err
		case done:
			return e.data, e.size, nil
		case e.size > maxJournalEntry:
			return nil, 0, errTooLarge
		}
	}
}

// field reads one field, or the empty line that ends an entry. Before an entry empty lines say nothing.
func (e *entries) field() (done bool, err error) {
	line, err := e.in.ReadSlice('\n')
	if errors.Is(err, io.EOF) && len(line) > 0 {
		return false, io.ErrUnexpectedEOF
	}
	if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return false, err
	}
	if len(line) == 1 {
		return e.size > 0, nil
	}
	binaryField := bytes.IndexByte(line, '=') < 0
	if binaryField && err != nil {
		return false, errJournal // no name is that long
	}
	e.keep(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		if line, err = e.in.ReadSlice('\n'); err == nil || errors.Is(err, bufio.ErrBufferFull) {
			e.keep(line)
		}
		if e.size > maxJournalEntry {
			return false, errTooLarge
		}
	}
	switch {
	case errors.Is(err, io.EOF):
		return false, io.ErrUnexpectedEOF
	case err != nil || !binaryField:
		return false, err
	}
	return false, e.value()
}

// value reads the value of a field that is no line: its length, its bytes, a line's end.
func (e *entries) value() error {
	var head [8]byte
	if _, err := io.ReadFull(e.in, head[:]); err != nil {
		return io.ErrUnexpectedEOF
	}
	n := binary.LittleEndian.Uint64(head[:])
	if n > maxJournalField {
		return fmt.Errorf("%w: a field of %d bytes", errJournal, n)
	}
	e.keep(head[:])
	for left := int(n) + 1; left > 0; {
		b, err := e.in.Peek(min(left, 4096))
		if len(b) == 0 {
			if errors.Is(err, io.EOF) {
				return io.ErrUnexpectedEOF
			}
			return err
		}
		if left == len(b) && b[len(b)-1] != '\n' {
			return errJournal
		}
		e.keep(b)
		left -= len(b)
		if _, err := e.in.Discard(len(b)); err != nil {
			return err
		}
	}
	return nil
}

func (e *entries) keep(b []byte) {
	e.size += int64(len(b))
	if room := e.most - len(e.data); room > 0 {
		e.data = append(e.data, b[:min(len(b), room)]...)
	}
}

// patient gives a request that goes on for hours the time of one message for each of its reads.
type patient struct {
	q   *request
	in  io.Reader
	end *http.ResponseController
}

func (p *patient) Read(b []byte) (int, error) {
	now, slow := time.Now(), p.q.h.r.limits.Slow
	if err := p.end.SetReadDeadline(now.Add(slow)); err != nil {
		return 0, err
	}
	if err := p.end.SetWriteDeadline(now.Add(2 * slow)); err != nil {
		return 0, err
	}
	return p.in.Read(b)
}

// journal takes what systemd-journal-upload sends. What was sealed before something went wrong stays sealed; the sender begins again at the cursor
// that was last answered.
func (q *request) journal() {
	plain := &patient{q: q, in: q.Body, end: http.NewResponseController(q.w)}
	in, status, err := q.unpacked(plain)
	if err != nil {
		q.refuse(status, err)
		return
	}
	defer in.Close()
	e := entries{in: bufio.NewReaderSize(in, 32<<10), most: q.h.r.limits.Message}
	sealed, held := 0, 0
	for {
		data, size, err := e.next()
		if err == nil {
			q.at = event.Of(q.h.r.now())
			if err = q.record(data, true); err == nil {
				q.fill.records[len(q.fill.records)-1].Length = size
				held += len(data)
			}
		}
		if end := errors.Is(err, io.EOF); err != nil && !end {
			q.refuse(http.StatusBadRequest, err)
			return
		} else if n := len(q.fill.records); end || n == batchRecords || held >= batchBytes || e.in.Buffered() == 0 {
			if !q.seal() {
				return
			}
			q.empty()
			sealed, held = sealed+n, 0
			if end {
				reply(q.w, http.StatusAccepted, fmt.Sprintf(`{"sealed":%d}`, sealed))
				return
			}
		}
	}
}

// empty makes a request ready for more records after some were sealed.
func (q *request) empty() {
	q.release()
	q.held, q.fill = 0, batch{}
}
