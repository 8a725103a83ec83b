// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package node

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
	"github.com/sekisho/sekisho/vault/sealed"
)

// BenchmarkLiveWatch reads and watches records as the live system does once they are sealed: lines of an sshd, of a web server and of a name server,
// and none of Windows, without rules, with the built-in ones, and with the public collection where it is.
func BenchmarkLiveWatch(b *testing.B) {
	const n = 120_000
	begin := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	records := make([]event.Received, n)
	for i := range records {
		at := begin.Add(time.Duration(i) * 500 * time.Millisecond)
		r := &records[i]
		switch i % 3 {
		case 0:
			r.Source = "mon1"
			r.Data = fmt.Appendf(nil, "<38>1 %s mon1 sshd 81 - - %s password for user%d from 203.0.113.%d port %d ssh2", at.Format(time.RFC3339), []string{"Failed", "Accepted"}[i/3%2], i%500, i%200, 30000+i%20000)
		case 1:
			r.Source = "web1"
			r.Data = fmt.Appendf(nil, `198.51.100.%d - user%d [%s] "GET /page/%d HTTP/1.1" 200 %d "-" "Mozilla/5.0"`, i%200, i%500, at.Format("02/Jan/2006:15:04:05 -0700"), i%97, i%9000)
		default:
			r.Source = "ns1"
			r.Data = fmt.Appendf(nil, "%s client @0x7f 192.168.0.%d#%d (www%d.example): query: www%d.example IN A + (192.168.0.1)", at.Format("02-Jan-2006 15:04:05.000"), i%200, 1024+i%60000, i%300, i%300)
		}
		r.At, r.Length = event.Of(at.Add(time.Second)), int64(len(r.Data))
	}
	for _, run := range []struct {
		name  string
		rules []string
	}{{"none", nil}, {"builtin", []string{"builtin"}}, {"public", []string{filepath.Join("..", "..", "shared", "data", "sigma-rules")}}} {
		b.Run(run.name, func(b *testing.B) {
			if len(run.rules) > 0 && run.rules[0] != "builtin" {
				if _, err := os.Stat(run.rules[0]); err != nil {
					b.Skip(err)
				}
			}
			cpu, took := 0.0, time.Duration(0)
			for range b.N {
				s := &server{o: ServeOptions{Config: &config.Serve{Data: b.TempDir()}, Profile: &config.Profile{}}, log: slog.New(slog.DiscardHandler)}
				withRules(b, s, run.rules)
				key, _, err := vault.OpenKey(b.TempDir())
				if err != nil {
					b.Fatal(err)
				}
				if s.vault, _, err = sealed.Open(filepath.Join(b.TempDir(), "vault"), sealed.Options{Key: key}); err != nil { // for what is found
					b.Fatal(err)
				}
				if s.teller, err = newTeller(s); err != nil {
					b.Fatal(err)
				}
				w, err := newWatcher(s)
				if err != nil {
					b.Fatal(err)
				}
				began, used := time.Now(), processorTime()
				for i := 0; i < n; i += 1000 {
					if err := w.take(event.Position(i), records[i:min(i+1000, n)]); err != nil {
						b.Fatal(err)
					}
				}
				took += time.Since(began)
				cpu += processorTime() - used
				if got := w.parsed.Load(); got != n {
					b.Fatalf("%d of %d records are understood", got, n)
				}
				if err := errors.Join(w.close(), s.teller.close(), s.vault.Close()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/took.Seconds(), "records/s")
			b.ReportMetric(float64(n)*float64(b.N)/cpu, "records/cpu-s")
		})
	}
}

func withRules(b *testing.B, s *server, rules []string) {
	b.Helper()
	s.o.Config.Rules = rules
	var err error
	if s.rules, err = s.readRules(); err != nil {
		b.Fatal(err)
	}
}
