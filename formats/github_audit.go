// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

var githubAudit = Format{
	Name:   "github-audit",
	Also:   []string{"github"},
	Source: "cloud-audit",
	About: About{
		What:   "The audit log of GitHub organisations and enterprises as JSON: the export, /orgs/ORG/audit-log, streaming.",
		Export: "Organisation, Settings, Audit log, Export, JSON (180 days; Git events seven days); or gh api /orgs/ORG/audit-log?include=all --paginate. Addresses are in it only if the organisation has switched on their disclosure.",
		Takes:  "Repositories cloned, pushed to, created, made public, removed; members, teams, keys, tokens, secrets, webhooks, protections changed; logins of enterprises with managed users.",
		Leaves: "What was changed within a file, and events of the API (webhooks are another stream and are not read).",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"actor"},
	Sniff:   sniffGitHub,
	New:     func(env *Env) Parser { return newCloudApp(env, &githubAuditApp, sniffGitHub) },
}

func sniffGitHub(rec []byte) float64 {
	switch {
	case hasAll(rec, `"action"`, `"actor"`, `"_document_id"`):
		return 0.96
	case hasAll(rec, `"action"`, `"actor"`) && (hasAll(rec, `"org"`) || hasAll(rec, `"business"`) || hasAll(rec, `"repo"`)) && (hasAll(rec, `"created_at"`) || hasAll(rec, `"@timestamp"`) || hasAll(rec, `"org"`)):
		return 0.8
	}
	return 0
}

var githubAuditApp = cloudApp{
	service: "github",
	paths: [capFields]string{capTime: "@timestamp|created_at", capAction: "action", capAccount: "actor", capIP: "actor_ip", capAgent: "user_agent", capObject: "repo|repository|team|name", capTarget: "user|invitee", capID: "_document_id", capCountry: "actor_location.country_code", capOrg: "org|business",
		capKind: "operation_type", capMore: "explanation|hashed_token|programmatic_access_type|permission|visibility"},
	actions: []actionRow{
		{"user.login", event.ClassAuthentication, event.ActLogon}, {"user.failed_login", event.ClassAuthentication, event.ActLogon}, {"user.logout", event.ClassAuthentication, event.ActLogoff}, {"user.two_factor_*", event.ClassAccountChange, event.ActReset}, {"two_factor_authentication.*", event.ClassAccountChange, event.ActReset},
		{"org.sso_response", event.ClassAuthentication, event.ActLogon}, {"git.clone", event.ClassFile, event.ActDownload}, {"git.fetch", event.ClassFile, event.ActDownload}, {"git.push", event.ClassFile, event.ActUpload}, {"repo.download_zip", event.ClassFile, event.ActDownload}, {"repo.create", event.ClassFile, event.ActCreate},
		{"repo.destroy", event.ClassFile, event.ActDelete}, {"repo.access", event.ClassFile, event.ActShare}, {"repo.rename", event.ClassFile, event.ActRename}, {"repo.add_member", event.ClassAccountChange, event.ActAssign}, {"repo.remove_member", event.ClassAccountChange, event.ActRelease},
		{"repo.update_member", event.ClassAccountChange, event.ActAssign}, {"org.add_member", event.ClassAccountChange, event.ActAssign}, {"org.invite_member", event.ClassAccountChange, event.ActAssign}, {"org.remove_member", event.ClassAccountChange, event.ActRelease}, {"org.update_member", event.ClassAccountChange, event.ActAssign},
		{"org.add_outside_collaborator", event.ClassAccountChange, event.ActAssign}, {"team.add_member", event.ClassAccountChange, event.ActAssign}, {"team.remove_member", event.ClassAccountChange, event.ActRelease}, {"public_key.*", event.ClassAccountChange, event.ActReset}, {"deploy_key.*", event.ClassAccountChange, event.ActReset},
		{"personal_access_token.*", event.ClassAccountChange, event.ActReset}, {"oauth_access.*", event.ClassAccountChange, event.ActAssign}, {"integration_installation.create", event.ClassAccountChange, event.ActAssign}, {"org.oauth_app_access_approved", event.ClassAccountChange, event.ActAssign},
		{"*.disable_*", event.ClassEntityChange, event.ActDisable}, {"audit_log_streaming.*", event.ClassLogAdmin, event.ActChange}, {"*.create", event.ClassEntityChange, event.ActCreate}, {"*.destroy", event.ClassEntityChange, event.ActDelete}, {"*.delete", event.ClassEntityChange, event.ActDelete},
		{"*.update", event.ClassEntityChange, event.ActChange}, {"*", event.ClassEntityChange, event.ActChange},
	},
}
