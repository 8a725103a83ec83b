// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// modifiers are what stands behind the name of a field.
type modifiers struct {
	all, neq, cased, expand bool
	where                   Where
	placed                  bool
	kind                    Kind
	typed                   string // the modifier that gave kind
	part                    Part
	change                  []string // what changes the text, in order
	flags                   string   // of a regular expression
}

func readModifiers(list []string) (*modifiers, error) {
	m := &modifiers{}
	for i, name := range list {
		if err := m.read(name, i > 0 && (list[i-1] == "re" || m.typed == "re")); err != nil {
			return nil, err
		}
	}
	return m, m.check()
}

func (m *modifiers) read(name string, regexp bool) error {
	place := func(w Where) { m.where, m.placed = w, true }
	kind := func(k Kind) error {
		if m.typed != "" && m.typed != name {
			return fmt.Errorf("the modifiers %s and %s exclude each other", m.typed, name)
		}
		m.kind, m.typed = k, name
		return nil
	}
	switch name {
	case "contains":
		place(Contains)
	case "startswith":
		place(StartsWith)
	case "endswith":
		place(EndsWith)
	case "all":
		m.all = true
	case "neq":
		m.neq = true
	case "cased":
		m.cased = true
	case "expand":
		m.expand = true
	case "windash", "wide", "utf16", "utf16le", "utf16be", "base64", "base64offset":
		m.change = append(m.change, name)
	case "re":
		return kind(KindRegexp)
	case "i", "m", "s", "ignorecase", "multiline", "dotall":
		if !regexp {
			return fmt.Errorf("the modifier %s stands behind re", name)
		}
		m.flags += name[:1]
		if name == "dotall" {
			m.flags = m.flags[:len(m.flags)-1] + "s"
		}
	case "cidr":
		return kind(KindCIDR)
	case "exists":
		return kind(KindExists)
	case "fieldref":
		return kind(KindFieldRef)
	case "lt":
		return kind(KindLess)
	case "lte":
		return kind(KindAtMost)
	case "gt":
		return kind(KindMore)
	case "gte":
		return kind(KindAtLeast)
	case "minute", "hour", "day", "week", "month", "year":
		if m.part != PartNone {
			return errors.New("two parts of one moment")
		}
		m.part = map[string]Part{"minute": PartMinute, "hour": PartHour, "day": PartDay, "week": PartWeek, "month": PartMonth, "year": PartYear}[name]
	case "":
		return errors.New("an empty modifier")
	default:
		return fmt.Errorf("there is no modifier %q in the specification", name)
	}
	return nil
}

// check refuses what does not go together.
func (m *modifiers) check() error {
	text := m.placed || len(m.change) > 0 || m.expand
	switch {
	case m.typed == "re" && (m.placed || len(m.change) > 0):
		return errors.New("re takes its value as it is: contains, startswith, endswith and encodings do not go with it")
	case m.typed != "" && m.typed != "re" && m.typed != "fieldref" && text:
		return fmt.Errorf("the modifier %s does not go with modifiers of texts", m.typed)
	case m.typed == "fieldref" && (len(m.change) > 0 || m.expand):
		return errors.New("fieldref does not go with encodings and placeholders")
	case m.part != PartNone && (text || m.typed == "re" || m.typed == "cidr" || m.typed == "exists" || m.typed == "fieldref"):
		return errors.New("a part of a moment is a number: compare it with a number, lt, lte, gt, gte or neq")
	case m.cased && m.typed != "" && m.typed != "re" && m.typed != "fieldref":
		return fmt.Errorf("the modifier cased does not go with %s", m.typed)
	}
	return nil
}

// tests returns the tests of one value, one of which must hold.
func (m *modifiers) tests(field string, n *yaml.Node) ([]*Test, error) {
	t := &Test{Field: field, Kind: m.kind, Part: m.part, Cased: m.cased, Where: m.where}
	null := n.Tag == "!!null"
	if null && (m.typed != "" || m.placed || len(m.change) > 0 || m.part != PartNone) {
		return nil, errors.New("null stands without modifiers")
	}
	if field == "" && m.typed != "" && m.typed != "re" {
		return nil, fmt.Errorf("the modifier %s needs the name of a field", m.typed)
	}
	switch m.kind {
	case KindRegexp:
		t.Text = n.Value
		if m.flags != "" {
			t.Text = "(?" + m.flags + ")" + n.Value
		}
	case KindCIDR:
		t.Text = strings.TrimSpace(n.Value)
	case KindExists:
		switch strings.ToLower(n.Value) {
		case "true", "yes":
			t.Yes = true
		case "false", "no":
		default:
			return nil, fmt.Errorf("exists asks for true or false, not for %q", n.Value)
		}
	case KindFieldRef:
		if t.Text = n.Value; t.Text == "" {
			return nil, errors.New("fieldref asks for the name of a field")
		}
	case KindLess, KindAtMost, KindMore, KindAtLeast:
		f, ok := numberOf(n.Value)
		if !ok {
			return nil, fmt.Errorf("%s asks for a number, not for %q", m.typed, n.Value)
		}
		t.Number = f
	default:
		if null {
			if field == "" {
				return nil, errors.New("an empty keyword")
			}
			t.Kind = KindNull
			return []*Test{t}, nil
		}
		return m.patterns(t, n)
	}
	return []*Test{t}, nil
}

// patterns returns the tests of a text or number that is compared as a text.
func (m *modifiers) patterns(t *Test, n *yaml.Node) ([]*Test, error) {
	if m.part != PartNone {
		if _, err := strconv.Atoi(strings.TrimSpace(n.Value)); err != nil {
			return nil, fmt.Errorf("a part of a moment is a whole number, not %q", n.Value)
		}
	}
	texts := []Pattern{parsePattern(n.Value, m.expand)}
	for _, c := range m.change {
		var next []Pattern
		for _, p := range texts {
			changed, err := change(c, p)
			if err != nil {
				return nil, err
			}
			next = append(next, changed...)
		}
		texts = next
	}
	where := m.where
	if t.Field == "" {
		where = Contains
	}
	var out []*Test
	for _, p := range texts {
		one := *t
		one.Pattern = p
		if m.placed || t.Field == "" {
			one.Pattern = p.at(where)
		}
		one.Where = Whole
		out = append(out, &one)
	}
	return out, nil
}

// change applies one modifier that changes texts.
func change(name string, p Pattern) ([]Pattern, error) {
	if name == "windash" {
		return []Pattern{p.dashed()}, nil
	}
	if strings.HasPrefix(name, "base64") {
		text, ok := p.plain()
		if !ok {
			return nil, fmt.Errorf("%s takes no wildcards: write \\* and \\? for the characters themselves", name)
		}
		if name == "base64" {
			return []Pattern{{{Text: base64Of(text)}}}, nil
		}
		var out []Pattern
		for _, t := range base64At(text) {
			out = append(out, Pattern{{Text: t}})
		}
		if len(out) == 0 {
			return nil, errors.New("base64offset of a text that is too short to be found")
		}
		return out, nil
	}
	out := append(Pattern(nil), p...)
	for i := range out {
		if out[i].Kind != PieceText {
			continue
		}
		switch name {
		case "utf16be":
			out[i].Text = wide(out[i].Text, true)
		default:
			out[i].Text = wide(out[i].Text, false)
		}
	}
	if name == "utf16" {
		if len(out) > 0 && out[0].Kind == PieceText {
			out[0].Text = "\xff\xfe" + out[0].Text
		} else {
			out = append(Pattern{{Text: "\xff\xfe"}}, out...)
		}
	}
	return []Pattern{out}, nil
}
