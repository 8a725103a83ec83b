// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
	"github.com/sekisho/sekisho/vault/sealed"
)

// TestVaultLive is the way of a live vault's records to a court: verified, copied elsewhere, given away with proofs; and what is said when somebody changes them.
func TestVaultLive(t *testing.T) {
	home, dir := t.TempDir(), filepath.Join(t.TempDir(), "vault")
	t.Setenv("SEKISHO_HOME", home)
	key, _, err := vault.OpenKey(home)
	if err != nil {
		t.Fatal(err)
	}
	l, _, err := sealed.Open(dir, sealed.Options{Key: key, MaxSegment: 2 << 10, Origin: "vault.example.org/live"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 50 {
		text := fmt.Sprintf("<38>Nov 22 10:00:%02d gate sshd[1]: Failed password for user%d from 192.0.2.%d port 4242 ssh2", i%60, i, i)
		if _, err := l.Append(context.Background(), []event.Received{{Record: event.Record{Data: []byte(text)}, Source: "gate", From: "192.0.2.1:514", At: 1_763_800_000_000_000}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	say := func(want string, fails bool, args ...string) string {
		t.Helper()
		var out bytes.Buffer
		root := rootCommand()
		root.SetArgs(append([]string{"vault"}, args...))
		root.SetOut(&out)
		root.SetErr(&out)
		err := root.ExecuteContext(context.Background())
		if err != nil {
			out.WriteString(err.Error())
		}
		if (err != nil) != fails || !strings.Contains(out.String(), want) {
			t.Fatalf("vault %v: %v: %q is not in\n%s", args, err, want, out.String())
		}
		return out.String()
	}
	replica, export, one := filepath.Join(home, "replica"), filepath.Join(home, "export"), filepath.Join(home, "one.json")
	say("50 records in 50 blocks are as they were sealed", false, "verify", dir, "--lang", "en")
	say("it cannot be excluded", false, "verify", "--case", dir, "--lang", "en")
	say("否定できません", false, "verify", dir, "--lang", "ja")
	say(`"blocks": 50`, false, "replicate", dir, replica)
	say("agrees with the checkpoint kept elsewhere", false, "verify", dir, "--against", replica, "--lang", "en")
	say("are all needed", true, "replicate", "https://sekisho1.example.jp:7443", replica)
	say("none of them is", true, "replicate", dir, replica, "--key", "k")
	say("1s or more", true, "replicate", dir, replica, "--every", "1ms")
	say("is no address of a vault", true, "replicate", "http://sekisho1.example.jp/vault", replica, "--certificate", "c", "--key", "k", "--authorities", "a")
	digests := filepath.Join(home, "digests.txt")
	older := say("signed by: SHA256:", false, "digest", dir, "--lang", "en")
	say("署名鍵：SHA256:", false, "digest", dir, "--lang", "ja")
	os.WriteFile(digests, []byte("From: Sekisho\r\n\r\n> "+strings.ReplaceAll(older, "\n", "\r\n> ")+"\r\n"+older), 0o600)
	say("agrees with the checkpoint kept elsewhere", false, "verify", dir, "--against", digests, "--lang", "en")
	os.WriteFile(digests, []byte("nothing of the kind"), 0o600)
	say("is no checkpoint of this log", true, "verify", dir, "--against", digests, "--lang", "en")
	os.WriteFile(one, []byte(say("user17 from 192.0.2.17", false, "extract", dir, "17")), 0o600)
	say("number 17", false, "verify", one, "--lang", "en")
	say(`"records": 11`, false, "export", dir, "--from", "10", "--to", "20", "--out", export)
	say("records 10 to 20, 11 in all", false, "verify", export, "--lang", "en")
	say("another key", true, "verify", export, "--key", "SHA256:"+strings.Repeat("A", 43), "--lang", "en")
	say("ANOTHER KEY", true, "verify", dir, "--key", "SHA256:"+strings.Repeat("A", 43), "--lang", "en")
	say("is not the number of a record", true, "extract", dir, "x")
	say("there is no record 99", true, "extract", dir, "99")
	say("--from and --to", true, "export", dir)

	segments, err := filepath.Glob(filepath.Join(dir, "segments", "*.seg"))
	if err != nil || len(segments) < 3 {
		t.Fatalf("%d segments, %v", len(segments), err)
	}
	b, err := os.ReadFile(segments[1])
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)-20] ^= 1
	os.WriteFile(segments[1], b, 0o600)
	out := say("NOT VERIFIED", true, "verify", dir, "--lang", "en")
	if !strings.Contains(out, "CHANGED segments/"+filepath.Base(segments[1])) {
		t.Error(out)
	}
	os.WriteFile(one, bytes.Replace(mustRead(t, one), []byte("192.0.2.17"), []byte("192.0.2.18"), 1), 0o600)
	say("NOT VERIFIED", true, "verify", one, "--lang", "en")
	os.RemoveAll(dir)
	say(`"size": 50`, false, "restore", replica, dir)
	say("verified", false, "verify", dir, "--lang", "en")
	say("there is a vault already", true, "restore", replica, dir)
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
