// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/vault"
)

// lived is a vault of three months in which two classes of records were sealed.
type lived struct {
	t     *testing.T
	dir   string
	clock atomic.Int64
	o     Options
	count map[string]int // records by class and month
}

// records of one class: their source tells which, and their text what to look for on the disk.
func ofClass(class string, n, k int) []event.Received {
	all := make([]event.Received, k)
	for i := range all {
		text := fmt.Sprintf("canary-%s-%07d", class, n+i)
		all[i] = event.Received{Record: event.Record{Part: event.Part{Line: 1, Length: int64(len(text))}, Data: []byte(text)}, Source: class, From: "192.0.2.7:514", At: 1}
	}
	return all
}

func live(t *testing.T, kek *KEK) *lived {
	v := &lived{t: t, dir: t.TempDir(), count: map[string]int{}}
	v.at("2025-01-03")
	of := func(source string) string { return source }
	v.o = Options{MaxSegment: 16 << 10, Now: func() time.Time { return time.Unix(0, v.clock.Load()) }, Every: 5 * time.Millisecond,
		Retention: &Retention{Classes: []Class{{"mail", 30}, {"web", 90}}, Of: of, KEK: kek}}
	return v
}

func (v *lived) at(day string) {
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		v.t.Fatal(err)
	}
	v.clock.Store(at.UnixNano())
}

// seal seals some blocks of each class on a day.
func (v *lived) seal(l *Log, day string, blocks int) {
	v.t.Helper()
	v.at(day)
	for i := range blocks {
		for _, class := range []string{"mail", "web"} {
			n := v.count[class]
			appendLines(v.t, l, ofClass(class, n, 2))
			v.count[class] += 2
			v.count[class+" "+day[:7]] += 2
		}
		if i%50 == 0 { // both in one call, as the datagrams of many senders come
			mixed := append(ofClass("mail", v.count["mail"], 1), ofClass("web", v.count["web"], 1)...)
			appendLines(v.t, l, append(mixed, ofClass("mail", v.count["mail"]+1, 1)...))
			v.count["mail"] += 2
			v.count["mail "+day[:7]] += 2
			v.count["web"]++
			v.count["web "+day[:7]]++
		}
	}
}

// months seals three months and returns the open vault.
func (v *lived) months() *Log {
	v.t.Helper()
	l, _ := open(v.t, v.dir, v.o)
	for _, day := range []string{"2025-01-03", "2025-02-03", "2025-03-03"} {
		v.seal(l, day, 140)
	}
	v.settled(l)
	return l
}

// settled waits for the checkpoint.
func (v *lived) settled(l *Log) {
	for range 400 {
		if s := l.Status(); s.Checkpoint == s.Blocks {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	v.t.Fatal("no checkpoint")
}

func (v *lived) expire(l *Log, day string) *Expired {
	v.t.Helper()
	v.at(day)
	x, err := l.Expire(context.Background())
	if err != nil {
		v.t.Fatal(err)
	}
	return x
}

// left reads all there is and counts it by class.
func (v *lived) left(dir string) map[string]int {
	v.t.Helper()
	r, err := NewKeyReader(dir, 0, v.o.Retention.KEK)
	if err != nil {
		v.t.Fatal(err)
	}
	defer r.Close()
	got := map[string]int{}
	for {
		_, records, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			v.t.Fatal(err)
		}
		for i := range records {
			got[records[i].Source]++
		}
	}
}

func (v *lived) verify(dir string) *Report {
	v.t.Helper()
	r, err := Verify(context.Background(), dir, VerifyOptions{Trust: testKey(v.t).Fingerprint()}) // the public key alone
	if err != nil {
		v.t.Fatal(err)
	}
	return r
}

// holding says whether a text stands anywhere in a folder's files.
func holding(t *testing.T, dir, text string) (where string) {
	t.Helper()
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if b, err := os.ReadFile(path); err == nil && bytes.Contains(b, []byte(text)) {
				where = path
			}
		}
		return nil
	})
	return where
}

func kinds(t *testing.T) map[string]*KEK { return map[string]*KEK{"plain": nil, "encrypted": NewKEK()} }

// TestExpire lets one class of one month go: it is expired, not missing, and everything else is as it was.
func TestExpire(t *testing.T) {
	for name, kek := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			v := live(t, kek)
			l := v.months()
			if x := v.expire(l, "2025-03-02"); len(x.Tombstones) != 0 { // due on the 3rd: January and 30 days
				t.Fatalf("too early: %+v", x.Tombstones)
			}
			x := v.expire(l, "2025-03-03")
			if len(x.Tombstones) != 1 || x.Tombstones[0].Class != "mail" || x.Tombstones[0].Month != "2025-01" || int(x.Tombstones[0].Records) != v.count["mail 2025-01"] {
				t.Fatalf("%+v", x.Tombstones)
			}
			if x := v.expire(l, "2025-03-03"); len(x.Tombstones) != 0 || x.Finished != 0 {
				t.Fatalf("again: %+v", x)
			}
			// It goes on as before.
			v.seal(l, "2025-03-04", 3)
			closeLog(t, l)
			want := map[string]int{"mail": v.count["mail"] - v.count["mail 2025-01"], "web": v.count["web"]}
			if got := v.left(v.dir); got["mail"] != want["mail"] || got["web"] != want["web"] {
				t.Fatalf("left: %v, want %v", got, want)
			}
			r := v.verify(v.dir)
			if !r.OK || len(r.Expired) != 1 || r.Expired[0].Left != 0 || int(r.Expired[0].Records) != v.count["mail 2025-01"] || int(r.Records) != want["mail"]+want["web"] {
				t.Fatalf("%+v", r)
			}
			l, opened := open(t, v.dir, v.o)
			if opened.Expired != 0 || opened.Left != nil || opened.Rebuilt {
				t.Errorf("%+v", opened)
			}
			closeLog(t, l)
			// The log is made again from the segments' headers, which stayed.
			os.RemoveAll(filepath.Join(v.dir, tileRoot))
			if l, opened = open(t, v.dir, v.o); !opened.Rebuilt {
				t.Error("the tiles were not made again")
			}
			closeLog(t, l)
			if r := v.verify(v.dir); !r.OK || len(r.Expired) != 1 {
				t.Fatalf("rebuilt: %+v", r)
			}
		})
	}
}

// TestExpiredProof asks for a record that has expired, and for one that has not.
func TestExpiredProof(t *testing.T) {
	for name, kek := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			v := live(t, kek)
			l := v.months()
			first := v.expire(l, "2025-03-03").Tombstones[0].First
			closeLog(t, l)
			_, err := Extract(context.Background(), v.dir, event.Position(first), kek)
			var e *ExpiredError
			if !errors.Is(err, ErrExpired) || !errors.As(err, &e) || e.Class != "mail" || errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			if _, err := Export(context.Background(), v.dir, 0, 10, filepath.Join(t.TempDir(), "x"), kek); !errors.Is(err, ErrExpired) {
				t.Fatal(err)
			}
			p, err := Extract(context.Background(), v.dir, event.Position(v.count["mail"]), kek)
			if err != nil {
				t.Fatal(err)
			}
			if r, err := p.Check(testKey(t).Fingerprint()); err != nil || !strings.HasPrefix(string(r.Data), "canary-") {
				t.Fatal(err)
			}
			p.Record[3] ^= 1
			if _, err := p.Check(""); err == nil {
				t.Error("a changed salt is taken")
			}
			if kek == nil {
				return
			}
			if _, err := Extract(context.Background(), v.dir, event.Position(v.count["mail"]), nil); !errors.Is(err, ErrEncrypted) {
				t.Fatal(err)
			}
			if _, err := Extract(context.Background(), v.dir, event.Position(v.count["mail"]), NewKEK()); !errors.Is(err, ErrEncrypted) {
				t.Fatal(err)
			}
		})
	}
}

// TestEncryptedAtRest looks for what was received in all files of a vault, and for what it could be guessed by.
func TestEncryptedAtRest(t *testing.T) {
	v := live(t, NewKEK())
	l, _ := open(t, v.dir, v.o)
	one := ofClass("web", 1, 1)
	appendLines(t, l, one)
	v.settled(l)
	closeLog(t, l)
	if where := holding(t, v.dir, "canary-"); where != "" {
		t.Fatal("in the clear in " + where)
	}
	// A block of one record: its root would be the record's hash, which anybody can compute who guesses the record.
	all, _ := listSegments(v.dir)
	leaves, err := readLeaves(v.dir, all[0], l.Origin(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	h, _ := parseLeaf(leaves[0])
	e, _ := encode(one)
	if h.Root == e.leaves[0] || h.Form != formGCM {
		t.Fatal("the leaf can be guessed")
	}
	// The key is asked for, and another one is refused.
	for _, kek := range []*KEK{nil, NewKEK()} {
		o := v.o
		o.Key, o.Retention = testKey(t), &Retention{KEK: kek}
		if _, _, err := Open(v.dir, o); !errors.Is(err, ErrEncrypted) {
			t.Errorf("opened without its key: %v", err)
		}
	}
}

// TestSalted holds that without encryption, too, no leaf of an expired record can be guessed.
func TestSalted(t *testing.T) {
	v := live(t, nil)
	l, _ := open(t, v.dir, v.o)
	one := ofClass("web", 1, 1)
	appendLines(t, l, one)
	closeLog(t, l)
	all, _ := listSegments(v.dir)
	leaves, _ := readLeaves(v.dir, all[0], l.Origin(), 0, 1)
	h, _ := parseLeaf(leaves[0])
	if e, _ := encode(one); h.Root == e.leaves[0] || h.Form != formSalted {
		t.Fatal("the leaf can be guessed")
	}
}

// TestHold places a hold, and releases it.
func TestHold(t *testing.T) {
	v := live(t, nil)
	l := v.months()
	defer l.Close()
	key := testKey(t)
	if _, err := PlaceHold(v.dir, otherKey(t), Hold{By: "suzuki", Why: "case 7"}); err == nil {
		t.Error("a hold by another key is taken")
	}
	if _, err := PlaceHold(v.dir, key, Hold{By: "", Why: "case 7"}); err == nil {
		t.Error("a hold without a name is taken")
	}
	if _, err := PlaceHold(v.dir, key, Hold{By: "suzuki", Why: "other months", From: "2025-05-01T00:00:00Z"}); err != nil {
		t.Fatal(err)
	}
	h, err := PlaceHold(v.dir, key, Hold{Class: "mail", From: "2025-01-20T00:00:00Z", To: "2025-02-02T00:00:00Z", By: "suzuki", Why: "訴訟 7"})
	if err != nil || h.Number != 2 {
		t.Fatal(h, err)
	}
	x := v.expire(l, "2025-06-30")
	for _, s := range x.Tombstones {
		if s.Class == "mail" {
			t.Errorf("held, and gone: %+v", s)
		}
	}
	slices.Sort(x.Held) // March waits until its leaves stand in full tiles
	if len(x.Tombstones) != 2 || !slices.Equal(x.Held, []string{"mail 2025-01", "mail 2025-02"}) {
		t.Errorf("%+v held %v", x.Tombstones, x.Held)
	}
	if r := v.verify(v.dir); !r.OK || len(r.Holds) != 2 || len(r.Expired) != 2 {
		t.Errorf("%+v", r)
	}
	if err := ReleaseHold(v.dir, key, Release{Number: 2, By: "tanaka", Why: "settled"}); err != nil {
		t.Fatal(err)
	}
	if err := ReleaseHold(v.dir, key, Release{Number: 2, By: "tanaka", Why: "settled"}); err == nil {
		t.Error("released twice")
	}
	if x := v.expire(l, "2025-06-30"); len(x.Tombstones) != 2 {
		t.Errorf("after the release: %+v held %v", x.Tombstones, x.Held)
	}
}

// TestHoldTampered changes holds so that evidence might go: nothing goes, and verify says why.
func TestHoldTampered(t *testing.T) {
	for name, change := range map[string]func(path string) error{
		"changed": func(path string) error { return edit(path, "mail", "web\"") },
		"emptied": func(path string) error { return os.Truncate(path, 0) },
		"removed": os.Remove,
		"released": func(path string) error {
			return os.WriteFile(strings.TrimSuffix(path, holdEnd)+releaseEnd, []byte("x"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			v := live(t, nil)
			l, _ := open(t, v.dir, v.o)
			defer l.Close()
			for _, why := range []string{"one", "two"} { // TestLastHold is about the last one
				if _, err := PlaceHold(v.dir, testKey(t), Hold{Class: "mail", By: "suzuki", Why: why}); err != nil {
					t.Fatal(err)
				}
			}
			if err := change(holdPath(v.dir, 1, holdEnd)); err != nil {
				t.Fatal(err)
			}
			v.at("2026-01-01")
			if x, err := l.Expire(context.Background()); !errors.Is(err, ErrDamaged) || len(x.Tombstones) > 0 {
				t.Errorf("%+v %v", x, err)
			}
			if r := v.verify(v.dir); r.OK {
				t.Error("verified")
			}
		})
	}
}

func edit(path, old, with string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes.Replace(b, []byte(old), []byte(with), 1), 0o600)
}

// forge puts a tombstone, and what it says, into a vault that is closed.
func (v *lived) forge(key vault.Key, change func(*Tombstone)) *Tombstone {
	v.t.Helper()
	b, err := openBook(v.dir)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, e := range b.eras {
		if e.Class != "web" || e.Month != "2025-02" {
			continue
		}
		t := &Tombstone{Era: e.Number, Class: e.Class, Month: e.Month, Keep: 90, At: "2026-01-01T00:00:00Z"}
		l := &Log{dir: v.dir}
		text, _ := os.ReadFile(filepath.Join(v.dir, checkpointName))
		c, _, _ := readCheckpoint(text, testKey(v.t).Public())
		t.From = e.From
		if _, err := l.count(t, c.Size, c.Size); err != nil {
			v.t.Fatal(err)
		}
		if change != nil {
			change(t)
		}
		if err := writeStatement(system{}, t.path(v.dir, tombstoneEnd), key, b.origin, sayTombstone, t); err != nil {
			v.t.Fatal(err)
		}
		if err := carryOut(context.Background(), system{}, v.dir, b.origin, t); err != nil {
			v.t.Fatal(err)
		}
		return t
	}
	v.t.Fatal("no such era")
	return nil
}

// TestTombstoneForged destroys records and writes what should excuse it.
func TestTombstoneForged(t *testing.T) {
	for _, c := range []struct {
		name   string
		kek    bool
		key    func(testing.TB) vault.Key
		change func(*Tombstone)
		after  func(v *lived, s *Tombstone) error
		want   FaultKind // empty: nothing is wrong
	}{
		{name: "right", key: testKey},
		{name: "right, encrypted", key: testKey, kek: true},
		{name: "another key", key: otherKey, want: FaultMissing},
		{name: "not yet due", key: testKey, change: func(s *Tombstone) { s.At = "2025-05-29T23:59:59Z" }, want: FaultEarly}, // March 1 and 90 days: May 30
		{name: "in the future", key: testKey, change: func(s *Tombstone) { s.At = "2999-01-01T00:00:00Z" }, want: FaultEarly},
		{name: "kept forever", key: testKey, change: func(s *Tombstone) { s.Keep = 0 }, want: FaultEarly},
		{name: "another class", key: testKey, change: func(s *Tombstone) { s.Class = "mail" }, want: FaultChanged},
		{name: "fewer", key: testKey, change: func(s *Tombstone) { s.Records-- }, want: FaultChanged},
		{name: "changed", key: testKey, after: func(v *lived, s *Tombstone) error {
			return edit(s.path(v.dir, tombstoneEnd), `"keep_days":90`, `"keep_days":91`)
		}, want: FaultMissing},
		{name: "removed", key: testKey, after: func(v *lived, s *Tombstone) error { return os.Remove(s.path(v.dir, tombstoneEnd)) }, want: FaultMissing},
		{name: "description removed", key: testKey, after: func(v *lived, s *Tombstone) error { return os.Remove(eraPath(v.dir, s.Era, eraEnd)) }, want: FaultMissing},
	} {
		t.Run(c.name, func(t *testing.T) {
			var kek *KEK
			if c.kek {
				kek = NewKEK()
			}
			v := live(t, kek)
			closeLog(t, v.months())
			s := v.forge(c.key(t), c.change)
			if c.after != nil {
				if err := c.after(v, s); err != nil {
					t.Fatal(err)
				}
			}
			r := v.verify(v.dir)
			if c.want == "" {
				if !r.OK || len(r.Expired) != 1 {
					t.Errorf("%+v", r)
				}
				return
			}
			if r.OK || !slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.Kind == c.want && f.Records != nil }) {
				t.Errorf("want %s: ok %v, faults %+v", c.want, r.OK, r.Faults[:min(3, len(r.Faults))])
			}
		})
	}
}

// TestKeyGone removes and changes the wrapped key of records that have not expired: they are gone as surely as if they had been removed.
func TestKeyGone(t *testing.T) {
	for kind, change := range map[FaultKind]func(string) error{FaultMissing: os.Remove, FaultChanged: func(p string) error { return edit(p, "A", "B") }} {
		v := live(t, NewKEK())
		closeLog(t, v.months())
		b, _ := openBook(v.dir)
		for n := range b.eras {
			path := eraPath(v.dir, n, eraKeyEnd)
			before, _ := os.ReadFile(path)
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			if after, _ := os.ReadFile(path); bytes.Equal(before, after) {
				os.WriteFile(path, append(before, '\n'), 0o600)
			}
			break
		}
		r := v.verify(v.dir)
		if r.OK || r.Faults[0].Kind != kind || r.Faults[0].Records == nil || len(r.Faults) != 1 {
			t.Errorf("%s: %+v", kind, r.Faults)
		}
	}
}

// dying is a disk of a process that dies at its n-th act: that one, and all after it, do nothing.
type dying struct {
	system
	left atomic.Int64
}

var errDead = errors.New("the process is dead")

func (d *dying) act() error {
	if d.left.Add(-1) < 0 {
		return errDead
	}
	return nil
}

type dyingFile struct {
	file
	d *dying
}

func (d *dying) Create(path string) (file, error) {
	if err := d.act(); err != nil {
		return nil, err
	}
	f, err := d.system.Create(path)
	return dyingFile{f, d}, err
}

func (d *dying) Open(path string) (file, error) {
	f, err := d.system.Open(path)
	if err != nil {
		return nil, err
	}
	return dyingFile{f, d}, nil
}

func (d *dying) Rename(from, to string) error {
	if err := d.act(); err != nil {
		return err
	}
	return d.system.Rename(from, to)
}

func (d *dying) Remove(path string) error {
	if err := d.act(); err != nil {
		return err
	}
	return d.system.Remove(path)
}

func (f dyingFile) WriteAt(b []byte, at int64) (int, error) {
	if err := f.d.act(); err != nil {
		n, _ := f.file.WriteAt(b[:len(b)/2], at) // half of it may get there
		return n, err
	}
	return f.file.WriteAt(b, at)
}

func (f dyingFile) Truncate(size int64) error {
	if err := f.d.act(); err != nil {
		return err
	}
	return f.file.Truncate(size)
}

// TestExpireKilled lets the process die at every act of an expiry: each time the vault verifies as it lies, the next start brings the expiry to its end, and nothing else is lost.
func TestExpireKilled(t *testing.T) {
	for name, kek := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			v := live(t, kek)
			v.o.MaxSegment = 100 << 10
			closeLog(t, v.months())
			want := v.left(v.dir)
			want["mail"] -= v.count["mail 2025-01"]
			before := t.TempDir()
			if err := os.CopyFS(before, os.DirFS(v.dir)); err != nil {
				t.Fatal(err)
			}
			states := map[string]int{}
			step := func(n int64) int64 {
				if n < 16 || os.Getenv("SEKISHO_TORTURE") != "" {
					return 1
				}
				return 13
			}
			for n := int64(0); ; n += step(n) {
				if n > 5000 {
					t.Fatal("no end")
				}
				dir := filepath.Join(t.TempDir(), "v")
				if err := os.CopyFS(dir, os.DirFS(before)); err != nil {
					t.Fatal(err)
				}
				os.Chmod(filepath.Join(dir, logName), 0o600)
				v.at("2025-03-03")
				o, d := v.o, &dying{}
				o.disk, o.Key = d, testKey(t)
				d.left.Store(1 << 40)
				l, _, err := Open(dir, o)
				if err != nil {
					t.Fatal(err)
				}
				d.left.Store(n)
				_, err = l.Expire(context.Background())
				d.left.Store(-1)
				l.Close()
				if err == nil {
					states["whole"]++
				} else if !errors.Is(err, errDead) {
					t.Fatal(err)
				}
				r := v.verify(dir)
				if !r.OK {
					t.Fatalf("after %d acts: %+v", n, r.Faults)
				}
				dead := len(r.Expired) > 0
				l, opened := open(t, dir, v.o)
				if opened.Left != nil || dead != (opened.Expired > 0) && err != nil {
					t.Fatalf("after %d acts: %+v, expired %v", n, opened, dead)
				}
				v.expire(l, "2025-03-03") // where not even the tombstone was there
				closeLog(t, l)
				if r = v.verify(dir); !r.OK || len(r.Expired) != 1 || r.Expired[0].Left != 0 {
					t.Fatalf("after %d acts and a start: %+v", n, r)
				}
				if got := v.left(dir); got["mail"] != want["mail"] || got["web"] != want["web"] {
					t.Fatalf("after %d acts: %v are left, of %v", n, got, want)
				}
				os.RemoveAll(dir)
				states[fmt.Sprintf("tombstone %v", dead)]++
				if err == nil {
					break
				}
			}
			t.Log(states)
		})
	}
}

// TestReplicaKeeps holds that a replica keeps what has expired in its vault until it is told otherwise, and that it goes on from there.
func TestReplicaKeeps(t *testing.T) {
	for name, kek := range kinds(t) {
		t.Run(name, func(t *testing.T) {
			v := live(t, kek)
			l := v.months()
			replica := filepath.Join(t.TempDir(), "replica")
			again := func(dir, to string) {
				t.Helper()
				if _, err := Replicate(context.Background(), dir, to); err != nil {
					t.Fatal(err)
				}
			}
			again(v.dir, replica)
			v.seal(l, "2025-03-04", 3)
			v.expire(l, "2025-07-30")
			v.seal(l, "2025-08-01", 3)
			v.settled(l)
			closeLog(t, l)
			again(v.dir, replica)
			again(v.dir, replica)
			total := v.count["mail"] + v.count["web"]
			if got := v.left(replica); name == "plain" && got["mail"]+got["web"] < total-10 {
				t.Errorf("the replica lost records: %v of %d", got, total)
			}
			if r := v.verify(replica); !r.OK || len(r.Expired) != 4 {
				t.Errorf("%+v", r)
			}
			// A replica that is made now holds what the vault does.
			fresh := filepath.Join(t.TempDir(), "fresh")
			again(v.dir, fresh)
			if r := v.verify(fresh); !r.OK || len(r.Expired) != 4 {
				t.Errorf("%+v", r)
			}
			if a, b := v.left(fresh), v.left(v.dir); a["mail"] != b["mail"] || a["web"] != b["web"] {
				t.Errorf("%v, the vault %v", a, b)
			}
			// Told to, the first one lets go as well.
			if n, err := CarryOut(context.Background(), replica); err != nil || n != 4 {
				t.Errorf("%d %v", n, err)
			}
			if a, b := v.left(replica), v.left(v.dir); a["mail"] != b["mail"] || a["web"] != b["web"] {
				t.Errorf("%v, the vault %v", a, b)
			}
			if r := v.verify(replica); !r.OK || r.Expired[0].Left != 0 {
				t.Errorf("%+v", r)
			}
			again(v.dir, replica)
		})
	}
}

// TestExpireOld lets go what was sealed before there were classes.
func TestExpireOld(t *testing.T) {
	v := live(t, NewKEK())
	o := v.o
	o.Retention = nil
	l, _ := open(t, v.dir, o)
	v.seal(l, "2025-01-03", 140)
	closeLog(t, l)
	v.o.Retention.Classes = []Class{{DefaultClass, 30}}
	l, _ = open(t, v.dir, v.o)
	v.seal(l, "2025-02-03", 140)
	v.settled(l)
	v.seal(l, "2025-03-03", 1)
	v.settled(l)
	if x := v.expire(l, "2025-03-03"); len(x.Tombstones) != 1 || x.Tombstones[0].Era != 0 || int(x.Tombstones[0].Records) != v.count["mail 2025-01"]+v.count["web 2025-01"] {
		t.Fatalf("%+v", x.Tombstones)
	}
	closeLog(t, l)
	if r := v.verify(v.dir); !r.OK || len(r.Expired) != 1 || r.Expired[0].Left != 0 {
		t.Errorf("%+v", r)
	}
	if where := holding(t, filepath.Join(v.dir, segmentFolder), "canary-mail-0000001"); where != "" {
		t.Error("still in " + where)
	}
}

// TestExpireFollow reads while records go.
func TestExpireFollow(t *testing.T) {
	v := live(t, NewKEK())
	l := v.months()
	r, err := l.Follow(0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, _, err := r.Next(context.Background()); err != nil {
		t.Fatal(err)
	}
	v.expire(l, "2025-12-30") // all of it, but for the last segment
	v.seal(l, "2026-01-03", 1)
	last := ""
	for !strings.Contains(last, fmt.Sprintf("%07d", v.count["mail"]-1)) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		_, records, err := r.Next(ctx)
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		last = ""
		for i := range records {
			last += string(records[i].Data)
		}
	}
	closeLog(t, l)
}
