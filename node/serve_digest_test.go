// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/notify"
	"github.com/sekisho/sekisho/vault/sealed"
)

// TestServeDigest sends the digest of the day to whom asks for it, once, and it holds what verifies the vault.
func TestServeDigest(t *testing.T) {
	got := make(chan notify.Message, 10)
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var one struct{ Story notify.Message }
		if json.NewDecoder(r.Body).Decode(&one) == nil && one.Story.Digest != nil {
			got <- one.Story
		}
	}))
	defer hook.Close()
	dir := filepath.Join(t.TempDir(), "data")
	s := serveIn(t, dir, nil)
	a, err := http.Post("http://"+s.at["http"]+"/ingest", "text/plain", strings.NewReader(guesses(time.Now().Add(-time.Hour))))
	if err != nil || a.StatusCode != 200 {
		t.Fatal(a, err)
	}
	a.Body.Close()
	s.until("findings are told", func(o *ServeStatus) bool { return o.Findings > 0 && o.Vault.Checkpoint > 0 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	wanted := func(c *config.Serve) {
		for _, name := range []string{"archive", "desk"} {
			c.Contacts = append(c.Contacts, config.Recipient{Name: name, Digest: len(name) - 7, Hook: &config.Hook{Kind: "webhook", URL: hook.URL}}) // at 0:00; never
		}
	}
	s = serveIn(t, dir, wanted)
	var m notify.Message
	select {
	case m = <-got:
	case <-time.After(20 * time.Second):
		t.Fatal("no digest came")
	}
	text := strings.Join(m.Digest, "\n")
	for _, want := range []string{"状態：正常", "State: healthy", "New findings: 緊急 critical 0、高 high ", "Vault: ", "key SHA256:", "--against"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "mail")
	if err := os.WriteFile(file, []byte("Subject: x\n\n"+text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := sealed.Verify(t.Context(), filepath.Join(dir, "vault"), sealed.VerifyOptions{Home: filepath.Join(dir, "key"), Against: []string{file}})
	if err != nil || !r.OK || len(r.Against) != 1 {
		t.Errorf("%+v %v", r, err)
	}
	s = serveIn(t, dir, wanted) // on the same day
	time.Sleep(1500 * time.Millisecond)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if len(got) > 0 {
		t.Errorf("%d more digests", len(got))
	}
}
