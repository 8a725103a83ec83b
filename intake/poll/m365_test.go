// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
)

// fakeBlob is content that became available at a time, and is listed from another on.
type fakeBlob struct {
	created, listed time.Time
	ids             []string
	gone            bool
}

// cloud is a Management Activity API as it behaves: subscriptions, pages of two, blobs, refusals, a clock of its own.
type cloud struct {
	*httptest.Server
	now    time.Time
	blobs  []fakeBlob
	refuse func() int // status in place of an answer; 0: none
	next   func(page int) string
	large  bool
	asked  int
}

func newCloud(t *testing.T) *cloud {
	c := &cloud{now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.asked++
	if strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
		if r.FormValue("client_secret") != "s3cret" {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"error":"invalid_client","error_description":"the secret s3cret"}`)
			return
		}
		fmt.Fprint(w, `{"access_token":"t0ken","expires_in":3599}`)
		return
	}
	if r.Header.Get("Authorization") != "Bearer t0ken" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if c.refuse != nil {
		if status := c.refuse(); status != 0 {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(status)
			return
		}
	}
	q := r.URL.Query()
	switch {
	case strings.HasSuffix(r.URL.Path, "/start"):
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":{"code":"AF20024","message":"The subscription is already enabled."}}`)
	case strings.HasSuffix(r.URL.Path, "/content"):
		c.list(w, q.Get("startTime"), q.Get("endTime"), q.Get("page"), r.URL.RequestURI())
	default:
		n, _ := strconv.Atoi(filepath.Base(r.URL.Path))
		c.blob(w, c.blobs[n])
	}
}

func (c *cloud) list(w http.ResponseWriter, start, end, page, uri string) {
	from, err1 := time.Parse(apiTime, start)
	to, err2 := time.Parse(apiTime, end)
	if err1 != nil || err2 != nil || to.Sub(from) > 24*time.Hour || c.now.Sub(from) > 7*24*time.Hour {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":{"code":"AF20055"}}`)
		return
	}
	var found []blob
	for n, b := range c.blobs {
		if !b.created.Before(from) && b.created.Before(to) && !b.listed.After(c.now) {
			found = append(found, blob{URI: fmt.Sprintf("%s/audit/%d", c.URL, n), ID: fmt.Sprint("blob", n)})
		}
	}
	at, _ := strconv.Atoi(page)
	if c.next != nil {
		w.Header().Set("NextPageUri", c.next(at))
	} else if 2*at+2 < len(found) {
		w.Header().Set("NextPageUri", c.URL+strings.TrimSuffix(uri, "&page="+page)+"&page="+strconv.Itoa(at+1))
	}
	found = found[min(2*at, len(found)):min(2*at+2, len(found))]
	_ = json.NewEncoder(w).Encode(found)
}

func (c *cloud) blob(w http.ResponseWriter, b fakeBlob) {
	if b.gone {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":{"code":"AF20051"}}`)
		return
	}
	if c.large {
		for range 1 << 14 {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
		return
	}
	var all []map[string]string
	for _, id := range b.ids {
		all = append(all, map[string]string{"CreationTime": "2026-11-19T03:00:00", "Id": id, "Operation": "UserLoggedIn", "OrganizationId": "7a7a7a7a-0000-4000-8000-000000000000",
			"Workload": "AzureActiveDirectory", "ResultStatus": "Success", "UserId": "taro@example.jp", "ClientIP": "198.51.100.23"})
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ") // a record is a line all the same
	_ = out.Encode(all)
}

// sink keeps how often each record was sealed.
type sink struct {
	sealed map[string]int
	fail   func() error
	after  func()
	seen   func(event.Received)
}

func (s *sink) Append(_ context.Context, batch []event.Received) (event.Position, error) {
	if s.fail != nil {
		if err := s.fail(); err != nil {
			return 0, err
		}
	}
	for _, r := range batch {
		var x struct{ ID string }
		if err := json.Unmarshal(r.Data, &x); err != nil || strings.Contains(string(r.Data), "\n") {
			return 0, fmt.Errorf("%q is not one object on one line: %w", r.Data, err)
		}
		s.sealed[x.ID]++
		if s.seen != nil {
			s.seen(r)
		}
	}
	if s.after != nil {
		s.after()
	}
	return 0, nil
}

func poller(t *testing.T, c *cloud, s *sink, state string) *Poller {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := NewM365(M365Options{Tenant: "11111111-2222-3333-4444-555555555555", Client: "app", Secret: secret, Content: "Audit.General", API: c.URL, Login: c.URL})
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{Source: "m365", Vendor: v, Sink: s, State: state, Record: 64 << 10, Now: func() time.Time { return c.now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// all steps until there is nothing more to ask.
func all(t *testing.T, p *Poller) {
	t.Helper()
	for {
		more, err := p.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !more {
			return
		}
	}
}

func TestM365PagesLateAndGone(t *testing.T) {
	c, s := newCloud(t), &sink{sealed: map[string]int{}}
	for n := range 9 {
		at := c.now.Add(-time.Duration(n) * 17 * time.Hour)
		c.blobs = append(c.blobs, fakeBlob{created: at.Add(-time.Minute), listed: at, ids: []string{fmt.Sprint("a", n), fmt.Sprint("b", n), fmt.Sprint("a", n)}})
	}
	c.blobs[3].gone = true
	c.blobs = append(c.blobs, fakeBlob{created: c.now.Add(-time.Hour), listed: c.now.Add(4 * time.Hour), ids: []string{"late"}})
	p := poller(t, c, s, filepath.Join(t.TempDir(), "state"))
	all(t, p)
	if s.sealed["late"] != 0 || p.Until() != c.now {
		t.Fatalf("until %s, sealed %v", p.Until(), s.sealed)
	}
	c.now = c.now.Add(4 * time.Hour)
	all(t, p)
	for _, id := range []string{"a0", "b0", "a8", "b8", "late"} {
		if s.sealed[id] != 1 {
			t.Errorf("%s was sealed %d times", id, s.sealed[id])
		}
	}
	gaps, _ := p.Gaps()
	if len(gaps) != 1 || gaps[0].What != "blob3" || s.sealed["a3"] != 0 {
		t.Errorf("gaps %v", gaps)
	}
	if n := p.Count(); n.Offered != n.Sealed+n.Repeated+n.Unsealed || n.Sealed != 17 {
		t.Errorf("%+v", n)
	}
}

// Whatever fails, and however often the process begins anew, the bookmark is never ahead of what was sealed, and nothing is sealed twice.
func TestBookmarkNeverAhead(t *testing.T) {
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 7))
		c, s := newCloud(t), &sink{sealed: map[string]int{}}
		for n := range 60 {
			at := c.now.Add(time.Duration(r.IntN(72*60)-24*60) * time.Minute)
			c.blobs = append(c.blobs, fakeBlob{created: at, listed: at.Add(time.Duration(r.IntN(120)) * time.Minute), ids: []string{fmt.Sprint("x", n), fmt.Sprint("y", n)}})
		}
		c.refuse = func() int { return []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 429, 500, 503, 400}[r.IntN(13)] }
		s.fail = func() error { return []error{nil, nil, nil, nil, errors.New("disk full")}[r.IntN(5)] }
		path := filepath.Join(t.TempDir(), "state")
		p := poller(t, c, s, path)
		for step := range 400 {
			if step == 350 {
				c.refuse, s.fail = nil, nil
			}
			if r.IntN(4) == 0 {
				c.now = c.now.Add(time.Duration(r.IntN(90)) * time.Minute)
			}
			if r.IntN(5) == 0 {
				p = poller(t, c, s, path)
			}
			_, err := p.Step(t.Context())
			var disk state
			if _, err := disk.read(path); err != nil {
				t.Fatal(err)
			}
			for n, b := range c.blobs {
				if slices.ContainsFunc(disk.Owed, func(o Owed) bool { return o.What == fmt.Sprint("blob", n) }) {
					continue // was refused, and is known to be owed
				}
				// What was listed when the last question was answered in full must be there.
				if err == nil && b.created.Before(disk.Until) && !b.listed.After(disk.Until) && (s.sealed[b.ids[0]] != 1 || s.sealed[b.ids[1]] != 1) {
					t.Fatalf("seed %d, step %d: the bookmark %s is ahead of %s, sealed %d", seed, step, disk.Until, b.ids, s.sealed[b.ids[0]])
				}
			}
		}
		c.now = c.now.Add(owedMostWait)
		all(t, p)
		for _, b := range c.blobs {
			if !b.created.Before(p.Until()) || b.listed.After(c.now) {
				continue
			}
			for _, id := range b.ids {
				if n := s.sealed[id]; n != 1 {
					t.Errorf("seed %d: %s was sealed %d times", seed, id, n)
				}
			}
		}
		if n := len(p.Owed()); n != 0 {
			t.Errorf("seed %d: %d pieces are still owed", seed, n)
		}
	}
}

// A process that ends between the seal and the bookmark loses nothing. What it had sealed last is sealed again, the same bytes: the vault's
// readers have to count that once.
func TestKilledBeforeBookmark(t *testing.T) {
	c, s := newCloud(t), &sink{sealed: map[string]int{}}
	for n := range 6 {
		at := c.now.Add(-time.Duration(n+1) * time.Hour)
		c.blobs = append(c.blobs, fakeBlob{created: at, listed: at, ids: []string{fmt.Sprint("k", n)}})
	}
	path := filepath.Join(t.TempDir(), "state")
	left := 3
	s.after = func() {
		if left--; left == 0 {
			panic("killed")
		}
	}
	func() {
		defer func() { _ = recover() }()
		all(t, poller(t, c, s, path))
	}()
	all(t, poller(t, c, s, path))
	twice := 0
	for n := range 6 {
		switch s.sealed[fmt.Sprint("k", n)] {
		case 1:
		case 2:
			twice++
		default:
			t.Errorf("k%d was sealed %d times", n, s.sealed[fmt.Sprint("k", n)])
		}
	}
	if twice != 1 {
		t.Errorf("%d pages were sealed twice, not the last alone", twice)
	}
}

func TestOutageLongerThanKept(t *testing.T) {
	c, s := newCloud(t), &sink{sealed: map[string]int{}}
	path := filepath.Join(t.TempDir(), "state")
	p := poller(t, c, s, path)
	all(t, p)
	was := p.Until()
	c.now = c.now.Add(10 * 24 * time.Hour)
	p = poller(t, c, s, path)
	all(t, p)
	gaps, _ := poller(t, c, s, path).Gaps()
	if len(gaps) != 1 || !gaps[0].From.Equal(was) || gaps[0].To.Sub(was) != 3*24*time.Hour+edge {
		t.Errorf("gaps %v", gaps)
	}
}

// An answer that names another host gets no token there.
func TestTokenStaysHome(t *testing.T) {
	var visits atomic.Int64
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits.Add(1) }))
	defer thief.Close()
	c, s := newCloud(t), &sink{sealed: map[string]int{}}
	c.next = func(int) string { return thief.URL + "/page" }
	p := poller(t, c, s, filepath.Join(t.TempDir(), "state"))
	until := p.Until()
	if _, err := p.Step(t.Context()); err == nil || !strings.Contains(err.Error(), "nobody gets the token") {
		t.Errorf("the error is %v", err)
	}
	redirect := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusTemporaryRedirect))
	defer redirect.Close()
	home, err := newClient(redirect.URL)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := home.do(t.Context(), http.MethodGet, home.base, "t0ken", nil); err == nil {
		t.Error("a redirection was taken for an answer")
	}
	for _, at := range []string{thief.URL, "https://" + home.host + "/", "http://" + home.host + "@example.com/", "//example.com/", "/path"} {
		if got, err := home.own(at); err == nil {
			t.Errorf("%s was taken for %s", at, got)
		}
	}
	if _, err := newClient("http://manage.example.com"); err == nil {
		t.Error("a secret would go in the clear")
	}
	if visits.Load() != 0 || p.Until() != until {
		t.Errorf("%d requests reached the other host", visits.Load())
	}
}

func TestHostileAnswers(t *testing.T) {
	c, s := newCloud(t), &sink{sealed: map[string]int{}}
	c.next = func(page int) string { return c.URL + "/content?page=" + strconv.Itoa(page) }
	p := poller(t, c, s, filepath.Join(t.TempDir(), "state"))
	until := p.Until()
	if _, err := p.Step(t.Context()); err == nil {
		t.Error("an endless list ended")
	}
	c.next, c.large = nil, true
	at := until.Add(time.Hour)
	c.blobs = []fakeBlob{{created: at, listed: at}}
	_, err := p.Step(t.Context())
	if owed := p.Owed(); err != nil || len(owed) != 1 || !strings.Contains(owed[0].Why, "longer than") {
		t.Errorf("of a body of 1 GiB: %v, %v", err, owed)
	}
	until = p.Until()
	c.large, c.refuse = false, func() int { return http.StatusTooManyRequests }
	var slow *Slow
	if _, err := p.Step(t.Context()); !errors.As(err, &slow) || slow.After != 7*time.Second {
		t.Errorf("of 429: %v", err)
	}
	if p.Until() != until {
		t.Error("the bookmark moved")
	}
}

// An error does not repeat the secret, though the service does.
func TestSecretsStaySecret(t *testing.T) {
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusUnauthorized)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_client", "error_description": string(body)})
	}))
	defer echo.Close()
	_, err := poller(t, &cloud{Server: echo, now: time.Now()}, &sink{}, filepath.Join(t.TempDir(), "state")).Step(t.Context())
	if err == nil || strings.Contains(err.Error(), "s3cret") || !strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("the error is %v", err)
	}
}

// What is handed on is what the format of the audit log reads.
func TestM365IsRecognised(t *testing.T) {
	c, s := newCloud(t), &sink{sealed: map[string]int{}}
	at := c.now.Add(-time.Hour)
	c.blobs = []fakeBlob{{created: at, listed: at, ids: []string{"aaaa0000-0000-4000-8000-000000000001"}}}
	var data []byte
	s.seen = func(r event.Received) { data = append(data, r.Data...) }
	all(t, poller(t, c, s, filepath.Join(t.TempDir(), "state")))
	best, found := 0.0, ""
	for _, f := range formats.All() {
		if f.Sniff == nil {
			continue
		}
		if score := f.Sniff(data); score > best {
			best, found = score, f.Name
		}
	}
	if found != "m365-audit" {
		t.Errorf("%s is taken for %q", data, found)
	}
}
