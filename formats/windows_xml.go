// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/sekisho/sekisho/event"
)

// xmlBody returns the <Event> element that the record is: all of it, or the message of a syslog line; nil if it is none.
func (e *Env) xmlBody(rec *event.Record) []byte {
	b := trimJSON(rec.Data)
	if isEventTag(b) {
		return b
	}
	if len(b) < 8 || b[len(b)-1] != '>' || !isDigit(b[1]) && b[0] == '<' {
		return nil
	}
	if s, ok := e.Syslog(rec); ok && isEventTag(s.Message) {
		return s.Message
	}
	return nil
}

// sniffXML says how surely a record is an event as XML.
func sniffXML(rec []byte) float64 {
	b := trimJSON(rec)
	if !isEventTag(b) {
		if len(b) < 8 || b[len(b)-1] != '>' || !isDigit(b[1]) && b[0] == '<' {
			return 0
		}
		s, ok := sniffSyslog(b)
		if !ok || !isEventTag(s.Message) {
			return 0
		}
		b = s.Message
	}
	b = b[:min(len(b), 8<<10)]
	switch {
	case bytes.Contains(b, []byte("schemas.microsoft.com/win/2004/08/events/event")):
		return 0.99
	case bytes.Contains(b, []byte("<System>")) && bytes.Contains(b, []byte("<EventID")):
		return 0.95
	case bytes.Contains(b, []byte("<EventID>")):
		return 0.8
	}
	return 0
}

func isEventTag(b []byte) bool {
	return len(b) > 7 && string(b[:6]) == "<Event" && (b[6] == ' ' || b[6] == '>' || b[6] == '\r' || b[6] == '\n' || b[6] == '\t')
}

// windowsXML reads events as XML. Only what Windows writes is known: elements, attributes, texts with entities, CDATA.
type windowsXML struct {
	b    []byte
	i    int
	path windowsPath
	text []byte // decoded values
}

// markup gathers the values of an event as XML; false if it breaks off.
func (p *windowsParser) markup(b []byte) bool {
	if p.xml == nil {
		p.xml = &windowsXML{}
	}
	x := p.xml
	x.b, x.i, x.text = b, 0, x.text[:0]
	x.path.begin(withinNothing)
	text := 0     // where the text of the element entered last begins
	leaf := false // no element has stood in it
	for {
		lt := bytes.IndexByte(x.b[x.i:], '<')
		if lt < 0 {
			return false
		}
		x.i += lt + 1
		rest := x.b[x.i:]
		switch {
		case bytes.HasPrefix(rest, []byte("![CDATA[")):
			if !x.skip("]]>") {
				return false
			}
		case bytes.HasPrefix(rest, []byte("!--")):
			if !x.skip("-->") {
				return false
			}
		case bytes.HasPrefix(rest, []byte("?")), bytes.HasPrefix(rest, []byte("!")):
			if !x.skip(">") {
				return false
			}
		case bytes.HasPrefix(rest, []byte("/")):
			if leaf {
				p.set(x.path.place(), x.value(x.b[text:x.i-1]))
			}
			leaf = false
			x.path.leave()
			if !x.skip(">") {
				return false
			}
			if x.path.depth <= 1 {
				return true
			}
		default:
			closed, ok := p.tag(x)
			if !ok {
				return false
			}
			leaf, text = !closed, x.i
			if closed && x.path.depth <= 1 {
				return true
			}
		}
	}
}

// skip moves behind the next such text.
func (x *windowsXML) skip(to string) bool {
	n := bytes.Index(x.b[x.i:], []byte(to))
	if n < 0 {
		return false
	}
	x.i += n + len(to)
	return true
}

// tag reads an element's opening tag with its attributes; closed says that the element is empty, and was left.
func (p *windowsParser) tag(x *windowsXML) (closed, ok bool) {
	element := p.env.Intern.Bytes(x.name())
	x.path.enter(element)
	for {
		x.space()
		if x.i >= len(x.b) {
			return false, false
		}
		switch x.b[x.i] {
		case '>':
			x.i++
			return false, true
		case '/':
			if x.i+1 >= len(x.b) || x.b[x.i+1] != '>' {
				return false, false
			}
			x.i += 2
			p.set(x.path.place(), jsonValue{kind: 'n'})
			x.path.leave()
			return true, true
		}
		name := x.name()
		x.space()
		if len(name) == 0 || x.i >= len(x.b) || x.b[x.i] != '=' {
			return false, false
		}
		x.i++
		x.space()
		if x.i >= len(x.b) || x.b[x.i] != '"' && x.b[x.i] != '\'' {
			return false, false
		}
		quote := x.b[x.i]
		n := bytes.IndexByte(x.b[x.i+1:], quote)
		if n < 0 {
			return false, false
		}
		raw := x.b[x.i+1 : x.i+1+n]
		x.i += n + 2
		switch at := x.path.attribute(element, string(name)); at.kind {
		case placeNone:
		case placeName:
			x.path.rename(p.env.Intern.Bytes(x.value(raw).raw))
		default:
			p.set(at, x.value(raw))
		}
	}
}

func (x *windowsXML) space() {
	for x.i < len(x.b) && x.b[x.i] <= ' ' {
		x.i++
	}
}

// name reads a name, without the prefix of its namespace.
func (x *windowsXML) name() []byte {
	from := x.i
	for x.i < len(x.b) {
		switch c := x.b[x.i]; {
		case c == ':':
			from = x.i + 1
		case c <= ' ' || c == '>' || c == '/' || c == '=' || c == '<' || c == '"' || c == '\'':
			return x.b[from:x.i]
		}
		x.i++
	}
	return x.b[from:x.i]
}

// value returns a text with its entities decoded. White space that only indents is nothing.
func (x *windowsXML) value(raw []byte) jsonValue {
	if len(raw) == 0 {
		return jsonValue{kind: 'n'}
	}
	if raw[0] <= ' ' && bytes.IndexByte(raw, '\n') >= 0 && len(bytes.TrimSpace(raw)) == 0 {
		return jsonValue{kind: 'n'}
	}
	if bytes.IndexByte(raw, '&') < 0 && bytes.IndexByte(raw, '<') < 0 && utf8.Valid(raw) {
		return jsonValue{raw: raw, kind: '"'}
	}
	from := len(x.text)
	for len(raw) > 0 {
		switch c := raw[0]; {
		case c == '&':
			n := x.entity(raw)
			raw = raw[n:]
		case c == '<':
			raw = x.section(raw)
		case c < utf8.RuneSelf:
			x.text = append(x.text, c)
			raw = raw[1:]
		default:
			r, n := utf8.DecodeRune(raw)
			x.text = utf8.AppendRune(x.text, r)
			raw = raw[n:]
		}
	}
	return jsonValue{raw: x.text[from:len(x.text):len(x.text)], kind: '"'}
}

// section takes CDATA, and passes over anything else that begins with <. It returns what follows.
func (x *windowsXML) section(raw []byte) []byte {
	if rest, ok := cutPrefix(raw, "<![CDATA["); ok {
		inside, after, _ := bytes.Cut(rest, []byte("]]>"))
		x.text = append(x.text, bytes.ToValidUTF8(inside, []byte("\ufffd"))...)
		return after
	}
	_, after, _ := bytes.Cut(raw, []byte(">"))
	return after
}

// entity takes what raw begins with, an entity or a lone &, and returns its length.
func (x *windowsXML) entity(raw []byte) int {
	end := bytes.IndexByte(raw[:min(len(raw), 12)], ';')
	if end < 0 {
		x.text = append(x.text, '&')
		return 1
	}
	switch name := raw[1:end]; string(name) {
	case "lt":
		x.text = append(x.text, '<')
	case "gt":
		x.text = append(x.text, '>')
	case "amp":
		x.text = append(x.text, '&')
	case "quot":
		x.text = append(x.text, '"')
	case "apos":
		x.text = append(x.text, '\'')
	default:
		r, ok := charRef(name)
		if !ok {
			x.text = append(x.text, '&')
			return 1
		}
		x.text = utf8.AppendRune(x.text, r)
	}
	return end + 1
}

// charRef reads #10 or #xA.
func charRef(name []byte) (rune, bool) {
	if len(name) < 2 || name[0] != '#' {
		return 0, false
	}
	base, digits := 10, name[1:]
	if digits[0]|0x20 == 'x' {
		base, digits = 16, digits[1:]
	}
	n, err := strconv.ParseUint(string(digits), base, 32)
	return rune(n), err == nil && n <= utf8.MaxRune
}
