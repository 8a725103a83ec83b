// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Readers of the kinds of FortiGate records.

// traffic reads a session. sentbyte is what the source sent. The reports that the device gives of a session while it lasts (kind 20,
// every two minutes) hold the bytes so far, which the report of its end holds again: they are marked as repeats and give no bytes.
func (p *fortiParser) traffic() {
	ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
	got, known := parseNumber(p.v[fRcvdByte])
	packets, counted := parseNumber(p.v[fRcvdPkt])
	action := p.v[fAction]
	if status := p.v[fStatus]; len(action) == 0 || len(status) > 0 && len(p.v[fDstCountry]) == 0 && isFortiVerdict(status) { // FortiOS 4
		action = status
	}
	switch string(action) {
	case "deny", "block", "blocked", "dropped", "violation":
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	case "ip-conn": // nobody answered
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonUnavailable
	case "timeout":
		if known && got == 0 {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonTimeout
		}
	case "server-rst":
		if known && got <= 60 && (!counted || packets <= 1) { // the first answer was the refusal
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonUnavailable
		}
	case "client-rst":
		if known && got == 0 {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonUnavailable
		}
	case "start":
		ev.Activity = event.ActStart
	}
	ev.SrcHost, ev.DstHost = p.hostName(fSrcName), p.hostName(fHostName)
	if ev.DstHost == "" {
		ev.DstHost = p.hostName(fDstName)
	}
	id := p.v[fLogID]
	interim := len(id) >= 10 && string(id[len(id)-2:]) == "20" || string(action) == "start"
	if interim {
		ev.Count = event.Some(0)
	} else {
		ev.BytesOut, ev.BytesIn = someNumber(p.v[fSentByte]), someNumber(p.v[fRcvdByte])
		ev.Duration = p.milliseconds()
	}
	p.finish(ev, interim)
}

func isFortiVerdict(b []byte) bool {
	switch string(b) {
	case "deny", "accept", "close", "start", "timeout", "violation":
		return true
	}
	return false
}

// hostName returns a name that is not just an address again.
func (p *fortiParser) hostName(f fortiField) string {
	if _, ok := p.env.addr(p.v[f]); ok {
		return ""
	}
	return p.text(f)
}

func (p *fortiParser) milliseconds() event.Int {
	if n, ok := parseNumber(p.v[fDuration]); ok && n < 1<<40 {
		return event.Some(n * 1000)
	}
	return event.Int{}
}

// event reads what the device says of itself and of who uses it.
func (p *fortiParser) event() {
	action := p.v[fAction]
	switch string(p.v[fSubtype]) {
	case "vpn", "ipsec", "sslvpn-user", "sslvpn-admin", "sslvpn-session":
		p.vpn(action)
		return
	case "user", "auth":
		p.user(action)
		return
	case "dhcp":
		p.lease()
		return
	}
	switch {
	case len(p.v[fDHCPMsg]) > 0:
		p.lease()
	case string(action) == "login", string(action) == "logout":
		p.admin(action)
	case len(p.v[fCfgPath]) > 0:
		p.configuration(action)
	case string(action) == "perf-stats":
		// how busy the device is
	case has(p.v[fLogDesc], "Admin login disabled"):
		ev := p.add(event.ClassAuthentication, event.ActLock, event.OutcomeSuccess, event.ReasonLocked)
		ev.DstHost = p.text(fDevice)
		p.finish(ev, false)
	default:
		p.other()
	}
}

// admin reads an administrator's login: ui="https(192.0.2.7)", status="failed", reason="passwd_invalid".
func (p *fortiParser) admin(action []byte) {
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	ev.DstHost = p.text(fDevice)
	ui := p.v[fUI]
	if open := bytes.IndexByte(ui, '('); open > 0 && ui[len(ui)-1] == ')' {
		if !ev.SrcIP.IsValid() {
			ev.SrcIP, _ = p.env.addr(ui[open+1 : len(ui)-1])
		}
		ui = ui[:open]
	} else if ip, ok := p.env.addr(ui); ok { // "Admin login disabled" has the address alone
		if !ev.SrcIP.IsValid() {
			ev.SrcIP = ip
		}
		ui = nil
	}
	ev.Service = p.env.Intern.Bytes(ui)
	if string(action) == "logout" {
		ev.Activity, ev.Duration = event.ActLogoff, p.milliseconds()
	}
	switch string(p.v[fStatus]) {
	case "failed", "failure", "fail":
		ev.Outcome, ev.Reason = event.OutcomeFailure, fortiReason(p.v[fReason])
	}
	p.finish(ev, false)
	if ev.Reason == event.ReasonLocked && ev.Account == "" { // an address is shut out for a while: no attempt of its own
		ev.Activity, ev.Outcome = event.ActLock, event.OutcomeSuccess
	}
}

// fortiReason returns the reason of a refused login. permission_denied is what a VPN login with a wrong password gets.
func fortiReason(r []byte) event.Reason {
	switch {
	case has(r, "name_invalid"), has(r, "unknown_user"), has(r, "unknown user"), has(r, "no such user"):
		return event.ReasonNoSuchAccount
	case has(r, "passwd_invalid"), has(r, "password_invalid"), has(r, "wrong password"):
		return event.ReasonBadPassword
	case has(r, "expired"):
		return event.ReasonExpired
	case has(r, "lock"), has(r, "exceed"):
		return event.ReasonLocked
	case has(r, "disabled"):
		return event.ReasonDisabled
	case has(r, "two_factor"), has(r, "two-factor"), has(r, "token"), has(r, "otp"):
		return event.ReasonSecondFactorFailed
	case has(r, "trusthost"), has(r, "trusted"), has(r, "restrict"), has(r, "host_check"), has(r, "hostcheck"):
		return event.ReasonDenied
	case has(r, "cert"):
		return event.ReasonProtocol
	}
	return event.ReasonBadCredentials
}

// vpn reads tunnels and logins to them.
func (p *fortiParser) vpn(action []byte) {
	failed := string(p.v[fStatus]) == "failure" || string(p.v[fStatus]) == "negotiate_error" || string(p.v[fResult]) == "ERROR"
	switch {
	case string(action) == "ssl-login-fail":
		ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, fortiReason(p.v[fReason]))
		p.finishVPN(ev, "ssl-vpn", false)
	case string(action) == "tunnel-up":
		ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
		p.vpnUser(ev)
		if ev.Account == "" {
			ev.Class, ev.Activity = event.ClassNetwork, event.ActConnect
		}
		again := ev.Account != "" && p.loggedIn(ev)
		if again {
			ev.Count = event.Some(0)
		}
		p.finishVPN(ev, p.vpnKind(), again)
	case string(action) == "tunnel-down":
		ev := p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
		p.vpnUser(ev)
		if ev.Account == "" {
			ev.Class, ev.Activity = event.ClassNetwork, event.ActClose
		}
		ev.BytesOut, ev.BytesIn, ev.Duration = someNumber(p.v[fSentByte]), someNumber(p.v[fRcvdByte]), p.milliseconds()
		p.finishVPN(ev, p.vpnKind(), false)
	case string(action) == "tunnel-stats":
		// amounts so far, told of again at the end
	case string(action) == "ssl-new-con":
		p.finishVPN(p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone), "ssl-vpn", false)
	case isPrefix(action, "ssl-exit"), string(action) == "ssl-alert", string(action) == "ssl-web-deny":
		p.finishVPN(p.add(event.ClassNetwork, event.ActConnect, event.OutcomeFailure, event.ReasonProtocol), "ssl-vpn", false)
	case string(action) == "negotiate" && failed:
		ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeFailure, event.ReasonProtocol)
		p.vpnUser(ev)
		if ev.Account != "" || has(p.v[fReason], "pre-shared key") || has(p.v[fMsg], "pre-shared key") {
			ev.Class, ev.Activity, ev.Reason = event.ClassAuthentication, event.ActLogon, event.ReasonBadCredentials
		}
		p.finishVPN(ev, "ipsec", false)
	default:
		p.other()
	}
}

func (p *fortiParser) vpnKind() string {
	if has(p.v[fTunnelType], "ssl") {
		return "ssl-vpn"
	}
	return "ipsec"
}

func (p *fortiParser) vpnUser(ev *event.Event) {
	if ev.Account == "" {
		ev.Account = p.text(fXAuthUser)
	}
}

func (p *fortiParser) finishVPN(ev *event.Event, service string, repeat bool) {
	ev.Service, ev.DstHost = service, p.text(fDevice)
	p.finish(ev, repeat)
}

// loggedIn says whether the same account came from the same address within the minute before, and notes that it came.
func (p *fortiParser) loggedIn(ev *event.Event) bool {
	raw := ev.SrcIP.As16()
	key := trailKey(p.v[fUser], raw[:])
	l := &p.logins[(key^key>>17)%uint64(len(p.logins))]
	again := l.key == key && ev.Time >= l.at && ev.Time-l.at < 60e6
	l.key, l.at = key, ev.Time
	return again
}

// user reads logins to the network through the device: firewall authentication, FSSO, RADIUS single sign-on.
func (p *fortiParser) user(action []byte) {
	status := p.v[fStatus]
	if len(p.v[fUser]) == 0 || !(has(action, "auth") || has(action, "logon") || has(action, "logoff") || has(action, "login") || has(action, "logout") || has(action, "FSSO")) {
		p.other()
		return
	}
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	ev.DstHost = p.text(fDevice)
	switch {
	case has(action, "logoff"), has(action, "logout"), string(status) == "logout", string(status) == "logoff":
		ev.Activity = event.ActLogoff
	case isPrefix(status, "fail"), string(status) == "timed_out", string(status) == "timeout", string(status) == "error", has(action, "fail"), has(action, "lockout"):
		ev.Outcome, ev.Reason = event.OutcomeFailure, fortiReason(p.v[fReason])
		if isPrefix(status, "time") {
			ev.Reason = event.ReasonTimeout
		}
	}
	p.finish(ev, false)
}

func (p *fortiParser) lease() {
	msg := p.v[fDHCPMsg]
	if string(msg) != "Ack" && string(msg) != "ACK" && string(msg) != "Release" && string(msg) != "RELEASE" {
		return // the exchange before it
	}
	ev := p.add(event.ClassLease, event.ActAssign, event.OutcomeSuccess, event.ReasonNone)
	if msg[0] == 'R' {
		ev.Activity = event.ActRelease
	}
	ev.SrcIP, _ = p.env.addr(p.v[fIP])
	ev.SrcHost = p.text(fHostName)
	ev.Service, ev.DstHost = "dhcp", p.text(fDevice)
	p.finish(ev, false)
}

// configuration reads a change: action=Edit cfgpath="system.admin" cfgobj="eve" cfgattr="…".
func (p *fortiParser) configuration(action []byte) {
	act := event.ActChange
	switch string(action) {
	case "Add", "add":
		act = event.ActCreate
	case "Delete", "delete":
		act = event.ActDelete
	}
	ev := p.add(event.ClassEntityChange, act, event.OutcomeSuccess, event.ReasonNone)
	path := p.v[fCfgPath]
	ev.Object, ev.Target = p.env.Intern.Bytes(path), p.text(fCfgObj)
	switch {
	case isPrefix(path, "log.") || isPrefix(path, "log "):
		ev.Class = event.ClassLogAdmin
	case isPrefix(path, "system.admin"), isPrefix(path, "user.local"), isPrefix(path, "user.group"):
		ev.Class = event.ClassAccountChange
	}
	p.fromUI(ev)
	ev.DstHost = p.text(fDevice)
	p.finish(ev, false)
}

// fromUI sets where an administrator sat, by ui="GUI(192.0.2.7)".
func (p *fortiParser) fromUI(ev *event.Event) {
	ui := p.v[fUI]
	if open := bytes.IndexByte(ui, '('); open > 0 && ui[len(ui)-1] == ')' {
		if a, ok := p.env.addr(ui[open+1 : len(ui)-1]); ok {
			ev.SrcIP = a
		}
	}
}

// utm reads what a security profile saw.
func (p *fortiParser) utm() {
	sub := p.v[fSubtype]
	if t := p.v[fType]; string(t) != "utm" {
		if string(t) == "dns" || string(t) == "webfilter" || string(t) == "app-ctrl" {
			sub = t
		}
	}
	ev := p.add(event.ClassDetection, event.ActOther, event.OutcomeSuccess, event.ReasonNone)
	ev.DstHost, ev.Client = p.hostName(fHostName), p.text(fAgent)
	blocked := false
	switch string(p.v[fAction]) {
	case "block", "blocked", "dropped", "reset", "reset_client", "reset_server", "drop_session", "clear_session", "deny", "block-traffic", "redirect":
		blocked = true
	}
	switch string(sub) {
	case "webfilter":
		ev.Class, ev.Activity = event.ClassHTTP, event.ActRead
		ev.Object = p.webObject()
		ev.BytesOut, ev.BytesIn = someNumber(p.v[fSentByte]), someNumber(p.v[fRcvdByte])
	case "app-ctrl":
		ev.Class = event.ClassNetwork
		ev.Object = p.webObject()
		if len(p.v[fURL]) > 0 {
			ev.Class = event.ClassHTTP
		}
	case "dns":
		ev.Class, ev.Activity, ev.Object = event.ClassDNS, event.ActQuery, p.text(fQName)
	case "virus":
		if ev.Object = p.text(fVirus); ev.Object == "" {
			ev.Object = p.text(fFileName)
		}
	case "ips", "anomaly", "signature", "waf":
		ev.Object = p.text(fAttack)
	default:
		if ev.Object = p.webObject(); ev.Object == "" {
			ev.Object = p.text(fFileName)
		}
	}
	if blocked {
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	if n, ok := parseNumber(p.v[fEventCount]); ok && n > 1 {
		ev.Count = event.Some(n)
	}
	p.finish(ev, false)
}

func (p *fortiParser) webObject() string {
	url := p.v[fURL]
	if len(url) == 0 || url[0] != '/' || len(p.v[fHostName]) == 0 {
		return p.text(fURL)
	}
	return p.text(fHostName) + p.env.Intern.Bytes(url)
}

// other reads a record of a kind that has no reader of its own: what the device said stands in the remainder.
func (p *fortiParser) other() {
	ev := p.add(event.ClassOther, event.ActOther, event.OutcomeUnknown, event.ReasonNone)
	switch s := p.v[fStatus]; {
	case string(s) == "success":
		ev.Outcome = event.OutcomeSuccess
	case isPrefix(s, "fail"):
		ev.Outcome = event.OutcomeFailure
	}
	ev.Object, ev.DstHost = p.text(fLogDesc), p.text(fDevice)
	p.fromUI(ev)
	switch action := p.v[fAction]; { // a configuration that somebody took away, or put back
	case string(action) == "download", string(action) == "backup":
		ev.Class, ev.Activity, ev.Outcome = event.ClassFile, event.ActDownload, event.OutcomeSuccess
	case string(action) == "restore", string(action) == "upload":
		ev.Class, ev.Activity, ev.Outcome = event.ClassEntityChange, event.ActChange, event.OutcomeSuccess
	}
	p.finish(ev, false)
}
