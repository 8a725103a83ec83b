// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"bufio"
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

const (
	maxLine    = 64 << 10
	maxColumns = 64
)

// lines reads a plain list, a table with a header, or a list of Tor exits.
func (r *reading) lines(b *bufio.Reader) error {
	r.list.Format = "plain"
	var line uint32
	t := lineReader{r: r}
	for {
		text, long, err := nextLine(b)
		if err != nil && err != io.EOF {
			return err
		}
		if len(text) > 0 || err == nil {
			line++
			if long {
				r.leave(line, "a line of more than 64 KiB", string(text[:min(len(text), 80)]))
			} else {
				t.line(line, strings.TrimSpace(string(text)))
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// nextLine returns a line without its end. Of one that is too long it returns the beginning.
func nextLine(b *bufio.Reader) (text []byte, long bool, err error) {
	for {
		piece, err := b.ReadSlice('\n')
		if err != bufio.ErrBufferFull && len(text) == 0 {
			if len(piece) > maxLine {
				return piece[:maxLine], true, err
			}
			return bytes.TrimRight(piece, "\r\n"), false, err
		}
		if len(text)+len(piece) <= maxLine {
			text = append(text, piece...)
		} else {
			long = true
			if len(text) == 0 {
				text = append(text, piece[:1024]...)
			}
		}
		if err != bufio.ErrBufferFull {
			return bytes.TrimRight(text, "\r\n"), long, err
		}
	}
}

// lineReader is what is known of a file of lines so far.
type lineReader struct {
	r       *reading
	columns *columns // of a table with a header
	comma   byte
	values  int   // lines that are no comment and name no columns
	tor     about // of a list of Tor exits: the day that it speaks of
	isTor   bool
}

func (t *lineReader) line(n uint32, s string) {
	r := t.r
	switch {
	case s == "":
		return
	case s[0] == '#' || s[0] == ';' || strings.HasPrefix(s, "//"):
		if t.columns == nil && t.values == 0 {
			t.header(strings.TrimLeft(s, "#;/ \t"))
		}
		return
	case t.torLine(n, s):
		return
	case t.columns == nil && t.values == 0 && t.header(s):
		return
	}
	t.values++
	if t.columns != nil {
		r.row(t.columns, split(s, t.comma), n)
		return
	}
	t.plain(n, s)
}

// header takes a line that names columns.
func (t *lineReader) header(s string) bool {
	for _, comma := range [...]byte{',', ';', '\t', '|'} {
		if strings.IndexByte(s, comma) < 0 {
			continue
		}
		if c, ok := columnsOf(split(s, comma)); ok {
			t.columns, t.comma, t.r.list.Format = &c, comma, "csv"
			return true
		}
	}
	if c, ok := columnsOf([]string{s}); ok { // a table of one column
		t.columns, t.comma, t.r.list.Format = &c, ',', "csv"
		return true
	}
	return false
}

// torLine reads the lists that the Tor project publishes: "ExitAddress 203.0.113.7 2025-05-01 03:04:05" below the day on which the
// list was made, for which it holds.
func (t *lineReader) torLine(n uint32, s string) bool {
	word, rest, _ := strings.Cut(s, " ")
	switch word {
	case "@type", "ExitNode", "Published", "LastStatus":
		t.isTor = t.isTor || word == "ExitNode" || strings.HasPrefix(rest, "tor-exit-list")
		return t.isTor
	case "Downloaded":
		if at, err := time.Parse(time.DateTime, rest); err == nil {
			day := at.Truncate(24 * time.Hour)
			t.tor.from, t.tor.until = periodOf(day), periodOf(day.Add(24*time.Hour))
		}
		return t.isTor
	case "ExitAddress":
		t.isTor, t.r.list.Format = true, "tor"
		a := t.tor
		a.line, a.anon, a.label, a.severity = n, true, "Tor", event.Low
		text, _, _ := strings.Cut(rest, " ")
		if o, why := addressOf(text); why != "" {
			t.r.leave(n, why, s)
		} else {
			t.r.take(o, a)
		}
		return true
	}
	return false
}

// plain reads a line of a list without a header: the value first, then what is said of it.
func (t *lineReader) plain(n uint32, s string) {
	r := t.r
	fields := strings.FieldsFunc(s, func(c rune) bool { return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '|' || c == '"' })
	if len(fields) == 0 {
		return
	}
	if len(fields) > 1 && (fields[0] == "0.0.0.0" || fields[0] == "127.0.0.1" || fields[0] == "::" || fields[0] == "::1") {
		fields = fields[1:] // a hosts file that leads names nowhere
	}
	label := ""
	if i := strings.Index(s, " #"); i >= 0 {
		label = strings.TrimSpace(s[i+2:])
	}
	if len(fields) == 2 && hashShaped(fields[0]) && len(fields[1]) == 36 && strings.Count(fields[1], "-") == 4 {
		r.leave(n, "a hash of a value, as MISP keeps them for its feeds", s)
		return
	}
	if from, to, ok := strings.Cut(fields[0], "-"); ok && r.span(from, to, about{line: n, label: label}) {
		return
	}
	if len(fields) > 2 && fields[1] == "-" && r.span(fields[0], fields[2], about{line: n, label: label}) {
		return
	}
	var first string
	for i, f := range fields[:min(len(fields), 16)] { // in a table whose header is not understood, the value may stand behind
		o, why := guess(f)
		if i == 0 {
			first = why
		}
		if why == "" && (i == 0 || o.kind != event.ListedDomain || strings.Count(f, ".") > 1) {
			r.take(o, about{line: n, label: label})
			return
		}
		if why != "" && why != notAnIndicator && why != oneLabel {
			first = why
			break
		}
		if f[0] == '#' {
			break
		}
	}
	r.leave(n, first, s)
}

// value takes a value of which nobody says what it is.
func (r *reading) value(s string, a about) {
	o, why := guess(s)
	if why != "" {
		r.leave(a.line, why, s)
		return
	}
	r.take(o, a)
}

func sortedKeys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out[:min(len(out), maxColumns)]
}

func formatNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// split cuts a row into its fields, with quotes as CSV has them.
func split(s string, comma byte) []string {
	var out []string
	for len(out) < maxColumns {
		s = strings.TrimLeft(s, " ")
		if len(s) > 0 && s[0] == '"' {
			var b strings.Builder
			i := 1
			for ; i < len(s); i++ {
				if s[i] == '"' {
					if i+1 < len(s) && s[i+1] == '"' {
						i++
					} else {
						break
					}
				}
				b.WriteByte(s[i])
			}
			out = append(out, b.String())
			s = s[min(len(s), i+1):]
			j := strings.IndexByte(s, comma)
			if j < 0 {
				return out
			}
			s = s[j+1:]
			continue
		}
		j := strings.IndexByte(s, comma)
		if j < 0 {
			return append(out, strings.TrimSpace(s))
		}
		out = append(out, strings.TrimSpace(s[:j]))
		s = s[j+1:]
	}
	return out
}
