// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var strongSwan = Format{
	Name:   "strongswan",
	Also:   []string{"charon"},
	Source: "vpn",
	About: About{
		What: "strongSwan 5 and 6 (charon, charon-systemd) through syslog or its own file: IPsec VPN for persons (EAP, XAuth, certificates, RADIUS) and between sites.",
		Export: "Copy the syslog file that holds the lines of charon, or the file of filelog. The default levels (1) are enough; ike_name = yes tells connections apart better. " +
			"net = 1 must stay on: the address of a refused peer stands in its lines.",
		Takes:  "Logins with name and address, refused names and keys, addresses given, end of connections, requests that no connection is configured for.",
		Leaves: "Bytes (accounting by RADIUS has them) and renewals of keys. Without ike_name the address of a refused peer is that of the last packet that the same thread read.",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := charonStart(rec); ok {
			return 0.93
		}
		return 0
	},
	New:    func(env *Env) Parser { return &charonParser{env: env} },
	Shapes: notObject,
	Marks:  []string{"["},
}

// charonLine is a line from the thread's number on: "07[IKE] <rw|1> IKE_SA rw[1] established …".
type charonLine struct {
	time   Civil
	own    bool
	thread int
	group  []byte // IKE, NET, CFG, ENC
	conn   []byte // rw|1; nil where names are not logged
	text   []byte
}

func charonStart(b []byte) (l charonLine, ok bool) {
	if s, is := sniffSyslog(b); is && (isPrefix(s.Program, "charon") || string(s.Program) == "ipsec") {
		return l, l.split(s.Message)
	}
	if t, n := parseBSDStamp(b); n > 0 && n < len(b) && b[n] == ' ' && l.split(b[n+1:]) {
		l.time, l.own = t, true
		return l, true
	}
	if t, n := parseISOStamp(b); n > 0 && n < len(b) && b[n] == ' ' && l.split(b[n+1:]) {
		l.time, l.own = t, true
		return l, true
	}
	return l, false
}

func (l *charonLine) split(m []byte) bool {
	n := 0
	if l.thread, n = digits(m, 3); n < 2 || n >= len(m) || m[n] != '[' {
		return false
	}
	end := bytes.IndexByte(m[:min(len(m), n+8)], ']')
	if end < n+4 || end+2 > len(m) || m[end+1] != ' ' {
		return false
	}
	l.group, l.text = m[n+1:end], m[end+2:]
	for _, c := range l.group {
		if !isUpper(c) && !isDigit(c) {
			return false
		}
	}
	if len(l.text) > 2 && l.text[0] == '<' {
		if e := index(l.text, "> "); e > 0 && e < 80 {
			l.conn, l.text = l.text[1:e], l.text[e+2:]
		}
	}
	return true
}

// charonParser follows what each thread of the daemon is at: who it last heard from, which name was tried.
type charonParser struct {
	env     *Env
	rec     *event.Record
	out     *event.Batch
	when    event.Micros
	host    string
	threads [64]charonThread
}

type charonThread struct {
	peer   netip.Addr
	port   uint16
	user   string
	failed bool // the failure of this exchange has been told of
}

func (p *charonParser) Flush(*event.Batch) {}

func (p *charonParser) Parse(rec *event.Record, out *event.Batch) error {
	l, ok := charonStart(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	p.rec, p.out, p.host = rec, out, p.env.Host
	if l.own {
		p.when = p.env.Clock.Moment(l.time)
	} else {
		s, ok := p.env.Syslog(rec)
		if !ok {
			return ErrNoTime
		}
		p.when, p.host = s.Time, p.env.hostOf(s)
	}
	p.message(&l, &p.threads[l.thread%len(p.threads)])
	return nil
}

func (p *charonParser) message(l *charonLine, th *charonThread) {
	t := l.text
	switch {
	case isPrefix(t, "received packet: from "):
		ip, port := p.bracketed(behind(t, "from "))
		if ip != th.peer || port != th.port {
			th.user = ""
		}
		th.peer, th.port, th.failed = ip, port, false
	case isPrefix(t, "authentication of '") && has(t, "successful"):
		if has(t, "with EAP") || has(t, "XAuth") {
			th.user = p.quoted(t)
		}
	case isPrefix(t, "XAuth authentication of '") && has(t, "successful"), isPrefix(t, "RADIUS authentication of '") && has(t, "successful"):
		th.user = p.quoted(t)
	case isPrefix(t, "XAuth authentication of '"), isPrefix(t, "RADIUS authentication of '") && has(t, "failed"):
		p.failure(th, p.quoted(t), event.ReasonBadCredentials, t)
	case isPrefix(t, "EAP method ") && has(t, " failed for peer "):
		p.failure(th, p.env.Intern.Bytes(after(t, " failed for peer ")), event.ReasonBadCredentials, t)
	case isPrefix(t, "EAP-MS-CHAPv2 verification failed"), isPrefix(t, "no EAP key found for hosts "), isPrefix(t, "no shared key found for "):
		if isPrefix(t, "no EAP key found") {
			p.failure(th, p.secondQuoted(t), event.ReasonNoSuchAccount, t)
		} else if isPrefix(t, "no shared key") {
			p.failure(th, "", event.ReasonBadCredentials, t)
		}
	case has(t, "but MAC mismatched"), isPrefix(t, "verification of AUTH payload with EAP MSK failed"), isPrefix(t, "calculated HASH does not match HASH payload"):
		p.failure(th, p.secondQuoted(t), event.ReasonBadCredentials, t)
	case isPrefix(t, "constraint check failed"), isPrefix(t, "no trusted ") && has(t, "public key found for"), isPrefix(t, "certificate was revoked"), isPrefix(t, "subject certificate invalid"):
		p.failure(th, p.quoted(t), event.ReasonProtocol, t)
	case string(l.group) == "ENC" && isPrefix(t, "generating ") && has(t, "N(AUTH_FAILED)"):
		p.failure(th, "", event.ReasonBadCredentials, t)
	case isPrefix(t, "IKE_SA ") && has(t, " established between "):
		p.established(th, t)
	case isPrefix(t, "assigning virtual IP "):
		p.lease(th, event.ActAssign, behind(t, "virtual IP "), p.env.Intern.Bytes(bytes.TrimRight(after(t, "to peer '"), "'")))
	case isPrefix(t, "lease ") && has(t, "' went offline"):
		p.lease(&charonThread{}, event.ActRelease, behind(t, "lease "), p.quoted(t))
	case isPrefix(t, "deleting IKE_SA ") && has(t, " between "):
		ev := p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone, th)
		ev.SrcIP, ev.SrcPort, ev.Account = p.peerOf(t)
	case isPrefix(t, "no IKE config found for "), isPrefix(t, "no matching peer config found"), isPrefix(t, "looking for ") && has(t, "none found"):
		p.add(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied, th)
	}
}

func (p *charonParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason, th *charonThread) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.SrcIP, ev.SrcPort, ev.DstHost, ev.Service, ev.Ref = th.peer, th.port, p.host, "ipsec", p.env.Ref(p.rec)
	return ev
}

// failure adds a refused login: the first line of an exchange that tells of it stands for it.
func (p *charonParser) failure(th *charonThread, name string, why event.Reason, t []byte) {
	if th.failed {
		return
	}
	th.failed = true
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, why, th)
	if ev.Account = name; name == "" {
		ev.Account = th.user
	}
	th.user = ""
	ev.Rest = p.out.Rest(event.Text("detail", p.env.Intern.Bytes(t[:min(len(t), 160)])))
}

// established reads "IKE_SA rw[1] established between 198.51.100.1[vpn.lab.example]...203.0.113.20[hanako]".
func (p *charonParser) established(th *charonThread, t []byte) {
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone, th)
	ip, _, id := p.peerOf(t)
	if ip.IsValid() {
		if ip != ev.SrcIP {
			ev.SrcPort = 0
		}
		ev.SrcIP = ip
	}
	if ev.Account = id; th.user != "" {
		ev.Account = th.user
	}
	th.user = ""
	ev.Rest = p.out.Rest(event.Text("connection", p.env.Intern.Bytes(behind(t, "IKE_SA "))), event.Text("identity", id))
}

// peerOf reads the far end behind the last "...".
func (p *charonParser) peerOf(t []byte) (ip netip.Addr, port uint16, id string) {
	i := index(t, "]...") // the near end's identity is our own; the far one's may hold anything, so the first counts
	if i < 0 {
		return ip, 0, ""
	}
	far := t[i+4:]
	open := bytes.IndexByte(far, '[')
	if open < 0 {
		return ip, 0, ""
	}
	ip, _ = p.env.addr(far[:open])
	end := bytes.LastIndexByte(far, ']')
	return ip, 0, p.env.Intern.Bytes(far[open+1 : max(end, open+1)])
}

// bracketed reads "203.0.113.7[500]".
func (p *charonParser) bracketed(b []byte) (ip netip.Addr, port uint16) {
	i := bytes.IndexByte(b, '[')
	if i < 0 {
		return ip, 0
	}
	ip, _ = p.env.addr(b[:i])
	port, _ = parsePort(bytes.TrimRight(b[i+1:], "]"))
	return ip, port
}

// quoted returns what stands between the first quotation mark and the last "' ".
func (p *charonParser) quoted(t []byte) string {
	i := bytes.IndexByte(t, '\'')
	j := lastIndex(t, "' ")
	if i < 0 || j <= i {
		return ""
	}
	return p.env.Intern.Bytes(t[i+1 : j])
}

// secondQuoted returns the second of "'a' - 'b'": the far end's name.
func (p *charonParser) secondQuoted(t []byte) string {
	i := index(t, "' - '")
	if i < 0 {
		return ""
	}
	b := t[i+5:]
	if j := bytes.LastIndexByte(b, '\''); j >= 0 {
		b = b[:j]
	}
	return p.env.Intern.Bytes(b)
}

func (p *charonParser) lease(th *charonThread, a event.Activity, ip []byte, name string) {
	in, ok := p.env.addr(ip)
	if !ok {
		return
	}
	ev := p.add(event.ClassLease, a, event.OutcomeSuccess, event.ReasonNone, th)
	ev.Account, ev.Object = name, p.env.Intern.Bytes(ip)
	if !ev.SrcIP.IsValid() {
		ev.SrcIP, ev.Object = in, ""
	}
}
