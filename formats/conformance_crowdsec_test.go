// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// crowdSecServices says which formats read the log of one of CrowdSec's kinds of log (log_type of a test's configuration; for syslog
// the test's own name up to the first hyphen); a kind that is not named has no format yet.
func crowdSecServices() map[string][]string {
	return map[string][]string{
		"cas":        {"cas"},
		"haproxy":    {"haproxy"},
		"cowrie":     {"cowrie"},
		"dropbear":   {"dropbear"},
		"exim":       {"exim"},
		"freeswitch": {"freeswitch"},
		"gitea":      {"gitea"},
		"mssql":      {"mssql"},
		"mysql":      {"mysql"},
		"vsftpd":     {"vsftpd"},
		"zimbra":     {"zimbra"},
		"mikrotik":   {"routeros"},
		"bitwarden":  {"bitwarden"},
		"cpanel":     {"cpanel", "web-access"},
		"ts3":        {"teamspeak"},
		"postgres":   {"postgresql"},
		"actual":     {"web-access"},
		"apache2":    {"web-access", "apache-error"},
		"Nextcloud":  {"nextcloud"},
		"auditd":     {"auditd"},
		"bind9":      {"bind-query"},
		"dovecot":    {"dovecot"},
		"iptables":   {"netfilter"},
		"gitlab":     {"gitlab-json"},
		"named":      {"bind-query"},
		"nginx":      {"web-access", "nginx-error"},
		"openvpn":    {"openvpn"},
		"pam":        {"pam"},
		"postscreen": {"postfix"},
		"smb":        {"samba"},
		"ssh":        {"openssh"},
		"sshd":       {"openssh"},
		"whitelists": {"openssh"},

		"suricata-evelogs": {"suricata"},
	}
}

// suiteCrowdSec reads the lines that the parsers of CrowdSec's hub are tested with.
func suiteCrowdSec(t *testing.T) *suite {
	dir := peerFolder(t, "crowdsec-hub")
	s := &suite{mark: 0.98, aside: crowdSecAside(),
		about: "Lines of real services from the tests of [CrowdSec's hub](https://github.com/crowdsecurity/hub), with the fields that its own parsers take: address, account, " +
			"kind and time. Lines that its parsers leave alone have no claim but are counted."}
	services := crowdSecServices()
	configs, _ := filepath.Glob(filepath.Join(dir, "*", "config.yaml"))
	for _, config := range configs {
		folder := filepath.Dir(config)
		conf := yamlWords(t, config)
		noSniff := false
		service := conf["log_type"]
		if service == "syslog" || service == "" {
			service, _, _ = strings.Cut(filepath.Base(folder), "-")
		}
		data, err := os.ReadFile(filepath.Join(folder, conf["log_file"]))
		if err != nil || len(data) == 0 {
			continue
		}
		if strings.Contains(filepath.Base(folder), "npm") { // nginx, but in the form of its Proxy Manager
			service = "nginx-proxy-manager"
		}
		if service == "dropbear" { // a file of messages without heads
			noSniff = true
		}
		f := suiteFile{noSniff: noSniff, path: filepath.Base(folder), service: strings.ToLower(service), formats: services[service]}
		f.recs = crowdSecRecs(data, filepath.Join(folder, "parser.assert"))
		if len(f.recs) > 0 {
			s.files = append(s.files, f)
		}
	}
	return s
}

// crowdSecAside are the claims that are not asked for.
func crowdSecAside() map[string]string {
	noTime := "the line carries no time"
	recipient := "the recipient of refused mail is no account that logged in: it stands in object"
	out := map[string]string{
		"apereo-cas-audit-logs:1 time": "the line says CEST, which its parser takes for UTC",

		"zimbra-logs:4":   "the line does not say what failed",
		"dropbear-logs:1": noTime,
		"dropbear-logs:2": noTime,
		"dropbear-logs:3": noTime,
		"dropbear-logs:4": noTime,
		"bind9-logs:8":    noTime,
		"bind9-logs:9":    noTime,
		"openvpn:15":      "the same refused certificate as in line 13",
		"sshd-logs:10":    "a client that does not know the obfuscation's secret never came to log in",
		"sshd-logs:11":    "a client that does not know the obfuscation's secret never came to log in",
		"sshd-logs:22":    "a connection that was closed before anybody tried to log in",
	}
	for _, line := range []string{"4", "5", "8", "9", "10", "11"} {
		out["exim-logs:"+line+" account"], out["exim-syslog-logs:"+line+" account"] = recipient, recipient
	}
	return out
}

// yamlWords returns the plain "key: value" pairs of a configuration's first level.
func yamlWords(t *testing.T, path string) map[string]string {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, l := range strings.Split(string(data), "\n") {
		if k, v, ok := strings.Cut(l, ":"); ok && !strings.HasPrefix(k, " ") {
			v, _, _ = strings.Cut(v, " #")
			out[k] = strings.Trim(strings.TrimSpace(v), `"'`)
		}
	}
	return out
}

// crowdSecRecs pairs the lines of a log with what the asserts say of each. results["s01-parse"]["parser"][N] are the lines that came to
// one parser, which need not be all of the log's, nor in its order: the line is the one that holds the message of that result. What a later
// stage says stands over what an earlier one did.
func crowdSecRecs(log []byte, asserts string) []said {
	var out []said
	for i, l := range strings.Split(string(log), "\n") {
		if l = strings.TrimRight(l, "\r"); strings.TrimSpace(l) != "" {
			out = append(out, said{line: i + 1, rec: l})
		}
	}
	data, err := os.ReadFile(asserts)
	if err != nil {
		return out
	}
	results := map[string]map[string]string{}
	var order []string
	for _, l := range strings.Split(string(data), "\n") {
		of, rest, ok := strings.Cut(l, "].Evt.")
		key, value, is := strings.Cut(rest, " == ")
		if !ok || !is || !strings.HasPrefix(of, `results["s`) {
			continue
		}
		text, err := strconv.Unquote(value)
		if err != nil {
			continue
		}
		if results[of] == nil {
			results[of] = map[string]string{}
			order = append(order, of)
		}
		results[of][key] = text
	}
	used := map[string]bool{} // a line for each result of one parser
	meta := map[int]map[string]string{}
	for _, of := range order {
		if strings.HasPrefix(of, `results["s00`) {
			continue
		}
		r := results[of]
		parser := of[:strings.LastIndexByte(of, '[')]
		m := strings.TrimSpace(r[`Parsed["message"]`])
		if m == "" {
			continue
		}
		for i := range out {
			if slot := parser + strconv.Itoa(i); strings.HasSuffix(strings.TrimSpace(out[i].rec), m) && !used[slot] {
				used[slot] = true
				if meta[i] == nil {
					meta[i] = map[string]string{}
				}
				maps.Copy(meta[i], r)
				break
			}
		}
	}
	for i := range out {
		crowdSecClaims(&out[i], meta[i])
	}
	return out
}

func crowdSecClaims(s *said, meta map[string]string) {
	get := func(names ...string) string {
		for _, n := range names {
			if v := meta[`Meta["`+n+`"]`]; v != "" {
				return v
			}
		}
		return ""
	}
	s.from = get("source_ip")
	s.account = get("target_user", "user", "username")
	if strings.Contains(s.account, " invalid ") || s.account == "-" {
		s.account = ""
	}
	switch kind := get("log_type"); {
	case kind == "":
	case strings.Contains(kind, "fail") && !strings.Contains(kind, "ssh_bad"), strings.Contains(kind, "denied"), kind == "auth_bf_attempt", kind == "dovecot_logs" && strings.Contains(get("dovecot_login_result"), "auth failed"):
		s.outcome = claimFailedLogin
	case strings.Contains(strings.ToLower(kind), "login_success"), kind == "auth_success":
		s.outcome = claimLogin
	default:
		s.outcome = claimEvent
	}
	if at, err := time.Parse(time.RFC3339, meta[`Enriched["MarshaledTime"]`]); err == nil && at.Year() > 1970 {
		s.time, s.year = at, at.Year()
	}
	if path, verb := get("http_path"), get("http_verb"); path != "" && verb != "" {
		s.also = func(events []*event.Event) string {
			for _, ev := range events {
				if strings.Contains(ev.Object, strings.SplitN(path, "?", 2)[0]) {
					return ""
				}
			}
			return "a request for " + clip(path, 60)
		}
	}
}
