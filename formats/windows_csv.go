// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"slices"

	"github.com/sekisho/sekisho/event"
)

var windowsCSV = Format{
	Name:   "windows-csv",
	Source: "windows",
	About: About{
		What: "Windows event logs as CSV: Event Viewer's Save All Events As in English and Japanese, with commas and, as its text, with tabs, with its headings or without; Get-WinEvent | Export-Csv, also of chosen columns, Get-EventLog | Export-Csv, and EvtxECmd --csv.",
		Export: "Prefer the .evtx file itself: a CSV of the Event Viewer holds neither the computer nor the record's number, and times without a zone. If a CSV is all there is: Event Viewer, Save All Events As, CSV, in UTF-8; or Get-WinEvent -LogName Security | Export-Csv -Encoding UTF8. " +
			"Say in the profile which host wrote it (host) and in which zone (timezone).",
		Takes:  "What the JSON and XML exports give, as far as the columns and the message's text hold it: the text of Security events is read in English and Japanese.",
		Leaves: "Texts in other languages are kept, not read. Of other logs than Security the text is kept whole. Times with a slash are taken for local time, those of EvtxECmd for UTC. Where the day may come before the month (03/06/2025) the month is taken to be first, as in the United States. The Japanese labels of logons are those of Windows' own texts; those of 4648, 4769, 4776 and of changes to accounts and groups were not compared with a real Japanese export.",
	},
	Framing: event.FrameCSV,
	Sniff:   sniffWindowsCSV,
	New:     func(env *Env) Parser { return &windowsRows{windowsParser: windowsParser{env: env}} },
	Shapes:  ShapeText,
	Marks:   []string{",", "\t", "#TYPE "},
}

// The columns that are not fields of the head.
const (
	wcPayload = whFields + iota
	wcInstance
	wcNoMatter
)

// windowsRows reads rows: each becomes an event as its columns say, once the header was seen.
type windowsRows struct {
	windowsParser
	row     csvRow
	sep     byte // between cells; 0: not known yet
	columns []int
}

// windowsColumn returns what a column holds, by its columnName.
func windowsColumn(name []byte) int {
	switch string(name) {
	case "dateandtime", "日付と時刻":
		return whTime
	case "source", "ソース":
		return whProvider
	case "イベントid":
		return whID
	case "キーワード":
		return whKeywords
	case "index":
		return whRecord
	case "entrytype":
		return whType
	case "instanceid":
		return wcInstance
	case "payload":
		return wcPayload
	case "", "メッセージ", "説明":
		return whMessage
	case "eventtime":
		return wcNoMatter
	}
	if slot := windowsHead(name); slot != whNone && slot != whIgnore {
		return slot
	}
	return wcNoMatter
}

// Parse reads one row.
func (p *windowsRows) Parse(rec *event.Record, out *event.Batch) error {
	if isPowerShellType(firstLine(rec.Data)) {
		return nil
	}
	sep := p.sep
	if sep == 0 {
		sep = separatorOf(firstLine(rec.Data))
	}
	if !p.row.splitAt(rec.Data, sep) {
		return ErrOtherFormat
	}
	if p.header() {
		p.sep = sep
		return nil
	}
	if p.columns == nil && viewerRow(firstLine(rec.Data), sep) { // the Event Viewer's, whose headings were lost
		p.sep, p.columns = sep, []int{whKeywords, whTime, whProvider, whID, wcNoMatter, whMessage}
	}
	if p.columns == nil || len(p.row.cells) < min(4, len(p.columns)) || len(p.row.cells) > len(p.columns) {
		return ErrOtherFormat
	}
	p.begin()
	p.rows, p.loose, p.utc = true, true, true
	for i, c := range p.row.cells {
		switch slot := p.columns[i]; {
		case len(c) == 0 || slot == wcNoMatter:
		case slot == wcPayload:
			if c[0] == '{' {
				p.payload(cell(c))
			}
		case slot == whTime:
			p.head[slot] = cell(plainSpace(c))
		default:
			p.head[slot] = cell(c)
		}
	}
	return p.finish(rec, out)
}

// header learns the columns, if the row is one of headings.
func (p *windowsRows) header() bool {
	var seen [whFields]bool
	var columns []int
	record := -1 // where EventRecordId stands, which is Windows' own number
	for i, c := range p.row.cells {
		p.key = columnName(p.key[:0], c)
		slot := windowsColumn(p.key)
		if string(p.key) == "eventrecordid" {
			record = i
		}
		if slot < whFields {
			seen[slot] = true
		}
		columns = append(columns, slot)
	}
	if k := slices.Index(columns, wcInstance); k >= 0 {
		if columns[k] = wcNoMatter; !seen[whID] { // the number, with the severity in its upper bits
			columns[k], seen[whID] = whID, true
		}
	}
	if !seen[whID] || !seen[whTime] || !seen[whProvider] && !seen[whChannel] && !seen[whMessage] {
		return false
	}
	for i, slot := range columns {
		if slot == whRecord && record >= 0 && i != record {
			columns[i] = wcNoMatter
		}
	}
	if !seen[whMessage] {
		columns = append(columns, whMessage) // the Event Viewer gives its last column no heading
	}
	p.columns = columns
	return true
}

// sniffWindowsCSV knows the headings, and the Event Viewer's rows, which begin with a level or a keyword and a date.
func sniffWindowsCSV(rec []byte) float64 {
	line := firstLine(rec)
	sep := separatorOf(line)
	if isPowerShellType(line) {
		return 0.3
	}
	if bytes.IndexByte(line, sep) < 0 {
		return 0
	}
	has := func(text string) bool { return index(line, text) >= 0 }
	if sep == '\t' {
		switch {
		case has("Date and Time\tSource\tEvent ID\tTask Category"), has("日付と時刻\tソース\tイベント ID\tタスクのカテゴリ"):
			return 0.97
		}
	}
	switch {
	case has("Date and Time,Source,Event ID,Task Category"), has("日付と時刻,ソース,イベント ID,タスクのカテゴリ"),
		has("EventRecordId,TimeCreated,EventId"), has("TimeCreated") && has("ProviderName") && has("LogName") && !has("{"),
		has("EventID") && has("MachineName") && has("ReplacementStrings") && has("TimeGenerated"):
		return 0.97
	case has("TimeCreated") && has("Id") && has("Message") && !has("{") && !has(":"), // chosen columns
		has("TimeGenerated") && has("InstanceId") && has("Message") && !has("{") && !has(":"), has("TimeGenerated") && has("EventID") && has("Message") && !has("{") && !has(":"):
		return 0.9
	}
	if viewerRow(line, sep) {
		return 0.9
	}
	return 0
}

// isPowerShellType knows the first line that Export-Csv writes of events.
func isPowerShellType(line []byte) bool {
	return isPrefix(line, "#TYPE ") && bytes.Contains(line, []byte("System.Diagnostics.Event"))
}

// firstLine returns the first line of a record, at most 2 KiB of it.
func firstLine(rec []byte) []byte {
	b := bytes.TrimPrefix(rec, []byte("\xef\xbb\xbf"))
	line, _, _ := bytes.Cut(b[:min(len(b), 2048)], []byte("\n"))
	return bytes.TrimRight(line, "\r")
}

// separatorOf returns the sign that stands between the cells of a line: tabs where there are at least three.
func separatorOf(line []byte) byte {
	if bytes.Count(line, []byte("\t")) >= 3 {
		return '\t'
	}
	return ','
}

// viewerRow says whether a line begins a row of the Event Viewer: level or keyword, date, source, number.
func viewerRow(line []byte, sep byte) bool {
	var cells [4][]byte
	for k := range cells {
		n := bytes.IndexByte(line, sep)
		if n < 0 {
			return false
		}
		cells[k], line = line[:n], line[n+1:]
	}
	switch string(cells[0]) {
	case "Information", "Audit Success", "Audit Failure", "Warning", "Error", "Critical", "Verbose", "情報", "成功の監査", "失敗の監査", "警告", "エラー", "重大", "詳細":
	default:
		return false
	}
	date := plainSpace(cells[1])
	_, n := parseSlashDate(date)
	_, isNumber := parseNumber(cells[3])
	return n > 0 && n == len(date) && isNumber
}
