// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/sekisho/sekisho/event"
)

var zeek = Format{
	Name:   "zeek",
	Also:   []string{"bro", "corelight"},
	Source: "network",
	About: About{
		What: "Logs of Zeek (Bro 2.x, Zeek 3 to 8) as tab-separated values with their header, or as JSON with or without _path, points in names or underscores, epoch or ISO times; Corelight's and RITA's exports; output of zeek-cut -c or -m.",
		Export: "Copy logs/ as it stands (gzip is read). For JSON: @load policy/tuning/json-logs. JSON without _path is told by its fields: redef LogAscii::json_include_… or Corelight's _path makes that sure. " +
			"Worth loading: policy/protocols/ssh/detect-bruteforcing, policy/protocols/conn/community-id-logging, base LDAP (from Zeek 6.1).",
		Takes:  "conn (who, whom, how much, how it ended), dns, http, ssl, ssh with success as Zeek guesses it, ldap and ldap_search, kerberos, ntlm, smb_files and smb_mapping, rdp, ftp, smtp, radius, dhcp, socks, mysql logins, dce_rpc, notice, intel, signatures, files with their hashes, tunnel.",
		Leaves: "software, known_*, x509, pe, ocsp, weird, stats, packet_filter and logs of other names are read without an event. Whether an SSH login succeeded is Zeek's inference from sizes. Passwords that Zeek saw are not kept. Of encrypted protocols only the outside is seen. Records of a protocol repeat the connection that conn has (repeat).",
	},
	Shapes: ShapeObject | ShapeText,
	Keys:   []string{"ts", "_write_ts"},
	Sniff:  sniffZeek,
	New: func(env *Env) Parser {
		return &zeekParser{env: env, set: ',', tab: '\t', names: ldapNames{in: env.Intern}}
	},
	Marks: []string{"#", "\t", `"@stream":"`, `"_path":"`, `"id.orig_h"`, `"id_orig_h"`, `"msg_types":[`, `"orig_hw"`, `"fuid"`, `"certificate.serial"`, `"software_type"`, `"uid":"C`,
		"::", `"port_proto"`, `"active_tcp_conns"`, `"percent_lost"`},
}

// zeekParser reads the lines of one log or of several. The header of tab-separated ones stands until the next header.
type zeekParser struct {
	env  *Env
	v    [zkFields][]byte // values of the record at hand, decoded
	used []uint8
	text []byte // what had to be decoded
	scan jsonScan
	key  []byte

	tab, set  byte
	unset     []byte
	empty     []byte
	columns   []uint8
	path      string // of the header
	names     ldapNames
	rec       *event.Record
	out       *event.Batch
	remainder remainder
}

// Flush has nothing to add: every record stands for itself.
func (p *zeekParser) Flush(*event.Batch) {}

// Parse reads a line of the header, a row behind one, or a JSON object.
func (p *zeekParser) Parse(rec *event.Record, out *event.Batch) error {
	for _, slot := range p.used {
		p.v[slot] = nil
	}
	p.used, p.text = p.used[:0], p.text[:0]
	p.rec, p.out = rec, out
	b := rec.Data
	if len(b) > 0 && b[0] == '#' {
		return p.header(b)
	}
	if len(b) > 0 && (b[0] == '{' || b[0] == '<' || b[0] == ' ') {
		if body := p.env.jsonBody(rec); body != nil {
			return p.object(body, rec)
		}
	}
	if bytes.HasPrefix(b, []byte("ts\t")) { // zeek-cut -m
		p.fields(b)
		return nil
	}
	if p.columns == nil && sniffZeek(b) > 0 {
		return ErrNoHead
	}
	if p.columns == nil || bytes.IndexByte(b, p.tab) < 0 {
		return ErrOtherFormat
	}
	return p.row(b)
}

// header reads "#separator \x09", "#fields\tts\t…" and their like.
func (p *zeekParser) header(b []byte) error {
	name, rest, _ := bytes.Cut(b[1:], []byte{p.tab})
	switch string(name) {
	case "fields":
		p.fields(rest)
	case "path":
		p.path = p.env.Intern.Bytes(rest)
	case "unset_field":
		p.unset = append(p.unset[:0], rest...)
	case "empty_field":
		p.empty = append(p.empty[:0], rest...)
	case "set_separator":
		if len(rest) == 1 {
			p.set = rest[0]
		}
	case "types", "open", "close":
	default:
		if hex, ok := cutPrefix(b, `#separator \x`); ok && len(hex) >= 2 {
			if v, ok := hexByte(hex); ok {
				p.tab, p.columns, p.path = v, nil, "" // a new log begins
			}
			return nil
		}
		if bytes.HasPrefix(b, []byte("### BTest")) {
			return nil
		}
		return ErrOtherFormat
	}
	return nil
}

func (p *zeekParser) fields(b []byte) {
	p.columns = p.columns[:0]
	for more := true; more && len(p.columns) < csvColumns; {
		var name []byte
		name, b, more = bytes.Cut(b, []byte{p.tab})
		p.columns = append(p.columns, uint8(zeekField(p.plain(name))))
	}
}

// plain returns a name with underscores for points.
func (p *zeekParser) plain(name []byte) []byte {
	if bytes.IndexByte(name, '.') < 0 {
		return name
	}
	p.key = append(p.key[:0], name...)
	for i, c := range p.key {
		if c == '.' {
			p.key[i] = '_'
		}
	}
	return p.key
}

// row takes the values of a tab-separated row.
func (p *zeekParser) row(b []byte) error {
	n := 0
	for more := true; more; n++ {
		i := bytes.IndexByte(b, p.tab)
		cell := b
		if more = i >= 0; more {
			cell, b = b[:i], b[i+1:]
		}
		if n == len(p.columns) {
			return ErrOtherFormat
		}
		slot := p.columns[n]
		if slot == zkNone || len(cell) == 0 || isUnset(cell, p.unset, "-") || isUnset(cell, p.empty, "(empty)") || p.v[slot] != nil {
			continue
		}
		p.v[slot] = p.unescape(cell)
		p.used = append(p.used, slot)
	}
	if n != len(p.columns) {
		if sniffZeek(p.rec.Data) > 0 { // cut off, or of another log
			return ErrBroken
		}
		return ErrOtherFormat
	}
	return p.emit(p.path)
}

func isUnset(cell, word []byte, usual string) bool {
	if len(word) > 0 {
		return bytes.Equal(cell, word)
	}
	return string(cell) == usual
}

// unescape decodes \xHH and \\.
func (p *zeekParser) unescape(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	from := len(p.text)
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			if b[i+1] == '\\' {
				i++
			} else if b[i+1] == 'x' {
				if c, ok := hexByte(b[i+2:]); ok {
					p.text = append(p.text, c)
					i += 3
					continue
				}
			}
		}
		p.text = append(p.text, b[i])
	}
	if t := p.text[from:]; !utf8.Valid(t) {
		from = len(p.text)
		p.text = appendValid(p.text, t)
	}
	return p.text[from:len(p.text):len(p.text)]
}

func hexByte(b []byte) (byte, bool) {
	if len(b) < 2 || !isHex(b[0]) || !isHex(b[1]) {
		return 0, false
	}
	return hexValue(b[0])<<4 | hexValue(b[1]), true
}

// object takes the members of a JSON record.
func (p *zeekParser) object(b []byte, rec *event.Record) error {
	p.scan.reset(b)
	s := &p.scan
	for ok := s.enter('{'); ok && s.member(); {
		slot := zeekField(p.plain(s.key))
		if slot == zkNone || p.v[slot] != nil {
			s.skip()
			continue
		}
		if v := p.value(s.value()); len(v) > 0 {
			p.v[slot] = v
			p.used = append(p.used, uint8(slot))
		}
	}
	if !s.end() {
		if sniffZeek(rec.Data) > 0 {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	if p.v[zkTs] == nil && p.v[zkPathMarked] == nil && p.v[zkStreamMarked] == nil {
		return ErrOtherFormat
	}
	path := p.v[zkPathMarked]
	if path == nil {
		path = p.v[zkStreamMarked]
	}
	if path == nil && p.v[zkIdOrigH] == nil && p.v[zkUid] == nil && sniffZeek(rec.Data) == 0 {
		return ErrOtherFormat
	}
	return p.emit(p.env.Intern.Bytes(path))
}

// value returns a JSON value as a row would have it: truth as T and F, an array with commas between.
func (p *zeekParser) value(v jsonValue) []byte {
	from := len(p.text)
	switch v.kind {
	case '"':
		if !v.odd {
			return v.raw
		}
		p.text = appendJSONText(p.text, v.raw)
	case '0':
		return v.raw
	case 't':
		p.text = append(p.text, 'T')
	case 'f':
		p.text = append(p.text, 'F')
	case '[':
		s := jsonScan{b: v.raw}
		for ok := s.enter('['); ok && s.element(); {
			e := s.value()
			if len(p.text) > from {
				p.text = append(p.text, ',')
			}
			switch e.kind {
			case '"':
				p.text = appendJSONText(p.text, e.raw)
			case '0':
				p.text = append(p.text, e.raw...)
			}
		}
	default:
		return nil
	}
	return p.text[from:len(p.text):len(p.text)]
}

// emit makes the event of the values that were taken.
func (p *zeekParser) emit(path string) error {
	if path == "" || !p.known(path) {
		if guess := p.guess(); guess != "" {
			path = guess
		}
	}
	switch path {
	case "loaded_scripts", "packet_filter", "stats", "capture_loss", "reporter", "cluster", "broker", "known_hosts", "known_services", "known_certs", "known_devices", "known_modbus", "software", "x509", "pe", "ocsp", "weird", "weird_stats",
		"analyzer", "dpd", "telemetry", "print", "config", "management", "arp", "ntp", "snmp", "sip", "irc", "modbus", "dnp3", "syslog", "traceroute", "smb_cmd", "mqtt_connect", "mqtt_publish", "mqtt_subscribe", "unified2", "quic", "postgresql", "redis", "websocket":
		return nil
	}
	when, ok := p.when()
	if !ok {
		return ErrNoTime
	}
	if !p.known(path) {
		return nil // a log of somebody's own
	}
	ev := p.out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(p.rec)
	ev.Class, ev.Activity = event.ClassNetwork, event.ActConnect
	ev.SrcIP, _ = p.env.addr(p.v[zkIdOrigH])
	ev.DstIP, _ = p.env.addr(p.v[zkIdRespH])
	ev.SrcPort, _ = parsePort(p.v[zkIdOrigP])
	ev.DstPort, _ = parsePort(p.v[zkIdRespP])
	p.remainder.n = 0
	r := &p.remainder
	r.text("log", path)
	if id := p.v[zkUid]; id != nil {
		r.text("uid", string(id))
	}
	if !p.kind(path, ev, r) {
		p.out.Drop()
		return nil
	}
	ev.Rest = r.rest(p.out)
	return nil
}

// when reads the time: seconds since 1970 with a fraction, milliseconds, or ISO 8601.
func (p *zeekParser) when() (event.Micros, bool) {
	b := p.v[zkTs]
	if m, ok := micros(b); ok && m > 0 {
		if whole := behindDigits(b, 0); whole == 13 { // JSON::TS_MILLIS
			m /= 1000
		}
		return p.env.Clock.Absolute(event.Micros(m)), true
	}
	return p.env.timeUTC(b)
}

// micros reads a decimal number and returns a million times it, rounded.
func micros(b []byte) (int64, bool) {
	if len(b) == 0 || len(b) > 40 {
		return 0, false
	}
	i := behindDigits(b, 0)
	if i == 0 || i > 12 && !(i == 13 && len(b) >= 13) {
		return 0, false
	}
	var n int64
	for _, c := range b[:i] {
		n = n*10 + int64(c-'0')
	}
	n *= 1e6
	if i == len(b) {
		return n, true
	}
	if b[i] == '.' {
		scale, k := int64(100000), i+1
		for ; k < len(b) && isDigit(b[k]); k++ {
			if scale == 0 && k == i+7 && b[k] >= '5' {
				n++
			}
			n += int64(b[k]-'0') * scale
			scale /= 10
		}
		if k == len(b) {
			return n, true
		}
	}
	f, err := strconv.ParseFloat(string(b), 64) // 9.5e-07
	if err != nil || f < 0 || f > 1e12 {
		return 0, false
	}
	return int64(f*1e6 + 0.5), true
}

// milliseconds returns a duration in seconds as milliseconds.
func milliseconds(b []byte) event.Int {
	if n, ok := micros(b); ok {
		return event.Some(n / 1000)
	}
	return event.Int{}
}

func sniffZeek(rec []byte) float64 {
	if len(rec) == 0 {
		return 0
	}
	switch rec[0] {
	case '#':
		for _, w := range [...]string{"#separator \\x", "#fields\t", "#types\t", "#path\t", "#set_separator\t", "#empty_field\t", "#unset_field\t", "#open\t", "#close\t"} {
			if isPrefix(rec, w) {
				return 0.97
			}
		}
		return 0
	case 't':
		if isPrefix(rec, "ts\tuid\t") || isPrefix(rec, "ts\tid.orig_h\t") {
			return 0.9
		}
		return 0
	}
	if isDigit(rec[0]) { // a row: its header says so, too
		i := behindDigits(rec, 0)
		if i < 12 && i+7 < len(rec) && rec[i] == '.' && behindDigits(rec, i+1) == i+7 && rec[i+7] == '\t' {
			return 0.7
		}
		return 0
	}
	b := sniffJSON(rec)
	if b == nil {
		return 0
	}
	b = b[:min(len(b), 8<<10)]
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	switch {
	case has(`"@stream":"`) && has(`"@proc"`), has(`"_path":"`) && (has(`"ts":`) || has(`"_write_ts"`)):
		return 0.96
	case !has(`"ts":`):
		return 0
	case has(`"id.orig_h"`), has(`"id_orig_h"`):
		return 0.96
	case has(`"msg_types":[`), has(`"orig_hw"`), has(`"fuid"`), has(`"certificate.serial"`), has(`"software_type"`), has(`"uid":"C`), has(`"level":"Reporter::`), has(`"note":"`) && has(`::`), has(`"port_proto"`), has(`"active_tcp_conns"`), has(`"percent_lost"`):
		return 0.85
	}
	return 0
}
