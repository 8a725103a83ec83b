// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package own reads formats that people wrote down in YAML, without code: how a record is cut into fields, which columns of
// the event table they are, what follows from their values, and samples with the events that must come of them. It brings
// definitions of products of which no real record was at hand, each of which says so. It checks definitions and tells what is
// wrong with file, line and reason; reading records by them is formats' work.
package own

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
)

// Bounds of one file.
const (
	maxFile    = 256 << 10
	maxPattern = 4096
	maxParts   = 200
	maxFiles   = 1000
)

// Definition is one format with the samples that it must read right.
type Definition struct {
	formats.Definition
	File    string
	Samples []Sample
}

// Sample is one record with what must come of it.
type Sample struct {
	Line   int    // in the file
	Record string // a table's row of names stands before it
	None   bool   // no event comes of it, or it is refused
	Want   []Want
}

// Want is one value of the event.
type Want struct{ Name, Value string }

// problems gathers what is wrong with one file.
type problems struct {
	file string
	list []error
}

func (p *problems) add(n *yaml.Node, format string, args ...any) {
	line := 1
	if n != nil {
		line = n.Line
	}
	if len(p.list) < 20 {
		p.list = append(p.list, fmt.Errorf("%s:%d: %s", p.file, line, fmt.Sprintf(format, args...)))
	}
}

// Read reads the definition in a file. The error lists everything that is wrong with it.
func Read(path string) (*Definition, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("own: %w", err)
	}
	defer f.Close()
	text := make([]byte, maxFile+1)
	n, _ := readFull(f, text)
	return Parse(path, text[:n])
}

func readFull(f *os.File, b []byte) (n int, err error) {
	for n < len(b) && err == nil {
		var k int
		k, err = f.Read(b[n:])
		n += k
	}
	return n, err
}

// ReadDir reads every .yaml and .yml file of a folder, in order of name.
func ReadDir(dir string) ([]*Definition, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("own: read the formats in %s: %w", dir, err)
	}
	var out []*Definition
	var errs []error
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); e.IsDir() || ext != ".yaml" && ext != ".yml" {
			continue
		}
		if len(out) >= maxFiles {
			errs = append(errs, fmt.Errorf("own: more than %d formats in %s", maxFiles, dir))
			break
		}
		d, err := Read(filepath.Join(dir, e.Name()))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		out = append(out, d)
	}
	return out, errors.Join(errs...)
}

// Parse reads a definition. name is the file's, for what is said about it.
func Parse(name string, text []byte) (*Definition, error) {
	p := &problems{file: name}
	d := &Definition{File: name}
	if len(text) > maxFile {
		return nil, fmt.Errorf("%s: larger than %d KiB", name, maxFile>>10)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &root); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(root.Content) == 0 || root.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:1: wants keys and values: name, records, pattern or columns or keys, set, samples", name)
	}
	d.read(p, root.Content[0])
	if len(p.list) == 0 {
		d.check(p, root.Content[0])
	}
	if len(p.list) == 0 {
		p.list = append(p.list, d.Test()...)
	}
	return d, errors.Join(p.list...)
}

// each calls take for each key of a mapping; take says whether it knows the key.
func each(p *problems, n *yaml.Node, where string, take func(key string, v *yaml.Node) bool) {
	if n.Kind != yaml.MappingNode {
		p.add(n, "%s: wants keys and values", where)
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content) && i < 2*maxParts; i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if k.Kind != yaml.ScalarNode || seen[k.Value] {
			p.add(k, "%s: %q stands twice, or is no name", where, k.Value)
			continue
		}
		seen[k.Value] = true
		if v.Kind == yaml.AliasNode {
			p.add(v, "%s.%s: references are not read: write it out", where, k.Value)
			continue
		}
		if !take(k.Value, v) {
			p.add(k, "%s: the key %q is not known", where, k.Value)
		}
	}
}

func scalar(p *problems, n *yaml.Node, where string) string {
	if n.Kind != yaml.ScalarNode {
		p.add(n, "%s: wants a text", where)
		return ""
	}
	return n.Value
}

func list(p *problems, n *yaml.Node, where string) []string {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}
	}
	if n.Kind != yaml.SequenceNode || len(n.Content) > maxParts {
		p.add(n, "%s: wants a list of texts", where)
		return nil
	}
	var out []string
	for _, v := range n.Content {
		out = append(out, scalar(p, v, where))
	}
	return out
}

func (d *Definition) read(p *problems, root *yaml.Node) {
	each(p, root, "the format", func(key string, v *yaml.Node) bool {
		switch key {
		case "name":
			d.Name = scalar(p, v, key)
			if !nameLike(d.Name) {
				p.add(v, "name: %q: write small letters, digits and hyphens", d.Name)
			}
		case "also":
			d.Also = list(p, v, key)
		case "source":
			d.Source = scalar(p, v, key)
		case "what":
			d.About.What = scalar(p, v, key)
		case "export":
			d.About.Export = scalar(p, v, key)
		case "takes":
			d.About.Takes = scalar(p, v, key)
		case "leaves":
			d.About.Leaves = scalar(p, v, key)
		case "unverified":
			d.Unverified = scalar(p, v, key)
		case "records":
			switch s := scalar(p, v, key); s {
			case "lines":
			case "csv":
				d.Framing = event.FrameCSV
			case "json":
				d.Framing = event.FrameJSON
			default:
				p.add(v, "records: %q: write lines, csv or json", s)
			}
		case "separator":
			d.separator(p, v)
		case "program":
			d.Program = scalar(p, v, key)
		case "contains":
			d.Contains = list(p, v, key)
		case "pattern":
			d.Patterns = append(d.Patterns, formats.Pattern{Dissect: scalar(p, v, key)})
		case "regexp":
			d.Patterns = append(d.Patterns, formats.Pattern{Regexp: expression(p, v)})
		case "patterns":
			d.patterns(p, v)
		case "columns":
			d.columns(p, v)
		case "keys":
			d.Keys = namings(p, v, key)
		case "time":
			d.time(p, v)
		case "set":
			setting(p, v, key, &d.Set)
		case "when":
			d.rules(p, v)
		case "samples":
			d.samples(p, v)
		default:
			return false
		}
		return true
	})
}

func nameLike(s string) bool {
	for i, c := range s {
		if (c < 'a' || c > 'z') && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != "" && len(s) <= 40
}

func (d *Definition) separator(p *problems, v *yaml.Node) {
	switch s := scalar(p, v, "separator"); {
	case s == "tab" || s == "\t":
		d.Separator = '\t'
	case len(s) == 1 && strings.Contains(",;|^ ", s):
		d.Separator = s[0]
	default:
		p.add(v, "separator: %q: write one of , ; | ^ or tab", s)
	}
}

// expression compiles an RE2 expression: its time is linear whatever the record.
func expression(p *problems, v *yaml.Node) *regexp.Regexp {
	s := scalar(p, v, "regexp")
	if len(s) > maxPattern {
		p.add(v, "regexp: longer than %d bytes", maxPattern)
		return nil
	}
	re, err := regexp.Compile(s)
	if err != nil {
		p.add(v, "regexp: %v", err)
		return nil
	}
	fields := 0
	for _, n := range re.SubexpNames() {
		if n == "" {
			continue
		}
		if fields++; !formats.FieldKnown(n) {
			p.add(v, "regexp: no field can be called %q: columns of the event table, or small letters, digits and _", n)
		}
	}
	if fields == 0 {
		p.add(v, "regexp: it names no field: write (?P<account>…)")
	}
	if !strings.HasPrefix(s, "^") && !strings.HasPrefix(s, "(?s)^") {
		p.add(v, "regexp: begin it with ^, or what a user typed may be taken for the record's beginning")
	}
	return re
}

func (d *Definition) patterns(p *problems, v *yaml.Node) {
	if v.Kind != yaml.SequenceNode || len(v.Content) > maxParts {
		p.add(v, "patterns: wants a list, each with pattern or regexp")
		return
	}
	for _, n := range v.Content {
		pt := formats.Pattern{}
		each(p, n, "patterns", func(key string, v *yaml.Node) bool {
			switch key {
			case "pattern":
				pt.Dissect = scalar(p, v, key)
			case "regexp":
				pt.Regexp = expression(p, v)
			case "set":
				setting(p, v, "patterns.set", &pt.Set)
			default:
				return false
			}
			return true
		})
		if (pt.Dissect == "") == (pt.Regexp == nil) && len(p.list) == 0 {
			p.add(n, "patterns: wants either pattern or regexp")
		}
		d.Patterns = append(d.Patterns, pt)
	}
}

// namings reads a mapping of names to fields, in order.
func namings(p *problems, v *yaml.Node, where string) []formats.Naming {
	var out []formats.Naming
	each(p, v, where, func(key string, v *yaml.Node) bool {
		f := scalar(p, v, where+"."+key)
		if !formats.FieldKnown(f) {
			p.add(v, "%s: no field can be called %q: columns of the event table, or small letters, digits and _", where, f)
		}
		out = append(out, formats.Naming{Name: key, Field: f})
		return true
	})
	return out
}

// columns reads what the columns of a table are: by name, or, as a list, by place.
func (d *Definition) columns(p *problems, v *yaml.Node) {
	if v.Kind == yaml.MappingNode {
		d.Columns = namings(p, v, "columns")
		return
	}
	d.Positions = true
	for _, f := range list(p, v, "columns") {
		if !formats.FieldKnown(f) {
			p.add(v, "columns: no field can be called %q", f)
		}
		d.Columns = append(d.Columns, formats.Naming{Field: f})
	}
}

func (d *Definition) time(p *problems, v *yaml.Node) {
	each(p, v, "time", func(key string, v *yaml.Node) bool {
		switch key {
		case "layouts", "layout":
			for _, s := range list(p, v, key) {
				l, ok := formats.NewTimeLayout(s)
				if !ok {
					p.add(v, "time: the layout %q: write %%Y %%m %%d %%H %%M %%S and so on, as strftime has them", s)
				}
				d.Layouts = append(d.Layouts, l)
			}
		case "zone":
			name := scalar(p, v, key)
			z, err := time.LoadLocation(name)
			if err != nil || name == "" || name == "Local" {
				p.add(v, "time: there is no zone %q: write a name such as Asia/Tokyo", name)
			}
			d.Zone = z
		default:
			return false
		}
		return true
	})
}

func setting(p *problems, v *yaml.Node, where string, s *formats.Setting) {
	each(p, v, where, func(key string, v *yaml.Node) bool {
		switch key {
		case "class", "activity", "outcome", "reason", "service":
			if word := scalar(p, v, where+"."+key); !s.Word(key, word) {
				p.add(v, "%s.%s: %q is no word for it: %s", where, key, word, words(key))
			}
		default:
			return false
		}
		return true
	})
}

func words(key string) string {
	switch key {
	case "class":
		return strings.Join(event.Classes(), ", ")
	case "activity":
		return strings.Join(event.Activities(), ", ")
	case "outcome":
		return strings.Join(event.Outcomes(), ", ")
	case "reason":
		return strings.Join(slices.DeleteFunc(event.Reasons(), func(s string) bool { return s == "" }), ", ")
	}
	return "any text"
}

func (d *Definition) rules(p *problems, v *yaml.Node) {
	if v.Kind != yaml.SequenceNode || len(v.Content) > maxParts {
		p.add(v, "when: wants a list of rules: {field: …, is: …, set: {…}}")
		return
	}
	for _, n := range v.Content {
		var r formats.Rule
		each(p, n, "when", func(key string, v *yaml.Node) bool {
			switch key {
			case "field":
				if r.Field = scalar(p, v, key); !formats.FieldKnown(r.Field) {
					p.add(v, "when: no field is called %q", r.Field)
				}
			case "is":
				r.Is = list(p, v, key)
			case "contains":
				r.Contains = list(p, v, key)
			case "set":
				setting(p, v, "when.set", &r.Set)
			default:
				return false
			}
			return true
		})
		if r.Field == "" || len(r.Is)+len(r.Contains) == 0 {
			p.add(n, "when: wants field, and is or contains")
		}
		d.When = append(d.When, r)
	}
}

func (d *Definition) samples(p *problems, v *yaml.Node) {
	if v.Kind != yaml.SequenceNode || len(v.Content) > maxParts {
		p.add(v, "samples: wants a list of records with the events that must come of them")
		return
	}
	for _, n := range v.Content {
		s := Sample{Line: n.Line}
		given := false
		each(p, n, "samples", func(key string, v *yaml.Node) bool {
			switch key {
			case "record":
				s.Record = scalar(p, v, key)
			case "event":
				given = true
				if v.Kind == yaml.ScalarNode && v.Value == "none" {
					s.None = true
					return true
				}
				each(p, v, "event", func(key string, v *yaml.Node) bool {
					s.Want = append(s.Want, Want{key, scalar(p, v, "event."+key)})
					return true
				})
			default:
				return false
			}
			return true
		})
		if s.Record == "" || !given || !s.None && len(s.Want) == 0 {
			p.add(n, "samples: wants record, and event: what must come of it, or none")
		}
		d.Samples = append(d.Samples, s)
	}
}
