// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
	"github.com/sekisho/sekisho/vault/sealed"
)

// TestServeRetention starts on a vault whose first months are over: they expire while it receives, the rest is read, and verify calls them expired.
func TestServeRetention(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	kekPath := filepath.Join(t.TempDir(), "vault.key")
	kek, err := sealed.MakeKEK(kekPath)
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := vault.OpenKey(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	rules := &config.Retention{Key: kekPath, Classes: []config.RetentionClass{{Name: "web", Keep: 30, Sources: []string{"web*"}}}}
	kept, err := vaultRetention(rules)
	if err != nil {
		t.Fatal(err)
	}
	longAgo := time.Now().AddDate(0, -6, 0)
	l, _, err := sealed.Open(filepath.Join(dir, "vault"), sealed.Options{Key: key, Retention: kept, Now: func() time.Time { return longAgo }, MaxSegment: 16 << 10})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 {
		rec := event.Received{Source: []string{"web1", "gate"}[i%2], From: "192.0.2.1:514", At: event.Of(longAgo)}
		rec.Data = []byte("nothing that anybody reads")
		rec.Length = int64(len(rec.Data))
		if _, err := l.Append(context.Background(), []event.Received{rec}); err != nil {
			t.Fatal(err)
		}
	}
	longAgo = time.Now() // what comes now is of another month, and fills the log's tiles
	for range 300 {
		if _, err := l.Append(context.Background(), []event.Received{{Record: event.Record{Data: []byte("x"), Part: event.Part{Length: 1}}, Source: "gate", From: "192.0.2.1:514", At: event.Of(longAgo)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := serveWith(t, dir, func(c *config.Serve) { c.Retention = rules }, func(o *ServeOptions) { o.expire = 50 * time.Millisecond })
	o := s.until("it has expired", func(o *ServeStatus) bool { return o.Retention != nil && o.Retention.Records == 150 })
	if !o.Retention.Encrypted || o.Retention.Problem != "" || o.Retention.Months != 1 {
		t.Errorf("%+v", o.Retention)
	}
	a, err := http.Post("http://"+s.at["http"]+"/ingest", "text/plain", strings.NewReader("later\n"))
	if err != nil || a.StatusCode != 200 {
		t.Fatal(a, err)
	}
	a.Body.Close()
	s.until("all is read", func(o *ServeStatus) bool { return o.Watch.Behind == 0 && o.Healthy && o.Open == 0 })
	if m := s.get("/metrics"); !strings.Contains(m, "sekisho_expired_records_total 150\n") || !strings.Contains(m, "sekisho_retention_failing 0\n") {
		t.Error(m)
	}
	// A hold that somebody changed stops it, and is told.
	if _, err := sealed.PlaceHold(filepath.Join(dir, "vault"), key, sealed.Hold{By: "suzuki", Why: "case 7"}); err != nil {
		t.Fatal(err)
	}
	hold := filepath.Join(dir, "vault", "holds", "000001.hold")
	b, err := os.ReadFile(hold)
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(hold, []byte(strings.Replace(string(b), "suzuki", "tanaka", 1)), 0o600)
	s.until("it is told", func(o *ServeStatus) bool { return o.Retention.Problem != "" })
	os.WriteFile(hold, b, 0o600)
	s.until("it goes on", func(o *ServeStatus) bool { return o.Retention.Problem == "" && o.Retention.Holds == 1 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	r, err := sealed.Verify(context.Background(), filepath.Join(dir, "vault"), sealed.VerifyOptions{Trust: key.Fingerprint()})
	if err != nil || !r.OK || len(r.Expired) != 1 || r.Expired[0].Records != 150 {
		t.Errorf("%v %+v", err, r)
	}
	own := ofOurs(t, filepath.Join(dir, "vault"), kek)
	if !strings.Contains(own, `"kind":"retention"`) || !strings.Contains(own, `"kind":"expired"`) {
		t.Errorf("the rules and the tombstone were not sealed: %s", own)
	}
	// Made again, what has expired is passed over and said.
	again, err := Rebuild(context.Background(), RebuildOptions{Config: &config.Serve{Data: dir, Retention: rules}, Profile: &config.Profile{}, Log: slog.New(slog.DiscardHandler), Out: filepath.Join(t.TempDir(), "again")})
	if err != nil || again.Gone != 150 || again.Records != 451 || again.Since.IsZero() || again.Since.After(again.Until) {
		t.Errorf("%v %+v", err, again)
	}
}

// ofOurs returns what the live system sealed for itself.
func ofOurs(t *testing.T, dir string, kek *sealed.KEK) string {
	t.Helper()
	r, err := sealed.NewKeyReader(dir, 0, kek)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var b strings.Builder
	for {
		_, records, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			if records[i].Source == ourSource {
				b.Write(records[i].Data)
			}
		}
	}
}

// TestClassOf holds a source to the first class whose globs match it.
func TestClassOf(t *testing.T) {
	of := classOf([]config.RetentionClass{{Name: "mail", Sources: []string{"mx*", "/var/log/mail*"}}, {Name: "web", Sources: []string{"mx2", "192.0.2.*"}}})
	for source, want := range map[string]string{"mx1": "mail", "mx2": "mail", "/var/log/mail.log": "mail", "192.0.2.9": "web", "gate": "default", ourSource: ""} {
		if got := of(source) + "|" + of(source); got != want+"|"+want {
			t.Errorf("%s: %s, not %s", source, got, want)
		}
	}
}
