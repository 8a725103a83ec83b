// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var ivanti = Format{
	Name:   "ivanti",
	Also:   []string{"pulse", "pulse-secure", "connect-secure", "juniper-sa"},
	Source: "vpn",
	About: About{
		What: "Ivanti Connect Secure, Pulse Connect Secure and Juniper SA: user access, administrator and event logs in the standard form, saved from the console or through syslog.",
		Export: "System, Log/Monitoring: User Access, Events, Admin Access: Save All Logs, filter Standard; or a syslog server with the standard filter. Turn on Login/logout, VPN Tunneling and " +
			"Session timeouts. Save them at once: the logs on the appliance are small, and known intruders empty them. The appliance's own files (/runtime/logs/log.access.vc0, log.admin.vc0, log.events.vc0 and their .old, from a disk image " +
			"or a decrypted snapshot) are read as they lie there.",
		Takes: "Logins and refusals with name, realm, roles and address, addresses given in the tunnel, ends of sessions with bytes, changes by administrators.",
		Leaves: "Requests through the appliance, host checking. What exploits do before a login leaves no such line: see the events log for web server restarts, and the integrity checker. " +
			"Of the .vc0 files, whose layout the maker does not publish, only rows whose message number is known are taken, without the message's text: logins, refusals, ends of sessions, logs that were emptied. " +
			"Their layout is known from one published dump and from others' test files, which differ in what stands before a row (its length, or byte 5); both are read.",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := ivantiStart(rec); ok {
			return 0.93
		}
		if _, ok := splitIvantiRaw(rec); ok {
			return 0.93
		}
		return 0
	},
	New:    func(env *Env) Parser { return &ivantiParser{env: env} },
	Shapes: notObject,
	Marks:  []string{" - [", "\tvc"},
}

// ivantiLine is "2025-06-02 09:00:00 - vpn1 - [203.0.113.20] LAB\hanako(Users)[Staff] - Login succeeded for …" in pieces.
type ivantiLine struct {
	time               Civil
	node, ip, user     []byte
	realm, roles, text []byte
}

func ivantiStart(b []byte) (l ivantiLine, ok bool) {
	i := index(b[:min(len(b), 300)], " - [")
	if i < 0 {
		return l, false
	}
	head := b[:i]
	for k := 0; k+19 <= len(head); k++ {
		if head[k+4] != '-' || k > 0 && head[k-1] != ' ' && head[k-1] != '>' {
			continue
		}
		if t, n := parseISOStamp(head[k:]); n > 0 && isPrefix(head[k+n:], " - ") {
			l.time, l.node = t, head[k+n+3:]
		}
	}
	if l.time.Year == 0 {
		return l, false
	}
	rest := b[i+4:]
	e := bytes.IndexByte(rest, ']')
	if e < 0 || e > 45 {
		return l, false
	}
	l.ip, rest = rest[:e], bytes.TrimLeft(rest[e+1:], " ")
	e = index(rest, "] - ") // roles end the head; the name before may be anything but the text's words must follow
	if e < 0 {
		return l, false
	}
	l.user, l.text = rest[:e], rest[e+4:]
	if o := bytes.LastIndexByte(l.user, '['); o >= 0 {
		l.user, l.roles = l.user[:o], l.user[o+1:]
	}
	if o := bytes.LastIndexByte(l.user, '('); o >= 0 {
		l.user, l.realm = l.user[:o], bytes.TrimRight(l.user[o+1:], ")")
	}
	return l, true
}

type ivantiParser struct {
	env *Env
	rec *event.Record
	out *event.Batch

	// Names that the first step refused, by hash: the login's own line follows.
	refused [64]struct {
		key uint64
		at  event.Micros
	}
}

func (p *ivantiParser) Flush(*event.Batch) {}

func (p *ivantiParser) Parse(rec *event.Record, out *event.Batch) error {
	l, ok := ivantiStart(rec.Data)
	if !ok {
		if r, ok := splitIvantiRaw(rec.Data); ok {
			p.rec, p.out = rec, out
			return p.raw(&r)
		}
		return ErrOtherFormat
	}
	if has(l.text, "] - ") { // a name, or a browser's word for itself, that would pass for a record: which it is cannot be told
		return ErrBroken
	}
	p.rec, p.out = rec, out
	t := l.text
	switch {
	case isPrefix(t, "Login succeeded for "), isPrefix(t, "Agent login succeeded for "):
		p.add(&l, event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	case isPrefix(t, "Primary authentication successful for "), isPrefix(t, "Secondary authentication successful for "):
		return nil // the login's own line follows
	case isPrefix(t, "Primary authentication failed for "):
		ev := p.add(&l, event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials)
		p.again(ev, true)
	case isPrefix(t, "Secondary authentication failed for "):
		ev := p.add(&l, event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonSecondFactorFailed)
		p.again(ev, true)
	case isPrefix(t, "Login failed"), isPrefix(t, "Agent login failed"):
		ev := p.add(&l, event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, ivantiReason(t))
		if p.again(ev, false) {
			ev.Count = event.Some(0)
			ev.Rest = p.out.Rest(append(ev.Rest[:len(ev.Rest):len(ev.Rest)], event.Flag("repeat", true))...)
		}
	case isPrefix(t, "Logout from "), has(t[:min(len(t), 60)], "Session timed out"), isPrefix(t, "Session ended"):
		p.add(&l, event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
	case has(t[:min(len(t), 60)], "Session started for user with IP"):
		p.tunnel(&l, event.ActAssign)
	case has(t[:min(len(t), 60)], "Session ended for user with IP"):
		p.tunnel(&l, event.ActRelease)
	case isPrefix(t, "Closed connection to "):
		ev := p.add(&l, event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
		ev.DstHost = ""
		ev.DstIP, _ = p.env.addr(behind(t, "connection to "))
		if sec, ok := parseNumber(behind(t, " after ")); ok && sec < 1<<40 {
			ev.Duration = event.Some(sec * 1000)
		}
		ev.BytesOut, ev.BytesIn = someNumber(behind(t, ", with ")), someNumber(behind(t, " and "))
	case has(t, "cleared") && has(t, " log"), isPrefix(t, "Log ") && has(t, "deleted"):
		p.add(&l, event.ClassLogAdmin, event.ActClear, event.OutcomeSuccess, event.ReasonNone)
	case isPrefix(t, "Account ") && has(t, "locked"):
		p.add(&l, event.ClassAuthentication, event.ActLock, event.OutcomeSuccess, event.ReasonLocked)
	}
	return nil
}

func ivantiReason(t []byte) event.Reason {
	switch r := after(t, "Reason: "); {
	case has(r, "lock"), has(r, "Lock"):
		return event.ReasonLocked
	case has(r, "xpired"):
		return event.ReasonExpired
	case has(r, "isabled"):
		return event.ReasonDisabled
	case has(r, "No Roles"), has(r, "Host Checker"), has(r, "IP Denied"), has(r, "restriction"), has(r, "Max"):
		return event.ReasonDenied
	case has(r, "No Certificate"), has(r, "Wrong Certificate"), has(r, "ertificate"):
		return event.ReasonProtocol
	}
	return event.ReasonBadCredentials
}

func (p *ivantiParser) add(l *ivantiLine, c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	in := p.env.Intern
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.env.Clock.Moment(l.time), c, a, o, r
	ev.Ref, ev.DstHost, ev.Service, ev.Account = p.env.Ref(p.rec), in.Bytes(bytes.Trim(l.node, " -")), "ivanti-vpn", in.Bytes(l.user)
	if ev.SrcIP, _ = p.env.addr(l.ip); ev.SrcIP.IsLoopback() {
		ev.SrcIP, _ = p.env.addr(bytes.TrimRight(behind(l.text, " from "), ".,"))
	}
	if ev.Account == "System" || ev.Account == "" { // the system's own words about somebody
		if name := after(l.text, " for ", " from "); len(name) > 0 && c == event.ClassAuthentication {
			if i := bytes.LastIndexByte(name, '/'); i > 0 {
				name = name[:i]
			}
			ev.Account = in.Bytes(name)
		}
	}
	ev.Client = in.Bytes(after(l.text, " with ", " (session"))
	if c != event.ClassAuthentication || o != event.OutcomeSuccess {
		ev.Client = ""
	}
	ev.Rest = p.out.Rest(event.Text("realm", in.Bytes(l.realm)), event.Text("roles", in.Bytes(l.roles)), event.Text("detail", in.Bytes(l.text[:min(len(l.text), 200)])))
	return ev
}

// tunnel reads "VPN Tunneling: Session started for user with IPv4 address 10.8.0.6, hostname pc-hanako".
func (p *ivantiParser) tunnel(l *ivantiLine, a event.Activity) {
	ip := bytes.TrimRight(behind(l.text, " address "), ",.")
	if _, ok := p.env.addr(ip); !ok {
		return
	}
	ev := p.add(l, event.ClassLease, a, event.OutcomeSuccess, event.ReasonNone)
	ev.Object = p.env.Intern.Bytes(ip)
	ev.SrcHost = p.env.leaseHost(after(l.text, "hostname "))
}

// again says whether the refusal of a name was told of within the five seconds before; noting that it was.
func (p *ivantiParser) again(ev *event.Event, note bool) bool {
	raw := ev.SrcIP.As16()
	key := trailKey([]byte(ev.Account), raw[:])
	r := &p.refused[(key^key>>19)%uint64(len(p.refused))]
	if note {
		r.key, r.at = key, ev.Time
		return false
	}
	told := r.key == key && ev.Time >= r.at && ev.Time-r.at <= 5e6
	if told {
		r.key = 0
	}
	return told
}
