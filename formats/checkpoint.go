// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var checkPoint = Format{
	Name:   "checkpoint",
	Also:   []string{"check-point", "fw1"},
	Source: "firewall",
	About: About{
		What: "Check Point R77 to R82: what Log Exporter sends as syslog ([action:\"Accept\"; …]), generic (time=…|action=…) and Splunk's form, of gateways (firewall, VPN, Mobile Access, Identity Awareness, threat prevention) and of the management's audit log. " +
			"Its CEF, LEEF and JSON exports are read as such.",
		Export: "cp_log_export add name … target-server … protocol tcp format syslog read-mode semi-unified, on the management or the log server; or fw log -n -l for the text (not read). Set track Log and accounting on the rules that matter, log implied rules, " +
			"and export the audit log too (filter-data off). The gateway keeps its logs itself only while the log server is away.",
		Takes: "Connections and refusals with bytes, NAT and user; logins to VPN and Mobile Access with name, address, inside address, method and reason; identities that logged in behind the gateway; administrators' logins and what they changed; " +
			"attacks, viruses, web pages.",
		Leaves: "Updates and health messages become events without a meaning of their own. A VPN login is told of by the gateway and again by Identity Awareness: the second is marked as a repeat.",
	},
	Sniff: func(rec []byte) float64 {
		if b, _, _ := cpStart(rec); b != nil {
			return 0.94
		}
		return 0
	},
	New: func(env *Env) Parser {
		return &cpParser{env: env, colon: newPairs(cpFields, ':', ';', cpSlot), equal: newPairs(cpFields, '=', '|', cpSlot)}
	},
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{" CheckPoint ", "|loguid={", "|ifdir="},
}

// cpStart returns the fields of a record, and between what they stand.
func cpStart(rec []byte) (b []byte, assign, gap byte) {
	if i := index(rec[:min(len(rec), 240)], " - ["); i > 0 && has(rec[:i], " CheckPoint ") {
		b = bytes.TrimRight(rec[i+4:], " \t\r")
		return bytes.TrimSuffix(b, []byte("]")), ':', ';'
	}
	head := rec[:min(len(rec), 160)]
	i := index(head, "time=")
	if i < 0 || i > 0 && head[i-1] != ' ' && head[i-1] != '>' {
		return nil, 0, 0
	}
	b = rec[i:]
	if bytes.IndexByte(b[:min(len(b), 40)], '|') > 0 && (has(b, "|loguid={") || has(b, "|origin=") && has(b, "|ifdir=")) {
		return b, '=', '|'
	}
	return nil, 0, 0
}

const (
	cpTime = iota
	cpAction
	cpProduct
	cpSrc
	cpSrcPort
	cpDst
	cpService
	cpUser
	cpAdmin
	cpClientIP
	cpMachine
	cpOperation
	cpStatus
	cpInfo
	cpSubject
	cpObjectName
	cpChanges
	cpBytesOut
	cpBytesIn
	cpBytesServer
	cpElapsed
	cpResource
	cpAttack
	cpProtection
	cpAgent
	cpOrigin
	cpLogUID
	cpXSrc
	cpXSrcPort
	cpXDst
	cpXDstPort
	cpOffice
	cpReason
	cpAuthStatus
	cpBlade // from here on into the remainder
	cpServiceID
	cpProto
	cpRule
	cpRuleUID
	cpInZone
	cpOutZone
	cpIfname
	cpIfdir
	cpApp
	cpSeverity
	cpMethod
	cpGroups
	cpSrcMachine
	cpCountry
	cpObjectType
	cpSession
	cpIdentity
	cpScheme
	cpCert
	cpClientName
	cpFields
)

func cpSlot(name []byte) int {
	switch string(name) {
	case "time":
		return cpTime
	case "action":
		return cpAction
	case "product":
		return cpProduct
	case "src", "src_ip", "source_ip":
		return cpSrc
	case "s_port":
		return cpSrcPort
	case "dst":
		return cpDst
	case "service":
		return cpService
	case "user", "src_user_name", "auth_user", "uname4domain":
		return cpUser
	case "administrator":
		return cpAdmin
	case "client_ip":
		return cpClientIP
	case "machine":
		return cpMachine
	case "operation":
		return cpOperation
	case "audit_status", "status":
		return cpStatus
	case "additional_info":
		return cpInfo
	case "subject":
		return cpSubject
	case "objectname":
		return cpObjectName
	case "fieldschanges":
		return cpChanges
	case "client_outbound_bytes", "sent_bytes":
		return cpBytesOut
	case "client_inbound_bytes", "received_bytes":
		return cpBytesIn
	case "server_outbound_bytes":
		return cpBytesServer
	case "elapsed":
		return cpElapsed
	case "resource":
		return cpResource
	case "attack", "malware_action", "virus_name":
		return cpAttack
	case "protection_name", "protection":
		return cpProtection
	case "user_agent", "web_client_type":
		return cpAgent
	case "origin":
		return cpOrigin
	case "loguid":
		return cpLogUID
	case "xlatesrc":
		return cpXSrc
	case "xlatesport":
		return cpXSrcPort
	case "xlatedst":
		return cpXDst
	case "xlatedport":
		return cpXDstPort
	case "office_mode_ip", "assigned_ip", "om_ip":
		return cpOffice
	case "reason", "reject_reason", "fw_message", "error_description", "termination_reason":
		return cpReason
	case "authentication_status", "auth_status", "login_status":
		return cpAuthStatus
	}
	return cpRestSlot(name)
}

func cpRestSlot(name []byte) int {
	switch string(name) {
	case "blade":
		return cpBlade
	case "service_id":
		return cpServiceID
	case "proto":
		return cpProto
	case "rule", "rule_name":
		return cpRule
	case "rule_uid":
		return cpRuleUID
	case "inzone":
		return cpInZone
	case "outzone":
		return cpOutZone
	case "ifname":
		return cpIfname
	case "ifdir":
		return cpIfdir
	case "appi_name", "app_name":
		return cpApp
	case "severity":
		return cpSeverity
	case "auth_method", "login_option":
		return cpMethod
	case "src_user_group", "user_group":
		return cpGroups
	case "src_machine_name":
		return cpSrcMachine
	case "src_country":
		return cpCountry
	case "objecttype":
		return cpObjectType
	case "session_uid", "session_id":
		return cpSession
	case "identity_src", "identity_type":
		return cpIdentity
	case "scheme:", "scheme", "methods:", "methods":
		return cpScheme
	case "cert_dn", "user_dn":
		return cpCert
	case "client_name", "client_version":
		return cpClientName
	}
	return -1
}

var cpRest = [...]pairRest{{"product", cpProduct}, {"blade", cpBlade}, {"action", cpAction}, {"operation", cpOperation}, {"subject", cpSubject}, {"info", cpInfo}, {"reason", cpReason}, {"service_id", cpServiceID}, {"proto", cpProto}, {"rule", cpRule},
	{"rule_uid", cpRuleUID}, {"srczone", cpInZone}, {"dstzone", cpOutZone}, {"interface", cpIfname}, {"direction", cpIfdir}, {"app", cpApp}, {"severity", cpSeverity}, {"method", cpMethod}, {"group", cpGroups}, {"srccountry", cpCountry},
	{"objecttype", cpObjectType}, {"changes", cpChanges}, {"session", cpSession}, {"identity_source", cpIdentity}, {"scheme", cpScheme}, {"user_dn", cpCert}, {"client", cpClientName}}

type cpParser struct {
	env          *Env
	colon, equal pairs
	p            *pairs
	rec          *event.Record
	out          *event.Batch
	when         event.Micros
	host         string
	agentNote    [64]struct { // VPN logins, by hash of name and address: Identity Awareness tells of them again
		key uint64
		at  event.Micros
	}
}

func (p *cpParser) Flush(*event.Batch) {}

func (p *cpParser) Parse(rec *event.Record, out *event.Batch) error {
	b, assign, _ := cpStart(rec.Data)
	if b == nil {
		return ErrOtherFormat
	}
	if p.p = &p.colon; assign == '=' {
		p.p = &p.equal
	}
	p.p.scan(b)
	v := p.p.v
	p.rec, p.out, p.host = rec, out, p.env.Host
	s, head := p.env.Syslog(rec)
	if n, ok := parseNumber(v[cpTime]); ok && n > 946684800 && n < 4102444800 {
		p.when = p.env.Clock.Absolute(event.Micros(n * 1e6))
	} else if head {
		p.when = s.Time
	} else {
		return ErrNoTime
	}
	if head && len(s.Host) > 0 {
		p.host = p.env.Intern.Bytes(s.Host)
	}
	switch {
	case len(v[cpAdmin]) > 0, has(v[cpSubject], "dministrator "):
		p.audit()
	case p.isLogin():
		p.login()
	case len(v[cpAttack]) > 0, len(v[cpProtection]) > 0:
		p.threat()
	case len(v[cpSrc]) > 0 && (len(v[cpDst]) > 0 || len(v[cpResource]) > 0):
		p.flow()
	default:
		p.other()
	}
	return nil
}

func (p *cpParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason, ev.Ref = p.when, c, a, o, r, p.env.Ref(p.rec)
	ev.SrcIP, ev.SrcPort, ev.DstIP = p.p.addrOf(p.env, cpSrc), p.p.port(cpSrcPort), p.p.addrOf(p.env, cpDst)
	ev.Account = p.user(p.p.v[cpUser])
	ev.Client = p.p.text(p.env, cpAgent)
	return ev
}

// user returns the name of "Hanako Sato (hanako)" and "hanako (Sato, Hanako)@lab.example (LAB)": what stands in brackets is the login, if it is one word.
func (p *cpParser) user(b []byte) string {
	if i := bytes.LastIndexByte(b, '('); i > 0 && b[len(b)-1] == ')' {
		if in := b[i+1 : len(b)-1]; len(in) > 0 && bytes.IndexByte(in, ' ') < 0 {
			return p.env.Intern.Bytes(in)
		}
		b = bytes.TrimRight(b[:i], " ")
	}
	return p.env.Intern.Bytes(b)
}

func (p *cpParser) finish(ev *event.Event, repeat bool) {
	in, v := p.env.Intern, p.p.v
	var r remainder
	if id := v[cpLogUID]; len(id) > 0 {
		r.text("id", string(id))
	}
	r.text("origin", in.Bytes(v[cpOrigin]))
	for i, name := range [...]string{"nat_src_ip", "nat_src_port", "nat_dst_ip", "nat_dst_port"} {
		if b := v[cpXSrc+i]; len(b) > 0 && string(b) != "0" && string(b) != "0.0.0.0" {
			r.text(name, in.Bytes(b))
		}
	}
	r.text("office_mode_ip", in.Bytes(v[cpOffice]))
	r.pairs(p.p, p.env, ev, cpRest[:])
	if repeat {
		ev.Count = event.Some(0)
		r.flag("repeat", true)
	}
	ev.Rest = r.rest(p.out)
}

// audit reads what administrators did.
func (p *cpParser) audit() {
	v := p.p.v
	ev := p.add(event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone)
	ev.Account, ev.DstHost, ev.Service = p.p.text(p.env, cpAdmin), p.host, p.p.text(p.env, cpProduct)
	if i := bytes.LastIndexByte(v[cpAdmin], '('); i < 0 {
		ev.Account = p.user(v[cpAdmin])
	}
	ev.SrcIP = p.p.addrOf(p.env, cpClientIP)
	if m := v[cpMachine]; isHostName(m) && !looksLikeAddr(m) && string(m) != "localhost" {
		ev.SrcHost = p.env.Intern.Bytes(m)
	}
	op := v[cpOperation]
	switch {
	case string(op) == "Log In":
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
	case string(op) == "Log Out", string(op) == "Forced Log Out", string(op) == "Logout":
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogoff
	case isPrefix(op, "Create"), isPrefix(op, "Add"):
		ev.Activity = event.ActCreate
	case isPrefix(op, "Delete"), isPrefix(op, "Remove"):
		ev.Activity = event.ActDelete
	case has(op, "Script"):
		ev.Class, ev.Activity = event.ClassProcess, event.ActStart
	}
	if ev.Class == event.ClassEntityChange || ev.Class == event.ClassProcess {
		ev.Object = p.p.text(p.env, cpObjectName)
		if ev.Object == "" {
			ev.Object = p.p.text(p.env, cpOperation)
		}
		if t := v[cpObjectType]; has(t, "dministrator") || has(t, "User") || has(t, "user") {
			ev.Class, ev.Target = event.ClassAccountChange, ev.Object
		}
	}
	if s := v[cpStatus]; string(s) == "Failure" || has(v[cpInfo], "failed to log in") {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
		if ev.Class == event.ClassAuthentication {
			ev.Reason = cpReasonOf(v[cpInfo])
		}
	}
	p.finish(ev, false)
}

// isLogin says whether the record is of somebody who logged in, to the VPN or before a gateway.
func (p *cpParser) isLogin() bool {
	switch string(p.p.v[cpAction]) {
	case "Log In", "Log Out", "Failed Log In", "Update", "Key Install":
		return len(p.p.v[cpUser]) > 0
	case "Reject":
		return len(p.p.v[cpUser]) > 0 && len(p.p.v[cpAuthStatus]) > 0
	}
	return false
}

func (p *cpParser) login() {
	v := p.p.v
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	ev.DstHost = p.host
	if ev.Service = "vpn"; has(v[cpProduct], "Identity") || has(v[cpBlade], "Identity") {
		ev.Service = "identity-awareness"
	}
	if m := v[cpSrcMachine]; len(m) > 0 {
		ev.SrcHost = p.env.Intern.Bytes(m)
	}
	switch string(v[cpAction]) {
	case "Log Out":
		ev.Activity = event.ActLogoff
	case "Failed Log In", "Reject":
		ev.Outcome, ev.Reason = event.OutcomeFailure, cpReasonOf(v[cpReason])
	case "Update":
		ev.Class, ev.Activity = event.ClassOther, event.ActOther
	case "Key Install": // a tunnel of a user: told of when its keys change, too
		ev.Class, ev.Activity = event.ClassNetwork, event.ActConnect
	}
	if s := v[cpAuthStatus]; has(s, "ailed") || has(s, "ailure") {
		ev.Outcome, ev.Reason = event.OutcomeFailure, cpReasonOf(v[cpReason])
	}
	repeat := ev.Class == event.ClassAuthentication && ev.Activity == event.ActLogon && p.told(ev)
	p.finish(ev, repeat)
}

// told says whether another product told of this login, with the same end, in the ten seconds before.
func (p *cpParser) told(ev *event.Event) bool {
	raw := ev.SrcIP.As16()
	key := trailKey([]byte(ev.Account), raw[:]) ^ uint64(ev.Outcome)
	n := &p.agentNote[(key^key>>19)%uint64(len(p.agentNote))]
	identity := ev.Service == "identity-awareness"
	if !identity {
		n.key, n.at = key, ev.Time
		return false
	}
	return n.key == key && ev.Time >= n.at && ev.Time-n.at <= 10e6
}

func cpReasonOf(b []byte) event.Reason {
	switch {
	case has(b, "rong Password"), has(b, "rong password"):
		return event.ReasonBadPassword
	case has(b, "nknown user"), has(b, "user not found"), has(b, "does not exist"):
		return event.ReasonNoSuchAccount
	case has(b, "xpired"):
		return event.ReasonExpired
	case has(b, "ocked"):
		return event.ReasonLocked
	case has(b, "isabled"):
		return event.ReasonDisabled
	case has(b, "second factor"), has(b, "OTP"), has(b, "DynamicID"), has(b, "one time"):
		return event.ReasonSecondFactorFailed
	case has(b, "not allowed"), has(b, "compliance"), has(b, "not authorized"), has(b, "unauthorized"):
		return event.ReasonDenied
	case has(b, "SIC"), has(b, "ertificate"):
		return event.ReasonProtocol
	}
	return event.ReasonBadCredentials
}

// refused says whether the gateway stopped it.
func (p *cpParser) refused() bool {
	switch string(p.p.v[cpAction]) {
	case "Drop", "Reject", "Block", "Prevent", "Monitor Drop", "Deny", "Quarantine":
		return true
	}
	return false
}

func (p *cpParser) threat() {
	ev := p.add(event.ClassDetection, event.ActOther, event.OutcomeSuccess, event.ReasonNone)
	ev.DstPort = p.p.port(cpService)
	if ev.Object = p.p.text(p.env, cpProtection); ev.Object == "" {
		ev.Object = p.p.text(p.env, cpAttack)
	}
	if p.refused() {
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	p.finish(ev, false)
}

func (p *cpParser) flow() {
	v := p.p.v
	ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
	ev.DstPort = p.p.port(cpService)
	ev.Service = p.p.text(p.env, cpServiceID)
	if len(v[cpResource]) > 0 {
		ev.Class, ev.Activity, ev.Object = event.ClassHTTP, event.ActRead, p.p.text(p.env, cpResource)
	}
	if p.refused() {
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	ev.BytesOut, ev.BytesIn = someNumber(v[cpBytesOut]), someNumber(v[cpBytesIn])
	if _, ok := ev.BytesIn.Get(); !ok {
		ev.BytesIn = someNumber(v[cpBytesServer])
	}
	if sec, ok := parseNumber(v[cpElapsed]); ok && sec < 1<<40 {
		ev.Duration = event.Some(sec * 1000)
	}
	p.finish(ev, false)
}

func (p *cpParser) other() {
	ev := p.add(event.ClassOther, event.ActOther, event.OutcomeUnknown, event.ReasonNone)
	ev.DstHost, ev.Object = p.host, p.p.text(p.env, cpProduct)
	p.finish(ev, false)
}
