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
// several parsers may ask for it. Known heads: RFC 3164 with and without priority, with a year, without a host, with what
// some systems put between host and tag; ISO time (rsyslog, journalctl), multilog's TAI64N; RFC 5424.
func (e *Env) Syslog(rec *event.Record) (*Syslog, bool) {
	s, ok := e.splitSyslog(rec)
	if ok && !e.syslogTimed {
		s.Time, e.syslogTimed = e.Clock.Moment(e.syslogCivil), true
	}
	return s, ok
}

// splitSyslog is Syslog without the moment: the clock counts what it had to assume, so it is asked for records only whose
// time somebody wants.
func (e *Env) splitSyslog(rec *event.Record) (*Syslog, bool) {
	if rec.Line == e.syslogLine && e.Input == e.syslogIn && rec.Line != 0 {
		return &e.syslog, e.syslogOK
	}
	e.syslogLine, e.syslogIn, e.syslogTimed = rec.Line, e.Input, false
	if e.syslogHead.again(rec.Data, &e.syslog, &e.syslogCivil) {
		e.syslogOK = true
		return &e.syslog, true
	}
	e.syslog, e.syslogCivil, e.syslogOK = splitSyslog(rec.Data)
	e.syslogHead.keep(rec.Data, &e.syslog, &e.syslogCivil, e.syslogOK)
	return &e.syslog, e.syslogOK
}

// forget drops the kept head: another record of the same line follows.
func (e *Env) forget() { e.syslogLine = 0 }

// sniffSyslog returns program and message of a syslog line without reading its time any further than needed.
func sniffSyslog(rec []byte) (s Syslog, ok bool) {
	if b := rec[priority(rec):]; plainStamp(b) {
		ok = s.head(bytes.TrimLeft(b[15:], " "))
		return s, ok
	}
	s, _, ok = splitSyslog(rec)
	return s, ok
}

// plainStamp says whether b begins with "Jan  2 15:04:05 " and no year follows: by far the most syslog lines do.
func plainStamp(b []byte) bool {
	if len(b) < 18 || b[3] != ' ' || b[6] != ' ' || b[9] != ':' || b[12] != ':' || b[15] != ' ' || isDigit(b[16]) || b[16] == ' ' {
		return false
	}
	day := int(b[5]-'0') + 10*int(b[4]-'0')
	if b[4] == ' ' {
		day = int(b[5] - '0')
	} else if !isDigit(b[4]) {
		return false
	}
	m := monthOf(b)
	return m > 0 && isDigit(b[5]) && day >= 1 && day <= daysIn(m, 0) &&
		isDigit(b[7]) && isDigit(b[8]) && (b[7] < '2' || b[7] == '2' && b[8] < '4') &&
		b[10] >= '0' && b[10] <= '5' && isDigit(b[11]) && b[13] >= '0' && b[13] <= '5' && isDigit(b[14])
}

func splitSyslog(b []byte) (s Syslog, t Civil, ok bool) {
	i := priority(b)
	if i > 0 && i < len(b) && isDigit(b[i]) && (i+1 < len(b) && b[i+1] == ' ') {
		if s, t, ok = split5424(b[i+2:]); ok {
			return s, t, true
		}
	}
	t, n := parseSyslogStamp(b[i:])
	if n == 0 && i == 0 {
		if k := octetCount(b); k > 0 {
			return splitSyslog(b[k:])
		}
	}
	if n == 0 {
		return splitSlashed(b[i:])
	}
	i += n
	if i >= len(b) || b[i] != ' ' {
		return s, t, false
	}
	s, ok = splitHead(bytes.TrimLeft(b[i:], " "))
	return s, t, ok
}

// octetCount returns the length of the "113 " that RFC 6587 puts before a message with a priority and that some receivers write into their
// files; 0 if there is none.
func octetCount(b []byte) int {
	_, n := digits(b, 6)
	if n == 0 || n >= len(b) || b[n] != ' ' || priority(b[n+1:]) == 0 {
		return 0
	}
	return n + 1
}

// parseSyslogStamp reads the time that a line of syslog, of a journal or of multilog begins with.
func parseSyslogStamp(b []byte) (Civil, int) {
	if t, n := parseBSDStamp(b); n > 0 {
		return t, n
	}
	if t, n := parseISOStamp(b); n > 0 {
		return t, n
	}
	if t, n := parseTAI64Stamp(b); n > 0 {
		return t, n
	}
	if len(b) > 20 && b[4] == ' ' && isDigit(b[0]) && b[8] == ' ' { // Cisco's switches: "2006 Jan  2 15:04:05"
		if t, n := parseBSDStamp(b[5:]); n > 0 && t.Year == 0 {
			if y, k := digits(b, 4); k == 4 && y >= 1990 && y < 2100 {
				if t.Year = y; t.Valid() {
					return t, n + 5
				}
			}
		}
	}
	// journalctl -o short-full: "Mon 2006-01-02 15:04:05 JST". A zone whose letters stand for several is passed over: the
	// clock's zone is that of the machine that wrote it.
	if len(b) > 24 && b[3] == ' ' && isDigit(b[4]) {
		if t, n := parseISOStamp(b[4:]); n > 0 {
			n += 4
			if n+1 < len(b) && b[n] == ' ' && !t.HasZone {
				z := parseZoneWord(b[n+1:], &t)
				for k := n + 1; z == 0 && k < len(b) && k < n+7 && (isUpper(b[k]) || b[k] == ' '); k++ {
					if b[k] == ' ' && k > n+2 { // an abbreviation that is not known
						z, t.Doubtful = k-n-1, true
					}
				}
				if z > 0 {
					n += 1 + z
				}
			}
			return t, n
		}
	}
	return Civil{}, 0
}

// splitSlashed reads "2006/01/02 15:04:05 host program[1]: message", which some collectors write. Many programs begin the lines of their own
// files with such a time: only with a host, and a tag with a process number or of a program that has none, is it one of syslog.
func splitSlashed(b []byte) (s Syslog, t Civil, ok bool) {
	t, n := parseNginxStamp(b)
	if n == 0 || n >= len(b) || b[n] != ' ' || !t.Valid() {
		return Syslog{}, t, false
	}
	rest := bytes.TrimLeft(b[n:], " ")
	sp := bytes.IndexByte(rest, ' ')
	if sp <= 0 || !isHostName(rest[:sp]) {
		return Syslog{}, t, false
	}
	s, ok = splitHead(rest)
	if _, isNumber := parseNumber(s.PID); !ok || len(s.Host) == 0 || !isNumber {
		switch string(s.Program) {
		case "sudo", "su", "kernel":
		default:
			return Syslog{}, t, false
		}
	}
	return s, t, ok && len(s.Host) > 0
}

func isUpper(c byte) bool { return c >= 'A' && c <= 'Z' }

// splitHead reads what stands between a line's time and its message: host and tag, of which either may be missing, and what
// some systems put between them: "<10.5>" (FreeBSD), "auth.info" (busybox, OpenWrt), "[ID 800047 auth.info]" (Solaris).
func splitHead(rest []byte) (s Syslog, ok bool) {
	ok = s.head(rest)
	return s, ok
}

func (s *Syslog) head(rest []byte) bool {
	if len(rest) > 0 && rest[0] == '<' {
		if e := bytes.IndexByte(rest, '>'); e > 0 && e < 8 && e+1 < len(rest) && rest[e+1] == ' ' {
			rest = bytes.TrimLeft(rest[e+1:], " ")
		}
	}
	sp := bytes.IndexByte(rest, ' ')
	if sp <= 0 {
		return false
	}
	host := rest[:sp]
	rest = bytes.TrimLeft(rest[sp:], " ")
	switch c := host[sp-1]; {
	case c == ':' && isPriorityWord(host[:sp-1]): // metalog: "auth.info: sshd[1]: message", with a second time or without
		if _, n := parseBSDStamp(rest); n > 0 {
			rest = bytes.TrimLeft(rest[n:], " ")
		}
	case c == ':': // no host: "Jan  2 15:04:05 program[1]: message"
		s.Program, s.PID = splitTag(host[:sp-1])
		s.Message = rest
		return true
	case c == ']' && host[0] == '[': // "Jan  2 15:04:05 [program] message"
		s.Program, s.Message = host[1:sp-1], rest
		return true
	default:
		if !isLevelWord(host) { // a program's own file: "time WARN logger: message"
			s.Host = unchained(host)
		}
	}
	if len(rest) > 0 && rest[0] == '<' { // "host <authpriv.info> sshd[1]: message"
		if e := bytes.IndexByte(rest[:min(len(rest), 24)], '>'); e > 0 && e+1 < len(rest) && rest[e+1] == ' ' && isPriorityWord(rest[1:e]) {
			rest = bytes.TrimLeft(rest[e+1:], " ")
		}
	}
	if sp := bytes.IndexByte(rest, ' '); sp > 0 && isPriorityWord(rest[:sp]) {
		rest = bytes.TrimLeft(rest[sp:], " ")
	}
	colon := tagEnd(rest)
	if colon < 0 {
		if s.bare5424(rest) {
			return true
		}
		s.Message = rest
		return true
	}
	s.Program, s.PID = splitTag(rest[:colon])
	s.Message = bytes.TrimLeft(rest[colon+1:], " ")
	if m := s.Message; len(m) > 4 && string(m[:4]) == "[ID " {
		if e := bytes.IndexByte(m, ']'); e > 0 && e < 48 {
			s.Message = bytes.TrimLeft(m[e+1:], " ")
		}
	}
	return true
}

// isLevelWord says whether a word is a level, as loggers write it where syslog has the host.
func isLevelWord(b []byte) bool {
	if len(b) < 4 || len(b) > 8 || !isUpper(b[0]) || !isUpper(b[1]) {
		return false
	}
	switch string(b) {
	case "INFO", "WARN", "WARNING", "ERROR", "DEBUG", "FATAL", "TRACE", "SEVERE", "NOTICE", "CRITICAL":
		return true
	}
	return false
}

// unchained returns the host that wrote a line of the hosts that syslog-ng chains: "source@host/relay".
func unchained(host []byte) []byte {
	slash := bytes.IndexByte(host, '/')
	if at := bytes.IndexByte(host, '@'); at > 0 && at+1 < len(host) && (slash < 0 || at < slash) {
		host, slash = host[at+1:], slash-at-1
	}
	if slash > 0 {
		host = host[:slash]
	}
	return host
}

// bare5424 reads "dropbear 6052 - - message", which BSD's and others' sysklogd write to files: RFC 5424 without priority and version.
func (s *Syslog) bare5424(b []byte) bool {
	var f [3][]byte // program, process, message kind
	rest := b
	for k := range f {
		sp := bytes.IndexByte(rest, ' ')
		if sp <= 0 {
			return false
		}
		f[k], rest = rest[:sp], rest[sp+1:]
	}
	if _, ok := parseNumber(f[1]); !ok && string(f[1]) != "-" {
		return false
	}
	if len(rest) < 2 || rest[0] != '[' && (rest[0] != '-' || rest[1] != ' ') {
		return false
	}
	s.Program, _ = splitTag(f[0])
	if s.PID = f[1]; string(f[1]) == "-" {
		s.PID = nil
	}
	s.Message = bytes.TrimPrefix(bytes.TrimLeft(skipStructuredData(rest), " "), []byte("\xef\xbb\xbf"))
	return true
}

// tagEnd returns the index of the colon, or of the space behind "program[1]", that ends the tag; -1 if the text does not
// begin with a tag.
func tagEnd(b []byte) int {
	for i, c := range b {
		switch {
		case c == ':':
			return i
		case c == ' ' && i > 3 && b[i-1] == ']' && isDigit(b[i-2]):
			return i
		case c == ' ' || i > 128:
			return -1
		}
	}
	return -1
}

// splitTag takes "postfix/smtpd[123]" apart into program and process number. A path before the program is left out.
func splitTag(tag []byte) (program, pid []byte) {
	if n := len(tag); n > 0 && tag[n-1] == ']' {
		if i := bytes.LastIndexByte(tag, '['); i >= 0 {
			tag, pid = tag[:i], tag[i+1:n-1]
			if i == 0 { // "[sshd]:"
				tag, pid = pid, nil
			}
		}
	}
	if len(tag) > 0 && tag[0] == '/' {
		tag = tag[bytes.LastIndexByte(tag, '/')+1:]
	}
	return tag, pid
}

// isPriorityWord says whether b is a facility and a severity, such as auth.info.
func isPriorityWord(b []byte) bool {
	dot := bytes.LastIndexByte(b, '.')
	if dot < 3 || dot > 8 {
		return false
	}
	switch string(b[dot+1:]) {
	case "emerg", "alert", "crit", "err", "error", "warning", "warn", "notice", "info", "debug":
		return true
	}
	return false
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
	s.Host, s.PID = f[0], f[2]
	s.Program, _ = splitTag(f[1])
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
