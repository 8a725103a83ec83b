// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var packetFilter = Format{
	Name:   "pf",
	Also:   []string{"filterlog", "pfsense", "opnsense"},
	Source: "firewall",
	About: About{
		What:   "The packet filter pf: filterlog lines of pfSense 2.2 to 2.8 and OPNsense 15 to 25 through syslog, and the text that tcpdump makes of pflog on FreeBSD, OpenBSD and NetBSD.",
		Export: "pfSense: Status, System Logs, Settings: log packets matched by the default block rules, and log on each pass rule that matters; send to a remote syslog server with Firewall Events. Elsewhere: tcpdump -n -e -tttt -r /var/log/pflog, or the same from pflog0 through logger.",
		Takes:  "Each packet that a rule logs: passed or blocked, from where to where, protocol, interface, direction, rule.",
		Leaves: "Bytes of a connection and translated addresses: pf logs packets, not connections. Flags and sizes of packets.",
	},
	Shapes: ShapeSyslog | ShapeText,
	Sniff: func(rec []byte) float64 {
		if s, ok := sniffSyslog(rec); ok && (string(s.Program) == "filterlog" || string(s.Program) == "pf") && bytes.IndexByte(s.Message, ',') > 0 {
			return 0.97
		}
		if _, _, rest := pfHead(rec); rest != nil {
			return 0.95
		}
		return 0
	},
	New:   func(env *Env) Parser { return &pfParser{env: env} },
	Marks: []string{"filterlog", "pf", "rule "},
}

type pfParser struct{ env *Env }

func (p *pfParser) Flush(*event.Batch) {}

func (p *pfParser) Parse(rec *event.Record, out *event.Batch) error {
	if s, ok := p.env.Syslog(rec); ok && (string(s.Program) == "filterlog" || string(s.Program) == "pf") {
		return p.filterlog(s, rec, out)
	}
	t, rule, rest := pfHead(rec.Data)
	if rest == nil {
		return ErrOtherFormat
	}
	return p.tcpdump(t, rule, rest, rec, out)
}

// verdict sets whether a packet passed.
func (p *pfParser) verdict(ev *event.Event, action []byte) bool {
	ev.Class, ev.Activity = event.ClassNetwork, event.ActConnect
	switch string(action) {
	case "pass", "rdr", "nat", "binat", "scrub", "match":
		ev.Outcome = event.OutcomeSuccess
	case "block", "reject", "unkn", "drop":
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	default:
		return false
	}
	return true
}

// filterlog reads "5,,,1000000103,igb0,match,block,in,4,0x0,,64,12345,0,DF,6,tcp,60,198.51.100.7,192.0.2.10,50001,22,0,S,…".
func (p *pfParser) filterlog(s *Syslog, rec *event.Record, out *event.Batch) error {
	var w [32][]byte
	n := 0
	for rest, more := s.Message, true; more && n < len(w); n++ {
		w[n], rest, more = bytes.Cut(rest, []byte{','})
	}
	if n < 18 {
		return ErrBroken
	}
	var proto, src, dst, sport, dport []byte
	switch string(w[8]) {
	case "4":
		if n < 20 {
			return ErrBroken
		}
		proto, src, dst, sport, dport = w[16], w[18], w[19], w[20], w[21]
	case "6":
		proto, src, dst, sport, dport = w[12], w[15], w[16], w[17], w[18]
		if len(proto) > 0 && isDigit(proto[0]) { // some say number and name the other way round
			proto = w[13]
		}
	default:
		return ErrUnknownKind
	}
	a, ok := p.env.addr(src)
	b, ok2 := p.env.addr(dst)
	if !ok || !ok2 {
		return ErrBroken
	}
	ev := out.Add()
	ev.Time, ev.Ref, ev.DstHost = s.Time, p.env.Ref(rec), p.env.hostOf(s)
	if !p.verdict(ev, w[6]) {
		out.Drop()
		return ErrUnknownKind
	}
	ev.SrcIP, ev.DstIP = a, b
	name := p.env.Intern.Bytes(bytes.ToLower(proto))
	if ev.Service = name; name == "tcp" || name == "udp" {
		ev.SrcPort, _ = parsePort(sport)
		ev.DstPort, _ = parsePort(dport)
	}
	in := p.env.Intern
	ev.Rest = out.Rest(event.Text("proto", name), event.Text("interface", in.Bytes(w[4])), event.Text("direction", in.Bytes(w[7])), event.Text("rule", in.Bytes(w[0])), event.Text("tracker", in.Bytes(w[3])), event.Text("reason", in.Bytes(w[5])))
	return nil
}

// pfHead reads a time and "rule 5/0(match): ", "rule 0..16777216/0(match): " or "rule 3/(match) [uid 0, pid 1] ", and returns what stands behind; nil if it is no
// such line.
func pfHead(b []byte) (t Civil, rule, rest []byte) {
	t, n := parseBSDStamp(b)
	if n == 0 {
		if t, n = parseISOStamp(b); n == 0 {
			return t, nil, nil
		}
	}
	b = bytes.TrimLeft(b[n:], " ")
	if r, ok := cutPrefix(b, "rule "); ok {
		i := index(r[:min(len(r), 64)], ") ")
		if j := index(r[:min(len(r), 64)], "): "); j > 0 && (i < 0 || j < i) {
			return t, r[:j+1], r[j+3:]
		}
		if i > 0 { // OpenBSD: no colon, and perhaps whose packet it was
			rest := r[i+2:]
			if len(rest) > 0 && rest[0] == '[' {
				if e := index(rest, "] "); e > 0 {
					rest = rest[e+2:]
				}
			}
			return t, r[:i+1], rest
		}
	}
	return t, nil, nil
}

// tcpdump reads "block in on em0: 198.51.100.7.50001 > 192.0.2.10.22: Flags [S], …", with "(tos …)" before the addresses or not.
func (p *pfParser) tcpdump(t Civil, rule, b []byte, rec *event.Record, out *event.Batch) error {
	action, b := nextWord(b)
	direction, b := nextWord(b)
	on, b := nextWord(b)
	if string(on) != "on" {
		return ErrUnknownKind
	}
	iface, b := nextWord(b)
	iface = bytes.TrimSuffix(iface, []byte(":"))
	gt := index(b, " > ")
	if gt < 0 {
		return ErrUnknownKind
	}
	left, right := b[:gt], b[gt+3:]
	left = left[bytes.LastIndexByte(left, ' ')+1:]
	proto := "ip"
	colon := index(right, ": ")
	if colon < 0 {
		return ErrBroken
	}
	tail := right[colon+2:]
	switch {
	case isPrefix(tail, "Flags ["), isPrefix(tail, "tcp"), isPrefix(tail, "S "), isPrefix(tail, "P "), isPrefix(tail, "R "), isPrefix(tail, "F "), isPrefix(tail, ". "):
		proto = "tcp"
	case isPrefix(tail, "UDP"), isPrefix(tail, "udp"):
		proto = "udp"
	case isPrefix(tail, "ICMP"), isPrefix(tail, "icmp"):
		proto = "icmp"
	}
	ev := out.Add()
	ev.Time, ev.Ref, ev.DstHost = p.env.Clock.Moment(t), p.env.Ref(rec), p.env.Host
	var ok, ok2 bool
	ev.SrcIP, ev.SrcPort, ok = p.dotted(left)
	ev.DstIP, ev.DstPort, ok2 = p.dotted(right[:colon])
	if !ok || !ok2 || !p.verdict(ev, action) {
		out.Drop()
		return ErrBroken
	}
	ev.Service = proto
	ev.Rest = out.Rest(event.Text("proto", proto), event.Text("interface", p.env.Intern.Bytes(iface)), event.Text("direction", p.env.Intern.Bytes(direction)), event.Text("rule", p.env.Intern.Bytes(rule)))
	return nil
}

// dotted reads "198.51.100.7.50001" and "2001:db8::7.50001", with a port behind the last point or none.
func (p *pfParser) dotted(b []byte) (addr netip.Addr, port uint16, ok bool) {
	if a, ok := p.env.addr(b); ok && (bytes.IndexByte(b, ':') < 0 || bytes.IndexByte(b, '.') < 0) {
		return a, 0, true
	}
	i := bytes.LastIndexByte(b, '.')
	if i < 0 {
		return addr, 0, false
	}
	a, ok := p.env.addr(b[:i])
	port, _ = parsePort(b[i+1:])
	return a, port, ok
}
