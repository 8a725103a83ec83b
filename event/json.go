// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the event as one JSON object with the names of the event table, without what it lacks. Fields stand in
// a fixed order. It is for people, tests and exports, not for the hot path.
func (e *Event) AppendJSON(b []byte) []byte {
	o := object{b: append(b, '{'), first: true}
	o.text("time", e.Time.Time().Format("2006-01-02T15:04:05.000000Z"))
	o.text("class", e.Class.String())
	o.text("activity", e.Activity.String())
	o.text("outcome", e.Outcome.String())
	o.text("reason", e.Reason.String())
	o.text("account", e.Account)
	o.text("target", e.Target)
	if e.SrcIP.IsValid() {
		o.text("src_ip", e.SrcIP.String())
	}
	o.number("src_port", int64(e.SrcPort), e.SrcPort != 0)
	o.text("src_host", e.SrcHost)
	if e.DstIP.IsValid() {
		o.text("dst_ip", e.DstIP.String())
	}
	o.number("dst_port", int64(e.DstPort), e.DstPort != 0)
	o.text("dst_host", e.DstHost)
	if e.SrcIsRelay {
		o.key("src_is_relay")
		o.b = append(o.b, "true"...)
	}
	o.text("service", e.Service)
	o.text("client", e.Client)
	o.text("object", e.Object)
	o.integer("bytes_in", e.BytesIn)
	o.integer("bytes_out", e.BytesOut)
	o.integer("count", e.Count)
	o.integer("duration_ms", e.Duration)
	o.text("country", e.Country)
	o.number("asn", int64(e.ASN), e.ASN != 0)
	o.text("format", e.Format)
	o.number("line", e.Ref.Line, true)
	o.number("offset", e.Ref.Offset, true)
	o.number("length", e.Ref.Length, true)
	if rest := e.AppendRest(nil); rest != nil {
		o.key("rest")
		o.b = append(o.b, rest...)
	}
	return append(o.b, '}')
}

// AppendRest appends the remainder and the further parts as one JSON object; nothing if there are none.
func (e *Event) AppendRest(b []byte) []byte {
	if len(e.Rest) == 0 && len(e.Ref.More) == 0 {
		return b
	}
	o := object{b: append(b, '{'), first: true}
	for _, f := range e.Rest {
		switch f.Value.Kind {
		case KindInt:
			o.number(f.Name, f.Value.Num, true)
		case KindBool:
			o.key(f.Name)
			o.b = strconv.AppendBool(o.b, f.Value.Num != 0)
		default:
			o.text(f.Name, f.Value.Text)
		}
	}
	if len(e.Ref.More) > 0 {
		o.key("parts")
		for i, p := range e.Ref.More {
			o.b = append(o.b, "[,"[min(i, 1)], '[')
			o.b = strconv.AppendInt(o.b, p.Line, 10)
			o.b = strconv.AppendInt(append(o.b, ','), p.Offset, 10)
			o.b = strconv.AppendInt(append(o.b, ','), p.Length, 10)
			o.b = append(o.b, ']')
		}
		o.b = append(o.b, ']')
	}
	return append(o.b, '}')
}

// object writes one JSON object piece by piece.
type object struct {
	b     []byte
	first bool
}

func (o *object) key(k string) {
	if !o.first {
		o.b = append(o.b, ',')
	}
	o.first = false
	o.b = AppendQuoted(o.b, k)
	o.b = append(o.b, ':')
}

func (o *object) text(k, v string) {
	if v != "" {
		o.key(k)
		o.b = AppendQuoted(o.b, v)
	}
}

func (o *object) number(k string, v int64, there bool) {
	if there {
		o.key(k)
		o.b = strconv.AppendInt(o.b, v, 10)
	}
}

func (o *object) integer(k string, v Int) {
	n, ok := v.Get()
	o.number(k, n, ok)
}

// AppendQuoted appends s as a JSON string. Bytes that are not UTF-8 become U+FFFD; control characters, the line separators
// of JavaScript and the characters of markup are escaped, so that the text is harmless in a page and in a terminal.
func AppendQuoted(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= 0x20 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&' && c != 0x7f {
				i++
				continue
			}
			b = append(b, s[start:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, '\\', 'n')
			case '\r':
				b = append(b, '\\', 'r')
			case '\t':
				b = append(b, '\\', 't')
			default:
				b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			b = append(append(b, s[start:i]...), "\\ufffd"...)
			i++
			start = i
			continue
		}
		if r == 0x2028 || r == 0x2029 {
			b = append(append(b, s[start:i]...), "\\u202"...)
			b = append(b, hex[r&15])
			i += size
			start = i
			continue
		}
		i += size
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}
