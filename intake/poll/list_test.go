// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
)

// happening is a record of a cloud that lists records by the time of what happened, and shows them later.
type happening struct {
	id       string
	at, from time.Time // happened; is shown from then on
}

// question is what a request to a list says.
type question struct {
	from, to time.Time
	page     int
}

// skin is how one vendor's lists are asked and answered.
type skin struct {
	kept  time.Duration
	token func(l *lists, r *http.Request) bool // whether it is one for a token, and rightly signed
	ask   func(r *http.Request) (question, error)
	write func(l *lists, w http.ResponseWriter, r *http.Request, found []happening, next int) // next: the page, 0: none
	slow  func(w http.ResponseWriter)
	make  func(t *testing.T, l *lists) Vendor
	open  func(v Vendor) *session
	name  string // of the format
}

// lists is a cloud that answers with lists, two to a page, the newest first. It has a clock of its own.
type lists struct {
	*httptest.Server
	skin
	now    time.Time
	all    []happening
	refuse func() int // status in place of an answer; 0: none
	good   int        // answers for which a token is taken; 0: all
	left   int
	tokens int
	asked  int
	mode   string // endless, elsewhere, large
	stray  string
}

func newLists(t *testing.T, s skin) *lists {
	l := &lists{skin: s, now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	l.Server = httptest.NewServer(l)
	t.Cleanup(l.Close)
	return l
}

func (l *lists) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/token") {
		if !l.token(l, r) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":"invalid_grant","error_description":"s3cret"}`)
			return
		}
		l.tokens++
		l.left = l.good
		fmt.Fprintf(w, `{"access_token":"t0ken%d","expires_in":3599,"token_type":"Bearer"}`, l.tokens)
		return
	}
	l.asked++
	if r.Header.Get("Authorization") != fmt.Sprintf("Bearer t0ken%d", l.tokens) || l.good > 0 && l.left == 0 {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	l.left--
	if l.refuse != nil {
		switch status := l.refuse(); status {
		case 0:
		case http.StatusTooManyRequests:
			l.slow(w)
			return
		default:
			w.WriteHeader(status)
			return
		}
	}
	l.list(w, r)
}

func (l *lists) list(w http.ResponseWriter, r *http.Request) {
	q, err := l.ask(r)
	if err != nil || q.to.Before(q.from) || l.now.Sub(q.from) > l.kept {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if l.mode == "large" {
		for range 1 << 14 {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
		return
	}
	var found []happening
	for _, h := range l.all {
		if !h.at.Before(q.from) && !h.at.After(q.to) && !h.from.After(l.now) {
			found = append([]happening{h}, found...)
		}
	}
	next := 0
	if 2*q.page+2 < len(found) || l.mode != "" {
		next = q.page + 1
	}
	l.write(l, w, r, found[min(2*q.page, len(found)):min(2*q.page+2, len(found))], next)
}

// listed keeps how often each record was sealed, by its name.
type listed struct {
	sealed map[string]int
	data   []byte
	fail   func() error
	after  func()
}

func (s *listed) Append(_ context.Context, batch []event.Received) (event.Position, error) {
	if s.fail != nil {
		if err := s.fail(); err != nil {
			return 0, err
		}
	}
	for _, r := range batch {
		var x struct{ ID json.RawMessage }
		var google struct{ UniqueQualifier string }
		if err := json.Unmarshal(r.Data, &x); err != nil || strings.Contains(string(r.Data), "\n") {
			return 0, fmt.Errorf("%q is not one object on one line: %w", r.Data, err)
		}
		id := strings.Trim(string(x.ID), `"`)
		if json.Unmarshal(x.ID, &google) == nil {
			id = google.UniqueQualifier
		}
		s.sealed[id]++
		s.data = append([]byte{}, r.Data...)
	}
	if s.after != nil {
		s.after()
	}
	return 0, nil
}

func (l *lists) poller(t *testing.T, s Sink, state string) *Poller {
	t.Helper()
	v := l.make(t, l)
	l.open(v).pause = func(context.Context, time.Duration) error { return nil }
	p, err := New(Options{Source: "cloud", Vendor: v, Sink: s, State: state, Record: 64 << 10, Now: func() time.Time { return l.now }})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// skins are the vendors whose lists are asked.
func skins(t *testing.T) map[string]skin {
	return map[string]skin{"google": googleSkin(rsaKey(t)),
		"graph sign-ins":        graphSkin("signIns", "/v1.0/auditLogs/signIns", "createdDateTime", "", "entra-signin", 30*day),
		"graph background":      graphSkin("nonInteractiveSignIns", "/beta/auditLogs/signIns", "createdDateTime", "nonInteractiveUser", "entra-signin", 30*day),
		"graph directoryAudits": graphSkin("directoryAudits", "/v1.0/auditLogs/directoryAudits", "activityDateTime", "", "entra-audit", 7*day)}
}

// each runs a test for each vendor whose lists are asked.
func each(t *testing.T, test func(*testing.T, *lists, *listed, string)) {
	for name, s := range skins(t) {
		t.Run(name, func(t *testing.T) {
			test(t, newLists(t, s), &listed{sealed: map[string]int{}}, filepath.Join(t.TempDir(), "state"))
		})
	}
}

// All pages are read, what is given twice is sealed once, and what is shown late is found: within the overlap by the next question, later by
// one that goes further back.
func TestListsPagesAndLate(t *testing.T) {
	each(t, func(t *testing.T, l *lists, s *listed, state string) {
		for n := range 11 {
			at := l.now.Add(time.Duration(n-10) * 13 * time.Hour)
			l.all = append(l.all, happening{fmt.Sprint("1", n), at, at}, happening{fmt.Sprint("1", n), at, at})
		}
		soon, late := l.now.Add(2*time.Hour), l.now.Add(20*time.Hour)
		l.all = append(l.all, happening{"77", l.now.Add(-time.Minute), soon}, happening{"78", l.now.Add(-time.Minute), late})
		p := l.poller(t, s, state)
		all(t, p)
		if s.sealed["77"] != 0 || p.Until() != l.now {
			t.Fatalf("until %s, sealed %v", p.Until(), s.sealed)
		}
		for range 100 {
			l.now = l.now.Add(15 * time.Minute)
			all(t, p)
			if n := s.sealed["77"]; n != 0 != !l.now.Before(soon) {
				t.Fatalf("at %s, shown from %s on: sealed %d times", l.now, soon, n)
			}
		}
		want := map[string]int{"77": 1, "78": 1}
		for n := range 11 {
			want[fmt.Sprint("1", n)] = 1
		}
		if !maps.Equal(s.sealed, want) {
			t.Errorf("sealed %v", s.sealed)
		}
		if n := p.Count(); n.Offered != n.Sealed+n.Repeated+n.Unsealed || n.Sealed != 13 {
			t.Errorf("%+v", n)
		}
	})
}

// Whatever fails, and however often the process begins anew, the bookmark is never ahead of what was sealed, and nothing is sealed twice.
func TestListsBookmarkNeverAhead(t *testing.T) {
	each(t, func(t *testing.T, l *lists, s *listed, path string) {
		r := rand.New(rand.NewPCG(7, 7))
		for n := range 60 {
			at := l.now.Add(time.Duration(r.IntN(72*60)-24*60) * time.Minute)
			l.all = append(l.all, happening{fmt.Sprint("5", n), at, at.Add(time.Duration(r.IntN(120)) * time.Minute)})
		}
		l.good = 7
		l.refuse = func() int { return []int{0, 0, 0, 0, 0, 0, 0, 0, 0, 429, 500, 503, 400}[r.IntN(13)] }
		s.fail = func() error { return []error{nil, nil, nil, nil, errors.New("disk full")}[r.IntN(5)] }
		p := l.poller(t, s, path)
		for step := range 160 {
			if step == 130 {
				l.refuse, s.fail = nil, nil
			}
			if r.IntN(4) == 0 {
				l.now = l.now.Add(time.Duration(r.IntN(90)) * time.Minute)
			}
			if r.IntN(5) == 0 {
				p = l.poller(t, s, path)
			}
			_, err := p.Step(t.Context())
			var disk state
			if _, err := disk.read(path); err != nil {
				t.Fatal(err)
			}
			for _, h := range l.all {
				if err == nil && h.at.Before(disk.Until) && !h.from.After(disk.Until) && s.sealed[h.id] != 1 {
					t.Fatalf("step %d: the bookmark %s is ahead of %v, sealed %d times", step, disk.Until, h, s.sealed[h.id])
				}
			}
		}
		for id, n := range s.sealed {
			if n != 1 {
				t.Errorf("%s was sealed %d times", id, n)
			}
		}
	})
}

// A process that ends between the seal and the bookmark loses nothing. What it had sealed last is sealed again, and its own name lets the
// watch count it once.
func TestListsKilled(t *testing.T) {
	each(t, func(t *testing.T, l *lists, s *listed, state string) {
		for n := range 7 {
			at := l.now.Add(-time.Duration(n+1) * time.Hour)
			l.all = append(l.all, happening{fmt.Sprint("3", n), at, at})
		}
		left := 2
		s.after = func() {
			if left--; left == 0 {
				panic("killed")
			}
		}
		func() {
			defer func() { _ = recover() }()
			all(t, l.poller(t, s, state))
		}()
		all(t, l.poller(t, s, state))
		twice := 0
		for _, h := range l.all {
			switch s.sealed[h.id] {
			case 1:
			case 2:
				twice++
			default:
				t.Errorf("%s was sealed %d times", h.id, s.sealed[h.id])
			}
		}
		if twice > 2 || len(s.sealed) != 7 {
			t.Errorf("%d were sealed twice, more than the last page", twice)
		}
	})
}

// A token that runs out between two pages is replaced, and a vendor that is asked too often is waited for, without asking anew.
func TestListsGoOn(t *testing.T) {
	each(t, func(t *testing.T, l *lists, s *listed, state string) {
		for n := range 40 {
			at := l.now.Add(-time.Duration(n+1) * time.Minute)
			l.all = append(l.all, happening{fmt.Sprint("4", n), at, at})
		}
		l.good = 3
		answers := 0
		l.refuse = func() int {
			if answers++; answers%4 == 0 {
				return http.StatusTooManyRequests
			}
			return 0
		}
		all(t, l.poller(t, s, state))
		if len(s.sealed) != 40 || l.tokens < 5 {
			t.Errorf("%d are sealed, with %d tokens", len(s.sealed), l.tokens)
		}
		// Somebody who always says so ends the question, and says when to ask again.
		l.refuse = func() int { return http.StatusTooManyRequests }
		l.now = l.now.Add(time.Hour)
		before := l.asked
		var slow *Slow
		if _, err := l.poller(t, s, state).Step(t.Context()); !errors.As(err, &slow) || l.asked-before > 2*(maxPauses+2) {
			t.Errorf("%v after %d requests", err, l.asked-before)
		}
	})
}

func TestListsHostile(t *testing.T) {
	each(t, func(t *testing.T, l *lists, s *listed, state string) {
		visits := 0
		thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { visits++ }))
		defer thief.Close()
		l.stray = thief.URL
		p := l.poller(t, s, state)
		until := p.Until()
		for mode, want := range map[string]string{"endless": "does not end", "elsewhere": "nobody gets the token", "large": "longer than"} {
			if l.mode = mode; mode == "elsewhere" && l.name == "google-workspace" {
				continue // gives no addresses
			}
			if _, err := p.Step(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("of %s: %v", mode, err)
			}
		}
		if visits != 0 || p.Until() != until {
			t.Errorf("%d requests reached the other host; the bookmark is %s", visits, p.Until())
		}
	})
}

// What is handed on is what the vendor's format reads, and the event has an identity of its own.
func TestListsAreRecognised(t *testing.T) {
	each(t, func(t *testing.T, l *lists, s *listed, state string) {
		at := l.now.Add(-time.Hour)
		l.all = []happening{{"-4242", at, at}}
		all(t, l.poller(t, s, state))
		best := formats.Format{}
		score := 0.0
		for _, f := range formats.All() {
			if f.Sniff != nil && f.Sniff(s.data) > score {
				best, score = f, f.Sniff(s.data)
			}
		}
		if best.Name != l.name {
			t.Fatalf("%s is taken for %q", s.data, best.Name)
		}
		var out event.Batch
		p := best.New(&formats.Env{Clock: &formats.Clock{Zone: time.UTC, Year: 2026}, Intern: formats.NewInterner()})
		if err := p.Parse(&event.Record{Data: s.data}, &out); err != nil || len(out.Events) != 1 {
			t.Fatalf("%v: %d events", err, len(out.Events))
		}
		if ev := &out.Events[0]; !ev.Unique || ev.Account != "taro@example.jp" || ev.SrcIP.String() != "198.51.100.23" || ev.Time != event.Of(at) {
			t.Errorf("%+v", ev)
		}
	})
}
