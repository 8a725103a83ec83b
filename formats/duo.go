// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var duoLog = Format{
	Name:   "duo",
	Also:   []string{"cisco-duo"},
	Source: "cloud-signin",
	About: About{
		What: "Cisco Duo: authentication logs of the Admin API (v1 and v2), administrator and activity logs, logs of offline access, trust monitor, the files of duo_log_sync, and authevents.log of the Duo Authentication Proxy.",
		Export: "Admin API /admin/v2/logs/authentication and /admin/v1/logs/administrator (application Admin API with Grant read log), or duo_log_sync writing JSON to a file. The proxy writes authevents.log with log_auth_events=true in [main]. " +
			"Duo keeps 180 days at most.",
		Takes:  "Each answer to a second factor with who, for which application, by what factor, from which address and device, and why it was refused; reports of fraud; what administrators did; the proxy's first factor.",
		Leaves: "The password, which the protected application asks for: only the proxy sees it. access_device.ip is what the application told Duo; some tell their own address or 0.0.0.0.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"access_device", "factor", "auth_stage", "isotimestamp", "description", "sekey", "surfaced_auth", "new_enrollment"},
	Sniff:   sniffDuo,
	New: func(env *Env) Parser {
		return &duoParser{jsonFields: newJSONFields(env, duoPaths[:]...)}
	},
}

const (
	duTime = iota
	duISO
	duEventType
	duTx
	duUser
	duUserKey
	duEmail
	duAlias
	duIP
	duHost
	duCountry
	duCity
	duOS
	duBrowser
	duApp
	duFactor
	duReason
	duResult
	duPhoneIP
	duPhone
	duPhoneCountry
	duAction
	duObject
	duDescription
	duActivity
	duMessage
	duStage
	duStatus
	duServer
	duTrust
	duSurfaced
	duFields
)

var duoPaths = [duFields]string{duTime: "timestamp|ts|surfaced_timestamp", duISO: "isotimestamp", duEventType: "event_type|eventtype", duTx: "txid|activity_id|sekey", duUser: "user.name|username|actor.name", duUserKey: "user.key|actor.key",
	duEmail: "email", duAlias: "alias", duIP: "access_device.ip|ip|client_ip|description.ip_address", duHost: "access_device.hostname|hostname", duCountry: "access_device.location.country|location.country", duCity: "access_device.location.city|location.city",
	duOS: "access_device.os", duBrowser: "access_device.browser", duApp: "application.name|integration", duFactor: "factor", duReason: "reason", duResult: "result|outcome.result",
	duPhoneIP: "auth_device.ip", duPhone: "auth_device.name|device", duPhoneCountry: "auth_device.location.country", duAction: "action", duObject: "object|target.name", duDescription: "description", duActivity: "action.name",
	duMessage: "msg", duStage: "auth_stage", duStatus: "status", duServer: "server_section", duTrust: "trusted_endpoint_status", duSurfaced: "explanations.summary"}

var duoRest = [...]restField{{"user_key", duUserKey}, {"email", duEmail}, {"alias", duAlias}, {"factor", duFactor}, {"phone", duPhone}, {"phone_ip", duPhoneIP}, {"phone_country", duPhoneCountry}, {"access_host", duHost}, {"country_name", duCountry},
	{"city", duCity}, {"os", duOS}, {"browser", duBrowser}, {"trusted_endpoint", duTrust}, {"stage", duStage}, {"message", duMessage}, {"summary", duSurfaced}, {"description", duDescription}}

type duoParser struct{ jsonFields }

func (p *duoParser) Flush(*event.Batch) {}

func (p *duoParser) Parse(rec *event.Record, out *event.Batch) error {
	b := p.env.jsonBody(rec)
	if b == nil || !p.read(b) {
		if sniffDuo(rec.Data) > 0 {
			return ErrBroken
		}
		return ErrOtherFormat
	}
	proxy := p.has(duStage) && p.has(duStatus)
	auth := p.has(duResult) && p.has(duUser) && (p.has(duFactor) || p.has(duReason) || p.has(duApp))
	admin := !auth && (p.has(duAction) || p.has(duActivity)) && p.has(duUser)
	trust := p.has(duSurfaced)
	if !proxy && !auth && !admin && !trust {
		return ErrOtherFormat
	}
	when, ok := p.time(duTime, duISO)
	if !ok {
		return ErrNoTime
	}
	ev := out.Add()
	ev.Time, ev.Ref = when, p.env.Ref(rec)
	ev.Account, ev.Service = p.str(duUser), "duo"
	p.within(duDescription, "description") // an object as text
	p.source(ev, duIP)
	if ev.SrcIP.IsUnspecified() { // the application told none
		ev.SrcIP = netip.Addr{}
	}
	var r remainder
	id := p.own(duTx)
	ev.Unique = id != ""
	r.text("id", id)
	switch {
	case proxy:
		p.proxy(ev)
		ev.Service = p.str(duServer)
	case auth:
		p.factor(ev, &r)
	case trust:
		ev.Class, ev.Activity, ev.Object = event.ClassDetection, event.ActOther, p.str(duSurfaced)
	default:
		p.administrator(ev, &r)
	}
	r.fields(&p.jsonFields, ev, duoRest[:])
	ev.Rest = r.rest(out)
	return nil
}

// factor reads what became of a second factor.
func (p *duoParser) factor(ev *event.Event, r *remainder) {
	ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
	if p.f[duEventType].is("enrollment") {
		ev.Class, ev.Activity = event.ClassAccountChange, event.ActReset
	}
	ev.Object = p.str(duApp)
	reason := p.str(duReason)
	r.text("result", p.str(duResult))
	r.text("result_detail", reason)
	switch string(p.bytes(duResult)) {
	case "success", "SUCCESS":
		ev.Outcome = event.OutcomeSuccess
		return
	case "error", "ERROR":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonUnavailable
	default:
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonSecondFactorFailed
	}
	switch reason {
	case "locked_out", "Locked out":
		ev.Reason = event.ReasonLocked
	case "user_disabled", "user_not_in_permitted_group":
		ev.Reason = event.ReasonDisabled
	case "deny_unenrolled_user", "User not enrolled", "invalid_user":
		ev.Reason = event.ReasonNoSuchAccount
	case "location_restricted", "factor_restricted", "platform_restricted", "version_restricted", "rooted_device", "no_screen_lock", "touch_id_disabled", "no_disk_encryption", "anonymous_ip", "out_of_date",
		"denied_by_policy", "software_restricted", "endpoint_is_not_trusted", "endpoint_is_not_in_management_system", "no_duo_certificate_present", "restricted_network", "denied_network", "could_not_determine_if_endpoint_was_trusted",
		"endpoint_failed_google_verification", "endpoint_is_not_healthy", "no_keys_pressed_restricted", "invalid_device":
		ev.Reason = event.ReasonDenied
	}
}

// proxy reads a line of authevents.log, which tells of the first factor and of the second by themselves.
func (p *duoParser) proxy(ev *event.Event) {
	ev.Class, ev.Activity = event.ClassAuthentication, event.ActLogon
	second := bytes.HasPrefix(p.bytes(duStage), []byte("Second"))
	switch string(p.bytes(duStatus)) {
	case "Allow":
		ev.Outcome = event.OutcomeSuccess
		if !second {
			ev.Activity = event.ActOther // the second factor decides
		}
	case "Reject":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
		if second {
			ev.Reason = event.ReasonSecondFactorFailed
		}
	case "Error":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonUnavailable
	default:
		ev.Activity = event.ActOther
	}
}

// administrator reads what an administrator did.
func (p *duoParser) administrator(ev *event.Event, r *remainder) {
	action := p.first(duActivity, duAction)
	ev.Class, ev.Activity, _ = actionOf(duoActions[:], action)
	ev.Object = p.str(duObject)
	ev.Outcome = event.OutcomeSuccess
	switch action {
	case "admin_login_error", "admin_2fa_error", "admin_factor_restriction_error", "admin_lockout":
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonBadCredentials
		if action == "admin_2fa_error" {
			ev.Reason = event.ReasonSecondFactorFailed
		}
		if action == "admin_lockout" {
			ev.Reason = event.ReasonLocked
		}
	}
	if p.f[duResult].is("FAILURE") || p.f[duResult].is("failure") {
		ev.Outcome, ev.Reason = event.OutcomeFailure, event.ReasonOther
	}
	if ev.Class == event.ClassAccountChange && ev.Object != ev.Account {
		ev.Target = ev.Object
	}
	r.text("action", action)
}

var duoActions = [...]actionRow{
	{"admin_login", event.ClassAuthentication, event.ActLogon}, {"admin_login_error", event.ClassAuthentication, event.ActLogon}, {"admin_2fa_error", event.ClassAuthentication, event.ActLogon},
	{"admin_single_sign_on*", event.ClassAuthentication, event.ActLogon}, {"admin_lockout", event.ClassAccountChange, event.ActLock}, {"admin_reset_password", event.ClassAccountChange, event.ActReset},
	{"admin_send_reset_password_email", event.ClassAccountChange, event.ActReset}, {"admin_activation_create", event.ClassAccountChange, event.ActCreate}, {"admin_create", event.ClassAccountChange, event.ActCreate},
	{"admin_delete", event.ClassAccountChange, event.ActDelete}, {"admin_*", event.ClassAccountChange, event.ActChange}, {"user_create", event.ClassAccountChange, event.ActCreate}, {"user_delete", event.ClassAccountChange, event.ActDelete},
	{"user_pending_delete", event.ClassAccountChange, event.ActDelete}, {"user_bulk_*", event.ClassAccountChange, event.ActChange}, {"bypass_create", event.ClassAccountChange, event.ActReset}, {"bypass_*", event.ClassAccountChange, event.ActReset},
	{"phone_*", event.ClassAccountChange, event.ActReset}, {"hardtoken_*", event.ClassAccountChange, event.ActReset}, {"u2ftoken_*", event.ClassAccountChange, event.ActReset}, {"webauthncredential_*", event.ClassAccountChange, event.ActReset},
	{"associate_*", event.ClassAccountChange, event.ActReset}, {"activation_*", event.ClassAccountChange, event.ActReset}, {"deactivate_*", event.ClassAccountChange, event.ActReset}, {"regenerate_*", event.ClassAccountChange, event.ActReset},
	{"o2fa_*", event.ClassAccountChange, event.ActReset}, {"user_marked_fraud", event.ClassDetection, event.ActOther}, {"user_*", event.ClassAccountChange, event.ActChange}, {"integration_skey_view", event.ClassFile, event.ActRead},
	{"integration_create", event.ClassEntityChange, event.ActCreate}, {"integration_delete", event.ClassEntityChange, event.ActDelete}, {"log_export*", event.ClassLogAdmin, event.ActRead}, {"*_create", event.ClassEntityChange, event.ActCreate},
	{"*_delete", event.ClassEntityChange, event.ActDelete}, {"*_update", event.ClassEntityChange, event.ActChange}, {"*_begin", event.ClassOther, event.ActStart}, {"*_finish", event.ClassOther, event.ActStop},
}

func sniffDuo(rec []byte) float64 {
	b := sniffJSON(rec)
	if b == nil {
		return 0
	}
	b = b[:min(len(b), 16<<10)]
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	switch {
	case has(`"access_device"`) && (has(`"auth_device"`) || has(`"factor"`) || has(`"activity_id"`)):
		return 0.96
	case has(`"auth_stage"`) && has(`"server_section"`):
		return 0.95
	case has(`"isotimestamp"`) && has(`"username"`) && has(`"action"`):
		return 0.9
	case has(`"action"`) && has(`"username"`) && has(`"object"`) && has(`"description"`) && has(`"timestamp"`) && has(`_`):
		return 0.6
	case has(`"integration"`) && has(`"factor"`) && has(`"new_enrollment"`):
		return 0.9
	case has(`"surfaced_auth"`) && has(`"sekey"`):
		return 0.9
	}
	return 0
}
