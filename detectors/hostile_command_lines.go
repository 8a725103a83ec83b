// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import "strings"

// deed is what a command line is for, as far as intruders go.
type deed uint8

const (
	deedNone     deed = iota
	deedLook          // asks the machine or the domain about itself
	deedExport        // writes the directory into a file
	deedSecrets       // takes passwords out of memory, registry or the domain's database
	deedRecovery      // deletes what one could recover by
	deedShield        // turns protection off
	deedLaunch        // a document, or Windows\' management service for it, starts a program
)

// order is one command, read.
type order struct {
	deed deed
	kind uint8  // of looking: a bit of orderKinds
	what string // short, for people
}

const orderKinds = 22

// commandLineOf reads a command line, however it is quoted or wrapped in another command.
func commandLineOf(line string) order {
	if len(line) > hostileLine {
		line = line[:hostileLine]
	}
	if !mayOrder(line) {
		return order{}
	}
	line = strings.ToLower(line)
	words := wordsOf(line)
	best := order{}
	for i, w := range words {
		name := w[strings.LastIndexAny(w, `\/`)+1:]
		name = strings.TrimSuffix(name, ".exe")
		if o := commandOf(name, words[i+1:], line); o.deed > best.deed {
			best = o
		}
	}
	if best.deed <= deedLook {
		if o := phraseOf(line); o.deed > best.deed {
			return o
		}
	}
	return best
}

// commandOf reads a program's name and its words.
func commandOf(name string, rest []string, line string) order {
	switch name {
	case "vssadmin", "wmic", "wbadmin", "bcdedit", "diskshadow":
		return recoveryOf(name, rest, line)
	case "sc", "net", "net1", "netsh", "auditpol", "taskkill", "fltmc":
		if o := shieldOf(name, rest); o.deed != deedNone || name != "net" && name != "net1" {
			return o
		}
		return netCommand(rest)
	case "reg":
		if first(rest, "save", "export") && anyOf(rest, `hklm\sam`, `hklm\security`, `hklm\system`, `hkey_local_machine\sam`, `hkey_local_machine\security`) {
			return order{deed: deedSecrets, what: "reg save"}
		}
	case "ntdsutil":
		if anyWithin(rest, "ifm", "create full", "ac i ntds", "activate instance ntds") {
			return order{deed: deedSecrets, what: "ntdsutil ifm"}
		}
	case "rundll32":
		if strings.Contains(line, "comsvcs") && (strings.Contains(line, "minidump") || strings.Contains(line, "#24") || strings.Contains(line, "#+24")) {
			return order{deed: deedSecrets, what: "comsvcs MiniDump"}
		}
	case "procdump", "procdump64", "nanodump", "handlekatz":
		if strings.Contains(line, "lsass") {
			return order{deed: deedSecrets, what: name + " lsass"}
		}
	case "mimikatz", "pypykatz", "secretsdump", "secretsdump.py", "lazagne", "gsecdump", "wce", "pwdump", "fgdump", "sharpdpapi", "rubeus":
		return order{deed: deedSecrets, what: name}
	case "esentutl", "copy", "xcopy", "robocopy", "makecab":
		if strings.Contains(line, "ntds.dit") {
			return order{deed: deedSecrets, what: name + " ntds.dit"}
		}
	case "csvde", "ldifde":
		if anyOf(rest, "-f", "/f") && !anyOf(rest, "-i", "/i") {
			return order{deed: deedExport, what: name}
		}
	case "adfind", "sharphound", "azurehound", "bloodhound", "bloodhound-python", "adrecon", "ldapdomaindump":
		return order{deed: deedExport, what: name}
	}
	return lookOf(name, rest)
}

// lookOf reads what asks the machine or the domain about itself.
func lookOf(name string, rest []string) order {
	look := func(kind uint8, what string) order { return order{deed: deedLook, kind: kind, what: what} }
	switch name {
	case "whoami":
		return look(0, "whoami")
	case "dsquery", "dsget":
		return look(1, name)
	case "nltest":
		switch {
		case anyWithin(rest, "/domain_trusts", "/trusted_domains", "-domain_trusts"):
			return look(2, "nltest /domain_trusts")
		case anyWithin(rest, "/dclist", "/dsgetdc", "-dclist"):
			return look(3, "nltest /dclist")
		}
	case "quser", "qwinsta", "query":
		if name != "query" || first(rest, "user", "session") {
			return look(4, "quser")
		}
	case "ipconfig":
		if anyOf(rest, "/all") {
			return look(5, "ipconfig /all")
		}
	case "systeminfo":
		return look(6, name)
	case "tasklist":
		return look(7, name)
	case "arp":
		if anyOf(rest, "-a") {
			return look(8, "arp -a")
		}
	case "netstat":
		return look(9, name)
	case "route":
		if first(rest, "print") {
			return look(10, "route print")
		}
	case "schtasks":
		if anyOf(rest, "/query", "-query") {
			return look(11, "schtasks /query")
		}
	case "klist", "setspn":
		if name == "klist" || anyWithin(rest, "-q", "-t") {
			return look(12, name)
		}
	case "cmdkey":
		if anyOf(rest, "/list", "/l") {
			return look(13, "cmdkey /list")
		}
	}
	return order{}
}

// netCommand reads what the command net asks.
func netCommand(rest []string) order {
	look := func(kind uint8, what string) order { return order{deed: deedLook, kind: kind, what: what} }
	if len(rest) == 0 {
		return order{}
	}
	domain := anyOf(rest, "/domain", "/dom")
	switch rest[0] {
	case "user", "users":
		if domain {
			return look(14, "net user /domain")
		}
	case "group", "groups":
		if anyWithin(rest, "domain admins", "enterprise admins", "domain controllers", "schema admins") && !anyOf(rest, "/add", "/delete") {
			return look(15, "net group of administrators")
		}
		if domain {
			return look(16, "net group /domain")
		}
	case "localgroup":
		if !anyOf(rest, "/add", "/delete") {
			return look(17, "net localgroup")
		}
	case "view":
		return look(18, "net view")
	case "use":
		if len(rest) == 1 {
			return look(19, "net use")
		}
	case "share":
		if len(rest) == 1 {
			return look(20, "net share")
		}
	case "accounts":
		return look(21, "net accounts")
	}
	return order{}
}

func recoveryOf(name string, rest []string, line string) order {
	o := order{deed: deedRecovery, what: name}
	switch name {
	case "vssadmin":
		if first(rest, "delete") && !anyOf(rest, "/oldest") || first(rest, "resize") && anyWithin(rest, "/maxsize=401mb", "/maxsize=320mb") {
			return o
		}
	case "wmic":
		if anyOf(rest, "shadowcopy") && anyOf(rest, "delete") {
			return o
		}
	case "wbadmin":
		if first(rest, "delete") && anyOf(rest, "catalog", "systemstatebackup", "backup") && !anyWithin(rest, "-keepversions") {
			return o
		}
	case "bcdedit":
		if strings.Contains(line, "recoveryenabled") && anyOf(rest, "no") || strings.Contains(line, "ignoreallfailures") {
			return o
		}
	case "diskshadow":
		if strings.Contains(line, "delete shadows") {
			return o
		}
	}
	return order{}
}

// shieldOf reads what turns protection or auditing off by a command of its own.
func shieldOf(name string, rest []string) order {
	o := order{deed: deedShield, what: name}
	guard := anyWithin(rest, "windefend", "wdnissvc", "sense", "mpssvc", "sysmon", "eventlog", "csfalcon", "sentinel", "savservice", "ntrtscan", "msmpeng")
	switch name {
	case "sc":
		if first(rest, "stop", "delete", "config") && guard && (!anyOf(rest, "config") || anyWithin(rest, "disabled")) {
			return o
		}
	case "net", "net1":
		if first(rest, "stop") && guard {
			return o
		}
	case "taskkill", "fltmc":
		if guard && (name == "taskkill" || first(rest, "unload")) {
			return o
		}
	case "netsh":
		if anyOf(rest, "advfirewall") && anyOf(rest, "state") && anyOf(rest, "off") && anyOf(rest, "allprofiles") {
			return o
		}
	case "auditpol":
		if anyWithin(rest, "/clear", "/remove") || anyWithin(rest, "/success:disable") {
			return o
		}
	}
	return order{}
}

// phraseOf looks for what stands anywhere in a line, a PowerShell command for the most part.
func phraseOf(line string) order {
	switch {
	case strings.Contains(line, "set-mppreference") && (strings.Contains(line, "-disable") && (strings.Contains(line, "$true") || strings.Contains(line, " 1")) || strings.Contains(line, "-exclusionpath c:\\ ")),
		strings.Contains(line, "uninstall-windowsfeature") && strings.Contains(line, "defender"):
		return order{deed: deedShield, what: "Set-MpPreference"}
	case strings.Contains(line, "win32_shadowcopy") && (strings.Contains(line, ".delete") || strings.Contains(line, "remove-")):
		return order{deed: deedRecovery, what: "Win32_Shadowcopy"}
	case strings.Contains(line, "sekurlsa::"), strings.Contains(line, "lsadump::"), strings.Contains(line, "invoke-mimikatz"):
		return order{deed: deedSecrets, what: "mimikatz"}
	case strings.Contains(line, "invoke-bloodhound"), strings.Contains(line, "get-domainuser"), strings.Contains(line, "get-netuser"):
		return order{deed: deedExport, what: "PowerView"}
	}
	return order{}
}

// anyOf says whether one of the words is one of these; anyWithin, whether one of these stands within a word.
func anyOf(words []string, any ...string) bool {
	for _, w := range words {
		for _, a := range any {
			if w == a {
				return true
			}
		}
	}
	return false
}

func anyWithin(words []string, any ...string) bool {
	for _, w := range words {
		for _, a := range any {
			if strings.Contains(w, a) {
				return true
			}
		}
	}
	return false
}

// mayOrder is a quick look for a word that every such line has: names of programs, and what stands for them in PowerShell.
func mayOrder(line string) bool {
	inWord := false
	for i := 0; i < len(line); i++ {
		c := line[i]
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c >= 0x80 || c == '_'
		if letter && !inWord && orderWord(line[i:]) {
			return true
		}
		inWord = letter
	}
	return false
}

// orderWord says whether a text begins with such a word.
func orderWord(text string) bool {
	switch text[0] | 0x20 {
	case 'a':
		return startsWord(text, "arp", "auditpol", "adfind", "azurehound", "adrecon")
	case 'b':
		return startsWord(text, "bcdedit", "bloodhound")
	case 'c':
		return startsWord(text, "cmdkey", "comsvcs", "csvde")
	case 'd':
		return startsWord(text, "dsquery", "dsget", "diskshadow")
	case 'f':
		return startsWord(text, "fltmc", "fgdump")
	case 'g':
		return startsWord(text, "gsecdump", "get-domainuser", "get-netuser")
	case 'h':
		return startsWord(text, "handlekatz")
	case 'i':
		return startsWord(text, "ipconfig", "invoke-mimikatz", "invoke-bloodhound")
	case 'k':
		return startsWord(text, "klist")
	case 'l':
		return startsWord(text, "lazagne", "ldifde", "ldapdomaindump", "lsadump")
	case 'm':
		return startsWord(text, "mimikatz")
	case 'n':
		return startsWord(text, "nltest", "netstat", "netsh", "net", "net1", "ntdsutil", "ntds.dit", "nanodump")
	case 'p':
		return startsWord(text, "procdump", "procdump64", "pypykatz", "pwdump")
	case 'q':
		return startsWord(text, "quser", "qwinsta", "query")
	case 'r':
		return startsWord(text, "route", "reg", "rubeus")
	case 's':
		return startsWord(text, "systeminfo", "schtasks", "setspn", "sc", "secretsdump", "sharpdpapi", "sharphound", "set-mppreference", "sekurlsa")
	case 't':
		return startsWord(text, "tasklist", "taskkill")
	case 'u':
		return startsWord(text, "uninstall-windowsfeature")
	case 'v':
		return startsWord(text, "vssadmin")
	case 'w':
		return startsWord(text, "whoami", "wmic", "wbadmin", "wce", "win32_shadowcopy")
	}
	return false
}

// startsWord says whether a text begins with one of the words, whatever their case, and the word ends there.
func startsWord(text string, words ...string) bool {
	for _, w := range words {
		if len(text) < len(w) || !strings.EqualFold(text[:len(w)], w) {
			continue
		}
		if len(text) == len(w) {
			return true
		}
		if c := text[len(w)]; !(c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9') {
			return true
		}
	}
	return false
}
