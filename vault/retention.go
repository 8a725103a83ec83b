// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Retention says how long a source usually keeps what it logs, where nobody has set it otherwise. It is a reminder of
// what to fetch first, not a statement about the institute: that is what its own settings say.
type Retention struct {
	Source   string      `json:"source"`
	Name     event.Words `json:"name"`
	Days     int         `json:"days"`      // shortest usual; 0: by size or until a restart, which may be hours
	LongDays int         `json:"long_days"` // longest usual without special settings; 0: as Days
	Basis    event.Words `json:"basis"`
	Do       event.Words `json:"do"` // how to fetch it
	Cite     string      `json:"cite"`
	formats  []string    // prefixes of the names of formats by which this source is recognised
	wanted   bool        // an investigation of stolen accounts misses it where it is absent
}

// Retentions returns what is known, what expires first standing first. Sources, as of 2026-11 (all are vendors' defaults and change;
// the texts named are the vendors' own where they were to be had):
//
//   - Microsoft Entra sign-ins and audit: learn.microsoft.com, "Microsoft Entra data retention": 7 days (Free), 30 days (P1, P2).
//   - Microsoft 365 audit: learn.microsoft.com, "Manage audit log retention policies": 180 days (Standard, since October 2023), one year
//     for Exchange, SharePoint, OneDrive and Entra records of E5 users (Premium).
//   - Google Workspace: support.google.com/a/answer/7061566, "Data retention and lag times"; six months for most logs.
//   - FortiGate: docs.fortinet.com, CLI reference, "config log disk setting" (maximum-log-age, 7 days); a memory log is a ring that a restart empties.
//   - Windows event logs: the policy "Specify the maximum log file size" (20 MB unless set; oldest events are overwritten).
//   - Logs of Linux servers: logrotate as Debian and Red Hat ship it: weekly, 4 kept; apache2 and nginx of Debian: daily, 14 kept.
//   - BIND: ARM, "logging": a channel without "versions" keeps one file, cut when it reaches its size.
func Retentions() []Retention {
	logrotate := w("logrotate の既定（週次・4 世代）", "logrotate's defaults: weekly, 4 kept")
	copyFiles := w("/var/log の当該ファイルと世代 (.1, .gz) をすべて複写", "copy the files and their generations (.1, .gz) from /var/log")
	list := []Retention{
		{"firewall", w("ファイアウォール・UTM・VPN 装置 (FortiGate 等)", "firewall, UTM, VPN appliance (FortiGate and others)"), 0, 7,
			w("メモリ内のログは再起動と容量で消え、ディスクのログは既定 7 日", "a log in memory is lost by size and restart; one on disk is kept 7 days by default"),
			w("装置の管理画面か CLI からトラフィック・VPN・イベントの各ログを書き出す。再起動しない", "export traffic, VPN and event logs from the console or CLI; do not restart the device"),
			"docs.fortinet.com: config log disk setting", []string{"forti", "paloalto", "asa", "ivanti", "pulse", "sonicwall", "checkpoint"}, true},
		{"windows", w("Windows イベントログ", "Windows event logs"), 0, 0,
			w("容量で上書き（既定 20 MB。認証の多いサーバでは数時間から数日）", "overwritten by size (20 MB by default: hours to days on a busy server)"),
			w("wevtutil epl Security で書き出す。ドメインコントローラを先に", "export with wevtutil epl Security; domain controllers first"),
			"Group Policy: Specify the maximum log file size", []string{"windows", "winlog", "evtx"}, true},
		{"dns", w("DNS の問い合わせログ", "DNS query log"), 0, 7, w("容量で循環（設定による）", "rolls by size, as configured"), copyFiles,
			"BIND 9 ARM: logging", []string{"bind", "dns", "unbound"}, true},
		{"entra-signin", w("Entra ID サインイン", "Entra ID sign-ins"), 7, 30, w("無償 7 日、P1・P2 は 30 日", "7 days (Free), 30 days (P1, P2)"),
			w("管理センターか Graph API (auditLogs/signIns) から対話型・非対話型とも書き出す", "export from the admin centre or by Graph (auditLogs/signIns), interactive and non-interactive"),
			"learn.microsoft.com: Microsoft Entra data retention", []string{"entra", "m365-signin", "azuread"}, true},
		{"web", w("Web・SSO のアクセスログ", "web and single sign-on access logs"), 14, 28, w("Debian の apache2・nginx は日次・14 世代", "apache2 and nginx of Debian: daily, 14 kept"), copyFiles,
			"Debian: /etc/logrotate.d/apache2", []string{"combined", "apache", "nginx", "http"}, true},
		{"directory", w("ディレクトリ (LDAP)", "directory (LDAP)"), 28, 28, logrotate, copyFiles, "logrotate(8)", []string{"openldap", "389ds", "ldap"}, true},
		{"ssh", w("SSH・PAM の認証", "SSH and PAM logins"), 28, 28, logrotate, copyFiles, "logrotate(8)", []string{"openssh", "pam", "sshd", "syslog"}, true},
		{"mail", w("メールサーバの認証 (IMAP・SMTP)", "mail server logins (IMAP, SMTP)"), 28, 28, logrotate, copyFiles, "logrotate(8)", []string{"dovecot", "postfix", "exim"}, false},
		{"openvpn", w("OpenVPN", "OpenVPN"), 28, 28, logrotate, copyFiles, "logrotate(8)", []string{"openvpn"}, false},
		{"file-server", w("ファイルサーバの監査", "file server audit"), 28, 28, logrotate, copyFiles, "logrotate(8)", []string{"samba", "smbd"}, true},
		{"m365-audit", w("Microsoft 365 統合監査ログ（メールの閲覧を含む）", "Microsoft 365 unified audit log (mail access included)"), 180, 365,
			w("Standard 180 日、Premium 1 年", "180 days (Standard), one year (Premium)"),
			w("Search-UnifiedAuditLog か Purview から全利用者分を書き出す", "export for all users with Search-UnifiedAuditLog or from Purview"),
			"learn.microsoft.com: Manage audit log retention policies", []string{"m365-audit", "office365", "o365"}, true},
		{"google", w("Google Workspace のログ", "Google Workspace logs"), 180, 180, w("多くは 6 か月", "six months for most"),
			w("管理コンソールの監査と調査、または Reports API から書き出す", "export from audit and investigation, or by the Reports API"),
			"support.google.com/a/answer/7061566", []string{"google", "gws"}, false},
	}
	slices.SortStableFunc(list, func(a, b Retention) int { return cmp.Compare(a.Days, b.Days) })
	return list
}

func w(ja, en string) event.Words { return event.Words{Ja: ja, En: en} }

// Outlook is what a collection says about time: what its sources forget when, and which sources are not in it at all.
type Outlook struct {
	Held    []Retention `json:"held"`    // recognised among what was taken; what is not yet taken of them goes on expiring
	Missing []Retention `json:"missing"` // nothing of them was taken, and an investigation would want it
}

// NewOutlook sorts what is known by the formats that were recognised.
func NewOutlook(formats []string) Outlook {
	var o Outlook
	for _, r := range Retentions() {
		held := slices.ContainsFunc(formats, func(f string) bool {
			return slices.ContainsFunc(r.formats, func(p string) bool { return strings.HasPrefix(f, p) })
		})
		switch {
		case held:
			o.Held = append(o.Held, r)
		case r.wanted:
			o.Missing = append(o.Missing, r)
		}
	}
	return o
}

// Since returns the day from which the source should still have records, at the moment now, in the shortest and longest usual case.
// ok is false where it goes by size.
func (r *Retention) Since(now time.Time) (shortest, longest time.Time, ok bool) {
	if r.Days == 0 {
		return time.Time{}, time.Time{}, false
	}
	return now.AddDate(0, 0, -r.Days), now.AddDate(0, 0, -max(r.Days, r.LongDays)), true
}
