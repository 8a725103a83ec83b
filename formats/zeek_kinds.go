// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// known says whether a log of that name becomes events.
func (p *zeekParser) known(path string) bool {
	switch path {
	case "conn", "dns", "http", "ssl", "ssh", "ldap", "ldap_search", "kerberos", "ntlm", "smb_files", "smb_mapping", "rdp", "ftp", "smtp", "notice", "notice_alarm", "dhcp", "radius", "socks", "tunnel", "dce_rpc", "mysql", "intel", "files", "signatures", "conn_long":
		return true
	}
	return false
}

// guess returns the log that the record's fields are of, for records that do not say it.
func (p *zeekParser) guess() string {
	has := func(slots ...int) bool {
		for _, slot := range slots {
			if p.v[slot] == nil {
				return false
			}
		}
		return true
	}
	switch {
	case has(zkConnState):
		return "conn"
	case has(zkNote):
		return "notice"
	case has(zkScope) && (has(zkDerefAliases) || has(zkFilter)):
		return "ldap_search"
	case has(zkOpcode, zkMessageId):
		return "ldap"
	case has(zkTransId) && (has(zkQuery) || has(zkRcodeName) || has(zkQtypeName) || has(zkRejected)):
		return "dns"
	case has(zkMethod, zkUri), has(zkStatusCode, zkTransDepth), has(zkMethod, zkHost):
		return "http"
	case has(zkHelo), has(zkMailfrom), has(zkLastReply):
		return "smtp"
	case has(zkAuthSuccess), has(zkVersion, zkClient, zkServer), has(zkAuthAttempts):
		return "ssh"
	case has(zkRequestType), has(zkErrorMsg, zkService), has(zkClient, zkTill):
		return "kerberos"
	case has(zkServerNbComputerName), has(zkDomainname), has(zkHostname, zkUsername):
		return "ntlm"
	case has(zkCipher), has(zkEstablished):
		return "ssl"
	case has(zkAction) && bytes.HasPrefix(p.v[zkAction], []byte("SMB::")):
		return "smb_files"
	case has(zkShareType):
		return "smb_mapping"
	case has(zkMsgTypes):
		return "dhcp"
	case has(zkSecurityProtocol), has(zkCookie):
		return "rdp"
	case has(zkReplyCode), has(zkCommand, zkUser):
		return "ftp"
	case has(zkSeenIndicator):
		return "intel"
	case has(zkBoundHost), has(zkRequestHost), has(zkRequestName):
		return "socks"
	case has(zkTunnelType):
		return "tunnel"
	case has(zkEndpoint, zkOperation):
		return "dce_rpc"
	case has(zkCmd, zkArg):
		return "mysql"
	case has(zkResult) && (has(zkUsername) || has(zkMac)):
		return "radius"
	case has(zkFuid, zkAnalyzers), has(zkFuid, zkSeenBytes):
		return "files"
	case has(zkSigId):
		return "signatures"
	}
	return ""
}

func (p *zeekParser) str(slot int) string { return p.env.Intern.Bytes(p.v[slot]) }

// say adds fields to the remainder as they stand.
func (p *zeekParser) say(r *remainder, list ...restField) {
	for _, f := range list {
		if len(p.v[f.slot]) > 0 {
			r.text(f.name, clip(p.str(f.slot), 512))
		}
	}
}

// count adds a field that is a number.
func (p *zeekParser) count(r *remainder, name string, slot int) {
	if n, ok := parseNumber(p.v[slot]); ok {
		r.number(name, n)
	}
}

// again marks a record that tells more of what another record stands for: conn has every connection.
func again(ev *event.Event, r *remainder) {
	ev.Count = event.Some(0)
	r.flag("repeat", true)
}

// kind sets what a record of the log says; false if there is nothing to tell.
func (p *zeekParser) kind(path string, ev *event.Event, r *remainder) bool {
	switch path {
	case "conn", "conn_long":
		p.conn(ev, r)
	case "dns":
		p.dns(ev, r)
	case "http":
		p.http(ev, r)
	case "ssl":
		ev.Service, ev.Object, ev.Outcome = "tls", p.str(zkServerName), truth(p.v[zkEstablished])
		p.say(r, restField{"version", zkVersion}, restField{"cipher", zkCipher}, restField{"subject", zkSubject}, restField{"issuer", zkIssuer}, restField{"validation", zkValidationStatus}, restField{"ja3", zkJa3}, restField{"ja3s", zkJa3s}, restField{"alert", zkLastAlert})
		again(ev, r)
	case "ssh":
		p.ssh(ev, r)
	case "ldap":
		return p.ldap(ev, r)
	case "ldap_search":
		p.ldapSearch(ev, r)
	case "kerberos":
		return p.kerberos(ev, r)
	case "ntlm":
		return p.ntlm(ev, r)
	case "smb_files", "smb_mapping":
		p.smb(ev, r, path)
	case "rdp":
		p.rdp(ev, r)
	case "ftp":
		p.ftp(ev, r)
	case "smtp":
		p.smtp(ev, r)
	case "radius":
		p.radius(ev, r)
	case "dhcp":
		return p.dhcp(ev, r)
	case "mysql":
		p.mysql(ev, r)
	case "notice", "notice_alarm", "signatures", "intel":
		p.detection(ev, r)
	case "files":
		return p.files(ev, r)
	case "socks":
		ev.Service, ev.Account, ev.Outcome = "socks", p.str(zkUser), wordOutcome(p.v[zkStatus], "succeeded")
		if ev.Object = p.str(zkRequestName); ev.Object == "" {
			ev.Object = p.str(zkRequestHost)
		}
		p.count(r, "request_port", zkRequestP)
		again(ev, r)
	case "tunnel":
		ev.Service, ev.Object = "tunnel", p.str(zkTunnelType)
		p.say(r, restField{"action", zkAction})
		again(ev, r)
	case "dce_rpc":
		ev.Service = "dce-rpc"
		from := len(p.text)
		p.text = append(append(append(p.text, p.v[zkEndpoint]...), "::"...), p.v[zkOperation]...)
		ev.Object = p.env.Intern.Bytes(p.text[from:])
		p.say(r, restField{"pipe", zkNamedPipe})
		ev.Duration = milliseconds(p.v[zkRtt])
		again(ev, r)
	}
	return true
}

func truth(b []byte) event.Outcome {
	switch string(b) {
	case "T", "true":
		return event.OutcomeSuccess
	case "F", "false":
		return event.OutcomeFailure
	}
	return event.OutcomeUnknown
}

func wordOutcome(b []byte, good string) event.Outcome {
	switch {
	case len(b) == 0:
		return event.OutcomeUnknown
	case string(b) == good:
		return event.OutcomeSuccess
	}
	return event.OutcomeFailure
}

// conn tells of a connection. What its state says of it: no answer is a failure in time, a reset at once a refusal.
func (p *zeekParser) conn(ev *event.Event, r *remainder) {
	if ev.Service = p.str(zkService); ev.Service == "" {
		ev.Service = p.str(zkProto)
	}
	ev.Duration = milliseconds(p.v[zkDuration])
	ev.BytesOut, ev.BytesIn = someNumber(p.v[zkOrigBytes]), someNumber(p.v[zkRespBytes])
	switch string(p.v[zkConnState]) {
	case "SF", "S1", "S2", "S3", "RSTO", "RSTR":
		ev.Outcome = event.OutcomeSuccess
	case "S0", "SH", "RSTOS0":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonTimeout
	case "REJ", "RSTRH":
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	ev.Unique = p.v[zkUid] != nil
	p.say(r, restField{"proto", zkProto}, restField{"state", zkConnState}, restField{"history", zkHistory}, restField{"community_id", zkCommunityId}, restField{"tunnel", zkTunnelParents}, restField{"local_orig", zkLocalOrig}, restField{"local_resp", zkLocalResp})
	p.count(r, "packets_out", zkOrigPkts)
	p.count(r, "packets_in", zkRespPkts)
	p.count(r, "vlan", zkVlan)
	if n, ok := parseNumber(p.v[zkMissedBytes]); ok && n > 0 {
		r.number("missed_bytes", n)
	}
}

func (p *zeekParser) dns(ev *event.Event, r *remainder) {
	ev.Class, ev.Activity, ev.Service, ev.Object = event.ClassDNS, event.ActQuery, "dns", p.str(zkQuery)
	ev.Duration = milliseconds(p.v[zkRtt])
	ev.Outcome, ev.Reason = dnsOutcome(p.v[zkRcodeName])
	if ev.Reason == event.ReasonDenied {
		ev.Activity = event.ActRefuse
	}
	p.say(r, restField{"qtype", zkQtypeName}, restField{"rcode", zkRcodeName}, restField{"answers", zkAnswers}, restField{"proto", zkProto})
}

// dnsOutcome reads the name of a DNS response code.
func dnsOutcome(rcode []byte) (event.Outcome, event.Reason) {
	switch string(rcode) {
	case "":
		return event.OutcomeUnknown, event.ReasonNone
	case "NOERROR", "NoError", "0":
		return event.OutcomeSuccess, event.ReasonNone
	case "REFUSED", "Refused", "5", "NOTAUTH", "9":
		return event.OutcomeFailure, event.ReasonDenied
	case "SERVFAIL", "ServFail", "2":
		return event.OutcomeFailure, event.ReasonUnavailable
	case "FORMERR", "FormErr", "1", "NOTIMP", "NotImp", "4":
		return event.OutcomeFailure, event.ReasonProtocol
	}
	return event.OutcomeFailure, event.ReasonOther
}

func (p *zeekParser) http(ev *event.Event, r *remainder) {
	ev.Class, ev.Activity, ev.Service = event.ClassHTTP, webActivity(p.v[zkMethod]), "http"
	ev.Account, ev.Client, ev.Object, ev.DstHost = p.str(zkUsername), p.str(zkUserAgent), p.str(zkUri), p.str(zkHost)
	ev.Outcome, ev.Reason = webOutcome(p.v[zkStatusCode], ev.Account != "")
	ev.BytesOut, ev.BytesIn = someNumber(p.v[zkRequestBodyLen]), someNumber(p.v[zkResponseBodyLen])
	p.say(r, restField{"method", zkMethod}, restField{"status", zkStatusCode}, restField{"referrer", zkReferrer}, restField{"proxied", zkProxied}, restField{"sent_names", zkOrigFilenames}, restField{"got_names", zkRespFilenames}, restField{"got_types", zkRespMimeTypes})
}

// ssh tells of a login, of which Zeek infers the end. It names nobody.
func (p *zeekParser) ssh(ev *event.Event, r *remainder) {
	ev.Class, ev.Activity, ev.Service, ev.Client = event.ClassAuthentication, event.ActLogon, "ssh", p.str(zkClient)
	ev.Outcome = truth(p.v[zkAuthSuccess])
	tries, _ := parseNumber(p.v[zkAuthAttempts])
	switch {
	case ev.Outcome == event.OutcomeFailure:
		ev.Reason = event.ReasonBadCredentials
		if tries > 1 {
			ev.Count = event.Some(tries)
		}
	case ev.Outcome == event.OutcomeUnknown: // no login was seen to begin
		ev.Class, ev.Activity = event.ClassNetwork, event.ActConnect
		again(ev, r)
	}
	r.flag("inferred", true)
	p.count(r, "attempts", zkAuthAttempts)
	p.say(r, restField{"server", zkServer}, restField{"direction", zkDirection}, restField{"hassh", zkHassh})
}

// ldap tells of a bind or of a change; searches have a log of their own.
func (p *zeekParser) ldap(ev *event.Event, r *remainder) bool {
	ev.Service, ev.Object = "ldap", p.str(zkObject)
	ev.Outcome, ev.Reason = zeekLDAPEnd(p.v[zkResult], p.v[zkDiagnosticMessage])
	ev.Class = event.ClassEntityChange
	op := p.v[zkOpcode]
	switch {
	case bytes.HasPrefix(op, []byte("bind")):
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
		if p.v[zkObject] != nil {
			r.text("dn", p.str(zkObject))
		} else if string(op) == "bind simple" { // nobody in particular
			r.flag("anonymous", true)
		}
		ev.Account, ev.Object = p.names.account(ev.Object), ""
		if string(op) == "bind SASL" && ev.Outcome == event.OutcomeUnknown {
			ev.Activity = event.ActOther // a step of the exchange
		}
	case bytes.HasPrefix(op, []byte("unbind")):
		return false
	case string(op) == "add":
		ev.Activity = event.ActCreate
	case string(op) == "delete":
		ev.Activity = event.ActDelete
	case string(op) == "modify DN", string(op) == "moddn":
		ev.Activity = event.ActRename
	case string(op) == "modify":
		ev.Activity = event.ActChange
	case string(op) == "compare":
		ev.Class, ev.Activity = event.ClassDirectory, event.ActRead
	default:
		ev.Class, ev.Activity = event.ClassDirectory, event.ActOther
	}
	p.say(r, restField{"operation", zkOpcode}, restField{"result", zkResult}, restField{"text", zkDiagnosticMessage})
	if ev.Class != event.ClassAuthentication { // the argument of a simple bind is its password
		p.say(r, restField{"argument", zkArgument})
	} else if string(op) == "bind SASL" {
		p.say(r, restField{"mechanism", zkArgument})
	}
	p.count(r, "op", zkMessageId)
	return true
}

func zeekLDAPEnd(result, text []byte) (event.Outcome, event.Reason) {
	switch string(result) {
	case "", "SASL bind in progress", "referral":
		return event.OutcomeUnknown, event.ReasonNone
	case "success", "compare true", "compare false":
		return event.OutcomeSuccess, event.ReasonNone
	case "invalid credentials":
		if t := string(text); len(t) > 0 && bytes.Contains(text, []byte("LdapErr: DSID-")) {
			return event.OutcomeFailure, activeDirectoryReason(t)
		}
		return event.OutcomeFailure, event.ReasonBadCredentials
	case "no such object":
		return event.OutcomeFailure, event.ReasonNoSuchAccount
	case "insufficient access rights", "inappropriate authentication", "strong auth required", "unwilling to perform", "confidentiality required", "auth method not supported", "admin limit exceeded":
		return event.OutcomeFailure, event.ReasonDenied
	case "protocol error", "invalid DN syntax":
		return event.OutcomeFailure, event.ReasonProtocol
	case "time limit exceeded":
		return event.OutcomeFailure, event.ReasonTimeout
	case "busy", "unavailable":
		return event.OutcomeFailure, event.ReasonUnavailable
	}
	return event.OutcomeFailure, event.ReasonOther
}

func (p *zeekParser) ldapSearch(ev *event.Event, r *remainder) {
	ev.Class, ev.Activity, ev.Service = event.ClassDirectory, event.ActSearch, "ldap"
	ev.Outcome, ev.Reason = zeekLDAPEnd(p.v[zkResult], nil)
	if ev.Reason == event.ReasonNoSuchAccount {
		ev.Reason = event.ReasonOther
	}
	scope := "?"
	switch string(p.v[zkScope]) {
	case "base":
		scope = "base"
	case "single":
		scope = "one"
	case "tree":
		scope = "sub"
	}
	base := p.v[zkBaseObject]
	if base == nil {
		base = []byte("<root>")
	}
	from := len(p.text)
	p.text = append(append(append(append(append(p.text, base...), ' '), scope...), ' '), p.v[zkFilter]...)
	ev.Object = p.env.Intern.Bytes(p.text[from:])
	ev.Count = someNumber(p.v[zkResultCount])
	p.say(r, restField{"result", zkResult}, restField{"attrs", zkAttributes})
	p.count(r, "op", zkMessageId)
}

// kerberos tells of a ticket asked for: the first, for which a password is needed, stands for a login.
func (p *zeekParser) kerberos(ev *event.Event, r *remainder) bool {
	ev.Class, ev.Service = event.ClassAuthentication, "kerberos"
	client := p.v[zkClient]
	switch i := bytes.LastIndexByte(client, '/'); {
	case i == 0:
		client = nil // AP requests name the realm alone
	case i > 0:
		from := len(p.text)
		p.text = append(append(append(p.text, client[:i]...), '@'), client[i+1:]...)
		client = p.text[from:]
	}
	ev.Account, ev.Object = p.env.Intern.Bytes(client), p.str(zkService)
	ev.Outcome = truth(p.v[zkSuccess])
	switch string(p.v[zkRequestType]) {
	case "AS":
		ev.Activity = event.ActLogon
	case "TGS":
		ev.Activity = event.ActTicket
	case "AP":
		ev.Activity = event.ActTicket
		again(ev, r)
	default: // an answer whose question was not seen
		ev.Activity = event.ActOther
	}
	switch code := p.v[zkErrorMsg]; string(code) {
	case "":
	case "KDC_ERR_PREAUTH_REQUIRED", "KRB_ERR_RESPONSE_TOO_BIG", "KDC_ERR_WRONG_REALM": // what every exchange begins with
		ev.Outcome, ev.Activity = event.OutcomeUnknown, event.ActOther
	case "KDC_ERR_PREAUTH_FAILED", "KRB_AP_ERR_BAD_INTEGRITY":
		ev.Reason = event.ReasonBadPassword
		if ev.Activity == event.ActOther {
			ev.Activity = event.ActLogon
		}
	case "KDC_ERR_C_PRINCIPAL_UNKNOWN":
		ev.Reason = event.ReasonNoSuchAccount
	case "KDC_ERR_CLIENT_REVOKED":
		ev.Reason = event.ReasonLocked
	case "KDC_ERR_KEY_EXPIRED", "KDC_ERR_NAME_EXP", "KRB_AP_ERR_TKT_EXPIRED":
		ev.Reason = event.ReasonExpired
	case "KDC_ERR_POLICY", "KDC_ERR_CLIENT_NOTYET":
		ev.Reason = event.ReasonDenied
	case "KRB_AP_ERR_SKEW", "KDC_ERR_ETYPE_NOSUPP":
		ev.Reason = event.ReasonProtocol
	default:
		ev.Reason = event.ReasonOther
	}
	if ev.Outcome == event.OutcomeFailure && ev.Reason == event.ReasonNone {
		ev.Reason = event.ReasonOther
	}
	p.say(r, restField{"request", zkRequestType}, restField{"error", zkErrorMsg}, restField{"cipher", zkCipher})
	return p.v[zkRequestType] != nil || p.v[zkClient] != nil || p.v[zkErrorMsg] != nil
}

func (p *zeekParser) ntlm(ev *event.Event, r *remainder) bool {
	if p.v[zkUsername] == nil {
		return false // the exchange was not seen to its end
	}
	ev.Class, ev.Activity, ev.Service = event.ClassAuthentication, event.ActLogon, "ntlm"
	ev.Account, ev.SrcHost = p.str(zkUsername), p.str(zkHostname)
	if d := p.str(zkDomainname); d != "" {
		ev.Account = d + `\` + ev.Account
	}
	if ev.Outcome = truth(p.v[zkSuccess]); ev.Outcome == event.OutcomeFailure {
		ev.Reason = event.ReasonBadCredentials
	}
	p.say(r, restField{"server", zkServerNbComputerName}, restField{"server_dns", zkServerDnsComputerName})
	return true
}
