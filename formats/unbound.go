// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var unbound = Format{
	Name:   "unbound",
	Source: "dns",
	About: About{
		What: "Unbound 1.6 to 1.23: the log file (epoch, ASCII or ISO time) and syslog, also as OPNsense and pfSense write it.",
		Export: "server: log-queries: yes, log-replies: yes, log-tag-queryreply: yes, log-local-actions: yes, log-servfail: yes; use-syslog: yes or logfile. " +
			"Without these Unbound logs no question at all. log-time-iso: yes (1.20) is best: it has year and zone.",
		Takes:  "Each question with client, name, type; each answer with its code and how long it took; names blocked by local data and response policy; questions refused; start and stop.",
		Leaves: "What the answer was. A question and its answer are two lines: with both logged the answer repeats the question (repeat); with replies alone it stands for it.",
	},
	Shapes: ShapeSyslog | ShapeText,
	// In a file of its own, with times as text, there is no host before its name: the level stands where a program would.
	Programs: []string{"unbound", "debug", "error", "fatal", "info", "notice", "query", "reply", "verbose", "warning"},
	Sniff: func(rec []byte) float64 {
		var l unboundLine
		if !l.split(rec) {
			return 0
		}
		if l.sure {
			return 0.95
		}
		return 0.9
	},
	New:   func(env *Env) Parser { return &unboundParser{env: env} },
	Marks: []string{"unbound"},
}

// unboundLine is a line without its head.
type unboundLine struct {
	sure     bool // syslog names the program
	epoch    int64
	time     Civil
	own      bool
	severity []byte
	text     []byte
}

// split reads "[1747010467] unbound[812:0] info: …", the same behind other times, and "… unbound[1]: [812:0] info: …" of syslog.
func (l *unboundLine) split(b []byte) bool {
	switch {
	case len(b) > 12 && b[0] == '[' && isDigit(b[1]):
		n := behindDigits(b, 1)
		if n < 10 || n > 12 || n >= len(b) || b[n] != ']' {
			return false
		}
		l.epoch, _ = parseNumber(b[1:n])
		if b = bytes.TrimLeft(b[n+1:], " "); !isPrefix(b, "unbound[") {
			return false
		}
	default:
		s, ok := sniffSyslog(b)
		if ok && string(s.Program) == "unbound" && len(s.Message) > 0 && s.Message[0] == '[' {
			l.sure, b = true, s.Message
			break
		}
		t, n := parseSyslogStamp(b)
		if n == 0 {
			return false
		}
		l.time, l.own = t, true
		if b = bytes.TrimLeft(b[n:], " "); !isPrefix(b, "unbound[") {
			return false
		}
	}
	end := bytes.IndexByte(b[:min(len(b), 40)], ']')
	if end < 0 || bytes.IndexByte(b[:end], ':') < 0 {
		return false
	}
	l.severity, b, _ = bytes.Cut(bytes.TrimLeft(b[end+1:], ": "), []byte(": "))
	l.text = b
	switch string(l.severity) {
	case "info", "notice", "warning", "error", "debug", "fatal error", "query", "reply", "dnssec":
		return true
	}
	return false
}

type unboundParser struct {
	env   *Env
	asked bool // questions are logged by themselves
}

func (p *unboundParser) Flush(*event.Batch) {}

func (p *unboundParser) Parse(rec *event.Record, out *event.Batch) error {
	var l unboundLine
	if !l.split(rec.Data) {
		return ErrOtherFormat
	}
	var when event.Micros
	host := p.env.Host
	switch {
	case l.epoch > 0:
		when = p.env.Clock.Absolute(event.Micros(l.epoch) * 1e6)
	case l.own:
		when = p.env.Clock.Moment(l.time)
	default:
		s, ok := p.env.Syslog(rec)
		if !ok {
			return ErrNoTime
		}
		when, host = s.Time, p.env.hostOf(s)
	}
	ev := out.Add()
	ev.Time, ev.Ref, ev.Service, ev.DstHost = when, p.env.Ref(rec), "dns", host
	if !p.message(&l, ev, out) {
		out.Drop()
	}
	return nil
}

// message reads what was asked and answered; false if the line tells of nothing that matters.
func (p *unboundParser) message(l *unboundLine, ev *event.Event, out *event.Batch) bool {
	t := l.text
	switch {
	case isPrefix(t, "start of service"):
		ev.Activity, ev.Outcome = event.ActStart, event.OutcomeSuccess
		return true
	case isPrefix(t, "service stopped"):
		ev.Activity, ev.Outcome = event.ActStop, event.OutcomeSuccess
		return true
	case isPrefix(t, "query: "), isPrefix(t, "reply: "):
		t = t[7:]
	case isPrefix(t, "refused query from"), isPrefix(t, "dropped query from"):
		return false // debugging: it names the address in words
	}
	ev.Class, ev.Activity = event.ClassDNS, event.ActQuery
	var w [9][]byte
	n := 0
	for rest := t; len(rest) > 0 && n < len(w); n++ {
		w[n], rest = nextWord(rest)
	}
	if addr, ok := p.env.addr(w[0]); ok && n >= 4 { // ADDR NAME TYPE CLASS [CODE SECONDS CACHED SIZE]
		ev.SrcIP = addr
		if string(w[1]) == "null" && string(w[2]) == "TYPE0" { // refused before the question was read
			ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
			return true
		}
		p.name(ev, w[1])
		p.reply(ev, w[2:n], out)
		return true
	}
	if n == 7 || n == 6 { // a local zone: ZONE ACTION ADDR@PORT NAME TYPE CLASS
		at := bytes.IndexByte(w[2], '@')
		if at < 0 {
			return false
		}
		addr, ok := p.env.addr(w[2][:at])
		if !ok {
			return false
		}
		ev.SrcIP = addr
		ev.SrcPort, _ = parsePort(w[2][at+1:])
		p.name(ev, w[3])
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
		switch string(w[1]) {
		case "transparent", "inform", "typetransparent", "static", "redirect", "nodefault":
			ev.Activity, ev.Outcome, ev.Reason = event.ActQuery, event.OutcomeUnknown, event.ReasonNone
		}
		if p.asked {
			ev.Count = event.Some(0)
		}
		f := [4]event.Field{event.Text("qtype", p.env.Intern.Bytes(w[4])), event.Text("action", p.env.Intern.Bytes(w[1])), event.Text("zone", p.env.Intern.Bytes(w[0])), event.Flag("repeat", true)}
		ev.Rest = out.Rest(f[:3+count(p.asked)]...)
		return true
	}
	return false
}

func (p *unboundParser) name(ev *event.Event, b []byte) {
	if len(b) > 1 {
		b, _ = cutSuffix(b, ".")
	}
	ev.Object = p.env.Intern.Bytes(b)
}

// reply reads what stands behind the name: type, class, and in an answer its code, how long it took, whether it was known.
func (p *unboundParser) reply(ev *event.Event, w [][]byte, out *event.Batch) {
	in := p.env.Intern
	if len(w) < 3 {
		p.asked = true
		ev.Rest = out.Rest(event.Text("qtype", in.Bytes(w[0])))
		return
	}
	ev.Outcome, ev.Reason = dnsOutcome(w[2])
	if ev.Reason == event.ReasonDenied {
		ev.Activity = event.ActRefuse
	}
	if len(w) > 3 {
		ev.Duration = milliseconds(w[3])
	}
	cached := len(w) > 4 && string(w[4]) == "1"
	var f [4]event.Field
	f[0], f[1], f[2] = event.Text("qtype", in.Bytes(w[0])), event.Text("rcode", in.Bytes(w[2])), event.Flag("cached", cached)
	if p.asked {
		ev.Count = event.Some(0)
		f[3] = event.Flag("repeat", true)
	}
	ev.Rest = out.Rest(f[:3+count(p.asked)]...)
}
