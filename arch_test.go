// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package sekisho_test holds the code to its architecture: who may import whom, one package comment each, files that
// can be read in one sitting.
package sekisho_test

import (
	"bytes"
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module   = "github.com/sekisho/sekisho"
	longFile = 600 // lines; above it the test says so, without failing
)

// folder is what the test knows of one package.
type folder struct {
	imports  map[string]string // of ours, by path below the module → a file that has it
	outside  map[string]string // others
	comments []string          // first lines of package comments
	main     bool
}

// scan reads all Go files but tests, below the folders that belong to this module.
func scan(t *testing.T) (map[string]*folder, []string) {
	t.Helper()
	found, long := map[string]*folder{}, []string(nil)
	set := token.NewFileSet()
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != ".":
			_, other := os.Stat(name + "/go.mod")
			if d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") || other == nil {
				return fs.SkipDir
			}
		case strings.HasSuffix(name, ".go"):
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if n := bytes.Count(text, []byte("\n")); n > longFile {
				long = append(long, fmt.Sprintf("%s has %d lines", name, n))
			}
			if strings.HasSuffix(name, "_test.go") {
				return nil
			}
			file, err := parser.ParseFile(set, name, text, parser.ImportsOnly|parser.ParseComments)
			if err != nil {
				return err
			}
			dir := path.Dir(name)
			if found[dir] == nil {
				found[dir] = &folder{imports: map[string]string{}, outside: map[string]string{}}
			}
			found[dir].add(name, file)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found, long
}

func (p *folder) add(name string, file *ast.File) {
	p.main = file.Name.Name == "main"
	if file.Doc != nil {
		first, _, _ := strings.Cut(file.Doc.Text(), "\n")
		p.comments = append(p.comments, first)
	}
	for _, i := range file.Imports {
		to, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			continue
		}
		if ours, ok := strings.CutPrefix(to, module+"/"); ok {
			p.imports[ours] = name
		} else {
			p.outside[to] = name
		}
	}
}

// layers reads layers.txt: a package, and what it may import.
func layers(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("layers.txt")
	if err != nil {
		t.Fatal(err)
	}
	allowed := map[string][]string{}
	for n, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		name, list, ok := strings.Cut(line, ":")
		if _, twice := allowed[name]; !ok || twice {
			t.Errorf("layers.txt:%d: write each package once, as NAME: what it may import", n+1)
		}
		allowed[name] = strings.Fields(list)
		for _, dep := range allowed[name] {
			if _, above := allowed[dep]; !above {
				t.Errorf("layers.txt:%d: %s must stand above %s, which imports it: what is lower comes first", n+1, dep, name)
			}
		}
	}
	return allowed
}

// TestLayers checks that the import graph is exactly the one in layers.txt.
func TestLayers(t *testing.T) {
	packages, long := scan(t)
	allowed := layers(t)
	for name, p := range packages {
		want, ok := allowed[name]
		if !ok {
			t.Errorf("package %s is not in layers.txt: add it where it belongs", name)
			continue
		}
		for dep, file := range p.imports {
			if !slices.Contains(want, dep) {
				t.Errorf("%s: %s may not import %s: let node join them, or say in layers.txt why it may", file, name, dep)
			}
		}
		for _, dep := range want {
			if p.imports[dep] == "" {
				t.Errorf("layers.txt: %s does not import %s: remove it", name, dep)
			}
		}
	}
	for name := range allowed {
		if packages[name] == nil {
			t.Errorf("layers.txt: there is no package %s: remove it", name)
		}
	}
	for _, l := range long {
		t.Logf("%s: more than %d cannot be read in one sitting; consider cutting it", l, longFile)
	}
}

// TestPackageComments checks that each package says once what it is.
func TestPackageComments(t *testing.T) {
	packages, _ := scan(t)
	for name, p := range packages {
		want := "Package " + path.Base(name) + " "
		if p.main {
			want = "Command " + path.Base(name) + " "
		}
		switch {
		case len(p.comments) != 1:
			t.Errorf("%s has %d package comments: one file should have one (and an empty line behind each licence header)", name, len(p.comments))
		case !strings.HasPrefix(p.comments[0], want):
			t.Errorf("%s: its package comment begins with %q, not with %q", name, p.comments[0], want)
		}
	}
}

// TestLinks checks that what the documents lead to is there.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return cmp.Or(err, fs.SkipDir)
		}
		if !strings.HasSuffix(name, ".md") {
			return nil
		}
		text, err := os.ReadFile(name)
		for _, m := range link.FindAllSubmatch(text, -1) {
			if _, err := os.Stat(path.Join(path.Dir(name), string(m[1]))); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", name, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestDuckDB checks that only store/duckdb speaks to DuckDB, and that only the assembly links it, and the measurement of whole
// investigations: it adds 67 MB to a binary.
func TestDuckDB(t *testing.T) {
	packages, _ := scan(t)
	links := map[string]bool{"store/duckdb": true}
	for again := true; again; {
		again = false
		for name, p := range packages {
			for dep := range p.imports {
				if links[dep] && !links[name] {
					links[name], again = true, true
				}
			}
			for dep, file := range p.outside {
				if strings.HasPrefix(dep, "github.com/duckdb/") && name != "store/duckdb" {
					t.Errorf("%s imports %s: ask package store instead", file, dep)
				}
			}
		}
	}
	for name := range links {
		if !slices.Contains([]string{"store/duckdb", "node", "cmd/sekisho", "bench/scopestats"}, name) {
			t.Errorf("%s links DuckDB: let it take an interface that node fills", name)
		}
	}
}
