// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var paloAlto = Format{
	Name:   "paloalto",
	Also:   []string{"pan-os", "globalprotect"},
	Source: "firewall",
	About: About{
		What: "Palo Alto Networks firewalls and Panorama (PAN-OS 8 to 11) in their CSV form through syslog: TRAFFIC, THREAT, SYSTEM, GLOBALPROTECT, AUTHENTICATION, USERID, CONFIG.",
		Export: "Device, Server Profiles, Syslog: format BSD or IETF, no custom log format; attach the profile in Log Forwarding (traffic, threat, URL, auth) and in Log Settings (system, " +
			"configuration, user-ID, GlobalProtect). Log at session end on every rule, also on the last one that denies. Monitor, Logs, Export to CSV is read as well: its columns are those of the lines.",
		Takes: "Connections with bytes both ways, duration, application, rule and the translated address and port; refusals; threats, URLs and files seen; GlobalProtect logins, failures and addresses " +
			"given; logins of administrators; who had which address by User-ID; changes of configuration.",
		Leaves: "Session starts (told of again at the end), decryption, tunnel inspection, HIP matches, and custom forms.",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := panStart(rec); ok || panNames(rec) {
			return 0.95
		}
		return 0
	},
	New:    func(env *Env) Parser { return &panParser{env: env} },
	Shapes: notObject,
}

// panNames says whether a record is the row of names that the web interface's export begins with: its columns are those of the lines.
func panNames(rec []byte) bool {
	return hasPrefix(bytes.TrimPrefix(rec, []byte("\xef\xbb\xbf")), "Domain,Receive Time,Serial #,Type,")
}

// panStart returns the record from its first column on: a version or nothing, the time of receipt, the serial number, the type.
func panStart(b []byte) ([]byte, bool) {
	head := b[:min(len(b), 200)]
	for at := 0; ; {
		i := bytes.IndexByte(head[at:], ',')
		if i < 0 {
			return nil, false
		}
		i += at
		at = i + 1
		rest := head[at:]
		if len(rest) < 22 || rest[4] != '/' || rest[7] != '/' || rest[10] != ' ' || rest[19] != ',' {
			continue
		}
		serial := bytes.IndexByte(rest[20:], ',')
		if serial < 0 || !panType(rest[20+serial+1:]) {
			return nil, false
		}
		start := i
		for start > 0 && b[start-1] != ' ' {
			start--
		}
		return b[start:], true
	}
}

func panType(b []byte) bool {
	for _, w := range [...]string{"TRAFFIC,", "THREAT,", "SYSTEM,", "CONFIG,", "GLOBALPROTECT,", "AUTHENTICATION,", "AUTH,", "USERID,", "HIPMATCH,", "HIP-MATCH,", "DECRYPTION,", "IPTAG,",
		"CORRELATION,", "GTP,", "SCTP,", "TUNNEL,", "URL,", "DATA,", "WILDFIRE,", "OTHERS,"} {
		if isPrefix(b, w) {
			return true
		}
	}
	return false
}

type panParser struct {
	env  *Env
	row  csvRow
	c    [][]byte
	rec  *event.Record
	out  *event.Batch
	when event.Micros
	host string

	// When a user last logged in from an address, by hash: portal and gateway both ask.
	logins [256]struct {
		key uint64
		at  event.Micros
	}
}

func (p *panParser) Flush(*event.Batch) {}

func (p *panParser) Parse(rec *event.Record, out *event.Batch) error {
	b, ok := panStart(rec.Data)
	if !ok {
		if panNames(rec.Data) {
			return nil
		}
		return ErrOtherFormat
	}
	if !p.row.split(bytes.TrimRight(b, "\r\n")) {
		return ErrBroken
	}
	p.c, p.rec, p.out = p.row.cells, rec, out
	if len(p.c) < 7 {
		return nil // of a kind that holds nothing
	}
	if p.when, ok = p.time(6); !ok {
		if p.when, ok = p.time(1); !ok {
			return ErrNoTime
		}
	}
	p.host = p.env.Host
	if len(b) < len(rec.Data) {
		if s, ok := sniffSyslog(rec.Data); ok && len(s.Host) > 0 {
			p.host = p.env.Intern.Bytes(s.Host)
		}
	}
	switch string(p.c[3]) {
	case "TRAFFIC":
		p.traffic()
	case "THREAT", "URL", "DATA", "WILDFIRE":
		p.threat()
	case "SYSTEM":
		p.system()
	case "GLOBALPROTECT":
		p.globalProtect()
	case "AUTHENTICATION", "AUTH":
		p.authentication()
	case "USERID":
		p.userID()
	case "CONFIG":
		p.config()
	}
	return nil
}

// time reads "2025/06/02 09:00:00", or ISO time as newer versions can be told to write.
func (p *panParser) time(i int) (event.Micros, bool) {
	b := p.cell(i)
	if t, n := parseISOStamp(b); n > 0 {
		return p.env.Clock.Moment(t), true
	}
	if len(b) < 19 || b[4] != '/' || b[7] != '/' || b[10] != ' ' {
		return 0, false
	}
	var t Civil
	t.Year = exactly(b, 4)
	t.Month = exactly(b[5:], 2)
	t.Day = exactly(b[8:], 2)
	if parseTimeOfDay(b[11:], &t) == 0 || t.Year == 0 || !t.Valid() {
		return 0, false
	}
	return p.env.Clock.Moment(t), true
}

func (p *panParser) cell(i int) []byte {
	if i < len(p.c) {
		return p.c[i]
	}
	return nil
}

func (p *panParser) text(i int) string {
	b := p.cell(i)
	return p.env.Intern.Bytes(b[:min(len(b), 1024)])
}

func (p *panParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason, ev.Ref = p.when, c, a, o, r, p.env.Ref(p.rec)
	return ev
}

// ends sets what TRAFFIC and THREAT have in the same columns.
func (p *panParser) ends(ev *event.Event) {
	ev.SrcIP, _ = p.env.addr(p.cell(7))
	ev.DstIP, _ = p.env.addr(p.cell(8))
	ev.SrcPort, _ = parsePort(p.cell(24))
	ev.DstPort, _ = parsePort(p.cell(25))
	ev.Account = p.text(12)
	ev.Service = p.text(14)
}

// nat adds the translated addresses; 0.0.0.0 and the address itself say that there was none.
func (p *panParser) nat(ev *event.Event, to []event.Field) (n int) {
	if a, ok := p.env.addr(p.cell(9)); ok && !a.IsUnspecified() {
		port, _ := parsePort(p.cell(26))
		if a != ev.SrcIP || port != 0 && port != ev.SrcPort {
			n += natAddr(p.env, to, "nat_src_ip", "nat_src_port", a, port)
		}
	}
	if a, ok := p.env.addr(p.cell(10)); ok && !a.IsUnspecified() {
		port, _ := parsePort(p.cell(27))
		if a != ev.DstIP || port != 0 && port != ev.DstPort {
			n += natAddr(p.env, to[n:], "nat_dst_ip", "nat_dst_port", a, port)
		}
	}
	return n
}

func (p *panParser) traffic() {
	if string(p.c[4]) == "start" || len(p.c) < 31 {
		return
	}
	ev := p.add(event.ClassNetwork, event.ActConnect, event.OutcomeSuccess, event.ReasonNone)
	p.ends(ev)
	ev.BytesOut, ev.BytesIn = someNumber(p.cell(32)), someNumber(p.cell(33))
	if sec, ok := parseNumber(p.cell(36)); ok && sec < 1<<40 {
		ev.Duration = event.Some(sec * 1000)
	}
	got, _ := ev.BytesIn.Get()
	switch action := p.cell(30); {
	case string(p.c[4]) == "drop", string(p.c[4]) == "deny", string(action) == "deny", isPrefix(action, "drop"), isPrefix(action, "reset"):
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	case string(p.cell(46)) == "aged-out" && got == 0 && string(p.cell(29)) == "tcp":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonTimeout
	case string(p.cell(46)) == "tcp-rst-from-server" && got <= 66:
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonUnavailable
	}
	var f [14]event.Field
	f[0], f[1], f[2] = event.Text("proto", p.text(29)), event.Text("rule", p.text(11)), event.Text("action", p.text(30))
	f[3], f[4], f[5] = event.Text("from", p.text(16)), event.Text("to", p.text(17)), event.Text("end", p.text(46))
	f[6], f[7], f[8] = event.Text("category", p.text(37)), event.Text("srccountry", p.text(41)), event.Text("dstcountry", p.text(42))
	f[9] = event.Text("device", p.device(52))
	n := 10 + p.nat(ev, f[10:])
	ev.Rest = p.out.Rest(f[:n]...)
}

func (p *panParser) device(i int) string {
	if d := p.text(i); d != "" {
		return d
	}
	return p.host
}

func (p *panParser) threat() {
	if len(p.c) < 35 {
		return
	}
	ev := p.add(event.ClassDetection, event.ActOther, event.OutcomeSuccess, event.ReasonNone)
	p.ends(ev)
	kind := string(p.c[4])
	switch kind {
	case "url":
		ev.Class, ev.Activity = event.ClassHTTP, event.ActRead
		ev.Object, ev.Client = p.text(31), p.text(46)
		host := p.cell(31)
		if i := bytes.IndexAny(host, "/:"); i > 0 {
			host = host[:i]
		}
		if isHostName(host) {
			ev.DstHost = p.env.Intern.Bytes(host)
		}
	default:
		ev.Object = p.text(32)
	}
	switch a := p.cell(30); {
	case isPrefix(a, "block"), isPrefix(a, "drop"), isPrefix(a, "reset"), string(a) == "deny", string(a) == "sinkhole":
		ev.Activity, ev.Outcome, ev.Reason = event.ActRefuse, event.OutcomeFailure, event.ReasonDenied
	}
	if n, ok := parseNumber(p.cell(23)); ok && n > 1 {
		ev.Count = event.Some(n)
	}
	var f [13]event.Field
	f[0], f[1], f[2] = event.Text("kind", kind), event.Text("proto", p.text(29)), event.Text("action", p.text(30))
	f[3], f[4], f[5] = event.Text("severity", p.text(34)), event.Text("rule", p.text(11)), event.Text("category", p.text(33))
	f[6], f[7], f[8] = event.Text("direction", p.text(35)), event.Text("device", p.host), event.Text("file", "")
	if kind != "url" {
		f[8] = event.Text("file", p.text(31))
	}
	n := 9 + p.nat(ev, f[9:])
	ev.Rest = p.out.Rest(f[:n]...)
}

// userID reads that the firewall learned whose an address is.
func (p *panParser) userID() {
	act := event.ActAssign
	switch string(p.c[4]) {
	case "login":
	case "logout":
		act = event.ActRelease
	default:
		return
	}
	ip, ok := p.env.addr(p.cell(8))
	if !ok {
		return
	}
	ev := p.add(event.ClassLease, act, event.OutcomeSuccess, event.ReasonNone)
	ev.SrcIP, ev.Account, ev.Service, ev.DstHost = ip, p.text(9), "user-id", p.host
	var f [3]event.Field
	f[0], f[1] = event.Text("source", p.text(10)), event.Text("source_kind", p.text(17))
	n := 2
	if sec, ok := parseNumber(p.cell(13)); ok && sec > 0 && act == event.ActAssign {
		f[2], n = event.Number("lease_s", sec), 3
	}
	ev.Rest = p.out.Rest(f[:n]...)
}

func (p *panParser) config() {
	ev := p.add(event.ClassEntityChange, event.ActChange, event.OutcomeSuccess, event.ReasonNone)
	if string(p.cell(12)) == "Failed" || string(p.cell(12)) == "Unauthorized" {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
	}
	switch string(p.cell(9)) {
	case "delete":
		ev.Activity = event.ActDelete
	case "add", "clone":
		ev.Activity = event.ActCreate
	}
	ev.SrcIP, _ = p.env.addr(p.cell(7))
	ev.Account, ev.Client, ev.Object, ev.DstHost = p.text(10), p.text(11), p.text(13), p.host
	ev.Rest = p.out.Rest(event.Text("command", p.text(9)), event.Text("result", p.text(12)))
}
