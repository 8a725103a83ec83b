// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/detect/live"
	"github.com/sekisho/sekisho/detectors"
	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
)

// sightingsOf reads a drill as investigate does and returns what the detectors would see, in canonical order.
func sightingsOf(t testing.TB, dir string) ([]event.Sighting, detect.Site) {
	t.Helper()
	ctx := context.Background()
	p, err := config.ReadProfile(filepath.Join(dir, "org.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	v := &investigation{o: &Options{Paths: []string{filepath.Join(dir, "logs")}, Profile: p, Out: filepath.Join(t.TempDir(), "case")}, revision: 1, asked: map[string]cases.Subject{}}
	for _, step := range []func() error{v.prepare, v.folder, func() error { return v.discover(ctx) }, func() error { return v.readAll(ctx) }, func() error { return v.guess(ctx) }} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	defer v.clear()
	defer v.found.Close()
	defer v.sorter.Close()
	var rl *relays
	if v.joinable {
		if rl, err = learnRelays(ctx, v.sorter, v.plan); err != nil {
			t.Fatal(err)
		}
		if rl != nil {
			rl.begin(ctx, v.sorter)
			defer rl.end()
		}
	}
	var all []event.Sighting
	err = v.sorter.Events(ctx, func(batch []event.Event) error {
		for i := range batch {
			var room event.Event
			e := &batch[i]
			if rl != nil {
				e = rl.reveal(e, &room)
			}
			alone := *e
			alone.Rest, alone.Ref.More = slices.Clone(e.Rest), slices.Clone(e.Ref.More)
			all = append(all, v.know.see(&alone))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// A login whose true source was found is another event than the one that was sorted.
	slices.SortStableFunc(all, func(a, b event.Sighting) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), sorted.Compare(a.Event, b.Event))
	})
	return all, detect.Site{Accounts: v.know.listed, Profile: len(p.Networks) > 0, Servers: v.know.servers}
}

func said(all []event.Finding) (out []string) {
	for i := range all {
		out = append(out, fmt.Sprintf("%+v", all[i]))
	}
	return out
}

// TestLiveDrills holds the live watch, on the records of whole drills, to what one replay in order concludes: records come in random batches,
// out of order within the window, by source hours or days late, with restarts from where it was saved last.
func TestLiveDrills(t *testing.T) {
	if os.Getenv("SEKISHO_LIVE") == "" {
		t.Skip("it makes drills and watches each twice: make live")
	}
	for i, o := range []drill.Options{
		{Name: "spam-2023", Accounts: 100},
		{Name: "ransomware-subsidiary-2023", Accounts: 100},
	} {
		t.Run(o.Name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "drill")
			if _, err := drill.Generate(context.Background(), dir, o); err != nil {
				t.Fatal(err)
			}
			all, site := sightingsOf(t, dir)
			const most = 150_000 // the first ones
			all = all[:min(len(all), most)]
			e := detect.NewEngine(detectors.All(), site)
			if err := e.ObserveAll(all, 2); err != nil {
				t.Fatal(err)
			}
			want := said(e.Findings())
			got := said(lived(t, all, site, rand.New(rand.NewPCG(7, uint64(i)))))
			t.Logf("%d sightings, %d findings", len(all), len(want))
			if len(want) == 0 {
				t.Error("nothing is found: there is nothing to compare")
			}
			for _, f := range want {
				if !slices.Contains(got, f) {
					t.Errorf("replay alone: %.400s", f)
				}
			}
			for _, f := range got {
				if !slices.Contains(want, f) {
					t.Errorf("live alone: %.400s", f)
				}
			}
		})
	}
}

func lived(t *testing.T, all []event.Sighting, site detect.Site, dice *rand.Rand) []event.Finding {
	return livedBy(t, all, detectors.All(), site, dice)
}

// livedBy hands sightings to a live watch as they might come.
func livedBy(t *testing.T, all []event.Sighting, specs []detect.Spec, site detect.Site, dice *rand.Rand) []event.Finding {
	type arrival struct {
		at event.Micros
		i  int
	}
	late := map[string]float64{} // hours, by format
	coming := make([]arrival, len(all))
	for i := range all {
		most, ok := late[all[i].Format]
		if !ok {
			if most = 0.16; dice.IntN(3) == 0 {
				most = dice.Float64() * 47
			}
			late[all[i].Format] = most
		}
		coming[i] = arrival{all[i].Time + event.Micros(dice.Float64()*most*3600e6), i}
	}
	slices.SortStableFunc(coming, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	o := live.Options{Dir: t.TempDir(), Detectors: specs, Site: site, Ahead: 100000 * time.Hour, Revise: 12 * time.Hour, Issue: 48 * time.Hour, Cores: 2}
	w, _, err := live.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	for at, saved := 0, 0; at < len(coming); {
		n := min(1+dice.IntN(min(8000, 1+len(all)/12)), len(coming)-at)
		batch := make([]event.Sighting, 0, n)
		for _, c := range coming[at : at+n] {
			batch = append(batch, all[c.i])
		}
		if err := w.Add(batch); err != nil {
			t.Fatal(err)
		}
		if at > 0 { // a mark at the very beginning would make what comes late of it too late
			if _, err := w.Advance(coming[at+n-1].at); err != nil {
				t.Fatal(err)
			}
		}
		at += n
		switch dice.IntN(12) {
		case 0:
			if err := w.Save(fmt.Append(nil, at)); err != nil {
				t.Fatal(err)
			}
			saved = at
		case 1:
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if w, _, err = live.Open(o); err != nil {
				t.Fatal(err)
			}
			at = saved
		}
	}
	out, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	if c := w.Counts(); c.Seen != int64(len(all)) || c.Beyond != 0 {
		t.Errorf("of %d: %+v", len(all), c)
	}
	return out
}

// BenchmarkDetectors measures all detectors together, alone: the sightings of a drill of AIST lie in memory.
func BenchmarkDetectors(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "drill")
	if _, err := drill.Generate(context.Background(), dir, drill.Options{Accounts: 200}); err != nil {
		b.Fatal(err)
	}
	all, site := sightingsOf(b, dir)
	for _, cores := range []int{1, 2} {
		b.Run(fmt.Sprint(cores), func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				e := detect.NewEngine(detectors.All(), site)
				for i := 0; i < len(all); i += 1024 {
					if err := e.ObserveAll(all[i:min(i+1024, len(all))], cores); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(len(all))*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
