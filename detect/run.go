// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"cmp"
	"fmt"
	"math"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Engine hands each sighting to every detector that wants its class. It is owned by one goroutine, and may use more of its own:
// detectors know nothing of one another, so which of them runs beside which changes nothing.
//
// A detector that panics is taken out and named in Health; the others go on. One that is slow holds up what comes after the batch,
// not the other detectors of the batch, and Health says how long it took: a clock must not decide about findings, so that it is
// never taken out for that.
type Engine struct {
	running []*running
	last    event.Micros
	classes []event.Class // of the batch at hand
}

// running is one detector at work.
type running struct {
	spec    Spec
	det     Detector
	classes ClassSet
	plan    *Plan
	seen    int64
	took    time.Duration
	fault   string
}

// Health says how a detector fares.
type Health struct {
	Detector string
	Seen     int64         // sightings that it looked at
	Took     time.Duration // for them, in batches
	Fault    string        // what it panicked with, and where; it was taken out then
}

// NewEngine starts a detector of each spec.
func NewEngine(specs []Spec, site Site) *Engine {
	e := &Engine{last: math.MinInt64}
	for _, s := range specs {
		d := s.New(site)
		e.running = append(e.running, &running{spec: s, det: d, classes: d.Classes()})
	}
	return e
}

// Observe hands one sighting to the detectors. It returns an error if the sighting is out of order, which would make the
// findings depend on more than the set of events.
func (e *Engine) Observe(s *event.Sighting) error {
	if err := e.follows(s); err != nil {
		return err
	}
	for i := 0; i < len(e.running); {
		i = e.show(i, s)
	}
	return nil
}

// show hands a sighting to the detectors from the i-th on, and returns the one to go on with: the next one after a panic.
func (e *Engine) show(i int, s *event.Sighting) (next int) {
	defer func() {
		if p := recover(); p != nil {
			e.running[i].broke(p)
			next = i + 1
		}
	}()
	for ; i < len(e.running); i++ {
		if r := e.running[i]; r.classes.Has(s.Class) && r.fault == "" {
			r.seen++
			r.det.Observe(s)
		}
	}
	return i
}

func (e *Engine) follows(s *event.Sighting) error {
	if s.Time < e.last {
		return fmt.Errorf("detect: event at %s comes after one at %s", s.Time.Time(), e.last.Time())
	}
	e.last = s.Time
	return nil
}

// ObserveAll hands sightings in canonical order to the detectors, on so many cores: the same as Observe for one after the other.
func (e *Engine) ObserveAll(batch []event.Sighting, cores int) error {
	for i := range batch {
		if err := e.follows(&batch[i]); err != nil {
			return err
		}
	}
	e.hand(batch, cores, e.running)
	return nil
}

// Again hands sightings to some detectors only, which were taken back to an earlier moment by Load.
func (e *Engine) Again(batch []event.Sighting, cores int, which []int) {
	list := make([]*running, len(which))
	for i, n := range which {
		list[i] = e.running[n]
	}
	e.hand(batch, cores, list)
}

func (e *Engine) hand(batch []event.Sighting, cores int, list []*running) {
	e.classes = e.classes[:0]
	var there ClassSet
	for i := range batch {
		c := batch[i].Class
		e.classes = append(e.classes, c)
		there |= 1 << c
	}
	work := make([]*running, 0, len(list))
	for _, r := range list {
		if r.classes&there != 0 && r.fault == "" {
			work = append(work, r)
		}
	}
	if cores <= 1 || len(batch) < 64 {
		for _, r := range work {
			r.observe(batch, e.classes)
		}
		return
	}
	// Who took longest so far begins, so that no core waits for it alone in the end.
	slices.SortStableFunc(work, func(a, b *running) int { return cmp.Compare(b.took, a.took) })
	var next atomic.Int32
	var wg sync.WaitGroup
	for range min(cores, len(work)) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(work); i = int(next.Add(1)) - 1 {
				work[i].observe(batch, e.classes)
			}
		})
	}
	wg.Wait()
}

// observe shows a detector those of the batch that it wants.
func (r *running) observe(batch []event.Sighting, classes []event.Class) {
	begun := time.Now()
	defer func() {
		r.took += time.Since(begun)
		if p := recover(); p != nil {
			r.broke(p)
		}
	}()
	for i, c := range classes {
		if r.classes.Has(c) {
			r.seen++
			r.det.Observe(&batch[i])
		}
	}
}

// broke takes the detector out.
func (r *running) broke(p any) {
	r.fault = fmt.Sprintf("%v", p)
	for line := range strings.Lines(string(debug.Stack())) { // the first place outside of what runs it
		if at := strings.TrimSpace(line); strings.HasPrefix(line, "\t") && strings.Contains(at, ".go:") && !strings.Contains(at, "/runtime/") && !strings.Contains(at, "/detect/run.go") {
			if i := strings.LastIndexByte(at, '/'); i >= 0 {
				at = at[i+1:]
			}
			at, _, _ = strings.Cut(at, " +")
			r.fault += " (" + at + ")"
			break
		}
	}
}

// Health returns how each detector fares, in order.
func (e *Engine) Health() []Health {
	out := make([]Health, len(e.running))
	for i, r := range e.running {
		out[i] = Health{r.spec.Name, r.seen, r.took, r.fault}
	}
	return out
}

// Findings ends the watch and returns what all detectors concluded, sorted by first, detector and key.
func (e *Engine) Findings() []event.Finding { return e.FindingsAsOf(Over) }

// FindingsAsOf returns what all detectors conclude when everything up to asOf was seen. The watch may go on.
func (e *Engine) FindingsAsOf(asOf event.Micros) []event.Finding {
	var out []event.Finding
	for i := range e.running {
		found, _ := e.FindingsOf(i, asOf)
		out = append(out, found...)
	}
	slices.SortStableFunc(out, func(a, b event.Finding) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Detector, b.Detector), cmp.Compare(a.Key, b.Key))
	})
	return out
}

// FindingsOf returns what the i-th detector concludes when everything up to asOf was seen, in no order; false if it was taken out, so that
// nobody knows what it would conclude.
func (e *Engine) FindingsOf(i int, asOf event.Micros) ([]event.Finding, bool) {
	r := e.running[i]
	out := slices.Clone(r.findings(asOf))
	for i := range out {
		f := &out[i]
		if f.Detector == "" {
			f.Detector = r.spec.Name
		}
		if f.Attack == nil {
			f.Attack = r.spec.Attack
		}
		f.Attack = sortedStrings(f.Attack)
		f.Accounts = sortedStrings(f.Accounts)
		f.Hosts = sortedStrings(f.Hosts)
		f.Addresses = sortedAddrs(f.Addresses)
	}
	return out, r.fault == ""
}

func (r *running) findings(asOf event.Micros) (out []event.Finding) {
	if r.fault != "" {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			r.broke(p)
			out = nil
		}
	}()
	return r.det.Findings(asOf)
}
