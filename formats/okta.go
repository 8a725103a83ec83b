// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"strings"

	"github.com/sekisho/sekisho/event"
)

var oktaLog = Format{
	Name:   "okta",
	Also:   []string{"okta-system-log"},
	Source: "cloud-signin",
	About: About{
		What:   "The System Log of Okta (LogEvent) as JSON: /api/v1/logs, log streaming to EventBridge or Splunk, event hooks, and what collectors make of them.",
		Export: "curl -H 'Authorization: SSWS …' 'https://TENANT.okta.com/api/v1/logs?since=…&limit=1000', page by page by the header Link: JSON has all; the console's CSV is read too, and knows less. Okta keeps 90 days.",
		Takes:  "Sessions begun and refused with their reason, second factors, applications reached, locks, resets, administrators, keys; who, to whom, from where, with what; the AS number, proxies, threat marks and behaviours that Okta names.",
		Leaves: "Okta says a country by its name: it is kept as country_name and not as the event's country. A wrong password and an unknown name are one reason (INVALID_CREDENTIALS) unless the record has no user. What is done inside an application is not in it.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"alternateId", "alternateid"},
	Sniff: func(rec []byte) float64 {
		b := sniffJSON(rec)
		if b == nil {
			return 0
		}
		b = b[:min(len(b), 32<<10)]
		has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
		if (has(`"eventType"`) || has(`"eventtype"`)) && has(`"actor"`) && has(`"alternateId"`) && (has(`"published"`) || has(`"legacyEventType"`) || has(`"outcome"`)) {
			return 0.96
		}
		return 0
	},
	New: func(env *Env) Parser {
		p := &oktaParser{jsonFields: newJSONFields(env, oktaPaths[:]...)}
		p.through = []string{"detail", "event"}
		return p
	},
}

const (
	okTime = iota
	okType
	okID
	okActor
	okActorID
	okActorType
	okActorName
	okIP
	okAgent
	okCountry
	okCity
	okDevice
	okZone
	okASN
	okISP
	okProxy
	okResult
	okReason
	okMessage
	okTarget
	okSession
	okTransaction
	okURI
	okFingerprint
	okThreat
	okBehaviours
	okFactor
	okProvider
	okChain
	okDeviceHash
	okToken
	okFields
)

var oktaPaths = [okFields]string{okTime: "published", okType: "eventType", okID: "uuid", okActor: "actor.alternateId", okActorID: "actor.id", okActorType: "actor.type", okActorName: "actor.displayName",
	okIP: "client.ipAddress", okAgent: "client.userAgent.rawUserAgent", okCountry: "client.geographicalContext.country", okCity: "client.geographicalContext.city", okDevice: "client.device", okZone: "client.zone",
	okASN: "securityContext.asNumber", okISP: "securityContext.isp", okProxy: "securityContext.isProxy", okResult: "outcome.result", okReason: "outcome.reason", okMessage: "displayMessage", okTarget: "target",
	okSession: "authenticationContext.externalSessionId", okTransaction: "transaction.id", okURI: "debugContext.debugData.requestUri", okFingerprint: "debugContext.debugData.deviceFingerprint",
	okThreat: "debugContext.debugData.threatSuspected", okBehaviours: "debugContext.debugData.behaviors", okFactor: "debugContext.debugData.factor|authenticationContext.credentialType",
	okProvider: "authenticationContext.credentialProvider|authenticationContext.authenticationProvider", okChain: "request.ipChain.ip", okDeviceHash: "debugContext.debugData.dtHash", okToken: "transaction.detail.requestApiTokenId"}

var oktaRest = [...]restField{{"message", okMessage}, {"actor_type", okActorType}, {"actor_name", okActorName}, {"country_name", okCountry}, {"city", okCity}, {"device", okDevice}, {"zone", okZone}, {"isp", okISP}, {"proxy", okProxy},
	{"uri", okURI}, {"device_fingerprint", okFingerprint}, {"threat_suspected", okThreat}, {"behaviours", okBehaviours}, {"factor", okFactor}, {"provider", okProvider}, {"dt_hash", okDeviceHash}, {"api_token", okToken}}

type oktaParser struct{ jsonFields }

func (p *oktaParser) Flush(*event.Batch) {}

func (p *oktaParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil || !p.read(b) {
		if oktaLog.Sniff(rec.Data) > 0 {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	if !p.has(okType) || !p.has(okActor) && !p.has(okActorID) {
		return ErrOtherFormat
	}
	when, ok := p.time(okTime)
	if !ok {
		return ErrNoTime
	}
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	kind := p.str(okType)
	ev.Class, ev.Activity = oktaKind(kind)
	ev.Account, ev.Client, ev.Service = p.str(okActor), p.str(okAgent), "okta"
	switch ev.Account {
	case "unknown": // nobody: Okta puts the address into the name
		ev.Account = ""
	case "":
		ev.Account = p.first(okActorName, okActorID)
	}
	p.source(ev, okIP, okChain)
	if n, ok := p.f[okASN].int(); ok && n > 0 && n < 1<<32 {
		ev.ASN = uint32(n)
	}
	p.targets(ev)
	p.ending(ev, kind)
	var r remainder
	id := p.own(okID)
	ev.Unique = id != ""
	r.text("id", id)
	r.text("action", kind)
	r.text("session_id", p.own(okSession))
	r.text("transaction_id", p.own(okTransaction))
	r.text("result", p.str(okResult))
	r.text("result_detail", clip(p.str(okReason), 256))
	r.fields(&p.jsonFields, ev, oktaRest[:])
	if ev.Activity == event.ActLogon && (kind == "user.authentication.auth_via_AD_agent" || kind == "user.authentication.auth_via_IDP" || kind == "user.authentication.auth_via_LDAP_agent" || kind == "user.authentication.verify") {
		ev.Count = event.Some(0) // the session's own record tells of the attempt
		r.flag("repeat", true)
	}
	ev.Rest = r.rest(out)
	return nil
}

// targets sets the user that it was about, and the thing: the application, the group, the rule.
func (p *oktaParser) targets(ev *event.Event) {
	if p.f[okTarget].kind != '[' {
		return
	}
	s := jsonScan{b: p.f[okTarget].raw}
	for ok := s.enter('['); ok && s.element(); {
		var kind, name, id jsonValue
		for ok := s.enter('{'); ok && s.member(); {
			switch {
			case sameFold(s.key, "type"):
				kind = s.value()
			case sameFold(s.key, "displayname"):
				name = s.value()
			case sameFold(s.key, "alternateid"):
				id = s.value()
			default:
				s.skip()
			}
		}
		switch {
		case kind.is("User") || kind.is("AppUser"):
			if v := p.env.Intern.Bytes(id.text(&p.buf)); ev.Target == "" && v != ev.Account {
				ev.Target = v
			}
		case kind.is("AppInstance"):
			ev.Object = p.env.Intern.Bytes(name.text(&p.buf))
		case ev.Object == "":
			ev.Object = p.env.Intern.Bytes(name.text(&p.buf))
		}
	}
}

func (p *oktaParser) ending(ev *event.Event, kind string) {
	switch string(p.bytes(okResult)) {
	case "SUCCESS", "ALLOW":
		ev.Outcome = event.OutcomeSuccess
		return
	case "FAILURE":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	case "DENY":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonDenied
	default: // CHALLENGE, SKIPPED, RATE_LIMIT, UNKNOWN, UNANSWERED …
		return
	}
	reason := p.bytes(okReason)
	switch {
	case has(reason, "INVALID_CREDENTIALS"), has(reason, "VERIFICATION_ERROR"), has(reason, "INVALID_LOGIN"), has(reason, "Invalid credentials"):
		ev.Reason = event.ReasonBadCredentials
	case has(reason, "UNKNOWN_USER"), has(reason, "INVALID_USER"):
		ev.Reason = event.ReasonNoSuchAccount
	case has(reason, "LOCKED_OUT"), has(reason, "ocked"):
		ev.Reason = event.ReasonLocked
	case has(reason, "EXPIRED"), has(reason, "xpired"):
		ev.Reason = event.ReasonExpired
	case has(reason, "DENIED"), has(reason, "DENY"), has(reason, "BLOCKED"), has(reason, "NOT_ASSIGNED"), has(reason, "not assigned"):
		ev.Reason = event.ReasonDenied
	case has(reason, "SUSPENDED"), has(reason, "DEPROVISIONED"), has(reason, "INACTIVE"):
		ev.Reason = event.ReasonDisabled
	}
	mfa := strings.HasPrefix(kind, "user.authentication.auth_via_mfa") || strings.HasPrefix(kind, "user.mfa.okta_verify.deny") || has(reason, "INVALID_TOKEN") || has(reason, "push") || has(reason, "MFA")
	if mfa && ev.Class == event.ClassAuthentication && ev.Reason != event.ReasonLocked {
		ev.Reason = event.ReasonSecondFactorFailed
	}
	if ev.Reason == event.ReasonBadCredentials && p.f[okActorID].is("unknown") {
		ev.Reason = event.ReasonNoSuchAccount
	}
	if ev.Activity == event.ActOther && ev.Class == event.ClassAuthentication && mfa {
		ev.Activity = event.ActLogon // no other record tells of this attempt
	}
}

// oktaActions are the event types of the System Log that matter, from Okta's event type reference; the others are told by
// the last word of their name.
var oktaActions = [...]actionRow{
	{"user.session.start", event.ClassAuthentication, event.ActLogon}, {"user.session.end", event.ClassAuthentication, event.ActLogoff}, {"user.session.expire", event.ClassAuthentication, event.ActLogoff},
	{"user.session.access_admin_app", event.ClassAuthentication, event.ActElevate}, {"user.session.impersonation.*", event.ClassAuthentication, event.ActElevate}, {"user.session.clear", event.ClassAccountChange, event.ActRelease},
	{"user.authentication.auth_via_mfa", event.ClassAuthentication, event.ActOther}, {"user.authentication.sso", event.ClassAuthentication, event.ActTicket}, {"user.authentication.authenticate", event.ClassAuthentication, event.ActOther},
	{"user.authentication.auth_unconfigured_identifier", event.ClassAuthentication, event.ActLogon}, {"user.authentication.universal_logout*", event.ClassAuthentication, event.ActLogoff},
	{"user.authentication.*", event.ClassAuthentication, event.ActLogon}, {"user.mfa.okta_verify*", event.ClassAuthentication, event.ActOther}, {"user.mfa.attempt_bypass", event.ClassAuthentication, event.ActOther},
	{"user.mfa.factor.*", event.ClassAccountChange, event.ActReset}, {"user.credential.*", event.ClassAccountChange, event.ActReset}, {"user.account.lock*", event.ClassAccountChange, event.ActLock},
	{"user.account.unlock*", event.ClassAccountChange, event.ActUnlock}, {"user.account.reset_password", event.ClassAccountChange, event.ActReset}, {"user.account.update_password", event.ClassAccountChange, event.ActReset},
	{"user.account.privilege.grant", event.ClassAccountChange, event.ActAssign}, {"user.account.privilege.revoke", event.ClassAccountChange, event.ActRelease}, {"user.account.report_suspicious_activity*", event.ClassDetection, event.ActOther},
	{"user.account.access_super_user_app", event.ClassAuthentication, event.ActElevate}, {"user.account.*", event.ClassAccountChange, event.ActChange}, {"user.lifecycle.create*", event.ClassAccountChange, event.ActCreate},
	{"user.lifecycle.delete*", event.ClassAccountChange, event.ActDelete}, {"user.lifecycle.suspend", event.ClassAccountChange, event.ActDisable}, {"user.lifecycle.deactivate", event.ClassAccountChange, event.ActDisable},
	{"user.lifecycle.*", event.ClassAccountChange, event.ActEnable}, {"group.user_membership.add", event.ClassAccountChange, event.ActAssign}, {"group.user_membership.remove", event.ClassAccountChange, event.ActRelease},
	{"group.privilege.grant", event.ClassAccountChange, event.ActAssign}, {"application.user_membership.add", event.ClassAccountChange, event.ActAssign}, {"application.user_membership.remove", event.ClassAccountChange, event.ActRelease},
	{"application.user_membership.show_password", event.ClassFile, event.ActRead}, {"system.api_token.create", event.ClassAccountChange, event.ActReset}, {"system.api_token.revoke", event.ClassAccountChange, event.ActRelease},
	{"app.generic.unauth_app_access_attempt", event.ClassAuthentication, event.ActRefuse}, {"policy.evaluate_sign_on", event.ClassAuthentication, event.ActOther}, {"app.oauth2.*", event.ClassAuthentication, event.ActTicket},
	{"security.threat.detected", event.ClassDetection, event.ActOther}, {"security.attack.*", event.ClassDetection, event.ActOther}, {"security.*", event.ClassEntityChange, event.ActChange}, {"system.log_stream.*", event.ClassLogAdmin, event.ActChange},
	{"*.create", event.ClassEntityChange, event.ActCreate}, {"*.delete", event.ClassEntityChange, event.ActDelete}, {"*.update", event.ClassEntityChange, event.ActChange}, {"*.activate", event.ClassEntityChange, event.ActEnable},
	{"*.deactivate", event.ClassEntityChange, event.ActDisable}, {"*.add", event.ClassEntityChange, event.ActChange}, {"*.remove", event.ClassEntityChange, event.ActChange},
}

func oktaKind(kind string) (event.Class, event.Activity) {
	c, a, _ := actionOf(oktaActions[:], kind)
	return c, a
}
