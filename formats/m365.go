// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var m365Audit = Format{
	Name:   "m365-audit",
	Also:   []string{"unified-audit", "office365", "ual"},
	Source: "cloud-audit",
	About: About{
		What: "The unified audit log of Microsoft 365 as JSON: content of the Management Activity API (Audit.AzureActiveDirectory, Audit.Exchange, Audit.SharePoint, Audit.General, DLP.All), results of Search-UnifiedAuditLog with AuditData as text or as an object, Graph's security/auditLog queries, and the same records as collectors wrap them.",
		Export: "Search-UnifiedAuditLog -StartDate … -EndDate … -SessionCommand ReturnLargeSet -ResultSize 5000 | ConvertTo-Json, repeated with one SessionId until nothing comes, at most 50,000 a session: cut the period. " +
			"Standard audit keeps 180 days, E5 one year. MailItemsAccessed needs mailbox auditing with its default set: check Get-Mailbox … | select AuditEnabled, DefaultAuditSet.",
		Takes:  "Sign-ins with their error; mail read, sent, moved and deleted, with the number of items, their identifiers and sizes; inbox rules, forwarding, permissions, roles, consents, passwords and second factors; files and folders with their full address; searches; changes of auditing itself.",
		Leaves: "Text of mails and files. MailItemsAccessed is throttled after 1,000 bind records a mailbox and day (throttled is kept): what was read behind that is not known. A sync record means that a whole folder went, whatever its count says. Records come up to a day late and in no order.",
	},
	Framing: event.FrameJSON,
	Sniff:   sniffM365,
	New:     func(env *Env) Parser { return &m365Parser{env: env} },
	Shapes:  ShapeObject,
	Keys:    []string{"CreationTime", "creationtime", "AuditData", "auditData"},
}

var m365AuditCSV = Format{
	Name:   "m365-audit-csv",
	Source: "cloud-audit",
	About: About{
		What:   "The unified audit log of Microsoft 365 as CSV: the export of the Purview portal (RecordId, CreationDate, RecordType, Operation, UserId, AuditData, …), and Search-UnifiedAuditLog | Export-Csv (RecordType, CreationDate, UserIds, Operations, AuditData, …).",
		Export: "purview.microsoft.com, Audit, search, Export: at most 50,000 rows a search. Do not open and save the file with a spreadsheet: it cuts AuditData at 32,767 characters and changes the dates.",
		Takes:  "The same as from JSON: the record is in the column AuditData. Where that column is cut off or empty, time, name and operation come from the other columns and audit_data says so.",
		Leaves: "As for JSON. Where AuditData has no CreationTime that can be read, the time is that of the column CreationDate.",
	},
	Framing: event.FrameCSV,
	Sniff:   sniffM365CSV,
	New:     func(env *Env) Parser { return &m365Parser{env: env} },
	Shapes:  ShapeSyslog | ShapeText,
	Marks:   []string{"#TYPE ", "AuditData"},
}

// m365Parser reads audit records from JSON objects and from CSV rows.
type m365Parser struct {
	env   *Env
	scan  jsonScan
	inner jsonScan
	f     [amFields]jsonValue
	key   []byte // of a member, in small letters
	buf   []byte
	data  []byte // AuditData, decoded
	list  []byte // names and values joined
	once  once
	cut   bool // AuditData could not be read

	row     csvRow
	columns []uint8
	header  []byte
}

// Parse reads one audit record.
func (p *m365Parser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil {
		return p.parseCSV(rec, out)
	}
	p.f, p.cut = [amFields]jsonValue{}, false
	p.scan.reset(b)
	p.object(&p.scan, 0, true)
	if !p.scan.end() {
		if sniffM365(rec.Data) > 0 {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	if v := p.f[amAuditData]; v.kind == '"' {
		p.auditData(v)
	}
	return p.emit(rec, out)
}

// Flush has nothing to add: every record stands for itself.
func (p *m365Parser) Flush(*event.Batch) {}

// object takes the members of an audit record (own), of what it is wrapped in, or of an object that it holds, whose members
// only fill what the record itself left open.
func (p *m365Parser) object(s *jsonScan, depth int, own bool) {
	for ok := s.enter('{'); ok && s.member(); {
		p.key = columnName(p.key[:0], s.key)
		if s.peek() == '{' && depth < 3 {
			switch string(p.key) {
			case "office365", "o365", "audit", "source", "result", "auditdata":
				p.object(s, depth+1, own)
				continue
			case "appaccesscontext", "item":
				p.object(s, depth+1, false)
				continue
			case "parentfolder", "folder":
				p.path(s)
				continue
			}
		}
		slot := m365Field(p.key)
		if slot == amNone {
			s.skip()
			continue
		}
		if v := s.value(); !v.empty() && (own || p.f[slot].kind == 0) {
			p.f[slot] = v
		}
	}
}

// path takes the path of a mail folder.
func (p *m365Parser) path(s *jsonScan) {
	for ok := s.enter('{'); ok && s.member(); {
		if string(s.key) == "Path" {
			p.f[amFolder] = s.value()
		} else {
			s.skip()
		}
	}
}

// auditData reads the record that stands as text in a member or column of that name.
func (p *m365Parser) auditData(v jsonValue) {
	outer := p.f
	p.data = append(p.data[:0], v.text(&p.buf)...)
	p.f = [amFields]jsonValue{}
	p.inner.reset(p.data)
	p.object(&p.inner, 0, true)
	if !p.inner.end() {
		p.f, p.cut = outer, true
		return
	}
	for slot := range p.f {
		if p.f[slot].kind == 0 {
			p.f[slot] = outer[slot]
		}
	}
}

// parseCSV reads a header or a row behind one.
func (p *m365Parser) parseCSV(rec *event.Record, out *event.Batch) error {
	if p.columns == nil && sniffM365CSV(rec.Data) == 0 {
		return ErrOtherFormat
	}
	if bytes.HasPrefix(rec.Data, []byte("#TYPE ")) { // as PowerShell 5 begins an export
		return nil
	}
	if !p.row.split(rec.Data) {
		return ErrBroken
	}
	if p.columns == nil || bytes.Equal(p.row.cells[0], p.header) {
		if p.readHeader() {
			return nil
		}
		return ErrOtherFormat
	}
	if len(p.row.cells) < 3 || len(p.row.cells) > len(p.columns)+1 {
		return ErrOtherFormat
	}
	p.f, p.cut = [amFields]jsonValue{}, false
	for i, c := range p.row.cells[:min(len(p.row.cells), len(p.columns))] {
		if slot := p.columns[i]; slot != amNone && len(c) > 0 && p.f[slot].kind == 0 {
			p.f[slot] = cell(c)
		}
	}
	p.cut = true
	if v := p.f[amAuditData]; v.kind == '"' {
		p.cut = false
		p.auditData(v)
	}
	return p.emit(rec, out)
}

// readHeader learns the columns from the cells of a header.
func (p *m365Parser) readHeader() bool {
	var seen [amFields]bool
	columns := p.columns[:0:0]
	for _, c := range p.row.cells {
		p.key = columnName(p.key[:0], c)
		slot := m365Field(p.key)
		seen[slot] = true
		columns = append(columns, uint8(slot))
	}
	if !seen[amAuditData] || !seen[amOperation] && !seen[amTime] {
		return false
	}
	p.columns = columns
	p.header = append(p.header[:0], p.row.cells[0]...)
	return true
}

// emit makes the event of the fields that were taken.
func (p *m365Parser) emit(rec *event.Record, out *event.Batch) error {
	f := &p.f
	if f[amTime].empty() || f[amOperation].empty() && f[amWorkload].empty() ||
		f[amRecordType].empty() && f[amWorkload].empty() && f[amOrganisation].empty() && f[amAuditData].empty() {
		return ErrOtherFormat
	}
	when, ok := p.env.timeUTC(f[amTime].text(&p.buf))
	if !ok {
		return ErrNoTime
	}
	op := bytes.TrimRight(f[amOperation].text(&p.buf), ". ")
	operation := p.env.Intern.Bytes(op)
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	ev.Class, ev.Activity = m365Operation(operation)
	p.auditing(ev, operation)
	p.people(ev)
	p.origin(ev)
	p.ending(ev, operation)
	p.what(ev)
	p.rest(ev, out, operation)
	return nil
}

// auditing tells the settings that switch auditing off from other settings made by the same commands.
func (p *m365Parser) auditing(ev *event.Event, operation string) {
	setting := ""
	switch operation {
	case "Set-Mailbox":
		setting = "AuditEnabled"
	case "Set-AdminAuditLogConfig":
		setting = "UnifiedAuditLogIngestionEnabled"
	default:
		return
	}
	if v := p.property(amParameters, setting); v.is("False") || v.is("false") || v.is("$false") || v.kind == 'f' {
		ev.Class, ev.Activity = event.ClassLogAdmin, event.ActDisable
	}
}

// people sets who did it, and to whom.
func (p *m365Parser) people(ev *event.Event) {
	ev.Account = p.text(amUser)
	switch ev.Account {
	case "Not Available", "Unknown", "unknown", "-":
		ev.Account = ""
	}
	switch {
	case ev.Class == event.ClassAccountChange:
		if ev.Target = p.targetName(); ev.Target == "" {
			ev.Target = p.text(amObject)
		}
	case !p.f[amOwner].empty():
		ev.Target = p.text(amOwner)
	}
	if ev.Target == ev.Account {
		ev.Target = ""
	}
}

// targetName returns the sign-in name in a directory record's list of targets (type 5), which holds other identifiers too.
func (p *m365Parser) targetName() string {
	if p.f[amTarget].kind != '[' {
		return ""
	}
	p.inner.reset(p.f[amTarget].raw)
	s := &p.inner
	for ok := s.enter('['); ok && s.element(); {
		var id, kind jsonValue
		for ok := s.enter('{'); ok && s.member(); {
			switch string(s.key) {
			case "ID", "id", "Id":
				id = s.value()
			case "Type", "type":
				kind = s.value()
			default:
				s.skip()
			}
		}
		if n, ok := kind.int(); ok && n == 5 && id.kind == '"' {
			return p.env.Intern.Bytes(id.text(&p.buf))
		}
	}
	return ""
}

// origin sets where it came from and with what. Exchange, SharePoint and the directory have different members for it.
func (p *m365Parser) origin(ev *event.Event) {
	for _, slot := range [...]int{amClientIP, amClientIPAddress, amActorIP} {
		if a, port, ok := p.env.addrPort(bytes.TrimSpace(p.f[slot].text(&p.buf))); ok {
			ev.SrcIP, ev.SrcPort = a, port
			break
		}
	}
	ev.Service = p.text(amWorkload)
	for _, slot := range [...]int{amAgent, amClientInfo, amClientProcess} {
		if ev.Client = p.text(slot); ev.Client != "" {
			return
		}
	}
	if v := p.property(amExtended, "UserAgent"); !v.empty() {
		ev.Client = p.env.Intern.Bytes(v.text(&p.buf))
		return
	}
	// Directory changes hold it as JSON in a text: {"User-Agent":"…"}.
	if v := p.property(amExtended, "additionalDetails"); v.kind == '"' {
		p.list = append(p.list[:0], v.text(&p.buf)...)
		p.inner.reset(p.list)
		for ok := p.inner.enter('{'); ok && p.inner.member(); {
			if string(p.inner.key) == "User-Agent" {
				v := p.inner.value()
				ev.Client = p.env.Intern.Bytes(v.text(&p.buf))
			} else {
				p.inner.skip()
			}
		}
	}
}

// property returns the value of that name in a list of names and values.
func (p *m365Parser) property(slot int, name string) jsonValue {
	if p.f[slot].kind != '[' {
		return jsonValue{}
	}
	p.inner.reset(p.f[slot].raw)
	s := &p.inner
	for ok := s.enter('['); ok && s.element(); {
		k, v, _ := s.pair()
		if k.is(name) {
			return v
		}
	}
	return jsonValue{}
}

// pair reads an object that has a name and a value, and in records of changes an old value too.
func (s *jsonScan) pair() (name, value, old jsonValue) {
	for ok := s.enter('{'); ok && s.member(); {
		switch string(s.key) {
		case "Name", "name", "DisplayName", "displayName", "Key":
			name = s.value()
		case "Value", "value", "NewValue", "newValue":
			value = s.value()
		case "OldValue", "oldValue":
			old = s.value()
		default:
			s.skip()
		}
	}
	return name, value, old
}

// ending sets outcome and reason.
func (p *m365Parser) ending(ev *event.Event, operation string) {
	switch string(p.f[amResult].text(&p.buf)) {
	case "Success", "Succeeded", "True", "true", "success", "PartiallySucceeded", "succeeded":
		ev.Outcome = event.OutcomeSuccess
	case "Failed", "Failure", "False", "false", "failure", "failed":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	case "":
		// Exchange and SharePoint write what was done, not what was tried.
		if ev.Class == event.ClassFile || ev.Class == event.ClassMail {
			ev.Outcome = event.OutcomeSuccess
		}
	}
	if ev.Class != event.ClassAuthentication {
		return
	}
	code, ok := p.f[amErrorNumber].int()
	if !ok || code == 0 {
		name := p.f[amLogonError]
		if name.empty() {
			name = p.property(amExtended, "LogonError")
		}
		if c, known := entraErrorName(name.text(&p.buf)); known && c != 0 {
			code, ok = c, true
		}
	}
	if operation == "UserLoginFailed" {
		// The service calls it a failure even where it only interrupts; an interrupt is told by its code.
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	if ok && code != 0 {
		end := entraEnd(code)
		ev.Outcome, ev.Reason = end.outcome, end.reason
	} else if operation == "UserLoggedIn" && ev.Outcome == event.OutcomeUnknown {
		ev.Outcome = event.OutcomeSuccess
	}
}

// text returns a field's text.
func (p *m365Parser) text(slot int) string { return p.env.Intern.Bytes(p.f[slot].text(&p.buf)) }
