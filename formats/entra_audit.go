// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"strings"

	"github.com/sekisho/sekisho/event"
)

var entraAudit = Format{
	Name:   "entra-audit",
	Also:   []string{"azuread-audit", "directory-audit"},
	Source: "cloud-audit",
	About: About{
		What: "Audit logs of Microsoft Entra ID (directoryAudits) as JSON or CSV: Microsoft Graph (v1.0 and beta), the portal's download, diagnostic settings (AuditLogs), Log Analytics' AuditLogs table, Microsoft-Extractor-Suite and Hawk.",
		Export: "Get-MgAuditLogDirectoryAudit -All | ConvertTo-Json -Depth 10; portal: Entra admin center, Audit logs, Download; Get-EntraAuditLogs of Microsoft-Extractor-Suite. " +
			"Entra keeps 7 days without and 30 days with a P1 licence: send AuditLogs to a storage account or Log Analytics before you need them.",
		Takes:  "Who changed what and whom, from where, how it ended: accounts, passwords, second factors, roles, groups, applications with their secrets, consents and owners, devices, policies, domains; what was changed from what to what.",
		Leaves: "Changes beyond 4 kB of text. An application that acts is named by its name, without the person behind it. Values that Entra writes as lists of numbers stay so. Where activityDateTime cannot be read, the time is that of the export's own column, which is later.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject | ShapeText | ShapeSyslog, // rows of a table begin with a time
	Keys:    []string{"activityDisplayName", "ActivityDisplayName", "initiatedBy", "InitiatedBy", "operationName", "OperationName"},
	Sniff:   sniffEntraAudit,
	New: func(env *Env) Parser {
		p := &entraAuditParser{jsonFields: newJSONFields(env, entraAuditPaths[:]...), table: csvTable{none: eaFields, field: entraAuditColumn, isHeader: isEntraAuditHeader}}
		p.through = []string{"properties"}
		return p
	},
	Marks: []string{"ActorUserPrincipalName", "ctivityDisplayName", "LoggedByService", `"AuditLogs"`, `nitiatedBy"`},
}

const (
	eaTime = iota
	eaOuterTime
	eaName
	eaOuterName
	eaCategory
	eaResult
	eaOuterResult
	eaReason
	eaID
	eaCorrelation
	eaUPN
	eaUserID
	eaUserIP
	eaUserName
	eaApp
	eaAppID
	eaPrincipal
	eaInitiated
	eaTargets
	eaDetails
	eaCallerIP
	eaService
	eaAgent
	eaKind
	eaIdentity
	eaActorCell  // of a CSV: the name
	eaTargetCell // of a CSV: names and what was changed, flattened
	eaTargetName
	eaFields
)

var entraAuditPaths = [eaFields]string{eaTime: "activityDateTime", eaOuterTime: "time|TimeGenerated", eaName: "activityDisplayName|activity", eaOuterName: "operationName", eaCategory: "category", eaResult: "result", eaOuterResult: "resultType|resultSignature",
	eaReason: "resultReason|resultDescription", eaID: "id", eaCorrelation: "correlationId", eaUPN: "initiatedBy.user.userPrincipalName", eaUserID: "initiatedBy.user.id", eaUserIP: "initiatedBy.user.ipAddress", eaUserName: "initiatedBy.user.displayName",
	eaApp: "initiatedBy.app.displayName", eaAppID: "initiatedBy.app.appId", eaPrincipal: "initiatedBy.app.servicePrincipalId", eaInitiated: "initiatedBy", eaTargets: "targetResources", eaDetails: "additionalDetails", eaCallerIP: "callerIpAddress",
	eaService: "loggedByService", eaAgent: "userAgent", eaKind: "operationType", eaIdentity: "identity"}

var entraAuditRest = [...]restField{{"category", eaCategory}, {"operation_type", eaKind}, {"reason_text", eaReason}, {"user_id", eaUserID}, {"app", eaApp}, {"app_id", eaAppID}, {"service_principal", eaPrincipal}, {"target_name", eaTargetName}}

type entraAuditParser struct {
	jsonFields
	table csvTable
	inner jsonScan
}

func (p *entraAuditParser) Flush(*event.Batch) {}

func (p *entraAuditParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil {
		return p.parseCSV(rec, out)
	}
	if !p.read(b) {
		if sniffEntraAudit(rec.Data) > 0 {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	return p.emit(rec, out)
}

func (p *entraAuditParser) emit(rec *event.Record, out *event.Batch) error {
	name := strings.TrimRight(p.first(eaName, eaOuterName), ". ")
	if name == "" || !p.has(eaInitiated) && !p.has(eaTargets) && !p.has(eaActorCell) && !p.has(eaService) {
		return ErrOtherFormat
	}
	when, ok := p.time(eaTime, eaOuterTime)
	if !ok {
		return ErrNoTime
	}
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	ev.Class, ev.Activity = entraAuditKind(name)
	if p.f[eaInitiated].kind == '"' {
		p.within(eaInitiated, "initiatedby")
	}
	ev.Account = p.first(eaUPN, eaActorCell, eaUserName, eaUserID, eaApp, eaPrincipal, eaIdentity)
	ev.Service = p.str(eaService)
	p.source(ev, eaUserIP, eaCallerIP)
	ev.Client = p.agent()
	p.ending(ev)
	var r remainder
	id := p.own(eaID)
	ev.Unique = id != ""
	r.text("id", id)
	r.text("operation", name)
	r.text("correlation_id", p.own(eaCorrelation))
	p.targets(ev, &r)
	r.fields(&p.jsonFields, ev, entraAuditRest[:])
	ev.Rest = r.rest(out)
	return nil
}

func (p *entraAuditParser) ending(ev *event.Event) {
	result := p.bytes(eaResult)
	if len(result) == 0 {
		result = p.bytes(eaOuterResult)
	}
	switch {
	case sameFold(result, "success"), sameFold(result, "succeeded"), string(result) == "成功":
		ev.Outcome = event.OutcomeSuccess
	case sameFold(result, "failure"), sameFold(result, "failed"), sameFold(result, "clienterror"), string(result) == "失敗":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
}

// agent returns the user agent, which stands in a list of keys and values.
func (p *entraAuditParser) agent() string {
	if v := p.str(eaAgent); v != "" {
		return v
	}
	if v, ok := p.listOf(eaDetails); ok {
		p.inner.reset(v)
		s := &p.inner
		for ok := s.enter('['); ok && s.element(); {
			var key, value jsonValue
			for ok := s.enter('{'); ok && s.member(); {
				switch {
				case sameFold(s.key, "key"):
					key = s.value()
				case sameFold(s.key, "value"):
					value = s.value()
				default:
					s.skip()
				}
			}
			if key.is("User-Agent") || key.is("UserAgent") {
				return p.env.Intern.Bytes(value.text(&p.buf))
			}
		}
	}
	return ""
}

// listOf returns the array that a field holds, or holds as text.
func (p *entraAuditParser) listOf(slot int) ([]byte, bool) {
	switch v := p.f[slot]; {
	case v.kind == '[':
		return v.raw, true
	case v.kind == '"' && len(v.raw) > 0 && v.raw[0] == '[':
		return append([]byte(nil), v.text(&p.buf)...), true
	}
	return nil, false
}

// targets sets whom and what it was done to, and keeps what was changed.
func (p *entraAuditParser) targets(ev *event.Event, r *remainder) {
	list, ok := p.listOf(eaTargets)
	if !ok {
		ev.Target = p.str(eaTargetCell)
		ev.Object = p.str(eaTargetName)
	}
	p.inner.reset(list)
	s := &p.inner
	p.list = p.list[:0]
	for ok := ok && s.enter('['); ok && s.element(); {
		var upn, name, kind, id jsonValue
		for ok := s.enter('{'); ok && s.member(); {
			switch {
			case sameFold(s.key, "userprincipalname"):
				upn = s.value()
			case sameFold(s.key, "displayname"):
				name = s.value()
			case sameFold(s.key, "type"):
				kind = s.value()
			case sameFold(s.key, "id"):
				id = s.value()
			case sameFold(s.key, "modifiedproperties"):
				p.changes(s)
			default:
				s.skip()
			}
		}
		if name.empty() {
			name = id
		}
		if !upn.empty() {
			if ev.Target == "" {
				ev.Target = p.env.Intern.Bytes(upn.text(&p.buf))
			}
		} else if ev.Object == "" && !name.empty() {
			ev.Object = p.env.Intern.Bytes(name.text(&p.buf))
			r.text("target_type", p.env.Intern.Bytes(kind.text(&p.buf)))
		}
	}
	if ev.Target == ev.Account {
		ev.Target = ""
	}
	r.text("changes", clip(string(p.list), listed))
}

// changes appends what was changed to list, and "name=old→new" for each.
func (p *entraAuditParser) changes(s *jsonScan) {
	for ok := s.enter('['); ok && s.element(); {
		name, value, old := s.pair()
		if name.empty() || len(p.list) >= listed {
			continue
		}
		if len(p.list) > 0 {
			p.list = append(p.list, "; "...)
		}
		p.list = append(append(p.list, name.text(&p.buf)...), '=')
		if t := old.text(&p.buf); len(t) > 0 {
			p.list = append(append(p.list, t[:min(len(t), 1024)]...), "→"...)
		}
		t := value.text(&p.buf)
		p.list = append(p.list, t[:min(len(t), 1024)]...)
	}
}

// entraAuditKind returns what kind of thing an activity is: most are called as in the unified audit log.
func entraAuditKind(name string) (event.Class, event.Activity) {
	for _, row := range m365Operations {
		if row.name == name {
			return row.class, row.activity
		}
	}
	if c, a, ok := actionOf(entraAuditActions[:], name); ok {
		return c, a
	}
	return m365Operation(name)
}

var entraAuditActions = [...]actionRow{
	{"User started *", event.ClassAccountChange, event.ActReset}, {"User registered *", event.ClassAccountChange, event.ActReset}, {"User canceled *", event.ClassAccountChange, event.ActOther}, {"User reviewed *", event.ClassAccountChange, event.ActRead},
	{"User deleted *", event.ClassAccountChange, event.ActReset}, {"Admin deleted security info", event.ClassAccountChange, event.ActReset}, {"Admin updated security info", event.ClassAccountChange, event.ActReset},
	{"Reset password*", event.ClassAccountChange, event.ActReset}, {"Change password*", event.ClassAccountChange, event.ActReset}, {"Self-service password reset*", event.ClassAccountChange, event.ActReset}, {"Unlock user account*", event.ClassAccountChange, event.ActUnlock},
	{"Fraud reported*", event.ClassDetection, event.ActOther}, {"Suspicious activity reported", event.ClassDetection, event.ActOther}, {"Add member to role*", event.ClassAccountChange, event.ActAssign}, {"Add eligible member to role*", event.ClassAccountChange, event.ActAssign},
	{"Remove member from role*", event.ClassAccountChange, event.ActRelease}, {"Remove eligible member from role*", event.ClassAccountChange, event.ActRelease}, {"Invite external user*", event.ClassAccountChange, event.ActCreate}, {"Redeem external user invite*", event.ClassAccountChange, event.ActEnable},
	{"Issue an *", event.ClassAuthentication, event.ActTicket}, {"Validate user authentication", event.ClassAuthentication, event.ActOther}, {"The user elevated their access*", event.ClassAccountChange, event.ActAssign}, {"Assigns the caller to *", event.ClassAccountChange, event.ActAssign},
	{"Assign *", event.ClassAccountChange, event.ActAssign}, {"Get *", event.ClassEntityChange, event.ActRead}, {"Create *", event.ClassEntityChange, event.ActCreate}, {"Revoke *", event.ClassAccountChange, event.ActRelease}, {"Register *", event.ClassEntityChange, event.ActCreate},
	{"Unregister *", event.ClassEntityChange, event.ActDelete}, {"Download *", event.ClassOther, event.ActDownload}, {"Set *", event.ClassEntityChange, event.ActChange}, {"Disable *", event.ClassEntityChange, event.ActDisable}, {"Enable *", event.ClassEntityChange, event.ActEnable},
}

// parseCSV reads a header or a row behind one: of the portal (Date (UTC), Activity, ActorUserPrincipalName, Target1…), of Log
// Analytics, and of Microsoft-Extractor-Suite.
func (p *entraAuditParser) parseCSV(rec *event.Record, out *event.Batch) error {
	if row, err := p.table.read(rec.Data, p.f); !row {
		return err
	}
	return p.emit(rec, out)
}

func entraAuditColumn(name []byte) uint8 {
	switch string(name) {
	case "dateutc", "日付utc", "activitydatetime":
		return eaTime
	case "timegenerated", "timegeneratedutc":
		return eaOuterTime
	case "activity", "アクティビティ", "activitydisplayname":
		return eaName
	case "operationname":
		return eaOuterName
	case "category", "カテゴリ":
		return eaCategory
	case "result", "status", "状態", "結果":
		return eaResult
	case "resultreason", "resultdescription", "結果の理由":
		return eaReason
	case "id", "auditid":
		return eaID
	case "correlationid", "相関id":
		return eaCorrelation
	case "actoruserprincipalname", "initiatedbyuserprincipalname", "userprincipalname", "initiatorupn":
		return eaActorCell
	case "actordisplayname", "initiatedbydisplayname":
		return eaUserName
	case "actorobjectid", "initiatedbyuserid":
		return eaUserID
	case "actorserviceprincipalid", "initiatedbyserviceprincipalid":
		return eaPrincipal
	case "ipaddress", "initiatedbyipaddress", "initiatedbyuseripaddress":
		return eaUserIP
	case "initiatedby", "actor":
		return eaInitiated
	case "service", "サービス", "loggedbyservice":
		return eaService
	case "useragent":
		return eaAgent
	case "operationtype":
		return eaKind
	case "targetresources":
		return eaTargets
	case "additionaldetails":
		return eaDetails
	case "target1userprincipalname", "targetuserprincipalname":
		return eaTargetCell
	case "target1displayname", "targetdisplayname", "targetdisplaynames":
		return eaTargetName
	}
	return eaFields
}

// isEntraAuditHeader knows the header row.
func isEntraAuditHeader(rec []byte) bool {
	b := rec[:min(len(rec), 16<<10)]
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	if has(`":`) || !has(",") {
		return false
	}
	return has("ActorUserPrincipalName") && has("Target1") || has("ActivityDisplayName") && (has("InitiatedBy") || has("TargetResources")) || has("LoggedByService") && has("CorrelationId") && has("Activity")
}

// sniffEntraAudit says how surely a record is one of the directory's audit log.
func sniffEntraAudit(rec []byte) float64 {
	b := sniffJSON(rec)
	if b == nil {
		if isEntraAuditHeader(rec) {
			return 0.95
		}
		return 0
	}
	b = b[:min(len(b), 32<<10)]
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	switch {
	case has(`SignInLogs"`):
		return 0
	case (has(`"activityDisplayName"`) || has(`"ActivityDisplayName"`)) && (has(`"initiatedBy"`) || has(`"InitiatedBy"`) || has(`"targetResources"`) || has(`"TargetResources"`)):
		return 0.97
	case has(`"AuditLogs"`) && (has(`"operationName"`) || has(`"OperationName"`)):
		return 0.9
	case (has(`"initiatedBy"`) || has(`"InitiatedBy"`)) && (has(`"targetResources"`) || has(`"TargetResources"`)):
		return 0.9
	}
	return 0
}
