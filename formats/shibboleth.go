// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var shibbolethProcess = Format{
	Name:   "shibboleth-process",
	Also:   []string{"idp-process", "gakunin-process"},
	Source: "directory",
	About: About{
		What: "Shibboleth Identity Provider 3 to 5, as most members of GakuNin and other federations run it: logs/idp-process.log.",
		Export: "Copy idp-process.log and idp-process-*.log.gz for the whole time in question: logback keeps 180 days unless idp.loghistory says otherwise. idp.loglevel.idp must be INFO, the default. " +
			"The pattern must hold %mdc{idp.remote_addr}, as it does since 3.0: without it a login has no address. Behind a proxy the container must be told to trust it (RemoteIpValve).",
		Takes: "Logins and failed logins by password, certificate, Kerberos, Duo or outside authentication, with account and address. This is the only log of the IdP that tells of failed logins " +
			"before version 4.3, and by default also after it.",
		Leaves: "Which service was entered: idp-audit.log says that. Most validators do not say whether the ID was wrong or the password.",
	},
	Shapes: ShapeSyslog | ShapeText,
	Sniff: func(rec []byte) float64 {
		if _, _, text, ok := splitShibboleth(rec); ok {
			if has(rec, "[net.shibboleth.") || has(rec, "[org.opensaml.") || has(text, "Login by '") {
				return 0.95
			}
			return 0.3
		}
		return 0
	},
	New:   func(env *Env) Parser { return &shibProcessParser{env: env} },
	Marks: []string{"] - "},
}

// splitShibboleth reads "2025-06-02 09:00:00,345 - 192.0.2.7 - INFO [net.shibboleth.…:152] - text". Sites add more between the time
// and the level (session, service); the first address there is the client's.
func splitShibboleth(b []byte) (t Civil, head, text []byte, ok bool) {
	t, n := parseISOStamp(b)
	if n == 0 || !isPrefix(b[n:], " - ") {
		return t, nil, nil, false
	}
	rest := b[n+3:]
	i := index(rest[:min(len(rest), 500)], "] - ")
	if i < 0 {
		return t, nil, nil, false
	}
	head, text = rest[:i], bytes.TrimRight(rest[i+4:], " \r")
	j := bytes.LastIndexByte(head, '[')
	if j < 1 {
		return t, nil, nil, false
	}
	level := bytes.TrimRight(head[:j], " ")
	for _, w := range [...]string{"INFO", "WARN", "ERROR", "DEBUG", "TRACE"} {
		if before, yes := cutSuffix(level, w); yes {
			return t, before, text, true
		}
	}
	return t, nil, nil, false
}

type shibProcessParser struct{ env *Env }

func (p *shibProcessParser) Flush(*event.Batch) {}

// The name stands in quotation marks, and nothing that a stranger writes stands behind it.
var shibbolethPhrases = []phrase{
	{"{skip}: Login by '{user}' succeeded", sayLogin, 0},
	{"{skip}: Login by '{user}' failed", sayFailed, 0},
	{"{skip}: Login by '{user}' failed, {why}", sayFailed, 0},
	{"{skip}: Login by '{user}' failed ({why})", sayFailed, 0},
	{"Login by '{user}' succeeded", sayLogin, 0},
	{"Login by '{user}' failed", sayFailed, 0},
	{"{skip}: Duo authentication succeeded for '{user}'", sayOwn, 0},
	{"{skip}: Duo authentication succeeded for user '{user}'", sayOwn, 0},
	{"{skip}: Duo authentication failed for '{user}'", sayFailed, event.ReasonSecondFactorFailed},
	{"{skip}: Duo authentication failed for user '{user}'", sayFailed, event.ReasonSecondFactorFailed},
	{"{skip}: External authentication succeeded for user '{user}'", sayLogin, 0},
	{"{skip}: External authentication succeeded for user: {user}", sayLogin, 0},
	{"{skip}: External authentication failed for user '{user}'", sayFailed, 0},
	{"{skip}: User identity '{user}' succeeded", sayLogin, 0},
	{"{skip}: Login by X.509 certificate with subject '{user}' succeeded", sayLogin, 0},
	{"{skip}: Username '{user}' is locked out", sayFailed, event.ReasonLocked},
	{"{skip}: Account '{user}' is locked out", sayFailed, event.ReasonLocked},
	{"{skip}: Account locked out, aborting authentication for '{user}'", sayFailed, event.ReasonLocked},
}

func (p *shibProcessParser) Parse(rec *event.Record, out *event.Batch) error {
	t, head, text, ok := splitShibboleth(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	f := fit{env: p.env}
	for i := range shibbolethPhrases {
		s := &shibbolethPhrases[i]
		if !f.fits(s.text, text) {
			continue
		}
		in := p.env.Intern
		ev := out.Add()
		ev.Time, ev.Service, ev.DstHost, ev.Ref = p.env.Clock.Moment(t), "shibboleth", p.env.Host, p.env.Ref(rec)
		s.what.put(ev, s.reason, event.ClassOther)
		if s.what == sayOwn { // a second step after the password, which is a login of its own line
			sayLogin.put(ev, 0, event.ClassOther)
			ev.Activity = event.ActElevate
		}
		ev.Account = in.Bytes(f.hole[holeUser])
		for len(head) > 0 {
			var word []byte
			word, head = nextWord(head)
			if a, ok := p.env.addr(bytes.Trim(word, "[]|")); ok {
				ev.SrcIP = a
				break
			}
		}
		validator, _, _ := bytes.Cut(text, []byte(": "))
		if len(validator) > 120 || !has(text[:min(len(text), 120)], ": ") {
			validator = nil
		}
		ev.Rest = out.Rest(event.Text("validator", in.Bytes(validator)), event.Text("detail", in.Bytes(f.hole[holeWhy])))
		return nil
	}
	return nil // the other things that an IdP does
}

var shibbolethAudit = Format{
	Name:   "shibboleth-audit",
	Also:   []string{"idp-audit", "gakunin-audit"},
	Source: "directory",
	About: About{
		What: "Shibboleth Identity Provider 2 to 5: logs/idp-audit.log in its default forms (2.x and 3.x: 13 fields from the time on; 4.x and 5.x: 21 fields from the address on), and the authentication audit of 4.3 and later.",
		Export: "Copy idp-audit.log and idp-audit-*.log.gz, and idp-process.log with them. **Before version 4.3 the audit log tells of no successful or failed login by itself: it has a line only when somebody was sent to a service. " +
			"From 4.3 on it can, but this is off by default: set idp.authn.audit.enabled (or idp.authn.Password.audit.enabled) to true before it is needed.** For the time before, only idp-process.log tells of failed logins, with logback's 180 days.",
		Takes: "Each answer to a service with account, service, kind of authentication, attributes released and, in the form of 4.x, address, session and user agent; an answer that did not rest on an earlier session is a login. " +
			"Of the authentication audit: logins and failed logins, by the words in its fields, whatever their order.",
		Leaves: "Failed logins, but for the authentication audit. The form of 2.x and 3.x has no address. A form of one's own (audit.xml) is not read.",
	},
	Shapes: ShapeText | ShapeSyslog,
	Sniff: func(rec []byte) float64 {
		var l shibAudit
		if l.split(rec) {
			return 0.95
		}
		return 0
	},
	New:   func(env *Env) Parser { return &shibAuditParser{env: env} },
	Marks: []string{"|"},
}

// shibAudit is one line of the audit log, cut at its bars. The user agent, which a stranger writes, is last.
type shibAudit struct {
	f    [24][]byte
	n    int
	kind uint8 // which form
}

const (
	shibOld  = iota + 1 // 2.x, 3.x
	shibNew             // 4.x, 5.x
	shibAuth            // authentication audit
)

func (l *shibAudit) split(b []byte) bool {
	if bytes.IndexByte(b, '|') < 0 {
		return false
	}
	b = bytes.TrimRight(b, "\r")
	for l.n = 0; l.n < len(l.f)-1; l.n++ {
		i := bytes.IndexByte(b, '|')
		if i < 0 {
			break
		}
		l.f[l.n], b = b[:i], b[i+1:]
	}
	l.f[l.n], l.n = b, l.n+1
	switch {
	case l.n >= 13 && isCompactTime(l.f[0]) && (has(l.f[1], "urn:") || has(l.f[4], "profiles") || has(l.f[4], "urn:")):
		l.kind = shibOld
	case l.n >= 21 && isZulu(l.f[2]) && (isZulu(l.f[1]) || len(l.f[1]) == 0):
		l.kind = shibNew
	case l.n >= 4 && l.authField() >= 0 && l.timeField() >= 0:
		l.kind = shibAuth
	default:
		return false
	}
	return true
}

// isCompactTime says whether b is "20190105T091532Z" or a time with a zone.
func isCompactTime(b []byte) bool {
	return len(b) == 16 && b[8] == 'T' && b[15] == 'Z' && isDigit(b[0]) || isZulu(b)
}

func isZulu(b []byte) bool {
	if len(b) < 20 || len(b) > 36 {
		return false
	}
	t, n := parseISOStamp(b)
	return n == len(b) && t.HasZone
}

func (l *shibAudit) authField() int {
	for i := range l.f[:l.n] {
		if isPrefix(l.f[i], "authn/") {
			return i
		}
	}
	return -1
}

func (l *shibAudit) timeField() int {
	for i := range l.f[:l.n] {
		if isCompactTime(l.f[i]) {
			return i
		}
	}
	return -1
}

type shibAuditParser struct {
	env  *Env
	line shibAudit
}

func (p *shibAuditParser) Flush(*event.Batch) {}

func shibTime(b []byte) (Civil, bool) {
	if t, n := parseISOStamp(b); n > 0 {
		return t, true
	}
	if len(b) != 16 {
		return Civil{}, false
	}
	ymd, n := digits(b, 8)
	hms, m := digits(b[9:], 6)
	t := Civil{Year: ymd / 10000, Month: ymd / 100 % 100, Day: ymd % 100, Hour: hms / 10000, Minute: hms / 100 % 100, Second: hms % 100, HasZone: true}
	return t, n == 8 && m == 6 && t.Valid()
}

func (p *shibAuditParser) Parse(rec *event.Record, out *event.Batch) error {
	l := &p.line
	if !l.split(rec.Data) {
		return ErrOtherFormat
	}
	at := 0
	switch l.kind {
	case shibNew:
		at = 2
	case shibAuth:
		at = l.timeField()
	}
	t, ok := shibTime(l.f[at])
	if !ok {
		return ErrNoTime
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = p.env.Clock.Moment(t), event.ClassAuthentication, event.ActTicket, event.OutcomeSuccess
	ev.Service, ev.DstHost, ev.Ref = "shibboleth", p.env.Host, p.env.Ref(rec)
	switch l.kind {
	case shibOld:
		ev.Account, ev.Object = in.Bytes(l.f[8]), in.Bytes(l.f[3])
		ev.Rest = out.Rest(event.Text("authn", in.Bytes(l.f[9])), event.Text("profile", in.Bytes(l.f[4])), event.Text("attributes", in.Bytes(l.f[10])), event.Text("name_id", in.Bytes(l.f[11])))
	case shibNew:
		p.answer(l, ev, out)
	default:
		p.authentication(l, ev, out)
	}
	return nil
}

// answer reads %a|%ST|%T|%u|%SP|%i|%ac|%t|%attr|%n|%f|%SSO|%XX|%XA|%b|%bb|%e|%S|%SS|%s|%UA.
func (p *shibAuditParser) answer(l *shibAudit, ev *event.Event, out *event.Batch) {
	in := p.env.Intern
	ev.SrcIP, _ = p.env.addr(l.f[0])
	ev.Account, ev.Object = in.Bytes(l.f[3]), in.Bytes(l.f[4])
	if string(l.f[11]) == "false" { // it did not rest on an earlier session
		ev.Activity = event.ActLogon
	}
	status := l.f[17]
	if failed := l.f[16]; len(failed) > 0 && string(failed) != "proceed" || len(status) > 0 && !has(status, "Success") {
		ev.Outcome, ev.Reason = event.OutcomeFailure, shibReason(l.f[16])
	}
	agent := l.f[20]
	for i := 21; i < l.n; i++ { // a bar in the user agent
		agent = agent[:len(agent)+1+len(l.f[i])]
	}
	ev.Client = in.Bytes(agent)
	ev.Rest = out.Rest(event.Text("authn", in.Bytes(l.f[6])), event.Text("attributes", in.Bytes(l.f[8])), event.Text("event", in.Bytes(l.f[16])),
		event.Text("status", in.Bytes(status)), event.Text("session", in.Bytes(l.f[19])), event.Text("sso", in.Bytes(l.f[11])))
}

// authentication reads a line of the authentication audit by the words in its fields.
func (p *shibAuditParser) authentication(l *shibAudit, ev *event.Event, out *event.Batch) {
	in := p.env.Intern
	ev.Activity, ev.Outcome = event.ActLogon, event.OutcomeUnknown
	flow := l.authField()
	var result []byte
	for i := range l.f[:l.n] {
		f := l.f[i]
		switch {
		case i == flow || len(f) == 0 || isCompactTime(f):
		case string(f) == "Success" || string(f) == "proceed":
			ev.Outcome, result = event.OutcomeSuccess, f
		case shibReason(f) != event.ReasonOther:
			ev.Outcome, ev.Reason, result = event.OutcomeFailure, shibReason(f), f
		case isPrefix(f, "http") || isPrefix(f, "urn:"):
			ev.Object = in.Bytes(f)
		case ev.SrcIP.IsValid():
			if i > flow && ev.Account == "" && len(f) < 128 {
				ev.Account = in.Bytes(f)
			}
		default:
			ev.SrcIP, _ = p.env.addr(f)
		}
	}
	if u := l.f[l.n-1]; isAgent(u) {
		ev.Client = in.Bytes(u)
		if ev.Account == ev.Client {
			ev.Account = ""
		}
	}
	ev.Rest = out.Rest(event.Text("log", "authentication"), event.Text("authn", in.Bytes(l.f[flow])), event.Text("event", in.Bytes(result)))
}

func isAgent(b []byte) bool { return isPrefix(b, "Mozilla/") || has(b, "/") && has(b, " ") }

// shibReason returns what an event of the authentication subsystem stands for.
func shibReason(b []byte) event.Reason {
	switch string(b) {
	case "InvalidPassword":
		return event.ReasonBadPassword
	case "UnknownUsername":
		return event.ReasonNoSuchAccount
	case "InvalidCredentials", "AuthenticationException", "NoCredentials":
		return event.ReasonBadCredentials
	case "AccountLocked":
		return event.ReasonLocked
	case "ExpiredPassword", "ExpiredCertificate", "AccountExpired":
		return event.ReasonExpired
	case "AccountDisabled":
		return event.ReasonDisabled
	case "AccessDenied", "RequestUnsupported", "NoPotentialFlow", "IdentitySwitch", "ContextCheckDenied", "RestartAuthentication":
		return event.ReasonDenied
	}
	return event.ReasonOther
}
