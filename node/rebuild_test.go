// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
	"github.com/sekisho/sekisho/vault/sealed"
)

func rebuildIn(t *testing.T, dir, out string) *Rebuilt { return rebuildAfter(t, dir, out, 0) }

func rebuildAfter(t *testing.T, dir, out string, after time.Duration) *Rebuilt {
	t.Helper()
	c := &config.Serve{Path: "serve.yaml", Data: dir, KeyHome: filepath.Join(dir, "key")}
	p := &config.Profile{Networks: []config.Network{{Name: "own", Ranges: []netip.Prefix{netip.MustParsePrefix("192.168.0.0/16")}, Own: config.Yes}}}
	r, err := Rebuild(context.Background(), RebuildOptions{Config: c, Profile: p, Version: "test", Log: slog.New(slog.DiscardHandler), Out: out, issue: time.Second, after: after})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRebuild makes again what a live system found over two runs and two receivers, with nothing but the vault: the findings are the same, and a live system that is
// given them goes on from there and tells nothing again.
func TestRebuild(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := serveIn(t, dir, nil)
	text := guesses(time.Now().Add(-time.Hour))
	c, err := net.Dial("tcp", s.at["tcp"])
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(c, text)
	c.Close()
	s.until("findings are told", func(o *ServeStatus) bool { return o.Findings > 0 && o.Watch.Behind == 0 && o.Watch.Events > 400 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	s = serveIn(t, dir, nil)
	a, err := http.Post("http://"+s.at["http"]+"/ingest", "text/plain", strings.NewReader(strings.ReplaceAll(guesses(time.Now().Add(-40*time.Minute)), "203.0.113.7", "198.51.100.9")))
	if err != nil || a.StatusCode != 200 {
		t.Fatal(a, err)
	}
	a.Body.Close()
	s.until("more is told", func(o *ServeStatus) bool { return o.Findings > 0 && o.Watch.Behind == 0 && o.Watch.Events > 400 })
	time.Sleep(2500 * time.Millisecond) // looks at what was found
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}

	out := filepath.Join(t.TempDir(), "again")
	r := rebuildIn(t, dir, out)
	if r.Records != 802 || r.Parsed != 802 || r.Gone != 0 || r.Findings == 0 || len(r.Compared.Same) == 0 || !r.Compared.Agree() || len(r.Compared.Grown)+len(r.Compared.Unsealed) > 0 {
		t.Errorf("%+v", r)
	}
	if was, is := lastOf(t, dir), lastOf(t, out); !bytes.Equal(was, is) {
		t.Errorf("live:\n%s\nfrom the vault:\n%s", was, is)
	}

	// A finding that somebody takes from the file, and one that somebody puts in, are noticed.
	changeFindings(t, dir)
	if r := rebuildIn(t, dir, filepath.Join(t.TempDir(), "third")); !r.Compared.Agree() || len(r.Compared.Unsealed) == 0 {
		t.Errorf("%+v", r.Compared)
	}

	for _, name := range []string{"watch", findingsName} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(out, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	before, _ := os.ReadFile(filepath.Join(dir, findingsName))
	s = serveIn(t, dir, nil)
	s.until("it has caught up", func(o *ServeStatus) bool { return o.Watch.Behind == 0 && o.Ready })
	time.Sleep(1500 * time.Millisecond)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.ReadFile(filepath.Join(dir, findingsName)); !bytes.Equal(before, after) || strings.Contains(s.log.String(), "watched anew") {
		t.Errorf("it told again:\n%s\n%s", after[len(before):], s.log.String())
	}
}

// TestSourcesKeepNumbers holds sources to their numbers over a restart, in whatever order they come back: kept evidence names them by these.
func TestSourcesKeepNumbers(t *testing.T) {
	key, _, err := vault.OpenKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := &server{o: ServeOptions{Config: &config.Serve{Data: t.TempDir()}, Profile: &config.Profile{}}, log: slog.New(slog.DiscardHandler)}
	if s.vault, _, err = sealed.Open(filepath.Join(t.TempDir(), "vault"), sealed.Options{Key: key}); err != nil {
		t.Fatal(err)
	}
	defer s.vault.Close()
	for _, run := range [][]string{{"gate", "mail"}, {"web", "mail", "gate"}} {
		w, err := newWatcher(s)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range run {
			if got, want := w.input(&event.Received{Source: name}).number, map[string]uint32{"gate": 0, "mail": 1, "web": 2}[name]; got != want {
				t.Errorf("%s has number %d, not %d", name, got, want)
			}
		}
		if err := errors.Join(w.save(), w.close()); err != nil {
			t.Fatal(err)
		}
	}
}

// lastOf returns the last revision of each finding of a folder, in order, without when and as which revision it was told.
func lastOf(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, findingsName))
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]map[string]any{}
	for line := range bytes.Lines(b) {
		one := map[string]any{}
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"revision", "at", "changed"} {
			delete(one, key)
		}
		last[one["id"].(string)] = one
	}
	var out []byte
	for _, id := range slices.Sorted(func(yield func(string) bool) {
		for id := range last {
			if !yield(id) {
				return
			}
		}
	}) {
		b, _ := json.Marshal(last[id])
		out = append(append(out, b...), '\n')
	}
	return out
}

func changeFindings(t *testing.T, dir string) {
	t.Helper()
	path := filepath.Join(dir, findingsName)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.ReplaceAll(b, []byte("203.0.113.7"), []byte("192.0.2.99"))
	if bytes.Equal(b, changed) {
		t.Fatal("nothing to change")
	}
	if err := os.WriteFile(path, changed, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestCompareFindings puts each finding where it belongs.
func TestCompareFindings(t *testing.T) {
	one := func(id string, change func(*Told)) *Told {
		o := &Told{ID: id, Revision: 1, Detector: "password-spray", Severity: "high", Numbers: map[string]float64{"failures": 3}, Evidence: []evidence{{"gate", 7}}}
		if change != nil {
			change(o)
		}
		return o
	}
	put := func(list ...*Told) *findingStates {
		f := newFindingStates()
		for _, o := range list {
			if err := f.add(o); err != nil {
				t.Fatal(err)
			}
		}
		return f
	}
	more := func(o *Told) { o.Numbers = map[string]float64{"failures": 4} }
	low := func(o *Told) { o.Severity = "low" }
	old := func(o *Told) { o.Evidence = []evidence{{"gate", 2}, {"gate", 7}} }
	was := put(one("a", nil), one("b", nil), one("c", nil), one("d", nil), one("e", old), one("f", func(o *Told) { o.Withdrawn = true }), one("h", func(o *Told) { o.Contact = "soc" }))
	found := put(one("a", func(o *Told) { o.Revision = 3 }), one("b", more), one("c", low), one("g", nil))
	told := put(one("a", nil), one("b", more), one("z", nil))
	c := compareFindings(found, was, told, []span{{0, 1}, {2, 4}, {9, 12}})
	for what, both := range map[string][2][]string{"same": {c.Same, {"a", "f"}}, "grown": {c.Grown, {"b"}}, "differ": {c.Differ, {"c"}}, "missing": {c.Missing, {"d"}},
		"new": {c.New, {"g"}}, "expired": {c.Expired, {"e"}}, "unsealed": {c.Unsealed, {"b", "z"}}} {
		if !slices.Equal(both[0], both[1]) {
			t.Errorf("%s: %v, not %v", what, both[0], both[1])
		}
	}
}
