// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/vault"
)

// packs makes a zip file and a compressed tar archive that hold one log.
func packs(t *testing.T, name string, log []byte) (z, tgz []byte) {
	t.Helper()
	var b bytes.Buffer
	zw := zip.NewWriter(&b)
	m, err := zw.Create(name)
	if err == nil {
		_, err = m.Write(log)
	}
	if err == nil {
		err = zw.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	var p bytes.Buffer
	tw := tar.NewWriter(&p)
	if err := tw.WriteHeader(&tar.Header{Name: name, Size: int64(len(log)), Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	_, _ = tw.Write(log)
	if err := tw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), gzipped(t, p.Bytes())
}

// TestArchives: a log in an archive says what it says outside, and leads back to the archive's bytes.
func TestArchives(t *testing.T) {
	dir := t.TempDir()
	var attack bytes.Buffer
	for i := range 600 {
		word := "Failed"
		if i == 599 {
			word = "Accepted"
		}
		fmt.Fprintf(&attack, "2025-06-01T00:%02d:%02dZ gw1 sshd[%d]: %s password for taro from 203.0.113.9 port %d ssh2\n", i/60, i%60, 1000+i, word, 1024+i)
	}
	write(t, filepath.Join(dir, "auth.log"), attack.Bytes())
	alone := run(t, dir, nil, "auth.log")
	log, _ := os.ReadFile(filepath.Join(dir, "auth.log"))
	z, tgz := packs(t, "var/log/auth.log", log)
	home := filepath.Join(t.TempDir(), "home")
	for name, b := range map[string][]byte{"evidence.zip": z, "evidence.tgz": tgz} {
		t.Run(name, func(t *testing.T) {
			write(t, filepath.Join(dir, name), b)
			out, err := try(t, dir, func(o *Options) { o.Preserve, o.Home = true, home }, name)
			if err != nil {
				t.Fatal(err)
			}
			c := out.Case
			same(t, text(t, alone, noPaths), text(t, c, noPaths))
			whole, member := inputOf(t, c, name), inputOf(t, c, name+"!/var/log/auth.log")
			ofArchive, ofLog := sha256.Sum256(b), sha256.Sum256(log)
			if whole.Status != "archive" || whole.SHA256 != hex.EncodeToString(ofArchive[:]) || whole.Records != 0 || len(c.Inputs) != 2 {
				t.Errorf("%+v", whole)
			}
			if member.Status != "" || member.SHA256 != hex.EncodeToString(ofLog[:]) || member.Archive != name || member.Parsed != 600 {
				t.Errorf("%+v", member)
			}
			for _, f := range c.Findings {
				for _, e := range f.Evidence {
					if e.Input != member.Path || e.SHA256 == "" || !strings.Contains(e.Text, "sshd") {
						t.Errorf("%+v", e)
					}
				}
			}
			if len(c.Findings) == 0 {
				t.Error("no finding")
			}
			var kept []string
			err = filepath.WalkDir(filepath.Join(out.Dir, preservedDir), func(path string, d fs.DirEntry, err error) error {
				if strings.Contains(d.Name(), name) || strings.Contains(d.Name(), "auth.log") {
					kept = append(kept, path)
				}
				return err
			})
			if err != nil || len(kept) != 1 || !strings.Contains(kept[0], name) {
				t.Errorf("preserved: %q, %v", kept, err)
			}
			if r, err := vault.Verify(t.Context(), out.Dir, vault.VerifyOptions{Home: home}); err != nil || !r.OK {
				t.Errorf("%+v, %v", r, err)
			}
			again, err := try(t, dir, func(o *Options) { o.Add, o.Out, o.Home = true, out.Dir, home })
			if err != nil || again.Case.Revision != 2 || len(again.Case.Inputs) != 2 {
				t.Errorf("%v", err)
			}
		})
	}
}

// TestBadArchives: what is not read of an archive is named in the case, which is not called clear then.
func TestBadArchives(t *testing.T) {
	dir := t.TempDir()
	sshd(t, filepath.Join(dir, "auth.log"), 0, 600)
	log, _ := os.ReadFile(filepath.Join(dir, "auth.log"))
	z, tgz := packs(t, "var/log/auth.log", log)
	secret := bytes.Clone(z)
	secret[bytes.Index(secret, []byte("PK\x01\x02"))+8] |= 1
	write(t, filepath.Join(dir, "secret.zip"), secret)
	write(t, filepath.Join(dir, "cut.tgz"), tgz[:len(tgz)/2])
	write(t, filepath.Join(dir, "odd.zip"), bytes.ReplaceAll(z, []byte("var/log/auth.log"), []byte("../../../x/y.log")))
	c := run(t, dir, nil, "secret.zip", "cut.tgz", "odd.zip")
	for path, want := range map[string][2]string{"secret.zip": {"archive", ""}, "secret.zip!/var/log/auth.log": {"unsupported", "is encrypted with a password; unpack the archive"},
		"cut.tgz": {"truncated", "what lies before the break is read"}, "odd.zip!/x/y.log": {"", `the archive calls it "../../../x/y.log"`}} {
		if in := inputOf(t, c, path); in.Status != want[0] || !strings.Contains(in.Error, want[1]) {
			t.Errorf("%+v", in)
		}
	}
	// The cut log begins as the whole one does: it is no second witness, and still one that was cut off.
	if in := inputOf(t, c, "cut.tgz!/var/log/auth.log"); in.Status != "truncated" || in.CopyOf != "odd.zip!/x/y.log" || !strings.Contains(in.Error, "counted twice") {
		t.Errorf("%+v", in)
	}
	if c.Verdict == cases.Clear {
		t.Error("clear")
	}
}

// TestCutCopy: a compressed file that breaks off is said to, also where what is left of it stands in another.
func TestCutCopy(t *testing.T) {
	dir := t.TempDir()
	sshd(t, filepath.Join(dir, "auth.log"), 0, 2000)
	log, _ := os.ReadFile(filepath.Join(dir, "auth.log"))
	packed := gzipped(t, log)
	write(t, filepath.Join(dir, "later.gz"), packed[:len(packed)/2])
	c := run(t, dir, nil, ".")
	in := inputOf(t, c, "./later.gz")
	i := slices.IndexFunc(c.Inputs, func(in cases.Input) bool { return in.Path == "./auth.log" })
	if in.Status != "truncated" || in.CopyOf != "./auth.log" || !strings.Contains(in.Error, "fetch the file again") || i < 0 || c.Inputs[i].Parsed != 2000 {
		t.Errorf("%+v", in)
	}
}

// TestParquet: the rows of a Parquet file are records, wherever the file lies; its digest is that of the file itself.
func TestParquet(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "signins.parquet"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	z, tgz := packs(t, "signins.parquet", b)
	sum := sha256.Sum256(b)
	write(t, filepath.Join(dir, "s.parquet"), b)
	write(t, filepath.Join(dir, "z.zip"), z)
	write(t, filepath.Join(dir, "t.tgz"), tgz)
	for arg, path := range map[string]string{"s.parquet": "s.parquet", "z.zip": "z.zip!/signins.parquet", "t.tgz": "t.tgz!/signins.parquet"} {
		c := run(t, dir, nil, arg)
		in := inputOf(t, c, path)
		if in.Format != "entra-signin" || in.Records != 4 || in.Parsed != 4 || in.Status != "" || in.SHA256 != hex.EncodeToString(sum[:]) ||
			in.First.Time().Format(time.RFC3339) != "2025-05-12T00:00:00Z" || c.Totals.Events != 4 {
			t.Errorf("%+v", in)
		}
	}
	write(t, filepath.Join(dir, "cut.parquet"), b[:len(b)/2])
	sshd(t, filepath.Join(dir, "auth.log"), 0, 10)
	if in := inputOf(t, run(t, dir, nil, "cut.parquet", "auth.log"), "cut.parquet"); in.Status != "unsupported" || !strings.Contains(in.Error, "its rows cannot be read") {
		t.Errorf("%+v", in)
	}
}
