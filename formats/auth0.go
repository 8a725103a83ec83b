// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

var auth0Log = Format{
	Name:   "auth0",
	Source: "cloud-signin",
	About: About{
		What:   "Tenant logs of Auth0 as JSON: /api/v2/logs, log streams (each record below data), and what collectors make of them.",
		Export: "auth0 logs list --json, or a log stream; Auth0 keeps 1 to 30 days by plan.",
		Takes:  "Logins and why they failed, second factors, blocked accounts and addresses, leaked passwords, tokens exchanged, passwords changed, what administrators did by the API.",
		Leaves: "Requests of the API beyond who made them.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"log_id"},
	Sniff:   sniffAuth0,
	New:     func(env *Env) Parser { return newCloudApp(env, &auth0App, sniffAuth0) },
}

func sniffAuth0(rec []byte) float64 {
	if hasAll(rec, `"log_id"`, `"type"`) && (hasAll(rec, `"date"`) || hasAll(rec, `"client_id"`) || hasAll(rec, `"tenant_name"`)) {
		return 0.95
	}
	return 0
}

var auth0App = cloudApp{
	service: "auth0",
	through: []string{"data"},
	paths: [capFields]string{capTime: "date", capAction: "type", capAccount: "user_name|details.request.auth.user.email|details.body.email|user_id", capIP: "ip|client_ip", capAgent: "user_agent", capObject: "client_name|description", capID: "log_id", capReasonText: "details.error.message|details.error", capMore: "description",
		capCountry: "location_info.country_code", capSession: "details.session_id|session_connection", capKind: "connection|strategy"},
	good: []string{"s", "slo", "scp", "scu", "ss", "sv", "seacft", "seccft", "sepft", "sertft", "sede", "sapi", "mgmt_api_read", "gd_auth_succeed", "gd_start_auth", "gd_send_push", "gd_user_login", "sce", "scpr", "svr", "srrt", "ssa", "sdu", "sui", "admin_update_launch", "mfar", "gd_enrollment_complete", "du", "cls", "cs", "depnote"},
	reasons: []capReason{{"fp", event.ReasonBadPassword}, {"fu", event.ReasonNoSuchAccount}, {"limit_", event.ReasonLocked}, {"gd_auth_failed", event.ReasonSecondFactorFailed}, {"gd_auth_rejected", event.ReasonSecondFactorFailed}, {"gd_otp_rate", event.ReasonSecondFactorFailed}, {"pwd_leak", event.ReasonDenied},
		{"denied", event.ReasonDenied}, {"blocked", event.ReasonDisabled}, {"expired", event.ReasonExpired}},
	actions: []actionRow{
		{"s", event.ClassAuthentication, event.ActLogon}, {"ssa", event.ClassAuthentication, event.ActLogon}, {"f", event.ClassAuthentication, event.ActLogon}, {"fp", event.ClassAuthentication, event.ActLogon}, {"fu", event.ClassAuthentication, event.ActLogon}, {"fsa", event.ClassAuthentication, event.ActOther},
		{"fc", event.ClassAuthentication, event.ActLogon}, {"fco", event.ClassAuthentication, event.ActOther}, {"slo", event.ClassAuthentication, event.ActLogoff}, {"flo", event.ClassAuthentication, event.ActLogoff}, {"gd_auth_failed", event.ClassAuthentication, event.ActLogon},
		{"gd_auth_rejected", event.ClassAuthentication, event.ActLogon}, {"gd_auth_*", event.ClassAuthentication, event.ActOther}, {"gd_unenroll", event.ClassAccountChange, event.ActReset}, {"gd_enroll*", event.ClassAccountChange, event.ActReset}, {"gd_*", event.ClassAuthentication, event.ActOther},
		{"se*", event.ClassAuthentication, event.ActTicket}, {"fe*", event.ClassAuthentication, event.ActTicket}, {"limit_*", event.ClassDetection, event.ActLock}, {"pwd_leak", event.ClassDetection, event.ActRefuse}, {"signup_pwd_leak", event.ClassDetection, event.ActRefuse}, {"reset_pwd_leak", event.ClassDetection, event.ActRefuse},
		{"scp*", event.ClassAccountChange, event.ActReset}, {"fcp*", event.ClassAccountChange, event.ActReset}, {"scu", event.ClassAccountChange, event.ActChange}, {"ss", event.ClassAccountChange, event.ActCreate}, {"fs", event.ClassAccountChange, event.ActCreate}, {"du", event.ClassAccountChange, event.ActDelete},
		{"sdu", event.ClassAccountChange, event.ActDelete}, {"sapi", event.ClassEntityChange, event.ActChange}, {"fapi", event.ClassEntityChange, event.ActChange}, {"mgmt_api_read", event.ClassOther, event.ActRead},
	},
}
