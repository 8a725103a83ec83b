// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/detect/live"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/notify"
)

// Told is one revision of a finding, as findings.jsonl has it.
type Told struct {
	ID          string             `json:"id"`
	Revision    int                `json:"revision"`
	At          cases.Time         `json:"at"`
	Changed     []string           `json:"changed"`
	Withdrawn   bool               `json:"withdrawn,omitempty"`
	Final       bool               `json:"final,omitempty"`
	Detector    string             `json:"detector"`
	Attack      []string           `json:"attack,omitempty"`
	Severity    string             `json:"severity"`
	First       cases.Time         `json:"first"`
	Last        cases.Time         `json:"last"`
	Accounts    []string           `json:"accounts,omitempty"`
	Addresses   []string           `json:"addresses,omitempty"`
	Hosts       []string           `json:"hosts,omitempty"`
	Numbers     map[string]float64 `json:"numbers,omitempty"`
	Title       event.Words        `json:"title"`
	Explanation event.Words        `json:"explanation"`
	Evidence    []evidence         `json:"evidence,omitempty"`
	Contact     string             `json:"contact,omitempty"` // of a failure to notify: who was not reached
	Replica     string             `json:"replica,omitempty"` // of a replica that does not follow: which
}

// evidence is a record of the vault, by its position.
type evidence struct {
	Source   string         `json:"source"`
	Position event.Position `json:"position"`
}

// teller keeps findings on disk and seals them. Who is told of them is in serve_notify.go.
type teller struct {
	s     *server
	mu    sync.Mutex // the watch and a failure to notify tell
	file  *os.File
	told  map[string]int  // the last revision of each finding
	stand map[string]bool // replicas' findings that were not withdrawn
	least atomic.Int32    // the severity from which findings are logged
	queue *notify.Queue

	findings atomic.Int64
}

const findingsName = "findings.jsonl"

func newTeller(s *server) (*teller, error) {
	t := &teller{s: s, told: map[string]int{}, stand: map[string]bool{}}
	t.least.Store(int32(leastOf(s.o.Config)))
	f, err := os.OpenFile(filepath.Join(s.o.Config.Data, findingsName), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("node: open the findings: %w", err)
	}
	t.file = f
	in := bufio.NewReaderSize(f, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		var one Told
		if json.Unmarshal(line, &one) == nil && one.ID != "" {
			t.told[one.ID] = max(t.told[one.ID], one.Revision)
			if one.Replica != "" {
				t.stand[one.ID] = !one.Withdrawn
			}
		}
		if errors.Is(err, io.EOF) {
			if len(line) > 0 { // a crash tore the last line: what comes next begins on its own
				_, err = f.WriteString("\n")
			} else {
				err = nil
			}
			if err == nil {
				err = t.openQueue()
			}
			return t, err
		}
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("node: read the findings: %w", err)
		}
	}
}

// tell keeps a revision and tells it. One that was made again after a restart is passed over.
func (t *teller) tell(r *live.Revision, names []string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if r.Number <= t.told[r.ID] {
		return nil
	}
	return t.keep(toldOf(r, names), r.Finding.Severity)
}

// keep writes a revision, from where those to be told of it learn of it, and seals it.
func (t *teller) keep(one *Told, severity event.Severity) error {
	line, err := json.Marshal(one)
	if err != nil {
		return err
	}
	if _, err := t.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("node: keep a finding: %w", err)
	}
	if err := t.file.Sync(); err != nil {
		return fmt.Errorf("node: keep a finding: %w", err)
	}
	t.told[one.ID] = one.Revision
	t.findings.Add(1)
	t.s.sealOwn("finding", one)
	if severity < event.Severity(t.least.Load()) || !slices.ContainsFunc(one.Changed, func(c string) bool { return c == "new" || c == "severity" || c == "withdrawn" || c == "back" }) {
		return nil // it grew
	}
	t.s.log.Warn("finding", "id", one.ID, "revision", one.Revision, "changed", one.Changed, "severity", one.Severity, "detector", one.Detector, "title", one.Title.En,
		"accounts", short(one.Accounts), "addresses", short(one.Addresses), "hosts", short(one.Hosts), "first", one.First, "last", one.Last)
	return nil
}

func short(list []string) []string { return list[:min(len(list), 5)] }

func toldOf(r *live.Revision, names []string) *Told {
	f := &r.Finding
	one := &Told{ID: r.ID, Revision: r.Number, At: cases.At(r.At.Time()), Changed: r.Changed, Withdrawn: r.Withdrawn, Final: r.Final, Detector: f.Detector, Attack: f.Attack, Severity: f.Severity.String(),
		First: cases.At(f.First.Time()), Last: cases.At(f.Last.Time()), Accounts: f.Accounts, Hosts: f.Hosts, Title: f.Title, Explanation: f.Explanation}
	for _, a := range f.Addresses {
		one.Addresses = append(one.Addresses, a.String())
	}
	for _, n := range f.Numbers {
		if one.Numbers == nil {
			one.Numbers = map[string]float64{}
		}
		one.Numbers[n.Name] = n.Value
	}
	for i := range f.Evidence {
		for _, p := range f.Evidence[i].Parts() {
			e := evidence{Position: event.Position(p.Line - 1)}
			if n := int(f.Evidence[i].Input); n < len(names) {
				e.Source = names[n]
			}
			one.Evidence = append(one.Evidence, e)
		}
	}
	return one
}

// sealOwn seals something of ours. The vault is what it is for: where that fails, Serve ends.
func (s *server) sealOwn(kind string, what any) {
	b, err := json.Marshal(map[string]any{"kind": kind, kind: what})
	if err != nil {
		s.log.Error("cannot be written as JSON", "kind", kind, "error", err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	rec := event.Received{Source: ourSource, From: kind, At: event.Of(time.Now())}
	rec.Data, rec.Length = b, int64(len(b))
	if _, err := s.vault.Append(ctx, []event.Received{rec}); err != nil {
		s.log.Error("was not sealed", "kind", kind, "error", err)
		return
	}
	s.own.Add(1)
}

func (t *teller) close() error { return t.file.Close() }
