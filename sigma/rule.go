// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds a rule file: the largest of the public collections is a hundredth of it.
const maxFile = 4 << 20

// ReadOptions say how rules are read. The zero value works.
type ReadOptions struct {
	// Placeholders are the values of placeholders, by name without percent signs. Values may hold wildcards.
	Placeholders map[string][]string
}

// Read reads the documents of one rule file. A document with an error is left out and told of; the others are returned.
func Read(file string, data []byte, o ReadOptions) ([]*Rule, []*Error) {
	var rules []*Rule
	var errs []*Error
	refuse := func(line int, id, text string) { errs = append(errs, &Error{file, max(line, 1), id, text}) }
	switch {
	case len(data) > maxFile:
		refuse(1, "", fmt.Sprintf("a rule file of more than %d bytes", maxFile))
		return nil, errs
	case !utf8.Valid(data):
		refuse(1, "", "the file is no UTF-8")
		return nil, errs
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	for {
		var doc yaml.Node
		err := dec.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			line, text := yamlFault(err)
			refuse(line, "", text)
			break
		}
		if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 || doc.Content[0].Tag == "!!null" {
			continue
		}
		r, err := readRule(file, doc.Content[0], o)
		if err != nil {
			f := &fault{line: doc.Content[0].Line, text: err.Error()}
			errors.As(err, &f)
			id := ""
			if r != nil {
				id = r.ID
			}
			refuse(f.line, id, f.text)
			continue
		}
		rules = append(rules, r)
	}
	if len(rules)+len(errs) == 0 {
		refuse(1, "", "the file holds no rule")
	}
	return rules, errs
}

// yamlFault takes the line out of what the YAML decoder says.
func yamlFault(err error) (int, string) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	var line int
	if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
	}
	return line, "not YAML: " + text
}

// readRule reads one document. On an error it returns what it had, for its id.
func readRule(file string, n *yaml.Node, o ReadOptions) (*Rule, error) {
	r := &Rule{File: file, Line: n.Line}
	if n.Kind != yaml.MappingNode {
		return r, faultAt(n, "a rule is a mapping of keys and values")
	}
	if size(n, 0) > 200_000 {
		return r, faultAt(n, "the rule unfolds to more than a rule has")
	}
	keys := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if keys[k.Value] != nil {
			return r, faultAt(k, "the key %q stands there twice", k.Value)
		}
		keys[k.Value] = deref(n.Content[i+1])
	}
	if err := r.head(keys, n); err != nil {
		return r, err
	}
	need := map[string]bool{}
	d := &detector{need: need, hold: func(name string) ([]string, bool) {
		v, ok := o.Placeholders[name]
		return v, ok
	}}
	if err := r.body(keys, n, d); err != nil {
		return r, err
	}
	for name := range need {
		r.Needs = append(r.Needs, name)
	}
	slices.Sort(r.Needs)
	if t := keys["tests"]; t != nil {
		var err error
		if r.Cases, err = readCases(t); err != nil {
			return r, err
		}
	}
	return r, nil
}

// size counts the nodes of a document, aliases unfolded, up to a bound.
func size(n *yaml.Node, have int) int {
	have++
	if n.Kind == yaml.AliasNode {
		return size(n.Alias, have)
	}
	for _, c := range n.Content {
		if have > 200_000 {
			break
		}
		have = size(c, have)
	}
	return have
}

// head reads what the rule says of itself.
func (r *Rule) head(keys map[string]*yaml.Node, n *yaml.Node) error {
	for _, t := range []struct {
		key string
		to  *string
	}{{"id", &r.ID}, {"name", &r.Name}, {"title", &r.Title}, {"status", &r.Status}, {"description", &r.Description}, {"author", &r.Author}, {"level", &r.Level}} {
		v := keys[t.key]
		if v == nil || v.Tag == "!!null" {
			continue
		}
		if v.Kind != yaml.ScalarNode {
			return faultAt(v, "%s is a text", t.key)
		}
		*t.to = strings.TrimSpace(v.Value)
	}
	for _, t := range []struct {
		key string
		to  *[]string
	}{{"tags", &r.Tags}, {"references", &r.References}, {"falsepositives", &r.Falsehoods}, {"fields", &r.Fields}} {
		v := keys[t.key]
		if v == nil || v.Tag == "!!null" {
			continue
		}
		list, err := texts(v)
		if err != nil {
			return faultAt(v, "%s is a list of texts", t.key)
		}
		*t.to = list
	}
	switch {
	case keys["action"] != nil:
		return faultAt(keys["action"], "action: collections of version 1 of the specification; write each rule as a document of its own")
	case r.Title == "":
		return faultAt(n, "the rule has no title")
	case len(r.Title) > 1024:
		return faultAt(keys["title"], "the title is longer than 256 characters")
	}
	if r.Level != "" && !slices.Contains([]string{"informational", "low", "medium", "high", "critical"}, r.Level) {
		return faultAt(keys["level"], "there is no level %q: informational, low, medium, high or critical", r.Level)
	}
	if r.Status != "" && !slices.Contains([]string{"stable", "test", "experimental", "deprecated", "unsupported"}, r.Status) {
		return faultAt(keys["status"], "there is no status %q: stable, test, experimental, deprecated or unsupported", r.Status)
	}
	return nil
}

// body reads what the rule does.
func (r *Rule) body(keys map[string]*yaml.Node, n *yaml.Node, d *detector) (err error) {
	kinds := 0
	for _, k := range []string{"detection", "correlation", "filter"} {
		if keys[k] != nil {
			kinds++
		}
	}
	if kinds != 1 {
		return faultAt(n, "a rule has one of detection, correlation and filter, and this one has %d of them", kinds)
	}
	if c := keys["correlation"]; c != nil {
		r.Correlation, err = readCorrelation(c)
		return err
	}
	source := keys["logsource"]
	if source == nil {
		return faultAt(n, "the rule has no logsource")
	}
	if err := r.source(source); err != nil {
		return err
	}
	if f := keys["filter"]; f != nil {
		r.Filter, err = readFilter(f, d)
		return err
	}
	r.Match, err = d.detection(keys["detection"])
	return err
}

func (r *Rule) source(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return faultAt(n, "logsource is a mapping of category, product and service")
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		v := deref(n.Content[i+1])
		to := map[string]*string{"category": &r.Source.Category, "product": &r.Source.Product, "service": &r.Source.Service}[n.Content[i].Value]
		if to == nil {
			continue
		}
		if v.Kind != yaml.ScalarNode {
			return faultAt(v, "%s of logsource is a text", n.Content[i].Value)
		}
		*to = strings.ToLower(v.Value)
	}
	if r.Source == (LogSource{}) {
		return faultAt(n, "logsource names no category, product or service")
	}
	return nil
}

// texts returns a text, or a list of texts, as a list.
func texts(n *yaml.Node) ([]string, error) {
	if n.Kind == yaml.ScalarNode {
		return []string{n.Value}, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, errors.New("not a list")
	}
	var out []string
	for _, c := range n.Content {
		if c = deref(c); c.Kind != yaml.ScalarNode {
			return nil, errors.New("not a list of texts")
		}
		out = append(out, c.Value)
	}
	return out, nil
}

// readFilter reads what a filter takes away. By the specification's text its condition says what is taken; the reference
// implementation joins it to the rule's with "and", so that filters are found that say "not selection". A record that has nothing
// of a filter's selections is never what the filter is about: where the condition is true of it, the condition says what stays.
func readFilter(n *yaml.Node, d *detector) (*Filter, error) {
	if n.Kind != yaml.MappingNode {
		return nil, faultAt(n, "filter is a mapping")
	}
	f := &Filter{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != "rules" {
			continue
		}
		v := deref(n.Content[i+1])
		list, err := texts(v)
		if err != nil || len(list) == 0 {
			return nil, faultAt(v, "rules of a filter is a list of ids or names, or any")
		}
		if f.Rules = list; v.Kind == yaml.ScalarNode && list[0] == "any" {
			f.Rules = []string{}
		}
	}
	if f.Rules == nil {
		return nil, faultAt(n, "the filter says of no rule that it is for it: write rules: any for all")
	}
	e, err := d.detection(n, "rules")
	if err != nil {
		return nil, err
	}
	if e.blank() {
		e = not(e)
	}
	f.Match = e
	return f, nil
}

// blank says whether the tree is true where none of its tests holds.
func (e *Expr) blank() bool {
	switch e.Op {
	case And:
		for _, k := range e.Kids {
			if !k.blank() {
				return false
			}
		}
		return true
	case Or:
		for _, k := range e.Kids {
			if k.blank() {
				return true
			}
		}
	case Not:
		return !e.Kids[0].blank()
	}
	return false
}
