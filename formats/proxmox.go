// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var proxmox = Format{
	Name:   "proxmox",
	Also:   []string{"pve", "pmg", "pbs"},
	Source: "host",
	About: About{
		What: "Proxmox VE 6 to 9, Mail Gateway and Backup Server: what pvedaemon, pvestatd, pmgdaemon and proxmox-backup-proxy write to syslog, and pveproxy's access.log.",
		Export: "Copy /var/log/syslog* or journalctl -u pvedaemon -u pveproxy -u proxmox-backup-proxy -o short-iso, /var/log/pveproxy/access.log*, /var/log/proxmox-backup/api/access.log*. " +
			"Behind a proxy the daemon logs the proxy's address.",
		Takes: "Logins, right and refused, with account, realm and address; tasks with who began them and how they ended: machines started, stopped, destroyed, moved, backed up and restored, consoles opened; " +
			"requests to the interface with account, path and status.",
		Leaves: "What happened on a console and inside a machine; permissions changed, but for the request that did it.",
	},
	Sniff: func(rec []byte) float64 {
		if s, ok := sniffSyslog(rec); ok && isProxmox(s.Program) {
			return 0.95
		}
		if _, ok := cutProxmoxAccess(rec); ok {
			return 0.9
		}
		return 0
	},
	New:    func(env *Env) Parser { return &proxmoxParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{"pve", "pmg", "spiceproxy", "vncproxy", "termproxy", "qm", "pct", "proxmox-backup-", `] "`},
}

func isProxmox(program []byte) bool {
	switch string(program) {
	case "pvedaemon", "pveproxy", "pvestatd", "pvescheduler", "pve-ha-lrm", "pve-ha-crm", "pmgdaemon", "pmgproxy", "spiceproxy", "vncproxy", "termproxy", "qm", "pct":
		return true
	}
	return isPrefix(program, "proxmox-backup-")
}

// proxmoxAccess is a line of pveproxy's access.log: the date in numbers tells it from other web servers'.
type proxmoxAccess struct {
	host, user, method, path, status, size []byte
	time                                   Civil
}

// cutProxmoxAccess reads `::ffff:192.0.2.7 - root@pam [02/06/2025:09:00:01 +0900] "POST /api2/json/access/ticket HTTP/1.1" 401 -`.
func cutProxmoxAccess(b []byte) (a proxmoxAccess, ok bool) {
	a.host, b = nextWord(b)
	if !looksLikeAddr(a.host) {
		return a, false
	}
	_, b = nextWord(b)
	open := index(b, " [")
	if open < 0 || open > 256 {
		return a, false
	}
	a.user, b = b[:open], b[open+2:]
	n := 0
	if a.time.Day, n = digits(b, 2); n != 2 || len(b) < 28 || b[2] != '/' || b[5] != '/' || b[10] != ':' {
		return a, false
	}
	if a.time.Month, n = digits(b[3:], 2); n != 2 {
		return a, false
	}
	if a.time.Year, n = digits(b[6:], 4); n != 4 {
		return a, false
	}
	if n = parseTimeOfDay(b[11:], &a.time); n == 0 || 11+n >= len(b) || b[11+n] != ' ' {
		return a, false
	}
	b = b[12+n:]
	if n = parseZone(b, &a.time); n == 0 || !a.time.Valid() || !isPrefix(b[n:], `] "`) {
		return a, false
	}
	b = b[n+3:]
	end := lastIndex(b, `" `)
	if end < 0 {
		return a, false
	}
	request, rest := b[:end], b[end+2:]
	a.method, request = nextWord(request)
	a.path = request
	if i := lastIndex(request, " HTTP/"); i >= 0 {
		a.path = request[:i]
	}
	a.status, a.size = nextWord(rest)
	_, number := parseNumber(a.size) // nothing follows: cPanel's lines, with the month first, go on
	return a, len(a.status) == 3 && isDigit(a.status[0]) && (number || string(a.size) == "-") && isPrefix(request[len(a.path):], " HTTP/") && bytes.IndexByte(request[len(a.path):], '"') < 0
}

type proxmoxParser struct {
	env  *Env
	out  *event.Batch
	rec  *event.Record
	when event.Micros
	host string
}

func (p *proxmoxParser) Flush(*event.Batch) {}

func (p *proxmoxParser) Parse(rec *event.Record, out *event.Batch) error {
	p.rec, p.out, p.host = rec, out, p.env.Host
	if a, ok := cutProxmoxAccess(bytes.TrimRight(rec.Data, " \r")); ok {
		p.when = p.env.Clock.Moment(a.time)
		p.access(&a)
		return nil
	}
	s, ok := p.env.splitSyslog(rec)
	if !ok || !isProxmox(s.Program) {
		return ErrOtherFormat
	}
	s, _ = p.env.Syslog(rec)
	p.when, p.host = s.Time, p.env.hostOf(s)
	m := bytes.TrimRight(s.Message, " \r")
	if r, ok := cutPrefix(m, "authentication failure; rhost="); ok {
		return p.refused(r)
	}
	if isPrefix(m, "<") {
		return p.byUser(m)
	}
	if r, ok := cutPrefix(m, "login attempt for user "); ok { // of the Mail Gateway: "… hanako, rhost=192.0.2.7, failed: …"
		return p.mailGateway(r)
	}
	if r, ok := cutPrefix(m, "successful auth for user '"); ok {
		p.login(event.OutcomeSuccess, event.ReasonNone, r[:max(lastIndex(r, "'"), 0)])
	}
	return nil // what daemons do by themselves
}

func (p *proxmoxParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Service, ev.DstHost, ev.Ref = "proxmox", p.host, p.env.Ref(p.rec)
	return ev
}

func (p *proxmoxParser) login(o event.Outcome, r event.Reason, who []byte) *event.Event {
	ev := p.add(event.ClassAuthentication, event.ActLogon, o, r)
	ev.Account = p.env.Intern.Bytes(who)
	return ev
}

// refused reads "::ffff:192.0.2.7 user=root@pam msg=Authentication failure". The name stands between; the last " msg=" ends it.
func (p *proxmoxParser) refused(b []byte) error {
	from, rest := nextWord(b)
	rest, ok := cutPrefix(rest, "user=")
	i := lastIndex(rest, " msg=")
	if !ok || i < 0 {
		return ErrBroken
	}
	why := rest[i+5:]
	reason := event.ReasonBadCredentials
	switch {
	case has(why, "no such user"):
		reason = event.ReasonNoSuchAccount
	case has(why, "disabled"):
		reason = event.ReasonDisabled
	case has(why, "expired"):
		reason = event.ReasonExpired
	case has(why, "TFA"), has(why, "two factor"), has(why, "totp"), has(why, "second factor"):
		reason = event.ReasonSecondFactorFailed
	case has(why, "locked"):
		reason = event.ReasonLocked
	}
	ev := p.login(event.OutcomeFailure, reason, rest[:i])
	if a, port, ok := p.env.addrPort(from); ok {
		ev.SrcIP, ev.SrcPort = a, port
	}
	ev.Rest = p.out.Rest(event.Text("detail", clip(p.env.Intern.Bytes(why), 160)))
	return nil
}

// mailGateway reads "hanako, rhost=192.0.2.7, failed: authentication failure". The name is anybody's.
func (p *proxmoxParser) mailGateway(b []byte) error {
	i := lastIndex(b, ", rhost=")
	if i < 0 {
		return ErrBroken
	}
	from, why, ok := bytes.Cut(b[i+len(", rhost="):], []byte(", failed"))
	if !ok {
		return ErrBroken
	}
	ev := p.login(event.OutcomeFailure, event.ReasonBadCredentials, b[:i])
	if a, port, ok := p.env.addrPort(from); ok {
		ev.SrcIP, ev.SrcPort = a, port
	}
	ev.Rest = p.out.Rest(event.Text("detail", clip(p.env.Intern.Bytes(bytes.TrimLeft(why, ": ")), 160)))
	return nil
}

// byUser reads "<root@pam> successful auth for user 'root@pam'" and "<root@pam> starting task UPID:pve1:…:qmstop:100:root@pam:".
func (p *proxmoxParser) byUser(m []byte) error {
	who, text, ok := bytes.Cut(m[1:], []byte("> "))
	if !ok {
		return ErrBroken
	}
	if r, ok := cutPrefix(text, "successful auth for user '"); ok {
		if i := lastIndex(r, "'"); i >= 0 {
			who = r[:i]
		}
		p.login(event.OutcomeSuccess, event.ReasonNone, who)
		return nil
	}
	task, starts := cutPrefix(text, "starting task UPID:")
	if !starts {
		if task, ok = cutPrefix(text, "end task UPID:"); !ok {
			if r, ok := cutPrefix(text, "update VM "); ok {
				ev := p.add(event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone)
				ev.Account, ev.Object = p.env.Intern.Bytes(who), clip(p.env.Intern.Bytes(r), 300)
			}
			return nil
		}
	}
	var f [7][]byte // node, pid, pstart, start, kind, id, user
	rest := task
	for k := range f {
		if f[k], rest, ok = bytes.Cut(rest, []byte(":")); !ok {
			return ErrBroken
		}
	}
	outcome, reason := event.OutcomeUnknown, event.ReasonNone
	result := bytes.TrimSpace(rest)
	if !starts {
		outcome = event.OutcomeSuccess
		if string(result) != "OK" && !isPrefix(result, "WARNINGS") {
			outcome, reason = event.OutcomeFailure, event.ReasonOther
		}
	}
	ev := p.add(event.ClassEntityChange, proxmoxTask(f[4]), outcome, reason)
	ev.Account, ev.Object = p.env.Intern.Bytes(f[6]), p.env.Intern.Bytes(f[5])
	if ev.Activity == event.ActConnect {
		ev.Class = event.ClassRemoteSession
	}
	fields := [5]event.Field{event.Text("task", p.env.Intern.Bytes(f[4])), event.Text("node", p.env.Intern.Bytes(f[0])), event.Text("upid", string(task[:len(task)-len(rest)])),
		event.Text("result", clip(p.env.Intern.Bytes(result), 160)), event.Flag("repeat", true)}
	if !starts { // its beginning was told of
		ev.Count = event.Some(0)
		ev.Rest = p.out.Rest(fields[:]...)
		return nil
	}
	ev.Rest = p.out.Rest(fields[:3]...)
	return nil
}

// proxmoxTask says what a kind of task does.
func proxmoxTask(kind []byte) event.Activity {
	switch string(kind) {
	case "qmstart", "vzstart", "qmresume", "startall":
		return event.ActStart
	case "qmstop", "vzstop", "qmshutdown", "vzshutdown", "qmsuspend", "stopall", "qmreset", "qmreboot", "vzreboot":
		return event.ActStop
	case "qmdestroy", "vzdestroy", "imgdel", "qmdelsnapshot", "vzdelsnapshot", "prune", "garbage_collection", "delete-datastore", "zfsremove":
		return event.ActDelete
	case "qmcreate", "vzcreate", "qmrestore", "vzrestore", "qmsnapshot", "vzsnapshot", "qmclone", "vzclone", "qmtemplate":
		return event.ActCreate
	case "vzdump", "backup", "download", "qmmove", "qmigrate", "vzmigrate", "imgcopy", "move_volume":
		return event.ActCopy
	case "vncproxy", "vncshell", "termproxy", "spiceproxy", "spiceshell", "vzconsole":
		return event.ActConnect
	}
	return event.ActChange
}

// access is a request to the interface. That for a ticket is a login.
func (p *proxmoxParser) access(a *proxmoxAccess) {
	in := p.env.Intern
	outcome, reason := webOutcome(a.status, false)
	ev := p.add(event.ClassHTTP, webActivity(a.method), outcome, reason)
	if len(a.user) > 0 && string(a.user) != "-" {
		ev.Account = in.Bytes(a.user)
	}
	ev.SrcIP, _ = p.env.addr(a.host)
	ev.Object, ev.BytesIn = clip(in.Bytes(a.path), 400), someNumber(a.size)
	if string(a.method) == "POST" && has(a.path, "/access/ticket") { // the daemon's line stands for the login, with the account
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
		if outcome == event.OutcomeFailure {
			ev.Reason = event.ReasonBadCredentials
		}
		ev.Count = event.Some(0)
		ev.Rest = p.out.Rest(event.Text("method", in.Bytes(a.method)), event.Text("status", in.Bytes(a.status)), event.Flag("repeat", true))
		return
	}
	ev.Rest = p.out.Rest(event.Text("method", in.Bytes(a.method)), event.Text("status", in.Bytes(a.status)))
}
