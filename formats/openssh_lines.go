// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Readers of OpenSSH's rarer messages. Each gets what stands behind the words that the message begins with, without
// "error: ", "fatal: " and "[preauth]".

// ended reads the end of a connection: "authenticating user X 192.0.2.7 port 4022", "invalid user X …", "user X …" (after a
// login), "192.0.2.7 port 4022", "192.0.2.7".
func (p *sshParser) ended(rest []byte, _ bool) error {
	from, ok := p.userAddrPort(rest)
	if !ok {
		return ErrBroken
	}
	if user, ok := cutPrefix(from.user, "user "); ok { // after a login
		from.user = user
		p.learn(&from)
		p.endTrail()
		ev := p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
		ev.Account = p.env.Intern.Bytes(from.user)
		from.put(p.env, ev)
		return nil
	}
	if user, ok := cutPrefix(from.user, "authenticating user "); ok {
		from.user = user
		p.closing(&from, event.ReasonBadCredentials, nil)
		return nil
	}
	if user, invalid := cutInvalid(from.user); invalid {
		from.user = user
		p.closing(&from, event.ReasonNoSuchAccount, nil)
		return nil
	}
	p.learn(&from)
	t := p.trail
	if t != nil {
		p.release(t, false)
	}
	switch {
	case t == nil || t.failures == 0 && t.since == 0:
		p.broken(&from, event.ReasonProtocol, nil)
	case t.since == 0:
		p.closing(&from, event.ReasonBadCredentials, nil)
	}
	p.endTrail()
	return nil
}

// endTrail forgets the connection: its process number may serve another.
func (p *sshParser) endTrail() {
	if t := p.trail; t != nil {
		p.release(t, false)
		since, account, addr, port := t.since, t.account, t.addr, t.port
		*t = sshTrail{key: t.key, used: t.used}
		if since != 0 { // "session closed" is still to come
			t.since, t.account, t.addr, t.port = since, account, addr, port
		}
	}
}

// userAddrPort reads "X 192.0.2.7 port 4022" from its end: X is whatever a stranger typed.
func (p *sshParser) userAddrPort(b []byte) (f sshFrom, ok bool) {
	b = bytes.TrimRight(b, " .")
	sp := bytes.LastIndexByte(b, ' ')
	if n, yes := parsePort(b[sp+1:]); yes && sp > 0 {
		if rest, yes := cutSuffix(b[:sp], " port"); yes {
			f.port, b = n, rest
			sp = bytes.LastIndexByte(b, ' ')
		}
	}
	word := b[sp+1:]
	if f.addr, ok = p.env.addr(word); !ok {
		if !isHostName(word) {
			return f, false
		}
		f.host = word
	}
	if sp > 0 {
		f.user = b[:sp]
	}
	return f, true
}

// receivedDisconnect reads "192.0.2.7 port 4022:11: Bye Bye", "192.0.2.7: 3: com.jcraft.jsch.JSchException: Auth fail". The text
// is the client's own.
func (p *sshParser) receivedDisconnect(rest []byte, preauth bool) error {
	word, text := nextWord(rest)
	var from sshFrom
	ok := false
	if n := len(word); n > 1 && word[n-1] == ':' {
		from.addr, ok = p.env.addr(word[:n-1])
		from.host = word[:n-1]
	} else if from.addr, ok = p.env.addr(word); ok {
		text, _ = cutPrefix(text, "port ")
		n, k := digits(text, 5)
		from.port = uint16(n)
		text = bytes.TrimLeft(text[k:], ": ")
	}
	if !ok && !isHostName(from.host) {
		return ErrBroken
	}
	if ok {
		from.host = nil
	}
	_, why, _ := bytes.Cut(text, []byte(": "))
	p.learn(&from)
	t := p.trail
	switch {
	case has(why, "Auth fail"):
		p.closing(&from, event.ReasonBadCredentials, why)
	case t != nil && t.since != 0 || !preauth && (t == nil || t.failures == 0 && t.held.kind == heldNone):
		// after a login: "11: disconnected by user"
	case t != nil && (t.failures > 0 || t.held.kind != heldNone):
		p.closing(&from, event.ReasonBadCredentials, why)
	default:
		p.broken(&from, event.ReasonProtocol, why)
	}
	return nil
}

// disconnecting reads ": Too many authentication failures for X", " invalid user X 192.0.2.7 port 4022: Change of username …",
// " 192.0.2.7 port 4022: …".
func (p *sshParser) disconnecting(rest []byte, _ bool) error {
	if text, ok := cutPrefix(rest, ": "); ok {
		many, ok := cutPrefix(text, "Too many authentication failures")
		if !ok {
			return p.brokenHere(text, true)
		}
		var from sshFrom
		from.user, _ = cutPrefix(many, " for ")
		if t := p.trail; t != nil && !t.addr.IsValid() && t.host == "" {
			p.hold(t, heldAttempt{kind: heldNoAddress, time: p.s.Time, ref: p.env.Ref(p.rec), dstHost: p.env.hostOf(p.s),
				account: p.env.Intern.Bytes(from.user), reason: event.ReasonBadCredentials, count: 1})
			t.failures++
			return nil
		}
		p.closing(&from, event.ReasonBadCredentials, text)
		return nil
	}
	rest, ok := cutPrefix(rest, " ")
	if !ok {
		return ErrUnknownKind
	}
	var found sshFrom
	var why []byte
	have := false
	for at, tries := 0, 0; tries < 16; tries++ {
		i := index(rest[at:], ": ")
		if i < 0 {
			break
		}
		i += at
		at = i + 2
		f, ok := p.userAddrPort(rest[:i])
		if !ok || !f.addr.IsValid() {
			continue
		}
		known := p.trail != nil && p.trail.addr == f.addr
		if !have || known {
			found, why, have = f, rest[at:], true
		}
		if known {
			break
		}
	}
	if !have { // one that breaks off before it says why
		if found, have = p.userAddrPort(rest); !have || !found.addr.IsValid() || found.port == 0 {
			return ErrBroken
		}
	}
	reason := event.ReasonBadCredentials
	if user, ok := cutPrefix(found.user, "authenticating user "); ok {
		found.user = user
	} else if user, invalid := cutInvalid(found.user); invalid {
		found.user, reason = user, event.ReasonNoSuchAccount
	} else if len(found.user) == 0 && !has(why, "authentication failures") {
		p.learn(&found)
		p.broken(&found, event.ReasonProtocol, why)
		return nil
	}
	p.closing(&found, reason, why)
	return nil
}

// connection reads "192.0.2.7 port 4022 on 198.51.100.1 port 22 rdomain """, logged at VERBOSE.
func (p *sshParser) connection(rest []byte, _ bool) error {
	word, rest := nextWord(rest)
	var from sshFrom
	var ok bool
	if from.addr, ok = p.env.addr(word); !ok {
		from.host = word
	}
	if r, yes := cutPrefix(rest, "port "); yes {
		var num []byte
		num, rest = nextWord(r)
		from.port, _ = parsePort(bytes.TrimRight(num, ":"))
		if n := len(num); n > 0 && num[n-1] == ':' {
			p.learn(&from)
			p.broken(&from, event.ReasonProtocol, rest)
			return nil
		}
	}
	if p.trail != nil { // a new connection, whoever had the number before
		p.endTrail()
		*p.trail = sshTrail{key: p.trail.key, used: p.trail.used}
	}
	p.learn(&from)
	ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
	from.put(p.env, ev)
	if r, yes := cutPrefix(rest, "on "); yes {
		word, r = nextWord(r)
		ev.DstIP, _ = p.env.addr(word)
		if r, yes = cutPrefix(r, "port "); yes {
			word, _ = nextWord(r)
			ev.DstPort, _ = parsePort(word)
		}
	}
	return nil
}

// pamOwn reads sshd's "PAM: Authentication failure for illegal user X from 192.0.2.7".
func (p *sshParser) pamOwn(rest []byte, _ bool) error {
	i := index(rest, " for ")
	if i < 0 {
		return nil // "PAM: pam_open_session(): …"
	}
	text := rest[:i]
	who, invalid := cutInvalid(rest[i+5:])
	from, ok := p.from(who)
	if !ok {
		return ErrBroken
	}
	reason := pamReason(text)
	if invalid {
		reason = event.ReasonNoSuchAccount
	}
	p.announce(&from, reason, []byte("keyboard-interactive/pam"))
	return nil
}

// pamSummary reads "PAM 2 more authentication failures; logname= … rhost=192.0.2.7  user=root", written by sshd's PAM process.
func (p *sshParser) pamSummary(rest []byte, _ bool) error {
	if has(rest, "ignoring max retries") {
		return nil
	}
	l := pamLine{Module: []byte("PAM"), Service: []byte("sshd"), Phase: []byte("auth"), Text: rest}
	return p.pam(&l)
}

// pam reads a line of a PAM module that sshd called.
func (p *sshParser) pam(l *pamLine) error {
	if f, ok := l.failure(); ok {
		h := heldAttempt{kind: heldPAM, time: p.s.Time, ref: p.env.Ref(p.rec), dstHost: p.env.hostOf(p.s), reason: event.ReasonBadCredentials,
			account: p.env.Intern.Bytes(f.User), module: p.env.Intern.Bytes(l.Module), ruser: p.env.Intern.Bytes(f.Ruser), count: f.More * p.times}
		if a, ok := p.env.addr(f.Rhost); ok {
			h.addr = a
		} else {
			h.host = p.env.Intern.Bytes(f.Rhost)
		}
		t := p.trail
		if t == nil {
			t = &sshTrail{}
			t.held = h
			p.release(t, false)
			return nil
		}
		from := sshFrom{addr: h.addr, host: f.Rhost}
		p.learn(&from)
		if f.Summary { // the attempts were told of one by one, unless only PAM writes here
			p.release(t, t.owed > 0)
			own := t.failures > 0 && string(l.Module) == "PAM"
			t.held = h
			p.release(t, own)
			return nil
		}
		p.hold(t, h)
		return nil
	}
	if user, act, ok := l.session(); ok {
		p.session(user, act)
		return nil
	}
	switch {
	case has(l.Text, "received for user"): // pam_sss tells again what "authentication failure" told
	case string(l.Module) == "pam_faillock" || string(l.Module) == "pam_tally2" || string(l.Module) == "pam_tally":
		if user, ok := lockedUser(l.Text); ok {
			ev := p.add(event.ClassAuthentication, event.ActLock, event.OutcomeSuccess, event.ReasonLocked)
			ev.Account = p.env.Intern.Bytes(user)
			if p.trail != nil {
				ev.SrcIP, ev.SrcPort = p.trail.addr, p.trail.port
			}
			ev.Rest = p.out.Rest(event.Text("pam", p.env.Intern.Bytes(l.Module)))
		}
	}
	return nil
}

// lockedUser reads who was locked out: "Consecutive login failures for user X account temporarily locked" (pam_faillock),
// "user X (4001) tally 6, deny 5" (pam_tally).
func lockedUser(t []byte) (user []byte, ok bool) {
	if rest, yes := cutPrefix(t, "Consecutive login failures for user "); yes {
		return cutSuffix(rest, " account temporarily locked")
	}
	if rest, yes := cutPrefix(t, "user "); yes && has(rest, " tally ") && has(rest, "deny ") {
		user, _ = nextWord(rest)
		return user, true
	}
	return nil, false
}

// session adds the beginning or the end of a session.
func (p *sshParser) session(user []byte, act event.Activity) {
	ev := p.add(event.ClassRemoteSession, act, event.OutcomeSuccess, event.ReasonNone)
	ev.Account = p.env.Intern.Bytes(user)
	t := p.trail
	if t == nil {
		return
	}
	ev.SrcIP, ev.SrcPort, ev.SrcHost = t.addr, t.port, t.host
	if act == event.ActStop {
		if t.since != 0 && p.s.Time >= t.since {
			ev.Duration = event.Some(int64(p.s.Time-t.since) / 1000)
		}
		p.endTrail()
		*t = sshTrail{key: t.key, used: t.used}
	}
}

// notAllowed reads "User X from 192.0.2.7 not allowed because …" and "User X not allowed because account is locked".
func (p *sshParser) notAllowed(rest []byte, _ bool) error {
	i := lastIndex(rest, " not allowed because ")
	if i < 0 {
		if has(rest, "child is on pid") || has(rest, " authorized keys ") {
			return nil
		}
		return ErrUnknownKind
	}
	why := rest[i+len(" not allowed because "):]
	reason := event.ReasonDenied
	switch {
	case has(why, "locked"):
		reason = event.ReasonLocked
	case has(why, "expired"):
		reason = event.ReasonExpired
	}
	from := sshFrom{user: rest[:i]}
	if j := lastIndex(rest[:i], " from "); j >= 0 {
		if g, ok := p.endOf(rest[j+6 : i]); ok {
			from = g
			from.user = rest[:j]
		}
	}
	t := p.trail
	if t != nil {
		defer func() { t.refused = reason }()
	}
	if !from.addr.IsValid() && len(from.host) == 0 && t != nil && !t.addr.IsValid() {
		p.hold(t, heldAttempt{kind: heldNoAddress, time: p.s.Time, ref: p.env.Ref(p.rec), dstHost: p.env.hostOf(p.s),
			account: p.env.Intern.Bytes(from.user), reason: reason, count: p.times})
		t.owed = 1
		t.failures++
		return nil
	}
	p.announce(&from, reason, nil)
	ev := &p.out.Events[len(p.out.Events)-1]
	ev.Rest = append(ev.Rest, p.out.Rest(event.Text("detail", p.detail(why)))...)
	return nil
}

// maximumAttempts reads "invalid user X from 192.0.2.7 port 4022 ssh2".
func (p *sshParser) maximumAttempts(rest []byte, _ bool) error {
	reason := event.ReasonBadCredentials
	rest, invalid := cutInvalid(rest)
	if invalid {
		reason = event.ReasonNoSuchAccount
	}
	from, ok := p.from(rest)
	if !ok {
		return ErrBroken
	}
	p.closing(&from, reason, []byte("maximum authentication attempts exceeded"))
	return nil
}

// wrongPlace reads "X with correct key but not from a permitted host (host=h.example, ip=192.0.2.7, required=…)".
func (p *sshParser) wrongPlace(rest []byte, _ bool) error {
	i := lastIndex(rest, " with correct ")
	if i < 0 {
		return ErrUnknownKind
	}
	from := sshFrom{user: rest[:i]}
	if j := index(rest[i:], "ip="); j >= 0 {
		word := rest[i+j+3:]
		if e := bytes.IndexAny(word, ",)"); e > 0 {
			word = word[:e]
		}
		from.addr, _ = p.env.addr(word)
	}
	p.closing(&from, event.ReasonDenied, rest[i+1:])
	return nil
}

func (p *sshParser) rootRefused(rest []byte, _ bool) error {
	from, ok := p.endOf(rest)
	if !ok {
		return ErrBroken
	}
	from.user = []byte("root")
	p.announce(&from, event.ReasonDenied, nil)
	return nil
}
