// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Command scopestats measures scoping over drills of many seeds and variants: how many of the victims are found, how many honest people
// are accused, and how many questions it takes, with people who are always right and with such as are right in 95 of 100 answers; beside
// it other methods on the logins of the same worlds, and how often each rung of certainty is true. Each world's row is a file in -rows,
// and what is there of the same build is not made again.
//
//	go run ./bench/scopestats [-seeds 101-120] [-variants plain,residential] [-accounts 120] [-days 90] [-out docs/scoping-statistics.md]
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// version is set by the linker, as sekisho's own is.
var version = "unknown"

type measurement struct {
	rows, dir string
	jobs      int
}

func main() {
	w := world{}
	m := measurement{}
	flag.StringVar(&w.Drill, "drill", "aist", "the drill")
	seeds := flag.String("seeds", "101-120", "`RANGE` of seeds, such as 101-120, or one; below 100 they were used while scoping was built")
	variants := flag.String("variants", "plain,residential,carrier,partner,second-intruder,late-30", "variants, comma-separated; plain: none")
	flag.IntVar(&w.Accounts, "accounts", 120, "people of each institute; 0: the drill's own")
	flag.IntVar(&w.Days, "days", 90, "days of each drill; 0: its own")
	flag.IntVar(&w.Peak, "peak", 15, "guesses at each account on the worst day; 0: the drill's own")
	flag.IntVar(&w.Most, "questions", 60, "how many questions a person is asked at most")
	flag.StringVar(&m.rows, "rows", filepath.Join("bench", "out", "scope"), "the `folder` of finished rows")
	flag.StringVar(&m.dir, "dir", "", "the `folder` to work in (default: that for temporary files)")
	flag.IntVar(&m.jobs, "jobs", 1, "worlds to work on at once")
	out := flag.String("out", "", "the `file` to write the tables to (default: standard output)")
	flag.Parse()
	worlds, err := list(w, *seeds, *variants)
	if err == nil && (flag.NArg() > 0 || m.jobs < 1 || w.Most < 1) {
		err = errors.New("nothing stands after the flags, and -jobs and -questions count from 1")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "scopestats:", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := m.run(ctx, worlds, *out); err != nil {
		fmt.Fprintln(os.Stderr, "scopestats:", err)
		stop()
		os.Exit(1)
	}
}

// list returns the worlds: seed by seed, so that what is interrupted has about as many of each variant.
func list(w world, seeds, variants string) ([]world, error) {
	first, last, isRange := strings.Cut(seeds, "-")
	from, err := strconv.ParseUint(first, 10, 32)
	to := from
	if err == nil && isRange {
		to, err = strconv.ParseUint(last, 10, 32)
	}
	if err != nil || from < 1 || to < from || to-from >= 10_000 {
		return nil, fmt.Errorf("-seeds %q: write a range such as 101-120, or one number from 1", seeds)
	}
	var out []world
	for w.Seed = from; w.Seed <= to; w.Seed++ {
		for _, w.Variant = range strings.Split(variants, ",") {
			if _, err := w.options(); err != nil {
				return nil, fmt.Errorf("-variants %s: %w", w.Variant, err)
			}
			out = append(out, w)
		}
	}
	return out, nil
}

// run makes the rows that are missing and writes the tables of all that are there, also where it is interrupted or some fail.
func (m *measurement) run(ctx context.Context, worlds []world, out string) error {
	if err := os.MkdirAll(m.rows, 0o755); err != nil {
		return fmt.Errorf("make the folder of rows: %w", err)
	}
	rows, errs := make([]*row, len(worlds)), make([]error, len(worlds))
	next := make(chan int)
	var wg sync.WaitGroup
	for range m.jobs {
		wg.Go(func() {
			for i := range next {
				rows[i], errs[i] = m.row(ctx, worlds[i])
			}
		})
	}
	for i := range worlds {
		next <- i
	}
	close(next)
	wg.Wait()
	t := &tables{asked: len(worlds), command: "go run ./bench/scopestats " + strings.Join(withoutPlaces(os.Args[1:]), " ")}
	for _, r := range rows {
		if r != nil {
			t.rows = append(t.rows, r)
		}
	}
	var err error
	if ctx.Err() != nil {
		err = fmt.Errorf("interrupted: %d of %d worlds were measured; the same command goes on", len(t.rows), len(worlds))
	} else {
		err = errors.Join(errs...)
	}
	if len(t.rows) == 0 {
		return errors.Join(err, errors.New("no world was measured, and no table is written"))
	}
	if out == "" {
		_, werr := os.Stdout.WriteString(t.markdown())
		return errors.Join(err, werr)
	}
	return errors.Join(err, replace(out, []byte(t.markdown())))
}

// row returns the row of a world: that of the same build that is kept, or a new one.
func (m *measurement) row(ctx context.Context, w world) (*row, error) {
	path := filepath.Join(m.rows, w.name()+".json")
	kept := new(row)
	switch text, err := os.ReadFile(path); {
	case err == nil && json.Unmarshal(text, kept) == nil && kept.Build == version && kept.world == w:
		return kept, nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read a finished row: %w", err)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	r, err := measure(ctx, m.dir, w)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", w.name(), err)
	}
	fmt.Fprintf(os.Stderr, "%s: %s\n", w.name(), r.short())
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, err
	}
	return r, replace(path, append(text, '\n'))
}

// replace writes a file whole or not at all.
func replace(path string, text []byte) error {
	if err := os.WriteFile(path+".new", text, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// withoutPlaces returns the arguments without the folders: they say nothing of the figures, and something of the machine.
func withoutPlaces(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		name, _, joined := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		switch {
		case name != "dir" && name != "rows" && name != "out":
			out = append(out, args[i])
		case !joined:
			i++
		}
	}
	return out
}
