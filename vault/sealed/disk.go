// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// disk is what the writer asks of a file system; tests put one in its place that fails.
type disk interface {
	Create(path string) (file, error) // must not be there yet
	Open(path string) (file, error)   // to read and write
	Rename(from, to string) error
	Remove(path string) error
	SyncFolder(dir string) error
}

type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Truncate(size int64) error
	Sync() error
	Stat() (fs.FileInfo, error)
}

// system is the real one.
type system struct{}

func (system) Create(path string) (file, error) {
	return os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
}
func (system) Open(path string) (file, error) { return os.OpenFile(path, os.O_RDWR, 0) }
func (system) Rename(from, to string) error   { return os.Rename(from, to) }
func (system) Remove(path string) error       { return os.Remove(path) }
func (system) SyncFolder(dir string) error    { return syncFolder(dir) }

// partial ends the names of files that are being written. One that a crash left is nobody's.
const partial = ".partial"

// writeWhole writes a file so that it is there whole or not at all; durable, and its name too, before it returns where it is to be.
func writeWhole(d disk, path string, content []byte, durable bool) (err error) {
	temp := path + partial
	d.Remove(temp) // what a crash left, if anything
	f, err := d.Create(temp)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(content, 0)
	if err == nil && durable {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = d.Rename(temp, path)
	}
	if err != nil {
		d.Remove(temp)
		return err
	}
	if durable {
		return d.SyncFolder(filepath.Dir(path))
	}
	return nil
}

// readSmall reads a file that must not be larger than limit, and must be a file.
func readSmall(path string, limit int64) ([]byte, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !fi.Mode().IsRegular() || fi.Size() > limit {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fs.ErrInvalid}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}
