// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"strings"

	"github.com/sekisho/sekisho/event"
)

// What the joined requests of a directory server become.

// base returns a new event with what every request has: when, by whom, from where, and where its lines are.
func (j *ldapJoin) base(host string, a *ldapAct) *event.Event {
	ev := j.out.Add()
	ev.Time = a.op.time
	ev.Account = a.who.account
	ev.Service = "ldap"
	j.place(ev, host, &a.who)
	if n := int(a.op.nparts); n > 0 {
		ev.Ref = event.Ref{Input: a.op.input, Part: a.op.parts[0], More: j.out.Parts(a.op.parts[1:n]...)}
	}
	if us, ok := a.res.micros.Get(); ok {
		ev.Duration = event.Some(us / 1000)
	}
	return ev
}

func (j *ldapJoin) place(ev *event.Event, host string, who *ldapWho) {
	ev.SrcIP, ev.SrcPort, ev.SrcHost = who.src, who.srcPort, who.srcHost
	if who.dst.IsValid() && !who.dst.IsUnspecified() {
		ev.DstIP = who.dst
	}
	ev.DstPort = who.dstPort
	if ev.DstHost = host; ev.DstHost == "" {
		ev.DstHost = j.env.Host
	}
}

// tail returns the remainder that every event of a request ends with.
func tail(a *ldapAct) (err, text, tls, conn, op, micros, cut event.Field) {
	text = event.Text("text", a.res.text)
	tls = event.Text("tls", a.who.tls)
	conn, op = event.Number("conn", int64(a.who.conn)), event.Number("op", int64(a.op.id))
	if a.res.known {
		err = event.Number("err", int64(a.res.err))
	}
	if us, ok := a.res.micros.Get(); ok {
		micros = event.Number("etime_us", us)
	}
	switch {
	case a.op.cut:
		cut = event.Flag("cut", true)
	case a.op.orphan:
		cut = event.Flag("request_missing", true)
	}
	return
}

// emitBind tells a login. h is the search that found the account, if a front end made one; doubt says that a front end asked,
// but that it is not sure for which of several searches.
func (j *ldapJoin) emitBind(s *ldapServer, a *ldapAct, h *ldapHeld, doubt, rebind bool) {
	sasl := a.op.mech != "" && !strings.EqualFold(a.op.mech, "SIMPLE") || a.op.method == 163
	if a.op.dn == "" && a.op.authc == "" && !sasl && a.res.known && a.res.err == 0 && !a.op.orphan {
		return // nobody in particular: the reads that follow show what for
	}
	ev := j.base(s.host, a)
	ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
	ev.Outcome, ev.Reason = bindOutcome(&a.res)
	ev.Account = j.names.account(a.op.dn)
	if a.op.authc != "" && !strings.EqualFold(a.op.authc, a.op.authz) && a.op.authz != "" {
		ev.Account, ev.Target = j.names.account(a.op.authc), ev.Account
	} else if ev.Account == "" && a.op.authc != "" {
		ev.Account = j.names.account(a.op.authc)
	}
	var via event.Field
	if h != nil || doubt {
		ev.SrcIsRelay = true
		if ev.Reason == event.ReasonBadCredentials {
			ev.Reason = event.ReasonBadPassword // the account had just been found
		}
	}
	if h != nil {
		ev.Account = h.login.value
		via = event.Text("via", h.act.op.boundDN)
		if h.state == heldFound {
			j.prepend(ev, &h.act.op)
		}
	}
	if ev.Reason == event.ReasonBadCredentials && s.expiredDN != "" && s.expiredDN == a.op.dn && near(s.expiredAt, a.op.time) {
		ev.Reason = event.ReasonExpired
	}
	var again, doubtful event.Field
	if rebind {
		again = event.Flag("rebind", true)
	}
	if j.confirms && ev.Outcome == event.OutcomeSuccess && !a.op.confirmed {
		doubtful = event.Flag("unconfirmed", true) // the line that says the password was right is missing: it may have been empty
	}
	err, text, tls, conn, op, micros, cut := tail(a)
	ev.Rest = j.out.Rest(event.Text("dn", a.op.dn), via, event.Text("mech", a.op.mech), event.Text("authcid", a.op.authc),
		event.Text("authzid", a.op.authz), err, text, tls, conn, op, micros, again, doubtful, cut)
}

// prepend puts the lines of the search before those of the bind.
func (j *ldapJoin) prepend(ev *event.Event, o *ldapOp) {
	if o.input != ev.Ref.Input || o.nparts == 0 {
		return
	}
	parts := append(j.parts[:0], o.parts[1:o.nparts]...)
	parts = append(parts, ev.Ref.Part)
	parts = append(parts, ev.Ref.More...)
	j.parts = parts
	ev.Ref.Part, ev.Ref.More = o.parts[0], j.out.Parts(parts...)
}

// bindOutcome maps the result of a bind. The texts are those of slapd with its password policy and of 389 Directory Server.
func bindOutcome(r *ldapResult) (event.Outcome, event.Reason) {
	if !r.known {
		return event.OutcomeUnknown, event.ReasonNone
	}
	switch r.err {
	case 0:
		return event.OutcomeSuccess, event.ReasonNone
	case 10, 14, 118: // referral, SASL goes on, cancelled
		return event.OutcomeUnknown, event.ReasonNone
	}
	switch t := r.text; {
	case t == "":
	case strings.Contains(t, "LdapErr: DSID-"):
		return event.OutcomeFailure, activeDirectoryReason(t)
	case foldHas(t, "retry limit"), foldHas(t, "locked"):
		return event.OutcomeFailure, event.ReasonLocked
	case foldHas(t, "expired"):
		return event.OutcomeFailure, event.ReasonExpired
	case foldHas(t, "inactivated"), foldHas(t, "disabled"):
		return event.OutcomeFailure, event.ReasonDisabled
	case foldHas(t, "no such entry"), foldHas(t, "no suffix for bind"), foldHas(t, "user not found"), foldHas(t, "no such object"):
		return event.OutcomeFailure, event.ReasonNoSuchAccount
	case foldHas(t, "invalid credentials"): // 389 says this of an entry that is there
		return event.OutcomeFailure, event.ReasonBadPassword
	}
	switch r.err {
	case 49:
		return event.OutcomeFailure, event.ReasonBadCredentials
	case 32:
		return event.OutcomeFailure, event.ReasonNoSuchAccount
	case 19: // the retry limit: 389 says no more than that
		return event.OutcomeFailure, event.ReasonLocked
	case 53, 50, 7, 8, 13, 48, 123:
		return event.OutcomeFailure, event.ReasonDenied
	case 2, 34:
		return event.OutcomeFailure, event.ReasonProtocol
	case 3, 85:
		return event.OutcomeFailure, event.ReasonTimeout
	case 51, 52:
		return event.OutcomeFailure, event.ReasonUnavailable
	}
	return event.OutcomeFailure, event.ReasonOther
}

// activeDirectoryReason reads the code in what a domain controller behind a proxying slapd answers:
// 80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 52e, v1db1
func activeDirectoryReason(text string) event.Reason {
	_, code, _ := strings.Cut(text, ", data ")
	code, _, _ = strings.Cut(code, ",")
	switch code {
	case "525":
		return event.ReasonNoSuchAccount
	case "52e":
		return event.ReasonBadPassword
	case "530", "531", "568":
		return event.ReasonDenied
	case "532", "701", "773":
		return event.ReasonExpired
	case "533":
		return event.ReasonDisabled
	case "775":
		return event.ReasonLocked
	}
	return event.ReasonBadCredentials
}

func foldHas(s, lowerText string) bool {
	for i := 0; i+len(lowerText) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(lowerText)], lowerText) {
			return true
		}
	}
	return false
}

// opOutcome maps the result of anything but a bind. A search that hit a limit has read what it has read.
func opOutcome(r *ldapResult) (event.Outcome, event.Reason) {
	if !r.known {
		return event.OutcomeUnknown, event.ReasonNone
	}
	switch r.err {
	case 0, 4, 5, 6, 9: // compare answers with 5 and 6
		return event.OutcomeSuccess, event.ReasonNone
	case 3, 11:
		if r.entries.Or(0) > 0 {
			return event.OutcomeSuccess, event.ReasonNone
		}
		return event.OutcomeFailure, event.ReasonTimeout
	case 10, 118:
		return event.OutcomeUnknown, event.ReasonNone
	case 50, 8, 13, 53, 19, 123:
		return event.OutcomeFailure, event.ReasonDenied
	case 1, 2, 12, 18, 21, 34:
		return event.OutcomeFailure, event.ReasonProtocol
	case 51, 52:
		return event.OutcomeFailure, event.ReasonUnavailable
	}
	return event.OutcomeFailure, event.ReasonOther
}

// emitMiss tells a login with an ID that nobody has. proven says that the peer is a front end; else whoever is bound decides.
func (j *ldapJoin) emitMiss(host string, a *ldapAct, l *ldapLogin, proven bool) {
	ev := j.base(host, a)
	ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
	ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonNoSuchAccount
	ev.Account = l.value
	ev.SrcIsRelay = proven || a.who.bound != ldapBoundNobody
	ev.Object = j.object(a)
	err, text, tls, conn, op, micros, cut := tail(a)
	ev.Rest = j.out.Rest(event.Text("via", a.who.dn), err, text, tls, conn, op, event.Text("attrs", a.op.attrs), micros, cut)
}

// emitSearch tells a read of the directory.
func (j *ldapJoin) emitSearch(host string, a *ldapAct) {
	ev := j.base(host, a)
	ev.Class, ev.Activity = event.ClassDirectory, event.ActSearch
	ev.Outcome, ev.Reason = opOutcome(&a.res)
	ev.Count = a.res.entries
	ev.Object = j.object(a)
	j.identify(ev, a)
	err, text, tls, conn, op, micros, cut := tail(a)
	ev.Rest = j.out.Rest(event.Text("dn", a.who.dn), anonymous(a), event.Text("proxied", a.op.proxied), err, text, tls, conn, op,
		event.Text("attrs", a.op.attrs), event.Text("entry", a.op.entry), event.Text("notes", a.res.notes), micros, cut)
}

func anonymous(a *ldapAct) (f event.Field) {
	if a.who.bound == ldapBoundNobody {
		return event.Flag("anonymous", true)
	}
	return f
}

func (j *ldapJoin) identify(ev *event.Event, a *ldapAct) {
	if a.op.proxied != "" {
		ev.Target = j.names.account(a.op.proxied)
	}
}

// object returns base, scope and filter as one text: the same question always looks the same.
func (j *ldapJoin) object(a *ldapAct) string {
	if a.op.orphan {
		return ""
	}
	b := j.text[:0]
	if a.op.dn == "" {
		b = append(b, "<root>"...)
	}
	b = append(b, a.op.dn...)
	b = append(b, ' ')
	b = append(b, scopeName(a.op.scope)...)
	b = append(b, ' ')
	b = append(b, a.op.filter...)
	j.text = b
	return j.env.Intern.Bytes(b)
}

func scopeName(scope int8) string {
	switch scope {
	case 0:
		return "base"
	case 1:
		return "one"
	case 2:
		return "sub"
	case 3:
		return "children"
	}
	return "?"
}

// emitWrite tells a change of the directory, a comparison, or a change of a password.
func (j *ldapJoin) emitWrite(host string, a *ldapAct) {
	if a.op.kind == ldapCompare && hasAttr(a.op.attrs, "userPassword") {
		j.emitPasswordCompare(host, a)
		return
	}
	ev := j.base(host, a)
	ev.Class, ev.Activity = event.ClassEntityChange, event.ActChange
	ev.Outcome, ev.Reason = opOutcome(&a.res)
	ev.Object = a.op.dn
	j.identify(ev, a)
	attr, name := j.names.leaf(a.op.dn)
	person := idRank(attr) == 3
	change := func(act event.Activity) {
		ev.Activity = act
		if person {
			ev.Class, ev.Target = event.ClassAccountChange, name
		}
	}
	switch a.op.kind {
	case ldapAdd:
		change(event.ActCreate)
	case ldapDelete:
		change(event.ActDelete)
	case ldapRename:
		change(event.ActRename)
	case ldapCompare:
		ev.Class, ev.Activity = event.ClassDirectory, event.ActRead
	case ldapPassword:
		ev.Class, ev.Activity = event.ClassAccountChange, event.ActReset
		if ev.Target = j.names.account(a.op.dn); a.op.own {
			ev.Target = a.who.account
		}
	case ldapModify:
		switch {
		case hasAttr(a.op.attrs, "userPassword", "unicodePwd", "sambaNTPassword", "sambaLMPassword", "krbPrincipalKey"):
			ev.Class, ev.Activity, ev.Target = event.ClassAccountChange, event.ActReset, j.names.account(a.op.dn)
		case hasAttr(a.op.attrs, "nsAccountLock", "pwdAccountLockedTime", "pwdReset", "shadowExpire", "krbPrincipalExpiration",
			"userAccountControl", "nsRoleDN"):
			ev.Class, ev.Target = event.ClassAccountChange, j.names.account(a.op.dn)
		}
	}
	err, text, tls, conn, op, micros, cut := tail(a)
	ev.Rest = j.out.Rest(event.Text("dn", a.who.dn), anonymous(a), event.Text("proxied", a.op.proxied), err, text, tls, conn, op,
		event.Text("attrs", a.op.attrs), event.Text("newrdn", a.op.filter), micros, cut)
}

// emitPasswordCompare tells a login by comparison of the password: what old software does in place of a bind.
func (j *ldapJoin) emitPasswordCompare(host string, a *ldapAct) {
	ev := j.base(host, a)
	ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
	ev.Account, ev.SrcIsRelay = j.names.account(a.op.dn), true
	switch {
	case !a.res.known:
	case a.res.err == 6:
		ev.Outcome = event.OutcomeSuccess
	case a.res.err == 5:
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadPassword
	case a.res.err == 32:
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonNoSuchAccount
	default:
		ev.Outcome, ev.Reason = opOutcome(&a.res)
	}
	err, text, tls, conn, op, micros, cut := tail(a)
	ev.Rest = j.out.Rest(event.Text("dn", a.op.dn), event.Text("via", a.who.dn), event.Text("mech", "compare"), err, text, tls, conn, op, micros, cut)
}

// emitBare tells a connection on which nothing was asked: a scan, a health check, a handshake that failed.
func (j *ldapJoin) emitBare(c *ldapConn, at *ldapAt, reason string) {
	ev := j.out.Add()
	ev.Time = c.since
	ev.Class, ev.Activity, ev.Outcome = event.ClassNetwork, event.ActConnect, event.OutcomeSuccess
	if foldHas(reason, "TLS negotiation") {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonProtocol
	}
	ev.Service = "ldap"
	j.place(ev, c.server.host, &c.ldapWho)
	if d := at.time.Sub(c.since); d >= 0 {
		ev.Duration = event.Some(d.Milliseconds())
	}
	ev.Ref = c.accept
	if ev.Ref.Input == j.env.Input {
		ev.Ref.More = j.out.Parts(at.part)
	}
	ev.Rest = j.out.Rest(event.Text("closed", reason), event.Text("tls", c.tls), event.Number("conn", int64(c.conn)))
}
