// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var kea = Format{
	Name:   "kea",
	Source: "dhcp",
	About: About{
		What: "Kea DHCP servers 1.0 to 3.0: the servers' own log (kea-dhcp4.log, kea-dhcp6.log), the same lines through syslog (pfSense, OPNsense), and the forensic log of the legal_log hook.",
		Export: "Copy the files that output-options of loggers names, or the syslog file. Severity INFO shows every lease. The forensic log (hook libdhcp_legal_log, kea-legal.*.txt) is one " +
			"file a day and is made for this: turn it on.",
		Takes:  "Addresses assigned, renewed, released and refused, with hardware address or DUID, client identifier and for how long; from the forensic log the relay too.",
		Leaves: "What severity DEBUG adds. Versions before 1.4 do not write for how long. The client's name stands in the lease file only (format kea-leases).",
	},
	Sniff: func(rec []byte) float64 {
		if _, _, ok := keaStart(rec); ok {
			return 0.95
		}
		if _, n := keaLegal(rec); n > 0 {
			return 0.95
		}
		return 0
	},
	New:    func(env *Env) Parser { return &keaParser{env: env} },
	Shapes: notObject,
	Marks:  []string{"[kea-dhcp", "Address: ", "Prefix: "},
}

// keaStart returns the record from the severity on ("INFO  [kea-dhcp4.leases/…] DHCP4_…") and, for Kea's own files, its time.
func keaStart(b []byte) (text []byte, t Civil, ok bool) {
	if c, n := parseISOStamp(b); n > 0 && n < len(b) && b[n] == ' ' {
		if keaSeverity(b[n+1:]) {
			return b[n+1:], c, true
		}
	}
	if s, ok := sniffSyslog(b); ok && isPrefix(s.Program, "kea-dhcp") && keaSeverity(s.Message) {
		return s.Message, Civil{}, true
	}
	return nil, t, false
}

func keaSeverity(b []byte) bool {
	for _, w := range [...]string{"INFO ", "WARN ", "ERROR ", "DEBUG ", "FATAL "} {
		if rest, ok := cutPrefix(b, w); ok {
			return isPrefix(bytes.TrimLeft(rest, " "), "[kea-dhcp")
		}
	}
	return false
}

// keaLegal returns what stands behind the time of a line of the forensic log ("2025-06-02 09:00:00 JST Address: …") and where it begins.
func keaLegal(b []byte) (t Civil, at int) {
	c, n := parseISOStamp(b)
	if n == 0 || n >= len(b) || b[n] != ' ' {
		return t, 0
	}
	i := n + 1
	if sp := bytes.IndexByte(b[i:min(len(b), i+8)], ' '); sp > 0 && isUpper(b[i]) && isUpper(b[i+1]) {
		if string(b[i:i+sp]) == "UTC" || string(b[i:i+sp]) == "GMT" {
			c.HasZone = true
		}
		i += sp + 1
	}
	if isPrefix(b[i:], "Address: ") || isPrefix(b[i:], "Prefix: ") {
		return c, i
	}
	return t, 0
}

type keaParser struct{ env *Env }

func (p *keaParser) Flush(*event.Batch) {}

func (p *keaParser) Parse(rec *event.Record, out *event.Batch) error {
	if t, i := keaLegal(rec.Data); i > 0 {
		return p.legal(rec, out, p.env.Clock.Moment(t), rec.Data[i:])
	}
	text, t, ok := keaStart(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	end := bytes.IndexByte(text, ']')
	if end < 0 || end+2 >= len(text) {
		return ErrBroken
	}
	id, m := nextWord(text[end+2:])
	act := event.ActOther
	switch string(id) {
	case "DHCP4_LEASE_ALLOC", "DHCP6_LEASE_ALLOC", "DHCP6_LEASE_RENEW", "DHCP4_LEASE_REUSE", "DHCP6_LEASE_REUSE":
		act = event.ActAssign
	case "DHCP4_RELEASE", "DHCP6_RELEASE_NA", "DHCP4_RELEASE_EXPIRED", "DHCP6_RELEASE_NA_EXPIRED", "ALLOC_ENGINE_V4_LEASE_RECLAIM", "ALLOC_ENGINE_V6_LEASE_RECLAIM":
		act = event.ActRelease
	case "DHCP4_DECLINE_LEASE", "DHCP6_DECLINE_LEASE":
		act = event.ActRefuse
	default:
		return nil
	}
	at, host := event.Micros(0), p.env.Host
	if t.Year != 0 {
		at = p.env.Clock.Moment(t)
	} else if s, ok := p.env.Syslog(rec); ok {
		at, host = s.Time, p.env.hostOf(s)
	}
	return p.server(rec, out, at, host, act, m)
}

// server reads "[hwtype=1 aa:bb:…], cid=[…], tid=0x…: lease 192.0.2.5 has been allocated for 3600 seconds" and its like.
func (p *keaParser) server(rec *event.Record, out *event.Batch, at event.Micros, host string, act event.Activity, m []byte) error {
	who, what := m, m
	if i := index(m, "tid=0x"); i >= 0 {
		if c := index(m[i:], ": "); c > 0 {
			who, what = m[:i], m[i+c+2:]
		}
	}
	var ip = bytes.TrimRight(behind(what, "address "), ",.:")
	for _, w := range [...]string{"lease for address ", "lease ", "addr ", "address "} {
		if r := behind(what, w); len(r) > 0 {
			if _, ok := p.env.addr(bytes.TrimRight(r, ",.:")); ok {
				ip = bytes.TrimRight(r, ",.:")
				break
			}
		}
	}
	a, ok := p.env.addr(ip)
	if !ok {
		return nil // a prefix, or the lease of a pool: no address of a host
	}
	ev := p.env.lease(out, rec, at, act, a)
	ev.DstHost = host
	if act == event.ActRefuse {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	fields := [4]event.Field{event.Text("mac", ""), event.Text("duid", p.bracketed(who, "duid=[")), event.Text("cid", p.bracketed(who, "cid=["))}
	n := 3
	if mac := behind(who, "hwtype=1 "); len(mac) > 0 {
		fields[0] = event.Text("mac", p.env.mac(bytes.TrimRight(mac, "],")))
	}
	if act == event.ActAssign {
		if sec, ok := parseNumber(behind(what, "allocated for ")); ok {
			fields[n] = event.Number("lease_s", sec)
			n++
		} else if sec, ok := parseNumber(behind(what, "reused for ")); ok {
			fields[n] = event.Number("lease_s", sec)
			n++
		}
	}
	ev.Rest = out.Rest(fields[:n]...)
	return nil
}

func (p *keaParser) bracketed(b []byte, open string) string {
	i := index(b, open)
	if i < 0 {
		return ""
	}
	b = b[i+len(open):]
	if e := bytes.IndexByte(b, ']'); e >= 0 {
		b = b[:e]
	}
	if string(b) == "no info" {
		return ""
	}
	return p.env.Intern.Bytes(b[:min(len(b), 200)])
}

// behind returns the word that follows text; nothing if text does not stand in b.
func behind(b []byte, text string) []byte {
	i := index(b, text)
	if i < 0 {
		return nil
	}
	word, _ := nextWord(b[i+len(text):])
	return word
}

// legal reads "Address: 192.0.2.5 has been renewed for 1 hrs 52 min 15 secs to a device with hardware address: hwtype=1
// 08:00:2b:02:3f:4e, client-id: 17:34:… connected via relay at address: 192.0.2.1, …".
func (p *keaParser) legal(rec *event.Record, out *event.Batch, at event.Micros, b []byte) error {
	if isPrefix(b, "Prefix: ") {
		return nil
	}
	word, rest := nextWord(b[len("Address: "):])
	ip, ok := p.env.addr(word)
	if !ok {
		return ErrBroken
	}
	act, how := event.ActAssign, ""
	switch {
	case isPrefix(rest, "has been renewed"):
		how = "renewed"
	case isPrefix(rest, "has been released"), isPrefix(rest, "has been deleted"), has(rest[:min(len(rest), 60)], "released by"):
		act = event.ActRelease
	case isPrefix(rest, "has been assigned"), isPrefix(rest, "has been added"), isPrefix(rest, "has been updated"):
	default:
		return ErrUnknownKind
	}
	ev := p.env.lease(out, rec, at, act, ip)
	ev.DstHost = p.env.Host
	fields := [6]event.Field{event.Text("mac", ""), event.Text("duid", p.env.Intern.Bytes(bytes.TrimRight(behind(rest, "DUID: "), ","))),
		event.Text("cid", p.env.Intern.Bytes(bytes.TrimRight(behind(rest, "client-id: "), ","))),
		event.Text("via", p.env.Intern.Bytes(bytes.TrimRight(behind(rest, "relay at address: "), ","))), event.Text("how", how)}
	n := 5
	if mac := behind(rest, "hwtype=1 "); len(mac) > 0 {
		fields[0] = event.Text("mac", p.env.mac(bytes.TrimRight(mac, ",")))
	}
	if sec := spelledSeconds(rest); sec > 0 && act == event.ActAssign {
		fields[n] = event.Number("lease_s", sec)
		n++
	}
	ev.Rest = out.Rest(fields[:n]...)
	return nil
}

// spelledSeconds reads "… for 1 hrs 52 min 15 secs …": each number belongs to the unit behind it.
func spelledSeconds(b []byte) int64 {
	i := index(b, " for ")
	if i < 0 {
		return 0
	}
	b = b[i+5:]
	sum := int64(0)
	for {
		num, rest := nextWord(b)
		n, ok := parseNumber(num)
		if !ok || n > 1<<32 {
			return sum
		}
		unit, rest := nextWord(rest)
		switch {
		case isPrefix(unit, "day"):
			n *= 86400
		case isPrefix(unit, "hr"), isPrefix(unit, "hour"):
			n *= 3600
		case isPrefix(unit, "min"):
			n *= 60
		case isPrefix(unit, "sec"):
		default:
			return sum
		}
		sum += n
		b = rest
	}
}
