// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// fake is a receiver that fails at random, and a clock that the test moves.
type fake struct {
	mu   sync.Mutex
	fail func() bool
	got  []Message
}

func (f *fake) Send(_ context.Context, m *Message) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil && f.fail() {
		return errors.New("not now")
	}
	f.got = append(f.got, *m)
	return nil
}

type bench struct {
	t    *testing.T
	dir  string
	at   time.Time
	mu   sync.Mutex
	q    *Queue
	fail func(string, error)
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at
}

func (b *bench) open(s Settings) {
	b.t.Helper()
	q, err := Open(Options{Feed: filepath.Join(b.dir, "findings.jsonl"), Dir: filepath.Join(b.dir, "notify"), Log: slog.New(slog.DiscardHandler), Failing: b.fail, now: b.now}, s)
	if err != nil {
		b.t.Fatal(err)
	}
	b.q = q
}

// pass lets time go on by steps, and looks after each.
func (b *bench) pass(d, step time.Duration) {
	for ; d > 0; d -= step {
		b.mu.Lock()
		b.at = b.at.Add(step)
		b.mu.Unlock()
		b.q.step(context.Background())
		b.q.busy.Wait()
	}
}

func (b *bench) found(f *Finding) {
	b.t.Helper()
	if f.Changed == nil {
		f.Changed = []string{"new"}
	}
	line, err := json.Marshal(f)
	if err != nil {
		b.t.Fatal(err)
	}
	w, err := os.OpenFile(filepath.Join(b.dir, "findings.jsonl"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		b.t.Fatal(err)
	}
	defer w.Close()
	if _, err := w.Write(append(line, '\n')); err != nil {
		b.t.Fatal(err)
	}
}

func newBench(t *testing.T) *bench {
	return &bench{t: t, dir: t.TempDir(), at: time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)} // a Friday
}

func finding(id, severity, account string) *Finding {
	return &Finding{ID: id, Revision: 1, Detector: "success-after-guessing", Severity: severity, Accounts: []string{account}, Title: event.Words{Ja: "推測の後に成功", En: "A login after guessing"}}
}

// TestEachStoryOnce holds the queue to its promise, whatever fails and however often it is started again: each story at or above the threshold
// arrives at least once, and at most once for each severity.
func TestEachStoryOnce(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 7))
		b := newBench(t)
		f := &fake{fail: func() bool { return r.IntN(3) > 0 }}
		s := Settings{Contacts: []Contact{{Name: "a", Least: event.Medium, Sender: f}}}
		b.open(s)
		words := []string{"info", "low", "medium", "high", "critical"}
		highest := map[string]int{}
		for i := range 60 {
			account := fmt.Sprintf("user%d", r.IntN(12))
			level := r.IntN(5)
			b.found(finding(fmt.Sprintf("F-%d", i), words[level], account))
			highest[account] = max(highest[account], level)
			b.pass(time.Duration(r.IntN(4))*time.Second, time.Second)
			if r.IntN(10) == 0 {
				b.open(s) // ended between two steps, and started again
			}
		}
		b.pass(6*time.Hour, time.Minute)
		told, seen := map[string]event.Severity{}, map[string]bool{}
		for _, m := range f.got {
			account := m.Accounts.Few[0]
			if key := account + m.Severity.String(); seen[key] {
				t.Errorf("seed %d: %s is told twice", seed, key)
			} else {
				seen[key] = true
			}
			told[account] = max(told[account], m.Severity)
		}
		for account, level := range highest {
			if level >= int(event.Medium) && told[account] != event.Severity(level) {
				t.Errorf("seed %d: %s reached %s and was told as %s", seed, account, words[level], told[account])
			}
			if _, was := told[account]; was && level < int(event.Medium) {
				t.Errorf("seed %d: %s is below the threshold and was told", seed, account)
			}
		}
	}
}

// TestStories joins what is about one account and keeps apart what shares an address alone.
func TestStories(t *testing.T) {
	b := newBench(t)
	f := &fake{}
	b.open(Settings{Contacts: []Contact{{Name: "a", Sender: f}}})
	nat := []string{"198.51.100.7"}
	b.found(&Finding{ID: "F-1", Detector: "password-spray", Severity: "medium", Addresses: nat})
	b.found(&Finding{ID: "F-2", Detector: "success-after-guessing", Severity: "medium", Accounts: []string{"taro"}, Addresses: nat})
	b.found(&Finding{ID: "F-3", Detector: "mail-bulk-read", Severity: "medium", Accounts: []string{"taro"}})
	b.found(&Finding{ID: "F-3", Revision: 2, Changed: []string{"numbers"}, Detector: "mail-bulk-read", Severity: "critical", Accounts: []string{"taro"}})
	b.pass(10*time.Second, time.Second)
	if len(f.got) != 2 {
		t.Fatalf("%d messages, want 2: %+v", len(f.got), f.got)
	}
	b.found(&Finding{ID: "F-1", Revision: 2, Changed: []string{"withdrawn"}, Withdrawn: true, Detector: "password-spray", Severity: "medium", Addresses: nat})
	b.pass(5*time.Second, time.Second)
	if len(f.got) != 3 || !f.got[2].Withdrawn || f.got[2].Story != f.got[0].Story {
		t.Errorf("what was taken back is told as %+v", f.got)
	}
	b.pass(storyFor, time.Hour)
	b.found(&Finding{ID: "F-9", Detector: "mail-bulk-read", Severity: "medium", Accounts: []string{"taro"}})
	b.pass(5*time.Second, time.Second)
	if len(f.got) != 4 {
		t.Errorf("what comes a day later is not told: %+v", f.got)
	}
}

func days(list ...time.Weekday) (out [7]bool) {
	for _, d := range list {
		out[d] = true
	}
	return out
}

func TestQuietHours(t *testing.T) {
	jst := time.FixedZone("JST", 9*3600)
	every := days(0, 1, 2, 3, 4, 5, 6)
	s := Settings{Zone: jst, Quiet: []Quiet{{22 * 60, 7 * 60, every}, {0, 24 * 60, days(time.Saturday, time.Sunday)}}}
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 0, 0, jst) }
	for _, c := range []struct {
		at       time.Time
		severity event.Severity
		want     time.Time
	}{
		{at(19, 21, 59), event.High, at(19, 21, 59)},
		{at(19, 22, 0), event.High, at(20, 7, 0)},
		{at(20, 6, 59), event.Low, at(20, 7, 0)},
		{at(20, 7, 0), event.High, at(20, 7, 0)},
		{at(20, 23, 0), event.High, at(23, 7, 0)}, // over the weekend
		{at(21, 12, 0), event.Critical, at(21, 12, 0)},
	} {
		if got := s.until(c.at.UTC(), c.severity); !got.Equal(c.want) {
			t.Errorf("%s %s: %s, want %s", c.severity, c.at, got.In(jst), c.want)
		}
	}
}

// TestQuietQueue lets what is critical through at night, and the rest in the morning.
func TestQuietQueue(t *testing.T) {
	b := newBench(t)
	f := &fake{}
	b.open(Settings{Contacts: []Contact{{Name: "a", Sender: f}}, Quiet: []Quiet{{9 * 60, 12 * 60, days(0, 1, 2, 3, 4, 5, 6)}}})
	b.found(finding("F-1", "high", "a"))
	b.found(finding("F-2", "critical", "b"))
	b.pass(time.Minute, 10*time.Second)
	if len(f.got) != 1 || f.got[0].Severity != event.Critical {
		t.Fatalf("%+v", f.got)
	}
	b.pass(2*time.Hour, time.Minute)
	if len(f.got) != 2 {
		t.Errorf("%+v", f.got)
	}
}

// TestEscalation tells the next contact only where nobody takes the story on.
func TestEscalation(t *testing.T) {
	b := newBench(t)
	first, next := &fake{}, &fake{}
	b.open(Settings{Contacts: []Contact{{Name: "a", Sender: first}, {Name: "b", After: 15 * time.Minute, Sender: next}}})
	b.found(finding("F-1", "high", "a"))
	b.found(finding("F-2", "high", "b"))
	b.pass(time.Minute, 10*time.Second)
	if len(first.got) != 2 || len(next.got) != 0 {
		t.Fatalf("%+v %+v", first.got, next.got)
	}
	taken := first.got[0].Story
	if err := Acknowledge(filepath.Join(b.dir, "notify"), taken, "鈴木", b.now()); err != nil {
		t.Fatal(err)
	}
	b.pass(20*time.Minute, 10*time.Second)
	if len(next.got) != 1 || next.got[0].Story == taken {
		t.Errorf("%+v", next.got)
	}
	for _, c := range [][2]string{{"../../x", "a"}, {"S-1", "a"}, {taken, ""}} {
		if Acknowledge(filepath.Join(b.dir, "notify"), c[0], c[1], b.now()) == nil {
			t.Errorf("%q is acknowledged by %q", c[0], c[1])
		}
	}
}

// TestFailing tells once that a contact is not reached, and once that it is again; others are told all the while.
func TestFailing(t *testing.T) {
	b := newBench(t)
	var told []string
	b.fail = func(name string, err error) { told = append(told, fmt.Sprint(name, " ", err)) }
	broken := true
	bad, good := &fake{fail: func() bool { return broken }}, &fake{}
	b.open(Settings{Contacts: []Contact{{Name: "bad", Sender: bad}, {Name: "good", Sender: good}}})
	b.found(finding("F-1", "high", "a"))
	b.pass(time.Hour, 10*time.Second)
	s := b.q.Status()
	if len(good.got) != 1 || len(told) != 1 || told[0] != "bad not now" || len(s.Failing) != 1 || s.Waiting != 1 || s.Failed < 5 || s.Failed > 40 || s.Oldest.IsZero() {
		t.Fatalf("%v %+v", told, s)
	}
	broken = false
	b.pass(time.Hour, 10*time.Second)
	if s := b.q.Status(); len(bad.got) != 1 || len(told) != 2 || told[1] != "bad <nil>" || len(s.Failing) != 0 || s.Waiting != 0 || s.Sent != 2 {
		t.Errorf("%v %+v", told, s)
	}
}

// TestBounded keeps the queue bounded and the worst in it, and counts the rest.
func TestBounded(t *testing.T) {
	b := newBench(t)
	f := &fake{fail: func() bool { return true }}
	b.open(Settings{Contacts: []Contact{{Name: "a", Sender: f}}})
	b.found(finding("F-first", "critical", "first"))
	for i := range queueMost + 10 {
		b.q.take(&Finding{ID: fmt.Sprint("F-", i), Changed: []string{"new"}, Severity: "low", Detector: "d", Accounts: []string{fmt.Sprint(i)}})
	}
	b.pass(time.Second, time.Second)
	if s := b.q.Status(); s.Waiting != queueMost || s.Lost != 11 {
		t.Errorf("%+v", s)
	}
	found := false
	for _, d := range b.q.state.Deliveries {
		found = found || d.Message.Severity == event.Critical
	}
	if !found {
		t.Error("what is critical was given up")
	}
}

// TestReplace goes on with what waits, over a change of who is told.
func TestReplace(t *testing.T) {
	b := newBench(t)
	bad, good := &fake{fail: func() bool { return true }}, &fake{}
	b.open(Settings{Contacts: []Contact{{Name: "a", Sender: bad}, {Name: "gone", Sender: bad}}})
	b.found(finding("F-1", "high", "a"))
	b.pass(time.Minute, 10*time.Second)
	b.q.Replace(Settings{Contacts: []Contact{{Name: "a", Sender: good}}})
	b.pass(time.Second, time.Second)
	if s := b.q.Status(); len(good.got) != 1 || s.Lost != 1 || s.Waiting != 0 {
		t.Errorf("%+v %+v", good.got, s)
	}
}

// TestOldFeed tells nobody of what was found before anybody was to be told, and takes up a line that was torn.
func TestOldFeed(t *testing.T) {
	b := newBench(t)
	f := &fake{}
	b.found(finding("F-old", "high", "old"))
	b.open(Settings{Contacts: []Contact{{Name: "a", Sender: f}}})
	feed := filepath.Join(b.dir, "findings.jsonl")
	w, _ := os.OpenFile(feed, os.O_APPEND|os.O_WRONLY, 0o600)
	_, _ = w.WriteString("{\"id\": \"F-torn")
	b.pass(3*time.Second, time.Second)
	_, _ = w.WriteString("\n" + strings.Repeat("x", 1000) + "\n")
	w.Close()
	b.found(finding("F-new", "high", "new"))
	b.pass(3*time.Second, time.Second)
	if len(f.got) != 1 || f.got[0].Accounts.Few[0] != "new" {
		t.Errorf("%+v", f.got)
	}
}
