// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/internal/testca"
	"github.com/sekisho/sekisho/vault/sealed"
	"github.com/sekisho/sekisho/vault/share"
)

// TestServeShares lets another machine fetch the vault while records come in, and says who did.
func TestServeShares(t *testing.T) {
	ca := testca.New(t)
	cert, key := ca.Issue(t, "first.lab.example")
	dir, to := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "replica")
	s := serveIn(t, dir, func(c *config.Serve) {
		c.Listeners = append(c.Listeners, config.Listener{Kind: "vault", Address: "127.0.0.1:0", Certificate: cert, Key: key, Clients: ca.File, Readers: []string{"second.lab.example"}})
	})
	cert, key = ca.Issue(t, "second.lab.example")
	from, err := share.Dial("https://"+s.at["vault"], cert, key, ca.File)
	if err != nil {
		t.Fatal(err)
	}
	var done *sealed.Replicated
	for range 4 {
		s.send(500)
		for late := time.Now().Add(20 * time.Second); ; time.Sleep(100 * time.Millisecond) {
			if done, err = from.Pull(context.Background(), to); err == nil && done.Blocks > 0 {
				break
			}
			if time.Now().After(late) {
				t.Fatalf("nothing is fetched: %+v %v", done, err)
			}
		}
	}
	if m := s.get("/metrics"); !strings.Contains(m, `sekisho_vault_reader_seconds{reader="second.lab.example"} 1`) {
		t.Error("the metrics do not say who fetched")
	}
	verified(t, filepath.Join(dir, "vault"), to)
}
