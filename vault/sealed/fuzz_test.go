// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// FuzzSegment reads any bytes as a segment, in all the ways that one is read: nothing panics, no more memory is taken than a block may, and what verify calls right
// can be decoded.
func FuzzSegment(f *testing.F) {
	dir, _ := fill(f, 40)
	all, _ := listSegments(dir)
	for _, s := range all {
		b, err := os.ReadFile(s.path(dir))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	text, _ := os.ReadFile(filepath.Join(dir, checkpointName))
	vkey, _ := os.ReadFile(filepath.Join(dir, logName))
	origin, public, err := parseVerifierKey(string(vkey))
	if err != nil {
		f.Fatal(err)
	}
	signed, _, _ := readCheckpoint(text, public)
	o, err := newOpener()
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := segment{}
		tag, err := parseSegmentHead(b, s, origin)
		if err != nil && len(b) >= segmentHead+leadSize {
			if h, err := parseLead(b[segmentHead:]); err == nil {
				tag, s = h.Tag, segment{h.Number, h.First}
			}
		}
		end, _, err := walk(bytes.NewReader(b), int64(len(b)), segmentHead, s, tag, true, func(b at, payload []byte) error {
			records, err := o.records(&b.header, payload, nil)
			_, err2 := o.verify(&b.header, payload)
			if err2 == nil && (err != nil || len(records) != b.Count) {
				t.Errorf("what is verified cannot be read: %v", err)
			}
			return nil
		})
		if err != nil || end > int64(max(len(b), segmentHead)) {
			t.Errorf("%d of %d: %v", end, len(b), err)
		}
		v := &verifier{dir: dir, r: new(Report), tree: new(tree), known: map[string]bool{}, open: o, signed: signed, leaves: fromEntries(dir, signed.Size)}
		for _, end := range []int64{-1, s.Block + 7} {
			c := &cursor{v: v, name: "x", b: b, next: s, offset: min(segmentHead, len(b)), tag: tag, budget: 32 * len(b)}
			for (end < 0 || c.next.Block < end) && c.step(end) {
			}
			c.finish(end)
		}
	})
}

// FuzzNote reads any bytes as the small files of a log. What is read is what is written again.
func FuzzNote(f *testing.F) {
	dir, _ := fill(f, 20)
	for _, name := range []string{checkpointName, logName, tilePath(-1, 0, 20), tilePath(0, 0, 20)} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	p, err := Extract(f.Context(), dir, 7, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(p.Log))
	f.Add(p.Record)
	public := testKey(f).Public()
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, _, err := readCheckpoint(b, public); err == nil && !bytes.HasPrefix(b, []byte(checkpointText(c.Origin, c.Size, c.Root))) {
			t.Errorf("%q is read as %+v", b, c)
		}
		if name, key, err := parseVerifierKey(string(b)); err == nil && verifierKey(name, key) != string(bytes.TrimSuffix(b, []byte("\n"))) {
			t.Errorf("%q is read as the key of %q", b, name)
		}
		if leaves, err := parseBundle(b); err == nil && len(leaves)*(2+headerSize) != len(b) {
			t.Errorf("%d leaves", len(leaves))
		}
		parseLogProof(string(b))
		var r event.Received
		if decodeRecord(b, &r, new(names)) == nil && check(&r) == nil {
			var again event.Received
			if err := decodeRecord(appendRecord(nil, &r), &again, new(names)); err != nil || !same(r, again) {
				t.Errorf("%+v is read again as %+v: %v", r, again, err)
			}
		}
	})
}
