// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Readers of what Junos says of those who log in to it, of remote access, of attacks, and of the texts without structured data.

// system reads logins to the device and what was done there.
func (p *junosParser) system(k []byte) {
	login := func(o event.Outcome, r event.Reason) *event.Event {
		ev := p.add(event.ClassAuthentication, event.ActLogon, o, r)
		ev.DstHost, ev.Service = p.host, "junos"
		return ev
	}
	switch string(k) {
	case "UI_LOGIN_EVENT", "LOGIN_INFORMATION", "UI_JUNOSCRIPT_LOGIN", "WEBMGMT_LOGIN", "JADE_AUTH_SUCCESS":
		ev := login(event.OutcomeSuccess, event.ReasonNone)
		again := string(k) == "LOGIN_INFORMATION" // the shell's word of what the interface logs too
		p.finish(ev, again)
	case "UI_LOGOUT_EVENT":
		ev := login(event.OutcomeSuccess, event.ReasonNone)
		ev.Activity = event.ActLogoff
		p.finish(ev, false)
	case "SSHD_LOGIN_FAILED", "LOGIN_FAILED", "UI_AUTH_EVENT_FAILED", "JADE_AUTH_FAILURE", "LOGIN_PAM_AUTHENTICATION_ERROR", "WEBMGMT_LOGIN_FAILED":
		ev := login(event.OutcomeFailure, event.ReasonBadCredentials)
		if string(k) == "SSHD_LOGIN_FAILED" {
			ev.Service = "ssh"
		}
		p.finish(ev, string(k) == "LOGIN_PAM_AUTHENTICATION_ERROR")
	case "SSHD_LOGIN_ATTEMPTS_THRESHOLD", "LOGIN_FAILED_SET_LOGIN", "LOGIN_ATTEMPTS_THRESHOLD":
		ev := login(event.OutcomeSuccess, event.ReasonLocked)
		ev.Activity = event.ActLock
		p.finish(ev, false)
	case "UI_CMDLINE_READ_LINE", "UI_NETCONF_CMD":
		ev := p.add(event.ClassProcess, event.ActStart, event.OutcomeSuccess, event.ReasonNone)
		ev.DstHost, ev.Object = p.host, p.p.text(p.env, jsCommand)
		p.finish(ev, false)
	case "UI_COMMIT", "UI_COMMIT_CONFIRMED", "UI_CFG_AUDIT_SET", "UI_CFG_AUDIT_SET_SECRET", "UI_CFG_AUDIT_OTHER", "UI_LOAD_EVENT":
		ev := p.add(event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone)
		ev.DstHost, ev.Object = p.host, p.env.Intern.Bytes(p.line.text)
		if ev.Object == "" {
			ev.Object = p.p.text(p.env, jsCommand)
		}
		p.finish(ev, string(k) == "UI_LOAD_EVENT")
	}
}

// access reads remote access, firewall authentication, 802.1X, and IKE that failed.
func (p *junosParser) access(k []byte) {
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	ev.DstHost, ev.Service = p.host, "vpn"
	switch {
	case isPrefix(k, "FWAUTH_"):
		ev.Service = "firewall-auth"
	case isPrefix(k, "DOT1XD_"):
		ev.Service = "802.1x"
	case isPrefix(k, "SNMPD_"):
		ev.Service = "snmp"
	}
	text := p.line.text
	switch {
	case hasSuffix(k, "_FAIL"), has(k, "AUTH_FAIL"), has(k, "LOGIN_FAIL"), has(k, "_DENIED"), has(k, "AUTHENTICATION_FAILED"), has(k, "_REJECT"):
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
	case has(k, "LOGOUT"), has(k, "DISCONNECT"), has(k, "LOGGED_OUT"), hasSuffix(k, "_RELEASED"), hasSuffix(k, "_TIMEOUT"), hasSuffix(k, "_TERMINATED"):
		ev.Activity = event.ActLogoff
	case has(k, "AUTH_OK"), has(k, "_ACCEPTED"), has(k, "AUTHENTICATED"), has(k, "LOGIN"), has(k, "SUCCESS"), has(k, "CONNECTED"), isPrefix(k, "DYNAMIC_VPN_AUTH"):
	case has(text, "negotiation failed"), has(p.p.v[jsMessage], "negotiation failed"), has(k, "NEGOTIATION_FAILED"):
		ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassNetwork, event.ActConnect, event.OutcomeFailure, event.ReasonProtocol
	case p.p.v[jsAssigned] != nil:
		ev.Class, ev.Activity = event.ClassLease, event.ActAssign
	default:
		p.out.Drop()
		return
	}
	var r remainder
	if a := p.p.addrOf(p.env, jsAssigned); a.IsValid() {
		if ev.Class == event.ClassLease {
			if ev.SrcIP.IsValid() {
				r.text("vpn_from", p.env.Intern.Bytes(p.p.v[jsRemote]))
			}
			ev.SrcIP = a
		} else {
			r.text("assigned_ip", p.env.Intern.Bytes(p.p.v[jsAssigned]))
		}
	}
	r.text("kind", p.env.Intern.Bytes(p.line.kind))
	r.pairs(&p.p, p.env, ev, junosRest[:])
	ev.Rest = r.rest(p.out)
}

// threat reads what a security service saw.
func (p *junosParser) threat(k []byte) {
	ev := p.add(event.ClassDetection, event.ActOther, event.OutcomeSuccess, event.ReasonNone)
	ev.Object = p.p.text(p.env, jsAttack)
	action := p.p.v[jsAction]
	switch {
	case isPrefix(k, "WEBFILTER_"):
		ev.Class, ev.Activity, ev.Object = event.ClassHTTP, event.ActRead, p.p.text(p.env, jsURL)
		if ev.Object == "" {
			ev.Object = p.p.text(p.env, jsAttack)
		}
		if has(k, "BLOCK") {
			ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
		}
	case isPrefix(k, "RT_SCREEN_"), has(k, "DETECTED"):
		if has(action, "drop") || has(action, "BLOCK") {
			ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
		}
	default:
		if has(action, "DROP") || has(action, "drop") || has(action, "BLOCK") || has(action, "CLOSE") {
			ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
		}
	}
	p.finish(ev, false)
}

// words reads a text without structured data, by the words of its kind:
//
//	session closed TCP FIN: 10.0.0.5/51000->198.51.100.80/443 0x0 junos-https 192.0.2.1/4000->198.51.100.80/443 …
//	User 'hanako' login, class 'j-super-user' [4711], ssh-connection '192.0.2.7 51000 192.0.2.1 22', client-mode 'cli'
//	Login failed for user 'root' from host '203.0.113.66'
func (p *junosParser) words() {
	t, v := p.line.text, p.p.v
	if isPrefix(p.line.kind, "RT_FLOW_SESSION_") {
		p.flowWords(t)
		return
	}
	v[jsUser] = cutBetween(t, "ser '", "'")
	if v[jsUser] == nil {
		v[jsUser] = cutBetween(t, "username ", " ")
	}
	if b := cutBetween(t, "ssh-connection '", " "); b != nil {
		v[jsSrc] = b
	}
	for _, key := range [...]string{"from host '", "from host [", "from '", "address '"} {
		if i := lastIndex(t, key); i >= 0 { // the address comes behind the name, which a stranger writes
			b := t[i+len(key):]
			if e := bytes.IndexAny(b, "']"); e > 0 {
				v[jsSrc] = b[:e]
			}
			if j := index(t, "ser '"); key == "from host '" && j >= 0 && j+5 < i {
				v[jsUser] = bytes.TrimRight(t[j+5:i], "' ")
			}
			break
		}
	}
	v[jsCommand] = cutBetweenLast(t, "command '", "'")
	v[jsClass] = cutBetween(t, "class '", "'")
}

// flowWords reads the text of a session.
func (p *junosParser) flowWords(t []byte) {
	v := p.p.v
	head, rest, ok := bytes.Cut(t, []byte(": ")) // "session closed TCP FIN"
	if !ok {
		head, rest = nil, t
	}
	if r, ok := cutPrefix(head, "session closed "); ok {
		v[jsReason] = r
	}
	if r, ok := cutPrefix(rest, "session created "); ok {
		rest = r
	} else if r, ok := cutPrefix(rest, "session denied "); ok {
		rest = r
	}
	from, behindFrom := nextWord(bytes.TrimPrefix(bytes.TrimPrefix(rest, []byte("session created ")), []byte("session denied ")))
	v[jsSrc], v[jsSrcPort], v[jsDst], v[jsDstPort] = junosEnds(from)
	for range 3 {
		var w []byte
		w, behindFrom = nextWord(behindFrom)
		switch {
		case has(w, "->"):
			v[jsNatSrc], v[jsNatSrcPort], v[jsNatDst], v[jsNatDstPort] = junosEnds(w)
		case isPrefix(w, "0x"), bytes.IndexByte(w, '(') >= 0:
		default:
			v[jsService] = w
		}
	}
	if i := index(t, "("); i > 0 { // packets(bytes) of the client and of the server, and the seconds behind them
		v[jsBytesOut] = junosBytes(behindFrom, 0)
		v[jsBytesIn] = junosBytes(behindFrom, 1)
	}
}

// junosBytes returns the n-th number in brackets, as in "12(3456)".
func junosBytes(t []byte, n int) []byte {
	for i := 1; i < len(t); i++ {
		if t[i] != '(' || !isDigit(t[i-1]) {
			continue
		}
		e := bytes.IndexByte(t[i:], ')')
		if e < 0 {
			return nil
		}
		if _, ok := parseNumber(t[i+1 : i+e]); ok {
			if n == 0 {
				return t[i+1 : i+e]
			}
			n--
		}
	}
	return nil
}

// junosEnds reads "10.0.0.5/51000->198.51.100.80/443".
func junosEnds(b []byte) (src, srcPort, dst, dstPort []byte) {
	l, r, ok := bytes.Cut(b, []byte("->"))
	if !ok {
		return
	}
	src, srcPort, _ = bytes.Cut(l, []byte("/"))
	dst, dstPort, _ = bytes.Cut(r, []byte("/"))
	return
}

// cutBetween returns what stands between two texts; nil if they do not stand there.
func cutBetween(t []byte, from, to string) []byte {
	i := index(t, from)
	if i < 0 {
		return nil
	}
	t = t[i+len(from):]
	if e := index(t, to); e >= 0 {
		return t[:e]
	}
	return nil
}

// cutBetweenLast is cutBetween for a value that ends the text.
func cutBetweenLast(t []byte, from, to string) []byte {
	i := index(t, from)
	if i < 0 {
		return nil
	}
	t = t[i+len(from):]
	if e := lastIndex(t, to); e >= 0 {
		return t[:e]
	}
	return nil
}
