// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var ds389 = Format{
	Name:   "389ds",
	Also:   []string{"389-ds", "dirsrv", "ns-slapd"},
	Source: "directory",
	About: About{
		What:   "389 Directory Server (Red Hat Directory Server, the directory of FreeIPA) 1.2 to 3.x: the access log in its default text form, also forwarded through syslog.",
		Export: "Copy /var/log/dirsrv/slapd-INSTANCE/access and its rotated pieces (access.YYYYMMDD-hhmmss). The default level 256 is what is needed. The server writes with a delay (nsslapd-accesslog-logbuffering) and keeps few files: raise nsslapd-accesslog-maxlogsperdir and -logmaxdiskspace, or forward the file. Behind a load balancer use nsslapd-haproxy-trusted-ip, else all connections come from the balancer.",
		Takes:  "One authentication for each bind, with the search that came before it where a front end searched the ID first; the server's own words tell a wrong password from an unknown ID. One directory search for each other search, with base, scope, filter, attributes and number of entries. Changes of entries and passwords, comparisons, connections on which nothing was asked.",
		Leaves: "What the server asks itself (Internal), which entries a search returned, what was written, whose password a password operation changed. The address of a person behind a front end.",
	},
	Framing: event.FrameLines,
	Sniff:   sniffDS389,
	New: func(env *Env) Parser {
		return &ds389Parser{env: env, join: newLDAPJoin(env, false)}
	},
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{" conn=", "-Directory/", "(/etc/dirsrv/"},
}

func sniffDS389(rec []byte) float64 {
	if isDS389Line(rec) {
		return 1
	}
	if ds389Header(rec) {
		return 0.9
	}
	if !has(rec, " conn=") {
		return 0
	}
	if s, ok := sniffSyslog(rec); ok && (isDS389Line(s.Message) || has(s.Program, "ns-slapd") && hasPrefix(s.Message, "conn=")) {
		return 1
	}
	return 0
}

// isDS389Line says whether b begins like a line of the access log: "[10/Jun/2025:21:18:06.1 +0900] conn=".
func isDS389Line(b []byte) bool {
	if len(b) < 30 || b[0] != '[' || b[3] != '/' || b[7] != '/' || b[12] != ':' {
		return false
	}
	i := bytes.IndexByte(b[:min(len(b), 48)], ']')
	return i > 0 && hasPrefix(b[i+1:], " conn=")
}

// ds389Header says whether b is one of the two lines with which the server begins each file.
func ds389Header(b []byte) bool {
	b = bytes.TrimLeft(b, "\t ")
	return hasPrefix(b, "389-Directory/") || hasPrefix(b, "Red Hat-Directory/") || hasPrefix(b, "Fedora-Directory/") ||
		has(b, " (/etc/dirsrv/") && len(b) < 512 && b[len(b)-1] == ')'
}

type ds389Parser struct {
	env  *Env
	join *ldapJoin
	host []byte // from the file's header
	seen bool
}

// Parse reads one line.
func (p *ds389Parser) Parse(rec *event.Record, out *event.Batch) error {
	p.join.out = out
	b := rec.Data
	if len(b) == 0 || ds389Header(b) {
		return p.header(b)
	}
	at := ldapAt{part: rec.Part, op: -1}
	host := p.host
	var pid []byte
	if b[0] != '[' {
		s, ok := p.env.Syslog(rec)
		if !ok || !isDS389Line(s.Message) && !(has(s.Program, "ns-slapd") && hasPrefix(s.Message, "conn=")) {
			return ErrOtherFormat
		}
		at.time, host, pid, b = s.Time, s.Host, s.PID, s.Message
	}
	if b[0] == '[' {
		t, n := parseCLFStamp(b[1:])
		if n == 0 || n+2 >= len(b) || b[n+1] != ']' || b[n+2] != ' ' {
			return ErrOtherFormat
		}
		at.time = p.env.Clock.Moment(t)
		b = b[n+3:]
	}
	rest, ok := cutPrefix(b, "conn=")
	if !ok {
		return ErrOtherFormat
	}
	p.seen = true
	if hasPrefix(rest, "Internal(") {
		return nil // what the server asks itself
	}
	n, used := number64(rest)
	if used == 0 || used >= len(rest) || rest[used] != ' ' {
		return ErrBroken
	}
	at.conn = n
	rest = rest[used+1:]
	if hasPrefix(rest, "(Internal) ") {
		return nil
	}
	return p.line(p.join.server(host, pid, at.time), &at, rest)
}

// header reads the lines before the first record of a file: the version, and the server's name and port.
func (p *ds389Parser) header(b []byte) error {
	if len(b) == 0 {
		if !p.seen {
			return ErrOtherFormat
		}
		return nil
	}
	b = bytes.TrimLeft(b, "\t ")
	p.seen = true
	if i := bytes.IndexByte(b, ':'); i > 0 && isHostName(b[:i]) {
		p.host = append(p.host[:0], b[:i]...)
	}
	return nil
}

// Flush tells what still waits.
func (p *ds389Parser) Flush(out *event.Batch) {
	p.join.out = out
	p.join.flush()
}
