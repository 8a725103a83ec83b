// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

var when = time.Date(2018, 2, 6, 14, 40, 0, 0, time.UTC)

func testKey(t testing.TB, seed byte) Key {
	t.Helper()
	k, err := NewKey(rand.NewChaCha8([32]byte{seed}))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func write(t testing.TB, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	os.Chmod(path, 0o600) // what is kept is read-only
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDigest compares with an implementation of RFC 6962 that is not ours.
func TestDigest(t *testing.T) {
	r := rand.NewChaCha8([32]byte{1})
	for _, size := range []int{0, 1, BlockSize - 1, BlockSize, BlockSize + 1, 2 * BlockSize, 3*BlockSize + 5, 7 * BlockSize, 8*BlockSize + 1} {
		content := make([]byte, size)
		r.Read(content)
		d := NewDigest()
		for rest := content; len(rest) > 0; {
			n := min(len(rest), 70001)
			d.Write(rest[:n])
			rest = rest[n:]
		}
		sum := d.Sum()
		if sum.SHA256 != sha256.Sum256(content) || sum.Size != int64(size) {
			t.Errorf("%d bytes: wrong sum", size)
		}
		var stored []tlog.Hash
		reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
			var out []tlog.Hash
			for _, i := range indexes {
				out = append(out, stored[i])
			}
			return out, nil
		})
		n := int64(0)
		for at := 0; at < size; at += BlockSize {
			hashes, err := tlog.StoredHashes(n, content[at:min(at+BlockSize, size)], reader)
			if err != nil {
				t.Fatal(err)
			}
			stored = append(stored, hashes...)
			n++
		}
		if size == 0 {
			if sum.Root != sha256.Sum256(nil) {
				t.Error("wrong root of nothing")
			}
			continue
		}
		want, err := tlog.TreeHash(n, reader)
		if err != nil || tlog.Hash(sum.Root) != want || int64(len(sum.Blocks)) != n {
			t.Errorf("%d bytes: root %x of %d blocks, want %x of %d, %v", size, sum.Root, len(sum.Blocks), want, n, err)
		}
	}
}

// caseFolder seals a case with an input of 5.5 blocks and returns its folder, the input and the folder of the key.
func caseFolder(t *testing.T) (dir, input, home string) {
	t.Helper()
	root := t.TempDir()
	t.Chdir(root)
	dir, input, home = filepath.Join(root, "case"), filepath.Join(root, "logs", "slapd.log"), filepath.Join(root, "home")
	content := make([]byte, 5*BlockSize+BlockSize/2)
	rand.NewChaCha8([32]byte{2}).Read(content)
	write(t, input, content)
	write(t, filepath.Join(dir, "case.json"), []byte("{}\n"))
	write(t, filepath.Join(dir, "figures", "f.svg"), []byte("<svg/>"))
	key, made, err := OpenKey(home)
	if err != nil || !made {
		t.Fatal(made, err)
	}
	m := NewManifest("test", when)
	d := NewDigest()
	d.Write(content)
	m.Add(d.Entry(KindInput, "logs/slapd.log", when))
	m.Add(Entry{Kind: KindInput, Path: "-", Size: 3})
	m.Add(Entry{Kind: KindInput, Path: "logs/other.log", Unread: "stopped"})
	if err := Seal(t.Context(), dir, m, key); err != nil {
		t.Fatal(err)
	}
	return dir, input, home
}

func verify(t *testing.T, dir string, o VerifyOptions) *Report {
	t.Helper()
	r, err := Verify(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"ja", "en"} {
		var b strings.Builder
		if err := r.Write(&b, language); err != nil || strings.Contains(b.String(), "%!") || strings.Contains(b.String(), "(MISSING)") {
			t.Errorf("%v: %s", err, b.String())
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	return r
}

func stateOf(r *Report, path string) FileReport {
	for _, f := range r.Files {
		if f.Path == path {
			return f
		}
	}
	return FileReport{}
}

func TestVerify(t *testing.T) {
	flip := func(path string, at int64) func(t *testing.T) {
		return func(t *testing.T) {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var b [1]byte
			f.ReadAt(b[:], at)
			b[0] ^= 1
			f.WriteAt(b[:], at)
		}
	}
	in := "logs/slapd.log"
	tests := []struct {
		name   string
		do     func(t *testing.T)
		path   string
		want   State
		ranges []Range
	}{
		{"untouched", func(*testing.T) {}, in, StateSame, nil},
		{"one bit", flip(in, 2*BlockSize+7), in, StateChanged, []Range{{2, 2, 2 * BlockSize, 3 * BlockSize}}},
		{"the last byte", flip(in, 5*BlockSize+BlockSize/2-1), in, StateChanged, []Range{{5, 5, 5 * BlockSize, 5*BlockSize + BlockSize/2}}},
		{"two runs", func(t *testing.T) { flip(in, 0)(t); flip(in, BlockSize)(t); flip(in, 4*BlockSize)(t) }, in, StateChanged,
			[]Range{{0, 1, 0, 2 * BlockSize}, {4, 4, 4 * BlockSize, 5 * BlockSize}}},
		{"grown", func(t *testing.T) {
			f, _ := os.OpenFile(in, os.O_APPEND|os.O_WRONLY, 0)
			f.WriteString("x")
			f.Close()
		}, in, StateGrown, nil},
		{"truncated", func(*testing.T) { os.Truncate(in, 3*BlockSize+1) }, in, StateTruncated, []Range{{3, 5, 3 * BlockSize, 5*BlockSize + BlockSize/2}}},
		{"missing", func(*testing.T) { os.Remove(in) }, in, StateMissing, nil},
		{"a folder in its place", func(*testing.T) { os.Remove(in); os.Mkdir(in, 0o700) }, in, StateUnreadable, nil},
		{"the case", flip("case/case.json", 0), "case.json", StateChanged, []Range{{0, 0, 0, 3}}},
		{"a figure", func(*testing.T) { os.Remove("case/figures/f.svg") }, "figures/f.svg", StateMissing, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir, _, home := caseFolder(t)
			tt.do(t)
			r := verify(t, dir, VerifyOptions{Home: home})
			f := stateOf(r, tt.path)
			if f.State != tt.want || r.OK != (tt.want == StateSame) || r.Signature != SignatureTrusted {
				t.Fatalf("got %+v, OK %v, signature %s", f, r.OK, r.Signature)
			}
			if len(f.Changed) != len(tt.ranges) {
				t.Fatalf("got %v, want %v", f.Changed, tt.ranges)
			}
			for i := range tt.ranges {
				if f.Changed[i] != tt.ranges[i] {
					t.Errorf("got %v, want %v", f.Changed[i], tt.ranges[i])
				}
			}
		})
	}
}

func TestVerifyFromElsewhere(t *testing.T) {
	dir, _, home := caseFolder(t)
	t.Chdir(t.TempDir())
	if r := verify(t, dir, VerifyOptions{Home: home}); !r.OK {
		t.Errorf("got %+v", r)
	}
}

func TestExtraFiles(t *testing.T) {
	dir, _, home := caseFolder(t)
	write(t, filepath.Join(dir, "figures", "new.svg"), []byte("x"))
	if err := os.Symlink("case.json", filepath.Join(dir, "link\x1b[2J")); err != nil {
		t.Skip(err)
	}
	r := verify(t, dir, VerifyOptions{Home: home})
	if r.OK || len(r.Extra) != 2 || r.Extra[0] != "figures/new.svg" {
		t.Errorf("got %v, extra %q", r.OK, r.Extra)
	}
	var b strings.Builder
	if r.Write(&b, "en"); strings.Contains(b.String(), "\x1b") {
		t.Error("a file's name speaks to the terminal")
	}
}

func TestSignature(t *testing.T) {
	dir, _, home := caseFolder(t)
	path := filepath.Join(dir, ManifestName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(text) {
		t.Fatal("the manifest is not JSON")
	}
	m, signed, err := Decode(text)
	if err != nil || !signed {
		t.Fatal(signed, err)
	}
	own, _, err := OpenKey(home)
	if err != nil || own.Fingerprint() != m.Fingerprint {
		t.Fatal(err)
	}
	if again, err := m.Encode(own); err != nil || !bytes.Equal(again, text) {
		t.Errorf("encoding again gives other bytes, %v", err)
	}
	// Every byte that is changed is noticed.
	for i := range text {
		if i > 2000 && i < len(text)-400 && i%97 != 0 {
			continue
		}
		changed := bytes.Clone(text)
		changed[i] ^= 0x04
		if _, signed, err := Decode(changed); err == nil && signed {
			t.Fatalf("a change of byte %d is not noticed: %q", i, changed[max(0, i-20):min(len(changed), i+20)])
		}
	}
	write(t, path, bytes.Replace(text, []byte(`"tool": "test"`), []byte(`"tool": "tost"`), 1))
	if r := verify(t, dir, VerifyOptions{Home: home}); r.OK || r.Signature != SignatureBad {
		t.Errorf("changed: got %+v", r)
	}
	other := testKey(t, 9)
	resigned, err := m.Encode(other)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, resigned)
	if r := verify(t, dir, VerifyOptions{Home: home}); r.OK || r.Signature != SignatureOther {
		t.Errorf("signed anew: got %+v", r)
	}
	if r := verify(t, dir, VerifyOptions{Home: t.TempDir()}); !r.OK || r.Signature != SignatureUnknown {
		t.Errorf("signed anew, on another machine: got %+v", r)
	}
	for _, trust := range []string{m.Fingerprint, m.PublicKey, filepath.Join(home, keyName)} {
		print, err := ParseTrust(trust)
		if err != nil || print != m.Fingerprint {
			t.Fatal(print, err)
		}
		if r := verify(t, dir, VerifyOptions{Trust: print, Home: t.TempDir()}); r.OK || r.Signature != SignatureOther {
			t.Errorf("signed anew, key given: got %+v", r)
		}
	}
	if _, err := ParseTrust("SHA256:short"); err == nil {
		t.Error("half a fingerprint was taken")
	}
	// Hashes of a case file outside the folder prove nothing, whoever signed.
	m.Files[0].Path = "../logs/slapd.log"
	if b, err := m.Encode(own); err != nil {
		t.Fatal(err)
	} else {
		write(t, path, b)
	}
	if r := verify(t, dir, VerifyOptions{Home: home}); r.OK || stateOf(r, "../logs/slapd.log").State != StateUnreadable {
		t.Errorf("got %+v", r)
	}
}

func TestKeyIsKept(t *testing.T) {
	home := filepath.Join(t.TempDir(), "a", "b")
	t.Setenv("SEKISHO_HOME", home)
	if got, err := Home(); err != nil || got != home {
		t.Fatal(got, err)
	}
	one, made, err := OpenKey(home)
	if err != nil || !made {
		t.Fatal(made, err)
	}
	two, made, err := OpenKey(home)
	if err != nil || made || two.Fingerprint() != one.Fingerprint() {
		t.Fatal(made, err)
	}
	path := filepath.Join(home, keyName)
	if fi, err := os.Stat(path); err != nil || fi.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", fi.Mode(), err)
	}
	os.Chmod(path, 0o644)
	if _, _, err := OpenKey(home); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key that others may read was taken: %v", err)
	}
	os.Chmod(path, 0o600)
	os.WriteFile(path, []byte("nonsense"), 0o600)
	if _, _, err := OpenKey(home); err == nil {
		t.Error("nonsense was taken for a key")
	}
	if left, _ := os.ReadDir(home); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestFullDisk writes to the device that is always full.
func TestFullDisk(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full here")
	}
	defer f.Close()
	if _, err := f.Write([]byte("x")); !errors.Is(full(err), ErrNoSpace) {
		t.Errorf("got %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	m := &Manifest{Schema: manifestSchema, BlockSize: BlockSize, Made: Moment{when}}
	m.Add(NewDigest().Entry(KindCase, "case.json", when))
	text, err := m.Encode(testKey(f, 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(signatureAt + signatureEnd))
	f.Add([]byte(`{"schema":"sekisho.manifest/1","block_size":1048576,"files":[{"blocks":"AA=="}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		m, signed, err := Decode(in)
		if (m == nil) != (err != nil) || signed && err != nil {
			t.Errorf("%v, %v, %v", m, signed, err)
		}
		if signed && !bytes.HasSuffix(in, []byte(signatureEnd)) {
			t.Error("signed without a signature")
		}
	})
}

func BenchmarkDigest(b *testing.B) {
	p := make([]byte, 64<<20)
	b.SetBytes(int64(len(p)))
	for b.Loop() {
		d := NewDigest()
		d.Write(p)
		d.Sum()
	}
}
