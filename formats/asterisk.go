// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var asterisk = Format{
	Name:   "asterisk",
	Also:   []string{"freepbx"},
	Source: "host",
	About: About{
		What: "Asterisk 1.4 to 22 and what is built on it: messages, full and the security log, in files or through syslog.",
		Export: "Copy /var/log/asterisk/messages*, full* and security*. logger.conf needs a line \"security_log => security\" (or security among a file's levels): the security log alone tells of every " +
			"attempt with its address; alwaysauthreject=yes should be on.",
		Takes:  "Failed and successful registrations and calls, unknown accounts, refused addresses, with account, address, port and protocol. An attempt told in messages and in the security log is told twice.",
		Leaves: "Calls (cdr).",
	},
	Shapes: ShapeSyslog | ShapeText,
	Sniff: func(rec []byte) float64 {
		if _, text, ok := asteriskHead(rec); ok && len(text) > 0 {
			return 0.9
		}
		if s, ok := sniffSyslog(rec); ok && string(s.Program) == "asterisk" {
			return 0.9
		}
		return 0
	},
	New:   func(env *Env) Parser { return &asteriskParser{env: env} },
	Marks: []string{"NOTICE[", "SECURITY[", "WARNING[", "ERROR[", "VERBOSE[", "DEBUG[", "asterisk"},
}

// asteriskHead reads "[2012-02-13 17:21:54] NOTICE[1638][C-0001] chan_sip.c: text", "[Feb 13 17:21:54] NOTICE[1638]: chan_sip.c:…: text".
func asteriskHead(b []byte) (Civil, []byte, bool) {
	t, text, ok := bracketHead(b)
	if !ok {
		return t, nil, false
	}
	text, ok = trimAsterisk(text)
	return t, text, ok
}

// trimAsterisk takes away level, thread, call and file, and says whether they were there.
func trimAsterisk(b []byte) ([]byte, bool) {
	ok := false
	for _, level := range [...]string{"NOTICE[", "SECURITY[", "WARNING[", "ERROR[", "VERBOSE[", "DEBUG["} {
		rest, yes := cutPrefix(b, level)
		if !yes {
			continue
		}
		i := bytes.IndexByte(rest, ']')
		if i < 0 || i > 12 {
			return b, false
		}
		b, ok = rest[i+1:], true
		break
	}
	if !ok {
		return b, false
	}
	if rest, yes := cutPrefix(b, "[C-"); yes {
		if i := bytes.IndexByte(rest, ']'); i >= 0 {
			b = rest[i+1:]
		}
	}
	b = bytes.TrimLeft(b, ": ")
	if i := index(b[:min(len(b), 100)], ": "); i > 0 && (has(b[:i], ".c") || has(b[:i], ".cc")) && bytes.IndexByte(b[:i], '"') < 0 {
		b = b[i+2:]
		if j := index(b[:min(len(b), 60)], ": "); j > 0 && bytes.IndexByte(b[:j], ' ') < 0 && bytes.IndexByte(b[:j], '\'') < 0 && isLower(b[0]) { // a function
			b = b[j+2:]
		}
	}
	return bytes.TrimRight(b, " \r"), true
}

func isLower(c byte) bool { return c >= 'a' && c <= 'z' }

type asteriskParser struct{ env *Env }

func (p *asteriskParser) Flush(*event.Batch) {}

// Names are what a stranger sent; the words and addresses behind the quotation marks are Asterisk's.
var asteriskPhrases = []phrase{
	{"Registration from '{user}' failed for '{ip}' - Wrong password", sayFailed, event.ReasonBadPassword},
	{"Registration from '{user}' failed for '{ip}' - No matching peer found", sayFailed, event.ReasonNoSuchAccount},
	{"Registration from '{user}' failed for '{ip}' - Username/auth name mismatch", sayFailed, 0},
	{"Registration from '{user}' failed for '{ip}' - Device does not match ACL", sayFailed, event.ReasonDenied},
	{"Registration from '{user}' failed for '{ip}' - Peer is not supposed to register", sayFailed, event.ReasonDenied},
	{"Registration from '{user}' failed for '{ip}' - {why}", sayFailed, 0},
	{"Registration from '{user}' failed for '{ip}' (callid: {session}) - {why}", sayFailed, 0},
	{"Request '{method}' from '{user}' failed for '{ip}' (callid: {session}) - No matching endpoint found{skip}", sayFailed, event.ReasonNoSuchAccount},
	{"Request '{method}' from '{user}' failed for '{ip}' (callid: {session}) - {why}", sayFailed, 0},
	{"Request from '{user}' failed for '{ip}' (callid: {session}) - {why}", sayFailed, 0},
	{"Request '{method}' from '{user}' failed for '{ip}' - {why}", sayFailed, 0},
	{"Host {ip} failed to authenticate as '{user}'", sayFailed, 0},
	{"Host {ip} failed MD5 authentication for '{user}' ({skip})", sayFailed, event.ReasonBadPassword},
	{"No registration for peer '{user}' (from {ip})", sayFailed, event.ReasonNoSuchAccount},
	{"Failed to authenticate user {user}@{ip}{skip}", sayFailed, 0},
	{"Call from '{user}' ({ip}) to extension '{object}' rejected because extension not found in context '{skip}'.", sayFailed, event.ReasonDenied},
	{"Call from '{user}' ({ip}) to extension '{object}' rejected because {why}", sayFailed, event.ReasonDenied},
	{"{ip} failed to authenticate as '{user}'", sayFailed, 0},
	{"{ip} tried to authenticate with nonexistent user '{user}'", sayFailed, event.ReasonNoSuchAccount},
	{"hacking attempt detected '{ip}'", sayFailed, event.ReasonDenied},
	{"Rejecting unknown SIP connection from {ip}", sayRefused, 0},
	{"\"Rejecting unknown SIP connection from {ip}\"", sayRefused, 0},
	{"Friendly Scanner from {ip}", sayRefused, 0},
}

func (p *asteriskParser) Parse(rec *event.Record, out *event.Batch) error {
	var when event.Micros
	host := p.env.Host
	t, text, ok := asteriskHead(rec.Data)
	if ok {
		when = p.env.Clock.Moment(t)
	} else if s, yes := p.env.Syslog(rec); yes && string(s.Program) == "asterisk" {
		when, host = s.Time, p.env.hostOf(s)
		text, _ = trimAsterisk(s.Message)
	} else {
		return ErrOtherFormat
	}
	in := p.env.Intern
	if rest, yes := cutPrefix(text, "SecurityEvent=\""); yes {
		return p.security(rest, when, host, rec, out)
	}
	f := fit{env: p.env}
	for i := range asteriskPhrases {
		ph := &asteriskPhrases[i]
		if !f.fits(ph.text, text) {
			continue
		}
		ev := out.Add()
		ev.Time, ev.Service, ev.DstHost, ev.Ref = when, "sip", host, p.env.Ref(rec)
		ph.what.put(ev, ph.reason, event.ClassOther)
		ev.SrcIP, ev.SrcPort = f.addr, f.port
		ev.Account, ev.Object = in.Bytes(sipUser(f.hole[holeUser])), in.Bytes(f.hole[holeObject])
		ev.Rest = out.Rest(event.Text("method", in.Bytes(f.hole[holeMethod])), event.Text("detail", in.Bytes(f.hole[holeWhy])), event.Text("session", in.Bytes(f.hole[holeSession])))
		return nil
	}
	return nil
}

// sipUser returns the name of `"301" <sip:301@192.0.2.1>`, `<sip:301@…>;tag=…`, or what was given where it is no address of SIP.
func sipUser(b []byte) []byte {
	i := lastIndex(b, "<sip:")
	n := 5
	if i < 0 {
		if i, n = lastIndex(b, "<sips:"), 6; i < 0 {
			return bytes.Trim(b, `"`)
		}
	}
	rest := b[i+n:]
	if j := bytes.IndexAny(rest, "@>"); j >= 0 {
		return rest[:j]
	}
	return rest
}

// security reads `InvalidPassword",EventTV="…",Severity="Error",Service="SIP",…,AccountID="30",…,RemoteAddress="IPV4/UDP/192.0.2.7/5061",…`.
// Quotation marks in what was sent are escaped; an account holds no comma behind a quotation mark.
func (p *asteriskParser) security(b []byte, when event.Micros, host string, rec *event.Record, out *event.Batch) error {
	kind := b[:max(bytes.IndexByte(b, '"'), 0)]
	what, reason := sayFailed, event.ReasonNone
	switch string(kind) {
	case "InvalidPassword", "ChallengeResponseFailed":
		reason = event.ReasonBadPassword
	case "InvalidAccountID", "AuthMethodNotAllowed":
		reason = event.ReasonNoSuchAccount
	case "FailedACL":
		reason = event.ReasonDenied
	case "UnexpectedAddress", "InvalidTransport":
		reason = event.ReasonDenied
	case "SuccessfulAuth":
		what = sayLogin
	case "RequestBadFormat", "RequestNotSupported", "RequestNotAllowed", "MemoryLimit", "LoadAverageLimit", "SessionLimit":
		what = sayRefused
	case "ChallengeSent":
		return nil
	default:
		return ErrUnknownKind
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.DstHost, ev.Ref = when, host, p.env.Ref(rec)
	what.put(ev, reason, event.ClassOther)
	ev.Account = in.Bytes(sipUser(securityField(b, "AccountID")))
	ev.Service = in.Bytes(securityField(b, "Service"))
	ev.SrcIP, ev.SrcPort = p.securityAddr(securityField(b, "RemoteAddress"))
	ev.DstIP, ev.DstPort = p.securityAddr(securityField(b, "LocalAddress"))
	ev.Rest = out.Rest(event.Text("kind", in.Bytes(kind)), event.Text("session", in.Bytes(securityField(b, "SessionID"))))
	return nil
}

// securityField returns the value of the last field of that name: those of addresses stand behind the account.
func securityField(b []byte, name string) []byte {
	var buf [24]byte
	key := append(append(append(buf[:0], ','), name...), '=', '"')
	i := bytes.LastIndex(b, key)
	if i < 0 {
		return nil
	}
	rest := b[i+len(key):]
	if j := index(rest, `",`); j >= 0 {
		return rest[:j]
	}
	return bytes.TrimSuffix(rest, []byte{'"'})
}

func (p *asteriskParser) securityAddr(b []byte) (addr netip.Addr, port uint16) {
	f := bytes.Split(b, []byte("/"))
	if len(f) != 4 {
		return addr, 0
	}
	addr, _ = p.env.addr(f[2])
	port, _ = parsePort(f[3])
	return addr, port
}
