// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
)

// winRecord is what the tests look at of a Windows event.
type winRecord struct {
	Timestamp time.Time `json:"@timestamp"`
	Event     struct{ Created time.Time }
	Winlog    struct {
		Computer string            `json:"computer_name"`
		Channel  string            `json:"channel"`
		ID       string            `json:"event_id"`
		Record   int64             `json:"record_id"`
		Data     map[string]string `json:"event_data"`
	}
}

// windowsOf returns the events of a drill's Windows files, as an independent reader sees them.
func windowsOf(t *testing.T, dir string, truth *drill.Truth) []winRecord {
	t.Helper()
	var out []winRecord
	for _, f := range truth.Files {
		if f.Kind != "domain" && f.Kind != "endpoints" && (f.Kind != "windows" || !strings.HasSuffix(f.Path, ".gz")) {
			continue
		}
		file, err := os.Open(filepath.Join(dir, "logs", f.Path))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		z, err := gzip.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		s := bufio.NewScanner(z)
		s.Buffer(nil, 1<<20)
		for s.Scan() {
			var r winRecord
			if err := json.Unmarshal(s.Bytes(), &r); err != nil {
				t.Fatalf("%s: %v: %s", f.Path, err, s.Text())
			}
			out = append(out, r)
		}
		if s.Err() != nil {
			t.Fatal(s.Err())
		}
	}
	return out
}

// parsed lets the project's own parsers read the Windows files and the firewall's; nothing may be left. It returns how many
// events of each class and activity there are.
func parsed(t *testing.T, dir string, truth *drill.Truth) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, f := range truth.Files {
		if f.Kind != "domain" && f.Kind != "endpoints" && f.Kind != "windows" && f.Kind != "fortigate" && f.Kind != "smb" {
			continue
		}
		file, err := os.Open(filepath.Join(dir, "logs", f.Path))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		s := bufio.NewScanner(file)
		if strings.HasSuffix(f.Path, ".gz") {
			z, err := gzip.NewReader(file)
			if err != nil {
				t.Fatal(err)
			}
			s = bufio.NewScanner(z)
		}
		s.Buffer(nil, 1<<20)
		all := formats.All()
		order := make([]*formats.Format, len(all))
		for i := range all {
			order[i] = &all[i]
		}
		r := formats.NewReader(order, &formats.Env{Clock: &formats.Clock{Zone: time.FixedZone("JST", 9*3600), Year: truth.Start.Year()}, Intern: formats.NewInterner()})
		var batch event.Batch
		for n := int64(1); s.Scan(); n++ {
			if err := r.Read(&event.Record{Part: event.Part{Line: n}, Data: slices.Clone(s.Bytes())}, &batch); err != nil {
				t.Fatalf("%s:%d: %v: %s", f.Path, n, err, s.Text())
			}
		}
		r.Flush(&batch)
		for i := range batch.Events {
			e := &batch.Events[i]
			counts[f.Kind+" "+e.Class.String()+" "+e.Activity.String()+" "+e.Outcome.String()]++
		}
	}
	return counts
}

// TestDomainLife checks an ordinary month of the Windows domain: every line is understood, what looks bad and is not is there,
// and each log of each host numbers its records in the order in which they were written.
func TestDomainLife(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "quiet")
	truth, err := drill.Generate(context.Background(), dir, drill.Options{Name: "quiet", Accounts: 100, Days: 45})
	if err != nil {
		t.Fatal(err)
	}
	counts := parsed(t, dir, truth)
	for what, least := range map[string]int{
		"domain authentication logon success": 2000, "domain authentication logon failure": 40, "domain authentication ticket success": 1500, "domain account-change create success": 0,
		"windows file read success": 2000, "windows file write success": 2000, "windows file delete success": 2000, "windows remote-session logon success": 50, "windows entity-change create success": 5,
		"endpoints process start success": 800, "endpoints authentication logon failure": 10, "endpoints entity-change create success": 20, "smb file rename success": 1000,
	} {
		if counts[what] < least {
			t.Errorf("%d of %q, want %d at least", counts[what], what, least)
		}
	}
	last, odd, seen := map[string]winRecord{}, 0, map[string]int{}
	for _, r := range windowsOf(t, dir, truth) {
		log := r.Winlog.Computer + " " + r.Winlog.Channel
		if before, ok := last[log]; ok && (r.Winlog.Record != before.Winlog.Record+1 || r.Timestamp.Before(before.Timestamp)) {
			t.Fatalf("%s: record %d at %v after %d at %v", log, r.Winlog.Record, r.Timestamp, before.Winlog.Record, before.Timestamp)
		}
		last[log] = r
		if wait := r.Event.Created.Sub(r.Timestamp); wait < 0 || wait > time.Minute {
			odd++ // a clock that is off
		}
		seen[r.Winlog.ID]++
		for _, near := range []string{"PSEXESVC", "PDQDeployRunner", "obocopy", "vssadmin  delete", "code-tunnel.exe", "devtunnel.exe", "ngrok", "WindowsSandbox.exe", "QuickAssist", "nltest"} {
			if strings.Contains(r.Winlog.Data["CommandLine"]+r.Winlog.Data["ServiceName"], near) {
				seen[near]++
			}
		}
	}
	for _, id := range []string{"4624", "4625", "4634", "4648", "4672", "4768", "4769", "4771", "4776", "5140", "5145", "4688", "4697", "7045", "4698", "4723", "4728", "1149", "21", "24", "5861", "4104",
		"PSEXESVC", "PDQDeployRunner", "obocopy", "vssadmin  delete", "code-tunnel.exe", "WindowsSandbox.exe"} {
		if seen[id] == 0 {
			t.Errorf("no %s in an ordinary month", id)
		}
	}
	if odd == 0 {
		t.Error("no clock is off")
	}
	pcs := 0
	for log := range last {
		if strings.HasPrefix(log, "pc-") && strings.HasSuffix(log, "Security") {
			pcs++
		}
	}
	if pcs < 10 || pcs > 80 {
		t.Errorf("%d PCs forward their events, want some tens", pcs)
	}
}
