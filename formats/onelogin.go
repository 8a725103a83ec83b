// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

var oneLogin = Format{
	Name:   "onelogin",
	Source: "cloud-signin",
	About: About{
		What:   "Events of OneLogin as JSON: the Events API (/api/1/events, /api/2/events), the event broadcaster's webhooks.",
		Export: "GET /api/1/events?since=…&until=… with an API credential that may read all, page by page; or Administration, Activity, Events, webhooks (broadcaster) to a collector. OneLogin keeps events for some months.",
		Takes:  "Logins and failed logins to OneLogin and to applications with account, address, application and why; passwords shown, changed and reset; second factors registered and removed; users created, changed, deleted, locked; roles and applications.",
		Leaves: "What was changed. Of the numbers of kinds, 3, 5, 6, 8, 11, 13, 16, 17, 72, 90, 240, 531, 532, 551 and 553 are as Panther's and Sigma's rules have them; the others were not compared with the maker's list (developers.onelogin.com/api-docs/1/events/event-resource). Kinds that are not read become changes of an entity. A name is the display name where the record has no other.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"event_type_id"},
	Sniff:   sniffOneLogin,
	New:     func(env *Env) Parser { return newCloudApp(env, &oneLoginApp, sniffOneLogin) },
}

func sniffOneLogin(rec []byte) float64 {
	if hasAll(rec, `"event_type_id"`) && (hasAll(rec, `"user_name"`) || hasAll(rec, `"actor_user_name"`) || hasAll(rec, `"ipaddr"`)) {
		return 0.95
	}
	return 0
}

var oneLoginApp = cloudApp{
	service: "onelogin",
	paths: [capFields]string{capTime: "event_timestamp|created_at", capAction: "event_type_id", capAccount: "actor_user_name|user_name", capIP: "ipaddr|proxy_ip", capAgent: "user_agent", capObject: "app_name|role_name|group_name|policy_name|notes",
		capTarget: "user_name", capReasonText: "error_description|custom_message", capID: "uuid|id", capMore: "risk_reasons|resolution", capOrg: "account_id", capKind: "otp_device_name|risk_score"},
	actions: []actionRow{
		{"5", event.ClassAuthentication, event.ActLogon}, {"6", event.ClassAuthentication, event.ActLogon}, {"7", event.ClassAuthentication, event.ActLogoff}, {"8", event.ClassAuthentication, event.ActTicket}, {"9", event.ClassAuthentication, event.ActTicket},
		{"10", event.ClassAccountChange, event.ActReset}, {"11", event.ClassAccountChange, event.ActReset}, {"12", event.ClassAccountChange, event.ActUnlock}, {"13", event.ClassAccountChange, event.ActCreate}, {"14", event.ClassAccountChange, event.ActChange},
		{"15", event.ClassAccountChange, event.ActDisable}, {"16", event.ClassAccountChange, event.ActEnable}, {"17", event.ClassAccountChange, event.ActDelete}, {"19", event.ClassAccountChange, event.ActLock}, {"20", event.ClassAccountChange, event.ActUnlock},
		{"21", event.ClassAccountChange, event.ActDisable}, {"22", event.ClassAccountChange, event.ActEnable}, {"24", event.ClassAccountChange, event.ActReset}, {"25", event.ClassAccountChange, event.ActReset}, {"72", event.ClassAccountChange, event.ActAssign},
		{"90", event.ClassAuthentication, event.ActTicket}, {"149", event.ClassAccountChange, event.ActLock}, {"240", event.ClassFile, event.ActRead}, {"3", event.ClassAuthentication, event.ActElevate}, {"531", event.ClassAccountChange, event.ActLock}, {"532", event.ClassAccountChange, event.ActLock}, {"551", event.ClassAccountChange, event.ActDisable},
		{"553", event.ClassAccountChange, event.ActLock},
		{"*", event.ClassEntityChange, event.ActOther},
	},
	failed: []capReason{{"6", event.ReasonBadCredentials}, {"9", event.ReasonDenied}, {"90", event.ReasonDenied}},
}

var slackAudit = Format{
	Name:   "slack-audit",
	Also:   []string{"slack"},
	Source: "cloud-audit",
	About: About{
		What:   "The Audit Logs API of Slack Enterprise Grid (/audit/v1/logs) as JSON.",
		Export: "curl -H 'Authorization: Bearer xoxp-…' 'https://api.slack.com/audit/v1/logs?limit=9999&oldest=…' with the scope auditlogs:read, page by page by next_cursor. Plans below Enterprise have access logs alone (team.accessLogs), which are not read.",
		Takes:  "Logins, failed logins and logouts with mail address, address and user agent; files shared, downloaded and deleted; users, roles, channels, applications and settings changed; exports; anomalies.",
		Leaves: "Messages and their content. What stands in details beyond the kind of change.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"date_create"},
	Sniff:   sniffSlack,
	New:     func(env *Env) Parser { return newCloudApp(env, &slackApp, sniffSlack) },
}

func sniffSlack(rec []byte) float64 {
	if hasAll(rec, `"date_create"`, `"action"`, `"actor"`, `"entity"`) {
		return 0.96
	}
	return 0
}

var slackApp = cloudApp{
	service: "slack",
	paths: [capFields]string{capTime: "date_create", capAction: "action", capAccount: "actor.user.email|actor.user.name|actor.user.id", capIP: "context.ip_address", capAgent: "context.ua",
		capObject: "entity.file.name|entity.channel.name|entity.app.name|entity.workspace.name|entity.enterprise.name|entity.workflow.name|entity.file.id|entity.channel.id", capTarget: "entity.user.email|entity.user.name", capID: "id",
		capSession: "context.session_id", capOrg: "context.location.domain|context.location.name", capKind: "entity.type", capMore: "details"},
	actions: []actionRow{
		{"user_login", event.ClassAuthentication, event.ActLogon}, {"user_login_failed", event.ClassAuthentication, event.ActLogon}, {"user_logout*", event.ClassAuthentication, event.ActLogoff}, {"user_session_invalidated", event.ClassAuthentication, event.ActLogoff},
		{"user_session_reset_*", event.ClassAuthentication, event.ActLogoff}, {"user_created", event.ClassAccountChange, event.ActCreate}, {"user_deactivated", event.ClassAccountChange, event.ActDisable}, {"user_reactivated", event.ClassAccountChange, event.ActEnable},
		{"guest_created", event.ClassAccountChange, event.ActCreate}, {"user_email_updated", event.ClassAccountChange, event.ActChange}, {"user_password_*", event.ClassAccountChange, event.ActReset}, {"role_change_*", event.ClassAccountChange, event.ActAssign},
		{"role_assigned", event.ClassAccountChange, event.ActAssign}, {"role_removed", event.ClassAccountChange, event.ActRelease}, {"owner_transferred", event.ClassAccountChange, event.ActAssign}, {"user_*", event.ClassAccountChange, event.ActChange},
		{"file_downloaded*", event.ClassFile, event.ActDownload}, {"file_uploaded", event.ClassFile, event.ActUpload}, {"file_shared", event.ClassFile, event.ActShare}, {"file_public_link_created", event.ClassFile, event.ActShare}, {"file_deleted", event.ClassFile, event.ActDelete},
		{"file_*", event.ClassFile, event.ActOther}, {"app_installed", event.ClassAccountChange, event.ActAssign}, {"app_scopes_expanded", event.ClassAccountChange, event.ActAssign}, {"app_*", event.ClassEntityChange, event.ActChange}, {"anomaly*", event.ClassDetection, event.ActOther},
		{"*export_*", event.ClassFile, event.ActDownload}, {"manual_export_*", event.ClassFile, event.ActDownload}, {"*_created", event.ClassEntityChange, event.ActCreate}, {"*_deleted", event.ClassEntityChange, event.ActDelete}, {"*", event.ClassEntityChange, event.ActChange},
	},
	failed: []capReason{{"user_login_failed", event.ReasonBadCredentials}},
}

var atlassianAudit = Format{
	Name:   "atlassian-audit",
	Also:   []string{"atlassian", "jira-audit"},
	Source: "cloud-audit",
	About: About{
		What:   "Audit logs of Atlassian organisations (Jira, Confluence and the accounts of a cloud organisation): /admin/v1/orgs/ID/events as JSON, and of Jira sites: /rest/api/3/auditing/record.",
		Export: "curl -H 'Authorization: Bearer …' 'https://api.atlassian.com/admin/v1/orgs/ORG/events?from=…' with an API key of the organisation, page by page; or Security, Audit log, Export (CSV, not read). 180 days are kept. Atlassian Guard is needed for what users do.",
		Takes:  "Logins of managed accounts, users, groups, products, tokens and policies changed, spaces exported, with who and from where.",
		Leaves: "Pages and issues that were read. A failed login is written only with Atlassian Guard.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"attributes", "eventSource"},
	Sniff:   sniffAtlassian,
	New:     func(env *Env) Parser { return newCloudApp(env, &atlassianApp, sniffAtlassian) },
}

func sniffAtlassian(rec []byte) float64 {
	switch {
	case hasAll(rec, `"attributes"`, `"action"`, `"actor"`, `"time"`) && (hasAll(rec, `"location"`) || hasAll(rec, `"container"`) || hasAll(rec, `"context"`)) && !hasAll(rec, `"ocsf`):
		return 0.8
	case hasAll(rec, `"summary"`, `"eventSource"`, `"created"`) && (hasAll(rec, `"authorAccountId"`) || hasAll(rec, `"authorKey"`)):
		return 0.93
	}
	return 0
}

var atlassianApp = cloudApp{
	service: "atlassian",
	paths: [capFields]string{capTime: "attributes.time|created", capAction: "attributes.action|summary", capAccount: "attributes.actor.email|attributes.actor.name|authorAccountId|authorKey|attributes.actor.id", capIP: "attributes.location.ip|remoteAddress",
		capObject: "attributes.container.attributes.name|objectItem.name|attributes.container.id", capTarget: "attributes.context.attributes.accountEmail|attributes.context.attributes.email|attributes.context.attributes.name", capID: "id", capCountry: "attributes.location.countryCode", capOrg: "attributes.container.type|category",
		capMore: "message.content|description", capKind: "attributes.context.type|objectItem.typeName"},
	actions: []actionRow{
		{"user_login*", event.ClassAuthentication, event.ActLogon}, {"login*", event.ClassAuthentication, event.ActLogon}, {"user_logout*", event.ClassAuthentication, event.ActLogoff}, {"*login_failed", event.ClassAuthentication, event.ActLogon}, {"user created", event.ClassAccountChange, event.ActCreate},
		{"user deleted", event.ClassAccountChange, event.ActDelete}, {"user added to group", event.ClassAccountChange, event.ActAssign}, {"user removed from group", event.ClassAccountChange, event.ActRelease}, {"user_added_*", event.ClassAccountChange, event.ActAssign},
		{"user_removed_*", event.ClassAccountChange, event.ActRelease}, {"user_granted_*", event.ClassAccountChange, event.ActAssign}, {"user_revoked_*", event.ClassAccountChange, event.ActRelease}, {"user_created", event.ClassAccountChange, event.ActCreate}, {"user_deleted", event.ClassAccountChange, event.ActDelete},
		{"user_deactivated", event.ClassAccountChange, event.ActDisable}, {"user_reactivated", event.ClassAccountChange, event.ActEnable}, {"user_password_*", event.ClassAccountChange, event.ActReset}, {"user_*", event.ClassAccountChange, event.ActChange}, {"api_token_*", event.ClassAccountChange, event.ActReset},
		{"*token_created", event.ClassAccountChange, event.ActReset}, {"group_*", event.ClassAccountChange, event.ActChange}, {"*_export*", event.ClassFile, event.ActDownload}, {"*_created", event.ClassEntityChange, event.ActCreate}, {"*_deleted", event.ClassEntityChange, event.ActDelete}, {"*", event.ClassEntityChange, event.ActChange},
	},
}
