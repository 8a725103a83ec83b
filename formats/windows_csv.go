// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var windowsCSV = Format{
	Name:   "windows-csv",
	Source: "windows",
	About: About{
		What: "Windows event logs as CSV: Event Viewer's Save All Events As in English and Japanese, Get-WinEvent | Export-Csv, Get-EventLog | Export-Csv, and EvtxECmd --csv.",
		Export: "Prefer the .evtx file itself: a CSV of the Event Viewer holds neither the computer nor the record's number, and times without a zone. If a CSV is all there is: Event Viewer, Save All Events As, CSV, in UTF-8; or Get-WinEvent -LogName Security | Export-Csv -Encoding UTF8. " +
			"Say in the profile which host wrote it (host) and in which zone (timezone).",
		Takes:  "What the JSON and XML exports give, as far as the columns and the message's text hold it: the text of Security events is read in English and Japanese.",
		Leaves: "Texts in other languages are kept, not read. Of other logs than Security the text is kept whole. Times with a slash are taken for local time, those of EvtxECmd for UTC.",
	},
	Framing: event.FrameCSV,
	Sniff:   sniffWindowsCSV,
	New:     func(env *Env) Parser { return &windowsRows{windowsParser: windowsParser{env: env}} },
	Shapes:  ShapeText,
	Marks:   []string{","},
}

// The columns that are not fields of the head.
const (
	wcPayload = whFields + iota
	wcNoMatter
)

// windowsRows reads rows: each becomes an event as its columns say, once the header was seen.
type windowsRows struct {
	windowsParser
	row     csvRow
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
	if !p.row.split(rec.Data) {
		return ErrOtherFormat
	}
	if p.header() {
		return nil
	}
	if p.columns == nil || len(p.row.cells) < 4 || len(p.row.cells) > len(p.columns) {
		return ErrOtherFormat
	}
	p.begin()
	p.rows, p.utc = true, true
	for i, c := range p.row.cells {
		switch slot := p.columns[i]; {
		case len(c) == 0 || slot == wcNoMatter:
		case slot == wcPayload:
			if c[0] == '{' {
				p.payload(cell(c))
			}
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
	if !seen[whID] || !seen[whTime] || !seen[whProvider] {
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
	b := bytes.TrimPrefix(rec, []byte("\xef\xbb\xbf"))
	line, _, _ := bytes.Cut(b[:min(len(b), 2048)], []byte("\n"))
	if bytes.Count(line, []byte(",")) < 3 {
		return 0
	}
	has := func(text string) bool { return bytes.Contains(line, []byte(text)) }
	switch {
	case has("Date and Time,Source,Event ID,Task Category"), has("日付と時刻,ソース,イベント ID,タスクのカテゴリ"),
		has("EventRecordId,TimeCreated,EventId"), has("TimeCreated") && has("ProviderName") && has("LogName") && !has("{"),
		has("EventID") && has("MachineName") && has("ReplacementStrings") && has("TimeGenerated"):
		return 0.97
	}
	for _, word := range [...]string{"Information,", "Audit Success,", "Audit Failure,", "Warning,", "Error,", "Critical,", "情報,", "成功の監査,", "失敗の監査,", "警告,", "エラー,", "重大,"} {
		if rest, ok := cutPrefix(line, word); ok {
			var row csvRow
			if _, n := parseSlashDate(rest); n > 0 && row.split(b) && len(row.cells) == 6 {
				if _, isNumber := parseNumber(row.cells[3]); isNumber {
					return 0.9
				}
			}
		}
	}
	return 0
}
