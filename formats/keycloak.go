// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var keycloak = Format{
	Name:   "keycloak",
	Also:   []string{"redhat-sso"},
	Source: "directory",
	About: About{
		What: "Keycloak 4 to 26 and Red Hat's build of it: the lines of the event listener jboss-logging (org.keycloak.events) in server.log, the console or the journal, as text or JSON, and events exported as JSON from the admin API.",
		Export: "Copy server.log*, or run journalctl -u keycloak -o cat; or GET /admin/realms/REALM/events. Failures are written at WARN by default; successes at DEBUG: " +
			"set spi-events-listener-jboss-logging-success-level=info. For the API, user events must be saved (Realm settings, Events) and expire as set there.",
		Takes:  "Logins, failed logins, second steps, logouts, tokens, changed passwords and second factors, with account, address, client and error.",
		Leaves: "Successes, unless the level was set. Admin events.",
	},
	Shapes: ShapeSyslog | ShapeText | ShapeObject,
	Keys:   []string{"realmId", "loggerName"},
	Sniff: func(rec []byte) float64 {
		if b := sniffJSON(rec); b != nil {
			if has(b, `"realmId"`) && has(b, `"type"`) && has(b, `"clientId"`) || has(b, `"org.keycloak.events"`) {
				return 0.9
			}
			return 0
		}
		if has(rec, "[org.keycloak.events]") && has(rec, " type=") {
			return 0.95
		}
		return 0
	},
	New:   func(env *Env) Parser { return &keycloakParser{env: env} },
	Marks: []string{`"realmId"`, "org.keycloak.events"},
}

type keycloakParser struct {
	env  *Env
	scan jsonScan
	buf  []byte
}

func (p *keycloakParser) Flush(*event.Batch) {}

// keycloakEvent is what an event tells, as text.
type keycloakEvent struct {
	kind, realm, client, userID, ip, err, username, session, method []byte
}

func (p *keycloakParser) Parse(rec *event.Record, out *event.Batch) error {
	if b := p.env.jsonBody(rec); b != nil {
		return p.json(b, rec, out)
	}
	b := rec.Data
	i := index(b, "[org.keycloak.events]")
	if i < 0 {
		return ErrOtherFormat
	}
	j := index(b[i:], " type=")
	if j < 0 {
		return ErrOtherFormat
	}
	var when event.Micros
	if t, _, ok := fileHead(b); ok {
		when = p.env.Clock.Moment(t)
	} else if s, ok := p.env.Syslog(rec); ok {
		when = s.Time
	} else {
		return ErrNoTime
	}
	var e keycloakEvent
	e.fields(b[i+j+1:])
	return p.emit(&e, when, rec, out)
}

// fields reads `type="LOGIN_ERROR", realmId="…", …`, quoted since Keycloak 22 and bare before. What the server writes comes first; the
// first of two fields of one name counts.
func (e *keycloakEvent) fields(b []byte) {
	for len(b) > 0 {
		i := bytes.IndexByte(b, '=')
		if i <= 0 || i > 40 {
			return
		}
		key := bytes.TrimLeft(b[:i], ", ")
		b = b[i+1:]
		var v []byte
		if len(b) > 0 && b[0] == '"' {
			inner, rest, ok := cutQuoted(b)
			if !ok {
				return
			}
			v, b = inner, rest
		} else if k := index(b, ", "); k >= 0 {
			v, b = b[:k], b[k:]
		} else {
			v, b = bytes.TrimRight(b, " \r"), nil
		}
		e.set(key, v)
	}
}

func (e *keycloakEvent) set(key, v []byte) {
	var at *[]byte
	switch string(key) {
	case "type":
		at = &e.kind
	case "realmName":
		e.realm = v
		return
	case "realmId":
		at = &e.realm
	case "clientId":
		at = &e.client
	case "userId":
		at = &e.userID
	case "ipAddress":
		at = &e.ip
	case "error":
		at = &e.err
	case "username":
		at = &e.username
	case "sessionId", "code_id":
		at = &e.session
	case "auth_method":
		at = &e.method
	default:
		return
	}
	if *at == nil && string(v) != "null" {
		*at = v
	}
}

func (p *keycloakParser) emit(e *keycloakEvent, when event.Micros, rec *event.Record, out *event.Batch) error {
	kind, failed := cutSuffix(e.kind, "_ERROR")
	class, act := event.ClassAuthentication, event.ActLogon
	switch string(kind) {
	case "LOGIN", "IDENTITY_PROVIDER_LOGIN", "IDENTITY_PROVIDER_FIRST_LOGIN", "CLIENT_LOGIN", "PERMISSION_TOKEN", "IMPERSONATE":
	case "LOGOUT", "USER_SESSION_DELETED":
		act = event.ActLogoff
	case "CODE_TO_TOKEN", "REFRESH_TOKEN", "TOKEN_EXCHANGE", "OAUTH2_DEVICE_CODE_TO_TOKEN":
		act = event.ActTicket
	case "UPDATE_PASSWORD", "RESET_PASSWORD", "UPDATE_CREDENTIAL":
		class, act = event.ClassAccountChange, event.ActReset
	case "UPDATE_TOTP", "REMOVE_TOTP", "REMOVE_CREDENTIAL":
		class, act = event.ClassAccountChange, event.ActChange
	case "REGISTER":
		class, act = event.ClassAccountChange, event.ActCreate
	case "DELETE_ACCOUNT":
		class, act = event.ClassAccountChange, event.ActDelete
	case "USER_DISABLED_BY_PERMANENT_LOCKOUT", "USER_DISABLED_BY_TEMPORARY_LOCKOUT":
		act = event.ActLock
	case "":
		return ErrBroken
	default:
		return nil
	}
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome = when, class, act, event.OutcomeSuccess
	if failed {
		ev.Outcome, ev.Reason = event.OutcomeFailure, keycloakReason(e.err)
	}
	if act == event.ActLock {
		ev.Reason = event.ReasonLocked
	}
	ev.Account = in.Bytes(e.username)
	if ev.Account == "" && class == event.ClassAuthentication && string(kind) != "CLIENT_LOGIN" {
		ev.Account = in.Bytes(e.userID)
	}
	if class == event.ClassAccountChange {
		ev.Target = ev.Account
	}
	ev.SrcIP, _ = p.env.addr(e.ip)
	ev.Service, ev.Object, ev.DstHost, ev.Ref = "keycloak", in.Bytes(e.client), p.env.Host, p.env.Ref(rec)
	ev.Rest = out.Rest(event.Text("kind", in.Bytes(e.kind)), event.Text("realm", in.Bytes(e.realm)), event.Text("user_id", in.Bytes(e.userID)),
		event.Text("error", in.Bytes(e.err)), event.Text("session", in.Bytes(e.session)), event.Text("method", in.Bytes(e.method)))
	return nil
}

func keycloakReason(err []byte) event.Reason {
	switch string(err) {
	case "user_not_found", "invalid_user", "username_missing":
		return event.ReasonNoSuchAccount
	case "invalid_user_credentials":
		return event.ReasonBadPassword // the name is known: an unknown one is user_not_found
	case "user_disabled":
		return event.ReasonDisabled
	case "user_temporarily_disabled":
		return event.ReasonLocked
	case "expired_code", "session_expired", "expired_token":
		return event.ReasonExpired
	case "invalid_totp", "invalid_authentication_session":
		return event.ReasonSecondFactorFailed
	case "access_denied", "not_allowed", "rejected_by_user", "consent_denied", "client_disabled", "resolve_required_actions":
		return event.ReasonDenied
	case "":
		return event.ReasonBadCredentials
	}
	return event.ReasonOther
}

// json reads an event of the API ({"time":…, "type":"LOGIN_ERROR", "details":{…}}), or a JSON line of the console, whose message is the text.
func (p *keycloakParser) json(b []byte, rec *event.Record, out *event.Batch) error {
	var values [9]jsonValue
	names := [9]string{"type", "realmId", "clientId", "userId", "ipAddress", "error", "username", "sessionId", "auth_method"}
	var when, stamp, message, logger jsonValue
	s := &p.scan
	s.reset(b)
	member := func() {
		for i, n := range names {
			if string(s.key) == n {
				values[i] = s.value()
				return
			}
		}
		s.skip()
	}
	for ok := s.enter('{'); ok && s.member(); {
		switch string(s.key) {
		case "time":
			when = s.value()
		case "timestamp":
			stamp = s.value()
		case "message":
			message = s.value()
		case "loggerName":
			logger = s.value()
		case "details":
			for ok := s.enter('{'); ok && s.member(); {
				member()
			}
		default:
			member()
		}
	}
	if !s.end() {
		return ErrOtherFormat
	}
	var e keycloakEvent
	if logger.is("org.keycloak.events") {
		t, n := parseISOStamp(stamp.text(&p.buf))
		if n == 0 {
			return ErrNoTime
		}
		at := p.env.Clock.Moment(t)
		e.fields([]byte(p.env.Intern.Bytes(message.text(&p.buf))))
		return p.emit(&e, at, rec, out)
	}
	millis, ok := when.int()
	if !ok || values[1].empty() || values[0].empty() {
		return ErrOtherFormat
	}
	for i, n := range names {
		if !values[i].empty() {
			e.set([]byte(n), []byte(p.env.Intern.Bytes(values[i].text(&p.buf))))
		}
	}
	return p.emit(&e, p.env.Clock.Absolute(event.Micros(millis)*1000), rec, out)
}
