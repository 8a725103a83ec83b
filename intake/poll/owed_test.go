// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stubborn refuses some blobs of a cloud, and nothing else.
type stubborn struct {
	c      *cloud
	refuse func(path string) bool
	asked  int
}

func (s *stubborn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.Contains(r.URL.Path, "/audit/") && s.refuse(r.URL.Path) {
		s.asked++
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	s.c.ServeHTTP(w, r)
}

// A blob that is refused again and again does not keep back what came later. It is asked for over restarts, and sealed once when it is
// given; one that never is, is a gap when Microsoft keeps it no more.
func TestRefusedPieceIsOwed(t *testing.T) {
	c, s := newCloud(t), &sink{sealed: map[string]int{}}
	first := c.now
	for n := range 4 {
		at := c.now.Add(time.Duration(n-10) * time.Hour)
		c.blobs = append(c.blobs, fakeBlob{created: at, listed: at, ids: []string{fmt.Sprint("r", n)}})
	}
	given := false
	hard := &stubborn{c: c, refuse: func(path string) bool {
		return strings.HasSuffix(path, "/1") && !given || strings.HasSuffix(path, "/2")
	}}
	c.Config.Handler = hard
	path := filepath.Join(t.TempDir(), "state")
	p := poller(t, c, s, path)
	all(t, p)
	if p.Until() != c.now || len(p.Owed()) != 2 || s.sealed["r3"] != 1 || s.sealed["r1"] != 0 {
		t.Fatalf("until %s, owed %v, sealed %v", p.Until(), p.Owed(), s.sealed)
	}
	// Long after the overlap.
	for c.now.Sub(first) < 2*24*time.Hour {
		c.now = c.now.Add(time.Hour)
		p = poller(t, c, s, path)
		all(t, p)
	}
	if hard.asked < 10 || hard.asked > 60 {
		t.Errorf("two blobs were asked for %d times in two days", hard.asked)
	}
	given = true
	c.now = c.now.Add(owedMostWait)
	p = poller(t, c, s, path)
	all(t, p)
	all(t, p)
	if s.sealed["r1"] != 1 || len(p.Owed()) != 1 {
		t.Errorf("sealed %v, owed %v", s.sealed, p.Owed())
	}
	for c.now.Sub(first) < 8*24*time.Hour {
		c.now = c.now.Add(3 * time.Hour)
		all(t, p)
	}
	gaps, _ := p.Gaps()
	if len(p.Owed()) != 0 || len(gaps) != 1 || gaps[0].What != "blob2" || !strings.Contains(gaps[0].Why, "500") || s.sealed["r2"] != 0 {
		t.Errorf("owed %v, gaps %v", p.Owed(), gaps)
	}
	for _, id := range []string{"r0", "r1", "r3"} {
		if s.sealed[id] != 1 {
			t.Errorf("%s was sealed %d times", id, s.sealed[id])
		}
	}
}

// Where hardly anything is given, that is no matter of single pieces: the bookmark stays.
func TestTooManyRefused(t *testing.T) {
	c, s := newCloud(t), &sink{sealed: map[string]int{}}
	at := c.now.Add(-7*24*time.Hour + time.Hour)
	for n := range maxOwed + 1 {
		c.blobs = append(c.blobs, fakeBlob{created: at, listed: at, ids: []string{fmt.Sprint("t", n)}})
	}
	down := true
	c.Config.Handler = &stubborn{c: c, refuse: func(string) bool { return down }}
	p := poller(t, c, s, filepath.Join(t.TempDir(), "state"))
	until := p.Until()
	if _, err := p.Step(t.Context()); err == nil || p.Until() != until || len(p.Owed()) != maxOwed {
		t.Errorf("%v; until %s, %d are owed", err, p.Until(), len(p.Owed()))
	}
	down = false
	all(t, p)
	if len(s.sealed) != maxOwed+1 || len(p.Owed()) != 0 {
		t.Errorf("%d are sealed, %d owed", len(s.sealed), len(p.Owed()))
	}
}
