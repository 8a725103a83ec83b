// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// windowsLog writes one Windows host's events as Winlogbeat ships them: one JSON object a line.
type windowsLog struct {
	sheet
	stamp stamp
	host  string
	d     dice
}

// begin writes an event up to its data.
func (l *windowsLog) begin(t int64, id, provider, action, outcome, keyword string) []byte {
	b := append(l.open(), `{"@timestamp":"`...)
	b = append(l.stamp.utc(b, t), '.')
	b = three(b, int(t/millisecond%1000))
	b = append(append(b, `Z","host":{"name":"`...), l.host...)
	b = append(append(b, `"},"agent":{"type":"winlogbeat","version":"8.13.4"},"ecs":{"version":"8.0.0"},"event":{"code":"`...), id...)
	b = append(append(b, `","kind":"event","provider":"`...), provider...)
	b = append(append(b, `","action":"`...), action...)
	if outcome != "" {
		b = append(append(b, `","outcome":"`...), outcome...)
	}
	b = append(append(b, `"},"log":{"level":"information"},"winlog":{"api":"wineventlog","channel":"Security","computer_name":"`...), l.host...)
	b = append(append(b, `","event_id":"`...), id...)
	b = append(append(b, `","provider_name":"`...), provider...)
	b = append(b, `","record_id":`...)
	b = append(b, serialBlank...) // the press fills it in, in the order of time
	b = append(append(b, `,"opcode":"Info","task":"`...), action...)
	return append(append(append(b, `","keywords":["`...), keyword...), `"],`...)
}

func pairs(b []byte, kv ...string) []byte {
	for i := 0; i+1 < len(kv); i += 2 {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(append(append(b, '"'), kv[i]...), `":"`...), kv[i+1]...), '"')
	}
	return b
}

const securityAuditing = "Microsoft-Windows-Security-Auditing"

// logon writes 4624, for administrators 4672, and for remote ones 4634 when they leave.
func (l *windowsLog) logon(t int64, user, domain, kind, ip string, admin bool, took int64) {
	id := "0x" + strconv.FormatInt(int64(0x100000+l.d.n(1<<28)), 16)
	process, auth := "Advapi  ", "Negotiate"
	if kind == "10" {
		process = "User32 "
	}
	sid := "S-1-5-21-1004336348-1177238915-682003330-1001"
	if kind == "5" {
		sid = "S-1-5-18"
	}
	b := l.begin(t, "4624", securityAuditing, "Logon", "success", "Audit Success")
	b = append(b, `"event_data":{`...)
	b = pairs(b, "SubjectUserSid", "S-1-5-18", "SubjectUserName", "MON1$", "SubjectDomainName", "HAKUSAN", "SubjectLogonId", "0x3e7",
		"TargetUserSid", sid, "TargetUserName", user, "TargetDomainName", domain, "TargetLogonId", id, "LogonType", kind, "LogonProcessName", process,
		"AuthenticationPackageName", auth, "WorkstationName", "MON1", "LogonGuid", "{00000000-0000-0000-0000-000000000000}", "TransmittedServices", "-",
		"LmPackageName", "-", "KeyLength", "0", "ProcessId", "0x2c4", "ProcessName", `C:\\Windows\\System32\\svchost.exe`, "IpAddress", ip, "IpPort", "0",
		"ImpersonationLevel", "%%1833")
	l.close(t, append(b, "}}}"...))
	if admin {
		b = append(l.begin(t+millisecond, "4672", securityAuditing, "Special Logon", "success", "Audit Success"), `"event_data":{`...)
		b = pairs(b, "SubjectUserSid", sid, "SubjectUserName", user, "SubjectDomainName", domain, "SubjectLogonId", id, "PrivilegeList",
			`SeSecurityPrivilege\n\t\t\tSeBackupPrivilege\n\t\t\tSeRestorePrivilege\n\t\t\tSeDebugPrivilege`)
		l.close(t+millisecond, append(b, "}}}"...))
	}
	if took > 0 {
		b = append(l.begin(t+took, "4634", securityAuditing, "Logoff", "success", "Audit Success"), `"event_data":{`...)
		b = pairs(b, "TargetUserSid", sid, "TargetUserName", user, "TargetDomainName", domain, "TargetLogonId", id, "LogonType", kind)
		l.close(t+took, append(b, "}}}"...))
	}
}

// failed writes 4625 for a wrong password.
func (l *windowsLog) failed(t int64, user, domain, kind, ip string) {
	b := append(l.begin(t, "4625", securityAuditing, "Logon", "failure", "Audit Failure"), `"event_data":{`...)
	b = pairs(b, "SubjectUserSid", "S-1-0-0", "SubjectUserName", "-", "SubjectDomainName", "-", "SubjectLogonId", "0x0", "TargetUserSid", "S-1-0-0",
		"TargetUserName", user, "TargetDomainName", domain, "Status", "0xc000006d", "FailureReason", "%%2313", "SubStatus", "0xc000006a", "LogonType", kind,
		"LogonProcessName", "NtLmSsp ", "AuthenticationPackageName", "NTLM", "WorkstationName", "-", "TransmittedServices", "-", "LmPackageName", "-",
		"KeyLength", "0", "ProcessId", "0x0", "ProcessName", "-", "IpAddress", ip, "IpPort", "0")
	l.close(t, append(b, "}}}"...))
}

// cleared writes 1102: somebody emptied the Security log.
func (l *windowsLog) cleared(t int64, user, domain string) {
	b := append(l.begin(t, "1102", "Microsoft-Windows-Eventlog", "Log clear", "", "Audit Success"), `"user_data":{`...)
	b = pairs(b, "SubjectUserSid", "S-1-5-21-1004336348-1177238915-682003330-1001", "SubjectUserName", user, "SubjectDomainName", domain,
		"SubjectLogonId", "0x1b44c2d", "xml_name", "LogFileCleared")
	l.close(t, append(b, "}}}"...))
}
