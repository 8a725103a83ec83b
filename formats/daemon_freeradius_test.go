// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// TestDaemonFreeRADIUS starts FreeRADIUS on loopback where it is installed, lets real clients succeed and fail, and asks that the events of its
// log be what they did.
func TestDaemonFreeRADIUS(t *testing.T) {
	if testing.Short() {
		t.Skip("starting a server takes some seconds")
	}
	server, client := installed(t, "freeradius", "freeradius"), installed(t, "radtest", "freeradius-utils")
	dir := t.TempDir()
	log := filepath.Join(dir, "radius.log")
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := conn.LocalAddr().(*net.UDPAddr).Port
	conn.Close()
	if err := os.WriteFile(filepath.Join(dir, "radiusd.conf"), []byte(fmt.Sprintf(radiusdConf, dir, dir, log, port)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(server, "-f", "-d", dir, "-l", log)
	if err := cmd.Start(); err != nil {
		unable(t, "freeradius does not start: %v", err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	wait := func(text string) bool {
		for range 150 {
			if b, _ := os.ReadFile(log); strings.Contains(string(b), text) {
				return true
			}
			time.Sleep(100 * time.Millisecond)
		}
		return false
	}
	if !wait("Ready to process requests") {
		b, _ := os.ReadFile(log)
		unable(t, "freeradius is not ready within 15 seconds: %s", b)
	}
	for _, who := range [][2]string{{"hanako", "secret"}, {"hanako", "wrong"}, {"nobody", "x"}} {
		_ = exec.Command(client, who[0], who[1], fmt.Sprintf("127.0.0.1:%d", port), "0", "testing123").Run() // a refusal is an error of its own
	}
	if !wait("[nobody]") {
		t.Fatal("the last login is not in the log")
	}
	data, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	events, errs := readLines(strings.Split(strings.TrimRight(string(data), "\n"), "\n"))
	for i, err := range errs {
		if err != nil {
			t.Errorf("line %d is not understood: %v", i+1, err)
		}
	}
	var got []string
	var of []event.Event
	for i := range events {
		if ev := &events[i]; ev.Class == event.ClassAuthentication {
			got, of = append(got, ev.Account+" "+ev.Outcome.String()+" "+ev.Reason.String()), append(of, *ev)
		}
	}
	want := []string{"hanako success ", "hanako failure bad-password", "nobody failure bad-credentials"}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("the log says %q, done was %q", got, want)
	}
	asked(t, "freeradius", []string{"freeradius"}, of)
}

// TestDaemonRADIUSDetail has FreeRADIUS write the detail file of what an access point reports: who had which address with which device.
func TestDaemonRADIUSDetail(t *testing.T) {
	if testing.Short() {
		t.Skip("starting a server takes some seconds")
	}
	server, client := installed(t, "freeradius", "freeradius"), installed(t, "radclient", "freeradius-utils")
	dir := t.TempDir()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := conn.LocalAddr().(*net.UDPAddr).Port
	conn.Close()
	if err := os.WriteFile(filepath.Join(dir, "radiusd.conf"), []byte(fmt.Sprintf(radiusAcctConf, dir, port)), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(server, "-f", "-d", dir, "-l", filepath.Join(dir, "radius.log"))
	if err := cmd.Start(); err != nil {
		unable(t, "freeradius does not start: %v", err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	for until := time.Now().Add(15 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		b, _ := os.ReadFile(filepath.Join(dir, "radius.log"))
		if strings.Contains(string(b), "Ready to process requests") {
			break
		}
		if time.Now().After(until) {
			unable(t, "freeradius is not ready within 15 seconds: %s", b)
		}
	}
	for _, status := range []string{"Start", "Interim-Update", "Stop"} {
		c := exec.Command(client, "-t", "5", fmt.Sprintf("127.0.0.1:%d", port), "acct", "testing123")
		c.Stdin = strings.NewReader("User-Name = \"hanako@lab.example\", Acct-Status-Type = " + status + ", Framed-IP-Address = 10.1.2.3, Calling-Station-Id = \"02-00-5E-00-53-A1\", " +
			"Acct-Session-Id = \"7f01\", NAS-IP-Address = 192.0.2.5, Acct-Input-Octets = 900, Acct-Output-Octets = 4000, Acct-Session-Time = 60\n")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", status, err, out)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "detail"))
	if err != nil {
		t.Fatal(err)
	}
	events, errs := readLines(strings.Split(strings.TrimRight(string(data), "\n"), "\n"))
	for i, err := range errs {
		if err != nil {
			t.Errorf("line %d is not understood: %v", i+1, err)
		}
	}
	var got []string
	var of []event.Event
	for i := range events {
		ev := &events[i]
		if ip, given, ok := event.LeaseOf(ev); ok {
			mac, _ := ev.Get("mac")
			got, of = append(got, fmt.Sprint(ev.Account, " ", ip, " ", mac.Text, " ", given)), append(of, *ev)
		}
	}
	want := []string{"hanako@lab.example 10.1.2.3 02:00:5e:00:53:a1 true", "hanako@lab.example 10.1.2.3 02:00:5e:00:53:a1 true", "hanako@lab.example 10.1.2.3 02:00:5e:00:53:a1 false"}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("the file says %q, done was %q", got, want)
	}
	asked(t, "freeradius", []string{"freeradius-detail"}, of)
}

const radiusAcctConf = `prefix = /usr
name = radiusd
logdir = %[1]s
run_dir = %[1]s
libdir = /usr/lib/freeradius
security { allow_vulnerable_openssl = yes }
client localhost {
	ipaddr = 127.0.0.1
	secret = testing123
}
modules {
	detail {
		filename = %[1]s/detail
		header = "%%t"
	}
}
server default {
	listen {
		type = acct
		ipaddr = 127.0.0.1
		port = %[2]d
	}
	accounting {
		detail
	}
}
`

const radiusdConf = `prefix = /usr
name = radiusd
logdir = %s
run_dir = %s
libdir = /usr/lib/freeradius
security { allow_vulnerable_openssl = yes }
log {
	destination = files
	file = %s
	auth = yes
}
client localhost {
	ipaddr = 127.0.0.1
	secret = testing123
}
modules {
	pap { }
}
server default {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = %d
	}
	authorize {
		if (&User-Name == "hanako") {
			update control {
				&Cleartext-Password := "secret"
			}
		}
		pap
	}
	authenticate {
		Auth-Type PAP {
			pap
		}
	}
}
`
