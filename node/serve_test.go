// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/vault"
	"github.com/sekisho/sekisho/vault/sealed"
)

// served is a live system of a test.
type served struct {
	t    *testing.T
	at   map[string]string
	log  *lockedBuffer
	stop func() error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func serveIn(t *testing.T, dir string, change func(*config.Serve)) *served {
	t.Helper()
	return serveWith(t, dir, change, nil)
}

// serveWith is serveIn with more options.
func serveWith(t *testing.T, dir string, change func(*config.Serve), more func(*ServeOptions)) *served {
	t.Helper()
	c := &config.Serve{Path: "serve.yaml", Data: dir, KeyHome: filepath.Join(dir, "key"), Status: "127.0.0.1:0",
		Listeners: []config.Listener{{Kind: "udp", Address: "127.0.0.1:0"}, {Kind: "tcp", Address: "127.0.0.1:0"}, {Kind: "relp", Address: "127.0.0.1:0"}, {Kind: "http", Address: "127.0.0.1:0"}}}
	if change != nil {
		change(c)
	}
	s := &served{t: t, log: &lockedBuffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan map[string]string, 1), make(chan error, 1)
	own := netip.MustParsePrefix("192.168.0.0/16")
	p := &config.Profile{Networks: []config.Network{{Name: "own", Ranges: []netip.Prefix{own}, Own: config.Yes}}}
	o := ServeOptions{Config: c, Profile: p, Version: "test", Log: slog.New(slog.NewTextHandler(s.log, nil)), issue: time.Second, Ready: func(a map[string]string) { ready <- a }}
	if more != nil {
		more(&o)
	}
	go func() { done <- Serve(ctx, o) }()
	select {
	case s.at = <-ready:
	case err := <-done:
		t.Fatalf("it did not start: %v", err)
	case <-time.After(30 * time.Second):
		t.Fatal("it does not start")
	}
	s.stop = sync.OnceValue(func() error {
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(15 * time.Second):
			return fmt.Errorf("it does not stop")
		}
	})
	t.Cleanup(func() { _ = s.stop() })
	return s
}

func (s *served) get(path string) string {
	s.t.Helper()
	a, err := http.Get("http://" + s.at["status"] + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer a.Body.Close()
	b, _ := io.ReadAll(a.Body)
	return string(b)
}

func (s *served) status() *ServeStatus {
	s.t.Helper()
	var o ServeStatus
	if err := json.Unmarshal([]byte(s.get("/status")), &o); err != nil {
		s.t.Fatal(err)
	}
	return &o
}

func (s *served) until(what string, yes func(*ServeStatus) bool) *ServeStatus {
	s.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		o := s.status()
		if yes(o) {
			return o
		}
		if time.Now().After(end) {
			s.t.Fatalf("%s: %+v\n%s", what, o, s.log.String())
		}
	}
}

// guesses are lines of an sshd at which one address guesses at many accounts and gets in at one.
func guesses(at time.Time) string {
	var b strings.Builder
	for i := range 400 {
		at = at.Add(time.Second)
		fmt.Fprintf(&b, "<38>1 %s mon1 sshd 81 - - Failed password for user%03d from 203.0.113.7 port %d ssh2\n", at.UTC().Format(time.RFC3339Nano), i%40, 40000+i)
	}
	fmt.Fprintf(&b, "<38>1 %s mon1 sshd 81 - - Accepted password for user007 from 203.0.113.7 port 41000 ssh2\n", at.Add(time.Second).UTC().Format(time.RFC3339Nano))
	return b.String()
}

// TestServe sends through every receiver, is told of what is found, stops and starts again: everything is sealed, counted and watched once.
func TestServe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	told := make(chan string, 100)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		told <- string(b)
	}))
	defer hook.Close()
	s := serveIn(t, dir, func(c *config.Serve) { c.Webhook = hook.URL })
	c, err := net.Dial("tcp", s.at["tcp"])
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, guesses(time.Now().Add(-time.Hour)))
	c.Close()
	a, err := http.Post("http://"+s.at["http"]+"/ingest", "text/plain", strings.NewReader("nothing that anybody reads\n"))
	if err != nil || a.StatusCode != 200 {
		t.Fatal(a, err)
	}
	a.Body.Close()
	u, err := net.Dial("udp", s.at["udp"])
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(u, "<38>Oct 11 22:14:15 mon1 sshd[81]: Server listening on 0.0.0.0 port 22.")
	u.Close()
	o := s.until("the records are read", func(o *ServeStatus) bool { return o.Total.Sealed == 403 && o.Watch.Behind == 0 && o.Watch.Events > 400 })
	if !o.Healthy || !o.Ready || o.Open != 0 || o.Watch.Unparsed != 1 || o.Watch.Events < 401 || o.Total.Open() != 0 {
		t.Errorf("%+v", o)
	}
	s.until("findings are told", func(o *ServeStatus) bool { return o.Findings > 0 && o.Told.Sent > 0 })
	if first := <-told; !strings.Contains(first, "203.0.113.7") {
		t.Errorf("told: %s", first)
	}
	for _, want := range []string{"sekisho_healthy 1\n", `sekisho_records_total{source="127.0.0.1",outcome="sealed"} 403`, "sekisho_accounting_mismatches_total 0\n"} {
		if m := s.get("/metrics"); !strings.Contains(m, want) {
			t.Errorf("no %q in\n%s", want, m)
		}
	}
	if got := s.get("/healthz") + s.get("/readyz"); got != "ok\nok\n" {
		t.Errorf("%q", got)
	}
	begun := time.Now()
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it stopped after %s", took)
	}
	before, err := os.ReadFile(filepath.Join(dir, findingsName))
	if err != nil || len(before) == 0 {
		t.Fatal("no findings were kept", err)
	}
	sealedOnce(t, dir, 403)

	again := serveIn(t, dir, nil)
	again.until("it has caught up", func(o *ServeStatus) bool { return o.Watch.Behind == 0 && o.Ready })
	time.Sleep(1500 * time.Millisecond) // a moment at which it looks at what was found
	if err := again.stop(); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, findingsName)); !bytes.Equal(before, after) {
		t.Errorf("a restart told again:\n%s", after[len(before):])
	}
	trust, err := vault.ParseTrust(filepath.Join(dir, "key", "signing.key"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := sealed.Verify(context.Background(), filepath.Join(dir, "vault"), sealed.VerifyOptions{Trust: trust})
	if err != nil || !r.OK {
		t.Errorf("the vault is not as it was sealed: %v %+v", err, r)
	}
}

// sealedOnce holds the vault to n records of others.
func sealedOnce(t *testing.T, dir string, n int) {
	t.Helper()
	r, err := sealed.NewReader(filepath.Join(dir, "vault"), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	found, own := 0, 0
	for {
		_, records, err := r.Next(context.Background())
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range records {
			if x.Source == ourSource {
				own++
			} else {
				found++
			}
		}
	}
	if found != n || own == 0 {
		t.Errorf("%d records of others are sealed, want %d; %d of its own", found, n, own)
	}
}

// TestServeRefuses names what is wrong before anything is opened.
func TestServeRefuses(t *testing.T) {
	for what, change := range map[string]func(*config.Serve){
		"can be reached from other machines": func(c *config.Serve) { c.Listeners[1].Address = "0.0.0.0:0" },
		"for this machine alone":             func(c *config.Serve) { c.Status = "0.0.0.0:0" },
		"cannot be the name of a source": func(c *config.Serve) {
			c.Sources = []config.Source{{Name: "(sekisho)", Tokens: []string{"0123456789abcdef"}}}
		},
	} {
		c := &config.Serve{Path: "serve.yaml", Data: t.TempDir(), KeyHome: t.TempDir(), Status: "off", Listeners: []config.Listener{{Kind: "udp", Address: "127.0.0.1:0"}, {Kind: "tcp", Address: "127.0.0.1:0"}}}
		change(c)
		err := Serve(context.Background(), ServeOptions{Config: c, Profile: &config.Profile{}, Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v, want %q", err, what)
		}
	}
}

// TestTwoServe holds the folder to one live system.
func TestTwoServe(t *testing.T) {
	dir := t.TempDir()
	s := serveIn(t, dir, nil)
	c := &config.Serve{Data: dir, KeyHome: filepath.Join(dir, "key"), Status: "off"}
	if err := Serve(context.Background(), ServeOptions{Config: c, Profile: &config.Profile{}, Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second one: %v", err)
	}
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}

// TestServeFollows follows a file over a stop, a rotation and a start.
func TestServeFollows(t *testing.T) {
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "auth.log")
	write := func(text string) {
		w, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		_, _ = io.WriteString(w, text)
	}
	follow := func(c *config.Serve) { c.Follow = []string{file} }
	write("one\ntwo\n")
	s := serveIn(t, dir, follow)
	s.until("it is read", func(o *ServeStatus) bool { return o.Total.Sealed == 2 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	write("three\n")
	if err := os.Rename(file, file+".1"); err != nil {
		t.Fatal(err)
	}
	write("four\n")
	s = serveIn(t, dir, follow)
	s.until("it goes on", func(o *ServeStatus) bool { return o.Total.Sealed == 2 && o.Watch.Behind == 0 && o.Open == 0 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	sealedOnce(t, dir, 4)
}
