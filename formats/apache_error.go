// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var apacheError = Format{
	Name:   "apache-error",
	Source: "web",
	About: About{
		What: "Error logs of Apache 1.3 to 2.4, in files or through syslog, with failures of basic and digest authentication.",
		Export: "Copy error.log* of every virtual host. LogLevel warn, the default, shows every failed basic and digest authentication; " +
			"\"LogLevel auth_basic:info authz_core:debug\" adds who was let in by which rule.",
		Takes: "Failed authentications with user, reason and client; requests refused by rule or by ModSecurity; files asked for that do not exist; other complaints about " +
			"a client; start and stop of the server.",
		Leaves: "Successful logins and whatever an application logs in a form of its own. Messages about no client are passed over.",
	},
	Sniff: func(rec []byte) float64 {
		if t, n := parseApacheStamp(rec); n > 0 && t.Year > 0 {
			return 0.9
		}
		if s, ok := sniffSyslog(rec); ok && isApache(s.Program) && len(s.Message) > 0 && s.Message[0] == '[' {
			return 0.9
		}
		return 0
	},
	New:      func(env *Env) Parser { return &apacheErrorParser{env: env} },
	Shapes:   ShapeSyslog | ShapeText,
	Programs: []string{"apache", "apache2", "httpd"},
	Marks:    []string{"["},
}

func isApache(program []byte) bool {
	for _, w := range [...]string{"httpd", "apache2", "apache", "apache-ssl"} {
		if rest, ok := cutPrefix(program, w); ok && (len(rest) == 0 || rest[0] == '/' || rest[0] == '-') {
			return true
		}
	}
	return false
}

// parseApacheStamp reads "[Sun Dec 04 04:47:44.123456 2005]" and, of ErrorLogFormat's %{cu}t, "[2005-12-04 04:47:44.123456]".
func parseApacheStamp(b []byte) (Civil, int) {
	if len(b) < 21 || b[0] != '[' {
		return Civil{}, 0
	}
	if isDigit(b[1]) {
		t, n := parseISOStamp(b[1:])
		if n == 0 || 1+n >= len(b) || b[1+n] != ']' || !apacheBracket(b[n+2:]) {
			return Civil{}, 0
		}
		return t, n + 2
	}
	if b[4] != ' ' {
		return Civil{}, 0
	}
	t, n := parseBSDStamp(b[5:])
	if n == 0 {
		return Civil{}, 0
	}
	n += 5
	if y, k := digits(b[min(n+1, len(b)):], 4); t.Year == 0 && k == 4 && b[n] == ' ' {
		t.Year = y
		n += 5
	}
	if n >= len(b) || b[n] != ']' || !t.Valid() {
		return Civil{}, 0
	}
	return t, n + 1
}

// apacheBracket says whether a bracket follows that Apache could write behind such a time: a level, a module and a level, a process.
func apacheBracket(b []byte) bool {
	b = bytes.TrimLeft(b, " ")
	if len(b) == 0 || b[0] != '[' {
		return false
	}
	word := b[1:]
	if i := bytes.IndexByte(word, ']'); i >= 0 {
		word = word[:i]
	}
	if i := bytes.LastIndexByte(word, ':'); i >= 0 {
		word = word[i+1:]
	}
	switch string(word) {
	case "emerg", "alert", "crit", "error", "warn", "notice", "info", "debug":
		return true
	}
	return isPrefix(word, "trace") || isPrefix(word, "pid ")
}

type apacheErrorParser struct{ env *Env }

func (p *apacheErrorParser) Flush(*event.Batch) {}

// apacheLine is what stands in the brackets of a line, and the message behind them.
type apacheLine struct {
	level, module, client, code, referer, msg []byte
}

func (p *apacheErrorParser) Parse(rec *event.Record, out *event.Batch) error {
	var when event.Micros
	host := p.env.Host
	b := rec.Data
	if t, n := parseApacheStamp(b); n > 0 {
		when = p.env.Clock.Moment(t)
		b = b[n:]
	} else {
		s, ok := p.env.Syslog(rec)
		if !ok || !isApache(s.Program) || len(s.Message) == 0 || s.Message[0] != '[' {
			return ErrOtherFormat
		}
		when, host, b = s.Time, p.env.hostOf(s), s.Message
	}
	l, ok := splitApacheLine(b)
	if !ok {
		return ErrBroken
	}
	n := len(out.Events)
	p.read(&l, out)
	for i := n; i < len(out.Events); i++ {
		ev := &out.Events[i]
		ev.Time, ev.Service, ev.Ref = when, "http", p.env.Ref(rec)
		ev.DstHost = host
		in := p.env.Intern
		if len(l.client) > 0 {
			var ok bool
			if ev.SrcIP, ev.SrcPort, ok = p.env.addrPort(l.client); !ok {
				ev.SrcHost = in.Bytes(l.client)
			}
		}
		ev.Rest = out.Rest(event.Text("module", in.Bytes(l.module)), event.Text("level", in.Bytes(l.level)), event.Text("code", in.Bytes(l.code)),
			event.Text("detail", in.Bytes(l.msg[:min(len(l.msg), 256)])), event.Text("referer", in.Bytes(l.referer)))
	}
	return nil
}

// splitApacheLine reads the brackets: level or module:level, process, client; and APR's "(13)Permission denied: " that 2.4 puts
// before the client. Nothing that a stranger writes stands before the message.
func splitApacheLine(b []byte) (l apacheLine, ok bool) {
	b = bytes.TrimLeft(b, " ")
	for range 8 {
		if len(b) > 1 && b[0] == '(' && isDigit(b[1]) && len(l.client) == 0 {
			if i := index(b, ": [client "); i > 0 {
				b = b[i+2:]
			}
		}
		if len(b) == 0 || b[0] != '[' {
			break
		}
		end := index(b, "] ")
		if end < 0 {
			if end = len(b) - 1; b[end] != ']' {
				return l, false
			}
		}
		word := b[1:end]
		b = bytes.TrimLeft(b[min(end+1, len(b)):], " ")
		ok = true
		if rest, yes := cutPrefix(word, "client "); yes {
			l.client = rest
			break
		}
		if rest, yes := cutPrefix(word, "remote "); yes {
			l.client = rest
			break
		}
		if _, yes := cutPrefix(word, "pid "); yes || len(l.level) > 0 {
			continue
		}
		if i := bytes.IndexByte(word, ':'); i >= 0 {
			l.module, l.level = word[:i], word[i+1:]
		} else {
			l.level = word
		}
	}
	if !ok {
		return l, false
	}
	l.msg = bytes.TrimRight(b, " \r")
	if m := l.msg; len(m) > 9 && m[0] == 'A' && m[1] == 'H' && isDigit(m[2]) && m[7] == ':' {
		l.code, l.msg = m[:7], bytes.TrimLeft(m[8:], " ")
	}
	if i := lastIndex(l.msg, ", referer: "); i >= 0 && len(l.client) > 0 {
		l.referer, l.msg = l.msg[i+len(", referer: "):], l.msg[:i]
	}
	return l, true
}

// read adds what the message tells, without what all events of a line share.
func (p *apacheErrorParser) read(l *apacheLine, out *event.Batch) {
	m := l.msg
	if len(l.client) == 0 {
		switch {
		case has(m, "resuming normal operations"):
			ev := out.Add()
			ev.Activity, ev.Outcome = event.ActStart, event.OutcomeSuccess
		case has(m, "shutting down"):
			ev := out.Add()
			ev.Activity, ev.Outcome = event.ActStop, event.OutcomeSuccess
		}
		return
	}
	m, _ = cutPrefix(m, "Digest: ")
	if user, reason, object, ok := apacheAuthFailure(m); ok {
		ev := out.Add()
		ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, reason
		ev.Account, ev.Object = p.env.Intern.Bytes(user), p.env.Intern.Bytes(object)
		return
	}
	ev := out.Add()
	ev.Class, ev.Activity, ev.Outcome = event.ClassHTTP, event.ActOther, event.OutcomeFailure
	switch string(l.level) {
	case "notice", "info", "debug":
		ev.Outcome = event.OutcomeUnknown
	}
	if rest, ok := cutPrefix(m, "client denied by server configuration: "); ok {
		ev.Activity, ev.Outcome, ev.Reason, ev.Object = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied, p.env.Intern.Bytes(rest)
		return
	}
	if _, ok := cutPrefix(m, "ModSecurity: "); ok {
		ev.Class = event.ClassDetection
		if has(m, "Access denied") {
			ev.Activity, ev.Reason = event.ActRefuse, event.ReasonDenied
		}
		return
	}
	for _, w := range [...]string{"File does not exist: ", "script not found or unable to stat: ", "Directory index forbidden by rule: ",
		"attempt to invoke directory as script: ", "Symbolic link not allowed or link target not accessible: ", "Invalid URI in request ",
		"request failed: ", "Cannot serve directory ", "access to "} {
		if rest, ok := cutPrefix(m, w); ok {
			ev.Activity, ev.Outcome, ev.Object = event.ActRead, event.OutcomeFailure, p.env.Intern.Bytes(rest)
			if i := index(rest, " denied ("); i > 0 && w == "access to " {
				ev.Object = p.env.Intern.Bytes(rest[:i])
			}
			if w[0] == 'D' || w[0] == 'a' {
				ev.Reason = event.ReasonDenied
			}
			return
		}
	}
	if rest, ok := cutPrefix(m, "script '"); ok {
		if i := lastIndex(rest, "' not found"); i >= 0 {
			ev.Activity, ev.Outcome, ev.Object = event.ActRead, event.OutcomeFailure, p.env.Intern.Bytes(rest[:i])
		}
	}
}

// apacheAuthFailure reads what the authentication modules say. The name is whatever a stranger typed, but one of basic
// authentication holds no colon; the path may hold anything.
func apacheAuthFailure(m []byte) (user []byte, reason event.Reason, object []byte, ok bool) {
	if rest, yes := cutPrefix(m, "user `"); yes { // digest: user `X' in realm `Y' not found: /path
		if i := index(rest, "' in realm `"); i >= 0 {
			if j := index(rest[i:], "' not found: "); j >= 0 {
				return rest[:i], event.ReasonNoSuchAccount, rest[i+j+len("' not found: "):], true
			}
		}
	}
	if rest, yes := cutPrefix(m, "user "); yes {
		for _, k := range [...]struct {
			text   string
			reason event.Reason
		}{
			{": authentication failure for ", event.ReasonBadPassword},
			{": authorization failure for ", event.ReasonDenied},
			{": password mismatch", event.ReasonBadPassword},
			{" not found: ", event.ReasonNoSuchAccount},
		} {
			if i := index(rest, k.text); i >= 0 {
				object = bytes.TrimPrefix(rest[i+len(k.text):], []byte(": "))
				if q, _, quoted := cutQuoted(object); quoted {
					object = q
				}
				return rest[:i], k.reason, object, true
			}
		}
		if u, yes := cutSuffix(rest, " not found"); yes {
			return u, event.ReasonNoSuchAccount, nil, true
		}
		if i := index(rest, " not found"); i >= 0 {
			return rest[:i], event.ReasonNoSuchAccount, nil, true
		}
		return nil, 0, nil, false
	}
	if rest, yes := cutPrefix(m, "Authorization of user "); yes {
		if i := index(rest, " to access "); i >= 0 {
			object = rest[i+len(" to access "):]
			if j := lastIndex(object, " failed, reason:"); j >= 0 {
				object = object[:j]
			}
			return rest[:i], event.ReasonDenied, object, true
		}
	}
	if i := index(m, "authenticate: user "); i >= 0 && i < 16 { // auth_ldap authenticate: user X authentication failed; URI /p [User not found]
		rest := m[i+len("authenticate: user "):]
		if j := index(rest, " authentication failed; URI "); j >= 0 {
			reason = event.ReasonBadCredentials
			if has(rest[j:], "[User not found]") || has(rest[j:], "No such object") {
				reason = event.ReasonNoSuchAccount
			} else if has(rest[j:], "Invalid credentials") {
				reason = event.ReasonBadPassword
			}
			object = rest[j+len(" authentication failed; URI "):]
			if k := lastIndex(object, " ["); k >= 0 {
				object = object[:k]
			}
			return rest[:j], reason, object, true
		}
	}
	if rest, yes := cutPrefix(m, "client used wrong authentication scheme: "); yes {
		return nil, event.ReasonProtocol, rest, true
	}
	for _, w := range [...]string{"invalid qop ", "invalid nonce ", "realm mismatch ", "unknown algorithm ", "invalid opaque ", "uri mismatch "} {
		if _, yes := cutPrefix(m, w); yes && !has(m, " received - hash is not ") { // a nonce of before a restart: the browser asks again
			return nil, event.ReasonProtocol, nil, true
		}
	}
	return nil, 0, nil, false
}
