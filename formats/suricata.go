// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var suricata = Format{
	Name:   "suricata",
	Also:   []string{"eve", "suricata-eve"},
	Source: "network",
	About: About{
		What:   "EVE JSON of Suricata 4 to 8 (eve.json), also as Security Onion, SELKS and pfSense keep it: alert, flow, netflow, dns (versions 1 to 3), http, tls, ssh, smb, krb5, rdp, ftp, smtp, dhcp, ldap, fileinfo, anomaly, drop.",
		Export: "outputs: - eve-log: enabled: yes, with the types wanted; community-id: yes. flow gives each connection with its bytes. Copy eve.json and its rotated pieces.",
		Takes:  "Alerts with signature, class and severity and whether they were blocked; flows with bytes and duration; questions and answers of DNS; requests of HTTP with host, path, client and end; names in TLS; tickets of Kerberos; files with hashes; leases; binds of LDAP.",
		Leaves: "stats and protocols not named are read without an event. An alert's direction is that of the packet, which may be an answer. Records of a protocol repeat the connection that flow has (repeat). Payloads are left out. Where a flow's start cannot be read, the time is that of its record, at its end.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"event_type"},
	Sniff: func(rec []byte) float64 {
		b := sniffJSON(rec)
		if b == nil {
			return 0
		}
		b = b[:min(len(b), 8<<10)]
		has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
		if has(`"event_type"`) && has(`"timestamp"`) && (has(`"flow_id"`) || has(`"src_ip"`) || has(`"stats"`) || has(`"proto"`) || has(`"engine"`)) {
			return 0.96
		}
		return 0
	},
	New: func(env *Env) Parser {
		return &suricataParser{jsonFields: newJSONFields(env, suricataPaths[:]...)}
	},
}

const (
	suTime = iota
	suType
	suFlow
	suSrc
	suSPort
	suDst
	suDPort
	suProto
	suAppProto
	suCommunity
	suHost
	suAction
	suSID
	suSignature
	suCategory
	suSeverity
	suHTTPHost
	suURL
	suAgent
	suMethod
	suStatus
	suHTTPLength
	suReferrer
	suSNI
	suSubject
	suIssuer
	suTLSVersion
	suJA3
	suJA4
	suDNSType
	suName
	suQType
	suRcode
	suAnswers
	suSSHClient
	suSSHServer
	suSMBCommand
	suSMBFile
	suSMBShare
	suSMBStatus
	suSMBUser
	suSMBDomain
	suKrbType
	suKrbName
	suKrbRealm
	suKrbService
	suKrbError
	suPktsOut
	suPktsIn
	suBytesOut
	suBytesIn
	suStart
	suAge
	suState
	suReason
	suFlowBytes
	suFlowPkts
	suFile
	suFileSize
	suSHA256
	suMD5
	suMagic
	suMailFrom
	suRcpt
	suHelo
	suMailSubject
	suHeaderFrom
	suRDPCookie
	suFTPCommand
	suFTPData
	suFTPCode
	suFTPReply
	suDHCPType
	suDHCPIP
	suDHCPMAC
	suDHCPHost
	suDHCPLease
	suLDAPOp
	suLDAPName
	suLDAPBase
	suLDAPFilter
	suLDAPResult
	suAnomaly
	suFields
)

var suricataPaths = [suFields]string{suTime: "timestamp", suType: "event_type", suFlow: "flow_id", suSrc: "src_ip", suSPort: "src_port", suDst: "dest_ip", suDPort: "dest_port", suProto: "proto", suAppProto: "app_proto", suCommunity: "community_id", suHost: "host",
	suAction: "alert.action|drop.reason", suSID: "alert.signature_id", suSignature: "alert.signature", suCategory: "alert.category", suSeverity: "alert.severity", suHTTPHost: "http.hostname", suURL: "http.url", suAgent: "http.http_user_agent", suMethod: "http.http_method",
	suStatus: "http.status", suHTTPLength: "http.length", suReferrer: "http.http_refer", suSNI: "tls.sni", suSubject: "tls.subject", suIssuer: "tls.issuerdn", suTLSVersion: "tls.version", suJA3: "tls.ja3.hash", suJA4: "tls.ja4",
	suDNSType: "dns.type", suName: "dns.rrname|dns.queries.rrname|dns.query.rrname", suQType: "dns.rrtype|dns.queries.rrtype|dns.query.rrtype", suRcode: "dns.rcode", suAnswers: "dns.rdata|dns.answers.rdata|dns.answer.rdata", suSSHClient: "ssh.client.software_version", suSSHServer: "ssh.server.software_version",
	suSMBCommand: "smb.command", suSMBFile: "smb.filename", suSMBShare: "smb.share|smb.tree_id_name", suSMBStatus: "smb.status", suSMBUser: "smb.ntlmssp.user", suSMBDomain: "smb.ntlmssp.domain", suKrbType: "krb5.msg_type", suKrbName: "krb5.cname", suKrbRealm: "krb5.realm", suKrbService: "krb5.sname", suKrbError: "krb5.error_code",
	suPktsOut: "flow.pkts_toserver", suPktsIn: "flow.pkts_toclient", suBytesOut: "flow.bytes_toserver", suBytesIn: "flow.bytes_toclient", suStart: "flow.start|netflow.start", suAge: "flow.age|netflow.age", suState: "flow.state", suReason: "flow.reason", suFlowBytes: "netflow.bytes", suFlowPkts: "netflow.pkts",
	suFile: "fileinfo.filename", suFileSize: "fileinfo.size", suSHA256: "fileinfo.sha256", suMD5: "fileinfo.md5", suMagic: "fileinfo.magic|fileinfo.mimetype", suMailFrom: "smtp.mail_from", suRcpt: "smtp.rcpt_to", suHelo: "smtp.helo", suMailSubject: "email.subject", suHeaderFrom: "email.from",
	suRDPCookie: "rdp.cookie", suFTPCommand: "ftp.command", suFTPData: "ftp.command_data", suFTPCode: "ftp.completion_code", suFTPReply: "ftp.reply", suDHCPType: "dhcp.dhcp_type", suDHCPIP: "dhcp.assigned_ip", suDHCPMAC: "dhcp.client_mac", suDHCPHost: "dhcp.hostname", suDHCPLease: "dhcp.lease_time",
	suLDAPOp: "ldap.request.operation", suLDAPName: "ldap.request.bind_request.name", suLDAPBase: "ldap.request.search_request.base_object", suLDAPFilter: "ldap.request.search_request.filter", suLDAPResult: "ldap.responses.bind_response.result_code|ldap.responses.search_result_done.result_code", suAnomaly: "anomaly.event"}

type suricataParser struct{ jsonFields }

func (p *suricataParser) Flush(*event.Batch) {}

func (p *suricataParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil || !p.read(b) {
		if suricata.Sniff(rec.Data) > 0 {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	if !p.has(suType) || !p.has(suTime) || !p.has(suSrc) && !p.has(suFlow) && !p.f[suType].is("stats") && !p.f[suType].is("engine") {
		return ErrOtherFormat
	}
	when, ok := p.env.timeUTC(p.bytes(suTime))
	if !ok {
		return ErrNoTime
	}
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	ev.Class, ev.Activity = event.ClassNetwork, event.ActConnect
	ev.SrcIP, _ = p.env.addr(p.bytes(suSrc))
	ev.DstIP, _ = p.env.addr(p.bytes(suDst))
	ev.SrcPort, _ = parsePort(p.bytes(suSPort))
	ev.DstPort, _ = parsePort(p.bytes(suDPort))
	var r remainder
	kind := p.str(suType)
	r.text("log", kind)
	r.text("flow_id", p.own(suFlow))
	r.text("community_id", p.own(suCommunity))
	if !p.kind(kind, ev, &r) {
		out.Drop()
		return nil
	}
	r.text("proto", p.str(suProto))
	r.text("sensor", p.str(suHost))
	ev.Rest = r.rest(out)
	return nil
}

func (p *suricataParser) say(r *remainder, ev *event.Event, list ...restField) {
	r.fields(&p.jsonFields, ev, list)
}

// kind sets what a record of that type says; false if there is nothing to tell.
func (p *suricataParser) kind(kind string, ev *event.Event, r *remainder) bool {
	switch kind {
	case "alert", "drop":
		ev.Class, ev.Activity, ev.Service, ev.Object = event.ClassDetection, event.ActOther, "suricata", p.str(suSignature)
		if kind == "drop" && ev.Object == "" {
			ev.Class = event.ClassNetwork
		}
		if p.f[suAction].is("blocked") || kind == "drop" {
			ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
		}
		p.say(r, ev, restField{"signature_id", suSID}, restField{"category", suCategory}, restField{"severity", suSeverity}, restField{"action", suAction}, restField{"host_name", suHTTPHost}, restField{"url", suURL}, restField{"name", suName}, restField{"sni", suSNI})
	case "anomaly":
		ev.Class, ev.Activity, ev.Service, ev.Object = event.ClassDetection, event.ActOther, "suricata", p.str(suAnomaly)
	case "flow":
		p.flow(ev, r)
	case "netflow":
		ev.BytesOut, ev.Service = someNumber(p.bytes(suFlowBytes)), p.str(suAppProto)
		p.started(ev, r)
		p.say(r, ev, restField{"packets_out", suFlowPkts})
	case "dns":
		p.dns(ev, r)
	case "http":
		ev.Class, ev.Activity, ev.Service = event.ClassHTTP, webActivity(p.bytes(suMethod)), "http"
		ev.DstHost, ev.Object, ev.Client = p.str(suHTTPHost), p.str(suURL), p.str(suAgent)
		ev.Outcome, ev.Reason = webOutcome(p.bytes(suStatus), false)
		ev.BytesIn = someNumber(p.bytes(suHTTPLength))
		p.say(r, ev, restField{"method", suMethod}, restField{"status", suStatus}, restField{"referrer", suReferrer})
	case "tls":
		ev.Service, ev.Object, ev.Outcome = "tls", p.str(suSNI), event.OutcomeSuccess
		p.say(r, ev, restField{"version", suTLSVersion}, restField{"subject", suSubject}, restField{"issuer", suIssuer}, restField{"ja3", suJA3}, restField{"ja4", suJA4})
		again(ev, r)
	case "ssh":
		ev.Service, ev.Client = "ssh", p.str(suSSHClient)
		p.say(r, ev, restField{"server", suSSHServer})
		again(ev, r)
	case "smb":
		p.smb(ev, r)
	case "krb5":
		p.kerberos(ev, r)
	case "rdp":
		ev.Class, ev.Service, ev.Account = event.ClassRemoteSession, "rdp", p.str(suRDPCookie)
		r.flag("claimed", ev.Account != "")
	case "ftp":
		return p.ftp(ev, r)
	case "smtp":
		ev.Class, ev.Activity, ev.Service = event.ClassMail, event.ActSend, "smtp"
		ev.Account, ev.Object = trimAngles(p.str(suMailFrom)), p.str(suMailSubject)
		if v := p.f[suRcpt]; v.kind == '[' {
			s := jsonScan{b: v.raw}
			if s.enter('[') && s.element() {
				to := s.value()
				ev.Target = trimAngles(p.env.Intern.Bytes(to.text(&p.buf)))
			}
		}
		p.say(r, ev, restField{"helo", suHelo}, restField{"recipients", suRcpt}, restField{"header_from", suHeaderFrom})
	case "dhcp":
		return p.dhcp(ev, r)
	case "ldap":
		return p.ldap(ev, r)
	case "fileinfo":
		ev.Class, ev.Activity, ev.Service, ev.Object = event.ClassFile, event.ActRead, p.str(suAppProto), p.str(suFile)
		ev.BytesIn = someNumber(p.bytes(suFileSize))
		p.say(r, ev, restField{"sha256", suSHA256}, restField{"md5", suMD5}, restField{"type", suMagic}, restField{"host_name", suHTTPHost})
		again(ev, r)
	default:
		return false
	}
	return true
}

func trimAngles(s string) string {
	if len(s) > 1 && s[0] == '<' && s[len(s)-1] == '>' {
		return s[1 : len(s)-1]
	}
	return s
}

// started sets the time to when the flow began, which its record says beside the time of writing.
func (p *suricataParser) started(ev *event.Event, r *remainder) {
	if t, ok := p.env.timeUTC(p.bytes(suStart)); ok && t <= ev.Time {
		ev.Duration = event.Some(int64(ev.Time-t) / 1000)
		ev.Time = t
	}
	if age, ok := p.f[suAge].int(); ok && age >= 0 && age < 1<<40 {
		ev.Duration = event.Some(age * 1000)
	}
}

func (p *suricataParser) flow(ev *event.Event, r *remainder) {
	if ev.Service = p.str(suAppProto); ev.Service == "" || ev.Service == "failed" {
		ev.Service = p.str(suProto)
	}
	ev.BytesOut, ev.BytesIn = someNumber(p.bytes(suBytesOut)), someNumber(p.bytes(suBytesIn))
	in, _ := p.f[suPktsIn].int()
	switch {
	case in > 0 && (p.f[suState].is("established") || p.f[suState].is("closed")):
		ev.Outcome = event.OutcomeSuccess
	case in == 0:
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonTimeout
	}
	p.started(ev, r)
	ev.Unique = p.has(suFlow)
	p.say(r, ev, restField{"state", suState}, restField{"end", suReason}, restField{"packets_out", suPktsOut}, restField{"packets_in", suPktsIn})
}

// dns tells of a question, or of its answer, which has a record of its own.
func (p *suricataParser) dns(ev *event.Event, r *remainder) {
	if ev.SrcPort == 53 && ev.DstPort != 53 { // the answer's own direction
		ev.SrcIP, ev.DstIP, ev.SrcPort, ev.DstPort = ev.DstIP, ev.SrcIP, ev.DstPort, ev.SrcPort
	}
	ev.Class, ev.Activity, ev.Service, ev.Object = event.ClassDNS, event.ActQuery, "dns", p.str(suName)
	if p.f[suDNSType].is("answer") || p.f[suDNSType].is("response") {
		ev.Outcome, ev.Reason = dnsOutcome(p.bytes(suRcode))
		again(ev, r)
	}
	p.say(r, ev, restField{"qtype", suQType}, restField{"rcode", suRcode}, restField{"answers", suAnswers})
}

func (p *suricataParser) smb(ev *event.Event, r *remainder) {
	ev.Class, ev.Service = event.ClassFile, "smb"
	ok := p.f[suSMBStatus].is("STATUS_SUCCESS")
	switch {
	case ok:
		ev.Outcome = event.OutcomeSuccess
	case p.has(suSMBStatus) && !p.f[suSMBStatus].is("STATUS_MORE_PROCESSING_REQUIRED") && !p.f[suSMBStatus].is("STATUS_PENDING"):
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	switch string(p.bytes(suSMBCommand)) {
	case "SMB2_COMMAND_SESSION_SETUP", "SMB1_COMMAND_SESSION_SETUP_ANDX":
		ev.Class, ev.Activity, ev.Account = event.ClassAuthentication, event.ActLogon, p.str(suSMBUser)
		if d := p.str(suSMBDomain); d != "" && ev.Account != "" {
			ev.Account = p.env.Intern.Bytes(append(append(append(p.list[:0], d...), '\\'), ev.Account...))
		}
		switch {
		case ev.Account == "" || ev.Outcome == event.OutcomeUnknown:
			ev.Activity = event.ActOther
		case ev.Outcome == event.OutcomeFailure:
			ev.Reason = smbReason(p.bytes(suSMBStatus))
		}
	case "SMB2_COMMAND_READ":
		ev.Activity = event.ActRead
	case "SMB2_COMMAND_WRITE":
		ev.Activity = event.ActWrite
	case "SMB2_COMMAND_CREATE", "SMB1_COMMAND_NT_CREATE_ANDX":
		ev.Activity = event.ActRead
	case "SMB2_COMMAND_TREE_CONNECT":
		ev.Activity = event.ActConnect
	default:
		ev.Activity = event.ActOther
	}
	ev.Object = p.first(suSMBFile, suSMBShare)
	p.say(r, ev, restField{"command", suSMBCommand}, restField{"status", suSMBStatus}, restField{"share", suSMBShare})
}

func smbReason(status []byte) event.Reason {
	switch string(status) {
	case "STATUS_LOGON_FAILURE":
		return event.ReasonBadCredentials
	case "STATUS_WRONG_PASSWORD":
		return event.ReasonBadPassword
	case "STATUS_NO_SUCH_USER":
		return event.ReasonNoSuchAccount
	case "STATUS_ACCOUNT_LOCKED_OUT":
		return event.ReasonLocked
	case "STATUS_ACCOUNT_DISABLED":
		return event.ReasonDisabled
	case "STATUS_PASSWORD_EXPIRED", "STATUS_ACCOUNT_EXPIRED", "STATUS_PASSWORD_MUST_CHANGE":
		return event.ReasonExpired
	case "STATUS_ACCESS_DENIED", "STATUS_ACCOUNT_RESTRICTION", "STATUS_LOGON_TYPE_NOT_GRANTED":
		return event.ReasonDenied
	}
	return event.ReasonOther
}

func (p *suricataParser) kerberos(ev *event.Event, r *remainder) {
	ev.Class, ev.Service, ev.Object = event.ClassAuthentication, "kerberos", p.str(suKrbService)
	if name := p.str(suKrbName); name != "" && name != "<empty>" {
		ev.Account = name
		if realm := p.str(suKrbRealm); realm != "" && realm != "<empty>" {
			ev.Account = p.env.Intern.Bytes(append(append(append(p.list[:0], name...), '@'), realm...))
		}
	}
	switch string(p.bytes(suKrbType)) {
	case "KRB_AS_REP":
		ev.Activity, ev.Outcome = event.ActLogon, event.OutcomeSuccess
	case "KRB_TGS_REP":
		ev.Activity, ev.Outcome = event.ActTicket, event.OutcomeSuccess
	case "KRB_ERROR":
		ev.Activity, ev.Outcome, ev.Reason = event.ActLogon, event.OutcomeFailure, event.ReasonOther
		switch string(p.bytes(suKrbError)) {
		case "KDC_ERR_PREAUTH_REQUIRED", "KRB_ERR_RESPONSE_TOO_BIG", "KDC_ERR_WRONG_REALM":
			ev.Activity, ev.Outcome, ev.Reason = event.ActOther, event.OutcomeUnknown, event.ReasonNone
		case "KDC_ERR_PREAUTH_FAILED":
			ev.Reason = event.ReasonBadPassword
		case "KDC_ERR_C_PRINCIPAL_UNKNOWN":
			ev.Reason = event.ReasonNoSuchAccount
		case "KDC_ERR_CLIENT_REVOKED":
			ev.Reason = event.ReasonLocked
		case "KDC_ERR_KEY_EXPIRED", "KDC_ERR_NAME_EXP":
			ev.Reason = event.ReasonExpired
		case "KDC_ERR_S_PRINCIPAL_UNKNOWN":
			ev.Activity = event.ActTicket
		}
	default:
		ev.Activity = event.ActOther
	}
	p.say(r, ev, restField{"message", suKrbType}, restField{"error", suKrbError})
}

func (p *suricataParser) ftp(ev *event.Event, r *remainder) bool {
	ev.Class, ev.Service = event.ClassFile, "ftp"
	code := p.f[suFTPCode]
	if code.kind == '[' {
		s := jsonScan{b: code.raw}
		if s.enter('[') && s.element() {
			code = s.value()
		}
	}
	c := code.text(&p.buf)
	if len(c) == 3 {
		ev.Outcome = event.OutcomeSuccess
		if c[0] >= '4' {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
		}
	}
	switch string(p.f[suFTPCommand].raw) {
	case "PASS", "USER":
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
		if p.f[suFTPCommand].is("USER") {
			ev.Account = p.str(suFTPData)
		}
		switch {
		case string(c) == "530" || string(c) == "430":
			ev.Reason = event.ReasonBadCredentials
		case string(c) != "230" && string(c) != "232":
			ev.Activity = event.ActOther
		}
	case "RETR":
		ev.Activity, ev.Object = event.ActDownload, p.str(suFTPData)
	case "STOR", "APPE":
		ev.Activity, ev.Object = event.ActUpload, p.str(suFTPData)
	case "DELE":
		ev.Activity, ev.Object = event.ActDelete, p.str(suFTPData)
	default:
		return false
	}
	r.text("command", p.str(suFTPCommand))
	r.text("status", p.env.Intern.Bytes(code.text(&p.buf)))
	return true
}

func (p *suricataParser) dhcp(ev *event.Event, r *remainder) bool {
	switch string(p.bytes(suDHCPType)) {
	case "ack":
		ev.Activity, ev.Outcome = event.ActAssign, event.OutcomeSuccess
	case "nak":
		ev.Activity, ev.Outcome = event.ActRefuse, event.OutcomeFailure
	case "release":
		ev.Activity, ev.Outcome = event.ActRelease, event.OutcomeSuccess
	default:
		return false
	}
	ev.Class, ev.Service, ev.SrcHost = event.ClassLease, "dhcp", p.str(suDHCPHost)
	if ev.SrcPort == 67 { // from the server: it is the one that was asked
		ev.DstIP, ev.SrcPort, ev.DstPort = ev.SrcIP, ev.DstPort, ev.SrcPort
	}
	if a, ok := p.env.addr(p.bytes(suDHCPIP)); ok && !a.IsUnspecified() {
		ev.SrcIP = a
	}
	p.say(r, ev, restField{"mac", suDHCPMAC}, restField{"lease_s", suDHCPLease})
	return true
}

func (p *suricataParser) ldap(ev *event.Event, r *remainder) bool {
	ev.Service = "ldap"
	switch result := p.bytes(suLDAPResult); string(result) {
	case "":
	case "success":
		ev.Outcome = event.OutcomeSuccess
	case "sasl_bind_in_progress", "referral":
	case "invalid_credentials":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
	default:
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	switch string(p.bytes(suLDAPOp)) {
	case "bind_request":
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
		names := ldapNames{in: p.env.Intern}
		dn := p.str(suLDAPName)
		ev.Account = names.account(dn)
		if r.text("dn", dn); ev.Outcome == event.OutcomeUnknown {
			ev.Activity = event.ActOther
		}
	case "search_request":
		ev.Class, ev.Activity, ev.Object = event.ClassDirectory, event.ActSearch, p.str(suLDAPBase)
		p.say(r, ev, restField{"filter", suLDAPFilter})
	default:
		return false
	}
	p.say(r, ev, restField{"result", suLDAPResult})
	return true
}
