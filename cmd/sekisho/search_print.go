// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"database/sql"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sekisho/sekisho/event"
)

// tablePrinter writes rows for people. It looks at the first rows to choose the columns' widths, and then streams. What
// a log holds must not speak to the terminal: control characters are shown, not sent.
type tablePrinter struct {
	out    *bufio.Writer
	width  int // of the terminal; 0: none, nothing is cut
	names  []string
	right  []bool // numbers
	first  [][]string
	widths []int
}

const (
	lookAt   = 200 // rows
	leastCol = 6   // columns of the terminal that a table's column keeps
	mostCol  = 60  // where there is no terminal: so that one long text does not widen every row
)

func newTablePrinter(out *bufio.Writer, types []*sql.ColumnType, width int) *tablePrinter {
	p := &tablePrinter{out: out, width: width}
	for _, t := range types {
		p.names = append(p.names, visible(t.Name()))
		switch t.DatabaseTypeName() {
		case "INTEGER", "BIGINT", "HUGEINT", "DOUBLE", "DECIMAL":
			p.right = append(p.right, true)
		default:
			p.right = append(p.right, false)
		}
	}
	return p
}

func (p *tablePrinter) row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		text, _ := cell(v)
		if len(text) > 20 && text[10] == 'T' && strings.HasSuffix(text, ".000000Z") { // whole seconds are the rule
			text = text[:19] + "Z"
		}
		cells[i] = visible(text)
	}
	if p.widths == nil {
		p.first = append(p.first, cells)
		if len(p.first) < lookAt {
			return nil
		}
		return p.start()
	}
	return p.write(cells)
}

func (p *tablePrinter) end() error {
	if p.widths == nil {
		return p.start()
	}
	return nil
}

// start chooses the widths and writes what has been kept.
func (p *tablePrinter) start() error {
	p.widths = make([]int, len(p.names))
	for i, n := range p.names {
		p.widths[i] = width(n)
	}
	for _, r := range p.first {
		for i, c := range r {
			p.widths[i] = max(p.widths[i], width(c))
		}
	}
	p.fit()
	if err := p.write(p.names); err != nil {
		return err
	}
	lines := make([]string, len(p.widths))
	for i, w := range p.widths {
		lines[i] = strings.Repeat("─", w)
	}
	if err := p.write(lines); err != nil {
		return err
	}
	for _, r := range p.first {
		if err := p.write(r); err != nil {
			return err
		}
	}
	p.first = nil
	return nil
}

// fit narrows the widest columns until the row fits the terminal.
func (p *tablePrinter) fit() {
	if p.width == 0 {
		for i := range p.widths[:max(len(p.widths)-1, 0)] {
			p.widths[i] = min(p.widths[i], mostCol)
		}
		return
	}
	for {
		total, widest := 2*(len(p.widths)-1), 0
		for i, w := range p.widths {
			total += w
			if w > p.widths[widest] {
				widest = i
			}
		}
		if total <= p.width || len(p.widths) == 0 || p.widths[widest] <= leastCol {
			return
		}
		p.widths[widest]--
	}
}

func (p *tablePrinter) write(cells []string) error {
	var b strings.Builder
	for i, c := range cells {
		if i > 0 {
			b.WriteString("  ")
		}
		if p.width > 0 {
			c = shorten(c, p.widths[i])
		}
		gap := strings.Repeat(" ", max(p.widths[i]-width(c), 0))
		if p.right[i] {
			b.WriteString(gap + c)
		} else {
			b.WriteString(c + gap)
		}
	}
	_, err := p.out.WriteString(strings.TrimRight(b.String(), " ") + "\n")
	return err
}

// visible makes text harmless for a terminal: control characters, and those that turn or hide text, become signs.
func visible(s string) string {
	plain := true
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] >= 0x7f {
			plain = false
			break
		}
	}
	if plain {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x20:
			b.WriteRune(0x2400 + r) // ␛ and its like
		case r == 0x7f:
			b.WriteRune('␡')
		case r == utf8.RuneError, unicode.IsPrint(r), r == '\u3000':
			b.WriteRune(r)
		default:
			fmt.Fprintf(&b, "<U+%04X>", r)
		}
	}
	return b.String()
}

// shorten cuts text to a width, with an ellipsis where something was cut.
func shorten(s string, most int) string {
	if width(s) <= most {
		return s
	}
	w := 0
	for i, r := range s {
		w += runeWidth(r)
		if w > most-1 {
			return s[:i] + "…"
		}
	}
	return s
}

// width returns how many columns of a terminal the text takes.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

// wide lists the characters that take two columns: wide and fullwidth ones of Unicode's East Asian Width (UAX #11).
func wide(r rune) bool {
	switch {
	case r < 0x1100:
		return false
	case r <= 0x115f, r >= 0x2e80 && r <= 0x303e, r >= 0x3041 && r <= 0x33ff, r >= 0x3400 && r <= 0x4dbf, r >= 0x4e00 && r <= 0xa4cf, r >= 0xa960 && r <= 0xa97c,
		r >= 0xac00 && r <= 0xd7a3, r >= 0xf900 && r <= 0xfaff, r >= 0xfe10 && r <= 0xfe19, r >= 0xfe30 && r <= 0xfe6f, r >= 0xff01 && r <= 0xff60, r >= 0xffe0 && r <= 0xffe6,
		r >= 0x1b000 && r <= 0x1b2ff, r >= 0x1f300 && r <= 0x1f64f, r >= 0x1f680 && r <= 0x1f6ff, r >= 0x1f900 && r <= 0x1f9ff, r >= 0x20000 && r <= 0x3fffd:
		return true
	}
	return false
}

func runeWidth(r rune) int {
	switch {
	case r < 0x300:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me):
		return 0
	case wide(r):
		return 2
	}
	return 1
}

// csvPrinter writes RFC 4180. Unless raw, a text that a spreadsheet would take for a formula gets an apostrophe before it:
// such texts come from whoever wrote the log. On a terminal control characters are shown, not sent, raw or not.
type csvPrinter struct {
	w     *csv.Writer
	raw   bool
	seen  bool // by somebody at a terminal
	texts []bool
	cells []string
}

func newCSVPrinter(out *bufio.Writer, types []*sql.ColumnType, raw, seen bool) (*csvPrinter, error) {
	p := &csvPrinter{w: csv.NewWriter(out), raw: raw, seen: seen, cells: make([]string, len(types))}
	for i, t := range types {
		p.cells[i] = p.text(t.Name())
		p.texts = append(p.texts, t.DatabaseTypeName() == "VARCHAR" || t.DatabaseTypeName() == "JSON")
	}
	return p, p.w.Write(p.cells)
}

func (p *csvPrinter) row(values []any) error {
	for i, v := range values {
		text, _ := cell(v)
		if !p.raw && p.texts[i] && formula(text) {
			text = "'" + text
		}
		p.cells[i] = p.text(text)
	}
	return p.w.Write(p.cells)
}

func (p *csvPrinter) text(s string) string {
	if p.seen {
		return visible(s)
	}
	return s
}

func (p *csvPrinter) end() error {
	p.w.Flush()
	return p.w.Error()
}

func formula(s string) bool {
	if len(s) < 2 || !strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err != nil
}

// jsonPrinter writes one object a line, with keys in the order of the columns. Numbers beyond 2^53 are written in full.
type jsonPrinter struct {
	out   *bufio.Writer
	keys  []string
	types []string
	buf   []byte
}

func newJSONPrinter(out *bufio.Writer, types []*sql.ColumnType) *jsonPrinter {
	p := &jsonPrinter{out: out}
	used := map[string]bool{}
	for _, t := range types {
		key := t.Name()
		for n := 2; used[key]; n++ { // two columns may have one name, two keys not
			key = t.Name() + "_" + strconv.Itoa(n)
		}
		used[key] = true
		p.keys = append(p.keys, string(append(event.AppendQuoted(nil, key), ':')))
		p.types = append(p.types, t.DatabaseTypeName())
	}
	return p
}

func (p *jsonPrinter) row(values []any) error {
	b := append(p.buf[:0], '{')
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, p.keys[i]...)
		b = p.value(b, v, p.types[i])
	}
	p.buf = append(b, '}', '\n')
	return writeJSON(p.out, p.buf)
}

// writeJSON writes JSON in which what turns, hides or moves text on a screen, U+0080 to U+009F and the signs of direction above all, is
// escaped: it means the same to a program.
func writeJSON(out *bufio.Writer, b []byte) error {
	from := 0
	for i := 0; i < len(b); {
		r, n := rune(b[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRune(b[i:])
		}
		if r < 0x7f || r == utf8.RuneError || r == '\u3000' || unicode.IsPrint(r) {
			i += n
			continue
		}
		if _, err := out.Write(b[from:i]); err != nil {
			return err
		}
		if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
			fmt.Fprintf(out, `\u%04x\u%04x`, high, low)
		} else {
			fmt.Fprintf(out, `\u%04x`, r)
		}
		i += n
		from = i
	}
	_, err := out.Write(b[from:])
	return err
}

func (p *jsonPrinter) value(b []byte, v any, kind string) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(b, "null"...)
		}
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	}
	text, _ := cell(v)
	switch kind {
	case "JSON", "HUGEINT", "DECIMAL": // is JSON as it comes
		return append(b, text...)
	}
	return event.AppendQuoted(b, text)
}

func (p *jsonPrinter) end() error { return nil }
