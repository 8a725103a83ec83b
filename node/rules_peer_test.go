// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package node

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekisho/sekisho/sigma"
)

// peerResult is what the program below bench/rsigma prints.
type peerResult struct {
	Events    int64            `json:"events"`
	Seconds   float64          `json:"seconds"`
	Processor float64          `json:"processor_seconds"`
	Counts    map[string]int64 `json:"counts"`
	Errors    []string         `json:"errors"`
	Read      float64          `json:"read_seconds"`
	Compile   float64          `json:"compile_seconds"`
}

// peerSeconds is how long each is measured.
const peerSeconds = 10

// TestSigmaPeer shows RSigma and our engine the same parsed events and the same rules, and compares how often each rule matched and how
// long it took. bench/rsigma.sh builds the peer and runs it.
func TestSigmaPeer(t *testing.T) {
	peer := os.Getenv("SEKISHO_RSIGMA")
	if peer == "" {
		t.Skip("SEKISHO_RSIGMA names no program: make bench-sigma")
	}
	began, spent := time.Now(), processorTime()
	rulesDir := sharedData(t, "sigma-rules")
	set := sigma.Load(sigma.ReadOptions{}, sigma.Root{Name: rulesDir, FS: os.DirFS(rulesDir)})
	t.Logf("sekisho: %d rules read in %.2f s, %.2f s of processor time", len(set.Rules), time.Since(began).Seconds(), processorTime()-spent)
	began, spent = time.Now(), processorTime()
	engine := sigma.Compile(set)
	t.Logf("sekisho: compiled in %.2f s, %.2f s of processor time", time.Since(began).Seconds(), processorTime()-spent)
	records := windowsRecords(t, "evtx-attack-samples", "sigma-regression", "otrf-security-datasets")
	dir := t.TempDir()
	writeForPeer(t, dir, set, records)
	threads := runtime.GOMAXPROCS(0)

	ours := map[string]int64{}
	m := engine.NewMatcher()
	for i := range records {
		for _, r := range m.Match(&records[i]) {
			ours[r.ID]++
		}
	}
	events, seconds, processor := measure(engine, records, threads)
	t.Logf("sekisho, %d threads: %.0f events/s, %.0f for each second of processor time", threads, float64(events)/seconds, float64(events)/processor)
	for _, how := range []string{"plain", "bloom", "literals"} {
		out, err := exec.Command(peer, dir, strconv.Itoa(threads), strconv.Itoa(peerSeconds), how).Output()
		if err != nil {
			t.Fatalf("%s: %v: %s", peer, err, out)
		}
		var p peerResult
		if err := json.Unmarshal(out, &p); err != nil {
			t.Fatal(err)
		}
		t.Logf("rsigma %s, %d threads: %.0f events/s, %.0f for each second of processor time; rules read in %.2f s, compiled in %.2f s (an engine for each of the sources)", how, threads,
			float64(p.Events)/p.Seconds, float64(p.Events)/p.Processor, p.Read, p.Compile)
		comparePeer(t, how, set, ours, &p)
	}
}

// comparePeer names every rule that did not match as often in both.
func comparePeer(t *testing.T, how string, set *sigma.Set, ours map[string]int64, p *peerResult) {
	for _, e := range p.Errors[:min(len(p.Errors), 10)] {
		t.Logf("rsigma %s: %s", how, e)
	}
	var total, same, differ int64
	for _, r := range set.Rules {
		a, b := ours[r.ID], p.Counts[r.ID]
		total += a
		if a == b {
			same += a
			continue
		}
		differ++
		t.Logf("rsigma %s: %s %q: %d matches, sekisho %d (%s)", how, r.ID, r.Title, b, a, r.File)
	}
	t.Logf("rsigma %s: %d of %d matches are of rules that match as often in both; %d rules of %d differ", how, same, total, differ, len(set.Rules))
}

// windowsRecords returns the Windows events of folders, parsed.
func windowsRecords(t testing.TB, folders ...string) []sigma.Record {
	var paths []string
	for _, f := range folders {
		paths = append(paths, sharedData(t, f))
	}
	var records []sigma.Record
	if _, err := viewAll(context.Background(), paths, RulesOptions{}, func(_ string, v *viewed) error {
		if !v.own && v.Source.Product == "windows" {
			rec := v.Record
			rec.Fields = slices.Clone(rec.Fields)
			records = append(records, rec)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return records
}

// measure shows records to the rules again and again, on so many threads, and returns how many in how many seconds, by the clock and
// of processor time.
func measure(e *sigma.Engine, records []sigma.Record, threads int) (events int64, seconds, processor float64) {
	const block = 256
	var next atomic.Int64
	began, spent := time.Now(), processorTime()
	var wg sync.WaitGroup
	for range threads {
		wg.Go(func() {
			m := e.NewMatcher()
			for time.Since(began) < peerSeconds*time.Second {
				from := int(next.Add(block)) - block
				for i := from; i < from+block; i++ {
					m.Match(&records[i%len(records)])
				}
			}
		})
	}
	wg.Wait()
	return next.Load(), time.Since(began).Seconds(), processorTime() - spent
}

// writeForPeer writes events and which rules each source has. A field that is there several times becomes a list; names of ours that
// stand beside those of the record are events' too.
func writeForPeer(t *testing.T, dir string, set *sigma.Set, records []sigma.Record) {
	var files []string
	for _, r := range set.Rules {
		files = append(files, r.File)
	}
	number := map[*sigma.Source]int{}
	sources := [][]int{}
	f, err := os.Create(filepath.Join(dir, "events.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	for i := range records {
		r := &records[i]
		n, ok := number[r.Source]
		if !ok {
			n = len(sources)
			number[r.Source] = n
			var mine []int
			for k, rule := range set.Rules {
				if len(rule.Needs) == 0 && r.Source.Wants(rule) {
					mine = append(mine, k)
				}
			}
			sources = append(sources, mine)
		}
		e := map[string]any{}
		for _, f := range r.Fields {
			var v any = f.Value
			if f.Null {
				v = nil
			}
			switch have := e[f.Name].(type) {
			case nil:
				if _, there := e[f.Name]; there {
					v = []any{nil, v}
				}
			case []any:
				v = append(have, v)
			default:
				v = []any{have, v}
			}
			e[f.Name] = v
		}
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(w, `{"s":%d,"e":%s}`+"\n", n, b)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d events of %d sources", len(records), len(sources))
	for name, v := range map[string]any{"rules.json": files, "sources.json": sources} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
