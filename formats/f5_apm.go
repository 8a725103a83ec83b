// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var f5APM = Format{
	Name:   "f5-apm",
	Also:   []string{"f5", "big-ip"},
	Source: "vpn",
	About: About{
		What:   "F5 BIG-IP Access Policy Manager 11 to 17: /var/log/apm, also through syslog.",
		Export: "Copy /var/log/apm* from each unit, or tmsh modify sys syslog remote-servers. The access profile's log settings must log Access Policy at Notice, per-request policy at Notice.",
		Takes:  "Logins to the gateway with name, address and result, refused ones, addresses given in the tunnel, ends of sessions with bytes. A session is spread over several lines with one identifier.",
		Leaves: "What the policy asked for step by step, load balancing, logins to the management interface (secure, audit).",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := f5Start(rec); ok {
			return 0.93
		}
		return 0
	},
	New:    func(env *Env) Parser { return &f5Parser{env: env} },
	Shapes: notObject,
	Marks:  []string{"0149"},
}

// f5Line is "01490500:5: /Common/profile:Common:a1b2c3d4: New session from client IP 203.0.113.20 (…" in pieces.
type f5Line struct {
	id      int
	session []byte
	text    []byte
}

func f5Start(b []byte) (l f5Line, ok bool) {
	s, ok := sniffSyslog(b)
	if !ok {
		return l, false
	}
	m := s.Message
	if _, n := digits(m, 8); n != 8 || !isPrefix(m, "0149") || len(m) < 12 {
		i := index(m[:min(len(m), 80)], "0149")
		if i < 0 {
			return l, false
		}
		m = m[i:]
	}
	id, n := digits(m, 8)
	if n != 8 || len(m) < 13 || m[8] != ':' || m[10] != ':' {
		return l, false
	}
	l.id = id
	rest := m[12:]
	colon := index(rest, ": ")
	if colon < 0 {
		return l, false
	}
	l.session, l.text = rest[:colon], rest[colon+2:]
	l.session = l.session[bytes.LastIndexByte(l.session, ':')+1:]
	return l, len(l.session) == 8 && isHexText(l.session)
}

type f5Parser struct {
	env      *Env
	rec      *event.Record
	out      *event.Batch
	when     event.Micros
	host     string
	sessions []f5Session // by hash of the identifier; nil until needed
}

type f5Session struct {
	key  uint64
	ip   netip.Addr
	user string
	in   bool
}

const f5Sessions = 4096

func (p *f5Parser) Flush(*event.Batch) {}

func (p *f5Parser) Parse(rec *event.Record, out *event.Batch) error {
	l, ok := f5Start(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	sl, ok := p.env.Syslog(rec)
	if !ok {
		return ErrNoTime
	}
	p.rec, p.out, p.when, p.host = rec, out, sl.Time, p.env.hostOf(sl)
	if p.sessions == nil {
		p.sessions = make([]f5Session, f5Sessions)
	}
	key := trailKey(l.session, nil)
	s := &p.sessions[(key^key>>21)%f5Sessions]
	if s.key != key {
		*s = f5Session{key: key}
	}
	p.message(&l, s)
	return nil
}

func (p *f5Parser) message(l *f5Line, s *f5Session) {
	t := l.text
	switch {
	case isPrefix(t, "New session from client IP "), isPrefix(t, "Received client info"):
		if ip, ok := p.env.addr(behind(t, "client IP ")); ok {
			s.ip = ip
		}
	case isPrefix(t, "Username '"):
		s.user = p.env.Intern.Bytes(bytes.TrimSuffix(t[len("Username '"):], []byte("'")))
	case isPrefix(t, "Access policy result: "):
		result := after(t, "result: ")
		ev := p.add(l, s, event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
		if has(result, "Deny") || has(result, "deny") {
			ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
		}
		s.in = ev.Outcome == event.OutcomeSuccess
		ev.Rest = p.out.Rest(event.Text("session", p.env.Intern.Bytes(l.session)), event.Text("result", p.env.Intern.Bytes(result)))
	case isPrefix(t, "Assigned PPP"):
		ip := bytes.TrimRight(behind(t, "IPv4: "), ",")
		if _, ok := p.env.addr(ip); !ok {
			return
		}
		ev := p.add(l, s, event.ClassLease, event.ActAssign, event.OutcomeSuccess, event.ReasonNone)
		if from, ok := p.env.addr(behind(t, "Client IP: ")); ok {
			ev.SrcIP = from
		}
		ev.Object = p.env.Intern.Bytes(ip)
		ev.Rest = p.out.Rest(event.Text("session", p.env.Intern.Bytes(l.session)))
	case isPrefix(t, "Session statistics - "):
		ev := p.add(l, s, event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
		ev.BytesOut, ev.BytesIn = someNumber(bytes.TrimRight(behind(t, "bytes in: "), ",")), someNumber(bytes.TrimRight(behind(t, "bytes out: "), ","))
		ev.Rest = p.out.Rest(event.Text("session", p.env.Intern.Bytes(l.session)))
		if !s.in {
			p.out.Drop()
		}
		s.in = false
	}
}

func (p *f5Parser) add(l *f5Line, s *f5Session, c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.SrcIP, ev.Account, ev.DstHost, ev.Service, ev.Ref = s.ip, s.user, p.host, "f5-apm", p.env.Ref(p.rec)
	return ev
}
