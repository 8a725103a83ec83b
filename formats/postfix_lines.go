// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// aboutMail reads what smtpd and cleanup say of one message, or of one that never got an identifier.
func (p *postfixParser) aboutMail(id, rest []byte) error {
	if r, ok := cutPrefix(rest, "client="); ok {
		c, tail, ok := p.client(r)
		if !ok {
			return ErrBroken
		}
		m := p.mail(id)
		m.addr, m.port, m.host = c.addr, c.port, ""
		if string(c.host) != "unknown" {
			m.host = p.env.Intern.Bytes(c.host)
		}
		i := index(tail, "sasl_username=")
		if i < 0 {
			return nil
		}
		user := tail[i+len("sasl_username="):]
		if j := lastIndex(user, ", sasl_sender="); j >= 0 {
			user = user[:j]
		}
		m.account = p.env.Intern.Bytes(user)
		ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
		p.from(ev, &c)
		ev.Account = m.account
		var method []byte
		if j := index(tail, "sasl_method="); j >= 0 {
			method, _, _ = bytes.Cut(tail[j+len("sasl_method="):], []byte(","))
		}
		ev.Rest = p.out.Rest(event.Text("method", p.env.Intern.Bytes(method)), event.Text("queue_id", p.env.Intern.Bytes(id)))
		return nil
	}
	for _, w := range [...]string{"reject: ", "milter-reject: ", "milter-discard: ", "discard: ", "milter-hold: ", "proxy-reject: "} {
		if r, ok := cutPrefix(rest, w); ok {
			return p.reject(id, r)
		}
	}
	for _, w := range [...]string{"message-id=", "warning: ", "info: ", "filter: ", "hold: ", "redirect: ", "prepend: ", "replace: ", "warn: ", "milter-header-redirect: ",
		"permit: ", "resent-message-id=", "bcc: ", "dsn: ", "reject_warning: ", "strip: ", "milter-quarantine", "uid=", "from=", "pass: ", "client certificate", "sender ", "milter-"} {
		if isPrefix(rest, w) {
			return nil
		}
	}
	return ErrUnknownKind
}

// reject reads "RCPT from mail.example.net[192.0.2.7]: 550 5.1.1 <x@y>: Recipient address rejected: …; from=<a@b> to=<x@y>
// proto=ESMTP helo=<h>". Sender, recipient and greeting are the stranger's; the client stands before them.
func (p *postfixParser) reject(id, rest []byte) error {
	ev := p.add(event.ClassMail, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
	stage, r := nextWord(rest)
	text := rest
	if i := index(r, "from "); i >= 0 && i < 200 {
		c, tail, ok := p.client(r[i+5:])
		if ok {
			p.from(ev, &c)
			text = bytes.TrimLeft(tail, ": ")
		} else if m := p.mail(id); m != nil {
			ev.SrcIP, ev.SrcPort, ev.SrcHost = m.addr, m.port, m.host
		}
	}
	if m := p.mail(id); m != nil && m.account != "" {
		ev.Account = m.account
	}
	tail := []byte(nil)
	if i := lastIndex(text, "; from=<"); i >= 0 {
		text, tail = text[:i], text[i+2:]
	} else if i := lastIndex(text, "; to=<"); i >= 0 {
		text, tail = text[:i], text[i+2:]
	} else if i := lastIndex(text, "; proto="); i >= 0 {
		text, tail = text[:i], text[i+2:]
	}
	sender, to, helo := angle(tail, "from=<"), angle(tail, "to=<"), angle(tail, "helo=<")
	ev.Target = p.env.Intern.Bytes(to)
	switch {
	case has(text, "User unknown"), has(text, "unknown user"), has(text, "does not exist"), has(text, "No such user"):
		ev.Reason = event.ReasonNoSuchAccount
	case has(text, "Protocol error"), has(text, "need fully-qualified"), has(text, "Invalid"), has(text, "mproper"):
		ev.Reason = event.ReasonProtocol
	case has(text, "denied"), has(text, "blocked"):
	case len(text) > 0 && text[0] == '4':
		ev.Reason = event.ReasonUnavailable
	}
	if string(id) == "NOQUEUE" {
		id = nil
	}
	in := p.env.Intern
	ev.Rest = p.out.Rest(event.Text("stage", in.Bytes(bytes.TrimRight(stage, ":"))), event.Text("detail", in.Bytes(text[:min(len(text), 240)])),
		event.Text("sender", in.Bytes(sender)), event.Text("helo", in.Bytes(helo)), event.Text("queue_id", in.Bytes(id)))
	return nil
}

// angle returns what stands behind key up to the next closing bracket.
func angle(b []byte, key string) []byte {
	i := index(b, key)
	if i < 0 {
		return nil
	}
	v, _, _ := bytes.Cut(b[i+len(key):], []byte(">"))
	return v
}

// postscreen reads the greeter's lines: "CONNECT from [192.0.2.7]:4022 to [198.51.100.1]:25", "PREGREET 6 after 1.2 from …",
// "NOQUEUE: reject: RCPT from …".
func (p *postfixParser) postscreen(msg []byte) error {
	if id, rest := cutQueueID(msg); id != nil {
		if r, ok := cutPrefix(rest, "reject: "); ok {
			return p.reject(id, bytes.ReplaceAll(r, []byte(">, "), []byte("> ")))
		}
		return nil
	}
	if rest, ok := cutPrefix(msg, "CONNECT from "); ok {
		c, rest, ok := p.client(rest)
		if !ok {
			return ErrBroken
		}
		ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
		p.from(ev, &c)
		if r, ok := cutPrefix(rest, " to "); ok {
			if d, _, ok := p.client(r); ok {
				ev.DstIP, ev.DstPort = d.addr, d.port
			}
		}
		return nil
	}
	if rest, ok := cutPrefix(msg, "DISCONNECT "); ok {
		c, _, ok := p.client(rest)
		if !ok {
			return ErrBroken
		}
		p.from(p.add(event.ClassNetwork, event.ActClose, event.OutcomeSuccess, event.ReasonNone), &c)
		return nil
	}
	for _, w := range [...]string{"PASS ", "WHITELISTED ", "ALLOWLISTED ", "WHITELIST VETO ", "ALLOWLIST VETO ", "cache ", "warning: ", "close database "} {
		if isPrefix(msg, w) {
			return nil
		}
	}
	act, reason := event.ActConnect, event.ReasonProtocol
	from := index(msg, " from [")
	switch {
	case isPrefix(msg, "BLACKLISTED "), isPrefix(msg, "DENYLISTED "):
		act, reason, from = event.ActRefuse, event.ReasonDenied, bytes.IndexByte(msg, ' ')-5
	case isPrefix(msg, "DNSBL rank "):
		act, reason, from = event.ActRefuse, event.ReasonDenied, index(msg, " for [")-1
	case isPrefix(msg, "PREGREET "), isPrefix(msg, "HANGUP "), isPrefix(msg, "COMMAND "), isPrefix(msg, "NON-SMTP COMMAND "), isPrefix(msg, "BARE NEWLINE "):
	default:
		return ErrUnknownKind
	}
	if from < -4 || from+6 > len(msg) {
		return ErrBroken
	}
	c, _, ok := p.client(msg[from+6:])
	if !ok {
		return ErrBroken
	}
	ev := p.add(event.ClassNetwork, act, event.OutcomeFailure, reason)
	p.from(ev, &c)
	ev.Rest = p.out.Rest(event.Text("detail", p.env.Intern.Bytes(msg[:min(len(msg), 160)])))
	return nil
}

func (p *postfixParser) cleanup(msg []byte) error {
	id, rest := cutQueueID(msg)
	if id == nil {
		return nil // warnings about tables
	}
	return p.aboutMail(id, rest)
}

// queue reads the queue manager's "from=<a@b>, size=5360, nrcpt=2 (queue active)": a message that entered the queue. Later
// rounds of the same message are repeats.
func (p *postfixParser) queue(msg []byte) error {
	id, rest := cutQueueID(msg)
	if id == nil || !isPrefix(rest, "from=<") {
		return nil // "removed", warnings
	}
	i := lastIndex(rest, ">, size=")
	if i < 0 {
		return nil // "status=expired, returned to sender"
	}
	m := p.mail(id)
	if m == nil {
		return ErrBroken
	}
	sender := rest[len("from=<"):max(i, len("from=<"))]
	m.sender = p.env.Intern.Bytes(sender)
	size, _ := numberBehind(rest[i:], "size=")
	n, _ := numberBehind(rest[i:], "nrcpt=")
	ev := p.add(event.ClassMail, event.ActSend, event.OutcomeSuccess, event.ReasonNone)
	ev.Account = m.account
	if ev.Account == "" {
		ev.Account = m.sender
	}
	ev.SrcIP, ev.SrcPort, ev.SrcHost = m.addr, m.port, m.host
	ev.BytesOut, ev.Count = event.Some(size), event.Some(n)
	f := [3]event.Field{event.Text("queue_id", p.env.Intern.Bytes(id)), event.Text("sender", m.sender), event.Flag("repeat", true)}
	if m.queued {
		ev.Count = event.Some(0)
	}
	ev.Rest = p.out.Rest(f[:2+count(m.queued)]...)
	m.queued = true
	return nil
}

// delivery reads "to=<x@y>, orig_to=<z>, relay=mx.example.net[192.0.2.25]:25, delay=11, …, dsn=2.0.0, status=sent (250 2.0.0 Ok)".
func (p *postfixParser) delivery(msg []byte) error {
	id, rest := cutQueueID(msg)
	if id == nil {
		if isPrefix(msg, "warning: ") || isPrefix(msg, "connect to ") || has(msg, "TLS connection") || has(msg, "ertificate") || isPrefix(msg, "SSL_connect") ||
			isPrefix(msg, "statistics") {
			return nil
		}
		return ErrUnknownKind
	}
	r, ok := cutPrefix(rest, "to=")
	if !ok {
		return nil // "host … said:", "lost connection with …", "enabling PIX workarounds"
	}
	var to []byte
	if len(r) > 0 && r[0] == '<' {
		i := index(r, ">, ")
		if i < 0 {
			return ErrBroken
		}
		to, r = r[1:i], r[i+3:]
	} else if to, r, ok = bytes.Cut(r, []byte(", ")); !ok {
		return ErrBroken
	}
	s := index(r, "status=")
	relay := index(r, "relay=")
	if s < 0 || relay < 0 || relay > s {
		return ErrBroken
	}
	status, why := nextWord(r[s+7:])
	ev := p.add(event.ClassMail, event.ActReceive, event.OutcomeUnknown, event.ReasonNone)
	switch string(status) {
	case "sent", "deliverable":
		ev.Outcome = event.OutcomeSuccess
	case "bounced", "undeliverable", "undeliverable-but-not-cached":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
		if has(why, "nknown user") || has(why, "ser unknown") || has(why, "does not exist") {
			ev.Reason = event.ReasonNoSuchAccount
		}
	case "deferred":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonUnavailable
	}
	in := p.env.Intern
	ev.Account = in.Bytes(to)
	if m := p.mail(id); m != nil {
		ev.Target = m.sender
	}
	name, _, _ := bytes.Cut(r[relay+6:], []byte(","))
	if c, _, ok := p.client(name); ok {
		ev.DstHost, ev.DstIP, ev.DstPort = in.Bytes(c.host), c.addr, c.port
	}
	ev.Rest = p.out.Rest(event.Text("queue_id", in.Bytes(id)), event.Text("relay", in.Bytes(name)), event.Text("status", in.Bytes(status)),
		event.Text("detail", in.Bytes(bytes.Trim(why[:min(len(why), 200)], "()"))))
	return nil
}
