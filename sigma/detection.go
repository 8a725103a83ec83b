// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// fault is an error at a line of the file.
type fault struct {
	line int
	text string
}

func (f *fault) Error() string { return f.text }

func faultAt(n *yaml.Node, format string, args ...any) error {
	return &fault{n.Line, fmt.Errorf(format, args...).Error()}
}

// detector reads the selections of a detection and joins them by its condition.
type detector struct {
	hold func(name string) ([]string, bool) // values of a placeholder
	need map[string]bool                    // placeholders without values
}

// detection returns the tree of the mapping under detection or filter. Keys in but are none of its selections.
func (d *detector) detection(n *yaml.Node, but ...string) (*Expr, error) {
	if n.Kind != yaml.MappingNode {
		return nil, faultAt(n, "the detection is no mapping of selections")
	}
	var names []string
	var conditions []*yaml.Node
	trees := map[string]*Expr{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], deref(n.Content[i+1])
		switch {
		case key.Value == "condition":
			conditions = []*yaml.Node{value}
			if value.Kind == yaml.SequenceNode {
				conditions = value.Content
			}
			continue
		case key.Value == "timeframe" || slices.Contains(but, key.Value):
			continue
		}
		e, err := d.selection(value, 0)
		if err != nil {
			return nil, err
		}
		if trees[key.Value] != nil {
			return nil, faultAt(key, "the selection %q stands there twice", key.Value)
		}
		trees[key.Value] = e
		names = append(names, key.Value)
	}
	if len(conditions) == 0 {
		return nil, faultAt(n, "the detection has no condition")
	}
	var all []*Expr
	for _, c := range conditions {
		e, err := parseCondition(c.Value, names, func(name string) *Expr { return trees[name] }, map[string]bool{})
		if err != nil {
			return nil, faultAt(c, "%w", err)
		}
		all = append(all, e)
	}
	return or(all...), nil
}

func deref(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// selection returns the tree of one selection: a mapping (all must hold), a list of mappings (one must), or keywords.
func (d *detector) selection(n *yaml.Node, depth int) (*Expr, error) {
	if depth > 8 {
		return nil, faultAt(n, "selections stand within one another more than eight deep")
	}
	switch n.Kind {
	case yaml.MappingNode:
		if len(n.Content) == 0 {
			return nil, faultAt(n, "an empty selection")
		}
		var kids []*Expr
		for i := 0; i+1 < len(n.Content); i += 2 {
			e, err := d.item(n.Content[i], deref(n.Content[i+1]))
			if err != nil {
				return nil, err
			}
			kids = append(kids, e)
		}
		return and(kids...), nil
	case yaml.SequenceNode:
		if len(n.Content) == 0 {
			return nil, faultAt(n, "an empty selection")
		}
		var kids []*Expr
		for _, k := range n.Content {
			e, err := d.selection(deref(k), depth+1)
			if err != nil {
				return nil, err
			}
			kids = append(kids, e)
		}
		return or(kids...), nil
	case yaml.ScalarNode:
		return d.keyword(n)
	}
	return nil, faultAt(n, "a selection is a mapping, a list or a text")
}

// keyword looks for a text anywhere in the record.
func (d *detector) keyword(n *yaml.Node) (*Expr, error) {
	if n.Tag == "!!null" || n.Value == "" {
		return nil, faultAt(n, "an empty keyword")
	}
	return d.expand(n, &Test{Kind: KindPattern, Pattern: parsePattern(n.Value, false).at(Contains)})
}

// item returns the tree of one field with its modifiers and values.
func (d *detector) item(key, value *yaml.Node) (*Expr, error) {
	field, rest, modified := strings.Cut(key.Value, "|")
	var mods []string
	if modified {
		mods = strings.Split(rest, "|")
	}
	m, err := readModifiers(mods)
	if err != nil {
		return nil, faultAt(key, "%w", err)
	}
	values := []*yaml.Node{value}
	switch value.Kind {
	case yaml.SequenceNode:
		values = value.Content
	case yaml.MappingNode:
		return nil, faultAt(value, "the value of %q is a mapping: a value is a text, a number or a list of them", key.Value)
	}
	if len(values) == 0 {
		return nil, faultAt(key, "%q has no value", key.Value)
	}
	var kids []*Expr
	for _, v := range values {
		if v = deref(v); v.Kind != yaml.ScalarNode {
			return nil, faultAt(v, "a value of %q is no text and no number", key.Value)
		}
		e, err := d.value(field, m, v)
		if err != nil {
			return nil, err
		}
		kids = append(kids, e)
	}
	e := or(kids...)
	if m.all {
		e = and(kids...)
	}
	if m.neq {
		e = not(e)
	}
	return e, nil
}

// value returns the tree of one value of a field.
func (d *detector) value(field string, m *modifiers, n *yaml.Node) (*Expr, error) {
	tests, err := m.tests(field, n)
	if err != nil {
		return nil, faultAt(n, "%w", err)
	}
	var kids []*Expr
	for _, t := range tests {
		e, err := d.expand(n, t)
		if err != nil {
			return nil, err
		}
		kids = append(kids, e)
	}
	return or(kids...), nil
}

// expand puts values for placeholders and makes the tests ready.
func (d *detector) expand(n *yaml.Node, t *Test) (*Expr, error) {
	for i, piece := range t.Pattern {
		if piece.Kind != PieceHold {
			continue
		}
		values, ok := d.hold(piece.Text)
		if !ok {
			d.need[piece.Text] = true
			values = nil
		}
		var kids []*Expr
		for _, v := range values {
			one := *t
			one.Pattern = slices.Concat(t.Pattern[:i], parsePattern(v, false), t.Pattern[i+1:])
			e, err := d.expand(n, &one)
			if err != nil {
				return nil, err
			}
			kids = append(kids, e)
		}
		return or(kids...), nil
	}
	if err := t.prepare(); err != nil {
		return nil, faultAt(n, "%w", err)
	}
	return &Expr{Test: t}, nil
}
