// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// alert sends messages at half the rate that is wanted, and beside them, up to five times a second, an event log that was cleared on a host of its
// own. It shows how long each took from when it was sent to when its finding stood in the file.
func (b *bench) alert(ctx context.Context) error {
	rate := b.rate
	if rate == 0 {
		rate = 50_000
	}
	return b.alerts(ctx, "alert", rate, b.soak/10)
}

// hour sends messages at a steady rate, and shows what memory the program has every tenth of the time.
func (b *bench) hour(ctx context.Context) error {
	rate := b.rate
	if rate == 0 {
		rate = 20_000
	}
	return b.alerts(ctx, "soak", rate, b.soak)
}

func (b *bench) alerts(ctx context.Context, name string, rate int, long time.Duration) error {
	s, err := b.serve(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	load, end := context.WithTimeout(ctx, long)
	defer end()
	m := &marks{sent: map[string]time.Time{}, took: map[string]time.Duration{}}
	var all sync.WaitGroup
	var failed error
	all.Go(func() { failed = m.send(load, s, max(long/marksMost, markLeast)) })
	watch, stop := context.WithCancel(ctx)
	defer stop()
	followed := make(chan error, 1)
	go func() { followed <- m.follow(watch, filepath.Join(s.dir, "data", "findings.jsonl")) }()
	all.Go(func() { s.grows(load, long/10) })
	begun := time.Now()
	if err := send(load, s, "tcp", int(float64(rate)*long.Seconds()*2), rate); load.Err() == nil {
		return err
	}
	took := time.Since(begun)
	all.Wait()
	o, err := s.behind(ctx)
	if err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	stop()
	if err := <-followed; err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	cpu, peak := s.stop()
	fmt.Printf("%-6s %-26s %10d %9.1f %11.0f %11.0f %9.1f %9d\n", name, s.name, o.Total.Sealed, took.Seconds(), float64(o.Total.Sealed)/took.Seconds(), float64(o.Total.Sealed-o.Watch.Behind)/took.Seconds(), cpu.Seconds(), peak>>20)
	return m.show(o)
}

// So many records are waited for: each is a finding that stands for good, and thousands of these are not what is measured.
const (
	marksMost = 1800
	markLeast = 200 * time.Millisecond
)

// marks are the records that are waited for.
type marks struct {
	mu   sync.Mutex
	sent map[string]time.Time // by host
	took map[string]time.Duration
}

// send sends the marks, from an address of their own.
func (m *marks) send(ctx context.Context, s *server, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		host, now := fmt.Sprintf("pc%06d.lab.example", i), time.Now()
		doc := fmt.Sprintf(`{"create":{}}`+"\n"+`{"@timestamp":"%s","winlog":{"channel":"Security","provider_name":"Microsoft-Windows-Eventlog","event_id":1102,"record_id":%d,"computer_name":"%s","user_data":{"SubjectUserName":"user%d","SubjectDomainName":"LAB"}},"event":{"code":"1102"},"message":"The audit log was cleared."}`+"\n",
			now.UTC().Format(stamp), i+1, host, i%people)
		m.mu.Lock()
		m.sent[host] = now
		m.mu.Unlock()
		r, err := http.Post("http://"+s.addresses["http"]+"/_bulk", "application/x-ndjson", strings.NewReader(doc))
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, r.Body)
		r.Body.Close()
		if r.StatusCode != 200 {
			return fmt.Errorf("a mark is refused: %s", r.Status)
		}
	}
}

// follow reads the findings as they are written.
func (m *marks) follow(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<20)
	var part []byte
	for ctx.Err() == nil {
		line, err := in.ReadBytes('\n')
		part = append(part, line...)
		if err == io.EOF {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if err != nil {
			return err
		}
		var one struct {
			Detector string
			Hosts    []string
		}
		if json.Unmarshal(part, &one) == nil && one.Detector == "log-cleared" {
			m.mu.Lock()
			for _, h := range one.Hosts {
				if _, ok := m.took[h]; !ok {
					m.took[h] = time.Since(m.sent[h])
				}
			}
			m.mu.Unlock()
		}
		part = part[:0]
	}
	return nil
}

func (m *marks) show(o *state) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []time.Duration
	for _, d := range m.took {
		all = append(all, d)
	}
	if len(all) == 0 {
		return fmt.Errorf("of %d marks none was told: %+v", len(m.sent), o)
	}
	slices.Sort(all)
	at := func(p float64) string {
		return all[min(int(p*float64(len(all))), len(all)-1)].Round(time.Millisecond).String()
	}
	fmt.Printf("       of %d records that were waited for %d were told, after %s (half of them), %s (95 in 100), %s (99), %s (all); %d records not yet looked at when the load ended\n",
		len(m.sent), len(all), at(0.5), at(0.95), at(0.99), at(1), o.Watch.Behind)
	return nil
}

// grows says now and then what the program has in memory.
func (s *server) grows(ctx context.Context, every time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every):
		}
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(b), "\n") {
			if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
				fmt.Printf("       resident %s\n", strings.TrimSpace(rest))
			}
		}
	}
}
