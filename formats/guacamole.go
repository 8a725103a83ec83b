// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var guacamole = Format{
	Name:   "guacamole",
	Source: "vpn",
	About: About{
		What: "Apache Guacamole 0.8 to 1.6: what the web application writes to Tomcat's catalina.out or to syslog.",
		Export: "Copy catalina.out* or run journalctl -u tomcat9 -o short-iso. The default of logback writes the time of day without a date: give it " +
			"guacamole-home/logback.xml with %d{yyyy-MM-dd HH:mm:ss.SSS}.",
		Takes:  "Logins and failed logins with account and address.",
		Leaves: "Which machine was worked on; guacd tells of it without the person. A line without a date gets that of the last line that had one, and says so in the remainder; before the first of these it is refused.",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := guacamoleText(rec); ok {
			return 0.9
		}
		if t, _, ok := javaStamp(rec); ok && t.Year > 0 && has(rec, "org.slf4j.impl.") {
			return 0.5
		}
		return 0
	},
	New:    func(env *Env) Parser { return &guacamoleParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{"Authentication attempt f", `User "`, "org.slf4j.impl."},
}

// guacamoleText returns what a line says of a login, and whether it says anything.
func guacamoleText(b []byte) ([]byte, bool) {
	for _, w := range [...]string{"Authentication attempt from ", "Authentication attempt for ", "User \""} {
		i := index(b[:min(len(b), 200)], w)
		if i < 0 || i > 0 && b[i-1] != ' ' {
			continue
		}
		text := bytes.TrimRight(b[i:], " \r")
		if w[0] == 'U' && !has(text, "\" successfully authenticated from ") && !has(text, "\" successfully authenticated.") {
			continue
		}
		return text, true
	}
	return nil, false
}

// javaStamp reads "apr 15, 2013 8:34:08 PM org.slf4j.impl.JCLLoggerAdapter warn".
func javaStamp(b []byte) (Civil, []byte, bool) {
	t, n := parseMonthWord(b)
	if n == 0 {
		return t, nil, false
	}
	return t, b[n:], true
}

type guacamoleParser struct {
	env  *Env
	last Civil // of the last line with a date
	part event.Part
	in   uint32
}

func (p *guacamoleParser) Flush(*event.Batch) {}

func (p *guacamoleParser) Parse(rec *event.Record, out *event.Batch) error {
	b := rec.Data
	text, ok := guacamoleText(b)
	if !ok {
		if t, rest, ok := javaStamp(b); ok && has(rest, "org.slf4j.impl.") {
			p.last, p.part, p.in = t, rec.Part, p.env.Input
			return nil
		}
		return ErrOtherFormat
	}
	f := fit{env: p.env}
	var s *phrase
	for i := range guacamolePhrases {
		if f.fits(guacamolePhrases[i].text, text) {
			s = &guacamolePhrases[i]
			break
		}
	}
	if s == nil {
		return ErrUnknownKind
	}
	host := p.env.Host
	var when event.Micros
	assumed, joined := false, false
	if l, ok := p.env.Syslog(rec); ok {
		when, host = l.Time, p.env.hostOf(l)
	} else if t, _, ok := fileHead(b); ok {
		when = p.env.Clock.Moment(t)
		p.last = t
	} else {
		if p.last.Year == 0 {
			return ErrNoTime
		}
		t := p.last
		if n := parseTimeOfDay(b, &t); n > 0 && t.Valid() {
			assumed = true
		} else if bytes.ContainsAny(b[:bytes.Index(b, text)], "0123456789") {
			return ErrNoTime // what stands before the text is a time, but none that can be
		} else {
			joined = p.in == p.env.Input
		}
		when = p.env.Clock.Moment(t)
	}
	ev := out.Add()
	ev.Time, ev.Service, ev.DstHost, ev.Ref = when, "guacamole", host, p.env.Ref(rec)
	s.what.put(ev, s.reason, event.ClassOther)
	if joined {
		ev.Ref.Part, ev.Ref.More = p.part, out.Parts(rec.Part)
	}
	ev.Account, ev.SrcIP, ev.SrcPort = p.env.Intern.Bytes(f.hole[holeUser]), f.addr, f.port
	if ev.Account == "null" { // no name was given
		ev.Account = ""
	}
	rest := [2]event.Field{event.Text("relay", p.env.Intern.Bytes(f.hole[holeRelay]))}
	n := 1
	if assumed {
		rest[n], n = event.Flag("date_assumed", true), n+1
	}
	ev.Rest = out.Rest(rest[:n]...)
	return nil
}

// Behind a proxy the addresses stand in brackets, the client's first.
var guacamolePhrases = []phrase{
	{`Authentication attempt from {ip} for user "{user}" failed.`, sayFailed, 0},
	{`Authentication attempt from [{ip}, {relay}] for user "{user}" failed.`, sayFailed, 0},
	{`Authentication attempt from {ip} for user "{user}" failed: {why}`, sayFailed, 0},
	{`Authentication attempt for user "{user}" from {ip} failed.`, sayFailed, 0},
	{`Authentication attempt from {ip} failed.`, sayFailed, 0},
	{`User "{user}" successfully authenticated from {ip}.`, sayLogin, 0},
	{`User "{user}" successfully authenticated from [{ip}, {relay}].`, sayLogin, 0},
}
