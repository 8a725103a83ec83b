// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var openVPN = Format{
	Name:   "openvpn",
	Source: "vpn",
	About: About{
		What: "OpenVPN servers 2.1 to 2.6, through syslog or their own log files.",
		Export: "Copy the file named by log or log-append, or the syslog file that holds the daemon's lines. verb 3 shows every login, refusal and assigned address; " +
			"the name of a refused user stands only in the line of the authentication plug-in (verb 3 with openvpn-plugin-auth-pam, or your script's own log).",
		Takes:  "Logins with name, address and length, failed logins and broken handshakes, addresses assigned in the tunnel, start and stop of the server.",
		Leaves: "What went through the tunnel; amounts of data stand in the status file only.",
	},
	Sniff: func(rec []byte) float64 {
		var l vpnLine
		switch ok, sure := l.split(rec); {
		case !ok:
			return 0
		case sure:
			return 0.9
		case l.peer != nil || vpnKnown(l.text):
			return 0.8
		}
		return 0
	},
	New:    func(env *Env) Parser { return &openVPNParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
}

// vpnLine is a line without its head.
type vpnLine struct {
	time Civil
	host []byte
	own  bool   // from OpenVPN's own file: time stands for itself
	peer []byte // "192.0.2.7:4022", "hanako/192.0.2.7:4022"; nil if the line is about no peer
	text []byte
}

// split reads the head: syslog; "Mon Jun  2 09:00:00 2025 [us=123456] " (to 2.4); "2025-06-02 09:00:00 [us=123456] " (from 2.5).
// sure says that the program's name stands in it.
func (l *vpnLine) split(b []byte) (ok, sure bool) {
	if len(b) > 25 && b[3] == ' ' && monthOf(b[4:]) > 0 {
		if t, n := parseBSDStamp(b[4:]); n > 0 && t.Year > 0 && 4+n < len(b) && b[4+n] == ' ' {
			l.time, l.own = t, true
			l.rest(b[5+n:])
			return true, false
		}
	}
	if t, n := parseISOStamp(b); n > 0 && n < len(b) && b[n] == ' ' {
		rest := b[n+1:]
		if _, us := cutPrefix(rest, "us="); us || b[10] == ' ' && !t.HasZone && t.Micro == 0 {
			s, isSyslog := splitHead(rest)
			if !isSyslog || !isOpenVPN(s.Program) {
				l.time, l.own = t, true
				l.rest(rest)
				return true, false
			}
		}
	}
	s, yes := sniffSyslog(b)
	if !yes || !isOpenVPN(s.Program) {
		return false, false
	}
	l.host = s.Host
	l.rest(s.Message)
	return true, true
}

func (l *vpnLine) rest(b []byte) {
	if r, ok := cutPrefix(b, "us="); ok {
		_, b = nextWord(r)
	}
	b = bytes.TrimRight(b, " \r")
	word, text := nextWord(b)
	l.text = b
	if isVPNPeer(word) {
		l.peer, l.text = word, text
	}
}

func isOpenVPN(program []byte) bool {
	for _, w := range [...]string{"openvpn", "ovpn", "OpenVPN"} {
		if rest, ok := cutPrefix(program, w); ok && (len(rest) == 0 || !(rest[0] >= 'a' && rest[0] <= 'z')) {
			return true
		}
	}
	return false
}

// isVPNPeer says whether a word is an address with a port, with or without a name.
func isVPNPeer(b []byte) bool {
	_, a := splitVPNPeer(b)
	i := bytes.LastIndexByte(a, ':')
	if i <= 0 || i+1 >= len(a) || !isDigit(a[len(a)-1]) {
		return false
	}
	return looksLikeAddr(a[:i]) || a[0] == '['
}

// splitVPNPeer cuts "hanako/192.0.2.7:4022" and "192.0.2.7:4022/hanako". 2.7 writes "udp4:192.0.2.7:4022".
func splitVPNPeer(b []byte) (name, addr []byte) {
	i := bytes.LastIndexByte(b, '/')
	switch {
	case i < 0:
		addr = b
	case i > 0 && looksLikeAddr(b[:i]):
		name, addr = b[i+1:], b[:i]
	default:
		name, addr = b[:i], b[i+1:]
	}
	if len(addr) > 5 && (addr[0] == 'u' || addr[0] == 't') {
		if c := bytes.IndexByte(addr, ':'); c > 0 && c < 12 {
			addr = addr[c+1:]
		}
	}
	return name, addr
}

// openVPNParser follows each peer from its first packet, so that a login told of twice is one event, and the end of a
// connection is known for a logoff or for a failure.
type openVPNParser struct {
	env   *Env
	mine  bool      // a line that only OpenVPN writes has been seen
	peers []vpnPeer // by hash of address and port; nil until needed
	when  event.Micros
	host  string
	rec   *event.Record
	out   *event.Batch

	// The name that the plug-in for PAM refused, told of just before the refusal itself.
	refused     string
	refusedLine int64
}

type vpnPeer struct {
	key      uint64
	name     string
	since    event.Micros
	logged   bool
	failures int
}

const vpnPeers = 2048

func (p *openVPNParser) Flush(*event.Batch) {}

func (p *openVPNParser) Parse(rec *event.Record, out *event.Batch) error {
	var l vpnLine
	ok, sure := l.split(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	if !sure && l.peer == nil && !vpnKnown(l.text) && !(p.mine && vpnLikely(l.text)) {
		return ErrOtherFormat
	}
	p.mine = true
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
	return p.message(&l)
}

// vpnFrom is the peer of a line and what is known of it.
type vpnFrom struct {
	name []byte
	addr netip.Addr
	port uint16
	peer *vpnPeer
}

// from reads a peer: "192.0.2.7:4022", "[AF_INET]192.0.2.7:4022", "[AF_INET6]2001:db8::7:4022", "hanako/192.0.2.7:4022".
func (p *openVPNParser) from(word []byte) (f vpnFrom, ok bool) {
	name, a := splitVPNPeer(word)
	f.name = name
	v6 := false
	if len(a) > 3 && a[0] == '[' && a[1] == 'A' {
		v6 = isPrefix(a, "[AF_INET6]")
		a = a[bytes.IndexByte(a, ']')+1:]
	}
	if i := bytes.LastIndexByte(a, ':'); v6 && i > 0 && a[0] != '[' { // the port follows the address, nothing marks it
		f.addr, ok = p.env.addr(a[:i])
		f.port, _ = parsePort(a[i+1:])
	} else {
		f.addr, f.port, ok = p.env.addrPort(a)
	}
	if !ok {
		return f, false
	}
	if p.peers == nil {
		p.peers = make([]vpnPeer, vpnPeers)
	}
	raw := f.addr.As16()
	key := trailKey(raw[:], []byte{byte(f.port >> 8), byte(f.port)})
	f.peer = &p.peers[(key^key>>21)%vpnPeers]
	if f.peer.key != key {
		*f.peer = vpnPeer{key: key}
	}
	return f, true
}

func (p *openVPNParser) message(l *vpnLine) error {
	t := l.text
	var f vpnFrom
	known := false
	if l.peer != nil {
		f, known = p.from(l.peer)
	}
	if i := lastIndex(t, "[AF_INET"); i >= 0 && !known {
		word, _ := nextWord(t[i:])
		f, known = p.from(word)
	}
	switch {
	case isPrefix(t, "AUTH-PAM: BACKGROUND: user '"):
		rest := t[len("AUTH-PAM: BACKGROUND: user '"):]
		if i := lastIndex(rest, "' failed to authenticate"); i >= 0 {
			p.refused, p.refusedLine = p.env.Intern.Bytes(rest[:i]), p.rec.Line
		}
		return nil
	case isPrefix(t, "Initialization Sequence Completed"):
		p.add(event.ClassOther, event.ActStart, event.OutcomeSuccess, event.ReasonNone, &f)
		return nil
	case isPrefix(t, "SIGTERM[hard") && !known:
		p.add(event.ClassOther, event.ActStop, event.OutcomeSuccess, event.ReasonNone, &f)
		return nil
	case isPrefix(t, "MULTI: primary virtual IP"):
		return p.assigned(t)
	case !known:
		return nil // about the server itself
	}
	return p.about(t, &f)
}

// about reads a message about a peer.
func (p *openVPNParser) about(t []byte, f *vpnFrom) error {
	switch {
	case isPrefix(t, "TCP connection established with "):
		*f.peer = vpnPeer{key: f.peer.key}
		p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone, f)
	case isPrefix(t, "TLS: Initial packet from "):
		if !f.peer.logged {
			*f.peer = vpnPeer{key: f.peer.key}
		}
	case isPrefix(t, "TLS: Username/Password authentication succeeded for username '"):
		rest := t[len("TLS: Username/Password authentication succeeded for username '"):]
		if i := lastIndex(rest, "'"); i >= 0 {
			f.peer.name = p.env.Intern.Bytes(rest[:i])
		}
		p.logon(f)
	case isPrefix(t, "Authentication succeeded"):
		p.logon(f)
	case has(t, "Peer Connection Initiated with "):
		if t[0] == '[' {
			if i := index(t, "] "); i > 1 && string(t[1:i]) != "UNDEF" && f.peer.name == "" {
				f.peer.name = p.env.Intern.Bytes(t[1:i])
			}
		}
		if f.peer.failures == 0 && f.peer.name != "" && !f.peer.logged {
			p.logon(f)
		}
	case isPrefix(t, "TLS Auth Error: "), isPrefix(t, "AUTH: Received control message: AUTH_FAILED"), has(t, "'AUTH_FAILED"):
		p.failure(t, f, event.ReasonBadCredentials)
	case isPrefix(t, "VERIFY ") && has(t[:min(len(t), 32)], "ERROR"):
		reason := event.ReasonBadCredentials
		switch {
		case has(t, "expired"):
			reason = event.ReasonExpired
		case has(t, "revoked"):
			reason = event.ReasonDisabled
		}
		if i := lastIndex(t, "CN="); i >= 0 {
			cn, _, _ := bytes.Cut(t[i+3:], []byte(","))
			cn, _, _ = bytes.Cut(cn, []byte("/"))
			f.name = cn
		}
		p.failure(t, f, reason)
	case isPrefix(t, "TLS Error: TLS key negotiation failed"), isPrefix(t, "TLS Error: TLS handshake failed"), isPrefix(t, "TLS Error: tls-crypt"),
		isPrefix(t, "TLS Error: cannot locate HMAC"), isPrefix(t, "TLS Error: incoming packet authentication failed"),
		isPrefix(t, "tls-crypt unwrap error"), isPrefix(t, "TLS Error: could not determine wrapping"), isPrefix(t, "TLS Error: reading acknowledgement"):
		p.failure(t, f, event.ReasonProtocol)
	case isPrefix(t, "WARNING: Bad encapsulated packet length"):
		ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeFailure, event.ReasonProtocol, f)
		ev.Rest = p.out.Rest(event.Text("detail", "bad encapsulated packet length"))
	case isPrefix(t, "SIGUSR1[soft") || isPrefix(t, "SIGTERM[soft"):
		p.ended(t, f)
	}
	return nil
}

// logon adds a login; the second telling of one, and the renewal of a session's keys, none.
func (p *openVPNParser) logon(f *vpnFrom) {
	if f.peer.logged {
		return
	}
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone, f)
	if f.peer.name != "" {
		ev.Account = f.peer.name
	}
	f.peer.logged, f.peer.since, f.peer.failures = true, p.when, 0
}

// failure adds a failed login. Of several messages about one attempt the first stands for it, the others are repeats.
func (p *openVPNParser) failure(t []byte, f *vpnFrom, reason event.Reason) {
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, reason, f)
	if ev.Account == "" {
		ev.Account = f.peer.name
	}
	if p.refused != "" && p.rec.Line-p.refusedLine <= 3 && reason == event.ReasonBadCredentials {
		ev.Account, p.refused = p.refused, ""
	}
	again := f.peer.failures > 0 && !isPrefix(t, "TLS Auth Error: ") && !isPrefix(t, "TLS Error: incoming packet")
	if again {
		ev.Count = event.Some(0)
	}
	f.peer.failures++
	fields := [2]event.Field{event.Text("detail", p.env.Intern.Bytes(t[:min(len(t), 160)])), event.Flag("repeat", true)}
	ev.Rest = p.out.Rest(fields[:1+count(again)]...)
}

// ended reads "SIGTERM[soft,remote-exit] received, client-instance exiting".
func (p *openVPNParser) ended(t []byte, f *vpnFrom) {
	if f.peer.logged || len(f.name) > 0 {
		ev := p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone, f)
		if f.peer.name != "" {
			ev.Account = f.peer.name
		}
		if f.peer.since != 0 && p.when >= f.peer.since {
			ev.Duration = event.Some(int64(p.when-f.peer.since) / 1000)
		}
	} else {
		p.failure(t, f, event.ReasonProtocol)
	}
	*f.peer = vpnPeer{key: f.peer.key}
}

// assigned reads "MULTI: primary virtual IP for hanako/192.0.2.7:4022: 10.8.0.6".
func (p *openVPNParser) assigned(t []byte) error {
	_, rest, ok := bytes.Cut(t, []byte(" for "))
	i := lastIndex(rest, ": ")
	if !ok || i < 0 {
		return ErrBroken
	}
	f, ok := p.from(rest[:i])
	if !ok {
		return ErrBroken
	}
	ev := p.add(event.ClassLease, event.ActAssign, event.OutcomeSuccess, event.ReasonNone, &f)
	if f.peer.name != "" {
		ev.Account = f.peer.name
	}
	ev.Object = p.env.Intern.Bytes(rest[i+2:])
	return nil
}

func (p *openVPNParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason, f *vpnFrom) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Service, ev.DstHost, ev.Ref = "openvpn", p.host, p.env.Ref(p.rec)
	ev.SrcIP, ev.SrcPort = f.addr, f.port
	if string(f.name) != "UNDEF" {
		ev.Account = p.env.Intern.Bytes(f.name)
	}
	return ev
}

// vpnKnown says whether a message about no peer can only be one of OpenVPN's, by how it begins.
func vpnKnown(t []byte) bool {
	for _, w := range [...]string{"OpenVPN ", "TLS Error: ", "TLS: ", "TLS_ERROR", "TLS Auth Error", "MULTI: ", "MULTI TCP", "Initialization Sequence",
		"SIGTERM[", "SIGUSR1[", "SIGHUP[", "SIGINT[", "UDPv4", "UDPv6", "TCPv4", "TCPv6", "TCP/UDP", "TCP connection established with [AF", "TUN/TAP",
		"Outgoing Control Channel", "Incoming Control Channel", "Outgoing Data Channel", "Incoming Data Channel", "Control Channel", "Data Channel", "IFCONFIG POOL",
		"ifconfig_pool", "PUSH: ", "SENT CONTROL", "PLUGIN_", "AUTH-PAM", "ROUTE_GATEWAY", "CRL: ", "VERIFY ", "Peer Connection", "Current Parameter Settings",
		"Note: --cipher is not set", "Note: --data-cipher", "Note: Kernel support for ovpn-dco", "WARNING: POTENTIALLY DANGEROUS OPTION --", "DEPRECATED OPTION: --"} {
		if isPrefix(t, w) {
			return true
		}
	}
	return false
}

// vpnLikely says the same of what other programs may write too; it counts in a stream that is OpenVPN's.
func vpnLikely(t []byte) bool {
	for _, w := range [...]string{"library versions: ", "Diffie-Hellman", "Socket Buffers", "Listening for incoming", "Could not determine IPv4/IPv6", "net_", "/sbin/",
		"/usr/sbin/ip", "ROUTE", "NOTE: ", "WARNING: ", "DEPRECATED", "DCO ", "Note: ", "MANAGEMENT: ", "OpenSSL: ", "Re-using", "Restart pause", "Closing TUN", "Linux ",
		"Options error", "Using ", "UID set", "GID set", "event_wait", "Connection reset", "do_ifconfig", "Socket flags", "Exiting due", "ECDH curve", "client-", "  "} {
		if isPrefix(t, w) {
			return true
		}
	}
	return false
}
