// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Bounds on what one search may meet. Beyond them the search goes on without the rest, and says so.
const (
	maxFolderDepth = 128
	maxFiles       = 1 << 20
	stdinLimit     = 16 << 30
)

// File is one regular file to be read. It is a value: copy it freely.
type File struct {
	Path     string      // the argument as given, joined with the path below it; "-" is standard input
	Below    string      // the path below the argument, with slashes; empty where the argument is the file itself
	Size     int64       // bytes, when it was found
	Modified time.Time   // when it was found; zero for standard input
	Within   string      // Path of the archive on disk that it is a member of; empty where it is a file itself
	Archive  Archive     // it holds members, which are files of their own, and no records
	Members  int         // of an archive: files in it, those in archives within it counted
	Note     event.Words // what is odd about it; empty where nothing is
	id       fileID
	link     bool
	spool    io.ReaderAt // standard input, spooled
	in       *member     // of an archive
	table    *member     // the rows of a Parquet file, as lines of JSON
}

// Search says how to look for files. The zero value works.
type Search struct {
	Stdin      io.Reader // what "-" reads; default os.Stdin
	TempDir    string    // where standard input is spooled; default os.TempDir()
	StdinLimit int64     // bytes kept of standard input; default 16 GiB
	SpoolLimit int64     // bytes kept of archives that can be read only from their beginning, packed; default 64 GiB
	// Tables writes the rows of a Parquet file as lines of JSON; nil: such files are refused. It is called for one at a time.
	Tables func(ctx context.Context, path string, to io.Writer) error
	// Progress is told, while archives are unpacked, how many bytes of one have been gone through.
	Progress func(path string, read, of int64)
	members  int   // for tests: most of one archive
	unfold   int64 // for tests: bytes that every archive may unfold to
}

// Inputs is what a search found. Close it when the files have been read.
type Inputs struct {
	Files    []File    // in canonical order: by Path, byte by byte
	Problems []Problem // by Path, then Kind
	spools   []*os.File
}

// Close gives up what was spooled of standard input.
func (in *Inputs) Close() error {
	var errs []error
	for _, f := range in.spools {
		errs = append(errs, f.Close())
		if err := os.Remove(f.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	in.spools = nil
	return errors.Join(errs...)
}

// Bytes returns the sum of the files' sizes.
func (in *Inputs) Bytes() int64 {
	var n int64
	for i := range in.Files {
		n += in.Files[i].Size
	}
	return n
}

// Discover finds the regular files that args name, folders recursively. The result depends on the set of args alone, not
// on their order. A file reached by several names is read once: under the smallest path that is not a link, else the
// smallest. Links are followed once, where they lead to something below what args name: evidence may be written by the one
// who is looked for. One that leads back above itself is not followed, either. Whatever is not read is a Problem, and so is
// every oddity that a person should know; an error is returned only where standard input cannot be spooled at all.
func Discover(args []string, search Search) (*Inputs, error) {
	w := walker{dirs: make(map[fileID]string)}
	var in Inputs
	args = slices.Clone(args)
	slices.Sort(args)
	for _, arg := range slices.Compact(args) {
		if arg == "-" {
			f, err := w.stdin(search)
			if err != nil {
				return nil, err
			}
			in.spools = append(in.spools, f)
			continue
		}
		w.entry(arg, "", 0)
		if real, err := filepath.EvalSymlinks(arg); err == nil {
			w.roots = append(w.roots, real)
		}
	}
	w.follow()
	in.Files = w.unique()
	in.Problems = w.problems
	sortProblems(in.Problems)
	return &in, nil
}

func sortProblems(all []Problem) {
	slices.SortStableFunc(all, func(a, b Problem) int {
		if c := strings.Compare(a.Path, b.Path); c != 0 {
			return c
		}
		return int(a.Kind) - int(b.Kind)
	})
}

type walker struct {
	files    []File
	problems []Problem
	dirs     map[fileID]string // folder → the path under which it was read
	links    []link
	roots    []string // what was named, without links
	full     bool
}

type link struct {
	path, below string
	depth       int
}

// entry takes one name. Links wait until all that is really there has been seen, so that the real name wins.
func (w *walker) entry(path, below string, depth int) {
	fi, err := os.Lstat(path)
	if err != nil {
		w.problem(path, err)
		return
	}
	if fi.Mode()&fs.ModeSymlink != 0 {
		w.links = append(w.links, link{path, below, depth})
		return
	}
	w.take(path, below, depth, fi, false)
}

func (w *walker) take(path, below string, depth int, fi fs.FileInfo, viaLink bool) {
	switch {
	case fi.IsDir():
		w.folder(path, below, depth, fi)
	case !fi.Mode().IsRegular():
		w.problems = append(w.problems, notRegular(path, fi.Mode()))
	case len(w.files) >= maxFiles:
		if !w.full {
			w.full = true
			w.problems = append(w.problems, tooMany(path))
		}
	default:
		w.files = append(w.files, File{Path: path, Below: below, Size: fi.Size(), Modified: fi.ModTime(), id: idOf(path, fi), link: viaLink})
	}
}

func (w *walker) folder(path, below string, depth int, fi fs.FileInfo) {
	id := idOf(path, fi)
	if other, ok := w.dirs[id]; ok {
		w.problems = append(w.problems, duplicate(path, other))
		return
	}
	if depth >= maxFolderDepth {
		w.problems = append(w.problems, tooDeep(path))
		return
	}
	w.dirs[id] = path
	entries, err := os.ReadDir(path) // sorted; on an error it still returns what it could read
	if err != nil {
		w.problem(path, err)
	}
	for _, e := range entries {
		w.entry(join(path, e.Name()), slashed(below, e.Name()), depth+1)
	}
}

// follow takes the links that were met, in rounds: following may meet more of them.
func (w *walker) follow() {
	for len(w.links) > 0 {
		round := w.links
		w.links = nil
		slices.SortFunc(round, func(a, b link) int { return strings.Compare(a.path, b.path) })
		for _, l := range round {
			fi, err := os.Stat(l.path)
			if err != nil {
				w.problems = append(w.problems, deadLink(l.path, err))
				continue
			}
			if fi.IsDir() && leadsUp(l.path, fi) {
				w.problems = append(w.problems, loop(l.path))
				continue
			}
			if target, out := w.leadsOut(l.path); out && l.below != "" { // a link that was named itself is meant
				w.problems = append(w.problems, linkOut(l.path, target))
				continue
			}
			w.take(l.path, l.below, l.depth, fi, true)
		}
	}
}

// leadsUp reports whether the folder behind a link is one of those that the link stands in.
func leadsUp(path string, target fs.FileInfo) bool {
	dir, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return false
	}
	dir, err = filepath.Abs(dir)
	if err != nil {
		return false
	}
	for {
		if fi, err := os.Stat(dir); err == nil && os.SameFile(fi, target) {
			return true
		}
		up := filepath.Dir(dir)
		if up == dir {
			return false
		}
		dir = up
	}
}

// leadsOut returns where a link ends, and whether that is outside all that was named.
func (w *walker) leadsOut(path string) (string, bool) {
	target, err := filepath.EvalSymlinks(path)
	if err != nil {
		return path, true
	}
	abs, err := filepath.Abs(target)
	if err != nil {
		return target, true
	}
	for _, root := range w.roots {
		if root, err = filepath.Abs(root); err != nil {
			continue
		}
		if rel, err := filepath.Rel(root, abs); err == nil && filepath.IsLocal(rel) {
			return target, false
		}
	}
	return target, true
}

// unique returns the files in canonical order, each once.
func (w *walker) unique() []File {
	slices.SortFunc(w.files, func(a, b File) int {
		if a.link != b.link {
			if a.link {
				return 1
			}
			return -1
		}
		return strings.Compare(a.Path, b.Path)
	})
	seen := make(map[fileID]string, len(w.files))
	kept := w.files[:0]
	for _, f := range w.files {
		if other, ok := seen[f.id]; ok {
			w.problems = append(w.problems, duplicate(f.Path, other))
			continue
		}
		seen[f.id] = f.Path
		kept = append(kept, f)
	}
	slices.SortFunc(kept, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return kept
}

// stdin spools standard input, because several passes are made over every input.
func (w *walker) stdin(search Search) (*os.File, error) {
	from, limit := search.Stdin, search.StdinLimit
	if from == nil {
		from = os.Stdin
	}
	if limit <= 0 {
		limit = stdinLimit
	}
	f, err := os.CreateTemp(search.TempDir, "sekisho-stdin-*")
	if err != nil {
		return nil, fmt.Errorf("intake: spool standard input: %w", err)
	}
	_ = os.Remove(f.Name()) // where the system allows it, nothing is left behind whatever happens
	n, err := io.Copy(f, io.LimitReader(from, limit))
	if err != nil && n == 0 {
		f.Close()
		os.Remove(f.Name())
		return nil, fmt.Errorf("intake: spool standard input: %w", err)
	}
	if err != nil {
		w.problems = append(w.problems, cutStdin(n, err))
	} else if n == limit {
		if extra, _ := io.ReadFull(from, make([]byte, 1)); extra > 0 {
			w.problems = append(w.problems, cutStdin(n, nil))
		}
	}
	w.files = append(w.files, File{Path: "-", Size: n, spool: f, id: fileID{path: "-"}})
	return f, nil
}

func (w *walker) problem(path string, err error) {
	w.problems = append(w.problems, ProblemOf(path, err))
}

// join keeps the argument as it was given: filepath.Join would clean it.
func join(dir, name string) string {
	if dir != "" && os.IsPathSeparator(dir[len(dir)-1]) {
		return strings.TrimRightFunc(dir, func(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }) + string(filepath.Separator) + name
	}
	return dir + string(filepath.Separator) + name
}

func slashed(below, name string) string {
	if below == "" {
		return name
	}
	return below + "/" + name
}
