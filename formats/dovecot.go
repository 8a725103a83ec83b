// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var dovecot = Format{
	Name:   "dovecot",
	Source: "mail",
	About: About{
		What: "Dovecot 1.x to 2.4 (IMAP, POP3, ManageSieve, submission, LMTP), through syslog (mail.log, maillog) or its own log files.",
		Export: "Copy mail.log* or what doveadm log find names. Set auth_verbose = yes: without it a connection with several failed attempts leaves one line with " +
			"their number and the last name only, and none where the last attempt succeeded. The mail_log plugin adds deletions and copies.",
		Takes: "Logins and failed attempts with account, address and mechanism; the end of sessions with bytes and messages fetched (2.2 and later); " +
			"messages fetched by POP3; deliveries, redirections by Sieve, deletions and copies where logged; start and stop.",
		Leaves: "Which message was read. A proxy's or webmail's address stands where people come through one.",
	},
	Sniff: func(rec []byte) float64 {
		s, ok := sniffSyslog(rec)
		if !ok {
			return 0
		}
		var l dovecotLine
		if !l.split(&s) {
			return 0
		}
		return 0.9
	},
	New:    func(env *Env) Parser { return &dovecotParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks: []string{"dovecot", "-login", "imap", "pop3", "managesieve", "submission", "lmtp", "lda", "deliver", "auth", "IMAP", "POP3", "MANAGESIEVE",
		"indexer", "anvil", "master", "doveadm", "quota-status", "stats", "dict", "log", "config", "ssl-params", "replicator", "aggregator"},
}

// dovecotLine is one line without the head: which service spoke, for whom, and what it said.
type dovecotLine struct {
	service []byte // imap-login, auth-worker, imap, …
	inner   []byte // what stands in brackets behind it: a user, a process number, or user, address and mechanism
	session []byte
	level   []byte // Info, Error, …; empty in syslog for what is neither
	text    []byte
}

// split takes the many shapes of the head apart:
//
//	dovecot: imap-login: Login: …              syslog
//	dovecot[442]: auth-worker(304): pam(…): …  syslog
//	imap-login: Info: Login: …                 own file, 2.x
//	Info: imap-login: Login: …                 own file, 1.x
//	auth(x,192.0.2.7,sasl:login)<session>: Info: sql: Password mismatch    2.4
func (l *dovecotLine) split(s *Syslog) bool {
	b := s.Message
	if _, ok := splitPAM(s.Program, b); ok { // a module's line in Dovecot's name
		return false
	}
	own := false
	switch program := s.Program; {
	case string(program) == "dovecot" || string(program) == "dovecot-auth":
		own = true
		b, _ = cutPrefix(b, "dovecot: ")
	case isLevel(program):
		l.level = program
	case len(program) > 0:
		if !l.head(program) {
			return false
		}
		if level, rest, ok := bytes.Cut(b, []byte(": ")); ok && isLevel(level) {
			l.level, l.text = level, rest
			return true
		}
		l.text = b
		return isLoginService(l.service) || string(l.service) == "auth" || string(l.service) == "auth-worker"
	default:
		return false
	}
	l.text = b
	for range 3 {
		i := index(l.text, ": ")
		if i <= 0 {
			break
		}
		if word := l.text[:i]; isLevel(word) {
			l.level = word
		} else if l.service != nil || !l.head(word) {
			break
		}
		l.text = l.text[i+2:]
	}
	return own || l.service != nil
}

// head reads "imap-login", "auth-worker(304)", "imap(hanako)<31337><session>".
func (l *dovecotLine) head(b []byte) bool {
	end := bytes.IndexAny(b, "([<")
	name := b
	if end >= 0 {
		name = b[:end]
	}
	if !isDovecotService(name) {
		return false
	}
	l.service = name
	if end >= 0 && b[end] == '(' {
		i := bytes.LastIndexByte(b, ')')
		if i < end {
			return true
		}
		l.inner, b = b[end+1:i], b[i+1:]
		if n := len(b); n > 2 && b[n-1] == '>' {
			l.session = b[bytes.LastIndexByte(b, '<')+1 : n-1]
		}
	}
	return true
}

func isLevel(b []byte) bool {
	switch string(b) {
	case "Info", "Warning", "Warn", "Error", "Fatal", "Panic", "Debug":
		return true
	}
	return false
}

func isLoginService(b []byte) bool {
	return len(b) > 6 && string(b[len(b)-6:]) == "-login" && isDovecotService(b)
}

func isDovecotService(b []byte) bool {
	switch string(b) {
	case "imap-login", "pop3-login", "managesieve-login", "submission-login", "lmtp-login", "imap", "pop3", "managesieve", "submission", "lmtp", "lda",
		"deliver", "auth", "auth-worker", "IMAP", "POP3", "MANAGESIEVE",
		"indexer", "indexer-worker", "anvil", "master", "doveadm", "quota-status",
		"stats", "imap-hibernate", "imap-urlauth", "imap-urlauth-login", "dict", "log", "config", "ssl-params", "replicator", "aggregator", "old-stats":
		return true
	}
	return false
}

// dovecotParser joins what lines of one session share: the address by the session's identifier, and the attempts told of one by
// one (auth_verbose) with the line about the connection, which counts them again. That line carries "repeat": true, or
// counts those attempts that nothing else told of.
type dovecotParser struct {
	env *Env
	s   *Syslog
	rec *event.Record
	out *event.Batch
	l   dovecotLine

	seen []dovecotSession // by hash; nil until needed
}

// dovecotSession is what is known by a session's identifier, or by user and address where there is none.
type dovecotSession struct {
	key    uint64
	addr   netip.Addr
	failed int64
	last   event.Micros // of the last failed attempt
	driver uint64       // and which password database told of it
}

const dovecotSessions = 4096

func (p *dovecotParser) Flush(*event.Batch) {}

func (p *dovecotParser) Parse(rec *event.Record, out *event.Batch) error {
	s, ok := p.env.Syslog(rec)
	if !ok {
		return ErrOtherFormat
	}
	p.l = dovecotLine{}
	if !p.l.split(s) {
		return ErrOtherFormat
	}
	p.s, p.rec, p.out = s, rec, out
	text := bytes.TrimRight(p.l.text, " \r")
	switch service := p.l.service; {
	case isLoginService(service):
		return p.login(text)
	case string(service) == "auth" || string(service) == "auth-worker":
		return p.auth(text)
	case len(service) == 0 || string(service) == "master":
		return p.master(text)
	case string(service) == "lmtp" || string(service) == "lda" || string(service) == "deliver":
		return p.delivery(text)
	}
	return p.session(text)
}

// login reads what a login process says of a connection.
func (p *dovecotParser) login(text []byte) error {
	// The name is whatever a stranger typed; the address stands behind it, the reason before it.
	rip := lastIndex(text, ", rip=")
	if rip < 0 {
		if rip = lastIndex(text, ": rip="); rip < 0 {
			rip = lastIndex(text, " rip=") - 1 // what stands before it, if no comma does, is no name
		}
		if rip < 0 {
			if len(p.l.level) > 0 && string(p.l.level) != "Info" || has(text, "SSL") || has(text, "proxy(") {
				return nil
			}
			return ErrUnknownKind
		}
	}
	head := text[:rip]
	rest := text[rip+6:]
	var user, method []byte
	why := head
	if i := index(head, "user=<"); i >= 0 {
		why = head[:i]
		user = head[i+6:]
		if j := lastIndex(user, ">, method="); j >= 0 {
			method, user = user[j+len(">, method="):], user[:j]
		} else {
			user = bytes.TrimSuffix(user, []byte(">"))
		}
	} else if i := index(head, "method="); i >= 0 {
		why, method = head[:i], head[i+7:]
	}
	word, tail, _ := bytes.Cut(rest, []byte(", "))
	word, _ = nextWord(word)
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials)
	ev.Account = p.env.Intern.Bytes(user)
	p.env.setSource(ev, word)
	var session, lip []byte
	if v, ok := cutPrefix(tail, "lip="); ok {
		lip, _, _ = bytes.Cut(v, []byte(","))
		ev.DstIP, _ = p.env.addr(lip)
	}
	if i := lastIndex(tail, "session=<"); i >= 0 {
		session = bytes.TrimSuffix(tail[i+9:], []byte(">"))
	}
	k := p.sessionOf(session, user, word)
	if k != nil {
		k.addr = ev.SrcIP
	}
	repeat := false
	switch {
	case isPrefix(why, "Login: "), isPrefix(why, "Logged in: "), isPrefix(why, "Login ("):
		ev.Outcome, ev.Reason = event.OutcomeSuccess, event.ReasonNone
		if k != nil {
			k.failed = 0
		}
		why = nil
	case has(why, "(auth failed"):
		n := int64(1)
		if i := index(why, "(auth failed, "); i >= 0 {
			v, _ := digits(why[i+len("(auth failed, "):], 9)
			n = max(int64(v), 1)
		}
		if k != nil {
			repeat = k.failed >= n
			n = max(n-k.failed, 0)
			k.failed = 0
		}
		if n != 1 {
			ev.Count = event.Some(n)
		}
	case has(why, "proxy dest auth failed"):
	case has(why, "plaintext auth"), has(why, "tried to use disallowed"), has(why, "tried to use disabled"), has(why, "user disabled"), has(why, "user is not allowed"):
		ev.Reason = event.ReasonDenied
	case has(why, "Maximum number of connections"):
		ev.Reason = event.ReasonDenied
	case has(why, "didn't finish SASL auth"), has(why, "Aborted login") && len(user) > 0, has(why, "cert required"), has(why, "expired"):
		ev.Reason = event.ReasonProtocol
		if has(why, "expired") {
			ev.Reason = event.ReasonExpired
		}
	case has(why, "internal"), has(why, "auth process"), has(why, "unavailable"):
		ev.Reason = event.ReasonUnavailable
	default: // nobody tried to log in
		ev.Class, ev.Activity, ev.Reason = event.ClassNetwork, event.ActConnect, event.ReasonProtocol
		ev.Count = event.Int{}
	}
	p.finish(ev, method, session, bytes.TrimRight(why, " :"), repeat)
	return nil
}

// auth reads what the authentication process says with auth_verbose.
func (p *dovecotParser) auth(text []byte) error {
	if i := index(text, ">: "); i > 0 && isPrefix(text, "conn unix:") { // "conn unix:auth-worker (pid=27359,uid=97): auth-worker<55>: pam(…): …"
		text = text[i+3:]
	}
	var driver, inner []byte
	if i := bytes.LastIndexByte(p.l.inner, ','); i >= 0 { // 2.4: the address is in the head
		j := index(text, ": ")
		if j < 0 {
			return nil
		}
		driver, inner, text = text[:j], p.l.inner, text[j+2:]
	} else {
		open := bytes.IndexByte(text, '(')
		if open <= 0 || bytes.IndexByte(text[:open], ' ') >= 0 {
			if len(p.l.level) > 0 || has(text, "auth_username_chars") || has(text, ": ") || has(text, "new auth connection") {
				return nil
			}
			return ErrUnknownKind
		}
		end := index(text, "): ")
		if end < 0 {
			return nil
		}
		driver, inner, text = text[:open], text[open+1:end], text[end+3:]
	}
	user, ip, session := splitDovecotUser(inner)
	reason, failed := dovecotReason(text)
	if !failed {
		return nil
	}
	if len(session) == 0 {
		session = p.l.session
	}
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, reason)
	ev.Service = "mail"
	ev.Account = p.env.Intern.Bytes(user)
	if len(ip) > 0 {
		p.env.setSource(ev, ip)
	}
	repeat := false
	for _, k := range [...]*dovecotSession{p.sessionOf(session, nil, nil), p.sessionOf(nil, user, ip)} {
		if k == nil {
			continue
		}
		d := trailKey(driver, nil)
		if k.driver != 0 && k.driver != d && p.s.Time >= k.last && p.s.Time-k.last <= 1e6 { // the next database, asked about the same attempt
			repeat = true
		} else {
			k.failed++
		}
		k.driver, k.last, k.addr = d, p.s.Time, ev.SrcIP
	}
	if repeat {
		ev.Count = event.Some(0)
	}
	if i := index(text, " (given password: "); i >= 0 { // what was typed is nobody's business
		text = text[:i]
	}
	p.finish(ev, nil, session, text, repeat)
	last := &p.out.Events[len(p.out.Events)-1]
	last.Rest = append(last.Rest, p.out.Rest(event.Text("database", p.env.Intern.Bytes(driver)))...)
	return nil
}

// splitDovecotUser reads "hanako,192.0.2.7,<session>" and "hanako,192.0.2.7,sasl:login" from its end.
func splitDovecotUser(b []byte) (user, ip, session []byte) {
	for range 4 {
		i := bytes.LastIndexByte(b, ',')
		if i < 0 {
			return b, nil, session
		}
		word := b[i+1:]
		b = b[:i]
		if looksLikeAddr(word) {
			return b, word, session
		}
		if n := len(word); n > 1 && word[0] == '<' && word[n-1] == '>' {
			session = word[1 : n-1]
		}
	}
	return b, nil, session
}

func dovecotReason(text []byte) (event.Reason, bool) {
	switch {
	case isPrefix(text, "pam_authenticate() failed: "), isPrefix(text, "pam_acct_mgmt() failed: "):
		return pamReason(text), true
	case isPrefix(text, "unknown user"), isPrefix(text, "Unknown user"):
		return event.ReasonNoSuchAccount, true
	case isPrefix(text, "Password mismatch"), isPrefix(text, "password mismatch"):
		return event.ReasonBadPassword, true
	case isPrefix(text, "invalid credentials"), isPrefix(text, "Invalid credentials"), isPrefix(text, "Authentication fail"), isPrefix(text, "authentication fail"):
		return event.ReasonBadCredentials, true
	case has(text, "expired"):
		return event.ReasonExpired, true
	case has(text, "disabled"):
		return event.ReasonDisabled, true
	case has(text, "allow_nets check failed"), has(text, "denied"), has(text, "not allowed"):
		return event.ReasonDenied, true
	case isPrefix(text, "User is missing"), isPrefix(text, "Empty "), has(text, "illegal"):
		return event.ReasonOther, true
	}
	return 0, false
}

func isPrefix(b []byte, text string) bool {
	return len(b) >= len(text) && string(b[:len(text)]) == text
}

// sessionOf returns what is known of a session; nil if nothing identifies one. A session with the same hash is overwritten.
func (p *dovecotParser) sessionOf(session, user, ip []byte) *dovecotSession {
	var key uint64
	switch {
	case len(session) > 0:
		key = trailKey(session, nil)
	case len(user) > 0 && len(ip) > 0:
		key = trailKey(user, ip)
	default:
		return nil
	}
	if p.seen == nil {
		p.seen = make([]dovecotSession, dovecotSessions)
	}
	k := &p.seen[(key^key>>19)%dovecotSessions]
	if k.key != key {
		*k = dovecotSession{key: key}
	}
	return k
}

func (p *dovecotParser) master(text []byte) error {
	switch {
	case has(text, "starting up"):
		p.add(event.ClassOther, event.ActStart, event.OutcomeSuccess, event.ReasonNone)
	case has(text, "Killed with signal"), has(text, "shutting down"):
		p.add(event.ClassOther, event.ActStop, event.OutcomeSuccess, event.ReasonNone)
	}
	return nil
}

func (p *dovecotParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.s.Time, c, a, o, r
	ev.DstHost = p.env.hostOf(p.s)
	ev.Ref = p.env.Ref(p.rec)
	service, _ := cutSuffix(p.l.service, "-login")
	switch string(service) {
	case "", "master":
		ev.Service = "dovecot"
	case "IMAP":
		ev.Service = "imap"
	case "POP3":
		ev.Service = "pop3"
	default:
		ev.Service = p.env.Intern.Bytes(service)
	}
	return ev
}

func (p *dovecotParser) finish(ev *event.Event, method, session, detail []byte, repeat bool) {
	in := p.env.Intern
	var f [4]event.Field
	f[0], f[1] = event.Text("method", in.Bytes(method)), event.Text("session", in.Bytes(session))
	f[2] = event.Text("detail", in.Bytes(detail[:min(len(detail), 256)]))
	f[3] = event.Flag("repeat", true)
	ev.Rest = p.out.Rest(f[:3+count(repeat)]...)
}
