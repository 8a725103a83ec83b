// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Defaults of Options.
const (
	defaultMaxLine   = 1 << 20
	defaultMaxObject = 16 << 20
)

// Options of a source. The zero value works.
type Options struct {
	MaxLine   int                         // bytes of a line, or of a CSV record, that are delivered; default 1 MiB
	MaxObject int                         // bytes of a JSON object that are delivered; default 16 MiB
	Raw       io.Writer                   // gets every byte of the file as it is stored, in order, once, while Records runs: a digest
	Progress  func(read, of int64)        // called by the reading goroutine with bytes of the file as it is stored
	Buffers   *Buffers                    // shared by sources that are read one after another; may be nil
	chunk     int                         // for tests
	wrap      func(r io.Reader) io.Reader // for tests
}

// Stats says what a run of Records met.
type Stats struct {
	Records   int64 // delivered
	Oversized int64 // of these, delivered cut: len(Data) < Length
	Text      int64 // of these, lines between JSON objects
	Cut       int64 // 1 where the stream ends within a value of JSON; what stands of the value was delivered
	Blank     int64 // empty lines; not delivered
	Lines     int64 // line ends, and a last line without one
	Envelope  int64 // bytes around the records: of a JSON or XML wrapper, or of an event log's headers and empty places; not delivered
	Chunks    int64 // of an event log that hold anything
	Damaged   int64 // of these, without a right checksum; what could be read of them was delivered
	Bytes     int64 // of the decompressed stream
	Raw       int64 // of the file as it is stored
	Whole     bool  // every byte of the file was read: the digest is that of the file
}

// Ratio returns how many times larger the content is than the file.
func (s *Stats) Ratio() float64 {
	if s.Raw == 0 {
		return 1
	}
	return float64(s.Bytes) / float64(s.Raw)
}

// Source is one open file. It is owned by one goroutine.
type Source struct {
	File
	Compression Compression
	Encoding    Encoding  // where it is not Bytes, offsets count the stream transcoded to UTF-8
	Packed      time.Time // the modification time in a gzip header; zero where there is none
	o           Options
	base        io.ReaderAt // what the bytes lie in
	at          io.ReaderAt // the bytes as they are stored; nil for a member of an archive that is packed there
	close       func() error
	stats       Stats
}

// Open opens a file and recognises how it is packed. Where that is a way that Sekisho does not unpack, Head and Records
// say so with a BrokenError; Records still feeds Options.Raw, so that the file is digested.
func Open(file File, o Options) (*Source, error) {
	if o.MaxLine <= 0 {
		o.MaxLine = defaultMaxLine
	}
	if o.MaxObject <= 0 {
		o.MaxObject = defaultMaxObject
	}
	s := &Source{File: file, o: o, at: file.spool, close: func() error { return nil }}
	if file.in != nil {
		base, done, err := file.in.openBase(file.Path)
		if err != nil {
			return nil, err
		}
		s.base, s.close, s.at = base, done, nil
		if file.in.plain() {
			s.at = io.NewSectionReader(base, file.in.from, file.in.packed)
		}
	} else if file.spool == nil {
		f, err := openFile(file.Path)
		if err != nil {
			return nil, fmt.Errorf("intake: open: %w", err)
		}
		fi, err := f.Stat()
		if err == nil && !fi.Mode().IsRegular() {
			err = errors.New("is not a regular file any more")
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("intake: open %s: %w", file.Path, err)
		}
		// What is read is what is there now. A file that grows meanwhile is read up to here, so that the digest, the
		// records and the size speak of the same bytes.
		s.at, s.close, s.Size, s.Modified = f, f.Close, fi.Size(), fi.ModTime()
	}
	if err := s.recognise(); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// recognise looks at the first bytes.
func (s *Source) recognise() error {
	from, done, err := s.stored()
	if err != nil {
		return nil // it is said when it is read
	}
	var first [512]byte
	n, err := fill(from, first[:])
	done()
	if err != nil && err != io.EOF && (s.in == nil || isMedium(err)) {
		return fmt.Errorf("intake: read %s: %w", s.Path, err)
	}
	s.Compression = recognise(first[:n])
	s.Packed = packedAt(first[:n])
	head, _ := s.head(encodingSample, false) // that it breaks off is said when it is read
	if s.Encoding = encodingOf(head); s.Encoding == Bytes {
		s.Encoding = s.japanese(head)
	}
	return nil
}

// What is looked at to tell the encoding: so much of the beginning, and, where a plain file begins with ASCII alone, so many
// pieces of the rest.
const (
	encodingSample = 32 << 10
	encodingPieces = 16
	encodingPiece  = 4 << 10
)

// japanese tells the encoding of a file without a byte-order mark.
func (s *Source) japanese(head []byte) Encoding {
	e := japanese(head)
	if e != Bytes || s.Compression != Plain || s.at == nil || s.Size <= encodingSample || !ascii(head) {
		return e
	}
	var sample []byte
	piece := make([]byte, encodingPiece)
	for i := range int64(encodingPieces) {
		at := encodingSample + (s.Size-encodingSample)*i/encodingPieces
		if i == encodingPieces-1 {
			at = max(at, s.Size-encodingPiece)
		}
		n, _ := s.at.ReadAt(piece, at)
		p := piece[:n]
		if k := bytes.IndexByte(p, '\n'); k >= 0 { // from a line's beginning to a line's end
			p = p[k+1:]
		}
		if k := bytes.LastIndexByte(p, '\n'); k >= 0 {
			sample = append(sample, p[:k+1]...)
		}
	}
	return japanese(sample)
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 || c == 0 {
			return false
		}
	}
	return true
}

// Close closes the file. What was spooled of standard input stays until Inputs.Close.
func (s *Source) Close() error { return s.close() }

// Stats returns what the last run of Records met.
func (s *Source) Stats() Stats { return s.stats }

// Head returns the first n bytes of the decompressed stream, or what there is, without consuming anything. What was read
// before an error is returned with it.
func (s *Source) Head(n int) ([]byte, error) { return s.head(n, true) }

func (s *Source) head(n int, transcode bool) ([]byte, error) {
	stored, done, err := s.stored()
	if err != nil {
		return nil, s.sorted(err, 0, 0)
	}
	defer done()
	raw := &rawReader{from: stored, of: s.Size}
	from, closer, err := s.content(raw, transcode)
	if err != nil {
		return nil, s.sorted(err, 0, raw.n)
	}
	defer closer()
	p := make([]byte, n)
	k, err := fill(from, p)
	if err == io.EOF {
		err = nil
	}
	return p[:k], s.sorted(err, int64(k), raw.n)
}

// Tail returns the last n bytes of a plain file, or what there is, and the offset that they begin at. ok is false for
// compressed and transcoded files, whose end cannot be read without reading all of them.
func (s *Source) Tail(n int) (p []byte, offset int64, ok bool, err error) {
	if s.Compression != Plain || s.Encoding != Bytes || s.at == nil {
		return nil, 0, false, nil
	}
	offset = max(0, s.Size-int64(n))
	p = make([]byte, s.Size-offset)
	k, err := s.at.ReadAt(p, offset)
	if err == io.EOF {
		err = nil
	}
	if err != nil {
		err = fmt.Errorf("intake: read the end of %s: %w", s.Path, err)
	}
	return p[:k], offset, true, err
}

// Records cuts the content into records and hands each to yield, in order. An error of yield ends the run and is returned.
// Where the content ends early, everything before is delivered first and a BrokenError is returned then. The record and
// its Data are valid until yield returns.
func (s *Source) Records(ctx context.Context, framing event.Framing, yield func(*event.Record) error) error {
	return s.run(ctx, s.o.Raw, s.o.Progress, func(fr *framer) error {
		fr.yield = yield
		switch framing {
		case event.FrameJSON:
			return fr.json()
		case event.FrameCSV:
			return fr.csv()
		case event.FrameXML:
			return fr.xml()
		case event.FrameEVTX:
			return fr.evtx()
		case event.FrameVC0:
			return fr.vc0()
		case event.FrameJournal:
			return fr.journal()
		default:
			return fr.lines()
		}
	})
}

// run makes one pass over the content.
func (s *Source) run(ctx context.Context, to io.Writer, progress func(read, of int64), frame func(*framer) error) error {
	size := s.o.chunk
	if size == 0 {
		size = chunkSize
		if s.Compression == Plain && s.Encoding == Bytes && s.Size < chunkSize {
			size = int(max(s.Size, 512))
		}
	}
	stored, done, err := s.stored()
	if err != nil {
		return s.sorted(err, 0, 0)
	}
	defer done()
	raw := &rawReader{from: stored, of: s.Size, to: to, progress: progress}
	st := start(ctx, func() (io.Reader, func(), error) { return s.content(raw, true) }, raw, size, s.o.Buffers)
	fr := &framer{w: window{st: st}, line: 1, maxLine: s.o.MaxLine, maxObject: s.o.MaxObject}
	err = frame(fr)
	s.stats = fr.stats
	s.stats.Lines = fr.line - 1
	if !fr.binary && fr.w.ragged() {
		s.stats.Lines++
	}
	fr.w.release()
	st.stop()
	s.stats.Bytes, s.stats.Raw = st.total, st.raw
	s.stats.Whole = st.raw == s.Size
	if err != nil {
		return err
	}
	if st.err != nil {
		return s.sorted(st.err, st.total, st.raw)
	}
	if to != nil && st.raw < s.Size {
		return s.broken(ErrChanged, st.total, st.raw, io.ErrUnexpectedEOF)
	}
	return nil
}

// stored begins a pass over the bytes as they are stored: those of the file, or of the member before it was packed.
func (s *Source) stored() (io.Reader, func(), error) {
	if s.in != nil {
		return s.in.open(s.base)
	}
	return io.NewSectionReader(s.at, 0, s.Size), func() {}, nil
}

// content returns the decompressed, and where asked transcoded, stream of the raw bytes.
func (s *Source) content(raw io.Reader, transcode bool) (io.Reader, func(), error) {
	if s.o.wrap != nil {
		raw = s.o.wrap(raw)
	}
	packed := raw
	if s.Compression != Plain {
		packed = bufio.NewReaderSize(raw, 128<<10)
	}
	var from io.Reader
	var closer func()
	var err error
	if s.table != nil { // its own bytes are read for their digest alone
		from, closer, err = s.table.open(s.table.base)
	} else {
		from, closer, err = unpack(s.Compression, packed)
	}
	if err != nil {
		return nil, closer, err
	}
	if transcode && (s.Encoding == ShiftJIS || s.Encoding == EUCJP) {
		return newOldJapanese(from, s.Encoding), closer, nil
	}
	if transcode && s.Encoding != Bytes {
		return newTranscoder(from, s.Encoding), closer, nil
	}
	return from, closer, nil
}

// sorted turns a decoder's error into a BrokenError; errors of the medium and of the context stay what they are.
func (s *Source) sorted(err error, offset, raw int64) error {
	if err == nil {
		return nil
	}
	if (s.Compression != Plain || s.in != nil) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
		if reason := why(err); reason != nil {
			return s.broken(reason, offset, raw, err)
		}
	}
	return fmt.Errorf("intake: read %s near byte %d: %w", s.Path, raw, err)
}

func (s *Source) broken(reason error, offset, raw int64, err error) error {
	return &BrokenError{Path: s.Path, Reason: reason, Offset: offset, Raw: raw, Size: s.Size, Err: err}
}
