// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var headings = []string{"## What it sees", "## Why it matters", "## How it decides", "## When it is wrong", "## What to do", "## Which logs it needs"}

// TestComplete holds that every detector is listed, and has its file, its page and its test; and that no page stands alone.
func TestComplete(t *testing.T) {
	names := map[string]bool{}
	last := ""
	for _, s := range All() {
		if s.Name <= last {
			t.Errorf("%s stands after %s", s.Name, last)
		}
		last = s.Name
		names[s.Name] = true
		file := strings.TrimSuffix(pageFile(s.Name), ".md")
		for _, f := range []string{file + ".go", file + ".md", file + "_test.go"} {
			if _, err := os.Stat(f); err != nil {
				t.Errorf("%s has no %s", s.Name, f)
			}
		}
		page := Page(s.Name)
		at := -1
		for _, h := range headings {
			i := strings.Index(page, "\n"+h+"\n")
			if i <= at {
				t.Errorf("%s.md: heading %q is missing or out of order", file, h)
			}
			at = i
		}
		for _, a := range s.Attack {
			if !strings.Contains(page, a) {
				t.Errorf("%s.md does not name %s", file, a)
			}
		}
		if !strings.Contains(page, "ATT&CK") {
			t.Errorf("%s.md does not say which version of ATT&CK it speaks of", file)
		}
	}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".md"); ok && !names[strings.ReplaceAll(name, "_", "-")] {
			t.Errorf("%s.md is the page of no detector", name)
		}
		if strings.HasSuffix(e.Name(), ".go") && !strings.HasSuffix(e.Name(), "_test.go") {
			for _, d := range declaredSpecs(t, e.Name()) {
				if !names[d] {
					t.Errorf("%s declares the detector %s, which All does not list", e.Name(), d)
				}
			}
		}
	}
}

// TestPagesNameTunables holds that a page names each constant of its detector with the value in the code.
func TestPagesNameTunables(t *testing.T) {
	for _, s := range All() {
		file := strings.TrimSuffix(pageFile(s.Name), ".md")
		page := Page(s.Name)
		for _, c := range tunables(t, file+".go") {
			if want := fmt.Sprintf("| `%s` | %s |", c.name, c.value); !strings.Contains(page, want) {
				t.Errorf("%s.md lacks the row %s", file, want)
			}
		}
	}
}

type tunable struct{ name, value string }

// tunables returns the constants of the group that "Tunables of" stands before, with their values as written.
func tunables(t *testing.T, file string) []tunable {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var out []tunable
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST || g.Doc == nil || !strings.HasPrefix(g.Doc.Text(), "Tunables of") {
			continue
		}
		for _, sp := range g.Specs {
			v := sp.(*ast.ValueSpec)
			x := v.Values[0]
			out = append(out, tunable{v.Names[0].Name, string(src[fset.Position(x.Pos()).Offset:fset.Position(x.End()).Offset])})
		}
	}
	if len(out) == 0 {
		t.Errorf("%s has no group of tunables", file)
	}
	return out
}

// declaredSpecs returns the names of the detectors that a file declares.
func declaredSpecs(t *testing.T, file string) []string {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		c, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if s, ok := c.Type.(*ast.SelectorExpr); !ok || s.Sel.Name != "Spec" {
			return true
		}
		for _, e := range c.Elts {
			if kv, ok := e.(*ast.KeyValueExpr); ok {
				if k, ok := kv.Key.(*ast.Ident); ok && k.Name == "Name" {
					if l, ok := kv.Value.(*ast.BasicLit); ok {
						out = append(out, strings.Trim(l.Value, `"`))
					}
				}
			}
		}
		return true
	})
	slices.Sort(out)
	return out
}

// TestFingerprint holds that the fingerprint is a function of the code and its pages.
func TestFingerprint(t *testing.T) {
	if a, b := Fingerprint(), Fingerprint(); a != b || len(a) != 64 {
		t.Errorf("fingerprints %s and %s", a, b)
	}
}

// TestSameFindings holds that findings do not depend on the order of maps: all detectors over one long story, again and again.
func TestSameFindings(t *testing.T) {
	s := newStory(300)
	loginLife(s, 40, 120)
	groping(s, 20, 28)
	guessWave(s, 30, 200, 3, map[int]bool{5: true})
	directoryLife(s)
	networkLife(s, 40)
	managementLife(s)
	ciLife(s)
	mailLife(s, 35, 12)
	uploadLife(s, 40)
	vm := inside("10.4.0.21", "vm1", "build")
	sweep(s, 32, 1100, vm, 120, []uint16{22, 445}, 5)
	s.read(33, 1400, 0, s.person("user3"), vm, 300, "dc=example sub (objectClass=*)", "*")
	s.connect(34, 100, 0, vm, outside("203.0.113.9", event.KindHosting, "SG"), link{port: 443, out: 3 << 30, in: 1 << 20, duration: 9 * hours})
	for i := range 20 {
		s.request(34, 1000+i, outside(fmt.Sprintf("2001:db8:%d::1", i), event.KindTor, "DE"), firefox, "POST", "/computer/vm1/script")
	}
	for i := range 6 {
		for k := range 8 {
			s.mail(34, 1000+k, i, s.person(fmt.Sprintf("user%d", i)), outside("203.0.113.9", event.KindHosting, "SG"), "EWS", true, 0)
		}
	}
	var first string
	for range 5 {
		var b strings.Builder
		for _, spec := range All() {
			for _, f := range s.run(t, spec) {
				fmt.Fprintf(&b, "%+v\n", f)
			}
		}
		if first == "" {
			first = b.String()
		}
		if b.String() != first {
			t.Fatal("two runs over the same events differ")
		}
	}
	if strings.Count(first, "\n") < 10 {
		t.Errorf("too few findings to compare: %s", first)
	}
}

// TestHostileEvents holds that no detector falls over events without what it looks for, with all that it may have, and before 1970.
func TestHostileEvents(t *testing.T) {
	for _, spec := range All() {
		d := spec.New(detect.Site{})
		for class := range event.Classes() {
			for act := range event.Activities() {
				for _, day := range []int32{-800000, -1, 0, 3000000} {
					for k := range 3 {
						e := event.Event{Time: event.Micros(day) * 86400 * 1e6, Class: event.Class(class), Activity: event.Activity(act), Outcome: event.Outcome(k % 3), Object: "/computer//script"}
						g := event.Sighting{Event: &e, Day: day, Weekday: weekdayOf(day)}
						if k > 0 {
							e.SrcIP, e.DstIP = ip("10.0.0.1"), ip("203.0.113.1")
							e.Count, e.BytesOut, e.BytesIn, e.Duration = event.Some(1<<62), event.Some(1<<62), event.Some(-1), event.Some(1<<62)
							g.Src, g.Dst = inside("10.0.0.1", "", "build"), outside("203.0.113.1", event.KindTor, "DE")
						}
						if k > 1 {
							e.DstIP, e.SrcIP = ip("::1"), ip("fe80::1")
							g.Who, g.Whom = &event.Account{Handle: 1, ID: "A-1"}, &event.Account{Handle: 2, ID: "A-2"}
							g.Dst.Restricted, g.Dst.Role = true, "ci"
						}
						d.Observe(&g)
					}
				}
			}
		}
		d.Findings(0)
	}
}
