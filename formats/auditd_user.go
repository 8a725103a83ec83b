// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// auditSaid is what a program told the audit system: the part in msg='…'.
type auditSaid struct {
	op, acct, exe, terminal []byte
	from                    []byte
	failed                  bool
	unknown                 bool // the account is none
}

// said reads op=… acct="…" exe="…" hostname=… addr=… terminal=… res=…. Older programs write "result=Success" and a sentence.
func (p *auditParser) said(b []byte) (s auditSaid) {
	if _, in, ok := bytes.Cut(b, []byte("msg='")); ok {
		b = in
	}
	if i := lastIndex(b, "'"); i >= 0 && !p.h.interp {
		b = b[:i]
	}
	s.op = p.value(b, "op=")
	if len(s.op) == 0 && isPrefix(b, "PAM") { // "PAM: authentication acct=hanako : exe=…"
		s.op = bytes.TrimSpace(bytes.TrimSuffix(b[:max(bytes.IndexByte(b, '='), 0)], []byte("acct")))
	}
	acct := p.value(b, "acct=")
	if len(acct) == 0 { // a number, unless the log is enriched
		acct = p.value(p.h.body, "ID=")
	}
	s.unknown = string(acct) == `"(unknown)"` || string(acct) == `"(invalid user)"` || string(acct) == "(unknown)" || string(acct) == `"?"`
	s.acct = append(p.line[:0], p.untrusted(acct)...)
	p.line = s.acct
	s.exe, s.terminal = p.value(b, "exe="), p.value(b, "terminal=")
	if s.from = p.value(b, "addr="); len(s.from) == 0 || s.from[0] == '?' {
		if s.from = p.value(b, "hostname="); !looksLikeAddr(s.from) {
			s.from = nil // its own
		}
	}
	res := p.value(b, "res=")
	if len(res) == 0 {
		res = p.value(b, "result=")
	}
	s.failed = len(res) > 0 && (res[0] == 'f' || res[0] == 'F' || res[0] == '0')
	return s
}

// about adds an event with what every record of a program has.
func (p *auditParser) about(c event.Class, a event.Activity, s *auditSaid) *event.Event {
	outcome, reason := event.OutcomeSuccess, event.ReasonNone
	if s.failed {
		outcome, reason = event.OutcomeFailure, event.ReasonOther
	}
	ev := p.add(c, a, outcome, reason)
	ev.Service = p.serviceOf(s.exe)
	if len(s.from) > 0 && s.from[0] != '?' {
		if a, ok := p.env.addr(s.from); ok {
			ev.SrcIP = a
		} else if isHostName(s.from) {
			ev.SrcHost = p.env.Intern.Bytes(s.from)
		}
	}
	return ev
}

// serviceOf is the name of the program that asked: ssh for sshd, whichever of its processes it was.
func (p *auditParser) serviceOf(exe []byte) string {
	name := p.untrusted(exe)
	name = name[bytes.LastIndexByte(name, '/')+1:]
	if isPrefix(name, "sshd") {
		return "ssh"
	}
	return p.env.Intern.Bytes(name)
}

func (p *auditParser) rest(ev *event.Event, s *auditSaid, more ...event.Field) {
	f := [10]event.Field{event.Text("audit_id", string(p.h.id)), event.Text("type", p.env.Intern.Bytes(p.h.kind)), event.Text("operation", p.plain(s.op)), event.Text("exe", p.text(s.exe)),
		event.Text("terminal", p.plain(s.terminal)), event.Text("session", p.plain(p.value(p.h.body, "ses=")))}
	n := 6 + copy(f[6:], more)
	ev.Rest = p.out.Rest(f[:n]...)
}

// process is what is known of the tries of one process.
func (p *auditParser) process() *struct {
	key            uint64
	at             event.Micros
	failed, passed bool
} {
	key := trailKey([]byte(p.host), p.value(p.h.body, "pid="))
	t := &p.tried[(key^key>>17)%auditSessions]
	if t.key != key || p.when-t.at > 600e6 {
		t.key, t.failed, t.passed = key, false, false
	}
	t.at = p.when
	return t
}

// user reads a record that stands for itself.
func (p *auditParser) user(kind string) error {
	switch kind {
	case "USER_AUTH", "USER_LOGIN", "USER_ERR":
		p.login(kind)
	case "USER_START", "USER_END":
		p.sessionTurns(kind == "USER_START")
	case "USER_CMD":
		s := p.said(p.h.body)
		ev := p.about(event.ClassProcess, event.ActElevate, &s)
		if s.failed {
			ev.Reason = event.ReasonDenied
		}
		ev.Account = p.owner(p.h.body)
		cmd := p.text(p.value(p.h.body, "cmd="))
		if p.h.interp {
			cmd = between(p.h.body, "cmd=", " exe=", " terminal=")
		}
		ev.Object = cmd
		p.rest(ev, &s, event.Text("cwd", p.text(p.value(p.h.body, "cwd="))))
	case "ADD_USER", "DEL_USER", "ADD_GROUP", "DEL_GROUP", "USER_MGMT", "GRP_MGMT", "USER_CHAUTHTOK", "GRP_CHAUTHTOK", "ACCT_LOCK", "ACCT_UNLOCK", "RESP_ACCT_LOCK", "RESP_ACCT_UNLOCK_TIMED", "ROLE_ASSIGN", "ROLE_REMOVE", "CHUSER_ID":
		p.accountChange(kind)
	case "CONFIG_CHANGE", "DAEMON_START", "DAEMON_END", "DAEMON_ABORT", "DAEMON_CONFIG":
		p.auditItself(kind)
	case "SERVICE_START", "SERVICE_STOP":
		s := p.said(p.h.body)
		act := event.ActStart
		if kind == "SERVICE_STOP" {
			act = event.ActStop
		}
		ev := p.about(event.ClassOther, act, &s)
		ev.Object = p.text(p.value(p.h.body, "unit="))
		if ev.Object == "" {
			_, in, _ := bytes.Cut(p.h.body, []byte("msg='"))
			ev.Object = p.text(p.value(in, "unit="))
		}
		p.rest(ev, &s)
	case "SYSTEM_BOOT", "SYSTEM_SHUTDOWN":
		act := event.ActStart
		if kind == "SYSTEM_SHUTDOWN" {
			act = event.ActStop
		}
		s := p.said(p.h.body)
		p.rest(p.about(event.ClassOther, act, &s), &s)
	case "AVC", "USER_AVC", "SELINUX_ERR":
		p.refused()
	case "LOGIN":
	default:
		if isPrefix(p.h.kind, "ANOM_") {
			s := p.said(p.h.body)
			ev := p.about(event.ClassDetection, event.ActOther, &s)
			ev.Outcome, ev.Reason, ev.Account = event.OutcomeUnknown, event.ReasonNone, p.env.Intern.Bytes(s.acct)
			ev.Object = p.text(s.exe)
			if ev.Object == "" {
				ev.Object = p.text(p.value(p.h.body, "exe="))
			}
			p.rest(ev, &s, event.Text("detail", clip(p.env.Intern.Bytes(p.h.body), 240)))
		}
	}
	return nil
}

// between returns what stands behind a word up to the last of the words that may follow; for ausearch -i, which leaves quotes out.
func between(b []byte, from string, to ...string) string {
	i := index(b, from)
	if i < 0 {
		return ""
	}
	b = b[i+len(from):]
	for _, w := range to {
		if j := lastIndex(b, w); j >= 0 {
			b = b[:j]
		}
	}
	return string(bytes.TrimSpace(b))
}

// login reads a step of a login. PAM tells of each try (USER_AUTH), sshd and login of the end of it too (USER_LOGIN), PAM of a
// name that there is none of (USER_ERR): one event stands for each try, and one for a login that succeeded.
func (p *auditParser) login(kind string) {
	s := p.said(p.h.body)
	t := p.process()
	repeat := false
	switch {
	case kind == "USER_AUTH" && s.failed:
		t.failed = true
	case s.failed:
		repeat = t.failed
		t.failed = true
	default:
		repeat, t.passed = t.passed, true
	}
	ev := p.about(event.ClassAuthentication, event.ActLogon, &s)
	if !s.unknown {
		ev.Account = p.env.Intern.Bytes(s.acct)
	}
	switch {
	case !s.failed:
	case s.unknown || kind == "USER_ERR":
		ev.Reason = event.ReasonNoSuchAccount
	default:
		ev.Reason = event.ReasonBadCredentials
	}
	if repeat {
		ev.Count = event.Some(0)
		p.rest(ev, &s, event.Flag("repeat", true))
		return
	}
	p.rest(ev, &s)
}

// sessionTurns learns whose session it is. A session from another machine is an event.
func (p *auditParser) sessionTurns(begins bool) {
	s := p.said(p.h.body)
	if place := p.session(p.value(p.h.body, "ses=")); place != nil && begins && !s.failed && place.acct == "" {
		place.acct = p.env.Intern.Bytes(s.acct)
	}
	if _, ok := p.env.addr(s.from); !ok {
		return
	}
	act := event.ActStart
	if !begins {
		act = event.ActStop
	}
	ev := p.about(event.ClassRemoteSession, act, &s)
	ev.Account = p.env.Intern.Bytes(s.acct)
	p.rest(ev, &s)
}

func (p *auditParser) accountChange(kind string) {
	s := p.said(p.h.body)
	class, act := event.ClassAccountChange, event.ActChange
	switch kind {
	case "ADD_USER":
		act = event.ActCreate
	case "DEL_USER":
		act = event.ActDelete
	case "ADD_GROUP", "DEL_GROUP", "GRP_MGMT", "GRP_CHAUTHTOK":
		class = event.ClassEntityChange
		if kind == "ADD_GROUP" {
			act = event.ActCreate
		} else if kind == "DEL_GROUP" {
			act = event.ActDelete
		}
	case "USER_CHAUTHTOK":
		act = event.ActReset
	case "ACCT_LOCK", "RESP_ACCT_LOCK":
		act = event.ActLock
	case "ACCT_UNLOCK", "RESP_ACCT_UNLOCK_TIMED":
		act = event.ActUnlock
	case "ROLE_ASSIGN":
		act = event.ActAssign
	case "ROLE_REMOVE":
		act = event.ActRelease
	}
	ev := p.about(class, act, &s)
	ev.Account = p.owner(p.h.body)
	if class == event.ClassAccountChange {
		ev.Target = p.env.Intern.Bytes(s.acct)
	} else if ev.Object = p.text(p.value(p.h.body, "grp=")); ev.Object == "" {
		ev.Object = p.env.Intern.Bytes(s.acct)
	}
	p.rest(ev, &s)
}

// auditItself is a change of the audit system: rules, a start, an end.
func (p *auditParser) auditItself(kind string) {
	act := event.ActChange
	switch kind {
	case "DAEMON_START":
		act = event.ActStart
	case "DAEMON_END", "DAEMON_ABORT":
		act = event.ActStop
	}
	b := p.h.body
	outcome := event.OutcomeSuccess
	if v := p.value(b, "res="); len(v) > 0 && (v[0] == '0' || v[0] == 'f') {
		outcome = event.OutcomeFailure
	}
	ev := p.add(event.ClassLogAdmin, act, outcome, event.ReasonNone)
	if outcome == event.OutcomeFailure {
		ev.Reason = event.ReasonOther
	}
	ev.Account, ev.Service = p.owner(b), "auditd"
	ev.Object = p.text(p.value(b, "key="))
	ev.Rest = p.out.Rest(event.Text("audit_id", string(p.h.id)), event.Text("type", kind), event.Text("operation", p.plain(p.value(b, "op="))), event.Text("detail", clip(p.env.Intern.Bytes(b), 240)))
}

// refused is what SELinux or AppArmor did not let a program do.
func (p *auditParser) refused() {
	b := p.h.body
	if !has(b, "denied") && !has(b, "DENIED") {
		return // granted, loaded
	}
	ev := p.add(event.ClassOther, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
	ev.Service = "selinux"
	if has(b, "apparmor=") {
		ev.Service = "apparmor"
	}
	for _, key := range [...]string{"path=", "name=", "dest="} {
		if ev.Object == "" {
			ev.Object = p.text(p.value(b, key))
		}
	}
	ev.Client = p.text(p.value(b, "comm="))
	ev.Rest = p.out.Rest(event.Text("audit_id", string(p.h.id)), event.Text("detail", clip(p.env.Intern.Bytes(b), 300)))
}
