// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var postfix = Format{
	Name:   "postfix",
	Source: "mail",
	About: About{
		What: "Postfix 2.x and 3.x: smtpd, postscreen, cleanup, qmgr, smtp, lmtp, local, virtual, pipe and the others, in syslog (mail.log, maillog) or its own maillog_file.",
		Export: "Copy mail.log* or maillog*. Nothing need be switched on; smtpd_client_port_logging = yes adds the client's port. " +
			"From 3.7.8 and 3.8.3 on the name of a refused user stands in the line; before, only the address does.",
		Takes: "Failed SASL logins, submissions with the account that logged in, refused mail with client, sender, recipient and reason, what entered the queue with size and number of " +
			"recipients, each delivery with its result, connections and how they ended.",
		Leaves: "The content and subject of mail, unless a header check logs it; the name tried in a failed login (before 3.7.8).",
	},
	Sniff: func(rec []byte) float64 {
		if s, ok := sniffSyslog(rec); ok && postfixDaemon(s.Program) != nil {
			return 0.95
		}
		return 0
	},
	New:      func(env *Env) Parser { return &postfixParser{env: env} },
	Shapes:   ShapeSyslog,
	Programs: []string{"postfix"},
}

// postfixDaemon returns the daemon of "postfix/smtpd", "postfix-out/submission/smtpd"; nil if the program is not Postfix.
func postfixDaemon(program []byte) []byte {
	if !isPrefix(program, "postfix") {
		return nil
	}
	i := bytes.LastIndexByte(program, '/')
	if i < 0 || i+1 == len(program) {
		return nil
	}
	return program[i+1:]
}

// postfixParser joins what lines of one message share, by its queue identifier: the client, the login, the sender.
type postfixParser struct {
	env   *Env
	mails []postfixMail // by hash; nil until needed

	s   *Syslog
	rec *event.Record
	out *event.Batch
}

type postfixMail struct {
	key     uint64
	addr    netip.Addr
	port    uint16
	host    string
	account string // who logged in to send it
	sender  string
	queued  bool
}

const postfixMails = 4096

func (p *postfixParser) Flush(*event.Batch) {}

func (p *postfixParser) Parse(rec *event.Record, out *event.Batch) error {
	s, ok := p.env.Syslog(rec)
	if !ok {
		return ErrOtherFormat
	}
	daemon := postfixDaemon(s.Program)
	if daemon == nil {
		return ErrOtherFormat
	}
	p.s, p.rec, p.out = s, rec, out
	msg := bytes.TrimRight(s.Message, " \r")
	for _, w := range [...]string{"fatal: ", "panic: ", "error: "} {
		if isPrefix(msg, w) {
			return nil
		}
	}
	switch string(daemon) {
	case "smtpd":
		return p.smtpd(msg)
	case "postscreen":
		return p.postscreen(msg)
	case "cleanup":
		return p.cleanup(msg)
	case "qmgr", "nqmgr":
		return p.queue(msg)
	case "pickup":
		id, rest := cutQueueID(msg)
		if i := index(rest, "from=<"); id != nil && i >= 0 {
			if m := p.mail(id); m != nil {
				m.sender = p.env.Intern.Bytes(bytes.TrimSuffix(rest[i+6:], []byte(">")))
			}
		}
		return nil
	case "smtp", "lmtp", "local", "virtual", "pipe", "error", "discard", "relay", "retry", "bounce":
		return p.delivery(msg)
	case "master", "postfix-script":
		switch {
		case isPrefix(msg, "daemon started"):
			p.add(event.ClassOther, event.ActStart, event.OutcomeSuccess, event.ReasonNone)
		case isPrefix(msg, "terminating on signal"):
			p.add(event.ClassOther, event.ActStop, event.OutcomeSuccess, event.ReasonNone)
		}
		return nil
	case "anvil", "scache", "tlsmgr", "tlsproxy", "dnsblog", "verify", "trivial-rewrite", "postsuper", "postmap", "postalias", "postdrop", "sendmail",
		"proxymap", "flush", "showq", "qmqpd", "spawn", "oqmgr", "policy-spf", "policyd-spf", "postqueue", "postlogd", "postlog", "defer", "trace":
		return nil
	}
	return ErrUnknownKind
}

// cutQueueID cuts "4104E3D: ", "48rT2v1hQrz1J0N: " and "NOQUEUE: "; the identifier is nil where there is none, and not nil but
// of no message for NOQUEUE.
func cutQueueID(b []byte) (id, rest []byte) {
	word := true // "warning: " is none
	for i, c := range b {
		word = word && c >= 'a' && c <= 'z' || c == ':' && word
		switch {
		case c == ':' && i >= 5 && i+1 < len(b) && b[i+1] == ' ' && !word:
			return b[:i], b[i+2:]
		case !isDigit(c) && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') || i > 24:
			return nil, b
		}
	}
	return nil, b
}

// mail returns what is known of a message; nil for NOQUEUE. A message with the same hash is overwritten.
func (p *postfixParser) mail(id []byte) *postfixMail {
	if len(id) == 0 || string(id) == "NOQUEUE" {
		return nil
	}
	if p.mails == nil {
		p.mails = make([]postfixMail, postfixMails)
	}
	key := trailKey(p.s.Host, id)
	m := &p.mails[(key^key>>23)%postfixMails]
	if m.key != key {
		*m = postfixMail{key: key}
	}
	return m
}

func (p *postfixParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.s.Time, c, a, o, r
	ev.DstHost, ev.Ref = p.env.hostOf(p.s), p.env.Ref(p.rec)
	ev.Service = p.service()
	return ev
}

// service returns the name of the service that master.cf gives to the daemon: submission, smtps, or smtp.
func (p *postfixParser) service() string {
	program := p.s.Program
	end := bytes.LastIndexByte(program, '/')
	start := bytes.LastIndexByte(program[:max(end, 0)], '/')
	if start >= 0 && start < end {
		return p.env.Intern.Bytes(program[start+1 : end])
	}
	return "smtp"
}

// postfixClient is "mail.example.net[192.0.2.7]:4022" or postscreen's "[192.0.2.7]:4022".
type postfixClient struct {
	host []byte
	addr netip.Addr
	port uint16
}

// client reads a client at the start of b. Its name comes from DNS and holds no bracket.
func (p *postfixParser) client(b []byte) (c postfixClient, rest []byte, ok bool) {
	open := bytes.IndexByte(b[:min(len(b), 260)], '[')
	if open < 0 || bytes.IndexByte(b[:open], ' ') >= 0 {
		return c, b, false
	}
	end := bytes.IndexByte(b[open:min(len(b), open+64)], ']')
	if end < 0 {
		return c, b, false
	}
	c.host = b[:open]
	c.addr, _ = p.env.addr(b[open+1 : open+end])
	rest = b[open+end+1:]
	if len(rest) > 1 && rest[0] == ':' && isDigit(rest[1]) {
		n, k := digits(rest[1:], 5)
		c.port, rest = uint16(n), rest[1+k:]
	}
	return c, rest, true
}

func (p *postfixParser) from(ev *event.Event, c *postfixClient) {
	ev.SrcIP, ev.SrcPort = c.addr, c.port
	if string(c.host) != "unknown" {
		ev.SrcHost = p.env.Intern.Bytes(c.host)
	}
}

// smtpd reads the server's lines.
func (p *postfixParser) smtpd(msg []byte) error {
	if rest, ok := cutPrefix(msg, "warning: "); ok {
		return p.warning(rest)
	}
	if rest, ok := cutPrefix(msg, "connect from "); ok {
		c, _, ok := p.client(rest)
		if !ok {
			return ErrBroken
		}
		p.from(p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone), &c)
		return nil
	}
	if rest, ok := cutPrefix(msg, "disconnect from "); ok {
		c, rest, ok := p.client(rest)
		if !ok {
			return ErrBroken
		}
		ev := p.add(event.ClassNetwork, event.ActClose, event.OutcomeSuccess, event.ReasonNone)
		p.from(ev, &c)
		ev.Rest = p.out.Rest(event.Text("commands", p.env.Intern.Bytes(bytes.TrimSpace(rest))))
		return nil
	}
	id, rest := cutQueueID(msg)
	if id != nil {
		return p.aboutMail(id, rest)
	}
	for _, w := range [...]string{"lost connection after ", "timeout after ", "improper command pipelining after ", "too many errors after ", "bare <LF> received after ",
		"SSL_accept error from ", "non-SMTP command from "} {
		if rest, ok := cutPrefix(msg, w); ok {
			if w[len(w)-2] != 'm' { // "… after AUTH from client"
				i := index(rest, " from ")
				if i < 0 {
					return ErrBroken
				}
				rest = rest[i+6:]
			}
			c, _, ok := p.client(rest)
			if !ok {
				return ErrBroken
			}
			p.broken(&c, msg)
			return nil
		}
	}
	if has(msg, "TLS connection established from ") || isPrefix(msg, "setting up TLS") || isPrefix(msg, "discarding EHLO") || isPrefix(msg, "initializing") || isPrefix(msg, "proxy-accept: ") ||
		isPrefix(msg, "table ") || isPrefix(msg, "client ") || isPrefix(msg, "certificate ") || isPrefix(msg, "statistics: ") || has(msg, "certificate") {
		return nil
	}
	if rest, ok := cutPrefix(msg, "proxy-reject: "); ok {
		return p.reject(nil, rest)
	}
	return ErrUnknownKind
}

// broken adds a connection that ended otherwise than by QUIT.
func (p *postfixParser) broken(c *postfixClient, detail []byte) {
	ev := p.add(event.ClassNetwork, event.ActClose, event.OutcomeFailure, event.ReasonProtocol)
	if isPrefix(detail, "timeout") {
		ev.Reason = event.ReasonTimeout
	}
	p.from(ev, c)
	ev.Rest = p.out.Rest(event.Text("detail", p.env.Intern.Bytes(detail[:min(len(detail), 160)])))
}

// warning reads "mail.example.net[192.0.2.7]: SASL LOGIN authentication failed: authentication failure, sasl_username=hanako".
func (p *postfixParser) warning(rest []byte) error {
	if r, ok := cutPrefix(rest, "non-SMTP command from "); ok {
		c, _, ok := p.client(r)
		if !ok {
			return ErrBroken
		}
		p.broken(&c, rest)
		return nil
	}
	c, rest, ok := p.client(rest)
	if !ok {
		return nil
	}
	rest, ok = cutPrefix(rest, ": SASL ")
	if !ok {
		return nil
	}
	method, rest := nextWord(rest)
	why, ok := cutPrefix(rest, "authentication failed")
	if !ok {
		if why, ok = cutPrefix(rest, "authentication aborted"); !ok {
			return nil
		}
	}
	why = bytes.TrimLeft(why, ": ")
	var user []byte
	if i := index(why, ", sasl_username="); i >= 0 {
		user, why = why[i+len(", sasl_username="):], why[:i]
	} else if u, ok := cutPrefix(why, "sasl_username="); ok {
		user, why = u, nil
	}
	if string(user) == "(unavailable)" { // the exchange ended before there was a name
		user = nil
	}
	reason := event.ReasonBadCredentials
	switch {
	case bytes.Equal(why, []byte("(reason unavailable)")): // Dovecot tells Postfix no reason for a wrong password
	case has(why, "Invalid authentication mechanism"), has(why, "aborted"):
		reason = event.ReasonProtocol
	case has(why, "Connection lost to"), has(why, "unavailable"), has(why, "Temporary"):
		reason = event.ReasonUnavailable
	}
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, reason)
	p.from(ev, &c)
	ev.Account = p.env.Intern.Bytes(user)
	ev.Rest = p.out.Rest(event.Text("method", p.env.Intern.Bytes(method)), event.Text("detail", p.env.Intern.Bytes(why[:min(len(why), 160)])))
	return nil
}
