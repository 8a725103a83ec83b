// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// auditCall is a system call whose records are still coming: SYSCALL, then what it was called with.
type auditCall struct {
	live   bool
	serial uint64
	node   string
	when   event.Micros
	ref    event.Ref
	more   [auditMore]event.Part
	parts  int

	id, owner, uid, auid, ses, pid, ppid, exe, tty, key, cwd, syscall string
	success, failed                                                   bool
	denied                                                            bool
	execs                                                             bool
	write                                                             bool   // a file is opened to be written
	line                                                              []byte // the command line
	title                                                             []byte // the same as the process shows it
	path                                                              string
	nametype                                                          string
	dst                                                               []byte // a socket's address
}

const (
	auditMore = 12
	auditLine = 4096 // of a command line more is not kept
)

// settle gives out the events that began before then.
func (p *auditParser) settle(then event.Micros) {
	for {
		first := -1
		for i := range p.open {
			if c := &p.open[i]; c.live && c.when < then && (first < 0 || c.when < p.open[first].when) {
				first = i
			}
		}
		if first < 0 {
			return
		}
		p.finish(&p.open[first])
	}
}

// place returns the event that the record belongs to, new if there is none.
func (p *auditParser) place() *auditCall {
	oldest := 0
	for i := range p.open {
		c := &p.open[i]
		if c.live && c.serial == p.h.serial && c.node == p.host {
			return c
		}
		if !c.live || p.open[oldest].live && c.when < p.open[oldest].when {
			oldest = i
		}
	}
	c := &p.open[oldest]
	if c.live {
		p.finish(c)
	}
	line, title, dst := c.line[:0], c.title[:0], c.dst[:0]
	*c = auditCall{live: true, serial: p.h.serial, node: p.host, when: p.when, line: line, title: title, dst: dst, ref: p.env.Ref(p.rec), parts: -1}
	c.id = string(p.h.id)
	return c
}

// call takes one record of a system call.
func (p *auditParser) call() {
	c, b := p.place(), p.h.body
	if c.parts >= 0 && c.parts < auditMore && c.ref.Input == p.env.Input {
		c.more[c.parts] = p.rec.Part
	}
	c.parts = min(c.parts+1, auditMore)
	switch string(p.h.kind) {
	case "SYSCALL":
		p.syscall(c, b)
	case "EXECVE":
		c.execs = true
		p.arguments(c, b)
	case "CWD":
		c.cwd = p.text(p.value(b, "cwd="))
	case "PROCTITLE":
		if v, ok := cutPrefix(b, "proctitle="); ok && len(c.title) == 0 {
			if p.h.interp {
				c.title = append(c.title, v[:min(len(v), auditLine)]...)
			} else if t := p.untrusted(p.value(b, "proctitle=")); len(t) > 0 {
				c.title = append(c.title, bytes.TrimRight(t[:min(len(t), auditLine)], " ")...)
			}
		}
	case "PATH":
		p.pathOf(c, b)
	case "SOCKADDR":
		c.dst = append(c.dst[:0], p.value(b, "saddr=")...)
		if i := index(b, "laddr="); i >= 0 { // enriched, or ausearch -i
			c.dst = append(append(append(c.dst[:0], '@'), auditValue(b[i:], "laddr=")...), ' ')
			c.dst = append(c.dst, auditValue(b[i:], "lport=")...)
		}
	case "EOE":
		p.finish(c)
	}
}

func (p *auditParser) syscall(c *auditCall, b []byte) {
	c.success, c.failed = string(p.value(b, "success=")) == "yes", string(p.value(b, "success=")) == "no"
	exit := p.value(b, "exit=")
	c.denied = string(exit) == "-13" || string(exit) == "-1" || isPrefix(exit, "EACCES") || isPrefix(exit, "EPERM")
	if string(exit) == "-115" || isPrefix(exit, "EINPROGRESS") { // a connection that is under way
		c.failed = false
	}
	c.owner = p.owner(b)
	c.uid, c.auid, c.ses = p.plain(p.value(b, "uid=")), p.plain(p.value(b, "auid=")), p.plain(p.value(b, "ses="))
	c.pid, c.ppid = p.env.Intern.Bytes(p.value(b, "pid=")), p.env.Intern.Bytes(p.value(b, "ppid="))
	c.exe, c.tty, c.key = p.text(p.value(b, "exe=")), p.plain(p.value(b, "tty=")), p.text(p.value(b, "key="))
	number := p.value(b, "syscall=")
	name := auditSyscall(p.value(b, "arch="), number)
	if v := p.value(b, "SYSCALL="); len(v) > 0 {
		name = p.plain(v)
	} else if name == "" {
		name = p.env.Intern.Bytes(number)
	}
	c.syscall = name
	c.execs = c.execs || name == "execve" || name == "execveat"
	flags := p.value(b, "a1=")
	if name == "openat" {
		flags = p.value(b, "a2=")
	}
	if n := len(flags); n > 0 && (name == "open" || name == "openat") && isHex(flags[n-1]) {
		c.write = unhex(flags[n-1]|0x20)&3 != 0
	}
}

// auditSyscall names the calls that become events, on the machines there are.
func auditSyscall(arch, number []byte) string {
	switch string(arch) {
	case "c000003e": // x86_64
		switch string(number) {
		case "2":
			return "open"
		case "257":
			return "openat"
		case "59":
			return "execve"
		case "322":
			return "execveat"
		case "42":
			return "connect"
		case "82", "264", "316":
			return "rename"
		case "84", "87", "263":
			return "unlink"
		case "90", "91", "268":
			return "chmod"
		case "92", "93", "94", "260":
			return "chown"
		}
	case "40000003": // i386
		switch string(number) {
		case "5":
			return "open"
		case "295":
			return "openat"
		case "11":
			return "execve"
		case "358":
			return "execveat"
		case "362":
			return "connect"
		case "38", "302", "353":
			return "rename"
		case "10", "40", "301":
			return "unlink"
		case "15", "94", "306":
			return "chmod"
		}
	case "c00000b7": // aarch64
		switch string(number) {
		case "56":
			return "openat"
		case "221":
			return "execve"
		case "281":
			return "execveat"
		case "203":
			return "connect"
		case "38", "276":
			return "rename"
		case "35":
			return "unlink"
		case "52", "53":
			return "chmod"
		case "54", "55":
			return "chown"
		}
	}
	return ""
}

// arguments joins a0, a1 … of a program's start. Long ones come in pieces, a1[0], a1[1], and with their length, a1_len.
func (p *auditParser) arguments(c *auditCall, b []byte) {
	if p.h.interp {
		return // spaces are not told from the ends of arguments: the title is
	}
	for len(b) > 0 && len(c.line) < auditLine {
		i := bytes.IndexByte(b, '=')
		if i < 0 {
			return
		}
		name := bytes.TrimLeft(b[:i], " ")
		v := auditValue(b[i-len(name):], string(b[i-len(name):i+1]))
		b = b[min(len(b), i+1+len(v)):]
		if len(name) < 2 || name[0] != 'a' || !isDigit(name[1]) || has(name, "_len") {
			continue
		}
		piece := name[len(name)-1] == ']' && !has(name, "[0]")
		if len(c.line) > 0 && !piece {
			c.line = append(c.line, ' ')
		}
		t := p.untrusted(v)
		c.line = append(c.line, t[:min(len(t), auditLine)]...)
	}
}

// pathOf keeps the name that a call was about: the last that is not a parent folder; of a rename the one that was.
func (p *auditParser) pathOf(c *auditCall, b []byte) {
	kind := p.value(b, "nametype=")
	if string(kind) == "PARENT" || c.path != "" && c.nametype == "DELETE" {
		return
	}
	if c.path == "" || string(kind) != "NORMAL" {
		c.path, c.nametype = p.text(p.value(b, "name=")), p.env.Intern.Bytes(kind)
	}
}

// finish makes the event of a system call, if it is one that somebody asked for.
func (p *auditParser) finish(c *auditCall) {
	c.live = false
	class, act := event.ClassFile, event.ActRead
	switch {
	case c.execs:
		class, act = event.ClassProcess, event.ActStart
	case c.key == "":
		return
	case c.syscall == "connect":
		class, act = event.ClassNetwork, event.ActConnect
	case c.syscall == "rename", c.syscall == "renameat", c.syscall == "renameat2":
		act = event.ActRename
	case c.nametype == "DELETE" || c.syscall == "unlink" || c.syscall == "unlinkat":
		act = event.ActDelete
	case c.nametype == "CREATE":
		act = event.ActCreate
	case isPrefix([]byte(c.syscall), "chmod"), isPrefix([]byte(c.syscall), "chown"), isPrefix([]byte(c.syscall), "fchmod"), isPrefix([]byte(c.syscall), "fchown"),
		isPrefix([]byte(c.syscall), "setxattr"):
		act = event.ActChange
	case c.write:
		act = event.ActWrite
	case c.path == "":
		return
	}
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.DstHost, ev.Ref, ev.Unique = c.when, class, act, c.node, c.ref, true
	switch {
	case c.success:
		ev.Outcome = event.OutcomeSuccess
	case c.failed:
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
		if c.denied {
			ev.Reason = event.ReasonDenied
		}
	}
	if n := min(c.parts, auditMore); n > 0 {
		ev.Ref.More = p.out.Parts(c.more[:n]...)
	}
	ev.Account, ev.Client = c.owner, c.exe
	ev.Object = p.objectOf(c)
	if class == event.ClassNetwork {
		ev.DstHost, ev.SrcHost, ev.Object = "", c.node, ""
		p.socket(ev, c.dst)
	}
	ev.Rest = p.out.Rest(event.Text("audit_id", c.id), event.Text("pid", c.pid), event.Text("ppid", c.ppid), event.Text("uid", c.uid), event.Text("auid", c.auid),
		event.Text("session", c.ses), event.Text("tty", c.tty), event.Text("cwd", c.cwd), event.Text("key", c.key), event.Text("syscall", c.syscall))
}

// objectOf is a program's command line, or the file.
func (p *auditParser) objectOf(c *auditCall) string {
	switch {
	case !c.execs:
		return c.path
	case len(c.line) > 0:
		return p.env.Intern.Bytes(bytes.ToValidUTF8(c.line, []byte("?")))
	case len(c.title) > 0:
		return p.env.Intern.Bytes(bytes.ToValidUTF8(c.title, []byte("?")))
	}
	return c.exe
}

// socket reads where a connection went: "@192.0.2.7 443" in words, or the kernel's bytes: family, port, address.
func (p *auditParser) socket(ev *event.Event, dst []byte) {
	if len(dst) > 0 && dst[0] == '@' {
		host, port := nextWord(dst[1:])
		ev.DstIP, _ = p.env.addr(host)
		ev.DstPort, _ = parsePort(port)
		return
	}
	byteAt := func(i int) byte { return unhex(dst[2*i]|0x20)<<4 | unhex(dst[2*i+1]|0x20) }
	for _, c := range dst {
		if !isHex(c) {
			return
		}
	}
	switch {
	case len(dst) >= 16 && byteAt(0) == 2: // IPv4; the family stands in the machine's order, port and address in the network's
		p.line = p.line[:0]
		for i := 4; i < 8; i++ {
			if i > 4 {
				p.line = append(p.line, '.')
			}
			p.line = appendByte(p.line, byteAt(i))
		}
	case len(dst) >= 48 && byteAt(0) == 10: // IPv6
		p.line = p.line[:0]
		for i := 8; i < 24; i += 2 {
			if i > 8 {
				p.line = append(p.line, ':')
			}
			p.line = append(p.line, dst[2*i:2*i+4]...)
		}
	default:
		return
	}
	ev.DstPort = uint16(byteAt(2))<<8 | uint16(byteAt(3))
	ev.DstIP, _ = p.env.addr(p.line)
}

// appendByte appends a number below 256.
func appendByte(b []byte, n byte) []byte {
	if n >= 100 {
		b = append(b, '0'+n/100)
	}
	if n >= 10 {
		b = append(b, '0'+n/10%10)
	}
	return append(b, '0'+n%10)
}
