// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// More login pages, and servers of pages, that write one line an attempt.

var grafana = Format{
	Name:   "grafana",
	Source: "web",
	About: webAbout("Grafana 5 to 12: grafana.log in its text form (logfmt).",
		"Copy /var/log/grafana/grafana.log*. Level info, the default. Behind a proxy remote_addr is taken from its headers, if [server] says so."),
	Shapes: ShapeSyslog | ShapeText,
	Sniff: func(rec []byte) float64 {
		if _, ok := grafanaStart(rec); ok {
			return 0.9
		}
		return 0
	},
	New:   func(env *Env) Parser { return &grafanaParser{env: env} },
	Marks: []string{"t=20"},
}

// grafanaStart returns the fields of a line: "t=… lvl=…", "logger=… t=… level=…".
func grafanaStart(b []byte) ([]byte, bool) {
	if s, ok := sniffSyslog(b); ok && (isPrefix(s.Program, "grafana")) {
		b = s.Message
	}
	if isPrefix(b, "t=20") && has(b[:min(len(b), 60)], " lvl=") || isPrefix(b, "logger=") && has(b[:min(len(b), 200)], " t=20") {
		return b, true
	}
	return nil, false
}

type grafanaParser struct{ env *Env }

func (p *grafanaParser) Flush(*event.Batch) {}

func (p *grafanaParser) Parse(rec *event.Record, out *event.Batch) error {
	b, ok := grafanaStart(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	var when, msg, err, uname, addr, path, status []byte
	for len(b) > 0 { // the first of two fields of a name counts; values with spaces are quoted and escaped
		b = bytes.TrimLeft(b, " ")
		i := bytes.IndexByte(b, '=')
		if i <= 0 {
			break
		}
		key := b[:i]
		b = b[i+1:]
		var v []byte
		if len(b) > 0 && b[0] == '"' {
			inner, rest, ok := cutQuoted(b)
			if !ok {
				break
			}
			v, b = inner, rest
		} else {
			v, b = nextWord(b)
		}
		var at *[]byte
		switch string(key) {
		case "t":
			at = &when
		case "msg":
			at = &msg
		case "error":
			at = &err
		case "uname":
			at = &uname
		case "remote_addr":
			at = &addr
		case "path":
			at = &path
		case "status":
			at = &status
		}
		if at != nil && *at == nil {
			*at = v
		}
	}
	t, n := parseISOStamp(when)
	if n == 0 {
		return ErrNoTime
	}
	what, reason := sayFailed, event.ReasonNone
	switch {
	case bytes.EqualFold(msg, []byte("Invalid username or password")):
	case string(msg) == "Failed to authenticate request" && has(err, "password"):
	case string(msg) == "Request Completed" && string(path) == "/login" && string(status) == "401":
		what = sayAgain // the line of the request, which follows the one that says why
	case string(msg) == "Successful Login":
		what = sayLogin
	default:
		return nil
	}
	if has(err, "not found") {
		reason = event.ReasonNoSuchAccount
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Service, ev.DstHost, ev.Ref = p.env.Clock.Moment(t), "grafana", p.env.Host, p.env.Ref(rec)
	what.put(ev, reason, event.ClassOther)
	ev.Account, ev.Object = in.Bytes(uname), in.Bytes(path)
	ev.SrcIP, ev.SrcPort, _ = p.env.addrPort(addr)
	if what == sayAgain {
		ev.Count = event.Some(0)
		ev.Rest = out.Rest(event.Flag("repeat", true))
		return nil
	}
	ev.Rest = out.Rest(event.Text("detail", in.Bytes(err)))
	return nil
}

var lighttpd = Format{
	Name:   "lighttpd",
	Source: "web",
	About: webAbout("lighttpd 1.4: error.log, of failed basic and digest authentication. Its access log is of the common form and read as web-access.",
		"Copy /var/log/lighttpd/error.log*. Nothing need be switched on."),
	Sniff: lighttpdLines.sniff, New: lighttpdLines.parser,
	Shapes: lighttpdLines.shapes(), Programs: lighttpdLines.words(),
	Marks: lighttpdLines.marks(),
}

var lighttpdLines = phrasedFormat{
	service: "http", programs: []string{"lighttpd"}, file: lighttpdHead, trim: trimLighttpd, shared: true,
	phrases: []phrase{
		{"password doesn't match for {object} username: {user}, IP: {ip}", sayFailed, event.ReasonBadPassword},
		{"password doesn't match for {object} username: {user} , IP: {ip}", sayFailed, event.ReasonBadPassword},
		{"digest: auth failed for {user}: wrong password, IP: {ip}", sayFailed, event.ReasonBadPassword},
		{"digest: auth failed for {user} : wrong password, IP: {ip}", sayFailed, event.ReasonBadPassword},
		{"get_password failed, IP: {ip}", sayFailed, event.ReasonNoSuchAccount},
		{"digest: auth failed for {user}, IP: {ip}", sayFailed, 0},
	},
}

// lighttpdHead reads "2011-12-25 17:09:20: (http_auth.c.875) ".
func lighttpdHead(b []byte) (Civil, []byte, bool) {
	t, n := parseISOStamp(b)
	if n == 0 || !isPrefix(b[n:], ": (") {
		return t, nil, false
	}
	return t, b[n+2:], true
}

func trimLighttpd(b []byte) []byte {
	if len(b) > 0 && b[0] == '(' {
		if i := index(b[:min(len(b), 48)], ") "); i > 0 {
			return b[i+2:]
		}
	}
	return b
}

var centreon = Format{
	Name:   "centreon",
	Source: "web",
	About:  webAbout("Centreon 2 to 24: login.log.", "Copy /var/log/centreon/login.log*."),
	Sniff:  centreonLines.sniff, New: centreonLines.parser,
	Shapes: centreonLines.shapes(), Programs: centreonLines.words(),
	Marks: centreonLines.marks(),
}

var centreonLines = phrasedFormat{
	service: "centreon", file: centreonHead,
	phrases: []phrase{
		{"[WEB] [{ip}] Authentication failed for '{user}'", sayFailed, 0},
		{"[WEB] [{ip}] Authentication failed for '{user}' : {why}", sayFailed, 0},
		{"[WEB] [{ip}] Authentication succeeded for '{user}'", sayLogin, 0},
		{"[WEB] [{ip}] Contact '{user}' doesn't match with password", sayFailed, event.ReasonBadPassword},
		{"[WEB] [{ip}] No contact found with this login : '{user}'", sayFailed, event.ReasonNoSuchAccount},
		{"[API] [{ip}] Authentication failed for '{user}'", sayFailed, 0},
		{"[WEB] Authentication failed for '{user}' from {ip}", sayFailed, 0},
	},
}

// centreonHead reads "2019-10-21 18:55:15|-1|0|0|".
func centreonHead(b []byte) (Civil, []byte, bool) {
	t, n := parseISOStamp(b)
	if n == 0 || !isPrefix(b[n:], "|") {
		return t, nil, false
	}
	f := bytes.SplitN(b[n+1:], []byte("|"), 4)
	if len(f) != 4 || !isPrefix(f[3], "[") {
		return t, nil, false
	}
	return t, f[3], true
}

var zoneMinder = Format{
	Name:   "zoneminder",
	Source: "web",
	About:  webAbout("ZoneMinder 1.2x and 1.3x: web_php in syslog or its own log. Of the lines in Apache's error log no account is taken.", "Copy /var/log/zm/web_php.log* or syslog*. Options, Logging: LOG_LEVEL_SYSLOG or LOG_LEVEL_FILE at least Warning."),
	Sniff:  zoneMinderLines.sniff, New: zoneMinderLines.parser,
	Shapes: zoneMinderLines.shapes(), Programs: zoneMinderLines.words(),
	Marks: zoneMinderLines.marks(),
}

var zoneMinderLines = phrasedFormat{
	service: "zoneminder", programs: []string{"web_php", "web_js", "zm*"}, file: zoneMinderHead, shared: true,
	phrases: []phrase{
		{`{word} [{ip}] [Login denied for user "{user}"]{skip}`, sayFailed, 0},
		{`{word} [{ip}] [Could not retrieve user {user} details]{skip}`, sayFailed, event.ReasonNoSuchAccount},
		{`{word} [Login denied for user "{user}"]{skip}`, sayFailed, 0},
		{`{word} [Could not retrieve user {user} details]{skip}`, sayFailed, event.ReasonNoSuchAccount},
		{`{word} [{ip}] [Login successful for user "{user}"]{skip}`, sayLogin, 0},
	},
}

// zoneMinderHead reads "06/05/16 14:03:58.123456 web_php[811].WAR [192.0.2.7] [Login denied for user \"x\"]", month first.
func zoneMinderHead(b []byte) (Civil, []byte, bool) {
	t, text, ok := fileHead(b)
	if ok && len(b) > 8 && b[2] == '/' && b[5] == '/' {
		m := exactly(b, 2)
		d := exactly(b[3:], 2)
		t.Month, t.Day = m, d
	}
	return t, text, ok && t.Valid() && isPrefix(text, "web_php[")
}
