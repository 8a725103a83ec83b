// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
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
	s.until("what it gave again is known again", func(o *ServeStatus) bool { return read(o) && o.Total.Sealed == 2 && once(o) == 2 })
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

// once counts what came again and counts no more: as what was sent again, where it came some seconds after the first, or as events given twice.
func once(o *ServeStatus) int64 { return int64(o.Watch.Repeated) + int64(o.Watch.Duplicates) }

// fakeLists is Microsoft Graph with one sign-in and one consent, and Google's Reports API with one login.
func fakeLists(t *testing.T, at time.Time) *httptest.Server {
	in := func(text string, layout string) bool {
		when, err := time.Parse(layout, text)
		return err == nil && at.Before(when)
	}
	f := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		filter := strings.Fields(r.FormValue("$filter"))
		switch {
		case strings.HasSuffix(r.URL.Path, "/token"):
			fmt.Fprint(w, `{"access_token":"t0ken","expires_in":3599}`)
		case r.Header.Get("Authorization") != "Bearer t0ken":
			w.WriteHeader(http.StatusUnauthorized)
		case len(filter) == 7 && (in(filter[2], time.RFC3339) || !in(filter[6], time.RFC3339)):
			fmt.Fprint(w, `{"value":[]}`)
		case strings.HasSuffix(r.URL.Path, "/auditLogs/signIns"):
			fmt.Fprintf(w, `{"value":[{"id":"5e0c1d2f-aaaa-4bbb-8ccc-000000000001","createdDateTime":"%s","userPrincipalName":"taro@lab.example","appId":"a","ipAddress":"203.0.113.23","status":{"errorCode":0}}]}`, at.Format(time.RFC3339))
		case strings.HasSuffix(r.URL.Path, "/auditLogs/directoryAudits"):
			fmt.Fprintf(w, `{"value":[{"id":"Directory_1","activityDateTime":"%s","activityDisplayName":"Consent to application","result":"success","initiatedBy":{"user":{"userPrincipalName":"taro@lab.example"}},"targetResources":[]}]}`, at.Format(time.RFC3339))
		case in(r.FormValue("startTime"), time.RFC3339) || !in(r.FormValue("endTime"), time.RFC3339):
			fmt.Fprint(w, `{"kind":"admin#reports#activities"}`)
		default:
			fmt.Fprintf(w, `{"items":[{"kind":"admin#reports#activity","id":{"time":"%s","uniqueQualifier":"7","applicationName":"login","customerId":"C01"},"actor":{"email":"taro@lab.example"},"ipAddress":"203.0.113.23","events":[{"type":"login","name":"login_success"}]}]}`, at.Format(time.RFC3339))
		}
	}))
	t.Cleanup(f.Close)
	return f
}

// TestServeAsksLists holds that Microsoft Graph and Google Workspace are asked, each log with a bookmark of its own, and that what they give
// is understood, counted and sealed once, again after the bookmarks were lost, and then counted once.
func TestServeAsksLists(t *testing.T) {
	f := fakeLists(t, time.Now().UTC().Add(-time.Hour).Truncate(time.Second))
	dir := t.TempDir()
	secret, key := filepath.Join(dir, "secret"), filepath.Join(dir, "key.json")
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	account, err := json.Marshal(map[string]string{"client_email": "s@lab.example", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))})
	if err = errors.Join(err, os.WriteFile(secret, []byte("s3cret\n"), 0o600), os.WriteFile(key, account, 0o600)); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "data")
	start := func() *served {
		return serveIn(t, data, func(c *config.Serve) {
			const id = "7a7a7a7a-0000-4000-8000-000000000000"
			c.Ask = []config.Ask{{Name: "entra", Every: 50 * time.Millisecond, Graph: &config.AskGraph{Tenant: id, Client: id, Secret: secret, Content: []string{"signIns", "directoryAudits"}, API: f.URL, Login: f.URL}},
				{Name: "google", Every: 50 * time.Millisecond, Google: &config.AskGoogle{Key: key, Admin: "admin@lab.example", Applications: []string{"login"}, API: f.URL, Login: f.URL}}}
		})
	}
	read := func(o *ServeStatus) bool {
		for _, a := range o.Asked {
			if time.Since(a.Until) > time.Minute {
				return false
			}
		}
		return len(o.Asked) == 3 && o.Watch.Behind == 0
	}
	s := start()
	o := s.until("all logs were read", func(o *ServeStatus) bool { return read(o) && o.Watch.Parsed == 3 })
	if o.Total.Sealed != 3 || o.Watch.Unparsed != 0 || o.Open != 0 || o.Total.Open() != 0 {
		t.Errorf("%+v", o)
	}
	for _, want := range []string{`{source="entra",content="signIns"} 0`, `{source="entra",content="directoryAudits"} 0`, `{source="google",content="login"} 0`} {
		if !strings.Contains(s.get("/metrics"), "sekisho_asked_failing"+want) {
			t.Errorf("the metrics do not name %s", want)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if log := s.log.String(); strings.Contains(log, "s3cret") || strings.Contains(log, "t0ken") || strings.Contains(log, "PRIVATE") {
		t.Error("a secret is in the log")
	}
	if err := os.RemoveAll(filepath.Join(data, "ask")); err != nil {
		t.Fatal(err)
	}
	s = start()
	s.until("what it gave again is known again", func(o *ServeStatus) bool { return read(o) && o.Total.Sealed == 3 && once(o) == 3 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
}
