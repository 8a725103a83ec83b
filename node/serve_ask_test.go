// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
)

// fakeTenant is a Management Activity API with one blob of two records: a rule in a mailbox that sends mail on and hides it, and a login.
type fakeTenant struct {
	*httptest.Server
	at     time.Time
	broken atomic.Bool
}

func newFakeTenant(t *testing.T) *fakeTenant {
	f := &fakeTenant{at: time.Now().UTC().Add(-time.Hour)}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	return f
}

func (f *fakeTenant) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const day = "2006-01-02T15:04:05"
	switch {
	case f.broken.Load():
		w.WriteHeader(http.StatusInternalServerError)
	case strings.HasSuffix(r.URL.Path, "/token"):
		fmt.Fprint(w, `{"access_token":"t0ken","expires_in":3599}`)
	case strings.HasSuffix(r.URL.Path, "/start"):
		fmt.Fprint(w, `{"status":"enabled"}`)
	case strings.HasSuffix(r.URL.Path, "/content"):
		from, _ := time.Parse(day, r.FormValue("startTime"))
		to, _ := time.Parse(day, r.FormValue("endTime"))
		if f.at.Before(from) || !f.at.Before(to) {
			fmt.Fprint(w, "[]")
			return
		}
		fmt.Fprintf(w, `[{"contentUri":"%s/audit/1","contentId":"1"}]`, f.URL)
	default:
		at := f.at.Format(day)
		fmt.Fprintf(w, `[{"CreationTime":"%s","Id":"aaaa0000-0000-4000-8000-000000000009","Operation":"New-InboxRule","RecordType":1,"Workload":"Exchange","UserId":"taro@lab.example","OrganizationId":"7a7a7a7a-0000-4000-8000-000000000000","UserType":0,"Version":1,"ClientIP":"203.0.113.23:6123","ResultStatus":"True","ObjectId":"taro","Parameters":[{"Name":"Name","Value":"."},{"Name":"ForwardTo","Value":"drop@example.net"},{"Name":"DeleteMessage","Value":"True"}]},
{"CreationTime":"%s","Id":"aaaa0000-0000-4000-8000-000000000010","Operation":"UserLoggedIn","RecordType":15,"Workload":"AzureActiveDirectory","UserId":"taro@lab.example","OrganizationId":"7a7a7a7a-0000-4000-8000-000000000000","UserType":0,"Version":1,"ClientIP":"203.0.113.23","ResultStatus":"Success"}]`, at, at)
	}
}

// TestServeAsks holds that a cloud is asked, that what it gives is sealed, counted and watched, once over a restart, and again where the bookmark
// was lost between seal and writing, but then counted once; and that a cloud that does not answer is told.
func TestServeAsks(t *testing.T) {
	f := newFakeTenant(t)
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	start := func() *served {
		return serveIn(t, data, func(c *config.Serve) {
			const id = "7a7a7a7a-0000-4000-8000-000000000000"
			c.Ask = []config.Ask{{Name: "m365", Every: 50 * time.Millisecond, M365: &config.AskM365{Tenant: id, Client: id, Secret: secret, Content: []string{"Audit.Exchange"}, API: f.URL, Login: f.URL}}}
		})
	}
	read := func(o *ServeStatus) bool {
		return len(o.Asked) == 1 && o.Watch.Behind == 0 && time.Since(o.Asked[0].Until) < time.Minute
	}
	s := start()
	o := s.until("the rule is found", func(o *ServeStatus) bool { return read(o) && o.Findings > 0 })
	if o.Total.Sealed != 2 || o.Watch.Parsed != 2 || o.Open != 0 || o.Total.Open() != 0 {
		t.Errorf("%+v", o)
	}
	if !strings.Contains(s.get("/metrics"), `sekisho_asked_failing{source="m365",content="Audit.Exchange"} 0`) {
		t.Error("the metrics do not name the cloud")
	}
	f.broken.Store(true)
	s.until("it is told that it does not answer", func(o *ServeStatus) bool { return o.Asked[0].Problem != "" })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if log := s.log.String(); strings.Contains(log, "s3cret") || strings.Contains(log, "t0ken") {
		t.Error("a secret is in the log")
	}
	f.broken.Store(false)
	s = start()
	if o := s.until("it was asked again", read); o.Total.Sealed != 0 {
		t.Errorf("after a restart %d are sealed", o.Total.Sealed)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	// The process was killed after the seal and before the bookmark was written.
	if err := os.RemoveAll(filepath.Join(data, "ask")); err != nil {
		t.Fatal(err)
	}
	s = start()
	s.until("what it gave again is known again", func(o *ServeStatus) bool { return read(o) && o.Total.Sealed == 2 && o.Watch.Duplicates == 2 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	found := newFindingStates()
	if err := found.readFile(filepath.Join(data, findingsName)); err != nil {
		t.Fatal(err)
	}
	if n := found.standing(); n != 1 {
		t.Errorf("%d findings stand", n)
	}
}
