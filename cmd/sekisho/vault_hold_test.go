// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
	"github.com/sekisho/sekisho/vault/sealed"
)

// TestVaultRetention is what is said of records that have expired, are held or are encrypted.
func TestVaultRetention(t *testing.T) {
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "vault")
	t.Setenv("SEKISHO_HOME", home)
	say := func(want string, fails bool, args ...string) {
		t.Helper()
		var out bytes.Buffer
		root := rootCommand()
		root.SetArgs(append([]string{"vault"}, args...))
		root.SetOut(&out)
		root.SetErr(&out)
		err := root.ExecuteContext(context.Background())
		if err != nil {
			w := event.Telling(err)
			out.WriteString(err.Error() + w.Ja + w.En)
		}
		if (err != nil) != fails || !strings.Contains(out.String(), want) {
			t.Fatalf("vault %v: %v: %q is not in\n%s", args, err, want, out.String())
		}
	}
	file := filepath.Join(home, "vault.key")
	say("", false, "key", file)
	say("not overwritten", true, "key", file)
	kek, err := sealed.ReadKEK(file)
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := vault.OpenKey(home)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2025, 1, 5, 0, 0, 0, 0, time.UTC)
	l, _, err := sealed.Open(dir, sealed.Options{Key: key, MaxSegment: 16 << 10, Now: func() time.Time { return now }, Origin: "vault.example.org/live",
		Retention: &sealed.Retention{KEK: kek, Classes: []sealed.Class{{Name: sealed.DefaultClass, Keep: 30}}}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 600 {
		if i == 200 {
			now = time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC)
		}
		if _, err := l.Append(context.Background(), []event.Received{{Record: event.Record{Data: []byte("a line")}, Source: "gate", From: "192.0.2.1:514", At: 1}}); err != nil {
			t.Fatal(err)
		}
	}
	say("--by", true, "hold", dir)
	say("2026-04-01", true, "hold", dir, "--by", "suzuki", "--why", "case 7", "--from", "April")
	say(`"number": 1`, false, "hold", dir, "--by", "suzuki", "--why", "case 7", "--to", "2025-02-01")
	if x, err := l.Expire(context.Background()); err != nil || len(x.Tombstones) != 0 || len(x.Held) != 1 {
		t.Fatalf("%+v %v", x, err)
	}
	say("hold 1, class *, … to 2025-02-01T00:00:00Z, by suzuki: case 7", false, "verify", dir, "--lang", "en")
	say("保全 1", false, "verify", dir, "--lang", "ja")
	say("not the number of a hold", true, "release", dir, "x", "--by", "tanaka", "--why", "closed")
	say("", false, "release", dir, "1", "--by", "tanaka", "--why", "closed")
	deadline := time.Now().Add(10 * time.Second)
	for x := new(sealed.Expired); len(x.Tombstones) == 0; { // once the checkpoint has followed
		if x, err = l.Expire(context.Background()); err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v %v", x, err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	say("EXPIRED, not missing: class default of 2025-01: 200 records, from 0 to 199", false, "verify", dir, "--lang", "en")
	say("欠落ではありません", false, "verify", dir, "--lang", "ja")
	say("released by tanaka", false, "retention", dir, "--lang", "en")
	say("期間満了  2025-01  default：200 件", false, "retention", dir, "--lang", "ja")
	say(`"expired"`, false, "retention", dir, "--json")
	say("have expired, they are not missing", true, "extract", dir, "17", "--unlock", file)
	say("保存期間が満了しています", true, "extract", dir, "17")
	say("--unlock", true, "extract", dir, "300")
	say("a line", false, "extract", dir, "300", "--unlock", file)
	replica := filepath.Join(home, "replica")
	say(`"expired": 1`, false, "replicate", dir, replica, "--expire")
	say("verified", false, "verify", replica, "--lang", "en")
}
