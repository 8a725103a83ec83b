// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
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
	alone.Files, alone.Lines = truth.Files, truth.Lines
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
	x := exercise(t, filepath.Join(t.TempDir(), "share"))
	x.Options.Days, x.Options.PeakPerAccount = 35, 1
	dir, truth := generate(t, x.Options)
	r, err := x.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !r.Complete || r.Delivery.Lines != truth.Lines || r.Delivery.Undelivered != 0 {
		t.Errorf("%d of %d lines, complete %v: %+v", r.Delivery.Lines, truth.Lines, r.Complete, r.Delivery)
	}
	want, cloud := map[string][]string{}, map[string]int{}
	for _, f := range truth.Files {
		if strings.HasPrefix(f.Path, "cloud/") {
			cloud[f.Kind] += int(f.Lines)
			continue
		}
		for _, l := range read(t, dir, f) {
			want[f.Path] = append(want[f.Path], string(l))
		}
	}
	got := map[string]int{}
	err = filepath.WalkDir(x.To, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(x.To, path)
		lines := readLines(t, path)
		if kind, ok := strings.CutPrefix(filepath.ToSlash(name), "cloud/"); ok {
			got[map[bool]string{true: logSignIns, false: logAudit}[strings.HasPrefix(kind, "signins")]] += len(lines) - 2
			return nil
		}
		if len(lines) != len(want[name]) || string(bytes.Join(lines, []byte("\n"))) != strings.Join(want[name], "\n") {
			t.Errorf("%s has %d lines, generated it has %d", name, len(lines), len(want[name]))
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
		if got[kind] != n {
			t.Errorf("%d records of %s, want %d", got[kind], kind, n)
		}
	}
	again, err := ReadRecord(filepath.Join(x.Dir, "run.json"))
	if err != nil || len(again.Acts) != len(truth.Acts) {
		t.Fatalf("the record reads back as %d acts, %v", len(again.Acts), err)
	}
	for _, a := range again.Acts {
		if a.PlayedFrom == nil || a.PlayedTo == nil || a.PlayedTo.Before(*a.PlayedFrom) {
			t.Errorf("%s was played from %v to %v", a.Name, a.PlayedFrom, a.PlayedTo)
		}
	}
	made, err := ReadTruth(filepath.Join(x.Dir, "truth.json"))
	if err != nil || made.Lines != truth.Lines {
		t.Errorf("its truth counts %d lines: %v", made.Lines, err)
	}
}
