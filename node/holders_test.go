// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
)

// lentInstitute writes a small institute's logs: on a day in June somebody guesses his way into taro's account from addresses that the
// institute lends out. hour is when he does it; each address is another's an hour later.
func lentInstitute(t *testing.T, hour int) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, lines []string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("org.yaml", []string{"name: Example Laboratory", "timezone: Asia/Tokyo", "year: 2025", "domains: [lab.example]",
		"inputs:", "  - {glob: nat.log, host: gw}",
		"networks:", "  - {name: office, cidr: 10.1.0.0/16, own: true}", "  - {name: egress, cidr: 198.51.100.0/24, own: true}",
		"hosts:", "  - {name: login1, ip: 10.1.9.1, role: auth-server}", "  - {name: proxy1, ip: 10.1.9.20, role: proxy}"})
	write("DhcpSrvLog-Mon.log", []string{
		"ID,Date,Time,Description,IP Address,Host Name,MAC Address,User Name, TransactionID, QResult,Probationtime, CorrelationID,Dhcid,VendorClass(Hex),VendorClass(ASCII),UserClass(Hex),UserClass(ASCII),RelayAgentInformation,DnsRegError.",
		"10,06/02/25,09:30:00,Assign,10.1.2.3,pc-hanako,02005E0053A1,,1,0,,,,,,,,,0",
		"12,06/02/25,10:30:00,Release,10.1.2.3,pc-hanako,02005E0053A1,,1,0,,,,,,,,,0",
		"10,06/02/25,10:31:00,Assign,10.1.2.3,pc-jiro,02005E0053B2,,1,0,,,,,,,,,0",
		"12,06/02/25,11:30:00,Release,10.1.2.3,pc-jiro,02005E0053B2,,1,0,,,,,,,,,0"})
	write("radius.log", []string{
		"Mon Jun  2 09:29:50 2025 : Auth: (7) Login OK: [hanako@lab.example] (from client sw1 port 13 cli 02-00-5E-00-53-A1)",
		"Mon Jun  2 10:30:50 2025 : Auth: (9) Login OK: [jiro@lab.example] (from client sw1 port 14 cli 02-00-5E-00-53-B2)"})
	day := time.Date(2025, 6, 2, hour, 0, 0, 0, time.FixedZone("JST", 9*3600))
	var inside, outside, nat, scan []string
	for i := range 400 {
		at := day.Add(time.Duration(i) * 2 * time.Second)
		inside = append(inside, fmt.Sprintf("%s login1 sshd[%d]: Failed password for taro from 10.1.2.3 port %d ssh2", at.Format("Jan _2 15:04:05"), 1000+i, 30000+i))
		outside = append(outside, fmt.Sprintf("%s cloud1 sshd[%d]: Failed password for saburo from 198.51.100.1 port %d ssh2", at.Format("Jan _2 15:04:05"), 5000+i, 40000+i))
		nat = append(nat, fmt.Sprintf("[%d.000000]\t    [NEW] tcp      6 120 SYN_SENT src=10.1.2.3 dst=203.0.113.50 sport=%d dport=22 [UNREPLIED] src=203.0.113.50 dst=198.51.100.1 sport=22 dport=%d",
			at.Unix(), 30000+i, 40000+i))
		nat = append(nat, fmt.Sprintf("[%d.000000]\t    [NEW] tcp      6 120 SYN_SENT src=10.1.2.77 dst=203.0.113.50 sport=%d dport=22 [UNREPLIED] src=203.0.113.50 dst=198.51.100.1 sport=22 dport=%d",
			at.Unix(), 30000+i, 50000+i))
	}
	for i := range 250 { // and looks around inside
		scan = append(scan, fmt.Sprintf("%s gw kernel: DROP IN=eth1 OUT=eth2 MAC= SRC=10.1.2.3 DST=10.1.5.%d LEN=40 PROTO=TCP SPT=%d DPT=445 SYN", day.Add(time.Duration(i)*time.Second).Format("Jan _2 15:04:05"), i+1, 20000+i))
	}
	in := day.Add(15 * time.Minute)
	inside = append(inside, in.Format("Jan _2 15:04:05")+" login1 sshd[2000]: Accepted password for taro from 10.1.2.3 port 39999 ssh2")
	outside = append(outside, in.Format("Jan _2 15:04:05")+" cloud1 sshd[6000]: Accepted password for saburo from 198.51.100.1 port 49999 ssh2")
	nat = append(nat, fmt.Sprintf("[%d.000000]\t    [NEW] tcp      6 120 SYN_SENT src=10.1.2.3 dst=203.0.113.50 sport=39999 dport=22 [UNREPLIED] src=203.0.113.50 dst=198.51.100.1 sport=22 dport=49999", in.Unix()))
	write("auth.log", inside)
	write("cloud.log", outside)
	write("nat.log", nat)
	write("fw.log", scan)
	return dir
}

// TestHolders asks that the case name who had an address that the institute lends out at the time of the attack, with the record that says
// so, and nobody who had it before or after: of an inside address by DHCP and RADIUS, of the institute's outside address by NAT before that.
func TestHolders(t *testing.T) {
	for _, c := range []struct {
		hour        int
		who, notWho string
	}{
		{10, "pc-hanako [02:00:5e:00:53:a1] hanako", "jiro"},
		{11, "pc-jiro [02:00:5e:00:53:b2] jiro", "hanako"},
		{13, "", "pc-"}, // nobody's by the records
	} {
		t.Run(fmt.Sprint(c.hour), func(t *testing.T) {
			no := func(account, ip string) config.Answer {
				return config.Answer{File: "answers.yaml", Index: 1, Subject: config.Subject{Account: account, Address: netip.MustParseAddr(ip)}, Value: "no", Via: "in-person", By: "suzuki", At: testNow}
			}
			k := run(t, lentInstitute(t, c.hour), func(o *Options) {
				o.Answers = []config.Answer{no("taro", "10.1.2.3"), no("saburo", "198.51.100.1")}
			}, ".")
			for name, ip := range map[string]string{"taro": "10.1.2.3", "saburo": "198.51.100.1"} {
				checkSession(t, k, name, ip, c.who, c.notWho)
			}
			checkScan(t, k, c.who, c.notWho)
		})
	}
}

// checkSession asks that the account's bad session say who had the address.
func checkSession(t *testing.T, k *cases.Case, name, ip, who, notWho string) {
	t.Helper()
	for i := range k.Accounts {
		a := &k.Accounts[i]
		if a.Name != name {
			continue
		}
		for _, s := range a.Sessions {
			if s.Address.String() != ip {
				continue
			}
			if s.Holder != who {
				t.Errorf("%s at %s: held by %q, want %q", name, ip, s.Holder, who)
			}
			if !strings.Contains(a.Why.En, who) || strings.Contains(a.Why.En, notWho) {
				t.Errorf("%s: the verdict says %q", name, a.Why.En)
			}
			return
		}
	}
	t.Errorf("%s has no bad session at %s", name, ip)
}

// checkScan asks the same of the finding that the inside was scanned, and that it rest on the lease's record.
func checkScan(t *testing.T, k *cases.Case, who, notWho string) {
	t.Helper()
	for i := range k.Findings {
		f := &k.Findings[i]
		if f.Detector != "internal-scan" {
			continue
		}
		lease := false
		for _, e := range f.Evidence {
			lease = lease || strings.HasSuffix(e.Input, "DhcpSrvLog-Mon.log") && e.SHA256 != ""
		}
		text := f.Explanation.En
		if who == "" {
			who = "No record says who had 10.1.2.3 then"
			lease = !lease
		}
		if !strings.Contains(text, who) || strings.Contains(text, notWho) || !lease {
			t.Errorf("the scan: %q, rests on a lease's record: %v", text, lease)
		}
		return
	}
	t.Error("the scan was not found")
}
