// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// revisionsDir is the folder of a case that keeps the case.json of earlier revisions, so that what changed can be told. The manifest
// speaks of them as of every other file.
const revisionsDir = "revisions"

var revisionName = regexp.MustCompile(`^case-([1-9][0-9]{0,5})\.json\.gz$`)

// keepRevision puts the revision that is extended beside those before it.
func (v *investigation) keepRevision() error {
	if v.old == nil {
		return nil
	}
	to := filepath.Join(v.work, revisionsDir)
	if err := os.MkdirAll(to, 0o700); err != nil {
		return event.Tell("以前の版を残せません：%v", "keep the earlier revision: %v", err)
	}
	from := filepath.Join(v.o.Out, revisionsDir)
	kept, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		kept, err = nil, nil // the first addition
	}
	for _, e := range kept {
		if revisionName.MatchString(e.Name()) && e.Type().IsRegular() {
			err = errors.Join(err, copyOver(filepath.Join(from, e.Name()), filepath.Join(to, e.Name()), false))
		}
	}
	err = errors.Join(err, copyOver(filepath.Join(v.o.Out, caseName), filepath.Join(to, fmt.Sprintf("case-%d.json.gz", v.old.c.Revision)), true))
	if err != nil {
		return event.Tell("以前の版を残せません：%v", "keep the earlier revision: %v", explain(err, v.o.Out))
	}
	return nil
}

// copyOver copies a file, packed or as it is. The same bytes give the same packed ones.
func copyOver(from, to string, pack bool) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if pack {
		z := gzip.NewWriter(out)
		_, err = io.Copy(z, in)
		err = errors.Join(err, z.Close())
	} else {
		_, err = io.Copy(out, in)
	}
	return errors.Join(err, out.Sync(), out.Close())
}

// Revisions returns the numbers of the revisions that a case folder keeps besides its own, ascending.
func Revisions(dir string) []int {
	entries, _ := os.ReadDir(filepath.Join(dir, revisionsDir))
	var out []int
	for _, e := range entries {
		if m := revisionName.FindStringSubmatch(e.Name()); m != nil {
			n, _ := strconv.Atoi(m[1]) // the pattern has digits only
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out
}

// ErrNoRevision is wrapped by the error of OpenRevision where the folder does not keep the revision.
var ErrNoRevision = errors.New("node: no such revision is kept")

// OpenRevision reads an earlier revision that a case folder keeps.
func OpenRevision(dir string, n int) (*cases.Case, error) {
	f, err := os.Open(filepath.Join(dir, revisionsDir, fmt.Sprintf("case-%d.json.gz", n)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %d", ErrNoRevision, n)
	}
	if err != nil {
		return nil, event.Tell("版 %d を読めません：%v", "read revision %d: %v", n, err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, event.Tell("版 %d を読めません：%v", "read revision %d: %v", n, err)
	}
	c, err := cases.Read(z)
	if err != nil {
		return nil, event.Tell("版 %d を読めません：%v", "read revision %d: %v", n, err)
	}
	if c.Revision != n {
		return nil, event.Tell("版 %d のファイルに版 %d が入っています", "the file of revision %d holds revision %d", n, c.Revision)
	}
	return c, nil
}
