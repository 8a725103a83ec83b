// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// Syslog is the head of a syslog line and the message behind it. The slices point into the record.
type Syslog struct {
	Time    event.Micros
	Host    []byte
	Program []byte // without the process number and without a path before it: slapd, sshd, postfix/smtpd
	PID     []byte
	Message []byte
}

// Syslog returns the head of the syslog line rec, and whether it has one. The answer is kept for the record, so that
// several parsers may ask for it. Known heads: RFC 3164 with and without priority, with a year, rsyslog's ISO time,
// RFC 5424.
func (e *Env) Syslog(rec *event.Record) (*Syslog, bool) {
	if rec.Line == e.syslogLine && e.Input == e.syslogIn && rec.Line != 0 {
		return &e.syslog, e.syslogOK
	}
	e.syslogLine, e.syslogIn = rec.Line, e.Input
	var t Civil
	e.syslog, t, e.syslogOK = splitSyslog(rec.Data)
	if e.syslogOK {
		e.syslog.Time = e.Clock.Moment(t)
	}
	return &e.syslog, e.syslogOK
}

// sniffSyslog returns program and message of a syslog line without reading its time any further than needed.
func sniffSyslog(rec []byte) (s Syslog, ok bool) {
	s, _, ok = splitSyslog(rec)
	return s, ok
}

func splitSyslog(b []byte) (s Syslog, t Civil, ok bool) {
	i := priority(b)
	if i > 0 && i < len(b) && isDigit(b[i]) && (i+1 < len(b) && b[i+1] == ' ') {
		if s, t, ok = split5424(b[i+2:]); ok {
			return s, t, true
		}
	}
	t, n := parseBSDStamp(b[i:])
	if n == 0 {
		if t, n = parseISOStamp(b[i:]); n == 0 {
			return s, t, false
		}
	}
	i += n
	if i >= len(b) || b[i] != ' ' {
		return s, t, false
	}
	rest := bytes.TrimLeft(b[i:], " ")
	sp := bytes.IndexByte(rest, ' ')
	if sp <= 0 {
		return s, t, false
	}
	s.Host = rest[:sp]
	rest = bytes.TrimLeft(rest[sp:], " ")
	if c := len(s.Host) - 1; s.Host[c] == ':' { // no host: "Jan  2 15:04:05 program[1]: message"
		s.Program, s.PID = splitTag(s.Host[:c])
		s.Host = nil
		s.Message = rest
		return s, t, true
	}
	colon := tagEnd(rest)
	if colon < 0 {
		s.Message = rest
		return s, t, true
	}
	s.Program, s.PID = splitTag(rest[:colon])
	s.Message = bytes.TrimLeft(rest[colon+1:], " ")
	return s, t, true
}

// tagEnd returns the index of the colon that ends the tag, -1 if the text does not begin with one.
func tagEnd(b []byte) int {
	for i, c := range b {
		switch {
		case c == ':':
			return i
		case c == ' ' || i > 128:
			return -1
		}
	}
	return -1
}

// splitTag takes "postfix/smtpd[123]" apart into program and process number.
func splitTag(tag []byte) (program, pid []byte) {
	if n := len(tag); n > 0 && tag[n-1] == ']' {
		if i := bytes.LastIndexByte(tag, '['); i >= 0 {
			return tag[:i], tag[i+1 : n-1]
		}
	}
	return tag, nil
}

// split5424 reads what stands behind "<165>1 ": time, host, program, process, message kind, structured data, message.
func split5424(b []byte) (s Syslog, t Civil, ok bool) {
	t, n := parseISOStamp(b)
	if n == 0 || n >= len(b) || b[n] != ' ' {
		return s, t, false
	}
	b = b[n+1:]
	var f [4][]byte // host, program, process, message kind
	for k := range f {
		sp := bytes.IndexByte(b, ' ')
		if sp < 0 {
			return s, t, false
		}
		if f[k] = b[:sp]; len(f[k]) == 1 && f[k][0] == '-' {
			f[k] = nil
		}
		b = b[sp+1:]
	}
	s.Host, s.Program, s.PID = f[0], f[1], f[2]
	b = skipStructuredData(b)
	b = bytes.TrimPrefix(bytes.TrimLeft(b, " "), []byte("\xef\xbb\xbf"))
	s.Message = b
	return s, t, true
}

func skipStructuredData(b []byte) []byte {
	if len(b) > 0 && b[0] == '-' {
		return b[1:]
	}
	for len(b) > 0 && b[0] == '[' {
		quoted, i := false, 1
		for ; i < len(b); i++ {
			switch c := b[i]; {
			case quoted && c == '\\':
				i++
			case c == '"':
				quoted = !quoted
			case c == ']' && !quoted:
				goto end
			}
		}
	end:
		if i >= len(b) {
			return nil
		}
		b = b[i+1:]
	}
	return b
}

// priority returns the length of a leading "<165>", 0 if there is none.
func priority(b []byte) int {
	if len(b) < 3 || b[0] != '<' {
		return 0
	}
	_, n := digits(b[1:], 3)
	if n == 0 || 1+n >= len(b) || b[1+n] != '>' {
		return 0
	}
	return n + 2
}
