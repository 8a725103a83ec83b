// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var radiusDetail = Format{
	Name:   "freeradius-detail",
	Also:   []string{"radius-detail"},
	Source: "radius",
	About: About{
		What: "Detail files of FreeRADIUS (radacct/CLIENT/detail-YYYYMMDD, auth-detail, reply-detail), as other RADIUS servers write them too (Livingston, Cistron, Radiator).",
		Export: "Copy /var/log/freeradius/radacct. Accounting must be on in access points, switches and VPN gateways, with the device's address (framed IP; on many controllers a setting " +
			"of its own) and interim updates; the detail module must stand in the section accounting, as it does by default.",
		Takes:  "From accounting: who had which address with which device, from when until when, with bytes. From replies: logins accepted and refused.",
		Leaves: "Requests of auth-detail, which hold passwords: none is kept. Attributes other than those named. Where Timestamp cannot be read, the time is that of the block's first line.",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := detailHead(rec); ok {
			return 0.6
		}
		if k, _, ok := detailPair(rec); ok && detailKey(k) != dSkip {
			return 0.85
		} else if ok {
			return 0.5
		}
		return 0
	},
	New:    func(env *Env) Parser { return &detailParser{env: env} },
	Shapes: notObject,
}

// detailHead reads the line that a block begins with: "Mon Jun  2 09:00:00 2025" and nothing else.
func detailHead(b []byte) (Civil, bool) {
	b = bytes.TrimRight(b, "\r")
	if len(b) != 24 || b[3] != ' ' {
		return Civil{}, false
	}
	t, n := parseBSDStamp(b[4:])
	return t, n == 20 && t.Year > 0
}

// detailPair cuts "\tUser-Name = \"hanako\"".
func detailPair(b []byte) (key, val []byte, ok bool) {
	b = bytes.TrimRight(b, "\r")
	if len(b) < 6 || b[0] != '\t' && !isPrefix(b, "    ") {
		return nil, nil, false
	}
	b = bytes.TrimLeft(b, "\t ")
	i := index(b, " = ")
	if i <= 0 || i > 64 || bytes.IndexByte(b[:i], ' ') >= 0 || bytes.IndexByte(b[:i], '-') < 0 && string(b[:i]) != "Timestamp" && string(b[:i]) != "Class" {
		return nil, nil, false
	}
	val = b[i+3:]
	if n := len(val); n >= 2 && val[0] == '"' && val[n-1] == '"' {
		val = val[1 : n-1]
	}
	return b[:i], val, true
}

type detailField uint8

const (
	dSkip detailField = iota
	dPacket
	dUser
	dStatus
	dFramedIP
	dFramedIPv6
	dCalling
	dCalled
	dNASIP
	dNASName
	dSession
	dIn
	dOut
	dInGiga
	dOutGiga
	dTime
	dTook
	dCause
	dReply
	dFields
)

func detailKey(k []byte) detailField {
	switch string(k) {
	case "Packet-Type":
		return dPacket
	case "User-Name", "Stripped-User-Name":
		return dUser
	case "Acct-Status-Type":
		return dStatus
	case "Framed-IP-Address":
		return dFramedIP
	case "Framed-IPv6-Address":
		return dFramedIPv6
	case "Calling-Station-Id":
		return dCalling
	case "Called-Station-Id":
		return dCalled
	case "NAS-IP-Address", "NAS-IPv6-Address":
		return dNASIP
	case "NAS-Identifier":
		return dNASName
	case "Acct-Session-Id":
		return dSession
	case "Acct-Input-Octets":
		return dIn
	case "Acct-Output-Octets":
		return dOut
	case "Acct-Input-Gigawords":
		return dInGiga
	case "Acct-Output-Gigawords":
		return dOutGiga
	case "Timestamp":
		return dTime
	case "Acct-Session-Time":
		return dTook
	case "Acct-Terminate-Cause":
		return dCause
	case "Reply-Message":
		return dReply
	}
	return dSkip
}

type detailParser struct {
	env  *Env
	open bool
	at   event.Micros
	ref  event.Ref
	more []event.Part
	v    [dFields]string
}

func (p *detailParser) Flush(out *event.Batch) { p.finish(out) }

func (p *detailParser) Parse(rec *event.Record, out *event.Batch) error {
	if t, ok := detailHead(rec.Data); ok {
		p.finish(out)
		p.open, p.at, p.ref, p.more = true, p.env.Clock.Moment(t), p.env.Ref(rec), p.more[:0]
		return nil
	}
	k, v, ok := detailPair(rec.Data)
	switch {
	case ok && p.open:
		if len(p.more) < maxLeaseLines {
			p.more = append(p.more, rec.Part)
		}
		if f := detailKey(k); f != dSkip && p.v[f] == "" {
			p.v[f] = p.env.Intern.Bytes(v[:min(len(v), 256)])
		}
		return nil
	case ok:
		return ErrBroken
	case len(bytes.TrimSpace(rec.Data)) == 0 && p.open:
		p.finish(out)
		return nil
	}
	p.finish(out)
	return ErrOtherFormat
}

func (p *detailParser) finish(out *event.Batch) {
	if !p.open {
		return
	}
	p.open = false
	r := radiusRecord{at: p.at, user: p.v[dUser], framed: p.v[dFramedIP], framed6: p.v[dFramedIPv6], calling: p.v[dCalling], called: p.v[dCalled], nas: p.v[dNASName], nasIP: p.v[dNASIP],
		session: p.v[dSession], cause: p.v[dCause], detail: p.v[dReply]}
	if sec, ok := parseNumber([]byte(p.v[dTime])); ok && sec > 1e8 && sec < 1<<33 {
		r.at = p.env.Clock.Absolute(event.Micros(sec) * 1e6)
	}
	r.in, r.out = gigawords(p.v[dIn], p.v[dInGiga]), gigawords(p.v[dOut], p.v[dOutGiga])
	if sec, ok := parseNumber([]byte(p.v[dTook])); ok && sec < 1<<40 {
		r.took = event.Some(sec * 1000)
	}
	switch p.v[dPacket] {
	case "Access-Accept":
		r.kind = radiusAccept
	case "Access-Reject":
		r.kind = radiusReject
	case "", "Accounting-Request":
		r.kind = radiusStatus(p.v[dStatus])
	}
	p.v = [dFields]string{}
	if ev := r.event(p.env, out); ev != nil {
		ev.Ref = p.ref
		if p.ref.Input == p.env.Input {
			ev.Ref.More = out.Parts(p.more...)
		}
	}
}

func gigawords(low, high string) event.Int {
	l, ok := parseNumber([]byte(low))
	h, _ := parseNumber([]byte(high))
	if !ok || h > 1<<20 {
		return event.Int{}
	}
	return event.Some(h<<32 + l)
}

// radiusRecord is what RADIUS servers log of one packet, whatever form they log it in.
type radiusRecord struct {
	kind            radiusKind
	at              event.Micros
	user            string
	framed, framed6 string
	calling, called string
	nas, nasIP      string
	session         string
	cause, detail   string
	reason          event.Reason
	in, out         event.Int // octets, as seen from the device that asked: in is what it got from the client
	took            event.Int
}

type radiusKind uint8

const (
	radiusNothing radiusKind = iota
	radiusAccept
	radiusReject
	radiusStart
	radiusInterim
	radiusStop
)

func radiusStatus(word string) radiusKind {
	switch word {
	case "Start", "1":
		return radiusStart
	case "Stop", "2":
		return radiusStop
	case "Interim-Update", "Alive", "3":
		return radiusInterim
	}
	return radiusNothing
}

// event adds what the record says: a login, or who had which address.
func (r *radiusRecord) event(env *Env, out *event.Batch) *event.Event {
	if r.kind == radiusNothing {
		return nil
	}
	ev := out.Add()
	ev.Time, ev.Outcome, ev.Account, ev.Service, ev.DstHost = r.at, event.OutcomeSuccess, r.user, "radius", env.Host
	ip, ok := env.addr([]byte(r.framed))
	if ok && (ip.IsUnspecified() || r.framed == "255.255.255.254" || r.framed == "255.255.255.255") {
		ok = false // "let the client choose", "the server chooses"
	}
	if !ok {
		ip, ok = env.addr([]byte(r.framed6))
	}
	switch r.kind {
	case radiusAccept:
		ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
	case radiusReject:
		ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, r.reason
		if r.reason == event.ReasonNone {
			ev.Reason = event.ReasonBadCredentials
		}
	case radiusStop:
		ev.Class, ev.Activity, ev.SrcIP = event.ClassLease, event.ActRelease, ip
		if !ok {
			ev.Class, ev.Activity = event.ClassRemoteSession, event.ActStop
		}
		ev.BytesOut, ev.BytesIn, ev.Duration = r.in, r.out, r.took
	default:
		ev.Class, ev.Activity, ev.SrcIP = event.ClassLease, event.ActAssign, ip
		if !ok {
			ev.Class, ev.Activity = event.ClassRemoteSession, event.ActStart
		}
	}
	var f [8]event.Field
	f[0] = event.Text("mac", "")
	if a, ok := env.addr([]byte(r.calling)); ok { // a VPN gateway: where the person came from
		if ev.Class == event.ClassLease {
			ev.Object = r.framed
			if !ip.Is4() {
				ev.Object = r.framed6
			}
		}
		ev.SrcIP = a
	} else if r.calling != "" {
		f[0] = event.Text("mac", env.mac([]byte(r.calling)))
	}
	f[1], f[2], f[3] = event.Text("nas", r.nas), event.Text("nas_ip", r.nasIP), event.Text("called", r.called)
	f[4], f[5], f[6] = event.Text("session", r.session), event.Text("cause", r.cause), event.Text("detail", r.detail)
	f[7] = event.Text("how", "")
	if r.kind == radiusInterim {
		f[7] = event.Text("how", "renewed")
		if ev.Class == event.ClassRemoteSession { // told of again
			ev.Count = event.Some(0)
		}
	}
	ev.Rest = out.Rest(f[:]...)
	return ev
}
