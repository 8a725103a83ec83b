// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var genericCSV = Format{
	Name:   "generic-csv",
	Also:   []string{"csv"},
	Source: "collector",
	About: About{
		What: "Tables with a row of names first, of programs that Sekisho does not know, read by those names: time, user, source address, action, result and the like, in English or Japanese; " +
			"commas, tabs or semicolons between the cells.",
		Export: "Export with the names of the columns as the first row. A format of one's own (sekisho formats test) reads it with more certainty.",
		Takes: "Time, account, source and destination, action, result, object, user agent, bytes, where a column bears one of the usual names; date and time also in two columns. " +
			"A table is taken only if it has a time and an account or a source address.",
		Leaves: "Columns under names that are not usual. The outcome is never guessed: it stays unknown unless a column says it in words. A date whose first number may be the day or the month is not read.",
	},
	Framing: event.FrameCSV,
	Sniff: func(rec []byte) float64 {
		sep := usualSeparator(rec)
		if len(rec) > 16<<10 || sep == 0 || sep != ',' && anyDigit(rec) {
			return 0
		}
		var row csvRow
		var cols [csvColumns]slot
		if row.splitAt(rec, sep) && usualColumns(row.cells, cols[:0]) != nil {
			return 0.2
		}
		return 0
	},
	New:    func(env *Env) Parser { return &genericCSVParser{env: env} },
	Shapes: ShapeText | ShapeSyslog,
	Marks:  []string{",", "\t", ";"},
	Rank:   RankGuess,
}

type genericCSVParser struct {
	env  *Env
	n    named
	row  csvRow
	cols []slot
	head []byte
	sep  byte
	date int // the column that holds the day where another holds the time of day; -1: none
	utc  int // the column of the time whose name says that it is UTC; -1: none
	buf  []byte
}

// Flush implements Parser.
func (p *genericCSVParser) Flush(*event.Batch) {}

// Parse reads one row. The first one of usual names says what the columns are; a row of other names ends that.
func (p *genericCSVParser) Parse(rec *event.Record, out *event.Batch) error {
	if len(rec.Data) > 1<<20 || p.cols == nil && len(rec.Data) > 16<<10 {
		return ErrOtherFormat
	}
	sep := p.sep
	if p.cols == nil {
		sep = usualSeparator(rec.Data)
	}
	if sep == 0 || !p.row.splitAt(rec.Data, sep) {
		return ErrOtherFormat
	}
	if bytes.Equal(rec.Data, p.head) && p.cols != nil {
		return nil // tables joined
	}
	if p.cols == nil || len(p.row.cells) > 1 && !anyDigit(rec.Data) {
		cols := usualColumns(p.row.cells, nil)
		if cols == nil {
			return ErrOtherFormat
		}
		p.cols, p.head, p.sep = cols, bytes.Clone(rec.Data), sep
		p.date = dateColumn(p.row.cells, cols)
		p.utc = utcColumn(p.row.cells, cols)
		return nil
	}
	if len(p.row.cells) != len(p.cols) {
		return ErrOtherFormat
	}
	n := &p.n
	n.reset(p.env)
	for i, c := range p.row.cells {
		if i == p.date {
			continue
		}
		v := cell(c)
		if p.cols[i] == sTime && p.date >= 0 {
			p.buf = append(append(append(p.buf[:0], p.row.cells[p.date]...), ' '), c...)
			v = cell(p.buf)
		} else if i == p.utc {
			if t, k := parseISOStamp(c); k > 0 && k == len(c) && !t.HasZone {
				p.buf = append(append(p.buf[:0], c...), 'Z')
				v = cell(p.buf)
			}
		}
		n.set(p.cols[i], v)
	}
	return n.emitUsual(rec, out)
}

// usualSeparator returns what stands between the cells of a row of three or more: commas, unless there are none; 0 if neither does.
func usualSeparator(b []byte) byte {
	for _, sep := range [...]byte{',', '\t', ';'} {
		if i := bytes.IndexByte(b, sep); i >= 0 && bytes.IndexByte(b[i+1:], sep) >= 0 {
			return sep
		}
	}
	return 0
}

func anyDigit(b []byte) bool {
	for _, c := range b {
		if isDigit(c) {
			return true
		}
	}
	return false
}

// usualColumns returns what the columns say; nil if the row is no row of names, or lacks a time or any who or where.
func usualColumns(cells [][]byte, cols []slot) []slot {
	if len(cells) < 3 {
		return nil
	}
	var found [slots]bool
	var name [96]byte
	for _, c := range cells {
		s := sNone
		if len(c) <= 64 {
			n := columnName(name[:0], c)
			if s = usualName(n); string(n) == "useremail" { // rather than the person's name
				for i := range cols {
					if cols[i] == sAccount {
						cols[i] = sNone
					}
				}
			}
		}
		found[s] = true
		cols = append(cols, s)
	}
	if !found[sTime] || !found[sAccount] && !found[sSrcIP] {
		return nil
	}
	return cols
}

// utcColumn returns the column of the time if its name says that it is UTC, as "Timestamp (UTC)" does; -1 for none.
func utcColumn(cells [][]byte, cols []slot) int {
	var name [96]byte
	for i, c := range cells {
		if cols[i] == sTime && bytes.HasSuffix(columnName(name[:0], c[:min(len(c), 64)]), []byte("utc")) {
			return i
		}
	}
	return -1
}

// dateColumn returns the column of the day where day and time of day stand apart.
func dateColumn(cells [][]byte, cols []slot) int {
	day, clock := -1, false
	var name [96]byte
	for i, c := range cells {
		if cols[i] != sTime {
			continue
		}
		switch string(columnName(name[:0], c[:min(len(c), 64)])) {
		case "date", "日付":
			day = i
		case "time", "時刻":
			clock = true
		}
	}
	if !clock {
		return -1
	}
	return day
}
