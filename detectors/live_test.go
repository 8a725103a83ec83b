// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/detect/live"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
)

// inOrder puts a story in canonical order.
func inOrder(all []event.Sighting) []event.Sighting {
	out := slices.Clone(all)
	slices.SortStableFunc(out, func(a, b event.Sighting) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), sorted.Compare(a.Event, b.Event))
	})
	return out
}

// replayed returns what one replay in order concludes.
func replayed(t testing.TB, all []event.Sighting, site detect.Site) string {
	e := detect.NewEngine(All(), site)
	for i := range all {
		if err := e.Observe(&all[i]); err != nil {
			t.Fatal(err)
		}
	}
	for _, h := range e.Health() {
		if h.Fault != "" {
			t.Errorf("%s: %s", h.Detector, h.Fault)
		}
	}
	return lines(e.Findings())
}

func lines(all []event.Finding) string {
	var b strings.Builder
	for i := range all {
		fmt.Fprintf(&b, "%+v\n", all[i])
	}
	return b.String()
}

// arrival is a record and when it comes.
type arrival struct {
	at event.Micros
	i  int
}

// TestLiveIsReplay holds the live watch to what one replay of all records in order concludes, whatever the sizes of batches, the order within
// the window, the records that come days late, the kills and restarts, the cores, and the memory for what waits.
func TestLiveIsReplay(t *testing.T) {
	s := everything()
	all := inOrder(s.all)
	want := replayed(t, all, s.site)
	rounds := 3
	if testing.Short() || raced {
		rounds = 1
	}
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			dice := rand.New(rand.NewPCG(5, uint64(round)))
			got := lived(t, s, all, dice)
			if got != want {
				t.Errorf("live and replay differ:\n%s", differ(got, want))
			}
		})
	}
}

// lived gives a story to a watch as it would come, with restarts, and returns the findings in the end.
func lived(t *testing.T, s *story, all []event.Sighting, dice *rand.Rand) string {
	var lateness [64]float64 // hours, by class of event and what hash: some sources are late by days
	for i := range lateness {
		if dice.IntN(6) == 0 {
			lateness[i] = dice.Float64() * 47
		}
	}
	coming := make([]arrival, len(all))
	for i := range all {
		wait := dice.Float64() * 9.9 * 60e6
		if dice.IntN(400) == 0 { // one record that got stuck
			wait = dice.Float64() * 47.5 * 3600e6
		}
		if late := lateness[(int(all[i].Class)*7+len(all[i].Format)+len(all[i].DstHost))%len(lateness)] * dice.Float64() * 3600e6; late > wait {
			wait = late
		}
		coming[i] = arrival{all[i].Time + event.Micros(wait), i}
	}
	slices.SortStableFunc(coming, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	o := live.Options{Dir: t.TempDir(), Detectors: All(), Site: s.site, Build: "test", Ahead: 10000 * time.Hour /* one batch may be of weeks */, Cores: 1 + dice.IntN(2), Revise: time.Duration(1+dice.IntN(24)) * time.Hour, Issue: time.Duration(1+dice.IntN(72)) * time.Hour}
	if dice.IntN(2) == 0 {
		o.Memory = 1 << 20
	}
	w, _, err := live.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	saved, kills := 0, 0
	for at := 0; at < len(coming); {
		n := min(1+dice.IntN(1<<(1+dice.IntN(11))), len(coming)-at)
		batch := make([]event.Sighting, 0, n)
		for _, c := range coming[at : at+n] {
			batch = append(batch, all[c.i])
		}
		now := coming[at+n-1].at
		if at == 0 { // the first mark must not make what comes late of the beginning too late
			now = coming[0].at
		}
		if err := w.Add(batch); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Advance(now); err != nil {
			t.Fatal(err)
		}
		at += n
		switch dice.IntN(60) {
		case 0, 1, 2:
			if err := w.Save(fmt.Append(nil, at)); err != nil {
				t.Fatal(err)
			}
			saved = at
		case 3:
			kills++
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			var position []byte
			if w, position, err = live.Open(o); err != nil {
				t.Fatal(err)
			}
			at = 0
			fmt.Sscan(string(position), &at)
			if at != saved {
				t.Fatalf("taken up at %d, saved at %d", at, saved)
			}
		}
	}
	got, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range w.Health() {
		if h.Fault != "" {
			t.Errorf("%s: %s", h.Detector, h.Fault)
		}
	}
	c := w.Counts()
	t.Logf("%+v, %d kills", c, kills)
	if c.Beyond != 0 || c.Seen != int64(len(all)) {
		t.Errorf("of %d: %+v", len(all), c)
	}
	return lines(got)
}

// differ shows the first lines that are in one only.
func differ(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	var out strings.Builder
	shown := 0
	for _, side := range []struct {
		sign string
		of   []string
		in   []string
	}{{"live  ", x, y}, {"replay", y, x}} {
		for _, l := range side.of {
			if !slices.Contains(side.in, l) && shown < 8 {
				fmt.Fprintf(&out, "%s %.600s\n", side.sign, l)
				shown++
			}
		}
	}
	return out.String()
}
