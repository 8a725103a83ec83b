// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// vc0Rows makes n rows; every third is long.
func vc0Rows(n int) []string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprintf("67e3%04x.%06x\tvpn1\tAUT24327\tvc0\tRoot\t203.0.113.%d\tuser%d\tUsers\tLDAP%s", i, i*7, i%250, i, strings.Repeat(" x", i%3*80)))
	}
	return out
}

// vc0File lays rows out with what stands before each.
func vc0File(rows []string, before func(row string) []byte) []byte {
	b := append([]byte(vc0Magic), make([]byte, vc0Header-len(vc0Magic))...)
	for _, r := range rows {
		b = append(append(b, before(r)...), r...)
	}
	return b
}

func vc0Lengths(plus int) func(row string) []byte {
	return func(row string) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(len(row)+plus)) }
}

func vc0Read(t *testing.T, data []byte, chunk int) []string {
	t.Helper()
	s := source(t, data, Options{chunk: chunk})
	if f, ok := FramingOf(data[:min(len(data), 4096)]); !ok || f != event.FrameVC0 {
		t.Fatalf("framed as %v", f)
	}
	var out []string
	err := s.Records(t.Context(), event.FrameVC0, func(r *event.Record) error {
		if r.Line != int64(len(out)+1) || r.Offset+r.Length > int64(len(data)) || !bytes.Equal(data[r.Offset:r.Offset+r.Length], r.Data) {
			t.Errorf("record %d at %d, %d bytes: %q", r.Line, r.Offset, r.Length, r.Data)
		}
		out = append(out, string(r.Data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestVC0 reads files of both layouts, whole, reserved beyond their end, and damaged in one place.
func TestVC0(t *testing.T) {
	rows := vc0Rows(300)
	five := func(string) []byte { return []byte{5} }
	for name, data := range map[string][]byte{
		"lengths":                   vc0File(rows, vc0Lengths(0)),
		"lengths that count in two": vc0File(rows, vc0Lengths(2)),
		"byte 5":                    vc0File(rows, five),
		"reserved":                  append(vc0File(rows, vc0Lengths(0)), make([]byte, 100_000)...),
	} {
		for _, chunk := range []int{0, 600} {
			if got := vc0Read(t, data, chunk); !slices.Equal(got, rows) {
				t.Errorf("%s: %d rows of %d", name, len(got), len(rows))
			}
		}
	}
	if got := vc0Read(t, vc0File(nil, nil), 0); len(got) != 0 {
		t.Errorf("an empty log has %q", got)
	}
	// What a stranger writes does not begin a row where the lengths are right.
	forged := []string{rows[0], rows[1] + "\x01\x0167e39911.048d95\tvpn1\tAUT22670\tvc0\tRoot\t198.51.100.9\tadmin\tUsers", rows[2]}
	if got := vc0Read(t, vc0File(forged, vc0Lengths(0)), 0); !slices.Equal(got, forged) {
		t.Errorf("forged: %q", got)
	}
	// A wrong length costs no row.
	wrong := vc0File(rows, vc0Lengths(0))
	wrong[vc0Header] ^= 0x40
	got := vc0Read(t, wrong, 0)
	if len(got) != len(rows) || !slices.Equal(got[1:], rows[1:]) {
		t.Errorf("with a wrong length: %d rows, the first %q", len(got), got[0])
	}
	// Torn in the middle: what is between is told, all else is read.
	torn := vc0File(rows, vc0Lengths(0))
	copy(torn[vc0Header+200:], bytes.Repeat([]byte{0xee}, 300))
	if got := vc0Read(t, torn, 0); len(got) < len(rows)-4 || !slices.Equal(got[len(got)-290:], rows[10:]) {
		t.Errorf("torn: %d rows", len(got))
	}
}

// TestVC0Peer reads the test files of another reader: ten rows each, one of them without a time.
func TestVC0Peer(t *testing.T) {
	for name, want := range map[string]int{"log.access.vc0": 10, "log.events.vc0": 10} {
		data, err := os.ReadFile(filepath.Join("..", "..", "shared", "data", "plaso", "ivanti_vc0", name))
		if errors.Is(err, os.ErrNotExist) {
			t.Skip("the files of others that this is held against are not here")
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := vc0Read(t, data, 0); len(got) != want {
			t.Errorf("%s: %d rows, want %d", name, len(got), want)
		}
	}
}

// FuzzVC0 checks that every byte is in a record or counted as envelope, whatever stands behind the header.
func FuzzVC0(f *testing.F) {
	rows := vc0Rows(4)
	f.Add(vc0File(rows, vc0Lengths(0))[vc0Header:])
	f.Add(vc0File(rows, func(string) []byte { return []byte{5} })[vc0Header:])
	f.Add([]byte("\x00\x00\x05\x05\x05.\x0167e39911.048d95\t"))
	f.Fuzz(func(t *testing.T, body []byte) {
		data := append(vc0File(nil, nil), body...)
		s := source(t, data, Options{})
		sum, end := int64(0), int64(0)
		err := s.Records(t.Context(), event.FrameVC0, func(r *event.Record) error {
			if r.Offset < end || r.Length == 0 {
				t.Fatalf("record %d at %d overlaps, or is empty", r.Line, r.Offset)
			}
			sum += r.Length
			end = r.Offset + r.Length
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if all := sum + s.Stats().Envelope; all != int64(len(data)) {
			t.Errorf("%d bytes of %d are accounted for", all, len(data))
		}
	})
}
