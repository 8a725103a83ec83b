// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/sekisho/sekisho/event"
)

func gzipped(t testing.TB, content []byte, at time.Time) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.ModTime = at
	w.Write(content)
	w.Close()
	return b.Bytes()
}

func zstded(t testing.TB, content []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return w.EncodeAll(content, nil)
}

// varied is text that does not compress to nothing, so that it can break off in the middle.
func varied(size int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	var b bytes.Buffer
	for b.Len() < size {
		fmt.Fprintf(&b, "line %d %x\n", b.Len(), r.Uint64())
	}
	return b.Bytes()
}

func TestPacked(t *testing.T) {
	content := varied(3 << 20)
	half := len(content) / 2
	// What bzip2 makes of "hello\n".
	bz := "BZh91AY&SY\xc1\xc0\x80\xe2\x00\x00\x01\x41\x00\x00\x10\x02\x44\xa0\x00\x30\xcd\x00\xc3\x46\x29\x97\x17\x72\x45\x38\x50\x90\xc1\xc0\x80\xe2"
	tests := []struct {
		name string
		in   []byte
		want []byte
		how  Compression
	}{
		{"plain", content, content, Plain},
		{"gzip", gzipped(t, content, time.Time{}), content, Gzip},
		{"gzip of two members", append(gzipped(t, content[:half], time.Time{}), gzipped(t, content[half:], time.Time{})...), content, Gzip},
		{"zstd", zstded(t, content), content, Zstd},
		{"zstd of two frames", append(zstded(t, content[:half]), zstded(t, content[half:])...), content, Zstd},
		{"zstd behind a skippable frame", append([]byte("\x50\x2a\x4d\x18\x02\x00\x00\x00xx"), zstded(t, content)...), content, Zstd},
		{"bzip2", []byte(bz), []byte("hello\n"), Bzip2},
		{"empty", nil, nil, Plain},
		{"gzip of nothing", gzipped(t, nil, time.Time{}), nil, Gzip},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			digest := sha256.New()
			var read, of int64
			s := source(t, tt.in, Options{Raw: digest, Progress: func(r, o int64) { read, of = r, o }})
			if s.Compression != tt.how {
				t.Fatalf("recognised as %v", s.Compression)
			}
			var out bytes.Buffer
			err := s.Records(t.Context(), event.FrameLines, func(r *event.Record) error {
				if int64(out.Len()) != r.Offset {
					return fmt.Errorf("offset %d, want %d", r.Offset, out.Len())
				}
				out.Write(r.Data)
				out.WriteByte('\n')
				return nil
			})
			if err != nil || !bytes.Equal(out.Bytes(), tt.want) {
				t.Fatalf("got %d bytes of %d, %v", out.Len(), len(tt.want), err)
			}
			if sum := sha256.Sum256(tt.in); !bytes.Equal(digest.Sum(nil), sum[:]) || !s.Stats().Whole {
				t.Error("the digest is not that of the file")
			}
			if read != int64(len(tt.in)) || of != read {
				t.Errorf("progress ended at %d of %d, want %d", read, of, len(tt.in))
			}
			head, err := s.Head(100)
			if err != nil || !bytes.Equal(head, tt.want[:min(100, len(tt.want))]) {
				t.Errorf("head is %q, %v", head, err)
			}
		})
	}
}

// TestBroken checks that everything before a break is delivered, that the error says where it is, and that the digest is
// of the whole file all the same.
func TestBroken(t *testing.T) {
	content := varied(3 << 20)
	gz, zs := gzipped(t, content, time.Time{}), zstded(t, content)
	flip := func(b []byte, at int) []byte {
		b = bytes.Clone(b)
		b[at] ^= 0xff
		return b
	}
	tests := []struct {
		name   string
		in     []byte
		reason error
		least  int // bytes of the content that must come
	}{
		{"gzip cut", gz[:len(gz)*2/3], ErrTruncated, len(content)*2/3 - 200<<10},
		{"gzip cut in the header", gz[:7], ErrTruncated, 0},
		{"gzip cut in the trailer", gz[:len(gz)-3], ErrTruncated, len(content)},
		{"gzip damaged", flip(gz, len(gz)-2), ErrCorrupt, len(content)},
		{"gzip, then something else", append(bytes.Clone(gz), "garbage behind it"...), ErrCorrupt, len(content)},
		{"zstd cut", zs[:len(zs)*2/3], ErrTruncated, len(content)/2 - 200<<10},
		{"zstd damaged", flip(zs, len(zs)-2), ErrCorrupt, len(content) / 2},
		{"zstd, then something else", append(bytes.Clone(zs), "garbage behind it"...), ErrCorrupt, len(content)},
		{"xz", []byte("\xfd7zXZ\x00\x00\x04"), ErrTruncated, 0},
		{"rar", []byte("Rar!\x1a\x07\x01\x00rest"), ErrUnsupported, 0},
		{"parquet", []byte("PAR1\x15\x04\x15\x10restPAR1"), ErrUnsupported, 0},
		{"zip", []byte("PK\x03\x04xxxx"), ErrUnsupported, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			digest := sha256.New()
			s := source(t, tt.in, Options{Raw: digest})
			var out bytes.Buffer
			err := s.Records(t.Context(), event.FrameLines, func(r *event.Record) error {
				out.Write(r.Data)
				out.WriteByte('\n')
				return nil
			})
			var broken *BrokenError
			if !errors.Is(err, tt.reason) || !errors.As(err, &broken) {
				t.Fatalf("got error %v", err)
			}
			n := int(broken.Offset)
			if n < tt.least || out.Len() < n || !bytes.Equal(out.Bytes()[:n], content[:n]) {
				t.Errorf("%d bytes came and the error says %d, want %d at least", out.Len(), n, tt.least)
			}
			if sum := sha256.Sum256(tt.in); !bytes.Equal(digest.Sum(nil), sum[:]) || !s.Stats().Whole {
				t.Error("the digest is not that of the file")
			}
			if !strings.Contains(err.Error(), "in: ") || !strings.Contains(err.Error(), "; ") {
				t.Errorf("the error does not name the file and what to do: %v", err)
			}
		})
	}
}

// TestBomb checks that a small file that unpacks to much is read in bounded memory.
func TestBomb(t *testing.T) {
	in := gzipped(t, bytes.Repeat([]byte{0}, 300<<20), time.Time{})
	s := source(t, in, Options{})
	n := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := s.Records(b.Context(), event.FrameLines, func(*event.Record) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	st := s.Stats()
	if n > 8<<20 || st.Ratio() < 500 || st.Oversized != 1 {
		t.Errorf("%d bytes allocated, ratio %.0f, stats %+v", n, st.Ratio(), st)
	}
}

func TestUTF16(t *testing.T) {
	const text = "a,b\r\n関所,\"x\ny\"\n𠮷,z\n"
	units := utf16.Encode([]rune(text))
	units = append(units, 0xd800, 'x', 0xdc00)
	want := bom + text + "\ufffdx\ufffd"
	for _, big := range []bool{false, true} {
		in := []byte{0xff, 0xfe}
		if big {
			in = []byte{0xfe, 0xff}
		}
		for _, u := range units {
			if big {
				in = append(in, byte(u>>8), byte(u))
			} else {
				in = append(in, byte(u), byte(u>>8))
			}
		}
		in = append(in, 'o') // an odd byte
		s := source(t, in, Options{chunk: 5})
		if s.Encoding == Bytes {
			t.Fatal("not recognised")
		}
		head, err := s.Head(1000)
		if err != nil || string(head) != want+"\ufffd" {
			t.Errorf("got %q, %v", head, err)
		}
		var records []string
		if err := s.Records(t.Context(), event.FrameCSV, func(r *event.Record) error {
			records = append(records, string(r.Data))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%q", records) != fmt.Sprintf("%q", []string{"a,b", "関所,\"x\ny\"", "𠮷,z", "\ufffdx\ufffd\ufffd"}) {
			t.Errorf("got %q", records)
		}
	}
}

func TestStamps(t *testing.T) {
	at := time.Date(2018, 2, 6, 23, 40, 0, 0, time.UTC)
	if s := source(t, gzipped(t, []byte("x"), at), Options{}); !s.Packed.Equal(at) {
		t.Errorf("packed at %v", s.Packed)
	}
	tests := []struct {
		name, in string
		want     Stamps
	}{
		{"none", "hello\nOct 32 00:00:00 x\nOct  1 24:00:00 x\n", Stamps{Lines: 3}},
		{"one", "<38>Oct  1 01:02:03 h x\n", Stamps{First: Stamp{10, 1, 1, 2, 3}, Last: Stamp{10, 1, 1, 2, 3}, Lines: 1, Stamped: 1}},
		{"New Year", "Dec 31 23:59:59 a\nJan  1 00:00:00 b\nFeb 29 00:00:00 c\n",
			Stamps{First: Stamp{12, 31, 23, 59, 59}, Last: Stamp{Month: 2, Day: 29}, NewYears: 1, LeapDay: true, LeapYear: 1, Lines: 3, Stamped: 3}},
		{"jitter", "Oct  2 00:00:00 a\nOct  1 23:59:58 b\nSep 30 00:00:00 b\n",
			Stamps{First: Stamp{Month: 10, Day: 2}, Last: Stamp{Month: 9, Day: 30}, Lines: 3, Stamped: 3}},
		{"jitter over New Year", "Dec 31 23:59:59 a\nJan  1 00:00:00 b\nDec 31 23:59:58 a\nJan  1 00:00:01 b\n",
			Stamps{First: Stamp{12, 31, 23, 59, 59}, Last: Stamp{1, 1, 0, 0, 1}, NewYears: 1, Lines: 4, Stamped: 4}},
		{"a long gap", "Jan  2 00:00:00 a\nNov  1 00:00:00 b\n",
			Stamps{First: Stamp{Month: 1, Day: 2}, Last: Stamp{Month: 11, Day: 1}, Lines: 2, Stamped: 2}},
		{"three years", strings.Repeat("Mar  1 00:00:00 a\nDec  1 00:00:00 a\n", 3),
			Stamps{First: Stamp{Month: 3, Day: 1}, Last: Stamp{Month: 12, Day: 1}, NewYears: 2, Lines: 6, Stamped: 6}},
	}
	for _, tt := range tests {
		if got, err := ScanStamps(t.Context(), source(t, []byte(tt.in), Options{})); err != nil || got != tt.want {
			t.Errorf("%s: got %+v, %v, want %+v", tt.name, got, err, tt.want)
		}
	}
}

func TestTailAndExtract(t *testing.T) {
	content := varied(2 << 20)
	dir := t.TempDir()
	var parts []event.Part
	for _, at := range []int{1 << 20, 0, 5, len(content) - 7, 300 << 10, 1<<20 + 3} {
		parts = append(parts, event.Part{Offset: int64(at), Length: 7})
	}
	parts = append(parts, event.Part{Offset: 10, Length: 1 << 20})
	for name, in := range map[string][]byte{"plain": content, "gz": gzipped(t, content, time.Time{}), "zst": zstded(t, content),
		"cut": gzipped(t, append(content, varied(3<<20)...), time.Time{})[:2<<20]} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, in, 0o600); err != nil {
			t.Fatal(err)
		}
		inputs, err := Discover([]string{path}, Search{})
		if err != nil || len(inputs.Files) != 1 {
			t.Fatal(inputs, err)
		}
		f := inputs.Files[0]
		out, err := Extract(t.Context(), f, parts)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i, p := range parts {
			if !bytes.Equal(out[i], content[p.Offset:p.Offset+p.Length]) {
				t.Errorf("%s: part %v: got %.40q", name, p, out[i])
			}
		}
		if _, err := Extract(t.Context(), f, []event.Part{{Offset: 1 << 40, Length: 1}}); err == nil {
			t.Errorf("%s: bytes that are not there came", name)
		}
		s, err := Open(f, Options{})
		if err != nil {
			t.Fatal(err)
		}
		tail, at, ok, err := s.Tail(100)
		if name == "plain" && (err != nil || !ok || at != int64(len(content))-100 || !bytes.Equal(tail, content[at:])) || name != "plain" && ok {
			t.Errorf("%s: tail %q at %d, %v, %v", name, tail, at, ok, err)
		}
		s.Close()
		if err := os.WriteFile(path, append(in, 'x'), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Extract(t.Context(), f, parts); !errors.Is(err, ErrChanged) {
			t.Errorf("%s: changed, but %v", name, err)
		}
	}
}

type failing struct{ n int }

func (f *failing) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

type flaky struct{ io.Reader }

func (f flaky) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p[:min(len(p), 1000)])
	if err == io.EOF {
		err = os.NewSyscallError("read", errors.New("input/output error"))
	}
	return n, err
}

// TestStops checks that a run ends, and leaves nothing running, when somebody gives up.
func TestStops(t *testing.T) {
	content := varied(3 << 20)
	stop := errors.New("enough")
	s := source(t, content, Options{Raw: sha256.New()})
	n := 0
	if err := s.Records(t.Context(), event.FrameLines, func(*event.Record) error {
		if n++; n == 10 {
			return stop
		}
		return nil
	}); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n = 0
	if err := s.Records(ctx, event.FrameLines, func(*event.Record) error {
		if n++; n == 10 {
			cancel()
		}
		return nil
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	s = source(t, content, Options{Raw: &failing{n: 1 << 20}})
	if err := s.Records(t.Context(), event.FrameLines, func(*event.Record) error { return nil }); err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("got %v", err)
	}
	n = 0
	s = source(t, content, Options{wrap: func(r io.Reader) io.Reader { return flaky{r} }})
	if err := s.Records(t.Context(), event.FrameLines, func(r *event.Record) error { n += len(r.Data) + 1; return nil }); err == nil || n != len(content) {
		t.Errorf("got %d bytes of %d, %v", n, len(content), err)
	}
}

func FuzzPacked(f *testing.F) {
	content := []byte("a\nb\n{\"a\":1}\n")
	f.Add(gzipped(f, content, time.Time{}))
	f.Add(zstded(f, content))
	f.Add([]byte("BZh91AY&SY"))
	f.Add([]byte("\xff\xfea\x00\n\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s := source(t, in, Options{MaxLine: 100, Raw: io.Discard})
		n := 0
		err := s.Records(t.Context(), event.FrameLines, func(*event.Record) error {
			if n++; n > 1000 {
				return errors.New("enough")
			}
			return nil
		})
		if err == nil && !s.Stats().Whole {
			t.Error("not the whole file, and no error")
		}
		s.Head(100)
	})
}
