// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var cowrie = Format{
	Name:   "cowrie",
	Source: "host",
	About: About{
		What:   "The honeypot Cowrie: cowrie.json, and its text log's lines about connections and logins.",
		Export: "Copy var/log/cowrie/cowrie.json* (or cowrie.log*).",
		Takes:  "Connections, logins and commands of strangers with address, account and session. A login that succeeds there got into the honeypot only: its class is detection.",
		Leaves: "Passwords that were typed: they are not kept.",
	},
	Sniff: func(rec []byte) float64 {
		if b := sniffJSON(rec); b != nil {
			if has(b, `"eventid":"cowrie.`) || has(b, `"eventid": "cowrie.`) {
				return 0.95
			}
			return 0
		}
		if has(rec, " [cowrie.") || has(rec, " [HoneyPotSSHTransport,") {
			return 0.9
		}
		return 0
	},
	New:    func(env *Env) Parser { return &cowrieParser{env: env} },
	Shapes: ShapeSyslog | ShapeText | ShapeObject,
	Keys:   []string{"eventid"},
	Marks:  []string{"cowrie.", "[HoneyPotSSHTransport,"},
}

type cowrieParser struct {
	env  *Env
	scan jsonScan
	buf  []byte
}

func (p *cowrieParser) Flush(*event.Batch) {}

func (p *cowrieParser) Parse(rec *event.Record, out *event.Batch) error {
	if b := p.env.jsonBody(rec); b != nil {
		return p.json(b, rec, out)
	}
	b := rec.Data
	if !has(b, " [cowrie.") && !has(b, " [HoneyPotSSHTransport,") {
		return ErrOtherFormat
	}
	var when event.Micros
	if s, ok := p.env.Syslog(rec); ok && string(s.Program) == "cowrie" {
		when, b = s.Time, s.Message
	} else if t, n := parseISOStamp(b); n > 0 {
		when = p.env.Clock.Moment(t)
	} else {
		return ErrNoTime
	}
	i := index(b, "] New connection: ")
	if i < 0 {
		return nil
	}
	f := fit{env: p.env}
	if !f.fits("New connection: {ip} ({dst}) [session: {session}]", bytes.TrimRight(b[i+2:], " \r")) {
		return ErrBroken
	}
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = when, event.ClassDetection, event.ActConnect, event.OutcomeSuccess
	ev.SrcIP, ev.SrcPort, ev.DstIP, ev.DstPort, ev.Service, ev.Ref = f.addr, f.port, f.dst, f.dport, "honeypot", p.env.Ref(rec)
	ev.Rest = out.Rest(event.Text("session", p.env.Intern.Bytes(f.hole[holeSession])))
	return nil
}

func (p *cowrieParser) json(b []byte, rec *event.Record, out *event.Batch) error {
	var id, when, src, srcPort, dst, dstPort, user, input, session, proto, version jsonValue
	s := &p.scan
	s.reset(b)
	for ok := s.enter('{'); ok && s.member(); {
		v := s.value()
		switch string(s.key) {
		case "eventid":
			id = v
		case "timestamp":
			when = v
		case "src_ip":
			src = v
		case "src_port":
			srcPort = v
		case "dst_ip":
			dst = v
		case "dst_port":
			dstPort = v
		case "username":
			user = v
		case "input":
			input = v
		case "session":
			session = v
		case "protocol":
			proto = v
		case "version":
			version = v
		}
	}
	kind, ok := cutPrefix(id.text(&p.buf), "cowrie.")
	if !s.end() || !ok {
		return ErrOtherFormat
	}
	in := p.env.Intern
	name := in.Bytes(kind)
	act, outcome, reason := event.ActOther, event.OutcomeSuccess, event.ReasonNone
	switch name {
	case "session.connect":
		act = event.ActConnect
	case "session.closed":
		act = event.ActClose
	case "login.failed":
		act, outcome, reason = event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials
	case "login.success":
		act = event.ActLogon
	case "command.input", "command.failed":
		act = event.ActStart
	case "session.file_download":
		act = event.ActDownload
	case "session.file_upload":
		act = event.ActUpload
	default:
		return nil
	}
	t, n := parseISOStamp(when.text(&p.buf))
	if n == 0 {
		return ErrNoTime
	}
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.env.Clock.Moment(t), event.ClassDetection, act, outcome, reason
	if name == "login.failed" {
		ev.Class = event.ClassAuthentication
	}
	ev.SrcIP, _ = p.env.addr(src.text(&p.buf))
	ev.DstIP, _ = p.env.addr(dst.text(&p.buf))
	port := func(v jsonValue) uint16 {
		n, _ := v.int()
		if n < 0 || n > 65535 {
			return 0
		}
		return uint16(n)
	}
	ev.SrcPort, ev.DstPort, ev.Service, ev.Ref = port(srcPort), port(dstPort), "honeypot", p.env.Ref(rec)
	ev.Account, ev.Object, ev.Client = in.Bytes(user.text(&p.buf)), in.Bytes(input.text(&p.buf)), in.Bytes(version.text(&p.buf))
	sess, protocol := in.Bytes(session.text(&p.buf)), in.Bytes(proto.text(&p.buf))
	ev.Rest = out.Rest(event.Text("session", sess), event.Text("kind", name), event.Text("protocol", protocol))
	return nil
}
