// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
)

// crowdLogs writes forty days of logins of twelve people by sshd. from says where somebody logs in from on a day; bad is what an intruder does.
func crowdLogs(t *testing.T, network string, from func(i, day int) string, bad func(login func(at time.Time, who, ip string, in bool), people []string, day int, at time.Time)) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, lines []string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	people := []string{"hanako", "jiro", "saburo", "shiro", "goro", "rokuro", "nanami", "yae", "kumi", "toko", "momo", "chika"}
	rows := []string{"uid,mail,department"}
	for _, p := range people {
		rows = append(rows, p+","+p+"@lab.example,research")
	}
	write("directory.csv", rows)
	profile := []string{"name: Example Laboratory", "timezone: Asia/Tokyo", "year: 2025", "domains: [lab.example]", "directory: directory.csv", "networks:", "  - {name: office, cidr: 10.1.0.0/16, own: true}"}
	if network != "" {
		profile = append(profile, "  - "+network)
	}
	write("org.yaml", profile)
	type line struct {
		at   time.Time
		text string
	}
	var lines []line
	login := func(at time.Time, who, ip string, in bool) {
		said := "Failed"
		if in {
			said = "Accepted"
		}
		n := len(lines)
		lines = append(lines, line{at, fmt.Sprintf("%s login1 sshd[%d]: %s password for %s from %s port %d ssh2", at.Format("Jan _2 15:04:05"), 1000+n, said, who, ip, 32768+(n*7919)%28000)})
	}
	for d := range 40 {
		day := time.Date(2025, 6, 1+d, 0, 0, 0, 0, time.FixedZone("JST", 9*3600))
		for i, p := range people {
			at := day.Add(20*time.Hour + time.Duration(i*7+d%5)*time.Minute)
			if (i+d)%9 == 0 {
				login(at.Add(-20*time.Second), p, from(i, d), false)
			}
			login(at, p, from(i, d), true)
		}
		bad(login, people, d, day)
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	var out []string
	for _, l := range lines {
		out = append(out, l.text)
	}
	write("logins.log", out)
	return dir
}

// accused returns where a case says something grave of an account: its verdict, findings about it, what is to be done with it.
func accused(k *cases.Case, name string) (out []string) {
	id := ""
	for i := range k.Accounts {
		if a := &k.Accounts[i]; a.Name == name || strings.HasPrefix(a.Name, name+"@") {
			id = a.ID
			if a.Verdict == cases.AccountCompromised || a.Verdict == cases.AccountSuspected {
				out = append(out, fmt.Sprintf("%s: %s", name, a.Verdict))
			}
		}
	}
	for i := range k.Findings {
		if f := &k.Findings[i]; id != "" && f.Severity != "low" && f.Severity != "info" && slices.Contains(f.Subjects.Accounts, id) {
			out = append(out, fmt.Sprintf("%s: %s %s", name, f.Detector, f.Title.En))
		}
	}
	for i := range k.Containment {
		if c := &k.Containment[i]; strings.Contains(c.What.En, name) {
			out = append(out, fmt.Sprintf("%s: %s", name, c.What.En))
		}
	}
	return out
}

// TestCrowd: nobody honest is accused because of the address that he has in common with an intruder.
func TestCrowd(t *testing.T) {
	home := func(i, _ int) string { return fmt.Sprintf("198.51.100.%d", 10+i) }
	guess := func(login func(time.Time, string, string, bool), people []string, day int, at time.Time, from func(i int) string) {
		if day == 34 || day == 35 {
			for i := range 240 {
				login(at.Add(3*time.Hour+time.Duration(i)*20*time.Second), people[i%len(people)], from(i), false)
			}
		}
		if day >= 35 && day < 38 {
			login(at.Add(4*time.Hour+30*time.Minute), "saburo", from(1000+day), true)
		}
	}
	for name, c := range map[string]struct {
		network string
		from    func(i, day int) string
		bad     func(i int) string
		honest  []string
		asked   []string // who may at most be asked about
		entered bool     // what was done with saburo's account is seen, too: an intruder in his own neighbourhood, or among people who log in all day, is not
	}{
		"a carrier's address that the institute knows to be shared": {"{name: carrier, cidr: 203.0.113.0/28, shared: true}",
			func(i, day int) string {
				if i != 2 && (i < 8 || i == 8 && day >= 36) {
					return "203.0.113.5"
				}
				return home(i, day)
			}, func(int) string { return "203.0.113.5" }, []string{"hanako", "jiro", "shiro", "goro", "rokuro", "nanami", "yae", "toko"}, []string{"kumi"}, false},
		"a campus proxy abroad": {"",
			func(i, day int) string {
				if i != 2 && i < 8 {
					return "203.0.113.5"
				}
				return home(i, day)
			}, func(int) string { return "203.0.113.5" }, []string{"hanako", "jiro", "shiro", "goro", "rokuro", "nanami", "yae", "kumi"}, nil, false},
		"a street of IPv6, each home with another address each day": {"",
			func(i, day int) string { return fmt.Sprintf("2001:db8:7:%x:%x:1:2:%x", 256*i, 0xa000+day, 1+day*i) },
			func(i int) string { return fmt.Sprintf("2001:db8:7:ff00:%x:5:6:%x", 0xb000+i, 1+i) },
			[]string{"hanako", "jiro", "shiro", "goro", "rokuro", "nanami", "yae", "kumi", "toko", "momo", "chika"}, nil, false},
		"a street of IPv6, and a guesser with a network of his own": {"",
			func(i, day int) string { return fmt.Sprintf("2001:db8:7:%x:%x:1:2:%x", 256*i, 0xa000+day, 1+day*i) },
			func(i int) string { return fmt.Sprintf("2001:db8:666:%x::9", 7*i+1) },
			[]string{"hanako", "jiro", "shiro", "goro", "rokuro", "nanami", "yae", "kumi", "toko", "momo", "chika"}, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := crowdLogs(t, c.network, c.from, func(login func(time.Time, string, string, bool), people []string, day int, at time.Time) {
				guess(login, people, day, at, c.bad)
			})
			k := run(t, dir, nil, ".")
			for _, who := range c.honest {
				if got := accused(k, who); len(got) > 0 {
					t.Errorf("%v", got)
				}
			}
			for _, who := range c.asked {
				for _, a := range k.Accounts {
					if strings.HasPrefix(a.Name, who) && a.Verdict == cases.AccountCompromised {
						t.Errorf("%s is condemned: %v", who, a.Terms)
					}
				}
			}
			if c.entered && len(accused(k, "saburo")) == 0 {
				t.Error("nothing is said of saburo, whose account was entered")
			}
		})
	}
}
