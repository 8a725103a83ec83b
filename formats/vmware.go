// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var vmware = Format{
	Name:   "vmware",
	Also:   []string{"esxi", "vcenter"},
	Source: "host",
	About: About{
		What: "VMware ESXi 6.5 to 8 and vCenter 6.5 to 8: hostd, vobd and shell of a host, the events of vCenter (vpxd) and the audit events of its single sign-on, from their files or through syslog.",
		Export: "ESXi: /var/log/hostd.log, vobd.log, shell.log, auth.log (sshd's lines there are read as sshd's), or esxcli system syslog config set --loghost=… ; the files of a host without a scratch disk are gone after a restart. " +
			"vCenter: forward events with vpxd.event.syslog.enabled (on by default) to a syslog server, and /var/log/audit/sso-events/audit_events.log.",
		Takes: "Logins, each refused password, lock-outs and logouts with account, address and client; commands in the ESXi shell; SSH and the shell switched on; machines created, removed, copied, switched off and reconfigured, " +
			"snapshots, permissions and roles changed, with who did it.",
		Leaves: "What happened inside a machine; file access on datastores but for what vCenter makes a task of. hostd's own life is passed over.",
	},
	Sniff: func(rec []byte) float64 {
		if isPrefix(rec, "{") {
			return 0
		}
		m := vmwareText(rec)
		switch {
		case m == nil:
			return 0
		case has(m, "[vim.event."), has(m, "[Originator@6876 "), has(m, "com.vmware.sso."):
			return 0.97
		case has(m, "[esx.audit."), has(m, "[vob.user.account"), has(m, "[esx.problem"):
			return 0.95
		}
		if _, _, ok := cutESXShell(m); ok {
			return 0.8
		}
		return 0
	},
	New:    func(env *Env) Parser { return &vmwareParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{"[vim.event.", "[Originator@6876 ", "com.vmware.sso.", "[esx.", "[vob.user.account", "shell["},
}

// vmwareText returns what is said behind a line's time; nil for a line without one.
func vmwareText(rec []byte) []byte {
	b := rec[priority(rec):]
	if len(b) > 2 && isDigit(b[0]) && b[1] == ' ' {
		b = b[2:]
	}
	_, n := parseSyslogStamp(b)
	if n > 0 && n < len(b) && b[n] == ':' { // vobd.log
		n++
	}
	if n == 0 || n >= len(b) || b[n] != ' ' {
		return nil
	}
	return b[n+1:]
}

// cutESXShell reads "shell[2100000]: [root]: esxcli vm process list", behind a host or "In(14)" or not.
func cutESXShell(m []byte) (user, command []byte, ok bool) {
	i := index(m, "shell[")
	if i < 0 || i > 80 || i > 0 && (m[i-1] != ' ' || bytes.IndexByte(m[:i], '[') >= 0 || bytes.Count(m[:i], []byte(" ")) > 2 || bytes.IndexByte(m[:i], ':') >= 0) {
		return nil, nil, false // nothing but a host and a level stands before it
	}
	_, rest, ok := bytes.Cut(m[i:], []byte("]: "))
	if !ok {
		return nil, nil, false
	}
	if len(rest) == 0 || rest[0] != '[' {
		return nil, rest, true // "Interactive shell session started"
	}
	user, command, ok = bytes.Cut(rest[1:], []byte("]: "))
	return user, command, ok
}

type vmwareParser struct {
	env  *Env
	out  *event.Batch
	rec  *event.Record
	when event.Micros
	host string

	rejected event.Micros // when hostd last refused a password: its event of the same try follows
}

func (p *vmwareParser) Flush(*event.Batch) {}

func (p *vmwareParser) Parse(rec *event.Record, out *event.Batch) error {
	b := bytes.TrimRight(rec.Data, " \r\n")
	m := vmwareText(b)
	if m == nil {
		return ErrOtherFormat
	}
	p.rec, p.out, p.host = rec, out, p.env.Host
	kind := vmwareKindOf(m)
	user, command, shell := cutESXShell(m)
	if kind == vmwareNone && !shell {
		return ErrOtherFormat
	}
	t, ok := vmwareTime(b)
	if !ok {
		return ErrNoTime
	}
	p.when = p.env.Clock.Moment(t)
	if s, ok := p.env.splitSyslog(rec); ok && len(s.Program) > 0 && len(s.Host) > 0 && isHostName(s.Host) && bytes.IndexByte(s.Host, ':') < 0 && !isVMwareLevel(s.Host) {
		p.host = p.env.Intern.Bytes(s.Host)
	}
	switch {
	case shell:
		p.shell(user, command)
		return nil
	case kind == vmwareEvents:
		return p.vcenter(m)
	case kind == vmwareSignOn:
		return p.signOn(m)
	case kind == vmwareObserved:
		return p.observed(m)
	}
	return p.hostd(m)
}

type vmwareKind uint8

const (
	vmwareNone vmwareKind = iota
	vmwareHostd
	vmwareEvents
	vmwareObserved
	vmwareSignOn
)

// vmwareKindOf says who speaks, by the mark that stands first: names in the text behind it may hold the others.
func vmwareKindOf(m []byte) vmwareKind {
	kind, at := vmwareNone, len(m)
	for _, w := range [...]struct {
		mark string
		kind vmwareKind
	}{{"[Originator@6876 ", vmwareHostd}, {"[vim.event.", vmwareEvents}, {"[esx.audit.", vmwareObserved}, {"[esx.problem", vmwareObserved}, {"[vob.user.account", vmwareObserved}} {
		if i := index(m, w.mark); i >= 0 && i < at {
			kind, at = w.kind, i
		}
	}
	if i := bytes.IndexByte(m, '{'); i >= 0 && i < at && has(m, `"type":"com.vmware.sso.`) {
		kind = vmwareSignOn
	}
	return kind
}

// vmwareTime is the time that the line begins with.
func vmwareTime(b []byte) (Civil, bool) {
	b = b[priority(b):]
	if len(b) > 2 && isDigit(b[0]) && b[1] == ' ' {
		b = b[2:]
	}
	t, n := parseSyslogStamp(b)
	return t, n > 0
}

// isVMwareLevel says whether the word behind a file's time is a level and not a host: "info", "In(14)".
func isVMwareLevel(b []byte) bool {
	switch string(b) {
	case "info", "warning", "error", "verbose", "trivia", "panic":
		return true
	}
	return len(b) > 3 && b[2] == '('
}

func (p *vmwareParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Service, ev.DstHost, ev.Ref = "vmware", p.host, p.env.Ref(p.rec)
	return ev
}

func (p *vmwareParser) shell(user, command []byte) {
	if user == nil {
		return
	}
	ev := p.add(event.ClassProcess, event.ActStart, event.OutcomeUnknown, event.ReasonNone)
	ev.Service, ev.Account, ev.Object = "esxi-shell", p.env.Intern.Bytes(user), p.env.Intern.Bytes(command)
}

// person reads "root@192.0.2.7", "VSPHERE.LOCAL\kanri@192.0.2.7": the address stands behind the last @.
func (p *vmwareParser) person(ev *event.Event, b []byte) {
	b = bytes.Trim(b, "'\". ")
	i := bytes.LastIndexByte(b, '@')
	if i < 0 {
		ev.Account = p.env.Intern.Bytes(b)
		return
	}
	if a, ok := p.env.addr(b[i+1:]); ok {
		ev.SrcIP = a
	} else if isHostName(b[i+1:]) && bytes.IndexByte(b[i+1:], '.') < 0 {
		ev.SrcHost = p.env.Intern.Bytes(b[i+1:])
	} else { // a domain: user@vsphere.local
		i = len(b)
	}
	ev.Account = p.env.Intern.Bytes(b[:i])
}

// hostd reads what a host's agent says of logins. An event of hostd stands in its log as "Event 12 : text".
func (p *vmwareParser) hostd(m []byte) error {
	_, text, ok := bytes.Cut(m, []byte("] "))
	if i := index(m, "[Originator@6876 "); i >= 0 {
		if j := bytes.IndexByte(m[i:], ']'); j >= 0 {
			text, ok = bytes.TrimLeft(m[i+j+1:], " "), true
		}
	}
	if !ok {
		return ErrBroken
	}
	repeat := false
	if r, ok := cutPrefix(text, "Event "); ok {
		n, rest := nextWord(r)
		if _, num := parseNumber(n); num {
			text = bytes.TrimLeft(rest, ": ")
		}
	} else if isPrefix(text, "Rejected password for user ") || isPrefix(text, "Accepted password for user ") {
		repeat = text[0] == 'A' // hostd's event "logged in" follows
		if !repeat {
			p.rejected = p.when
		}
	}
	if isPrefix(text, "Cannot login ") && p.when >= p.rejected && p.when-p.rejected < 5e6 {
		repeat, p.rejected = true, 0
	}
	p.sentence(text, repeat)
	return nil
}

// sentence reads what hostd and vCenter say in words.
func (p *vmwareParser) sentence(text []byte, repeat bool) bool {
	var ev *event.Event
	switch {
	case isPrefix(text, "Rejected password for user "), isPrefix(text, "Accepted password for user "):
		outcome, reason := event.OutcomeSuccess, event.ReasonNone
		if text[0] == 'R' {
			outcome, reason = event.OutcomeFailure, event.ReasonBadCredentials
		}
		ev = p.add(event.ClassAuthentication, event.ActLogon, outcome, reason)
		rest := text[len("Rejected password for user "):]
		if i := lastIndex(rest, " from "); i >= 0 {
			ev.Account = p.env.Intern.Bytes(rest[:i])
			p.env.setSource(ev, bytes.Trim(rest[i+6:], ". "))
		} else {
			ev.Account = p.env.Intern.Bytes(rest)
		}
	case isPrefix(text, "Cannot login "):
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials)
		who, why := text[len("Cannot login "):], []byte(nil)
		who, _ = cutPrefix(who, "user ")
		if i := lastIndex(who, ": "); i >= 0 {
			who, why = who[:i], who[i+2:]
		}
		if has(why, "no permission") {
			ev.Reason = event.ReasonDenied
		}
		p.person(ev, who)
	case isPrefix(text, "User ") && has(text, " logged in"):
		i := lastIndex(text, " logged in")
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
		p.person(ev, text[5:i])
		if as, ok := cutPrefix(text[i:], " logged in as "); ok {
			ev.Client = clip(p.env.Intern.Bytes(as), 200)
		}
	case isPrefix(text, "User ") && has(text, " logged out"):
		ev = p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
		p.person(ev, text[5:index(text, " logged out")])
	default:
		return false
	}
	if repeat {
		ev.Count = event.Some(0)
		ev.Rest = p.out.Rest(event.Flag("repeat", true))
	}
	return true
}
