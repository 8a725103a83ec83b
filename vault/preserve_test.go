// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// sources makes three logs, and a link to one of them.
func sources(t *testing.T) []string {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, "logs/slapd.log", []byte(strings.Repeat("conn=1\n", 50000)))
	write(t, "logs/entra|<b>.json", []byte(`{"value":[]}`))
	write(t, "logs/empty", nil)
	if err := os.Symlink("slapd.log", "logs/current"); err != nil {
		t.Skip(err)
	}
	return []string{"logs/slapd.log", "logs/entra|<b>.json", "logs/empty", "logs/current"}
}

func options(t *testing.T) PreserveOptions {
	key := testKey(t, 1)
	return PreserveOptions{Key: &key, Tool: "test", Now: func() time.Time { return when }, KindOf: func(path string) string {
		if strings.Contains(path, "slapd") {
			return "openldap"
		}
		return "entra-signin"
	}}
}

func hexSum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func TestPreserve(t *testing.T) {
	for _, packed := range []bool{false, true} {
		paths := sources(t)
		o := options(t)
		o.Compress = packed
		c, err := Preserve(t.Context(), append(paths, "logs/gone"), "kept", o)
		if err != nil {
			t.Fatal(err)
		}
		if c.Count(ItemTaken) != 4 || c.Count(ItemFailed) != 1 {
			t.Fatalf("got %+v", c.Items)
		}
		for i, path := range paths {
			it := c.Items[i]
			original, _ := os.ReadFile(path)
			if it.Number != i+1 || it.Source != path || it.SHA256 != hexSum(original) || it.Size != int64(len(original)) || it.Packed != packed || it.By.Host == "" {
				t.Errorf("got %+v", it)
			}
			fi, err := os.Stat(filepath.Join("kept", it.Copy))
			if err != nil || fi.Mode().Perm() != 0o400 {
				t.Errorf("%s: %v, %v", it.Copy, fi, err)
			}
			if kept, _ := os.ReadFile(filepath.Join("kept", it.Copy)); !packed && hexSum(kept) != it.SHA256 {
				t.Errorf("%s is not the original", it.Copy)
			}
		}
		if c.Items[3].Target == "" || c.Items[4].Error == "" {
			t.Errorf("the link, or what failed, is not explained: %+v", c.Items[3:])
		}
		if fi, _ := os.Stat("kept"); fi.Mode().Perm() != 0o700 {
			t.Errorf("mode of the folder is %v", fi.Mode())
		}
		if len(c.Outlook.Held) != 2 || c.Outlook.Held[0].Source != "entra-signin" || c.Outlook.Held[1].Source != "directory" || c.Outlook.Missing[0].Days != 0 {
			t.Errorf("outlook %+v", c.Outlook)
		}
		for _, name := range []string{"custody.html", "custody.md"} {
			text, err := os.ReadFile(filepath.Join("kept", name))
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{"証拠保全記録票", "Chain of custody", c.Items[0].SHA256, "立会者", "Entra ID", "2018-01-30"} {
				if !strings.Contains(string(text), want) {
					t.Errorf("%s lacks %s", name, want)
				}
			}
			if strings.Contains(string(text), "<b>") || strings.Contains(string(text), "ZgotmplZ") {
				t.Errorf("%s: a file's name is markup in it", name)
			}
		}
		if r := verify(t, "kept", VerifyOptions{Home: t.TempDir()}); !r.OK || len(r.Files) != 7 {
			t.Errorf("got %+v", r)
		}
	}
}

func TestPreserveFolder(t *testing.T) {
	sources(t)
	write(t, "logs/sub/a.log", []byte("a"))
	if err := os.Symlink(".", "logs/loop"); err != nil {
		t.Skip(err)
	}
	c, err := Preserve(t.Context(), []string{"./logs/"}, "kept", options(t))
	if err != nil || c.Count(ItemTaken) != 5 || c.Count(ItemFailed) != 1 {
		t.Fatalf("got %+v, %v", c, err)
	}
	for _, it := range c.Items {
		if !strings.HasPrefix(it.Source, "./logs/") || it.State == ItemFailed && it.Source != "./logs/loop" {
			t.Errorf("got %+v", it)
		}
	}
}

// TestPreserveGoesOn checks a second run: what is there is kept, what changed is taken anew, numbers stay.
func TestPreserveGoesOn(t *testing.T) {
	paths := sources(t)
	if _, err := Preserve(t.Context(), paths[:2], "kept", options(t)); err != nil {
		t.Fatal(err)
	}
	write(t, "kept/originals/stray.partial", []byte("x"))
	write(t, "logs/entra|<b>.json", []byte(`{"value":[{}]}`))
	c, err := Preserve(t.Context(), paths, "kept", options(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Items) != 5 || c.Count(ItemTaken) != 5 || c.Earlier != "custody.1.json" {
		t.Fatalf("got %+v", c)
	}
	for i, it := range c.Items {
		if it.Number != i+1 {
			t.Errorf("item %d has number %d", i, it.Number)
		}
	}
	if !strings.HasSuffix(c.Items[2].Copy, ".json~2") || c.Items[1].SHA256 == c.Items[2].SHA256 {
		t.Errorf("got %+v", c.Items[1:3])
	}
	if r := verify(t, "kept", VerifyOptions{Home: t.TempDir()}); !r.OK {
		t.Errorf("got %+v", r)
	}
	// A copy that was tampered with is not taken for what it was.
	os.Chmod(filepath.Join("kept", c.Items[0].Copy), 0o600)
	write(t, filepath.Join("kept", c.Items[0].Copy), []byte(strings.Repeat("conn=2\n", 50000)))
	c, err = Preserve(t.Context(), paths[:1], "kept", options(t))
	if err != nil || len(c.Items) != 6 || !strings.HasSuffix(c.Items[5].Copy, "slapd.log~2") {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestPreserveRefuses(t *testing.T) {
	paths := sources(t)
	write(t, "full/something", []byte("x"))
	if _, err := Preserve(t.Context(), paths, "full", options(t)); err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("got %v", err)
	}
	o := options(t)
	o.free = func(string) (int64, error) { return 1000, nil }
	if _, err := Preserve(t.Context(), paths, "kept", o); !errors.Is(err, ErrNoSpace) || !strings.Contains(err.Error(), "nothing was copied") {
		t.Errorf("got %v", err)
	}
}

// filling is a disk that is full after some bytes.
type filling struct {
	io.Writer
	left *int
}

func (f filling) Write(p []byte) (int, error) {
	if *f.left -= len(p); *f.left < 0 {
		return 0, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	return f.Writer.Write(p)
}

func TestPreserveDiskFull(t *testing.T) {
	paths := sources(t)
	o := options(t)
	left := 350100
	o.wrap = func(w io.Writer) io.Writer { return filling{w, &left} }
	c, err := Preserve(t.Context(), append(paths, "logs/slapd.log"), "kept", o)
	if !errors.Is(err, ErrNoSpace) || !strings.Contains(err.Error(), "3 of 5") {
		t.Fatalf("got %v", err)
	}
	if states := fmt.Sprintf("%s %s %s", c.Items[0].State, c.Items[3].State, c.Items[4].State); states != "taken failed not-taken" {
		t.Errorf("got %s", states)
	}
	// What was done is recorded and sealed, and nothing half is left.
	if r := verify(t, "kept", VerifyOptions{Home: t.TempDir()}); !r.OK {
		t.Errorf("got %+v", r)
	}
	// With room again, the same command goes on.
	o.wrap = nil
	c, err = Preserve(t.Context(), paths, "kept", o)
	if err != nil || c.Count(ItemTaken) != 4 {
		t.Errorf("got %+v, %v", c, err)
	}
}

func TestPreserveInterrupted(t *testing.T) {
	paths := sources(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := options(t)
	o.Progress = func(done, of int64) { cancel() }
	c, err := Preserve(ctx, paths, "kept", o)
	if !errors.Is(err, context.Canceled) || c == nil || c.Count(ItemLeft) == 0 {
		t.Fatalf("got %+v, %v", c, err)
	}
	if r := verify(t, "kept", VerifyOptions{Home: t.TempDir()}); !r.OK {
		t.Errorf("got %+v", r)
	}
}

// TestPreserveGrowing copies a log that is written to meanwhile.
func TestPreserveGrowing(t *testing.T) {
	paths := sources(t)
	o := options(t)
	o.wrap = func(w io.Writer) io.Writer {
		f, err := os.OpenFile(paths[0], os.O_APPEND|os.O_WRONLY, 0)
		if err == nil {
			f.WriteString("conn=2\n")
			f.Close()
		}
		return w
	}
	c, err := Preserve(t.Context(), paths[:1], "kept", o)
	if err != nil || c.Items[0].State != ItemChanged || c.Items[0].Size != 350000 || c.Items[0].Note == "" {
		t.Errorf("got %+v, %v", c.Items, err)
	}
}
