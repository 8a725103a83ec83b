// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"net/netip"
	"strconv"

	"github.com/sekisho/sekisho/event"
)

// windowsMoreKinds returns the lists of the logs that fewer machines fill.
func windowsMoreKinds(channel []byte) []windowsKind {
	const (
		auth    = event.ClassAuthentication
		change  = event.ClassEntityChange
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
	case "Microsoft-Windows-PowerShell/Operational", "PowerShellCore/Operational":
		return []windowsKind{
			{id: 4103, class: process, act: event.ActStart, outcome: ok, service: "powershell", account: "@sid", object: "Payload"},
			{id: 4104, class: process, act: event.ActStart, outcome: ok, service: "powershell", account: "@sid", object: "ScriptBlockText", client: "Path"},
			{id: 40961, class: process, act: event.ActOther, service: "powershell", account: "@sid"},
			{id: 53504, class: process, act: event.ActOther, service: "powershell", account: "@sid"},
		}
	case "Windows PowerShell":
		return []windowsKind{
			{id: 400, class: process, act: event.ActStart, outcome: ok, service: "powershell", object: "param3"},
			{id: 403, class: process, act: event.ActStop, outcome: ok, service: "powershell", object: "param3"},
			{id: 600, class: process, act: event.ActOther, outcome: ok, service: "powershell", object: "param3"},
			{id: 800, class: process, act: event.ActStart, outcome: ok, service: "powershell", object: "param1|param2"},
		}
	case "Microsoft-Windows-Windows Defender/Operational":
		const threat, who, tool = "Threat Name+Path", "Detection User|User", "Process Name"
		return []windowsKind{
			{id: 1006, class: found, object: threat, account: who, client: tool},
			{id: 1007, class: found, object: threat, account: who, client: tool},
			{id: 1008, class: found, outcome: failed, object: threat, account: who, client: tool},
			{id: 1009, class: found, object: threat, account: who},
			{id: 1013, class: event.ClassLogAdmin, act: event.ActDelete, outcome: ok, account: "User", object: "=history of detections"},
			{id: 1015, class: found, object: threat, account: who, client: tool},
			{id: 1116, class: found, object: threat, account: who, client: tool},
			{id: 1117, class: found, outcome: ok, object: threat, account: who, client: tool},
			{id: 1118, class: found, outcome: failed, object: threat, account: who, client: tool},
			{id: 1119, class: found, outcome: failed, object: threat, account: who, client: tool},
			{id: 1121, class: found, act: event.ActRefuse, outcome: ok, object: "Path", account: "User", client: tool},
			{id: 1122, class: found, object: "Path", account: "User", client: tool},
			{id: 1123, class: found, act: event.ActRefuse, outcome: ok, object: "Path", account: "User", client: tool},
			{id: 1124, class: found, object: "Path", account: "User", client: tool},
			{id: 1125, class: found, object: "Destination", account: "User", client: tool},
			{id: 1126, class: found, act: event.ActRefuse, outcome: ok, object: "Destination", account: "User", client: tool},
			{id: 3002, class: change, act: event.ActStart, outcome: failed, object: "=real-time protection"},
			{id: 5000, class: change, act: event.ActEnable, outcome: ok, object: "=real-time protection"},
			{id: 5001, class: change, act: event.ActDisable, outcome: ok, object: "=real-time protection"},
			{id: 5004, class: change, act: event.ActChange, outcome: ok, object: "Feature Name|=real-time protection"},
			{id: 5007, class: change, act: event.ActChange, outcome: ok, object: "New Value|Old Value"},
			{id: 5009, class: change, act: event.ActEnable, outcome: ok, object: "=malware scanning"},
			{id: 5010, class: change, act: event.ActDisable, outcome: ok, object: "=malware scanning"},
			{id: 5011, class: change, act: event.ActEnable, outcome: ok, object: "=virus scanning"},
			{id: 5012, class: change, act: event.ActDisable, outcome: ok, object: "=virus scanning"},
			{id: 5013, class: change, act: event.ActRefuse, outcome: failed, reason: denied, object: "Changed Type+Value|Value"},
		}
	case "Microsoft-Windows-SMBServer/Security", "Microsoft-Windows-SMBServer/Audit", "Microsoft-Windows-SMBServer/Operational", "Microsoft-Windows-SMBServer/Connectivity":
		return []windowsKind{
			{id: 551, class: auth, act: event.ActLogon, outcome: failed, reason: wrong, service: "smb", account: "UserName", source: "ClientAddress", host: "ClientName"},
			{id: 1006, class: file, act: event.ActConnect, outcome: failed, reason: denied, service: "smb", account: "UserName", source: "ClientAddress", host: "ClientName", object: "ShareName"},
			{id: 1007, class: file, act: event.ActConnect, outcome: failed, reason: denied, service: "smb", account: "UserName", source: "ClientAddress", host: "ClientName", object: "ShareName"},
			{id: 1009, class: auth, act: event.ActLogon, outcome: failed, reason: denied, service: "smb", source: "ClientAddress", host: "ClientName"},
			{id: 1015, class: net, act: event.ActRefuse, outcome: failed, reason: event.ReasonProtocol, service: "smb", source: "ClientAddress", host: "ClientName"},
			{id: 1016, class: auth, act: event.ActLogon, outcome: failed, reason: wrong, service: "smb", account: "UserName", source: "ClientAddress", host: "ClientName"},
			{id: 1017, class: net, act: event.ActRefuse, outcome: failed, reason: event.ReasonProtocol, service: "smb", source: "ClientAddress", host: "ClientName"},
			{id: 1028, class: file, act: event.ActConnect, outcome: failed, reason: denied, service: "smb", account: "UserName", source: "ClientAddress", host: "ClientName", object: "ShareName"},
			{id: 3000, class: net, act: event.ActConnect, outcome: ok, service: "smb1", host: "ClientName"},
			{id: 3021, class: auth, act: event.ActLogon, outcome: ok, service: "smb", account: "UserName", host: "ClientName"},
		}
	case "Microsoft-Windows-SmbClient/Security", "Microsoft-Windows-SMBClient/Security", "Microsoft-Windows-SmbClient/Connectivity":
		return []windowsKind{
			{id: 31001, class: auth, act: event.ActOther, outcome: failed, service: "smb", account: "UserName", object: "ServerName"},
			{id: 31010, class: file, act: event.ActOther, outcome: failed, service: "smb", object: "ObjectName|ShareName"},
			{id: 31017, class: auth, act: event.ActRefuse, outcome: failed, reason: denied, service: "smb", account: "UserName", object: "ServerName"},
			{id: 30803, class: net, act: event.ActOther, outcome: failed, service: "smb", object: "ServerName"},
			{id: 30804, class: net, act: event.ActClose, service: "smb", object: "ServerName"},
			{id: 30806, class: net, act: event.ActOther, outcome: ok, service: "smb", object: "ServerName"},
		}
	case "Microsoft-Windows-WinRM/Operational":
		return []windowsKind{
			{id: 6, class: remote, act: event.ActOther, service: "winrm", account: "@sid", object: "connection"},
			{id: 91, class: remote, act: event.ActConnect, outcome: ok, service: "winrm", account: "@sid", object: "ResourceUri|resourceUri"},
			{id: 161, class: auth, act: event.ActOther, outcome: failed, service: "winrm", account: "@sid", object: "authFailureMessage"},
			{id: 168, class: auth, act: event.ActOther, service: "winrm", account: "username", object: "authenticationMechanism"},
			{id: 169, class: auth, act: event.ActLogon, outcome: ok, service: "winrm", account: "username", object: "authenticationMechanism"},
		}
	case "Microsoft-Windows-WMI-Activity/Operational":
		return []windowsKind{
			{id: 5857, class: process, act: event.ActStart, outcome: ok, service: "wmi", object: "ProviderName+ProviderPath"},
			{id: 5858, class: event.ClassOther, act: event.ActQuery, outcome: failed, service: "wmi", account: "User", host: "ClientMachine", object: "Operation"},
			{id: 5859, class: change, act: event.ActOther, service: "wmi", account: "User", object: "NamespaceName+Query"},
			{id: 5860, class: change, act: event.ActCreate, outcome: ok, service: "wmi", account: "User", host: "ClientMachine", object: "NamespaceName+Query"},
			{id: 5861, class: change, act: event.ActCreate, outcome: ok, service: "wmi", account: "@sid", object: "ESS+CONSUMER"},
		}
	case "Microsoft-Windows-Bits-Client/Operational":
		return []windowsKind{
			{id: 3, class: change, act: event.ActCreate, outcome: ok, service: "bits", account: "string2|jobOwner", object: "string|jobTitle"},
			{id: 4, class: file, act: event.ActDownload, outcome: ok, service: "bits", account: "User", object: "jobTitle"},
			{id: 5, class: file, act: event.ActOther, service: "bits", account: "User", object: "jobTitle"},
			{id: 59, class: file, act: event.ActOther, service: "bits", object: "name+url"},
			{id: 60, class: file, act: event.ActOther, service: "bits", object: "name+url"},
			{id: 61, class: file, act: event.ActDownload, outcome: failed, service: "bits", object: "name+url"},
			{id: 16403, class: change, act: event.ActCreate, outcome: ok, service: "bits", account: "User", object: "RemoteName+LocalName"},
		}
	case "Microsoft-Windows-NTLM/Operational":
		return []windowsKind{
			{id: 8001, class: auth, act: event.ActOther, service: "ntlm", account: `DomainName\UserName`, object: "TargetName", client: "ProcessName"},
			{id: 8002, class: auth, act: event.ActOther, service: "ntlm", account: `ClientDomainName\ClientUserName`, client: "ProcessName"},
			{id: 8003, class: auth, act: event.ActOther, service: "ntlm", account: `DomainName\UserName`, host: "Workstation|WorkstationName", client: "ProcessName"},
			{id: 8004, class: auth, act: event.ActOther, service: "ntlm", account: `DomainName\UserName`, host: "WorkstationName", object: "SChannelName"},
			{id: 4001, class: auth, act: event.ActRefuse, outcome: failed, reason: denied, service: "ntlm", account: `DomainName\UserName`, object: "TargetName"},
			{id: 4002, class: auth, act: event.ActRefuse, outcome: failed, reason: denied, service: "ntlm", account: `DomainName\UserName`},
			{id: 4003, class: auth, act: event.ActRefuse, outcome: failed, reason: denied, service: "ntlm", account: `DomainName\UserName`, host: "Workstation|WorkstationName"},
			{id: 4004, class: auth, act: event.ActRefuse, outcome: failed, reason: denied, service: "ntlm", account: `DomainName\UserName`, host: "WorkstationName", object: "SChannelName"},
			{id: 4013, class: auth, act: event.ActRefuse, outcome: failed, reason: denied, service: "ntlm", account: `DomainName\UserName`},
		}
	case "Microsoft-Windows-AppLocker/EXE and DLL", "Microsoft-Windows-AppLocker/MSI and Script", "Microsoft-Windows-AppLocker/Packaged app-Execution", "Microsoft-Windows-AppLocker/Packaged app-Deployment":
		kinds := make([]windowsKind, 0, 12)
		for _, id := range [...]int64{8002, 8005, 8020, 8023} { // let through, would have been refused, refused
			for i, k := range [...]windowsKind{{act: event.ActStart, outcome: ok}, {act: event.ActStart, outcome: ok}, {act: event.ActRefuse, outcome: failed, reason: denied}} {
				k.id, k.class, k.service, k.account, k.object = id+int64(i), process, "applocker", "TargetUser|@sid", "FullFilePath|FilePath|Package"
				kinds = append(kinds, k)
			}
		}
		return kinds
	case "Microsoft-Windows-CodeIntegrity/Operational":
		return []windowsKind{
			{id: 3076, class: process, act: event.ActOther, object: "File Name", client: "Process Name"},
			{id: 3077, class: process, act: event.ActRefuse, outcome: failed, reason: denied, object: "File Name", client: "Process Name"},
			{id: 3033, class: process, act: event.ActRefuse, outcome: failed, reason: denied, object: "FileNameBuffer", client: "ProcessNameBuffer"},
		}
	case "Microsoft-Windows-Windows Firewall With Advanced Security/Firewall":
		kinds := make([]windowsKind, 0, 16)
		for _, k := range [...]windowsKind{{id: 2004, act: event.ActCreate}, {id: 2005, act: event.ActChange}, {id: 2006, act: event.ActDelete}, {id: 2033, act: event.ActDelete},
			{id: 2052, act: event.ActDelete}, {id: 2059, act: event.ActDelete}, {id: 2071, act: event.ActCreate}, {id: 2073, act: event.ActChange}, {id: 2097, act: event.ActCreate}, {id: 2099, act: event.ActChange},
			{id: 2002, act: event.ActChange}, {id: 2003, act: event.ActChange}, {id: 2082, act: event.ActChange}, {id: 2083, act: event.ActChange}} {
			k.class, k.outcome, k.account, k.object, k.client = change, ok, "ModifyingUser", "RuleName+ApplicationPath|SettingType", "ModifyingApplication"
			kinds = append(kinds, k)
		}
		return kinds
	case "DNS Server", "Microsoft-Windows-DNSServer/Audit":
		return []windowsKind{
			{id: 770, class: process, act: event.ActOther, outcome: ok, service: "dns", object: "param1"},
			{id: 541, class: change, act: event.ActChange, outcome: ok, service: "dns", account: "@sid", object: "Setting|param1"},
			{id: 515, class: change, act: event.ActCreate, outcome: ok, service: "dns", account: "@sid", object: "NAME+Zone"},
			{id: 516, class: change, act: event.ActDelete, outcome: ok, service: "dns", account: "@sid", object: "NAME+Zone"},
			{id: 519, class: change, act: event.ActCreate, outcome: ok, service: "dns", source: "Source", object: "NAME+Zone"},
			{id: 520, class: change, act: event.ActDelete, outcome: ok, service: "dns", source: "Source", object: "NAME+Zone"},
		}
	case "Microsoft-Windows-PrintService/Operational", "Microsoft-Windows-PrintService/Admin":
		return []windowsKind{
			{id: 307, class: file, act: event.ActRead, outcome: ok, service: "print", account: "Param3", host: "Param4", object: "Param2", client: "Param5"},
			{id: 316, class: change, act: event.ActCreate, outcome: ok, service: "print", account: "@sid", object: "Param1"},
			{id: 808, class: process, act: event.ActOther, outcome: failed, service: "print", object: "Param1|PluginDllName"},
		}
	case "MSExchange Management":
		return []windowsKind{
			{id: 1, class: change, act: event.ActChange, outcome: ok, service: "exchange", account: "param3", object: "param1+param2"},
			{id: 6, class: change, act: event.ActChange, outcome: failed, service: "exchange", account: "param3", object: "param1+param2"},
		}
	}
	return nil
}

// sockaddr reads an address as some drivers log it: a sockaddr of 16 or 28 bytes in hexadecimal digits.
func sockaddr(text []byte) (netip.Addr, uint16, bool) {
	if len(text) < 32 || len(text) > 256 || len(text)%2 != 0 {
		return netip.Addr{}, 0, false
	}
	var b [28]byte
	for i := 0; i < len(b) && 2*i < len(text); i++ {
		n, err := strconv.ParseUint(string(text[2*i:2*i+2]), 16, 8)
		if err != nil {
			return netip.Addr{}, 0, false
		}
		b[i] = byte(n)
	}
	port := uint16(b[2])<<8 | uint16(b[3])
	switch {
	case b[0] == 2 && b[1] == 0:
		return netip.AddrFrom4([4]byte(b[4:8])), port, true
	case b[0] == 0x17 && b[1] == 0 && len(text) >= 56:
		return netip.AddrFrom16([16]byte(b[8:24])).Unmap(), port, true
	}
	return netip.Addr{}, 0, false
}
