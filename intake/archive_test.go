// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// zipped makes a zip file of names and contents in turn.
func zipped(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		m, err := w.Create(pairs[i])
		if err == nil {
			_, err = m.Write([]byte(pairs[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tarred makes a tar archive of names and contents in turn.
func tarred(t testing.TB, pairs ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		err := w.WriteHeader(&tar.Header{Name: pairs[i], Typeflag: tar.TypeReg, Mode: 0o600, Size: int64(len(pairs[i+1])), ModTime: time.Unix(1e9, 0)})
		if err == nil {
			_, err = w.Write([]byte(pairs[i+1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpacked finds what is in one archive.
func unpacked(t testing.TB, name string, content []byte, search Search) *Inputs {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := Discover([]string{path}, Search{})
	if err == nil {
		search.TempDir = t.TempDir()
		err = in.Unpack(context.Background(), search)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := in.Close(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(search.TempDir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
	return in
}

// members reads all members of in and returns their contents, or how reading them ended, by name; problems by name as well.
func members(t testing.TB, in *Inputs) (content, problems map[string]string) {
	t.Helper()
	content, problems = map[string]string{}, map[string]string{}
	root := ""
	for _, f := range in.Files {
		if f.Within == "" {
			root = f.Path
			continue
		}
		name := strings.TrimPrefix(f.Path, f.Within)
		s, err := Open(f, Options{})
		if err != nil {
			t.Fatalf("open %s: %v", f.Path, err)
		}
		var b bytes.Buffer
		_, err = s.Content(t.Context(), &b)
		s.Close()
		text := b.String()
		switch {
		case errors.Is(err, ErrTruncated):
			text += "<truncated>"
		case errors.Is(err, ErrCorrupt):
			text += "<corrupt>"
		case err != nil:
			text += "<" + err.Error() + ">"
		}
		if _, twice := content[name]; twice {
			t.Errorf("two members are called %s", name)
		}
		content[name] = text
	}
	for _, p := range in.Problems {
		if p.What.Ja == "" || p.What.En == "" {
			t.Errorf("%v says nothing", p)
		}
		problems[strings.TrimPrefix(p.Path, root)] = p.Kind.String()
	}
	return content, problems
}

func archived(t *testing.T, in *Inputs, want, wantProblems map[string]string) {
	t.Helper()
	got, problems := members(t, in)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("members: got %.2000q, want %.2000q", got, want)
	}
	if wantProblems == nil {
		wantProblems = map[string]string{}
	}
	if !reflect.DeepEqual(problems, wantProblems) {
		t.Errorf("problems: got %q, want %q", problems, wantProblems)
	}
}

// TestArchives: members of every kind of archive are files of their own; what they lie in changes nothing.
func TestArchives(t *testing.T) {
	pairs := []string{"var/log/auth.log", "one\ntwo\n", "etc/empty", "", "old.log.gz", string(gzipped(t, []byte("three\n"), time.Time{}))}
	want := map[string]string{"!/var/log/auth.log": "one\ntwo\n", "!/etc/empty": "", "!/old.log.gz": "three\n"}
	plain := tarred(t, pairs...)
	for name, b := range map[string][]byte{"a.zip": zipped(t, pairs...), "a.tar": plain, "a.tgz": gzipped(t, plain, time.Time{}), "a.tar.zst": zstded(t, plain),
		"a.tar.bz2": bzip2ped(t, plain), "a.zip.gz": gzipped(t, zipped(t, pairs...), time.Time{}), "joined.tar": append(tarred(t, pairs[:2]...), tarred(t, pairs[2:]...)...),
		"joined.tgz": gzipped(t, append(tarred(t, pairs[:2]...), tarred(t, pairs[2:]...)...), time.Time{})} {
		t.Run(name, func(t *testing.T) {
			var last [2]int64
			in := unpacked(t, name, b, Search{Progress: func(_ string, read, of int64) { last = [2]int64{read, of} }})
			archived(t, in, want, nil)
			if last[1] != int64(len(b)) || last[0] < last[1]/2 || last[0] > last[1] {
				t.Errorf("progress ended at %d", last)
			}
			if f := in.Files[0]; f.Archive == NoArchive || f.Members != 3 || f.Size != int64(len(b)) {
				t.Errorf("%+v", f)
			}
		})
	}
}

// bzip2ped packs with bzip2, which no library at hand can: the program does where there is one.
func bzip2ped(t testing.TB, b []byte) []byte {
	t.Helper()
	out := piped(t, b, "bzip2", "-c")
	if got, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(out))); err != nil || !bytes.Equal(got, b) {
		t.Fatal("bzip2 packed something else", err)
	}
	return out
}

// piped runs a program that makes an archive as no library at hand does.
func piped(t testing.TB, in []byte, name string, args ...string) []byte {
	t.Helper()
	c := exec.Command(name, args...)
	c.Stdin = bytes.NewReader(in)
	out, err := c.Output()
	if err != nil || len(out) == 0 {
		t.Skipf("%s is not to be had here: %v", name, err)
	}
	return out
}

// TestNested: archives within archives are read to a depth of three, whatever lies in what.
func TestNested(t *testing.T) {
	one := tarred(t, "deep.log", "deep\n")
	two := zipped(t, "inner.tar", string(one), "mid.log", "mid\n")
	three := gzipped(t, tarred(t, "two.zip", string(two), "top.log", "top\n"), time.Time{})
	want := map[string]string{"!/two.zip!/inner.tar!/deep.log": "deep\n", "!/two.zip!/mid.log": "mid\n", "!/top.log": "top\n"}
	archived(t, unpacked(t, "three.tgz", three, Search{}), want, nil)
	four := zipped(t, "three.tgz", string(three))
	delete(want, "!/two.zip!/inner.tar!/deep.log")
	deeper := map[string]string{}
	for k, v := range want {
		deeper["!/three.tgz"+k] = v
	}
	archived(t, unpacked(t, "four.zip", four, Search{}), deeper, map[string]string{"!/three.tgz!/two.zip!/inner.tar": "too-deep"})
	archived(t, unpacked(t, "tars.tar", tarred(t, "in.tar", string(one), "in.zip", string(zipped(t, "x", "y")), "in.tgz", string(gzipped(t, one, time.Time{}))), Search{}),
		map[string]string{"!/in.tar!/deep.log": "deep\n", "!/in.zip!/x": "y", "!/in.tgz!/deep.log": "deep\n"}, nil)
}

// TestReadAgain: a member is framed, looked at and extracted like any other file.
func TestReadAgain(t *testing.T) {
	text := string(varied(3 << 20))
	for name, b := range map[string][]byte{"a.zip": zipped(t, "x.log", text), "a.tar": tarred(t, "x.log", text), "a.tgz": gzipped(t, tarred(t, "x.log", text), time.Time{})} {
		t.Run(name, func(t *testing.T) {
			in := unpacked(t, name, b, Search{})
			f := in.Files[1]
			s, err := Open(f, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			head, err := s.Head(100)
			if err != nil || string(head) != text[:100] {
				t.Fatalf("%q, %v", head, err)
			}
			var last event.Part
			err = s.Records(t.Context(), event.FrameLines, func(r *event.Record) error { last = r.Part; return nil })
			if err != nil || s.Stats().Bytes != int64(len(text)) || !s.Stats().Whole || s.Size != int64(len(text)) {
				t.Fatalf("%+v, %v", s.Stats(), err)
			}
			got, err := Extract(t.Context(), f, []event.Part{last, {Offset: 5, Length: 7}})
			if err != nil || string(got[0]) != text[last.Offset:last.Offset+last.Length] || string(got[1]) != text[5:12] {
				t.Errorf("%q, %v", got, err)
			}
			// The archive gives way to another: what was found in it means nothing any more.
			if err := os.WriteFile(f.Within, []byte("something else"), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Extract(t.Context(), f, []event.Part{last}); name != "a.tgz" && !errors.Is(err, ErrChanged) {
				t.Errorf("of a changed archive: %v", err)
			}
		})
	}
}

// TestNames: whatever an archive calls its members, their paths lie below it, are readable and differ.
func TestNames(t *testing.T) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, n := range []string{"../../etc/passwd", "/abs/olute", `dir\win.log`, "nul\x00byte", "bidi\u202egol.exe", "new\nline", "\x8a\xc4\x8d\xb8\x83\x8d\x83\x4f.log",
		"twice", "twice", "twice", "a/./b//c", "bang!/x", "..", "\xff\xfe", strings.Repeat("long", 1000), "utf8-観測.log"} {
		m, err := w.CreateHeader(&zip.FileHeader{Name: n, NonUTF8: true, Method: zip.Store})
		if err == nil {
			_, err = fmt.Fprint(m, i)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	in := unpacked(t, "n.zip", b.Bytes(), Search{})
	got, problems := members(t, in)
	want := map[string]string{"!/etc/passwd": "0", "!/abs/olute": "1", "!/dir/win.log": "2", `!/nul\u0000byte`: "3", `!/bidi\u202egol.exe`: "4", `!/new\u000aline`: "5",
		"!/監査ログ.log": "6", "!/twice": "7", "!/twice#2": "8", "!/twice#3": "9", "!/a/b/c": "10", `!/bang\u0021/x`: "11", "!/unnamed": "12", `!/\xff\xfe`: "13",
		"!/" + strings.Repeat("long", 256) + "…": "14", "!/utf8-観測.log": "15"}
	if !reflect.DeepEqual(got, want) || len(problems) > 0 {
		t.Errorf("got %q, %q\nwant %q", got, problems, want)
	}
	for _, f := range in.Files {
		odd := false
		for _, s := range []string{"etc/passwd", "abs", `\u00`, `\u20`, "#", "unnamed", `\x`, "…"} {
			odd = odd || strings.Contains(f.Path, s) && !strings.Contains(f.Path, "bang")
		}
		if odd != (f.Note.En != "" && f.Note.Ja != "") {
			t.Errorf("%s: note %q", f.Path, f.Note.En)
		}
	}
}

// TestNameTaken: a folder beside the archive may be called as if it lay in it.
func TestNameTaken(t *testing.T) {
	lay(t, "a.zip!/x")
	if err := os.WriteFile("a.zip", zipped(t, "x", "inside"), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := Discover([]string{"a.zip", "a.zip!"}, Search{})
	if err == nil {
		err = in.Unpack(t.Context(), Search{TempDir: t.TempDir()})
	}
	paths, _ := found(in)
	if err != nil || !reflect.DeepEqual(paths, []string{"a.zip", "a.zip!/x", "a.zip!/x#2"}) {
		t.Error(paths, err)
	}
}

// TestTarMembers: what is no file in a tar archive is named, and nothing is followed.
func TestTarMembers(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []*tar.Header{{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o700}, {Name: "d/x.log", Typeflag: tar.TypeReg, Size: 2},
		{Name: "d/link", Typeflag: tar.TypeSymlink, Linkname: "../../../etc/passwd"}, {Name: "d/hard", Typeflag: tar.TypeLink, Linkname: "d/x.log"},
		{Name: "d/hardout", Typeflag: tar.TypeLink, Linkname: "/etc/shadow"}, {Name: "d/dev", Typeflag: tar.TypeBlock, Devmajor: 8}, {Name: "d/pipe", Typeflag: tar.TypeFifo},
		{Name: strings.Repeat("n", 300), Typeflag: tar.TypeReg, Size: 2, Format: tar.FormatGNU}, {Name: "パックス", Typeflag: tar.TypeReg, Size: 2, Format: tar.FormatPAX}} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			w.Write([]byte("x\n"))
		}
	}
	w.Close()
	want := map[string]string{"!/d/x.log": "x\n", "!/" + strings.Repeat("n", 300): "x\n", "!/パックス": "x\n"}
	wantProblems := map[string]string{"!/d/link": "link-in", "!/d/hard": "duplicate", "!/d/hardout": "link-in", "!/d/dev": "not-regular", "!/d/pipe": "not-regular"}
	archived(t, unpacked(t, "a.tar", b.Bytes(), Search{}), want, wantProblems)
	archived(t, unpacked(t, "a.tgz", gzipped(t, b.Bytes(), time.Time{}), Search{}), want, wantProblems)
}

// TestSparse: the holes of a sparse member are read as what they stand for, and count.
func TestSparse(t *testing.T) {
	pax := func(records string) []byte { // an extended header: "LENGTH key=value\n"
		n := len(records) + 4
		return fmt.Appendf(nil, "%d %s\n", n, records)
	}
	make := func(size int64) []byte {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		data := fmt.Sprintf("1\n%d\n5\n", size-5)
		data += strings.Repeat("\x00", tarBlock-len(data)) + "tail\n"
		// Written by hand: the library reads sparse members and writes none.
		var ext []byte
		for _, r := range []string{"GNU.sparse.major=1", "GNU.sparse.minor=0", "GNU.sparse.name=s.log", fmt.Sprintf("GNU.sparse.realsize=%d", size)} {
			ext = append(ext, pax(r)...)
		}
		if err := w.WriteHeader(&tar.Header{Name: "plain", Typeflag: tar.TypeReg, Size: 0}); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		raw := func(kind byte, name string, content []byte) {
			h := bytes.Repeat([]byte{0}, tarBlock)
			copy(h, name)
			copy(h[100:], "0000600\x000000000\x000000000\x00")
			copy(h[124:], fmt.Sprintf("%011o\x00%011o\x00        %c", len(content), 0, kind))
			copy(h[257:], "ustar\x0000")
			sum := 0
			for _, c := range h {
				sum += int(c)
			}
			copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
			b.Write(h)
			b.Write(content)
			b.Write(bytes.Repeat([]byte{0}, (tarBlock-len(content)%tarBlock)%tarBlock))
		}
		raw('x', "PaxHeaders/s", ext)
		raw('0', "GNUSparseFile.0/s.log", []byte(data))
		b.Write(bytes.Repeat([]byte{0}, 2*tarBlock))
		return b.Bytes()
	}
	archived(t, unpacked(t, "a.tar", make(10005), Search{}), map[string]string{"!/plain": "", "!/s.log": strings.Repeat("\x00", 10000) + "tail\n"}, nil)
	archived(t, unpacked(t, "big.tar", make(1<<50), Search{}), map[string]string{"!/plain": ""}, map[string]string{"!/s.log": "unfolds"})
}

// TestZipMembers: what cannot be unpacked is named with what to do.
func TestZipMembers(t *testing.T) {
	data := []byte("one\n")
	sum := crc32.ChecksumIEEE(data)
	in := unpacked(t, "a.zip", rawZip(
		rawMember{name: "secret.log", flags: zipEncrypted, data: []byte("0123456789abcdef"), size: 4, at: -1},
		rawMember{name: "aes.log", flags: zipEncrypted, method: 99, data: []byte("0123456789abcdef"), size: 4, at: -1},
		rawMember{name: "lzma.log", method: 14, data: data, size: 4, at: -1},
		rawMember{name: "what.log", method: 77, data: data, size: 4, at: -1},
		rawMember{name: "z.log", method: 93, data: zstded(t, data), size: 4, sum: sum, at: -1},
		rawMember{name: "b.log", method: 12, data: bzip2ped(t, data), size: 4, sum: sum, at: -1},
		rawMember{name: "folder/", at: -1},
		rawMember{name: "wrong.log", data: data, size: 4, sum: sum + 1, at: -1}), Search{})
	archived(t, in, map[string]string{"!/z.log": "one\n", "!/b.log": "one\n", "!/wrong.log": "one\n<corrupt>"},
		map[string]string{"!/secret.log": "encrypted", "!/aes.log": "encrypted", "!/lzma.log": "unknown", "!/what.log": "unknown"})
	for _, p := range in.Problems {
		if p.Kind == Encrypted && !strings.Contains(p.String(), "secret.log: is encrypted with a password; unpack the archive with its password and give the result") && strings.Contains(p.Path, "secret") {
			t.Error(p.String())
		}
	}
	archived(t, unpacked(t, "book.xlsx", zipped(t, "[Content_Types].xml", "<x/>", "xl/workbook.xml", "<x/>"), Search{}), map[string]string{}, map[string]string{"": "unknown"})
}

// TestZip64: sizes that do not fit 32 bits, and what programs really write.
func TestZip64(t *testing.T) {
	b := piped(t, []byte("one\n"), "sh", "-c", "zip -q -fz - - | cat") // from a pipe to a pipe: sizes behind the data, 64 bits wide
	archived(t, unpacked(t, "a.zip", b, Search{}), map[string]string{"!/-": "one\n"}, nil)
	archived(t, unpacked(t, "a.zip", b[:bytes.Index(b, []byte(zipCentral))], Search{}), map[string]string{"!/-": "one\n"}, map[string]string{"": "broken"})
	b = piped(t, []byte("one\n"), "sh", "-c", `d=$(mktemp -d); cd $d; cat > f; ln -s /etc/passwd l; zip -q -y x.zip f l; printf junk | cat - x.zip; rm -r $d`)
	archived(t, unpacked(t, "a.zip", b[4:], Search{}), map[string]string{"!/f": "one\n"}, map[string]string{"!/l": "link-in"})
	b = append([]byte(zipAfter), b[4:]...) // made to be split: the mark is counted, or is not
	archived(t, unpacked(t, "a.zip", b, Search{}), map[string]string{"!/f": "one\n"}, map[string]string{"!/l": "link-in"})
	archived(t, unpacked(t, "a.z01", b[:bytes.Index(b, []byte(zipCentral))], Search{}), map[string]string{"!/f": "one\n", "!/l": "/etc/passwd"}, map[string]string{"": "broken"})
}

// TestStdinArchive: an archive may come on standard input.
func TestStdinArchive(t *testing.T) {
	dir := t.TempDir()
	in, err := Discover([]string{"-"}, Search{Stdin: bytes.NewReader(zipped(t, "x.log", "one\n")), TempDir: dir})
	if err == nil {
		err = in.Unpack(t.Context(), Search{TempDir: dir})
	}
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	archived(t, in, map[string]string{"!/x.log": "one\n"}, nil)
}

// TestUnpackStops: a cancelled context, and a disk without room, end the search.
func TestUnpackStops(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.tgz")
	if err := os.WriteFile(path, gzipped(t, tarred(t, "x", "y"), time.Time{}), 0o600); err != nil {
		t.Fatal(err)
	}
	in, err := Discover([]string{path}, Search{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := in.Unpack(ctx, Search{TempDir: t.TempDir()}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := in.Unpack(t.Context(), Search{TempDir: filepath.Join(t.TempDir(), "gone")}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// TestTables: the rows of a Parquet file are kept as lines; where they cannot be had, the file is refused with the reason.
func TestTables(t *testing.T) {
	table := "PAR1" + strings.Repeat("x", 100) + "PAR1"
	lines := strings.Repeat("{\"n\":1}\n", 1000)
	rows := func(_ context.Context, path string, to io.Writer) error {
		if b, err := os.ReadFile(path); err != nil || string(b) != table {
			return fmt.Errorf("%s is not the table: %v", path, err)
		}
		_, err := io.WriteString(to, lines)
		return err
	}
	read := func(in *Inputs) (string, error) {
		f := in.Files[len(in.Files)-1]
		digest := sha256.New()
		s, err := Open(f, Options{Raw: digest})
		if err != nil {
			return "", err
		}
		defer s.Close()
		var b bytes.Buffer
		_, err = s.Content(t.Context(), &b)
		if sum := sha256.Sum256([]byte(table)); !s.Stats().Whole || !bytes.Equal(digest.Sum(nil), sum[:]) {
			t.Errorf("%s: the digest is not that of the file", f.Path)
		}
		return b.String(), err
	}
	for name, b := range map[string][]byte{"a.parquet": []byte(table), "a.zip": zipped(t, "x", table), "a.tar": tarred(t, "x", table), "a.tgz": gzipped(t, tarred(t, "x", table), time.Time{})} {
		if got, err := read(unpacked(t, name, b, Search{Tables: rows})); err != nil || got != lines {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
		if got, err := read(unpacked(t, name, b, Search{})); !errors.Is(err, ErrUnsupported) || got != "" {
			t.Errorf("%s without a reader: %q, %v", name, got, err)
		}
		half := func(_ context.Context, _ string, to io.Writer) error {
			io.WriteString(to, lines)
			return errors.New("damaged")
		}
		in := unpacked(t, name, b, Search{Tables: half})
		if got, err := read(in); !errors.Is(err, ErrTruncated) || got != lines || !strings.Contains(in.Files[len(in.Files)-1].Note.En, "damaged") {
			t.Errorf("%s half read: %d bytes, %v", name, len(got), err)
		}
		bomb := func(_ context.Context, _ string, to io.Writer) error { _, err := io.Copy(to, zeros{}); return err }
		in = unpacked(t, name, b, Search{Tables: bomb, unfold: 1 << 20})
		if _, err := read(in); !errors.Is(err, ErrUnsupported) || !strings.Contains(in.Files[len(in.Files)-1].Note.En, "a bomb") {
			t.Errorf("%s as a bomb: %v", name, err)
		}
	}
}
