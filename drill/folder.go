// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// placed is a folder that was empty or absent before anything was written into it.
type placed struct {
	dir  string
	made []string // the folders on the way to it, and it, that were absent; the outermost first
}

// vacant looks whether a folder can be written into: it must be empty or absent. Nothing is made.
func vacant(dir string) (*placed, error) {
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil && len(entries) > 0:
		return nil, inUse(dir, entries[0].Name())
	case err != nil && !errors.Is(err, os.ErrNotExist):
		return nil, trouble(err, "フォルダ %s に書けません（%s）", "%s cannot be written into: %s", dir, reason(err))
	}
	p := &placed{dir: filepath.Clean(dir)}
	for d := p.dir; ; d = filepath.Dir(d) {
		if _, err := os.Lstat(d); !errors.Is(err, os.ErrNotExist) || d == filepath.Dir(d) {
			return p, nil
		}
		p.made = slices.Insert(p.made, 0, d)
	}
}

// reason is what is at the bottom of an error of the file system, without the path, which is said beside it.
func reason(err error) string {
	if e := new(os.PathError); errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}

// nested says whether two folders are one, or one lies in the other, however they are written.
func nested(a, b string) bool {
	const sep = string(filepath.Separator)
	a, b = strings.TrimSuffix(resolved(a), sep)+sep, strings.TrimSuffix(resolved(b), sep)+sep
	return strings.HasPrefix(a, b) || strings.HasPrefix(b, a)
}

// resolved returns the whole path of a folder that need not be there yet.
func resolved(dir string) string {
	path, err := filepath.Abs(dir)
	if err != nil {
		return filepath.Clean(dir)
	}
	rest := ""
	for d := path; ; d = filepath.Dir(d) {
		if real, err := filepath.EvalSymlinks(d); err == nil {
			return filepath.Join(real, rest)
		}
		if d == filepath.Dir(d) {
			return path
		}
		rest = filepath.Join(filepath.Base(d), rest)
	}
}

// clear removes files, by their paths below the folder, and the folders that were made for them. What somebody else has put
// there stays, with its folders.
func (p *placed) clear(files []string) error {
	var first error
	for _, name := range files {
		path := filepath.Join(p.dir, filepath.FromSlash(name))
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) && first == nil {
			first = fmt.Errorf("drill: remove what was begun: %w", err)
		}
		for d := filepath.Dir(path); d != p.dir && len(d) > len(p.dir); d = filepath.Dir(d) {
			if os.Remove(d) != nil { // it holds more
				break
			}
		}
	}
	for _, d := range slices.Backward(p.made) {
		if os.Remove(d) != nil {
			break
		}
	}
	return first
}
