// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/detectors"
	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
)

// What a watch may say of ordinary life: the bars are those of an institute of 8,000.
const (
	quietHigh   = 1.0 // high findings in a month
	quietMedium = 2.0 // medium ones in a day
)

// TestWatchQuiet counts what detectors say of a year, or of the days in SEKISHO_DAYS, in which nothing happens, by severity and detector.
// With SEKISHO_NOISY the life is a noisy one, of which twice as much may be said; with SEKISHO_SEED it is that seed's alone. With SEKISHO_PART
// so many days are made, read and removed at a time: a year of 8,000 accounts is some 80 GB of logs.
func TestWatchQuiet(t *testing.T) {
	n := watchAccounts(t)
	number := func(name string) int { n, _ := strconv.Atoi(os.Getenv(name)); return n }
	seeds := []uint64{1, 2, 3}
	if s := number("SEKISHO_SEED"); s > 0 {
		seeds = []uint64{uint64(s)}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			q := quiet{t: t, part: number("SEKISHO_PART")}
			q.watch(drill.Options{Name: "quiet", Accounts: n, Days: number("SEKISHO_DAYS"), Seed: seed, Noisy: os.Getenv("SEKISHO_NOISY") != ""})
		})
	}
}

// quiet is a watch of a life in which nothing happens.
type quiet struct {
	t      *testing.T
	part   int // days that are on disk at once; 0: all
	e      *detect.Engine
	events int
	late   int // sightings that lie before the last one of the part before
	last   event.Micros
}

func (q *quiet) watch(o drill.Options) {
	var truth *drill.Truth
	if q.part > 0 {
		truth = q.inParts(o)
	} else {
		dir := filepath.Join(q.t.TempDir(), "drill")
		var err error
		if truth, err = drill.Generate(context.Background(), dir, o); err != nil {
			q.t.Fatal(err)
		}
		readSightings(q.t, dir, q.begin, q.observe)
	}
	span := truth.End.Sub(truth.LogsFrom).Hours() / 24
	q.t.Logf("%d accounts, %.0f days, %d lines, %d events, %d of them before the end of the part before", o.Accounts, span, truth.Lines, q.events, q.late)
	q.judge(o.Noisy, span)
}

func (q *quiet) begin(site detect.Site) { q.e = detect.NewEngine(detectors.All(), site) }

// observe shows a sighting to the engine. Of two parts the second has a few records of what ended before midnight: the engine has gone
// on by then, and sees them when they come.
func (q *quiet) observe(s *event.Sighting) {
	if q.events++; s.Time < q.last {
		q.late++
		e := *s.Event
		e.Time = q.last
		s.Event = &e
	}
	q.last = s.Time
	if err := q.e.Observe(s); err != nil {
		q.t.Fatal(err)
	}
}

// inParts makes the drill, and reads it whenever so many days of it are there.
func (q *quiet) inParts(o drill.Options) *drill.Truth {
	t, dir := q.t, q.t.TempDir()
	if err := drill.WriteProfile(dir, o); err != nil {
		t.Fatal(err)
	}
	all := new(sightings)
	logs := filepath.Join(dir, "logs")
	p := parts{dir: logs, logs: map[string]*partLog{}}
	read := func() error {
		if err := p.close(); err != nil {
			return err
		}
		all.read(t, dir, logs, q.begin, q.observe)
		t.Logf("until %s: %d events, %d findings", p.until.Format(time.DateOnly), q.events, len(q.e.Findings()))
		return os.RemoveAll(logs)
	}
	truth, err := drill.Stream(context.Background(), o, func(l drill.Line) error {
		if p.until.IsZero() {
			p.until = l.Time.Add(time.Duration(q.part) * 24 * time.Hour)
		}
		if !l.Time.Before(p.until) {
			if err := read(); err != nil {
				return err
			}
			p.until = p.until.Add(time.Duration(q.part) * 24 * time.Hour)
		}
		return p.write(l)
	})
	if err == nil {
		err = read()
	}
	if err != nil {
		t.Fatal(err)
	}
	return truth
}

// parts writes the lines of one part to a file for each log.
type parts struct {
	dir   string
	logs  map[string]*partLog
	until time.Time
}

type partLog struct {
	file *os.File
	w    *bufio.Writer
}

func (p *parts) write(l drill.Line) error {
	log := p.logs[l.Log]
	if log == nil {
		path := filepath.Join(p.dir, filepath.FromSlash(l.Log))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		log = &partLog{f, bufio.NewWriterSize(f, 1<<18)}
		p.logs[l.Log] = log
	}
	log.w.Write(l.Text) // an error stays in it until it is flushed
	return log.w.WriteByte('\n')
}

func (p *parts) close() error {
	var err error
	for _, l := range p.logs {
		err = errors.Join(err, l.w.Flush(), l.file.Close())
	}
	clear(p.logs)
	return err
}

// judge holds what was said to the bars.
func (q *quiet) judge(noisy bool, span float64) {
	mostHigh, mostMedium := quietHigh, quietMedium
	if noisy {
		mostHigh, mostMedium = 2*quietHigh, 2*quietMedium
	}
	by, all := map[string]int{}, map[event.Severity]int{}
	for _, f := range q.e.Findings() {
		by[fmt.Sprintf("%s %s", f.Severity, f.Detector)]++
		if all[f.Severity]++; f.Severity >= event.Medium {
			q.t.Logf("%s %s %s: %s", f.Alerted.Time().Format(time.DateOnly), f.Severity, f.Detector, f.Title.En)
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(by), func(a, b string) int { return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b)) }) {
		q.t.Logf("%5d %s", by[k], k)
	}
	if high := float64(all[event.High]+all[event.Critical]) / span * 30; high > mostHigh {
		q.t.Errorf("%.1f high findings a month", high)
	}
	if medium := float64(all[event.Medium]) / span; medium > mostMedium {
		q.t.Errorf("%.1f medium findings a day", medium)
	}
}
