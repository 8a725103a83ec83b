// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// evtxBytes is the least size of the event log that is measured.
const evtxBytes = 256 << 20

// eventLog makes a long event log: real chunks over and over, since a file's chunks stand for themselves. Its path is empty where the log to
// repeat is not here.
func (b *bench) eventLog() (path string, records int64, err error) {
	from := filepath.Join("..", "shared", "data", "evtx-parser-samples", "samples", "security.evtx")
	data, err := os.ReadFile(from)
	if os.IsNotExist(err) {
		fmt.Printf("%-9s %-22s is not here: %s\n", "evtx", "the log to repeat", from)
		return "", 0, nil
	}
	if err != nil {
		return "", 0, err
	}
	const head, chunk = 4096, 1 << 16
	const perFile = 2261 // records of the log that is repeated
	path = filepath.Join(b.out, "Security.evtx")
	body := data[head:]
	body = body[:len(body)/chunk*chunk]
	if size(path) < evtxBytes {
		f, err := os.Create(path)
		if err != nil {
			return "", 0, err
		}
		defer f.Close()
		if _, err := f.Write(data[:head]); err != nil {
			return "", 0, err
		}
		for n := 0; n < evtxBytes; n += len(body) {
			if _, err := f.Write(body); err != nil {
				return "", 0, err
			}
		}
		if err := f.Close(); err != nil {
			return "", 0, err
		}
	}
	return path, (size(path) - head) / int64(len(body)) * perFile, nil
}

// evtx measures an event log file. Next to it stands evtx_dump (cargo install evtx), which writes the same records as JSON.
func (b *bench) evtx(ctx context.Context) error {
	path, records, err := b.eventLog()
	if err != nil || path == "" {
		return err
	}
	if err := b.investigate(ctx, "evtx", path, records, size(path)); err != nil {
		return err
	}
	// Reading alone, on all cores: what the peer below does, but for the JSON that it writes.
	r := measure(ctx, "go", "test", "./formats", "-run", "^$", "-bench", "^BenchmarkEvtx$", "-benchtime", "50x")
	for _, line := range strings.Split(r.text, "\n") {
		if strings.HasPrefix(line, "BenchmarkEvtx") {
			fmt.Printf("%-9s %-22s %s\n", "evtx", "sekisho, parsing alone", strings.Join(strings.Fields(line)[2:], " "))
		}
	}
	if _, err := exec.LookPath("evtx_dump"); err != nil {
		fmt.Printf("%-9s %-22s is not installed: cargo install evtx\n", "evtx", "evtx_dump")
		return nil
	}
	for _, threads := range []string{"1", "2"} {
		r := measure(ctx, "sh", "-c", `exec evtx_dump -t "$1" -o jsonl "$2" > /dev/null`, "sh", threads, path)
		if err := show("evtx", "evtx_dump -t "+threads, records, size(path), r); err != nil {
			return err
		}
	}
	return nil
}
