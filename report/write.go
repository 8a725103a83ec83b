// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"os"
	"path/filepath"
)

// File is one file of a report, below the case folder.
type File struct {
	Name  string // with slashes
	Bytes []byte
}

// Render returns all files of a report: report.html, first.html, first.ja.md, first.en.md and figures/*.svg.
func Render(d *Data) ([]File, error) {
	whole, err := HTML(d)
	if err != nil {
		return nil, err
	}
	page, err := FirstHTML(d)
	if err != nil {
		return nil, err
	}
	f := NewFirst(d)
	files := []File{{"report.html", whole}, {"first.html", page}, {"first.ja.md", f.Markdown(Ja)}, {"first.en.md", f.Markdown(En)}}
	drawn, err := Figures(d)
	return append(files, drawn...), err
}

// Write renders the report into dir, which must exist. Each file is written whole and then put in its place, so that a
// reader never sees half of one.
func Write(dir string, d *Data) error {
	files, err := Render(d)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := put(filepath.Join(dir, filepath.FromSlash(f.Name)), f.Bytes); err != nil {
			return fmt.Errorf("report: write %s: %w", f.Name, err)
		}
	}
	return nil
}

func put(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	t, err := os.CreateTemp(filepath.Dir(path), ".report-*")
	if err != nil {
		return err
	}
	defer os.Remove(t.Name()) // does nothing once the file is in its place
	if _, err := t.Write(b); err != nil {
		t.Close()
		return err
	}
	if err := t.Close(); err != nil {
		return err
	}
	return os.Rename(t.Name(), path)
}
