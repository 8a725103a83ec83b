// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detect

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// counter finds how many sightings it saw, and falls over at one of them.
type counter struct {
	n     int64
	fatal event.Micros
	who   map[string]*event.Account
}

func (c *counter) Classes() ClassSet { return Classes(event.ClassDNS, event.ClassMail) }

func (c *counter) Observe(s *event.Sighting) {
	if c.fatal != 0 && s.Time >= c.fatal {
		panic("a detector's mistake")
	}
	c.n++
	if s.Who != nil {
		c.who[s.Who.ID] = s.Who
	}
}

func (c *counter) Findings(event.Micros) []event.Finding {
	return []event.Finding{{Key: "n", First: 1, Last: event.Micros(c.n), Numbers: []event.Figure{{Name: "accounts", Value: float64(len(c.who))}}}}
}

func counters(names ...string) (out []Spec) {
	for _, n := range names {
		name, fatal, _ := strings.Cut(n, "@")
		var at event.Micros
		fmt.Sscan(fatal, &at)
		out = append(out, Spec{Name: name, New: func(Site) Detector { return &counter{fatal: at, who: map[string]*event.Account{}} }})
	}
	return out
}

func sightings(n int) []event.Sighting {
	out := make([]event.Sighting, n)
	who := &event.Account{Handle: 1, ID: "A-1"}
	for i := range out {
		out[i] = event.Sighting{Event: &event.Event{Time: event.Micros(i + 1), Class: event.ClassDNS + event.Class(i%2)}, Who: who}
	}
	return out
}

// TestBrokenDetector holds that a detector that panics is taken out and named, and that the others see everything, on one core and on more.
func TestBrokenDetector(t *testing.T) {
	for _, cores := range []int{0, 1, 3} {
		e := NewEngine(counters("good", "bad@200", "better"), Site{})
		all := sightings(500)
		for i := 0; i < len(all); i += 100 {
			if cores > 0 {
				if err := e.ObserveAll(all[i:i+100], cores); err != nil {
					t.Fatal(err)
				}
				continue
			}
			for k := range 100 {
				if err := e.Observe(&all[i+k]); err != nil {
					t.Fatal(err)
				}
			}
		}
		f := e.Findings()
		if len(f) != 2 || f[0].Detector != "better" || f[0].Last != f[1].Last {
			t.Fatalf("%d cores: %+v", cores, f)
		}
		h := e.Health()
		if h[0].Fault != "" || !strings.Contains(h[1].Fault, "a detector's mistake") || !strings.Contains(h[1].Fault, "run_test.go") || h[0].Seen != int64(f[0].Last) || h[1].Seen >= h[0].Seen {
			t.Errorf("%d cores: %+v", cores, h)
		}
	}
}

// TestSaveLoad holds that what was saved is loaded into a new engine, that a fault is kept, and that bytes of others are refused.
func TestSaveLoad(t *testing.T) {
	specs := counters("good", "bad@3")
	a, b := NewEngine(specs, Site{}), NewEngine(specs, Site{})
	all := sightings(10)
	if err := a.ObserveAll(all[:5], 1); err != nil {
		t.Fatal(err)
	}
	for i := range a.Len() {
		state, err := a.Save(i)
		if err != nil {
			t.Fatal(err)
		}
		for n := range state {
			if b.Load(i, state[:n], nil) == nil {
				t.Fatalf("%d of %d bytes are taken", n, len(state))
			}
		}
		if err := b.Load(i, state, func(*event.Account) *event.Account { return all[0].Who }); err != nil {
			t.Fatal(err)
		}
		if err := NewEngine(counters("other", "another"), Site{}).Load(i, state, nil); !errors.Is(err, ErrOtherBuild) {
			t.Errorf("another detector's state: %v", err)
		}
	}
	b.Resume(a.Last())
	if err := b.ObserveAll(all[:1], 1); err == nil {
		t.Error("what came before is taken again")
	}
	for _, e := range []*Engine{a, b} {
		if err := e.ObserveAll(all[5:], 1); err != nil {
			t.Fatal(err)
		}
	}
	if x, y := fmt.Sprint(a.Findings()), fmt.Sprint(b.Findings()); x != y || len(a.Findings()) != 1 {
		t.Errorf("%s\n%s", x, y)
	}
	if a.Health()[1].Fault == "" || b.Health()[1].Fault != a.Health()[1].Fault {
		t.Errorf("%+v", b.Health())
	}
}
