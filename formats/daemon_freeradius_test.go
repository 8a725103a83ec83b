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
