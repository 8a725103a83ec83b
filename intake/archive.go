// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Bounds on what one archive may unfold to. An archive is written by whoever wants to keep others from reading the rest.
const (
	maxNested  = 3               // archives within one another, the outermost counted
	maxMembers = 1 << 17         // files in one archive, those in nested ones counted
	maxRatio   = 500             // bytes of content for one byte of the archive, beyond
	freeUnfold = 256 << 20       // so many bytes, which every archive may unfold to
	maxUnfold  = int64(1) << 40  // bytes of content of one archive
	spoolLimit = int64(64) << 30 // bytes that are kept on disk for reading again
	maxTold    = 100             // problems of one archive that are named one by one
)

// Archive says what a file that holds other files is.
type Archive uint8

// The archives whose members are read.
const (
	NoArchive Archive = iota
	ZipArchive
	TarArchive
)

// String returns the archive's word.
func (a Archive) String() string { return [...]string{"none", "zip", "tar"}[a] }

// within joins the path of an archive and the name of a member.
const within = "!/"

var errUnfolds = errors.New("unfolds to far more than it is")

// Unpack adds the members of the archives among the files, as files of their own with paths like evidence.zip!/var/log/auth.log.
// The archives stay among the files, marked, for their digests and for their custody; they hold no records themselves.
// Nothing is written under a name that an archive gives. What is not read of an archive is a Problem. An error is returned
// only where ctx ends or there is no room for what must be kept to be read again.
func (in *Inputs) Unpack(ctx context.Context, search Search) error {
	u := &unpacker{ctx: ctx, names: make(map[string]int, len(in.Files)), problems: in.Problems, count: len(in.Files),
		spool: spool{dir: search.TempDir, limit: cmp.Or(search.SpoolLimit, spoolLimit)}, members: cmp.Or(search.members, maxMembers),
		free: cmp.Or(search.unfold, freeUnfold), tables: search.Tables, progress: search.Progress,
		spare: inflater{in: bufio.NewReaderSize(nil, 4<<10)}}
	for i := range in.Files {
		u.names[in.Files[i].Path] = 1
	}
	var err error
	for i := range in.Files {
		if err = u.outermost(&in.Files[i]); err != nil {
			break
		}
	}
	if u.spool.f != nil {
		in.spools = append(in.spools, u.spool.f)
	}
	if err != nil {
		return err
	}
	in.Files = append(in.Files, u.files...)
	in.Problems = u.problems
	slices.SortStableFunc(in.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	sortProblems(in.Problems)
	return nil
}

// unpacker lists the members of archives.
type unpacker struct {
	ctx      context.Context
	files    []File
	problems []Problem
	names    map[string]int // how often each path was given
	count    int            // files, archives' members and others
	members  int            // most of one archive
	free     int64          // bytes that every archive may unfold to
	spool    spool
	tables   func(ctx context.Context, path string, to io.Writer) error // nil: there is none
	progress func(path string, read, of int64)                          // may be nil
	outer    outer
	spare    inflater // for looks at members
}

// outer is the archive on disk that is being unpacked, with all that is in it.
type outer struct {
	file    *File
	base    io.ReaderAt
	size    int64
	members int
	unfolds int64 // bytes so far
	told    int
	untold  int
	full    bool
}

// folder is one archive, on disk or within another.
type folder struct {
	path, below string
	depth       int
	kind        packing
}

// packing is what the first bytes of a file tell.
type packing struct {
	archive     Archive
	compression Compression
}

// outermost looks at one file and, where it is an archive, lists what is in it.
func (u *unpacker) outermost(f *File) error {
	if err := u.ctx.Err(); err != nil {
		return err
	}
	base, done, err := diskFile(f)
	if err != nil {
		return nil // that it cannot be opened is said when it is read
	}
	defer done()
	m := &member{from: 0, packed: f.Size, size: f.Size, diskSize: f.Size, diskTime: f.Modified}
	if f.spool != nil {
		m.base = f.spool
	} else {
		m.disk = f.Path
	}
	kind := lookAt(io.NewSectionReader(base, 0, f.Size))
	if kind.compression == Parquet {
		u.outer = outer{file: f, base: base, size: f.Size}
		return u.rows(f, m)
	}
	if kind.archive == NoArchive {
		return nil
	}
	u.outer = outer{file: f, base: base, size: f.Size}
	f.Archive = kind.archive
	err = u.walk(folder{path: f.Path, below: cmp.Or(f.Below, filepath.Base(f.Path)), depth: 1, kind: kind}, m)
	f.Members = u.outer.members
	if n := u.outer.untold; n > 0 {
		u.problems = append(u.problems, moreProblems(f.Path, n))
	}
	return err
}

// lookAt tells from its beginning whether what from reads is an archive. It reads no more than it must.
func lookAt(from io.Reader) packing {
	var head [512]byte
	n, _ := fill(from, head[:])
	k := packing{compression: recognise(head[:n])}
	switch k.compression {
	case Zip:
		k.archive, k.compression = ZipArchive, Plain
	case Plain:
		if n == len(head) && isTar(head[:]) {
			k.archive = TarArchive
		}
	case Gzip, Zstd, Bzip2, XZ:
		k.archive = lookInto(k.compression, io.MultiReader(bytes.NewReader(head[:n]), from))
	}
	return k
}

// lookInto is lookAt for what is compressed. A decoder's bug on an attacker's file makes it no archive.
func lookInto(c Compression, from io.Reader) (a Archive) {
	defer func() {
		if recover() != nil {
			a = NoArchive
		}
	}()
	r, closer, err := unpack(c, bufio.NewReader(from))
	if err != nil {
		return NoArchive
	}
	defer closer()
	var head [512]byte
	n, _ := fill(r, head[:])
	switch {
	case recognise(head[:n]) == Zip:
		return ZipArchive
	case n == len(head) && isTar(head[:]):
		return TarArchive
	}
	return NoArchive
}

// baseOf returns what a member lies in while its archive is being unpacked.
func (u *unpacker) baseOf(m *member) io.ReaderAt {
	if m.base != nil {
		return m.base
	}
	return u.outer.base
}

// walk lists an archive whose bytes are m. A decoder's bug on an attacker's file must cost that archive alone.
func (u *unpacker) walk(f folder, m *member) (err error) {
	defer func() {
		if p := recover(); p != nil {
			u.tell(brokenArchive(f.path, fmt.Errorf("%w: %v", ErrCorrupt, p), u.outer.size))
			err = nil
		}
	}()
	from, closer, err := m.open(u.baseOf(m))
	if err != nil {
		u.tell(brokenArchive(f.path, err, u.outer.size))
		return nil
	}
	defer closer()
	if f.depth == 1 && u.progress != nil {
		from = &rawReader{from: from, of: m.size, progress: func(read, of int64) { u.progress(f.path, read, of) }}
	}
	plain := m.method == asIs && f.kind.compression == Plain
	if f.kind.compression != Plain {
		r, closer, err := unpack(f.kind.compression, bufio.NewReaderSize(from, 64<<10))
		if err != nil {
			u.tell(brokenArchive(f.path, err, u.outer.size))
			return nil
		}
		defer closer()
		from = &unfolding{u: u, from: r}
	}
	if f.kind.archive == TarArchive {
		if plain {
			return u.tar(f, io.NewSectionReader(u.baseOf(m), m.from, m.packed), m)
		}
		return u.tar(f, from, nil)
	}
	if !plain {
		var broken error
		if m, broken, err = u.spool.keep(u.ctx, from, false); err != nil {
			return u.noRoom(f.path, err)
		}
		if broken != nil {
			u.tell(brokenArchive(f.path, broken, u.outer.size))
			if errors.Is(broken, errUnfolds) {
				return nil
			}
		}
	}
	return u.zip(f, m)
}

// unfolding counts what a compressed archive unfolds to, and ends it where that is too much.
type unfolding struct {
	u    *unpacker
	from io.Reader
}

// Read implements io.Reader.
func (r *unfolding) Read(p []byte) (int, error) {
	if err := r.u.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.from.Read(p)
	if !r.u.unfold(int64(n)) {
		return 0, errUnfolds
	}
	return n, err
}

// unfold notes that the archive unfolds to n bytes more. It returns false where that is more than an archive may.
func (u *unpacker) unfold(n int64) bool {
	o := &u.outer
	most := maxUnfold
	if o.size < maxUnfold/maxRatio {
		most = max(o.size*maxRatio, u.free)
	}
	if n < 0 || n > most-o.unfolds {
		return false
	}
	o.unfolds += n
	return true
}

// noRoom turns a spool that is full by its own bound into a problem; the disk's bound, and a context's end, end the search.
func (u *unpacker) noRoom(path string, err error) error {
	if !errors.Is(err, errSpoolFull) {
		return err
	}
	u.tell(spoolFull(path, u.spool.limit))
	return nil
}

// tell notes a problem. Those beyond a number are only counted: an archive of a hundred thousand links must not fill the case.
func (u *unpacker) tell(p Problem) {
	if u.outer.told >= maxTold {
		u.outer.untold++
		return
	}
	u.outer.told++
	u.problems = append(u.problems, p)
}

// room says whether one more member may be listed, and says once where not.
func (u *unpacker) room(path string) bool {
	o := &u.outer
	if o.members < u.members && u.count < maxFiles {
		return true
	}
	if !o.full {
		o.full = true
		u.problems = append(u.problems, tooManyMembers(path, o.members))
	}
	return false
}

// entry is what an archive says of one member.
type entry struct {
	raw      []byte // its name
	isUTF8   bool
	windows  bool
	modified time.Time
}

// name gives a member its path. The same name a second time gets a number.
func (u *unpacker) name(f folder, e *entry) File {
	name, odd := memberName(e.raw, e.isUTF8, e.windows)
	x := File{Path: f.path + within + name, Below: f.below + within + name, Modified: sane(e.modified), Within: u.outer.file.Path}
	if odd {
		x.Note = oddName(e.raw)
	}
	first := x.Path
	for n := u.names[first] + 1; ; n++ {
		if u.names[first] = n; n == 1 {
			return x
		}
		suffix := fmt.Sprintf("#%d", n)
		if x.Path = first + suffix; u.names[x.Path] == 0 {
			u.names[x.Path] = 1
			x.Below += suffix
			x.Note = sameName(first, n)
			return x
		}
	}
}

// sane drops times that no log was written at: they would be taken for its year.
func sane(t time.Time) time.Time {
	if y := t.Year(); y < 1981 || y > 2200 { // 1980-01-01 is how a zip file says that it does not know
		return time.Time{}
	}
	return t
}

// listed adds a member that is a file, or what is in it where it is an archive.
func (u *unpacker) listed(f folder, x File, m *member) error {
	if o := &u.outer; u.progress != nil && m.base == nil {
		u.progress(o.file.Path, min(m.from+m.packed, o.size), o.size)
	}
	from, closer, err := m.openWith(u.baseOf(m), &u.spare)
	if err == nil {
		kind := lookAt(from)
		closer()
		if kind.compression == Parquet {
			if err := u.rows(&x, m); err != nil {
				return err
			}
		}
		if kind.archive != NoArchive {
			return u.nested(f, x, kind, func(g folder) error { return u.walk(g, m) })
		}
	}
	u.take(x, m)
	return nil
}

func (u *unpacker) take(x File, m *member) {
	x.Size, x.in = m.size, m
	u.files = append(u.files, x)
	u.outer.members++
	u.count++
}

// nested goes into an archive within an archive, as far as that is bearable.
func (u *unpacker) nested(f folder, x File, kind packing, walk func(folder) error) error {
	if f.depth >= maxNested {
		u.tell(nestedTooDeep(x.Path))
		return nil
	}
	return walk(folder{path: x.Path, below: x.Below, depth: f.depth + 1, kind: kind})
}

// special is a member that is no file: it is named and not followed.
func (u *unpacker) special(f folder, e *entry, mode fs.FileMode, target []byte) {
	if u.outer.told >= maxTold {
		u.outer.untold++
		return
	}
	x := u.name(f, e)
	if target == nil {
		u.tell(notRegular(x.Path, mode))
		return
	}
	to, _ := memberName(target, e.isUTF8, false)
	if bytes.HasPrefix(target, []byte("/")) {
		to = "/" + to
	}
	u.tell(memberLink(x.Path, to))
}
