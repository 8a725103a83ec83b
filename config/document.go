// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The bounds of a file that people write by hand. A real profile is a few kilobytes; lists of people and of addresses
// stand in files of their own.
const (
	maxDocument = 8 << 20 // bytes
	maxNodes    = 500_000 // values visited, aliases counted each time
	maxDepth    = 32
	maxReported = 20 // problems and warnings told one by one
)

// Warning is something in a configuration file that is not wrong enough to stop.
type Warning struct {
	File string
	Line int
	Text string
}

// String returns "file:line: text".
func (w Warning) String() string { return fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.Text) }

// document walks a YAML or JSON tree, keeps within bounds and gathers what is wrong with it, so that a person can mend
// everything in one go.
type document struct {
	file     string
	visited  int
	stopped  bool // a bound was passed; nothing more is read
	problems []string
	more     int // problems beyond maxReported
	warnings []Warning
}

// open reads the file's tree. It returns nil without error for an empty file.
func (d *document) open(path string) (*yaml.Node, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err != nil {
		return nil, err
	}
	return d.parse(data)
}

func (d *document) parse(data []byte) (*yaml.Node, error) {
	if len(data) > maxDocument {
		return nil, fmt.Errorf("larger than %d MiB: is this the right file?", maxDocument>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	text := bytes.TrimLeft(data, " \t\r\n")
	if len(text) == 0 {
		return nil, nil
	}
	// JSON may be indented with tabs, which YAML refuses.
	if (text[0] == '[' || text[0] == '{') && json.Valid(text) {
		return treeOfJSON(data)
	}
	var root yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) { // comments only
			return nil, nil
		}
		return nil, err
	}
	var second yaml.Node
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("holds more than one YAML document: keep one, without further --- lines")
	}
	if root.Kind == yaml.DocumentNode && len(root.Content) == 1 {
		return root.Content[0], nil
	}
	return nil, nil
}

// treeOfJSON gives JSON the form of a YAML tree, with line numbers, so that one reader serves both.
func treeOfJSON(data []byte) (*yaml.Node, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	line, counted := 1, 0
	at := func() int {
		here := int(dec.InputOffset())
		line += bytes.Count(data[counted:here], []byte{'\n'})
		counted = here
		return line
	}
	var read func(depth int) (*yaml.Node, error)
	read = func(depth int) (*yaml.Node, error) {
		if depth > maxDepth {
			return nil, fmt.Errorf("line %d: nested deeper than %d", at(), maxDepth)
		}
		tok, err := dec.Token()
		if err != nil {
			return nil, err
		}
		n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Line: at()}
		switch v := tok.(type) {
		case json.Delim:
			n.Kind = yaml.SequenceNode
			if v == '{' {
				n.Kind = yaml.MappingNode
			}
			for dec.More() {
				child, err := read(depth + 1)
				if err != nil {
					return nil, err
				}
				n.Content = append(n.Content, child)
			}
			_, err = dec.Token()
		case string:
			n.Value = v
		case json.Number:
			n.Value, n.Tag = v.String(), "!!int"
		case bool:
			n.Value, n.Tag = strconv.FormatBool(v), "!!bool"
		case nil:
			n.Tag = "!!null"
		}
		return n, err
	}
	return read(0)
}

// wrong notes a mistake at n. where is the key as a person would name it, like networks[2].cidr.
func (d *document) wrong(n *yaml.Node, where, format string, args ...any) {
	if len(d.problems) >= maxReported {
		d.more++
		return
	}
	d.problems = append(d.problems, fmt.Sprintf("%s:%d: %s: %s", d.file, n.Line, where, fmt.Sprintf(format, args...)))
}

func (d *document) warn(n *yaml.Node, where, format string, args ...any) {
	if len(d.warnings) < maxReported {
		d.warnings = append(d.warnings, Warning{d.file, n.Line, where + ": " + fmt.Sprintf(format, args...)})
	}
}

// err returns all mistakes as one error, or nil.
func (d *document) err() error {
	if len(d.problems) == 0 {
		return nil
	}
	list := strings.Join(d.problems, "\n")
	if d.more > 0 {
		list += fmt.Sprintf("\nand %d more", d.more)
	}
	return errors.New(list)
}

// enter follows an alias and counts the visit. It returns nil for nothing (null), and once a bound was passed.
func (d *document) enter(n *yaml.Node, where string) *yaml.Node {
	for hops := 0; n != nil && n.Kind == yaml.AliasNode && hops < maxDepth; hops++ {
		n = n.Alias
	}
	if n == nil || d.stopped || n.Tag == "!!null" {
		return nil
	}
	if d.visited++; d.visited > maxNodes || strings.Count(where, ".")+strings.Count(where, "[") > maxDepth {
		d.stopped = true
		d.wrong(n, where, "too many or too deeply nested values: write it plainly, without YAML aliases")
		return nil
	}
	return n
}

// each calls take for every key of a mapping; take returns false for a key that it does not know.
func (d *document) each(n *yaml.Node, where, known string, take func(key, where string, v *yaml.Node) bool) {
	if n = d.enter(n, where); n == nil {
		return
	}
	name := where
	if name == "" {
		name = "the file"
	}
	if n.Kind != yaml.MappingNode {
		d.wrong(n, name, "holds %s where keys are wanted (%s)", describe(n), known)
		return
	}
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content) && !d.stopped; i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		key := k.Value
		inner := key
		if where != "" {
			inner = where + "." + key
		}
		switch {
		case k.Kind != yaml.ScalarNode:
			d.wrong(k, name, "a key must be a word")
		case seen[key]:
			d.wrong(k, inner, "stands twice: keep one")
		case !take(key, inner, v):
			d.warn(k, inner, "unknown key, ignored (known here: %s)", known)
		}
		seen[key] = true
	}
}

// items calls take for every item of a list; a single value stands for a list of one.
func (d *document) items(n *yaml.Node, where string, take func(where string, v *yaml.Node)) {
	if n = d.enter(n, where); n == nil {
		return
	}
	if n.Kind != yaml.SequenceNode {
		take(where, n)
		return
	}
	for i, v := range n.Content {
		if d.stopped {
			return
		}
		take(where+"["+strconv.Itoa(i)+"]", v)
	}
}

// text returns a scalar's text without blanks around it; empty for null or, with a problem noted, for anything else.
func (d *document) text(n *yaml.Node, where string) string {
	if n = d.enter(n, where); n == nil {
		return ""
	}
	if n.Kind != yaml.ScalarNode {
		d.wrong(n, where, "holds %s where a single value is wanted", describe(n))
		return ""
	}
	const maxText = 4096
	if len(n.Value) > maxText {
		d.wrong(n, where, "longer than %d bytes", maxText)
		return ""
	}
	return strings.TrimSpace(n.Value)
}

// texts returns a list of scalars; a single one may stand alone.
func (d *document) texts(n *yaml.Node, where string) []string {
	var out []string
	d.items(n, where, func(where string, v *yaml.Node) {
		if s := d.text(v, where); s != "" {
			out = append(out, s)
		}
	})
	return out
}

// truth returns a truth value and whether there was one.
func (d *document) truth(n *yaml.Node, where string) (value, ok bool) {
	switch s := d.text(n, where); strings.ToLower(s) {
	case "true", "yes", "on":
		return true, true
	case "false", "no", "off":
		return false, true
	case "":
		return false, false
	default:
		d.wrong(n, where, "%q is neither true nor false", s)
		return false, false
	}
}

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys"
	case yaml.SequenceNode:
		return "a list"
	default:
		return strconv.Quote(cut(n.Value, 40))
	}
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
