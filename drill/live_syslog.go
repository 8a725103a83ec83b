// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"path"
	"strconv"
	"strings"
	"time"
)

// speaker turns lines of logs into the syslog messages that would carry them.
//
// What is written through syslog anyway (slapd, sshd, smbd_audit, Dovecot, Postfix) goes out with its own head, as rsyslog
// forwards it. A FortiGate sends its fields without a head. nginx, named and OpenVPN have a way of their own to syslog: their
// lines lose the daemon's time where syslog has it. Other logs, JSON among them, go into a message by the name of the log, as
// rsyslog's imfile sends a file.
type speaker struct {
	modern bool // RFC 5424 instead of RFC 3164
	stamp  stamp
}

// voice is who speaks a message, and how urgently: facility × 8 + severity.
type voice struct {
	host, app, pid string
	priority       int
}

// Priorities, as the daemons set them unless they are told otherwise; slapd's and smbd_audit's are usually told LOCAL4 and
// LOCAL5.
const (
	mailInfo     = 2*8 + 6
	mailWarning  = 2*8 + 4
	daemonInfo   = 3*8 + 6
	daemonNotice = 3*8 + 5
	authInfo     = 4*8 + 6
	authprivInfo = 10*8 + 6
	authprivNote = 10*8 + 5
	local0Notice = 16*8 + 5 // imfile's
	local4Debug  = 20*8 + 7
	local5Notice = 21*8 + 5
	local7Notice = 23*8 + 5
	local7Info   = 23*8 + 6
	local7Error  = 23*8 + 3
	userNotice   = 1*8 + 5
)

// message appends the message that carries a line.
func (s *speaker) message(b []byte, l *Line) []byte {
	text := l.Text
	if head, v, rest, ok := traditional(text); ok {
		v.priority = priority(v.app, rest)
		if s.modern {
			return append(s.head(b, &v, l.Time), rest...)
		}
		b = prefix(b, v.priority)
		return append(append(b, head...), rest...)
	}
	v := spoken(l)
	switch {
	case bytes.HasPrefix(text, []byte("date=")) && v.app == "":
		if !s.modern {
			return append(prefix(b, local7Notice), text...)
		}
		v.priority = local7Notice
	case v.app == "named" && len(text) > len("02-Jan-2006 15:04:05.000 ") && text[2] == '-':
		text = text[len("02-Jan-2006 15:04:05.000 "):]
	case v.app == "openvpn" && len(text) > len(time.DateTime) && text[4] == '-':
		text = text[len(time.DateTime)+1:]
	}
	return append(s.head(b, &v, l.Time), text...)
}

func prefix(b []byte, priority int) []byte {
	return append(strconv.AppendInt(append(b, '<'), int64(priority), 10), '>')
}

// head appends everything before the text.
func (s *speaker) head(b []byte, v *voice, at time.Time) []byte {
	b = prefix(b, v.priority)
	if s.modern {
		b = append(b, "1 "...)
		b = at.In(inJapan()).AppendFormat(b, "2006-01-02T15:04:05.000000-07:00")
		for _, field := range [...]string{v.host, v.app, v.pid} {
			b = append(b, ' ')
			if field == "" {
				field = "-"
			}
			b = append(b, field...)
		}
		return append(b, " - - "...)
	}
	b = append(s.stamp.syslog(b, at.UnixMicro()), ' ')
	b = append(append(append(b, v.host...), ' '), v.app...)
	if v.pid != "" {
		b = append(append(append(b, '['), v.pid...), ']')
	}
	return append(b, ": "...)
}

// traditional cuts "Jun  1 09:00:00 host program[pid]: text" into its head, who speaks, and the text.
func traditional(line []byte) (head []byte, v voice, rest []byte, ok bool) {
	const stamp = len("Jan _2 15:04:05 ")
	if len(line) < stamp+4 || line[3] != ' ' || line[6] != ' ' || line[9] != ':' || line[12] != ':' || line[15] != ' ' {
		return nil, v, nil, false
	}
	host, tail, ok := bytes.Cut(line[stamp:], []byte(" "))
	if !ok {
		return nil, v, nil, false
	}
	end := bytes.Index(tail, []byte(": "))
	if end <= 0 {
		return nil, v, nil, false
	}
	tag := string(tail[:end])
	v.host, v.app = string(host), tag
	if i := strings.IndexByte(tag, '['); i > 0 && strings.HasSuffix(tag, "]") {
		v.app, v.pid = tag[:i], tag[i+1:len(tag)-1]
	}
	if strings.ContainsAny(v.app, " \"<") {
		return nil, v, nil, false
	}
	n := stamp + len(host) + 1 + end + 2
	return line[:n], v, line[n:], true
}

// priority is how urgent a daemon finds what it says.
func priority(app string, text []byte) int {
	base, _, _ := strings.Cut(app, "/")
	switch base {
	case "slapd":
		return local4Debug
	case "smbd_audit", "smbd":
		return local5Notice
	case "sshd":
		switch {
		case bytes.HasPrefix(text, []byte("pam_unix(sshd:auth)")):
			return authprivNote
		case bytes.HasPrefix(text, []byte("pam_unix")):
			return authprivInfo
		}
		return authInfo
	case "dovecot", "postfix", "opendkim", "amavis":
		if bytes.HasPrefix(text, []byte("warning:")) {
			return mailWarning
		}
		return mailInfo
	case "sudo", "su":
		return authprivNote
	case "systemd", "CRON", "named":
		return daemonInfo
	}
	return userNotice
}

// spoken says who carries the lines of a log that syslog does not write: known from the log's place and name.
func spoken(l *Line) voice {
	dir, name := path.Split(l.Log)
	dir = strings.Trim(strings.TrimPrefix(dir, "hosts/"), "/")
	name = strings.TrimSuffix(name, path.Ext(name))
	switch {
	case bytes.HasPrefix(l.Text, []byte("date=")):
		_, device, _ := bytes.Cut(l.Text, []byte(`devname="`))
		device, _, _ = bytes.Cut(device, []byte(`"`))
		return voice{host: string(device)}
	case name == "access": // a web server's
		return voice{host: dir, app: "nginx", priority: local7Info}
	case name == "error":
		return voice{host: dir, app: "nginx", priority: local7Error}
	case dir == "dns":
		return voice{host: "ns1", app: "named", priority: daemonInfo}
	case dir == "vpn":
		return voice{host: "vpn1", app: "openvpn", priority: daemonNotice}
	case dir == "cloud":
		return voice{host: "collector", app: "m365-" + name, priority: local0Notice}
	case dir == "windows":
		return voice{host: computer(l.Text, name), app: "winlogbeat", priority: local0Notice}
	}
	return voice{host: "collector", app: name, priority: local0Notice}
}

// computer returns the name of the host that an event of Windows is of, without its domain; otherwise what it is given.
func computer(event []byte, otherwise string) string {
	for _, key := range [...]string{`"computer_name":"`, `"host":{"name":"`} {
		_, rest, ok := bytes.Cut(event, []byte(key))
		name, _, end := bytes.Cut(rest, []byte(`"`))
		name, _, _ = bytes.Cut(name, []byte("."))
		if ok && end && len(name) > 0 && bytes.IndexByte(name, ' ') < 0 {
			return string(name)
		}
	}
	return otherwise
}
