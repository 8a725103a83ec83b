// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var exim = Format{
	Name:   "exim",
	Source: "mail",
	About: About{
		What: "Exim 4: mainlog and rejectlog, or syslog.",
		Export: "Copy /var/log/exim4/mainlog* and rejectlog*. log_selector should have +smtp_connection and +outgoing_port is of no use; " +
			"+authentication… is not needed: failed logins are there always, the ID of a success stands in A= of each message received.",
		Takes: "Failed logins with account (set_id), address and authenticator; mail turned away with sender, address and reason; messages received and delivered with sender, " +
			"recipient, size and authenticated ID, which is a login, too; connections refused or broken off.",
		Leaves: "A login after which no message was sent leaves no line. What was in a message. The name in H= and the words in parentheses are the client's own.",
	},
	Sniff: func(rec []byte) float64 {
		if s, ok := sniffSyslog(rec); ok && isExim(s.Program) {
			return 0.9
		}
		if _, text, ok := eximHead(rec); ok && eximSays(text) {
			return 0.9
		}
		return 0
	},
	New:    func(env *Env) Parser { return &eximParser{env: env} },
	Shapes: ShapeSyslog,
}

func isExim(program []byte) bool {
	return isPrefix(program, "exim")
}

// eximHead reads "2025-06-02 09:00:00 +0900 [811] ", of which the zone and the process may be missing.
func eximHead(b []byte) (t Civil, text []byte, ok bool) {
	t, n := parseISOStamp(b)
	if n == 0 || n >= len(b) || b[n] != ' ' {
		return t, nil, false
	}
	b = b[n+1:]
	if z := parseZone(b, &t); z > 0 && z < len(b) && b[z] == ' ' {
		b = b[z+1:]
	}
	return t, trimExim(b), t.Valid()
}

// trimExim takes away "[811] ", and a second time of day that syslog's lines may have.
func trimExim(b []byte) []byte {
	if t, n := parseISOStamp(b); n > 0 && n < len(b) && t.Year > 0 {
		b = b[n+1:]
	}
	if len(b) > 2 && b[0] == '[' && isDigit(b[1]) {
		if i := index(b[:min(len(b), 12)], "] "); i > 0 {
			b = b[i+2:]
		}
	}
	return bytes.TrimRight(b, " \r")
}

// eximSays says whether a text is one that only Exim writes.
func eximSays(b []byte) bool {
	if _, rest, ok := eximID(b); ok {
		return len(rest) > 2
	}
	if isPrefix(b, "H=") || isPrefix(b, "SMTP protocol ") || isPrefix(b, "SMTP call from ") || isPrefix(b, "no host name found for IP address ") ||
		isPrefix(b, "SMTP syntax error in ") || isPrefix(b, "exim ") || isPrefix(b, "SMTP connection from ") || isPrefix(b, "Start queue run") || isPrefix(b, "End queue run") {
		return true
	}
	if isPrefix(b, "TLS error on connection from ") || isPrefix(b, "unexpected disconnection while reading SMTP") || isPrefix(b, "rejected ") || isPrefix(b, "refused connection from ") {
		return true
	}
	return has(b[:min(len(b), 80)], " authenticator failed for ")
}

// eximID takes a message's identifier off a text: "1uLxyz-00012A-1B" or, from 4.97 on, "1uLxyzabcd-00000001234-0abc".
func eximID(b []byte) (id, rest []byte, ok bool) {
	word, rest := nextWord(b)
	if n := len(word); n != 16 && n != 23 || word[6] != '-' && n == 16 {
		return nil, b, false
	}
	dashes := 0
	for _, c := range word {
		if c == '-' {
			dashes++
		} else if !isDigit(c) && !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return nil, b, false
		}
	}
	return word, rest, dashes == 2
}

type eximParser struct {
	env  *Env
	rec  *event.Record
	out  *event.Batch
	when event.Micros
	host string
}

func (p *eximParser) Flush(*event.Batch) {}

func (p *eximParser) Parse(rec *event.Record, out *event.Batch) error {
	p.rec, p.out = rec, out
	var text []byte
	if s, ok := p.env.Syslog(rec); ok && isExim(s.Program) {
		p.when, p.host, text = s.Time, p.env.hostOf(s), trimExim(s.Message)
	} else {
		t, rest, ok := eximHead(rec.Data)
		if !ok || !eximSays(rest) {
			return ErrOtherFormat
		}
		p.when, p.host, text = p.env.Clock.Moment(t), p.env.Host, rest
	}
	if id, rest, ok := eximID(text); ok {
		return p.message(id, rest)
	}
	return p.peer(text)
}

// eximPeer is where a line says that somebody spoke from. Only the address in the bracket is Exim's own knowledge.
type eximPeer struct {
	ip, name, helo []byte
}

// cutPeer reads "host.example (helo) [192.0.2.7]:4022" and returns what stands behind it. The name and the words in parentheses may hold
// brackets, but no space comes before the true one but behind a closing parenthesis or the name.
func cutPeer(b []byte) (p eximPeer, rest []byte, ok bool) {
	if len(b) > 0 && b[0] != '(' && b[0] != '[' {
		p.name, b = nextWord(b)
	}
	if len(b) > 0 && b[0] == '(' {
		i := index(b, ") [")
		if i < 0 {
			return p, nil, false
		}
		p.helo, b = b[1:i], b[i+2:]
	}
	if len(b) == 0 || b[0] != '[' {
		return p, nil, false
	}
	i := bytes.IndexByte(b, ']')
	if i < 0 {
		return p, nil, false
	}
	p.ip, b = b[1:i], b[i+1:]
	if len(b) > 1 && b[0] == ':' && isDigit(b[1]) {
		_, n := digits(b[1:], 5)
		b = b[1+n:]
	}
	return p, b, true
}

func (p *eximParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Service, ev.DstHost, ev.Ref = "smtp", p.host, p.env.Ref(p.rec)
	return ev
}

func (p *eximParser) from(ev *event.Event, peer *eximPeer) {
	p.env.setSource(ev, peer.ip)
	ev.SrcHost = p.env.Intern.Bytes(peer.name)
}

// peer reads lines that are of no message.
func (p *eximParser) peer(b []byte) error {
	in := p.env.Intern
	if i := index(b[:min(len(b), 96)], "authenticator failed for "); i >= 0 {
		peer, rest, ok := cutPeer(b[i+len("authenticator failed for "):])
		if !ok {
			return ErrBroken
		}
		ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials)
		p.from(ev, &peer)
		if j := lastIndex(rest, " (set_id="); j >= 0 {
			ev.Account = in.Bytes(bytes.TrimSuffix(rest[j+len(" (set_id="):], []byte(")")))
			rest = rest[:j]
		}
		if !has(rest, ": 535 ") && has(rest, ": 435 ") {
			ev.Reason = event.ReasonUnavailable
		}
		_, why, _ := bytes.Cut(rest, []byte(": "))
		ev.Rest = p.out.Rest(event.Text("method", in.Bytes(bytes.TrimRight(b[:i], " "))), event.Text("detail", in.Bytes(why[:min(len(why), 256)])), event.Text("helo", in.Bytes(peer.helo)))
		return nil
	}
	if isPrefix(b, "SMTP protocol error in ") || isPrefix(b, "SMTP syntax error in ") { // the client's command stands in quotation marks
		return p.badCommand(b)
	}
	for _, k := range eximPeerLines {
		var rest []byte
		if i := index(b[:min(len(b), 512)], k.mark); i >= 0 && (k.within || i == 0) {
			rest = b[i+len(k.mark):]
		} else {
			continue
		}
		peer, rest, ok := cutPeer(rest)
		if !ok {
			continue
		}
		class, act, outcome, reason := event.ClassMail, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
		why := bytes.TrimLeft(rest, " :")
		switch k.what {
		case sayConnect:
			class, act, outcome, reason = event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone
		case sayBroken:
			class, act, reason = event.ClassNetwork, event.ActConnect, event.ReasonProtocol
		case sayFailed:
			class, act, reason = event.ClassAuthentication, event.ActLogon, event.ReasonProtocol
		}
		ev := p.add(class, act, outcome, reason)
		p.from(ev, &peer)
		p.refusal(ev, &peer, why)
		return nil
	}
	switch {
	case has(b, "Warning: "), isPrefix(b, "Start queue run"), isPrefix(b, "End queue run"), isPrefix(b, "exim "), isPrefix(b, "no host name found"),
		isPrefix(b, "no IP address found"), isPrefix(b, "cwd="), isPrefix(b, "daemon: "):
		return nil
	}
	return ErrUnknownKind
}

// badCommand reads `SMTP protocol error in "AUTH LOGIN" H=(helo) [192.0.2.7] …`.
func (p *eximParser) badCommand(b []byte) error {
	i := lastIndex(b, `" H=`)
	if i < 0 {
		return ErrUnknownKind
	}
	peer, rest, ok := cutPeer(b[i+4:])
	if !ok {
		return ErrBroken
	}
	ev := p.add(event.ClassMail, event.ActRefuse, event.OutcomeFailure, event.ReasonProtocol)
	if _, command, _ := bytes.Cut(b[:i], []byte{'"'}); isPrefix(command, "AUTH") {
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
	}
	p.from(ev, &peer)
	p.refusal(ev, &peer, bytes.TrimLeft(rest, " "))
	return nil
}

// eximPeerLines are the beginnings of lines about a peer, or what may stand within one before the peer.
var eximPeerLines = [...]struct {
	mark   string
	within bool
	what   saying
}{
	{" authenticator failed H=", true, sayFailed},
	{"H=", false, sayMail},
	{"SMTP call from ", false, sayMail},
	{"SMTP protocol synchronization error (input sent without waiting for greeting): rejected connection from H=", false, sayMail},
	{"rejected connection from H=", true, sayMail},
	{"refused connection from ", true, sayMail},
	{"rejected EHLO from ", true, sayMail},
	{"rejected HELO from ", true, sayMail},
	{"unexpected disconnection while reading SMTP command from ", false, sayBroken},
	{"TLS error on connection from ", false, sayBroken},
	{"SMTP command timeout on connection from ", false, sayBroken},
	{"SMTP command timeout on TLS connection from ", false, sayBroken},
	{"SMTP connection from ", false, sayConnect},
	{"no MAIL in SMTP connection from ", false, sayBroken},
}

// refusal reads "F=<a@x.example> rejected RCPT <b@y.example>: reason".
func (p *eximParser) refusal(ev *event.Event, peer *eximPeer, b []byte) {
	in := p.env.Intern
	var sender []byte
	if i := index(b, "F=<"); i >= 0 && i < 200 {
		if j := bytes.IndexByte(b[i:], '>'); j > 0 {
			sender = b[i+3 : i+j]
		}
	}
	if i := index(b, " A="); i >= 0 && i < 200 { // an authenticated client's mail was turned away
		word, _ := nextWord(b[i+3:])
		if _, id, ok := bytes.Cut(word, []byte(":")); ok {
			ev.Account = in.Bytes(id)
		}
	}
	if i := index(b, "rejected RCPT "); i >= 0 {
		to, why, _ := bytes.Cut(b[i+len("rejected RCPT "):], []byte(": "))
		ev.Object = in.Bytes(bytes.Trim(to, "<>"))
		switch {
		case has(why, "nrouteable") || has(why, "nknown user") || has(why, "o Such User") || has(why, "o such user"):
			ev.Reason = event.ReasonNoSuchAccount
		}
		b = why
	}
	ev.Rest = p.out.Rest(event.Text("sender", in.Bytes(sender)), event.Text("helo", in.Bytes(peer.helo)), event.Text("detail", in.Bytes(b[:min(len(b), 256)])))
}

// message reads lines of a message: "<= sender H=… P=… A=login:taro S=1234", "=> recipient R=… T=… H=…", "** …", "== …", "Completed".
func (p *eximParser) message(id, b []byte) error {
	in := p.env.Intern
	if len(b) < 3 {
		return nil
	}
	mark, rest := nextWord(b)
	var ev *event.Event
	switch string(mark) {
	case "<=":
		ev = p.add(event.ClassMail, event.ActReceive, event.OutcomeSuccess, event.ReasonNone)
	case "=>", "->", "*>", ">>":
		ev = p.add(event.ClassMail, event.ActSend, event.OutcomeSuccess, event.ReasonNone)
	case "**":
		ev = p.add(event.ClassMail, event.ActSend, event.OutcomeFailure, event.ReasonOther)
	case "==":
		ev = p.add(event.ClassMail, event.ActSend, event.OutcomeFailure, event.ReasonUnavailable)
	default:
		return p.aboutMessage(id, b)
	}
	who, rest := nextWord(rest)
	var method []byte
	var seen [256]bool
	for at := 0; at < len(rest); at++ { // fields: a space, one letter, an equals sign; a topic in T="…" may hold such things and ends the search
		i := bytes.IndexByte(rest[at:], '=')
		if i < 0 {
			break
		}
		at += i
		if at == 0 || at > 1 && rest[at-2] != ' ' || seen[rest[at-1]] { // the first of a name is Exim's
			continue
		}
		seen[rest[at-1]] = true
		value, _ := nextWord(rest[at+1:])
		switch rest[at-1] {
		case 'H':
			if peer, _, ok := cutPeer(rest[at+1:]); ok && string(mark) == "<=" {
				p.from(ev, &peer)
			} else if ok {
				ev.DstIP, _ = p.env.addr(peer.ip)
				ev.DstHost = in.Bytes(peer.name)
			}
		case 'A':
			auth, name, ok := bytes.Cut(value, []byte(":"))
			if method = auth; ok {
				ev.Account = in.Bytes(name)
			}
		case 'U':
			if ev.Account == "" && string(mark) == "<=" && has(rest, " P=local") {
				ev.Account = in.Bytes(value)
			}
		case 'S':
			ev.BytesOut = someNumber(value)
		case 'T':
			if string(mark) == "<=" {
				at = len(rest)
			}
		}
	}
	if string(mark) == "<=" {
		ev.Rest = p.out.Rest(event.Text("sender", in.Bytes(who)), event.Text("queue_id", in.Bytes(id)), event.Text("method", in.Bytes(method)))
		if len(method) > 0 && ev.Account != "" && ev.SrcIP.IsValid() {
			p.loggedIn(*ev, method)
		}
		return nil
	}
	ev.Object = in.Bytes(bytes.TrimRight(who, ":"))
	ev.Rest = p.out.Rest(event.Text("queue_id", in.Bytes(id)))
	return nil
}

// loggedIn tells of the login that a message was sent with: Exim says of it only there.
func (p *eximParser) loggedIn(mail event.Event, method []byte) {
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	ev.Account, ev.SrcIP, ev.SrcPort, ev.SrcHost = mail.Account, mail.SrcIP, mail.SrcPort, mail.SrcHost
	ev.Rest = p.out.Rest(event.Text("method", p.env.Intern.Bytes(method)))
}

// aboutMessage reads what else is said of a message, of which refusals after DATA are kept.
func (p *eximParser) aboutMessage(id, b []byte) error {
	if rest, ok := cutPrefix(b, "H="); ok {
		if peer, rest, ok := cutPeer(rest); ok && has(rest, "rejected") {
			ev := p.add(event.ClassMail, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
			p.from(ev, &peer)
			p.refusal(ev, &peer, bytes.TrimLeft(rest, " "))
			ev.Rest = append(ev.Rest, p.out.Rest(event.Text("queue_id", p.env.Intern.Bytes(id)))...)
		}
	}
	return nil
}
