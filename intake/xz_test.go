// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// xzSample is what xz made of xzText, twice, with four bytes of padding between.
const (
	xzText   = "sshd: failed password for taro\nsshd: failed password for hanako\n"
	xzSample = `/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AA/ACxdADnhnMf4MQ0FfamT8RrmdixTKskFMJxCQQ4nNvh9Dl/xrw3Bu57NrUXpmtAAAJ/lqTvZIqEdAAFIQLYx+m4ftvN9AQAAAAAEWVoAAAAA/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4AA/ACxdADnhnMf4MQ0FfamT8RrmdixTKskFMJxCQQ4nNvh9Dl/xrw3Bu57NrUXpmtAAAJ/lqTvZIqEdAAFIQLYx+m4ftvN9AQAAAAAEWVo=`
)

func unxz(b []byte) ([]byte, error) {
	r, err := newXZ(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestXZ(t *testing.T) {
	b, err := base64.StdEncoding.DecodeString(xzSample)
	if err != nil {
		t.Fatal(err)
	}
	got, err := unxz(b)
	if err != nil || string(got) != xzText+xzText {
		t.Fatalf("%q, %v", got, err)
	}
	for n := range len(b) {
		if got, err := unxz(b[:n]); n != len(b)/2-2 && n != len(b)/2+2 && !errors.Is(err, io.ErrUnexpectedEOF) || !strings.HasPrefix(xzText+xzText, string(got)) {
			t.Errorf("cut to %d bytes: %q, %v", n, got, err)
		}
	}
	for i := range b { // damage must be noticed; what was read before is a beginning of the content
		d := bytes.Clone(b)
		d[i] ^= 0x41
		if got, err := unxz(d); err == nil {
			t.Errorf("damage at %d was not noticed: %q", i, got)
		}
	}
}

// TestXZSettings compares with what xz itself packs, in all its ways.
func TestXZSettings(t *testing.T) {
	mixed := append(varied(300<<10), bytes.Repeat([]byte("the same again\n"), 200_000)...) // more than one chunk of each kind
	mixed = append(mixed, mixed[100<<10:250<<10]...)
	for _, args := range []string{"-0", "-6", "-9e", "-1 --check=none", "-1 --check=crc32", "-1 --check=sha256", "-2 --block-size=100KiB", "-2 -T2",
		"--lzma2=dict=4KiB", "--lzma2=dict=64KiB,lc=0,lp=4,pb=0", "--lzma2=lc=4,lp=0,pb=4,nice=273", "--lzma2=lc=1,lp=2,pb=1,mode=fast"} {
		t.Run(args, func(t *testing.T) {
			b := piped(t, mixed, "xz", append(strings.Fields(args), "-c")...)
			got, err := unxz(b)
			if err != nil || !bytes.Equal(got, mixed) {
				t.Fatalf("%d bytes of %d, %v", len(got), len(mixed), err)
			}
			got, err = unxz(b[:len(b)/2])
			if !errors.Is(err, io.ErrUnexpectedEOF) || !bytes.HasPrefix(mixed, got) || len(got) < 50<<10 {
				t.Errorf("of the first half: %d bytes, %v", len(got), err)
			}
		})
	}
	noise := make([]byte, 300<<10) // does not compress: chunks as they are
	for i, x := 0, uint64(1); i < len(noise); i++ {
		x = x*6364136223846793005 + 1442695040888963407
		noise[i] = byte(x >> 56)
	}
	if got, err := unxz(piped(t, noise, "xz", "-c")); err != nil || !bytes.Equal(got, noise) {
		t.Errorf("noise: %d bytes, %v", len(got), err)
	}
	if got, err := unxz(piped(t, nil, "sh", "-c", "xz -c </dev/null")); err != nil || len(got) > 0 {
		t.Errorf("nothing: %d bytes, %v", len(got), err)
	}
	for _, args := range []string{"--lzma2=dict=512MiB", "--x86 --lzma2"} {
		if _, err := unxz(piped(t, mixed, "xz", append(strings.Fields(args), "-c")...)); !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// TestXZArchive: xz around a tar archive, and within a zip file.
func TestXZArchive(t *testing.T) {
	b := piped(t, tarred(t, "x.log", "one\n"), "xz", "-c")
	archived(t, unpacked(t, "a.tar.xz", b, Search{}), map[string]string{"!/x.log": "one\n"}, nil)
	archived(t, unpacked(t, "a.zip", zipped(t, "a.tar.xz", string(b), "y.log.xz", string(piped(t, []byte("two\n"), "xz", "-c"))), Search{}),
		map[string]string{"!/a.tar.xz!/x.log": "one\n", "!/y.log.xz": "two\n"}, nil)
	archived(t, unpacked(t, "b.tgz", gzipped(t, tarred(t, "a.tar.xz", string(b)), time.Time{}), Search{}), map[string]string{"!/a.tar.xz!/x.log": "one\n"}, nil)
}

func FuzzXZ(f *testing.F) {
	b, err := base64.StdEncoding.DecodeString(xzSample)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := newXZ(bytes.NewReader(b))
		if err == nil {
			_, _ = io.Copy(io.Discard, io.LimitReader(r, 64<<20))
			if len(r.win.buf) > xzMostWindow*5/4+4<<20 {
				t.Errorf("%d bytes held", len(r.win.buf))
			}
		}
	})
}

func BenchmarkXZ(b *testing.B) {
	content := varied(8 << 20)
	packed := piped(b, content, "xz", "-c")
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		r, err := newXZ(bytes.NewReader(packed))
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, r); err != nil || n != int64(len(content)) {
			b.Fatal(n, err)
		}
	}
}
