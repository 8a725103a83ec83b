// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sshguardService says what one of SSHGuard's attack codes speaks of: the table's row, the program that a message without a head
// is read as said by, and the formats that read it.
type sshguardService struct {
	service, program string
	formats          []string
	claim            claim
}

func sshguardServices() map[string]sshguardService {
	return map[string]sshguardService{
		"100": {"sshd", "sshd", []string{"openssh", "login-general"}, claimFailure},
		"101": {"dropbear", "dropbear", []string{"dropbear"}, claimFailedLogin},
		"110": {"sshguard", "sshguard", nil, claimEvent},
		"120": {"bind", "named", []string{"bind-query"}, claimFailedLogin},
		"200": {"uw-imap", "imapd", []string{"uw-imap"}, claimFailedLogin},
		"210": {"dovecot", "dovecot", []string{"dovecot"}, claimFailedLogin},
		"220": {"cyrus-imap", "imap", []string{"cyrus"}, claimFailedLogin},
		"230": {"cucipop", "cucipop", []string{"cucipop"}, claimFailedLogin},
		"240": {"exim", "exim", []string{"exim"}, claimFailedLogin},
		"250": {"sendmail", "sendmail", []string{"sendmail"}, claimFailure},
		"260": {"postfix", "postfix/smtpd", []string{"postfix"}, claimFailure},
		"270": {"opensmtpd", "smtpd", []string{"opensmtpd"}, claimFailedLogin},
		"280": {"courier", "imapd", []string{"courier"}, claimFailedLogin},
		"300": {"freebsd-ftpd", "ftpd", []string{"ftpd"}, claimFailedLogin},
		"310": {"proftpd", "proftpd", []string{"proftpd"}, claimFailedLogin},
		"320": {"pure-ftpd", "pure-ftpd", []string{"pure-ftpd"}, claimFailedLogin},
		"330": {"vsftpd", "vsftpd", []string{"vsftpd"}, claimFailedLogin},
		"340": {"cockpit", "cockpit-session", []string{"pam"}, claimFailedLogin},
		"350": {"web-access", "", []string{"web-access"}, claimFailure},
		"360": {"web-access", "", []string{"web-access"}, claimFailure},
		"370": {"web-access", "", []string{"web-access"}, claimEvent}, // a form that answers a failure with 200: the log cannot tell
		"380": {"pfsense", "php-fpm", []string{"pfsense"}, claimFailedLogin},
		"400": {"openvpn", "openvpn", []string{"openvpn"}, claimFailure},
		"410": {"openvpn-as", "openvpn", nil, claimNothing},
		"500": {"gitea", "gitea", []string{"gitea"}, claimFailedLogin},
		"600": {"mssql", "", []string{"mssql"}, claimFailedLogin},
		"601": {"mysql", "", []string{"mysql"}, claimFailedLogin},
		"700": {"proxmox-ve", "pvedaemon", []string{"proxmox"}, claimFailedLogin},
	}
}

// suiteSSHGuard reads the lines that SSHGuard's scanner is tested with: a line, what is said of it ("100 192.0.2.7 4 10", or "*" for no
// attack), and an M.
func suiteSSHGuard(t *testing.T) *suite {
	data, err := os.ReadFile(filepath.Join(peerFolder(t, "sshguard"), "tests.txt"))
	if err != nil {
		t.Skip(err)
	}
	s := &suite{mark: 0.98, aside: sshguardAside(),
		about: "Lines of real services from the tests of [SSHGuard](https://www.sshguard.net): each is an attack from an address, or none. " +
			"Most are messages without the head that syslog puts before them; these are read with one. Each line is read alone."}
	services := sshguardServices()
	files := map[string]*suiteFile{}
	lines := strings.Split(string(data), "\n")
	for i := 0; i+1 < len(lines); i++ {
		truth := strings.Fields(lines[i+1])
		if len(truth) == 0 || strings.HasPrefix(lines[i], "#") {
			continue
		}
		var of sshguardService
		rec := said{line: i + 1, rec: lines[i], outcome: claimNoFailedLogin}
		switch known, ok := services[truth[0]]; {
		case ok && len(truth) == 4:
			of = known
			rec.from, rec.outcome = truth[1], of.claim
		case truth[0] == "*" && len(truth) == 1:
			of = services["220"]
			if strings.Contains(rec.rec, " HTTP/") {
				of = services["350"]
				rec.outcome = claimNothing
			} else if strings.Contains(rec.rec, "BREAK-IN") {
				of = services["100"]
			}
		default:
			continue
		}
		if strings.Contains(rec.rec, " postgrey[") {
			of = sshguardService{service: "postgrey", claim: claimFailure}
		}
		if of.service == "mssql" && strings.Contains(rec.rec, "Length specified") || strings.Contains(rec.rec, "Exit before auth") {
			rec.outcome = claimFailure // nobody got as far as a login
		}
		if of.program != "" && !hasStamp(rec.rec) {
			rec.rec = "Jun  2 09:00:00 host1 " + of.program + "[811]: " + rec.rec
		}
		if files[of.service] == nil {
			files[of.service] = &suiteFile{path: "tests.txt", service: of.service, formats: of.formats, noSniff: true, each: true}
		}
		files[of.service].recs = append(files[of.service].recs, rec)
		i++
	}
	for _, f := range files {
		s.files = append(s.files, *f)
	}
	slices.SortFunc(s.files, func(a, b suiteFile) int { return strings.Compare(a.service, b.service) })
	return s
}

func sshguardAside() map[string]string {
	end := "the client's own word for a failed attempt; SSHGuard counts the attempt's other lines"
	return map[string]string{"tests.txt:104": end, "tests.txt:107": end}
}

// hasStamp says whether a line begins with a time of its own.
func hasStamp(line string) bool {
	b := []byte(line)
	_, n := parseSyslogStamp(b[priority(b):])
	return n > 0 || priority(b) > 0 || strings.HasPrefix(line, "\x1b[36m") || strings.HasPrefix(line, "2023/") || strings.HasPrefix(line, "May 9 ")
}
