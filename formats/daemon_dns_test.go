// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// resolver is a DNS server that can be started on loopback: its settings, how it is started, and where it logs.
type resolver struct {
	binary string
	pkg    string
	format *Format
	config func(dir string, port int) string
	args   func(dir string, port int) []string
	stderr bool // it logs there, not into dir/log
	wants  []string
}

// TestDaemonDNS lets a client ask real servers on loopback for known names, and compares what their logs say with what it asked.
func TestDaemonDNS(t *testing.T) {
	servers := []resolver{
		{binary: "unbound", pkg: "unbound", format: &unbound,
			config: func(dir string, port int) string {
				return fmt.Sprintf("server:\n interface: 127.0.0.1@%d\n do-daemonize: no\n username: \"\"\n chroot: \"\"\n directory: %q\n pidfile: \"\"\n use-syslog: no\n logfile: \"log\"\n log-queries: yes\n log-replies: yes\n"+
					" log-local-actions: yes\n module-config: \"iterator\"\n local-zone: \"blocked.example.\" always_nxdomain\n local-zone: \"hakusan-lab.example.\" static\n local-data: \"www.hakusan-lab.example. A 192.0.2.80\"\nremote-control:\n control-enable: no\n", port, dir)
			},
			args: func(dir string, _ int) []string { return []string{"-d", "-c", filepath.Join(dir, "conf")} },
			wants: []string{"query www.hakusan-lab.example unknown", "query www.hakusan-lab.example success repeat", "query none.hakusan-lab.example unknown",
				"query none.hakusan-lab.example unknown repeat", "query none.hakusan-lab.example failure repeat", "query ads.blocked.example unknown", "refuse ads.blocked.example failure repeat", "query ads.blocked.example failure repeat"}},
		{binary: "dnsmasq", pkg: "dnsmasq-base", format: &dnsmasqDNS,
			config: func(string, int) string { return "" },
			args: func(dir string, port int) []string {
				return []string{"-d", "-p", fmt.Sprint(port), "-a", "127.0.0.1", "--bind-interfaces", "--no-resolv", "--no-hosts", "--log-queries=extra", "--log-facility=" + filepath.Join(dir, "log"), "--conf-file=" + filepath.Join(dir, "conf"),
					"--address=/www.hakusan-lab.example/192.0.2.80", "--local=/hakusan-lab.example/", "--local=/blocked.example/", "--user="}
			},
			wants: []string{"query www.hakusan-lab.example unknown", "query none.hakusan-lab.example unknown", "query ads.blocked.example unknown"}},
		{binary: "named", pkg: "bind9", format: &bindQuery, stderr: true,
			config: func(dir string, port int) string {
				zone := filepath.Join(dir, "zone")
				_ = os.WriteFile(zone, []byte("$TTL 60\n@ SOA ns. host. 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\nwww A 192.0.2.80\n"), 0o600)
				return fmt.Sprintf("options { directory %q; pid-file none; session-keyfile \"session.key\"; listen-on port %d { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; querylog yes; dnssec-validation no; };\nzone \"hakusan-lab.example\" { type primary; file \"zone\"; };\ncontrols { };\n", dir, port)
			},
			args: func(dir string, port int) []string {
				return []string{"-g", "-c", filepath.Join(dir, "conf"), "-p", fmt.Sprint(port)}
			},
			wants: []string{"query www.hakusan-lab.example unknown", "query none.hakusan-lab.example unknown", "query ads.blocked.example unknown", "refuse ads.blocked.example failure"}},
	}
	for i := range servers {
		s := &servers[i]
		t.Run(s.binary, func(t *testing.T) { s.test(t) })
	}
}

func (s *resolver) test(t *testing.T) {
	path := installed(t, s.binary, s.pkg)
	dir, port := t.TempDir(), freePort(t)
	if err := os.WriteFile(filepath.Join(dir, "conf"), []byte(s.config(dir, port)), 0o600); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd := exec.Command(path, s.args(dir, port)...)
	cmd.Stderr, cmd.Dir = &said, dir
	if err := cmd.Start(); err != nil {
		unable(t, "%s: %v", s.binary, err)
	}
	stopped := false
	stop := func() {
		if !stopped {
			stopped = true
			_ = cmd.Process.Signal(syscall.SIGTERM)
			time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
			_ = cmd.Wait()
		}
	}
	defer stop()
	r := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", fmt.Sprintf("127.0.0.1:%d", port))
	}}
	ask := func(name string) ([]net.IP, error) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		return r.LookupIP(ctx, "ip4", name)
	}
	up := false
	for until := time.Now().Add(10 * time.Second); !up && time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		_, err := ask("www.hakusan-lab.example.")
		up = err == nil
	}
	if !up {
		stop()
		unable(t, "%s does not answer here: %.600s", s.binary, said.String())
	}
	_, _ = ask("none.hakusan-lab.example.")
	_, _ = ask("ads.blocked.example.")
	time.Sleep(200 * time.Millisecond)
	stop()
	log := said.Bytes()
	if !s.stderr {
		var err error
		if log, err = os.ReadFile(filepath.Join(dir, "log")); err != nil {
			t.Fatal(err)
		}
	}
	s.compare(t, log)
}

// compare holds what the log says against what was asked, each once and in order of what was asked first.
func (s *resolver) compare(t *testing.T, log []byte) {
	var out event.Batch
	p := s.format.New(testEnv())
	for i, line := range bytes.Split(bytes.TrimSuffix(log, []byte("\n")), []byte("\n")) {
		if s.format.Sniff(line) == 0 {
			if bytes.Contains(line, []byte("client ")) {
				t.Errorf("not recognised: %s", line)
			}
			continue // what a server says of itself when it starts
		}
		if err := p.Parse(&event.Record{Part: event.Part{Line: int64(i + 1)}, Data: line}, &out); err != nil {
			t.Errorf("%v: %s", err, line)
		}
	}
	var got []string
	var of []event.Event
	for i := range out.Events {
		ev := &out.Events[i]
		if ev.Class != event.ClassDNS {
			continue
		}
		if ev.SrcIP.String() != "127.0.0.1" {
			t.Errorf("asked from %s", ev.SrcIP)
		}
		text := ev.Activity.String() + " " + strings.TrimSuffix(ev.Object, ".") + " " + ev.Outcome.String()
		if _, repeat := ev.Get("repeat"); repeat {
			text += " repeat"
		}
		if !slices.Contains(got, text) { // resolvers ask again
			got = append(got, text)
			if slices.Contains(s.wants, text) { // not what was answered while it started
				of = append(of, *ev)
			}
		}
	}
	for _, want := range s.wants {
		if !slices.Contains(got, want) {
			t.Errorf("the log does not say %q; it says %q", want, got)
		}
	}
	asked(t, s.pkg, []string{s.format.Name}, of)
	for _, text := range got {
		if !slices.Contains(s.wants, text) && !strings.Contains(text, "www.") {
			t.Errorf("the log says %q, which nobody did", text)
		}
	}
}

func isThere(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func freePort(t *testing.T) int {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		unable(t, "%v", err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).Port
}
