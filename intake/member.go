// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bufio"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/flate"
)

// member says where the bytes of an archive's member lie, and how they are packed there. It is never changed once made.
type member struct {
	disk     string // the archive as a file on disk, opened anew for each reading; empty where base is used
	diskSize int64
	diskTime time.Time
	base     io.ReaderAt // spooled standard input, or what was spooled of an archive that cannot be read at any place
	from     int64       // of base or disk
	packed   int64       // bytes from there on
	size     int64       // bytes of the content, as the archive says
	method   method
	sum      uint32 // CRC-32 of the content
	summed   bool
	broken   bool // the archive breaks off within it
}

// method is the way in which a member is packed.
type method uint8

const (
	asIs method = iota
	byDeflate
	byBzip2
	byZstd
	byXZ
	byDeflate64
)

var (
	errLonger   = errors.New("the member is longer than its archive says")
	errChecksum = errors.New("the member's checksum is not that of its content")
)

// plain reports whether the content lies in the archive as it is, and all of it.
func (m *member) plain() bool { return m.method == asIs && !m.broken && m.packed == m.size }

// openBase opens what the member lies in.
func (m *member) openBase(path string) (io.ReaderAt, func() error, error) {
	if m.base != nil {
		return m.base, func() error { return nil }, nil
	}
	f, err := openFile(m.disk)
	if err != nil {
		return nil, nil, fmt.Errorf("intake: open: %w", err)
	}
	fi, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("intake: open %s: %w", m.disk, err)
	}
	if fi.Size() != m.diskSize || !fi.ModTime().Equal(m.diskTime) {
		f.Close()
		return nil, nil, &BrokenError{Path: path, Reason: ErrChanged, Size: m.size}
	}
	return f, f.Close, nil
}

// open begins to read the content, whose end is checked against what the archive says of it.
func (m *member) open(base io.ReaderAt) (io.Reader, func(), error) { return m.openWith(base, nil) }

// inflater is what a decoder of deflate needs, from one member to the next: an archive may have very many.
type inflater struct {
	in  *bufio.Reader
	out io.ReadCloser
}

// openWith is open with the decoder of another member that is no longer read; spare may be nil.
func (m *member) openWith(base io.ReaderAt, spare *inflater) (io.Reader, func(), error) {
	none := func() {}
	r := &memberReader{m: m, left: m.size}
	section := io.NewSectionReader(base, m.from, m.packed)
	bufferSize := int(min(max(m.packed, 512), 64<<10))
	var compression Compression
	switch m.method {
	case asIs:
		r.from = section
	case byDeflate:
		if spare == nil {
			spare = &inflater{in: bufio.NewReaderSize(nil, bufferSize)}
		}
		spare.in.Reset(section)
		if spare.out == nil {
			spare.out = flate.NewReader(spare.in)
		} else if err := spare.out.(flate.Resetter).Reset(spare.in, nil); err != nil {
			return nil, none, err
		}
		r.from = spare.out
		none = func() { spare.out.Close() }
	case byDeflate64:
		r.from = newInflate64(section)
	case byBzip2:
		compression = Bzip2
	case byZstd:
		compression = Zstd
	case byXZ:
		compression = XZ
	}
	if compression != Plain {
		from, closer, err := unpack(compression, bufio.NewReaderSize(section, bufferSize))
		if err != nil {
			return nil, none, err
		}
		r.from, none = from, closer
	}
	if m.summed {
		r.crc = crc32.NewIEEE()
	}
	return r, none, nil
}

// memberReader reads a member to the length that its archive states, and no further.
type memberReader struct {
	m    *member
	from io.Reader
	left int64
	crc  hash.Hash32 // nil where there is nothing to compare with
	err  error
}

// Read implements io.Reader.
func (r *memberReader) Read(p []byte) (int, error) {
	if r.err != nil {
		return 0, r.err
	}
	if r.left == 0 {
		r.err = r.end()
		return 0, r.err
	}
	if int64(len(p)) > r.left {
		p = p[:r.left]
	}
	n, err := r.from.Read(p)
	r.left -= int64(n)
	if r.crc != nil {
		r.crc.Write(p[:n])
	}
	if err == io.EOF {
		if err = nil; r.left > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	r.err = err
	return n, err
}

// end says whether the content ends where the archive says, and is what it says.
func (r *memberReader) end() error {
	if r.m.broken {
		return io.ErrUnexpectedEOF
	}
	var one [1]byte
	n, err := fill(r.from, one[:])
	switch {
	case n > 0:
		return errLonger
	case err != io.EOF:
		return err
	case r.crc != nil && r.crc.Sum32() != r.m.sum:
		return errChecksum
	}
	return io.EOF
}

// diskFile opens a file as found, for a look at it.
func diskFile(f *File) (io.ReaderAt, func() error, error) {
	if f.spool != nil {
		return f.spool, func() error { return nil }, nil
	}
	file, err := openFile(f.Path)
	if err != nil {
		return nil, nil, err
	}
	fi, err := file.Stat()
	if err == nil && !fi.Mode().IsRegular() {
		err = os.ErrInvalid
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, file.Close, nil
}
