// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/detect/live"
	"github.com/sekisho/sekisho/event"
)

// Told is one revision of a finding, as findings.jsonl and a webhook have it.
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
}

// evidence is a record of the vault, by its position.
type evidence struct {
	Source   string         `json:"source"`
	Position event.Position `json:"position"`
}

// teller keeps findings on disk, seals them, and tells people.
type teller struct {
	s      *server
	file   *os.File
	told   map[string]int // the last revision of each finding
	least  event.Severity
	queue  chan []byte
	done   chan struct{}
	client *http.Client

	findings  atomic.Int64
	sent      atomic.Int64
	failed    atomic.Int64
	abandoned atomic.Int64
}

const (
	findingsName = "findings.jsonl"
	webhookQueue = 1024
	webhookTries = 8
)

func newTeller(s *server) (*teller, error) {
	t := &teller{s: s, told: map[string]int{}, least: event.Medium, queue: make(chan []byte, webhookQueue), done: make(chan struct{}), client: &http.Client{Timeout: 10 * time.Second}}
	if sev, ok := event.ParseSeverity(s.o.Config.Severity); ok {
		t.least = sev
	}
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
		}
		if errors.Is(err, io.EOF) {
			if len(line) > 0 { // a crash tore the last line: what comes next begins on its own
				_, err = f.WriteString("\n")
			} else {
				err = nil
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
	if r.Number <= t.told[r.ID] {
		return nil
	}
	one := toldOf(r, names)
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
	t.told[r.ID] = r.Number
	t.findings.Add(1)
	t.s.sealOwn("finding", one)
	if r.Finding.Severity < t.least || !slices.ContainsFunc(r.Changed, func(c string) bool { return c == "new" || c == "severity" || c == "withdrawn" || c == "back" }) {
		return nil // it grew
	}
	t.s.log.Warn("finding", "id", one.ID, "revision", one.Revision, "changed", one.Changed, "severity", one.Severity, "detector", one.Detector, "title", one.Title.En,
		"accounts", short(one.Accounts), "addresses", short(one.Addresses), "hosts", short(one.Hosts), "first", r.Finding.First.Time(), "last", r.Finding.Last.Time())
	if t.s.o.Config.Webhook == "" {
		return nil
	}
	select {
	case t.queue <- line:
	default:
		t.abandoned.Add(1)
		t.s.log.Error("a notification was given up: too many wait", "id", one.ID)
	}
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

// run sends what is queued, one after the other, until ctx ends.
func (t *teller) run(ctx context.Context) {
	defer close(t.done)
	for {
		select {
		case <-ctx.Done():
			return
		case line := <-t.queue:
			t.send(ctx, line)
		}
	}
}

func (t *teller) send(ctx context.Context, line []byte) {
	pause := time.Second
	for try := 1; ; try++ {
		err := t.post(ctx, line)
		if err == nil {
			t.sent.Add(1)
			return
		}
		if ctx.Err() != nil {
			return
		}
		t.failed.Add(1)
		if try == webhookTries {
			t.abandoned.Add(1)
			t.s.log.Error("a notification was given up", "tries", try, "error", err)
			return
		}
		t.s.log.Warn("a notification was not taken and is sent again", "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, time.Minute)
	}
}

// post sends one finding. An error never names the address, which may be a secret.
func (t *teller) post(ctx context.Context, line []byte) error {
	var one Told
	if err := json.Unmarshal(line, &one); err != nil {
		return err
	}
	text := fmt.Sprintf("[%s] %s (%s, %s)", one.Severity, one.Title.En, one.ID, one.Title.Ja)
	body, err := json.Marshal(map[string]any{"text": text, "finding": json.RawMessage(line)})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, t.s.o.Config.Webhook, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address is not one")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "sekisho")
	a, err := t.client.Do(r)
	if err != nil {
		var inner interface{ Unwrap() error }
		if errors.As(err, &inner) && inner.Unwrap() != nil {
			err = inner.Unwrap() // without the address
		}
		return err
	}
	defer a.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(a.Body, 64<<10))
	if a.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %d", a.StatusCode)
	}
	return nil
}

func (t *teller) close() error { return t.file.Close() }
