// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
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
)

// join writes the pieces of a log as one file, in order of time: the pieces of slapd from the oldest rotation on, the days of
// the sign-ins as one JSON object a line.
func join(ctx context.Context, dir, kind string, to io.Writer) error {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && (kind != "signins" || strings.HasPrefix(d.Name(), kind)) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Or(cmp.Compare(generation(b), generation(a)), cmp.Compare(a, b)) })
	w := bufio.NewWriterSize(to, 1<<20)
	for _, f := range files {
		if err := errors.Join(ctx.Err(), add(w, f, kind)); err != nil {
			return fmt.Errorf("join %s: %w", f, err)
		}
	}
	return w.Flush()
}

// generation is the number of a rotated piece: 0 for the newest.
func generation(path string) int {
	ext := filepath.Ext(strings.TrimSuffix(path, ".gz"))
	n, _ := strconv.Atoi(strings.TrimPrefix(ext, "."))
	return n
}

func add(w *bufio.Writer, path, kind string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return err
		}
	}
	if kind != "signins" {
		_, err = io.Copy(w, r)
		return err
	}
	return objects(w, r)
}

// objects writes the elements of a JSON array one a line.
func objects(w *bufio.Writer, r io.Reader) error {
	d := json.NewDecoder(r)
	if _, err := d.Token(); err != nil {
		return err
	}
	var line bytes.Buffer
	for d.More() {
		var one json.RawMessage
		if err := d.Decode(&one); err != nil {
			return err
		}
		line.Reset()
		if err := json.Compact(&line, one); err != nil {
			return err
		}
		line.WriteByte('\n')
		if _, err := w.Write(line.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// cut writes the first n lines of a file to another, and returns how many there were.
func cut(from, to string, n int64) (int64, error) {
	f, err := os.Open(from)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	out, err := os.Create(to)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	r, w := bufio.NewReaderSize(f, 1<<20), bufio.NewWriterSize(out, 1<<20)
	var lines int64
	for lines < n {
		line, err := r.ReadSlice('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			return lines, err
		}
		if _, err := w.Write(line); err != nil {
			return lines, err
		}
		lines++
	}
	return lines, w.Flush()
}
