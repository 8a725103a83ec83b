// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// winLog is one file of Windows events as Winlogbeat 8 ships them, one JSON object a line: the events of one server, or those
// of all the PCs that forward theirs to the collector. The message texts and the process of the log service are dropped, as
// the drop_fields processor of most installations does: they repeat what the fields say.
type winLog struct {
	sheet
	stamp, read stamp
	forwarded   bool // from other hosts, through Windows Event Forwarding
}

// winHost is a machine of the Windows domain.
type winHost struct {
	name  string // without its domain, in small letters
	ip    string
	sid   string // of its account
	log   *winLog
	skew  int64 // how far its clock is ahead
	batch int64 // it forwards every so often …
	phase int64 // … at this moment of each interval
	up    int64 // when its count of logons began
	key   uint64
	on    bool // at night too
}

const (
	adDomain = "HAKUSAN"
	adRealm  = "AD.HAKUSAN-LAB.EXAMPLE"
	adDNS    = "ad." + domain
	adSID    = "S-1-5-21-3623811015-3361044348-30300820-"
)

func (h *winHost) fqdn() string    { return h.name + "." + adDNS }
func (h *winHost) account() string { return upper(h.name) + "$" }
func (h *winHost) logs() bool      { return h != nil && h.log != nil }

// winUser is an account as events name it.
type winUser struct{ sid, name, domain string }

func (h *winHost) self() winUser   { return winUser{h.sid, h.account(), adDomain} }
func (h *winHost) system() winUser { return winUser{"S-1-5-18", h.account(), adDomain} }
func noUser() winUser              { return winUser{"S-1-0-0", "-", "-"} }
func (p *person) user() winUser    { return winUser{p.sid, p.uid, adDomain} }

func upper(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// arrival is when the collector has an event: at once from a server's own agent, with the next batch from a PC. The thousandth
// part keeps a batch's events in the order in which they happened, which is also the order of their record numbers.
func (h *winHost) arrival(t int64) int64 {
	if h.batch == 0 {
		return t
	}
	past := (t - h.phase) % h.batch
	return t - past + h.batch + past/1000
}

// channel is what the head of an event says of the log it stands in.
type channel struct{ name, provider, guid string }

func security() channel {
	return channel{"Security", "Microsoft-Windows-Security-Auditing", "{54849625-5478-4994-a5ba-3e3b0328c30d}"}
}
func eventlog(name string) channel {
	return channel{name, "Microsoft-Windows-Eventlog", "{fc65ddd8-d6ef-4962-83d5-6e5cfe9ce148}"}
}
func services() channel {
	return channel{"System", "Service Control Manager", "{555908d1-a6d7-4695-8e1e-26931d2012f4}"}
}
func remoteConnections() channel {
	return channel{"Microsoft-Windows-TerminalServices-RemoteConnectionManager/Operational", "Microsoft-Windows-TerminalServices-RemoteConnectionManager", "{c76baa63-ae81-421c-b425-340b4b24157f}"}
}
func localSessions() channel {
	return channel{"Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", "Microsoft-Windows-TerminalServices-LocalSessionManager", "{5d896912-022d-40aa-a3a8-4fa5515c76d7}"}
}
func powerShell() channel {
	return channel{"Microsoft-Windows-PowerShell/Operational", "Microsoft-Windows-PowerShell", "{a0c1853b-5c40-4b15-8766-3cf1c58f985a}"}
}
func wmiActivity() channel {
	return channel{"Microsoft-Windows-WMI-Activity/Operational", "Microsoft-Windows-WMI-Activity", "{1418ef04-b0b4-4623-bf7e-d74ab47bbdaa}"}
}

// winEvent is an event being written.
type winEvent struct {
	h       *winHost
	t       int64
	b       []byte
	written bool // a value stands already
	user    bool // its values stand under user_data, in an element of their own
}

// event begins an event up to its values. An empty task or outcome is left out.
func (h *winHost) event(t int64, c channel, id, task, outcome string) winEvent {
	l := h.log
	arrived := h.arrival(t)
	b := append(l.open(), `{"@timestamp":"`...)
	b = append(l.stamp.utc(b, t+h.skew), '.')
	b = three(b, int((t+h.skew)/millisecond%1000))
	b = append(append(b, `Z","event":{"code":"`...), id...)
	b = append(append(b, `","kind":"event","provider":"`...), c.provider...)
	if task != "" {
		b = append(append(b, `","action":"`...), task...)
	}
	b = append(b, `","created":"`...)
	read := arrived + 900*millisecond
	b = append(l.read.utc(b, read), '.')
	b = append(three(b, int(read/millisecond%1000)), 'Z')
	if outcome != "" {
		b = append(append(b, `","outcome":"`...), outcome...)
	}
	b = append(append(b, `"},"host":{"name":"`...), h.name...)
	b = append(b, "."+adDNS+`"},"log":{"level":"information"},"agent":{"type":"winlogbeat","version":"8.13.4"},"ecs":{"version":"8.0.0"},`...)
	if l.forwarded {
		b = append(b, `"tags":["forwarded"],`...)
	}
	b = append(append(b, `"winlog":{"api":"wineventlog","channel":"`...), c.name...)
	b = append(append(b, `","computer_name":"`...), h.name...)
	b = append(append(b, "."+adDNS+`","event_id":"`...), id...)
	b = append(append(b, `","provider_name":"`...), c.provider...)
	b = append(append(b, `","provider_guid":"`...), c.guid...)
	b = append(b, `","record_id":`+serialBlank...) // the press fills it in, by host and in the order of time
	if task != "" {
		b = append(append(append(b, `,"task":"`...), task...), '"')
	}
	switch {
	case outcome == "success":
		b = append(b, `,"keywords":["Audit Success"],"opcode":"Info",`...)
	case outcome == "failure":
		b = append(b, `,"keywords":["Audit Failure"],"opcode":"Info",`...)
	case c.provider == services().provider:
		b = append(b, `,"keywords":["Classic"],`...)
	default:
		b = append(b, `,"opcode":"Info",`...)
	}
	return winEvent{h: h, t: t, b: b}
}

// audit begins an event of the Security log.
func (h *winHost) audit(t int64, id, task string, ok bool) winEvent {
	outcome := "success"
	if !ok {
		outcome = "failure"
	}
	return h.event(t, security(), id, task, outcome)
}

// in says where the values of an event stand, if not under event_data: the event's own XML element.
func (e winEvent) in(element string) winEvent {
	e.b = append(append(append(e.b, `"user_data":{"xml_name":"`...), element...), '"')
	e.written, e.user = true, true
	return e
}

// with appends named values. Values are plain text: what JSON needs escaped is escaped here.
func (e winEvent) with(kv ...string) winEvent {
	for i := 0; i+1 < len(kv); i += 2 {
		if e.written {
			e.b = append(e.b, ',')
		} else {
			e.b = append(e.b, `"event_data":{`...)
			e.written = true
		}
		e.b = append(append(append(e.b, '"'), kv[i]...), `":"`...)
		e.b = append(appendJSON(e.b, kv[i+1]), '"')
	}
	return e
}

// from appends the values that name who did it.
func (e winEvent) subject(u winUser, session uint64) winEvent {
	return e.with("SubjectUserSid", u.sid, "SubjectUserName", u.name, "SubjectDomainName", u.domain, "SubjectLogonId", hex(session))
}

// target appends the values that name whom it was done to.
func (e winEvent) target(u winUser) winEvent {
	return e.with("TargetUserSid", u.sid, "TargetUserName", u.name, "TargetDomainName", u.domain)
}

// by says in the head in whose name an event of another log than Security was written.
func (e winEvent) by(u winUser, kind string) winEvent {
	e.b = append(append(e.b, `"user":{"identifier":"`...), u.sid...)
	e.b = append(append(e.b, `","name":"`...), u.name...)
	e.b = append(append(e.b, `","domain":"`...), u.domain...)
	e.b = append(append(append(e.b, `","type":"`...), kind...), `"},`...)
	return e
}

func (e winEvent) close() {
	e.h.log.sheet.close(e.h.arrival(e.t), append(e.b, "}}}"...))
}

// appendJSON appends a text as it stands between the quotes of a JSON string.
func appendJSON(b []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c == '\n':
			b = append(b, '\\', 'n')
		case c == '\r':
			b = append(b, '\\', 'r')
		case c == '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, c)
		}
	}
	return b
}

func hex(n uint64) string { return "0x" + strconv.FormatUint(n, 16) }

// systemSession is the logon of the machine itself.
const systemSession = 0x3e7

// session numbers a logon: a count since the machine started, told from the clock, so that it is the same whatever else is
// logged, and rises.
func (h *winHost) session(t int64, d *dice) uint64 {
	const boot = 30 * day // machines restart with the monthly updates
	since := (t - h.up) % boot
	return uint64(0x20000+since/(8*millisecond))<<1 + d.next()&1
}

// workday is the session of whoever sits at a PC on that day.
func (h *winHost) workday(d int) uint64 {
	x := roll(h.key, uint64(d))
	return uint64(0x40000 + d%30*9_000_000 + x.n(4_000_000))
}

// pid numbers a program that runs for the day: explorer.exe has the same number in the morning and in the evening.
func (h *winHost) pid(image string, d int) string {
	x := roll(h.key, uint64(d), uint64(len(image)), uint64(image[len(image)-5]), uint64(image[len(image)/2]))
	return hex(uint64(1+x.n(4000)) * 4)
}

func newPID(d *dice) string { return hex(uint64(300+d.n(4200)) * 4) }

func port(d *dice) string { return strconv.Itoa(49152 + d.n(16000)) }
