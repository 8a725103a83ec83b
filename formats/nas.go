// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var synology = Format{
	Name:   "synology",
	Source: "files",
	About: About{
		What: "Synology DSM 6 and 7: what Log Center sends to a syslog server: connections (DSM, SMB, AFP, FTP, SSH, WebDAV …) and file transfers.",
		Export: "Log Center, Log Sending: send to a syslog server, format BSD or IETF, all categories. File transfers are told of only where File Services, SMB, \"Enable transfer log\" (and the same for FTP, AFP, File Station, WebDAV) is on. " +
			"Logs that Log Center exports as CSV are read too, connections and file transfers; HTML is not.",
		Takes:  "Logins, right and refused, with account, address and service; shared folders entered; files read, written, renamed, moved and deleted with path, size, account and address; addresses blocked.",
		Leaves: "File operations of services whose transfer log is off. Lines in other languages than English: set the language of the logs in Control Panel, Regional Options.",
	},
	Sniff: func(rec []byte) float64 {
		s, ok := sniffSyslog(rec)
		switch {
		case !ok:
			return 0
		case isPrefix(s.Message, "Event: ") && has(s.Message, ", Path: ") && has(s.Message, ", IP: "):
			return 0.95
		case isPrefix(s.Message, "User [") && has(s.Message, "] from ["):
			return 0.95
		case isPrefix(s.Message, "Host [") && has(s.Message, "was blocked via ["):
			return 0.9
		}
		return 0
	},
	New:    func(env *Env) Parser { return &nasParser{env: env, qnap: false} },
	Shapes: ShapeSyslog,
	Marks:  []string{"Event: ", "User [", "Host ["},
}

var qnapQuLog = Format{
	Name:   "qnap",
	Source: "files",
	About: About{
		What:   "QNAP QTS 4 and 5 and QuTS hero: system connection and event logs as QuLog Center (or System Logs) sends them to a syslog server, and the connection log that it exports as CSV, in English or Japanese.",
		Export: "QuLog Center, Log Sender: send event and access logs to a syslog server. Access logs have to be switched on first: QuLog Center, Log Settings, System Access Log Settings, with every service that is used (SAMBA, HTTP, SSH, FTP, AFP, NFS …).",
		Takes:  "Logins, right and refused, with account, address, machine and service; files and folders read, written, created, renamed, moved and deleted; events of the system with the account that caused them.",
		Leaves: "What services do whose access log is off; how much was read.",
	},
	Sniff: func(rec []byte) float64 {
		s, ok := sniffSyslog(rec)
		if ok && (isPrefix(s.Message, "conn log: Users: ") || isPrefix(s.Message, "event log: Users: ")) {
			return 0.97
		}
		return 0
	},
	New:    func(env *Env) Parser { return &nasParser{env: env, qnap: true} },
	Shapes: ShapeSyslog,
	Marks:  []string{"log: Users: "},
}

// nasParser reads the lines of both makers' appliances.
type nasParser struct {
	env  *Env
	qnap bool
	out  *event.Batch
	rec  *event.Record
	s    *Syslog
}

func (p *nasParser) Flush(*event.Batch) {}

func (p *nasParser) Parse(rec *event.Record, out *event.Batch) error {
	s, ok := p.env.splitSyslog(rec)
	if !ok {
		return ErrOtherFormat
	}
	m := bytes.TrimRight(s.Message, " \r\n")
	p.rec, p.out = rec, out
	if p.qnap {
		for _, w := range [...]string{"conn log: ", "event log: "} {
			if r, ok := cutPrefix(m, w); ok {
				p.s, _ = p.env.Syslog(rec)
				return p.qulog(r, w[0] == 'c')
			}
		}
		return ErrOtherFormat
	}
	switch {
	case isPrefix(m, "Event: ") && has(m, ", Path: ") && has(m, ", IP: "):
		p.s, _ = p.env.Syslog(rec)
		return p.transfer(m)
	case isPrefix(m, "User [") && has(m, "] from ["):
		p.s, _ = p.env.Syslog(rec)
		return p.connection(m)
	case isPrefix(m, "Host [") && has(m, "was blocked via ["):
		p.s, _ = p.env.Syslog(rec)
		ev := p.add(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
		host, _, _ := bytes.Cut(m[len("Host ["):], []byte("]"))
		p.env.setSource(ev, host)
		ev.Service = p.env.Intern.Bytes(lastBrackets(m))
		return nil
	}
	return ErrOtherFormat
}

func (p *nasParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.s.Time, c, a, o, r
	ev.DstHost, ev.Ref = p.env.hostOf(p.s), p.env.Ref(p.rec)
	return ev
}

// lastBrackets returns what stands in the last brackets.
func lastBrackets(b []byte) []byte {
	open := bytes.LastIndexByte(b, '[')
	if open < 0 {
		return nil
	}
	in, _, _ := bytes.Cut(b[open+1:], []byte("]"))
	return in
}

// connection reads "User [hanako] from [192.0.2.7] failed to log in via [DSM] due to authorization failure.", "… logged in successfully
// via [SMB].", "… accessed shared folder [kiki] via [SMB].". A refused name is anybody's: what the device says stands behind the last
// "] from [".
func (p *nasParser) connection(m []byte) error {
	i := lastIndex(m, "] from [")
	if i < 0 {
		return ErrBroken
	}
	name, rest := m[len("User ["):max(i, len("User ["))], m[i+len("] from ["):]
	from, said, ok := bytes.Cut(rest, []byte("] "))
	if !ok {
		return ErrBroken
	}
	var ev *event.Event
	switch {
	case isPrefix(said, "failed to log in"), isPrefix(said, "failed to login"), isPrefix(said, "failed to sign in"):
		reason := event.ReasonBadCredentials
		switch {
		case has(said, "2-step"), has(said, "verification code"), has(said, "2-factor"):
			reason = event.ReasonSecondFactorFailed
		case has(said, "disabled"), has(said, "expired"):
			reason = event.ReasonDisabled
		case has(said, "no privilege"), has(said, "permission"):
			reason = event.ReasonDenied
		}
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, reason)
	case isPrefix(said, "logged in successfully"), isPrefix(said, "signed in"):
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	case isPrefix(said, "logged out"), isPrefix(said, "signed out"):
		ev = p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone)
	case isPrefix(said, "accessed shared folder ["), isPrefix(said, "accessed the shared folder ["):
		ev = p.add(event.ClassFile, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
		_, folder, _ := bytes.Cut(said, []byte("["))
		folder, _, _ = bytes.Cut(folder, []byte("] "))
		ev.Object = p.env.Intern.Bytes(bytes.TrimRight(folder, "]."))
	default:
		return nil // quotas, certificates
	}
	ev.Account = p.env.Intern.Bytes(name)
	if i := bytes.IndexByte(from, '('); i > 0 { // "pc7(192.0.2.7)"
		ev.SrcHost = p.env.Intern.Bytes(from[:i])
		from = bytes.TrimRight(from[i+1:], ")")
	}
	if a, ok := p.env.addr(from); ok {
		ev.SrcIP = a
	} else {
		ev.SrcHost = p.env.Intern.Bytes(from)
	}
	for _, word := range [...]string{" in to [", " out of [", " out from [", " via ["} { // "failed to sign in to [DSM] via [password] due to …"
		if i := index(said, word); i >= 0 {
			to, _, _ := bytes.Cut(said[i+len(word):], []byte("]"))
			ev.Service = p.env.Intern.Bytes(to)
			break
		}
	}
	ev.Rest = p.out.Rest(event.Text("detail", clip(p.env.Intern.Bytes(said), 200)))
	return nil
}

// transfer reads "Event: read, Path: /kiki/a.xlsx, File/Folder: File, Size: 10.00 KB, User: hanako, IP: 192.0.2.7". A path may hold
// commas and words: what the device says stands at both ends.
func (p *nasParser) transfer(m []byte) error {
	what, rest, ok := bytes.Cut(m[len("Event: "):], []byte(", Path: "))
	if !ok {
		return ErrBroken
	}
	ip := lastIndex(rest, ", IP: ")
	if ip < 0 {
		return ErrBroken
	}
	from := rest[ip+len(", IP: "):]
	user := lastIndex(rest[:ip], ", User: ")
	if user < 0 {
		return ErrBroken
	}
	name := rest[user+len(", User: ") : ip]
	path := rest[:user]
	var size []byte
	if i := lastIndex(path, ", Size: "); i >= 0 {
		path, size = path[:i], path[i+len(", Size: "):]
	}
	if i := lastIndex(path, ", File/Folder: "); i >= 0 {
		path = path[:i]
	}
	act := nasActivity(bytes.ToLower(what))
	ev := p.add(event.ClassFile, act, event.OutcomeSuccess, event.ReasonNone)
	ev.Account, ev.Service = p.env.Intern.Bytes(name), p.env.Intern.Bytes(p.s.Program)
	p.env.setSource(ev, from)
	to := ""
	if act == event.ActRename || act == event.ActCopy {
		if i := lastIndex(path, " -> "); i >= 0 {
			to, path = p.env.Intern.Bytes(path[i+4:]), path[:i]
		}
	}
	ev.Object = p.env.Intern.Bytes(path)
	ev.Rest = p.out.Rest(event.Text("operation", p.env.Intern.Bytes(what)), event.Text("new_name", to), event.Text("size", p.env.Intern.Bytes(size)))
	return nil
}

// nasActivity says what both makers' words for what was done to a file mean; ActOther for those that they do not use.
func nasActivity(word []byte) event.Activity {
	switch string(word) {
	case "read", "download", "view", "open":
		return event.ActRead
	case "write", "upload", "modify", "add", "permission change":
		return event.ActWrite
	case "create", "mkdir", "new":
		return event.ActCreate
	case "delete", "remove", "rmdir":
		return event.ActDelete
	case "rename", "move":
		return event.ActRename
	case "copy":
		return event.ActCopy
	case "property set", "change":
		return event.ActChange
	}
	return event.ActOther
}

// qulog reads "Users: hanako, Source IP: 192.0.2.7, Computer name: pc7, Connection type: SAMBA, Accessed resources: kiki/a.xlsx,
// Action: Read", and of events "…, Content: text". Names and paths may hold the words that follow them: the name ends at the first
// "Source IP", since an account has no comma; a refused one that has is cut there. The action stands last.
func (p *nasParser) qulog(b []byte, conn bool) error {
	user, rest, ok := bytes.Cut(b[min(len(b), len("Users: ")):], []byte(", Source IP: "))
	if !ok {
		return ErrBroken
	}
	if i := lastIndex(rest, ", Source IP: "); i >= 0 && conn && has(rest[i:], ", Action: Login Fail") {
		user, rest = b[len("Users: "):len(b)-len(rest)+i], rest[i+len(", Source IP: "):]
	}
	from, rest, ok := bytes.Cut(rest, []byte(", Computer name: "))
	if !ok {
		return ErrBroken
	}
	if !conn {
		computer, text, ok := bytes.Cut(rest, []byte(", Content: "))
		if !ok {
			if computer, text, ok = bytes.Cut(rest, []byte(", Application: ")); !ok {
				return ErrBroken
			}
		}
		return p.qnapEvent(user, from, computer, text)
	}
	computer, rest, ok := bytes.Cut(rest, []byte(", Connection type: "))
	if !ok {
		return ErrBroken
	}
	service, rest, ok := bytes.Cut(rest, []byte(", Accessed resources: "))
	i := lastIndex(rest, ", Action: ")
	if !ok || i < 0 {
		return ErrBroken
	}
	object, action := rest[:i], bytes.ToLower(rest[i+len(", Action: "):])
	class, outcome, reason := event.ClassFile, event.OutcomeSuccess, event.ReasonNone
	act := nasActivity(action)
	switch string(action) {
	case "login ok", "login success":
		class, act = event.ClassAuthentication, event.ActLogon
	case "login fail", "login failed":
		class, act, outcome, reason = event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials
	case "logout":
		class, act = event.ClassAuthentication, event.ActLogoff
	case "mount", "connect":
		act = event.ActConnect
	case "unmount", "disconnect":
		act = event.ActClose
	}
	ev := p.add(class, act, outcome, reason)
	p.whose(ev, user, from, computer)
	ev.Service = p.env.Intern.Bytes(service)
	to := ""
	if i := lastIndex(object, " -> "); i >= 0 && (act == event.ActRename || act == event.ActCopy) {
		to, object = p.env.Intern.Bytes(object[i+4:]), object[:i]
	}
	if string(object) != "---" {
		ev.Object = p.env.Intern.Bytes(object)
	}
	ev.Rest = p.out.Rest(event.Text("operation", p.env.Intern.Bytes(action)), event.Text("new_name", to))
	return nil
}

func (p *nasParser) whose(ev *event.Event, user, from, computer []byte) {
	ev.Account = p.env.Intern.Bytes(user)
	if string(user) == "System" || string(user) == "---" {
		ev.Account = ""
	}
	if a, ok := p.env.addr(from); ok && !a.IsLoopback() {
		ev.SrcIP = a
	}
	if len(computer) > 0 && string(computer) != "---" && string(computer) != "localhost" {
		ev.SrcHost = p.env.Intern.Bytes(computer)
	}
}

// qnapEvent is an event of the system: accounts, shares, services that somebody changed.
func (p *nasParser) qnapEvent(user, from, computer, text []byte) error {
	if string(user) == "System" && !has(text, "ailed to") {
		return nil // disks, updates, schedules
	}
	ev := p.add(event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone)
	p.whose(ev, user, from, computer)
	if i := lastIndex(text, "Content: "); i >= 0 {
		text = text[i+len("Content: "):]
	}
	ev.Object = clip(p.env.Intern.Bytes(text), 300)
	if has(text, "ailed to") {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	return nil
}
