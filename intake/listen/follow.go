// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// FileState is how far a followed file was read. It is sealed with the records that it speaks of, so that a restart neither leaves any out
// nor, but for a write that a crash tore, reads any twice.
type FileState struct {
	Path   string `json:"path"`
	Offset int64  `json:"offset"` // of the first byte that is not sealed
	Head   string `json:"head"`   // SHA-256 of the first bytes, which tells the file from the one that takes its name
	Length int64  `json:"length"` // of these
}

// FollowOptions say what is followed.
type FollowOptions struct {
	Patterns []string             // of paths
	States   map[string]FileState // by path: where to begin
	Own      string               // the source under which states are sealed
	Sealed   func(states int64)   // called for states that were sealed, which the ledger does not count
	Problem  func(path string, err error)
	Poll     time.Duration // default half a second
}

// FollowFrom is what a sealed state has as From.
const FollowFrom = "follow"

// Follow reads files as they grow, a record a line, until ctx ends. It looks at them again and again, so that network shares can be followed
// too. A file that another takes the place of is read to its end first; what was written before a file was cut to nothing
// (copytruncate), or while nobody followed, is looked for in the files beside it whose names begin alike, compressed or not.
func (r *Receiver) Follow(ctx, kill context.Context, o FollowOptions) error {
	if o.Poll <= 0 {
		o.Poll = 500 * time.Millisecond
	}
	f := &follower{r: r, o: o, kill: kill, files: map[string]*followed{}, told: map[string]string{}}
	defer f.close()
	tick := time.NewTicker(o.Poll)
	defer tick.Stop()
	for {
		if err := f.look(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

const (
	headBytes   = 256 // that tell one file from another
	followBatch = 256 << 10
	maxFollowed = 4096
	maxUnended  = 64 << 20 // bytes of a line: what nothing ends is a record by then
	goneLooks   = 4        // at the end of a file that was renamed, before it is left: its writer may still have it open
)

type follower struct {
	r     *Receiver
	o     FollowOptions
	kill  context.Context
	files map[string]*followed
	told  map[string]string // the last problem of each path
	room  []byte
}

// followed is one file that is read.
type followed struct {
	state  FileState
	file   *os.File
	quiet  int // looks at which a renamed file did not grow
	origin *origin
}

// look looks at every file once.
func (f *follower) look(ctx context.Context) error {
	var paths []string
	for _, p := range f.o.Patterns {
		found, err := filepath.Glob(p)
		if err != nil {
			f.problem(p, err)
		}
		for _, path := range found {
			if !packedName(path) {
				paths = append(paths, path)
			}
		}
	}
	for path := range f.files { // also those that are there no more, to their ends
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	for _, path := range slices.Compact(paths) {
		if ctx.Err() != nil {
			return nil
		}
		err := f.lookAt(ctx, path)
		var broken *sinkError
		if errors.As(err, &broken) {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		f.problem(path, err)
	}
	return nil
}

func (f *follower) problem(path string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if f.told[path] != text && err != nil && f.o.Problem != nil {
		f.o.Problem(path, err)
	}
	f.told[path] = text
}

// lookAt reads what is new of one file.
func (f *follower) lookAt(ctx context.Context, path string) error {
	one := f.files[path]
	if one == nil {
		if len(f.files) >= maxFollowed {
			return errors.New("too many files are followed")
		}
		file, err := openRegular(path)
		if err != nil {
			return err
		}
		one = &followed{file: file, state: FileState{Path: path}, origin: &origin{name: path, account: f.r.ledger.account(path)}}
		f.files[path] = one
		if was, ok := f.o.States[path]; ok {
			one.state = was
		}
	}
	there, err := os.Stat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	have, serr := one.file.Stat()
	if serr != nil {
		return serr
	}
	renamed := err != nil || !os.SameFile(there, have)
	if !one.same(have.Size()) { // another file, or the same one begun anew
		if err := f.rest(ctx, one); err != nil {
			return err
		}
		one.state = FileState{Path: path}
	}
	before := one.state.Offset
	if !renamed && have.Size() <= before {
		return nil
	}
	if err := f.read(ctx, one, one.file, one.state.Offset, false); err != nil || !renamed {
		return err
	}
	if one.quiet++; one.state.Offset != before {
		one.quiet = 0
	}
	if one.quiet < goneLooks {
		return nil
	}
	if err := f.read(ctx, one, one.file, one.state.Offset, true); err != nil { // a last line that was never ended
		return err
	}
	one.file.Close()
	delete(f.files, path)
	delete(f.o.States, path)
	return nil
}

// same says whether the file still begins as the one that was read, and is as long at least.
func (o *followed) same(size int64) bool {
	if o.state.Length == 0 {
		return true
	}
	if size < o.state.Offset || size < o.state.Length {
		return false
	}
	return headOf(io.NewSectionReader(o.file, 0, o.state.Length), o.state.Length) == o.state.Head
}

// headOf returns the digest of the first n bytes; empty where there are fewer.
func headOf(r io.Reader, n int64) string {
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// rest reads what is left of a file whose name another has now: from the one beside it that begins alike, and from those that came after it.
func (f *follower) rest(ctx context.Context, one *followed) error {
	beside := rotated(one.state.Path)
	begin := -1
	for i, k := range beside {
		r, err := openPacked(k.path)
		if err != nil {
			continue
		}
		if one.state.Length > 0 && headOf(r, one.state.Length) == one.state.Head {
			begin = i
		}
		r.Close()
	}
	if begin < 0 {
		f.problem(one.state.Path, fmt.Errorf("it was begun anew, and nothing beside it begins as it did: what was written after byte %d and before that, if anything, is lost", one.state.Offset))
		return nil
	}
	for i, k := range beside[begin:] {
		from := one.state.Offset
		if i > 0 {
			from = 0
			one.state = FileState{Path: one.state.Path}
		}
		r, err := openPacked(k.path)
		if err != nil {
			return err
		}
		_, err = io.CopyN(io.Discard, r, from)
		if err == nil {
			err = f.read(ctx, one, r, -1, true)
		} else if errors.Is(err, io.EOF) {
			err = nil // it ends before
		}
		r.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

// read reads lines from an offset, or from where a stream stands, to the end. last says that the end is one: a line that nothing ends is a
// record then.
func (f *follower) read(ctx context.Context, one *followed, in io.Reader, offset int64, last bool) error {
	if offset >= 0 {
		in = io.NewSectionReader(in.(io.ReaderAt), offset, 1<<62)
	}
	if f.room == nil {
		f.room = make([]byte, max(followBatch, 2*f.r.limits.Message))
	}
	room, n := f.room, 0
	var long int64 // bytes of a line that is longer than the room, beyond what is kept of it
	for {
		k, err := io.ReadFull(in, room[n:])
		n += k
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return err
		}
		cut := bytes.LastIndexByte(room[:n], '\n') + 1
		if end && last || long > maxUnended {
			cut = n
		}
		if cut == 0 && n == len(room) { // go on behind what is kept
			keep := f.r.limits.Message
			long += int64(n - keep)
			n = keep
			continue
		}
		if cut > 0 {
			if err := f.seal(one, room[:cut], long); err != nil {
				return err
			}
			n, long = copy(room, room[cut:n]), 0 // what was sealed is not kept by anybody
		}
		if end || ctx.Err() != nil {
			return nil
		}
	}
}

// seal seals the lines of b and how far they reach. Skipped bytes of the first line stand between what b has of it and its end.
func (f *follower) seal(one *followed, b []byte, skipped int64) error {
	size := int64(len(b)) + skipped
	if one.state.Length < headBytes && skipped == 0 {
		one.extendHead(b)
	}
	now := event.Of(f.r.now())
	next := one.state
	next.Offset += size
	fill := &batch{}
	for len(b) > 0 {
		line, rest, _ := bytes.Cut(b, []byte{'\n'})
		length := int64(len(line))
		if line = trimmed(line); len(line) > 0 {
			rec := event.Received{Source: one.origin.name, From: one.state.Path, At: now}
			rec.Data = line[:min(len(line), f.r.limits.Message)]
			rec.Length = int64(len(line)) + skipped
			if skipped > 0 {
				rec.Length = length + skipped
			}
			fill.records = append(fill.records, rec)
			fill.rows = append(fill.rows, f.r.ledger.offer(one.origin.account, int64(now)))
		}
		b, skipped = rest, 0
	}
	state, err := json.Marshal(map[string]any{"kind": FollowFrom, FollowFrom: next})
	if err != nil {
		return err
	}
	rec := event.Received{Source: f.o.Own, From: FollowFrom, At: now}
	rec.Data, rec.Length = state, int64(len(state))
	p := pump{r: f.r, retry: true}
	err = p.seal(f.kill, append(fill.records, rec))
	if err != nil {
		f.r.ledger.settle(fill, false, Incomplete) // it is still in the file
		return &sinkError{err}
	}
	f.r.ledger.settle(fill, true, gone)
	if f.o.Sealed != nil {
		f.o.Sealed(1)
	}
	one.state = next
	return nil
}

// extendHead takes more of a file's beginning to tell it by.
func (o *followed) extendHead(b []byte) {
	if o.state.Offset == 0 {
		n := min(len(b), headBytes)
		sum := sha256.Sum256(b[:n])
		o.state.Head, o.state.Length = hex.EncodeToString(sum[:]), int64(n)
		return
	}
	n := min(o.state.Offset+int64(len(b)), headBytes)
	if head := headOf(io.NewSectionReader(o.file, 0, n), n); head != "" && o.same(n+o.state.Offset) {
		o.state.Head, o.state.Length = head, n
	}
}

type sinkError struct{ err error }

func (e *sinkError) Error() string { return e.err.Error() }
func (e *sinkError) Unwrap() error { return e.err }

func (f *follower) close() {
	for _, one := range f.files {
		one.file.Close()
	}
}

func openRegular(path string) (*os.File, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if !info.Mode().IsRegular() {
		return nil, errors.New("is no regular file")
	}
	return os.Open(path)
}

func packedName(path string) bool {
	return strings.HasSuffix(path, ".gz") || strings.HasSuffix(path, ".zst")
}

// piece is a file that once had the name of one that is followed.
type piece struct {
	path   string
	tail   string // of its name, without that of the packing
	number int    // as logrotate counts: the oldest has the greatest; 0: it is named otherwise
	at     time.Time
}

// rotated returns what once had a file's name, the oldest first. Of one that is there packed and unpacked, which is how it is while it is being
// packed, the unpacked one is whole.
func rotated(path string) []piece {
	var all []piece
	names, _ := filepath.Glob(escapeGlob(path) + "*")
	for _, n := range names {
		tail := n[len(path):]
		info, err := os.Stat(n)
		if !rotatedName(tail) || err != nil || !info.Mode().IsRegular() {
			continue
		}
		p := piece{path: n, tail: strings.TrimSuffix(strings.TrimSuffix(tail, ".gz"), ".zst"), at: info.ModTime()}
		if k, err := strconv.Atoi(p.tail[1:]); err == nil && k < 10_000 { // more is a date
			p.number = k
		}
		all = append(all, p)
	}
	slices.SortFunc(all, func(a, b piece) int {
		switch {
		case a.tail == b.tail:
			return cmp.Compare(len(a.path), len(b.path))
		case a.number > 0 && b.number > 0:
			return cmp.Compare(b.number, a.number)
		}
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.tail, b.tail))
	})
	return slices.CompactFunc(all, func(a, b piece) bool { return a.tail == b.tail })
}

// rotatedName says whether what stands behind a file's name is what programs that rotate put there: numbers and dates.
func rotatedName(tail string) bool {
	tail = strings.TrimSuffix(strings.TrimSuffix(tail, ".gz"), ".zst")
	return tail != "" && (tail[0] == '.' || tail[0] == '-') && (tail == ".old" || strings.Trim(tail, "0123456789.-_TZ") == "")
}

// escapeGlob returns a path as a pattern that matches it alone.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
