// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var samba = Format{
	Name:   "samba",
	Source: "files",
	About: About{
		What: "Samba 3 and 4: the lines of vfs_full_audit (smbd_audit) and of the log class auth_audit, through syslog or in Samba's own log files.",
		Export: "vfs objects = full_audit, full_audit:prefix = %u|%I|%m|%S, full_audit:success = connect disconnect create_file pread_send pwrite_send renameat unlinkat mkdirat " +
			"(before 4.13: open, rename, unlink, mkdir), full_audit:failure = connect create_file, full_audit:facility = local5; log level = 1 auth_audit:3 for logins. A prefix whose first word is neither the user nor the " +
			"address must name its words: user=%u|ip=%I.",
		Takes: "Files opened for reading and writing, read, written, renamed, deleted, created, copied; shares connected; changed rights; refusals; " +
			"logins with account, address, workstation and reason.",
		Leaves: "How much of a file was read. Opening a name that does not exist; Samba 4.17 words some refused openings so, too (it reports an error left over from another call), and these are passed over with them. Calls that only look (stat, readdir and the like) are passed over; reads and writes of a file that was just opened are marked as repeats. Where a line's own time cannot be read, it is that of syslog's head.",
	},
	Sniff: func(rec []byte) float64 {
		if s, ok := sniffSyslog(rec); ok {
			if isPrefix(s.Program, "smbd_audit") {
				return 0.95
			}
			if isSamba(s.Program) {
				return 0.8
			}
			return 0
		}
		if _, ok := cutSambaHead(rec); ok {
			return 0.9
		}
		if isPrefix(bytes.TrimLeft(rec, " "), "Auth: [") {
			return 0.8
		}
		return 0
	},
	New:    func(env *Env) Parser { return &sambaParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{"smb", "samba", "winbindd", "nmbd", "auth_audit", "Auth: [", "]"},
}

func isSamba(program []byte) bool {
	switch string(program) {
	case "smb", "smbd", "samba", "winbindd", "samba-dcerpcd", "nmbd", "auth_audit":
		return true
	}
	return false
}

// cutSambaHead reads the first line of an entry in Samba's own log: "[2025/06/02 09:00:00.123456,  1, pid=7] ../../source3/…(do_log)".
// What is said stands, indented, on the next.
func cutSambaHead(b []byte) (t Civil, ok bool) {
	if len(b) < 24 || b[0] != '[' || !isDigit(b[1]) {
		return t, false
	}
	t, n := parseNginxStamp(b[1:])
	return t, n > 0 && 1+n < len(b) && b[1+n] == ',' && bytes.IndexByte(b[:min(len(b), 160)], ']') > 0
}

// sambaParser remembers which files were just opened by whom, so that the calls that read them piece by piece are marked.
type sambaParser struct {
	env *Env
	rec *event.Record
	out *event.Batch

	when event.Micros
	host string

	head     event.Micros // of the entry in Samba's own log whose lines are being read
	headLine int64
	headPart event.Part

	fuller bool // create_file is logged

	opened []struct { // by hash of user, address, path and direction; nil until needed
		key uint64
		at  event.Micros
	}
}

const sambaOpened = 4096

func (p *sambaParser) Flush(*event.Batch) {}

func (p *sambaParser) Parse(rec *event.Record, out *event.Batch) error {
	p.rec, p.out, p.host = rec, out, p.env.Host
	if t, ok := cutSambaHead(rec.Data); ok {
		p.head, p.headLine, p.headPart = p.env.Clock.Moment(t), rec.Line, rec.Part
		return nil
	}
	b := bytes.TrimRight(rec.Data, " \r")
	if p.headLine != 0 && len(b) == 0 {
		return nil // between entries of Samba's own log
	}
	if p.headLine != 0 && rec.Line == p.headLine+1 && len(b) > 2 && b[0] == ' ' {
		p.when = p.head
		p.headLine = rec.Line // an entry may go on
		n := len(out.Events)
		err := p.message(bytes.TrimLeft(b, " "))
		if err != nil {
			return nil // what else Samba says
		}
		for i := n; i < len(out.Events); i++ {
			out.Events[i].Ref.More = out.Parts(p.headPart)
		}
		return nil
	}
	if s, ok := p.env.Syslog(rec); ok {
		if !isPrefix(s.Program, "smbd_audit") && !isSamba(s.Program) {
			return ErrOtherFormat
		}
		p.when, p.host = s.Time, p.env.hostOf(s)
		if isPrefix(s.Program, "smbd_audit") {
			return p.audit(bytes.TrimRight(s.Message, " \r"))
		}
		err := p.message(bytes.TrimRight(s.Message, " \r"))
		if err == ErrUnknownKind && !isPrefix(s.Message, "Auth: ") {
			return nil // a daemon's own doings
		}
		return err
	}
	p.when = 0
	if b = bytes.TrimLeft(b, " "); isPrefix(b, "Auth: [") { // its time stands in it
		return p.auth(b)
	}
	return ErrOtherFormat
}

// message reads what smbd says itself.
func (p *sambaParser) message(b []byte) error {
	if isPrefix(b, "Auth: [") {
		return p.auth(b)
	}
	if rest, ok := cutPrefix(b, "Denied connection from "); ok {
		if i := bytes.LastIndexByte(rest, '('); i >= 0 {
			if a, ok := p.env.addr(bytes.TrimRight(rest[i+1:], ")")); ok {
				ev := p.add(event.ClassNetwork, event.ActRefuse, event.OutcomeFailure, event.ReasonDenied)
				ev.SrcIP = a
			}
		}
		return nil
	}
	if bytes.Count(b[:min(len(b), 512)], []byte("|")) >= 3 {
		return p.audit(b)
	}
	return ErrUnknownKind
}

func (p *sambaParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Service, ev.DstHost, ev.Ref = "smb", p.host, p.env.Ref(p.rec)
	return ev
}

// sambaCall is one line of full_audit in pieces.
type sambaCall struct {
	user, ip, machine, share []byte
	op                       []byte
	ok                       bool
	why                      []byte // of "fail (Permission denied)"
	args                     []byte
}

// audit reads "hanako|192.0.2.7|pc7|projects|openat|ok|r|/srv/projects/a.txt".
func (p *sambaParser) audit(b []byte) error {
	var c sambaCall
	if !c.split(b) {
		return ErrBroken
	}
	act, kind := sambaActivity(c.op)
	if kind == sambaNothing {
		return nil
	}
	path := c.args
	var mode, newName []byte
	switch kind {
	case sambaOpen: // "r|path"
		if !c.ok && has(c.why, "No such file") {
			return nil // a name that was free
		}
		if len(path) > 1 && path[1] == '|' && (path[0] == 'r' || path[0] == 'w') {
			mode, path = path[:1], path[2:]
		}
		if string(mode) == "w" {
			act = event.ActWrite
		}
	case sambaCreateFile: // "0x100081|file|open|path"
		if act, mode, path = createFile(path); act == event.ActOther || !c.ok && has(c.why, "No such file") {
			return nil
		}
		p.fuller = true
	case sambaRename:
		path, newName = splitRename(path)
	}
	outcome, reason := event.OutcomeSuccess, event.ReasonNone
	if !c.ok {
		outcome, reason = event.OutcomeFailure, event.ReasonOther
		if has(c.why, "ermission denied") || has(c.why, "not permitted") {
			reason = event.ReasonDenied
		}
	}
	ev := p.add(event.ClassFile, act, outcome, reason)
	in := p.env.Intern
	ev.Account, ev.Object = in.Bytes(c.user), in.Bytes(path)
	ev.SrcIP, _ = p.env.addr(c.ip)
	ev.SrcHost = in.Bytes(c.machine)
	repeat := c.ok && p.again(&c, path, act, kind)
	if repeat {
		ev.Count = event.Some(0)
	}
	f := [6]event.Field{event.Text("operation", in.Bytes(c.op)), event.Text("share", in.Bytes(c.share)), event.Text("mode", in.Bytes(mode)),
		event.Text("new_name", in.Bytes(newName)), event.Text("detail", in.Bytes(c.why)), event.Flag("repeat", true)}
	ev.Rest = p.out.Rest(f[:5+count(repeat)]...)
	return nil
}

// again says whether a call only goes on with what another has told of: pieces read of a file that the same user opened in the
// hour before, or several calls that make one step. Since 4.13 Samba calls openat for every look at a file or a directory; where
// create_file is logged too, that one stands for the opening.
func (p *sambaParser) again(c *sambaCall, path []byte, act event.Activity, kind sambaKind) bool {
	switch act {
	case event.ActRead, event.ActWrite, event.ActList, event.ActCreate:
	default:
		return false
	}
	if p.fuller && act == event.ActRead && string(c.op) == "openat" {
		return true
	}
	if p.opened == nil {
		p.opened = make([]struct {
			key uint64
			at  event.Micros
		}, sambaOpened)
	}
	key := trailKey(c.user, c.ip) ^ trailKey(path, []byte{byte(act)})*31
	o := &p.opened[(key^key>>23)%sambaOpened]
	same := o.key == key && p.when >= o.at
	since := p.when - o.at
	o.key, o.at = key, p.when
	switch {
	case kind == sambaPiece:
		return same && since < 3600e6
	case kind == sambaCreateFile || act == event.ActList || act == event.ActCreate:
		return same && since < 2e6
	}
	return false
}

// split takes a line apart. The call is the first word that is one and is followed by "ok" or "fail (…)"; behind it stands what
// a client chose, and may hold anything.
func (c *sambaCall) split(b []byte) bool {
	rest := b
	for range 12 {
		i := bytes.IndexByte(rest, '|')
		if i < 0 {
			return false
		}
		word := rest[:i]
		after := rest[i+1:]
		if isSambaCall(word) {
			if isPrefix(after, "ok|") || string(after) == "ok" {
				c.op, c.ok, c.args = word, true, after[min(3, len(after)):]
				return true
			}
			if isPrefix(after, "fail (") {
				c.op = word
				end := index(after, ")|")
				if end < 0 {
					c.why = bytes.TrimRight(after[6:], ")")
				} else {
					c.why, c.args = after[6:end], after[end+2:]
				}
				return true
			}
		}
		c.prefix(word)
		rest = after
	}
	return false
}

// prefix files one word of the prefix: named ("user=%u"), or by its looks and place.
func (c *sambaCall) prefix(word []byte) {
	if i := bytes.IndexByte(word, '='); i > 0 && i < 16 {
		name, val := word[:i], word[i+1:]
		is := func(word string) bool { return bytes.EqualFold(name, []byte(word)) }
		switch {
		case is("user"), is("u"), is("username"):
			c.user = val
		case is("ip"), is("client"), is("clientip"), is("addr"):
			c.ip = val
		case is("machine"), is("host"), is("m"), is("workstation"):
			c.machine = val
		case is("share"), is("volume"), is("service"), is("s"):
			c.share = val
		}
		return
	}
	switch {
	case looksLikeAddr(word):
		if c.ip == nil {
			c.ip = word
		}
	case len(word) > 10 && isDigit(word[0]) && (word[4] == '/' || word[4] == '-'): // %T
	case c.user == nil:
		c.user = word
	case c.machine == nil:
		c.machine = word
	case c.share == nil:
		c.share = word
	}
}

func isSambaCall(b []byte) bool {
	if len(b) < 4 || len(b) > 32 {
		return false
	}
	for _, c := range b {
		if !(c >= 'a' && c <= 'z' || c == '_' || isDigit(c)) {
			return false
		}
	}
	return true
}

type sambaKind uint8

const (
	sambaNothing sambaKind = iota
	sambaPlain
	sambaOpen
	sambaCreateFile
	sambaPiece // one of many calls that read or write a file
	sambaRename
)

// sambaActivity returns what a call of Samba's VFS does. Calls that only look give no event.
func sambaActivity(op []byte) (event.Activity, sambaKind) {
	switch string(op) {
	case "connect":
		return event.ActConnect, sambaPlain
	case "disconnect":
		return event.ActClose, sambaPlain
	case "open", "openat":
		return event.ActRead, sambaOpen
	case "create_file":
		return event.ActRead, sambaCreateFile
	case "read", "pread", "pread_send", "pread_recv", "sendfile":
		return event.ActRead, sambaPiece
	case "write", "pwrite", "pwrite_send", "pwrite_recv", "recvfile", "ftruncate", "fallocate":
		return event.ActWrite, sambaPiece
	case "unlink", "unlinkat", "rmdir":
		return event.ActDelete, sambaPlain
	case "rename", "renameat":
		return event.ActRename, sambaRename
	case "mkdir", "mkdirat", "symlink", "symlinkat", "link", "linkat", "mknod", "mknodat":
		return event.ActCreate, sambaPlain
	case "opendir", "fdopendir":
		return event.ActList, sambaPlain
	case "chmod", "fchmod", "chmod_acl", "fchmod_acl", "chown", "fchown", "lchown", "set_nt_acl", "fset_nt_acl", "sys_acl_set_file", "sys_acl_set_fd",
		"sys_acl_delete_def_file", "sys_acl_delete_def_fd", "chflags":
		return event.ActChange, sambaPlain
	case "offload_write_send", "copy_chunk_send":
		return event.ActCopy, sambaPlain
	}
	return event.ActOther, sambaNothing
}

// createFile reads create_file's "0x12019f|file|overwrite_if|path": the rights asked for tell reading from writing.
func createFile(args []byte) (act event.Activity, mode, path []byte) {
	mask, rest, ok := bytes.Cut(args, []byte("|"))
	kind, rest2, ok2 := bytes.Cut(rest, []byte("|"))
	how, path, ok3 := bytes.Cut(rest2, []byte("|"))
	if !ok || !ok2 || !ok3 {
		return event.ActRead, nil, args
	}
	mode = args[:len(args)-len(path)-1]
	var bits uint64
	for _, c := range bytes.TrimPrefix(mask, []byte("0x")) {
		if !isHex(c) || bits > 1<<32 {
			break
		}
		bits = bits<<4 | uint64(unhex(c|0x20))
	}
	const readData, writeData, appendData, maximum, all, genericWrite, genericRead = 0x1, 0x2, 0x4, 0x2000000, 0x10000000, 0x40000000, 0x80000000
	switch {
	case string(how) == "create":
		return event.ActCreate, mode, path
	case bits&(readData|maximum|all|genericRead) != 0 && string(kind) == "dir":
		return event.ActList, mode, path
	case string(kind) == "dir":
	case bits&(writeData|appendData|all|genericWrite) != 0:
		return event.ActWrite, mode, path
	case bits&(readData|maximum|genericRead) != 0:
		return event.ActRead, mode, path
	}
	return event.ActOther, mode, path // its attributes, or to delete or rename it, of which another call tells
}

// splitRename splits "old|new". Names may hold bars: of several, the one is taken behind which the same directory begins again.
func splitRename(b []byte) (from, to []byte) {
	best, score := -1, -1
	for at, tries := 0, 0; tries < 16; tries++ {
		i := bytes.IndexByte(b[at:], '|')
		if i < 0 {
			break
		}
		i += at
		at = i + 1
		n := 0
		for n < i && i+1+n < len(b) && b[n] == b[i+1+n] {
			n++
		}
		if n > score {
			best, score = i, n
		}
	}
	if best < 0 {
		return b, nil
	}
	return b[:best], b[best+1:]
}
