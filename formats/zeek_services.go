// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

func (p *zeekParser) smb(ev *event.Event, r *remainder, path string) {
	ev.Class, ev.Service, ev.Outcome = event.ClassFile, "smb", event.OutcomeSuccess
	ev.Object = p.str(zkPath)
	if path == "smb_mapping" {
		ev.Activity = event.ActConnect
		p.say(r, restField{"share_type", zkShareType})
		return
	}
	switch string(p.v[zkAction]) {
	case "SMB::FILE_OPEN", "SMB::PIPE_OPEN", "SMB::PRINT_OPEN":
		ev.Activity = event.ActRead
	case "SMB::FILE_READ", "SMB::PIPE_READ":
		ev.Activity = event.ActRead
	case "SMB::FILE_WRITE", "SMB::PIPE_WRITE", "SMB::PRINT_WRITE", "SMB::FILE_SET_ATTRIBUTE":
		ev.Activity = event.ActWrite
	case "SMB::FILE_RENAME":
		ev.Activity = event.ActRename
	case "SMB::FILE_DELETE":
		ev.Activity = event.ActDelete
	case "SMB::FILE_CLOSE", "SMB::PIPE_CLOSE", "SMB::PRINT_CLOSE":
		ev.Activity = event.ActClose
	default:
		ev.Activity = event.ActOther
	}
	if n := p.v[zkName]; n != nil {
		from := len(p.text)
		if p.text = append(p.text, p.v[zkPath]...); len(p.text) > from {
			p.text = append(p.text, '\\')
		}
		p.text = append(p.text, n...)
		ev.Object = p.env.Intern.Bytes(p.text[from:])
	}
	p.say(r, restField{"action", zkAction}, restField{"previous", zkPrevName})
	p.count(r, "size", zkSize)
}

// rdp tells of a session's beginning. The cookie is what the client says before anybody has asked who it is.
func (p *zeekParser) rdp(ev *event.Event, r *remainder) {
	ev.Class, ev.Activity, ev.Service = event.ClassRemoteSession, event.ActConnect, "rdp"
	ev.Account, ev.SrcHost, ev.Client = p.str(zkCookie), p.str(zkClientName), p.str(zkClientBuild)
	switch result := p.v[zkResult]; {
	case len(result) == 0, string(result) == "encrypted":
	case string(result) == "Success", string(result) == "Succeeded":
		ev.Outcome = event.OutcomeSuccess
	default:
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonProtocol
	}
	r.flag("claimed", ev.Account != "")
	p.say(r, restField{"result", zkResult}, restField{"security", zkSecurityProtocol}, restField{"keyboard", zkKeyboardLayout})
}

func (p *zeekParser) ftp(ev *event.Event, r *remainder) {
	ev.Class, ev.Service, ev.Account = event.ClassFile, "ftp", p.str(zkUser)
	code := p.v[zkReplyCode]
	switch {
	case len(code) == 3 && (code[0] == '2' || code[0] == '1'):
		ev.Outcome = event.OutcomeSuccess
	case len(code) == 3 && (code[0] == '4' || code[0] == '5'):
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	command := string(p.v[zkCommand])
	switch command {
	case "PASS", "USER":
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
		switch {
		case string(code) == "530", string(code) == "430":
			ev.Reason = event.ReasonBadCredentials
		case string(code) == "230", string(code) == "232":
		case ev.Outcome == event.OutcomeFailure:
			ev.Reason = event.ReasonDenied
		default:
			ev.Activity = event.ActOther
		}
	case "RETR":
		ev.Activity, ev.BytesIn = event.ActDownload, someNumber(p.v[zkFileSize])
	case "STOR", "APPE", "STOU":
		ev.Activity, ev.BytesOut = event.ActUpload, someNumber(p.v[zkFileSize])
	case "DELE", "RMD":
		ev.Activity = event.ActDelete
	case "MKD":
		ev.Activity = event.ActCreate
	case "RNFR", "RNTO":
		ev.Activity = event.ActRename
	case "LIST", "NLST", "MLSD":
		ev.Activity = event.ActList
	default:
		ev.Class, ev.Activity = event.ClassNetwork, event.ActConnect
		again(ev, r)
	}
	if ev.Class != event.ClassAuthentication {
		ev.Object = p.str(zkArg)
	}
	r.text("command", command)
	p.say(r, restField{"status", zkReplyCode}, restField{"text", zkReplyMsg})
}

func (p *zeekParser) smtp(ev *event.Event, r *remainder) {
	ev.Class, ev.Activity, ev.Service = event.ClassMail, event.ActSend, "smtp"
	ev.Account, ev.Object, ev.Client = p.str(zkMailfrom), p.str(zkSubject), p.str(zkUserAgent)
	to, _, _ := bytes.Cut(p.v[zkRcptto], []byte(","))
	ev.Target = p.env.Intern.Bytes(to)
	switch reply := p.v[zkLastReply]; {
	case len(reply) > 2 && reply[0] == '2':
		ev.Outcome = event.OutcomeSuccess
	case len(reply) > 2 && (reply[0] == '4' || reply[0] == '5'):
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	p.say(r, restField{"helo", zkHelo}, restField{"reply", zkLastReply}, restField{"recipients", zkRcptto}, restField{"header_from", zkFrom}, restField{"message_id", zkMsgId}, restField{"originating_ip", zkXOriginatingIp})
}

// radius tells of a login that an access server asks about: the address is the server's.
func (p *zeekParser) radius(ev *event.Event, r *remainder) {
	ev.Class, ev.Activity, ev.Service, ev.SrcIsRelay = event.ClassAuthentication, event.ActLogon, "radius", true
	ev.Account = p.str(zkUsername)
	if ev.Outcome = wordOutcome(p.v[zkResult], "success"); ev.Outcome == event.OutcomeFailure {
		ev.Reason = event.ReasonBadCredentials
	}
	ev.Duration = event.Int{}
	p.say(r, restField{"mac", zkMac}, restField{"framed_addr", zkFramedAddr}, restField{"tunnel_client", zkTunnelClient}, restField{"connect_info", zkConnectInfo}, restField{"text", zkReplyMsg})
}

func (p *zeekParser) dhcp(ev *event.Event, r *remainder) bool {
	types := p.v[zkMsgTypes]
	ev.Class, ev.Service = event.ClassLease, "dhcp"
	ev.SrcIP, _ = p.env.addr(p.v[zkClientAddr])
	if a, ok := p.env.addr(p.v[zkAssignedAddr]); ok {
		ev.SrcIP = a
	} else if a, ok := p.env.addr(p.v[zkRequestedAddr]); ok && !ev.SrcIP.IsValid() {
		ev.SrcIP = a
	}
	ev.DstIP, _ = p.env.addr(p.v[zkServerAddr])
	if ev.SrcHost = p.str(zkHostName); ev.SrcHost == "" {
		ev.SrcHost = p.str(zkClientFqdn)
	}
	switch {
	case has(types, "ACK"): // after a NAK it counts what came in the end
		ev.Activity, ev.Outcome = event.ActAssign, event.OutcomeSuccess
		if nak := lastIndex(types, "NAK"); nak > lastIndex(types, "ACK") {
			ev.Activity, ev.Outcome = event.ActRefuse, event.OutcomeFailure
		}
	case has(types, "NAK"):
		ev.Activity, ev.Outcome = event.ActRefuse, event.OutcomeFailure
	case has(types, "RELEASE"):
		ev.Activity, ev.Outcome = event.ActRelease, event.OutcomeSuccess
	default:
		return false // asked, and not answered
	}
	p.say(r, restField{"mac", zkMac}, restField{"client_fqdn", zkClientFqdn}, restField{"messages", zkMsgTypes})
	if s, ok := micros(p.v[zkLeaseTime]); ok {
		r.number("lease_s", s/1e6)
	}
	return true
}

func (p *zeekParser) mysql(ev *event.Event, r *remainder) {
	ev.Service, ev.Outcome = "mysql", truth(p.v[zkSuccess])
	switch string(p.v[zkCmd]) {
	case "login", "change_user":
		ev.Class, ev.Activity, ev.Account = event.ClassAuthentication, event.ActLogon, p.str(zkArg)
		if ev.Outcome == event.OutcomeFailure {
			ev.Reason = event.ReasonBadCredentials
		}
	default:
		ev.Class, ev.Activity, ev.Object = event.ClassOther, event.ActQuery, clip(p.str(zkArg), 512)
		if ev.Outcome == event.OutcomeFailure {
			ev.Reason = event.ReasonOther
		}
	}
	p.say(r, restField{"command", zkCmd}, restField{"text", zkResponse})
}

// detection tells of what Zeek's own scripts, intelligence or signatures found.
func (p *zeekParser) detection(ev *event.Event, r *remainder) {
	ev.Class, ev.Activity, ev.Service = event.ClassDetection, event.ActOther, "zeek"
	for _, slot := range [...]int{zkNote, zkSeenIndicator, zkSigId, zkEventMsg} {
		if ev.Object = p.str(slot); ev.Object != "" {
			break
		}
	}
	if a, ok := p.env.addr(p.v[zkSrc]); ok {
		ev.SrcIP = a
	}
	if a, ok := p.env.addr(p.v[zkDst]); ok {
		ev.DstIP = a
	}
	if port, ok := parsePort(p.v[zkP]); ok && ev.DstPort == 0 {
		ev.DstPort = port
	}
	p.say(r, restField{"message", zkMsg}, restField{"detail", zkSub}, restField{"indicator_type", zkSeenIndicatorType}, restField{"where", zkSeenWhere}, restField{"sources", zkSources}, restField{"text", zkEventMsg})
}

// files tells of a file that was seen passing by, with its hashes; certificates are no files to anybody.
func (p *zeekParser) files(ev *event.Event, r *remainder) bool {
	if source := p.v[zkSource]; string(source) == "SSL" || has(p.v[zkAnalyzers], "X509") || p.v[zkFilename] == nil && p.v[zkSha256] == nil && p.v[zkSha1] == nil && p.v[zkMd5] == nil {
		return false
	}
	ev.Class, ev.Activity, ev.Outcome = event.ClassFile, event.ActRead, event.OutcomeSuccess
	ev.Service, ev.Object = p.str(zkSource), p.str(zkFilename)
	from, _, _ := bytes.Cut(p.v[zkTxHosts], []byte(","))
	to, _, _ := bytes.Cut(p.v[zkRxHosts], []byte(","))
	if a, ok := p.env.addr(to); ok { // who received it is who read it
		ev.SrcIP = a
	}
	if a, ok := p.env.addr(from); ok {
		ev.DstIP = a
	}
	ev.BytesIn = someNumber(p.v[zkSeenBytes])
	p.say(r, restField{"fuid", zkFuid}, restField{"type", zkMimeType}, restField{"md5", zkMd5}, restField{"sha1", zkSha1}, restField{"sha256", zkSha256})
	again(ev, r)
	return true
}
