// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var ds389JSON = Format{
	Name:   "389ds-json",
	Source: "directory",
	About: About{
		What:   "389 Directory Server 3.1 and later with the access log as JSON (nsslapd-accesslog-log-format: json or json-pretty), and the security log that the server writes from 2.1 on.",
		Export: "Copy /var/log/dirsrv/slapd-INSTANCE/access and security with their rotated pieces. Give one of the two for logins, not both: the same bind stands in both, and would be counted twice.",
		Takes:  "From the access log what the text form gives. From the security log one authentication for each bind, with the server's own reason (no such entry, wrong password, locked), refused changes, and connections that broke off.",
		Leaves: "The security log has no searches, so front ends cannot be told from people by it, and no SASL binds but EXTERNAL.",
	},
	Framing: event.FrameJSON,
	Sniff:   sniffDS389JSON,
	New: func(env *Env) Parser {
		return &ds389JSONParser{env: env, join: newLDAPJoin(env, false)}
	},
	Shapes: ShapeObject,
	Keys:   []string{"conn_id", "header"},
}

func sniffDS389JSON(rec []byte) float64 {
	b := sniffJSON(rec)
	switch {
	case b == nil:
		return 0
	case has(b, "\"conn_id\"") && has(b, "\"local_time\"") && has(b, "\"operation\""):
		return 1
	case has(b, "\"conn_id\"") && has(b, "\"utc_time\"") && has(b, "\"event\""):
		return 1
	case has(b, "\"header\"") && has(b, "389-Directory"):
		return 0.9
	}
	return 0
}

// ds389Record is one JSON object of either log. The fields are those of the server's accesslog.c and log.c.
type ds389Record struct {
	operation, localTime, utcTime, event, header      jsonValue
	connID, opID, internal, tag, err, nentries        jsonValue
	clientIP, serverIP, tls, bindDN, dn, method       jsonValue
	mech, base, scope, filter, target, newRDN, attr   jsonValue
	etime, msg, closeReason, closeError, oid, target2 jsonValue
	authzid, haproxyIP, haproxyDest, rootDN           jsonValue
	attrs                                             []byte
	notes                                             []byte
}

type ds389JSONParser struct {
	env  *Env
	join *ldapJoin
	scan jsonScan
	rec  ds389Record
	buf  []byte
	list []byte
	note []byte
}

// Parse reads one object.
func (p *ds389JSONParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil {
		return ErrOtherFormat
	}
	p.join.out = out
	p.rec = ds389Record{}
	if err := p.read(b); err != nil {
		return err
	}
	r := &p.rec
	at := ldapAt{part: rec.Part, op: -1}
	switch {
	case r.header.kind != 0:
		return nil
	case r.connID.kind == 0:
		return ErrOtherFormat
	case r.event.kind != 0 && r.utcTime.kind != 0:
		if !p.utcTime(&at) {
			return ErrNoTime
		}
		return p.security(rec, &at)
	case r.operation.kind == 0 || r.localTime.kind == 0:
		return ErrOtherFormat
	}
	if !p.localTime(&at) {
		return ErrNoTime
	}
	if r.internal.yes() {
		return nil // what the server asks itself
	}
	n, ok := r.connID.int()
	if !ok || n < 0 {
		return ErrBroken
	}
	at.conn = uint64(n)
	if n, ok := r.opID.int(); ok && n >= 0 && n < 1<<31 {
		at.op = int32(n)
	}
	return p.operation(p.join.server(nil, nil, at.time), &at)
}

// Flush tells what still waits.
func (p *ds389JSONParser) Flush(out *event.Batch) {
	p.join.out = out
	p.join.flush()
}

func (p *ds389JSONParser) read(b []byte) error {
	s := &p.scan
	s.reset(b)
	for ok := s.enter('{'); ok && s.member(); {
		if v := p.field(s.key); v != nil {
			*v = s.value()
			continue
		}
		switch string(s.key) {
		case "attrs":
			p.list = p.list[:0]
			for ok := s.enter('['); ok && s.element(); {
				if v := s.value(); v.kind == '"' {
					if len(p.list) > 0 {
						p.list = append(p.list, ' ')
					}
					p.list = append(p.list, v.text(&p.buf)...)
				}
			}
			p.rec.attrs = p.list
		case "notes":
			p.note = p.note[:0]
			for ok := s.enter('['); ok && s.element(); {
				p.oneNote()
			}
			p.rec.notes = p.note
		default:
			s.skip()
		}
	}
	if !s.end() {
		return ErrBroken
	}
	return nil
}

func (p *ds389JSONParser) oneNote() {
	s := &p.scan
	for ok := s.enter('{'); ok && s.member(); {
		if string(s.key) != "note" {
			s.skip()
			continue
		}
		if len(p.note) > 0 {
			p.note = append(p.note, ',')
		}
		p.note = append(p.note, s.value().text(&p.buf)...)
	}
}

// field returns where the member of that name is kept; nil for one that is not.
func (p *ds389JSONParser) field(key []byte) *jsonValue {
	r := &p.rec
	switch string(key) {
	case "operation":
		return &r.operation
	case "local_time":
		return &r.localTime
	case "utc_time":
		return &r.utcTime
	case "event":
		return &r.event
	case "header":
		return &r.header
	case "conn_id":
		return &r.connID
	case "op_id":
		return &r.opID
	case "internal_op":
		return &r.internal
	case "tag":
		return &r.tag
	case "err":
		return &r.err
	case "nentries":
		return &r.nentries
	case "client_ip":
		return &r.clientIP
	case "server_ip":
		return &r.serverIP
	case "tls":
		return &r.tls
	case "bind_dn":
		return &r.bindDN
	case "dn":
		return &r.dn
	case "method", "bind_method":
		return &r.method
	case "mech":
		return &r.mech
	case "base_dn", "base":
		return &r.base
	case "scope":
		return &r.scope
	case "filter":
		return &r.filter
	case "target_dn":
		return &r.target
	case "newrdn":
		return &r.newRDN
	case "cmp_attr":
		return &r.attr
	}
	return p.rareField(key)
}

func (p *ds389JSONParser) rareField(key []byte) *jsonValue {
	r := &p.rec
	switch string(key) {
	case "etime":
		return &r.etime
	case "msg":
		return &r.msg
	case "close_reason":
		return &r.closeReason
	case "close_error":
		return &r.closeError
	case "oid":
		return &r.oid
	case "target_op":
		return &r.target2
	case "authzid":
		return &r.authzid
	case "haproxy_ip":
		return &r.haproxyIP
	case "haproxy_destip":
		return &r.haproxyDest
	case "root_dn":
		return &r.rootDN
	}
	return nil
}

// localTime reads the access log's time, whose form can be configured: ISO, the text log's, or Unix seconds.
func (p *ds389JSONParser) localTime(at *ldapAt) bool {
	b := bytes.Trim(p.rec.localTime.text(&p.buf), " []")
	t, n := parseISOStamp(b)
	if n == 0 {
		if t, n = parseCLFStamp(b); n == 0 {
			return p.unix(b, at)
		}
	}
	if n+1 < len(b) && b[n] == ' ' && !t.HasZone {
		wholeZone(b[n+1:], &t)
	}
	if !t.Valid() {
		return false
	}
	at.time = p.env.Clock.Moment(t)
	return true
}

func (p *ds389JSONParser) utcTime(at *ldapAt) bool { return p.unix(p.rec.utcTime.raw, at) }

// unix reads "1684155510.154562500".
func (p *ds389JSONParser) unix(b []byte, at *ldapAt) bool {
	sec, n := number64(b)
	if n < 9 || n > 11 {
		return false
	}
	micro := int64(0)
	if n < len(b) && b[n] == '.' {
		scale := int64(100000)
		for _, c := range b[n+1:] {
			if !isDigit(c) {
				return false
			}
			micro += int64(c-'0') * scale
			scale /= 10
		}
	} else if n < len(b) {
		return false
	}
	at.time = p.env.Clock.Absolute(event.Micros(int64(sec)*1000000 + micro))
	return true
}

func (p *ds389JSONParser) keep(v jsonValue) string {
	if v.kind != '"' {
		return ""
	}
	return p.join.keep(v.text(&p.buf))
}

// peers sets whose connection it is.
func (p *ds389JSONParser) peers(who *ldapWho, from, to jsonValue) {
	if a, port, ok := p.env.addrPort(from.text(&p.buf)); ok {
		who.src, who.srcPort = a, port
	} else {
		who.srcHost = p.keep(from) // local
	}
	if a, port, ok := p.env.addrPort(to.text(&p.buf)); ok {
		who.dst, who.dstPort = a, port
	}
}
