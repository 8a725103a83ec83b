// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
)

// TestServeReloads reads the configuration anew while records come: none is lost, what can change changes, a wrong one is refused, and what
// needs a restart is named.
func TestServeReloads(t *testing.T) {
	told := make(chan string, 1000)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		told <- string(b)
	}))
	defer hook.Close()
	dir := t.TempDir()
	ask := make(chan struct{})
	var now *config.Serve
	var profile *config.Profile
	var mistake error
	s := serveWith(t, filepath.Join(dir, "data"), func(c *config.Serve) { c.Org = "serve_reload_test.go"; now = c }, func(o *ServeOptions) {
		profile = o.Profile
		o.Reload = ask
		o.Read = func() (*config.Serve, *config.Profile, error) { return now, profile, mistake }
	})
	c, err := net.Dial("tcp", s.at["tcp"])
	if err != nil {
		t.Fatal(err)
	}
	sent := 0
	send := func(n int) {
		for range n {
			sent++
			fmt.Fprintf(c, "<38>1 %s mon1 sshd 81 - - Server listening on 0.0.0.0 port %d.\n", time.Now().UTC().Format(time.RFC3339Nano), sent)
		}
	}
	change := func(f func(*config.Serve)) {
		next := *now
		f(&next)
		now = &next
	}
	for i := range 5 {
		send(200)
		ask <- struct{}{}
		send(200)
		s.until("it was read anew", func(o *ServeStatus) bool { return o.Reloads.Taken == int64(i+1) })
	}
	mistake = errors.New("serve.yaml:3: notify: a mistake")
	ask <- struct{}{}
	o := s.until("a mistake is refused", func(o *ServeStatus) bool { return o.Reloads.Refused == 1 })
	if o.Reloads.Problem != mistake.Error() || o.Reloads.Taken != 5 || !o.Healthy {
		t.Errorf("%+v", o.Reloads)
	}
	mistake = nil
	change(func(c *config.Serve) {
		c.Webhook = hook.URL
		c.Memory = 1 << 30
		c.Sources = []config.Source{{Name: "shipper", Tokens: []string{"0123456789abcdef"}}}
	})
	ask <- struct{}{}
	if o := s.until("it was read anew", func(o *ServeStatus) bool { return o.Reloads.Taken == 6 }); len(o.Reloads.Restart) != 1 || o.Reloads.Restart[0] != "limits" {
		t.Errorf("%+v", o.Reloads)
	}
	a, err := http.Post("http://"+s.at["http"]+"/ingest", "text/plain", strings.NewReader("a stranger\n"))
	if err != nil {
		t.Fatal(err)
	}
	a.Body.Close()
	if a.StatusCode/100 != 4 {
		t.Errorf("a stranger is answered %d", a.StatusCode)
	}
	_, _ = io.WriteString(c, guesses(time.Now().Add(-time.Hour))) // a connection that stays keeps its name
	sent += 401
	c.Close()
	s.until("everything is sealed and read", func(o *ServeStatus) bool {
		return o.Total.Sealed == int64(sent) && o.Watch.Behind == 0 && o.Total.Open() == 0 && o.Open == 0
	})
	s.until("findings are told to who came later", func(o *ServeStatus) bool { return o.Told.Sent > 0 })
	if first := <-told; !strings.Contains(first, "203.0.113.7") {
		t.Errorf("told: %s", first)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	sealedOnce(t, filepath.Join(dir, "data"), sent)
}
