// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var dnsmasqDHCP = Format{
	Name:   "dnsmasq-dhcp",
	Source: "dhcp",
	About: About{
		What:   "The DHCP half of dnsmasq (2.x), as on small servers, OpenWrt, libvirt and many access points, through syslog or its own file (log-facility).",
		Export: "Copy the syslog file or the file that log-facility names. Nothing has to be turned on for leases (quiet-dhcp turns them off); log-dhcp adds for how long.",
		Takes:  "Addresses assigned, given back and refused, with hardware address or DUID and the client's name for itself.",
		Leaves: "For how long a lease was given stands in lines of its own, with log-dhcp only. The lease file dnsmasq.leases holds no time of assignment and is not read.",
	},
	Sniff: func(rec []byte) float64 {
		if s, ok := sniffSyslog(rec); ok && isDnsmasqDHCP(s.Program) {
			return 0.9
		}
		return 0
	},
	New:    func(env *Env) Parser { return &dnsmasqDHCPParser{env: env} },
	Shapes: notObject,
	Marks:  []string{"dnsmasq-dhcp"},
}

func isDnsmasqDHCP(program []byte) bool { return string(program) == "dnsmasq-dhcp" }

type dnsmasqDHCPParser struct{ env *Env }

func (p *dnsmasqDHCPParser) Flush(*event.Batch) {}

func (p *dnsmasqDHCPParser) Parse(rec *event.Record, out *event.Batch) error {
	if s, ok := sniffSyslog(rec.Data); !ok || !isDnsmasqDHCP(s.Program) {
		return ErrOtherFormat
	}
	s, ok := p.env.Syslog(rec)
	if !ok {
		return ErrNoTime
	}
	m := s.Message
	if word, rest := nextWord(m); len(word) > 2 && isAllDigits(word) { // log-dhcp puts the number of the exchange before
		m = rest
	}
	open := bytes.IndexByte(m[:min(len(m), 24)], '(')
	if open < 0 {
		return nil
	}
	act := event.ActAssign
	switch string(m[:open]) {
	case "DHCPACK", "DHCPREPLY":
	case "DHCPRELEASE":
		act = event.ActRelease
	case "DHCPNAK", "DHCPDECLINE":
		act = event.ActRefuse
	default:
		return nil
	}
	end := index(m, ") ")
	if end < 0 {
		return ErrBroken
	}
	iface := m[open+1 : end]
	word, rest := nextWord(m[end+2:])
	ip, ok := p.env.addr(word)
	if !ok {
		return nil // an answer without an address
	}
	id, name := nextWord(rest)
	ev := p.env.lease(out, rec, s.Time, act, ip)
	ev.DstHost = p.env.hostOf(s)
	if act == event.ActRefuse {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
	} else {
		ev.SrcHost = p.env.leaseHost(name)
	}
	kind := "duid"
	if isMAC(id) {
		kind = "mac"
	}
	value := p.env.Intern.Bytes(id[:min(len(id), 200)])
	if kind == "mac" {
		value = p.env.mac(id)
	}
	ev.Rest = out.Rest(event.Text(kind, value), event.Text("via", p.env.Intern.Bytes(iface)))
	return nil
}

func isAllDigits(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) {
			return false
		}
	}
	return len(b) > 0
}
