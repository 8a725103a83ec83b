// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/internal/testca"
)

// program returns the path of a program, or skips the test where it is not there.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"/usr/sbin/", "/usr/bin/"} {
		if _, err := os.Stat(dir + name); err == nil {
			return dir + name
		}
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// rsyslog starts the real rsyslog with an action, has it read n lines from a file, and ends it when the receiver has them.
func (s *stand) rsyslog(action string, n int) {
	t := s.t.(*testing.T)
	bin, dir := program(t, "rsyslogd"), t.TempDir()
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "message number %06d of many\n", i)
	}
	conf := fmt.Sprintf(`module(load="imfile")
global(workDirectory=%q maxMessageSize="64k")
%s
input(type="imfile" file=%q tag="app:" ruleset="out")
ruleset(name="out") { %s }
`, dir, module(t, action), filepath.Join(dir, "in.log"), action)
	for name, text := range map[string]string{"in.log": lines.String(), "rsyslog.conf": conf} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	cmd := exec.Command(bin, "-n", "-f", filepath.Join(dir, "rsyslog.conf"), "-i", filepath.Join(dir, "pid"))
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		last := time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		last.Stop()
		if t.Failed() {
			t.Logf("%s", said.Bytes())
		}
	}()
	for end := time.Now().Add(30 * time.Second); len(s.kept.texts()) < n && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	got := s.kept.texts()
	seen := map[string]bool{}
	for _, g := range got {
		if i := strings.Index(g, "message number "); i >= 0 && strings.HasPrefix(g, "<") {
			seen[g[i:]] = true
		}
	}
	if len(seen) != n || len(got) != n {
		t.Errorf("of %d messages %d came, %d different: %.300q", n, len(got), len(seen), got[:min(len(got), 3)])
	}
	s.closes(int64(n))
}

func module(t *testing.T, action string) string {
	if !strings.Contains(action, "omrelp") {
		return ""
	}
	found, _ := filepath.Glob("/usr/lib/*/rsyslog/omrelp.so")
	if len(found) == 0 {
		t.Skip("rsyslog's omrelp is not installed")
	}
	return `module(load="omrelp")`
}

func split(address string) (host, port string) { host, port, _ = net.SplitHostPort(address); return }

func TestRsyslog(t *testing.T) {
	const n = 3000
	t.Run("tcp lines", func(t *testing.T) {
		s := newStand(t, Limits{}, true)
		_, port := split(s.syslog())
		s.rsyslog(`action(type="omfwd" target="127.0.0.1" port="`+port+`" protocol="tcp" template="RSYSLOG_SyslogProtocol23Format")`, n)
	})
	t.Run("tcp counted", func(t *testing.T) {
		s := newStand(t, Limits{}, true)
		_, port := split(s.syslog())
		s.rsyslog(`action(type="omfwd" target="127.0.0.1" port="`+port+`" protocol="tcp" TCP_Framing="octet-counted")`, n)
	})
	t.Run("relp", func(t *testing.T) {
		s := newStand(t, Limits{}, true)
		_, port := split(s.relp())
		s.rsyslog(`action(type="omrelp" target="127.0.0.1" port="`+port+`")`, n)
	})
	t.Run("udp", func(t *testing.T) {
		s := newStand(t, Limits{}, true)
		conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- s.UDP(ctx, context.Background(), conn) }()
		_, port := split(conn.LocalAddr().String())
		s.rsyslog(`action(type="omfwd" target="127.0.0.1" port="`+port+`" protocol="udp")`, n)
		cancel()
		<-done
	})
	t.Run("tls", func(t *testing.T) {
		if found, _ := filepath.Glob("/usr/lib/*/rsyslog/lmnsd_gtls.so"); len(found) == 0 {
			t.Skip("rsyslog's gtls driver is not installed")
		}
		c := testca.New(t)
		s := newStand(t, Limits{}, false, Source{Name: "mon1", Certificates: []string{"mon1.lab.example"}})
		server := serverTLS(t, c, true)
		_, port := split(s.run(func(ctx, kill context.Context, l net.Listener) error {
			return s.Syslog(ctx, kill, l, server)
		}))
		cert, key := c.Issue(t, "mon1.lab.example")
		s.rsyslog(fmt.Sprintf(`action(type="omfwd" target="127.0.0.1" port=%q protocol="tcp" StreamDriver="gtls" StreamDriverMode="1" StreamDriverAuthMode="anon"
StreamDriver.CAFile=%q StreamDriver.CertFile=%q StreamDriver.KeyFile=%q)`, port, c.File, cert, key), n)
		for _, r := range s.kept.all {
			if r.Source != "mon1" {
				t.Fatalf("of %q", r.Source)
			}
		}
	})
}

func TestLogger(t *testing.T) {
	bin := program(t, "logger")
	s := newStand(t, Limits{}, true)
	_, port := split(s.syslog())
	for i, args := range [][]string{{"-T", "--rfc3164", "three"}, {"-T", "--rfc5424", "five"}, {"-T", "--rfc5424", "--octet-count", "counted"}} {
		out, err := exec.Command(bin, append([]string{"-n", "127.0.0.1", "-P", port}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		s.closes(int64(i) + 1)
	}
	for i, want := range []string{"three", "five", "counted"} {
		if got := s.kept.texts()[i]; !strings.HasPrefix(got, "<") || !strings.HasSuffix(got, " "+want) {
			t.Errorf("%q", got)
		}
	}
}

func TestCurl(t *testing.T) {
	bin := program(t, "curl")
	s := newStand(t, Limits{}, false, Source{Name: "shipper", Tokens: []string{"0123456789abcdef"}})
	at := s.web()
	file := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(file, []byte("one\ntwo\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(bin, "-sS", "-f", "-H", "Authorization: Bearer 0123456789abcdef", "--data-binary", "@"+file, at+"/ingest").CombinedOutput()
	if err != nil || string(out) != `{"sealed":2}` {
		t.Errorf("%v: %s", err, out)
	}
	s.closes(2)
}

// server makes the TLS configuration of a listener.
func serverTLS(t *testing.T, a *testca.Authority, required bool) *tls.Config {
	t.Helper()
	cert, key := a.Issue(t, "server.lab.example")
	c, err := ServerTLS(cert, key, a.File, required)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCertificates holds a source to its certificate: nobody writes as another.
func TestCertificates(t *testing.T) {
	a, other := testca.New(t), testca.New(t)
	s := newStand(t, Limits{}, false, Source{Name: "mon1", Certificates: []string{"mon1.lab.example"}}, Source{Name: "mon2", Certificates: []string{"mon2.lab.example"}})
	server := serverTLS(t, a, true)
	at := s.run(func(ctx, kill context.Context, l net.Listener) error {
		return s.Syslog(ctx, kill, l, server)
	})
	pool := x509.NewCertPool()
	text, _ := os.ReadFile(a.File)
	pool.AppendCertsFromPEM(text)
	try := func(from *testca.Authority, name string) {
		o := &tls.Config{RootCAs: pool, ServerName: "server.lab.example"}
		if from != nil {
			cert, key := from.Issue(t, name)
			pair, err := tls.LoadX509KeyPair(cert, key)
			if err != nil {
				t.Fatal(err)
			}
			o.Certificates = []tls.Certificate{pair}
		}
		c, err := tls.Dial("tcp", at, o)
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = c.Write([]byte("<13>Oct 11 22:14:15 mon2 from: " + name + "\n"))
		time.Sleep(20 * time.Millisecond)
	}
	try(a, "mon1.lab.example")
	try(a, "mon2.lab.example")
	try(a, "mon3.lab.example")
	try(other, "mon1.lab.example")
	try(nil, "")
	s.closes(2)
	time.Sleep(50 * time.Millisecond)
	for i, r := range s.kept.all {
		if want := fmt.Sprintf("mon%d", i+1); i > 1 || r.Source != want || !strings.HasSuffix(string(r.Data), want+".lab.example") {
			t.Errorf("%s wrote %q", r.Source, r.Data)
		}
	}
	if r := s.ledger.Refused(); r["source"] != 1 || r["tls"] != 2 {
		t.Errorf("refused: %v", r)
	}
}

// BenchmarkTCP sends messages over loopback to a sink that drops them.
func BenchmarkTCP(b *testing.B) {
	line := []byte("<34>1 2026-10-11T22:14:15.003Z mon1 sshd 4711 - - Failed password for invalid user admin from 203.0.113.7 port 52144 ssh2 xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n")
	for _, conns := range []int{1, 4} {
		b.Run(fmt.Sprint(conns), func(b *testing.B) {
			sources, err := NewSources(nil, true) // a source's account is kept in one ledger
			if err != nil {
				b.Fatal(err)
			}
			s := &stand{Receiver: NewReceiver(nowhere{}, sources, NewLedger(), Limits{}), t: b}
			at := s.syslog()
			some := bytes.Repeat(line, 400)
			b.SetBytes(int64(len(line)))
			b.ResetTimer()
			done := make(chan struct{})
			for range conns {
				c := dial(b, at)
				go func() {
					for sent := 0; sent < b.N/conns; sent += 400 {
						_, _ = c.Write(some[:min(400, b.N/conns-sent)*len(line)])
					}
					done <- struct{}{}
				}()
			}
			for range conns {
				<-done
			}
			for s.ledger.Total().Sealed < int64(b.N/conns*conns) {
				time.Sleep(time.Millisecond)
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
			s.stop()
		})
	}
}
