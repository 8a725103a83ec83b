// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"github.com/sekisho/sekisho/event"
)

var sophosXG = Format{
	Name:   "sophos-xg",
	Also:   []string{"sophos", "sfos"},
	Source: "firewall",
	About: About{
		What: "Sophos Firewall (XG, XGS; SFOS 16 to 21): the standard and the device standard syslog formats (device=\"SFW\" date=… log_type=…; device_name=\"SFW\" timestamp=…).",
		Export: "Configure, System services, Log settings: add a syslog server, format Device standard format, facility and severity Information, and tick Firewall rules, Admin, Authentication, System (VPN) and the security modules; " +
			"switch on Log firewall traffic in each rule that matters. The device's own log viewer keeps days.",
		Takes: "Logins and refusals of VPN, SSL-VPN, user portal, firewall and administrators (GUI, CLI, API) with name, address, mechanism and reason; tunnels with the inside address; connections with bytes, duration and NAT, refusals; " +
			"changes by administrators; mail, web, attacks, viruses; leases.",
		Leaves: "Wireless and health messages become events without a meaning of their own. Time zones written as letters (CEST, IST) are ambiguous but for JST, UTC and GMT: the profile's zone counts. A tunnel's own address is told, the address that it came from only by the login before it.",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := sophosStart(rec); ok {
			return 0.96
		}
		return 0
	},
	New:    func(env *Env) Parser { return &sophosParser{env: env, p: newPairs(xgFields, '=', ' ', sophosSlot)} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{`log_type="`},
}

// sophosStart returns the record from its first field on.
func sophosStart(b []byte) ([]byte, bool) {
	r := behindHead(b, 200, `device="SFW"`)
	if r == nil {
		if r = behindHead(b, 200, `device_name="`); r == nil {
			return nil, false
		}
		if head := r[:min(len(b), 200)-(len(b)-len(r))]; !has(head, "device_model=") && !has(head, " timestamp=") {
			return nil, false
		}
	}
	return r, has(r[:min(len(r), 512)], ` log_type="`)
}

const (
	xgDate = iota
	xgTime
	xgZone
	xgStamp
	xgType
	xgComponent
	xgSubtype
	xgStatus
	xgUser
	xgSrc
	xgSrcPort
	xgDst
	xgDstPort
	xgSent
	xgRcvd
	xgDuration
	xgHost
	xgURL
	xgAgent
	xgTo
	xgFrom
	xgSubject
	xgMailIP
	xgSignature
	xgVirus
	xgIP
	xgReported
	xgRemote
	xgClientHost
	xgConnEvent
	xgReason
	xgDevice // from here on into the remainder
	xgLogID
	xgMessage
	xgRule
	xgProto
	xgApp
	xgInIf
	xgOutIf
	xgSrcZone
	xgDstZone
	xgTranSrc
	xgTranSrcPort
	xgTranDst
	xgTranDstPort
	xgGroup
	xgClient
	xgMechanism
	xgConnection
	xgCategory
	xgMAC
	xgConnID
	xgCode
	xgAction
	xgSrcCountry
	xgFields
)

func sophosSlot(name []byte) int {
	switch string(name) {
	case "date":
		return xgDate
	case "time":
		return xgTime
	case "timezone":
		return xgZone
	case "timestamp":
		return xgStamp
	case "log_type":
		return xgType
	case "log_component":
		return xgComponent
	case "log_subtype":
		return xgSubtype
	case "status":
		return xgStatus
	case "user_name", "user", "login_user":
		return xgUser
	case "src_ip", "sourceip":
		return xgSrc
	case "src_port":
		return xgSrcPort
	case "dst_ip", "destinationip":
		return xgDst
	case "dst_port":
		return xgDstPort
	case "sent_bytes", "bytes_sent":
		return xgSent
	case "recv_bytes", "bytes_received":
		return xgRcvd
	case "duration", "con_duration":
		return xgDuration
	case "domain", "domainname", "src_domainname":
		return xgHost
	case "url", "FTP_url":
		return xgURL
	case "user_agent":
		return xgAgent
	case "to_email_address", "recipient":
		return xgTo
	case "from_email_address", "sender":
		return xgFrom
	case "email_subject", "subject":
		return xgSubject
	case "mailid":
		return xgMailIP
	case "signature_msg", "threatname", "classification":
		return xgSignature
	case "virus", "malware":
		return xgVirus
	case "ipaddress", "leased_ip", "assigned_ip":
		return xgIP
	case "reported_ip":
		return xgReported
	case "remote_ip", "remoteinterfaceip":
		return xgRemote
	case "client_host_name", "reported_host":
		return xgClientHost
	case "connevent", "con_event":
		return xgConnEvent
	case "reason":
		return xgReason
	}
	return sophosRestSlot(name)
}

func sophosRestSlot(name []byte) int {
	switch string(name) {
	case "device_name":
		return xgDevice
	case "log_id":
		return xgLogID
	case "message":
		return xgMessage
	case "fw_rule_id":
		return xgRule
	case "protocol":
		return xgProto
	case "application", "app_name":
		return xgApp
	case "in_interface":
		return xgInIf
	case "out_interface":
		return xgOutIf
	case "srczone", "src_zone":
		return xgSrcZone
	case "dstzone", "dst_zone":
		return xgDstZone
	case "tran_src_ip", "src_trans_ip":
		return xgTranSrc
	case "tran_src_port", "src_trans_port":
		return xgTranSrcPort
	case "tran_dst_ip", "dst_trans_ip":
		return xgTranDst
	case "tran_dst_port", "dst_trans_port":
		return xgTranDstPort
	case "usergroupname", "user_gp", "user_group":
		return xgGroup
	case "auth_client":
		return xgClient
	case "auth_mechanism":
		return xgMechanism
	case "connectionname":
		return xgConnection
	case "category", "web_category", "application_category":
		return xgCategory
	case "src_mac", "client_physical_address":
		return xgMAC
	case "connid", "con_id":
		return xgConnID
	case "httpresponsecode", "status_code":
		return xgCode
	case "spamaction", "action":
		return xgAction
	case "src_country_code", "src_country":
		return xgSrcCountry
	}
	return -1
}

var sophosRest = [...]pairRest{{"device", xgDevice}, {"logid", xgLogID}, {"type", xgType}, {"component", xgComponent}, {"subtype", xgSubtype}, {"status", xgStatus}, {"msg", xgMessage}, {"reason", xgReason}, {"policyid", xgRule}, {"proto", xgProto},
	{"app", xgApp}, {"srcintf", xgInIf}, {"dstintf", xgOutIf}, {"srczone", xgSrcZone}, {"dstzone", xgDstZone}, {"nat_src_ip", xgTranSrc}, {"nat_src_port", xgTranSrcPort}, {"nat_dst_ip", xgTranDst}, {"nat_dst_port", xgTranDstPort},
	{"group", xgGroup}, {"client", xgClient}, {"method", xgMechanism}, {"vpntunnel", xgConnection}, {"catdesc", xgCategory}, {"mac", xgMAC}, {"sessionid", xgConnID}, {"http_status", xgCode}, {"action", xgAction}, {"srccountry", xgSrcCountry}, {"message_id", xgMailIP}}

type sophosParser struct {
	env  *Env
	p    pairs
	rec  *event.Record
	out  *event.Batch
	when event.Micros
}

func (p *sophosParser) Flush(*event.Batch) {}

func (p *sophosParser) Parse(rec *event.Record, out *event.Batch) error {
	b, ok := sophosStart(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	p.p.scan(b)
	p.rec, p.out = rec, out
	if p.when, ok = p.time(); !ok {
		return ErrNoTime
	}
	switch string(p.p.v[xgType]) {
	case "Firewall":
		p.flow()
	case "Event":
		p.event()
	case "Content Filtering", "Web Content Policy", "Web Filter":
		p.web()
	case "Anti-Spam", "Anti-Virus", "IDP", "IPS", "ATP", "WAF", "Sandbox", "Sandstorm", "Heartbeat", "Endpoint":
		p.threat()
	default:
		p.other()
	}
	return nil
}

// time reads timestamp="2021-11-15T20:52:23-0600", or date, time and timezone.
func (p *sophosParser) time() (event.Micros, bool) {
	v := p.p.v
	if t, n := parseISOStamp(v[xgStamp]); n > 0 {
		return p.env.Clock.Moment(t), true
	}
	t, ok := parseDateAndTime(v[xgDate], v[xgTime])
	if !ok {
		return 0, false
	}
	switch z := v[xgZone]; string(z) {
	case "JST":
		t.HasZone, t.East = true, 9*3600
	case "UTC", "GMT":
		t.HasZone = true
	default:
		wholeZone(z, &t)
	}
	return p.env.Clock.Moment(t), t.Valid()
}

func (p *sophosParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason, ev.Ref = p.when, c, a, o, r, p.env.Ref(p.rec)
	ev.Account = p.p.text(p.env, xgUser)
	if !p.ambiguous() {
		ev.SrcIP, ev.SrcPort = p.p.addrOf(p.env, xgSrc), p.p.port(xgSrcPort)
	}
	ev.DstIP, ev.DstPort = p.p.addrOf(p.env, xgDst), p.p.port(xgDstPort)
	ev.Client = p.p.text(p.env, xgAgent)
	return ev
}

// ambiguous says whether a name could have been written to look like further fields.
func (p *sophosParser) ambiguous() bool { return p.p.several(xgSrc, xgUser, xgType, xgStatus) }

func (p *sophosParser) finish(ev *event.Event, repeat bool) {
	var r remainder
	if p.ambiguous() {
		r.flag("ambiguous", true)
	}
	r.pairs(&p.p, p.env, ev, sophosRest[:])
	if repeat {
		ev.Count = event.Some(0)
		r.flag("repeat", true)
	}
	ev.Rest = r.rest(p.out)
}

// host is the device, for what it says of itself.
func (p *sophosParser) host() string { return p.env.deviceHost(p.rec, p.p.v[xgDevice]) }

func (p *sophosParser) flow() {
	v := p.p.v
	ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
	switch string(v[xgSubtype]) {
	case "Denied", "Dropped", "Drop", "Deny":
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	if c := v[xgComponent]; has(c, "DoS") || has(c, "Attack") {
		ev.Class, ev.Object = event.ClassDetection, p.p.text(p.env, xgComponent)
	}
	repeat := false
	switch string(v[xgConnEvent]) {
	case "Start":
		ev.Activity, repeat = event.ActStart, true
	case "Interim":
		repeat = true
	default:
		ev.BytesOut, ev.BytesIn = someNumber(v[xgSent]), someNumber(v[xgRcvd])
		ev.Duration = p.seconds()
	}
	p.finish(ev, repeat)
}

func (p *sophosParser) seconds() event.Int {
	if sec, ok := parseNumber(p.p.v[xgDuration]); ok && sec < 1<<40 {
		return event.Some(sec * 1000)
	}
	return event.Int{}
}

// event reads what the device says of itself and of who uses it.
func (p *sophosParser) event() {
	v := p.p.v
	failed := string(v[xgStatus]) == "Failed" || string(v[xgStatus]) == "Failure"
	component := v[xgComponent]
	switch {
	case string(v[xgSubtype]) == "Authentication":
		p.login(failed)
	case string(v[xgSubtype]) == "Admin":
		p.admin(failed)
	case string(component) == "DHCP Server":
		p.lease()
	case len(v[xgUser]) > 0 && (string(component) == "SSL VPN" || string(component) == "IPSec" || string(component) == "L2TP" || string(component) == "PPTP"):
		p.tunnel(failed)
	default:
		p.other()
	}
}

func (p *sophosParser) login(failed bool) {
	v := p.p.v
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	ev.DstHost = p.host()
	switch c := v[xgComponent]; {
	case has(c, "SSL VPN"):
		ev.Service = "ssl-vpn"
	case has(c, "VPN"):
		ev.Service = "vpn"
	case has(c, "Portal"), has(c, "My Account"):
		ev.Service = "user-portal"
	default:
		ev.Service = "firewall-auth"
	}
	switch {
	case has(v[xgMessage], "logged out"):
		ev.Activity = event.ActLogoff
		ev.BytesOut, ev.BytesIn = someNumber(v[xgSent]), someNumber(v[xgRcvd])
	case failed:
		ev.Outcome, ev.Reason = event.OutcomeFailure, sophosReason(v[xgReason])
	}
	p.finish(ev, false)
}

func sophosReason(b []byte) event.Reason {
	switch {
	case has(b, "expired"):
		return event.ReasonExpired
	case has(b, "not allowed"), has(b, "not permitted"), has(b, "access policy"), has(b, "restrict"):
		return event.ReasonDenied
	case has(b, "maximum login"), has(b, "locked"), has(b, "blocked"):
		return event.ReasonLocked
	case has(b, "disabled"), has(b, "inactive"):
		return event.ReasonDisabled
	case has(b, "OTP"), has(b, "passcode"):
		return event.ReasonSecondFactorFailed
	case has(b, "unreachable"), has(b, "not responding"):
		return event.ReasonUnavailable
	}
	return event.ReasonBadCredentials
}

// admin reads administrators' logins, told from what they changed by the words of the message.
func (p *sophosParser) admin(failed bool) {
	v := p.p.v
	ev := p.add(event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone)
	ev.DstHost, ev.Service = p.host(), p.p.text(p.env, xgComponent)
	switch m := v[xgMessage]; {
	case has(m, "logged in") || has(m, "to login") || has(m, "login attempt") || has(m, "failed login"):
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
		if has(m, "locked") {
			ev.Activity, ev.Reason = event.ActLock, event.ReasonLocked
		}
	case has(m, "logged out"):
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogoff
	case has(m, " added") || has(m, " created"):
		ev.Activity = event.ActCreate
	case has(m, " deleted"):
		ev.Activity = event.ActDelete
	}
	if failed {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
		if ev.Class == event.ClassAuthentication {
			ev.Reason = sophosReason(v[xgMessage])
		}
	}
	if ev.Class == event.ClassEntityChange {
		ev.Object = p.p.text(p.env, xgMessage)
	}
	p.finish(ev, false)
}

// tunnel reads a tunnel that came up or went; the login before it counts as the attempt.
func (p *sophosParser) tunnel(failed bool) {
	v := p.p.v
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	ev.DstHost, ev.Service = p.host(), "vpn"
	if string(v[xgComponent]) == "SSL VPN" {
		ev.Service = "ssl-vpn"
	}
	repeat := false
	switch s := v[xgStatus]; {
	case failed:
		ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassNetwork, event.ActConnect, event.OutcomeFailure, event.ReasonProtocol
	case string(s) == "Established", string(s) == "Connected":
		if len(v[xgIP]) > 0 { // the inside address, with the account that it was given to
			ev.Class, ev.Activity, ev.SrcIP = event.ClassLease, event.ActAssign, p.p.addrOf(p.env, xgIP)
		} else {
			repeat = true
		}
	default:
		ev.Activity = event.ActLogoff
		ev.BytesOut, ev.BytesIn = someNumber(v[xgSent]), someNumber(v[xgRcvd])
	}
	if !ev.SrcIP.IsValid() {
		ev.SrcIP = p.p.addrOf(p.env, xgRemote)
	}
	p.finish(ev, repeat)
}

func (p *sophosParser) lease() {
	v := p.p.v
	ev := p.add(event.ClassLease, event.ActAssign, event.OutcomeSuccess, event.ReasonNone)
	if s := string(v[xgStatus]); s == "Expire" || s == "Release" {
		ev.Activity = event.ActRelease
	}
	ev.Service, ev.DstHost = "dhcp", p.host()
	ev.SrcIP = p.p.addrOf(p.env, xgIP)
	if !ev.SrcIP.IsValid() {
		if ev.SrcIP, _ = p.env.addr(behind(v[xgMessage], "Lease IP ")); !ev.SrcIP.IsValid() {
			ev.SrcIP = p.p.addrOf(p.env, xgReported)
		}
	}
	ev.SrcHost = p.env.leaseHost(v[xgClientHost])
	p.finish(ev, false)
}

func (p *sophosParser) web() {
	v := p.p.v
	ev := p.add(event.ClassHTTP, event.ActRead, event.OutcomeSuccess, event.ReasonNone)
	ev.Object, ev.DstHost = p.p.text(p.env, xgURL), p.p.text(p.env, xgHost)
	ev.BytesOut, ev.BytesIn = someNumber(v[xgSent]), someNumber(v[xgRcvd])
	switch string(v[xgSubtype]) {
	case "Denied", "Blocked", "Dropped":
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	p.finish(ev, false)
}

// threat reads mail and what a security module saw.
func (p *sophosParser) threat() {
	v := p.p.v
	ev := p.add(event.ClassDetection, event.ActOther, event.OutcomeSuccess, event.ReasonNone)
	if ev.Object = p.p.text(p.env, xgSignature); ev.Object == "" {
		ev.Object = p.p.text(p.env, xgVirus)
	}
	if len(v[xgFrom]) > 0 {
		ev.Account, ev.Target = p.p.text(p.env, xgFrom), p.p.text(p.env, xgTo)
		if len(v[xgVirus]) == 0 {
			ev.Class, ev.Activity, ev.Object = event.ClassMail, event.ActReceive, p.p.text(p.env, xgSubject)
			ev.Account, ev.Target = ev.Target, ev.Account
		}
	}
	if ev.Object == "" {
		ev.Object = p.p.text(p.env, xgURL)
	}
	switch s, a := string(v[xgSubtype]), string(v[xgAction]); {
	case s == "Denied", s == "Drop", s == "Dropped", s == "Deny", s == "Virus", s == "Blocked", a == "Reject", a == "Drop", a == "DROP", a == "TMPREJECT":
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	p.finish(ev, false)
}

func (p *sophosParser) other() {
	ev := p.add(event.ClassOther, event.ActOther, event.OutcomeUnknown, event.ReasonNone)
	ev.DstHost, ev.Object = p.host(), p.p.text(p.env, xgMessage)
	p.finish(ev, false)
}
