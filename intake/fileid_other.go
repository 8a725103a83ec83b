// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package intake

import (
	"io/fs"
	"os"
	"path/filepath"
)

// fileID says which file it is, whatever its name.
type fileID struct {
	path string
}

func idOf(path string, _ fs.FileInfo) fileID {
	if p, err := filepath.EvalSymlinks(path); err == nil {
		path = p
	}
	if p, err := filepath.Abs(path); err == nil {
		path = p
	}
	return fileID{path: path}
}

func openFile(path string) (*os.File, error) { return os.Open(path) }
