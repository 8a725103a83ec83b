// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"crypto/x509"
	"net"
	"net/mail"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Recipient is somebody who is told of findings: by exactly one of Mail, Hook and Syslog.
type Recipient struct {
	Name     string
	Severity string        // from which; empty: that of notify
	After    time.Duration // only where nobody acknowledged for so long
	Digest   int           // minutes after midnight at which a digest of the day is sent; -1: none
	Mail     *Mail
	Hook     *Hook
	Syslog   *SyslogTo
	Line     int
}

// Mail is how mail is sent.
type Mail struct {
	Server         string // host:port
	TLS            string // starttls, tls or none
	Roots          *x509.CertPool
	User, Password string
	From           string
	To             []string
}

// Hook is where JSON is posted, and in which form.
type Hook struct {
	Kind string // webhook, slack, mattermost, teams, pagerduty
	URL  string
	Key  string // PagerDuty's
}

// SyslogTo is where syslog is sent.
type SyslogTo struct {
	Address *url.URL
	Roots   *x509.CertPool
}

// QuietHours are those in which only what is critical is told, in minutes after midnight.
type QuietHours struct {
	From, To int
	Days     [7]bool // on which they begin, Sunday first
}

const (
	notifyKeys  = "webhook, webhook_file, severity, contacts, quiet"
	contactKeys = "name, severity, after, digest, mail, slack_file, mattermost_file, teams_file, webhook_file, pagerduty_file, syslog"
	maxContacts = 100
)

var severities = []string{"info", "low", "medium", "high", "critical"}

// amiss notes a mistake in both languages.
func (d *document) amiss(n *yaml.Node, where, ja, en string) { d.wrong(n, where, "%s", en+" / "+ja) }

func (d *document) notify(s *Serve, folder string, n *yaml.Node, where string) {
	d.each(n, where, notifyKeys, func(key, where string, v *yaml.Node) bool {
		switch key {
		case "webhook":
			s.Webhook = d.text(v, where)
			d.hookAddress(s.Webhook, v, where)
		case "webhook_file": // an address that is itself a secret
			s.Webhook = d.secretAddress(folder, v, where)
		case "severity":
			s.Severity = d.oneOf(v, where, severities)
		case "contacts":
			d.items(v, where, func(where string, v *yaml.Node) { s.Contacts = append(s.Contacts, d.contact(folder, v, where)) })
		case "quiet":
			d.items(v, where, func(where string, v *yaml.Node) { s.Quiet = append(s.Quiet, d.quiet(v, where)) })
		default:
			return false
		}
		return true
	})
	names := map[string]bool{}
	atOnce := len(s.Contacts) == 0 || s.Webhook != ""
	for _, c := range s.Contacts {
		if names[c.Name] {
			d.amiss(&yaml.Node{Line: c.Line}, where+".contacts", "同じ名前の連絡先が二つあります。名前を変えてください："+cut(c.Name, 60), "two contacts have one name, give each its own: "+cut(c.Name, 60))
		}
		names[c.Name] = true
		atOnce = atOnce || c.After == 0
	}
	if !atOnce {
		d.amiss(n, where+".contacts", "すべての連絡先に after があり、すぐに知らされる人がいません。一つから after を外してください", "every contact has after, so nobody is told at once: take it from one of them")
	}
	if len(s.Contacts) > maxContacts || len(s.Quiet) > maxContacts {
		d.amiss(n, where, "連絡先と静かな時間帯はそれぞれ 100 件までです", "has more than 100 contacts or quiet hours: keep fewer")
	}
}

func (d *document) hookAddress(text string, n *yaml.Node, where string) {
	if u, err := url.Parse(text); text != "" && (err != nil || u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) || u.Host == "") {
		d.amiss(n, where, "https:// で始まるアドレスを書いてください（http:// はこのマシンの中だけ）", "is an address that begins with https:// (http:// on this machine only)")
	}
}

func (d *document) secretAddress(folder string, n *yaml.Node, where string) string {
	text := d.secret(folder, n, where)
	d.hookAddress(text, n, where)
	return text
}

// secret reads a file that holds a secret of one line without blanks.
func (d *document) secret(folder string, n *yaml.Node, where string) string {
	if path := d.file1(folder, n, where); path != "" {
		return d.token(path, n, where)
	}
	return ""
}

func (d *document) contact(folder string, n *yaml.Node, where string) Recipient {
	c := Recipient{Line: n.Line, Digest: -1}
	ways := 0
	d.each(n, where, contactKeys, func(key, where string, v *yaml.Node) bool {
		ways++
		switch key {
		case "name":
			ways--
			c.Name = d.text(v, where)
		case "severity":
			ways--
			c.Severity = d.oneOf(v, where, severities)
		case "after":
			ways--
			c.After = d.duration(v, where, false)
		case "digest":
			ways--
			c.Digest = d.clock(v, where) % (24 * 60)
		case "mail":
			c.Mail = d.mail(folder, v, where)
		case "slack_file", "mattermost_file", "teams_file", "webhook_file":
			c.Hook = &Hook{Kind: strings.TrimSuffix(key, "_file"), URL: d.secretAddress(folder, v, where)}
		case "pagerduty_file":
			c.Hook = &Hook{Kind: "pagerduty", Key: d.secret(folder, v, where)}
		case "syslog":
			c.Syslog = d.syslogTo(folder, v, where)
		case "slack", "mattermost", "teams", "webhook", "pagerduty":
			d.amiss(v, where, "秘密はこのファイルに書けません。Sekisho だけが読めるファイルに書き、"+key+"_file に指定してください", "a secret does not stand in this file: write it to a file that only Sekisho can read, and name that as "+key+"_file")
		default:
			ways--
			return false
		}
		return true
	})
	if c.Name == "" || len(c.Name) > 60 || strings.ContainsFunc(c.Name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		d.amiss(n, where, "name に 60 バイトまでの名前を書いてください", "needs a name of 60 bytes at most")
	}
	if c.Digest >= 0 && c.Hook != nil && c.Hook.Kind == "pagerduty" {
		d.amiss(n, where, "PagerDuty に日次の報告は送れません。digest を外すか、mail など別の連絡先に書いてください", "a pager is sent no digest: take digest away, or give it to a contact with mail")
	}
	if ways != 1 {
		d.amiss(n, where, "連絡の手段をちょうど一つ書いてください（mail、slack_file、mattermost_file、teams_file、webhook_file、pagerduty_file、syslog）", "needs exactly one way: mail, slack_file, mattermost_file, teams_file, webhook_file, pagerduty_file or syslog")
	}
	return c
}

func (d *document) mail(folder string, n *yaml.Node, where string) *Mail {
	m := &Mail{TLS: "starttls"}
	plain := false
	d.each(n, where, "server, tls, plain, ca, user, password_file, password_env, from, to", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "server":
			m.Server = d.text(v, where)
		case "tls":
			m.TLS = d.oneOf(v, where, []string{"starttls", "tls", "none"})
		case "plain":
			plain, _ = d.truth(v, where)
		case "ca":
			m.Roots = d.roots(folder, v, where)
		case "user":
			m.User = d.text(v, where)
		case "password_file":
			m.Password = d.password(folder, v, where)
		case "password_env":
			if m.Password = os.Getenv(d.text(v, where)); m.Password == "" {
				d.amiss(v, where, "この環境変数は空です", "this variable of the environment is empty")
			}
		case "password":
			d.amiss(v, where, "秘密はこのファイルに書けません。password_file を使ってください", "a secret does not stand in this file: use password_file")
		case "from":
			m.From = d.mailbox(d.text(v, where), v, where)
		case "to":
			for _, a := range d.texts(v, where) {
				m.To = append(m.To, d.mailbox(a, v, where))
			}
		default:
			return false
		}
		return true
	})
	host, port, err := net.SplitHostPort(m.Server)
	if err != nil || host == "" || port == "" {
		d.amiss(n, where, "server をホスト名:ポートの形で書いてください（例 smtp.lab.example:587）", "needs a server, like smtp.lab.example:587")
	}
	if m.From == "" || len(m.To) == 0 || len(m.To) > maxContacts {
		d.amiss(n, where, "from と to（100 件まで）が必要です", "needs from and to (100 at most)")
	}
	if m.TLS == "none" && !isLoopback(host) && !plain {
		d.amiss(n, where, "このマシンの外へ暗号化せずに送るには plain: true が必要です。tls: starttls を勧めます", "without TLS mail goes to this machine only, or with plain: true: prefer tls: starttls")
	}
	if m.TLS == "none" && !isLoopback(host) && m.User != "" {
		d.amiss(n, where, "暗号化なしではパスワードを送りません。tls: starttls を使うか user を外してください", "a password is not sent without TLS: use tls: starttls, or leave user out")
	}
	if (m.User == "") != (m.Password == "") {
		d.amiss(n, where, "user と password_file（または password_env）は両方必要です", "user and password_file (or password_env) belong together")
	}
	return m
}

// mailbox returns an address alone, which cannot hold anything that ends a line.
func (d *document) mailbox(text string, n *yaml.Node, where string) string {
	if text == "" {
		return ""
	}
	a, err := mail.ParseAddress(text)
	if err != nil || len(a.Address) > 254 || strings.ContainsFunc(a.Address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		d.amiss(n, where, "メールアドレスではありません（例 soc@lab.example）", strconv.Quote(cut(text, 60))+" is no mail address: write it like soc@lab.example")
		return ""
	}
	return a.Address
}

// password reads a secret that may be short and hold blanks; it is never part of a message.
func (d *document) password(folder string, n *yaml.Node, where string) string {
	path := d.file1(folder, n, where)
	if path == "" {
		return ""
	}
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o007 != 0 {
		d.amiss(n, where, "誰でも読めます： chmod o= "+path, "can be read by everybody: chmod o= "+path)
	}
	b, err := os.ReadFile(path)
	if b = bytes.TrimRight(b, "\r\n"); err != nil || len(b) == 0 || len(b) > 1024 || bytes.ContainsAny(b, "\r\n\x00") {
		d.amiss(n, where, "一行のパスワードを書いたファイルを指定してください", "does not name a file that holds a password in one line")
		return ""
	}
	return string(b)
}

func (d *document) roots(folder string, n *yaml.Node, where string) *x509.CertPool {
	path := d.file1(folder, n, where)
	if path == "" {
		return nil
	}
	pool := x509.NewCertPool()
	if b, err := os.ReadFile(path); err == nil && !pool.AppendCertsFromPEM(b) {
		d.amiss(n, where, "PEM 形式の証明書がありません", "holds no certificate in PEM")
	}
	return pool
}

func (d *document) syslogTo(folder string, n *yaml.Node, where string) *SyslogTo {
	s := &SyslogTo{}
	plain := false
	take := func(v *yaml.Node, where string) {
		u, err := url.Parse(d.text(v, where))
		if err != nil || u.Host == "" || u.Port() == "" || u.Scheme != "udp" && u.Scheme != "tcp" && u.Scheme != "tls" {
			d.amiss(v, where, "udp://、tcp://、tls:// で始まりポートの付いたアドレスを書いてください（例 tls://log.lab.example:6514）", "is written like tls://log.lab.example:6514, with udp://, tcp:// or tls://")
			return
		}
		s.Address = u
	}
	if n.Kind == yaml.ScalarNode {
		take(n, where)
	} else {
		d.each(n, where, "address, plain, ca", func(key, where string, v *yaml.Node) bool {
			switch key {
			case "address":
				take(v, where)
			case "plain":
				plain, _ = d.truth(v, where)
			case "ca":
				s.Roots = d.roots(folder, v, where)
			default:
				return false
			}
			return true
		})
	}
	if s.Address == nil {
		d.amiss(n, where, "address が必要です", "needs an address")
		s.Address = &url.URL{}
	} else if s.Address.Scheme != "tls" && !isLoopback(s.Address.Hostname()) && !plain {
		d.amiss(n, where, "このマシンの外へは tls:// を使うか、{address: …, plain: true} と書いてください", "beyond this machine use tls://, or write {address: …, plain: true}")
	}
	return s
}

// quiet reads hours in which it is quiet.
func (d *document) quiet(n *yaml.Node, where string) QuietHours {
	q := QuietHours{From: -1, To: -1, Days: [7]bool{true, true, true, true, true, true, true}}
	d.each(n, where, "from, to, days", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "from":
			q.From = d.clock(v, where)
		case "to":
			q.To = d.clock(v, where)
		case "days":
			q.Days = [7]bool{}
			for _, word := range d.texts(v, where) {
				day := strings.Index("sunmontuewedthufrisat", strings.ToLower(word))
				if len(word) != 3 || day < 0 || day%3 != 0 {
					d.amiss(v, where, "曜日は mon, tue, wed, thu, fri, sat, sun と書きます", "days are mon, tue, wed, thu, fri, sat, sun")
					continue
				}
				q.Days[day/3] = true
			}
		default:
			return false
		}
		return true
	})
	if q.From < 0 || q.To < 0 || q.From == q.To {
		d.amiss(n, where, "異なる from と to が必要です（例 {from: \"22:00\", to: \"07:00\"}）", "needs from and to that differ, like {from: \"22:00\", to: \"07:00\"}")
	}
	return q
}

// clock reads an hour of the day as minutes. YAML's 22:00 without quotes stays text here.
func (d *document) clock(n *yaml.Node, where string) int {
	h, m, ok := strings.Cut(d.text(n, where), ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	if !ok || err1 != nil || err2 != nil || hour < 0 || minute < 0 || minute > 59 || hour*60+minute > 24*60 {
		d.amiss(n, where, "時刻は 07:30 のように書きます（24:00 まで）", "is an hour like 07:30, 24:00 at most")
		return -1
	}
	return hour*60 + minute
}
