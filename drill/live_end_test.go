// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestRunInterruptedAway checks that an exercise that is ended while its receiver is away ends as at any other time, and that what
// was not delivered was not played: neither in the record, which says so before the last words are over, nor in its acts.
func TestRunInterruptedAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { // takes a little, and goes for good
		conn, err := l.Accept()
		if err != nil {
			return
		}
		r := bufio.NewReader(conn)
		for range 100 {
			if _, err := r.ReadString('>'); err != nil {
				break
			}
		}
		l.Close()
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}()
	x, _ := twoDays(t, "syslog+tcp://"+l.Addr().String())
	x.Speed = 3600
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var away atomic.Bool
	x.Tell = func(p Progress) {
		if p.Story.IsZero() {
			t.Errorf("progress of no time of the story: %+v", p)
		}
		if p.Gone == "" || !away.CompareAndSwap(false, true) {
			return
		}
		if ja := p.GoneIn("ja"); ja == p.Gone || strings.Contains(ja, "connection") || p.GoneIn("en") != p.Gone {
			t.Errorf("%s in Japanese: %s", p.Gone, ja)
		}
		stop()
		go func() { // what somebody who interrupts twice leaves
			for range 100 {
				time.Sleep(5 * time.Millisecond)
				if r, err := ReadRecord(filepath.Join(x.Dir, "run.json")); err == nil && r.Stopped == stoppedInterrupted {
					return
				}
			}
			t.Error("no record says that it was interrupted while the last words go on")
		}()
	}
	began := time.Now()
	r, err := x.Run(ctx)
	if err != nil || r.Stopped != stoppedInterrupted || r.Complete || r.StoppedIn("ja") != "中断" {
		t.Fatalf("%v: %+v", err, r)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	if r.Delivery.Undelivered == 0 || len(r.Delivery.Gone) == 0 || r.Delivery.Gone[0].To != nil {
		t.Errorf("%+v", r.Delivery)
	}
	for _, a := range r.Acts {
		if a.PlayedFrom != nil && a.From.After(r.StoryEnd) {
			t.Errorf("%s of %s was played, and the story came to %s", a.Name, a.From, r.StoryEnd)
		}
	}
}

// TestRunNotBegun checks that an exercise whose first line is refused, or that is ended before it, leaves its folders as they were.
func TestRunNotBegun(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no such index", http.StatusNotFound) }))
	defer server.Close()
	x, _ := twoDays(t, server.URL)
	acts := 0
	x.Tell = func(p Progress) { acts += btoi(p.Act != nil) }
	r, err := x.Run(context.Background())
	trouble := new(Trouble)
	if r != nil || !errors.As(err, &trouble) || trouble.Usage || !strings.Contains(err.Error(), "did not begin") || !strings.Contains(trouble.In("ja"), "始めませんでした") || acts > 0 {
		t.Errorf("%v after %d acts: %+v", err, acts, r)
	}
	gone(t, x.Dir)

	conn, err := net.ListenPacket("udp", "127.0.0.1:0") // a port at which nobody listens
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	x, _ = twoDays(t, "syslog+udp://"+conn.LocalAddr().String())
	aside, end := context.WithCancel(context.Background())
	defer end()
	x.Tell = func(p Progress) {
		if p.Gone != "" {
			end()
		}
	}
	if r, err := x.Run(aside); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("ended while nobody listened from the beginning: %v, %+v", err, r)
	}
	gone(t, x.Dir)

	x, _ = twoDays(t, filepath.Join(t.TempDir(), "deep", "share"))
	x.Begin = time.Now().Add(time.Hour)
	ctx, stop := context.WithCancel(context.Background())
	waits := false
	x.Tell = func(p Progress) {
		if p.Phase == "wait" && p.Starts.Equal(x.Begin) {
			waits = true
			stop()
		}
	}
	if r, err := x.Run(ctx); r != nil || !errors.Is(err, context.Canceled) || !waits {
		t.Errorf("ended before it began: %v, %+v", err, r)
	}
	gone(t, x.Dir)
	gone(t, filepath.Dir(x.To))

	// A sheet in which somebody has written already stays.
	x.Dir = t.TempDir()
	ctx, stop = context.WithCancel(context.Background())
	x.Tell = func(p Progress) {
		if p.Phase == "wait" {
			if err := os.WriteFile(filepath.Join(x.Dir, "answers.yaml"), []byte("team: Blue\n"), 0o600); err != nil {
				t.Error(err)
			}
			stop()
		}
	}
	if r, err := x.Run(ctx); r != nil || err == nil {
		t.Errorf("%v, %+v", err, r)
	}
	left, err := os.ReadDir(x.Dir)
	if err != nil || len(left) != 1 || left[0].Name() != "answers.yaml" {
		t.Errorf("%v is left, %v", left, err)
	}
}

func gone(t *testing.T, dir string) {
	t.Helper()
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left", filepath.Base(dir))
	}
}

// TestNested checks which folders are too near to one another, however they are written.
func TestNested(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	if err := os.Symlink(dir, filepath.Join(dir, "again")); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		a, b string
		want bool
	}{{"live", "live", true}, {"live", "./live/", true}, {"live", "live/x/y", true}, {"live/x", "live", true}, {filepath.Join(dir, "live"), "live", true}, {"again/live", "live", true}, {"/", "live", true}, {"live", "lives", false}, {"a/b", "a/c", false}} {
		if got := nested(c.a, c.b); got != c.want {
			t.Errorf("%s and %s: %v", c.a, c.b, got)
		}
	}
}

// TestGapsRefused checks that what only refused lines show is counted apart, and what a single line that was taken may show is not.
func TestGapsRefused(t *testing.T) {
	truth, r := rehearsal()
	at := func(hour int) *time.Time {
		u := truth.Start.Add(time.Duration(hour) * time.Hour)
		return &u
	}
	debrief := func(gaps ...Gap) *Debrief {
		r.Delivery.Gaps = gaps
		a, err := parseAnswers([]byte("log: []"), r)
		if err != nil {
			t.Fatal(err)
		}
		d, err := NewDebrief(truth, r, a, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	all := debrief()
	// From 13:30 on nothing of the identity provider came.
	half := at(13).Add(30 * time.Minute)
	d := debrief(Gap{Kind: logIDP, After: &half})
	if d.Accounts.NotDelivered != 2 || d.Accounts.Knowable != all.Accounts.Knowable-2 || d.Addresses.NotDelivered != 1 || d.ActsUndelivered != 1 || d.ActsKnowable != all.ActsKnowable-1 || d.Hosts.NotDelivered != 0 {
		t.Errorf("accounts %+v, addresses %+v, %d acts", d.Accounts, d.Addresses, d.ActsUndelivered)
	}
	// It came again while the last of them was under way.
	d = debrief(Gap{Kind: logIDP, After: &half, Until: at(18)})
	if d.Accounts.NotDelivered != 1 || d.ActsUndelivered != 0 {
		t.Errorf("accounts %+v, %d acts", d.Accounts, d.ActsUndelivered)
	}
	// Nothing of anything came.
	var gaps []Gap
	for _, k := range Logs() {
		gaps = append(gaps, Gap{Kind: k})
	}
	d = debrief(gaps...)
	if d.Accounts.Knowable+d.Addresses.Knowable+d.Hosts.Knowable+d.ActsKnowable != 0 {
		t.Errorf("%+v", d)
	}
}
