// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fail2banService says which formats read the log of one of fail2ban's filters, and whether what the filter looks for is a login.
type fail2banService struct {
	formats []string
	claim   claim // of a line that the filter takes
}

// fail2banServices knows the filters; a filter that is not named here has no format yet.
func fail2banServices() map[string]fail2banService {
	login := func(formats ...string) fail2banService { return fail2banService{formats, claimFailedLogin} }
	request := func(formats ...string) fail2banService { return fail2banService{formats, claimEvent} }
	return map[string]fail2banService{
		"3proxy":               login("3proxy"),
		"assp":                 login("assp"),
		"bitwarden":            login("bitwarden"),
		"counter-strike":       login("half-life"),
		"courier-smtp":         login("courier"),
		"dante":                login("dante"),
		"directadmin":          login("directadmin"),
		"domino-smtp":          login("domino"),
		"dropbear":             login("dropbear"),
		"freeswitch":           login("freeswitch"),
		"froxlor-auth":         login("froxlor"),
		"gitlab":               login("gitlab-application"),
		"groupoffice":          login("groupoffice"),
		"guacamole":            login("guacamole"),
		"mongodb-auth":         login("mongodb"),
		"mssql-auth":           login("mssql"),
		"mysqld-auth":          login("mysql"),
		"nagios":               login("nrpe"),
		"nsd":                  login("nsd"),
		"openwebmail":          login("openwebmail"),
		"phpmyadmin-syslog":    login("phpmyadmin"),
		"proftpd":              login("proftpd"),
		"qmail":                login("qmail"),
		"roundcube-auth":       login("roundcube"),
		"routeros-auth":        login("routeros"),
		"sogo-auth":            login("sogo"),
		"solid-pop3d":          login("solid-pop3d"),
		"stunnel":              login("stunnel"),
		"tine20":               login("tine20"),
		"xinetd-fail":          login("xinetd"),
		"znc-adminlog":         login("znc"),
		"recidive":             {[]string{"fail2ban"}, claimFailure},
		"haproxy-http-auth":    {[]string{"haproxy"}, claimFailure},
		"cowrie":               request("cowrie"),
		"openhab":              {[]string{"web-access"}, claimFailure},
		"traefik-auth":         login("web-access"),
		"apache-auth":          login("apache-error"),
		"apache-badbots":       request("web-access"),
		"apache-botsearch":     request("apache-error", "web-access"),
		"apache-fakegooglebot": request("web-access"),
		"apache-modsecurity":   request("apache-error"),
		"apache-nohome":        request("apache-error"),
		"apache-pass":          request("web-access"),
		"dovecot":              login("dovecot"),
		"named-refused":        login("bind-query"),
		"nginx-bad-request":    request("web-access"),
		"nginx-forbidden":      login("nginx-error"),
		"nginx-http-auth":      login("nginx-error"),
		"nginx-limit-req":      request("nginx-error"),
		"openvpn":              login("openvpn"),
		"slapd":                login("openldap"),
		"sshd":                 login("openssh"),
	}
}

// suiteFail2ban reads the samples that fail2ban's filters are tested with.
func suiteFail2ban(t *testing.T) *suite {
	dir := peerFolder(t, "fail2ban")
	zurich, err := time.LoadLocation("Europe/Zurich") // fail2ban's tests run there
	if err != nil {
		t.Skip(err)
	}
	s := &suite{mark: 1, zone: zurich, aside: map[string]string{},
		about: "Lines of real services from the tests of [fail2ban](https://github.com/fail2ban/fail2ban). A line that a filter takes must be a failed login or a refusal " +
			"from that host; a line that it must not take must not be a failed login, unless a filter leaves it out for another reason. " +
			"Filters that look at requests, not logins, ask for an event from that host."}
	services := fail2banServices()
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, path := range files {
		name := filepath.Base(path)
		data, err := os.ReadFile(path)
		if err != nil || name == "SOURCE.txt" {
			continue
		}
		known := services[name]
		f := suiteFile{path: name, service: name, formats: known.formats, recs: fail2banRecords(data, known.claim)}
		for i := range f.recs {
			s.weigh(name, &f.recs[i])
		}
		s.files = append(s.files, f)
	}
	return s
}

// weigh takes back or softens what fail2ban's truth says of a line where a filter means something else than a failed login, and says why.
func (s *suite) weigh(service string, r *said) {
	aside := func(column, why string) { s.aside[fmt.Sprintf("%s:%d %s", service, r.line, column)] = why }
	switch {
	case service == "sshd" && r.outcome == claimNoFailedLogin:
		aside("outcome", "the filter waits for the end of the connection to count this refused attempt, or does so in another mode")
	case service == "sshd" && strings.Contains(r.rec, "]: Accepted "):
		aside("outcome", "the filter counts earlier attempts at this line; here they are events of their own")
	case service == "apache-auth" && r.outcome == claimFailedLogin && (strings.Contains(r.rec, "[ssl:error]") || strings.Contains(r.rec, "[evasive20:")):
		r.outcome = claimFailure // a wrong virtual host, or too many requests: nobody tried to log in
	case strings.HasPrefix(r.rec, "@40000000"):
		aside("time", "multilog's labels are 10 s ahead of UTC, which the filter does not take off")
	case service == "3proxy", service == "cowrie":
		aside("time", "the filter does not read the zone")
	case service == "haproxy-http-auth":
		aside("time", "the filter reads the time of syslog's head, which has no year")
	case service == "traefik-auth" && r.outcome == claimNoFailedLogin:
		aside("outcome", "the section's mode looks at requests without a name only")
	case service == "guacamole" && strings.HasPrefix(r.rec, "12:57:32"):
		aside("time", "the line carries no date")
	case service == "assp" && strings.Contains(r.rec, "SSL negotiation"):
		r.outcome = claimFailure
	case strings.HasPrefix(r.rec, "atom named["), strings.HasPrefix(r.rec, "Test znc["), strings.HasPrefix(r.rec, "host fail2ban["):
		for _, c := range columnNames {
			aside(c, "the journal's line stands here without its time")
		}
	}
}

// fail2banRecords reads a sample of fail2ban: log lines, each with a comment "# failJSON: {…}" before it, or none.
func fail2banRecords(data []byte, c claim) []said {
	var out []said
	var next said
	weak := false // the section is of a mode that looks beyond logins
	for i, l := range strings.Split(string(data), "\n") {
		l = strings.TrimRight(l, "\r")
		if strings.HasPrefix(l, "#") {
			if _, opts, ok := strings.Cut(l, "filterOptions:"); ok {
				weak = strings.Contains(opts, "ddos") || strings.Contains(opts, "extra") || strings.Contains(opts, "aggressive") || strings.Contains(opts, "fallback")
				weak = weak && !strings.Contains(opts, "normal") && !strings.Contains(opts, "auth")
			}
			if _, js, ok := strings.Cut(l, "failJSON:"); ok {
				next = fail2banTruth(js, c, weak)
			}
			continue
		}
		if l == "" {
			continue
		}
		next.line, next.rec = i+1, l
		out = append(out, next)
		next = said{}
	}
	return out
}

func fail2banTruth(js string, c claim, weak bool) said {
	var truth struct {
		Time, Host, Constraint string
		Match                  bool
		User                   *string
	}
	if json.Unmarshal([]byte(strings.TrimSpace(js)), &truth) != nil {
		return said{}
	}
	if !truth.Match {
		return said{outcome: claimNoFailedLogin}
	}
	s := said{from: truth.Host, outcome: c}
	if (weak || strings.Contains(truth.Constraint, "aggressive")) && c == claimFailedLogin {
		s.outcome = claimEvent
	}
	if truth.User != nil {
		s.account, s.named = *truth.User, true
	}
	zone, _ := time.LoadLocation("Europe/Zurich")
	if at, err := time.ParseInLocation("2006-01-02T15:04:05", truth.Time, zone); err == nil {
		s.time, s.year = at, at.Year()
	}
	return s
}
