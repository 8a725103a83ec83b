// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path/filepath"
)

// Read reads one file of indicators into the set. open is called once, or twice where a bundle takes back what it said before.
// What is wrong with single entries stands in the list; an error means that the file could not be read at all.
func (s *Set) Read(src Source, open func() (io.ReadCloser, error)) (*List, error) {
	if src.Name == "" {
		src.Name = clean(filepath.Base(src.Path), mostLabel)
	}
	r := s.add(src)
	err := r.read(open, nil)
	var again *revoked
	if errors.As(err, &again) {
		s.table.forget(func(meta uint32) bool { return s.metas[meta].list == r.number })
		r.list.Indicators, r.list.LeftOut, r.list.Samples, r.reasons = 0, nil, nil, map[string]int{}
		err = r.read(open, again.ids)
	}
	if err != nil {
		return r.list, fmt.Errorf("intel: read %s: %w", src.Path, err)
	}
	return r.list, nil
}

// forget takes entries out again.
func (t *table) forget(which func(meta uint32) bool) {
	for i := range t.buckets {
		b := t.buckets[i]
		out := b[:0]
		for _, e := range b {
			if !which(e.meta) {
				out = append(out, e)
			}
		}
		t.n -= len(b) - len(out)
		t.buckets[i] = out
	}
}

func (r *reading) read(open func() (io.ReadCloser, error), skip map[[16]byte]bool) error {
	f, err := open()
	if err != nil {
		return err
	}
	defer f.Close()
	b := bufio.NewReaderSize(f, 256<<10)
	if head, _ := b.Peek(2); len(head) == 2 && head[0] == 0x1f && head[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return err
		}
		b = bufio.NewReaderSize(z, 256<<10)
	}
	if head, _ := b.Peek(3); bytes.HasPrefix(head, []byte("\xef\xbb\xbf")) {
		b.Discard(3)
	}
	head, err := b.Peek(64 << 10)
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return err
	}
	switch t := bytes.TrimLeft(head, " \t\r\n"); {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return errors.New("it is UTF-16: save it as UTF-8")
	case bytes.IndexByte(head, 0) >= 0:
		return errors.New("it is no text")
	case len(t) > 0 && (t[0] == '{' || t[0] == '[' && looksJSON(t)):
		return r.json(b, t, skip)
	}
	return r.lines(b)
}

// looksJSON tells an array from a line that begins with an address in brackets.
func looksJSON(t []byte) bool {
	t = bytes.TrimLeft(t[1:], " \t\r\n")
	return len(t) == 0 || t[0] == '{' || t[0] == '"' || t[0] == '[' || t[0] == ']'
}

// json reads a stream of JSON, whose head tells what it is.
func (r *reading) json(b *bufio.Reader, head []byte, skip map[[16]byte]bool) error {
	w := &walker{r: b}
	var s *stixReader
	has := func(key string) bool { return bytes.Contains(head, []byte(key)) }
	switch {
	case has(`"warninglist`) || has(`"matching_attributes"`) && has(`"list"`):
		return errors.New("it is a warninglist of MISP, which names what is not bad: it has no effect")
	case has(`"Event"`), has(`"Attribute"`), has(`"to_ids"`):
		r.list.Format = "misp"
		w.do = &mispReader{r: r}
	case has(`"Orgc"`) && has(`"timestamp"`) && !has(`"pattern"`):
		return errors.New("it is the table of contents of a MISP feed: give the folder, or the files of events")
	default:
		r.list.Format = "stix"
		s = &stixReader{r: r, skip: skip, bundle: has(`"objects"`)}
		if !s.bundle && !has(`"pattern`) {
			r.list.Format = "json"
		}
		w.do = s
	}
	err := w.run()
	if m, ok := w.do.(*mispReader); ok {
		m.flush()
	}
	if err != nil {
		r.leave(w.line, "the file breaks off or is no JSON from here on", err.Error())
	}
	if s != nil && len(s.taken) > 0 && skip == nil {
		return &revoked{s.taken}
	}
	return nil
}

// revoked says that a bundle takes back indicators that were read before.
type revoked struct{ ids map[[16]byte]bool }

func (*revoked) Error() string { return "indicators were taken back" }
