// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package evtx

import "unicode/utf8"

// maxXML bounds the text of a chunk's records: a forged template can stand for far more text than its records have bytes.
const maxXML = 8 << 20

// AppendXML appends the event of the record that lies at from to to of the chunk as XML, indented, as Windows shows it. What
// was readable before a break is appended too.
func (c *Chunk) AppendXML(dst []byte, from, to int) ([]byte, error) {
	w := xmlWriter{c: c, b: dst, limit: len(dst) + maxXML - c.shown}
	c.Begin()
	at, end := Body(from, to)
	err := w.fragment(at, end, 0, 0)
	c.shown += len(w.b) - len(dst)
	return w.b, err
}

type xmlWriter struct {
	c     *Chunk
	b     []byte
	limit int
}

// fragment writes all instances that stand between at and end.
func (w *xmlWriter) fragment(at, end, indent, nested int) error {
	if nested > maxNested {
		return ErrTooMuch
	}
	for {
		in, next, ok, err := w.c.Next(at, end)
		if err != nil || !ok {
			return err
		}
		if err := w.ops(&in, 0, len(in.Ops), indent, nested); err != nil {
			return err
		}
		at = next
	}
}

// ops writes the elements and texts of an instance from one piece to another.
func (w *xmlWriter) ops(in *Instance, from, to, indent, nested int) error {
	for i := from; i < to; i++ {
		if len(w.b) > w.limit {
			return ErrTooMuch
		}
		switch op := &in.Ops[i]; op.Kind {
		case Open:
			if err := w.element(in, i, indent, nested); err != nil {
				return err
			}
			i = op.End
		case Text:
			w.escape([]byte(op.Text))
		case Value:
			if int(op.Index) >= len(in.Items) {
				continue
			}
			if err := w.value(in.Items[op.Index], indent, nested); err != nil {
				return err
			}
		}
	}
	return nil
}

// value writes one value; where it is binary XML itself, its elements.
func (w *xmlWriter) value(v Item, indent, nested int) error {
	if v.Type == BinXML {
		return w.fragment(v.At, v.At+len(v.Data), indent, nested+1)
	}
	at := len(w.b)
	w.b = v.Append(w.b, 7)
	text := append([]byte(nil), w.b[at:]...)
	w.b = w.b[:at]
	w.escape(text)
	return nil
}

// element writes an element; where its content is one array, once for each item.
func (w *xmlWriter) element(in *Instance, at, indent, nested int) error {
	op := &in.Ops[at]
	if in.Left(op) {
		return nil
	}
	if op.Only >= 0 && op.Only < len(in.Items) && in.Items[op.Only].Type&Array != 0 {
		var err error
		in.Items[op.Only].Each(func(one Item) {
			if err == nil {
				err = w.one(in, at, indent, nested, &one)
			}
		})
		return err
	}
	return w.one(in, at, indent, nested, nil)
}

// one writes an element with its own content, or with the given one.
func (w *xmlWriter) one(in *Instance, at, indent, nested int, instead *Item) error {
	if len(w.b) > w.limit {
		return ErrTooMuch
	}
	op := &in.Ops[at]
	if len(w.b) > 0 && w.b[len(w.b)-1] != '\n' {
		w.b = append(w.b, '\n')
	}
	w.indent(indent)
	w.b = append(w.b, '<')
	w.name(op.Name)
	i, err := w.attributes(in, at+1, op.End, indent, nested)
	if err != nil {
		return err
	}
	begin := len(w.b)
	w.b = append(w.b, '>')
	open := len(w.b)
	if instead != nil {
		err = w.value(*instead, indent+1, nested)
	} else {
		err = w.ops(in, i, op.End, indent+1, nested)
	}
	if err != nil {
		return err
	}
	switch {
	case len(w.b) == open:
		w.b = append(w.b[:begin], " />\n"...)
		return nil
	case w.b[len(w.b)-1] == '\n' && w.b[open] == '\n':
		w.indent(indent)
	}
	w.b = append(w.b, "</"...)
	w.name(op.Name)
	w.b = append(w.b, ">\n"...)
	return nil
}

// attributes writes the attributes that stand from i on, and returns where the content begins.
func (w *xmlWriter) attributes(in *Instance, i, end, indent, nested int) (int, error) {
	for i < end && in.Ops[i].Kind == Attribute {
		name := in.Ops[i].Name
		from := i + 1
		for i++; i < end && (in.Ops[i].Kind == Text || in.Ops[i].Kind == Value); i++ {
		}
		if i == from+1 && in.Ops[from].Kind == Value && in.Ops[from].Optional {
			if n := int(in.Ops[from].Index); n >= len(in.Items) || in.Items[n].Nothing() {
				continue
			}
		}
		w.b = append(w.b, ' ')
		w.name(name)
		w.b = append(w.b, `="`...)
		if err := w.ops(in, from, i, indent, nested); err != nil {
			return i, err
		}
		w.b = append(w.b, '"')
	}
	if i < end && in.Ops[i].Kind == Content {
		i++
	}
	return i, nil
}

func (w *xmlWriter) indent(n int) {
	for range n {
		w.b = append(w.b, ' ', ' ')
	}
}

// name writes a name; what no name may hold becomes an underscore, so that a forged name forges no markup.
func (w *xmlWriter) name(s string) {
	for _, r := range s {
		if r <= ' ' || r == '<' || r == '>' || r == '&' || r == '"' || r == '\'' || r == '/' || r == '=' || r == utf8.RuneError {
			r = '_'
		}
		w.b = utf8.AppendRune(w.b, r)
	}
}

// escape writes a text. Control characters that XML cannot hold are written as U+FFFD.
func (w *xmlWriter) escape(b []byte) {
	for _, c := range b {
		switch {
		case c == '<':
			w.b = append(w.b, "&lt;"...)
		case c == '>':
			w.b = append(w.b, "&gt;"...)
		case c == '&':
			w.b = append(w.b, "&amp;"...)
		case c == '"':
			w.b = append(w.b, "&quot;"...)
		case c < ' ' && c != '\n' && c != '\t' && c != '\r':
			w.b = append(w.b, "\ufffd"...)
		default:
			w.b = append(w.b, c)
		}
	}
}
