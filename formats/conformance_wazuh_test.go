// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// wazuhServices says which formats read the lines of a file of Wazuh's rule tests; a file that is not named has no format yet.
func wazuhServices() map[string][]string {
	return map[string][]string{
		"cpanel":        {"cpanel"},
		"dropbear":      {"dropbear"},
		"apache":        {"apache-error", "web-access"},
		"cisco_asa":     {"cisco-asa"},
		"dovecot":       {"dovecot"},
		"fortigate":     {"fortigate"},
		"named":         {"bind-query"},
		"nextcloud":     {"nextcloud"},
		"office365":     {"m365-audit"},
		"openldap":      {"openldap"},
		"paloalto":      {"paloalto"},
		"pam":           {"pam"},
		"powershell":    {"windows"},
		"samba":         {"samba"},
		"sophos_fw":     {"sophos-xg"},
		"squid_rules":   {"squid"},
		"sshd":          {"openssh"},
		"sysmon":        {"windows"},
		"sysmon_eid_10": {"windows"},
		"sysmon_eid_13": {"windows"},
		"sysmon_eid_20": {"windows"},
		"web_rules":     {"web-access"},
		"win_security":  {"windows"},
	}
}

// suiteWazuh reads the lines that Wazuh's rules are tested with. The rules say no fields; a test's title says what it is about.
func suiteWazuh(t *testing.T) *suite {
	dir := peerFolder(t, "wazuh-ruleset-tests")
	s := &suite{mark: 0.98, aside: wazuhAside(),
		about: "Lines of real services from the rule tests of [Wazuh](https://wazuh.com). The rules name no fields: every line must be understood, and where a test's title " +
			"says that a login failed or succeeded, the event must say so. Each line is read alone. Those of Cisco's firewalls stand there without the head of their syslog line: they are given one."}
	services := wazuhServices()
	files, _ := filepath.Glob(filepath.Join(dir, "*.ini"))
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".ini")
		f := suiteFile{path: filepath.Base(path), service: name, formats: services[name], each: true, recs: wazuhRecs(string(data))}
		var other suiteFile
		for i := range f.recs {
			if name == "cisco_asa" && strings.HasPrefix(f.recs[i].rec, "%") {
				f.recs[i].rec = "Jun  2 09:00:00 fw1 " + f.recs[i].rec
			}
		}
		other, f.recs = wazuhCarried(&f)
		for _, f := range []suiteFile{f, other} {
			if len(f.recs) > 0 {
				s.files = append(s.files, f)
			}
		}
	}
	return s
}

// wazuhCarried takes out the lines of a file that are of another format: IIS among those of web servers, and the text in which
// OSSEC's agent sends Windows events.
func wazuhCarried(f *suiteFile) (other suiteFile, rest []said) {
	other = *f
	other.recs, other.noSniff = nil, true
	for _, r := range f.recs {
		switch {
		case strings.Contains(r.rec, "WinEvtLog: "):
			other.service, other.formats = "ossec-winevtlog", nil
		case f.service == "web_rules" && len(r.rec) > 4 && r.rec[4] == '-':
			other.service, other.formats = "iis", []string{"w3c"}
		default:
			rest = append(rest, r)
			continue
		}
		other.recs = append(other.recs, r)
	}
	return other, rest
}

// wazuhAside are the claims that are not asked for.
func wazuhAside() map[string]string {
	noTime, blanked := "the line carries no time", "its time is blanked out"
	return map[string]string{
		"paloalto.ini:58":   blanked,
		"paloalto.ini:64":   blanked,
		"paloalto.ini:70":   blanked,
		"paloalto.ini:71":   blanked,
		"apache.ini:12":     noTime,
		"apache.ini:18":     noTime,
		"apache.ini:24":     noTime,
		"apache.ini:30":     noTime,
		"dovecot.ini:26":    "the test's line is of a login that succeeded",
		"office365.ini:701": "the record names no operation",
		"pam.ini:9":         "a note before the line that tells of the failed attempt",
	}
}

// wazuhRecs reads a file of rule tests: "[title]", then lines "log N pass = line".
func wazuhRecs(data string) []said {
	var out []said
	title := ""
	for i, l := range strings.Split(data, "\n") {
		if strings.HasPrefix(l, "[") {
			title = strings.ToLower(l)
			continue
		}
		k, v, ok := strings.Cut(l, " = ")
		if !ok || !strings.HasPrefix(k, "log ") {
			continue
		}
		r := said{line: i + 1, rec: strings.TrimRight(v, "\r"), outcome: wazuhClaim(title)}
		if strings.HasSuffix(k, " fail") { // that the rule must not fire says nothing about the line
			r.outcome = claimNothing
		}
		out = append(out, r)
	}
	return out
}

func wazuhClaim(title string) claim {
	any := func(words ...string) bool {
		for _, w := range words {
			if strings.Contains(title, w) {
				return true
			}
		}
		return false
	}
	switch {
	case !any("login", "log in", "logon", "authentication", "auth ", "password attempt", "logged in"):
		return claimNoEventNeeded
	case any("multiple", "brute"):
		return claimNoEventNeeded
	case any("fail", "bad password", "invalid"):
		return claimFailedLogin
	case any("success", "succeeded", "logged in"):
		return claimLogin
	}
	return claimNoEventNeeded
}
