// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// emit says what the event means. A number that is not known here is taken as class other: nothing is lost, its values stand
// in the remainder.
func (p *windowsParser) emit(ev *event.Event, id int64) {
	ev.Service = "windows"
	if ev.DstHost = p.env.Intern.Bytes(p.head[whComputer].text(&p.buf)); ev.DstHost == "" {
		ev.DstHost = p.env.Host
	}
	switch p.log(id) {
	case logSecurity:
		ev.Outcome = p.audited()
		p.security4(ev, id)
		if ev.Class == event.ClassOther && has(p.head[whProvider].text(&p.buf), "AD FS") {
			p.adfs(ev, id)
		}
	case logSystem:
		p.systemLog(ev, id)
	case logConnections, logSessions, logRdpCore, logRdpClient:
		p.remoteDesktop(ev, id)
	case logSysmon:
		p.sysmon(ev, id)
	}
	if ev.Class == event.ClassOther && p.log(id) != logSecurity {
		p.known(ev, id)
	}
}

// audited returns what the keywords say: audit success or audit failure.
func (p *windowsParser) audited() event.Outcome {
	for _, v := range [...]jsonValue{p.head[whType], p.head[whKeywords], p.head[whOutcome]} {
		if n, ok := v.int(); ok {
			switch {
			case n&0x10000000000000 != 0:
				return event.OutcomeFailure
			case n&0x20000000000000 != 0:
				return event.OutcomeSuccess
			}
			continue
		}
		b := v.text(&p.buf)
		switch v.kind {
		case '[':
			b = appendJSONTexts(p.join[:0], v.raw)
		case '"', '0':
			if len(b) == 18 && b[0] == '0' && b[1] == 'x' { // 0x8020000000000000: too large for wholeNumber
				switch b[4] {
				case '1':
					return event.OutcomeFailure
				case '2':
					return event.OutcomeSuccess
				}
			}
			switch string(b) { // the same in decimal, with and without a sign
			case "-9214364837600034816", "9232379236109516800":
				return event.OutcomeSuccess
			case "-9218868437227405312", "9227875636482146304":
				return event.OutcomeFailure
			}
		}
		switch {
		case has(b, "AUDIT_FAILURE"), has(b, "Audit Failure"), has(b, "Audit failure"), has(b, "失敗の監査"), string(b) == "failure", has(b, "AuditFailure"):
			return event.OutcomeFailure
		case has(b, "AUDIT_SUCCESS"), has(b, "Audit Success"), has(b, "Audit success"), has(b, "成功の監査"), string(b) == "success", has(b, "AuditSuccess"):
			return event.OutcomeSuccess
		}
	}
	return event.OutcomeUnknown
}

// str returns a named value's text.
func (p *windowsParser) str(slot int) string { return p.env.Intern.Bytes(p.slots[slot].text(&p.buf)) }

// name returns DOMAIN\name of two values, or the name alone where it has its own domain or none is given.
func (p *windowsParser) name(user, domain int) string {
	u := p.slots[user].text(&p.buf)
	if len(u) == 0 {
		return ""
	}
	d := p.slots[domain]
	if d.empty() || bytes.IndexByte(u, '@') >= 0 || bytes.IndexByte(u, '\\') >= 0 {
		return p.env.Intern.Bytes(u)
	}
	p.join = append(p.join[:0], u...)
	n := len(p.join)
	p.join = append(append(append(p.join, d.text(&p.buf)...), '\\'), p.join[:n]...)
	return p.env.Intern.Bytes(p.join[n:])
}

func (p *windowsParser) subject() string { return p.name(wdSubjectUser, wdSubjectDomain) }
func (p *windowsParser) target() string  { return p.name(wdTargetUser, wdTargetDomain) }

// from sets the client: its address, port, and the name that it gave itself.
func (p *windowsParser) from(ev *event.Event, address, host int) {
	if a, port, ok := p.env.addrPort(p.slots[address].text(&p.buf)); ok {
		ev.SrcIP, ev.SrcPort = a, port
	}
	if n, ok := p.slots[wdPort].int(); ok && n > 0 && n < 1<<16 {
		ev.SrcPort = uint16(n)
	}
	if host != wdNone {
		if name := bytes.TrimLeft(p.slots[host].text(&p.buf), `\`); string(name) != "LOCAL" {
			ev.SrcHost = p.env.Intern.Bytes(name)
		}
	}
}

// logon sets class and activity of an authentication.
func logon(ev *event.Event, activity event.Activity, service string) {
	ev.Class, ev.Activity = event.ClassAuthentication, activity
	if service != "" {
		ev.Service = service
	}
}

// refused sets the outcome by a status.
func (p *windowsParser) refused(ev *event.Event, reasons func(uint32) (event.Reason, bool), slots ...int) {
	for _, slot := range slots {
		code, ok := statusCode(p.slots[slot])
		if !ok {
			continue
		}
		if reason, failed := reasons(code); failed {
			ev.Outcome, ev.Reason = event.OutcomeFailure, reason
			return
		}
		ev.Outcome = event.OutcomeSuccess
	}
}

// security4 reads the Security log.
func (p *windowsParser) security4(ev *event.Event, id int64) {
	switch id {
	case 4624, 4625:
		logon(ev, event.ActLogon, "")
		ev.Account = p.target()
		p.from(ev, wdIP, wdWorkstation)
		if n, ok := p.slots[wdLogonType].int(); ok && n == 10 {
			ev.Service = "rdp"
		}
		if ev.Outcome = event.OutcomeSuccess; id == 4625 {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
			p.refused(ev, ntStatus, wdSubStatus, wdStatus)
			ev.Outcome = event.OutcomeFailure
		}
	case 4634, 4647:
		logon(ev, event.ActLogoff, "")
		if ev.Account = p.target(); ev.Account == "" { // the message calls him the subject
			ev.Account = p.subject()
		}
	case 4648:
		// Somebody logs on with another account's credentials: an attempt, of which the other host knows the end.
		logon(ev, event.ActLogon, "")
		ev.Outcome = event.OutcomeUnknown
		ev.Account, ev.Target = p.subject(), p.target()
		p.from(ev, wdIP, wdNone)
		ev.SrcHost = ev.DstHost
		if s := p.str(wdTargetServer); s != "" && s != "localhost" {
			ev.DstHost = s
		}
	case 4672, 4964:
		logon(ev, event.ActElevate, "")
		ev.Account = p.subject()
	case 4768, 4771:
		logon(ev, event.ActLogon, "kerberos")
		p.kerberos(ev)
	case 4769, 4770, 4773:
		logon(ev, event.ActTicket, "kerberos")
		p.kerberos(ev)
		ev.Object = p.str(wdService)
	case 4776, 4777:
		logon(ev, event.ActLogon, "ntlm")
		ev.Account = p.target()
		p.from(ev, wdIP, wdWorkstation)
		p.refused(ev, ntStatus, wdStatus)
	case 4778, 4779:
		ev.Class, ev.Activity, ev.Service = event.ClassRemoteSession, event.ActConnect, "rdp"
		if id == 4779 {
			ev.Activity = event.ActClose
		}
		ev.Account = p.name(wdAccountName, wdAccountDomain)
		p.from(ev, wdClientAddress, wdClientName)
	case 4688, 4689:
		ev.Class, ev.Activity = event.ClassProcess, event.ActStart
		if id == 4689 {
			ev.Activity = event.ActStop
		}
		ev.Account, ev.Target = p.subject(), p.target()
		if ev.Object = p.str(wdCommand); ev.Object == "" {
			ev.Object = p.str(wdProcess)
		}
	case 5140, 5142, 5143, 5144, 5145, 5168:
		p.share(ev, id)
	case 5150, 5151, 5152, 5153, 5154, 5155, 5156, 5157, 5158, 5159:
		p.filtering(ev, id)
	case 4661, 4662, 4663, 4656, 4660:
		p.object(ev)
	case 5136, 5137, 5138, 5139, 5141:
		ev.Class, ev.Account, ev.Object = event.ClassDirectory, p.subject(), p.str(wdObject)
		ev.Activity = [...]event.Activity{event.ActWrite, event.ActCreate, event.ActCreate, event.ActRename, event.ActDelete, event.ActDelete}[id-5136]
	case 4798, 4799:
		ev.Class, ev.Activity, ev.Account, ev.Object = event.ClassDirectory, event.ActList, p.subject(), p.target()
	case 1102, 1100, 1101, 1104, 1105, 4719, 4906, 4902, 4715, 4817:
		p.auditLog(ev, id)
	case 4697, 4698, 4699, 4700, 4701, 4702, 4616, 4907, 4657:
		p.entity(ev, id)
	case 4740:
		ev.Class, ev.Activity = event.ClassAccountChange, event.ActLock
		// The domain's place holds the computer from which the failures came.
		ev.Account = p.name(wdTargetUser, wdSubjectDomain)
		ev.SrcHost = p.env.Intern.Bytes(bytes.TrimLeft(p.slots[wdTargetDomain].text(&p.buf), `\`))
	default:
		p.account(ev, id)
	}
	if ev.Class == event.ClassOther {
		if p.known(ev, id); ev.Account == "" {
			ev.Account = p.subject()
		}
	}
}

// kerberos sets who asked for a ticket and what the answer was. The status is in hexadecimal.
func (p *windowsParser) kerberos(ev *event.Event) {
	if ev.Account = p.target(); p.slots[wdTargetDomain].empty() {
		// 4771 has no domain: the service is krbtgt, or krbtgt/DOMAIN.
		if s := p.slots[wdService].text(&p.buf); len(s) > 7 && string(s[:7]) == "krbtgt/" && ev.Account != "" && bytes.IndexByte(s, '\\') < 0 {
			p.join = append(append(append(p.join[:0], s[7:]...), '\\'), ev.Account...)
			ev.Account = p.env.Intern.Bytes(p.join)
		}
	}
	p.from(ev, wdIP, wdNone)
	p.refused(ev, kerberosStatus, wdStatus)
}

// share reads accesses to shares. 5145 is the check of each file; which access was asked for is in the mask.
func (p *windowsParser) share(ev *event.Event, id int64) {
	ev.Class, ev.Activity, ev.Service = event.ClassFile, event.ActRead, "smb"
	ev.Account = p.subject()
	p.from(ev, wdIP, wdNone)
	ev.Object = p.str(wdShare)
	switch id {
	case 5140, 5168:
		ev.Activity = event.ActConnect
		return
	case 5142, 5143, 5144:
		ev.Class, ev.Activity = event.ClassEntityChange, [...]event.Activity{event.ActCreate, event.ActChange, event.ActDelete}[id-5142]
		return
	}
	if rel := p.slots[wdRelative].text(&p.buf); len(rel) > 0 {
		p.join = append(append(append(p.join[:0], ev.Object...), '\\'), rel...)
		ev.Object = p.env.Intern.Bytes(p.join)
	}
	ev.Activity = fileAccess(p.slots[wdAccess])
}

// fileAccess returns what an access mask asks for: FILE_WRITE_DATA, APPEND_DATA and WRITE_ATTRIBUTES write, DELETE deletes.
func fileAccess(mask jsonValue) event.Activity {
	n, ok := mask.int()
	switch {
	case ok && n&0x10000 != 0 && n&0x6 == 0:
		return event.ActDelete
	case ok && n&0x6 != 0:
		return event.ActWrite
	}
	return event.ActRead
}

// object reads accesses to objects: files, and objects of the directory.
func (p *windowsParser) object(ev *event.Event) {
	ev.Account, ev.Object = p.subject(), p.str(wdObject)
	switch kind := p.slots[wdObjectType].text(&p.buf); {
	case string(kind) == "File":
		ev.Class, ev.Activity = event.ClassFile, fileAccess(p.slots[wdAccess])
	case string(kind) == "Process":
		ev.Class, ev.Activity = event.ClassProcess, event.ActRead
	case has(kind, "SAM_") || len(kind) > 1 && (kind[0] == '%' || kind[0] == '{') || string(kind) == "domainDNS":
		ev.Class, ev.Activity = event.ClassDirectory, event.ActRead
		if op := p.slots[wdAccess]; op.is("0x20") {
			ev.Activity = event.ActWrite
		}
	}
}

// filtering reads the connections that the filtering platform let through or refused. Its source is whoever began.
func (p *windowsParser) filtering(ev *event.Event, id int64) {
	ev.Class = event.ClassNetwork
	switch id {
	case 5156:
		ev.Activity, ev.Outcome = event.ActConnect, event.OutcomeSuccess
	case 5154, 5158:
		ev.Activity, ev.Outcome = event.ActOther, event.OutcomeSuccess
	default:
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	p.ends(ev)
	if p.slots[wdDirection].is("%%14593") || p.slots[wdDirection].is("Outbound") {
		ev.SrcHost, ev.DstHost = ev.DstHost, ""
	}
}

// ends sets both ends of a connection.
func (p *windowsParser) ends(ev *event.Event) {
	if a, ok := p.env.addr(p.slots[wdSourceIP].text(&p.buf)); ok {
		ev.SrcIP = a
	}
	if a, ok := p.env.addr(p.slots[wdDestIP].text(&p.buf)); ok {
		ev.DstIP = a
	}
	if n, ok := p.slots[wdSourcePort].int(); ok && n > 0 && n < 1<<16 {
		ev.SrcPort = uint16(n)
	}
	if n, ok := p.slots[wdDestPort].int(); ok && n > 0 && n < 1<<16 {
		ev.DstPort = uint16(n)
	}
}

// auditLog reads what was done to the log itself.
func (p *windowsParser) auditLog(ev *event.Event, id int64) {
	ev.Class, ev.Activity, ev.Account, ev.Object = event.ClassLogAdmin, event.ActChange, p.subject(), "Security"
	switch id {
	case 1102:
		ev.Activity, ev.Outcome = event.ActClear, event.OutcomeSuccess
	case 1100:
		ev.Activity = event.ActStop
	case 1101, 1104, 1105, 4902:
		ev.Activity = event.ActOther
	case 4719:
		ev.Object = p.str(wdSubcategory)
		if c := p.slots[wdChanges].text(&p.buf); has(c, "%%8448") || has(c, "%%8450") || has(c, "removed") {
			ev.Activity = event.ActDisable
		}
	}
}

// entity reads services, tasks and settings.
func (p *windowsParser) entity(ev *event.Event, id int64) {
	ev.Class, ev.Activity, ev.Account = event.ClassEntityChange, event.ActChange, p.subject()
	switch id {
	case 4697:
		ev.Activity = event.ActCreate
		ev.Object = p.service()
	case 4698, 4699, 4700, 4701, 4702:
		ev.Activity = [...]event.Activity{event.ActCreate, event.ActDelete, event.ActEnable, event.ActDisable, event.ActChange}[id-4698]
		ev.Object = p.str(wdTask)
	default:
		ev.Object = p.str(wdObject)
	}
}

// service returns a service's name and what it runs.
func (p *windowsParser) service() string {
	p.join = append(p.join[:0], p.slots[wdService].text(&p.buf)...)
	if file := p.slots[wdServiceFile].text(&p.buf); len(file) > 0 {
		p.join = append(append(p.join, ": "...), file...)
	}
	return p.env.Intern.Bytes(p.join)
}

// account reads changes of accounts and groups.
func (p *windowsParser) account(ev *event.Event, id int64) {
	act := event.ActOther
	switch id {
	case 4720, 4741:
		act = event.ActCreate
	case 4722:
		act = event.ActEnable
	case 4723, 4724, 4794:
		act = event.ActReset
	case 4725:
		act = event.ActDisable
	case 4726, 4743:
		act = event.ActDelete
	case 4738, 4742, 4780, 4717, 4718:
		act = event.ActChange
	case 4767:
		act = event.ActUnlock
	case 4781:
		act = event.ActRename
	case 4704, 4765:
		act = event.ActAssign
	case 4705:
		act = event.ActRelease
	case 4728, 4732, 4756, 4746, 4751, 4761, 4785:
		act = event.ActAssign
	case 4729, 4733, 4757, 4747, 4752, 4762, 4786:
		act = event.ActRelease
	case 4727, 4731, 4754, 4730, 4734, 4758, 4735, 4737, 4755, 4764:
		ev.Class, ev.Account, ev.Object = event.ClassEntityChange, p.subject(), p.target()
		switch id {
		case 4727, 4731, 4754:
			ev.Activity = event.ActCreate
		case 4730, 4734, 4758:
			ev.Activity = event.ActDelete
		default:
			ev.Activity = event.ActChange
		}
		return
	default:
		return
	}
	ev.Class, ev.Activity, ev.Account, ev.Target = event.ClassAccountChange, act, p.subject(), p.target()
	switch id {
	case 4728, 4732, 4756, 4746, 4751, 4761, 4785, 4729, 4733, 4757, 4747, 4752, 4762, 4786: // the target is the group
		ev.Object = ev.Target
		if ev.Target = p.str(wdMember); ev.Target == "" {
			ev.Target = p.str(wdMemberSID)
		}
	case 4704, 4705:
		ev.Target = p.str(wdTargetSID)
	case 4781:
		ev.Target = p.name(wdNewName, wdTargetDomain)
	}
}

// systemLog reads the System log: logs cleared, services installed.
func (p *windowsParser) systemLog(ev *event.Event, id int64) {
	provider := p.head[whProvider].text(&p.buf)
	switch {
	case id == 104 && (len(provider) == 0 || has(provider, "Eventlog") || has(provider, "EventLog")):
		ev.Class, ev.Activity, ev.Outcome = event.ClassLogAdmin, event.ActClear, event.OutcomeSuccess
		ev.Account = p.subject()
		if ev.Object = p.str(wdChannel); ev.Object == "" {
			ev.Object = "System"
		}
	case id == 7045 && (len(provider) == 0 || string(provider) == "Service Control Manager"):
		ev.Class, ev.Activity, ev.Outcome = event.ClassEntityChange, event.ActCreate, event.OutcomeSuccess
		ev.Account, ev.Object = p.str(wdUser), p.service()
	case id == 7040 && string(provider) == "Service Control Manager":
		ev.Class, ev.Activity, ev.Outcome, ev.Object = event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, p.str(wdParam1)
	}
}

// rest keeps the head and every named value under Windows' own names.
func (p *windowsParser) rest(ev *event.Event, out *event.Batch, id int64) {
	var rest [windowsData + 10]event.Field
	rest[0] = event.Number("event_id", id)
	n := 1
	text := func(name string, slot int) {
		if v := p.head[slot]; !v.empty() {
			rest[n] = event.Text(name, p.env.Intern.Bytes(v.text(&p.buf)))
			n++
		}
	}
	text("channel", whChannel)
	text("provider", whProvider)
	if r, ok := p.head[whRecord].int(); ok {
		rest[n] = event.Number("record", r)
		n++
		ev.Unique = true
	}
	if t, ok := p.slots[wdLogonType].int(); ok {
		rest[n] = event.Number("logon_type", t)
		n++
	}
	text("user_sid", whUserSID)
	rest[n] = event.Text("mac", p.mac)
	n++
	p.once.reset()
	var spans [windowsData]span
	for i := range p.data[:p.n] {
		if v := p.data[i].value; !dash(v) {
			spans[i] = p.once.add(v)
		} else if v.kind == '[' || v.kind == '{' {
			spans[i] = p.once.add(jsonValue{raw: v.raw, kind: '0'}) // as it stands
		}
	}
	for i := range p.data[:p.n] {
		if t := p.once.take(spans[i]); t != "" && p.data[i].name != "" && p.data[i].name != "LogonType" {
			rest[n] = event.Text(p.data[i].name, t)
			n++
		}
	}
	if p.n == 0 {
		if m := p.head[whMessage].text(&p.buf); len(m) > 0 {
			rest[n] = event.Text("message", clip(p.env.Intern.Bytes(m), 2048))
			n++
		}
	}
	ev.Rest = out.Rest(rest[:n]...)
}
