// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var gitLabJSON = Format{
	Name:   "gitlab-json",
	Source: "web",
	About: About{
		What: "GitLab 10 and later, self-managed, its JSON logs: production_json.log and api_json.log (requests), application_json.log (logins), auth_json.log (refused by rate limits and block lists), audit_json.log (audit events).",
		Export: "Copy /var/log/gitlab/gitlab-rails/*_json.log* (in containers: the same below the volume, or kubectl logs with the pods' subcomponent). All are on by default; audit_json.log is written in full by the paid editions. " +
			"Behind a proxy set gitlab_rails['trusted_proxies'], or every address is the proxy's.",
		Takes: "Logins with account, address, method and result, second factors, requests with account and status, what rate limits refused, changes of members, accounts, keys, rights and settings with who did it.",
		Leaves: "Git over SSH (gitlab-shell's and sshd's logs tell of it) and what a clone held. production_json.log gives no account for a login that needs a second factor until that is right, and application_json.log " +
			"tells of the same logins: give one of the two, or they are counted twice. Where both stand in one stream, the requests are marked as repeats.",
	},
	Framing: event.FrameJSON,
	Sniff: func(rec []byte) float64 {
		b := sniffJSON(rec)
		switch {
		case b == nil || !has(b, `"time"`):
			return 0
		case has(b, `"controller"`) && has(b, `"action"`) && has(b, `"params"`), has(b, `"meta.caller_id"`) && has(b, `"correlation_id"`):
			return 0.95
		case has(b, `"severity"`) && has(b, `"author_name"`) && has(b, `"entity_type"`), has(b, `"severity"`) && has(b, `"correlation_id"`):
			return 0.9
		case has(b, `"severity"`) && has(b, `Login: username=`):
			return 0.9
		}
		return 0
	},
	New: func(env *Env) Parser {
		return &gitLabParser{env: env, f: newJSONPick(glFields, gitLabSlot)}
	},
	Shapes: ShapeObject,
	Keys:   []string{"controller", "meta.caller_id", "author_name", "correlation_id", "severity"},
}

const (
	glTime = iota
	glSeverity
	glController
	glAction
	glMethod
	glPath
	glStatus
	glParams
	glAddr
	glMetaAddr
	glUser
	glMetaUser
	glAgent
	glCorrelation
	glMessage
	glEnv
	glMatched
	glDuration
	glAuthor
	glEntity
	glEntityType
	glTargetDetails
	glTargetType
	glAuditAddr
	glFailedLogin
	glWith
	glChange
	glFrom
	glTo
	glAdd
	glAs
	glRemove
	glCustom
	glEventName
	glFields
)

func gitLabSlot(path []byte) int {
	switch string(path) {
	case "time":
		return glTime
	case "severity":
		return glSeverity
	case "controller":
		return glController
	case "action":
		return glAction
	case "method", "request_method":
		return glMethod
	case "path":
		return glPath
	case "status":
		return glStatus
	case "params":
		return glParams
	case "remote_ip":
		return glAddr
	case "meta.remote_ip":
		return glMetaAddr
	case "username":
		return glUser
	case "meta.user":
		return glMetaUser
	case "ua":
		return glAgent
	case "correlation_id":
		return glCorrelation
	case "message":
		return glMessage
	case "env":
		return glEnv
	case "matched":
		return glMatched
	case "duration_s":
		return glDuration
	case "author_name":
		return glAuthor
	case "entity_path":
		return glEntity
	case "entity_type":
		return glEntityType
	case "target_details":
		return glTargetDetails
	case "target_type":
		return glTargetType
	case "ip_address":
		return glAuditAddr
	case "failed_login":
		return glFailedLogin
	case "with":
		return glWith
	case "change":
		return glChange
	case "from":
		return glFrom
	case "to":
		return glTo
	case "add":
		return glAdd
	case "as":
		return glAs
	case "remove":
		return glRemove
	case "custom_message":
		return glCustom
	case "event_name":
		return glEventName
	}
	return -1
}

type gitLabParser struct {
	env   *Env
	f     *jsonPick
	inner jsonScan
	out   *event.Batch
	rec   *event.Record
	when  event.Micros
	told  bool // the application's log tells of logins: requests of the sign-in page only repeat it
}

func (p *gitLabParser) Flush(*event.Batch) {}

func (p *gitLabParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil || !p.f.read(b) || p.f.v[glTime].kind != '"' {
		return ErrOtherFormat
	}
	p.rec, p.out = rec, out
	t, n := parseISOStamp(p.f.bytes(glTime))
	if n == 0 {
		return ErrNoTime
	}
	p.when = p.env.Clock.Moment(t)
	v := p.f.v
	switch {
	case v[glAuthor].kind != 0 && (v[glEntityType].kind != 0 || v[glEntity].kind != 0):
		return p.audit()
	case v[glController].kind != 0, v[glMethod].kind != 0 && v[glStatus].kind != 0:
		return p.request()
	case v[glEnv].kind != 0 && v[glMatched].kind != 0, v[glMessage].is("Rack_Attack"):
		return p.refused()
	case v[glSeverity].kind != 0 && v[glMessage].kind == '"':
		return p.application()
	case v[glSeverity].kind != 0 && v[glCorrelation].kind != 0:
		return nil
	}
	return ErrOtherFormat
}

func (p *gitLabParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.when, c, a, o, r
	ev.Service, ev.DstHost, ev.Ref = "gitlab", p.env.Host, p.env.Ref(p.rec)
	for _, slot := range [...]int{glAddr, glMetaAddr, glAuditAddr} {
		if a, ok := p.env.addr(p.f.bytes(slot)); ok {
			ev.SrcIP = a
			break
		}
	}
	for _, slot := range [...]int{glUser, glMetaUser} {
		if ev.Account == "" {
			ev.Account = p.f.text(p.env, slot)
		}
	}
	ev.Client = p.f.text(p.env, glAgent)
	return ev
}

// request reads a request of production_json.log or api_json.log.
func (p *gitLabParser) request() error {
	f := p.f
	status, _ := f.v[glStatus].int()
	controller, action := f.keep(glController, 0), f.keep(glAction, 1)
	switch {
	case string(controller) == "SessionsController" && string(action) == "create", isPrefix(controller, "Ldap::"), string(controller) == "Oauth::TokensController" && string(action) == "create":
		return p.signIn(status)
	case string(controller) == "OmniauthCallbacksController" && string(action) == "failure":
		return p.signIn(0)
	case string(controller) == "SessionsController" && string(action) == "destroy":
		p.rest(p.add(event.ClassAuthentication, event.ActLogoff, event.OutcomeSuccess, event.ReasonNone))
		return nil
	}
	outcome, reason := webOutcome(f.bytes(glStatus), f.v[glUser].kind != 0)
	ev := p.add(event.ClassHTTP, webActivity(f.bytes(glMethod)), outcome, reason)
	p.rest(ev)
	return nil
}

// signIn is a form of the sign-in page: a redirect says that it was right, a page that something is still missing.
func (p *gitLabParser) signIn(status int64) error {
	login, otp := p.params()
	outcome, reason := event.OutcomeFailure, event.ReasonBadCredentials
	switch {
	case status >= 300 && status < 400, status == 201:
		outcome, reason = event.OutcomeSuccess, event.ReasonNone
	case status == 403 || status == 429:
		reason = event.ReasonDenied
	case status >= 500:
		reason = event.ReasonUnavailable
	case otp:
		reason = event.ReasonSecondFactorFailed
	case status == 200:
		reason = event.ReasonSecondFactorNeeded
	}
	ev := p.add(event.ClassAuthentication, event.ActLogon, outcome, reason)
	if login != "" {
		ev.Account = login
	}
	if p.told {
		ev.Count = event.Some(0)
	}
	p.rest(ev)
	return nil
}

// params finds the login in the form's fields, and whether there was a second factor among them.
func (p *gitLabParser) params() (login string, otp bool) {
	s := &p.inner
	if p.f.v[glParams].kind != '[' {
		return "", false
	}
	s.reset(p.f.v[glParams].raw)
	for ok := s.enter('['); ok && s.element(); {
		named := false // the key of a pair stands before its value
		for ok := s.enter('{'); ok && s.member(); {
			switch string(s.key) {
			case "key":
				v := s.value()
				named = v.is("username") || v.is("login")
			case "value":
				if s.peek() != '{' {
					if v := s.value(); named && v.kind == '"' {
						login = p.env.Intern.Bytes(v.text(&p.f.buf))
					}
					continue
				}
				for ok := s.enter('{'); ok && s.member(); {
					key := s.key
					switch string(key) {
					case "login", "username", "email":
						v := s.value()
						login = p.env.Intern.Bytes(v.text(&p.f.buf))
					case "otp_attempt", "device_response":
						otp = true
						s.skip()
					default:
						s.skip()
					}
				}
			default:
				s.skip()
			}
		}
	}
	return login, otp
}

func (p *gitLabParser) rest(ev *event.Event) {
	in := p.env.Intern
	ev.Object = clip(p.f.text(p.env, glPath), 400)
	controller, action := p.f.keep(glController, 0), p.f.keep(glAction, 1)
	what := ""
	if len(controller) > 0 {
		p.f.buf = append(append(append(p.f.buf[:0], controller...), '#'), action...)
		what = in.Bytes(p.f.buf)
	}
	f := [5]event.Field{event.Text("method", p.f.text(p.env, glMethod)), event.Text("status", p.f.text(p.env, glStatus)), event.Text("action", what),
		event.Text("correlation_id", string(p.f.bytes(glCorrelation))), event.Flag("repeat", true)}
	n, repeated := ev.Count.Get()
	ev.Rest = p.out.Rest(f[:4+count(repeated && n == 0)]...)
}

// refused reads what rate limits and block lists kept out (auth_json.log).
func (p *gitLabParser) refused() error {
	reason := event.ReasonDenied
	ev := p.add(event.ClassHTTP, event.ActRefuse, event.OutcomeFailure, reason)
	ev.Object = clip(p.f.text(p.env, glPath), 400)
	ev.Rest = p.out.Rest(event.Text("method", p.f.text(p.env, glMethod)), event.Text("rule", p.f.text(p.env, glMatched)), event.Text("how", p.f.text(p.env, glEnv)))
	return nil
}

// application reads "Failed Login: username=hanako ip=192.0.2.7" and "Successful Login: username=hanako ip=192.0.2.7
// method=standard admin=false". The name is anybody's; the address stands behind the last " ip=".
func (p *gitLabParser) application() error {
	m := bytes.TrimRight(p.f.keep(glMessage, 0), " \n")
	outcome, reason := event.OutcomeSuccess, event.ReasonNone
	rest, ok := cutPrefix(m, "Successful Login: username=")
	if !ok {
		if rest, ok = cutPrefix(m, "Failed Login: username="); !ok {
			return nil // projects, users and mails that came and went
		}
		outcome, reason = event.OutcomeFailure, event.ReasonBadCredentials
	}
	i := lastIndex(rest, " ip=")
	if i < 0 {
		return ErrBroken
	}
	from, tail := nextWord(rest[i+4:])
	p.told = true
	ev := p.add(event.ClassAuthentication, event.ActLogon, outcome, reason)
	ev.Account = p.env.Intern.Bytes(rest[:i])
	if a, ok := p.env.addr(from); ok {
		ev.SrcIP = a
	}
	method := []byte(nil)
	if i := index(tail, "method="); i >= 0 {
		method, _ = nextWord(tail[i+7:])
	}
	ev.Rest = p.out.Rest(event.Text("method", p.env.Intern.Bytes(method)), event.Flag("admin", has(tail, "admin=true")), event.Text("correlation_id", string(p.f.bytes(glCorrelation))))
	return nil
}

// audit reads a record of audit_json.log.
func (p *gitLabParser) audit() error {
	v := p.f.v
	var ev *event.Event
	switch {
	case v[glFailedLogin].kind != 0:
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeFailure, event.ReasonBadCredentials)
	case v[glWith].kind != 0 && v[glChange].kind == 0 && v[glAdd].kind == 0:
		ev = p.add(event.ClassAuthentication, event.ActLogon, event.OutcomeSuccess, event.ReasonNone)
	default:
		class, act := event.ClassEntityChange, event.ActChange
		if v[glEntityType].is("User") || v[glTargetType].is("User") {
			class = event.ClassAccountChange
		}
		switch {
		case v[glAdd].kind != 0 && v[glAs].kind != 0:
			act = event.ActAssign
		case v[glAdd].kind != 0:
			act = event.ActCreate
		case v[glRemove].kind != 0 && class == event.ClassAccountChange:
			act = event.ActRelease
		case v[glRemove].kind != 0:
			act = event.ActDelete
		case has(p.f.bytes(glChange), "password"):
			act = event.ActReset
		}
		ev = p.add(class, act, event.OutcomeSuccess, event.ReasonNone)
		ev.Target, ev.Object = p.f.text(p.env, glTargetDetails), p.f.text(p.env, glEntity)
	}
	ev.Account = p.f.text(p.env, glAuthor)
	in := func(i int) string { return clip(p.f.text(p.env, i), 200) }
	how := in(glWith)
	if how == "" {
		how = in(glFailedLogin)
	}
	what := in(glChange)
	for _, slot := range [...]int{glAdd, glRemove, glEventName} {
		if what == "" {
			what = in(slot)
		}
	}
	ev.Rest = p.out.Rest(event.Text("method", how), event.Text("what", what), event.Text("as", in(glAs)), event.Text("from", in(glFrom)), event.Text("to", in(glTo)), event.Text("detail", in(glCustom)))
	return nil
}
