// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var cas = Format{
	Name:   "cas",
	Also:   []string{"apereo-cas"},
	Source: "directory",
	About: About{
		What:   "The audit log of Apereo (Jasig) CAS 3.5 to 7: cas_audit.log, in its block form, as one line (cas.audit.slf4j.use-single-line=true) or as JSON (audit-format=JSON).",
		Export: "Copy cas_audit-*.log. It is on by default. Behind a proxy set cas.audit.engine.alternate-client-addr-header-name, or the client's address is the proxy's.",
		Takes:  "Logins and failed logins, second factors, tickets granted and validated with their service, logouts, changed passwords, with account and address.",
		Leaves: "Why a login failed: the audit log does not say. A form of one's own (single-line-separator other than the bar) is not read.",
	},
	Shapes: ShapeSyslog | ShapeText | ShapeObject,
	Keys:   []string{"clientIpAddress"},
	Sniff: func(rec []byte) float64 {
		if b := sniffJSON(rec); b != nil {
			if has(b, `"clientIpAddress"`) && has(b, `"who"`) {
				return 0.9
			}
			return 0
		}
		if b := casLogged(rec); b != nil && has(b, `"clientIpAddress"`) && has(b, `"who"`) {
			return 0.9
		}
		var a casAudit
		if a.line(rec) || isPrefix(rec, "Audit trail record BEGIN") || has(rec[:min(len(rec), 200)], "LoggingAuditTrailManager] - <Audit trail record BEGIN") || isPrefix(rec, "CLIENT IP ADDRESS: ") || isPrefix(rec, "SERVER IP ADDRESS: ") {
			return 0.9
		}
		return 0
	},
	New:   func(env *Env) Parser { return &casParser{env: env} },
	Marks: []string{`"who"`, "|", "Audit trail record BEGIN", "CLIENT IP ADDRESS: ", "SERVER IP ADDRESS: "},
}

// casAudit is one audit record.
type casAudit struct {
	when, who, what, action, app, client, server []byte
}

// line reads "Mon Oct 11 09:01:35 CEST 2021|CAS|Supplied credentials: […]|AUTHENTICATION_FAILED|john.doe|192.0.2.7|198.51.100.2", with the
// logger's head before it or without. What was supplied holds what a stranger typed: the fields are counted from both ends.
func (a *casAudit) line(b []byte) bool {
	if i := index(b[:min(len(b), 200)], "AuditTrailManager] - "); i >= 0 {
		b = bytes.TrimLeft(b[i+len("AuditTrailManager] - "):], "<")
	}
	b = bytes.TrimRight(b, ">\r ")
	i := bytes.IndexByte(b, '|')
	if i < 19 || i > 40 {
		return false
	}
	a.when, b = b[:i], b[i+1:]
	if i = bytes.IndexByte(b, '|'); i < 0 {
		return false
	}
	a.app, b = b[:i], b[i+1:]
	var tail [4][]byte // server, client, who, action
	for k := range tail {
		j := bytes.LastIndexByte(b, '|')
		if j < 0 {
			return false
		}
		tail[k], b = b[j+1:], b[:j]
	}
	a.server, a.client, a.who, a.action, a.what = tail[0], tail[1], tail[2], tail[3], b
	for _, c := range a.action {
		if !isUpper(c) && c != '_' && !isDigit(c) {
			return false
		}
	}
	return len(a.action) > 3
}

// time reads the date of a record: Java's "Mon Oct 11 09:01:35 CEST 2021", or ISO's.
func (a *casAudit) time() (t Civil, ok bool) {
	b := a.when
	if t, n := parseISOStamp(b); n > 0 {
		return t, true
	}
	if len(b) < 24 || b[3] != ' ' {
		return t, false
	}
	t, n := parseBSDStamp(b[4:])
	if n == 0 {
		return t, false
	}
	year, k := digits(b[len(b)-4:], 4)
	if k != 4 {
		return t, false
	}
	t.Year = year
	switch zone := bytes.TrimSpace(b[4+n : len(b)-4]); string(zone) { // names that are not ambiguous
	case "UTC", "GMT", "Z":
		t.HasZone = true
	case "JST":
		t.HasZone, t.East = true, 9*3600
	case "CET":
		t.HasZone, t.East = true, 3600
	case "CEST":
		t.HasZone, t.East = true, 7200
	}
	return t, t.Valid()
}

// casLogged returns the object behind the head of CAS's own log: "… [….Slf4jLoggingAuditTrailManager] - <{…}>"; nil if there is none.
func casLogged(b []byte) []byte {
	i := index(b[:min(len(b), 200)], "AuditTrailManager] - ")
	if i < 0 {
		return nil
	}
	b = bytes.TrimPrefix(b[i+len("AuditTrailManager] - "):], []byte("<"))
	if !opensObject(b) {
		return nil
	}
	return bytes.TrimSuffix(bytes.TrimRight(b, "\r "), []byte(">"))
}

// casParser joins the lines of a block.
type casParser struct {
	env    *Env
	scan   jsonScan
	buf    []byte
	block  casBlock
	closed bool // a block was read
}

// casBlock is what a block told so far: copies, for the lines are gone.
type casBlock struct {
	open                                         bool
	when, who, what, action, app, client, server string
	first                                        event.Part
	more                                         [12]event.Part
	n                                            int
	input                                        uint32
}

func (p *casParser) Flush(*event.Batch) {}

func (p *casParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil {
		b = casLogged(rec.Data)
	}
	if b != nil {
		return p.json(b, rec, out)
	}
	var a casAudit
	if a.line(rec.Data) {
		return p.emit(&a, p.env.Ref(rec), out)
	}
	return p.blockLine(rec, out)
}

func (p *casParser) blockLine(rec *event.Record, out *event.Batch) error {
	b := bytes.TrimRight(rec.Data, "\r ")
	k := &p.block
	if i := index(b[:min(len(b), 220)], "Audit trail record BEGIN"); i >= 0 {
		*k = casBlock{open: true, first: rec.Part, input: p.env.Input}
		return nil
	}
	if !k.open {
		if p.closed && (len(b) == 0 || b[0] == '=' || b[0] == '>') { // what stands behind a block
			return nil
		}
		return ErrOtherFormat
	}
	if k.n < len(k.more) {
		k.more[k.n] = rec.Part
		k.n++
	}
	in := p.env.Intern
	for _, f := range [...]struct {
		name string
		at   *string
	}{{"WHO: ", &k.who}, {"WHAT: ", &k.what}, {"ACTION: ", &k.action}, {"APPLICATION: ", &k.app}, {"WHEN: ", &k.when}, {"CLIENT IP ADDRESS: ", &k.client}, {"SERVER IP ADDRESS: ", &k.server}} {
		if v, ok := cutPrefix(b, f.name); ok {
			if *f.at == "" || f.name == "CLIENT IP ADDRESS: " { // a line end within WHAT could forge what stands behind it, but not the address, which comes last
				*f.at = in.Bytes(v)
			}
			if f.name != "SERVER IP ADDRESS: " {
				return nil
			}
			k.open, p.closed = false, true
			a := casAudit{when: []byte(k.when), who: []byte(k.who), what: []byte(k.what), action: []byte(k.action), app: []byte(k.app), client: []byte(k.client), server: []byte(k.server)}
			ref := event.Ref{Input: k.input, Part: k.first, More: out.Parts(k.more[:k.n]...)}
			if k.input != p.env.Input {
				ref = p.env.Ref(rec)
			}
			return p.emit(&a, ref, out)
		}
	}
	if len(b) == 0 || b[0] == '=' || b[0] == '>' || k.n < len(k.more) && len(k.action) == 0 {
		return nil
	}
	k.open = false
	return ErrOtherFormat
}

func (p *casParser) json(b []byte, rec *event.Record, out *event.Batch) error {
	var v [7]jsonValue
	names := [7]string{"when", "who", "what", "action", "application", "clientIpAddress", "serverIpAddress"}
	s := &p.scan
	s.reset(b)
next:
	for ok := s.enter('{'); ok && s.member(); {
		for i, n := range names {
			if string(s.key) == n {
				v[i] = s.value()
				continue next
			}
		}
		s.skip()
	}
	if !s.end() || v[3].empty() || v[5].empty() {
		return ErrOtherFormat
	}
	text := func(i int) []byte { return []byte(p.env.Intern.Bytes(v[i].text(&p.buf))) }
	a := casAudit{when: text(0), who: text(1), what: text(2), action: text(3), app: text(4), client: text(5), server: text(6)}
	return p.emit(&a, p.env.Ref(rec), out)
}

func (p *casParser) emit(a *casAudit, ref event.Ref, out *event.Batch) error {
	t, ok := a.time()
	if !ok {
		return ErrNoTime
	}
	class, act, outcome, reason := event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone
	if has(a.action, "FAILED") || has(a.action, "NOT_CREATED") || has(a.action, "DENIED") {
		outcome, reason = event.OutcomeFailure, event.ReasonBadCredentials
	}
	switch {
	case isPrefix(a.action, "AUTHENTICATION_"):
		if string(a.action) == "AUTHENTICATION_EVENT_TRIGGERED" {
			return nil
		}
	case isPrefix(a.action, "SERVICE_TICKET_"), isPrefix(a.action, "PROXY_"), isPrefix(a.action, "OAUTH2_"), isPrefix(a.action, "OIDC_"), isPrefix(a.action, "SAML2_"):
		act = event.ActTicket
		if outcome == event.OutcomeFailure {
			reason = event.ReasonDenied
		}
	case string(a.action) == "TICKET_GRANTING_TICKET_CREATED":
		act = event.ActTicket
	case string(a.action) == "TICKET_GRANTING_TICKET_DESTROYED", isPrefix(a.action, "LOGOUT_"):
		act = event.ActLogoff
	case isPrefix(a.action, "CHANGE_PASSWORD"):
		class, act = event.ClassAccountChange, event.ActReset
	case isPrefix(a.action, "MULTIFACTOR_"), isPrefix(a.action, "DUO_"):
		act = event.ActElevate
		if outcome == event.OutcomeFailure {
			act, reason = event.ActLogon, event.ReasonSecondFactorFailed
		}
	case isPrefix(a.action, "SERVICE_ACCESS_ENFORCEMENT"), isPrefix(a.action, "SURROGATE_"):
		act = event.ActTicket
		if outcome == event.OutcomeFailure {
			reason = event.ReasonDenied
		}
	default:
		return nil
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.env.Clock.Moment(t), class, act, outcome, reason
	ev.Service, ev.DstHost, ev.Ref = "cas", p.env.Host, ref
	who := a.who
	if rest, ok := cutPrefix(who, "[username: "); ok { // 3.x writes the credential, not the name
		who = bytes.TrimSuffix(rest, []byte("]"))
	}
	if string(who) != "audit:unknown" {
		ev.Account = in.Bytes(who)
	} else if name := casUser(a.what); name != nil {
		ev.Account = in.Bytes(name)
	}
	if class == event.ClassAccountChange {
		ev.Target = ev.Account
	}
	ev.SrcIP, _ = p.env.addr(a.client)
	ev.DstIP, _ = p.env.addr(a.server)
	if act == event.ActTicket {
		if i := lastIndex(a.what, " for "); i >= 0 {
			ev.Object = in.Bytes(a.what[i+5:])
		}
	}
	ev.Rest = out.Rest(event.Text("action", in.Bytes(a.action)), event.Text("application", in.Bytes(a.app)))
	return nil
}

// casUser returns the name of "[UsernamePasswordCredential(username=john.doe, source=null, customFields={})]".
func casUser(b []byte) []byte {
	i := index(b, "(username=")
	if i < 0 {
		return nil
	}
	rest := b[i+len("(username="):]
	j := lastIndex(rest, ", source=")
	if j < 0 {
		if j = lastIndex(rest, ")"); j < 0 {
			return nil
		}
	}
	return rest[:j]
}
