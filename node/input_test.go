// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/vault"
)

func inputOf(t *testing.T, c *cases.Case, path string) cases.Input {
	t.Helper()
	for _, in := range c.Inputs {
		if in.Path == path {
			return in
		}
	}
	t.Fatalf("%s is not among the inputs", path)
	return cases.Input{}
}

func gzipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var w bytes.Buffer
	z := gzip.NewWriter(&w)
	_, _ = z.Write(b)
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return w.Bytes()
}

// TestCopies: a log that was collected twice, packed, under another name, or earlier, is counted once.
func TestCopies(t *testing.T) {
	dir := t.TempDir()
	for _, d := range []string{"one", "two", "three"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	sshd(t, filepath.Join(dir, "one", "auth.log"), 0, 600)
	alone := run(t, dir, nil, "one")
	b, _ := os.ReadFile(filepath.Join(dir, "one", "auth.log"))
	write(t, filepath.Join(dir, "two", "auth.log"), b)
	write(t, filepath.Join(dir, "two", "other-name"), b[:len(b)/2]) // broken off in the middle of a line
	write(t, filepath.Join(dir, "three", "auth.log.gz"), gzipped(t, b))
	all := run(t, dir, nil, "one", "two", "three")
	for _, p := range []string{"two/auth.log", "two/other-name", "three/auth.log.gz"} {
		if in := inputOf(t, all, p); in.Status != "duplicate" || in.CopyOf != "one/auth.log" || in.Records != 0 || in.SHA256 == "" {
			t.Errorf("%+v", in)
		}
	}
	if all.Totals.Events != alone.Totals.Events || all.Totals.Records != alone.Totals.Records {
		t.Errorf("%+v, and alone %+v", all.Totals, alone.Totals)
	}
	same(t, text(t, alone, noPaths), text(t, all, noPaths))
	sshd(t, filepath.Join(dir, "two", "auth.log"), 600, 601) // another log is not a copy
	if in := inputOf(t, run(t, dir, nil, "one", "two"), "two/auth.log"); in.Status != "" || in.Parsed != 1 {
		t.Errorf("%+v", in)
	}
}

// TestExportedTwice: records that carry identifiers of their own count once in whatever exports they stand.
func TestExportedTwice(t *testing.T) {
	oneMore(t)
	dir := rehearsal(t)
	moved := copyOfDrill(t, dir)
	alone := run(t, moved, nil, "logs/cloud")
	name := filepath.Join(moved, "logs", "cloud", "audit-2025-09-10.json")
	b := unpacked(t, name)
	write(t, filepath.Join(moved, "logs", "cloud", "audit-2025-09-10-again.json"), append([]byte("\n"), b...))
	again := run(t, moved, nil, "logs/cloud")
	if n := inputOf(t, again, "logs/cloud/audit-2025-09-10-again.json").Parsed; n == 0 {
		t.Fatal("the second export was not read")
	}
	drop := func(c *cases.Case) { noPaths(c); c.Totals = cases.Totals{Accounts: c.Totals.Accounts} }
	same(t, text(t, alone, drop), text(t, again, drop))
}

// TestBadInputs: what cannot be read is named with what is wrong, and the rest is read.
func TestBadInputs(t *testing.T) {
	dir := t.TempDir()
	sshd(t, filepath.Join(dir, "good.log"), 0, 100)
	sshd(t, filepath.Join(dir, "other.log"), 100, 2000)
	other, _ := os.ReadFile(filepath.Join(dir, "other.log"))
	packed := gzipped(t, other)
	write(t, filepath.Join(dir, "cut.gz"), packed[:len(packed)/2])
	write(t, filepath.Join(dir, "archive.7z"), []byte("7z\xbc\xaf\x27\x1c\x00\x04rest"))
	write(t, filepath.Join(dir, "empty"), nil)
	write(t, filepath.Join(dir, "binary"), bytes.Repeat([]byte{0, 1, 2, 0xff, '\n'}, 1000))
	if err := os.Remove(filepath.Join(dir, "other.log")); err != nil {
		t.Fatal(err)
	}
	locked := filepath.Join(dir, "locked.log")
	write(t, locked, other[:500])
	if err := os.Chmod(locked, 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(".", filepath.Join(dir, "loop")); err != nil {
		t.Fatal(err)
	}
	c := run(t, filepath.Dir(dir), nil, filepath.Base(dir))
	at := func(name string) cases.Input { return inputOf(t, c, filepath.Join(filepath.Base(dir), name)) }
	for path, status := range map[string]string{"good.log": "", "cut.gz": "truncated", "archive.7z": "unsupported", "empty": "", "binary": "not-understood"} {
		if in := at(path); in.Status != status {
			t.Errorf("%s is %q (%s), want %q", path, in.Status, in.Error, status)
		}
	}
	if in := at("cut.gz"); in.Parsed == 0 || !strings.Contains(in.Error, "fetch the file again") {
		t.Errorf("%+v", in)
	}
	if os.Geteuid() != 0 {
		if in := at("locked.log"); in.Status != "unreadable" || in.Error == "" {
			t.Errorf("%+v", in)
		}
	}
}

// TestOwnFolder: a case in the folder that is investigated is not made of itself.
func TestOwnFolder(t *testing.T) {
	dir := t.TempDir()
	sshd(t, filepath.Join(dir, "auth.log"), 0, 100)
	force := func(o *Options) { o.Out, o.Force = "case", true }
	a := run(t, dir, force, ".")
	b := run(t, dir, force, ".")
	if len(b.Inputs) != 1 {
		t.Fatalf("%d inputs", len(b.Inputs))
	}
	drop := func(c *cases.Case) { c.Limits = nil }
	same(t, text(t, a, drop), text(t, b, drop))
}

// TestInterrupted: what was read by then becomes a case that says that it is partial.
func TestInterrupted(t *testing.T) {
	dir := t.TempDir()
	for _, f := range []string{"a.log", "b.log", "c.log", "d.log"} {
		sshd(t, filepath.Join(dir, f), int(f[0])*30000, int(f[0])*30000+30000)
	}
	t.Chdir(dir)
	out, home := filepath.Join(t.TempDir(), "case"), t.TempDir()
	if _, err := Investigate(t.Context(), Options{Paths: []string{"a.log"}, Out: out, Home: home}); err != nil { // what it leaves must not be taken for the next one's
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Investigate(ctx, Options{Paths: []string{"."}, Out: out, Force: true, Home: home, Jobs: 1, sorting: 1 << 20, Progress: func(p Progress) {
		if p.Phase == "read" && p.Done > p.Total/3 {
			cancel()
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	c, err := cases.Open(filepath.Join(out, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	stopped := 0
	for _, in := range c.Inputs {
		if in.Status == "interrupted" {
			stopped++
		}
	}
	if !c.Partial || stopped == 0 || stopped == 4 || c.Validate() != nil {
		t.Errorf("partial %v, %d of 4 interrupted, %v", c.Partial, stopped, c.Validate())
	}
	if r, err := vault.Verify(t.Context(), out, vault.VerifyOptions{Home: home}); err != nil || len(r.Extra) > 0 {
		t.Errorf("%v, in the folder and not in the manifest: %v", err, r.Extra)
	}
	if left, _ := filepath.Glob(filepath.Join(out, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestOldCaseStays: a run that fails, here because a file cannot be put where it belongs, leaves the case that was there.
func TestOldCaseStays(t *testing.T) {
	dir := t.TempDir()
	sshd(t, filepath.Join(dir, "auth.log"), 0, 100)
	out := filepath.Join(t.TempDir(), "case")
	run(t, dir, func(o *Options) { o.Out = out }, "auth.log")
	before, err := os.ReadFile(filepath.Join(out, "case.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := try(t, dir, func(o *Options) { o.Out = out }, "auth.log"); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("a second case in the folder: %v", err)
	}
	home := filepath.Join(t.TempDir(), "home")
	write(t, home, []byte("a file where the key's folder should be"))
	if _, err := try(t, dir, func(o *Options) { o.Out, o.Force, o.Home = out, true, home }, "auth.log"); err == nil {
		t.Error("a case without a signature was written")
	}
	after, err := os.ReadFile(filepath.Join(out, "case.json"))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the old case is gone: %v", err)
	}
	if _, err := os.Stat(filepath.Join(out, "manifest.json")); err != nil {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(out, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	if _, err := try(t, dir, func(o *Options) { o.Out, o.Home = fresh, home }, "auth.log"); err == nil {
		t.Error("a case without a signature was written")
	}
	if _, err := os.Stat(fresh); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a run that failed left its folder: %v", err)
	}
	if err := explain(syscall.ENOSPC, "somewhere"); !strings.Contains(err.Error(), "no room left in somewhere: free some or choose another --out") {
		t.Error(err)
	}
}

// TestSeedsWithoutEffect: a seed that nothing knows is said to have had no effect.
func TestSeedsWithoutEffect(t *testing.T) {
	dir := t.TempDir()
	sshd(t, filepath.Join(dir, "auth.log"), 0, 100)
	c := run(t, dir, func(o *Options) {
		o.Seeds = []Seed{{Value: "d41d8cd98f00b204e9800998ecf8427e"}, {Value: "nobody-knows"}, {Value: "192.0.2.77"}, {Value: "user3"}}
	}, "auth.log")
	var all strings.Builder
	for _, l := range c.Limits {
		all.WriteString(l.En + "\n")
	}
	for _, want := range []string{"The hash d41d8cd98f00b204e9800998ecf8427e was not looked for", `"nobody-knows" is no address`, "192.0.2.77, known to be bad, is in no record"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("not said: %s\n%s", want, all.String())
		}
	}
	if strings.Contains(all.String(), "user3") {
		t.Error("user3 logged in and is said to be unknown")
	}
}
