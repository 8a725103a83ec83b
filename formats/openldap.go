// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var openLDAP = Format{
	Name:   "openldap",
	Also:   []string{"slapd", "ldap"},
	Source: "directory",
	About: About{
		What: "OpenLDAP slapd 2.4, 2.5 and 2.6, log level stats (256): through syslog (with and without a year, RFC 5424, ISO time), or slapd's own log file (logfile, logfile-format debug, syslog and rfc3339).",
		Export: "Set olcLogLevel: stats (loglevel stats) on every server, also on replicas that answer logins. slapd logs to LOCAL4: keep that facility, with its host name, and do not let the journal drop lines (RateLimitBurst=0 for the slapd unit). " +
			"From 2.5 on, olcLogFile writes a file of its own with microseconds, which loses nothing under load. Behind a load balancer use the PROXY protocol (pldap://), else all connections come from the balancer. Copy the files with their rotated pieces.",
		Takes:  "One authentication for each bind, with the search that came before it where a front end searched the ID first: wrong password and unknown ID are told apart there. One directory search for each other search, with base, scope, filter, attributes and the number of entries returned. Changes of entries and passwords, comparisons, connections on which nothing was asked.",
		Leaves: "The address of a person behind a front end (it is the front end's: src_is_relay), which entries a search returned (unless stats2 is on), what was written. A direct bind does not show whether the ID exists. Replication searches that never end have no number of entries.",
	},
	Framing: event.FrameLines,
	Sniff:   sniffOpenLDAP,
	New: func(env *Env) Parser {
		return &openLDAPParser{env: env, join: newLDAPJoin(env, true)}
	},
	Shapes: ShapeSyslog | ShapeText,
}

func sniffOpenLDAP(rec []byte) float64 {
	if _, _, n := ownLDAPStamp(rec); n > 0 {
		if m := rec[n:]; hasPrefix(m, "conn=") || hasPrefix(m, "slapd ") || hasPrefix(m, "@(#) $OpenLDAP") || hasPrefix(m, "daemon: ") {
			return 0.95
		}
		return 0.3
	}
	if !has(rec, "slapd") && !has(rec, "conn=") {
		return 0
	}
	s, ok := sniffSyslog(rec)
	switch {
	case !ok:
		return 0
	case isSlapd(s.Program):
		return 1
	case hasPrefix(s.Message, "conn=") && (has(s.Message, " op=") || has(s.Message, " fd=")):
		return 0.7
	}
	return 0
}

func isSlapd(program []byte) bool {
	return string(program) == "slapd" || has(program, "slapd") && !has(program, "ns-slapd") && !has(program, "dirsrv")
}

// ownLDAPStamp reads the time that slapd puts before the lines of its own file: hexadecimal seconds and, from 2.5 on, a point
// with nanoseconds (eight digits) or microseconds (five) and the thread. It returns where the message begins; 0 for none.
func ownLDAPStamp(b []byte) (sec int64, micro int64, n int) {
	if len(b) < 10 || !isHex(b[0]) {
		return 0, 0, 0
	}
	for n < len(b) && n < 16 && isHex(b[n]) {
		sec = sec<<4 | int64(hexValue(b[n]))
		n++
	}
	if n != 8 {
		return 0, 0, 0
	}
	if b[n] == '.' {
		n++
		start := n
		for n < len(b) && n-start < 9 && isHex(b[n]) {
			micro = micro<<4 | int64(hexValue(b[n]))
			n++
		}
		switch n - start {
		case 8:
			micro /= 1000
		case 5:
		default:
			return 0, 0, 0
		}
		if micro >= 1000000 {
			return 0, 0, 0
		}
	}
	if n >= len(b) || b[n] != ' ' {
		return 0, 0, 0
	}
	n++
	if hasPrefix(b[n:], "0x") {
		sp := bytes.IndexByte(b[n:], ' ')
		if sp < 0 || sp > 20 {
			return 0, 0, 0
		}
		n += sp + 1
	}
	return sec, micro, n
}

type openLDAPParser struct {
	env  *Env
	join *ldapJoin

	banner   bool // the last line was the version: its second line has no head
	lastLine int64
	host     []byte // of the last line, for "last message repeated"
}

// Parse reads one line.
func (p *openLDAPParser) Parse(rec *event.Record, out *event.Batch) error {
	p.join.out = out
	var at ldapAt
	at.part = rec.Part
	var host, pid, msg []byte
	if sec, micro, n := ownLDAPStamp(rec.Data); n > 0 {
		at.time = p.env.Clock.Absolute(event.Micros(sec*1000000 + micro))
		msg = rec.Data[n:]
	} else {
		s, ok := p.env.Syslog(rec)
		if !ok {
			if p.banner && rec.Line == p.lastLine+1 && len(rec.Data) > 0 && rec.Data[0] == '\t' {
				return nil
			}
			return ErrOtherFormat
		}
		if !isSlapd(s.Program) && !p.ours(rec, s) {
			return ErrOtherFormat
		}
		at.time, host, pid, msg = s.Time, s.Host, s.PID, s.Message
		p.host = append(p.host[:0], host...)
	}
	if hasPrefix(msg, "[ID ") { // Solaris
		if i := bytes.IndexByte(msg, ']'); i > 0 && i < 40 {
			msg = bytes.TrimLeft(msg[i+1:], " ")
		}
	}
	p.lastLine = rec.Line
	p.banner = hasPrefix(msg, "@(#)")
	return p.message(p.join.server(host, pid, at.time), &at, msg)
}

// ours says whether a syslog line that does not name slapd is its own all the same: a container that goes by another name, or
// the syslog daemon's word that the line before came again.
func (p *openLDAPParser) ours(rec *event.Record, s *Syslog) bool {
	if hasPrefix(s.Message, "conn=") {
		i := bytes.IndexByte(s.Message, ' ')
		return i > 5 && (hasPrefix(s.Message[i+1:], "op=") || hasPrefix(s.Message[i+1:], "fd="))
	}
	return hasPrefix(s.Message, "last message repeated ") && rec.Line == p.lastLine+1 && p.lastLine > 0 && string(s.Host) == string(p.host)
}

// Flush tells what still waits.
func (p *openLDAPParser) Flush(out *event.Batch) {
	p.join.out = out
	p.join.flush()
}

func hasPrefix(b []byte, prefix string) bool {
	return len(b) >= len(prefix) && string(b[:len(prefix)]) == prefix
}
