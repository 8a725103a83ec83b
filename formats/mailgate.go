// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Mail servers and gateways that write files of their own.

var assp = Format{
	Name:   "assp",
	Source: "mail",
	About: About{
		What:   "The Anti-Spam SMTP Proxy (ASSP) 1 and 2: its maillog.txt.",
		Export: "Copy maillog.txt and its rotated pieces (YY-MM-DD.maillog.txt).",
		Takes:  "Failed SMTP logins that the server behind told of, relay attempts, broken TLS and other refusals, with the client's address.",
		Leaves: "The account of a failed login: the proxy does not write it. Messages scored as spam.",
	},
	Sniff:    asspLines.sniff,
	New:      asspLines.parser,
	Shapes:   asspLines.shapes(),
	Programs: asspLines.words(),
	Marks:    asspLines.marks(),
}

var asspLines = phrasedFormat{
	service: "smtp",
	file:    asspHead,
	trim:    trimASSP,
	phrases: []phrase{
		{"{ip} SSL negotiation with client failed: {why}", sayBroken, 0},
		{"Blocking {ip} - too much AUTH errors ({num});", sayFailed, 0},
		{"Blocking {ip} - too much AUTH errors {why}", sayFailed, 0},
		{"{ip} max sender authentication errors {why}", sayFailed, 0},
		{"{ip} [SMTP Error] 535 {why}", sayFailed, 0},
		{"{ip} <{skip}> to: {object} relay attempt blocked {why}", sayMail, 0},
		{"{ip} <{skip}> relay attempt blocked {why}", sayMail, 0},
		{"{ip} relay attempt blocked {why}", sayMail, 0},
	},
}

// asspHead reads "Apr-27-13 02:25:10 ".
func asspHead(b []byte) (Civil, []byte, bool) {
	if len(b) < 20 || b[3] != '-' || b[6] != '-' {
		return Civil{}, nil, false
	}
	return fileHead(b)
}

// trimASSP takes away the message's identifier and the words in brackets: "m1-25391-06124 [Worker_1] [TLS-out] [RelayAttempt] ".
func trimASSP(b []byte) []byte {
	for range 8 {
		word, rest := nextWord(b)
		switch {
		case len(word) > 2 && word[0] == '[' && word[len(word)-1] == ']' && !looksLikeAddr(word):
		case len(word) > 8 && bytes.Count(word, []byte("-")) == 2 && !looksLikeAddr(word):
		case string(word) == "id-":
		default:
			return b
		}
		b = rest
	}
	return b
}

var domino = Format{
	Name:   "domino",
	Source: "mail",
	About: About{
		What:   "HCL (IBM, Lotus) Domino 6 to 14: the server's console log (console.log, log.nsf printed) on SMTP, POP3, IMAP, LDAP and HTTP logins.",
		Export: "Copy data/IBM_TECHNICAL_SUPPORT/console.log*. \"Log sessions\" of the server document's tasks must be on.",
		Takes:  "Failed logins with account and address, peers rejected for reasons of policy.",
		Leaves: "Successful logins; what was done.",
	},
	Sniff:    dominoLines.sniff,
	New:      dominoLines.parser,
	Shapes:   dominoLines.shapes(),
	Programs: dominoLines.words(),
	Marks:    dominoLines.marks(),
}

var dominoLines = phrasedFormat{
	service: "smtp",
	file:    dominoHead,
	phrases: []phrase{
		{"SMTP Server: Authentication failed for user {user} ; connecting host {ip}", sayFailed, 0},
		{"SMTP Server [{session}] Authentication failed for user {user} ; connecting host {ip}", sayFailed, 0},
		{"SMTP Server [{session}] Connection from {ip} rejected for {why}", sayMail, 0},
		{"SMTP Server: Connection from {ip} rejected for {why}", sayMail, 0},
		{"{service}: {user} [{ip}] authentication failure using internet password", sayFailed, 0},
		{"{service}: {user} [{ip}] authentication failure using internet password{why}", sayFailed, 0},
		{"{service}: {user} {ip} authentication failure using internet password", sayFailed, 0},
		{"{service}: {user} [{ip}] authentication failure {why}", sayFailed, 0},
	},
	finish: func(l *phrasedLine, ev *event.Event) {
		if ev.Class == event.ClassAuthentication && isPrefix(l.text, "SMTP") {
			ev.Service = "smtp"
		}
	},
}

// dominoHead reads "[28325:00010-3735542592] 22-06-2014 09:56:12   ", of which the bracket may be missing.
func dominoHead(b []byte) (Civil, []byte, bool) {
	if len(b) > 0 && b[0] == '[' {
		i := index(b[:min(len(b), 48)], "] ")
		if i < 0 {
			return Civil{}, nil, false
		}
		b = b[i+2:]
	}
	t, n := parseAnyStamp(b)
	if n == 0 || !isPrefix(b[n:], "  ") {
		return t, nil, false
	}
	return t, bytes.TrimLeft(b[n:], " "), true
}

var oracleIMS = Format{
	Name:   "oracle-ims",
	Also:   []string{"oracleims"},
	Source: "mail",
	About: About{
		What:   "Oracle Communications Messaging Server (iPlanet, Sun Java System) 6 to 8: mail.log in XML form (LOG_FORMAT=4).",
		Export: "Copy log/mail.log*. The MTA options LOG_CONNECTION=255, LOG_USERNAME=1, LOG_FORMAT=4 make it tell of logins.",
		Takes:  "Failed SMTP logins with account, address and answer.",
		Leaves: "The other formats of the log (1 to 3); POP and IMAP logins, which stand in the pop and imap logs.",
	},
	Sniff: func(rec []byte) float64 {
		if isPrefix(rec, "<co ts=\"") {
			return 0.9
		}
		return 0
	},
	New:    func(env *Env) Parser { return &oracleIMSParser{env: env} },
	Shapes: ShapeMarkup,
}

type oracleIMSParser struct{ env *Env }

func (p *oracleIMSParser) Flush(*event.Batch) {}

func (p *oracleIMSParser) Parse(rec *event.Record, out *event.Batch) error {
	b := rec.Data
	if !isPrefix(b, "<co ts=\"") {
		return ErrOtherFormat
	}
	t, n := parseISOStamp(b[len("<co ts=\""):])
	if n == 0 {
		return ErrNoTime
	}
	answer := xmlAttr(b, "di")
	if !isPrefix(answer, "535") && !has(answer, " authentication ") {
		return nil
	}
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.env.Clock.Moment(t), event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials
	ev.Service, ev.DstHost, ev.Ref = "smtp", p.env.Host, p.env.Ref(rec)
	ev.Account = p.env.Intern.Bytes(xmlAttr(b, "us"))
	f := bytes.Split(xmlAttr(b, "tr"), []byte("|")) // TCP|server|port|client|port
	if len(f) == 5 {
		ev.DstIP, _ = p.env.addr(f[1])
		ev.DstPort, _ = parsePort(f[2])
		ev.SrcIP, _ = p.env.addr(f[3])
		ev.SrcPort, _ = parsePort(f[4])
	}
	ev.Rest = out.Rest(event.Text("detail", p.env.Intern.Bytes(answer)))
	return nil
}

// xmlAttr returns the value of an attribute of the element that b begins with. Quotation marks within values are escaped.
func xmlAttr(b []byte, name string) []byte {
	for at := 0; ; {
		i := index(b[at:], name)
		if i < 0 {
			return nil
		}
		i += at
		at = i + 1
		if rest, ok := cutPrefix(b[i+len(name):], `="`); ok && i > 0 && b[i-1] == ' ' && bytes.Count(b[:i], []byte{'"'})%2 == 0 {
			if j := bytes.IndexByte(rest, '"'); j >= 0 {
				return rest[:j]
			}
		}
	}
}

var zimbra = Format{
	Name:   "zimbra",
	Source: "mail",
	About: About{
		What:   "Zimbra Collaboration 6 to 10: mailbox.log and audit.log.",
		Export: "Copy /opt/zimbra/log/audit.log* and mailbox.log*. Nothing need be switched on. zimbraMailTrustedIP must name the proxies, or only they are seen.",
		Takes:  "Logins and failed logins with account, original address (oip), protocol, user agent and reason.",
		Leaves: "What was read. mailbox.log repeats what audit.log tells: give one of them, or both and see each attempt twice in mailbox.log's words.",
	},
	Sniff: func(rec []byte) float64 {
		if _, _, _, _, ok := splitZimbra(rec); ok {
			return 0.85
		}
		return 0
	},
	New:    func(env *Env) Parser { return &zimbraParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{"] ["},
}

// splitZimbra reads "2021-03-03 19:26:38,616 INFO  [qtp93:https://…] [name=taro@lab.example;oip=192.0.2.7;…] category - text".
func splitZimbra(b []byte) (t Civil, thread, context, text []byte, ok bool) {
	t, n := parseISOStamp(b)
	if n == 0 || n >= len(b) || b[n] != ' ' {
		return t, nil, nil, nil, false
	}
	level, rest := nextWord(b[n+1:])
	rest = bytes.TrimLeft(rest, " ")
	if len(level) < 4 || len(level) > 5 || !isUpper(level[0]) || len(rest) == 0 || rest[0] != '[' {
		return t, nil, nil, nil, false
	}
	i := index(rest, "] [")
	if i < 0 {
		return t, nil, nil, nil, false
	}
	thread, rest = rest[1:i], rest[i+3:]
	if i = index(rest, "] "); i < 0 {
		return t, nil, nil, nil, false
	}
	context, text = rest[:i], rest[i+2:]
	if j := index(text[:min(len(text), 40)], " - "); j < 0 || len(context) > 0 && bytes.IndexByte(context, '=') < 0 {
		return t, nil, nil, nil, false
	}
	return t, thread, context, text, true
}

type zimbraParser struct{ env *Env }

func (p *zimbraParser) Flush(*event.Batch) {}

func (p *zimbraParser) Parse(rec *event.Record, out *event.Batch) error {
	t, thread, context, text, ok := splitZimbra(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	category, text, _ := bytes.Cut(text, []byte(" - "))
	in := p.env.Intern
	var account, proto, why []byte
	failed, known := false, false
	if string(category) == "security" || string(category) == "account" { // audit.log: cmd=Auth; account=…; protocol=…; error=…;
		f := text
		if !has(f[:min(len(f), 64)], "cmd=Auth;") && !has(f[:min(len(f), 64)], "cmd=AdminAuth;") {
			return nil
		}
		account, proto = zimbraField(f, "account"), zimbraField(f, "protocol")
		why = zimbraField(f, "error")
		failed, known = len(why) > 0, true
	} else if i := index(text, "authentication failed for ["); i >= 0 {
		rest := text[i+len("authentication failed for ["):]
		if j := lastIndex(rest, "]"); j >= 0 {
			account, why = rest[:j], bytes.TrimLeft(rest[j+1:], ", ")
			failed, known = true, true
		}
	}
	if !known {
		return nil
	}
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = p.env.Clock.Moment(t), event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess
	if failed {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
		switch {
		case has(why, "account not found"):
			ev.Reason = event.ReasonNoSuchAccount
		case has(why, "invalid password"):
			ev.Reason = event.ReasonBadPassword
		case has(why, "lockout"):
			ev.Reason = event.ReasonLocked
		case has(why, "not active"), has(why, "inactive"):
			ev.Reason = event.ReasonDisabled
		}
	}
	ev.Account, ev.DstHost, ev.Ref = in.Bytes(account), p.env.Host, p.env.Ref(rec)
	ip := zimbraField(context, "oip")
	if len(ip) == 0 {
		ip = zimbraField(context, "ip")
	}
	ev.SrcIP, _ = p.env.addr(ip)
	ev.SrcPort, _ = parsePort(zimbraField(context, "oport"))
	ev.Client = in.Bytes(zimbraField(context, "ua"))
	if len(proto) == 0 {
		proto = zimbraField(context, "oproto")
	}
	if ev.Service = in.Bytes(proto); ev.Service == "" {
		ev.Service = "zimbra"
		if has(thread, "/admin/") {
			ev.Service = "zimbra-admin"
		}
	}
	ev.Rest = out.Rest(event.Text("detail", in.Bytes(why)), event.Text("peer", in.Bytes(zimbraField(context, "ip"))))
	return nil
}

// zimbraField returns the value of "name=value;".
func zimbraField(b []byte, name string) []byte {
	for len(b) > 0 {
		b = bytes.TrimLeft(b, " ")
		part := b
		if i := bytes.IndexByte(b, ';'); i >= 0 {
			part, b = b[:i], b[i+1:]
		} else {
			b = nil
		}
		if k, v, ok := bytes.Cut(part, []byte{'='}); ok && string(k) == name {
			return v
		}
	}
	return nil
}
