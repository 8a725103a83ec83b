// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var netfilter = Format{
	Name:   "netfilter",
	Also:   []string{"iptables", "nftables", "ufw", "firewalld"},
	Source: "firewall",
	About: About{
		What: "Packets that Linux's packet filter logs through the kernel: iptables and ip6tables LOG, nftables log, ufw, firewalld, Shorewall, OpenWrt; ulogd's LOGEMU and SYSLOG write the same line.",
		Export: "Copy kern.log, messages or the journal (journalctl -k -o short-iso). A rule logs only if it says so: -j LOG --log-prefix \"DROP \" before the rule that drops, log prefix " +
			"\"drop \" in nftables, ufw logging low, firewall-cmd --set-log-denied=all. What became of the packet is known only from the prefix: name it there.",
		Takes: "Source, destination, ports, protocol, interfaces and the neighbour's hardware address; refused or let through, where the prefix says so (drop, reject, deny, block, accept, allow).",
		Leaves: "Translated addresses (NAT) do not stand in these lines: see format conntrack. Many rules log only the first packets (limit). " +
			"A packet without a telling prefix is a packet seen, no more.",
	},
	Sniff: func(rec []byte) float64 {
		if _, m, ok := netfilterStart(rec); ok && len(m) > 0 {
			return 0.9
		}
		return 0
	},
	New:    func(env *Env) Parser { return &netfilterParser{env: env} },
	Shapes: notObject,
	Marks:  []string{" SRC="},
}

// netfilterStart returns the log prefix and the record from "IN=" or "OUT=" on. The sender of a packet writes nothing into the line but
// numbers, so the first place is the right one.
func netfilterStart(b []byte) (prefix, m []byte, ok bool) {
	s, ok := sniffSyslog(b)
	if !ok {
		return nil, nil, false
	}
	text := s.Message
	switch {
	case string(s.Program) == "kernel", string(s.Program) == "ulogd", len(s.Program) == 0:
	default: // "host Shorewall:net-fw:DROP: IN=…", or a container's name for itself
		if !has(text[:min(len(text), 200)], "IN=") {
			return nil, nil, false
		}
		if i := index(b, string(s.Program)); i >= 0 && index(b[i:], "IN=") > 0 {
			text = b[i:]
		}
	}
	i := index(text[:min(len(text), 256)], "IN=")
	if i < 0 || i > 0 && text[i-1] != ' ' && text[i-1] != ':' && text[i-1] != ']' {
		return nil, nil, false
	}
	m = text[i:]
	if !has(m, " SRC=") || !has(m, " DST=") || !has(m[:min(len(m), 64)], "OUT=") {
		return nil, nil, false
	}
	return text[:i], m, true
}

type netfilterParser struct{ env *Env }

func (p *netfilterParser) Flush(*event.Batch) {}

func (p *netfilterParser) Parse(rec *event.Record, out *event.Batch) error {
	prefix, m, ok := netfilterStart(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	s, ok := p.env.Syslog(rec)
	if !ok {
		return ErrNoTime
	}
	if t := bytes.TrimLeft(prefix, " "); len(t) > 0 && t[0] == '[' && len(t) > 2 && (t[1] == ' ' || isDigit(t[1])) { // the kernel's own clock
		if e := bytes.IndexByte(t, ']'); e > 0 {
			prefix = t[e+1:]
		}
	}
	prefix = bytes.Trim(prefix, " :-")
	var f packetFields
	f.scan(m)
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity = s.Time, event.ClassNetwork, event.ActConnect
	ev.DstHost, ev.Ref = "", p.env.Ref(rec)
	ev.SrcIP, _ = p.env.addr(f.src)
	ev.DstIP, _ = p.env.addr(f.dst)
	if !ev.SrcIP.IsValid() || !ev.DstIP.IsValid() {
		out.Drop()
		return ErrBroken
	}
	ev.SrcPort, _ = parsePort(f.spt)
	ev.DstPort, _ = parsePort(f.dpt)
	switch verdict(prefix) {
	case -1:
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	case 1:
		ev.Outcome = event.OutcomeSuccess
	}
	mac := ""
	if len(f.mac) >= 35 { // destination, source, kind of frame
		mac = p.env.mac(f.mac[18:35])
	}
	in := p.env.Intern
	ev.Rest = out.Rest(event.Text("proto", in.Bytes(f.proto)), event.Text("prefix", in.Bytes(prefix[:min(len(prefix), 64)])), event.Text("in", in.Bytes(f.in)),
		event.Text("out", in.Bytes(f.out)), event.Text("mac", mac), event.Text("device", p.env.hostOf(s)), event.Text("flags", in.Bytes(f.flags)))
	return nil
}

// packetFields are the fields of a packet's line. Where an ICMP error quotes another packet in brackets, those of the first.
type packetFields struct {
	in, out, mac, src, dst, proto, spt, dpt, flags []byte
}

func (f *packetFields) scan(b []byte) {
	for len(b) > 0 && b[0] != '[' {
		var word []byte
		word, b = nextWord(b)
		eq := bytes.IndexByte(word, '=')
		if eq < 0 {
			switch string(word) {
			case "SYN", "ACK", "RST", "FIN":
				if len(f.flags) == 0 {
					f.flags = word
				}
			}
			continue
		}
		val := word[eq+1:]
		switch string(word[:eq]) {
		case "IN":
			f.in = val
		case "OUT":
			f.out = val
		case "MAC":
			f.mac = val
		case "SRC":
			f.src = val
		case "DST":
			f.dst = val
		case "PROTO":
			f.proto = val
		case "SPT":
			f.spt = val
		case "DPT":
			f.dpt = val
		}
	}
}

// verdict reads what a rule's own name for itself says of the packet: -1 refused, 1 let through, 0 nothing.
func verdict(prefix []byte) int {
	var low [64]byte
	n := 0
	for _, c := range prefix[:min(len(prefix), len(low))] {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		low[n] = c
		n++
	}
	b := low[:n]
	for _, w := range [...]string{"drop", "reject", "deny", "denied", "block", "blacklist", "invalid", "banned", "refuse", "bad", "limit"} {
		if has(b, w) {
			return -1
		}
	}
	for _, w := range [...]string{"accept", "allow", "pass", "permit", "nat", "forward ok"} {
		if has(b, w) {
			return 1
		}
	}
	return 0
}
