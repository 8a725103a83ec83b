// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sealed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// expiringOptions are those of a process that lives two months after the one before, so that what that one wrote is due.
func expiringOptions(seed int, kek *KEK) Options {
	begun, at := time.Now(), time.Date(2001, time.Month(1+2*seed), 5, 0, 0, 0, 0, time.UTC)
	return Options{Key: testKey(noTest{}), MaxSegment: 48 << 10, Every: 5 * time.Millisecond, Origin: "vault.example.org/killed",
		Now: func() time.Time { return at.Add(time.Since(begun)) }, Retention: &Retention{KEK: kek, Classes: []Class{{DefaultClass, 30}}}}
}

// expireUntilKilled writes, says what was acknowledged, and lets expire what is due.
func expireUntilKilled(dir, key string) error {
	seed, _ := strconv.Atoi(os.Getenv("SEKISHO_SEED"))
	kek, err := ReadKEK(key)
	if err != nil {
		return err
	}
	l, _, err := Open(dir, expiringOptions(seed, kek))
	if err != nil {
		return err
	}
	go func() {
		for n := seed * 1_000_000; ; n += 20 {
			first, err := l.Append(context.Background(), lines(n, 20))
			if err != nil {
				return
			}
			fmt.Fprintf(os.Stdout, "%d %d %d\n", first, n, 20)
		}
	}()
	for {
		if _, err := l.Expire(context.Background()); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// TestKillExpiring kills a process that writes and lets records expire, at random moments: the vault verifies as it lies, the next start finishes what was begun, and nothing
// that is not due is lost.
func TestKillExpiring(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("needs kill -9")
	}
	times := 12
	if v, err := strconv.Atoi(os.Getenv("SEKISHO_KILLS")); err == nil {
		times = v
	}
	dir, key := filepath.Join(t.TempDir(), "vault"), filepath.Join(t.TempDir(), "key")
	kek, err := MakeKEK(key)
	if err != nil {
		t.Fatal(err)
	}
	var months, unfinished, acknowledged int
	for seed := range times {
		if seed%100 == 0 {
			os.RemoveAll(dir)
		}
		acks := killExpiring(t, dir, key, seed)
		if !Is(dir) && len(acks) == 0 { // it was killed before it had made the vault
			continue
		}
		if r := verify(t, dir); !r.OK {
			for _, f := range r.Faults {
				if f.Kind != FaultTorn && f.Kind != FaultStale && r.Checkpoint > 0 {
					t.Fatalf("kill %d, before the next start: %s", seed, describe(r))
				}
			}
		}
		l, opened, err := Open(dir, expiringOptions(seed, kek))
		if err != nil || opened.Left != nil {
			t.Fatalf("kill %d: %v %v", seed, err, opened)
		}
		closeLog(t, l)
		unfinished += opened.Expired
		acknowledged += len(acks)
		stillThere(t, dir, kek, acks)
		r := verify(t, dir)
		if !r.OK {
			t.Fatalf("kill %d: %s", seed, describe(r))
		}
		for _, e := range r.Expired {
			if e.Left > 0 {
				t.Fatalf("kill %d: not finished: %+v", seed, e)
			}
		}
		months += len(r.Expired)
	}
	t.Logf("%d kills; %d writes acknowledged, %d months gone at the looks, %d expiries interrupted", times, acknowledged, months, unfinished)
}

// killExpiring starts such a process, kills it, and returns what it acknowledged: the text of the first record by its position.
func killExpiring(t *testing.T, dir, key string, seed int) map[int64]int {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), "SEKISHO_KILLED="+dir, "SEKISHO_EXPIRING="+key, "SEKISHO_SEED="+strconv.Itoa(seed))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Duration(10+rand.IntN(400))*time.Millisecond, func() { cmd.Process.Kill() })
	defer timer.Stop()
	acks := map[int64]int{}
	said := bufio.NewScanner(out)
	for said.Scan() {
		var first int64
		var n, k int
		if _, err := fmt.Sscan(said.Text(), &first, &n, &k); err != nil {
			t.Fatal(err)
		}
		for i := range k {
			acks[first+int64(i)] = n + i
		}
	}
	cmd.Wait()
	return acks
}

func stillThere(t *testing.T, dir string, kek *KEK, acks map[int64]int) {
	t.Helper()
	r, err := NewKeyReader(dir, 0, kek)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	found := 0
	for {
		first, records, err := r.Next(context.Background())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range records {
			if n, ok := acks[int64(first)+int64(i)]; ok {
				if !same(records[i], line(n)) {
					t.Fatalf("record %d is another", int64(first)+int64(i))
				}
				found++
			}
		}
	}
	if found != len(acks) {
		t.Fatalf("%d records were acknowledged, and %d are there", len(acks), found)
	}
}
