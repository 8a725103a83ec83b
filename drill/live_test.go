// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestSketch checks that the incident performed alone is the incident of the whole drill.
func TestSketch(t *testing.T) {
	_, truth := shared(t, AIST)
	o, err := small().withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	alone, err := sketch(o)
	if err != nil {
		t.Fatal(err)
	}
	alone.Files, alone.Lines, alone.Seal = truth.Files, truth.Lines, truth.Seal // only what is written is sealed
	if a, b := asJSON(t, alone), asJSON(t, truth); a != b {
		t.Errorf("the sketch differs from the drill:\n%.3000s\n%.3000s", a, b)
	}
}

// TestShift checks that a shifted story is the same at another time: every line's time, and nothing but times, moves.
func TestShift(t *testing.T) {
	o := small()
	o.Days = 14
	still := o
	o.Shift = 49*time.Hour + 7*time.Minute + 3*time.Second
	var got []Line
	shifted, err := Stream(context.Background(), o, func(l Line) error {
		if l.Kind == logVPN || l.Kind == logSignIns {
			l.Text = bytes.Clone(l.Text)
			got = append(got, l)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	i := 0
	truth, err := Stream(context.Background(), still, func(l Line) error {
		if l.Kind != logVPN && l.Kind != logSignIns {
			return nil
		}
		if i < len(got) && (!got[i].Time.Equal(l.Time.Add(o.Shift)) || len(got[i].Text) != len(l.Text)) {
			t.Fatalf("line %d at %s is\n%s\nand shifted at %s\n%s", i, l.Time, l.Text, got[i].Time, got[i].Text)
		}
		if at, err := stampOf(l.Kind, got[i].Text); err != nil || l.Kind == logSignIns && at.Sub(got[i].Time).Abs() > time.Second {
			t.Fatalf("the line of %s says %s", got[i].Time, at)
		}
		i++
		return nil
	})
	if err != nil || i != len(got) {
		t.Fatalf("%d lines, %d shifted, %v", i, len(got), err)
	}
	if len(shifted.Acts) != len(truth.Acts) {
		t.Fatalf("%d acts, shifted %d", len(truth.Acts), len(shifted.Acts))
	}
	for i, a := range truth.Acts {
		if b := shifted.Acts[i]; a.Name != b.Name || !b.From.Equal(a.From.Add(o.Shift)) || !b.To.Equal(a.To.Add(o.Shift)) || a.Times != b.Times {
			t.Errorf("%s: %s to %s, %d times; shifted %s: %s to %s, %d times", a.Name, a.From, a.To, a.Times, b.Name, b.From, b.To, b.Times)
		}
	}
}

// exercise is the small drill at full speed.
func exercise(t *testing.T, to string) *Exercise {
	t.Helper()
	return &Exercise{Options: small(), To: to, Dir: filepath.Join(t.TempDir(), "run")}
}

// TestRunToFolder checks that a folder that grew, was rotated and compressed is, when the story is over, the folder that
// Generate makes, but for the cloud's records: these are fetched by the hour, and none is lost.
func TestRunToFolder(t *testing.T) {
	for _, o := range []Options{{Accounts: leastAccounts, Days: 35, PeakPerAccount: 1}, {Name: "quiet", Accounts: leastAccounts, Days: 32}} {
		x := exercise(t, filepath.Join(t.TempDir(), "share"))
		x.Options = o
		dir, truth := generate(t, o)
		r, err := x.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if !r.Complete || r.Delivery.Lines != truth.Lines || r.Delivery.Undelivered != 0 {
			t.Errorf("%s: %d of %d lines, complete %v: %+v", o.Name, r.Delivery.Lines, truth.Lines, r.Complete, r.Delivery)
		}
		sameFolder(t, x.To, dir, truth)
		played(t, x.Dir, truth)
	}
}

// sameFolder compares the files of an exercise with those of a drill. A file that is compressed at the end of its period may
// not be yet.
func sameFolder(t *testing.T, share, dir string, truth *Truth) {
	t.Helper()
	want, cloud := map[string]string{}, map[string]int{}
	for _, f := range truth.Files {
		if strings.HasPrefix(f.Path, "cloud/") {
			cloud[f.Kind] += int(f.Lines)
			continue
		}
		want[f.Path] = string(bytes.Join(read(t, dir, f), []byte("\n")))
	}
	err := filepath.WalkDir(share, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(share, path)
		name = filepath.ToSlash(name)
		lines := readLines(t, path)
		if kind, ok := strings.CutPrefix(name, "cloud/"); ok {
			cloud[map[bool]string{true: logSignIns, false: logAudit}[strings.HasPrefix(kind, "signins")]] -= len(lines) - 2
			return nil
		}
		if _, ok := want[name]; !ok {
			name += ".gz"
		}
		if got := string(bytes.Join(lines, []byte("\n"))); got != want[name] {
			t.Errorf("%s has %d bytes, generated it has %d", name, len(got), len(want[name]))
		}
		delete(want, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range want {
		t.Errorf("%s is missing", name)
	}
	for kind, n := range cloud {
		if n != 0 {
			t.Errorf("%d records of %s are missing", n, kind)
		}
	}
}

// played checks the record of an exercise that was played to its end, and its truth.
func played(t *testing.T, dir string, truth *Truth) {
	t.Helper()
	r, err := ReadRecord(filepath.Join(dir, "run.json"))
	if err != nil || len(r.Acts) != len(truth.Acts) {
		t.Fatalf("the record reads back as %d acts, %v", len(r.Acts), err)
	}
	for _, a := range r.Acts {
		if a.PlayedFrom == nil || a.PlayedTo == nil || a.PlayedTo.Before(*a.PlayedFrom) {
			t.Errorf("%s was played from %v to %v", a.Name, a.PlayedFrom, a.PlayedTo)
		}
	}
	again, err := ReadTruth(filepath.Join(dir, "truth.json"))
	if err != nil || again.Lines != truth.Lines {
		t.Errorf("its truth counts %d lines: %v", again.Lines, err)
	}
}

// TestPace checks that lines come when they are due, that a story moved to now has the times of now, and that an interrupt
// ends it in good order.
func TestPace(t *testing.T) {
	x, _ := twoDays(t, filepath.Join(t.TempDir(), "share"))
	x.Speed, x.Begin = 600, time.Now().Add(-time.Second)
	ctx, stop := context.WithCancel(context.Background())
	began := time.Now()
	var story, real time.Time
	x.Tell = func(p Progress) {
		if p.Phase != "play" || p.Act != nil {
			return
		}
		story, real = p.Story, time.Now()
		if story.Sub(p.Begin) > 20*time.Minute {
			stop()
		}
	}
	r, err := x.Run(ctx)
	if err != nil || r.Stopped != "interrupted" || r.Complete || r.Delivery.Lines == 0 || r.Delivery.Undelivered != 0 {
		t.Fatalf("%v: %+v", err, r)
	}
	if took := story.Sub(r.StoryFrom).Seconds() / 600; real.Sub(r.Began).Seconds() < took-0.5 {
		t.Errorf("%.1f s of real time for %.1f s", real.Sub(r.Began).Seconds(), took)
	}
	if off := r.StoryFrom.Sub(began).Abs(); off > 10*time.Second {
		t.Errorf("the story begins at %s, now is %s", r.StoryFrom, began)
	}
	if r.Acts[0].PlayedFrom != nil && r.Acts[0].From.After(r.StoryEnd) {
		t.Error("an act was played that was not")
	}
	at, ok := r.RealTime(r.StoryEnd)
	if !ok || at.After(r.Ended) || at.Before(r.Began) {
		t.Errorf("the story's end was played at %s, from %s to %s", at, r.Began, r.Ended)
	}
}

// TestSameHour checks that a story moved by whole weeks begins at the weekday and time of now.
func TestSameHour(t *testing.T) {
	start := time.Date(2025, 6, 1, 0, 0, 0, 0, inJapan())
	begin := time.Date(2025, 7, 9, 16, 52, 0, 0, inJapan())
	for _, now := range []time.Time{time.Date(2026, 11, 22, 10, 13, 7, 0, inJapan()), time.Date(2024, 2, 29, 23, 59, 59, 0, inJapan()), begin, start} {
		got := sameHour(begin, now, start)
		if got.Weekday() != now.Weekday() || got.Format(time.TimeOnly) != now.Format(time.TimeOnly) || got.After(begin) || begin.Sub(got) >= 7*24*time.Hour || got.Before(start) {
			t.Errorf("at %s the story begins at %s", now, got)
		}
	}
	if got := sameHour(start.Add(time.Hour), begin, start); got.Before(start) || got.Weekday() != begin.Weekday() {
		t.Errorf("near its start the story begins at %s", got)
	}
}

// TestEveryStory checks for each incident that its lines come in the order of time, and that the truth of it alone, which an
// exercise rests on, is that of the whole drill.
func TestEveryStory(t *testing.T) {
	for _, s := range incidents() {
		o, err := Options{Name: s.name, Accounts: max(s.least, leastAccounts), Days: min(21, s.weeks*7), PeakPerAccount: 1}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		var last time.Time
		back := 0
		truth, err := Stream(context.Background(), o, func(l Line) error {
			if l.Time.Before(last) {
				if back++; back < 3 {
					t.Errorf("%s: %s: %s is before %s: %.200s", s.name, l.Log, l.Time, last, l.Text)
				}
			}
			last = l.Time
			return nil
		})
		if err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		alone, err := sketch(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range alone.Exposure {
			if !slices.Contains(truth.Exposure, e) {
				t.Errorf("%s: only the sketch has %+v", s.name, e)
			}
		}
		alone.Files, alone.Lines, alone.Exposure = truth.Files, truth.Lines, truth.Exposure // mail that passes a bad gateway is ordinary
		if a, b := asJSON(t, alone), asJSON(t, truth); a != b {
			i := 0
			for i < min(len(a), len(b)) && a[i] == b[i] {
				i++
			}
			t.Errorf("%s: the sketch differs from the drill:\n%.600s\n%.600s", s.name, a[max(0, i-200):], b[max(0, i-200):])
		}
	}
}
