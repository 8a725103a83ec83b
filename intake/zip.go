// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"
)

// The records of a zip file (PKWARE's APPNOTE.TXT, 4.3) and what is used of their flags.
const (
	zipLocal     = "PK\x03\x04"
	zipCentral   = "PK\x01\x02"
	zipEnd       = "PK\x05\x06"
	zipEnd64     = "PK\x06\x06"
	zipLocator64 = "PK\x06\x07"
	zipAfter     = "PK\x07\x08"

	zipLocalSize   = 30
	zipCentralSize = 46
	zipEndSize     = 22

	zipEncrypted = 1 << 0
	zipSizesLate = 1 << 3 // sizes and checksum stand behind the data
	zipUTF8      = 1 << 11

	maxZipName = 4096 // bytes of a name that are kept
	big32      = 1<<32 - 1
)

// zipEntry is what a zip file says of one member.
type zipEntry struct {
	entry
	flags, method uint16
	sum           uint32
	packed, size  int64
	at            int64 // of the local header
	mode          fs.FileMode
}

var errNoDirectory = errors.New("its directory is missing")

// zip lists a zip file that can be read at any place.
func (u *unpacker) zip(f folder, m *member) error {
	z := &zipWalk{u: u, f: f, in: m, base: io.NewSectionReader(u.baseOf(m), m.from, m.packed)}
	entries, err := z.directory()
	if err == nil {
		return z.members(entries)
	}
	u.tell(brokenArchive(f.path, err, u.outer.size))
	if len(entries) > 0 {
		return z.members(entries)
	}
	return z.salvage()
}

// zipWalk goes through one zip file.
type zipWalk struct {
	u     *unpacker
	f     folder
	in    *member
	base  *io.SectionReader
	shift int64 // what stands in front of the zip file and is not counted in its offsets
}

// directory reads the list of members at the end of a zip file. Where that is damaged it returns what it could read.
func (z *zipWalk) directory() ([]zipEntry, error) {
	start, size, end, err := z.find()
	if err != nil {
		return nil, err
	}
	if z.shift = end - size - start; z.shift < 0 || start < 0 || size < 0 {
		return nil, errNoDirectory
	}
	r := bufio.NewReaderSize(io.NewSectionReader(z.base, start+z.shift, size), 64<<10)
	var out []zipEntry
	var names int
	for {
		e, err := readCentral(r)
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		if names += len(e.raw); len(out) > z.u.members || names > 64<<20 {
			return out, nil // one more than may be listed, so that this is said
		}
		out = append(out, e)
	}
}

// find returns where the directory begins, by the zip file's own count, how long it is, and where it ends in truth.
func (z *zipWalk) find() (start, size, end int64, err error) {
	total := z.base.Size()
	tail := make([]byte, min(total, zipEndSize+1<<16))
	if _, err := z.base.ReadAt(tail, total-int64(len(tail))); err != nil && err != io.EOF {
		return 0, 0, 0, err
	}
	le := binary.LittleEndian
	for i := len(tail) - zipEndSize; i >= 0; i-- {
		if string(tail[i:i+4]) != zipEnd || i+zipEndSize+int(le.Uint16(tail[i+20:])) > len(tail) {
			continue
		}
		b := tail[i:]
		end = total - int64(len(tail)) + int64(i)
		size, start = int64(le.Uint32(b[12:])), int64(le.Uint32(b[16:]))
		if size != big32 && start != big32 && le.Uint16(b[10:]) != 0xffff {
			return start, size, end, nil
		}
		var loc [20]byte
		if _, err := z.base.ReadAt(loc[:], end-20); err != nil || string(loc[:4]) != zipLocator64 {
			if start == big32 { // as zip writes it to a pipe
				start = end - size
			}
			return start, size, end, nil
		}
		var b64 [56]byte
		at := int64(le.Uint64(loc[8:]))
		for _, at := range [...]int64{at, end - 20 - 56} { // the second where something stands in front
			if _, err := z.base.ReadAt(b64[:], at); at >= 0 && err == nil && string(b64[:4]) == zipEnd64 {
				return int64(le.Uint64(b64[48:])), int64(le.Uint64(b64[40:])), at, nil
			}
		}
		return 0, 0, 0, errNoDirectory
	}
	return 0, 0, 0, errNoDirectory
}

// readCentral reads one entry of the directory. io.EOF is its regular end.
func readCentral(r *bufio.Reader) (zipEntry, error) {
	var b [zipCentralSize]byte
	if n, err := io.ReadFull(r, b[:4]); n == 0 && err == io.EOF {
		return zipEntry{}, io.EOF
	} else if err != nil || string(b[:4]) != zipCentral {
		if string(b[:4]) == "PK\x05\x05" { // the directory's signature
			return zipEntry{}, io.EOF
		}
		return zipEntry{}, errNoDirectory
	}
	if _, err := io.ReadFull(r, b[4:]); err != nil {
		return zipEntry{}, errNoDirectory
	}
	le := binary.LittleEndian
	e := zipEntry{flags: le.Uint16(b[8:]), method: le.Uint16(b[10:]), sum: le.Uint32(b[16:]), packed: int64(le.Uint32(b[20:])),
		size: int64(le.Uint32(b[24:])), at: int64(le.Uint32(b[42:]))}
	made := b[5]
	if made == 3 || made == 19 { // Unix, macOS: the upper half is what stat says
		if kind := le.Uint32(b[38:]) >> 16 & 0xf000; kind == 0xa000 {
			e.mode = fs.ModeSymlink
		}
	}
	name := make([]byte, int(le.Uint16(b[28:])))
	extra := make([]byte, int(le.Uint16(b[30:])))
	if _, err := io.ReadFull(r, name); err != nil {
		return zipEntry{}, errNoDirectory
	}
	if _, err := io.ReadFull(r, extra); err != nil {
		return zipEntry{}, errNoDirectory
	}
	if _, err := r.Discard(int(le.Uint16(b[32:]))); err != nil {
		return zipEntry{}, errNoDirectory
	}
	e.named(name, made == 0 || made == 10 || made == 11 || made == 14)
	e.modified = dosTime(le.Uint16(b[14:]), le.Uint16(b[12:]))
	e.extras(extra, true)
	return e, nil
}

func (e *zipEntry) named(name []byte, windows bool) {
	e.raw = name
	if len(name) > maxZipName {
		e.raw = append([]byte(nil), name[:maxZipName]...)
	}
	e.isUTF8, e.windows = e.flags&zipUTF8 != 0, windows
}

// extras reads what stands behind a header: sizes of more than 32 bits, times, a name in UTF-8.
func (e *zipEntry) extras(b []byte, central bool) {
	le := binary.LittleEndian
	for len(b) >= 4 {
		id, n := le.Uint16(b), int(le.Uint16(b[2:]))
		if b = b[4:]; n > len(b) {
			return
		}
		x := b[:n]
		b = b[n:]
		switch id {
		case 0x0001: // zip64: those that did not fit, in this order
			fields := []*int64{&e.size, &e.packed}
			if central {
				fields = append(fields, &e.at)
			}
			for _, f := range fields {
				if *f == big32 && len(x) >= 8 {
					*f = int64(le.Uint64(x))
					x = x[8:]
				}
			}
		case 0x5455: // seconds since 1970
			if n >= 5 && x[0]&1 != 0 {
				e.modified = time.Unix(int64(int32(le.Uint32(x[1:]))), 0).UTC()
			}
		case 0x7075: // the name in UTF-8, with the checksum of the one that it stands for
			if n > 5 && x[0] == 1 && le.Uint32(x[1:]) == crc32.ChecksumIEEE(e.raw) {
				e.raw, e.isUTF8 = x[5:], true
			}
		}
	}
}

// dosTime reads a time that names no zone.
func dosTime(date, clock uint16) time.Time {
	return time.Date(int(date>>9)+1980, time.Month(date>>5&0xf), int(date&0x1f), int(clock>>11), int(clock>>5&0x3f), int(clock&0x1f)*2, 0, time.UTC)
}

// members lists the members of a directory in the order in which they lie, so that those that lie within others show: a few
// bytes that stand for many members are the cheapest bomb there is.
func (z *zipWalk) members(entries []zipEntry) error {
	u := z.u
	if office(entries) {
		u.tell(officeFile(z.f.path))
		return nil
	}
	slices.SortStableFunc(entries, func(a, b zipEntry) int { return cmp.Compare(a.at, b.at) })
	var end int64
	overlapping := 0
	for i := range entries {
		e := &entries[i]
		if err := u.ctx.Err(); err != nil {
			return err
		}
		if !u.room(z.f.path) {
			break
		}
		e.at += z.shift
		from, ok := z.local(e)
		switch {
		case !ok:
			u.tell(memberLost(u.name(z.f, &e.entry).Path))
			continue
		case e.at < end:
			overlapping++
			continue
		}
		end = from + e.packed
		if err := z.member(e, from); err != nil {
			return err
		}
	}
	if overlapping > 0 {
		u.tell(overlaps(z.f.path, overlapping))
	}
	return nil
}

// office says whether a zip file is a document of Word, Excel or OpenOffice, or a program: those are no folders of logs.
func office(entries []zipEntry) bool {
	for i := range entries[:min(len(entries), 8)] {
		switch n := string(entries[i].raw); n {
		case "[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF":
			return true
		}
	}
	return false
}

// local reads the header in front of a member's data and returns where those begin.
func (z *zipWalk) local(e *zipEntry) (from int64, ok bool) {
	var b [zipLocalSize]byte
	if _, err := z.base.ReadAt(b[:], e.at); err != nil || e.at < 0 || string(b[:4]) != zipLocal {
		return 0, false
	}
	from = e.at + zipLocalSize + int64(binary.LittleEndian.Uint16(b[26:])) + int64(binary.LittleEndian.Uint16(b[28:]))
	return from, e.packed >= 0 && e.size >= 0 && from <= z.base.Size()
}

// methodOf returns how a member is packed, and its name where that is not unpacked.
func methodOf(n uint16) (m method, unknown string) {
	switch n {
	case 0:
		return asIs, ""
	case 8:
		return byDeflate, ""
	case 12:
		return byBzip2, ""
	case 93, 20:
		return byZstd, ""
	case 95:
		return byXZ, ""
	case 9:
		return byDeflate64, ""
	case 14:
		return 0, "LZMA"
	case 98:
		return 0, "PPMd"
	}
	return 0, "another"
}

// member lists one member whose data begin at from.
func (z *zipWalk) member(e *zipEntry, from int64) error {
	u := z.u
	name := string(e.raw)
	if (strings.HasSuffix(name, "/") || e.windows && strings.HasSuffix(name, `\`)) && e.size == 0 {
		return nil // a folder
	}
	if e.mode&fs.ModeSymlink != 0 && e.size <= maxZipName && e.flags&zipEncrypted == 0 {
		u.special(z.f, &e.entry, fs.ModeSymlink, z.target(e, from))
		return nil
	}
	x := u.name(z.f, &e.entry)
	if e.flags&zipEncrypted != 0 || e.method == 99 {
		u.tell(encrypted(x.Path))
		return nil
	}
	how, unknown := methodOf(e.method)
	if unknown != "" {
		u.tell(unknownMethod(x.Path, unknown))
		return nil
	}
	if !u.unfold(e.size) {
		u.tell(unfoldsTooFar(x.Path, u.outer.size))
		return nil
	}
	m := *z.in
	m.from += from
	m.packed, m.size = min(e.packed, z.base.Size()-from), e.size
	m.method, m.sum, m.summed = how, e.sum, true
	m.broken = m.packed < e.packed
	return u.listed(z.f, x, &m)
}

// target reads where a link leads.
func (z *zipWalk) target(e *zipEntry, from int64) []byte {
	m := *z.in
	m.from += from
	m.packed, m.size = min(e.packed, z.base.Size()-from), e.size
	m.summed, m.broken = false, false
	m.method, _ = methodOf(e.method)
	r, closer, err := m.open(z.u.baseOf(&m))
	if err != nil {
		return []byte{}
	}
	defer closer()
	b := make([]byte, e.size)
	n, _ := fill(r, b)
	return b[:n]
}

// salvage lists the members of a zip file without a directory by their own headers, from its beginning to where it breaks off.
func (z *zipWalk) salvage() error {
	u := z.u
	at := int64(0)
	if _, _, ok := z.headerAt(at); !ok {
		at = 4 // behind the mark of one that was made to be split
	}
	for u.room(z.f.path) {
		if err := u.ctx.Err(); err != nil {
			return err
		}
		e, from, ok := z.headerAt(at)
		if !ok {
			return nil
		}
		if e.flags&zipSizesLate != 0 && e.packed == 0 {
			if e.flags&zipEncrypted != 0 || e.method != 8 {
				u.tell(memberLost(u.name(z.f, &e.entry).Path))
				return nil // where it ends, and the next begins, is not known
			}
			if !z.measure(&e, from) {
				u.tell(unfoldsTooFar(z.f.path, u.outer.size))
				return nil
			}
			if e.packed < 0 { // it breaks off here: as far as it goes
				return z.brokenMember(&e, from)
			}
		}
		if err := z.member(&e, from); err != nil {
			return err
		}
		at = z.behind(&e, from+e.packed)
	}
	return nil
}

// headerAt reads a local header.
func (z *zipWalk) headerAt(at int64) (e zipEntry, from int64, ok bool) {
	var b [zipLocalSize]byte
	if _, err := z.base.ReadAt(b[:], at); err != nil || string(b[:4]) != zipLocal {
		return e, 0, false
	}
	le := binary.LittleEndian
	e = zipEntry{flags: le.Uint16(b[6:]), method: le.Uint16(b[8:]), sum: le.Uint32(b[14:]), packed: int64(le.Uint32(b[18:])), size: int64(le.Uint32(b[22:])), at: at}
	rest := make([]byte, int(le.Uint16(b[26:]))+int(le.Uint16(b[28:])))
	if n, _ := z.base.ReadAt(rest, at+zipLocalSize); n < len(rest) {
		return e, 0, false
	}
	n := int(le.Uint16(b[26:]))
	e.named(rest[:n], false)
	e.modified = dosTime(le.Uint16(b[12:]), le.Uint16(b[10:]))
	e.extras(rest[n:], false)
	from = at + zipLocalSize + int64(len(rest))
	return e, from, e.packed >= 0 && e.size >= 0
}

// measure finds by unpacking how long a member is. packed is -1 where it breaks off. It returns false where it unfolds too far.
func (z *zipWalk) measure(e *zipEntry, from int64) bool {
	counted := &countingReader{r: bufio.NewReaderSize(io.NewSectionReader(z.base, from, z.base.Size()-from), 64<<10)}
	r := flate.NewReader(counted)
	defer r.Close()
	sum := crc32.NewIEEE()
	n, err := io.Copy(sum, &unfolding{u: z.u, from: r})
	if errors.Is(err, errUnfolds) {
		return false
	}
	z.u.outer.unfolds -= n // it is counted when it is listed
	e.size, e.packed, e.sum = n, counted.n, sum.Sum32()
	if err != nil {
		e.packed = -1
	}
	return true
}

// brokenMember lists the member in which the zip file breaks off, its length being that of what there is.
func (z *zipWalk) brokenMember(e *zipEntry, from int64) error {
	x := z.u.name(z.f, &e.entry)
	if !z.u.unfold(e.size) {
		return nil
	}
	m := *z.in
	m.from += from
	m.packed, m.size, m.method, m.summed, m.broken = z.base.Size()-from, e.size, byDeflate, false, true
	return z.u.listed(z.f, x, &m)
}

// behind returns where the next header may be: behind the data, and behind what is said of them there.
func (z *zipWalk) behind(e *zipEntry, at int64) int64 {
	if e.flags&zipSizesLate == 0 {
		return at
	}
	var b [28]byte
	n, _ := z.base.ReadAt(b[:], at)
	signed := int64(0)
	if n >= 4 && string(b[:4]) == zipAfter {
		signed = 4
	}
	for _, size := range [...]int64{12, 20} { // 32 bits, 64 bits
		if end := int(signed + size); n >= end+4 && (string(b[end:end+4]) == zipLocal || string(b[end:end+4]) == zipCentral) {
			return at + int64(end)
		}
	}
	return at + signed + 12
}

// countingReader counts the bytes that a decoder takes. Being a ByteReader, it is not read ahead of.
type countingReader struct {
	r *bufio.Reader
	n int64
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// ReadByte implements io.ByteReader.
func (c *countingReader) ReadByte() (byte, error) {
	b, err := c.r.ReadByte()
	if err == nil {
		c.n++
	}
	return b, err
}
