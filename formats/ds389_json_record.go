// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"strings"

	"github.com/sekisho/sekisho/event"
)

// What the JSON records of 389 Directory Server mean.

// operation takes one record of the access log.
func (p *ds389JSONParser) operation(s *ldapServer, at *ldapAt) error {
	r, j := &p.rec, p.join
	switch string(r.operation.raw) {
	case "CONNECTION":
		var who ldapWho
		p.peers(&who, r.clientIP, r.serverIP)
		if r.tls.yes() {
			who.tls = "yes"
		}
		at.op = -1
		j.accept(s, at, &who)
	case "HAPROXY":
		var who ldapWho
		p.peers(&who, r.haproxyIP, r.haproxyDest)
		at.op = -1
		c := j.conn(s, at, true)
		c.setPeer(&who)
		c.accepted = true
		j.settleNow(c)
	case "DISCONNECT":
		at.op = -1
		reason := p.keep(r.closeReason)
		if reason == "" {
			reason = p.keep(r.closeError)
		}
		j.closed(s, at, reason)
	case "TLS_INFO", "TLS_CLIENT_INFO":
		if c := j.conn(s, at, false); c != nil && c.tls == "" {
			c.tls = "yes"
		}
	case "AUTOBIND":
		c := j.conn(s, at, true)
		c.bound, c.dn = ldapBoundName, p.keep(r.bindDN)
		c.account = j.names.account(c.dn)
	case "UNBIND":
		if c := j.conn(s, at, false); c != nil {
			c.unbound, c.used = at.op, true
		}
	case "BIND":
		p.bind(s, at)
	case "SEARCH":
		p.search(s, at)
	case "RESULT":
		p.result(s, at)
	case "ADD":
		p.change(s, at, ldapAdd)
	case "DELETE":
		p.change(s, at, ldapDelete)
	case "MODIFY":
		p.change(s, at, ldapModify)
	case "MODRDN":
		p.change(s, at, ldapRename)
	case "COMPARE":
		p.change(s, at, ldapCompare)
	case "EXTENDED_OP":
		kind := ldapOther
		if r.oid.is("1.3.6.1.4.1.4203.1.11.1") {
			kind = ldapPassword
		}
		j.start(s, at, kind)
	case "EXTENDED_OP_INFO":
		if o := j.more(s, at); o != nil && o.kind == ldapPassword && r.target.kind != 0 {
			o.dn = p.keep(r.target)
		}
	case "ABANDON":
		p.abandon(s, at)
	case "ENTRY":
		if o := j.more(s, at); o != nil && o.entry == "" {
			o.entry = p.keep(r.target)
		}
	case "SORT", "STAT", "VLV", "REFERRAL", "ERROR":
	default:
		return ErrUnknownKind
	}
	return nil
}

func (p *ds389JSONParser) bind(s *ldapServer, at *ldapAt) {
	o := p.join.start(s, at, ldapBind)
	if o == nil {
		return
	}
	o.conn.bound, o.conn.dn, o.conn.account = ldapBoundNobody, "", ""
	o.dn, o.mech = p.keep(p.rec.bindDN), p.keep(p.rec.mech)
	if m := p.keep(p.rec.method); strings.EqualFold(m, "sasl") {
		o.method = 163
	} else if m == "128" {
		o.method = 128
	}
}

func (p *ds389JSONParser) search(s *ldapServer, at *ldapAt) {
	r := &p.rec
	o := p.join.start(s, at, ldapSearch)
	if o == nil {
		return
	}
	o.dn, o.filter, o.attrs = p.keep(r.base), p.keep(r.filter), p.join.keep(r.attrs)
	if n, ok := r.scope.int(); ok && n >= 0 && n <= 3 {
		o.scope = int8(n)
	}
	o.cut = strings.HasSuffix(o.filter, "...")
	o.proxied = p.keep(r.authzid)
}

func (p *ds389JSONParser) change(s *ldapServer, at *ldapAt, kind ldapKind) {
	r := &p.rec
	if o := p.join.start(s, at, kind); o != nil {
		o.dn, o.filter, o.attrs, o.proxied = p.keep(r.target), p.keep(r.newRDN), p.keep(r.attr), p.keep(r.authzid)
	}
}

func (p *ds389JSONParser) abandon(s *ldapServer, at *ldapAt) {
	c := p.join.conn(s, at, false)
	n, used := number64(p.rec.target2.raw)
	if c == nil || used == 0 || n > 1<<31-1 {
		return
	}
	if o := c.op(int32(n)); o != nil {
		p.join.addPart(o, at)
		res := ldapResult{notes: "abandoned"}
		if n, ok := p.rec.nentries.int(); ok {
			res.entries = event.Some(n)
		}
		p.join.done(o, &res)
	}
}

func (p *ds389JSONParser) result(s *ldapServer, at *ldapAt) {
	r := &p.rec
	var res ldapResult
	if n, ok := r.err.int(); ok {
		res.known, res.err = true, int32(max(-1, min(n, 1<<16)))
	}
	if n, ok := r.tag.int(); ok {
		res.tag = int32(max(0, min(n, 1<<16)))
	}
	if n, ok := r.nentries.int(); ok {
		res.entries = event.Some(n)
	}
	res.micros = secondsToMicros(r.etime.raw)
	res.text, res.notes = p.keep(r.msg), p.join.keep(r.notes)
	if r.bindDN.kind == '"' {
		res.dn = p.keep(r.bindDN)
		res.nobody = res.dn == "" && res.tag == 97 && res.err == 0
	}
	// The answer names the client: good where the log begins after the connection did.
	if c := p.join.conn(s, at, true); !c.accepted && r.clientIP.kind == '"' {
		var who ldapWho
		p.peers(&who, r.clientIP, jsonValue{})
		c.setPeer(&who)
		p.join.settleNow(c)
	}
	p.join.result(s, at, &res)
}

// security takes one record of the security log. Each stands for itself.
func (p *ds389JSONParser) security(rec *event.Record, at *ldapAt) error {
	r := &p.rec
	msg := p.keep(r.msg)
	kind := string(r.event.raw)
	switch kind {
	case "BIND_SUCCESS", "BIND_FAILED", "AUTHZ_ERROR", "TCP_ERROR", "HAPROXY_SUCCESS":
	default:
		return ErrUnknownKind
	}
	if kind == "HAPROXY_SUCCESS" || kind == "BIND_SUCCESS" && msg == "ANONYMOUS_BIND" {
		return nil
	}
	var a ldapAct
	p.peers(&a.who, r.clientIP, r.serverIP)
	ev := p.join.out.Add()
	ev.Time, ev.Service = at.time, "ldap"
	ev.Ref = p.env.Ref(rec)
	p.join.place(ev, "", &a.who)
	dn := p.keep(r.dn)
	ev.Account = p.join.names.account(dn)
	switch kind {
	case "TCP_ERROR":
		ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassNetwork, event.ActConnect, event.OutcomeFailure, event.ReasonProtocol
	case "AUTHZ_ERROR":
		ev.Class, ev.Activity, ev.Outcome, ev.Reason = event.ClassDirectory, event.ActOther, event.OutcomeFailure, event.ReasonDenied
		if t, ok := strings.CutPrefix(msg, "target_dn=("); ok {
			ev.Object = strings.TrimSuffix(t, ")")
		}
	default:
		ev.Class, ev.Activity, ev.Outcome = event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess
		if kind == "BIND_FAILED" {
			ev.Outcome, ev.Reason = event.OutcomeFailure, securityReason(msg)
		}
	}
	conn, _ := r.connID.int()
	op := event.Field{}
	if n, ok := r.opID.int(); ok {
		op = event.Number("op", n)
	}
	ev.Rest = p.join.out.Rest(event.Text("dn", dn), event.Text("mech", p.keep(r.method)), event.Text("text", msg),
		event.Number("conn", conn), op, event.Text("log", "security"))
	return nil
}

func securityReason(msg string) event.Reason {
	switch {
	case strings.HasPrefix(msg, "INVALID_PASSWORD"):
		return event.ReasonBadPassword
	case strings.HasPrefix(msg, "NO_SUCH_ENTRY"):
		return event.ReasonNoSuchAccount
	case strings.HasPrefix(msg, "ACCOUNT_LOCKED"):
		return event.ReasonLocked
	case strings.Contains(msg, "EXPIRED"):
		return event.ReasonExpired
	}
	return event.ReasonBadCredentials
}
