// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "bytes"

// What stands in the head of an event.
const (
	whNone = iota
	whIgnore
	whID
	whCode // the number as ECS repeats it
	whTime
	whTimeLocal // EventTime of NXLog: local, without a zone
	whReceived
	whStamp // @timestamp: in UTC, of the event or of its reception
	whChannel
	whProvider
	whComputer
	whRecord
	whUserSID
	whKeywords
	whType
	whOutcome
	whMessage
	whLevel // for rules alone
	whFields
)

// windowsHead returns the head field of a member, by its columnName.
func windowsHead(name []byte) int {
	switch string(name) {
	case "eventid", "id", "eventidentifier", "eventcode":
		return whID
	case "code":
		return whCode
	case "timecreated", "systemtime", "timegenerated":
		return whTime
	case "eventtime":
		return whTimeLocal
	case "eventreceivedtime":
		return whReceived
	case "timestamp":
		return whStamp
	case "channel", "logname":
		return whChannel
	case "provider", "providername", "sourcename":
		return whProvider
	case "computer", "computername", "machinename", "hostname":
		return whComputer
	case "eventrecordid", "recordid", "recordnumber":
		return whRecord
	case "userid":
		return whUserSID
	case "keywords", "keywordsdisplaynames":
		return whKeywords
	case "eventtype":
		return whType
	case "outcome":
		return whOutcome
	case "message":
		return whMessage
	case "level":
		return whLevel
	case "version", "task", "opcode", "opcodevalue", "qualifiers", "threadid", "processid2", "executionprocessid", "executionthreadid", "providerguid", "providerid", "activityid",
		"relatedactivityid", "severity", "severityvalue", "sourcemodulename", "sourcemoduletype", "tags", "host", "port", "type", "leveldisplayname", "opcodedisplayname", "taskdisplayname",
		"bookmark", "matchedqueryids", "containerlog", "erroreventunresolved", "eventtypeorignal", "category", "chunknumber", "extradatainfo", "hiddenrecord", "sourcefile", "mapdescription",
		"kind", "action", "created", "module", "dataset", "ingested", "original", "api", "messagetitle", "description", "pschildname", "runspaceid", "pscomputername", "psshowcomputername", "logtype", "accounttype", "ploggedtype", "peventtime", "plogtype", "correlation", "execution":
		return whIgnore
	}
	return whNone
}

// The named values that events are made of.
const (
	wdNone = iota
	wdSubjectUser
	wdSubjectDomain
	wdTargetUser
	wdTargetDomain
	wdTargetSID
	wdTargetServer
	wdNewName
	wdLogonType
	wdStatus
	wdSubStatus
	wdIP
	wdPort
	wdWorkstation
	wdAccountName
	wdAccountDomain
	wdClientName
	wdClientAddress
	wdProcess
	wdParentUser
	wdCommand
	wdService
	wdServiceFile
	wdTask
	wdShare
	wdRelative
	wdAccess
	wdMember
	wdMemberSID
	wdObject
	wdObjectType
	wdOperation
	wdSourceIP
	wdSourcePort
	wdSourceHost
	wdDestIP
	wdDestPort
	wdDestHost
	wdDirection
	wdUser
	wdAddress
	wdParam1
	wdParam2
	wdParam3
	wdChannel
	wdQuery
	wdFile
	wdSubcategory
	wdChanges
	wdFields
)

// windowsValue returns the field of a named value, by its name in small letters.
func windowsValue(name []byte) int {
	switch string(name) {
	case "subjectusername":
		return wdSubjectUser
	case "subjectdomainname":
		return wdSubjectDomain
	case "targetusername":
		return wdTargetUser
	case "targetdomainname":
		return wdTargetDomain
	case "targetsid", "targetusersid":
		return wdTargetSID
	case "targetservername":
		return wdTargetServer
	case "newtargetusername":
		return wdNewName
	case "logontype":
		return wdLogonType
	case "status", "resultcode", "failurecode":
		return wdStatus
	case "substatus":
		return wdSubStatus
	case "ipaddress":
		return wdIP
	case "ipport":
		return wdPort
	case "workstationname", "workstation":
		return wdWorkstation
	case "accountname":
		return wdAccountName
	case "accountdomain":
		return wdAccountDomain
	case "clientname":
		return wdClientName
	case "clientaddress", "clientip", "ipstring":
		return wdClientAddress
	case "newprocessname", "image":
		return wdProcess
	case "commandline":
		return wdCommand
	case "servicename":
		return wdService
	case "servicefilename", "imagepath":
		return wdServiceFile
	case "taskname":
		return wdTask
	case "sharename":
		return wdShare
	case "relativetargetname":
		return wdRelative
	case "accessmask":
		return wdAccess
	case "membername":
		return wdMember
	case "membersid":
		return wdMemberSID
	case "objectname", "objectdn":
		return wdObject
	case "objecttype":
		return wdObjectType
	case "operationtype":
		return wdOperation
	case "sourceaddress", "sourceip":
		return wdSourceIP
	case "sourceport":
		return wdSourcePort
	case "sourcehostname":
		return wdSourceHost
	case "destaddress", "destinationip":
		return wdDestIP
	case "destport", "destinationport":
		return wdDestPort
	case "destinationhostname":
		return wdDestHost
	case "direction":
		return wdDirection
	case "user":
		return wdUser
	case "address":
		return wdAddress
	case "param1":
		return wdParam1
	case "param2":
		return wdParam2
	case "param3":
		return wdParam3
	case "channel":
		return wdChannel
	case "queryname":
		return wdQuery
	case "targetfilename":
		return wdFile
	case "subcategoryguid", "subcategoryid":
		return wdSubcategory
	case "auditpolicychanges":
		return wdChanges
	}
	return wdNone
}

// The logs whose numbers mean something to us. The same number means another thing in another log.
const (
	logOther = iota
	logSecurity
	logSystem
	logConnections // TerminalServices-RemoteConnectionManager
	logSessions    // TerminalServices-LocalSessionManager
	logRdpCore
	logRdpClient
	logSysmon
)

// log returns which log the event is from: by its channel, and where that is not given by its provider.
func (p *windowsParser) log(id int64) int {
	name := p.head[whChannel].text(&p.buf)
	if len(name) == 0 {
		name = p.head[whProvider].text(&p.buf)
	}
	switch {
	case bytes.EqualFold(name, []byte("Security")), bytes.Equal(name, []byte("Microsoft-Windows-Security-Auditing")):
		return logSecurity
	case bytes.EqualFold(name, []byte("System")), bytes.Equal(name, []byte("Service Control Manager")):
		return logSystem
	case has(name, "TerminalServices-RemoteConnectionManager"):
		return logConnections
	case has(name, "TerminalServices-LocalSessionManager"):
		return logSessions
	case has(name, "RemoteDesktopServices-RdpCoreTS"):
		return logRdpCore
	case has(name, "TerminalServices-ClientActiveXCore"), has(name, "TerminalServices-RDPClient"):
		return logRdpClient
	case has(name, "Windows-Sysmon"), has(name, "Linux-Sysmon"):
		return logSysmon
	case bytes.Equal(name, []byte("Microsoft-Windows-Eventlog")):
		if id == 104 {
			return logSystem
		}
		return logSecurity
	case len(name) == 0 && (id >= 4608 && id < 6500 || id == 1102):
		return logSecurity
	}
	return logOther
}

// windowsOrder returns the names that an event's values have in its template, for exports that give them by place alone. Later
// versions of a template only append to it. Source: the templates of Microsoft-Windows-Security-Auditing.
func windowsOrder(log int, id int64) []string {
	switch log {
	case logSecurity:
		switch id {
		case 4624:
			return []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType",
				"LogonProcessName", "AuthenticationPackageName", "WorkstationName", "LogonGuid", "TransmittedServices", "LmPackageName", "KeyLength", "ProcessId", "ProcessName", "IpAddress", "IpPort",
				"ImpersonationLevel", "RestrictedAdminMode", "TargetOutboundUserName", "TargetOutboundDomainName", "VirtualAccount", "TargetLinkedLogonId", "ElevatedToken"}
		case 4625:
			return []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "TargetUserSid", "TargetUserName", "TargetDomainName", "Status", "FailureReason", "SubStatus",
				"LogonType", "LogonProcessName", "AuthenticationPackageName", "WorkstationName", "TransmittedServices", "LmPackageName", "KeyLength", "ProcessId", "ProcessName", "IpAddress", "IpPort"}
		case 4634:
			return []string{"TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "LogonType"}
		case 4647:
			return []string{"TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId"}
		case 4648:
			return []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "LogonGuid", "TargetUserName", "TargetDomainName", "TargetLogonGuid", "TargetServerName",
				"TargetInfo", "ProcessId", "ProcessName", "IpAddress", "IpPort"}
		case 4672:
			return []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "PrivilegeList"}
		case 4688:
			return []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "NewProcessId", "NewProcessName", "TokenElevationType", "ProcessId", "CommandLine",
				"TargetUserSid", "TargetUserName", "TargetDomainName", "TargetLogonId", "ParentProcessName", "MandatoryLabel"}
		case 4697:
			return []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "ServiceName", "ServiceFileName", "ServiceType", "ServiceStartType", "ServiceAccount"}
		case 4698, 4699, 4700, 4701, 4702:
			return []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "TaskName", "TaskContent"}
		case 4719:
			return []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "CategoryId", "SubcategoryId", "SubcategoryGuid", "AuditPolicyChanges"}
		case 4720, 4722, 4723, 4724, 4725, 4726, 4740, 4767:
			return []string{"TargetUserName", "TargetDomainName", "TargetSid", "SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "PrivilegeList", "SamAccountName", "DisplayName", "UserPrincipalName"}
		case 4738:
			return []string{"Dummy", "TargetUserName", "TargetDomainName", "TargetSid", "SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "PrivilegeList", "SamAccountName", "DisplayName", "UserPrincipalName"}
		case 4728, 4729, 4732, 4733, 4756, 4757:
			return []string{"MemberName", "MemberSid", "TargetUserName", "TargetDomainName", "TargetSid", "SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "PrivilegeList"}
		case 4768:
			return []string{"TargetUserName", "TargetDomainName", "TargetSid", "ServiceName", "ServiceSid", "TicketOptions", "Status", "TicketEncryptionType", "PreAuthType", "IpAddress", "IpPort", "CertIssuerName", "CertSerialNumber", "CertThumbprint"}
		case 4769:
			return []string{"TargetUserName", "TargetDomainName", "ServiceName", "ServiceSid", "TicketOptions", "TicketEncryptionType", "IpAddress", "IpPort", "Status", "LogonGuid", "TransmittedServices"}
		case 4771:
			return []string{"TargetUserName", "TargetSid", "ServiceName", "TicketOptions", "Status", "PreAuthType", "IpAddress", "IpPort", "CertIssuerName", "CertSerialNumber", "CertThumbprint"}
		case 4776:
			return []string{"PackageName", "TargetUserName", "Workstation", "Status"}
		case 4778, 4779:
			return []string{"AccountName", "AccountDomain", "LogonID", "SessionName", "ClientName", "ClientAddress"}
		case 5140:
			return []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "ObjectType", "IpAddress", "IpPort", "ShareName", "ShareLocalPath", "AccessMask", "AccessList"}
		case 5145:
			return []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId", "ObjectType", "IpAddress", "IpPort", "ShareName", "ShareLocalPath", "RelativeTargetName", "AccessMask", "AccessList", "AccessReason"}
		case 5156, 5157:
			return []string{"ProcessID", "Application", "Direction", "SourceAddress", "SourcePort", "DestAddress", "DestPort", "Protocol", "FilterRTID", "LayerName", "LayerRTID", "RemoteUserID", "RemoteMachineID"}
		case 1102:
			return []string{"SubjectUserSid", "SubjectUserName", "SubjectDomainName", "SubjectLogonId"}
		}
	case logSystem:
		switch id {
		case 104:
			return []string{"SubjectUserName", "SubjectDomainName", "Channel", "BackupPath"}
		case 7045:
			return []string{"ServiceName", "ImagePath", "ServiceType", "StartType", "AccountName"}
		}
	case logSessions:
		switch id {
		case 21, 22, 24, 25:
			return []string{"User", "SessionID", "Address"}
		case 23:
			return []string{"User", "SessionID"}
		}
	}
	return nil
}

// sniffWindows says how surely a record is a Windows event, in whichever shape.
func sniffWindows(rec []byte) float64 {
	if isEvtx(rec) {
		return sniffEvtx(rec)
	}
	b := sniffJSON(rec)
	if b == nil {
		if isRecordMark(rec) {
			return 0.2
		}
		return sniffXML(rec)
	}
	b = b[:min(len(b), 64<<10)]
	has := func(text string) bool { return bytes.Contains(b, []byte(text)) }
	id := has(`"EventID"`) || has(`"EventId"`) || has(`"event_id"`) || has(`"eventID"`)
	switch {
	case has(`"winlog"`) && (id || has(`"event_data"`)), has(`"System"`) && id && (has(`"Computer"`) || has(`"Channel"`)),
		has(`"win"`) && has(`"system"`) && id:
		return 0.97
	case id && (has(`"Channel"`) || has(`"ProviderName"`) || has(`"SourceName"`) || has(`"log_name"`) || has(`"Hostname"`) || has(`"Provider"`) || has(`"Computer"`)):
		return 0.9
	case has(`"Id"`) && has(`"TimeCreated"`) && (has(`"ProviderName"`) || has(`"LogName"`) || has(`"MachineName"`)):
		return 0.9
	}
	return 0
}
