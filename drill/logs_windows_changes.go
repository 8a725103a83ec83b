// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// The events of a domain controller, and those of changes: services, tasks, accounts, groups, other logs.

// fromClient is how a domain controller writes an IPv4 client.
func fromClient(ip string) string { return "::ffff:" + ip }

// ticket writes 4768: somebody proved who he is and gets a ticket.
func (h *winHost) ticket(t int64, u winUser, ip string, d *dice) {
	if h.logs() {
		h.audit(t, "4768", "Kerberos Authentication Service", true).with("TargetUserName", u.name, "TargetDomainName", adDomain, "TargetSid", u.sid, "ServiceName", "krbtgt", "ServiceSid", adSID+"502",
			"TicketOptions", "0x40810010", "Status", "0x0", "TicketEncryptionType", "0x12", "PreAuthType", "2", "IpAddress", fromClient(ip), "IpPort", port(d),
			"CertIssuerName", "", "CertSerialNumber", "", "CertThumbprint", "").close()
	}
}

// noTicket writes what a domain controller has on a name that does not exist, 4768, or on a wrong password or a locked or
// disabled account, 4771.
func (h *winHost) noTicket(t int64, u winUser, ip, why string, d *dice) {
	if !h.logs() {
		return
	}
	if why == noSuchUser {
		h.audit(t, "4768", "Kerberos Authentication Service", false).with("TargetUserName", u.name, "TargetDomainName", adDomain, "TargetSid", "S-1-0-0", "ServiceName", "krbtgt/"+adDomain,
			"ServiceSid", "S-1-0-0", "TicketOptions", "0x40810010", "Status", "0x6", "TicketEncryptionType", "0xffffffff", "PreAuthType", "-", "IpAddress", fromClient(ip), "IpPort", port(d),
			"CertIssuerName", "", "CertSerialNumber", "", "CertThumbprint", "").close()
		return
	}
	status, how := "0x18", "2"
	switch why {
	case lockedOut, isDisabled:
		status, how = "0x12", "0"
	case hasExpired:
		status, how = "0x17", "0"
	case clockIsWrong:
		status = "0x25"
	}
	h.audit(t, "4771", "Kerberos Authentication Service", false).with("TargetUserName", u.name, "TargetSid", u.sid, "ServiceName", "krbtgt/"+adDomain, "TicketOptions", "0x40810010",
		"Status", status, "PreAuthType", how, "IpAddress", fromClient(ip), "IpPort", port(d), "CertIssuerName", "", "CertSerialNumber", "", "CertThumbprint", "").close()
}

// serviceTicket writes 4769: a ticket for a machine, or for the domain controller itself.
func (h *winHost) serviceTicket(t int64, u winUser, to *winHost, ip string, d *dice) {
	if h.logs() {
		h.audit(t, "4769", "Kerberos Service Ticket Operations", true).with("TargetUserName", u.name+"@"+adRealm, "TargetDomainName", adRealm, "ServiceName", to.account(), "ServiceSid", to.sid,
			"TicketOptions", "0x40810000", "TicketEncryptionType", "0x12", "IpAddress", fromClient(ip), "IpPort", port(d), "Status", "0x0",
			"LogonGuid", "{"+guid(dice(d.next()))+"}", "TransmittedServices", "-").close()
	}
}

// ntlm writes 4776: a password checked by NTLM, for whoever asked. The workstation is what the client calls itself.
func (h *winHost) ntlm(t int64, u winUser, station, status string) {
	if h.logs() {
		h.audit(t, "4776", "Credential Validation", status == "0x0").with("PackageName", "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0", "TargetUserName", u.name, "Workstation", upper(station), "Status", status).close()
	}
}

// locked writes 4740: too many wrong passwords, from that machine.
func (h *winHost) locked(t int64, u winUser, caller string) {
	if h.logs() {
		h.audit(t, "4740", "User Account Management", true).with("TargetUserName", u.name, "TargetDomainName", upper(caller), "TargetSid", u.sid).subject(h.system(), systemSession).close()
	}
}

// accountChange writes an event about an account: 4720 created, 4722 enabled, 4723 own password, 4724 password reset,
// 4725 disabled, 4738 changed, 4767 unlocked.
func (h *winHost) accountChange(t int64, id string, by winUser, session uint64, whom winUser) {
	if !h.logs() {
		return
	}
	e := h.audit(t, id, "User Account Management", true).with("TargetUserName", whom.name, "TargetDomainName", whom.domain, "TargetSid", whom.sid).subject(by, session)
	switch id {
	case "4720", "4738":
		e = e.with("PrivilegeList", "-", "SamAccountName", whom.name, "DisplayName", whom.name, "UserPrincipalName", whom.name+"@"+adDNS, "HomeDirectory", "%%1793", "HomePath", "%%1793",
			"ScriptPath", "%%1793", "ProfilePath", "%%1793", "UserWorkstations", "%%1793", "PasswordLastSet", "%%1794", "AccountExpires", "%%1794", "PrimaryGroupId", "513",
			"AllowedToDelegateTo", "-", "OldUacValue", "0x0", "NewUacValue", "0x15", "UserAccountControl", "\n\t\t%%2080\n\t\t%%2082\n\t\t%%2084", "UserParameters", "%%1793",
			"SidHistory", "-", "LogonHours", "%%1797")
	case "4723":
		e = e.with("PrivilegeList", "-")
	}
	e.close()
}

// renamed writes 4781: an account has another name.
func (h *winHost) renamed(t int64, by, whom winUser, name string) {
	if h.logs() {
		h.audit(t, "4781", "User Account Management", true).with("OldTargetUserName", whom.name, "NewTargetUserName", name, "TargetDomainName", whom.domain, "TargetSid", whom.sid).
			subject(by, systemSession).with("PrivilegeList", "-").close()
	}
}

// groupChange writes 4728 (a global group of the domain) or 4732 (a local group): a member was added.
func (h *winHost) groupChange(t int64, id string, by winUser, session uint64, dn string, whom winUser, group winUser) {
	if h.logs() {
		h.audit(t, id, "Security Group Management", true).with("MemberName", dn, "MemberSid", whom.sid, "TargetUserName", group.name, "TargetDomainName", group.domain, "TargetSid", group.sid).
			subject(by, session).with("PrivilegeList", "-").close()
	}
}

// winService is a service that is installed.
type winService struct {
	name, file, start string // start: auto start, demand start
	account           string
}

// installed writes 7045 of the System log and 4697 of the Security log.
func (h *winHost) installed(t int64, s winService, by winUser, session uint64) {
	if !h.logs() {
		return
	}
	start := "3"
	if s.start == "auto start" {
		start = "2"
	}
	if s.account == "" {
		s.account = "LocalSystem"
	}
	kind := "User"
	if by.sid == "S-1-5-18" {
		kind = "Well Known Group"
	}
	h.event(t, services(), "7045", "", "").by(by, kind).with("AccountName", s.account, "ImagePath", s.file, "ServiceName", s.name, "ServiceType", "user mode service", "StartType", s.start).close()
	h.audit(t+2*millisecond, "4697", "Security System Extension", true).subject(by, session).with("ServiceName", s.name, "ServiceFileName", s.file, "ServiceType", "0x10",
		"ServiceStartType", start, "ServiceAccount", s.account, "ClientProcessStartKey", "1407374883553285", "ClientProcessId", "0x2dc", "ParentProcessId", "0x258", "RpcCallClientLocality", "0", "FQDN", h.fqdn()).close()
}

// state writes 7036: a service began or ended.
func (h *winHost) state(t int64, name, what string) {
	if h.logs() {
		h.event(t, services(), "7036", "", "").with("param1", name, "param2", what).close()
	}
}

// task writes 4698: a scheduled task, with the definition that Windows keeps of it.
func (h *winHost) task(t int64, name, command, arguments, trigger string, by winUser, session uint64) {
	if !h.logs() {
		return
	}
	h.audit(t, "4698", "Other Object Access Events", true).subject(by, session).with("TaskName", name, "TaskContent", "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\r\n"+
		"<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\r\n  <RegistrationInfo>\r\n    <Author>"+by.domain+`\`+by.name+"</Author>\r\n    <URI>"+name+"</URI>\r\n  </RegistrationInfo>\r\n"+
		"  <Triggers>\r\n    <"+trigger+">\r\n      <Enabled>true</Enabled>\r\n    </"+trigger+">\r\n  </Triggers>\r\n  <Settings>\r\n    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>\r\n    <Enabled>true</Enabled>\r\n    <Hidden>false</Hidden>\r\n  </Settings>\r\n"+
		"  <Actions Context=\"Author\">\r\n    <Exec>\r\n      <Command>"+command+"</Command>\r\n      <Arguments>"+arguments+"</Arguments>\r\n    </Exec>\r\n  </Actions>\r\n"+
		"  <Principals>\r\n    <Principal id=\"Author\">\r\n      <UserId>S-1-5-18</UserId>\r\n      <RunLevel>HighestAvailable</RunLevel>\r\n    </Principal>\r\n  </Principals>\r\n</Task>",
		"ClientProcessStartKey", "5629499534213143", "ClientProcessId", "0x1a3c", "ParentProcessId", "0x2dc", "RpcCallClientLocality", "0", "FQDN", h.fqdn()).close()
}

// script writes 4104: a block of PowerShell as it ran.
func (h *winHost) script(t int64, text, path string, by winUser, d *dice) {
	if h.logs() {
		h.event(t, powerShell(), "4104", "Execute a Remote Command", "").by(by, "User").with("MessageNumber", "1", "MessageTotal", "1", "ScriptBlockText", text,
			"ScriptBlockId", guid(dice(d.next())), "Path", path).close()
	}
}

// consumer writes 5861: a permanent WMI subscription. Windows has one of its own, which comes back with every start.
func (h *winHost) consumer(t int64, name, query, what string) {
	if h.logs() {
		h.event(t, wmiActivity(), "5861", "", "").in("Operation_ESStoConsumerBinding").with("Namespace", `//./root/subscription`, "ESS", name, "CONSUMER", what, "PossibleCause",
			"Binding EventFilter: \ninstance of __EventFilter\n{\n\tName = \""+name+"\";\n\tQuery = \""+query+"\";\n};").close()
	}
}

// emptied writes 104 of the System log: another log than Security was emptied.
func (h *winHost) emptied(t int64, log string, u winUser) {
	if h.logs() {
		h.event(t, eventlog("System"), "104", "Log clear", "").by(u, "User").in("LogFileCleared").with("SubjectUserName", u.name, "SubjectDomainName", u.domain, "Channel", log, "BackupPath", "").close()
	}
}

// arrived writes 1149: a remote desktop client has proved who it is. reached, left and back are 21, 24 and 25 of the session.
func (h *winHost) arrived(t int64, u winUser, ip string) {
	if h.logs() {
		h.event(t, remoteConnections(), "1149", "", "").by(winUser{"S-1-5-20", "NETWORK SERVICE", "NT AUTHORITY"}, "Well Known Group").in("EventXML").with("Param1", u.name, "Param2", u.domain, "Param3", ip).close()
	}
}

// desktop writes an event of a remote desktop's session: 21 logged on, 23 logged off, 24 disconnected, 25 connected again.
func (h *winHost) desktop(t int64, id int, u winUser, ip string, number int) {
	if !h.logs() {
		return
	}
	e := h.event(t, localSessions(), strconv.Itoa(id), "", "").by(winUser{"S-1-5-18", "SYSTEM", "NT AUTHORITY"}, "Well Known Group").in("EventXML").with("User", u.domain+`\`+u.name, "SessionID", strconv.Itoa(number))
	if id != 23 {
		e = e.with("Address", ip)
	}
	e.close()
}
