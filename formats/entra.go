// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var entraSignIn = Format{
	Name:   "entra-signin",
	Also:   []string{"entra", "m365-signin", "azuread-signin", "signin"},
	Source: "cloud-signin",
	About: About{
		What: "Sign-in logs of Microsoft Entra ID (Azure AD) as JSON: Microsoft Graph auditLogs/signIns (v1.0 and beta), the portal's JSON download, diagnostic settings (SignInLogs, NonInteractiveUserSignInLogs, ServicePrincipalSignInLogs, ManagedIdentitySignInLogs, ADFSSignInLogs), and rows of Log Analytics' SigninLogs tables.",
		Export: "Graph: Get-MgBetaAuditLogSignIn -All | ConvertTo-Json -Depth 10, once more with -Filter \"signInEventTypes/any(t: t eq 'nonInteractiveUser')\": v1.0 gives interactive sign-ins only. Portal: Entra admin center, Sign-in logs, Download, JSON, each of the four tabs by itself. " +
			"Entra keeps 7 days without and 30 days with a P1 licence: send all SignInLogs categories to a storage account or Log Analytics before you need them.",
		Takes:  "Who, from where (address, country, AS number), with what client, to which application, how it ended and why; request, correlation and session identifiers, token type, device, conditional access, risk.",
		Leaves: "Lists of conditional access policies and of single authentication steps beyond the first factor's result. A sign-in shows that a token was given, not what was done with it. Times are when Entra took the request; records come minutes to a day late.",
	},
	Framing: event.FrameJSON,
	Sniff:   sniffEntra,
	New:     func(env *Env) Parser { return &entraParser{env: env, format: "entra-signin"} },
	Shapes:  ShapeObject,
	Keys:    []string{"createdDateTime", "CreatedDateTime", "UserPrincipalName", "category", "Category", "Type"},
}

// The fields of a sign-in that are looked at, wherever the export at hand puts them.
const (
	siNone = iota
	siTime
	siOuterTime // of a diagnostic record: when it was written
	siCategory
	siID
	siCorrelation
	siUPN
	siUserID
	siIdentifier // what was typed, where it is not the UPN
	siPrincipal  // name of a service principal
	siPrincipalID
	siIP
	siOuterIP
	siCountry
	siCity
	siState
	siPlace // "Tsukuba, Ibaraki, JP"
	siASN
	siCode
	siResult // resultType of a diagnostic record: the code, or a word
	siFailure
	siStatus // the portal's word: Success, Failure, Interrupted
	siAgent
	siClientApp
	siBrowser
	siOS
	siApp
	siAppID
	siResource
	siInteractive
	siEventType
	siMethod // of the first factor
	siMethodOK
	siRequirement
	siSecondFactor
	siAccess // conditional access
	siSession
	siToken
	siTokenType
	siProtocol
	siDevice
	siDeviceName
	siTrust
	siManaged
	siCompliant
	siRisk
	siRiskLevel
	siRiskEvents
	siUserType
	siCross
	siFlagged
	siTransfer
	siLatency
	siFields
)

// entraParser reads sign-ins from JSON objects and from CSV rows.
type entraParser struct {
	env    *Env
	format string
	f      [siFields]jsonValue
	scan   jsonScan
	buf    []byte
	once   once
	last   [siFields]string // what a field said last: most say the same again and again

	row     csvRow
	columns []uint8 // of a CSV file: which field a cell is; nil until the header was read
	header  []byte  // its first cell, to know it again where files were joined
}

// Parse reads one sign-in.
func (p *entraParser) Parse(rec *event.Record, out *event.Batch) error {
	if b := p.env.jsonBody(rec); b != nil {
		return p.parseJSON(b, rec, out)
	}
	return p.parseCSV(rec, out)
}

// Flush has nothing to add: every sign-in is one record.
func (p *entraParser) Flush(*event.Batch) {}

func (p *entraParser) parseJSON(b []byte, rec *event.Record, out *event.Batch) error {
	p.f = [siFields]jsonValue{}
	p.scan.reset(b)
	p.object(&p.scan, false)
	if !p.scan.end() {
		if sniffEntra(rec.Data) > 0 {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	return p.emit(rec, out)
}

// object takes the members of a sign-in. Diagnostic records hold it under "properties", exports of search engines under
// "_source" or "result".
func (p *entraParser) object(s *jsonScan, inner bool) {
	for ok := s.enter('{'); ok && s.member(); {
		if slot := entraMember(s.key); slot != siNone {
			v := s.value()
			if v.kind == '{' || v.kind == '[' {
				p.nested(slot, v)
			} else if !v.empty() {
				p.f[slot] = v
			}
			continue
		}
		switch string(s.key) {
		case "properties", "_source", "result":
			if !inner && s.peek() == '{' {
				p.object(s, true)
				continue
			}
			s.skip()
		case "status", "Status", "location", "Location", "LocationDetails", "locationDetails", "deviceDetail", "DeviceDetail", "mfaDetail", "MfaDetail":
			p.detail(s)
		case "authenticationDetails", "AuthenticationDetails":
			p.steps(s)
		default:
			s.skip()
		}
	}
}

// nested takes a slot whose value is an array or object where others write a text: the first text in it.
func (p *entraParser) nested(slot int, v jsonValue) {
	if slot == siRiskEvents {
		p.f[slot] = v
		return
	}
	s := jsonScan{b: v.raw}
	for ok := s.enter('['); ok && s.element(); {
		if v := s.value(); v.kind == '"' && p.f[slot].kind == 0 {
			p.f[slot] = v
		}
	}
}

// detail takes the objects that Graph groups fields in. Log Analytics writes some of them as text that holds the object, and
// its Location as the country alone.
func (p *entraParser) detail(s *jsonScan) {
	country := string(s.key) == "location" || string(s.key) == "Location"
	if s.peek() != '{' {
		v := s.value()
		if v.kind == '"' && len(v.raw) > 0 && v.raw[0] == '{' {
			text := v.raw
			if v.odd {
				text = appendJSONText(nil, v.raw)
			}
			inner := jsonScan{b: text}
			p.detail(&inner)
		} else if country && !v.empty() && p.f[siCountry].kind == 0 {
			p.f[siCountry] = v
		}
		return
	}
	for ok := s.enter('{'); ok && s.member(); {
		slot := siNone
		switch string(s.key) {
		case "errorCode":
			slot = siCode
		case "failureReason":
			slot = siFailure
		case "countryOrRegion":
			slot = siCountry
		case "city":
			slot = siCity
		case "state":
			slot = siState
		case "deviceId":
			slot = siDevice
		case "displayName":
			slot = siDeviceName
		case "browser":
			slot = siBrowser
		case "operatingSystem":
			slot = siOS
		case "trustType":
			slot = siTrust
		case "isManaged":
			slot = siManaged
		case "isCompliant":
			slot = siCompliant
		case "authMethod":
			slot = siSecondFactor
		}
		if slot == siNone {
			s.skip()
		} else if v := s.value(); !v.empty() {
			p.f[slot] = v
		}
	}
}

// steps takes the first factor from the list of steps: what it was and whether it was right.
func (p *entraParser) steps(s *jsonScan) {
	if s.peek() == '"' { // Log Analytics: the array as text
		v := s.value()
		inner := jsonScan{b: v.raw}
		if v.odd {
			inner.b = appendJSONText(nil, v.raw)
		}
		if inner.peek() == '[' {
			p.steps(&inner)
		}
		return
	}
	for ok := s.enter('['); ok && s.element(); {
		var method, succeeded jsonValue
		for ok := s.enter('{'); ok && s.member(); {
			switch string(s.key) {
			case "authenticationMethod":
				method = s.value()
			case "succeeded":
				succeeded = s.value()
			default:
				s.skip()
			}
		}
		if p.f[siMethod].kind == 0 && method.kind == '"' {
			p.f[siMethod], p.f[siMethodOK] = method, succeeded
		}
	}
}

// emit makes the event of the fields that were taken.
func (p *entraParser) emit(rec *event.Record, out *event.Batch) error {
	f := &p.f
	if !f[siCategory].empty() && !bytes.HasSuffix(f[siCategory].raw, []byte("SignInLogs")) {
		return ErrOtherFormat
	}
	who := !f[siUPN].empty() || !f[siPrincipal].empty() || !f[siPrincipalID].empty() || !f[siUserID].empty()
	ended := f[siCode].kind != 0 || f[siResult].kind != 0 || !f[siStatus].empty()
	if !who || !ended && (f[siIP].empty() || f[siAppID].empty() && f[siApp].empty()) {
		return ErrOtherFormat
	}
	at := f[siTime]
	if at.empty() {
		at = f[siOuterTime]
	}
	when, ok := p.env.timeUTC(at.text(&p.buf))
	if !ok {
		return ErrNoTime
	}
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
	p.subject(ev)
	p.origin(ev)
	code, coded := p.ending(ev)
	ev.Service = p.text(siApp)
	if ev.Service == "" {
		ev.Service = p.text(siResource)
	}
	if v, ok := f[siLatency].int(); ok {
		ev.Duration = event.Some(v)
	}
	p.rest(ev, out, code, coded)
	return nil
}

// subject sets who signed in: a person by the name that was given, an application by its own.
func (p *entraParser) subject(ev *event.Event) {
	for _, slot := range [...]int{siUPN, siIdentifier, siPrincipal, siUserID, siPrincipalID} {
		if ev.Account = p.text(slot); ev.Account != "" {
			break
		}
	}
	if p.f[siUPN].empty() && (!p.f[siPrincipal].empty() || !p.f[siPrincipalID].empty()) {
		ev.Activity = event.ActTicket
	}
}

// origin sets address, place and client.
func (p *entraParser) origin(ev *event.Event) {
	ip := p.f[siIP]
	if ip.empty() {
		ip = p.f[siOuterIP]
	}
	if a, port, ok := p.env.addrPort(ip.text(&p.buf)); ok {
		ev.SrcIP, ev.SrcPort = a, port
	}
	country := p.f[siCountry].text(&p.buf)
	if len(country) == 0 {
		if place := p.f[siPlace].text(&p.buf); len(place) >= 2 {
			country = bytes.TrimSpace(place[bytes.LastIndexByte(place, ',')+1:])
		}
	}
	if len(country) == 2 {
		ev.Country = p.env.Intern.Bytes(country)
	}
	if n, ok := p.f[siASN].int(); ok && n > 0 && n < 1<<32 {
		ev.ASN = uint32(n)
	}
	if ev.Client = p.text(siAgent); ev.Client == "" {
		if ev.Client = p.text(siBrowser); ev.Client == "" {
			ev.Client = p.text(siClientApp)
		}
	}
}

// ending sets outcome and reason.
func (p *entraParser) ending(ev *event.Event) (code int64, ok bool) {
	f := &p.f
	if code, ok = f[siCode].int(); !ok {
		code, ok = f[siResult].int()
	}
	if !ok {
		status := f[siStatus]
		if status.empty() {
			status = f[siResult]
		}
		switch string(status.text(&p.buf)) {
		case "Success", "SUCCESS", "success", "成功":
			ev.Outcome = event.OutcomeSuccess
		case "Failure", "FAILURE", "failure", "Failed", "失敗", "エラー":
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
		}
		return 0, false
	}
	end := entraEnd(code)
	ev.Outcome, ev.Reason = end.outcome, end.reason
	if end.reason == event.ReasonOther {
		// A code that the table does not know: the portal's own word tells an interrupt from a failure.
		if s := f[siStatus]; s.is("Interrupted") || s.kind == '"' && (string(s.raw) == "中断" || string(s.raw) == "中断されました") {
			ev.Outcome = event.OutcomeUnknown
		}
	}
	return code, true
}

func (p *entraParser) rest(ev *event.Event, out *event.Batch, code int64, coded bool) {
	f := &p.f
	p.once.reset()
	id, correlation, session, token, device := p.once.add(f[siID]), p.once.add(f[siCorrelation]), p.once.add(f[siSession]), p.once.add(f[siToken]), p.once.add(f[siDevice])
	ev.Unique = id.to > id.from
	var rest [40]event.Field
	n := 0
	add := func(name, value string) {
		if value != "" && value != "none" {
			rest[n] = event.Text(name, value)
			n++
		}
	}
	add("id", p.once.take(id))
	add("correlation_id", p.once.take(correlation))
	add("session_id", p.once.take(session))
	add("token_id", p.once.take(token))
	if coded {
		rest[n] = event.Number("error_code", code)
		n++
		if code == 50053 || ev.Reason == event.ReasonOther {
			add("failure_reason", clip(p.text(siFailure), 256))
		}
	} else {
		add("status", p.text(siResult))
	}
	if v := f[siInteractive]; v.kind == 't' || v.kind == 'f' || v.kind == '"' {
		rest[n] = event.Flag("interactive", v.yes())
		n++
	} else if c := f[siCategory]; !c.empty() {
		rest[n] = event.Flag("interactive", c.is("SignInLogs"))
		n++
	}
	switch end := entraEnd(code); {
	case f[siMethod].is("Password") && (f[siMethodOK].kind == 't' || f[siMethodOK].kind == 'f'):
		rest[n] = event.Flag("password_right", f[siMethodOK].kind == 't')
		n++
	case coded && end.passwordRight && f[siMethod].empty():
		rest[n] = event.Flag("password_right", true)
		n++
	}
	for _, field := range entraRest {
		if field.slot == siUserID && ev.Activity == event.ActTicket {
			continue
		}
		v := p.text(field.slot)
		if v == "" || v == "false" || v == ev.Client || v == ev.Account || v == ev.Service || v == ev.Country {
			continue
		}
		add(field.name, clip(v, 512))
	}
	add("device_id", p.once.take(device))
	if f[siFlagged].yes() {
		rest[n] = event.Flag("flagged_for_review", true)
		n++
	}
	ev.Rest = out.Rest(rest[:n]...)
}

// entraRest lists what goes to the remainder as it stands; what is already in the event itself is left out.
var entraRest = [...]struct {
	name string
	slot int
}{
	{"user_id", siUserID}, {"service_principal", siPrincipalID}, {"user_type", siUserType}, {"signin_identifier", siIdentifier}, {"event_type", siEventType},
	{"client_app", siClientApp}, {"browser", siBrowser}, {"os", siOS}, {"app_id", siAppID}, {"resource", siResource},
	{"auth_method", siMethod}, {"auth_requirement", siRequirement}, {"second_factor", siSecondFactor}, {"conditional_access", siAccess},
	{"token_type", siTokenType}, {"protocol", siProtocol}, {"transfer_method", siTransfer}, {"device", siDeviceName}, {"trust", siTrust},
	{"managed", siManaged}, {"compliant", siCompliant}, {"risk", siRisk}, {"risk_level", siRiskLevel}, {"risk_events", siRiskEvents},
	{"cross_tenant", siCross}, {"city", siCity}, {"state", siState}, {"place", siPlace},
}

// text returns a field's text; the texts of an array with blanks between.
func (p *entraParser) text(slot int) string {
	v := p.f[slot]
	switch v.kind {
	case 0:
		return ""
	case '[':
		p.buf = appendJSONTexts(p.buf[:0], v.raw)
		return p.env.Intern.Bytes(p.buf)
	}
	b := v.text(&p.buf)
	if string(b) != p.last[slot] {
		p.last[slot] = p.env.Intern.Bytes(b)
	}
	return p.last[slot]
}

// appendJSONTexts appends the texts in a JSON array with blanks between.
func appendJSONTexts(dst, array []byte) []byte {
	from := len(dst)
	s := jsonScan{b: array}
	for ok := s.enter('['); ok && s.element(); {
		if v := s.value(); v.kind == '"' {
			if len(dst) > from {
				dst = append(dst, ' ')
			}
			dst = appendJSONText(dst, v.raw)
		}
	}
	return dst
}
