// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var xferLog = Format{
	Name:   "xferlog",
	Source: "files",
	About: About{
		What: "xferlog, the log of transfers of wu-ftpd, as ProFTPD (TransferLog), vsftpd (xferlog_std_format), Pure-FTPd (-O xferlog:…), Serv-U and others write it.",
		Export: "Copy /var/log/xferlog* or what the server's configuration names. vsftpd: xferlog_enable=YES with xferlog_std_format=YES; ProFTPD: TransferLog; Pure-FTPd: AltLog xferlog:/var/log/pureftpd.log. " +
			"It tells of transfers alone: copy the server's own log for the logins.",
		Takes:  "Every file sent, received and deleted with account, address or name, path, bytes and seconds, and whether it was complete.",
		Leaves: "Logins and failures of them. The password that an anonymous user gave as a name stands as the account. Most writers put _ for a space and for other bytes in a path.",
	},
	Sniff: func(rec []byte) float64 {
		if len(rec) < 40 || rec[3] != ' ' || rec[len(rec)-2] != ' ' && rec[len(rec)-3] != ' ' {
			return 0
		}
		if _, ok := splitXfer(rec); ok {
			return 0.95
		}
		return 0
	},
	New:    func(env *Env) Parser { return &xferParser{env: env} },
	Shapes: ShapeText | ShapeSyslog,
}

// xferLine is "Mon Jun  2 09:00:00 2025 3 192.0.2.7 1048576 /home/hanako/plan.pdf b _ o r hanako ftp 0 * c" in pieces.
type xferLine struct {
	time                       Civil
	seconds, host, size, path  []byte
	direction                  byte
	user, service, auth, state []byte
	mode                       byte
}

// splitXfer cuts a line. The path may hold spaces, and words that look like what follows it: the last place counts at which the four marks of
// one letter stand.
func splitXfer(b []byte) (l xferLine, ok bool) {
	b = bytes.TrimRight(b, " \r")
	if len(b) < 40 || b[3] != ' ' {
		return l, false
	}
	var n int
	if l.time, n = parseBSDStamp(b[4:]); n == 0 || l.time.Year == 0 {
		return l, false
	}
	rest := bytes.TrimLeft(b[4+n:], " ")
	l.seconds, rest = nextWord(rest)
	l.host, rest = nextWord(rest)
	l.size, rest = nextWord(rest)
	if _, ok := parseNumber(l.seconds); !ok || len(l.host) == 0 {
		return l, false
	}
	if _, ok := parseNumber(l.size); !ok {
		return l, false
	}
	for i := len(rest) - 9; i > 0; i-- {
		if m := rest[i:]; m[0] == ' ' && (m[1] == 'a' || m[1] == 'b') && m[2] == ' ' && (m[3] == '_' || m[3] == 'C' || m[3] == 'U' || m[3] == 'T') && m[4] == ' ' && (m[5] == 'o' || m[5] == 'i' || m[5] == 'd') &&
			m[6] == ' ' && (m[7] == 'a' || m[7] == 'g' || m[7] == 'r') && m[8] == ' ' {
			l.path, l.direction, l.mode = rest[:i], m[5], m[7]
			return l, l.tail(m[9:])
		}
	}
	return l, false
}

// tail cuts what follows the marks: the account, the service, how it was authenticated, and whether the transfer was complete.
func (l *xferLine) tail(b []byte) bool {
	var words [4][]byte // from the end: state, identity, method, service
	for k := range words {
		i := bytes.LastIndexByte(b, ' ')
		if i <= 0 {
			return false
		}
		words[k], b = b[i+1:], b[:i]
	}
	l.user, l.service, l.auth, l.state = b, words[3], words[2], words[0]
	return len(l.state) == 1 && (l.state[0] == 'c' || l.state[0] == 'i')
}

type xferParser struct{ env *Env }

func (p *xferParser) Flush(*event.Batch) {}

func (p *xferParser) Parse(rec *event.Record, out *event.Batch) error {
	l, ok := splitXfer(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = p.env.Clock.Moment(l.time), event.ClassFile, event.ActDownload, event.OutcomeSuccess
	ev.Ref, ev.DstHost, ev.Service, ev.Account, ev.Object = p.env.Ref(rec), p.env.Host, in.Bytes(l.service), in.Bytes(l.user), in.Bytes(l.path)
	p.env.setSource(ev, l.host)
	switch l.direction {
	case 'i':
		ev.Activity, ev.BytesOut = event.ActUpload, someNumber(l.size)
	case 'd':
		ev.Activity = event.ActDelete
	default:
		ev.BytesIn = someNumber(l.size)
	}
	if sec, ok := parseNumber(l.seconds); ok && sec < 1<<40 {
		ev.Duration = event.Some(sec * 1000)
	}
	if l.state[0] == 'i' {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonProtocol
	}
	mode := ""
	switch l.mode {
	case 'a':
		mode = "anonymous"
	case 'g':
		mode = "guest"
	}
	ev.Rest = out.Rest(event.Text("access", mode))
	return nil
}
