// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

var azureActivity = Format{
	Name:   "azure-activity",
	Also:   []string{"azure-monitor", "azure-resource"},
	Source: "cloud-audit",
	About: About{
		What:   "The activity log of Azure subscriptions, and resource logs (Key Vault, Storage and others), as JSON: az monitor activity-log list, diagnostic settings (records), the portal's download, Log Analytics' AzureActivity.",
		Export: "az monitor activity-log list --offset 90d --max-events 100000 > activity.json for each subscription: Azure keeps 90 days. Resource logs (AuditEvent of Key Vault, StorageRead) are off until a diagnostic setting sends them somewhere.",
		Takes:  "Who did what to which resource, from where, how it ended: roles assigned, machines and commands run in them, keys listed, secrets and objects read, policies and alerts removed, logging switched off.",
		Leaves: "Request bodies. Many operations write several records (Start, Accept, Success): those that do not end have an unknown outcome. Where a token's claims are missing, so is the account.",
	},
	Framing: event.FrameJSON,
	Shapes:  ShapeObject,
	Keys:    []string{"operationName", "OperationNameValue", "OperationName"},
	Sniff:   sniffAzureActivity,
	New:     func(env *Env) Parser { return newCloudApp(env, &azureActivityApp, sniffAzureActivity) },
}

func sniffAzureActivity(rec []byte) float64 {
	switch {
	case hasAll(rec, `SignInLogs"`), hasAll(rec, `"AuditLogs"`), hasAll(rec, `"initiatedBy"`), hasAll(rec, `"InitiatedBy"`):
		return 0
	case hasAll(rec, `"operationName"`, `"resourceId"`), hasAll(rec, `"OperationNameValue"`), hasAll(rec, `"operationName"`, `"eventTimestamp"`), hasAll(rec, `"operationName"`, `"category"`, `"callerIpAddress"`):
		return 0.85
	}
	return 0
}

var azureActivityApp = cloudApp{
	service: "azure",
	paths: [capFields]string{
		capTime: "eventTimestamp|time|TimeGenerated", capAction: "operationName.value|operationName|OperationNameValue",
		capAccount: "caller|Caller|identity.claims.http://schemas·xmlsoap·org/ws/2005/05/identity/claims/upn|claims.http://schemas·xmlsoap·org/ws/2005/05/identity/claims/upn|identity.claims.http://schemas·xmlsoap·org/ws/2005/05/identity/claims/name|identity.claims.http://schemas·xmlsoap·org/ws/2005/05/identity/claims/emailaddress|identity.claim.http://schemas·xmlsoap·org/ws/2005/05/identity/claims/upn|identity.claim.upn|identity.claims.appid|identity.claim.appid|identity.requester.upn|identity.requester.objectId|identity.authorization.evidence.principalId",
		capIP:      "callerIpAddress|CallerIpAddress|httpRequest.clientIpAddress|claims.ipaddr|identity.claims.ipaddr", capAgent: "properties.userAgentHeader|properties.clientInfo|UserAgentHeader", capObject: "resourceId|ResourceId|_ResourceId|uri",
		capResult: "status.value|resultType|ActivityStatusValue|resultSignature|StatusText", capReasonText: "resultDescription|subStatus.value|ActivitySubstatusValue|statusCode|properties.statusCode", capID: "eventDataId|EventDataId", capSession: "correlationId|CorrelationId", capKind: "category.value|category|CategoryValue",
	},
	good: []string{"success", "succeeded", "active", "resolved", "200", "201", "202", "204", "ok", "authenticatedsuccess"},
	reasons: []capReason{{"authoriz", event.ReasonDenied}, {"forbidden", event.ReasonDenied}, {"403", event.ReasonDenied}, {"denied", event.ReasonDenied}, {"unauthorized", event.ReasonBadCredentials}, {"401", event.ReasonBadCredentials},
		{"throttl", event.ReasonUnavailable}, {"timeout", event.ReasonTimeout}, {"unavailable", event.ReasonUnavailable}},
	actions: []actionRow{
		{"microsoft.insights/diagnosticsettings/delete", event.ClassLogAdmin, event.ActDelete}, {"microsoft.insights/diagnosticsettings/write", event.ClassLogAdmin, event.ActChange}, {"microsoft.operationalinsights/workspaces/delete", event.ClassLogAdmin, event.ActDelete},
		{"microsoft.network/networkwatchers/delete", event.ClassLogAdmin, event.ActDelete}, {"microsoft.authorization/roleassignments/write", event.ClassAccountChange, event.ActAssign}, {"microsoft.authorization/roleassignments/delete", event.ClassAccountChange, event.ActRelease},
		{"microsoft.authorization/elevateaccess/action", event.ClassAccountChange, event.ActAssign}, {"*/rolebindings/write", event.ClassAccountChange, event.ActAssign}, {"microsoft.security/*", event.ClassDetection, event.ActOther}, {"*/runcommand/action", event.ClassProcess, event.ActStart},
		{"*/listkeys/action", event.ClassFile, event.ActRead}, {"*/begingetaccess/action", event.ClassFile, event.ActDownload}, {"secretget", event.ClassFile, event.ActRead}, {"keyget", event.ClassFile, event.ActRead}, {"certificateget", event.ClassFile, event.ActRead}, {"secretlist", event.ClassFile, event.ActList},
		{"secretrecover", event.ClassFile, event.ActRead}, {"keypurge", event.ClassFile, event.ActDelete}, {"secret*", event.ClassFile, event.ActOther}, {"authentication", event.ClassAuthentication, event.ActTicket}, {"getblob*", event.ClassFile, event.ActDownload}, {"putblob*", event.ClassFile, event.ActUpload},
		{"copyblob*", event.ClassFile, event.ActCopy}, {"deleteblob*", event.ClassFile, event.ActDelete}, {"listblobs", event.ClassFile, event.ActList}, {"listcontainers", event.ClassFile, event.ActList}, {"setcontaineracl", event.ClassFile, event.ActShare}, {"getfile", event.ClassFile, event.ActDownload},
		{"*/delete", event.ClassEntityChange, event.ActDelete}, {"*/write", event.ClassEntityChange, event.ActChange}, {"*/read", event.ClassOther, event.ActRead}, {"*/start/action", event.ClassEntityChange, event.ActStart}, {"*/action", event.ClassEntityChange, event.ActOther},
		{"create or update *", event.ClassEntityChange, event.ActChange}, {"delete *", event.ClassEntityChange, event.ActDelete},
	},
}
