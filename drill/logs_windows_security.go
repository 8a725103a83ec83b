// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "strconv"

// The events of the Security log. Names and values of fields are those of Windows 10 and Server 2019; where a value depends on
// how somebody logs on, as recorded events show it.

// The types of logon.
const (
	logonDesk    = 2
	logonNetwork = 3
	logonBatch   = 4
	logonService = 5
	logonUnlock  = 7
	logonRemote  = 10
	logonCached  = 11
)

// logon is one logon to a machine.
type logon struct {
	who     winUser
	kind    int
	from    string // the client's address; empty: none
	station string // what the client calls itself
	ntlm    bool   // of a network logon: NTLM instead of Kerberos
	bind    bool   // … an LDAP simple bind, of which a domain controller makes a network logon
	admin   bool
	session uint64 // 0: a new number
}

const noGUID = "{00000000-0000-0000-0000-000000000000}"

// form is what a logon's type decides of its event.
type form struct {
	subject                    bool // the machine itself asked for it
	process, pack, lm, program string
	key, pid                   string
}

func (o *logon) form() form {
	const system32 = `C:\Windows\System32\`
	f := form{subject: true, process: "User32 ", pack: "Negotiate", lm: "-", program: system32 + "svchost.exe", key: "0", pid: "0x4d8"}
	switch o.kind {
	case logonNetwork:
		f = form{process: "Kerberos", pack: "Kerberos", lm: "-", program: "-", key: "0", pid: "0x0"}
		if o.ntlm {
			f.process, f.pack, f.lm, f.key = "NtLmSsp ", "NTLM", "NTLM V2", "128"
		}
		if o.bind {
			f = form{subject: true, process: "Advapi  ", pack: "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0", lm: "-", program: system32 + "lsass.exe", key: "0", pid: "0x2f0"}
		}
	case logonBatch:
		f.process = "Advapi  "
	case logonService:
		f.process, f.program, f.pid = "Advapi  ", system32+"services.exe", "0x2dc"
	case logonUnlock:
		f.process, f.program, f.pid = "Negotiat", system32+"lsass.exe", "0x2f0"
	}
	return f
}

// logon writes 4624, twice for an administrator with a desktop, who has a limited session beside the full one, and 4672 for
// rights that ordinary people do not have. It returns the session's number.
func (h *winHost) logon(t int64, o logon, d *dice) uint64 {
	if o.session == 0 {
		o.session = h.session(t, d)
	}
	if !h.logs() {
		return o.session
	}
	desktop := o.kind == logonDesk || o.kind == logonRemote || o.kind == logonUnlock
	linked := uint64(0)
	if desktop && o.admin {
		linked = o.session + 0x1c
	}
	h.session4624(t, &o, o.session, linked, o.admin || o.kind == logonService, d)
	if linked != 0 {
		h.session4624(t, &o, linked, o.session, false, d)
	}
	if o.admin || o.kind == logonService {
		h.audit(t+millisecond, "4672", "Special Logon", true).subject(o.who, o.session).with("PrivilegeList", privileges(o.who.sid)).close()
	}
	return o.session
}

func privileges(sid string) string {
	const sep = "\n\t\t\t"
	if sid == "S-1-5-18" {
		return "SeAssignPrimaryTokenPrivilege" + sep + "SeTcbPrivilege" + sep + "SeSecurityPrivilege" + sep + "SeTakeOwnershipPrivilege" + sep + "SeLoadDriverPrivilege" + sep +
			"SeBackupPrivilege" + sep + "SeRestorePrivilege" + sep + "SeDebugPrivilege" + sep + "SeAuditPrivilege" + sep + "SeSystemEnvironmentPrivilege" + sep + "SeImpersonatePrivilege"
	}
	return "SeSecurityPrivilege" + sep + "SeTakeOwnershipPrivilege" + sep + "SeLoadDriverPrivilege" + sep + "SeBackupPrivilege" + sep + "SeRestorePrivilege" + sep +
		"SeDebugPrivilege" + sep + "SeSystemEnvironmentPrivilege" + sep + "SeImpersonatePrivilege" + sep + "SeDelegateSessionUserImpersonatePrivilege"
}

func (h *winHost) session4624(t int64, o *logon, session, linked uint64, elevated bool, d *dice) {
	f := o.form()
	e := h.audit(t, "4624", "Logon", true)
	if f.subject {
		e = e.subject(h.system(), systemSession)
	} else {
		e = e.subject(noUser(), 0)
	}
	who, id := o.who, noGUID
	if f.pack == "Kerberos" {
		who.domain, id = adRealm, "{"+guid(dice(d.next()))+"}"
	}
	ip, from := o.client(d)
	token := "%%1843"
	if elevated {
		token = "%%1842"
	}
	e.target(who).with("TargetLogonId", hex(session), "LogonType", strconv.Itoa(o.kind), "LogonProcessName", f.process, "AuthenticationPackageName", f.pack,
		"WorkstationName", o.workstation(h), "LogonGuid", id, "TransmittedServices", "-", "LmPackageName", f.lm, "KeyLength", f.key,
		"ProcessId", f.pid, "ProcessName", f.program, "IpAddress", ip, "IpPort", from, "ImpersonationLevel", "%%1833", "RestrictedAdminMode", o.restricted(),
		"TargetOutboundUserName", "-", "TargetOutboundDomainName", "-", "VirtualAccount", "%%1843", "TargetLinkedLogonId", hex(linked), "ElevatedToken", token).close()
}

func (o *logon) restricted() string {
	if o.kind == logonRemote {
		return "%%1843"
	}
	return "-"
}

func (o *logon) workstation(h *winHost) string {
	switch {
	case o.kind == logonNetwork && o.ntlm:
		return upper(o.station)
	case o.bind:
		return upper(h.name)
	case o.kind == logonNetwork || o.kind == logonService:
		return "-"
	}
	return upper(h.name)
}

// client returns the address and port that a logon shows.
func (o *logon) client(d *dice) (ip, from string) {
	switch {
	case o.kind == logonNetwork && o.from != "":
		return o.from, port(d)
	case o.kind == logonRemote:
		return o.from, "0"
	case o.kind == logonDesk || o.kind == logonCached:
		return "127.0.0.1", "0"
	}
	return "-", "-"
}

// logoff writes 4634.
func (h *winHost) logoff(t int64, o logon) {
	if h.logs() {
		h.audit(t, "4634", "Logoff", true).target(o.who).with("TargetLogonId", hex(o.session), "LogonType", strconv.Itoa(o.kind)).close()
	}
}

// Why a logon failed: sub-statuses of 4625.
const (
	wrongPassword  = "0xc000006a"
	noSuchUser     = "0xc0000064"
	lockedOut      = "0xc0000234"
	isDisabled     = "0xc0000072"
	hasExpired     = "0xc0000071"
	notFromHere    = "0xc000015b" // the right to log on in this way is not granted
	clockIsWrong   = "0xc0000133"
	noLogonServers = "0xc000005e"
)

// refused writes 4625. Windows says "%%2313", unknown name or wrong password, for both, and tells them apart in the
// sub-status alone; other reasons stand in the status.
func (h *winHost) refused(t int64, o logon, why string, d *dice) {
	if !h.logs() {
		return
	}
	status, sub, reason := "0xc000006d", why, "%%2313"
	switch why {
	case lockedOut:
		status, sub, reason = why, "0x0", "%%2307"
	case isDisabled:
		status, sub, reason = "0xc000006e", why, "%%2310"
	case hasExpired:
		status, sub, reason = "0xc000006e", why, "%%2309"
	case notFromHere:
		status, sub, reason = why, "0x0", "%%2308"
	case noLogonServers, clockIsWrong:
		status, sub, reason = why, "0x0", "%%2304"
	}
	f := o.form()
	if o.kind == logonUnlock || o.kind == logonDesk { // failures at the desk come from the sign-in process
		f.process, f.program, f.pid = "User32 ", `C:\Windows\System32\svchost.exe`, "0x4d8"
	}
	e := h.audit(t, "4625", "Logon", false)
	if f.subject {
		e = e.subject(h.system(), systemSession)
	} else {
		e = e.subject(noUser(), 0)
	}
	ip, from := o.client(d)
	if o.kind == logonUnlock {
		ip, from = "127.0.0.1", "0"
	}
	station := o.workstation(h)
	if o.kind == logonNetwork && !o.ntlm && !o.bind {
		station = "-"
	}
	e.with("TargetUserSid", "S-1-0-0", "TargetUserName", o.who.name, "TargetDomainName", o.who.domain, "Status", status, "FailureReason", reason, "SubStatus", sub,
		"LogonType", strconv.Itoa(o.kind), "LogonProcessName", f.process, "AuthenticationPackageName", f.pack, "WorkstationName", station, "TransmittedServices", "-",
		"LmPackageName", "-", "KeyLength", "0", "ProcessId", f.pid, "ProcessName", f.program, "IpAddress", ip, "IpPort", from).close()
}

// explicit writes 4648: a process uses credentials that are not those of who started it, or the sign-in screen those typed.
func (h *winHost) explicit(t int64, by winUser, session uint64, as winUser, server, info, program, ip string) {
	if !h.logs() {
		return
	}
	port := "0"
	if ip == "-" {
		port = "-"
	}
	h.audit(t, "4648", "Logon", true).subject(by, session).with("LogonGuid", noGUID, "TargetUserName", as.name, "TargetDomainName", as.domain, "TargetLogonGuid", noGUID,
		"TargetServerName", server, "TargetInfo", info, "ProcessId", h.pid(program, int(t/day)), "ProcessName", program, "IpAddress", ip, "IpPort", port).close()
}

// program is a process that starts.
type program struct {
	parent, image, line string
	by                  winUser
	session             uint64
	pid, parentPID      string // empty: as the machine numbers them
	high, elevated      bool   // runs as the system or with full rights
}

// start writes 4688 and returns the process's number.
func (h *winHost) start(t int64, p program, d *dice) string {
	if p.pid == "" {
		p.pid = newPID(d)
	}
	if !h.logs() {
		return p.pid
	}
	if p.parentPID == "" {
		p.parentPID = h.pid(p.parent, int((t+jst)/day))
	}
	label, token := "S-1-16-8192", "%%1938"
	switch {
	case p.session == systemSession:
		label, token = "S-1-16-16384", "%%1936"
	case p.high:
		label, token = "S-1-16-12288", "%%1937"
	case !p.elevated:
		token = "%%1936"
	}
	h.audit(t, "4688", "Process Creation", true).subject(p.by, p.session).with("NewProcessId", p.pid, "NewProcessName", p.image, "TokenElevationType", token, "ProcessId", p.parentPID,
		"CommandLine", p.line, "TargetUserSid", "S-1-0-0", "TargetUserName", "-", "TargetDomainName", "-", "TargetLogonId", "0x0", "ParentProcessName", p.parent, "MandatoryLabel", label).close()
	return p.pid
}

// shared writes 5140: a share is reached over the network.
func (h *winHost) shared(t int64, u winUser, session uint64, ip, share, path string, d *dice) string {
	from := port(d)
	if h.logs() {
		h.audit(t, "5140", "File Share", true).subject(u, session).with("ObjectType", "File", "IpAddress", ip, "IpPort", from, "ShareName", `\\*\`+share, "ShareLocalPath", `\??\`+path,
			"AccessMask", "0x1", "AccessList", "%%4416\n\t\t\t\t").close()
	}
	return from
}

// What is asked of a file: the access masks of 5145 and their names.
type access struct{ mask, list string }

func toRead() access {
	return access{"0x120089", "%%1538\n\t\t\t\t%%1541\n\t\t\t\t%%4416\n\t\t\t\t%%4419\n\t\t\t\t%%4423\n\t\t\t\t"}
}
func toWrite() access {
	return access{"0x12019f", "%%1538\n\t\t\t\t%%1541\n\t\t\t\t%%4416\n\t\t\t\t%%4417\n\t\t\t\t%%4418\n\t\t\t\t%%4419\n\t\t\t\t%%4420\n\t\t\t\t%%4423\n\t\t\t\t%%4424\n\t\t\t\t"}
}
func toDelete() access {
	return access{"0x10080", "%%1537\n\t\t\t\t%%4423\n\t\t\t\t"} // also how a file is opened to be renamed
}

// file writes 5145: a file of a share is asked for.
func (h *winHost) file(t int64, u winUser, session uint64, ip, from, share, path, name string, a access, ok bool) {
	if !h.logs() {
		return
	}
	h.audit(t, "5145", "Detailed File Share", ok).subject(u, session).with("ObjectType", "File", "IpAddress", ip, "IpPort", from, "ShareName", `\\*\`+share, "ShareLocalPath", `\??\`+path,
		"RelativeTargetName", name, "AccessMask", a.mask, "AccessList", a.list, "AccessReason", "-").close()
}

// wiped writes 1102, which Windows always writes: the Security log was emptied.
func (h *winHost) wiped(t int64, u winUser, session uint64) {
	if h.logs() {
		h.event(t, eventlog("Security"), "1102", "Log clear", "").in("LogFileCleared").subject(u, session).close()
	}
}
