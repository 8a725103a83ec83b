// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// TestLastHold takes away the last hold, the last release, and all holds: the log has counted them, so verify finds it, nothing expires, in a process that saw it happen as in the
// next one, and no other hold takes its place.
func TestLastHold(t *testing.T) {
	for name, remove := range map[string]func(dir string) error{
		"hold":    func(dir string) error { return os.Remove(holdPath(dir, 2, holdEnd)) },
		"release": func(dir string) error { return os.Remove(holdPath(dir, 1, releaseEnd)) },
		"all":     func(dir string) error { return os.RemoveAll(filepath.Join(dir, holdFolder)) },
	} {
		t.Run(name, func(t *testing.T) {
			v, key := live(t, NewKEK()), testKey(t)
			l, _ := open(t, v.dir, v.o)
			v.seal(l, "2025-01-03", 70)
			for _, why := range []string{"one", "two"} {
				if _, err := PlaceHold(v.dir, key, Hold{Class: "mail", By: "suzuki", Why: why}); err != nil {
					t.Fatal(err)
				}
			}
			if err := ReleaseHold(v.dir, key, Release{Number: 1, By: "tanaka", Why: "settled"}); err != nil {
				t.Fatal(err)
			}
			v.seal(l, "2025-02-03", 70)
			v.settled(l)
			if r := v.verify(v.dir); !r.OK || len(r.Holds) != 1 {
				t.Fatalf("before: %s", describe(r))
			}
			if err := remove(v.dir); err != nil {
				t.Fatal(err)
			}
			gone := func(when string) {
				t.Helper()
				r := v.verify(v.dir)
				if r.OK || !slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.Kind == FaultMissing && f.File == holdFolder }) {
					t.Errorf("%s: %s", when, describe(r))
				}
				v.at("2025-12-30")
				if x, err := l.Expire(context.Background()); !errors.Is(err, ErrDamaged) || len(x.Tombstones) > 0 {
					t.Errorf("%s: expired %+v, %v", when, x, err)
				}
				if _, err := Holds(v.dir); !errors.Is(err, ErrDamaged) {
					t.Errorf("%s: the holds are read: %v", when, err)
				}
				if _, err := PlaceHold(v.dir, key, Hold{By: "suzuki", Why: "another"}); !errors.Is(err, ErrDamaged) {
					t.Errorf("%s: another hold takes its place: %v", when, err)
				}
			}
			gone("while it runs")
			v.seal(l, "2025-03-03", 3)
			v.settled(l)
			closeLog(t, l)
			l, _ = open(t, v.dir, v.o)
			v.seal(l, "2025-03-04", 3)
			v.settled(l)
			gone("after a start")
			closeLog(t, l)
		})
	}
}

// TestHeldCount holds that a hold is counted though it was placed within the tick in which the folder was changed last.
func TestHeldCount(t *testing.T) {
	v := live(t, nil)
	l, _ := open(t, v.dir, v.o)
	defer l.Close()
	for n := range 20 {
		if got := int(l.held.now()); got != n {
			t.Fatalf("%d holds are counted as %d", n, got)
		}
		if _, err := PlaceHold(v.dir, testKey(t), Hold{Class: "mail", By: "suzuki", Why: "case"}); err != nil {
			t.Fatal(err)
		}
	}
	// What was read long after the last change is not read again.
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(v.dir, holdFolder), old, old); err != nil {
		t.Fatal(err)
	}
	if got := int(l.held.now()); got != 20 || l.held.changed.IsZero() {
		t.Errorf("%d, read last %v", got, l.held.changed)
	}
}

// TestPutBack puts back what had expired: a segment with its records, a key, and a mark that is not as it is made.
func TestPutBack(t *testing.T) {
	for name, kek := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			v := live(t, kek)
			l := v.months()
			before := copyFolder(t, v.dir)
			s := v.expire(l, "2025-03-03").Tombstones[0]
			closeLog(t, l)
			all, _ := listSegments(v.dir)
			files := map[string]string{all[0].path(before): all[0].path(v.dir)}
			if kek != nil {
				files[eraPath(before, s.Era, eraKeyEnd)] = eraPath(v.dir, s.Era, eraKeyEnd)
			}
			for from, to := range files {
				was, _ := os.ReadFile(to)
				b, err := os.ReadFile(from)
				if err != nil {
					t.Fatal(err)
				}
				put(t, to, b)
				if r := v.verify(v.dir); r.OK || r.Faults[0].Kind != FaultAdded || r.Faults[0].Records == nil {
					t.Errorf("%s: %s", filepath.Base(to), describe(r))
				}
				if was != nil {
					put(t, to, was)
				} else {
					os.Remove(to)
				}
			}
			if r := v.verify(v.dir); !r.OK {
				t.Errorf("as it was: %s", describe(r))
			}
			put(t, s.path(v.dir, doneEnd), []byte("x"))
			if r := v.verify(v.dir); r.OK {
				t.Error("a mark with something in it is taken")
			}
			// Without the mark it is an expiry that goes on.
			os.Remove(s.path(v.dir, doneEnd))
			for from, to := range files {
				b, _ := os.ReadFile(from)
				put(t, to, b)
			}
			if r := v.verify(v.dir); !r.OK || r.Expired[0].Left == 0 {
				t.Errorf("an expiry that goes on: %s", describe(r))
			}
			l, _ = open(t, v.dir, v.o)
			closeLog(t, l)
			if r := v.verify(v.dir); !r.OK || r.Expired[0].Left != 0 {
				t.Errorf("after the start: %s", describe(r))
			}
		})
	}
}
