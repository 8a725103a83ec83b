// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var fortiGate = Format{
	Name:   "fortigate",
	Source: "firewall",
	About: About{
		What: "FortiGate (FortiOS 4 to 7) logs of the key=value kind, as files downloaded from the device or FortiAnalyzer, or through syslog; the same in CEF (set format cef).",
		Export: "Log & Report, download; or config log syslogd setting, set format default. Set logtraffic all on the policies that matter, log implicit deny, and " +
			"enable event logging for vpn, user and system. The device's disk keeps some days at most: save it first.",
		Takes: "Connections with bytes, duration, policy and application; refusals; VPN tunnels and failed VPN logins; logins of administrators and users and their reasons; changes of " +
			"configuration, accounts and logging; addresses leased; which kind of translation (snat, dnat) and to what; which device of a cluster speaks and when another took over; attacks, viruses, web and DNS requests that a profile saw.",
		Leaves: "What went through encrypted connections that are not inspected; sessions of policies without logging. Countries are kept as the device names them.",
	},
	Sniff: func(rec []byte) float64 {
		if b := fortiCEF(rec); b != nil {
			return 0.97
		}
		b, ok := fortiStart(rec)
		if !ok || !has(b, "type=") || !has(b, "logid=") && !has(b, "log_id=") {
			return 0
		}
		return 0.95
	},
	New:    func(env *Env) Parser { return &fortiParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{"logid=", "log_id=", "|Fortinet|Forti"},
}

// fortiStart returns the record from its first field on: behind a priority, a syslog head, or whatever a relay put before it.
func fortiStart(b []byte) ([]byte, bool) {
	b = b[priority(b):]
	if isPrefix(b, "date=") {
		return b, true
	}
	head := b[:min(len(b), 160)]
	for at := 0; ; {
		i := bytes.IndexByte(head[at:], '=')
		if i < 0 {
			return nil, false
		}
		i += at
		at = i + 1
		start := bytes.LastIndexByte(head[:i], ' ') + 1
		if c := bytes.LastIndexByte(head[start:i], ':'); c >= 0 {
			start += c + 1
		}
		switch string(head[start:i]) {
		case "date", "logver", "itime", "timestamp", "eventtime", "devname", "devid", "logid":
			return b[start:], true
		}
	}
}

// fortiNamed is a field with the name that stood for it and the = behind that.
type fortiNamed struct {
	name [23]byte
	n    uint8 // of its bytes; 0: it is not looked for
	f    fortiField
}

// fortiKeys is how many fields of a record are looked for where they stood in an earlier one.
const fortiKeys = 96

type fortiParser struct {
	env  *Env
	v    [fFields + 1][]byte // of the record being read; the last takes what is not read
	last [fFields]string
	rest [fFields - fPlain + 2]event.Field
	seen [8][]fortiNamed // the fields of earlier records in the order in which they stood, by the record's kind: it is the same mostly
	rec  *event.Record
	out  *event.Batch
	when event.Micros

	// When a user last logged in from an address, by hash: a VPN login is told of as ssl-web and as ssl-tunnel.
	logins [256]struct {
		key uint64
		at  event.Micros
	}
}

func (p *fortiParser) Flush(*event.Batch) {}

func (p *fortiParser) Parse(rec *event.Record, out *event.Batch) error {
	b, ok := fortiStart(rec.Data)
	if ext := fortiCEF(rec.Data); ext != nil {
		p.scanCEF(ext)
		if s, ok := p.env.Syslog(rec); ok && p.v[fDevice] == nil && isHostName(s.Host) {
			p.v[fDevice] = s.Host
		}
	} else if ok {
		p.scan(b)
	} else {
		return ErrOtherFormat
	}
	if len(p.v[fType]) == 0 || len(p.v[fLogID]) == 0 && len(p.v[fDevID]) == 0 {
		return ErrOtherFormat
	}
	if p.when, ok = p.time(); !ok {
		return ErrNoTime
	}
	p.rec, p.out = rec, out
	switch string(p.v[fType]) {
	case "traffic":
		p.traffic()
	case "event":
		p.event()
	case "utm", "ips", "virus", "webfilter", "app-ctrl", "dns", "anomaly", "attack", "content", "voip", "dlp", "waf", "emailfilter", "ssl", "file-filter", "forti-switch":
		p.utm()
	default:
		p.other()
	}
	return nil
}

// scan cuts the record into fields. A value in quotes ends at the first quotation mark without a backslash before it.
func (p *fortiParser) scan(b []byte) {
	p.v = [fFields + 1][]byte{}
	kind, at := 0, 0
	for i, n := 0, len(b); i < n; {
		if b[i] == ' ' {
			i++
			continue
		}
		f, seen := fFields, p.seen[kind]
		if at < len(seen) && seen[at].n > 0 && bytes.HasPrefix(b[i:], seen[at].name[:seen[at].n]) {
			f = seen[at].f
			i += int(seen[at].n)
		} else {
			from, start := i, i // most keys are short: looked at byte by byte
			for i < n && b[i] != '=' {
				if b[i] == ' ' {
					start = i + 1
				}
				i++
			}
			if i == n {
				return
			}
			if start > from && len(p.v[fTime]) > 0 && p.v[fTime][len(p.v[fTime])-1] == ':' {
				p.v[fTime] = append(bytes.Clone(p.v[fTime]), bytes.TrimSpace(b[from:start])...) // "time=10: 13:03" of some old relays
			}
			f = fortiKey(b[start:i])
			i++
			at = p.learn(kind, at, b[start:i], f)
		}
		at++
		var val []byte
		if i < n && b[i] == '"' {
			var rest []byte
			val, rest = cutFortiQuoted(b[i:])
			i = n - len(rest)
		} else {
			from := i
			for i < n && b[i] != ' ' {
				i++
			}
			val = b[from:i]
		}
		if p.v[f] == nil {
			p.v[f] = val
		}
		if f == fLogID && len(val) > 1 {
			kind = int(val[len(val)-2]*10+val[len(val)-1]) % len(p.seen)
		}
	}
}

// learn returns where a field stands that was not where it was looked for: a few further on, if the record lacks some that an earlier
// one had; otherwise where it is put now.
func (p *fortiParser) learn(kind, at int, name []byte, f fortiField) int {
	seen := p.seen[kind]
	for i := at + 1; i < len(seen) && i <= at+8; i++ {
		if seen[i].f == f && bytes.Equal(name, seen[i].name[:seen[i].n]) {
			return i
		}
	}
	one := fortiNamed{f: f}
	if len(name) <= len(one.name) { // a longer one is not looked for
		one.n = uint8(copy(one.name[:], name))
	}
	if at < len(seen) {
		seen[at] = one
	} else if at < fortiKeys {
		for len(seen) < at { // where the kind became known
			seen = append(seen, fortiNamed{})
		}
		p.seen[kind] = append(seen, one)
	}
	return at
}

// cutFortiQuoted cuts a quoted value, its escapes undone.
func cutFortiQuoted(b []byte) (val, rest []byte) {
	end := bytes.IndexByte(b[1:], '"')
	if end < 0 {
		return bytes.TrimRight(b[1:], "\r"), nil
	}
	if end == 0 || b[end] != '\\' {
		if bytes.IndexByte(b[1:end+1], '\\') < 0 {
			return b[1 : end+1], b[end+2:]
		}
	}
	var out []byte
	for i := 1; i < len(b); i++ {
		switch c := b[i]; {
		case c == '\\' && i+1 < len(b) && (b[i+1] == '"' || b[i+1] == '\\'):
			i++
			out = append(out, b[i])
		case c == '"':
			return out, b[i+1:]
		default:
			out = append(out, c)
		}
	}
	return out, nil
}

// time returns the moment of the record: eventtime, in seconds, milli-, micro- or nanoseconds since 1970, if it is plausible,
// else date and time with tz or the clock's zone.
func (p *fortiParser) time() (event.Micros, bool) {
	if n, ok := parseNumber19(p.v[fEventTime]); ok {
		for n > 1e17 {
			n /= 1000 // nanoseconds
		}
		switch {
		case n < 1e11:
			n *= 1e6
		case n < 1e14:
			n *= 1e3
		}
		if n > 946684800e6 && n < 4102444800e6 { // 2000 to 2099
			return p.env.Clock.Absolute(event.Micros(n)), true
		}
	}
	t, ok := parseDateAndTime(p.v[fDate], p.v[fTime])
	if !ok {
		return 0, false
	}
	wholeZone(p.v[fTz], &t)
	return p.env.Clock.Moment(t), t.Valid()
}

// parseNumber19 reads up to 19 digits.
func parseNumber19(b []byte) (int64, bool) {
	if len(b) == 19 {
		n, ok := parseNumber(b[:18])
		return n*10 + int64(b[18]-'0'), ok && isDigit(b[18])
	}
	return parseNumber(b)
}

// text returns a field's value; empty for the words that mean none. Most fields say the same in one record as in the last.
func (p *fortiParser) text(f fortiField) string {
	v := p.v[f]
	if string(v) == p.last[f] {
		return p.last[f]
	}
	switch string(v) {
	case "N/A", "(null)", "none", "n/a", "":
		return ""
	}
	s := p.env.Intern.Bytes(v)
	p.last[f] = s
	return s
}

// add adds an event with what all records share.
func (p *fortiParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Ref = p.env.Ref(p.rec)
	ev.Account = p.text(fUser)
	src := p.v[fSrcIP]
	if len(src) == 0 {
		src = p.v[fRemIP]
	}
	ev.SrcIP, _ = p.env.addr(src)
	ev.DstIP, _ = p.env.addr(p.v[fDstIP])
	ev.SrcPort, _ = parsePort(p.v[fSrcPort])
	ev.DstPort, _ = parsePort(p.v[fDstPort])
	ev.Service = p.text(fService)
	return ev
}

// finish fills the remainder. Numbers are kept as numbers.
func (p *fortiParser) finish(ev *event.Event, repeat bool) {
	n := 0
	for f := fPlain; f < fFields; f++ {
		v := p.v[f]
		if len(v) == 0 {
			continue
		}
		name := fortiRestNames[f-fPlain]
		switch f {
		case fPolicyID, fSessionID, fProto, fLease, fTransPort, fTranPort, fTunnelID, fAttackID, fSentDelta, fRcvdDelta:
			if num, ok := parseNumber(v); ok {
				p.rest[n] = event.Number(name, num)
				n++
				continue
			}
		}
		s := p.text(f)
		switch {
		case f == fMAC && s != "":
			s = p.env.mac(v)
		case f == fTransIP && s == "0.0.0.0", f == fTranIP && s == "0.0.0.0", f == fTranDisp && s == "noop", f == fSerial && s == "0": // none
			s = ""
		}
		if s != "" {
			p.rest[n] = event.Text(name, s)
			n++
		}
	}
	if repeat {
		p.rest[n] = event.Flag("repeat", true)
		n++
	}
	ev.Rest = p.out.Rest(p.rest[:n]...)
}
