// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

// Command live measures sekisho serve as a whole process, from the sender's socket to what the watch has looked at: messages a second over TCP,
// RELP and _bulk, and the time from a record's arrival to its alert at half that load. rsyslog writing to a plain file stands beside it.
//
//	go run ./bench/live [-records 2000000] [-only tcp,relp,bulk,alert,soak] [-rate 20000] [-for 1h]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

type bench struct {
	out, sekisho string
	records      int
	rate         int
	soak         time.Duration
}

func main() {
	var b bench
	only := flag.String("only", "tcp,relp,bulk,alert", "what to measure, of tcp, relp, bulk, alert and soak")
	flag.StringVar(&b.out, "out", filepath.Join("bench", "out"), "where vaults are made, and removed again")
	flag.StringVar(&b.sekisho, "sekisho", "", "the program; default: it is built")
	flag.IntVar(&b.records, "records", 2_000_000, "records of each input")
	flag.IntVar(&b.rate, "rate", 0, "records a second of alert and soak; default 50,000 and 20,000")
	flag.DurationVar(&b.soak, "for", time.Hour, "how long the soak lasts, and a tenth of it alert")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.all(ctx, strings.Split(*only, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "live:", err)
		os.Exit(1)
	}
}

func (b *bench) all(ctx context.Context, names []string) error {
	if err := os.MkdirAll(b.out, 0o755); err != nil {
		return err
	}
	if b.sekisho == "" {
		b.sekisho = filepath.Join(b.out, "sekisho")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", b.sekisho, "./cmd/sekisho").CombinedOutput(); err != nil {
			return fmt.Errorf("build sekisho: %w\n%s", err, out)
		}
	}
	fmt.Printf("%-6s %-26s %10s %9s %11s %11s %9s %9s\n", "input", "program", "records", "seconds", "taken/s", "watched/s", "cpu s", "peak MiB")
	for _, one := range []struct {
		name string
		run  func(context.Context) error
	}{
		{"tcp", func(ctx context.Context) error { return b.syslog(ctx, "tcp") }},
		{"relp", func(ctx context.Context) error { return b.syslog(ctx, "relp") }},
		{"bulk", b.bulk},
		{"alert", b.alert},
		{"soak", b.hour},
	} {
		if !slices.Contains(names, one.name) {
			continue
		}
		if err := one.run(ctx); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
	}
	return nil
}

// syslog sends messages over TCP or RELP, to sekisho and to rsyslog.
func (b *bench) syslog(ctx context.Context, kind string) error {
	for _, peer := range []func(context.Context) (*server, error){b.serve, b.rsyslog} {
		s, err := peer(ctx)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		if err := b.flood(ctx, s, kind); err != nil {
			s.stop()
			return err
		}
	}
	return nil
}

func (b *bench) bulk(ctx context.Context) error {
	s, err := b.serve(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	return b.flood(ctx, s, "bulk")
}

// flood sends as fast as it is taken, and waits until everything was looked at.
func (b *bench) flood(ctx context.Context, s *server, kind string) error {
	begun := time.Now()
	if err := send(ctx, s, kind, b.records, 0); err != nil {
		return err
	}
	taken := time.Since(begun)
	if err := s.wait(ctx, int64(b.records)); err != nil {
		return err
	}
	watched := time.Since(begun)
	cpu, peak := s.stop()
	fmt.Printf("%-6s %-26s %10d %9.1f %11.0f %11.0f %9.1f %9d\n", kind, s.name, b.records, watched.Seconds(), float64(b.records)/taken.Seconds(), float64(b.records)/watched.Seconds(), cpu.Seconds(), peak>>20)
	return nil
}
