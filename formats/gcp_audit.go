// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

var gcpAudit = Format{
	Name:   "gcp-audit",
	Also:   []string{"google-cloud", "gcp"},
	Source: "cloud-audit",
	About: About{
		What:   "Cloud Audit Logs of Google Cloud (LogEntry with protoPayload): admin activity, data access, policy denied, and what Google Workspace shares with Cloud Logging.",
		Export: "gcloud logging read 'logName:\"cloudaudit.googleapis.com\"' --freshness=400d --format=json, or a sink to a bucket. Admin activity is kept 400 days; data access is off for most services until IAM, Audit Logs switches it on, and kept 30 days.",
		Takes:  "Who did what to which resource by which method, from where, with what, and whether it was refused.",
		Leaves: "Requests and answers. Calls from within Google have the address private or gce-internal-ip, which is no address.",
	},
	Framing:    event.FrameJSON,
	Shapes:     ShapeObject,
	Keys:       []string{"protoPayload"},
	Sniff:      sniffGCP,
	New:        func(env *Env) Parser { return newCloudApp(env, &gcpAuditApp, sniffGCP) },
	Unverified: "written from Google's reference and compared with no record of a real project",
}

func sniffGCP(rec []byte) float64 {
	if hasAll(rec, `"protoPayload"`, `"methodName"`) {
		return 0.96
	}
	return 0
}

var gcpAuditApp = cloudApp{
	service: "gcp",
	paths: [capFields]string{capTime: "timestamp|receiveTimestamp", capAction: "protoPayload.methodName", capAccount: "protoPayload.authenticationInfo.principalEmail|protoPayload.authenticationInfo.principalSubject", capIP: "protoPayload.requestMetadata.callerIp",
		capAgent: "protoPayload.requestMetadata.callerSuppliedUserAgent", capObject: "protoPayload.resourceName", capResult: "protoPayload.status.code", capReasonText: "protoPayload.status.message", capID: "insertId", capOrg: "resource.labels.project_id", capKind: "protoPayload.serviceName", capTarget: "protoPayload.metadata.event.parameter.value"},
	good:    []string{"0"},
	reasons: []capReason{{"permission", event.ReasonDenied}, {"7", event.ReasonDenied}, {"16", event.ReasonBadCredentials}, {"14", event.ReasonUnavailable}, {"4", event.ReasonTimeout}},
	actions: []actionRow{
		{"google.login.loginservice.loginfailure", event.ClassAuthentication, event.ActLogon}, {"google.login.loginservice.loginsuccess", event.ClassAuthentication, event.ActLogon}, {"google.login.loginservice.logout", event.ClassAuthentication, event.ActLogoff},
		{"google.login.*", event.ClassAuthentication, event.ActOther}, {"*setiampolicy", event.ClassAccountChange, event.ActAssign}, {"google.iam.admin.v1.createserviceaccountkey", event.ClassAccountChange, event.ActReset}, {"google.iam.admin.v1.createserviceaccount", event.ClassAccountChange, event.ActCreate},
		{"google.iam.admin.v1.deleteserviceaccount*", event.ClassAccountChange, event.ActDelete}, {"*generateaccesstoken", event.ClassAuthentication, event.ActTicket}, {"google.logging.v2.configservicev2.deletesink", event.ClassLogAdmin, event.ActDelete}, {"google.logging.v2.configservicev2.*", event.ClassLogAdmin, event.ActChange},
		{"storage.objects.get", event.ClassFile, event.ActDownload}, {"storage.objects.list", event.ClassFile, event.ActList}, {"storage.objects.create", event.ClassFile, event.ActUpload}, {"storage.objects.delete", event.ClassFile, event.ActDelete}, {"*accesssecretversion", event.ClassFile, event.ActRead},
		{"*.get", event.ClassOther, event.ActRead}, {"*.list", event.ClassOther, event.ActList}, {"*.insert", event.ClassEntityChange, event.ActCreate}, {"*.create", event.ClassEntityChange, event.ActCreate}, {"*.delete", event.ClassEntityChange, event.ActDelete}, {"*.update", event.ClassEntityChange, event.ActChange},
		{"*.patch", event.ClassEntityChange, event.ActChange},
	},
}
