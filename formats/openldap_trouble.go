// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// diagnostic reads the lines of slapd that are about no connection: its start and end, its warnings.
func (p *openLDAPParser) diagnostic(s *ldapServer, at *ldapAt, m []byte) error {
	switch {
	case hasPrefix(m, "slapd starting"), hasPrefix(m, "slapd stopped"):
		p.join.restart(s)
		return nil
	case hasPrefix(m, "ppolicy_bind: Entry "):
		p.expired(s, at, m[len("ppolicy_bind: Entry "):])
		return nil
	case hasPrefix(m, "fd="):
		return p.denied(s, at, m)
	case hasPrefix(m, "message repeated "), hasPrefix(m, "last message repeated "):
		return nil // every line of slapd that matters carries numbers of its own
	}
	for _, known := range [...]string{"<= ", "=> ", "<== ", "==> ", "slapd ", "@(#)", "SASL [", "TLS", "connection_", "Entry ", "entry ",
		"line ", "warning", "WARNING", "syncrepl", "overlay", "config error", "bdb_", "hdb_", "mdb_", "could not ", "Config", "olc",
		"nss_ldap", "GSSAPI", "DIGEST-MD5", "OTP", "unable to ", "sasl", "dn: ", "UNKNOWN", "Shutting down", "backend_", "ldap_"} {
		if hasPrefix(m, known) {
			return nil
		}
	}
	if isDiagnostic(m) {
		return nil
	}
	return ErrUnknownKind
}

// isDiagnostic says whether a message begins with the name of a function and a colon, as slapd's warnings do.
func isDiagnostic(m []byte) bool {
	for i, c := range m {
		switch {
		case c >= 'a' && c <= 'z', c == '_', c == '-', i > 0 && (isDigit(c) || c >= 'A' && c <= 'Z'):
		case i >= 3 && (c == ':' || c == '('):
			return true
		default:
			return false
		}
		if i > 64 {
			return false
		}
	}
	return false
}

// expired reads: uid=x,… has an expired password: 0 grace logins
func (p *openLDAPParser) expired(s *ldapServer, at *ldapAt, m []byte) {
	i := lastIndex(m, " has an expired password: ")
	if i < 0 {
		return
	}
	if n, used := number64(m[i+len(" has an expired password: "):]); used > 0 && n == 0 {
		s.expiredDN, s.expiredAt = p.join.keep(m[:i]), at.time
	}
}

// denied reads what the TCP wrapper did: fd=12 DENIED from name (IP=192.0.2.7:4711)
func (p *openLDAPParser) denied(s *ldapServer, at *ldapAt, m []byte) error {
	i := index(m, " DENIED from ")
	if i < 0 {
		return ErrUnknownKind
	}
	from := m[i+len(" DENIED from "):]
	ev := p.join.out.Add()
	ev.Time = at.time
	ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	ev.Service, ev.Ref = "ldap", event.Ref{Input: p.env.Input, Part: at.part}
	if ev.DstHost = s.host; ev.DstHost == "" {
		ev.DstHost = p.env.Host
	}
	if j := lastIndex(from, "IP="); j >= 0 {
		ip := bytes.TrimRight(from[j+3:], ")")
		ev.SrcIP, ev.SrcPort, _ = p.env.addrPort(ip)
	}
	if name, _ := nextWord(from); isHostName(name) && string(name) != "unknown" {
		ev.SrcHost = p.join.keep(name)
	}
	return nil
}
