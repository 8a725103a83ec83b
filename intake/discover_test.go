// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// lay makes files; a name that ends in a slash is a folder, one with " -> " a link.
func lay(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		link, target, isLink := strings.Cut(name, " -> ")
		path := filepath.Join(dir, filepath.FromSlash(link))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case isLink:
			err = os.Symlink(filepath.FromSlash(target), path)
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		default:
			err = os.WriteFile(path, []byte(name), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return dir
}

func found(in *Inputs) (paths, problems []string) {
	for _, f := range in.Files {
		paths = append(paths, filepath.ToSlash(f.Path))
	}
	for _, p := range in.Problems {
		problems = append(problems, filepath.ToSlash(p.Path)+" "+p.Kind.String())
	}
	return paths, problems
}

func TestDiscover(t *testing.T) {
	lay(t, "logs/b.log", "logs/a/z.log", "logs/a/.hidden", "logs/empty/", "other/x.log", "logs/up -> ..", "logs/self -> .",
		"logs/a/current -> z.log", "logs/out -> ../other", "logs/again -> a", "logs/dead -> nowhere", "logs/ring1 -> ring2", "logs/ring2 -> ring1")
	if err := os.Link("logs/b.log", "logs/hard.log"); err != nil {
		t.Fatal(err)
	}
	args := []string{"logs", "./logs/b.log", "missing.log", os.DevNull}
	in, err := Discover(args, Search{})
	if err != nil {
		t.Fatal(err)
	}
	paths, problems := found(in)
	wantPaths := []string{"./logs/b.log", "logs/a/.hidden", "logs/a/z.log"}
	wantProblems := []string{os.DevNull + " not-regular", "logs/a/current duplicate", "logs/again duplicate", "logs/b.log duplicate", "logs/dead dead-link",
		"logs/hard.log duplicate", "logs/out link-out", "logs/ring1 dead-link", "logs/ring2 dead-link", "logs/self loop", "logs/up loop", "missing.log missing"}
	slices.Sort(wantProblems)
	slices.Sort(problems)
	if !reflect.DeepEqual(paths, wantPaths) {
		t.Errorf("files: got %q, want %q", paths, wantPaths)
	}
	if !reflect.DeepEqual(problems, wantProblems) {
		t.Errorf("problems: got %q, want %q", problems, wantProblems)
	}
	for _, p := range in.Problems {
		if p.What.Ja == "" || p.What.En == "" || !strings.HasPrefix(p.String(), p.Path+": ") {
			t.Errorf("%v says nothing", p)
		}
	}
	if in.Files[1].Below != "a/.hidden" || in.Files[0].Below != "" {
		t.Errorf("below: %q, %q", in.Files[1].Below, in.Files[0].Below)
	}

	// The order in which names are given changes nothing.
	slices.Reverse(args)
	again, err := Discover(args, Search{})
	if err != nil || !reflect.DeepEqual(again.Files, in.Files) || !reflect.DeepEqual(again.Problems, in.Problems) {
		t.Errorf("got %v, %v, %v", again.Files, again.Problems, err)
	}
}

func TestPathsAsGiven(t *testing.T) {
	dir := lay(t, "logs/a.log")
	for arg, want := range map[string]string{"logs": "logs/a.log", "logs/": "logs/a.log", "./logs": "./logs/a.log", ".": "./logs/a.log",
		dir: filepath.ToSlash(dir) + "/logs/a.log", "logs/a.log": "logs/a.log", "logs//": "logs/a.log"} {
		in, err := Discover([]string{arg}, Search{})
		if paths, _ := found(in); err != nil || !reflect.DeepEqual(paths, []string{want}) {
			t.Errorf("%s: got %q, %v, want %s", arg, paths, err, want)
		}
	}
}

func TestStdin(t *testing.T) {
	dir := t.TempDir()
	in, err := Discover([]string{"-"}, Search{Stdin: strings.NewReader("a\nb\n"), TempDir: dir})
	if err != nil || len(in.Files) != 1 || in.Files[0].Path != "-" || in.Files[0].Size != 4 {
		t.Fatal(in, err)
	}
	for range 2 {
		s, err := Open(in.Files[0], Options{})
		if err != nil {
			t.Fatal(err)
		}
		if head, err := s.Head(10); err != nil || string(head) != "a\nb\n" {
			t.Errorf("got %q, %v", head, err)
		}
		s.Close()
	}
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	in, err = Discover([]string{"-"}, Search{Stdin: strings.NewReader("a\nb\n"), TempDir: dir, StdinLimit: 3})
	if err != nil || in.Files[0].Size != 3 || len(in.Problems) != 1 || in.Problems[0].Kind != Cut {
		t.Fatal(in, err)
	}
	in.Close()
}
