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

func TestReadProfile(t *testing.T) {
	p, err := ReadProfile("testdata/hakusan/org.yaml")
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, got, want any) {
		t.Helper()
		if got != want {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}
	check("name", p.Name, "白山研究所 (Hakusan Laboratory)")
	check("zone", p.Zone.String(), "Asia/Tokyo")
	check("year", p.Year, 2025)
	check("domains", strings.Join(p.Domains, " "), "hakusan-lab.example hakusan.example hakusan")
	check("directory", p.Directory[0].File, filepath.Join("testdata", "hakusan", "directory.csv"))
	check("networks", len(p.Networks), 3)
	check("restricted", p.Networks[0].Restricted, true)
	check("allowed", p.Networks[0].Allowed[0].String(), "10.99.0.0/24")
	check("own", p.Networks[1].Own, Yes)
	check("kind", p.Networks[2].Kind, "university")
	check("second range", p.Networks[2].Ranges[1].String(), "2001:db8:77::/48")
	check("host", p.Hosts[1].IPs[1].String(), "fd00::20")
	check("role", p.Hosts[0].Role, "auth-server")
	check("intel", p.Intel[1].File, filepath.Join("testdata", "hakusan", "intel", "vpn.txt"))
	check("intel until", p.Intel[1].To.Format(time.RFC3339), "2025-06-01T00:00:00+09:00")
	check("group", p.Groups[0].Name+p.Groups[1].Departments[0], "adminsjoho-kiban")
	check("contact", p.Contacts[0].Name, "山田 花子")
	check("warnings", len(p.Warnings), 1)
	check("warning", p.Warnings[0].String(), "testdata/hakusan/org.yaml:24: motto: unknown key, ignored (known here: "+profileKeys+")")
}

func TestSettings(t *testing.T) {
	p, err := ReadProfile("testdata/hakusan/org.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s := p.Settings("/mnt/logs/idp/access.log.1.gz")
	if s.Host != "idp" || s.Realm != "staff" || s.ClockOffset != 2*time.Second || s.Delay != 0 || s.RelayFor[0] != "ldap1" {
		t.Errorf("idp: the first entry that has a key must win, also where it says 0s: %+v", s)
	}
	if s := p.Settings("ldap/slapd.log"); s.Host != "other" || s.Delay != 48*time.Hour || s.Realm != "" {
		t.Errorf("slapd: %+v", s)
	}
	if s := p.Settings("cloud/signins.json"); s.Host != "" || s.Zone != nil {
		t.Errorf("no entry matches, got %+v", s)
	}
	unused := p.Unused([]string{"ldap/slapd.log"})
	if len(unused) != 1 || unused[0].Line != 7 {
		t.Errorf("Unused = %v", unused)
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		glob, path string
		want       bool
	}{
		{"idp/*", "/mnt/logs/idp/x.log", true},
		{"idp/*", "idp/x.log", true},
		{"idp/*", "idp/2025/x.log", false},
		{"idp/*", "/mnt/logs/notidp/x.log", false},
		{"idp/**", "a/idp/2025/06/x.log", true},
		{"idp/", "a/idp/2025/06/x.log", true},
		{"**/x.log", "x.log", true},
		{"*.log", "/a/b/c.log", true},
		{"/mnt/*/x.log", "/mnt/logs/x.log", true},
		{"/mnt/*/x.log", "/srv/mnt/logs/x.log", false},
		{"a/**/b/*.gz", "z/a/1/2/b/c.gz", true},
		{"a/**/b/*.gz", "z/a/1/2/c/c.gz", false},
		{"slapd.log*", "./ldap/slapd.log.1.gz", true},
		{`idp\*`, `C:\logs\idp\access.log`, true},
		{"ldap/slapd-[0-9].log", "ldap/slapd-7.log", true},
		{"ログ/*.csv", "/共有/ログ/サインイン.csv", true},
		{"-", "-", true},
		{"[", "[", false},
		{"{a,b}", "a", false},
		{"", "", false},
	} {
		if got := Match(c.glob, c.path); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.glob, c.path, got)
		}
	}
}

func TestZone(t *testing.T) {
	at := time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)
	for name, want := range map[string]int{"Asia/Tokyo": 9 * 3600, "JST": 9 * 3600, "+09:00": 9 * 3600, "UTC-5": -5 * 3600, "+0530": 19800, "Z": 0, "utc": 0} {
		zone, err := Zone(name)
		if err != nil {
			t.Errorf("Zone(%q): %v", name, err)
			continue
		}
		if _, offset := at.In(zone).Zone(); offset != want {
			t.Errorf("Zone(%q) is %d seconds off UTC, want %d", name, offset, want)
		}
	}
	for _, name := range []string{"", "Local", "Tokyo", "+25:00", "../etc/passwd"} {
		if _, err := Zone(name); err == nil {
			t.Errorf("Zone(%q) was accepted", name)
		}
	}
}

// TestMistakes holds the errors to what a person needs: file, line, key, what is wrong, what to write.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"zone", "name: x\ntimezone: Tokio", `org.yaml:2: timezone: "Tokio" is no time zone: write one like Asia/Tokyo or +09:00`},
		{"year", "year: 25", `org.yaml:1: year: "25" is no year`},
		{"range", "networks:\n  - {name: a, cidr: 10.0.0}", `org.yaml:2: networks[0].cidr: "10.0.0" is no range`},
		{"no range", "networks:\n  - {name: a}", `org.yaml:2: networks[0].cidr: is missing`},
		{"kind", "networks:\n  - {cidr: 10.0.0.0/8, kind: cafe}", `networks[0].kind: "cafe" is none of tor, vpn`},
		{"address", "hosts:\n- name: a\n  ip: fe80::1%eth0", `org.yaml:3: hosts[0].ip: "fe80::1%eth0" is no address`},
		{"no host", "hosts:\n- ip: 10.0.0.1", `hosts[0].name: is missing`},
		{"glob", "inputs: [{host: x}]", `inputs[0].glob: an empty glob`},
		{"offset", "inputs: [{glob: x, clock_offset: 2}]", `inputs[0].clock_offset: "2" is no length of time: write it like 2s`},
		{"delay", "inputs: [{glob: x, delay: -2s}]", `inputs[0].delay: cannot be negative`},
		{"endless exception", "name: x\nexceptions:\n- {detector: upload, host: a, by: b, why: c}", `org.yaml:3: exceptions[0].until: is missing: write the last day`},
		{"nobody's exception", "exceptions: [{detector: upload, host: a, until: 2026-01-01, why: c}]", `exceptions[0].by: is missing`},
		{"unexplained exception", "exceptions: [{detector: upload, host: a, until: 2026-01-01, by: b}]", `exceptions[0].why: is missing`},
		{"exception about nobody", "exceptions: [{detector: upload, until: 2026-01-01, by: b, why: c}]", `exceptions[0]: is about nobody: write account: svc-backup`},
		{"exception about two", "exceptions: [{detector: upload, host: a, account: b, until: 2026-01-01, by: b, why: c}]", `one exception for each of account, host and address`},
		{"exception about all", "exceptions: [{detector: upload, address: 0.0.0.0/0, until: 2026-01-01, by: b, why: c}]", `0.0.0.0/0 is everybody`},
		{"exception for any", "exceptions: [{detector: upload, host: \"*\", until: 2026-01-01, by: b, why: c}]", `* is nobody`},
		{"exception backwards", "exceptions: [{detector: upload, host: a, from: 2026-02-02, until: 2026-01-01, by: b, why: c}]", `comes before from`},
		{"exception of everything", "exceptions: [{host: a, until: 2026-01-01, by: b, why: c}]", `exceptions[0].detector: is missing`},
		{"no alerts", "alerts_per_day: 0", `alerts_per_day: "0" is no number of alerts: write one from 1 to 100000`},
		{"lost file", "directory: nowhere.csv", `org.yaml:1: directory: stat `},
		{"folder", "intel: {tor: .}", `is no ordinary file`},
		{"twice", "name: a\nname: b", `org.yaml:2: name: stands twice`},
		{"shape", "- a\n- b", `the file: holds a list where keys are wanted`},
		{"list", "name: [a, b]", `org.yaml:1: name: holds a list where a single value is wanted`},
		{"syntax", "name: [a", `org.yaml: yaml: line 1`},
		{"two", "name: a\n---\nname: b", `more than one YAML document`},
		{"bomb", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d]\ndomains: [*e,*e,*e]", ""},
		{"cycle", "domains: &a [*a]", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("org.yaml", []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := ReadProfile("org.yaml")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v\nwant one with %q", err, c.want)
			}
		})
	}
	t.Run("all at once", func(t *testing.T) {
		t.Chdir(t.TempDir())
		os.WriteFile("org.yaml", []byte("year: x\ntimezone: y\nhosts:\n"+strings.Repeat("- {}\n", 50)), 0o600)
		_, err := ReadProfile("org.yaml")
		if n := strings.Count(err.Error(), "\n"); n != maxReported+1 || !strings.Contains(err.Error(), "and 32 more") {
			t.Errorf("%d lines of errors: %v", n, err)
		}
	})
}

func TestEmptyProfile(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, text := range []string{"", "# nothing\n", "\xef\xbb\xbfname: x\r\nyear:\r\ninputs:\r\n"} {
		os.WriteFile("org.yaml", []byte(text), 0o600)
		if _, err := ReadProfile("org.yaml"); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	var none Profile
	if s := none.Settings("x"); s.Host != "" || none.Unused([]string{"x"}) != nil {
		t.Error("the zero profile must say nothing")
	}
}

func FuzzProfile(f *testing.F) {
	data, err := os.ReadFile("testdata/hakusan/org.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"networks":[{"cidr":["10.0.0.0/8"]}],"year":2025}`))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("intel: {tor: [{file: x, from: 2025-01-01}]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &document{file: "org.yaml"}
		root, err := d.parse(data)
		if err != nil {
			return
		}
		p := readProfile(d, root)
		p.Settings("idp/access.log")
		if len(d.problems) > maxReported || len(d.warnings) > maxReported {
			t.Errorf("%d problems, %d warnings", len(d.problems), len(d.warnings))
		}
	})
}

func FuzzMatch(f *testing.F) {
	f.Add("a/**/b/*.gz", "z/a/1/2/b/c.gz")
	f.Add("**/**/[a-z]*/", "/a/b")
	f.Fuzz(func(t *testing.T, glob, name string) {
		if Match(glob, name) && CheckGlob(glob) != nil {
			t.Errorf("the bad glob %q matches", glob)
		}
	})
}

func TestExceptions(t *testing.T) {
	t.Chdir(t.TempDir())
	text := "timezone: Asia/Tokyo\nalerts_per_day: 25\nexceptions:\n" +
		"  - {detector: internal-scan, host: scanner1, from: 2025-04-01, until: 2026-03-31, by: suzuki, why: the licensed scanner}\n" +
		"  - {detector: upload, address: [192.0.2.0/24, 198.51.100.9], until: 2025-12-31T00:00:00Z, author: abe, why: backup}\n"
	if err := os.WriteFile("org.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := ReadProfile("org.yaml")
	if err != nil || len(p.Exceptions) != 2 || p.AlertsPerDay != 25 || len(p.Warnings) != 0 {
		t.Fatalf("%+v, %v", p, err)
	}
	if x := p.Exceptions[0]; x.Detector != "internal-scan" || x.Host != "scanner1" || x.By != "suzuki" || x.Why == "" || x.Line != 4 ||
		x.From.Format(time.RFC3339) != "2025-04-01T00:00:00+09:00" || x.Until.Format(time.RFC3339) != "2026-04-01T00:00:00+09:00" {
		t.Errorf("the last day is a whole one in Tokyo: %+v", x)
	}
	if x := p.Exceptions[1]; len(x.Ranges) != 2 || x.By != "abe" || !x.From.IsZero() {
		t.Errorf("%+v", x)
	}
}
