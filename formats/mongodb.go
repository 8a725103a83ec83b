// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var mongoDB = Format{
	Name:   "mongodb",
	Source: "host",
	About: About{
		What: "The log of mongod and mongos, 2.4 to 8: text up to 4.2, JSON from 4.4 on.",
		Export: "Copy mongod.log*. Failed logins are there always; verbosity 1 of the component accessControl adds successes before 4.4. " +
			"The text of 2.x and 3.x tells of the address on other lines, by the connection's number: copy the whole file.",
		Takes:  "Failed and successful logins with account, database, mechanism and address; connections.",
		Leaves: "Queries. An attempt whose connection's other lines are missing has no address.",
	},
	Sniff: func(rec []byte) float64 {
		if b := sniffJSON(rec); b != nil {
			if isPrefix(b, `{"t":{"$date":"`) && has(b[:min(len(b), 200)], `"ctx":`) {
				return 0.95
			}
			return 0
		}
		if _, _, _, ok := splitMongo(rec); ok {
			return 0.85
		}
		return 0
	},
	New:    func(env *Env) Parser { return &mongoParser{env: env} },
	Shapes: ShapeSyslog | ShapeText | ShapeObject,
	Keys:   []string{"$date"},
	Marks:  []string{`{"t":{"$date":"`, "[conn", "[initandlisten]", "[listener]", "[thread"},
}

// splitMongo reads "2016-11-20T00:04:00.110+0100 [conn1] Failed to …" and "2019-…+0100 I ACCESS   [conn1] SASL …".
func splitMongo(b []byte) (t Civil, context, text []byte, ok bool) {
	t, n := parseISOStamp(b)
	if n == 0 || n+2 >= len(b) || b[n] != ' ' || !t.HasZone {
		return t, nil, nil, false
	}
	b = b[n+1:]
	if len(b) > 2 && b[1] == ' ' && isUpper(b[0]) { // severity and component
		_, b = nextWord(b[2:])
		b = bytes.TrimLeft(b, " ")
	}
	if len(b) == 0 || b[0] != '[' {
		return t, nil, nil, false
	}
	i := index(b[:min(len(b), 64)], "] ")
	if i < 0 {
		return t, nil, nil, false
	}
	context, text = b[1:i], bytes.TrimLeft(b[i+2:], " ")
	return t, context, bytes.TrimRight(text, "\r "), isPrefix(context, "conn") || string(context) == "initandlisten" || string(context) == "listener" || isPrefix(context, "thread")
}

// mongoConn is what is known of a connection by its number: its peer, and an attempt that still lacks one.
type mongoConn struct {
	number int64
	addr   netip.Addr
	port   uint16
	held   bool
	event  mongoAttempt
}

type mongoAttempt struct {
	time                            event.Micros
	ref                             event.Ref
	account, object, method, detail string
	reason                          event.Reason
	outcome                         event.Outcome
}

const mongoConns = 1024

type mongoParser struct {
	env   *Env
	conns []mongoConn
	scan  jsonScan
	buf   []byte
}

// Flush gives out the attempts whose address never came.
func (p *mongoParser) Flush(out *event.Batch) {
	for i := range p.conns {
		p.release(&p.conns[i], nil, out)
	}
}

func (p *mongoParser) conn(number int64, out *event.Batch) *mongoConn {
	if p.conns == nil {
		p.conns = make([]mongoConn, mongoConns)
	}
	c := &p.conns[uint64(number)%mongoConns]
	if c.number != number {
		p.release(c, nil, out)
		*c = mongoConn{number: number}
	}
	return c
}

// release adds the attempt that a connection holds, with the other line that told of the peer.
func (p *mongoParser) release(c *mongoConn, other *event.Record, out *event.Batch) {
	if !c.held {
		return
	}
	c.held = false
	a := &c.event
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = a.time, event.ClassAuthentication, event.ActLogon, a.outcome, a.reason
	ev.Account, ev.Object, ev.Service, ev.DstHost = a.account, a.object, "mongodb", p.env.Host
	ev.SrcIP, ev.SrcPort, ev.Ref = c.addr, c.port, a.ref
	if other != nil && a.ref.Input == p.env.Input {
		ev.Ref.More = out.Parts(other.Part)
	}
	ev.Rest = out.Rest(event.Text("method", a.method), event.Text("detail", a.detail))
}

func (p *mongoParser) Parse(rec *event.Record, out *event.Batch) error {
	if b := p.env.jsonBody(rec); b != nil {
		return p.json(b, rec, out)
	}
	t, context, text, ok := splitMongo(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	when := p.env.Clock.Moment(t)
	if rest, ok := cutPrefix(text, "connection accepted from "); ok {
		peer, rest := nextWord(rest)
		num, _ := nextWord(bytes.TrimPrefix(rest, []byte("#")))
		n, isNum := parseNumber(num)
		addr, port, isAddr := p.env.addrPort(peer)
		if !isNum || !isAddr {
			return ErrBroken
		}
		c := p.conn(n, out)
		c.addr, c.port = addr, port
		p.connect(when, addr, port, rec, out)
		return nil
	}
	num, ok := cutPrefix(context, "conn")
	n, isNum := parseNumber(num)
	if !ok || !isNum {
		return nil
	}
	c := p.conn(n, out)
	if rest, ok := cutPrefix(text, "end connection "); ok {
		peer, _ := nextWord(rest)
		if addr, port, ok := p.env.addrPort(peer); ok {
			c.addr, c.port = addr, port
			p.release(c, rec, out)
		}
		*c = mongoConn{}
		return nil
	}
	f := fit{env: p.env}
	for _, s := range mongoPhrases {
		if !f.fits(s.text, text) {
			continue
		}
		p.release(c, nil, out)
		c.held = true
		in := p.env.Intern
		c.event = mongoAttempt{time: when, ref: p.env.Ref(rec), account: in.Bytes(f.hole[holeUser]), object: in.Bytes(f.hole[holeObject]),
			method: in.Bytes(f.hole[holeMethod]), detail: in.Bytes(f.hole[holeWhy]), outcome: event.OutcomeFailure, reason: mongoReason(f.hole[holeWhy])}
		if s.what == sayLogin {
			c.event.outcome, c.event.reason = event.OutcomeSuccess, event.ReasonNone
		}
		if f.addr.IsValid() {
			c.addr, c.port = f.addr, f.port
		}
		if c.addr.IsValid() {
			p.release(c, nil, out)
		}
		return nil
	}
	return nil
}

// The name is a stranger's; what stands behind it is not, but may repeat it.
var mongoPhrases = []phrase{
	{"Failed to authenticate {user<}@{object} with mechanism {method}: {why}", sayFailed, 0},
	{"SASL {method} authentication failed for {user<} on {object} from client {ip} ; {why}", sayFailed, 0},
	{"SASL {method} authentication failed for {user<} on {object} from client {ip}; {why}", sayFailed, 0},
	{"{method} authentication failed for {user<} on {object} from client {ip} ; {why}", sayFailed, 0},
	{"Successfully authenticated as principal {user} on {object}", sayLogin, 0},
	{"Successfully authenticated as principal {user} on {object} from client {ip}", sayLogin, 0},
}

func mongoReason(why []byte) event.Reason {
	switch {
	case has(why, "UserNotFound"):
		return event.ReasonNoSuchAccount
	case has(why, "key mismatch"), has(why, "storedKey mismatch"):
		return event.ReasonBadPassword
	}
	return event.ReasonBadCredentials
}

func (p *mongoParser) connect(when event.Micros, addr netip.Addr, port uint16, rec *event.Record, out *event.Batch) {
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = when, event.ClassNetwork, event.ActConnect, event.OutcomeSuccess
	ev.SrcIP, ev.SrcPort, ev.Service, ev.DstHost, ev.Ref = addr, port, "mongodb", p.env.Host, p.env.Ref(rec)
}

// json reads a line of 4.4 and later: {"t":{"$date":…},"c":"ACCESS","id":20249,"ctx":"conn38","msg":"Authentication failed","attr":{…}}.
func (p *mongoParser) json(b []byte, rec *event.Record, out *event.Batch) error {
	var date, id, user, db, mechanism, client, result, remote jsonValue
	s := &p.scan
	s.reset(b)
	for ok := s.enter('{'); ok && s.member(); {
		switch string(s.key) {
		case "t":
			for ok := s.enter('{'); ok && s.member(); {
				date = s.value()
			}
		case "id":
			id = s.value()
		case "attr":
			for ok := s.enter('{'); ok && s.member(); {
				switch string(s.key) {
				case "principalName", "user":
					user = s.value()
				case "authenticationDatabase", "db":
					db = s.value()
				case "mechanism":
					mechanism = s.value()
				case "client":
					client = s.value()
				case "remote":
					remote = s.value()
				case "result", "error":
					result = s.value()
				default:
					s.skip()
				}
			}
		default:
			s.skip()
		}
	}
	n, isNum := id.int()
	if !s.end() || !isNum {
		return ErrOtherFormat
	}
	t, k := parseISOStamp(date.text(&p.buf))
	if k == 0 {
		return ErrOtherFormat
	}
	when := p.env.Clock.Moment(t)
	switch n {
	case 22943: // Connection accepted
		if addr, port, ok := p.env.addrPort(remote.text(&p.buf)); ok {
			p.connect(when, addr, port, rec, out)
		}
		return nil
	case 20249, 5286307, 20250, 5286306:
	default:
		return nil
	}
	if n == 5286306 || n == 5286307 {
		if client.empty() {
			client = remote
		}
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = when, event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess
	ev.Account = in.Bytes(user.text(&p.buf))
	ev.Object = in.Bytes(db.text(&p.buf))
	ev.SrcIP, ev.SrcPort, _ = p.env.addrPort(client.text(&p.buf))
	ev.Service, ev.DstHost, ev.Ref = "mongodb", p.env.Host, p.env.Ref(rec)
	detail := ""
	if n == 20249 || n == 5286307 {
		ev.Outcome = event.OutcomeFailure
		why := result.text(&p.buf)
		ev.Reason, detail = mongoReason(why), in.Bytes(why)
	}
	method := in.Bytes(mechanism.text(&p.buf))
	ev.Rest = out.Rest(event.Text("method", method), event.Text("detail", detail))
	return nil
}
