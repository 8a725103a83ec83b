// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// runsOf finds accounts that failed three times and more in a row: a login ends the run, so that the order decides.
type runsOf struct {
	now   map[string]int
	found map[string]*event.Finding
}

func (d *runsOf) Classes() detect.ClassSet { return detect.Classes(event.ClassAuthentication) }

func (d *runsOf) Observe(s *event.Sighting) {
	if s.Account == "fatal" {
		panic("told to")
	}
	if s.Outcome != event.OutcomeFailure {
		d.now[s.Account] = 0
		return
	}
	d.now[s.Account]++
	if n := d.now[s.Account]; n >= 3 {
		f := d.found[s.Account]
		if f == nil {
			f = &event.Finding{Key: s.Account, First: s.Time, Severity: event.Low}
			d.found[s.Account] = f
		}
		f.Last = s.Time
		f.Numbers = []event.Figure{{Name: "run", Value: float64(n)}}
		if n >= 5 {
			f.Severity = event.High
		}
	}
}

func (d *runsOf) Findings(event.Micros) (out []event.Finding) {
	for _, f := range d.found {
		out = append(out, *f)
	}
	return out
}

// letters counts mail: another class, that nothing above touches.
type letters struct{ n int64 }

func (d *letters) Classes() detect.ClassSet  { return detect.Classes(event.ClassMail) }
func (d *letters) Observe(s *event.Sighting) { d.n++ }
func (d *letters) Findings(event.Micros) []event.Finding {
	return []event.Finding{{Key: "all", First: 1, Last: event.Micros(d.n)}}
}

func both() []detect.Spec {
	return []detect.Spec{
		{Name: "letters", New: func(detect.Site) detect.Detector { return &letters{} }},
		{Name: "runs", New: func(detect.Site) detect.Detector {
			return &runsOf{now: map[string]int{}, found: map[string]*event.Finding{}}
		}},
	}
}

const noon = event.Micros(1_750_000_000e6)

// at is a record of a minute after noon: a name for a failure, "+name" for a login, "mail" for a letter.
func at(minute int, what string) event.Sighting {
	e := &event.Event{Time: noon + event.Micros(minute)*60e6, Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: event.OutcomeFailure, Account: what, Format: "test",
		Ref: event.Ref{Part: event.Part{Offset: int64(minute)}}}
	if name, ok := strings.CutPrefix(what, "+"); ok {
		e.Account, e.Outcome = name, event.OutcomeSuccess
	}
	if what == "mail" {
		e.Class = event.ClassMail
	}
	return event.Sighting{Event: e, Who: &event.Account{ID: "A-" + e.Account, Name: e.Account}, Day: 20000}
}

func begin(t testing.TB, o Options) *Watch {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	o.Detectors = both()
	w, _, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func add(t testing.TB, w *Watch, all ...event.Sighting) {
	t.Helper()
	if err := w.Add(all); err != nil {
		t.Fatal(err)
	}
}

// said advances to a minute and returns the revisions of detector runs in short.
func said(t testing.TB, w *Watch, minute int) (out []string) {
	t.Helper()
	all, err := w.Advance(noon + event.Micros(minute)*60e6)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.Finding.Detector == "runs" {
			out = append(out, fmt.Sprintf("%s %d %s %s", r.Finding.Key, r.Number, r.Finding.Severity, strings.Join(r.Changed, ",")))
		}
	}
	return out
}

func wants(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestRevisions goes with one finding through its life: raised, graver, grown, taken back by a late record, back again, final.
func TestRevisions(t *testing.T) {
	w := begin(t, Options{})
	wants(t, said(t, w, 0))
	add(t, w, at(5, "a"), at(1, "a"), at(3, "a"))
	wants(t, said(t, w, 14)) // the third one is still held back
	wants(t, said(t, w, 16), "a 1 low new")
	add(t, w, at(16, "a"))
	wants(t, said(t, w, 30)) // it only grew
	wants(t, said(t, w, 80), "a 2 low last,numbers")
	add(t, w, at(75, "a"))
	wants(t, said(t, w, 90), "a 3 high severity,last,numbers")
	add(t, w, at(2, "+a"), at(4, "+a"), at(17, "+a")) // late: there never were three in a row
	wants(t, said(t, w, 95), "a 4 high withdrawn")
	add(t, w, at(-1, "a"), at(0, "a")) // later yet; what is placed at once waits for its replay
	wants(t, said(t, w, 96))
	wants(t, said(t, w, 106), "a 5 low back,severity,first,last,numbers")
	wants(t, said(t, w, 106+2880-20))
	wants(t, said(t, w, 106+2880+20), "a 6 low final")
	wants(t, said(t, w, 106+2880+200))
	var all []string
	if err := w.Revisions(func(r *Revision) bool {
		if r.Finding.Detector == "runs" {
			all = append(all, fmt.Sprint(r.Number, r.Withdrawn, r.Final))
		}
		return true
	}); err != nil {
		t.Fatal(err)
	}
	wants(t, all, "1 false false", "2 false false", "3 false false", "4 true false", "5 false false", "6 false true")
	if c := w.Counts(); c.Late != 5 || c.Replays != 2 || c.Seen != 10 || c.Replayed == 0 {
		t.Errorf("%+v", c)
	}
	if s := w.Standing(); len(s) != 2 || s[0].Finding.Key == s[1].Finding.Key {
		t.Errorf("%+v", s)
	}
}

// TestBeyond holds that what is too late, or dated in a far future, is counted, named and kept, and changes nothing.
func TestBeyond(t *testing.T) {
	w := begin(t, Options{})
	said(t, w, 10000)
	add(t, w, at(10000-10-2880-1, "a"), at(10000+2880, "b"), at(10000-10-2880, "c"))
	c := w.Counts()
	if c.Beyond != 2 || len(c.BeyondBy) != 1 || c.BeyondBy[0].Format != "test" || c.BeyondBy[0].Records != 2 || c.BeyondBy[0].Last != at(10000+2880, "").Time {
		t.Errorf("%+v", c)
	}
	if err := w.Save(nil); err != nil {
		t.Fatal(err)
	}
	b, err := w.files.read(w.beyond.Name, w.beyond.Size, w.accounts.find, everyClass)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	if k, err := b.next(); err != nil || k.Event.Account != "a" || k.Who.Name != "a" {
		t.Errorf("%+v, %v", k, err)
	}
}

// TestTwice holds that one event that is exported again and again is seen once, early or late, from its first place.
func TestTwice(t *testing.T) {
	w := begin(t, Options{})
	one := func(offset int64) event.Sighting {
		s := at(5, "a")
		s.Unique, s.Ref.Offset = true, offset
		return s
	}
	add(t, w, one(9), one(5))
	said(t, w, 30)
	add(t, w, one(7))
	said(t, w, 60)
	if c := w.Counts(); c.Seen != 1 || c.Duplicates != 2 || c.Late != 0 || c.Replays != 0 {
		t.Errorf("%+v", c)
	}
	add(t, w, one(3)) // an earlier place: evidence must name it
	said(t, w, 90)
	if c := w.Counts(); c.Seen != 1 || c.Duplicates != 3 || c.Replays != 1 {
		t.Errorf("%+v", c)
	}
}

// TestOnlyWhoReads holds that late records take back only the detectors that read their class.
func TestOnlyWhoReads(t *testing.T) {
	w := begin(t, Options{})
	for i := range 100 {
		add(t, w, at(i, "mail"), at(i, "+x"))
	}
	said(t, w, 200)
	before := w.Health()
	add(t, w, at(50, "mail"))
	said(t, w, 220)
	after := w.Health()
	if before[1].Seen != after[1].Seen || after[0].Seen != 101 {
		t.Errorf("%+v, %+v", before, after)
	}
}

// TestBrokenStands holds that what a detector said before it broke stands, and that the break is named.
func TestBrokenStands(t *testing.T) {
	w := begin(t, Options{})
	add(t, w, at(1, "a"), at(2, "a"), at(3, "a"))
	wants(t, said(t, w, 20), "a 1 low new")
	add(t, w, at(21, "fatal"), at(22, "mail"))
	wants(t, said(t, w, 40))
	h := w.Health()
	if h[0].Fault != "" || h[0].Seen != 1 || !strings.Contains(h[1].Fault, "told to") {
		t.Errorf("%+v", h)
	}
	if len(w.Standing()) != 2 {
		t.Errorf("%+v", w.Standing())
	}
}

// TestFolder holds that a folder is taken up by the build that left it, is refused to others, and that damage is seen.
func TestFolder(t *testing.T) {
	o := Options{Dir: t.TempDir(), Build: "one"}
	w := begin(t, o)
	for i := range 300 {
		add(t, w, at(i, "+x"), at(i, "mail"))
	}
	said(t, w, 250)
	add(t, w, at(100, "mail")) // waits for its replay
	if err := w.Save([]byte("here")); err != nil {
		t.Fatal(err)
	}
	if err := w.Save([]byte("there")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	o.Detectors = both()
	again, position, err := Open(o)
	if err != nil || string(position) != "there" {
		t.Fatalf("%q, %v", position, err)
	}
	f, err := again.Finish()
	if err != nil || len(f) != 1 || f[0].Last != 301 {
		t.Errorf("%+v, %v", f, err)
	}
	o.Build = "two"
	if _, _, err := Open(o); !errors.Is(err, ErrOtherBuild) {
		t.Errorf("another build: %v", err)
	}
	o.Build = "one"
	if _, _, err := Open(o); err != nil { // removes what belongs to no checkpoint
		t.Fatal(err)
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() == revisionsFile {
			continue // it is read when it is asked for
		}
		path := filepath.Join(o.Dir, e.Name())
		whole, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{0, 20, len(whole) / 2, len(whole) - 1} {
			bad := slices.Clone(whole)
			bad[n] ^= 1
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			w, _, err := Open(o)
			if err == nil { // a file that is read only when a late record comes
				add(t, w, at(0, "+x"), at(0, "mail"))
				_, err = w.Finish()
			}
			if err == nil && !strings.HasPrefix(e.Name(), "state-") { // no late record is before any snapshot but the beginning
				t.Errorf("%s with byte %d turned is taken", e.Name(), n)
			}
		}
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestWaitingOnDisk holds that what does not fit into memory waits in files, over restarts, and comes in order.
func TestWaitingOnDisk(t *testing.T) {
	o := Options{Dir: t.TempDir(), Memory: 4096}
	w := begin(t, o)
	said(t, w, 0)
	for i := range 1000 {
		add(t, w, at(1000-i, "mail"))
		if i%300 == 299 {
			if err := w.Save(nil); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			w = begin(t, o)
		}
	}
	if len(w.pending.runs) == 0 || len(w.pending.runs) > runsMost+1 {
		t.Errorf("%d runs", len(w.pending.runs))
	}
	said(t, w, 500)
	if err := w.Save(nil); err != nil {
		t.Fatal(err)
	}
	w = begin(t, o)
	f, err := w.Finish()
	if err != nil || len(f) != 1 || f[0].Last != 1000 {
		t.Errorf("%+v, %v", f, err)
	}
	if c := w.Counts(); c.Seen != 1000 || c.Late != 0 {
		t.Errorf("%+v", c)
	}
}

// TestBounded holds that what is kept of the past does not grow with the length of the watch.
func TestBounded(t *testing.T) {
	w := begin(t, Options{Issue: 24 * time.Hour})
	most := 0
	for hour := range 24 * 14 {
		for i := range 20 {
			add(t, w, at(60*hour+3*i, "mail"), at(60*hour+3*i, "+x"))
		}
		said(t, w, 60*hour+59)
		if hour%6 > 0 {
			continue
		}
		if err := w.Save(nil); err != nil {
			t.Fatal(err)
		}
		entries, err := os.ReadDir(w.o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		most = max(most, len(entries))
		if len(w.snaps) > 60 || len(w.slots.by) > 6*60 {
			t.Fatalf("hour %d: %d snapshots, %d slots", hour, len(w.snaps), len(w.slots.by))
		}
	}
	if most > 500 {
		t.Errorf("%d files", most)
	}
	if w.snaps[0].At == never || w.snaps[0].At > w.final() {
		t.Errorf("the first snapshot is of %s, records may come from %s on", w.snaps[0].At.Time(), w.final().Time())
	}
}

// FuzzCheckpoint holds that no checkpoint, however hostile, makes the opening panic.
func FuzzCheckpoint(f *testing.F) {
	w := begin(f, Options{})
	add(f, w, at(1, "a"), at(2, "a"), at(3, "a"), at(100, "mail"))
	said(f, w, 50)
	if err := w.Save([]byte("x")); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(w.files.path(checkpointFile))
	if err != nil {
		f.Fatal(err)
	}
	plan, err := detect.PlanOf(&checkpoint{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b[len(header(plan, "")) : len(b)-4])
	dir := w.o.Dir
	f.Fuzz(func(t *testing.T, b []byte) {
		var c checkpoint
		if plan.Read(b, &c, nil) != nil {
			return
		}
		w, err := start(Options{Dir: dir, Detectors: both()})
		if err != nil {
			t.Fatal(err)
		}
		if w.resume(&c) == nil {
			_, _ = w.Finish() // it may find the files damaged
		}
	})
}

// TestMadeUpNames holds that names that are made up do not fill the table of accounts, that those of the directory always have room, and
// that names without room come through a restart.
func TestMadeUpNames(t *testing.T) {
	o := Options{Dir: t.TempDir()}
	w := begin(t, o)
	w.accounts.strangers = tableStrangers
	add(t, w, at(1, "a"), at(2, "a"), at(3, "a"))
	s := at(4, "b")
	s.Who.Listed = true
	add(t, w, s)
	if len(w.accounts.list) != 1 {
		t.Errorf("%d accounts", len(w.accounts.list))
	}
	if a, b := w.accounts.own(at(1, "a").Who), w.accounts.own(at(9, "a").Who); a.Handle != b.Handle || a.Handle < madeHandle {
		t.Errorf("handles %d and %d", a.Handle, b.Handle)
	}
	if err := w.Save(nil); err != nil {
		t.Fatal(err)
	}
	w = begin(t, o)
	if f, err := w.Finish(); err != nil || len(f) != 2 {
		t.Errorf("%+v, %v", f, err)
	}
}
