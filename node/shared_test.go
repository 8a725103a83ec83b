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

// streetLogs writes forty days of a small institute's logins. hanako has lived behind 203.0.113.5 all along, jiro moved in lately, and a neighbour of theirs guesses
// at everybody and comes in as saburo; each of the three homes has a port set of its own (MAP-E, 240 ports). With ports the records are those of sshd, without
// ports of dovecot.
func streetLogs(t *testing.T, ports bool) string {
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
	write("org.yaml", []string{"name: Example Laboratory", "timezone: Asia/Tokyo", "year: 2025", "domains: [lab.example]", "directory: directory.csv",
		"networks:", "  - {name: office, cidr: 10.1.0.0/16, own: true}"})
	type line struct {
		at   time.Time
		text string
	}
	var lines []line
	n := 0
	port := func(home int) int { n++; return (1+n*7%15)<<12 | home<<4 | n*5%16 }
	log := func(at time.Time, who, ip string, port int, in bool) {
		n++
		text := fmt.Sprintf("%s mail1 dovecot: imap-login: Login: user=<%s>, method=PLAIN, rip=%s, lip=10.1.9.1, mpid=%d, TLS", at.Format("Jan _2 15:04:05"), who, ip, 1000+n)
		switch {
		case ports && in:
			text = fmt.Sprintf("%s login1 sshd[%d]: Accepted password for %s from %s port %d ssh2", at.Format("Jan _2 15:04:05"), 1000+n, who, ip, port)
		case ports:
			text = fmt.Sprintf("%s login1 sshd[%d]: Failed password for %s from %s port %d ssh2", at.Format("Jan _2 15:04:05"), 1000+n, who, ip, port)
		case !in:
			text = fmt.Sprintf("%s mail1 dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<%s>, method=PLAIN, rip=%s, lip=10.1.9.1, TLS", at.Format("Jan _2 15:04:05"), who, ip)
		}
		lines = append(lines, line{at, text})
	}
	const street = "203.0.113.5"
	for d := range 40 {
		day := time.Date(2025, 6, 1+d, 0, 0, 0, 0, time.FixedZone("JST", 9*3600))
		for i, p := range people {
			at := day.Add(20*time.Hour + time.Duration(i*7+d%5)*time.Minute)
			switch {
			case p == "hanako":
				log(at, p, street, port(17), true)
			case p == "jiro" && d >= 33:
				log(at, p, street, port(77), true)
			default:
				log(at, p, fmt.Sprintf("198.51.100.%d", 10+i), 32768+(n*7919)%28000, true)
			}
		}
		if d == 34 || d == 35 {
			for i := range 480 {
				log(day.Add(3*time.Hour+time.Duration(i)*9*time.Second), people[i%len(people)], street, port(200), false)
			}
		}
		if d >= 35 && d < 38 {
			log(day.Add(4*time.Hour+30*time.Minute), "saburo", street, port(200), true)
		}
	}
	slices.SortStableFunc(lines, func(a, b line) int { return a.at.Compare(b.at) })
	var out []string
	for _, l := range lines {
		out = append(out, l.text)
	}
	write("logins.log", out)
	return dir
}

// TestStreet: two honest people and an intruder behind one address of IPv4. The ports tell them apart: he is condemned with his ports and seconds,
// which the provider needs, and they are not accused. Without ports nobody honest is condemned either.
func TestStreet(t *testing.T) {
	for _, ports := range []bool{true, false} {
		t.Run(fmt.Sprintf("ports %v", ports), func(t *testing.T) {
			k := run(t, streetLogs(t, ports), nil, ".")
			seen := map[string]*cases.Account{}
			for i := range k.Accounts {
				seen[strings.TrimSuffix(k.Accounts[i].Name, "@lab.example")] = &k.Accounts[i]
			}
			for _, who := range []string{"hanako", "jiro"} {
				if a := seen[who]; a != nil && (a.Verdict == cases.AccountCompromised || ports && a.Verdict == cases.AccountSuspected) {
					t.Errorf("the neighbour %s is %q: %v", who, a.Verdict, a.Terms)
				}
			}
			i := slices.IndexFunc(k.Addresses, func(a cases.Address) bool { return a.IP.String() == "203.0.113.5" })
			if i < 0 || k.Addresses[i].Verdict != cases.AddressShared {
				t.Errorf("the address's verdict: %+v", k.Addresses)
			}
			a := seen["saburo"]
			if a == nil || a.Verdict != cases.AccountCompromised && (ports || a.Verdict != cases.AccountSuspected) {
				t.Fatalf("saburo: %+v", a)
			}
			if !ports {
				return
			}
			if len(a.Sessions) != 1 || len(a.Sessions[0].Ports) != 2 || len(a.Sessions[0].Knocks) != 3 {
				t.Fatalf("saburo's bad sessions: %+v", a.Sessions)
			}
			for _, kn := range a.Sessions[0].Knocks {
				if kn.Port>>4&0xff != 200 || kn.At.Time().Hour() != 19 { // 04:30 in Japan
					t.Errorf("knock %+v", kn)
				}
			}
			if !strings.Contains(k.Addresses[i].Why.En, "several lines") {
				t.Errorf("the address's reason: %q", k.Addresses[i].Why.En)
			}
		})
	}
}
