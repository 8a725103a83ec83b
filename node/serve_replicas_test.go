// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/vault/sealed"
)

// send gives a live system so many lines.
func (s *served) send(lines int) {
	s.t.Helper()
	a, err := http.Post("http://"+s.at["http"]+"/ingest", "text/plain", strings.NewReader(strings.Repeat("a line\n", lines)))
	if err != nil || a.StatusCode != http.StatusOK {
		s.t.Fatal(a, err)
	}
	a.Body.Close()
}

// findings returns what was told of a kind, and how often it was withdrawn.
func findings(t *testing.T, dir, detector string) (told, withdrawn int) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, findingsName))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if strings.Contains(line, `"detector":"`+detector+`"`) {
			told++
			if strings.Contains(line, `"withdrawn":true`) {
				withdrawn++
			}
		}
	}
	return told, withdrawn
}

func verified(t *testing.T, dir, against string) *sealed.Report {
	t.Helper()
	r, err := sealed.Verify(context.Background(), dir, sealed.VerifyOptions{Home: t.TempDir(), Against: []string{against}})
	if err != nil || !r.OK {
		t.Fatalf("%+v %v", r, err)
	}
	return r
}

// TestServeReplicates copies by itself, to a place that vanishes, is an empty mount point for a while, and returns; and to one that is named while it runs. Records
// are taken all the time, and it is healthy; what fails for long is told, and taken back.
func TestServeReplicates(t *testing.T) {
	dir, place := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "mount")
	vaultDir := filepath.Join(dir, "vault")
	ask := make(chan struct{})
	var now *config.Serve
	profile := &config.Profile{}
	s := serveWith(t, dir, func(c *config.Serve) { now = c }, func(o *ServeOptions) {
		o.patience = 300 * time.Millisecond
		profile = o.Profile
		o.Reload, o.Read = ask, func() (*config.Serve, *config.Profile, error) { return now, profile, nil }
	})
	name := func(list ...config.Replica) {
		next := *now
		next.Replicas = list
		now = &next
		ask <- struct{}{}
	}
	of := func(o *ServeStatus) ReplicaStatus {
		if len(o.Replicas) == 0 {
			return ReplicaStatus{}
		}
		return o.Replicas[0]
	}
	follows := func(o *ServeStatus) bool {
		r := of(o)
		return r.Problem == "" && r.Behind == 0 && r.Blocks > 0 && o.Vault.Blocks == o.Vault.Checkpoint
	}
	s.send(100)
	if err := os.Mkdir(place, 0o700); err != nil {
		t.Fatal(err)
	}
	one := config.Replica{Name: "nas", Path: place, Every: 20 * time.Millisecond, Rate: 1 << 30}
	name(one)
	// An empty mount point is no new replica.
	o := s.until("it fails", func(o *ServeStatus) bool { return of(o).Problem != "" })
	if !o.Healthy || of(o).Other || !strings.Contains(of(o).Problem, "mount it") {
		t.Errorf("%+v", o)
	}
	s.until("it is told", func(*ServeStatus) bool { n, _ := findings(t, dir, "replica-behind"); return n == 1 })
	if entries, _ := os.ReadDir(place); len(entries) > 0 {
		t.Errorf("it wrote to the empty mount point: %v", entries)
	}
	if _, err := sealed.Replicate(context.Background(), vaultDir, place); err != nil {
		t.Fatal(err)
	}
	s.until("it follows", follows)
	s.until("it is taken back", func(*ServeStatus) bool { _, n := findings(t, dir, "replica-behind"); return n == 1 })
	s.send(100)
	s.until("it follows", follows)
	if n := verified(t, place, vaultDir).Records; n < 200 {
		t.Errorf("%d records", n)
	}
	// It vanishes, and leaves an empty mount point.
	if err := os.Rename(place, place+"-away"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(place, 0o700); err != nil {
		t.Fatal(err)
	}
	s.send(100)
	o = s.until("it is behind", func(o *ServeStatus) bool { return of(o).Problem != "" && of(o).Behind > 0 && !of(o).At.IsZero() })
	if !o.Healthy || o.Total.Sealed != 300 {
		t.Errorf("%+v", o)
	}
	if m := s.get("/metrics"); !strings.Contains(m, `sekisho_replica_failing{replica="nas"} 1`) || !strings.Contains(m, `sekisho_replica_differs{replica="nas"} 0`) {
		t.Error(m)
	}
	if err := os.Remove(place); err != nil { // nothing was written there
		t.Fatal(err)
	}
	if err := os.Rename(place+"-away", place); err != nil {
		t.Fatal(err)
	}
	s.until("it follows again", follows)
	// An older state of it is put back: it is brought up to date, and told.
	old := place + "-old"
	if _, err := sealed.Restore(context.Background(), vaultDir, old); err != nil {
		t.Fatal(err)
	}
	s.send(100)
	s.until("it follows", follows)
	if err := os.Rename(place, place+"-new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(old, place); err != nil {
		t.Fatal(err)
	}
	s.until("it follows, and shrank", func(o *ServeStatus) bool { return follows(o) && of(o).Shrank == 1 })
	name()
	s.until("none is named", func(o *ServeStatus) bool { return len(o.Replicas) == 0 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if n, _ := findings(t, dir, "replica-behind"); n < 2 {
		t.Errorf("%d findings", n)
	}
}

// TestServeReplicaDiffers holds that a replica of another history is told at once and nothing is written to it, and that a stop copies what was signed last.
func TestServeReplicaDiffers(t *testing.T) {
	dir, place := filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "replica")
	vaultDir := filepath.Join(dir, "vault")
	with := func(c *config.Serve) {
		c.Replicas = []config.Replica{{Name: "nas", Path: place, Every: 20 * time.Millisecond}}
	}
	s := serveIn(t, dir, nil)
	s.send(10)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	early := filepath.Join(t.TempDir(), "early")
	if err := os.CopyFS(early, os.DirFS(vaultDir)); err != nil {
		t.Fatal(err)
	}
	if _, err := sealed.Replicate(context.Background(), vaultDir, place); err != nil {
		t.Fatal(err)
	}
	s = serveIn(t, dir, with)
	s.send(10)
	o := s.until("it follows", func(o *ServeStatus) bool {
		return o.Replicas[0].Behind == 0 && o.Replicas[0].Problem == "" && o.Total.Sealed == 10
	})
	if o.Replicas[0].SameDisk != sameDisk(place, dir) {
		t.Errorf("%+v", o.Replicas[0])
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	was := verified(t, place, vaultDir)
	if end := verified(t, vaultDir, place); end.Records != was.Records || end.Checkpoint != was.Checkpoint {
		t.Errorf("the vault ends at %d, the replica at %d", end.Checkpoint, was.Checkpoint)
	}
	// The vault is put back to an earlier state.
	for _, name := range []string{"vault", "watch"} {
		if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(vaultDir, os.DirFS(early)); err != nil {
		t.Fatal(err)
	}
	s = serveIn(t, dir, with)
	o = s.until("it differs", func(o *ServeStatus) bool { return o.Replicas[0].Other })
	if !o.Healthy {
		t.Errorf("%+v", o)
	}
	s.until("it is told", func(*ServeStatus) bool { n, _ := findings(t, dir, "replica-differs"); return n == 1 })
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	r, err := sealed.Verify(context.Background(), place, sealed.VerifyOptions{Home: t.TempDir()})
	if err != nil || !r.OK || r.Checkpoint != was.Checkpoint {
		t.Errorf("the replica: %+v %v", r, err)
	}
}
