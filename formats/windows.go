// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var windows = Format{
	Name:   "windows",
	Also:   []string{"winlogbeat", "evtx", "eventlog"},
	Source: "windows",
	About: About{
		What: "Windows event logs, Vista and Server 2008 to 11 and Server 2025, in every shape in which they are found: the .evtx files themselves, read natively, also from a log that was open when it was copied; XML (wevtutil, Event Viewer, forwarders); JSON, whichever tool wrote it (Winlogbeat and Elastic Agent, evtx_dump, Velociraptor and python-evtx, Get-WinEvent | ConvertTo-Json of PowerShell 5 and 7, EvtxECmd, NXLog, Fluent Bit, Wazuh, flat exports).",
		Export: "Copy the .evtx files of C:\\Windows\\System32\\winevt\\Logs, or wevtutil epl Security Security.evtx: they are the evidence, and nothing is lost. Otherwise wevtutil qe Security /f:xml, Event Viewer's Save All Events As (XML), or Get-WinEvent -LogName Security | Select-Object * | ConvertTo-Json -Depth 4. " +
			"Needed in the audit policy: logon, account logon, account management, policy change, process creation with command line, file share and detailed file share; size of the Security log at least 1 GB, since it overwrites itself (a busy server: within a day). AD FS: Set-AdfsProperties -LogLevel with SuccessAudits and FailureAudits, and the audit of Application Generated.",
		Takes: "Security: logons and failures with their status, Kerberos and NTLM checks with the client's address, explicit credentials, special privileges, shares and files opened, processes, services, tasks, accounts, groups and directory objects changed, certificates issued, connections, RADIUS answers of NPS, logins and tokens of AD FS (1200 to 1210; of Server 2012 R2 and before 411, SecurityTokenValidationFailureAudit, and 516), and every clearing of a log. " +
			"System (services, starts and stops, RRAS), Directory Service 1644 and 2889, Sysmon 1 to 29, terminal services and their gateway, task scheduler, PowerShell, Defender, SMB server and client, WinRM, WMI, BITS, NTLM, AppLocker, code integrity, firewall, DNS server, printing, SQL Server's failed logins, Exchange's admin log. Every other event keeps its number, log, computer and values. Record numbers are kept, so that gaps can be seen.",
		Leaves: "What the audit policy does not record is not there; LDAP searches (1644) and unsigned binds (2889) are logged only after their diagnostics level was raised in the registry. 4625 of network logons names an address only if the service passed it on; 4776 names the workstation that the client claimed to be. Text messages are read only where a record has no fields. " +
			"Of an .evtx file, records of an older use of a block (slack) are not taken; logs from before Vista (.evt) and traces (.etl) are not read.",
	},
	Framing: event.FrameJSON,
	Sniff:   sniffWindows,
	New:     func(env *Env) Parser { return &windowsParser{env: env} },
	Shapes:  ShapeObject | ShapeMarkup | ShapeSyslog | ShapeText,
	Keys:    []string{"EventID", "EventId", "event_id", "eventID", "winlog", "TimeCreated"},
	Marks:   []string{`"EventID"`, `"EventId"`, `"event_id"`, `"eventID"`, `"winlog"`, `"Id"`, "Record ", "schemas.microsoft.com/win/2004/08/events/event", "<EventID", "**\x00\x00"},
}

// Bounds on one record: no event of Windows comes near them.
const (
	windowsData = 100 // named values
	windowsDeep = 8   // containers within one another
)

// windowsDatum is one named value of an event.
type windowsDatum struct {
	name  string
	value jsonValue
}

// windowsParser reads Windows events. The shapes differ in where things stand, not in what they are: the walk gathers the
// head and the named values from wherever they are, and emit works on those alone.
type windowsParser struct {
	env *Env

	scan  jsonScan
	inner jsonScan
	key   []byte
	buf   []byte
	text  []byte // of a payload or message that is read in its turn
	join  []byte
	once  once

	head       [whFields]jsonValue
	slots      [wdFields]jsonValue
	data       [windowsData]windowsDatum
	n          int
	flat       [windowsData]windowsDatum // members beside the head, which are values only where nothing else is
	flatN      int
	positional [windowsData]jsonValue // values without a name, in order
	posN       int
	capital    bool // names are written with a small first letter, which is not Windows' own spelling
	guids      []byte
	utc        bool // times without a zone are in UTC
	rows       bool // of a CSV or a text, where times with a slash are local
	loose      bool // that may name neither log nor source nor computer: the message does
	asIs       bool // values are wanted as they stand, with the blanks around them
	moment     event.Micros
	hasMoment  bool         // moment is the event's time
	written    event.Micros // when the record was written, by the log file; stands in for a time that is broken

	mac   string                   // of the device that called
	lists map[string][]windowsKind // by log

	xml *windowsXML
	bin *windowsBinary
}

// Parse reads one event.
func (p *windowsParser) Parse(rec *event.Record, out *event.Batch) error {
	if isRecordMark(rec.Data) {
		return nil
	}
	p.begin()
	if err := p.gather(rec); err != nil {
		return err
	}
	return p.finish(rec, out)
}

// begin forgets the event before.
func (p *windowsParser) begin() {
	p.head, p.slots = [whFields]jsonValue{}, [wdFields]jsonValue{}
	p.n, p.flatN, p.posN, p.capital, p.utc, p.rows, p.loose, p.hasMoment, p.written, p.mac, p.guids = 0, 0, 0, false, false, false, false, false, 0, "", p.guids[:0]
}

// finish makes an event of what was gathered.
func (p *windowsParser) finish(rec *event.Record, out *event.Batch) error {
	id, ok := p.head[whID].int()
	if !ok || id < 0 || id > 1<<31 || p.head[whChannel].empty() && p.head[whProvider].empty() && p.head[whComputer].empty() && (!p.loose || p.head[whMessage].empty()) {
		return ErrOtherFormat
	}
	if p.loose && id > 0xffff { // an instance's number, with the severity in its upper bits
		id &= 0xffff
	}
	when, ok := p.when()
	if !ok {
		return ErrNoTime
	}
	p.settle(id)
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	p.emit(ev, id)
	p.rest(ev, out, id)
	return nil
}

// gather takes what the record holds, in whichever of its shapes an event comes.
func (p *windowsParser) gather(rec *event.Record) error {
	if isEvtx(rec.Data) {
		return p.binary(rec)
	}
	if b := p.env.jsonBody(rec); b != nil {
		p.scan.reset(b)
		p.top(&p.scan, 0)
		switch {
		case p.scan.end():
			return nil
		case sniffWindows(rec.Data) > 0:
			return ErrBroken
		}
		return ErrOtherFormat
	}
	if b := p.env.xmlBody(rec); b != nil {
		p.utc = true
		switch {
		case p.markup(b):
			return nil
		case sniffXML(rec.Data) > 0:
			return ErrBroken
		}
	}
	return ErrOtherFormat
}

// Flush has nothing to add: every event stands for itself.
func (p *windowsParser) Flush(*event.Batch) {}

// isRecordMark knows the lines "Record 12" that evtx_dump writes between pretty-printed events.
func isRecordMark(b []byte) bool {
	b, ok := cutPrefix(bytes.TrimSpace(b), "Record ")
	_, isNumber := parseNumber(b)
	return ok && isNumber
}

// top takes the members of the outermost object, or of one that wraps it.
func (p *windowsParser) top(s *jsonScan, depth int) {
	for ok := s.enter('{'); ok && s.member(); {
		p.key = columnName(p.key[:0], s.key)
		c := s.peek()
		if c == '{' && depth < windowsDeep {
			switch string(p.key) {
			case "event": // in ECS "event" holds the number as code
				p.top(s, depth+1)
				continue
			case "winlog", "win", "source", "result":
				p.capital = p.capital || string(p.key) == "win"
				p.top(s, depth+1)
				continue
			case "system":
				p.system(s, depth+1)
				continue
			case "eventdata", "userdata", "extraeventdata":
				p.values(s, depth+1)
				continue
			case "timecreated", "id", "eventid", "provider":
				p.nested(s, windowsHead(p.key))
				continue
			}
		}
		if c == '[' {
			switch string(p.key) {
			case "eventdata", "userdata", "properties", "stringinserts", "replacementstrings":
				p.list(s, depth+1)
				continue
			}
		}
		if c == '"' && (string(p.key) == "payload" || string(p.key) == "eventdata") && depth < 2 {
			// EvtxECmd: a text that holds {"EventData":{…}}. Others write a text under that name: then it is a value.
			name := p.env.Intern.Bytes(s.key)
			v := s.value()
			if len(v.raw) > 0 && v.raw[0] == '{' {
				p.payload(v)
			} else if p.flatN < len(p.flat) && !v.empty() {
				p.flat[p.flatN] = windowsDatum{name, v}
				p.flatN++
			}
			continue
		}
		slot := windowsHead(p.key)
		if slot == whIgnore || c == '{' || c == '[' && slot == whNone {
			s.skip()
			continue
		}
		name := ""
		if slot == whNone {
			name = p.env.Intern.Bytes(s.key)
		}
		v := s.value()
		switch {
		case v.empty():
		case slot != whNone:
			if p.head[slot].kind == 0 || depth > 0 && slot != whCode {
				p.head[slot] = v
			}
		case p.flatN < len(p.flat):
			p.flat[p.flatN] = windowsDatum{name, v}
			p.flatN++
		}
	}
}

// nested takes a head value that is an object: {"#text": 4624}, {"Value": 4624}, {"value": "/Date(…)/"}, {"name": "…"}.
func (p *windowsParser) nested(s *jsonScan, slot int) {
	for ok := s.enter('{'); ok && s.member(); {
		switch string(s.key) {
		case "#text", "Value", "value", "Name", "@Name", "SystemTime", "@SystemTime", "name":
			p.utc = p.utc || slot == whTime && bytes.HasSuffix(s.key, []byte("SystemTime")) // which is in UTC, said or not
			if v := s.value(); !v.empty() && v.kind != '{' && v.kind != '[' {
				p.head[slot] = v
			}
		case "#attributes":
			p.nested(s, slot)
		default:
			s.skip()
		}
	}
}

// system takes the head as Windows writes it.
func (p *windowsParser) system(s *jsonScan, depth int) {
	for ok := s.enter('{'); ok && s.member(); {
		key, attributes := cutSuffix(s.key, "_attributes")
		p.key = columnName(p.key[:0], key)
		slot := windowsHead(p.key)
		switch {
		case string(p.key) == "security" && s.peek() == '{':
			p.security(s)
		case slot == whNone || slot == whIgnore:
			s.skip()
		case s.peek() == '{':
			if attributes && slot != whProvider && slot != whTime {
				s.skip()
				continue
			}
			p.nested(s, slot)
		default:
			if v := s.value(); !v.empty() {
				p.head[slot] = v
			}
		}
	}
}

// security takes the SID of the account in whose name the event was written.
func (p *windowsParser) security(s *jsonScan) {
	for ok := s.enter('{'); ok && s.member(); {
		switch string(s.key) {
		case "UserID", "@UserID":
			if v := s.value(); v.kind == '"' {
				p.head[whUserSID] = v
			}
		case "#attributes":
			p.security(s)
		default:
			s.skip()
		}
	}
}

// values takes the named values of an event, also where they stand within another element of their own.
func (p *windowsParser) values(s *jsonScan, depth int) {
	for ok := s.enter('{'); ok && s.member(); {
		c := s.peek()
		if len(s.key) > 0 && (s.key[0] == '#' || s.key[0] == '@') && string(s.key) != "#text" || string(s.key) == "xmlns" || string(s.key) == "xml_name" {
			s.skip()
			continue
		}
		if string(s.key) == "Data" || string(s.key) == "#text" {
			p.unnamed(s, depth)
			continue
		}
		if c == '{' && depth < windowsDeep {
			name := p.env.Intern.Bytes(s.key)
			if v := textOf(s); v.kind != 0 {
				p.take(name, v)
				continue
			}
			p.values(s, depth+1)
			continue
		}
		name := p.env.Intern.Bytes(s.key)
		p.take(name, s.value())
	}
}

// textOf returns the text of an element with attributes, {"#attributes": …, "#text": …}, and passes over it; for any other
// object it returns nothing and stays before it.
func textOf(s *jsonScan) jsonValue {
	ahead := *s
	var v jsonValue
	for ok := ahead.enter('{'); ok && ahead.member(); {
		switch string(ahead.key) {
		case "#text":
			v = ahead.value()
		case "#attributes":
			ahead.skip()
		default:
			return jsonValue{}
		}
	}
	if v.kind != 0 && !ahead.bad {
		*s = ahead
	}
	return v
}

// unnamed takes what stands under "Data": a text, a list of texts, {"#text": […]}, or a list of elements with a name.
func (p *windowsParser) unnamed(s *jsonScan, depth int) {
	switch s.peek() {
	case '[':
		p.list(s, depth+1)
	case '{':
		if depth < windowsDeep {
			p.element(s, depth+1)
			return
		}
		s.skip()
	default:
		p.place(s.value())
	}
}

// list takes values in their order: texts, elements with a name, or PowerShell's {"Value": …}.
func (p *windowsParser) list(s *jsonScan, depth int) {
	for ok := s.enter('['); ok && s.element(); {
		if s.peek() == '{' && depth < windowsDeep {
			p.element(s, depth+1)
		} else {
			p.place(s.value())
		}
	}
}

// element takes {"@Name": "SubjectUserName", "#text": "…"} as a named value and {"Value": …} as one without a name.
func (p *windowsParser) element(s *jsonScan, depth int) {
	var name, value jsonValue
	list := false
	for ok := s.enter('{'); ok && s.member(); {
		switch string(s.key) {
		case "@Name", "Name", "name":
			name = s.value()
		case "#attributes":
			for ok := s.enter('{'); ok && s.member(); {
				if string(s.key) == "Name" {
					name = s.value()
				} else {
					s.skip()
				}
			}
		case "#text", "Value", "value", "text":
			switch {
			case s.peek() == '[' && depth < windowsDeep:
				p.list(s, depth+1)
				list = true
			case s.peek() == '{' && depth < windowsDeep:
				value = p.wrapped(s)
			default:
				value = s.value()
			}
		default:
			s.skip()
		}
	}
	switch {
	case name.kind == '"':
		p.take(p.env.Intern.Bytes(name.text(&p.buf)), value)
	case !list:
		p.place(value)
	}
}

// wrapped returns the "Value" of an object that PowerShell made of a SID.
func (p *windowsParser) wrapped(s *jsonScan) (v jsonValue) {
	for ok := s.enter('{'); ok && s.member(); {
		if string(s.key) == "Value" {
			v = s.value()
		} else {
			s.skip()
		}
	}
	return v
}

// payload reads a text that holds JSON.
func (p *windowsParser) payload(v jsonValue) {
	p.text = append(p.text[:0], v.text(&p.buf)...)
	p.inner.reset(p.text)
	p.top(&p.inner, 2)
}

// place keeps a value without a name.
func (p *windowsParser) place(v jsonValue) {
	if p.posN < len(p.positional) {
		p.positional[p.posN] = v
		p.posN++
	}
}

// take keeps a named value.
func (p *windowsParser) take(name string, v jsonValue) {
	if p.n == len(p.data) {
		return
	}
	if p.capital && len(name) > 0 && name[0] >= 'a' && name[0] <= 'z' {
		p.buf = append(append(p.buf[:0], name[0]&^0x20), name[1:]...)
		name = p.env.Intern.Bytes(p.buf)
	}
	v = p.oneSpelling(v)
	p.data[p.n] = windowsDatum{name, v}
	p.n++
	p.key = appendLower(p.key[:0], name)
	if slot := windowsValue(p.key); slot != wdNone && !dash(v) {
		p.slots[slot] = v
	}
}

// dash says whether a value is empty or the "-" that Windows writes for none.
func dash(v jsonValue) bool { return v.empty() || v.is("-") || v.kind == '{' || v.kind == '[' }

func appendLower(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		dst = append(dst, c)
	}
	return dst
}

// settle turns what was gathered into named values: those without a name get the names that the event's template has, those
// beside the head count where there are no others, and the message is read where there is nothing else.
func (p *windowsParser) settle(id int64) {
	if p.posN > 0 && !bytes.HasPrefix(p.positional[0].raw, []byte("System.Diagnostics.")) {
		var order []string
		if p.n == 0 {
			order = windowsOrder(p.log(id), id)
		}
		for i, v := range p.positional[:p.posN] {
			switch {
			case i < len(order):
				p.take(order[i], v)
			case i < len(paramNames):
				p.take(paramNames[i], v)
			}
		}
	}
	if p.n == 0 {
		for _, d := range p.flat[:p.flatN] {
			p.take(d.name, d.value)
		}
	}
	log := p.log(id)
	if log == logSecurity && p.slots[wdSubjectUser].kind == 0 && p.slots[wdTargetUser].kind == 0 || log == logSystem && id == 7045 && p.n == 0 {
		if v := p.head[whMessage]; v.kind == '"' {
			p.text = append(p.text[:0], v.text(&p.buf)...)
			p.message(p.text, id)
		}
	}
}

var paramNames = [...]string{"param1", "param2", "param3", "param4", "param5", "param6", "param7", "param8", "param9", "param10", "param11", "param12"}
