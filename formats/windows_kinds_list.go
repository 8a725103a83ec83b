// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "github.com/sekisho/sekisho/event"

// windowsKinds returns the list of a log. Numbers that are not in it are taken as class other: nothing is lost.
func windowsKinds(channel []byte) []windowsKind {
	const (
		auth    = event.ClassAuthentication
		change  = event.ClassEntityChange
		admin   = event.ClassLogAdmin
		file    = event.ClassFile
		process = event.ClassProcess
		remote  = event.ClassRemoteSession
		net     = event.ClassNetwork
		found   = event.ClassDetection
		ok      = event.OutcomeSuccess
		failed  = event.OutcomeFailure
		denied  = event.ReasonDenied
		wrong   = event.ReasonBadCredentials
	)
	switch string(channel) {
	case "Security":
		return []windowsKind{
			{id: 4608, class: change, act: event.ActStart, object: "=Windows"},
			{id: 4609, class: change, act: event.ActStop, object: "=Windows"},
			{id: 4649, class: found, account: "@target", object: "=Kerberos replay", host: "WorkstationName"},
			{id: 4670, class: change, act: event.ActChange, account: "@subject", object: "ObjectName"},
			{id: 4673, class: event.ClassOther, account: "@subject", object: "Service+PrivilegeList", client: "ProcessName"},
			{id: 4674, class: event.ClassOther, account: "@subject", object: "ObjectName", client: "ProcessName"},
			{id: 4706, class: change, act: event.ActCreate, account: "@subject", object: "DomainName"},
			{id: 4707, class: change, act: event.ActDelete, account: "@subject", object: "DomainName"},
			{id: 4713, class: change, act: event.ActChange, account: "@subject", object: "=Kerberos policy"},
			{id: 4716, class: change, act: event.ActChange, account: "@subject", object: "DomainName"},
			{id: 4739, class: change, act: event.ActChange, account: "@subject", object: "DomainPolicyChanged+DomainName"},
			{id: 4766, class: event.ClassAccountChange, act: event.ActChange, outcome: failed, account: "@subject", target: "@target"},
			{id: 4782, class: event.ClassDirectory, act: event.ActRead, account: "@subject", target: "@target", object: "=password hash"},
			{id: 4800, class: auth, act: event.ActLock, account: "@target"},
			{id: 4801, class: auth, act: event.ActUnlock, account: "@target"},
			{id: 4802, class: auth, act: event.ActLock, account: "@target"},
			{id: 4803, class: auth, act: event.ActUnlock, account: "@target"},
			{id: 4882, class: change, act: event.ActChange, account: "@subject", object: "=certification authority permissions"},
			{id: 4886, class: change, act: event.ActOther, account: "Requester", object: "Attributes|RequestId"},
			{id: 4887, class: change, act: event.ActAssign, outcome: ok, account: "Requester", object: "Subject|Attributes|RequestId"},
			{id: 4888, class: change, act: event.ActRefuse, outcome: failed, reason: denied, account: "Requester", object: "Subject|Attributes|RequestId"},
			{id: 4890, class: change, act: event.ActChange, account: "@subject", object: "Entry+Value"},
			{id: 4898, class: change, act: event.ActOther, object: "TemplateDSObjectFQDN|TemplateInternalName"},
			{id: 4899, class: change, act: event.ActChange, object: "TemplateDSObjectFQDN|TemplateInternalName"},
			{id: 4900, class: change, act: event.ActChange, object: "TemplateDSObjectFQDN|TemplateInternalName"},
			{id: 4904, class: admin, act: event.ActOther, account: "@subject", object: "AuditSourceName"},
			{id: 4905, class: admin, act: event.ActOther, account: "@subject", object: "AuditSourceName"},
			{id: 1108, class: admin, act: event.ActOther, outcome: failed, object: "=an event that could not be written"},
			{id: 4946, class: change, act: event.ActCreate, object: "RuleName"},
			{id: 4947, class: change, act: event.ActChange, object: "RuleName"},
			{id: 4948, class: change, act: event.ActDelete, object: "RuleName"},
			{id: 4950, class: change, act: event.ActChange, object: "SettingType+SettingValue"},
			{id: 5024, class: change, act: event.ActStart, object: "=Windows Firewall"},
			{id: 5025, class: change, act: event.ActStop, object: "=Windows Firewall"},
			{id: 5034, class: change, act: event.ActStop, object: "=Windows Firewall driver"},
			{id: 5376, class: event.ClassOther, act: event.ActCopy, account: "@subject", object: "=saved credentials"},
			{id: 5377, class: event.ClassOther, act: event.ActWrite, account: "@subject", object: "=saved credentials"},
			{id: 5379, class: event.ClassOther, act: event.ActRead, account: "@subject", object: "TargetName|=saved credentials"},
			{id: 5381, class: event.ClassOther, act: event.ActRead, account: "@subject", object: "=vault credentials"},
			{id: 5382, class: event.ClassOther, act: event.ActRead, account: "@subject", object: "Identity|=vault credentials"},
			{id: 6272, class: auth, act: event.ActLogon, outcome: ok, service: "radius", account: "FullyQualifiedSubjectUserName|@subject", client: "ClientName", object: "NetworkPolicyName"},
			{id: 6273, class: auth, act: event.ActLogon, outcome: failed, service: "radius", account: "FullyQualifiedSubjectUserName|@subject", client: "ClientName", object: "NetworkPolicyName"},
			{id: 6274, class: auth, act: event.ActLogon, outcome: failed, service: "radius", account: "FullyQualifiedSubjectUserName|@subject", client: "ClientName"},
			{id: 6276, class: auth, act: event.ActOther, service: "radius", account: "FullyQualifiedSubjectUserName|@subject", client: "ClientName"},
			{id: 6278, class: auth, act: event.ActOther, outcome: ok, service: "radius", account: "FullyQualifiedSubjectUserName|@subject", client: "ClientName"},
			{id: 6279, class: event.ClassAccountChange, act: event.ActLock, account: "FullyQualifiedSubjectUserName|@subject"},
			{id: 6280, class: event.ClassAccountChange, act: event.ActUnlock, account: "FullyQualifiedSubjectUserName|@subject"},
			{id: 6416, class: change, act: event.ActConnect, account: "@subject", object: "DeviceDescription+DeviceId"},
			{id: 6423, class: change, act: event.ActRefuse, outcome: failed, reason: denied, account: "@subject", object: "DeviceDescription+DeviceId"},
		}
	case "System":
		const manager, radius = "Service Control Manager", "RemoteAccess"
		return []windowsKind{
			{id: 7036, provider: manager, class: change, act: event.ActChange, outcome: ok, object: "param1"},
			{id: 7000, provider: manager, class: change, act: event.ActStart, outcome: failed, object: "param1"},
			{id: 7001, provider: manager, class: change, act: event.ActStart, outcome: failed, object: "param1"},
			{id: 7009, provider: manager, class: change, act: event.ActStart, outcome: failed, reason: event.ReasonTimeout, object: "param2"},
			{id: 7022, provider: manager, class: change, act: event.ActStart, outcome: failed, object: "param1"},
			{id: 7023, provider: manager, class: change, act: event.ActStop, outcome: failed, object: "param1"},
			{id: 7024, provider: manager, class: change, act: event.ActStop, outcome: failed, object: "param1"},
			{id: 7030, provider: manager, class: change, act: event.ActOther, object: "param1"},
			{id: 7031, provider: manager, class: change, act: event.ActStop, outcome: failed, object: "param1"},
			{id: 7034, provider: manager, class: change, act: event.ActStop, outcome: failed, object: "param1"},
			{id: 6005, provider: "EventLog", class: admin, act: event.ActStart, outcome: ok, object: "=event log service"},
			{id: 6006, provider: "EventLog", class: admin, act: event.ActStop, outcome: ok, object: "=event log service"},
			{id: 6008, provider: "EventLog", class: change, act: event.ActStop, outcome: failed, object: "=Windows"},
			{id: 6009, provider: "EventLog", class: change, act: event.ActStart, outcome: ok, object: "=Windows"},
			{id: 6011, provider: "EventLog", class: change, act: event.ActRename, outcome: ok, object: "param1+param2"},
			{id: 12, provider: "Kernel-General", class: change, act: event.ActStart, outcome: ok, object: "=Windows"},
			{id: 13, provider: "Kernel-General", class: change, act: event.ActStop, outcome: ok, object: "=Windows"},
			{id: 1, provider: "Kernel-General", class: change, act: event.ActChange, outcome: ok, account: "@sid", object: "=clock"},
			{id: 41, provider: "Kernel-Power", class: change, act: event.ActStop, outcome: failed, object: "=Windows"},
			{id: 1074, provider: "User32", class: change, act: event.ActStop, outcome: ok, account: "param7", object: "param5+param3", client: "param1"},
			{id: 1076, provider: "User32", class: change, act: event.ActOther, account: "param6", object: "param1"},
			{id: 56, provider: "TermDD", class: net, act: event.ActRefuse, outcome: failed, reason: event.ReasonProtocol, service: "rdp", source: "param2"},
			{id: 20271, provider: radius, class: auth, act: event.ActLogon, outcome: failed, reason: wrong, service: "vpn", account: "param2", source: "param3"},
			{id: 20250, provider: radius, class: auth, act: event.ActLogon, outcome: ok, service: "vpn", account: "param2", object: "param3"},
			{id: 20272, provider: radius, class: remote, act: event.ActClose, outcome: ok, service: "vpn", account: "param2", object: "param3"},
			{id: 20274, provider: radius, class: event.ClassLease, act: event.ActAssign, outcome: ok, service: "vpn", account: "param2", source: "param4", object: "param3"},
			{id: 20001, provider: "UserPnp", class: change, act: event.ActCreate, outcome: ok, object: "DriverDescription|DriverName"},
		}
	case "Application":
		return []windowsKind{
			{id: 18456, provider: "MSSQL", class: auth, act: event.ActLogon, outcome: failed, reason: wrong, service: "mssql", account: "param1"},
			{id: 11707, provider: "MsiInstaller", class: change, act: event.ActCreate, outcome: ok, account: "@sid", object: "param1"},
			{id: 11724, provider: "MsiInstaller", class: change, act: event.ActDelete, outcome: ok, account: "@sid", object: "param1"},
			{id: 1033, provider: "MsiInstaller", class: change, act: event.ActCreate, account: "@sid", object: "param1"},
		}
	case "Directory Service":
		return []windowsKind{
			{id: 1644, class: event.ClassDirectory, act: event.ActSearch, outcome: ok, service: "ldap", source: "param5", object: "param1+param2"},
			{id: 2889, class: auth, act: event.ActOther, service: "ldap", account: "param2", source: "param1", object: "=a bind without signing, or in clear text"},
			{id: 3039, class: auth, act: event.ActOther, service: "ldap", account: "param2", source: "param1", object: "=a bind without a channel binding token"},
			{id: 2887, class: event.ClassOther, act: event.ActOther, service: "ldap", object: "=binds without signing in a day"},
		}
	case "Microsoft-Windows-TerminalServices-Gateway/Operational":
		const who, from, what = "Username|UserName", "IpAddress|ClientIP", "Resource"
		return []windowsKind{
			{id: 200, class: auth, act: event.ActLogon, outcome: ok, service: "rdp-gateway", account: who, source: from},
			{id: 201, class: auth, act: event.ActLogon, outcome: failed, reason: denied, service: "rdp-gateway", account: who, source: from},
			{id: 300, class: remote, act: event.ActOther, outcome: ok, service: "rdp-gateway", account: who, source: from, object: what},
			{id: 301, class: remote, act: event.ActConnect, outcome: failed, reason: denied, service: "rdp-gateway", account: who, source: from, object: what},
			{id: 302, class: remote, act: event.ActConnect, outcome: ok, service: "rdp-gateway", account: who, source: from, object: what},
			{id: 303, class: remote, act: event.ActClose, outcome: ok, service: "rdp-gateway", account: who, source: from, object: what},
			{id: 304, class: remote, act: event.ActConnect, outcome: failed, reason: event.ReasonUnavailable, service: "rdp-gateway", account: who, source: from, object: what},
			{id: 307, class: auth, act: event.ActLogon, outcome: failed, reason: denied, service: "rdp-gateway", account: who, source: from},
			{id: 312, class: remote, act: event.ActOther, service: "rdp-gateway", account: who, source: from},
			{id: 313, class: remote, act: event.ActOther, service: "rdp-gateway", account: who, source: from},
		}
	case "Microsoft-Windows-TerminalServices-RemoteConnectionManager/Admin":
		return []windowsKind{{id: 1158, class: net, act: event.ActConnect, outcome: ok, service: "rdp", source: "Param1|param1"}}
	case "Microsoft-Windows-TaskScheduler/Operational":
		return []windowsKind{
			{id: 106, class: change, act: event.ActCreate, outcome: ok, account: "UserContext", object: "TaskName"},
			{id: 140, class: change, act: event.ActChange, outcome: ok, account: "UserName", object: "TaskName"},
			{id: 141, class: change, act: event.ActDelete, outcome: ok, account: "UserName", object: "TaskName"},
			{id: 142, class: change, act: event.ActDisable, outcome: ok, account: "UserName", object: "TaskName"},
			{id: 100, class: process, act: event.ActStart, outcome: ok, account: "UserContext", object: "TaskName"},
			{id: 101, class: process, act: event.ActStart, outcome: failed, account: "UserContext", object: "TaskName"},
			{id: 102, class: process, act: event.ActStop, outcome: ok, account: "UserContext", object: "TaskName"},
			{id: 103, class: process, act: event.ActStop, outcome: failed, account: "UserContext", object: "TaskName"},
			{id: 110, class: process, act: event.ActStart, outcome: ok, account: "UserContext", object: "TaskName"},
			{id: 129, class: process, act: event.ActStart, outcome: ok, object: "TaskName+Path"},
			{id: 200, class: process, act: event.ActStart, outcome: ok, object: "TaskName+ActionName"},
			{id: 201, class: process, act: event.ActStop, outcome: ok, object: "TaskName+ActionName"},
			{id: 203, class: process, act: event.ActStart, outcome: failed, object: "TaskName+ActionName"},
		}
	}
	return windowsMoreKinds(channel)
}
