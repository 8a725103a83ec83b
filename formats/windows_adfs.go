// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

// adfs reads what Active Directory Federation Services write to the Security log: events 1200 to 1210 of Windows Server 2016 and later, which
// hold an <AuditBase> in their second value, and 411, 512 and 516 of all versions, whose values have no names.
func (p *windowsParser) adfs(ev *event.Event, id int64) {
	set := func(a event.Activity, o event.Outcome, r event.Reason) {
		ev.Class, ev.Activity, ev.Outcome, ev.Reason, ev.Service = event.ClassAuthentication, a, o, r, "adfs"
	}
	switch id {
	case 1200:
		set(event.ActTicket, event.OutcomeSuccess, event.ReasonNone)
	case 1201:
		set(event.ActTicket, event.OutcomeFailure, event.ReasonDenied)
	case 1202:
		set(event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	case 1203:
		set(event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials)
	case 1204, 1205:
		set(event.ActReset, event.OutcomeSuccess, event.ReasonNone)
		if ev.Class = event.ClassAccountChange; id == 1205 {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
		}
	case 1206:
		set(event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
	case 1210:
		set(event.ActLogon, event.OutcomeFailure, event.ReasonLocked)
	case 411, 512, 516:
		p.adfsOld(ev, id)
		return
	default:
		return
	}
	for i := range p.data[:p.n] {
		if x := p.data[i].value.text(&p.buf); has(x[:min(len(x), 400)], "<AuditBase") {
			p.adfsAudit(ev, x)
			return
		}
	}
}

// adfsAudit reads the <AuditBase>. What a stranger writes stands in it with &lt; for <.
func (p *windowsParser) adfsAudit(ev *event.Event, x []byte) {
	in := p.env.Intern
	ev.Account = in.Bytes(adfsValue(x, "UserId"))
	ev.Object = in.Bytes(adfsValue(x, "RelyingParty"))
	agent := adfsValue(x, "UserAgentString")
	if bytes.IndexByte(agent, '&') >= 0 {
		agent = bytes.ReplaceAll(bytes.ReplaceAll(bytes.ReplaceAll(agent, []byte("&lt;"), []byte("<")), []byte("&gt;"), []byte(">")), []byte("&amp;"), []byte("&"))
	}
	ev.Client = in.Bytes(agent)
	for _, tag := range [...]string{"ForwardedIpAddress", "IpAddress", "NetworkIpAddress"} {
		if a, ok := p.firstAddr(adfsValue(x, tag)); ok {
			ev.SrcIP = a
			break
		}
	}
	if ev.Outcome != event.OutcomeFailure {
		return
	}
	failure, code := adfsValue(x, "FailureType"), adfsValue(x, "ErrorCode")
	switch {
	case has(failure, "Lockout"), has(code, "Locked"):
		ev.Reason = event.ReasonLocked
	case has(code, "Expired"):
		ev.Reason = event.ReasonExpired
	case has(code, "Disabled"):
		ev.Reason = event.ReasonDisabled
	case has(failure, "MfaError"), has(code, "Mfa"):
		ev.Reason = event.ReasonSecondFactorFailed
	case has(failure, "Authorization"), has(failure, "Issuance"), has(code, "Restrict"):
		ev.Reason = event.ReasonDenied
	}
}

// adfsValue returns what an element holds; nothing for N/A.
func adfsValue(x []byte, tag string) []byte {
	for at := 0; ; {
		i := index(x[at:], tag)
		if i < 0 {
			return nil
		}
		i += at
		at = i + len(tag)
		if i == 0 || x[i-1] != '<' || at >= len(x) || x[at] != '>' {
			continue
		}
		e := bytes.IndexByte(x[at:], '<')
		if e < 0 {
			return nil
		}
		if v := bytes.TrimSpace(x[at+1 : at+e]); string(v) != "N/A" {
			return v
		}
		return nil
	}
}

// firstAddr reads the first address of "203.0.113.5,10.0.0.1".
func (p *windowsParser) firstAddr(b []byte) (netip.Addr, bool) {
	if i := bytes.IndexByte(b, ','); i >= 0 {
		b = b[:i]
	}
	a, _, ok := p.env.addrPort(bytes.TrimSpace(b))
	return a, ok && !a.IsUnspecified()
}

// adfsOld reads 411 (a token that was not valid: its text begins with the name and a hyphen), 512 and 516 (an account that is locked out). Which
// value is which differs between versions: an address is known by itself.
func (p *windowsParser) adfsOld(ev *event.Event, id int64) {
	ev.Class, ev.Activity, ev.Service = event.ClassAuthentication, event.ActLogon, "adfs"
	switch id {
	case 411:
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
	case 512:
		ev.Activity, ev.Outcome = event.ActOther, event.OutcomeUnknown
	default:
		ev.Activity, ev.Outcome, ev.Reason = event.ActLock, event.OutcomeSuccess, event.ReasonLocked
	}
	for i := range p.data[:p.n] {
		v := p.data[i].value.text(&p.buf)
		if a, ok := p.firstAddr(v); ok {
			if !ev.SrcIP.IsValid() {
				ev.SrcIP = a
			}
			continue
		}
		if ev.Account != "" || len(v) > 1024 {
			continue
		}
		switch k := bytes.LastIndexByte(v, '-'); {
		case id != 411:
			if bytes.IndexAny(v, `@\`) > 0 && bytes.IndexByte(v, ' ') < 0 {
				ev.Account = p.env.Intern.Bytes(v)
			}
		case k > 0 && !has(v, "://") && bytes.IndexAny(v[:k], `@\`) > 0 && bytes.IndexByte(v[:k], ' ') < 0:
			ev.Account = p.env.Intern.Bytes(v[:k])
		}
	}
}
