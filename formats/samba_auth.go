// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

// auth reads a line of auth_audit:
//
//	Auth: [SMB2,(null)] user [D]\[hanako] at [Mon, 02 Jun 2025 09:00:00.030937 JST] with [NTLMv2] status [NT_STATUS_OK]
//	workstation [PC7] remote host [ipv4:192.0.2.7:62419] became [D]\[hanako] [S-1-5-21-…]. local host [ipv4:192.0.2.1:445]
//
// User and workstation are whatever a stranger sent. The user stands twice, before and behind the remote host: of several
// readings the one is taken in which both are the same.
func (p *sambaParser) auth(b []byte) error {
	protocol, rest, ok := bytes.Cut(b[len("Auth: ["):], []byte("] user ["))
	if !ok {
		return ErrBroken
	}
	domain, rest, ok := bytes.Cut(rest, []byte(`]\[`))
	if !ok {
		return ErrBroken
	}
	var found sambaAuth
	have := false
	for at, tries := 0, 0; tries < 8; tries++ {
		i := index(rest[at:], "] at [")
		if i < 0 {
			break
		}
		i += at
		at = i + 6
		a, ok := splitSambaAuth(rest[:i], rest[at:])
		if !ok {
			continue
		}
		if !have || a.same {
			found, have = a, true
		}
		if a.same {
			break
		}
	}
	if !have {
		return ErrBroken
	}
	if t, ok := parseSambaTime(found.time); ok {
		p.when = p.env.Clock.Moment(t)
	} else if p.when == 0 {
		return ErrNoTime
	}
	outcome, reason := sambaStatus(found.status)
	ev := p.add(event.ClassAuthentication, event.ActLogon, outcome, reason)
	in := p.env.Intern
	ev.Account = in.Bytes(found.user)
	if len(domain) > 0 {
		ev.Account = in.Bytes(domain) + `\` + ev.Account
	}
	ev.SrcIP, ev.SrcPort = p.sambaAddr(found.remote)
	ev.DstIP, ev.DstPort = p.sambaAddr(found.local)
	ev.SrcHost = in.Bytes(found.workstation)
	if service, _, ok := bytes.Cut(protocol, []byte(",")); ok && len(service) > 0 && !isPrefix(service, "SMB") {
		ev.Service = in.Bytes(service)
	}
	ev.Rest = p.out.Rest(event.Text("method", in.Bytes(found.method)), event.Text("status", in.Bytes(found.status)))
	return nil
}

type sambaAuth struct {
	user, time, method, status, workstation, remote, local []byte
	same                                                   bool
}

// splitSambaAuth reads what stands behind "] at [".
func splitSambaAuth(user, b []byte) (a sambaAuth, ok bool) {
	a.user = user
	if a.time, b, ok = bytes.Cut(b, []byte("] with [")); !ok {
		return a, false
	}
	if a.method, b, ok = bytes.Cut(b, []byte("] status [")); !ok {
		return a, false
	}
	if a.status, b, ok = bytes.Cut(b, []byte("] workstation [")); !ok {
		return a, false
	}
	i := index(b, "] remote host [")
	if i < 0 {
		return a, false
	}
	a.workstation, b = b[:i], b[i+len("] remote host ["):]
	if a.remote, b, ok = bytes.Cut(b, []byte("] ")); !ok {
		return a, false
	}
	if i := lastIndex(b, ". local host ["); i >= 0 {
		a.local = b[i+len(". local host ["):]
		if j := bytes.IndexByte(a.local, ']'); j >= 0 {
			a.local = a.local[:j]
		}
		b = b[:i]
	}
	if j := index(b, `]\[`); j >= 0 {
		again := b[j+3:]
		a.same = isPrefix(again, string(user)) && len(again) > len(user) && again[len(user)] == ']' &&
			(len(again) == len(user)+1 || isPrefix(again[len(user):], "] [S-"))
	}
	return a, isPrefix(a.status, "NT_STATUS_") || isPrefix(a.status, "0x") || len(a.status) > 0 && len(a.status) < 48
}

// sambaAddr reads "ipv4:192.0.2.7:62419" and "ipv6:2001:db8::7:62419".
func (p *sambaParser) sambaAddr(b []byte) (addr netip.Addr, port uint16) {
	_, rest, ok := bytes.Cut(b, []byte(":"))
	i := bytes.LastIndexByte(rest, ':')
	if !ok || i < 0 {
		return addr, 0
	}
	addr, _ = p.env.addr(rest[:i])
	port, _ = parsePort(rest[i+1:])
	return addr, port
}

// parseSambaTime reads "Mon, 02 Jun 2025 09:00:00.030937 JST". Of zones only UTC and GMT are sure.
func parseSambaTime(b []byte) (Civil, bool) {
	_, b, ok := bytes.Cut(b, []byte(", "))
	if !ok || len(b) < 20 {
		return Civil{}, false
	}
	var t Civil
	n := 0
	if t.Day, n = digits(b, 2); n == 0 || n >= len(b) {
		return t, false
	}
	b = b[n+1:]
	t.Month = monthOf(b)
	if len(b) < 9 {
		return t, false
	}
	t.Year = exactly(b[4:], 4)
	b = b[9:]
	n = parseTimeOfDay(b, &t)
	zone := bytes.TrimLeft(b[n:], " ")
	t.HasZone = string(zone) == "UTC" || string(zone) == "GMT"
	return t, n > 0 && t.Year > 0 && t.Month > 0 && t.Valid()
}

// sambaStatus returns the outcome of a login by NT's status.
func sambaStatus(s []byte) (event.Outcome, event.Reason) {
	switch string(s) {
	case "NT_STATUS_OK":
		return event.OutcomeSuccess, event.ReasonNone
	case "NT_STATUS_NO_SUCH_USER":
		return event.OutcomeFailure, event.ReasonNoSuchAccount
	case "NT_STATUS_WRONG_PASSWORD":
		return event.OutcomeFailure, event.ReasonBadPassword
	case "NT_STATUS_ACCOUNT_LOCKED_OUT":
		return event.OutcomeFailure, event.ReasonLocked
	case "NT_STATUS_ACCOUNT_DISABLED":
		return event.OutcomeFailure, event.ReasonDisabled
	case "NT_STATUS_PASSWORD_EXPIRED", "NT_STATUS_PASSWORD_MUST_CHANGE", "NT_STATUS_ACCOUNT_EXPIRED":
		return event.OutcomeFailure, event.ReasonExpired
	case "NT_STATUS_LOGON_FAILURE":
		return event.OutcomeFailure, event.ReasonBadCredentials
	case "NT_STATUS_ACCESS_DENIED", "NT_STATUS_LOGON_TYPE_NOT_GRANTED", "NT_STATUS_INVALID_WORKSTATION", "NT_STATUS_INVALID_LOGON_HOURS", "NT_STATUS_ACCOUNT_RESTRICTION":
		return event.OutcomeFailure, event.ReasonDenied
	case "NT_STATUS_NO_LOGON_SERVERS", "NT_STATUS_IO_TIMEOUT":
		return event.OutcomeFailure, event.ReasonUnavailable
	}
	return event.OutcomeFailure, event.ReasonOther
}
