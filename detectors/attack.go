// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

// AttackVersion is the version of MITRE ATT&CK whose identifiers the detectors use.
const AttackVersion = "17"

// Technique is one technique of ATT&CK.
type Technique struct {
	ID, Name string
	Alias    string // its identifier in the version after; empty: the same, as far as is known
}

// TechniqueOf returns the technique of that identifier. One that no detector uses has no name.
func TechniqueOf(id string) Technique {
	t := Technique{ID: id, Name: techniques[id]}
	switch id {
	case "T1070.001":
		t.Alias = "T1685.005"
	case "T1562.001", "T1562.002":
		t.Alias = "T1685"
	}
	return t
}

// techniques are the names of what detectors speak of. Nothing writes to it.
var techniques = map[string]string{
	"T1003": "OS Credential Dumping", "T1018": "Remote System Discovery", "T1021": "Remote Services", "T1021.001": "Remote Desktop Protocol", "T1021.002": "SMB/Windows Admin Shares",
	"T1021.004": "SSH", "T1030": "Data Transfer Size Limits", "T1033": "System Owner/User Discovery", "T1039": "Data from Network Shared Drive", "T1041": "Exfiltration Over C2 Channel", "T1046": "Network Service Discovery", "T1047": "Windows Management Instrumentation",
	"T1048": "Exfiltration Over Alternative Protocol", "T1053.005": "Scheduled Task", "T1059": "Command and Scripting Interpreter", "T1069.002": "Domain Groups", "T1070.001": "Clear Windows Event Logs", "T1070.006": "Timestomp",
	"T1071": "Application Layer Protocol", "T1071.001": "Web Protocols", "T1072": "Software Deployment Tools", "T1078": "Valid Accounts", "T1078.002": "Domain Accounts", "T1087": "Account Discovery",
	"T1087.002": "Domain Account", "T1090": "Proxy", "T1090.003": "Multi-hop Proxy", "T1098.001": "Additional Cloud Credentials", "T1098.002": "Additional Email Delegate Permissions", "T1110": "Brute Force",
	"T1110.001": "Password Guessing", "T1110.003": "Password Spraying", "T1110.004": "Credential Stuffing", "T1114.002": "Remote Email Collection", "T1114.003": "Email Forwarding Rule", "T1133": "External Remote Services", "T1135": "Network Share Discovery",
	"T1136": "Create Account", "T1190": "Exploit Public-Facing Application", "T1204": "User Execution", "T1204.002": "Malicious File", "T1213": "Data from Information Repositories", "T1219": "Remote Access Software",
	"T1486": "Data Encrypted for Impact", "T1490": "Inhibit System Recovery", "T1534": "Internal Spearphishing", "T1543.003": "Windows Service", "T1556.007": "Hybrid Identity", "T1562.001": "Disable or Modify Tools",
	"T1552.001": "Credentials In Files", "T1562.002": "Disable Windows Event Logging", "T1562.008": "Disable or Modify Cloud Logs", "T1564.006": "Run Virtual Instance", "T1564.008": "Email Hiding Rules",
	"T1566": "Phishing", "T1567": "Exfiltration Over Web Service", "T1572": "Protocol Tunneling", "T1573": "Encrypted Channel", "T1586.002": "Email Accounts", "T1589.001": "Credentials",
	"T1595.002": "Vulnerability Scanning", "T1602.002": "Network Device Configuration Dump", "T1621": "Multi-Factor Authentication Request Generation",
}
