// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
)

const tarBlock = 512

// isTar tells whether a block is the header of a tar archive's member: the checksum says so, in all of tar's dialects.
func isTar(b []byte) bool {
	if len(b) < tarBlock || b[0] == 0 {
		return false
	}
	stated, digits := int64(0), 0
	for _, c := range b[148:156] {
		switch {
		case c >= '0' && c <= '7':
			stated = stated<<3 | int64(c-'0')
			digits++
		case c != ' ' && c != 0:
			return false
		}
	}
	if digits == 0 {
		return false
	}
	var sum, signed int64
	for i, c := range b[:tarBlock] {
		if i >= 148 && i < 156 {
			c = ' '
		}
		sum += int64(c)
		signed += int64(int8(c))
	}
	return stated == sum || stated == signed
}

// tar lists a tar archive. Where m is not nil the archive lies in it as it is, and from is a section of that which can be
// sought in: members are read where they lie. Otherwise from can be read once, and they are kept for reading again.
func (u *unpacker) tar(f folder, from io.Reader, m *member) error {
	t := &tarWalk{u: u, f: f, in: m, from: from}
	for {
		again, err := t.archive()
		if err != nil || !again {
			return err
		}
	}
}

// tarWalk goes through one tar archive, and what was put behind its end.
type tarWalk struct {
	u    *unpacker
	f    folder
	in   *member   // nil: from can be read once
	from io.Reader // an *io.SectionReader where in is not nil
	peek *bufio.Reader
}

// archive lists what lies before an end mark. It returns whether another archive follows.
func (t *tarWalk) archive() (bool, error) {
	u := t.u
	r := tar.NewReader(t.from)
	for {
		h, err := r.Next()
		switch {
		case u.ctx.Err() != nil:
			return false, u.ctx.Err()
		case err == io.EOF:
			return t.behind(), nil
		case err != nil:
			t.ends(err)
			return false, nil
		case !u.room(t.f.path):
			return false, nil
		}
		if err := t.member(r, h); err != nil {
			if errors.Is(err, errEnds) {
				return false, nil
			}
			return false, err
		}
	}
}

// errEnds says that a tar archive broke off within a member, which has been said.
var errEnds = errors.New("the archive ends")

// ends says why the archive is not read on.
func (t *tarWalk) ends(err error) {
	t.u.tell(brokenArchive(t.f.path, err, t.u.outer.size))
}

// behind looks for an archive behind the end mark of another: tar files are joined with cat. from stands behind the mark.
func (t *tarWalk) behind() bool {
	block := make([]byte, tarBlock)
	for {
		n, err := fill(t.from, block)
		if n == tarBlock && isTar(block) {
			if s, ok := t.from.(*io.SectionReader); ok {
				if _, err := s.Seek(-tarBlock, io.SeekCurrent); err != nil {
					return false
				}
			} else {
				t.from = io.MultiReader(bytes.NewReader(bytes.Clone(block)), t.from)
			}
			return true
		}
		if len(bytes.Trim(block[:n], "\x00")) > 0 {
			t.u.tell(behindArchive(t.f.path))
			return false
		}
		if err != nil {
			if err != io.EOF {
				t.ends(err)
			}
			return false
		}
	}
}

func (t *tarWalk) member(r *tar.Reader, h *tar.Header) error {
	u := t.u
	e := &entry{raw: []byte(h.Name), modified: h.ModTime}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont, tar.TypeGNUSparse:
		if strings.HasSuffix(h.Name, "/") {
			return nil
		}
	case tar.TypeDir, tar.TypeXGlobalHeader, 'V', 'M', 'D', 'N': // folders, and what archives note of themselves
		return nil
	case tar.TypeSymlink:
		u.special(t.f, e, fs.ModeSymlink, []byte(h.Linkname))
		return nil
	case tar.TypeLink:
		if u.outer.told >= maxTold {
			u.outer.untold++
			return nil
		}
		x := u.name(t.f, e)
		to, _ := memberName([]byte(h.Linkname), false, false)
		if target := t.f.path + within + to; u.names[target] > 0 && target != x.Path {
			u.tell(duplicate(x.Path, target))
		} else {
			u.tell(memberLink(x.Path, to))
		}
		return nil
	case tar.TypeFifo:
		u.special(t.f, e, fs.ModeNamedPipe, nil)
		return nil
	default:
		u.special(t.f, e, fs.ModeDevice, nil)
		return nil
	}
	x := u.name(t.f, e)
	if t.in != nil && !sparse(h) {
		return t.where(x, h)
	}
	if sparse(h) && !u.unfold(h.Size) { // its holes cost nothing to write down
		u.tell(unfoldsTooFar(x.Path, u.outer.size))
		return nil
	}
	return t.once(x, r, h)
}

// where lists a member that is read where it lies.
func (t *tarWalk) where(x File, h *tar.Header) error {
	at, err := t.from.(*io.SectionReader).Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	in := *t.in
	in.from += at
	in.size, in.packed, in.method, in.summed = h.Size, min(h.Size, t.in.packed-at), asIs, false
	in.broken = in.packed < h.Size
	return t.u.listed(t.f, x, &in)
}

// once keeps a member that comes by once, or goes into it at once where it is an archive.
func (t *tarWalk) once(x File, r io.Reader, h *tar.Header) error {
	u := t.u
	if t.peek == nil {
		t.peek = bufio.NewReaderSize(nil, 1<<20) // a block of bzip2, before which it tells nothing
	}
	t.peek.Reset(r)
	head, _ := t.peek.Peek(tarBlock)
	if c := recognise(head); c == Gzip || c == Zstd || c == XZ {
		head, _ = t.peek.Peek(256 << 10)
	} else if c == Bzip2 {
		head, _ = t.peek.Peek(1 << 20)
	}
	kind := lookAt(bytes.NewReader(head))
	if kind.archive != NoArchive {
		err := u.nested(t.f, x, kind, func(g folder) error { return t.into(g, t.peek) })
		return err
	}
	m, broken, err := u.spool.keep(u.ctx, t.peek, true)
	if err != nil {
		return u.noRoom(x.Path, err)
	}
	if errors.Is(broken, errUnfolds) {
		u.spool.forget(m.from)
		u.tell(unfoldsTooFar(x.Path, u.outer.size))
		return errEnds
	}
	if m.size < h.Size {
		m.size, m.broken = h.Size, true
	}
	if kind.compression == Parquet && broken == nil {
		if err := u.rows(&x, m); err != nil {
			return err
		}
	}
	u.take(x, m)
	if broken != nil {
		t.ends(broken)
		return errEnds
	}
	return nil
}

// into goes into an archive that comes by once.
func (t *tarWalk) into(g folder, from io.Reader) error {
	u := t.u
	if g.kind.compression != Plain {
		r, closer, err := unpack(g.kind.compression, from)
		if err != nil {
			u.tell(brokenArchive(g.path, err, u.outer.size))
			return nil
		}
		defer closer()
		from = &unfolding{u: u, from: r}
	}
	if g.kind.archive == TarArchive {
		return u.tar(g, from, nil)
	}
	m, broken, err := u.spool.keep(u.ctx, from, false)
	if err != nil {
		return u.noRoom(g.path, err)
	}
	if broken != nil {
		u.tell(brokenArchive(g.path, broken, u.outer.size))
	}
	if errors.Is(broken, errUnfolds) {
		u.spool.forget(m.from)
		return nil
	}
	return u.zip(g, m)
}

// sparse says whether a member has holes, which are not in the archive.
func sparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for k := range h.PAXRecords {
		if strings.HasPrefix(k, "GNU.sparse.") {
			return true
		}
	}
	return false
}
