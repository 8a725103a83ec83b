// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
)

func addLines(t *testing.T, dir, name string, lines []string) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(strings.Join(lines, "\n") + "\n"); err != nil {
		t.Fatal(err)
	}
}

// rests returns the inputs that a finding about the account and address rests on, and what it says.
func rests(k *cases.Case, name, ip string) (inputs []string, text string) {
	for i := range k.Accounts {
		for n := range k.Findings {
			f := &k.Findings[n]
			if k.Accounts[i].Name != name || !slices.Contains(f.Subjects.Accounts, k.Accounts[i].ID) || !slices.Contains(f.Subjects.Addresses, netip.MustParseAddr(ip)) {
				continue
			}
			text += f.Explanation.En
			for _, e := range f.Evidence {
				if in := filepath.Base(e.Input); e.SHA256 != "" && !slices.Contains(inputs, in) {
					inputs = append(inputs, in)
				}
			}
		}
	}
	return inputs, text
}

// TestHoldersOfOne: a whole campus goes out by one address, and many log in from there while somebody's account is abused from it. Whoever made
// the bad attempts is named, by the records of the box that translates, of the DHCP server and of RADIUS, and nobody else is.
func TestHoldersOfOne(t *testing.T) {
	dir := lentInstitute(t, 10)
	at := time.Date(2025, 6, 2, 10, 0, 0, 0, time.FixedZone("JST", 9*3600))
	addLines(t, dir, "DhcpSrvLog-Mon.log", []string{"10,06/02/25,09:40:00,Assign,10.1.2.50,pc-shiro,02005E0053C3,,1,0,,,,,,,,,0"})
	addLines(t, dir, "radius.log", []string{"Mon Jun  2 09:39:50 2025 : Auth: (8) Login OK: [shiro@lab.example] (from client sw1 port 15 cli 02-00-5E-00-53-C3)"})
	var cloud, nat []string
	for i := range 2500 {
		then := at.Add(time.Duration(i) * 360 * time.Millisecond)
		cloud = append(cloud, fmt.Sprintf("%s cloud1 sshd[%d]: Accepted password for shiro from 198.51.100.1 port %d ssh2", then.Format("Jan _2 15:04:05"), 20000+i, 10000+i))
		nat = append(nat, fmt.Sprintf("[%d.000000]\t    [NEW] tcp      6 120 SYN_SENT src=10.1.2.50 dst=203.0.113.50 sport=%d dport=22 [UNREPLIED] src=203.0.113.50 dst=198.51.100.1 sport=22 dport=%d", then.Unix(), 10000+i, 10000+i))
	}
	addLines(t, dir, "cloud.log", cloud)
	addLines(t, dir, "nat.log", nat)
	k := run(t, dir, func(o *Options) {
		o.Answers = []config.Answer{{File: "answers.yaml", Index: 1, Subject: config.Subject{Account: "saburo", Address: netip.MustParseAddr("198.51.100.1")}, Value: "no", Via: "in-person", By: "suzuki", At: testNow}}
	}, ".")
	checkSession(t, k, "saburo", "198.51.100.1", "pc-hanako [02:00:5e:00:53:a1] hanako", "shiro")
	for i := range k.Addresses {
		if w := k.Addresses[i].Why.En; strings.Contains(w, "shiro") {
			t.Errorf("the address's verdict names somebody else: %q", w)
		}
	}
	for i := range k.Findings {
		if w := k.Findings[i].Explanation.En; strings.Contains(w, "shiro") {
			t.Errorf("%s names somebody else: %q", k.Findings[i].Detector, w)
		}
	}
	in, text := rests(k, "saburo", "198.51.100.1")
	for _, want := range []string{"cloud.log", "nat.log", "DhcpSrvLog-Mon.log", "radius.log"} {
		if !slices.Contains(in, want) {
			t.Errorf("the finding about saburo does not rest on %s, but on %v", want, in)
		}
	}
	if !strings.Contains(text, "10.1.2.3 pc-hanako [02:00:5e:00:53:a1] hanako") {
		t.Errorf("the finding says %q", text)
	}
}

// TestHoldersByEveryLender: an inside address at a time is a host and a person by whichever records the institute has, and its next user is
// not named.
func TestHoldersByEveryLender(t *testing.T) {
	detail := func(at, name, kind, mac, framed string) []string {
		out := []string{at, "\tUser-Name = \"" + name + "\"", "\tAcct-Status-Type = " + kind, "\tAcct-Session-Id = \"" + name + "\"", "\tCalling-Station-Id = \"" + mac + "\"", "\tNAS-IP-Address = 10.1.9.9"}
		if framed != "" {
			out = append(out, "\tFramed-IP-Address = "+framed)
		}
		return append(out, "")
	}
	for name, c := range map[string]struct {
		logs map[string][]string
		who  string
	}{
		"dnsmasq, EAP with an outer name": {map[string][]string{
			"dnsmasq.log": {"Jun  2 09:30:00 gw dnsmasq-dhcp[412]: DHCPACK(br0) 10.1.2.3 02:00:5e:00:53:a1 pc-hanako", "Jun  2 10:30:00 gw dnsmasq-dhcp[412]: DHCPRELEASE(br0) 10.1.2.3 02:00:5e:00:53:a1",
				"Jun  2 10:31:00 gw dnsmasq-dhcp[412]: DHCPACK(br0) 10.1.2.3 02:00:5e:00:53:b2 pc-jiro"},
			"radius.log": {"Mon Jun  2 09:29:50 2025 : Auth: (9) Login OK: [hanako@lab.example/<via Auth-Type = eap>] (from client ap1 port 0 via TLS tunnel)",
				"Mon Jun  2 09:29:50 2025 : Auth: (9) Login OK: [anonymous@lab.example/<via Auth-Type = eap>] (from client ap1 port 13 cli 02-00-5E-00-53-A1)",
				"Mon Jun  2 10:30:50 2025 : Auth: (11) Login OK: [jiro@lab.example] (from client ap1 port 14 cli 02-00-5E-00-53-B2)"}},
			"pc-hanako [02:00:5e:00:53:a1] hanako"},
		"ISC dhcpd, NPS": {map[string][]string{
			"dhcpd.log": {"Jun  2 09:30:00 dhcp1 dhcpd[812]: DHCPACK on 10.1.2.3 to 02:00:5e:00:53:a1 (pc-hanako) via eth0", "Jun  2 10:30:00 dhcp1 dhcpd[812]: DHCPRELEASE of 10.1.2.3 from 02:00:5e:00:53:a1 (pc-hanako) via eth0 (found)",
				"Jun  2 10:31:00 dhcp1 dhcpd[812]: DHCPACK on 10.1.2.3 to 02:00:5e:00:53:b2 (pc-jiro) via eth0"},
			"nps.log": {"10.1.9.9,hanako,06/02/2025,09:29:50,IAS,NPS1,4,10.1.9.9,31,02-00-5E-00-53-A1,5,9,61,19,4108,10.1.9.9,4128,ap1,4136,1,4142,0", "10.1.9.9,hanako,06/02/2025,09:29:50,IAS,NPS1,25,311 1 10.1.9.5 06/01/2025 20:04:30 4,4108,10.1.9.9,4128,ap1,4136,2,4142,0"}},
			"pc-hanako [02:00:5e:00:53:a1] hanako"},
		"Kea, accounting without addresses": {map[string][]string{
			"kea.log": {"2025-06-02 09:30:00.223 INFO  [kea-dhcp4.leases/812.1] DHCP4_LEASE_ALLOC [hwtype=1 02:00:5e:00:53:a1], cid=[no info], tid=0x4e6ff12: lease 10.1.2.3 has been allocated for 3600 seconds",
				"2025-06-02 10:31:00.223 INFO  [kea-dhcp4.leases/812.1] DHCP4_LEASE_ALLOC [hwtype=1 02:00:5e:00:53:b2], cid=[no info], tid=0x4e6ff13: lease 10.1.2.3 has been allocated for 3600 seconds"},
			"detail": append(detail("Mon Jun  2 09:29:50 2025", "hanako", "Start", "02-00-5E-00-53-A1", ""), detail("Mon Jun  2 10:30:50 2025", "jiro", "Start", "02-00-5E-00-53-B2", "")...)},
			"02:00:5e:00:53:a1 hanako"},
		"accounting with addresses": {map[string][]string{
			"detail": slices.Concat(detail("Mon Jun  2 09:30:00 2025", "hanako", "Start", "02-00-5E-00-53-A1", "10.1.2.3"), detail("Mon Jun  2 10:30:00 2025", "hanako", "Stop", "02-00-5E-00-53-A1", "10.1.2.3"),
				detail("Mon Jun  2 10:31:00 2025", "jiro", "Start", "02-00-5E-00-53-B2", "10.1.2.3"))},
			"02:00:5e:00:53:a1 hanako"},
		"OpenVPN": {map[string][]string{
			"openvpn.log": {"2025-06-02 09:30:00 192.0.2.10:52234 [hanako] Peer Connection Initiated with [AF_INET]192.0.2.10:52234", "2025-06-02 09:30:00 MULTI: primary virtual IP for hanako/192.0.2.10:52234: 10.1.2.3",
				"2025-06-02 10:30:00 hanako/192.0.2.10:52234 SIGTERM[soft,remote-exit] received, client-instance exiting",
				"2025-06-02 10:31:00 192.0.2.20:52235 [jiro] Peer Connection Initiated with [AF_INET]192.0.2.20:52235", "2025-06-02 10:31:00 MULTI: primary virtual IP for jiro/192.0.2.20:52235: 10.1.2.3"}},
			"hanako ← 192.0.2.10"},
		"FortiGate's SSL VPN": {map[string][]string{
			"fortigate.log": {`date=2025-06-02 time=09:30:00 devname="FW1" devid="FGT60F0000000001" logid="0101039947" type="event" subtype="vpn" level="information" vd="root" logdesc="SSL VPN tunnel up" action="tunnel-up" tunneltype="ssl-tunnel" tunnelid=1 remip=192.0.2.10 tunnelip=10.1.2.3 user="hanako" group="SSL_VPN" reason="tunnel established" msg="SSL tunnel established"`,
				`date=2025-06-02 time=10:30:00 devname="FW1" devid="FGT60F0000000001" logid="0101039948" type="event" subtype="vpn" level="information" vd="root" logdesc="SSL VPN tunnel down" action="tunnel-down" tunneltype="ssl-tunnel" tunnelid=1 remip=192.0.2.10 tunnelip=10.1.2.3 user="hanako" group="SSL_VPN" duration=3600 sentbyte=2284 rcvdbyte=2630 msg="SSL tunnel shutdown"`,
				`date=2025-06-02 time=10:31:00 devname="FW1" devid="FGT60F0000000001" logid="0101039947" type="event" subtype="vpn" level="information" vd="root" logdesc="SSL VPN tunnel up" action="tunnel-up" tunneltype="ssl-tunnel" tunnelid=2 remip=192.0.2.20 tunnelip=10.1.2.3 user="jiro" group="SSL_VPN" reason="tunnel established" msg="SSL tunnel established"`}},
			"hanako ← 192.0.2.10"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := lentInstitute(t, 10)
			for _, gone := range []string{"DhcpSrvLog-Mon.log", "radius.log", "cloud.log", "nat.log"} {
				if err := os.Remove(filepath.Join(dir, gone)); err != nil {
					t.Fatal(err)
				}
			}
			for file, lines := range c.logs {
				addLines(t, dir, file, lines)
			}
			k := run(t, dir, func(o *Options) {
				o.Answers = []config.Answer{{File: "answers.yaml", Index: 1, Subject: config.Subject{Account: "taro", Address: netip.MustParseAddr("10.1.2.3")}, Value: "no", Via: "in-person", By: "suzuki", At: testNow}}
			}, ".")
			checkSession(t, k, "taro", "10.1.2.3", c.who, "jiro")
			in, text := rests(k, "taro", "10.1.2.3")
			for file := range c.logs {
				if !slices.Contains(in, file) {
					t.Errorf("the finding about taro does not rest on %s, but on %v", file, in)
				}
			}
			if !strings.Contains(text, "10.1.2.3 was "+c.who) {
				t.Errorf("the finding says %q", text)
			}
		})
	}
}
