// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var juniperSRX = Format{
	Name:   "juniper-srx",
	Also:   []string{"junos", "srx"},
	Source: "firewall",
	About: About{
		What: "Juniper SRX and other devices with Junos 10 to 24: session logs (RT_FLOW, APPTRACK), screens, IDP and UTM, and the system's own messages about logins, commands and VPN, as structured data (sd-syslog, RFC 5424) and as text.",
		Export: "set security log mode stream, format sd-syslog, for session-init and session-close in each policy that matters and in the default deny; " +
			"set system syslog host … any info, structured-data for the system's messages: interactive-commands any and authorization info hold logins and commands. With mode event the sessions go through the system's log and are limited in rate.",
		Takes: "Sessions with bytes, duration, NAT and user; refusals; attacks and screens; logins to the device over SSH, console, J-Web and NETCONF with the address, wrong passwords, logouts; commands and commits; " +
			"remote access VPN (Dynamic VPN, Secure Connect, Pulse) logins with the address assigned; firewall authentication; 802.1X; failed IKE.",
		Leaves: "Routing, chassis and interface messages: read over. J-Web's logins have no address in old versions. The beginning of a session stands beside its end, which repeats it.",
	},
	Sniff: func(rec []byte) float64 {
		if l, ok := junosStart(rec); ok && junosMine(&l) {
			return 0.94
		}
		return 0
	},
	New:    func(env *Env) Parser { return &junosParser{env: env, p: newPairs(jsFields, '=', ' ', junosSlot)} },
	Shapes: ShapeSyslog,
	Marks: []string{"[junos@", "RT_", "APPTRACK_", "IDP_ATTACK", "UI_", "SSHD_LOGIN", "LOGIN_INFO", "LOGIN_FAILED", "KMD_", "FWAUTH_", "DYNAMIC_VPN",
		"AAMW_", "SECINTEL_", "WEBFILTER_", "AV_", "JADE_", "DOT1XD_", "PFE_", "RPD_", "CHASSISD_", "SNMPD_", "WEBMGMT_"},
}

// junosLine is one message: its kind, the fields of its structured data, and its text.
type junosLine struct{ kind, data, text []byte }

// junosStart finds the kind of a message: RFC 5424's, which "[junos@2636…" follows, or the word in capitals that begins the text.
func junosStart(b []byte) (l junosLine, ok bool) {
	if i := index(b[:min(len(b), 240)], " [junos@"); i > 0 {
		k := bytes.LastIndexByte(b[:i], ' ')
		l.kind, l.data = b[k+1:i], b[i+2:]
		if e := bytes.IndexByte(l.data, ' '); e > 0 {
			l.data = l.data[e+1:]
		}
		return l, isJunosKind(l.kind)
	}
	s, ok := sniffSyslog(b)
	if !ok {
		return l, false
	}
	l.text = s.Message
	if isJunosKind(s.Program) { // "srx1 RT_FLOW: RT_FLOW_SESSION_CREATE: …" has the process as its program, others the kind
		l.kind = s.Program
	}
	for range 2 { // "mgd[123]: UI_LOGIN_EVENT: User …", "RT_FLOW: RT_FLOW_SESSION_CLOSE: …"
		c := bytes.IndexByte(l.text, ':')
		if c < 5 || c > 48 || !isJunosKind(l.text[:c]) {
			break
		}
		l.kind, l.text = l.text[:c], bytes.TrimLeft(l.text[c+1:], " ")
	}
	return l, l.kind != nil
}

// isJunosKind says whether b is a message's kind: capitals and digits with underlines between.
func isJunosKind(b []byte) bool {
	underline := false
	for _, c := range b {
		switch {
		case c == '_':
			underline = true
		case !isUpper(c) && !isDigit(c):
			return false
		}
	}
	return underline && len(b) > 4 && len(b) < 64
}

// junosMine says whether a kind is one that Junos alone has; any program may write words in capitals.
func junosMine(l *junosLine) bool {
	if l.data != nil {
		return true
	}
	for _, w := range [...]string{"RT_", "APPTRACK_", "IDP_ATTACK", "UI_", "SSHD_LOGIN", "LOGIN_INFO", "LOGIN_FAILED", "KMD_", "FWAUTH_", "DYNAMIC_VPN", "AAMW_", "SECINTEL_", "WEBFILTER_", "AV_", "JADE_", "DOT1XD_", "PFE_", "RPD_", "CHASSISD_", "SNMPD_", "WEBMGMT_"} {
		if isPrefix(l.kind, w) {
			return true
		}
	}
	return false
}

const (
	jsSrc = iota
	jsSrcPort
	jsDst
	jsDstPort
	jsUser
	jsService
	jsNatSrc
	jsNatSrcPort
	jsNatDst
	jsNatDstPort
	jsBytesOut
	jsBytesIn
	jsElapsed
	jsReason
	jsCommand
	jsURL
	jsAttack
	jsRemote
	jsAssigned
	jsMessage
	jsHost
	jsPolicy // from here on into the remainder
	jsSession
	jsProtocol
	jsApp
	jsNested
	jsSrcZone
	jsDstZone
	jsInterface
	jsRoles
	jsNatRule
	jsAction
	jsSeverity
	jsClass
	jsMAC
	jsGroup
	jsCategory
	jsFields
)

func junosSlot(name []byte) int {
	switch string(name) {
	case "source-address":
		return jsSrc
	case "source-port":
		return jsSrcPort
	case "destination-address":
		return jsDst
	case "destination-port":
		return jsDstPort
	case "username", "user", "user-name":
		return jsUser
	case "service-name":
		return jsService
	case "nat-source-address":
		return jsNatSrc
	case "nat-source-port":
		return jsNatSrcPort
	case "nat-destination-address":
		return jsNatDst
	case "nat-destination-port":
		return jsNatDstPort
	case "bytes-from-client":
		return jsBytesOut
	case "bytes-from-server":
		return jsBytesIn
	case "elapsed-time":
		return jsElapsed
	case "reason", "error-message":
		return jsReason
	case "command":
		return jsCommand
	case "url", "obj":
		return jsURL
	case "attack-name", "threat-name", "name", "argument":
		return jsAttack
	case "remote-address", "client-address", "peer-ip", "gateway-address", "ssh-connection":
		return jsRemote
	case "assigned-ip", "assigned-ip-address", "internal-ip":
		return jsAssigned
	case "message":
		return jsMessage
	case "hostname", "client-hostname":
		return jsHost
	case "policy-name":
		return jsPolicy
	case "session-id-32", "session-id":
		return jsSession
	case "protocol-id":
		return jsProtocol
	case "application":
		return jsApp
	case "nested-application":
		return jsNested
	case "source-zone-name", "source-zone":
		return jsSrcZone
	case "destination-zone-name", "destination-zone":
		return jsDstZone
	case "packet-incoming-interface", "interface-name":
		return jsInterface
	case "roles":
		return jsRoles
	case "src-nat-rule-name":
		return jsNatRule
	case "action":
		return jsAction
	case "threat-severity":
		return jsSeverity
	case "class-name":
		return jsClass
	case "mac-address":
		return jsMAC
	case "group-name":
		return jsGroup
	case "category":
		return jsCategory
	}
	return -1
}

var junosRest = [...]pairRest{{"policy", jsPolicy}, {"sessionid", jsSession}, {"proto", jsProtocol}, {"app", jsApp}, {"nested_app", jsNested}, {"srczone", jsSrcZone}, {"dstzone", jsDstZone}, {"srcintf", jsInterface}, {"roles", jsRoles},
	{"nat_rule", jsNatRule}, {"nat_src_ip", jsNatSrc}, {"nat_src_port", jsNatSrcPort}, {"nat_dst_ip", jsNatDst}, {"nat_dst_port", jsNatDstPort}, {"reason", jsReason}, {"action", jsAction}, {"severity", jsSeverity}, {"class", jsClass},
	{"mac", jsMAC}, {"group", jsGroup}, {"catdesc", jsCategory}}

type junosParser struct {
	env  *Env
	p    pairs
	rec  *event.Record
	out  *event.Batch
	when event.Micros
	host string
	line junosLine
}

func (p *junosParser) Flush(*event.Batch) {}

func (p *junosParser) Parse(rec *event.Record, out *event.Batch) error {
	l, ok := junosStart(rec.Data)
	if !ok || !junosMine(&l) {
		return ErrOtherFormat
	}
	s, ok := p.env.Syslog(rec)
	if !ok {
		return ErrNoTime
	}
	p.rec, p.out, p.line, p.when, p.host = rec, out, l, s.Time, p.env.hostOf(s)
	if l.data != nil {
		p.p.scan(junosData(l.data))
	} else {
		p.p.scan(nil)
		p.words()
	}
	p.message()
	return nil
}

// junosData returns the structured data without what stands behind its closing bracket.
func junosData(b []byte) []byte {
	quoted := false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == ']' && !quoted:
			return b[:i]
		}
	}
	return b
}

// message reads one message by its kind.
func (p *junosParser) message() {
	k := bytes.TrimSuffix(p.line.kind, []byte("_LS")) // of a logical system
	switch {
	case isPrefix(k, "RT_FLOW_SESSION_"), isPrefix(k, "APPTRACK_SESSION_"):
		p.flow(k)
	case isPrefix(k, "UI_"), isPrefix(k, "LOGIN_"), isPrefix(k, "SSHD_"), isPrefix(k, "WEBMGMT_"), isPrefix(k, "JADE_"):
		p.system(k)
	case isPrefix(k, "FWAUTH_"), isPrefix(k, "DYNAMIC_VPN"), isPrefix(k, "DOT1XD_"), isPrefix(k, "RT_REMOTE_ACCESS"), isPrefix(k, "RT_IPSEC_"), isPrefix(k, "KMD_"), isPrefix(k, "IKE_"), isPrefix(k, "SNMPD_AUTH"):
		p.access(k)
	case isPrefix(k, "IDP_ATTACK"), isPrefix(k, "RT_SCREEN_"), isPrefix(k, "AV_"), isPrefix(k, "WEBFILTER_"), isPrefix(k, "AAMW_"), isPrefix(k, "SECINTEL_"), isPrefix(k, "CONTENT_FILTERING"), isPrefix(k, "ANTISPAM"):
		p.threat(k)
	}
}

func (p *junosParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason, ev.Ref = p.when, c, a, o, r, p.env.Ref(p.rec)
	ev.Account = p.p.text(p.env, jsUser)
	ev.SrcIP, ev.SrcPort = p.p.addrOf(p.env, jsSrc), p.p.port(jsSrcPort)
	if !ev.SrcIP.IsValid() {
		word, _ := nextWord(p.p.v[jsRemote]) // "192.0.2.7 51000 192.0.2.1 22" of SSH
		ev.SrcIP, _ = p.env.addr(word)
	}
	ev.DstIP, ev.DstPort = p.p.addrOf(p.env, jsDst), p.p.port(jsDstPort)
	return ev
}

func (p *junosParser) finish(ev *event.Event, repeat bool) {
	var r remainder
	r.text("kind", p.env.Intern.Bytes(p.line.kind))
	r.pairs(&p.p, p.env, ev, junosRest[:])
	if repeat {
		ev.Count = event.Some(0)
		r.flag("repeat", true)
	}
	ev.Rest = r.rest(p.out)
}

// flow reads a session. What is told while it lasts, its end tells again; the application tracker tells what the flow does.
func (p *junosParser) flow(k []byte) {
	ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
	ev.Service = p.p.text(p.env, jsService)
	repeat := isPrefix(k, "APPTRACK_")
	switch {
	case hasSuffix(k, "_DENY"):
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	case hasSuffix(k, "_CREATE"):
		ev.Activity, repeat = event.ActStart, true
	case hasSuffix(k, "_UPDATE"):
		repeat = true
	}
	if !repeat {
		ev.BytesOut, ev.BytesIn = someNumber(p.p.v[jsBytesOut]), someNumber(p.p.v[jsBytesIn])
		if sec, ok := parseNumber(p.p.v[jsElapsed]); ok && sec < 1<<40 {
			ev.Duration = event.Some(sec * 1000)
		}
		if n, ok := ev.BytesIn.Get(); ok && n == 0 && has(p.p.v[jsReason], "TCP RST") {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonUnavailable
		}
	}
	p.finish(ev, repeat)
}

func hasSuffix(b []byte, text string) bool {
	return len(b) >= len(text) && string(b[len(b)-len(text):]) == text
}
