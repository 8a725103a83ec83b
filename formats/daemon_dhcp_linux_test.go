// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// lan makes a network of two ends within the lab's own: the server's, lan0 with 10.1.2.1, and a client's in a namespace of its own, in
// which dhclient asks for an address as often as a file go1, go2, … appears: that names the hardware address and what to do.
const lan = `cd %s
ip link add lan0 type veth peer name pc0
ip addr add 10.1.2.1/24 dev lan0
ip link set lan0 up
unshare -n sleep 1000 &
pc=$!
sleep 0.2
ip link set pc0 netns $pc
nsenter -t $pc -n ip link set pc0 up
%s &
for n in 1 2 3 4; do
	until [ -e go$n ]; do sleep 0.05; done
	read mac what < go$n
	nsenter -t $pc -n ip link set pc0 address $mac
	timeout 8 nsenter -t $pc -n dhclient $what -v -cf client.conf -sf script -lf client.leases -pf client.pid pc0 >> client 2>&1
done
wait
`

func (l *lab) startDHCP(server string) {
	l.Helper()
	installed(l.T, "dhclient", "isc-dhcp-client")
	installed(l.T, "ip", "iproute2")
	l.alone = true
	l.tell, l.others = leased, " dhclient["
	l.write("client.conf", "send host-name \"pc-hanako\";\ntimeout 4;\nretry 1;\ninitial-interval 1;\n")
	l.write("client.leases", "")
	if err := os.Chmod(l.write("script", "#!/bin/sh\n[ \"$reason\" != BOUND ] || ip addr add $new_ip_address/24 dev $interface\n"), 0o755); err != nil {
		l.Fatal(err)
	}
	l.start(fmt.Sprintf(lan, l.dir, server))
}

// ask lets the client with that hardware address do something: "-1" to get an address, "-r" to give it back.
func (l *lab) ask(n int, mac, what string, told ...string) {
	l.Helper()
	l.act(func() {
		l.write(fmt.Sprintf("go%d.new", n), "%s %s\n", mac, what)
		name := filepath.Join(l.dir, fmt.Sprintf("go%d", n))
		if err := os.Rename(name+".new", name); err != nil {
			l.Fatal(err)
		}
	}, told...)
}

func leased(e *event.Event) string {
	if e.Class != event.ClassLease {
		return ""
	}
	mac, _ := e.Get("mac")
	return strings.Join([]string{e.Activity.String(), e.SrcIP.String(), "to", mac.Text, e.Outcome.String()}, " ")
}

// TestDaemonDHCPD lets a client get and give back an address at ISC's server, and one that it does not know get none.
func TestDaemonDHCPD(t *testing.T) {
	dhcpd := installed(t, "dhcpd", "isc-dhcp-server")
	l := newLab(t, "isc-dhcp-server", "isc-dhcpd")
	l.write("dhcpd.conf", "default-lease-time 600;\nauthoritative;\nping-check false;\nsubnet 10.1.2.0 netmask 255.255.255.0 {\n\tpool { range 10.1.2.50 10.1.2.60; deny unknown-clients; }\n}\n"+
		"host known { hardware ethernet 02:00:5e:00:53:a1; }\n")
	l.write("leases", "")
	l.startDHCP(dhcpd + " -f -q -user root -group root -cf dhcpd.conf -lf leases -pf pid lan0")
	l.awaitText("Server starting service")
	l.ask(1, "02:00:5e:00:53:a1", "-1", "assign 10.1.2.50 to 02:00:5e:00:53:a1 success")
	l.ask(2, "02:00:5e:00:53:a1", "-r", "release 10.1.2.50 to 02:00:5e:00:53:a1 success")
	l.ask(3, "02:00:5e:00:53:b2", "-1") // offered nothing, and nothing told
	l.awaitText("no free leases")
	l.compare()
	l.table("leases", "isc-leases")
}

// TestDaemonKea does the same with Kea.
func TestDaemonKea(t *testing.T) {
	kea := installed(t, "kea-dhcp4", "kea-dhcp4-server")
	l := newLab(t, "kea-dhcp4-server", "kea")
	l.log = filepath.Join(l.dir, "log")
	conf := l.write("kea.conf", `{"Dhcp4": {"interfaces-config": {"interfaces": ["lan0"]}, "lease-database": {"type": "memfile", "name": %q}, "valid-lifetime": 600,
"subnet4": [{"id": 1, "subnet": "10.1.2.0/24", "pools": [{"pool": "10.1.2.50 - 10.1.2.60"}]}],
"loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": %q}]}]}}`, filepath.Join(l.dir, "leases.csv"), l.log)
	l.startDHCP("mkdir -p /run/kea; " + kea + " -c " + conf)
	l.awaitText("DHCP4_STARTED")
	l.ask(1, "02:00:5e:00:53:a1", "-1", "assign 10.1.2.50 to 02:00:5e:00:53:a1 success")
	l.ask(2, "02:00:5e:00:53:a1", "-r", "release 10.1.2.50 to 02:00:5e:00:53:a1 success")
	l.compare()
	l.table("leases.csv", "kea-leases")
}

// TestDaemonDnsmasqDHCP does the same with dnsmasq.
func TestDaemonDnsmasqDHCP(t *testing.T) {
	dnsmasq := installed(t, "dnsmasq", "dnsmasq-base")
	l := newLab(t, "dnsmasq-base", "dnsmasq-dhcp", "dnsmasq-dns")
	l.startDHCP(dnsmasq + " -k -C /dev/null -p 0 -i lan0 -z -F 10.1.2.50,10.1.2.50,10m --log-dhcp -l " + l.dir + "/leases --user=root -x " + l.dir + "/pid")
	l.awaitText("sockets bound exclusively to interface lan0")
	l.ask(1, "02:00:5e:00:53:a1", "-1", "assign 10.1.2.50 to 02:00:5e:00:53:a1 success")
	l.ask(2, "02:00:5e:00:53:a1", "-r", "release 10.1.2.50 to 02:00:5e:00:53:a1 success")
	l.compare()
}

// table reads what the server keeps of leases: the client's must stand in it, with its address, and no other's.
func (l *lab) table(name, format string) {
	l.Helper()
	t := *l
	t.log, t.format, t.others = filepath.Join(l.dir, name), []string{format}, "#"
	events, lines, errs := t.read()
	for _, err := range errs {
		l.Errorf("%s: %v", name, err)
	}
	seen := map[string]bool{}
	for i := range events {
		seen[leased(&events[i])] = true
	}
	if !seen["assign 10.1.2.50 to 02:00:5e:00:53:a1 success"] || strings.Contains(fmt.Sprint(seen), "b2") {
		l.Errorf("%s tells %v:\n%s", name, seen, strings.Join(lines, "\n"))
	}
}
