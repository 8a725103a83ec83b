// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Readers of what Dovecot says of sessions and of mail, behind the login.

// session reads the end of a session and what the mail_log plugin says of messages: "Disconnected: Logged out in=17 out=488
// deleted=0 … body_count=3 body_bytes=9000", "Disconnected: Logged out top=0/0, retr=3/12345, del=0/3, size=12345",
// "delete: box=INBOX, uid=3, msgid=<…>, size=900".
func (p *dovecotParser) session(text []byte) error {
	if len(p.l.inner) == 0 {
		return nil
	}
	if i := index(text, "box="); i > 0 {
		p.message(text, text[i+4:])
		return nil
	}
	if isPrefix(text, "sieve: ") {
		return p.delivery(text)
	}
	in, hasIn := numberBehind(text, " in=")
	out, hasOut := numberBehind(text, " out=")
	if i := index(text, " bytes="); i >= 0 && !hasIn {
		in, hasIn = numberBehind(text, " bytes=")
		if j := bytes.IndexByte(text[i:], '/'); j >= 0 {
			n, k := digits(text[i+j+1:], 18)
			out, hasOut = int64(n), k > 0
		}
	}
	ended := isPrefix(text, "Disconnected") || isPrefix(text, "Connection closed") || isPrefix(text, "Logged out") || isPrefix(text, "Server shutting down")
	if !ended {
		if isPrefix(text, "Connection ") || len(p.l.level) > 0 {
			return nil
		}
		return ErrUnknownKind
	}
	ev := p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
	p.identify(ev)
	if hasIn { // as Dovecot sees it: what it got is what the client sent
		ev.BytesOut = event.Some(in)
	}
	if hasOut {
		ev.BytesIn = event.Some(out)
	}
	addr := ev.SrcIP
	read, bytesRead := numberPair(text)
	ev.Rest = p.out.Rest(event.Text("session", p.env.Intern.Bytes(p.l.session)), event.Text("detail", p.env.Intern.Bytes(text[:min(len(text), 256)])))
	if read > 0 {
		ev = p.add(event.ClassMail, event.ActRead, event.OutcomeSuccess, event.ReasonNone)
		p.identify(ev)
		ev.SrcIP, ev.Count, ev.BytesIn = addr, event.Some(read), event.Some(bytesRead)
		ev.Rest = p.out.Rest(event.Text("session", p.env.Intern.Bytes(p.l.session)))
	}
	return nil
}

// numberPair returns how many messages were fetched and of how many bytes: "body_count=3 … body_bytes=9000", "retr=3/12345".
func numberPair(text []byte) (n, size int64) {
	if v, ok := numberBehind(text, "body_count="); ok {
		size, _ = numberBehind(text, "body_bytes=")
		return v, size
	}
	if i := index(text, "retr="); i >= 0 {
		v, k := digits(text[i+5:], 9)
		if rest := text[i+5+k:]; k > 0 && len(rest) > 0 && rest[0] == '/' {
			s, _ := digits(rest[1:], 18)
			return int64(v), int64(s)
		}
	}
	return 0, 0
}

func numberBehind(b []byte, key string) (int64, bool) {
	i := index(b, key)
	if i < 0 {
		return 0, false
	}
	n, k := digits(b[i+len(key):], 18)
	return int64(n), k > 0
}

// message reads the mail_log plugin.
func (p *dovecotParser) message(text, box []byte) {
	act := event.ActOther
	switch {
	case isPrefix(text, "delete: "), isPrefix(text, "expunge: "), isPrefix(text, "deleted: "), isPrefix(text, "mailbox_delete"):
		act = event.ActDelete
	case isPrefix(text, "copy from "):
		act = event.ActCopy
	case isPrefix(text, "save: "):
		act = event.ActWrite
	case isPrefix(text, "undelete: "), isPrefix(text, "flag_change: "):
		act = event.ActChange
	}
	ev := p.add(event.ClassMail, act, event.OutcomeSuccess, event.ReasonNone)
	p.identify(ev)
	name, rest, _ := bytes.Cut(box, []byte(", "))
	ev.Object = p.env.Intern.Bytes(name)
	ev.Rest = p.out.Rest(event.Text("detail", p.env.Intern.Bytes(rest[:min(len(rest), 256)])))
}

// delivery reads "msgid=<…>: saved mail to INBOX", "sieve: msgid=<…>: stored mail into mailbox 'INBOX'", "… forwarded to <x@y>".
func (p *dovecotParser) delivery(text []byte) error {
	if i := lastIndex(text, ": saved mail to "); i >= 0 {
		p.delivered(event.ActReceive, text[:i], text[i+len(": saved mail to "):])
	} else if i := lastIndex(text, ": stored mail into mailbox '"); i >= 0 {
		p.delivered(event.ActReceive, text[:i], bytes.TrimRight(text[i+len(": stored mail into mailbox '"):], "'"))
	} else if i := lastIndex(text, ": forwarded to <"); i >= 0 {
		p.delivered(event.ActSend, text[:i], nil)
		ev := &p.out.Events[len(p.out.Events)-1]
		ev.Target = p.env.Intern.Bytes(bytes.TrimRight(text[i+len(": forwarded to <"):], ">"))
	}
	return nil
}

func (p *dovecotParser) delivered(act event.Activity, head, box []byte) {
	ev := p.add(event.ClassMail, act, event.OutcomeSuccess, event.ReasonNone)
	p.identify(ev)
	ev.Object = p.env.Intern.Bytes(box)
	var id []byte
	if i := index(head, "msgid="); i >= 0 {
		id = head[i+6:]
	}
	ev.Rest = p.out.Rest(event.Text("message_id", p.env.Intern.Bytes(id)))
}

// identify sets account and address of an event of a session.
func (p *dovecotParser) identify(ev *event.Event) {
	user, ip, _ := splitDovecotUser(p.l.inner)
	ev.Account = p.env.Intern.Bytes(user)
	if len(ip) > 0 {
		p.env.setSource(ev, ip)
	} else if k := p.sessionOf(p.l.session, nil, nil); k != nil {
		ev.SrcIP = k.addr
	}
}
