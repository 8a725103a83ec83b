// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package cases

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/internal/golden"
)

const referenceHead = `# The case document

` + "`case.json`" + ` holds a whole case: who was broken into, since when, through what, and what is not known. Its name and version is
` + "`sekisho.case/1`" + `. This page is made from the comments of package cases (` + "`go test ./cases -update`" + `); the promise itself is:

- Readers ignore keys that they do not know. A key changes its meaning only with the document's version.
- The same records give the same bytes, but for ` + "`generated`" + `. Each array's elements stand on lines of their own.
- Times are RFC 3339 in UTC with milliseconds; ` + "`null`" + ` where a moment is not known. Floats are rounded to six digits.
- Keys marked *extra* are left out where they say nothing.
- ` + "`compromised`" + ` is never said of an account without ` + "`decided_by`" + `. Nothing is ever said to be free of harm: ` + "`cleared`" + `, ` + "`clear`" + ` and ` + "`no-trace`" + `
  speak of the records that were examined.

Order of the arrays: inputs by path; coverage by source, question, from; accounts by id; addresses by ip; hosts by name and ip; findings by first and id;
stories by severity (gravest first), first and id; stages by number; path by at, from, to, technique; exposure by class, account, object, first, level; questions by gain (highest first) and id;
containment by order and id; decisions by at, by, what, why. Lists of names, identities and addresses within an element are sorted, without doubles.

`

// TestReference holds docs/reference/case.md to the structs: it is made from their fields, tags and comments.
func TestReference(t *testing.T) {
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, "case.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	b.WriteString(referenceHead)
	keys := 0
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		spec := g.Specs[0].(*ast.TypeSpec)
		s, ok := spec.Type.(*ast.StructType)
		if !ok {
			continue
		}
		fmt.Fprintf(&b, "## %s\n\n%s\n\n| key | type | meaning |\n| --- | --- | --- |\n", spec.Name.Name, oneLine(g.Doc.Text()))
		for _, field := range s.Fields.List {
			if field.Tag == nil { // embedded words
				b.WriteString("| `ja`, `en` | text | the sentence in both languages |\n")
				continue
			}
			tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
			name, opts, _ := strings.Cut(tag, ",")
			meaning := oneLine(field.Comment.Text() + " " + field.Doc.Text())
			if opts != "" && !strings.Contains(meaning, "extra") {
				meaning = strings.TrimSpace(meaning + " *extra*")
			}
			if rest, ok := strings.CutPrefix(meaning, field.Names[0].Name+" "); ok {
				meaning = "`" + name + "` " + rest
			}
			keys++
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", name, typeName(field.Type), strings.ReplaceAll(meaning, "|", "\\|"))
		}
		b.WriteString("\n")
	}
	if keys < 100 {
		t.Fatalf("only %d keys: the structs are elsewhere", keys)
	}
	vocabularies(&b)
	golden.Compare(t, filepath.Join("..", "docs", "reference", "case.md"), b.Bytes())
}

// vocabularies writes every word of the case in the order in which people see them.
func vocabularies(b *bytes.Buffer) {
	b.WriteString("## Words\n\n| key | word | in Japanese | in English |\n| --- | --- | --- | --- |\n")
	for _, v := range []struct {
		key  string
		list []entry
	}{{"verdict", caseWords}, {"accounts[].verdict", accountWords}, {"accounts[].cause", causeWords}, {"addresses[].verdict", addressWords}, {"addresses[].kind", kindWords},
		{"hosts[].verdict", hostWords}, {"findings[].severity", severityWords}, {"findings[].detector", detectorWords}, {"coverage[].state", coverageWords}, {"exposure[].class", classWords}, {"exposure[].level", levelWords},
		{"exposure[].basis", basisWords}, {"containment[].state", containmentWords}, {"containment[].kind", containmentKinds}, {"…[].certainty", certaintyWords}} {
		for _, e := range v.list {
			fmt.Fprintf(b, "| `%s` | `%s` | %s | %s |\n", v.key, e.word, e.ja, e.en)
		}
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// typeName says what stands in the document for a Go type.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ArrayType:
		return "list of " + typeName(e.Elt)
	case *ast.StarExpr:
		return typeName(e.X) + " or null"
	case *ast.SelectorExpr:
		switch e.Sel.Name {
		case "Addr":
			return "address"
		case "Words":
			return "text in `ja` and `en`"
		}
		return e.Sel.Name
	case *ast.Ident:
		switch e.Name {
		case "string":
			return "text"
		case "int", "int64", "uint32":
			return "whole number"
		case "float64":
			return "number"
		case "bool":
			return "true or false"
		case "Time":
			return "time"
		case "Numbers":
			return "object of numbers, in their order"
		case "CaseVerdict", "AccountVerdict", "AddressVerdict", "HostVerdict", "Severity", "Certainty", "Cause", "AddressKind", "CoverageState", "ExposureClass", "Level", "Basis", "ContainmentState", "ContainmentKind":
			return "[word](#words)"
		}
		return "[" + e.Name + "](#" + strings.ToLower(e.Name) + ")"
	}
	if m, ok := e.(*ast.MapType); ok { // such as counts by severity
		return "object: " + typeName(m.Key) + " to " + typeName(m.Value)
	}
	return "?"
}
