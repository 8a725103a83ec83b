// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var iscDHCPD = Format{
	Name:   "isc-dhcpd",
	Also:   []string{"dhcpd"},
	Source: "dhcp",
	About: About{
		What:   "The DHCP server of ISC (2 to 4.4), of OpenBSD and of routers built on them, through syslog.",
		Export: "Copy the syslog file that holds the lines of dhcpd (facility daemon, or what log-facility names). Nothing has to be turned on. Keep it for as long as logins are kept.",
		Takes:  "Addresses assigned, refused, given back and declined, with hardware address, the client's name for itself, the relay or interface, and for how long where the line says so.",
		Leaves: "Offers and requests without an answer are passed over. When a lease ran out is not logged. The name is the client's own word and a hardware address can be forged.",
	},
	Sniff: func(rec []byte) float64 {
		if s, ok := sniffSyslog(rec); ok && string(s.Program) == "dhcpd" {
			return 0.9
		}
		return 0
	},
	New:    func(env *Env) Parser { return &dhcpdParser{env: env} },
	Shapes: notObject,
	Marks:  []string{"dhcpd"},
}

type dhcpdParser struct{ env *Env }

func (p *dhcpdParser) Flush(*event.Batch) {}

func (p *dhcpdParser) Parse(rec *event.Record, out *event.Batch) error {
	if s, ok := sniffSyslog(rec.Data); !ok || string(s.Program) != "dhcpd" {
		return ErrOtherFormat
	}
	s, ok := p.env.Syslog(rec)
	if !ok {
		return ErrNoTime
	}
	m := s.Message
	switch {
	case isPrefix(m, "DHCPACK on "):
		return p.told(s, rec, out, m[len("DHCPACK on "):], " to ", event.ActAssign)
	case isPrefix(m, "DHCPACK to "):
		return nil // an answer to a question about settings: no lease
	case isPrefix(m, "DHCPNAK on "):
		return p.told(s, rec, out, m[len("DHCPNAK on "):], " to ", event.ActRefuse)
	case isPrefix(m, "DHCPRELEASE of "):
		return p.told(s, rec, out, m[len("DHCPRELEASE of "):], " from ", event.ActRelease)
	case isPrefix(m, "DHCPEXPIRE on "):
		return p.told(s, rec, out, m[len("DHCPEXPIRE on "):], " to ", event.ActRelease)
	case isPrefix(m, "BOOTREPLY for "):
		return p.told(s, rec, out, m[len("BOOTREPLY for "):], " to ", event.ActAssign)
	case isPrefix(m, "DHCPDECLINE of "):
		return p.told(s, rec, out, m[len("DHCPDECLINE of "):], " from ", event.ActRefuse)
	case isPrefix(m, "Reply NA: address "), isPrefix(m, "Renew NA: address "), isPrefix(m, "Rebind NA: address "):
		return p.reply6(s, rec, out, m[bytes.IndexByte(m, ':')+len(": address "):])
	}
	return nil // about the server, or the steps before an answer
}

// told reads "192.0.2.5 to aa:bb:cc:dd:ee:ff (name) via eth0 relay eth0 lease-duration 600". The name is whatever the client says:
// address and hardware address stand before it, and what stands behind it is read from the last ") via ".
func (p *dhcpdParser) told(s *Syslog, rec *event.Record, out *event.Batch, m []byte, sep string, act event.Activity) error {
	i := index(m[:min(len(m), 64)], sep)
	if i < 0 {
		return ErrBroken
	}
	first, _ := nextWord(m[:i])
	ip, ok := p.env.addr(first)
	if !ok {
		return ErrBroken
	}
	mac, rest := nextWord(m[i+len(sep):])
	ev := p.env.lease(out, rec, s.Time, act, ip)
	ev.DstHost = p.env.hostOf(s)
	if act == event.ActRefuse {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
	}
	tail := rest
	if len(rest) > 0 && rest[0] == '(' {
		if j := lastIndex(rest, ") via "); j > 0 {
			ev.SrcHost = p.env.leaseHost(rest[1:j])
			tail = rest[j+2:]
		}
	}
	var fields [3]event.Field
	n := 1
	if fields[0] = event.Text("mac", ""); isMAC(mac) {
		fields[0] = event.Text("mac", p.env.mac(mac))
	}
	if via, ok := cutPrefix(tail, "via "); ok {
		word, more := nextWord(via)
		word = bytes.TrimRight(word, ":")
		fields[n] = event.Text("via", p.env.Intern.Bytes(word))
		n++
		if d := index(more, "lease-duration "); d >= 0 {
			word, _ := nextWord(more[d+len("lease-duration "):])
			if sec, ok := parseNumber(word); ok {
				fields[n] = event.Number("lease_s", sec)
				n++
			}
		}
	}
	ev.Rest = out.Rest(fields[:n]...)
	return nil
}

// reply6 reads "2001:db8::5 to client with duid 00:01:… iaid = 1 valid for 3600 seconds".
func (p *dhcpdParser) reply6(s *Syslog, rec *event.Record, out *event.Batch, m []byte) error {
	word, rest := nextWord(m)
	ip, ok := p.env.addr(word)
	if !ok {
		return ErrBroken
	}
	ev := p.env.lease(out, rec, s.Time, event.ActAssign, ip)
	ev.DstHost = p.env.hostOf(s)
	var fields [2]event.Field
	n := 0
	if d := index(rest, "duid "); d >= 0 {
		word, _ := nextWord(rest[d+5:])
		fields[n] = event.Text("duid", p.env.Intern.Bytes(word[:min(len(word), 128)]))
		n++
	}
	if d := lastIndex(rest, "valid for "); d >= 0 {
		word, _ := nextWord(rest[d+10:])
		if sec, ok := parseNumber(word); ok {
			fields[n] = event.Number("lease_s", sec)
			n++
		}
	}
	ev.Rest = out.Rest(fields[:n]...)
	return nil
}
