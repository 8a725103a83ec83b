// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var pam = Format{
	Name:   "pam",
	Source: "host",
	About: About{
		What: "Lines that PAM modules (pam_unix, pam_sss, pam_ldap, pam_krb5, pam_faillock and others) write in the name of any service but sshd, " +
			"and those of sudo, su, login, cron and the tools that change accounts, in syslog or the journal of Unix systems.",
		Export: "Copy /var/log/auth.log* or /var/log/secure* and /var/log/cron*, or run journalctl -o short-iso --no-pager. Nothing need be switched on.",
		Takes: "Failed logins with account and remote host, sessions, commands run through sudo and cron, changes of user, new and deleted accounts and groups, " +
			"changed passwords, lock-outs.",
		Leaves: "What a shell did after su. Modules do not say which of several attempts succeeded; the service's own log does.",
	},
	Sniff: func(rec []byte) float64 {
		s, ok := sniffSyslog(rec)
		if !ok || isSSHD(s.Program) {
			return 0
		}
		if _, ok := splitPAM(s.Program, s.Message); ok {
			return 0.9
		}
		if pamReader(s.Program) != nil {
			return 0.85
		}
		return 0
	},
	New:    func(env *Env) Parser { return &pamParser{env: env} },
	Shapes: ShapeSyslog,
	Marks:  []string{"pam_", "sudo", "su", "login", "CRON", "cron", "user", "group", "gpasswd", "passwd", "chage", "chfn", "chsh"},
}

// pamParser reads the lines of PAM modules and of the programs around them. A program that tells of a failure again which a
// module has told of ("FAILED su", "3 incorrect password attempts") gives an event with "repeat": true and a count of nought.
type pamParser struct {
	env *Env
	s   *Syslog
	rec *event.Record
	out *event.Batch

	// Hashes of host and process of the last failures that modules told of, the oldest overwritten.
	told [64]uint64
	next int
}

func (p *pamParser) Flush(*event.Batch) {}

func (p *pamParser) Parse(rec *event.Record, out *event.Batch) error {
	s, ok := p.env.Syslog(rec)
	if !ok || isSSHD(s.Program) {
		return ErrOtherFormat
	}
	p.s, p.rec, p.out = s, rec, out
	msg := bytes.TrimRight(s.Message, " \r")
	if l, ok := splitPAM(s.Program, msg); ok {
		return p.module(&l)
	}
	if read := pamReader(s.Program); read != nil {
		return read(p, msg)
	}
	return ErrOtherFormat
}

// pamReader returns the reader of a program's own lines, nil if there is none.
func pamReader(program []byte) func(*pamParser, []byte) error {
	switch string(program) {
	case "sudo":
		return (*pamParser).sudo
	case "su", "su-l":
		return (*pamParser).su
	case "login":
		return (*pamParser).login
	case "CRON", "cron", "crond", "/usr/sbin/cron", "crontab", "anacron":
		return (*pamParser).cron
	case "useradd", "adduser", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "gpasswd", "passwd", "chpasswd", "chage", "chfn", "chsh":
		return (*pamParser).shadow
	case "systemd-logind":
		return (*pamParser).logind
	}
	return nil
}

// module reads a module's line.
func (p *pamParser) module(l *pamLine) error {
	if f, ok := l.failure(); ok {
		ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials)
		ev.Service = p.env.Intern.Bytes(l.Service)
		user := f.User
		if len(user) == 0 { // the service asked for somebody who does not exist, and told PAM only through ruser
			user = f.Ruser
		}
		ev.Account = p.env.Intern.Bytes(user)
		if len(f.Rhost) > 0 {
			p.env.setSource(ev, f.Rhost)
		}
		if f.More != 1 {
			ev.Count = event.Some(f.More)
		}
		ev.Rest = p.out.Rest(event.Text("pam", p.env.Intern.Bytes(l.Module)), event.Text("ruser", p.env.Intern.Bytes(f.Ruser)),
			event.Text("tty", p.env.Intern.Bytes(f.Tty)))
		p.remember()
		return nil
	}
	if user, act, ok := l.session(); ok {
		ev := p.add(event.ClassRemoteSession, act, event.OutcomeSuccess, event.ReasonNone)
		if isLocalService(l.Service) {
			ev.Class = event.ClassProcess
		}
		ev.Service, ev.Account = p.env.Intern.Bytes(l.Service), p.env.Intern.Bytes(user)
		ev.Rest = p.out.Rest(event.Text("pam", p.env.Intern.Bytes(l.Module)))
		return nil
	}
	if user, ok := lockedUser(l.Text); ok {
		ev := p.add(event.ClassAuthentication, event.ActLock, event.OutcomeSuccess, event.ReasonLocked)
		ev.Service, ev.Account = p.env.Intern.Bytes(l.Service), p.env.Intern.Bytes(user)
		return nil
	}
	if user, ok := cutPrefix(l.Text, "password changed for "); ok {
		p.changed(event.ActReset, event.ClassAccountChange, user)
		return nil
	}
	if user, ok := cutPrefix(l.Text, "authentication success;"); ok {
		ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
		ev.Service = p.env.Intern.Bytes(l.Service)
		if i := index(user, "rhost="); i >= 0 {
			word, _ := nextWord(user[i+6:])
			if len(word) > 0 {
				p.env.setSource(ev, word)
			}
			ev.Account = p.env.Intern.Bytes(userBehind(user[i+6:]))
		}
		ev.Rest = p.out.Rest(event.Text("pam", p.env.Intern.Bytes(l.Module)))
	}
	return nil // "check pass; user unknown", account and time checks: the failure itself has a line of its own
}

// isLocalService says whether a session of the service is not a person's who came from elsewhere.
func isLocalService(service []byte) bool {
	switch string(service) {
	case "cron", "crond", "sudo", "sudo-i", "su", "su-l", "systemd-user", "atd", "runuser", "runuser-l", "polkit-1", "pkexec":
		return true
	}
	return false
}

// sudo reads "hanako : TTY=pts/0 ; PWD=/home/hanako ; USER=root ; COMMAND=/usr/bin/ls", with a reason before TTY where it
// was refused.
func (p *pamParser) sudo(msg []byte) error {
	i := index(msg, " : ")
	if i < 0 {
		return nil // "pam_authenticate: …", "unable to resolve host"
	}
	user, rest := msg[:i], msg[i+3:]
	ev := p.add(event.ClassProcess, event.ActElevate, event.OutcomeSuccess, event.ReasonNone)
	ev.Service, ev.Account = "sudo", p.env.Intern.Bytes(user)
	why := []byte(nil)
	if _, plain := cutPrefix(rest, "TTY="); !plain {
		if _, plain = cutPrefix(rest, "PWD="); !plain {
			if j := index(rest, " ; "); j >= 0 {
				why, rest = rest[:j], rest[j+3:]
			}
		}
	}
	repeat := false
	if len(why) > 0 {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
		n, k := digits(why, 6)
		if k > 0 && has(why, "incorrect password attempt") || has(why, "a password is required") {
			ev.Class, ev.Activity, ev.Reason = event.ClassAuthentication, event.ActLogon, event.ReasonBadPassword
			repeat = p.wasTold()
			if repeat {
				n = 0
			}
			if k > 0 && n != 1 || repeat {
				ev.Count = event.Some(int64(n))
			}
		}
	}
	if j := index(rest, "USER="); j >= 0 {
		target := rest[j+5:]
		if e := index(target, " ; "); e >= 0 {
			target = target[:e]
		}
		ev.Target = p.env.Intern.Bytes(target)
	}
	if j := index(rest, "COMMAND="); j >= 0 {
		ev.Object = p.env.Intern.Bytes(rest[j+8:])
	}
	f := [2]event.Field{event.Text("detail", p.env.Intern.Bytes(why)), event.Flag("repeat", true)}
	ev.Rest = p.out.Rest(f[:1+count(repeat)]...)
	return nil
}

// su reads the many ways to say that one account became another, or did not.
func (p *pamParser) su(msg []byte) error {
	var who, target []byte
	failed := false
	switch {
	case len(msg) > 5 && (msg[0] == '+' || msg[0] == '-') && msg[1] == ' ': // "+ pts/0 hanako:root"
		failed = msg[0] == '-'
		_, rest := nextWord(msg[2:])
		who, target, _ = bytes.Cut(rest, []byte(":"))
	case has(msg, "su for "): // "Successful su for root by hanako", "FAILED su for root by hanako"
		failed = msg[0] == 'F'
		i := index(msg, "su for ")
		target, who, _ = bytes.Cut(msg[i+7:], []byte(" by "))
	case has(msg, "(to "): // "(to root) hanako on pts/0", "FAILED SU (to root) hanako on pts/0"
		failed = msg[0] == 'F'
		i := index(msg, "(to ")
		target, who, _ = bytes.Cut(msg[i+4:], []byte(") "))
		if j := lastIndex(who, " on "); j >= 0 {
			who = who[:j]
		}
	case has(msg, " to ") && has(msg, " on "): // BSD: "BAD SU hanako to root on /dev/ttyp0"
		var rest []byte
		rest, failed = cutPrefix(msg, "BAD SU ")
		who, rest, _ = bytes.Cut(rest, []byte(" to "))
		if j := lastIndex(rest, " on "); j >= 0 {
			target = rest[:j]
		}
	default:
		return nil
	}
	ev := p.add(event.ClassProcess, event.ActElevate, event.OutcomeSuccess, event.ReasonNone)
	ev.Service, ev.Account, ev.Target = "su", p.env.Intern.Bytes(who), p.env.Intern.Bytes(target)
	if failed {
		ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials
		if p.wasTold() {
			ev.Count = event.Some(0)
			ev.Rest = p.out.Rest(event.Flag("repeat", true))
		}
	}
	return nil
}

// login reads "FAILED LOGIN (1) on '/dev/tty1' FROM '192.0.2.7' FOR 'root', Authentication failure", "LOGIN ON tty1 BY hanako",
// "ROOT LOGIN on '/dev/tty1'".
func (p *pamParser) login(msg []byte) error {
	unquote := func(b []byte) []byte { return bytes.Trim(b, "'\"") }
	if rest, ok := cutPrefix(msg, "FAILED LOGIN "); ok {
		ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, pamReason(rest))
		ev.Service = "login"
		if i := lastIndex(rest, " FOR "); i >= 0 {
			who := rest[i+5:]
			if j := lastIndex(who, ", "); j >= 0 {
				who = who[:j]
			}
			ev.Account = p.env.Intern.Bytes(unquote(who))
			if j := index(rest[:i], "FROM "); j >= 0 && has(rest[:i], "FROM ") {
				p.env.setSource(ev, unquote(rest[j+5:i]))
			}
		}
		if p.wasTold() {
			ev.Count = event.Some(0)
			ev.Rest = p.out.Rest(event.Flag("repeat", true))
		}
		return nil
	}
	root := false
	rest, ok := cutPrefix(msg, "LOGIN ON ")
	if !ok {
		if rest, root = cutPrefix(msg, "ROOT LOGIN "); !root {
			return nil
		}
	}
	ev := p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	ev.Service = "login"
	if i := index(rest, " FROM "); i >= 0 {
		p.env.setSource(ev, unquote(rest[i+6:]))
		rest = rest[:i]
	}
	if _, who, ok := bytes.Cut(rest, []byte(" BY ")); ok {
		ev.Account = p.env.Intern.Bytes(unquote(who))
	} else if root {
		ev.Account = "root"
	}
	return nil
}

// cron reads "(root) CMD (run-parts /etc/cron.hourly)" and "(hanako) REPLACE (hanako)".
func (p *pamParser) cron(msg []byte) error {
	who, rest, ok := bytes.Cut(msg, []byte(") "))
	who, ok2 := cutPrefix(who, "(")
	if !ok || !ok2 {
		return nil
	}
	what, arg := nextWord(rest)
	arg = bytes.TrimSuffix(bytes.TrimPrefix(bytes.TrimSpace(arg), []byte("(")), []byte(")"))
	var ev *event.Event
	switch string(what) {
	case "CMD":
		ev = p.add(event.ClassProcess, event.ActStart, event.OutcomeSuccess, event.ReasonNone)
	case "REPLACE", "DELETE":
		ev = p.add(event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone)
		ev.Target = p.env.Intern.Bytes(arg)
		arg = []byte("crontab")
	default:
		return nil
	}
	ev.Service, ev.Account, ev.Object = "cron", p.env.Intern.Bytes(who), p.env.Intern.Bytes(arg)
	return nil
}

// shadow reads the tools of the shadow suite: "new user: name=eve, UID=1003, …", "add 'eve' to group 'sudo'",
// "delete user 'eve'", "change user 'eve' password", "password for 'eve' changed by 'root'".
func (p *pamParser) shadow(msg []byte) error {
	quoted := func() []byte {
		_, rest, _ := bytes.Cut(msg, []byte("'"))
		name, _, _ := bytes.Cut(rest, []byte("'"))
		return name
	}
	named := func() []byte {
		_, rest, _ := bytes.Cut(msg, []byte("name="))
		name, _, _ := bytes.Cut(rest, []byte(","))
		return name
	}
	account, entity := event.ClassAccountChange, event.ClassEntityChange
	switch {
	case has(msg, "failed"):
	case has(msg, "new user: "):
		p.changed(event.ActCreate, account, named())
	case has(msg, "new group: "), has(msg, "group added"):
		p.changed(event.ActCreate, entity, named())
	case has(msg, "delete user '"):
		p.changed(event.ActDelete, account, quoted())
	case has(msg, "to group '"), has(msg, "to group "), has(msg, "from group '"), has(msg, "members of group "):
		p.changed(event.ActChange, account, quoted())
	case has(msg, "password for '"), has(msg, "' password"), has(msg, "password changed for"):
		p.changed(event.ActReset, account, quoted())
	case has(msg, "lock user '") && !has(msg, "unlock"):
		p.changed(event.ActLock, account, quoted())
	case has(msg, "unlock user '"):
		p.changed(event.ActUnlock, account, quoted())
	case has(msg, "change user '"):
		p.changed(event.ActChange, account, quoted())
	}
	return nil
}

// logind: sessions are told of by PAM.
func (p *pamParser) logind([]byte) error { return nil }

// changed adds a change of an account or a group; the whole message tells the particulars.
func (p *pamParser) changed(act event.Activity, class event.Class, target []byte) {
	ev := p.add(class, act, event.OutcomeSuccess, event.ReasonNone)
	ev.Service, ev.Target = p.env.Intern.Bytes(p.s.Program), p.env.Intern.Bytes(target)
	m := p.s.Message
	ev.Object = p.env.Intern.Bytes(m[:min(len(m), 256)])
}

func (p *pamParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.s.Time, c, a, o, r
	ev.DstHost = p.env.hostOf(p.s)
	ev.Ref = p.env.Ref(p.rec)
	return ev
}

// remember notes that a module told of a failure of this process; wasTold asks for it.
func (p *pamParser) remember() {
	p.told[p.next%len(p.told)] = p.process()
	p.next++
}

func (p *pamParser) wasTold() bool {
	k := p.process()
	for _, t := range p.told {
		if t == k {
			return true
		}
	}
	return false
}

// process returns a hash of the host and the process, or of the program where the line has no process number (sudo).
func (p *pamParser) process() uint64 {
	if len(p.s.PID) > 0 {
		return trailKey(p.s.Host, p.s.PID)
	}
	program := p.s.Program
	if i := bytes.IndexByte(program, '('); i > 0 {
		program = program[:i]
	}
	return trailKey(p.s.Host, program)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}
