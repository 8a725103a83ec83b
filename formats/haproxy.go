// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var haproxy = Format{
	Name:   "haproxy",
	Source: "web",
	About: About{
		What:   "HAProxy 1.4 to 3.x: lines of option httplog, httpslog and tcplog, and of broken connections, through syslog or alone.",
		Export: "Copy haproxy.log*. option httplog in defaults; behind another proxy option forwardfor and capture request header X-Forwarded-For.",
		Takes:  "Each request or connection with client, front end, back end, status, bytes, duration, method and path; broken TLS.",
		Leaves: "User names: HAProxy does not log them, so a 401 or 407 is a refused request of nobody. Captured headers are kept as they stand.",
	},
	Sniff: func(rec []byte) float64 {
		var l haproxyLine
		if l.split(rec) {
			return 0.9
		}
		if s, ok := sniffSyslog(rec); ok && string(s.Program) == "haproxy" {
			return 0.9
		}
		return 0
	},
	New:    func(env *Env) Parser { return &haproxyParser{env: env} },
	Shapes: ShapeText | ShapeSyslog,
	Marks:  []string{" [", "haproxy"},
}

// haproxyLine is a line taken apart: "192.0.2.7:58430 [14/Nov/2015:22:45:11.608] front back/server 1/0/1/0/1940 403 5168 …".
type haproxyLine struct {
	client, front, back, rest []byte
	time                      Civil
}

func (l *haproxyLine) split(b []byte) bool {
	i := index(b[:min(len(b), 72)], " [")
	if i < 7 || bytes.IndexByte(b[:i], ' ') >= 0 || bytes.IndexByte(b[:i], ':') < 0 {
		return false
	}
	t, n := parseCLFStamp(b[i+2:])
	if n == 0 || i+2+n+1 >= len(b) || b[i+2+n] != ']' || b[i+3+n] != ' ' {
		return false
	}
	l.client, l.time = b[:i], t
	l.front, l.rest = nextWord(b[i+4+n:])
	l.back = nil
	return len(l.front) > 0
}

type haproxyParser struct{ env *Env }

func (p *haproxyParser) Flush(*event.Batch) {}

func (p *haproxyParser) Parse(rec *event.Record, out *event.Batch) error {
	var l haproxyLine
	host := p.env.Host
	if !l.split(rec.Data) {
		s, ok := p.env.Syslog(rec)
		if !ok || string(s.Program) != "haproxy" {
			return ErrOtherFormat
		}
		if !l.split(s.Message) {
			return nil // start, stop, state of servers
		}
		host = p.env.hostOf(s)
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Service, ev.DstHost, ev.Ref = p.env.Clock.Moment(l.time), event.ClassHTTP, event.ActConnect, "http", host, p.env.Ref(rec)
	colon := bytes.LastIndexByte(l.client, ':') // a port always stands there
	ev.SrcIP, _ = p.env.addr(l.client[:colon])
	ev.SrcPort, _ = parsePort(l.client[colon+1:])
	if n := len(l.front); l.front[n-1] == ':' { // "front/1: SSL handshake failure"
		ev.Class, ev.Outcome, ev.Reason = event.ClassNetwork, event.OutcomeFailure, event.ReasonProtocol
		ev.Rest = out.Rest(event.Text("frontend", in.Bytes(l.front[:n-1])), event.Text("detail", in.Bytes(l.rest[:min(len(l.rest), 256)])))
		return nil
	}
	front := bytes.TrimSuffix(l.front, []byte("~"))
	back, rest := nextWord(l.rest)
	timers, rest := nextWord(rest)
	status, rest := nextWord(rest)
	size := status
	var request []byte
	if isStatus(status) && bytes.Count(timers, []byte("/")) >= 4 {
		size, rest = nextWord(rest)
		if i := bytes.IndexByte(rest, '"'); i >= 0 {
			request = bytes.TrimSuffix(bytes.TrimRight(rest[i+1:], " \r"), []byte{'"'})
		}
		method, path, _ := splitRequest(request)
		ev.Activity, ev.Object = webActivity(method), in.Bytes(path)
		ev.Outcome, ev.Reason = webOutcome(status, false)
	} else {
		ev.Class, ev.Service, status = event.ClassNetwork, "tcp", nil
		ev.Outcome = event.OutcomeSuccess
	}
	ev.BytesIn = someNumber(bytes.TrimPrefix(size, []byte("+")))
	if i := bytes.LastIndexByte(timers, '/'); i >= 0 {
		ev.Duration = someNumber(bytes.TrimPrefix(timers[i+1:], []byte("+")))
	}
	ev.Rest = out.Rest(event.Text("status", in.Bytes(status)), event.Text("frontend", in.Bytes(front)), event.Text("backend", in.Bytes(back)))
	return nil
}
