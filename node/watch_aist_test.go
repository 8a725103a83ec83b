// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/detectors"
	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
)

// rehearsed is a drill of which the records are read once and shown to engines.
type rehearsed struct {
	t     *testing.T
	truth *drill.Truth
	names map[string]string // mail address of each identity
	all   []event.Finding
}

// watchDrill makes a drill, shows what it says to an engine of all detectors and to others that begin later.
func watchDrill(t *testing.T, o drill.Options, later ...*startingAt) *rehearsed {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "drill")
	truth, err := drill.Generate(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	w := &rehearsed{t: t, truth: truth, names: map[string]string{}}
	var e *detect.Engine
	readSightings(t, dir, func(site detect.Site) {
		e = detect.NewEngine(detectors.All(), site)
		for _, l := range later {
			l.engine = detect.NewEngine(l.specs, site)
		}
	}, func(s *event.Sighting) {
		if err := e.Observe(s); err != nil {
			t.Fatal(err)
		}
		for _, l := range later {
			if s.Time >= event.Of(l.from) {
				if err := l.engine.Observe(s); err != nil {
					t.Fatal(err)
				}
			}
		}
		if s.Who != nil {
			w.names[s.Who.ID] = s.Who.Name
		}
	})
	w.all = e.Findings()
	for _, h := range e.Health() {
		if h.Fault != "" {
			t.Errorf("%s: %s", h.Detector, h.Fault)
		}
	}
	return w
}

// startingAt is an engine that begins when the records are some months old, as if the log began then.
type startingAt struct {
	from   time.Time
	specs  []detect.Spec
	engine *detect.Engine
}

// readSightings reads a drill's logs as investigate does and hands on what detectors see of them, in order.
func readSightings(t *testing.T, dir string, begin func(detect.Site), each func(*event.Sighting)) {
	t.Helper()
	new(sightings).read(t, dir, filepath.Join(dir, "logs"), begin, each)
}

// sightings are those of one institute, read from one folder of logs after another: who somebody is stays the same.
type sightings struct{ know *knower }

// read reads a folder of logs; dir has the profile. begin is called before the first sighting of the first folder.
func (all *sightings) read(t *testing.T, dir, logs string, begin func(detect.Site), each func(*event.Sighting)) {
	t.Helper()
	ctx := context.Background()
	p, err := config.ReadProfile(filepath.Join(dir, "org.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	v := &investigation{o: &Options{Paths: []string{logs}, Profile: p, Memory: 3 << 30, Out: filepath.Join(t.TempDir(), "case")}, revision: 1, asked: map[string]cases.Subject{}}
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
	if all.know == nil {
		all.know = v.know
		begin(detect.Site{Accounts: v.know.listed, Profile: len(p.Networks) > 0, Servers: v.know.servers})
	} else {
		all.know.resolvers, all.know.delays = nil, nil
		all.know.follow(v.plan.inputs)
	}
	err = v.sorter.Events(ctx, func(batch []event.Event) error {
		var room event.Event
		for i := range batch {
			e := &batch[i]
			if rl != nil {
				e = rl.reveal(e, &room)
			}
			s := all.know.see(e)
			each(&s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// act returns the act of that name.
func (w *rehearsed) act(name string) *drill.Act {
	for i := range w.truth.Acts {
		if w.truth.Acts[i].Name == name {
			return &w.truth.Acts[i]
		}
	}
	w.t.Fatalf("the drill has no act %q", name)
	return nil
}

// alarm returns the first finding that was raised within the span.
func alarm(all []event.Finding, from, to time.Time, names ...string) *event.Finding {
	var best *event.Finding
	for i := range all {
		f := &all[i]
		at := f.Alerted.Time()
		if slices.Contains(names, f.Detector) && !at.Before(from) && !at.After(to) && (best == nil || f.Alerted < best.Alerted) {
			best = f
		}
	}
	return best
}

// promise says of one thing that the watch is to show whether it holds.
func (w *rehearsed) promise(what string, f *event.Finding, since time.Time) {
	w.t.Helper()
	if f == nil {
		w.t.Errorf("%s: not seen", what)
		return
	}
	w.t.Logf("%s: %s [%s] after %s", what, f.Detector, f.Severity, f.Alerted.Time().Sub(since).Round(time.Minute))
}

// watchAccounts is how many people the drills of this check have: 0 where it is not asked for.
func watchAccounts(t *testing.T) int {
	n, _ := strconv.Atoi(os.Getenv("SEKISHO_WATCH"))
	if n == 0 {
		t.Skip("it makes and watches whole drills of a year: make watch-drills")
	}
	return n
}

// watchSeed is the seed of the drills of this check.
func watchSeed() uint64 {
	n, _ := strconv.ParseUint(os.Getenv("SEKISHO_SEED"), 10, 64)
	return cmp.Or(n, 11)
}

// TestWatchAIST holds the watch to what the report on AIST gives a live watch the chance to see, in the order in which it happened. Periods B
// and A are periods of a probing that has been told of since C, four months before; what a watch sees that begins in between stands beside it.
func TestWatchAIST(t *testing.T) {
	n := watchAccounts(t)
	probing := detectors.All()
	probing = slices.DeleteFunc(slices.Clone(probing), func(s detect.Spec) bool { return s.Name != "id-probing" })
	beforeB := &startingAt{from: time.Date(2017, 4, 17, 0, 0, 0, 0, time.UTC), specs: probing}
	beforeA := &startingAt{from: time.Date(2017, 6, 5, 0, 0, 0, 0, time.UTC), specs: probing}
	w := watchDrill(t, drill.Options{Name: "aist-2018", Accounts: n, Seed: watchSeed()}, beforeB, beforeA)
	t.Logf("%d accounts, %d lines, %d findings", n, w.truth.Lines, len(w.all))
	for i := range w.all {
		if f := &w.all[i]; f.Detector == "lateral-path-switch" || f.Detector == "clock-drift" {
			t.Logf("%s %s: %s", f.Severity, f.Detector, f.Title.En)
		}
	}
	const day = 24 * time.Hour

	c := w.act("ID probing, slow (C)")
	if a := alarm(w.all, c.From, c.From.Add(40*day), "id-probing"); a != nil || float64(c.Times)/c.To.Sub(c.From).Hours()*24 >= leastProbing {
		w.promise("C within 40 days", a, c.From)
	} else {
		t.Logf("C is %d attempts in all, fewer than %d a day: nothing is promised of it, and nothing is seen", c.Times, leastProbing)
	}
	b := w.act("ID probing (B)")
	w.rise("B within 2 days, by a watch since April", beforeB, b, 2*day)
	a := w.act("ID probing, fast (A)")
	w.rise("A within an hour, by a watch since June", beforeA, a, time.Hour)

	theft := w.act("the list of login IDs is read")
	w.promise("the list of IDs, the same hour", alarm(w.all, theft.From, theft.From.Add(time.Hour), "directory-read", "id-list-obtained"), theft.From)

	first := w.act("first login")
	w.promise("the first intruded account, the same day", w.sameDay(first), first.From)
	w.sameDays()

	it := w.act("password guessing at the IT department")
	f := alarm(w.all, it.From, it.To, "group-targeting")
	if f != nil || it.Times >= 40*leastGroup { // 40 guesses at each
		w.promise("22 November, while it goes on", f, it.From)
	} else {
		t.Logf("the IT department has %d accounts that are guessed at: too few for chance to be ruled out, and nothing is seen of 22 November", it.Times/40)
	}
	if f != nil && !strings.Contains(f.Title.En, "it-staff") && !strings.Contains(f.Title.En, "joho-kiban") {
		t.Errorf("the IT department is not named: %s", f.Title.En)
	}
	scans := 0
	for i := range w.truth.Acts {
		if x := &w.truth.Acts[i]; strings.HasPrefix(x.Name, "scan inside, day") && alarm(w.all, x.From, x.To.Add(time.Hour), "internal-scan") != nil {
			scans++
		}
	}
	if t.Logf("%d of 6 scans", scans); scans != 6 {
		t.Errorf("%d of 6 scans", scans)
	}
}

// What the drill must have in it for a promise to be made.
const (
	leastProbing = 20 // attempts a day
	leastGroup   = 12 // accounts of the IT department
)

// rise says whether a later watch saw a rise in time: by an alarm of its own, or because one stood already and went on.
func (w *rehearsed) rise(what string, by *startingAt, x *drill.Act, within time.Duration) {
	w.t.Helper()
	all := by.engine.Findings()
	f := alarm(all, x.From, x.From.Add(within), "id-probing")
	if f == nil {
		for i := range all {
			if g := &all[i]; g.Alerted.Time().Before(x.From) && g.Last.Time().After(x.From) {
				w.t.Logf("%s: an alarm has stood since %s and goes on", what, g.Alerted.Time().Format(time.DateOnly))
				return
			}
			w.t.Logf("an alarm of %s", all[i].Alerted.Time().Format(time.DateTime))
		}
	}
	w.promise(what, f, x.From)
}

// sameDay returns the first alarm that names an account of an act, on the act's first day at the institute.
func (w *rehearsed) sameDay(x *drill.Act) *event.Finding {
	zone, err := time.LoadLocation(w.truth.Zone)
	if err != nil {
		w.t.Fatal(err)
	}
	y, m, d := x.From.In(zone).Date()
	var best *event.Finding
	for i := range w.all {
		f := &w.all[i]
		fy, fm, fd := f.Alerted.Time().In(zone).Date()
		if fy != y || fm != m || fd != d || f.Alerted.Time().Before(x.From.Add(-time.Minute)) {
			continue
		}
		for _, id := range f.Accounts {
			for _, a := range w.truth.Accounts {
				if a.Mail == w.names[id] && a.First.Equal(x.From) && (best == nil || f.Alerted < best.Alerted) {
					best = f
				}
			}
		}
	}
	return best
}

// sameDays tells, of all accounts that were entered, on how many an alarm stood by the end of the day.
func (w *rehearsed) sameDays() {
	named := map[string]event.Micros{}
	for i := range w.all {
		f := &w.all[i]
		for _, id := range f.Accounts {
			mail := w.names[id]
			if at, ok := named[mail]; f.Severity >= event.Medium && (!ok || f.Alerted < at) {
				named[mail] = f.Alerted
			}
		}
	}
	same, ever := 0, 0
	for _, a := range w.truth.Accounts {
		if at, ok := named[a.Mail]; ok {
			ever++
			if at.Time().Sub(a.First) < 24*time.Hour {
				same++
			}
		}
	}
	w.t.Logf("of %d intruded accounts a detector named %d within a day and %d in all", len(w.truth.Accounts), same, ever)
}

// TestWatchDropOut holds the directory's log alone to tell which cracked accounts left the list of targets, whatever share of them leaves.
func TestWatchDropOut(t *testing.T) {
	n := watchAccounts(t)
	for _, share := range []float64{0.3, 0.5, 0.7, 1} {
		t.Run(fmt.Sprint(share), func(t *testing.T) {
			w := watchDrill(t, drill.Options{Name: "aist-2018", Accounts: n, Seed: watchSeed(), DropOut: share,
				Without: []string{"audit", "ci", "dns", "fortigate", "idp", "mail", "openvpn", "signins", "smb", "sshd", "windows"}})
			until := time.Date(2017, 11, 30, 15, 0, 0, 0, time.UTC)
			flagged := map[string]bool{}
			for i := range w.all {
				if f := &w.all[i]; f.Detector == "target-drop-out" && f.Alerted.Time().Before(until) {
					for _, id := range f.Accounts {
						flagged[w.names[id]] = true
					}
				}
			}
			left, right, stayed := map[string]bool{}, 0, 0
			for _, a := range w.truth.Accounts {
				switch {
				case a.Left:
					if left[a.Mail] = true; flagged[a.Mail] {
						right++
					}
				case a.Cause == "guessing":
					stayed++
				}
			}
			wrong := 0
			for _, mail := range slices.Sorted(maps.Keys(flagged)) {
				if !left[mail] {
					wrong++
					t.Logf("wrong: %s", mail)
				}
			}
			t.Logf("%d accounts, seed %d, share %.0f %%: %d of %d that left are named by 30 November, %d of the others; %d cracked ones stayed on the list", n, watchSeed(), 100*share, right, len(left), wrong, stayed)
			if float64(right) < 0.85*float64(len(left)) || wrong > 2 {
				t.Errorf("%d of %d, %d wrong", right, len(left), wrong)
			}
		})
	}
}
