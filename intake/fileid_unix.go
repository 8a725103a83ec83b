// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package intake

import (
	"io/fs"
	"os"
	"syscall"
)

// fileID says which file it is, whatever its name.
type fileID struct {
	dev, ino uint64
	path     string // where there is no inode to go by
}

func idOf(path string, fi fs.FileInfo) fileID {
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		return fileID{dev: uint64(st.Dev), ino: uint64(st.Ino)} //nolint:unconvert // Dev is an int32 on some systems
	}
	return fileID{path: path}
}

// openFile does not wait for the writer of a pipe that took a file's place.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
