// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var radsecproxy = Format{
	Name:   "radsecproxy",
	Source: "radius",
	About: About{
		What:   "radsecproxy 1.6 to 1.11, the proxy between institutes of eduroam, in its own file or through syslog.",
		Export: "Copy the file that LogDestination names, or the syslog file. LogLevel 3 (the default) shows every answer; LogMAC Original keeps hardware addresses, FTicksReporting adds F-TICKS lines.",
		Takes:  "Logins of members abroad and of guests here, accepted and refused, with name, device, the server that answered and the one that asked.",
		Leaves: "With EAP the name is the outer one, which may be anonymous@realm: the home institute's server knows the person. Why somebody was refused.",
	},
	Sniff: func(rec []byte) float64 {
		if m, _, ok := radsecStart(rec); ok && radsecAnswer(m) > 0 {
			return 0.95
		} else if ok {
			return 0.5
		}
		return 0
	},
	New:    func(env *Env) Parser { return &radsecParser{env: env} },
	Shapes: notObject,
	Marks:  []string{"radsecproxy", "Access-Accept for user ", "Access-Reject for user "},
}

// radsecStart returns the message, and the time of a line of the program's own file ("Mon Jun  2 09:00:00 2025: …").
func radsecStart(b []byte) (m []byte, t Civil, ok bool) {
	if s, is := sniffSyslog(b); is && string(s.Program) == "radsecproxy" {
		return s.Message, t, true
	}
	if len(b) > 27 && b[3] == ' ' && monthOf(b[4:]) > 0 {
		if t, n := parseBSDStamp(b[4:24]); n > 0 && t.Year > 0 {
			if rest, ok := cutPrefix(b[4+n:], ": "); ok && radsecAnswer(rest) > 0 {
				return rest, t, true
			}
		}
	}
	return nil, t, false
}

// radsecAnswer returns where the name begins in a line about an answer; 0 for others.
func radsecAnswer(m []byte) int {
	for _, w := range [...]string{"Access-Accept for user ", "Access-Reject for user "} {
		if isPrefix(m, w) {
			return len(w)
		}
	}
	return 0
}

type radsecParser struct{ env *Env }

func (p *radsecParser) Flush(*event.Batch) {}

// Parse reads "Access-Accept for user hanako@lab.example stationid 70-6F-6C-69-73-68 cui … from home1 (…) to ap1 (192.0.2.9)". The name is
// whatever a device sent: what follows it is read from the end.
func (p *radsecParser) Parse(rec *event.Record, out *event.Batch) error {
	m, t, ok := radsecStart(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	at, host := event.Micros(0), p.env.Host
	if t.Year > 0 {
		at = p.env.Clock.Moment(t)
	} else if s, ok := p.env.Syslog(rec); ok {
		at, host = s.Time, p.env.hostOf(s)
	}
	n := radsecAnswer(m)
	if n == 0 {
		return nil
	}
	to := lastIndex(m, " to ")
	if to < n {
		return ErrBroken
	}
	from := lastIndex(m[:to], " from ")
	if from < n {
		return ErrBroken
	}
	who := m[n:from]
	var mac []byte
	if i := lastIndex(who, " stationid "); i >= 0 {
		mac, _ = nextWord(who[i+len(" stationid "):])
		who = who[:i]
	}
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Ref = at, event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, p.env.Ref(rec)
	if m[len("Access-")] == 'R' {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
	}
	ev.Account, ev.DstHost, ev.Service = p.env.Intern.Bytes(who[:min(len(who), 256)]), host, "radius"
	asker, nasIP := nextWord(m[to+4:])
	server, _ := nextWord(m[from+6 : to])
	in := p.env.Intern
	ev.Rest = out.Rest(event.Text("mac", p.env.mac(mac)), event.Text("server", in.Bytes(server)), event.Text("nas", in.Bytes(asker)), event.Text("nas_ip", in.Bytes(bytes.Trim(nasIP, "() \r"))))
	return nil
}
