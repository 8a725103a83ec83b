// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/sekisho/sekisho/contain"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/exposure"
	"github.com/sekisho/sekisho/intake"
)

// The case is made in a folder of its own within the case folder, and put in its place when it is whole: a run that fails,
// for want of room or anything else, leaves the case that was there before as it was.
const (
	workName     = ".sekisho-run"
	caseName     = "case.json"
	manifestName = "manifest.json"
	storeName    = "events.duckdb"
	preservedDir = "preserved"
)

// folder makes the case folder, and refuses one that holds another case.
func (v *investigation) folder() error {
	o := v.o
	if o.Out == "" {
		o.Out = "sekisho-case"
	}
	if _, err := os.Stat(filepath.Join(o.Out, caseName)); err == nil {
		if !o.Force && !o.Add {
			return event.Tell("%s にはすでに事案があります：別の --out を指定するか、--add で追加、--force で置換えをしてください", "%s already holds a case: choose another --out, extend it with --add, or replace it with --force", o.Out)
		}
	} else if o.Add {
		return event.Tell("%s に追加先の事案がありません：--out で事案のフォルダを指定するか、--add を外してください", "there is no case in %s to add to: name the folder of one with --out, or leave --add out", o.Out)
	} else if entries, err := os.ReadDir(o.Out); err == nil && len(entries) > 0 && !o.Force && !leftover(entries) {
		return event.Tell("%s は空でなく、事案もありません：別の --out を指定するか、--force で書き込んでください", "%s is not empty and holds no case: choose another --out, or --force to write into it", o.Out)
	}
	_, err := os.Stat(o.Out)
	v.made = errors.Is(err, fs.ErrNotExist)
	if err := os.MkdirAll(o.Out, 0o700); err != nil {
		return event.Tell("事案のフォルダを作れません：%v", "make the case folder: %v", err)
	}
	if err := os.Chmod(o.Out, 0o700); err != nil {
		return event.Tell("事案のフォルダを作れません：%v", "make the case folder: %v", err)
	}
	v.work = filepath.Join(o.Out, workName)
	if err := os.RemoveAll(v.work); err != nil { // of a run that was killed
		return event.Tell("事案のフォルダを片付けられません：%v", "clear the case folder: %v", err)
	}
	if err := os.Mkdir(v.work, 0o700); err != nil {
		return event.Tell("事案のフォルダを作れません：%v", "make the case folder: %v", explain(err, o.Out))
	}
	return nil
}

// leftover says whether a folder holds only what a run that was killed leaves.
func leftover(entries []os.DirEntry) bool {
	for _, e := range entries {
		if e.Name() != workName {
			return false
		}
	}
	return true
}

// clear removes what a run leaves behind: nothing but its work folder, and the case folder where it made that and failed.
func (v *investigation) clear() {
	_ = os.RemoveAll(v.work)
	if v.made {
		_ = os.Remove(v.o.Out) // only where it is empty
	}
}

// outside drops the files that lie in the case folder itself: a case must not be made of an older one, or of itself.
func (v *investigation) outside() {
	own, err := filepath.Abs(v.o.Out)
	if err != nil {
		return
	}
	if real, err := filepath.EvalSymlinks(own); err == nil {
		own = real
	}
	keep := v.found.Files[:0]
	for _, f := range v.found.Files {
		if f.Path != "-" && lies(f.Path, own) {
			v.own++
			continue
		}
		keep = append(keep, f)
	}
	v.found.Files = keep
	problems := v.found.Problems[:0]
	for _, p := range v.found.Problems {
		if p.Kind != intake.Missing && lies(p.Path, own) {
			continue
		}
		problems = append(problems, p)
	}
	v.found.Problems = problems
}

// lies says whether a path is below the folder own, which is absolute.
func lies(path, own string) bool {
	abs, err := filepath.Abs(path)
	if err != nil {
		return false
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		abs = filepath.Join(dir, filepath.Base(abs))
	}
	rel, err := filepath.Rel(own, abs)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// place puts the finished case into its folder: only names change, so that it cannot fail half way for want of room. The
// manifest of the old case goes first and that of the new one comes last: whatever has none is not whole.
func (v *investigation) place() error {
	dir := v.o.Out
	if err := os.Remove(filepath.Join(dir, manifestName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return event.Tell("事案を所定の場所に置けません：%v", "put the case in its place: %v", err)
	}
	if v.old == nil { // the revisions of a case that is replaced are none of this one's, nor is what people did about it
		err := os.RemoveAll(filepath.Join(dir, revisionsDir))
		for _, name := range []string{contain.FileName, exposure.FileName} {
			if gone := os.Remove(filepath.Join(dir, name)); !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
		}
		if err != nil {
			return event.Tell("事案を所定の場所に置けません：%v", "put the case in its place: %v", err)
		}
	}
	if _, err := os.Stat(filepath.Join(v.work, rollUpName)); errors.Is(err, fs.ErrNotExist) { // that of the revision before is none of this one
		if err := os.Remove(filepath.Join(dir, rollUpName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return event.Tell("事案を所定の場所に置けません：%v", "put the case in its place: %v", err)
		}
	}
	entries, err := os.ReadDir(v.work)
	if err != nil {
		return event.Tell("事案を所定の場所に置けません：%v", "put the case in its place: %v", err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if n := e.Name(); n != caseName && n != manifestName && n[0] != '.' {
			names = append(names, n)
		}
	}
	for _, n := range append(names, caseName, manifestName) {
		to := filepath.Join(dir, n)
		if fi, err := os.Lstat(to); err == nil && fi.IsDir() {
			if err := os.RemoveAll(to); err != nil {
				return event.Tell("事案を所定の場所に置けません：%v", "put the case in its place: %v", err)
			}
		}
		if err := os.Rename(filepath.Join(v.work, n), to); err != nil {
			return event.Tell("事案を所定の場所に置けません：%v", "put the case in its place: %v", err)
		}
	}
	return nil
}

// carry moves the copies of originals that an earlier run preserved into the work folder, so that they stay part of the case.
// The returned function brings them back where the run fails.
func (v *investigation) carry() (func(), error) {
	from, to := filepath.Join(v.o.Out, preservedDir), filepath.Join(v.work, preservedDir)
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return func() {}, nil
	}
	if err := os.Rename(from, to); err != nil {
		return nil, fmt.Errorf("node: keep the preserved originals: %w", err)
	}
	return func() { _ = os.Rename(to, from) }, nil
}
