// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
)

// TestBrokenArchives: what lies before a break is read, and the rest is said.
func TestBrokenArchives(t *testing.T) {
	text := string(varied(64 << 10))
	pairs := []string{"a.log", "one\n", "b.log", text, "c.log", "three\n"}
	z, plain := zipped(t, pairs...), tarred(t, pairs...)
	whole, cut := map[string]string{"!/a.log": "one\n", "!/b.log": text, "!/c.log": "three\n"}, map[string]string{"": "broken"}
	t.Run("zip without its directory", func(t *testing.T) {
		archived(t, unpacked(t, "a.zip", z[:bytes.Index(z, []byte(zipCentral))], Search{}), whole, cut)
	})
	t.Run("zip of known sizes without its directory", func(t *testing.T) {
		b := piped(t, []byte("x"), "sh", "-c", `d=$(mktemp -d); cd $d; printf 'one\n' > a.log; cat > b.log; zip -q x.zip a.log b.log; cat x.zip; rm -r $d`)
		archived(t, unpacked(t, "a.zip", b[:bytes.Index(b, []byte(zipCentral))], Search{}), map[string]string{"!/a.log": "one\n", "!/b.log": "x"}, cut)
	})
	starts := func(t *testing.T, in *Inputs, name string) {
		t.Helper()
		got, problems := members(t, in)
		b, ok := strings.CutSuffix(got["!/b.log"], "<truncated>")
		if got["!/a.log"] != "one\n" || !ok || len(b) < 1000 || !strings.HasPrefix(text, b) || problems[""] != "broken" {
			t.Errorf("%s: %d members, %d bytes, whole %v, problems %q", name, len(got), len(b), !ok, problems)
		}
	}
	t.Run("cut within a member", func(t *testing.T) {
		starts(t, unpacked(t, "a.zip", z[:len(z)/2], Search{}), "zip")
		starts(t, unpacked(t, "a.tar", plain[:len(plain)/2], Search{}), "tar")
		gz := gzipped(t, plain, time.Time{})
		starts(t, unpacked(t, "a.tgz", gz[:len(gz)/2], Search{}), "tgz")
	})
	t.Run("damaged content", func(t *testing.T) {
		b := bytes.Clone(z)
		b[len(b)/2] ^= 0xff
		got, _ := members(t, unpacked(t, "a.zip", b, Search{}))
		if !strings.HasSuffix(got["!/b.log"], ">") || got["!/c.log"] != "three\n" {
			t.Errorf("%.100q", got)
		}
	})
	t.Run("a size that is not true", func(t *testing.T) {
		for _, size := range []uint32{3, 5} {
			b := zipped(t, "a.log", "one\n")
			binary.LittleEndian.PutUint32(b[bytes.Index(b, []byte(zipCentral))+24:], size)
			got, _ := members(t, unpacked(t, "a.zip", b, Search{}))
			if want := map[uint32]string{3: "one<corrupt>", 5: "one\n<truncated>"}[size]; got["!/a.log"] != want {
				t.Errorf("size %d: %q, want %q", size, got["!/a.log"], want)
			}
		}
	})
	t.Run("something behind a tar", func(t *testing.T) {
		archived(t, unpacked(t, "a.tar", append(bytes.Clone(plain), "hidden"...), Search{}), whole, map[string]string{"": "behind"})
	})
	t.Run("a directory that names what is not there", func(t *testing.T) {
		b := zipped(t, "a.log", "one\n", "b.log", "two\n")
		binary.LittleEndian.PutUint32(b[bytes.Index(b, []byte(zipCentral))+42:], 7)
		archived(t, unpacked(t, "a.zip", b, Search{}), map[string]string{"!/b.log": "two\n"}, map[string]string{"!/a.log": "broken"})
	})
}

// rawZip makes a zip file of entries whose headers say what they like; each has a place of its own unless at is set.
type rawMember struct {
	name          string
	flags, method uint16
	data          []byte
	size          uint32
	sum           uint32
	at            int // of the local header, where it is shared; -1: its own
}

func rawZip(entries ...rawMember) []byte {
	var b, dir []byte
	le := binary.LittleEndian
	head := func(e *rawMember) []byte {
		var h []byte
		h = le.AppendUint16(h, 20)
		h = le.AppendUint16(h, e.flags)
		h = le.AppendUint16(h, e.method)
		h = le.AppendUint32(h, 0x5c21_0000)
		h = le.AppendUint32(h, e.sum)
		h = le.AppendUint32(h, uint32(len(e.data)))
		h = le.AppendUint32(h, e.size)
		h = le.AppendUint16(h, uint16(len(e.name)))
		return le.AppendUint16(h, 0)
	}
	for i := range entries {
		e := &entries[i]
		at := e.at
		if at < 0 {
			at = len(b)
			b = append(append(append(append(b, zipLocal...), head(e)...), e.name...), e.data...)
		}
		dir = append(append(dir, zipCentral...), 20, 0)
		dir = append(dir, head(e)...)
		dir = append(dir, make([]byte, 10)...)
		dir = le.AppendUint32(dir, uint32(at))
		dir = append(dir, e.name...)
	}
	start := len(b)
	b = append(append(b, dir...), zipEnd...)
	b = append(b, 0, 0, 0, 0)
	b = le.AppendUint16(b, uint16(len(entries)))
	b = le.AppendUint16(b, uint16(len(entries)))
	b = le.AppendUint32(b, uint32(len(dir)))
	b = le.AppendUint32(b, uint32(start))
	return append(b, 0, 0)
}

func deflatedOf(t testing.TB, size int64) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err == nil {
		_, err = io.CopyN(w, zeros{}, size)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
	return b.Bytes()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestBombs: what would unfold without end is not unfolded, and the rest is read.
func TestBombs(t *testing.T) {
	one := func(text string) rawMember {
		return rawMember{name: "good.log", data: []byte(text), size: uint32(len(text)), sum: crc32.ChecksumIEEE([]byte(text)), at: -1}
	}
	good := map[string]string{"!/good.log": "one\n"}
	t.Run("too much for its size", func(t *testing.T) {
		bomb := rawMember{name: "zeros", method: 8, data: deflatedOf(t, 60<<20), size: 60 << 20, at: -1}
		archived(t, unpacked(t, "a.zip", rawZip(one("one\n"), bomb), Search{unfold: 20 << 20}), good, map[string]string{"!/zeros": "unfolds"})
	})
	t.Run("many that say they are large", func(t *testing.T) {
		all := []rawMember{one("one\n")}
		for i := range 300 {
			all = append(all, rawMember{name: fmt.Sprint("m", i), method: 8, data: []byte{3, 0}, size: 4<<30 - 2, at: -1})
		}
		in := unpacked(t, "a.zip", rawZip(all...), Search{})
		_, problems := members(t, in)
		if len(in.Files) != 2 || len(problems) != maxTold+1 || problems[""] != "too-many" {
			t.Errorf("%d files, %d problems", len(in.Files), len(problems))
		}
	})
	t.Run("one place for many", func(t *testing.T) {
		all := []rawMember{one("one\n")}
		for i := range 1000 {
			all = append(all, rawMember{name: fmt.Sprint("m", i), data: []byte("one\n"), size: 4, at: 0})
		}
		archived(t, unpacked(t, "a.zip", rawZip(all...), Search{}), good, map[string]string{"": "unfolds"})
	})
	t.Run("one within another", func(t *testing.T) {
		inner := rawZip(one("inner\n"))
		outer := rawMember{name: "outer", data: inner, size: uint32(len(inner)), sum: crc32.ChecksumIEEE(inner), at: -1}
		quoted := rawMember{name: "quoted", data: []byte("inner\n"), size: 6, at: 30 + len("outer")}
		in := unpacked(t, "a.zip", rawZip(outer, quoted), Search{})
		archived(t, in, map[string]string{"!/outer!/good.log": "inner\n"}, map[string]string{"": "unfolds"})
	})
	t.Run("tar of zeros", func(t *testing.T) {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		w.WriteHeader(&tar.Header{Name: "good.log", Size: 4, Typeflag: tar.TypeReg})
		w.Write([]byte("one\n"))
		w.WriteHeader(&tar.Header{Name: "zeros", Size: 60 << 20, Typeflag: tar.TypeReg})
		w.Flush()
		var packed bytes.Buffer
		z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if _, err := io.Copy(z, io.MultiReader(&b, io.LimitReader(zeros{}, 60<<20))); err != nil {
			t.Fatal(err)
		}
		z.Close()
		archived(t, unpacked(t, "a.tgz", packed.Bytes(), Search{unfold: 20 << 20}), good, map[string]string{"!/zeros": "unfolds"})
	})
	t.Run("an archive of itself", func(t *testing.T) {
		b := zipped(t, "x", "y")
		for range 40 {
			b = zipped(t, "r.zip", string(b))
		}
		archived(t, unpacked(t, "r.zip", b, Search{}), map[string]string{}, map[string]string{"!/r.zip!/r.zip!/r.zip": "too-deep"})
	})
	t.Run("too many members", func(t *testing.T) {
		var pairs []string
		for i := range 50 {
			pairs = append(pairs, fmt.Sprint("f", i), "x")
		}
		for _, b := range [][]byte{zipped(t, pairs...), tarred(t, pairs...), gzipped(t, tarred(t, pairs...), time.Time{})} {
			in := unpacked(t, "a", b, Search{members: 20})
			if _, problems := members(t, in); len(in.Files) != 21 || !reflect.DeepEqual(problems, map[string]string{"": "too-many"}) {
				t.Errorf("%d files, %q", len(in.Files), problems)
			}
		}
	})
	t.Run("more than is kept", func(t *testing.T) {
		b := gzipped(t, tarred(t, "a", "one\n", "b", string(varied(1<<20)), "c", "three\n"), time.Time{})
		archived(t, unpacked(t, "a.tgz", b, Search{SpoolLimit: 1000}), map[string]string{"!/a": "one\n", "!/c": "three\n"}, map[string]string{"!/b": "cut"})
	})
}

// FuzzUnpack: whatever an archive is, listing and reading it ends, within its bounds, and no path leaves it.
func FuzzUnpack(f *testing.F) {
	z, plain := zipped(f, "a/b.log", "one\n", "c.tar", string(tarred(f, "d", "e"))), tarred(f, "a/b.log", "one\n", "c.zip", string(zipped(f, "d", "e")))
	for _, b := range [][]byte{z, plain, gzipped(f, plain, time.Time{}), zstded(f, plain), z[:len(z)/2], plain[:700], z[:bytes.Index(z, []byte(zipCentral))],
		rawZip(rawMember{name: "..\\x\x00", flags: zipEncrypted, method: 8, data: []byte{3, 0}, at: -1}, rawMember{name: "y", at: 0})} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		const most = 1 << 20
		in := &Inputs{Files: []File{{Path: "-", Size: int64(len(b)), spool: bytes.NewReader(b)}}}
		if err := in.Unpack(t.Context(), Search{TempDir: t.TempDir(), members: 20, unfold: most}); err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		seen, sum := map[string]bool{}, int64(0)
		for _, f := range in.Files {
			if seen[f.Path] || f.Within == "" && f.Path != "-" || f.Within != "" && (!strings.HasPrefix(f.Path, "-!/") || strings.Contains(f.Path+"/", "/../")) {
				t.Errorf("path %q", f.Path)
			}
			seen[f.Path] = true
			if f.Within == "" {
				continue
			}
			s, err := Open(f, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if s.Compression = Plain; s.Size > 0 { // what is packed within the member has its own tests
				_, _ = s.Content(t.Context(), io.Discard)
			}
			sum += s.Stats().Raw
			s.Close()
		}
		if limit := max(most, int64(len(b))*maxRatio); sum > 2*limit {
			t.Errorf("%d bytes of %d", sum, len(b))
		}
	})
}
