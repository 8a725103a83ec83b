// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Readers of PAN-OS records about who logged in.

// globalProtect reads the log type that PAN-OS has since 9.1.
func (p *panParser) globalProtect() {
	id := p.cell(8)
	failed := string(p.cell(28)) == "failure" || string(p.cell(28)) == "failed"
	var ev *event.Event
	switch {
	case isPrefix(id, "portal-auth"), isPrefix(id, "gateway-auth"):
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
		if failed {
			ev.Outcome, ev.Reason = event.OutcomeFailure, panReason(p.cell(25), p.cell(26))
		}
	case isPrefix(id, "gateway-getconfig"), isPrefix(id, "gateway-connected"), isPrefix(id, "gateway-register"):
		if failed || string(id) == "gateway-register" {
			return
		}
		ev = p.add(event.ClassLease, event.ActAssign, event.OutcomeSuccess, event.ReasonNone)
	case isPrefix(id, "gateway-logout"):
		ev = p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
	case isPrefix(id, "portal-prelogin") && failed, isPrefix(id, "gateway-prelogin") && failed:
		ev = p.add(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonProtocol)
	default:
		return
	}
	ev.Account, ev.SrcHost, ev.Service, ev.DstHost = p.text(12), p.text(14), "globalprotect", p.host
	if ev.SrcIP, _ = p.env.addr(p.cell(15)); !ev.SrcIP.IsValid() || ev.SrcIP.IsUnspecified() {
		ev.SrcIP, _ = p.env.addr(p.cell(16))
	}
	inner := p.cell(17)
	if a, ok := p.env.addr(inner); !ok || a.IsUnspecified() {
		inner = p.cell(18)
		if a, ok := p.env.addr(inner); !ok || a.IsUnspecified() {
			inner = nil
		}
	}
	if ev.Class == event.ClassLease {
		if ev.Object = p.env.Intern.Bytes(inner); len(inner) == 0 {
			p.out.Drop()
			return
		}
		inner = nil
	}
	if c := p.cell(13); len(c) == 2 {
		ev.Country = p.env.Intern.Bytes(c)
	}
	ev.Client = p.text(22)
	again := ev.Activity == event.ActLogon && ev.Outcome == event.OutcomeSuccess && p.loggedIn(ev)
	var f [9]event.Field
	f[0], f[1], f[2] = event.Text("event", p.text(8)), event.Text("method", p.text(10)), event.Text("reason", p.text(25))
	f[3], f[4], f[5] = event.Text("error", p.text(26)), event.Text("assigned", p.env.Intern.Bytes(inner)), event.Text("portal", p.text(33))
	f[6], f[7] = event.Text("hostid", p.text(19)), event.Text("client_version", p.text(21))
	n := 8
	if again {
		ev.Count = event.Some(0)
		f[8], n = event.Flag("repeat", true), 9
	}
	ev.Rest = p.out.Rest(f[:n]...)
}

// loggedIn says whether the same account came from the same address within the minute before, and notes that it came.
func (p *panParser) loggedIn(ev *event.Event) bool {
	raw := ev.SrcIP.As16()
	key := trailKey([]byte(ev.Account), raw[:])
	l := &p.logins[(key^key>>17)%uint64(len(p.logins))]
	again := l.key == key && ev.Time >= l.at && ev.Time-l.at < 60e6
	l.key, l.at = key, ev.Time
	return again
}

func panReason(texts ...[]byte) event.Reason {
	for _, t := range texts {
		switch {
		case has(t, "locked"), has(t, "Locked"), has(t, "exceed"):
			return event.ReasonLocked
		case has(t, "xpired"):
			return event.ReasonExpired
		case has(t, "allow list"), has(t, "allowlist"), has(t, "not allowed"), has(t, "not in allow"):
			return event.ReasonDenied
		case has(t, "ertificate"):
			return event.ReasonProtocol
		case has(t, "timed out"), has(t, "imeout"), has(t, "ime out"):
			return event.ReasonTimeout
		case has(t, "OTP"), has(t, "MFA"), has(t, "two-factor"):
			return event.ReasonSecondFactorFailed
		case has(t, "not found"), has(t, "does not exist"), has(t, "nknown user"):
			return event.ReasonNoSuchAccount
		}
	}
	return event.ReasonBadCredentials
}

// authentication reads a login that an authentication policy asked for.
func (p *panParser) authentication() {
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	ev.SrcIP, _ = p.env.addr(p.cell(8))
	ev.Account, ev.Service, ev.DstHost = p.text(9), p.text(19), p.host
	if e := p.cell(20); has(e, "fail") || has(e, "Fail") || has(p.cell(18), "nvalid") || has(p.cell(4), "fail") {
		ev.Outcome, ev.Reason = event.OutcomeFailure, panReason(p.cell(18))
	}
	ev.Rest = p.out.Rest(event.Text("policy", p.text(12)), event.Text("vendor", p.text(15)), event.Text("server", p.text(17)), event.Text("detail", p.text(18)), event.Text("factor", p.text(21)))
}

// system reads what the device says of itself: logins of administrators and, before 9.1, GlobalProtect stand in its descriptions. In
// these the names are whatever was typed, so the address is read from the end where the product writes it there.
func (p *panParser) system() {
	d := p.cell(14)
	switch {
	case isPrefix(d, "failed authentication for user '"), isPrefix(d, "authenticated for user '"), isPrefix(d, "Failed authentication for user '"), isPrefix(d, "Authenticated for user '"):
		p.systemAuth(d)
	case isPrefix(d, "User ") && (has(d, " logged in via ") || has(d, " logged out via ")):
		p.adminSession(d)
	case isPrefix(d, "GlobalProtect "):
		p.oldGlobalProtect(d)
	case string(p.cell(8)) == "clear-log", has(d, "log cleared"), has(d, "logs cleared"):
		ev := p.add(event.ClassLogAdmin, event.ActClear, event.OutcomeSuccess, event.ReasonNone)
		ev.Object, ev.DstHost = p.text(14), p.host
	case string(p.cell(13)) == "high", string(p.cell(13)) == "critical":
		ev := p.add(event.ClassOther, event.ActOther, event.OutcomeUnknown, event.ReasonNone)
		ev.Object, ev.DstHost = p.text(14), p.host
		ev.Rest = p.out.Rest(event.Text("event", p.text(8)), event.Text("severity", p.text(13)))
	}
}

// systemAuth reads "failed authentication for user 'admin'.  Reason: Invalid username/password. auth profile 'x', …, From: 203.0.113.7."
func (p *panParser) systemAuth(d []byte) {
	open := bytes.IndexByte(d, '\'') + 1
	from := lastIndex(d, "From: ")
	end := lastIndex(d, "'. ")
	for _, w := range [...]string{"'.  Reason: ", "'. Reason: ", "'.   auth profile", "'.  auth profile", "'. auth profile", "'.   From: ", "'.  From: "} {
		if i := index(d[open:], w); i >= 0 {
			end = open + i
			break
		}
	}
	if end < open {
		if end = lastIndex(d, "'"); end < open {
			return
		}
	}
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	if d[0]|0x20 == 'f' {
		ev.Outcome, ev.Reason = event.OutcomeFailure, panReason(d[end:])
	}
	ev.Account, ev.Service, ev.DstHost = p.env.Intern.Bytes(d[open:end]), p.text(4), p.host
	if from >= 0 {
		word, _ := nextWord(d[from+6:])
		ev.SrcIP, _ = p.env.addr(bytes.TrimRight(word, "., "))
	}
	ev.Rest = p.out.Rest(event.Text("event", p.text(8)), event.Text("detail", p.env.Intern.Bytes(bytes.TrimLeft(d[end:min(len(d), end+160)], "'\"., "))))
}

// adminSession reads "User admin logged in via Web from 203.0.113.7 using https", which follows the record of the authentication.
func (p *panParser) adminSession(d []byte) {
	in := lastIndex(d, " logged in via ")
	act := event.ActStart
	if in < 0 {
		in, act = lastIndex(d, " logged out via "), event.ActStop
	}
	if in < 5 {
		return
	}
	ev := p.add(event.ClassRemoteSession, act, event.OutcomeSuccess, event.ReasonNone)
	ev.Account, ev.DstHost = p.env.Intern.Bytes(d[5:in]), p.host
	ev.Service = p.env.Intern.Bytes(behind(d[in:], " via "))
	ev.SrcIP, _ = p.env.addr(bytes.TrimRight(behind(d[in:], " from "), "."))
}

// oldGlobalProtect reads "GlobalProtect gateway user authentication failed. Login from: 203.0.113.7, Source region: JP, User name: taro, Reason: …".
func (p *panParser) oldGlobalProtect(d []byte) {
	var ev *event.Event
	head := d[:min(len(d), 90)]
	switch {
	case has(head, "user authentication succeeded"):
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	case has(head, "user authentication failed"):
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, panReason(panListed(d, "Reason: "), panListed(d, "Error: ")))
	case has(head, "user logout succeeded"):
		ev = p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
	case has(head, "client configuration generated") && len(panListed(d, "Private IP: ")) > 0:
		ev = p.add(event.ClassLease, event.ActAssign, event.OutcomeSuccess, event.ReasonNone)
		ev.Object = p.env.Intern.Bytes(panListed(d, "Private IP: "))
	default:
		return
	}
	ev.Account, ev.SrcHost = p.env.Intern.Bytes(panListed(d, "User name: ")), p.env.Intern.Bytes(panListed(d, "Device name: "))
	ev.SrcIP, _ = p.env.addr(panListed(d, "Login from: "))
	ev.Service, ev.DstHost = "globalprotect", p.host
	if c := panListed(d, "Source region: "); len(c) == 2 {
		ev.Country = p.env.Intern.Bytes(c)
	}
	again := ev.Activity == event.ActLogon && ev.Outcome == event.OutcomeSuccess && p.loggedIn(ev)
	fields := [2]event.Field{event.Text("event", p.text(8)), event.Flag("repeat", true)}
	if again {
		ev.Count = event.Some(0)
	}
	ev.Rest = p.out.Rest(fields[:1+count(again)]...)
}

// panListed returns what follows a key up to the next comma, its full stop left out.
func panListed(d []byte, key string) []byte {
	i := index(d, key)
	if i < 0 {
		return nil
	}
	v := d[i+len(key):]
	if c := bytes.IndexByte(v, ','); c >= 0 {
		v = v[:c]
	}
	return bytes.TrimRight(v, ". ")
}
