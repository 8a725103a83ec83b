// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var dnsmasqDNS = Format{
	Name:   "dnsmasq-dns",
	Also:   []string{"dnsmasq", "pihole"},
	Source: "dns",
	About: About{
		What:   "The DNS half of dnsmasq 2.x, as on small servers, OpenWrt, libvirt and Pi-hole (pihole.log), through syslog or its own file (log-facility).",
		Export: "log-queries, or log-queries=extra, which numbers each question and says the client's port. Pi-hole: /var/log/pihole/pihole.log*.",
		Takes:  "Each question with client, name and type; questions that were answered by a block list or refused (answered as such in the line behind).",
		Leaves: "The answers, and to which server a question went on: their lines are read without an event. Behind another resolver its address stands for those who asked it.",
	},
	Shapes:   ShapeSyslog,
	Programs: []string{"dnsmasq"},
	Sniff: func(rec []byte) float64 {
		if s, ok := sniffSyslog(rec); ok && string(s.Program) == "dnsmasq" {
			return 0.9
		}
		return 0
	},
	New: func(env *Env) Parser { return &dnsmasqParser{env: env} },
}

type dnsmasqParser struct {
	env *Env
}

func (p *dnsmasqParser) Flush(*event.Batch) {}

func (p *dnsmasqParser) Parse(rec *event.Record, out *event.Batch) error {
	s, ok := p.env.Syslog(rec)
	if !ok || string(s.Program) != "dnsmasq" {
		return ErrOtherFormat
	}
	m := s.Message
	var number, from []byte
	if n := behindDigits(m, 0); n > 0 && n < len(m) && m[n] == ' ' { // log-queries=extra: "5 192.0.2.10/53412 query[A] …"
		number = m[:n]
		from, m = nextWord(m[n+1:])
	}
	kind, rest := nextWord(m)
	switch {
	case isPrefix(kind, "query["):
		ev := out.Add()
		ev.Time, ev.Ref, ev.Service, ev.DstHost = s.Time, p.env.Ref(rec), "dns", p.env.hostOf(s)
		ev.Class, ev.Activity = event.ClassDNS, event.ActQuery
		// The name is the client's, and may hold blanks that are not escaped: the address is read from the end.
		i := lastIndex(rest, " from ")
		if i < 0 {
			out.Drop()
			return ErrBroken
		}
		if ev.SrcIP, ok = p.env.addr(rest[i+6:]); !ok {
			out.Drop()
			return ErrBroken
		}
		if a, port, cut := bytes.Cut(from, []byte("/")); cut {
			if addr, ok := p.env.addr(a); ok && addr == ev.SrcIP {
				ev.SrcPort, _ = parsePort(port)
			}
		}
		ev.Object = p.env.Intern.Bytes(rest[:i])
		ev.Rest = out.Rest(event.Text("qtype", p.env.Intern.Bytes(bytes.TrimSuffix(kind[6:], []byte("]")))), event.Text("serial", string(number)))
		return nil
	case isPrefix(m, "started, version"):
		ev := out.Add()
		ev.Time, ev.Ref, ev.Service, ev.DstHost = s.Time, p.env.Ref(rec), "dns", p.env.hostOf(s)
		ev.Activity, ev.Outcome = event.ActStart, event.OutcomeSuccess
	case isPrefix(m, "exiting on receipt of SIGTERM"):
		ev := out.Add()
		ev.Time, ev.Ref, ev.Service, ev.DstHost = s.Time, p.env.Ref(rec), "dns", p.env.hostOf(s)
		ev.Activity, ev.Outcome = event.ActStop, event.OutcomeSuccess
	}
	return nil // answers, servers, settings
}
