// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package exposure

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"
)

// maxUnpacked bounds what the parts of a workbook unpack to, in bytes, together: a small file can hold any amount of the same.
const maxUnpacked = 64 << 20

// maxText bounds the text of one cell, in bytes; Excel takes 32,767 characters.
const maxText = 128 << 10

// workbookReader reads the parts of a workbook.
type workbookReader struct {
	parts map[string]*zip.File
	left  int64
	texts int64 // bytes of text that may still be kept
}

// readXLSX reads the cells of the first sheet of a workbook. Of a formula it takes the value that the spreadsheet last worked out.
func readXLSX(text []byte) ([][]string, error) {
	z, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil || len(z.File) > 2000 {
		return nil, damaged()
	}
	w := &workbookReader{parts: map[string]*zip.File{}, left: maxUnpacked, texts: maxUnpacked}
	for _, f := range z.File {
		w.parts[strings.TrimPrefix(path.Clean("/"+f.Name), "/")] = f
	}
	sheet, shared, err := w.names()
	if err != nil {
		return nil, err
	}
	var strs []string
	if w.parts[shared] != nil {
		if strs, err = w.strings(shared); err != nil {
			return nil, err
		}
	}
	return w.cells(sheet, strs)
}

func damaged() error {
	return refuse("Excel ブックとして読めません：Excel で開いて「Excel ブック（.xlsx）」で保存し直すか、「CSV UTF-8」で保存してください", "it cannot be read as a workbook: open it and save it again as .xlsx, or as \"CSV UTF-8\"")
}

// bounded reads no more than what is left for all parts.
type bounded struct {
	r    io.Reader
	left *int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if *b.left <= 0 {
		return 0, tooLarge()
	}
	n, err := b.r.Read(p[:min(int64(len(p)), *b.left)])
	*b.left -= int64(n)
	return n, err
}

// walk calls take with each token of a part. A document type is refused: no part of a workbook has one.
func (w *workbookReader) walk(name string, take func(xml.Token) error) error {
	f := w.parts[name]
	if f == nil {
		return damaged()
	}
	if f.UncompressedSize64 > uint64(max(0, w.left)) { // a part that says less than it unpacks to is refused by the zip reader
		return tooLarge()
	}
	in, err := f.Open()
	if err != nil {
		return damaged()
	}
	defer in.Close()
	d := xml.NewDecoder(&bounded{in, &w.left})
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var refused *Refused
		if errors.As(err, &refused) {
			return err
		}
		if _, doctype := t.(xml.Directive); err != nil || doctype {
			return damaged()
		}
		if err := take(t); err != nil {
			return err
		}
	}
}

func attribute(t xml.StartElement, name string) string {
	for _, a := range t.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// names returns the parts of the first sheet and of the shared strings.
func (w *workbookReader) names() (sheet, shared string, err error) {
	book := "xl/workbook.xml"
	err = w.walk("_rels/.rels", func(t xml.Token) error {
		if e, ok := t.(xml.StartElement); ok && e.Name.Local == "Relationship" && strings.HasSuffix(attribute(e, "Type"), "/officeDocument") {
			book = strings.TrimPrefix(path.Clean("/"+attribute(e, "Target")), "/")
		}
		return nil
	})
	first := ""
	if err == nil {
		err = w.walk(book, func(t xml.Token) error {
			e, ok := t.(xml.StartElement)
			if !ok || e.Name.Local != "sheet" || first != "" {
				return nil
			}
			for _, a := range e.Attr {
				if a.Name.Local == "id" {
					first = a.Value
				}
			}
			return nil
		})
	}
	if err == nil {
		err = w.walk(path.Join(path.Dir(book), "_rels", path.Base(book)+".rels"), func(t xml.Token) error {
			e, ok := t.(xml.StartElement)
			if !ok || e.Name.Local != "Relationship" {
				return nil
			}
			target := attribute(e, "Target")
			if !strings.HasPrefix(target, "/") {
				target = path.Join(path.Dir(book), target)
			}
			target = strings.TrimPrefix(path.Clean("/"+target), "/")
			switch kind := attribute(e, "Type"); {
			case attribute(e, "Id") == first && first != "":
				sheet = target
			case strings.HasSuffix(kind, "/sharedStrings"):
				shared = target
			}
			return nil
		})
	}
	return sheet, shared, err
}

// gather collects the text of the elements t inside another, but for phonetic readings (rPh), which are no part of it.
type gather struct {
	b            strings.Builder
	text, spoken bool
}

func (g *gather) take(t xml.Token) {
	switch t := t.(type) {
	case xml.StartElement:
		g.text = t.Name.Local == "t" || t.Name.Local == "v"
		g.spoken = g.spoken || t.Name.Local == "rPh"
	case xml.EndElement:
		g.text = false
		g.spoken = g.spoken && t.Name.Local != "rPh"
	case xml.CharData:
		if g.text && !g.spoken && g.b.Len() < maxText {
			g.b.Write(t)
		}
	}
}

func (w *workbookReader) keep(s string) (string, error) {
	if w.texts -= int64(len(s)) + 16; w.texts < 0 {
		return "", tooLarge()
	}
	return s, nil
}

func (w *workbookReader) strings(name string) (out []string, err error) {
	var g *gather
	err = w.walk(name, func(t xml.Token) error {
		switch e := t.(type) {
		case xml.StartElement:
			if e.Name.Local == "si" {
				g = &gather{}
				return nil
			}
		case xml.EndElement:
			if e.Name.Local == "si" && g != nil {
				s, err := w.keep(g.b.String())
				out, g = append(out, s), nil
				return err
			}
		}
		if g != nil {
			g.take(t)
		}
		return nil
	})
	return out, err
}

// cells reads the sheet. Rows and cells that are left out are empty.
func (w *workbookReader) cells(name string, strs []string) (out [][]string, err error) {
	var g *gather
	kind, col, row := "", 0, 0
	err = w.walk(name, func(t xml.Token) error {
		switch e := t.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "row":
				row++
				if n, err := strconv.Atoi(attribute(e, "r")); err == nil && n >= row {
					row = n
				}
				if row > maxRows {
					return tooLarge()
				}
				for len(out) < row {
					out = append(out, nil)
				}
				col = -1
				return nil
			case "c":
				if len(out) == 0 {
					return damaged()
				}
				col++
				if n, ok := columnOf(attribute(e, "r")); ok && n >= col {
					col = n
				}
				if col >= maxCols {
					return tooLarge()
				}
				kind, g = attribute(e, "t"), &gather{}
				return nil
			}
		case xml.EndElement:
			if e.Name.Local == "c" && g != nil {
				s := g.b.String()
				if kind == "s" {
					n, err := strconv.Atoi(strings.TrimSpace(s))
					if err != nil || n < 0 || n >= len(strs) {
						return damaged()
					}
					s = strs[n]
				}
				g = nil
				return w.put(out, col, s)
			}
		}
		if g != nil {
			g.take(t)
		}
		return nil
	})
	return out, err
}

// put puts a cell into the last row.
func (w *workbookReader) put(out [][]string, col int, s string) error {
	if s == "" {
		return nil
	}
	s, err := w.keep(s)
	if err != nil {
		return err
	}
	row := &out[len(out)-1]
	if w.texts -= 16 * int64(max(0, col+1-len(*row))); w.texts < 0 {
		return tooLarge()
	}
	for len(*row) <= col {
		*row = append(*row, "")
	}
	(*row)[col] = s
	return nil
}

// columnOf reads the letters of a cell's name: A1 is column 0.
func columnOf(name string) (int, bool) {
	n, some := 0, false
	for _, r := range name {
		if r < 'A' || r > 'Z' {
			break
		}
		if n = n*26 + int(r-'A') + 1; n > 1<<20 {
			return 0, false
		}
		some = true
	}
	return n - 1, some
}
