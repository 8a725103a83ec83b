// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"slices"

	"github.com/sekisho/sekisho/event"
)

var windowsPrinted = Format{
	Name:   "windows-text",
	Also:   []string{"wevtutil"},
	Source: "windows",
	About: About{
		What: "Windows event logs as the text that tools print: wevtutil qe /f:text, Get-WinEvent | Format-List (with and without *), Get-EventLog | Format-List.",
		Export: "Prefer the .evtx file itself, or wevtutil qe Security /f:xml. If a text is all there is: wevtutil qe Security /f:text > security.txt, or Get-WinEvent -LogName Security | Format-List * | Out-File -Width 4096 security.txt: " +
			"without * a list holds neither the computer nor the record's number. Say in the profile which host wrote it (host) and in which zone (timezone): times without a Z are local.",
		Takes:  "What the CSV exports give: the head's fields, and of Security events what their message says, in English and Japanese. The lines of one event are one record of the case.",
		Leaves: "A table (Format-Table) cuts messages off and is not read. In wevtutil's text nothing marks where a message ends but the next \"Event[n]\", so that a name with line ends in it can imitate an event: its numbers must follow one another, and .evtx or XML decide in doubt. Headings in other languages than English and Japanese are not known.",
	},
	Sniff:  sniffWindowsText,
	New:    func(env *Env) Parser { return &windowsLines{windowsParser: windowsParser{env: env}} },
	Shapes: ShapeText,
	Marks:  []string{"Event[", "TimeCreated", "Message ", "Index "},
}

// What a text is.
const (
	wtNone = iota
	wtUtil // wevtutil's: "Event[0]", fields behind two blanks, the message last
	wtList // PowerShell's: "Name      : value", what follows within a value behind as many blanks
)

// windowsTextMost bounds the text of one event.
const windowsTextMost = 64 << 10

// windowsLines joins the lines of an event.
type windowsLines struct {
	windowsParser
	kind  int
	open  bool // an event is being gathered
	ended bool // no line of it follows
	ref   event.Ref
	next  int64    // the number of the next event
	names []string // of a list's event, so far: one that comes again begins the next
	width int      // of a list's names with ": "
	slot  int      // of the value that may go on
	store []byte
	spans [whFields]struct{ from, to int }
}

func sniffWindowsText(rec []byte) float64 {
	if _, ok := utilMark(rec); ok {
		return 0.9
	}
	name, value, at := listLine(rec)
	switch string(name) {
	case "TimeCreated":
		if windowsTextTime(value) {
			return 0.9
		}
	case "Message": // first of a list of all members, where the names are wide
		if at > 16 {
			return 0.3
		}
	case "Index":
		if _, ok := parseNumber(value); ok && at > 12 {
			return 0.5
		}
	}
	return 0
}

// utilMark reads "Event[12]" or "Event[12]:".
func utilMark(b []byte) (n int64, ok bool) {
	b, ok = cutPrefix(b, "Event[")
	if !ok || len(b) > 16 {
		return 0, false
	}
	b = bytes.TrimSuffix(bytes.TrimRight(b, " \t\r"), []byte(":"))
	if len(b) < 2 || b[len(b)-1] != ']' {
		return 0, false
	}
	v, ok := parseNumber(b[:len(b)-1])
	return v, ok
}

// listLine cuts "Name      : value" and says where the value begins.
func listLine(b []byte) (name, value []byte, at int) {
	n := 0
	for n < len(b) && n < 40 && (b[n]|0x20 >= 'a' && b[n]|0x20 <= 'z') {
		n++
	}
	colon := n
	for colon < len(b) && colon < 48 && b[colon] == ' ' {
		colon++
	}
	if n == 0 || colon == n || colon >= len(b) || b[colon] != ':' || colon+1 < len(b) && b[colon+1] != ' ' {
		return nil, nil, 0
	}
	return b[:n], bytes.TrimSpace(b[colon+1:]), colon + 2
}

func windowsTextTime(b []byte) bool {
	if _, n := parseISOStamp(b); n > 0 {
		return true
	}
	_, n := parseSlashDate(plainSpace(b))
	return n > 0
}

// plainSpace returns b with the narrow space that newer systems write before AM and PM as a plain one.
func plainSpace(b []byte) []byte {
	if !bytes.Contains(b, []byte("\u202f")) {
		return b
	}
	return bytes.ReplaceAll(b, []byte("\u202f"), []byte(" "))
}

// Parse reads one line.
func (p *windowsLines) Parse(rec *event.Record, out *event.Batch) error {
	line := bytes.TrimRight(rec.Data, " \t\r")
	if n, ok := utilMark(line); ok && (p.kind != wtUtil || !p.open || p.ended || n == p.next) {
		p.Flush(out)
		p.start(rec, wtUtil)
		p.next = n + 1
		return nil
	}
	if p.kind == wtUtil && p.open && !p.ended {
		return p.util(rec, line)
	}
	return p.list(rec, line, out)
}

// util reads a line behind wevtutil's mark.
func (p *windowsLines) util(rec *event.Record, line []byte) error {
	if p.slot == whMessage {
		p.more(rec, line)
		return nil
	}
	if len(line) < 3 || line[0] != ' ' || line[1] != ' ' {
		return p.stop()
	}
	label, value, ok := cutLabel(line[2:])
	if !ok {
		return p.stop()
	}
	p.key = columnName(p.key[:0], label)
	return p.field(rec, windowsTextField(p.key), value)
}

// list reads a line of PowerShell's.
func (p *windowsLines) list(rec *event.Record, line []byte, out *event.Batch) error {
	name, value, at := listLine(line)
	going := p.kind == wtList && p.open && !p.ended
	switch {
	case going && len(name) == 0:
		if blank := len(line) - len(bytes.TrimLeft(line, " ")); blank < min(p.width, len(line)) {
			return p.stop()
		}
		p.more(rec, line[min(p.width, len(line)):])
		return nil
	case len(name) == 0 || !going && sniffWindowsText(line) == 0:
		return ErrOtherFormat
	case !going || slices.Contains(p.names, p.env.Intern.Bytes(name)):
		p.Flush(out)
		p.start(rec, wtList)
		p.width = at
	}
	if len(p.names) < 64 {
		p.names = append(p.names, p.env.Intern.Bytes(name))
	}
	p.key = columnName(p.key[:0], name)
	return p.field(rec, windowsTextField(p.key), value)
}

// windowsTextField returns what a heading stands for, by its columnName.
func windowsTextField(name []byte) int {
	switch string(name) {
	case "date", "日付":
		return whTime
	case "keyword", "キーワード":
		return whKeywords
	case "user", "ユーザー":
		return whUserSID
	case "ログの名前", "ログ名":
		return whChannel
	case "コンピューター", "コンピュータ":
		return whComputer
	case "description", "説明", "メッセージ":
		return whMessage
	case "instanceid":
		return whID
	}
	if slot := windowsColumn(name); slot < whFields {
		return slot
	}
	return whNone
}

// start begins an event.
func (p *windowsLines) start(rec *event.Record, kind int) {
	p.kind, p.open, p.ended, p.slot = kind, true, false, whNone
	p.ref, p.names = p.env.Ref(rec), p.names[:0]
	p.store = p.store[:0]
	p.spans = [whFields]struct{ from, to int }{}
}

// stop ends an event at a line that is not of it: it is given out with the next, or at the end.
func (p *windowsLines) stop() error {
	p.ended = true
	return ErrOtherFormat
}

// field takes a value. Of one field the first counts.
func (p *windowsLines) field(rec *event.Record, slot int, value []byte) error {
	if slot == whTime {
		if value = plainSpace(value); !windowsTextTime(value) {
			p.open = false
			return ErrNoTime
		}
	}
	p.reach(rec)
	if slot == whUserSID && string(value) == "N/A" {
		slot = whNone
	}
	if p.slot = slot; slot == whNone || slot == whIgnore || p.spans[slot].to > 0 && slot != whMessage {
		p.slot = whNone
		return nil
	}
	from := len(p.store)
	p.store = append(p.store, value[:min(len(value), windowsTextMost-min(windowsTextMost, len(p.store)))]...)
	p.spans[slot].from, p.spans[slot].to = from, len(p.store)
	return nil
}

// more takes a line with which a value goes on.
func (p *windowsLines) more(rec *event.Record, line []byte) {
	p.reach(rec)
	if p.slot != whMessage || len(p.store)+1+len(line) > windowsTextMost {
		return
	}
	p.store = append(append(p.store, '\n'), line...)
	p.spans[whMessage].to = len(p.store)
}

// reach draws the event's part to the end of a line of the same file.
func (p *windowsLines) reach(rec *event.Record) {
	if end := rec.Offset + rec.Length; p.ref.Input == p.env.Input && end > p.ref.Part.Offset {
		p.ref.Part.Length = end - p.ref.Part.Offset
	}
}

// Flush gives the event out that was gathered last.
func (p *windowsLines) Flush(out *event.Batch) {
	if !p.open {
		return
	}
	p.open = false
	p.begin()
	p.rows, p.loose = true, true
	for slot, s := range p.spans {
		if s.to > s.from {
			p.head[slot] = jsonValue{raw: p.store[s.from:s.to:s.to], kind: '"'}
		}
	}
	before := len(out.Events)
	if err := p.finish(&event.Record{Part: p.ref.Part}, out); err != nil {
		out.Events = out.Events[:before]
		return
	}
	for i := before; i < len(out.Events); i++ {
		out.Events[i].Ref = p.ref
	}
}
