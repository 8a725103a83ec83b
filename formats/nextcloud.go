// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var nextcloud = Format{
	Name:   "nextcloud",
	Also:   []string{"owncloud"},
	Source: "files",
	About: About{
		What: "Nextcloud 12 and later (and ownCloud 10): nextcloud.log, and audit.log of the app admin_audit, both as JSON lines, also as the message of a syslog line.",
		Export: "Copy data/nextcloud.log* and data/audit.log*. Failed logins stand in nextcloud.log at 'loglevel' => 2 and below, the default. For logins, files and shares turn the app \"Auditing / Logging\" " +
			"(admin_audit) on and set 'log.condition' => ['apps' => ['admin_audit']]. Behind a proxy set trusted_proxies, or every address is the proxy's. Leave logdateformat as it is, or give it an offset.",
		Takes: "Failed and successful logins, second factors, logouts; files read, written, created, renamed, copied, deleted and restored; shares given, changed and taken back, by link or to whom; " +
			"accounts and groups changed; passwords reset; what the server's own brute force protection noticed.",
		Leaves: "Without admin_audit nothing of files and of successful logins. Failed logins of apps and of WebDAV clients look like those of browsers but for the address asked for. What was read in a file, and how much.",
	},
	Framing: event.FrameJSON,
	Sniff: func(rec []byte) float64 {
		if b := sniffJSON(rec); b != nil && has(b, `"reqId"`) && has(b, `"remoteAddr"`) && has(b, `"message"`) {
			return 0.97
		}
		return 0
	},
	New: func(env *Env) Parser {
		return &nextcloudParser{env: env, f: newJSONPick(ncFields, nextcloudSlot)}
	},
	Shapes: ShapeObject,
	Keys:   []string{"reqId"},
}

const (
	ncReqID = iota
	ncTime
	ncAddr
	ncUser
	ncApp
	ncMethod
	ncURL
	ncMessage
	ncAgent
	ncFields
)

func nextcloudSlot(path []byte) int {
	switch string(path) {
	case "reqId":
		return ncReqID
	case "time":
		return ncTime
	case "remoteAddr":
		return ncAddr
	case "user":
		return ncUser
	case "app":
		return ncApp
	case "method":
		return ncMethod
	case "url":
		return ncURL
	case "message":
		return ncMessage
	case "userAgent":
		return ncAgent
	}
	return -1
}

type nextcloudParser struct {
	env  *Env
	f    *jsonPick
	out  *event.Batch
	rec  *event.Record
	when event.Micros
}

func (p *nextcloudParser) Flush(*event.Batch) {}

func (p *nextcloudParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil || !p.f.read(b) || p.f.v[ncReqID].kind != '"' || p.f.v[ncMessage].kind == 0 {
		return ErrOtherFormat
	}
	p.rec, p.out = rec, out
	if p.f.v[ncMessage].kind == '{' { // an exception as an object, in which nothing happened
		return nil
	}
	t, ok := parseNextcloudTime(p.f.bytes(ncTime))
	if !ok {
		return ErrNoTime
	}
	p.when = p.env.Clock.Moment(t)
	return p.message(bytes.TrimRight(p.f.keep(ncMessage, 0), " \n"))
}

// parseNextcloudTime reads ISO 8601, and "October 14, 2019 09:06:02" of earlier versions.
func parseNextcloudTime(b []byte) (Civil, bool) {
	if t, n := parseISOStamp(b); n > 0 {
		return t, n == len(b)
	}
	var t Civil
	word, rest := nextWord(b)
	if t.Month = monthOf(word); t.Month == 0 || len(word) < 3 {
		return t, false
	}
	n := 0
	if t.Day, n = digits(rest, 2); n == 0 || len(rest) < n+7 || rest[n] != ',' || rest[n+1] != ' ' {
		return t, false
	}
	rest = rest[n+2:]
	if t.Year, n = digits(rest, 4); n != 4 || rest[4] != ' ' {
		return t, false
	}
	n = parseTimeOfDay(rest[5:], &t)
	return t, n > 0 && t.Valid()
}

func (p *nextcloudParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Service, ev.DstHost, ev.Ref = "nextcloud", p.env.Host, p.env.Ref(p.rec)
	if user := p.f.bytes(ncUser); len(user) > 0 && string(user) != "--" {
		ev.Account = p.env.Intern.Bytes(user)
	}
	if a, ok := p.env.addr(p.f.bytes(ncAddr)); ok {
		ev.SrcIP = a
	}
	if agent := p.f.bytes(ncAgent); string(agent) != "--" {
		ev.Client = p.env.Intern.Bytes(agent)
	}
	return ev
}

// rest sets the remainder that every event has: the request and what it asked for.
func (p *nextcloudParser) rest(ev *event.Event, more ...event.Field) {
	f := [8]event.Field{event.Text("request", p.f.text(p.env, ncReqID)), event.Text("url", clip(p.f.text(p.env, ncURL), 400))}
	n := 2 + copy(f[2:], more)
	ev.Rest = p.out.Rest(f[:n]...)
}

// message reads what happened. Names, paths and hosts in it are anybody's; what the server writes stands around them.
func (p *nextcloudParser) message(m []byte) error {
	in := p.env.Intern
	if name, ok := cutPrefix(m, "Login failed: "); ok {
		p.refused(name, event.ReasonBadCredentials)
		return nil
	}
	if name, ok := cutPrefix(m, "Two-factor challenge failed: "); ok {
		p.refused(name, event.ReasonSecondFactorFailed)
		return nil
	}
	if rest, ok := cutPrefix(m, "Bruteforce attempt from "); ok {
		ev := p.add(event.ClassDetection, event.ActOther, event.OutcomeUnknown, event.ReasonNone)
		if q, _ := firstQuoted(rest); len(q) > 0 {
			if a, ok := p.env.addr(q); ok {
				ev.SrcIP = a
			}
		}
		ev.Count = event.Some(0)
		p.rest(ev, event.Text("detail", clip(in.Bytes(m), 200)), event.Flag("repeat", true))
		return nil
	}
	if isPrefix(m, "Trusted domain error. ") {
		ev := p.add(event.ClassHTTP, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
		p.rest(ev, event.Text("detail", clip(in.Bytes(m), 200)))
		return nil
	}
	if string(p.f.bytes(ncApp)) != "admin_audit" {
		return nil // what else the server says
	}
	return p.audit(m)
}

// refused is a login that failed: "name (Remote IP: 192.0.2.7)". The address stands behind the name, which may hold anything.
func (p *nextcloudParser) refused(name []byte, why event.Reason) {
	var from []byte
	if i := lastIndex(name, " (Remote IP: "); i >= 0 {
		from = bytes.Trim(name[i+len(" (Remote IP: "):], "')")
		name = name[:i]
	}
	if n := len(name); n > 1 && name[0] == '\'' && name[n-1] == '\'' {
		name = name[1 : n-1]
	}
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, why)
	ev.Account = p.env.Intern.Bytes(name)
	if a, ok := p.env.addr(from); ok && a != ev.SrcIP { // a proxy that the web server knows and Nextcloud looks behind
		via := ""
		if ev.SrcIP.IsValid() {
			via = p.f.text(p.env, ncAddr)
		}
		ev.SrcIP = a
		p.rest(ev, event.Text("via", via))
		return
	}
	p.rest(ev)
}

// firstQuoted returns what stands between the first two quotes of b, and what follows.
func firstQuoted(b []byte) (quoted, rest []byte) {
	i := bytes.IndexByte(b, '"')
	if i < 0 {
		return nil, nil
	}
	b = b[i+1:]
	if i = bytes.IndexByte(b, '"'); i < 0 {
		return nil, nil
	}
	return b[:i], b[i+1:]
}
