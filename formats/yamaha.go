// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var yamaha = Format{
	Name:   "yamaha-rtx",
	Also:   []string{"yamaha", "rtx"},
	Source: "firewall",
	About: About{
		What:   "YAMAHA RTX, NVR and FWX routers through syslog or from show log. UNVERIFIED: read by the shapes that its manuals describe; no log of an institute was at hand.",
		Export: "syslog host ADDRESS, syslog notice on (refused packets, INSPECT), syslog info on (logins, tunnels, DHCP); show log | less on the router keeps some thousands of lines only.",
		Takes: "Logins to the router and failed ones, L2TP tunnels with the address they come from, names of PPP callers and the addresses that they were given, DHCP leases, refused packets, " +
			"connections that the dynamic filters saw.",
		Leaves: "IKE's exchanges, routing. show log writes the year first, syslog none. Which tunnel a name belongs to is known by the number of the PP interface only.",
	},
	Sniff: func(rec []byte) float64 {
		if m, ok := yamahaStart(rec); ok && yamahaKnown(m) {
			return 0.85
		}
		return 0
	},
	New:    func(env *Env) Parser { return &yamahaParser{env: env} },
	Shapes: notObject,
	Marks: []string{"[INSPECT] ", "[L2TP] ", "[DHCPD] ", "[PPTP] ", "[IKE] ", "[IKE2] ", "Login succeeded for ", "Login failed for ", "Logout from ", "'administrator' ",
		" Rejected at ", "Call detected from user '", "PPP/IPCP ", " Passed at "},
}

// yamahaStart returns the message behind a syslog head without a tag, or behind "2025/06/02 09:00:00: ".
func yamahaStart(b []byte) ([]byte, bool) {
	if len(b) > 21 && b[4] == '/' && b[7] == '/' && b[10] == ' ' && b[19] == ':' && b[20] == ' ' {
		return b[21:], true
	}
	i := priority(b)
	_, n := parseSyslogStamp(b[i:])
	if n == 0 || i+n+1 >= len(b) {
		return nil, false
	}
	_, rest := nextWord(b[i+n+1:])
	return rest, len(rest) > 8
}

func yamahaKnown(m []byte) bool {
	for _, w := range [...]string{"[INSPECT] ", "[L2TP] ", "[DHCPD] ", "[PPTP] ", "[IKE] ", "[IKE2] ", "Login succeeded for ", "Login failed for ", "Logout from ", "'administrator' ", "PP[", "LAN", "TUNNEL["} {
		if !isPrefix(m, w) {
			continue
		}
		switch w {
		case "PP[", "LAN", "TUNNEL[":
			return has(m, " Rejected at ") || has(m, "Call detected from user '") || has(m, "PPP/IPCP up") || has(m, " Passed at ") || has(m, "PPP/IPCP down")
		case "[IKE] ", "[IKE2] ":
			return has(m, "ISAKMP") || has(m, "IKE SA") || has(m, "phase") || has(m, "IPsec")
		}
		return true
	}
	return false
}

type yamahaParser struct {
	env    *Env
	rec    *event.Record
	out    *event.Batch
	when   event.Micros
	host   string
	caller [128]string // by number of PP[ANONYMOUSnn]
}

func (p *yamahaParser) Flush(*event.Batch) {}

func (p *yamahaParser) Parse(rec *event.Record, out *event.Batch) error {
	m, ok := yamahaStart(rec.Data)
	if !ok || !yamahaKnown(m) {
		return ErrOtherFormat
	}
	p.rec, p.out, p.host = rec, out, p.env.Host
	if rec.Data[min(4, len(rec.Data)-1)] == '/' {
		t, n := parseSlashDate(rec.Data)
		if n == 0 {
			return ErrNoTime
		}
		p.when = p.env.Clock.Moment(t)
	} else {
		s, ok := p.env.Syslog(rec)
		if !ok {
			return ErrNoTime
		}
		p.when, p.host = s.Time, p.env.hostOf(s)
	}
	p.message(bytes.TrimRight(m, " \r"))
	return nil
}

func (p *yamahaParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Ref, ev.DstHost = p.env.Ref(p.rec), p.host
	return ev
}

func (p *yamahaParser) message(m []byte) {
	switch {
	case isPrefix(m, "Login succeeded for "):
		p.login(p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone), m[len("Login succeeded for "):])
	case isPrefix(m, "Login failed for "):
		p.login(p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials), m[len("Login failed for "):])
	case isPrefix(m, "Logout from "):
		p.login(p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone), m[len("Logout from "):])
	case isPrefix(m, "'administrator' succeeded for "):
		p.login(p.add(event.ClassAuthentication, event.ActElevate, event.OutcomeSuccess, event.ReasonNone), m[len("'administrator' succeeded for "):])
	case isPrefix(m, "'administrator' failed for "):
		p.login(p.add(event.ClassAuthentication, event.ActElevate, event.OutcomeFailure, event.ReasonBadCredentials), m[len("'administrator' failed for "):])
	case isPrefix(m, "[L2TP] ") && has(m, " connected from "):
		ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
		ev.SrcIP, _ = p.env.addr(behind(m, "connected from "))
		ev.Service = "l2tp"
		ev.Rest = p.out.Rest(event.Text("tunnel", p.env.Intern.Bytes(behind(m, "[L2TP] "))))
	case isPrefix(m, "[DHCPD] "):
		p.dhcp(m)
	case isPrefix(m, "[INSPECT] "):
		ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
		p.packet(ev, m, "] ")
	case has(m, " Rejected at "):
		ev := p.add(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
		p.packet(ev, m, "filter: ")
	case has(m, " Passed at "):
		p.packet(p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone), m, "filter: ")
	case isPrefix(m, "PP[ANONYMOUS"):
		p.ppp(m)
	}
}

// login reads "SSH: 203.0.113.7 root" or "TELNET: 192.168.100.2".
func (p *yamahaParser) login(ev *event.Event, m []byte) {
	service, rest, _ := bytes.Cut(m, []byte(": "))
	ev.Service = p.env.Intern.Bytes(service)
	word, name := nextWord(rest)
	ev.SrcIP, _ = p.env.addr(word)
	ev.Account = p.env.Intern.Bytes(name)
}

// packet reads "TCP 203.0.113.7:57788 > 198.51.100.1:23" behind a mark.
func (p *yamahaParser) packet(ev *event.Event, m []byte, mark string) {
	i := index(m, mark)
	for mark == "] " && i >= 0 && i+2 < len(m) && index(m[i+2:], "] ") >= 0 && index(m[i+2:], "] ") < 60 {
		i += 2 + index(m[i+2:], "] ")
	}
	if i < 0 {
		p.out.Drop()
		return
	}
	proto, rest := nextWord(m[i+len(mark):])
	src, rest := nextWord(rest)
	_, rest = nextWord(rest)
	dst, _ := nextWord(rest)
	ev.SrcIP, ev.SrcPort, _ = p.env.addrPort(src)
	ev.DstIP, ev.DstPort, _ = p.env.addrPort(dst)
	if !ev.SrcIP.IsValid() {
		p.out.Drop()
		return
	}
	ev.DstHost = ""
	face, _ := nextWord(bytes.TrimPrefix(m, []byte("[INSPECT] ")))
	ev.Rest = p.out.Rest(event.Text("proto", p.env.Intern.Bytes(proto)), event.Text("device", p.host), event.Text("interface", p.env.Intern.Bytes(face[:min(len(face), 40)])))
}

// dhcp reads "[DHCPD] LAN1(port1) Allocates 192.168.100.2: 02:00:5e:00:53:a1".
func (p *yamahaParser) dhcp(m []byte) {
	act, key := event.ActAssign, " Allocates "
	switch {
	case has(m, key):
	case has(m, " Extends "):
		key = " Extends "
	case has(m, " Releases "):
		act, key = event.ActRelease, " Releases "
	case has(m, " Expires "):
		act, key = event.ActRelease, " Expires "
	default:
		return
	}
	i := index(m, key)
	word, rest := nextWord(m[i+len(key):])
	ip, ok := p.env.addr(bytes.TrimRight(word, ":"))
	if !ok {
		return
	}
	ev := p.add(event.ClassLease, act, event.OutcomeSuccess, event.ReasonNone)
	ev.SrcIP, ev.Service = ip, "dhcp"
	mac := rest
	if f, r := nextWord(rest); len(f) == 2 { // the kind of hardware stands before it
		mac = r
	}
	mac, _ = nextWord(mac)
	if isMAC(mac) {
		ev.Rest = p.out.Rest(event.Text("mac", p.env.mac(mac)))
	}
}

// ppp reads "PP[ANONYMOUS01] Call detected from user 'hanako'" and, for the same interface, "PPP/IPCP up  (Local: 10.1.1.1, Remote: 10.8.0.6)".
func (p *yamahaParser) ppp(m []byte) {
	n, _ := digits(m[len("PP[ANONYMOUS"):], 3)
	slot := &p.caller[n%len(p.caller)]
	switch {
	case has(m, "Call detected from user '"):
		name := after(m, "Call detected from user '")
		*slot = p.env.Intern.Bytes(bytes.TrimSuffix(name, []byte("'"))) // whether he was let in is known when the line is up
	case has(m, "PPP/IPCP up"):
		ip, ok := p.env.addr(bytes.TrimRight(behind(m, "Remote: "), ")"))
		if !ok {
			return
		}
		if *slot != "" {
			ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
			ev.Account, ev.Service = *slot, "ppp"
		}
		ev := p.add(event.ClassLease, event.ActAssign, event.OutcomeSuccess, event.ReasonNone)
		ev.SrcIP, ev.Account, ev.Service = ip, *slot, "ppp"
	case has(m, "PPP/IPCP down"):
		*slot = ""
	}
}
