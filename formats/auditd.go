// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var auditd = Format{
	Name:   "auditd",
	Also:   []string{"linux-audit", "ausearch"},
	Source: "host",
	About: About{
		What: "The Linux audit log: audit.log as auditd writes it, raw or enriched (log_format = RAW or ENRICHED), what ausearch prints of it, also with -i, and the same records through syslog (audisp-syslog).",
		Export: "Copy /var/log/audit/audit.log*, or ausearch --raw. Logins, sudo and changes of accounts are on wherever auditd runs. For programs that are started: auditctl -a always,exit -F arch=b64 -S execve,execveat -k exec " +
			"(and arch=b32); for files: -w /etc/passwd -p wa -k identity; for connections: -S connect -k net. Set log_format = ENRICHED: without it numbers stand in the place of names.",
		Takes: "Logins and each failed try with account and address, sudo commands, programs started with their whole command line, folder, session and owner, watched files, connections of watched programs, changes of " +
			"accounts, groups and passwords, services, what SELinux refused, changes of the audit rules themselves.",
		Leaves: "Who a number is, in raw logs, unless the session's login stands in them. What was typed (TTY records) is passed over: passwords stand in it. System calls without a key (-k), but for programs started, are no events.",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := cutAuditHead(auditText(rec)); ok {
			return 0.97
		}
		return 0
	},
	New:      func(env *Env) Parser { return &auditParser{env: env} },
	Shapes:   ShapeSyslog | ShapeText,
	Programs: []string{"audispd", "audisp", "auditd", "audit"},
	Marks:    []string{"msg=audit("},
}

// auditText returns the audit record of a line: all of it, or a syslog line's message.
func auditText(rec []byte) []byte {
	if isPrefix(rec, "type=") || isPrefix(rec, "node=") {
		return rec
	}
	if s, ok := sniffSyslog(rec); ok && (isPrefix(s.Program, "audisp") || isPrefix(s.Program, "audit")) {
		return s.Message
	}
	return nil
}

// auditHead is what every record begins with.
type auditHead struct {
	node, kind []byte
	id         []byte // "1684329817.579:2995"
	serial     uint64
	time       Civil
	epoch      int64 // microseconds; -1: time holds it
	interp     bool  // ausearch -i
	body       []byte
}

// cutAuditHead reads "node=h1 type=SYSCALL msg=audit(1684329817.579:2995): ", or the time as ausearch -i writes it.
func cutAuditHead(b []byte) (h auditHead, ok bool) {
	if r, ok := cutPrefix(b, "node="); ok {
		h.node, b = nextWord(r)
	}
	r, ok := cutPrefix(b, "type=")
	if !ok {
		return h, false
	}
	h.kind, r = nextWord(r)
	if r, ok = cutPrefix(r, "msg=audit("); !ok || len(h.kind) == 0 {
		return h, false
	}
	end := bytes.IndexByte(r[:min(len(r), 64)], ')')
	if end < 0 {
		return h, false
	}
	h.id, h.body = r[:end], r[end+1:]
	h.body = bytes.TrimLeft(h.body, ": ")
	colon := bytes.LastIndexByte(h.id, ':')
	if colon < 0 {
		return h, false
	}
	n, ok := parseNumber(h.id[colon+1:])
	if !ok {
		return h, false
	}
	h.serial = uint64(n)
	when := h.id[:colon]
	if dot := bytes.IndexByte(when, '.'); dot > 0 {
		if sec, ok := parseNumber(when[:dot]); ok && sec < 1<<40 && len(when)-dot == 4 {
			ms, ok := parseNumber(when[dot+1:])
			h.epoch = sec*1e6 + ms*1e3
			return h, ok
		}
	}
	h.epoch, h.interp = -1, true // 05/17/2023 13:23:37.579
	t, m, k := Civil{}, 0, 0
	if t.Month, m = digits(when, 2); m == 0 || m >= len(when) || when[m] != '/' {
		return h, false
	}
	if t.Day, k = digits(when[m+1:], 2); k == 0 || m+1+k >= len(when) || when[m+1+k] != '/' {
		return h, false
	}
	when = when[m+k+2:]
	if t.Year, m = digits(when, 4); m < 2 || m >= len(when) || when[m] != ' ' {
		return h, false
	}
	if m == 2 {
		t.Year += 2000
	}
	k = parseTimeOfDay(when[m+1:], &t)
	h.time = t
	return h, k > 0 && t.Valid()
}

// auditParser joins the records of one event, remembers the accounts of sessions, and which process has been told of.
type auditParser struct {
	pairs auditPairs
	env   *Env
	rec   *event.Record
	out   *event.Batch
	h     auditHead
	when  event.Micros
	host  string

	open     [auditOpen]auditCall
	sessions [auditSessions]struct {
		key  uint64
		acct string
	}
	tried [auditSessions]struct { // by process
		key            uint64
		at             event.Micros
		failed, passed bool
	}
	buf, line []byte
}

const (
	auditOpen     = 8   // events whose records are still coming
	auditSessions = 512 // of a session or a process the last that had this place is known
)

// Parse reads one record of an event.
func (p *auditParser) Parse(rec *event.Record, out *event.Batch) error {
	b := bytes.TrimRight(rec.Data, " \r\n")
	p.host = p.env.Host
	if !isPrefix(b, "type=") && !isPrefix(b, "node=") {
		if string(b) == "----" || isPrefix(b, "time->") { // ausearch's own lines
			return nil
		}
		s, ok := p.env.splitSyslog(rec)
		if !ok || !isPrefix(s.Program, "audisp") && !isPrefix(s.Program, "audit") {
			return ErrOtherFormat
		}
		b, p.host = bytes.TrimRight(s.Message, " \r\n"), p.env.hostOf(s)
	}
	h, ok := cutAuditHead(b)
	if !ok {
		if has(b[:min(len(b), 120)], " msg=audit(") {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	p.rec, p.out, p.h, p.pairs.of = rec, out, h, nil
	if len(h.node) > 0 {
		p.host = p.env.Intern.Bytes(h.node)
	}
	p.when = p.env.Clock.Absolute(event.Micros(h.epoch))
	if h.epoch < 0 {
		p.when = p.env.Clock.Moment(h.time)
	}
	p.settle(p.when - 2e6) // auditd's own rule: after two seconds an event is over
	switch kind := p.env.Intern.Bytes(h.kind); kind {
	case "SYSCALL", "EXECVE", "CWD", "PATH", "PROCTITLE", "SOCKADDR", "EOE":
		p.call()
		return nil
	default:
		return p.user(kind)
	}
}

// Flush gives out the events whose records were still coming.
func (p *auditParser) Flush(out *event.Batch) {
	p.out = out
	p.settle(1 << 62)
}

func (p *auditParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.DstHost, ev.Ref, ev.Unique = p.host, p.env.Ref(p.rec), true
	return ev
}

// auditValue returns the value behind " key=", as it stands: in quotes, or up to the next space. Values that a stranger chose are
// written in hexadecimal if there is a space or a quote in them, so that none can look like another key.
func auditValue(b []byte, key string) []byte {
	for at := 0; ; {
		i := index(b[at:], key)
		if i < 0 {
			return nil
		}
		i += at
		at = i + len(key)
		if i > 0 && b[i-1] != ' ' && b[i-1] != '\'' && b[i-1] != 0x1d {
			continue
		}
		v := b[at:]
		if len(v) > 0 && v[0] == '"' {
			if e := bytes.IndexByte(v[1:], '"'); e >= 0 {
				return v[:e+2]
			}
			return v
		}
		for e, c := range v {
			if c == ' ' || c == '\'' || c == 0x1d {
				return v[:e]
			}
		}
		return v
	}
}

// auditPairs is what the part of a record holds that was asked about last.
type auditPairs struct {
	of []byte
	at [48]struct{ key, value, end uint16 } // where a key, its value and what follows begin
	n  int
}

// value is auditValue, for parts that are asked about many times.
func (p *auditParser) value(b []byte, key string) []byte {
	a := &p.pairs
	if len(b) == 0 || len(b) > 1<<14 {
		return auditValue(b, key)
	}
	if len(a.of) != len(b) || &a.of[0] != &b[0] {
		a.find(b)
	}
	for i := range a.at[:a.n] {
		if k := &a.at[i]; int(k.value-k.key) == len(key) && string(b[k.key:k.value]) == key {
			return b[k.value:k.end]
		}
	}
	if a.n == len(a.at) { // there are more
		return auditValue(b, key)
	}
	return nil
}

// find notes the keys and values of b as auditValue would find them, but for a key that stands within quotes.
func (a *auditPairs) find(b []byte) {
	a.of, a.n = b, 0
	for i := 0; a.n < len(a.at); a.n++ {
		key := i
		for i < len(b) && b[i] != '=' {
			if auditEnds(b[i]) {
				key = i + 1
			}
			i++
		}
		if i == len(b) {
			return
		}
		i++
		k := &a.at[a.n]
		k.key, k.value = uint16(key), uint16(i)
		if i < len(b) && b[i] == '"' {
			if e := bytes.IndexByte(b[i+1:], '"'); e >= 0 {
				i += e + 2
			} else {
				i = len(b)
			}
		} else {
			for i < len(b) && !auditEnds(b[i]) {
				i++
			}
		}
		k.end = uint16(i)
	}
}

// auditEnds says whether a byte ends a value, and a key may follow: a blank, a quote, or the sign before what auditd interprets.
func auditEnds(c byte) bool { return c == ' ' || c == '\'' || c == 0x1d }

// untrusted decodes a value that may stand in quotes or in hexadecimal; "(null)", "?" and "(none)" are nothing.
func (p *auditParser) untrusted(v []byte) []byte {
	if n := len(v); n > 1 && v[0] == '"' && v[n-1] == '"' {
		return v[1 : n-1]
	}
	switch string(v) {
	case "", "?", "(null)", "(none)", "(unknown)", "unset", "4294967295", "-1":
		return nil
	}
	if p.h.interp || len(v)%2 != 0 || len(v) < 2 {
		return v
	}
	p.buf = p.buf[:0]
	for i := 0; i < len(v); i += 2 {
		if !isHex(v[i]) || !isHex(v[i+1]) || v[i] >= 'a' || v[i+1] >= 'a' { // always in capitals
			return v
		}
		c := unhex(v[i]|0x20)<<4 | unhex(v[i+1]|0x20)
		if c == 0 {
			c = ' '
		}
		p.buf = append(p.buf, c)
	}
	return p.buf
}

func (p *auditParser) text(v []byte) string { return p.env.Intern.Bytes(p.untrusted(v)) }

// plain returns a value that is never written in hexadecimal: a number, a name of the system's own.
func (p *auditParser) plain(v []byte) string {
	if n := len(v); n > 1 && v[0] == '"' && v[n-1] == '"' {
		v = v[1 : n-1]
	}
	switch string(v) {
	case "?", "(null)", "(none)", "unset", "4294967295", "-1":
		return ""
	}
	return p.env.Intern.Bytes(v)
}

// owner returns whose login session a record belongs to: by the enriched name, by ausearch's, or by the session.
func (p *auditParser) owner(b []byte) string {
	if v := p.value(b, "AUID="); len(v) > 2 && string(v) != `"unset"` && string(v) != `"unknown"` {
		return p.plain(v)
	}
	if p.h.interp {
		return p.plain(p.value(b, "auid="))
	}
	if s := p.session(p.value(b, "ses=")); s != nil {
		return s.acct
	}
	return ""
}

// session returns the place of a login session; nil for none.
func (p *auditParser) session(ses []byte) *struct {
	key  uint64
	acct string
} {
	if len(ses) == 0 || string(ses) == "4294967295" || string(ses) == "unset" {
		return nil
	}
	key := trailKey([]byte(p.host), ses)
	s := &p.sessions[(key^key>>17)%auditSessions]
	if s.key != key {
		s.key, s.acct = key, ""
	}
	return s
}
