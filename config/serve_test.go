// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func serveOf(t testing.TB, text string, files map[string]string) (*Serve, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "serve.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return ReadServe(path)
}

func TestReadServe(t *testing.T) {
	s, err := serveOf(t, `
data: vault
listen:
  udp: [127.0.0.1:5514, "[::1]:5514"]
  tls: {address: "0.0.0.0:6514", certificate: c.pem, key: k.pem, clients: ca.pem}
  http: {address: 192.0.2.1:8088, plain: true}
sources:
  - {name: fw1, from: [192.0.2.1, 198.51.100.0/24], rate: 5000}
  - {name: shipper, token_file: t}
limits: {message: 128KiB, memory: 1GiB}
notify: {webhook_file: hook, severity: high}
rules: [builtin, own.yml]
placeholders: values.yaml
status: off
`, map[string]string{"own.yml": "", "values.yaml": "admins: [suzuki]\n", "c.pem": "", "k.pem": "", "ca.pem": "", "t": "0123456789abcdef\n", "hook": "https://hooks.example/secret\n"})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Listeners) != 4 || s.Listeners[1].Address != "[::1]:5514" || !s.Listeners[3].Plain || filepath.Base(s.Listeners[2].Clients) != "ca.pem" || filepath.Base(s.Data) != "vault" || s.KeyHome != filepath.Join(s.Data, "key") {
		t.Errorf("%+v", s)
	}
	if len(s.Sources) != 2 || len(s.Sources[0].From) != 2 || s.Sources[0].Rate != 5000 || s.Sources[1].Tokens[0] != "0123456789abcdef" || s.Message != 128<<10 || s.Memory != 1<<30 || s.Webhook != "https://hooks.example/secret" {
		t.Errorf("%+v", s)
	}
	if len(s.Rules) != 2 || s.Rules[0] != BuiltinRules || filepath.Base(s.Rules[1]) != "own.yml" || s.Values["admins"][0] != "suzuki" {
		t.Errorf("%+v", s)
	}
	least, err := serveOf(t, "data: /var/lib/sekisho", nil)
	if err != nil || len(least.Listeners) != 4 || least.Status != defaultStatus {
		t.Errorf("%+v, %v", least, err)
	}
}

// TestServeExample reads the file that comes with it.
func TestServeExample(t *testing.T) {
	s, err := ReadServe("../deploy/serve.yaml")
	if err != nil || len(s.Warnings) > 0 || len(s.Listeners) != 4 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestServeMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                                      "data: is missing",
		"data: x\nlisten: {tcp: 5514}":          ":2: listen.tcp: \"5514\" is no address",
		"data: x\nlisten:\n  tls: 0.0.0.0:6514": ":3: listen.tls: tls needs a certificate",
		"data: x\nlisten:\n  vault: 127.0.0.1:7443":                                  ":3: listen.vault: needs certificate, key, clients and readers",
		"data: x\nlisten: {relp: {address: \"127.0.0.1:1\", readers: [a]}}":          "takes no readers",
		"data: x\nlisten: {vault: [\"127.0.0.1:1\", \"127.0.0.1:2\"]}":               "can stand once",
		"data: x\nlisten: {udp: {address: \"127.0.0.1:1\", certificate: c, key: c}}": "udp cannot be encrypted",
		"data: x\nlisten: {tcp: {address: \"127.0.0.1:1\", certificate: c}}":         "belong together",
		"data: x\norg: missing.yaml":                                                 ":2: org: stat ",
		"data: x\nsources: [{name: a, token: 0123456789abcdef}]":                     "a secret does not stand in this file",
		"data: x\nsources: [{from: 192.0.2.1}]":                                      "has no name",
		"data: x\nsources: [{name: a, token_file: short}]":                           "openssl rand",
		"data: x\nsources: [{name: a, rate: many}]":                                  "records a second",
		"data: x\nlimits: {message: 1TiB}":                                           "is a size from",
		"data: x\nnotify: {webhook: \"http://hooks.example/\"}":                      "begins with https://",
		"data: x\nnotify: {severity: loud}":                                          "none of info, low",
		"data: x\nrules: [builtin, nowhere]":                                         ":2: rules[1]: stat ",
		"data: x\nrules: nowhere":                                                    "name a folder of Sigma rules",
		"data: x\nrules: short":                                                      "its name ends in .yml",
		"data: x\nrules:\n  - builtin\n  - builtin":                                  ":4: rules[1]: builtin is named twice",
		"data: x\nrules: [\"\"]":                                                     "is empty: name a folder",
		"data: x\nrules: builtin\nplaceholders: short":                               ":3: placeholders: ",
	} {
		_, err := serveOf(t, text, map[string]string{"short": "abc", "c": ""})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
	open, err := serveOf(t, "data: x\nlisten: {smtp: 127.0.0.1:25}", nil)
	if err != nil || len(open.Warnings) != 1 || !strings.Contains(open.Warnings[0].String(), ":2: listen.smtp: unknown key") {
		t.Errorf("%+v %v", open, err)
	}
}

func FuzzServe(f *testing.F) {
	f.Add([]byte("data: x\nlisten: {udp: [127.0.0.1:1]}\nsources: [{name: a, from: 192.0.2.1}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if strings.Contains(string(text), "/") { // it would look at files
			return
		}
		if s, err := serveOf(t, string(text), nil); (s == nil) == (err == nil) {
			t.Fatal("neither a configuration nor a mistake")
		}
	})
}

func TestNotify(t *testing.T) {
	files := map[string]string{"pw": "correct horse", "hook": "https://hooks.example/secret-of-ours", "key": "0123456789abcdef0123456789abcdef"}
	s, err := serveOf(t, `
data: x
notify:
  severity: high
  quiet: [{from: "22:00", to: "07:00"}, {from: "0:00", to: "24:00", days: [sat, sun]}]
  contacts:
    - {name: 当直, mail: {server: "smtp.lab.example:587", user: sekisho, password_file: pw, from: sekisho@lab.example, to: [soc@lab.example]}}
    - {name: chat, slack_file: hook, severity: medium}
    - {name: pager, pagerduty_file: key, severity: critical, after: 15m}
    - {name: log, syslog: "udp://127.0.0.1:514"}
`, files)
	if err != nil {
		t.Fatal(err)
	}
	if c := s.Contacts; len(c) != 4 || c[0].Mail.Password != "correct horse" || c[0].Mail.TLS != "starttls" || c[1].Hook.Kind != "slack" || c[2].Hook.Key != files["key"] || c[2].After != 15*60*1e9 || c[3].Syslog.Address.Host != "127.0.0.1:514" {
		t.Errorf("%+v", c)
	}
	if q := s.Quiet; len(q) != 2 || q[0].From != 22*60 || q[0].To != 7*60 || !q[0].Days[3] || q[1].To != 1440 || q[1].Days[3] || !q[1].Days[0] || !q[1].Days[6] {
		t.Errorf("%+v", q)
	}
	for text, want := range map[string][]string{
		`{name: a}`:                                {":2: notify.contacts", "needs exactly one way", "手段をちょうど一つ"},
		`{name: a, slack: "https://x.example/"}`:   {"slack_file", "秘密はこのファイルに書けません"},
		`{slack_file: hook}`:                       {"needs a name"},
		`{name: a, slack_file: hook, after: 5m}`:   {"nobody is told at once", "after を外して"},
		`{name: a, syslog: "udp://192.0.2.1:514"}`: {"use tls://"},
		`{name: a, syslog: "ftp://192.0.2.1:514"}`: {"is written like tls://"},
		`{name: a, mail: {server: "smtp.example:25", tls: none, from: a@b.example, to: c@d.example}}`:                                          {"plain: true"},
		`{name: a, mail: {server: "smtp.example:25", tls: none, plain: true, user: u, password_file: pw, from: a@b.example, to: c@d.example}}`: {"a password is not sent without TLS"},
		`{name: a, mail: {server: "smtp.example:25", user: u, from: a@b.example, to: c@d.example}}`:                                            {"belong together"},
		`{name: a, mail: {server: "smtp.example:25", password: secretsecret, from: a@b.example, to: c@d.example}}`:                             {"use password_file"},
		`{name: a, mail: {server: "smtp.example:25", from: "a@b.example\r\nBcc: x@y.example", to: c@d.example}}`:                               {"is no mail address"},
		`{name: a, mail: {server: smtp.example, from: a@b.example, to: c@d.example}}`:                                                          {"like smtp.lab.example:587"},
	} {
		_, err := serveOf(t, "data: x\nnotify: {contacts: ["+text+"]}", files)
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%q: %v, want %q", text, err, w)
			}
		}
		if err != nil && (strings.Contains(err.Error(), "secretsecret") || strings.Contains(err.Error(), "correct horse")) {
			t.Errorf("a secret is told: %v", err)
		}
	}
	for _, text := range []string{`{from: "25:00", to: "7:00"}`, `{from: "7:00", to: "7:00"}`, `{from: "22:00", to: "7:00", days: [holiday]}`} {
		if _, err := serveOf(t, "data: x\nnotify: {quiet: "+text+"}", nil); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
}

func TestReadRetention(t *testing.T) {
	s, err := serveOf(t, `
data: data
retention:
  key: vault.key
  keep: 400d
  classes:
    - {name: web, keep: 180d, sources: ["web*", /var/log/nginx/]}
    - {name: findings, keep: forever, sources: mon1}
`, map[string]string{"vault.key": ""})
	if err != nil {
		t.Fatal(err)
	}
	r := s.Retention
	if r.Keep != 400 || len(r.Classes) != 2 || r.Classes[0].Keep != 180 || r.Classes[0].Sources[1] != "/var/log/nginx/" || r.Classes[1].Keep != 0 || filepath.Base(r.Key) != "vault.key" {
		t.Errorf("%+v", r)
	}
	if len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].String(), "180d") {
		t.Errorf("%v", s.Warnings)
	}
	_, err = serveOf(t, `
data: .
retention:
  key: vault.key
  keep: 12 months
  classes:
    - {name: Web, keep: 500d, sources: a}
    - {name: default, keep: 500d, sources: a}
    - {name: mail, sources: a}
    - {name: dns, keep: 0d, sources: a}
`, map[string]string{"vault.key": ""})
	for _, want := range []string{"lies within data", "12 months", `"Web" is no name`, "there is a class default", "says how long", `"0d"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

func TestReadReplicas(t *testing.T) {
	s, err := serveOf(t, `
data: data
replicas:
  - /mnt/one
  - {name: nas, path: backup, every: 1m, rate: 4MiB, expire: true}
`, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := s.Replicas
	if len(r) != 2 || r[0].Path != "/mnt/one" || r[0].Name != "/mnt/one" || r[0].Every != 10*time.Second || r[0].Rate != 32<<20 || r[0].Expire ||
		r[1].Name != "nas" || !filepath.IsAbs(r[1].Path) || r[1].Every != time.Minute || r[1].Rate != 4<<20 || !r[1].Expire || r[1].Line != 5 {
		t.Errorf("%+v", r)
	}
	_, err = serveOf(t, `
data: data
replicas:
  - {name: a}
  - {path: data/replica}
  - {path: .}
  - {path: /mnt/x, every: 1ms}
  - {path: /mnt/x, rate: 1TiB}
  - {name: a, path: /mnt/y}
  - {name: b, path: /mnt/z, expire: perhaps}
`, nil)
	for _, want := range []string{":4: replicas[0]: has no path", "data/replica and data lie within one another", ":6: replicas: ", ":7: replicas[3].every: is from 1s to 24h", ":8: replicas[4].rate: is a size", ":8: replicas[4]: has the path of another", "replicas[6].expire"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}
