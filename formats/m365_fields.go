// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// The members of an audit record that are looked at.
const (
	amNone = iota
	amTime
	amID
	amOperation
	amWorkload
	amRecordType
	amOrganisation
	amUser
	amUserType
	amUserKey
	amClientIP
	amClientIPAddress
	amActorIP
	amResult
	amLogonError
	amErrorNumber
	amObject
	amTarget
	amOwner
	amAgent
	amClientInfo
	amClientProcess
	amApp
	amAppName
	amSession
	amToken
	amCorrelation
	amExtended
	amDevice
	amOperationProperties
	amModified
	amParameters
	amOperationCount
	amFolders
	amAffected
	amSubject
	amMessage
	amFolder
	amAttachments
	amSize
	amFile
	amDestination
	amTargetUser
	amTargetUserType
	amEventData
	amSite
	amQuery
	amLogonType
	amExternal
	amSendAs
	amPlatform
	amCountry
	amManaged
	amAuditData
	amFields
)

// m365Field returns the field that a member or column holds, by its columnName.
func m365Field(name []byte) int {
	switch string(name) {
	case "creationtime", "creationdate", "createddatetime":
		return amTime
	case "id", "recordid", "identity":
		return amID
	case "operation", "operations":
		return amOperation
	case "workload", "service":
		return amWorkload
	case "recordtype", "auditlogrecordtype":
		return amRecordType
	case "organizationid":
		return amOrganisation
	case "userid", "userids", "userprincipalname":
		return amUser
	case "usertype":
		return amUserType
	case "userkey":
		return amUserKey
	case "clientip":
		return amClientIP
	case "clientipaddress":
		return amClientIPAddress
	case "actoripaddress":
		return amActorIP
	case "resultstatus":
		return amResult
	case "logonerror":
		return amLogonError
	case "errornumber":
		return amErrorNumber
	case "objectid":
		return amObject
	case "target":
		return amTarget
	case "mailboxownerupn":
		return amOwner
	case "useragent":
		return amAgent
	case "clientinfostring":
		return amClientInfo
	case "clientprocessname":
		return amClientProcess
	case "applicationid", "clientappid", "appid", "clientapplicationid":
		return amApp
	case "applicationdisplayname", "clientappname", "applicationname":
		return amAppName
	case "sessionid", "aadsessionid":
		return amSession
	case "uniquetokenid":
		return amToken
	case "correlationid":
		return amCorrelation
	case "extendedproperties":
		return amExtended
	case "deviceproperties":
		return amDevice
	case "operationproperties":
		return amOperationProperties
	case "modifiedproperties":
		return amModified
	case "parameters", "cmdletparameters":
		return amParameters
	case "operationcount", "itemcount":
		return amOperationCount
	case "folders":
		return amFolders
	case "affecteditems":
		return amAffected
	case "subject":
		return amSubject
	case "internetmessageid":
		return amMessage
	case "folder":
		return amFolder
	case "attachments":
		return amAttachments
	case "sizeinbytes", "filesizebytes", "filesize", "filesyncbytescommitted":
		return amSize
	case "sourcefilename":
		return amFile
	case "destinationfilename", "destinationrelativeurl":
		return amDestination
	case "targetuserorgroupname":
		return amTargetUser
	case "targetuserorgrouptype":
		return amTargetUserType
	case "eventdata":
		return amEventData
	case "siteurl":
		return amSite
	case "querytext", "query", "searchquerytext":
		return amQuery
	case "logontype":
		return amLogonType
	case "externalaccess":
		return amExternal
	case "sendasusersmtp", "sendonbehalfofusersmtp":
		return amSendAs
	case "platform":
		return amPlatform
	case "geolocation":
		return amCountry
	case "ismanageddevice":
		return amManaged
	case "auditdata":
		return amAuditData
	}
	return amNone
}

// what sets the thing that it was done to, how many and how much.
func (p *m365Parser) what(ev *event.Event) {
	f := &p.f
	if n, ok := f[amOperationCount].int(); ok && n >= 0 {
		ev.Count = event.Some(n)
	}
	switch ev.Class {
	case event.ClassMail:
		p.mail(ev)
	case event.ClassAuthentication:
		ev.Object = p.text(amAppName)
	default:
		if ev.Object = p.text(amObject); ev.Object == "" {
			ev.Object = p.text(amQuery)
		}
		if ev.Object == ev.Target && ev.Class == event.ClassAccountChange {
			ev.Object = p.changed()
		}
	}
	if n, ok := f[amSize].int(); ok && n >= 0 {
		switch ev.Activity {
		case event.ActDownload, event.ActRead:
			ev.BytesIn = event.Some(n)
		case event.ActUpload, event.ActSend, event.ActWrite:
			ev.BytesOut = event.Some(n)
		}
	}
}

// changed returns what a directory record says was given: the role, the group, the application.
func (p *m365Parser) changed() string {
	for _, name := range [...]string{"Role.DisplayName", "Group.DisplayName", "ServicePrincipal.DisplayName"} {
		if v := p.property(amModified, name); !v.empty() {
			return string(bytes.Trim(v.text(&p.buf), `" `))
		}
	}
	return ""
}

// mail sets folder and subject, and counts items: in folders that were read, and those that were moved or deleted.
func (p *m365Parser) mail(ev *event.Event) {
	items, bytesRead, first := int64(0), int64(0), ""
	if p.f[amFolders].kind == '[' {
		p.inner.reset(p.f[amFolders].raw)
		s := &p.inner
		for ok := s.enter('['); ok && s.element(); {
			for ok := s.enter('{'); ok && s.member(); {
				switch string(s.key) {
				case "Path":
					if v := s.value(); first == "" {
						first = p.env.Intern.Bytes(v.text(&p.buf))
					}
				case "FolderItems":
					n, size := countItems(s)
					items, bytesRead = items+n, bytesRead+size
				default:
					s.skip()
				}
			}
		}
	}
	if p.f[amAffected].kind == '[' {
		p.inner.reset(p.f[amAffected].raw)
		n, _ := countItems(&p.inner)
		items += n
	}
	if _, ok := ev.Count.Get(); !ok && items > 0 {
		ev.Count = event.Some(items)
	}
	if bytesRead > 0 {
		ev.BytesIn = event.Some(bytesRead)
	}
	for _, slot := range [...]int{amSubject, amFolder, amQuery} {
		if ev.Object = p.text(slot); ev.Object != "" {
			return
		}
	}
	ev.Object = first
}

// countItems counts the elements of a list of mails and adds up their sizes.
func countItems(s *jsonScan) (items, size int64) {
	for ok := s.enter('['); ok && s.element(); {
		items++
		for ok := s.enter('{'); ok && s.member(); {
			if string(s.key) == "SizeInBytes" {
				if v := s.value(); v.kind == '0' {
					if n, ok := v.int(); ok && n > 0 && n < 1<<40 {
						size += n
					}
				}
			} else {
				s.skip()
			}
		}
	}
	return items, size
}

// rest keeps what the event has no field for.
func (p *m365Parser) rest(ev *event.Event, out *event.Batch, operation string) {
	f := &p.f
	p.once.reset()
	id, session, token, correlation, message := p.once.add(f[amID]), p.once.add(f[amSession]), p.once.add(f[amToken]), p.once.add(f[amCorrelation]), p.once.add(f[amMessage])
	if session.from == session.to {
		session = p.once.add(p.property(amDevice, "SessionId"))
	}
	ev.Unique = id.to > id.from
	var rest [40]event.Field
	n := 0
	add := func(name, value string) {
		if value != "" && n < len(rest) {
			rest[n] = event.Text(name, value)
			n++
		}
	}
	add("id", p.once.take(id))
	add("operation", operation)
	add("session_id", p.once.take(session))
	add("token_id", p.once.take(token))
	add("correlation_id", p.once.take(correlation))
	if code, ok := f[amErrorNumber].int(); ok && code != 0 {
		rest[n] = event.Number("error_code", code)
		n++
	}
	for _, field := range m365Rest {
		if v := p.text(field.slot); v != ev.Client && v != ev.Account && v != ev.Object && v != ev.Target && v != ev.Service {
			add(field.name, clip(v, 512))
		}
	}
	add("message_id", p.once.take(message))
	if ev.Class == event.ClassAuthentication {
		for _, field := range [...]struct {
			name, property string
			slot           int
		}{{"auth_method", "UserAuthenticationMethod", amExtended}, {"request_type", "RequestType", amExtended}, {"result_detail", "ResultStatusDetail", amExtended}, {"os", "OS", amDevice}, {"browser", "BrowserType", amDevice}, {"device", "DisplayName", amDevice}, {"trust", "TrustType", amDevice}} {
			v := p.property(field.slot, field.property)
			add(field.name, clip(p.env.Intern.Bytes(v.text(&p.buf)), 256))
		}
	}
	if v := p.property(amOperationProperties, "MailAccessType"); !v.empty() {
		add("mail_access", p.env.Intern.Bytes(v.text(&p.buf)))
		throttled := p.property(amOperationProperties, "IsThrottled")
		if n < len(rest) {
			rest[n] = event.Flag("throttled", throttled.yes())
			n++
		}
		add("folders", p.gather(amFolders, "Path"))
		add("messages", p.gather(amFolders, "InternetMessageId"))
	} else {
		add("properties", p.pairs(amOperationProperties))
	}
	add("messages", p.gather(amAffected, "InternetMessageId"))
	add("parameters", p.pairs(amParameters))
	add("changes", p.pairs(amModified))
	if f[amExternal].yes() && n < len(rest) {
		rest[n] = event.Flag("external_access", true)
		n++
	}
	if p.cut {
		add("audit_data", "unreadable")
	}
	ev.Rest = out.Rest(rest[:n]...)
}

var m365Rest = [...]struct {
	name string
	slot int
}{
	{"record_type", amRecordType}, {"user_type", amUserType}, {"user_key", amUserKey}, {"object_id", amObject}, {"app_id", amApp}, {"app", amAppName},
	{"logon_error", amLogonError}, {"logon_type", amLogonType}, {"client_info", amClientInfo}, {"client_process", amClientProcess}, {"folder", amFolder},
	{"attachments", amAttachments}, {"send_as", amSendAs}, {"file", amFile}, {"destination", amDestination}, {"shared_with", amTargetUser},
	{"shared_with_type", amTargetUserType}, {"event_data", amEventData}, {"site", amSite}, {"query", amQuery}, {"platform", amPlatform}, {"region", amCountry},
}

// listed bounds a text that is joined of a list.
const listed = 4096

// pairs joins a list of names and values: "Name=value; Name=old→value". Older records hold the list as a text.
func (p *m365Parser) pairs(slot int) string {
	v := p.f[slot]
	p.list = p.list[:0]
	switch v.kind {
	case '"':
		p.list = append(p.list, v.text(&p.buf)...)
	case '[':
		p.inner.reset(v.raw)
		s := &p.inner
		for ok := s.enter('['); ok && s.element() && len(p.list) < listed; {
			name, value, old := s.pair()
			if name.empty() {
				continue
			}
			if len(p.list) > 0 {
				p.list = append(p.list, "; "...)
			}
			p.list = append(append(p.list, name.text(&p.buf)...), '=')
			if !old.empty() {
				p.list = append(p.appendAny(old), "→"...)
			}
			p.list = p.appendAny(value)
		}
	}
	return clip(p.env.Intern.Bytes(p.list[:min(len(p.list), listed+512)]), listed)
}

// appendAny appends a value to list: a text as it reads, a container as it stands.
func (p *m365Parser) appendAny(v jsonValue) []byte {
	if v.kind == '{' || v.kind == '[' {
		return append(p.list, v.raw[:min(len(v.raw), listed)]...)
	}
	t := v.text(&p.buf)
	return append(p.list, t[:min(len(t), listed)]...)
}

// gather joins the values that members of that name have anywhere within a list.
func (p *m365Parser) gather(slot int, name string) string {
	if p.f[slot].kind != '[' {
		return ""
	}
	p.list = p.list[:0]
	p.inner.reset(p.f[slot].raw)
	p.gatherIn(name)
	return clip(string(p.list), listed)
}

func (p *m365Parser) gatherIn(name string) {
	s := &p.inner
	switch s.peek() {
	case '[':
		for ok := s.enter('['); ok && s.element(); {
			p.gatherIn(name)
		}
	case '{':
		for ok := s.enter('{'); ok && s.member(); {
			if string(s.key) != name || s.peek() != '"' {
				p.gatherIn(name)
				continue
			}
			if v := s.value(); len(p.list) < listed {
				if len(p.list) > 0 {
					p.list = append(p.list, ' ')
				}
				p.list = append(p.list, v.text(&p.buf)...)
			}
		}
	default:
		s.skip()
	}
}

// m365Operation returns what kind of thing an operation is. Operations of the directory end in a full stop, which was taken off.
func m365Operation(op string) (event.Class, event.Activity) {
	for _, row := range m365Operations {
		if row.name == op {
			return row.class, row.activity
		}
	}
	for _, row := range m365Families {
		if strings.HasPrefix(op, row.name) {
			return row.class, row.activity
		}
	}
	return event.ClassOther, event.ActOther
}

// sniffM365 says how surely a record is an audit record in JSON.
func sniffM365(rec []byte) float64 {
	b := sniffJSON(rec)
	if b == nil {
		return 0
	}
	b = b[:min(len(b), 64<<10)]
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	switch {
	case has(`"office365":`) && has(`"CreationTime"`), has(`"AuditData"`) && (has(`"Operations"`) || has(`"CreationDate"`)),
		has(`"auditData"`) && has(`"auditLogRecordType"`):
		return 0.97
	case has(`"CreationTime"`) && has(`"Workload"`) && (has(`"Operation"`) || has(`"RecordType"`)):
		return 0.97
	case has(`"creationtime"`) && has(`"workload"`) && has(`"operation"`):
		return 0.9
	case has(`"CreationTime"`) && has(`"Operation"`) && has(`"UserId"`):
		return 0.8
	}
	return 0
}

// sniffM365CSV knows the header row, and the line that PowerShell 5 writes before it.
func sniffM365CSV(rec []byte) float64 {
	b := bytes.TrimPrefix(rec, []byte("\xef\xbb\xbf"))
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	switch {
	case len(b) > 16<<10:
		return 0
	case bytes.HasPrefix(b, []byte("#TYPE ")) && has("Audit"):
		return 0.5
	case has("AuditData") && has(",") && (has("CreationDate") || has("Operation")) && !has(`{`):
		return 0.97
	}
	return 0
}
